//! What stands before a command and is none itself: `sudo`, `watch -n 2`, `timeout 5`, variables, `ssh node-1`.

use super::words::split;

/// A command without what stands before it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Bare {
    /// The host that `ssh` names.
    pub host: Option<String>,
    /// The tool and its words; only `ssh` where a shell was opened.
    pub words: Vec<String>,
}

const WRAPPERS: [&str; 15] = [
    "sudo", "time", "watch", "nohup", "command", "exec", "env", "nsenter", "chroot", "timeout", "microk8s",
    "k3s", "rke2", "minikube", "k0s",
];

/// The name of a tool without its path.
pub fn base(word: &str) -> &str {
    word.rsplit(['/', '\\']).next().unwrap_or(word).trim_end_matches(".exe")
}

/// Takes away what stands before the command.
pub fn bare(mut words: Vec<String>) -> Bare {
    let mut host = None;
    while let Some(first) = words.first() {
        let tool = base(first);
        if WRAPPERS.contains(&tool) {
            words.remove(0);
            flags(&mut words);
        } else if first.contains('=') && !first.starts_with(['-', '/']) {
            words.remove(0);
        } else if tool == "ssh" {
            let Some(target) = ssh(&mut words) else { return Bare { host, words: Vec::new() } };
            host = Some(target.rsplit('@').next().unwrap_or(&target).to_owned());
            if words.is_empty() {
                return Bare { host, words: vec!["ssh".to_owned()] };
            }
        } else {
            break;
        }
    }
    Bare { host, words }
}

/// Drops the flags of a wrapper, with their values.
fn flags(words: &mut Vec<String>) {
    let is_flag = |w: &String| w.starts_with('-') || w.parse::<f64>().is_ok() || w == "/host";
    while words.first().is_some_and(is_flag) {
        let flag = words.remove(0);
        let valued = matches!(flag.as_str(), "-n" | "-u" | "-t");
        if valued && words.first().is_some_and(|w| !is_tool(w)) {
            words.remove(0);
        }
    }
}

/// Drops `ssh` with its flags; where it leads.
fn ssh(words: &mut Vec<String>) -> Option<String> {
    words.remove(0);
    while words.first().is_some_and(|w| w.starts_with('-')) {
        let flag = words.remove(0);
        let valued = matches!(flag.as_str(), "-i" | "-p" | "-l" | "-o" | "-J" | "-F");
        if valued && !words.is_empty() {
            words.remove(0);
        }
    }
    if words.is_empty() {
        return None;
    }
    let target = words.remove(0);
    if words.first().is_some_and(|w| w == "--") {
        words.remove(0);
    }
    // `ssh node 'df -h'`: the command came quoted.
    if let [only] = words.as_slice() {
        *words = split(only);
    }
    Some(target)
}

fn is_tool(word: &str) -> bool {
    const TOOLS: [&str; 11] =
        ["kubectl", "k", "oc", "journalctl", "crictl", "docker", "df", "systemctl", "dmesg", "free", "ps"];
    TOOLS.contains(&word)
}
