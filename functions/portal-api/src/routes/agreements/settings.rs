//! What the company that sells may change while an agreement runs.

use axum::extract::{Path, State};
use domain::agreement::{
    Agreement, AgreementChange, Alerts, Effective, MailListsChange, check_no_user_credits,
};
use domain::company::CompanyError;
use domain::id::{ServiceId, UserId};
use domain::money::Currency;
use domain::permission::Area;
use domain::rating::ServiceKind;
use domain::wallet::{Wallet, WalletState};
use jiff::Timestamp;
use jiff::civil::Date;
use runtime::auth::Principal;
use runtime::http::{Body, Problem};
use runtime::revision::{IfMatch, Versioned};
use serde::{Deserialize, Serialize};
use store::{Stored, Written};
use utoipa::ToSchema;

use super::parties::PartiesBody;
use super::{AgreementView, limit_of, manage, stored};
use crate::App;
use crate::error::{ApiError, busy};
use crate::fields;
use crate::routes::records::Revision;
use crate::routes::{Edited, present};

/// In each round either the agreement is stored, or somebody else has changed it.
const ROUNDS_MAX: u32 = 8;

#[derive(Debug, Clone, Deserialize, ToSchema)]
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
    /// A rate plan of the tenant, in money, that prices `message_credits` among its additional services: by
    /// it the company may buy credits by card. Only of an agreement in message credits; null for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    credit_service: Option<Option<String>>,
    /// Unique among the agreements of the tenant's legal entity: letters, digits and - _ . /
    code: Option<String>,
    /// A legal entity of the company that pays; null for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    legal_entity: Option<Option<String>>,
    /// A legal entity of the company that is paid; null for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    own_legal_entity: Option<Option<String>>,
    /// A bank account of the company that pays; null for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    bank_account: Option<Option<String>>,
    /// A bank account of the company that is paid; null for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    own_bank_account: Option<Option<String>>,
    /// When it was signed; null for unknown.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = Date)]
    agreement_date: Option<Option<Date>>,
    /// Messages are charged to it from this time on; null for the time when it was created.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_from: Option<Option<Timestamp>>,
    /// Nothing is sent under it from this time on; null for no end.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    effective_till: Option<Option<Timestamp>>,
    /// IANA name: where these times are to be read; null for UTC.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, example = "Europe/Zagreb")]
    time_zone: Option<Option<String>>,
    /// Who gets the invoices; at most 10.
    invoice_emails: Option<Vec<String>>,
    /// Who is told of the account and its traffic; at most 10. Where nobody is named, the notification addresses
    /// of its legal entity are.
    account_emails: Option<Vec<String>>,
    /// Who is told of technical matters; at most 10.
    service_emails: Option<Vec<String>>,
}

/// Somebody is told once each time one of these is crossed. At most 10 of each kind.
#[derive(Debug, Default, Clone, Serialize, Deserialize, ToSchema)]
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
    async fn parse(
        self,
        app: &App,
        who: &Principal,
        agreement: &Agreement,
    ) -> Result<AgreementChange, ApiError> {
        let parties = PartiesBody {
            legal_entity: self.legal_entity,
            own_legal_entity: self.own_legal_entity,
            bank_account: self.bank_account,
            own_bank_account: self.own_bank_account,
            agreement_date: self.agreement_date,
        };
        let (company, tenant) = (&agreement.company, &agreement.tenant);
        let before = &agreement.effective;
        Ok(AgreementChange {
            individual_credits: self.individual_credits,
            transfers_use_credit_limit: self.transfers_use_credit_limit,
            alerts: self.alerts.map(AlertsBody::parse).transpose()?,
            payment_alert_emails: self.payment_alert_emails,
            emails: MailListsChange {
                rate_emails: self.rate_emails,
                invoice_emails: self.invoice_emails,
                account_emails: self.account_emails,
                service_emails: self.service_emails,
            },
            code: self.code,
            parties: Some(parties.read(app, who, company, tenant, agreement.parties.clone()).await?),
            effective: Some(Effective {
                from: self.effective_from.unwrap_or(before.from),
                till: self.effective_till.unwrap_or(before.till),
                time_zone: self.time_zone.unwrap_or_else(|| before.time_zone.clone()),
            }),
            credit_limit: self.credit_limit.map(limit_of).transpose()?,
            suspended: self.suspended,
            credit_service: credit_service(app, who, agreement, self.credit_service).await?,
        })
    }
}

/// The rate plan that sells message credits, with the currency of its prices.
async fn credit_service(
    app: &App,
    who: &Principal,
    agreement: &Agreement,
    named: Option<Option<String>>,
) -> Result<Option<Option<(ServiceId, Currency)>>, ApiError> {
    let Some(Some(id)) = named else { return Ok(named.map(|_| None)) };
    let found = app.seen_by(who).service(&id).await;
    let service = found.map_err(|error| error.field("credit_service"))?;
    let sells = service.kind == ServiceKind::PayAsYouGo && !service.archived;
    if service.company != agreement.tenant || !sells {
        let detail = "it must be a pay-as-you-go service of the company that the agreement is with";
        return Err(Problem::invalid("credit_service", detail).into());
    }
    Ok(Some(Some((service.id, service.currency))))
}

/// Change an agreement's settings.
///
/// For the company that the agreement is with. What is not named stays. A new credit limit and new
/// addresses for payment alerts begin a new version of the agreement.
#[utoipa::path(patch, path = "/v1/agreements/{id}", tag = "agreements", request_body = AgreementPatch,
    params(("id" = String, Path, description = "The agreement's id"), Revision),
    responses((status = 200, description = "The agreement as it is now", body = AgreementView)))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<AgreementPatch>,
) -> Edited<AgreementView> {
    for _ in 0..ROUNDS_MAX {
        let agreement = app.seen_by(&who).agreement(&id).await?;
        manage(&who, &agreement, Area::Agreements)?;
        if app.seen_by(&who).company(agreement.company.as_str()).await?.is_deleted() {
            return Err(CompanyError::Deleted.into());
        }
        if_match.check(agreement.revision)?;
        let change = body.clone().parse(&app, &who, &agreement).await?;
        let changed = agreement.with_settings(change.clone(), runtime::now())?;
        let main = app.store.wallet(&agreement.wallet()).await?.ok_or_else(busy)?;
        if agreement.individual_credits && !changed.individual_credits {
            check_nothing_left(&app, &agreement, &main).await?;
        }
        if changed == agreement || store_settings(&app, &who, &agreement, &changed, &main).await? {
            follow_up(&app, &changed, &change).await?;
            return Ok(Versioned::new(changed.revision, AgreementView::new(changed, &who)));
        }
    }
    Err(busy())
}

/// False if somebody else has changed it meanwhile.
async fn store_settings(
    app: &App,
    who: &Principal,
    before: &Agreement,
    after: &Agreement,
    main: &Wallet,
) -> Result<bool, ApiError> {
    let company = app.seen_by(who).company(before.company.as_str()).await?;
    let act = who.act(&company.path);
    let same_limit = after.limit_in_force() == main.credit_limit;
    let written = if same_limit && after.suspended == (main.state == WalletState::Suspended) {
        app.store.replace_agreement(&act, before, after).await?
    } else {
        app.store.change_terms(&act, before, after, main).await?
    };
    match written {
        Written::Overtaken => Ok(false),
        written => stored(written).map(|()| true),
    }
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
