//! With the generated roles, and with each single permission of them taken away in turn.
#![allow(clippy::disallowed_methods, reason = "tests read and write files")]

mod common;

use anyhow::{Context, Result};
use common::{diagnose, fixture, options};
use kubecause_evidence::Kind;
use kubecause_live::rbac::{Permission, roles};
use kubecause_live::{Options, Pace, RESOURCES, Session};
use kubecause_model::{Diagnosis, Verdict};
use kubecause_signals::Needs;
use kubecause_testkit::{FakeApi, Fault, Kit, Seen};
use std::collections::BTreeSet;

/// What a diagnosis may need; being told of changes is not among it.
fn all() -> Vec<Permission> {
    roles().into_iter().flat_map(|r| r.permissions).filter(|p| p.verb != "watch").collect()
}

/// What a request needs, as the API server's authorizer sees it: group, resource, verb.
fn needs(seen: &Seen) -> Option<(Option<String>, String, &'static str)> {
    if let Some(resource) = seen.resource() {
        let (plural, group) = resource.split_once('.').unwrap_or((&resource, ""));
        let verb = if seen.is_watch() { "watch" } else { "list" };
        return Some((Some(group.to_owned()), plural.to_owned(), verb));
    }
    let core = |resource: &str| Some((Some(String::new()), resource.to_owned(), "get"));
    match seen.path.as_str() {
        path if path.starts_with("/api/v1/nodes/") && path.contains("/proxy/") => core("nodes/proxy"),
        path if path.ends_with("/log") => core("pods/log"),
        path => Some((None, path.to_owned(), "get")),
    }
}

fn allowed(permissions: &[Permission], seen: &Seen) -> bool {
    let Some((group, resource, verb)) = needs(seen) else { return false };
    let fits = |p: &Permission| p.group == group.as_deref() && p.resource == resource && p.verb == verb;
    seen.method == "GET" && permissions.iter().any(fits)
}

fn run(kit: &Kit, name: &str, permissions: Vec<Permission>) -> Result<(Diagnosis, Vec<Seen>)> {
    let check = permissions.clone();
    let faults =
        move |s: &Seen| (!allowed(&check, s)).then(|| Fault::Status(403, "forbidden by the role".into()));
    let api = FakeApi::serve(fixture(name)?.0, Box::new(faults))?;
    Ok((diagnose(kit, &api, true)?, api.seen()))
}

fn modes(diagnosis: &Diagnosis) -> BTreeSet<String> {
    let of = |i: &kubecause_model::Incident| {
        let more =
            i.chain.iter().map(|l| l.mode.clone()).chain(i.alternatives.iter().map(|a| a.mode.clone()));
        [i.root.mode.clone()].into_iter().chain(more).collect::<Vec<_>>()
    };
    diagnosis.incidents.iter().flat_map(of).collect()
}

#[test]
fn the_roles_are_enough_and_nothing_in_them_is_idle() -> Result<()> {
    let kit = Kit::new()?;
    let mut asked = BTreeSet::new();
    for name in ["runtime-hang", "app-crash-config", "healthy"] {
        let (diagnosis, seen) = run(&kit, name, all())?;
        assert_eq!(fixture(name)?.1.judge(&diagnosis), None, "{name}");
        asked.extend(seen.iter().filter_map(needs));
    }
    let refused: Vec<_> = asked
        .iter()
        .filter(|(g, r, v)| !all().iter().any(|p| p.group == g.as_deref() && p.resource == r && p.verb == *v))
        .collect();
    let secrets = (Some(String::new()), "secrets".to_owned(), "list");
    assert_eq!(refused, [&secrets], "all that is asked for is in a role, but for Secrets");
    // What stands in for a kind that is not served is asked only where it is not.
    let spare = |p: &Permission| p.resource == "/apis" || p.resource == "endpoints";
    for p in all().iter().filter(|p| !spare(p)) {
        let used = asked.iter().any(|(g, r, v)| p.group == g.as_deref() && p.resource == r && p.verb == *v);
        assert!(used, "{p:?} is granted and never used");
    }
    Ok(())
}

#[test]
fn each_permission_taken_away_is_named_and_makes_no_false_cause() -> Result<()> {
    let kit = Kit::new()?;
    for name in ["runtime-hang"] {
        let whole = modes(&run(&kit, name, all())?.0);
        for (i, taken) in all().iter().enumerate() {
            if matches!(taken.resource, "/apis" | "endpoints") {
                continue;
            }
            let mut rest = all();
            rest.remove(i);
            let (diagnosis, seen) = run(&kit, name, rest)?;
            // A link may stand as a root where its own cause cannot be seen any more.
            let roots = diagnosis.incidents.iter().map(|i| &i.root.mode);
            let new: Vec<_> = roots.filter(|mode| !whole.contains(*mode)).collect();
            assert!(new.is_empty(), "{name} without {taken:?}: {new:?}");
            let asked = seen.iter().filter_map(needs).any(|(_, r, _)| r == taken.resource);
            let plain = taken.resource.trim_start_matches('/');
            let gap = diagnosis.gaps.iter().any(|g| {
                g.what == plain
                    || g.what.split('.').next() == Some(plain)
                    || plain == "pods/log" && g.what.starts_with("logs/")
            });
            assert!(gap || !asked, "{name} without {taken:?}: {:?}", diagnosis.gaps);
            let core =
                ["nodes", "pods", "deployments", "statefulsets", "daemonsets", "persistentvolumeclaims"];
            let blind = core.contains(&taken.resource);
            assert!(!blind || diagnosis.verdict != Verdict::Healthy, "{name} without {taken:?}");
        }
    }
    Ok(())
}

#[test]
fn every_kind_that_a_signal_needs_is_listed() -> Result<()> {
    let kit = Kit::new()?;
    let thought = [Kind::Registry, Kind::Image, Kind::Cluster, Kind::Component];
    for signal in kit.signals.all() {
        for need in signal.needs.iter() {
            if let Needs::Kind(kind) = need
                && !thought.contains(kind)
            {
                let listed = RESOURCES.iter().find(|r| r.kind() == *kind);
                listed.with_context(|| format!("{} needs {kind}, which is not listed", signal.id))?;
            }
        }
    }
    Ok(())
}

#[test]
fn the_roles_are_enough_to_follow_a_cluster() -> Result<()> {
    let permissions: Vec<Permission> = roles().into_iter().flat_map(|r| r.permissions).collect();
    let faults = move |s: &Seen| {
        (!allowed(&permissions, s)).then(|| Fault::Status(403, "forbidden by the role".into()))
    };
    let api = FakeApi::serve(fixture("healthy")?.0, Box::new(faults))?;
    let dir = tempfile::tempdir()?;
    let long = std::time::Duration::from_mins(2);
    let options = Options { request_timeout: long, budget: long, ..options(&api, &dir)? };
    let follower = Session::open(&options)?.follow(Pace { first: long, ..Pace::default() });
    let moment = follower.next().context("it ended")?;
    let refused: Vec<&str> = moment.feeds.iter().filter(|f| !f.is_live()).map(|f| f.name.as_str()).collect();
    assert_eq!(refused, ["secrets"]);
    Ok(())
}
