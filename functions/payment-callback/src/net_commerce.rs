//! NetCommerce: the form that takes a payer there, made anew for each try, and the result that the payer's
//! browser brings back. The result is the only confirmation there is, and it lies in the payer's hands.

use axum::response::{Html, IntoResponse, Redirect, Response};
use domain::id::TopUpId;
use domain::legal_entity::LegalEntity;
use domain::money::Currency;
use domain::payment_system::PaymentSystemKind;
use domain::top_up::{Paid, Report, TopUp, TopUpState};
use http::{HeaderName, header};
use jiff::{SignedDuration, Timestamp};
use payments::netcommerce::{Expected, Outcome, attempt_of, read_callback};
use runtime::http::{Problem, unavailable};
use store::StoreError;
use top_ups::{Payer, attempted};

use crate::{About, App, Call, return_page};

/// Allows the one script of the form, by its digest.
const POLICY: &str = "default-src 'none'; frame-ancestors 'none'; \
                      script-src 'sha256-8LpHnehoMQvZR0SdwtWs5/IoHknLb6PxYvMpW/Qigpc='";

/// How long the form is given: as the pages of the other payment systems are open.
const OPEN_FOR: SignedDuration = SignedDuration::from_hours(24);

/// The page whose form posts itself to NetCommerce. Whoever has paid, or need not, sees how the top-up stands.
pub(crate) async fn form(app: &App, call: Call) -> Result<Response, Problem> {
    let query = str::from_utf8(&call.body).unwrap_or_default();
    let id = query.strip_prefix("top_up=").and_then(|text| TopUpId::parse(text).ok());
    let Some(top_up) = app.open_top_up(&call, id).await? else {
        return Err(Problem::not_found("top-up"));
    };
    if !matches!(top_up.state, TopUpState::Redirected | TopUpState::Closed { .. }) {
        return Ok(Redirect::to(&app.cashier.return_page(&top_up.id)).into_response());
    }
    let system = call.system.as_ref();
    let account = app.cashier.account(system).await?.ok_or_else(|| Problem::not_found("payment system"))?;
    if !is_open(&top_up, call.now) || !account.enabled {
        return Ok(return_page::no_longer_open());
    }
    let Currency::Money(currency) = top_up.currency else { return Err(Problem::not_found("top-up")) };
    let payer = app.payer(&top_up).await?;
    let form = app.cashier.netcommerce_form(&account, &top_up.id, top_up.to_pay(), currency, &payer);
    let headers: [(HeaderName, &str); 3] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    Ok((headers, Html(form.map_err(unavailable)?.page())).into_response())
}

/// Whether a payer may still be taken to the payment page: for a day, unless a person closed the top-up.
fn is_open(top_up: &TopUp, now: Timestamp) -> bool {
    top_up.closed_by.is_none() && now.duration_since(top_up.created_at) < OPEN_FOR
}

/// The result. A reload posts it again, and ends on the same page.
pub(crate) async fn called(app: &App, call: Call) -> Result<Response, Problem> {
    let system = call.system.as_ref().map_or("", |id| id.as_str());
    let kind = PaymentSystemKind::NetCommerce;
    let attempt = match attempt_of(&call.body) {
        Ok(attempt) => attempt,
        Err(error) => return Err(app.not_read(&call, kind, &error.to_string()).await),
    };
    // Without the top-up nothing can be checked: what is signed is bound to what was asked for.
    let Some(top_up) = app.open_top_up(&call, attempted(&attempt)).await? else {
        return Err(app.not_read(&call, kind, "txtIndex names no top-up of this account").await);
    };
    let Currency::Money(currency) = top_up.currency else { return Err(Problem::not_found("top-up")) };
    let (account, told) = app
        .verified(&call, kind, |account, secrets| {
            let expected = Expected {
                merchant: &account.merchant,
                attempt: &attempt,
                amount: top_up.to_pay().decimal(),
                currency,
            };
            read_callback(&call.body, &expected, secrets)
        })
        .await?;
    let report = match told.outcome {
        Outcome::Approved => Report::Paid(Paid {
            session: top_up.session.clone(),
            attempt: Some(attempt.clone()),
            reference: attempt.clone(),
            authorization: Some(told.authorization.clone()),
            amount: top_up.to_pay(),
            currency: top_up.currency,
            livemode: account.livemode,
            system_fee: None,
        }),
        Outcome::Refused { reason } => Report::Closed { reason, attempt: Some(attempt.clone()) },
    };
    let event = format!("{attempt}-{}", told.authorization);
    let about = About { system, event, at: call.now };
    app.settle(&about, &top_up, report, &account).await?;
    Ok(Redirect::to(&app.cashier.return_page(&top_up.id)).into_response())
}

impl App {
    /// The top-up if it is paid through the account that is called.
    async fn open_top_up(&self, call: &Call, id: Option<TopUpId>) -> Result<Option<TopUp>, StoreError> {
        let Some(id) = id else { return Ok(None) };
        let is_through = |top_up: &TopUp| {
            top_up.through.kind == PaymentSystemKind::NetCommerce && top_up.through.system == call.system
        };
        Ok(self.store.top_up(&id).await?.filter(is_through))
    }

    /// What NetCommerce wants to know of who pays: as the user has it who asked for the page, else as the
    /// company's legal entity does.
    async fn payer(&self, top_up: &TopUp) -> Result<Payer, StoreError> {
        let user = match &top_up.user {
            Some(id) => self.store.any_user(id).await?,
            None => None,
        };
        let agreement = self.store.any_agreement(&top_up.agreement).await?;
        let entity = match agreement.and_then(|agreement| agreement.parties.legal_entity) {
            Some(id) => self.store.thing::<LegalEntity>(id.as_str()).await?.map(|entity| entity.details),
            None => None,
        };
        let company = self.store.any_company(&top_up.company).await?.map(|company| company.name);
        Ok(Payer::of(user.as_ref(), entity.as_ref(), &company.unwrap_or_default()))
    }
}

#[cfg(test)]
mod payment_callbacks {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use payments::netcommerce::Form;
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_sample_is_a_paid_try_of_a_top_up() {
        let sample = include_str!("../../../events/payment-callback/net_commerce_paid.json");
        let call = lambda_http::request::from_str(sample).unwrap();
        assert!(call.uri().path().starts_with("/payments/net_commerce/psy_"));
        let attempt = attempt_of(call.body()).unwrap();
        assert!(attempted(&attempt).is_some());
        let amount = domain::money::Amount::whole(50).decimal();
        let currency = iso_currency::Currency::USD;
        let expected = Expected { merchant: "00999001", attempt: &attempt, amount, currency };
        let told = read_callback(call.body(), &expected, &["sample-secret"]).unwrap();
        assert_eq!(told.outcome, Outcome::Approved);
    }

    #[test]
    fn the_policy_allows_the_forms_script_and_no_other() {
        let digest = STANDARD.encode(Sha256::digest(Form::SCRIPT));
        assert!(super::POLICY.contains(&format!("script-src 'sha256-{digest}'")), "{digest}");
    }
}
