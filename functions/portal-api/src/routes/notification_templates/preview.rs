//! How a mail would look.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use domain::notification::{NotificationEvent, NotificationTemplate, Rendered, Words};
use domain::permission::Area;
use runtime::auth::Principal;
use runtime::http::{Body, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::error::ApiError;
use crate::routes::Reply;
use crate::{rights, schema};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationPreviewRequest {
    /// What it tells of.
    #[schema(value_type = schema::NotificationEvent)]
    event: NotificationEvent,
    /// One line, with variables.
    #[schema(example = "Payment received")]
    subject: String,
    /// The plain text, with variables.
    #[schema(example = "Thank you: your payment has arrived.")]
    text: String,
    /// The same in HTML, with variables.
    html: Option<String>,
    /// Values in the place of samples, by the names of variables.
    #[serde(default)]
    values: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationPreviewView {
    /// The subject with its values.
    subject: String,
    /// The text with its values.
    text: String,
    /// The HTML with its values; null for plain text alone.
    html: Option<String>,
}

impl From<Rendered> for NotificationPreviewView {
    fn from(Rendered { subject, text, html }: Rendered) -> Self {
        Self { subject, text, html }
    }
}

/// See how words would look that are not saved yet.
#[utoipa::path(post, path = "/v1/notification_templates/preview", tag = "notifications",
    request_body = NotificationPreviewRequest,
    responses((status = 200, description = "With sample values", body = NotificationPreviewView)))]
pub async fn of_words(
    who: Principal,
    Body(body): Body<NotificationPreviewRequest>,
) -> Reply<NotificationPreviewView> {
    rights::view(&who, Area::NotificationTemplates)?;
    let words = Words { subject: body.subject, text: body.text, html: body.html };
    let words = words.checked(body.event)?;
    let mut values = body.event.samples();
    values.extend(body.values);
    Ok(Json(rendered(&words, body.event, &values)?))
}

/// See how a template looks.
#[utoipa::path(get, path = "/v1/notification_templates/{id}/preview", tag = "notifications",
    params(("id" = String, Path, description = "The template's id")),
    responses((status = 200, description = "With sample values", body = NotificationPreviewView)))]
pub async fn of_template(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
) -> Reply<NotificationPreviewView> {
    rights::view(&who, Area::NotificationTemplates)?;
    let (template, _) = app.seen_by(&who).thing::<NotificationTemplate>(&id).await?;
    Ok(Json(rendered(&template.words, template.event, &template.event.samples())?))
}

fn rendered(
    words: &Words,
    event: NotificationEvent,
    values: &BTreeMap<String, String>,
) -> Result<NotificationPreviewView, ApiError> {
    let rendered = words.render(event, values);
    rendered.map(Into::into).map_err(|error| Problem::invalid("values", error).into())
}
