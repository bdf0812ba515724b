//! An API server that serves a capture: lists in pages, kubelets behind `proxy/`, logs. It can be told to misbehave.
//!
//! It is a loop over a socket and no HTTP library, because it must be able to break off in the middle of an answer.

use crate::Capture;
use anyhow::{Context, Result};
use jiff::Timestamp;
use kubecause_evidence::plural_to_kind;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// One request, as the server saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The query, decoded.
    pub query: BTreeMap<String, String>,
    /// What form of answer was asked for.
    pub accept: String,
    /// How often that path was asked before, whatever the query.
    pub before: usize,
}

impl Seen {
    /// The resource that a list is of: `pods`, `deployments.apps`.
    pub fn resource(&self) -> Option<String> {
        List::of(&self.path).map(|list| list.resource)
    }

    /// Whether a list is of one namespace.
    pub fn namespace(&self) -> Option<String> {
        List::of(&self.path)?.namespace
    }
}

/// How an answer goes wrong.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Another status, with these words.
    Status(u16, String),
    /// The same, with `Retry-After` in seconds.
    Later(u16, u64),
    /// The body ends after so many bytes, and the connection with it.
    Truncate(usize),
    /// A whole answer whose JSON ends after so many bytes.
    CutJson(usize),
    /// No answer: the connection is closed.
    Drop,
    /// The answer comes that much later.
    Delay(Duration),
}

/// Says how the answer to a request goes wrong, if it does.
pub type Faults = Box<dyn Fn(&Seen) -> Option<Fault> + Send + Sync>;

/// A running server. It ends with the process.
#[derive(Debug)]
pub struct FakeApi {
    /// Where it listens: `http://127.0.0.1:12345`.
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

struct World {
    capture: Capture,
    date: String,
    faults: Faults,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl FakeApi {
    /// Serves a capture.
    pub fn serve(capture: Capture, faults: Faults) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let taken = capture.taken_at().context("when the capture was taken")?;
        let world = Arc::new(World { capture, date: http_date(taken), faults, seen: Arc::clone(&seen) });
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let world = Arc::clone(&world);
                std::thread::spawn(move || world.connection(stream));
            }
        });
        Ok(Self { url, seen })
    }

    /// All requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A kubeconfig whose only context is this server.
    pub fn kubeconfig(&self, namespace: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: fake\nclusters:\n- name: fake\n  cluster:\n    server: {}\n\
             contexts:\n- name: fake\n  context:\n    cluster: fake\n    user: fake\n    namespace: {namespace}\n\
             users:\n- name: fake\n  user:\n    token: t\n",
            self.url
        )
    }
}

fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

struct Reply {
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
        let reason = match status {
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "NotFound",
            410 => "Expired",
            429 => "TooManyRequests",
            _ => "InternalError",
        };
        let body = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": reason, "code": status});
        Self { status, ..Self::json(&body) }
    }
}

impl World {
    fn connection(&self, stream: TcpStream) -> Option<()> {
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
            let seen = self.note(method, &target, accept);
            self.reply(&seen, &mut stream)?;
        }
    }

    fn note(&self, method: String, target: &str, accept: String) -> Seen {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pair = |p: &str| {
            let (k, v) = p.split_once('=').unwrap_or((p, ""));
            (k.to_owned(), decoded(v))
        };
        let query = query.split('&').filter(|p| !p.is_empty()).map(pair).collect();
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let before = all.iter().filter(|s| s.path == path).count();
        let seen = Seen { method, path: path.to_owned(), query, accept, before };
        all.push(seen.clone());
        seen
    }

    /// Writes the answer; `None` where the connection must end.
    fn reply(&self, seen: &Seen, stream: &mut TcpStream) -> Option<()> {
        let mut reply = self.answer(seen);
        let mut more = String::new();
        let mut cut = None;
        match (self.faults)(seen) {
            None => {}
            Some(Fault::Drop) => return None,
            Some(Fault::Delay(time)) => std::thread::sleep(time),
            Some(Fault::Status(status, words)) => reply = Reply::status(status, &words),
            Some(Fault::Later(status, seconds)) => {
                reply = Reply::status(status, "too many requests, please try again later");
                more = format!("Retry-After: {seconds}\r\n");
            }
            Some(Fault::Truncate(bytes)) => cut = Some(bytes),
            Some(Fault::CutJson(bytes)) => reply.body.truncate(bytes),
        }
        let head = format!(
            "HTTP/1.1 {} X\r\nContent-Type: {}\r\nDate: {}\r\nContent-Length: {}\r\n{more}\r\n",
            reply.status,
            reply.kind,
            self.date,
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
        self.capture.file(name).map(Reply::text)
    }

    fn version(&self) -> Reply {
        let file = self.capture.file("cluster/version.json").unwrap_or(b"{\"gitVersion\":\"v1.36.2\"}");
        let value: Value = serde_json::from_slice(file).unwrap_or_default();
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
        let file = self.capture.file(&format!("cluster/{}.json", list.resource)).unwrap_or(b"{}");
        let whole: Value = serde_json::from_slice(file).unwrap_or_default();
        let mut items = whole.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
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
        let mut metadata = json!({"resourceVersion": "1"});
        if left > 0 {
            metadata =
                json!({"resourceVersion": "1", "continue": to.to_string(), "remainingItemCount": left});
        }
        Reply::json(&json!({"kind": kind, "apiVersion": "v1", "metadata": metadata, "items": page}))
    }
}

/// What a path lists.
struct List {
    resource: String,
    kind: String,
    namespace: Option<String>,
}

impl List {
    fn of(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let (group, rest) = match parts.as_slice() {
            ["api", "v1", rest @ ..] => ("", rest),
            ["apis", group, _, rest @ ..] => (*group, rest),
            _ => return None,
        };
        let (plural, namespace) = match rest {
            ["namespaces", namespace, plural] => (*plural, Some((*namespace).to_owned())),
            [plural] => (*plural, None),
            _ => return None,
        };
        let resource = if group.is_empty() { plural.to_owned() } else { format!("{plural}.{group}") };
        Some(Self { kind: plural_to_kind(plural)?.to_string(), resource, namespace })
    }
}

fn decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        let hex: String =
            if b == b'%' { bytes.by_ref().take(2).map(char::from).collect() } else { String::new() };
        out.push(u8::from_str_radix(&hex, 16).unwrap_or(b));
    }
    String::from_utf8_lossy(&out).into_owned()
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
