//! The lines of a watch, and what each says. Knows nothing about what is done with them.

use crate::miss::Miss;
use crate::page::Status;
use bytes::Bytes;
use http::StatusCode;
use http_body_util::BodyExt;
use kube::client::Body;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::time::Duration;
use tokio::time::timeout;

/// No event is longer: objects are limited to less than two megabytes.
const LONGEST: usize = 32 << 20;

/// The lines of an answer that does not end.
pub struct Lines {
    body: Body,
    buffer: Vec<u8>,
    /// Bytes of the buffer that were given away.
    given: usize,
    /// Bytes of the buffer that hold no more line ends.
    searched: usize,
}

/// What came instead of a line.
#[derive(Debug)]
pub enum NoLine {
    /// Nothing came for so long.
    Quiet,
    /// The answer ended as it should.
    Ended,
    /// The answer broke off, or is none.
    Broken(Miss),
}

impl Lines {
    /// The lines of that answer.
    pub fn new(body: Body) -> Self {
        Self { body, buffer: Vec::new(), given: 0, searched: 0 }
    }

    /// The next line; nothing is lost where it does not come in time.
    ///
    /// # Errors
    /// Where there is none (yet).
    pub async fn next(&mut self, patience: Duration, count: impl Fn(usize)) -> Result<Bytes, NoLine> {
        loop {
            if let Some(line) = self.take() {
                return Ok(line);
            }
            if self.buffer.len() - self.given > LONGEST {
                return Err(NoLine::Broken(Miss::too_large(format!(
                    "an event is longer than {LONGEST} bytes"
                ))));
            }
            let Ok(frame) = timeout(patience, self.body.frame()).await else { return Err(NoLine::Quiet) };
            match frame {
                None if self.buffer.len() > self.given => {
                    return Err(NoLine::Broken(Miss::unparsable("the watch ended within an event", true)));
                }
                None => return Err(NoLine::Ended),
                Some(Err(error)) => return Err(NoLine::Broken(Miss::cut(&error))),
                Some(Ok(frame)) => {
                    let data = frame.into_data().unwrap_or_default();
                    count(data.len());
                    self.buffer.extend_from_slice(&data);
                }
            }
        }
    }

    /// A whole line of what was read.
    fn take(&mut self) -> Option<Bytes> {
        loop {
            let rest = self.buffer.get(self.searched..).unwrap_or_default();
            let Some(at) = rest.iter().position(|b| *b == b'\n') else {
                self.buffer.drain(..self.given);
                self.given = 0;
                self.searched = self.buffer.len();
                return None;
            };
            let end = self.searched + at;
            let line =
                Bytes::copy_from_slice(self.buffer.get(self.given..end).unwrap_or_default().trim_ascii());
            self.given = end + 1;
            self.searched = self.given;
            if !line.is_empty() {
                return Some(line);
            }
        }
    }
}

/// What one line of a watch says.
#[derive(Debug, PartialEq, Eq)]
pub enum Said<'a> {
    /// The object is there, like this.
    Present(Head, &'a str),
    /// The object is gone.
    Gone(Head),
    /// Everything up to that version was said.
    UpTo(String),
    /// The watch cannot go on.
    Failed(Miss),
}

/// What tells an object from others.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Head {
    /// Empty for kinds that have none.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The version of the data in which it looks like this.
    pub resource_version: String,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    what: String,
    #[serde(borrow)]
    object: &'a RawValue,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Object {
    metadata: Head,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Code {
    code: u16,
}

impl Head {
    /// Reads it of an object.
    pub fn of(json: &str) -> Option<Self> {
        serde_json::from_str::<Object>(json).ok().map(|o| o.metadata).filter(|h| !h.name.is_empty())
    }
}

/// Reads one line; what is no event is a failure.
pub fn said(line: &[u8]) -> Said<'_> {
    let event: Event<'_> = match serde_json::from_slice(line) {
        Ok(event) => event,
        Err(e) => {
            return Said::Failed(Miss::unparsable(
                format!("the watch says what is no event: {e}"),
                e.is_eof(),
            ));
        }
    };
    let json = event.object.get();
    let nameless = || Said::Failed(Miss::unparsable("the watch names an object that has no name", false));
    match event.what.as_str() {
        "ADDED" | "MODIFIED" => Head::of(json).map_or_else(nameless, |head| Said::Present(head, json)),
        "DELETED" => Head::of(json).map_or_else(nameless, Said::Gone),
        "BOOKMARK" => {
            let object: Object = serde_json::from_str(json).unwrap_or_default();
            Said::UpTo(object.metadata.resource_version)
        }
        "ERROR" => {
            let code = serde_json::from_str::<Code>(json).unwrap_or_default().code;
            let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let miss = Miss::refused(status, json.as_bytes());
            // Servers say it in either way.
            let expired = matches!(Status::parse(json.as_bytes()).reason.as_str(), "Expired" | "Gone");
            let gone = Some(StatusCode::GONE.as_u16());
            Said::Failed(if expired { Miss { status: gone, ..miss } } else { miss })
        }
        other => Said::Failed(Miss::unparsable(format!("the watch says {other:?}, which is unknown"), false)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(namespace: &str, name: &str, version: &str) -> Head {
        Head { namespace: namespace.into(), name: name.into(), resource_version: version.into() }
    }

    #[test]
    fn events_are_told_apart() {
        let pod = r#"{"metadata":{"name":"a","namespace":"shop","resourceVersion":"7"},"spec":{}}"#;
        let line = |what: &str, object: &str| format!(r#"{{"type":"{what}","object":{object}}}"#);
        let added = line("ADDED", pod);
        assert_eq!(said(added.as_bytes()), Said::Present(head("shop", "a", "7"), pod));
        assert_eq!(said(line("DELETED", pod).as_bytes()), Said::Gone(head("shop", "a", "7")));
        let bookmark = line("BOOKMARK", r#"{"metadata":{"resourceVersion":"9","creationTimestamp":null}}"#);
        assert_eq!(said(bookmark.as_bytes()), Said::UpTo("9".into()));
    }

    #[test]
    fn what_is_no_event_is_a_failure() {
        let failed = |line: &str| match said(line.as_bytes()) {
            Said::Failed(miss) => miss,
            other => panic!("{other:?}"),
        };
        let gone = r#"{"type":"ERROR","object":{"kind":"Status","message":"too old resource version: 1 (2)","reason":"Expired","code":410}}"#;
        assert_eq!(failed(gone).status, Some(410));
        let worded = r#"{"type":"ERROR","object":{"kind":"Status","reason":"Gone"}}"#;
        assert_eq!(failed(worded).status, Some(410));
        assert_eq!(failed(r#"{"type":"ERROR","object":{"code":500}}"#).status, Some(500));
        for line in [
            "<html>",
            r#"{"type":"ADDED"}"#,
            r#"{"type":"ADDED","object":{}}"#,
            r#"{"type":"X","object":{}}"#,
        ] {
            assert_eq!(failed(line).status, None, "{line}");
        }
    }

    #[tokio::test]
    async fn lines_come_whole_whatever_the_pieces() {
        let text = b"{\"a\":1}\n\n  {\"b\":2}\n{\"c\"";
        let mut lines = Lines::new(Body::from(text.to_vec()));
        let long = Duration::from_secs(5);
        assert_eq!(lines.next(long, |_| {}).await.expect("a line"), &b"{\"a\":1}"[..]);
        assert_eq!(lines.next(long, |_| {}).await.expect("a line"), &b"{\"b\":2}"[..]);
        assert!(matches!(lines.next(long, |_| {}).await, Err(NoLine::Broken(_))));
        let mut none = Lines::new(Body::from(Vec::new()));
        assert!(matches!(none.next(long, |_| {}).await, Err(NoLine::Ended)));
    }
}
