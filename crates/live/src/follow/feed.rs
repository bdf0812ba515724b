//! One kind: listed, then watched from there on, and listed anew where the server forgot what came between.

use super::pace::{Pace, is_refused, jittered};
use super::store::Store;
use super::stream::{Lines, NoLine, Said, said};
use crate::api::{JSON, METADATA_EVENTS};
use crate::list::{Lister, escaped};
use crate::miss::Miss;
use crate::resource::{Form, RESOURCES, Resource};
use kubecause_model::Why;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// After so many failures in a row the list is taken anew: what comes back may be another state, such as an etcd that was
/// restored.
const LONG_OUTAGE: u32 = 8;

/// What all kinds share.
pub struct Feeder {
    /// How lists are made; its sink is the store.
    pub lister: Lister,
    /// Where everything is kept.
    pub store: Arc<Store>,
    /// How fast.
    pub pace: Pace,
}

/// How a watch was over.
enum End {
    /// It is to be opened again at once.
    Again,
    /// The same, but it was short: not at once.
    Short(Miss),
    /// It failed before it was of any use.
    Failed(Miss),
    /// What came between cannot be had any more.
    Anew(Miss),
}

/// Follows one kind for ever.
pub async fn follow(feeder: Arc<Feeder>, resource: &'static Resource) {
    let mut failures = 0;
    loop {
        let miss = match feeder.lister.list(resource).await {
            Ok(version) => {
                let since = Instant::now();
                let miss = feeder.watch(resource, &version).await;
                if since.elapsed() > feeder.pace.settle {
                    failures = 0;
                }
                miss
            }
            Err(miss) => {
                stand_in(&feeder, resource, &miss);
                miss
            }
        };
        failures += 1;
        tokio::time::sleep(feeder.pace.rest(&miss, failures, None)).await;
    }
}

/// Follows what is listed where that kind is not served.
fn stand_in(feeder: &Arc<Feeder>, resource: &Resource, miss: &Miss) {
    for other in RESOURCES.iter().filter(|r| r.instead_of == Some(resource.kind)) {
        if is_refused(miss) && feeder.store.begins(other) {
            let feeder = Arc::clone(feeder);
            // Boxed because the two call each other.
            let task: std::pin::Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(follow(feeder, other));
            tokio::spawn(task);
        }
    }
}

impl Feeder {
    /// Watches from the list on; comes back with the reason why it must be listed anew.
    async fn watch(&self, resource: &'static Resource, version: &str) -> Miss {
        let Some(mut from) = self.store.version(resource) else {
            let miss = Miss::unparsable("the list does not say of which version it is", false);
            self.store.behind(resource, &miss);
            return miss;
        };
        let mut failures = 0;
        loop {
            let (miss, wanted) = match self.open(resource, version, &from).await {
                Ok(lines) => match self.read(resource, lines, &mut from).await {
                    End::Again => {
                        failures = 0;
                        continue;
                    }
                    End::Anew(miss) => {
                        self.store.behind(resource, &miss);
                        return miss;
                    }
                    End::Short(miss) if failures < 2 => {
                        failures += 1;
                        tokio::time::sleep(self.pace.rest(&miss, failures, None)).await;
                        continue;
                    }
                    End::Short(miss) | End::Failed(miss) => (miss, None),
                },
                Err(failed) => failed,
            };
            self.store.behind(resource, &miss);
            failures += 1;
            if miss.status == Some(410) || is_refused(&miss) || failures > LONG_OUTAGE {
                return miss;
            }
            tokio::time::sleep(self.pace.rest(&miss, failures, wanted)).await;
        }
    }

    async fn open(
        &self,
        resource: &Resource,
        version: &str,
        from: &str,
    ) -> Result<Lines, (Miss, Option<Duration>)> {
        let root = resource.path(version, self.lister.namespace.as_deref());
        let path = format!(
            "{root}?watch=true&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}",
            escaped(from),
            jittered(self.pace.watch * 2).as_secs().max(1)
        );
        let accept = if resource.form == Form::Metadata { METADATA_EVENTS } else { JSON };
        self.lister.api.open(&path, accept).await.map(Lines::new)
    }

    /// Reads an open watch to its end.
    async fn read(&self, resource: &'static Resource, mut lines: Lines, from: &mut String) -> End {
        let (opened, quiet) = (Instant::now(), self.quiet(resource));
        let mut came = false;
        loop {
            let settling = self.store.is_behind(resource);
            let left = self.pace.settle.saturating_sub(opened.elapsed());
            if settling && left.is_zero() {
                self.store.live(resource);
                continue;
            }
            let patience = if settling { left.min(quiet) } else { quiet };
            let miss = match lines.next(patience, |bytes| self.lister.api.count(bytes)).await {
                Ok(line) => match self.take(resource, &line, from) {
                    Ok(()) => {
                        came = true;
                        continue;
                    }
                    Err(miss) if miss.status == Some(410) => return End::Anew(miss),
                    Err(miss) => miss,
                },
                Err(NoLine::Quiet) if settling => {
                    self.store.live(resource);
                    continue;
                }
                Err(NoLine::Quiet) => return End::Again,
                Err(NoLine::Ended) => {
                    Miss { may_pass: true, ..Miss::failed("the watch ends as soon as it begins") }
                }
                Err(NoLine::Broken(miss)) => miss,
            };
            return match (opened.elapsed() >= self.pace.settle, came) {
                (true, _) => End::Again,
                (false, true) => End::Short(miss),
                (false, false) => End::Failed(miss),
            };
        }
    }

    /// Takes what a line says.
    fn take(&self, resource: &'static Resource, line: &[u8], from: &mut String) -> Result<(), Miss> {
        let version = match said(line) {
            Said::Present(head, json) => {
                self.store.put(resource, &head, json);
                head.resource_version
            }
            Said::Gone(head) => {
                self.store.delete(resource, &head);
                head.resource_version
            }
            Said::UpTo(version) => {
                self.store.live(resource);
                version
            }
            Said::Failed(miss) => return Err(miss),
        };
        if !version.is_empty() {
            *from = version;
        }
        Ok(())
    }

    /// How long nothing may come. Leases are renewed all the time, and old ones would make nodes look dead.
    fn quiet(&self, resource: &Resource) -> Duration {
        let leases = resource.kind == "Lease" && self.store.count(resource) > 0;
        if leases { self.pace.quiet_lease } else { self.pace.quiet }
    }
}

/// What was not listed in time for the first answer.
pub fn not_yet() -> Miss {
    Miss { why: Why::TimedOut, ..Miss::failed("not yet listed") }
}
