//! Certificates that have run out, as those say who meet them: `crypto/x509` names the moment ("current time … is after …").
//! "is before" is a clock that is wrong, and a registry's certificate is the registry's matter.

use super::trail::logs_of;
use crate::finding::{Finding, Sink};
use crate::freshness::is_recent;
use crate::signal::Signal;
use jiff::Timestamp;
use kubecause_evidence::kube::condition;
use kubecause_evidence::log::{LogFile, LogSource};
use kubecause_evidence::{Kind, Snapshot, Subject};
use kubecause_model::{Source, Span};
use regex::Regex;
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// A certificate is over.
pub(super) const EXPIRED: Signal = Signal::fact(
    "certificate.expired",
    "A component says that a certificate it was shown, or its own, has expired (crypto/x509 verify.go, kubelet \
     bootstrap.go).",
    &[],
);

static OVER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"certificate has expired or is not yet valid: current time \S+ is after (?P<since>\S*[0-9]Z?)|client certificate in (?P<file>\S+) is expired: (?P<until>\S+)").ok()
});
/// What a kubelet says about images is about registries.
static REGISTRY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)pull|image|registry|manifests/|/v2/").ok());

/// Logs are searched from their end, this many lines.
const TAIL_LINES: usize = 3000;

pub(super) fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    for (node, facts) in &snapshot.node_facts {
        let logs = [LogSource::Kubelet, LogSource::KubeProxy]
            .into_iter()
            .flat_map(|s| facts.logs_of(&s).collect::<Vec<_>>());
        for log in logs {
            read(snapshot, log, &Subject::node(node.clone()), sink);
        }
    }
    for component in ["kube-apiserver", "etcd", "kube-controller-manager", "kube-scheduler"] {
        for log in logs_of(snapshot, component) {
            read(snapshot, log, &Subject::component(component), sink);
        }
    }
    conditions(snapshot, sink);
    reader(snapshot, sink);
}

/// Who took the evidence was shown a certificate that is over, and so saw nothing else.
fn reader(snapshot: &Snapshot, sink: &mut Sink) {
    let told = snapshot.gaps.iter().filter(|g| g.matters.starts_with("Unable to connect to the server"));
    let over = OVER.as_ref();
    let found = told.filter_map(|g| Some((g, over?.captures(&g.matters)?))).next_back();
    let Some((gap, c)) = found.filter(|_| snapshot.object_count() == 0) else { return };
    let since = c.name("since").map_or("", |m| m.as_str());
    sink.add(
        Finding::new(EXPIRED.id, Subject::component("kube-apiserver"))
            .cite(Source::File, snapshot.taken_at, gap.what.clone(), &gap.matters)
            .param("whose", "the API server's serving certificate")
            .param("since", since)
            .span(Span { first: since.parse::<Timestamp>().ok(), last: snapshot.taken_at, ongoing: true }),
    );
}

/// Whose certificate it is that the writer of this line complains of, and what the finding is on.
fn whose(line: &str, writer: &Subject) -> (String, Subject) {
    let api = || ("the API server's serving certificate".to_owned(), Subject::component("kube-apiserver"));
    let hook = line.split("failed calling webhook \"").nth(1).and_then(|rest| rest.split('"').next());
    if let Some(hook) = hook {
        return (format!("the serving certificate of webhook {hook}"), Subject::cluster());
    }
    match (&writer.kind, &*writer.name) {
        (Kind::Node, node) if line.contains("client certificate") => {
            (format!("kubelet's client certificate on {node}"), writer.clone())
        }
        (Kind::Component, "kube-apiserver") if line.contains("2379") => {
            ("etcd's serving certificate".to_owned(), Subject::component("etcd"))
        }
        (Kind::Component, "etcd") => {
            ("a client's or peer's certificate at etcd".to_owned(), Subject::component("etcd"))
        }
        (Kind::Component, "kube-apiserver") => {
            ("a certificate that the API server was shown".to_owned(), writer.clone())
        }
        _ => api(),
    }
}

fn read(snapshot: &Snapshot, log: &LogFile, writer: &Subject, sink: &mut Sink) {
    let Some(regex) = OVER.as_ref() else { return };
    let mut last: FxHashMap<(String, Subject), Finding> = FxHashMap::default();
    for (number, line) in log.tail(TAIL_LINES) {
        // Whose client it is the line does not say: any forgotten kubeconfig is refused like this.
        let some_client = line.contains("Unable to authenticate the request");
        if !line.contains("expired") || some_client || REGISTRY.as_ref().is_some_and(|r| r.is_match(line)) {
            continue;
        }
        let Some(c) = regex.captures(line) else { continue };
        let at = log.time_of(line);
        let (whose, subject) = whose(line, writer);
        let since = c.name("since").or_else(|| c.name("until")).map_or("", |m| m.as_str());
        let ongoing = at.is_none() || is_recent(snapshot, at);
        let finding = Finding::new(EXPIRED.id, subject.clone())
            .cite(Source::Log, at, log.reference(number), line.trim())
            .param("whose", &whose)
            .param("since", since)
            .param("file", c.name("file").map_or("", |m| m.as_str()))
            .span(Span { first: since.parse::<Timestamp>().ok(), last: at, ongoing });
        let named = if subject == *writer { finding } else { finding.naming(writer.clone()) };
        last.insert((whose, subject), named);
    }
    let mut all: Vec<_> = last.into_iter().collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all.into_iter().for_each(|(_, f)| sink.add(f));
}

/// Aggregated APIs that are refused for their certificate.
fn conditions(snapshot: &Snapshot, sink: &mut Sink) {
    for api in snapshot.api_services.all() {
        let Some(found) = condition(&api.status.conditions, "Available").filter(|c| !c.is_true()) else {
            continue;
        };
        let Some(c) = OVER.as_ref().and_then(|r| r.captures(&found.message)) else { continue };
        let subject = api.metadata.subject(Kind::APIService);
        let reference = format!("apiservices/{}", api.metadata.name);
        sink.add(
            Finding::new(EXPIRED.id, subject)
                .cite(
                    Source::Condition,
                    found.last_transition_time,
                    reference,
                    format!("{}: {}", found.reason, found.message),
                )
                .param("whose", format!("the serving certificate of {}", api.metadata.name))
                .param("since", c.name("since").map_or("", |m| m.as_str()))
                .since(found.last_transition_time),
        );
    }
}
