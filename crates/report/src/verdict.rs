//! What a script asks: did it fail, and what is bad enough to be shown.

use kubecause_model::{Diagnosis, Severity, Verdict};

/// The exit code: 1 with an incident at or above `fail_on`, else 2 where the verdict is unknown, else 0.
pub fn exit_code(diagnosis: &Diagnosis, fail_on: Severity) -> u8 {
    if diagnosis.incidents.iter().any(|i| i.severity >= fail_on) {
        return 1;
    }
    match diagnosis.verdict {
        Verdict::Unknown => 2,
        Verdict::Healthy | Verdict::Faults => 0,
    }
}

/// The diagnosis without the incidents below that severity. The verdict stays: it is about the cluster, not about
/// what is shown of it.
#[must_use]
pub fn filter(mut diagnosis: Diagnosis, min_severity: Severity) -> Diagnosis {
    diagnosis.incidents.retain(|i| i.severity >= min_severity);
    diagnosis
}
