//! Editing side by side: what can be edited says its revision in an `ETag` (RFC 9110, 8.8.3), and whoever
//! changes it may say in `If-Match` which one was read.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::header::{ETAG, IF_MATCH};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::http::Problem;

/// The revision that a change is meant for; any if the header is not there, or a `*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(Option<u64>);

impl IfMatch {
    /// 412 if the thing has another revision now.
    pub fn check(self, revision: u64) -> Result<(), Problem> {
        match self.0 {
            Some(meant) if meant != revision => {
                let detail = "Somebody has changed this since you read it. Read it again, then change it.";
                Err(Problem::new(412, "precondition_failed", detail).figure("revision", revision))
            }
            _ => Ok(()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(header) = parts.headers.get(IF_MATCH) else { return Ok(Self(None)) };
        let text = header.to_str().map(str::trim).unwrap_or_default();
        if text == "*" {
            return Ok(Self(None));
        }
        let tag = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        match tag.and_then(|tag| tag.parse().ok()) {
            Some(revision) => Ok(Self(Some(revision))),
            None => Err(Problem::new(400, "if_match", "Send as `If-Match` the `ETag` that was answered.")),
        }
    }
}

/// A thing as it is answered, under its revision.
#[derive(Debug)]
pub struct Versioned<T> {
    pub status: StatusCode,
    pub revision: u64,
    pub body: T,
}

impl<T> Versioned<T> {
    pub fn new(revision: u64, body: T) -> Self {
        Self { status: StatusCode::OK, revision, body }
    }

    /// Status 201: it is new.
    pub fn created(revision: u64, body: T) -> Self {
        Self { status: StatusCode::CREATED, revision, body }
    }
}

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", self.revision)) {
            response.headers_mut().insert(ETAG, tag);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    async fn read(value: &str) -> Result<IfMatch, u16> {
        let (mut parts, ()) = Request::builder().header(IF_MATCH, value).body(()).unwrap().into_parts();
        IfMatch::from_request_parts(&mut parts, &()).await.map_err(|problem| problem.status)
    }

    #[tokio::test]
    async fn a_change_is_meant_for_the_revision_that_was_answered() {
        let answered = Versioned::new(7, ()).into_response();
        let tag = answered.headers()[ETAG].to_str().unwrap();
        let meant = read(tag).await.unwrap();
        assert!(meant.check(7).is_ok());
        assert_eq!(meant.check(8).unwrap_err().status, 412);
        assert!(read("*").await.unwrap().check(8).is_ok());
    }

    #[tokio::test]
    async fn what_is_no_tag_of_ours_is_refused() {
        for bad in ["7", "\"x\"", "W/\"7\"", "\"7\", \"8\"", ""] {
            assert_eq!(read(bad).await, Err(400), "{bad:?}");
        }
    }
}
