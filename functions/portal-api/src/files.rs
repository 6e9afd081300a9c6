//! Files that are handed over by a link: they lie in the documents bucket for a while. Over signed addresses, so
//! that the function needs no S3 client.

use std::time::Duration;

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::State;
use axum::response::Response;
use http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};
use jiff::{SignedDuration, Timestamp};
use runtime::http::unavailable;

use crate::App;
use crate::error::ApiError;

/// Lambda answers with 6 MB at most, and counts a quote or the end of a line twice.
const ANSWER_BYTES_MAX: u64 = 4_000_000;
/// Used at once, by this function.
pub const OWN_USE_VALID_FOR: Duration = Duration::from_secs(60);
const DOWNLOAD_VALID_FOR: Duration = Duration::from_secs(15 * 60);

/// Under which name a browser keeps what is answered; only files have one.
#[derive(Debug, Clone)]
pub struct FileName(pub String);

/// A file that is too long for an answer is answered as the address where it is.
pub async fn by_link(State(app): State<App>, mut response: Response) -> Result<Response, ApiError> {
    let Some(FileName(name)) = response.extensions_mut().remove() else { return Ok(response) };
    if response.body().size_hint().upper().is_some_and(|bytes| bytes <= ANSWER_BYTES_MAX) {
        return Ok(response);
    }
    let (mut head, body) = response.into_parts();
    let content = to_bytes(body, usize::MAX).await.map_err(unavailable)?;
    let key = format!("exports/lists/{:032x}.csv", runtime::fresh());
    let (url, _) = publish(&app, &key, &name, content.into()).await?;
    for header in [CONTENT_TYPE, CONTENT_DISPOSITION, CONTENT_LENGTH] {
        head.headers.remove(header);
    }
    head.headers.insert(LOCATION, HeaderValue::from_str(&url).map_err(unavailable)?);
    head.status = StatusCode::SEE_OTHER;
    Ok(Response::from_parts(head, Body::empty()))
}

/// Puts a file where it can be downloaded for a while: where that is, and until when. Under `exports/`
/// `infra/template.yaml` lets the function write, and forgets the files later.
pub async fn publish(
    app: &App,
    key: &str,
    file_name: &str,
    content: Vec<u8>,
) -> Result<(String, Timestamp), ApiError> {
    let now = runtime::now();
    let url = app.documents.address("PUT", key, OWN_USE_VALID_FOR, now).await?;
    let put = app.http.put(url).body(content).send().await;
    put.and_then(reqwest::Response::error_for_status).map_err(unavailable)?;
    let url = app.documents.link(key, file_name, DOWNLOAD_VALID_FOR, now).await?;
    Ok((url, after(now, DOWNLOAD_VALID_FOR)))
}

pub fn after(now: Timestamp, time: Duration) -> Timestamp {
    now.saturating_add(SignedDuration::try_from(time).unwrap_or_default()).unwrap_or(now)
}
