//! Reading the sentences of the eviction manager.
//! Source of the words: `pkg/kubelet/eviction/helpers.go` and `eviction_manager.go`, releases 1.4 to 1.36.

use kubecause_evidence::quantity;

/// Why the kubelet says that it evicted or refused a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    /// The node was low on that resource.
    NodeLow(Resource),
    /// The pod, or a container of it, used more ephemeral storage than its own limit.
    OwnLimit {
        /// The container, where one is named.
        container: Option<String>,
        /// The limit as it is written.
        limit: String,
    },
    /// An emptyDir grew over its size limit.
    EmptyDir {
        /// The volume.
        volume: String,
        /// The limit as it is written.
        limit: String,
    },
    /// The pod came to a node under that pressure and was refused.
    Condition(String),
    /// Anything else, such as an eviction by taint or by a person.
    Other,
}

/// What a node ran out of, in the words of the eviction manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Resource {
    /// Bytes on nodefs or imagefs.
    Disk,
    /// Inodes on either.
    Inodes,
    /// Memory.
    Memory,
    /// Process ids.
    Pids,
}

impl Resource {
    /// `nodefs`, `imagefs` and `compute resources` are the words of releases before 1.12.
    fn parse(word: &str) -> Option<Self> {
        let word = word.trim_end_matches(['.', ',']).trim_matches(['[', ']', '"']);
        Some(match word {
            "ephemeral-storage" | "nodefs" | "imagefs" | "containerfs" | "DiskPressure" => Self::Disk,
            "inodes" | "nodefsInodes" | "imagefsInodes" => Self::Inodes,
            "memory" | "MemoryPressure" => Self::Memory,
            "pids" | "PIDPressure" => Self::Pids,
            _ => return None,
        })
    }
}

/// The text between two others, the second one searched after the first.
pub(super) fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let rest = text.split_once(before)?.1;
    Some(rest.split_once(after).map_or(rest, |(found, _)| found))
}

/// Why, as the message of a Failed pod or of an `Evicted` event says.
pub(super) fn why(message: &str) -> Why {
    let lower = message.to_ascii_lowercase();
    if let Some(list) = between(&lower, "the node had condition: [", "]") {
        let at = message.len() - lower.split_once("the node had condition: [").map_or(0, |(_, r)| r.len());
        return Why::Condition(message.get(at..at + list.len()).unwrap_or(list).to_owned());
    }
    if lower.contains("emptydir volume") && lower.contains("exceeds the limit") {
        let quoted: Vec<&str> = message.split('"').collect();
        let nth = |i: usize| (*quoted.get(i).unwrap_or(&"")).to_owned();
        return Why::EmptyDir { volume: nth(1), limit: nth(3) };
    }
    if lower.contains("exceeded its local ephemeral storage limit") {
        let container = lower.find("container ").and_then(|i| message.get(i + "container ".len()..));
        let container = container.and_then(|rest| rest.split_whitespace().next()).map(str::to_owned);
        let limit = message.split('"').nth(1).unwrap_or_default().to_owned();
        return Why::OwnLimit { container, limit };
    }
    if let Some(rest) =
        between(&lower, "ephemeral local storage usage exceeds the total limit of containers ", "\n")
    {
        let at = message.len() - rest.len();
        let limit = message.get(at..).unwrap_or(rest).trim();
        return Why::OwnLimit { container: None, limit: readable_limit(limit) };
    }
    let low = between(message, "The node was low on resource: ", " ");
    match low.and_then(Resource::parse) {
        Some(resource) => Why::NodeLow(resource),
        None if lower.contains("node was low on compute resources") => Why::NodeLow(Resource::Memory),
        None => Why::Other,
    }
}

/// Before 1.11 the limit was printed as Go prints the struct: `{{1073741824 0} {<nil>} 1Gi BinarySI}`.
fn readable_limit(limit: &str) -> String {
    let inner = limit.trim_end_matches(['.', ' ']);
    match inner.strip_prefix("{{") {
        Some(_) => inner.split_whitespace().rev().nth(1).unwrap_or(inner).to_owned(),
        None => inner.to_owned(),
    }
}

/// `Threshold quantity: 204037327, available: 59996Ki` (from 1.26): both numbers.
pub(super) fn threshold_and_available(message: &str) -> Option<(f64, f64)> {
    let threshold = between(message, "Threshold quantity: ", ",")?;
    let available = between(message, "available: ", " ")?;
    Some((quantity::parse(threshold)?, quantity::parse(available.trim_end_matches('.'))?))
}

/// `Container X was using 56Ki, …`: each container that is named, with what it used.
pub(super) fn usage(message: &str) -> Vec<(&str, f64)> {
    let parts = message.split("Container ").skip(1);
    parts
        .filter_map(|part| {
            let (name, rest) = part.split_once(" was using ")?;
            let amount = rest.split([',', ' ']).next()?;
            Some((name, quantity::parse(amount)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "The node was low on resource: ephemeral-storage. Container codis-proxy was using 10619440Ki, \
                       which exceeds its request of 0. ";
    const NEW: &str = "The node was low on resource: ephemeral-storage. Threshold quantity: 204037327, available: \
                       59996Ki. Container frontend was using 56Ki, request is 0, has larger consumption of \
                       ephemeral-storage. ";

    #[test]
    fn old_and_new_words_of_a_low_node() {
        assert_eq!(why(OLD), Why::NodeLow(Resource::Disk));
        assert_eq!(usage(OLD), [("codis-proxy", 10_619_440.0 * 1024.0)]);
        assert_eq!(threshold_and_available(OLD), None);
        assert_eq!(why(NEW), Why::NodeLow(Resource::Disk));
        assert_eq!(threshold_and_available(NEW), Some((204_037_327.0, 59_996.0 * 1024.0)));
        assert_eq!(usage(NEW), [("frontend", 57_344.0)]);
        assert_eq!(why("The node was low on resource: inodes. "), Why::NodeLow(Resource::Inodes));
        assert_eq!(why("The node was low on resource: nodefs."), Why::NodeLow(Resource::Disk));
        assert_eq!(why("Pod The node was low on resource: [DiskPressure]. "), Why::NodeLow(Resource::Disk));
    }

    #[test]
    fn limits_of_the_pod_itself() {
        let total = |text: &str| {
            why(&format!("{text}ephemeral local storage usage exceeds the total limit of containers"))
        };
        assert_eq!(total("Pod "), Why::Other, "without a limit it is no such message");
        assert_eq!(
            why("Pod ephemeral local storage usage exceeds the total limit of containers 16Mi. "),
            Why::OwnLimit { container: None, limit: "16Mi".into() }
        );
        assert_eq!(
            why(
                "pod ephemeral local storage usage exceeds the total limit of containers {{1073741824 0} {<nil>} 1Gi BinarySI}"
            ),
            Why::OwnLimit { container: None, limit: "1Gi".into() }
        );
        assert_eq!(
            why("Container worker exceeded its local ephemeral storage limit \"10Gi\". "),
            Why::OwnLimit { container: Some("worker".into()), limit: "10Gi".into() }
        );
        assert_eq!(
            why("Usage of EmptyDir volume \"cache\" exceeds the limit \"1Gi\". "),
            Why::EmptyDir { volume: "cache".into(), limit: "1Gi".into() }
        );
    }

    #[test]
    fn refusals_and_other_evictions() {
        assert_eq!(
            why("Pod The node had condition: [DiskPressure]. "),
            Why::Condition("DiskPressure".into())
        );
        assert_eq!(
            why("Pod was rejected: The node had condition: [MemoryPressure]. "),
            Why::Condition("MemoryPressure".into())
        );
        assert_eq!(why("Marking for deletion Pod shop/cart"), Why::Other);
    }
}
