//! What the words of a failed pull mean. Words of containerd, CRI-O and docker, from 1.8 to today.

/// Why an image could not be pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// The reference is no reference.
    Invalid,
    /// The image is not on the node and the pull policy is Never.
    NeverPulled,
    /// The registry has the tag, but not for this node's architecture.
    Architecture,
    /// The registry does not answer, or answers that it cannot serve; with the manner.
    Unreachable(&'static str),
    /// The registry refuses the credentials, or wants some.
    Denied,
    /// The registry says neither that the repository is missing nor that it is private.
    Hidden,
    /// The registry has no such repository or tag.
    Absent,
}

/// Pieces of text, in lower case, that name an unreachable registry, each with the manner.
const UNREACHABLE: &[(&str, &str)] = &[
    ("toomanyrequests", "rate-limited"),
    ("429 too many requests", "rate-limited"),
    ("no such host", "name-does-not-resolve"),
    ("server misbehaving", "name-does-not-resolve"),
    ("temporary failure in name resolution", "name-does-not-resolve"),
    ("name or service not known", "name-does-not-resolve"),
    ("x509:", "certificate"),
    ("tls: failed to verify certificate", "certificate"),
    ("server gave http response to https client", "plain-http"),
    ("proxyconnect", "proxy"),
    ("connection refused", "refused"),
    ("no route to host", "no-route"),
    ("network is unreachable", "no-route"),
    ("i/o timeout", "timeout"),
    ("tls handshake timeout", "timeout"),
    ("connection timed out", "timeout"),
    ("client.timeout exceeded", "timeout"),
    ("request canceled while waiting for connection", "timeout"),
    ("connection reset by peer", "connection-broken"),
    ("unexpected eof", "connection-broken"),
    ("\": eof", "connection-broken"),
    ("500 internal server error", "server-error"),
    ("502 bad gateway", "server-error"),
    ("503 service unavailable", "server-error"),
    ("504 gateway", "server-error"),
];

const INVALID: &[&str] = &[
    "couldn't parse image",
    "invalid reference format",
    "did not resolve to an alias and no unqualified-search registries",
    "short name mode is enforcing",
];

const ARCHITECTURE: &[&str] = &[
    "no matching manifest for",
    "no match for platform in manifest",
    "no image found in manifest list for architecture",
    "no image found in image index for architecture",
];

/// The client has nothing to show, whatever the registry would say of the repository.
const WITHOUT_CREDENTIALS: &[&str] = &["no basic auth credentials", "authorization token has expired"];

const HIDDEN: &[&str] = &[
    "may require 'docker login'",
    "may require authorization",
    "insufficient_scope",
    "pull access denied",
    "requested access to the resource is denied",
    "no pull access",
    "or it may not exist",
    "or may not exist",
];

const DENIED: &[&str] = &[
    "unauthorized",
    "authentication required",
    "401 unauthorized",
    "403 forbidden",
    "failed to authorize",
    "authorization failed",
    "denied:",
    "access denied",
];

const ABSENT: &[&str] = &[
    "not found",
    "manifest unknown",
    "manifest_unknown",
    "name unknown",
    "name_unknown",
    "repository name not known",
];

/// What the message says, once the image's own name is taken out of it; `None` where it says nothing that separates.
pub(super) fn classify(message: &str, image: &str) -> Option<Cause> {
    let bare = if image.is_empty() { message.to_owned() } else { message.replace(image, "…") };
    let text = bare.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|w| text.contains(w));
    if text.contains("is not present with pull policy of never") {
        return Some(Cause::NeverPulled);
    }
    if says(INVALID) {
        return Some(Cause::Invalid);
    }
    if says(ARCHITECTURE) {
        return Some(Cause::Architecture);
    }
    if let Some((_, manner)) = UNREACHABLE.iter().find(|(words, _)| text.contains(words)) {
        return Some(Cause::Unreachable(manner));
    }
    // A deadline alone is the runtime's own; with a request in the message it is the registry's.
    if text.contains("context deadline exceeded") && (text.contains("https://") || text.contains("http://")) {
        return Some(Cause::Unreachable("timeout"));
    }
    if proxy_refuses(&text) {
        return Some(Cause::Unreachable("proxy"));
    }
    if says(WITHOUT_CREDENTIALS) {
        return Some(Cause::Denied);
    }
    if says(HIDDEN) {
        return Some(Cause::Hidden);
    }
    if says(DENIED) {
        return Some(Cause::Denied);
    }
    says(ABSENT).then_some(Cause::Absent)
}

/// A refusal without a body of the registry's own: `…/manifests/1.27": Forbidden` is what a proxy on the way answers to CONNECT.
fn proxy_refuses(text: &str) -> bool {
    const STATUS: [&str; 5] = [
        "forbidden",
        "proxy authentication required",
        "bad gateway",
        "service unavailable",
        "gateway timeout",
    ];
    let asked = text.contains("failed to do request")
        || text.contains("get \"https://")
        || text.contains("head \"https://");
    let last = text.trim_end().trim_end_matches('.').rsplit("\": ").next().unwrap_or_default();
    asked && STATUS.contains(&last)
}

/// The host that the message says was asked: of the URL, or of the name that was looked up.
pub(super) fn host_asked(message: &str) -> Option<&str> {
    let after = |mark: &str, ends: &[char]| {
        let rest = message.split_once(mark)?.1;
        rest.split(ends).next().filter(|h| !h.is_empty())
    };
    after("lookup ", &[' ', ':', ','])
        .or_else(|| after("https://", &['/', '"']))
        .or_else(|| after("http://", &['/', '"']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_all_runtimes_are_told_apart() {
        let cases: &[(&str, Option<Cause>)] = &[
            (
                "failed to resolve reference \"r.io/a:1\": failed to do request: Head \"https://r.io/v2/a/manifests/1\": \
                 dial tcp: lookup r.io on 10.0.0.53:53: no such host",
                Some(Cause::Unreachable("name-does-not-resolve")),
            ),
            (
                "rpc error: code = NotFound desc = failed to pull and unpack image \"docker.io/library/nginx:9.9\": \
                 failed to resolve reference \"docker.io/library/nginx:9.9\": docker.io/library/nginx:9.9: not found",
                Some(Cause::Absent),
            ),
            (
                "rpc error: code = Unknown desc = Error response from daemon: manifest for nginx:9.9 not found: \
                 manifest unknown: manifest unknown",
                Some(Cause::Absent),
            ),
            (
                "Error response from daemon: pull access denied for shop/cart, repository does not exist or may require \
                 'docker login': denied: requested access to the resource is denied",
                Some(Cause::Hidden),
            ),
            (
                "Error response from daemon: Get https://reg.local/v2/shop/cart/manifests/1: unauthorized: \
                 authentication required",
                Some(Cause::Denied),
            ),
            (
                "failed to resolve reference \"1.dkr.ecr.eu-central-1.amazonaws.com/billing:1\": pull access denied, \
                 repository does not exist or may require authorization: authorization failed: no basic auth \
                 credentials",
                Some(Cause::Denied),
            ),
            (
                "failed to pull and unpack image: no match for platform in manifest: not found",
                Some(Cause::Architecture),
            ),
            (
                "Error response from daemon: Get https://reg.local/v2/: x509: certificate signed by unknown authority",
                Some(Cause::Unreachable("certificate")),
            ),
            (
                "Error response from daemon: Get https://registry-1.docker.io/v2/: net/http: request canceled while \
                 waiting for connection (Client.Timeout exceeded while awaiting headers)",
                Some(Cause::Unreachable("timeout")),
            ),
            (
                "failed to authorize: failed to fetch anonymous token: Get \"https://auth.docker.io/token\": dial tcp \
                 1.2.3.4:443: i/o timeout",
                Some(Cause::Unreachable("timeout")),
            ),
            (
                "429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit",
                Some(Cause::Unreachable("rate-limited")),
            ),
            ("reading manifest 9.9 in docker.io/library/nginx: manifest unknown", Some(Cause::Absent)),
            (
                "failed to resolve reference \"docker.io/library/nginx:1\": failed to do request: Head \
                 \"https://registry-1.docker.io/v2/library/nginx/manifests/1\": Forbidden",
                Some(Cause::Unreachable("proxy")),
            ),
            (
                "Error response from daemon: repository a1pine not found: does not exist or no pull access",
                Some(Cause::Hidden),
            ),
            (
                "failed to resolve image \"docker.io/library/x:9\": no available registry endpoint: \
                 docker.io/library/x:9 not found",
                Some(Cause::Absent),
            ),
            (
                "failed to authorize: failed to fetch oauth token: unexpected status from POST request to \
                 https://auth.docker.io/token: 504 Gateway Timeout: error code: 504",
                Some(Cause::Unreachable("server-error")),
            ),
            (
                "failed to copy: httpReadSeeker: failed open: unexpected status code \
                 https://r.io/v2/a/blobs/sha256:74014f01: 418 I'm a teapot",
                None,
            ),
            ("rpc error: code = DeadlineExceeded desc = context deadline exceeded", None),
            ("Back-off pulling image \"nginx:9.9\"", None),
            ("pull QPS exceeded", None),
        ];
        for (message, cause) in cases {
            assert_eq!(classify(message, ""), *cause, "{message}");
        }
    }

    #[test]
    fn the_images_own_name_says_nothing() {
        let image = "r.io/tools/unauthorized:1";
        assert_eq!(classify("Back-off pulling image \"r.io/tools/unauthorized:1\"", image), None);
    }

    #[test]
    fn the_host_is_read_from_the_message() {
        assert_eq!(host_asked("dial tcp: lookup r.io on 10.0.0.53:53: no such host"), Some("r.io"));
        assert_eq!(host_asked("Get \"https://auth.docker.io/token?x\": EOF"), Some("auth.docker.io"));
        assert_eq!(host_asked("no such"), None);
    }
}
