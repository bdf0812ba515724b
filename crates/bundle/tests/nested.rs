//! Archives and packed files within an input.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::*;
use kubecause_bundle::Limits;
use kubecause_evidence::Why;

const LINE: &str = "E1122 17:40:05.123456    2203 generic.go:312] x\n";

#[test]
fn an_archive_in_a_folder_or_an_archive_is_a_folder_of_its_name() {
    let node = files(&[("logs/kubelet.log", LINE), ("logs/containerd.log", LINE)]);
    for (end, packed) in [
        ("zip", zip(&node)),
        ("tar", tar(&node)),
        ("tar.gz", gzip(&tar(&node))),
        ("tgz", gzip(&tar(&node))),
        ("tar.zst", zstd(&tar(&node))),
        ("tar.xz", xz(&tar(&node))),
    ] {
        let outer = vec![(format!("bundle/nodes/worker-1.{end}"), packed)];
        let folder = folder(&outer);
        for s in [folder.read().unwrap().snapshot, read_bytes(zip(&outer)).unwrap().snapshot] {
            assert_eq!(s.node_facts.keys().map(|n| &**n).collect::<Vec<_>>(), ["worker-1"], "{end}");
            assert_eq!(s.node_facts.values().map(|f| f.logs.len()).sum::<usize>(), 2, "{end}");
        }
    }
}

#[test]
fn single_packed_files_are_read_as_what_they_hold() {
    for packed in
        [gzip(LINE.as_bytes()), xz(LINE.as_bytes()), zstd(LINE.as_bytes()), LINE.as_bytes().to_vec()]
    {
        let mut outer = files(&[("m/cluster-scoped-resources/core/nodes.yaml", "")]);
        outer.push(("m/nodes/w1/w1_logs_kubelet.gz".to_owned(), packed));
        let s = read_bytes(gzip(&tar(&outer))).unwrap().snapshot;
        let texts: Vec<&str> = s.node_facts.values().flat_map(|f| &f.logs).map(|l| &*l.text).collect();
        assert_eq!(texts, [LINE]);
    }
}

#[test]
fn a_folder_that_is_there_unpacked_is_not_read_twice() {
    let mut outer = capture();
    outer.push(("nodes/worker-1.zip".to_owned(), zip(&files(&[("kubelet.log", "other\n")]))));
    let s = folder(&outer).read().unwrap().snapshot;
    assert!(has_gap(&s, "nodes/worker-1.zip", Why::NotCollected));
}

#[test]
fn nested_bombs_are_bounded() {
    let limits = Limits { unpacked: 1 << 20, nested: 512 << 10, ..Limits::default() };
    let zeros = vec![0; 3 << 20];
    let bomb = gzip(&tar(&vec![("kubelet.log".to_owned(), zeros.clone())]));
    let mut outer = files(&[("cluster/pods.json", &list(&[pod("a")]))]);
    for i in 0..20 {
        outer.push((format!("nodes/n{i}.tgz"), bomb.clone()));
        outer.push((format!("nodes/m{i}/kubelet.log.gz"), gzip(&zeros)));
    }
    let folder = folder(&outer);
    let s = kubecause_bundle::read_within(&[folder.path().to_owned().into()], &limits).unwrap().snapshot;
    assert_eq!(names(&s), ["a"]);
    assert!(has_gap(&s, "nodes/n0.tgz", Why::TooLarge), "{:?}", s.gaps);
    let kept: usize = s.node_facts.values().flat_map(|f| &f.logs).map(|l| l.text.len()).sum();
    assert!(kept <= 2 << 20, "{kept}");
}

#[test]
fn an_archive_within_a_nested_one_and_hostile_members_are_not_read() {
    let inner = zip(&files(&[("kubelet.log", LINE)]));
    let mut node = files(&[("../../cluster/pods.json", &list(&[pod("evil")]))]);
    node.push(("deep.zip".to_owned(), inner));
    let mut outer = files(&[("cluster/pods.json", &list(&[pod("a")]))]);
    outer.push(("nodes/n.zip".to_owned(), zip(&node)));
    outer.push(("nodes/broken.zip".to_owned(), b"PK no zip".to_vec()));
    let s = read_bytes(tar(&outer)).unwrap().snapshot;
    assert_eq!(names(&s), ["a"]);
    assert!(s.node_facts.values().all(|facts| facts.logs.is_empty()), "{:?}", s.node_facts);
    assert!(has_gap(&s, "nodes/broken.zip", Why::Unparsable), "{:?}", s.gaps);
}
