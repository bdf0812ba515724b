//! Indentation that does not tell the truth: messages, variables and annotations of several lines are printed as they are, from
//! the first column on; chat windows and articles drop leading blanks.
//!
//! Knows the names of the sections and fields, so as to tell a field from a stray line.

use super::tree::{Line, split_key};

/// What descriptions of any version print without indentation, sorted.
#[rustfmt::skip]
const TOP: &[&str] = &[
    "API Version", "Access Modes", "Active Deadline Seconds", "Active Jobs", "Address", "AddressType", "Addresses",
    "Allocatable", "Allocated resources", "AllowVolumeExpansion", "AllowedTopologies", "Annotations", "AppProtocol",
    "Backoff Limit", "Behavior", "CIDRs", "Capacity", "Claim", "Completed At", "Completed Indexes", "Completion Mode",
    "Completions", "Concurrency Policy", "Conditions", "Containers", "Controlled By", "Controller", "Controllers",
    "Created By", "Created on", "CreationTimestamp", "Current CPU utilization", "Current Number of Nodes Scheduled", "Data",
    "DataSource", "Default backend", "Description", "Desired LoadBalancer IP", "Desired Number of Nodes Scheduled",
    "DriverName", "Duration", "Endpoints", "Ephemeral Containers", "Events", "External IPs", "External Name",
    "External Traffic Policy", "ExternalID", "Failed Job History Limit", "Finalizers", "GlobalDefault",
    "HealthCheck NodePort", "IP", "IP Families", "IP Family Policy", "IPFamily", "IPs", "Image pull secrets", "Image(s)",
    "Ingress Class", "Init Containers", "Internal Traffic Policy", "IsDefaultClass", "Kind", "Labels", "Last Schedule Time",
    "Lease", "LoadBalancer Ingress", "LoadBalancer Source Ranges", "LocalhostProfile", "Max replicas", "Max unavailable",
    "Message", "Metadata", "Metrics", "Min available", "Min replicas", "MinReadySeconds", "MountOptions",
    "Mountable secrets", "Mounted By", "Name", "Namespace", "NewReplicaSet", "No events.", "Node", "Node Affinity",
    "Node-Local ResourceSlices", "Node-Selector", "Node-Selectors", "NodePort", "NominatedNodeName", "Non-terminated Pods",
    "Number of Nodes Misscheduled", "Number of Nodes Scheduled with Available Pods",
    "Number of Nodes Scheduled with Up-to-date Pods", "OldReplicaSets", "Parallelism", "Parameters", "Parent Reference",
    "Phase", "Pod Template", "PodCIDR", "PodCIDRs", "Pods", "Pods Status", "Pods Statuses", "PolicyRule", "Port", "Ports",
    "PreemptionPolicy", "Priority", "Priority Class Name", "PriorityClassName", "ProviderID", "Provisioner", "QoS Class",
    "Readiness Gates", "Reason", "Reclaim Policy", "ReclaimPolicy", "Reference", "Replicas", "Requested Duration",
    "Requesting User", "Resource Version", "Resources", "Role", "Roles", "RollingUpdateStrategy", "Rules",
    "Runtime Class Name", "Schedule", "SchedulingGroup", "Scopes", "SeccompProfile", "Selector", "Service Account",
    "Session Affinity", "Signer", "Source", "Spec", "Start Time", "Starting Deadline Seconds", "Status", "StorageClass",
    "StrategyType", "Subjects", "Subsets", "Successful Job History Limit", "Suspend", "System Info", "TLS",
    "TTL Seconds After Finished", "Taints", "Target CPU utilization", "TargetPort", "Termination Grace Period", "Time Zone",
    "Time zone", "Tokens", "Tolerations", "Topology Spread Constraints", "Traffic Distribution", "Type", "Unschedulable",
    "Update Strategy", "Used By", "Value", "Volume", "Volume Claims", "VolumeBindingMode", "VolumeMode", "Volumes",
    "Webhooks",
];
/// What is said of a container.
const CONTAINER: &[&str] = &[
    "Args",
    "Command",
    "Container ID",
    "Devices",
    "Environment",
    "Environment Variables",
    "Environment Variables from",
    "Host Port",
    "Host Ports",
    "Image",
    "Image ID",
    "Last State",
    "Last Termination State",
    "Limits",
    "Liveness",
    "Mounts",
    "Port",
    "Ports",
    "QoS Tier",
    "Readiness",
    "Ready",
    "Requests",
    "Restart Count",
    "SeccompProfile",
    "Startup",
    "State",
];
/// The sections that hold containers.
const CONTAINERS: [&str; 3] = ["Containers", "Init Containers", "Ephemeral Containers"];
/// How far the end of a message is looked for.
const MESSAGE: usize = 400;

fn key<'a>(line: &Line<'a>) -> Option<&'a str> {
    split_key(line.text).map(|(key, _)| key)
}

fn is_top(name: &str) -> bool {
    TOP.binary_search(&name).is_ok() || name.ends_with(" pods")
}

/// Whether a line in the first column begins a field: its key is known, or has the form of one in a column of its own.
fn is_field(line: &Line<'_>) -> bool {
    let Some((key, value)) = split_key(line.text) else {
        return !line.text.contains(": ") && is_table(line.text);
    };
    let titled = key.starts_with(|c: char| c.is_ascii_uppercase())
        && key.len() <= 50
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b" -()".contains(&b));
    let rest = line.text.get(key.len() + 1..).unwrap_or_default();
    is_top(key) || (titled && (value.is_empty() || rest.starts_with("  ") || rest.starts_with('\t')))
}

/// Whether a text in the first column begins a field.
pub(super) fn begins_field(text: &str) -> bool {
    is_field(&Line { indent: 0, text, after_blank: false })
}

/// Quotas and limits are tables in the first column.
fn is_table(text: &str) -> bool {
    text.starts_with("Resource")
        || text.starts_with("Type ")
        || text.starts_with("--")
        || super::tree::cells(text).len() >= 3
        || text.starts_with("No ")
        || text.starts_with("* ")
}

/// From 1.16 to 1.18 or so the printer forgot the end of the line after `Annotations:` where it had none to show: the next field
/// stands behind it.
pub(super) fn unjoined(line: Line<'_>) -> impl Iterator<Item = Line<'_>> {
    let next = split_key(line.text).filter(|(key, _)| *key == "Annotations").map(|(_, value)| value);
    let next = next.filter(|value| split_key(value).is_some_and(|(key, _)| is_top(key)));
    let first = Line { text: if next.is_some() { "Annotations:" } else { line.text }, ..line };
    let second = next.map(|text| Line { text, after_blank: false, ..line });
    std::iter::once(first).chain(second)
}

/// Puts lines that stray into the first column below the line that they continue.
pub(super) fn fold(lines: &mut [Line<'_>]) {
    let mut owner = 0;
    let mut at = 0;
    while let Some(line) = lines.get(at).copied() {
        let message = key(&line) == Some("Message");
        if message && let Some(end) = message_end(lines, at, line.indent) {
            for stray in lines.get_mut(at + 1..end).unwrap_or_default() {
                stray.indent = line.indent + 1;
            }
            owner = line.indent;
            at = end;
            continue;
        }
        if line.indent == 0 && at > 0 && !is_field(&line) {
            if let Some(stray) = lines.get_mut(at) {
                stray.indent = owner + 1;
            }
        } else {
            owner = line.indent;
        }
        at += 1;
    }
}

/// Where the message that begins here ends, if a line follows that must come after it.
fn message_end(lines: &[Line<'_>], at: usize, indent: usize) -> Option<usize> {
    let ends = |l: &Line<'_>| {
        if indent == 0 {
            l.indent == 0
                && key(l)
                    .is_some_and(|k| ["IP", "IPs", "SeccompProfile", "Controlled By", "Source"].contains(&k))
        } else {
            l.indent == indent && key(l) == Some("Exit Code")
        }
    };
    let after = lines.get(at + 1..)?;
    after.iter().take(MESSAGE).position(ends).map(|n| at + 1 + n)
}

/// Whether the blanks at the beginnings of lines were dropped.
pub(super) fn is_lost(lines: &[Line<'_>]) -> bool {
    lines.len() > 3
        && lines.iter().all(|l| l.indent == 0)
        && lines.iter().any(|l| key(l).is_some_and(|k| CONTAINERS.contains(&k) || k == "System Info"))
}

/// Gives lines the indentation that their keys call for.
pub(super) fn restore(lines: &mut [Line<'_>]) {
    let mut section = "";
    let mut template = false;
    for at in 0..lines.len() {
        let Some(line) = lines.get(at).copied() else { continue };
        let next = lines.get(at + 1).and_then(key);
        let (name, value) = split_key(line.text).unwrap_or(("", line.text));
        let inside = match section {
            s if CONTAINERS.contains(&s) => in_container(name, value, next),
            "Volumes" => in_volume(name, value, next),
            _ => None,
        };
        let level = inside.unwrap_or_else(|| {
            if !is_field(&line) || !is_top(name) {
                return usize::from(at > 0);
            }
            section = name;
            0
        });
        if level == 0 {
            template = match name {
                "Pod Template" => true,
                "Containers" | "Init Containers" | "Labels" | "Annotations" | "Service Account"
                | "Volumes" => template,
                "Node-Selectors" | "Tolerations" | "Priority Class Name" | "Topology Spread Constraints" => {
                    template
                }
                _ => false,
            };
        }
        if let Some(line) = lines.get_mut(at) {
            line.indent = level * 2 + if template && name != "Pod Template" { 2 } else { 0 };
        }
    }
}

fn in_container(name: &str, value: &str, next: Option<&str>) -> Option<usize> {
    let begins = value.is_empty() && matches!(next, Some("Container ID" | "Image"));
    if begins {
        return Some(1);
    }
    if CONTAINER.contains(&name) {
        return Some(2);
    }
    // `Reason`, `Message`, `cpu`, variables, mounts.
    let leaves = is_top(name)
        && !matches!(name, "Reason" | "Message" | "Type" | "Status" | "Name" | "IP" | "Node" | "Value");
    (!leaves).then_some(3)
}

fn in_volume(name: &str, value: &str, next: Option<&str>) -> Option<usize> {
    if value.is_empty() && next == Some("Type") {
        return Some(1);
    }
    let inner =
        !is_top(name) || matches!(name, "Type" | "Name" | "Path" | "Capacity" | "Volume" | "StorageClass");
    inner.then_some(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::tree::{Tree, lines};

    #[test]
    fn a_message_of_several_lines_stays_in_its_place() {
        let mut text = lines(
            "Containers:\n  a:\n    Last State:  Terminated\n      Message:   panic: x\ngoroutine 1 [running]:\n\tmain.go\n      Exit Code:  2\n    Ready:  False\nVolumes:  <none>\n",
        );
        fold(&mut text);
        let tree = Tree::new(text);
        let a = tree.root().body("Containers").and_then(|c| c.body("a")).expect("a");
        assert_eq!(a.value("Ready"), Some("False"));
        let state = a.body("Last State").expect("state");
        assert_eq!(state.value("Exit Code"), Some("2"));
        let message = state.get("Message").map(|m| m.text());
        assert_eq!(message.as_deref(), Some("panic: x\ngoroutine 1 [running]:\nmain.go"));
    }

    #[test]
    fn lost_blanks_are_put_back() {
        let mut text = lines(
            "Name: p\nStatus: Running\nContainers:\napp:\nImage: a:1\nState: Waiting\nReason: CrashLoopBackOff\nLimits:\ncpu: 1\nMounts:\n/x from v (rw)\nConditions:\nType Status\nReady False\nVolumes:\nv:\nType: Secret (x)\nSecretName: s\nQoS Class: Burstable\n",
        );
        assert!(is_lost(&text));
        restore(&mut text);
        let tree = Tree::new(text);
        let root = tree.root();
        let app = root.body("Containers").and_then(|c| c.body("app")).expect("app");
        assert_eq!(app.body("State").and_then(|s| s.value("Reason")), Some("CrashLoopBackOff"));
        assert_eq!(app.body("Limits").and_then(|s| s.value("cpu")), Some("1"));
        assert_eq!(root.value("QoS Class"), Some("Burstable"));
        assert_eq!(
            root.body("Volumes").and_then(|v| v.body("v")).and_then(|v| v.value("SecretName")),
            Some("s")
        );
    }
}
