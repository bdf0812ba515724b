//! Containers that the runtime refuses to make or start for a reason other than their command: a mount that does not
//! fit, a working directory that cannot be entered, a security profile that the node does not have.

use super::lifecycle::{container_subject, pod_reference};
use super::words;
use crate::finding::{Finding, Sink};
use kubecause_evidence::Snapshot;
use kubecause_evidence::kube::{Container, ContainerStatus, Pod};
use kubecause_model::Source;
use regex::Regex;
use std::sync::LazyLock;

/// kubernetes pkg/kubelet/kubelet_pods.go `makeMounts`.
static SUB_PATH: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"failed to prepare subPath for volumeMount \\?"(?P<volume>[^"\\]+)\\?" of container"#).ok()
});
/// opencontainers/runc libcontainer/rootfs_linux.go, with and without `error` and the quotes of older releases; crun
/// src/libcrun/linux.c.
static MOUNT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?:mounting \\*"[^"]+\\*" to rootfs (?:\\*"[^"]+\\*" )?at \\*"|mount `[^`]+` to `)(?P<path>[^"`\\]+)[\s\S]*?(?i:(?P<why>not a directory|is a directory|no such file or directory|read-only file system|permission denied|possibly malicious path))"#,
    )
    .ok()
});
/// opencontainers/runc libcontainer/init_linux.go `finalizeNamespace`; moby `daemon/container.go`.
static DIRECTORY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"chdir to cwd \(\\*"(?P<path>[^"\\]+)\\*"\)[^:]*failed: (?P<why>[a-z ]+)|working directory '?\\*"?(?P<wrong>[^'"\\]+)\\*"?'? is invalid"#,
    )
    .ok()
});
/// containerd internal/cri/server/container_create_linux.go, pkg/seccomp; kubelet dockershim; CRI-O internal/config/seccomp.
static SECCOMP: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?:cannot load seccomp profile|unable to load local (?:seccomp )?profile) \\*"(?P<profile>[^"\\]+)"#,
    )
    .ok()
});
/// containerd internal/cri/server/container_create_linux.go; runc libcontainer/apparmor; kubelet pkg/security/apparmor.
static APPARMOR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"apparmor profile not found:? (?P<profile>[^\s":]+)|Cannot enforce AppArmor: profile \\*"(?P<kubelet>[^"\\]+)|apply apparmor profile: [\s\S]*no such file"#,
    )
    .ok()
});

/// Reasons with which a container waits that was not made or not started.
const WAITING: [&str; 3] = ["CreateContainerConfigError", "CreateContainerError", "RunContainerError"];
/// What a container waits with whose postStart hook failed. Source: kubernetes pkg/kubelet/kuberuntime/kuberuntime_container.go.
const HOOK: &str = "PostStartHookError";
/// Reasons of an end that was no run.
const ENDED: [&str; 2] = ["StartError", "ContainerCannotRun"];

/// A refusal that is younger than this many seconds may be a moment's.
const LASTING_SECONDS: i64 = 60;

/// Looks at all containers that were refused.
pub fn observe(snapshot: &Snapshot, sink: &mut Sink) {
    for pod in snapshot.pods.all().iter().filter(|p| !p.metadata.is_deleting() && !p.is_finished()) {
        for (_, status) in pod.statuses().filter(|(_, s)| s.state.running.is_none()) {
            let Some(spec) = pod.spec.container(&status.name) else { continue };
            let waiting = status.state.waiting.as_ref().filter(|w| w.reason == HOOK);
            if let Some(waiting) = waiting {
                let text = format!("{}: {}", waiting.reason, waiting.message);
                sink.add(
                    Finding::new("container.post-start-hook-failed", container_subject(pod, &status.name))
                        .since(pod.condition("Ready").and_then(|c| c.last_transition_time))
                        .param("container", &status.name)
                        .param("says", words::short(&waiting.message))
                        .cite(Source::Field, None, pod_reference(pod), text),
                );
            }
            let said = said(status);
            for text in &said {
                if let Some(finding) = read(pod, spec, text) {
                    sink.add(finding);
                    break;
                }
            }
            if let Some(text) = said.first().filter(|_| lasts(snapshot, pod, status)) {
                sink.add(make("container.start-refused", pod, spec, text).param("says", words::short(text)));
            }
        }
    }
}

/// Whether it is more than a moment's: a call that timed out is made again.
fn lasts(snapshot: &Snapshot, pod: &Pod, status: &ContainerStatus) -> bool {
    let since = pod.condition("Ready").and_then(|c| c.last_transition_time);
    let since = since.or(pod.metadata.creation_timestamp);
    status.restart_count > 0 || snapshot.age(since).is_none_or(|age| age >= LASTING_SECONDS)
}

fn make(signal: &'static str, pod: &Pod, spec: &Container, text: &str) -> Finding {
    Finding::new(signal, container_subject(pod, &spec.name))
        .since(pod.condition("Ready").and_then(|c| c.last_transition_time))
        .param("container", &spec.name)
        .param("node", &pod.spec.node_name)
        .cite(Source::Field, None, pod_reference(pod), text)
}

/// What was said of it: why it waits, then how its last start ended. Before 1.10 the words stood in the reason.
fn said(status: &ContainerStatus) -> Vec<String> {
    let waiting = status.state.waiting.as_ref();
    let waiting = waiting.filter(|w| WAITING.contains(&w.reason.as_str()) || w.reason.contains(' '));
    let ended = [&status.state.terminated, &status.last_state.terminated];
    let ended = ended.into_iter().flatten().filter(|t| ENDED.contains(&t.reason.as_str()));
    let waiting = waiting.map(|w| format!("{}: {}", w.reason, w.message));
    waiting.into_iter().chain(ended.map(|t| format!("{}: {}", t.reason, t.message))).collect()
}

fn read(pod: &Pod, spec: &Container, text: &str) -> Option<Finding> {
    let make = |signal| make(signal, pod, spec, text);
    let group = |regex: &LazyLock<Option<Regex>>, names: &[&str]| {
        let captures = regex.as_ref()?.captures(text)?;
        let found = names.iter().find_map(|n| captures.name(n));
        Some(found.map_or(String::new(), |m| m.as_str().trim().to_owned()))
    };
    if let Some(volume) = group(&SUB_PATH, &["volume"]) {
        return Some(sub_path(make("container.mount-refused"), spec, &volume));
    }
    if let Some(path) = group(&MOUNT, &["path"]) {
        let why = group(&MOUNT, &["why"]).unwrap_or_default();
        return mount(make("container.mount-refused"), spec, &path, &why);
    }
    if let Some(path) = group(&DIRECTORY, &["path", "wrong"]) {
        let why = group(&DIRECTORY, &["why"]).filter(|w| !w.is_empty());
        let why = why.unwrap_or_else(|| "not an absolute path".to_owned());
        return Some(user(
            make("container.working-dir-refused").param("path", path).param("why", why),
            pod,
            spec,
        ));
    }
    let profile = |kind: &str, name: String| {
        Some(make("container.security-profile-missing").param("profile", name).param("kind", kind))
    };
    if let Some(name) = group(&SECCOMP, &["profile"]) {
        return profile("seccomp", name);
    }
    group(&APPARMOR, &["profile", "kubelet"]).and_then(|name| profile("AppArmor", name))
}

fn sub_path(finding: Finding, spec: &Container, volume: &str) -> Finding {
    let mount = spec.volume_mounts.iter().find(|m| m.name == *volume && !m.sub_path.is_empty());
    let finding = finding.param("volume", volume).param("why", "the subPath cannot be used");
    match mount {
        Some(m) => finding.param("path", &m.mount_path).param("sub_path", &m.sub_path),
        None => finding,
    }
}

/// Only mounts that the pod asks for: where `/proc` or `/sys` cannot be mounted, the node is at fault.
fn mount(finding: Finding, spec: &Container, path: &str, why: &str) -> Option<Finding> {
    let trim = |p: &str| p.trim_matches('/').to_owned();
    let at = trim(path);
    let fits = |m: &&kubecause_evidence::kube::VolumeMount| {
        let own = trim(&m.mount_path);
        at == own || at.ends_with(&format!("/{own}"))
    };
    let mount = spec.volume_mounts.iter().filter(fits).max_by_key(|m| m.mount_path.len())?;
    let finding = finding.param("path", &mount.mount_path).param("volume", &mount.name);
    Some(finding.param("sub_path", &mount.sub_path).param("why", words::short(&why.to_lowercase())))
}

fn user(finding: Finding, pod: &Pod, spec: &Container) -> Finding {
    let user = spec.security_context.run_as_user.or(pod.spec.security_context.run_as_user);
    finding
        .param("user", user.map_or_else(|| "the image's".to_owned(), |u| u.to_string()))
        .param("image", &spec.image)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_as(text: &str) -> Option<(&'static str, String)> {
        let pod = serde_json::json!({"metadata": {"name": "web-1", "namespace": "shop"}, "spec": {"containers": [
            {"name": "web", "volumeMounts": [
                {"name": "conf", "mountPath": "/etc/nginx/nginx.conf"},
                {"name": "data", "mountPath": "/data", "subPath": "a/b"}]}]}});
        let pod: Pod = serde_json::from_value(pod).unwrap_or_default();
        let spec = pod.spec.containers.first()?;
        let found = read(&pod, spec, text)?;
        let show = |k: &str| found.params.get(k).cloned().unwrap_or_default();
        Some((found.signal, [show("path"), show("profile"), show("volume"), show("why")].join("|")))
    }

    #[test]
    fn refusals_are_told_apart() {
        let mounted =
            Some(("container.mount-refused", "/etc/nginx/nginx.conf||conf|not a directory".to_owned()));
        for text in [
            r#"RunContainerError: failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: error mounting "/var/lib/kubelet/pods/98182a41/volumes/kubernetes.io~configmap/conf" to rootfs at "/etc/nginx/nginx.conf": mount /var/lib/kubelet/pods/98182a41/volumes/kubernetes.io~configmap/conf:/etc/nginx/nginx.conf (via /proc/self/fd/6), flags: 0x5001: not a directory: unknown"#,
            r#"ContainerCannotRun: OCI runtime create failed: container_linux.go:345: starting container process caused "process_linux.go:424: container init caused \"rootfs_linux.go:58: mounting \\\"/var/lib/kubelet/pods/x/conf\\\" to rootfs \\\"/var/lib/docker/overlay2/x/merged\\\" at \\\"/var/lib/docker/overlay2/x/merged/etc/nginx/nginx.conf\\\" caused \\\"not a directory\\\"\"": unknown"#,
            "CreateContainerError: container create failed: mount `/var/lib/kubelet/pods/x/volumes/kubernetes.io~configmap/conf` to `etc/nginx/nginx.conf`: Not a directory",
        ] {
            assert_eq!(read_as(text), mounted, "{text}");
        }
        assert_eq!(
            read_as(
                r#"CreateContainerConfigError: failed to prepare subPath for volumeMount "data" of container "web""#
            ),
            Some(("container.mount-refused", "/data||data|the subPath cannot be used".to_owned()))
        );
        assert_eq!(
            read_as(
                r#"StartError: failed to create containerd task: OCI runtime create failed: chdir to cwd ("/home/app") set in config.json failed: permission denied: unknown"#
            ),
            Some(("container.working-dir-refused", "/home/app|||permission denied".to_owned()))
        );
        assert_eq!(
            read_as(
                r#"CreateContainerError: failed to create containerd container: cannot load seccomp profile "/var/lib/kubelet/seccomp/p.json": open /var/lib/kubelet/seccomp/p.json: no such file or directory"#
            ),
            Some(("container.security-profile-missing", "|/var/lib/kubelet/seccomp/p.json||".to_owned()))
        );
        assert_eq!(
            read_as(
                "CreateContainerError: failed to get container spec opts: failed to generate apparmor spec opts: apparmor profile not found k8s-deny-write"
            ),
            Some(("container.security-profile-missing", "|k8s-deny-write||".to_owned()))
        );
    }

    #[test]
    fn what_the_pod_did_not_ask_for_is_not_its_mount() {
        for text in [
            r#"RunContainerError: error mounting "cgroup" to rootfs at "/sys/fs/cgroup": mount cgroup:/sys/fs/cgroup: permission denied"#,
            r#"StartError: exec: "serve": executable file not found in $PATH: unknown"#,
            r#"CreateContainerConfigError: configmap "web" not found"#,
        ] {
            assert_eq!(read_as(text), None, "{text}");
        }
    }
}
