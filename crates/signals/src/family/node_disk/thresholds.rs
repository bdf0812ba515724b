//! The eviction thresholds in force on a node, and where that is written.

use super::words::between;
use crate::family::asked;
use kubecause_evidence::log::LogSource;
use kubecause_evidence::node::{KubeletConfig, NodeFacts, Threshold};

/// The thresholds of one kubelet.
#[derive(Debug, Clone, Default)]
pub(super) struct Thresholds {
    /// Signal, threshold as it is written.
    pub(super) hard: Vec<(String, String)>,
    /// Soft ones: crossing one raises the condition at once.
    pub(super) soft: Vec<(String, String)>,
    /// Where they are written; `kubelet's defaults` where nothing says.
    pub(super) source: String,
}

/// What stands where nothing is known.
pub(super) const DEFAULTS: &str = "kubelet's defaults";

impl Thresholds {
    /// The thresholds of that node: `/configz`, else what the kubelet logged at its start, else the flag, else the
    /// defaults.
    pub(super) fn of(node: &str, facts: Option<&NodeFacts>) -> Self {
        facts
            .and_then(|f| from_configz(node, f).or_else(|| from_log(f)).or_else(|| from_flag(f)))
            .unwrap_or_else(|| Self { hard: defaults(), soft: Vec::new(), source: DEFAULTS.into() })
    }

    /// The threshold of that signal that is reached first, hard or soft, for that capacity: value and text.
    pub(super) fn first(&self, signal: &str, capacity: f64) -> Option<(f64, String)> {
        let all = self.hard.iter().map(|t| (t, "")).chain(self.soft.iter().map(|t| (t, " (soft)")));
        all.filter(|((name, _), _)| name == signal)
            .filter_map(|((_, text), kind)| {
                Some((Threshold::parse(text)?.of(capacity), format!("{text}{kind}")))
            })
            .max_by(|a, b| a.0.total_cmp(&b.0))
    }

    /// The whole set as one value of `--eviction-hard`.
    pub(super) fn text(&self) -> String {
        join(&self.hard)
    }

    /// The whole set with one signal set to something else, and the signals that a bare set would lose added with
    /// their defaults: the hard set is replaced whole, whoever sets one signal must write them all.
    pub(super) fn with(&self, signal: &str, value: &str) -> String {
        let mut set = self.hard.clone();
        for (name, text) in defaults() {
            if !set.iter().any(|(n, _)| *n == name) {
                set.push((name, text));
            }
        }
        match set.iter_mut().find(|(name, _)| name == signal) {
            Some(entry) => value.clone_into(&mut entry.1),
            None => set.push((signal.to_owned(), value.to_owned())),
        }
        set.sort();
        join(&set)
    }
}

fn join(set: &[(String, String)]) -> String {
    set.iter().map(|(name, text)| format!("{name}<{text}")).collect::<Vec<_>>().join(",")
}

fn defaults() -> Vec<(String, String)> {
    let mut set: Vec<_> =
        KubeletConfig::DEFAULT_HARD.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect();
    set.sort();
    set
}

fn from_configz(node: &str, facts: &NodeFacts) -> Option<Thresholds> {
    let config = facts.configz.as_ref()?;
    let pairs = |map: &std::collections::BTreeMap<String, String>| -> Vec<_> {
        map.iter().map(|(k, v)| (k.clone(), v.clone())).collect()
    };
    let given = pairs(&config.eviction_hard);
    let hard = if given.is_empty() { defaults() } else { given };
    Some(Thresholds {
        hard,
        soft: pairs(&config.eviction_soft),
        source: format!("nodes/{node}/configz.json"),
    })
}

/// `HardEvictionThresholds:[{Signal:nodefs.available Operator:LessThan Value:{Quantity:<nil> Percentage:0.1} …` of an
/// old kubelet's log, or the same as JSON. The last start counts.
/// Source: `pkg/kubelet/cm/container_manager_linux.go`, "Creating Container Manager object based on Node Config".
fn from_log(facts: &NodeFacts) -> Option<Thresholds> {
    let logs = facts.logs_of(&LogSource::Kubelet).chain(facts.logs_of(&LogSource::System));
    for log in logs {
        let Some((line, text)) = log.lines_with(asked::THRESHOLDS).last() else { continue };
        let rest = text.rsplit_once("HardEvictionThresholds").map_or("", |(_, rest)| rest);
        let rest = rest.replace('"', "").replace(',', " ");
        let hard = dumped(&rest);
        if hard.is_empty() {
            continue;
        }
        return Some(Thresholds { hard, soft: Vec::new(), source: log.reference(line) });
    }
    None
}

fn dumped(line: &str) -> Vec<(String, String)> {
    let list = line.split_once(":[").map_or("", |(_, list)| list);
    let list = list.split_once(']').map_or(list, |(inside, _)| inside);
    let mut set: Vec<(String, String)> = list
        .split("{Signal:")
        .skip(1)
        .filter_map(|part| {
            let signal = part.split_whitespace().next()?;
            let quantity = between(part, "Quantity:", " ")?;
            let share: f64 = between(part, "Percentage:", "}")?.trim().parse().ok()?;
            let absolute = !matches!(quantity, "<nil>" | "null" | "nil" | "");
            let text = if absolute { quantity.to_owned() } else { percent(share) };
            Some((signal.to_owned(), text))
        })
        .collect();
    set.sort();
    set
}

/// A share as percent, without the noise of a 32-bit float (`0.05` comes back as `5%`).
pub(super) fn percent(share: f64) -> String {
    let value = (share * 10_000.0).round() / 100.0;
    format!("{value}%")
}

/// `--eviction-hard=…` of the process list or of the log's list of flags; the older kubelets had no file.
fn from_flag(facts: &NodeFacts) -> Option<Thresholds> {
    let in_ps = facts.processes.iter().map(|p| p.command.as_str());
    let lines = facts
        .logs_of(&LogSource::Kubelet)
        .flat_map(|l| l.lines_with(asked::EVICTION_FLAG).map(|(_, line)| line));
    let flagged = in_ps.chain(lines).filter_map(|text| {
        let value = text.split_once("--eviction-hard=")?.1.trim_start_matches('"');
        let value = value.split(['"', ' ']).next()?;
        let pairs = value.split(',').filter_map(|p| p.split_once('<'));
        let set: Vec<_> = pairs.map(|(n, t)| (n.to_owned(), t.to_owned())).collect();
        (!set.is_empty()).then_some(set)
    });
    let hard = flagged.last()?;
    Some(Thresholds { hard, soft: Vec::new(), source: "--eviction-hard".into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(log: &str) -> NodeFacts {
        let mut facts = NodeFacts::default();
        facts.read("nodes/a/kubelet.log", "kubelet.log", log);
        facts
    }

    #[test]
    fn the_dump_of_an_old_kubelet() {
        let log = "x\nI1016 1 container_manager_linux.go:251] Creating … HardEvictionThresholds:[{Signal:memory.available \
                   Operator:LessThan Value:{Quantity:100Mi Percentage:0} GracePeriod:0s MinReclaim:<nil>} \
                   {Signal:nodefs.available Operator:LessThan Value:{Quantity:<nil> Percentage:0.1} GracePeriod:0s \
                   MinReclaim:<nil>}]} ExperimentalQOSReserved:map[]}";
        let found = Thresholds::of("a", Some(&facts(log)));
        assert_eq!(found.text(), "memory.available<100Mi,nodefs.available<10%");
        assert_eq!(found.source, "nodes/a/kubelet.log:2");
        assert_eq!(found.first("imagefs.available", 100.0), None);
    }

    #[test]
    fn the_dump_of_a_new_one() {
        let log = "I1 1 x.go:281] \"Creating\" nodeConfig={\"HardEvictionThresholds\":[{\"Signal\":\"imagefs.inodesFree\",\
                   \"Operator\":\"LessThan\",\"Value\":{\"Quantity\":null,\"Percentage\":0.05},\"GracePeriod\":0,\
                   \"MinReclaim\":null},{\"Signal\":\"memory.available\",\"Operator\":\"LessThan\",\"Value\":{\"Quantity\":\
                   \"100Mi\",\"Percentage\":0},\"GracePeriod\":0}],\"QOSReserved\":{}}";
        assert_eq!(
            Thresholds::of("a", Some(&facts(log))).text(),
            "imagefs.inodesFree<5%,memory.available<100Mi"
        );
    }

    #[test]
    fn whoever_sets_one_writes_them_all() {
        let set =
            Thresholds { hard: vec![("nodefs.available".into(), "90%".into())], ..Thresholds::default() };
        let text = set.with("nodefs.available", "5%");
        for part in ["nodefs.available<5%", "memory.available<100Mi", "imagefs.inodesFree<5%"] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn flags_and_defaults() {
        let found = Thresholds::of(
            "a",
            Some(&facts("I1 1 flags.go:64] FLAG: --eviction-hard=\"nodefs.available<20%\"\n")),
        );
        assert_eq!(found.text(), "nodefs.available<20%");
        let none = Thresholds::of("a", Some(&facts("I1 1 flags.go:64] FLAG: --eviction-hard=\"\"\n")));
        assert_eq!(none.source, DEFAULTS);
        assert_eq!(none.first("imagefs.available", 100.0), Some((15.0, "15%".into())));
    }
}
