//! `kubectl cluster-info dump` as it stands on a terminal: lists of nodes, then seven lists of each namespace, then the logs of its
//! containers under headings. Empty lists do not say of which namespace they are; their neighbours do. Source: kubectl
//! pkg/cmd/clusterinfo/clusterinfo_dump.go.

use crate::intake::Intake;
use crate::internal;
use crate::split;
use kubecause_evidence::log::{LogFile, LogSource};
use kubecause_evidence::{Access, ContainerLogKey, Kind, Why};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The lists of one namespace, in the order in which they are printed.
const LISTS: [Kind; 7] = [
    Kind::Event,
    Kind::ReplicationController,
    Kind::Service,
    Kind::DaemonSet,
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::Pod,
];

/// Whether a text that begins with an object is such a dump.
pub fn is_one(text: &str) -> bool {
    text.contains("\n==== START logs for container ") || {
        // Without a pod there is no log; then the lists alone say so.
        let lists = ["\"NodeList\"", "\"ReplicationControllerList\"", "\"DaemonSetList\"", "\"PodList\""];
        lists.iter().all(|kind| text.contains(kind))
    }
}

/// Reads the dump; returns how many objects it has. `cut` says that it is not all of it.
pub fn read(path: &str, text: &str, cut: Option<Why>, intake: &mut Intake) -> usize {
    let before = intake.objects;
    let (objects, logs) = split::dump(text);
    let objects = internal::to_api(&objects).unwrap_or(objects);
    let mut names: Vec<Option<String>> = Vec::new();
    let mut broken = cut;
    let mut start = 0;
    // One document at a time, so that what each holds is known.
    while let Some(rest) = objects.get(start..).filter(|rest| !rest.trim().is_empty()) {
        let mut documents = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        let next = documents.next();
        let length = documents.byte_offset();
        let document = match next {
            Some(Ok(_)) => rest.get(..length).unwrap_or(rest),
            _ => rest,
        };
        let kind = LISTS.get(names.len().wrapping_sub(1) % LISTS.len()).filter(|_| !names.is_empty());
        let kind = kind.unwrap_or(&Kind::Node);
        let tally = intake.objects(document, path, Some(kind));
        broken = broken.or(tally.partial);
        names.push(namespace(document));
        if !matches!(next, Some(Ok(_))) || length == 0 {
            break;
        }
        start += length;
    }
    listed(&names, broken, path, intake);
    for ((namespace, pod, container), log) in logs {
        let file = LogFile::new(LogSource::Container, path, log);
        intake.excuse(&file);
        let (namespace, pod, container) = (namespace.into(), pod.into(), container.into());
        intake.builder.container_log(ContainerLogKey { namespace, pod, container, previous: false }, file);
    }
    intake.objects - before
}

/// Says what was listed: the nodes, and each kind in the namespaces whose lists name themselves.
fn listed(names: &[Option<String>], broken: Option<Why>, path: &str, intake: &mut Intake) {
    let access = broken.map_or(Access::Listed, Access::Missing);
    intake.resource("nodes", &Kind::Node, access);
    let mut read: Vec<&str> = Vec::new();
    let lists = names.get(1..).unwrap_or_default();
    for group in lists.chunks_exact(LISTS.len()) {
        if let Some(namespace) = group.iter().flatten().next() {
            read.push(namespace);
            LISTS.iter().for_each(|kind| intake.builder.listed_in(kind.clone(), namespace));
        }
    }
    for kind in LISTS {
        intake.resource(kind.as_str(), &kind, Access::Missing(broken.unwrap_or(Why::NotCollected)));
    }
    if !read.is_empty() {
        let says = format!("only {} may have been collected", read.join(", "));
        intake.gap(path, Why::NotCollected, says);
    }
}

/// The namespace of a list: of its own address, else of its first item.
fn namespace(document: &str) -> Option<String> {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Meta {
        #[serde(rename = "selfLink")]
        link: Option<String>,
        namespace: Option<String>,
    }
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Item {
        metadata: Meta,
    }
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct List {
        metadata: Meta,
        items: Vec<Item>,
    }
    let list: List = serde_json::from_str(document).ok()?;
    let linked =
        list.metadata.link.as_deref().and_then(|l| l.split("/namespaces/").nth(1)?.split('/').next());
    let of_item = || list.items.iter().find_map(|i| i.metadata.namespace.as_deref());
    linked.or_else(of_item).filter(|n| !n.is_empty()).map(str::to_owned)
}
