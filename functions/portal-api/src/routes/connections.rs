//! Links to vendors. A password goes to the secret store and is never answered.

mod client;
mod lookup;

use std::num::NonZeroU32;

use axum::Json;
use axum::extract::{Path, State};
use domain::connection::{AlarisLink, Connection, Link, OnUnknownOutcome, SmppLink};
use domain::id::ConnectionId;
use jiff::Timestamp;
use queue::connection_queue;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use serde::{Deserialize, Serialize};
use store::Secrets;
use utoipa::{IntoParams, ToSchema};

use self::client::ClientView;
use self::lookup::{LookupRequest, LookupView};
use super::{Created, Reply, created};
use crate::App;
use crate::error::ApiError;
use crate::fields::{self, List};
use crate::{rights, schema};

#[derive(Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ConnectionRequest {
    Smpp(SmppRequest),
    Alaris(AlarisRequest),
    Lookup(LookupRequest),
}

/// A link over SMPP 3.4.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SmppRequest {
    /// 1 to 120 characters.
    name: String,
    /// Name or address of the vendor's SMSC.
    #[schema(example = "smsc.example.com")]
    host: String,
    /// TCP port.
    #[schema(example = 2775)]
    port: u16,
    /// The account's name at the vendor.
    system_id: String,
    /// The account's password; SMPP 3.4 allows 8 characters, many vendors more.
    password: String,
    /// Empty unless the vendor asks for one.
    #[serde(default)]
    system_type: String,
    /// Submits that may wait for their answers at once, at most 1,000; 10 unless told.
    #[serde(default = "window")]
    #[schema(value_type = Option<u32>)]
    window: NonZeroU32,
    /// Submits per second, at most 10,000; 50 unless told.
    #[serde(default = "rate")]
    #[schema(value_type = Option<u32>)]
    rate: NonZeroU32,
    /// Seconds between enquire_link requests; 30 unless told.
    #[serde(default = "enquire_link_seconds")]
    #[schema(value_type = Option<u32>)]
    enquire_link_seconds: NonZeroU32,
    /// What to do with a message whose fate nobody knows; `wait` unless told.
    #[serde(default)]
    #[schema(value_type = Option<schema::OnUnknownOutcome>)]
    on_unknown_outcome: OnUnknownOutcome,
}

const fn window() -> NonZeroU32 {
    NonZeroU32::new(10).expect("not zero")
}

const fn rate() -> NonZeroU32 {
    NonZeroU32::new(50).expect("not zero")
}

const fn enquire_link_seconds() -> NonZeroU32 {
    NonZeroU32::new(30).expect("not zero")
}

/// A link to a vendor that runs the Alaris HTTP API.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlarisRequest {
    /// 1 to 120 characters.
    name: String,
    /// The vendor's address.
    #[schema(example = "https://sms.example.com/api")]
    url: String,
    /// The account's name at the vendor.
    username: String,
    /// The account's password.
    password: String,
    /// The service type, if the vendor asks for one.
    #[serde(default)]
    service_type: String,
    /// What to do with a message whose fate nobody knows; `wait` unless told.
    #[serde(default)]
    #[schema(value_type = Option<schema::OnUnknownOutcome>)]
    on_unknown_outcome: OnUnknownOutcome,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ConnectionView {
    /// Its id.
    id: String,
    /// Whose link it is.
    company: String,
    /// Its name.
    name: String,
    /// Whether messages go over it.
    enabled: bool,
    /// What to do with a message whose fate nobody knows.
    #[schema(value_type = schema::OnUnknownOutcome)]
    on_unknown_outcome: OnUnknownOutcome,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[serde(flatten)]
    link: LinkView,
}

/// What the link is, without its password.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LinkView {
    Smpp(SmppView),
    Alaris(AlarisView),
    Lookup(LookupView),
    Client(ClientView),
}

/// A link over SMPP 3.4.
#[derive(Debug, Serialize, ToSchema)]
pub struct SmppView {
    /// Name or address of the vendor's SMSC.
    host: String,
    /// TCP port.
    port: u16,
    /// The account's name at the vendor.
    system_id: String,
    /// Empty unless the vendor asks for one.
    system_type: String,
    /// Submits that may wait for their answers at once.
    window: u32,
    /// Submits per second.
    rate: u32,
    /// Seconds between enquire_link requests.
    enquire_link_seconds: u32,
}

/// A link to a vendor that runs the Alaris HTTP API.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlarisView {
    /// The vendor's address.
    url: String,
    /// The account's name at the vendor.
    username: String,
    /// The service type, if the vendor asks for one.
    service_type: String,
    /// Where the vendor has to send its receipts. Whoever knows it can report on messages.
    webhook_url: String,
}

impl ConnectionView {
    fn new(connection: Connection, public_base_url: &str) -> Self {
        let link = match connection.link {
            Link::Smpp(link) => LinkView::Smpp(SmppView {
                host: link.host,
                port: link.port,
                system_id: link.system_id,
                system_type: link.system_type,
                window: link.window.get(),
                rate: link.rate.get(),
                enquire_link_seconds: link.enquire_link_seconds.get(),
            }),
            Link::Alaris(link) => LinkView::Alaris(AlarisView {
                url: link.url,
                username: link.username,
                service_type: link.service_type,
                webhook_url: format!("{public_base_url}/webhooks/alaris/{}", link.webhook_guid),
            }),
            Link::Lookup(link) => LinkView::Lookup(link.into()),
            Link::Client(link) => LinkView::Client(link.into()),
        };
        Self {
            id: connection.id.into(),
            company: connection.company.into(),
            name: connection.name,
            enabled: connection.enabled,
            on_unknown_outcome: connection.on_unknown_outcome,
            created_at: connection.created_at,
            link,
        }
    }
}

/// How a connection's secret is stored.
#[derive(Serialize)]
struct ConnectionSecret {
    password: String,
}

/// Create a connection of your own.
#[utoipa::path(post, path = "/v1/connections", tag = "connections", request_body = ConnectionRequest,
    responses((status = 201, description = "The new connection", body = ConnectionView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<ConnectionRequest>,
) -> Created<ConnectionView> {
    rights::sells(&who)?;
    let id = ConnectionId::new(runtime::fresh());
    let Parts { name, password, on_unknown_outcome, mut link } = body.parts()?;
    // The connection is stored last: workers serve what they find, and find a queue and a password.
    if let Link::Smpp(smpp) = &mut link {
        let queues = &app.connection_queues;
        smpp.queue_url = connection_queue(&queues.sqs, &queues.prefix, &id, &queues.dead_queue_arn).await?;
    }
    app.secrets.create(&Secrets::connection(&id), &ConnectionSecret { password }).await?;
    let (company, created_at) = (who.company.id, runtime::now());
    let connection = Connection { id, company, name, enabled: true, link, on_unknown_outcome, created_at };
    app.store.put_connection(&connection).await?;
    created(ConnectionView::new(connection, &app.public_base_url))
}

/// What a request consists of, whatever its kind.
struct Parts {
    name: String,
    password: String,
    on_unknown_outcome: OnUnknownOutcome,
    link: Link,
}

impl ConnectionRequest {
    fn parts(self) -> Result<Parts, ApiError> {
        let (name, password, on_unknown_outcome, link) = match self {
            Self::Lookup(body) => return body.parts(),
            Self::Smpp(body) => {
                let host = not_empty("host", body.host)?;
                let system_id = not_empty("system_id", body.system_id)?;
                let link = SmppLink {
                    system_type: body.system_type,
                    window: body.window,
                    rate: body.rate,
                    enquire_link_seconds: body.enquire_link_seconds,
                    ..SmppLink::new(host, body.port, system_id)
                };
                link.check()?;
                (body.name, body.password, body.on_unknown_outcome, Link::Smpp(link))
            }
            Self::Alaris(body) => {
                let link = AlarisLink {
                    url: http_url(body.url)?,
                    username: not_empty("username", body.username)?,
                    service_type: body.service_type,
                    // Random in all its 122 bits: knowing when it was made helps nobody to guess it.
                    webhook_guid: uuid::Uuid::new_v4().simple().to_string(),
                };
                (body.name, body.password, body.on_unknown_outcome, Link::Alaris(link))
            }
        };
        Ok(Parts { name: fields::name(&name)?, password, on_unknown_outcome, link })
    }
}

fn not_empty(field: &str, text: String) -> Result<String, ApiError> {
    if text.trim().is_empty() {
        return Err(Problem::invalid(field, "it must not be empty").into());
    }
    Ok(text)
}

fn http_url(text: String) -> Result<String, ApiError> {
    match reqwest::Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(text),
        _ => Err(Problem::invalid("url", "an address begins with https:// or http://").into()),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ConnectionFilter {
    /// Whose connections; yours unless told.
    company: Option<String>,
}

/// A company's connections.
#[utoipa::path(get, path = "/v1/connections", tag = "connections", params(ConnectionFilter),
    responses((status = 200, description = "Oldest first", body = List<ConnectionView>)))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    Query(filter): Query<ConnectionFilter>,
) -> Reply<List<ConnectionView>> {
    let company = app.seen_by(&who).company_or_own(filter.company.as_deref()).await?;
    let found = app.store.connections_of(&company.id).await?;
    let view = |connection| ConnectionView::new(connection, &app.public_base_url);
    Ok(Json(List { items: found.into_iter().map(view).collect(), next: None }))
}

/// One connection.
#[utoipa::path(get, path = "/v1/connections/{id}", tag = "connections",
    params(("id" = String, Path, description = "The connection's id")),
    responses((status = 200, description = "The connection", body = ConnectionView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Reply<ConnectionView> {
    let connection = app.seen_by(&who).connection(&id).await?;
    Ok(Json(ConnectionView::new(connection, &app.public_base_url)))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionPatch {
    /// Whether messages go over it.
    enabled: bool,
}

/// Enable or disable a connection.
#[utoipa::path(patch, path = "/v1/connections/{id}", tag = "connections", request_body = ConnectionPatch,
    params(("id" = String, Path, description = "The connection's id")),
    responses((status = 200, description = "The connection as it is now", body = ConnectionView)))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    Body(body): Body<ConnectionPatch>,
) -> Reply<ConnectionView> {
    let connection = app.seen_by(&who).connection(&id).await?;
    let changed = Connection { enabled: body.enabled, ..connection };
    app.store.replace_connection(&changed).await?;
    Ok(Json(ConnectionView::new(changed, &app.public_base_url)))
}
