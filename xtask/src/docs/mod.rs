//! `cargo xtask docs`: what can be derived is generated, committed, and compared in CI.
//!
//! The book under `docs/src`: a page for each mode in both languages, indexes by event reason, condition and message, all signals,
//! what leads to what as a table and as a picture. Pages without a note at their head are written by hand.

mod index;
mod page;
mod picture;
mod words;

use anyhow::{Context, Result, anyhow, ensure};
use kubecause_catalogue::{Catalogue, Mode};
use kubecause_signals::Signals;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use words::{Lang, area};

const HEAD: &str = "<!-- Written by `cargo xtask docs`. Do not edit. -->\n\n";

/// What is known, and who reads what.
struct Book<'a> {
    catalogue: &'a Catalogue,
    signals: &'a Signals,
}

/// Writes the book, removes generated pages of modes that are gone, and checks every link.
pub fn run(repository: &Path) -> Result<()> {
    let catalogue = Catalogue::builtin()?;
    let signals = Signals::builtin().map_err(|e| anyhow!("{e}"))?;
    let book = Book { catalogue: &catalogue, signals: &signals };
    let folder = repository.join("docs/src");
    let mut pages: BTreeMap<String, String> = BTreeMap::new();
    for lang in Lang::ALL {
        let code = lang.code();
        for mode in catalogue.all() {
            pages.insert(format!("{code}/{}/{}.md", mode.area, mode.id), page::mode(&book, mode, lang)?);
        }
        pages.insert(format!("{code}/modes.md"), modes(&book, lang)?);
        pages.insert(format!("{code}/index.md"), index::index(&book, repository, lang)?);
    }
    pages.insert("signals.md".into(), signal_list(&book)?);
    let pictures: BTreeMap<&str, String> = book
        .areas()
        .into_keys()
        .filter_map(|area| Some((area, picture::causes(&catalogue, area)?)))
        .collect();
    pages.insert("causes.md".into(), causes(&book, pictures.keys().copied())?);
    pages.extend(pictures.into_iter().map(|(area, svg)| (format!("causes-{area}.svg"), svg)));
    pages.insert("SUMMARY.md".into(), summary(&book)?);
    clear(&folder)?;
    for (path, text) in &pages {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().context("a folder")?)?;
        fs::write(path, text)?;
    }
    check_links(&folder)
}

impl Book<'_> {
    /// The modes by area, both in order of name.
    fn areas(&self) -> BTreeMap<&str, Vec<&Mode>> {
        let mut areas: BTreeMap<&str, Vec<&Mode>> = BTreeMap::new();
        self.catalogue.all().for_each(|m| areas.entry(&m.area).or_default().push(m));
        areas
    }

    /// The modes that read a signal, in order of name.
    fn readers(&self, signal: &str) -> Vec<&Mode> {
        self.catalogue.all().filter(|m| m.entries().any(|e| e.signal == signal)).collect()
    }
}

/// Removes the generated pages of both languages: a mode that is gone has no page.
fn clear(folder: &Path) -> Result<()> {
    for lang in Lang::ALL {
        for page in files(&folder.join(lang.code()))? {
            if fs::read_to_string(&page)?.starts_with(HEAD) {
                fs::remove_file(page)?;
            }
        }
    }
    Ok(())
}

/// All files below a folder; none where it does not exist.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return Ok(all) };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() { all.extend(files(&path)?) } else { all.push(path) }
    }
    all.sort();
    Ok(all)
}

/// Every relative link of every page leads to a file.
fn check_links(folder: &Path) -> Result<()> {
    for path in files(folder)?.into_iter().filter(|p| p.extension().is_some_and(|e| e == "md")) {
        let text = fs::read_to_string(&path)?;
        for target in
            text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
        {
            let file = target.split('#').next().unwrap_or_default();
            if file.is_empty() || file.contains("://") {
                continue;
            }
            let leads = path.parent().is_some_and(|folder| folder.join(file).exists());
            ensure!(leads, "{}: the link to {target} leads nowhere", path.display());
        }
    }
    Ok(())
}

/// Text for a table: placeholders as words, no bars.
fn cell(text: &str) -> String {
    text.replace(['{', '}'], "").replace('|', "\\|").replace('<', "&lt;").replace('\n', " ")
}

/// Every mode with its title and a link to its page, by area.
fn modes(book: &Book<'_>, lang: Lang) -> Result<String> {
    let count = book.catalogue.all().count();
    let heading =
        lang.pick(format!("# Failure modes\n\n{count} modes."), format!("# 故障模式\n\n共 {count} 个。"));
    let mut out = format!("{HEAD}{heading}\n");
    let columns = lang.pick("| mode | kind | what is wrong |", "| 模式 | 类别 | 问题 |");
    for (name, modes) in book.areas() {
        write!(out, "\n## {}\n\n{columns}\n|---|---|---|\n", area(name, lang))?;
        for m in modes {
            let title = cell(lang.pick(&*m.title.en, &*m.title.zh));
            writeln!(out, "| [`{id}`]({name}/{id}.md) | {} | {title} |", lang.kind(m.kind), id = m.id)?;
        }
    }
    Ok(out)
}

/// Every signal with what it sees and the modes that read it.
fn signal_list(book: &Book<'_>) -> Result<String> {
    let mut all: Vec<_> = book.signals.all().collect();
    all.sort_by_key(|s| s.id);
    let mut out = format!("{HEAD}# Signals\n\n| signal | what is seen | read by |\n|---|---|---|\n");
    for signal in all {
        let by: Vec<String> = book.readers(signal.id).into_iter().map(|m| link(m, "en/")).collect();
        writeln!(out, "| `{}` | {} | {} |", signal.id, cell(signal.doc), by.join(", "))?;
    }
    Ok(out)
}

/// A link to a mode's page from a page that lies `up` from the areas.
fn link(mode: &Mode, up: &str) -> String {
    format!("[`{id}`]({up}{}/{id}.md)", mode.area, id = mode.id)
}

/// What leads to what.
fn causes<'p>(book: &Book<'_>, pictures: impl Iterator<Item = &'p str>) -> Result<String> {
    let mut out = format!("{HEAD}# What leads to what\n\n");
    out.push_str("A picture for each area, causes at the left, what follows from them at the right. Causes with the same effects share a\n");
    out.push_str("box; blue boxes are states in the middle of a chain. A line that others imply is left out and stands in the table.\n");
    for name in pictures {
        write!(out, "\n## {0}\n\n![{0}: causes and effects](causes-{name}.svg)\n", area(name, Lang::En))?;
    }
    out.push_str("\n## All edges\n\n");
    out.push_str("| cause | over | effect |\n|---|---|---|\n");
    for mode in book.catalogue.all() {
        for e in &mode.explains {
            let effect =
                book.catalogue.get(&e.what).map_or_else(|| format!("`{}`", e.what), |m| link(m, "en/"));
            writeln!(out, "| {} | {} | {effect} |", link(mode, "en/"), e.via.name())?;
        }
        for via in &mode.explained_by_any {
            writeln!(out, "| any cause | {} | {} |", via.inverse().name(), link(mode, "en/"))?;
        }
    }
    Ok(out)
}

/// The table of contents: written pages first, then the catalogue in both languages.
fn summary(book: &Book<'_>) -> Result<String> {
    let mut out = String::from(include_str!("summary.md"));
    for lang in Lang::ALL {
        let code = lang.code();
        writeln!(out, "\n# {}\n", lang.pick("The catalogue", "故障目录"))?;
        writeln!(out, "- [{}]({code}/index.md)", lang.pick("Index by what is seen", "按现象查找"))?;
        writeln!(out, "- [{}]({code}/modes.md)", lang.pick("All failure modes", "全部故障模式"))?;
        for (name, modes) in book.areas() {
            writeln!(out, "- [{}]()", area(name, lang))?;
            for m in modes {
                writeln!(out, "  - [{}]({code}/{name}/{}.md)", m.id, m.id)?;
            }
        }
    }
    Ok(out)
}
