//! A command line → what its output is.

use crate::kinds;
use kubecause_evidence::Kind;

/// What a command prints.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Command {
    /// The tool, without its path: `kubectl`, `journalctl`. Empty where there was no command.
    pub tool: String,
    /// The words behind the tool.
    pub words: Vec<String>,
    /// The host that it ran on by its own account (`ssh node-1 df -h`).
    pub host: Option<String>,
    /// Whether it ran inside of a container (`kubectl exec`, `docker exec`).
    pub inside: bool,
    /// What follows in the pipe: `grep`, `wc -l`.
    pub pipes: Vec<String>,
    /// Whether several commands stand on the line.
    pub several: bool,
}

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

/// Splits a command line into words, as a shell does, as far as it matters here.
pub fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut quote, mut started) = (None, false);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), c) => word.push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                started = true;
            }
            (None, '\\') => word.extend(chars.next()),
            (None, ' ' | '\t' | '\n') => flush(&mut word, &mut started, &mut words),
            (None, '|' | ';' | '&') => {
                flush(&mut word, &mut started, &mut words);
                let mut mark = c.to_string();
                mark.extend(chars.next_if_eq(&c));
                words.push(mark);
            }
            (None, '#') if word.is_empty() && !words.is_empty() => break,
            (None, c) => word.push(c),
        }
    }
    flush(&mut word, &mut started, &mut words);
    words
}

fn flush(word: &mut String, started: &mut bool, words: &mut Vec<String>) {
    if !word.is_empty() || *started {
        words.push(std::mem::take(word));
    }
    *started = false;
}

impl Command {
    /// Reads a command line.
    pub fn parse(line: &str) -> Self {
        let words: Vec<String> =
            split(line).into_iter().filter(|w| !w.starts_with("2>") && w != "\\").collect();
        let mut parts =
            words.split(|w| matches!(w.as_str(), ";" | "&&" | "||" | "&")).filter(|p| !p.is_empty());
        let mut chosen = parts.next().unwrap_or_default();
        // `cd /x && kubectl get pods` prints what the second prints.
        let mut rest: Vec<&[String]> = parts.collect();
        while matches!(chosen.first().map(String::as_str), Some("cd" | "export" | "set" | "alias"))
            && !rest.is_empty()
        {
            chosen = rest.remove(0);
        }
        let mut pipe = chosen.split(|w| matches!(w.as_str(), "|" | "|&"));
        let mut command = Self::of_words(pipe.next().unwrap_or_default().to_vec());
        command.pipes = pipe.map(|p| p.join(" ")).collect();
        command.several = !rest.is_empty();
        command
    }

    fn of_words(mut words: Vec<String>) -> Self {
        let mut command = Self::default();
        loop {
            let Some(first) = words.first().cloned() else { return command };
            let tool = first.rsplit(['/', '\\']).next().unwrap_or(&first).trim_end_matches(".exe");
            match tool {
                "sudo" | "time" | "watch" | "nohup" | "command" | "exec" | "env" | "nsenter" | "chroot"
                | "timeout" | "microk8s" | "k3s" | "minikube" => {
                    words.remove(0);
                    while words
                        .first()
                        .is_some_and(|w| w.starts_with('-') || w.parse::<f64>().is_ok() || w == "/host")
                    {
                        let flag = words.remove(0);
                        if matches!(flag.as_str(), "-n" | "-u" | "-t")
                            && words.first().is_some_and(|w| !is_tool(w))
                        {
                            words.remove(0);
                        }
                    }
                }
                _ if first.contains('=') && !first.starts_with(['-', '/']) => {
                    words.remove(0);
                }
                "ssh" => {
                    words.remove(0);
                    while words.first().is_some_and(|w| w.starts_with('-')) {
                        let flag = words.remove(0);
                        if matches!(flag.as_str(), "-i" | "-p" | "-l" | "-o" | "-J" | "-F")
                            && !words.is_empty()
                        {
                            words.remove(0);
                        }
                    }
                    if words.is_empty() {
                        return command;
                    }
                    let target = words.remove(0);
                    command.host = Some(target.rsplit('@').next().unwrap_or(&target).to_owned());
                    // `ssh node 'df -h'`: the command came quoted.
                    if let [only] = words.as_slice() {
                        words = split(only);
                    }
                    if words.is_empty() {
                        "ssh".clone_into(&mut command.tool);
                        return command;
                    }
                }
                _ => {
                    command.tool = match tool {
                        "k" | "oc" | "kubecolor" => "kubectl".to_owned(),
                        other => other.to_owned(),
                    };
                    words.remove(0);
                    command.inside = matches!(
                        command.tool.as_str(),
                        "kubectl" | "docker" | "crictl" | "podman" | "nerdctl"
                    ) && words
                        .iter()
                        .take(4)
                        .any(|w| matches!(w.as_str(), "exec" | "run" | "debug" | "rsh" | "attach"));
                    command.words = words;
                    return command;
                }
            }
        }
    }

    /// Whether it is that tool with that first word.
    pub fn is(&self, tool: &str, first: &str) -> bool {
        self.tool == tool
            && (first.is_empty()
                || self.words.iter().find(|w| !w.starts_with('-')).is_some_and(|w| w == first))
    }

    /// Whether a flag is set, alone or among joined letters (`-hi`).
    pub fn has_flag(&self, short: char, long: &str) -> bool {
        self.words.iter().any(|w| {
            w == long || (w.starts_with('-') && !w.starts_with("--") && w.chars().skip(1).any(|c| c == short))
        })
    }

    /// The value of a flag: `-u x`, `-ux`, `--unit x`, `--unit=x`.
    pub fn value(&self, short: &str, long: &str) -> Option<&str> {
        let mut words = self.words.iter();
        while let Some(word) = words.next() {
            let joined = word.len() > 2
                && !word.starts_with("--")
                && word.starts_with('-')
                && word.ends_with(short.trim_start_matches('-'));
            if word == short || word == long || joined {
                return words.next().map(String::as_str);
            }
            if let Some(value) = word.strip_prefix(long).and_then(|v| v.strip_prefix('=')) {
                return Some(value);
            }
            if let Some(value) = word.strip_prefix(short).filter(|v| !v.is_empty() && !word.starts_with("--"))
            {
                return Some(value.trim_start_matches('='));
            }
        }
        None
    }

    /// Whether the output was cut down by what follows in the pipe.
    pub fn is_filtered(&self) -> bool {
        self.several
            || self.pipes.iter().any(|p| {
                !matches!(p.split(' ').next(), Some("less" | "more" | "cat" | "tee" | "sort" | "column"))
            })
    }

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

fn is_tool(word: &str) -> bool {
    matches!(
        word,
        "kubectl"
            | "k"
            | "oc"
            | "journalctl"
            | "crictl"
            | "docker"
            | "df"
            | "systemctl"
            | "dmesg"
            | "free"
            | "ps"
    )
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
        if matches!(self.verb.as_str(), "logs" | "cluster-info" | "version") {
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
        assert_eq!(asked("kubectl get --raw /readyz?verbose").raw.as_deref(), Some("/readyz?verbose"));
        assert!(Command::parse("kubectl exec -it x -- df -h").inside);
        assert!(asked("kubectl get pods widgets.example.com/x").names.len() == 1);
    }

    #[test]
    fn other_tools_and_their_surroundings() {
        let c = Command::parse("ssh -i key root@node-1 'journalctl -u kubelet --no-pager' | tail -50");
        assert_eq!(
            (c.tool.as_str(), c.host.as_deref(), c.value("-u", "--unit")),
            ("journalctl", Some("node-1"), Some("kubelet"))
        );
        assert!(c.is_filtered());
        assert_eq!(Command::parse("iptables-save | wc -l").pipes, ["wc -l"]);
        assert_eq!(Command::parse("cd /x && /usr/bin/df -hi").tool, "df");
        assert!(Command::parse("df -hi").has_flag('i', "--inodes"));
        assert_eq!(Command::parse("ssh node-2").tool, "ssh");
        assert_eq!(Command::parse("").tool, "");
        assert!(Command::parse("df -h; free -m").several);
        assert_eq!(Command::parse("watch -n 2 kubectl get pods").tool, "kubectl");
    }
}
