//! Commands that print no objects: what they prove beside them, and which of them prove nothing that is read.

use crate::blocks::Block;
use crate::gather::{Gathering, component_of};
use crate::seen::Depth;
use crate::{ContainerLog, kinds};
use kubecause_evidence::{ContainerLogKey, Why};
use serde_json::json;

/// More of them are not named.
const UNUSED_MAX: usize = 40;

impl Gathering {
    /// Notes a command whose output is shown and not read.
    pub fn unused(&mut self, block: &Block) {
        if block.text.trim().is_empty() || block.command.inside {
            return;
        }
        let mut words = block.command.words.iter().filter(|w| !w.starts_with('-') && !w.contains(['/', '=']));
        let verbs = ["kubectl", "helm", "crictl", "docker", "etcdctl", "systemctl", "kubeadm", "ip", "ctr"];
        let verb = words.next().filter(|_| verbs.contains(&block.command.tool.as_str()));
        let name = verb.map_or_else(|| block.command.tool.clone(), |v| format!("{} {v}", block.command.tool));
        if self.out.unused.len() < UNUSED_MAX && !self.out.unused.contains(&name) {
            self.out.unused.push(name);
        }
    }

    /// `kubectl auth can-i list secrets` that is answered with `no` tells why a kind is not there.
    pub fn rights(&mut self, block: &Block) -> bool {
        let mut words = block.command.words.iter().filter(|w| !w.starts_with('-'));
        let asked = words.find(|w| *w == "can-i").and_then(|_| Some((words.next()?, words.next()?)));
        let Some((verb, resource)) = asked else { return false };
        let answer = block.text.lines().map(str::trim).rfind(|l| !l.is_empty()).unwrap_or_default();
        let refused = answer == "no" || answer.starts_with("no -");
        if refused && matches!(verb.as_str(), "get" | "list" | "*") {
            let kind = resource.split('/').next().and_then(kinds::of);
            self.out.missing.extend(kind.map(|k| (k, Why::Forbidden)));
        }
        true
    }

    /// What `kubectl drain` was refused, as the events that the eviction API does not write.
    ///
    /// Source: k8s.io/kubectl `pkg/drain/drain.go` (`error when evicting pods/%q -n %q (will retry after 5s): %v`; before 1.19
    /// `error when evicting pod %q (will retry after 5s): %v`).
    pub fn drain(&mut self, block: &Block, place: usize) {
        let refused = |l: &&str| l.contains("would violate the pod's disruption budget");
        let told: Vec<(&str, &str, &str)> = block
            .text
            .lines()
            .filter(refused)
            .filter_map(|line| {
                let (_, rest) = line.split_once("error when evicting pod")?;
                let mut quoted = rest.split('"').skip(1).step_by(2);
                Some((quoted.next()?, quoted.next().unwrap_or("default"), line.trim()))
            })
            .collect();
        if told.is_empty() {
            return self.unused(block);
        }
        for (name, namespace, line) in told {
            let event = json!({
                "kind": "Event", "type": "Warning", "reason": "EvictionRefused", "message": line,
                "metadata": { "namespace": namespace },
                "involvedObject": { "kind": "Pod", "namespace": namespace, "name": name },
                "lastTimestamp": self.now.to_string(),
            });
            self.seen.add(event, Depth::Row, place);
        }
    }

    /// `crictl logs ID`, `docker logs NAME`: the log of a component or of a container, told by a list of containers that is shown
    /// too, or by the name that dockershim gave (`k8s_etcd_etcd-cp1_kube-system_<uid>_3`).
    pub fn runtime_log(&mut self, block: &Block) -> bool {
        let command = &block.command;
        let logs = matches!(command.tool.as_str(), "crictl" | "docker" | "nerdctl" | "podman");
        if !logs || !command.is(&command.tool, "logs") || block.text.trim().is_empty() {
            return false;
        }
        let Some(id) = command.words.iter().rfind(|w| !w.starts_with('-') && *w != "logs") else {
            return false;
        };
        let key = self
            .containers
            .iter()
            .find(|(known, _)| id.len() > 5 && known.starts_with(id.as_str()) || known == id);
        let key = key.map(|(_, key)| key.clone()).or_else(|| of_dockershim(id));
        if let Some(name) = key.as_ref().and_then(|k| component_of(&k.pod)).or_else(|| component_of(id)) {
            self.out.components.push((name.to_owned(), block.text.clone()));
            return true;
        }
        let Some(key) = key.filter(|k| !k.namespace.is_empty()) else { return false };
        self.out.logs.push(ContainerLog { key, text: block.text.clone() });
        true
    }
}

/// The container of a name that dockershim gave.
fn of_dockershim(name: &str) -> Option<ContainerLogKey> {
    let mut parts = name.strip_prefix("k8s_")?.split('_');
    let (container, pod, namespace) = (parts.next()?, parts.next()?, parts.next()?);
    Some(ContainerLogKey {
        namespace: namespace.into(),
        pod: pod.into(),
        container: container.into(),
        previous: false,
    })
}

/// The containers that a list of a runtime shows, by their ids and their names.
pub fn containers(blocks: &[Block]) -> Vec<(String, ContainerLogKey)> {
    let lists = |b: &&Block| matches!(b.command.tool.as_str(), "crictl" | "docker" | "nerdctl");
    let mut found = Vec::new();
    for line in blocks.iter().filter(lists).flat_map(|b| b.text.lines()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some(id) = words.first().filter(|w| w.len() >= 12 && w.bytes().all(|b| b.is_ascii_hexdigit()))
        else {
            continue;
        };
        if let Some(key) = words.last().and_then(|name| of_dockershim(name)) {
            found.push(((*id).to_owned(), key));
        } else if let Some(at) = words.iter().position(|w| matches!(*w, "Running" | "Exited" | "Created" | "Unknown"))
            // crictl: CONTAINER IMAGE CREATED STATE NAME ATTEMPT "POD ID" POD [NAMESPACE].
            && let (Some(name), Some(pod)) = (words.get(at + 1), words.get(at + 4))
        {
            let namespace = words.get(at + 5).copied().unwrap_or_default();
            found.push((
                (*id).to_owned(),
                ContainerLogKey {
                    namespace: namespace.into(),
                    pod: (*pod).into(),
                    container: (*name).into(),
                    previous: false,
                },
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::{Part, Transcript, read};
    use kubecause_evidence::{Kind, Why};

    fn told(text: &str) -> Transcript {
        read(&[Part { name: "x", text }]).unwrap_or_default()
    }

    #[test]
    fn what_is_not_read_is_named() {
        let found = told(
            "$ kubectl top pods -n a\nNAME   CPU(cores)   MEMORY(bytes)\nb      1m           2Mi\n$ helm list\nNAME  NAMESPACE\nx  y\n\
             $ kubectl get pods -n a\nNAME   READY   STATUS    RESTARTS   AGE\nb      1/1     Running   0          3d\n",
        );
        assert_eq!(found.unused, ["kubectl top", "helm list"]);
        assert_eq!(found.objects.len(), 1);
    }

    #[test]
    fn rights_that_are_lacking() {
        let found = told(
            "$ kubectl auth can-i list secrets -n a\nno\n$ kubectl auth can-i list pods\nyes\n$ kubectl version\nServer Version: v1.29.1\n",
        );
        assert_eq!(found.missing, [(Kind::Secret, Why::Forbidden)]);
    }

    #[test]
    fn a_drain_that_is_refused() {
        let found = told(
            "$ kubectl drain n1\nevicting pod shop/web-0\nerror when evicting pods/\"web-0\" -n \"shop\" (will retry after 5s): \
             Cannot evict pod as it would violate the pod's disruption budget.\n",
        );
        let event = found.objects.first().cloned().unwrap_or_default();
        assert_eq!(
            (&event["involvedObject"]["name"], &event["metadata"]["namespace"]),
            (&"web-0".into(), &"shop".into())
        );
    }

    #[test]
    fn logs_that_a_runtime_shows() {
        let found = told(
            "# crictl ps -a\nCONTAINER           IMAGE               CREATED             STATE               NAME                ATTEMPT             POD ID              POD\n\
             1c2d3e4f5a6b7       3861cfcd7c04c       2 minutes ago       Exited              etcd                21                  7f8e9d0c1b2a3       etcd-cp1\n\
             # crictl logs 1c2d3e4f5a6b7\nx\n# docker logs k8s_web_web-0_shop_0a1b_3\ny\n",
        );
        assert_eq!(found.components, [("etcd".to_owned(), "x\n".to_owned())]);
        assert_eq!(found.logs.first().map(|l| (&*l.key.pod, &*l.key.container)), Some(("web-0", "web")));
    }
}
