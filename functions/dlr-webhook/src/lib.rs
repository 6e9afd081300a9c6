//! dlr-webhook: what HTTP vendors report about messages goes to the progress queue, and only then is the
//! vendor told that it arrived. Which message a report is about is the progress-applier's question.
//!
//! Who may report: these calls carry no signature. What makes one ours is the address, which holds 128
//! random bits that were given to this connection's vendor, for all accounts that messages leave under there:
//! the connection's and those of sender IDs. Who holds one of them and knows the address can report on the messages
//! of the others. A login in the query, which some vendors send as well, is not compared.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::routing::get;
use domain::connection::{Connection, Link};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use queue::{Progress, Sender};
use runtime::http::{Problem, unavailable};
use store::Store;
use vendors::alaris::{ReceiptParameters, receipt};
use vendors::callback::Callback;

/// What vendors look for in the answer is its status; the text is for people.
const TAKEN: &str = "OK";
/// Longer ones are not ours, and need not be looked up.
const GUID_LENGTH_MAX: usize = 64;

/// What the function works with, made once a process.
#[derive(Clone)]
pub struct App {
    store: Store,
    progress: Sender,
}

impl App {
    pub fn new(store: Store, progress: Sender) -> Self {
        Self { store, progress }
    }
}

/// `GET` and `POST /webhooks/{vendor}/{guid}`: each operator chooses its method.
pub fn router(app: App) -> Router {
    Router::new().route("/webhooks/{vendor}/{guid}", get(take).post(take)).with_state(app)
}

async fn take(
    State(app): State<App>,
    Path((vendor, guid)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<&'static str, Problem> {
    let connection = app.connection(&vendor, &guid).await?;
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let call = Callback { query: query.as_deref().unwrap_or_default(), content_type, body: &body };
    let progress = read(&connection, call)?;
    app.progress.send(&progress).await.map_err(unavailable)?;
    Ok(TAKEN)
}

impl App {
    /// The connection with this address. Whatever is wrong with the address, the answer is the same.
    async fn connection(&self, vendor: &str, guid: &str) -> Result<Connection, Problem> {
        let known =
            if GUID_LENGTH_MAX < guid.len() { None } else { self.store.connection_of_webhook(guid).await? };
        known
            .filter(|connection| vendor_name(&connection.link) == Some(vendor))
            .ok_or_else(|| Problem::not_found("webhook"))
    }
}

/// The vendor's name in addresses, if vendors of this kind call us.
fn vendor_name(link: &Link) -> Option<&'static str> {
    match link {
        Link::Http(link) => link.webhook_guid.as_ref().map(|_| "alaris"),
        Link::Smpp(_) | Link::Lookup(_) | Link::Client(_) => None,
    }
}

/// A disabled connection's reports count as well: they are about messages that went out before.
fn read(connection: &Connection, call: Callback) -> Result<Progress, Problem> {
    let receipt = receipt(call, &ReceiptParameters::default()).map_err(|error| {
        tracing::warn!(connection = %connection.id, %error, "not a receipt");
        Problem::new(400, "unreadable_receipt", format!("This is no delivery report: {error}."))
    })?;
    Ok(Progress::ReceiptV1 {
        connection: connection.id.clone(),
        reference: receipt.vendor_ref,
        state: receipt.state,
        error: receipt.error_code,
        recipient: receipt.recipient,
        at: runtime::now(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::connection::HttpLink;
    use domain::id::{CompanyId, ConnectionId};
    use domain::receipt::ReceiptState;

    fn connection() -> Connection {
        let guid = "5f0c9d5e1a1b4c6d8e7f00112233aabb";
        let link = HttpLink::transit_sms("https://sms.example.com:8002/api", "waybill", guid);
        let (id, company) = (ConnectionId::new(1), CompanyId::new(1));
        Connection::new(id, company, "Operator", Link::Http(link), runtime::now())
    }

    #[track_caller]
    fn check(sample: &str, expected: ReceiptState) {
        let request = lambda_http::request::from_str(sample).unwrap();
        assert_eq!(request.uri().path(), "/webhooks/alaris/5f0c9d5e1a1b4c6d8e7f00112233aabb");
        let call = Callback {
            query: request.uri().query().unwrap_or_default(),
            content_type: request.headers().get(CONTENT_TYPE).map(|value| value.to_str().unwrap()),
            body: request.body().as_ref(),
        };
        let Progress::ReceiptV1 { reference, state, .. } = read(&connection(), call).unwrap() else {
            panic!("a report is a receipt");
        };
        assert_eq!((reference.as_str(), state), ("alss-0a1b2c3d-0e4f5a6b", expected));
    }

    #[test]
    fn the_sample_events_are_reports_by_get_and_by_post() {
        check(include_str!("../../../events/dlr-webhook/receipt_get.json"), ReceiptState::Delivered);
        check(include_str!("../../../events/dlr-webhook/receipt_form_post.json"), ReceiptState::Undelivered);
    }
}
