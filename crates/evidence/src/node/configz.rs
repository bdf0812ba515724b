//! Kubelet's configuration in force, from `/configz`.

use crate::quantity;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The part of a `KubeletConfiguration` that signals read (`k8s.io/kubelet/config/v1beta1`).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(
    missing_docs,
    reason = "fields carry the names and the meaning of the KubeletConfiguration reference"
)]
pub struct KubeletConfig {
    pub eviction_hard: BTreeMap<String, String>,
    pub eviction_soft: BTreeMap<String, String>,
    pub eviction_minimum_reclaim: BTreeMap<String, String>,
    #[serde(rename = "imageGCHighThresholdPercent")]
    pub image_gc_high_threshold_percent: Option<i64>,
    #[serde(rename = "imageGCLowThresholdPercent")]
    pub image_gc_low_threshold_percent: Option<i64>,
    #[serde(rename = "imageMinimumGCAge")]
    pub image_minimum_gc_age: Option<String>,
    pub cgroup_driver: String,
    pub max_pods: Option<i64>,
    pub pod_pids_limit: Option<i64>,
    pub system_reserved: BTreeMap<String, String>,
    pub kube_reserved: BTreeMap<String, String>,
    pub container_runtime_endpoint: String,
}

/// An eviction threshold of one signal, such as `nodefs.available`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Threshold {
    /// A share of the capacity, 0 to 1.
    Share(f64),
    /// Bytes or inodes.
    Absolute(f64),
}

impl Threshold {
    /// Reads `10%` or `500Mi`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().strip_suffix('%') {
            Some(percent) => percent.trim().parse().ok().map(|p: f64| Self::Share(p / 100.0)),
            None => quantity::parse(text).map(Self::Absolute),
        }
    }

    /// The threshold for that capacity, in its unit.
    pub fn of(self, capacity: f64) -> f64 {
        match self {
            Self::Share(share) => share * capacity,
            Self::Absolute(value) => value,
        }
    }
}

impl KubeletConfig {
    /// Kubelet's defaults on Linux, in force where `evictionHard` is left out.
    /// Source: `DefaultEvictionHard` in `pkg/kubelet/apis/config/v1beta1/defaults_linux.go`.
    pub const DEFAULT_HARD: [(&'static str, &'static str); 5] = [
        ("memory.available", "100Mi"),
        ("nodefs.available", "10%"),
        ("nodefs.inodesFree", "5%"),
        ("imagefs.available", "15%"),
        ("imagefs.inodesFree", "5%"),
    ];

    /// Reads what `/configz` answers.
    pub fn parse(text: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Wire {
            kubeletconfig: KubeletConfig,
        }
        serde_json::from_str::<Wire>(text).map(|w| w.kubeletconfig).ok()
    }

    /// The hard threshold of that eviction signal. A set that is given replaces the defaults whole.
    pub fn hard(&self, signal: &str) -> Option<Threshold> {
        if self.eviction_hard.is_empty() {
            let default = Self::DEFAULT_HARD.iter().find(|(s, _)| *s == signal);
            return default.and_then(|(_, t)| Threshold::parse(t));
        }
        self.eviction_hard.get(signal).and_then(|t| Threshold::parse(t))
    }

    /// The hard thresholds as one flag value: `memory.available<100Mi,nodefs.available<10%`.
    pub fn hard_text(&self) -> String {
        let given = self.eviction_hard.iter().map(|(s, t)| format!("{s}<{t}"));
        let defaults = Self::DEFAULT_HARD.iter().map(|(s, t)| format!("{s}<{t}"));
        let parts: Vec<String> =
            if self.eviction_hard.is_empty() { defaults.collect() } else { given.collect() };
        parts.join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_set_replaces_the_defaults() {
        let text = r#"{"kubeletconfig":{"evictionHard":{"nodefs.available":"5%"},"cgroupDriver":"systemd"}}"#;
        let config = KubeletConfig::parse(text).unwrap_or_default();
        assert_eq!(config.hard("nodefs.available"), Some(Threshold::Share(0.05)));
        assert_eq!(config.hard("memory.available"), None);
        assert_eq!(
            KubeletConfig::default().hard("memory.available"),
            Some(Threshold::Absolute(104_857_600.0))
        );
    }
}
