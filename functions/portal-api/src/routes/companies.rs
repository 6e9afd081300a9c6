//! The tree of companies. What it takes to delete one is in `deletion`.

pub mod deletion;

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::catalog;
use domain::channel::Channel;
use domain::company::{
    Company, CompanyChange, CompanyKind, CompanySettings, CompanyStatus, NewCompany, plan_change,
    plan_company,
};
use domain::connection::Link;
use domain::id::{CompanyId, OwnLegalEntityId, PortalId};
use domain::legal_entity::{LegalEntity, OwnLegalEntity};
use domain::lookup::CompanyLookup;
use domain::notification::{NotificationEvent, Values};
use domain::permission::Area;
use domain::record::id_of;
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use runtime::revision::{IfMatch, Versioned};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::records::Revision;
use super::{Edited, Reply, present};
use crate::App;
use crate::bootstrap::tenant_of;
use crate::error::{ApiError, written};
use crate::fields::List;
use crate::lists::{Column, Format, Listing};
use crate::{people, rights, schema};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Acme Retail", "kind": "client"}))]
pub struct CompanyRequest {
    /// 1 to 120 characters.
    name: String,
    /// `reseller`, `seller` or `client`.
    #[schema(value_type = schema::CompanyKind)]
    kind: CompanyKind,
    /// The company above it, yours or one below you; yours unless told.
    parent: Option<String>,
    /// Whether a reseller or seller may send messages itself; a client always may.
    #[serde(default)]
    direct_sending: bool,
    /// False refuses every call of the company and of all below it until it is enabled; true for a new company.
    enabled: Option<bool>,
    /// The look-up connection that its recipients' networks are asked from before they are priced: one of
    /// a company above it; null for none.
    #[schema(example = "con_01kd3v5x9q8m7n6p5r4s3t2v1w")]
    lookup_connection: Option<String>,
    /// A comment of at most 1000 characters. The company itself may change it too.
    description: Option<String>,
    /// Of a reseller: whether it creates resellers. False makes it a `seller`, true a `reseller`.
    creator_of_resellers: Option<bool>,
    /// The legal entity of the company above in whose name it sells to this one; null for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, example = "own_01kd3v5x9q8m7n6p5r4s3t2v1w")]
    own_legal_entity: Option<Option<String>>,
    /// Whether it is shown its invoices and their charges; true for a new company.
    invoices_enabled: Option<bool>,
    /// Whether its recipients' networks are looked up, if there is a look-up connection; true for a new company.
    mnp_requests: Option<bool>,
    /// The channels whose recipients' networks are looked up; `sms` for a new company.
    #[schema(value_type = Option<Vec<schema::Channel>>)]
    mnp_channels: Option<BTreeSet<Channel>>,
    /// Whether what it sends to many waits for a decision; false for a new company.
    moderation: Option<bool>,
    /// Whether all its users log in with a second factor; false for a new company. Users without a phone
    /// number cannot log in then.
    two_factor_required: Option<bool>,
    /// Whether its new agreements begin with individual credits; false for a new company.
    individual_credits: Option<bool>,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompanyPatch {
    /// A new name.
    name: Option<String>,
    /// False refuses every call of the company and of all below it. Not for your own company.
    enabled: Option<bool>,
    /// Whether a reseller or seller may send messages itself. Not for your own company.
    direct_sending: Option<bool>,
    /// The look-up connection that its recipients' networks are asked from before they are priced: one of
    /// its own or of a company above it; null for none. What a company above has set, it cannot change.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    lookup_connection: Option<Option<String>>,
    /// A comment of at most 1000 characters. The company itself may change it too.
    description: Option<String>,
    /// Of a reseller: whether it creates resellers. False makes it a `seller`, true a `reseller`.
    creator_of_resellers: Option<bool>,
    /// The legal entity of the company above in whose name it sells to this one; null for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, example = "own_01kd3v5x9q8m7n6p5r4s3t2v1w")]
    own_legal_entity: Option<Option<String>>,
    /// Whether it is shown its invoices and their charges.
    invoices_enabled: Option<bool>,
    /// Whether its recipients' networks are looked up, if there is a look-up connection.
    mnp_requests: Option<bool>,
    /// The channels whose recipients' networks are looked up.
    #[schema(value_type = Option<Vec<schema::Channel>>)]
    mnp_channels: Option<BTreeSet<Channel>>,
    /// Whether what it sends to many waits for a decision.
    moderation: Option<bool>,
    /// Whether all its users log in with a second factor. Users without a phone number cannot log in then. Who is
    /// logged in stays so, and changes their phone or app after another login only.
    two_factor_required: Option<bool>,
    /// Whether its new agreements begin with individual credits.
    individual_credits: Option<bool>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CompanyView {
    /// Its id.
    #[schema(example = "com_01kd3v5x9q8m7n6p5r4s3t2v1w")]
    id: String,
    /// Its name.
    name: String,
    /// Where it stands in the tree.
    #[schema(value_type = schema::CompanyKind)]
    kind: CompanyKind,
    /// The company above it; null for the owner.
    parent: Option<String>,
    /// Whether it may use the platform, if all above it may.
    enabled: bool,
    /// Whether it may send messages itself though it is not a client.
    direct_sending: bool,
    /// The connection that tells the networks of its recipients; null while the numbering plan does.
    lookup_connection: Option<String>,
    /// `active`, `disabled` until it is enabled again, or `deleted` for good.
    #[schema(value_type = schema::CompanyStatus)]
    status: CompanyStatus,
    /// A comment.
    description: String,
    /// Whether it is a reseller or a seller.
    is_reseller: bool,
    /// Whether it creates resellers.
    creator_of_resellers: bool,
    /// The legal entity of the company above in whose name it sells to this one; null for none.
    #[schema(value_type = Option<String>, example = "own_01kd3v5x9q8m7n6p5r4s3t2v1w")]
    own_legal_entity: Option<OwnLegalEntityId>,
    /// Whether it is shown its invoices and their charges.
    invoices_enabled: bool,
    /// Whether its recipients' networks are looked up, if there is a look-up connection.
    mnp_requests: bool,
    /// The channels whose recipients' networks are looked up.
    #[schema(value_type = Vec<schema::Channel>)]
    mnp_channels: BTreeSet<Channel>,
    /// Whether what it sends to many waits for a decision.
    moderation: bool,
    /// Whether all its users log in with a second factor.
    two_factor_required: bool,
    /// Whether its new agreements begin with individual credits.
    individual_credits: bool,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was changed last; null if never.
    #[schema(value_type = Option<String>, format = DateTime)]
    updated_at: Option<Timestamp>,
    /// When it was deleted; null if it is not.
    #[schema(value_type = Option<String>, format = DateTime)]
    deleted_at: Option<Timestamp>,
    /// Its revision, which is its `ETag` as well.
    revision: u64,
}

impl From<Company> for CompanyView {
    fn from(company: Company) -> Self {
        let CompanySettings {
            description,
            own_legal_entity,
            invoices_enabled,
            mnp_requests,
            mnp_channels,
            moderation,
            two_factor_required,
            individual_credits,
        } = company.settings.clone();
        Self {
            parent: company.tenant().map(ToString::to_string),
            status: company.status(),
            is_reseller: company.is_reseller(),
            creator_of_resellers: company.creates_resellers(),
            description,
            own_legal_entity,
            invoices_enabled,
            mnp_requests,
            mnp_channels,
            moderation,
            two_factor_required,
            individual_credits,
            id: company.id.into(),
            name: company.name,
            kind: company.kind,
            enabled: company.enabled,
            direct_sending: company.direct_sending,
            lookup_connection: company.lookup.map(|lookup| lookup.connection.into()),
            created_at: company.created_at,
            updated_at: company.updated_at,
            deleted_at: company.deleted_at,
            revision: company.revision,
        }
    }
}

/// Your own company.
#[utoipa::path(get, path = "/v1/me", tag = "companies",
    responses((status = 200, description = "The company of the API key", body = CompanyView)))]
pub async fn me(who: Principal) -> Reply<CompanyView> {
    Ok(Json(who.company.into()))
}

/// Create a company.
///
/// Below your own company or below one of those below you. A seller creates clients only.
#[utoipa::path(post, path = "/v1/companies", tag = "companies", request_body = CompanyRequest,
    responses((status = 201, description = "The new company", body = CompanyView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<CompanyRequest>,
) -> Edited<CompanyView> {
    rights::manage(&who, Area::Companies)?;
    let parent = app.seen_by(&who).company_or_own(body.parent.as_deref()).await?;
    let CompanyRequest { name, kind, direct_sending, .. } = &body;
    let (id, name) = (CompanyId::new(runtime::fresh()), name.clone());
    let ask = NewCompany { id, name, kind: *kind, direct_sending: *direct_sending };
    let now = runtime::now();
    let company = plan_company(&parent, ask, now)?;
    let settings = body.settings().parse(&app, &who, &company).await?;
    let company = plan_change(&company, &parent.id, settings, now)?;
    let company = Company { revision: 0, updated_at: None, ..company };
    written(app.store.create_company(&who.act(&company.path), &company).await?)?;
    Ok(Versioned::created(company.revision, company.into()))
}

/// A company in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompanyRow {
    #[serde(flatten)]
    company: CompanyView,
    /// The portal at which its people log in, which is that of the legal entity that sells to it; null for none.
    #[schema(value_type = Option<String>, example = "por_01kd3v5x9q8m7n6p5r4s3t2v1w")]
    portal: Option<PortalId>,
    /// What that portal is called.
    #[schema(example = "Hornes messaging")]
    portal_name: Option<String>,
    /// What the legal entity that sells to it is called.
    #[schema(example = "Waybill GmbH")]
    own_legal_entity_name: Option<String>,
}

impl CompanyRow {
    fn seller_and_portal(&self) -> [&str; 2] {
        let seller = self.company.own_legal_entity.as_ref().map_or("", OwnLegalEntityId::as_str);
        [seller, self.portal.as_ref().map_or("", PortalId::as_str)]
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct CompanyQuery {
    /// Whose children to list; yours unless told.
    parent: Option<String>,
    /// Only those whose name begins so, whatever the case.
    name: Option<String>,
    /// Only of this kind.
    #[param(value_type = Option<schema::CompanyKind>)]
    kind: Option<CompanyKind>,
    /// Only those that are enabled, or that are not.
    enabled: Option<bool>,
    /// `active`, `disabled` or `deleted`; deleted ones are listed only when they are asked for.
    #[param(value_type = Option<schema::CompanyStatus>)]
    status: Option<CompanyStatus>,
    /// Only those whose broadcasts are moderated, or are not.
    moderation: Option<bool>,
    /// Only resellers and sellers, or only those that are neither.
    is_reseller: Option<bool>,
    /// Only those that create resellers, or do not.
    creator_of_resellers: Option<bool>,
    /// Only those that this legal entity sells to.
    own_legal_entity: Option<String>,
    /// Only those whose people log in at this portal.
    portal: Option<String>,
    /// Only those created at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    created_from: Option<Timestamp>,
    /// Only those created before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    created_till: Option<Timestamp>,
    /// Only those changed last at this time or later; those that never were count as when they were created.
    #[param(value_type = Option<String>, format = DateTime)]
    updated_from: Option<Timestamp>,
    /// Only those changed last before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    updated_till: Option<Timestamp>,
    /// `name`, `kind`, `enabled`, `status`, `moderation`, `creator_of_resellers`, `updated_at` or `created_at`; or of
    /// 10,000 companies at most `is_reseller`, `own_legal_entity` or `portal`. With a `-` before it for the other way
    /// round.
    #[param(example = "-created_at")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

const COLUMNS: [&str; 10] = [
    "is_reseller",
    "portal",
    "name",
    "kind",
    "enabled",
    "status",
    "moderation",
    "creator_of_resellers",
    "own_legal_entity",
    "updated_at",
];
/// What another column nearly says, who sells to the company by name, and what that one says.
const ROW_COLUMNS: [Column<CompanyRow>; 3] = [
    ("is_reseller", |row| catalog::flag(row.company.is_reseller)),
    ("own_legal_entity", |row| id_of(row.company.own_legal_entity.as_ref())),
    ("portal", |row| id_of(row.portal.as_ref())),
];
const FILE_COLUMNS: [&str; 23] = [
    "id",
    "name",
    "kind",
    "parent",
    "enabled",
    "direct_sending",
    "created_at",
    "updated_at",
    "deleted_at",
    "status",
    "description",
    "is_reseller",
    "creator_of_resellers",
    "own_legal_entity",
    "own_legal_entity_name",
    "portal",
    "portal_name",
    "invoices_enabled",
    "mnp_requests",
    "mnp_channels",
    "moderation",
    "two_factor_required",
    "individual_credits",
];

/// The companies directly below one.
///
/// Oldest first unless a filter or `sort` says otherwise. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/companies", tag = "companies", params(CompanyQuery),
    responses((status = 200, description = "A page",
        content((List<CompanyRow> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<CompanyQuery>,
) -> Result<Response, ApiError> {
    let parent = app.seen_by(&who).company_or_own(query.parent.as_deref()).await?;
    rights::view(&who, Area::Companies)?;
    let sellers = app.store.all_things::<OwnLegalEntity>(parent.id.as_str()).await?;
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let listing = Listing::new(parent.id, &COLUMNS, sort, query.limit, cursor)?
        .begins("name", query.name.as_deref())
        .is("kind", query.kind.map(catalog::choice))
        .is("status", query.status.map(catalog::choice))
        .is("enabled", query.enabled.map(catalog::flag))
        .is("moderation", query.moderation.map(catalog::flag))
        .is("creator_of_resellers", query.creator_of_resellers.map(catalog::flag))
        .is("own_legal_entity", query.own_legal_entity)
        .within("created_at", query.created_from, query.created_till)
        .within("updated_at", query.updated_from, query.updated_till);
    let sellers = sellers.iter().map(|seller| (&seller.id, seller.details.entity.portal.clone()));
    let portals: BTreeMap<_, _> = sellers.collect();
    let portal_of = |company: &Company| {
        company.settings.own_legal_entity.as_ref().and_then(|seller| portals.get(seller)?.clone())
    };
    let portal = query.portal.as_deref();
    let shows = |company: &Company| {
        (!company.is_deleted() || query.status == Some(CompanyStatus::Deleted))
            && query.is_reseller.is_none_or(|wanted| wanted == company.is_reseller())
            && (portal.is_none() || portal_of(company).as_ref().map(PortalId::as_str) == portal)
    };
    let row = |company: Company| CompanyRow {
        portal: portal_of(&company),
        portal_name: None,
        own_legal_entity_name: None,
        company: company.into(),
    };
    let found =
        listing.read_rows(&ROW_COLUMNS, |row| &row.company.id, &app.store, format, shows, row).await?;
    let names = found.names(&app.store, CompanyRow::seller_and_portal).await?;
    let named = |row: CompanyRow| {
        let [own_legal_entity_name, portal_name] = row.seller_and_portal().map(|id| names.get(id));
        CompanyRow { own_legal_entity_name, portal_name, ..row }
    };
    found.answer(named, "companies", &FILE_COLUMNS)
}

/// One company.
#[utoipa::path(get, path = "/v1/companies/{id}", tag = "companies",
    params(("id" = String, Path, description = "The company's id")),
    responses((status = 200, description = "The company", body = CompanyView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Edited<CompanyView> {
    let company = app.seen_by(&who).company(&id).await?;
    if company.id != who.company.id {
        rights::view(&who, Area::Companies)?;
    }
    Ok(Versioned::new(company.revision, company.into()))
}

/// Change a company's settings.
///
/// What is not named stays. A disabled company and all below it are refused until it is enabled again. When
/// its moderation begins, the notification addresses of its legal entities are told.
#[utoipa::path(patch, path = "/v1/companies/{id}", tag = "companies", request_body = CompanyPatch,
    params(("id" = String, Path, description = "The company's id"), Revision),
    responses((status = 200, description = "The company as it is now", body = CompanyView)))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<CompanyPatch>,
) -> Edited<CompanyView> {
    let company = app.seen_by(&who).company(&id).await?;
    rights::manage_own(&who, &company.id, Area::Companies, Area::PortalUsers)?;
    if_match.check(company.revision)?;
    let ask = body.parse(&app, &who, &company).await?;
    if ask.is_more_than_words() {
        rights::manage(&who, Area::Companies)?;
    }
    let changed = plan_change(&company, &who.company.id, ask, runtime::now())?;
    written(app.store.replace(&who.act(&company.path), &company, &changed).await?)?;
    if changed.settings.moderation && !company.settings.moderation {
        people::note_failure("the mails about moderation", tell_of_moderation(&app, &changed).await);
    }
    Ok(Versioned::new(changed.revision, changed.into()))
}

/// A mail to each of the notification addresses of its legal entities.
async fn tell_of_moderation(app: &App, company: &Company) -> Result<(), ApiError> {
    let entities = app.store.all_things::<LegalEntity>(company.id.as_str()).await?;
    let emails: BTreeSet<String> =
        entities.into_iter().flat_map(|entity| entity.details.notification_emails).collect();
    let values = [("name", &company.name), ("company_name", &company.name)];
    let values: Values = values.into_iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
    let cause = format!("company_moderation {} {}", company.id, company.revision);
    for to in &emails {
        let event = NotificationEvent::CompanyModeration;
        people::mail(app, company, to, event, &cause, values.clone()).await?;
    }
    Ok(())
}

/// Delete a company.
///
/// For a company above it. Only if there is no company below it, no money in its wallets, nothing set
/// aside for others, no open invoice, no running fee rule, and no sender ID or connection of its own. It is
/// refused everywhere from then on, and stays readable. What messages that were on their way give back to its
/// wallets is taken out by a transfer.
#[utoipa::path(delete, path = "/v1/companies/{id}", tag = "companies",
    params(("id" = String, Path, description = "The company's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the company as it was read")),
    responses(
        (status = 200, description = "The company as it is now", body = CompanyView),
        (status = 409, description = "`has_companies`, `has_money`, `has_open_invoice`, \
            `has_fee_rules`, `in_use` with the id of a sender ID or a connection in `by`, or \
            `too_many_parts`: it has more wallets than are closed in one step", body = Problem,
            content_type = "application/problem+json")
    ))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Edited<CompanyView> {
    let company = app.seen_by(&who).company(&id).await?;
    rights::manage(&who, Area::Companies)?;
    if_match.check(company.revision)?;
    let deleted = deletion::delete(&app, &who, &company).await?;
    Ok(Versioned::new(deleted.revision, deleted.into()))
}

impl CompanyRequest {
    /// What else it says, as a change of what a new company begins with.
    fn settings(self) -> CompanyPatch {
        CompanyPatch {
            enabled: self.enabled,
            lookup_connection: self.lookup_connection.map(Some),
            description: self.description,
            creator_of_resellers: self.creator_of_resellers,
            own_legal_entity: self.own_legal_entity,
            invoices_enabled: self.invoices_enabled,
            mnp_requests: self.mnp_requests,
            mnp_channels: self.mnp_channels,
            moderation: self.moderation,
            two_factor_required: self.two_factor_required,
            individual_credits: self.individual_credits,
            ..CompanyPatch::default()
        }
    }
}

impl CompanyPatch {
    async fn parse(self, app: &App, who: &Principal, company: &Company) -> Result<CompanyChange, ApiError> {
        let lookup = match self.lookup_connection {
            Some(Some(id)) => Some(Some(lookup(app, who, &id).await?)),
            Some(None) => Some(None),
            None => None,
        };
        let own_legal_entity = match self.own_legal_entity {
            Some(Some(id)) => Some(Some(entity_of(app, who, tenant_of(company), &id).await?)),
            Some(None) => Some(None),
            None => None,
        };
        Ok(CompanyChange {
            name: self.name,
            enabled: self.enabled,
            direct_sending: self.direct_sending,
            lookup,
            description: self.description,
            creator_of_resellers: self.creator_of_resellers,
            own_legal_entity,
            invoices_enabled: self.invoices_enabled,
            mnp_requests: self.mnp_requests,
            mnp_channels: self.mnp_channels,
            moderation: self.moderation,
            two_factor_required: self.two_factor_required,
            individual_credits: self.individual_credits,
        })
    }
}

/// One of the tenant's own legal entities.
async fn entity_of(
    app: &App,
    who: &Principal,
    tenant: &CompanyId,
    id: &str,
) -> Result<OwnLegalEntityId, ApiError> {
    let field = "own_legal_entity";
    let found = app.seen_by(who).thing::<OwnLegalEntity>(id).await;
    let (entity, company) = found.map_err(|error| error.field(field))?;
    if company.id != *tenant {
        return Err(Problem::invalid(field, "it must be one of the company above").into());
    }
    Ok(entity.id)
}

/// A look-up connection that the caller sees.
async fn lookup(app: &App, who: &Principal, id: &str) -> Result<CompanyLookup, ApiError> {
    let field = "lookup_connection";
    let found = app.seen_by(who).connection(id).await.map_err(|error| error.field(field))?;
    match found.link {
        Link::Lookup(_) => Ok(CompanyLookup { connection: found.id, of: found.company }),
        Link::Smpp(_) | Link::Http(_) | Link::Client(_) => {
            Err(Problem::invalid(field, "this connection is for messages, not for look-ups").into())
        }
    }
}
