//! The words in which a company tells people of events, where it does not use ours.

pub mod events;
pub mod preview;

use axum::extract::{Path, State};
use axum::response::Response;
use domain::catalog;
use domain::id::{NotificationTemplateId, OwnLegalEntityId};
use domain::notification::{
    DetailsFile, NewTemplate, NotificationEvent, NotificationGroup, NotificationTemplate, TemplateChange,
    Words, plan_template, plan_template_change,
};
use domain::permission::Area;
use domain::record::id_of;
use http::StatusCode;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, Query};
use runtime::revision::{IfMatch, Versioned};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Edited;
use super::notification_channels::legal_entity;
use super::records::{Revision, hand};
use crate::App;
use crate::error::{ApiError, written};
use crate::fields::List;
use crate::lists::{Column, Format, Listing};
use crate::{rights, schema};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationTemplateRequest {
    /// Whose template it is; yours unless told.
    company: Option<String>,
    /// What you call it, 1 to 120 characters.
    #[schema(example = "Payment confirmation, Kiwi Ltd")]
    name: String,
    /// What it tells of.
    #[schema(value_type = schema::NotificationEvent)]
    event: NotificationEvent,
    /// Which of the company's own legal entities it is for; without one, for all that have no template of
    /// their own. Each has one template for an event.
    legal_entity: Option<String>,
    /// One line, with variables in double braces, as `/v1/notification_events` names them.
    #[schema(example = "Your payment of {{payment_currency_amount}} {{payment_currency_code}}")]
    subject: String,
    /// The plain text, with variables.
    #[schema(example = "Hello {{name}}, your payment is confirmed. The balance is {{balance}}.")]
    text: String,
    /// The same in HTML, with variables; without it the mail is plain text.
    #[schema(example = "<p>Hello {{name}}, your payment is confirmed.</p>")]
    html: Option<String>,
    /// For `invoice_confirmation`: what goes with the mail beside the PDF of the invoice, each kind once. What
    /// is too large for a mail is linked to.
    #[serde(default)]
    #[schema(value_type = Vec<schema::DetailsFile>)]
    details: Vec<DetailsFile>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationTemplatePatch {
    /// What you call it.
    name: Option<String>,
    /// One line, with variables.
    subject: Option<String>,
    /// The plain text, with variables.
    text: Option<String>,
    /// The same in HTML; null for plain text alone.
    #[serde(default, deserialize_with = "super::present")]
    #[schema(value_type = Option<String>)]
    html: Option<Option<String>>,
    /// What goes with the mail of an invoice beside its PDF; null or `[]` for nothing.
    #[serde(default, deserialize_with = "super::present")]
    #[schema(value_type = Option<Vec<schema::DetailsFile>>)]
    details: Option<Option<Vec<DetailsFile>>>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationTemplateView {
    /// Its id.
    #[schema(example = "ntp_01m814gssve5b8ba12ve1e1grf")]
    id: String,
    /// Whose template it is.
    company: String,
    /// What you call it.
    name: String,
    /// What it tells of.
    #[schema(value_type = schema::NotificationEvent)]
    event: NotificationEvent,
    /// What the event is about.
    #[schema(value_type = schema::NotificationGroup)]
    group: NotificationGroup,
    /// Which of the company's own legal entities it is for; null for all that have no template.
    legal_entity: Option<String>,
    /// One line, with variables.
    subject: String,
    /// The plain text, with variables.
    text: String,
    /// The same in HTML; null for plain text alone.
    html: Option<String>,
    /// What goes with the mail of an invoice beside its PDF.
    #[schema(value_type = Vec<schema::DetailsFile>)]
    details: Vec<DetailsFile>,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was changed last.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// Who did that.
    updated_by: String,
    /// Its revision, which is its `ETag` as well.
    revision: u64,
}

impl From<NotificationTemplate> for NotificationTemplateView {
    fn from(template: NotificationTemplate) -> Self {
        Self {
            id: template.id.into(),
            company: template.company.into(),
            name: template.name,
            event: template.event,
            group: template.event.group(),
            legal_entity: template.legal_entity.map(Into::into),
            subject: template.words.subject,
            text: template.words.text,
            html: template.words.html,
            details: template.details,
            created_at: template.created_at,
            updated_at: template.updated_at,
            updated_by: template.updated_by,
            revision: template.revision,
        }
    }
}

/// Create a notification template.
///
/// In the place of the words that come with the platform, which `/v1/notification_events` shows.
#[utoipa::path(post, path = "/v1/notification_templates", tag = "notifications",
    request_body = NotificationTemplateRequest,
    responses((status = 201, description = "The new template", body = NotificationTemplateView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<NotificationTemplateRequest>,
) -> Edited<NotificationTemplateView> {
    rights::manage(&who, Area::NotificationTemplates)?;
    let company = app.seen_by(&who).company_or_own(body.company.as_deref()).await?;
    let legal_entity = legal_entity(&app, &who, &company, body.legal_entity).await?;
    let ask = NewTemplate {
        id: NotificationTemplateId::new(runtime::fresh()),
        company: company.id.clone(),
        name: body.name,
        event: body.event,
        legal_entity,
        words: Words { subject: body.subject, text: body.text, html: body.html },
        details: body.details,
    };
    let template = plan_template(ask, hand(&who))?;
    written(app.store.create(&who.act(&company.path), &template).await?)?;
    Ok(Versioned::created(template.revision, template.into()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct NotificationTemplateQuery {
    /// Whose templates; yours unless told.
    company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    name: Option<String>,
    /// Only of events about this.
    #[param(value_type = Option<schema::NotificationGroup>)]
    group: Option<NotificationGroup>,
    /// Only of this event.
    #[param(value_type = Option<schema::NotificationEvent>)]
    event: Option<NotificationEvent>,
    /// Only of this legal entity.
    legal_entity: Option<String>,
    /// Only those that this person or key changed last, by the beginning of the name.
    updated_by: Option<String>,
    /// Only those changed last at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    updated_from: Option<Timestamp>,
    /// Only those changed last before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    updated_till: Option<Timestamp>,
    /// `name`, `group`, `event`, `updated_at`, `updated_by` or `created_at`; or of 10,000 templates at most
    /// `legal_entity`. With a `-` before it for the other way round.
    #[param(example = "event")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

const COLUMNS: [&str; 6] = ["name", "group", "event", "legal_entity", "updated_at", "updated_by"];
/// By name, which no index has.
const BY_SELLER: Column<NotificationTemplate> =
    ("legal_entity", |template| id_of(template.legal_entity.as_ref()));

/// A notification template in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationTemplateRow {
    #[serde(flatten)]
    template: NotificationTemplateView,
    /// What the legal entity is called; null where it is for all.
    #[schema(example = "Waybill GmbH")]
    legal_entity_name: Option<String>,
}

const FILE_COLUMNS: [&str; 11] = [
    "id",
    "company",
    "name",
    "group",
    "event",
    "legal_entity",
    "legal_entity_name",
    "subject",
    "created_at",
    "updated_at",
    "updated_by",
];

/// A company's notification templates.
///
/// Oldest first unless a filter or `sort` says otherwise. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/notification_templates", tag = "notifications", params(NotificationTemplateQuery),
    responses((status = 200, description = "A page",
        content((List<NotificationTemplateRow> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<NotificationTemplateQuery>,
) -> Result<Response, ApiError> {
    rights::view(&who, Area::NotificationTemplates)?;
    let company = app.seen_by(&who).company_or_own(query.company.as_deref()).await?;
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let listing = Listing::new(company.id, &COLUMNS, sort, query.limit, cursor)?
        .begins("name", query.name.as_deref())
        .is("group", query.group.map(catalog::choice))
        .is("event", query.event.map(catalog::choice))
        .is("legal_entity", query.legal_entity)
        .begins("updated_by", query.updated_by.as_deref())
        .within("updated_at", query.updated_from, query.updated_till);
    let found = listing.read_in_order(&[BY_SELLER], &app.store, format, |_| true).await?;
    let names = found.names(&app.store, |template| [seller_of(template)]).await?;
    let row = |template: NotificationTemplate| NotificationTemplateRow {
        legal_entity_name: names.get(seller_of(&template)),
        template: template.into(),
    };
    found.answer(row, "notification_templates", &FILE_COLUMNS)
}

fn seller_of(template: &NotificationTemplate) -> &str {
    template.legal_entity.as_ref().map_or("", OwnLegalEntityId::as_str)
}

/// One notification template.
#[utoipa::path(get, path = "/v1/notification_templates/{id}", tag = "notifications",
    params(("id" = String, Path, description = "The template's id")),
    responses((status = 200, description = "The template", body = NotificationTemplateView)))]
pub async fn one(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
) -> Edited<NotificationTemplateView> {
    rights::view(&who, Area::NotificationTemplates)?;
    let (template, _) = app.seen_by(&who).thing::<NotificationTemplate>(&id).await?;
    Ok(Versioned::new(template.revision, template.into()))
}

/// Change a notification template.
///
/// What is not named stays, and null empties. For another event or legal entity create another template.
#[utoipa::path(patch, path = "/v1/notification_templates/{id}", tag = "notifications",
    request_body = NotificationTemplatePatch,
    params(("id" = String, Path, description = "The template's id"), Revision),
    responses((status = 200, description = "The template as it is now", body = NotificationTemplateView)))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<NotificationTemplatePatch>,
) -> Edited<NotificationTemplateView> {
    rights::manage(&who, Area::NotificationTemplates)?;
    let (template, company) = app.seen_by(&who).thing::<NotificationTemplate>(&id).await?;
    if_match.check(template.revision)?;
    let NotificationTemplatePatch { name, subject, text, html, details } = body;
    let details = details.map(Option::unwrap_or_default);
    let ask = TemplateChange { name, subject, text, html, details };
    let changed = plan_template_change(&template, ask, hand(&who))?;
    written(app.store.replace(&who.act(&company.path), &template, &changed).await?)?;
    Ok(Versioned::new(changed.revision, changed.into()))
}

/// Delete a notification template.
///
/// The template of all legal entities, or the words that come with the platform, take its place.
#[utoipa::path(delete, path = "/v1/notification_templates/{id}", tag = "notifications",
    params(("id" = String, Path, description = "The template's id"), Revision),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    rights::manage(&who, Area::NotificationTemplates)?;
    let (template, company) = app.seen_by(&who).thing::<NotificationTemplate>(&id).await?;
    if_match.check(template.revision)?;
    written(app.store.delete(&who.act(&company.path), &template).await?)?;
    Ok(StatusCode::NO_CONTENT)
}
