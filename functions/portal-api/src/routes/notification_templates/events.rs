//! What can be told of, what can be said of it, and the words that come with the platform.

use axum::Json;
use domain::notification::{NotificationEvent, NotificationGroup, Variable};
use domain::permission::Area;
use runtime::auth::Principal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::fields::List;
use crate::routes::Reply;
use crate::{rights, schema};

#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationEventView {
    /// Its name.
    #[schema(value_type = schema::NotificationEvent)]
    event: NotificationEvent,
    /// What people call it.
    #[schema(example = "Payment confirmation")]
    title: &'static str,
    /// What it is about.
    #[schema(value_type = schema::NotificationGroup)]
    group: NotificationGroup,
    /// What its templates can say.
    variables: Vec<NotificationVariableView>,
    /// The subject that comes with the platform.
    subject: String,
    /// The text that comes with the platform.
    text: String,
    /// The same in HTML.
    html: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationVariableView {
    /// What stands in double braces.
    #[schema(example = "payment_currency_amount")]
    name: &'static str,
    /// Whether every template of the event must say it.
    required: bool,
    /// What previews say.
    #[schema(example = "100")]
    sample: &'static str,
}

impl From<NotificationEvent> for NotificationEventView {
    fn from(event: NotificationEvent) -> Self {
        let variable = |Variable { name, required, sample }: &Variable| NotificationVariableView {
            name,
            required: *required,
            sample,
        };
        let words = event.default_words();
        Self {
            event,
            title: event.title(),
            group: event.group(),
            variables: event.variables().iter().map(variable).collect(),
            subject: words.subject,
            text: words.text,
            html: words.html,
        }
    }
}

/// The events that people are told of by mail.
///
/// With the variables that templates can use, and the words where a company has no template.
#[utoipa::path(get, path = "/v1/notification_events", tag = "notifications",
    responses((status = 200, description = "All of them", body = List<NotificationEventView>)))]
pub async fn list(who: Principal) -> Reply<List<NotificationEventView>> {
    rights::view(&who, Area::NotificationTemplates)?;
    Ok(Json(List::all(NotificationEvent::ALL.to_vec())))
}
