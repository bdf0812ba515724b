//! The faults that can be put into a made-up cluster, and what must be found of each.

use kubecause_kit::Want;
use std::fmt;

/// What is wrong with one workload, Service or node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The memory limit is too low.
    OutOfMemory,
    /// The new template names a ConfigMap that does not exist.
    ConfigMapMissing,
    /// The new template names a Secret that does not exist.
    SecretMissing,
    /// The registry has no such tag.
    ImageAbsent,
    /// The Service selects other labels than the pods have.
    SelectorDiffers,
    /// A pod asks for more CPU than any node has.
    RequestTooLarge,
    /// The claims name a StorageClass that does not exist.
    ClassMissing,
    /// The node selector fits no node.
    LabelNowhere,
    /// The program ends with 1 right after it began.
    Crash,
    /// The namespace's quota is used up.
    QuotaFull,
    /// The container runtime of a node does not answer any more.
    RuntimeHung,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::OutOfMemory,
        Self::ConfigMapMissing,
        Self::ImageAbsent,
        Self::SelectorDiffers,
        Self::RequestTooLarge,
        Self::ClassMissing,
        Self::RuntimeHung,
        Self::LabelNowhere,
        Self::Crash,
        Self::SecretMissing,
        Self::QuotaFull,
    ];

    /// The mode that must be found.
    pub fn mode(self) -> &'static str {
        match self {
            Self::OutOfMemory => "container-oom-killed",
            Self::ConfigMapMissing => "configmap-missing",
            Self::SecretMissing => "secret-missing",
            Self::ImageAbsent => "image-not-found",
            Self::SelectorDiffers => "service-selector-mismatch",
            Self::RequestTooLarge => "request-exceeds-any-node",
            Self::ClassMissing => "storageclass-missing",
            Self::LabelNowhere => "no-node-matches-selector",
            Self::Crash => "app-crashing",
            Self::QuotaFull => "resource-quota-exceeded",
            Self::RuntimeHung => "container-runtime-hung",
        }
    }

    /// Whether pods of it are never bound to a node.
    pub fn is_unbound(self) -> bool {
        matches!(self, Self::RequestTooLarge | Self::ClassMissing | Self::LabelNowhere)
    }

    /// Whether pods exist that fail of it.
    pub fn fails_pods(self) -> bool {
        !matches!(self, Self::SelectorDiffers | Self::QuotaFull | Self::RuntimeHung)
    }

    /// Whether it came with a new template, so that pods of the old one still run where there are enough.
    pub fn is_of_a_rollout(self) -> bool {
        matches!(self, Self::ConfigMapMissing | Self::SecretMissing | Self::ImageAbsent)
    }
}

/// A fault and where it is.
#[derive(Debug, Clone)]
pub struct Injected {
    /// What.
    pub fault: Fault,
    /// Name of the workload or node.
    pub name: String,
    /// Its namespace; nodes have none.
    pub namespace: Option<String>,
}

impl Injected {
    /// What must be found of it.
    pub fn want(&self) -> Want {
        let prefix = if self.fault == Fault::ClassMissing { "data-" } else { "" };
        Want {
            mode: vec![self.fault.mode().to_owned()],
            name: format!("{prefix}{}", self.name),
            namespace: self.namespace.clone(),
        }
    }
}

impl fmt::Display for Injected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.fault.mode(), self.name)?;
        self.namespace.as_ref().map_or(Ok(()), |ns| write!(f, " in {ns}"))
    }
}
