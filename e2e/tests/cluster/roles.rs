//! The role that is shipped, in a real API server, and each resource of it taken away in turn: no break-down, what cannot be
//! seen is named, and no cause appears that was not there with the whole of it.

use anyhow::{Context, Result, bail};
use kubecause_e2e::api::Api;
use kubecause_e2e::audit::PARTLY;
use kubecause_e2e::havoc::PATIENCE;
use kubecause_e2e::lab::repository;
use kubecause_e2e::table::{Row, Table};
use kubecause_e2e::{Cluster, Fault, trial, wait};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// The name by which it is chosen.
pub const NAME: &str = "roles";
/// What stands in the cluster meanwhile.
const STAND: [&str; 2] = ["configmap-missing", "selector-mismatch"];
/// What stands in for a kind that is not served is asked for only where it is not.
const SPARE: [&str; 1] = ["endpoints"];
/// Without these nothing may be called healthy.
const CORE: [&str; 6] =
    ["nodes", "pods", "deployments", "statefulsets", "daemonsets", "persistentvolumeclaims"];

/// One resource of one group, or one path.
#[derive(Debug, Clone, PartialEq)]
struct Right {
    group: Option<String>,
    resource: String,
    verb: String,
}

/// Takes them away one by one.
pub fn run(cluster: &Cluster, table: &mut Table) -> Result<()> {
    let faults: Vec<Fault> = Fault::all()?.into_iter().filter(|f| STAND.contains(&f.name.as_str())).collect();
    faults.iter().try_for_each(|f| f.put_in(&cluster.api))?;
    faults.iter().try_for_each(|f| f.wait(&cluster.api))?;
    let all = shipped(&cluster.api)?;
    grant(&cluster.api, &all)?;
    let roots: Vec<Value> =
        faults.iter().flat_map(|f| f.expect()["roots"].as_array().cloned().unwrap_or_default()).collect();
    let expect = json!({"roots": roots});
    let right = trial::until_right_by(|| ask(cluster), PATIENCE, |answer| trial::judge(answer, &expect))?;
    let mut row = Row { name: NAME.into(), ..Row::default() };
    row.right(&right);
    row.root = "the whole of the role".into();
    table.add(row);
    let known = modes(&right.answer, true);
    // Readiness, version and groups are open to every user (`system:public-info-viewer`, `system:discovery`).
    let of_lists = |r: &&Right| r.group.is_some() && !SPARE.contains(&r.resource.as_str());
    for right in all.iter().filter(of_lists) {
        let began = Instant::now();
        let mut row =
            Row { name: NAME.into(), root: format!("without {}", right.resource), ..Row::default() };
        row.wrong
            .extend(attempt(cluster, &all, right, &known).unwrap_or_else(|why| vec![format!("{why:#}")]));
        row.healed = Some(began.elapsed());
        table.add(row);
    }
    cluster.api.kubectl(&["delete", "clusterrole,clusterrolebinding", PARTLY])?;
    faults.iter().try_for_each(|f| f.take_out(&cluster.api))
}

fn attempt(cluster: &Cluster, all: &[Right], taken: &Right, known: &BTreeSet<String>) -> Result<Vec<String>> {
    let rest: Vec<Right> = all.iter().filter(|r| *r != taken).cloned().collect();
    grant(&cluster.api, &rest)?;
    in_force(&cluster.api, taken)?;
    let answer = ask(cluster)?;
    let mut wrong = Vec::new();
    let new: Vec<String> = modes(&answer, false).into_iter().filter(|m| !known.contains(m)).collect();
    if !new.is_empty() {
        wrong.push(format!("false causes: {}", new.join(", ")));
    }
    let plain = taken.resource.as_str();
    let names = |gap: &Value| {
        let what = gap["what"].as_str().unwrap_or_default();
        what == plain || what.split('.').next() == Some(plain)
    };
    let gaps = answer["gaps"].as_array().cloned().unwrap_or_default();
    if !gaps.iter().any(names) {
        wrong.push(format!("no gap names {plain}: {gaps:?}"));
    }
    if CORE.contains(&plain) && answer["verdict"] == "healthy" {
        wrong.push("called healthy".into());
    }
    Ok(wrong)
}

/// The answer to whoever has a part of the role.
fn ask(cluster: &Cluster) -> Result<Value> {
    let admin = cluster.lab.kubeconfig("admin").display().to_string();
    let said = trial::kubecause(&["diagnose", "-o", "json", "--kubeconfig", &admin, "--as", PARTLY])?;
    if said.code > 2 || !said.answer.is_object() {
        bail!("exit code {}: {}", said.code, said.stderr);
    }
    Ok(said.answer)
}

/// The modes of the roots; with what follows from them and what they could be else, where a link may come to stand alone.
fn modes(answer: &Value, with_chain: bool) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for incident in answer["incidents"].as_array().into_iter().flatten() {
        found.insert(trial::mode(&incident["root"]).to_owned());
        let more =
            ["chain", "alternatives"].iter().flat_map(|k| incident[*k].as_array().into_iter().flatten());
        found.extend(more.filter(|_| with_chain).map(|m| trial::mode(m).to_owned()));
    }
    found
}

/// What `deploy/rbac/core.yaml` grants.
fn shipped(api: &Api) -> Result<Vec<Right>> {
    let file = repository().join("deploy/rbac/core.yaml").display().to_string();
    let role: Value =
        serde_json::from_str(&api.kubectl(&["create", "--dry-run=client", "-o", "json", "-f", &file])?)?;
    let words = |rule: &Value, field: &str| -> Vec<String> {
        let all = rule[field].as_array().into_iter().flatten();
        all.filter_map(|w| w.as_str().map(str::to_owned)).collect()
    };
    let mut rights = Vec::new();
    for rule in role["rules"].as_array().context("no rules")? {
        for verb in words(rule, "verbs") {
            let paths = words(rule, "nonResourceURLs").into_iter().map(|path| (None, path));
            let groups = words(rule, "apiGroups");
            let resources = words(rule, "resources");
            let listed = groups.iter().flat_map(|g| resources.iter().map(|r| (Some(g.clone()), r.clone())));
            rights.extend(paths.chain(listed).map(|(group, resource)| Right {
                group,
                resource,
                verb: verb.clone(),
            }));
        }
    }
    Ok(rights)
}

/// Gives the user exactly these.
fn grant(api: &Api, rights: &[Right]) -> Result<()> {
    let rule = |r: &Right| match &r.group {
        Some(group) => json!({"apiGroups": [group], "resources": [r.resource], "verbs": [r.verb]}),
        None => json!({"nonResourceURLs": [r.resource], "verbs": [r.verb]}),
    };
    let rules: Vec<Value> = rights.iter().map(rule).collect();
    let rbac = "rbac.authorization.k8s.io";
    let objects = json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": format!("{rbac}/v1"), "kind": "ClusterRole", "metadata": {"name": PARTLY}, "rules": rules},
        {"apiVersion": format!("{rbac}/v1"), "kind": "ClusterRoleBinding", "metadata": {"name": PARTLY},
         "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": PARTLY},
         "subjects": [{"apiGroup": rbac, "kind": "User", "name": PARTLY}]}]});
    api.apply(&objects.to_string())
}

/// Waits until the API server knows that the right is gone.
fn in_force(api: &Api, taken: &Right) -> Result<()> {
    let what = match taken.group.as_deref() {
        None => return Ok(()),
        Some("") => taken.resource.clone(),
        Some(group) => format!("{}.{group}", taken.resource),
    };
    wait::until("the right to be gone", Duration::from_secs(30), || {
        let said = api.kubectl(&["auth", "can-i", &taken.verb, &what, "--all-namespaces", "--as", PARTLY]);
        // `can-i` ends with 1 where the answer is no.
        Ok(said.is_err_and(|why| !format!("{why:#}").contains("yes")).then_some(()))
    })
}
