//! What a command prints on a node → the file of a node's folder that holds the same.

use crate::command::Command;

/// A file of a node's folder: its name as captures call it, and its content.
pub type Found = (String, String);

/// What the output of that command is for a node; empty where it is nothing of a node.
pub fn read(command: &Command, text: &str) -> Vec<Found> {
    if command.inside || text.trim().is_empty() {
        return Vec::new();
    }
    let file = |name: &str| vec![(name.to_owned(), text.to_owned())];
    let counted = || command.pipes.iter().any(|p| p.starts_with("wc -l"));
    let searched = || command.is_filtered() && !counted();
    match command.tool.as_str() {
        "journalctl" => journal(command, text),
        "dmesg" => file("kernel.log"),
        "df" if command.has_flag('i', "--inodes") => file("df-inodes.txt"),
        "df" => file("df.txt"),
        "free" => free(command, text).into_iter().collect(),
        "ps" if counted() => {
            number(text, "thread_count.txt").filter(|_| command.has_flag('L', "-eLf")).into_iter().collect()
        }
        "ps" if !searched() && text.contains("PID") => file("ps.txt"),
        "uptime" | "w" | "top" => load(text).into_iter().collect(),
        "uname" => file("uname.txt"),
        "mount" => file("mounts.txt"),
        "iptables-save" | "iptables" if counted() => number(text, "iptables_rules.txt").into_iter().collect(),
        "iptables" if command.words.iter().any(|w| w == "--version" || w == "-V") => {
            file("iptables_version.txt")
        }
        "systemctl" => systemctl(command, text),
        "service" if command.words.iter().any(|w| w == "status") => systemctl(command, text),
        "crictl" | "docker" | "nerdctl" | "ctr" if lists(command) && !searched() => file("containers.txt"),
        "curl" if command.words.iter().any(|w| w.contains(":10248/healthz")) => file("healthz.txt"),
        "cat" | "tail" | "less" | "more" | "head" | "grep" | "egrep" | "zgrep" | "zcat" => {
            files(command, text)
        }
        "sysctl" => sysctl(text),
        _ => Vec::new(),
    }
}

/// A list of containers that somebody gave up waiting for is an answer too: none came.
pub fn interrupted(command: &Command) -> Vec<Found> {
    let waits = matches!(command.tool.as_str(), "crictl" | "docker" | "nerdctl") && lists(command);
    let words = "timed out: interrupted before it printed anything\n";
    if waits && !command.inside { vec![("containers.txt".to_owned(), words.to_owned())] } else { Vec::new() }
}

/// The name of a unit's log.
fn unit(name: &str) -> Option<&'static str> {
    let name = name.trim_end_matches(".service");
    Some(match name {
        "kubelet" => "kubelet.log",
        "containerd" | "crio" | "cri-o" | "k3s" => "containerd.log",
        "docker" | "dockerd" => "docker.log",
        "kube-proxy" => "kube-proxy.log",
        _ => return None,
    })
}

fn journal(command: &Command, text: &str) -> Vec<Found> {
    let name = match command.value("-u", "--unit") {
        Some(name) => unit(name).unwrap_or("journal.log"),
        None if command.has_flag('k', "--dmesg") => "kernel.log",
        None => "journal.log",
    };
    let lines = |l: &&str| !l.starts_with("-- ") && !l.trim().is_empty();
    let any = text.lines().any(|l| kubecause_evidence::log::parse_stamp(l).is_some());
    any.then(|| (name.to_owned(), kept(text, lines))).into_iter().collect()
}

/// The lines that a test picks.
fn kept(text: &str, pick: impl Fn(&&str) -> bool) -> String {
    text.lines().filter(pick).flat_map(|l| [l, "\n"]).collect()
}

fn lists(command: &Command) -> bool {
    ["ps", "c", "containers", "container"].iter().any(|word| command.is(&command.tool, word))
        && !command.has_flag('q', "--quiet")
}

/// `free`, `-m`, `-g`, `-h` → the lines of `/proc/meminfo`.
fn free(command: &Command, text: &str) -> Option<Found> {
    let unit: f64 = match () {
        () if command.has_flag('b', "--bytes") => 1.0 / 1024.0,
        () if command.has_flag('m', "--mebi") => 1024.0,
        () if command.has_flag('g', "--gibi") => 1024.0 * 1024.0,
        () => 1.0,
    };
    let kib = |word: &str| -> Option<f64> {
        let end = word.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(word.len());
        let number: f64 = word.get(..end)?.parse().ok()?;
        Some(match word.as_bytes().get(end) {
            Some(b'B') => number / 1024.0,
            Some(b'K') => number,
            Some(b'M') => number * 1024.0,
            Some(b'G') => number * 1024.0 * 1024.0,
            Some(b'T') => number * 1024.0 * 1024.0 * 1024.0,
            _ => number * unit,
        })
    };
    let header: Vec<&str> = text
        .lines()
        .find(|l| l.contains("total") || l.contains("总计") || l.contains("available"))?
        .split_whitespace()
        .collect();
    let row = |names: &[&str]| -> Option<Vec<f64>> {
        let line = text.lines().find_map(|l| names.iter().find_map(|n| l.trim_start().strip_prefix(n)))?;
        line.split_whitespace().map(kib).collect()
    };
    let memory = row(&["Mem:", "内存：", "内存:"])?;
    let at = |name: &str| header.iter().position(|h| *h == name).and_then(|i| memory.get(i)).copied();
    let lines = [
        ("MemTotal", memory.first().copied()),
        ("MemFree", memory.get(2).copied()),
        ("MemAvailable", at("available").or_else(|| at("可用"))),
        ("SwapTotal", row(&["Swap:", "交换：", "交换:"]).and_then(|s| s.first().copied())),
    ];
    let shown = lines.iter().filter_map(|(name, kib)| Some(format!("{name}: {:.0} kB\n", (*kib)?)));
    Some(("meminfo.txt".to_owned(), shown.collect()))
}

/// `load average: 0.24, 1.64, 2.92` → `/proc/loadavg`.
fn load(text: &str) -> Option<Found> {
    let (_, rest) = text.split_once("load average")?;
    let rest = rest.lines().next()?.trim_start_matches(['s', ':', ' ']);
    let numbers: Vec<f64> = rest
        .split(", ")
        .flat_map(|p| p.split_whitespace())
        .map_while(|w| w.trim_matches(',').parse().ok())
        .collect();
    let [one, five, fifteen, ..] = numbers.as_slice() else { return None };
    Some(("loadavg.txt".to_owned(), format!("{one} {five} {fifteen}\n")))
}

fn number(text: &str, name: &str) -> Option<Found> {
    let line = text.lines().map(str::trim).find(|l| !l.is_empty())?;
    line.parse::<u64>().ok().map(|n| (name.to_owned(), format!("{n}\n")))
}

/// `systemctl status`: the state of the unit, and the last lines of its log.
fn systemctl(command: &Command, text: &str) -> Vec<Found> {
    if command.words.iter().any(|w| w == "--version") {
        return vec![("systemd_version.txt".to_owned(), text.to_owned())];
    }
    let stamped = |l: &&str| kubecause_evidence::log::parse_stamp(l).is_some();
    let log = kept(text, stamped);
    let name = command.words.iter().find_map(|w| unit(w)).unwrap_or("journal.log");
    let mut found = vec![("units.txt".to_owned(), text.to_owned())];
    if !log.is_empty() {
        found.push((name.to_owned(), log));
    }
    found
}

/// `cat /proc/meminfo`, `tail -f /var/log/messages`, `grep x /var/log/kubelet.log`.
fn files(command: &Command, text: &str) -> Vec<Found> {
    let Some(path) = command.words.iter().find(|w| w.starts_with('/')) else { return Vec::new() };
    let base = path.rsplit('/').next().unwrap_or(path);
    let fixed = match path.as_str() {
        "/proc/meminfo" => "meminfo.txt",
        "/proc/loadavg" => "loadavg.txt",
        "/proc/mounts" | "/etc/mtab" => "mounts.txt",
        "/proc/sys/kernel/pid_max" => return number(text, "pid_max.txt").into_iter().collect(),
        "/var/log/messages" | "/var/log/syslog" => "messages.log",
        "/var/log/dmesg" | "/var/log/kern.log" => "kernel.log",
        "/etc/containerd/config.toml" => "runtime_config.toml",
        p if p.starts_with("/var/log/") => match base.split('.').next().and_then(unit) {
            Some(name) => name,
            None => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    vec![(fixed.to_owned(), text.to_owned())]
}

/// `kernel.pid_max = 32768`, `net.netfilter.nf_conntrack_count = 7`.
fn sysctl(text: &str) -> Vec<Found> {
    let value = |name: &str| {
        let line =
            text.lines().find_map(|l| l.trim().strip_prefix(name)?.trim_start().strip_prefix(['=', ':']))?;
        line.trim().parse::<u64>().ok()
    };
    let mut found = Vec::new();
    if let Some(max) = value("kernel.pid_max") {
        found.push(("pid_max.txt".to_owned(), format!("{max}\n")));
    }
    if let (Some(count), Some(max)) =
        (value("net.netfilter.nf_conntrack_count"), value("net.netfilter.nf_conntrack_max"))
    {
        found.push(("conntrack.txt".to_owned(), format!("{count} {max}\n")));
    }
    found
}

/// Log lines in a text that no command is shown for, by who wrote them. Prose between them is left out.
pub fn loose_logs(text: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for line in text.lines().filter(|l| kubecause_evidence::log::parse_stamp(l).is_some()) {
        let Some(name) = writer(line) else { continue };
        match found.iter_mut().find(|(n, _)| n == name) {
            Some((_, log)) => {
                log.push_str(line);
                log.push('\n');
            }
            None => found.push((name.to_owned(), format!("{line}\n"))),
        }
    }
    found
}

/// Who wrote a line, by the tag that syslog and the journal put behind the host, or by the source file that klog names.
fn writer(line: &str) -> Option<&'static str> {
    const TAGS: [(&str, &str); 7] = [
        (" kubelet[", "kubelet.log"),
        (" kubelet: ", "kubelet.log"),
        (" containerd[", "containerd.log"),
        (" crio[", "containerd.log"),
        (" dockerd[", "docker.log"),
        (" docker[", "docker.log"),
        (" kernel: ", "kernel.log"),
    ];
    const KUBELET: [&str; 13] = [
        "kubelet.go:",
        "eviction_manager.go:",
        "pod_workers.go:",
        "remote_runtime.go:",
        "kuberuntime_manager.go:",
        "kubelet_node_status.go:",
        "generic.go:",
        "reconciler.go:",
        "nestedpendingoperations.go:",
        "docker_sandbox.go:",
        "cni.go:",
        "prober.go:",
        "helpers.go:",
    ];
    let head = line.get(..line.floor_char_boundary(200)).unwrap_or(line);
    if let Some((_, name)) = TAGS.iter().find(|(tag, _)| head.contains(tag)) {
        return Some(name);
    }
    let klog = line.trim_start().starts_with(['I', 'W', 'E', 'F']) && head.contains(".go:");
    (klog && KUBELET.iter().any(|file| head.contains(file))).then_some("kubelet.log")
}

/// The host that the lines of a log name: `Oct 16 09:50:55 node-1 kubelet[17144]: …`.
pub fn host_of(log: &str) -> Option<&str> {
    log.lines().take(50).find_map(|line| {
        let mut words = line.split_whitespace().skip_while(|w| w.matches(':').count() != 2).skip(1);
        let (host, tag) = (words.next()?, words.next()?);
        let is_tag = tag.ends_with(':') && (tag.contains('[') || tag.len() > 2);
        let is_host =
            host.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)) && !host.ends_with(".go");
        (is_tag && is_host).then_some(host)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &str, text: &str) -> Vec<String> {
        read(&Command::parse(line), text).into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn commands_have_their_file() {
        for (line, text, name) in [
            ("journalctl -u kubelet -f", "Oct 16 09:50:55 n kubelet[1]: x\n", "kubelet.log"),
            ("journalctl -xeu containerd.service", "Oct 16 09:50:55 n containerd[1]: x\n", "containerd.log"),
            ("dmesg -T | tail", "x\n", "kernel.log"),
            ("df -h", "x\n", "df.txt"),
            ("df -hi", "x\n", "df-inodes.txt"),
            ("ps aux", "USER PID %CPU\n", "ps.txt"),
            ("iptables-save | wc -l", "4711\n", "iptables_rules.txt"),
            ("cat /proc/sys/kernel/pid_max", "32768\n", "pid_max.txt"),
            ("tail -n 100 /var/log/messages", "x\n", "messages.log"),
            ("crictl ps -a", "CONTAINER\n", "containers.txt"),
            ("uptime", " 10:00:00 up 1 day,  1 user,  load average: 0.24, 1.64, 2.92\n", "loadavg.txt"),
        ] {
            assert_eq!(names(line, text), [name], "{line}");
        }
        assert!(names("ps -ef|grep kubelet", "root 1 2 x PID\n").is_empty());
        assert!(names("kubectl exec x -- df -h", "x\n").is_empty());
    }

    #[test]
    fn memory_in_any_unit() {
        let text = "              total        used        free      shared  buff/cache   available\nMem:           7.6G        1.2G        512M          0B        5.9G        6.1G\nSwap:            0B          0B          0B\n";
        let found = read(&Command::parse("free -h"), text);
        assert!(
            found[0].1.contains("MemFree: 524288 kB\n") && found[0].1.contains("SwapTotal: 0 kB"),
            "{found:?}"
        );
    }

    #[test]
    fn a_log_names_its_host() {
        let line = "10月 16 09:50:55 ubuntu-k8s-3 kubelet[17144]: W1016 09:50:55.056703   17144 eviction_manager.go:331] x";
        assert_eq!(host_of(line), Some("ubuntu-k8s-3"));
        assert_eq!(host_of("E1016 09:50:55.056703   17144 eviction_manager.go:331] x: y"), None);
        assert_eq!(
            loose_logs(&format!("prose\n{line}\nmore prose\n")),
            [("kubelet.log".to_owned(), format!("{line}\n"))]
        );
    }
}
