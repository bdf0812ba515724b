//! A node: a disk, a containerd and a kubelet. Two of them share one kernel, which takes some care.

use crate::image;
use crate::lab::{Lab, address};
use crate::process::{Process, run, try_run};
use crate::wait::until;
use anyhow::{Context, Result};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;

const CGROUPS: &str = "/sys/fs/cgroup";
/// In MiB: small enough to fill, large enough to start with.
const DISK: u32 = 2048;
/// Gives the kubelet a `/var/log` of its own: it serves that folder, whose name is fixed in it.
const OWN_LOGS: &str = r#"mount --make-private / && mount --bind "$1" /var/log; shift; exec "$@""#;

/// A node of a lab.
#[derive(Debug, Clone)]
pub struct Node {
    /// Its name in the API.
    pub name: String,
    pub(crate) number: u16,
    pub(crate) lab: Lab,
    /// The last parts of the first and last address that its pods may have; all of its range without.
    pub addresses: Option<(u8, u8)>,
    /// Lines that are added to the kubelet's configuration.
    pub extra: String,
}

impl Node {
    /// `worker-1`, `worker-2`.
    pub fn of(lab: &Lab, number: u16) -> Self {
        Self {
            name: format!("worker-{number}"),
            number,
            lab: lab.clone(),
            addresses: None,
            extra: String::new(),
        }
    }

    /// Where its disk is mounted.
    pub fn dir(&self) -> PathBuf {
        self.lab.node(&self.name)
    }

    fn path(&self, file: &str) -> String {
        self.dir().join(file).display().to_string()
    }

    /// Its kubelet.
    pub fn kubelet(&self) -> Process {
        Process::at(self.state("kubelet.pid"))
    }

    /// Its container runtime.
    pub fn containerd(&self) -> Process {
        Process::at(self.state("containerd.pid"))
    }

    /// What `kubelet` or `containerd` wrote. It lies beside the disk: a full disk must not silence it.
    pub fn log(&self, program: &str) -> PathBuf {
        self.logs().join(format!("{program}.log"))
    }

    /// What is `/var/log` to the kubelet, which serves it.
    fn logs(&self) -> PathBuf {
        self.state("logs")
    }

    fn state(&self, file: &str) -> PathBuf {
        self.lab.root.join("nodes").join(format!("{}.{file}", self.name))
    }

    /// Where containerd listens.
    pub fn socket(&self) -> String {
        self.path("run/containerd.sock")
    }

    /// The CNI configuration.
    pub fn cni_config(&self) -> PathBuf {
        self.dir().join("cni/10-lab.conflist")
    }

    /// The port on which the kubelet serves.
    pub fn port(&self) -> u16 {
        10250 + self.number - 1
    }

    /// Starts it from nothing.
    pub fn start(&self) -> Result<()> {
        self.mount_disk()?;
        self.make_cgroup()?;
        std::fs::create_dir_all(self.logs())?;
        for dir in ["containerd", "run", "kubelet", "cni", "pod-logs"] {
            std::fs::create_dir_all(self.dir().join(dir))?;
        }
        self.write_cni()?;
        self.start_containerd()?;
        for image in ["busybox", "pause"] {
            self.import(image)?;
        }
        self.start_kubelet()
    }

    fn mount_disk(&self) -> Result<()> {
        std::fs::create_dir_all(self.dir())?;
        let image = self.state("disk").display().to_string();
        run("truncate", &["-s", &format!("{DISK}M"), &image])?;
        run("mkfs.ext4", &["-q", "-F", &image])?;
        run("mount", &["-o", "loop", &image, &self.path("")]).context("a loop device is needed")?;
        // What the kubelet mounts in its own namespace, containerd must see.
        run("mount", &["--make-shared", &self.path("")]).map(drop)
    }

    /// Two kubelets on one kernel take each other's pods for orphans, unless each has a root of its own.
    fn make_cgroup(&self) -> Result<()> {
        let name = self.cgroup();
        if Path::new(CGROUPS).join("cgroup.controllers").exists() {
            let group = Path::new(CGROUPS).join(&name);
            std::fs::create_dir_all(&group)?;
            let all = std::fs::read_to_string(Path::new(CGROUPS).join("cgroup.controllers"))?;
            for controller in all.split_whitespace() {
                let _ = std::fs::write(
                    Path::new(CGROUPS).join("cgroup.subtree_control"),
                    format!("+{controller}"),
                );
                let _ = std::fs::write(group.join("cgroup.subtree_control"), format!("+{controller}"));
            }
            return Ok(());
        }
        for controller in
            ["cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "systemd"]
        {
            let parent = Path::new(CGROUPS).join(controller);
            if parent.exists() {
                std::fs::create_dir_all(parent.join(&name))?;
            }
        }
        for file in ["cpuset.cpus", "cpuset.mems"] {
            let parent = Path::new(CGROUPS).join("cpuset");
            std::fs::write(parent.join(&name).join(file), std::fs::read(parent.join(file))?)?;
        }
        Ok(())
    }

    /// The name of its cgroup. Two labs of one machine must not share it, or one would clear the other's away.
    pub fn cgroup(&self) -> String {
        format!("lab-{}-{}", self.lab.mark(), self.name)
    }

    /// Writes the CNI configuration, with the node's range of addresses.
    pub fn write_cni(&self) -> Result<()> {
        let net = format!("10.244.{}", self.number);
        let mut range = json!({ "subnet": format!("{net}.0/24") });
        if let Some((first, last)) = self.addresses {
            // The subnet stays: a bridge keeps the address that it has.
            range["rangeStart"] = format!("{net}.{first}").into();
            range["rangeEnd"] = format!("{net}.{last}").into();
        }
        let ipam = json!({
            "type": "host-local",
            "dataDir": self.path("ipam"),
            "ranges": [[range]],
            "routes": [{ "dst": "0.0.0.0/0" }],
        });
        let bridge = json!({
            "type": "bridge", "bridge": self.bridge(), "isGateway": true, "ipMasq": false, "ipam": ipam,
        });
        let portmap = json!({ "type": "portmap", "capabilities": { "portMappings": true } });
        let text = json!({ "cniVersion": "0.4.0", "name": self.network(), "plugins": [bridge, portmap] })
            .to_string();
        Ok(std::fs::write(self.cni_config(), text)?)
    }

    /// The name of its pods' network, which no other lab of this machine has.
    fn network(&self) -> String {
        format!("lab-{}-{}", self.lab.mark(), self.number)
    }

    /// The bridge that its pods hang on.
    pub fn bridge(&self) -> String {
        format!("cni-{}", self.number)
    }

    /// Starts containerd and waits until it answers.
    pub fn start_containerd(&self) -> Result<()> {
        let config = format!(
            "version = 2
root = {root:?}
state = {state:?}
[grpc]
  address = {socket:?}
[plugins.\"io.containerd.grpc.v1.cri\"]
  sandbox_image = {pause:?}
  # Without CAP_SYS_RESOURCE runc cannot lower a score.
  restrict_oom_score_adj = true
  [plugins.\"io.containerd.grpc.v1.cri\".cni]
    bin_dir = \"/usr/lib/cni\"
    conf_dir = {cni:?}
  [plugins.\"io.containerd.grpc.v1.cri\".containerd]
    snapshotter = \"overlayfs\"
  [plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc]
    runtime_type = \"io.containerd.runc.v2\"
",
            root = self.path("containerd"),
            state = self.path("run/containerd"),
            socket = self.socket(),
            pause = image::PAUSE,
            cni = self.path("cni"),
        );
        let path = self.path("containerd.toml");
        std::fs::write(&path, config)?;
        self.containerd().start(Path::new("containerd"), &["-c", &path], &self.log("containerd"))?;
        until("containerd to answer", Duration::from_mins(1), || self.ctr(&["version"]).map(Some)).map(drop)
    }

    /// `ctr` in the namespace of Kubernetes.
    pub fn ctr(&self, args: &[&str]) -> Result<String> {
        let socket = self.socket();
        let mut all = vec!["-a", socket.as_str(), "-n", "k8s.io"];
        all.extend(args);
        run("ctr", &all)
    }

    /// Imports an image that was made.
    pub fn import(&self, image: &str) -> Result<()> {
        let path = self.lab.images().join(format!("{image}.tar")).display().to_string();
        self.ctr(&["images", "import", &path]).map(drop)
    }

    /// Writes the kubelet's configuration and starts it.
    pub fn start_kubelet(&self) -> Result<()> {
        let config = format!(
            "apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
cgroupDriver: cgroupfs
cgroupRoot: /{cgroup}
cgroupsPerQOS: true
enforceNodeAllocatable: [pods]
containerRuntimeEndpoint: unix://{socket}
failSwapOn: false
port: {port}
healthzPort: {health}
readOnlyPort: 0
authentication: {{anonymous: {{enabled: true}}, webhook: {{enabled: false}}}}
authorization: {{mode: AlwaysAllow}}
clusterDNS: [10.96.0.10]
clusterDomain: cluster.local
resolvConf: /etc/resolv.conf
podLogsDir: {logs}
enableSystemLogHandler: true
enableSystemLogQuery: true
nodeStatusUpdateFrequency: 5s
imageMinimumGCAge: 10s
evictionPressureTransitionPeriod: 30s
{extra}",
            cgroup = self.cgroup(),
            socket = self.socket(),
            port = self.port(),
            health = self.port() + 1000,
            logs = self.path("pod-logs"),
            extra = self.extra,
        );
        let path = self.path("kubelet.yaml");
        std::fs::write(&path, config)?;
        let args = [
            format!("--config={path}"),
            format!("--kubeconfig={}", self.lab.kubeconfig(&self.name).display()),
            format!("--hostname-override={}", self.name),
            format!("--root-dir={}", self.path("kubelet")),
            format!("--cert-dir={}", self.path("pki")),
            format!("--node-ip={}", address()?),
            "--v=2".to_owned(),
        ];
        let program = self.lab.program("kubelet").display().to_string();
        let logs = self.logs().display().to_string();
        let before = ["-m", "--propagation", "unchanged", "sh", "-c", OWN_LOGS, "sh", &logs, &program];
        let args: Vec<&str> = before.into_iter().chain(args.iter().map(String::as_str)).collect();
        self.kubelet().start(Path::new("unshare"), &args, &self.log("kubelet"))
    }

    /// Ends everything that the node runs, and its disk with it.
    pub fn clear(&self) -> Result<()> {
        self.kubelet().stop()?;
        self.containerd().kill()?;
        self.kill_containers();
        let dir = self.path("");
        let dir = dir.trim_end_matches('/');
        let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
        let inside =
            |m: &&str| m.strip_prefix(dir).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let mut inside: Vec<&str> =
            mounts.lines().filter_map(|l| l.split(' ').nth(1)).filter(inside).collect();
        inside.sort_unstable();
        for mount in inside.iter().rev() {
            try_run("umount", &["-l", mount]);
        }
        try_run("ip", &["link", "del", &self.bridge()]);
        crate::leftover::clear_network(&self.network());
        self.clear_cgroups();
        let _ = std::fs::remove_file(self.state("disk"));
        let _ = std::fs::remove_dir_all(self.logs());
        Ok(())
    }

    /// Removes its groups from the leaves up; one that still has a process stays.
    fn clear_cgroups(&self) {
        let groups = std::fs::read_dir(CGROUPS).into_iter().flatten().flatten().map(|e| e.path());
        for group in groups.map(|g| g.join(self.cgroup())).chain([Path::new(CGROUPS).join(self.cgroup())]) {
            remove_groups(&group);
        }
    }

    /// What containers left behind is found by the node's cgroup; their shims by the node's socket.
    fn kill_containers(&self) {
        let mut pids = Vec::new();
        let groups = std::fs::read_dir(CGROUPS).into_iter().flatten().flatten().map(|e| e.path());
        for group in groups.map(|g| g.join(self.cgroup())).chain([Path::new(CGROUPS).join(self.cgroup())]) {
            collect_pids(&group, &mut pids);
        }
        let socket = self.socket();
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let command = std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
            if command.contains("containerd-shim") && command.contains(&socket) {
                pids.extend(entry.file_name().to_string_lossy().parse::<u32>());
            }
        }
        pids.sort_unstable();
        pids.dedup();
        for pid in pids {
            try_run("kill", &["-KILL", &pid.to_string()]);
        }
    }
}

fn remove_groups(group: &Path) {
    for entry in std::fs::read_dir(group).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            remove_groups(&entry.path());
        }
    }
    let _ = std::fs::remove_dir(group);
}

fn collect_pids(group: &Path, pids: &mut Vec<u32>) {
    let procs = std::fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    pids.extend(procs.lines().filter_map(|l| l.parse::<u32>().ok()));
    for entry in std::fs::read_dir(group).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            collect_pids(&entry.path(), pids);
        }
    }
}
