//! The invoices of an agreement and a period: drafts that follow the usage, and confirmed ones that stay.
//! What changes after a confirmation is billed by a correction, an invoice of the same period with the
//! next sequence (guide, section 7.2 and Appendix 5).

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::agreement::Agreement;
use crate::catalog::{self, Home, Thing};
use crate::charge::{Charge, ChargeGroup};
use crate::coverage::Allocation;
use crate::id::{AgreementId, ChargeId, CompanyId, InvoiceId, OwnLegalEntityId};
use crate::money::{Amount, AmountError, Currency};
use crate::period::{BillingTerms, Period};
use crate::record::{FieldError, text};
use crate::tax::{Buyer, Tax, TaxRule, Taxed, is_reversed, is_same, tax_on};

const COMMENT_LENGTH_MAX: usize = 1_000;
/// Payments that a person has put to one invoice.
const ALLOCATIONS_MAX: usize = 50;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceStatus {
    /// Follows the usage with each recalculation.
    Draft,
    /// Frozen, numbered, owed.
    Confirmed,
}

/// By the sign of the total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceKind {
    Invoice,
    /// The total is below zero: the tenant owes it.
    CreditNote,
}

/// How far payments cover an invoice; of a credit note, how far it has covered others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvoicePayment {
    /// A draft is not to be paid.
    #[default]
    #[serde(rename = "n/a")]
    NotApplicable,
    Expected,
    Partly,
    Paid,
    /// The day has passed by which it was to be paid, and something of it is not.
    Overdue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeStatus {
    /// Nobody disputes it.
    #[default]
    #[serde(rename = "n/a")]
    NotApplicable,
    /// The client disputes a part of it.
    Open,
    /// The parties have agreed.
    Settled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DispatchStatus {
    /// A draft is sent to nobody.
    #[default]
    #[serde(rename = "n/a")]
    NotApplicable,
    /// It was confirmed without sending, or there is nobody to mail it to.
    NotSent,
    /// It is mailed once its document is made.
    Waiting,
    /// It was handed to the mail server's queue.
    Sent,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    pub id: InvoiceId,
    pub agreement: AgreementId,
    /// Who pays.
    pub company: CompanyId,
    /// Who issues it.
    pub tenant: CompanyId,
    /// In whose name the tenant issues it; its numbers are a series of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<OwnLegalEntityId>,
    pub period: Period,
    /// IANA name: whose days the period has.
    pub time_zone: String,
    /// 0 is the period's own invoice; those behind it bill what changed after a confirmation.
    pub sequence: u32,
    pub currency: Currency,
    pub status: InvoiceStatus,
    /// Gapless in the series of who issues it. Taken at confirmation; a draft that was confirmed before
    /// keeps it for the next time.
    pub number: Option<u64>,
    pub issue_date: Option<Date>,
    /// None while it is a draft, and where nothing is to be paid.
    pub due_date: Option<Date>,
    pub charges: Vec<Charge>,
    /// The exact sum of the charges.
    pub net: Amount,
    /// Who the client was when the period's first invoice was taxed: one that moves is not taxed anew for what is past.
    /// None on invoices that were made before this was noted, and on what follows them: these keep their tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer: Option<Buyer>,
    /// None: no rule of the issuer's is for this client on the period's last day, or it is in message credits, which
    /// were taxed when they were sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_rule: Option<Tax>,
    /// What confirmed invoices of the period are taxed more or less by this rule than they were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tax_corrections: Vec<TaxCorrection>,
    /// On the net sum as the document shows it, which is rounded to the currency's minor unit; half-even to the
    /// same. With what the corrections come to.
    pub tax: Amount,
    /// The net sum, rounded likewise, and the tax.
    pub total_due: Amount,
    pub payment: InvoicePayment,
    /// Of the total, by payments and credit notes; of a credit note what it has covered, below zero. In message
    /// credits all of it: see [`Invoice::is_settled_by_use`].
    pub covered: Amount,
    /// Of the total, what is not covered; zero while it is a draft.
    pub outstanding: Amount,
    /// Payments that a person has put to it; the rest is covered by what is left, oldest due first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allocations: Vec<Allocation>,
    pub dispute: DisputeStatus,
    pub disputed: Amount,
    pub dispatch: DispatchStatus,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// When the usage of all its charges was counted.
    pub calculated_at: Timestamp,
    pub confirmed_at: Option<Timestamp>,
    /// The user or API key that confirmed it.
    pub confirmed_by: Option<String>,
    /// Where the PDF is, once it was made. Of a draft as it is now: what changes takes it away.
    pub document: Option<String>,
    pub revision: u64,
}

/// By how much the tax on a confirmed invoice's charges is another one than was billed, as the rule for the period's
/// last day was changed since (guide, section 19.4.3.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxCorrection {
    /// Whose charges.
    pub invoice: InvoiceId,
    /// The confirmed one that said last what the tax on them is: itself, or a correction of that.
    pub corrects: InvoiceId,
    /// What that one said; none if it added no tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Tax>,
    /// The net sum as the document of `invoice` shows it.
    pub base: Amount,
    /// By the rule of the invoice that has this correction, less the tax before, each rounded by itself.
    pub amount: Amount,
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

    /// Under its agreement, period and sequence, so that there is one.
    fn place(&self) -> Option<(String, String)> {
        Some((format!("invoices#{}", self.agreement), place_of(self.period, self.sequence)))
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("first_day", catalog::day(self.period.first)),
            ("status", catalog::choice(self.status)),
            ("total_due", catalog::amount(self.total_due)),
            ("payment_status", catalog::choice(self.payment)),
            ("number", self.number.map(catalog::number).unwrap_or_default()),
            ("issue_date", self.issue_date.map(catalog::day).unwrap_or_default()),
            ("due_date", self.due_date.map(catalog::day).unwrap_or_default()),
        ]
    }
}

/// The place of an invoice among those of its agreement: by the first day, then by sequence.
pub fn place_of(period: Period, sequence: u32) -> String {
    match sequence {
        0 => period.first.to_string(),
        _ => format!("{}#{sequence:06}", period.first),
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvoiceError {
    #[error("the invoice is confirmed: what changed since belongs on a correction")]
    Confirmed,
    #[error("the invoice is a draft")]
    NotConfirmed,
    #[error("the invoice {correction} is confirmed and corrects this one: unconfirm it first")]
    Corrected { correction: InvoiceId },
    #[error("the period {0} has not ended yet")]
    PeriodOpen(Period),
    #[error("the terms have changed: what this draft billed belongs to the period {0} now")]
    PeriodChanged(Period),
    #[error("nothing was used that is not billed already, so there is nothing to confirm")]
    NothingToBill,
    #[error("what is disputed is at most the total")]
    Disputed,
    #[error("an invoice has at most {ALLOCATIONS_MAX} payments that were put to it by hand")]
    TooManyAllocations,
    #[error(transparent)]
    Field(#[from] FieldError),
    #[error(transparent)]
    Amount(#[from] AmountError),
}

/// An invoice's id is its agreement, period and sequence: two closers make the same invoice, not two.
pub fn invoice_id(agreement: &AgreementId, period: Period, sequence: u32) -> InvoiceId {
    match sequence {
        0 => InvoiceId::derived(&["invoice", agreement.as_str(), &period.to_string()]),
        _ => {
            let (first, sequence) = (period.first.to_string(), sequence.to_string());
            InvoiceId::derived(&["correction", agreement.as_str(), &first, &sequence])
        }
    }
}

/// A new draft of a period with these charges.
pub fn draft(
    agreement: &Agreement,
    period: Period,
    sequence: u32,
    charges: Vec<Charge>,
    tax: Option<Tax>,
    now: Timestamp,
) -> Result<Invoice, AmountError> {
    let terms = &agreement.version_at(now).billing;
    let tax = tax.filter(|_| agreement.currency != Currency::Credit);
    let mut draft = Invoice {
        id: invoice_id(&agreement.id, period, sequence),
        agreement: agreement.id.clone(),
        company: agreement.company.clone(),
        tenant: agreement.tenant.clone(),
        own_legal_entity: agreement.parties.own_legal_entity.clone(),
        period,
        time_zone: terms.time_zone.clone(),
        sequence,
        currency: agreement.currency,
        status: InvoiceStatus::Draft,
        number: None,
        issue_date: None,
        due_date: None,
        charges,
        net: Amount::ZERO,
        buyer: None,
        tax_rule: tax,
        tax_corrections: Vec::new(),
        tax: Amount::ZERO,
        total_due: Amount::ZERO,
        payment: InvoicePayment::NotApplicable,
        covered: Amount::ZERO,
        outstanding: Amount::ZERO,
        allocations: Vec::new(),
        dispute: DisputeStatus::NotApplicable,
        disputed: Amount::ZERO,
        dispatch: DispatchStatus::NotApplicable,
        comment: None,
        calculated_at: now,
        confirmed_at: None,
        confirmed_by: None,
        document: None,
        revision: 0,
    };
    draft.add_up()?;
    Ok(draft)
}

impl Invoice {
    /// Reckons the sums from the charges and the corrections of tax.
    fn add_up(&mut self) -> Result<(), AmountError> {
        self.net = Amount::checked_sum(self.charges.iter().map(|charge| charge.net))?;
        self.tax = self.tax_on_charges(self.tax_rule.as_ref())?.checked_add(self.tax_corrected()?)?;
        self.total_due = self.net_shown().checked_add(self.tax)?;
        Ok(())
    }

    /// The net sum as the document shows it: in the currency's minor unit.
    pub fn net_shown(&self) -> Amount {
        self.net.rounded(self.currency.minor_places())
    }

    /// What this tax is on what it charges itself.
    pub fn tax_on_charges(&self, tax: Option<&Tax>) -> Result<Amount, AmountError> {
        tax_on(tax, self.net_shown(), self.currency.minor_places())
    }

    /// What it adds to the tax of confirmed invoices.
    pub fn tax_corrected(&self) -> Result<Amount, AmountError> {
        Amount::checked_sum(self.tax_corrections.iter().map(|correction| correction.amount))
    }

    /// Whether these rules tax its period as it is taxed, or it keeps its tax; a draft may not if nobody noted who
    /// the client was.
    pub fn is_taxed_by(&self, rules: &[TaxRule]) -> bool {
        let Some(buyer) = &self.buyer else { return self.is_confirmed() };
        let by_rules = buyer.tax(rules, self.period.last);
        is_same(self.tax_rule.as_ref(), by_rules.as_ref()) || self.currency == Currency::Credit
    }

    /// Whether it bills nothing.
    pub fn is_empty(&self) -> bool {
        self.charges.is_empty() && self.tax_corrections.is_empty()
    }

    pub fn kind(&self) -> InvoiceKind {
        if self.total_due.is_negative() { InvoiceKind::CreditNote } else { InvoiceKind::Invoice }
    }

    /// Whose numbers it takes: those of the legal entity that issues it, or of the tenant where the agreement
    /// names none.
    pub fn series(&self) -> &str {
        match &self.own_legal_entity {
            Some(entity) => entity.as_str(),
            None => self.tenant.as_str(),
        }
    }

    pub fn is_confirmed(&self) -> bool {
        self.status == InvoiceStatus::Confirmed
    }

    /// What a file of it is called when somebody stores it: by its number, a draft's by its period.
    pub fn file_name(&self, ending: &str) -> String {
        match self.number.filter(|_| self.is_confirmed()) {
            Some(number) => format!("invoice-{number}.{ending}"),
            None => format!("invoice-draft-{}.{ending}", self.period.first),
        }
    }

    /// When the usage of one of its charges was last counted: by itself, or with all others.
    pub fn calculated_at_of(&self, charge: &Charge) -> Timestamp {
        charge.recalculated_at.map_or(self.calculated_at, |at| at.max(self.calculated_at))
    }

    /// Whether nothing of it is to be paid: message credits leave the balance as they are used, and nobody pays in
    /// them. So such an invoice is covered by what it bills, and a credit note by what came back.
    pub fn is_settled_by_use(&self) -> bool {
        self.currency == Currency::Credit
    }

    /// Whether a draft goes once it has nothing to bill: one that has its number already would leave a gap, and one
    /// with a comment would take a person's words with it.
    fn may_go(&self) -> bool {
        self.number.is_none() && self.comment.is_none()
    }

    /// Whether a draft has nothing to bill, and goes.
    pub fn goes(&self) -> bool {
        self.is_empty() && self.may_go()
    }

    /// The same with so much of it covered by payments and credit notes, as it is called on a day.
    pub fn with_covered(&self, covered: Amount, today: Date) -> Result<Self, AmountError> {
        let covered = if self.is_settled_by_use() { self.total_due } else { covered };
        let outstanding = self.total_due.checked_sub(covered)?;
        let overdue = outstanding.is_positive() && self.due_date.is_some_and(|due| due < today);
        let payment = match () {
            () if !self.is_confirmed() => InvoicePayment::NotApplicable,
            () if outstanding.is_zero() => InvoicePayment::Paid,
            () if overdue => InvoicePayment::Overdue,
            () if !covered.is_zero() => InvoicePayment::Partly,
            () => InvoicePayment::Expected,
        };
        Ok(Self { covered, outstanding, payment, ..self.clone() })
    }

    /// The same with what a person says about it.
    pub fn edited(&self, edit: InvoiceEdit) -> Result<Self, InvoiceError> {
        let mut edited = self.clone();
        if let Some(comment) = edit.comment {
            edited.comment = text("comment", Some(comment), COMMENT_LENGTH_MAX)?;
            // It stands on the document, and that of a confirmed invoice stays as it was sent.
            if !self.is_confirmed() && edited.comment != self.comment {
                edited.document = None;
            }
        }
        edited.dispute = edit.dispute.unwrap_or(edited.dispute);
        edited.disputed = edit.disputed.unwrap_or(edited.disputed);
        let is_disputed = edited.dispute != DisputeStatus::NotApplicable || !edited.disputed.is_zero();
        if is_disputed && !self.is_confirmed() {
            return Err(InvoiceError::NotConfirmed);
        }
        if edited.disputed.is_negative() || self.total_due.max(-self.total_due) < edited.disputed {
            return Err(InvoiceError::Disputed);
        }
        edited.revision += u64::from(edited != *self);
        Ok(edited)
    }

    /// The same with other payments put to it by hand; `coverage::check_allocations` says whether they may be.
    pub fn with_allocations(&self, allocations: Vec<Allocation>) -> Result<Self, InvoiceError> {
        if !self.is_confirmed() {
            return Err(InvoiceError::NotConfirmed);
        }
        if ALLOCATIONS_MAX < allocations.len() {
            return Err(InvoiceError::TooManyAllocations);
        }
        let changed = u64::from(allocations != self.allocations);
        Ok(Self { allocations, revision: self.revision + changed, ..self.clone() })
    }
}

/// What a person may say about an invoice; what is not named stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InvoiceEdit {
    /// An empty one is none.
    pub comment: Option<String>,
    pub dispute: Option<DisputeStatus>,
    /// 0 to the total.
    pub disputed: Option<Amount>,
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

/// A draft, recalculated. `fresh` is what a new draft in its place would be.
pub fn recalculate(stored: &Invoice, fresh: Invoice) -> Result<Recalculated, InvoiceError> {
    if stored.is_confirmed() {
        return Err(InvoiceError::Confirmed);
    }
    // A number belongs to the series that it was taken from.
    let own_legal_entity = match stored.number {
        Some(_) => stored.own_legal_entity.clone(),
        None => fresh.own_legal_entity,
    };
    let mut next = Invoice {
        own_legal_entity,
        period: fresh.period,
        time_zone: fresh.time_zone,
        charges: with_dates_of(&stored.charges, fresh.charges),
        net: fresh.net,
        buyer: fresh.buyer,
        tax_rule: fresh.tax_rule,
        tax_corrections: fresh.tax_corrections,
        tax: fresh.tax,
        total_due: fresh.total_due,
        ..stored.clone()
    };
    if next == *stored {
        return Ok(Recalculated::Same);
    }
    // All of them are counted now.
    next.charges.iter_mut().for_each(|charge| charge.recalculated_at = None);
    let (calculated_at, revision) = (fresh.calculated_at, stored.revision + 1);
    Ok(Recalculated::Changed(Box::new(Invoice { calculated_at, revision, document: None, ..next })))
}

/// The charges of a draft as they are now, with the dates on which they were recalculated by themselves.
fn with_dates_of(stored: &[Charge], fresh: Vec<Charge>) -> Vec<Charge> {
    let dates = stored.iter().filter_map(|charge| Some((&charge.id, charge.recalculated_at?)));
    let dates: BTreeMap<&ChargeId, Timestamp> = dates.collect();
    let dated = |charge: Charge| Charge { recalculated_at: dates.get(&charge.id).copied(), ..charge };
    fresh.into_iter().map(dated).collect()
}

/// A draft with one of its charges recalculated: the others, the terms and the rates of the tax stay. `fresh` is
/// that charge as the usage makes it now; none if nothing of it is left.
pub fn recalculate_charge(
    stored: &Invoice,
    charge: &ChargeId,
    fresh: Option<Charge>,
    now: Timestamp,
) -> Result<Recalculated, InvoiceError> {
    if stored.is_confirmed() {
        return Err(InvoiceError::Confirmed);
    }
    let Some(own) = stored.charges.iter().find(|stored| stored.id == *charge) else {
        return Ok(Recalculated::Same);
    };
    let undated = Charge { recalculated_at: None, ..own.clone() };
    if fresh.as_ref() == Some(&undated) {
        return Ok(Recalculated::Same);
    }
    let fresh = fresh.map(|fresh| Charge { recalculated_at: Some(now), ..fresh });
    let charges = stored.charges.iter().filter_map(|stored| match stored.id == *charge {
        true => fresh.clone(),
        false => Some(stored.clone()),
    });
    let mut next = Invoice { charges: charges.collect(), ..stored.clone() };
    next.add_up()?;
    next.revision += 1;
    next.document = None;
    Ok(Recalculated::Changed(Box::new(next)))
}

/// The charges that confirmed invoices of a period bill.
pub fn billed(invoices: &[Invoice]) -> impl Iterator<Item = &Charge> {
    invoices.iter().filter(|invoice| invoice.is_confirmed()).flat_map(|invoice| &invoice.charges)
}

/// The last confirmed version of a charge: the one that a correction corrects.
pub fn last_billed<'a>(invoices: &'a [Invoice], group: &ChargeGroup) -> Option<&'a Charge> {
    billed(invoices).filter(|charge| charge.group == *group).max_by_key(|charge| charge.version)
}

/// The confirmed invoice that says last what the tax on the charges of this one is: itself, or a correction of that.
fn last_taxed<'a>(invoice: &'a Invoice, invoices: &'a [Invoice]) -> &'a Invoice {
    let next = |last: &&'a Invoice| {
        let is_next = |one: &TaxCorrection| one.invoice == invoice.id && one.corrects == last.id;
        let mut confirmed = invoices.iter().filter(|other| other.is_confirmed());
        confirmed.find(|other| other.tax_corrections.iter().any(is_next))
    };
    std::iter::successors(Some(invoice), next).last().unwrap_or(invoice)
}

/// What the confirmed invoices of a period are taxed more or less by this rule than they were: a rule that has only
/// another name or note corrects nothing, nor does one that adds the same to so small a sum.
fn tax_corrections(invoices: &[Invoice], tax: Option<&Tax>) -> Result<Vec<TaxCorrection>, AmountError> {
    let mut corrections = Vec::new();
    for invoice in invoices.iter().filter(|invoice| invoice.is_confirmed()) {
        let last = last_taxed(invoice, invoices);
        let before = last.tax_rule.as_ref();
        let amount = invoice.tax_on_charges(tax)?.checked_sub(invoice.tax_on_charges(before)?)?;
        let is_owed_alike = is_reversed(before) == is_reversed(tax);
        if invoice.net_shown().is_zero() || amount.is_zero() && is_owed_alike {
            continue;
        }
        corrections.push(TaxCorrection {
            invoice: invoice.id.clone(),
            corrects: last.id.clone(),
            before: before.cloned(),
            base: invoice.net_shown(),
            amount,
        });
    }
    Ok(corrections)
}

/// The sequence of the draft that follows the usage of a period: the first one that is open, else a new
/// one behind all.
pub fn open_sequence(invoices: &[Invoice]) -> u32 {
    let open = invoices.iter().filter(|invoice| !invoice.is_confirmed()).map(|invoice| invoice.sequence);
    let next = invoices.iter().map(|invoice| invoice.sequence + 1).max().unwrap_or_default();
    open.min().unwrap_or(next)
}

/// Who issues what is billed of a period now, of the tenant's own legal entities: whoever issued what it
/// follows, or gave the draft its number; else whom the agreement names. Number, issuer and tax are of one.
pub fn issuer<'a>(agreement: &'a Agreement, invoices: &'a [Invoice]) -> Option<&'a OwnLegalEntityId> {
    let sequence = open_sequence(invoices);
    let is_numbered = |invoice: &&Invoice| invoice.sequence == sequence && invoice.number.is_some();
    let confirmed = invoices.iter().find(|invoice| invoice.is_confirmed());
    match confirmed.or_else(|| invoices.iter().find(is_numbered)) {
        Some(invoice) => invoice.own_legal_entity.as_ref(),
        None => agreement.parties.own_legal_entity.as_ref(),
    }
}

/// How the invoices of a period change: what was, if it was there, and what is to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClosePlan {
    pub changes: Vec<(Option<Invoice>, Invoice)>,
    /// Drafts that have nothing to bill any more, as they were; one with a number or a comment stays.
    pub removed: Vec<Invoice>,
    /// The one that follows the usage, as it is after the changes; none if there is nothing to bill.
    pub open: Option<Invoice>,
}

/// What closing a period does to its invoices. `charges` is what confirmed ones do not bill: it goes on the
/// draft of [`open_sequence`], and other drafts have nothing. A draft that bills nothing goes, unless its number
/// would be missing in the series, or a person's comment would go with it.
///
/// `taxed` is how all of the period is to be taxed: where confirmed invoices are not, the open draft corrects their
/// tax. It is issued by whom [`issuer`] says.
pub fn plan_close(
    agreement: &Agreement,
    period: Period,
    invoices: &[Invoice],
    charges: Vec<Charge>,
    taxed: Taxed,
    now: Timestamp,
) -> Result<ClosePlan, InvoiceError> {
    let sequence = open_sequence(invoices);
    let tax = taxed.tax.filter(|_| agreement.currency != Currency::Credit);
    let corrections = tax_corrections(invoices, tax.as_ref())?;
    let planned = |sequence, charges, tax_corrections| {
        let draft = draft(agreement, period, sequence, charges, tax.clone(), now)?;
        let (own_legal_entity, buyer) = (issuer(agreement, invoices).cloned(), taxed.buyer.clone());
        let mut planned = Invoice { own_legal_entity, buyer, tax_corrections, ..draft };
        planned.add_up().map(|()| planned)
    };
    let mut plan = ClosePlan::default();
    for stored in invoices.iter().filter(|invoice| !invoice.is_confirmed()) {
        let (charges, corrections) = match stored.sequence == sequence {
            true => (charges.clone(), corrections.clone()),
            false => Default::default(),
        };
        if charges.is_empty() && corrections.is_empty() && stored.may_go() {
            plan.removed.push(stored.clone());
            continue;
        }
        let next = match recalculate(stored, planned(stored.sequence, charges, corrections)?)? {
            Recalculated::Same => stored.clone(),
            Recalculated::Changed(next) => {
                plan.changes.push((Some(stored.clone()), (*next).clone()));
                *next
            }
        };
        if stored.sequence == sequence {
            plan.open = Some(next);
        }
    }
    if plan.open.is_none() && !(charges.is_empty() && corrections.is_empty()) {
        let fresh = planned(sequence, charges, corrections)?;
        plan.changes.push((None, fresh.clone()));
        plan.open = Some(fresh);
    }
    Ok(plan)
}

/// When an invoice may be confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// Once the whole period lies in the past.
    AfterPeriod,
    /// At once, say because a contract ends; what is used later in the period is for a correction.
    Early,
}

/// How somebody confirms an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    pub timing: Timing,
    /// Whether it is mailed to those who get the agreement's invoices.
    pub send: bool,
    /// The user or API key.
    pub by: String,
}

/// Why a draft may not be confirmed, if so.
pub fn check_confirmation(
    draft: &Invoice,
    terms: &BillingTerms,
    ask: &Confirmation,
    now: Timestamp,
) -> Result<(), InvoiceError> {
    if draft.is_confirmed() {
        return Err(InvoiceError::Confirmed);
    }
    if ask.timing == Timing::AfterPeriod && !terms.has_ended(draft.period, now) {
        return Err(InvoiceError::PeriodOpen(draft.period));
    }
    if draft.is_empty() && draft.number.is_none() {
        return Err(InvoiceError::NothingToBill);
    }
    Ok(())
}

/// A draft, confirmed: under the number that it has, or else the next one of the issuer's.
pub fn confirm(
    draft: &Invoice,
    next_number: u64,
    terms: &BillingTerms,
    ask: &Confirmation,
    now: Timestamp,
) -> Result<Invoice, InvoiceError> {
    check_confirmation(draft, terms, ask, now)?;
    let issued = terms.day_of(now);
    let confirmed = Invoice {
        status: InvoiceStatus::Confirmed,
        number: draft.number.or(Some(next_number)),
        issue_date: Some(issued),
        due_date: (!draft.is_settled_by_use()).then(|| terms.due_date(issued)),
        dispatch: if ask.send { DispatchStatus::Waiting } else { DispatchStatus::NotSent },
        confirmed_at: Some(now),
        confirmed_by: Some(ask.by.clone()),
        document: None,
        revision: draft.revision + 1,
        ..draft.clone()
    };
    Ok(confirmed.with_covered(Amount::ZERO, issued)?)
}

/// A confirmed invoice, made a draft again. `invoices` are those of its period.
pub fn unconfirm(invoice: &Invoice, invoices: &[Invoice]) -> Result<Invoice, InvoiceError> {
    if !invoice.is_confirmed() {
        return Err(InvoiceError::NotConfirmed);
    }
    let own: Vec<&ChargeId> = invoice.charges.iter().map(|charge| &charge.id).collect();
    let corrects = |other: &&Invoice| {
        let mut charges = other.charges.iter().filter_map(|charge| charge.corrects.as_ref());
        let mut taxes = other.tax_corrections.iter().map(|tax| &tax.corrects);
        let has_own = charges.any(|charge| own.contains(&charge)) || taxes.any(|id| *id == invoice.id);
        other.is_confirmed() && has_own
    };
    if let Some(correction) = invoices.iter().find(corrects) {
        return Err(InvoiceError::Corrected { correction: correction.id.clone() });
    }
    Ok(Invoice {
        status: InvoiceStatus::Draft,
        issue_date: None,
        due_date: None,
        payment: InvoicePayment::NotApplicable,
        covered: Amount::ZERO,
        outstanding: Amount::ZERO,
        allocations: Vec::new(),
        dispute: DisputeStatus::NotApplicable,
        disputed: Amount::ZERO,
        dispatch: DispatchStatus::NotApplicable,
        confirmed_at: None,
        confirmed_by: None,
        document: None,
        revision: invoice.revision + 1,
        ..invoice.clone()
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::agreement::{Charging, CreditLimit, NewAgreement, VersionChange, plan_agreement};
    use crate::charge::tests::{details, october, used};
    use crate::charge::{Details, RowsAt, content, difference};
    use crate::edr::{Usage, UsageKey};
    use crate::period::BillingPeriod;
    use crate::tax::applied;
    use crate::tax::tests::rule;
    use jiff::civil::date;
    use proptest::prelude::*;

    pub(crate) fn agreement() -> Agreement {
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

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn november() -> Timestamp {
        at("2026-11-02T00:00:00Z")
    }

    fn taxed(percent: &str) -> Option<Tax> {
        applied(&[rule(None, percent, false)], None, None, october().last)
    }

    /// The invoices of October, and the files of their charges.
    #[derive(Default)]
    struct Books {
        invoices: Vec<Invoice>,
        files: BTreeMap<String, Vec<crate::charge::ChargeRow>>,
        numbers: u64,
        tax: Option<Tax>,
    }

    impl Books {
        fn fresh(&mut self, details: Details) -> Vec<Charge> {
            let sequence = open_sequence(&self.invoices);
            let id = invoice_id(&AgreementId::new(1), october(), sequence);
            let mut groups = details;
            for charge in billed(&self.invoices) {
                groups.entry(charge.group.clone()).or_default();
            }
            let mut charges = Vec::new();
            for (group, rows) in groups {
                let own = billed(&self.invoices).filter(|charge| charge.group == group);
                let billed = own.flat_map(|charge| self.files[&charge.rows.key].clone()).collect();
                let rows = difference(rows, billed).unwrap();
                if !rows.is_empty() {
                    let at = RowsAt::of(&AgreementId::new(1), &content(&rows).unwrap(), &rows);
                    let last = last_billed(&self.invoices, &group);
                    charges.push(Charge::of(&id, group, &rows, at.clone(), last).unwrap());
                    self.files.insert(at.key, rows);
                }
            }
            charges
        }

        /// The draft that follows, if there is one.
        fn close(&mut self, usage: &[(UsageKey, Usage)]) -> Option<Invoice> {
            let charges = self.fresh(details(usage));
            let taxed = Taxed { tax: self.tax.clone(), ..Taxed::default() };
            let plan =
                plan_close(&agreement(), october(), &self.invoices, charges, taxed, november()).unwrap();
            for (_, after) in plan.changes {
                self.put(after);
            }
            self.invoices.retain(|invoice| !plan.removed.contains(invoice));
            plan.open
        }

        fn put(&mut self, after: Invoice) {
            self.invoices.retain(|invoice| invoice.id != after.id);
            self.invoices.push(after);
            self.invoices.sort_by_key(|invoice| invoice.sequence);
        }

        fn confirm(&mut self, draft: &Invoice) -> Invoice {
            let terms = BillingTerms::monthly_utc();
            let confirmed = confirm(draft, self.numbers + 1, &terms, &after_period(), november()).unwrap();
            self.numbers = self.numbers.max(confirmed.number.unwrap());
            self.put(confirmed.clone());
            confirmed
        }

        fn unconfirm(&mut self, invoice: &Invoice) -> Result<Invoice, InvoiceError> {
            let draft = unconfirm(invoice, &self.invoices)?;
            self.put(draft.clone());
            Ok(draft)
        }
    }

    fn after_period() -> Confirmation {
        Confirmation { timing: Timing::AfterPeriod, send: true, by: "usr".into() }
    }

    fn sms(price: &str, messages: i64) -> (UsageKey, Usage) {
        used(date(2026, 10, 5), "ACME", price, messages)
    }

    #[test]
    fn an_invoice_adds_up_its_charges_and_rounds_once() {
        let mut books = Books::default();
        assert_eq!(books.close(&[]), None);
        let draft = books.close(&[sms("0.045", 3), sms("0.01", 1)]).unwrap();
        assert_eq!((draft.net.to_string(), draft.total_due.to_string()), ("0.145".into(), "0.14".into()));
        assert_eq!((draft.charges.len(), draft.charges[0].rows.count), (1, 2));
        assert_eq!(
            (draft.sequence, draft.kind(), draft.payment),
            (0, InvoiceKind::Invoice, Default::default())
        );
    }

    #[test]
    fn tax_is_on_the_net_sum_that_the_document_shows_on_an_invoice_its_correction_and_a_credit_note() {
        let mut books = Books { tax: taxed("19"), ..Books::default() };
        let sums = |invoice: &Invoice| {
            [invoice.net, invoice.tax, invoice.total_due].map(|amount| amount.to_string())
        };
        // 19 % of 10.553 are 2.005, and of 10.55 they are 2.0045.
        let draft = books.close(&[sms("10.553", 1)]).unwrap();
        assert_eq!(sums(&draft), ["10.553", "2", "12.55"]);
        books.confirm(&draft);
        let correction = books.close(&[sms("10.553", 2)]).unwrap();
        assert_eq!(sums(&correction), ["10.553", "2", "12.55"]);
        books.confirm(&correction);
        let note = books.close(&[sms("10.553", 1)]).unwrap();
        assert_eq!(sums(&note), ["-10.553", "-2", "-12.55"]);
        let nets = Amount::checked_sum(books.invoices.iter().map(|invoice| invoice.net)).unwrap();
        assert_eq!(nets.to_string(), "10.553", "nets stay exact");
    }

    /// An agreement that counts in message credits.
    fn in_credits() -> Agreement {
        Agreement { currency: Currency::Credit, ..agreement() }
    }

    #[test]
    fn an_invoice_in_message_credits_has_no_tax_is_due_on_no_day_and_is_covered_by_the_credits_it_bills() {
        let tax = taxed("19");
        let charge = |messages| {
            let charges = Books::default().close(&[sms("1", 100)]).unwrap().charges;
            Charge { net: Amount::whole(messages), ..charges[0].clone() }
        };
        let terms = BillingTerms::monthly_utc();
        for used in [100, -100] {
            let charges = vec![charge(used)];
            let draft = draft(&in_credits(), october(), 0, charges, tax.clone(), november()).unwrap();
            assert_eq!(
                (&draft.tax_rule, draft.tax, draft.total_due),
                (&None, Amount::ZERO, Amount::whole(used))
            );
            let confirmed = confirm(&draft, 1, &terms, &after_period(), november()).unwrap();
            assert_eq!((confirmed.due_date, confirmed.payment), (None, InvoicePayment::Paid));
            assert_eq!((confirmed.covered, confirmed.outstanding), (Amount::whole(used), Amount::ZERO));
            let later = confirmed.with_covered(Amount::ZERO, date(2030, 1, 1)).unwrap();
            assert_eq!(later, confirmed, "it is never overdue");
            let again = unconfirm(&confirmed, &[]).unwrap();
            assert_eq!((again.payment, again.covered), (InvoicePayment::NotApplicable, Amount::ZERO));
        }
    }

    /// What an invoice charges, its tax and its total; and of each correction of tax the base and the amount.
    fn taxed_sums(invoice: &Invoice) -> ([String; 3], Vec<[String; 2]>) {
        let corrections = invoice.tax_corrections.iter();
        let corrections = corrections.map(|one| [one.base, one.amount].map(|amount| amount.to_string()));
        let sums = [invoice.net, invoice.tax, invoice.total_due].map(|amount| amount.to_string());
        (sums, corrections.collect())
    }

    fn sums(sums: [&str; 3], corrections: &[[&str; 2]]) -> ([String; 3], Vec<[String; 2]>) {
        (sums.map(str::to_owned), corrections.iter().map(|one| one.map(str::to_owned)).collect())
    }

    #[test]
    fn a_rule_that_is_changed_for_days_that_are_past_corrects_the_tax_of_what_is_confirmed() {
        let mut books = Books { tax: taxed("16"), ..Books::default() };
        let draft = books.close(&[sms("0.05", 2_000)]).unwrap();
        let first = books.confirm(&draft);
        assert_eq!(taxed_sums(&first), sums(["100", "16", "116"], &[]));
        // What is used besides is taxed by the new rule at once.
        books.tax = taxed("19");
        let second = books.close(&[sms("0.05", 2_200)]).unwrap();
        assert_eq!(taxed_sums(&second), sums(["10", "4.9", "14.9"], &[["100", "3"]]));
        assert_eq!((&second.tax_corrections[0].before, &second.tax_rule), (&taxed("16"), &taxed("19")));
        let second = books.confirm(&second);
        assert_eq!(books.close(&[sms("0.05", 2_200)]), None, "all of it is at 19 %");
        // A second change follows from the first, and corrects its own charges as well.
        books.tax = taxed("7");
        let third = books.close(&[sms("0.05", 2_200)]).unwrap();
        assert_eq!(taxed_sums(&third), sums(["0", "-13.2", "-13.2"], &[["100", "-12"], ["10", "-1.2"]]));
        assert_eq!((third.charges.len(), third.kind()), (0, InvoiceKind::CreditNote));
        assert!(third.tax_corrections.iter().all(|one| one.corrects == second.id));
        let third = books.confirm(&third);
        assert_eq!((third.number, &books.invoices[0]), (Some(3), &first), "what is confirmed stays");

        // Each can be taken back while nothing that is confirmed follows from it.
        for (before, after) in [(&first, &second), (&second, &third)] {
            assert_eq!(
                books.unconfirm(before),
                Err(InvoiceError::Corrected { correction: after.id.clone() })
            );
        }
        books.unconfirm(&third).unwrap();
        books.tax = taxed("19");
        let empty = books.close(&[sms("0.05", 2_200)]).unwrap();
        assert!(empty.is_empty() && empty.number == Some(3), "its number would be missing");
        books.unconfirm(&second).unwrap();
        let second = books.close(&[sms("0.05", 2_200)]).unwrap();
        assert_eq!(taxed_sums(&second), sums(["10", "4.9", "14.9"], &[["100", "3"]]));
    }

    #[test]
    fn a_rule_that_is_changed_back_takes_its_correction_with_it_and_other_words_make_none() {
        let mut books = Books { tax: taxed("16"), ..Books::default() };
        let used = [sms("0.05", 2_000)];
        let draft = books.close(&used).unwrap();
        let first = books.confirm(&draft);
        let renamed = taxed("16").map(|tax| Tax { name: "USt".into(), note: Some("Law 1".into()), ..tax });
        for same in [renamed, taxed("16")] {
            books.tax = taxed("19");
            let correction = books.close(&used).unwrap();
            assert_eq!(books.close(&used), Some(correction), "closing it again changes nothing");
            books.tax = same;
            assert_eq!(books.close(&used), None);
        }
        assert_eq!(books.invoices, [first]);
    }

    #[test]
    fn a_sum_to_which_both_rules_add_the_same_is_not_corrected_unless_the_client_owes_the_tax_by_one() {
        let mut books = Books { tax: taxed("16"), ..Books::default() };
        let used = [sms("0.02", 1)];
        let draft = books.close(&used).unwrap();
        let first = books.confirm(&draft);
        books.tax = taxed("19");
        assert_eq!(books.close(&used), None);
        // It follows from what the invoice itself says.
        books.tax = taxed("50");
        let correction = books.close(&used).unwrap();
        assert_eq!((correction.tax.to_string(), correction.tax_corrections.len()), ("0.01".into(), 1));
        assert_eq!(correction.tax_corrections[0].before, first.tax_rule);
        books.tax = applied(&[rule(None, "16", true)], None, Some("DE1"), october().last);
        let correction = books.close(&used).unwrap();
        assert_eq!((correction.tax, correction.tax_corrections.len()), (Amount::ZERO, 1));
    }

    #[test]
    fn a_rule_that_begins_or_ends_and_one_by_which_the_client_owes_the_tax_correct_it_too() {
        let reversed = applied(&[rule(None, "16", true)], None, Some("DE1"), october().last);
        let used = [sms("0.05", 2_000)];
        for (before, after, corrected) in [
            (None, taxed("16"), Some("16")),
            (taxed("16"), None, Some("-16")),
            (taxed("16"), reversed.clone(), Some("-16")),
            (taxed("0"), reversed, Some("0")),
            (None, taxed("0"), None),
        ] {
            let mut books = Books { tax: before, ..Books::default() };
            let draft = books.close(&used).unwrap();
            books.confirm(&draft);
            books.tax = after;
            let correction = books.close(&used).map(|correction| correction.total_due.to_string());
            assert_eq!(correction.as_deref(), corrected);
        }
    }

    #[test]
    fn recalculating_without_a_change_changes_nothing() {
        let mut books = Books::default();
        let draft = books.close(&[sms("0.05", 2)]).unwrap();
        assert_eq!(books.close(&[sms("0.05", 2)]), Some(draft.clone()));
        let more = books.close(&[sms("0.05", 3)]).unwrap();
        assert_eq!((more.total_due.to_string(), more.revision), ("0.15".into(), 1));
        let none = Invoice { charges: Vec::new(), ..more.clone() };
        let refused = check_confirmation(&none, &BillingTerms::monthly_utc(), &after_period(), november());
        assert_eq!(refused, Err(InvoiceError::NothingToBill));
    }

    #[test]
    fn a_charge_has_the_date_on_which_it_was_last_counted_by_itself_or_with_all_others() {
        let mut books = Books::default();
        let draft = books.close(&[sms("0.05", 2)]).unwrap();
        let fresh = |messages| {
            let charges = Books::default().close(&[sms("0.05", messages)]).unwrap().charges;
            charges.into_iter().next()
        };
        let id = &draft.charges[0].id;
        assert_eq!(
            recalculate_charge(&draft, id, fresh(2), at("2026-11-03T00:00:00Z")),
            Ok(Recalculated::Same)
        );
        let third = at("2026-11-03T00:00:00Z");
        let Ok(Recalculated::Changed(more)) = recalculate_charge(&draft, id, fresh(3), third) else {
            panic!("it has become more")
        };
        assert_eq!((more.calculated_at, more.calculated_at_of(&more.charges[0])), (november(), third));
        let again = recalculate_charge(&more, id, fresh(3), at("2026-11-04T00:00:00Z"));
        assert_eq!(again, Ok(Recalculated::Same), "a date is no difference");
        books.put((*more).clone());
        assert_eq!(
            books.close(&[sms("0.05", 3)]),
            Some((*more).clone()),
            "nor is it one to the whole invoice"
        );
        let whole = Invoice { calculated_at: at("2026-11-05T00:00:00Z"), ..*more };
        assert_eq!(whole.calculated_at_of(&whole.charges[0]), whole.calculated_at);
        let changed = books.close(&[sms("0.05", 4)]).unwrap();
        assert_eq!(changed.charges[0].recalculated_at, None);
    }

    #[test]
    fn a_draft_that_has_nothing_to_bill_any_more_goes_and_comes_back_with_the_usage() {
        let mut books = Books::default();
        let draft = books.close(&[sms("0.05", 2)]).unwrap();
        for _ in 0..2 {
            assert_eq!((books.close(&[]), books.invoices.len()), (None, 0));
        }
        let again = books.close(&[sms("0.05", 2)]).unwrap();
        assert_eq!(again, draft);
        let first = books.confirm(&again);
        books.close(&[sms("0.05", 3)]).unwrap();
        assert_eq!(books.close(&[sms("0.05", 2)]), None);
        assert_eq!(books.invoices, [first], "its correction is gone");
    }

    #[test]
    fn a_draft_with_a_comment_stays_when_it_has_nothing_to_bill_any_more() {
        let mut books = Books::default();
        let draft = books.close(&[sms("0.05", 2)]).unwrap();
        let comment = |text: &str| InvoiceEdit { comment: Some(text.into()), ..InvoiceEdit::default() };
        books.put(draft.edited(comment("late receipts")).unwrap());
        let empty = books.close(&[]).unwrap();
        assert_eq!(
            (empty.charges.len(), empty.comment.as_deref(), empty.revision),
            (0, Some("late receipts"), 2)
        );
        assert!(!empty.goes());
        let refused = check_confirmation(&empty, &BillingTerms::monthly_utc(), &after_period(), november());
        assert_eq!(refused, Err(InvoiceError::NothingToBill));
        let bare = empty.edited(comment("")).unwrap();
        assert!(bare.goes());
        books.put(bare);
        assert_eq!((books.close(&[]), books.invoices.len()), (None, 0));
    }

    #[test]
    fn a_confirmed_invoice_is_frozen_numbered_and_due() {
        let mut books = Books::default();
        let draft = books.close(&[sms("0.05", 2)]).unwrap();
        let confirmed = books.confirm(&draft);
        assert_eq!((confirmed.number, confirmed.due_date), (Some(1), Some(date(2026, 12, 2))));
        assert_eq!(
            (confirmed.payment, confirmed.dispatch),
            (InvoicePayment::Expected, DispatchStatus::Waiting)
        );
        assert_eq!((confirmed.covered, confirmed.outstanding.to_string()), (Amount::ZERO, "0.1".into()));
        assert_eq!(confirmed.confirmed_by.as_deref(), Some("usr"));
        assert_eq!(recalculate(&confirmed, draft), Err(InvoiceError::Confirmed));
        let terms = BillingTerms::monthly_utc();
        let twice = confirm(&confirmed, 8, &terms, &after_period(), november());
        assert_eq!(twice, Err(InvoiceError::Confirmed));
        assert_eq!(books.close(&[sms("0.05", 2)]), None);
        assert_eq!(books.invoices, [confirmed]);
    }

    #[test]
    fn a_running_period_is_confirmed_only_when_asked_for_early() {
        let draft = Books::default().close(&[sms("0.05", 2)]).unwrap();
        let now = at("2026-10-31T23:59:59Z");
        let confirmed = |timing| {
            let ask = Confirmation { timing, send: false, by: "usr".into() };
            confirm(&draft, 7, &BillingTerms::monthly_utc(), &ask, now)
        };
        assert_eq!(confirmed(Timing::AfterPeriod), Err(InvoiceError::PeriodOpen(october())));
        let early = confirmed(Timing::Early).unwrap();
        assert_eq!((early.status, early.dispatch), (InvoiceStatus::Confirmed, DispatchStatus::NotSent));
    }

    #[test]
    fn what_changes_after_a_confirmation_is_a_correction_and_corrections_make_a_chain() {
        let mut books = Books::default();
        let draft = books.close(&[sms("0.05", 100)]).unwrap();
        let first = books.confirm(&draft);
        let open = books.close(&[sms("0.05", 120)]).unwrap();
        assert_eq!((open.sequence, open.total_due.to_string(), open.charges[0].version), (1, "1".into(), 2));
        assert_eq!(open.charges[0].corrects.as_ref(), Some(&first.charges[0].id));
        let second = books.confirm(&open);
        assert_eq!((second.number, second.kind()), (Some(2), InvoiceKind::Invoice));
        let open = books.close(&[sms("0.05", 90)]).unwrap();
        assert_eq!(
            (open.sequence, open.total_due.to_string(), open.charges[0].version),
            (2, "-1.5".into(), 3)
        );
        assert_eq!(open.charges[0].corrects.as_ref(), Some(&second.charges[0].id));
        assert_eq!((open.kind(), open.charges[0].messages), (InvoiceKind::CreditNote, -30));
        books.confirm(&open);
        assert_eq!(books.close(&[sms("0.05", 90)]), None);
    }

    #[test]
    fn an_invoice_with_a_confirmed_correction_stays_confirmed() {
        let mut books = Books::default();
        let draft = books.close(&[sms("0.05", 100)]).unwrap();
        let first = books.confirm(&draft);
        let open = books.close(&[sms("0.05", 120)]).unwrap();
        let second = books.confirm(&open);
        let refused = InvoiceError::Corrected { correction: second.id.clone() };
        assert_eq!(books.unconfirm(&first), Err(refused));
        books.unconfirm(&second).unwrap();
        books.unconfirm(&first).unwrap();
        let open = books.close(&[sms("0.05", 120)]).unwrap();
        assert_eq!((open.sequence, open.total_due.to_string()), (0, "6".into()));
        assert_eq!(books.invoices[1].charges, []);
    }

    #[test]
    fn an_unconfirmed_invoice_is_a_draft_that_keeps_its_number() {
        let mut books = Books::default();
        let draft = books.close(&[sms("0.05", 100)]).unwrap();
        let confirmed = books.confirm(&draft);
        let paid = confirmed.with_covered(Amount::ONE, date(2026, 11, 3)).unwrap();
        let draft = books.unconfirm(&paid).unwrap();
        assert_eq!((draft.number, draft.status), (Some(1), InvoiceStatus::Draft));
        assert_eq!((draft.covered, draft.outstanding, draft.payment), Default::default());
        assert_eq!((&draft.confirmed_at, &draft.confirmed_by, &draft.due_date), (&None, &None, &None));
        assert_eq!(unconfirm(&draft, &[]), Err(InvoiceError::NotConfirmed));
        // Others have taken numbers since; and nothing was used after all, but its own must not be missing.
        books.numbers = 5;
        let again = books.close(&[]).unwrap();
        assert_eq!((again.charges.len(), books.confirm(&again).number), (0, Some(1)));
    }

    #[test]
    fn what_is_covered_says_how_an_invoice_is_paid() {
        let draft = Books::default().close(&[sms("0.05", 200)]).unwrap();
        let terms = BillingTerms::monthly_utc();
        let invoice = confirm(&draft, 1, &terms, &after_period(), november()).unwrap();
        let payment = |covered, day| invoice.with_covered(Amount::whole(covered), day).unwrap().payment;
        let (due, late) = (date(2026, 12, 2), date(2026, 12, 3));
        assert_eq!([payment(0, due), payment(4, due)], [InvoicePayment::Expected, InvoicePayment::Partly]);
        assert_eq!([payment(0, late), payment(4, late)], [InvoicePayment::Overdue; 2]);
        assert_eq!([payment(10, due), payment(10, late)], [InvoicePayment::Paid; 2]);
    }

    #[test]
    fn a_person_comments_on_any_invoice_and_disputes_at_most_what_it_says() {
        let draft = Books::default().close(&[sms("0.05", 200)]).unwrap();
        let comment = InvoiceEdit { comment: Some(" late receipts ".into()), ..InvoiceEdit::default() };
        let edited = draft.edited(comment.clone()).unwrap();
        assert_eq!((edited.comment.as_deref(), edited.revision), (Some("late receipts"), 1));
        assert_eq!(edited.edited(comment).unwrap(), edited);
        let dispute = |disputed| InvoiceEdit {
            dispute: Some(DisputeStatus::Open),
            disputed: Some(Amount::whole(disputed)),
            ..InvoiceEdit::default()
        };
        assert_eq!(draft.edited(dispute(1)), Err(InvoiceError::NotConfirmed));
        let terms = BillingTerms::monthly_utc();
        let invoice = confirm(&draft, 1, &terms, &after_period(), november()).unwrap();
        assert_eq!(invoice.edited(dispute(10)).unwrap().disputed, Amount::whole(10));
        assert_eq!(invoice.edited(dispute(11)), Err(InvoiceError::Disputed));
        assert_eq!(invoice.edited(dispute(-1)), Err(InvoiceError::Disputed));
    }

    /// From 15 October on the agreement is billed by the week.
    fn weekly_from_the_middle() -> Agreement {
        let billing = BillingTerms { period: BillingPeriod::Weekly, ..BillingTerms::monthly_utc() };
        let change = VersionChange {
            effective_from: Some(at("2026-10-15T00:00:00Z")),
            billing: Some(billing),
            ..VersionChange::default()
        };
        agreement().with_version(change, at("2026-10-10T00:00:00Z")).unwrap()
    }

    #[test]
    fn a_draft_whose_period_the_new_terms_cut_short_bills_what_is_left_of_it() {
        let mut books = Books::default();
        let early = used(date(2026, 10, 14), "ACME", "0.05", 1);
        let late = used(date(2026, 10, 15), "ACME", "0.05", 10);
        let draft = books.close(&[early.clone(), late.clone()]).unwrap();
        let agreement = weekly_from_the_middle();
        let period = period_of(&agreement, &draft).unwrap();
        assert_eq!(period, Period { first: date(2026, 10, 1), last: date(2026, 10, 14) });
        let usage = vec![early, late];
        let service_type = |_: &_| crate::charge::ServiceType::PayAsYouGo;
        let details = crate::charge::fold(period, usage, service_type).unwrap();
        let (group, rows) = details.into_iter().next().unwrap();
        let rows_at = RowsAt::of(&agreement.id, &content(&rows).unwrap(), &rows);
        let charge = Charge::of(&draft.id, group, &rows, rows_at, None).unwrap();
        let (invoices, taxed) = (std::slice::from_ref(&draft), Taxed::default());
        let plan = plan_close(&agreement, period, invoices, vec![charge], taxed, november()).unwrap();
        let cut = plan.open.unwrap();
        assert_eq!((cut.id, cut.period, cut.total_due.to_string()), (draft.id, period, "0.05".into()));
        assert_eq!(agreement.billing_period(date(2026, 10, 15)).last, date(2026, 10, 18));
    }

    #[test]
    fn a_draft_whose_period_begins_elsewhere_by_now_is_of_no_period() {
        let draft = Books::default().close(&[sms("0.05", 1)]).unwrap();
        let stray = Invoice { period: Period { first: date(2026, 10, 20), ..october() }, ..draft.clone() };
        let week = Period { first: date(2026, 10, 19), last: date(2026, 10, 25) };
        assert_eq!(period_of(&weekly_from_the_middle(), &stray), Err(InvoiceError::PeriodChanged(week)));
        assert_eq!(period_of(&agreement(), &draft), Ok(october()));
    }

    /// Usage of October: one row per sender and price.
    fn any_usage() -> impl Strategy<Value = Vec<(UsageKey, Usage)>> {
        let row = (0usize..3, 0usize..3, -5i64..50).prop_map(|(sender, price, messages)| {
            let sender = ["ACME", "BETA", "GAMMA"][sender];
            used(date(2026, 10, 5), sender, ["0.05", "0.000001", "1.5"][price], messages)
        });
        proptest::collection::vec(row, 0..12)
    }

    proptest! {
        /// Whatever is used, confirmed and unconfirmed in whatever order: all charges that are confirmed and
        /// those of the open draft are together what the usage is, and numbers have no gaps.
        #[test]
        fn charges_of_all_invoices_add_up_to_the_usage(
            steps in proptest::collection::vec((any_usage(), 0u8..4, any::<prop::sample::Index>()), 1..12),
        ) {
            let mut books = Books::default();
            for (usage, step, index) in steps {
                let open = books.close(&usage);
                let all = books.invoices.iter().flat_map(|invoice| &invoice.charges);
                let rows = all.flat_map(|charge| books.files[&charge.rows.key].clone()).collect();
                let fresh = details(&usage).into_values().next().unwrap_or_default();
                prop_assert_eq!(difference(fresh, rows).unwrap(), Vec::new());
                let net = Amount::checked_sum(books.invoices.iter().map(|invoice| invoice.net)).unwrap();
                let used = usage.iter().map(|(_, usage)| usage.amount);
                prop_assert_eq!(net, Amount::checked_sum(used).unwrap());
                match (step, open) {
                    (0 | 1, Some(open)) if !open.is_empty() || open.number.is_some() => {
                        books.confirm(&open);
                    }
                    (2, _) if !books.invoices.is_empty() => {
                        let invoice = books.invoices[index.index(books.invoices.len())].clone();
                        if books.unconfirm(&invoice).is_err() {
                            continue;
                        }
                    }
                    _ => {}
                }
                let mut numbers: Vec<_> = books.invoices.iter().filter_map(|invoice| invoice.number).collect();
                numbers.sort_unstable();
                prop_assert_eq!(numbers, (1..=books.numbers).collect::<Vec<_>>());
            }
        }

        /// However rules are changed while messages come late and invoices are confirmed and unconfirmed: confirmed
        /// ones and the open draft are together taxed as the rule has it on what each of them shows.
        #[test]
        fn taxes_of_all_invoices_add_up_to_the_rule_on_what_they_show(
            steps in proptest::collection::vec(
                (any_usage(), 0usize..4, 0u8..4, any::<prop::sample::Index>()), 1..12),
        ) {
            let mut books = Books::default();
            for (usage, tax, step, index) in steps {
                books.tax = [None, taxed("7"), taxed("16.5"), taxed("19")][tax].clone();
                let open = books.close(&usage);
                let tax = books.tax.as_ref();
                let by_rule = books.invoices.iter().map(|one| one.tax_on_charges(tax).unwrap());
                let taxes = books.invoices.iter().map(|one| one.tax);
                prop_assert_eq!(Amount::checked_sum(taxes).unwrap(), Amount::checked_sum(by_rule).unwrap());
                let before = books.invoices.clone();
                prop_assert_eq!(books.close(&usage), open.clone());
                prop_assert_eq!(&books.invoices, &before);
                match (step, open) {
                    (0 | 1, Some(open)) if !open.is_empty() || open.number.is_some() => {
                        books.confirm(&open);
                    }
                    (2, _) if !books.invoices.is_empty() => {
                        let invoice = books.invoices[index.index(books.invoices.len())].clone();
                        // Refused where a correction follows from it.
                        let _ = books.unconfirm(&invoice);
                    }
                    _ => {}
                }
            }
        }
    }
}
