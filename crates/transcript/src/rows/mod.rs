//! The rows of `kubectl get` → objects with what the columns prove, and nothing else.
//!
//! Source: kubernetes `pkg/printers/internalversion/printers.go` (`AddHandlers`, `print*`), of 1.8 to 1.36.

mod event;
mod net;
mod node;
mod other;
mod pod;
mod storage;
mod workload;

use crate::age;
use crate::command::Asked;
use crate::kinds;
use crate::table::{self, Table};
use jiff::Timestamp;
use kubecause_evidence::Kind;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// What a row does not say itself.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The moment that ages count back from.
    pub now: Timestamp,
    /// The namespace that was asked for, or the one that counts where none was.
    pub namespace: &'a str,
}

impl Around<'_> {
    /// The moment so many seconds ago.
    pub fn ago(&self, seconds: i64) -> String {
        let at = self.now.as_second().saturating_sub(seconds);
        Timestamp::from_second(at).unwrap_or(self.now).to_string()
    }
}

/// One row with its table.
#[derive(Clone, Copy)]
struct Row<'a> {
    table: &'a Table,
    cells: &'a [String],
    around: Around<'a>,
}

impl<'a> Row<'a> {
    fn get(&self, column: &str) -> Option<&'a str> {
        self.table.cell(self.cells, column)
    }

    fn any(&self, columns: &[&str]) -> Option<&'a str> {
        columns.iter().find_map(|c| self.get(c))
    }

    fn number(&self, column: &str) -> Option<i64> {
        self.get(column)?.parse().ok()
    }

    /// `3/4` in that column.
    fn ratio(&self, column: &str) -> Option<(i64, i64)> {
        let (a, b) = self.get(column)?.split_once('/')?;
        Some((a.trim().parse().ok()?, b.trim().parse().ok()?))
    }
}

/// A table with the header that `--no-headers` or a filter behind it left out, where the number of its columns tells which one.
pub fn headed<'a>(asked: &Asked, filtered: bool, text: &'a str) -> Cow<'a, str> {
    const WIDE_POD: &str = "NAME READY STATUS RESTARTS AGE IP NODE";
    const WIDE_NODE: &str =
        "NAME STATUS ROLES AGE VERSION INTERNAL-IP EXTERNAL-IP OS-IMAGE KERNEL-VERSION CONTAINER-RUNTIME";
    const HEADERS: [(Kind, &str); 15] = [
        (Kind::Pod, "NAME READY STATUS RESTARTS AGE"),
        (Kind::Pod, WIDE_POD),
        (Kind::Pod, "NAME READY STATUS RESTARTS AGE IP NODE NOMINATED NODE READINESS GATES"),
        (Kind::Node, "NAME STATUS ROLES AGE VERSION"),
        (Kind::Node, WIDE_NODE),
        (Kind::Deployment, "NAME READY UP-TO-DATE AVAILABLE AGE"),
        (Kind::ReplicaSet, "NAME DESIRED CURRENT READY AGE"),
        (Kind::StatefulSet, "NAME READY AGE"),
        (Kind::DaemonSet, "NAME DESIRED CURRENT READY UP-TO-DATE AVAILABLE NODE SELECTOR AGE"),
        (Kind::Job, "NAME STATUS COMPLETIONS DURATION AGE"),
        (Kind::Namespace, "NAME STATUS AGE"),
        (Kind::Event, "LAST SEEN TYPE REASON OBJECT MESSAGE"),
        (Kind::APIService, "NAME SERVICE AVAILABLE AGE"),
        (Kind::Service, "NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE"),
        (Kind::PersistentVolumeClaim, "NAME STATUS VOLUME CAPACITY ACCESS MODES STORAGECLASS AGE"),
    ];
    let ([kind], true) = (asked.kinds.as_slice(), asked.headless || filtered) else {
        return Cow::Borrowed(text);
    };
    let Some(first) = text.lines().find(|l| !l.trim().is_empty()) else { return Cow::Borrowed(text) };
    if table::is_header(first) {
        return Cow::Borrowed(text);
    }
    let cells = cells(first);
    let space = if asked.everywhere { "NAMESPACE " } else { "" };
    let headers = HEADERS.iter().filter(|(k, _)| k == kind).map(|(_, h)| format!("{space}{h}"));
    let mut fits = headers.filter(|h| table::all(h).first().is_some_and(|t| t.columns.len() == cells));
    fits.next_back().map_or(Cow::Borrowed(text), |header| Cow::Owned(format!("{header}\n{text}")))
}

/// How many cells a line has: two blanks or a tab stand between them.
fn cells(line: &str) -> usize {
    line.replace('\t', "  ").split("  ").filter(|c| !c.trim().is_empty()).count()
}

/// The kind of a table's rows by its columns alone.
pub fn kind_by_columns(table: &Table) -> Option<Kind> {
    let has = |columns: &[&str]| table.has_all(columns);
    let any = |columns: &[&str]| columns.iter().any(|c| table.has(c));
    Some(if has(&["REASON", "MESSAGE"]) && any(&["OBJECT", "KIND", "LAST SEEN", "LASTSEEN"]) {
        Kind::Event
    } else if has(&["READY", "STATUS", "RESTARTS"]) {
        Kind::Pod
    } else if has(&["STATUS", "VERSION", "AGE"]) {
        Kind::Node
    } else if has(&["DESIRED", "CURRENT", "READY", "UP-TO-DATE"]) {
        Kind::DaemonSet
    } else if has(&["UP-TO-DATE", "AVAILABLE"]) {
        Kind::Deployment
    } else if has(&["DESIRED", "CURRENT", "READY"]) {
        Kind::ReplicaSet
    } else if has(&["COMPLETIONS"]) {
        Kind::Job
    } else if has(&["SCHEDULE", "SUSPEND"]) {
        Kind::CronJob
    } else if has(&["CLUSTER-IP", "PORT(S)"]) {
        Kind::Service
    } else if has(&["ADDRESSTYPE"]) {
        Kind::EndpointSlice
    } else if has(&["ENDPOINTS"]) {
        Kind::Endpoints
    } else if has(&["HOSTS", "ADDRESS"]) {
        Kind::Ingress
    } else if has(&["RECLAIM POLICY", "CLAIM"]) || has(&["RECLAIMPOLICY", "CLAIM"]) {
        Kind::PersistentVolume
    } else if has(&["VOLUME", "CAPACITY", "STATUS"]) {
        Kind::PersistentVolumeClaim
    } else if has(&["PROVISIONER"]) {
        Kind::StorageClass
    } else if has(&["REFERENCE", "MINPODS"]) {
        Kind::HorizontalPodAutoscaler
    } else if has(&["SECRETS", "AGE"]) {
        Kind::ServiceAccount
    } else if has(&["TYPE", "DATA"]) {
        Kind::Secret
    } else if has(&["DATA", "AGE"]) {
        Kind::ConfigMap
    } else if has(&["REQUEST", "LIMIT"]) {
        Kind::ResourceQuota
    } else if has(&["SERVICE", "AVAILABLE"]) {
        Kind::APIService
    } else if has(&["GLOBAL-DEFAULT"]) {
        Kind::PriorityClass
    } else if has(&["NAME", "READY", "AGE"]) && table.columns.len() <= 6 {
        Kind::StatefulSet
    } else if has(&["NAME", "STATUS", "AGE"]) && table.columns.len() == 3 {
        Kind::Namespace
    } else {
        return None;
    })
}

/// The kind and the name of a row: `pod/a` where several kinds stand in one output, else what was asked for or what the columns say.
fn identity(row: &Row<'_>, asked: &[Kind]) -> Option<(Kind, String)> {
    let name = row.get("NAME")?;
    let name = name.strip_suffix(" (default)").unwrap_or(name);
    if let Some((kind, name)) = name.split_once('/') {
        return Some((kinds::of(kind)?, name.to_owned()));
    }
    let by_columns = kind_by_columns(row.table);
    let kind = match asked {
        [one] => one.clone(),
        [] => by_columns?,
        several => by_columns.filter(|k| several.contains(k))?,
    };
    Some((kind, name.to_owned()))
}

/// The objects of a table. `asked` are the kinds that the command names.
pub fn read(table: &Table, asked: &[Kind], around: Around<'_>) -> Vec<Value> {
    let events = kind_by_columns(table) == Some(Kind::Event);
    let mut found = Vec::new();
    for cells in &table.rows {
        let row = Row { table, cells, around };
        if events {
            found.extend(event::read(&row));
        } else if let Some((kind, name)) = identity(&row, asked).filter(|(_, name)| is_name(name)) {
            found.extend(object(&row, &kind, &name));
        }
    }
    found
}

/// Whether a text can be an object's name: rows of prose have none.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:*_".contains(c))
}

fn object(row: &Row<'_>, kind: &Kind, name: &str) -> Option<Value> {
    if !kinds::a_row_is_useful(kind) {
        return None;
    }
    let mut body = match kind {
        Kind::Pod => pod::read(row),
        Kind::Node => node::read(row),
        Kind::Deployment
        | Kind::ReplicaSet
        | Kind::StatefulSet
        | Kind::DaemonSet
        | Kind::ReplicationController => workload::read(row, kind),
        Kind::Job => workload::job(row),
        Kind::CronJob => workload::cron(row),
        Kind::Service => net::service(row),
        Kind::Endpoints => net::endpoints(row),
        Kind::Ingress => net::ingress(row),
        Kind::PersistentVolumeClaim => storage::claim(row),
        Kind::PersistentVolume => storage::volume(row),
        Kind::StorageClass => storage::class(row),
        _ => other::read(row, kind),
    };
    body.insert("kind".into(), json!(kind.as_str()));
    let meta = body.entry("metadata").or_insert_with(|| json!({}));
    if let Some(meta) = meta.as_object_mut() {
        metadata(meta, row, kind, name);
    }
    Some(Value::Object(body))
}

fn metadata(meta: &mut Map<String, Value>, row: &Row<'_>, kind: &Kind, name: &str) {
    meta.insert("name".into(), json!(name));
    if kinds::is_namespaced(kind) {
        meta.insert("namespace".into(), json!(row.get("NAMESPACE").unwrap_or(row.around.namespace)));
    }
    if let Some(age) = row.get("AGE").and_then(age::seconds) {
        meta.insert("creationTimestamp".into(), json!(row.around.ago(age)));
    }
    if let Some(labels) = row.get("LABELS") {
        meta.insert("labels".into(), pairs(labels));
    }
    if !kinds::a_row_is_whole(kind) {
        meta.insert("kubecausePartial".into(), json!(true));
    }
}

/// `a=1,b=2` as an object.
fn pairs(text: &str) -> Value {
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    Value::Object(pairs.map(|(k, v)| (k.trim().to_owned(), json!(v.trim()))).collect())
}

/// `a=1,b in (x,y),!c,d` as a label selector; `None` where it is not understood as a whole.
fn selector(text: &str) -> Option<Value> {
    let plain =
        text.split(',').all(|pair| pair.split_once('=').is_some_and(|(k, _)| !k.contains(['!', ' ', '('])));
    plain.then(|| json!({ "matchLabels": pairs(text) }))
}
