//! Sender IDs: what messages are sent from.

use axum::Json;
use axum::extract::State;
use domain::id::SenderId;
use domain::route::Routes;
use domain::sender::{Sender, SenderAddress, SenderStatus};
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Created, Reply, created};
use crate::App;
use crate::fields::List;
use crate::{rights, schema};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SenderIdRequest {
    /// The agreement that pays for what is sent from it.
    agreement: String,
    /// What the recipient sees: a name of 1 to 11 characters, or a number of 3 to 15 digits.
    #[schema(example = "ACME")]
    address: String,
    /// The road its messages take: a connection that you see, of the sender's company or of one above
    /// it.
    connection: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SenderIdView {
    /// Its id.
    id: String,
    /// The company that may send from it.
    company: String,
    /// The agreement that pays.
    agreement: String,
    /// What the recipient sees.
    address: String,
    /// Whether it may be used.
    #[schema(value_type = schema::SenderStatus)]
    status: SenderStatus,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
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
    let connection = seen.connection(&body.connection).await.map_err(|error| error.field("connection"))?;
    if !company.path.contains(&connection.company) {
        let detail = "the connection must be one of the sender's company or of a company above it";
        return Err(Problem::invalid("connection", detail).into());
    }
    let Some(connection_kind) = connection.kind() else {
        return Err(Problem::invalid("connection", "this connection carries no messages").into());
    };
    let sender = Sender {
        id: SenderId::new(runtime::fresh()),
        company: agreement.company,
        agreement: agreement.id,
        address: SenderAddress::parse(&body.address)?,
        status: SenderStatus::Active,
        routes: Routes::only(connection.id, connection_kind),
        incoming: None,
        created_at: runtime::now(),
    };
    if !app.store.put_sender(&sender).await? {
        let detail = "The agreement has a sender ID with this address already.";
        return Err(Problem::new(409, "address_taken", detail).field("address").into());
    }
    created(sender)
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
