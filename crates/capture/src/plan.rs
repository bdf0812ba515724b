//! What a capture would hold.

use crate::NEVER;
use kubecause_evidence::{Access, Snapshot};
use kubecause_live::{Look, RESOURCES, Resource};
use std::collections::BTreeSet;
use std::fmt::Write;

/// One line a file: its path, and where it comes from.
pub fn plan(snapshot: &Snapshot, looks: &[Look], only: Option<&str>) -> String {
    let mut out = String::from("capture.json                what was asked for, and with what result\n");
    out.push_str(
        "cluster/version.json        GET /version\ncluster/readyz.txt          GET /readyz?verbose\n",
    );
    for resource in RESOURCES.iter().filter(|r| !NEVER.contains(&r.kind)) {
        list(&mut out, snapshot, resource, only);
    }
    let mut named = BTreeSet::new();
    for look in looks.iter().filter(|l| named.insert(l.place.clone())) {
        let _ = writeln!(out, "{}  GET {}", look.place.path(), look.path);
    }
    out.push_str(
        "\nSecrets are not asked for. Tokens, keys and passwords in what is read are written as ***.\n",
    );
    out
}

fn list(out: &mut String, snapshot: &Snapshot, resource: &Resource, only: Option<&str>) {
    let name = resource.name();
    let path = resource.path(resource.versions.first().copied().unwrap_or("v1"), only);
    match snapshot.access(&resource.kind()) {
        Access::Listed => {
            let _ = writeln!(out, "cluster/{name}.json  GET {path}");
        }
        Access::Missing(why) => {
            let _ = writeln!(out, "cluster/{name}.json  cannot be had: {}", why.as_str());
        }
    }
}
