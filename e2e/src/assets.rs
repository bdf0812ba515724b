//! The programs of Kubernetes: taken from `KUBEBUILDER_ASSETS` where they lie ready, else built from `cluster/`.

use crate::lab::{Lab, repository};
use crate::process::run;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a cluster needs; one binary answers to all of these names.
pub const PROGRAMS: [&str; 5] =
    ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kubectl"];
/// What must be installed, and the Debian package that brings it.
const TOOLS: [(&str, &str); 10] = [
    ("etcd", "etcd-server"),
    ("containerd", "containerd"),
    ("ctr", "containerd"),
    ("runc", "runc"),
    ("/usr/lib/cni/bridge", "containernetworking-plugins"),
    ("iptables", "iptables"),
    ("conntrack", "conntrack"),
    ("mkfs.ext4", "e2fsprogs"),
    ("openssl", "openssl"),
    ("ip", "iproute2"),
];

/// What this machine lacks, as one message; nothing is installed.
pub fn missing() -> Option<String> {
    let lacks = |(tool, package): &&(&str, &str)| !there(tool) && !package.is_empty();
    let mut wanted: Vec<&str> = TOOLS.iter().filter(lacks).map(|(_, package)| *package).collect();
    if !there("busybox") {
        wanted.push("busybox-static");
    }
    wanted.dedup();
    (!wanted.is_empty()).then(|| format!("missing on this machine: apt-get install {}", wanted.join(" ")))
}

fn there(tool: &str) -> bool {
    if tool.starts_with('/') {
        return Path::new(tool).exists();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .any(|dir| dir.join(tool).is_file())
}

/// Puts every program into the lab's `bin`.
pub fn provide(lab: &Lab) -> Result<()> {
    std::fs::create_dir_all(&lab.bin)?;
    let ready = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
    let built = lab.bin.join("kubernetes");
    for name in PROGRAMS {
        let link = lab.program(name);
        if link.exists() {
            continue;
        }
        let given = ready.as_ref().map(|dir| dir.join(name)).filter(|p| p.exists());
        let target = match given {
            Some(given) => given.canonicalize()?,
            None => build(&built)?,
        };
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(target, &link)?;
    }
    let pause = lab.program("pause");
    if !pause.exists() {
        go(&["build", "-trimpath", "-ldflags", "-s -w", "-o"], &pause, "./pause")?;
    }
    Ok(())
}

/// Builds the one binary, unless it stands: ten minutes on two cores the first time.
fn build(to: &Path) -> Result<PathBuf> {
    if !to.exists() {
        eprintln!("building Kubernetes, ten minutes the first time …");
        go(&["build", "-trimpath", "-ldflags", &flags()?, "-o"], to, ".")?;
    }
    Ok(to.to_owned())
}

/// Without its version in the binary, clients cannot make sense of `/version`.
fn flags() -> Result<String> {
    let module = std::fs::read_to_string(source().join("go.mod"))?;
    let version = module.lines().find_map(|l| l.trim().strip_prefix("k8s.io/kubernetes v"));
    let version =
        version.and_then(|v| v.split_whitespace().next()).context("go.mod names no k8s.io/kubernetes")?;
    let mut parts = version.split('.');
    let (Some(major), Some(minor)) = (parts.next(), parts.next()) else { bail!("version {version}") };
    let set = |package: &str| {
        format!(
            " -X {package}.gitVersion=v{version} -X {package}.gitMajor={major} -X {package}.gitMinor={minor} -X {package}.gitTreeState=clean"
        )
    };
    Ok(format!("-s -w{}{}", set("k8s.io/component-base/version"), set("k8s.io/client-go/pkg/version")))
}

fn source() -> PathBuf {
    repository().join("e2e/cluster")
}

fn go(args: &[&str], to: &Path, package: &str) -> Result<()> {
    run("go", &["version"])
        .context("go builds Kubernetes; or set KUBEBUILDER_ASSETS to a folder with its programs")?;
    let status = Command::new("go")
        .args(args)
        .arg(to)
        .arg(package)
        .current_dir(source())
        .env("CGO_ENABLED", "0")
        .status()?;
    if !status.success() {
        bail!("go build {package} failed");
    }
    Ok(())
}
