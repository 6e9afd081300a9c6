//! payment-callback: what payment systems tell about top-ups becomes payments, each top-up's exactly
//! once, and the pages that payers pass before and after the payment page.
//!
//! A callback is answered with success only when all that it changes is stored. What is authentic and
//! cannot be settled by a rule is kept for review: a payment system that is told "no" forgets it after
//! some days.

mod freedom_pay;
mod net_commerce;
mod pay_online;
mod return_page;
mod stripe;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use axum::routing::{get, post};
use domain::id::{PaymentSystemId, TopUpId};
use domain::money::Currency;
use domain::payment_system::PaymentSystemKind;
use domain::top_up::{Report, TopUp, TopUpState};
use http::HeaderMap;
use jiff::Timestamp;
use runtime::http::{Problem, unavailable};
use rust_decimal::Decimal;
use store::{Counted, CountedCall, Review, Secrets, Store, StoreError};
use top_ups::{
    Account, AccountError, Addresses, AskError, Cashier, Hint, LookError, Looked, SettleError, TopUpReport,
};

/// What the function works with, made once a process.
#[derive(Clone)]
pub struct App {
    store: Store,
    cashier: Cashier,
}

impl App {
    pub fn new(store: Store, secrets: Secrets, addresses: Addresses) -> anyhow::Result<Self> {
        let cashier = Cashier::new(store.clone(), secrets, addresses)?;
        Ok(Self { store, cashier })
    }
}

/// `/payments/{system}` for the platform's own account, `/payments/{system}/{payment_system}` for those
/// that tenants have set up, `GET /payments/return` for payers.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/payments/return", get(return_page::show))
        .route("/payments/{system}", post(own))
        .route("/payments/{system}/{payment_system}", get(called_by_get).post(called))
        .with_state(app)
}

/// A call about an account, and when it came.
struct Call {
    system: Option<PaymentSystemId>,
    headers: HeaderMap,
    body: Bytes,
    now: Timestamp,
}

async fn own(
    State(app): State<App>,
    Path(system): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    if system != PaymentSystemKind::Stripe.name() {
        return Err(no_system());
    }
    stripe::called(&app, Call { system: None, headers, body, now: runtime::now() }).await
}

async fn called(
    State(app): State<App>,
    Path((kind, system)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let (kind, id) = named(&kind, &system)?;
    let call = Call { system: Some(id), headers, body, now: runtime::now() };
    match kind {
        PaymentSystemKind::Stripe => stripe::called(&app, call).await,
        PaymentSystemKind::PayOnline => pay_online::called(&app, call).await,
        PaymentSystemKind::FreedomPay => freedom_pay::called(&app, call).await,
        PaymentSystemKind::NetCommerce => net_commerce::called(&app, call).await,
    }
}

/// PayOnline may be set to call so; NetCommerce's payers begin with a form here.
async fn called_by_get(
    State(app): State<App>,
    Path((kind, system)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (kind, id) = named(&kind, &system)?;
    let body = Bytes::from(query.unwrap_or_default());
    let call = Call { system: Some(id), headers, body, now: runtime::now() };
    match kind {
        PaymentSystemKind::PayOnline => pay_online::called(&app, call).await,
        PaymentSystemKind::NetCommerce => net_commerce::form(&app, call).await,
        PaymentSystemKind::Stripe | PaymentSystemKind::FreedomPay => Err(no_system()),
    }
}

fn named(kind: &str, system: &str) -> Result<(PaymentSystemKind, PaymentSystemId), Problem> {
    let id = PaymentSystemId::parse(system).map_err(|_| no_system())?;
    Ok((PaymentSystemKind::named(kind).ok_or_else(no_system)?, id))
}

fn no_system() -> Problem {
    Problem::not_found("payment system")
}

impl App {
    /// The answer to a call that was not signed with the account's secrets. Nothing is signed in it, and
    /// nothing of the call is told. It is counted for a person, as well as that can be done.
    async fn not_authentic(&self, system: &str, at: Timestamp, error: &str) -> Problem {
        tracing::warn!(system, error, "a callback that is not authentic");
        self.count(Counted::Refused, system, at, error.to_owned()).await;
        Problem::new(
            400,
            "not_authentic",
            format!("This call is not taken as the payment system's: {error}."),
        )
    }

    async fn count(&self, counted: Counted, system: &str, at: Timestamp, detail: String) {
        if let Err(error) = self.store.count_call(counted, system, CountedCall { at, detail }).await {
            tracing::warn!(system, error = format!("{:#}", anyhow::Error::new(error)), "it is not counted");
        }
    }

    /// Counts a call about a payment, if that payment is in the balance already.
    async fn count_repeat(&self, about: &About<'_>, top_up: &TopUp, payment: &str) {
        if top_up.is_paid_by(payment) {
            let detail = format!("{payment} of {} was told before", top_up.id);
            self.count(Counted::Idle, about.system, about.at, detail).await;
        }
    }

    /// The same as [`Self::not_authentic`] of a call that cannot even be verified, if there is such an account.
    async fn not_read(&self, call: &Call, kind: PaymentSystemKind, error: &str) -> Problem {
        match self.cashier.account(call.system.as_ref()).await {
            Ok(Some(account)) if account.kind == kind => {
                self.not_authentic(account.through().name(), call.now, error).await
            }
            Ok(_) => no_system(),
            Err(error) => error.into(),
        }
    }

    /// What `verify` reads of a call with the secrets of its account, which has to be of this kind.
    async fn verified<T, E: std::fmt::Display>(
        &self,
        call: &Call,
        kind: PaymentSystemKind,
        verify: impl Fn(&Account, &[&str]) -> Result<T, E>,
    ) -> Result<(Arc<Account>, T), Problem> {
        let system = call.system.as_ref();
        let found = self.cashier.verified(system, |account| {
            if account.kind != kind {
                return Err(None);
            }
            verify(account, &account.secrets(call.now)).map_err(Some)
        });
        let name = system.map_or(kind.name(), PaymentSystemId::as_str);
        let refused = match found.await {
            Ok(verified) => return Ok(verified),
            Err(AccountError::Store(error)) => return Err(error.into()),
            Err(AccountError::Unknown | AccountError::NotAuthentic(None)) => return Err(no_system()),
            Err(AccountError::NotAuthentic(Some(error))) => error.to_string(),
        };
        Err(self.not_authentic(name, call.now, &refused).await)
    }

    /// The top-up that an authentic call names. One that names none of ours is kept for a person.
    async fn named_top_up(&self, about: &About<'_>, name: &str) -> Result<Option<TopUp>, Problem> {
        let found = match TopUpId::parse(name) {
            Ok(id) => self.store.top_up(&id).await?,
            Err(_) => None,
        };
        let found = found.filter(|top_up| top_up.through.name() == about.system);
        if found.is_none() {
            self.keep(about, None, format!("it names {name:?}, which is no top-up of this account")).await?;
        }
        Ok(found)
    }

    /// Whether a call is about what the payer was asked for. One about anything else is kept for a person,
    /// and changes nothing.
    async fn is_asked(
        &self,
        about: &About<'_>,
        top_up: &TopUp,
        amount: Decimal,
        currency: iso_currency::Currency,
    ) -> Result<bool, StoreError> {
        let (asked, asked_in) = (top_up.to_pay(), top_up.currency);
        if (amount, Currency::Money(currency)) == (asked.decimal(), asked_in) {
            return Ok(true);
        }
        let told = format!("{} {} is told", amount.normalize(), currency.code());
        let detail = format!("{told} of {}, {asked} {asked_in} was expected", top_up.id);
        self.keep(about, Some(top_up.id.clone()), detail).await?;
        Ok(false)
    }

    /// Asks how a top-up stands, and settles what is said. None if the payment system refused to say, which
    /// it would again: that is kept for a person.
    async fn look_after(
        &self,
        about: &About<'_>,
        top_up: &TopUp,
        hint: &Hint,
    ) -> Result<Option<Looked>, Problem> {
        if let Some(payment) = &hint.payment {
            self.count_repeat(about, top_up, payment).await;
        }
        match self.cashier.look_after(top_up, hint, about.at).await {
            Ok(looked) => Ok(Some(looked)),
            Err(LookError::Ask(error)) => {
                self.unanswered(about, Some(top_up.id.clone()), error).await.map(|()| None)
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    /// A question that the payment system did not answer: whoever called has to come again, unless it would
    /// be refused again, which is kept for a person.
    async fn unanswered(
        &self,
        about: &About<'_>,
        top_up: Option<TopUpId>,
        error: AskError,
    ) -> Result<(), Problem> {
        if error.is_passing() {
            return Err(unavailable(error));
        }
        let detail = format!("the payment system cannot be asked: {:#}", anyhow::Error::new(error));
        Ok(self.keep(about, top_up, detail).await?)
    }

    async fn keep(
        &self,
        about: &About<'_>,
        top_up: Option<TopUpId>,
        detail: String,
    ) -> Result<(), StoreError> {
        let (system, event) = (about.system.to_owned(), about.event.clone());
        self.cashier.keep(&Review { system, event, top_up, detail, at: about.at }).await
    }

    async fn settle(
        &self,
        about: &About<'_>,
        top_up: &TopUp,
        report: Report,
        account: &Account,
    ) -> Result<(), Problem> {
        match &report {
            Report::Paid(paid) => self.count_repeat(about, top_up, &paid.reference).await,
            // Of what was paid, or waits for a person, another try says nothing.
            Report::Closed { reason, .. }
                if matches!(top_up.state, TopUpState::Redirected | TopUpState::Closed { .. }) =>
            {
                let detail = format!("{} was not paid: {reason}", top_up.id);
                self.count(Counted::Idle, about.system, about.at, detail).await;
            }
            _ => {}
        }
        let (system, event) = (about.system.to_owned(), about.event.clone());
        let told = TopUpReport { system, event, top_up: top_up.id.clone(), report, at: about.at };
        self.cashier.settle(&told, account.livemode).await.map_err(|error| match error {
            SettleError::Store(error) => error.into(),
            SettleError::Busy { .. } => unavailable(error),
        })
    }
}

/// Which call of which account is spoken of.
struct About<'a> {
    /// The account's name.
    system: &'a str,
    /// What names the call among all of the account.
    event: String,
    at: Timestamp,
}
