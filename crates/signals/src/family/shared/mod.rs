//! What many findings share.
use super::Correlation;
/// The correlations of this file.
pub const CORRELATIONS: &[Correlation] = &[];
