//! Where what is fetched goes. The fetching knows nothing about it: one sink parses into lean types, another may write to
//! disk.

use crate::miss::Miss;
use crate::page::Page;
use crate::resource::{Form, Resource};
use jiff::Timestamp;
use kubecause_evidence::log::{LogFile, LogSource};
use kubecause_evidence::{Access, ContainerLogKey, Gap, Ingest, Snapshot, SnapshotBuilder, Why};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Takes what is fetched. Lists run in parallel: pages of different kinds come at the same time, those of one kind in
/// their order.
pub trait Sink: Send + Sync {
    /// One page of a list.
    fn page(&self, resource: &Resource, page: &Page<'_>);
    /// The list begins anew: what its pages held so far comes again.
    fn restart(&self, _resource: &Resource) {}
    /// The list is complete, or it is not, for that reason.
    fn end(&self, resource: &Resource, result: Result<(), &Miss>);
    /// A text that belongs to that place.
    fn text(&self, place: &Place, text: String);
    /// A place that could not be looked at.
    fn gap(&self, gap: Gap);
}

/// Brings everything to two sinks.
pub struct Both<'a>(pub &'a dyn Sink, pub &'a dyn Sink);

impl Sink for Both<'_> {
    fn page(&self, resource: &Resource, page: &Page<'_>) {
        self.0.page(resource, page);
        self.1.page(resource, page);
    }

    fn restart(&self, resource: &Resource) {
        self.0.restart(resource);
        self.1.restart(resource);
    }

    fn end(&self, resource: &Resource, result: Result<(), &Miss>) {
        self.0.end(resource, result);
        self.1.end(resource, result);
    }

    fn text(&self, place: &Place, text: String) {
        self.0.text(place, text.clone());
        self.1.text(place, text);
    }

    fn gap(&self, gap: Gap) {
        self.0.gap(gap.clone());
        self.1.gap(gap);
    }
}

/// Keeps nothing.
#[derive(Debug, Default)]
pub struct Nowhere;

impl Sink for Nowhere {
    fn page(&self, _: &Resource, _: &Page<'_>) {}
    fn end(&self, _: &Resource, _: Result<(), &Miss>) {}
    fn text(&self, _: &Place, _: String) {}
    fn gap(&self, _: Gap) {}
}

/// Where a text belongs. Its path is that of a plain capture.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The version of the API server, as `/version` says it.
    Version,
    /// `/readyz?verbose`.
    Readyz,
    /// A file of a node: `configz.json`.
    Node(String, &'static str),
    /// A container's log.
    Log(ContainerLogKey),
    /// The log of a component of the control plane.
    Component(String),
}

impl Place {
    /// Its path in a plain capture.
    pub fn path(&self) -> String {
        match self {
            Self::Version => "cluster/version.json".to_owned(),
            Self::Readyz => "cluster/readyz.txt".to_owned(),
            Self::Node(node, file) => format!("nodes/{node}/{file}"),
            Self::Log(key) => {
                let run = if key.previous { ".previous" } else { "" };
                format!("logs/{}/{}/{}{run}.log", key.namespace, key.pod, key.container)
            }
            Self::Component(name) => format!("control-plane/{name}.log"),
        }
    }
}

/// Parses everything into a [`Snapshot`]. Pages are parsed outside of the lock, on all processors.
#[derive(Debug, Default)]
pub struct Evidence {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    builder: SnapshotBuilder,
    /// Objects read, and objects that could not be read, per kind.
    counts: BTreeMap<&'static str, (usize, usize)>,
}

/// So many bad objects of one kind have a gap of their own.
pub(crate) const GAPS_PER_KIND: usize = 10;

impl Evidence {
    /// Evidence that goes on from what is known.
    pub fn from(snapshot: Snapshot) -> Self {
        let state = State { builder: SnapshotBuilder::from(snapshot), counts: BTreeMap::new() };
        Self { state: Mutex::new(state) }
    }

    /// The Snapshot of that time.
    pub fn finish(self, taken_at: Option<Timestamp>) -> Snapshot {
        let mut state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.builder.taken_at(taken_at);
        state.builder.finish()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an object that was read before.
    pub(crate) fn object(&self, object: Ingest) {
        self.state().builder.push(object);
    }

    /// Says whether a kind was seen; so many objects of it could not be read.
    pub(crate) fn told(&self, resource: &Resource, result: Result<(), &Miss>, bad: usize) {
        let builder = &mut self.state().builder;
        if bad > GAPS_PER_KIND {
            let says = format!("{} more items could not be read", bad - GAPS_PER_KIND);
            builder.gap(Gap::new(resource.name(), Why::Unparsable, says));
        }
        let access = match result {
            Ok(()) if bad > 0 => Access::Missing(Why::Unparsable),
            Ok(()) => Access::Listed,
            Err(miss) => {
                // The default role leaves them out on purpose, and a missing one is known from events: nothing is hidden.
                let expected = resource.form == Form::Metadata && miss.why == Why::Forbidden;
                let says = if expected { "" } else { miss.says.as_str() };
                builder.gap(Gap::new(resource.name(), miss.why, says));
                Access::Missing(miss.why)
            }
        };
        builder.access(resource.kind(), access);
    }
}

/// Reads one object of a list.
pub(crate) fn parse(resource: &Resource, json: &str) -> Result<Ingest, String> {
    match Ingest::parse(resource.kind, json) {
        Ok(object) if object.name().is_empty() => Err("it has no name".to_owned()),
        Ok(object) => Ok(object),
        // The parser's words may quote a value.
        Err(_) if matches!(resource.kind, "Secret" | "ConfigMap") => {
            Err(format!("it is no {}", resource.kind))
        }
        Err(e) => Err(e.to_string()),
    }
}

impl Sink for Evidence {
    fn page(&self, resource: &Resource, page: &Page<'_>) {
        let parsed: Vec<Result<Ingest, String>> =
            page.items.par_iter().with_min_len(64).map(|item| parse(resource, item.get())).collect();
        let mut state = self.state();
        let State { builder, counts } = &mut *state;
        let (read, bad) = counts.entry(resource.kind).or_default();
        for object in parsed {
            match object {
                Ok(object) => {
                    *read += 1;
                    builder.push(object);
                }
                Err(says) => {
                    *bad += 1;
                    if *bad <= GAPS_PER_KIND {
                        let what = format!("{} item {}", resource.name(), *read + *bad);
                        builder.gap(Gap::new(what, Why::Unparsable, says));
                    }
                }
            }
        }
    }

    fn end(&self, resource: &Resource, result: Result<(), &Miss>) {
        let bad = self.state().counts.get(resource.kind).map_or(0, |(_, bad)| *bad);
        self.told(resource, result, bad);
    }

    fn text(&self, place: &Place, text: String) {
        let path = place.path();
        let builder = &mut self.state().builder;
        match place {
            Place::Version => {
                let value: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
                match value.get("gitVersion").and_then(|v| v.as_str()) {
                    Some(version) => builder.version(version),
                    None => builder.gap(Gap::new(path, Why::Unparsable, "the version is not known")),
                }
            }
            Place::Readyz => builder.readyz(text),
            Place::Node(node, file) => {
                let facts = builder.node(node);
                let before = facts.failed.len();
                facts.read(&path, file, &text);
                if facts.failed.len() > before {
                    let says = kubecause_model::one_line(&text, 120);
                    builder.gap(Gap::new(path, Why::Unparsable, says));
                }
            }
            Place::Log(key) => {
                builder.container_log(key.clone(), LogFile::new(LogSource::Container, path, text));
            }
            Place::Component(name) => {
                let source = LogSource::Component(name.as_str().into());
                builder.component_log(name, LogFile::new(source, path, text));
            }
        }
    }

    fn gap(&self, gap: Gap) {
        self.state().builder.gap(gap);
    }
}
