//! Asking the API server, quickly and often: through one `kubectl proxy`, so that a look costs no process.

use crate::Lab;
use crate::wait::until;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A way to the API server, as the administrator. It ends with the value.
#[derive(Debug)]
pub struct Api {
    proxy: Child,
    port: u16,
    lab: Lab,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    /// The status of HTTP.
    pub status: u16,
    /// The body as it came.
    pub body: String,
}

impl Api {
    /// Opens it. The API server need not answer yet.
    pub fn open(lab: &Lab) -> Result<Self> {
        let (proxy, port) = kubectl_proxy(lab, "admin")?;
        Ok(Self { proxy, port, lab: lab.clone() })
    }

    /// One GET.
    pub fn ask(&self, path: &str) -> Result<Answer> {
        self.ask_within(path, Duration::from_secs(20))
    }

    /// One GET that is given up after a while.
    pub fn ask_within(&self, path: &str, limit: Duration) -> Result<Answer> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(limit))?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nAccept: application/json, */*\r\n\r\n")?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        let (head, body) = text.split_once("\r\n\r\n").context("no head in the answer")?;
        let status = head.split_whitespace().nth(1).and_then(|s| s.parse().ok()).context("no status")?;
        Ok(Answer { status, body: body.to_owned() })
    }

    /// One GET that must succeed.
    pub fn text(&self, path: &str) -> Result<String> {
        self.text_within(path, Duration::from_secs(20))
    }

    /// One GET that must succeed, and soon.
    pub fn text_within(&self, path: &str, limit: Duration) -> Result<String> {
        let answer = self.ask_within(path, limit)?;
        if answer.status != 200 {
            let status: Value = serde_json::from_str(&answer.body).unwrap_or_default();
            bail!(
                "GET {path}: {} {}",
                answer.status,
                status["message"].as_str().unwrap_or(answer.body.trim())
            );
        }
        Ok(answer.body)
    }

    /// One object or list.
    pub fn get(&self, path: &str) -> Result<Value> {
        serde_json::from_str(&self.text(path)?).with_context(|| path.to_owned())
    }

    /// The objects of a list.
    pub fn list(&self, path: &str) -> Result<Vec<Value>> {
        match self.get(path)?["items"].take() {
            Value::Array(items) => Ok(items),
            _ => Ok(Vec::new()),
        }
    }

    /// `kubectl` as the administrator; what it printed.
    pub fn kubectl(&self, args: &[&str]) -> Result<String> {
        self.kubectl_with(args, "")
    }

    /// `kubectl` with something on its standard input.
    pub fn kubectl_with(&self, args: &[&str], input: &str) -> Result<String> {
        let mut child = Command::new(self.lab.program("kubectl"))
            .arg("--kubeconfig")
            .arg(self.lab.kubeconfig("admin"))
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        child.stdin.take().context("no input")?.write_all(input.as_bytes())?;
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!("kubectl {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Creates or changes objects.
    pub fn apply(&self, manifest: &str) -> Result<()> {
        self.kubectl_with(&["apply", "-f", "-"], manifest).map(drop)
    }

    /// Waits until every node but those named is Ready.
    pub fn wait_for_nodes(&self, count: usize, limit: Duration) -> Result<()> {
        until("the nodes to be Ready", limit, || {
            let nodes = self.list("/api/v1/nodes")?;
            Ok((nodes.iter().filter(|n| is_ready(n)).count() >= count).then_some(()))
        })
    }
}

/// Starts `kubectl proxy` as a user, and gives its port.
pub(crate) fn kubectl_proxy(lab: &Lab, user: &str) -> Result<(Child, u16)> {
    let mut proxy = Command::new(lab.program("kubectl"))
        .arg("--kubeconfig")
        .arg(lab.kubeconfig(user))
        .args(["proxy", "--port=0", "--keepalive=10s"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("kubectl proxy")?;
    let mut line = String::new();
    BufReader::new(proxy.stdout.take().context("no output")?).read_line(&mut line)?;
    let port = line.trim().rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    Ok((proxy, port.with_context(|| format!("kubectl proxy said {line:?}"))?))
}

/// Whether an object's Ready condition is True.
pub fn is_ready(object: &Value) -> bool {
    let conditions = object["status"]["conditions"].as_array();
    conditions.is_some_and(|c| c.iter().any(|c| c["type"] == "Ready" && c["status"] == "True"))
}

impl Drop for Api {
    fn drop(&mut self) {
        let _ = self.proxy.kill();
        let _ = self.proxy.wait();
    }
}
