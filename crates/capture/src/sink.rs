//! Takes what is fetched: masks it and writes it.

use crate::archive::Archive;
use crate::redact::Redactor;
use crate::spool::Spool;
use jiff::Timestamp;
use kubecause_live::{Form, Miss, Page, Place, Resource, Sink};
use kubecause_model::{Gap, Why};
use rayon::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Writes a plain capture.
pub struct Writer {
    redactor: Redactor,
    state: Mutex<State>,
}

struct State {
    archive: Archive,
    lists: BTreeMap<String, List>,
    /// How the request for each kind ended.
    kinds: BTreeMap<String, &'static str>,
    gaps: Vec<Gap>,
    objects: usize,
    files: usize,
    /// What went wrong while writing, first.
    failed: Option<io::Error>,
}

/// A list that is not complete.
#[derive(Default)]
struct List {
    spool: Option<Spool>,
    /// Objects that could not be read, and are not there.
    bad: usize,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Objects in all lists.
    pub objects: usize,
    /// Files in the archive.
    pub files: usize,
    /// Bytes of the archive.
    pub bytes: u64,
}

impl Writer {
    /// Writes to that archive.
    pub fn new(archive: Archive, redactor: Redactor) -> Self {
        let state = State {
            archive,
            lists: BTreeMap::new(),
            kinds: BTreeMap::new(),
            gaps: Vec::new(),
            objects: 0,
            files: 0,
            failed: None,
        };
        Self { redactor, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what was seen of all, and ends the archive.
    pub fn finish(self, file: &Path, force: bool, taken_at: Timestamp, cluster: &str) -> io::Result<Written> {
        let mut state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let gap =
            |g: &Gap| json!({"what": g.what, "why": g.why.as_str(), "says": self.redactor.text(&g.matters)});
        let gaps: Vec<Value> = state.gaps.iter().map(gap).collect();
        let manifest = json!({
            "schema": "plain-capture/v1",
            "takenAt": format!("{taken_at:.0}"),
            "by": concat!("kubecause ", env!("CARGO_PKG_VERSION")),
            "cluster": self.redactor.text(cluster),
            "kinds": state.kinds,
            "gaps": gaps,
        });
        state.text("capture.json", &format!("{manifest:#}\n"));
        let State { archive, objects, files, failed, .. } = state;
        match failed {
            Some(error) => Err(error),
            None => Ok(Written { objects, files, bytes: archive.finish(file, force)? }),
        }
    }

    /// The object as it is written: masked, and saying what it is.
    fn object(&self, resource: &Resource, api: &str, json: &str) -> Option<String> {
        let value: Value = serde_json::from_str(json).ok()?;
        let Value::Object(fields) = value else { return None };
        let mut whole = serde_json::Map::new();
        if resource.form == Form::Whole {
            whole.insert("apiVersion".to_owned(), api.into());
            whole.insert("kind".to_owned(), resource.kind.into());
        }
        whole.extend(fields);
        let mut value = Value::Object(whole);
        self.redactor.object(resource.kind, &mut value);
        serde_json::to_string(&value).ok()
    }
}

impl State {
    fn attempt(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.failed.get_or_insert(error);
        }
    }

    fn text(&mut self, path: &str, text: &str) {
        self.files += 1;
        let result = self.archive.text(path, text);
        self.attempt(result);
    }

    fn push(&mut self, name: &str, objects: &[Option<String>]) -> io::Result<()> {
        let list = self.lists.entry(name.to_owned()).or_default();
        for object in objects {
            let Some(object) = object else {
                list.bad += 1;
                continue;
            };
            let spool = match &mut list.spool {
                Some(spool) => spool,
                none => none.insert(Spool::begin(self.archive.folder())?),
            };
            spool.push(object.as_bytes())?;
        }
        Ok(())
    }
}

impl Sink for Writer {
    fn page(&self, resource: &Resource, page: &Page<'_>) {
        let object =
            |item: &&serde_json::value::RawValue| self.object(resource, &page.api_version, item.get());
        let objects: Vec<Option<String>> = page.items.par_iter().with_min_len(16).map(object).collect();
        let mut state = self.state();
        let result = state.push(&resource.name(), &objects);
        state.attempt(result);
    }

    fn restart(&self, resource: &Resource) {
        self.state().lists.remove(&resource.name());
    }

    fn end(&self, resource: &Resource, result: Result<(), &Miss>) {
        let mut state = self.state();
        let name = resource.name();
        let List { spool, bad } = state.lists.remove(&name).unwrap_or_default();
        let objects = spool.as_ref().map_or(0, Spool::objects);
        state.objects += objects;
        if let Some(spool) = spool {
            state.files += 1;
            let written = state.archive.spooled(&format!("cluster/{name}.json"), spool);
            state.attempt(written);
        }
        let why = match result {
            Ok(()) if bad > 0 => Some((Why::Failed, format!("{bad} objects could not be read"))),
            Ok(()) => None,
            Err(miss) => Some((miss.why, miss.says.clone())),
        };
        match why {
            None => {
                state.kinds.insert(name, if objects == 0 { "empty" } else { "ok" });
            }
            // What the server does not have, or was not asked for, is what a capture does not name.
            Some((Why::NotCollected, _)) => {}
            Some((why, says)) => {
                state.kinds.insert(name.clone(), if why == Why::Forbidden { "forbidden" } else { "error" });
                let words = format!("{}: {}\n", words(why), self.redactor.text(&says));
                state.text(&format!("cluster/{name}.error"), &words);
            }
        }
    }

    fn text(&self, place: &Place, text: String) {
        let masked = self.redactor.text(&text);
        self.state().text(&place.path(), &masked);
    }

    fn gap(&self, gap: Gap) {
        let mut state = self.state();
        let is_a_file = gap.what.starts_with("nodes/") && gap.what.matches('/').count() == 2
            || gap.what.starts_with("logs/")
            || gap.what.starts_with("control-plane/");
        if is_a_file {
            let words = format!("{}: {}\n", words(gap.why), self.redactor.text(&gap.matters));
            state.text(&format!("{}.error", gap.what), &words);
        } else {
            state.gaps.push(gap);
        }
    }
}

/// The reason in words that readers of captures know.
fn words(why: Why) -> &'static str {
    match why {
        Why::Forbidden => "forbidden",
        Why::TimedOut => "timed out",
        _ => "error",
    }
}
