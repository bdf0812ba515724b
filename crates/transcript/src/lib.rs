//! Pasted terminals: the text that `kubectl`, `journalctl`, `df` and their like print, read back into the objects, logs and node
//! facts that it was printed from.
//!
//! Objects come out in the API's own JSON form, so that they pass through the same types as any other capture. What a printer
//! does not show is absent from them. Knows the printers; does not know files, snapshots or causes.

mod age;
mod anchor;
mod beside;
mod blocks;
mod calls;
mod clean;
mod command;
pub mod describe;
mod finish;
mod gather;
mod kinds;
mod logs;
mod node;
mod noise;
mod owners;
mod place;
mod prompt;
mod rows;
mod scope;
mod seen;
mod table;
mod wrap;
mod yaml;

use jiff::Timestamp;
use kubecause_evidence::{ContainerLogKey, Gap, Kind, Why};
use serde_json::Value;

/// One text: a pasted terminal, or what one command printed.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// What messages call it; where it is a file's name, it may state the command (`kubectl-get-pods.txt`).
    pub name: &'a str,
    /// The text.
    pub text: &'a str,
}

/// A log of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerLog {
    /// Whose.
    pub key: ContainerLogKey,
    /// The lines.
    pub text: String,
}

/// What was read on a node, as the file of a capture that holds the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeFile {
    /// The node.
    pub node: String,
    /// The file's name: `kubelet.log`, `df.txt`.
    pub name: String,
    /// Its content.
    pub text: String,
}

/// Everything that a transcript shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Transcript {
    /// When it was taken, as far as it tells.
    pub taken_at: Option<Timestamp>,
    /// The objects, in the API's JSON form, with their `kind`.
    pub objects: Vec<Value>,
    /// Kinds of which all objects are shown: in one namespace, or everywhere.
    pub listed: Vec<(Kind, Option<String>)>,
    /// Kinds that were asked for and not answered.
    pub missing: Vec<(Kind, Why)>,
    /// Logs of containers.
    pub logs: Vec<ContainerLog>,
    /// Logs of control plane components: the component's name and the lines.
    pub components: Vec<(String, String)>,
    /// What was read on nodes.
    pub nodes: Vec<NodeFile>,
    /// The version of the API server.
    pub version: Option<String>,
    /// What `/readyz?verbose` answered.
    pub readyz: Option<String>,
    /// What could not be read, or is not shown.
    pub gaps: Vec<Gap>,
    /// How many commands are shown.
    pub commands: usize,
    /// Commands that are shown and of which nothing is read, each once: `kubectl top`, `helm list`.
    pub unused: Vec<String>,
}

/// Longer texts than this are no pasted terminal, in bytes.
const TEXT_MAX: usize = 256 << 20;

/// Reads texts that belong together. `None` where nothing in them is what a known command prints.
pub fn read(parts: &[Part<'_>]) -> Option<Transcript> {
    if parts.iter().map(|p| p.text.len()).sum::<usize>() > TEXT_MAX {
        return None;
    }
    let mut all = Vec::new();
    for part in parts {
        let cleaned = clean::clean(part.text);
        let text = noise::strip(&cleaned);
        all.extend(blocks::split(part.name, &text, command_of_name(part.name)));
    }
    gather::gather(&all)
}

/// The command that a file's name states: `kubectl get pods -A.txt`, `kubectl-get-pods.txt`, `journalctl_-u_kubelet`, `df -h.txt`.
fn command_of_name(name: &str) -> Option<command::Command> {
    const TOOLS: [&str; 14] = [
        "kubectl",
        "k",
        "oc",
        "journalctl",
        "dmesg",
        "df",
        "free",
        "ps",
        "uptime",
        "systemctl",
        "docker",
        "crictl",
        "uname",
        "top",
    ];
    let base = name.rsplit('/').next().unwrap_or(name);
    let stem = [".txt", ".log", ".out", ".yaml", ".json"]
        .iter()
        .find_map(|end| base.strip_suffix(end))
        .unwrap_or(base);
    let spaced =
        if stem.contains(' ') { stem.to_owned() } else { stem.replace(['-', '_'], " ").replace("  ", " -") };
    let found = command::Command::parse(&spaced);
    TOOLS.contains(&found.tool.as_str()).then_some(found)
}
