//! Counts of messages by day and by month. They are added in the transaction that records what they count
//! (see `records` and `incoming`), so each counts once. Of one scope and period there are several rows, so that
//! those who add at the same moment rarely meet; whoever reads adds them up. Sender IDs, of which a company may
//! have thousands, have rows by the digests of their names: an item holds 400 KB.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::id::CompanyId;
use domain::sender::SenderAddress;
use domain::statistics::{Counts, Scope, Slice, Slices, Values};
use jiff::Span;
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::item::{Item, number, text};
use crate::keys::{self, Key};
use crate::transact::Change;
use crate::{Store, StoreError};

/// Rows of one scope and period.
const SHARDS: usize = 8;
const SENDER_SHARDS: u8 = 16;
/// DynamoDB takes expressions of 4 KB.
pub(crate) const SLICES_MAX: usize = 60;

/// What one thing that is recorded once adds, by scope and day.
pub type Statistics = BTreeMap<(Scope, Date), Slices>;

/// The same as rows. `name` tells who adds, and spreads them.
pub(crate) fn rows_of(statistics: &Statistics, name: &str) -> BTreeMap<Key, Slices> {
    let first = usize::from(Sha256::digest(name)[0]);
    let mut rows: BTreeMap<Key, Slices> = BTreeMap::new();
    for ((scope, day), slices) in statistics {
        let counted = slices.iter().filter(|(_, counts)| !counts.is_zero());
        for (place, (slice, counts)) in counted.enumerate() {
            let shard = match slice {
                Slice::Sender(sender) => shard_of(sender),
                _ => ((first + place / SLICES_MAX) % SHARDS).to_string(),
            };
            let day_key = keys::statistics_of_day(scope, *day, &shard);
            for key in [day_key, keys::statistics_of_month(scope, *day, &shard)] {
                rows.entry(key).or_default().entry(slice.clone()).or_default().add(counts);
            }
        }
    }
    rows
}

impl Store {
    /// Adds to a row; the transaction that this is part of happens once.
    pub(crate) fn statistics_row(&self, key: &Key, slices: &Slices) -> Change {
        let (mut names, mut values, mut added) = (Vec::new(), Item::new(), Vec::new());
        for (slice, counts) in slices {
            let measures = Counts::MEASURES.into_iter().zip(counts.values());
            for (measure, value) in measures.filter(|(_, value)| *value != 0) {
                let place = names.len();
                names.push((format!("#{place}"), format!("{}|{measure}", slice.name())));
                values.insert(format!(":{place}"), number(value));
                added.push(format!("#{place} :{place}"));
            }
        }
        Change {
            key: key.clone(),
            table: self.tables.records.clone(),
            expression: format!("ADD {}", added.join(", ")),
            condition: "attribute_not_exists(pk) OR attribute_exists(pk)".to_owned(),
            names,
            values,
        }
    }

    /// The days of a scope that have any, from the first to the last.
    pub async fn statistics_by_day(
        &self,
        scope: &Scope,
        first: Date,
        last: Date,
    ) -> Result<BTreeMap<Date, Slices>, StoreError> {
        self.statistics(scope, &format!("d{first}"), &format!("d{last}#~")).await
    }

    /// The months of a scope that have any, by their first days.
    pub async fn statistics_by_month(
        &self,
        scope: &Scope,
        first: Date,
        last: Date,
    ) -> Result<BTreeMap<Date, Slices>, StoreError> {
        let (first, last) = (first.first_of_month(), last.first_of_month());
        self.statistics(scope, &format!("m{first}"), &format!("m{last}#~")).await
    }

    /// What a company has counted of one of its sender IDs, from the first of these months to the last.
    pub async fn statistics_of_sender(
        &self,
        company: &CompanyId,
        sender: &SenderAddress,
        first: Date,
        last: Date,
    ) -> Result<Counts, StoreError> {
        let (scope, slice) = (Scope::company(company), Slice::Sender(sender.to_string()));
        let (mut month, mut sum) = (first.first_of_month(), Counts::default());
        while month <= last {
            let key = keys::statistics_of_month(&scope, month, &shard_of(sender.as_str()));
            if let Some(item) = self.get_item(&self.tables.records, &key).await? {
                let (_, slices) = row(&item)?;
                sum.add(&slices.get(&slice).copied().unwrap_or_default());
            }
            month = month.saturating_add(Span::new().months(1));
        }
        Ok(sum)
    }

    async fn statistics(
        &self,
        scope: &Scope,
        low: &str,
        high: &str,
    ) -> Result<BTreeMap<Date, Slices>, StoreError> {
        let mut pages = self
            .dynamo
            .query()
            .table_name(&self.tables.records)
            .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
            .expression_attribute_values(":pk", text(keys::statistics(scope)))
            .expression_attribute_values(":low", text(low))
            .expression_attribute_values(":high", text(high))
            .into_paginator()
            .items()
            .send();
        let mut periods: BTreeMap<Date, Slices> = BTreeMap::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(StoreError::aws("read statistics"))?;
            let (day, slices) = row(&item)?;
            let sums = periods.entry(day).or_default();
            for (slice, counts) in slices {
                sums.entry(slice).or_default().add(&counts);
            }
        }
        Ok(periods)
    }
}

/// Where a sender ID is counted.
fn shard_of(sender: &str) -> String {
    format!("s{}", Sha256::digest(sender)[0] % SENDER_SHARDS)
}

fn row(item: &Item) -> Result<(Date, Slices), StoreError> {
    let none = || StoreError::corrupt("statistics", "a row without its period");
    let Some(AttributeValue::S(sk)) = item.get(keys::SK) else { return Err(none()) };
    let day = sk.get(1..).and_then(|rest| rest.split('#').next()).ok_or_else(none)?;
    let day: Date = day.parse().map_err(|error| StoreError::corrupt("statistics", error))?;
    let mut slices: BTreeMap<Slice, Values> = BTreeMap::new();
    for (name, value) in item {
        let (Some((slice, measure)), AttributeValue::N(value)) = (name.rsplit_once('|'), value) else {
            continue;
        };
        let place = Counts::MEASURES.iter().position(|known| *known == measure);
        if let (Some(slice), Some(place)) = (Slice::parse(slice), place) {
            let value = value.parse().map_err(|error| StoreError::corrupt("statistics", error))?;
            slices.entry(slice).or_default()[place] = value;
        }
    }
    Ok((day, slices.into_iter().map(|(slice, values)| (slice, Counts::of_values(values))).collect()))
}
