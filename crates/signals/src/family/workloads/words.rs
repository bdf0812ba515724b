//! What the API server says when it refuses a pod. Each wording with its source.

use super::classes;
use crate::finding::Finding;
use kubecause_evidence::{Kind, Snapshot, Subject};

/// What a refusal means: the signal, its params, and the objects that it names.
pub(super) struct Refusal {
    pub(super) signal: &'static str,
    pub(super) params: Vec<(&'static str, String)>,
    pub(super) names: Vec<Subject>,
}

impl Refusal {
    pub(super) fn new(signal: &'static str) -> Self {
        Self { signal, params: Vec::new(), names: Vec::new() }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.params.push((name, value.into()));
        self
    }

    /// Puts params and names on a finding.
    pub(super) fn dress(&self, finding: Finding) -> Finding {
        let finding = self.params.iter().fold(finding, |f, (name, value)| f.param(name, value));
        self.names.iter().fold(finding, |f, n| f.naming(n.clone()))
    }
}

/// Takes a message apart that a controller got instead of a pod.
pub(super) fn read(snapshot: &Snapshot, namespace: &str, text: &str) -> Refusal {
    webhook(snapshot, text)
        .or_else(|| quota(namespace, text))
        .or_else(|| service_account(namespace, text))
        .or_else(|| pod_security(text))
        .or_else(|| limit_range(text))
        .or_else(|| security_context(text))
        .or_else(|| classes::priority_class(text))
        .or_else(|| classes::runtime_class(text))
        .or_else(|| classes::invalid(text))
        .unwrap_or_else(|| Refusal::new("workload.create-refused").with("says", tail(text)))
}

/// The text between two others.
pub(super) fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    Some(rest.split_once(end).map_or(rest, |(inner, _)| inner).trim())
}

/// What follows `is forbidden:`, which is where the reason begins.
fn tail(text: &str) -> &str {
    text.split_once("is forbidden: ").map_or(text, |(_, rest)| rest)
}

/// Source: k8s.io/apiserver pkg/util/webhook/error.go and pkg/admission/plugin/webhook/errors/statuserror.go; before 1.11
/// `failed calling admission webhook`.
fn webhook(snapshot: &Snapshot, text: &str) -> Option<Refusal> {
    for start in ["failed calling webhook \"", "failed calling admission webhook \""] {
        let Some(name) = between(text, start, "\"") else { continue };
        let error = text.split_once(&format!("{start}{name}\": ")).map_or("", |(_, rest)| rest);
        let mut refusal =
            Refusal::new("workload.webhook-not-answering").with("webhook", name).with("error", error);
        let service = behind(snapshot, name).or_else(|| host(text));
        if let Some(service) = service {
            refusal = refusal.with("service", service.to_string());
            let reach = snapshot.reach(kubecause_evidence::Relation::ServiceWorkloads, &service);
            refusal.names.push(service);
            refusal.names.extend(reach);
        }
        refusal.names.extend(configuration(snapshot, name));
        return Some(refusal);
    }
    if let Some(name) = between(text, "admission webhook \"", "\" denied the request") {
        let says =
            text.split_once("denied the request").map_or("", |(_, rest)| rest).trim_start_matches([':', ' ']);
        let mut refusal = Refusal::new("workload.denied-by-webhook").with("webhook", name).with("says", says);
        refusal.names.extend(configuration(snapshot, name));
        return Some(refusal);
    }
    let name = between(text, "ValidatingAdmissionPolicy '", "'")?;
    let says = text.split_once("denied request").map_or("", |(_, rest)| rest).trim_start_matches([':', ' ']);
    Some(Refusal::new("workload.denied-by-webhook").with("webhook", name).with("says", says))
}

fn configuration(snapshot: &Snapshot, webhook: &str) -> Option<Subject> {
    let holds = snapshot.webhooks.all().iter().find(|c| c.webhooks.iter().any(|w| *w.name == *webhook))?;
    let kind = if holds.mutating {
        Kind::MutatingWebhookConfiguration
    } else {
        Kind::ValidatingWebhookConfiguration
    };
    Some(holds.metadata.subject(kind))
}

/// The Service that the configuration of a webhook names.
fn behind(snapshot: &Snapshot, webhook: &str) -> Option<Subject> {
    let all = snapshot.webhooks.all().iter().flat_map(|c| c.webhooks.iter());
    let service = all.filter(|w| *w.name == *webhook).find_map(|w| w.client_config.service.as_ref())?;
    Some(Subject::new(Kind::Service, &service.namespace, &service.name))
}

/// The Service in `Post "https://name.namespace.svc:443/path"`.
fn host(text: &str) -> Option<Subject> {
    let host = between(text, "https://", "/")?;
    let host = host.split_once(':').map_or(host, |(h, _)| h);
    let mut parts = host.split('.');
    let (name, namespace) = (parts.next()?, parts.next()?);
    (parts.next() == Some("svc")).then(|| Subject::new(Kind::Service, namespace, name))
}

/// Source: k8s.io/apiserver pkg/admission/plugin/resourcequota/controller.go.
fn quota(namespace: &str, text: &str) -> Option<Refusal> {
    if let Some(name) = between(text, "exceeded quota: ", ",") {
        let requested = between(text, "requested: ", ", used:").unwrap_or_default();
        let used = between(text, "used: ", ", limited:").unwrap_or_default();
        let limited = text.split_once("limited: ").map_or("", |(_, rest)| rest).trim();
        let keys: Vec<&str> =
            requested.split(',').filter_map(|p| p.split_once('=')).map(|(k, _)| k).collect();
        let bare = |list: &str| match list.split_once('=') {
            Some((_, value)) if !value.contains('=') => value.to_owned(),
            _ => list.to_owned(),
        };
        let mut refusal = Refusal::new("workload.denied-by-quota")
            .with("quota", name)
            .with("resource", keys.join(","))
            .with("requested", bare(requested))
            .with("used", bare(used))
            .with("limited", bare(limited));
        refusal.names.push(Subject::new(Kind::ResourceQuota, namespace, name));
        return Some(refusal);
    }
    let name = between(text, "failed quota: ", ":")?;
    let missing = between(text, "must specify ", " for:").unwrap_or_default();
    let mut refusal = Refusal::new("workload.denied-by-quota").with("quota", name).with("resource", missing);
    refusal = refusal.with("requested", "unspecified");
    refusal.names.push(Subject::new(Kind::ResourceQuota, namespace, name));
    Some(refusal)
}

/// Source: kubernetes plugin/pkg/admission/serviceaccount/admission.go.
fn service_account(namespace: &str, text: &str) -> Option<Refusal> {
    let path = between(text, "looking up service account ", ": ")?;
    if !text.contains("not found") {
        return None;
    }
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    let mut refusal = Refusal::new("workload.denied-no-serviceaccount").with("serviceaccount", name);
    refusal.names.push(Subject::new(Kind::ServiceAccount, namespace, name));
    Some(refusal)
}

/// Source: k8s.io/pod-security-admission/admission/admission.go; kubernetes plugin/pkg/admission/security/podsecuritypolicy.
fn pod_security(text: &str) -> Option<Refusal> {
    if let Some(level) = between(text, "violates PodSecurity \"", "\"") {
        let says = text.split_once(&format!("\"{level}\": ")).map_or("", |(_, rest)| rest);
        return Some(Refusal::new("workload.denied-by-pod-security").with("level", level).with("says", says));
    }
    let policy = [
        "unable to validate against any pod security policy",
        "PodSecurityPolicy: unable to admit pod",
        "no providers available to validate pod",
    ];
    let hit = policy.iter().find(|p| text.contains(**p))?;
    let says = text.split_once(hit).map_or("", |(_, rest)| rest).trim_start_matches([':', ' ']);
    Some(
        Refusal::new("workload.denied-by-pod-security").with("level", "PodSecurityPolicy").with("says", says),
    )
}

/// Source: kubernetes plugin/pkg/admission/limitranger/admission.go.
fn limit_range(text: &str) -> Option<Refusal> {
    let text = tail(text);
    for bound in ["maximum", "minimum"] {
        let Some((resource, rest)) =
            between(text, &format!("{bound} "), "\n").and_then(|t| t.split_once(" usage per "))
        else {
            continue;
        };
        let (kind, value) = rest.split_once(" is ")?;
        let end = value.find([',', ' ']).unwrap_or(value.len());
        let given = value
            .split_once("but limit is ")
            .or_else(|| value.split_once("but request is "))
            .map_or("", |(_, v)| v);
        let given = given.split([',', ']', ' ']).next().unwrap_or_default().trim_end_matches('.');
        let allowed = value.get(..end).unwrap_or_default().trim_end_matches('.');
        let resource = resource.trim_start_matches('[');
        return Some(
            Refusal::new("workload.denied-by-limit-range")
                .with("resource", resource)
                .with("bound", bound)
                .with("allowed", allowed)
                .with("asked", if given.is_empty() { "unspecified" } else { given })
                .with("per", kind),
        );
    }
    let (resource, rest) = text.split_once(" max limit to request ratio per ")?;
    let resource = resource.trim_start_matches('[');
    let allowed = between(rest, " is ", ",").unwrap_or_default();
    let refusal = Refusal::new("workload.denied-by-limit-range")
        .with("resource", resource)
        .with("bound", "limit/request ratio");
    Some(
        refusal
            .with("allowed", allowed)
            .with("asked", between(rest, "provided ratio is ", ",").unwrap_or_default()),
    )
}

/// Source: kubernetes plugin/pkg/admission/securitycontext/scdeny (removed in 1.30); OpenShift's constraints.
fn security_context(text: &str) -> Option<Refusal> {
    let reason = tail(text);
    let plugin = reason.contains("SecurityContext.") && reason.contains("is forbidden");
    if plugin {
        let field = reason.split_once("SecurityContext.").map_or("", |(_, rest)| rest);
        let field = field.split(' ').next().unwrap_or_default();
        return Some(
            Refusal::new("workload.denied-by-security-context").with("field", field).with("says", reason),
        );
    }
    let constraint = "unable to validate against any security context constraint";
    let (_, says) = text.split_once(constraint)?;
    Some(
        Refusal::new("workload.denied-by-security-context").with("says", says.trim_start_matches([':', ' '])),
    )
}

#[cfg(test)]
mod tests {
    use super::read;
    use kubecause_evidence::Snapshot;

    fn params(text: &str) -> (&'static str, String) {
        let r = read(&Snapshot::default(), "shop", text);
        let texts: Vec<String> = r.params.iter().map(|(k, v)| format!("{k}={v}")).collect();
        (r.signal, texts.join(" "))
    }

    #[test]
    fn refusals_of_every_kind() {
        let cases = [
            (
                "Error creating: pods \"s-1\" is forbidden: exceeded quota: team, requested: pods=1, used: pods=1, limited: pods=1",
                "workload.denied-by-quota",
                "quota=team resource=pods requested=1 used=1 limited=1",
            ),
            (
                "pods \"s-1\" is forbidden: failed quota: team: must specify limits.cpu for: app; limits.memory for: app",
                "workload.denied-by-quota",
                "quota=team resource=limits.cpu requested=unspecified",
            ),
            (
                "pods \"p-\" is forbidden: error looking up service account sa-missing/payments: serviceaccount \"payments\" not found",
                "workload.denied-no-serviceaccount",
                "serviceaccount=payments",
            ),
            (
                "Error creating: pods \"urgent-756bc775cf-\" is forbidden: no PriorityClass with name business-critical was found",
                "workload.denied-no-priorityclass",
                "class=business-critical",
            ),
            (
                "Error creating: pods \"sandboxed-5fdb65c6d8-\" is forbidden: pod rejected: RuntimeClass \"gvisor\" not found",
                "workload.denied-no-runtimeclass",
                "class=gvisor",
            ),
            (
                "pods \"m-1\" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi",
                "workload.denied-by-limit-range",
                "resource=memory bound=maximum allowed=1Gi asked=2Gi per=Container",
            ),
            (
                "pods \"m-1\" is forbidden: [minimum cpu usage per Pod is 100m. No request is specified., x]",
                "workload.denied-by-limit-range",
                "resource=cpu bound=minimum allowed=100m asked=unspecified per=Pod",
            ),
            (
                "Internal error occurred: failed calling webhook \"v.example.com\": failed to call webhook: Post \"https://guard.sec.svc:443/v?timeout=10s\": dial tcp 10.96.3.7:443: connect: connection refused",
                "workload.webhook-not-answering",
                "webhook=v.example.com error=failed to call webhook: Post \"https://guard.sec.svc:443/v?timeout=10s\": dial tcp 10.96.3.7:443: connect: connection refused service=sec/guard",
            ),
            (
                "create Pod w-0 in StatefulSet w failed error: pods \"w-0\" is forbidden: PodSecurityPolicy: unable to admit pod: [spec.volumes[0]: Invalid value: \"secret\"]",
                "workload.denied-by-pod-security",
                "level=PodSecurityPolicy says=[spec.volumes[0]: Invalid value: \"secret\"]",
            ),
            (
                "create Claim d-w-0 for Pod w-0 in StatefulSet w failed error: persistentvolumeclaims \"d-w-0\" is forbidden: maximum storage usage per PersistentVolumeClaim is 3Gi, but request is 4Gi",
                "workload.denied-by-limit-range",
                "resource=storage bound=maximum allowed=3Gi asked=4Gi per=PersistentVolumeClaim",
            ),
            (
                "admission webhook \"v.example.com\" denied the request: no latest tags",
                "workload.denied-by-webhook",
                "webhook=v.example.com says=no latest tags",
            ),
            (
                "Error creating: pods \"n-1\" is forbidden: SecurityContext.RunAsUser is forbidden",
                "workload.denied-by-security-context",
                "field=RunAsUser says=SecurityContext.RunAsUser is forbidden",
            ),
            (
                "pods \"x\" is forbidden: violates PodSecurity \"restricted:latest\": runAsNonRoot != true (pod must set it)",
                "workload.denied-by-pod-security",
                "level=restricted:latest says=runAsNonRoot != true (pod must set it)",
            ),
            (
                "Error creating: pods \"x-\" is forbidden: no PriorityClass with name gold was found",
                "workload.denied-no-priorityclass",
                "class=gold",
            ),
            (
                "pods \"x-\" is forbidden: pod rejected: RuntimeClass \"kata-fc\" not found",
                "workload.denied-no-runtimeclass",
                "class=kata-fc",
            ),
            (
                "Error creating: Pod \"x-\" is invalid: spec.containers[0].resources.requests: Invalid value: \"1\": must be less than or equal to cpu limit of 500m",
                "workload.template-invalid",
                "field=spec.containers[0].resources.requests says=spec.containers[0].resources.requests: Invalid value: \"1\": must be less than or equal to cpu limit of 500m",
            ),
        ];
        for (text, signal, want) in cases {
            assert_eq!(params(text), (signal, want.to_owned()), "{text}");
        }
    }

    #[test]
    fn unknown_words_are_kept_as_a_symptom() {
        let text = "pods \"x\" is forbidden: the moon is full";
        assert_eq!(params(text), ("workload.create-refused", "says=the moon is full".to_owned()));
    }
}
