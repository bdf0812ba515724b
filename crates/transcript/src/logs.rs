//! `kubectl logs`: whose log it is, and its lines without what kubectl adds.

use crate::command::Asked;
use crate::seen::{Seen, text};
use kubecause_evidence::{ContainerLogKey, Kind};
use std::collections::BTreeMap;

/// The lines of one output, by the container that wrote them.
pub fn read(asked: &Asked, output: &str, namespace: &str, seen: &Seen) -> Vec<(ContainerLogKey, String)> {
    let mut notes = Notes::default();
    let mut plain = String::new();
    let mut prefixed: BTreeMap<(String, String), String> = BTreeMap::new();
    for line in without_prose(output).lines() {
        if notes.take(line) {
            continue;
        }
        if let Some((pod, container, rest)) = prefix(line) {
            let log = prefixed.entry((pod.to_owned(), container.to_owned())).or_default();
            log.push_str(rest);
            log.push('\n');
        } else {
            plain.push_str(line);
            plain.push('\n');
        }
    }
    let key = |pod: &str, container: &str| ContainerLogKey {
        namespace: namespace.into(),
        pod: pod.into(),
        container: container.into(),
        previous: asked.previous,
    };
    let mut found: Vec<(ContainerLogKey, String)> =
        prefixed.into_iter().map(|((pod, container), log)| (key(&pod, &container), log)).collect();
    if let Some(pod) = pod_of(asked, &notes, namespace, seen).filter(|_| !plain.trim().is_empty()) {
        let container = container_of(asked, &notes, namespace, &pod, seen);
        found.push((key(&pod, &container), plain));
    }
    found
}

/// The container that a command names, or the only one that it can mean.
pub fn whose(asked: &Asked, namespace: &str, seen: &Seen) -> Option<ContainerLogKey> {
    let notes = Notes::default();
    let pod = pod_of(asked, &notes, namespace, seen)?;
    let container = container_of(asked, &notes, namespace, &pod, seen);
    Some(ContainerLogKey {
        namespace: namespace.into(),
        pod: pod.as_str().into(),
        container: container.as_str().into(),
        previous: false,
    })
}

/// What kubectl says beside a log.
#[derive(Default)]
struct Notes {
    pod: Option<String>,
    container: Option<String>,
}

impl Notes {
    /// Whether the line is kubectl's own.
    fn take(&mut self, line: &str) -> bool {
        // `Found 3 pods, using pod/cart-1`
        if let Some((_, pod)) = line.strip_prefix("Found ").and_then(|l| l.split_once("using pod/")) {
            self.pod = Some(pod.trim().to_owned());
            return true;
        }
        // `Defaulted container "app" out of: app, sidecar (init)`
        let defaulted = ["Defaulted container \"", "Defaulting container name to "];
        if let Some(rest) = defaulted.iter().find_map(|d| line.strip_prefix(d)) {
            self.container = rest.split(['"', '.']).next().map(ToOwned::to_owned);
            return true;
        }
        // That there was no run before, or that none has begun, is an answer.
        line.starts_with("Error from server (BadRequest): ")
            && (line.contains(" not found") || line.contains("is waiting to start"))
            || line.starts_with("Use 'kubectl describe pod/")
            || line.starts_with("Error from server (NotFound)")
    }
}

/// `[pod/cart-1/app] text`.
fn prefix(line: &str) -> Option<(&str, &str, &str)> {
    let (inside, rest) = line.strip_prefix("[pod/")?.split_once(']')?;
    let (pod, container) = inside.split_once('/')?;
    Some((pod, container, rest.strip_prefix(' ').unwrap_or(rest)))
}

/// The pod that was asked for, by name or as one of a workload's.
fn pod_of(asked: &Asked, notes: &Notes, namespace: &str, seen: &Seen) -> Option<String> {
    if let Some(pod) = &notes.pod {
        return Some(pod.clone());
    }
    let target = asked.names.first()?;
    let Some((kind, name)) = target.split_once('/') else { return Some(target.clone()) };
    if crate::kinds::of(kind) == Some(Kind::Pod) {
        return Some(name.to_owned());
    }
    let mut pods = seen
        .of(&Kind::Pod)
        .map(|(key, _)| key)
        .filter(|k| k.1 == namespace && k.2.starts_with(&format!("{name}-")));
    let first = pods.next()?;
    pods.next().is_none().then(|| first.2.clone())
}

fn container_of(asked: &Asked, notes: &Notes, namespace: &str, pod: &str, seen: &Seen) -> String {
    let said =
        asked.container.clone().or_else(|| asked.names.get(1).cloned()).or_else(|| notes.container.clone());
    let known = || {
        let value = seen.get(&(Kind::Pod, namespace.to_owned(), pod.to_owned()))?;
        let containers = value.pointer("/spec/containers")?.as_array()?;
        containers.first().map(|c| text(c, "/name").to_owned())
    };
    said.or_else(known).unwrap_or_else(|| "<container>".to_owned())
}

/// A log up to where somebody explains it: a blank line, then Chinese, in a log that had none.
fn without_prose(output: &str) -> &str {
    let is_chinese = |l: &str| l.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let (mut at, mut blank) = (0, false);
    for line in output.split_inclusive('\n') {
        if blank && is_chinese(line) {
            return output.get(..at).unwrap_or(output);
        }
        if !line.trim().is_empty() && is_chinese(line) {
            return output;
        }
        blank = line.trim().is_empty();
        at += line.len();
    }
    output
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Command;

    fn logs(line: &str, output: &str) -> Vec<(String, String, bool, String)> {
        let asked = Command::parse(line).asked().unwrap_or_default();
        let found = read(&asked, output, "n", &Seen::default());
        found.into_iter().map(|(k, t)| (k.pod.to_string(), k.container.to_string(), k.previous, t)).collect()
    }

    #[test]
    fn whose_log_it_is() {
        let one = |pod: &str, container: &str, previous, text: &str| {
            vec![(pod.to_owned(), container.to_owned(), previous, text.to_owned())]
        };
        assert_eq!(logs("kubectl logs a -c app --previous", "x\n"), one("a", "app", true, "x\n"));
        assert_eq!(
            logs(
                "kubectl logs deploy/a",
                "Found 2 pods, using pod/a-1\nDefaulted container \"app\" out of: app, b\nx\n"
            ),
            one("a-1", "app", false, "x\n")
        );
        assert_eq!(
            logs("kubectl logs -l app=a --prefix", "[pod/a-1/app] x\n"),
            one("a-1", "app", false, "x\n")
        );
        assert!(
            logs(
                "kubectl logs a -p",
                "Error from server (BadRequest): previous terminated container \"c\" in pod \"a\" not found\n"
            )
            .is_empty()
        );
        assert!(logs("kubectl logs deploy/a", "x\n").is_empty());
        assert_eq!(logs("kubectl logs a", "x\n\n我们看到日志\n")[0].3, "x\n\n");
    }
}
