//! `silences.toml`: faults that somebody knows of and does not want to be woken for, until a day and for a reason. A
//! silenced incident is told apart from the others, never hidden.

use jiff::Timestamp;
use kubecause_model::Subject;
use serde::Deserialize;
use std::fmt;
use toml::Spanned;

/// One silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// The id of the root cause, or `*`.
    pub mode: String,
    /// What the incident is about: `Deployment/shop/cart`, `Node/worker-1`; each part may hold `*` and `?`. `*` alone is
    /// everything.
    pub subject: String,
    /// It holds for evidence that was taken before.
    pub until: Timestamp,
    /// Why.
    pub why: String,
}

/// A file of silences that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SilenceError {
    /// Which line, where that is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub why: String,
}

impl fmt::Display for SilenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.why),
            None => f.write_str(&self.why),
        }
    }
}

impl std::error::Error for SilenceError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    silence: Vec<Wire>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    mode: Spanned<String>,
    subject: Spanned<String>,
    until: Spanned<toml::value::Datetime>,
    why: Spanned<String>,
}

impl Silence {
    /// Reads a file of silences; `is_mode` says whether a mode of that id exists.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(text: &str, is_mode: impl Fn(&str) -> bool) -> Result<Vec<Self>, Vec<SilenceError>> {
        let line = |at: usize| text.get(..at).map(|before| before.matches('\n').count() + 1);
        let file: File = toml::from_str(text).map_err(|e| {
            let why = e.message().trim().to_owned();
            vec![SilenceError { line: e.span().and_then(|s| line(s.start)), why }]
        })?;
        let (mut all, mut wrong) = (Vec::new(), Vec::new());
        for wire in file.silence {
            let mut fail = |at: usize, why: String| wrong.push(SilenceError { line: line(at), why });
            let mode = wire.mode.get_ref();
            if mode != "*" && !is_mode(mode) {
                fail(wire.mode.span().start, format!("there is no mode {mode:?}"));
            }
            let subject = wire.subject.get_ref();
            if !is_pattern(subject) {
                let form = "write Kind/namespace/name, Kind/name for what has no namespace, or *";
                fail(wire.subject.span().start, format!("{subject:?} names no subject: {form}"));
            }
            if wire.why.get_ref().trim().is_empty() {
                fail(wire.why.span().start, "say why".to_owned());
            }
            match wire.until.get_ref().to_string().parse() {
                Ok(until) => all.push(Self {
                    mode: wire.mode.into_inner(),
                    subject: wire.subject.into_inner(),
                    until,
                    why: wire.why.into_inner().trim().to_owned(),
                }),
                Err(_) => fail(
                    wire.until.span().start,
                    format!("{} needs a time and a zone: 2026-12-01T00:00:00Z", wire.until.get_ref()),
                ),
            }
        }
        if wrong.is_empty() { Ok(all) } else { Err(wrong) }
    }

    /// Whether it is about an incident of that root.
    pub fn covers(&self, mode: &str, subject: &Subject) -> bool {
        let of_mode = self.mode == "*" || self.mode == mode;
        of_mode && self.is_about(subject)
    }

    fn is_about(&self, subject: &Subject) -> bool {
        let parts: Vec<&str> = self.subject.split('/').collect();
        let kind = |pattern: &str| {
            glob(pattern.to_lowercase().as_bytes(), subject.kind.as_str().to_lowercase().as_bytes())
        };
        let named = |pattern: &str| glob(pattern.as_bytes(), subject.name.as_bytes());
        match parts.as_slice() {
            ["*"] => true,
            [of, name] => subject.namespace.is_none() && kind(of) && named(name),
            [of, namespace, name] => {
                let inside = subject.namespace.as_deref();
                inside.is_some_and(|ns| glob(namespace.as_bytes(), ns.as_bytes())) && kind(of) && named(name)
            }
            _ => false,
        }
    }
}

fn is_pattern(subject: &str) -> bool {
    let parts: Vec<&str> = subject.split('/').collect();
    let full = parts.iter().all(|part| !part.is_empty());
    full && (subject == "*" || matches!(parts.len(), 2 | 3))
}

/// Whether a text is of a pattern with `*` (any characters) and `?` (one).
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == b'?' || text.get(t) == Some(c) => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, from)) = star else { return false };
                (p, t) = (at + 1, from + 1);
                star = Some((at, from + 1));
            }
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubecause_model::Kind;

    fn silence(mode: &str, subject: &str) -> Silence {
        let until = "2026-12-01T00:00:00Z".parse().expect("a time");
        Silence { mode: mode.into(), subject: subject.into(), until, why: "known".into() }
    }

    #[test]
    fn a_silence_is_about_what_it_names() {
        let cart = Subject::new(Kind::Deployment, "shop", "cart").with_container("app");
        for pattern in ["*", "Deployment/shop/cart", "deployment/*/cart", "*/shop/*", "Deployment/shop/c?rt"]
        {
            assert!(silence("x", pattern).covers("x", &cart), "{pattern}");
        }
        for pattern in
            ["Deployment/cart", "Deployment/shop/car", "Pod/shop/cart", "Deployment/sho/cart", "*/*"]
        {
            assert!(!silence("x", pattern).covers("x", &cart), "{pattern}");
        }
        assert!(silence("*", "Node/worker-*").covers("y", &Subject::node("worker-1")));
        assert!(!silence("x", "*").covers("y", &cart));
        assert!(glob(b"a*b*c", b"a-b-b-c") && !glob(b"a*b", b"a-c") && glob(b"**", b"") && !glob(b"?", b""));
    }

    #[test]
    fn errors_name_their_line() {
        let text = "[[silence]]\nmode = 'nope'\nsubject = 'cart'\nuntil = 2026-12-01\nwhy = ' '\n";
        let wrong = Silence::parse(text, |_| false).expect_err("errors");
        let told: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        for (line, part) in told.iter().zip([
            "line 2: there is no mode",
            "line 3: \"cart\"",
            "line 5: say why",
            "line 4: 2026-12-01 needs",
        ]) {
            assert!(line.starts_with(part), "{line}");
        }
        assert_eq!(told.len(), 4);
        let wrong = Silence::parse("[[silence]]\nmode = '*'\n", |_| true).expect_err("fields are missing");
        assert!(wrong.iter().all(|e| e.line == Some(1) && e.why.contains("subject")), "{wrong:?}");
        let good = "[[silence]]\nmode = '*'\nsubject = '*'\nuntil = 2026-12-01T00:00:00+08:00\nwhy = 'x'\n";
        let all = Silence::parse(good, |_| false).expect("it is sound");
        assert_eq!(all.iter().map(|s| s.until.to_string()).collect::<Vec<_>>(), ["2026-11-30T16:00:00Z"]);
        assert_eq!(Silence::parse("", |_| false), Ok(vec![]));
    }
}
