//! Faults that a manifest makes: one folder under `faults/` each, with what the API shows once the fault is there, and the
//! cause that must be named. A fault lives in a namespace of its own, so that many can stand in one cluster.

use crate::api::Api;
use crate::lab::repository;
use crate::wait::until;
use anyhow::{Context, Result};
use regex::Regex;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

/// One fault.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Fault {
    /// Its name, that of its folder and of its namespace.
    #[serde(skip)]
    pub name: String,
    /// The fault in words.
    pub says: String,
    /// Whether it belongs to the short set.
    #[serde(default)]
    pub smoke: bool,
    /// The causes that must be named, first. None: there is nothing wrong, and nothing may be said.
    #[serde(default)]
    pub root: Vec<Root>,
    /// Modes that may stand beside the root.
    #[serde(default)]
    pub allowed: Vec<String>,
    /// What is done once the manifest's pods run: arguments of kubectl.
    #[serde(default)]
    pub then: Vec<Vec<String>>,
    /// What the API shows once the fault is there: all of them.
    pub until: Vec<Symptom>,
    /// How long a healthy cluster may show the same, where it may: only then is the answer due.
    #[serde(default)]
    pub settles: Option<Settles>,
    /// Labels of the namespace.
    #[serde(default)]
    pub labels: std::collections::BTreeMap<String, String>,
}

/// A span that a healthy cluster may show the symptom for: the answer is due when it has held for so long.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settles {
    /// The id of the product's own span, which has the reason: a test holds the two together.
    pub by: String,
    /// How long it is, in seconds.
    pub seconds: u64,
    /// How many seconds after the symptom it begins.
    #[serde(default)]
    pub after: u64,
}

impl Settles {
    /// How long after the symptom it is over.
    pub fn over(&self) -> Duration {
        Duration::from_secs(self.seconds + self.after)
    }
}

/// A cause that must be named.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    /// Any of these modes.
    pub mode: Vec<String>,
    /// What the subject's name begins with.
    #[serde(default)]
    pub name: String,
}

/// Something that the API shows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Symptom {
    /// The path of a list; `{ns}` stands for the fault's namespace.
    pub list: String,
    /// Where to look in each of its objects: a JSON pointer in which `*` stands for any element.
    pub at: String,
    /// What must be there, as a regular expression.
    pub is: String,
    /// In how many objects.
    #[serde(default = "one")]
    pub count: usize,
    /// In how many seconds at most.
    #[serde(default = "patience")]
    pub within: u64,
}

fn one() -> usize {
    1
}

fn patience() -> u64 {
    180
}

impl Fault {
    /// All of them, in order of name.
    pub fn all() -> Result<Vec<Self>> {
        let mut faults = Vec::new();
        for entry in std::fs::read_dir(folder())? {
            let dir = entry?.path();
            let text =
                std::fs::read_to_string(dir.join("fault.toml")).with_context(|| dir.display().to_string())?;
            let mut fault: Self = toml::from_str(&text).with_context(|| dir.display().to_string())?;
            dir.file_name().unwrap_or_default().to_string_lossy().as_ref().clone_into(&mut fault.name);
            faults.push(fault);
        }
        faults.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(faults)
    }

    /// Whether its symptom or its cause takes minutes to show.
    pub fn is_long(&self) -> bool {
        self.settles.is_some() || self.until.iter().any(|s| s.within != patience())
    }

    /// Puts it into the cluster.
    pub fn put_in(&self, api: &Api) -> Result<()> {
        // Whoever had it before may have let it go only just now.
        let own = format!("/api/v1/namespaces/{}", self.name);
        until("the namespace of before to go", Duration::from_mins(2), || {
            let goes = api.get(&own).is_ok_and(|n| !n["metadata"]["deletionTimestamp"].is_null());
            Ok((!goes).then_some(()))
        })?;
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.name, "labels": self.labels}});
        api.apply(&namespace.to_string())?;
        let manifest = std::fs::read_to_string(folder().join(&self.name).join("manifest.yaml"))?;
        let path = format!("/api/v1/namespaces/{}/serviceaccounts/default", self.name);
        until("the default service account", Duration::from_mins(1), || api.get(&path).map(Some))?;
        api.kubectl_with(&["apply", "-n", &self.name, "-f", "-"], &manifest).map(drop)
    }

    /// Waits until the API shows it; what is to be done before that is done.
    pub fn wait(&self, api: &Api) -> Result<()> {
        if !self.then.is_empty() {
            self.wait_until_running(api)?;
        }
        for step in &self.then {
            let args: Vec<&str> =
                ["-n", &self.name].into_iter().chain(step.iter().map(String::as_str)).collect();
            api.kubectl(&args)?;
        }
        for symptom in &self.until {
            symptom.wait(api, &self.name).with_context(|| self.name.clone())?;
        }
        Ok(())
    }

    fn wait_until_running(&self, api: &Api) -> Result<()> {
        let path = format!("/api/v1/namespaces/{}/pods", self.name);
        until("the pods to run", Duration::from_mins(2), || {
            let pods = api.list(&path)?;
            Ok((!pods.is_empty() && pods.iter().all(crate::api::is_ready)).then_some(()))
        })
    }

    /// Takes it out again. What holds an object is let go, or the namespace would stay.
    pub fn take_out(&self, api: &Api) -> Result<()> {
        self.let_go(api)?;
        api.kubectl(&["delete", "namespace", &self.name, "--ignore-not-found", "--wait=false"])?;
        let manifest = std::fs::read_to_string(folder().join(&self.name).join("manifest.yaml"))?;
        api.kubectl_with(
            &["delete", "-n", &self.name, "--ignore-not-found", "--wait=false", "-f", "-"],
            &manifest,
        )
        .map(drop)
    }

    fn let_go(&self, api: &Api) -> Result<()> {
        for pod in api.list(&format!("/api/v1/namespaces/{}/pods", self.name))? {
            let held = pod["metadata"]["finalizers"].as_array().is_some_and(|f| !f.is_empty());
            if let Some(name) = pod["metadata"]["name"].as_str().filter(|_| held) {
                let patch = r#"{"metadata":{"finalizers":null}}"#;
                api.kubectl(&["patch", "pod", name, "-n", &self.name, "--type=merge", "-p", patch])?;
            }
        }
        Ok(())
    }

    /// What a diagnosis must say, in the form of a case's `expect.json`.
    pub fn expect(&self) -> Value {
        let root = |r: &Root| json!({"mode": r.mode, "name": r.name});
        json!({
            "roots": self.root.iter().map(root).collect::<Vec<_>>(),
            "allowed": self.allowed,
            "says": self.says,
        })
    }
}

impl Symptom {
    /// Waits until it shows.
    pub fn wait(&self, api: &Api, namespace: &str) -> Result<()> {
        let path = self.list.replace("{ns}", namespace);
        let wanted = Regex::new(&self.is)?;
        let what = format!("{path} to say {:?} at {}", self.is, self.at);
        until(&what, Duration::from_secs(self.within), || {
            let items = api.list(&path)?;
            let shows = |o: &&Value| at(o, &self.at).iter().any(|v| wanted.is_match(&word(v)));
            Ok((items.iter().filter(shows).count() >= self.count).then_some(()))
        })
    }
}

fn folder() -> PathBuf {
    repository().join("e2e/faults")
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What lies at a pointer in which `*` stands for any element.
fn at<'v>(value: &'v Value, pointer: &str) -> Vec<&'v Value> {
    pointer
        .split('/')
        .skip(1)
        .fold(vec![value], |found, step| found.into_iter().flat_map(|v| children(v, step)).collect())
}

fn children<'v>(value: &'v Value, step: &str) -> Vec<&'v Value> {
    match value {
        Value::Array(items) if step == "*" => items.iter().collect(),
        Value::Object(fields) if step == "*" => fields.values().collect(),
        _ => value.pointer(&format!("/{step}")).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_element() {
        let pod = json!({"status": {"containerStatuses": [{"ready": true}, {"ready": false}]}});
        let found: Vec<String> =
            at(&pod, "/status/containerStatuses/*/ready").into_iter().map(word).collect();
        assert_eq!(found, ["true", "false"]);
        assert!(at(&pod, "/status/nothing/*").is_empty());
    }

    #[test]
    fn every_fault_can_be_read_and_names_modes_that_exist() -> Result<()> {
        let catalogue = repository().join("catalogue");
        for fault in Fault::all()? {
            assert!(folder().join(&fault.name).join("manifest.yaml").exists(), "{}", fault.name);
            assert!(!fault.until.is_empty(), "{} waits for nothing", fault.name);
            for symptom in &fault.until {
                Regex::new(&symptom.is)?;
            }
            for mode in fault.root.iter().flat_map(|r| &r.mode) {
                let known =
                    std::fs::read_dir(&catalogue)?.flatten().any(|area| area.path().join(mode).is_dir());
                assert!(known, "{}: no mode {mode}", fault.name);
            }
        }
        Ok(())
    }

    #[test]
    fn what_is_given_is_what_the_product_gives() -> Result<()> {
        let spans = Fault::all()?.into_iter().filter_map(|f| Some((f.name, f.settles?)));
        let by_hand = crate::havoc::all().into_iter().filter_map(|h| Some((h.name.to_owned(), h.settles()?)));
        for (name, settles) in spans.chain(by_hand) {
            let own = kubecause_signals::patience::PATIENCES.iter().find(|p| p.id == settles.by);
            let own = own.with_context(|| format!("{name}: the product has no span {}", settles.by))?;
            assert_eq!(u64::try_from(own.seconds)?, settles.seconds, "{name}: {}", own.why);
        }
        Ok(())
    }
}
