//! Sender IDs: what messages are sent from, over which connections, and where what phones send goes. Those
//! of other channels than SMS have settings of their own, and nothing is sent from them yet.

mod mails;
mod roads;
mod settings;

use axum::extract::{Path, State};
use axum::response::Response;
use domain::agreement::Agreement;
use domain::catalog;
use domain::channel::Channel;
use domain::company::Company;
use domain::id::{SecretId, SenderId};
use domain::permission::Area;
use domain::route::Routes;
use domain::second_factor::LoginCodes;
use domain::sender::{Monitoring, Sender, SenderAddress, SenderChange, SenderSettings, SenderStatus};
use domain::two_factor::TwoFactorIntegration;
use http::StatusCode;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use runtime::revision::{IfMatch, Versioned};
use serde::{Deserialize, Serialize};
use store::Written;
use utoipa::{IntoParams, ToSchema};

use self::roads::{IncomingBody, RouteBody, assigned_from, check_roads, incoming, incoming_vendors, routes};
use self::settings::{SenderSettingsBody, first_secret};
use super::{Edited, present, records};
use crate::App;
use crate::error::{ApiError, busy};
use crate::fields::List;
use crate::lists::{Column, Format, Listing, lists_seen};
use crate::names::PayerNames;
use crate::{rights, schema, secrets};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SenderIdRequest {
    /// The agreement that pays for what is sent from it.
    #[schema(example = "agr_01m814gssve5b8ba12ve1e1grf")]
    agreement: String,
    /// What the recipient sees. Of SMS: a name of 1 to 11 characters, or a number of 3 to 15 digits; of voice
    /// and flash calls: such a number; of other channels: the code that the provider gave.
    #[schema(min_length = 1, max_length = 120, example = "ACME")]
    address: String,
    /// What it has in another channel than SMS, or of SMS an account of its own at an HTTP vendor; one of SMS
    /// without it.
    settings: Option<SenderSettingsBody>,
    /// The one road its messages take: a connection that you see, of the sender's company or of one above
    /// it. Short for `routes` with nothing else in it. SMS needs one or the other, or `assigned_from`, and a
    /// draft none of them; in other channels it may be an HTTP connection to the vendor in `settings`, or missing;
    /// push, text-to-speech, voice and flash calls have none.
    #[schema(example = "con_01m814gssve5b8ba12ve1e1grf")]
    connection: Option<String>,
    /// The roads its messages take, 1 to 8: by rank, where a vendor refuses a message the next one, and by
    /// weight among those of one rank.
    routes: Option<Vec<RouteBody>>,
    /// In the place of routes: a sender ID of the company above, over whose roads its messages go, as they are
    /// then, and for as long as that is active. You see it, it is one of SMS with the same address, and its
    /// agreement is the one that this one's is resold under, with cascade charging.
    assigned_from: Option<String>,
    /// Where what phones send to it goes, if it is a number; nowhere unless told.
    incoming: Option<IncomingBody>,
    /// As people call it here; its address unless told.
    #[schema(min_length = 1, max_length = 120, example = "Hornes and Hooves")]
    name: Option<String>,
    /// Active unless told. Only one of RCS may be `testing`.
    #[schema(value_type = Option<schema::SenderStatus>)]
    status: Option<SenderStatus>,
    /// The unguessable part of the address that a provider calls about it: 8 to 64 letters, digits or -. No
    /// other sender ID has the same. RCS needs one; voice has none.
    #[schema(pattern = "^[0-9A-Za-z-]{8,64}$", example = "f764fd9e-79c4-4f1e-9d4e-0a52f1f5ab0e")]
    webhook_guid: Option<String>,
    /// The operator that it is registered with.
    #[schema(min_length = 1, max_length = 80, example = "BT")]
    mno: Option<String>,
    /// When somebody is told that its messages fail; never unless told. Voice has none.
    monitoring: Option<MonitoringBody>,
}

/// The agreement's account addresses are told when too many messages fail within a window, once for each.
/// Where it names none, the notification addresses of its legal entity are.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MonitoringBody {
    /// So many of a hundred that ended have failed, 1 to 100.
    #[schema(minimum = 1, maximum = 100, example = 60)]
    trigger_percent: u8,
    /// Fewer that ended within the window say nothing; 1 to 1,000,000.
    #[schema(minimum = 1, maximum = 1000000, example = 40)]
    messages_min: u32,
    /// How many minutes a window has, 1 to 1,440. One follows the other, and they are looked at every minute.
    /// What the company sends from the same address under other agreements counts as well.
    #[schema(minimum = 1, maximum = 1440, example = 20)]
    window_minutes: u16,
}

impl From<Monitoring> for MonitoringBody {
    fn from(monitoring: Monitoring) -> Self {
        let Monitoring { trigger_percent, messages_min, window_minutes } = monitoring;
        Self { trigger_percent, messages_min, window_minutes }
    }
}

impl From<MonitoringBody> for Monitoring {
    fn from(body: MonitoringBody) -> Self {
        let MonitoringBody { trigger_percent, messages_min, window_minutes } = body;
        Self { trigger_percent, messages_min, window_minutes }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SenderIdView {
    /// Its id.
    #[schema(example = "snd_01m814gssve5b8ba12ve1e1grf")]
    id: String,
    /// The company that may send from it.
    #[schema(example = "com_01m814gssve5b8ba12ve1e1grf")]
    company: String,
    /// The agreement that pays.
    #[schema(example = "agr_01m814gssve5b8ba12ve1e1grf")]
    agreement: String,
    /// What the recipient sees.
    #[schema(example = "ACME")]
    address: String,
    /// As people call it here.
    #[schema(example = "Hornes and Hooves")]
    name: String,
    /// The way in which its messages go.
    #[schema(value_type = schema::Channel)]
    channel: Channel,
    /// Who carries what is sent from it: of SMS `smpp` or `http`, by its first route; empty without one.
    #[schema(example = "smpp")]
    vendor: String,
    /// What it has in its channel, without keys and passwords; null for SMS without an account of its own.
    #[schema(value_type = Option<SenderSettingsBody>)]
    settings: Option<SenderSettings>,
    /// Whether it may be used. One that is assigned is stopped too while the one above is.
    #[schema(value_type = schema::SenderStatus, example = "active")]
    status: SenderStatus,
    /// The roads its messages take; none where it is assigned.
    routes: Vec<RouteBody>,
    /// The sender ID of the company above over whose roads its messages go; null where it has its own.
    assigned_from: Option<String>,
    /// Where what phones send to it goes; null for nowhere.
    incoming: Option<IncomingBody>,
    /// When it was created.
    #[schema(value_type = String, format = DateTime, example = "2026-11-22T08:00:00Z")]
    created_at: Timestamp,
    /// The unguessable part of the address that a provider calls about it; null if there is none.
    webhook_guid: Option<String>,
    /// The operator that it is registered with; null if nobody said.
    mno: Option<String>,
    /// When somebody is told that its messages fail; null for never.
    monitoring: Option<MonitoringBody>,
    /// When it was changed last; null if never.
    #[schema(value_type = Option<String>, format = DateTime)]
    updated_at: Option<Timestamp>,
    /// Its revision, which is its `ETag` as well.
    revision: u64,
}

impl From<Sender> for SenderIdView {
    fn from(sender: Sender) -> Self {
        Self {
            channel: sender.channel(),
            vendor: sender.vendor(),
            settings: sender.settings,
            id: sender.id.into(),
            company: sender.company.into(),
            agreement: sender.agreement.into(),
            address: sender.address.into(),
            status: sender.status,
            routes: sender.routes.all().iter().map(Into::into).collect(),
            assigned_from: sender.assigned_from.map(|from| from.sender.into()),
            incoming: sender.incoming.map(|rule| IncomingBody::new(rule, sender.incoming_vendors)),
            created_at: sender.created_at,
            name: sender.name,
            webhook_guid: sender.webhook_guid,
            mno: sender.mno,
            monitoring: sender.monitoring.map(Into::into),
            updated_at: sender.updated_at,
            revision: sender.revision,
        }
    }
}

/// Create a sender ID.
///
/// One that a company makes for itself as a draft is a request: the notification addresses of the seller's
/// legal entity are told. When the seller makes it active, the agreement's account addresses are. A reseller
/// without vendors asks for one itself, and assigns that to its client.
#[utoipa::path(post, path = "/v1/sender_ids", tag = "sender_ids", request_body = SenderIdRequest,
    responses((status = 201, description = "The new sender ID", body = SenderIdView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<SenderIdRequest>,
) -> Edited<SenderIdView> {
    let seen = app.seen_by(&who);
    let agreement = seen.agreement(&body.agreement).await.map_err(|error| error.field("agreement"))?;
    rights::manage_own(&who, &agreement.company, Area::SenderIds, Area::PortalApiAccesses)?;
    let company = seen.company(agreement.company.as_str()).await?;
    let settings = match &body.settings {
        Some(told) => Some(told.settings(&app, &company, None).await?),
        None => None,
    };
    let routes_field = if body.connection.is_some() { "connection" } else { "routes" };
    let told_routes = match (body.connection, body.routes) {
        (Some(only), None) => {
            let only = vec![RouteBody::only(only)];
            Some(routes(&seen, &company, &Routes::default(), only, "connection").await?)
        }
        (None, Some(told)) => Some(routes(&seen, &company, &Routes::default(), told, "routes").await?),
        (None, None) => None,
        (Some(_), Some(_)) => {
            return Err(Problem::invalid("routes", "a connection or routes are told, not both").into());
        }
    };
    let channel = settings.as_ref().map_or(Channel::Sms, SenderSettings::channel);
    let address = SenderAddress::parse_for(channel, &body.address)?;
    let assigned_from = match body.assigned_from {
        Some(id) => Some(assigned_from(&app, &who, &agreement, &address, &id).await?),
        None => None,
    };
    let incoming_vendors = incoming_vendors(&seen, &company, &[], body.incoming.as_ref()).await?;
    let incoming = match body.incoming {
        Some(told) => Some(incoming(&app, &company, &address, told).await?),
        None => None,
    };
    let told = match &body.settings {
        Some(settings) => settings.secrets()?,
        None => None,
    };
    let (id, now) = (SenderId::new(runtime::fresh()), runtime::now());
    let sender = Sender::new(id, agreement.company, agreement.id, address, Routes::default(), now);
    let sender = Sender { tenant: company.tenant().cloned(), settings: settings.clone(), ..sender };
    let ask = SenderChange {
        status: body.status,
        routes: told_routes,
        assigned_from,
        incoming: incoming.map(Some),
        incoming_vendors: Some(incoming_vendors),
        webhook_guid: body.webhook_guid.map(Some),
        mno: body.mno.map(Some),
        monitoring: body.monitoring.map(|body| Some(body.into())),
        settings: settings.map(Some),
        secret: Some(told.as_ref().map(|_| SecretId::new(runtime::fresh()))),
        name: body.name,
    };
    let mut sender = Sender { revision: 0, updated_at: None, ..sender.changed(ask, now)? };
    sender.account_url = check_roads(&app, &sender, routes_field).await?;
    if let (None, Some(name)) = (&told, first_secret(sender.settings.as_ref())?) {
        return Err(Problem::invalid(name, "it is needed").into());
    }
    let act = who.act(&company.path);
    let (writing, row) = (app.store.put_sender(&act, &sender), app.store.sender_by_id(&sender.id));
    match secrets::write(&app, None, &sender, told.as_ref(), writing, row).await? {
        Written::Now => {
            mails::tell(&app, &who, &company, None, &sender).await;
            Ok(Versioned::created(sender.revision, sender.into()))
        }
        Written::Taken => Err(guid_taken()),
        Written::Overtaken => {
            let detail = "The agreement has a sender ID with this address in this channel already.";
            Err(Problem::new(409, "address_taken", detail).field("address").into())
        }
    }
}

fn guid_taken() -> ApiError {
    let detail = "There is another sender ID with this webhook GUID.";
    Problem::new(409, "taken", detail).field("webhook_guid").into()
}

/// One sender ID of SMS, by its address.
#[utoipa::path(get, path = "/v1/agreements/{id}/sender_ids/{address}", tag = "sender_ids",
    params(("id" = String, Path, description = "The agreement that pays"),
        ("address" = String, Path, description = "What the recipient sees")),
    responses((status = 200, description = "The sender ID", body = SenderIdView)))]
pub async fn of_agreement(
    State(app): State<App>,
    who: Principal,
    Path((id, address)): Path<(String, String)>,
) -> Edited<SenderIdView> {
    show(&who, find(&app, &who, &id, &address).await?)
}

/// One sender ID.
#[utoipa::path(get, path = "/v1/sender_ids/{id}", tag = "sender_ids",
    params(("id" = String, Path, description = "The sender ID's id")),
    responses((status = 200, description = "The sender ID", body = SenderIdView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Edited<SenderIdView> {
    show(&who, find_by_id(&app, &who, &id).await?)
}

fn show(who: &Principal, sender: Sender) -> Edited<SenderIdView> {
    rights::view_own(who, &sender.company, Area::SenderIds, Area::PortalMessages)?;
    Ok(Versioned::new(sender.revision, sender.into()))
}

/// What is to be different; what is not named stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SenderIdPatch {
    /// Whether it may be used: for the company that the agreement is with, or one above it.
    #[schema(value_type = Option<schema::SenderStatus>, example = "blocked")]
    status: Option<SenderStatus>,
    /// All that it has in its channel: it stays in that. Keys and passwords that are not told stay, and are
    /// told again where the vendor, its addresses or the connection change. Null takes the account of one of SMS
    /// away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<SenderSettingsBody>)]
    settings: Option<Option<SenderSettingsBody>>,
    /// The roads its messages take from now on, in the place of what it is assigned from; those on their way
    /// keep theirs.
    routes: Option<Vec<RouteBody>>,
    /// In the place of its routes: a sender ID of the company above, as when it is created.
    assigned_from: Option<String>,
    /// Where what phones send to it goes; null for nowhere.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<IncomingBody>)]
    incoming: Option<Option<IncomingBody>>,
    /// As people call it here.
    #[schema(min_length = 1, max_length = 120)]
    name: Option<String>,
    /// The unguessable part of the address that a provider calls about it; null for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, pattern = "^[0-9A-Za-z-]{8,64}$")]
    webhook_guid: Option<Option<String>>,
    /// The operator that it is registered with; null for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    mno: Option<Option<String>>,
    /// When somebody is told that its messages fail; null for never.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<MonitoringBody>)]
    monitoring: Option<Option<MonitoringBody>>,
}

/// Change a sender ID of SMS, by its address.
///
/// A blocked one is not sent from any more, and what waits to be sent is stopped and paid back.
#[utoipa::path(patch, path = "/v1/agreements/{id}/sender_ids/{address}", tag = "sender_ids",
    request_body = SenderIdPatch,
    params(("id" = String, Path, description = "The agreement that pays"),
        ("address" = String, Path, description = "What the recipient sees"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the sender ID as it was read")),
    responses((status = 200, description = "The sender ID as it is now", body = SenderIdView)))]
pub async fn change_of_agreement(
    State(app): State<App>,
    who: Principal,
    Path((id, address)): Path<(String, String)>,
    if_match: IfMatch,
    Body(body): Body<SenderIdPatch>,
) -> Edited<SenderIdView> {
    let sender = find(&app, &who, &id, &address).await?;
    edit(&app, &who, sender, if_match, body).await
}

/// Change a sender ID.
///
/// A blocked one is not sent from any more, and what waits to be sent is stopped and paid back.
#[utoipa::path(patch, path = "/v1/sender_ids/{id}", tag = "sender_ids", request_body = SenderIdPatch,
    params(("id" = String, Path, description = "The sender ID's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the sender ID as it was read")),
    responses((status = 200, description = "The sender ID as it is now", body = SenderIdView)))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<SenderIdPatch>,
) -> Edited<SenderIdView> {
    let sender = find_by_id(&app, &who, &id).await?;
    edit(&app, &who, sender, if_match, body).await
}

async fn edit(
    app: &App,
    who: &Principal,
    sender: Sender,
    if_match: IfMatch,
    body: SenderIdPatch,
) -> Edited<SenderIdView> {
    let seen = app.seen_by(who);
    let company = manageable(app, who, &sender).await?;
    if_match.check(sender.revision)?;
    let agreement = seen.agreement(sender.agreement.as_str()).await?;
    if body.status.is_some() {
        rights::on_tenant_side(who, &agreement.company, &agreement.tenant)?;
    }
    let settings = match &body.settings {
        Some(Some(told)) => Some(Some(told.settings(app, &company, sender.settings.as_ref()).await?)),
        Some(None) => Some(None),
        None => None,
    };
    let told = match &body.settings {
        Some(Some(settings)) => settings.secrets()?,
        Some(None) | None => None,
    };
    let secret = match (&told, &settings) {
        (Some(_), _) => Some(Some(SecretId::new(runtime::fresh()))),
        (None, Some(settings)) if first_secret(settings.as_ref())?.is_none() => Some(None),
        _ => None,
    };
    let ask = SenderChange {
        name: body.name,
        status: body.status,
        settings,
        secret,
        routes: match body.routes {
            Some(told) if told.is_empty() && sender.channel() != Channel::Sms => Some(Routes::default()),
            Some(told) => Some(routes(&seen, &company, &sender.routes, told, "routes").await?),
            None => None,
        },
        assigned_from: match body.assigned_from {
            Some(id) => Some(assigned_from(app, who, &agreement, &sender.address, &id).await?),
            None => None,
        },
        incoming_vendors: match &body.incoming {
            Some(told) => {
                let before = &sender.incoming_vendors;
                Some(incoming_vendors(&seen, &company, before, told.as_ref()).await?)
            }
            None => None,
        },
        incoming: match body.incoming {
            Some(Some(told)) => Some(Some(incoming(app, &company, &sender.address, told).await?)),
            Some(None) => Some(None),
            None => None,
        },
        webhook_guid: body.webhook_guid,
        mno: body.mno,
        monitoring: body.monitoring.map(|body| body.map(Into::into)),
    };
    let mut changed = sender.changed(ask, runtime::now())?;
    if changed == sender {
        return Ok(Versioned::new(sender.revision, sender.into()));
    }
    check_secrets_stay(&sender, &changed)?;
    let is_other_account = (&sender.settings, &sender.secret) != (&changed.settings, &changed.secret);
    if sender.channel() == Channel::Sms && is_other_account {
        // Who says under which account messages leave, or takes it away, sees where it is.
        let with_account = if changed.settings.is_some() { &changed } else { &sender };
        for connection in with_account.over_http() {
            let connection = seen.connection(connection.as_str()).await;
            connection.map_err(|error| error.field("settings"))?;
        }
    }
    if is_other_account || sender.routes != changed.routes {
        let account_url = check_roads(app, &changed, "routes").await?;
        if sender.secret != changed.secret {
            changed.account_url = account_url;
        }
    }
    let act = who.act(&company.path);
    let (writing, row) = (app.store.replace(&act, &sender, &changed), app.store.sender_by_id(&sender.id));
    match secrets::write(app, Some(&sender), &changed, told.as_ref(), writing, row).await? {
        Written::Now => {
            mails::tell(app, who, &company, Some(&sender), &changed).await;
            Ok(Versioned::new(changed.revision, changed.into()))
        }
        Written::Taken => Err(guid_taken()),
        Written::Overtaken => Err(busy()),
    }
}

/// Whoever may change where something is sent need not know the secrets, and would have them sent there.
fn check_secrets_stay(before: &Sender, after: &Sender) -> Result<(), ApiError> {
    let leads_where = match (&before.settings, &after.settings) {
        (Some(before), Some(after)) => before.leads_where(after),
        _ => false,
    };
    if after.secret != before.secret || (leads_where && before.over_http() == after.over_http()) {
        return Ok(());
    }
    match first_secret(after.settings.as_ref())? {
        Some(name) => Err(Problem::invalid(name, "it has to be told again with another way to go").into()),
        None => Ok(()),
    }
}

/// Delete a sender ID.
///
/// Nothing can be sent from it any more. What was accepted goes out over SMPP, and is paid back where it still
/// waits for an HTTP vendor: under whose account it was to leave is gone. Not while a fee rule charges for it,
/// which the company that the agreement is with ends, it is assigned to a company below, or codes are sent from
/// it: those of a two-factor integration, or those that the company's people log in with.
#[utoipa::path(delete, path = "/v1/sender_ids/{id}", tag = "sender_ids",
    params(("id" = String, Path, description = "The sender ID's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the sender ID as it was read")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 409, description = "`in_use`, with the id of what uses it in `by`", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    let sender = find_by_id(&app, &who, &id).await?;
    let company = manageable(&app, &who, &sender).await?;
    if_match.check(sender.revision)?;
    if sender.status == SenderStatus::Blocked {
        // Nobody gets round a block by making the sender ID anew.
        let agreement = app.seen_by(&who).agreement(sender.agreement.as_str()).await?;
        rights::on_tenant_side(&who, &agreement.company, &agreement.tenant)?;
    }
    check_unused(&app, &sender).await?;
    match app.store.delete_sender(&who.act(&company.path), &sender).await? {
        Written::Now => {}
        Written::Overtaken | Written::Taken => return Err(busy()),
    }
    secrets::forget(&app, &sender, app.store.sender_by_id(&sender.id)).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses to delete what is charged for, so that nobody gets round a fee by making it anew, what is assigned to
/// others, and what codes are sent from.
async fn check_unused(app: &App, sender: &Sender) -> Result<(), ApiError> {
    let rules = app.store.fee_rules(&sender.agreement).await?;
    if let Some(rule) = rules.iter().find(|rule| rule.next.is_some() && rule.is_for(sender)) {
        return Err(in_use("A fee rule charges for it: end that first.", rule.id.as_str()));
    }
    if sender.channel() != Channel::Sms {
        return Ok(());
    }
    records::check_unlisted::<Sender>(app, sender.id.to_string(), None).await?;
    let sends = |integration: &TwoFactorIntegration| {
        integration.agreement == sender.agreement && integration.sender == sender.address
    };
    records::check_unnamed(app, &sender.company, sends).await?;
    let codes: Option<LoginCodes> = app.store.thing(sender.company.as_str()).await?;
    let sends =
        |codes: &LoginCodes| codes.agreement == sender.agreement && codes.sender == sender.address.as_str();
    if codes.as_ref().is_some_and(sends) {
        let detail = "The company's people log in with codes from it: send those from another one first.";
        return Err(in_use(detail, sender.company.as_str()));
    }
    Ok(())
}

fn in_use(detail: &str, by: &str) -> ApiError {
    Problem::new(409, "in_use", detail).figure("by", by).into()
}

/// The company of a sender ID that the caller may change.
async fn manageable(app: &App, who: &Principal, sender: &Sender) -> Result<Company, ApiError> {
    let company = app.seen_by(who).company(sender.company.as_str()).await?;
    rights::manage_own(who, &company.id, Area::SenderIds, Area::PortalApiAccesses)?;
    Ok(company)
}

async fn find(app: &App, who: &Principal, id: &str, address: &str) -> Result<Sender, ApiError> {
    let agreement: Agreement = app.seen_by(who).agreement(id).await?;
    let Ok(address) = SenderAddress::parse(address) else { return Err(missing()) };
    app.store.sender(&agreement.id, &address).await?.ok_or_else(missing)
}

async fn find_by_id(app: &App, who: &Principal, id: &str) -> Result<Sender, ApiError> {
    let Ok(id) = SenderId::parse(id) else { return Err(missing()) };
    let sender = app.store.sender_by_id(&id).await?.ok_or_else(missing)?;
    app.seen_by(who).company(sender.company.as_str()).await.map_err(|_| missing())?;
    Ok(sender)
}

fn missing() -> ApiError {
    Problem::not_found("sender ID").into()
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct SenderIdQuery {
    /// Only of this company; of yours and, if you see sender IDs in the back office, of those directly below
    /// it unless told.
    company: Option<String>,
    /// Only those of this agreement.
    agreement: Option<String>,
    /// Only those whose address begins so, whatever the case.
    address: Option<String>,
    /// Only those whose name begins so, whatever the case.
    name: Option<String>,
    /// Only those of this channel.
    #[param(value_type = Option<schema::Channel>)]
    channel: Option<Channel>,
    /// Only those of this vendor, as they are answered.
    #[param(example = "smpp")]
    vendor: Option<String>,
    /// Only those in this status.
    #[param(value_type = Option<schema::SenderStatus>)]
    status: Option<SenderStatus>,
    /// Only those whose webhook GUID begins so, whatever the case.
    webhook_guid: Option<String>,
    /// Only those created at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    created_from: Option<Timestamp>,
    /// Only those created before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    created_till: Option<Timestamp>,
    /// Only those changed last at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    updated_from: Option<Timestamp>,
    /// Only those changed last before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    updated_till: Option<Timestamp>,
    /// `address`, `name`, `channel`, `vendor`, `status`, `webhook_guid`, `updated_at` or `created_at`; or of 10,000
    /// sender IDs at most `agreement`, by code, or `company`, by name. With a `-` before it for the other way
    /// round.
    #[param(example = "address")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

const COLUMNS: [&str; 9] =
    ["address", "name", "channel", "vendor", "status", "agreement", "webhook_guid", "company", "updated_at"];
/// By name and code, which no index has.
const ROW_COLUMNS: [Column<Sender>; 2] =
    [("agreement", |sender| sender.agreement.to_string()), ("company", |sender| sender.company.to_string())];

/// A sender ID in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct SenderIdRow {
    #[serde(flatten)]
    sender: SenderIdView,
    #[serde(flatten)]
    names: PayerNames,
}

const FILE_COLUMNS: [&str; 14] = [
    "id",
    "company",
    "company_name",
    "channel",
    "vendor",
    "assigned_from",
    "address",
    "name",
    "status",
    "webhook_guid",
    "agreement",
    "agreement_code",
    "created_at",
    "updated_at",
];

/// Sender IDs.
///
/// Oldest first unless a filter or `sort` says otherwise. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/sender_ids", tag = "sender_ids", params(SenderIdQuery),
    responses((status = 200, description = "A page",
        content((List<SenderIdRow> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<SenderIdQuery>,
) -> Result<Response, ApiError> {
    let company = query.company.as_deref();
    let lists = lists_seen(&app, &who, company, Area::SenderIds, Area::PortalMessages).await?;
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let listing = Listing::new("", &COLUMNS, sort, query.limit, cursor)?
        .is("agreement", query.agreement)
        .begins("address", query.address.as_deref())
        .begins("name", query.name.as_deref())
        .is("channel", query.channel.map(catalog::choice))
        .is("vendor", query.vendor)
        .is("status", query.status.map(catalog::choice))
        .begins("webhook_guid", query.webhook_guid.as_deref())
        .within("created_at", query.created_from, query.created_till)
        .within("updated_at", query.updated_from, query.updated_till);
    let all = |_: &Sender| true;
    let found = listing.read_all_in_order(&ROW_COLUMNS, &lists, &app.store, format, all).await?;
    let names = found.names(&app.store, |it| [it.company.as_str(), it.agreement.as_str()]).await?;
    let row = |sender: Sender| SenderIdRow {
        names: names.payer(&sender.company, &sender.agreement),
        sender: sender.into(),
    };
    found.answer(row, "sender_ids", &FILE_COLUMNS)
}
