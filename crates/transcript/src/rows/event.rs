//! Rows of events, of `kubectl get events` and `kubectl events`, old and new columns.
//!
//! Source: kubernetes `pkg/printers/internalversion/printers.go` `printEvent` (1.8: LASTSEEN FIRSTSEEN COUNT NAME KIND SUBOBJECT TYPE
//! REASON SOURCE MESSAGE; from 1.14: LAST SEEN TYPE REASON OBJECT MESSAGE), kubectl `pkg/cmd/events/event_printer.go`.

use super::Row;
use crate::age;
use crate::kinds;
use kubecause_evidence::Kind;
use serde_json::{Value, json};

pub fn read(row: &Row<'_>) -> Option<Value> {
    let (kind, name) = regarding(row)?;
    let namespace = row.get("NAMESPACE").unwrap_or(row.around.namespace);
    let repeated = row.any(&["LAST SEEN", "LASTSEEN"]).map(age::repeated).unwrap_or_default();
    let first = row.any(&["FIRST SEEN", "FIRSTSEEN"]).and_then(age::seconds).or(repeated.first);
    let count = row.number("COUNT").or(repeated.count);
    let ago = |s: Option<i64>| s.map(|s| row.around.ago(s));
    let (component, host) =
        row.get("SOURCE").map(|s| s.split_once(", ").unwrap_or((s, ""))).unwrap_or_default();
    let scoped = kinds::of(&kind).is_none_or(|k| kinds::is_namespaced(&k));
    Some(json!({
        "kind": "Event",
        "metadata": { "namespace": namespace },
        "type": row.get("TYPE").unwrap_or_default(),
        "reason": row.get("REASON").unwrap_or_default(),
        "message": row.get("MESSAGE").unwrap_or_default(),
        "involvedObject": {
            "kind": kind,
            "name": name,
            "namespace": if scoped { namespace } else { "" },
            "fieldPath": row.get("SUBOBJECT").unwrap_or_default(),
        },
        "source": { "component": component, "host": host },
        "count": count,
        "firstTimestamp": ago(first),
        "lastTimestamp": ago(repeated.last),
    }))
}

/// The object that the event is about: `pod/a`; in old tables a kind, and the event's own name, which begins with the object's.
fn regarding(row: &Row<'_>) -> Option<(String, String)> {
    let proper =
        |word: &str| kinds::of(word).map_or_else(|| word.to_owned(), |k| Kind::as_str(&k).to_owned());
    if let Some((kind, name)) = row.any(&["OBJECT", "KIND"]).and_then(|o| o.split_once('/')) {
        return Some((proper(kind), name.to_owned()));
    }
    let kind = row.get("KIND")?;
    let own = row.get("NAME")?;
    let name = own
        .rsplit_once('.')
        .filter(|(_, tail)| tail.len() >= 8 && tail.bytes().all(|b| b.is_ascii_hexdigit()));
    Some((proper(kind), name.map_or(own, |(name, _)| name).to_owned()))
}
