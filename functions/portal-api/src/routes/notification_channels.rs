//! Mail servers over which a company tells people of events. A password goes to the secret store and is
//! never answered.

pub mod test;

use axum::extract::{Path, State};
use axum::response::Response;
use domain::catalog;
use domain::company::Company;
use domain::id::{CompanyId, NotificationChannelId, OwnLegalEntityId, SecretId};
use domain::legal_entity::OwnEntityDetails;
use domain::notification::{
    ChannelChange, NewChannel, NotificationChannel, SmtpTls, check_removal, plan_channel, plan_channel_change,
};
use domain::permission::Area;
use domain::record::id_of;
use http::StatusCode;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use runtime::revision::{IfMatch, Versioned};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Edited;
use super::records::{Revision, hand, named};
use crate::App;
use crate::error::{ApiError, written};
use crate::fields::List;
use crate::lists::{Column, Format, Listing};
use crate::{rights, schema, secrets};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationChannelRequest {
    /// Whose channel it is; yours unless told.
    company: Option<String>,
    /// What you call the server, 1 to 120 characters.
    #[schema(example = "Office mail")]
    name: String,
    /// Whether mails go over it; they do unless told.
    enabled: Option<bool>,
    /// Which of the company's own legal entities it is for. Without one it is for all that have no channel
    /// of their own; that one is created first. Each has one channel.
    legal_entity: Option<String>,
    /// The name that mails come from.
    #[schema(example = "Waybill")]
    from_name: Option<String>,
    /// The address that mails come from.
    #[schema(example = "no-reply@waybill.example")]
    from_email: String,
    /// Where answers go, if not to the same address.
    #[schema(example = "support@waybill.example")]
    reply_to: Option<String>,
    /// The server's name or IP address.
    #[schema(example = "smtp.waybill.example")]
    host: String,
    /// 25, 465 or 587 as a rule.
    #[schema(example = 587)]
    port: u16,
    /// `starttls` unless told.
    #[schema(value_type = Option<schema::SmtpTls>)]
    tls: Option<SmtpTls>,
    /// What the server is logged in to with. Without it the server takes mails from everybody.
    username: Option<String>,
    /// The password of the login. It is never answered.
    password: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationChannelPatch {
    /// What you call the server.
    name: Option<String>,
    /// Whether mails go over it.
    enabled: Option<bool>,
    /// The name that mails come from; null for none.
    #[serde(default, deserialize_with = "super::present")]
    #[schema(value_type = Option<String>)]
    from_name: Option<Option<String>>,
    /// The address that mails come from.
    from_email: Option<String>,
    /// Where answers go; null for the same address.
    #[serde(default, deserialize_with = "super::present")]
    #[schema(value_type = Option<String>)]
    reply_to: Option<Option<String>>,
    /// The server's name or IP address. With another server the password has to be told again.
    host: Option<String>,
    /// The server's port. With another one the password has to be told again.
    port: Option<u16>,
    /// How the connection is protected. With another way the password has to be told again.
    #[schema(value_type = Option<schema::SmtpTls>)]
    tls: Option<SmtpTls>,
    /// What the server is logged in to with; null for no login.
    #[serde(default, deserialize_with = "super::present")]
    #[schema(value_type = Option<String>)]
    username: Option<Option<String>>,
    /// A new password. It is never answered.
    password: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationChannelView {
    /// Its id.
    #[schema(example = "nch_01m814gssve5b8ba12ve1e1grf")]
    id: String,
    /// Whose channel it is.
    company: String,
    /// What you call the server.
    name: String,
    /// Whether mails go over it.
    enabled: bool,
    /// Which of the company's own legal entities it is for; null for all that have no channel.
    legal_entity: Option<String>,
    /// The name that mails come from.
    from_name: Option<String>,
    /// The address that mails come from.
    from_email: String,
    /// Where answers go; null for the same address.
    reply_to: Option<String>,
    /// The server's name or IP address.
    host: String,
    /// The server's port.
    port: u16,
    /// How the connection is protected.
    #[schema(value_type = schema::SmtpTls)]
    tls: SmtpTls,
    /// What the server is logged in to with; null for no login.
    username: Option<String>,
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

impl From<NotificationChannel> for NotificationChannelView {
    fn from(channel: NotificationChannel) -> Self {
        Self {
            id: channel.id.into(),
            company: channel.company.into(),
            name: channel.name,
            enabled: channel.enabled,
            legal_entity: channel.legal_entity.map(Into::into),
            from_name: channel.from_name,
            from_email: channel.from_email,
            reply_to: channel.reply_to,
            host: channel.host,
            port: channel.port,
            tls: channel.tls,
            username: channel.username,
            created_at: channel.created_at,
            updated_at: channel.updated_at,
            updated_by: channel.updated_by,
            revision: channel.revision,
        }
    }
}

/// How a channel's secret is stored.
#[derive(Serialize)]
struct ChannelSecret {
    password: String,
}

/// Create a notification channel.
#[utoipa::path(post, path = "/v1/notification_channels", tag = "notifications", request_body = NotificationChannelRequest,
    responses((status = 201, description = "The new channel", body = NotificationChannelView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<NotificationChannelRequest>,
) -> Edited<NotificationChannelView> {
    rights::manage(&who, Area::NotificationChannels)?;
    let company = app.seen_by(&who).company_or_own(body.company.as_deref()).await?;
    let password = valid_password(body.password)?.map(|password| ChannelSecret { password });
    let ask = NewChannel {
        id: NotificationChannelId::new(runtime::fresh()),
        company: company.id.clone(),
        name: body.name,
        enabled: body.enabled.unwrap_or(true),
        legal_entity: legal_entity(&app, &who, &company, body.legal_entity).await?,
        from_name: body.from_name,
        from_email: body.from_email,
        reply_to: body.reply_to,
        host: body.host,
        port: body.port,
        tls: body.tls.unwrap_or(SmtpTls::Starttls),
        username: body.username,
        secret: password.as_ref().map(|_| SecretId::new(runtime::fresh())),
    };
    let channel = plan_channel(ask, &all_of(&app, &company.id).await?, hand(&who))?;
    check_host(&app, &channel)?;
    let act = who.act(&company.path);
    let (writing, row) = (app.store.create(&act, &channel), app.store.thing(channel.id.as_str()));
    written(secrets::write(&app, None, &channel, password.as_ref(), writing, row).await?)?;
    Ok(Versioned::created(channel.revision, channel.into()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct NotificationChannelQuery {
    /// Whose channels; yours unless told.
    company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    name: Option<String>,
    /// Only those that are enabled, or that are not.
    enabled: Option<bool>,
    /// Only that of this legal entity.
    legal_entity: Option<String>,
    /// Only those whose server's name begins so.
    host: Option<String>,
    /// Only those whose address begins so.
    from_email: Option<String>,
    /// Only those that this person or key changed last, by the beginning of the name.
    updated_by: Option<String>,
    /// Only those changed last at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    updated_from: Option<Timestamp>,
    /// Only those changed last before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    updated_till: Option<Timestamp>,
    /// `name`, `enabled`, `host`, `from_email`, `updated_at`, `updated_by` or `created_at`; or of 10,000 channels at
    /// most `legal_entity`. With a `-` before it for the other way round.
    #[param(example = "-updated_at")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

const COLUMNS: [&str; 7] =
    ["name", "enabled", "legal_entity", "host", "from_email", "updated_at", "updated_by"];
/// By name, which no index has.
const BY_SELLER: Column<NotificationChannel> =
    ("legal_entity", |channel| id_of(channel.legal_entity.as_ref()));

/// A notification channel in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationChannelRow {
    #[serde(flatten)]
    channel: NotificationChannelView,
    /// What the legal entity is called; null where it is for all.
    #[schema(example = "Waybill GmbH")]
    legal_entity_name: Option<String>,
}

const FILE_COLUMNS: [&str; 16] = [
    "id",
    "company",
    "name",
    "enabled",
    "legal_entity",
    "legal_entity_name",
    "from_name",
    "from_email",
    "reply_to",
    "host",
    "port",
    "tls",
    "username",
    "created_at",
    "updated_at",
    "updated_by",
];

/// A company's notification channels.
///
/// Oldest first unless a filter or `sort` says otherwise. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/notification_channels", tag = "notifications", params(NotificationChannelQuery),
    responses((status = 200, description = "A page",
        content((List<NotificationChannelRow> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<NotificationChannelQuery>,
) -> Result<Response, ApiError> {
    rights::view(&who, Area::NotificationChannels)?;
    let company = app.seen_by(&who).company_or_own(query.company.as_deref()).await?;
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let listing = Listing::new(company.id, &COLUMNS, sort, query.limit, cursor)?
        .begins("name", query.name.as_deref())
        .is("enabled", query.enabled.map(catalog::flag))
        .is("legal_entity", query.legal_entity)
        .begins("host", query.host.as_deref())
        .begins("from_email", query.from_email.as_deref())
        .begins("updated_by", query.updated_by.as_deref())
        .within("updated_at", query.updated_from, query.updated_till);
    let found = listing.read_in_order(&[BY_SELLER], &app.store, format, |_| true).await?;
    let names = found.names(&app.store, |channel| [seller_of(channel)]).await?;
    let row = |channel: NotificationChannel| NotificationChannelRow {
        legal_entity_name: names.get(seller_of(&channel)),
        channel: channel.into(),
    };
    found.answer(row, "notification_channels", &FILE_COLUMNS)
}

fn seller_of(channel: &NotificationChannel) -> &str {
    channel.legal_entity.as_ref().map_or("", OwnLegalEntityId::as_str)
}

/// One notification channel.
#[utoipa::path(get, path = "/v1/notification_channels/{id}", tag = "notifications",
    params(("id" = String, Path, description = "The channel's id")),
    responses((status = 200, description = "The channel", body = NotificationChannelView)))]
pub async fn one(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
) -> Edited<NotificationChannelView> {
    rights::view(&who, Area::NotificationChannels)?;
    let (channel, _) = app.seen_by(&who).thing::<NotificationChannel>(&id).await?;
    Ok(Versioned::new(channel.revision, channel.into()))
}

/// Change a notification channel.
///
/// What is not named stays, and null empties.
#[utoipa::path(patch, path = "/v1/notification_channels/{id}", tag = "notifications",
    request_body = NotificationChannelPatch,
    params(("id" = String, Path, description = "The channel's id"), Revision),
    responses((status = 200, description = "The channel as it is now", body = NotificationChannelView)))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<NotificationChannelPatch>,
) -> Edited<NotificationChannelView> {
    rights::manage(&who, Area::NotificationChannels)?;
    let (channel, company) = app.seen_by(&who).thing::<NotificationChannel>(&id).await?;
    if_match.check(channel.revision)?;
    let password = valid_password(body.password)?.map(|password| ChannelSecret { password });
    let ask = ChannelChange {
        name: body.name,
        enabled: body.enabled,
        from_name: body.from_name,
        from_email: body.from_email,
        reply_to: body.reply_to,
        host: body.host,
        port: body.port,
        tls: body.tls,
        username: body.username,
        secret: password.as_ref().map(|_| SecretId::new(runtime::fresh())),
    };
    let changed = plan_channel_change(&channel, ask, &all_of(&app, &company.id).await?, hand(&who))?;
    check_host(&app, &changed)?;
    let act = who.act(&company.path);
    let (writing, row) = (app.store.replace(&act, &channel, &changed), app.store.thing(channel.id.as_str()));
    written(secrets::write(&app, Some(&channel), &changed, password.as_ref(), writing, row).await?)?;
    Ok(Versioned::new(changed.revision, changed.into()))
}

/// Delete a notification channel.
///
/// The channel of all legal entities goes last.
#[utoipa::path(delete, path = "/v1/notification_channels/{id}", tag = "notifications",
    params(("id" = String, Path, description = "The channel's id"), Revision),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    rights::manage(&who, Area::NotificationChannels)?;
    let (channel, company) = app.seen_by(&who).thing::<NotificationChannel>(&id).await?;
    if_match.check(channel.revision)?;
    check_removal(&channel, &all_of(&app, &company.id).await?)?;
    written(app.store.delete(&who.act(&company.path), &channel).await?)?;
    secrets::forget(&app, &channel, app.store.thing(channel.id.as_str())).await;
    Ok(StatusCode::NO_CONTENT)
}

async fn all_of(app: &App, company: &CompanyId) -> Result<Vec<NotificationChannel>, ApiError> {
    Ok(app.store.all_things(company.as_str()).await?)
}

/// One of the company's own legal entities, if one is named.
pub(super) async fn legal_entity(
    app: &App,
    who: &Principal,
    company: &Company,
    id: Option<String>,
) -> Result<Option<OwnLegalEntityId>, ApiError> {
    let Some(id) = id else { return Ok(None) };
    let entity = named::<OwnEntityDetails>(app, who, company, "legal_entity", &id).await?;
    Ok(Some(entity.id))
}

fn check_host(app: &App, channel: &NotificationChannel) -> Result<(), ApiError> {
    app.targets.host(&channel.host).map_err(|error| Problem::invalid("host", error).into())
}

fn valid_password(password: Option<String>) -> Result<Option<String>, ApiError> {
    const LENGTH_MAX: usize = 500;
    match password {
        Some(password) if password.is_empty() || LENGTH_MAX < password.len() => {
            Err(Problem::invalid("password", format!("a password has 1 to {LENGTH_MAX} octets")).into())
        }
        password => Ok(password),
    }
}
