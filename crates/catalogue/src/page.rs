//! The pages: six headings, the same in every mode.

use kubecause_model::Lang;

/// The headings of an English page, in order.
pub const HEADINGS_EN: [&str; 6] = [
    "What happens",
    "Why",
    "How to be sure",
    "How to fix",
    "How to keep it from coming back",
    "When it is not this",
];

/// The headings of a Chinese page, in order.
pub const HEADINGS_ZH: [&str; 6] =
    ["现象", "原因", "如何确认", "如何修复", "如何避免再次发生", "容易混淆的情况"];

/// The second-level headings of a Markdown text, outside of code blocks.
pub fn headings(markdown: &str) -> Vec<&str> {
    let mut fenced = false;
    markdown
        .lines()
        .filter(|line| {
            fenced ^= line.trim_start().starts_with("```");
            !fenced
        })
        .filter_map(|line| line.strip_prefix("## ").map(str::trim))
        .collect()
}

/// The headings that a page of that language must have.
pub(crate) fn expected(lang: Lang) -> [&'static str; 6] {
    match lang {
        Lang::En => HEADINGS_EN,
        Lang::Zh => HEADINGS_ZH,
    }
}
