//! A cluster that is followed: whatever happens to the way there, what is known becomes what is there, and until then
//! it is said to be behind.
#![allow(clippy::disallowed_methods, reason = "tests read and write files")]

mod common;

use anyhow::{Context, Result, bail};
use common::{fixture, options};
use kubecause_live::{Feed, FeedState, Follower, Moment, Options, Pace, RESOURCES, Session};
use kubecause_model::{Diagnosis, Lang, Scope, Verdict};
use kubecause_testkit::{Capture, FakeApi, Fault, Faults, Kit, Seen, WatchFault};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Nothing that is waited for takes longer, however busy the machine is.
const PATIENCE: Duration = Duration::from_mins(10);

fn kit() -> &'static Kit {
    static KIT: OnceLock<Kit> = OnceLock::new();
    KIT.get_or_init(|| Kit::new().expect("what ships is sound"))
}

/// As usual, only faster, and in a cluster whose time stands still.
fn pace() -> Pace {
    let ms = Duration::from_millis;
    Pace {
        quiet: ms(3000),
        quiet_lease: ms(3000),
        settle: ms(1000),
        pause: ms(20),
        pause_max: ms(200),
        refused: ms(200),
        first: PATIENCE,
        still: ms(20),
        least: ms(50),
        tick: ms(500),
        tick_lease: ms(500),
        pulse: ms(300),
        clock_runs: false,
        ..Pace::default()
    }
}

/// A machine may be busy: what is slow is no fault.
fn patient(options: Options) -> Options {
    Options { request_timeout: Duration::from_secs(20), budget: PATIENCE, ..options }
}

/// A server whose faults can be turned on and off, and who follows it.
struct Stage {
    api: FakeApi,
    broken: Arc<AtomicBool>,
    follower: Follower,
    options: Options,
    _dir: tempfile::TempDir,
}

/// A case in which requests are to time out.
const STALL: &str = "stall";

type Rule = fn(&Seen) -> Option<Fault>;

impl Stage {
    fn new(capture: Capture, rule: Rule) -> Result<Self> {
        Self::with_timeout(capture, rule, Duration::from_secs(20))
    }

    fn with_timeout(capture: Capture, rule: Rule, request_timeout: Duration) -> Result<Self> {
        let broken = Arc::new(AtomicBool::new(false));
        let switch = Arc::clone(&broken);
        let faults: Faults = Box::new(move |s| if switch.load(Ordering::Relaxed) { rule(s) } else { None });
        let api = FakeApi::serve(capture, faults)?;
        let dir = tempfile::tempdir()?;
        let options = patient(options(&api, &dir)?);
        let follower = Session::open(&Options { request_timeout, ..options.clone() })?.follow(pace());
        Ok(Self { api, broken, follower, options, _dir: dir })
    }

    fn set_broken(&self, broken: bool) {
        self.broken.store(broken, Ordering::Relaxed);
    }

    /// Waits for a moment that is as wanted. Any that calls healthy what is behind is an error.
    fn wait(&self, what: &str, wanted: impl Fn(&Moment, &Diagnosis) -> bool) -> Result<Diagnosis> {
        let begun = Instant::now();
        loop {
            let moment = self.follower.next().context("it ended")?;
            let diagnosis = concluded(&moment);
            if wanted(&moment, &diagnosis) {
                return Ok(diagnosis);
            }
            if begun.elapsed() > PATIENCE {
                let behind: Vec<&Feed> = moment.feeds.iter().filter(|f| !f.is_live()).collect();
                bail!("{what} did not come; {} and {behind:?}", diagnosis.verdict.as_str());
            }
        }
    }

    /// What a diagnosis that lists everything says now.
    fn plain(&self) -> Result<String> {
        let snapshot = Session::open(&self.options)?.collect();
        Ok(told(&kit().conclude(&snapshot, &Scope::default())))
    }

    /// Waits until what is followed is what is there.
    fn converges(&self, case: &str) -> Result<()> {
        let plain = self.plain()?;
        self.wait(&format!("{case}: the truth"), |moment, d| !moment.is_behind() && told(d) == plain)
            .map(|_| ())
    }
}

fn concluded(moment: &Moment) -> Diagnosis {
    kit().conclude(&moment.snapshot, &Scope::default())
}

fn told(diagnosis: &Diagnosis) -> String {
    kubecause_report::json(diagnosis, Lang::En)
}

fn is_healthy(moment: &Moment, diagnosis: &Diagnosis) -> bool {
    !moment.is_behind() && diagnosis.verdict == Verdict::Healthy
}

/// A healthy cluster, and the same moment of one in which a container is killed for its memory.
fn worlds() -> Result<(Capture, Capture)> {
    let (healthy, _) = fixture("healthy")?;
    let (faulty, _) = fixture("oomkilled")?;
    let faulty = faulty.at_the_time_of(&healthy)?;
    Ok((healthy, faulty))
}

#[test]
fn what_is_followed_is_what_a_list_would_show() -> Result<()> {
    let (healthy, faulty) = worlds()?;
    let stage = Stage::new(healthy.clone(), |_| None)?;
    stage.wait("healthy", is_healthy)?;
    stage.converges("at first")?;
    stage.api.become_like(faulty)?;
    stage.converges("after the fault")?;
    stage.api.become_like(healthy)?;
    stage.converges("after its end")?;
    let lists = stage.api.seen();
    let lists =
        lists.iter().filter(|s| s.query.contains_key("limit") && !s.is_watch() && s.path == "/api/v1/pods");
    // Two a session that only looks (the first question of all, and the list), and one for the follower's session.
    assert_eq!(lists.count(), 2 * 4, "no kind is polled");
    Ok(())
}

/// The world changes while a fault hides it: no moment calls it healthy once the fault is known, and it comes out.
fn hidden_by(case: &str, rule: Rule) -> Result<()> {
    let (healthy, faulty) = worlds()?;
    let timeout = Duration::from_secs(if case == STALL { 2 } else { 20 });
    let stage = Stage::with_timeout(healthy, rule, timeout)?;
    stage.wait("healthy", is_healthy)?;
    stage.set_broken(true);
    stage.api.cut_watches();
    stage.wait(&format!("{case}: the failure"), |moment, _| pods_behind(moment))?;
    stage.api.become_like(faulty)?;
    for _ in 0..3 {
        let moment = stage.follower.next().context("it ended")?;
        let diagnosis = concluded(&moment);
        assert!(!is_healthy(&moment, &diagnosis), "{case}: healthy while it is hidden");
        if moment.feeds.iter().any(|f| f.name == "pods" && f.is_behind()) {
            assert_ne!(diagnosis.verdict, Verdict::Healthy, "{case}: pods are behind");
        }
    }
    stage.set_broken(false);
    stage.converges(case)
}

fn pods_behind(moment: &Moment) -> bool {
    moment.feeds.iter().any(|f| f.name == "pods" && matches!(f.state, FeedState::Behind { .. }))
}

fn on_watch(seen: &Seen, fault: Fault) -> Option<Fault> {
    seen.is_watch().then_some(fault)
}

#[test]
fn watches_that_are_refused_for_a_while() -> Result<()> {
    hidden_by("500", |s| on_watch(s, Fault::Status(500, "etcdserver: no leader".into())))?;
    hidden_by("429", |s| on_watch(s, Fault::Later(429, 0)))
}

#[test]
fn watches_that_are_dropped_or_stall() -> Result<()> {
    hidden_by("drop", |s| on_watch(s, Fault::Drop))?;
    hidden_by(STALL, |s| on_watch(s, Fault::Delay(Duration::from_secs(5))))
}

#[test]
fn watches_that_break_at_once() -> Result<()> {
    hidden_by("cut", |s| on_watch(s, Fault::Watch(WatchFault::CutAfter(0))))?;
    hidden_by("whole server", |s| (s.path != "/version").then_some(Fault::Drop))
}

#[test]
fn versions_that_the_server_forgot_while_lists_fail() -> Result<()> {
    let gone = |s: &Seen| {
        if s.is_watch() {
            Some(Fault::Status(410, "too old resource version".into()))
        } else {
            s.query.contains_key("limit").then(|| Fault::Status(503, "not now".into()))
        }
    };
    hidden_by("410", gone)
}

/// A fault that a single watch shows on its way, while the world changes under it.
fn on_the_way(case: &str, rule: Rule) -> Result<()> {
    let (healthy, faulty) = worlds()?;
    let stage = Stage::new(healthy, rule)?;
    stage.wait("healthy", is_healthy)?;
    stage.set_broken(true);
    stage.api.cut_watches();
    stage.api.become_like(faulty)?;
    stage.converges(case)?;
    stage.set_broken(false);
    stage.converges(case)
}

#[test]
fn watches_that_break_off_between_and_within_events() -> Result<()> {
    on_the_way("end", |s| on_watch(s, Fault::Watch(WatchFault::EndAfter(1))))?;
    on_the_way("cut", |s| on_watch(s, Fault::Watch(WatchFault::CutAfter(1))))?;
    on_the_way("half", |s| on_watch(s, Fault::Watch(WatchFault::HalfAfter(1))))
}

#[test]
fn watches_that_say_errors_or_nonsense() -> Result<()> {
    on_the_way("410 event", |s| on_watch(s, Fault::Watch(WatchFault::ErrorAfter(1, 410))))?;
    on_the_way("500 event", |s| on_watch(s, Fault::Watch(WatchFault::ErrorAfter(1, 500))))?;
    on_the_way("noise", |s| on_watch(s, Fault::Watch(WatchFault::NoiseAfter(1))))
}

#[test]
fn a_watch_that_says_nothing_is_opened_anew() -> Result<()> {
    let (healthy, faulty) = worlds()?;
    // Every other watch of a kind is mute: nothing tells it from one on which nothing happens, but for the time.
    let stage = Stage::new(healthy, |s| {
        (s.is_watch() && s.before % 2 == 0).then_some(Fault::Watch(WatchFault::Silent))
    })?;
    stage.wait("healthy", is_healthy)?;
    stage.set_broken(true);
    stage.api.cut_watches();
    stage.api.become_like(faulty)?;
    stage.converges("silence")
}

#[test]
fn what_the_server_forgot_is_listed_anew() -> Result<()> {
    let (healthy, faulty) = worlds()?;
    let stage = Stage::new(healthy, |_| None)?;
    stage.wait("healthy", is_healthy)?;
    stage.api.become_like(faulty)?;
    stage.api.forget();
    stage.converges("forgotten")
}

#[test]
fn a_server_in_trouble_gets_no_storm() -> Result<()> {
    let stage = Stage::new(fixture("healthy")?.0, |s| on_watch(s, Fault::Status(503, "overloaded".into())))?;
    stage.wait("healthy", is_healthy)?;
    stage.set_broken(true);
    stage.api.cut_watches();
    stage.wait("the failure", |moment, _| pods_behind(moment))?;
    let (before, begun) = (stage.api.seen().len(), Instant::now());
    stage.wait("some time", |_, _| begun.elapsed() > Duration::from_secs(2))?;
    // Pauses end between 100 and 200 ms: at most a few requests a second and kind, whatever the time took.
    let most = RESOURCES.len() as f64 * 25.0 * begun.elapsed().as_secs_f64() + 100.0;
    let asked = stage.api.seen().len() - before;
    assert!((asked as f64) < most, "{asked} requests, at most {most}");
    Ok(())
}

#[test]
fn a_kind_that_may_be_listed_and_not_watched_is_behind() -> Result<()> {
    let stage = Stage::new(fixture("healthy")?.0, |s| {
        (s.is_watch() && s.resource().as_deref() == Some("pods"))
            .then(|| Fault::Status(403, "cannot watch".into()))
    })?;
    stage.wait("healthy", is_healthy)?;
    stage.set_broken(true);
    stage.api.cut_watches();
    let diagnosis = stage.wait("behind", |moment, _| pods_behind(moment))?;
    assert_ne!(diagnosis.verdict, Verdict::Healthy);
    let gap = diagnosis.gaps.iter().find(|g| g.what == "pods").context("the gap")?;
    assert!(gap.matters.contains("not up to date since") || gap.matters.contains("403"), "{gap:?}");
    Ok(())
}

#[test]
fn a_user_of_one_namespace_follows_that() -> Result<()> {
    let (capture, expect) = fixture("oomkilled")?;
    let faults: Faults = Box::new(|s| {
        let own = s.namespace().as_deref() == Some("oomkilled");
        (s.resource().is_some() && !own)
            .then(|| Fault::Status(403, "cannot list at the cluster scope".into()))
    });
    let api = FakeApi::serve(capture, faults)?;
    let dir = tempfile::tempdir()?;
    let options = Options { namespace: Some("oomkilled".to_owned()), ..patient(options(&api, &dir)?) };
    let follower = Session::open(&options)?.follow(pace());
    let moment = follower.next().context("it ended")?;
    assert!(!moment.is_behind(), "{:?}", moment.feeds);
    let scope = Scope { namespace: options.namespace.clone(), objects: Vec::new() };
    assert_eq!(expect.judge(&kit().conclude(&moment.snapshot, &scope)), None);
    let refused = moment.feeds.iter().find(|f| f.name == "nodes").context("nodes")?;
    assert!(matches!(refused.state, FeedState::Refused { .. }), "{refused:?}");
    Ok(())
}

#[test]
fn nothing_but_reading() -> Result<()> {
    let (healthy, faulty) = worlds()?;
    let stage = Stage::new(healthy, |_| None)?;
    stage.wait("healthy", is_healthy)?;
    stage.api.become_like(faulty)?;
    stage.converges("the fault")?;
    stage.follower.look(Duration::from_secs(10), &mut |s| kit().conclude(s, &Scope::default()));
    assert!(stage.api.seen().iter().all(|s| s.method == "GET"));
    let watched = stage.api.seen().into_iter().filter(Seen::is_watch).filter_map(|s| s.resource());
    let watched: std::collections::BTreeSet<String> = watched.collect();
    assert_eq!(
        watched.len(),
        RESOURCES.iter().filter(|r| r.instead_of.is_none()).count(),
        "each kind is watched"
    );
    Ok(())
}
