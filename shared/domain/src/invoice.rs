//! The invoice of an agreement and a period, folded from usage rows.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::agreement::Agreement;
use crate::catalog::{self, Home, Thing};
use crate::edr::{Usage, UsageKey};
use crate::id::{AgreementId, CompanyId, InvoiceId, RateId};
use crate::money::{Amount, AmountError, Currency};
use crate::period::{BillingTerms, Period};
use crate::rating::Resource;
use crate::sender::SenderAddress;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceStatus {
    /// Follows the usage with each recalculation.
    Draft,
    /// Frozen, numbered, owed.
    Confirmed,
}

/// One line: what was used of one resource, in exact amounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    pub resource: Resource,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<SenderAddress>,
    /// What else a fee is for: the pack's or the additional service's name, the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Of messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    pub rate: RateId,
    pub unit_price: Amount,
    pub messages: i64,
    pub quantity: i64,
    pub net: Amount,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    pub id: InvoiceId,
    pub agreement: AgreementId,
    /// Who pays.
    pub company: CompanyId,
    /// Who issues it.
    pub tenant: CompanyId,
    pub period: Period,
    pub currency: Currency,
    pub status: InvoiceStatus,
    /// Gapless per issuing company; given at confirmation.
    pub number: Option<u64>,
    pub issue_date: Option<Date>,
    pub due_date: Option<Date>,
    pub charges: Vec<Charge>,
    /// The exact sum of the charges.
    pub net: Amount,
    /// Rounded once, half-even, to the currency's minor unit.
    pub total_due: Amount,
    pub calculated_at: Timestamp,
    pub confirmed_at: Option<Timestamp>,
    /// Where the PDF is, once it was made.
    pub document: Option<String>,
    pub revision: u64,
}

impl Thing for Invoice {
    const NOUN: &'static str = "invoice";
    const NOUNS: &'static str = "invoices";
    const HOME: Home = Home::Records;
    const ORDER: Option<&'static str> = Some("first_day");

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn revision(&self) -> u64 {
        self.revision
    }

    fn lists(&self) -> Vec<String> {
        let tenant = catalog::list_with(self.tenant.as_str());
        vec![self.agreement.to_string(), self.company.to_string(), tenant]
    }

    /// Under its agreement and period, so that there is one.
    fn place(&self) -> Option<(String, String)> {
        Some((format!("invoices#{}", self.agreement), self.period.first.to_string()))
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("first_day", catalog::day(self.period.first)),
            ("status", catalog::choice(self.status)),
            ("total_due", catalog::amount(self.total_due)),
        ]
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvoiceError {
    #[error("the invoice is confirmed: what changed since belongs on a correction")]
    Confirmed,
    #[error("the period {0} has not ended yet")]
    PeriodOpen(Period),
    #[error("the terms have changed: what this draft billed belongs to the period {0} now")]
    PeriodChanged(Period),
    #[error(transparent)]
    Amount(#[from] AmountError),
}

/// An invoice's id is its agreement and period: two closers make the same invoice, not two.
pub fn invoice_id(agreement: &AgreementId, period: Period) -> InvoiceId {
    InvoiceId::derived(&["invoice", agreement.as_str(), &period.to_string()])
}

/// The draft that these usage rows make; none if nothing billable happened in the period.
pub fn draft(
    agreement: &Agreement,
    period: Period,
    usage: &[(UsageKey, Usage)],
    now: Timestamp,
) -> Result<Option<Invoice>, AmountError> {
    let charges = fold(period, usage)?;
    if charges.is_empty() {
        return Ok(None);
    }
    let net = Amount::checked_sum(charges.iter().map(|charge| charge.net))?;
    Ok(Some(Invoice {
        id: invoice_id(&agreement.id, period),
        agreement: agreement.id.clone(),
        company: agreement.company.clone(),
        tenant: agreement.tenant.clone(),
        period,
        currency: agreement.currency,
        status: InvoiceStatus::Draft,
        number: None,
        issue_date: None,
        due_date: None,
        charges,
        net,
        total_due: net.rounded(agreement.currency.minor_places()),
        calculated_at: now,
        confirmed_at: None,
        document: None,
        revision: 0,
    }))
}

/// The usage of the period's days, one charge for each sender, country, rate and price.
fn fold(period: Period, usage: &[(UsageKey, Usage)]) -> Result<Vec<Charge>, AmountError> {
    let mut sums: BTreeMap<_, (&UsageKey, Usage)> = BTreeMap::new();
    for (key, usage) in usage.iter().filter(|(key, _)| period.first <= key.day && key.day <= period.last) {
        let row = (key.resource, &key.sender, &key.subject, &key.country, &key.rate, key.unit_price);
        let (_, sum) = sums.entry(row).or_insert((key, Usage::default()));
        *sum = sum.checked_add(*usage)?;
    }
    let charge = |(key, sum): (&UsageKey, Usage)| Charge {
        resource: key.resource,
        sender: key.sender.clone(),
        subject: key.subject.clone(),
        country: key.country.clone(),
        rate: key.rate.clone(),
        unit_price: key.unit_price,
        messages: sum.messages,
        quantity: sum.quantity,
        net: sum.amount,
    };
    Ok(sums.into_values().filter(|(_, sum)| !sum.is_zero()).map(charge).collect())
}

/// What a recalculation found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recalculated {
    /// Nothing but the date changes.
    Same,
    Changed(Box<Invoice>),
}

/// The period that a draft is of. Terms that were changed since may have moved its end; if they moved its
/// beginning, it is of none any more.
pub fn period_of(agreement: &Agreement, draft: &Invoice) -> Result<Period, InvoiceError> {
    let period = agreement.billing_period(draft.period.first);
    match period.first == draft.period.first {
        true => Ok(period),
        false => Err(InvoiceError::PeriodChanged(period)),
    }
}

/// A draft, recalculated. `fresh` is what the usage makes now; with no usage left the charges go.
pub fn recalculate(stored: &Invoice, fresh: Option<Invoice>) -> Result<Recalculated, InvoiceError> {
    if stored.status == InvoiceStatus::Confirmed {
        return Err(InvoiceError::Confirmed);
    }
    let (period, charges, net, total_due, calculated_at) = match fresh {
        Some(fresh) => (fresh.period, fresh.charges, fresh.net, fresh.total_due, fresh.calculated_at),
        None => (stored.period, Vec::new(), Amount::ZERO, Amount::ZERO, stored.calculated_at),
    };
    if charges == stored.charges && period == stored.period {
        return Ok(Recalculated::Same);
    }
    let revision = stored.revision + 1;
    Ok(Recalculated::Changed(Box::new(Invoice {
        period,
        charges,
        net,
        total_due,
        calculated_at,
        revision,
        ..stored.clone()
    })))
}

/// When an invoice may be confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// Once the whole period lies in the past.
    AfterPeriod,
    /// At once, say because a contract ends; what is used later in the period is for a correction.
    Early,
}

/// A draft, confirmed under the issuing company's next number.
pub fn confirm(
    draft: &Invoice,
    number: u64,
    terms: &BillingTerms,
    timing: Timing,
    now: Timestamp,
) -> Result<Invoice, InvoiceError> {
    if draft.status == InvoiceStatus::Confirmed {
        return Err(InvoiceError::Confirmed);
    }
    if timing == Timing::AfterPeriod && !terms.has_ended(draft.period, now) {
        return Err(InvoiceError::PeriodOpen(draft.period));
    }
    let issued = terms.day_of(now);
    Ok(Invoice {
        status: InvoiceStatus::Confirmed,
        number: Some(number),
        issue_date: Some(issued),
        due_date: Some(terms.due_date(issued)),
        confirmed_at: Some(now),
        revision: draft.revision + 1,
        ..draft.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{Charging, CreditLimit, NewAgreement, plan_agreement};
    use crate::id::{ServiceId, TreeTag};
    use jiff::civil::date;

    fn agreement() -> Agreement {
        let ask = NewAgreement {
            id: AgreementId::new(1),
            company: CompanyId::new(1),
            tenant: CompanyId::new(0),
            code: "A".into(),
            currency: Currency::parse("EUR").unwrap(),
            charging: Charging::Cascade,
            credit_limit: CreditLimit::Unlimited,
            billing: BillingTerms::monthly_utc(),
        };
        plan_agreement(ask, None, true, Timestamp::UNIX_EPOCH).unwrap()
    }

    fn row(day: Date, price: &str, messages: i64) -> (UsageKey, Usage) {
        let unit_price = Amount::parse(price).unwrap();
        let key = UsageKey {
            agreement: AgreementId::new(1),
            day,
            resource: Resource::SmsMessage,
            sender: Some(SenderAddress::parse("ACME").unwrap()),
            subject: None,
            country: Some("DE".into()),
            rate: RateId::of(&TreeTag::of(&ServiceId::new(1), 1), price.len() as u32),
            unit_price,
        };
        let amount = unit_price.checked_times(messages.unsigned_abs() as u32).unwrap();
        let amount = if messages < 0 { -amount } else { amount };
        (key, Usage { messages, quantity: messages, amount })
    }

    fn october() -> Period {
        Period { first: date(2026, 10, 1), last: date(2026, 10, 31) }
    }

    fn make(usage: &[(UsageKey, Usage)]) -> Option<Invoice> {
        draft(&agreement(), october(), usage, Timestamp::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn days_fold_into_charges_and_the_total_rounds_once() {
        let usage = [
            row(date(2026, 9, 30), "0.045", 100),
            row(date(2026, 10, 1), "0.045", 1),
            row(date(2026, 10, 31), "0.045", 2),
            row(date(2026, 10, 2), "0.01", 1),
        ];
        let invoice = make(&usage).unwrap();
        let lines: Vec<_> =
            invoice.charges.iter().map(|charge| (charge.messages, charge.net.to_string())).collect();
        assert_eq!(lines.len(), 2);
        assert!(lines.contains(&(3, "0.135".to_owned())) && lines.contains(&(1, "0.01".to_owned())));
        assert_eq!((invoice.net.to_string(), invoice.total_due.to_string()), ("0.145".into(), "0.14".into()));
    }

    #[test]
    fn a_period_without_usage_has_no_invoice() {
        assert_eq!(make(&[]), None);
        assert_eq!(make(&[row(date(2026, 10, 1), "0.05", 2), row(date(2026, 10, 2), "0.05", -2)]), None);
    }

    #[test]
    fn recalculating_without_a_change_changes_nothing() {
        let usage = [row(date(2026, 10, 1), "0.05", 2)];
        let stored = make(&usage).unwrap();
        assert_eq!(recalculate(&stored, make(&usage)), Ok(Recalculated::Same));
        let more = [usage[0].clone(), row(date(2026, 10, 3), "0.05", 1)];
        match recalculate(&stored, make(&more)) {
            Ok(Recalculated::Changed(invoice)) => assert_eq!(invoice.total_due.to_string(), "0.15"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_confirmed_invoice_is_frozen_numbered_and_due() {
        let stored = make(&[row(date(2026, 10, 1), "0.05", 2)]).unwrap();
        let now = "2026-11-02T00:00:00Z".parse().unwrap();
        let confirmed = confirm(&stored, 7, &BillingTerms::monthly_utc(), Timing::AfterPeriod, now).unwrap();
        assert_eq!((confirmed.number, confirmed.due_date), (Some(7), Some(date(2026, 12, 2))));
        assert_eq!(recalculate(&confirmed, None), Err(InvoiceError::Confirmed));
        let twice = confirm(&confirmed, 8, &BillingTerms::monthly_utc(), Timing::Early, now);
        assert_eq!(twice, Err(InvoiceError::Confirmed));
    }

    #[test]
    fn a_running_period_is_confirmed_only_when_asked_for_early() {
        let stored = make(&[row(date(2026, 10, 1), "0.05", 2)]).unwrap();
        let now = "2026-10-31T23:59:59Z".parse().unwrap();
        let confirmed = |timing| confirm(&stored, 7, &BillingTerms::monthly_utc(), timing, now);
        assert_eq!(confirmed(Timing::AfterPeriod), Err(InvoiceError::PeriodOpen(october())));
        assert_eq!(confirmed(Timing::Early).unwrap().status, InvoiceStatus::Confirmed);
    }
}
