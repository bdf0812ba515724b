//! What a run found, fault by fault: whether the cause was named, how long after the symptom, and how long after the
//! repair the cluster was called healthy.

use crate::fault::Settles;
use crate::trial::{self, Right};
use crate::wait::SOON;
use std::fmt::{self, Display, Write as _};
use std::time::Duration;

/// What came of one fault.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// The cause that was named.
    pub root: String,
    /// From the symptom to the right answer.
    pub took: Option<Duration>,
    /// How often was asked until the answer was right: what no busy machine changes.
    pub asks: usize,
    /// What was wrong with the answer before that.
    pub before: String,
    /// From the repair to being called healthy, where that was asked.
    pub healed: Option<Duration>,
    /// How long a healthy cluster may show the same.
    pub settles: Option<Settles>,
    /// Processes that were running or waiting to, for each processor, when the answer was right.
    pub load: f64,
    /// What did not hold.
    pub wrong: Vec<String>,
}

/// All that was found.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// In the order in which they ended.
    pub rows: Vec<Row>,
}

impl Row {
    /// Takes down a right answer.
    pub fn right(&mut self, right: &Right) {
        self.root = trial::first_root(&right.answer);
        self.took = Some(right.took);
        self.asks = right.asks;
        self.before.clone_from(&right.before);
        self.load = crate::process::load();
    }

    /// By when the answer is due.
    fn due(&self) -> Duration {
        SOON + self.settles.as_ref().map(Settles::over).unwrap_or_default()
    }

    /// Whether it came later than that.
    fn is_late(&self) -> bool {
        self.took.is_some_and(|took| took > self.due())
    }
}

impl Table {
    /// Adds one, and tells it.
    pub fn add(&mut self, row: Row) {
        println!("{row}");
        self.rows.push(row);
    }

    /// All that did not hold.
    pub fn wrong(&self) -> Vec<String> {
        let of = |r: &Row| r.wrong.iter().map(|w| format!("{}: {w}", r.name)).collect::<Vec<_>>();
        self.rows.iter().flat_map(of).collect()
    }

    /// Answers that came later than they were due.
    pub fn late(&self) -> Vec<&Row> {
        self.rows.iter().filter(|r| r.is_late()).collect()
    }
}

impl Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |d: Option<Duration>| d.map(|d| format!("{:.1}", d.as_secs_f64())).unwrap_or_default();
        let (took, healed) = (seconds(self.took), seconds(self.healed));
        let asks = if self.asks == 0 { String::new() } else { self.asks.to_string() };
        write!(f, "{:26} {:44} {took:>7} {asks:>4} {healed:>7}", self.name, self.root)?;
        if let Some(settles) = &self.settles {
            write!(f, "  {} s are given ({})", settles.over().as_secs(), settles.by)?;
        }
        if self.is_late() {
            let before = if self.before.is_empty() { "" } else { "; before: " };
            write!(f, "  LATE, load {:.1}{before}{}", self.load, self.before)?;
        }
        self.wrong.iter().try_for_each(|w| write!(f, "\n    WRONG: {w}"))
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = format!("{:26} {:44} {:>7} {:>4} {:>7}\n", "fault", "root", "named", "asks", "healed");
        self.rows.iter().for_each(|row| {
            let _ = writeln!(out, "{row}");
        });
        let soon = self.rows.iter().filter(|r| r.took.is_some() && !r.is_late()).count();
        let named = self.rows.iter().filter(|r| r.took.is_some()).count();
        let first = self.rows.iter().filter(|r| r.asks == 1).count();
        let late = self.late().len();
        write!(
            f,
            "{out}{} faults: {named} named, {first} by the first answer, {soon} within {} s of the time from which the symptom is none of a healthy cluster, {late} late",
            self.rows.len(),
            SOON.as_secs()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_is_what_comes_long_after_it_was_due() {
        let row = |took: u64, given: u64| Row {
            name: format!("f{took}"),
            took: Some(Duration::from_secs(took)),
            settles: (given > 0).then(|| Settles { by: "x".into(), seconds: given, after: 0 }),
            ..Row::default()
        };
        let table = Table { rows: vec![row(2, 0), row(64, 60), row(66, 60), row(9, 0)] };
        assert_eq!(table.late().iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["f66", "f9"]);
        let text = table.to_string();
        assert!(text.contains("4 named, 0 by the first answer, 2 within 5 s"), "{text}");
    }
}
