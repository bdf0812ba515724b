//! `kubecause watch` while the API server is in trouble: a fault is put in and taken out behind its back. Once the API is
//! well it must say so, and until then it must call nothing healthy or cleared that it does not see.

use anyhow::{Context, Result, bail};
use kubecause_e2e::proxy::{Ill, Plan, Proxy};
use kubecause_e2e::table::{Row, Table};
use kubecause_e2e::trial::{self, mode};
use kubecause_e2e::{Cluster, Fault, wait};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// The name by which it is chosen.
pub const NAME: &str = "watch";
/// What comes and goes.
const FAULT: &str = "configmap-missing";
/// How long the truth may take once the API is well: a watch pauses for half a minute at most, and then lists anew.
const CONVERGES: Duration = Duration::from_mins(2);
/// For so long the API is left in trouble while the fault stands, or is gone.
const TROUBLE: Duration = Duration::from_secs(8);

const fn plan(ill: Ill, every: usize) -> Plan {
    Plan { ill, only: "", every, watches: true }
}

const TROUBLES: &[(&str, Plan)] = &[
    ("watches are cut each second", plan(Ill::WatchCut(Duration::from_secs(1)), 1)),
    ("410 for lists and watches", plan(Ill::Status(410, None), 1)),
    ("429 for lists and watches", plan(Ill::Status(429, Some(1)), 1)),
    ("500 for lists and watches", plan(Ill::Status(500, None), 1)),
    ("every second connection breaks", plan(Ill::Dropped, 2)),
    ("every connection breaks", plan(Ill::Dropped, 1)),
    ("everything is late", plan(Ill::Late(Duration::from_millis(900)), 1)),
    ("every answer is cut", plan(Ill::Cut(900), 1)),
];

/// Lets the API be ill in every way, or in the first only.
pub fn run(cluster: &Cluster, table: &mut Table, short: bool) -> Result<()> {
    let fault = Fault::all()?.into_iter().find(|f| f.name == FAULT).context(FAULT)?;
    let proxy = Proxy::open(&cluster.lab)?;
    let mut watch = Watch::open(&proxy, &[])?;
    watch.until("to be healthy", |seen| seen.verdict == "healthy")?;
    for (says, plan) in TROUBLES.iter().take(if short { 1 } else { TROUBLES.len() }) {
        let mut row = Row { name: NAME.into(), root: (*says).into(), ..Row::default() };
        let began = Instant::now();
        if let Err(why) = try_one(cluster, &proxy, &mut watch, &fault, *plan) {
            row.wrong.push(format!("{why:#}"));
        }
        proxy.set(Plan::WELL);
        fault.take_out(&cluster.api)?;
        row.wrong.extend(watch.lies());
        row.healed = Some(began.elapsed());
        table.add(row);
    }
    watch.end()?;
    if !short {
        let mut row = Row { name: NAME.into(), root: "--until, watches cut".into(), ..Row::default() };
        row.wrong.extend(until(cluster, &proxy, &fault).err().map(|why| format!("{why:#}")));
        table.add(row);
    }
    Ok(())
}

/// The fault comes while the API is ill, and goes while it is ill.
fn try_one(cluster: &Cluster, proxy: &Proxy, watch: &mut Watch, fault: &Fault, plan: Plan) -> Result<()> {
    ill(proxy, plan);
    fault.put_in(&cluster.api)?;
    fault.wait(&cluster.api)?;
    thread::sleep(TROUBLE);
    watch.not_deceived(true)?;
    if proxy.hit() == 0 {
        bail!("no answer was ill");
    }
    proxy.set(Plan::WELL);
    watch.until("to open the incident", Seen::stands)?;
    ill(proxy, plan);
    fault.take_out(&cluster.api)?;
    gone(cluster, fault)?;
    thread::sleep(TROUBLE);
    watch.not_deceived(false)?;
    proxy.set(Plan::WELL);
    watch.until("to clear it and be healthy", |seen| !seen.stands() && seen.verdict == "healthy")
}

fn ill(proxy: &Proxy, plan: Plan) {
    proxy.set(plan);
    proxy.cut_watches();
}

fn gone(cluster: &Cluster, fault: &Fault) -> Result<()> {
    wait::until("the namespace to go", Duration::from_mins(2), || {
        let left = cluster.api.list("/api/v1/namespaces")?;
        Ok((!left.iter().any(|n| n["metadata"]["name"] == fault.name.as_str())).then_some(()))
    })
}

/// It ends by itself at what it was told to wait for, though its watches are cut all the time.
fn until(cluster: &Cluster, proxy: &Proxy, fault: &Fault) -> Result<()> {
    gone(cluster, fault)?;
    // Not each second: who is cut off again within the second that it takes to be up to date is never up to date.
    proxy.set(plan(Ill::WatchCut(Duration::from_secs(5)), 1));
    let incident = Watch::open(proxy, &["--until", "incident", "--fail-on", "warning"])?;
    fault.put_in(&cluster.api)?;
    incident.ends_with(1).context("--until incident")?;
    let healthy = Watch::open(proxy, &["--until", "healthy"])?;
    fault.take_out(&cluster.api)?;
    healthy.ends_with(0).context("--until healthy")?;
    proxy.set(Plan::WELL);
    Ok(())
}

/// What it said so far.
#[derive(Debug, Default)]
struct Seen {
    verdict: String,
    behind: bool,
    open: Vec<String>,
    lies: Vec<String>,
}

impl Seen {
    fn stands(&self) -> bool {
        !self.open.is_empty()
    }

    fn take(&mut self, line: &Value) {
        let incident = &line["incident"];
        let ours = mode(&incident["root"]) == "configmap-missing";
        let id = incident["id"].as_str().unwrap_or_default().to_owned();
        match line["change"].as_str().unwrap_or_default() {
            "connection" => self.behind = line["behind"].as_array().is_some_and(|b| !b.is_empty()),
            "verdict" => line["verdict"].as_str().unwrap_or_default().clone_into(&mut self.verdict),
            "opened" | "updated" if ours && !self.open.contains(&id) => self.open.push(id),
            "cleared" => {
                self.open.retain(|open| *open != id);
                if self.behind {
                    self.lies.push(format!("cleared while behind: {}", trial::named(&incident["root"])));
                }
            }
            _ => {}
        }
        if self.behind && self.verdict == "healthy" {
            self.lies.push(format!("healthy while behind: {line}"));
        }
    }
}

/// A running `kubecause watch -o json`.
struct Watch {
    child: Child,
    seen: Arc<Mutex<Seen>>,
}

impl Watch {
    fn open(proxy: &Proxy, more: &[&str]) -> Result<Self> {
        let mut child = Command::new(trial::binary()?)
            .args(["watch", "-o", "json", "--request-timeout", "4s", "--for", "30m", "--kubeconfig"])
            .arg(&proxy.kubeconfig)
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let lines = BufReader::new(child.stdout.take().context("no output")?).lines();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let own = Arc::clone(&seen);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let (Ok(line), Ok(mut seen)) = (serde_json::from_str(&line), own.lock()) {
                    seen.take(&line);
                }
            }
        });
        Ok(Self { child, seen })
    }

    fn until(&mut self, what: &str, holds: impl Fn(&Seen) -> bool) -> Result<()> {
        wait::until(&format!("watch {what}"), CONVERGES, || {
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended: {status} {}", self.words());
            }
            let Ok(seen) = self.seen.lock() else { bail!("no lines") };
            if holds(&seen) { Ok(Some(())) } else { bail!("{seen:?}") }
        })
    }

    /// While the API is ill: it knows what is the case, or says that it is behind.
    fn not_deceived(&self, stands: bool) -> Result<()> {
        match self.seen.lock() {
            Ok(seen) if !seen.behind && seen.stands() != stands => bail!("wrong, and not behind: {seen:?}"),
            _ => Ok(()),
        }
    }

    /// What it said that it could not know, once each.
    fn lies(&self) -> Vec<String> {
        self.seen.lock().map(|mut seen| std::mem::take(&mut seen.lies)).unwrap_or_default()
    }

    /// What it said beside its lines.
    fn words(&mut self) -> String {
        let mut text = String::new();
        let _ = self.child.stderr.take().map(|mut e| e.read_to_string(&mut text));
        text
    }

    fn ends_with(mut self, code: i32) -> Result<()> {
        let status = wait::until("watch to end", CONVERGES, || Ok(self.child.try_wait()?))?;
        if status.code() != Some(code) {
            bail!("{status}, not {code}: {} {:?}", self.words(), self.seen);
        }
        Ok(())
    }

    /// A signal is an end like any other: the exit code says what was seen last.
    fn end(mut self) -> Result<()> {
        kubecause_e2e::process::kill(self.child.id(), "TERM")?;
        let status = wait::until("watch to end", Duration::from_secs(20), || Ok(self.child.try_wait()?))?;
        let words = self.words();
        if status.code() != Some(0) || words.contains("panicked") {
            bail!("watch ended with {status}: {words}");
        }
        Ok(())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
