//! Keeps what a question was about: a namespace, or named objects.

use crate::Context;
use crate::incident::Told;
use kubecause_evidence::{Kind, Relation, Subject};
use kubecause_model::Scope;
use rustc_hash::FxHashSet;

/// The subjects that a scope covers.
pub(crate) struct Covered {
    namespace: Option<String>,
    objects: Option<FxHashSet<Subject>>,
}

impl Covered {
    /// A named object covers its pods, its owners, and the Services in front of it.
    pub(crate) fn new(context: &Context<'_>, scope: &Scope) -> Self {
        let mut objects = FxHashSet::default();
        for named in &scope.objects {
            let named = named.object();
            objects.extend(context.snapshot.owners_of(&named));
            objects.extend(context.snapshot.reach(Relation::WorkloadPods, &named));
            if named.kind == Kind::Service {
                objects.extend(context.snapshot.reach(Relation::ServicePods, &named));
                objects.extend(context.snapshot.reach(Relation::ServiceWorkloads, &named));
            }
            objects.insert(named);
        }
        let objects = (!scope.objects.is_empty()).then_some(objects);
        Self { namespace: scope.namespace.clone(), objects }
    }

    pub(crate) fn subject(&self, subject: &Subject) -> bool {
        let in_namespace = self.namespace.as_deref().is_none_or(|ns| subject.ns() == ns);
        let among = self.objects.as_ref().is_none_or(|o| o.contains(&subject.object()));
        if self.objects.is_some() { among } else { in_namespace }
    }

    /// An incident is covered when its root, a link or something that it affects is; one of the control plane always.
    pub(crate) fn incident(&self, told: &Told) -> bool {
        let i = &told.incident;
        let mut subjects =
            [&i.root.subject].into_iter().chain(&i.affected).chain(i.chain.iter().map(|l| &l.subject));
        let everywhere = matches!(i.root.subject.kind, Kind::Cluster | Kind::Component);
        (everywhere && self.objects.is_none()) || subjects.any(|s| self.subject(s))
    }
}
