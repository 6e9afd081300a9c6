//! Figures to look at: the dashboard of a company, and what it and those below it sent and received by day,
//! month and year. They are counters that roll along with the messages; nothing is searched for.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use domain::agreement::{Agreement, CreditLimit};
use domain::id::{UserId, WalletId};
use domain::permission::Area;
use domain::statistics::{Counts, Scope, Slice, Slices, day_of};
use domain::two_factor::TwoFactorIntegration;
use jiff::Span;
use jiff::civil::Date;
use runtime::auth::Principal;
use runtime::http::{Problem, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Reply;
use crate::App;
use crate::error::ApiError;
use crate::rights;

/// Longer tops tell nobody anything.
const TOP: usize = 10;
/// What one request reads at most.
const DAYS_MAX: i32 = 366;

/// Sums of messages.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CountsView {
    /// Messages taken in.
    accepted: i64,
    /// Segments of these.
    segments: i64,
    /// Messages on their phones.
    delivered: i64,
    /// Messages that will not arrive.
    failed: i64,
    /// How many of a hundred that ended arrived; null while none has ended.
    #[schema(example = "97.3")]
    delivery_rate: Option<String>,
    /// From being accepted to arriving, on the average; null while none has arrived.
    average_delivery_milliseconds: Option<i64>,
    /// Messages from phones that were handed on. No other figure counts them.
    received: i64,
}

impl From<Counts> for CountsView {
    fn from(counts: Counts) -> Self {
        let per_mille = counts.delivered_per_mille();
        Self {
            accepted: counts.accepted,
            segments: counts.segments,
            delivered: counts.delivered,
            failed: counts.failed,
            delivery_rate: per_mille.map(|rate| format!("{}.{}", rate / 10, rate % 10)),
            average_delivery_milliseconds: counts.average_delivery_milliseconds(),
            received: counts.received,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct NamedCountsView {
    /// A sender ID, a channel, a country or a network.
    name: String,
    /// Its messages.
    counts: CountsView,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PeriodCountsView {
    /// The day, or the first day of the month.
    #[schema(value_type = String, format = Date)]
    first_day: Date,
    /// Its messages.
    counts: CountsView,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CreditView {
    /// The agreement.
    agreement: String,
    /// Its code.
    code: String,
    /// What it counts in.
    currency: String,
    /// You, if these are your own credits; null for the company's, in the main wallet of the agreement.
    user: Option<String>,
    /// What is in the wallet.
    #[schema(example = "41.95")]
    balance: String,
    /// What may still be spent, the credit limit included; null for no limit.
    available: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DashboardView {
    /// Today so far; days are days in UTC.
    today: CountsView,
    /// This month so far.
    month: CountsView,
    /// The two months before, the later one first.
    last_months: Vec<PeriodCountsView>,
    /// By agreement the company's credits, if your roles show you its wallets, and your own.
    credits: Vec<CreditView>,
    /// How many of your sender IDs have sent this month.
    active_senders: usize,
}

/// Your dashboard.
///
/// What you and the companies below you have sent and received, and what credits you have.
#[utoipa::path(get, path = "/v1/dashboard", tag = "statistics",
    responses((status = 200, description = "The figures, within moments of what happens", body = DashboardView)))]
pub async fn dashboard(State(app): State<App>, who: Principal) -> Reply<DashboardView> {
    rights::view_own(&who, &who.company.id, Area::Reports, Area::PortalDashboard)?;
    let today = day_of(runtime::now());
    let scope = Scope::company(&who.company.id);
    let months_ago = |count: i64| today.first_of_month().saturating_sub(Span::new().months(count));
    let (days, months, credits) = tokio::try_join!(
        async { Ok::<_, ApiError>(app.store.statistics_by_day(&scope, today, today).await?) },
        async { Ok(app.store.statistics_by_month(&scope, months_ago(2), today).await?) },
        credits(&app, &who),
    )?;
    let month = |first_day: Date| PeriodCountsView { first_day, counts: all(months.get(&first_day)).into() };
    let this_month = months.get(&months_ago(0));
    let is_active =
        |(slice, counts): &(&Slice, &Counts)| matches!(slice, Slice::Sender(_)) && 0 < counts.accepted;
    Ok(Json(DashboardView {
        today: all(days.get(&today)).into(),
        month: all(this_month).into(),
        last_months: vec![month(months_ago(1)), month(months_ago(2))],
        credits,
        active_senders: this_month.map_or(0, |slices| slices.iter().filter(is_active).count()),
    }))
}

fn all(slices: Option<&Slices>) -> Counts {
    slices.and_then(|slices| slices.get(&Slice::All)).copied().unwrap_or_default()
}

async fn credits(app: &App, who: &Principal) -> Result<Vec<CreditView>, ApiError> {
    let (seen, user) = (app.seen_by(who), who.user.as_ref().map(|user| &user.id));
    let agreements = app.store.agreements_of(&who.company.id).await?;
    let ids: Vec<_> = agreements.iter().flat_map(|agreement| wallets_of(agreement, user)).collect();
    let wallets = app.store.wallets(&ids).await?;
    let mut credits = Vec::with_capacity(wallets.len());
    for agreement in &agreements {
        for id in wallets_of(agreement, user) {
            let Some(wallet) = wallets.get(&id).filter(|wallet| seen.shows_wallet(wallet)) else { continue };
            let balance = app.store.balance(wallet).await?;
            let is_limited = wallet.credit_limit < CreditLimit::Unlimited.amount();
            let available = if is_limited { Some(balance.checked_add(wallet.credit_limit)?) } else { None };
            credits.push(CreditView {
                agreement: agreement.id.to_string(),
                code: agreement.code.clone(),
                currency: agreement.currency.to_string(),
                user: user.filter(|_| seen.is_own(wallet)).map(ToString::to_string),
                balance: balance.to_string(),
                available: available.map(|amount| amount.to_string()),
            });
        }
    }
    Ok(credits)
}

/// The main wallet of an agreement, and the one that a user may have under it.
fn wallets_of(agreement: &Agreement, user: Option<&UserId>) -> Vec<WalletId> {
    let own = user.map(|user| WalletId::of_user(&agreement.id, user));
    [agreement.wallet()].into_iter().chain(own).collect()
}

/// How long the period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatisticsPeriod {
    Day,
    /// The default.
    #[default]
    Month,
    Year,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct StatisticsQuery {
    /// A day, a month or a year; a month unless told.
    #[serde(default)]
    #[param(inline)]
    period: StatisticsPeriod,
    /// A day in it; today unless told.
    #[param(value_type = Option<String>, format = Date)]
    day: Option<Date>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct StatisticsView {
    /// The first day of the period; days are days in UTC.
    #[schema(value_type = String, format = Date)]
    first_day: Date,
    /// The last one.
    #[schema(value_type = String, format = Date)]
    last_day: Date,
    /// All of it.
    counts: CountsView,
    /// The days of a month, or the months of a year, that have any.
    parts: Vec<PeriodCountsView>,
    /// The channels, the one with the most messages first.
    channels: Vec<NamedCountsView>,
    /// The most active sender IDs of the company itself.
    senders: Vec<NamedCountsView>,
    /// The countries with the most messages.
    countries: Vec<NamedCountsView>,
    /// The networks with the most messages of the company itself, with their countries.
    networks: Vec<NamedCountsView>,
}

/// What a company and those below it sent and received.
#[utoipa::path(get, path = "/v1/companies/{id}/statistics", tag = "statistics",
    params(("id" = String, Path, description = "The company's id"), StatisticsQuery),
    responses((status = 200, description = "The figures, within moments of what happens", body = StatisticsView)))]
pub async fn of_company(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    Query(query): Query<StatisticsQuery>,
) -> Reply<StatisticsView> {
    let company = app.seen_by(&who).company(&id).await?;
    rights::view_own(&who, &company.id, Area::Companies, Area::PortalStatistics)?;
    let scope = Scope::company(&company.id);
    let day = query.day.unwrap_or_else(|| day_of(runtime::now()));
    let (first_day, last_day) = match query.period {
        StatisticsPeriod::Day => (day, day),
        StatisticsPeriod::Month => (day.first_of_month(), day.last_of_month()),
        StatisticsPeriod::Year => (day.first_of_year(), day.last_of_year()),
    };
    let parts = match query.period {
        StatisticsPeriod::Year => app.store.statistics_by_month(&scope, first_day, last_day).await?,
        _ => app.store.statistics_by_day(&scope, first_day, last_day).await?,
    };
    Ok(Json(StatisticsView::new(first_day, last_day, &parts, TOP)))
}

impl StatisticsView {
    /// With tops of at most so many.
    fn new(first_day: Date, last_day: Date, parts: &BTreeMap<Date, Slices>, most: usize) -> Self {
        let mut sums = Slices::new();
        for (slice, counts) in parts.values().flatten() {
            sums.entry(slice.clone()).or_default().add(counts);
        }
        let part = |(day, slices): (&Date, &Slices)| PeriodCountsView {
            first_day: *day,
            counts: all(Some(slices)).into(),
        };
        Self {
            first_day,
            last_day,
            counts: all(Some(&sums)).into(),
            parts: parts.iter().map(part).collect(),
            channels: top(&sums, most, |slice| match slice {
                Slice::Channel(name) => Some(name),
                _ => None,
            }),
            senders: top(&sums, most, |slice| match slice {
                Slice::Sender(name) => Some(name),
                _ => None,
            }),
            countries: top(&sums, most, |slice| match slice {
                Slice::Country(name) => Some(name),
                _ => None,
            }),
            networks: top(&sums, most, |slice| match slice {
                Slice::Network(name) => Some(name),
                _ => None,
            }),
        }
    }
}

fn top(sums: &Slices, most: usize, name: impl Fn(&Slice) -> Option<&String>) -> Vec<NamedCountsView> {
    let mut found: Vec<_> = sums.iter().filter_map(|(slice, counts)| Some((name(slice)?, *counts))).collect();
    found.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.accepted + counts.received));
    found.truncate(most);
    found
        .into_iter()
        .map(|(name, counts)| NamedCountsView { name: name.clone(), counts: counts.into() })
        .collect()
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct CodeStatisticsQuery {
    /// From this day; the first of this month unless told.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// To this day; today unless told.
    #[param(value_type = Option<String>, format = Date)]
    till: Option<Date>,
}

/// What became of an integration's codes.
///
/// In general, by all networks and by all countries, for up to 366 days.
#[utoipa::path(get, path = "/v1/two_factor_integrations/{id}/statistics", tag = "two_factor_integrations",
    params(("id" = String, Path, description = "The integration's id"), CodeStatisticsQuery),
    responses((status = 200, description = "The figures, within moments of what happens", body = StatisticsView)))]
pub async fn of_integration(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    Query(query): Query<CodeStatisticsQuery>,
) -> Reply<StatisticsView> {
    let (integration, company) = app.seen_by(&who).thing::<TwoFactorIntegration>(&id).await?;
    rights::view_own(&who, &company.id, Area::TwoFactorSms, Area::PortalTwoFactorSms)?;
    let last_day = query.till.unwrap_or_else(|| day_of(runtime::now()));
    let first_day = query.from.unwrap_or_else(|| last_day.first_of_month());
    let days = first_day.until(last_day).map_or(i32::MAX, |span| span.get_days());
    if !(0..DAYS_MAX).contains(&days) {
        return Err(
            Problem::invalid("from", format!("up to {DAYS_MAX} days before `till` are allowed")).into()
        );
    }
    let scope = Scope::integration(&integration.id);
    let parts = app.store.statistics_by_day(&scope, first_day, last_day).await?;
    Ok(Json(StatisticsView::new(first_day, last_day, &parts, usize::MAX)))
}
