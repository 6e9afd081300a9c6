//! The roads of a sender ID: over which connections its messages go, its own or those of one above, and where
//! what phones send to it goes.

use domain::agreement::Agreement;
use domain::company::Company;
use domain::connection::{Connection, Link};
use domain::id::ConnectionId;
use domain::incoming::{IncomingRule, IncomingRuleError};
use domain::route::{Route, Routes, RoutesError};
use domain::sender::{AssignedFrom, Sender, SenderAddress};
use runtime::auth::Principal;
use runtime::http::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::find_by_id;
use crate::App;
use crate::error::ApiError;
use crate::routes::agreements::check_governs;
use crate::seen::Seen;

const NO_MESSAGES: &str = "this connection carries no messages";

/// One road to a vendor.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteBody {
    /// A connection that you see, of the sender's company or of one above it: of SMS one over SMPP or to Transit
    /// SMS, in other channels the HTTP connection to the vendor of the sender ID.
    #[schema(example = "con_01m814gssve5b8ba12ve1e1grf")]
    pub connection: String,
    /// Lower ranks are tried first; 0 unless told.
    #[serde(default)]
    #[schema(example = 0)]
    rank: u8,
    /// Its share of the messages among the routes of its rank, 1 to 1,000; 1 unless told.
    #[serde(default = "weight")]
    #[schema(example = 1)]
    weight: u16,
}

const fn weight() -> u16 {
    1
}

impl RouteBody {
    /// The only road.
    pub fn only(connection: String) -> Self {
        Self { connection, rank: 0, weight: weight() }
    }
}

impl From<&Route> for RouteBody {
    fn from(route: &Route) -> Self {
        Self { connection: route.connection.to_string(), rank: route.rank, weight: route.weight }
    }
}

/// Which messages from phones to the number of a sender ID are for it, and where they go: to an address, to
/// a client's connection, or to both.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IncomingBody {
    /// The first word of the text, for a number that several share; at most 20 characters, in any case. Any
    /// text unless told.
    #[schema(example = "BREAD")]
    keyword: Option<String>,
    /// The mobile country code of the phones; any unless told.
    #[schema(example = "262")]
    mcc: Option<String>,
    /// Each message is posted here: an https address.
    #[schema(example = "https://bakery.example.com/sms")]
    webhook_url: Option<String>,
    /// Each message is delivered to the receivers of this client connection: one of the sender's company.
    #[schema(example = "con_01m814gssve5b8ba12ve1e1grf")]
    client_connection: Option<String>,
    /// The vendors' connections over which they may come beside those of the sender's routes, at most 8: each
    /// one that you see and that could be such a route. Those that it has unless told; those that you do not
    /// see stay, whatever is told, even where messages go nowhere for a while.
    #[schema(max_items = 8, example = json!(["con_01m814gssve5b8ba12ve1e1grf"]))]
    vendor_connections: Option<Vec<String>>,
}

impl IncomingBody {
    pub fn new(rule: IncomingRule, vendors: Vec<ConnectionId>) -> Self {
        let IncomingRule { keyword, mcc, webhook_url, client } = rule;
        let vendor_connections = Some(vendors.into_iter().map(Into::into).collect());
        Self { keyword, mcc, webhook_url, client_connection: client.map(Into::into), vendor_connections }
    }
}

/// Reads the roads of a company's sender ID, which takes those of `before` now. `field` is what the request calls
/// them.
pub async fn routes(
    seen: &Seen<'_>,
    company: &Company,
    before: &Routes,
    told: Vec<RouteBody>,
    field: &str,
) -> Result<Routes, ApiError> {
    let mut routes = Vec::with_capacity(told.len());
    for RouteBody { connection, rank, weight } in told {
        let connection = vendor(seen, company, &connection, field).await?;
        if !before.all().iter().any(|kept| kept.connection == connection.id) {
            check_serves(company, &connection, field)?;
        }
        let kind = connection.kind().ok_or_else(|| Problem::invalid(field, NO_MESSAGES))?;
        routes.push(Route { connection: connection.id, kind, rank, weight });
    }
    Routes::new(routes).map_err(|error: RoutesError| Problem::invalid(field, error).into())
}

/// Refuses routes that messages of the sender ID cannot take. Answers the vendor's address for an account of its
/// own.
pub async fn check_roads(app: &App, sender: &Sender, field: &str) -> Result<Option<String>, ApiError> {
    let ids: Vec<_> = sender.routes.all().iter().map(|route| route.connection.clone()).collect();
    let mut account_url = None;
    for connection in app.store.connections(&ids).await? {
        sender.check_road(&connection.link).map_err(|error| Problem::invalid(field, error))?;
        if let (Some(_), Link::Http(http)) = (&sender.settings, &connection.link) {
            account_url = http.sms_url().map(str::to_owned);
        }
    }
    Ok(account_url)
}

/// Reads what a sender ID under an agreement is assigned from. Who assigns sees that: the company whose it is, or
/// one above. So nobody takes one that was not given to them, and who assigns need not see its connections.
pub async fn assigned_from(
    app: &App,
    who: &Principal,
    agreement: &Agreement,
    address: &SenderAddress,
    id: &str,
) -> Result<AssignedFrom, ApiError> {
    let field = |error: ApiError| error.field("assigned_from");
    let above = find_by_id(app, who, id).await.map_err(field)?;
    let assigned = above.assigned_to(agreement, address)?;
    let governing = app.seen_by(who).agreement(above.agreement.as_str()).await.map_err(field)?;
    check_governs(app, &governing, &above.company).await.map_err(field)?;
    Ok(assigned)
}

/// A vendor's connection that stands where it may serve a company's sender ID.
async fn vendor(seen: &Seen<'_>, company: &Company, id: &str, field: &str) -> Result<Connection, ApiError> {
    let connection = seen.connection(id).await.map_err(|error| error.field(field))?;
    if !company.path.contains(&connection.company) {
        let detail = "the connection must be one of the sender's company or of a company above it";
        return Err(Problem::invalid(field, detail).into());
    }
    Ok(connection)
}

/// Refuses a connection that is for others. What a sender ID has stays.
fn check_serves(company: &Company, connection: &Connection, field: &str) -> Result<(), ApiError> {
    if matches!(&connection.link, Link::Smpp(link) if !link.serves(&company.path)) {
        let detail = "the connection is for sender IDs of other companies: see its `companies`";
        return Err(Problem::invalid(field, detail).into());
    }
    Ok(())
}

/// Reads over which vendors' connections messages from phones to a company's sender ID may come beside its
/// routes; `told` is nothing where they go nowhere. Of those `before`, whoever does not see one cannot take
/// it away.
pub async fn incoming_vendors(
    seen: &Seen<'_>,
    company: &Company,
    before: &[ConnectionId],
    told: Option<&IncomingBody>,
) -> Result<Vec<ConnectionId>, ApiError> {
    let told: &[String] = match told.map(|body| &body.vendor_connections) {
        Some(Some(named)) => named,
        Some(None) => return Ok(before.to_vec()),
        None => &[],
    };
    let mut vendors = Vec::new();
    for named in before {
        if !told.iter().any(|id| named.as_str() == id) && !seen.sees_connection(named).await? {
            vendors.push(named.clone());
        }
    }
    for id in told {
        vendors.push(match before.iter().find(|named| named.as_str() == id) {
            Some(named) => named.clone(),
            None => {
                let connection = vendor(seen, company, id, "incoming").await?;
                check_serves(company, &connection, "incoming")?;
                if !connection.link.carries_sms() {
                    return Err(Problem::invalid("incoming", NO_MESSAGES).into());
                }
                connection.id
            }
        });
    }
    Ok(vendors)
}

/// Reads what is to become of messages from phones to a company's sender ID.
pub async fn incoming(
    app: &App,
    company: &Company,
    address: &SenderAddress,
    told: IncomingBody,
) -> Result<IncomingRule, ApiError> {
    let refused = |detail: &str| ApiError::from(Problem::invalid("incoming", detail));
    if !address.is_numeric() {
        return Err(refused("phones can only send to a number"));
    }
    let client = match told.client_connection {
        Some(id) => Some(client_of(app, company, &id).await?.ok_or_else(|| {
            refused("the client_connection must be a client connection of the sender's company")
        })?),
        None => None,
    };
    let keyword = told.keyword.map(|word| word.trim().to_uppercase());
    let rule = IncomingRule { keyword, mcc: told.mcc, webhook_url: told.webhook_url, client };
    rule.check().map_err(|error: IncomingRuleError| refused(&error.to_string()))?;
    if let Some(url) = &rule.webhook_url {
        app.targets.webhook(url).map_err(|error| refused(&error.to_string()))?;
    }
    Ok(rule)
}

/// The company's own connection over which it binds to us. It belongs to the company above, so that it is
/// not among those that the company sees.
async fn client_of(app: &App, company: &Company, id: &str) -> Result<Option<ConnectionId>, ApiError> {
    let Ok(id) = ConnectionId::parse(id) else { return Ok(None) };
    let found = app.store.any_connection(&id).await?;
    let is_own =
        |connection: &Connection| matches!(&connection.link, Link::Client(link) if link.client == company.id);
    let found = found.filter(|connection| connection.deleted_at.is_none());
    Ok(found.filter(is_own).map(|connection| connection.id))
}
