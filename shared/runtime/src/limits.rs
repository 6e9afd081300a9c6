//! How many requests an API key may make, and a person in a session: a token bucket for each, in this process.
//! A deployment that runs several processes at a time takes so many requests in each of them: this keeps one
//! caller from filling a process, and is no quota.
//!
//! Every answer to one of them says what is left (`RateLimit`, `RateLimit-Policy` of the IETF's draft "RateLimit
//! header fields for HTTP"); one request too many is 429 with `Retry-After`. Requests without either are not
//! counted here: logins have limits of their own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::auth::session_token;
use crate::http::Problem;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// As good as no limit for whoever sends up to 1,000 messages with a request.
const REQUESTS_DEFAULT: u32 = 6_000;
const SECONDS_DEFAULT: u32 = 60;
/// Keys and sessions that are remembered; beyond, those who have been quiet are forgotten, which gives them
/// nothing.
const KEYS_MAX: usize = 10_000;

/// So many requests in so many seconds; as many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    pub requests: u32,
    pub seconds: u32,
}

#[derive(Debug, thiserror::Error)]
#[error("{name} is `{value}`, and must be a whole number, at least {least}")]
pub struct WrongLimit {
    name: &'static str,
    value: String,
    least: u32,
}

impl Limit {
    /// `RATE_LIMIT_REQUESTS` (0 for no limit) in `RATE_LIMIT_SECONDS`; 6,000 in 60 unless told.
    ///
    /// # Errors
    /// When one of them is no number.
    pub fn from_env() -> Result<Self, WrongLimit> {
        let requests = number("RATE_LIMIT_REQUESTS", REQUESTS_DEFAULT, 0)?;
        let seconds = number("RATE_LIMIT_SECONDS", SECONDS_DEFAULT, 1)?;
        Ok(Self { requests, seconds })
    }

    fn window(self) -> Duration {
        Duration::from_secs(u64::from(self.seconds))
    }

    /// In which one more request comes back.
    fn interval(self) -> Duration {
        self.window() / self.requests.max(1)
    }
}

fn number(name: &'static str, default: u32, least: u32) -> Result<u32, WrongLimit> {
    let Ok(value) = std::env::var(name) else { return Ok(default) };
    match value.parse() {
        Ok(number) if number >= least => Ok(number),
        _ => Err(WrongLimit { name, value, least }),
    }
}

/// The router, with the limit on each key and session. Nothing with a limit of 0 requests.
pub fn limited(router: Router, limit: Limit) -> Router {
    if limit.requests == 0 {
        return router;
    }
    let buckets = Arc::new(Buckets { limit, full_at: Mutex::default() });
    router.layer(axum::middleware::from_fn(move |request: Request, next: Next| {
        let buckets = Arc::clone(&buckets);
        async move { buckets.answer(request, next).await }
    }))
}

/// For each key or session the moment at which its bucket is full again: all that there is to know about a bucket
/// that fills by itself.
struct Buckets {
    limit: Limit,
    full_at: Mutex<HashMap<String, Instant>>,
}

/// What a request meets.
#[derive(Debug, PartialEq, Eq)]
struct Level {
    taken: bool,
    /// Requests that would be taken now.
    left: u128,
    /// Until one more would be.
    next: Duration,
}

impl Buckets {
    async fn answer(&self, request: Request, next: Next) -> Response {
        // Both are counted where both are sent: else another of the one would be as good as no limit on the
        // other.
        let now = Instant::now();
        let levels = callers(request.headers()).map(|(kind, caller)| (kind, self.take(caller, now)));
        let Some((kind, level)) = levels.min_by_key(|(_, level)| (level.taken, level.left)) else {
            return next.run(request).await;
        };
        let mut response = match level.taken {
            true => next.run(request).await,
            false => too_many(kind, level.next),
        };
        let Limit { requests, seconds } = self.limit;
        let wait = seconds_up(level.next);
        set(&mut response, RATE_LIMIT, &format!("\"{kind}\";r={};t={wait}", level.left));
        set(&mut response, RATE_LIMIT_POLICY, &format!("\"{kind}\";q={requests};w={seconds}"));
        response
    }

    fn take(&self, key: String, now: Instant) -> Level {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if full_at.len() >= KEYS_MAX {
            full_at.retain(|_, full_at| *full_at > now);
        }
        let missing =
            full_at.get(&key).map_or(Duration::ZERO, |full_at| full_at.saturating_duration_since(now));
        let interval = self.limit.interval();
        let taken = missing + interval <= self.limit.window();
        let missing = if taken { missing + interval } else { missing };
        if taken {
            full_at.insert(key, now + missing);
        }
        let room = self.limit.window().saturating_sub(missing);
        let left = room.as_nanos() / interval.as_nanos().max(1);
        let next = if left == 0 { interval.saturating_sub(room) } else { Duration::ZERO };
        Level { taken, left, next }
    }
}

/// The key and the session of a request, each by its hash and with what the headers call it.
fn callers(headers: &HeaderMap) -> impl Iterator<Item = (&'static str, String)> {
    let key = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let key = key.map(|key| ("key", crate::auth::hash(key)));
    let session = session_token(headers).map(|token| ("session", token.session().to_string()));
    key.into_iter().chain(session)
}

fn too_many(kind: &str, wait: Duration) -> Response {
    let seconds = seconds_up(wait).max(1);
    let detail = format!("Too many requests with this {kind}. Wait {seconds} seconds, or spread them out.");
    let mut response = Problem::new(429, "too_many_requests", detail).into_response();
    set(&mut response, RETRY_AFTER, &seconds.to_string());
    response
}

fn seconds_up(wait: Duration) -> u128 {
    wait.as_millis().div_ceil(1000)
}

fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(requests: u32, seconds: u32) -> Buckets {
        Buckets { limit: Limit { requests, seconds }, full_at: Mutex::default() }
    }

    fn take(buckets: &Buckets, key: &str, now: Instant) -> (bool, u128) {
        let level = buckets.take(key.to_owned(), now);
        (level.taken, level.left)
    }

    #[test]
    fn a_key_may_make_all_its_requests_at_once_and_then_as_they_come_back() {
        let (buckets, start) = (buckets(3, 30), Instant::now());
        let levels = [0, 0, 0, 0].map(|seconds| take(&buckets, "a", start + Duration::from_secs(seconds)));
        assert_eq!(levels, [(true, 2), (true, 1), (true, 0), (false, 0)]);
        let wait = buckets.take("a".to_owned(), start).next;
        assert_eq!(wait, Duration::from_secs(10));
        assert_eq!(take(&buckets, "a", start + Duration::from_secs(9)), (false, 0));
        assert_eq!(take(&buckets, "a", start + Duration::from_secs(10)), (true, 0));
        assert_eq!(take(&buckets, "a", start + Duration::from_secs(100)), (true, 2));
    }

    #[test]
    fn one_keys_requests_are_not_counted_for_another() {
        let (buckets, now) = (buckets(1, 60), Instant::now());
        assert_eq!(take(&buckets, "a", now), (true, 0));
        assert_eq!(take(&buckets, "b", now), (true, 0));
        assert_eq!(take(&buckets, "a", now), (false, 0));
    }

    #[test]
    fn keys_that_have_been_quiet_are_forgotten_when_there_are_many() {
        let (buckets, now) = (buckets(1, 60), Instant::now());
        for key in 0..KEYS_MAX {
            take(&buckets, &key.to_string(), now);
        }
        take(&buckets, "one more", now + Duration::from_secs(61));
        assert_eq!(buckets.full_at.lock().unwrap().len(), 1);
    }
}
