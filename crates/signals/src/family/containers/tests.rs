//! Small clusters, one container each.

use crate::Signals;
use crate::finding::Findings;
use kubecause_evidence::log::{LogFile, LogSource};
use kubecause_evidence::{Access, ContainerLogKey, Ingest, Kind, SnapshotBuilder, Subject};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// A pod of the Deployment `cart` with that status of its only container, and what is seen of it at 10:00.
fn seen(
    spec: &str,
    status: &str,
    events: &[(&str, &str, u32)],
    log: &str,
) -> Result<Findings, Box<dyn std::error::Error>> {
    let mut b = SnapshotBuilder::default();
    b.taken_at("2026-03-10T10:00:00Z".parse().ok());
    let pod = format!(
        r#"{{"metadata":{{"name":"cart-6d4-x2k","namespace":"shop","uid":"11111111-1111-1111-1111-111111111111",
        "creationTimestamp":"2026-03-10T09:00:00Z"}},
        "spec":{{"nodeName":"n","restartPolicy":"Always","containers":[{{"name":"cart"{spec}}}]}},
        "status":{{"phase":"Running","startTime":"2026-03-10T09:00:00Z","containerStatuses":[{{"name":"cart",{status}}}]}}}}"#
    );
    b.push(Ingest::parse("Pod", &pod)?);
    for (i, (reason, message, count)) in events.iter().enumerate() {
        let event = format!(
            r#"{{"metadata":{{"name":"e{i}","namespace":"shop"}},"reason":"{reason}","message":"{message}","count":{count},
            "involvedObject":{{"kind":"Pod","namespace":"shop","name":"cart-6d4-x2k","fieldPath":"spec.containers{{cart}}"}},
            "firstTimestamp":"2026-03-10T09:10:00Z","lastTimestamp":"2026-03-10T09:59:30Z"}}"#
        );
        b.push(Ingest::parse("Event", &event)?);
    }
    for kind in [Kind::Pod, Kind::Event, Kind::Service] {
        b.access(kind, Access::Listed);
    }
    let key = ContainerLogKey {
        namespace: "shop".into(),
        pod: "cart-6d4-x2k".into(),
        container: "cart".into(),
        previous: false,
    };
    b.container_log(key, LogFile::new(LogSource::Container, "logs/cart.log", log));
    let signals = Signals::builtin().map_err(|e| e.to_string())?;
    Ok(signals.observe(&b.finish()))
}

const CRASH: &str = r#""ready":false,"restartCount":6,"state":{"waiting":{"reason":"CrashLoopBackOff"}},"#;

fn ended(code: i32, reason: &str) -> String {
    format!(
        r#"{CRASH}"lastState":{{"terminated":{{"exitCode":{code},"reason":"{reason}","startedAt":"2026-03-10T09:58:00Z","finishedAt":"2026-03-10T09:59:00Z"}}}}"#
    )
}

fn has(findings: &Findings, signal: &str) -> bool {
    findings.of(signal).any(|f| f.span.ongoing)
}

#[test]
fn an_exit_is_an_oom_kill_only_when_something_says_so() -> Outcome {
    let oom = seen("", &ended(137, "OOMKilled"), &[], "")?;
    assert!(has(&oom, "container.oom-killed") && !has(&oom, "container.app-exit"));
    let killed = seen("", &ended(137, "Error"), &[], "")?;
    assert!(has(&killed, "container.killed-by-signal") && !has(&killed, "container.oom-killed"));
    Ok(())
}

#[test]
fn a_kill_by_a_probe_is_no_exit_of_the_application() -> Outcome {
    let live = r#","livenessProbe":{"tcpSocket":{"port":80}}"#;
    let events = [("Killing", "Container cart failed liveness probe, will be restarted", 5)];
    let found = seen(live, &ended(143, "Error"), &events, "")?;
    assert!(has(&found, "probe.liveness-failing") && !has(&found, "container.app-exit"));
    // The probe complains because the application died: nobody killed it.
    let events =
        [("Unhealthy", "Liveness probe failed: dial tcp 10.0.0.1:80: connect: connection refused", 5)];
    let found = seen(live, &ended(1, "Error"), &events, "")?;
    assert!(has(&found, "container.app-exit") && !has(&found, "probe.liveness-failing"));
    Ok(())
}

#[test]
fn the_last_words_are_the_telling_line() -> Outcome {
    let found = seen("", &ended(1, "Error"), &[], "FATAL: no such key\nstarting mailer v3\n")?;
    let words = found.of("container.app-exit").next().and_then(|f| f.params.get("last_words").cloned());
    assert_eq!(words.as_deref(), Some("FATAL: no such key"));
    Ok(())
}

#[test]
fn only_the_last_complaint_of_a_failing_container_counts() -> Outcome {
    let log = "dial tcp 192.0.2.1:5432: connect: connection refused\nconnected\nopen /etc/x.yaml: no such file or directory\n";
    let found = seen("", &ended(1, "Error"), &[], log)?;
    assert!(has(&found, "container.app-exit") && !has(&found, "app.dependency-unreachable"));
    let found = seen("", &ended(1, "Error"), &[], "dial tcp 192.0.2.1:5432: connect: connection refused\n")?;
    assert!(has(&found, "app.dependency-unreachable"));
    Ok(())
}

#[test]
fn a_container_that_is_stable_again_is_history() -> Outcome {
    let stable = |since: &str, restarts: i32| {
        format!(
            r#""ready":true,"restartCount":{restarts},"state":{{"running":{{"startedAt":"{since}"}}}},
            "lastState":{{"terminated":{{"exitCode":1,"reason":"Error","startedAt":"2026-03-10T09:20:00Z","finishedAt":"2026-03-10T09:21:00Z"}}}}"#
        )
    };
    assert!(has(&seen("", &stable("2026-03-10T09:58:00Z", 5), &[], "")?, "container.app-exit"));
    assert!(!has(&seen("", &stable("2026-03-10T09:22:00Z", 5), &[], "")?, "container.app-exit"));
    assert!(!has(&seen("", &stable("2026-03-10T09:58:00Z", 1), &[], "")?, "container.app-exit"));
    Ok(())
}

#[test]
fn a_command_that_cannot_start_is_told_from_a_mount() -> Outcome {
    let start = |message: &str| {
        format!(
            r#"{CRASH}"lastState":{{"terminated":{{"exitCode":128,"reason":"StartError","message":"{message}","finishedAt":"2026-03-10T09:59:00Z"}}}}"#
        )
    };
    let found = seen(
        "",
        &start("runc create failed: exec: \\\"serve\\\": executable file not found in $PATH"),
        &[],
        "",
    )?;
    let command =
        found.of("container.command-not-found").next().and_then(|f| f.params.get("command").cloned());
    assert_eq!(command.as_deref(), Some("serve"));
    let found = seen(
        "",
        &start(
            "container create failed: executable file `serve` not found in $PATH: No such file or directory",
        ),
        &[],
        "",
    )?;
    let command =
        found.of("container.command-not-found").next().and_then(|f| f.params.get("command").cloned());
    assert_eq!(command.as_deref(), Some("serve"));
    for other in [
        "error mounting \\\"/x\\\" to rootfs: not a directory: no such file or directory",
        "unable to start container process: chdir to cwd (\\\"/app\\\") set in config.json failed: permission denied: unknown",
        "container init caused: write sysctl key net.core.somaxconn: open /proc/sys/net/core/somaxconn: no such file or directory",
        "error during container init: error running createContainer hook #0: fork/exec /usr/bin/nvidia-ctk: no such file or directory",
        "OCI runtime create failed: unable to retrieve OCI runtime error (open /run/x/log.json: no such file or directory): exec: \\\"runc\\\": executable file not found in $PATH: unknown",
    ] {
        assert!(!has(&seen("", &start(other), &[], "")?, "container.command-not-found"), "{other}");
    }
    Ok(())
}

#[test]
fn an_image_without_a_command_cannot_start() -> Outcome {
    for words in [
        "failed to generate container \\\"63d1\\\" spec: failed to generate spec: no command specified",
        "Error response from daemon: No command specified",
    ] {
        let status = format!(
            r#""ready":false,"restartCount":0,"state":{{"waiting":{{"reason":"CreateContainerError","message":"{words}"}}}}"#
        );
        assert!(has(&seen("", &status, &[], "")?, "container.command-not-found"), "{words}");
    }
    Ok(())
}

#[test]
fn a_user_that_run_as_non_root_forbids_is_named_in_all_wordings() -> Outcome {
    let waits = |message: &str| {
        format!(
            r#""ready":false,"restartCount":0,"state":{{"waiting":{{"reason":"CreateContainerConfigError","message":"{message}"}}}}"#
        )
    };
    for words in [
        "container has runAsNonRoot and image will run as root (pod: \\\"cart_shop(1)\\\", container: cart)",
        "container has runAsNonRoot and image has non-numeric user (nginx), cannot verify user is non-root",
        "container's runAsUser breaks non-root policy (pod: \\\"cart_shop(1)\\\", container: cart)",
    ] {
        assert!(has(&seen("", &waits(words), &[], "")?, "container.runs-as-root"), "{words}");
    }
    Ok(())
}

#[test]
fn findings_stand_on_the_container() -> Outcome {
    let found = seen("", &ended(1, "Error"), &[], "")?;
    let subject = Subject::new(Kind::Pod, "shop", "cart-6d4-x2k").with_container("cart");
    assert_eq!(found.of("container.app-exit").next().map(|f| f.subject.clone()), Some(subject));
    Ok(())
}
