//! Credits handed down, and taken back.

pub mod list;

use axum::Json;
use axum::extract::{Path, State};
use domain::agreement::Agreement;
use domain::company::Company;
use domain::id::{CompanyId, TransferId, WalletId};
use domain::permission::Area;
use domain::transfer::{Party, Transfer, TransferAmount, TransferError, TransferRequest, plan_transfer};
use domain::wallet::Wallet;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, IdempotencyKey, Problem};
use serde::{Deserialize, Serialize};
use store::{FullTransfer, FullTransferError, PostedTransfer};
use utoipa::ToSchema;

use super::{Created, Reply, created};
use crate::App;
use crate::error::{ApiError, busy, key_reused};
use crate::rights;

/// In each round either the transfer is posted, or somebody else has spent from the source.
const ROUNDS_MAX: u32 = 8;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTransferRequest {
    /// The wallet that gives. To revoke credits, name the child's.
    from: String,
    /// The wallet that gets.
    to: String,
    /// How much; `all` for all that `from` has of its own. A negative amount turns the direction round.
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
        // A user's keys are the user's own, so that nobody finds another's transfer under the same one.
        let id = match &who.user {
            Some(user) => TransferId::derived(&["transfer", company.as_str(), user.id.as_str(), key]),
            None => TransferId::derived(&["transfer", company.as_str(), key]),
        };
        let ask = TransferRequest {
            id,
            from: wallet("from", &self.from)?,
            to: wallet("to", &self.to)?,
            amount: TransferAmount::parse(&self.amount)?,
            note: self.note.clone(),
            by: company,
            by_user: who.user.clone(),
            own_wallet_only: false,
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
    /// The company whose wallet gave.
    from_company: String,
    /// The company whose wallet got.
    to_company: String,
    /// How much, above zero.
    amount: String,
    /// What it counts in.
    currency: String,
    /// What both statements say.
    note: String,
    /// The company that asked for it.
    by: String,
    /// The user who did; null for a key of the company itself.
    by_user: Option<String>,
    /// Whether it took all that `from` had.
    all: bool,
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
    /// The balance of `to` as it is now; null for a user who may not see it.
    #[schema(example = "30")]
    to_balance: Option<String>,
}

impl From<Transfer> for TransferView {
    fn from(transfer: Transfer) -> Self {
        Self {
            id: transfer.id.into(),
            from: transfer.from.into(),
            to: transfer.to.into(),
            from_company: transfer.from_company.into(),
            to_company: transfer.to_company.into(),
            amount: transfer.amount.to_string(),
            currency: transfer.currency.to_string(),
            note: transfer.note,
            by: transfer.by.into(),
            by_user: transfer.by_user.map(Into::into),
            all: transfer.all,
            at: transfer.at,
        }
    }
}

/// Move credits.
///
/// In one currency, between the main wallets of a company and its direct child, between those of one
/// company, and between the wallets of one agreement with individual credits: the main one and its
/// users'. A user whose roles do not manage
/// transfers or finance gives from the own wallet only. The source gives its own funds, and
/// its credit limit only if its agreement allows it. Both statements get a line, or neither.
///
/// The wallets of a deleted company or agreement take no credits. What messages that were on their way gave back
/// to them since goes to main wallets of the company itself or of any above it.
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
        return repeat(&app, &who, &ask, stored).await; // before any rule is judged: the balance has moved since
    }
    if ask.amount == TransferAmount::All {
        return withdraw_all(&app, &who, ask).await;
    }
    // Before anyone is told no, what companies below keep unused comes back, once.
    let mut to_recall = true;
    for _ in 0..ROUNDS_MAX {
        let (from, to) = sides(&app, &who, &ask).await?;
        let ask = TransferRequest { own_wallet_only: gives_own_only(&who, &from.company), ..ask.clone() };
        let planned = plan_transfer(from.party(), to.party(), ask.clone(), runtime::now());
        let transfer = match planned {
            Err(TransferError::NotEnough { .. }) if to_recall => {
                app.store.free_headroom(&from.wallet).await?;
                to_recall = false;
                continue;
            }
            // A request with the same key may have taken it a moment ago.
            Err(error @ TransferError::NotEnough { .. }) => {
                let stored = app.store.transfer(&ask.id).await?.ok_or(error)?;
                return repeat(&app, &who, &ask, stored).await;
            }
            planned => planned?,
        };
        let act = who.act(deeper(&from.company, &to.company));
        match app.store.post_transfer(&act, &transfer, &from.wallet).await? {
            PostedTransfer::Now => return answer(&app, &who, transfer).await,
            PostedTransfer::Before(stored) => return repeat(&app, &who, &ask, *stored).await,
            PostedTransfer::NotEnough => {}
        }
    }
    Err(busy())
}

/// Takes all that the source has, what is set aside for others included: while that comes back nothing
/// else is spent of it.
async fn withdraw_all(app: &App, who: &Principal, ask: TransferRequest) -> Created<PostedTransferView> {
    let (from, to) = sides(app, who, &ask).await?;
    let ask = TransferRequest { own_wallet_only: gives_own_only(who, &from.company), ..ask };
    let now = runtime::now();
    let plan =
        |wallet: &Wallet| plan_transfer(Party { wallet, ..from.party() }, to.party(), ask.clone(), now);
    match plan(&from.wallet) {
        // It depends on what comes back.
        Ok(_) | Err(TransferError::NothingThere { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let act = who.act(deeper(&from.company, &to.company));
    match app.store.post_full_transfer(&act, &ask.from, &ask.id, plan, now).await {
        Ok(FullTransfer::Now(transfer)) => answer(app, who, transfer).await,
        Ok(FullTransfer::Before(stored)) => repeat(app, who, &ask, stored).await,
        Ok(FullTransfer::Draining) => Err(busy()),
        Err(FullTransferError::Refused(error)) => Err(error.into()),
        Err(FullTransferError::Store(error)) => Err(error.into()),
    }
}

/// Who does not manage a company's money gives from the own wallet alone.
fn gives_own_only(who: &Principal, from: &Company) -> bool {
    rights::manage_own(who, &from.id, Area::Transfers, Area::PortalFinance).is_err()
}

/// The path of the company that is further down: both are on it.
fn deeper<'a>(one: &'a Company, other: &'a Company) -> &'a [CompanyId] {
    if one.path.len() < other.path.len() { &other.path } else { &one.path }
}

/// One side of a transfer, as read.
struct Side {
    wallet: Wallet,
    company: Company,
    agreement: Agreement,
}

impl Side {
    async fn read(app: &App, (wallet, company): (Wallet, Company)) -> Result<Self, ApiError> {
        let agreement = app.store.any_agreement(&wallet.agreement).await?.ok_or_else(busy)?;
        Ok(Self { wallet, company, agreement })
    }

    fn party(&self) -> Party<'_> {
        Party { wallet: &self.wallet, company: &self.company, agreement: &self.agreement }
    }
}

async fn sides(app: &App, who: &Principal, ask: &TransferRequest) -> Result<(Side, Side), ApiError> {
    let seen = app.seen_by(who);
    let from = seen.wallet(ask.from.as_str()).await.map_err(|error| error.field("from"))?;
    let to = seen.wallet_to_give(ask.to.as_str()).await.map_err(|error| error.field("to"))?;
    Ok((Side::read(app, from).await?, Side::read(app, to).await?))
}

async fn repeat(
    app: &App,
    who: &Principal,
    ask: &TransferRequest,
    stored: Transfer,
) -> Created<PostedTransferView> {
    if ask.is_repeat_of(&stored) { answer(app, who, stored).await } else { Err(key_reused()) }
}

async fn answer(app: &App, who: &Principal, transfer: Transfer) -> Created<PostedTransferView> {
    let balance = async |id: &WalletId| -> Result<String, ApiError> {
        let wallet = app.store.wallet(id).await?.ok_or_else(busy)?;
        Ok(app.store.balance(&wallet).await?.to_string())
    };
    let from_balance = balance(&transfer.from).await?;
    // Whose roles show them no wallets may give to others, and does not see what they have.
    let sees = rights::sees_wallets(who, &transfer.to_company);
    let to_balance = if sees { Some(balance(&transfer.to).await?) } else { None };
    created(PostedTransferView { transfer: transfer.into(), from_balance, to_balance })
}

/// One transfer.
#[utoipa::path(get, path = "/v1/transfers/{id}", tag = "transfers",
    params(("id" = String, Path, description = "The transfer's id")),
    responses((status = 200, description = "The transfer", body = TransferView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Reply<TransferView> {
    Ok(Json(app.seen_by(&who).transfer(&id).await?.into()))
}
