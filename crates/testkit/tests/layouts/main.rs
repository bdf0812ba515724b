//! The captures of a real cluster as other tools would have written them: the root stays, as far as such a capture can show it, what the
//! tool never collects is not taken for absent, and a healthy cluster stays silent.
#![allow(clippy::disallowed_methods, reason = "tests write files")]

mod api;
mod machines;
mod parts;

use anyhow::{Context, Result};
use kubecause_bundle::{Bundle, Input};
use kubecause_evidence::Kind;
use kubecause_model::Scope;
use kubecause_testkit::{Capture, Expect, Kit, fixtures, healthy_fixtures};
use parts::Files;

/// One layout and what is known of it.
struct Layout {
    /// How the description of what was read begins.
    name: &'static str,
    convert: fn(&Capture) -> Result<Files>,
    /// Faults that it cannot show: they may be missed, and no other may be told in their place.
    hides: fn(&str) -> bool,
    /// Kinds that it never holds all of.
    lacks: &'static [Kind],
    /// Whether a capture without files of nodes would be nothing in it.
    of_nodes: bool,
}

/// Faults that show only in a node's own measurements or in the control plane's logs.
const NEED_NODE_FILES: [&str; 2] = ["disk-foreign-file", "runtime-hang"];

fn without_node_files(name: &str) -> bool {
    NEED_NODE_FILES.contains(&name)
}

/// Kinds that no other tool than the API server's own clients holds all of.
const RARE: [Kind; 6] = [
    Kind::Secret,
    Kind::RuntimeClass,
    Kind::ControllerRevision,
    Kind::APIService,
    Kind::CSINode,
    Kind::MutatingWebhookConfiguration,
];

impl Layout {
    fn input(&self, capture: &Capture, folder: &std::path::Path) -> Result<Input> {
        let files = (self.convert)(capture)?;
        for (path, content) in &files {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().context("a folder")?)?;
            std::fs::write(path, content)?;
        }
        // A single file is named itself, as it is printed into one.
        let path = if let [(path, _)] = files.as_slice() { folder.join(path) } else { folder.to_owned() };
        Ok(Input::Path(path))
    }

    /// Whether what was read is what it should be.
    fn judge_reading(&self, name: &str, bundle: &Bundle) -> Vec<String> {
        let mut wrong = Vec::new();
        if !bundle.description.starts_with(self.name) {
            wrong.push(format!("{name}: it is read as {}", bundle.description));
        }
        let taken = self.lacks.iter().filter(|kind| bundle.snapshot.has(kind));
        wrong.extend(taken.map(|kind| format!("{name}: {kind} counts as listed")));
        wrong
    }

    /// Reads and diagnoses every fixture in this layout, and says what does not hold.
    fn check(&self) -> Result<()> {
        let kit = Kit::new()?;
        let mut wrong = Vec::new();
        for (name, path) in fixtures()?.into_iter().chain(healthy_fixtures()?) {
            let capture = Capture::read_archive(&path)?;
            let mut expect = match capture.file("expect.json") {
                Some(text) => Expect::parse(text)?,
                None => Expect::default(),
            };
            if self.of_nodes && parts::nodes(&capture).is_empty() {
                continue;
            }
            let folder = tempfile::tempdir()?;
            let input = self.input(&capture, folder.path())?;
            let bundle = kubecause_bundle::read(std::slice::from_ref(&input))?;
            if expect.roots.is_empty() && !knows_when(&bundle, &capture)? {
                continue;
            }
            wrong.extend(self.judge_reading(&name, &bundle));
            let diagnosis = kit.conclude(&bundle.snapshot, &Scope::default());
            if (self.hides)(&name) {
                for root in expect.roots.drain(..) {
                    expect.allowed.extend(root.mode);
                }
                expect.also.clear();
            }
            wrong.extend(expect.judge(&diagnosis).map(|why| format!("{name}: {why}")));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    }
}

/// Whether a layout tells when it was taken, to a minute. Where only its newest record does, what is long over may look recent.
fn knows_when(bundle: &Bundle, capture: &Capture) -> Result<bool> {
    let taken = capture.taken_at()?;
    Ok(bundle.snapshot.taken_at.is_some_and(|at| at.duration_since(taken).abs().as_secs() <= 60))
}

#[test]
fn a_support_bundle_gives_the_same_roots() -> Result<()> {
    let layout = Layout {
        name: "support bundle",
        convert: api::support_bundle,
        hides: without_node_files,
        lacks: &RARE,
        of_nodes: false,
    };
    layout.check()
}

#[test]
fn an_old_support_bundle_gives_the_roots_that_it_can_show() -> Result<()> {
    let layout = Layout {
        name: "support bundle",
        convert: api::old_support_bundle,
        hides: |name| {
            // It has no claims, ConfigMaps, quotas, Jobs, DaemonSets, ReplicaSets, ServiceAccounts.
            let needs = ["pvc-no-class", "quota-exceeded", "sa-missing", "job-backoff", "selector-mismatch"];
            without_node_files(name) || needs.contains(&name)
        },
        lacks: &[
            Kind::ReplicaSet,
            Kind::DaemonSet,
            Kind::Job,
            Kind::CronJob,
            Kind::Endpoints,
            Kind::EndpointSlice,
            Kind::ConfigMap,
            Kind::PersistentVolumeClaim,
            Kind::PersistentVolume,
            Kind::NetworkPolicy,
            Kind::ServiceAccount,
            Kind::ResourceQuota,
            Kind::Lease,
        ],
        of_nodes: false,
    };
    layout.check()
}

/// Faults of what a `kubectl cluster-info dump` does not hold.
fn not_in_a_dump(name: &str) -> bool {
    let needs = ["pvc-no-class", "quota-exceeded", "sts-stuck", "job-backoff"];
    without_node_files(name) || needs.contains(&name)
}

const NOT_IN_A_DUMP: [Kind; 14] = [
    Kind::Namespace,
    Kind::Endpoints,
    Kind::EndpointSlice,
    Kind::StatefulSet,
    Kind::Job,
    Kind::CronJob,
    Kind::Ingress,
    Kind::ConfigMap,
    Kind::Secret,
    Kind::ServiceAccount,
    Kind::PersistentVolumeClaim,
    Kind::ResourceQuota,
    Kind::HorizontalPodAutoscaler,
    Kind::NetworkPolicy,
];

#[test]
fn a_cluster_info_dump_gives_the_roots_that_it_can_show() -> Result<()> {
    let layout = Layout {
        name: "kubectl cluster-info dump",
        convert: api::cluster_dump,
        hides: not_in_a_dump,
        lacks: &NOT_IN_A_DUMP,
        of_nodes: false,
    };
    layout.check()
}

#[test]
fn a_dump_of_old_types_gives_the_roots_that_it_can_show() -> Result<()> {
    let layout = Layout {
        name: "kubectl cluster-info dump",
        convert: api::old_cluster_dump,
        hides: not_in_a_dump,
        lacks: &NOT_IN_A_DUMP,
        of_nodes: false,
    };
    layout.check()
}

#[test]
fn a_printed_dump_gives_the_roots_that_it_can_show() -> Result<()> {
    let layout = Layout {
        name: "kubectl cluster-info dump",
        convert: api::printed_dump,
        hides: not_in_a_dump,
        lacks: &NOT_IN_A_DUMP,
        of_nodes: false,
    };
    layout.check()
}

#[test]
fn a_must_gather_gives_the_same_roots() -> Result<()> {
    let layout = Layout {
        name: "must-gather",
        convert: api::must_gather,
        hides: without_node_files,
        lacks: &[Kind::Namespace, Kind::Pod, Kind::Deployment, Kind::Event, Kind::ConfigMap],
        of_nodes: false,
    };
    layout.check()
}

#[test]
fn a_harvester_bundle_gives_the_same_roots() -> Result<()> {
    let layout = Layout {
        name: "Harvester support bundle",
        convert: machines::harvester,
        hides: without_node_files,
        lacks: &[Kind::Pod, Kind::Event, Kind::Deployment, Kind::ConfigMap],
        of_nodes: false,
    };
    layout.check()
}

#[test]
fn sos_reports_give_the_roots_that_they_can_show() -> Result<()> {
    let layout = Layout {
        name: "sos report",
        convert: machines::sos,
        hides: without_node_files,
        lacks: &[
            Kind::Namespace,
            Kind::EndpointSlice,
            Kind::NetworkPolicy,
            Kind::HorizontalPodAutoscaler,
            Kind::PodDisruptionBudget,
            Kind::Lease,
            Kind::VolumeAttachment,
        ],
        of_nodes: true,
    };
    layout.check()
}

/// What tools on the nodes collect holds no objects: it may show a fault, and is never a healthy cluster.
fn nodes_only(name: &'static str, convert: fn(&Capture) -> Result<Files>) -> Result<()> {
    let layout = Layout { name, convert, hides: |_| true, lacks: &Kind::KNOWN, of_nodes: true };
    layout.check()?;
    let kit = Kit::new()?;
    let (_, healthy) =
        fixtures()?.into_iter().find(|(name, _)| name == "healthy").context("a healthy cluster")?;
    let folder = tempfile::tempdir()?;
    let input = layout.input(&Capture::read_archive(&healthy)?, folder.path())?;
    let bundle = kubecause_bundle::read(&[input])?;
    assert!(!bundle.snapshot.node_facts.is_empty(), "{}", bundle.description);
    assert_eq!(kit.conclude(&bundle.snapshot, &Scope::default()).verdict.as_str(), "unknown");
    Ok(())
}

#[test]
fn logs_that_kind_exports_raise_no_false_alarm() -> Result<()> {
    nodes_only("node logs", machines::kind)
}

#[test]
fn logs_of_an_eks_node_raise_no_false_alarm() -> Result<()> {
    nodes_only("node logs", machines::eks)
}
