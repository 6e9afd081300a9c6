//! Whether a new row was priced as the ledger stood at that write (I4, I10, I11, I12).
//!
//! Where the write itself was to the wallet that has the allowances of a level, what is left of them was
//! part of its condition, so the price is worked out again from there and has to be the same. Allowances of
//! other wallets may have moved between the read and the write: then each charge only has to be one that
//! was offered, unless nobody else was there.

use std::collections::BTreeSet;

use domain::allowance::{Allowance, Gone, Pot, Stock};
use domain::batch::{Draft, Row};
use domain::id::WalletId;
use domain::message::Message;
use domain::money::Amount;
use domain::quote::{Charge, Offer};
use domain::rating::Size;

use super::ledger::{Breach, Invariant, Ledger};

/// `before` is the ledger just before the write, which was to these wallets.
pub fn check(
    before: &Ledger,
    draft: &Draft,
    row: &Row,
    written: &BTreeSet<WalletId>,
    alone: bool,
) -> Result<(), Breach> {
    let messages = messages(row);
    if alone {
        check_serially(before, draft, row, &messages)?;
    }
    let Some(place) = draft.places.first() else { return Ok(()) };
    for (level, offer) in place.offers.iter().enumerate() {
        let owner = offer.allowances().next().map(|allowance| &allowance.pot.wallet);
        if owner.is_none_or(|owner| written.contains(owner)) {
            check_level(before, level, offer, &messages)?;
        } else {
            messages.iter().try_for_each(|message| check_offered(level, offer, message))?;
        }
    }
    Ok(())
}

fn messages(row: &Row) -> Vec<Message> {
    match row {
        Row::Message(message) => vec![(**message).clone()],
        Row::Batch(batch) => batch.messages().collect(),
    }
}

/// Nobody else was there, so every unit that is not used was to be had.
fn check_serially(before: &Ledger, draft: &Draft, row: &Row, messages: &[Message]) -> Result<(), Breach> {
    let priced = draft.price(serial_stock(before, draft)?, Amount::ZERO);
    let priced = priced.map_err(|error| Breach::of(Invariant::PacksInOrder, format!("{row:?}: {error}")))?;
    let expected: Vec<Vec<Charge>> =
        self::messages(&priced.row).into_iter().map(|message| message.charges).collect();
    let found: Vec<&Vec<Charge>> = messages.iter().map(|message| &message.charges).collect();
    same(Invariant::PacksInOrder, row.reference(), &expected.iter().collect::<Vec<_>>(), &found)
}

/// What a request could draw if all that is set aside were called back.
pub fn serial_stock(before: &Ledger, draft: &Draft) -> Result<Stock, Breach> {
    let mut stock = stock_with_members(before, draft.bundles());
    for pot in draft.allowances().into_keys() {
        let gone = gone(before, &pot);
        let drawn = gone.drawn.checked_sub(before.escrow(&pot))?;
        stock.gone.insert(pot, Gone { drawn, granted: Amount::ZERO });
    }
    Ok(stock)
}

/// Whom these bundles have counted.
fn stock_with_members<'a>(before: &Ledger, bundles: impl IntoIterator<Item = &'a Pot>) -> Stock {
    let mut stock = Stock::default();
    for bundle in bundles {
        let members = before.members.get(bundle).cloned().unwrap_or_default();
        stock.members.insert(bundle.clone(), members);
    }
    stock
}

/// One level, from what its wallet says is gone.
fn check_level(before: &Ledger, level: usize, offer: &Offer, messages: &[Message]) -> Result<(), Breach> {
    let mut stock = stock_with_members(before, offer.bundle.iter().map(|bundle| &bundle.members));
    for allowance in offer.allowances() {
        stock.gone.insert(allowance.pot.clone(), gone(before, &allowance.pot));
    }
    for message in messages {
        let drawn =
            offer.draw(level + 1, Size::segments(message.segments), message.recipient.as_str(), &mut stock);
        let expected = drawn
            .map_err(|error| Breach::of(Invariant::ChargedAsRated, format!("{}: {error}", message.id)))?;
        let found = message.levels().nth(level).unwrap_or_default().to_vec();
        same(Invariant::ChargedAsRated, message.id.as_str(), &[&expected], &[&found])?;
    }
    Ok(())
}

fn gone(ledger: &Ledger, pot: &Pot) -> Gone {
    let wallet = ledger.wallets.get(&pot.wallet);
    wallet.zip(pot.allowance.as_ref()).map(|(wallet, allowance)| wallet.gone(allowance)).unwrap_or_default()
}

fn same(
    invariant: Invariant,
    what: &str,
    expected: &[&Vec<Charge>],
    found: &[&Vec<Charge>],
) -> Result<(), Breach> {
    if expected == found {
        return Ok(());
    }
    let texts = |all: &[&Vec<Charge>]| {
        let texts: Vec<String> =
            all.iter().flat_map(|charges| charges.iter()).map(ToString::to_string).collect();
        texts.join(" ")
    };
    Err(Breach::of(
        invariant,
        format!("{what} was charged [{}] instead of [{}]", texts(found), texts(expected)),
    ))
}

/// Every charge is one of the offer's, and together they pay for all segments.
fn check_offered(level: usize, offer: &Offer, message: &Message) -> Result<(), Breach> {
    let charges = message.levels().nth(level).unwrap_or_default();
    let wrong = |charge: &Charge| {
        Breach::of(
            Invariant::ChargedAsRated,
            format!("{} was charged {charge}, which nobody offered", message.id),
        )
    };
    for charge in charges {
        let allowance = charge.taken.as_ref().map(|taken| &taken.allowance);
        let bundled = offer.bundle.iter().flat_map(|bundle| &bundle.sources);
        let is_offered = offer.sources.iter().chain(bundled).any(|source| {
            let of = source.allowance.as_ref();
            let priced = source.unit_price == charge.unit_price && of.map(|of| &of.id) == allowance;
            source.rate == charge.rate && (priced || allowance.is_none() && adjusts(of, charge))
        });
        if charge.wallet != offer.payer || !is_offered {
            return Err(wrong(charge));
        }
    }
    Ok(())
}

fn adjusts(allowance: Option<&Allowance>, charge: &Charge) -> bool {
    allowance.and_then(|allowance| allowance.adjustment).is_some_and(|adjustment| {
        adjustment.difference == charge.unit_price && adjustment.units == charge.quantity
    })
}
