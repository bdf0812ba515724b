//! Logs that hold more than one source: several containers under headings, or several hosts line by line.

use std::collections::BTreeMap;

/// `==== START logs for container C of pod NS/P ====`, as kubectl pkg/cmd/clusterinfo writes it.
const START: &str = "==== START logs for container ";
const END: &str = "==== END logs for container ";

/// The logs under their headings: container and text.
pub fn containers(text: &str) -> Vec<(&str, String)> {
    let mut all: Vec<(&str, String)> = Vec::new();
    let mut inside = false;
    for line in text.split_inclusive('\n') {
        if let Some(rest) = line.strip_prefix(START) {
            let container = rest.split(" of pod ").next().unwrap_or_default();
            all.push((container, String::new()));
            inside = true;
        } else if line.starts_with(END) {
            inside = false;
        } else if let Some((_, log)) = all.last_mut().filter(|_| inside) {
            log.push_str(line);
        }
    }
    all
}

/// The logs that stand in a text, by namespace, pod and container, and the text without them.
#[allow(clippy::type_complexity, reason = "said above")]
pub fn dump(text: &str) -> (String, Vec<((&str, &str, &str), String)>) {
    let (mut rest, mut all): (String, Vec<((&str, &str, &str), String)>) = (String::new(), Vec::new());
    let mut inside = false;
    for line in text.split_inclusive('\n') {
        if let Some(heading) = line.strip_prefix(START) {
            let (container, pod) = heading.split_once(" of pod ").unwrap_or((heading, ""));
            let (namespace, pod) =
                pod.trim_end().trim_end_matches(" ====").split_once('/').unwrap_or_default();
            all.push(((namespace, pod, container), String::new()));
            inside = true;
        } else if line.starts_with(END) {
            inside = false;
        } else if let Some((_, log)) = all.last_mut().filter(|_| inside) {
            log.push_str(line);
        } else {
            rest.push_str(line);
        }
    }
    (rest, all)
}

/// The lines of a syslog text by the host that each names: `Nov 22 17:48:05 worker-1 kubelet[812]: …`. A line that names none
/// belongs to the one before.
pub fn hosts(text: &str) -> BTreeMap<&str, String> {
    let mut all: BTreeMap<&str, String> = BTreeMap::new();
    let mut current = "";
    for line in text.split_inclusive('\n') {
        current = host(line).unwrap_or(current);
        if !current.is_empty() {
            all.entry(current).or_default().push_str(line);
        }
    }
    all
}

/// The host that a syslog line names.
pub fn host(line: &str) -> Option<&str> {
    let mut words = line.split_ascii_whitespace();
    let first = words.next()?;
    let host = if first.starts_with(|c: char| c.is_ascii_digit()) {
        // 2026-11-22T17:48:05.123456+00:00 worker-1 kubelet[812]:
        first.contains('T').then_some(())?;
        words.next()?
    } else {
        let is_month = first.len() == 3 && first.chars().all(|c| c.is_ascii_alphabetic());
        is_month.then_some(())?;
        words.next()?.parse::<u8>().ok()?;
        words.next()?.contains(':').then_some(())?;
        words.next()?
    };
    let tag = words.next()?;
    let is_name = host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'));
    (is_name && tag.ends_with(':') && !host.ends_with(':')).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_stand_under_headings() {
        let text = "==== START logs for container app of pod shop/cart-1 ====\none\ntwo\n==== END logs for container app of pod shop/cart-1 ====\n\
                    ==== START logs for container init of pod shop/cart-1 ====\nRequest log error: x\n==== END logs for container init of pod shop/cart-1 ====\n";
        assert_eq!(
            containers(text),
            [("app", "one\ntwo\n".to_owned()), ("init", "Request log error: x\n".to_owned())]
        );
        assert!(containers("no headings").is_empty());
    }

    #[test]
    fn lines_name_their_host() {
        let text = "-- Logs begin at Mon --\nNov 22 17:48:05 w-1 kubelet[8]: a\n  more\nNov 22 17:48:06 w-2.x kubelet[8]: b\n";
        let all = hosts(text);
        assert_eq!(all.keys().copied().collect::<Vec<_>>(), ["w-1", "w-2.x"]);
        assert!(all["w-1"].ends_with("a\n  more\n"));
        assert_eq!(host("2026-11-22T17:48:05.1+00:00 w-1 containerd[1]: x"), Some("w-1"));
        assert_eq!(host("E1122 17:48:05.1 1 x.go:1] x"), None);
        assert_eq!(host(""), None);
    }
}
