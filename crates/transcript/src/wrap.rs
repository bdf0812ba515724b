//! What a terminal folded at its right edge, put together again.
//!
//! Descriptions: a line that reaches the edge goes on in the first column, where else only fields stand. Tables: a header and all its rows break at the same place, so the pieces of the header tell how many lines each row takes.
//! What does not come out as columns is left as it is.

use crate::table::{aligned, header, is_header, is_of_capitals};
use std::borrow::Cow;

/// How much narrower than the terminal the longest piece may be: blanks at the edge are not pasted.
const EDGE: usize = 40;

/// The text with folded tables joined.
pub fn unfold(text: &str) -> Cow<'_, str> {
    let lines: Vec<&str> = text.lines().collect();
    let mut out = String::new();
    let mut at = 0;
    let mut changed = false;
    while let Some(line) = lines.get(at) {
        let joined = if is_header(line) { table(lines.get(at..).unwrap_or_default()) } else { None };
        if let Some((rows, taken)) = joined {
            rows.iter().for_each(|row| {
                out.push_str(row);
                out.push('\n');
            });
            (at, changed) = (at + taken, true);
        } else {
            out.push_str(line);
            out.push('\n');
            at += 1;
        }
    }
    if changed { Cow::Owned(out) } else { Cow::Borrowed(text) }
}

/// The rows of a folded table, header first, and how many lines they took.
fn table(lines: &[&str]) -> Option<(Vec<String>, usize)> {
    let pieces = 1 + lines.iter().skip(1).take_while(|l| is_of_capitals(l)).count();
    let taken = lines.iter().take_while(|l| !l.trim().is_empty()).count();
    let rows = lines.get(..taken)?;
    if !(2..=6).contains(&pieces) || taken % pieces != 0 || taken == pieces {
        return None;
    }
    let length = |l: &&str| l.chars().count();
    let inner = rows.chunks(pieces).flat_map(|row| row.iter().take(pieces - 1));
    let longest = inner.map(length).max()?;
    (longest..longest + EDGE).find_map(|width| {
        let whole: Vec<String> = rows.chunks(pieces).map(|row| join(row, width)).collect();
        let (columns, places) = header(whole.first()?);
        let fits = columns.len() > 2
            && !places.is_empty()
            && whole.iter().skip(1).all(|row| aligned(&row.chars().collect::<Vec<_>>(), &places));
        fits.then_some((whole, taken))
    })
}

fn join(row: &[&str], width: usize) -> String {
    let (last, inner) = row.split_last().unwrap_or((&"", &[]));
    let padded = inner.iter().map(|piece| format!("{piece:<width$}"));
    padded.chain([(*last).to_owned()]).collect()
}

/// Narrower terminals than this fold what nobody can read.
const NARROW: usize = 60;

/// A description with folded lines joined. `begins` says whether a line in the first column begins a field.
pub fn unbroken(text: &str, begins: impl Fn(&str) -> bool) -> Cow<'_, str> {
    let length = |l: &str| l.chars().count();
    let edge = text.lines().map(length).max().unwrap_or(0);
    if edge < NARROW || text.lines().filter(|l| length(l) == edge).count() < 2 {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut full = false;
    for line in text.lines() {
        let goes_on = full && !line.starts_with([' ', '\t']) && !line.is_empty() && !begins(line);
        if !goes_on && !out.is_empty() {
            out.push('\n');
        }
        out.push_str(line);
        full = length(line) == edge;
    }
    out.push('\n');
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::{unbroken, unfold};

    const TABLE: &str = "NAME                          READY   STATUS             RESTARTS        AGE   IP            NODE       NOMINATED NODE   READINESS GATES\n\
        thumbnailer-5b6589675-rnlsj   0/1     CrashLoopBackOff   7 (2m41s ago)   13m   10.244.2.35   worker-2   <none>           <none>\n\
        web-0                         1/1     Running            0               13m   10.244.2.36   worker-1   <none>           <none>\n";

    fn fold(width: usize) -> String {
        let pieces = |l: &str| -> String {
            let chars: Vec<char> = l.chars().collect();
            let lines = chars.chunks(width).map(|c| c.iter().collect::<String>());
            lines.fold(String::new(), |all, l| all + l.trim_end() + "\n")
        };
        TABLE.lines().map(pieces).collect()
    }

    #[test]
    fn any_width_gives_the_same_columns() {
        for width in [60, 72, 80, 100, 120] {
            let got = unfold(&fold(width)).into_owned();
            let tables = (crate::table::all(&got), crate::table::all(TABLE));
            assert_eq!(tables.0, tables.1, "{width}: {got}");
        }
        assert_eq!(unfold(TABLE), TABLE);
    }

    #[test]
    fn folded_lines_go_on_in_the_first_column() {
        let folded = format!("Name:  a\n{}\nrt\n{}\nEvents:\n", "m".repeat(80), "n".repeat(80));
        let whole = format!("Name:  a\n{}rt\n{}\nEvents:\n", "m".repeat(80), "n".repeat(80));
        assert_eq!(unbroken(&folded, |l| l.ends_with(':')), whole);
        assert_eq!(unbroken("Name:  a\nrt\n", |_| false), "Name:  a\nrt\n");
    }
}
