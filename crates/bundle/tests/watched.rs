//! A watcher is asked about the objects that it wants, however they are packed, and its answers reach the snapshot.

use kubecause_bundle::{Input, Limits, read_watched};
use kubecause_evidence::{Access, Failure, Kind, Remark, Remarks, Snapshot, Str, Subject, Watcher};
use kubecause_model::Params;
use std::sync::Arc;

/// Remarks on everything that it wants, and fails on what is called `bad`.
#[derive(Debug)]
struct Everything(Vec<Kind>);

impl Watcher for Everything {
    fn rules(&self) -> Vec<Str> {
        vec!["seen".into(), "quiet".into()]
    }

    fn rules_for(&self, kind: &Kind) -> Vec<Str> {
        if self.0.contains(kind) { vec!["seen".into()] } else { Vec::new() }
    }

    fn look(&self, kind: &Kind, json: &str) -> Remarks {
        let bad = json.contains("\"bad\"");
        let subject = Subject::cluster_wide(kind.clone(), if bad { "bad" } else { "good" });
        let remark =
            Remark { rule: "seen".into(), subject: subject.clone(), params: Params::new(), text: "t".into() };
        let failure = Failure { rule: "seen".into(), subject, says: "no".into() };
        if bad {
            Remarks { hold: vec![], failed: vec![failure] }
        } else {
            Remarks { hold: vec![remark], failed: vec![] }
        }
    }
}

fn read(text: &str, kinds: &[Kind]) -> Snapshot {
    let input = Input::Bytes { name: "x".into(), bytes: text.as_bytes().to_vec() };
    let watcher: Arc<dyn Watcher> = Arc::new(Everything(kinds.to_vec()));
    read_watched(&[input], &Limits::default(), Some(watcher), None).expect("it is read").snapshot
}

const LIST: &str = r#"{"kind":"List","apiVersion":"v1","items":[
  {"kind":"Rollout","apiVersion":"argoproj.io/v1alpha1","metadata":{"name":"good"}},
  {"kind":"Pod","apiVersion":"v1","metadata":{"name":"good"}}]}"#;

#[test]
fn only_what_is_wanted_is_shown() {
    let rollout = Kind::Other("Rollout.argoproj.io".into());
    let snapshot = read(LIST, std::slice::from_ref(&rollout));
    let kinds: Vec<&Kind> = snapshot.remarks.iter().map(|r| &r.subject.kind).collect();
    assert_eq!(kinds, [&rollout]);
    assert!(snapshot.was_asked("seen") && snapshot.was_asked("quiet") && !snapshot.was_asked("other"));
    assert_eq!(snapshot.access(&rollout), Access::Listed);
    let yaml = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: good\n";
    assert_eq!(read(yaml, &[Kind::Pod]).remarks.len(), 1);
}

#[test]
fn a_rule_that_fails_is_a_gap_and_was_not_asked() {
    let two = LIST.replace("good", "bad");
    let snapshot = read(&two, &[Kind::Pod, Kind::Other("Rollout.argoproj.io".into())]);
    let gaps: Vec<_> = snapshot.gaps.iter().map(|g| format!("{}: {}", g.what, g.matters)).collect();
    assert_eq!(gaps, ["rule seen: Pod bad and 1 more: no"]);
    assert!(!snapshot.was_asked("seen") && snapshot.was_asked("quiet"));
}

#[test]
fn of_a_pasted_terminal_only_what_holds_is_taken() {
    let text = "$ kubectl get pods -n shop\nNAME   READY   STATUS    RESTARTS   AGE\ngood   1/1     Running   0          3d\n";
    let snapshot = read(text, &[Kind::Pod]);
    assert_eq!(snapshot.remarks.len(), 1);
    assert!(snapshot.was_asked("seen"));
    let snapshot = read(&text.replace("good", "bad "), &[Kind::Pod]);
    assert!(snapshot.remarks.is_empty() && !snapshot.was_asked("seen"));
    assert!(snapshot.gaps.iter().any(|g| g.matters.contains("only a part")), "{:?}", snapshot.gaps);
}
