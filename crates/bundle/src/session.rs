//! Transcripts: what kubectl and its like printed, taken over into the snapshot.

use crate::intake::{Intake, node_log};
use kubecause_evidence::log::{LogFile, LogSource};
use kubecause_evidence::{Access, Gap, Ingest, Kind, Why};
use kubecause_transcript::{NodeFile, Part, Transcript};
use serde_json::Value;

/// A text with the name that messages call it.
pub type Text = (String, String);

/// How a transcript stands to what else was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// It is the evidence.
    Nothing,
    /// It lies beside fuller evidence, and only adds what that does not have.
    ACapture,
}

/// Reads texts that belong together; what was in them, or `None` where nothing in them is known.
pub fn read(texts: &[Text], beside: Beside, intake: &mut Intake) -> Option<String> {
    let parts: Vec<Part<'_>> = texts.iter().map(|(name, text)| Part { name, text }).collect();
    let transcript = kubecause_transcript::read(&parts)?;
    let commands = transcript.commands;
    let unused = unused(&transcript.unused);
    let before = intake.objects;
    adopt(transcript, beside, intake);
    let objects = crate::files::plural(intake.objects - before, "object");
    Some(match commands {
        0 => objects + &unused,
        n => format!("{}, {objects}{unused}", crate::files::plural(n, "command")),
    })
}

/// The commands of which nothing is read; how many are named at most is what one line holds.
fn unused(commands: &[String]) -> String {
    const NAMED: usize = 6;
    let named: Vec<&str> = commands.iter().take(NAMED).map(String::as_str).collect();
    match (named.is_empty(), commands.len().saturating_sub(NAMED)) {
        (true, _) => String::new(),
        (_, 0) => format!(", not used: {}", named.join(", ")),
        (_, more) => format!(", not used: {} +{more}", named.join(", ")),
    }
}

fn adopt(found: Transcript, beside: Beside, intake: &mut Intake) {
    let alone = beside == Beside::Nothing;
    if alone || intake.time().is_none() {
        intake.taken_at(found.taken_at);
    }
    for object in found.objects {
        let kind = Kind::from_name(object.get("kind").and_then(Value::as_str).unwrap_or_default());
        if alone || !intake.was_answered(&kind) {
            push(&object, &kind, intake);
        }
    }
    for (kind, namespace) in found.listed {
        match namespace {
            None => intake.resource(kind.as_str(), &kind, Access::Listed),
            Some(namespace) => intake.builder.listed_in(kind, &namespace),
        }
    }
    for (kind, why) in found.missing {
        intake.resource(kind.as_str(), &kind, Access::Missing(why));
    }
    for log in found.logs {
        let key = &log.key;
        let path = format!(
            "logs/{}/{}/{}{}.log",
            key.namespace,
            key.pod,
            key.container,
            if key.previous { ".previous" } else { "" }
        );
        if !intake.builder.has_container_log(key) {
            let file = LogFile::new(LogSource::Container, path, log.text);
            intake.excuse(&file);
            intake.builder.container_log(log.key, file);
        }
    }
    if alone {
        for (name, text) in found.components {
            let path = format!("control-plane/{name}.log");
            intake
                .builder
                .component_log(&name, LogFile::new(LogSource::Component(name.as_str().into()), path, text));
        }
        if let Some(version) = found.version {
            intake.builder.version(version);
        }
        if let Some(readyz) = found.readyz {
            intake.builder.readyz(readyz);
        }
    }
    nodes(found.nodes, alone, intake);
    found.gaps.into_iter().for_each(|gap| intake.builder.gap(gap));
}

fn push(object: &Value, kind: &Kind, intake: &mut Intake) {
    match Ingest::parse(kind.as_str(), &object.to_string()) {
        Ok(read) => {
            intake.objects += 1;
            intake.builder.push(read);
            intake.ask_in_part(kind, object);
        }
        Err(e) => {
            let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
            intake.gap(format!("{kind}/{name}"), Why::Unparsable, e.to_string());
        }
    }
}

fn nodes(files: Vec<NodeFile>, alone: bool, intake: &mut Intake) {
    let known: Vec<String> = if alone { Vec::new() } else { intake.builder.node_names() };
    for file in files.into_iter().filter(|f| !known.contains(&f.node)) {
        let path = format!("nodes/{}/{}", file.node, file.name);
        let facts = intake.builder.node(&file.node);
        if let Some(source) = node_log(&file.name) {
            facts.logs.push(LogFile::new(source, path, file.text));
            continue;
        }
        let before = facts.failed.len();
        facts.read(&path, &file.name, &file.text);
        if facts.failed.len() > before {
            intake.builder.gap(Gap::new(path, Why::Unparsable, "it is not what the command prints"));
        }
    }
}
