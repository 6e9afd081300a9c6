//! Allowances: quantities that are sold at a price of their own. What is in a pack, what fits a tier of a
//! scale, how many recipients a bundle covers: each is so many units, taken in order until it is empty.
//!
//! An allowance belongs to an agreement's main wallet, which counts what is gone of it. Holders below
//! have units set aside as they have money, so both are kept in [`Pot`]s and moved by the same rules.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

use crate::id::{AgreementId, ServiceId, WalletId, decode, digest, encode};
use crate::money::{Amount, AmountError};

/// Characters of an id, short because wallets and messages carry several: two that say when it began to
/// count, and 55 bits that tell it from the others of its agreement.
const ID_LENGTH: usize = 13;
const DATE_LENGTH: usize = 2;
/// Begins the ids of what does not count by billing periods; not a character of dates.
const UNDATED: &str = "uu";
/// Dates are days in a circle of this length, which two characters can hold.
const DAYS: i64 = 1 << (5 * DATE_LENGTH);

/// Names an allowance of one agreement. It follows from what the allowance is, so that nobody has to
/// create one before its first unit is taken; and it says itself when its billing period is over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AllowanceId(String);

impl AllowanceId {
    fn derived(period: Option<Date>, parts: &[&str]) -> Self {
        let begin = period
            .map_or_else(|| UNDATED.to_owned(), |period| last(encode(day(period) as u128), DATE_LENGTH));
        let period = period.map(|period| period.to_string()).unwrap_or_default();
        let parts: Vec<&str> = parts.iter().copied().chain([period.as_str()]).collect();
        Self(format!("{begin}{}", last(encode(digest(&parts)), ID_LENGTH - DATE_LENGTH)))
    }

    /// Whether it counted in a billing period that began before this day. What does not count by periods
    /// is never over.
    pub fn is_over(&self, first_day: Date) -> bool {
        let begun = decode(&self.0[..DATE_LENGTH]).and_then(|day| i64::try_from(day).ok());
        // Half of the circle lies before a day, and half behind it.
        begun.is_some_and(|begun| (1..DAYS / 2).contains(&(day(first_day) - begun).rem_euclid(DAYS)))
    }

    /// What is in a pack that was enabled under an agreement at a moment.
    pub fn of_pack(agreement: &AgreementId, pack: &ServiceId, enabled_from: &str) -> Self {
        Self::derived(None, &["pack", agreement.as_str(), pack.as_str(), enabled_from])
    }

    /// A tier of a scale in one billing period. `counter` is what is counted together: a node of a
    /// tree, and a value of its counter group if it has one.
    pub fn of_tier(agreement: &AgreementId, counter: &[&str], tier: usize, period: Date) -> Self {
        let tier = tier.to_string();
        let mut parts = vec!["tier", agreement.as_str(), &tier];
        parts.extend(counter);
        Self::derived(Some(period), &parts)
    }

    /// The recipients of a bundle in one billing period: those it covers, or those past its size.
    pub fn of_bundle(agreement: &AgreementId, bundle: &ServiceId, part: &str, period: Date) -> Self {
        Self::derived(Some(period), &["bundle", agreement.as_str(), bundle.as_str(), part])
    }

    /// Names the recipients that an agreement's bundles have counted in one billing period.
    pub fn of_members(agreement: &AgreementId, period: Date) -> Self {
        Self::derived(Some(period), &["members", agreement.as_str()])
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == ID_LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        fits.then(|| Self(text.to_owned()))
    }
}

/// A day as a number of the circle.
fn day(date_of: Date) -> i64 {
    let since = date_of.duration_since(date(1970, 1, 1));
    since.as_hours().div_euclid(24).rem_euclid(DAYS)
}

fn last(text: String, length: usize) -> String {
    text[text.len() - length..].to_owned()
}

/// What can be spent or set aside: a wallet's money, or one of its allowances.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pot {
    pub wallet: WalletId,
    pub allowance: Option<AllowanceId>,
}

impl Pot {
    pub fn money(wallet: &WalletId) -> Self {
        Self { wallet: wallet.clone(), allowance: None }
    }

    pub fn allowance(wallet: &WalletId, allowance: &AllowanceId) -> Self {
        Self { wallet: wallet.clone(), allowance: Some(allowance.clone()) }
    }
}

impl std::fmt::Display for Pot {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.allowance {
            None => write!(out, "{}", self.wallet),
            Some(allowance) => write!(out, "{}.{}", self.wallet, allowance.as_str()),
        }
    }
}

/// What is gone of an allowance at the wallet it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gone {
    /// Taken or set aside.
    pub drawn: Amount,
    /// Of that, set aside for holders below and not yet settled or returned.
    pub granted: Amount,
}

/// An allowance as a price refers to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    pub id: AllowanceId,
    /// With the wallet that it belongs to.
    pub pot: Pot,
    /// Units; of a monetary pack, money.
    pub size: Amount,
    /// What one unit of an event takes of it: one, or the unit's price in a monetary pack.
    pub each: Amount,
    /// Whether a refund gives its units back: of packs, not of what only counts.
    pub returns: bool,
    /// What is charged, besides its price, with the first unit taken of it: a back-to-first scale
    /// reprices the units of all tiers before.
    pub adjustment: Option<Adjustment>,
}

/// So much more, or less, for each of so many units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adjustment {
    pub difference: Amount,
    pub units: u32,
}

/// What one sender can draw of allowances, and what a plan has drawn so far.
#[derive(Debug, Clone, Default)]
pub struct Stock {
    /// As the owners have it; what is not in it has never been touched.
    pub gone: BTreeMap<Pot, Gone>,
    /// Set aside for the sender.
    pub held: BTreeMap<Pot, Amount>,
    taken: BTreeMap<Pot, Amount>,
    /// Asked for more than was there: what comes after it was taken instead.
    empty: BTreeSet<Pot>,
    /// The first unit of these was taken.
    begun: BTreeSet<Pot>,
    /// The recipients asked about who are in a bundle already.
    pub members: BTreeMap<Pot, BTreeSet<String>>,
    joined: BTreeMap<Pot, BTreeSet<String>>,
}

/// Units drawn of an allowance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drawn {
    pub units: u32,
    /// The very first ones.
    pub first: bool,
}

impl Stock {
    /// What is there of an allowance for this sender: set aside for it, or free at its owner.
    pub fn available(&self, allowance: &Allowance) -> Result<Amount, AmountError> {
        let gone = self.gone.get(&allowance.pot).copied().unwrap_or_default();
        let free = allowance.size.checked_sub(gone.drawn)?.max(Amount::ZERO);
        let held = self.held.get(&allowance.pot).copied().unwrap_or_default();
        free.checked_add(held)?.checked_sub(self.taken_of(&allowance.pot))
    }

    /// Takes up to `wanted` units.
    pub fn draw(&mut self, allowance: &Allowance, wanted: u32) -> Result<Drawn, AmountError> {
        let units = self.available(allowance)?.whole_parts_of(allowance.each).min(wanted);
        if units < wanted {
            self.empty.insert(allowance.pot.clone());
        }
        if units == 0 {
            return Ok(Drawn { units, first: false });
        }
        let gone = self.gone.get(&allowance.pot).copied().unwrap_or_default();
        let taken = self.taken_of(&allowance.pot);
        let first = gone.drawn.is_zero() && taken.is_zero();
        if first {
            self.begun.insert(allowance.pot.clone());
        }
        let sum = taken.checked_add(allowance.each.checked_times(units)?)?;
        self.taken.insert(allowance.pot.clone(), sum);
        Ok(Drawn { units, first })
    }

    /// Counts a recipient into a bundle. False if it is in there already.
    pub fn join(&mut self, members: &Pot, recipient: &str) -> bool {
        let known = self.members.get(members).is_some_and(|known| known.contains(recipient));
        !known && self.joined.entry(members.clone()).or_default().insert(recipient.to_owned())
    }

    /// Those who were counted in.
    pub fn joined(&self) -> &BTreeMap<Pot, BTreeSet<String>> {
        &self.joined
    }

    fn taken_of(&self, pot: &Pot) -> Amount {
        self.taken.get(pot).copied().unwrap_or_default()
    }

    /// What was drawn of each pot.
    pub fn taken(&self) -> &BTreeMap<Pot, Amount> {
        &self.taken
    }

    /// The pots that had less than was asked for.
    pub fn empty(&self) -> &BTreeSet<Pot> {
        &self.empty
    }

    /// The pots of which the very first unit was drawn.
    pub fn begun(&self) -> &BTreeSet<Pot> {
        &self.begun
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowance(size: i64, each: &str) -> Allowance {
        let agreement = AgreementId::new(1);
        let id = AllowanceId::of_pack(&agreement, &ServiceId::new(1), "");
        Allowance {
            pot: Pot::allowance(&WalletId::main(&agreement), &id),
            id,
            size: Amount::whole(size),
            each: Amount::parse(each).unwrap(),
            returns: true,
            adjustment: None,
        }
    }

    #[test]
    fn what_is_free_and_what_is_set_aside_can_be_drawn_and_no_more() {
        let (pack, mut stock) = (allowance(10, "1"), Stock::default());
        stock.gone.insert(pack.pot.clone(), Gone { drawn: Amount::whole(8), granted: Amount::whole(3) });
        stock.held.insert(pack.pot.clone(), Amount::whole(3));
        assert_eq!(stock.draw(&pack, 4).unwrap(), Drawn { units: 4, first: false });
        assert!(stock.empty().is_empty());
        assert_eq!(stock.draw(&pack, 4).unwrap().units, 1);
        assert!(stock.empty().contains(&pack.pot));
        assert_eq!(stock.taken()[&pack.pot], Amount::whole(5));
    }

    #[test]
    fn a_monetary_pack_pays_for_whole_units() {
        let (pack, mut stock) = (allowance(1, "0.3"), Stock::default());
        assert_eq!(stock.draw(&pack, 5).unwrap(), Drawn { units: 3, first: true });
        assert_eq!(stock.taken()[&pack.pot], Amount::parse("0.9").unwrap());
    }

    #[test]
    fn an_id_is_short_and_differs_from_any_other() {
        let of = |tier, period| AllowanceId::of_tier(&AgreementId::new(1), &["a", "b"], tier, period);
        let id = of(0, date(2026, 11, 1));
        assert_eq!(AllowanceId::parse(id.as_str()), Some(id.clone()));
        assert!(id != of(1, date(2026, 11, 1)) && id != of(0, date(2026, 12, 1)));
    }

    #[test]
    fn an_id_says_when_its_period_is_over_and_a_packs_never_does() {
        let november = AllowanceId::of_members(&AgreementId::new(1), date(2026, 11, 1));
        let over = [date(2026, 11, 2), date(2026, 12, 1), date(2028, 3, 1)];
        assert!(over.iter().all(|day| november.is_over(*day)));
        let not_over = [date(2026, 11, 1), date(2026, 10, 31), date(2026, 1, 1)];
        assert!(not_over.iter().all(|day| !november.is_over(*day)));
        let pack = AllowanceId::of_pack(&AgreementId::new(1), &ServiceId::new(1), "");
        assert!(over.iter().all(|day| !pack.is_over(*day)));
    }
}
