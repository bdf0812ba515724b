//! An API server that refuses, fails, stalls or breaks off: what is left is still answered, what is missing is named, and
//! nothing is called healthy that was not seen.
#![allow(clippy::disallowed_methods, reason = "tests read and write files")]

mod common;

use anyhow::Result;
use common::{diagnose, diagnose_with, fixture, options, sound};
use kubecause_live::{OpenError, Options, RESOURCES, Session};
use kubecause_model::{Diagnosis, Verdict, Why};
use kubecause_testkit::{FakeApi, Fault, Faults, Kit, Seen};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Without these nothing may be called healthy.
const NEEDED: [&str; 6] =
    ["nodes", "pods", "deployments.apps", "statefulsets.apps", "daemonsets.apps", "persistentvolumeclaims"];

/// A list of that resource that is not the first question of all, which asks for one pod only.
fn lists(seen: &Seen, resource: &str) -> bool {
    seen.resource().as_deref() == Some(resource) && seen.query.get("limit").is_none_or(|l| l != "1")
}

fn modes(diagnosis: &Diagnosis) -> BTreeSet<String> {
    let of = |i: &kubecause_model::Incident| {
        let more =
            i.chain.iter().map(|l| l.mode.clone()).chain(i.alternatives.iter().map(|a| a.mode.clone()));
        [i.root.mode.clone()].into_iter().chain(more).collect::<Vec<_>>()
    };
    diagnosis.incidents.iter().flat_map(of).collect()
}

fn run(name: &str, kit: &Kit, faults: Faults, change: impl Fn(&mut Options)) -> Result<Diagnosis> {
    let api = FakeApi::serve(fixture(name)?.0, faults)?;
    let dir = tempfile::tempdir()?;
    let mut options = options(&api, &dir)?;
    change(&mut options);
    diagnose_with(kit, &options, true)
}

fn names_gap(diagnosis: &Diagnosis, what: &str) -> bool {
    diagnosis.gaps.iter().any(|g| g.what == what)
}

#[test]
fn each_kind_refused_in_turn_is_a_gap_and_no_cause() -> Result<()> {
    let kit = Kit::new()?;
    for name in ["healthy"] {
        let whole = modes(&run(name, &kit, sound(), |_| {})?);
        for resource in RESOURCES.iter().filter(|r| r.instead_of.is_none()) {
            let refused = resource.name();
            let faults: Faults =
                Box::new(move |s| lists(s, &refused).then(|| Fault::Status(403, "no".into())));
            let diagnosis = run(name, &kit, faults, |_| {})?;
            let refused = resource.name();
            assert!(names_gap(&diagnosis, &refused), "{name} without {refused}: {:?}", diagnosis.gaps);
            let new: Vec<_> = modes(&diagnosis).difference(&whole).cloned().collect();
            assert!(new.is_empty(), "{name} without {refused}: {new:?}");
            let blind = NEEDED.contains(&refused.as_str());
            assert!(!blind || diagnosis.verdict != Verdict::Healthy, "{name} without {refused}");
            assert!(
                blind || name != "healthy" || diagnosis.verdict == Verdict::Healthy,
                "{name} without {refused}"
            );
        }
    }
    Ok(())
}

#[test]
fn what_passes_leaves_no_trace() -> Result<()> {
    let kit = Kit::new()?;
    let (_, expect) = fixture("oomkilled")?;
    let first = |s: &Seen| s.before == 0 && s.query.contains_key("limit") && s.resource().is_some();
    let cases: [(&str, Faults); 6] = [
        ("429", Box::new(move |s| first(s).then_some(Fault::Later(429, 0)))),
        (
            "503",
            Box::new(move |s| (first(s) && lists(s, "events")).then(|| Fault::Status(503, "wait".into()))),
        ),
        ("dropped", Box::new(move |s| (first(s) && lists(s, "nodes")).then_some(Fault::Drop))),
        ("truncated", Box::new(move |s| (first(s) && lists(s, "nodes")).then_some(Fault::Truncate(300)))),
        ("cut", Box::new(move |s| (first(s) && lists(s, "events")).then_some(Fault::CutJson(300)))),
        ("slow", Box::new(move |s| lists(s, "nodes").then_some(Fault::Delay(Duration::from_millis(300))))),
    ];
    for (case, faults) in cases {
        let diagnosis = run("oomkilled", &kit, faults, |_| {})?;
        assert_eq!(expect.judge(&diagnosis), None, "{case}");
        let left: Vec<_> =
            diagnosis.gaps.iter().filter(|g| matches!(g.what.as_str(), "nodes" | "events")).collect();
        assert!(left.is_empty(), "{case}: {left:?}");
    }
    Ok(())
}

#[test]
fn what_does_not_pass_is_a_gap_with_its_reason() -> Result<()> {
    let kit = Kit::new()?;
    let cases: [(&str, Why, Faults); 6] = [
        (
            "500",
            Why::Failed,
            Box::new(|s| lists(s, "pods").then(|| Fault::Status(500, "etcdserver: no leader".into()))),
        ),
        ("429", Why::Failed, Box::new(|s| lists(s, "pods").then_some(Fault::Later(429, 30)))),
        ("drop", Why::Failed, Box::new(|s| lists(s, "pods").then_some(Fault::Drop))),
        ("truncate", Why::Truncated, Box::new(|s| lists(s, "pods").then_some(Fault::Truncate(2000)))),
        ("cut", Why::Truncated, Box::new(|s| lists(s, "pods").then_some(Fault::CutJson(2000)))),
        (
            "stall",
            Why::TimedOut,
            Box::new(|s| lists(s, "pods").then_some(Fault::Delay(Duration::from_secs(9)))),
        ),
    ];
    for (case, why, faults) in cases {
        let diagnosis = run("healthy", &kit, faults, |o| {
            o.request_timeout = Duration::from_millis(500);
            o.budget = Duration::from_secs(8);
        })?;
        assert_eq!(diagnosis.verdict, Verdict::Unknown, "{case}");
        let gap = diagnosis.gaps.iter().find(|g| g.what == "pods");
        assert_eq!(gap.map(|g| g.why), Some(why), "{case}: {gap:?}");
        assert!(diagnosis.incidents.is_empty(), "{case}: {:?}", diagnosis.incidents);
    }
    Ok(())
}

#[test]
fn a_list_in_pages_is_the_list_and_begins_anew_when_its_token_is_over() -> Result<()> {
    let kit = Kit::new()?;
    let (_, expect) = fixture("runtime-hang")?;
    let small = |o: &mut Options| o.page = Some(2);
    assert_eq!(expect.judge(&run("runtime-hang", &kit, sound(), small)?), None);
    let gone = |s: &Seen| lists(s, "pods") && s.query.contains_key("continue");
    let once: Faults =
        Box::new(move |s| (gone(s) && s.before <= 2).then(|| Fault::Status(410, "expired".into())));
    let diagnosis = run("runtime-hang", &kit, once, small)?;
    assert_eq!(expect.judge(&diagnosis), None);
    assert!(!names_gap(&diagnosis, "pods"));
    let ever: Faults = Box::new(move |s| gone(s).then(|| Fault::Status(410, "expired".into())));
    let diagnosis = run("runtime-hang", &kit, ever, small)?;
    assert!(names_gap(&diagnosis, "pods"));
    assert_ne!(diagnosis.verdict, Verdict::Healthy);
    Ok(())
}

#[test]
fn older_servers_are_read_in_older_versions() -> Result<()> {
    let kit = Kit::new()?;
    let (capture, expect) = fixture("selector-mismatch")?;
    let old: Faults = Box::new(|s| {
        let newer = [
            "/apis/batch/v1/cronjobs",
            "/apis/policy/v1/",
            "/apis/discovery.k8s.io/",
            "/apis/autoscaling/v2/",
        ];
        newer.iter().any(|p| s.path.starts_with(p)).then(|| Fault::Status(404, "404 page not found".into()))
    });
    let api = FakeApi::serve(capture, old)?;
    let diagnosis = diagnose(&kit, &api, false)?;
    let asked: BTreeSet<String> = api.seen().into_iter().map(|s| s.path).collect();
    for path in
        ["/apis/batch/v1beta1/cronjobs", "/apis/policy/v1beta1/poddisruptionbudgets", "/api/v1/endpoints"]
    {
        assert!(asked.contains(path), "{path}: {asked:?}");
    }
    assert!(names_gap(&diagnosis, "endpointslices.discovery.k8s.io"));
    assert!(!names_gap(&diagnosis, "cronjobs.batch"));
    assert_eq!(expect.judge(&diagnosis), None);
    assert_eq!(api.seen().iter().filter(|s| s.path == "/apis").count(), 1);
    Ok(())
}

#[test]
fn a_user_of_one_namespace_gets_an_answer_about_it() -> Result<()> {
    let kit = Kit::new()?;
    let narrow: fn() -> Faults = || {
        Box::new(|s| {
            let own = s.namespace().as_deref() == Some("oomkilled");
            (s.resource().is_some() && !own)
                .then(|| Fault::Status(403, "cannot list at the cluster scope".into()))
        })
    };
    let (_, expect) = fixture("oomkilled")?;
    let own = run("oomkilled", &kit, narrow(), |o| o.namespace = Some("oomkilled".to_owned()))?;
    assert_eq!(expect.judge(&own), None);
    assert!(names_gap(&own, "nodes") && names_gap(&own, "all namespaces but oomkilled"), "{:?}", own.gaps);
    let api = FakeApi::serve(fixture("healthy")?.0, narrow())?;
    let dir = tempfile::tempdir()?;
    let session = Session::open(&options(&api, &dir)?)?;
    assert_eq!(session.only_namespace(), Some("shop"), "the namespace of the context");
    Ok(())
}

#[test]
fn a_user_without_any_right_learns_nothing_and_is_told_so() -> Result<()> {
    let faults: Faults = Box::new(|s| s.resource().map(|_| Fault::Status(403, "forbidden".into())));
    let diagnosis = run("oomkilled", &Kit::new()?, faults, |_| {})?;
    assert_eq!(diagnosis.verdict, Verdict::Unknown);
    assert!(diagnosis.incidents.is_empty());
    Ok(())
}

#[test]
fn the_budget_is_kept_and_said() -> Result<()> {
    let slow: Faults = Box::new(|s| s.resource().map(|_| Fault::Delay(Duration::from_millis(400))));
    let started = Instant::now();
    let diagnosis = run("oomkilled", &Kit::new()?, slow, |o| o.budget = Duration::from_millis(1500))?;
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert_ne!(diagnosis.verdict, Verdict::Healthy);
    assert!(diagnosis.gaps.iter().any(|g| g.why == Why::TimedOut && g.matters.contains("budget")));
    Ok(())
}

#[test]
fn a_server_in_trouble_gets_no_storm() -> Result<()> {
    let faults: Faults =
        Box::new(|s| (s.path != "/version").then(|| Fault::Status(503, "overloaded".into())));
    let api = FakeApi::serve(fixture("healthy")?.0, faults)?;
    let diagnosis = diagnose(&Kit::new()?, &api, true)?;
    assert_eq!(diagnosis.verdict, Verdict::Unknown);
    let requests = api.seen().len();
    assert!(requests < RESOURCES.len() * 2 + 20, "{requests}");
    Ok(())
}

#[test]
fn no_look_at_kubelets_without_the_right() -> Result<()> {
    let faults: Faults =
        Box::new(|s| s.path.contains("/proxy/").then(|| Fault::Status(403, "nodes/proxy".into())));
    let api = FakeApi::serve(fixture("runtime-hang")?.0, faults)?;
    let diagnosis = diagnose(&Kit::new()?, &api, true)?;
    assert!(
        diagnosis.gaps.iter().any(|g| g.what == "nodes/proxy" && g.why == Why::Forbidden),
        "{:?}",
        diagnosis.gaps
    );
    assert_eq!(diagnosis.verdict, Verdict::Faults);
    let looks = api.seen().into_iter().filter(|s| s.path.contains("/proxy/")).count();
    assert!((1..=5).contains(&looks), "{looks}: one try a node");
    Ok(())
}

#[test]
fn what_is_no_answer_at_all_says_what_was_tried() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let open = |faults: Faults| -> Result<OpenError> {
        let api = FakeApi::serve(fixture("healthy")?.0, faults)?;
        let options = Options { request_timeout: Duration::from_millis(400), ..options(&api, &dir)? };
        Ok(Session::open(&options).expect_err("nothing to ask"))
    };
    let unauthorized = open(Box::new(|_| Some(Fault::Status(401, "Unauthorized".into()))))?;
    assert!(matches!(unauthorized, OpenError::Unauthorized { .. }), "{unauthorized}");
    for (faults, word) in [
        (Box::new(|_: &Seen| Some(Fault::Drop)) as Faults, "closed in the middle"),
        (Box::new(|_: &Seen| Some(Fault::Delay(Duration::from_secs(3)))), "does not answer in time"),
    ] {
        let error = open(faults)?;
        assert!(matches!(error, OpenError::Unreachable { .. }), "{error}");
        assert!(error.to_string().contains(word) && error.to_string().contains("/version"), "{error}");
    }
    let path = dir.path().join("nobody");
    let mut nobody = FakeApi::serve(fixture("healthy")?.0, sound())?;
    nobody.url = "http://127.0.0.1:9".to_owned();
    std::fs::write(&path, nobody.kubeconfig("a"))?;
    let options = Options {
        kubeconfig: Some(path),
        request_timeout: Duration::from_secs(1),
        budget: Duration::from_secs(5),
        ..Options::default()
    };
    let error = Session::open(&options).expect_err("nobody listens").to_string();
    assert!(error.contains("refused") && error.contains("kube-apiserver is down"), "{error}");
    Ok(())
}
