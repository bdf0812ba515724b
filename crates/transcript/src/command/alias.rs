//! Names that people give kubectl, and the short words of oh-my-zsh's plugin (`kgp` is `kubectl get pods`).
//!
//! Source: ohmyzsh/ohmyzsh `plugins/kubectl/kubectl.plugin.zsh`.

use crate::kinds;

/// The tool and the words that a command stands for.
pub fn resolve(tool: &str, rest: &[String]) -> (String, Vec<String>) {
    if let Some(mut words) = expand(tool) {
        words.extend(rest.iter().cloned());
        return ("kubectl".to_owned(), words);
    }
    let named = matches!(
        tool,
        "k" | "kc" | "kctl" | "kube" | "oc" | "kubecolor" | "microk8s.kubectl" | "kubectl.kubernetes"
    );
    let is_kubectl = named || reads_like_kubectl(tool, rest);
    (if is_kubectl { "kubectl" } else { tool }.to_owned(), rest.to_vec())
}

/// Whether a text begins with a short word for kubectl.
pub fn is_alias(line: &str) -> bool {
    let words: Vec<String> = line.split_whitespace().map(ToOwned::to_owned).collect();
    words.split_first().is_some_and(|(first, rest)| {
        first != "kubectl" && line.is_ascii() && resolve(first, rest).0 == "kubectl"
    })
}

/// `kprod get pods -A`: whatever the tool is called, these are kubectl's verbs and kinds.
fn reads_like_kubectl(tool: &str, rest: &[String]) -> bool {
    let plain =
        tool.starts_with('k') && tool.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    let mut words = rest.iter().filter(|w| !w.starts_with('-'));
    let verb = words.next().is_some_and(|w| matches!(w.as_str(), "get" | "describe"));
    let kind = |w: &String| w.split([',', '/']).next().is_some_and(|w| !kinds::named(w).is_empty());
    plain && verb && words.next().is_some_and(kind)
}

/// The words behind `kubectl` of one of the plugin's words.
fn expand(tool: &str) -> Option<Vec<String>> {
    const KINDS: [(&str, &str); 15] = [
        ("pvc", "pvc"),
        ("no", "nodes"),
        ("ns", "namespaces"),
        ("ss", "statefulset"),
        ("rs", "replicaset"),
        ("ds", "daemonset"),
        ("cm", "configmaps"),
        ("sa", "serviceaccounts"),
        ("cj", "cronjob"),
        ("p", "pods"),
        ("s", "services"),
        ("i", "ingress"),
        ("d", "deployment"),
        ("j", "job"),
        ("a", "all"),
    ];
    let words = |line: &str| Some(line.split(' ').map(ToOwned::to_owned).collect());
    match tool {
        "kge" => return words("get events"),
        "klog" | "klf" | "kl1h" | "kl1m" | "kl1s" => return words("logs"),
        _ => {}
    }
    let (verb, rest) = match (tool.strip_prefix("kg"), tool.strip_prefix("kd")) {
        (Some(rest), _) => ("get", rest),
        (_, Some(rest)) => ("describe", rest),
        _ => return None,
    };
    let flags = |suffix: &str| match suffix {
        "" => Some(""),
        "a" => Some(" -A"),
        "all" => Some(" -A -o wide"),
        "w" => Some(" -w"),
        "wide" => Some(" -o wide"),
        "n" => Some(" -n"),
        "l" => Some(" -l"),
        "sl" => Some(" --show-labels"),
        _ => None,
    };
    KINDS.iter().find_map(|(short, kind)| {
        let flags = flags(rest.strip_prefix(short)?)?;
        words(&format!("{verb} {kind}{flags}"))
    })
}

#[cfg(test)]
mod tests {
    use crate::command::Command;

    #[test]
    fn every_name_of_kubectl() {
        for (line, words) in [
            ("k get po", "get po"),
            ("kc get po -A", "get po -A"),
            ("kprod get pods", "get pods"),
            ("kgp -n shop", "get pods -n shop"),
            ("kgpall", "get pods -A -o wide"),
            ("kgno", "get nodes"),
            ("kdp web-1", "describe pods web-1"),
            ("kgss", "get statefulset"),
            ("microk8s kubectl get po", "get po"),
            ("microk8s.kubectl get po", "get po"),
            ("sudo k3s kubectl get po", "get po"),
            ("minikube kubectl -- get po", "get po"),
            ("docker exec -it kind-control-plane kubectl get po", "get po"),
            ("klog web-1", "logs web-1"),
        ] {
            let c = Command::parse(line);
            assert_eq!(
                (c.tool.as_str(), c.words.join(" ").as_str(), c.inside),
                ("kubectl", words, false),
                "{line}"
            );
        }
        for line in ["kill -9 1", "kubeadm init", "kdb", "kubens", "keep describe it"] {
            let told = Command::parse(line).tool;
            assert!(line.starts_with(&told), "{line}: {told}");
        }
    }
}
