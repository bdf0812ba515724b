//! What a case must give, also under the names that a changed capture has.

use crate::capture;
use anyhow::Result;
use std::ops::{Deref, DerefMut};
use std::path::Path;

/// What a case must give.
#[derive(Debug, Clone, Default)]
pub struct Expect(kubecause_kit::Expect);

impl Deref for Expect {
    type Target = kubecause_kit::Expect;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Expect {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Expect {
    /// Reads it from a case's folder.
    pub fn read(folder: &Path) -> Result<Self> {
        kubecause_kit::Expect::read(folder).map(Self)
    }

    /// Reads it from its text.
    pub fn parse(text: &[u8]) -> Result<Self> {
        kubecause_kit::Expect::parse(text).map(Self)
    }

    /// The same for a capture that was [renamed](crate::Capture::renamed) with that tag.
    #[must_use]
    pub fn renamed(mut self, tag: &str) -> Self {
        for want in &mut self.roots {
            if !want.name.starts_with("kube-") {
                want.name = capture::renamed(&want.name, tag);
            }
            want.namespace = want.namespace.as_deref().map(|ns| capture::renamed(ns, tag));
        }
        self
    }

    /// The same for a capture that was put [beside](crate::Capture::beside) another with that tag.
    #[must_use]
    pub fn beside(mut self, tag: &str) -> Self {
        for want in &mut self.roots {
            if let Some(namespace) = want.namespace.as_mut().filter(|ns| *ns != "kube-system") {
                namespace.push_str(tag);
            }
        }
        self
    }

    /// Both expectations: a capture that holds both faults.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.roots.extend(other.0.roots);
        self.allowed.extend(other.0.allowed);
        self
    }
}
