//! The port that a probe asks, and where the application listens.

use super::outcome::{Outcome, Which};
use super::{Probed, pod_reference};
use crate::finding::{Finding, Sink};
use kubecause_evidence::kube::{Container, Port, Probe};
use kubecause_evidence::{Kind, Relation};
use kubecause_model::Source;
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// How servers say where they listen.
static LISTENS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:listen(?:ing|s)?|serving|started|running)\b.{0,60}?(?:port\S{0,2}\s*|:)(?P<port>\d{2,5})\b").ok()
});

/// The number of the port that the probe asks; `None` for a name that the container does not have.
pub fn number(spec: &Container, probe: &Probe) -> Option<i32> {
    match probe.port()? {
        Port::Number(number) => Some(number),
        Port::Name(name) => {
            let named = spec.ports.iter().find(|p| p.name == name).map(|p| p.container_port);
            named.or_else(|| name.parse().ok())
        }
    }
}

/// The port that the container's log says it listens on, where it names exactly one.
pub fn said_in_log(probed: &Probed<'_>) -> Option<i32> {
    let subject = probed.pod.metadata.subject(Kind::Pod);
    let logs = [false, true]
        .into_iter()
        .filter_map(|p| probed.snapshot.container_log(&subject, &probed.status.name, p));
    let regex = LISTENS.as_ref()?;
    for log in logs {
        let lines = log.lines().take(500).map(|(_, line)| line);
        let ports: BTreeSet<i32> = lines
            .filter_map(|line| regex.captures(line)?.name("port")?.as_str().parse().ok())
            .filter(|p| (1..=65535).contains(p))
            .collect();
        if ports.len() == 1 {
            return ports.first().copied();
        }
    }
    None
}

/// Ports that a mesh's sidecar serves probes on, in place of the application.
const MESH_PORTS: std::ops::RangeInclusive<i32> = 15000..=15099;

/// Whether any container of the pod declares that port.
fn is_declared(probed: &Probed<'_>, port: i32) -> bool {
    probed.pod.spec.all_containers().any(|c| c.ports.iter().any(|p| p.container_port == port))
}

/// The ports that the container declares, or that Services of the pod send to.
fn other_ports(probed: &Probed<'_>, asked: Option<i32>) -> BTreeSet<i32> {
    let own = probed.spec.ports.iter().map(|p| p.container_port);
    let mut ports: BTreeSet<i32> = own.collect();
    if ports.is_empty() {
        let pod = probed.pod.metadata.subject(Kind::Pod);
        let services = probed.snapshot.reach(Relation::PodServices, &pod);
        let found = services.iter().filter_map(|s| probed.snapshot.services.get(s.ns(), &s.name));
        ports = found
            .flat_map(|s| s.spec.ports.iter())
            .filter_map(|p| match p.target() {
                Port::Number(number) => Some(number),
                Port::Name(_) => None,
            })
            .collect();
    }
    ports.retain(|p| Some(*p) != asked);
    ports
}

fn listed(ports: &BTreeSet<i32>) -> String {
    ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A probe that is refused on a port that nobody of the pod serves.
pub fn not_served(
    probed: &Probed<'_>,
    which: Which,
    probe: &Probe,
    outcome: Outcome,
    base: &impl Fn(&'static str) -> Finding,
) -> Option<Finding> {
    let asked = number(probed.spec, probe);
    if asked.is_some_and(|p| MESH_PORTS.contains(&p)) || outcome == Outcome::UnknownPort && asked.is_some() {
        return None;
    }
    let said = said_in_log(probed);
    let others = other_ports(probed, asked);
    let listens = match (said, asked) {
        (Some(said), Some(asked)) if said == asked => return None,
        (Some(said), _) => said.to_string(),
        // Still starting: what is declared is where it will listen, and only a port that nobody declares is wrong.
        (None, Some(port)) if is_declared(probed, port) => return None,
        (None, _) if others.is_empty() => return None,
        (None, _) => listed(&others),
    };
    let text = format!(
        "container {} listens on {listens}; its {} probe asks another port",
        probed.status.name,
        which.as_str()
    );
    Some(base("probe.port-not-served").param("listens", &listens).cite(
        Source::Field,
        None,
        pod_reference(probed.pod),
        text,
    ))
}

/// The same from the stanza alone, where no report can be seen.
pub fn undeclared(
    probed: &Probed<'_>,
    which: Which,
    probe: &Probe,
    base: &impl Fn(&'static str) -> Finding,
    sink: &mut Sink,
) {
    let asked = number(probed.spec, probe);
    let declared = asked.is_none_or(|p| is_declared(probed, p) || MESH_PORTS.contains(&p));
    let others = other_ports(probed, asked);
    if declared || others.is_empty() || probe.port().is_none() {
        return;
    }
    let text =
        format!("{} probe asks {}, declared: {}", which.as_str(), asked.unwrap_or_default(), listed(&others));
    let finding = base("probe.port-undeclared").param("listens", listed(&others));
    sink.add(finding.cite(Source::Field, None, pod_reference(probed.pod), text));
}
