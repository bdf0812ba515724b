//! On which node something was read.

use crate::gather::Gathering;
use crate::seen::text;
use crate::{NodeFile, node};
use kubecause_evidence::{Gap, Kind, Why};
use std::collections::BTreeSet;

impl Gathering {
    /// Gives what was read on a node to that node: the one that the prompt, the command or the lines name, else the only one.
    pub fn place_files(&mut self) {
        let mut known: BTreeSet<String> = self.seen.of(&Kind::Node).map(|(k, _)| k.2.clone()).collect();
        known.extend(
            self.seen
                .of(&Kind::Pod)
                .map(|(_, v)| text(v, "/spec/nodeName").to_owned())
                .filter(|n| !n.is_empty()),
        );
        let same = |node: &str, host: &str| {
            node == host
                || node.strip_prefix(host).is_some_and(|r| r.starts_with('.'))
                || host.strip_prefix(node).is_some_and(|r| r.starts_with('.'))
        };
        let said = |host: Option<&str>, log: &str| -> Option<String> {
            let hosts = [host, node::host_of(log)];
            let hosts: Vec<&str> = hosts.into_iter().flatten().filter(|h| *h != "localhost").collect();
            let named = hosts.iter().find_map(|h| known.iter().find(|n| same(n, h)).cloned());
            named.or_else(|| if known.is_empty() { hosts.first().map(|h| (*h).to_owned()) } else { None })
        };
        let files = std::mem::take(&mut self.files);
        let mut hosts: BTreeSet<String> =
            files.iter().filter_map(|(h, (_, t), _)| said(h.as_deref(), t)).collect();
        if hosts.is_empty() {
            hosts.clone_from(&known);
        }
        let only = if hosts.len() == 1 { hosts.first().cloned() } else { None };
        for (host, (name, content), at) in files {
            let stranger =
                host.as_deref().is_some_and(|h| !known.is_empty() && !known.iter().any(|n| same(n, h)));
            match said(host.as_deref(), &content).or_else(|| only.clone().filter(|_| !stranger)) {
                Some(node) => self.node_file(node, name, content),
                None => self.out.gaps.push(Gap::new(
                    at,
                    Why::NotCollected,
                    "it does not say on which node this was read",
                )),
            }
        }
    }

    fn node_file(&mut self, node: String, name: String, content: String) {
        let is_log = name.ends_with(".log");
        match self.out.nodes.iter_mut().find(|f| f.node == node && f.name == name) {
            Some(file) if is_log => file.text.push_str(&content),
            Some(file) => file.text = content,
            None => self.out.nodes.push(NodeFile { node, name, text: content }),
        }
    }
}
