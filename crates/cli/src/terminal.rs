//! What the terminal and the environment want.

use crate::args::{Color, Language};
use kubecause_model::Lang;
use std::io::{self, IsTerminal, Write};

/// The language asked for, else that of the locale.
pub fn language(asked: Option<Language>) -> Lang {
    match asked {
        Some(Language::En) => Lang::En,
        Some(Language::Zh) => Lang::Zh,
        None => {
            let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().filter_map(|v| std::env::var(v).ok());
            let zh = locale
                .into_iter()
                .find(|l| !l.is_empty())
                .is_some_and(|l| l.to_lowercase().starts_with("zh"));
            if zh { Lang::Zh } else { Lang::En }
        }
    }
}

/// Whether to colour standard output: see <https://no-color.org>.
pub fn colored(asked: Color) -> bool {
    match asked {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let unset = |name: &str| std::env::var_os(name).is_none_or(|v| v.is_empty());
            let dumb = std::env::var_os("TERM").is_some_and(|t| t == "dumb");
            io::stdout().is_terminal() && unset("NO_COLOR") && !dumb
        }
    }
}

/// Columns of the terminal, from `COLUMNS` where it is set; 100 where there is none.
pub fn width() -> usize {
    let asked = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok()).filter(|c| *c >= 40);
    asked.or_else(|| terminal_size::terminal_size().map(|(w, _)| usize::from(w.0))).unwrap_or(100)
}

/// Prints; a reader that went away (`| head`) is no error.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let written = out
        .write_all(text.as_bytes())
        .and_then(|()| if text.ends_with('\n') { Ok(()) } else { out.write_all(b"\n") });
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// A title whose placeholders are not filled, for people: `<name>: …`.
pub fn plain(title: &str) -> String {
    title.replace('{', "<").replace('}', ">")
}
