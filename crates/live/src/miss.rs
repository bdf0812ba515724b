//! Why an answer did not come, in the words of gaps.

use crate::page::Status;
use http::StatusCode;
use kubecause_model::{Gap, Why, one_line};
use std::error::Error;

/// Why an answer did not come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss {
    /// The kind of reason.
    pub why: Why,
    /// The status, where there was an answer.
    pub status: Option<u16>,
    /// The server's or the client's words.
    pub says: String,
    /// Whether another try may help.
    pub may_pass: bool,
    /// What kind of connection error it is.
    pub trouble: Option<Trouble>,
}

/// Why there is no connection to the API server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing listens there.
    Refused,
    /// The name has no address.
    Name,
    /// There is no way there, or it swallows what is sent.
    Unreachable,
    /// The server's certificate is over or not yet valid.
    Expired,
    /// The server's certificate is of an authority that is not trusted.
    Authority,
    /// The server's certificate is for other names.
    OtherName,
    /// Another failure to speak TLS.
    Tls,
    /// The connection was closed in the middle.
    Closed,
    /// The credentials could not be made.
    Credentials,
}

impl Miss {
    fn new(why: Why, says: impl Into<String>) -> Self {
        Self { why, status: None, says: says.into(), may_pass: false, trouble: None }
    }

    /// Something that another try does not help.
    pub fn failed(says: impl Into<String>) -> Self {
        Self::new(Why::Failed, says)
    }

    /// The time was over.
    pub fn out_of_time(says: impl Into<String>) -> Self {
        Self::new(Why::TimedOut, says)
    }

    /// The answer was longer than what is read.
    pub fn too_large(says: impl Into<String>) -> Self {
        Self::new(Why::TooLarge, says)
    }

    /// The server does not have it.
    pub fn absent(says: impl Into<String>) -> Self {
        Self::new(Why::NotCollected, says)
    }

    /// What came is not what was asked for.
    pub fn unparsable(says: impl Into<String>, truncated: bool) -> Self {
        Self::new(if truncated { Why::Truncated } else { Why::Unparsable }, says)
    }

    /// The body ended too early.
    pub fn cut(error: &(dyn Error + 'static)) -> Self {
        let says = format!("the answer broke off: {}", chain(error));
        Self { may_pass: true, trouble: Some(Trouble::Closed), ..Self::new(Why::Truncated, says) }
    }

    /// An answer that is no success.
    pub fn refused(status: StatusCode, body: &[u8]) -> Self {
        let said = Status::parse(body);
        let why = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Why::Forbidden,
            StatusCode::GATEWAY_TIMEOUT | StatusCode::REQUEST_TIMEOUT => Why::TimedOut,
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Why::NotCollected,
            _ => Why::Failed,
        };
        let words = if said.message.is_empty() { said.reason } else { one_line(&said.message, 240) };
        let says = format!("{}: {words}", status.as_u16());
        Self { status: Some(status.as_u16()), ..Self::new(why, says.trim_end_matches(": ")) }
    }

    /// The request did not come through.
    pub fn of_client(error: &kube::Error) -> Self {
        let words = chain(error);
        let trouble = trouble_of(&words, error);
        let why = if trouble == Trouble::Unreachable { Why::TimedOut } else { Why::Failed };
        let may_pass = matches!(trouble, Trouble::Refused | Trouble::Unreachable | Trouble::Closed);
        Self { may_pass, trouble: Some(trouble), ..Self::new(why, words) }
    }

    /// The same, saying how often it was tried.
    #[must_use]
    pub fn after(mut self, tries: u32) -> Self {
        if tries > 1 {
            self.says = format!("{} ({tries} tries)", self.says);
        }
        self
    }

    /// The gap that it leaves.
    pub fn gap(&self, what: impl Into<String>) -> Gap {
        Gap::new(what, self.why, self.says.clone())
    }
}

/// An error with its causes, each once.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(e) = next {
        let said = e.to_string();
        if !words.iter().any(|w| w.contains(&said)) {
            words.push(said);
        }
        next = e.source();
    }
    one_line(&words.join(": "), 300)
}

/// What kind of connection error the words of a client tell. The types of the errors below are those of other crates
/// and differ by proxy and platform; their words are what all of them share.
fn trouble_of(words: &str, error: &kube::Error) -> Trouble {
    let words = words.to_ascii_lowercase();
    let says = |any: &[&str]| any.iter().any(|w| words.contains(w));
    if matches!(error, kube::Error::Auth(_)) || says(&["auth error", "auth exec"]) {
        Trouble::Credentials
    } else if says(&["certificate expired", "certificateexpired", "notvalidyet", "not valid yet"]) {
        Trouble::Expired
    } else if says(&["unknownissuer", "unknown issuer", "unknownca", "badsignature"]) {
        Trouble::Authority
    } else if says(&["notvalidforname", "not valid for name", "certificate not valid for"]) {
        Trouble::OtherName
    } else if says(&["certificate", "tls", "corruptmessage", "handshake"]) {
        Trouble::Tls
    } else if says(&["connection refused", "actively refused"]) {
        Trouble::Refused
    } else if says(&["lookup address", "dns error", "name or service not known", "no such host"]) {
        Trouble::Name
    } else if says(&["timed out", "timeout", "deadline", "unreachable", "no route"]) {
        Trouble::Unreachable
    } else {
        Trouble::Closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_a_reason() {
        let body = br#"{"kind":"Status","status":"Failure","message":"pods is forbidden: User \"eve\" cannot list resource \"pods\"","reason":"Forbidden","code":403}"#;
        let miss = Miss::refused(StatusCode::FORBIDDEN, body);
        assert_eq!((miss.why, miss.status), (Why::Forbidden, Some(403)));
        assert!(miss.says.starts_with("403: pods is forbidden"), "{}", miss.says);
        let miss = Miss::refused(StatusCode::BAD_GATEWAY, b"<html>\n<body>oops");
        assert_eq!((miss.why, miss.says.as_str()), (Why::Failed, "502: <html>"));
    }
}
