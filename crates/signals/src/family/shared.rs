//! What many findings share: a node's moment, a registry, a zone.

use super::Correlation;

/// The correlations of this file.
pub const CORRELATIONS: &[Correlation] = &[super::containers::APP_LOGS, super::containers::CROWD];
