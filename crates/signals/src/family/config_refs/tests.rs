use super::*;
use kubecause_evidence::{Access, Ingest, SnapshotBuilder};

fn at(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

fn pod(extra_spec: &str, waiting: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"api-1","namespace":"shop","creationTimestamp":"2026-01-01T00:00:00Z"}},
        "spec":{{"nodeName":"n1","containers":[{{"name":"api","image":"a"}}]{extra_spec}}},
        "status":{{"phase":"Pending","containerStatuses":[{{"name":"api","state":{{"waiting":{waiting}}}}}]}}}}"#
    )
}

fn seen(pod: &str, maps: &[&str], listed: bool) -> Vec<Finding> {
    let mut b = SnapshotBuilder::default();
    b.taken_at(at("2026-01-01T00:05:00Z"));
    b.access(Kind::Pod, Access::Listed);
    Ingest::parse("Pod", pod).into_iter().for_each(|o| b.push(o));
    for map in maps {
        let json =
            format!(r#"{{"metadata":{{"name":"{map}","namespace":"shop"}},"data":{{"app.conf":"x"}}}}"#);
        Ingest::parse("ConfigMap", &json).into_iter().for_each(|o| b.push(o));
    }
    if listed {
        b.access(Kind::ConfigMap, Access::Listed);
    }
    let mut sink = Sink::default();
    observe(&b.finish(), &mut sink);
    sink.finish().all().to_vec()
}

const CONFIG_ERROR: &str =
    r#"{"reason":"CreateContainerConfigError","message":"configmap \"app-settings\" not found"}"#;
const CREATING: &str = r#"{"reason":"ContainerCreating"}"#;
const VOLUME: &str = r#","volumes":[{"name":"c","configMap":{"name":"app-settings"}}]"#;

#[test]
fn what_kubelet_says_is_reported_with_a_near_name() {
    let found = seen(&pod("", CONFIG_ERROR), &["app-setting"], true);
    assert_eq!(found.len(), 1);
    let f = found.first().cloned().unwrap_or_else(|| Finding::new("", Subject::cluster()));
    assert_eq!(f.signal, "config.map-missing");
    assert_eq!(f.params.get("configmap").map(String::as_str), Some("app-settings"));
    assert_eq!(f.params.get("near").map(String::as_str), Some("app-setting"));
    assert_eq!(f.subject.container.as_deref(), Some("api"));
}

#[test]
fn a_map_that_exists_by_now_is_no_fault() {
    assert!(seen(&pod("", CONFIG_ERROR), &["app-settings"], true).is_empty());
}

#[test]
fn a_volume_is_compared_only_with_a_whole_list() {
    assert_eq!(seen(&pod(VOLUME, CREATING), &[], true).len(), 1);
    assert!(seen(&pod(VOLUME, CREATING), &[], false).is_empty());
    let optional = VOLUME.replace("\"app-settings\"", "\"app-settings\",\"optional\":true");
    assert!(seen(&pod(&optional, CREATING), &[], true).is_empty());
}

#[test]
fn a_key_of_a_volume_is_compared_with_the_keys_of_the_map() {
    let items = VOLUME
        .replace("\"app-settings\"", "\"app-settings\",\"items\":[{\"key\":\"app.cnf\",\"path\":\"a\"}]");
    let found = seen(&pod(&items, CREATING), &["app-settings"], true);
    assert!(
        found.iter().any(
            |f| f.signal == "config.key-missing" && f.params.get("near").is_some_and(|n| n == "app.conf")
        )
    );
}

#[test]
fn a_running_pod_with_a_dangling_reference_is_no_fault() {
    let running =
        pod(VOLUME, CREATING).replace(r#""waiting":{"reason":"ContainerCreating"}"#, r#""running":{}"#);
    assert!(seen(&running, &[], true).is_empty());
}

#[test]
fn the_root_ca_is_not_a_forgotten_map() {
    let text = CONFIG_ERROR.replace("app-settings", "kube-root-ca.crt");
    assert!(seen(&pod("", &text), &[], true).is_empty());
}
