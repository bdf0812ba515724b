//! etcd, the API server, the controller manager and the scheduler as processes of this machine.

use crate::lab::{API_PORT, ETCD_PORT, Lab, POD_RANGE, SERVICE_RANGE, address};
use crate::process::{Process, run};
use anyhow::{Context, Result, bail};
use std::path::PathBuf;

/// The programs, in the order in which they start.
pub const COMPONENTS: [&str; 4] = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"];

/// Users: name, token, identity, groups. The nodes are who a kubelet is; `reader` may only look.
const USERS: [(&str, &str, &str); 5] = [
    ("admin", "admin", "system:masters"),
    ("reader", "kubecause", "kubecause:readers"),
    ("kube-controller-manager", "system:kube-controller-manager", ""),
    ("kube-scheduler", "system:kube-scheduler", ""),
    ("nobody", "nobody", ""),
];

/// Every request is written down, without bodies: a test reads from it who changed what.
const AUDIT_POLICY: &str = "apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  userGroups: [system:nodes]
- level: None
  users: [system:apiserver, system:kube-controller-manager, system:kube-scheduler]
- level: None
  userGroups: ['system:serviceaccounts:kube-system']
- level: Metadata
";

/// The control plane of a lab.
#[derive(Debug, Clone)]
pub struct ControlPlane {
    lab: Lab,
}

impl ControlPlane {
    /// That of a lab, whether it runs or not.
    pub fn of(lab: &Lab) -> Self {
        Self { lab: lab.clone() }
    }

    /// The process of a component.
    pub fn process(&self, component: &str) -> Process {
        Process::at(self.lab.control_plane().join(format!("{component}.pid")))
    }

    /// What a component wrote.
    pub fn log(&self, component: &str) -> PathBuf {
        self.lab.control_plane().join(format!("{component}.log"))
    }

    /// Writes keys, tokens and kubeconfigs; those that are there stay.
    pub fn prepare(&self, nodes: &[&str]) -> Result<()> {
        std::fs::create_dir_all(self.lab.control_plane())?;
        std::fs::create_dir_all(self.lab.pki())?;
        let key = self.pki("service-accounts.key");
        if !PathBuf::from(&key).exists() {
            run("openssl", &["genrsa", "-out", &key, "2048"])?;
            run("openssl", &["rsa", "-in", &key, "-pubout", "-out", &self.pki("service-accounts.pub")])?;
        }
        std::fs::write(self.pki("audit-policy.yaml"), AUDIT_POLICY)?;
        self.write_tokens(nodes)
    }

    /// Writes who has which token: the users and each node. A node that is left out is one whose credentials are not valid.
    pub fn write_tokens(&self, nodes: &[&str]) -> Result<()> {
        let line = |name: &str, user: &str, group: &str| format!("{name}-token,{user},{user},\"{group}\"\n");
        let mut tokens: String = USERS.iter().map(|(name, user, group)| line(name, user, group)).collect();
        for node in nodes {
            tokens += &line(node, &format!("system:node:{node}"), "system:nodes");
        }
        std::fs::write(self.pki("tokens.csv"), tokens)?;
        for name in USERS.iter().map(|(name, ..)| name).chain(nodes) {
            std::fs::write(self.lab.kubeconfig(name), kubeconfig(name))?;
        }
        Ok(())
    }

    fn pki(&self, file: &str) -> String {
        self.lab.pki().join(file).display().to_string()
    }

    /// Starts a component that does not run.
    pub fn start(&self, component: &str) -> Result<()> {
        let process = self.process(component);
        if process.pid().is_some() {
            return Ok(());
        }
        let program = if component == "etcd" { PathBuf::from("etcd") } else { self.lab.program(component) };
        process
            .start(&program, &self.arguments(component)?, &self.log(component))
            .context(component.to_owned())
    }

    fn arguments(&self, component: &str) -> Result<Vec<String>> {
        match component {
            "etcd" => Ok(self.etcd()),
            "kube-apiserver" => self.apiserver(),
            "kube-controller-manager" => Ok(self.controller_manager()),
            "kube-scheduler" => Ok(self.kubeconfigs("kube-scheduler")),
            _ => bail!("no component {component}"),
        }
    }

    fn etcd(&self) -> Vec<String> {
        let url = format!("http://127.0.0.1:{ETCD_PORT}");
        vec![
            format!("--data-dir={}", self.lab.control_plane().join("etcd").display()),
            "--unsafe-no-fsync".into(),
            format!("--listen-client-urls={url}"),
            format!("--advertise-client-urls={url}"),
            format!("--listen-peer-urls=http://127.0.0.1:{}", ETCD_PORT + 1),
        ]
    }

    fn apiserver(&self) -> Result<Vec<String>> {
        let pki = |file| self.pki(file);
        Ok(vec![
            format!("--etcd-servers=http://127.0.0.1:{ETCD_PORT}"),
            format!("--cert-dir={}", pki("apiserver")),
            format!("--secure-port={API_PORT}"),
            "--bind-address=127.0.0.1".into(),
            // A loopback address is refused here, since pods would be told to use it.
            format!("--advertise-address={}", address()?),
            format!("--service-cluster-ip-range={SERVICE_RANGE}"),
            "--service-account-issuer=https://kubernetes.default.svc".into(),
            format!("--service-account-key-file={}", pki("service-accounts.pub")),
            format!("--service-account-signing-key-file={}", pki("service-accounts.key")),
            format!("--token-auth-file={}", pki("tokens.csv")),
            "--authorization-mode=Node,RBAC".into(),
            "--enable-admission-plugins=NodeRestriction".into(),
            "--allow-privileged=true".into(),
            "--kubelet-preferred-address-types=InternalIP".into(),
            // There is no Service proxy: webhooks and aggregated APIs are called at their endpoints.
            "--enable-aggregator-routing=true".into(),
            "--event-ttl=24h".into(),
            format!("--audit-policy-file={}", pki("audit-policy.yaml")),
            format!("--audit-log-path={}", self.lab.audit_log().display()),
        ])
    }

    fn kubeconfigs(&self, component: &str) -> Vec<String> {
        let path = self.lab.kubeconfig(component);
        ["kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"]
            .map(|flag| format!("--{flag}={}", path.display()))
            .to_vec()
    }

    fn controller_manager(&self) -> Vec<String> {
        let mut args = self.kubeconfigs("kube-controller-manager");
        args.extend([
            format!("--service-account-private-key-file={}", self.pki("service-accounts.key")),
            format!("--root-ca-file={}", self.pki("apiserver/apiserver.crt")),
            "--use-service-account-credentials=true".into(),
            format!("--cluster-cidr={POD_RANGE}"),
            "--allocate-node-cidrs=true".into(),
            "--terminated-pod-gc-threshold=500".into(),
        ]);
        args
    }
}

/// The API server's certificate is its own work, so it is not checked.
fn kubeconfig(user: &str) -> String {
    format!(
        "apiVersion: v1
kind: Config
clusters:
- name: lab
  cluster: {{server: 'https://127.0.0.1:{API_PORT}', insecure-skip-tls-verify: true}}
users:
- name: {user}
  user: {{token: {user}-token}}
contexts:
- name: lab
  context: {{cluster: lab, user: {user}}}
current-context: lab
"
    )
}
