//! Paying by card: a top-up says what is expected, and the payment system's callback that it came.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::agreement::Agreement;
use domain::id::{TopUpId, WalletId};
use domain::money::{Amount, Currency};
use domain::permission::Area;
use domain::top_up::{TopUp, TopUpState};
use jiff::Timestamp;
use payments::stripe::CheckoutRequest;
use runtime::auth::Principal;
use runtime::http::{Body, IdempotencyKey, Problem, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Created, Reply, created};
use crate::App;
use crate::error::{ApiError, busy, key_reused};
use crate::fields::{self, List};
use crate::lists::{Format, Listing};
use crate::{rights, stripe};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TopUpRequest {
    /// The agreement under which it is bought.
    agreement: String,
    /// Its main wallet for system credits, or the wallet of a user of the company; for a user who is no
    /// master the own one, else the main one, unless told.
    wallet: Option<String>,
    /// Above zero, in the agreement's currency and its smallest unit.
    #[schema(example = "50")]
    amount: String,
    /// Where the browser goes after paying.
    success_url: Option<String>,
    /// Where the browser goes when the payer turns back.
    cancel_url: Option<String>,
}

/// How far a top-up has come: `redirected` means that the payer has the page and has not paid yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TopUpStateName {
    Redirected,
    Confirmed,
    Closed,
    Review,
}

impl From<&TopUpState> for TopUpStateName {
    fn from(state: &TopUpState) -> Self {
        match state {
            TopUpState::Redirected => Self::Redirected,
            TopUpState::Confirmed { .. } => Self::Confirmed,
            TopUpState::Closed { .. } => Self::Closed,
            TopUpState::Review { .. } => Self::Review,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TopUpView {
    /// Its id.
    id: String,
    /// The company that pays.
    company: String,
    /// The agreement under which it is bought.
    agreement: String,
    /// The wallet whose balance will rise.
    wallet: String,
    /// What is expected.
    amount: String,
    /// The agreement's currency.
    currency: String,
    /// How far it has come. `confirmed` is in the balance; `closed` ended without money; `review` needs
    /// a person.
    state: TopUpStateName,
    /// The payment that it made, once it is confirmed.
    payment: Option<String>,
    /// Why it was closed or needs a person.
    reason: Option<String>,
    /// The payment system's name of the checkout.
    session: String,
    /// The page to pay on.
    url: String,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<TopUp> for TopUpView {
    fn from(top_up: TopUp) -> Self {
        let wallet = top_up.target().into();
        let state = TopUpStateName::from(&top_up.state);
        let (payment, reason) = match top_up.state {
            TopUpState::Redirected => (None, None),
            TopUpState::Confirmed { payment } => (Some(payment.into()), None),
            TopUpState::Closed { reason } | TopUpState::Review { reason } => (None, Some(reason)),
        };
        Self {
            id: top_up.id.into(),
            company: top_up.company.into(),
            agreement: top_up.agreement.into(),
            wallet,
            amount: top_up.amount.to_string(),
            currency: top_up.currency.to_string(),
            state,
            payment,
            reason,
            session: top_up.session,
            url: top_up.url,
            created_at: top_up.created_at,
        }
    }
}

/// Ask for a page to pay on.
///
/// The balance rises when the payment system says that the money came, once, by exactly this amount.
#[utoipa::path(post, path = "/v1/top_ups", tag = "top_ups", request_body = TopUpRequest,
    params(("Idempotency-Key" = String, Header, description = "A new one for each new request, 1 to 255 characters")),
    responses((status = 201, description = "The top-up with its page", body = TopUpView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    IdempotencyKey(key): IdempotencyKey,
    Body(body): Body<TopUpRequest>,
) -> Created<TopUpView> {
    let company = who.company.id.as_str();
    let id = match &who.user {
        Some(user) => TopUpId::derived(&["top_up", company, user.id.as_str(), &key]),
        None => TopUpId::derived(&["top_up", company, &key]),
    };
    let amount = fields::amount("amount", &body.amount)?;
    if let Some(stored) = app.store.top_up(&id).await? {
        return repeat(&body, amount, stored);
    }
    let agreement = app.seen_by(&who).agreement(&body.agreement).await;
    let agreement = agreement.map_err(|error| error.field("agreement"))?;
    let Currency::Money(currency) = agreement.currency else {
        return Err(Problem::invalid("agreement", "message credits are not a currency to pay in").into());
    };
    let wallet = wallet_to_fill(&app, &who, &agreement, body.wallet.as_deref()).await?;
    let is_own = wallet.is_some() && wallet == own_wallet(&who, &agreement);
    if !is_own {
        rights::manage_own(&who, &agreement.company, Area::Payments, Area::PortalFinance)?;
    }
    let now = runtime::now();
    // The page of payment-callback, which says how the top-up stands.
    let back = format!("{}/payments/return?top_up={id}", app.public_base_url);
    let page = stripe::open(
        &app,
        &CheckoutRequest {
            top_up: id.as_str(),
            amount: amount.decimal(),
            currency,
            description: "Balance top-up",
            success_url: body.success_url.as_deref().unwrap_or(&back),
            cancel_url: body.cancel_url.as_deref().unwrap_or(&back),
            expires_at: stripe::closes_at(now),
        },
    )
    .await?;
    let top_up = TopUp {
        id,
        company: agreement.company,
        agreement: agreement.id,
        wallet,
        amount,
        currency: agreement.currency,
        state: TopUpState::Redirected,
        session: page.session_id,
        url: page.url,
        created_at: now,
        revision: 0,
    };
    let act = app.seen_by(&who).act_on(&top_up.company).await?;
    if app.store.put_top_up(&act, &top_up).await? {
        return created(top_up);
    }
    let stored = app.store.top_up(&top_up.id).await?.ok_or_else(busy)?;
    repeat(&body, amount, stored)
}

fn own_wallet(who: &Principal, agreement: &Agreement) -> Option<WalletId> {
    who.user.as_ref().map(|user| WalletId::of_user(&agreement.id, &user.id))
}

/// The user's wallet that the money is for; none for system credits. Users buy for themselves, those who
/// manage the company's finance for all.
async fn wallet_to_fill(
    app: &App,
    who: &Principal,
    agreement: &Agreement,
    named: Option<&str>,
) -> Result<Option<WalletId>, ApiError> {
    let manages = rights::manage_own(who, &agreement.company, Area::Payments, Area::PortalFinance).is_ok();
    let own = own_wallet(who, agreement).filter(|_| !manages);
    let Some(id) = named.or(own.as_ref().map(WalletId::as_str)) else { return Ok(None) };
    let found = app.seen_by(who).wallet(id).await;
    let (wallet, _) = found.map_err(|error| error.field("wallet"))?;
    if wallet.id == agreement.wallet() {
        return Ok(None);
    }
    if wallet.agreement != agreement.id || !agreement.individual_credits {
        let detail = "the wallet must be the agreement's main one, or with individual credits a user's";
        return Err(Problem::invalid("wallet", detail).into());
    }
    Ok(Some(wallet.id))
}

fn repeat(body: &TopUpRequest, amount: Amount, stored: TopUp) -> Created<TopUpView> {
    let same_wallet = body.wallet.as_ref().is_none_or(|id| *id == stored.target().as_str());
    let same = same_wallet && body.agreement == stored.agreement.as_str() && amount == stored.amount;
    if same { created(stored) } else { Err(key_reused()) }
}

/// One top-up.
#[utoipa::path(get, path = "/v1/top_ups/{id}", tag = "top_ups",
    params(("id" = String, Path, description = "The top-up's id")),
    responses((status = 200, description = "The top-up as it is now", body = TopUpView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Reply<TopUpView> {
    let top_up = app.seen_by(&who).top_up(&id).await?;
    if !shows(&who, &top_up) {
        return Err(Problem::not_found("top-up").into());
    }
    Ok(Json(top_up.into()))
}

/// A person always sees what is for the own wallet.
fn shows(who: &Principal, top_up: &TopUp) -> bool {
    let own = who.user.as_ref().map(|user| WalletId::of_user(&top_up.agreement, &user.id));
    (own.is_some() && own == top_up.wallet)
        || rights::view_own(who, &top_up.company, Area::Payments, Area::PortalFinance).is_ok()
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct TopUpQuery {
    /// Whose top-ups.
    agreement: String,
    /// How far they have come.
    #[param(inline)]
    state: Option<TopUpStateName>,
    /// Only those for this wallet.
    wallet: Option<String>,
    /// At least so much.
    amount_min: Option<String>,
    /// At most so much.
    amount_max: Option<String>,
    /// Asked for at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    till: Option<Timestamp>,
    /// `created_at` or `amount`, with a `-` before it for the other way round; `-created_at` unless told or
    /// filtered.
    #[param(example = "-created_at")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

const FILE_COLUMNS: [&str; 11] = [
    "id",
    "company",
    "agreement",
    "wallet",
    "amount",
    "currency",
    "state",
    "payment",
    "reason",
    "session",
    "created_at",
];

/// An agreement's top-ups.
///
/// Newest first unless a filter or `sort` says otherwise. A user whose roles show them no finance sees those
/// for the own wallet. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/top_ups", tag = "top_ups", params(TopUpQuery),
    responses((status = 200, description = "A page",
        content((List<TopUpView> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<TopUpQuery>,
) -> Result<Response, ApiError> {
    let agreement = app.seen_by(&who).agreement(&query.agreement).await?;
    let amounts = fields::amounts(query.amount_min.as_deref(), query.amount_max.as_deref())?;
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let listing = Listing::new(agreement.id, &["created_at", "amount"], sort, query.limit, cursor)?
        .within("created_at", query.from, query.till)
        .within_amounts("amount", amounts)
        .newest_first("created_at");
    let is_shown = |top_up: &TopUp| {
        shows(&who, top_up)
            && query.state.is_none_or(|state| state == TopUpStateName::from(&top_up.state))
            && query.wallet.as_deref().is_none_or(|wallet| wallet == top_up.target().as_str())
    };
    let found = listing.read(&app.store, format, is_shown).await?;
    found.answer(TopUpView::from, "top-ups", &FILE_COLUMNS)
}
