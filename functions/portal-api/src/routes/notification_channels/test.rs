//! Whether a channel works: a mail of its own, which goes the way of all others.

use axum::Json;
use axum::extract::{Path, State};
use domain::id::MailId;
use domain::notification::{MailRecord, NotificationChannel};
use domain::permission::Area;
use domain::user::parse_email;
use http::StatusCode;
use queue::Mail;
use runtime::auth::Principal;
use runtime::http::{Body, IdempotencyKey, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::error::ApiError;
use crate::rights;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationChannelTestRequest {
    /// Whom to write to.
    #[schema(example = "admin@waybill.example")]
    to: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationChannelTestView {
    /// The id of the mail, which `/v1/mails` lists as soon as it was tried.
    #[schema(example = "mai_01m814gssve5b8ba12ve1e1grf")]
    mail: String,
}

/// Send a test mail over a channel.
///
/// Also over one that is disabled. What becomes of it is listed in `/v1/mails`.
#[utoipa::path(post, path = "/v1/notification_channels/{id}/test", tag = "notifications",
    request_body = NotificationChannelTestRequest,
    params(("id" = String, Path, description = "The channel's id"),
        ("Idempotency-Key" = String, Header, description = "A new one for each mail; a repeat sends none")),
    responses((status = 202, description = "It is on its way", body = NotificationChannelTestView)))]
pub async fn send(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    IdempotencyKey(key): IdempotencyKey,
    Body(body): Body<NotificationChannelTestRequest>,
) -> Result<(StatusCode, Json<NotificationChannelTestView>), ApiError> {
    rights::manage(&who, Area::NotificationChannels)?;
    let (channel, company) = app.seen_by(&who).thing::<NotificationChannel>(&id).await?;
    let to = parse_email(&body.to).map_err(|error| Problem::invalid("to", error))?;
    let (id, at) = (format!("test {} {key}", channel.id), runtime::now());
    let mail = MailRecord::first(&id, &company.id, None, &to, at, at).id;
    let test = Mail::TestV1 { id, company: company.id, channel: channel.id, to, at };
    send_once(&app, &mail, &test).await?;
    Ok((StatusCode::ACCEPTED, Json(NotificationChannelTestView { mail: mail.into() })))
}

async fn send_once(app: &App, id: &MailId, mail: &Mail) -> Result<(), ApiError> {
    let now = runtime::now();
    if app.store.begin_notice(id.as_str(), now).await? {
        app.mail.send(mail).await?;
        app.store.end_notice(id.as_str(), now).await?;
    }
    Ok(())
}
