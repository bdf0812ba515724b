//! Takes a capture: lists, looks closer as a diagnosis would, writes.

use crate::NEVER;
use crate::archive::Archive;
use crate::redact::Redactor;
use crate::sink::Writer;
pub use crate::sink::Written;
use jiff::Timestamp;
use kubecause_evidence::Snapshot;
use kubecause_live::{Evidence, Looked, Session, Sink};
use kubecause_live::{Miss, Page, Place, Resource};
use kubecause_model::{Diagnosis, Gap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is to be captured.
#[derive(Debug, Clone)]
pub struct Want {
    /// The archive.
    pub file: PathBuf,
    /// Whether a file that is there is replaced.
    pub force: bool,
    /// Nodes to look at in any case.
    pub nodes: Vec<String>,
    /// Whether to look closer at all.
    pub looks: bool,
}

/// What was captured.
#[derive(Debug)]
pub struct Taken {
    /// Objects, files and bytes.
    pub written: Written,
    /// What came of looking closer, where that was wanted.
    pub looked: Option<Looked>,
}

/// Takes a capture.
///
/// # Errors
/// Where it cannot be written. What cannot be seen is no error; the capture says it.
pub fn take(
    session: &Session,
    want: &Want,
    diagnose: &mut dyn FnMut(&Snapshot) -> Diagnosis,
) -> io::Result<Taken> {
    if want.file.exists() && !want.force {
        return Err(io::Error::from(io::ErrorKind::AlreadyExists));
    }
    let redactor = Redactor::new().map_err(io::Error::other)?;
    let now = session.now();
    let time = u64::try_from(now.as_second()).unwrap_or_default();
    let writer = Writer::new(Archive::create(&want.file, top(&want.file), time)?, redactor);
    let tee = Arc::new(Tee { evidence: Evidence::default(), writer });
    session.fetch_but(&NEVER, tee.clone());
    let Ok(Tee { evidence, writer }) = Arc::try_unwrap(tee) else {
        return Err(io::Error::other("a list is still being read"));
    };
    let looked = want.looks.then(|| {
        let snapshot = evidence.finish(Some(session.now()));
        session.look_into(snapshot, diagnose, &want.nodes, &writer)
    });
    let cluster = session.target().to_string();
    let written = writer.finish(&want.file, want.force, session.now(), &cluster)?;
    Ok(Taken { written, looked })
}

/// Parses what comes, to know where to look closer, and writes it.
struct Tee {
    evidence: Evidence,
    writer: Writer,
}

impl Sink for Tee {
    fn page(&self, resource: &Resource, page: &Page<'_>) {
        self.evidence.page(resource, page);
        self.writer.page(resource, page);
    }

    fn restart(&self, resource: &Resource) {
        self.evidence.restart(resource);
        self.writer.restart(resource);
    }

    fn end(&self, resource: &Resource, result: Result<(), &Miss>) {
        self.evidence.end(resource, result);
        self.writer.end(resource, result);
    }

    fn text(&self, place: &Place, text: String) {
        self.evidence.text(place, text.clone());
        self.writer.text(place, text);
    }

    fn gap(&self, gap: Gap) {
        self.evidence.gap(gap.clone());
        self.writer.gap(gap);
    }
}

/// The name of a capture of that context and time: `kubecause-prod-20261122T174832Z.tar.zst`.
pub fn default_name(context: Option<&str>, at: Timestamp) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' };
    let context: String = context.unwrap_or("in-cluster").chars().map(fits).collect();
    format!("kubecause-{context}-{}.tar.zst", at.strftime("%Y%m%dT%H%M%SZ"))
}

/// The folder in the archive: the name of the file without its ending.
fn top(file: &Path) -> String {
    let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let stem =
        [".tar.zst", ".tar.zstd", ".tzst"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
    let stem = stem.trim_matches('.');
    if stem.is_empty() { "capture".to_owned() } else { stem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_names_of_files() {
        let at: Timestamp = "2026-11-22T17:48:32Z".parse().expect("a time");
        let name = default_name(Some("arn:aws:eks:eu/../prod"), at);
        assert_eq!(name, "kubecause-arn-aws-eks-eu-..-prod-20261122T174832Z.tar.zst");
        assert_eq!(top(Path::new("/x/a.tar.zst")), "a");
        assert_eq!(top(Path::new("..")), "capture");
    }
}
