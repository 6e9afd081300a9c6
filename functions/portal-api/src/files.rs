//! Files that are handed over by a link: they lie in the documents bucket for a while. Over signed addresses, so
//! that the function needs no S3 client.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::response::Response;
use http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};
use jiff::{SignedDuration, Timestamp};
use runtime::http::unavailable;

use crate::App;
use crate::error::ApiError;

/// What Lambda answers with is at most 6 MB of JSON; this leaves room for the rest of it.
const ANSWER_BYTES_MAX: usize = 5_500_000;
/// A file with a head (RFC 4180).
pub const CSV: &str = "text/csv; charset=utf-8; header=present";
/// Used at once, by this function.
pub const OWN_USE_VALID_FOR: Duration = Duration::from_secs(60);
const DOWNLOAD_VALID_FOR: Duration = Duration::from_secs(15 * 60);

/// Under which name a browser keeps what is answered; only files have one.
#[derive(Debug, Clone)]
pub struct FileName(pub String);

/// Whether an answer has room for this text as JSON, in which a quote or the end of a line counts twice.
pub fn fits(text: &str) -> bool {
    text.len() <= ANSWER_BYTES_MAX
        && serde_json::to_string(text).is_ok_and(|answered| answered.len() <= ANSWER_BYTES_MAX)
}

/// A CSV file that is too long for an answer is answered as the address where it is.
pub async fn by_link(State(app): State<App>, mut response: Response) -> Result<Response, ApiError> {
    let Some(FileName(name)) = response.extensions_mut().remove() else { return Ok(response) };
    let (mut head, body) = response.into_parts();
    let content = to_bytes(body, usize::MAX).await.map_err(unavailable)?;
    if std::str::from_utf8(&content).is_ok_and(fits) {
        return Ok(Response::from_parts(head, Body::from(content)));
    }
    let key = format!("exports/lists/{:032x}.csv", runtime::fresh());
    let (url, _) = publish(&app, &key, &name, CSV, content.into()).await?;
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
    media_type: &str,
    content: Vec<u8>,
) -> Result<(String, Timestamp), ApiError> {
    let now = runtime::now();
    let url = app.documents.address("PUT", key, OWN_USE_VALID_FOR, now).await?;
    let put = app.http.put(url).header(CONTENT_TYPE, media_type);
    let put = put.header(CONTENT_DISPOSITION, format!("attachment; filename=\"{file_name}\""));
    let put = put.body(content).send().await;
    put.and_then(reqwest::Response::error_for_status).map_err(unavailable)?;
    let url = app.documents.address("GET", key, DOWNLOAD_VALID_FOR, now).await?;
    Ok((url, after(now, DOWNLOAD_VALID_FOR)))
}

pub fn after(now: Timestamp, time: Duration) -> Timestamp {
    now.saturating_add(SignedDuration::try_from(time).unwrap_or_default()).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_room_for_what_a_text_is_in_it() {
        assert!(fits(&"x".repeat(ANSWER_BYTES_MAX - 2)) && !fits(&"x".repeat(ANSWER_BYTES_MAX)));
        for (text, answered_bytes) in [("\"", 2), ("\n", 2), ("\u{1}", 6)] {
            let room = ANSWER_BYTES_MAX / answered_bytes;
            assert!(fits(&text.repeat(room - 1)) && !fits(&text.repeat(room + 1)), "{text:?}");
        }
    }
}
