//! `kubecause capture`.

use crate::args::CaptureArgs;
use crate::{EX_CANTCREAT, Failure, catalogue, terminal};
use anyhow::anyhow;
use kubecause_capture::{NEVER, Taken, Want, default_name, plan, take};
use kubecause_evidence::Snapshot;
use kubecause_kit::Kit;
use kubecause_live::{Evidence, Session, at_node, wanted};
use kubecause_model::Scope;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Asks the cluster, and writes the archive or what it would hold.
pub fn run(args: &CaptureArgs) -> Result<u8, Failure> {
    let kit = catalogue::load(&args.own, &[])?;
    if let Some(file) = args.output.as_deref().filter(|f| !args.dry_run && !args.force && f.exists()) {
        return Err(exists(file));
    }
    let session = args.live.open(args.namespace.as_deref())?;
    let namespace = session.only_namespace().map(ToOwned::to_owned);
    let scope = Scope { namespace, objects: Vec::new() };
    if args.dry_run {
        return tell(args, &session, &kit, &scope);
    }
    let file = args
        .output
        .clone()
        .unwrap_or_else(|| PathBuf::from(default_name(session.target().context.as_deref(), session.now())));
    let want = Want { file, force: args.force, nodes: args.node.clone(), looks: !args.live.no_looks };
    let taken = take(&session, &want, &mut |s: &Snapshot| kit.conclude(s, &scope))
        .map_err(|error| failure(&want.file, error))?;
    said(args, &session, &want.file, &taken);
    Ok(0)
}

/// What would be collected. The lists are read to know which looks are wanted.
fn tell(args: &CaptureArgs, session: &Session, kit: &Kit, scope: &Scope) -> Result<u8, Failure> {
    let sink = Arc::new(Evidence::default());
    session.fetch_but(&NEVER, sink.clone());
    let evidence =
        Arc::try_unwrap(sink).map_err(|_| Failure::internal(anyhow!("a list is still being read")))?;
    let snapshot = evidence.finish(Some(session.now()));
    let mut looks: Vec<_> = args.node.iter().flat_map(|node| at_node(&snapshot, node)).collect();
    if !args.live.no_looks {
        looks.extend(wanted(&snapshot, &kit.conclude(&snapshot, scope)));
    }
    terminal::print(&plan(&snapshot, &looks, session.only_namespace())).map_err(Failure::internal)?;
    Ok(0)
}

fn said(args: &CaptureArgs, session: &Session, file: &Path, taken: &Taken) {
    if let Some(looked) = taken.looked.as_ref().filter(|_| args.live.explain_looks) {
        eprint!("{}", looked.explain());
    }
    let only = session.only_namespace().map(|n| format!(", only namespace {n}")).unwrap_or_default();
    let proxy = taken.looked.as_ref().is_some_and(kubecause_live::Looked::nodes_through_proxy);
    let proxy = if proxy { ", nodes looked at through nodes/proxy" } else { "" };
    let written = taken.written;
    eprintln!("{}{only}{proxy}", session.target());
    eprintln!("{} objects, {} files, {} kB", written.objects, written.files, written.bytes.div_ceil(1000));
    println!("{}", file.display());
}

fn exists(file: &Path) -> Failure {
    Failure { code: EX_CANTCREAT, why: anyhow!("{} is there already; --force replaces it", file.display()) }
}

fn failure(file: &Path, error: std::io::Error) -> Failure {
    if error.kind() == std::io::ErrorKind::AlreadyExists {
        return exists(file);
    }
    Failure { code: EX_CANTCREAT, why: anyhow!("{} cannot be written: {error}", file.display()) }
}
