//! `kubecause capture` of the cluster as it stands: a diagnosis of the archive must give the incidents that the live one
//! gave, and nothing secret may be in it.

use anyhow::{Result, bail};
use kubecause_e2e::{Cluster, trial, wait};
use std::path::Path;
use std::time::Duration;

/// Takes one and compares. The cluster moves meanwhile: the live answers before and after it bound what it may say.
pub fn agrees(cluster: &Cluster, name: &str, more: &[&str]) -> Result<()> {
    let folder = cluster.lab.root.join("captures");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join(format!("{name}.tar.zst"));
    wait::until("the capture to say what is said live", Duration::from_mins(3), || {
        let before = trial::incidents(&trial::live(&cluster.lab, &[])?);
        trial::capture(&cluster.lab, &file, more)?;
        let after = trial::incidents(&trial::live(&cluster.lab, &[])?);
        let said = trial::incidents(&trial::diagnose(&file, &[])?);
        if said == before || said == after {
            return Ok(Some(()));
        }
        bail!("live {after:?}, of the capture {said:?}")
    })?;
    no_secret_in(&file)
}

/// What no capture may hold: the values in `shop.yaml` and in the faults' manifests that are called secret there.
const SECRET: &str = "not-for-disk";

fn no_secret_in(file: &Path) -> Result<()> {
    let text = trial::unpacked(file)?;
    // The same, as a Secret's data holds it, at each of the three places where it may begin.
    let forms = [SECRET, "bm90LWZvci1kaXNr", "5vdC1mb3ItZGlz", "ub3QtZm9yLWRpc2"];
    match forms.iter().find(|form| text.contains(**form)) {
        Some(form) => bail!("{} holds {form}", file.display()),
        None => Ok(()),
    }
}
