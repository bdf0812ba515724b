//! Last words with an exact meaning: what a runtime, the loader or a migration tool says in words of its own. The words
//! are data (`patterns/app-ends.toml`); which of them are near the end of a failed run is told by `app_logs`.

use crate::finding::Finding;
use kubecause_evidence::kube::{Container, Pod};

/// A log pattern and what it stands for; the more specific first.
pub(super) const REASONS: &[(&str, &str)] = &[
    ("log.app-privileged-port", "app.privileged-port-denied"),
    ("log.app-jvm-refuses", "app.jvm-refuses"),
    ("log.app-library-missing", "app.library-missing"),
    ("log.app-schema-newer", "app.schema-newer"),
    ("log.app-migration-unfinished", "app.migration-unfinished"),
    ("log.app-heap-exhausted", "app.heap-exhausted"),
];

/// Ports below this need a privilege, unless the kernel's `net.ipv4.ip_unprivileged_port_start` says otherwise.
const UNPRIVILEGED_FROM: i32 = 1024;

/// Whether a client's handshake with this server failed: that is the client's matter.
pub(super) fn is_about_a_client(text: &str) -> bool {
    text.contains("TLS handshake error from")
        || text.contains("SSL_do_handshake() failed") && text.contains("client:")
}

/// What the line says, as params; `None` where it does not count.
pub(super) fn tell(finding: Finding, pod: &Pod, spec: &Container, text: &str) -> Option<Finding> {
    let limit = spec.resources.limits.text("memory").unwrap_or("none");
    let user = spec.security_context.run_as_user.or(pod.spec.security_context.run_as_user);
    let finding = finding.param("image", &spec.image).param("node", &pod.spec.node_name);
    Some(match finding.signal {
        "app.heap-exhausted" => finding.param("runtime", heap_of(text)).param("limit", limit),
        "app.jvm-refuses" => finding.param("limit", limit).param("option", option_in(text)),
        "app.privileged-port-denied" => {
            let port = super::places::port_in(text).filter(|_| !text.contains("java.net."));
            let declared = spec.ports.iter().map(|p| p.container_port).find(|p| *p < UNPRIVILEGED_FROM);
            if port.is_some_and(|p| p >= UNPRIVILEGED_FROM) {
                return None;
            }
            let port = port.or(declared)?;
            finding
                .param("port", port)
                .param("user", user.map_or_else(|| "the image's".to_owned(), |u| u.to_string()))
        }
        "app.library-missing" => {
            let keys = ["module", "version", "musl", "relocated"];
            match keys.iter().find_map(|k| finding.params.get(*k)).cloned() {
                Some(library) => finding.param("library", library),
                None => finding,
            }
        }
        "app.migration-unfinished" => {
            let lock = text.to_lowercase().contains("lock");
            let what = if lock { "its lock is held" } else { "an earlier run broke off" };
            let holder = text
                .split_once("locked by ")
                .map_or("", |(_, rest)| rest.split(" since").next().unwrap_or(rest));
            let version = finding.params.get("flyway").cloned().unwrap_or_default();
            finding.param("what", what).param("holder", holder).param("version", version)
        }
        "app.schema-newer" => {
            let other = ["revision", "number"].iter().find_map(|k| finding.params.get(*k)).cloned();
            finding.param("version", other.unwrap_or_default())
        }
        _ => finding,
    })
}

fn heap_of(text: &str) -> &'static str {
    let table = [
        ("Metaspace", "Java metaspace"),
        ("Direct buffer memory", "Java direct buffers"),
        ("OutOfMemoryError", "Java heap"),
        ("JavaScript heap", "Node.js heap"),
        ("runtime:", "Go heap"),
    ];
    table.iter().find(|(words, _)| text.contains(words)).map_or("Python memory", |(_, what)| what)
}

/// The option that the JVM quotes, or what it says of the heap.
fn option_in(text: &str) -> String {
    let quoted = text.split_once("VM option '").and_then(|(_, rest)| rest.split('\'').next());
    quoted.map_or_else(|| kubecause_model::one_line(text, 100), str::to_owned)
}

/// What is wrong with the certificate or the protocol.
pub(super) fn tls_trouble(text: &str) -> &'static str {
    let text = text.to_lowercase();
    let table: [(&[&str], &str); 5] = [
        (&["expired", "not yet valid", "notafter"], "certificate expired or not yet valid"),
        (
            &[
                "not valid for",
                "doesn't match",
                "does not match",
                "altname",
                "subject alternative",
                "certificate is valid for",
                "hostname mismatch",
                "any sans",
                "any ip sans",
            ],
            "the name does not match the certificate",
        ),
        (
            &[
                "unknown authority",
                "pkix",
                "self signed",
                "self-signed",
                "self_signed",
                "verify the first certificate",
                "unable to get local issuer",
                "unknown ca",
                "unable_to_get_issuer",
            ],
            "unknown certificate authority",
        ),
        (
            &["first record does not look like", "wrong version number", "http response to https"],
            "the other side does not speak TLS",
        ),
        (
            &["certificate required", "bad certificate", "certificate_required"],
            "a client certificate is asked for",
        ),
    ];
    let says = |words: &[&str]| words.iter().any(|w| text.contains(w));
    table.iter().find(|(words, _)| says(words)).map_or("the handshake fails", |(_, what)| what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_troubles_are_told_apart() {
        for (text, want) in [
            (
                "tls: failed to verify certificate: x509: certificate signed by unknown authority",
                "unknown certificate authority",
            ),
            (
                "x509: certificate has expired or is not yet valid: current time 2026-03-10",
                "certificate expired or not yet valid",
            ),
            (
                "x509: certificate is valid for a.example.com, not db.shop.svc",
                "the name does not match the certificate",
            ),
            (
                "PKIX path building failed: unable to find valid certification path",
                "unknown certificate authority",
            ),
            ("tls: first record does not look like a TLS handshake", "the other side does not speak TLS"),
            (
                "javax.net.ssl.SSLHandshakeException: Received fatal alert: handshake_failure",
                "the handshake fails",
            ),
        ] {
            assert_eq!(tls_trouble(text), want, "{text}");
        }
        assert!(is_about_a_client(
            "http: TLS handshake error from 10.0.0.1:4321: remote error: tls: bad certificate"
        ));
    }

    #[test]
    fn heaps_and_options_have_names() {
        assert_eq!(heap_of("java.lang.OutOfMemoryError: Metaspace"), "Java metaspace");
        assert_eq!(
            heap_of("FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"),
            "Node.js heap"
        );
        assert_eq!(heap_of("fatal error: runtime: out of memory"), "Go heap");
        assert_eq!(option_in("Unrecognized VM option 'MaxPermSize=256m'"), "MaxPermSize=256m");
    }
}
