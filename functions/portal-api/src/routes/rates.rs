//! What something costs and why: the rate finder, the margin check, and where a price came from.

mod view;

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use domain::agreement::Agreement;
use domain::allowance::{Pot, Stock};
use domain::destination::{Msisdn, destination};
use domain::dictionary::Dictionaries;
use domain::id::{RateId, ServiceId};
use domain::permission::Area;
use domain::quote::{Explained, Level, below_cost, completed, explain};
use domain::rating::{Attribute, Event, Resource, Service};
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use self::view::{BelowCostView, FoundRate, LevelView, Names, RateView};
use super::Reply;
use crate::App;
use crate::error::{ApiError, busy};
use crate::fields::{self, List};
use crate::{rights, schema};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindRequest {
    /// Whose prices; one of yours, or of a company below you.
    agreement: String,
    /// What is to be priced; `sms_message` unless told.
    #[schema(value_type = Option<schema::Resource>)]
    resource: Option<Resource>,
    /// In international form. Its country and network are found by the numbering plan.
    #[schema(example = "+4915112345678")]
    number: Option<String>,
    /// The sender ID.
    sender: Option<String>,
    /// What else is known, or known better, by attribute: `country`, `network`, `mccmnc` and so on, but for
    /// `time_of_day`, which follows from `at`. What follows from it by the dictionaries is added.
    #[serde(default)]
    #[schema(value_type = BTreeMap<schema::RateAttribute, String>, example = json!({"mccmnc": "26202"}))]
    values: BTreeMap<Attribute, String>,
    /// The moment whose prices are asked for; now unless told. What is left of packs, and how far scales
    /// have counted, is always as of now.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
}

/// Find a rate.
///
/// With the path through the tree of every service that is asked, for the agreement and each one above it
/// that is yours, or below you. Nothing is charged.
#[utoipa::path(post, path = "/v1/rates/find", tag = "rates", request_body = FindRequest,
    responses((status = 200, description = "What it costs and why", body = FoundRate)))]
pub async fn find(State(app): State<App>, who: Principal, Body(body): Body<FindRequest>) -> Reply<FoundRate> {
    let agreement = app.seen_by(&who).agreement(&body.agreement).await;
    let agreement = agreement.map_err(|error| error.field("agreement"))?;
    rights::view_own(&who, &agreement.company, Area::Services, Area::PortalFinance)?;
    let at = body.at.unwrap_or_else(runtime::now);
    let resource = body.resource.unwrap_or(Resource::SmsMessage);
    let dictionaries = app.store.dictionaries().await?;
    let values = body.values(resource, &dictionaries)?;
    let known: Vec<_> = values.iter().map(|(attribute, value)| (*attribute, value.as_str())).collect();
    let values = completed(resource, &known, &dictionaries);
    let event = values.iter().fold(Event::of(resource), |event, (name, value)| event.with(*name, value));
    let visible = visible_levels(&app, &who, &agreement).await?;
    let levels = app.store.levels(&app.trees, visible, at).await?;
    let mut stock = stock(&app, &levels).await?;
    let explained = explain(&levels, &event, &mut stock, at);
    let names = names(&app, &explained).await?;
    let levels = LevelView::chain(&levels, explained, &names)?;
    Ok(Json(FoundRate::new(at, resource, &values, levels)))
}

impl FindRequest {
    /// What is known of the event; each value is one that its attribute can have.
    fn values(
        &self,
        resource: Resource,
        dictionaries: &Dictionaries,
    ) -> Result<BTreeMap<Attribute, String>, ApiError> {
        let mut values = match &self.number {
            Some(number) => placed(number, self.values.get(&Attribute::Mccmnc), dictionaries)?,
            None => BTreeMap::new(),
        };
        values.extend(self.sender.clone().map(|sender| (Attribute::SenderId, sender)));
        values.extend(self.values.clone());
        let attributes = resource.attributes();
        let is_known = |name: &Attribute| attributes.contains(name) && *name != Attribute::TimeOfDay;
        if let Some(foreign) = self.values.keys().find(|name| !is_known(name)) {
            let detail = format!("{} is not told apart here by `{}`", resource.name(), foreign.name());
            return Err(Problem::invalid("values", detail).into());
        }
        if let Some((attribute, value)) = self.values.iter().find(|(name, value)| !name.has_value(value)) {
            let detail = format!("`{}` cannot be {value:?}", attribute.name());
            return Err(Problem::invalid("values", detail).into());
        }
        values.retain(|attribute, _| attributes.contains(attribute));
        Ok(values)
    }
}

/// What a number says, or what the network says that it was ported to.
fn placed(
    number: &str,
    mccmnc: Option<&String>,
    dictionaries: &Dictionaries,
) -> Result<BTreeMap<Attribute, String>, ApiError> {
    let number = Msisdn::parse(number).map_err(|error| Problem::invalid("number", error))?;
    let found = destination(&number, dictionaries).map_err(|error| Problem::invalid("number", error))?;
    let found = mccmnc.map_or(found.clone(), |mccmnc| found.ported_to(mccmnc, dictionaries));
    let known = [
        (Attribute::Country, Some(found.country.as_str().to_owned())),
        (Attribute::Network, found.network),
        (Attribute::Mcc, found.mcc),
        (Attribute::Mccmnc, found.mccmnc),
    ];
    Ok(known.into_iter().filter_map(|(attribute, value)| Some((attribute, value?))).collect())
}

/// The agreement and those above it, as far as the caller's own: what its tenant pays is not the caller's
/// business.
async fn visible_levels(
    app: &App,
    who: &Principal,
    agreement: &Agreement,
) -> Result<Vec<Agreement>, ApiError> {
    let mut visible = Vec::new();
    for level in app.store.agreements(&agreement.charged_levels()).await? {
        if app.store.company(&who.scope(), &level.company).await?.is_none() {
            break;
        }
        visible.push(level);
    }
    Ok(visible)
}

/// What is gone of packs and tiers, and what the first level has set aside of those above.
async fn stock(app: &App, levels: &[Level]) -> Result<Stock, ApiError> {
    let mut stock = Stock::default();
    for (index, level) in levels.iter().enumerate() {
        let Some(wallet) = app.store.wallet(&level.payer).await? else { continue };
        let gone =
            wallet.allowances.iter().map(|(allowance, gone)| (Pot::allowance(&wallet.id, allowance), *gone));
        stock.gone.extend(gone);
        if index == 0 {
            stock.held.extend(wallet.escrow);
        }
    }
    Ok(stock)
}

async fn names(app: &App, explained: &[Explained]) -> Result<Names, ApiError> {
    let asked = explained.iter().flat_map(|level| &level.steps).map(|step| step.service.clone());
    let asked: std::collections::BTreeSet<ServiceId> = asked.collect();
    let asked: Vec<ServiceId> = asked.into_iter().collect();
    let services = app.store.services(&asked).await?;
    Ok(services.into_iter().map(|service| (service.id, service.name)).collect())
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct MarginFilter {
    /// The agreement under which you sell, or a company below you does.
    agreement: String,
    /// How many, 1 to 500; 50 unless told.
    limit: Option<u16>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// Where an agreement's prices are below what its seller pays.
///
/// Every destination that the pay-as-you-go trees of the agreement and of the one above it tell apart, by
/// the price of one unit; of a scale by that of the first.
#[utoipa::path(get, path = "/v1/rates/margins", tag = "rates", params(MarginFilter),
    responses((status = 200, description = "By the paths in the seller's trees", body = List<BelowCostView>)))]
pub async fn margins(
    State(app): State<App>,
    who: Principal,
    Query(filter): Query<MarginFilter>,
) -> Reply<List<BelowCostView>> {
    let limit = usize::from(fields::limit(filter.limit)?);
    let from = filter.cursor.as_deref().map_or(Ok(0), str::parse::<usize>);
    let from = from.map_err(|_| Problem::invalid("cursor", "take `next` of the page before"))?;
    let agreement = app.seen_by(&who).agreement(&filter.agreement).await?;
    rights::view(&who, Area::Services)?;
    rights::on_tenant_side(&who, &agreement.company, &agreement.tenant)?;
    let Some(above) = agreement.above.first() else {
        let detail = "The company that sells under this agreement pays nobody for it.";
        return Err(Problem::new(422, "no_cost", detail).field("agreement").into());
    };
    let above = app.store.any_agreement(above).await?.ok_or_else(busy)?;
    if agreement.currency != above.currency {
        let detail = format!("it is sold in {} and paid in {}", agreement.currency, above.currency);
        return Err(Problem::new(422, "currency_differs", detail).field("agreement").into());
    }
    let levels = app.store.levels(&app.trees, vec![agreement, above], runtime::now()).await?;
    let [selling, buying] = levels.as_slice() else { return Err(busy()) };
    let below = below_cost(selling, buying, &app.store.dictionaries().await?)?;
    let next = (from + limit < below.len()).then(|| (from + limit).to_string());
    let page = below.into_iter().skip(from).take(limit).map(BelowCostView::of);
    Ok(Json(List { items: page.collect::<Result<_, _>>()?, next }))
}

/// Where a price came from.
///
/// Of your own services and of those below you, and of what is enabled on an agreement of yours.
#[utoipa::path(get, path = "/v1/rates/{id}", tag = "rates",
    params(("id" = String, Path, description = "The rate's id, as in EDRs")),
    responses((status = 200, description = "The price with its service and its place in the tree", body = RateView)))]
pub async fn one(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Reply<RateView> {
    let missing = || ApiError::from(Problem::not_found("rate"));
    let rate: RateId = serde_json::from_value(serde_json::Value::String(id)).map_err(|_| missing())?;
    let (origin, leaf) = app.store.rate_origin(&rate).await?.ok_or_else(missing)?;
    let service = app.store.services(std::slice::from_ref(&origin.service)).await?.pop();
    let service = service.ok_or_else(missing)?;
    rights::view(&who, Area::Services).or_else(|_| rights::view(&who, Area::PortalFinance))?;
    if !shows_rates(&app, &who, &service).await? {
        return Err(missing());
    }
    let tree = app.store.tree(&origin.service, origin.version).await?.ok_or_else(missing)?;
    let path = tree.path(leaf).ok_or_else(missing)?;
    let view = RateView::at(&rate, &service, origin.version, path, &tree.decompile());
    Ok(Json(view.ok_or_else(missing)?))
}

async fn shows_rates(app: &App, who: &Principal, service: &Service) -> Result<bool, ApiError> {
    if app.store.company(&who.scope(), &service.company).await?.is_some() {
        return Ok(true);
    }
    let agreements = app.store.agreements_of(&who.company.id).await?;
    let mut enabled = agreements.iter().flat_map(|agreement| &agreement.services);
    Ok(enabled.any(|enabled| enabled.service == service.id))
}
