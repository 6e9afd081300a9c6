//! Credits handed down, and taken back.

use axum::Json;
use axum::extract::{Path, State};
use domain::id::{TransferId, WalletId};
use domain::transfer::{Transfer, TransferError, TransferRequest, plan_transfer};
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, IdempotencyKey, Problem};
use serde::{Deserialize, Serialize};
use store::PostedTransfer;
use utoipa::ToSchema;

use super::{Created, Reply, created};
use crate::App;
use crate::error::{ApiError, busy, key_reused};
use crate::fields;

/// In each round either the transfer is posted, or somebody else has spent from the source.
const ROUNDS_MAX: u32 = 8;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTransferRequest {
    /// The wallet that gives. To revoke credits, name the child's.
    from: String,
    /// The wallet that gets.
    to: String,
    /// How much. A negative amount turns the direction round.
    #[schema(example = "30")]
    amount: String,
    /// For both statements, at most 200 characters.
    #[serde(default)]
    note: String,
}

impl NewTransferRequest {
    fn parse(&self, who: &Principal, key: &str) -> Result<TransferRequest, ApiError> {
        let wallet = |field: &str, text: &str| {
            WalletId::parse(text).map_err(|_| Problem::not_found("wallet").field(field))
        };
        let company = who.company.id.clone();
        let ask = TransferRequest {
            id: TransferId::derived(&["transfer", company.as_str(), key]),
            from: wallet("from", &self.from)?,
            to: wallet("to", &self.to)?,
            amount: fields::amount("amount", &self.amount)?,
            note: self.note.clone(),
            by: company,
        };
        Ok(ask.directed())
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TransferView {
    /// Its id.
    id: String,
    /// The wallet that gave.
    from: String,
    /// The wallet that got.
    to: String,
    /// How much, above zero.
    amount: String,
    /// What it counts in.
    currency: String,
    /// What both statements say.
    note: String,
    /// The company that asked for it.
    by: String,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PostedTransferView {
    #[serde(flatten)]
    transfer: TransferView,
    /// The balance of `from` as it is now.
    #[schema(example = "70")]
    from_balance: String,
    /// The balance of `to` as it is now.
    #[schema(example = "30")]
    to_balance: String,
}

impl From<Transfer> for TransferView {
    fn from(transfer: Transfer) -> Self {
        Self {
            id: transfer.id.into(),
            from: transfer.from.into(),
            to: transfer.to.into(),
            amount: transfer.amount.to_string(),
            currency: transfer.currency.to_string(),
            note: transfer.note,
            by: transfer.by.into(),
            at: transfer.at,
        }
    }
}

/// Move credits.
///
/// Between a company and its direct child, or between two agreements of one company, in one currency.
/// The source gives its own funds, never its credit limit. Both statements get a line, or neither.
#[utoipa::path(post, path = "/v1/transfers", tag = "transfers", request_body = NewTransferRequest,
    params(("Idempotency-Key" = String, Header, description = "A new one for each new request, 1 to 255 characters")),
    responses(
        (status = 201, description = "Done, by this request or an earlier one with its key", body = PostedTransferView),
        (status = 402, description = "`insufficient_funds`, with `available` and `needed`; nothing has changed",
            body = Problem, content_type = "application/problem+json")
    ))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    IdempotencyKey(key): IdempotencyKey,
    Body(body): Body<NewTransferRequest>,
) -> Created<PostedTransferView> {
    let ask = body.parse(&who, &key)?;
    if let Some(stored) = app.store.transfer(&ask.id).await? {
        return repeat(&app, &ask, stored).await; // before any rule is judged: the balance has moved since
    }
    let mut recalled = false;
    for _ in 0..ROUNDS_MAX {
        let seen = app.seen_by(&who);
        let (from, giver) = seen.wallet(ask.from.as_str()).await.map_err(|error| error.field("from"))?;
        let (to, taker) = seen.wallet(ask.to.as_str()).await.map_err(|error| error.field("to"))?;
        let planned = plan_transfer((&from, &giver), (&to, &taker), ask.clone(), runtime::now());
        let transfer = match planned {
            Err(TransferError::NotEnough { .. }) if !recalled => {
                // Before anyone is told no: what companies below keep unused comes back, once.
                app.store.free_headroom(&from).await?;
                recalled = true;
                continue;
            }
            // A request with the same key may have taken it a moment ago.
            Err(error @ TransferError::NotEnough { .. }) => {
                let stored = app.store.transfer(&ask.id).await?.ok_or(error)?;
                return repeat(&app, &ask, stored).await;
            }
            planned => planned?,
        };
        match app.store.post_transfer(&transfer, &from).await? {
            PostedTransfer::Now => return answer(&app, transfer).await,
            PostedTransfer::Before(stored) => return repeat(&app, &ask, *stored).await,
            PostedTransfer::NotEnough => {}
        }
    }
    Err(busy())
}

async fn repeat(app: &App, ask: &TransferRequest, stored: Transfer) -> Created<PostedTransferView> {
    let same = (&ask.from, &ask.to, ask.amount, &ask.note)
        == (&stored.from, &stored.to, stored.amount, &stored.note);
    if same { answer(app, stored).await } else { Err(key_reused()) }
}

async fn answer(app: &App, transfer: Transfer) -> Created<PostedTransferView> {
    let balance = async |id: &WalletId| -> Result<String, ApiError> {
        let wallet = app.store.wallet(id).await?.ok_or_else(busy)?;
        Ok(app.store.balance(&wallet).await?.to_string())
    };
    let (from_balance, to_balance) = (balance(&transfer.from).await?, balance(&transfer.to).await?);
    created(PostedTransferView { transfer: transfer.into(), from_balance, to_balance })
}

/// One transfer.
#[utoipa::path(get, path = "/v1/transfers/{id}", tag = "transfers",
    params(("id" = String, Path, description = "The transfer's id")),
    responses((status = 200, description = "The transfer", body = TransferView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Reply<TransferView> {
    Ok(Json(app.seen_by(&who).transfer(&id).await?.into()))
}
