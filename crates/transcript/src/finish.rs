//! What is completed once everything was read: what one place says of a pod and another prints.

use crate::gather::Gathering;
use crate::seen::text;
use kubecause_evidence::Kind;
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Gathering {
    /// A description of a pod does not say when it was made: not after kubelet saw it, nor after its first event.
    pub fn creation(&mut self) {
        let mut first: BTreeMap<(String, String), String> = BTreeMap::new();
        for event in self.seen.events().filter(|e| text(e, "/involvedObject/kind") == "Pod") {
            let at = ["/firstTimestamp", "/lastTimestamp"]
                .into_iter()
                .map(|p| text(event, p))
                .find(|t| !t.is_empty());
            let key = (
                text(event, "/involvedObject/namespace").to_owned(),
                text(event, "/involvedObject/name").to_owned(),
            );
            if let Some(at) = at {
                let slot = first.entry(key).or_insert_with(|| at.to_owned());
                if at < slot.as_str() {
                    at.clone_into(slot);
                }
            }
        }
        self.seen.each(|key, value| {
            if key.0 != Kind::Pod || !text(value, "/metadata/creationTimestamp").is_empty() {
                return;
            }
            let started = text(value, "/status/startTime").to_owned();
            let event = first.get(&(key.1.clone(), key.2.clone())).cloned().unwrap_or_default();
            let at = [started, event].into_iter().filter(|t| !t.is_empty()).min();
            if let Some(at) = at {
                value["metadata"]["creationTimestamp"] = json!(at);
            }
        });
    }
    /// A description says only for which reason a container waits. The event that kubelet made of it has the message itself.
    ///
    /// Source: kubernetes `pkg/kubelet/kuberuntime/kuberuntime_container.go` `startContainer` (event `Failed`, `Error: …`).
    pub fn messages(&mut self) {
        let mut said: BTreeMap<(String, String), Vec<Said>> = BTreeMap::new();
        let failed = |e: &&Value| text(e, "/reason") == "Failed" && text(e, "/involvedObject/kind") == "Pod";
        for event in self.seen.events().filter(failed) {
            let Some(message) = text(event, "/message").strip_prefix("Error: ") else { continue };
            let pod = (text(event, "/involvedObject/namespace"), text(event, "/involvedObject/name"));
            let path = text(event, "/involvedObject/fieldPath");
            let container = path.split_once('{').map_or("", |(_, c)| c.trim_end_matches('}'));
            said.entry((pod.0.to_owned(), pod.1.to_owned())).or_default().push(Said {
                container: container.to_owned(),
                message: message.to_owned(),
                at: text(event, "/lastTimestamp").to_owned(),
            });
        }
        self.seen.each(|key, value| {
            let Some(said) = said.get(&(key.1.clone(), key.2.clone())).filter(|_| key.0 == Kind::Pod) else {
                return;
            };
            for list in ["/status/initContainerStatuses", "/status/containerStatuses"] {
                let all = value.pointer_mut(list).and_then(Value::as_array_mut);
                let all = all.map(Vec::as_mut_slice).unwrap_or_default();
                let only = all.len() == 1;
                all.iter_mut().for_each(|status| explain(status, said, only));
            }
        });
    }
}

/// What kubelet said of a container that it could not start.
struct Said {
    /// Empty where the event does not name it.
    container: String,
    message: String,
    at: String,
}

/// Gives a container that waits the last message about it.
fn explain(status: &mut Value, said: &[Said], only: bool) {
    const REASONS: [&str; 3] = ["CreateContainerConfigError", "CreateContainerError", "RunContainerError"];
    let name = text(status, "/name").to_owned();
    if !REASONS.contains(&text(status, "/state/waiting/reason"))
        || !text(status, "/state/waiting/message").is_empty()
    {
        return;
    }
    let about = said.iter().filter(|s| s.container == name || only && s.container.is_empty());
    // Such an event may also hold nothing but the reason of another wait (`Error: ImagePullBackOff`).
    let told = about.filter(|s| s.message.contains(' ')).max_by(|a, b| a.at.cmp(&b.at));
    if let Some(told) = told {
        status["state"]["waiting"]["message"] = json!(told.message);
    }
}

#[cfg(test)]
mod tests {
    use crate::{Part, read};

    #[test]
    fn why_a_container_waits_is_in_its_event() {
        let found = read(&[Part {
            name: "x",
            text: "$ kubectl describe pod a -n n\nName:  a\nNamespace:  n\nStatus:  Pending\nContainers:\n  c:\n    State:  Waiting\n      \
                   Reason:  CreateContainerConfigError\n    Ready:  False\nEvents:\n  Type     Reason  Age  From     Message\n  \
                   ----     ------  ---- ----     -------\n  Warning  Failed  5m   kubelet  spec.containers{c}: Error: container has runAsNonRoot\n",
        }])
        .unwrap_or_default();
        let pod = found.objects.iter().find(|o| o["kind"] == "Pod").cloned().unwrap_or_default();
        assert_eq!(
            pod["status"]["containerStatuses"][0]["state"]["waiting"]["message"],
            "container has runAsNonRoot"
        );
    }
}
