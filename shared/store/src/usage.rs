//! The usage rows of an agreement, as closing a period reads them: a hundred thousand in one go.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::edr::{Usage, UsageKey};
use domain::id::AgreementId;
use domain::period::Period;
use futures::{StreamExt, TryStreamExt};
use jiff::civil::Date;
use serde::de::DeserializeOwned;

use crate::item::{Item, amount_of, text};
use crate::{Store, StoreError, keys};

const KIND: &str = "a usage row";
/// Parts of a period that are read at once where one answer does not hold it. More than this many answers
/// under way only wait for each other.
const AT_ONCE: usize = 8;

type Row = (UsageKey, Usage);

impl Store {
    /// The usage of an agreement in a period, in no order.
    pub async fn usage(&self, agreement: &AgreementId, period: Period) -> Result<Vec<Row>, StoreError> {
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
    ) -> Result<Vec<Row>, StoreError> {
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
    ) -> Result<(Vec<Row>, Option<String>), StoreError> {
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
        let rows = answer.items.unwrap_or_default().into_iter().map(|item| usage_of(agreement, item));
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
fn usage_of(agreement: &AgreementId, mut item: Item) -> Result<Row, StoreError> {
    let usage = Usage {
        messages: count(&item, "messages")?,
        quantity: count(&item, "quantity")?,
        amount: amount_of(KIND, item.get("amount"))?,
    };
    let Some(AttributeValue::M(mut row)) = item.remove("row") else { return Err(missing("row")) };
    let key = UsageKey {
        agreement: agreement.clone(),
        day: needed(&mut row, "day")?,
        resource: needed(&mut row, "resource")?,
        sender: part(&mut row, "sender")?,
        subject: part(&mut row, "subject")?,
        country: part(&mut row, "country")?,
        rate: needed(&mut row, "rate")?,
        unit_price: needed(&mut row, "unit_price")?,
    };
    Ok((key, usage))
}

fn count(item: &Item, name: &'static str) -> Result<i64, StoreError> {
    let digits = item.get(name).and_then(|value| value.as_n().ok());
    let count = digits.and_then(|digits| digits.parse().ok());
    count.ok_or_else(|| missing(name))
}

fn needed<T: DeserializeOwned>(row: &mut Item, name: &'static str) -> Result<T, StoreError> {
    part(row, name)?.ok_or_else(|| missing(name))
}

fn part<T: DeserializeOwned>(row: &mut Item, name: &'static str) -> Result<Option<T>, StoreError> {
    let Some(value) = row.remove(name) else { return Ok(None) };
    if value.is_null() {
        return Ok(None);
    }
    let read = serde_dynamo::aws_sdk_dynamodb_1::from_attribute_value(value);
    read.map(Some).map_err(|error| StoreError::corrupt(KIND, error))
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
    use domain::id::{RateId, ServiceId, TreeTag};
    use domain::money::Amount;
    use domain::rating::Resource;
    use domain::sender::SenderAddress;
    use jiff::civil::date;

    #[test]
    fn a_row_reads_back_as_it_is_written() {
        let key = UsageKey {
            agreement: AgreementId::new(1),
            day: date(2026, 10, 3),
            resource: Resource::SmsMessage,
            sender: Some(SenderAddress::parse("ACME").unwrap()),
            subject: None,
            country: Some("DE".to_owned()),
            rate: RateId::of(&TreeTag::of(&ServiceId::new(1), 1), 7),
            unit_price: Amount::parse("0.0123").unwrap(),
        };
        let row = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(&key).unwrap();
        let counts = [("messages", 2), ("quantity", 3)].map(|(name, count)| (name.to_owned(), number(count)));
        let amount = ("amount".to_owned(), number("0.0369"));
        let item: Item = counts.into_iter().chain([("row".to_owned(), row), amount]).collect();
        let usage = Usage { messages: 2, quantity: 3, amount: Amount::parse("0.0369").unwrap() };
        assert_eq!(usage_of(&AgreementId::new(1), item).unwrap(), (key, usage));
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
