//! One page that stands alone: no script, no network, readable on a phone and in the dark. A policy in its head forbids
//! everything but its own style, should anything of the cluster ever get through the escaping.

mod card;
mod layout;
mod markup;
mod svg;

use crate::fold;
use crate::matters;
use crate::phrase;
use crate::silence;
use crate::time;
use crate::words::{Words, number};
use kubecause_model::{Diagnosis, Incident, Lang};
use markup::text;
use std::fmt::Write as _;

const STYLE: &str = include_str!("html/style.css");
/// So many incidents get a card.
const CARDS: usize = 50;
/// Up to so many cards stand open.
const OPEN: usize = 3;
/// So many more get a line.
const LINES: usize = 200;
/// So many causes are counted, and so many rows has each list at the end.
const ROWS: usize = 50;

/// The diagnosis as one HTML page.
pub fn html(diagnosis: &Diagnosis, lang: Lang) -> String {
    let words = Words(lang);
    let (word, rest) = phrase::verdict(diagnosis, words);
    let mut out = String::with_capacity(16 * 1024);
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
        words.pick("en", "zh-CN"),
        text(&format!("{word}{rest} – kubecause")),
    );
    let _ = writeln!(
        out,
        "<header>\n<h1><span class=\"{}\">{}</span>{}</h1>\n<p class=\"facts\">{}</p>\n</header>\n<main>",
        diagnosis.verdict.as_str(),
        text(&word),
        text(&rest),
        text(&phrase::facts(diagnosis, words).join(" · "))
    );
    incidents(&mut out, diagnosis, words);
    tail(&mut out, diagnosis, words);
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

/// What dominates, before any single one: where there are more incidents than get a card.
fn by_cause(out: &mut String, d: &Diagnosis, words: Words) {
    if d.incidents.len() <= CARDS {
        return;
    }
    let (groups, left, modes) = fold::dominant(fold::by_mode(d.incidents.iter()), ROWS);
    let heading = words.pick("By cause, the worst first", "按原因统计，最严重的在前");
    let _ = writeln!(out, "<section class=\"box\">\n<h2>{heading}</h2>\n<ul class=\"list\">");
    for group in groups {
        let _ = writeln!(
            out,
            "<li><span class=\"sev {s}\">{}</span><span class=\"grow\"><code>{}</code></span><span class=\"dim\">×{}</span></li>",
            words.severity(group.first.severity),
            text(&group.first.root.mode),
            number(group.count),
            s = group.first.severity.as_str()
        );
    }
    if left > 0 {
        let _ = writeln!(out, "<li class=\"dim\">{}</li>", text(&words.other_causes(left, modes)));
    }
    out.push_str("</ul>\n</section>\n");
}

fn incidents(out: &mut String, d: &Diagnosis, words: Words) {
    by_cause(out, d, words);
    let cards = d.incidents.get(..CARDS.min(d.incidents.len())).unwrap_or_default();
    for (n, incident) in cards.iter().enumerate() {
        let open = cards.len() <= OPEN || n == 0;
        out.push_str(&card::card(incident, d.taken_at, words, open));
    }
    let rest = d.incidents.get(CARDS..).unwrap_or_default();
    if rest.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "<section class=\"box\">\n<h2>{}</h2>\n<ul class=\"list\">",
        text(&words.more(rest.len()))
    );
    for incident in rest.iter().take(LINES) {
        row(out, incident, d, words);
    }
    if rest.len() > LINES {
        let _ = writeln!(out, "<li class=\"dim\">{}</li>", text(&words.more(rest.len() - LINES)));
    }
    out.push_str("</ul>\n</section>\n");
}

fn row(out: &mut String, i: &Incident, d: &Diagnosis, words: Words) {
    let when = i.since.map(|at| time::short_clock(at, d.taken_at)).unwrap_or_default();
    let _ = writeln!(
        out,
        "<li><span class=\"sev {}\">{}</span><span class=\"grow\">{}</span><span class=\"dim\">{} {}</span></li>",
        i.severity.as_str(),
        words.severity(i.severity),
        text(phrase::title(i.root.title.get(words.0), &i.root.mode)),
        words.confidence(i.root.confidence),
        text(&when)
    );
}

fn tail(out: &mut String, d: &Diagnosis, words: Words) {
    let silenced = d.silenced.iter().map(|s| silence::silenced(s, words));
    let idle = silence::idle(d, false).map(|s| silence::did_nothing(s, words));
    section(out, words, words.pick("Silenced", "已静默"), silenced.chain(idle).map(|line| text(&line)));
    let symptoms = fold::symptoms(&d.unexplained);
    let rows = symptoms.iter().map(|g| {
        let who = fold::affected(&g.subjects, words, 8).join(words.semicolon());
        let says = g.first.evidence.first().map(|c| words.aside(&c.text)).unwrap_or_default();
        format!(
            "<code>{}</code> {}<span class=\"dim\">{}</span>",
            text(&g.first.signal),
            text(&who),
            text(&says)
        )
    });
    section(out, words, words.pick("Seen, without a known cause", "有异常但原因不明"), rows);
    let (mattering, silent) = phrase::gaps(d);
    let rows = mattering.iter().map(|g| {
        let aside = words.aside(words.why(g.why));
        let (what, hides) = (matters::place(&g.what, words.0), matters::matters(&g.matters, words.0));
        format!("<code>{}</code>{aside}{}{}", text(&what), words.colon(), text(&hides))
    });
    let counted = (!silent.is_empty())
        .then(|| format!("<span class=\"dim\">{}</span>", text(&phrase::silent(&silent, words))));
    section(out, words, words.pick("Not seen", "没能查看"), rows.chain(counted));
    let notes = fold::notes(&d.notes);
    let rows = notes.iter().map(|g| {
        format!(
            "{}<span class=\"dim\">{}</span>",
            text(g.first.text.get(words.0)),
            phrase::alike(g.others, words)
        )
    });
    section(out, words, words.pick("Notes", "提示"), rows);
}

/// A box with a list, or nothing where the list is empty. The rows are HTML.
fn section(out: &mut String, words: Words, heading: &str, rows: impl Iterator<Item = String>) {
    let mut rows: Vec<String> = rows.map(|row| format!("<li>{row}</li>\n")).collect();
    if rows.len() > ROWS {
        let left = words.more(rows.len() - ROWS);
        rows.truncate(ROWS);
        rows.push(format!("<li class=\"dim\">{left}</li>\n"));
    }
    if !rows.is_empty() {
        let _ = writeln!(
            out,
            "<section class=\"box\">\n<h2>{heading}</h2>\n<ul>\n{}</ul>\n</section>",
            rows.concat()
        );
    }
}
