//! Fees: the record, the wallet that pays it, the rule that charges it and whatever is bought with it are
//! one write, with the places in lists and the entries of the audit log. The record's id follows from rule and period or from the request's key: it is charged once.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::agreement::Agreement;
use domain::allowance::Pot;
use domain::audit::Act;
use domain::edr::{FeeRecord, Usage, UsageKey, kept_until};
use domain::fee::{Fee, FeeStatus};
use domain::fee_rule::FeeRule;
use domain::id::{AgreementId, FeeId, FeeRuleId, WalletId};
use domain::money::Amount;
use domain::wallet::{Operation, OperationKind, WalletState};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::escrow::Recalled;
use crate::item::{Item, Partition, document, expiring, number, read, text};
use crate::keys::{self, Key};
use crate::records::Page;
use crate::reviews::review_item;
use crate::transact::Refused;
use crate::wallets::{Guard, Sum, WalletChange, wallet_of};
use crate::{Review, Store, StoreError};

const KIND: &str = "a fee";
const RULE: &str = "a fee rule";
/// In each round either the fee is written, or others have spent from the wallet.
const ROUNDS_MAX: u32 = 8;

/// What is written together. What is not there is not touched.
#[derive(Debug, Clone, Copy, Default)]
pub struct FeeWrite<'a> {
    pub fee: Option<&'a Fee>,
    /// The agreement with what was bought.
    pub agreement: Option<AgreementWrite<'a>>,
    pub rule: Option<RuleWrite<'a>>,
    /// For a person to look at.
    pub review: Option<&'a Review>,
}

/// An agreement in place of what was read.
#[derive(Debug, Clone, Copy)]
pub struct AgreementWrite<'a> {
    pub before: &'a Agreement,
    pub after: &'a Agreement,
}

#[derive(Debug, Clone, Copy)]
pub enum RuleWrite<'a> {
    New(&'a FeeRule),
    /// In place of a rule as it was read.
    Replace {
        before: &'a FeeRule,
        after: &'a FeeRule,
    },
    /// The same where the platform moves it on to its next period or try, which the audit log leaves out.
    MoveOn {
        before: &'a FeeRule,
        after: &'a FeeRule,
    },
}

impl<'a> RuleWrite<'a> {
    fn sides(self) -> (Option<&'a FeeRule>, &'a FeeRule) {
        match self {
            RuleWrite::New(rule) => (None, rule),
            RuleWrite::Replace { before, after } | RuleWrite::MoveOn { before, after } => {
                (Some(before), after)
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeeWritten {
    Now,
    /// There was a fee under this id already: this one, or another request's.
    FeeBefore(Box<Fee>),
    /// There was a rule under this id already.
    RuleBefore(Box<FeeRule>),
    /// The agreement or the rule is not any more as it was read: plan again.
    Overtaken,
    /// Nothing was written. What holders below had unused was asked for.
    NotEnough {
        available: Amount,
    },
    /// The agreement is suspended.
    Suspended,
    /// A transfer is about to take all there is: try again in a moment.
    Draining,
}

/// What an item of the transaction is for, to read which of them said no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Fee,
    Agreement,
    Rule,
    Wallet,
    /// Follows from one of those: refused only together with it.
    Entry,
}

type Parts = Vec<(Part, TransactWriteItem)>;

/// A rule that is due, as the list of them says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueFee {
    pub agreement: AgreementId,
    pub rule: FeeRuleId,
}

/// Whether a fee, or its record, still is in this version. The first one is not written down.
pub(crate) fn in_version(version: u32) -> (&'static str, Item) {
    match version {
        0 => ("attribute_exists(pk) AND attribute_not_exists(charge_version)", Item::new()),
        _ => ("charge_version = :before", Item::from([(":before".to_owned(), number(version))])),
    }
}

/// Reads a fee's item, from the table or from an image in its stream.
pub fn fee_of(item: Item) -> Result<Fee, StoreError> {
    read(KIND, item)
}

impl Store {
    pub async fn fee(&self, id: &FeeId) -> Result<Option<Fee>, StoreError> {
        self.get(&self.tables.ledger, &keys::fee(id), KIND).await
    }

    /// Those of these fees that were charged.
    pub async fn fees_charged(&self, ids: &[FeeId]) -> Result<BTreeMap<FeeId, Fee>, StoreError> {
        let wanted: Vec<_> = ids.iter().map(keys::fee).collect();
        let items = self.get_many(&self.tables.ledger, &wanted).await?;
        let fees = items.into_iter().map(|item| fee_of(item).map(|fee| (fee.id.clone(), fee)));
        fees.collect()
    }

    pub async fn fee_rule(
        &self,
        agreement: &AgreementId,
        id: &FeeRuleId,
    ) -> Result<Option<FeeRule>, StoreError> {
        self.get(&self.tables.ledger, &keys::fee_rule(agreement, id), RULE).await
    }

    /// An agreement's rules, also those that have ended.
    pub async fn fee_rules(&self, agreement: &AgreementId) -> Result<Vec<FeeRule>, StoreError> {
        let pk = keys::fee_rules(agreement);
        self.all(&self.tables.ledger, Partition::Table(&pk), RULE).await
    }

    /// Writes all of it or nothing. The money of a fee alone takes four write units.
    pub async fn write_fee(&self, act: &Act, write: FeeWrite<'_>) -> Result<FeeWritten, StoreError> {
        for _ in 0..ROUNDS_MAX {
            let (parts, items): (Vec<Part>, Vec<_>) = self.fee_items(act, write)?.into_iter().unzip();
            let (place, item) = match self.transact("charge the fee", items).await {
                Ok(()) => return Ok(FeeWritten::Now),
                Err(Refused::At(place, item)) => (place, item),
                Err(Refused::Failed(error)) => return Err(error),
            };
            match (parts.get(place), item, write) {
                (Some(Part::Fee), Some(stored), _) => {
                    return Ok(FeeWritten::FeeBefore(Box::new(fee_of(stored)?)));
                }
                (Some(Part::Rule), Some(stored), FeeWrite { rule: Some(RuleWrite::New(_)), .. }) => {
                    return Ok(FeeWritten::RuleBefore(Box::new(read(RULE, stored)?)));
                }
                (Some(Part::Wallet), Some(wallet), FeeWrite { fee: Some(fee), .. }) => {
                    if let Some(refused) = self.wallet_refused(fee, &wallet).await? {
                        return Ok(refused);
                    }
                }
                _ => return Ok(FeeWritten::Overtaken),
            }
        }
        Err(StoreError::Busy { action: "charge the fee" })
    }

    /// Why the wallet did not pay; none if it may now.
    async fn wallet_refused(&self, fee: &Fee, wallet: &Item) -> Result<Option<FeeWritten>, StoreError> {
        let wallet = wallet_of(wallet)?;
        match wallet.state {
            WalletState::Suspended | WalletState::Closed => return Ok(Some(FeeWritten::Suspended)),
            WalletState::Draining { .. } => return Ok(Some(FeeWritten::Draining)),
            WalletState::Open if wallet.headroom >= fee.amount => return Ok(None),
            WalletState::Open => {}
        }
        // Before it is refused: what holders below keep unused comes back, until none of them has any.
        let missing = fee.amount.checked_sub(wallet.headroom)?;
        if self.recall(&Pot::money(&wallet.id), Some(missing)).await? == Recalled::Something {
            return Ok(None);
        }
        // Others may have recalled it.
        let available = self.known_wallet(&wallet.id).await?.headroom;
        Ok((available < fee.amount).then_some(FeeWritten::NotEnough { available }))
    }

    /// What would say no first stands first: a repeat is a repeat, whatever has moved since.
    fn fee_items(&self, act: &Act, write: FeeWrite<'_>) -> Result<Parts, StoreError> {
        let ledger = &self.tables.ledger;
        let mut parts = Parts::new();
        if let Some(fee) = write.fee {
            parts.push((Part::Fee, self.new_item(ledger, document(&keys::fee(&fee.id), fee)?)));
        }
        if let Some(AgreementWrite { before, after }) = write.agreement {
            let changes = self.changes(act, Some(before), Some(after))?;
            parts.extend(changes.into_iter().map(|item| (Part::Agreement, item)));
        }
        parts.extend(self.rule_items(write.rule)?);
        if let Some(review) = write.review {
            parts.push((Part::Entry, self.new_item(&self.tables.directory, review_item(review)?)));
        }
        let charged = write.fee.map(|fee| (fee, fee.charged()));
        if let Some((fee, amount)) = charged.filter(|(_, amount)| !amount.is_zero()) {
            let operation = Operation { kind: OperationKind::Fee, reference: fee.id.to_string() };
            let change = WalletChange::new(&fee.wallet, operation)
                .guard(Guard::Open)
                .take(Sum::Headroom, amount)
                .add(Sum::Charged, amount);
            parts.push((Part::Wallet, self.change_wallet(change)));
        }
        parts.extend(self.fee_notes(act, write)?.into_iter().map(|item| (Part::Entry, item)));
        Ok(parts)
    }

    /// What is written beside the money: places in lists, and what the audit log says.
    fn fee_notes(&self, act: &Act, write: FeeWrite<'_>) -> Result<Vec<TransactWriteItem>, StoreError> {
        let mut notes = Vec::new();
        if let Some(fee) = write.fee {
            notes.extend(self.list_changes(None, Some(fee)));
            let action = match fee.status {
                FeeStatus::Posted => "fee.charge",
                FeeStatus::Failed => "fee.give_up",
            };
            notes.extend(self.audit_items(act, action, fee.id.as_str(), None, Some(fee))?);
        }
        if let Some(rule) = write.rule.filter(|rule| !matches!(rule, RuleWrite::MoveOn { .. })) {
            let (before, after) = rule.sides();
            let action = if before.is_none() { "fee_rule.create" } else { "fee_rule.change" };
            notes.extend(self.audit_items(act, action, after.id.as_str(), before, Some(after))?);
        }
        Ok(notes)
    }

    fn rule_items(&self, rule: Option<RuleWrite<'_>>) -> Result<Parts, StoreError> {
        let Some(rule) = rule else { return Ok(Parts::new()) };
        let ledger = &self.tables.ledger;
        let (before, after) = rule.sides();
        let item = document(&keys::fee_rule(&after.agreement, &after.id), after)?;
        let put = match before {
            None => self.new_item(ledger, item),
            Some(before) => {
                let seen = Item::from([(":before".to_owned(), number(before.revision))]);
                self.put_item(ledger, item, "revision = :before", seen)
            }
        };
        let mut parts = vec![(Part::Rule, put)];
        let due = |rule: &FeeRule| rule.next.as_ref().map(|next| keys::due_fee(next.at, &rule.id));
        let (due_before, due) = (before.and_then(due), due(after));
        if due_before != due {
            if let Some(key) = &due {
                let entry = DueFee { agreement: after.agreement.clone(), rule: after.id.clone() };
                parts.push((Part::Entry, self.new_item(ledger, document(key, &entry)?)));
            }
            if let Some(key) = &due_before {
                parts.push((Part::Entry, self.delete_item(ledger, key, "attribute_exists(pk)", Item::new())));
            }
        }
        Ok(parts)
    }

    /// The rules that are due, earliest first, behind `cursor`. For the sweeper.
    pub async fn due_fees(
        &self,
        now: Timestamp,
        limit: u16,
        cursor: Option<&str>,
    ) -> Result<Page<DueFee>, StoreError> {
        // Behind every rule of this very moment.
        let last = format!("{}#~", keys::sortable(now));
        let after = cursor.unwrap_or(" ");
        let mut query = self
            .dynamo
            .query()
            .table_name(&self.tables.ledger)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":pk", text(keys::FEES_DUE))
            .expression_attribute_values(":first", text(after))
            .expression_attribute_values(":last", text(last))
            .consistent_read(true)
            .limit(i32::from(limit));
        if let Some(cursor) = cursor {
            let start = Key { pk: keys::FEES_DUE.to_owned(), sk: cursor.to_owned() };
            query = query.set_exclusive_start_key(Some(crate::item::key_of(&start)));
        }
        let answer = query.send().await.map_err(StoreError::aws("list due fees"))?;
        let next = answer.last_evaluated_key.and_then(sort_key);
        let items = answer.items.unwrap_or_default().into_iter().map(|item| read("a due fee", item));
        Ok(Page { items: items.collect::<Result<_, _>>()?, next })
    }

    /// Posts the record of a fee with the usage it adds, once. One that was rated again takes the place of the
    /// record that is there, and so does its usage.
    pub async fn post_fee_record(
        &self,
        record: &FeeRecord,
        key: &UsageKey,
        usage: Usage,
    ) -> Result<(), StoreError> {
        let place = keys::fee_record(&record.agreement, record.accepted_at, &record.fee);
        let item = expiring(document(&place, record)?, kept_until(record.accepted_at));
        let put = self.new_item(&self.tables.records, item.clone());
        let counted = self.update_item(self.usage_row(key, usage)?);
        let stored: FeeRecord = match self.transact("post a fee", vec![put, counted.clone()]).await {
            Ok(()) => return Ok(()),
            Err(Refused::At(0, Some(stored))) => read("a fee's record", stored)?,
            Err(refused) => return Err(refused.unexpected("post a fee")),
        };
        if record.charge_version <= stored.charge_version {
            return Ok(()); // It is there from an earlier delivery.
        }
        let (unchanged, version) = in_version(stored.charge_version);
        let put = self.put_item(&self.tables.records, item, unchanged, version);
        let old_usage = stored.usage().negated();
        let old_key = UsageKey { rate: stored.rate, unit_price: stored.unit_price, ..key.clone() };
        let taken_out = self.update_item(self.usage_row(&old_key, old_usage)?);
        let posted = self.transact("post a fee", vec![put, taken_out, counted]).await;
        posted.map_err(|refused| refused.unexpected("post a fee"))
    }

    /// What the holders below have set aside of each allowance of a wallet and not used.
    pub async fn set_aside(&self, wallet: &WalletId) -> Result<BTreeMap<Pot, Amount>, StoreError> {
        let mut sums: BTreeMap<Pot, Amount> = BTreeMap::new();
        for holder in self.holders(wallet).await? {
            for (pot, amount) in holder.escrow.iter().filter(|(pot, _)| pot.wallet == *wallet) {
                let sum = sums.entry(pot.clone()).or_default();
                *sum = sum.checked_add(*amount)?;
            }
        }
        Ok(sums)
    }
}

fn sort_key(mut key: Item) -> Option<String> {
    match key.remove(keys::SK) {
        Some(AttributeValue::S(sk)) => Some(sk),
        _ => None,
    }
}
