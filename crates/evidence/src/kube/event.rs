//! Events of both APIs in one shape.

use super::meta::ObjectRef;
use crate::de::{self, Sym};
use jiff::Timestamp;
use serde::Deserialize;

/// A core/v1 or events.k8s.io/v1 Event. `regarding` and `note` are the newer API's names.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, from = "Wire")]
pub struct Event {
    pub namespace: Sym,
    pub name: Sym,
    pub is_warning: bool,
    pub reason: Sym,
    pub message: Sym,
    pub regarding: ObjectRef,
    /// The component that reported it, such as `kubelet`.
    pub reporter: Sym,
    /// The node or instance that reported it.
    pub host: Sym,
    /// How often it was seen, at least 1.
    pub count: u32,
    /// First and last time; from the series, the event time or the creation where the older fields are empty.
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
}

impl Event {
    /// How a citation names it.
    pub fn reference(&self) -> String {
        if self.namespace.is_empty() {
            format!("events/{}/{}", self.regarding.kind, self.regarding.name)
        } else {
            format!("events/{}/{}", self.namespace, self.name)
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Wire {
    metadata: EventMeta,
    #[serde(rename = "type")]
    kind: Sym,
    reason: Sym,
    message: Sym,
    note: Sym,
    #[serde(deserialize_with = "de::nullable")]
    involved_object: ObjectRef,
    #[serde(deserialize_with = "de::nullable")]
    regarding: ObjectRef,
    #[serde(deserialize_with = "de::nullable")]
    source: Origin,
    #[serde(deserialize_with = "de::nullable")]
    deprecated_source: Origin,
    reporting_component: Sym,
    reporting_controller: Sym,
    reporting_instance: Sym,
    count: Option<i64>,
    deprecated_count: Option<i64>,
    #[serde(deserialize_with = "de::time")]
    first_timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "de::time")]
    last_timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "de::time")]
    deprecated_first_timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "de::time")]
    deprecated_last_timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "de::time")]
    event_time: Option<Timestamp>,
    #[serde(deserialize_with = "de::nullable")]
    series: Series,
}

/// What is kept of an event's metadata.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct EventMeta {
    #[serde(deserialize_with = "de::own")]
    name: Sym,
    namespace: Sym,
    #[serde(deserialize_with = "de::time")]
    creation_timestamp: Option<Timestamp>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Origin {
    component: Sym,
    host: Sym,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Series {
    count: Option<i64>,
    #[serde(deserialize_with = "de::time")]
    last_observed_time: Option<Timestamp>,
}

/// The first that is not empty.
fn pick(candidates: [Sym; 4]) -> Sym {
    candidates.into_iter().find(|s| !s.is_empty()).unwrap_or_default()
}

impl From<Wire> for Event {
    fn from(w: Wire) -> Self {
        let created = w.metadata.creation_timestamp;
        let first = w.first_timestamp.or(w.deprecated_first_timestamp).or(w.event_time).or(created);
        let last = w
            .series
            .last_observed_time
            .or(w.last_timestamp)
            .or(w.deprecated_last_timestamp)
            .or(w.event_time)
            .or(first);
        let count = w.series.count.or(w.count).or(w.deprecated_count).unwrap_or(1);
        Self {
            namespace: w.metadata.namespace,
            name: w.metadata.name,
            is_warning: w.kind == "Warning",
            reason: w.reason,
            message: if w.message.is_empty() { w.note } else { w.message },
            regarding: if w.involved_object.kind.is_empty() { w.regarding } else { w.involved_object },
            reporter: pick([
                w.source.component,
                w.reporting_component,
                w.reporting_controller,
                w.deprecated_source.component,
            ]),
            host: pick([w.source.host, w.deprecated_source.host, w.reporting_instance, Sym::default()]),
            count: u32::try_from(count.clamp(1, i64::from(u32::MAX))).unwrap_or(1),
            first,
            last,
        }
    }
}
