//! A capture: its files, each with what it is, whichever tool wrote them. In a plain capture `capture.json` says what was asked for;
//! other tools say less.

use crate::foreign::{Foreign, Part};
use crate::intake::{Intake, node_log, why_of};
use crate::machines::Machines;
use crate::manifest::Manifest;
use crate::parts::{self, Parts};
use crate::place::{Place, kind_of};
use crate::session::{self, Beside, Text};
use crate::{about, split};
use kubecause_evidence::log::{LogFile, LogSource, LogText};
use kubecause_evidence::{Access, ContainerLogKey, Gap, Kind, Why};
use kubecause_model::one_line;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Path and text of the logs of each run of a container, which is named by namespace, pod and name.
type Runs = BTreeMap<(String, String, String), BTreeMap<u32, (String, String)>>;

/// Reads the files of one capture, in any order.
#[derive(Debug, Default)]
pub struct Capture {
    /// The tool that wrote it, where it is no plain capture.
    foreign: Option<Foreign>,
    manifest: Option<Manifest>,
    /// Resources that have a file, and what it shows about them.
    found: BTreeMap<String, Access>,
    /// Resources that have an error file, with its words.
    errors: BTreeMap<String, String>,
    transcripts: Vec<Text>,
    /// What files hold that are one namespace's or one object's.
    parts: Parts,
    /// Files of machines that their folders do not name.
    machines: Machines,
    /// Logs of a container by the number of its run, with their paths.
    runs: Runs,
    /// Whether the tool says that it collected all that it does.
    gathered: bool,
}

impl Capture {
    /// A capture that `foreign` wrote, or a plain one.
    pub fn new(foreign: Option<Foreign>) -> Self {
        Self { foreign, ..Self::default() }
    }

    /// The tool that wrote it, where it is no plain capture.
    pub fn foreign(&self) -> Option<Foreign> {
        self.foreign
    }

    /// What the file at that path is.
    pub fn place<'p>(&self, path: &'p str) -> Place<'p> {
        self.foreign.map_or_else(|| Place::of(path), |layout| layout.place(path))
    }

    /// Reads one file. `path` is its place in the capture.
    pub fn file(&mut self, path: &str, log: LogText, intake: &mut Intake) {
        let place = self.place(path);
        match place {
            Place::ContainerLog(namespace, pod, container, previous) => {
                container_log((namespace, pod, container, previous), path, log, intake);
            }
            Place::Component(name) => {
                let log = LogFile::new(LogSource::Component(name.into()), path, log);
                intake.builder.component_log(name, log);
            }
            Place::Node(node, name) if !node.is_empty() && node_log(name).is_some() => {
                node_file(node, name, path, log, intake);
            }
            _ => self.other(place, path, log.into_string(), intake),
        }
    }

    /// Reads a file that is no log of one source.
    fn other(&mut self, place: Place<'_>, path: &str, text: String, intake: &mut Intake) {
        match place {
            Place::Manifest => match Manifest::parse(&text) {
                Some(manifest) => self.manifest = Some(manifest),
                None => intake.gap(path, Why::Unparsable, "which kinds were asked for is not known"),
            },
            Place::Version => match version(&text) {
                Some(version) => intake.builder.version(version),
                None => intake.gap(path, Why::Unparsable, "the version of the API server is not known"),
            },
            Place::Readyz => intake.builder.readyz(text),
            Place::Resource(resource) | Place::Objects(resource, Part::All) => {
                self.resource(resource, path, &text, intake);
            }
            Place::Objects(resource, part) => self.part(resource, part, path, &text, intake),
            Place::PodLogs(namespace, pod) => {
                for (container, log) in split::containers(&text) {
                    container_log((namespace, pod, container, false), path, log, intake);
                }
            }
            Place::HostLog(name) => {
                for (host, log) in split::hosts(&text) {
                    node_file(host, name, path, log, intake);
                }
            }
            Place::ResourceError(resource) => {
                self.errors.insert(resource.to_owned(), error_words(&text));
            }
            Place::ContainerRun(namespace, pod, container, number) => {
                let key = (namespace.to_owned(), pod.to_owned(), container.to_owned());
                self.runs.entry(key).or_default().insert(number, (path.to_owned(), text));
            }
            Place::Printed(resource) => self.printed(&format!("get {resource} -A -o wide"), path, &text),
            Place::Described(resource, "") => self.printed(&format!("describe {resource} -A"), path, &text),
            Place::Described(resource, namespace) => {
                self.printed(&format!("describe {resource} -n {namespace}"), path, &text);
            }
            Place::About => {
                let (at, version) = about::read(&text);
                intake.taken_at(at);
                if at.is_none() && matches!(self.foreign, Some(Foreign::Rancher | Foreign::Sos)) {
                    // `date` in a zone that has a name only: who reads its other output makes the best of it.
                    self.transcripts.push((path.to_owned(), format!("$ date\n{text}")));
                }
                version.into_iter().for_each(|v| intake.builder.version(v));
            }
            Place::Gathered => self.gathered = true,
            Place::Machine(folder, name) => self.machines.file(folder, name, path, text),
            Place::Hostname(folder) => self.machines.hostname(folder, &text),
            Place::LogError(log) => {
                let words = error_words(&text);
                if !words.is_empty() {
                    intake.gap(log, why_of(&words), words);
                }
            }
            Place::Node(node, name) => node_file(node, name, path, text, intake),
            Place::Transcript => self.transcripts.push((path.to_owned(), text)),
            Place::ContainerLog(..) | Place::Component(_) | Place::Unknown => {}
        }
    }

    /// A file that holds what kubectl printed, without the command.
    fn printed(&mut self, command: &str, path: &str, text: &str) {
        self.transcripts.push((path.to_owned(), format!("$ kubectl {command}\n{text}")));
    }

    /// The text of a file of objects in the API's own form.
    fn mended<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.foreign.map_or(Cow::Borrowed(text), |layout| layout.mend(text))
    }

    /// Says that a file is there that could not be read.
    pub fn unreadable(&mut self, path: &str, why: Why) {
        match self.place(path) {
            Place::Resource(resource) | Place::Objects(resource, Part::All) => {
                self.found.insert(resource.to_owned(), Access::Missing(why));
            }
            Place::Objects(resource, Part::Namespace(namespace) | Part::One(Some(namespace))) => {
                self.parts.list(resource, namespace, Access::Missing(why));
            }
            _ => {}
        }
    }

    /// Reads a file that holds a namespace's objects of a resource, or one object. An empty file is none: other files hold the
    /// objects, or there are none.
    fn part(&mut self, resource: &str, part: Part<'_>, path: &str, text: &str, intake: &mut Intake) {
        if !parts::is_read(resource) || text.trim().is_empty() {
            return;
        }
        let kind = kind_of(resource);
        let tally = intake.objects(&self.mended(text), path, Some(&kind));
        let access = match (&tally.refused, tally.partial) {
            (Some(words), _) => {
                intake.gap(path, why_of(words), one_line(words, 200));
                Access::Missing(why_of(words))
            }
            (_, Some(why)) => Access::Missing(why),
            _ => Access::Listed,
        };
        match part {
            Part::One(namespace) if access == Access::Listed => {
                self.parts.single(resource, namespace.unwrap_or_default());
            }
            Part::Namespace(namespace) | Part::One(Some(namespace)) => {
                self.parts.list(resource, namespace, access);
            }
            Part::One(None) | Part::Single | Part::All => {}
        }
    }

    fn resource(&mut self, resource: &str, path: &str, text: &str, intake: &mut Intake) {
        let kind = kind_of(resource);
        let known = (!matches!(kind, Kind::Other(_))).then_some(&kind);
        let tally = intake.objects(&self.mended(text), path, known);
        let mut gap = |why, says: String| {
            intake.gap(path, why, says);
            Access::Missing(why)
        };
        let has_own = tally.objects.contains_key(&kind) || tally.list_kinds.contains(&kind);
        let has_other = tally.objects.keys().chain(&tally.list_kinds).find(|k| **k != kind);
        let access = match (&tally.refused, tally.partial, has_other) {
            (Some(words), ..) => gap(why_of(words), one_line(words, 200)),
            (_, Some(why), _) => {
                if !tally.is_something() && text.trim().is_empty() {
                    gap(why, "the file is empty".to_owned())
                } else {
                    Access::Missing(why)
                }
            }
            (.., Some(other)) if known.is_some() && !has_own => {
                gap(Why::Unparsable, format!("it holds objects of kind {other}"))
            }
            _ if text.trim().is_empty() => gap(Why::Truncated, "the file is empty".to_owned()),
            _ if !tally.is_something() => gap(Why::Unparsable, "it holds no Kubernetes objects".to_owned()),
            _ if tally.lists == 0 => gap(Why::NotCollected, "it holds single objects, not a list".to_owned()),
            _ => Access::Listed,
        };
        if matches!(kind, Kind::Other(_)) {
            // A file of custom resources is named by their plural; what kind that is, the objects say.
            for own in tally.objects.keys().filter(|k| matches!(k, Kind::Other(_))) {
                intake.resource(own.as_str(), own, access);
            }
        }
        self.found.insert(resource.to_owned(), access);
    }

    /// Says which kinds were listed, now that all files are read.
    pub fn finish(mut self, intake: &mut Intake) {
        let manifest = self.manifest.take().unwrap_or_default();
        intake.taken_at(manifest.taken_at);
        manifest.gaps.iter().for_each(|g| intake.gap(&*g.what, g.why, &*g.matters));
        for (resource, said) in &manifest.kinds {
            if !self.found.contains_key(resource) && !self.errors.contains_key(resource) {
                let access = said.without_file();
                if let Access::Missing(why) = access {
                    let says = if said.is_ok() {
                        "capture.json names it, but its file is not there"
                    } else {
                        said.words()
                    };
                    intake.gap(resource, why, says);
                }
                intake.resource(resource, &kind_of(resource), access);
            } else if let Some(why) = said.failed().filter(|_| !self.errors.contains_key(resource)) {
                intake.gap(resource, why, said.words());
                intake.resource(resource, &kind_of(resource), Access::Missing(why));
            }
        }
        for (resource, words) in &self.errors {
            // Other tools write the file also where there is nothing to say.
            if words.is_empty() && (self.foreign.is_some() || self.found.contains_key(resource)) {
                continue;
            }
            let why = why_of(words);
            intake.gap(resource, why, words.as_str());
            intake.resource(resource, &kind_of(resource), Access::Missing(why));
        }
        if self.foreign.is_some() {
            self.all_namespaces_or_some(intake);
        }
        for (resource, access) in &self.found {
            intake.resource(resource, &kind_of(resource), *access);
        }
        let gathered = self.gathered || !self.foreign.is_some_and(Foreign::must_say_so);
        self.parts.finish(gathered, intake);
        runs(std::mem::take(&mut self.runs), intake);
        machines(std::mem::take(&mut self.machines), intake);
        if self.transcripts.is_empty() {
            return;
        }
        if let Some(at) = intake.time().filter(|_| self.foreign.is_some()) {
            // The ages in tables count back from the time of the capture.
            let date = format!("$ date -u\n{}\n", at.strftime("%a %b %e %H:%M:%S UTC %Y"));
            self.transcripts.insert(0, ("date".to_owned(), date));
        }
        if session::read(&self.transcripts, Beside::ACapture, intake).is_none() {
            let what = if self.foreign.is_some() { "kubectl" } else { "operator" };
            intake.gap(what, Why::Unparsable, "it holds nothing that a known command prints");
        }
    }

    /// A list of namespaces that is not of the whole cluster was asked for by name.
    fn all_namespaces_or_some(&mut self, intake: &Intake) {
        let names: BTreeSet<String> = intake.builder.names_of_namespaces().collect();
        if let Some(access) = self.found.get_mut("namespaces")
            && *access == Access::Listed
            && !parts::is_a_cluster(&names)
        {
            *access = Access::Missing(Why::NotCollected);
        }
    }
}

/// A container's log. Namespace, pod, container, and whether it is the run's before.
fn container_log(
    (namespace, pod, container, previous): (&str, &str, &str, bool),
    path: &str,
    text: impl Into<LogText>,
    intake: &mut Intake,
) {
    let key = ContainerLogKey {
        namespace: namespace.into(),
        pod: pod.into(),
        container: container.into(),
        previous,
    };
    let log = LogFile::new(LogSource::Container, path, text);
    intake.excuse(&log);
    intake.builder.container_log(key, log);
}

/// Of the runs of a container the last is the current one, the one before it the previous one, and older ones are history.
fn runs(all: Runs, intake: &mut Intake) {
    for ((namespace, pod, container), runs) in all {
        for (previous, (_, (path, text))) in [false, true].into_iter().zip(runs.into_iter().rev()) {
            container_log((&namespace, &pod, &container, previous), &path, text, intake);
        }
    }
}

/// The files of machines that their folders do not name.
fn machines(machines: Machines, intake: &mut Intake) {
    let nodes = intake.builder.names_of_nodes();
    for (name, files) in machines.finish(&nodes) {
        if name.is_none()
            && let [(_, path, _), ..] = files.as_slice()
        {
            intake.gap(path.as_str(), Why::Unparsable, "no line of it names the node that it comes from");
        }
        let node = name.as_deref().unwrap_or("node");
        files.into_iter().for_each(|(name, path, text)| node_file(node, &name, &path, text, intake));
    }
}

fn node_file(node: &str, name: &str, path: &str, text: impl Into<LogText>, intake: &mut Intake) {
    let text = text.into();
    if let Some(of) = name.strip_suffix(".error").or_else(|| name.strip_suffix(".err")) {
        let words = error_words(text.as_str());
        if !words.is_empty() {
            intake.gap(format!("nodes/{node}/{of}"), why_of(&words), words);
        }
        return;
    }
    if name == "sysctl.txt" {
        return sysctl(node, path, text.as_str(), intake);
    }
    let facts = intake.builder.node(node);
    if let Some(source) = node_log(name) {
        facts.logs.push(LogFile::new(source, path, text));
        return;
    }
    let text = text.as_str();
    let before = facts.failed.len();
    let known = facts.read(path, name, text)
        || (!name.contains('.')
            && [".txt", ".json"].iter().any(|end| facts.read(path, &format!("{name}{end}"), text)));
    if known && facts.failed.len() > before {
        let first = text.lines().next().map(|l| one_line(l, 120)).unwrap_or_default();
        let (why, says) = match first.as_str() {
            "" => (Why::Truncated, "the file is empty".to_owned()),
            line => {
                (if looks_like_an_excuse(line) { why_of(line) } else { Why::Unparsable }, line.to_owned())
            }
        };
        intake.builder.gap(Gap::new(path, why, says));
    }
}

/// What `sysctl -a` tells that other collectors have files for.
fn sysctl(node: &str, path: &str, text: &str, intake: &mut Intake) {
    let value = |key: &str| {
        let line = text.lines().find_map(|l| l.strip_prefix(key)?.trim_start().strip_prefix('='));
        line.map(str::trim).filter(|v| !v.is_empty())
    };
    let facts = intake.builder.node(node);
    if let Some(most) = value("kernel.pid_max") {
        facts.read(path, "pid_max.txt", most);
    }
    let track = |what: &str| value(&format!("net.netfilter.nf_conntrack_{what}"));
    if let (Some(count), Some(most)) = (track("count"), track("max")) {
        facts.read(path, "conntrack.txt", &format!("{count} {most}"));
    }
}

/// Whether a line is a client's error and not what the file should hold.
fn looks_like_an_excuse(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    ["error", "timed out", "timeout", "forbidden", "unable", "refused", "denied"]
        .iter()
        .any(|w| line.contains(w))
}

/// The words of an error file. Warnings and notices that a client prints beside a good answer are no error.
fn error_words(text: &str) -> String {
    if matches!(text.trim(), "{}" | "[]" | "null") {
        return String::new();
    }
    let notices = ["Warning:", "No resources found", "W0", "W1", "I0", "I1"];
    let is_notice =
        |l: &str| notices.iter().any(|n| l.trim_start().starts_with(n)) || l.contains(" memcache.go:");
    let errors = text.lines().filter(|l| !is_notice(l));
    one_line(&errors.collect::<Vec<_>>().join(" "), 200)
}

/// `serverVersion.gitVersion` of `kubectl version -o json`, or `gitVersion` of the API's own `/version`, which troubleshoot calls `info`.
fn version(text: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    let server = value.get("serverVersion").or_else(|| value.get("info")).unwrap_or(&value);
    Some(server.get("gitVersion")?.as_str()?.to_owned())
}
