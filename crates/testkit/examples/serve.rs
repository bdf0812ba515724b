//! Serves captures as a live cluster, to try things by hand: `cargo run -p kubecause-testkit --example serve -- CAPTURE …`.
//!
//! It prints where the kubeconfig is. Time goes on, and leases that were renewed lately go on being renewed. What is typed
//! changes it: `next` becomes the next capture, `cut` breaks all watches, `forget` makes them begin anew, `down` answers 503,
//! `busy` 429, `mute` leaves watches silent, `ok` ends all that.
#![allow(clippy::disallowed_methods, reason = "an example writes a file and reads the clock")]

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use kubecause_testkit::{Capture, FakeApi, Fault, Faults, Seen, WatchFault};
use serde_json::{Value, json};
use std::io::BufRead;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn main() -> Result<()> {
    let mut captures = Vec::new();
    for path in std::env::args().skip(1) {
        let path = Path::new(&path);
        captures.push(if path.is_dir() { Capture::read_folder(path) } else { Capture::read_archive(path) }?);
    }
    let mut captures = captures.into_iter();
    let first = captures.next().context("which capture?")?;
    let began = first.taken_at()?;
    let mode = Arc::new(Mutex::new("ok".to_owned()));
    let api = Arc::new(FakeApi::serve(first.clone(), faults(Arc::clone(&mode)))?);
    let kubeconfig = std::env::temp_dir().join("kubecause-serve.kubeconfig");
    std::fs::write(&kubeconfig, api.kubeconfig("default"))?;
    println!("export KUBECONFIG={}", kubeconfig.display());
    let clock = Arc::clone(&api);
    std::thread::spawn(move || run_clock(&clock, began));
    for line in std::io::stdin().lock().lines() {
        match line?.trim() {
            "next" => match captures.next() {
                Some(capture) => api.become_like(capture.at_the_time_of(&first)?)?,
                None => println!("that was the last one"),
            },
            "cut" => api.cut_watches(),
            "forget" => api.forget(),
            other => {
                other.clone_into(&mut mode.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
                api.cut_watches();
            }
        }
        println!("{} requests so far", api.seen().len());
    }
    Ok(())
}

fn faults(mode: Arc<Mutex<String>>) -> Faults {
    Box::new(move |seen: &Seen| {
        match mode.lock().unwrap_or_else(std::sync::PoisonError::into_inner).as_str() {
            "down" => Some(Fault::Status(503, "etcdserver: no leader".into())),
            "busy" => Some(Fault::Later(429, 1)),
            "mute" => seen.is_watch().then_some(Fault::Watch(WatchFault::Silent)),
            _ => None,
        }
    })
}

/// Time goes on, and so do those who renew leases.
fn run_clock(api: &FakeApi, began: Timestamp) {
    let since = Instant::now();
    loop {
        let passed = SignedDuration::try_from(since.elapsed()).unwrap_or_default();
        let now = began.checked_add(passed).unwrap_or(began);
        api.set_time(now);
        for mut lease in api.objects("leases.coordination.k8s.io") {
            let renewed =
                lease.pointer("/spec/renewTime").and_then(Value::as_str).and_then(|t| t.parse().ok());
            let lives = |t: Timestamp| now.duration_since(t) < SignedDuration::from_secs(40);
            if renewed.is_some_and(lives)
                && let Some(spec) = lease.get_mut("spec").and_then(Value::as_object_mut)
            {
                spec.insert("renewTime".to_owned(), json!(format!("{now:.6}")));
                api.put("leases.coordination.k8s.io", lease);
            }
        }
        std::thread::sleep(Duration::from_secs(5));
    }
}
