//! Containers: what is asked of them, and what became of them.

use super::meta::{Port, Resources};
use super::pod::{ObjectSource, SecurityContext};
use crate::de::{self, List, Sym};
use jiff::Timestamp;
use serde::Deserialize;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Container {
    pub name: Sym,
    pub image: Sym,
    pub image_pull_policy: Sym,
    pub command: List<Sym>,
    pub args: List<Sym>,
    pub ports: List<ContainerPort>,
    pub env: List<EnvVar>,
    pub env_from: List<EnvFrom>,
    #[serde(deserialize_with = "de::nullable")]
    pub resources: ResourceNeeds,
    pub volume_mounts: List<VolumeMount>,
    pub liveness_probe: Option<Probe>,
    pub readiness_probe: Option<Probe>,
    pub startup_probe: Option<Probe>,
    #[serde(deserialize_with = "de::nullable")]
    pub security_context: SecurityContext,
    /// `Always` on an init container makes it a native sidecar.
    pub restart_policy: Sym,
    #[serde(deserialize_with = "de::nullable")]
    pub lifecycle: Lifecycle,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Lifecycle {
    pub pre_stop: Option<serde::de::IgnoredAny>,
    pub post_start: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ContainerPort {
    pub name: Sym,
    pub container_port: i32,
    pub host_port: i32,
    #[serde(rename = "hostIP")]
    pub host_ip: Sym,
    pub protocol: Sym,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EnvVar {
    pub name: Sym,
    pub value: Sym,
    #[serde(deserialize_with = "de::nullable")]
    pub value_from: EnvSource,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EnvSource {
    pub config_map_key_ref: Option<KeyRef>,
    pub secret_key_ref: Option<KeyRef>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct KeyRef {
    pub name: Sym,
    pub key: Sym,
    pub optional: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EnvFrom {
    pub config_map_ref: Option<ObjectSource>,
    pub secret_ref: Option<ObjectSource>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ResourceNeeds {
    pub requests: Resources,
    pub limits: Resources,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VolumeMount {
    pub name: Sym,
    pub mount_path: Sym,
    pub sub_path: Sym,
    pub read_only: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Probe {
    pub http_get: Option<HttpGet>,
    pub tcp_socket: Option<TcpSocket>,
    pub grpc: Option<GrpcProbe>,
    pub exec: Option<ExecProbe>,
    /// Seconds; the API's defaults are filled in by [`Probe::timing`].
    pub initial_delay_seconds: Option<i64>,
    pub period_seconds: Option<i64>,
    pub timeout_seconds: Option<i64>,
    pub success_threshold: Option<i64>,
    pub failure_threshold: Option<i64>,
}

/// A probe's numbers with the API's defaults, in seconds and counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeTiming {
    pub initial_delay: i64,
    pub period: i64,
    pub timeout: i64,
    pub failures: i64,
}

impl ProbeTiming {
    /// The seconds from a container's start until the probe gives up on one that never answers.
    pub fn patience(self) -> i64 {
        self.initial_delay.saturating_add(self.period.saturating_mul(self.failures))
    }
}

impl Probe {
    /// Defaults: period 10 s, timeout 1 s, 3 failures (`SetDefaults_Probe` in `pkg/apis/core/v1/defaults.go`).
    pub fn timing(&self) -> ProbeTiming {
        let or = |v: Option<i64>, default| v.filter(|v| *v > 0).unwrap_or(default);
        ProbeTiming {
            initial_delay: or(self.initial_delay_seconds, 0),
            period: or(self.period_seconds, 10),
            timeout: or(self.timeout_seconds, 1),
            failures: or(self.failure_threshold, 3),
        }
    }

    /// The port that is asked, where there is one.
    pub fn port(&self) -> Option<Port> {
        if let Some(http) = &self.http_get {
            return Some(http.port.clone());
        }
        if let Some(tcp) = &self.tcp_socket {
            return Some(tcp.port.clone());
        }
        self.grpc.as_ref().map(|g| Port::Number(g.port))
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HttpGet {
    pub path: Sym,
    pub port: Port,
    pub scheme: Sym,
    pub host: Sym,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TcpSocket {
    pub port: Port,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GrpcProbe {
    pub port: i32,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ExecProbe {
    pub command: List<Sym>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ContainerStatus {
    pub name: Sym,
    pub image: Sym,
    #[serde(rename = "containerID", deserialize_with = "de::own")]
    pub container_id: Sym,
    pub ready: bool,
    pub restart_count: i64,
    pub started: Option<bool>,
    #[serde(deserialize_with = "de::nullable")]
    pub state: ContainerState,
    #[serde(deserialize_with = "de::nullable")]
    pub last_state: ContainerState,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ContainerState {
    pub waiting: Option<Box<Waiting>>,
    pub running: Option<Running>,
    pub terminated: Option<Box<Terminated>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Waiting {
    pub reason: Sym,
    pub message: Sym,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Running {
    #[serde(deserialize_with = "de::time")]
    pub started_at: Option<Timestamp>,
}

impl Terminated {
    /// The exit code for people; a table shows that a container failed, and not with which code, which is -1 here.
    pub fn code(&self) -> String {
        if self.exit_code < 0 { "?".to_owned() } else { self.exit_code.to_string() }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Terminated {
    pub exit_code: i32,
    pub signal: Option<i32>,
    /// The run that ended; the kernel log names it in the cgroup of what it kills.
    #[serde(rename = "containerID", deserialize_with = "de::own")]
    pub container_id: Sym,
    pub reason: Sym,
    pub message: Sym,
    #[serde(deserialize_with = "de::time")]
    pub started_at: Option<Timestamp>,
    #[serde(deserialize_with = "de::time")]
    pub finished_at: Option<Timestamp>,
}
