//! Writes the list of the catalogue's folders, so that adding a mode touches no other file. `mode.toml` becomes JSON on the way,
//! which every run reads in a tenth of the time.

#![allow(clippy::disallowed_methods, reason = "a build script reads and writes files")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?).join("../../catalogue");
    let mut modes = Vec::new();
    for area in folders(&root)? {
        println!("cargo:rerun-if-changed={}", area.display());
        for mode in folders(&area)? {
            println!("cargo:rerun-if-changed={}", mode.display());
            if mode.join("mode.toml").exists() {
                modes.push((name(&area), mode));
            }
        }
    }
    println!("cargo:rerun-if-changed={}", root.display());
    let mut code = String::from("&[\n");
    for (area, mode) in modes {
        let page = |file: &str| {
            let path = mode.join(file);
            println!("cargo:rerun-if-changed={}", path.display());
            if path.exists() {
                format!("include_str!({:?})", path.display().to_string())
            } else {
                "\"\"".into()
            }
        };
        writeln!(
            code,
            "    Embedded {{ area: {area:?}, id: {:?}, json: {:?}, en: {}, zh: {} }},",
            name(&mode),
            json(&mode.join("mode.toml"))?,
            page("en.md"),
            page("zh.md"),
        )
        .map_err(io::Error::other)?;
    }
    code.push(']');
    fs::write(Path::new(&env::var("OUT_DIR").map_err(io::Error::other)?).join("embedded.rs"), code)
}

/// A file of TOML as JSON.
fn json(path: &Path) -> io::Result<String> {
    println!("cargo:rerun-if-changed={}", path.display());
    let fail = |why: String| io::Error::other(format!("{}: {why}", path.display()));
    let value: toml::Value = toml::from_str(&fs::read_to_string(path)?).map_err(|e| fail(e.to_string()))?;
    serde_json::to_string(&value).map_err(|e| fail(e.to_string()))
}

fn folders(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(path)?.filter_map(Result::ok).map(|entry| entry.path()).filter(|p| p.is_dir()).collect();
    found.sort();
    Ok(found)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
