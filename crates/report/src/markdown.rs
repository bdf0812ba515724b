//! Markdown, to be pasted into an issue or an incident channel. Commands and quoted records stand in code, where nothing
//! of them is read as markup; all other text is escaped.

use crate::clean::{clean, lines as command_lines};
use crate::fold;
use crate::graph::Graph;
use crate::matters;
use crate::phrase;
use crate::silence;
use crate::time;
use crate::words::{Label, Words, number};
use kubecause_model::{Confidence, Diagnosis, Fix, FixStep, Incident, Lang, Look};
use std::fmt::Write as _;

/// Up to so many incidents are shown in full.
const IN_FULL: usize = 3;
/// So many more get a line each.
const LINES: usize = 20;
/// So many causes are counted, and so many rows has each list at the end.
const ROWS: usize = 20;
/// So many records are quoted.
const QUOTES: usize = 6;

/// The diagnosis as Markdown.
pub fn markdown(diagnosis: &Diagnosis, lang: Lang) -> String {
    let mut note = Paper { d: diagnosis, words: Words(lang), text: String::new() };
    let (word, rest) = phrase::verdict(diagnosis, note.words);
    note.block(&format!("## {}{}", escape(&word), escape(&rest)));
    note.block(&escape(&phrase::facts(diagnosis, note.words).join(" · ")));
    note.by_cause();
    for incident in diagnosis.incidents.iter().take(IN_FULL) {
        note.incident(incident);
    }
    note.rest(diagnosis.incidents.get(IN_FULL..).unwrap_or_default());
    note.tail();
    note.text.truncate(note.text.trim_end().len());
    note.text.push('\n');
    note.text
}

struct Paper<'d> {
    d: &'d Diagnosis,
    words: Words,
    text: String,
}

impl Paper<'_> {
    fn block(&mut self, text: &str) {
        if !text.trim().is_empty() {
            self.text.push_str(text.trim_end());
            self.text.push_str("\n\n");
        }
    }

    fn bold(&self, label: Label) -> String {
        format!("**{}**{}", self.words.heading(label), self.words.colon())
    }

    fn incident(&mut self, i: &Incident) {
        let w = self.words;
        let title = phrase::title(i.root.title.get(w.0), &i.root.mode);
        self.block(&format!("### {}{}{}", w.severity(i.severity), w.colon(), escape(title)));
        let mut meta = vec![w.confidence(i.root.confidence).to_owned()];
        meta.extend(phrase::when(i, self.d.taken_at, w));
        meta.push(code(&i.root.mode));
        self.block(&meta.join(" · "));
        let facts = self.facts(i);
        self.block(&facts.join("\n"));
        self.evidence(i);
        self.looks(i);
        for (n, fix) in i.fixes.iter().enumerate() {
            self.fix(&i.fixes, fix, n);
        }
    }

    /// One bullet each: what is affected, what followed, what is ruled out, what was changed.
    fn facts(&self, i: &Incident) -> Vec<String> {
        let w = self.words;
        let mut out = Vec::new();
        let mut bullet = |label, text: String| {
            if !text.is_empty() {
                out.push(format!("- {}{text}", self.bold(label)));
            }
        };
        bullet(Label::Affects, escape(&fold::affected(&i.affected, w, 6).join(w.semicolon())));
        let graph = Graph::new(i, w.0);
        let path = |p: &Vec<usize>| {
            let steps = p.iter().filter_map(|at| graph.steps.get(*at)).map(|s| escape(&s.label()));
            steps.collect::<Vec<_>>().join(" → ")
        };
        bullet(Label::Followed, graph.paths().iter().map(path).collect::<Vec<_>>().join(w.semicolon()));
        let refuted = i.refuted.iter().map(|(c, by)| {
            let by = if by.trim().is_empty() { String::new() } else { escape(&w.aside(by)) };
            format!("{}{by}", code(&c.mode))
        });
        bullet(Label::RuledOut, refuted.collect::<Vec<_>>().join(w.comma()));
        let changes = i.changes.iter().take(5).map(|c| {
            let at = phrase::changed_at(c, i, self.d.taken_at, w);
            let at =
                at.map(|(at, before)| format!("{at}{} ", before.unwrap_or_default())).unwrap_or_default();
            escape(&format!("{at}{}", phrase::change(c, w)))
        });
        bullet(Label::Changed, changes.collect::<Vec<_>>().join(w.semicolon()));
        out
    }

    fn evidence(&mut self, i: &Incident) {
        let quotes = fold::quotes(&i.evidence);
        if quotes.is_empty() {
            return;
        }
        let mut rows: Vec<String> = quotes
            .iter()
            .take(QUOTES)
            .map(|q| {
                let at = q
                    .citation
                    .at
                    .map(|at| format!("{}  ", time::clock(at, self.d.taken_at)))
                    .unwrap_or_default();
                let alike = phrase::alike(q.others, self.words);
                clean(&format!("{at}{}  {}{alike}", q.citation.reference, q.citation.text)).into_owned()
            })
            .collect();
        if quotes.len() > QUOTES {
            rows.push(self.words.more_records(quotes.len() - QUOTES));
        }
        self.block(&format!("**{}**", self.words.heading(Label::Because)));
        self.block(&fenced(&rows, "", "text"));
    }

    fn looks(&mut self, i: &Incident) {
        for a in &i.alternatives {
            let title = escape(phrase::title(a.title.get(self.words.0), &a.mode));
            self.block(&format!("{}{title} · {}", self.bold(Label::Maybe), code(&a.mode)));
            if let Some(look) = &a.look {
                self.look(look);
            }
        }
        if i.root.confidence < Confidence::Confirmed {
            for look in &i.looks {
                self.block(&self.bold(Label::Look));
                self.look(look);
            }
        }
    }

    fn look(&mut self, look: &Look) {
        self.block(&fenced(&command_lines(&look.run), "", "sh"));
        self.block(&escape(look.why.get(self.words.0)));
    }

    fn fix(&mut self, fixes: &[Fix], fix: &Fix, n: usize) {
        let w = self.words;
        if n == 0 {
            self.block(&format!("**{}**", w.heading(Label::Do)));
        }
        let letter = phrase::letter(fixes, n);
        self.block(&format!("**{letter}{}**{}", escape(fix.title.get(w.0)), w.aside(w.risk(fix.risk))));
        for (n, step) in fix.steps.iter().enumerate() {
            let text = self.step(n + 1, step);
            self.block(&text);
        }
    }

    /// A numbered item; its blocks are indented below its text.
    fn step(&self, n: usize, step: &FixStep) -> String {
        let w = self.words;
        let mut out = format!("{n}. {}\n", escape(step.why.get(w.0)));
        if let Some(guard) = phrase::guard(step, w) {
            let _ = writeln!(out, "\n   {}{}{}\n", w.pick("Only if", "前提"), w.colon(), escape(guard));
        }
        let run = fenced(&command_lines(&step.run), "   ", "sh");
        if !run.is_empty() {
            out.push_str(&(run + "\n"));
        }
        let after = [(w.pick("Check", "验证"), &step.verify), (w.pick("Undo", "回退"), &step.undo)];
        for (label, command) in after {
            let lines = command_lines(command.as_deref().unwrap_or_default());
            if !lines.is_empty() {
                let _ = writeln!(out, "\n   {label}{}{}", w.colon(), code(&lines.join(" ")));
            }
        }
        out
    }

    fn rest(&mut self, rest: &[Incident]) {
        if rest.is_empty() {
            return;
        }
        let w = self.words;
        let row = |i: &Incident| {
            let title = phrase::title(i.root.title.get(w.0), &i.root.mode);
            let when =
                i.since.map(|at| format!(" · {}", time::clock(at, self.d.taken_at))).unwrap_or_default();
            format!(
                "- **{}** {} · {}{when}",
                w.severity(i.severity),
                escape(title),
                w.confidence(i.root.confidence)
            )
        };
        let shown = rest.iter().take(LINES).map(row).collect::<Vec<_>>().join("\n");
        self.block(&format!("### {}", w.pick("Further incidents", "其他故障")));
        self.block(&shown);
        if rest.len() > LINES {
            self.block(&w.more(rest.len() - LINES));
        }
    }

    /// What dominates, before any single one: where there are more incidents than get a line each.
    fn by_cause(&mut self) {
        let w = self.words;
        if self.d.incidents.len() <= IN_FULL + LINES {
            return;
        }
        let (groups, left, modes) = fold::dominant(fold::by_mode(self.d.incidents.iter()), ROWS);
        let row = |g: &fold::ModeGroup<'_>| {
            let (mode, subject) = (code(&g.first.root.mode), escape(&g.first.root.subject.to_string()));
            let severity = w.severity(g.first.severity);
            match g.count {
                1 => format!("- 1 × {mode} · {severity} · {subject}"),
                n => format!("- {} × {mode} · {severity} · {} {subject}", number(n), w.pick("such as", "如")),
            }
        };
        let mut rows: Vec<String> = groups.iter().map(row).collect();
        if left > 0 {
            rows.push(format!("- {}", w.other_causes(left, modes)));
        }
        self.block(&format!("**{}**", w.pick("By cause, the worst first", "按原因统计，最严重的在前")));
        self.block(&rows.join("\n"));
    }

    fn tail(&mut self) {
        let w = self.words;
        let silenced = self.d.silenced.iter().map(|s| silence::silenced(s, w));
        let idle = silence::idle(self.d, false).map(|s| silence::did_nothing(s, w));
        let rows: Vec<String> = silenced.chain(idle).map(|line| format!("- {}", escape(&line))).collect();
        self.section(w.pick("Silenced", "已静默"), &rows);
        let symptoms = fold::symptoms(&self.d.unexplained);
        let rows = symptoms.iter().map(|g| {
            let who = fold::affected(&g.subjects, w, 4).join(w.semicolon());
            format!("- {} {}", code(&g.first.signal), escape(&who))
        });
        self.section(w.pick("Seen, without a known cause", "有异常但原因不明"), &rows.collect::<Vec<_>>());
        let (mattering, silent) = phrase::gaps(self.d);
        let rows = mattering.iter().map(|g| {
            let (what, hides) = (matters::place(&g.what, w.0), matters::matters(&g.matters, w.0));
            format!("- {}{}{}{}", code(&what), w.aside(w.why(g.why)), w.colon(), escape(&hides))
        });
        self.section(w.pick("Not seen", "没能查看"), &rows.collect::<Vec<_>>());
        if !silent.is_empty() {
            self.block(&escape(&phrase::silent(&silent, w)));
        }
        let rows = fold::notes(&self.d.notes);
        let rows =
            rows.iter().map(|g| format!("- {}{}", escape(g.first.text.get(w.0)), phrase::alike(g.others, w)));
        self.section(w.pick("Notes", "提示"), &rows.collect::<Vec<_>>());
    }

    fn section(&mut self, heading: &str, rows: &[String]) {
        if rows.is_empty() {
            return;
        }
        self.block(&format!("### {heading}"));
        let shown = rows.get(..ROWS.min(rows.len())).unwrap_or_default();
        self.block(&shown.join("\n"));
        if rows.len() > ROWS {
            self.block(&self.words.more(rows.len() - ROWS));
        }
    }
}

/// Text with each character that Markdown or HTML would read as markup made harmless. A mention notifies nobody.
fn escape(text: &str) -> String {
    let text = clean(text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            '#' => out.push_str("&#35;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

/// The text as inline code, whatever it holds.
fn code(text: &str) -> String {
    let text = clean(text);
    let text = text.trim();
    if text.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// The lines as a block of code, with a fence that none of them closes.
fn fenced(lines: &[String], indent: &str, info: &str) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let longest = lines.iter().map(|l| longest_run(l)).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let mut out = format!("{indent}{fence}{info}\n");
    for line in lines {
        let _ = writeln!(out, "{indent}{line}");
    }
    let _ = write!(out, "{indent}{fence}");
    out
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_cluster_is_markup() {
        assert_eq!(escape("<b>*x*</b> @all"), "&lt;b&gt;\\*x\\*&lt;/b&gt; &#64;all");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(fenced(&["```".to_owned()], "", "sh"), "````sh\n```\n````");
    }
}
