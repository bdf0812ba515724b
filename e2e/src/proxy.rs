//! An API server in trouble: a proxy before the real one that delays, drops, refuses, cuts.
//!
//! Plain HTTP in front; behind it `kubectl proxy` speaks TLS to the API server, with kubecause's own token. One request a
//! connection, whose answer is passed on byte for byte, so that what is cut looks cut.

use crate::lab::Lab;
use anyhow::{Context, Result};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Child;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What happens to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ill {
    /// It comes as it is.
    No,
    /// It comes late.
    Late(Duration),
    /// It does not come, and the connection stays open.
    Never,
    /// The connection ends without one.
    Dropped,
    /// It is this status in place of the real one; a `Retry-After` with it, in seconds.
    Status(u16, Option<u64>),
    /// It ends after so many bytes, its head counted.
    Cut(usize),
    /// It is a watch that ends after that time, in the middle of whatever it says.
    WatchCut(Duration),
}

/// Which answers are ill.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// What happens to them.
    pub ill: Ill,
    /// What the request's path and query must hold.
    pub only: &'static str,
    /// Each so many'th of those; 1 is all of them.
    pub every: usize,
    /// Whether the opening of watches is ill as well; a watch that is cut is one in any case.
    pub watches: bool,
}

impl Plan {
    /// All is well.
    pub const WELL: Self = Self { ill: Ill::No, only: "", every: 1, watches: true };
}

struct Shared {
    plan: Mutex<Plan>,
    seen: AtomicUsize,
    hit: AtomicUsize,
    over: AtomicBool,
    behind: u16,
    /// The clients of watches that were opened.
    watches: Mutex<Vec<TcpStream>>,
}

/// The proxy. It ends with the value.
pub struct Proxy {
    shared: Arc<Shared>,
    kubectl: Child,
    /// A kubeconfig that leads through it.
    pub kubeconfig: PathBuf,
    port: u16,
}

impl Proxy {
    /// Opens it before the lab's API server, as kubecause's user.
    pub fn open(lab: &Lab) -> Result<Self> {
        let (kubectl, behind) = crate::api::kubectl_proxy(lab, "reader")?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let kubeconfig = lab.kubeconfig("through-proxy");
        std::fs::write(&kubeconfig, config(port))?;
        let shared = Arc::new(Shared {
            plan: Mutex::new(Plan::WELL),
            seen: AtomicUsize::new(0),
            hit: AtomicUsize::new(0),
            over: AtomicBool::new(false),
            behind,
            watches: Mutex::default(),
        });
        let own = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if own.over.load(Ordering::Relaxed) {
                    break;
                }
                let shared = Arc::clone(&own);
                thread::spawn(move || shared.serve(stream));
            }
        });
        Ok(Self { shared, kubectl, kubeconfig, port })
    }

    /// From now on it does this.
    pub fn set(&self, plan: Plan) {
        if let Ok(mut current) = self.shared.plan.lock() {
            *current = plan;
        }
        self.shared.seen.store(0, Ordering::Relaxed);
        self.shared.hit.store(0, Ordering::Relaxed);
    }

    /// Ends every watch that is open now.
    pub fn cut_watches(&self) {
        let open = self.shared.watches.lock().map(|mut watches| std::mem::take(&mut *watches));
        for watch in open.unwrap_or_default() {
            let _ = watch.shutdown(Shutdown::Both);
        }
    }

    /// How many answers were ill since.
    pub fn hit(&self) -> usize {
        self.shared.hit.load(Ordering::Relaxed)
    }
}

impl Shared {
    /// Serves one request. What breaks on the way is the client's to notice.
    fn serve(&self, client: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(client.try_clone().ok()?);
        let (target, head) = read_head(&mut reader)?;
        if is_watch(&target)
            && let (Ok(client), Ok(mut watches)) = (client.try_clone(), self.watches.lock())
        {
            watches.push(client);
        }
        match self.ill(&target) {
            Ill::Dropped => {}
            Ill::Never => Self::hold(&client),
            Ill::Status(status, retry) => refuse(&client, status, retry)?,
            Ill::Late(by) => {
                thread::sleep(by);
                self.pass(&head, client, usize::MAX, None)?;
            }
            Ill::Cut(after) => self.pass(&head, client, after, None)?,
            Ill::WatchCut(after) => self.pass(&head, client, usize::MAX, Some(after))?,
            Ill::No => self.pass(&head, client, usize::MAX, None)?,
        }
        Some(())
    }

    fn ill(&self, target: &str) -> Ill {
        let Ok(plan) = self.plan.lock().map(|p| *p) else { return Ill::No };
        let fits = match plan.ill {
            Ill::WatchCut(_) => is_watch(target),
            _ => plan.watches || !is_watch(target),
        };
        if !fits || !target.contains(plan.only) {
            return Ill::No;
        }
        let seen = self.seen.fetch_add(1, Ordering::Relaxed) + 1;
        if plan.ill == Ill::No || !seen.is_multiple_of(plan.every) {
            return Ill::No;
        }
        self.hit.fetch_add(1, Ordering::Relaxed);
        plan.ill
    }

    /// Keeps the connection until the other side gives up.
    fn hold(client: &TcpStream) {
        let _ = client.set_read_timeout(Some(Duration::from_mins(3)));
        let _ = client.try_clone().map(|mut c| c.read(&mut [0; 64]));
    }

    fn pass(&self, head: &str, client: TcpStream, limit: usize, within: Option<Duration>) -> Option<()> {
        let mut behind = TcpStream::connect(("127.0.0.1", self.behind)).ok()?;
        behind.write_all(head.as_bytes()).ok()?;
        if let Some(within) = within {
            let (client, behind) = (client.try_clone().ok()?, behind.try_clone().ok()?);
            thread::spawn(move || {
                thread::sleep(within);
                let _ = client.shutdown(Shutdown::Both);
                let _ = behind.shutdown(Shutdown::Both);
            });
        }
        let mut client = client;
        let passed = std::io::copy(&mut (&behind).take(limit as u64), &mut client);
        let _ = client.shutdown(Shutdown::Both);
        passed.ok().map(drop)
    }
}

fn is_watch(target: &str) -> bool {
    target.contains("watch=true") || target.contains("watch=1")
}

/// The target of a request, and its head as it is sent on: the connection serves no other.
fn read_head(reader: &mut impl BufRead) -> Option<(String, String)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let target = line.split_whitespace().nth(1)?.to_owned();
    let mut head = line;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        // The user behind is that of `kubectl proxy`.
        if !["connection", "authorization", "host"].contains(&name.as_str()) {
            head.push_str(&line);
        }
    }
    head.push_str("Host: 127.0.0.1\r\nConnection: close\r\n\r\n");
    Some((target, head))
}

/// An answer as the API server words it.
fn refuse(mut client: &TcpStream, status: u16, retry: Option<u64>) -> Option<()> {
    let (reason, message) = match status {
        410 => ("Expired", "The provided continue parameter is too old to display a consistent list result."),
        429 => ("TooManyRequests", "Too many requests, please try again later."),
        _ => ("InternalError", "Internal error occurred: etcdserver: request timed out"),
    };
    let body = format!(
        r#"{{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure","message":"{message}","reason":"{reason}","code":{status}}}"#
    );
    let retry = retry.map(|seconds| format!("Retry-After: {seconds}\r\n")).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: application/json\r\n{retry}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    client.write_all(head.as_bytes()).and_then(|()| client.write_all(body.as_bytes())).ok()
}

fn config(port: u16) -> String {
    format!(
        "apiVersion: v1
kind: Config
clusters:
- name: lab
  cluster: {{server: 'http://127.0.0.1:{port}'}}
users:
- name: reader
  user: {{}}
contexts:
- name: lab
  context: {{cluster: lab, user: reader}}
current-context: lab
"
    )
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy").field("port", &self.port).finish_non_exhaustive()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        // The listener waits for somebody to come.
        let _ = TcpStream::connect(("127.0.0.1", self.port)).context("the last");
        let _ = self.kubectl.kill();
        let _ = self.kubectl.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_sent_on_alone_and_as_nobody() -> Result<()> {
        let text =
            "GET /api/v1/pods?limit=1 HTTP/1.1\r\nhost: x\r\nAuthorization: Bearer t\r\naccept: */*\r\n\r\n";
        let (target, head) = read_head(&mut text.as_bytes()).context("a head")?;
        assert_eq!(target, "/api/v1/pods?limit=1");
        assert_eq!(
            head,
            "GET /api/v1/pods?limit=1 HTTP/1.1\r\naccept: */*\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        );
        Ok(())
    }

    #[test]
    fn a_plan_hits_what_it_names() {
        let shared = |plan| Shared {
            plan: Mutex::new(plan),
            seen: AtomicUsize::new(0),
            hit: AtomicUsize::new(0),
            over: AtomicBool::new(false),
            behind: 0,
            watches: Mutex::default(),
        };
        let second = shared(Plan { ill: Ill::Dropped, only: "/pods", every: 2, watches: false });
        let hits: Vec<Ill> =
            ["/pods", "/nodes", "/pods", "/pods?watch=true"].iter().map(|t| second.ill(t)).collect();
        assert_eq!(hits, [Ill::No, Ill::No, Ill::Dropped, Ill::No]);
        let cut = Ill::WatchCut(Duration::from_secs(1));
        let watches = shared(Plan { ill: cut, only: "", every: 1, watches: false });
        assert_eq!(["/pods", "/pods?watch=true"].map(|t| watches.ill(t)), [Ill::No, cut]);
    }
}
