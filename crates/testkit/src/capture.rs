//! A capture as files in memory, to break on purpose.

use anyhow::{Context, Result, bail};
use jiff::{Timestamp, ToSpan};
use regex::{Captures, Regex};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

/// The files of a capture by path.
#[derive(Debug, Clone, Default)]
pub struct Capture {
    files: BTreeMap<String, Vec<u8>>,
}

impl Capture {
    /// Reads a `.tar.zst` whose files lie in one top folder.
    pub fn read_archive(path: &Path) -> Result<Self> {
        let file = std::fs::File::open(path).context(path.display().to_string())?;
        let mut archive = tar::Archive::new(zstd::Decoder::new(file)?);
        let mut files = BTreeMap::new();
        for entry in archive.entries()? {
            let mut entry = entry?;
            if !entry.header().entry_type().is_file() {
                continue;
            }
            let path = entry.path()?.to_string_lossy().into_owned();
            let Some((_, inner)) = path.split_once('/') else { bail!("{path} lies in no top folder") };
            let inner = inner.to_owned();
            let mut content = Vec::new();
            entry.read_to_end(&mut content)?;
            files.insert(inner, content);
        }
        Ok(Self { files })
    }

    pub(crate) fn from_files(files: impl Iterator<Item = (String, Vec<u8>)>) -> Self {
        Self { files: files.collect() }
    }

    pub(crate) fn into_files(self) -> BTreeMap<String, Vec<u8>> {
        self.files
    }

    /// Reads a folder.
    pub fn read_folder(root: &Path) -> Result<Self> {
        fn walk(root: &Path, at: &Path, files: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
            for entry in std::fs::read_dir(at)? {
                let path = entry?.path();
                if path.is_dir() {
                    walk(root, &path, files)?;
                } else {
                    let name = path.strip_prefix(root)?.to_string_lossy().into_owned();
                    files.insert(name, std::fs::read(&path)?);
                }
            }
            Ok(())
        }
        let mut files = BTreeMap::new();
        walk(root, root, &mut files)?;
        Ok(Self { files })
    }

    /// Writes the files below a folder.
    pub fn write_to(&self, root: &Path) -> Result<()> {
        for (name, content) in &self.files {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap_or(root))?;
            std::fs::write(path, content)?;
        }
        Ok(())
    }

    /// The content of a file.
    pub fn file(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(Vec::as_slice)
    }

    /// The names of all files.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The same without the files that a test of their name picks.
    #[must_use]
    pub fn without(mut self, drop: impl Fn(&str) -> bool) -> Self {
        self.files.retain(|name, _| !drop(name));
        self
    }

    /// The same, with the items of every list in another order. The same seed gives the same order.
    #[must_use]
    pub fn shuffled(mut self, seed: u64) -> Self {
        for (name, content) in &mut self.files {
            let Some(mut value) = parse(name, content) else { continue };
            if let Some(Value::Array(items)) = value.get_mut("items") {
                shuffle(items, seed);
                *content = value.to_string().into_bytes();
            }
        }
        self
    }

    /// The same cluster under other names: nodes, namespaces, workloads, pods, Services, claims, images, uids. `tag` makes
    /// the names.
    #[must_use]
    pub fn renamed(self, tag: &str) -> Self {
        let names = Renames::of(&self, tag);
        let files = self.files.into_iter().map(|(name, content)| {
            let renamed = match parse(&name, &content) {
                Some(mut value) if name.starts_with("cluster/") => {
                    names.walk(&mut value, "");
                    value.to_string().into_bytes()
                }
                _ => names.text(&String::from_utf8_lossy(&content)).into_bytes(),
            };
            (names.path(&name), renamed)
        });
        Self { files: files.collect() }
    }

    /// The same, all times moved so that it was taken when `other` was.
    pub fn at_the_time_of(self, other: &Self) -> Result<Self> {
        let delta = other.taken_at()?.as_second() - self.taken_at()?.as_second();
        let iso = Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")?;
        let klog = Regex::new(r"(?m)^([IWEF])(\d\d)(\d\d) (\d\d:\d\d:\d\d)")?;
        let syslog = Regex::new(r"(?m)^([A-Z][a-z]{2}|\d{1,2}月) ([ \d]\d) (\d\d:\d\d:\d\d)")?;
        let go = Regex::new(r"(\d{4})/(\d\d)/(\d\d) (\d\d:\d\d:\d\d)")?;
        let nginx = Regex::new(r"(\d\d)/(\w{3})/(\d{4}):(\d\d:\d\d:\d\d) \+0000")?;
        let year = self.taken_at()?.to_string()[..4].to_owned();
        let shift = |text: &str| -> Option<Timestamp> {
            format!("{text}Z").parse::<Timestamp>().ok()?.checked_add(delta.seconds()).ok()
        };
        let moved = |text: String| {
            let text = iso.replace_all(&text, |c: &Captures<'_>| {
                shift(&c[0])
                    .map_or_else(|| c[0].to_owned(), |t| t.to_string().trim_end_matches('Z').to_owned())
            });
            let text = klog.replace_all(&text, |c: &Captures<'_>| {
                let Some(t) = shift(&format!("{year}-{}-{}T{}", &c[2], &c[3], &c[4])) else {
                    return c[0].to_owned();
                };
                let t = t.to_string();
                format!("{}{}{} {}", &c[1], &t[5..7], &t[8..10], &t[11..19])
            });
            let text = syslog.replace_all(&text, |c: &Captures<'_>| {
                let number = c[1].strip_suffix('月').and_then(|n| n.parse().ok());
                let month =
                    number.unwrap_or_else(|| 1 + MONTHS.iter().position(|m| *m == &c[1]).unwrap_or(0));
                let day = c[2].trim();
                let Some(t) = shift(&format!("{year}-{month:02}-{day:0>2}T{}", &c[3])) else {
                    return c[0].to_owned();
                };
                t.strftime("%b %e %H:%M:%S").to_string()
            });
            let text = nginx.replace_all(&text, |c: &Captures<'_>| {
                let month = MONTHS.iter().position(|m| *m == &c[2]).map_or(0, |i| i + 1);
                let Some(t) = shift(&format!("{}-{month:02}-{}T{}", &c[3], &c[1], &c[4])) else {
                    return c[0].to_owned();
                };
                t.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string()
            });
            let text = go.replace_all(&text, |c: &Captures<'_>| {
                shift(&format!("{}-{}-{}T{}", &c[1], &c[2], &c[3], &c[4]))
                    .map_or_else(|| c[0].to_owned(), |t| t.strftime("%Y/%m/%d %H:%M:%S").to_string())
            });
            text.into_owned()
        };
        let files = self.files.into_iter().map(|(name, content)| {
            let text = String::from_utf8_lossy(&content).into_owned();
            (name, moved(text).into_bytes())
        });
        Ok(Self { files: files.collect() })
    }

    /// Both clusters in one capture. The other one must have other names already.
    pub fn merged(mut self, other: Self) -> Result<Self> {
        for (name, content) in other.files {
            let Some(mine) = self.files.get_mut(&name) else {
                self.files.insert(name, content);
                continue;
            };
            let (Some(mut a), Some(b)) = (parse(&name, mine), parse(&name, &content)) else { continue };
            if let (Some(Value::Array(items)), Some(Value::Array(more))) =
                (a.get_mut("items"), b.get("items"))
            {
                let known: BTreeSet<String> = items.iter().map(identity).collect();
                items.extend(more.iter().filter(|o| !known.contains(&identity(o))).cloned());
            } else if let (Some(Value::Object(kinds)), Some(Value::Object(more))) =
                (a.get_mut("kinds"), b.get("kinds"))
            {
                for (kind, status) in more {
                    if status == "ok" || !kinds.contains_key(kind) {
                        kinds.insert(kind.clone(), status.clone());
                    }
                }
            }
            *mine = a.to_string().into_bytes();
        }
        Ok(self)
    }

    /// When it was taken.
    pub fn taken_at(&self) -> Result<Timestamp> {
        let text = self.file("capture.json").context("capture.json")?;
        let value: Value = serde_json::from_slice(text)?;
        Ok(value["takenAt"].as_str().context("takenAt")?.parse()?)
    }
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

pub(crate) fn parse(name: &str, content: &[u8]) -> Option<Value> {
    name.ends_with(".json").then(|| serde_json::from_slice(content).ok()).flatten()
}

fn identity(object: &Value) -> String {
    let meta = &object["metadata"];
    format!("{}/{}/{}", object["kind"], meta["namespace"], meta["name"])
}

/// Fisher-Yates with a small generator (splitmix64): order is all that matters here.
fn shuffle(items: &mut [Value], seed: u64) {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    for i in (1..items.len()).rev() {
        let j = usize::try_from(next() % (i as u64 + 1)).unwrap_or_default();
        items.swap(i, j);
    }
}

/// Old names and their new ones.
struct Renames {
    words: BTreeMap<String, String>,
    token: Option<Regex>,
    uid: Option<Regex>,
    tag: String,
}

/// Names that Kubernetes itself gives a meaning.
const KEPT: [&str; 6] = ["default", "kubernetes", "kube-root-ca.crt", "cluster", "busybox", "pause"];

impl Renames {
    fn of(capture: &Capture, tag: &str) -> Self {
        let mut words = BTreeMap::new();
        for (name, content) in capture.files.iter().filter(|(n, _)| n.starts_with("cluster/")) {
            let system = [
                "apiservices",
                "priorityclasses",
                "leases",
                "clusterrole",
                "events",
                "configmaps",
                "serviceaccounts",
            ];
            if system.iter().any(|s| name.contains(s)) {
                continue;
            }
            let value = parse(name, content).unwrap_or_default();
            for item in value["items"].as_array().into_iter().flatten() {
                let meta = &item["metadata"];
                for found in [&meta["name"], &meta["namespace"]].into_iter().filter_map(Value::as_str) {
                    if found.len() >= 2 && !KEPT.contains(&found) && !found.starts_with("kube-") {
                        words.insert(found.to_owned(), format!("{tag}{}", scramble(found)));
                    }
                }
            }
        }
        words.insert("busybox:1.36".into(), format!("registry.internal/{tag}/base:7"));
        let mut longest: Vec<&String> = words.keys().collect();
        longest.sort_by_key(|w| std::cmp::Reverse(w.len()));
        let pattern = longest.iter().map(|w| regex::escape(w)).collect::<Vec<_>>().join("|");
        let token = Regex::new(&format!(r"(^|[^A-Za-z0-9])({pattern})($|[^A-Za-z0-9])")).ok();
        let uid = Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").ok();
        Self { words, token, uid, tag: tag.to_owned() }
    }

    fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if let Some(token) = &self.token {
            // Twice: neighbours share the character between them.
            for _ in 0..2 {
                let replace = |c: &Captures<'_>| {
                    format!("{}{}{}", &c[1], self.words.get(&c[2]).map_or("", String::as_str), &c[3])
                };
                text = token.replace_all(&text, replace).into_owned();
            }
        }
        match &self.uid {
            Some(uid) => {
                let first = self.tag.bytes().fold(7_u8, u8::wrapping_add) % 10;
                uid.replace_all(&text, |c: &Captures<'_>| format!("{first}{}", &c[0][1..])).into_owned()
            }
            None => text,
        }
    }

    fn path(&self, path: &str) -> String {
        match path.split_once('/') {
            Some(("logs" | "nodes", _)) => self.text(path),
            _ => path.to_owned(),
        }
    }

    fn walk(&self, value: &mut Value, key: &str) {
        match value {
            Value::String(text) if !["kind", "apiVersion", "type", "reason", "phase"].contains(&key) => {
                *text = self.text(text);
            }
            Value::Array(items) => items.iter_mut().for_each(|v| self.walk(v, key)),
            Value::Object(fields) => fields.iter_mut().for_each(|(k, v)| self.walk(v, k)),
            _ => {}
        }
    }
}

/// Another name of the same length and form, the same for the same name.
fn scramble(name: &str) -> String {
    let shift = |c: char| match c {
        'a'..='z' => char::from(b'a' + (c as u8 - b'a' + 7) % 26),
        other => other,
    };
    name.chars().map(shift).collect()
}

/// The new name of an object, or of a prefix of its name.
pub(crate) fn renamed(name: &str, tag: &str) -> String {
    if name.is_empty() { String::new() } else { format!("{tag}{}", scramble(name)) }
}
