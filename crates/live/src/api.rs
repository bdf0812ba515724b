//! One GET at a time: bounded in time and size, tried again where that helps and is no burden, never a write.
//!
//! An API server in trouble must not get a storm on top: at most [`PARALLEL`] requests are under way, each is tried at
//! most [`TRIES`] times with growing pauses of random length, `Retry-After` is kept, and after [`BRAKE`] failures in a
//! row nothing is tried again at all, and nothing is waited for longer than [`SHORT`].

use crate::miss::Miss;
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use jiff::Timestamp;
use kube::client::Body;
use std::hash::{BuildHasher, RandomState};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Requests that are under way at once.
const PARALLEL: usize = 6;
/// How often one request is sent at most.
const TRIES: u32 = 4;
/// After so many failures in a row nothing is tried again.
const BRAKE: u32 = 6;
/// What an answer may take after that.
const SHORT: Duration = Duration::from_secs(2);
/// The first pause before another try; it doubles.
const PAUSE: Duration = Duration::from_millis(250);
/// The longest pause before another try.
const PAUSE_MAX: Duration = Duration::from_secs(8);

/// JSON of whole objects.
pub const JSON: &str = "application/json";
/// JSON of metadata alone; a server that cannot do it answers 406.
pub const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
/// JSON of the metadata of single objects, as a watch sends them.
pub const METADATA_EVENTS: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
/// Anything: logs and plain texts.
pub const TEXT: &str = "*/*";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Path and query.
    pub path: String,
    /// The form of the answer.
    pub accept: &'static str,
    /// The longest body that is read.
    pub max_bytes: usize,
    /// Whether more than that is cut, and not an error.
    pub cut: bool,
    /// How often it is sent at most.
    pub tries: u32,
    /// The longest time for one try, where it is shorter than that of all requests.
    pub within: Option<Duration>,
    /// Asked for because the server is in trouble: it gets its full time, and an answer does not end the trouble.
    pub last_resort: bool,
    /// Only the last bytes, where the server can serve a range.
    pub last_bytes: Option<usize>,
}

impl Ask {
    /// A GET of that path.
    pub fn new(path: impl Into<String>) -> Self {
        let (max_bytes, tries) = (256 << 20, TRIES);
        let (cut, within, last_resort, last_bytes) = (false, None, false, None);
        Self { path: path.into(), accept: JSON, max_bytes, cut, tries, within, last_resort, last_bytes }
    }

    /// A GET of a text: once, and what is too long is cut.
    pub fn text(path: impl Into<String>, max_bytes: usize, within: Duration) -> Self {
        let within = Some(within);
        Self { accept: TEXT, max_bytes, cut: true, tries: 1, within, ..Self::new(path) }
    }
}

/// What came back, whatever its status.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub body: Bytes,
    /// Its type, such as `text/html`.
    pub content_type: String,
    /// Whether the body was cut at the asked length.
    pub was_cut: bool,
    retry_after: Option<Duration>,
}

/// The API server, within a budget.
pub struct Api {
    client: kube::Client,
    request_timeout: Duration,
    started: Instant,
    budget: Duration,
    slots: Semaphore,
    failures: AtomicU32,
    stalled: AtomicBool,
    bytes: AtomicU64,
    requests: AtomicU64,
    jitter: RandomState,
    /// The newest time that the server said in a `Date` header, and when it said it.
    date: Mutex<Option<(Timestamp, Instant)>>,
}

impl Api {
    /// The API server that the client talks to. The budget begins now.
    pub fn new(client: kube::Client, request_timeout: Duration, budget: Duration) -> Self {
        Self {
            client,
            request_timeout,
            started: Instant::now(),
            budget,
            slots: Semaphore::new(PARALLEL),
            failures: AtomicU32::new(0),
            stalled: AtomicBool::new(false),
            bytes: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            jitter: RandomState::new(),
            date: Mutex::new(None),
        }
    }

    /// What is left of the budget.
    pub fn left(&self) -> Duration {
        self.budget.saturating_sub(self.started.elapsed())
    }

    /// How long it has been at work.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Requests sent and bytes read so far.
    pub fn cost(&self) -> (u64, u64) {
        (self.requests.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }

    /// The newest time that the server said: its clock, not ours, stamped what it serves.
    pub fn date(&self) -> Option<Timestamp> {
        self.said().map(|(date, _)| date)
    }

    /// The newest time that the server said, and how long ago that was.
    pub fn said(&self) -> Option<(Timestamp, Duration)> {
        self.date.lock().ok().and_then(|d| *d).map(|(date, at)| (date, at.elapsed()))
    }

    /// The same server with a budget of its own, that begins now.
    pub fn renewed(&self, budget: Duration) -> Self {
        let known = self.date.lock().ok().and_then(|d| *d);
        Self { date: Mutex::new(known), ..Self::new(self.client.clone(), self.request_timeout, budget) }
    }

    /// Asks, and tries again where that may help.
    ///
    /// # Errors
    /// Where no answer came, or none but a refusal, an error or half of one.
    pub async fn get(&self, ask: &Ask) -> Result<Answer, Miss> {
        let answer = self.answer(ask).await?;
        if answer.status.is_success() { Ok(answer) } else { Err(Miss::refused(answer.status, &answer.body)) }
    }

    /// Asks, and tries again where that may help. Any status is an answer.
    ///
    /// # Errors
    /// Where no whole answer came.
    pub async fn answer(&self, ask: &Ask) -> Result<Answer, Miss> {
        let mut tried = 0;
        loop {
            let result = self.once(ask).await;
            tried += 1;
            let (again, wanted) = match &result {
                Ok(answer) => (is_passing(answer.status), answer.retry_after),
                Err(miss) => (miss.may_pass, None),
            };
            if !again {
                if !ask.last_resort {
                    self.failures.store(0, Ordering::Relaxed);
                }
                return result;
            }
            // Who says when to come again is not in trouble.
            if wanted.is_none() {
                self.failures.fetch_add(1, Ordering::Relaxed);
            }
            let pause = wanted.unwrap_or_else(|| self.pause(tried));
            if tried >= ask.tries || self.is_in_trouble() || pause >= self.left() {
                return result.map_err(|miss| miss.after(tried));
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Whether so much failed that the server should be left in peace.
    fn is_in_trouble(&self) -> bool {
        self.failures.load(Ordering::Relaxed) >= BRAKE
    }

    /// Whether the first question after the newest state got no answer.
    pub fn is_stalled(&self) -> bool {
        self.stalled.load(Ordering::Relaxed)
    }

    /// Says that the first question after the newest state got no answer.
    pub fn stalled(&self) {
        self.stalled.store(true, Ordering::Relaxed);
    }

    async fn once(&self, ask: &Ask) -> Result<Answer, Miss> {
        let spent = || Miss::out_of_time(format!("the budget of {} s was spent", self.budget.as_secs()));
        let Ok(Ok(_slot)) = timeout(self.left(), self.slots.acquire()).await else { return Err(spent()) };
        let hurried = self.is_in_trouble() && !ask.last_resort;
        let longest = if hurried { SHORT.min(self.request_timeout) } else { self.request_timeout };
        let own = ask.within.unwrap_or(longest).min(longest);
        let left = self.left();
        if left.is_zero() {
            return Err(spent());
        }
        match timeout(own.min(left), self.exchange(ask)).await {
            Ok(result) => result,
            Err(_) if left < own => Err(spent()),
            Err(_) => {
                let says = format!("no answer within {:.0} s", own.as_secs_f64());
                Err(Miss { may_pass: ask.within.is_none(), ..Miss::out_of_time(says) })
            }
        }
    }

    /// Opens an answer that does not end: its lines come when something happens. It holds no slot while it is open.
    ///
    /// # Errors
    /// Where the server does not grant it; with how long it wants to be left in peace, if it says so.
    pub async fn open(&self, path: &str, accept: &'static str) -> Result<Body, (Miss, Option<Duration>)> {
        let passing = |miss: Miss| (miss, None);
        let Ok(_slot) = self.slots.acquire().await else { return Err(passing(Miss::failed("closed"))) };
        let ask = Ask { accept, ..Ask::new(path) };
        let sent = timeout(self.request_timeout, self.send(&ask)).await;
        let result = match sent {
            Err(_) => {
                let says = format!("no answer within {:.0} s", self.request_timeout.as_secs_f64());
                Err(passing(Miss { may_pass: true, ..Miss::out_of_time(says) }))
            }
            Ok(Err(miss)) => Err(passing(miss)),
            Ok(Ok(response)) => {
                let (parts, body) = response.into_parts();
                let retry_after = retry_after(&parts.headers);
                if parts.status.is_success() {
                    Ok(body)
                } else {
                    let ask = Ask { max_bytes: 64 << 10, cut: true, ..ask };
                    let words = timeout(self.request_timeout, self.read(body, &ask)).await;
                    let words = words.ok().and_then(Result::ok).map(|(b, _)| b).unwrap_or_default();
                    Err((Miss::refused(parts.status, &words), retry_after))
                }
            }
        };
        match &result {
            Ok(_) => self.failures.store(0, Ordering::Relaxed),
            Err((miss, None)) if miss.status.is_none_or(|s| s >= 500) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => {}
        }
        result
    }

    /// A number of bytes was read of an answer that does not end.
    pub fn count(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    async fn send(&self, ask: &Ask) -> Result<http::Response<Body>, Miss> {
        let mut request =
            Request::builder().method(Method::GET).uri(&ask.path).header(header::ACCEPT, ask.accept);
        if let Some(last) = ask.last_bytes {
            request = request.header(header::RANGE, format!("bytes=-{last}"));
        }
        let request = request.body(Body::empty()).map_err(|e| Miss::failed(e.to_string()))?;
        self.requests.fetch_add(1, Ordering::Relaxed);
        let response = self.client.send(request).await.map_err(|e| Miss::of_client(&e))?;
        self.saw(&said(response.headers(), header::DATE));
        Ok(response)
    }

    async fn exchange(&self, ask: &Ask) -> Result<Answer, Miss> {
        let (parts, body) = self.send(ask).await?.into_parts();
        let retry_after = retry_after(&parts.headers);
        let (body, was_cut) = self.read(body, ask).await?;
        let content_type = said(&parts.headers, header::CONTENT_TYPE);
        Ok(Answer { status: parts.status, body, content_type, was_cut, retry_after })
    }

    async fn read(&self, body: Body, ask: &Ask) -> Result<(Bytes, bool), Miss> {
        let mut body = Limited::new(body, ask.max_bytes);
        let mut read = Vec::new();
        while let Some(frame) = body.frame().await {
            let data = match frame {
                Ok(frame) => frame.into_data().unwrap_or_default(),
                Err(e) if e.is::<http_body_util::LengthLimitError>() && ask.cut => {
                    return Ok((read.into(), true));
                }
                Err(e) if e.is::<http_body_util::LengthLimitError>() => {
                    return Err(Miss::too_large(format!(
                        "the answer is longer than {} bytes",
                        ask.max_bytes
                    )));
                }
                Err(e) => return Err(Miss::cut(&*e)),
            };
            self.bytes.fetch_add(data.len() as u64, Ordering::Relaxed);
            read.extend_from_slice(&data);
        }
        Ok((read.into(), false))
    }

    /// Remembers what the server's clock says.
    fn saw(&self, date: &str) {
        let Some(at) = parse_date(date) else { return };
        if let Ok(mut known) = self.date.lock() {
            *known = match *known {
                Some((newest, since)) if newest >= at => Some((newest, since)),
                _ => Some((at, Instant::now())),
            };
        }
    }

    /// Between half and all of a pause that doubles.
    fn pause(&self, tried: u32) -> Duration {
        let full = PAUSE.saturating_mul(1 << tried.min(6)).min(PAUSE_MAX);
        let random = self.jitter.hash_one(self.started.elapsed().as_nanos()) % 1000;
        full.mul_f64(0.5 + random as f64 / 2000.0)
    }
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("budget", &self.budget).finish_non_exhaustive()
    }
}

/// What a header says; empty where it is not there.
fn said(headers: &HeaderMap, name: HeaderName) -> String {
    headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned()
}

/// How long the server wants to be left in peace.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    said(headers, header::RETRY_AFTER).parse().ok().map(Duration::from_secs)
}

/// Whether an answer of that status may be another one a moment later.
fn is_passing(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS
        || status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
}

/// A date as HTTP writes it: `Sun, 22 Nov 2026 17:48:05 GMT`.
fn parse_date(date: &str) -> Option<Timestamp> {
    let civil = jiff::civil::DateTime::strptime("%a, %d %b %Y %H:%M:%S GMT", date).ok()?;
    civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|z| z.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_http_are_read() {
        let at = parse_date("Sun, 22 Nov 2026 17:48:05 GMT").map(|t| t.to_string());
        assert_eq!(at.as_deref(), Some("2026-11-22T17:48:05Z"));
        assert_eq!(parse_date("tomorrow"), None);
    }

    #[test]
    fn what_may_pass() {
        for (status, passes) in
            [(429, true), (500, true), (503, true), (501, false), (403, false), (404, false)]
        {
            assert_eq!(is_passing(StatusCode::from_u16(status).expect("a status")), passes, "{status}");
        }
    }
}
