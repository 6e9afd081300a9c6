//! What the company that sells may change while an agreement runs.

use axum::Json;
use axum::extract::{Path, State};
use domain::agreement::{Agreement, AgreementChange, Alerts, CreditLimit, check_no_user_credits};
use domain::id::UserId;
use domain::wallet::{Wallet, WalletState};
use runtime::auth::Principal;
use runtime::http::Body;
use serde::{Deserialize, Deserializer, Serialize};
use store::Stored;
use utoipa::ToSchema;

use super::AgreementView;
use crate::App;
use crate::error::{ApiError, busy};
use crate::routes::Reply;
use crate::{fields, rights};

/// In each round either the agreement is stored, or somebody else has changed it.
const ROUNDS_MAX: u32 = 8;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgreementPatch {
    /// Whether each user of the company has a wallet of one's own below the main one, and sends from it.
    /// Switched off only when no user has any credits left.
    individual_credits: Option<bool>,
    /// Whether transfers may take the credit limit as well as own funds.
    transfers_use_credit_limit: Option<bool>,
    /// All of them at once: what is not named is removed.
    alerts: Option<AlertsBody>,
    /// Who gets a mail when a payment is confirmed; at most 10.
    payment_alert_emails: Option<Vec<String>>,
    /// Who gets a mail when rates change of a service that is enabled here; at most 10.
    rate_emails: Option<Vec<String>>,
    /// How far the balance may go below zero; null for no limit. In force at once, also where it is less
    /// than what is used already: then nothing is spent until the headroom is positive again.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, example = "100")]
    credit_limit: Option<Option<String>>,
    /// True stops every message of the company, and of all below it that is charged here, until it is
    /// false again. Credits may still be moved and paid in.
    suspended: Option<bool>,
}

/// A field that is there, even as null.
fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// Somebody is told once each time one of these is crossed. At most 10 of each kind.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AlertsBody {
    /// The balance falls below this, in the agreement's currency.
    #[schema(example = json!(["100", "20"]))]
    balance: Vec<String>,
    /// So much of the credit limit is used, 1 to 100.
    credit_limit_percent: Vec<u8>,
    /// So much of a bundle is used, 1 to 100.
    bundle_percent: Vec<u8>,
    /// Who gets a mail.
    emails: Vec<String>,
    /// An http or https address that is called as well.
    webhook_url: Option<String>,
}

impl From<Alerts> for AlertsBody {
    fn from(alerts: Alerts) -> Self {
        let Alerts { balance, credit_limit_percent, bundle_percent, emails, webhook_url } = alerts;
        let balance = balance.iter().map(ToString::to_string).collect();
        Self { balance, credit_limit_percent, bundle_percent, emails, webhook_url }
    }
}

impl AlertsBody {
    fn parse(self) -> Result<Alerts, ApiError> {
        let Self { balance, credit_limit_percent, bundle_percent, emails, webhook_url } = self;
        let balance = balance.iter().map(|text| fields::amount("alerts", text)).collect::<Result<_, _>>()?;
        Ok(Alerts { balance, credit_limit_percent, bundle_percent, emails, webhook_url })
    }
}

impl AgreementPatch {
    fn parse(self) -> Result<AgreementChange, ApiError> {
        let limit = |text: Option<String>| match text {
            Some(text) => fields::amount("credit_limit", &text).map(CreditLimit::Limited),
            None => Ok(CreditLimit::Unlimited),
        };
        Ok(AgreementChange {
            individual_credits: self.individual_credits,
            transfers_use_credit_limit: self.transfers_use_credit_limit,
            alerts: self.alerts.map(AlertsBody::parse).transpose()?,
            payment_alert_emails: self.payment_alert_emails,
            rate_emails: self.rate_emails,
            credit_limit: self.credit_limit.map(limit).transpose()?,
            suspended: self.suspended,
        })
    }
}

/// Change an agreement's settings.
///
/// For the company that the agreement is with. What is not named stays. A new credit limit and new
/// addresses for payment alerts begin a new version of the agreement.
#[utoipa::path(patch, path = "/v1/agreements/{id}", tag = "agreements", request_body = AgreementPatch,
    params(("id" = String, Path, description = "The agreement's id")),
    responses((status = 200, description = "The agreement as it is now", body = AgreementView)))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    Body(body): Body<AgreementPatch>,
) -> Reply<AgreementView> {
    let change = body.parse()?;
    for _ in 0..ROUNDS_MAX {
        let agreement = app.seen_by(&who).agreement(&id).await?;
        rights::tenant_side(&who, &agreement.company, &agreement.tenant)?;
        let changed = agreement.with_settings(change.clone(), runtime::now())?;
        let main = app.store.wallet(&agreement.wallet()).await?.ok_or_else(busy)?;
        if agreement.individual_credits && !changed.individual_credits {
            check_nothing_left(&app, &agreement, &main).await?;
        }
        if changed == agreement || store_settings(&app, &changed, &main).await? == Stored::Now {
            follow_up(&app, &changed, &change).await?;
            return Ok(Json(changed.into()));
        }
    }
    Err(busy())
}

async fn store_settings(app: &App, changed: &Agreement, main: &Wallet) -> Result<Stored, ApiError> {
    let same_limit = changed.last_version().credit_limit.amount() == main.credit_limit;
    if same_limit && changed.suspended == (main.state == WalletState::Suspended) {
        return Ok(app.store.replace_agreement(changed).await?);
    }
    Ok(app.store.change_terms(changed, main).await?)
}

/// What the new settings bring with them. Each may be done again at any time, so a request that was cut
/// short is completed by its repeat.
async fn follow_up(app: &App, agreement: &Agreement, change: &AgreementChange) -> Result<(), ApiError> {
    let main = app.store.wallet(&agreement.wallet()).await?.ok_or_else(busy)?;
    if agreement.individual_credits && (change.individual_credits.is_some() || change.suspended.is_some()) {
        for wallet in app.store.user_wallets(&main, &users_of(app, agreement).await?).await? {
            if app.store.suspend(&wallet, agreement.suspended).await? == Stored::Overtaken {
                return Err(busy());
            }
        }
    }
    let is_over = change.credit_limit.is_some() && main.headroom.is_negative();
    if is_over || change.suspended == Some(true) {
        // What those below keep unused is not theirs any more.
        app.store.free_headroom(&main).await?;
    }
    Ok(())
}

/// A transfer to a user may come in between: what it brings can still be taken back afterwards.
async fn check_nothing_left(app: &App, agreement: &Agreement, main: &Wallet) -> Result<(), ApiError> {
    let wallets = app.store.user_wallets(main, &users_of(app, agreement).await?).await?;
    let mut balances = Vec::with_capacity(wallets.len());
    for wallet in &wallets {
        balances.push((&wallet.id, app.store.balance(wallet).await?));
    }
    Ok(check_no_user_credits(balances)?)
}

async fn users_of(app: &App, agreement: &Agreement) -> Result<Vec<UserId>, ApiError> {
    let users = app.store.users(&agreement.company).await?;
    Ok(users.into_iter().map(|user| user.id).collect())
}
