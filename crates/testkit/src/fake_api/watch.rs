//! Watches: changes as lines of JSON in a chunked answer, bookmarks in between, and how that goes wrong.

use super::WatchFault;
use super::answer::{Reply, Server};
use super::request::{List, Seen};
use super::world::{Change, Next};
use serde_json::{Value, json};
use std::io::{Result, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A watch on which nothing happens gets a bookmark that often.
const BOOKMARK: Duration = Duration::from_millis(200);

/// An open watch.
struct Watch<'a> {
    list: &'a List,
    /// Only metadata is wanted.
    lean: bool,
    fault: Option<WatchFault>,
    sent: usize,
    stream: &'a mut TcpStream,
}

/// Why a watch is over.
enum Over {
    /// Its answer is complete, and the connection can serve another request.
    Ended,
    /// The connection is broken.
    Broken,
}

impl Server {
    /// Serves a watch; `None` where the connection must end.
    pub(super) fn watch(
        &self,
        list: &List,
        seen: &Seen,
        fault: Option<WatchFault>,
        stream: &mut TcpStream,
    ) -> Option<()> {
        let age = self.world.age();
        let mut after: u64 = seen.query.get("resourceVersion").and_then(|v| v.parse().ok()).unwrap_or(0);
        let head = format!(
            "HTTP/1.1 200 X\r\nContent-Type: application/json\r\nDate: {}\r\nTransfer-Encoding: chunked\r\n\r\n",
            self.world.date()
        );
        stream.write_all(head.as_bytes()).ok()?;
        let bookmarks = seen.query.get("allowWatchBookmarks").is_some_and(|b| b == "true");
        let lean = seen.accept.contains("partialobjectmetadata");
        if fault == Some(WatchFault::CutAfter(0)) {
            return None;
        }
        let mut watch = Watch { list, lean, fault, sent: 0, stream };
        loop {
            let over = match self.world.next(&list.resource, after, age, BOOKMARK) {
                Next::Break => return None,
                Next::Gone => watch.error(410),
                Next::Bookmark(version) => {
                    after = version;
                    if bookmarks { watch.bookmark(version) } else { watch.idle() }
                }
                Next::Send(changes, last) => {
                    after = last;
                    watch.changes(&changes)
                }
            };
            match over {
                Ok(None) => {}
                Ok(Some(Over::Ended)) => return watch.stream.write_all(b"0\r\n\r\n").ok(),
                Ok(Some(Over::Broken)) | Err(_) => return None,
            }
        }
    }
}

impl Watch<'_> {
    fn changes(&mut self, changes: &[Change]) -> Result<Option<Over>> {
        for change in changes {
            let namespace = change.object.pointer("/metadata/namespace").and_then(Value::as_str);
            if self.list.namespace.as_deref().is_some_and(|n| Some(n) != namespace) {
                continue;
            }
            if let Some(over) = self.misbehave()? {
                return Ok(Some(over));
            }
            let object = self.form(&change.object);
            self.event(change.what, &object)?;
            self.sent += 1;
        }
        Ok(None)
    }

    /// What the fault does before the next event, if its time has come.
    fn misbehave(&mut self) -> Result<Option<Over>> {
        let Some(fault) = self.fault else { return Ok(None) };
        let due = |n: usize| self.sent >= n;
        match fault {
            WatchFault::Silent => self.sleep(),
            WatchFault::EndAfter(n) if due(n) => Ok(Some(Over::Ended)),
            WatchFault::CutAfter(n) if due(n) => Ok(Some(Over::Broken)),
            WatchFault::HalfAfter(n) if due(n) => {
                self.chunk(br#"{"type":"MODIFIED","object":{"metadata":{"na"#)?;
                Ok(Some(Over::Broken))
            }
            WatchFault::ErrorAfter(n, status) if due(n) => self.error(status),
            WatchFault::NoiseAfter(n) if due(n) => {
                self.chunk(b"<html>\n")?;
                Ok(Some(Over::Ended))
            }
            _ => Ok(None),
        }
    }

    /// The connection stays open, and nothing comes, until the other side has enough.
    fn sleep(&mut self) -> Result<Option<Over>> {
        self.stream.set_read_timeout(Some(Duration::from_mins(1)))?;
        let _ = std::io::Read::read(self.stream, &mut [0u8; 1]);
        Ok(Some(Over::Broken))
    }

    fn bookmark(&mut self, version: u64) -> Result<Option<Over>> {
        if self.fault == Some(WatchFault::Silent) {
            return self.sleep();
        }
        let object = json!({"kind": self.list.kind, "apiVersion": self.list.api_version,
            "metadata": {"resourceVersion": version.to_string(), "creationTimestamp": null}});
        self.event("BOOKMARK", &object)?;
        Ok(None)
    }

    /// Nothing is sent, so that only a failing write would tell that nobody listens.
    fn idle(&mut self) -> Result<Option<Over>> {
        self.stream.flush().map(|()| None)
    }

    fn error(&mut self, status: u16) -> Result<Option<Over>> {
        let words = if status == 410 { "too old resource version: 1 (2)" } else { "the watch cannot go on" };
        let object = Reply::status_object(status, words);
        self.event("ERROR", &object)?;
        Ok(Some(Over::Ended))
    }

    /// The object as a watch shows it: with its kind.
    fn form(&self, object: &Value) -> Value {
        let mut object = object.clone();
        if let Some(fields) = object.as_object_mut() {
            if self.lean {
                fields.retain(|key, _| key == "metadata");
            }
            let kind = if self.lean { "PartialObjectMetadata" } else { &self.list.kind };
            let version = if self.lean { "meta.k8s.io/v1" } else { &self.list.api_version };
            fields.insert("kind".to_owned(), json!(kind));
            fields.insert("apiVersion".to_owned(), json!(version));
        }
        object
    }

    fn event(&mut self, what: &str, object: &Value) -> Result<()> {
        let line = format!("{}\n", json!({"type": what, "object": object}));
        self.chunk(line.as_bytes())
    }

    fn chunk(&mut self, bytes: &[u8]) -> Result<()> {
        write!(self.stream, "{:x}\r\n", bytes.len())?;
        self.stream.write_all(bytes)?;
        self.stream.write_all(b"\r\n")?;
        self.stream.flush()
    }
}
