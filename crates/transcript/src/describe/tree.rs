//! The shape of a description: lines, each with what is indented below it.
//!
//! `kubectl describe` prints `Key:   value` lines at levels of two blanks (sometimes one or three), aligned by Go's
//! `text/tabwriter`: at least two blanks between cells. A tree of indentation is all that the printers of all versions share.
//! Knows nothing about what the keys mean.

/// One line of a description.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// How far it is indented, a tab reaching to the next multiple of eight.
    pub indent: usize,
    /// What it says, without blanks around it.
    pub text: &'a str,
    /// Whether an empty line came before it.
    pub after_blank: bool,
}

/// The lines of a text that say something.
pub(super) fn lines(text: &str) -> Vec<Line<'_>> {
    let mut out = Vec::new();
    let mut after_blank = false;
    for raw in text.lines() {
        let text = raw.trim();
        if text.is_empty() {
            after_blank = true;
        } else {
            out.push(Line { indent: indent(raw), text, after_blank });
            after_blank = false;
        }
    }
    out
}

fn indent(raw: &str) -> usize {
    let mut at = 0;
    for c in raw.chars() {
        match c {
            '\t' => at = (at / 8 + 1) * 8,
            c if c.is_whitespace() => at += 1,
            _ => break,
        }
    }
    at
}

/// `Key:   value` → both; a line without a colon before a blank or its end has no key.
pub(super) fn split_key(text: &str) -> Option<(&str, &str)> {
    let at = text
        .match_indices(':')
        .map(|(at, _)| at)
        .find(|at| text[at + 1..].chars().next().is_none_or(char::is_whitespace))?;
    Some((&text[..at], text[at + 1..].trim()))
}

/// The cells of a line: what two blanks or a tab stand between, and where each begins.
pub(super) fn cells(text: &str) -> Vec<(usize, &str)> {
    let mut out = Vec::new();
    let mut start = None;
    let mut blanks = 0;
    let mut end = 0;
    for (at, c) in text.char_indices() {
        if c == '\t' || c.is_whitespace() {
            blanks += if c == '\t' { 2 } else { 1 };
            continue;
        }
        if let Some(begun) = start.filter(|_| blanks >= 2) {
            out.push((begun, &text[begun..end]));
            start = None;
        }
        start = start.or(Some(at));
        blanks = 0;
        end = at + c.len_utf8();
    }
    out.extend(start.map(|begun| (begun, &text[begun..end])));
    out
}

/// A forest of lines.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    lines: Vec<Line<'a>>,
    /// For each line the first one after it that is not below it.
    end: Vec<usize>,
}

impl<'a> Tree<'a> {
    pub(super) fn new(lines: Vec<Line<'a>>) -> Self {
        let mut end = vec![lines.len(); lines.len()];
        let mut open: Vec<usize> = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            while let Some(last) = open.pop_if(|o| lines.get(*o).is_some_and(|o| o.indent >= line.indent)) {
                if let Some(end) = end.get_mut(last) {
                    *end = at;
                }
            }
            open.push(at);
        }
        Self { lines, end }
    }

    /// All of it.
    pub(super) fn root(&self) -> Block<'_> {
        Block { tree: self, from: 0, to: self.lines.len() }
    }
}

/// Some lines that stand below the same one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'t> {
    tree: &'t Tree<'t>,
    from: usize,
    to: usize,
}

impl<'t> Block<'t> {
    /// The lines of the first level.
    pub(super) fn entries(self) -> impl Iterator<Item = Entry<'t>> {
        let mut at = self.from;
        std::iter::from_fn(move || {
            let line = self.tree.lines.get(at).filter(|_| at < self.to)?;
            let end = self.tree.end.get(at).map_or(self.to, |end| (*end).min(self.to));
            let entry = Entry { line: *line, body: Block { tree: self.tree, from: at + 1, to: end } };
            at = end.max(at + 1);
            Some(entry)
        })
    }

    /// All lines at whatever level.
    pub(super) fn flat(self) -> impl Iterator<Item = Line<'t>> {
        self.tree.lines.get(self.from..self.to).unwrap_or_default().iter().copied()
    }

    /// The first line of the first level that has this key.
    pub(super) fn get(self, key: &str) -> Option<Entry<'t>> {
        self.entries().find(|e| e.key() == Some(key))
    }

    /// What is said after this key, if something is.
    pub(super) fn value(self, key: &str) -> Option<&'t str> {
        self.get(key).and_then(|e| shown(e.value()))
    }

    /// What is below this key.
    pub(super) fn body(self, key: &str) -> Option<Block<'t>> {
        self.get(key).map(|e| e.body)
    }

    /// Whether a line of the first level has this key.
    pub(super) fn has(self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Whether nothing is there.
    pub(super) fn is_empty(self) -> bool {
        self.from >= self.to
    }
}

/// One line and what is below it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'t> {
    /// The line itself.
    pub line: Line<'t>,
    /// What is below it.
    pub body: Block<'t>,
}

impl<'t> Entry<'t> {
    /// What stands before the colon.
    pub(super) fn key(&self) -> Option<&'t str> {
        split_key(self.line.text).map(|(key, _)| key)
    }

    /// What stands after the colon, or the whole line where there is none.
    pub(super) fn value(&self) -> &'t str {
        split_key(self.line.text).map_or(self.line.text, |(_, value)| value)
    }

    /// The column in which the value begins.
    pub(super) fn column(&self) -> usize {
        let value = self.value();
        let before = self.line.text.strip_suffix(value).unwrap_or_default();
        self.line.indent + before.chars().count()
    }

    /// The value and the lines below it: labels, taints and their like, one a line.
    pub(super) fn items(&self) -> impl Iterator<Item = &'t str> {
        let first = shown(self.value());
        first.into_iter().chain(self.body.flat().filter_map(|l| shown(l.text)))
    }

    /// The value and the lines below it as one text.
    pub(super) fn text(&self) -> String {
        let mut text = self.value().to_owned();
        for line in self.body.flat() {
            text.push('\n');
            text.push_str(line.text);
        }
        text
    }
}

/// Nothing for the words with which printers and people say that there is nothing to see.
pub(super) fn shown(value: &str) -> Option<&str> {
    let value = value.trim();
    let nothing = matches!(
        value,
        "" | "<none>" | "<unset>" | "<unknown>" | "<nil>" | "<invalid>" | "<default>" | "<not set>" | "n/a"
    );
    let masked = (value.len() > 2 && value.bytes().all(|b| b == b'*')) || value == "***HIDDEN***";
    (!nothing && !masked).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_indented_is_below() {
        let tree = Tree::new(lines("A:  1\nB:\n  c:  2\n    d: 3\n  e:\n\tf: 4\nG: 5\n"));
        let root = tree.root();
        assert_eq!(root.entries().filter_map(|e| e.key()).collect::<Vec<_>>(), ["A", "B", "G"]);
        let b = root.body("B").expect("B");
        assert_eq!(b.value("c"), Some("2"));
        assert_eq!(b.body("e").and_then(|e| e.value("f")), Some("4"));
        assert!(b.body("c").is_some_and(|c| c.has("d")));
        assert_eq!(b.flat().count(), 4);
    }

    #[test]
    fn keys_end_at_a_colon_before_a_blank() {
        assert_eq!(split_key("Image:  a:1"), Some(("Image", "a:1")));
        assert_eq!(split_key("registry:5000/a:1"), None);
        assert_eq!(split_key("kube-api-access-x:"), Some(("kube-api-access-x", "")));
        assert_eq!(split_key("a:b: c"), Some(("a:b", "c")));
    }

    #[test]
    fn cells_have_two_blanks_between_them() {
        let found: Vec<_> =
            cells("Normal  Pulled\t5m (x2 over 1h)   a message").into_iter().map(|c| c.1).collect();
        assert_eq!(found, ["Normal", "Pulled", "5m (x2 over 1h)", "a message"]);
        assert_eq!(cells("名称  值").len(), 2);
        assert!(cells("").is_empty());
    }
}
