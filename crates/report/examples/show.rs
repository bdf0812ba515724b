//! Writes the forms of the tests' diagnoses into a directory, to be looked at: `cargo run --example show -- DIR`.

#![allow(clippy::disallowed_methods, reason = "an example may write files; the crate may not")]

#[path = "../tests/common/mod.rs"]
mod common;

use kubecause_model::Lang;
use kubecause_report::{Format, TextOptions, render};

fn main() -> std::io::Result<()> {
    let dir = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let all = [
        ("one", common::one()),
        ("three", common::three()),
        ("many", common::many(2000)),
        ("unknown", common::unknown()),
    ];
    for (name, diagnosis) in all {
        for (lang, tag) in [(Lang::En, "en"), (Lang::Zh, "zh")] {
            for format in Format::ALL {
                let options = TextOptions { lang, color: true, ..TextOptions::default() };
                let file = format!("{dir}/{name}.{tag}.{}", format.as_str());
                std::fs::write(file, render(format, &diagnosis, &options))?;
            }
        }
    }
    Ok(())
}
