//! Which API groups and versions the server serves. Asked once, and only when a list was not found: servers of the last
//! years serve everything in the version that is tried first.

use crate::api::{Api, Ask};
use crate::miss::Miss;
use crate::resource::Resource;
use serde::Deserialize;
use std::collections::BTreeMap;
use tokio::sync::OnceCell;

/// Groups with their versions, the preferred one first.
#[derive(Debug, Default)]
pub struct Groups {
    known: OnceCell<Result<BTreeMap<String, Vec<String>>, Miss>>,
}

impl Groups {
    /// A version in which the server serves the resource's group: one that kubecause reads.
    ///
    /// # Errors
    /// Where the server does not say what it serves.
    pub async fn version(&self, api: &Api, resource: &Resource) -> Result<Option<String>, Miss> {
        let known = self.known.get_or_init(|| fetch(api)).await;
        let served = known.as_ref().map_err(Clone::clone)?.get(resource.group);
        let of_ours = |v: &&&str| served.is_some_and(|served| served.iter().any(|s| s == **v));
        // The first was tried: its group is served, this resource of it is not.
        Ok(resource.versions.iter().skip(1).find(of_ours).map(|v| (*v).to_owned()))
    }
}

#[derive(Deserialize)]
struct GroupList {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    name: String,
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Version {
    version: String,
}

async fn fetch(api: &Api) -> Result<BTreeMap<String, Vec<String>>, Miss> {
    let answer = api.get(&Ask::new("/apis")).await?;
    let list: GroupList =
        serde_json::from_slice(&answer.body).map_err(|e| Miss::unparsable(e.to_string(), e.is_eof()))?;
    let versions = |g: Group| (g.name, g.versions.into_iter().map(|v| v.version).collect());
    Ok(list.groups.into_iter().map(versions).collect())
}
