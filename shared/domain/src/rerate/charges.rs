//! What a message costs when it is rated again: the prices of its levels put in the place of those that it
//! was charged, one by one.
//!
//! Only prices are rated again, of what stands. So these stay as they were charged:
//! - what a pack or a bundle has paid for, in units;
//! - which units fell into which tier of a scale: each tier's price is rated again, its thresholds are not.
//!   What fell into tiers that a scale has lost costs what its last one costs, and what passing a threshold
//!   repriced is nothing where nobody reprices it any more;
//! - the billing rule, so that what was refunded stays refunded;
//! - what was given back.
//!
//! A message from a phone has a price or none at each level, and may get one or lose it: it came anyway.

use std::collections::BTreeSet;

use crate::edr::agreements;
use crate::id::{AgreementId, RateId, WalletId};
use crate::message::Message;
use crate::money::{Amount, AmountError};
use crate::quote::{Charge, QuoteError, Source};
use crate::rating::{BillingRule, Size};

/// A message as it is after it was rated again, and what that moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatedAgain {
    pub message: Message,
    /// Of the levels at which the price is another.
    pub changes: Vec<LevelChange>,
}

/// What one level owed for a message, and what it owes now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelChange {
    pub agreement: AgreementId,
    /// 1 is the sender's own.
    pub level: u32,
    /// Whose money it is.
    pub wallet: WalletId,
    pub before: Amount,
    pub after: Amount,
}

/// Why a message keeps what it was charged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRated {
    #[error(transparent)]
    Quote(#[from] QuoteError),
    /// The caller finds out whether this rate is a price of a scale, and asks again.
    #[error("where {} comes from is not known yet", rate.as_str())]
    UnknownOrigin { rate: RateId },
    #[error("it had one price at level {level}, and now has a scale: which tier it falls in is not known")]
    BecameScale { level: usize },
    #[error("the tier it fell in at level {level} is gone")]
    TierGone { level: usize },
    #[error(transparent)]
    Amount(#[from] AmountError),
}

/// What the platform knows to rate a message again.
pub trait Prices {
    /// The pay-as-you-go prices of a level, numbered from 1, for a message of this one's kind; none for a
    /// level that is not to be rated again.
    fn at(&self, level: usize) -> Result<Option<Vec<Source>>, QuoteError>;

    /// Whether a rate is a price of a scale; none if nobody has looked yet.
    fn is_scale(&self, rate: &RateId) -> Option<bool>;
}

/// Rates a message again. None if it costs the same at every level.
pub fn rate_again(message: &Message, prices: &impl Prices) -> Result<Option<RatedAgain>, NotRated> {
    let mut charges = Vec::with_capacity(message.charges.len());
    let mut changed = BTreeSet::new();
    for (index, charged) in message.levels().enumerate() {
        let level = Level { message, number: index + 1, charged };
        let after = level.rate_again(prices)?;
        if after != charged {
            changed.insert(index);
        }
        charges.extend(after);
    }
    if changed.is_empty() {
        return Ok(None);
    }
    let after = Message {
        charges,
        charge_version: message.charge_version + 1,
        revision: message.revision + 1,
        ..message.clone()
    };
    let levels = agreements(message).zip(message.levels().zip(after.levels())).enumerate();
    let mut changes = Vec::with_capacity(changed.len());
    for (index, (agreement, (was, is))) in levels.filter(|(index, _)| changed.contains(index)) {
        let owed = |charges: &[Charge]| {
            let standing = charges.iter().filter(|charge| message.stands(charge));
            Amount::checked_sum(standing.map(|charge| charge.amount))
        };
        let Some(first) = was.first() else { continue };
        changes.push(LevelChange {
            agreement,
            level: u32::try_from(index + 1).unwrap_or(u32::MAX),
            wallet: first.wallet.clone(),
            before: owed(was)?,
            after: owed(is)?,
        });
    }
    Ok(Some(RatedAgain { message: after, changes }))
}

/// One level of a message as it was charged.
struct Level<'a> {
    message: &'a Message,
    number: usize,
    charged: &'a [Charge],
}

impl Level<'_> {
    fn rate_again(&self, prices: &impl Prices) -> Result<Vec<Charge>, NotRated> {
        if !self.charged.iter().any(|charge| self.is_rated(charge)) {
            return Ok(self.charged.to_vec());
        }
        let Some(sources) = prices.at(self.number)? else { return Ok(self.charged.to_vec()) };
        let mut charges = Vec::with_capacity(self.charged.len());
        for (place, charge) in self.charged.iter().enumerate() {
            let before = place.checked_sub(1).and_then(|before| self.charged.get(before));
            charges.push(match self.is_rated(charge) {
                true => self.charge_again(charge, before, &sources, prices)?,
                false => charge.clone(),
            });
        }
        Ok(charges)
    }

    /// What stands, and was paid in money at a price that a tree decides.
    fn is_rated(&self, charge: &Charge) -> bool {
        let is_of_pack = charge.taken.as_ref().is_some_and(|taken| taken.returns);
        let is_of_bundle = charge.taken.is_some() && charge.billing == BillingRule::Accepted;
        self.message.stands(charge) && !is_of_pack && !is_of_bundle
    }

    fn charge_again(
        &self,
        charge: &Charge,
        before: Option<&Charge>,
        sources: &[Source],
        prices: &impl Prices,
    ) -> Result<Charge, NotRated> {
        if charge.taken.is_none() && charge.billing == BillingRule::Accepted {
            return self.adjustment_again(charge, before, sources, prices);
        }
        let source = self.source_of(charge, sources, prices)?;
        let mut quantity = charge.quantity;
        // One price for the whole message counts as its rule says now.
        if charge.taken.is_none() && source.allowance.is_none() && self.is_whole(charge) {
            quantity = source.quantity.units(Size::segments(self.message.segments));
        }
        Ok(changed(charge, source, source.unit_price, quantity)?)
    }

    /// Where a charge comes from now: from the same tier of a scale, or from the only price there is.
    /// Behind the tiers of a scale are those that it may have lost ([`pay_as_you_go_prices`]).
    ///
    /// [`pay_as_you_go_prices`]: crate::quote::pay_as_you_go_prices
    fn source_of<'a>(
        &self,
        charge: &Charge,
        sources: &'a [Source],
        prices: &impl Prices,
    ) -> Result<&'a Source, NotRated> {
        let level = self.number;
        if let [only] = sources
            && only.allowance.is_none()
        {
            return Ok(only);
        }
        if let Some(taken) = &charge.taken {
            let is_same = |source: &&Source| {
                source.allowance.as_ref().is_some_and(|allowance| allowance.id == taken.allowance)
            };
            return sources.iter().find(is_same).ok_or(NotRated::TierGone { level });
        }
        // The last tier of a scale is not counted, and neither is a price that is no scale's.
        match prices.is_scale(&charge.rate) {
            Some(true) => {
                let uncounted = sources.iter().find(|source| source.allowance.is_none());
                uncounted.ok_or(NotRated::TierGone { level })
            }
            Some(false) => Err(NotRated::BecameScale { level }),
            None => Err(NotRated::UnknownOrigin { rate: charge.rate.clone() }),
        }
    }

    /// What a back-to-first scale charged for the units of the tiers before, with the first of this one.
    /// Nothing where the tier's price reprices none of them now.
    fn adjustment_again(
        &self,
        charge: &Charge,
        of_tier: Option<&Charge>,
        sources: &[Source],
        prices: &impl Prices,
    ) -> Result<Charge, NotRated> {
        let level = self.number;
        let of_tier = of_tier.filter(|charge| charge.taken.is_some()).ok_or(NotRated::TierGone { level })?;
        let source = self.source_of(of_tier, sources, prices)?;
        let adjustment = source.allowance.as_ref().and_then(|allowance| allowance.adjustment);
        let difference = adjustment.map_or(Amount::ZERO, |adjustment| adjustment.difference);
        Ok(changed(charge, source, difference, charge.quantity)?)
    }

    /// Whether this charge alone pays for the message, beside what a bundle costs.
    fn is_whole(&self, charge: &Charge) -> bool {
        self.charged.iter().filter(|other| other.billing != BillingRule::Accepted).count() == 1
            && charge.billing != BillingRule::Accepted
    }
}

/// The charge with another price. One that costs the same keeps its rate: nothing has changed for anybody.
fn changed(
    charge: &Charge,
    source: &Source,
    unit_price: Amount,
    quantity: u32,
) -> Result<Charge, AmountError> {
    if (charge.unit_price, charge.quantity) == (unit_price, quantity) {
        return Ok(charge.clone());
    }
    let amount = unit_price.checked_times(quantity)?;
    let (rate, priced_by) = (source.rate.clone(), source.priced_by);
    let quantity_rule = Some(source.quantity);
    Ok(Charge { rate, unit_price, quantity, quantity_rule, priced_by, amount, ..charge.clone() })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::agreement::{Agreement, Charging, CreditLimit, NewAgreement, plan_agreement};
    use crate::allowance::Stock;
    use crate::id::{CompanyId, ServiceId};
    use crate::message::tests::message;
    use crate::message::{Progress, Status, Step, apply};
    use crate::money::Currency;
    use crate::period::BillingTerms;
    use crate::quote::{self, Rates, incoming_offers, incoming_prices, offers, pay_as_you_go_prices};
    use crate::rating::{CompiledTree, Event, ServiceKind};

    const AT: Timestamp = Timestamp::UNIX_EPOCH;
    const EVENT: Event<'static> = Event::sms("DE", None, None);

    /// The trees of the levels in one version.
    #[derive(Clone)]
    struct Book {
        levels: Vec<quote::Level>,
        /// Rates that are prices of scales, of the versions before as well.
        scales: BTreeSet<RateId>,
    }

    impl Prices for Book {
        fn at(&self, level: usize) -> Result<Option<Vec<Source>>, QuoteError> {
            let Some(of) = self.levels.get(level - 1) else { return Ok(None) };
            pay_as_you_go_prices(of, level, &EVENT, AT).map(Some)
        }

        fn is_scale(&self, rate: &RateId) -> Option<bool> {
            Some(self.scales.contains(rate))
        }
    }

    fn agreement(number: u128) -> Agreement {
        let ask = NewAgreement {
            id: AgreementId::new(number),
            company: CompanyId::new(number),
            tenant: CompanyId::new(0),
            code: "A".into(),
            currency: Currency::parse("EUR").unwrap(),
            charging: Charging::Cascade,
            credit_limit: CreditLimit::Unlimited,
            billing: BillingTerms::monthly_utc(),
        };
        plan_agreement(ask, None, true, AT).unwrap()
    }

    fn book(version: u32, prices: &[Value]) -> Book {
        let level = |(number, price): (u128, &Value)| {
            let tree = serde_json::from_value(json!({"sms_message": price})).unwrap();
            let tree = Arc::new(CompiledTree::compile(&tree).unwrap());
            let rates =
                Rates::new(ServiceId::new(number), ServiceKind::PayAsYouGo, version, tree, Timestamp::MIN);
            quote::Level::new(agreement(number), vec![rates])
        };
        let levels: Vec<_> = (1..).zip(prices).map(level).collect();
        let sources =
            levels.iter().flat_map(|of| pay_as_you_go_prices(of, 1, &EVENT, AT).unwrap_or_default());
        let of_scales = sources.filter(|source| source.priced_by.scale().is_some());
        let scales = of_scales.map(|source| source.rate).collect();
        Book { levels, scales }
    }

    /// The book of these prices after another.
    fn book_after(before: &Book, version: u32, prices: &[Value]) -> Book {
        let mut after = book(version, prices);
        after.scales.extend(before.scales.iter().cloned());
        after
    }

    fn flat(amount: &str) -> Value {
        json!({"price": {"type": "flat", "amount": amount}})
    }

    fn scale(kind: &str, first: &str, then: &str) -> Value {
        tiers(kind, &[first, then])
    }

    /// Each tier has three units but the last, which has all that follow.
    fn tiers(kind: &str, amounts: &[&str]) -> Value {
        let tier = |(place, amount): (usize, &&str)| match place + 1 == amounts.len() {
            true => json!({"amount": amount}),
            false => json!({"threshold": 3 * (place + 1), "amount": amount}),
        };
        let tiers: Vec<Value> = amounts.iter().enumerate().map(tier).collect();
        json!({"price": {"type": "scale", "scale": kind, "tiers": tiers}})
    }

    /// A message of so many segments as it was sold from these trees.
    fn sold(book: &Book, segments: u32, stock: &mut Stock) -> Message {
        let mut charges = Vec::new();
        for (index, offer) in offers(&book.levels, &EVENT, AT).unwrap().iter().enumerate() {
            charges.extend(offer.draw(index + 1, Size::segments(segments), "1", stock).unwrap());
        }
        Message { charges, segments, status: Status::Submitted, ..message() }
    }

    fn shown(again: &RatedAgain) -> Vec<String> {
        let line = |change: &LevelChange| format!("{} {}>{}", change.level, change.before, change.after);
        again.changes.iter().map(line).collect()
    }

    /// The same trees for messages from phones.
    struct OfPhones(Book);

    impl Prices for OfPhones {
        fn at(&self, level: usize) -> Result<Option<Vec<Source>>, QuoteError> {
            let Some(of) = self.0.levels.get(level - 1) else { return Ok(None) };
            incoming_prices(of, level, &EVENT.from_phone(), AT, |_| true).map(Some)
        }

        fn is_scale(&self, rate: &RateId) -> Option<bool> {
            self.0.is_scale(rate)
        }
    }

    #[test]
    fn a_message_from_a_phone_gets_and_loses_a_price_at_each_level_alone_and_once() {
        let phones = |price: Value| json!({"depends_on": "direction", "values": {"MO": price}});
        let blocked = || phones(json!({"price": {"type": "blocked"}}));
        let versions = [
            (phones(flat("0.03")), flat("0.04"), vec![]),
            (phones(flat("0.02")), flat("0.05"), vec!["1 0.06>0.04"]),
            (phones(flat("0.02")), phones(flat("0.01")), vec!["2 0>0.02"]),
            (flat("0.02"), phones(scale("tier", "0.05", "0.04")), vec![]),
            (flat("0.02"), phones(flat("0.03")), vec!["1 0.04>0", "2 0.02>0.06"]),
            (phones(flat("0.07")), blocked(), vec![]),
            (phones(flat("0.07")), flat("0.04"), vec!["1 0>0.14", "2 0.06>0"]),
        ];
        let mut message = message();
        for (version, (own, above, expected)) in (1..).zip(versions) {
            let book = OfPhones(book(version, &[own, above]));
            if version == 1 {
                let offers = incoming_offers(&book.0.levels, &EVENT.from_phone(), AT).unwrap();
                let drawn = (1..).zip(&offers).map(|(level, offer)| {
                    offer.draw(level, Size::segments(2), "1", &mut Stock::default()).unwrap()
                });
                (message.charges, message.segments) = (drawn.flatten().collect(), 2);
                message.status = Status::Delivered;
            }
            let Ok(again) = rate_again(&message, &book) else {
                assert_eq!(expected, [""; 0], "in version {version} it is not known what it costs");
                continue;
            };
            assert_eq!(again.as_ref().map(shown).unwrap_or_default(), expected, "version {version}");
            message = again.map_or(message, |again| again.message);
            assert_eq!(rate_again(&message, &book), Ok(None), "version {version}");
        }
    }

    #[test]
    fn a_corrected_price_is_charged_at_its_level_alone_and_once() {
        let before = book(1, &[flat("0.05"), flat("0.03")]);
        let sent = sold(&before, 2, &mut Stock::default());
        let corrected = book(2, &[flat("0.05"), flat("0.035")]);
        let again = rate_again(&sent, &corrected).unwrap().unwrap();
        assert_eq!(shown(&again), ["2 0.06>0.07"]);
        let message = &again.message;
        assert_eq!((message.revision, message.charge_version), (sent.revision + 1, 1));
        assert_eq!(message.charges[0], sent.charges[0], "its rate is the one that it was sold at");
        assert_eq!(rate_again(message, &corrected), Ok(None));
        let back = rate_again(message, &before).unwrap().unwrap();
        assert_eq!((shown(&back), back.message.charges), (vec!["2 0.07>0.06".to_owned()], sent.charges));
    }

    #[test]
    fn a_refund_after_it_gives_back_the_new_amount_and_what_was_refunded_stays_so() {
        let sent = sold(&book(1, &[flat("0.05")]), 1, &mut Stock::default());
        let corrected = book(2, &[flat("0.07")]);
        let again = rate_again(&sent, &corrected).unwrap().unwrap().message;
        let doubted = Message { reason: Some(crate::message::IN_DOUBT.into()), ..again };
        let refused = Progress::Refused { reason: "no".into() };
        let Step::Move { refund, .. } = apply(&doubted, &refused, AT) else { panic!("it stays") };
        assert_eq!(refund[0].amount.to_string(), "0.07");
        let refunded = Message { status: Status::Unsent, ..sent };
        assert_eq!(rate_again(&refunded, &corrected), Ok(None));
    }

    #[test]
    fn a_price_for_messages_in_the_place_of_one_for_segments_counts_once() {
        let sent = sold(&book(1, &[flat("0.05")]), 3, &mut Stock::default());
        let mut by_message = flat("0.05");
        by_message["quantity_rule"] = json!("messages");
        assert_eq!(shown(&rate_again(&sent, &book(2, &[by_message])).unwrap().unwrap()), ["1 0.15>0.05"]);
    }

    #[test]
    fn each_tier_of_a_scale_gets_its_own_new_price() {
        let before = book(1, &[scale("tier", "0.05", "0.04")]);
        let mut stock = Stock::default();
        let sent: Vec<Message> = [2, 2].map(|segments| sold(&before, segments, &mut stock)).into();
        let corrected = book_after(&before, 2, &[scale("tier", "0.06", "0.02")]);
        let again = sent.iter().map(|sent| rate_again(sent, &corrected).unwrap().unwrap());
        // The second one has its first segment in the first tier.
        assert_eq!(
            again.map(|again| shown(&again).concat()).collect::<Vec<_>>(),
            ["1 0.1>0.12", "1 0.09>0.08"]
        );
    }

    #[test]
    fn what_a_passed_threshold_repriced_is_repriced_again() {
        let before = book(1, &[scale("back_to_first", "0.05", "0.04")]);
        let mut stock = Stock::default();
        let sent: Vec<Message> = [3, 1].map(|segments| sold(&before, segments, &mut stock)).into();
        let corrected = book_after(&before, 2, &[scale("back_to_first", "0.06", "0.02")]);
        let mut total = Amount::ZERO;
        for sent in &sent {
            let again = rate_again(sent, &corrected).unwrap().unwrap().message;
            total = total.checked_add(again.price()).unwrap();
            assert_eq!(rate_again(&again, &corrected), Ok(None));
        }
        assert_eq!(total.to_string(), "0.08", "four segments at the price of the second tier");
    }

    #[test]
    fn a_price_that_became_a_scale_and_a_country_without_a_rate_are_left_as_they_are() {
        let sent = sold(&book(1, &[flat("0.05")]), 1, &mut Stock::default());
        let now_scale = book(2, &[scale("tier", "0.06", "0.02")]);
        assert_eq!(rate_again(&sent, &now_scale), Err(NotRated::BecameScale { level: 1 }));
        let elsewhere = book(2, &[json!({"depends_on": "country", "values": {"FR": flat("1")}})]);
        assert!(matches!(rate_again(&sent, &elsewhere), Err(NotRated::Quote(QuoteError::NoRate { .. }))));
    }

    #[test]
    fn a_scale_that_became_one_price_is_that_price() {
        let mut stock = Stock::default();
        let sent = sold(&book(1, &[scale("tier", "0.05", "0.04")]), 4, &mut stock);
        let corrected = book(2, &[flat("0.01")]);
        let again = rate_again(&sent, &corrected).unwrap().unwrap();
        assert_eq!(shown(&again), ["1 0.19>0.04"]);
        assert_eq!(rate_again(&again.message, &corrected), Ok(None));
    }

    /// The messages as they are after they were rated again.
    fn rated(sent: &[Message], book: &Book) -> Vec<Message> {
        let rated = |sent: &Message| {
            rate_again(sent, book).unwrap().map_or_else(|| sent.clone(), |again| again.message)
        };
        sent.iter().map(rated).collect()
    }

    fn total(messages: &[Message]) -> String {
        Amount::checked_sum(messages.iter().map(Message::price)).unwrap().to_string()
    }

    #[test]
    fn what_a_passed_threshold_repriced_is_nothing_where_no_price_reprices_it_any_more() {
        let thousand = |kind: &str| {
            json!({"price": {"type": "scale", "scale": kind,
                "tiers": [{"threshold": 1000, "amount": "1"}, {"amount": "0.5"}]}})
        };
        let before = book(1, &[thousand("back_to_first")]);
        let mut stock = Stock::default();
        let sent: Vec<Message> = (0..1_050).map(|_| sold(&before, 1, &mut stock)).collect();
        assert_eq!(total(&sent), "525");
        let free = json!({"price": {"type": "free"}});
        for (price, expected) in [(flat("0.6"), "630"), (free, "0"), (thousand("tier"), "1025")] {
            let after = book_after(&before, 2, &[price]);
            let again = rated(&sent, &after);
            assert_eq!(total(&again), expected);
            assert_eq!(rated(&again, &after), again);
            let restored = book_after(&after, 3, &[thousand("back_to_first")]);
            assert_eq!(total(&rated(&again, &restored)), "525", "once the scale is back");
        }
    }

    #[test]
    fn what_fell_into_a_tier_that_is_gone_costs_what_the_last_one_costs() {
        for kind in ["tier", "back_to_first"] {
            let before = book(1, &[tiers(kind, &["0.5", "0.4", "0.3"])]);
            let mut stock = Stock::default();
            let sent: Vec<Message> = [3, 3, 1].map(|segments| sold(&before, segments, &mut stock)).into();
            let after = book_after(&before, 2, &[tiers("tier", &["0.5", "0.2"])]);
            let again = rated(&sent, &after);
            assert_eq!(total(&again), "2.3", "{kind}: three at 0.5 and four at 0.2");
            let later = book_after(&after, 3, &[tiers(kind, &["0.5", "0.1"])]);
            let expected = if kind == "tier" { "1.9" } else { "0.7" };
            assert_eq!(total(&rated(&again, &later)), expected, "{kind}");
        }
    }

    fn any_price() -> impl Strategy<Value = Value> {
        let amount = || (0u32..20).prop_map(|cents| Amount::whole(cents.into()).to_string());
        let scale = (any::<bool>(), prop::collection::vec(amount(), 1..4)).prop_map(|(is_tier, amounts)| {
            let amounts: Vec<&str> = amounts.iter().map(String::as_str).collect();
            tiers(if is_tier { "tier" } else { "back_to_first" }, &amounts)
        });
        prop_oneof![
            amount().prop_map(|amount| flat(&amount)),
            scale,
            Just(json!({"price": {"type": "free"}})),
        ]
    }

    /// Whether what was sold at one price is known at another: in which tier it fell, and with which unit of
    /// a tier those before it are repriced.
    fn is_known(before: &Value, after: &Value) -> bool {
        let tiers = |price: &Value| price["price"]["tiers"].as_array().map_or(1, Vec::len);
        let is = |price: &Value, kind: &str| price["price"]["scale"] == kind;
        tiers(after) == 1
            || (tiers(after) <= tiers(before) && !(is(before, "tier") && is(after, "back_to_first")))
    }

    proptest! {
        #[test]
        fn rating_twice_is_rating_once_and_the_levels_change_by_exactly_the_differences(
            (before, after) in (1usize..4).prop_flat_map(|levels| {
                let trees = || prop::collection::vec(any_price(), levels);
                (trees(), trees())
            }),
            segments in prop::collection::vec(1u32..4, 1..8),
        ) {
            let known = before.iter().zip(&after).all(|(before, after)| is_known(before, after));
            let before = book(1, &before);
            let after = book_after(&before, 2, &after);
            let (mut stock, mut fresh) = (Stock::default(), Stock::default());
            let mut totals = [vec![Amount::ZERO; after.levels.len()], vec![Amount::ZERO; after.levels.len()]];
            let sum = |charges: &[Charge]| {
                Amount::checked_sum(charges.iter().map(|charge| charge.amount)).unwrap()
            };
            for segments in segments {
                let sent = sold(&before, segments, &mut stock);
                let anew = sold(&after, segments, &mut fresh);
                let again = match rate_again(&sent, &after) {
                    Ok(again) => again,
                    Err(error) => {
                        prop_assert!(!known, "{error}");
                        continue;
                    }
                };
                let as_sent = || RatedAgain { message: sent.clone(), changes: Vec::new() };
                let again = again.unwrap_or_else(as_sent);
                prop_assert_eq!(rate_again(&again.message, &after), Ok(None));
                let levels = sent.levels().zip(again.message.levels()).zip(anew.levels());
                for (index, ((was, is), new)) in levels.enumerate() {
                    let change = again.changes.iter().find(|change| change.level as usize == index + 1);
                    let told = change.map_or(Amount::ZERO, |change| {
                        change.after.checked_sub(change.before).unwrap()
                    });
                    prop_assert_eq!(told, sum(is).checked_sub(sum(was)).unwrap());
                    for (total, charges) in totals.iter_mut().zip([is, new]) {
                        total[index] = total[index].checked_add(sum(charges)).unwrap();
                    }
                }
            }
            if known {
                prop_assert_eq!(&totals[0], &totals[1], "as if it had been sold at these prices");
            }
        }
    }
}
