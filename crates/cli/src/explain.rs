//! `kubecause explain`.

use crate::args::ExplainArgs;
use crate::terminal::plain;
use crate::{Failure, catalogue, terminal};
use anyhow::anyhow;

/// How many further pages are named below the one that is printed.
const MORE: usize = 8;

pub fn run(args: &ExplainArgs) -> Result<u8, Failure> {
    let kit = catalogue::load(&args.own, &[])?;
    let lang = terminal::language(args.lang);
    let words = args.words.join(" ");
    let found = kit.catalogue.find(&kit.signals, &words);
    let Some((best, more)) = found.split_first() else {
        return Err(Failure::usage(anyhow!(
            "no page is found for {words:?}; `kubecause modes` lists them all"
        )));
    };
    let title = best.title.get(lang);
    let page = kit.catalogue.page(&best.id, lang).unwrap_or_default();
    let mut markdown = format!("# {}\n\n{}\n\n{page}", best.id, plain(title));
    if !more.is_empty() {
        markdown.push_str("\n\n---\n");
        for mode in more.iter().take(MORE) {
            markdown.push_str("\n- `");
            markdown.push_str(&mode.id);
            markdown.push_str("` ");
            markdown.push_str(&plain(mode.title.get(lang)));
        }
        markdown.push('\n');
    }
    let text = kubecause_report::page(&markdown, terminal::colored(args.color), terminal::width());
    terminal::print(&text).map_err(Failure::internal)?;
    Ok(0)
}
