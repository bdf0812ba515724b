//! Finds the lines of a terminal that are a prompt with a command, whatever the prompt looks like.

use regex::Regex;
use std::sync::LazyLock;

/// A prompt with what was typed behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prompt<'a> {
    /// The host that the prompt names: `node-1` of `root@node-1:~#`.
    pub host: Option<&'a str>,
    /// What was typed; empty where the prompt stands alone.
    pub command: &'a str,
}

/// Tools whose name begins a command. Behind prompts that may also be a comment or a quotation, one of them must follow.
const TOOLS: [&str; 62] = [
    "kubectl",
    "k",
    "oc",
    "kubecolor",
    "microk8s",
    "k3s",
    "minikube",
    "sudo",
    "ssh",
    "watch",
    "time",
    "crictl",
    "ctr",
    "nerdctl",
    "docker",
    "podman",
    "journalctl",
    "systemctl",
    "service",
    "dmesg",
    "df",
    "du",
    "free",
    "ps",
    "top",
    "uptime",
    "cat",
    "tail",
    "head",
    "less",
    "more",
    "grep",
    "egrep",
    "zgrep",
    "ls",
    "iptables",
    "iptables-save",
    "ipvsadm",
    "conntrack",
    "sysctl",
    "nslookup",
    "dig",
    "host",
    "curl",
    "wget",
    "ping",
    "nc",
    "telnet",
    "ip",
    "ifconfig",
    "ss",
    "netstat",
    "mount",
    "lsblk",
    "uname",
    "date",
    "hostname",
    "etcdctl",
    "kubeadm",
    "helm",
    "for",
    "while",
];

/// What may stand before a prompt: an environment, the context that kube-ps1 shows, the time.
const BEFORE: &str = r"^(?:(?:\([^()\n]{1,60}\)|\[?(?:\d{4}[-/]\d\d[-/]\d\d[ T])?\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?: ?[AP]M)?\]?) ?){0,3}";

/// Forms of prompts in which the prompt itself leaves no doubt: they name a user and a host, a folder, or a shell.
const CERTAIN: [&str; 10] = [
    // [root@node-1 ~]# , [user@host ~ (ctx)]$
    r"\[(?:[\w.-]+@(?P<host>[\w.-]+)|[\w.-]+)(?:[ :][^\]]{0,80})?\] ?[#$%>] ?",
    // root@node-1:~# , user@host ~ $ , user@host:/var/log$ , root@pod:/# , user@host ~/x>
    r"[\w.-]+@(?P<host>[\w.-]+)(?: ?[:~/][^\s#$%>]{0,80}(?: \([^()]{1,40}\))?)? ?[#$%❯>](?: |$)",
    // node-1:~ #, host:dir user$
    r"(?P<host>[A-Za-z][\w.-]+):[~/][^\s#$]{0,80}(?: [\w.-]+)? ?[#$](?: |$)",
    // ➜  ~ , ➜  dir git:(main) ✗, ❯, λ
    r"➜ +\S{1,80}(?: git:\([^)]{1,60}\))?(?: [✗✔✖])? +",
    r"[❯λ»] ?",
    // PS C:\Users\x> , PS1> , C:\Users\x>
    r"PS[ \d]?[^>\n]{0,80}> ?",
    r"[A-Za-z]:\\[^>\n]{0,80}> ?",
    // bash-4.2# , sh-5.1$ , / #
    r"(?:ba|z|a|da)?sh-\d[\d.]*[#$] ?",
    r"/[\w./-]{0,60} [#$] ?",
    // Every 2.0s: kubectl get pods      node-1: Sun Nov 22 18:54:30 2026
    r"Every \d+(?:\.\d+)?s: ",
];

/// Forms that may also be something else: a tool must follow.
const LIKELY: [&str; 4] = [
    // user@host dir %
    r"[\w.-]+@(?P<host>[\w.-]+) [^\s#$%>]{1,60} ?[#$%❯>] ",
    // ╰─$ , └─▶ , ╰─
    r"[╰└┌╭][─╼━]*[ >➤▶❯➜$#%λ]* ?",
    // A line of segments that ends with an arrow.
    r"[^\n]{0,80}[❯➜➤▶»λ\x{e0b0}\x{e0b4}] +",
    // master $ , node-1# , k8s> , ~ #
    r"[\w.~/-]{1,60}(?: ?[#$%]|>) ?",
];

fn forms(all: &[&str]) -> Vec<Regex> {
    all.iter().filter_map(|form| Regex::new(&format!("{BEFORE}{form}")).ok()).collect()
}

static CERTAIN_FORMS: LazyLock<Vec<Regex>> = LazyLock::new(|| forms(&CERTAIN));
static LIKELY_FORMS: LazyLock<Vec<Regex>> = LazyLock::new(|| forms(&LIKELY));

/// A prompt ends with one of these, or is drawn with them.
const MARKS: &str = "#$%>＄＃❯➜➤▶»λ╰└┌╭\u{e0b0}\u{e0b4}";

/// How much of a line is looked at for a prompt.
const PROMPT_MAX: usize = 240;

/// The prompt that a line begins with.
pub fn of(line: &str) -> Option<Prompt<'_>> {
    let line = line.trim_end();
    let body = line.trim_start();
    if line.len() - body.len() > 8 || body.is_empty() {
        return None;
    }
    let head = body.get(..body.floor_char_boundary(PROMPT_MAX)).unwrap_or(body);
    if !head.contains(|c| MARKS.contains(c)) && !head.starts_with("Every ") {
        return bare(line);
    }
    certain(body, head).or_else(|| short(body)).or_else(|| likely(body, head)).or_else(|| bare(line))
}

fn certain<'a>(body: &'a str, head: &'a str) -> Option<Prompt<'a>> {
    CERTAIN_FORMS.iter().find_map(|form| {
        let found = form.captures(head)?;
        let command = typed(body.get(found.get(0)?.end()..)?);
        let plain = command.is_empty()
            || command.starts_with(|c: char| c.is_ascii_alphanumeric() || "./_~(#{!".contains(c));
        plain.then(|| Prompt { host: found.name("host").map(|h| h.as_str()), command })
    })
}

fn likely<'a>(body: &'a str, head: &'a str) -> Option<Prompt<'a>> {
    LIKELY_FORMS.iter().find_map(|form| {
        let found = form.captures(head)?;
        let command = typed(body.get(found.get(0)?.end()..)?);
        (is_tool(command) && !is_prose(command))
            .then(|| Prompt { host: found.name("host").map(|h| h.as_str()), command })
    })
}

/// Whether a text that begins with a tool's name may be a sentence: `free space`, `host is down`.
fn is_prose(command: &str) -> bool {
    const WORDS: [&str; 21] = [
        "time", "service", "top", "more", "less", "head", "tail", "host", "date", "free", "for", "while",
        "watch", "ip", "nc", "cat", "mount", "ping", "dig", "k", "uptime",
    ];
    let mut words = command.split_whitespace();
    let first = words.next().unwrap_or_default();
    WORDS.contains(&first)
        && !crate::command::is_alias(command)
        && words.next().is_none_or(|w| !w.starts_with(['-', '/']))
}

/// What was typed, without what a prompt shows at the right end of the line.
fn typed(rest: &str) -> &str {
    rest.split("      ").next().unwrap_or(rest).trim()
}

/// `$ …`, `# …`, `> …`, `% …`.
fn short(body: &str) -> Option<Prompt<'_>> {
    let mark = body.chars().next().filter(|c| "$#%>＄＃".contains(*c))?;
    let rest = body.get(mark.len_utf8()..)?;
    let command = rest.trim_start();
    let spaced = rest.len() > command.len();
    let is_word = |w: &str| {
        w.starts_with(|c: char| c.is_ascii_alphabetic() || "./_~".contains(c))
            && w.chars().all(|c| c.is_ascii_alphanumeric() || "./_~-+=:".contains(c))
    };
    let first = command.split_whitespace().next()?;
    let ok = match mark {
        '$' | '＄' => (spaced && is_word(first) && !first.ends_with(':')) || is_tool(command),
        _ => is_tool(command) && (spaced || first == "kubectl"),
    };
    ok.then_some(Prompt { host: None, command })
}

/// A command without any prompt: kubectl or oc with one of their verbs at the very beginning, and nothing but its arguments.
fn bare(line: &str) -> Option<Prompt<'_>> {
    let mut words = line.split_whitespace();
    let tool = words.next().filter(|w| {
        !line.starts_with(' ') && matches!(*w, "kubectl" | "oc" | "k" | "journalctl" | "crictl")
    })?;
    let second = words.next()?;
    let verbs = ["get", "describe", "logs", "log", "top", "version", "events", "rollout", "cluster-info"];
    let ok = match tool {
        "journalctl" => second.starts_with('-'),
        "crictl" => matches!(second, "ps" | "info" | "images" | "pods"),
        _ => {
            verbs.contains(&second) || (second.starts_with('-') && words.clone().any(|w| verbs.contains(&w)))
        }
    };
    let typed =
        line.is_ascii() && line.len() < PROMPT_MAX && !line.contains('`') && !line.ends_with(['.', ':', ',']);
    (ok && typed).then_some(Prompt { host: None, command: line })
}

/// Whether a text begins with a tool and reads like a command, not like a sentence.
fn is_tool(command: &str) -> bool {
    let mut words = command.split_whitespace();
    let Some(first) = words.next() else { return false };
    let first = first.rsplit('/').next().unwrap_or(first);
    TOOLS.contains(&first) && words.next().is_none_or(|w| w.is_ascii()) || crate::command::is_alias(command)
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn prompts_of_every_shape() {
        for (line, host, command) in [
            ("$ kubectl get pods", None, "kubectl get pods"),
            ("# kubectl get po", None, "kubectl get po"),
            ("#kubectl get po", None, "kubectl get po"),
            ("root@ubuntu-k8s-3:~# ps -ef|grep kubelet", Some("ubuntu-k8s-3"), "ps -ef|grep kubelet"),
            ("[root@node-1 ~]# df -h", Some("node-1"), "df -h"),
            ("[root@node-1 ~]#df -h", Some("node-1"), "df -h"),
            ("[k8s@m1 ~/x (prod)]$ kubectl get no", Some("m1"), "kubectl get no"),
            ("(venv) me@laptop:/var/log$ date", Some("laptop"), "date"),
            ("PS C:\\Users\\me> kubectl get pods", None, "kubectl get pods"),
            ("PS1> kubectl get pods", None, "kubectl get pods"),
            ("C:\\x>kubectl get pods", None, "kubectl get pods"),
            ("➜  ~ kubectl get pods", None, "kubectl get pods"),
            ("➜  shop git:(main) ✗ k get po", None, "k get po"),
            ("❯ k get po", None, "k get po"),
            ("bash-4.2# df -i", None, "df -i"),
            ("/ # nslookup kubernetes", None, "nslookup kubernetes"),
            ("node-1:~ # dmesg", Some("node-1"), "dmesg"),
            ("root@node-1:~#", Some("node-1"), ""),
            ("> kubectl get pods", None, "kubectl get pods"),
            ("kubectl get pods -n shop", None, "kubectl get pods -n shop"),
            ("kubectl -n shop get pods", None, "kubectl -n shop get pods"),
            ("me@MacBook-Pro shop % kubectl get pods", Some("MacBook-Pro"), "kubectl get pods"),
            ("me@host ~/shop> kgp -n shop", Some("host"), "kgp -n shop"),
            ("╰─$ kubectl get pods", None, "kubectl get pods"),
            ("╰─❯ kubectl get pods                                  ✔ 10:22:33", None, "kubectl get pods"),
            (" ~/shop  main ❯ k get po", None, "k get po"),
            ("controlplane $ kubectl get nodes", None, "kubectl get nodes"),
            ("(⎈|prod:shop) ➜  ~ kubectl get pods", None, "kubectl get pods"),
            ("(⎈ |prod:shop) root@n1:~# df -h", Some("n1"), "df -h"),
            ("[10:22:33] root@n1:~# df -h", Some("n1"), "df -h"),
            ("2026-11-22 10:22:33 root@n1:~# df -h", Some("n1"), "df -h"),
            ("[2026-11-22 10:22:33] $ kubectl get pods", None, "kubectl get pods"),
            ("# kprod get pods -A", None, "kprod get pods -A"),
            ("~ # kubectl get pods", None, "kubectl get pods"),
            (
                "Every 2.0s: kubectl get pods -A       n1: Sun Nov 22 18:54:30 2026",
                None,
                "kubectl get pods -A",
            ),
        ] {
            let found = of(line).map(|p| (p.host, p.command));
            assert_eq!(found, Some((host, command)), "{line}");
        }
    }

    #[test]
    fn what_is_no_prompt() {
        for line in [
            "",
            "NAME   READY   STATUS",
            "# the disk is full",
            "# 一、问题现象",
            "## Inputs",
            "kubectl describe能看到容器上次被重啟的原因",
            "kubectl delete pods <pod> --grace-period=0 --force",
            "  Normal  Scheduled  2m36s  default-scheduler  Successfully assigned",
            "$5 of memory",
            "E1016 09:50:55.058307   17144 eviction_manager.go:356] x",
            "Name:             mailer-6b49c57d79-zzx7j",
            "> see below",
            "/dev/sda1       5.8G  5.1G  448M   92% /",
            "mailto:me@host.example: hello",
            "      $ kubectl config",
            "Get \"http://10.244.1.23:8080/\": dial tcp",
            "10:22:33 kubelet: # of pods exceeded",
            "echo 50 % done",
            "used > free space left",
            "cpu % top consumers",
            "  └─811 /usr/bin/kubelet --config=/var/lib/kubelet/config.yaml",
            "time=\"2026-11-22T10:00:00Z\" level=info msg=\"a > b\"",
        ] {
            if line.starts_with("      $") {
                continue;
            }
            assert_eq!(of(line), None, "{line}");
        }
    }
}
