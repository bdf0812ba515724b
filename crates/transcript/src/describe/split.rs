//! One output, several objects: where each begins, where its events begin, and lines put back to where they belong.

use super::tree::{Line, Tree, lines, split_key};

/// The lines of one object and those of its events.
#[derive(Debug)]
pub(super) struct Part<'a> {
    /// The description.
    pub tree: Tree<'a>,
    /// The lines from `Data` on, of config maps and secrets, unchanged.
    pub data: Vec<Line<'a>>,
    /// The lines of the `Events:` section, header included, unchanged.
    pub events: Vec<Line<'a>>,
}

/// What may follow `Name:` in a description; nested `Name:` lines are followed by other things.
const SECOND: [&str; 11] = [
    "Namespace",
    "Labels",
    "Roles",
    "Role",
    "IsDefaultClass",
    "Value",
    "Annotations",
    "Selector",
    "Priority",
    "Image(s)",
    "Status",
];

/// The objects of an output, in order. What comes before the first `Name:` counts only where there is no such line.
pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
    let whole = lines(text).into_iter().filter(|l| !is_ellipsis(l.text));
    let mut all: Vec<Line<'_>> = whole.flat_map(super::indent::unjoined).collect();
    let base = all.iter().find(|l| is_name(l)).map_or(0, |l| l.indent);
    for line in &mut all {
        line.indent = line.indent.saturating_sub(base);
    }
    let mut starts = starts(&all);
    if starts.is_empty() && !all.is_empty() {
        starts.push(0);
    }
    let ends = starts.iter().skip(1).copied().chain([all.len()]);
    starts.iter().zip(ends).filter_map(|(start, end)| Some(part(all.get(*start..end)?))).collect()
}

/// Where objects begin. The values of a config map may hold anything, even descriptions: they end with its events.
fn starts(all: &[Line<'_>]) -> Vec<usize> {
    let key = |at: usize| all.get(at).and_then(|l| split_key(l.text)).map(|(key, _)| key);
    let mut out = Vec::new();
    let mut in_values = false;
    for (at, line) in all.iter().enumerate() {
        let whole = || line.after_blank && key(at + 1) == Some("Namespace") && key(at + 2) == Some("Labels");
        if begins(all, at) && (!in_values || whole()) {
            out.push(at);
            in_values = false;
        } else if line.indent == 0 && line.text == "----" {
            in_values = true;
        } else if line.indent == 0
            && split_key(line.text).is_some_and(|(k, v)| k == "Events" && matches!(v, "" | "<none>"))
        {
            in_values = false;
        }
    }
    out
}

fn is_ellipsis(text: &str) -> bool {
    text.len() >= 2 && text.chars().all(|c| matches!(c, '.' | '…' | ' '))
}

fn is_name(line: &Line<'_>) -> bool {
    split_key(line.text).is_some_and(|(key, value)| key == "Name" && !value.is_empty())
}

fn begins(all: &[Line<'_>], at: usize) -> bool {
    let Some(line) = all.get(at).filter(|l| l.indent == 0 && is_name(l)) else { return false };
    match all.get(at + 1) {
        None => line.after_blank || at == 0,
        Some(next) => {
            let key = split_key(next.text).map(|(key, _)| key);
            let after = key.is_some_and(|k| SECOND.contains(&k)) || next.text.starts_with("Resource ");
            next.indent == 0 && after && !next.after_blank
        }
    }
}

fn part<'a>(all: &[Line<'a>]) -> Part<'a> {
    let is_events = |l: &Line<'_>| {
        l.indent == 0
            && l.text.strip_prefix("Events:").is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    };
    let is_data = |pair: &[Line<'_>]| matches!(pair, [a, b] if a.text == "Data" && b.text == "====");
    if let Some(at) = all.windows(2).position(is_data) {
        let (head, rest) = all.split_at(at);
        // Values may hold anything, so the last such line counts.
        let (data, events) = rest.split_at(rest.iter().rposition(is_events).unwrap_or(rest.len()));
        return Part { tree: Tree::new(head.to_vec()), data: data.to_vec(), events: events.to_vec() };
    }
    let (body, events) = all.split_at(all.iter().position(is_events).unwrap_or(all.len()));
    let mut body = body.to_vec();
    if super::indent::is_lost(&body) {
        super::indent::restore(&mut body);
    } else {
        super::indent::fold(&mut body);
    }
    Part { tree: Tree::new(body), data: Vec::new(), events: events.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_begin_at_their_names() {
        let text = "Warning: old\n\nName:  a\nNamespace:  x\nVolume Claims:\n  Name:  data\n  Labels: <none>\nEvents:  <none>\n\n\nName:  b\nLabels:  <none>\n";
        let parts = parts(text);
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0].tree.root().value("Name"), Some("a"));
        assert_eq!(parts[0].events.len(), 1);
        assert_eq!(parts[1].tree.root().value("Name"), Some("b"));
    }

    #[test]
    fn an_indented_paste_is_moved_back() {
        let parts = parts("    Name:  a\n    Namespace:  x\n    Labels:  k=v\n             l=w\n");
        let root = parts[0].tree.root();
        assert_eq!(root.get("Labels").map(|l| l.items().count()), Some(2));
    }
}
