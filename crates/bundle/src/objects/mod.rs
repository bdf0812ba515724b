//! The text of a file → objects: a List, several documents or one object, as JSON or as YAML.

mod json;
mod mend;
mod yaml;

use json::Document;
use kubecause_evidence::{Gap, Ingest, Kind, Remarks, Watcher, Why};
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Items that one task of the thread pool reads.
const CHUNK: usize = 128;
/// So many bad items of one file have a gap of their own; the rest are counted in one.
const GAPS_PER_FILE: usize = 10;
/// API groups whose kinds kubecause reads. A kind of the same name in another group is another kind.
const GROUPS: [&str; 17] = [
    "",
    "apps",
    "batch",
    "autoscaling",
    "policy",
    "extensions",
    "networking.k8s.io",
    "discovery.k8s.io",
    "storage.k8s.io",
    "coordination.k8s.io",
    "admissionregistration.k8s.io",
    "apiregistration.k8s.io",
    "apiextensions.k8s.io",
    "scheduling.k8s.io",
    "node.k8s.io",
    "events.k8s.io",
    "rbac.authorization.k8s.io",
];

/// Whether kinds of that API group are the ones that kubecause reads.
pub fn is_native(group: &str) -> bool {
    GROUPS.contains(&group)
}

/// What one file held.
#[derive(Debug, Default)]
pub struct Tally {
    /// How many objects of which kind were read.
    pub objects: BTreeMap<Kind, usize>,
    /// Kinds that a list named as its own (`PodList`), also where it is empty.
    pub list_kinds: Vec<Kind>,
    /// How many lists, of any length, stood in the file.
    pub lists: usize,
    /// How many objects stood alone.
    pub singles: usize,
    /// Why not all that the file should hold was read.
    pub partial: Option<Why>,
    /// The words of an API error that stood in place of objects.
    pub refused: Option<String>,
}

impl Tally {
    /// Whether the file held anything of Kubernetes.
    pub fn is_something(&self) -> bool {
        self.lists + self.singles > 0 || self.refused.is_some()
    }

    /// How many objects were read.
    pub fn total(&self) -> usize {
        self.objects.values().sum()
    }
}

/// The objects of a text, where it is JSON or YAML of Kubernetes objects at all. `path` is for citations, `file_kind`
/// what the file's name says that it holds. `watcher` is asked about every object that it wants.
pub fn read(
    text: &str,
    path: &str,
    file_kind: Option<&Kind>,
    watcher: Option<&dyn Watcher>,
    push: &mut dyn FnMut(Ingest, Remarks),
    gap: &mut dyn FnMut(Gap),
) -> Tally {
    let documents = match text.trim_start().as_bytes().first() {
        Some(b'{' | b'[') => json::split(text),
        Some(_) if yaml::looks_like(text) => yaml::split(text),
        _ => Vec::new(),
    };
    let mut tally = Tally::default();
    for document in documents {
        Reading { path, file_kind, watcher, tally: &mut tally, push, gap }.document(&document);
    }
    tally
}

struct Reading<'a> {
    path: &'a str,
    file_kind: Option<&'a Kind>,
    watcher: Option<&'a dyn Watcher>,
    tally: &'a mut Tally,
    push: &'a mut dyn FnMut(Ingest, Remarks),
    gap: &'a mut dyn FnMut(Gap),
}

impl Reading<'_> {
    fn document(&mut self, document: &Document<'_>) {
        let broken = document.broken.as_ref().map(|b| {
            let why = if b.truncated { Why::Truncated } else { Why::Unparsable };
            let after =
                document.items.as_ref().map_or(String::new(), |i| format!("after item {}: ", i.len()));
            (why, format!("{after}{}", b.says))
        });
        if let Some(items) = &document.items {
            let says_something = broken.is_none() || !items.is_empty() || document.kind.is_some();
            self.tally.lists += usize::from(says_something);
            let of = document.kind.as_deref().and_then(|k| k.strip_suffix("List")).filter(|k| !k.is_empty());
            self.tally.list_kinds.extend(of.map(Kind::from_name));
            let default = of.map(ToOwned::to_owned).or_else(|| self.file_kind.map(ToString::to_string));
            self.items(items, default.as_deref(), document.yaml);
            if document.continues {
                self.incomplete(Why::Truncated, "the server said that the list goes on");
            }
        } else if let Some(object) = &document.object {
            self.single(object, document.yaml);
        }
        if let Some((why, says)) = broken {
            self.incomplete(why, &says);
        }
    }

    fn incomplete(&mut self, why: Why, says: &str) {
        self.tally.partial = Some(why);
        (self.gap)(Gap::new(self.path, why, says));
    }

    fn single(&mut self, object: &str, is_yaml: bool) {
        let json = match as_json(object, is_yaml) {
            Ok(json) => json,
            Err(says) => return self.incomplete(Why::Unparsable, &says),
        };
        let head = json::head(&json);
        match head.kind.as_deref() {
            Some("Status") => {
                let status: StatusWords = serde_json::from_str(&json).unwrap_or_default();
                self.tally.refused = Some(format!("{} {}", status.reason, status.message).trim().to_owned());
            }
            Some(kind) if kind.ends_with("List") && head.api_version.is_some() && is_yaml => {
                // A list in flow style, which cannot be split by lines.
                for document in json::split(&json) {
                    self.document(&document);
                }
            }
            Some(_) => {
                self.tally.singles += 1;
                self.items(&[Cow::Borrowed(&*json)], None, false);
            }
            None => self.incomplete(Why::Unparsable, "it has no kind"),
        }
    }

    fn items(&mut self, items: &[Cow<'_, str>], default: Option<&str>, is_yaml: bool) {
        let mut bad = 0;
        // Bounded batches, so that what is read and not yet stored stays small.
        for (batch, items) in items.chunks(CHUNK * 64).enumerate() {
            let watcher = self.watcher;
            let read: Vec<Vec<_>> = items
                .par_chunks(CHUNK)
                .map(|chunk| chunk.iter().map(|item| parse(item, default, is_yaml, watcher)).collect())
                .collect();
            for (i, result) in read.into_iter().flatten().enumerate() {
                match result {
                    Ok((kind, object, remarks)) => {
                        *self.tally.objects.entry(kind).or_default() += 1;
                        (self.push)(object, remarks);
                    }
                    Err(says) => {
                        bad += 1;
                        self.tally.partial = self.tally.partial.or(Some(Why::Unparsable));
                        if bad <= GAPS_PER_FILE {
                            let number = batch * CHUNK * 64 + i + 1;
                            (self.gap)(Gap::new(
                                format!("{} item {number}", self.path),
                                Why::Unparsable,
                                says,
                            ));
                        }
                    }
                }
            }
        }
        if bad > GAPS_PER_FILE {
            let says = format!("{} more items could not be read", bad - GAPS_PER_FILE);
            (self.gap)(Gap::new(self.path, Why::Unparsable, says));
        }
    }
}

/// An API error that was saved in place of an answer.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct StatusWords {
    reason: String,
    message: String,
}

fn as_json(text: &str, is_yaml: bool) -> Result<Cow<'_, str>, String> {
    if is_yaml { yaml::to_json(text).map(Cow::Owned) } else { Ok(Cow::Borrowed(text)) }
}

fn parse(
    item: &str,
    default: Option<&str>,
    is_yaml: bool,
    watcher: Option<&dyn Watcher>,
) -> Result<(Kind, Ingest, Remarks), String> {
    let json = as_json(item, is_yaml)?;
    if !json.trim_start().starts_with('{') {
        return Err("it is no object".to_owned());
    }
    let head = json::head(&json);
    let kind = head.kind.as_deref().or(default).ok_or("it has no kind")?;
    let group = head.api_version.as_deref().and_then(|v| v.split_once('/')).map_or("", |(group, _)| group);
    let kind = if is_native(group) { Cow::Borrowed(kind) } else { Cow::Owned(format!("{kind}.{group}")) };
    match Ingest::parse(&kind, &json) {
        Ok(object) if object.name().is_empty() => Err("it has no name".to_owned()),
        Ok(object) => {
            let kind = Kind::from_name(&kind);
            let watcher = watcher.filter(|w| w.wants(&kind));
            let remarks = watcher.map(|w| w.look(&kind, &json)).unwrap_or_default();
            Ok((kind, object, remarks))
        }
        // The parser's words may quote a value.
        Err(e) if *kind == *"Secret" || *kind == *"ConfigMap" => {
            Err(format!("it is no {kind} (its line {}, column {})", e.line(), e.column()))
        }
        Err(e) => Err(e.to_string()),
    }
}
