//! Calls that a person made out of a container (`kubectl exec web-1 -- curl http://cart:8080`): their failures, as lines of the
//! container's log, each behind the command that was typed.

use crate::command::Command;
use crate::logs;
use crate::seen::Seen;
use kubecause_evidence::ContainerLogKey;

/// Tools that call something over the network.
const TOOLS: [&str; 9] = ["nslookup", "dig", "host", "getent", "curl", "wget", "ping", "nc", "telnet"];

/// Words of an answer that says that the call failed. What succeeded proves nothing of what containers do.
const FAILURES: [&str; 14] = [
    "can't resolve",
    "no servers could be reached",
    "server can't find",
    "NXDOMAIN",
    "SERVFAIL",
    "onnection refused",
    "imed out",
    "o route to host",
    "nreachable",
    "bad address",
    "ould not resolve host",
    "ertificate has expired",
    "ertificate signed by unknown authority",
    "onnection reset",
];

/// Whose call it was and how it failed, a line each; `None` where it is no call, none that failed, or not known whose.
pub fn read(
    command: &Command,
    output: &str,
    current: &str,
    seen: &Seen,
) -> Option<(ContainerLogKey, String)> {
    if command.tool != "kubectl" {
        return None;
    }
    let at = command.words.iter().position(|w| TOOLS.contains(&w.as_str()))?;
    let (front, call) = command.words.split_at_checked(at)?;
    let typed = call.join(" ");
    let failed = output.lines().filter(|l| FAILURES.iter().any(|f| l.contains(f)));
    let lines = failed.fold(String::new(), |all, line| all + &typed + ": " + line.trim() + "\n");
    if lines.is_empty() {
        return None;
    }
    let asked =
        Command { tool: "kubectl".to_owned(), words: front.to_vec(), ..Command::default() }.asked()?;
    let namespace = asked.namespace.clone().unwrap_or_else(|| current.to_owned());
    let key = logs::whose(&asked, &namespace, seen)?;
    Some((key, lines))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str, output: &str) -> Option<(String, String)> {
        let (key, text) = read(&Command::parse(line), output, "shop", &Seen::default())?;
        Some((format!("{}/{}", key.namespace, key.pod), text))
    }

    #[test]
    fn failures_of_calls() {
        assert_eq!(
            told(
                "kubectl exec -it web-1 -n n -- curl -m 5 http://cart:8080/",
                "curl: (7) Failed to connect to cart port 8080: Connection refused\ncommand terminated with exit code 7\n"
            ),
            Some((
                "n/web-1".to_owned(),
                "curl -m 5 http://cart:8080/: curl: (7) Failed to connect to cart port 8080: Connection refused\n"
                    .to_owned()
            ))
        );
        let lost = told(
            "kubectl exec web-1 nslookup cart",
            ";; connection timed out; no servers could be reached\n",
        );
        assert!(lost.is_some_and(|(whose, _)| whose == "shop/web-1"));
        assert_eq!(told("kubectl exec web-1 -- curl http://cart", "ok\n"), None);
        assert_eq!(told("kubectl exec web-1 -- cat /etc/hosts", "Connection refused\n"), None);
    }
}
