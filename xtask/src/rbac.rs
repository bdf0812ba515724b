//! `cargo xtask rbac`: the roles under `deploy/rbac/`, from what the live client asks for.

use anyhow::{Context, Result, bail};
use kubecause_live::rbac::roles;
use std::path::Path;

/// Writes the roles, or only compares.
pub fn run(repository: &Path, check: bool) -> Result<()> {
    let folder = repository.join("deploy/rbac");
    std::fs::create_dir_all(&folder)?;
    for role in roles() {
        let path = folder.join(role.file);
        let yaml = role.yaml();
        if check && std::fs::read_to_string(&path).unwrap_or_default() != yaml {
            bail!("{} is not what `cargo xtask rbac` writes", path.display());
        }
        if !check {
            std::fs::write(&path, yaml).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}
