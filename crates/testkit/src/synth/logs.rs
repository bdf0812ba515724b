//! Logs of a made-up cluster, as long as they are asked for: kubelets', runtimes', kernels' and containers' of the last day, of the
//! lines that these write most, with a few of the errors that every cluster has and that mean nothing.

use super::nodes;
use super::plan::{Plan, Runs};
use super::rng::Rng;
use anyhow::Result;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// The longest log.
const LONGEST: u64 = 192 << 20;
/// How long ago the first lines were written, in seconds.
const SPAN: u64 = 86_400;
/// Nothing unusual is logged in the last seconds.
const CALM: i64 = 7_200;

/// Who writes, where, and how many hundredths of all bytes.
const SHARES: [(Writer, u64); 4] =
    [(Writer::Kubelet, 30), (Writer::Runtime, 20), (Writer::Kernel, 10), (Writer::Container, 40)];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writer {
    Kubelet,
    Runtime,
    Kernel,
    Container,
}

/// Writes about so many bytes of logs below a capture's folder.
pub fn write(plan: &Plan, bytes: u64, folder: &Path) -> Result<()> {
    let nodes: Vec<usize> = nodes::logged(plan).into_iter().filter(|n| !plan.hung.contains(n)).collect();
    for (writer, share) in SHARES {
        let (all, mut number) = (bytes / 100 * share, 0);
        let files = all.div_ceil(LONGEST).max(u64::try_from(nodes.len().min(4))?);
        let mut places = places(plan, writer, &nodes);
        for _ in 0..files {
            let Some(place) = places.next() else { break };
            let path = folder.join(place);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
            log(plan, writer, number, all / files, &mut out)?;
            out.flush()?;
            number += 1;
        }
    }
    Ok(())
}

/// Where a writer's logs lie in a plain capture.
fn places<'p>(plan: &'p Plan, writer: Writer, nodes: &'p [usize]) -> Box<dyn Iterator<Item = String> + 'p> {
    let of_nodes =
        move |file: &'static str| nodes.iter().map(move |n| format!("nodes/{}/{file}", Plan::node(*n)));
    match writer {
        Writer::Kubelet => Box::new(of_nodes("kubelet.log")),
        Writer::Runtime => Box::new(of_nodes("containerd.log")),
        Writer::Kernel => Box::new(of_nodes("kernel.log")),
        Writer::Container => {
            let sound = |w: &&super::plan::Workload| w.fault.is_none() && w.runs == Runs::Deployment;
            let first = move |w: &'p super::plan::Workload| Some((w, plan.pods(w).next()?));
            let pods = plan.workloads.iter().filter(sound).filter_map(first);
            Box::new(pods.map(|(w, p)| format!("logs/{}/{}/{}.log", w.namespace, p.name, w.name)))
        }
    }
}

fn log(plan: &Plan, writer: Writer, number: u64, bytes: u64, out: &mut impl Write) -> Result<()> {
    let mut rng = plan.rng(&["log", &format!("{writer:?}"), &number.to_string()]);
    let (mut line, mut written) = (String::new(), 0);
    while written < bytes {
        let ago = ((bytes - written) as f64 / bytes as f64 * SPAN as f64) as i64;
        line.clear();
        match writer {
            Writer::Kubelet => kubelet(&mut rng, ago, &mut line),
            Writer::Runtime => runtime(&mut rng, ago, &mut line),
            Writer::Kernel => kernel(&mut rng, ago, &mut line),
            Writer::Container => container(&mut rng, ago, &mut line),
        }
        line.push('\n');
        out.write_all(line.as_bytes())?;
        written += line.len() as u64;
    }
    Ok(())
}

/// Whether one of so many lines comes now, where the log is not calm.
fn odd(rng: &mut Rng, ago: i64, one_in: usize) -> bool {
    rng.below(one_in) == 0 && ago > CALM
}

fn part(time: &str, range: std::ops::Range<usize>) -> &str {
    time.get(range).unwrap_or_default()
}

/// klog lines of `pkg/kubelet`, most of them of volumes, probes and the pod lifecycle.
fn kubelet(rng: &mut Rng, ago: i64, line: &mut String) {
    let time = Plan::ago(ago).to_string();
    let level = if odd(rng, ago, 400) { 'E' } else { 'I' };
    let (date, clock) = ((part(&time, 5..7), part(&time, 8..10)), part(&time, 11..19));
    let _ = write!(line, "{level}{}{} {clock}.{:06}    2303 ", date.0, date.1, rng.below(1_000_000));
    let (uid, pod) = (rng.uid(), format!("shop-0{}/cart-api-7d9f6c5b4-{}", rng.below(10), rng.suffix(5)));
    let _ = if level == 'E' {
        match rng.below(3) {
            0 => write!(
                line,
                "prober.go:104] \"Probe errored\" err=\"rpc error: code = NotFound desc = failed to exec in container: failed to load task: no running task found: task {} not found\" probeType=\"Readiness\" pod=\"{pod}\" podUID=\"{uid}\" containerName=\"api\"",
                rng.hex(64)
            ),
            1 => write!(
                line,
                "remote_runtime.go:633] \"Status from runtime service failed\" err=\"rpc error: code = NotFound desc = an error occurred when try to find container \\\"{id}\\\": not found\" containerID=\"{id}\"",
                id = rng.hex(64)
            ),
            _ => write!(
                line,
                "pod_workers.go:1301] \"Error syncing pod, skipping\" err=\"unmounted volumes=[kube-api-access-{}], unattached volumes=[], failed to process volumes=[]: context canceled\" pod=\"{pod}\" podUID=\"{uid}\"",
                rng.suffix(5)
            ),
        }
    } else {
        match rng.below(7) {
            0 => write!(
                line,
                "reconciler_common.go:251] \"operationExecutor.VerifyControllerAttachedVolume started for volume \\\"kube-api-access-{}\\\" (UniqueName: \\\"kubernetes.io/projected/{uid}-kube-api-access\\\") pod \\\"{pod}\\\" (UID: \\\"{uid}\\\") \" pod=\"{pod}\"",
                rng.suffix(5)
            ),
            1 => write!(
                line,
                "operation_generator.go:614] \"MountVolume.SetUp succeeded for volume \\\"config\\\" (UniqueName: \\\"kubernetes.io/configmap/{uid}-config\\\") pod \\\"{pod}\\\" (UID: \\\"{uid}\\\") \" pod=\"{pod}\""
            ),
            2 => write!(
                line,
                "kubelet.go:2658] \"SyncLoop (probe)\" probe=\"readiness\" status=\"ready\" pod=\"{pod}\""
            ),
            3 => write!(
                line,
                "kubelet.go:2527] \"SyncLoop (PLEG): event for pod\" pod=\"{pod}\" event={{\"ID\":\"{uid}\",\"Type\":\"ContainerStarted\",\"Data\":\"{}\"}}",
                rng.hex(64)
            ),
            4 => write!(
                line,
                "pod_startup_latency_tracker.go:104] \"Observed pod startup duration\" pod=\"{pod}\" podStartSLOduration={}.{:03} podStartE2EDuration=\"3.2s\" podCreationTimestamp=\"{time}\"",
                rng.below(4),
                rng.below(1000)
            ),
            5 => write!(
                line,
                "kubelet_getters.go:187] \"Pod status updated\" pod=\"{pod}\" status=\"Running\""
            ),
            _ => write!(line, "scope.go:117] \"RemoveContainer\" containerID=\"{}\"", rng.hex(64)),
        }
    };
}

/// logfmt lines of containerd's CRI plugin and its shims.
fn runtime(rng: &mut Rng, ago: i64, line: &mut String) {
    let time = Plan::ago(ago).to_string().replace('Z', "");
    let id = rng.hex(64);
    let level = if odd(rng, ago, 300) { "error" } else { "info" };
    let _ = write!(line, "time=\"{time}.{:09}Z\" level={level} ", rng.below(1_000_000_000));
    let _ = if level == "error" {
        match rng.below(2) {
            0 => write!(
                line,
                "msg=\"ExecSync for \\\"{id}\\\" failed\" error=\"rpc error: code = NotFound desc = failed to exec in container: failed to load task: no running task found: task {id} not found\""
            ),
            _ => write!(
                line,
                "msg=\"ContainerStatus for \\\"{id}\\\" failed\" error=\"rpc error: code = NotFound desc = an error occurred when try to find container \\\"{id}\\\": not found\""
            ),
        }
    } else {
        match rng.below(6) {
            0 => write!(line, "msg=\"StartContainer for \\\"{id}\\\" returns successfully\""),
            1 => write!(
                line,
                "msg=\"CreateContainer within sandbox \\\"{id}\\\" for container &ContainerMetadata{{Name:api,Attempt:{},}}\"",
                rng.below(4)
            ),
            2 => write!(line, "msg=\"shim disconnected\" id={id} namespace=k8s.io"),
            3 => write!(line, "msg=\"cleaning up dead shim\" namespace=k8s.io"),
            4 => write!(line, "msg=\"RemoveContainer for \\\"{id}\\\" returns successfully\""),
            _ => write!(
                line,
                "msg=\"Pulled image \\\"registry.example.com/shop/cart-api:2.{}\\\" with image id \\\"sha256:{id}\\\", repo tag, repo digest, size \\\"{}\\\" in {}ms\"",
                rng.below(30),
                rng.below(90_000_000),
                rng.below(9_000)
            ),
        }
    };
}

/// The kernel's ring buffer: pods' network interfaces come and go.
fn kernel(rng: &mut Rng, ago: i64, line: &mut String) {
    let up = 5_000_000 - ago;
    let _ = write!(line, "[{up:>7}.{:06}] ", rng.below(1_000_000));
    let name = rng.hex(8);
    let port = 1 + rng.below(90);
    let _ = match rng.below(7) {
        0 => write!(line, "cni0: port {port}(veth{name}) entered blocking state"),
        1 => write!(line, "cni0: port {port}(veth{name}) entered disabled state"),
        2 => write!(line, "cni0: port {port}(veth{name}) entered forwarding state"),
        3 => write!(line, "device veth{name} left promiscuous mode"),
        4 => write!(line, "IPv6: ADDRCONF(NETDEV_CHANGE): veth{name}: link becomes ready"),
        5 => write!(line, "eth0: renamed from veth{name}"),
        _ => write!(
            line,
            "audit: type=1400 audit({}.{:03}:{port}): apparmor=\"STATUS\" operation=\"profile_replace\" profile=\"unconfined\" name=\"cri-containerd.apparmor.d\" pid={} comm=\"apparmor_parser\"",
            1_772_000_000 - ago,
            rng.below(1000),
            rng.below(99_999)
        ),
    };
}

/// An application: JSON lines, access logs, and now and then an error that a client caused.
fn container(rng: &mut Rng, ago: i64, line: &mut String) {
    let time = Plan::ago(ago).to_string().replace('Z', "");
    let (milli, id) = (rng.below(1000), rng.hex(32));
    let _ = if odd(rng, ago, 500) {
        match rng.below(3) {
            0 => write!(
                line,
                "{{\"time\":\"{time}.{milli:03}Z\",\"level\":\"WARN\",\"msg\":\"slow query\",\"took_ms\":{},\"sql\":\"select * from carts where id = $1\",\"trace\":\"{id}\"}}",
                1000 + rng.below(3000)
            ),
            1 => write!(
                line,
                "{{\"time\":\"{time}.{milli:03}Z\",\"level\":\"ERROR\",\"msg\":\"request refused\",\"status\":400,\"error\":\"unexpected end of JSON input\",\"trace\":\"{id}\"}}"
            ),
            _ => write!(
                line,
                "{{\"time\":\"{time}.{milli:03}Z\",\"level\":\"WARN\",\"msg\":\"client went away\",\"error\":\"context canceled\",\"trace\":\"{id}\"}}"
            ),
        }
    } else {
        match rng.below(4) {
            0 => write!(
                line,
                "10.64.{}.{} - - [{time}.{milli:03}Z] \"GET /api/v1/carts/{id} HTTP/1.1\" 200 {} \"-\" \"okhttp/4.12.0\" {}",
                rng.below(250),
                rng.below(250),
                rng.below(9_000),
                rng.below(90)
            ),
            1 => write!(
                line,
                "{{\"time\":\"{time}.{milli:03}Z\",\"level\":\"INFO\",\"msg\":\"cart updated\",\"cart\":\"{id}\",\"items\":{},\"took_ms\":{}}}",
                rng.below(20),
                rng.below(120)
            ),
            2 => write!(
                line,
                "{{\"time\":\"{time}.{milli:03}Z\",\"level\":\"INFO\",\"msg\":\"published\",\"topic\":\"orders\",\"partition\":{},\"offset\":{},\"trace\":\"{id}\"}}",
                rng.below(24),
                rng.below(9_000_000)
            ),
            _ => write!(
                line,
                "{{\"time\":\"{time}.{milli:03}Z\",\"level\":\"DEBUG\",\"msg\":\"cache hit\",\"key\":\"price:{id}\",\"trace\":\"{}\"}}",
                rng.hex(32)
            ),
        }
    };
}
