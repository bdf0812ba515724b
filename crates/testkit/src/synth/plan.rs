//! What a made-up cluster holds: its nodes, namespaces and workloads, and where the faults are. Pods follow from their workload.

use super::fault::{Fault, Injected};
use super::rng::Rng;
use anyhow::{Result, bail, ensure};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// When the capture was taken.
const TAKEN_AT: i64 = 1_772_443_800;
/// How old the faults are, in seconds.
pub const SINCE: i64 = 1_700;

const NOUNS: [&str; 24] = [
    "cart", "checkout", "payment", "catalog", "search", "order", "invoice", "customer", "shipping", "stock",
    "pricing", "review", "login", "session", "profile", "mail", "report", "media", "coupon", "ledger",
    "fraud", "export", "audit", "notify",
];
const PARTS: [&str; 12] = [
    "api", "worker", "web", "gateway", "sync", "indexer", "consumer", "admin", "proxy", "batch", "store",
    "feed",
];
const TEAMS: [&str; 10] =
    ["shop", "billing", "growth", "data", "platform", "mobile", "partner", "risk", "logistics", "content"];

/// What runs a workload's pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// A Deployment.
    Deployment,
    /// A StatefulSet with a claim for each pod.
    StatefulSet,
    /// A DaemonSet.
    DaemonSet,
}

/// A workload, its Service, its pods.
#[derive(Debug, Clone)]
pub struct Workload {
    /// What runs its pods.
    pub runs: Runs,
    /// Its namespace.
    pub namespace: String,
    /// Its name, which is also its Service's and its container's.
    pub name: String,
    /// How many pods it wants.
    pub replicas: usize,
    /// How many pods of all workloads come before its own.
    pub first: usize,
    /// How long ago its template was rolled out, in seconds.
    pub age: i64,
    /// What its container asks for, in thousandths of a CPU.
    pub cpu: usize,
    /// What its container asks for, in MiB.
    pub memory: usize,
    /// What is wrong with it.
    pub fault: Option<Fault>,
}

/// A pod of a workload.
#[derive(Debug)]
pub struct Pod {
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// Number of its node; `None` where it is not bound.
    pub node: Option<usize>,
    /// Hash of its template.
    pub hash: String,
    /// What makes it fail, if anything.
    pub fault: Option<Fault>,
    /// Whether its node has gone.
    pub lost: bool,
    /// How long ago it was made, in seconds.
    pub age: i64,
    /// Its address, where it has one.
    pub address: Option<String>,
}

impl Pod {
    /// Whether it is ready.
    pub fn is_ready(&self) -> bool {
        self.fault.is_none() && !self.lost
    }
}

/// The whole cluster.
#[derive(Debug)]
pub struct Plan {
    /// What all numbers follow from.
    pub seed: u64,
    /// How many nodes there are.
    pub nodes: usize,
    /// Numbers of the nodes whose runtime hangs.
    pub hung: BTreeSet<usize>,
    /// The namespaces beside those of the system.
    pub namespaces: Vec<String>,
    /// The workloads.
    pub workloads: Vec<Workload>,
    /// The faults.
    pub faults: Vec<Injected>,
    /// How many pods a node may run.
    pub pods_per_node: usize,
    /// How many pods exist in each namespace whose quota is used up.
    pub quotas: BTreeMap<String, usize>,
}

impl Plan {
    /// Lays out a cluster.
    pub fn new(nodes: usize, pods: usize, faults: usize, seed: u64) -> Result<Self> {
        ensure!(nodes > 0 && pods > 0, "a cluster has a node and a pod");
        let mut plan = Self {
            seed,
            nodes,
            hung: BTreeSet::new(),
            namespaces: Vec::new(),
            workloads: Vec::new(),
            faults: Vec::new(),
            pods_per_node: (pods / nodes * 3 / 2).max(110),
            quotas: BTreeMap::new(),
        };
        plan.system(pods);
        plan.fill(pods);
        plan.inject(faults)?;
        plan.count_quotas();
        Ok(plan)
    }

    /// Numbers for one thing.
    pub fn rng(&self, names: &[&str]) -> Rng {
        Rng::of(self.seed, names)
    }

    /// The uid of an object.
    pub fn uid(&self, kind: &str, namespace: &str, name: &str) -> String {
        self.rng(&["uid", kind, namespace, name]).uid()
    }

    /// The time so many seconds before the capture.
    pub fn ago(seconds: i64) -> Timestamp {
        Timestamp::from_second(TAKEN_AT).unwrap_or_default() - SignedDuration::from_secs(seconds)
    }

    /// A node's name.
    pub fn node(number: usize) -> String {
        format!("worker-{:04}", number + 1)
    }

    /// How many thousandths of a CPU a node has, and how many MiB.
    pub fn capacity(&self) -> (usize, usize) {
        let cores = (self.pods_per_node / 4).next_multiple_of(16).max(16);
        (cores * 1000, cores * 4096)
    }

    fn placed(&self) -> usize {
        self.workloads.last().map_or(0, |w| w.first + w.replicas)
    }

    fn system(&mut self, pods: usize) {
        for name in ["kube-proxy", "cni-agent", "log-agent"] {
            if self.placed() + self.nodes <= pods / 2 {
                self.add(Runs::DaemonSet, "kube-system", name, self.nodes, 60 * 86_400);
            }
        }
        self.add(Runs::Deployment, "kube-system", "coredns", 2.min(pods), 60 * 86_400);
    }

    fn add(&mut self, runs: Runs, namespace: &str, name: &str, replicas: usize, age: i64) {
        let mut rng = self.rng(&["workload", namespace, name]);
        let workload = Workload {
            runs,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            replicas,
            first: self.placed(),
            age,
            cpu: rng.pick(&[10, 20, 50, 50, 100, 100, 200], 50),
            memory: rng.pick(&[32, 64, 64, 128, 128, 256, 512], 64),
            fault: None,
        };
        self.workloads.push(workload);
    }

    /// Workloads of the sizes that clusters have: many small, few large.
    fn fill(&mut self, pods: usize) {
        let mut rng = self.rng(&["workloads"]);
        let teams = (pods / 50).max(2);
        self.namespaces = (0..teams)
            .map(|i| format!("{}-{:02}", TEAMS.get(i % TEAMS.len()).unwrap_or(&"shop"), i / TEAMS.len()))
            .collect();
        let mut count = 0;
        while self.placed() < pods {
            let size = rng.pick(&[1, 1, 2, 2, 2, 3, 3, 3, 4, 5, 6, 8, 12, 20], 2);
            let size = size.min(pods - self.placed());
            let runs = if rng.percent(12) { Runs::StatefulSet } else { Runs::Deployment };
            let age =
                if rng.percent(6) { rng.seconds(1_300, 3_500) } else { rng.seconds(7_200, 40 * 86_400) };
            let place = count / teams * 7 + count % teams;
            let (noun, part) = (NOUNS.get(place % 24), PARTS.get(place / 24 % 12));
            let more = if place < 288 { String::new() } else { format!("-{}", place / 288) };
            let name = format!("{}-{}{more}", noun.unwrap_or(&"app"), part.unwrap_or(&"api"));
            let namespace = self.namespaces.get(count % teams).cloned().unwrap_or_default();
            self.add(runs, &namespace, &name, size, age);
            count += 1;
        }
    }

    fn inject(&mut self, faults: usize) -> Result<()> {
        let mut rng = self.rng(&["faults"]);
        let start = rng.below(Fault::ALL.len());
        let mut tried = 0;
        while self.faults.len() < faults {
            let kind = Fault::ALL.get((start + tried) % Fault::ALL.len()).copied();
            let done = kind.is_some_and(|fault| self.put(fault, &mut rng));
            tried += 1;
            if !done && tried > faults * 2 + 4 * Fault::ALL.len() {
                bail!("{faults} faults do not fit into so small a cluster: {} do", self.faults.len());
            }
        }
        Ok(())
    }

    fn put(&mut self, fault: Fault, rng: &mut Rng) -> bool {
        if fault == Fault::RuntimeHung {
            let number = rng.below(self.nodes);
            if self.hung.len() >= self.nodes / 10 || !self.hung.insert(number) {
                return false;
            }
            self.faults.push(Injected { fault, name: Self::node(number), namespace: None });
            return true;
        }
        let start = rng.below(self.workloads.len());
        let all = self.workloads.len();
        let runs = if fault == Fault::ClassMissing { Runs::StatefulSet } else { Runs::Deployment };
        let quotas = &self.quotas;
        let fits = |w: &Workload| {
            w.fault.is_none()
                && w.runs == runs
                && w.namespace != "kube-system"
                && (fault != Fault::QuotaFull || (w.replicas > 1 && !quotas.contains_key(&w.namespace)))
        };
        let found = (0..all).map(|i| (start + i) % all).find(|i| self.workloads.get(*i).is_some_and(fits));
        let Some(workload) = found.and_then(|i| self.workloads.get_mut(i)) else { return false };
        workload.fault = Some(fault);
        workload.age = workload.age.max(7_200);
        let (name, namespace) = (workload.name.clone(), Some(workload.namespace.clone()));
        if fault == Fault::QuotaFull {
            self.quotas.insert(workload.namespace.clone(), 0);
        }
        self.faults.push(Injected { fault, name, namespace });
        true
    }

    /// A quota allows what is there.
    fn count_quotas(&mut self) {
        for workload in &self.workloads {
            if let Some(count) = self.quotas.get_mut(&workload.namespace) {
                *count += Self::existing(workload);
            }
        }
    }

    /// Hash of a workload's template; `older` counts back.
    pub fn hash(&self, workload: &Workload, older: usize) -> String {
        self.rng(&["hash", &workload.namespace, &workload.name, &older.to_string()]).suffix(9)
    }

    /// How many of a workload's pods are of the template that fails.
    pub fn failing(workload: &Workload) -> usize {
        match workload.fault {
            Some(fault) if fault.is_of_a_rollout() && workload.replicas > 3 => 1,
            Some(Fault::ClassMissing) => 1,
            Some(fault) if fault.fails_pods() => workload.replicas,
            _ => 0,
        }
    }

    /// How many pods of a workload exist.
    pub fn existing(workload: &Workload) -> usize {
        match workload.fault {
            // The first pod of a StatefulSet must be ready before the next one is made.
            Some(Fault::ClassMissing) => 1,
            Some(Fault::QuotaFull) => workload.replicas - 1,
            _ => workload.replicas,
        }
    }

    /// A workload's pods.
    pub fn pods<'a>(&'a self, workload: &'a Workload) -> impl Iterator<Item = Pod> + 'a {
        (0..Self::existing(workload)).map(move |i| self.pod(workload, i))
    }

    fn pod(&self, workload: &Workload, i: usize) -> Pod {
        let mut rng = self.rng(&["pod", &workload.namespace, &workload.name, &i.to_string()]);
        let fault = workload.fault.filter(|_| i < Self::failing(workload));
        let old = workload.fault.is_some_and(Fault::is_of_a_rollout) && fault.is_none();
        let hash = self.hash(workload, usize::from(old));
        let name = match workload.runs {
            Runs::Deployment => format!("{}-{hash}-{}", workload.name, rng.suffix(5)),
            Runs::StatefulSet => format!("{}-{i}", workload.name),
            Runs::DaemonSet => format!("{}-{}", workload.name, rng.suffix(5)),
        };
        let node = self.place(workload, i).filter(|_| !fault.is_some_and(Fault::is_unbound));
        let lost = node.is_some_and(|n| self.hung.contains(&n));
        let age = if fault.is_some() { SINCE } else { workload.age - rng.seconds(0, 60) };
        let index = workload.first + i;
        let host =
            if node == Some(index % self.nodes) { 2 + index / self.nodes % 200 } else { 202 + rng.below(50) };
        let address = node.map(|n| format!("10.{}.{}.{host}", 64 + n / 256, n % 256));
        Pod { uid: rng.uid(), name, node, hash, fault, lost, age, address }
    }

    /// Pods go round; those of a workload with a fault keep off nodes that have one, so that every pod has one cause.
    fn place(&self, workload: &Workload, i: usize) -> Option<usize> {
        let start = workload.first + i;
        let free = |n: &usize| {
            workload.runs == Runs::DaemonSet || workload.fault.is_none() || !self.hung.contains(n)
        };
        (start..start + self.nodes).map(|n| n % self.nodes).find(free)
    }
}
