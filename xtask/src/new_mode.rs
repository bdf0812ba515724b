//! `cargo xtask new-mode`: the folder of a failure mode with everything that the tests ask for.

use anyhow::{Result, anyhow, bail};
use std::fs;
use std::path::Path;

pub fn run(repository: &Path, area: &str, id: &str, dry_run: bool) -> Result<()> {
    let files = kubecause_catalogue::scaffold(area, id).map_err(|why| anyhow!(why))?;
    let folder = repository.join("catalogue").join(area).join(id);
    if folder.exists() {
        bail!("{} exists already", folder.display());
    }
    if dry_run {
        println!("{area}/{id} would be written: {} files", files.len());
        return Ok(());
    }
    for (name, content) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(&folder))?;
        fs::write(&path, content)?;
    }
    println!(
        "catalogue/{area}/{id}: fill in mode.toml, both pages and the cases, then `cargo test -p kubecause-testkit`"
    );
    Ok(())
}
