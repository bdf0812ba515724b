//! The index of what a person sees first: event reasons, conditions, messages, each with the modes that it may lead to.

use super::words::Lang;
use super::{Book, HEAD, files};
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use toml::{Table, Value};

/// What is seen, and the signals that it gives.
type Entries = BTreeMap<String, BTreeSet<String>>;

/// The three lists.
#[derive(Default)]
struct Seen {
    reasons: Entries,
    conditions: Entries,
    messages: Entries,
}

/// The page.
pub(super) fn index(book: &Book<'_>, repository: &Path, lang: Lang) -> Result<String> {
    let seen = read(&repository.join("crates/signals/patterns"))?;
    let mut out = format!("{HEAD}# {}\n", lang.pick("Index by what is seen", "按现象查找"));
    let lists = [
        (lang.pick("Event reasons", "事件原因"), seen.reasons),
        (lang.pick("Conditions", "状况（Condition）"), seen.conditions),
        (lang.pick("Messages and log lines", "消息与日志"), seen.messages),
    ];
    for (heading, entries) in lists {
        let columns = lang.pick("| seen | may be |", "| 现象 | 可能的故障 |");
        write!(out, "\n## {heading}\n\n{columns}\n|---|---|\n")?;
        for (what, signals) in entries {
            let modes: BTreeSet<String> =
                signals.iter().flat_map(|s| book.readers(s)).map(|m| super::link(m, "")).collect();
            if !modes.is_empty() {
                let modes: Vec<String> = modes.into_iter().collect();
                writeln!(out, "| {what} | {} |", modes.join(lang.pick(", ", "、")))?;
            }
        }
    }
    Ok(out)
}

fn read(folder: &Path) -> Result<Seen> {
    let mut seen = Seen::default();
    for path in files(folder)? {
        let table: Table =
            toml::from_str(&fs::read_to_string(&path)?).with_context(|| path.display().to_string())?;
        let list = |name: &str| {
            table.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table)
        };
        for pattern in list("event") {
            for reason in strings(pattern, "reasons") {
                add(&mut seen.reasons, format!("`{reason}`"), pattern);
            }
            example(&mut seen.messages, pattern);
        }
        for pattern in list("condition") {
            let word = |key: &str| pattern.get(key).and_then(Value::as_str).unwrap_or_default();
            let value =
                Some(word("status")).filter(|s| !s.is_empty()).map(|s| format!("={s}")).unwrap_or_default();
            add(&mut seen.conditions, format!("{} `{}{value}`", word("kind"), word("type")), pattern);
        }
        list("log").for_each(|pattern| example(&mut seen.messages, pattern));
    }
    Ok(seen)
}

fn strings<'t>(pattern: &'t Table, key: &str) -> impl Iterator<Item = &'t str> {
    pattern.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn add(entries: &mut Entries, what: String, pattern: &Table) {
    if let Some(id) = pattern.get("id").and_then(Value::as_str) {
        entries.entry(what).or_default().insert(id.to_owned());
    }
}

/// The pattern's first example stands for its message.
fn example(entries: &mut Entries, pattern: &Table) {
    if let Some(line) = strings(pattern, "matches").next() {
        let short: String = line.chars().take(160).collect();
        let rest = if line.chars().count() > 160 { "…" } else { "" };
        let quoted = short.replace('`', "'").replace('|', "\\|").replace('\n', " ");
        let text = format!("`{}{rest}`", quoted.trim());
        add(entries, text, pattern);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_holds_no_bar() {
        let pattern: Table = toml::from_str("id = \"a\"\nmatches = [\"x | `y`\"]").expect("toml");
        let mut entries = Entries::new();
        example(&mut entries, &pattern);
        assert_eq!(entries.keys().next().map(String::as_str), Some("`x \\| 'y'`"));
    }
}
