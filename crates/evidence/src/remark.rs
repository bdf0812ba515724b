//! What rules from outside said about whole objects while their JSON was at hand. The lean types keep only what some
//! signal reads; a rule that reads any other field must be asked when the object is parsed, and its answer is kept.
//!
//! Knows nothing about how a rule is written or evaluated.

use crate::{Kind, Str, Subject};
use kubecause_model::Params;
use std::fmt::Debug;

/// One rule holds for one object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// Id of the rule.
    pub rule: Str,
    /// The object.
    pub subject: Subject,
    /// The values that the rule took from the object.
    pub params: Params,
    /// The fields that the rule read, quoted: `spec.replicas: 12`.
    pub text: String,
}

/// A rule could not be evaluated on an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    /// Id of the rule.
    pub rule: Str,
    /// The object.
    pub subject: Subject,
    /// Why not.
    pub says: String,
}

/// What the rules said about one object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remarks {
    /// Rules that hold.
    pub hold: Vec<Remark>,
    /// Rules that could not be evaluated.
    pub failed: Vec<Failure>,
}

/// Looks at whole objects while a reader has their JSON. A reader without one pays nothing.
pub trait Watcher: Debug + Send + Sync {
    /// The ids of all rules that are asked.
    fn rules(&self) -> Vec<Str>;

    /// The ids of the rules that want objects of that kind. Kinds of foreign API groups carry the group:
    /// `Rollout.argoproj.io`.
    fn rules_for(&self, kind: &Kind) -> Vec<Str>;

    /// Whether any rule wants objects of that kind.
    fn wants(&self, kind: &Kind) -> bool {
        !self.rules_for(kind).is_empty()
    }

    /// Asks the rules about one object.
    fn look(&self, kind: &Kind, json: &str) -> Remarks;
}

/// What became of one rule over all objects that it was asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// How many objects it could not be evaluated on.
    pub(crate) failed: usize,
    /// The first of them in order, with the reason.
    pub(crate) such_as: Option<(Subject, String)>,
}

impl Asked {
    /// The same over the objects that another reader asked it about.
    pub(crate) fn join(&mut self, other: Self) {
        self.failed += other.failed;
        self.such_as = [self.such_as.take(), other.such_as].into_iter().flatten().min();
    }

    pub(crate) fn fail(&mut self, subject: Subject, says: String) {
        self.failed += 1;
        let known = self.such_as.take();
        self.such_as = [Some((subject, says)), known].into_iter().flatten().min();
    }
}
