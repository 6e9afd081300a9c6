//! Fees: what is charged besides messages. A sender ID, a pack, a platform, an additional service.
//!
//! A fee is charged to one agreement's main wallet alone: it is that agreement's own, and nobody above it
//! pays anything for it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::agreement::Agreement;
use crate::catalog::{self, Home, Thing};
use crate::edr::{FeeRecord, Usage, UsageKey};
use crate::id::{AgreementId, CompanyId, FeeId, FeeRuleId, RateId, UserId, WalletId};
use crate::message::is_first_version;
use crate::money::{Amount, AmountError, Currency};
use crate::period::Period;
use crate::quote::Level;
use crate::rating::{Attribute, Event, Found, Price, PricedBy, QuantityRule, Resource, ServiceKind};
use crate::sender::SenderAddress;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeeStatus {
    /// Charged. Only a rerate changes by how much.
    Posted,
    /// Tried as often as its rule says, and never charged.
    Failed,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fee {
    pub id: FeeId,
    pub agreement: AgreementId,
    pub company: CompanyId,
    /// Who charges it: the other side of the agreement.
    pub tenant: CompanyId,
    pub wallet: WalletId,
    pub currency: Currency,
    pub resource: Resource,
    /// The sender ID that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<SenderAddress>,
    /// What else it is for: the pack's or the additional service's name, the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What was known of it when its price was looked for, by the names of trees; nothing of a price that is in
    /// no tree, and of one that failed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// None if it failed because there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<RateId>,
    pub unit_price: Amount,
    pub quantity: u32,
    /// By the rate; none of a price that is in no tree, and in fees from before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity_rule: Option<QuantityRule>,
    pub amount: Amount,
    /// How often it was rated again; see [`crate::rerate`].
    #[serde(default, skip_serializing_if = "is_first_version")]
    pub charge_version: u32,
    /// What a rule charges it for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<FeeRuleId>,
    /// Who asked for it; none for a key of the company itself, and where a rule charges it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_user: Option<UserId>,
    pub status: FeeStatus,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Tells a repeat of the request from another request under the same key.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub request_hash: String,
    pub at: Timestamp,
}

/// What a fee is for, and at which price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeeItem {
    pub resource: Resource,
    pub sender: Option<SenderAddress>,
    pub subject: Option<String>,
    pub price: FeePrice,
    pub quantity: u32,
}

/// The price of one unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeePrice {
    pub rate: RateId,
    /// Of the tree; none of a price that is in none.
    pub quantity_rule: Option<QuantityRule>,
    pub amount: Amount,
    /// By what it was found; nothing of a price that is in no tree.
    pub attributes: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeeError {
    #[error("rate not found: no rate plan of the agreement has a price for this (looked as far as `{path}`)")]
    NoRate { path: String },
    #[error("the agreement's rate plans block this")]
    Blocked,
    #[error("a fixed price is above zero")]
    PriceNotPositive,
    #[error("a volume is above zero")]
    NoVolume,
    #[error(transparent)]
    Amount(#[from] AmountError),
}

impl FeeError {
    /// As answers and records name it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoRate { .. } => "no_rate",
            Self::Blocked => "blocked",
            Self::PriceNotPositive | Self::NoVolume | Self::Amount(_) => "invalid",
        }
    }
}

/// The price of a fee in the agreement's pay-as-you-go services, asked in their order. Fees have one
/// price each: neither scales nor packs count for them.
pub fn find_price(level: &Level, event: &Event) -> Result<FeePrice, FeeError> {
    let mut deepest = event.resource.name().to_owned();
    for rates in level.rates.iter().filter(|rates| rates.kind == ServiceKind::PayAsYouGo) {
        let (leaf, quantity, amount) = match rates.tree.find(event) {
            Found::NoRate { deepest: node } => {
                deepest = rates.path(event, node);
                continue;
            }
            Found::Price { price: Price::NotIncluded | Price::Included | Price::Scale { .. }, .. } => {
                continue;
            }
            Found::Price { price: Price::Blocked, .. } => return Err(FeeError::Blocked),
            Found::Price { leaf, price: Price::Free, quantity, .. } => (leaf, quantity, Amount::ZERO),
            Found::Price { leaf, price: Price::Flat { amount }, quantity, .. } => (leaf, quantity, *amount),
        };
        let (rate, attributes) = (rates.rate(leaf), known_of(event));
        return Ok(FeePrice { rate, quantity_rule: Some(quantity), amount, attributes });
    }
    Err(FeeError::NoRate { path: deepest })
}

fn known_of(event: &Event) -> BTreeMap<String, String> {
    let known =
        |attribute: &Attribute| Some((attribute.name().to_owned(), event.value(*attribute)?.to_owned()));
    Attribute::ALL.iter().filter_map(known).collect()
}

impl FeePrice {
    /// A price that somebody named, for something that is in no tree.
    pub fn fixed(agreement: &AgreementId, subject: &str, amount: Amount) -> Result<Self, FeeError> {
        if !amount.is_positive() {
            return Err(FeeError::PriceNotPositive);
        }
        let (rate, attributes) = (RateId::fixed(agreement, subject), BTreeMap::new());
        Ok(Self { rate, quantity_rule: None, amount, attributes })
    }
}

/// A fee that is charged now.
pub fn plan_fee(id: FeeId, agreement: &Agreement, item: FeeItem, now: Timestamp) -> Result<Fee, FeeError> {
    if item.quantity == 0 {
        return Err(FeeError::NoVolume);
    }
    Ok(Fee {
        id,
        agreement: agreement.id.clone(),
        company: agreement.company.clone(),
        tenant: agreement.tenant.clone(),
        wallet: agreement.wallet(),
        currency: agreement.currency,
        resource: item.resource,
        sender: item.sender,
        subject: item.subject,
        attributes: item.price.attributes,
        rate: Some(item.price.rate),
        unit_price: item.price.amount,
        quantity: item.quantity,
        quantity_rule: item.price.quantity_rule,
        amount: item.price.amount.checked_times(item.quantity)?,
        charge_version: 0,
        period: None,
        rule: None,
        by_user: None,
        status: FeeStatus::Posted,
        attempts: 1,
        problem: None,
        request_hash: String::new(),
        at: now,
    })
}

impl Thing for Fee {
    const NOUN: &'static str = "fee";
    const NOUNS: &'static str = "fees";
    const HOME: Home = Home::Ledger;
    const ORDER: Option<&'static str> = Some("at");

    fn id(&self) -> &str {
        self.id.as_str()
    }

    /// Nobody edits it. What it costs may be rated again, which is counted by itself.
    fn revision(&self) -> u64 {
        0
    }

    fn lists(&self) -> Vec<String> {
        let tenant = catalog::list_with(self.tenant.as_str());
        vec![self.agreement.to_string(), self.company.to_string(), tenant]
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        let rule = self.rule.as_ref().map(ToString::to_string);
        let by_user = self.by_user.as_ref().map(ToString::to_string);
        vec![
            ("at", catalog::time(self.at)),
            ("subject", catalog::words(self.subject.as_deref().unwrap_or_default())),
            ("rule", rule.unwrap_or_default()),
            ("by_user", by_user.unwrap_or_default()),
            ("issued", catalog::flag(self.is_issued())),
        ]
    }
}

impl Fee {
    /// Whether it became an event that is billed.
    pub fn is_issued(&self) -> bool {
        self.status == FeeStatus::Posted
    }

    /// What statements name it by; none if it took nothing from its wallet.
    pub fn transaction(&self) -> Option<&FeeId> {
        (!self.charged().is_zero()).then_some(&self.id)
    }

    /// The fee at the price that it has now in these rates, which were in force when it was charged. None if that
    /// is the same, if nothing was charged, and if its price is in no tree.
    pub fn rated_again(&self, level: &Level) -> Result<Option<Self>, FeeError> {
        if !self.is_issued() || self.attributes.is_empty() {
            return Ok(None);
        }
        let mut event = Event::of(self.resource);
        for attribute in Attribute::ALL {
            event = event.with_known(*attribute, self.attributes.get(attribute.name()).map(String::as_str));
        }
        let FeePrice { rate, quantity_rule, amount: unit_price, .. } = find_price(level, &event)?;
        if unit_price == self.unit_price {
            return Ok(None);
        }
        Ok(Some(Self {
            rate: Some(rate),
            unit_price,
            quantity_rule,
            amount: unit_price.checked_times(self.quantity)?,
            charge_version: self.charge_version + 1,
            ..self.clone()
        }))
    }

    /// What of it stands at its wallet.
    pub fn charged(&self) -> Amount {
        match self.status {
            FeeStatus::Posted => self.amount,
            FeeStatus::Failed => Amount::ZERO,
        }
    }

    /// Its event record, and what it adds to the usage: nothing if it was never charged.
    pub fn usage(&self, agreement: &Agreement) -> Option<(FeeRecord, UsageKey, Usage)> {
        let rate = self.rate.clone().filter(|_| self.is_issued())?;
        let record = FeeRecord {
            fee: self.id.clone(),
            agreement: self.agreement.clone(),
            company: self.company.clone(),
            resource: self.resource,
            sender: self.sender.clone(),
            subject: self.subject.clone(),
            rate: rate.clone(),
            unit_price: self.unit_price,
            count: 1,
            quantity: self.quantity,
            quantity_rule: self.quantity_rule,
            amount: self.amount,
            charge_version: self.charge_version,
            period: self.period,
            accepted_at: self.at,
        };
        let key = UsageKey {
            agreement: self.agreement.clone(),
            wallet: self.wallet.clone(),
            day: agreement.version_at(self.at).billing.day_of(self.at),
            resource: self.resource,
            sender: self.sender.clone(),
            subject: self.subject.clone(),
            country: None,
            rate,
            unit_price: self.unit_price,
            priced_by: PricedBy::Flat,
        };
        let usage = record.usage();
        Some((record, key, usage))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::agreement::tests::agreement;
    use crate::id::ServiceId;
    use crate::quote::Rates;
    use crate::rating::CompiledTree;

    /// A level with pay-as-you-go services of these trees.
    pub(crate) fn level(trees: &[serde_json::Value]) -> Level {
        let rates = |(number, tree): (usize, &serde_json::Value)| {
            let tree = CompiledTree::compile(&serde_json::from_value(tree.clone()).unwrap()).unwrap();
            let (service, kind) = (ServiceId::new(number as u128), ServiceKind::PayAsYouGo);
            Rates::new(service, kind, 1, Arc::new(tree), Timestamp::UNIX_EPOCH)
        };
        Level::new(agreement(), trees.iter().enumerate().map(rates).collect())
    }

    fn setup(mno: &str) -> Event<'_> {
        Event::of(Resource::SenderIdSetupFee).with(Attribute::Mno, mno)
    }

    fn by_mno() -> serde_json::Value {
        serde_json::json!({"sender_id_setup_fee": {"depends_on": "mno", "values": {
            "Vodafone": {"price": {"type": "flat", "amount": "50"}},
            "Orange": {"price": {"type": "free"}},
            "Digi": {"price": {"type": "blocked"}},
            "Other": {"price": {"type": "not_included"}}}}})
    }

    #[test]
    fn a_fee_has_the_price_of_the_first_service_that_knows_it() {
        let next = serde_json::json!({"sender_id_setup_fee": {"price": {"type": "flat", "amount": "7"}}});
        let level = level(&[by_mno(), next]);
        let price = |mno| find_price(&level, &setup(mno)).map(|price| price.amount.to_string());
        assert_eq!(price("Vodafone"), Ok("50".into()));
        assert_eq!(price("Orange"), Ok("0".into()));
        assert_eq!(price("Digi"), Err(FeeError::Blocked));
        assert_eq!(price("Other"), Ok("7".into()));
        assert_eq!(price("Unlisted"), Ok("7".into()));
    }

    #[test]
    fn the_record_of_a_fee_says_what_is_counted_where_a_tree_has_its_price() {
        let agreement = agreement();
        let tree = serde_json::json!({"platform_fee": {"price": {"type": "flat", "amount": "7"}}});
        let found = find_price(&level(&[tree]), &Event::of(Resource::PlatformFee)).unwrap();
        let fixed = FeePrice::fixed(&agreement.id, "Hosting", Amount::ONE).unwrap();
        for (price, expected) in [(found, Some(QuantityRule::FullPeriod)), (fixed, None)] {
            let (resource, subject) = (Resource::PlatformFee, None);
            let item = FeeItem { resource, sender: None, subject, price, quantity: 1 };
            let fee = plan_fee(FeeId::new(1), &agreement, item, Timestamp::UNIX_EPOCH).unwrap();
            assert_eq!(fee.usage(&agreement).unwrap().0.quantity_rule, expected);
        }
    }

    #[test]
    fn a_fee_keeps_what_its_price_was_found_by() {
        let price =
            find_price(&level(&[by_mno()]), &setup("Orange").with(Attribute::SenderId, "ACME")).unwrap();
        let known: Vec<_> =
            price.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(known, [("mno", "Orange"), ("sender_id", "ACME")]);
        let resource = Resource::SenderIdSetupFee;
        let item = FeeItem { resource, sender: None, subject: None, price, quantity: 1 };
        let fee = plan_fee(FeeId::new(1), &agreement(), item, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(
            (fee.attributes.len(), fee.is_issued(), fee.transaction()),
            (2, true, None),
            "it was free"
        );
        let paid = Fee { amount: Amount::ONE, ..fee };
        assert_eq!(paid.transaction(), Some(&paid.id));
        let failed = Fee { status: FeeStatus::Failed, ..paid };
        assert_eq!((failed.is_issued(), failed.transaction()), (false, None));
    }

    #[test]
    fn a_fee_is_rated_again_by_what_its_price_was_found_by_and_keeps_its_volume() {
        let tree = |price: &str| {
            serde_json::json!({"additional_service": {"depends_on": "additional_service", "values": {
                "Hosting": {"price": {"type": "flat", "amount": price}}}}})
        };
        let event = Event::of(Resource::AdditionalService).with(Attribute::AdditionalService, "Hosting");
        let item = |price| {
            let (resource, subject) = (Resource::AdditionalService, Some("Hosting".to_owned()));
            FeeItem { resource, sender: None, subject, price, quantity: 3 }
        };
        let plan = |price| plan_fee(FeeId::new(1), &agreement(), item(price), Timestamp::UNIX_EPOCH).unwrap();
        let fee = plan(find_price(&level(&[tree("2")]), &event).unwrap());
        assert_eq!(fee.rated_again(&level(&[tree("2")])), Ok(None));
        let now = level(&[tree("2.5")]);
        let again = fee.rated_again(&now).unwrap().unwrap();
        assert_eq!((again.unit_price.to_string(), again.amount.to_string()), ("2.5".into(), "7.5".into()));
        assert_eq!((again.charge_version, again.rated_again(&now)), (1, Ok(None)));
        let record = again.usage(&agreement()).unwrap().0;
        assert_eq!((record.charge_version, record.amount), (1, again.amount));
        let nowhere = level(&[by_mno()]);
        assert!(matches!(fee.rated_again(&nowhere), Err(FeeError::NoRate { .. })));
        let failed = Fee { status: FeeStatus::Failed, ..fee };
        let fixed = plan(FeePrice::fixed(&agreement().id, "Hosting", Amount::ONE).unwrap());
        for untouched in [failed, fixed] {
            assert_eq!(untouched.rated_again(&nowhere), Ok(None));
        }
    }

    #[test]
    fn a_missing_rate_says_how_far_one_came() {
        let missing = find_price(&level(&[by_mno()]), &setup("Unlisted"));
        assert_eq!(missing, Err(FeeError::NoRate { path: "sender_id_setup_fee".into() }));
    }

    #[test]
    fn a_fee_is_its_price_times_its_volume_and_counts_in_the_day_it_was_charged() {
        let agreement = agreement();
        let price = FeePrice::fixed(&agreement.id, "Hosting", Amount::parse("2.5").unwrap()).unwrap();
        let item = FeeItem {
            resource: Resource::AdditionalService,
            sender: None,
            subject: Some("Hosting".into()),
            price,
            quantity: 3,
        };
        let now: Timestamp = "2026-11-30T23:59:59Z".parse().unwrap();
        let fee = plan_fee(FeeId::new(1), &agreement, item.clone(), now).unwrap();
        let (record, key, usage) = fee.usage(&agreement).unwrap();
        assert_eq!((record.amount.to_string(), key.day.to_string()), ("7.5".into(), "2026-11-30".into()));
        assert_eq!((usage.messages, usage.quantity, usage.amount), (1, 3, fee.amount));
        let mut before = serde_json::to_value(&record).unwrap();
        before.as_object_mut().unwrap().remove("count");
        let before: FeeRecord = serde_json::from_value(before).unwrap();
        assert_eq!(before.usage(), Usage { messages: 0, ..usage }, "a record from before fees were counted");
        let failed = Fee { status: FeeStatus::Failed, ..fee };
        assert_eq!((failed.usage(&agreement), failed.charged()), (None, Amount::ZERO));
        let none = plan_fee(FeeId::new(1), &agreement, FeeItem { quantity: 0, ..item }, now);
        assert_eq!(none, Err(FeeError::NoVolume));
        assert!(FeePrice::fixed(&agreement.id, "Hosting", Amount::ZERO).is_err());
    }
}
