use super::*;
use kubecause_evidence::{Access, Ingest, SnapshotBuilder};

fn seen(image: &str, reason: &str, message: &str, extra: &[(&str, &str)]) -> Vec<Finding> {
    let message = message.replace('"', "\\\"");
    let pod = format!(
        r#"{{"metadata":{{"name":"web-1","namespace":"shop","creationTimestamp":"2026-01-01T00:00:00Z"}},
        "spec":{{"nodeName":"n1","containers":[{{"name":"web","image":"{image}"}}]}},
        "status":{{"phase":"Pending","containerStatuses":[{{"name":"web","image":"{image}",
          "state":{{"waiting":{{"reason":"{reason}","message":"{message}"}}}}}}]}}}}"#
    );
    let mut b = SnapshotBuilder::default();
    b.taken_at("2026-01-01T00:05:00Z".parse().ok());
    b.access(Kind::Pod, Access::Listed);
    b.access(Kind::Event, Access::Listed);
    for (kind, json) in extra.iter().copied().chain([("Pod", pod.as_str())]) {
        Ingest::parse(kind, json).into_iter().for_each(|o| b.push(o));
    }
    let mut sink = Sink::default();
    observe(&b.finish(), &mut sink);
    sink.finish().all().to_vec()
}

fn signals(found: &[Finding]) -> Vec<&str> {
    found.iter().map(|f| f.signal).collect()
}

fn event(reason: &str, message: &str, at: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"e-{reason}","namespace":"shop"}},"reason":"{reason}","message":"{message}","type":"Warning",
        "involvedObject":{{"kind":"Pod","namespace":"shop","name":"web-1","fieldPath":"spec.containers{{web}}"}},
        "firstTimestamp":"{at}","lastTimestamp":"{at}"}}"#
    )
}

#[test]
fn a_name_that_does_not_resolve_is_an_unreachable_registry() {
    let found = seen(
        "registry.example.com/shop/web:2",
        "ImagePullBackOff",
        "Back-off pulling image \"registry.example.com/shop/web:2\": ErrImagePull: failed to do request: dial tcp: \
         lookup registry.example.com on 10.0.0.53:53: no such host",
        &[],
    );
    assert_eq!(signals(&found), ["image.pull-failing", "image.registry-unreachable"]);
    let params = found.get(1).map(|f| f.params.clone()).unwrap_or_default();
    assert_eq!(params.get("registry").map(String::as_str), Some("registry.example.com"));
    assert_eq!(params.get("manner").map(String::as_str), Some("name-does-not-resolve"));
}

#[test]
fn the_event_speaks_where_the_state_is_silent() {
    let said =
        event("Failed", "Failed to pull image: manifest for nginx:9.9 not found", "2026-01-01T00:04:00Z");
    let silent = seen("nginx:9.9", "ImagePullBackOff", "Back-off pulling image \"nginx:9.9\"", &[]);
    assert_eq!(signals(&silent), ["image.pull-failing"]);
    let told =
        seen("nginx:9.9", "ImagePullBackOff", "Back-off pulling image \"nginx:9.9\"", &[("Event", &said)]);
    assert_eq!(signals(&told), ["image.absent", "image.pull-failing"]);
}

#[test]
fn a_near_name_comes_from_the_nodes() {
    let node = r#"{"metadata":{"name":"n1"},"status":{"images":[{"names":["r.io/shop/frontend:2.1"],"sizeBytes":1}]}}"#;
    let found = seen("r.io/shop/frontned:2.1", "ErrImagePull", "manifest unknown", &[("Node", node)]);
    let near = found.iter().find_map(|f| f.params.get("near"));
    assert_eq!(near.map(String::as_str), Some("r.io/shop/frontend:2.1"));
}

#[test]
fn an_answer_that_hides_is_read_by_what_else_is_known() {
    let words = "pull access denied, repository does not exist or may require authorization: server message: \
                 insufficient_scope: authorization failed";
    let alone = seen("shop/web:1", "ErrImagePull", words, &[]);
    assert!(signals(&alone).contains(&"image.hidden-without-credentials"));
    let node = r#"{"metadata":{"name":"n1"},"status":{"images":[{"names":["docker.io/shop/web:0.9"],"sizeBytes":1}]}}"#;
    let held = seen("shop/web:1", "ErrImagePull", words, &[("Node", node)]);
    assert!(signals(&held).contains(&"image.access-denied"));
}

#[test]
fn a_long_pull_is_slow_only_without_an_error_and_on_a_live_node() {
    let pulling = event("Pulling", "Pulling image x", "2026-01-01T00:00:30Z");
    assert_eq!(signals(&seen("x", "ContainerCreating", "", &[("Event", &pulling)])), ["image.pull-slow"]);
    let recent = event("Pulling", "Pulling image x", "2026-01-01T00:04:30Z");
    assert!(seen("x", "ContainerCreating", "", &[("Event", &recent)]).is_empty());
    let dead = r#"{"metadata":{"name":"n1"},"status":{"conditions":[{"type":"Ready","status":"Unknown"}]}}"#;
    assert!(seen("x", "ContainerCreating", "", &[("Event", &pulling), ("Node", dead)]).is_empty());
    let done = event("Pulled", "Successfully pulled image x", "2026-01-01T00:04:00Z");
    assert!(seen("x", "ContainerCreating", "", &[("Event", &pulling), ("Event", &done)]).is_empty());
}

#[test]
fn a_foreign_program_is_told_from_a_script_without_an_interpreter() {
    let exec = |message: &str| {
        let found = seen("x", "RunContainerError", message, &[]);
        signals(&found).contains(&"image.exec-format-error")
    };
    assert!(exec("exec /app/server: exec format error"));
    assert!(!exec("exec /entrypoint.sh: exec format error"));
    assert!(!exec("exec /app/server: no such file or directory"));
}
