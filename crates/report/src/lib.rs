//! Every form in which a person or a program gets a [`Diagnosis`]: JSON (the contract `kubecause/v1`), text for a
//! terminal, Markdown for an issue, one self-contained HTML page; and the pages of the catalogue on a terminal.
//!
//! Knows nothing about Kubernetes types, about how a diagnosis was made, nor about where its output goes. All of its
//! input is taken as hostile: names, params and quoted records come from a cluster that anybody may have written to.

mod clean;
mod fold;
mod graph;
mod html;
mod json;
mod markdown;
mod matters;
mod page;
mod phrase;
mod rich;
mod silence;
mod text;
mod time;
mod verdict;
mod words;

pub use clean::clean;
pub use html::html;
pub use json::{SCHEMA, json};
pub use markdown::markdown;
pub use matters::{matters as gap_hides, place as gap_place};
pub use page::page;
pub use rich::{cut, width};
pub use text::{Part, TextOptions, part, severity_word, text, verdict_line};
pub use time::short_clock;
pub use verdict::{exit_code, filter};

use kubecause_model::Diagnosis;

/// A form of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Format {
    /// Text whose first screen is the answer.
    #[default]
    Text,
    /// Text with all evidence, all fixes and all incidents.
    Wide,
    /// The JSON contract.
    Json,
    /// Markdown for an issue or a channel.
    Markdown,
    /// One self-contained page.
    Html,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 5] = [Self::Text, Self::Wide, Self::Json, Self::Markdown, Self::Html];

    /// The name as `-o` takes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Wide => "wide",
            Self::Json => "json",
            Self::Markdown => "markdown",
            Self::Html => "html",
        }
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.as_str() == name)
    }
}

/// The diagnosis in that format. What the options say about colour and width holds for text alone.
pub fn render(format: Format, diagnosis: &Diagnosis, options: &TextOptions) -> String {
    match format {
        Format::Text => text(diagnosis, &TextOptions { wide: false, ..options.clone() }),
        Format::Wide => text(diagnosis, &TextOptions { wide: true, ..options.clone() }),
        Format::Json => json(diagnosis, options.lang),
        Format::Markdown => markdown(diagnosis, options.lang),
        Format::Html => html(diagnosis, options.lang),
    }
}
