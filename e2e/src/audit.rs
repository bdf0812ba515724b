//! What the API server's audit log tells of kubecause's own user: which requests it made, and whether one could change
//! anything.

use serde::Deserialize;
use std::collections::BTreeMap;

/// The user that kubecause is, in the harness; and the one that it acts for where rights are taken away from it.
pub const READER: &str = "kubecause";
/// Who has only a part of the role that is shipped.
pub const PARTLY: &str = "kubecause-partly";

/// One request.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Request {
    /// `get`, `list`, `watch`, `create` …
    pub verb: String,
    /// Path and query.
    #[serde(rename = "requestURI")]
    pub uri: String,
    user: User,
    impersonated_user: Option<User>,
    object_ref: Object,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct User {
    username: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Object {
    resource: String,
    subresource: String,
    api_group: String,
}

impl Request {
    /// Whether it could change anything. A review of one's own rights is written as a creation and keeps nothing. A GET of
    /// `exec`, `attach` or `portforward` opens a connection into a container.
    pub fn may_write(&self) -> bool {
        let reads = ["get", "list", "watch"].contains(&self.verb.as_str());
        let enters = ["exec", "attach", "portforward"].contains(&self.object_ref.subresource.as_str());
        let review = self.object_ref.api_group == "authorization.k8s.io"
            && self.object_ref.resource.starts_with("selfsubject");
        enters || !(reads || review && self.verb == "create")
    }

    /// Whether it asks for a Secret.
    pub fn reads_secrets(&self) -> bool {
        self.object_ref.resource == "secrets"
    }
}

/// The requests of kubecause's user.
pub fn of_the_reader(log: &str) -> Vec<Request> {
    let all = log.lines().filter_map(|line| serde_json::from_str::<Request>(line).ok());
    all.filter(|r| {
        let acts_for = r.impersonated_user.as_ref().unwrap_or(&r.user);
        [READER, PARTLY].contains(&acts_for.username.as_str())
    })
    .collect()
}

/// How many of each verb.
pub fn summary(requests: &[Request]) -> String {
    let mut verbs: BTreeMap<&str, usize> = BTreeMap::new();
    requests.iter().for_each(|r| *verbs.entry(&r.verb).or_default() += 1);
    verbs.iter().map(|(verb, count)| format!("{count} {verb}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(user: &str, verb: &str, group: &str, resource: &str, subresource: &str) -> String {
        format!(
            r#"{{"kind":"Event","verb":"{verb}","requestURI":"/x","user":{{"username":"{user}"}},"objectRef":{{"resource":"{resource}","subresource":"{subresource}","apiGroup":"{group}"}}}}"#
        )
    }

    #[test]
    fn writes_of_the_reader_are_found() {
        for (verb, group, resource, sub, writes) in [
            ("list", "", "pods", "", false),
            ("watch", "apps", "deployments", "", false),
            ("get", "", "pods", "log", false),
            ("get", "", "nodes", "proxy", false),
            ("create", "authorization.k8s.io", "selfsubjectaccessreviews", "", false),
            ("create", "authorization.k8s.io", "subjectaccessreviews", "", true),
            ("create", "", "pods", "", true),
            ("get", "", "pods", "exec", true),
            ("patch", "", "nodes", "", true),
            ("deletecollection", "", "events", "", true),
            ("create", "", "nodes", "proxy", true),
        ] {
            let log = format!("{}\nnot json\n", line("kubecause", verb, group, resource, sub));
            let found = of_the_reader(&log);
            assert_eq!(
                found.iter().map(Request::may_write).collect::<Vec<_>>(),
                [writes],
                "{verb} {resource}"
            );
        }
    }

    #[test]
    fn requests_of_others_are_not_its() {
        assert!(of_the_reader(&line("admin", "delete", "", "pods", "")).is_empty());
    }
}
