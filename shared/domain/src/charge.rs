//! A charge: what an invoice bills of one resource. It is the sum of its detail rows, one for each sender,
//! country, rate and price.
//!
//! An invoice keeps the sums alone. The rows of a draft are folded from the usage whenever somebody wants
//! to see them; those of a confirmed charge lie in one file that never changes, named by its content.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::edr::{Usage, UsageKey};
use crate::id::{AgreementId, ChargeId, ChargeRowId, InvoiceId, RateId, WalletId};
use crate::money::{Amount, AmountError};
use crate::period::Period;
use crate::quote::unpriced_rate;
use crate::rating::{PricedBy, Resource, ServiceKind};
use crate::sender::SenderAddress;

/// Who owes whom. What vendors charge is not kept here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeDirection {
    /// The client owes it.
    #[default]
    Receivable,
}

/// How a charge came about (guide, Appendix 5, section 19.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeSource {
    /// The platform counted what was used, or took a fee that follows from it.
    Auto,
    /// People ask for additional services by hand.
    Manual,
}

/// How that was sold which is charged (guide, Appendix 5, section 19.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceType {
    PayAsYouGo,
    UnitPack,
    MonetaryPack,
    BundleInitiator,
    BundlePack,
    /// At a price that was agreed on by hand and is in no rate plan.
    AdditionalFee,
}

impl From<ServiceKind> for ServiceType {
    fn from(kind: ServiceKind) -> Self {
        match kind {
            ServiceKind::PayAsYouGo => Self::PayAsYouGo,
            ServiceKind::UnitPack { .. } => Self::UnitPack,
            ServiceKind::MonetaryPack { .. } => Self::MonetaryPack,
            ServiceKind::BundleInitiator => Self::BundleInitiator,
            ServiceKind::BundlePack { .. } => Self::BundlePack,
        }
    }
}

/// What the rows of one charge have in common, beside its agreement and period.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ChargeGroup {
    /// Whose balance it was taken from.
    pub wallet: WalletId,
    pub direction: ChargeDirection,
    pub resource: Resource,
    pub service_type: ServiceType,
}

impl ChargeGroup {
    /// Of the charge and of each of its rows.
    pub fn source(&self) -> ChargeSource {
        match self.resource {
            Resource::AdditionalService => ChargeSource::Manual,
            _ => ChargeSource::Auto,
        }
    }
}

/// What was used of one resource, and what it costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    pub id: ChargeId,
    #[serde(flatten)]
    pub group: ChargeGroup,
    /// 1, and one more with each correction of what confirmed invoices bill.
    pub version: u32,
    /// The version before it, which it corrects: it bills the difference alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<ChargeId>,
    pub rows: RowsAt,
    /// When it was last counted by itself, if it was: see [`crate::invoice::Invoice::calculated_at_of`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recalculated_at: Option<Timestamp>,
    /// The guide's count.
    pub messages: i64,
    /// The guide's volume.
    pub quantity: i64,
    /// The exact sum of the rows.
    pub net: Amount,
}

/// Where the rows of a charge are to be found once it is confirmed, and what they are until then: the key
/// says what is in the file, so rows are the same if the keys are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsAt {
    pub key: String,
    pub count: u32,
}

/// A line of a charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeRow {
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
    /// The guide's price type, scale type, scale tier and counter group.
    pub priced_by: PricedBy,
    pub messages: i64,
    pub quantity: i64,
    pub net: Amount,
}

/// The rows of each group, in order, none of them zero.
pub type Details = BTreeMap<ChargeGroup, Vec<ChargeRow>>;

impl ChargeRow {
    /// What tells it from the other rows of its charge.
    fn key(&self) -> impl Ord {
        let place = (&self.sender, &self.subject, &self.country);
        (place, &self.rate, self.unit_price, self.priced_by)
    }

    /// The same for each row of this charge that says the same of another count.
    pub fn id(&self, charge: &ChargeId) -> ChargeRowId {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let sender = text(self.sender.as_ref().map(SenderAddress::as_str));
        let (subject, country) = (text(self.subject.as_deref()), text(self.country.as_deref()));
        let (unit_price, priced_by) = (self.unit_price.to_string(), self.priced_by.to_string());
        let (charge, rate) = (charge.as_str(), self.rate.as_str());
        ChargeRowId::derived(&[charge, &sender, &subject, &country, rate, &unit_price, &priced_by])
    }

    fn is_zero(&self) -> bool {
        self.messages == 0 && self.quantity == 0 && self.net.is_zero()
    }

    fn add(&mut self, other: &Self) -> Result<(), AmountError> {
        self.messages += other.messages;
        self.quantity += other.quantity;
        self.net = self.net.checked_add(other.net)?;
        Ok(())
    }

    fn negated(self) -> Self {
        Self { messages: -self.messages, quantity: -self.quantity, net: -self.net, ..self }
    }
}

/// The rows that the usage of a period's days makes. `service_type` tells how a rate was sold. What came from
/// phones and has no price is not billed.
pub fn fold(
    period: Period,
    usage: Vec<(UsageKey, Usage)>,
    service_type: impl Fn(&RateId) -> ServiceType,
) -> Result<Details, AmountError> {
    let mut rows: BTreeMap<ChargeGroup, Vec<ChargeRow>> = BTreeMap::new();
    for (key, usage) in usage {
        if key.day < period.first || period.last < key.day || is_unpriced(&key) {
            continue;
        }
        let group = ChargeGroup {
            service_type: service_type(&key.rate),
            wallet: key.wallet,
            direction: ChargeDirection::Receivable,
            resource: key.resource,
        };
        rows.entry(group).or_default().push(ChargeRow {
            sender: key.sender,
            subject: key.subject,
            country: key.country,
            rate: key.rate,
            unit_price: key.unit_price,
            priced_by: key.priced_by,
            messages: usage.messages,
            quantity: usage.quantity,
            net: usage.amount,
        });
    }
    let mut details = Details::new();
    for (group, rows) in rows {
        let rows = merged(rows)?;
        if !rows.is_empty() {
            details.insert(group, rows);
        }
    }
    Ok(details)
}

fn is_unpriced(key: &UsageKey) -> bool {
    key.priced_by == PricedBy::Free && key.rate == unpriced_rate(&key.agreement)
}

/// What is to be billed still where `billed` was billed already: row by row, and below zero where too
/// much was.
pub fn difference(fresh: Vec<ChargeRow>, billed: Vec<ChargeRow>) -> Result<Vec<ChargeRow>, AmountError> {
    let billed = billed.into_iter().map(ChargeRow::negated);
    merged(fresh.into_iter().chain(billed).collect())
}

/// In order, those of one key in one row, without those that are nothing.
fn merged(mut rows: Vec<ChargeRow>) -> Result<Vec<ChargeRow>, AmountError> {
    rows.sort_unstable_by(|one, other| one.key().cmp(&other.key()));
    let mut merged: Vec<ChargeRow> = Vec::with_capacity(rows.len());
    for row in rows {
        match merged.last_mut() {
            Some(last) if last.key() == row.key() => last.add(&row)?,
            _ => merged.push(row),
        }
    }
    merged.retain(|row| !row.is_zero());
    Ok(merged)
}

/// A row as it is written: a list of its values.
type Written<'a> =
    (Option<&'a str>, Option<&'a str>, Option<&'a str>, &'a str, Amount, PricedBy, i64, i64, Amount);
type Read =
    (Option<SenderAddress>, Option<String>, Option<String>, RateId, Amount, PricedBy, i64, i64, Amount);

/// The file of these rows: a line of JSON for each.
pub fn content(rows: &[ChargeRow]) -> Result<Vec<u8>, serde_json::Error> {
    const LINE: usize = 96;
    let mut content = Vec::with_capacity(rows.len() * LINE);
    for row in rows {
        let sender = row.sender.as_ref().map(SenderAddress::as_str);
        let (subject, country) = (row.subject.as_deref(), row.country.as_deref());
        let ChargeRow { rate, unit_price, priced_by, messages, quantity, net, .. } = row;
        let rate = rate.as_str();
        let line: Written<'_> =
            (sender, subject, country, rate, *unit_price, *priced_by, *messages, *quantity, *net);
        serde_json::to_writer(&mut content, &line)?;
        content.push(b'\n');
    }
    Ok(content)
}

/// Reads what [`content`] wrote.
pub fn rows_in(content: &[u8]) -> Result<Vec<ChargeRow>, serde_json::Error> {
    let lines = content.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice::<Read>(line).map(row_of)).collect()
}

fn row_of(read: Read) -> ChargeRow {
    let (sender, subject, country, rate, unit_price, priced_by, messages, quantity, net) = read;
    ChargeRow { sender, subject, country, rate, unit_price, priced_by, messages, quantity, net }
}

impl RowsAt {
    /// Of a file with this content.
    pub fn of(agreement: &AgreementId, content: &[u8], rows: &[ChargeRow]) -> Self {
        let digest = hex::encode(Sha256::digest(content));
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        Self { key: format!("charges/{agreement}/{digest}.jsonl"), count }
    }
}

impl Charge {
    /// The charge of these rows on an invoice. It corrects the last of the `confirmed` charges of its
    /// group, if there is one.
    pub fn of(
        invoice: &InvoiceId,
        group: ChargeGroup,
        rows: &[ChargeRow],
        at: RowsAt,
        last: Option<&Charge>,
    ) -> Result<Self, AmountError> {
        let names = [crate::catalog::choice(group.service_type), crate::catalog::choice(group.direction)];
        let id = [invoice.as_str(), group.wallet.as_str(), group.resource.name(), &names[0], &names[1]];
        Ok(Self {
            id: ChargeId::derived(&id),
            version: last.map_or(1, |last| last.version + 1),
            corrects: last.map(|last| last.id.clone()),
            messages: rows.iter().map(|row| row.messages).sum(),
            quantity: rows.iter().map(|row| row.quantity).sum(),
            net: Amount::checked_sum(rows.iter().map(|row| row.net))?,
            rows: at,
            recalculated_at: None,
            group,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::id::{ServiceId, TreeTag};
    use jiff::civil::{Date, date};
    use proptest::prelude::*;

    pub(crate) fn october() -> Period {
        Period { first: date(2026, 10, 1), last: date(2026, 10, 31) }
    }

    pub(crate) fn used(day: Date, sender: &str, price: &str, messages: i64) -> (UsageKey, Usage) {
        let unit_price = Amount::parse(price).unwrap();
        let key = UsageKey {
            agreement: AgreementId::new(1),
            wallet: WalletId::main(&AgreementId::new(1)),
            day,
            resource: Resource::SmsMessage,
            sender: Some(SenderAddress::parse(sender).unwrap()),
            subject: None,
            country: Some("DE".into()),
            rate: RateId::of(&TreeTag::of(&ServiceId::new(1), 1), price.len() as u32),
            unit_price,
            priced_by: PricedBy::Flat,
        };
        let amount = unit_price.checked_times(messages.unsigned_abs() as u32).unwrap();
        let amount = if messages < 0 { -amount } else { amount };
        (key, Usage { messages, quantity: messages, amount })
    }

    pub(crate) fn details(usage: &[(UsageKey, Usage)]) -> Details {
        fold(october(), usage.to_vec(), |_| ServiceType::PayAsYouGo).unwrap()
    }

    fn shown(rows: &[ChargeRow]) -> Vec<(i64, String)> {
        rows.iter().map(|row| (row.messages, row.net.to_string())).collect()
    }

    fn only(details: Details) -> Vec<ChargeRow> {
        assert!(details.len() < 2);
        details.into_values().next().unwrap_or_default()
    }

    #[test]
    fn the_days_of_a_period_fold_into_a_row_for_each_sender_rate_and_price() {
        let rows = only(details(&[
            used(date(2026, 9, 30), "ACME", "0.045", 100),
            used(date(2026, 10, 1), "ACME", "0.045", 1),
            used(date(2026, 10, 31), "ACME", "0.045", 2),
            used(date(2026, 10, 2), "BETA", "0.045", 1),
            used(date(2026, 10, 2), "ACME", "0.01", 1),
            used(date(2026, 11, 1), "ACME", "0.045", 100),
        ]));
        assert_eq!(shown(&rows), [(1, "0.01".into()), (3, "0.135".into()), (1, "0.045".into())]);
    }

    #[test]
    fn a_row_has_the_same_id_however_much_is_counted_in_it() {
        let row = |sender, price, messages| {
            only(details(&[used(date(2026, 10, 1), sender, price, messages)])).remove(0)
        };
        let id = |row: ChargeRow, charge| row.id(&ChargeId::new(charge));
        let first = id(row("ACME", "0.045", 1), 1);
        assert_eq!(id(row("ACME", "0.045", 7), 1), first);
        for other in
            [id(row("BETA", "0.045", 1), 1), id(row("ACME", "0.01", 1), 1), id(row("ACME", "0.045", 1), 2)]
        {
            assert_ne!(other, first);
        }
    }

    #[test]
    fn each_resource_and_each_way_of_selling_is_a_charge_of_its_own() {
        let (sms, usage) = used(date(2026, 10, 1), "ACME", "0.05", 1);
        let fee = UsageKey { resource: Resource::SenderIdSetupFee, country: None, ..sms.clone() };
        let pack = UsageKey { rate: RateId::of(&TreeTag::of(&ServiceId::new(2), 1), 0), ..sms.clone() };
        let of_pack = pack.rate.clone();
        let usage = vec![(sms, usage), (fee, usage), (pack, usage)];
        let service_type = |rate: &RateId| match *rate == of_pack {
            true => ServiceType::UnitPack,
            false => ServiceType::PayAsYouGo,
        };
        let details = fold(october(), usage, service_type).unwrap();
        assert_eq!(details.len(), 3);
    }

    #[test]
    fn people_ask_for_additional_services_and_the_platform_counts_all_else() {
        let (sms, _) = used(date(2026, 10, 1), "ACME", "0.05", 1);
        let source = |resource| {
            let usage = (
                UsageKey { resource, ..sms.clone() },
                Usage { messages: 1, quantity: 1, amount: Amount::ONE },
            );
            details(&[usage]).into_keys().next().unwrap().source()
        };
        assert_eq!(source(Resource::AdditionalService), ChargeSource::Manual);
        for resource in [Resource::SmsMessage, Resource::SenderIdSetupFee, Resource::PlatformFee] {
            assert_eq!(source(resource), ChargeSource::Auto);
        }
    }

    #[test]
    fn what_was_given_back_in_full_is_no_row() {
        let given_back =
            [used(date(2026, 10, 1), "ACME", "0.05", 2), used(date(2026, 10, 2), "ACME", "0.05", -2)];
        assert_eq!(details(&given_back), Details::new());
    }

    #[test]
    fn what_is_free_for_want_of_a_price_is_not_billed_and_what_a_price_makes_free_is() {
        let (key, usage) = used(date(2026, 10, 1), "ACME", "0", 2);
        let free = UsageKey { priced_by: PricedBy::Free, ..key };
        let unpriced = UsageKey { rate: unpriced_rate(&free.agreement), ..free.clone() };
        assert_eq!(details(&[(unpriced.clone(), usage)]), Details::new());
        assert_eq!(shown(&only(details(&[(unpriced, usage), (free, usage)]))), [(2, "0".into())]);
    }

    #[test]
    fn a_correction_bills_what_came_and_takes_back_what_went() {
        let billed = only(details(&[
            used(date(2026, 10, 1), "ACME", "0.05", 2),
            used(date(2026, 10, 1), "GONE", "0.05", 1),
            used(date(2026, 10, 1), "SAME", "0.05", 7),
        ]));
        let fresh = only(details(&[
            used(date(2026, 10, 1), "ACME", "0.05", 5),
            used(date(2026, 10, 1), "NEW", "0.05", 1),
            used(date(2026, 10, 1), "SAME", "0.05", 7),
        ]));
        let rows = difference(fresh, billed).unwrap();
        assert_eq!(shown(&rows), [(3, "0.15".into()), (-1, "-0.05".into()), (1, "0.05".into())]);
    }

    #[test]
    fn the_file_of_rows_reads_as_it_was_written_and_is_named_by_what_is_in_it() {
        let rows = only(details(&[used(date(2026, 10, 1), "ACME", "0.045", 3)]));
        let content = content(&rows).unwrap();
        assert_eq!(rows_in(&content).unwrap(), rows);
        let text = String::from_utf8(content.clone()).unwrap();
        assert!(
            text.starts_with(r#"["ACME",null,"DE","rat_"#)
                && text.ends_with("\"0.045\",\"\",3,3,\"0.135\"]\n")
        );
        let at = RowsAt::of(&AgreementId::new(1), &content, &rows);
        assert_eq!((at.count, at.key.len()), (1, "charges/".len() + 30 + 1 + 64 + ".jsonl".len()));
        assert_ne!(RowsAt::of(&AgreementId::new(1), b"", &[]).key, at.key);
    }

    /// Usage of a month: few senders and prices, so that rows meet.
    fn any_usage() -> impl Strategy<Value = Vec<(UsageKey, Usage)>> {
        let row = (1i8..=31, 0usize..3, 0usize..3, -5i64..20).prop_map(|(day, sender, price, messages)| {
            let sender = ["ACME", "BETA", "GAMMA"][sender];
            used(date(2026, 10, day), sender, ["0.05", "0.000001", "1.5"][price], messages)
        });
        proptest::collection::vec(row, 0..40)
    }

    proptest! {
        /// However often the usage changes and is confirmed in between: all that was confirmed and the
        /// open correction are together what the usage is now, row by row.
        #[test]
        fn all_versions_of_a_charge_add_up_to_the_usage(months in proptest::collection::vec(any_usage(), 1..6)) {
            let mut billed = Vec::new();
            for usage in &months {
                let fresh = only(details(usage));
                let open = difference(fresh.clone(), billed.clone()).unwrap();
                billed.extend(rows_in(&content(&open).unwrap()).unwrap());
                prop_assert_eq!(difference(billed.clone(), Vec::new()).unwrap(), fresh.clone());
                prop_assert_eq!(difference(fresh, billed.clone()).unwrap(), Vec::new());
            }
        }

        #[test]
        fn the_order_in_which_usage_is_read_does_not_matter(usage in any_usage()) {
            let mut turned = usage.clone();
            turned.reverse();
            prop_assert_eq!(details(&usage), details(&turned));
        }
    }
}
