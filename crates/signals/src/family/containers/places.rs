//! Ports and paths that the last words of a container name.

use super::lifecycle::container_subject;
use crate::finding::Finding;
use kubecause_evidence::kube::{Container, Pod};

/// The port that is taken, and the container of the pod that has it; `None` where no other could.
pub(super) fn port_conflict(pod: &Pod, spec: &Container, finding: Finding, text: &str) -> Option<Finding> {
    let port = port_in(text).or_else(|| spec.ports.first().map(|p| p.container_port));
    let others = || pod.spec.all_containers().filter(|c| c.name != spec.name);
    let same = others().find(|c| c.ports.iter().any(|p| Some(p.container_port) == port));
    let other = same.or_else(|| pod.spec.containers.iter().find(|c| c.name != spec.name))?;
    let finding =
        finding.param("port", port.map(|p| p.to_string()).unwrap_or_default()).param("other", &other.name);
    Some(finding.naming(container_subject(pod, &other.name).object()))
}

/// The port of `bind: address already in use`: the last number after a colon, or after the word port.
pub(super) fn port_in(text: &str) -> Option<i32> {
    let digits = |s: &str| s.chars().take_while(char::is_ascii_digit).collect::<String>();
    let lower = text.to_lowercase();
    let after_word = lower.split("port ").skip(1).map(digits).find_map(|d| d.parse().ok());
    let after_colon = text.rsplit(':').map(|part| digits(part.trim_start())).find_map(|d| d.parse().ok());
    after_word.or(after_colon).filter(|p| (1..=65535).contains(p))
}

/// Adds the path that the line names.
pub(super) fn with_path(finding: Finding, text: &str) -> Finding {
    finding.param("path", path_in(text).unwrap_or_default())
}

/// The first absolute path in a line.
fn path_in(text: &str) -> Option<&str> {
    let cut = |c: char| c.is_whitespace() || "'\"`(),:[]".contains(c);
    text.split(cut).find(|word| word.starts_with('/') && word.len() > 1 && !word.starts_with("//"))
}

/// Adds the mount that holds the path, and as whom the container runs.
pub(super) fn permission(pod: &Pod, spec: &Container, mut finding: Finding, text: &str) -> Finding {
    let path = path_in(text).unwrap_or_default();
    let mounts = spec.volume_mounts.iter().filter(|m| path.starts_with(&*m.mount_path));
    if let Some(mount) = mounts.max_by_key(|m| m.mount_path.len()) {
        finding = finding.param("volume", &mount.name).param("mount", &mount.mount_path);
    }
    let own = &spec.security_context;
    let user = own.run_as_user.or(pod.spec.security_context.run_as_user);
    let group = pod.spec.security_context.fs_group;
    let said = |id: Option<i64>| id.map_or("not set".to_owned(), |id| id.to_string());
    finding.param("user", said(user)).param("group", said(group))
}
