//! Where a payer's browser arrives after the payment page. It says how the top-up stands, and nothing
//! else of it, as anybody with the address can look; being here proves no payment.

use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse, Response};
use domain::id::TopUpId;
use domain::payment_system::PaymentSystemKind;
use domain::top_up::{TopUp, TopUpState};
use http::{HeaderName, StatusCode, header};
use serde::Deserialize;
use store::StoreError;

use crate::App;

/// The page loads nothing, and is in nobody's frame.
const POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

#[derive(Deserialize)]
pub(crate) struct Asked {
    top_up: Option<String>,
}

pub(crate) async fn show(State(app): State<App>, Query(asked): Query<Asked>) -> Response {
    match app.asked_top_up(asked.top_up.as_deref()).await {
        Ok(top_up) => page(top_up.as_ref()),
        Err(error) => {
            tracing::error!(error = format!("{:#}", anyhow::Error::new(error)), "the store failed");
            answer(StatusCode::SERVICE_UNAVAILABLE, &UNAVAILABLE)
        }
    }
}

impl App {
    async fn asked_top_up(&self, top_up: Option<&str>) -> Result<Option<TopUp>, StoreError> {
        let Some(id) = top_up.and_then(|text| TopUpId::parse(text).ok()) else { return Ok(None) };
        self.store.top_up(&id).await
    }
}

/// What a payer reads.
struct Text {
    title: &'static str,
    body: &'static str,
    /// Whether the browser should look again.
    looks_again: bool,
}

const PAID: Text = Text {
    title: "Paid",
    body: "The payment has arrived and is on your balance. You can close this page.",
    looks_again: false,
};
const PAID_BACK: Text = Text {
    title: "Paid back",
    body: "Money of this payment went back to you, and your balance fell by as much.",
    looks_again: false,
};
const WAITING: Text = Text {
    title: "Waiting for the payment",
    body: "The payment has not been confirmed yet. This page looks again by itself; \
           some ways of paying take days.",
    looks_again: true,
};
const FAILED: Text = Text {
    title: "Not paid",
    body: "This payment was not completed, and nothing was added to your balance. \
           You can begin a new one in the portal.",
    looks_again: false,
};
/// Mostly because its money came some other way, and is booked as a payment of its own.
const CLOSED_BY_HAND: Text = Text {
    title: "Closed",
    body: "Your provider has closed this payment, so nothing more is added to your balance by it. Money that \
           came is booked by your provider apart from this page. If you miss it on your balance, ask your \
           provider before you pay again.",
    looks_again: false,
};
/// Its payment system tells the browser alone, and cannot be asked.
const NOT_HEARD_OF: Text = Text {
    title: "No result",
    body: "No result of this payment has reached us, and nothing was added to your balance. If your bank \
           took the money, ask your provider before you pay again.",
    looks_again: false,
};
const SETTLING: Text = Text {
    title: "Paid, not on the balance yet",
    body: "The payment has arrived. It is on your balance as soon as the payment system has said what it \
           keeps of it. This page looks again by itself.",
    looks_again: true,
};
const REVIEW: Text = Text {
    title: "Being checked",
    body: "Something about this payment has to be checked by a person before it is on your balance.",
    looks_again: false,
};
const NO_LONGER_OPEN: Text = Text {
    title: "No longer open",
    body: "This payment can no longer be made. You can begin a new one in the portal.",
    looks_again: false,
};
const UNKNOWN: Text = Text { title: "Not found", body: "There is no such payment.", looks_again: false };
const UNAVAILABLE: Text = Text {
    title: "Try again",
    body: "How this payment stands cannot be said at the moment. This page looks again by itself.",
    looks_again: true,
};

fn page(top_up: Option<&TopUp>) -> Response {
    let is_closed_by_hand = top_up.is_some_and(|top_up| top_up.closed_by.is_some());
    let has_gone_back = top_up.is_some_and(|top_up| top_up.taken_back.is_positive());
    let is_unheard_of =
        top_up.is_some_and(|it| it.through.kind == PaymentSystemKind::NetCommerce && it.refused.is_empty());
    let (status, text) = match top_up.map(|top_up| &top_up.state) {
        Some(TopUpState::Confirmed { .. }) if has_gone_back => (StatusCode::OK, &PAID_BACK),
        Some(TopUpState::Confirmed { .. }) => (StatusCode::OK, &PAID),
        Some(TopUpState::Redirected) => (StatusCode::OK, &WAITING),
        Some(TopUpState::Paid) => (StatusCode::OK, &SETTLING),
        Some(TopUpState::Closed { .. }) if is_closed_by_hand => (StatusCode::OK, &CLOSED_BY_HAND),
        Some(TopUpState::Closed { .. }) if is_unheard_of => (StatusCode::OK, &NOT_HEARD_OF),
        Some(TopUpState::Closed { .. }) => (StatusCode::OK, &FAILED),
        Some(TopUpState::Review { .. }) => (StatusCode::OK, &REVIEW),
        None => (StatusCode::NOT_FOUND, &UNKNOWN),
    };
    answer(status, text)
}

/// In the place of a page to pay on that is given no more.
pub(crate) fn no_longer_open() -> Response {
    answer(StatusCode::GONE, &NO_LONGER_OPEN)
}

/// The texts are ours, so there is nothing to escape.
fn answer(status: StatusCode, text: &Text) -> Response {
    let Text { title, body, looks_again } = text;
    let refresh = if *looks_again { "<meta http-equiv=\"refresh\" content=\"5\">" } else { "" };
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">{refresh}\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title></head>\
         <body><h1>{title}</h1><p>{body}</p></body></html>"
    );
    let headers: [(HeaderName, &str); 3] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (status, headers, Html(html)).into_response()
}

#[cfg(test)]
mod tests {
    use domain::id::TopUpId;

    #[test]
    fn the_sample_event_asks_for_a_top_up() {
        let sample = include_str!("../../../events/payment-callback/return.json");
        let call = lambda_http::request::from_str(sample).unwrap();
        assert_eq!(call.uri().path(), "/payments/return");
        let asked = call.uri().query().unwrap().strip_prefix("top_up=").unwrap();
        assert!(TopUpId::parse(asked).is_ok());
    }
}
