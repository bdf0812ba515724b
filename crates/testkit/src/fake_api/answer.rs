//! From a request to its answer.

use super::request::{List, Seen};
use super::world::World;
use super::{Fault, Faults};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};

/// What all connections share.
pub(super) struct Server {
    pub world: Arc<World>,
    pub faults: Faults,
    pub seen: Arc<Mutex<Vec<Seen>>>,
}

pub(super) struct Reply {
    status: u16,
    kind: &'static str,
    body: Vec<u8>,
}

impl Reply {
    fn json(value: &Value) -> Self {
        Self { status: 200, kind: "application/json", body: value.to_string().into_bytes() }
    }

    fn text(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, kind: "text/plain; charset=utf-8", body: body.into() }
    }

    fn status(status: u16, message: &str) -> Self {
        Self { status, ..Self::json(&Self::status_object(status, message)) }
    }

    /// How the API says that something went wrong.
    pub fn status_object(status: u16, message: &str) -> Value {
        let reason = match status {
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "NotFound",
            410 => "Expired",
            429 => "TooManyRequests",
            _ => "InternalError",
        };
        json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": reason, "code": status})
    }
}

impl Server {
    pub fn connection(&self, stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut stream = stream;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let mut accept = String::new();
            loop {
                let mut header = String::new();
                reader.read_line(&mut header).ok()?;
                if header.trim().is_empty() {
                    break;
                }
                if let Some(value) = header.to_ascii_lowercase().strip_prefix("accept:") {
                    value.trim().clone_into(&mut accept);
                }
            }
            let mut words = line.split_whitespace();
            let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
            let seen = self.note(Seen::parse(method, &target, accept));
            self.reply(&seen, &mut stream)?;
        }
    }

    fn note(&self, mut seen: Seen) -> Seen {
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.before = all.iter().filter(|s| s.path == seen.path).count();
        all.push(seen.clone());
        seen
    }

    /// Writes the answer; `None` where the connection must end.
    fn reply(&self, seen: &Seen, stream: &mut TcpStream) -> Option<()> {
        let mut reply = None;
        let mut more = String::new();
        let (mut cut, mut cut_json, mut of_watch) = (None, None, None);
        match (self.faults)(seen) {
            None => {}
            Some(Fault::Drop) => return None,
            Some(Fault::Delay(time)) => std::thread::sleep(time),
            Some(Fault::Status(status, words)) => reply = Some(Reply::status(status, &words)),
            Some(Fault::Later(status, seconds)) => {
                reply = Some(Reply::status(status, "too many requests, please try again later"));
                more = format!("Retry-After: {seconds}\r\n");
            }
            Some(Fault::Truncate(bytes)) => cut = Some(bytes),
            Some(Fault::CutJson(bytes)) => cut_json = Some(bytes),
            Some(Fault::Watch(fault)) => of_watch = Some(fault),
        }
        if reply.is_none()
            && seen.is_watch()
            && let Some(list) = List::of(&seen.path)
        {
            return self.watch(&list, seen, of_watch, stream);
        }
        let mut reply = reply.unwrap_or_else(|| self.answer(seen));
        if let Some(bytes) = cut_json {
            reply.body.truncate(bytes);
        }
        let head = format!(
            "HTTP/1.1 {} X\r\nContent-Type: {}\r\nDate: {}\r\nContent-Length: {}\r\n{more}\r\n",
            reply.status,
            reply.kind,
            self.world.date(),
            reply.body.len()
        );
        stream.write_all(head.as_bytes()).ok()?;
        let end = cut.unwrap_or(reply.body.len()).min(reply.body.len());
        stream.write_all(reply.body.get(..end)?).ok()?;
        stream.flush().ok()?;
        if cut.is_some() { None } else { Some(()) }
    }

    fn answer(&self, seen: &Seen) -> Reply {
        let parts: Vec<&str> = seen.path.trim_matches('/').split('/').collect();
        let found = match parts.as_slice() {
            _ if seen.method != "GET" => Some(Reply::status(405, "only GET is served here")),
            ["version"] => Some(self.version()),
            ["readyz"] => Some(
                self.file("cluster/readyz.txt")
                    .unwrap_or_else(|| Reply::text("[+]ping ok\nreadyz check passed\n")),
            ),
            ["apis"] => Some(groups()),
            ["api", "v1", "nodes", node, "proxy", rest @ ..] => self.kubelet(node, &rest.join("/"), seen),
            ["api", "v1", "namespaces", ns, "pods", pod, "log"] => {
                let container = seen.query.get("container").map(String::as_str).unwrap_or_default();
                let run = if seen.query.contains_key("previous") { ".previous" } else { "" };
                self.file(&format!("logs/{ns}/{pod}/{container}{run}.log"))
            }
            _ => List::of(&seen.path).map(|list| self.list(&list, seen)),
        };
        found.unwrap_or_else(|| Reply::status(404, "the server could not find the requested resource"))
    }

    fn file(&self, name: &str) -> Option<Reply> {
        self.world.file(name).map(Reply::text)
    }

    fn version(&self) -> Reply {
        let file = self.world.file("cluster/version.json");
        let file = file.unwrap_or_else(|| b"{\"gitVersion\":\"v1.36.2\"}".to_vec());
        let value: Value = serde_json::from_slice(&file).unwrap_or_default();
        Reply::json(value.get("serverVersion").unwrap_or(&value))
    }

    fn kubelet(&self, node: &str, what: &str, seen: &Seen) -> Option<Reply> {
        let file = match (what, seen.query.get("query").map(String::as_str)) {
            ("healthz", _) => "healthz.txt".to_owned(),
            ("configz", _) => "configz.json".to_owned(),
            ("stats/summary", _) => "stats-summary.json".to_owned(),
            ("logs", Some(unit)) => format!("{unit}.log"),
            _ => return None,
        };
        self.file(&format!("nodes/{node}/{file}"))
    }

    fn list(&self, list: &List, seen: &Seen) -> Reply {
        let (mut items, version) = self.world.list(&list.resource);
        if let Some(namespace) = &list.namespace {
            items.retain(|i| i.pointer("/metadata/namespace").and_then(Value::as_str) == Some(namespace));
        }
        let lean = seen.accept.contains("partialobjectmetadatalist");
        let number = |name: &str| seen.query.get(name).and_then(|v| v.parse::<usize>().ok());
        let from = number("continue").unwrap_or(0).min(items.len());
        let to = (from + number("limit").unwrap_or(usize::MAX - from)).min(items.len());
        let left = items.len() - to;
        let mut page: Vec<Value> = items.drain(from..to).collect();
        for item in page.iter_mut().filter_map(Value::as_object_mut) {
            // As the real one: the items of a typed list do not say what they are.
            item.remove("kind");
            item.remove("apiVersion");
            if lean {
                item.retain(|key, _| key == "metadata");
            }
        }
        let kind = if lean { "PartialObjectMetadataList".to_owned() } else { format!("{}List", list.kind) };
        let version = version.to_string();
        let mut metadata = json!({"resourceVersion": version});
        if left > 0 {
            metadata =
                json!({"resourceVersion": version, "continue": to.to_string(), "remainingItemCount": left});
        }
        Reply::json(&json!({"kind": kind, "apiVersion": "v1", "metadata": metadata, "items": page}))
    }
}

/// What a server of 1.20 says that it serves, of the groups whose versions have changed since.
fn groups() -> Reply {
    let group = |name: &str, versions: &[&str]| {
        let versions: Vec<Value> = versions.iter().map(|v| json!({"version": v})).collect();
        json!({"name": name, "versions": versions})
    };
    let groups = [
        group("batch", &["v1", "v1beta1"]),
        group("policy", &["v1beta1"]),
        group("autoscaling", &["v1", "v2beta1", "v2beta2"]),
    ];
    Reply::json(&json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}))
}
