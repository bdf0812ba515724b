//! Archives that no archiver writes: each is bounded in time, memory and disk, and what cannot be read of it is said.
#![allow(clippy::unwrap_used, reason = "a test that cannot build its input must fail")]

mod common;

use common::*;
use kubecause_bundle::{Bundle, Limits, ReadError};
use kubecause_evidence::{Kind, Why};
use std::io::Write;

/// A member of a tar, with whatever name, kind and stated size.
fn member(kind: u8, name: &[u8], size: u64, content: &[u8]) -> Vec<u8> {
    let mut odd = header(0);
    let bytes = odd.as_mut_bytes();
    bytes[..100].fill(0);
    bytes[..name.len().min(100)].copy_from_slice(&name[..name.len().min(100)]);
    bytes[156] = kind;
    bytes[124..136].copy_from_slice(&[&[0x80, 0, 0, 0][..], &size.to_be_bytes()].concat());
    odd.set_cksum();
    let mut out = odd.as_bytes().to_vec();
    out.extend(content);
    out.resize(out.len().next_multiple_of(512), 0);
    out
}

/// A tar of a pod, these members, and a node.
fn tar_around(members: &[Vec<u8>]) -> Vec<u8> {
    let file = |path: &str, text: &str| member(b'0', path.as_bytes(), text.len() as u64, text.as_bytes());
    let node = r#"{"apiVersion":"v1","kind":"Node","metadata":{"name":"w-1"}}"#.to_owned();
    let (pods, nodes) =
        (file("cluster/pods.json", &list(&[pod("a")])), file("cluster/nodes.json", &list(&[node])));
    [&[pods][..], members, &[nodes, vec![0; 1024]]].concat().concat()
}

/// What was read of the pod before and of the node behind the odd members, and the gaps.
fn read_around(members: &[Vec<u8>]) -> (bool, bool, Vec<(String, Why)>) {
    let s = read_bytes(tar_around(members)).unwrap().snapshot;
    (names(&s) == ["a"], s.nodes.all().len() == 1, s.gaps.iter().map(|g| (g.what.clone(), g.why)).collect())
}

#[test]
fn names_that_are_none_are_gaps_and_cost_nothing_else() {
    let climbing = [
        &b"../etc/x"[..],
        b"/etc/x",
        b"a/../../x",
        b"..\\x",
        b"C:\\x",
        b"c:/x",
        b"\\\\host\\share\\x",
        b"nodes/a\nb/kubelet.log",
        b"",
    ];
    for name in climbing {
        let (pod, node, gaps) = read_around(&[member(b'0', name, 1, b"x")]);
        assert!(pod && node && gaps.iter().any(|(_, why)| *why == Why::NotCollected), "{name:?}: {gaps:?}");
        assert!(gaps.iter().all(|(what, _)| !what.contains('\n')), "{gaps:?}");
    }
    // Bytes that are no UTF-8 are replaced.
    let (pod, node, gaps) = read_around(&[member(b'0', b"nodes/w-1/\xFF\xFE.log", 1, b"x")]);
    assert!(pod && node && gaps.is_empty(), "{gaps:?}");
    let s = read_bytes(tar_around(&[member(b'0', b"nodes/w-\xFF/kubelet.log", 1, b"x")])).unwrap().snapshot;
    assert!(s.node_facts.contains_key("w-\u{FFFD}"));
}

#[test]
fn long_names_and_records_are_bounded() {
    let huge = vec![b'a'; 3 << 20];
    let pax = format!("{} path={}\n", (3 << 20) + 16, "a".repeat(3 << 20));
    for (kind, content) in
        [(b'L', &huge[..]), (b'x', pax.as_bytes()), (b'g', pax.as_bytes()), (b'K', &huge[..])]
    {
        let (pod, node, gaps) = read_around(&[member(kind, b"x", content.len() as u64, content)]);
        // A long name is that of the next member, which is not to be found under it.
        assert!(pod && (node || matches!(kind, b'L' | b'x')), "{gaps:?}");
        // One that says that it is 4 GiB long ends the archive.
        let (pod, node, gaps) = read_around(&[member(kind, b"x", 4 << 30, content)]);
        assert!(pod && !node && gaps.iter().any(|(_, why)| *why == Why::Truncated), "{gaps:?}");
    }
    for lie in [
        "",
        "7",
        "99999999999999999999 path=x\n",
        "-1 path=x\n",
        "11 path=\0\n\n",
        "9 size=-1\n",
        "path=",
        "= \n",
    ] {
        let (pod, ..) = read_around(&[member(b'x', b"x", lie.len() as u64, lie.as_bytes())]);
        assert!(pod, "{lie:?}");
    }
}

#[test]
fn sizes_that_lie() {
    for size in [1 << 40, u64::MAX, i64::MAX as u64, u64::MAX - 511] {
        for kind in [b'0', b'S', b'5', b'1', b'7'] {
            let Ok(read) = read_bytes(tar_around(&[member(kind, b"nodes/w-1/kubelet.log", size, b"x")]))
            else {
                continue;
            };
            assert_eq!(names(&read.snapshot), ["a"]);
            assert!(!read.snapshot.has(&Kind::Node));
            assert!(
                read.snapshot.gaps.iter().any(|g| g.why == Why::Truncated),
                "{size}: {:?}",
                read.snapshot.gaps
            );
        }
    }
    // A sparse file of a terabyte is not filled up.
    let (pod, node, gaps) = read_around(&[member(b'S', b"nodes/w-1/kubelet.log", 0, b"")]);
    assert!(pod && node && gaps.iter().any(|(what, _)| what == "nodes/w-1/kubelet.log"), "{gaps:?}");
    let records = "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n38 GNU.sparse.realsize=1099511627776\n";
    let map = b"1\n1099511627775\n1\n";
    let sparse = member(b'0', b"nodes/w-1/kubelet.log", map.len() as u64, map);
    let (pod, node, _) = read_around(&[member(b'x', b"x", records.len() as u64, records.as_bytes()), sparse]);
    assert!(pod && node);
}

/// One file of a zip: name, method, sizes as stated, and the bytes.
struct Entry<'a> {
    name: &'a str,
    method: u16,
    stated: [u64; 2],
    sum: u32,
    content: &'a [u8],
}

fn sum(bytes: &[u8]) -> u32 {
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    sum.sum()
}

/// A zip whose directory says of each entry what it says; `times` as often, each time of the same bytes.
fn zip_of(entries: &[Entry<'_>], times: u32) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let at = out.len() as u32;
        let extra =
            [&[1, 0, 16, 0][..], &entry.stated[1].to_le_bytes(), &entry.stated[0].to_le_bytes()].concat();
        let head = |name: &str| {
            let mut head = vec![45, 0, 0, 8];
            head.extend(entry.method.to_le_bytes());
            head.extend([0, 0, 0x21, 0]);
            head.extend(entry.sum.to_le_bytes());
            head.extend([0xFF; 8]);
            head.extend((name.len() as u16).to_le_bytes());
            head.extend((extra.len() as u16).to_le_bytes());
            head
        };
        out.extend(
            b"PK\x03\x04"
                .iter()
                .chain(&head(entry.name))
                .chain(entry.name.as_bytes())
                .chain(&extra)
                .chain(entry.content),
        );
        for i in 0..times {
            let name = if times == 1 { entry.name.to_owned() } else { format!("{}{i}", entry.name) };
            directory.extend(b"PK\x01\x02\x2D\x03".iter().chain(&head(&name)));
            directory.extend([0; 10]);
            directory.extend(at.to_le_bytes());
            directory.extend(name.as_bytes().iter().chain(&extra));
        }
    }
    let (at, length) = (out.len() as u64, directory.len() as u64);
    let count = u64::from(times) * entries.len() as u64;
    let end = at + length;
    out.extend(directory);
    // The 64-bit end of the directory, where to find it, and the end.
    out.extend(b"PK\x06\x06\x2C\0\0\0\0\0\0\0\x2D\0\x2D\0\0\0\0\0\0\0\0\0");
    for number in [count, count, length, at] {
        out.extend(number.to_le_bytes());
    }
    out.extend(b"PK\x06\x07\0\0\0\0");
    out.extend(end.to_le_bytes());
    out.extend(b"\x01\0\0\0PK\x05\x06\0\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0");
    out
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn stored<'a>(name: &'a str, content: &'a str) -> Entry<'a> {
    let size = content.len() as u64;
    Entry { name, method: 0, stated: [size, size], sum: sum(content.as_bytes()), content: content.as_bytes() }
}

#[test]
fn a_zip_in_64_bits_and_its_lies() {
    let pods = list(&[pod("a")]);
    let sound = || stored("cluster/pods.json", &pods);
    assert_eq!(names(&read_bytes(zip_of(&[sound()], 1)).unwrap().snapshot), ["a"]);
    let nodes = list(&[]);
    for stated in [[1 << 40, 1 << 40], [u64::MAX, u64::MAX], [1 << 40, 5], [5, 1 << 40], [0, 0]] {
        let lie = Entry { stated, ..stored("cluster/nodes.json", &nodes) };
        let s = read_bytes(zip_of(&[sound(), lie], 1)).unwrap().snapshot;
        assert_eq!(names(&s), ["a"], "{stated:?}");
        assert!(!s.has(&Kind::Node) && !s.gaps.is_empty(), "{stated:?}: {:?}", s.gaps);
    }
    let whole = zip_of(&[sound()], 1);
    for count in [0_u64, 2, 1 << 20, 1 << 40, u64::MAX] {
        let mut lie = whole.clone();
        let at = whole.windows(4).rposition(|w| w == b"PK\x06\x06").unwrap();
        for field in [24, 32] {
            lie[at + field..at + field + 8].copy_from_slice(&count.to_le_bytes());
        }
        let _ = read_bytes(lie);
    }
}

#[test]
fn entries_that_overlap_are_bounded_together() {
    let limits = Limits { unpacked: 4 << 20, ..Limits::default() };
    let unpacked = vec![b'x'; 1 << 20];
    let packed = deflate(&unpacked);
    let stated = [packed.len() as u64, 1 << 20];
    let entry =
        Entry { name: "nodes/w-1/kubelet.log", method: 8, stated, sum: sum(&unpacked), content: &packed };
    let error = read_limited(zip_of(&[entry], 5_000), &limits);
    let bundle = error.unwrap();
    let held: usize = bundle.snapshot.node_facts.values().flat_map(|f| &f.logs).map(|l| l.text.len()).sum();
    assert!(held <= 5 << 20, "{held}");
    let cut = |g: &kubecause_evidence::Gap| g.matters.contains("unpacks to too much");
    assert!(bundle.snapshot.gaps.iter().any(cut), "{:?}", bundle.snapshot.gaps);
}

/// Much of nothing, in every packing, as an archive and as a single file.
fn bombs(size: usize) -> Vec<(&'static str, Vec<u8>)> {
    let mut files = files(&[("cluster/pods.json", &list(&[pod("a")]))]);
    files.push(("cluster/nodes.json".to_owned(), vec![b' '; size]));
    files.push(("nodes/w-1/x.bin".to_owned(), vec![0; size]));
    files.push(("nodes/w-1/kubelet.log".to_owned(), vec![b'\n'; size]));
    let tar = tar(&files);
    let nested: Files = vec![
        ("cluster/pods.json".to_owned(), list(&[pod("a")]).into_bytes()),
        ("nodes/w-1.zip".to_owned(), zip(&vec![("kubelet.log".to_owned(), vec![b'\n'; size])])),
        ("nodes/w-2/kubelet.log.gz".to_owned(), gzip(&vec![b'\n'; size])),
    ];
    vec![
        ("gzip", gzip(&tar)),
        ("xz", xz(&tar)),
        ("zstd", zstd(&tar)),
        ("zip", zip(&files)),
        ("nested", zip(&nested)),
        ("nested tar", gzip(&common::tar(&nested))),
    ]
}

#[test]
fn what_a_small_archive_unpacks_to_is_bounded_by_its_length() {
    const SIZE: usize = 2 << 20;
    let limits = Limits { free: 1 << 16, ..Limits::default() };
    for (form, bomb) in bombs(SIZE) {
        let bound = (1 << 16) + 200 * bomb.len();
        assert!(bound < SIZE, "{form} packs to {}", bomb.len());
        let s = read_limited(bomb, &limits).unwrap().snapshot;
        let held: usize = s.node_facts.values().flat_map(|f| &f.logs).map(|l| l.text.len()).sum();
        assert!(held <= bound, "{form}: {held} of {bound}");
        assert_eq!(names(&s), ["a"], "{form}");
        let said = s.gaps.iter().any(|g| matches!(g.why, Why::TooLarge | Why::Truncated));
        assert!(said, "{form}: {:?}", s.gaps);
    }
    for (form, bomb) in
        [("gzip", gzip(&vec![b' '; SIZE])), ("xz", xz(&vec![b' '; SIZE])), ("zstd", zstd(&vec![b' '; SIZE]))]
    {
        let error = read_limited(bomb, &limits).unwrap_err();
        assert!(error.to_string().contains("longer than kubecause reads"), "{form}: {error}");
    }
}

#[test]
fn a_folder_of_packed_files_is_bounded_by_their_length() {
    let limits = Limits { free: 1 << 16, ..Limits::default() };
    let bomb = gzip(&vec![b'\n'; 2 << 20]);
    let mut files = files(&[("cluster/pods.json", &list(&[pod("a")]))]);
    files.extend((0..5).map(|i| (format!("nodes/w-{i}/kubelet.log.gz"), bomb.clone())));
    let bound = (1 << 16) + 5 * 200 * bomb.len();
    let folder = folder(&files);
    let s = kubecause_bundle::read_within(&[folder.path().to_owned().into()], &limits).unwrap().snapshot;
    let held: usize = s.node_facts.values().flat_map(|f| &f.logs).map(|l| l.text.len()).sum();
    assert!(names(&s) == ["a"] && held <= bound, "{held} of {bound}");
    assert!(s.gaps.iter().any(|g| g.matters.contains("unpacks to too much")), "{:?}", s.gaps);
}

#[test]
fn archives_within_archives_are_read_once() {
    let mut inner = zip(&files(&[("kubelet.log", "x\n")]));
    for depth in 0..30 {
        inner = zip(&vec![(format!("{depth}.zip"), inner)]);
    }
    let pods = list(&[pod("a")]).into_bytes();
    let s = read_bytes(zip(&vec![("cluster/pods.json".to_owned(), pods), ("nodes/w.zip".to_owned(), inner)]))
        .unwrap();
    assert_eq!(names(&s.snapshot), ["a"]);
}

#[test]
fn many_broken_archives_within_one_do_not_flood() {
    let mut files = files(&[("cluster/pods.json", &list(&[pod("a")]))]);
    files.extend((0..20_000).map(|i| (format!("nodes/w-{i}.zip"), b"PK\x03\x04x".to_vec())));
    let s = read_bytes(tar(&files)).unwrap().snapshot;
    assert_eq!(names(&s), ["a"]);
    assert!((2..=60).contains(&s.gaps.len()), "{} gaps", s.gaps.len());
}

#[test]
fn folders_within_each_other() {
    let deep = format!("{}cluster/pods.json", "d/".repeat(10_000));
    let pods = list(&[pod("b")]);
    let (pod, node, gaps) = read_around(&[
        member(b'L', b"././@LongLink", deep.len() as u64, deep.as_bytes()),
        member(b'0', b"d", pods.len() as u64, pods.as_bytes()),
    ]);
    assert!(pod && node && gaps.len() == 1, "{gaps:?}");
    let folder = folder(&files(&[("cluster/pods.json", &pods)]));
    folder.write(&format!("{}x", "d/".repeat(1_500)), "");
    assert_eq!(names(&folder.read().unwrap().snapshot), ["b"]);
}

#[test]
fn paths_that_are_long_together() {
    let limits = Limits { names: 100_000, ..Limits::default() };
    let mut files = files(&[("cluster/pods.json", &list(&[pod("a")]))]);
    files.extend((0..1_000).map(|i| (format!("nodes/{}{i}/kubelet.log", "n".repeat(200)), Vec::new())));
    for archive in [tar(&files), zip(&files)] {
        let s = read_limited(archive, &limits).unwrap().snapshot;
        assert!(names(&s) == ["a"] && has_gap(&s, "the archive", Why::TooLarge), "{:?}", s.gaps);
        assert!(s.node_facts.len() < 500);
    }
}

#[test]
fn a_million_entries_of_a_zip() {
    let limits = Limits { files: 5_000, ..Limits::default() };
    let pods = list(&[pod("a")]);
    let zip = zip_of(&[stored("cluster/pods.json", &pods)], 1_000_000);
    let read = read_limited(zip, &limits);
    let gaps = read.map_or_else(|e| e.to_string(), |b| format!("{:?}", b.snapshot.gaps));
    assert!(gaps.contains("more than 5000 members"), "{gaps}");
}

/// Everything that can be said of a reading.
fn told(read: Result<Bundle, ReadError>) -> String {
    read.map_or_else(|e| e.to_string(), |b| essence(&b.snapshot))
}

#[test]
fn cut_at_every_byte() {
    let mut small = files(&[("cluster/pods.json", &list(&[pod("a")]))]);
    small.push(("nodes/w-1/kubelet.log".to_owned(), b"E1122 17:40:05.1 1 x.go:1] x\n".to_vec()));
    let tar = tar(&small);
    for whole in [gzip(&tar), xz(&tar), zstd(&tar), zip(&small)] {
        let all = told(read_bytes(whole.clone()));
        for end in 0..whole.len() {
            let cut = whole.get(..end).unwrap();
            let said = told(read_bytes(cut));
            assert!(!said.is_empty());
            if !said.starts_with("input") {
                assert!(said == all || said.contains("Truncated"), "{end} of {}: {said}", whole.len());
            }
        }
    }
    for end in (0..tar.len()).step_by(37) {
        assert!(!told(read_bytes(tar.get(..end).unwrap())).is_empty());
    }
}

#[test]
fn more_objects_than_anybody_has() {
    let limits = Limits { number: 10, ..Limits::default() };
    let pods: Vec<String> = (0..8).map(|i| pod(&format!("p{i}"))).collect();
    let more: Vec<String> = (8..16).map(|i| pod(&format!("p{i}"))).collect();
    let both = files(&[("a/pods.json", &list(&pods)), ("b/pods.json", &list(&more))]);
    let s = read_limited(tar(&both), &limits).unwrap().snapshot;
    assert_eq!((names(&s).len(), missing(&s, &Kind::Pod)), (10, Some(Why::TooLarge)));
    assert!(has_gap(&s, "b/pods.json", Why::TooLarge), "{:?}", s.gaps);
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a test writes what is read")]
fn a_folder_is_no_archive_and_its_lists_may_be_long() {
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("long-lists");
    let pods: Vec<String> = (0..64).map(|i| pod(&format!("p{i}"))).collect();
    std::fs::create_dir_all(dir.join("cluster")).unwrap();
    std::fs::write(dir.join("cluster/pods.json"), list(&pods)).unwrap();
    let limits = Limits { free: 16, ..Limits::default() };
    let input = kubecause_bundle::Input::Path(dir);
    let read = kubecause_bundle::read_within(&[input], &limits).unwrap();
    assert_eq!(names(&read.snapshot).len(), 64);
}
