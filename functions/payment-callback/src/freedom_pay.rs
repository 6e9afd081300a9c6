//! FreedomPay's callbacks. One is signed over its values but not over their names: it is only a reason to
//! ask for the status. Its answer is signed too, and only given to one that is authentic.

use axum::response::{IntoResponse, Response};
use domain::id::PaymentSystemId;
use domain::money::Amount;
use domain::payment_system::PaymentSystemKind;
use domain::top_up::{Report, TopUp};
use http::header::CONTENT_TYPE;
use payments::freedompay::{ANSWER_CONTENT_TYPE, Callback, Outcome, Verdict, answer, read_callback};
use runtime::http::Problem;
use top_ups::{Account, Hint, Looked};

use crate::{About, App, Call};

pub(crate) async fn called(app: &App, call: Call) -> Result<Response, Problem> {
    // The last part of the address that it calls.
    let script = call.system.as_ref().map_or("", PaymentSystemId::as_str);
    let verify = |_: &_, secrets: &[&str]| read_callback(script, &call.body, secrets);
    let (account, told) = app.verified(&call, PaymentSystemKind::FreedomPay, verify).await?;
    let through = account.through();
    let event = format!("{}-{:?}", told.payment, told.outcome);
    let about = About { system: through.name(), event, at: call.now };
    let Some(top_up) = app.named_top_up(&about, &told.top_up).await? else {
        return Ok(signed(&told, Verdict::CannotProcess("unknown order")));
    };
    if !app.is_asked(&about, &top_up, told.amount, told.currency).await? {
        return Ok(signed(&told, Verdict::CannotProcess("another amount")));
    }
    // The money goes back at once then. Later FreedomPay cannot be told so, and it is for a person as any other.
    let is_paid = matches!(told.outcome, Outcome::Paid { .. });
    if is_paid && told.can_reject && top_up.closed_by.is_some() {
        let detail = format!("{} is said to be paid, and was refused: it was closed by hand", told.payment);
        app.keep(&about, Some(top_up.id), detail).await?;
        return Ok(signed(&told, Verdict::Rejected("This payment was closed before. The money goes back.")));
    }
    match &told.outcome {
        Outcome::Paid { captured: true } => look_after(app, &about, &account, &top_up, &told).await?,
        // It may have gone back.
        _ if top_up.is_paid_by(&told.payment) => look_after(app, &about, &account, &top_up, &told).await?,
        Outcome::Failed { reason } => {
            let report = Report::Closed { reason: reason.clone(), attempt: None };
            app.settle(&about, &top_up, report, &account).await?;
        }
        // Nothing is certain yet, and another callback will tell.
        Outcome::Paid { captured: false } | Outcome::Unfinished => {}
    }
    Ok(signed(&told, Verdict::Recorded("accepted")))
}

async fn look_after(
    app: &App,
    about: &About<'_>,
    account: &Account,
    top_up: &TopUp,
    told: &Callback,
) -> Result<(), Problem> {
    let mode = Report::Mode { livemode: !told.testing };
    if told.testing == account.livemode {
        return app.settle(about, top_up, mode, account).await;
    }
    let hint = Hint {
        payment: Some(told.payment.clone()),
        system_fee: told.fee().and_then(|fee| Amount::new(fee).ok()),
        testing: Some(told.testing),
    };
    let looked = app.look_after(about, top_up, &hint).await?;
    if looked != Some(Looked::Settled) {
        // The status may not tell it when it is asked again.
        app.settle(about, top_up, mode, account).await?;
    }
    if looked.is_some_and(|looked| looked != Looked::Settled) {
        let detail = format!("{} is said to be paid, and its status says that it is not", told.payment);
        app.keep(about, Some(top_up.id.clone()), detail).await?;
    }
    Ok(())
}

fn signed(told: &Callback, verdict: Verdict) -> Response {
    ([(CONTENT_TYPE, ANSWER_CONTENT_TYPE)], answer(told, verdict)).into_response()
}

#[cfg(test)]
mod payment_callbacks {
    use payments::freedompay::{Outcome, read_callback};

    #[test]
    fn the_sample_is_signed_for_the_last_part_of_its_address() {
        let sample = include_str!("../../../events/payment-callback/freedom_pay_paid.json");
        let call = lambda_http::request::from_str(sample).unwrap();
        let script = call.uri().path().strip_prefix("/payments/freedom_pay/").unwrap();
        let told = read_callback(script, call.body(), &["sample-secret"]).unwrap();
        assert_eq!(told.outcome, Outcome::Paid { captured: true });
        assert_eq!(told.fee().unwrap().to_string(), "1.25");
    }
}
