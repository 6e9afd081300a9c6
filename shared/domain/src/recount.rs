//! Usage recounted from the records of messages and fees, beside what was counted as each of them changed:
//! a second way to the same sums, which shares no step with the first.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::agreement::Agreement;
use crate::edr::{Edr, EdrPart, FeeRecord, Record, Usage, UsageKey};
use crate::id::WalletId;
use crate::money::{Amount, AmountError};
use crate::period::Period;
use crate::rating::PricedBy;

/// Sums of usage by their keys.
pub type UsageRows = BTreeMap<UsageKey, Usage>;

/// What the records of one agreement come to in the days of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recount {
    period: Period,
    /// Of messages and fees, also those that cost nothing.
    pub records: u64,
    pub rows: UsageRows,
}

/// A row that was counted otherwise than its records say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub key: UsageKey,
    /// By the records.
    pub recounted: Usage,
    /// In the usage row; nothing if there is none.
    pub counted: Usage,
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, recounted, counted } = self;
        let UsageKey {
            agreement,
            wallet,
            day,
            resource,
            sender,
            subject,
            country,
            rate,
            unit_price,
            priced_by,
        } = key;
        write!(out, "{agreement} {wallet} {day} {}", resource.name())?;
        let sender = sender.as_ref().map(|sender| sender.as_str());
        for known in [sender, subject.as_deref(), country.as_deref()].into_iter().flatten() {
            write!(out, " {known}")?;
        }
        let (rate, counted, recounted) = (rate.as_str(), Shown(*counted), Shown(*recounted));
        write!(out, " {rate} at {unit_price} {priced_by}: {counted} instead of {recounted}")
    }
}

struct Shown(Usage);

impl fmt::Display for Shown {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Usage { messages, quantity, amount } = self.0;
        write!(out, "{amount} for {messages} messages, {quantity} units")
    }
}

impl Recount {
    /// Nothing yet.
    pub fn of(period: Period) -> Self {
        Self { period, records: 0, rows: UsageRows::new() }
    }

    /// Takes in a record of `agreement`. One of another day is passed over.
    pub fn add(&mut self, agreement: &Agreement, record: &Record) -> Result<(), AmountError> {
        let accepted_at = match record {
            Record::Message(edr) => edr.accepted_at,
            Record::Fee(fee) => fee.accepted_at,
        };
        let day = agreement.version_at(accepted_at).billing.day_of(accepted_at);
        if day < self.period.first || self.period.last < day {
            return Ok(());
        }
        self.records += 1;
        match record {
            Record::Message(edr) => self.add_message(edr, day),
            Record::Fee(fee) => self.add_fee(fee, day),
        }
    }

    fn add_message(&mut self, edr: &Edr, day: Date) -> Result<(), AmountError> {
        let only = EdrPart {
            rate: edr.rate.clone(),
            unit_price: edr.unit_price,
            quantity: edr.quantity,
            quantity_rule: edr.quantity_rule,
            billing: edr.billing,
            priced_by: edr.priced_by,
            amount: edr.amount,
        };
        let main = || WalletId::main(&edr.agreement);
        let wallet = edr.wallet.clone().unwrap_or_else(main);
        let parts = if edr.parts.is_empty() { std::slice::from_ref(&only) } else { &edr.parts };
        for (place, part) in parts.iter().enumerate().filter(|(_, part)| edr.status.owes(part.billing)) {
            let key = UsageKey {
                agreement: edr.agreement.clone(),
                wallet: wallet.clone(),
                day,
                resource: edr.resource,
                sender: Some(edr.sender.clone()),
                subject: None,
                country: Some(edr.country.clone()),
                rate: part.rate.clone(),
                unit_price: part.unit_price,
                priced_by: part.priced_by,
            };
            // The message itself counts with its first part.
            let messages = i64::from(place == 0);
            self.sum(key, Usage { messages, quantity: part.quantity.into(), amount: part.amount })?;
        }
        Ok(())
    }

    fn add_fee(&mut self, fee: &FeeRecord, day: Date) -> Result<(), AmountError> {
        let key = UsageKey {
            agreement: fee.agreement.clone(),
            wallet: WalletId::main(&fee.agreement),
            day,
            resource: fee.resource,
            sender: fee.sender.clone(),
            subject: fee.subject.clone(),
            country: None,
            rate: fee.rate.clone(),
            unit_price: fee.unit_price,
            priced_by: PricedBy::Flat,
        };
        self.sum(key, fee.usage())
    }

    fn sum(&mut self, key: UsageKey, usage: Usage) -> Result<(), AmountError> {
        let sum = self.rows.entry(key).or_default();
        *sum = sum.checked_add(usage)?;
        Ok(())
    }

    /// Where the usage rows of the same days say something else, by their keys. A row whose messages were all
    /// refunded may be there or not.
    pub fn differences(&self, counted: &[(UsageKey, Usage)]) -> Vec<Difference> {
        let counted: BTreeMap<&UsageKey, Usage> = counted.iter().map(|(key, usage)| (key, *usage)).collect();
        let keys: BTreeSet<&UsageKey> = self.rows.keys().chain(counted.keys().copied()).collect();
        let difference = |key: &UsageKey| {
            let recounted = self.rows.get(key).copied().unwrap_or_default();
            let counted = counted.get(key).copied().unwrap_or_default();
            (recounted != counted).then(|| Difference { key: key.clone(), recounted, counted })
        };
        keys.into_iter().filter_map(difference).collect()
    }

    /// What the records come to.
    pub fn total(&self) -> Result<Amount, AmountError> {
        Amount::checked_sum(self.rows.values().map(|usage| usage.amount))
    }
}

/// Names these differences, in their order, by their rows and by how much each is off: the same whatever else is
/// counted on both sides meanwhile.
pub fn digest(differences: &[Difference]) -> Result<String, AmountError> {
    let off = |Difference { key, recounted, counted }: &Difference| {
        recounted.checked_add(counted.negated()).map(|off| json!([key, off]))
    };
    let content = differences.iter().map(off).collect::<Result<serde_json::Value, AmountError>>()?;
    Ok(hex::encode(&Sha256::digest(content.to_string())[..16]))
}

/// The moments between which records of these days were accepted, under whichever of the agreement's terms
/// was in force: its time zone may have changed in between.
pub fn span(agreement: &Agreement, period: Period) -> (Timestamp, Timestamp) {
    let terms = || agreement.versions.iter().map(|version| &version.billing);
    let from = terms().map(|terms| terms.start_of(period.first)).min();
    let till = terms().map(|terms| terms.end_of(period)).max();
    (from.unwrap_or(Timestamp::MIN), till.unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::agreement::tests::agreement;
    use crate::edr::{agreements, record_at, usage_changes};
    use crate::message::tests::{charge, message};
    use crate::message::{Message, Status};
    use crate::rating::{BillingRule, Resource};

    const STATUSES: [Status; 9] = [
        Status::Accepted,
        Status::Queued,
        Status::Submitted,
        Status::Delivered,
        Status::Undelivered,
        Status::Expired,
        Status::Rejected,
        Status::Unsent,
        Status::Canceled,
    ];
    const EVER: Period = Period { first: date(1960, 1, 1), last: date(2100, 1, 1) };

    /// The agreement that pays for the test message itself.
    fn own() -> Agreement {
        Agreement { id: message().agreement, ..agreement() }
    }

    fn in_status(status: Status, charges: &[(&str, BillingRule)]) -> Message {
        let charge = |(price, billing): &(&str, BillingRule)| charge(1, price, *billing);
        Message { status, charges: charges.iter().map(charge).collect(), ..message() }
    }

    /// As the projector counts it, from its first state on.
    fn counted(states: &[Message]) -> Vec<(UsageKey, Usage)> {
        let own = own();
        let mut rows = UsageRows::new();
        let mut before = None;
        for after in states {
            for change in usage_changes(before, after).unwrap() {
                let key = UsageKey {
                    agreement: own.id.clone(),
                    wallet: change.wallet,
                    day: own.version_at(after.accepted_at).billing.day_of(after.accepted_at),
                    resource: Resource::SmsMessage,
                    sender: Some(after.sender.clone()),
                    subject: None,
                    country: Some(after.country.clone()),
                    rate: change.rate,
                    unit_price: change.unit_price,
                    priced_by: change.priced_by,
                };
                let sum = rows.entry(key).or_default();
                *sum = sum.checked_add(change.usage).unwrap();
            }
            before = Some(after);
        }
        rows.into_iter().collect()
    }

    fn recounted(messages: &[Message]) -> Recount {
        let own = own();
        let mut recount = Recount::of(EVER);
        for message in messages {
            assert_eq!(agreements(message).next(), Some(own.id.clone()));
            let edr = record_at(message, &own.id).unwrap();
            recount.add(&own, &Record::Message(Box::new(edr))).unwrap();
        }
        recount
    }

    #[test]
    fn a_message_recounts_to_what_its_changes_counted() {
        let charges = [("0.05", BillingRule::Submitted), ("0.01", BillingRule::Delivered)];
        let states = [in_status(Status::Accepted, &charges), in_status(Status::Undelivered, &charges)];
        let recount = recounted(&states[1..]);
        assert_eq!(recount.differences(&counted(&states)), []);
        assert_eq!((recount.records, recount.total().unwrap().to_string()), (1, "0.05".to_owned()));
    }

    #[test]
    fn what_a_user_s_own_credits_paid_is_a_row_of_that_wallet() {
        let mut message = in_status(Status::Delivered, &[("0.05", BillingRule::Submitted)]);
        message.charges[0].wallet = WalletId::new(77);
        let recount = recounted(std::slice::from_ref(&message));
        let wallets: Vec<_> = recount.rows.keys().map(|key| key.wallet.clone()).collect();
        assert_eq!(wallets, [WalletId::new(77)]);
        assert_eq!(recount.differences(&counted(&[message])), []);
    }

    #[test]
    fn what_is_free_is_counted_by_its_messages() {
        let recount = recounted(&[in_status(Status::Delivered, &[("0", BillingRule::Submitted)])]);
        let sums: Vec<_> = recount.rows.values().map(|usage| (usage.messages, usage.amount)).collect();
        assert_eq!(sums, [(1, Amount::ZERO)]);
        assert_eq!(recount.differences(&[]).len(), 1);
    }

    #[test]
    fn a_row_that_was_counted_twice_is_told_with_both_sums() {
        let state = in_status(Status::Delivered, &[("0.05", BillingRule::Submitted)]);
        let mut rows = counted(std::slice::from_ref(&state));
        rows[0].1 = rows[0].1.checked_add(rows[0].1).unwrap();
        let [difference] = &recounted(&[state]).differences(&rows)[..] else { panic!("one row differs") };
        assert!(
            difference
                .to_string()
                .ends_with("0.1 for 2 messages, 2 units instead of 0.05 for 1 messages, 1 units"),
            "{difference}"
        );
    }

    #[test]
    fn a_refunded_row_that_is_still_there_is_no_difference() {
        let charges = [("0.05", BillingRule::Submitted)];
        let states = [in_status(Status::Accepted, &charges), in_status(Status::Unsent, &charges)];
        let rows = counted(&states);
        assert!(rows[0].1.is_zero());
        assert_eq!(recounted(&states[1..]).differences(&rows), []);
        assert_eq!(recounted(&states[1..]).differences(&[]), []);
    }

    #[test]
    fn a_difference_is_the_same_while_both_sides_are_counted_on_and_another_in_each_number_and_row() {
        let usage = |messages, quantity, cents| Usage { messages, quantity, amount: Amount::whole(cents) };
        let [(row, _)] = &counted(&[in_status(Status::Delivered, &[("0.05", BillingRule::Submitted)])])[..]
        else {
            panic!("one row")
        };
        let of = |key: &UsageKey, recounted, counted| {
            digest(&[Difference { key: key.clone(), recounted, counted }]).unwrap()
        };
        let first = of(row, usage(3, 3, 9), usage(4, 4, 12));
        assert_eq!(of(row, usage(7, 8, 90), usage(8, 9, 93)), first);
        let other = UsageKey { country: Some("AM".to_owned()), ..row.clone() };
        let others = [
            of(row, usage(3, 3, 9), usage(5, 4, 12)),
            of(row, usage(3, 3, 9), usage(4, 5, 12)),
            of(row, usage(3, 3, 9), usage(4, 4, 13)),
            of(&other, usage(3, 3, 9), usage(4, 4, 12)),
        ];
        assert!(!others.contains(&first), "{others:?}");
    }

    #[test]
    fn other_days_are_passed_over_in_the_agreement_s_own_zone() {
        let mut tokyo = own();
        tokyo.versions[0].billing.time_zone = "Asia/Tokyo".to_owned();
        let day = |day| Period { first: day, last: day };
        let (from, till) = span(&tokyo, day(date(2026, 3, 1)));
        assert_eq!((from.to_string(), till.to_string()).0, "2026-02-28T15:00:00Z");
        assert_eq!(till.to_string(), "2026-03-01T15:00:00Z");
        let accepted = |at: Timestamp| {
            let message = Message { accepted_at: at, ..message() };
            let record = Record::Message(Box::new(record_at(&message, &tokyo.id).unwrap()));
            let mut recount = Recount::of(day(date(2026, 3, 1)));
            recount.add(&tokyo, &record).unwrap();
            recount.records
        };
        let before = |at: Timestamp| at.saturating_sub(jiff::SignedDuration::from_secs(1)).unwrap();
        assert_eq!([before(from), from, before(till), till].map(accepted), [0, 1, 1, 0]);
    }

    #[test]
    fn a_day_of_a_zone_that_was_left_since_is_looked_for_as_well() {
        let mut moved = own();
        let mut next = moved.versions[0].clone();
        moved.versions[0].billing.time_zone = "America/Los_Angeles".to_owned();
        next.effective_from = "2026-03-01T00:00:00Z".parse().unwrap();
        next.billing.time_zone = "Asia/Tokyo".to_owned();
        moved.versions.push(next);
        let day = date(2026, 3, 1);
        let (from, till) = span(&moved, Period { first: day, last: day });
        assert_eq!(from.to_string(), "2026-02-28T15:00:00Z");
        assert_eq!(till.to_string(), "2026-03-02T08:00:00Z");
    }

    proptest! {
        #[test]
        fn whatever_becomes_of_a_message_both_ways_come_to_the_same(
            steps in prop::collection::vec(0usize..9, 1..5),
            prices in prop::collection::vec((0u32..3, 0usize..3), 1..4),
        ) {
            let rules = [BillingRule::Submitted, BillingRule::Delivered, BillingRule::Accepted];
            let prices: Vec<(String, BillingRule)> =
                prices.iter().map(|(cents, rule)| (format!("0.0{cents}"), rules[*rule])).collect();
            let charges: Vec<_> = prices.iter().map(|(price, rule)| (price.as_str(), *rule)).collect();
            let states: Vec<_> = steps.iter().map(|step| in_status(STATUSES[*step], &charges)).collect();
            let last = &states[states.len() - 1..];
            prop_assert_eq!(recounted(last).differences(&counted(&states)), vec![]);
        }
    }
}
