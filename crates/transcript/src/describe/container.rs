//! Containers: what is asked of them and what became of them, which the printer shows in one place.

use super::json::{Obj, boolean, number};
use super::probe::probe;
use super::time::absolute;
use super::tree::{Block, Entry, cells, shown, split_key};
use serde_json::Value;

/// The containers of a section, and their statuses where they have one.
pub(super) fn containers(section: Option<Block<'_>>) -> (Vec<Value>, Vec<Value>) {
    let mut specs = Vec::new();
    let mut statuses = Vec::new();
    for entry in section.into_iter().flat_map(Block::entries) {
        let Some(name) =
            split_key(entry.line.text).filter(|(k, v)| v.is_empty() && !k.contains(' ')).map(|(k, _)| k)
        else {
            continue;
        };
        specs.push(spec(name, entry.body).into());
        statuses.extend(status(name, entry.body).map(Value::from));
    }
    (specs, statuses)
}

fn spec(name: &str, block: Block<'_>) -> Obj {
    let mut out = Obj::new();
    out.set("name", name);
    out.put("image", block.value("Image"));
    out.list("command", block.body("Command").map(arguments).unwrap_or_default());
    out.list("args", block.body("Args").map(arguments).unwrap_or_default());
    out.list("ports", ports(block));
    for (key, field) in [("Limits", "limits"), ("Requests", "requests")] {
        out.map(&format!("resources.{field}"), resources(block.body(key)));
    }
    for (key, field) in
        [("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe")]
    {
        out.put(field, block.value(key).and_then(probe));
    }
    let from = block.body("Environment Variables from").into_iter().flat_map(Block::entries);
    out.list("envFrom", from.filter_map(|e| env_from(e.line.text)));
    // Before 1.7 the section of variables had another name.
    let variables = block.body("Environment").or_else(|| block.body("Environment Variables"));
    out.list("env", variables.into_iter().flat_map(Block::entries).filter_map(|e| env(&e)));
    let mounts = block.body("Mounts").into_iter().flat_map(Block::entries);
    out.list("volumeMounts", mounts.filter_map(|e| mount(e.line.text)));
    out
}

/// The arguments of a command, one a line. An argument of several lines cannot be told from several arguments, except after
/// the `-c` of a shell, where one script follows.
fn arguments(block: Block<'_>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut script = false;
    let base = block.flat().next().map_or(0, |l| l.indent);
    for line in block.flat() {
        if let Some(last) = out.last_mut().filter(|_| script) {
            last.push('\n');
            last.push_str(&" ".repeat(line.indent.saturating_sub(base).min(200)));
            last.push_str(line.text);
            continue;
        }
        let shell = out
            .last()
            .is_some_and(|last| last.starts_with('-') && !last.starts_with("--") && last.ends_with('c'));
        let named = out.first().is_some_and(|f| f.rsplit('/').next().is_some_and(|f| f.ends_with("sh")));
        script = shell && (named || out.len() == 1);
        out.push(line.text.to_owned());
    }
    out
}

/// `80/TCP, 443/TCP (https)` beside the host's ports in the same order.
fn ports(block: Block<'_>) -> Vec<Obj> {
    let list = |one: &str, many: &str| block.value(many).or_else(|| block.value(one)).unwrap_or_default();
    let host: Vec<&str> = list("Host Port", "Host Ports").split(',').collect();
    let port = |(n, text): (usize, &str)| {
        let (number, rest) = text.trim().split_once('/')?;
        let (protocol, name) =
            rest.split_once('(').map_or((rest, None), |(p, n)| (p, Some(n.trim_end_matches(')'))));
        let mut out = Obj::new();
        out.set("containerPort", number.parse::<u16>().ok()?);
        out.put("protocol", shown(protocol));
        out.put("name", name);
        let host =
            host.get(n).and_then(|h| h.trim().split_once('/')).and_then(|(h, _)| h.parse::<u16>().ok());
        out.put("hostPort", host.filter(|h| *h > 0));
        Some(out)
    };
    list("Port", "Ports").split(',').enumerate().filter_map(port).collect()
}

/// `cpu:  100m` lines.
pub(super) fn resources(block: Option<Block<'_>>) -> impl Iterator<Item = (&str, &str)> {
    let entries = block.into_iter().flat_map(Block::entries);
    entries
        .filter_map(|e| split_key(e.line.text))
        .filter(|(key, value)| !key.contains(' ') && shown(value).is_some())
}

/// `settings  ConfigMap  Optional: false`
fn env_from(text: &str) -> Option<Obj> {
    let cells = cells(text);
    let words: Vec<&str> = if cells.len() >= 2 {
        cells.iter().map(|c| c.1).collect()
    } else {
        text.split_whitespace().collect()
    };
    let (name, kind) = (words.first()?, words.get(1)?);
    let field = if kind.starts_with("ConfigMap") {
        "configMapRef"
    } else if kind.starts_with("Secret") {
        "secretRef"
    } else {
        return None;
    };
    let mut out = Obj::new();
    out.set(&format!("{field}.name"), *name);
    out.put(&format!("{field}.optional"), optional(text));
    let prefix = text.split_once("with prefix '").and_then(|(_, rest)| rest.split_once('\''));
    out.put("prefix", prefix.map(|p| p.0));
    Some(out)
}

fn optional(text: &str) -> Option<bool> {
    boolean(text.rsplit_once("Optional:")?.1)
}

/// A variable: a value, or where it comes from.
fn env(entry: &Entry<'_>) -> Option<Obj> {
    let (name, value) = split_key(entry.line.text)?;
    if name.contains(char::is_whitespace) {
        return None;
    }
    let mut out = Obj::new();
    out.set("name", name);
    if let Some(rest) = value.strip_prefix("<set to the key '") {
        let (key, rest) = rest.split_once('\'')?;
        let (field, rest) = rest
            .split_once(" of config map '")
            .map(|(_, r)| ("configMapKeyRef", r))
            .or_else(|| rest.split_once(" in secret '").map(|(_, r)| ("secretKeyRef", r)))?;
        out.set(&format!("valueFrom.{field}.name"), rest.split_once("'>").map_or(rest, |r| r.0));
        out.set(&format!("valueFrom.{field}.key"), key);
        out.put(&format!("valueFrom.{field}.optional"), optional(rest));
        return Some(out);
    }
    match value.rsplit_once('(').and_then(|(_, r)| r.strip_suffix(')')) {
        Some(field) if field.starts_with("v1:") => {
            out.set("valueFrom.fieldRef.fieldPath", field.trim_start_matches("v1:"));
        }
        Some(field) if field.starts_with("limits.") || field.starts_with("requests.") => {
            out.set("valueFrom.resourceFieldRef.resource", field);
        }
        _ if entry.body.is_empty() => out.put("value", shown(value)),
        _ => out.set("value", entry.text()),
    }
    Some(out)
}

/// `/data from store (ro,path="a")`
fn mount(text: &str) -> Option<Obj> {
    let (path, rest) = text.rsplit_once(" from ")?;
    let (name, flags) = rest.split_once('(').map_or((rest, ""), |(n, f)| (n, f.trim_end_matches(')')));
    let mut out = Obj::new();
    out.set("name", shown(name)?);
    out.set("mountPath", path);
    if flags.split(',').any(|f| f == "ro") {
        out.set("readOnly", true);
    }
    out.put("subPath", flags.split_once("path=").map(|(_, p)| p.trim_matches('"')));
    Some(out)
}

fn status(name: &str, block: Block<'_>) -> Option<Obj> {
    if !["State", "Ready", "Restart Count"].iter().any(|key| block.has(key)) {
        return None;
    }
    let mut out = Obj::new();
    out.set("name", name);
    out.put("containerID", block.value("Container ID"));
    out.put("imageID", block.value("Image ID"));
    out.put("ready", block.value("Ready").and_then(boolean));
    out.put("restartCount", block.value("Restart Count").and_then(number));
    out.put("state", block.get("State").and_then(|e| state(&e)));
    let last = block.get("Last State").or_else(|| block.get("Last Termination State"));
    out.put("lastState", last.and_then(|e| state(&e)));
    Some(out)
}

fn state(entry: &Entry<'_>) -> Option<Obj> {
    let name = match entry.value() {
        "Running" => "running",
        "Waiting" => "waiting",
        "Terminated" => "terminated",
        _ => return None,
    };
    let block = entry.body;
    let mut inner = Obj::new();
    inner.put("reason", block.value("Reason"));
    inner.put("message", block.get("Message").map(|m| m.text()));
    inner.put("exitCode", block.value("Exit Code").and_then(number));
    inner.put("signal", block.value("Signal").and_then(number));
    let time = |key| block.value(key).and_then(absolute).map(|t| t.to_string());
    inner.put("startedAt", time("Started"));
    inner.put("finishedAt", time("Finished"));
    let mut out = Obj::new();
    out.set(name, inner);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::tree::{Tree, lines};

    const TEXT: &str = "  app:
    Container ID:  containerd://ea2a
    Image:         shop/app:1
    Ports:         80/TCP (http), 443/UDP
    Host Ports:    8080/TCP (http), 0/UDP
    Command:
      sh
      -c
      set -e
        sleep 1
    State:          Waiting
      Reason:       CrashLoopBackOff
    Last State:     Terminated
      Reason:       OOMKilled
      Exit Code:    137
      Started:      Sun, 22 Nov 2026 18:51:57 +0000
      Finished:     Sun, 22 Nov 2026 18:52:57 +0000
    Ready:          False
    Restart Count:  4
    Limits:
      cpu:     1
      memory:  64Mi
    Liveness:  tcp-socket :80 delay=0s timeout=1s period=10s #success=1 #failure=3
    Environment Variables from:
      settings  ConfigMap  Optional: true
      keys      Secret with prefix 'K_'  Optional: false
    Environment:
      A:       1
      LINES:   one
               two
      TOKEN:   <set to the key 'token' in secret 'keys'>         Optional: false
      MODE:    <set to the key 'mode' of config map 'settings'>  Optional: true
      POD_IP:   (v1:status.podIP)
      CPUS:    1 (limits.cpu)
    Mounts:
      /etc/a b from conf (ro,path=\"x.conf\")
      /data from data (rw)
";

    #[test]
    fn everything_a_container_shows() {
        let tree = Tree::new(lines(TEXT));
        let (specs, statuses) = containers(Some(tree.root()));
        let (spec, status) = (&specs[0], &statuses[0]);
        assert_eq!(spec["command"][2], "set -e\n  sleep 1");
        assert_eq!(spec["ports"][0]["hostPort"], 8080);
        assert_eq!(spec["ports"][0]["name"], "http");
        assert!(spec["ports"][1].get("hostPort").is_none());
        assert_eq!(spec["resources"]["limits"]["memory"], "64Mi");
        assert_eq!(spec["envFrom"][0]["configMapRef"]["optional"], true);
        assert_eq!(spec["envFrom"][1]["prefix"], "K_");
        let env = &spec["env"];
        assert_eq!(env[1]["value"], "one\ntwo");
        assert_eq!(env[2]["valueFrom"]["secretKeyRef"]["key"], "token");
        assert_eq!(env[3]["valueFrom"]["configMapKeyRef"]["name"], "settings");
        assert_eq!(env[3]["valueFrom"]["configMapKeyRef"]["optional"], true);
        assert_eq!(env[4]["valueFrom"]["fieldRef"]["fieldPath"], "status.podIP");
        assert_eq!(env[5]["valueFrom"]["resourceFieldRef"]["resource"], "limits.cpu");
        assert_eq!(spec["volumeMounts"][0]["mountPath"], "/etc/a b");
        assert_eq!(spec["volumeMounts"][0]["subPath"], "x.conf");
        assert_eq!(status["state"]["waiting"]["reason"], "CrashLoopBackOff");
        assert_eq!(status["lastState"]["terminated"]["exitCode"], 137);
        assert_eq!(status["restartCount"], 4);
        assert_eq!(status["ready"], false);
    }
}
