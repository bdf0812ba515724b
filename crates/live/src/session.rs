//! A run against one cluster: open, list everything, look closer. Blocking; the async runtime stays in here.

use crate::api::{Answer, Api, Ask};
use crate::connect::{OpenError, Options, Target, connect};
use crate::discover::Groups;
use crate::list::Lister;
use crate::miss::Miss;
use crate::progress::Progress;
use crate::resource::{RESOURCES, Resource};
use crate::sink::{Evidence, Place, Sink};
use futures::future::{Either, select};
use jiff::Timestamp;
use kubecause_evidence::Snapshot;
use kubecause_model::{Gap, Why};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// An open connection to a cluster, with a budget.
#[derive(Debug)]
pub struct Session {
    runtime: Arc<Runtime>,
    pub(crate) api: Arc<Api>,
    target: Target,
    /// Only this namespace can be listed.
    only: Option<String>,
    version: Result<String, Miss>,
    /// What the server said of its own readiness, where that was asked for already: without its store it takes seconds to.
    ready: Option<Answer>,
    page: u32,
    pub(crate) progress: Arc<Progress>,
}

/// Cluster-wide kinds that can be read beside the objects of one namespace. Nodes cannot: what is free on one is known
/// only with all pods of the cluster; nor webhooks and aggregated APIs, whose Services live elsewhere.
const MEANS_SOMETHING_ALONE: [&str; 5] =
    ["Namespace", "StorageClass", "IngressClass", "PriorityClass", "RuntimeClass"];

/// What is asked before anything else, and how long it may take.
const PROBE: Duration = Duration::from_secs(5);
/// A server that is well answers the first question within that time.
const PROMPT: Duration = Duration::from_millis(300);

impl Session {
    /// Connects, and finds out whether the server answers and what the user may list.
    ///
    /// # Errors
    /// Where there is no configuration, or the API server as a whole cannot be asked.
    pub fn open(options: &Options) -> Result<Self, OpenError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|e| OpenError::Config(format!("no threads: {e}")))?;
        let (client, target) = runtime.block_on(connect(options))?;
        let api = Arc::new(Api::new(client, options.request_timeout, options.budget));
        let (version, (pods, ready)) = runtime.block_on(probe(&api));
        if let (Err(version), Err(pods)) = (&version, &pods) {
            let asked = |miss: &Miss| miss.status.is_none() || miss.status == Some(401);
            if asked(pods) || pods.status.is_some_and(|s| s >= 500) && asked(version) {
                let tried = format!(
                    "Tried: GET /version and GET /api/v1/pods, for {:.1} s. Nothing was diagnosed.",
                    api.elapsed().as_secs_f64()
                );
                return Err(OpenError::of(&target, pods, tried));
            }
        } else if let Err(pods) = pods.as_ref()
            && pods.status == Some(401)
        {
            return Err(OpenError::of(&target, pods, String::new()));
        }
        if pods.as_ref().is_err_and(|miss| miss.why == Why::TimedOut) {
            api.stalled();
        }
        let refused = pods.is_err_and(|miss| miss.status == Some(403));
        let only = refused.then(|| options.namespace.clone().unwrap_or_else(|| target.namespace.clone()));
        let version = version.map(|answer| String::from_utf8_lossy(&answer.body).into_owned());
        let progress = Arc::new(Progress::new(options.progress));
        let page = options.page.unwrap_or(u32::MAX);
        let runtime = Arc::new(runtime);
        Ok(Self { runtime, api, target, only, version, ready, page, progress })
    }

    /// Which cluster it is.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The namespace that all answers are limited to, where the user may not list pods of the whole cluster.
    pub fn only_namespace(&self) -> Option<&str> {
        self.only.as_deref()
    }

    /// Lists everything into a Snapshot.
    pub fn collect(&self) -> Snapshot {
        let sink = Arc::new(Evidence::default());
        self.fetch(sink.clone());
        match Arc::try_unwrap(sink) {
            Ok(evidence) => evidence.finish(Some(self.now())),
            // All tasks have ended; should one still hold the sink, nothing can be said.
            Err(_) => Snapshot::default(),
        }
    }

    /// The server's time, which stamped what it serves; this machine's where the server does not say it.
    pub fn now(&self) -> Timestamp {
        self.api.date().unwrap_or_else(Timestamp::now)
    }

    /// Requests sent, bytes read, and time since the session was opened.
    pub fn cost(&self) -> (u64, u64, Duration) {
        let (requests, bytes) = self.api.cost();
        (requests, bytes, self.api.elapsed())
    }

    /// Fetches all lists, the version and the readiness into a sink.
    pub fn fetch(&self, sink: Arc<dyn Sink>) {
        self.fetch_but(&[], sink);
    }

    /// The same without these kinds: nothing of them is asked for.
    pub fn fetch_but(&self, without: &[&str], sink: Arc<dyn Sink>) {
        match &self.version {
            Ok(version) => sink.text(&Place::Version, version.clone()),
            Err(miss) => sink.gap(miss.gap("version")),
        }
        self.narrow().into_iter().for_each(|gap| sink.gap(gap));
        self.runtime.block_on(self.lists(without, sink));
    }

    async fn lists(&self, without: &[&str], sink: Arc<dyn Sink>) {
        let lister = Arc::new(Lister {
            api: Arc::clone(&self.api),
            sink: Arc::clone(&sink),
            groups: Groups::default(),
            namespace: self.only.clone(),
            page: self.page,
            progress: Arc::clone(&self.progress),
        });
        let (asked, misleading) = self.kinds();
        let is_out = |r: &&'static Resource| without.contains(&r.kind);
        for resource in RESOURCES.iter().filter(is_out) {
            sink.end(resource, Err(&Miss::absent("")));
        }
        for resource in misleading.into_iter().filter(|r| !is_out(r)) {
            sink.end(resource, Err(&Miss::absent(Self::MISLEADS)));
        }
        let first: Vec<&'static Resource> = asked.into_iter().filter(|r| !is_out(r)).collect();
        self.progress.begin(first.len());
        let tasks: Vec<_> =
            first.into_iter().map(|r| (r, tokio::spawn(one(Arc::clone(&lister), r)))).collect();
        match self.ready.as_ref() {
            Some(answer) => tell_readiness(answer, &*sink),
            None => readiness(&self.api, &*sink).await,
        }
        for (resource, task) in tasks {
            if task.await.is_err() {
                sink.end(
                    resource,
                    Err(&Miss::failed("the list could not be read: a fault of kubecause itself")),
                );
            }
        }
    }

    /// Why a kind is not asked for where only one namespace can be seen.
    pub(crate) const MISLEADS: &str =
        "not asked for: beside the objects of one namespace alone it would mislead";

    /// The kinds that are asked for, and those that would mislead beside the objects of one namespace.
    pub(crate) fn kinds(&self) -> (Vec<&'static Resource>, Vec<&'static Resource>) {
        let of_use =
            |r: &&Resource| self.only.is_none() || r.namespaced || MEANS_SOMETHING_ALONE.contains(&r.kind);
        RESOURCES.iter().filter(|r| r.instead_of.is_none()).partition(of_use)
    }

    /// What is hidden from a user of one namespace.
    pub(crate) fn narrow(&self) -> Option<Gap> {
        let namespace = self.only.as_ref()?;
        Some(Gap::new(
            format!("all namespaces but {namespace}"),
            Why::Forbidden,
            "this user may not list pods of the whole cluster; causes that lie elsewhere are not seen",
        ))
    }

    /// How many objects a page holds at most.
    pub(crate) fn page(&self) -> u32 {
        self.page
    }

    /// The session's runtime.
    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// The same session with a budget of its own, that begins now.
    pub(crate) fn renewed(&self, budget: Duration) -> Self {
        Self {
            runtime: Arc::clone(&self.runtime),
            api: Arc::new(self.api.renewed(budget)),
            target: self.target.clone(),
            only: self.only.clone(),
            version: self.version.clone(),
            ready: None,
            page: self.page,
            progress: Arc::new(Progress::new(false)),
        }
    }

    /// Runs something on the session's runtime.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }
}

/// Lists one kind, and what stands in for it where it cannot be listed.
async fn one(lister: Arc<Lister>, resource: &'static Resource) {
    if lister.list(resource).await.is_err() {
        for other in RESOURCES.iter().filter(|r| r.instead_of == Some(resource.kind)) {
            let _ = lister.list(other).await;
        }
    }
    lister.progress.done();
}

/// Whether the server answers at all, and whether pods of all namespaces may be listed.
async fn probe(api: &Api) -> (Result<Answer, Miss>, (Result<Answer, Miss>, Option<Answer>)) {
    let version = Ask { tries: 2, within: Some(PROBE), ..Ask::new("/version") };
    futures::join!(api.get(&version), newest(api))
}

/// The newest state of a pod. An API server without its store lets that wait until the time is over, and says itself, sooner, that
/// etcd fails; then that is the second.
async fn newest(api: &Api) -> (Result<Answer, Miss>, Option<Answer>) {
    let ask = Ask { tries: 2, within: Some(PROBE), ..Ask::new("/api/v1/pods?limit=1") };
    let (pods, storeless) = (pin!(api.get(&ask)), pin!(storeless(api)));
    match select(pods, storeless).await {
        Either::Left((pods, _)) => (pods, None),
        Either::Right((None, pods)) => (pods.await, None),
        Either::Right((ready, _)) => {
            let says = "the newest state cannot be had: the API server says that etcd fails";
            (Err(Miss::out_of_time(says)), ready)
        }
    }
}

/// What the server says of its readiness, where it says that etcd fails; asked only where it lets wait.
async fn storeless(api: &Api) -> Option<Answer> {
    tokio::time::sleep(PROMPT).await;
    let answer = api.answer(&readyz(PROBE)).await.ok()?;
    String::from_utf8_lossy(&answer.body).contains("[-]etcd").then_some(answer)
}

/// The question whether the server is ready, check by check.
fn readyz(within: Duration) -> Ask {
    Ask { last_resort: true, ..Ask::text("/readyz?verbose", 64 << 10, within) }
}

/// Whether the server is ready, check by check.
pub(crate) async fn readiness(api: &Api, sink: &dyn Sink) {
    match api.answer(&readyz(Duration::from_secs(10))).await {
        Ok(answer) => tell_readiness(&answer, sink),
        Err(miss) => sink.gap(miss.gap("readyz")),
    }
}

fn tell_readiness(answer: &Answer, sink: &dyn Sink) {
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    if answer.status.is_success() || text.contains("[-]") {
        sink.text(&Place::Readyz, text);
    } else {
        sink.gap(Miss::refused(answer.status, &answer.body).gap("readyz"));
    }
}
