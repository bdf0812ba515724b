//! The plain text files of a node: `df`, `ps`, `/proc/loadavg`, `/proc/meminfo`, counts.

/// One line of `df`, in bytes (or in inodes, for `df -i`).
#[derive(Debug, Clone, PartialEq)]
pub struct Filesystem {
    /// The device or the name of a virtual file system.
    pub device: String,
    /// Size.
    pub total: f64,
    /// Used.
    pub used: f64,
    /// Free for users.
    pub available: f64,
    /// Where it is mounted.
    pub mount: String,
}

impl Filesystem {
    /// Used over size, 0 to 1.
    pub fn used_share(&self) -> f64 {
        if self.total > 0.0 { 1.0 - self.available / self.total } else { 0.0 }
    }
}

/// Reads `df`, `df -k`, `df -h`, `df -T` and `df -i` in any locale: the last column is the mount point, the one
/// before it a percentage, and before that size, used and available. Without a unit, sizes of a `df` whose header
/// names blocks count in KiB; of one that names inodes, in inodes.
pub fn df(content: &str) -> Vec<Filesystem> {
    let header = content.lines().next().unwrap_or_default();
    let inodes = header.contains("Inode") || header.contains("IUse");
    let unit = if inodes || header.contains("1B-blocks") { 1.0 } else { 1024.0 };
    content.lines().filter_map(|line| df_line(line, unit)).collect()
}

fn df_line(line: &str, unit: f64) -> Option<Filesystem> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let percent = words.iter().rposition(|w| {
        w.strip_suffix('%').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
            || *w == "-"
    })?;
    let mount = words.get(percent + 1..)?.join(" ");
    let [total, used, available] = words.get(percent.checked_sub(3)?..percent)? else { return None };
    if mount.is_empty() || percent < 4 {
        return None;
    }
    let size = |text: &str| size(text, unit);
    Some(Filesystem {
        device: (*words.first()?).to_owned(),
        total: size(total)?,
        used: size(used)?,
        available: size(available)?,
        mount,
    })
}

/// `448M`, `5.8G`, `1992552`. Suffixes of `df -h` are powers of 1024.
fn size(text: &str, unit: f64) -> Option<f64> {
    let last = text.chars().last()?;
    let power = "KMGTP".find(last.to_ascii_uppercase());
    match power {
        Some(i) => {
            let number = number(text.get(..text.len() - 1)?)?;
            Some(number * 1024_f64.powi(i as i32 + 1))
        }
        None => number(text).map(|n| n * unit),
    }
}

/// A number, not `inf` or `nan`, which are numbers to the parser, nor anything near them.
fn number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|n| n.abs() < 1e30)
}

/// `/proc/loadavg`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoadAvg {
    /// Load over 1, 5 and 15 minutes.
    pub load: [f64; 3],
    /// Scheduling entities that exist: threads.
    pub threads: Option<u64>,
}

/// Reads `0.24 1.64 2.92 2/335 5973`.
pub fn loadavg(content: &str) -> Option<LoadAvg> {
    let mut words = content.split_whitespace();
    let mut next = || number(words.next()?);
    let load = [next()?, next()?, next()?];
    let threads = words.next().and_then(|w| w.split_once('/')?.1.parse().ok());
    Some(LoadAvg { load, threads })
}

/// The lines of `/proc/meminfo` that signals read, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[allow(missing_docs, reason = "fields are named after the lines of /proc/meminfo")]
pub struct MemInfo {
    pub total: f64,
    pub free: f64,
    pub available: Option<f64>,
    pub swap_total: f64,
}

/// Reads `/proc/meminfo`.
pub fn meminfo(content: &str) -> Option<MemInfo> {
    let field = |name: &str| {
        let line = content.lines().find(|l| l.strip_prefix(name).is_some_and(|r| r.starts_with(':')))?;
        number(line.split_whitespace().nth(1)?).map(|kib| kib * 1024.0)
    };
    Some(MemInfo {
        total: field("MemTotal")?,
        free: field("MemFree").unwrap_or_default(),
        available: field("MemAvailable"),
        swap_total: field("SwapTotal").unwrap_or_default(),
    })
}

/// One process of `ps`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Process {
    /// Process id.
    pub pid: u64,
    /// State letters, such as `Ssl`, `D`, `T`.
    pub state: String,
    /// Seconds since it was started, where the column was asked for.
    pub elapsed: Option<i64>,
    /// Share of one CPU in percent.
    pub cpu: f64,
    /// Threads, where the column was asked for.
    pub threads: Option<u64>,
    /// Name or command line.
    pub command: String,
}

/// Reads `ps` output of any columns: the header says which is which, the last column may hold blanks.
pub fn ps(content: &str) -> Vec<Process> {
    let mut lines = content.lines().skip_while(|l| !l.split_whitespace().any(|w| w == "PID"));
    let Some(header) = lines.next() else { return Vec::new() };
    let columns: Vec<&str> = header.split_whitespace().collect();
    let at = |names: &[&str]| columns.iter().position(|c| names.contains(c));
    let (Some(pid), state, cpu) = (at(&["PID"]), at(&["STAT", "S"]), at(&["%CPU", "C"])) else {
        return Vec::new();
    };
    let (threads, command) = (at(&["NLWP", "THCNT"]), at(&["COMMAND", "CMD", "COMM"]));
    let elapsed = at(&["ELAPSED", "ETIMES", "ETIME"]);
    lines
        .filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let word = |i: Option<usize>| i.and_then(|i| words.get(i)).copied();
            Some(Process {
                pid: word(Some(pid))?.parse().ok()?,
                state: word(state).unwrap_or_default().to_owned(),
                elapsed: word(elapsed).and_then(seconds),
                cpu: word(cpu).and_then(number).unwrap_or_default(),
                threads: word(threads).and_then(|w| w.parse().ok()),
                command: words.get(command?..)?.join(" "),
            })
        })
        .collect()
}

/// Reads `3409` (etimes) and `1-02:03:04` or `03:04` (etime) as seconds.
fn seconds(text: &str) -> Option<i64> {
    let (days, clock) = text.split_once('-').unwrap_or(("0", text));
    let mut total: i64 = 0;
    for part in clock.split(':') {
        total = total.checked_mul(60)?.checked_add(part.parse().ok()?)?;
    }
    days.parse::<i64>().ok()?.checked_mul(86_400)?.checked_add(total)
}

/// Reads the two numbers of a conntrack file: entries and the limit.
pub fn conntrack(content: &str) -> Option<(u64, u64)> {
    let mut numbers = content.split(|c: char| !c.is_ascii_digit()).filter_map(|w| w.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

/// What the runtime's own command line (`crictl ps`, `ctr c ls`, `docker ps`) answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuntimeAnswer {
    /// It listed that many containers.
    Listed(usize),
    /// It did not answer in time; the client's words.
    TimedOut(String),
    /// It could not be reached or answered with an error; the client's words.
    Failed(String),
}

impl RuntimeAnswer {
    /// Reads the output of such a command, or the words that stand in its place.
    pub fn parse(content: &str) -> Self {
        let trimmed = content.trim();
        let lower = trimmed.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|w| lower.contains(w));
        let lines = trimmed.lines().count();
        if lines <= 5 && says(&["timed out", "deadlineexceeded", "deadline exceeded", "timeout"]) {
            return Self::TimedOut(kubecause_model::one_line(trimmed, 200));
        }
        if lines <= 5
            && says(&["refused", "cannot connect", "no such file", "failed to connect", "rpc error"])
        {
            return Self::Failed(kubecause_model::one_line(trimmed, 200));
        }
        let header = trimmed.lines().next().is_some_and(|l| l.contains("CONTAINER"));
        Self::Listed(lines.saturating_sub(usize::from(header)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn df_in_kib_human_and_inodes() {
        let kib = df("Filesystem     Type 1024-blocks    Used Available Capacity Mounted on\n\
                      /dev/vdb     ext4     1992552 1804524     66788      97% /var/lib\n");
        assert_eq!(
            kib.first().map(|f| (f.available, f.mount.as_str())),
            Some((66788.0 * 1024.0, "/var/lib"))
        );
        let human =
            df("文件系统        容量  已用  可用 已用% 挂载点\n/dev/sda1       5.8G  5.1G  448M   92% /\n");
        assert_eq!(human.first().map(|f| f.available), Some(448.0 * 1024.0 * 1024.0));
        let inodes = df(
            "Filesystem     Type Inodes IUsed  IFree IUse% Mounted on\n/dev/vdb ext4 131072 110 130962 1% /\n",
        );
        assert_eq!(inodes.first().map(|f| f.used), Some(110.0));
        assert!(df("").is_empty());
    }

    #[test]
    fn a_runtime_that_hangs_is_not_one_without_containers() {
        assert!(matches!(RuntimeAnswer::parse("timed out after 5s\n"), RuntimeAnswer::TimedOut(_)));
        assert_eq!(RuntimeAnswer::parse("CONTAINER    IMAGE    RUNTIME    \n"), RuntimeAnswer::Listed(0));
        let refused = "dial unix /run/containerd/containerd.sock: connect: connection refused";
        assert!(matches!(RuntimeAnswer::parse(refused), RuntimeAnswer::Failed(_)));
    }

    #[test]
    fn ps_reads_its_own_header() {
        let found = ps(
            "  PID  PPID STAT ELAPSED %CPU   RSS NLWP COMMAND\n 2176     1 Tsl      308  0.1 52456   14 containerd\n",
        );
        assert_eq!(found.first().map(|p| (p.state.as_str(), p.threads)), Some(("Tsl", Some(14))));
        assert_eq!(found.first().and_then(|p| p.elapsed), Some(308));
        assert_eq!((seconds("1-02:03:04"), seconds("03:04"), seconds("x")), (Some(93_784), Some(184), None));
    }
}
