//! The references in a pod's own fields: what its volumes ask for, compared with the lists.

use super::{ROOT_CA, key_missing, map_missing, secret_missing};
use crate::finding::{Finding, Sink};
use kubecause_evidence::kube::{KeyPath, Pod, Volume};
use kubecause_evidence::{Kind, Snapshot};
use kubecause_model::Source;

/// A volume's reference to a ConfigMap or Secret.
#[derive(Clone, Copy)]
struct Mounted<'a> {
    volume: &'a str,
    secret: bool,
    optional: bool,
    name: &'a str,
    keys: &'a [KeyPath],
}

fn mounted(volume: &Volume) -> impl Iterator<Item = Mounted<'_>> {
    let name = volume.name.as_str();
    let sources = || volume.projected.iter().flat_map(|p| &p.sources);
    let maps = volume.config_map.iter().chain(sources().filter_map(|s| s.config_map.as_ref()));
    let secrets = sources().filter_map(|s| s.secret.as_ref());
    let maps = maps.map(move |m| Mounted {
        volume: name,
        secret: false,
        optional: m.optional,
        name: &m.name,
        keys: &m.items,
    });
    let projected = secrets.map(move |s| Mounted {
        volume: name,
        secret: true,
        optional: s.optional,
        name: &s.name,
        keys: &s.items,
    });
    let own = volume.secret.iter();
    let own = own.map(move |s| Mounted {
        volume: name,
        secret: true,
        optional: s.optional,
        name: &s.secret_name,
        keys: &s.items,
    });
    maps.chain(projected).chain(own).filter(|m| !m.optional && !m.name.is_empty() && m.name != ROOT_CA)
}

/// Reports what the volumes of a pod that waits for them ask for and the lists do not hold.
pub(super) fn compare(snapshot: &Snapshot, pod: &Pod, sink: &mut Sink) {
    let ns = &pod.metadata.namespace;
    for m in pod.spec.volumes.iter().flat_map(mounted) {
        let listed = snapshot.has_in(if m.secret { &Kind::Secret } else { &Kind::ConfigMap }, ns);
        let map = (!m.secret).then(|| snapshot.config_maps.get(ns, m.name)).flatten();
        let absent = if m.secret { snapshot.secrets.get(ns, m.name).is_none() } else { map.is_none() };
        if listed && absent {
            let finding = if m.secret {
                secret_missing(snapshot, pod, m.name)
            } else {
                map_missing(snapshot, pod, m.name)
            };
            finding.into_iter().for_each(|f| sink.add(cited(f, pod, m)));
        }
        let lacking =
            m.keys.iter().find(|k| map.is_some_and(|map| !map.metadata.is_partial && !map.has_key(&k.key)));
        if let Some(path) = lacking {
            sink.add(
                cited(key_missing(pod, &path.key, false, m.name, map), pod, m).param("volume", m.volume),
            );
        }
    }
}

fn cited(finding: Finding, pod: &Pod, m: Mounted<'_>) -> Finding {
    let kind = if m.secret { "secret" } else { "configmap" };
    let since = pod.condition("PodScheduled").and_then(|c| c.last_transition_time);
    let reference = format!("{}/{}/spec/volumes/{}", pod.metadata.namespace, pod.metadata.name, m.volume);
    finding.since(since).cite(
        Source::Field,
        None,
        reference,
        format!("volume {} asks for {kind} {}", m.volume, m.name),
    )
}

/// The object whose key a volume or variable of the pod asks for: whether it is a Secret, and its name.
pub(super) fn user_of_key(pod: &Pod, key: &str, secret: Option<bool>) -> Option<(bool, String)> {
    let fits = |is_secret: bool| secret.is_none_or(|s| s == is_secret);
    let volumes = pod.spec.volumes.iter().flat_map(mounted);
    let by_volume = volumes
        .filter(|m| fits(m.secret) && m.keys.iter().any(|k| k.key == *key))
        .map(|m| (m.secret, m.name));
    let env = pod.spec.all_containers().flat_map(|c| &c.env).flat_map(|e| {
        let map = e.value_from.config_map_key_ref.iter().map(|r| (false, r));
        map.chain(e.value_from.secret_key_ref.iter().map(|r| (true, r)))
    });
    let by_env =
        env.filter(|(is_secret, r)| fits(*is_secret) && r.key == *key).map(|(s, r)| (s, r.name.as_str()));
    by_volume.chain(by_env).next().map(|(s, name)| (s, name.to_owned()))
}
