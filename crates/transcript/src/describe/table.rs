//! Tables inside descriptions: a line of titles, perhaps a line of dashes, rows.

use super::tree::{Line, cells, shown};

/// A row: title and cell.
pub(super) type Row<'a> = Vec<(&'a str, &'a str)>;

/// The rows of a table whose first line holds the titles.
///
/// Cells are matched with titles by where they begin; where the columns do not line up any more, by their order. The last
/// column takes what is left of a line.
pub(super) fn rows<'a>(lines: impl IntoIterator<Item = Line<'a>>) -> Vec<Row<'a>> {
    let mut lines = lines.into_iter();
    let Some(header) = lines.next() else { return Vec::new() };
    let titles: Vec<(usize, &str)> = offsets(&header).into_iter().map(|(at, _, text)| (at, text)).collect();
    lines.filter(|l| !is_rule(l.text)).map(|line| row(&titles, &line)).collect()
}

/// Column, byte and text of each cell.
fn offsets<'a>(line: &Line<'a>) -> Vec<(usize, usize, &'a str)> {
    let mut chars = 0;
    let mut last = 0;
    let place = |(byte, text)| {
        chars += line.text.get(last..byte).map_or(0, |t| t.chars().count());
        last = byte;
        (line.indent + chars, byte, text)
    };
    cells(line.text).into_iter().map(place).collect()
}

fn is_rule(text: &str) -> bool {
    text.len() > 1 && text.bytes().all(|b| b == b'-' || b == b' ' || b == b'\t')
}

fn row<'a>(titles: &[(usize, &'a str)], line: &Line<'a>) -> Row<'a> {
    let found = offsets(line);
    let Some((last_at, last_title)) = titles.last() else { return Vec::new() };
    let titled = |at: usize| titles.iter().find(|(start, _)| *start == at).map(|t| t.1);
    let aligned = is_aligned(&found, titles, *last_at);
    let mut row = Row::new();
    for (n, (at, byte, text)) in found.iter().enumerate() {
        let title = if aligned { titled(*at) } else { titles.get(n).map(|t| t.1) };
        let Some(title) = title else { break };
        if title == *last_title {
            row.push((title, line.text.get(*byte..).unwrap_or(text)));
            break;
        }
        row.push((title, text));
    }
    row
}

/// Whether each cell up to the last column begins below a title.
fn is_aligned(found: &[(usize, usize, &str)], titles: &[(usize, &str)], last_at: usize) -> bool {
    for (at, ..) in found {
        if *at == last_at {
            return true;
        }
        if !titles.iter().any(|(start, _)| start == at) {
            return false;
        }
    }
    true
}

/// A cell by its title, if it says something.
pub(super) fn cell<'a>(row: &Row<'a>, title: &str) -> Option<&'a str> {
    row.iter().find(|(t, _)| t.eq_ignore_ascii_case(title)).and_then(|(_, c)| shown(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::tree::lines;

    #[test]
    fn cells_belong_to_the_title_above_them() {
        let rows = rows(lines(
            "  Type    Status  Reason  Message\n  ----    ------  ------  -------\n  Ready   True            all  is well\n",
        ));
        assert_eq!(rows.len(), 1);
        assert_eq!(cell(&rows[0], "Type"), Some("Ready"));
        assert_eq!(cell(&rows[0], "Reason"), None);
        assert_eq!(cell(&rows[0], "Message"), Some("all  is well"));
    }

    #[test]
    fn columns_that_do_not_line_up_go_by_order() {
        let rows = rows(lines("Type  Status  Message\nAvailable-for-long  True  yes\n"));
        assert_eq!(cell(&rows[0], "Status"), Some("True"));
        assert_eq!(cell(&rows[0], "Message"), Some("yes"));
    }
}
