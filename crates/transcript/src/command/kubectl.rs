//! What the words of a kubectl command ask for.

use super::Command;
use crate::kinds;
use kubecause_evidence::Kind;

/// What was asked of kubectl.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "one per flag")]
pub struct Asked {
    /// `get`, `describe`, `logs` …
    pub verb: String,
    /// The kinds that were named.
    pub kinds: Vec<Kind>,
    /// Words that name no kind that kubecause knows.
    pub unknown: bool,
    /// Single objects that were named.
    pub names: Vec<String>,
    /// `-n`.
    pub namespace: Option<String>,
    /// `-A`.
    pub everywhere: bool,
    /// `-o`.
    pub output: String,
    /// A selector, or another flag that leaves objects out.
    pub selected: bool,
    /// `-c`.
    pub container: Option<String>,
    /// `--previous`.
    pub previous: bool,
    /// `--raw`.
    pub raw: Option<String>,
    /// `--prefix`.
    pub prefix: bool,
    /// `--no-headers`.
    pub headless: bool,
}

/// Flags of kubectl that take the next word as their value.
const VALUED: [&str; 34] = [
    "-n",
    "--namespace",
    "-o",
    "--output",
    "-l",
    "--selector",
    "--field-selector",
    "--context",
    "--kubeconfig",
    "-c",
    "--container",
    "--tail",
    "--since",
    "--since-time",
    "--sort-by",
    "-L",
    "--label-columns",
    "--cluster",
    "--user",
    "-s",
    "--server",
    "--token",
    "--as",
    "--as-group",
    "--request-timeout",
    "--chunk-size",
    "--template",
    "--limit-bytes",
    "--max-log-requests",
    "-v",
    "--v",
    "--raw",
    "--types",
    "--for",
];

impl Command {
    /// What was asked of kubectl, where it is kubectl.
    pub fn asked(&self) -> Option<Asked> {
        if self.tool != "kubectl" || self.inside {
            return None;
        }
        let mut asked = Asked::default();
        let mut positional: Vec<&str> = Vec::new();
        let mut words = self.words.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                break;
            }
            if !word.starts_with('-') || word == "-" {
                positional.push(word);
                continue;
            }
            let (flag, joined) = match word.split_once('=') {
                Some((flag, value)) => (flag, Some(value)),
                None if !word.starts_with("--")
                    && word.len() > 2
                    && VALUED.contains(&word.get(..2).unwrap_or("")) =>
                {
                    (word.get(..2).unwrap_or(word), word.get(2..))
                }
                None => (word.as_str(), None),
            };
            let value = match joined {
                Some(value) => Some(value.to_owned()),
                None if VALUED.contains(&flag) => words.next().cloned(),
                None => None,
            };
            asked.flag(flag, value);
        }
        asked.targets(&positional);
        Some(asked)
    }
}

impl Asked {
    fn flag(&mut self, flag: &str, value: Option<String>) {
        match flag {
            "-n" | "--namespace" => self.namespace = value,
            "-A" | "--all-namespaces" => self.everywhere = value.is_none_or(|v| v != "false"),
            "-o" | "--output" => self.output = value.unwrap_or_default(),
            "-l" | "--selector" | "--field-selector" | "-f" | "--filename" | "-w" | "--watch"
            | "--watch-only" | "--types" | "--for" | "--chunk-size" => {
                self.selected = true;
            }
            "-c" | "--container" => self.container = value,
            "-p" | "--previous" => self.previous = value.is_none_or(|v| v != "false"),
            "--prefix" => self.prefix = true,
            "--no-headers" => self.headless = value.is_none_or(|v| v != "false"),
            "--raw" => self.raw = value,
            _ => {}
        }
    }

    fn targets(&mut self, positional: &[&str]) {
        let Some((verb, rest)) = positional.split_first() else { return };
        (*verb).clone_into(&mut self.verb);
        if self.verb == "log" {
            "logs".clone_into(&mut self.verb);
        }
        if matches!(self.verb.as_str(), "logs" | "exec" | "cluster-info" | "version") {
            self.names = rest.iter().map(|w| (*w).to_owned()).collect();
            return;
        }
        if self.verb == "events" {
            self.kinds = vec![Kind::Event];
            return;
        }
        let mut rest = rest.iter();
        let Some(first) = rest.next() else { return };
        for word in first.split(',') {
            let (kind, name) = word.split_once('/').map_or((word, None), |(k, n)| (k, Some(n)));
            let kinds = kinds::named(kind);
            self.unknown |= kinds.is_empty();
            self.kinds.extend(kinds);
            self.names.extend(name.map(ToOwned::to_owned));
        }
        // `kubectl describe node-1`: the kind was forgotten, as in a command that was typed anew.
        if self.kinds.is_empty() && self.verb == "describe" && rest.len() == 0 {
            self.names.push((*first).to_owned());
        }
        for word in rest {
            match word.split_once('/') {
                Some((kind, name)) => {
                    self.kinds.extend(kinds::of(kind));
                    self.names.push(name.to_owned());
                }
                None => self.names.push((*word).to_owned()),
            }
        }
    }

    /// Whether all objects of the kinds were asked for, in the namespaces that were named.
    pub fn is_listing(&self) -> bool {
        matches!(self.verb.as_str(), "get" | "describe" | "events")
            && self.names.is_empty()
            && !self.selected
            && self.raw.is_none()
            && !self.is_a_choice()
    }

    /// Whether the output is what the person chose of each object: custom columns, a path, a template, names.
    pub fn is_a_choice(&self) -> bool {
        let form = self.output.split('=').next().unwrap_or_default();
        !matches!(form, "" | "wide" | "yaml" | "json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Asked {
        Command::parse(line).asked().unwrap_or_default()
    }

    #[test]
    fn kubectl_and_its_flags() {
        let a = asked("kubectl get pvc,svc,endpoints -n shop --sort-by=.x -owide");
        assert_eq!(
            (a.verb.as_str(), a.kinds.len(), a.namespace.as_deref(), a.output.as_str()),
            ("get", 3, Some("shop"), "wide")
        );
        assert!(a.is_listing());
        let a = asked("sudo KUBECONFIG=/x k -n kube-system describe pod/coredns-1 pod/coredns-2");
        assert_eq!(
            (a.verb.as_str(), a.names.len(), a.namespace.as_deref()),
            ("describe", 2, Some("kube-system"))
        );
        assert!(!a.is_listing());
        let a = asked("kubectl logs -n shop pod/cart-1 --previous --tail=20 -c app");
        assert_eq!(
            (a.names, a.container.as_deref(), a.previous),
            (vec!["pod/cart-1".to_owned()], Some("app"), true)
        );
        assert!(asked("kubectl get pods -A").everywhere);
        assert!(!asked("kubectl get pods -l app=x").is_listing());
        assert!(asked("kubectl get pods --no-headers").headless);
        assert!(asked("kubectl get pods -o custom-columns=NAME:.metadata.name").is_a_choice());
        assert_eq!(asked("kubectl get --raw /readyz?verbose").raw.as_deref(), Some("/readyz?verbose"));
        assert!(Command::parse("kubectl exec -it x -- df -h").inside);
        assert!(asked("kubectl get pods widgets.example.com/x").names.len() == 1);
    }
}
