//! Whether NetworkPolicies admit a connection, by the rules of `networking.k8s.io/v1`. What cannot be told (a label of an
//! unknown namespace, an IPv6 range) counts as admitted: nothing is blamed on a guess.

use kubecause_evidence::kube::{NetworkPolicy, Pod, PolicyPeer, PolicyPort, PolicyRule, Port};
use kubecause_evidence::{Kind, Snapshot};
use std::net::Ipv4Addr;

/// The direction that a policy restricts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Ingress,
    Egress,
}

impl Direction {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        }
    }
}

/// What a connection goes to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flow<'a> {
    pub(super) from: &'a Pod,
    pub(super) to: &'a Pod,
    pub(super) port: i32,
    pub(super) protocol: &'a str,
}

/// The policies that restrict the pod in that direction. None: everything is admitted.
pub(super) fn restricting<'a>(
    snapshot: &'a Snapshot,
    pod: &Pod,
    direction: Direction,
) -> Vec<&'a NetworkPolicy> {
    let applies = |p: &&NetworkPolicy| {
        let typed = |word: &str| p.spec.policy_types.iter().any(|t| *t == *word);
        let by_type = match direction {
            Direction::Ingress => p.spec.policy_types.is_empty() || typed("Ingress"),
            Direction::Egress => {
                typed("Egress") || (p.spec.policy_types.is_empty() && !p.spec.egress.is_empty())
            }
        };
        by_type && p.spec.pod_selector.matches(&pod.metadata.labels)
    };
    let all = snapshot.network_policies.in_namespace(&pod.metadata.namespace).iter();
    all.filter(|p| !p.metadata.is_deleting()).filter(applies).collect()
}

/// Whether one of the policies admits the connection.
pub(super) fn admitted(
    snapshot: &Snapshot,
    policies: &[&NetworkPolicy],
    flow: Flow<'_>,
    direction: Direction,
) -> bool {
    policies.iter().any(|policy| {
        let rules = match direction {
            Direction::Ingress => &policy.spec.ingress,
            Direction::Egress => &policy.spec.egress,
        };
        rules.iter().any(|rule| admits(snapshot, policy, rule, flow, direction))
    })
}

fn admits(
    snapshot: &Snapshot,
    policy: &NetworkPolicy,
    rule: &PolicyRule,
    flow: Flow<'_>,
    direction: Direction,
) -> bool {
    let (peers, other) = match direction {
        Direction::Ingress => (&rule.from, flow.from),
        Direction::Egress => (&rule.to, flow.to),
    };
    let port_fits = rule.ports.is_empty() || rule.ports.iter().any(|p| fits_port(p, flow));
    let peer_fits = peers.is_empty() || peers.iter().any(|p| fits_peer(snapshot, policy, p, other));
    port_fits && peer_fits
}

fn fits_port(wanted: &PolicyPort, flow: Flow<'_>) -> bool {
    let protocol = if wanted.protocol.is_empty() { "TCP" } else { wanted.protocol.as_str() };
    if protocol != flow.protocol {
        return false;
    }
    match &wanted.port {
        None => true,
        Some(Port::Number(n)) => (*n..=wanted.end_port.unwrap_or(*n)).contains(&flow.port),
        Some(Port::Name(name)) => {
            let mut ports = flow.to.spec.all_containers().flat_map(|c| c.ports.iter());
            ports.any(|p| p.name == *name && p.container_port == flow.port)
        }
    }
}

fn fits_peer(snapshot: &Snapshot, policy: &NetworkPolicy, peer: &PolicyPeer, pod: &Pod) -> bool {
    if let Some(block) = &peer.ip_block {
        let excepted = block.except.iter().any(|e| in_range(e, &pod.status.pod_ip) == Some(true));
        return in_range(&block.cidr, &pod.status.pod_ip) != Some(false) && !excepted;
    }
    let namespace = &pod.metadata.namespace;
    let namespace_fits = match &peer.namespace_selector {
        None => policy.metadata.namespace == *namespace,
        Some(selector) => match snapshot.namespaces.get("", namespace) {
            Some(found) => selector.matches(&found.metadata.labels),
            None => selector.is_empty() || !snapshot.has(&Kind::Namespace),
        },
    };
    namespace_fits && peer.pod_selector.as_ref().is_none_or(|s| s.matches(&pod.metadata.labels))
}

/// Whether the IPv4 address lies in the range; `None` for what is not IPv4.
fn in_range(cidr: &str, address: &str) -> Option<bool> {
    let (network, bits) = cidr.split_once('/')?;
    let network = u32::from(network.parse::<Ipv4Addr>().ok()?);
    let address = u32::from(address.parse::<Ipv4Addr>().ok()?);
    let bits: u32 = bits.parse().ok().filter(|b| *b <= 32)?;
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    Some(network & mask == address & mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        assert_eq!(in_range("10.244.0.0/16", "10.244.3.7"), Some(true));
        assert_eq!(in_range("10.244.0.0/16", "10.96.0.10"), Some(false));
        assert_eq!(in_range("0.0.0.0/0", "10.96.0.10"), Some(true));
        assert_eq!(in_range("2001:db8::/64", "10.96.0.10"), None);
    }
}
