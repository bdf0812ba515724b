//! Faults that manifests make. They come into the cluster a few at a time and stay: each must be named in its namespace,
//! and at the end the whole must hold nothing that no fault accounts for.

use crate::{Choice, captured, healthy};
use anyhow::Result;
use kubecause_e2e::api::Api;
use kubecause_e2e::fault::Settles;
use kubecause_e2e::havoc::PATIENCE;
use kubecause_e2e::table::{Row, Table};
use kubecause_e2e::{Cluster, Fault, trial, wait};
use serde_json::Value;
use std::cell::Cell;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

/// Faults that are on their way at once. Most of the time each only waits.
const AT_ONCE: usize = 8;
/// Of the whole only some containers' logs are read, so that a cause may be told less sharply there.
const LESS_SHARP: [&str; 1] = ["app-crashing"];

/// Runs those that are chosen.
pub fn run(cluster: &Cluster, choice: &Choice, table: &mut Table) -> Result<Vec<String>> {
    let faults: Vec<Fault> = Fault::all()?.into_iter().filter(|f| choice.takes(&f.name, f.smoke)).collect();
    if faults.is_empty() {
        return Ok(Vec::new());
    }
    // Those that take long come first.
    let mut order: Vec<&Fault> = faults.iter().collect();
    order.sort_by_key(|f| (!f.is_long(), &f.name));
    let (queue, rows, asking) = (Mutex::new(order.into_iter()), Mutex::new(table), Mutex::new(()));
    let next = || queue.lock().ok().and_then(|mut queue| queue.next());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(fault) = next() {
                    let row = attempt(cluster, fault, &asking);
                    if let Ok(mut table) = rows.lock() {
                        table.add(row);
                    }
                }
            });
        }
    });
    let mut wrong = Vec::new();
    let answer = trial::live(&cluster.lab, &[])?;
    wrong.extend(unaccounted(&answer, &faults).map(|w| format!("of the whole: {w}")));
    wrong.extend(captured::agrees(cluster, "manifests", &[]).err().map(|w| format!("its capture: {w:#}")));
    faults.iter().try_for_each(|f| f.take_out(&cluster.api))?;
    wait_until_gone(&cluster.api, &faults)?;
    match healthy(cluster) {
        Ok(took) => println!("all taken out, called healthy after {:.1} s", took.as_secs_f64()),
        Err(why) => wrong.push(format!("after all were taken out: {why:#}")),
    }
    Ok(wrong)
}

fn attempt(cluster: &Cluster, fault: &Fault, asking: &Mutex<()>) -> Row {
    let mut row = Row { name: fault.name.clone(), settles: fault.settles.clone(), ..Row::default() };
    if let Err(why) = fault.put_in(&cluster.api).and_then(|()| fault.wait(&cluster.api)) {
        row.wrong.push(format!("{why:#}"));
        return row;
    }
    let expect = fault.expect();
    let wrong = |answer: &Value| trial::judge(answer, &expect);
    // One question at a time: what is measured is an answer, not how many this machine can give at once.
    let waited = Cell::new(Duration::ZERO);
    let ask = || {
        let began = Instant::now();
        let _turn = asking.lock();
        waited.set(waited.get() + began.elapsed());
        trial::live(&cluster.lab, &["-n", &fault.name])
    };
    // Before it is due others may ask.
    let due = fault.settles.as_ref().map(Settles::over).unwrap_or_default();
    let quiet = due.saturating_sub(Duration::from_secs(3));
    thread::sleep(quiet);
    match trial::until_right_by(ask, PATIENCE, wrong) {
        Ok(mut right) => {
            right.took = quiet + right.took.saturating_sub(waited.get());
            row.right(&right);
        }
        Err(why) => row.wrong.push(format!("{why:#}")),
    }
    row
}

/// The first incident that no fault accounts for, be it by its root or by what it affects.
fn unaccounted(answer: &Value, faults: &[Fault]) -> Option<String> {
    let touches = |incident: &Value, name: &str| {
        let affected = incident["affected"].as_array().into_iter().flatten();
        [&incident["root"]["subject"]]
            .into_iter()
            .chain(affected)
            .any(|s| s["namespace"] == name || s["namespace"].is_null())
    };
    let accounts = |fault: &Fault, incident: &Value| {
        let modes = fault.root.iter().flat_map(|r| &r.mode).chain(&fault.allowed).map(String::as_str);
        let root = &incident["root"];
        !fault.root.is_empty()
            && touches(incident, &fault.name)
            && modes.chain(LESS_SHARP).any(|m| root["mode"] == m || root["variant"] == m)
    };
    let mut incidents = answer["incidents"].as_array().into_iter().flatten();
    incidents.find(|i| !faults.iter().any(|f| accounts(f, i))).map(|i| trial::named(&i["root"]))
}

fn wait_until_gone(api: &Api, faults: &[Fault]) -> Result<()> {
    wait::until("the namespaces to go", Duration::from_mins(8), || {
        let left = api.list("/api/v1/namespaces")?;
        let ours = |n: &Value| faults.iter().any(|f| n["metadata"]["name"] == f.name.as_str());
        Ok((!left.iter().any(ours)).then_some(()))
    })
}
