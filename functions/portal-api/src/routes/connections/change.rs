//! Changing a connection: what is told takes the place of what was, and the whole is judged as a new one
//! is, so that a change that breaks a rule changes nothing.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use domain::connection::Connection;
use domain::id::SecretId;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, unavailable};
use runtime::revision::{IfMatch, Versioned};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{ConnectionSecret, ConnectionSettings, ConnectionView, Parts, area_of, stored};
use crate::App;
use crate::error::ApiError;
use crate::routes::Edited;
use crate::{rights, secrets};

/// What is to be different.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"enabled": true, "window": 50, "password": "secret09", "tls": null}))]
pub struct ConnectionPatch {
    /// Whether messages go over it. What waits for one that is disabled goes by the sender ID's next route,
    /// or is paid back. A client whose connection is disabled is unbound.
    enabled: Option<bool>,
    /// Any field that a new connection of this kind has: whole, not in parts. What is not named stays, a
    /// null sets back to what holds unless told. A password that is not named stays; it has to be named
    /// again with another `host`, `port` or `url`.
    #[serde(flatten)]
    settings: BTreeMap<String, Value>,
}

/// Enable or disable a connection, or change its settings.
#[utoipa::path(patch, path = "/v1/connections/{id}", tag = "connections", request_body = ConnectionPatch,
    params(("id" = String, Path, description = "The connection's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the connection as it was read")),
    responses((status = 200, description = "The connection as it is now", body = ConnectionView)))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<ConnectionPatch>,
) -> Edited<ConnectionView> {
    let seen = app.seen_by(&who);
    let before = seen.connection(&id).await?;
    rights::manage(&who, area_of(&before.link))?;
    if_match.check(before.revision)?;
    let company = seen.company(before.company.as_str()).await?;
    let settings = changed(&before, body.settings)?;
    let Parts { name, password, on_unknown_outcome, link } =
        settings.parts(&app, &who, &before.company, Some(&before.link)).await?;
    let password = password.map(|password| ConnectionSecret { password });
    let changed = Connection {
        name,
        enabled: body.enabled.unwrap_or(before.enabled),
        link,
        secret: password.as_ref().map(|_| SecretId::new(runtime::fresh())).or_else(|| before.secret.clone()),
        on_unknown_outcome,
        revision: before.revision + 1,
        ..before.clone()
    };
    let act = who.act(&company.path);
    let (writing, row) = (app.store.replace(&act, &before, &changed), app.store.any_connection(&before.id));
    stored(secrets::write(&app, Some(&before), &changed, password.as_ref(), writing, row).await?)?;
    let view = ConnectionView::new(changed, &app.public_base_url);
    Ok(Versioned::new(view.revision, view))
}

/// What was, with what is told in its place.
fn changed(before: &Connection, told: BTreeMap<String, Value>) -> Result<ConnectionSettings, ApiError> {
    let was = serde_json::to_value(ConnectionSettings::of(before.clone())).map_err(unavailable)?;
    let Value::Object(mut fields) = was else {
        return Err(unavailable(anyhow::anyhow!("settings are no object")).into());
    };
    if told.get("kind").is_some_and(|kind| Some(kind) != fields.get("kind")) {
        return Err(Problem::invalid("kind", "a connection stays of its kind").into());
    }
    for (name, value) in told {
        match value {
            Value::Null => drop(fields.remove(&name)),
            value => drop(fields.insert(name, value)),
        }
    }
    let read = serde_json::from_value(Value::Object(fields));
    read.map_err(|error| Problem::new(422, "invalid", error.to_string()).into())
}
