//! Links to vendors, and from clients. A password goes to the secret store, or is kept as a hash, and is
//! never answered.

pub mod change;
mod client;
mod http_vendor;
mod lookup;
mod smpp;
pub mod unmatched;

use axum::extract::{Path, State};
use axum::response::Response;
use domain::catalog;
use domain::company::Company;
use domain::connection::{Connection, Link, OnUnknownOutcome};
use domain::id::{CompanyId, ConnectionId, SecretId};
use domain::permission::Area;
use domain::sender::Sender;
use http::StatusCode;
use jiff::Timestamp;
use queue::{client_queue, connection_queue};
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use runtime::revision::{IfMatch, Versioned};
use runtime::targets::Targets;
use serde::{Deserialize, Serialize};
use store::Written;
use utoipa::{IntoParams, ToSchema};

use self::client::{ClientSettings, system_id_taken};
use self::http_vendor::HttpSettings;
use self::lookup::LookupSettings;
use self::smpp::SmppSettings;
use super::{Edited, records};
use crate::App;
use crate::error::{ApiError, written};
use crate::fields::List;
use crate::lists::{Column, Format, Listing};
use crate::{rights, secrets};

/// What the link is and how it is used; passwords are taken and never shown.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ConnectionSettings {
    Smpp(Box<SmppSettings>),
    Http(Box<HttpSettings>),
    Lookup(LookupSettings),
    Client(ClientSettings),
}

#[derive(Serialize, ToSchema)]
pub struct ConnectionView {
    /// Its id.
    #[schema(example = "con_01m814gssve5b8ba12ve1e1grf")]
    id: String,
    /// Whose link it is.
    #[schema(example = "com_01m814gssve5b8ba12ve1e1grf")]
    company: String,
    /// Whether messages go over it.
    #[schema(example = true)]
    enabled: bool,
    /// When it was created.
    #[schema(value_type = String, format = DateTime, example = "2026-11-22T08:00:00Z")]
    created_at: Timestamp,
    /// Its revision, which is its `ETag` as well.
    revision: u64,
    /// Of one over HTTP: whether there is a signature key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = bool, example = false)]
    has_signature_key: Option<bool>,
    /// Where Transit SMS has to send its receipts. Whoever knows it can report on messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, example = "https://api.example.com/webhooks/alaris/5f0c8a")]
    webhook_url: Option<String>,
    #[serde(flatten)]
    settings: ConnectionSettings,
}

impl ConnectionView {
    fn new(connection: Connection, public_base_url: &str) -> Self {
        let settings = ConnectionSettings::of(connection.clone());
        let Connection { enabled, created_at, revision, .. } = connection;
        let (has_signature_key, webhook_guid) = match connection.link {
            Link::Http(link) => (Some(link.has_signature_key), link.webhook_guid),
            Link::Smpp(_) | Link::Lookup(_) | Link::Client(_) => (None, None),
        };
        let webhook_url = webhook_guid.map(|guid| format!("{public_base_url}/webhooks/alaris/{guid}"));
        let (id, company) = (connection.id.into(), connection.company.into());
        Self { id, company, enabled, created_at, revision, has_signature_key, webhook_url, settings }
    }
}

/// How a connection's secret is stored.
#[derive(Serialize)]
struct ConnectionSecret {
    password: String,
}

/// Create a connection of your own: to a vendor, or from a client that you have an agreement with.
#[utoipa::path(post, path = "/v1/connections", tag = "connections", request_body = ConnectionSettings,
    responses((status = 201, description = "The new connection", body = ConnectionView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<ConnectionSettings>,
) -> Edited<ConnectionView> {
    rights::manage(&who, body.area())?;
    let id = ConnectionId::new(runtime::fresh());
    let parts = body.parts(&app, &who, &who.company.id, None).await?;
    let Parts { name, password, on_unknown_outcome, mut link } = parts;
    // The connection is stored last: workers serve what they find, and find a queue and a password.
    make_queue(&app, &id, &mut link).await?;
    let secret = password.map(|password| ConnectionSecret { password });
    let connection = Connection {
        secret: secret.as_ref().map(|_| SecretId::new(runtime::fresh())),
        on_unknown_outcome,
        ..Connection::new(id, who.company.id.clone(), name, link, runtime::now())
    };
    let act = who.act(&who.company.path);
    let (writing, row) =
        (app.store.create_connection(&act, &connection), app.store.any_connection(&connection.id));
    stored(secrets::write(&app, None, &connection, secret.as_ref(), writing, row).await?)?;
    let view = ConnectionView::new(connection, &app.public_base_url);
    Ok(Versioned::created(view.revision, view))
}

/// The one name that only one connection may have and that a caller chooses is that of a client.
fn stored(how: Written) -> Result<(), ApiError> {
    match how {
        Written::Taken => Err(system_id_taken()),
        how => written(how),
    }
}

/// Makes the queue of jobs to a vendor, or of what waits for a client.
async fn make_queue(app: &App, id: &ConnectionId, link: &mut Link) -> Result<(), ApiError> {
    let queues = &app.connection_queues;
    match link {
        Link::Smpp(link) => {
            let made = connection_queue(&queues.sqs, &queues.prefix, id, &queues.dead_queue_arn).await?;
            link.queue_url = made;
        }
        Link::Client(link) => {
            // Asked before, so that a name that is taken leaves no queue behind.
            if app.store.client_connection(&link.system_id).await?.is_some() {
                return Err(system_id_taken());
            }
            link.queue_url = client_queue(&queues.sqs, &queues.prefix, id).await?;
        }
        Link::Http(_) | Link::Lookup(_) => {}
    }
    Ok(())
}

/// What a request consists of, whatever its kind.
struct Parts {
    name: String,
    /// To be kept in the secret store; not there if it stays as it is, or is kept as a hash. Or what a vendor
    /// signs its calls with.
    password: Option<String>,
    on_unknown_outcome: OnUnknownOutcome,
    link: Link,
}

/// In which area of rights a link stands.
pub(crate) fn area_of(link: &Link) -> Area {
    match link {
        Link::Smpp(_) => Area::VendorSmppConnections,
        Link::Http(_) => Area::HttpConnections,
        Link::Lookup(_) => Area::LookupConnections,
        Link::Client(_) => Area::ClientSmppConnections,
    }
}

impl ConnectionSettings {
    fn area(&self) -> Area {
        match self {
            Self::Smpp(_) => Area::VendorSmppConnections,
            Self::Http(_) => Area::HttpConnections,
            Self::Lookup(_) => Area::LookupConnections,
            Self::Client(_) => Area::ClientSmppConnections,
        }
    }

    /// Judges the settings of a connection of this company. `before` is what the link has been so far, if
    /// there is one.
    async fn parts(
        self,
        app: &App,
        who: &Principal,
        company: &CompanyId,
        before: Option<&Link>,
    ) -> Result<Parts, ApiError> {
        let parts = match self {
            Self::Client(settings) => return settings.parts(app, who, company, before).await,
            Self::Lookup(settings) => return settings.parts(app.targets, before),
            Self::Http(settings) => return settings.parts(app.targets, before),
            Self::Smpp(settings) => {
                settings.check_companies(app, who, company).await?;
                settings.parts(app.targets, before)?
            }
        };
        // Whoever may change an address need not know the password, and would have it sent there.
        if parts.password.is_none() && before.is_none_or(|before| !before.leads_where(&parts.link)) {
            return Err(
                Problem::invalid("password", "it must be told, and again with another address").into()
            );
        }
        Ok(parts)
    }

    /// As they are now, without what must not be shown.
    fn of(connection: Connection) -> Self {
        let Connection { name, on_unknown_outcome, link, .. } = connection;
        match link {
            Link::Smpp(link) => Self::Smpp(Box::new(SmppSettings::of(name, on_unknown_outcome, link))),
            Link::Http(link) => Self::Http(Box::new(HttpSettings::of(name, on_unknown_outcome, link))),
            Link::Lookup(link) => Self::Lookup(LookupSettings::of(name, link)),
            Link::Client(link) => Self::Client(ClientSettings::of(name, link)),
        }
    }
}

fn not_empty(field: &str, text: String) -> Result<String, ApiError> {
    if text.trim().is_empty() {
        return Err(Problem::invalid(field, "it must not be empty").into());
    }
    Ok(text)
}

/// The address of a vendor, as it was told.
fn vendor_url(targets: Targets, text: String) -> Result<String, ApiError> {
    targets.url(&text).map_err(|error| Problem::invalid("url", error))?;
    Ok(text)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ConnectionQuery {
    /// Whose connections; yours unless told.
    company: Option<String>,
    /// Only of this kind: `smpp`, `http`, `lookup` or `client`.
    #[param(example = "smpp")]
    kind: Option<String>,
    /// Only those over HTTP to this vendor, by the `type` of that.
    #[param(example = "transit_sms")]
    vendor: Option<String>,
    /// Only those over HTTP with a signature key, or all others.
    has_signature_key: Option<bool>,
    /// Only those whose name begins so, whatever the case.
    name: Option<String>,
    /// Only those that are enabled, or that are not.
    enabled: Option<bool>,
    /// Only those to a host, or to a URL, that begins so.
    host: Option<String>,
    /// Only those to this port.
    port: Option<u16>,
    /// Only those with a `system_id` or `username` that begins so, whatever the case.
    login: Option<String>,
    /// Only those from this client.
    client: Option<String>,
    /// Only those with one of `networks` whose text begins so. An address does not find a network that it is in.
    #[param(example = "192.0.2.")]
    network: Option<String>,
    /// Only those whose vendor writes addresses of messages from phones the wrong way round, or does not.
    inverted_addresses: Option<bool>,
    /// `name`, `kind`, `vendor`, `has_signature_key`, `enabled`, `host`, `port`, `login`, `inverted_addresses` or
    /// `created_at`; or of 10,000 connections at most `client` or `networks`. With a `-` before it for the other way
    /// round.
    #[param(example = "-created_at")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

const COLUMNS: [&str; 11] = [
    "name",
    "kind",
    "vendor",
    "has_signature_key",
    "enabled",
    "host",
    "port",
    "login",
    "client",
    "inverted_addresses",
    "networks",
];
/// Without indexes: a company has few connections from clients.
const ROW_COLUMNS: [Column<Connection>; 2] = [
    ("client", |connection| client_of(connection).to_owned()),
    ("networks", |connection| catalog::words(&networks_of(connection).join("; "))),
];
const FILE_COLUMNS: [&str; 20] = [
    "id",
    "company",
    "kind",
    "name",
    "enabled",
    "host",
    "port",
    "url",
    "system_id",
    "username",
    "client",
    "client_name",
    "networks",
    "inverted_addresses",
    "companies",
    "vendor.type",
    "has_signature_key",
    "rps_limit",
    "window_limit",
    "created_at",
];

/// A connection in a list.
#[derive(Serialize, ToSchema)]
pub struct ConnectionRow {
    #[serde(flatten)]
    connection: ConnectionView,
    /// What the client is called; null where it is to a vendor.
    #[schema(example = "Bakery")]
    client_name: Option<String>,
}

/// From whom it is; empty where it is to a vendor.
fn client_of(connection: &Connection) -> &str {
    match &connection.link {
        Link::Client(link) => link.client.as_str(),
        Link::Smpp(_) | Link::Http(_) | Link::Lookup(_) => "",
    }
}

/// From where a client may bind.
fn networks_of(connection: &Connection) -> Vec<String> {
    match &connection.link {
        Link::Client(link) => link.networks.iter().map(ToString::to_string).collect(),
        Link::Smpp(_) | Link::Http(_) | Link::Lookup(_) => Vec::new(),
    }
}

/// A company's connections, of the kinds that your roles let you see.
///
/// Oldest first unless a filter or `sort` says otherwise. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/connections", tag = "connections", params(ConnectionQuery),
    responses((status = 200, description = "A page",
        content((List<ConnectionRow> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<ConnectionQuery>,
) -> Result<Response, ApiError> {
    let company = app.seen_by(&who).company_or_own(query.company.as_deref()).await?;
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let listing = Listing::new(company.id, &COLUMNS, sort, query.limit, cursor)?
        .begins("name", query.name.as_deref())
        .is("kind", query.kind)
        .is("vendor", query.vendor)
        .is("has_signature_key", query.has_signature_key.map(catalog::flag))
        .is("enabled", query.enabled.map(catalog::flag))
        .begins("host", query.host.as_deref())
        .is("port", query.port.map(|port| catalog::number(port.into())))
        .begins("login", query.login.as_deref())
        .is("client", query.client)
        .is("inverted_addresses", query.inverted_addresses.map(catalog::flag));
    let network = query.network.as_deref().map(catalog::words);
    let shows = |connection: &Connection| {
        let begins =
            |begin: &String| networks_of(connection).iter().any(|network| network.starts_with(begin));
        rights::view(&who, area_of(&connection.link)).is_ok() && network.as_ref().is_none_or(begins)
    };
    let found = listing.read_in_order(&ROW_COLUMNS, &app.store, format, shows).await?;
    let names = found.names(&app.store, |connection| [client_of(connection)]).await?;
    let row = |connection: Connection| ConnectionRow {
        client_name: names.get(client_of(&connection)),
        connection: ConnectionView::new(connection, &app.public_base_url),
    };
    found.answer(row, "connections", &FILE_COLUMNS)
}

/// One connection.
#[utoipa::path(get, path = "/v1/connections/{id}", tag = "connections",
    params(("id" = String, Path, description = "The connection's id")),
    responses((status = 200, description = "The connection", body = ConnectionView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Edited<ConnectionView> {
    let connection = app.seen_by(&who).connection(&id).await?;
    rights::view(&who, area_of(&connection.link))?;
    let view = ConnectionView::new(connection, &app.public_base_url);
    Ok(Versioned::new(view.revision, view))
}

/// Delete a connection.
///
/// Not while a sender ID's messages take it, or what phones send to a sender ID comes over it or goes there, or
/// a company's recipients are looked up with it. Messages that still wait for it go by their sender ID's next
/// route, or are paid back, and receipts that an HTTP vendor sends are still taken. Those of an SMPP vendor are
/// not: what it has ends as expired, and is paid back where delivery is billed, also what arrives. So disable its
/// routes first, and delete it when its reports are in.
#[utoipa::path(delete, path = "/v1/connections/{id}", tag = "connections",
    params(("id" = String, Path, description = "The connection's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the connection as it was read")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 409, description = "`in_use`, with the id of what uses it in `by`", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    let seen = app.seen_by(&who);
    let connection = seen.connection(&id).await?;
    rights::manage(&who, area_of(&connection.link))?;
    if_match.check(connection.revision)?;
    records::check_unlisted::<Sender>(&app, connection.id.to_string(), None).await?;
    records::check_unlisted::<Company>(&app, connection.id.to_string(), None).await?;
    let company = seen.company(connection.company.as_str()).await?;
    stored(app.store.delete_connection(&who.act(&company.path), &connection).await?)?;
    secrets::forget(&app, &connection, app.store.any_connection(&connection.id)).await;
    Ok(StatusCode::NO_CONTENT)
}
