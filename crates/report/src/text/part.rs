//! Parts of the text, for a screen that shows one thing at a time.

use super::{Sheet, TextOptions};
use crate::phrase;
use crate::words::Words;
use kubecause_model::{Diagnosis, Incident, Lang, Severity};

/// One thing to show.
#[derive(Debug, Clone, Copy)]
pub enum Part<'d> {
    /// An incident as `text` shows it, in full where the options say wide.
    Incident(&'d Incident),
    /// All records that prove it.
    Evidence(&'d Incident),
    /// All that can be done, step by step.
    Fixes(&'d Incident),
    /// All that was not seen.
    Gaps,
    /// Notes, symptoms without a known cause, and what is silenced.
    Notes,
}

/// One part of the diagnosis as text; empty where there is nothing to say.
pub fn part(diagnosis: &Diagnosis, part: Part<'_>, options: &TextOptions) -> String {
    let wide = options.wide || !matches!(part, Part::Incident(_));
    let options = TextOptions { wide, ..options.clone() };
    let mut sheet = Sheet::new(diagnosis, &options);
    match part {
        Part::Incident(i) => sheet.incident(i, true),
        Part::Evidence(i) => {
            sheet.title(i);
            sheet.because(i, true);
        }
        Part::Fixes(i) => {
            sheet.title(i);
            sheet.todo(i, true);
        }
        Part::Gaps => sheet.gaps(),
        Part::Notes => {
            sheet.unexplained();
            sheet.notes();
            sheet.silenced();
        }
    }
    let text = sheet.out.finish();
    if text.trim().is_empty() { String::new() } else { text }
}

/// The answer in one line: `healthy: …`, `3 incidents: 1 critical, 2 errors`.
pub fn verdict_line(diagnosis: &Diagnosis, lang: Lang) -> String {
    let (word, rest) = phrase::verdict(diagnosis, Words(lang));
    word + &rest
}

/// A severity in that language.
pub fn severity_word(severity: Severity, lang: Lang) -> &'static str {
    Words(lang).severity(severity)
}
