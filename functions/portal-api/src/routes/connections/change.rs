//! Changing a connection: what is told takes the place of what was, and the whole is judged as a new one
//! is, so that a change that breaks a rule changes nothing.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use domain::connection::{Connection, Link};
use domain::id::SecretId;
use domain::sender::Sender;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, unavailable};
use runtime::revision::{IfMatch, Versioned};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{ConnectionSecret, ConnectionSettings, ConnectionView, Parts, area_of, stored};
use crate::App;
use crate::error::ApiError;
use crate::routes::{Edited, records};
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
    /// again with another `host`, `port` or `url`. Of an HTTP connection the addresses stay while a sender ID
    /// with an account or a key of its own is on it, and the account while a sender ID needs it.
    #[serde(flatten)]
    settings: BTreeMap<String, Value>,
}

/// Enable or disable a connection, or change its settings.
#[utoipa::path(patch, path = "/v1/connections/{id}", tag = "connections", request_body = ConnectionPatch,
    params(("id" = String, Path, description = "The connection's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the connection as it was read")),
    responses(
        (status = 200, description = "The connection as it is now", body = ConnectionView),
        (status = 409, description = "`in_use`, with the id of the sender ID that needs it as it was in `by`",
            body = Problem, content_type = "application/problem+json")
    ))]
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
    check_sender_ids_stay(&app, &before, &link).await?;
    let password = password.map(|password| ConnectionSecret { password });
    let secret = match &password {
        Some(_) => Some(SecretId::new(runtime::fresh())),
        None => before.secret.clone().filter(|_| link.has_secret()),
    };
    let changed = Connection {
        name,
        enabled: body.enabled.unwrap_or(before.enabled),
        link,
        secret,
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

/// Sender IDs go on over what they were given. Whoever may change an address need not know their secrets, and
/// would have them sent there. Their list may lag behind: who sends compares the address again.
async fn check_sender_ids_stay(app: &App, before: &Connection, link: &Link) -> Result<(), ApiError> {
    let (Link::Http(was), Link::Http(http)) = (&before.link, link) else { return Ok(()) };
    let leads_elsewhere = !before.link.leads_where(link);
    let loses_account = was.username.is_some() && http.username.is_none();
    if !leads_elsewhere && !loses_account {
        return Ok(());
    }
    let is_road = |sender: &Sender| sender.routes.all().iter().any(|route| route.connection == before.id);
    let is_lost = |sender: &Sender| {
        let tells_secrets = leads_elsewhere && sender.secret.is_some();
        is_road(sender) && (tells_secrets || sender.check_road(link).is_err())
    };
    records::check_none(app, before.id.to_string(), is_lost).await
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
            // It is not among what was: to be away it has to be told.
            Value::Null if name == "signature_key" => drop(fields.insert(name, Value::from(""))),
            Value::Null => drop(fields.remove(&name)),
            value => drop(fields.insert(name, value)),
        }
    }
    let read = serde_json::from_value(Value::Object(fields));
    read.map_err(|error| Problem::new(422, "invalid", error.to_string()).into())
}
