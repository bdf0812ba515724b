//! Every layout that is read, in its regular form.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot read its input must fail"
)]

mod common;

use common::*;
use kubecause_bundle::{Input, ReadError};
use kubecause_evidence::{Kind, Why};

#[test]
fn a_plain_capture_directory() {
    let folder = folder(&capture());
    let bundle = folder.read().unwrap();
    let s = &bundle.snapshot;
    assert_eq!(bundle.description, "plain capture, 14 files");
    assert_eq!(names(s), ["cart-1", "cart-2"]);
    assert_eq!(s.events.len(), 3, "both event APIs, each event once");
    assert_eq!(s.version.as_deref(), Some("v1.36.2"));
    assert_eq!(s.taken_at, "2026-11-22T17:40:14Z".parse().ok());
    assert_eq!(s.readyz.as_deref(), Some("[+]ping ok\n"));
    assert!(s.component_logs.contains_key("kube-scheduler"));
    let facts = s.node_facts.get("worker-1").unwrap();
    assert_eq!((facts.pid_max, facts.logs.len()), (Some(32768), 1));
    assert_eq!(s.container_logs.values().filter(|l| l.unavailable.is_none()).count(), 1);
}

#[test]
fn what_was_listed_and_what_was_not() {
    let bundle = folder(&capture()).read().unwrap();
    let s = &bundle.snapshot;
    for kind in [Kind::Pod, Kind::Node, Kind::Event, Kind::Service] {
        assert!(s.has(&kind), "{kind}");
    }
    assert_eq!(missing(s, &Kind::Secret), Some(Why::Forbidden));
    assert_eq!(missing(s, &Kind::Job), Some(Why::Failed));
    assert_eq!(missing(s, &Kind::ConfigMap), Some(Why::NotCollected));
    let gaps: Vec<_> = s.gaps.iter().map(|g| (g.what.as_str(), g.why)).collect();
    assert_eq!(
        gaps,
        [
            ("jobs.batch", Why::Failed),
            ("logs/shop/cart-1/app.previous.log", Why::Failed),
            ("nodes/worker-1/df.txt", Why::TimedOut),
            ("operator", Why::Unparsable),
            ("secrets", Why::Forbidden),
        ]
    );
}

#[test]
fn a_transcript_beside_a_capture_adds_what_that_lacks() {
    let mut files = capture();
    files.retain(|(path, _)| *path != "operator/get.txt");
    let text = "$ kubectl get pvc,pods -n shop\nNAME                         STATUS    VOLUME   CAPACITY   ACCESS MODES   STORAGECLASS   AGE\n\
                persistentvolumeclaim/data   Pending                                      fast           2m\n\n\
                NAME         READY   STATUS    RESTARTS   AGE\npod/ghost    1/1     Running   0          2m\n";
    files.push(("operator/get.txt".to_owned(), text.into()));
    let bundle = folder(&files).read().unwrap();
    assert!(bundle.snapshot.claims.get("shop", "data").is_some());
    assert!(bundle.snapshot.pods.get("shop", "ghost").is_none(), "the capture lists the pods");
}

#[test]
fn a_pasted_terminal_in_any_packing() {
    let text = "$ kubectl get pods -n shop\nNAME   READY   STATUS    RESTARTS   AGE\na      1/1     Running   0          2m\n";
    let snapshot = read_bytes(text).unwrap().snapshot;
    assert_eq!(names(&snapshot), ["a"]);
    assert!(
        snapshot.has_in(&Kind::Pod, "shop") && !snapshot.has(&Kind::Pod) && !snapshot.sees_pods_of("shop")
    );
    assert_eq!(names(&read_bytes(gzip(text.as_bytes())).unwrap().snapshot), ["a"]);
    let folder = Folder::new();
    folder.write("kubectl get pods -n shop.txt", text.split_once('\n').unwrap().1);
    let snapshot = folder.read().unwrap().snapshot;
    assert!(snapshot.has_in(&Kind::Pod, "shop") && names(&snapshot) == ["a"]);
    assert!(read_bytes("hello\nworld\n").is_err());
}

#[test]
fn an_archive_of_any_form_says_the_same() {
    let expected = essence(&folder(&capture()).read().unwrap().snapshot);
    let plain = tar(&capture());
    let below = tar(&below("case-1", &capture()));
    for (form, content) in [
        ("tar", plain.clone()),
        ("tar", below.clone()),
        ("tar.gz", gzip(&plain)),
        ("tar.gz", gzip(&below)),
        ("tar.xz", xz(&below)),
        ("tar.zst", zstd(&below)),
        ("zip", zip(&capture())),
        ("zip", zip(&common::below("a/b", &capture()))),
    ] {
        let bundle = read_bytes(content).unwrap();
        assert_eq!(bundle.description, format!("plain capture in a {form}, 14 files"));
        assert_eq!(essence(&bundle.snapshot), expected, "{form}");
    }
}

#[test]
fn an_archive_file_is_told_by_its_content() {
    let folder = Folder::new();
    folder.write("capture.pdf", zstd(&tar(&below("x", &capture()))));
    let bundle = kubecause_bundle::read(&[Input::Path(folder.path().join("capture.pdf"))]).unwrap();
    assert_eq!(names(&bundle.snapshot), ["cart-1", "cart-2"]);
}

#[test]
fn the_order_of_members_does_not_matter() {
    let mut files = capture();
    let expected = essence(&read_bytes(tar(&files)).unwrap().snapshot);
    files.reverse();
    assert_eq!(essence(&read_bytes(tar(&files)).unwrap().snapshot), expected);
}

#[test]
fn a_list_on_standard_input() {
    let bundle = read_bytes(list(&[pod("a"), pod("b")])).unwrap();
    assert_eq!(bundle.description, "kubectl output, 2 objects");
    assert!(bundle.snapshot.has(&Kind::Pod));
    assert_eq!(missing(&bundle.snapshot, &Kind::Node), Some(Why::NotCollected));
}

#[test]
fn one_object_is_not_a_listing() {
    let bundle = read_bytes(pod("a")).unwrap();
    assert_eq!(names(&bundle.snapshot), ["a"]);
    assert_eq!(missing(&bundle.snapshot, &Kind::Pod), Some(Why::NotCollected));
}

#[test]
fn typed_lists_name_their_kind_also_when_empty() {
    let text = r#"{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"a"}}]}
        {"kind":"ServiceList","apiVersion":"v1","items":[]}"#;
    let bundle = read_bytes(text).unwrap();
    assert_eq!(names(&bundle.snapshot), ["a"]);
    assert!(bundle.snapshot.has(&Kind::Pod) && bundle.snapshot.has(&Kind::Service));
    let bundle = read_bytes(list(&[])).unwrap();
    assert!(has_gap(&bundle.snapshot, "input", Why::NotCollected), "an empty list of what?");
}

#[test]
fn yaml_in_all_its_forms() {
    let object =
        |name: &str| format!("apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n  namespace: shop\n");
    let item = |name: &str| format!("- {}", object(name).trim_end().replace('\n', "\n  "));
    let list = format!(
        "apiVersion: v1\nitems:\n{}\n{}\nkind: List\nmetadata:\n  resourceVersion: \"\"\n",
        item("a"),
        item("b")
    );
    let bundle = read_bytes(list).unwrap();
    assert_eq!(names(&bundle.snapshot), ["a", "b"]);
    assert!(bundle.snapshot.has(&Kind::Pod));
    let documents = format!("---\n{}---\n{}...\n", object("a"), object("b"));
    let bundle = read_bytes(documents).unwrap();
    assert_eq!(names(&bundle.snapshot), ["a", "b"]);
    assert!(!bundle.snapshot.has(&Kind::Pod));
    let flow = "kind: List\napiVersion: v1\nitems: [{kind: Pod, metadata: {name: a}}]\n";
    assert_eq!(names(&read_bytes(flow).unwrap().snapshot), ["a"]);
}

#[test]
fn a_folder_of_such_files() {
    let folder = Folder::new();
    folder.write("pods.json", list(&[pod("a")]));
    folder.write("sub/nodes.yaml", "apiVersion: v1\nitems: []\nkind: List\n");
    folder.write("README.md", "# notes");
    folder.write("broken.json", "{{{");
    let bundle = folder.read().unwrap();
    assert_eq!(bundle.description, "kubectl output, 2 files");
    assert!(bundle.snapshot.has(&Kind::Pod) && bundle.snapshot.has(&Kind::Node));
    assert!(has_gap(&bundle.snapshot, "broken.json", Why::Unparsable));
}

#[test]
fn a_packed_single_file() {
    assert_eq!(names(&read_bytes(gzip(list(&[pod("a")]).as_bytes())).unwrap().snapshot), ["a"]);
}

#[test]
fn several_inputs_are_one_snapshot() {
    let node = r#"{"kind":"NodeList","apiVersion":"v1","items":[{"metadata":{"name":"n"}}]}"#;
    let bundle = kubecause_bundle::read(&[bytes("pods", list(&[pod("a")])), bytes("nodes", node)]).unwrap();
    assert_eq!(bundle.description, "kubectl output, 1 object; kubectl output, 1 object");
    assert!(bundle.snapshot.has(&Kind::Pod) && bundle.snapshot.has(&Kind::Node));
}

#[test]
fn several_captures_are_asked_about() {
    let mut both = below("a", &capture());
    both.extend(below("b", &capture()));
    let error = read_bytes(tar(&both)).unwrap_err();
    assert!(matches!(&error, ReadError::Several { count: 2, first, .. } if first == "a"), "{error}");
}

#[test]
fn without_a_manifest_a_file_means_listed() {
    let bundle =
        folder(&files(&[("cluster/pods.json", &list(&[])), ("cluster/nodes", &list(&[]))])).read().unwrap();
    assert!(bundle.snapshot.has(&Kind::Pod) && bundle.snapshot.has(&Kind::Node));
    assert_eq!(missing(&bundle.snapshot, &Kind::Service), Some(Why::NotCollected));
    assert!(bundle.snapshot.gaps.is_empty());
}

#[test]
fn other_encodings_and_windows() {
    let utf16: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain(list(&[pod("a")]).encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(names(&read_bytes(utf16).unwrap().snapshot), ["a"]);
    let bom = format!("\u{FEFF}{}", list(&[pod("a")]).replace(',', ",\r\n"));
    assert_eq!(names(&read_bytes(bom).unwrap().snapshot), ["a"]);
    let yaml = "apiVersion: v1\r\nitems:\r\n- kind: Pod\r\n  metadata:\r\n    name: a\r\nkind: List\r\n";
    assert_eq!(names(&read_bytes(yaml).unwrap().snapshot), ["a"]);
}
