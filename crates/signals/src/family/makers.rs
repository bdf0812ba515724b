//! Which workload made an object that was not collected, told by its name.
//!
//! Generated names end in letters of one alphabet without vowels (`k8s.io/apimachinery/pkg/util/rand`), so that
//! `edge-f9b798f6f-csg5c` is a pod of a ReplicaSet of the Deployment `edge`, and `edge-web` is nothing of the kind.

use kubecause_evidence::{Kind, Snapshot, Subject};

const ALPHABET: &str = "bcdfghjklmnpqrstvwxz2456789";

/// The name before a generated ending of that many characters.
fn stem(name: &str, length: std::ops::RangeInclusive<usize>) -> Option<&str> {
    let (stem, ending) = name.rsplit_once('-')?;
    let generated = length.contains(&ending.len()) && ending.chars().all(|c| ALPHABET.contains(c));
    (generated && !stem.is_empty()).then_some(stem)
}

/// The top workload of a ReplicaSet.
pub(super) fn of_replica_set(snapshot: &Snapshot, set: &Subject) -> Subject {
    let top = snapshot.top_owner(set).object();
    if top.kind != Kind::ReplicaSet || snapshot.workload(&top).is_some() {
        return top;
    }
    // The template's hash is a number of 32 bits, in decimal digits mapped to the alphabet.
    let Some(name) = stem(&top.name, 6..=10) else { return top };
    let deployment = Subject::new(Kind::Deployment, top.ns(), name);
    let known = snapshot.workload(&deployment).is_some();
    if known || !snapshot.has_in(&Kind::Deployment, top.ns()) { deployment } else { top }
}

/// The top workload of a pod; of one that was not collected, what its name tells.
pub fn of_pod(snapshot: &Snapshot, pod: &Subject) -> Subject {
    if snapshot.pod(pod).is_some() {
        return snapshot.top_owner(pod).object();
    }
    let Some((ending_cut, _)) = pod.name.rsplit_once('-') else { return pod.object() };
    let kinds =
        [Kind::ReplicaSet, Kind::StatefulSet, Kind::DaemonSet, Kind::Job, Kind::ReplicationController];
    let made = kinds
        .into_iter()
        .map(|k| Subject::new(k, pod.ns(), ending_cut))
        .find(|s| snapshot.workload(s).is_some());
    if let Some(made) = made {
        return snapshot.top_owner(&made).object();
    }
    let Some(set) = stem(&pod.name, 5..=5).filter(|set| stem(set, 6..=10).is_some()) else {
        return pod.object();
    };
    let found = of_replica_set(snapshot, &Subject::new(Kind::ReplicaSet, pod.ns(), set));
    if found.kind == Kind::Deployment { found } else { pod.object() }
}

#[cfg(test)]
mod tests {
    use super::of_pod;
    use kubecause_evidence::{Kind, Snapshot, Subject};

    #[test]
    fn names_tell_their_makers() {
        let of = |name: &str| of_pod(&Snapshot::default(), &Subject::new(Kind::Pod, "s", name)).slash();
        assert_eq!(of("edge-f9b798f6f-csg5c"), "deployment/edge");
        assert_eq!(of("my-web-6cdfd5b87b-7d4g9"), "deployment/my-web");
        assert_eq!(of("db-0"), "pod/db-0");
        assert_eq!(of("import-fxbj8"), "pod/import-fxbj8");
        assert_eq!(of("blue-green-apple"), "pod/blue-green-apple");
    }
}
