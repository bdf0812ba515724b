//! Probes: `http-get http://:8080/healthz delay=0s timeout=1s period=10s #success=1 #failure=3`.
//!
//! Form: `DescribeProbe` of k8s.io/kubectl.

use super::json::{Obj, number, port};
use super::meta::bracketed;
use serde_json::Value;

/// A probe in the API's form.
pub(super) fn probe(text: &str) -> Option<Value> {
    let at = text.find(" delay=").or_else(|| text.starts_with("delay=").then_some(0))?;
    let (action, timing) = text.split_at(at);
    let mut out = Obj::new();
    handler(action.trim(), &mut out);
    for word in timing.split_whitespace() {
        let Some((key, value)) = word.split_once('=') else { continue };
        let field = match key {
            "delay" => "initialDelaySeconds",
            "timeout" => "timeoutSeconds",
            "period" => "periodSeconds",
            "#success" => "successThreshold",
            "#failure" => "failureThreshold",
            _ => continue,
        };
        // The API leaves a delay of nothing out.
        out.put(field, number(value.trim_end_matches('s')).filter(|n| *n > 0));
    }
    Some(out.into())
}

fn handler(action: &str, out: &mut Obj) {
    let (how, what) = action.split_once(char::is_whitespace).unwrap_or((action, ""));
    let what = what.trim();
    match how {
        "http-get" => http(what, out),
        "tcp-socket" => {
            if let Some((host, number)) = what.rsplit_once(':') {
                out.put("tcpSocket.port", port(number));
                out.put("tcpSocket.host", (!host.is_empty()).then(|| host.trim_matches(['[', ']'])));
            }
        }
        "exec" => {
            out.set("exec", Obj::new());
            out.list("exec.command", bracketed(what));
        }
        "grpc" => {
            let mut words = what.trim_start_matches("<pod>:").split_whitespace();
            out.put("grpc.port", words.next().and_then(number));
            out.put("grpc.service", words.next());
        }
        _ => {}
    }
}

/// `http://host:8080/path`, where the host is mostly empty.
fn http(url: &str, out: &mut Obj) {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let rest = rest.trim_start_matches("//");
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let (host, number) = authority.rsplit_once(':').unwrap_or((authority, ""));
    out.put("httpGet.port", port(number));
    out.put("httpGet.host", (!host.is_empty()).then(|| host.trim_matches(['[', ']'])));
    out.put("httpGet.scheme", (!scheme.is_empty()).then(|| scheme.to_ascii_uppercase()));
    out.put("httpGet.path", (!path.is_empty()).then(|| decoded(path)));
}

/// The printer writes a URL: `?` of a path becomes `%3F`.
fn decoded(path: &str) -> String {
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| *byte == b'%').and_then(|h| std::str::from_utf8(h).ok());
        if let Some(decoded) = hex.and_then(|h| u8::from_str_radix(h, 16).ok()) {
            out.push(decoded);
            rest = after.get(2..).unwrap_or_default();
        } else {
            out.push(*byte);
            rest = after;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_handlers() {
        let http = probe(
            "http-get https://:web/healthz%3Ffull=1 delay=0s timeout=1s period=10s #success=1 #failure=3",
        );
        let want = r#"{"httpGet":{"port":"web","scheme":"HTTPS","path":"/healthz?full=1"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3}"#;
        assert_eq!(http.map(|p| p.to_string()).as_deref(), Some(want));
        let tcp =
            probe("tcp-socket :6379 delay=5s timeout=1s period=10s #success=1 #failure=3").expect("tcp");
        assert_eq!((&tcp["tcpSocket"]["port"], &tcp["initialDelaySeconds"]), (&6379.into(), &5.into()));
        let exec = probe("exec [cat /tmp/healthy] delay=0s timeout=1s period=5s #success=1 #failure=3")
            .expect("exec");
        assert_eq!(exec["exec"]["command"][1], "/tmp/healthy");
        let grpc =
            probe("grpc <pod>:9000  delay=0s timeout=1s period=10s #success=1 #failure=3").expect("grpc");
        assert_eq!(grpc["grpc"]["port"], 9000);
        assert_eq!(probe("nonsense"), None);
    }
}
