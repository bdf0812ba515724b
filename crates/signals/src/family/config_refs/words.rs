//! What kubelet says when a ConfigMap, a Secret or a key is missing. Sources: kubernetes
//! `pkg/kubelet/kubelet_pods.go`, `pkg/volume/configmap/configmap.go`, `pkg/volume/secret/secret.go`, 1.8 to 1.36.

use regex::Regex;
use std::sync::LazyLock;

/// What is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missing {
    /// A ConfigMap of that name.
    Map(String),
    /// A Secret of that name.
    Secret(String),
    /// That key, in a ConfigMap or Secret whose name the message may leave out.
    Key {
        /// The key.
        key: String,
        /// Whether it is a Secret's; `None` where the message does not say.
        secret: Option<bool>,
        /// The object's name, where the message says it.
        object: Option<String>,
    },
}

static OBJECT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?i)\b(configmap|secret)s?(?:\.v1)? "([^"]+)" not found"#).ok());
static KEY_OF: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)couldn't find key (\S+) in (configmap|secret) (?:[^/\s]+/)?(\S+)").ok()
});
static KEY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?i)(configmap |secret )?references non-existent (config|secret) key:? "?([^\s",\]]+)"#)
        .ok()
});

/// What the message says is missing, all of it, in order; transient words of a kubelet that has not yet read its
/// caches say nothing.
pub(super) fn missing(message: &str) -> Vec<Missing> {
    let mut found = Vec::new();
    for c in OBJECT.iter().flat_map(|r| r.captures_iter(message)) {
        let name = c.get(2).map_or("", |m| m.as_str()).to_owned();
        let secret = c.get(1).is_some_and(|m| m.as_str().eq_ignore_ascii_case("secret"));
        found.push(if secret { Missing::Secret(name) } else { Missing::Map(name) });
    }
    for c in KEY_OF.iter().flat_map(|r| r.captures_iter(message)) {
        let text = |i| c.get(i).map_or("", |m: regex::Match<'_>| m.as_str()).to_owned();
        let secret = Some(text(2).eq_ignore_ascii_case("secret"));
        found.push(Missing::Key { key: text(1), secret, object: Some(text(3)) });
    }
    for c in KEY.iter().flat_map(|r| r.captures_iter(message)) {
        let text = |i| c.get(i).map_or("", |m: regex::Match<'_>| m.as_str()).to_lowercase();
        // "config key" is also what old kubelets say of a projected Secret; the word before decides.
        let secret = match text(1).trim() {
            "secret" => Some(true),
            "configmap" => Some(false),
            _ => (text(2) == "secret").then_some(true),
        };
        let key = c.get(3).map_or("", |m| m.as_str()).to_owned();
        found.push(Missing::Key { key, secret, object: None });
    }
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_new_words_are_read() {
        let map = |n: &str| vec![Missing::Map(n.into())];
        assert_eq!(missing("configmap \"app-settings\" not found"), map("app-settings"));
        assert_eq!(missing("configmaps \"app-settings\" not found"), map("app-settings"));
        assert_eq!(missing("secrets \"db\" not found"), [Missing::Secret("db".into())]);
        assert_eq!(
            missing("MountVolume.SetUp failed for volume \"c\" : configmap \"x\" not found"),
            map("x")
        );
        assert_eq!(
            missing("couldn't find key url in ConfigMap shop/app"),
            [Missing::Key { key: "url".into(), secret: Some(false), object: Some("app".into()) }]
        );
        assert_eq!(
            missing("Couldn't find key url in Secret shop/app"),
            [Missing::Key { key: "url".into(), secret: Some(true), object: Some("app".into()) }]
        );
        assert_eq!(
            missing("configmap references non-existent config key: nginx.conf"),
            [Missing::Key { key: "nginx.conf".into(), secret: Some(false), object: None }]
        );
        assert_eq!(
            missing(
                "MountVolume.SetUp failed for volume \"tls\" : references non-existent secret key: tls.crt"
            ),
            [Missing::Key { key: "tls.crt".into(), secret: Some(true), object: None }]
        );
    }

    #[test]
    fn transient_words_say_nothing() {
        assert!(missing("failed to sync configmap cache: timed out waiting for the condition").is_empty());
        assert!(missing("object \"shop\"/\"app\" not registered").is_empty());
        assert!(missing("image \"secret\" not found in store").is_empty());
    }
}
