//! The captures under `fixtures/cases`, as they are shipped.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a fixture that cannot be read must fail")]

use kubecause_bundle::Input;
use kubecause_evidence::Kind;
use std::path::{Path, PathBuf};

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/cases");
    let mut cases: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

#[test]
fn each_is_read_whole() {
    assert!(cases().len() >= 25);
    for case in cases() {
        let bundle = kubecause_bundle::read(&[Input::Path(case.clone())]).unwrap();
        let (s, name) = (&bundle.snapshot, case.display());
        assert!(
            bundle.description.starts_with("plain capture in a tar.zst, "),
            "{name}: {}",
            bundle.description
        );
        assert!(s.version.as_deref().is_some_and(|v| v.starts_with("v1.36.")), "{name}");
        assert!(s.taken_at.is_some(), "{name}");
        assert_eq!(s.nodes.all().len(), 2, "{name}");
        for kind in
            [Kind::Pod, Kind::Node, Kind::Event, Kind::Service, Kind::Deployment, Kind::PersistentVolumeClaim]
        {
            assert!(s.has(&kind), "{name}: {kind}");
        }
        // The only thing that could not be had are logs of containers that do not exist (any more).
        let others: Vec<_> = s.gaps.iter().filter(|g| !g.what.starts_with("logs/")).collect();
        assert!(others.is_empty(), "{name}: {others:?}");
    }
}
