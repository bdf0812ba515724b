//! The page of one mode: its prose, then what the rules hold: how it is recognised, what it leads to, the fixes.

use super::words::Lang;
use super::{Book, HEAD, cell};
use anyhow::Result;
use kubecause_catalogue::{Entry, FixSpec, Mode};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The page.
pub(super) fn mode(book: &Book<'_>, mode: &Mode, lang: Lang) -> Result<String> {
    let mut out = format!("{HEAD}# {}\n\n", mode.id);
    writeln!(out, "**{}** · {}\n", cell(lang.text(&mode.title)), lang.kind(mode.kind))?;
    if let Some(general) = mode.refines.as_ref().and_then(|id| book.catalogue.get(id)) {
        writeln!(out, "{} {}\n", lang.pick("A form of", "属于"), super::link(general, "../"))?;
    }
    out.push_str(lang.pick(&*mode.en, &*mode.zh).trim());
    out.push('\n');
    recognised(book, mode, lang, &mut out)?;
    looks(mode, lang, &mut out)?;
    fixes(mode, lang, &mut out)?;
    neighbours(book, mode, lang, &mut out)?;
    params(mode, lang, &mut out)?;
    if !mode.references.is_empty() {
        writeln!(out, "\n## {}\n", lang.pick("References", "参考资料"))?;
        mode.references.iter().try_for_each(|r| writeln!(out, "- <{r}>"))?;
    }
    Ok(out)
}

fn recognised(book: &Book<'_>, mode: &Mode, lang: Lang, out: &mut String) -> Result<()> {
    writeln!(out, "\n## {}\n", lang.pick("How kubecause recognises it", "kubecause 如何识别"))?;
    writeln!(out, "{}\n|---|---|---|", lang.pick("| | signal | what is seen |", "| | 信号 | 含义 |"))?;
    let required: Vec<&Entry> = mode.required_entries().collect();
    let groups = [
        (lang.pick("proves it", "单独即可证实"), mode.when.proof.iter().collect::<Vec<_>>()),
        (lang.pick("needed", "必要"), required),
        (lang.pick("supports it", "佐证"), mode.when.supports.iter().collect()),
        (lang.pick("speaks against it", "反证"), mode.when.refutes.iter().collect()),
    ];
    for (role, entries) in groups {
        for entry in entries {
            let doc = book.signals.all().find(|s| s.id == entry.signal).map_or("", |s| s.doc);
            writeln!(out, "| {role} | `{}` | {} |", entry.signal, cell(doc))?;
        }
    }
    Ok(())
}

fn looks(mode: &Mode, lang: Lang, out: &mut String) -> Result<()> {
    if mode.looks.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## {}\n", lang.pick("What settles it", "如何定论"))?;
    for look in &mode.looks {
        writeln!(out, "- {}\n", lang.text(&look.why).replace('<', "&lt;"))?;
        code(&look.run, 2, out)?;
    }
    Ok(())
}

fn fixes(mode: &Mode, lang: Lang, out: &mut String) -> Result<()> {
    if mode.fixes.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## {}", lang.pick("Fixes, the least damage first", "修复方案（影响从小到大）"))?;
    mode.fixes.iter().try_for_each(|fix| one_fix(fix, lang, out))
}

fn one_fix(fix: &FixSpec, lang: Lang, out: &mut String) -> Result<()> {
    writeln!(out, "\n### {} ({})\n", cell(lang.text(&fix.title)), lang.risk(fix.risk))?;
    for (n, step) in fix.steps.iter().enumerate() {
        writeln!(out, "{}. {}\n", n + 1, lang.text(&step.why).replace('<', "&lt;"))?;
        if let Some(guard) = &step.guard {
            writeln!(
                out,
                "   {}{}\n",
                lang.pick("Only if: ", "前提："),
                lang.text(guard).replace('<', "&lt;")
            )?;
        }
        code(&step.run, 3, out)?;
        for (label, command) in
            [(lang.pick("Check", "验证"), &step.verify), (lang.pick("Undo", "撤销"), &step.undo)]
        {
            if let Some(command) = command {
                writeln!(out, "   {label}:\n")?;
                code(command, 3, out)?;
            }
        }
    }
    Ok(())
}

fn code(command: &str, indent: usize, out: &mut String) -> Result<()> {
    let pad = " ".repeat(indent);
    writeln!(out, "{pad}```sh")?;
    command.trim().lines().try_for_each(|line| writeln!(out, "{pad}{line}"))?;
    writeln!(out, "{pad}```\n")?;
    Ok(())
}

fn neighbours(book: &Book<'_>, mode: &Mode, lang: Lang, out: &mut String) -> Result<()> {
    let link = |m: &Mode| super::link(m, "../");
    let effects: BTreeSet<String> =
        mode.explains.iter().filter_map(|e| book.catalogue.get(&e.what)).map(link).collect();
    let leads_here = |m: &&Mode| m.explains.iter().any(|e| e.what == mode.id);
    let causes: BTreeSet<String> = book.catalogue.all().filter(leads_here).map(link).collect();
    let lists =
        [(lang.pick("Leads to", "会导致"), effects), (lang.pick("May follow from", "可能源于"), causes)];
    for (heading, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        let list: Vec<String> = list.into_iter().collect();
        writeln!(out, "\n## {heading}\n\n{}", list.join(lang.pick(", ", "、")))?;
    }
    Ok(())
}

fn params(mode: &Mode, lang: Lang, out: &mut String) -> Result<()> {
    if mode.params.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## {}\n", lang.pick("Params in JSON", "JSON 中的 params"))?;
    mode.params.iter().try_for_each(|(name, doc)| writeln!(out, "- `{name}`: {}", cell(doc)))?;
    Ok(())
}
