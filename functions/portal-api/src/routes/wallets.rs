//! Balances and statements, of the system credits of a company and of its users' own.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::agreement::CreditLimit;
use domain::catalog;
use domain::id::{TransferId, UserId, WalletId};
use domain::money::Amount;
use domain::permission::Area;
use domain::statement::StatementLine;
use domain::transfer::Transfer;
use domain::user::User;
use domain::wallet::{OperationKind, Wallet};
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Problem, Query};
use serde::{Deserialize, Serialize};
use store::Page;
use utoipa::{IntoParams, ToSchema};

use super::Reply;
use crate::App;
use crate::error::ApiError;
use crate::fields::{self, List};
use crate::lists::{Column, FILE_ROWS_MAX, Format, Found, csv_file, in_order, too_many_rows};
use crate::wallet_book::{Entry, all_wallets};
use crate::{rights, schema};

/// Of a file, the lines that are read at a time.
const FILE_PAGE: u16 = 500;

#[derive(Debug, Serialize, ToSchema)]
pub struct WalletView {
    /// Its id.
    id: String,
    /// Whose it is.
    company: String,
    /// The agreement it belongs to.
    agreement: String,
    /// The user whose it is; null for the main wallet of the agreement.
    user: Option<String>,
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
    fn new(wallet: Wallet, user: Option<UserId>, balance: Amount) -> Result<Self, ApiError> {
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
            user: user.map(Into::into),
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
    let user = owner(&app, &wallet).await?.map(|user| user.id);
    Ok(Json(WalletView::new(wallet, user, balance)?))
}

/// The user whose wallet it is, unless it is a main wallet.
async fn owner(app: &App, wallet: &Wallet) -> Result<Option<User>, ApiError> {
    if wallet.id == WalletId::main(&wallet.agreement) {
        return Ok(None);
    }
    let users = app.store.users(&wallet.company).await?;
    Ok(users.into_iter().find(|user| wallet.id == WalletId::of_user(&wallet.agreement, &user.id)))
}

/// A wallet in the list of those that credits move between.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedWalletView {
    /// Its id.
    id: String,
    /// The agreement it belongs to.
    agreement: String,
    /// The agreement's code.
    agreement_code: String,
    /// What it counts in.
    currency: String,
    /// The user whose it is; null for the system credits: the main wallet of the agreement.
    user: Option<String>,
    /// The user's name; null for the system credits.
    user_name: Option<String>,
    /// The balance as it is now; null for a user who may give to it and not see it.
    #[schema(example = "41.95")]
    balance: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct WalletFilter {
    /// Whose wallets; yours unless told.
    company: Option<String>,
    /// `agreement_code`, `currency`, `user_name`, `balance` or `created_at`, with a `-` before it for the
    /// other way round; by agreement, oldest first, unless told.
    #[param(example = "-balance")]
    sort: Option<String>,
}

/// A wallet with its balance, for those who see it.
type ShownWallet = (Entry, Option<Amount>);

const COLUMNS: [Column<ShownWallet>; 4] = [
    ("agreement_code", |(entry, _)| catalog::words(&entry.agreement.code)),
    ("currency", |(entry, _)| entry.wallet.currency.to_string()),
    ("user_name", |(entry, _)| catalog::words(entry.user.as_ref().map_or("", |user| &user.name))),
    ("balance", |(_, balance)| balance.map(catalog::amount).unwrap_or_default()),
];

const FILE_COLUMNS: [&str; 7] =
    ["id", "agreement", "agreement_code", "currency", "user", "user_name", "balance"];

/// A company's wallets: under each agreement the system credits, then the credits of its users.
///
/// A user whose roles show them no wallets sees all of them as somebody to give to, with the balance of the own one.
/// `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/wallets", tag = "wallets", params(WalletFilter),
    responses((status = 200, description = "All of them",
        content((List<ListedWalletView> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(filter): Query<WalletFilter>,
) -> Result<Response, ApiError> {
    let seen = app.seen_by(&who);
    let company = seen.company_or_own(filter.company.as_deref()).await?;
    if company.id != who.company.id {
        rights::view(&who, Area::Transfers)?;
    }
    let mut items = Vec::new();
    for entry in all_wallets(&app.store, &company).await? {
        let shown = seen.shows_wallet(&entry.wallet);
        let balance = if shown { Some(app.store.balance(&entry.wallet).await?) } else { None };
        items.push((entry, balance));
    }
    let items = in_order(items, filter.sort.as_deref(), &COLUMNS)?;
    Found::all(items, format).answer(ListedWalletView::new, "wallets", &FILE_COLUMNS)
}

impl ListedWalletView {
    fn new((entry, balance): ShownWallet) -> Self {
        let (user, user_name) = entry.user.map(|user| (user.id.into(), user.name)).unzip();
        Self {
            id: entry.wallet.id.into(),
            agreement: entry.agreement.id.to_string(),
            agreement_code: entry.agreement.code.clone(),
            currency: entry.wallet.currency.to_string(),
            user,
            user_name,
            balance: balance.map(|balance| balance.to_string()),
        }
    }
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
    /// The user who asked for a transfer; null for a key of the company itself.
    by_user: Option<String>,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

impl StatementLineView {
    fn new(line: StatementLine, transfer: Option<Transfer>) -> Self {
        let by_user = transfer.as_ref().and_then(|transfer| transfer.by_user.clone()).map(Into::into);
        let (note, by) = transfer.map(|transfer| (transfer.note, transfer.by.into())).unzip();
        Self {
            kind: line.kind,
            amount: line.amount.to_string(),
            balance_after: line.balance_after.to_string(),
            movements: line.movements,
            reference: line.reference,
            note,
            by,
            by_user,
            at: line.at,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct StatementQuery {
    /// At this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    till: Option<Timestamp>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

const STATEMENT_FILE_COLUMNS: [&str; 9] =
    ["at", "kind", "amount", "balance_after", "movements", "reference", "note", "by", "by_user"];

/// A wallet's statement, newest line first.
///
/// A movement is listed within moments after it happened. The lines add up to the balance. With a filter a
/// page may hold fewer than `limit` while there are more: go on while there is a `next`. `Accept: text/csv`
/// answers a file.
#[utoipa::path(get, path = "/v1/wallets/{id}/statement", tag = "wallets",
    params(("id" = String, Path, description = "The wallet's id"), StatementQuery),
    responses((status = 200, description = "A page",
        content((List<StatementLineView> = "application/json"), (String = "text/csv")))))]
pub async fn statement(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    format: Format,
    Query(query): Query<StatementQuery>,
) -> Result<Response, ApiError> {
    let (wallet, _) = app.seen_by(&who).wallet(&id).await?;
    let limit = fields::limit(query.limit)?;
    if query.cursor.as_ref().is_some_and(|cursor| !cursor.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(Problem::invalid("cursor", "not a cursor of this list").into());
    }
    if format == Format::Csv {
        let lines = whole_statement(&app, &wallet, &query).await?;
        return csv_file("statement", &lines, &STATEMENT_FILE_COLUMNS);
    }
    let page = statement_page(&app, &wallet, &query, limit, query.cursor.as_deref()).await?;
    Ok(Json(List { items: page.items, next: page.next }).into_response())
}

async fn whole_statement(
    app: &App,
    wallet: &Wallet,
    query: &StatementQuery,
) -> Result<Vec<StatementLineView>, ApiError> {
    let (mut lines, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = statement_page(app, wallet, query, FILE_PAGE, cursor.as_deref()).await?;
        lines.extend(page.items);
        if FILE_ROWS_MAX < lines.len() {
            return Err(too_many_rows(FILE_ROWS_MAX));
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(lines),
        }
    }
}

/// What is in the span, of so many lines. Behind its beginning there is no next page.
async fn statement_page(
    app: &App,
    wallet: &Wallet,
    query: &StatementQuery,
    limit: u16,
    cursor: Option<&str>,
) -> Result<Page<StatementLineView>, ApiError> {
    let mut page = app.store.statement(&wallet.id, limit, cursor).await?;
    if page.items.last().is_some_and(|line| query.from.is_some_and(|from| line.at < from)) {
        page.next = None;
    }
    page.items.retain(|line| {
        query.from.is_none_or(|from| from <= line.at) && query.till.is_none_or(|till| line.at < till)
    });
    let ids: Vec<_> = page.items.iter().filter_map(transfer_of).collect();
    let transfers = app.store.transfers(&ids).await?;
    let with_transfer = |line: StatementLine| {
        let transfer = transfer_of(&line).and_then(|id| transfers.get(&id).cloned());
        StatementLineView::new(line, transfer)
    };
    Ok(Page { items: page.items.into_iter().map(with_transfer).collect(), next: page.next })
}

fn transfer_of(line: &StatementLine) -> Option<TransferId> {
    let is_transfer = matches!(line.kind, OperationKind::TransferIn | OperationKind::TransferOut);
    is_transfer.then(|| TransferId::parse(&line.reference).ok()).flatten()
}
