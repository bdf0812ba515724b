//! A fault stands in the cluster, and the API server is in trouble as well: whatever it does, kubecause must not break
//! down, must not call the cluster healthy, and must name what it could not see. Once the API is well, so is the answer.

use anyhow::{Result, bail};
use kubecause_e2e::havoc::PATIENCE;
use kubecause_e2e::proxy::{Ill, Plan, Proxy};
use kubecause_e2e::table::{Row, Table};
use kubecause_e2e::trial::{self, Said};
use kubecause_e2e::{Cluster, Fault};
use serde_json::Value;
use std::time::{Duration, Instant};

/// The name by which it is chosen.
pub const NAME: &str = "api-faults";
/// What stands in the cluster meanwhile.
const STANDS: &str = "configmap-missing";

/// One way of being in trouble.
struct Trouble {
    says: &'static str,
    plan: Plan,
    /// What the gaps must speak of, where the answer must have any.
    gap: &'static str,
    /// Whether the cause must be named all the same.
    named: bool,
}

const fn trouble(says: &'static str, ill: Ill, only: &'static str, every: usize) -> Trouble {
    Trouble { says, plan: Plan { ill, only, every, watches: false }, gap: "", named: false }
}

impl Trouble {
    const fn gap(self, gap: &'static str) -> Self {
        Self { gap, ..self }
    }

    const fn named(self) -> Self {
        Self { named: true, ..self }
    }
}

const TROUBLES: &[Trouble] = &[
    trouble("every answer is late", Ill::Late(Duration::from_millis(700)), "", 1).named(),
    trouble("no answer comes", Ill::Never, "", 1),
    trouble("no list of pods comes", Ill::Never, "/v1/pods", 1),
    trouble("no list of events comes", Ill::Never, "/events", 1).gap("events").named(),
    trouble("every connection breaks", Ill::Dropped, "", 1),
    trouble("every third connection breaks", Ill::Dropped, "", 3).named(),
    trouble("too many requests, each time", Ill::Status(429, Some(1)), "", 1),
    trouble("too many requests, every second time", Ill::Status(429, Some(1)), "", 2).named(),
    trouble("too many requests for ConfigMaps, without a time", Ill::Status(429, None), "/configmaps", 1)
        .gap("configmaps"),
    trouble("500 for everything", Ill::Status(500, None), "", 1),
    trouble("500 every third time", Ill::Status(500, None), "", 3).named(),
    trouble("500 for pods", Ill::Status(500, None), "/v1/pods?", 1),
    trouble("500 for nodes", Ill::Status(500, None), "/v1/nodes?", 1).gap("nodes").named(),
    trouble("410 for everything", Ill::Status(410, None), "/api", 1),
    trouble("410 for Deployments", Ill::Status(410, None), "/deployments", 1).gap("deployments").named(),
    trouble("every answer is cut", Ill::Cut(700), "", 1),
    trouble("the list of pods is cut", Ill::Cut(3000), "/v1/pods", 1),
    trouble("every fourth answer is cut", Ill::Cut(700), "", 4),
    trouble("the list of ReplicaSets is cut", Ill::Cut(1500), "/replicasets", 1).gap("replicasets").named(),
];

/// Lets the API be ill in every way.
pub fn run(cluster: &Cluster, table: &mut Table) -> Result<()> {
    let fault = Fault::all()?.into_iter().find(|f| f.name == STANDS);
    let Some(fault) = fault else { bail!("no fault {STANDS}") };
    fault.put_in(&cluster.api)?;
    fault.wait(&cluster.api)?;
    let expect = fault.expect();
    let proxy = Proxy::open(&cluster.lab)?;
    let right = |answer: &Value| trial::judge(answer, &expect);
    trial::until_right_by(|| ask(&proxy).and_then(answer_of), PATIENCE, right)?;
    for trouble in TROUBLES {
        let mut row = Row { name: NAME.into(), root: trouble.says.into(), ..Row::default() };
        proxy.set(trouble.plan);
        let began = Instant::now();
        // That the API server is in trouble is no false cause now.
        let mut while_ill = expect.clone();
        while_ill["allowed"] = serde_json::json!(["apiserver-unavailable"]);
        let right_while_ill = |answer: &Value| trial::judge(answer, &while_ill);
        match ask(&proxy) {
            Ok(said) => row.wrong.extend(judge(trouble, &said, right_while_ill, proxy.hit())),
            Err(why) => row.wrong.push(format!("{why:#}")),
        }
        row.healed = Some(began.elapsed());
        proxy.set(Plan::WELL);
        let again = trial::until_right_by(|| ask(&proxy).and_then(answer_of), PATIENCE, right);
        row.wrong.extend(again.err().map(|why| format!("once the API is well: {why:#}")));
        table.add(row);
    }
    fault.take_out(&cluster.api)
}

fn ask(proxy: &Proxy) -> Result<Said> {
    let kubeconfig = proxy.kubeconfig.display().to_string();
    trial::kubecause(&[
        "diagnose",
        "-o",
        "json",
        "--kubeconfig",
        &kubeconfig,
        "--request-timeout",
        "4s",
        "--budget",
        "25s",
    ])
}

fn answer_of(said: Said) -> Result<Value> {
    if said.answer.is_object() { Ok(said.answer) } else { bail!(said.stderr) }
}

fn judge(
    trouble: &Trouble,
    said: &Said,
    right: impl Fn(&Value) -> Option<String>,
    hit: usize,
) -> Vec<String> {
    let mut wrong = Vec::new();
    if hit == 0 {
        wrong.push("no answer was ill".to_owned());
    }
    if said.code >= 64 {
        // To say that nothing can be said is an answer, with a reason.
        if said.stderr.is_empty() {
            wrong.push(format!("exit code {} without a word", said.code));
        }
        if trouble.named {
            wrong.push(format!("gave up: {}", said.stderr));
        }
        return wrong;
    }
    let answer = &said.answer;
    let gaps = answer["gaps"].to_string();
    let missed = right(answer);
    // With a fault that is told, exit code 0 says that it is milder than what was asked to fail on: where a list is missing,
    // less is known to be lost.
    if answer["verdict"] == "healthy" || said.code == 0 && answer["verdict"] != "faults" {
        wrong.push(format!("called {} (exit code {})", answer["verdict"], said.code));
    }
    if missed.is_some() && gaps.len() < 3 {
        wrong.push("the cause is not named, and nothing is said to be unseen".into());
    }
    if !gaps.contains(trouble.gap) {
        wrong.push(format!("no gap speaks of {}: {gaps}", trouble.gap));
    }
    let extra = missed.as_deref().filter(|m| m.contains("extra"));
    wrong.extend(missed.as_deref().filter(|_| trouble.named).or(extra).map(str::to_owned));
    wrong
}
