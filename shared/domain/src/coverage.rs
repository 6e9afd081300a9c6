//! Which payments cover which invoices of an agreement: first as a person has said, then the oldest due
//! invoice by the oldest money. A credit note is money too. Invoices in message credits have no part in it: what was
//! used covers them ([`Invoice::is_settled_by_use`]).

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::id::{InvoiceId, PaymentId};
use crate::invoice::{Invoice, InvoiceKind};
use crate::money::{Amount, AmountError};
use crate::payment::{Payment, PaymentDirection, PaymentStatus};

/// A part of a payment that a person has put to an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocation {
    pub payment: PaymentId,
    /// Above zero. Less is taken where the payment or the invoice has less.
    pub amount: Amount,
}

/// What covers an invoice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "type", content = "id", rename_all = "snake_case")]
pub enum Source {
    Payment(PaymentId),
    CreditNote(InvoiceId),
}

/// So much of an invoice is covered by this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover {
    pub invoice: InvoiceId,
    pub source: Source,
    pub amount: Amount,
    /// Because a person has said so.
    pub by_hand: bool,
}

/// How the money of an agreement is spread over its invoices.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// In the order in which it was given out.
    pub covers: Vec<Cover>,
    /// What is left of each source.
    pub left: BTreeMap<Source, Amount>,
}

/// Money that can cover something.
struct Fund {
    source: Source,
    at: Timestamp,
    left: Amount,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AllocationError {
    #[error("an amount must be more than zero")]
    AmountNotPositive,
    #[error("a payment is named once")]
    NamedTwice,
    #[error("{payment} is no confirmed payment of this agreement")]
    NoSuchPayment { payment: PaymentId },
    #[error("a credit note is covered by nothing: it covers other invoices")]
    CreditNote,
    #[error("the invoice is a draft")]
    NotConfirmed,
    #[error("the message credits that it bills left the balance when they were used: nothing is to be paid")]
    NothingToPay,
    #[error("{payment} has {available} that is not put to other invoices, {needed} is needed")]
    NotEnough { payment: PaymentId, available: Amount, needed: Amount },
    #[error("the invoice's total is {total}")]
    MoreThanTotal { total: Amount },
    #[error(transparent)]
    Amount(#[from] AmountError),
}

/// Spreads the confirmed payments of an agreement, and its confirmed credit notes, over its confirmed
/// invoices. No more is covered than was paid: money that went back is missing from the newest payments.
pub fn cover(invoices: &[Invoice], payments: &[Payment]) -> Result<Coverage, AmountError> {
    let mut funds = funds(invoices, payments)?;
    let owed = owed(invoices);
    let mut open: Vec<Amount> = owed.iter().map(|invoice| invoice.total_due).collect();
    let mut coverage = Coverage::default();
    for (invoice, open) in owed.iter().zip(&mut open) {
        for allocation in &invoice.allocations {
            let source = Source::Payment(allocation.payment.clone());
            let Some(fund) = funds.iter_mut().find(|fund| fund.source == source) else { continue };
            let most = allocation.amount.min(*open);
            coverage.give(invoice, fund, open, most, true)?;
        }
    }
    let mut rest = funds.iter_mut().filter(|fund| fund.left.is_positive()).peekable();
    for (invoice, open) in owed.iter().zip(&mut open) {
        while open.is_positive()
            && let Some(fund) = rest.peek_mut()
        {
            let most = *open;
            coverage.give(invoice, fund, open, most, false)?;
            if fund.left.is_zero() {
                rest.next();
            }
        }
    }
    drop(rest);
    coverage.left = funds.into_iter().map(|fund| (fund.source, fund.left)).collect();
    Ok(coverage)
}

impl Coverage {
    fn give(
        &mut self,
        invoice: &Invoice,
        fund: &mut Fund,
        open: &mut Amount,
        most: Amount,
        by_hand: bool,
    ) -> Result<(), AmountError> {
        let amount = most.min(fund.left);
        if amount.is_positive() {
            fund.left = fund.left.checked_sub(amount)?;
            *open = open.checked_sub(amount)?;
            let source = fund.source.clone();
            self.covers.push(Cover { invoice: invoice.id.clone(), source, amount, by_hand });
        }
        Ok(())
    }

    /// What of an invoice's total is covered; of a credit note what it has covered, below zero.
    pub fn of(&self, invoice: &Invoice) -> Result<Amount, AmountError> {
        if invoice.is_settled_by_use() {
            return Ok(invoice.total_due);
        }
        let given = |cover: &&Cover| cover.source == Source::CreditNote(invoice.id.clone());
        let taken = |cover: &&Cover| cover.invoice == invoice.id;
        let sum = |covers: Vec<&Cover>| Amount::checked_sum(covers.into_iter().map(|cover| cover.amount));
        match invoice.kind() {
            InvoiceKind::CreditNote => Ok(-sum(self.covers.iter().filter(given).collect())?),
            InvoiceKind::Invoice => sum(self.covers.iter().filter(taken).collect()),
        }
    }
}

/// Invoices that are to be paid, the oldest due first.
fn owed(invoices: &[Invoice]) -> Vec<&Invoice> {
    let is_owed = |invoice: &&Invoice| invoice.is_confirmed() && invoice.total_due.is_positive();
    let mut owed: Vec<_> = invoices.iter().filter(is_owed).filter(|it| !it.is_settled_by_use()).collect();
    owed.sort_by_key(|invoice| (invoice.due_date, invoice.number, invoice.id.clone()));
    owed
}

/// The oldest first.
fn funds(invoices: &[Invoice], payments: &[Payment]) -> Result<Vec<Fund>, AmountError> {
    let is_there = |payment: &&Payment| payment.status == PaymentStatus::Confirmed;
    let came_in = |payment: &&Payment| payment.direction == PaymentDirection::Inbound;
    let (inbound, outbound): (Vec<_>, Vec<_>) = payments.iter().filter(is_there).partition(came_in);
    let mut funds: Vec<Fund> = Vec::new();
    for payment in inbound {
        let source = Source::Payment(payment.id.clone());
        funds.push(Fund { source, at: payment.at, left: payment.amount });
    }
    let is_note = |note: &&Invoice| note.is_confirmed() && note.kind() == InvoiceKind::CreditNote;
    for note in invoices.iter().filter(is_note).filter(|note| !note.is_settled_by_use()) {
        let at = note.confirmed_at.unwrap_or(note.calculated_at);
        funds.push(Fund { source: Source::CreditNote(note.id.clone()), at, left: -note.total_due });
    }
    funds.sort_by(|one, other| (one.at, &one.source).cmp(&(other.at, &other.source)));
    let mut gone = Amount::checked_sum(outbound.iter().map(|payment| payment.amount))?;
    for fund in funds.iter_mut().rev() {
        let taken = gone.min(fund.left);
        fund.left = fund.left.checked_sub(taken)?;
        gone = gone.checked_sub(taken)?;
    }
    Ok(funds)
}

/// The invoices that this coverage changes, as they are on a day: what was, and what is to be.
pub fn changes(
    invoices: &[Invoice],
    coverage: &Coverage,
    today: Date,
) -> Result<Vec<(Invoice, Invoice)>, AmountError> {
    let mut sums: BTreeMap<&InvoiceId, Amount> = BTreeMap::new();
    for cover in &coverage.covers {
        let sum = sums.entry(&cover.invoice).or_default();
        *sum = sum.checked_add(cover.amount)?;
        if let Source::CreditNote(note) = &cover.source {
            let sum = sums.entry(note).or_default();
            *sum = sum.checked_sub(cover.amount)?;
        }
    }
    let mut changes = Vec::new();
    for invoice in invoices.iter().filter(|invoice| invoice.is_confirmed()) {
        let after = invoice.with_covered(sums.get(&invoice.id).copied().unwrap_or_default(), today)?;
        if after != *invoice {
            changes.push((invoice.clone(), Invoice { revision: invoice.revision + 1, ..after }));
        }
    }
    Ok(changes)
}

/// Whether a person may put these payments to an invoice. `invoices` are all of the agreement.
pub fn check_allocations(
    invoice: &Invoice,
    allocations: &[Allocation],
    invoices: &[Invoice],
    payments: &[Payment],
) -> Result<(), AllocationError> {
    if !invoice.is_confirmed() {
        return Err(AllocationError::NotConfirmed);
    }
    if invoice.is_settled_by_use() {
        return Err(AllocationError::NothingToPay);
    }
    if invoice.kind() == InvoiceKind::CreditNote {
        return Err(AllocationError::CreditNote);
    }
    let sum = Amount::checked_sum(allocations.iter().map(|allocation| allocation.amount))?;
    if invoice.total_due < sum {
        return Err(AllocationError::MoreThanTotal { total: invoice.total_due });
    }
    let others = invoices.iter().filter(|other| other.id != invoice.id);
    let elsewhere: Vec<&Allocation> = others.flat_map(|other| &other.allocations).collect();
    for (place, Allocation { payment, amount }) in allocations.iter().enumerate() {
        if !amount.is_positive() {
            return Err(AllocationError::AmountNotPositive);
        }
        if allocations[..place].iter().any(|before| before.payment == *payment) {
            return Err(AllocationError::NamedTwice);
        }
        let usable = |one: &&Payment| {
            one.id == *payment
                && one.agreement == invoice.agreement
                && one.status == PaymentStatus::Confirmed
                && one.direction == PaymentDirection::Inbound
        };
        let Some(found) = payments.iter().find(usable) else {
            return Err(AllocationError::NoSuchPayment { payment: payment.clone() });
        };
        let used = elsewhere.iter().filter(|other| other.payment == *payment).map(|other| other.amount);
        let available = found.amount.checked_sub(Amount::checked_sum(used)?)?;
        if available < *amount {
            let (payment, needed) = (payment.clone(), *amount);
            return Err(AllocationError::NotEnough { payment, available, needed });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charge::{Charge, ChargeDirection, ChargeGroup, RowsAt, ServiceType};
    use crate::id::{AgreementId, ChargeId, CompanyId, WalletId};
    use crate::invoice::tests::agreement;
    use crate::invoice::{Confirmation, InvoicePayment, Timing, confirm, draft};
    use crate::money::Currency;
    use crate::period::{BillingTerms, Period};
    use crate::rating::Resource;
    use jiff::civil::date;
    use proptest::prelude::*;

    /// A confirmed invoice of a month, due at the end of the next one.
    fn invoice(month: i8, total: i64) -> Invoice {
        let period = Period { first: date(2026, month, 1), last: date(2026, month, 28) };
        let charge = Charge {
            id: ChargeId::new(month as u128),
            group: ChargeGroup {
                wallet: WalletId::main(&AgreementId::new(1)),
                direction: ChargeDirection::Receivable,
                resource: Resource::SmsMessage,
                service_type: ServiceType::PayAsYouGo,
            },
            version: 1,
            corrects: None,
            rows: RowsAt { key: "charges/1".into(), count: 1 },
            recalculated_at: None,
            messages: 1,
            quantity: 1,
            net: Amount::whole(total),
        };
        let now = at(month + 1);
        let draft = draft(&agreement(), period, 0, vec![charge], None, now).unwrap();
        let ask = Confirmation { timing: Timing::AfterPeriod, send: false, by: "usr".into() };
        confirm(&draft, month as u64, &BillingTerms::monthly_utc(), &ask, now).unwrap()
    }

    fn at(month: i8) -> Timestamp {
        date(2026, month, 1).in_tz("UTC").unwrap().timestamp()
    }

    fn payment(number: u128, month: i8, amount: i64) -> Payment {
        let out = amount < 0;
        Payment {
            id: PaymentId::new(number),
            company: CompanyId::new(1),
            tenant: CompanyId::new(0),
            agreement: AgreementId::new(1),
            wallet: WalletId::main(&AgreementId::new(1)),
            direction: if out { PaymentDirection::Outbound } else { PaymentDirection::Inbound },
            amount: Amount::whole(amount.abs()),
            currency: Currency::parse("EUR").unwrap(),
            exchange: None,
            payment_date: date(2026, month, 1),
            top_up: None,
            receipt_of: None,
            reference: number.to_string(),
            description: String::new(),
            status: PaymentStatus::Confirmed,
            confirm_before: None,
            deadline: None,
            may_overdraw: false,
            request_hash: String::new(),
            by: String::new(),
            at: at(month),
            changed_at: at(month),
            revision: 0,
        }
    }

    fn covered(invoices: &[Invoice], payments: &[Payment]) -> Vec<String> {
        let coverage = cover(invoices, payments).unwrap();
        invoices.iter().map(|invoice| coverage.of(invoice).unwrap().to_string()).collect()
    }

    fn by_hand(invoice: Invoice, payment: u128, amount: i64) -> Invoice {
        let allocation = Allocation { payment: PaymentId::new(payment), amount: Amount::whole(amount) };
        invoice.with_allocations(vec![allocation]).unwrap()
    }

    #[test]
    fn payments_cover_the_oldest_due_invoice_first() {
        let invoices = [invoice(2, 30), invoice(1, 20)];
        assert_eq!(covered(&invoices, &[]), ["0", "0"]);
        assert_eq!(covered(&invoices, &[payment(1, 1, 15)]), ["0", "15"]);
        assert_eq!(covered(&invoices, &[payment(1, 1, 15), payment(2, 1, 10)]), ["5", "20"]);
        assert_eq!(covered(&invoices, &[payment(1, 1, 99)]), ["30", "20"]);
    }

    #[test]
    fn message_credits_that_were_bought_cover_no_invoice_as_their_use_has_and_none_is_put_to_one_by_hand() {
        let in_credits = |invoice: Invoice| Invoice { currency: Currency::Credit, ..invoice };
        let invoices = [invoice(1, 20), invoice(2, -8), invoice(3, 30)].map(in_credits);
        let bought = payment(1, 1, 25);
        let coverage = cover(&invoices, std::slice::from_ref(&bought)).unwrap();
        let left: Vec<Amount> = coverage.left.values().copied().collect();
        assert_eq!((coverage.covers.len(), left), (0, vec![bought.amount]));
        assert_eq!(covered(&invoices, std::slice::from_ref(&bought)), ["20", "-8", "30"]);
        let changed = changes(&invoices, &coverage, date(2026, 12, 1)).unwrap();
        let shown: Vec<_> = changed.iter().map(|(_, after)| (after.payment, after.outstanding)).collect();
        assert_eq!(shown, [(InvoicePayment::Paid, Amount::ZERO); 3], "as they would be from the beginning");
        let allocation = Allocation { payment: bought.id.clone(), amount: Amount::ONE };
        let refused = check_allocations(&invoices[0], &[allocation], &invoices, &[bought]);
        assert_eq!(refused, Err(AllocationError::NothingToPay));
    }

    #[test]
    fn money_that_is_not_there_covers_nothing() {
        let expected = Payment { status: PaymentStatus::NotConfirmed, ..payment(1, 1, 15) };
        let canceled = Payment { status: PaymentStatus::Canceled, ..payment(2, 1, 15) };
        assert_eq!(covered(&[invoice(1, 20)], &[expected, canceled]), ["0"]);
        assert_eq!(covered(&[invoice(1, 20)], &[payment(1, 1, 15), payment(2, 2, -5)]), ["10"]);
        assert_eq!(covered(&[invoice(1, 20)], &[payment(1, 1, 15), payment(2, 2, -50)]), ["0"]);
    }

    #[test]
    fn a_person_puts_a_payment_to_an_invoice_before_others_are_covered() {
        let invoices = [invoice(1, 20), by_hand(invoice(2, 30), 1, 25)];
        assert_eq!(covered(&invoices, &[payment(1, 1, 40)]), ["15", "25"]);
        assert_eq!(covered(&invoices, &[payment(1, 1, 10), payment(2, 1, 3)]), ["3", "10"]);
        let canceled = Payment { status: PaymentStatus::Canceled, ..payment(1, 1, 40) };
        assert_eq!(covered(&invoices, &[canceled, payment(2, 1, 3)]), ["3", "0"]);
    }

    #[test]
    fn a_credit_note_covers_invoices_as_money_does() {
        let invoices = [invoice(1, 20), invoice(2, -8)];
        assert_eq!(covered(&invoices, &[]), ["8", "-8"]);
        assert_eq!(covered(&invoices, &[payment(1, 1, 15)]), ["20", "-5"]);
        let coverage = cover(&invoices, &[]).unwrap();
        let changed = changes(&invoices, &coverage, date(2026, 3, 1)).unwrap();
        let shown: Vec<_> = changed.iter().map(|(_, after)| (after.payment, after.outstanding)).collect();
        let expected = [(InvoicePayment::Partly, Amount::whole(12)), (InvoicePayment::Paid, Amount::ZERO)];
        // The invoice of January was confirmed on 1 February and is due on 3 March.
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_is_noted_once_is_not_noted_again_until_the_day_makes_it_overdue() {
        let invoices = [invoice(1, 20)];
        let coverage = cover(&invoices, &[payment(1, 1, 5)]).unwrap();
        let changed = changes(&invoices, &coverage, date(2026, 3, 3)).unwrap();
        let after = [changed[0].1.clone()];
        assert_eq!(after[0].payment, InvoicePayment::Partly);
        assert_eq!(changes(&after, &coverage, date(2026, 3, 3)).unwrap(), []);
        let late = changes(&after, &coverage, date(2026, 3, 4)).unwrap();
        assert_eq!(late[0].1.payment, InvoicePayment::Overdue);
    }

    #[test]
    fn a_payment_is_put_to_invoices_as_far_as_it_goes() {
        let (one, other) = (invoice(1, 20), by_hand(invoice(2, 30), 1, 25));
        let (invoices, payments) = ([one.clone(), other], [payment(1, 1, 40), payment(2, 1, -5)]);
        let put = |number, amount| {
            let allocation = Allocation { payment: PaymentId::new(number), amount: Amount::whole(amount) };
            check_allocations(&one, &[allocation], &invoices, &payments)
        };
        assert_eq!(put(1, 15), Ok(()));
        let (payment, available, needed) = (PaymentId::new(1), Amount::whole(15), Amount::whole(16));
        assert_eq!(put(1, 16), Err(AllocationError::NotEnough { payment, available, needed }));
        assert_eq!(put(1, 21), Err(AllocationError::MoreThanTotal { total: Amount::whole(20) }));
        assert_eq!(put(1, 0), Err(AllocationError::AmountNotPositive));
        for wrong in [2, 3] {
            let payment = PaymentId::new(wrong);
            assert_eq!(put(wrong, 1), Err(AllocationError::NoSuchPayment { payment }));
        }
        let note = check_allocations(&invoice(3, -1), &[], &invoices, &payments);
        assert_eq!(note, Err(AllocationError::CreditNote));
    }

    proptest! {
        /// No more is covered than was paid, no invoice by more than its total, and nothing is left while
        /// something is owed.
        #[test]
        fn money_is_neither_made_nor_lost(
            totals in proptest::collection::vec(-50i64..100, 0..8),
            amounts in proptest::collection::vec(-40i64..120, 0..8),
            hands in proptest::collection::vec((0usize..8, 0u128..8, 1i64..60), 0..6),
        ) {
            let mut invoices: Vec<_> = (1i8..).zip(&totals).map(|(month, total)| invoice(month, *total)).collect();
            for (place, payment, amount) in hands {
                if let Some(invoice) = invoices.get_mut(place) {
                    *invoice = by_hand(invoice.clone(), payment, amount);
                }
            }
            let payments: Vec<_> =
                (0u128..).zip(&amounts).map(|(number, amount)| payment(number, 1, *amount)).collect();
            let coverage = cover(&invoices, &payments).unwrap();
            let whole = |amounts: Vec<Amount>| Amount::checked_sum(amounts).unwrap();
            let (mut taken, mut owed) = (Vec::new(), Vec::new());
            for invoice in invoices.iter().filter(|invoice| invoice.kind() == InvoiceKind::Invoice) {
                let covered = coverage.of(invoice).unwrap();
                prop_assert!(!covered.is_negative() && covered <= invoice.total_due);
                taken.push(covered);
                owed.push(invoice.total_due);
            }
            let notes = totals.iter().filter(|total| **total < 0).map(|total| -total);
            let inbound = amounts.iter().copied().filter(|amount| 0 < *amount).chain(notes).sum::<i64>();
            let outbound = amounts.iter().filter(|amount| **amount < 0).sum::<i64>();
            let there = Amount::whole((inbound + outbound).max(0));
            let left = whole(coverage.left.values().copied().collect());
            prop_assert_eq!(whole(taken.clone()).checked_add(left).unwrap(), there);
            prop_assert_eq!(whole(taken), there.min(whole(owed)));
            let noted = changes(&invoices, &coverage, date(2026, 12, 1)).unwrap();
            for (_, after) in noted {
                prop_assert_eq!(coverage.of(&after).unwrap(), after.covered);
            }
        }
    }
}
