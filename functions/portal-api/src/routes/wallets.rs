//! Balances and statements.

use axum::Json;
use axum::extract::{Path, State};
use domain::agreement::CreditLimit;
use domain::id::TransferId;
use domain::money::Amount;
use domain::statement::StatementLine;
use domain::transfer::Transfer;
use domain::wallet::{OperationKind, Wallet};
use futures::future::try_join_all;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Problem, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Reply;
use crate::App;
use crate::error::ApiError;
use crate::fields::{self, List};
use crate::schema;

#[derive(Debug, Serialize, ToSchema)]
pub struct WalletView {
    /// Its id.
    id: String,
    /// Whose it is.
    company: String,
    /// The agreement it belongs to.
    agreement: String,
    /// What it counts in.
    currency: String,
    /// Payments and transfers, less what was charged here, the messages of companies below included.
    #[schema(example = "41.95")]
    balance: String,
    /// How far the balance may go below zero; null for no limit.
    credit_limit: Option<String>,
    /// What may still be spent or set aside; null for no limit.
    headroom: Option<String>,
    /// Set aside for companies below, which spend it or give it back.
    allocated: String,
    /// What a transfer may take at once: headroom without the credit limit.
    own_funds: String,
}

impl WalletView {
    fn new(wallet: Wallet, balance: Amount) -> Result<Self, ApiError> {
        let limited = wallet.credit_limit != CreditLimit::Unlimited.amount();
        Ok(Self {
            balance: balance.to_string(),
            credit_limit: limited.then(|| wallet.credit_limit.to_string()),
            headroom: limited.then(|| wallet.headroom.to_string()),
            allocated: wallet.allocated.to_string(),
            own_funds: wallet.own_funds()?.to_string(),
            currency: wallet.currency.to_string(),
            id: wallet.id.into(),
            company: wallet.company.into(),
            agreement: wallet.agreement.into(),
        })
    }
}

/// One wallet.
#[utoipa::path(get, path = "/v1/wallets/{id}", tag = "wallets",
    params(("id" = String, Path, description = "The wallet's id")),
    responses((status = 200, description = "The wallet as it is now", body = WalletView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Reply<WalletView> {
    let (wallet, _) = app.seen_by(&who).wallet(&id).await?;
    let balance = app.store.balance(&wallet).await?;
    Ok(Json(WalletView::new(wallet, balance)?))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct StatementLineView {
    /// What moved the balance.
    #[schema(value_type = schema::MovementKind)]
    kind: OperationKind,
    /// By how much; below zero for what was taken.
    amount: String,
    /// The balance after it.
    balance_after: String,
    /// How many movements this line stands for: charges that follow one another share one.
    movements: u32,
    /// The id of the last movement: a transfer, payment, message, batch or, for `escrow`, wallet.
    reference: String,
    /// A transfer's note.
    note: Option<String>,
    /// The company that asked for a transfer.
    by: Option<String>,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

impl StatementLineView {
    fn new(line: StatementLine, transfer: Option<Transfer>) -> Self {
        let (note, by) = transfer.map(|transfer| (transfer.note, transfer.by.into())).unzip();
        Self {
            kind: line.kind,
            amount: line.amount.to_string(),
            balance_after: line.balance_after.to_string(),
            movements: line.movements,
            reference: line.reference,
            note,
            by,
            at: line.at,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct StatementQuery {
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A wallet's statement, newest line first.
///
/// A movement is listed within moments after it happened. The lines add up to the balance.
#[utoipa::path(get, path = "/v1/wallets/{id}/statement", tag = "wallets",
    params(("id" = String, Path, description = "The wallet's id"), StatementQuery),
    responses((status = 200, description = "A page", body = List<StatementLineView>)))]
pub async fn statement(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    Query(query): Query<StatementQuery>,
) -> Reply<List<StatementLineView>> {
    let (wallet, _) = app.seen_by(&who).wallet(&id).await?;
    let limit = fields::limit(query.limit)?;
    let cursor = query.cursor.as_deref();
    if cursor.is_some_and(|cursor| !cursor.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(Problem::invalid("cursor", "not a cursor of this list").into());
    }
    let page = app.store.statement(&wallet.id, limit, cursor).await?;
    let items = try_join_all(page.items.into_iter().map(|line| with_transfer(&app, line))).await?;
    Ok(Json(List { items, next: page.next }))
}

async fn with_transfer(app: &App, line: StatementLine) -> Result<StatementLineView, ApiError> {
    let transfer = match (line.kind, TransferId::parse(&line.reference)) {
        (OperationKind::TransferIn | OperationKind::TransferOut, Ok(id)) => app.store.transfer(&id).await?,
        _ => None,
    };
    Ok(StatementLineView::new(line, transfer))
}
