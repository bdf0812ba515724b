//! What kubelet says of a probe that failed, in the words of all its versions.

/// Which probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// Decides whether the container runs on.
    Liveness,
    /// Decides whether it gets traffic.
    Readiness,
    /// Holds the other two back until it has passed.
    Startup,
}

impl Which {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Liveness, Self::Readiness, Self::Startup];

    /// Its name as in the stanza: `liveness`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Liveness => "liveness",
            Self::Readiness => "readiness",
            Self::Startup => "startup",
        }
    }
}

/// How it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing listens there.
    Refused,
    /// No answer in time.
    TimedOut,
    /// An answer with that HTTP status.
    Status(u16),
    /// An answer in another protocol: TLS where plain was asked, or the other way round.
    Protocol,
    /// The port's name in the stanza is no port of the container.
    UnknownPort,
    /// Anything else: a command that failed, a gRPC service that does not serve.
    Other,
}

/// Which probe failed and how, as `Unhealthy` says it. Source: `pkg/kubelet/prober/prober.go`, `pkg/probe/http`, `pkg/probe/tcp`.
pub fn parse(message: &str) -> Option<(Which, Outcome)> {
    let (name, rest) = message.split_once(" probe ")?;
    let which = Which::ALL.into_iter().find(|w| name.eq_ignore_ascii_case(w.as_str()))?;
    let rest = rest.trim_start_matches("failed").trim_start_matches("errored");
    let lower = rest.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|w| lower.contains(w));
    let outcome = if let Some(status) = status(&lower) {
        let plain_to_tls =
            status == 400 && says(&["http request to an https server", "plain http request was sent"]);
        if plain_to_tls { Outcome::Protocol } else { Outcome::Status(status) }
    } else if says(&[
        "malformed http response",
        "server gave http response to https client",
        "first record does not look like a tls",
        "malformed http status",
        "http/0.9",
        "transport connection broken",
    ]) {
        Outcome::Protocol
    } else if says(&["connection refused", "failed to connect service"]) && !says(&["within"])
        || says(&["connection refused"])
    {
        Outcome::Refused
    } else if says(&["timeout", "timed out", "deadline exceeded", "client.timeout", "within"]) {
        Outcome::TimedOut
    } else if says(&[
        "strconv.atoi: parsing",
        "strconv.parseint: parsing",
        "couldn't find port",
        "invalid port number",
    ]) {
        Outcome::UnknownPort
    } else {
        Outcome::Other
    };
    Some((which, outcome))
}

fn status(message: &str) -> Option<u16> {
    let (_, rest) = message.split_once("statuscode: ")?;
    rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wording_has_its_outcome() {
        for (message, want) in [
            (
                "Liveness probe failed: Get \"http://10.244.2.2:8080/\": dial tcp 10.244.2.2:8080: connect: connection refused",
                (Which::Liveness, Outcome::Refused),
            ),
            (
                "Readiness probe failed: Get http://10.2.3.4:80/: net/http: request canceled (Client.Timeout exceeded while awaiting headers)",
                (Which::Readiness, Outcome::TimedOut),
            ),
            (
                "Readiness probe failed: HTTP probe failed with statuscode: 404",
                (Which::Readiness, Outcome::Status(404)),
            ),
            (
                "Liveness probe failed: Get \"https://10.0.0.1:8080/\": http: server gave HTTP response to HTTPS client",
                (Which::Liveness, Outcome::Protocol),
            ),
            (
                "Readiness probe failed: Get \"http://10.0.0.1:8443/\": net/http: HTTP/1.x transport connection broken: malformed HTTP response \"\\x15\\x03\\x01\\x00\\x02\\x02\"",
                (Which::Readiness, Outcome::Protocol),
            ),
            (
                "Startup probe failed: dial tcp 10.0.0.1:5432: connect: connection refused",
                (Which::Startup, Outcome::Refused),
            ),
            (
                "Readiness probe failed: dial tcp 10.0.0.1:5432: i/o timeout",
                (Which::Readiness, Outcome::TimedOut),
            ),
            (
                "Liveness probe failed: command \"sh -c check\" timed out",
                (Which::Liveness, Outcome::TimedOut),
            ),
            (
                "Readiness probe failed: service unhealthy (responded with \"NOT_SERVING\")",
                (Which::Readiness, Outcome::Other),
            ),
            (
                "Readiness probe errored: strconv.Atoi: parsing \"http\": invalid syntax",
                (Which::Readiness, Outcome::UnknownPort),
            ),
            (
                "Startup probe errored and resulted in unknown state: strconv.Atoi: parsing \"http\": invalid syntax",
                (Which::Startup, Outcome::UnknownPort),
            ),
            (
                "Readiness probe failed: cat: /tmp/ready: No such file or directory",
                (Which::Readiness, Outcome::Other),
            ),
        ] {
            assert_eq!(parse(message), Some(want), "{message}");
        }
        assert_eq!(parse("Container failed liveness probe"), None);
    }
}
