//! A typed client of both APIs. [`portal`] and [`sending`] are generated from their OpenAPI documents by
//! `UPDATE_EXPECT=1 cargo test -p tests --test whole_api generated_clients`; here is what they stand on.
//!
//! ```no_run
//! # async fn example() -> Result<(), waybill_client::Error> {
//! let client = waybill_client::Client::new("https://waybill.example", "waybill_…");
//! for company in client.get_companies(&Default::default()).await?.items {
//!     println!("{}", company.name);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Amounts, times and dates are texts, as in the documents. A field that is `None` is not sent, so null, which
//! empties a field in a PATCH, cannot be sent. Not here: repeats after 429 and 503, see [`Error::retry_after`].

#[rustfmt::skip]
pub mod portal;
#[rustfmt::skip]
pub mod sending;

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Whoever has the key, at one address.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base_url: String,
    key: String,
}

/// What the API says is wrong (RFC 9457).
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Problem {
    pub status: u16,
    /// Which rule was broken; programs decide by it.
    pub code: String,
    pub detail: String,
    pub field: Option<String>,
    /// Figures that belong to the code, and what the fields above say once more.
    #[serde(flatten)]
    pub figures: Map<String, Value>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{}: {}", .problem.code, .problem.detail)]
    Refused {
        problem: Problem,
        /// Seconds to wait before the same request may be sent again.
        retry_after: Option<u64>,
    },
    #[error("the answer has status {status} and is no problem details")]
    Strange { status: StatusCode, text: String },
    #[error("no answer")]
    NoAnswer(#[from] reqwest::Error),
}

impl Error {
    /// The code of a refusal.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { problem, .. } => Some(&problem.code),
            Self::Strange { .. } | Self::NoAnswer(_) => None,
        }
    }

    /// Seconds to wait before the same request may be sent again, if the API said so.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            Self::Strange { .. } | Self::NoAnswer(_) => None,
        }
    }
}

impl Client {
    /// `base_url` without a slash at its end.
    pub fn new(base_url: &str, key: &str) -> Self {
        Self { http: reqwest::Client::new(), base_url: base_url.to_owned(), key: key.to_owned() }
    }

    /// The same with an HTTP client that has settings of its own, such as time limits.
    pub fn with_http(http: reqwest::Client, base_url: &str, key: &str) -> Self {
        Self { http, base_url: base_url.to_owned(), key: key.to_owned() }
    }

    fn request(&self, method: Method, segments: &[&str]) -> RequestBuilder {
        let path: String = segments.iter().map(|segment| format!("/{}", encoded(segment))).collect();
        self.http.request(method, format!("{}{path}", self.base_url)).bearer_auth(&self.key)
    }
}

/// A part of a path: RFC 3986 leaves these unreserved.
fn encoded(segment: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    segment.bytes().map(byte).collect()
}

async fn sent(request: RequestBuilder) -> Result<Response, Error> {
    let response = request.send().await?;
    if response.status().is_success() {
        return Ok(response);
    }
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let (status, text) = (response.status(), response.text().await?);
    match serde_json::from_str(&text) {
        Ok(problem) => Err(Error::Refused { problem, retry_after }),
        Err(_) => Err(Error::Strange { status, text }),
    }
}

async fn json<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Error> {
    Ok(sent(request).await?.json().await?)
}

async fn text(request: RequestBuilder) -> Result<String, Error> {
    Ok(sent(request).await?.text().await?)
}

async fn nothing(request: RequestBuilder) -> Result<(), Error> {
    sent(request).await.map(drop)
}

fn with_text(request: RequestBuilder, media_type: &str, body: &str) -> RequestBuilder {
    request.header(CONTENT_TYPE, media_type).body(body.to_owned())
}

fn with_query<Q: Serialize + ?Sized>(request: RequestBuilder, query: &Q) -> RequestBuilder {
    request.query(query)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_segment_of_a_path_stays_one() {
        assert_eq!(super::encoded("DE Vodafone/1"), "DE%20Vodafone%2F1");
    }
}
