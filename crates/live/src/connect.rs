//! From the user's configuration to a client, as `kubectl` finds it: `--kubeconfig`, `$KUBECONFIG`, `~/.kube/config`, or
//! the service account of the pod that it runs in.

use crate::miss::{Miss, Trouble, chain};
use http::{HeaderValue, header::USER_AGENT};
use kube::config::{Config, KubeConfigOptions, Kubeconfig, KubeconfigError};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// What a user may ask for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// A kubeconfig other than the usual one.
    pub kubeconfig: Option<PathBuf>,
    /// A context other than the current one.
    pub context: Option<String>,
    /// Whom to impersonate.
    pub as_user: Option<String>,
    /// The groups to impersonate.
    pub as_groups: Vec<String>,
    /// The namespace that is asked about.
    pub namespace: Option<String>,
    /// The longest time for one request.
    pub request_timeout: Duration,
    /// The longest time for all of them.
    pub budget: Duration,
    /// How many objects a page holds at most, where that is less than usual.
    pub page: Option<u32>,
    /// Whether to show progress on standard error.
    pub progress: bool,
}

impl Options {
    /// The longest time for one request, unless said otherwise.
    pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
    /// The longest time for all requests, unless said otherwise.
    pub const BUDGET: Duration = Duration::from_mins(1);
}

/// Which cluster is talked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The context's name; `None` inside of a pod.
    pub context: Option<String>,
    /// The address of the API server.
    pub server: String,
    /// The namespace of the context.
    pub namespace: String,
    /// Whom requests are made as, where that is not the user itself.
    pub acting_as: Option<String>,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.context {
            Some(context) => write!(f, "context {context}, {}", self.server)?,
            None => write!(f, "this cluster, {}", self.server)?,
        }
        self.acting_as.iter().try_for_each(|user| write!(f, ", as {user}"))
    }
}

/// Why there is no cluster to ask.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no configuration, or it is not usable.
    #[error("{0}")]
    Config(String),
    /// The API server cannot be asked.
    #[error("the API server ({target}) cannot be asked: {says}\n{tried}\n{hint}")]
    Unreachable {
        /// Which one.
        target: Box<Target>,
        /// The client's words.
        says: String,
        /// What was tried.
        tried: String,
        /// What the error tells.
        hint: &'static str,
    },
    /// The API server does not know who asks.
    #[error("the API server ({target}) does not accept these credentials: {says}\n{hint}")]
    Unauthorized {
        /// Which one.
        target: Box<Target>,
        /// The server's words.
        says: String,
        /// What the error tells.
        hint: &'static str,
    },
}

impl OpenError {
    /// What a failed first request tells.
    pub fn of(target: &Target, miss: &Miss, tried: String) -> Self {
        let target = Box::new(target.clone());
        if miss.status == Some(401) {
            let hint = "A token or certificate that is over answers like this, as does one of another cluster. \
                        Log in again, or compare the certificate's dates: openssl x509 -noout -dates";
            return Self::Unauthorized { target, says: miss.says.clone(), hint };
        }
        Self::Unreachable { target, says: miss.says.clone(), tried, hint: hint(miss) }
    }
}

fn hint(miss: &Miss) -> &'static str {
    match miss.trouble {
        Some(Trouble::Refused) => {
            "The machine answers, and nothing listens on that port: the kube-apiserver is down or starting, or the \
             kubeconfig names another port. On a control plane node: crictl ps -a --name kube-apiserver; journalctl -u kubelet -n 50"
        }
        Some(Trouble::Name) => "The name has no address: DNS, or the name in the kubeconfig.",
        Some(Trouble::Unreachable) => {
            "Nothing answers at that address: a firewall, a VPN that is down, a machine that is off, or a load balancer \
             without backends."
        }
        Some(Trouble::Expired) => {
            "The certificate of the API server is over (or not yet valid: compare clocks). On a control plane node: \
             kubeadm certs check-expiration"
        }
        Some(Trouble::Authority) => {
            "The certificate is of an authority that the kubeconfig does not trust: the cluster was made anew, or a proxy \
             stands between."
        }
        Some(Trouble::OtherName) => {
            "The certificate is for other names than the one in the kubeconfig: use one of those, or add it to the \
             server's certificate (kubeadm: apiServer.certSANs)."
        }
        Some(Trouble::Tls) => {
            "There is an answer, but no TLS connection: a proxy, or another service on that port."
        }
        Some(Trouble::Closed) => {
            "The connection was closed in the middle: an API server that restarts, or a load balancer."
        }
        Some(Trouble::Credentials) => {
            "The credentials of the kubeconfig could not be made; no request was sent."
        }
        None if miss.status == Some(429) => {
            "The API server is overloaded: it refuses requests of this user for now."
        }
        None if miss.status.is_some_and(|s| s >= 500) => {
            "The API server runs and cannot serve: often its etcd. On a control plane node: \
             crictl ps -a --name 'etcd|kube-apiserver'; kubectl get --raw '/readyz?verbose'"
        }
        None => {
            "It accepts connections and does not answer in time: overloaded, or its etcd does not answer."
        }
    }
}

/// The client, and which cluster it talks to.
pub async fn connect(options: &Options) -> Result<(kube::Client, Target), OpenError> {
    let (mut config, context) = configuration(options).await?;
    config.default_retry = false;
    config.connect_timeout = Some(options.request_timeout.min(Duration::from_secs(10)));
    config.disable_compression = true;
    config
        .headers
        .push((USER_AGENT, HeaderValue::from_static(concat!("kubecause/", env!("CARGO_PKG_VERSION")))));
    if let Some(user) = &options.as_user {
        config.auth_info.impersonate = Some(user.clone());
    }
    if !options.as_groups.is_empty() {
        config.auth_info.impersonate_groups = Some(options.as_groups.clone());
    }
    let target = Target {
        context,
        server: config.cluster_url.to_string().trim_end_matches('/').to_owned(),
        namespace: config.default_namespace.clone(),
        acting_as: config.auth_info.impersonate.clone(),
    };
    let client = kube::Client::try_from(config)
        .map_err(|e| OpenError::of(&target, &Miss::of_client(&e), String::new()));
    Ok((client?, target))
}

async fn configuration(options: &Options) -> Result<(Config, Option<String>), OpenError> {
    let asked = options.kubeconfig.is_some() || options.context.is_some();
    let read = match &options.kubeconfig {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    };
    let kubeconfig = match read {
        Ok(kubeconfig) => kubeconfig,
        Err(error) if !asked && is_absent(&error) => return in_cluster(&error),
        Err(error) => return Err(OpenError::Config(chain(&error))),
    };
    let context = options.context.clone().or_else(|| kubeconfig.current_context.clone());
    let choice = KubeConfigOptions { context: context.clone(), ..KubeConfigOptions::default() };
    let config = Config::from_custom_kubeconfig(kubeconfig, &choice).await;
    Ok((config.map_err(|e| OpenError::Config(chain(&e)))?, context))
}

fn is_absent(error: &KubeconfigError) -> bool {
    matches!(error, KubeconfigError::FindPath)
        || matches!(error, KubeconfigError::ReadConfig(e, _) if e.kind() == std::io::ErrorKind::NotFound)
}

fn in_cluster(error: &KubeconfigError) -> Result<(Config, Option<String>), OpenError> {
    Config::incluster().map(|config| (config, None)).map_err(|_| {
        OpenError::Config(format!(
            "there is neither a kubeconfig ({}) nor the service account of a pod; \
             name one with --kubeconfig, or a capture with --from",
            chain(error)
        ))
    })
}
