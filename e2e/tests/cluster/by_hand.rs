//! Faults made by hand, one after another: each may bring down anything. After each the cluster must be called healthy
//! again, with all that was said of the fault still in it.

use crate::{Choice, captured, healthy};
use anyhow::Result;
use kubecause_e2e::havoc::{self, Havoc, PATIENCE, VICTIM};
use kubecause_e2e::table::{Row, Table};
use kubecause_e2e::{Cluster, trial};
use std::time::Duration;

/// Runs those that are chosen.
pub fn run(cluster: &Cluster, choice: &Choice, table: &mut Table) -> Result<Vec<String>> {
    let chosen: Vec<Havoc> = havoc::all().into_iter().filter(|h| choice.takes(h.name, h.smoke)).collect();
    if chosen.is_empty() {
        return Ok(Vec::new());
    }
    havoc::open_shop(cluster)?;
    havoc::forget(cluster)?;
    for one in chosen {
        let mut row = Row { name: one.name.into(), settles: one.settles(), ..Row::default() };
        if let Err(why) = attempt(cluster, &one, &mut row) {
            row.wrong.push(format!("{why:#}"));
        }
        match mended(cluster, &one) {
            Ok(took) => row.healed = Some(took),
            Err(why) => row.wrong.push(format!("mended: {why:#}")),
        }
        table.add(row);
        havoc::forget(cluster)?;
    }
    Ok(Vec::new())
}

/// Takes it out, and says how long after the cluster had got over it it was called healthy.
fn mended(cluster: &Cluster, one: &Havoc) -> Result<Duration> {
    (one.take_out)(cluster)?;
    havoc::wait_for_shop(cluster)?;
    healthy(cluster)
}

fn attempt(cluster: &Cluster, one: &Havoc, row: &mut Row) -> Result<()> {
    (one.put_in)(cluster)?;
    one.wait(&cluster.api)?;
    let expect = one.expect();
    row.right(&trial::until_right(&cluster.lab, &[], PATIENCE, |a| trial::judge(a, &expect))?);
    captured::agrees(cluster, one.name, &["--node", VICTIM])
}
