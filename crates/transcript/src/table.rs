//! Tables as kubectl and its like print them: a header in capitals, columns by their place.
//!
//! Source: k8s.io/cli-runtime `pkg/printers/tableprinter.go`, `tabwriter.go` (columns are padded with at least 3 blanks).

use crate::{age, wrap};

/// A table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// The names of the columns, in capitals.
    pub columns: Vec<String>,
    /// The cells of each row; as many as there are columns.
    pub rows: Vec<Vec<String>>,
    /// Rows that do not fit the columns.
    pub unread: usize,
    /// Whether rows were left out (`...`).
    pub elided: bool,
}

/// Names of columns that hold a blank, for tables whose columns were squeezed.
const SPACED: [&str; 14] = [
    "LAST SEEN",
    "FIRST SEEN",
    "NOMINATED NODE",
    "READINESS GATES",
    "ACCESS MODES",
    "RECLAIM POLICY",
    "NODE SELECTOR",
    "LAST SCHEDULE",
    "MIN AVAILABLE",
    "MAX UNAVAILABLE",
    "ALLOWED DISRUPTIONS",
    "CREATED AT",
    "VOLUME ATTRIBUTES CLASS",
    "POD SELECTOR",
];

impl Table {
    /// The cell of that column; `None` where the table has no such column, or the cell is empty or `<none>`.
    pub fn cell<'a>(&self, row: &'a [String], column: &str) -> Option<&'a str> {
        let at = self.columns.iter().position(|c| c == column)?;
        row.get(at)
            .map(String::as_str)
            .filter(|c| !matches!(*c, "" | "<none>" | "<unset>" | "<nil>" | "<unknown>"))
    }

    /// Whether the table has that column.
    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|c| c == column)
    }

    /// Whether a line below an event goes on with its message: a message may hold line ends, and terminals fold.
    fn continues(&self, line: &str) -> bool {
        let Some(at) = self.columns.iter().position(|c| c == "LAST SEEN" || c == "LASTSEEN") else {
            return false;
        };
        let mut cells = line.split_whitespace().skip(at);
        let seen = cells.next().unwrap_or_default();
        let begins =
            seen.starts_with("<unknown>") || seen.starts_with("<invalid>") || age::seconds(seen).is_some();
        self.columns.last().is_some_and(|c| c == "MESSAGE") && !self.rows.is_empty() && !begins
    }

    /// Goes on with the last message; within a word where the line before reached the edge of the terminal.
    fn append(&mut self, line: &str, within_word: bool) {
        if let Some(message) = self.rows.last_mut().and_then(|r| r.last_mut()) {
            if !within_word {
                message.push(' ');
            }
            message.push_str(line);
        }
    }

    /// Whether it has all of these columns.
    pub fn has_all(&self, columns: &[&str]) -> bool {
        columns.iter().all(|c| self.has(c))
    }
}

/// Whether a line is a table's header: words in capitals, at least two columns, the first one known to begin a table.
pub fn is_header(line: &str) -> bool {
    const FIRST: [&str; 12] = [
        "NAME",
        "NAMESPACE",
        "LAST",
        "LASTSEEN",
        "FIRSTSEEN",
        "KIND",
        "CONTAINER",
        "NODE",
        "POD",
        "REPOSITORY",
        "IMAGE",
        "REVISION",
    ];
    let mut words = line.split_whitespace();
    let first = words.next().unwrap_or_default();
    FIRST.contains(&first) && !line.starts_with("      ") && words.next().is_some() && is_of_capitals(line)
}

/// Whether a line holds nothing but words in capitals.
pub fn is_of_capitals(line: &str) -> bool {
    let capital = |w: &str| {
        w.chars().any(|c| c.is_ascii_uppercase())
            && w.chars().all(|c| {
                c.is_ascii_uppercase()
                    || c.is_ascii_digit()
                    || "-()/_%:.#".contains(c)
                    || c.is_ascii_lowercase() && w.contains('(')
            })
    };
    !line.trim().is_empty() && line.split_whitespace().all(capital)
}

/// The tables of a text. Lines before the first header are none of their rows.
pub fn all(text: &str) -> Vec<Table> {
    let text = wrap::unfold(text);
    let mut tables: Vec<Table> = Vec::new();
    let mut starts: Vec<usize> = Vec::new();
    let mut open = false;
    let length = |l: &str| l.chars().count();
    let edge = text.lines().map(length).max().unwrap_or(0);
    let mut before = 0;
    for line in text.lines() {
        let length = length(line);
        if is_header(line) {
            let (columns, places) = header(line);
            // A watch prints its header again.
            if !open || tables.last().is_none_or(|t| t.columns != columns) {
                tables.push(Table { columns, ..Table::default() });
            }
            starts = places;
            open = true;
        } else if line.trim().is_empty() {
            open = false;
        } else if let Some(table) = tables.last_mut() {
            // After a blank line a row may follow only where it stands under the columns.
            if is_elision(line) {
                table.elided = true;
            } else if is_notice(line) || line.starts_with(is_chinese) {
                open = false;
            } else if open && table.continues(line) {
                table.append(line.trim(), before == edge);
            } else if let Some(row) = row(line, &starts, table.columns.len(), open) {
                table.rows.push(row);
                open = true;
            } else if open {
                table.unread += 1;
            }
        }
        before = length;
    }
    tables
}

/// `...`, `... ...`, `（省略）`: somebody left lines out.
pub fn is_elision(line: &str) -> bool {
    let line = line.trim();
    let dots =
        |c: char| matches!(c, '.' | '…' | ' ' | '*' | '-' | '[' | ']' | '<' | '>' | '(' | ')' | '（' | '）');
    let bare = line.trim_matches(dots);
    line.contains(['.', '…', '省'])
        && line.len() < 60
        && (bare.is_empty()
            || ["snip", "omitted", "truncated", "省略", "略", "cut"]
                .iter()
                .any(|w| bare.eq_ignore_ascii_case(w) || (bare.len() < 24 && bare.contains(w))))
}

/// Names and their columns hold none of these: it is somebody's remark.
fn is_chinese(c: char) -> bool {
    ('\u{3400}'..='\u{9fff}').contains(&c) || ('\u{ff01}'..='\u{ff5e}').contains(&c) || "，。：".contains(c)
}

/// What kubectl says beside a table.
fn is_notice(line: &str) -> bool {
    [
        "Warning:",
        "Error from server",
        "error:",
        "No resources found",
        "W0",
        "W1",
        "E0",
        "E1",
        "I0",
        "I1",
        "Flag --",
        "Unable to connect",
    ]
    .iter()
    .any(|n| line.starts_with(n))
        && (!line.starts_with(['W', 'E', 'I']) || line.contains(".go:") || line.contains(": "))
}

/// The columns of a header and the places where they begin, counted in characters; without places where columns were squeezed.
pub fn header(line: &str) -> (Vec<String>, Vec<usize>) {
    let chars: Vec<char> = line.chars().collect();
    if line.contains('\t') {
        return (
            line.split('\t').map(|c| c.trim().to_owned()).filter(|c| !c.is_empty()).collect(),
            Vec::new(),
        );
    }
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut blanks = 2;
    for (at, c) in chars.iter().enumerate() {
        if *c == ' ' {
            blanks += 1;
            continue;
        }
        match found.last_mut() {
            Some((_, name)) if blanks < 2 => {
                if blanks == 1 {
                    name.push(' ');
                }
                name.push(*c);
            }
            _ => found.push((at, c.to_string())),
        }
        blanks = 0;
    }
    if found.len() == 1 {
        return (squeezed(line), Vec::new());
    }
    // `NAME READY` in one column: the columns were squeezed in part, as by a page that folds blanks.
    let odd = found.iter().any(|(_, name)| {
        name.contains(' ')
            && !SPACED.contains(&name.as_str())
            && (name.split(' ').count() > 2 || name.starts_with("NAME"))
    });
    if odd {
        return (squeezed(line), Vec::new());
    }
    found.into_iter().map(|(at, name)| (name, at)).unzip()
}

fn squeezed(line: &str) -> Vec<String> {
    let mut line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    for name in SPACED {
        line = line.replace(name, &name.replace(' ', "\u{1}"));
    }
    line.split(' ').map(|c| c.replace('\u{1}', " ")).collect()
}

/// The cells of a row. `None` where it does not fit.
fn row(line: &str, starts: &[usize], count: usize, open: bool) -> Option<Vec<String>> {
    if line.contains('\t') {
        let cells: Vec<String> = line.split('\t').map(|c| c.trim().to_owned()).collect();
        return fit(cells, count);
    }
    let chars: Vec<char> = line.chars().collect();
    if aligned(&chars, starts) {
        let ends = starts.iter().skip(1).copied().chain([chars.len()]);
        let cut = |(start, end): (&usize, usize)| {
            let end = end.min(chars.len());
            chars.get(*start..end).unwrap_or_default().iter().collect::<String>().trim().to_owned()
        };
        return Some(starts.iter().zip(ends).map(cut).collect());
    }
    if !open {
        return None;
    }
    let wide: Vec<String> =
        line.split("  ").map(str::trim).filter(|c| !c.is_empty()).map(ToOwned::to_owned).collect();
    if wide.len() == count {
        return Some(wide);
    }
    fit(words(line), count)
}

/// Whether the cells of a row stand under the columns that begin at these places.
pub fn aligned(chars: &[char], starts: &[usize]) -> bool {
    !starts.is_empty()
        && starts.iter().skip(1).all(|at| chars.get(at - 1).is_none_or(|c| *c == ' '))
        && chars.first().is_some_and(|c| *c != ' ')
        && starts.iter().filter(|at| chars.get(**at).is_some_and(|c| *c != ' ')).count() > 1
}

/// The words of a row, with `(117s ago)` joined to the number before it.
pub fn words(line: &str) -> Vec<String> {
    let mut cells: Vec<String> = Vec::new();
    let mut joining = false;
    for word in line.split_whitespace() {
        let opens = word.starts_with('(')
            && !word.contains(')')
            && cells.last().is_some_and(|c| c.bytes().all(|b| b.is_ascii_digit()));
        if let Some(last) = cells.last_mut().filter(|_| joining || opens) {
            last.push(' ');
            last.push_str(word);
            joining = !word.ends_with(')');
        } else {
            cells.push(word.to_owned());
        }
    }
    cells
}

/// Cells that are as many as the columns; what is over belongs to the last, such as a message.
fn fit(mut cells: Vec<String>, count: usize) -> Option<Vec<String>> {
    if cells.len() > count && count > 0 {
        let last = cells.split_off(count - 1).join(" ");
        cells.push(last);
    }
    (cells.len() == count).then_some(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_their_names() {
        let text = "NAME                         STATUS    VOLUME   CAPACITY   ACCESS MODES   STORAGECLASS   AGE\n\
                    persistentvolumeclaim/data   Pending                                      fast-ssd       2m36s\n\
                    \n\
                    NAME                     AGE\n\
                    serviceaccount/default   2m36s\n";
        let found = all(text);
        assert_eq!(found.len(), 2);
        let row = &found[0].rows[0];
        assert_eq!(found[0].cell(row, "STORAGECLASS"), Some("fast-ssd"));
        assert_eq!((found[0].cell(row, "VOLUME"), found[0].cell(row, "AGE")), (None, Some("2m36s")));
        assert_eq!(found[1].rows, [["serviceaccount/default", "2m36s"]]);
    }

    #[test]
    fn tabs_squeezed_columns_and_elisions() {
        let found =
            all("NAME READY STATUS RESTARTS AGE\na-1 0/1 Error 4 (117s ago) 2m\n...\nb-1 1/1 Running 0 5d\n");
        assert_eq!(
            found[0].rows,
            [["a-1", "0/1", "Error", "4 (117s ago)", "2m"], ["b-1", "1/1", "Running", "0", "5d"]]
        );
        assert!(found[0].elided);
        let found = all("NAME\tREADY\tAGE\na\t1/1\t2m\n");
        assert_eq!(found[0].rows, [["a", "1/1", "2m"]]);
        let found = all(
            "LAST SEEN   TYPE      REASON   OBJECT   MESSAGE\n2m36s       Warning   Failed   pod/a    one  two three\n",
        );
        assert_eq!(found[0].rows[0][4], "one  two three");
        assert!(all("hello world\nthis is no table\n").is_empty());
        assert!(is_elision("... ...") && is_elision("（省略）") && !is_elision("a.b"));
    }
}
