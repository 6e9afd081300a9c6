//! One call to a vendor, and what it tells about where the message is.

use std::time::Duration;

use bytes::BytesMut;
use domain::message::Message;
use http::StatusCode;
use reqwest::{Client, Response};
use runtime::targets::Targets;
use tokio::time::Instant;
use vendors::alaris::{Answer, Link, Submission, answer, request};

use crate::{App, VENDOR_NOT_CALLED};

/// Vendors answer within a second; one that does not in this time is left in doubt.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(6);
/// A vendor out of reach is told early, and surely, from one that is slow.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(2);
/// Vendors close idle connections after some seconds. To write into one that is being closed leaves the
/// message in doubt, above all after a function has slept, so none is kept for long.
const IDLE_TIME_MAX: Duration = Duration::from_secs(2);
/// An answer is an id for each part; what is longer is an error page.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What became of a submit.
#[derive(Debug)]
pub(crate) enum Outcome {
    Submitted {
        references: Vec<String>,
    },
    Refused {
        reason: String,
    },
    /// It may have reached the vendor.
    InDoubt {
        reason: String,
    },
    /// It surely did not, or was sent back as one too many.
    NotSent {
        reason: String,
    },
}

/// A client that follows no redirects: whoever answers with one has not taken the message, and a login
/// does not go to another host. It uses no proxy, which would look up names by itself.
pub(crate) fn client(targets: Targets) -> reqwest::Result<Client> {
    Client::builder()
        .connect_timeout(CONNECT_TIME_MAX)
        .pool_idle_timeout(IDLE_TIME_MAX)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .dns_resolver(targets)
        .build()
}

/// Submits a message once, with an answer before `until`.
pub(crate) async fn submit(app: &App, message: &Message, link: &Link, until: Instant) -> Outcome {
    let submission = Submission {
        sender: message.sender.as_str(),
        recipient: message.recipient.as_str(),
        text: &message.text,
    };
    let request = match request(&submission, link) {
        Ok(request) => request,
        Err(error) => return Outcome::Refused { reason: error.to_string() },
    };
    let (parts, body) = request.into_parts();
    let url = match app.targets.url(&parts.uri.to_string()) {
        Ok(url) => url,
        Err(error) => {
            tracing::warn!(message_id = %message.id, connection = %message.connection, %error, "not called");
            return Outcome::Refused { reason: VENDOR_NOT_CALLED.to_owned() };
        }
    };
    let time = ANSWER_TIME_MAX.min(until.saturating_duration_since(Instant::now()));
    let call = app.vendors.request(parts.method, url).headers(parts.headers);
    match call.body(body).timeout(time).send().await {
        Ok(response) => read(response).await,
        Err(error) if error.is_connect() => Outcome::NotSent { reason: told(error) },
        // Without a URL that can be called there is nobody who could have taken it.
        Err(error) if error.is_builder() => Outcome::Refused { reason: told(error) },
        Err(error) => Outcome::InDoubt { reason: told(error) },
    }
}

async fn read(response: Response) -> Outcome {
    let status = response.status();
    match body(response).await {
        Ok(body) => outcome(status, &body),
        Err(error) => Outcome::InDoubt { reason: told(error) },
    }
}

async fn body(mut response: Response) -> reqwest::Result<BytesMut> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        let room = ANSWER_BYTES_MAX - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == ANSWER_BYTES_MAX {
            break;
        }
    }
    Ok(body)
}

fn outcome(status: StatusCode, body: &[u8]) -> Outcome {
    match answer(status, body) {
        Answer::Submitted { vendor_refs } => Outcome::Submitted { references: vendor_refs },
        Answer::Rejected { reason } => Outcome::Refused { reason },
        Answer::Retry { reason } => Outcome::NotSent { reason },
        Answer::InDoubt { reason } => Outcome::InDoubt { reason },
    }
}

/// The error with its causes and without the URL, in which operators put logins.
fn told(error: reqwest::Error) -> String {
    format!("{:#}", anyhow::Error::new(error.without_url()))
}
