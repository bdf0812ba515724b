//! Stanzas and answers, one container each.

use crate::Signals;
use crate::finding::Findings;
use kubecause_evidence::{Access, Ingest, Kind, SnapshotBuilder};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// A pod that is not Ready with that container and status, and that report; all at 10:00.
fn seen(
    container: &str,
    status: &str,
    message: Option<&str>,
) -> Result<Findings, Box<dyn std::error::Error>> {
    let mut b = SnapshotBuilder::default();
    b.taken_at("2026-03-10T10:00:00Z".parse().ok());
    let pod = format!(
        r#"{{"metadata":{{"name":"cart","namespace":"shop","creationTimestamp":"2026-03-10T09:00:00Z"}},
        "spec":{{"nodeName":"n","restartPolicy":"Always","terminationGracePeriodSeconds":1,"containers":[{{"name":"cart",{container}}}]}},
        "status":{{"phase":"Running","containerStatuses":[{{"name":"cart",{status}}}]}}}}"#
    );
    b.push(Ingest::parse("Pod", &pod)?);
    b.access(Kind::Pod, Access::Listed);
    if let Some(message) = message {
        let event = format!(
            r#"{{"metadata":{{"name":"e","namespace":"shop"}},"reason":"Unhealthy","message":"{message}","count":30,
            "involvedObject":{{"kind":"Pod","namespace":"shop","name":"cart","fieldPath":"spec.containers{{cart}}"}},
            "firstTimestamp":"2026-03-10T09:10:00Z","lastTimestamp":"2026-03-10T09:59:30Z"}}"#
        );
        b.push(Ingest::parse("Event", &event)?);
        b.access(Kind::Event, Access::Listed);
    }
    let signals = Signals::builtin().map_err(|e| e.to_string())?;
    Ok(signals.observe(&b.finish()))
}

fn has(findings: &Findings, signal: &str) -> bool {
    findings.of(signal).any(|f| f.span.ongoing)
}

const RUNS: &str = r#""ready":false,"started":true,"state":{"running":{"startedAt":"2026-03-10T09:00:10Z"}}"#;
const REFUSED: &str = "Readiness probe failed: dial tcp 10.0.0.1:9090: connect: connection refused";

#[test]
fn a_port_that_nobody_declares_is_told_from_one_that_is_silent() -> Outcome {
    let asks = |declared: i32| {
        format!(
            r#""ports":[{{"containerPort":{declared}}}],"readinessProbe":{{"tcpSocket":{{"port":9090}}}}"#
        )
    };
    let wrong = seen(&asks(8080), RUNS, Some(REFUSED))?;
    assert!(has(&wrong, "probe.port-not-served") && has(&wrong, "probe.readiness-failing"));
    let silent = seen(&asks(9090), RUNS, Some(REFUSED))?;
    assert!(!has(&silent, "probe.port-not-served") && has(&silent, "probe.readiness-failing"));
    Ok(())
}

#[test]
fn without_events_the_stanza_speaks() -> Outcome {
    let found =
        seen(r#""ports":[{"containerPort":8080}],"readinessProbe":{"tcpSocket":{"port":9090}}"#, RUNS, None)?;
    assert!(has(&found, "probe.port-undeclared") && has(&found, "probe.not-ready"));
    assert!(!has(&found, "probe.readiness-failing"));
    Ok(())
}

#[test]
fn a_container_that_just_started_is_given_its_time() -> Outcome {
    let young = r#""ready":false,"started":true,"state":{"running":{"startedAt":"2026-03-10T09:59:40Z"}}"#;
    let found = seen(r#""readinessProbe":{"tcpSocket":{"port":9090}}"#, young, Some(REFUSED))?;
    assert!(!has(&found, "probe.readiness-failing"));
    Ok(())
}

/// A container that runs for 20 s; the report is of its time.
#[test]
fn what_no_start_mends_is_told_at_once() -> Outcome {
    let young = r#""ready":false,"started":true,"state":{"running":{"startedAt":"2026-03-10T09:59:10Z"}}"#;
    let after = young.replace("09:59:10", "09:59:40");
    let https = r#""readinessProbe":{"httpGet":{"port":8443,"scheme":"HTTPS"}}"#;
    let answers_plain = "Readiness probe failed: Get \\\"https://10.0.0.1:8443/\\\": http: server gave HTTP response to HTTPS client";
    assert!(has(&seen(https, young, Some(answers_plain))?, "probe.protocol-mismatch"));
    assert!(
        !has(&seen(https, &after, Some(answers_plain))?, "probe.protocol-mismatch"),
        "a report of the run before"
    );
    let missing = "Readiness probe failed: HTTP probe failed with statuscode: 404";
    assert!(
        !has(&seen(https, young, Some(missing))?, "probe.readiness-failing"),
        "an application that unpacks itself"
    );
    Ok(())
}

#[test]
fn too_eager_is_a_kill_at_the_end_of_the_patience() -> Outcome {
    let killed = |started: &str| {
        format!(
            r#""ready":false,"restartCount":6,"state":{{"waiting":{{"reason":"CrashLoopBackOff"}}}},"lastState":{{"terminated":{{
            "exitCode":137,"reason":"Error","startedAt":"{started}","finishedAt":"2026-03-10T09:59:08Z"}}}}"#
        )
    };
    let live = r#""ports":[{"containerPort":80}],"livenessProbe":{"tcpSocket":{"port":80},"initialDelaySeconds":3,"periodSeconds":3,"failureThreshold":2}"#;
    let refused = "Liveness probe failed: dial tcp 10.0.0.1:80: connect: connection refused";
    let early = seen(live, &killed("2026-03-10T09:59:00Z"), Some(refused))?;
    assert!(has(&early, "probe.too-eager") && has(&early, "probe.liveness-failing"));
    let late = seen(live, &killed("2026-03-10T09:30:00Z"), Some(refused))?;
    assert!(!has(&late, "probe.too-eager") && has(&late, "probe.liveness-failing"));
    let unseen = seen(live, &killed("2026-03-10T09:59:00Z"), None)?;
    assert!(has(&unseen, "probe.ended-at-patience") && has(&unseen, "probe.killed-without-oom"));
    Ok(())
}
