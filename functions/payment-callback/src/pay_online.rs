//! PayOnline's callbacks. One is signed, but its signature covers neither its outcome nor what was taken from
//! the card: it is only a reason to search for the payment.

use axum::response::{IntoResponse, Response};
use domain::payment_system::PaymentSystemKind;
use domain::top_up::Report;
use http::StatusCode;
use payments::payonline::read_callback;
use runtime::http::Problem;
use top_ups::{Hint, Looked};

use crate::{About, App, Call};

pub(crate) async fn called(app: &App, call: Call) -> Result<Response, Problem> {
    let verify = |_: &_, secrets: &[&str]| read_callback(&call.body, secrets);
    let (account, told) = app.verified(&call, PaymentSystemKind::PayOnline, verify).await?;
    let through = account.through();
    let about = About { system: through.name(), event: told.transaction.clone(), at: call.now };
    let Some(top_up) = app.named_top_up(&about, &told.top_up).await? else { return Ok(done()) };
    if !app.is_asked(&about, &top_up, told.amount, told.currency).await? {
        return Ok(done());
    }
    let hint = Hint { payment: Some(told.transaction), ..Hint::default() };
    let looked = app.look_after(&about, &top_up, &hint).await?;
    match looked {
        Some(Looked::Unpaid) if told.declined.is_some() => {
            let report = Report::Closed { reason: "payment_failed".to_owned(), attempt: None };
            app.settle(&about, &top_up, report, &account).await?;
        }
        // The card may have been charged, or money on it held: whoever pays must not be told to pay again.
        Some(Looked::Unpaid | Looked::Pending) if told.declined.is_none() => {
            let detail =
                format!("{} is said to be paid, and no payment of real money is found yet", top_up.id);
            app.keep(&about, Some(top_up.id.clone()), detail).await?;
        }
        _ => {}
    }
    Ok(done())
}

/// All that it wants.
fn done() -> Response {
    StatusCode::OK.into_response()
}

#[cfg(test)]
mod payment_callbacks {
    use payments::payonline::read_callback;

    #[test]
    fn the_sample_tells_of_a_try_to_pay() {
        let sample = include_str!("../../../events/payment-callback/pay_online_paid.json");
        let call = lambda_http::request::from_str(sample).unwrap();
        assert!(call.uri().path().starts_with("/payments/pay_online/psy_"));
        let told = read_callback(call.body(), &["sample-secret"]).unwrap();
        assert_eq!((told.transaction.as_str(), told.declined), ("900100200", None));
    }
}
