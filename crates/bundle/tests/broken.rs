//! Captures that are incomplete, refused or damaged: what is there is read, what is not is a gap.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot read its input must fail"
)]

mod common;

use common::*;
use kubecause_bundle::{ReadError, Snapshot};
use kubecause_evidence::{Kind, Why};

/// The snapshot of a capture with these files.
fn with(list: &[(&str, &str)]) -> Snapshot {
    folder(&files(list)).read().unwrap().snapshot
}

#[test]
fn a_kind_that_the_manifest_names_and_that_is_not_there() {
    let s = with(&[("capture.json", MANIFEST), ("cluster/nodes.json", &list(&[]))]);
    assert_eq!(missing(&s, &Kind::Pod), Some(Why::NotCollected));
    assert!(has_gap(&s, "pods", Why::NotCollected));
    assert!(s.has(&Kind::Service), "empty means listed");
}

#[test]
fn an_error_beside_or_instead() {
    let forbidden =
        "Error from server (Forbidden): pods is forbidden: User \"x\" cannot list resource \"pods\"";
    let s = with(&[
        ("cluster/pods.json", &list(&[])),
        ("cluster/pods.error", forbidden),
        ("cluster/nodes.json.error", "Unable to connect to the server: net/http: TLS handshake timeout"),
        ("cluster/services.json", &list(&[])),
        ("cluster/services.error", "Warning: v1 Endpoints is deprecated in v1.33+\n"),
        ("cluster/configmaps.error", ""),
    ]);
    assert_eq!(missing(&s, &Kind::Pod), Some(Why::Forbidden));
    assert!(has_gap(&s, "pods", Why::Forbidden));
    assert_eq!(missing(&s, &Kind::Node), Some(Why::TimedOut));
    assert!(s.has(&Kind::Service), "a warning is no error");
    assert_eq!(missing(&s, &Kind::ConfigMap), Some(Why::Failed));
}

#[test]
fn a_status_in_place_of_a_list() {
    let status = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"pods is forbidden","reason":"Forbidden"}"#;
    let s = with(&[("cluster/pods.json", status)]);
    assert_eq!(missing(&s, &Kind::Pod), Some(Why::Forbidden));
    assert!(has_gap(&s, "cluster/pods.json", Why::Forbidden));
}

#[test]
fn one_bad_item_costs_only_itself() {
    let bad = r#"{"kind":"Pod","metadata":{"name":"bad"},"spec":{"containers":"none"}}"#.to_owned();
    let no_json = r#"{"kind":"Pod","metadata":{"name":"bad","labels":***HIDDEN***}}"#.to_owned();
    for bad in [bad, no_json, "7".to_owned(), "null".to_owned(), "[]".to_owned()] {
        let s = with(&[("cluster/pods.json", &list(&[pod("a"), bad.clone(), pod("b")]))]);
        assert_eq!(names(&s), ["a", "b"], "{bad}");
        assert!(has_gap(&s, "cluster/pods.json item 2", Why::Unparsable), "{bad}");
        assert_eq!(missing(&s, &Kind::Pod), Some(Why::Unparsable), "what is not there may be the bad one");
    }
}

#[test]
fn a_file_of_bad_items_does_not_flood() {
    let items: Vec<String> = (0..1000).map(|_| "7".to_owned()).collect();
    let s = with(&[("cluster/pods.json", &list(&items))]);
    assert!((2..20).contains(&s.gaps.len()), "{}", s.gaps.len());
}

#[test]
fn a_truncated_list_keeps_the_items_before_the_break() {
    let whole = list(&[pod("a"), pod("b"), pod("c")]);
    for end in 0..whole.len() {
        let s = with(&[("cluster/pods.json", whole.get(..end).unwrap()), ("cluster/nodes.json", &list(&[]))]);
        assert_eq!(missing(&s, &Kind::Pod), Some(Why::Truncated), "{end}: {:?}", s.gaps);
        assert!(s.gaps.iter().any(|g| g.what == "cluster/pods.json" && g.why == Why::Truncated), "{end}");
    }
    let s = with(&[("cluster/pods.json", whole.get(..whole.len() - 80).unwrap())]);
    assert_eq!(names(&s), ["a", "b"]);
}

#[test]
fn a_list_that_the_server_did_not_finish() {
    let chunk = r#"{"kind":"PodList","apiVersion":"v1","metadata":{"continue":"eyJ2"},"items":[]}"#;
    assert_eq!(missing(&with(&[("cluster/pods.json", chunk)]), &Kind::Pod), Some(Why::Truncated));
}

#[test]
fn items_of_another_kind_than_the_file_says() {
    let s = with(&[("cluster/nodes.json", &list(&[pod("a")]))]);
    assert_eq!(names(&s), ["a"]);
    assert_eq!(missing(&s, &Kind::Node), Some(Why::Unparsable));
    assert!(has_gap(&s, "cluster/nodes.json", Why::Unparsable));
    assert!(!s.has(&Kind::Pod));
}

#[test]
fn a_kind_of_a_foreign_group_is_no_known_kind() {
    let knative =
        r#"{"apiVersion":"serving.knative.dev/v1","kind":"Service","metadata":{"name":"x","namespace":"y"}}"#;
    let s = with(&[("cluster/services.serving.knative.dev.json", &list(&[knative.to_owned()]))]);
    assert_eq!((s.services.all().len(), s.others.len()), (0, 1));
    assert!(!s.has(&Kind::Service));
}

#[test]
fn an_empty_or_meaningless_file_in_a_capture() {
    let s = with(&[
        ("cluster/pods.json", ""),
        ("cluster/nodes.json", "<html>502 Bad Gateway</html>"),
        ("cluster/services.json", &pod("a")),
        ("capture.json", "nonsense"),
        ("cluster/version.json", "{}"),
    ]);
    assert_eq!(missing(&s, &Kind::Pod), Some(Why::Truncated));
    assert_eq!(missing(&s, &Kind::Node), Some(Why::Unparsable));
    assert!(!s.has(&Kind::Service));
    assert!(
        has_gap(&s, "capture.json", Why::Unparsable) && has_gap(&s, "cluster/version.json", Why::Unparsable)
    );
}

#[test]
fn secrets_are_names_only_and_never_quoted() {
    let secret =
        r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"db"},"data":{"password":"aHVudGVyMg=="}}"#;
    let bad = r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":["aHVudGVyMg=="]}}"#;
    let yaml = "apiVersion: v1\nkind: Secret\nmetadata: {name: y}\ndata: {a: aHVudGVyMg==}\nstringData: {a: aHVudGVyMg== : }\n";
    let s = with(&[
        ("cluster/secrets.json", &list(&[secret.to_owned(), bad.to_owned()])),
        ("cluster/more.yaml", yaml),
    ]);
    assert_eq!(s.secrets.all().len(), 1);
    assert!(!format!("{s:?}").contains("aHVudGVyMg"), "{:?}", s.gaps);
}

#[test]
fn a_nodes_file_that_cannot_be_read_is_a_gap() {
    let s = with(&[
        ("nodes/n/stats-summary.json", "Error from server (Forbidden): nodes \"n\" is forbidden"),
        ("nodes/n/configz.json", "{"),
        ("nodes/n/pid_max.txt", ""),
        ("nodes/n/healthz.error", "context deadline exceeded"),
        ("nodes/n/loadavg", "0.24 1.64 2.92 2/335 5973"),
    ]);
    for (name, why) in [
        ("stats-summary.json", Why::Forbidden),
        ("configz.json", Why::Unparsable),
        ("pid_max.txt", Why::Truncated),
        ("healthz", Why::TimedOut),
    ] {
        assert!(has_gap(&s, &format!("nodes/n/{name}"), why), "{name}: {:?}", s.gaps);
    }
    assert!(s.node_facts.get("n").unwrap().loadavg.is_some(), "without its extension");
}

#[test]
fn what_is_nothing_is_an_error_that_says_what_to_do() {
    for (content, says) in [
        ("", "is empty"),
        (" \n", "is empty"),
        ("hello world\n", "neither JSON nor YAML"),
        ("{\"a\":1}", "not of Kubernetes objects"),
        ("{\"kind\":\"Pod\",\"meta", "ends within its first object"),
        ("\u{0}\u{1}\u{2}", "is no text"),
        ("BZh91AY&SY", "bzip2"),
    ] {
        let error = read_bytes(content).unwrap_err().to_string();
        assert!(error.contains(says) && error.starts_with("input"), "{content:?}: {error}");
    }
    assert!(matches!(Folder::new().read(), Err(ReadError::Empty { .. })));
    let folder = Folder::new();
    folder.write("a.txt", "hello");
    assert!(matches!(folder.read(), Err(ReadError::Unknown { .. })));
    assert!(matches!(kubecause_bundle::read(&["/does/not/exist".into()]), Err(ReadError::Io { .. })));
    assert!(matches!(kubecause_bundle::read(&[]), Err(ReadError::NoInput)));
}
