//! A text without what the place adds that it was pasted into: marks of quotation, borders of panes, escaped characters, a
//! common indentation.

use std::borrow::Cow;

/// The text as the terminal showed it.
pub fn strip(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for step in [unescaped, unquoted, unframed, outdented] {
        if let Some(better) = step(&text) {
            text = Cow::Owned(better);
        }
    }
    text
}

/// What a web page escapes, and colours whose escape character was lost.
fn unescaped(text: &str) -> Option<String> {
    const PAIRS: [(&str, &str); 6] =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")];
    let coloured = text.contains("[0m");
    if !coloured && !PAIRS.iter().any(|(from, _)| text.contains(from)) {
        return None;
    }
    let mut text = PAIRS.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    if coloured {
        for code in ["[0m", "[1m", "[01m", "[m", "[K"] {
            text = text.replace(code, "");
        }
        for code in 30..=37 {
            for form in
                [format!("[{code}m"), format!("[1;{code}m"), format!("[01;{code}m"), format!("[0;{code}m")]
            {
                text = text.replace(&form, "");
            }
        }
    }
    Some(text)
}

/// `> ` before every line, or before all of a passage, as mail and Markdown quote.
fn unquoted(text: &str) -> Option<String> {
    let quoted = |l: &&str| l.starts_with('>');
    let bare = |l: &'_ str| -> String {
        l.strip_prefix("> ").or_else(|| l.strip_prefix('>')).unwrap_or(l).to_owned()
    };
    let mut lines = text.lines().filter(|l| !l.trim().is_empty());
    let all = lines.clone().count() > 1 && lines.all(|l| quoted(&l));
    let passages = longest_run(text, quoted) >= PASSAGE_LINES;
    if !all && !passages {
        return None;
    }
    let lines: Vec<&str> = text.lines().collect();
    let runs = lines.chunk_by(|a, b| quoted(a) == quoted(b));
    let strip = |run: &[&str]| {
        let is_passage = run.first().is_some_and(quoted) && (all || run.len() >= PASSAGE_LINES);
        run.iter().map(|l| if is_passage { bare(l) } else { (*l).to_owned() } + "\n").collect::<String>()
    };
    Some(runs.map(strip).collect())
}

/// Fewer lines that begin with `>` may be a prompt, or a command that goes on.
const PASSAGE_LINES: usize = 5;

fn longest_run(text: &str, fits: impl Fn(&&str) -> bool) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let runs = lines.chunk_by(|a, b| fits(a) == fits(b));
    runs.filter(|run| run.first().is_some_and(&fits)).map(<[&str]>::len).max().unwrap_or(0)
}

/// The borders that tmux and its like draw at the sides of panes, and lines of nothing but borders.
fn unframed(text: &str) -> Option<String> {
    const SIDES: [char; 3] = ['│', '┃', '║'];
    let framed = |l: &str| l.starts_with(SIDES) || l.trim_end().ends_with(SIDES);
    if !text.lines().any(framed) {
        return None;
    }
    Some(each(text, |line| {
        if !line.trim().is_empty() && line.chars().all(|c| c == ' ' || ('\u{2500}'..='\u{257f}').contains(&c))
        {
            return "";
        }
        let cut = line.trim_end();
        let line = if cut.ends_with(SIDES) { cut.trim_end_matches(SIDES).trim_end() } else { line };
        let inner = line.strip_prefix(SIDES);
        inner.map_or(line, |l| l.strip_prefix(' ').unwrap_or(l))
    }))
}

/// Blanks that stand before every line.
fn outdented(text: &str) -> Option<String> {
    let blanks = |l: &str| l.len() - l.trim_start_matches([' ', '\t']).len();
    let by = text.lines().filter(|l| !l.trim().is_empty()).map(blanks).min()?;
    (by > 0).then(|| each(text, |l| l.get(by..).unwrap_or_default()))
}

fn each<'a>(text: &'a str, change: impl Fn(&'a str) -> &'a str) -> String {
    text.lines().flat_map(|l| [change(l), "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::strip;

    #[test]
    fn what_a_page_adds_is_gone() {
        for (raw, seen) in [
            ("plain > text\n", "plain > text\n"),
            ("> $ kubectl get pods\n> NAME\n>\n", "$ kubectl get pods\nNAME\n\n"),
            ("Hi\n> $ a\n> b\n> c\n> d\n> e\nbye\n", "Hi\n$ a\nb\nc\nd\ne\nbye\n"),
            ("Hi\n> $ a\n> b\n", "Hi\n> $ a\n> b\n"),
            ("a   &lt;none&gt;\n", "a   <none>\n"),
            ("│ NAME   READY │\n│ a      1/1   │\n├────┤\n", "NAME   READY\na      1/1\n\n"),
            ("NAME   READY  │\na      1/1    │\n", "NAME   READY\na      1/1\n"),
            ("    Name:  a\n      b\n", "Name:  a\n  b\n"),
            ("[31mError[0m x\n", "Error x\n"),
        ] {
            assert_eq!(strip(raw), seen, "{raw:?}");
        }
    }
}
