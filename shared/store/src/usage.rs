//! The usage rows of an agreement, as closing a period reads them: a hundred thousand in one go.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::edr::{Usage, UsageKey};
use domain::id::{AgreementId, RateId, WalletId};
use domain::money::Amount;
use domain::period::Period;
use domain::rating::{PricedBy, Resource};
use domain::sender::SenderAddress;
use futures::{StreamExt, TryStreamExt};
use jiff::civil::Date;

use crate::item::{Item, amount_of, text};
use crate::{Store, StoreError, keys};

const KIND: &str = "a usage row";
/// Parts of a period that are read at once where one answer does not hold it. More than this many answers
/// under way only wait for each other.
const AT_ONCE: usize = 8;

type Row = (UsageKey, Usage);
/// Where in a row's text the day ends: all else is a list in JSON.
const DAY_END: char = '[';
/// What [`usage_row_text`] writes behind the day.
type Read = (
    Option<WalletId>,
    Resource,
    Option<SenderAddress>,
    Option<String>,
    Option<String>,
    RateId,
    Amount,
    PricedBy,
);

/// What a row is of, as it is written, and how much.
type Counted = (String, Usage);

impl Store {
    /// The usage of an agreement in a period, in no order.
    pub async fn usage(&self, agreement: &AgreementId, period: Period) -> Result<Vec<Row>, StoreError> {
        let rows = self.counted(agreement, period).await?.into_iter();
        rows.map(|(row, usage)| Ok((key_of(agreement, &row)?, usage))).collect()
    }

    /// The same with the days summed up: each row once, under one of its days. So all that closing does, it does
    /// for what differs from day to day alone.
    pub async fn usage_of_all_days(
        &self,
        agreement: &AgreementId,
        period: Period,
    ) -> Result<Vec<Row>, StoreError> {
        let mut sums: HashMap<String, (String, Usage)> = HashMap::new();
        for (mut row, usage) in self.counted(agreement, period).await? {
            let of_all_days = row.split_off(row.find(DAY_END).unwrap_or_default());
            match sums.entry(of_all_days) {
                Entry::Occupied(mut known) => known.get_mut().1 = known.get().1.checked_add(usage)?,
                Entry::Vacant(new) => drop(new.insert((row, usage))),
            }
        }
        let rows = sums.into_iter();
        rows.map(|(rest, (day, usage))| Ok((key_of(agreement, &(day + &rest))?, usage))).collect()
    }

    async fn counted(&self, agreement: &AgreementId, period: Period) -> Result<Vec<Counted>, StoreError> {
        let all = (format!("{}#", period.first), format!("{}#~", period.last));
        let (mut rows, next) = self.usage_page(agreement, &all).await?;
        let parts = next.map(|next| parts(&next, period.last)).unwrap_or_default();
        let read = parts.into_iter().map(|part| self.usage_between(agreement, part));
        let mut read = futures::stream::iter(read).buffer_unordered(AT_ONCE);
        while let Some(more) = read.try_next().await? {
            rows.extend(more);
        }
        Ok(rows)
    }

    async fn usage_between(
        &self,
        agreement: &AgreementId,
        mut between: (String, String),
    ) -> Result<Vec<Counted>, StoreError> {
        let mut rows = Vec::new();
        loop {
            let (more, next) = self.usage_page(agreement, &between).await?;
            rows.extend(more);
            match next {
                Some(next) => between.0 = behind(&next),
                None => return Ok(rows),
            }
        }
    }

    /// What one answer holds, and the place of its last row if there is more.
    async fn usage_page(
        &self,
        agreement: &AgreementId,
        (first, last): &(String, String),
    ) -> Result<(Vec<Counted>, Option<String>), StoreError> {
        let query = self
            .dynamo
            .query()
            .table_name(&self.tables.records)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .projection_expression("#row, messages, quantity, amount")
            .expression_attribute_names("#row", "row")
            .expression_attribute_values(":pk", text(keys::usage_rows(agreement)))
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":last", text(last))
            .consistent_read(true);
        let answer = query.send().await.map_err(StoreError::aws("read usage"))?;
        let next = answer.last_evaluated_key.and_then(|mut key| key.remove(keys::SK));
        let rows = answer.items.unwrap_or_default().into_iter().map(counted_of);
        Ok((rows.collect::<Result<_, _>>()?, next.and_then(|next| string(next).ok())))
    }
}

/// The first place behind this one.
fn behind(place: &str) -> String {
    format!("{place}!")
}

/// What is behind a place, in about as many parts as are read at once: the rest of its day, then some days
/// each.
fn parts(place: &str, last: Date) -> Vec<(String, String)> {
    let Some(day) = place.split('#').next().and_then(|day| day.parse::<Date>().ok()) else {
        return vec![(behind(place), format!("{last}#~"))];
    };
    let mut parts = vec![(behind(place), format!("{day}#~"))];
    let days: Vec<Date> =
        day.series(jiff::Span::new().days(1)).skip(1).take_while(|day| *day <= last).collect();
    let each = days.len().div_ceil(AT_ONCE).max(1);
    for days in days.chunks(each) {
        if let (Some(first), Some(last)) = (days.first(), days.last()) {
            parts.push((format!("{first}#"), format!("{last}#~")));
        }
    }
    parts
}

/// Takes the item apart by hand: of these there are too many for a general reader.
fn counted_of(mut item: Item) -> Result<Counted, StoreError> {
    let usage = Usage {
        messages: count(&item, "messages")?,
        quantity: count(&item, "quantity")?,
        amount: amount_of(KIND, item.get("amount"))?,
    };
    let row = item.remove("row").ok_or_else(|| missing("row"))?;
    Ok((string(row)?, usage))
}

/// Reads what [`usage_row_text`] wrote.
fn key_of(agreement: &AgreementId, row: &str) -> Result<UsageKey, StoreError> {
    let (day, rest) = row.split_at(row.find(DAY_END).ok_or_else(|| missing("day"))?);
    let day = day.parse().map_err(|error| StoreError::corrupt(KIND, error))?;
    let (wallet, resource, sender, subject, country, rate, unit_price, priced_by): Read =
        serde_json::from_str(rest).map_err(|error| StoreError::corrupt(KIND, error))?;
    let wallet = wallet.unwrap_or_else(|| WalletId::main(agreement));
    let agreement = agreement.clone();
    Ok(UsageKey { agreement, wallet, day, resource, sender, subject, country, rate, unit_price, priced_by })
}

/// What a row is of, as it is stored: one text, because a hundred thousand of them are read at once; the day
/// first, because all else is the same on many days. The agreement is in the item's key, and a wallet is told
/// if it is not the agreement's main one.
pub fn usage_row_text(key: &UsageKey) -> Result<String, StoreError> {
    let UsageKey { agreement, wallet, day, resource, sender, subject, country, rate, unit_price, priced_by } =
        key;
    let wallet = Some(wallet).filter(|wallet| **wallet != WalletId::main(agreement));
    let row = (wallet, resource, sender, subject, country, rate, unit_price, priced_by);
    let row = serde_json::to_string(&row).map_err(|error| StoreError::corrupt(KIND, error))?;
    Ok(format!("{day}{row}"))
}

fn count(item: &Item, name: &'static str) -> Result<i64, StoreError> {
    let digits = item.get(name).and_then(|value| value.as_n().ok());
    let count = digits.and_then(|digits| digits.parse().ok());
    count.ok_or_else(|| missing(name))
}

fn string(value: AttributeValue) -> Result<String, StoreError> {
    match value {
        AttributeValue::S(text) => Ok(text),
        other => Err(StoreError::corrupt(KIND, format!("{other:?} is no text"))),
    }
}

fn missing(name: &str) -> StoreError {
    StoreError::corrupt(KIND, format!("{name} is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::number;
    use domain::id::{ServiceId, TreeTag};
    use domain::rating::ScaleKind;
    use jiff::civil::date;

    #[test]
    fn a_row_reads_back_as_it_is_written() {
        let main = UsageKey {
            agreement: AgreementId::new(1),
            wallet: WalletId::main(&AgreementId::new(1)),
            day: date(2026, 10, 3),
            resource: Resource::SmsMessage,
            sender: Some(SenderAddress::parse("ACME").unwrap()),
            subject: None,
            country: Some("DE".to_owned()),
            rate: RateId::of(&TreeTag::of(&ServiceId::new(1), 1), 7),
            unit_price: Amount::parse("0.0123").unwrap(),
            priced_by: PricedBy::Flat,
        };
        let scale = PricedBy::Scale { scale: ScaleKind::Tier, tier: 2, counter_group: None };
        let of_user = UsageKey { wallet: WalletId::new(7), priced_by: scale, ..main.clone() };
        for key in [main, of_user] {
            let item = Item::from([
                ("row".to_owned(), text(usage_row_text(&key).unwrap())),
                ("messages".to_owned(), number(2)),
                ("quantity".to_owned(), number(3)),
                ("amount".to_owned(), number("0.0369")),
            ]);
            let usage = Usage { messages: 2, quantity: 3, amount: Amount::parse("0.0369").unwrap() };
            let (row, counted) = counted_of(item).unwrap();
            assert_eq!((key_of(&AgreementId::new(1), &row).unwrap(), counted), (key, usage));
        }
    }

    #[test]
    fn what_one_answer_does_not_hold_is_read_in_parts_without_gap_or_overlap() {
        let parts = parts("2026-10-03#ab", date(2026, 10, 31));
        assert_eq!(parts[0], ("2026-10-03#ab!".to_owned(), "2026-10-03#~".to_owned()));
        assert_eq!(parts[1].0, "2026-10-04#");
        assert_eq!(parts.last().unwrap().1, "2026-10-31#~");
        assert!(parts.len() <= AT_ONCE + 1, "{parts:?}");
        for pair in parts.windows(2) {
            let end: Date = pair[0].1[..10].parse().unwrap();
            assert_eq!(pair[1].0, format!("{}#", end.tomorrow().unwrap()));
        }
        assert_eq!(super::parts("2026-10-31#ab", date(2026, 10, 31)).len(), 1);
    }
}
