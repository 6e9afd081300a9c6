//! Sender IDs: what messages are sent from, over which connections, and where what phones send goes.

mod roads;

use axum::Json;
use axum::extract::{Path, State};
use domain::agreement::Agreement;
use domain::id::SenderId;
use domain::sender::{Sender, SenderAddress, SenderStatus};
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use serde::{Deserialize, Serialize};
use store::SenderChange;
use utoipa::{IntoParams, ToSchema};

use self::roads::{IncomingBody, RouteBody, incoming, routes};
use super::{Created, Reply, created};
use crate::App;
use crate::error::ApiError;
use crate::fields::List;
use crate::{rights, schema};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SenderIdRequest {
    /// The agreement that pays for what is sent from it.
    #[schema(example = "agr_01m814gssve5b8ba12ve1e1grf")]
    agreement: String,
    /// What the recipient sees: a name of 1 to 11 characters, or a number of 3 to 15 digits.
    #[schema(example = "ACME")]
    address: String,
    /// The one road its messages take: a connection that you see, of the sender's company or of one above
    /// it. Short for `routes` with nothing else in it.
    #[schema(example = "con_01m814gssve5b8ba12ve1e1grf")]
    connection: Option<String>,
    /// The roads its messages take, 1 to 8: by rank, where a vendor refuses a message the next one, and by
    /// weight among those of one rank.
    routes: Option<Vec<RouteBody>>,
    /// Where what phones send to it goes, if it is a number; nowhere unless told.
    incoming: Option<IncomingBody>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SenderIdView {
    /// Its id.
    #[schema(example = "snd_01m814gssve5b8ba12ve1e1grf")]
    id: String,
    /// The company that may send from it.
    #[schema(example = "com_01m814gssve5b8ba12ve1e1grf")]
    company: String,
    /// The agreement that pays.
    #[schema(example = "agr_01m814gssve5b8ba12ve1e1grf")]
    agreement: String,
    /// What the recipient sees.
    #[schema(example = "ACME")]
    address: String,
    /// Whether it may be used.
    #[schema(value_type = schema::SenderStatus, example = "active")]
    status: SenderStatus,
    /// The roads its messages take.
    routes: Vec<RouteBody>,
    /// Where what phones send to it goes; null for nowhere.
    incoming: Option<IncomingBody>,
    /// When it was created.
    #[schema(value_type = String, format = DateTime, example = "2026-11-22T08:00:00Z")]
    created_at: Timestamp,
}

impl From<Sender> for SenderIdView {
    fn from(sender: Sender) -> Self {
        Self {
            id: sender.id.into(),
            company: sender.company.into(),
            agreement: sender.agreement.into(),
            address: sender.address.into(),
            status: sender.status,
            routes: sender.routes.all().iter().map(Into::into).collect(),
            incoming: sender.incoming.map(Into::into),
            created_at: sender.created_at,
        }
    }
}

/// Create a sender ID.
#[utoipa::path(post, path = "/v1/sender_ids", tag = "sender_ids", request_body = SenderIdRequest,
    responses((status = 201, description = "The new sender ID", body = SenderIdView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<SenderIdRequest>,
) -> Created<SenderIdView> {
    rights::master(&who)?;
    let seen = app.seen_by(&who);
    let agreement = seen.agreement(&body.agreement).await.map_err(|error| error.field("agreement"))?;
    let company = seen.company(agreement.company.as_str()).await?;
    let routes = match (body.connection, body.routes) {
        (Some(only), None) => routes(&seen, &company, vec![RouteBody::only(only)], "connection").await?,
        (None, Some(told)) => routes(&seen, &company, told, "routes").await?,
        _ => return Err(Problem::invalid("routes", "either a connection or routes are needed").into()),
    };
    let address = SenderAddress::parse(&body.address)?;
    let incoming = match body.incoming {
        Some(told) => Some(incoming(&app, &company, &address, told).await?),
        None => None,
    };
    let sender = Sender {
        id: SenderId::new(runtime::fresh()),
        company: agreement.company,
        agreement: agreement.id,
        address,
        status: SenderStatus::Active,
        routes,
        incoming,
        created_at: runtime::now(),
    };
    if !app.store.put_sender(&sender).await? {
        let detail = "The agreement has a sender ID with this address already.";
        return Err(Problem::new(409, "address_taken", detail).field("address").into());
    }
    created(sender)
}

/// One sender ID.
#[utoipa::path(get, path = "/v1/agreements/{id}/sender_ids/{address}", tag = "sender_ids",
    params(("id" = String, Path, description = "The agreement that pays"),
        ("address" = String, Path, description = "What the recipient sees")),
    responses((status = 200, description = "The sender ID", body = SenderIdView)))]
pub async fn one(
    State(app): State<App>,
    who: Principal,
    Path((id, address)): Path<(String, String)>,
) -> Reply<SenderIdView> {
    let agreement = app.seen_by(&who).agreement(&id).await?;
    let sender = find(&app, &agreement, &address).await?;
    Ok(Json(sender.into()))
}

/// What is to be different; what is not named stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SenderIdPatch {
    /// Whether it may be used: for the company that the agreement is with, or one above it.
    #[schema(value_type = Option<schema::SenderStatus>, example = "blocked")]
    status: Option<SenderStatus>,
    /// The roads its messages take from now on; those on their way keep theirs.
    routes: Option<Vec<RouteBody>>,
    /// Where what phones send to it goes; null for nowhere.
    #[serde(default, deserialize_with = "told")]
    #[schema(value_type = Option<IncomingBody>)]
    incoming: Option<Option<IncomingBody>>,
}

/// Tells a null from what is not named.
fn told<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<IncomingBody>>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

/// Change a sender ID.
#[utoipa::path(patch, path = "/v1/agreements/{id}/sender_ids/{address}", tag = "sender_ids",
    request_body = SenderIdPatch,
    params(("id" = String, Path, description = "The agreement that pays"),
        ("address" = String, Path, description = "What the recipient sees")),
    responses((status = 200, description = "The sender ID as it is now", body = SenderIdView)))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path((id, address)): Path<(String, String)>,
    Body(body): Body<SenderIdPatch>,
) -> Reply<SenderIdView> {
    rights::master(&who)?;
    let seen = app.seen_by(&who);
    let agreement = seen.agreement(&id).await?;
    if body.status.is_some() {
        rights::tenant_side(&who, &agreement.company, &agreement.tenant)?;
    }
    let Sender { address, .. } = find(&app, &agreement, &address).await?;
    let company = seen.company(agreement.company.as_str()).await?;
    let mut change = SenderChange { status: body.status, ..SenderChange::default() };
    if let Some(told) = body.routes {
        change.routes = Some(routes(&seen, &company, told, "routes").await?);
    }
    if let Some(told) = body.incoming {
        change.incoming = Some(match told {
            Some(told) => Some(incoming(&app, &company, &address, told).await?),
            None => None,
        });
    }
    let changed = app.store.change_sender(&agreement.id, &address, &change).await?;
    Ok(Json(changed.ok_or_else(missing)?.into()))
}

async fn find(app: &App, agreement: &Agreement, address: &str) -> Result<Sender, ApiError> {
    let Ok(address) = SenderAddress::parse(address) else { return Err(missing()) };
    app.store.sender(&agreement.id, &address).await?.ok_or_else(missing)
}

fn missing() -> ApiError {
    Problem::not_found("sender ID").into()
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct SenderIdFilter {
    /// Whose sender IDs; yours unless told.
    company: Option<String>,
    /// Only those of this agreement.
    agreement: Option<String>,
}

/// A company's sender IDs.
#[utoipa::path(get, path = "/v1/sender_ids", tag = "sender_ids", params(SenderIdFilter),
    responses((status = 200, description = "Oldest first", body = List<SenderIdView>)))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    Query(filter): Query<SenderIdFilter>,
) -> Reply<List<SenderIdView>> {
    let company = app.seen_by(&who).company_or_own(filter.company.as_deref()).await?;
    let mut senders = app.store.senders_of(&company.id).await?;
    if let Some(agreement) = &filter.agreement {
        senders.retain(|sender| sender.agreement.as_str() == agreement);
    }
    Ok(Json(List::all(senders)))
}
