//! The text of a file → objects: a List, several documents or one object, as JSON or as YAML.

mod json;
mod mend;
mod pieces;
mod yaml;

use json::Document;
use kubecause_evidence::{Gap, Ingest, Kind, Remarks, SnapshotBuilder, Watcher, Why};
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
/// what the file's name says that it holds. `watcher` is asked about every object that it wants; all goes `into` one place,
/// where there is `room` for so many: what is beyond is counted in a gap.
pub fn read(
    text: &str,
    path: &str,
    file_kind: Option<&Kind>,
    watcher: Option<&dyn Watcher>,
    room: usize,
    into: &mut SnapshotBuilder,
) -> Tally {
    let mut tally = Tally::default();
    let mut reading = Reading { path, file_kind, watcher, room, beyond: 0, tally: &mut tally, into };
    match text.trim_start().as_bytes().first() {
        Some(b'{' | b'[') => reading.json(text, pieces::PIECE),
        Some(_) if yaml::looks_like(text) => {
            yaml::split(text).iter().for_each(|d| reading.document(d, Batch::default()));
        }
        _ => {}
    }
    if reading.beyond > 0 {
        let says = format!("{} of its objects are more than kubecause holds", reading.beyond);
        reading.incomplete(Why::TooLarge, &says);
    }
    tally
}

/// One item, as it was read, or why it could not be.
type Item = Result<(Kind, Ingest, Remarks), String>;

/// What was read of a part of a list.
#[derive(Debug, Default)]
struct Part {
    /// How many objects there is room for, how many it holds, and how many are beyond that.
    room: usize,
    held: usize,
    beyond: usize,
    /// Its objects, and how many there are of each kind.
    objects: SnapshotBuilder,
    kinds: BTreeMap<Kind, usize>,
    /// How many items it has.
    items: usize,
    /// Those that could not be read, by their number from 1, and why not.
    bad: Vec<(usize, String)>,
}

impl Part {
    fn of(room: usize) -> Self {
        Self { room, ..Self::default() }
    }

    fn add(&mut self, kind: &Kind, object: Ingest, remarks: Remarks) {
        self.items += 1;
        if self.held == self.room {
            self.beyond += 1;
            return;
        }
        self.held += 1;
        match self.kinds.get_mut(kind) {
            Some(count) => *count += 1,
            None => drop(self.kinds.insert(kind.clone(), 1)),
        }
        self.objects.push(object);
        self.objects.remarks(remarks);
    }

    fn take(&mut self, item: Item) {
        match item {
            Ok((kind, object, remarks)) => self.add(&kind, object, remarks),
            Err(says) => {
                self.items += 1;
                self.bad.push((self.items, says));
            }
        }
    }
}

/// How far the items of one list were read.
#[derive(Debug, Clone, Copy, Default)]
struct Batch {
    read: usize,
    bad: usize,
}

struct Reading<'a> {
    path: &'a str,
    file_kind: Option<&'a Kind>,
    watcher: Option<&'a dyn Watcher>,
    /// How many objects there is room for, and how many are beyond that.
    room: usize,
    beyond: usize,
    tally: &'a mut Tally,
    into: &'a mut SnapshotBuilder,
}

impl Reading<'_> {
    /// The documents of a JSON text. Lists of the usual form are read in one pass; what that cannot read, the careful way can.
    fn json(&mut self, text: &str, piece: usize) {
        let mut rest = text;
        while !rest.trim_start().is_empty() {
            let mut batch = Batch::default();
            let reader =
                pieces::Reader { file_kind: self.file_kind, watcher: self.watcher, room: self.left(), piece };
            let quick = pieces::read(rest, reader, &mut |part| self.part(part, &mut batch));
            let length = if let Some((about, length)) = quick {
                self.tally.lists += 1;
                self.tally.list_kinds.extend(of_list(about.kind.as_deref()).map(Kind::from_name));
                self.end(batch, about.continues);
                length
            } else {
                let (document, length) = json::first(rest);
                self.document(&document, batch);
                length
            };
            rest = rest.get(length..).unwrap_or_default();
        }
    }

    /// Reads a document, of whose items some may have been read.
    fn document(&mut self, document: &Document<'_>, batch: Batch) {
        let broken = document.broken.as_ref().map(|b| {
            let why = if b.truncated { Why::Truncated } else { Why::Unparsable };
            let after =
                document.items.as_ref().map_or(String::new(), |i| format!("after item {}: ", i.len()));
            (why, format!("{after}{}", b.says))
        });
        if let Some(items) = &document.items {
            let says_something = broken.is_none() || !items.is_empty() || document.kind.is_some();
            self.tally.lists += usize::from(says_something);
            let of = of_list(document.kind.as_deref());
            self.tally.list_kinds.extend(of.map(Kind::from_name));
            let default = of.map(ToOwned::to_owned).or_else(|| self.file_kind.map(ToString::to_string));
            let batch = self.items(items, default.as_deref(), document.yaml, batch);
            self.end(batch, document.continues);
        } else if let Some(object) = &document.object {
            self.single(object, document.yaml);
        }
        if let Some((why, says)) = broken {
            self.incomplete(why, &says);
        }
    }

    fn incomplete(&mut self, why: Why, says: &str) {
        self.tally.partial = Some(why);
        self.into.gap(Gap::new(self.path, why, says));
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
                    self.document(&document, Batch::default());
                }
            }
            Some(_) => {
                self.tally.singles += 1;
                let batch = self.items(&[Cow::Borrowed(&*json)], None, false, Batch::default());
                self.end(batch, false);
            }
            None => self.incomplete(Why::Unparsable, "it has no kind"),
        }
    }

    /// Reads those items of a list that were not read yet.
    fn items(&mut self, items: &[Cow<'_, str>], default: Option<&str>, is_yaml: bool, batch: Batch) -> Batch {
        let mut batch = batch;
        let (watcher, room) = (self.watcher, self.left());
        // Bounded batches, so that what is read and not yet stored stays small.
        for items in items.get(batch.read..).unwrap_or_default().chunks(CHUNK * 64) {
            let read = items.par_chunks(CHUNK).map(|chunk| {
                let mut part = Part::of(room);
                chunk.iter().for_each(|item| part.take(parse(item, default, is_yaml, watcher)));
                part
            });
            let parts: Vec<Part> = read.collect();
            parts.into_iter().for_each(|part| self.part(part, &mut batch));
        }
        batch
    }

    /// For how many more objects there is room.
    fn left(&self) -> usize {
        self.room.saturating_sub(self.tally.total())
    }

    /// Stores what was read of a part of a list; not a part that there is no room for as a whole.
    fn part(&mut self, part: Part, batch: &mut Batch) {
        self.beyond += part.beyond;
        if part.held <= self.left() {
            for (kind, count) in part.kinds {
                *self.tally.objects.entry(kind).or_default() += count;
            }
            self.into.absorb(part.objects);
        } else {
            self.beyond += part.held;
        }
        for (number, says) in part.bad {
            batch.bad += 1;
            self.tally.partial = self.tally.partial.or(Some(Why::Unparsable));
            if batch.bad <= GAPS_PER_FILE {
                let what = format!("{} item {}", self.path, batch.read + number);
                self.into.gap(Gap::new(what, Why::Unparsable, says));
            }
        }
        batch.read += part.items;
    }

    /// Says what is missing of a list that was read to its end.
    fn end(&mut self, batch: Batch, continues: bool) {
        if batch.bad > GAPS_PER_FILE {
            let says = format!("{} more items could not be read", batch.bad - GAPS_PER_FILE);
            self.into.gap(Gap::new(self.path, Why::Unparsable, says));
        }
        if continues {
            self.incomplete(Why::Truncated, "the server said that the list goes on");
        }
    }
}

/// What a list's `kind` says that its items are.
fn of_list(kind: Option<&str>) -> Option<&str> {
    kind.and_then(|k| k.strip_suffix("List")).filter(|k| !k.is_empty())
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

fn parse(item: &str, default: Option<&str>, is_yaml: bool, watcher: Option<&dyn Watcher>) -> Item {
    let json = as_json(item, is_yaml)?;
    if !json.trim_start().starts_with('{') {
        return Err("it is no object".to_owned());
    }
    let head = json::head(&json);
    let kind = head.kind.as_deref().or(default).ok_or("it has no kind")?;
    let kind = full_kind(kind, head.api_version.as_deref());
    match Ingest::parse(kind.as_str(), &json) {
        Ok(object) if object.name().is_empty() => Err("it has no name".to_owned()),
        Ok(object) => {
            let watcher = watcher.filter(|w| w.wants(&kind));
            let remarks = watcher.map(|w| w.look(&kind, &json)).unwrap_or_default();
            Ok((kind, object, remarks))
        }
        // The parser's words may quote a value.
        Err(e) if matches!(kind, Kind::Secret | Kind::ConfigMap) => {
            Err(format!("it is no {kind} (its line {}, column {})", e.line(), e.column()))
        }
        Err(e) => Err(e.to_string()),
    }
}

/// The kind of an object that says this of itself; one of a foreign API group carries the group.
fn full_kind(kind: &str, api_version: Option<&str>) -> Kind {
    let group = group_of(api_version);
    if is_native(group) { Kind::from_name(kind) } else { Kind::from_name(&format!("{kind}.{group}")) }
}

/// The API group of a version such as `apps/v1`.
fn group_of(api_version: Option<&str>) -> &str {
    api_version.and_then(|v| v.split_once('/')).map_or("", |(group, _)| group)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of a text: its objects in order, its gaps, its tally.
    fn told(text: &str, read: impl FnOnce(&mut Reading<'_>)) -> String {
        let (mut into, mut tally) = (SnapshotBuilder::default(), Tally::default());
        let file_kind = text.starts_with(' ').then_some(&Kind::Service);
        read(&mut Reading {
            path: "f",
            file_kind,
            watcher: None,
            room: usize::MAX,
            beyond: 0,
            tally: &mut tally,
            into: &mut into,
        });
        format!("{into:#?}\n{tally:#?}")
    }

    fn same(text: &str) {
        let careful = told(text, |reading| {
            json::split(text).iter().for_each(|d| reading.document(d, Batch::default()));
        });
        for piece in [1, 60, usize::MAX >> 1] {
            assert_eq!(told(text, |reading| reading.json(text, piece)), careful, "pieces of {piece}: {text}");
        }
    }

    /// Lists as kubectl, the API server and other clients write them, and such as nobody should.
    const LISTS: [&str; 10] = [
        r#"{
    "apiVersion": "v1",
    "items": [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "a", "namespace": "n"}
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "d", "namespace": "n", "annotations": {"x": "},\n        {\n"}}
        },
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "b", "namespace": "n"}, "spec": {"nodeName": 5, "containers": 7}
        }
    ],
    "kind": "List",
    "metadata": {"continue": "x"}
}
"#,
        r#"{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"a","namespace":"n"}},{"metadata":{"name":"b"},"kind":"Service"},{"metadata":{}},{"metadata":{"name":"c","ownerReferences":[{"metadata":1},{"metadata":2}]}}]}"#,
        r#"{"apiVersion":"v1","items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}],"kind":"PodList"}"#,
        r#" {"apiVersion":"v1","items":[{"metadata":{"name":"a"}}, {"metadata":{"name":"b"}}],"kind":"ServiceList"}"#,
        r#" {"kind":"List","items":[{"metadata":{"name":"a"}} , {"metadata":{"name":"b"}}]} {"kind":"Node","metadata":{"name":"w"}}"#,
        r#"{"kind":"RolloutList","items":[{"kind":"Rollout","apiVersion":"argoproj.io/v1","metadata":{"name":"a"}},{"kind":"Pod","apiVersion":"metrics.k8s.io/v1","metadata":{"name":"b"}},5,null,[1],{"kind":7,"metadata":{"name":"c"}}]}"#,
        r#"{"kind":"PodList","items":[],"other":1}[{"kind":"Pod","metadata":{"name":"z"}}]"#,
        r#"{"kind":"PodList","items":null}"#,
        r#"{"kind":"PodList","items":[{"metadata":{"name":"a"}},{"metadata":***},{"metadata":{"name":"b"}}],"items":[{"metadata":{"name":"c"}}]}"#,
        r#"{"kind":"Status","apiVersion":"v1","reason":"Forbidden","message":"no"}"#,
    ];

    #[test]
    fn one_pass_gives_what_the_careful_way_gives_wherever_the_text_ends() {
        for list in LISTS {
            for end in (0..=list.len()).filter(|end| list.is_char_boundary(*end)) {
                same(list.get(..end).unwrap_or_default());
            }
        }
    }

    #[test]
    fn one_pass_reads_the_usual_lists_to_their_end() {
        let reader = pieces::Reader { file_kind: None, watcher: None, room: usize::MAX, piece: 1 };
        for list in LISTS.iter().take(2) {
            let mut read = 0;
            let end = pieces::read(list, reader, &mut |part| read += part.items).map(|(_, end)| end);
            assert_eq!(end, Some(list.trim_end().len()), "{list}");
            assert!(read >= 3, "{list}");
        }
    }
}
