//! `kubecause diagnose`.

use crate::args::{DiagnoseArgs, Output};
use crate::{Failure, catalogue, objects, selector, terminal};
use kubecause_bundle::Input;
use kubecause_evidence::Snapshot;
use kubecause_kit::Kit;
use kubecause_live::Session;
use kubecause_model::{Diagnosis, Scope};
use kubecause_report::{Format, TextOptions};

/// What was read, and from where.
struct Read {
    snapshot: Snapshot,
    description: String,
    /// The cluster, where it is a live one.
    session: Option<Session>,
}

/// Reads, diagnoses, prints; the exit code says what was found.
pub fn run(args: &DiagnoseArgs) -> Result<u8, Failure> {
    let kit = catalogue::load(&args.own, &args.silences)?;
    let Read { snapshot, mut description, session } = read(args, &kit)?;
    let scope = scope(args, &snapshot, session.as_ref())?;
    let mut diagnose = |s: &Snapshot| kit.conclude(s, &scope);
    let diagnosis = if let Some(session) = session.filter(|_| !args.live.no_looks) {
        look(args, &session, snapshot, &mut diagnose, &mut description)
    } else {
        let diagnosis = diagnose(&snapshot);
        // The process ends soon: to give back a hundred thousand objects one by one would only keep people waiting.
        std::mem::forget(snapshot);
        diagnosis
    };
    let code = kubecause_report::exit_code(&diagnosis, args.fail_on.into());
    let shown = kubecause_report::filter(diagnosis, args.min_severity.into());
    let format = match args.output {
        Output::Text => Format::Text,
        Output::Wide => Format::Wide,
        Output::Json => Format::Json,
        Output::Markdown => Format::Markdown,
        Output::Html => Format::Html,
    };
    let options = TextOptions {
        lang: terminal::language(args.lang),
        color: terminal::colored(args.color),
        width: terminal::width(),
        wide: args.output == Output::Wide,
        scope,
        name: Some(description),
    };
    terminal::print(&kubecause_report::render(format, &shown, &options)).map_err(Failure::internal)?;
    Ok(code)
}

/// The evidence: of a capture, or of the live cluster.
fn read(args: &DiagnoseArgs, kit: &Kit) -> Result<Read, Failure> {
    if args.from.is_empty() {
        let session = args.live.open(args.namespace.as_deref())?;
        let snapshot = session.collect();
        let only = session.only_namespace().map(|n| format!(", only namespace {n}")).unwrap_or_default();
        let description = format!("{}{only}", session.target());
        return Ok(Read { snapshot, description, session: Some(session) });
    }
    let inputs: Vec<Input> = args.from.iter().map(|path| Input::from_argument(path.as_os_str())).collect();
    let bundle = kit.read(&inputs).map_err(Failure::input)?;
    Ok(Read { snapshot: bundle.snapshot, description: bundle.description, session: None })
}

/// What is asked about.
fn scope(args: &DiagnoseArgs, snapshot: &Snapshot, session: Option<&Session>) -> Result<Scope, Failure> {
    let only = session.and_then(Session::only_namespace);
    let namespace = args.namespace.as_deref().or(only);
    let of = if session.is_some() { "cluster" } else { "capture" };
    if let Some(namespace) = namespace.filter(|_| only.is_none()) {
        objects::check_namespace(snapshot, namespace, of)?;
    }
    let mut named = objects::find(snapshot, &args.objects, namespace, of)?;
    if let Some(labels) = &args.selector {
        named.extend(selector::find(snapshot, labels, namespace)?);
    }
    Ok(Scope { namespace: namespace.map(ToOwned::to_owned), objects: named })
}

/// Diagnoses, looks closer where a question is open, and diagnoses again.
fn look(
    args: &DiagnoseArgs,
    session: &Session,
    snapshot: Snapshot,
    diagnose: &mut dyn FnMut(&Snapshot) -> Diagnosis,
    description: &mut String,
) -> Diagnosis {
    let looked = session.look(snapshot, diagnose);
    if looked.nodes_through_proxy() {
        description.push_str(", nodes looked at through nodes/proxy");
    }
    if args.live.explain_looks {
        eprint!("{}", looked.explain());
    }
    looked.diagnosis
}
