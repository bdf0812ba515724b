//! Settings of ingress-nginx that its controller never reads: written as one file into one key of the ConfigMap, where
//! each setting must be a key of its own.

use super::view::{View, place};
use crate::finding::{Finding, Sink};
use crate::signal::{Needs, Signal};
use kubecause_evidence::kube::ConfigMap;
use kubecause_evidence::{Kind, Snapshot};
use kubecause_model::Source;

/// A ConfigMap whose settings stand where nobody looks.
pub(super) const IGNORED: Signal = Signal::fact(
    "ingress.settings-in-one-key",
    "A key of the ingress controller's ConfigMap holds several settings as the lines of a file; the controller reads \
     each setting from a key of its own name (ingress-nginx, docs/user-guide/nginx-configuration/configmap.md).",
    &[Needs::Kind(Kind::ConfigMap)],
);

/// Settings of ingress-nginx that are set often. One of them on a line of a value gives the file away.
const SETTINGS: [&str; 26] = [
    "proxy-connect-timeout",
    "proxy-read-timeout",
    "proxy-send-timeout",
    "proxy-body-size",
    "proxy-buffer-size",
    "proxy-buffering",
    "upstream-keepalive-connections",
    "upstream-keepalive-timeout",
    "upstream-keepalive-requests",
    "keep-alive",
    "keep-alive-requests",
    "disable-access-log",
    "client-header-timeout",
    "client-body-timeout",
    "client-body-buffer-size",
    "worker-processes",
    "worker-shutdown-timeout",
    "max-worker-connections",
    "use-forwarded-headers",
    "compute-full-forwarded-for",
    "use-proxy-protocol",
    "ssl-protocols",
    "ssl-ciphers",
    "ssl-redirect",
    "enable-real-ip",
    "use-gzip",
];

pub(super) fn observe(view: &View<'_>, sink: &mut Sink) {
    for map in view.snapshot.config_maps.all().iter().filter(|m| m.keeps_values()) {
        if !is_controllers(view.snapshot, map) {
            continue;
        }
        for (key, value) in &map.data.0 {
            if let Some(finding) = look(map, key, value) {
                sink.add(finding);
            }
        }
    }
}

/// Whether a controller is started with this ConfigMap; unknown counts as yes.
fn is_controllers(snapshot: &Snapshot, map: &ConfigMap) -> bool {
    let meta = &map.metadata;
    if !snapshot.has(&Kind::Pod) {
        return ["nginx-configuration", "ingress-nginx-controller"].contains(&meta.name.as_str());
    }
    let ends = format!("/{}", meta.name);
    let pods = snapshot.pods.in_namespace(&meta.namespace).iter();
    let mut args = pods.flat_map(|p| p.spec.containers.iter()).flat_map(|c| c.args.iter().chain(&*c.command));
    args.any(|a| a.strip_prefix("--configmap=").is_some_and(|v| v.ends_with(&ends)))
}

fn look(map: &ConfigMap, key: &str, value: &str) -> Option<Finding> {
    if key.ends_with("-snippet") || SETTINGS.contains(&key) {
        return None;
    }
    let setting = |line: &str| -> Option<String> {
        let name =
            line.trim().trim_matches(['"', '\'']).split([':', '=']).next()?.trim().trim_matches(['"', '\'']);
        (line.contains([':', '=']) && SETTINGS.contains(&name)).then(|| name.to_owned())
    };
    let ignored: Vec<String> = value.lines().filter_map(setting).collect();
    let first = ignored.first()?;
    let said = format!("key {key:?} holds {} settings as text, the first is {first}", ignored.len());
    Some(
        Finding::new(IGNORED.id, map.metadata.subject(Kind::ConfigMap))
            .cite(Source::Field, None, place("configmaps", &map.metadata), said)
            .param("key", key)
            .param("settings", ignored.join(", "))
            .since(None),
    )
}
