//! Paying through a payment system: what it costs, the page to pay on, and how a top-up stands. The top-up
//! says what is expected, and the payment system that it came.

pub mod close;
pub mod confirm;
mod credits;
pub mod receipt;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::agreement::Agreement;
use domain::catalog;
use domain::credit_order::CreditOrder;
use domain::id::{PaymentSystemId, TopUpId, UserId, WalletId};
use domain::money::{Amount, Currency};
use domain::payment_system::{FeeFrom, PaymentSystemKind};
use domain::permission::Area;
use domain::top_up::{NewTopUp, Price, PriceError, TopUp, TopUpState};
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, IdempotencyKey, Problem, Query, unavailable};
use runtime::revision::Versioned;
use runtime::targets::Targets;
use serde::{Deserialize, Serialize};
use top_ups::{Choice, ChooseError, OpenError, PageAsk};
use utoipa::{IntoParams, ToSchema};

use self::credits::{CreditNoteView, CreditOrderView};
use super::{Created, Edited, Reply, created};
use crate::App;
use crate::error::{ApiError, busy, key_reused};
use crate::fields::{self, List};
use crate::lists::{Format, Listing};
use crate::names::PayerNames;
use crate::{rights, schema};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TopUpRequest {
    /// The agreement under which it is bought.
    agreement: String,
    /// Its main wallet for system credits, or the wallet of a user of the company; for a user who is no
    /// master the own one, else the main one, unless told.
    wallet: Option<String>,
    /// Above zero, in the agreement's currency and its smallest unit; not for an agreement in message
    /// credits.
    #[schema(example = "50")]
    amount: Option<String>,
    /// How many message credits to buy, for an agreement in message credits: 1 to 100,000,000. They cost
    /// what the quote says.
    quantity: Option<u32>,
    /// The payment system to pay by, of those that the quote names; the only one unless told.
    payment_system: Option<String>,
    /// Where the browser goes after paying; a page of ours that says how the top-up stands unless told, and
    /// with NetCommerce always. By https, and with FreedomPay without the id of a payment system.
    success_url: Option<String>,
    /// Where the browser goes when the payer turns back. As `success_url`.
    cancel_url: Option<String>,
}

impl TopUpRequest {
    /// FreedomPay signs what a browser brings back with the last part of the address it brings it to, and what
    /// it tells us with the last part of ours, which is the payment system's id. With another address that
    /// ends in one, payers would hold signatures that are good for what is told to us.
    fn check_urls(&self, targets: Targets, choice: &Choice) -> Result<(), ApiError> {
        let signs_addresses = choice.account.kind == PaymentSystemKind::FreedomPay;
        for (field, url) in [("success_url", &self.success_url), ("cancel_url", &self.cancel_url)] {
            let Some(url) = url else { continue };
            targets.webhook(url).map_err(|_| Problem::invalid(field, "an https address is needed"))?;
            if signs_addresses && url.to_ascii_lowercase().contains(PaymentSystemId::PREFIX) {
                return Err(Problem::invalid(field, "no payment system's id may be in it").into());
            }
        }
        Ok(())
    }
}

/// How far a top-up has come: `redirected` means that the payer has the page and has not paid yet, `paid`
/// that the money came and the balance waits for what the payment system says it keeps of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TopUpStateName {
    Redirected,
    Paid,
    Confirmed,
    Closed,
    Review,
}

impl From<&TopUpState> for TopUpStateName {
    fn from(state: &TopUpState) -> Self {
        match state {
            TopUpState::Redirected => Self::Redirected,
            TopUpState::Paid => Self::Paid,
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
    /// What is bought; of message credits, what they cost with tax.
    amount: String,
    /// The message credits that are bought, if some are, with price and tax.
    order: Option<CreditOrderView>,
    /// The fee that the payer is charged on top.
    fee: String,
    /// What the payer pays: both together.
    to_pay: String,
    /// The currency to pay in.
    currency: String,
    /// The number of the receipt for message credits, once they are paid: without gaps among those of the
    /// legal entity that sells.
    receipt_number: Option<u64>,
    /// What answers the receipt, one for each time that money of it went back or came again.
    credit_notes: Vec<CreditNoteView>,
    /// What the balance rose by, once it is confirmed. Where the payment system takes its fee from the
    /// client, that is the amount less the fee.
    credited: Option<String>,
    /// What the payment system kept, where it tells that or a tariff is set for it; Stripe is asked for it only
    /// where the client pays it. It is missing from the balance where it comes from the client; else it is the
    /// seller's matter, and the client does not see it.
    system_fee: Option<String>,
    /// The bank's number of the payment, where the payment system tells it.
    authorization: Option<String>,
    /// What refunds and chargebacks took from the balance again.
    taken_back: String,
    /// The payment system that it is paid by; none is the platform's own.
    payment_system: Option<String>,
    /// Which payment system that is.
    #[schema(value_type = schema::PaymentSystemKind)]
    kind: PaymentSystemKind,
    /// How far it has come. `confirmed` is in the balance; `closed` ended without money; `review` needs
    /// a person.
    state: TopUpStateName,
    /// The payment that it made, once it is confirmed.
    payment: Option<String>,
    /// Why it was closed or needs a person.
    reason: Option<String>,
    /// The company that closed it by hand, if one did: no money of it comes into the balance any more.
    closed_by: Option<String>,
    /// The company that confirmed it by hand, if one did.
    confirmed_by: Option<String>,
    /// The payment system's name of the checkout.
    session: String,
    /// The page to pay on.
    url: String,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl TopUpView {
    fn new(top_up: TopUp, who: &Principal) -> Self {
        let is_tenant = |tenant| rights::is_tenant_side(who, &top_up.company, tenant);
        let sees_fee = top_up.needs_system_fee() || top_up.tenant.as_ref().is_none_or(is_tenant);
        let wallet = top_up.target().into();
        let (to_pay, received) = (top_up.to_pay().to_string(), top_up.received);
        let fee = received.as_ref().and_then(|received| received.system_fee).filter(|_| sees_fee);
        let state = TopUpStateName::from(&top_up.state);
        let (payment, reason) = match top_up.state {
            TopUpState::Redirected | TopUpState::Paid => (None, None),
            TopUpState::Confirmed { payment } => (Some(payment.into()), None),
            TopUpState::Closed { reason } | TopUpState::Review { reason } => (None, Some(reason)),
        };
        Self {
            id: top_up.id.into(),
            company: top_up.company.into(),
            agreement: top_up.agreement.into(),
            wallet,
            amount: top_up.amount.to_string(),
            order: top_up.order.map(Into::into),
            fee: top_up.fee.to_string(),
            to_pay,
            currency: top_up.currency.to_string(),
            receipt_number: top_up.receipt.map(|receipt| receipt.number),
            credit_notes: top_up.credit_notes.into_iter().map(Into::into).collect(),
            credited: received.as_ref().map(|received| received.credited.to_string()),
            system_fee: fee.map(|fee| fee.to_string()),
            authorization: received.and_then(|received| received.authorization),
            taken_back: top_up.taken_back.to_string(),
            payment_system: top_up.through.system.map(Into::into),
            kind: top_up.through.kind,
            state,
            payment,
            reason,
            closed_by: top_up.closed_by.map(Into::into),
            confirmed_by: top_up.confirmed_by.map(Into::into),
            session: top_up.session,
            url: top_up.url,
            created_at: top_up.created_at,
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TopUpQuoteRequest {
    /// The agreement to top up.
    agreement: String,
    /// What is to be bought, in the agreement's currency and its smallest unit; not for an agreement in
    /// message credits.
    #[schema(example = "50")]
    amount: Option<String>,
    /// How many message credits are to be bought, for an agreement in message credits.
    quantity: Option<u32>,
}

/// What a top-up costs by one payment system.
#[derive(Debug, Serialize, ToSchema)]
pub struct TopUpQuote {
    /// The payment system, to be named in the top-up; none is the platform's own.
    payment_system: Option<String>,
    /// Its name.
    name: String,
    /// Which payment system it is.
    #[schema(value_type = schema::PaymentSystemKind)]
    kind: PaymentSystemKind,
    /// What is bought; of message credits, what they cost with tax.
    amount: String,
    /// The fee that is charged on top.
    fee: String,
    /// What is to be paid: both together.
    to_pay: String,
    /// The currency to pay in.
    currency: String,
    /// Whether the payment system's own fee will be missing from what the balance rises by.
    less_system_fee: bool,
    /// What that is, where a tariff says it before. FreedomPay may tell another when it is paid.
    #[schema(example = "1.77")]
    system_fee: Option<String>,
    /// What the balance rises by, in its own currency; none where a fee will be missing that nobody knows before.
    #[schema(example = "48.23")]
    credited: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TopUpQuotes {
    /// The message credits that are to be bought, if some are, with price and tax.
    order: Option<CreditOrderView>,
    /// One for each payment system that takes the currency and would leave something of it. None can be paid by if
    /// there are none.
    items: Vec<TopUpQuote>,
}

/// What a top-up costs.
///
/// By each payment system that the tenant offers to this agreement, with the three numbers to show before
/// paying: what is bought, the fee, and what is to be paid. Message credits have a unit price of the rate
/// plan that the agreement names for them, and tax by the rules of the legal entity that sells.
#[utoipa::path(post, path = "/v1/top_ups/quote", tag = "top_ups", request_body = TopUpQuoteRequest,
    responses((status = 200, description = "What it costs", body = TopUpQuotes)))]
pub async fn quote(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<TopUpQuoteRequest>,
) -> Reply<TopUpQuotes> {
    let agreement = app.seen_by(&who).agreement(&body.agreement).await;
    let agreement = agreement.map_err(|error| error.field("agreement"))?;
    let goods = Goods::of(&app, &agreement, body.amount.as_deref(), body.quantity).await?;
    let buys_credits = goods.order.is_some();
    let quoted = |choice: &Choice| match choice.price(goods.amount, goods.currency, buys_credits) {
        Err(PriceError::NothingLeft { .. }) => None,
        price => Some(price.and_then(|price| TopUpQuote::new(choice, price, &goods)).map_err(no_price)),
    };
    let choices = app.cashier.choices(&agreement, goods.currency).await?;
    let items = choices.iter().filter_map(quoted).collect::<Result<Vec<_>, ApiError>>()?;
    Ok(Json(TopUpQuotes { order: goods.order.map(Into::into), items }))
}

impl TopUpQuote {
    fn new(
        choice: &Choice,
        (price, system_fee): (Price, Option<Amount>),
        goods: &Goods,
    ) -> Result<Self, PriceError> {
        let account = &choice.account;
        let less_system_fee = account.fee_from == FeeFrom::Client && goods.order.is_none();
        let credited = match (&goods.order, system_fee) {
            (Some(order), _) => Some(order.credits()),
            (None, None) => (!less_system_fee).then_some(price.amount),
            (None, Some(fee)) => Some(price.amount.checked_sub(fee)?),
        };
        Ok(Self {
            payment_system: account.system.as_ref().map(ToString::to_string),
            name: choice.name.clone(),
            kind: account.kind,
            amount: price.amount.to_string(),
            fee: price.fee.to_string(),
            to_pay: price.to_pay.to_string(),
            currency: goods.currency.to_string(),
            less_system_fee,
            system_fee: system_fee.map(|fee| fee.to_string()),
            credited: credited.map(|credited| credited.to_string()),
        })
    }
}

/// Ask for a page to pay on.
///
/// The balance rises when the payment system says that the money came, once, by exactly this amount; less
/// the payment system's own fee where the tenant leaves that to the client.
#[utoipa::path(post, path = "/v1/top_ups", tag = "top_ups", request_body = TopUpRequest,
    params(("Idempotency-Key" = String, Header, description = "A new one for each new request, 1 to 255 characters")),
    responses((status = 201, description = "The top-up with its page", body = TopUpView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    IdempotencyKey(key): IdempotencyKey,
    Body(body): Body<TopUpRequest>,
) -> Created<TopUpView> {
    let id = top_up_id(&who, &key);
    if let Some(stored) = app.store.top_up(&id).await? {
        return repeat(&body, stored, &who);
    }
    let agreement = app.seen_by(&who).agreement(&body.agreement).await;
    let agreement = agreement.map_err(|error| error.field("agreement"))?;
    let goods = Goods::of(&app, &agreement, body.amount.as_deref(), body.quantity).await?;
    let wallet = wallet_to_fill(&app, &who, &agreement, body.wallet.as_deref()).await?;
    let is_own = wallet.is_some() && wallet == own_wallet(&who, &agreement);
    if !is_own {
        rights::manage_own(&who, &agreement.company, Area::Payments, Area::PortalFinance)?;
    }
    let named = body.payment_system.as_deref();
    let choice = app.cashier.choice(&agreement, goods.currency, named).await.map_err(no_choice)?;
    body.check_urls(app.targets, &choice)?;
    let (price, _) = choice.price(goods.amount, goods.currency, goods.order.is_some()).map_err(no_price)?;
    let back = app.cashier.return_page(&id);
    let bought = Bought {
        id,
        agreement,
        goods,
        wallet,
        user: who.user.as_ref().map(|user| user.id.clone()),
        choice,
        price,
        success_url: body.success_url.as_deref().unwrap_or(&back),
        cancel_url: body.cancel_url.as_deref().unwrap_or(&back),
    };
    let top_up = begin(&app, bought).await?;
    let act = app.seen_by(&who).act_on(&top_up.company).await?;
    if app.store.put_top_up(&act, &top_up).await? {
        return created(TopUpView::new(top_up, &who));
    }
    let stored = app.store.top_up(&top_up.id).await?.ok_or_else(busy)?;
    repeat(&body, stored, &who)
}

/// The id that a caller's key always leads to.
fn top_up_id(who: &Principal, key: &str) -> TopUpId {
    let company = who.company.id.as_str();
    match &who.user {
        Some(user) => TopUpId::derived(&["top_up", company, user.id.as_str(), key]),
        None => TopUpId::derived(&["top_up", company, key]),
    }
}

/// All that a page is made from.
struct Bought<'a> {
    id: TopUpId,
    agreement: Agreement,
    goods: Goods,
    wallet: Option<WalletId>,
    user: Option<UserId>,
    choice: Choice,
    price: Price,
    success_url: &'a str,
    cancel_url: &'a str,
}

/// Opens the page; the top-up is still to be stored.
async fn begin(app: &App, bought: Bought<'_>) -> Result<TopUp, ApiError> {
    let now = runtime::now();
    let ask = PageAsk {
        top_up: &bought.id,
        to_pay: bought.price.to_pay,
        currency: bought.goods.money()?,
        success_url: bought.success_url,
        cancel_url: bought.cancel_url,
        now,
    };
    let page = app.cashier.open(&bought.choice.account, &ask).await.map_err(no_page)?;
    let new = NewTopUp {
        id: bought.id,
        company: bought.agreement.company,
        tenant: bought.agreement.tenant,
        agreement: bought.agreement.id,
        wallet: bought.wallet,
        user: bought.user,
        price: bought.price,
        currency: bought.goods.currency,
        order: bought.goods.order,
        through: bought.choice.account.through(),
        session: page.session,
        url: page.url,
    };
    Ok(TopUp::new(new, now))
}

/// What is asked for: money for the balance, or message credits.
struct Goods {
    /// In the money that is paid in, without our fee.
    amount: Amount,
    currency: Currency,
    order: Option<CreditOrder>,
}

impl Goods {
    async fn of(
        app: &App,
        agreement: &Agreement,
        amount: Option<&str>,
        quantity: Option<u32>,
    ) -> Result<Self, ApiError> {
        match (agreement.currency, amount, quantity) {
            (Currency::Credit, None, Some(quantity)) => credits::order(app, agreement, quantity).await,
            (Currency::Credit, ..) => {
                Err(Problem::invalid("quantity", "message credits are bought by their number").into())
            }
            (currency, Some(amount), None) => {
                Ok(Self { amount: fields::amount("amount", amount)?, currency, order: None })
            }
            _ => Err(Problem::invalid("amount", "this agreement is topped up by an amount").into()),
        }
    }

    fn money(&self) -> Result<iso_currency::Currency, ApiError> {
        match self.currency {
            Currency::Money(currency) => Ok(currency),
            Currency::Credit => Err(Problem::invalid("agreement", "nobody pays in message credits").into()),
        }
    }
}

fn no_choice(error: ChooseError) -> ApiError {
    match error {
        ChooseError::Store(error) => error.into(),
        ChooseError::NotSetUp => Problem::new(409, "no_payment_system", error.to_string()).into(),
        ChooseError::NotOffered | ChooseError::Several => Problem::invalid("payment_system", error).into(),
    }
}

fn no_price(error: PriceError) -> ApiError {
    Problem::invalid("amount", error).into()
}

fn no_page(error: OpenError) -> ApiError {
    match error {
        OpenError::Amount(detail) => Problem::invalid("amount", detail).into(),
        OpenError::Refused(reason) => {
            tracing::warn!(reason, "no payment page");
            let detail = "The payment system did not open a page. Check the request and send it with a new \
                          Idempotency-Key.";
            Problem::new(422, "payment_system_refused", detail).into()
        }
        OpenError::Unavailable(error) => unavailable(error).into(),
    }
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

fn repeat(body: &TopUpRequest, stored: TopUp, who: &Principal) -> Created<TopUpView> {
    let same_goods = match (&body.amount, &stored.order) {
        (Some(amount), None) => fields::amount("amount", amount)? == stored.amount && body.quantity.is_none(),
        (None, Some(order)) => body.quantity == Some(order.quantity),
        _ => false,
    };
    let same_wallet = body.wallet.as_ref().is_none_or(|id| *id == stored.target().as_str());
    let system = stored.through.system.as_ref().map(PaymentSystemId::as_str);
    let same_system = body.payment_system.is_none() || body.payment_system.as_deref() == system;
    let same = same_wallet && same_system && same_goods && body.agreement == stored.agreement.as_str();
    if same { created(TopUpView::new(stored, who)) } else { Err(key_reused()) }
}

/// One top-up.
///
/// The `ETag` is its revision, for `If-Match`.
#[utoipa::path(get, path = "/v1/top_ups/{id}", tag = "top_ups",
    params(("id" = String, Path, description = "The top-up's id")),
    responses((status = 200, description = "The top-up as it is now", body = TopUpView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Edited<TopUpView> {
    let top_up = app.seen_by(&who).top_up(&id).await?;
    if !shows(&who, &top_up) {
        return Err(Problem::not_found("top-up").into());
    }
    Ok(Versioned::new(top_up.revision, TopUpView::new(top_up, &who)))
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
    /// The top-ups of this agreement.
    agreement: Option<String>,
    /// Or of this company; yours unless told.
    company: Option<String>,
    /// Or of all companies directly below this one.
    tenant: Option<String>,
    /// How far they have come.
    #[param(inline)]
    state: Option<TopUpStateName>,
    /// Only those for this wallet.
    wallet: Option<String>,
    /// Only those by this payment system; `stripe` for the platform's own account.
    payment_system: Option<String>,
    /// Only those by payment systems of this kind.
    #[param(value_type = Option<schema::PaymentSystemKind>)]
    kind: Option<PaymentSystemKind>,
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

impl TopUpQuery {
    /// The list of an agreement, of all companies below one, or of a company.
    async fn list(&self, app: &App, who: &Principal) -> Result<String, ApiError> {
        let seen = app.seen_by(who);
        if let Some(id) = &self.agreement {
            return Ok(seen.agreement(id).await?.id.into());
        }
        if let Some(tenant) = &self.tenant {
            let tenant = seen.company(tenant).await.map_err(|error| error.field("tenant"))?;
            rights::view(who, Area::Payments)?;
            return Ok(catalog::list_with(tenant.id.as_str()));
        }
        Ok(seen.company_or_own(self.company.as_deref()).await?.id.into())
    }

    /// What no list is in the order of.
    fn passes(&self, top_up: &TopUp) -> bool {
        let is = |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|it| it == value);
        self.state.is_none_or(|state| state == TopUpStateName::from(&top_up.state))
            && is(&self.wallet, top_up.target().as_str())
            && is(&self.payment_system, top_up.through.name())
            && self.kind.is_none_or(|kind| kind == top_up.through.kind)
    }
}

/// A top-up in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct TopUpRow {
    #[serde(flatten)]
    top_up: TopUpView,
    #[serde(flatten)]
    names: PayerNames,
}

const FILE_COLUMNS: [&str; 29] = [
    "id",
    "company",
    "company_name",
    "agreement",
    "agreement_code",
    "wallet",
    "amount",
    "order.quantity",
    "order.unit_price",
    "order.net",
    "order.tax",
    "order.total",
    "fee",
    "to_pay",
    "receipt_number",
    "currency",
    "credited",
    "system_fee",
    "authorization",
    "taken_back",
    "payment_system",
    "kind",
    "state",
    "payment",
    "reason",
    "closed_by",
    "confirmed_by",
    "session",
    "created_at",
];

/// Top-ups.
///
/// Newest first unless a filter or `sort` says otherwise. A user whose roles show them no finance sees those
/// for the own wallet. With a filter a page may hold fewer than `limit` while there are more: go on while there
/// is a `next`. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/top_ups", tag = "top_ups", params(TopUpQuery),
    responses((status = 200, description = "A page",
        content((List<TopUpRow> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<TopUpQuery>,
) -> Result<Response, ApiError> {
    let list = query.list(&app, &who).await?;
    let amounts = fields::amounts(query.amount_min.as_deref(), query.amount_max.as_deref())?;
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let listing = Listing::new(list, &["created_at", "amount"], sort, query.limit, cursor)?
        .within("created_at", query.from, query.till)
        .within_amounts("amount", amounts)
        .newest_first("created_at");
    let is_shown = |top_up: &TopUp| shows(&who, top_up) && query.passes(top_up);
    let found = listing.read(&app.store, format, is_shown).await?;
    let names = found.names(&app.store, |it| [it.company.as_str(), it.agreement.as_str()]).await?;
    let row = |top_up: TopUp| TopUpRow {
        names: names.payer(&top_up.company, &top_up.agreement),
        top_up: TopUpView::new(top_up, &who),
    };
    found.answer(row, "top-ups", &FILE_COLUMNS)
}
