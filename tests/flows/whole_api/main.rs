//! Laws of the API as a whole, each checked on every operation of the OpenAPI documents of portal-api and
//! send-api, so that a new endpoint cannot be forgotten.

// Helpers of tests: what cannot go on ends the test here.
#![allow(clippy::unwrap_used)]

mod api_fuzz;
mod bodies;
mod clients;
mod complete;
mod documents;
mod limits;
mod orders;
mod paging;
#[allow(dead_code, reason = "shared with the flows, which use more of it")]
#[path = "../portal_api/people.rs"]
mod people;
#[allow(dead_code, reason = "shared with the flows, which use more of it")]
#[path = "../portal_api/platform.rs"]
mod platform;
mod tenancy_walk;

use axum::Router;
use runtime::targets::Targets;

use platform::Platform;

/// Both APIs at one address, as they are deployed.
fn router(platform: &Platform) -> Router {
    let sending = send_api::App::new(platform.store.clone(), platform.secrets.store(), Targets::Any).unwrap();
    let both = portal_api::router(platform.app.clone()).merge(send_api::router(sending));
    runtime::http::finish(both)
}
