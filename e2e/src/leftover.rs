//! What pods leave on the machine when nobody ends them in order: network namespaces, and what libcni remembers of them.

use crate::process::try_run;
use serde_json::Value;
use std::path::Path;

/// Where libcni keeps the result of each attachment, in files called `NETWORK-CONTAINER-INTERFACE`.
const RESULTS: &str = "/var/lib/cni/results";

/// Clears away what the pods of a network left.
pub fn clear_network(network: &str) {
    for entry in std::fs::read_dir(RESULTS).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(rest) = name.strip_prefix(network).and_then(|rest| rest.strip_prefix('-')) else { continue };
        let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
        for namespace in namespaces(&text) {
            try_run("ip", &["netns", "del", &namespace]);
        }
        let container = rest.rsplit_once('-').map_or(rest, |(container, _)| container);
        let loopback = Path::new(RESULTS).join(format!("cni-loopback-{container}-lo"));
        let _ = std::fs::remove_file(loopback);
        let _ = std::fs::remove_file(entry.path());
    }
}

/// The network namespaces that a result names.
fn namespaces(result: &str) -> Vec<String> {
    let result: Value = serde_json::from_str(result).unwrap_or_default();
    let interfaces = result["result"]["interfaces"].as_array().into_iter().flatten();
    let path = interfaces.filter_map(|i| i["sandbox"].as_str());
    let mut names: Vec<String> =
        path.filter_map(|p| p.rsplit_once("/netns/")).map(|(_, name)| name.to_owned()).collect();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_names_the_namespace_of_its_pod() {
        let result = r#"{"kind":"cniCacheV1","result":{"interfaces":[{"name":"cni-1"},{"name":"eth0","sandbox":"/var/run/netns/cni-7c"}]}}"#;
        assert_eq!(namespaces(result), ["cni-7c"]);
        assert!(namespaces("half of one {").is_empty());
    }
}
