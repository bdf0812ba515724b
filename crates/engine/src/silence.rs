//! Takes incidents that somebody silenced out of the answer, and tells them beside it. The time that counts is that of the
//! evidence: an old capture is judged as it was judged then.

use crate::incident::Told;
use jiff::Timestamp;
use kubecause_catalogue::Silence;
use kubecause_model::{Idle, IdleSilence, Silenced};

/// What silences did.
pub(crate) struct Quiet {
    /// The incidents that stay.
    pub(crate) loud: Vec<Told>,
    /// Those that were taken out.
    pub(crate) silenced: Vec<Silenced>,
    /// Silences that took out nothing.
    pub(crate) idle: Vec<IdleSilence>,
}

/// Parts the incidents; `covered` says which of them were asked about.
pub(crate) fn apply(
    silences: &[Silence],
    taken_at: Option<Timestamp>,
    told: Vec<Told>,
    covered: impl Fn(&Told) -> bool,
) -> Quiet {
    let holds = |s: &Silence| taken_at.is_some_and(|at| at < s.until);
    let about = |s: &Silence, t: &Told| {
        let root = &t.incident.root;
        s.covers(&root.mode, &root.subject) || s.covers(root.public_mode(), &root.subject)
    };
    let state = |s: &Silence| match taken_at {
        None => Some(Idle::Undated),
        Some(_) if !holds(s) => Some(Idle::Expired),
        Some(_) => (!told.iter().any(|t| about(s, t))).then_some(Idle::Unmatched),
    };
    let idle = silences.iter().filter_map(|s| {
        Some(IdleSilence {
            mode: s.mode.clone(),
            subject: s.subject.clone(),
            until: s.until,
            why: s.why.clone(),
            state: state(s)?,
        })
    });
    let idle = idle.collect();
    let mut quiet = Quiet { loud: Vec::new(), silenced: Vec::new(), idle };
    for t in told.into_iter().filter(covered) {
        // Of several silences the one that holds longest is told.
        let by = silences.iter().filter(|s| holds(s) && about(s, &t)).max_by_key(|s| s.until);
        match by {
            None => quiet.loud.push(t),
            Some(by) => quiet.silenced.push(Silenced {
                id: t.incident.id,
                mode: t.incident.root.mode,
                subject: t.incident.root.subject,
                title: t.incident.root.title,
                severity: t.incident.severity,
                until: by.until,
                why: by.why.clone(),
            }),
        }
    }
    quiet
}
