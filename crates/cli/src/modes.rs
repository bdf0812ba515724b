//! `kubecause modes`.

use crate::args::{ListOutput, ModesArgs};
use crate::terminal::plain;
use crate::{Failure, terminal};
use anyhow::anyhow;
use kubecause_catalogue::{Catalogue, Mode, ModeKind};

pub fn run(args: &ModesArgs) -> Result<u8, Failure> {
    let catalogue = Catalogue::builtin().map_err(Failure::internal)?;
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
