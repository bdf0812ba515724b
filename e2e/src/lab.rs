//! Where the cluster lives on this machine: folders, addresses, names. It starts nothing.

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};

/// The port of the API server.
pub const API_PORT: u16 = 6443;
/// The client port of etcd.
pub const ETCD_PORT: u16 = 2379;
/// The range of Service addresses.
pub const SERVICE_RANGE: &str = "10.96.0.0/16";
/// The range of pod addresses.
pub const POD_RANGE: &str = "10.244.0.0/16";

/// The folder of one cluster. Names that the whole machine shares (cgroups, bridges, ports) are fixed: one cluster at a
/// time on one machine.
#[derive(Debug, Clone)]
pub struct Lab {
    /// Everything that the cluster writes lies under it.
    pub root: PathBuf,
    /// kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kubectl, and `pause`.
    pub bin: PathBuf,
}

impl Lab {
    /// `KUBECAUSE_E2E_DIR`, else `target/e2e`.
    pub fn from_env() -> Result<Self> {
        let root = match std::env::var_os("KUBECAUSE_E2E_DIR") {
            Some(dir) => PathBuf::from(dir),
            None => repository().join("target/e2e"),
        };
        std::fs::create_dir_all(&root).with_context(|| root.display().to_string())?;
        let root = root.canonicalize()?;
        Ok(Self { bin: root.join("bin"), root })
    }

    /// What tells this lab's names from those of another folder's.
    pub fn mark(&self) -> String {
        let digest = Sha256::digest(self.root.as_os_str().as_encoded_bytes());
        digest.iter().take(3).fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// A program of Kubernetes.
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// The folder of the control plane.
    pub fn control_plane(&self) -> PathBuf {
        self.root.join("control-plane")
    }

    /// The folder of keys and tokens.
    pub fn pki(&self) -> PathBuf {
        self.root.join("pki")
    }

    /// The kubeconfig of a user.
    pub fn kubeconfig(&self, user: &str) -> PathBuf {
        self.root.join(format!("{user}.conf"))
    }

    /// The folder of the images that were made.
    pub fn images(&self) -> PathBuf {
        self.root.join("images")
    }

    /// Where a node's disk is mounted.
    pub fn node(&self, name: &str) -> PathBuf {
        self.root.join("nodes").join(name)
    }

    /// What the API server wrote down of every request.
    pub fn audit_log(&self) -> PathBuf {
        self.control_plane().join("audit.log")
    }
}

/// The top of the repository.
pub fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// An address of this machine that is not loopback: kubelets and the API server must not advertise one. No packet is sent.
pub fn address() -> Result<String> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    socket.connect("192.0.2.1:9").context("this machine has no address but loopback")?;
    Ok(socket.local_addr()?.ip().to_string())
}
