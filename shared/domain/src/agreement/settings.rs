//! What the tenant's side of an agreement may change while it runs, and when somebody is told about it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Agreement, AgreementError, AgreementVersion, CreditLimit, Effective, MailListsChange, Parties,
    VERSIONS_MAX, valid_code,
};
use crate::id::{ServiceId, WalletId};
use crate::money::{Amount, Currency};
use crate::user::parse_email;

/// Of each kind; more would only make noise.
const THRESHOLDS_MAX: usize = 10;
const EMAILS_MAX: usize = 10;
const WEBHOOK_URL_LENGTH_MAX: usize = 500;
/// A credit limit or a bundle is used up at 100.
const PERCENT_MAX: u8 = 100;

/// Somebody is told once each time the agreement crosses one of these.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Alerts {
    /// The balance falls below this, in the agreement's currency.
    pub balance: Vec<Amount>,
    /// So much of the credit limit is used, 1 to 100.
    pub credit_limit_percent: Vec<u8>,
    /// So much of a bundle is used, 1 to 100.
    pub bundle_percent: Vec<u8>,
    pub emails: Vec<String>,
    /// Called as well.
    pub webhook_url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AlertsError {
    #[error("there are at most {THRESHOLDS_MAX} thresholds of a kind")]
    TooManyThresholds,
    #[error("a percentage is 1 to {PERCENT_MAX}")]
    Percent,
    #[error("there are at most {EMAILS_MAX} e-mail addresses")]
    TooManyEmails,
    #[error("{0:?} is no e-mail address")]
    Email(String),
    #[error("a webhook is an http or https address of at most {WEBHOOK_URL_LENGTH_MAX} characters")]
    WebhookUrl,
}

/// New settings of an agreement; what is not named stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AgreementChange {
    pub individual_credits: Option<bool>,
    pub transfers_use_credit_limit: Option<bool>,
    pub alerts: Option<Alerts>,
    pub payment_alert_emails: Option<Vec<String>>,
    pub emails: MailListsChange,
    pub code: Option<String>,
    pub parties: Option<Parties>,
    pub effective: Option<Effective>,
    pub credit_limit: Option<CreditLimit>,
    pub suspended: Option<bool>,
    /// With the currency of its prices; none to sell no credits any more.
    pub credit_service: Option<Option<(ServiceId, Currency)>>,
}

impl Alerts {
    /// The same, each list in order and without doubles.
    fn checked(self) -> Result<Self, AlertsError> {
        if let Some(url) = &self.webhook_url {
            check_webhook(url)?;
        }
        Ok(Self {
            balance: thresholds(self.balance)?,
            credit_limit_percent: percents(self.credit_limit_percent)?,
            bundle_percent: percents(self.bundle_percent)?,
            emails: emails(self.emails)?,
            webhook_url: self.webhook_url,
        })
    }
}

impl Agreement {
    /// A new agreement that begins with these settings.
    pub fn begun_with(self, change: AgreementChange, now: Timestamp) -> Result<Self, AgreementError> {
        let first = self.versions[0].clone();
        let changed = self.with_settings(change, now)?;
        let effective_from = changed.effective.from.map_or(now, |from| from.min(now));
        let version =
            AgreementVersion { id: first.id, effective_from, ..changed.version_to_change(now).clone() };
        Ok(Self { versions: vec![version], revision: 0, ..changed })
    }

    /// The agreement with new settings. The credit limit and whom to mail belong to a version, so a new one
    /// begins with them; the rest is of the agreement. An agreement that has these
    /// settings already comes back as it is, with the same revision.
    pub fn with_settings(&self, change: AgreementChange, now: Timestamp) -> Result<Self, AgreementError> {
        let mut changed = self.clone();
        changed.individual_credits = change.individual_credits.unwrap_or(self.individual_credits);
        changed.transfers_use_credit_limit =
            change.transfers_use_credit_limit.unwrap_or(self.transfers_use_credit_limit);
        changed.suspended = change.suspended.unwrap_or(self.suspended);
        if let Some(sold_by) = change.credit_service {
            changed.credit_service = sold_by.map(|sold_by| self.credit_seller(sold_by)).transpose()?;
        }
        if let Some(alerts) = change.alerts {
            changed.alerts = alerts.checked()?;
        }
        if let Some(code) = change.code {
            changed.code = valid_code(code)?;
        }
        if let Some(effective) = change.effective {
            effective.check()?;
            changed.effective = effective;
        }
        changed.parties = change.parties.unwrap_or(changed.parties);
        let before = self.version_to_change(now);
        let version = AgreementVersion {
            credit_limit: change.credit_limit.map_or(Ok(before.credit_limit), CreditLimit::checked)?,
            payment_alert_emails: match change.payment_alert_emails {
                Some(list) => emails(list).map_err(AgreementError::PaymentAlertEmails)?,
                None => before.payment_alert_emails.clone(),
            },
            emails: self.emails_after(before, change.emails)?,
            ..before.clone()
        };
        if version != *before {
            if VERSIONS_MAX <= self.versions.len() {
                return Err(AgreementError::TooManyVersions);
            }
            let effective_from = now.max(before.effective_from);
            let place = self.versions.iter().position(|one| one.id == before.id).unwrap_or_default();
            let version =
                AgreementVersion { id: self.next_version(), effective_from, begun: true, ..version };
            changed.versions.insert(place + 1, version);
        }
        changed.revision += u64::from(changed != *self);
        Ok(changed)
    }
}

impl Agreement {
    fn credit_seller(&self, (service, currency): (ServiceId, Currency)) -> Result<ServiceId, AgreementError> {
        let is_sale = self.currency == Currency::Credit && currency != Currency::Credit;
        if is_sale { Ok(service) } else { Err(AgreementError::NoCreditSale) }
    }
}

/// Individual credits may be switched off when no user has any left: all balances are zero.
pub fn check_no_user_credits<'a>(
    balances: impl IntoIterator<Item = (&'a WalletId, Amount)>,
) -> Result<(), AgreementError> {
    match balances.into_iter().find(|(_, balance)| !balance.is_zero()) {
        Some((wallet, _)) => Err(AgreementError::UsersHaveCredits { wallet: wallet.clone() }),
        None => Ok(()),
    }
}

fn thresholds<T: Ord>(list: Vec<T>) -> Result<Vec<T>, AlertsError> {
    let list: BTreeSet<T> = list.into_iter().collect();
    if list.len() > THRESHOLDS_MAX {
        return Err(AlertsError::TooManyThresholds);
    }
    Ok(list.into_iter().collect())
}

fn percents(list: Vec<u8>) -> Result<Vec<u8>, AlertsError> {
    if list.iter().any(|percent| !(1..=PERCENT_MAX).contains(percent)) {
        return Err(AlertsError::Percent);
    }
    thresholds(list)
}

pub(super) fn emails(list: Vec<String>) -> Result<Vec<String>, AlertsError> {
    let read = |text: String| parse_email(&text).map_err(|_| AlertsError::Email(text));
    let list: BTreeSet<String> = list.into_iter().map(read).collect::<Result<_, _>>()?;
    if list.len() > EMAILS_MAX {
        return Err(AlertsError::TooManyEmails);
    }
    Ok(list.into_iter().collect())
}

fn check_webhook(url: &str) -> Result<(), AlertsError> {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let has_host = host.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '['));
    if !has_host || url.len() > WEBHOOK_URL_LENGTH_MAX || !url.chars().all(|c| c.is_ascii_graphic()) {
        return Err(AlertsError::WebhookUrl);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::agreement;
    use super::*;

    const LATER: Timestamp = Timestamp::constant(60, 0);

    fn change(change: AgreementChange) -> Result<Agreement, AgreementError> {
        agreement().with_settings(change, LATER)
    }

    #[test]
    fn an_agreement_has_no_more_versions_than_it_has_room_for() {
        let limited = |agreement: &Agreement, euros| {
            let credit_limit = Some(CreditLimit::Limited(Amount::whole(euros)));
            agreement.with_settings(AgreementChange { credit_limit, ..AgreementChange::default() }, LATER)
        };
        let full =
            (1..VERSIONS_MAX as i64).try_fold(agreement(), |agreement, euros| limited(&agreement, euros));
        let full = full.unwrap();
        assert_eq!(
            (full.versions.len(), limited(&full, 0)),
            (VERSIONS_MAX, Err(AgreementError::TooManyVersions))
        );
        assert!(limited(&full, VERSIONS_MAX as i64 - 1).is_ok(), "nothing changes");
    }

    #[test]
    fn a_new_credit_limit_begins_a_version_and_keeps_the_rest() {
        let limit = CreditLimit::Limited(Amount::whole(50));
        let changed = change(AgreementChange { credit_limit: Some(limit), ..Default::default() }).unwrap();
        assert_eq!((changed.versions.len(), changed.revision), (2, 1));
        assert_eq!(changed.version_at(LATER).credit_limit, limit);
        assert_eq!(
            changed.version_at(Timestamp::UNIX_EPOCH).credit_limit,
            CreditLimit::Limited(Amount::ZERO)
        );
        assert_eq!(changed.version_at(LATER).billing, agreement().versions[0].billing);
        let negative = Some(CreditLimit::Limited(Amount::whole(-1)));
        let refused = change(AgreementChange { credit_limit: negative, ..Default::default() });
        assert_eq!(refused, Err(AgreementError::CreditLimit));
    }

    #[test]
    fn message_credits_are_sold_for_money_and_only_where_they_are_the_currency() {
        let euro = Currency::parse("EUR").unwrap();
        let ask = |currency| AgreementChange {
            credit_service: Some(Some((ServiceId::new(1), currency))),
            ..Default::default()
        };
        let credits = Agreement { currency: Currency::Credit, ..agreement() };
        let sold = credits.with_settings(ask(euro), LATER).unwrap();
        assert_eq!(sold.credit_service, Some(ServiceId::new(1)));
        let ended = AgreementChange { credit_service: Some(None), ..Default::default() };
        assert_eq!(sold.with_settings(ended, LATER).unwrap().credit_service, None);
        let refused = Err(AgreementError::NoCreditSale);
        assert_eq!(credits.with_settings(ask(Currency::Credit), LATER), refused);
        let money = Agreement { currency: euro, ..agreement() };
        assert_eq!(money.with_settings(ask(euro), LATER), refused);
    }

    #[test]
    fn a_new_agreement_has_one_version_whatever_it_begins_with() {
        let ask = AgreementChange {
            payment_alert_emails: Some(vec!["a@example.com".into()]),
            emails: MailListsChange {
                invoice_emails: Some(vec!["b@example.com".into()]),
                ..MailListsChange::default()
            },
            effective: Some(Effective { from: Some(LATER), ..Effective::default() }),
            ..Default::default()
        };
        let begun = agreement().begun_with(ask, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((begun.versions.len(), begun.revision), (1, 0));
        assert_eq!(begun.versions[0].payment_alert_emails, ["a@example.com"]);
        assert_eq!(begun.emails_in_force().invoice_emails, ["b@example.com"]);
        assert!(!begun.takes_messages(Timestamp::UNIX_EPOCH) && begun.takes_messages(LATER));
        let zone = Effective { time_zone: Some("Mars".into()), ..Effective::default() };
        let refused = change(AgreementChange { effective: Some(zone), ..Default::default() });
        assert_eq!(refused, Err(AgreementError::TimeZone));
    }

    #[test]
    fn the_same_settings_again_change_nothing() {
        let ask = AgreementChange {
            individual_credits: Some(true),
            credit_limit: Some(CreditLimit::Unlimited),
            payment_alert_emails: Some(vec!["b@example.com".into(), "a@example.com".into()]),
            ..Default::default()
        };
        let changed = change(ask.clone()).unwrap();
        assert!(changed.individual_credits && !changed.suspended);
        assert_eq!(changed.version_at(LATER).payment_alert_emails, ["a@example.com", "b@example.com"]);
        assert_eq!(changed.with_settings(ask, LATER), Ok(changed));
    }

    #[test]
    fn a_clock_that_is_behind_does_not_reverse_versions() {
        let limit = |units| Some(CreditLimit::Limited(Amount::whole(units)));
        let first = change(AgreementChange { credit_limit: limit(1), ..Default::default() }).unwrap();
        let behind = Timestamp::from_second(59).unwrap();
        let second =
            first.with_settings(AgreementChange { credit_limit: limit(2), ..Default::default() }, behind);
        let second = second.unwrap();
        assert_eq!(second.limit_in_force(), Amount::whole(2));
    }

    #[test]
    fn thresholds_are_kept_in_order_and_checked() {
        let alerts = Alerts {
            balance: vec![Amount::whole(10), Amount::whole(-5), Amount::whole(10)],
            credit_limit_percent: vec![100, 80],
            emails: vec!["ops@example.com".into()],
            webhook_url: Some("https://example.com/hook?x=1".into()),
            ..Default::default()
        };
        let set = |alerts| change(AgreementChange { alerts: Some(alerts), ..Default::default() });
        let stored = set(alerts.clone()).unwrap().alerts;
        assert_eq!(stored.balance, [Amount::whole(-5), Amount::whole(10)]);
        assert_eq!(stored.credit_limit_percent, [80, 100]);
        for (bad, error) in [
            (Alerts { bundle_percent: vec![0], ..alerts.clone() }, AlertsError::Percent),
            (Alerts { bundle_percent: vec![101], ..alerts.clone() }, AlertsError::Percent),
            (
                Alerts { balance: (0..11).map(Amount::whole).collect(), ..alerts.clone() },
                AlertsError::TooManyThresholds,
            ),
            (Alerts { emails: vec!["x".into()], ..alerts.clone() }, AlertsError::Email("x".into())),
            (
                Alerts { webhook_url: Some("ftp://example.com".into()), ..alerts.clone() },
                AlertsError::WebhookUrl,
            ),
            (Alerts { webhook_url: Some("https://".into()), ..alerts.clone() }, AlertsError::WebhookUrl),
        ] {
            assert_eq!(set(bad), Err(AgreementError::Alerts(error)));
        }
    }

    #[test]
    fn individual_credits_end_when_no_user_has_any() {
        let (one, other) = (WalletId::new(1), WalletId::new(2));
        assert_eq!(check_no_user_credits([(&one, Amount::ZERO), (&other, Amount::ZERO)]), Ok(()));
        let refused = check_no_user_credits([(&one, Amount::ZERO), (&other, Amount::whole(1))]);
        assert_eq!(refused, Err(AgreementError::UsersHaveCredits { wallet: other }));
    }

    #[test]
    fn an_agreement_stored_before_there_were_settings_still_reads() {
        let mut stored = serde_json::to_value(agreement()).unwrap();
        for name in ["individual_credits", "transfers_use_credit_limit", "alerts", "rate_emails", "suspended"]
        {
            stored.as_object_mut().unwrap().remove(name);
        }
        stored["versions"][0].as_object_mut().unwrap().remove("payment_alert_emails");
        assert_eq!(serde_json::from_value::<Agreement>(stored).unwrap(), agreement());
    }
}
