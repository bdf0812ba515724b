//! One list, page by page, into a sink.
//!
//! **Which version of the data is read.** Lists are asked for without a `resourceVersion` and with `limit`: the newest
//! state. Servers since 1.31 answer that from their watch cache, after making sure that it is fresh, and since 1.34
//! the later pages too, so that etcd is spared; older ones read etcd page by page, which is bounded work. What is *not*
//! used is `resourceVersion=0` ("whatever the cache holds"): older servers then ignore the limit and send all pods at
//! once, and one that lost its etcd would show an old world as healthy. Only when a list fails on the server's side is the
//! cache asked, once, and what it says counts as seen but the kind stays a gap.
//!
//! The lists of a run are of slightly different moments. An object that is named by another and is not yet or no longer in
//! its own list is the price; signals have to live with that in captures too.

use crate::api::{Api, Ask, JSON, METADATA};
use crate::discover::Groups;
use crate::miss::Miss;
use crate::page::Page;
use crate::progress::Progress;
use crate::resource::{Form, Resource};
use crate::sink::Sink;
use bytes::Bytes;
use http::StatusCode;
use kubecause_model::Why;
use std::sync::Arc;
use std::time::Duration;

/// The one kind that API servers do not keep in their watch cache.
const UNCACHED: &str = "Event";
/// The longest time for an answer from the cache.
const CACHED_WITHIN: Duration = Duration::from_secs(10);

/// What lists share.
pub struct Lister {
    /// The API server.
    pub api: Arc<Api>,
    /// Where pages go.
    pub sink: Arc<dyn Sink>,
    /// What the server serves, read when a list is not found.
    pub groups: Groups,
    /// Only this namespace.
    pub namespace: Option<String>,
    /// How many objects a page holds at most.
    pub page: u32,
    /// How far it is.
    pub progress: Arc<Progress>,
}

impl Lister {
    /// Lists one kind into the sink and tells it the end. The result says whether the kind was fully seen, and in which
    /// version the server serves it.
    pub async fn list(&self, resource: &'static Resource) -> Result<String, Miss> {
        let result = self.in_some_version(resource).await;
        match &result {
            Ok(_) => self.sink.end(resource, Ok(())),
            Err(miss) => self.sink.end(resource, Err(miss)),
        }
        result
    }

    /// In the preferred version, or, where that is not served, in the one that is.
    async fn in_some_version(&self, resource: &'static Resource) -> Result<String, Miss> {
        let preferred = resource.versions.first().copied().unwrap_or("v1");
        let first = if self.api.is_stalled() {
            Err(Miss {
                may_pass: true,
                ..Miss::out_of_time("the newest state cannot be had: the first list got no answer")
            })
        } else {
            self.whole(resource, preferred).await.map(|()| preferred.to_owned())
        };
        match first {
            Err(miss) if miss.status == Some(404) => match self.groups.version(&self.api, resource).await {
                Ok(Some(version)) if version != preferred => {
                    self.whole(resource, &version).await.map(|()| version)
                }
                Ok(_) => Err(Miss::absent(format!("the server does not serve {}", resource.name()))),
                Err(_) => Err(miss),
            },
            Err(miss) if is_the_servers(&miss) && resource.kind != UNCACHED => {
                // The words of the first failure are the ones that count.
                let cached = self.pages(resource, preferred, true).await.is_ok();
                let how =
                    if cached { "; what is shown is from the server's cache and may be old" } else { "" };
                Err(Miss { says: format!("{}{how}", miss.says), ..miss })
            }
            other => other,
        }
    }

    /// All pages. A token that the server forgot on the way (410) starts the list anew, once.
    async fn whole(&self, resource: &'static Resource, version: &str) -> Result<(), Miss> {
        match self.pages(resource, version, false).await {
            Err(miss) if miss.status == Some(StatusCode::GONE.as_u16()) => {
                self.sink.restart(resource);
                self.pages(resource, version, false).await
            }
            other => other,
        }
    }

    /// The pages in their order. The next one is fetched while the last is read.
    async fn pages(&self, resource: &'static Resource, version: &str, cached: bool) -> Result<(), Miss> {
        let mut reading: Option<tokio::task::JoinHandle<()>> = None;
        let mut token = None;
        let result = loop {
            let fetched = self.fetch(resource, version, token.as_deref(), cached).await;
            if let Some(task) = reading.take() {
                let _ = task.await;
            }
            let (body, next) = match fetched {
                Ok(fetched) => fetched,
                Err(miss) => break Err(miss),
            };
            let sink = Arc::clone(&self.sink);
            reading = Some(tokio::task::spawn_blocking(move || {
                if let Ok(page) = Page::parse(&body) {
                    sink.page(resource, &page);
                }
            }));
            match next {
                Some(next) => token = Some(next),
                None => break Ok(()),
            }
        };
        if let Some(task) = reading
            && task.await.is_err()
        {
            return Err(Miss::failed("a page could not be read"));
        }
        result
    }

    /// One page that is whole, and the token of the next. A page that breaks off is asked for again.
    async fn fetch(
        &self,
        resource: &Resource,
        version: &str,
        token: Option<&str>,
        cached: bool,
    ) -> Result<(Bytes, Option<String>), Miss> {
        let root = resource.path(version, self.namespace.as_deref());
        let limit = resource.page.min(self.page);
        let how = if cached { "&resourceVersion=0" } else { "" };
        let next = token.map(|t| format!("&continue={}", escaped(t))).unwrap_or_default();
        let path = format!("{root}?limit={limit}{how}{next}");
        let accept = if resource.form == Form::Metadata { METADATA } else { JSON };
        let tries = if cached { 1 } else { Ask::new("").tries };
        let within = cached.then_some(CACHED_WITHIN);
        let ask = Ask { accept, tries, within, last_resort: cached, ..Ask::new(path) };
        let mut broken = 0;
        loop {
            let body = self.api.get(&ask).await?.body;
            match envelope(&body, resource) {
                Ok(envelope) => {
                    self.progress.page(resource.plural, envelope.objects, envelope.left);
                    return Ok((body, envelope.next));
                }
                Err(miss) if broken > 0 || miss.why != Why::Truncated => return Err(miss),
                Err(_) => broken += 1,
            }
        }
    }
}

/// What a page says of its list.
#[derive(Debug, PartialEq, Eq)]
struct Envelope {
    /// The token of the next page.
    next: Option<String>,
    objects: usize,
    left: Option<u64>,
}

/// The envelope, where the body is a page of what was asked for.
fn envelope(body: &[u8], resource: &Resource) -> Result<Envelope, Miss> {
    let page = Page::parse(body).map_err(|e| Miss::unparsable(e.says, e.truncated))?;
    if resource.form == Form::Metadata && page.kind != "PartialObjectMetadataList" {
        return Err(Miss::failed("the server cannot list metadata alone; more is not read of this kind"));
    }
    let next = page.next().map(ToOwned::to_owned);
    Ok(Envelope { next, objects: page.items.len(), left: page.remaining() })
}

/// Whether the server itself failed, and not the way to it nor the rights.
fn is_the_servers(miss: &Miss) -> bool {
    miss.status.is_some_and(|s| s >= 500) || miss.why == Why::TimedOut && miss.may_pass
}

/// A text as a value of a query.
pub fn escaped(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
    text.bytes().map(|b| if plain(b) { (b as char).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::RESOURCES;

    #[test]
    fn secrets_are_read_only_as_metadata() {
        let secret = RESOURCES.iter().find(|r| r.kind == "Secret").expect("it is listed");
        assert_eq!(secret.form, Form::Metadata);
        let whole = br#"{"kind":"SecretList","metadata":{},"items":[]}"#;
        assert!(envelope(whole, secret).is_err_and(|m| m.why == Why::Failed));
        let lean = br#"{"kind":"PartialObjectMetadataList","metadata":{},"items":[]}"#;
        assert_eq!(envelope(lean, secret), Ok(Envelope { next: None, objects: 0, left: None }));
    }

    #[test]
    fn tokens_are_escaped() {
        assert_eq!(escaped("a+b/c=="), "a%2Bb%2Fc%3D%3D");
    }
}
