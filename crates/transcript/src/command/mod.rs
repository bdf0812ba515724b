//! A command line → what its output is.

mod alias;
mod kubectl;
mod words;
mod wrapped;

pub use alias::is_alias;
pub use kubectl::Asked;
use words::split;

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

    fn of_words(words: Vec<String>) -> Self {
        let wrapped::Bare { host, words } = wrapped::bare(words);
        let Some((first, rest)) = words.split_first() else { return Self { host, ..Self::default() } };
        let (tool, mut words) = alias::resolve(wrapped::base(first), rest);
        let container = matches!(tool.as_str(), "docker" | "podman" | "nerdctl" | "crictl" | "lxc")
            .then(|| words.iter().position(|w| w == "kubectl"))
            .flatten();
        if let Some(at) = container {
            // `docker exec kind-control-plane kubectl get pods`: kubectl asks the API from wherever it runs.
            let inner = words.split_off(at);
            return Self { host, ..Self::of_words(inner) };
        }
        let runs = |w: &String| matches!(w.as_str(), "exec" | "run" | "debug" | "rsh" | "attach");
        let enters = ["kubectl", "docker", "crictl", "podman", "nerdctl"].contains(&tool.as_str());
        let inside = enters && words.iter().take(4).any(runs);
        if tool == "kubectl" && words.first().is_some_and(|w| w == "--") {
            words.remove(0);
        }
        Self { tool, words, host, inside, ..Self::default() }
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
}

#[cfg(test)]
mod tests {
    use super::*;

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
