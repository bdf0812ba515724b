//! The loop: diagnose, look closer at what is in question, diagnose again. Stops when no look is wanted any more, or the
//! budget is spent.

use crate::api::{Answer, Ask};
use crate::looks::{Look, at_node, wanted};
use crate::miss::Miss;
use crate::session::Session;
use crate::sink::{Both, Evidence, Nowhere, Place, Sink};
use futures::future::join_all;
use kubecause_evidence::Snapshot;
use kubecause_model::{Diagnosis, Gap, Why};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often it diagnoses anew at most.
const ROUNDS: usize = 3;
/// The longest time for one look: a kubelet that hangs must not hold up the answer.
const WITHIN: Duration = Duration::from_secs(3);
/// The longest text that a look reads.
const TEXT_MAX: usize = 4 << 20;

/// What came of looking closer.
#[derive(Debug)]
pub struct Looked {
    /// All evidence, with that of the looks.
    pub snapshot: Snapshot,
    /// The diagnosis of it.
    pub diagnosis: Diagnosis,
    done: Vec<Done>,
    changes: Vec<String>,
}

/// One look that was taken.
#[derive(Debug)]
struct Done {
    look: Look,
    took: Duration,
    /// Bytes read, or why nothing was.
    result: Result<usize, Miss>,
}

impl Looked {
    /// Whether kubelets were asked through the API server, which is authorised as `nodes/proxy`.
    pub fn nodes_through_proxy(&self) -> bool {
        self.done.iter().any(|d| d.look.node().is_some() && d.result.is_ok())
    }

    /// What was asked, what it cost, and what it settled.
    pub fn explain(&self) -> String {
        let mut out = String::new();
        if self.done.is_empty() {
            out.push_str("looks: none; nothing was in question that a look could settle\n");
            return out;
        }
        let bytes: usize = self.done.iter().filter_map(|d| d.result.as_ref().ok()).sum();
        let _ = writeln!(out, "looks: {}, {} in all", self.done.len(), size(bytes));
        for done in &self.done {
            let path = done.look.place.path();
            let cost = match &done.result {
                Ok(bytes) => size(*bytes),
                Err(miss) => format!("{}: {}", miss.why.as_str(), miss.says),
            };
            let cited = if self.cites(&path) { "  cited" } else { "" };
            let _ = writeln!(out, "  {:>5} ms  {path}  {cost}{cited}", done.took.as_millis());
        }
        if self.changes.is_empty() {
            out.push_str("they settled nothing\n");
        }
        self.changes.iter().for_each(|change| {
            let _ = writeln!(out, "settled: {change}");
        });
        out
    }

    fn cites(&self, path: &str) -> bool {
        let mut evidence = self.diagnosis.incidents.iter().flat_map(|i| &i.evidence);
        evidence.any(|c| c.reference.starts_with(path) || path.ends_with(&c.reference))
    }
}

fn size(bytes: usize) -> String {
    if bytes < 10_000 { format!("{bytes} B") } else { format!("{} kB", bytes / 1000) }
}

impl Session {
    /// Diagnoses, looks closer where a question is open, and diagnoses again.
    pub fn look(&self, snapshot: Snapshot, diagnose: &mut dyn FnMut(&Snapshot) -> Diagnosis) -> Looked {
        self.look_into(snapshot, diagnose, &[], &Nowhere)
    }

    /// The same, looking at these nodes in any case, and bringing what is seen to `also` too.
    pub fn look_into(
        &self,
        snapshot: Snapshot,
        diagnose: &mut dyn FnMut(&Snapshot) -> Diagnosis,
        nodes: &[String],
        also: &dyn Sink,
    ) -> Looked {
        let diagnosis = diagnose(&snapshot);
        let mut looked = Looked { snapshot, diagnosis, done: Vec::new(), changes: Vec::new() };
        let mut asked: BTreeSet<Place> = BTreeSet::new();
        for round in 0..ROUNDS {
            let mut looks: Vec<Look> = Vec::new();
            if round == 0 {
                looks.extend(nodes.iter().flat_map(|node| at_node(&looked.snapshot, node)));
            }
            looks.extend(wanted(&looked.snapshot, &looked.diagnosis));
            looks.retain(|look| asked.insert(look.place.clone()));
            if looks.is_empty() {
                break;
            }
            self.progress.say(format!("looking closer at {} places", looks.len()));
            let evidence = Evidence::from(std::mem::take(&mut looked.snapshot));
            looked.done.extend(self.block_on(self.take(looks, &Both(&evidence, also))));
            looked.snapshot = evidence.finish(Some(self.now()));
            let before = std::mem::replace(&mut looked.diagnosis, diagnose(&looked.snapshot));
            looked.changes.extend(changes(&before, &looked.diagnosis));
        }
        let left =
            wanted(&looked.snapshot, &looked.diagnosis).iter().filter(|l| !asked.contains(&l.place)).count();
        if left > 0 {
            let says = format!(
                "enough is enough: {left} more looks at containers and nodes in question were left out"
            );
            looked.diagnosis.gaps.push(Gap::new("looks", Why::TooLarge, says));
        }
        looked
    }

    async fn take(&self, looks: Vec<Look>, sink: &dyn Sink) -> Vec<Done> {
        let (of_nodes, others): (Vec<Look>, Vec<Look>) = looks.into_iter().partition(|l| l.node().is_some());
        let mut nodes: Vec<Vec<Look>> = Vec::new();
        for look in of_nodes {
            match nodes.last_mut().filter(|n| n.first().and_then(Look::node) == look.node()) {
                Some(node) => node.push(look),
                None => nodes.push(vec![look]),
            }
        }
        let refused = AtomicBool::new(false);
        let done = Mutex::new(Vec::new());
        let nodes = join_all(nodes.into_iter().map(|looks| self.node(looks, sink, &refused, &done)));
        let others = join_all(others.into_iter().map(|look| self.one(look, sink, &done)));
        futures::join!(nodes, others);
        if refused.into_inner() {
            sink.gap(Gap::new(
                "nodes/proxy",
                Why::Forbidden,
                "kubelet's configuration, statistics and logs; the right is as strong as exec, so the default role lacks it",
            ));
        }
        let mut done = done.into_inner().unwrap_or_default();
        done.sort_by(|a: &Done, b| a.look.place.cmp(&b.look.place));
        done
    }

    /// The first look of a node is its health: where that is refused or unanswered, nothing else is asked there.
    async fn node(&self, looks: Vec<Look>, sink: &dyn Sink, refused: &AtomicBool, done: &Mutex<Vec<Done>>) {
        let mut looks = looks.into_iter();
        let Some(first) = looks.next() else { return };
        match self.one(first, sink, done).await {
            Err(miss) if miss.status == Some(403) => refused.store(true, Ordering::Relaxed),
            Err(_) => {}
            Ok(()) => {
                join_all(looks.map(|look| self.one(look, sink, done))).await;
            }
        }
    }

    async fn one(&self, look: Look, sink: &dyn Sink, done: &Mutex<Vec<Done>>) -> Result<(), Miss> {
        let started = Instant::now();
        let result = self.ask(&look, sink).await;
        if let Err(miss) = &result
            && !(miss.status == Some(403) && look.node().is_some())
        {
            sink.gap(miss.gap(look.place.path()));
        }
        let outcome = result.as_ref().map(|_| ()).map_err(Clone::clone);
        if let Ok(mut done) = done.lock() {
            done.push(Done { look, took: started.elapsed(), result });
        }
        outcome
    }
}

impl Session {
    /// Asks, and brings the answer to its place.
    async fn ask(&self, look: &Look, sink: &dyn Sink) -> Result<usize, Miss> {
        let answer = self.api.answer(&Ask::text(&look.path, TEXT_MAX, WITHIN)).await?;
        let is_log = matches!(&look.place, Place::Node(_, file) if file.ends_with(".log"));
        if matches!(&look.place, Place::Node(_, "healthz.txt")) {
            return health(look, &answer, sink);
        }
        if !answer.status.is_success() {
            return Err(Miss::refused(answer.status, &answer.body));
        }
        if is_log && answer.content_type.starts_with("text/html") {
            return self.file(look, &String::from_utf8_lossy(&answer.body), sink).await;
        }
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        if let Some(says) = is_log.then(|| no_log(&text)).flatten() {
            if let (true, Some((folder, _))) = (says.contains(IN_FILES), look.path.split_once('?')) {
                let listing = self.api.get(&Ask::text(folder, TEXT_MAX, WITHIN)).await?;
                return self.file(look, &String::from_utf8_lossy(&listing.body), sink).await;
            }
            return Err(Miss::absent(says));
        }
        if let Some(says) = matches!(look.place, Place::Log(_)).then(|| gone(&text)).flatten() {
            return Err(Miss::absent(says));
        }
        sink.text(&look.place, text);
        Ok(answer.body.len())
    }

    /// The end of a file under `/var/log`, where kubelet serves the folder and answers no queries.
    async fn file(&self, look: &Look, listing: &str, sink: &dyn Sink) -> Result<usize, Miss> {
        let none = || {
            Miss::absent("this kubelet answers no log queries (NodeLogQuery), and has no file of that log")
        };
        let Place::Node(node, log) = &look.place else { return Err(none()) };
        let listed = |file: &&&str| listing.contains(&format!("href=\"{file}\""));
        let file =
            FILES.iter().filter(|(of, _)| of == log).map(|(_, file)| file).find(listed).ok_or_else(none)?;
        let path = format!("/api/v1/nodes/{node}/proxy/logs/{file}");
        let ask = Ask { last_bytes: Some(FILE_TAIL), ..Ask::text(path, FILE_TAIL, WITHIN) };
        let answer = self.api.get(&ask).await?;
        if answer.was_cut {
            return Err(Miss::too_large(format!("/var/log/{file} is long, and its end cannot be asked for")));
        }
        sink.text(&Place::Node(node.clone(), file), String::from_utf8_lossy(&answer.body).into_owned());
        Ok(answer.body.len())
    }
}

/// Files under `/var/log` that hold a log, by the name of the look.
const FILES: [(&str, &str); 6] = [
    ("kubelet.log", "kubelet.log"),
    ("kubelet.log", "messages"),
    ("kubelet.log", "syslog"),
    ("containerd.log", "containerd.log"),
    ("crio.log", "crio.log"),
    ("docker.log", "docker.log"),
];
/// What is read of the end of such a file.
const FILE_TAIL: usize = 1 << 20;

/// What kubelet answers where a service's log is a file and not in the journal: of a file it would give all or nothing
/// (`copyForBoot` in Kubernetes' `pkg/kubelet/kubelet_server_journal.go`).
const IN_FILES: &str = "options present and query resolved to log files";

/// What kubelet writes in place of a log that it cannot find or read.
fn no_log(text: &str) -> Option<String> {
    let first = text.lines().find(|l| !l.trim().is_empty())?;
    let excuses =
        ["-- No entries --", IN_FILES, "log not found for", "failed to retrieve logs", "journalctl:"];
    let excuse = text.lines().count() <= 3 && excuses.iter().any(|e| first.contains(e));
    excuse.then(|| kubecause_model::one_line(first, 160))
}

/// What kubelet answers in place of the log of a container that it has removed since.
fn gone(text: &str) -> Option<String> {
    let gone = text.starts_with("unable to retrieve container logs for ") && text.lines().count() <= 1;
    gone.then(|| kubecause_model::one_line(text, 160))
}

/// Kubelet's own answer, or how its port answers the API server: that tells too.
fn health(look: &Look, answer: &Answer, sink: &dyn Sink) -> Result<usize, Miss> {
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    if answer.status.is_success() || text.contains("[-]") {
        sink.text(&look.place, text);
        return Ok(answer.body.len());
    }
    let miss = Miss::refused(answer.status, &answer.body);
    if miss.says.contains("dial tcp") || miss.says.contains("dial udp") {
        sink.text(&look.place, miss.says.clone());
    }
    Err(miss)
}

/// What a diagnosis says that the one before did not.
fn changes(before: &Diagnosis, after: &Diagnosis) -> Vec<String> {
    let line = |i: &kubecause_model::Incident| {
        let root = &i.root;
        format!("{} {} ({})", root.subject.slash(), root.mode, root.confidence.as_str())
    };
    let mut lines = Vec::new();
    for incident in &after.incidents {
        let others = incident.alternatives.len();
        match before.incidents.iter().find(|b| b.id == incident.id) {
            None => lines.push(format!("found {}", line(incident))),
            Some(b) if line(b) != line(incident) => lines.push(format!("{} → {}", line(b), line(incident))),
            Some(b) if b.alternatives.len() > others => {
                lines.push(format!(
                    "{}: {} of {} alternatives left",
                    line(incident),
                    others,
                    b.alternatives.len()
                ));
            }
            Some(_) => {}
        }
    }
    for gone in before.incidents.iter().filter(|b| after.incidents.iter().all(|a| a.id != b.id)) {
        lines.push(format!("{} is no incident of its own", line(gone)));
    }
    if before.verdict != after.verdict {
        lines.push(format!("{} → {}", before.verdict.as_str(), after.verdict.as_str()));
    }
    lines
}
