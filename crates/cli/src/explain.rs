//! `kubecause explain`.

use crate::args::ExplainArgs;
use crate::terminal::plain;
use crate::{Failure, catalogue, terminal};
use anyhow::anyhow;
use kubecause_catalogue::Mode;
use kubecause_model::Lang;

/// How many further pages are named below the one that is printed.
const MORE: usize = 8;
/// How many pages are named where a reason stands for many.
const CANDIDATES: usize = 24;

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
    let reason = !kit.signals.patterns().with_reason(words.trim()).is_empty();
    let markdown = if reason && !more.is_empty() && !best.is_named_by(words.trim()) {
        candidates(words.trim(), &found, lang)
    } else {
        let page = kit.catalogue.page(&best.id, lang).unwrap_or_default();
        let page = format!("# {}\n\n{}\n\n{page}", best.id, plain(best.title.get(lang)));
        if more.is_empty() { page } else { format!("{page}\n\n---\n{}", list(more, MORE, lang)) }
    };
    let text = kubecause_report::page(&markdown, terminal::colored(args.color), terminal::width());
    terminal::print(&text).map_err(Failure::internal)?;
    Ok(0)
}

/// What a reason of events stands for, where it stands for many things: no one page of them is the answer.
fn candidates(reason: &str, found: &[&Mode], lang: Lang) -> String {
    let intro = match lang {
        Lang::En => {
            "Events with this reason show one of these, the general ones first. `kubecause explain` with an id, or with \
                     the event's whole message, prints its page."
        }
        Lang::Zh => {
            "带有这个原因的事件可能对应下列情形，较笼统的在前。用 `kubecause explain` 加上 id 或事件的完整消息，可查看对应页面。"
        }
    };
    format!("# {reason}\n\n{intro}\n{}", list(found, CANDIDATES, lang))
}

fn list(modes: &[&Mode], most: usize, lang: Lang) -> String {
    let line = |mode: &&Mode| format!("\n- `{}` {}", mode.id, plain(mode.title.get(lang)));
    let lines: String = modes.iter().take(most).map(line).collect();
    format!("{lines}\n")
}
