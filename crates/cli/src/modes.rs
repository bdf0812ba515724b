//! `kubecause modes`.

use crate::args::{ListArgs, ListOutput, ModesArgs, ModesCommand};
use crate::terminal::plain;
use crate::{Failure, catalogue, terminal};
use anyhow::{Context, anyhow};
use kubecause_catalogue::{Mode, ModeKind, scaffold};
use kubecause_kit::{Case, Expect, Kit};
use std::fs;
use std::path::Path;

pub fn run(args: &ModesArgs) -> Result<u8, Failure> {
    match &args.command {
        None => list(&args.list),
        Some(ModesCommand::List(args)) => list(args),
        Some(ModesCommand::Lint { folder }) => lint(folder),
        Some(ModesCommand::Test { folder }) => test(folder),
        Some(ModesCommand::New { folder, area, id }) => new(folder, area, id),
    }
}

/// Prints everything that is wrong with a catalogue.
fn lint(folder: &Path) -> Result<u8, Failure> {
    let problems = kubecause_kit::lint(folder).map_err(Failure::internal)?;
    let lines = problems.iter().fold(String::new(), |text, p| text + &p.to_string() + "\n");
    let end = match problems.len() {
        0 => "nothing is wrong".to_owned(),
        1 => "1 problem".to_owned(),
        n => format!("{n} problems"),
    };
    terminal::print(&format!("{lines}{end}")).map_err(Failure::internal)?;
    Ok(u8::from(!problems.is_empty()))
}

/// Runs the cases of a catalogue and prints what came of each.
fn test(folder: &Path) -> Result<u8, Failure> {
    let kit = Kit::load(&[folder.to_owned()], &[]).map_err(Failure::config)?;
    let cases = kubecause_kit::cases(folder);
    let width = cases.iter().map(|c| c.mode.len() + c.name.len() + 1).max().unwrap_or_default();
    let (mut text, mut failed) = (String::new(), 0);
    for case in &cases {
        let name = format!("{}/{}", case.mode, case.name);
        let line = match wrong(&kit, case) {
            None => format!("pass  {name}\n"),
            Some(why) => {
                failed += 1;
                format!("FAIL  {name:<width$}  {why}\n")
            }
        };
        text.push_str(&line);
    }
    let count = if cases.len() == 1 { "1 case".to_owned() } else { format!("{} cases", cases.len()) };
    let end = match failed {
        _ if cases.is_empty() => format!("there are no cases in {}: AREA/ID/cases/NAME", folder.display()),
        0 => format!("{count}, all pass"),
        n => format!("{count}, {n} failed"),
    };
    terminal::print(&format!("{text}{end}")).map_err(Failure::internal)?;
    Ok(u8::from(failed > 0 || cases.is_empty()))
}

/// Why a case does not hold; `None` when it does.
fn wrong(kit: &Kit, case: &Case) -> Option<String> {
    let judged = Expect::read(&case.folder).and_then(|e| Ok(e.judge(&kit.diagnose(&case.folder)?)));
    judged.unwrap_or_else(|error| Some(format!("{error:#}")))
}

/// Writes the folder of a new mode.
fn new(folder: &Path, area: &str, id: &str) -> Result<u8, Failure> {
    let files = scaffold(area, id).map_err(|why| Failure::usage(anyhow!(why)))?;
    let mode = folder.join(area).join(id);
    if mode.exists() {
        return Err(Failure::usage(anyhow!("{} is there already", mode.display())));
    }
    for (name, text) in files {
        let path = mode.join(name);
        let parent = path.parent().unwrap_or(&mode);
        let written = fs::create_dir_all(parent).and_then(|()| fs::write(&path, text));
        written.context(path.display().to_string()).map_err(Failure::input)?;
    }
    let next = format!("{0}: fill it in, then `kubecause modes lint {1}`", mode.display(), folder.display());
    terminal::print(&next).map_err(Failure::internal)?;
    Ok(0)
}

fn list(args: &ListArgs) -> Result<u8, Failure> {
    let catalogue = catalogue::load(&args.own, &[])?.catalogue;
    let lang = terminal::language(args.lang);
    let wanted = |m: &&Mode| args.area.as_ref().is_none_or(|area| m.area == *area);
    let mut modes: Vec<&Mode> = catalogue.all().filter(wanted).collect();
    if modes.is_empty() {
        let mut areas: Vec<&str> = catalogue.all().map(|m| m.area.as_str()).collect();
        areas.sort_unstable();
        areas.dedup();
        let area = args.area.as_deref().unwrap_or_default();
        return Err(Failure::usage(anyhow!("there is no area {area:?}; there are {}", areas.join(", "))));
    }
    modes.sort_by_key(|m| (&m.area, &m.id));
    let title = |m: &Mode| plain(m.title.get(lang));
    let text = match args.output {
        ListOutput::Text => {
            let width = modes.iter().map(|m| m.id.len()).max().unwrap_or_default();
            let line =
                |m: &&Mode| format!("{:<13} {:<width$}  {:<4}  {}\n", m.area, m.id, word(m.kind), title(m));
            modes.iter().map(line).collect::<String>()
        }
        ListOutput::Json => {
            let object = |m: &&Mode| serde_json::json!({"id": m.id, "area": m.area, "kind": word(m.kind), "title": title(m), "params": m.params});
            let list: Vec<_> = modes.iter().map(object).collect();
            serde_json::to_string_pretty(&list).map_err(Failure::internal)?
        }
    };
    terminal::print(&text).map_err(Failure::internal)?;
    Ok(0)
}

fn word(kind: ModeKind) -> &'static str {
    match kind {
        ModeKind::Root => "root",
        ModeKind::Link => "link",
        ModeKind::Note => "note",
    }
}
