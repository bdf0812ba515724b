//! Blocks → everything that they show, put together.

use crate::anchor::{self, Sure};
use crate::blocks::Block;
use crate::command::{Asked, Command};
use crate::node;
use crate::rows::{self, Around};
use crate::scope::{Scope, namespace_of};
use crate::seen::{Depth, Seen, text};
use crate::table;
use crate::{ContainerLog, NodeFile, Transcript, calls, describe, kinds, logs, owners, yaml};
use jiff::Timestamp;
use kubecause_evidence::{ContainerLogKey, Gap, Kind, Why};
use serde_json::json;
use std::collections::BTreeMap;

/// Everything that blocks show; `None` where they show nothing.
pub fn gather(blocks: &[Block]) -> Option<Transcript> {
    let (now, sure) = anchor::find(blocks);
    let namespaces: Vec<String> = current_namespaces(blocks);
    let mut all = Gathering {
        now,
        seen: Seen::default(),
        scope: Scope::default(),
        out: Transcript::default(),
        files: Vec::new(),
        rows: 0,
        containers: crate::beside::containers(blocks),
        answered: false,
    };
    for (place, (block, namespace)) in blocks.iter().zip(&namespaces).enumerate() {
        all.block(block, namespace, place);
    }
    owners::link(&mut all.seen);
    // Whose log it is may be told by an object that is shown later.
    for (block, namespace) in blocks.iter().zip(&namespaces) {
        all.logs(block, namespace);
    }
    for (block, namespace) in blocks.iter().zip(&namespaces).filter(|(b, _)| b.command.inside) {
        all.calls(block, namespace);
    }
    all.finish(sure, blocks)
}

/// The namespace that counts in each block where none is asked for: the one that the descriptions of the same kind show, else `default`.
fn current_namespaces(blocks: &[Block]) -> Vec<String> {
    let unscoped = |b: &&Block| b.command.asked().is_some_and(|a| a.namespace.is_none() && !a.everywhere);
    let shown = |b: &Block| -> Option<String> {
        let said =
            b.text.lines().find_map(|l| l.strip_prefix("No resources found in ")?.split(" namespace").next());
        let value = || b.text.lines().find_map(|l| l.strip_prefix("Namespace:")).map(str::trim);
        said.or_else(value).filter(|n| !n.is_empty()).map(ToOwned::to_owned)
    };
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for name in blocks.iter().filter(unscoped).filter_map(shown) {
        *found.entry(name).or_default() += 1;
    }
    let current = found.iter().max_by_key(|(_, n)| **n).map_or("default", |(name, _)| name).to_owned();
    blocks.iter().map(|_| current.clone()).collect()
}

pub struct Gathering {
    pub(crate) now: Timestamp,
    pub(crate) seen: Seen,
    scope: Scope,
    pub(crate) out: Transcript,
    /// What was read on nodes: the host where one is known, the file and its content, and where it stands.
    pub(crate) files: Vec<(Option<String>, node::Found, String)>,
    /// How many rows of tables were read.
    rows: usize,
    /// Containers by the ids that a runtime's list shows.
    pub(crate) containers: Vec<(String, ContainerLogKey)>,
    /// Whether a command was answered by words that hold no object (`No resources found`, an error of the API).
    answered: bool,
}

impl Gathering {
    fn block(&mut self, block: &Block, current: &str, place: usize) {
        let asked = block.command.asked();
        if let Some(asked) = &asked {
            self.out.commands += 1;
            return self.kubectl(block, asked, current, place);
        }
        let host = block.command.host.clone().or_else(|| block.host.clone());
        let at = || format!("{}:{}", block.source, block.line);
        if block.command.tool.is_empty() {
            self.loose(block, current, place);
            return;
        }
        if let Some(component) = component_log(&block.command) {
            self.out.commands += 1;
            return self.out.components.push((component.to_owned(), block.text.clone()));
        }
        if self.runtime_log(block) {
            self.out.commands += 1;
            return;
        }
        let found = if block.interrupted {
            node::interrupted(&block.command)
        } else {
            node::read(&block.command, &block.text)
        };
        if found.is_empty() && !block.command.inside {
            // An alias, or what somebody typed into the paste: its output may still be told by its form.
            if !self.loose(block, current, place) {
                self.unused(block);
            }
            return;
        }
        self.out.commands += usize::from(!found.is_empty());
        self.files.extend(found.into_iter().map(|f| (host.clone(), f, at())));
    }

    fn kubectl(&mut self, block: &Block, asked: &Asked, current: &str, place: usize) {
        let namespace = namespace_of(asked, current).unwrap_or_else(|| current.to_owned());
        match asked.verb.as_str() {
            "get" if asked.raw.is_some() => self.raw(asked, block),
            "get" if asked.is_a_choice() => {
                let says = "it prints only what was chosen of each object";
                self.out.gaps.push(Gap::new(
                    format!("{}:{}", block.source, block.line),
                    Why::NotCollected,
                    says,
                ));
                self.answered = true;
            }
            "get" if matches!(asked.output.as_str(), "yaml" | "json") || yaml::looks_like(&block.text) => {
                let (found, broken) = self.documents(&block.text, place);
                if broken {
                    self.out.gaps.push(Gap::new(
                        format!("{}:{}", block.source, block.line),
                        Why::Unparsable,
                        "it is no YAML or JSON that can be read",
                    ));
                }
                self.scope.answer(block, asked, current, found, broken);
            }
            "get" | "events" => {
                let headed = rows::headed(asked, block.command.is_filtered(), &block.text);
                let (found, cut) = self.tables(&headed, &asked.kinds, &namespace, place);
                self.answered |= crate::scope::says_nothing_found(&block.text)
                    || !crate::scope::refusals(&block.text).is_empty();
                self.scope.answer(
                    block,
                    asked,
                    current,
                    found,
                    cut || asked.unknown && asked.kinds.is_empty(),
                );
            }
            "describe" => {
                let (found, cut) = self.describe(&block.text, asked, &namespace, place);
                self.answered |= crate::scope::says_nothing_found(&block.text)
                    || !crate::scope::refusals(&block.text).is_empty();
                self.scope.answer(block, asked, current, found, cut);
            }
            "version" => self.out.version = version(&block.text).or(self.out.version.take()),
            "logs" => {}
            "auth" if self.rights(block) => {}
            "drain" => self.drain(block, place),
            _ => self.unused(block),
        }
    }

    /// What is shown without a command; whether it is known.
    fn loose(&mut self, block: &Block, current: &str, place: usize) -> bool {
        if yaml::looks_like(&block.text) {
            return self.documents(&block.text, place).0;
        }
        let nothing = crate::scope::says_nothing_found(&block.text);
        self.answered |= nothing;
        let before = self.rows;
        self.tables(&block.text, &[], current, place);
        let found = self.rows > before;
        let described = description(&block.text);
        if let Some(start) = described {
            self.describe(block.text.get(start..).unwrap_or_default(), &Asked::default(), current, place);
        }
        let at = format!("{}:{}", block.source, block.line);
        let logs = node::loose_logs(&block.text);
        let known = nothing || found || described.is_some() || !logs.is_empty();
        self.files.extend(logs.into_iter().map(|f| (None, f, at.clone())));
        if block.text.contains("Server Version") || block.text.contains("serverVersion") {
            self.out.version = version(&block.text).or(self.out.version.take());
            return true;
        }
        known
    }

    fn documents(&mut self, text: &str, place: usize) -> (bool, bool) {
        let found = yaml::read(text);
        let any = !found.objects.is_empty() || found.lists > 0;
        for value in found.objects {
            self.seen.add(value, Depth::Whole, place);
        }
        (any, found.broken > 0)
    }

    fn tables(&mut self, text: &str, asked: &[Kind], namespace: &str, place: usize) -> (bool, bool) {
        let around = Around { now: self.now, namespace };
        let (mut found, mut cut) = (false, text.lines().any(table::is_elision));
        for table in table::all(text) {
            let objects = rows::read(&table, asked, around);
            found |= !table.rows.is_empty();
            cut |= table.elided || table.unread > 0;
            self.rows += objects.len();
            for value in objects {
                self.seen.add(value, Depth::Row, place);
            }
        }
        (found, cut)
    }

    fn describe(&mut self, output: &str, asked: &Asked, namespace: &str, place: usize) -> (bool, bool) {
        let one = |all: &[Kind]| if let [one] = all { Some(one.as_str().to_owned()) } else { None };
        let kind = one(&asked.kinds);
        let name = if let [name] = asked.names.as_slice() { Some(name.as_str()) } else { None };
        let told = describe::Asked { kind: kind.as_deref(), namespace: Some(namespace), name };
        let objects = describe::read_asked(output, told, self.now);
        let found = !objects.is_empty();
        for mut value in objects {
            let kind = Kind::from_name(text(&value, "/kind"));
            if kinds::is_namespaced(&kind)
                && kind != Kind::Event
                && text(&value, "/metadata/namespace").is_empty()
            {
                value["metadata"]["namespace"] = json!(namespace);
            }
            // What another object's description shows of it is no more than a row of a table.
            let derived = value.as_object_mut().and_then(|o| o.shift_remove(describe::DERIVED)).is_some();
            self.seen.add(value, if derived { Depth::Row } else { Depth::Description }, place);
        }
        (found, output.lines().any(table::is_elision))
    }

    /// `kubectl get --raw`: the API's own answers, some of which are a node's files.
    fn raw(&mut self, asked: &Asked, block: &Block) {
        let path = asked.raw.as_deref().unwrap_or_default().split('?').next().unwrap_or_default();
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match parts.as_slice() {
            ["readyz" | "healthz" | "livez"] => self.out.readyz = Some(block.text.clone()),
            ["api", "v1", "nodes", node, "proxy", rest @ ..] => {
                let name = match rest {
                    ["configz"] => "configz.json",
                    ["stats", "summary"] => "stats-summary.json",
                    ["healthz"] => "healthz.txt",
                    _ => return,
                };
                self.out.nodes.push(NodeFile {
                    node: (*node).to_owned(),
                    name: name.to_owned(),
                    text: block.text.clone(),
                });
            }
            _ => {}
        }
    }

    fn logs(&mut self, block: &Block, current: &str) {
        let Some(asked) = block.command.asked().filter(|a| a.verb == "logs") else { return };
        let namespace = namespace_of(&asked, current).unwrap_or_default();
        for (key, text) in logs::read(&asked, &block.text, &namespace, &self.seen) {
            if let Some(component) =
                component_of(&key.pod).filter(|_| !key.previous && namespace == "kube-system")
            {
                self.out.components.push((component.to_owned(), text.clone()));
            }
            match self.out.logs.iter_mut().find(|l| l.key == key) {
                Some(log) if log.text.len() >= text.len() => {}
                Some(log) => log.text = text,
                None => self.out.logs.push(ContainerLog { key, text }),
            }
        }
    }

    /// What a call out of a container printed stands with what the container itself wrote.
    fn calls(&mut self, block: &Block, current: &str) {
        let Some((key, lines)) = calls::read(&block.command, &block.text, current, &self.seen) else {
            return;
        };
        match self.out.logs.iter_mut().find(|l| l.key == key) {
            Some(log) => log.text.push_str(&lines),
            None => self.out.logs.push(ContainerLog { key, text: lines }),
        }
    }

    fn finish(mut self, sure: Sure, blocks: &[Block]) -> Option<Transcript> {
        self.creation();
        self.messages();
        self.place_files();
        let something = !self.seen.is_empty()
            || !self.out.nodes.is_empty()
            || !self.out.logs.is_empty()
            || self.out.version.is_some()
            || self.out.readyz.is_some()
            || self.answered;
        if !something {
            return None;
        }
        let source = blocks.first().map_or("the transcript", |b| b.source.as_str());
        let timed = match sure {
            Sure::Stated => None,
            Sure::LogsOnly => Some(
                "it does not state when it was taken: the newest time of its logs counts, in UTC and, where no year stands, in a year that was chosen",
            ),
            Sure::Nowhere => {
                Some("nothing in it states when it was taken: ages count back from a moment that was chosen")
            }
        };
        self.out.gaps.extend(timed.map(|says| Gap::new(format!("{source}: time"), Why::NotCollected, says)));
        self.out.taken_at = Some(self.now);
        self.out.gaps.append(&mut self.scope.gaps);
        self.out.listed = unique(self.scope.listed);
        self.scope.missing.append(&mut self.out.missing);
        self.out.missing = unique(self.scope.missing);
        self.out.objects = self.seen.into_values();
        Some(self.out)
    }
}

fn unique<T: PartialEq>(all: Vec<T>) -> Vec<T> {
    let mut kept: Vec<T> = Vec::new();
    for one in all {
        if !kept.contains(&one) {
            kept.push(one);
        }
    }
    kept
}

/// The component of the control plane that a static pod runs: `kube-scheduler-node-1`.
pub fn component_of(pod: &str) -> Option<&'static str> {
    ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd", "cloud-controller-manager"]
        .into_iter()
        .find(|c| pod.strip_prefix(c).is_some_and(|r| r.is_empty() || r.starts_with('-')))
}

/// The component of the control plane whose journal a command prints.
fn component_log(command: &Command) -> Option<&'static str> {
    (command.tool == "journalctl")
        .then(|| component_of(command.value("-u", "--unit")?.trim_end_matches(".service")))?
}

/// Where a description begins in a text that no command is shown for.
fn description(text: &str) -> Option<usize> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let named =
            line.strip_prefix("Name:").is_some_and(|r| r.starts_with([' ', '\t']) && !r.trim().is_empty());
        if named {
            return Some(at);
        }
        at += line.len();
    }
    None
}

/// `Server Version: v1.36.2`; `Server Version: version.Info{… GitVersion:"v1.8.3" …}`.
fn version(text: &str) -> Option<String> {
    let line = text.lines().find(|l| l.trim_start().starts_with("Server Version")).unwrap_or_else(|| {
        text.split_once("serverVersion").map_or("", |(_, rest)| {
            rest.split_once("gitVersion").map_or("", |(_, r)| r.lines().next().unwrap_or(""))
        })
    });
    let line = line.split_once("GitVersion:").map_or(line, |(_, rest)| rest);
    let start = line.find('v').map(|_| line).and_then(|l| {
        l.char_indices().find(|(i, c)| {
            *c == 'v' && l.get(i + 1..).is_some_and(|r| r.starts_with(|d: char| d.is_ascii_digit()))
        })
    })?;
    let tail = line.get(start.0..)?;
    let end = tail.find(|c: char| !(c.is_ascii_alphanumeric() || ".+-".contains(c))).unwrap_or(tail.len());
    tail.get(..end).map(ToOwned::to_owned)
}
