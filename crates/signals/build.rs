//! Writes the files of patterns as JSON, which every run reads in a tenth of the time that TOML takes.

#![allow(clippy::disallowed_methods, reason = "a build script reads and writes files")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?).join("patterns");
    println!("cargo:rerun-if-changed={}", root.display());
    let mut code = String::from("&[\n");
    for path in files(&root)? {
        println!("cargo:rerun-if-changed={}", path.display());
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        writeln!(code, "    ({name:?}, {:?}),", json(&path)?).map_err(io::Error::other)?;
    }
    code.push(']');
    fs::write(Path::new(&env::var("OUT_DIR").map_err(io::Error::other)?).join("patterns.rs"), code)
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(folder)?.filter_map(Result::ok).map(|entry| entry.path()).collect();
    found.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    found.sort();
    Ok(found)
}

/// A file of TOML as JSON.
fn json(path: &Path) -> io::Result<String> {
    let fail = |why: String| io::Error::other(format!("{}: {why}", path.display()));
    let value: toml::Value = toml::from_str(&fs::read_to_string(path)?).map_err(|e| fail(e.to_string()))?;
    serde_json::to_string(&value).map_err(|e| fail(e.to_string()))
}
