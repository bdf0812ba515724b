//! Claims that are not bound: which field keeps them from every volume, or what keeps a volume from being made.

use super::fit::{Fault, faults, holder};
use super::users::Users;
use crate::family::config_refs::near;
use crate::finding::{Finding, Sink};
use crate::freshness::{is_recent, is_recurring};
use kubecause_evidence::kube::{Claim, Event, PersistentVolume, StorageClass};
use kubecause_evidence::{Kind, Snapshot};
use kubecause_model::Source;
use rustc_hash::FxHashMap;
use std::cell::LazyCell;

/// A claim may wait this many seconds for its volume before it counts as unbound.
const PATIENCE_SECONDS: i64 = 60;

/// What makes volumes for a claim.
enum Class<'a> {
    /// A class that exists.
    Known(&'a StorageClass),
    /// A class that is named and does not exist.
    Missing(&'a str),
    /// None is named, and there is no default.
    NoDefault,
    /// None is wanted: only a volume without a class will do.
    Static,
    /// Classes were not listed, or no field says it.
    Unknown,
}

/// Volumes by the name of their class.
type ByClass<'a> = FxHashMap<&'a str, Vec<&'a PersistentVolume>>;

pub(super) fn look(snapshot: &Snapshot, users: &Users<'_>, sink: &mut Sink) {
    let volumes = LazyCell::new(|| {
        let mut volumes = ByClass::default();
        for volume in snapshot.volumes.all() {
            volumes.entry(&volume.spec.storage_class_name).or_default().push(volume);
        }
        volumes
    });
    for claim in snapshot.claims.all() {
        let open = claim.status.phase == "Pending" || claim.status.phase == "Lost";
        if open && !claim.metadata.is_deleting() {
            judge(&View { snapshot, claim, users, volumes: &volumes }, sink);
        }
    }
}

/// One claim with what it is judged by.
struct View<'a> {
    snapshot: &'a Snapshot,
    claim: &'a Claim,
    users: &'a Users<'a>,
    volumes: &'a ByClass<'a>,
}

impl<'a> View<'a> {
    fn finding(&self, signal: &'static str, text: &str) -> Finding {
        let claim = self.claim;
        let reference =
            format!("persistentvolumeclaims/{}/{}", claim.metadata.namespace, claim.metadata.name);
        Finding::new(signal, claim.metadata.subject(Kind::PersistentVolumeClaim))
            .since(claim.metadata.creation_timestamp)
            .cite(Source::Field, None, reference, text)
            .param("class", claim.class().unwrap_or_default())
            .param("requested", claim.spec.resources.requests.text("storage").unwrap_or_default())
    }

    fn event(&self, reasons: &[&str], says: &str) -> Option<&'a Event> {
        let subject = self.claim.metadata.subject(Kind::PersistentVolumeClaim);
        let events: Vec<_> = self.snapshot.events_about(&subject).collect();
        let present = |e: &&&Event| is_recent(self.snapshot, e.last) || is_recurring(self.snapshot, e);
        let said = events.iter().filter(|e| reasons.contains(&e.reason.as_str()) && e.message.contains(says));
        said.filter(present).max_by_key(|e| e.last).copied()
    }

    fn class(&self) -> Class<'a> {
        let classes = &self.snapshot.storage_classes;
        match self.claim.class() {
            Some("") => Class::Static,
            Some(name) => match classes.get("", name) {
                Some(class) => Class::Known(class),
                None if self.snapshot.has(&Kind::StorageClass) => Class::Missing(name),
                None if self
                    .event(&["ProvisioningFailed"], "not found")
                    .is_some_and(|e| e.message.contains(name)) =>
                {
                    Class::Missing(name)
                }
                None => Class::Unknown,
            },
            None => match classes.all().iter().find(|c| c.is_default()) {
                Some(class) => Class::Known(class),
                None if self.snapshot.has(&Kind::StorageClass) => Class::NoDefault,
                None if self.event(&["FailedBinding"], "no storage class is set").is_some() => {
                    Class::NoDefault
                }
                None => Class::Unknown,
            },
        }
    }

    /// Volumes of the claim's class.
    fn candidates(&self, class: &Class<'_>) -> &'a [&'a PersistentVolume] {
        let name = match class {
            Class::Known(class) => &class.metadata.name,
            Class::Missing(name) => *name,
            Class::NoDefault | Class::Static => "",
            Class::Unknown => self.claim.class().unwrap_or_default(),
        };
        self.volumes.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether some pod that mounts the claim waits to be placed.
    fn has_waiting_pod(&self) -> bool {
        let meta = &self.claim.metadata;
        self.users
            .pods(&meta.namespace, &meta.name)
            .iter()
            .any(|p| !p.is_scheduled() && !p.metadata.is_deleting())
    }

    fn is_old(&self) -> bool {
        self.snapshot.age(self.claim.metadata.creation_timestamp).is_none_or(|age| age >= PATIENCE_SECONDS)
    }
}

fn judge(view: &View<'_>, sink: &mut Sink) {
    let class = view.class();
    if view.claim.status.phase == "Lost" {
        let volume = &view.claim.spec.volume_name;
        let text = format!("status.phase Lost, volumeName {volume}");
        sink.add(view.finding("claim.volume-lost", &text).param("volume", volume));
    }
    if !view.claim.spec.volume_name.is_empty() {
        return named_volume(view, &class, sink);
    }
    if let Class::Known(class) = &class
        && class.provisioner != "kubernetes.io/no-provisioner"
    {
        return dynamic(view, class, sink);
    }
    let waits_for_consumer = matches!(&class, Class::Known(c) if c.volume_binding_mode == "WaitForFirstConsumer")
        && !view.has_waiting_pod();
    if waits_for_consumer
        || view.event(&["WaitForFirstConsumer"], "").is_some() && matches!(class, Class::Unknown)
    {
        return;
    }
    let candidates = view.candidates(&class);
    if candidates.is_empty() {
        without_volumes(view, &class, sink);
    } else {
        compare(view, candidates, sink);
    }
}

/// There is no volume of the class, and no provisioner is known.
fn without_volumes(view: &View<'_>, class: &Class<'_>, sink: &mut Sink) {
    let volumes_seen = view.snapshot.has(&Kind::PersistentVolume);
    let failing = view.event(&["ProvisioningFailed", "FailedBinding"], "");
    if failing.is_none() && !view.is_old() {
        return;
    }
    let specific = match class {
        Class::Missing(name) if volumes_seen || failing.is_some() => {
            let names = view.snapshot.storage_classes.all().iter().map(|c| c.metadata.name.as_str());
            let classes: Vec<&str> = names.clone().collect();
            let text =
                format!("storageClassName: {name}; classes that exist: {}", or_none(&classes.join(", ")));
            let finding = view
                .finding("claim.class-missing", &text)
                .param("near", near(name, names).unwrap_or_default());
            Some(finding.param("classes", classes.join(", ")))
        }
        Class::NoDefault if volumes_seen || failing.is_some() => {
            Some(view.finding("claim.no-default-class", "no storageClassName, and no class is the default"))
        }
        Class::Static | Class::Known(_) if volumes_seen => {
            Some(view.finding("claim.no-volume", "no volume of that class, and nothing that makes one"))
        }
        _ => None,
    };
    let quoted = |f: Finding| match failing {
        Some(e) => f.cite(Source::Event, e.last, e.reference(), format!("{} {}", e.reason, e.message)),
        None => f,
    };
    let known = specific.is_some() || failing.is_some() || matches!(class, Class::Missing(_));
    specific.into_iter().for_each(|f| sink.add(quoted(f)));
    if known {
        sink.add(quoted(unbound(view)));
    }
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

fn unbound(view: &View<'_>) -> Finding {
    view.finding("claim.unbound", &format!("phase {}", view.claim.status.phase))
}

/// A class with a provisioner: its own words decide.
fn dynamic(view: &View<'_>, class: &StorageClass, sink: &mut Sink) {
    let failed = view.event(&["ProvisioningFailed"], "");
    if let Some(event) = failed {
        let cite = |f: Finding| {
            f.cite(
                Source::Event,
                event.last,
                event.reference(),
                format!("{} {}", event.reason, event.message),
            )
            .param("provisioner", &class.provisioner)
        };
        if event.message.to_lowercase().contains("selector is not supported") {
            sink.add(cite(
                view.finding("claim.selector-mismatch", "a provisioner makes volumes without labels"),
            ));
        } else {
            sink.add(cite(view.finding("claim.provisioning-failed", "the provisioner reports an error")));
        }
        sink.add(cite(unbound(view)));
        return;
    }
    if class.volume_binding_mode == "WaitForFirstConsumer" || !view.is_old() {
        return;
    }
    if let Some(event) = view.event(&["ExternalProvisioning"], "") {
        let text = format!("{} {}", event.reason, event.message);
        let finding = view.finding("claim.waits-for-provisioner", &format!("class {}", class.metadata.name));
        let finding = finding.param("provisioner", &class.provisioner);
        sink.add(finding.cite(Source::Event, event.last, event.reference(), text));
    }
    sink.add(unbound(view).param("provisioner", &class.provisioner));
}

/// Volumes of the class exist: the one that comes nearest says what is wrong.
fn compare(view: &View<'_>, candidates: &[&PersistentVolume], sink: &mut Sink) {
    if !view.is_old() && view.event(&["ProvisioningFailed", "FailedBinding"], "").is_none() {
        return;
    }
    let mut judged: Vec<(Vec<Fault>, &PersistentVolume)> =
        candidates.iter().map(|v| (faults(view.claim, v), *v)).collect();
    if judged.iter().any(|(f, _)| f.is_empty()) {
        sink.add(unbound(view));
        return;
    }
    // Free volumes first, then those that differ in the fewest fields; of equals the one that holds most.
    let holds = |v: &PersistentVolume| v.spec.capacity.value("storage").unwrap_or(0.0);
    let own = |v: &PersistentVolume| v.spec.claim_ref.name == view.claim.metadata.name;
    judged.sort_by(|(a, v), (b, w)| {
        let key = |f: &Vec<Fault>, v| {
            (f.contains(&Fault::Taken) && f.len() > 1, f.contains(&Fault::Taken), f.len(), !own(v))
        };
        let names = || v.metadata.name.cmp(&w.metadata.name);
        key(a, v).cmp(&key(b, w)).then(holds(w).total_cmp(&holds(v))).then_with(names)
    });
    if let Some((found, volume)) = judged.first() {
        sink.add(mismatch(view, found, volume));
    }
    sink.add(unbound(view));
}

/// The claim names its volume.
fn named_volume(view: &View<'_>, class: &Class<'_>, sink: &mut Sink) {
    let name = &view.claim.spec.volume_name;
    let Some(volume) = view.snapshot.volumes.get("", name) else {
        if view.snapshot.has(&Kind::PersistentVolume) {
            let text = format!("volumeName: {name}, phase {}", view.claim.status.phase);
            sink.add(view.finding("claim.named-volume-missing", &text).param("volume", name));
        }
        sink.add(unbound(view));
        return;
    };
    let found = faults(view.claim, volume);
    let class_differs = match class {
        Class::Known(c) if view.claim.class().is_some() => c.metadata.name != volume.spec.storage_class_name,
        Class::Missing(name) => *volume.spec.storage_class_name != **name,
        Class::Static => !volume.spec.storage_class_name.is_empty(),
        _ => false,
    };
    if !found.is_empty() {
        sink.add(mismatch(view, &found, volume));
    } else if class_differs {
        let text = format!("class of volume {name}: {}", or_none(&volume.spec.storage_class_name));
        let finding = view.finding("claim.volume-class-differs", &text).param("volume", name);
        sink.add(finding.param("volume_class", &volume.spec.storage_class_name));
    }
    if !found.is_empty() || class_differs || view.is_old() {
        sink.add(unbound(view));
    }
}

fn mismatch(view: &View<'_>, found: &[Fault], volume: &PersistentVolume) -> Finding {
    let spec = &volume.spec;
    let join =
        |modes: &[kubecause_evidence::Sym]| modes.iter().map(|m| m.as_str()).collect::<Vec<_>>().join(", ");
    let capacity = spec.capacity.text("storage").unwrap_or_default();
    let requested = view.claim.spec.resources.requests.text("storage").unwrap_or_default();
    let name = &volume.metadata.name;
    let worst = if found.contains(&Fault::Taken) { Some(&Fault::Taken) } else { found.iter().min() };
    let (signal, text) = match worst {
        Some(Fault::Capacity) => {
            ("claim.capacity-mismatch", format!("requests {requested}, volume {name} holds {capacity}"))
        }
        Some(Fault::Selector) => (
            "claim.selector-mismatch",
            format!("volume {name} has labels {}", or_none(&volume.metadata.labels.to_string())),
        ),
        Some(Fault::Mode) => {
            ("claim.volume-mode-mismatch", format!("volumeMode of {name}: {}", spec.volume_mode))
        }
        Some(Fault::Taken) => (
            "claim.volume-taken",
            format!("volume {name} is {}, held by {}", volume.status.phase, or_none(&holder(volume))),
        ),
        _ => {
            let wanted = join(&view.claim.spec.access_modes);
            (
                "claim.access-mode-mismatch",
                format!("wants {wanted}, volume {name} offers {}", join(&spec.access_modes)),
            )
        }
    };
    let selector = view.claim.spec.selector.as_ref().map_or(String::new(), |s| s.match_labels.to_string());
    view.finding(signal, &text)
        .param("volume", name)
        .param("capacity", capacity)
        .param("wanted_modes", join(&view.claim.spec.access_modes))
        .param("offered_modes", join(&spec.access_modes))
        .param("selector", selector)
        .param("holder", holder(volume))
        .param("phase", &volume.status.phase)
        .naming(volume.metadata.subject(Kind::PersistentVolume))
}
