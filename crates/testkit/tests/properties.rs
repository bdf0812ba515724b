//! What must hold whatever is taken away from a capture.

use kubecause_catalogue::ModeKind;
use kubecause_model::{Confidence, Diagnosis, Subject};
use kubecause_testkit::{Capture, Kit, fixtures};
use proptest::prelude::*;
use std::sync::LazyLock;

static KIT: LazyLock<Kit> = LazyLock::new(|| Kit::new().expect("what ships is sound"));

static CAPTURES: LazyLock<Vec<(String, Capture, Diagnosis)>> = LazyLock::new(|| {
    let read = |(name, path): (String, std::path::PathBuf)| {
        let capture = Capture::read_archive(&path).expect("a fixture");
        let diagnosis = KIT.diagnose_capture(&capture).expect("an answer");
        (name, capture, diagnosis)
    };
    fixtures().expect("the fixtures").into_iter().map(read).collect()
});

fn roots(d: &Diagnosis) -> Vec<(&str, &Subject, Confidence)> {
    d.incidents.iter().map(|i| (i.root.mode.as_str(), &i.root.subject, i.root.confidence)).collect()
}

/// What is surer or new without that file, if something is.
fn surer(name: &str, capture: &Capture, full: &Diagnosis, gone: &str) -> Option<String> {
    let less = KIT.diagnose_capture(&capture.clone().without(|n| n == gone)).expect("an answer");
    let is_wrong = |(mode, subject, confidence): &(&str, &Subject, Confidence)| {
        let before = roots(full).into_iter().find(|(m, s, _)| m == mode && s == subject);
        if let Some((_, _, was)) = before {
            return *confidence > was;
        }
        let is_link = KIT.catalogue.get(mode).is_some_and(|m| m.kind == ModeKind::Link);
        let suffered = full.incidents.iter().any(|i| {
            i.root.subject.name == subject.name || i.affected.iter().any(|s| s.name == subject.name)
        });
        !(suffered && (is_link || *confidence < Confidence::Confirmed))
    };
    let wrong = roots(&less).into_iter().find(is_wrong);
    wrong.map(|(mode, subject, confidence)| format!("{name} without {gone}: {mode}@{subject} {confidence:?}"))
}

/// Of pods that were not collected their events tell, and their names the workload: one fault stays one incident.
#[test]
fn pods_that_were_not_collected_are_told_by_their_events() {
    let wrong: Vec<String> = CAPTURES
        .iter()
        .filter_map(|(name, capture, full)| surer(name, capture, full, "cluster/pods.json"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// A record that becomes a gap never makes a cause surer. A cause that is new is about an object that suffered before,
    /// and is a link whose cause is out of sight now, or less than confirmed.
    #[test]
    fn a_gap_never_makes_a_cause_surer(pick in any::<prop::sample::Index>(), file in any::<prop::sample::Index>()) {
        let (name, capture, full) = pick.get(&CAPTURES);
        let names: Vec<&str> = capture.names().filter(|n| *n != "capture.json" && *n != "expect.json").collect();
        let gone = *file.get(&names);
        prop_assert_eq!(surer(name, capture, full, gone), None);
    }
}
