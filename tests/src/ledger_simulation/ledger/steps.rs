//! Which steps are lawful for one item: what a write may make of a message, a fee, a wallet, a lease or a payment.

use std::collections::BTreeMap;

use domain::allowance::Pot;
use domain::fee::Fee;
use domain::id::WalletId;
use domain::message::{Message, Status};
use domain::money::Amount;
use domain::payment::{Payment, PaymentStatus};
use domain::wallet::{Lease, OperationKind, Wallet, WalletState};

use super::{Breach, Invariant, breach};

/// A message keeps its charges until it is rated again, moves one revision at a time, and a final state stays.
pub(super) fn check_step(before: &Message, after: &Message) -> Result<(), Breach> {
    let moved = after.revision.checked_sub(before.revision);
    let is_step = match moved {
        Some(0) => after == before,
        Some(1) => {
            if after.charge_version == before.charge_version + 1 {
                return check_rated_again(before, after);
            }
            let is_lawful = match after.status {
                // One that leaves its block is there again to be sent.
                Status::Accepted if after.id.block().is_some() => !before.status.is_final(),
                Status::Accepted => before.status == Status::Queued,
                Status::Queued => matches!(before.status, Status::Accepted | Status::Queued),
                _ => !before.status.is_final(),
            };
            (&after.charges, after.charge_version) == (&before.charges, before.charge_version) && is_lawful
        }
        _ => false,
    };
    let id = &after.id;
    let (from, to) = (before.status, after.status);
    is_step
        .then_some(())
        .ok_or_else(|| breach(Invariant::VoidedOnce, format!("{id} went from {from:?} to {to:?}")))
}

/// Its prices are others, and nothing else of it is.
fn check_rated_again(before: &Message, after: &Message) -> Result<(), Breach> {
    let (charges, charge_version) = (before.charges.clone(), before.charge_version);
    let with_old_prices = Message { charges, charge_version, revision: before.revision, ..after.clone() };
    let is_step = with_old_prices == *before && after.charges != before.charges;
    let detail = || format!("{} was rated again and is another message", after.id);
    is_step.then_some(()).ok_or_else(|| breach(Invariant::VoidedOnce, detail()))
}

/// A fee stays until it is rated again. Its price is another then, and nothing else of it is.
pub(super) fn check_fee_step(before: &Fee, after: &Fee) -> Result<(), Breach> {
    let with_old_price = Fee {
        rate: before.rate.clone(),
        unit_price: before.unit_price,
        quantity_rule: before.quantity_rule,
        amount: before.amount,
        charge_version: before.charge_version,
        ..after.clone()
    };
    let is_step = with_old_price == *before
        && after.charge_version == before.charge_version + 1
        && after.unit_price != before.unit_price;
    is_step.then_some(()).ok_or_else(|| breach(Invariant::FeeOnce, format!("{} was written over", after.id)))
}

/// The limit is cut, payments are taken back and messages rated again by force; nothing else takes what is
/// not there.
pub(super) fn check_wallet_step(before: &Wallet, after: &Wallet) -> Result<(), Breach> {
    let (id, kind) = (&after.id, after.last_operation.kind);
    // Payments are judged by what they are.
    let forced = matches!(kind, OperationKind::Payment | OperationKind::Terms | OperationKind::Rerate);
    if after.headroom.is_negative() && after.headroom < before.headroom && !forced {
        let detail = format!("{id} has a headroom of {} after a write for {kind:?}", after.headroom);
        return Err(breach(Invariant::NothingBelowZero, detail));
    }
    if let (Some(was), Some(held)) = (&before.lease, &after.lease) {
        check_lease_step(id, (&before.state, was), (&after.state, held), after)?;
    }
    if before.state != WalletState::Open && is_spent(before, after) {
        return Err(breach(
            Invariant::OnlyOpen,
            format!("{id} is {:?} and was written for {kind:?}", before.state),
        ));
    }
    if after.sequence != before.sequence + 1 {
        let detail = format!("{id} went from write {} to {}", before.sequence, after.sequence);
        return Err(breach(Invariant::Replayed, detail));
    }
    Ok(())
}

/// A lease is taken when it is closed, by one holder under a new fence; that holder counts upwards; and when
/// it is closed nothing is left in it.
fn check_lease_step(
    id: &WalletId,
    (state, was): (&WalletState, &Lease),
    (state_after, held): (&WalletState, &Lease),
    after: &Wallet,
) -> Result<(), Breach> {
    let is_closed = *state == WalletState::Closed;
    if held.fence != was.fence {
        let is_taken = is_closed && held.fence == was.fence + 1 && held.written == 0;
        let detail = format!("{id} went from fence {} to {} while it was {state:?}", was.fence, held.fence);
        return if is_taken { Ok(()) } else { Err(breach(Invariant::OneHolder, detail)) };
    }
    if held.holder != was.holder {
        let detail = format!("{id} has two holders under fence {}", held.fence);
        return Err(breach(Invariant::OneHolder, detail));
    }
    let is_flush = held.written == was.written + 1 && !is_closed;
    if held.written != was.written && !is_flush {
        let detail =
            format!("{id} went from flush {} to {} while it was {state:?}", was.written, held.written);
        return Err(breach(Invariant::FencedHolders, detail));
    }
    let has_left = after.escrow.values().chain(after.used.values()).any(|amount| !amount.is_zero());
    if *state_after == WalletState::Closed && !is_closed && has_left {
        return Err(breach(Invariant::FencedHolders, format!("{id} was closed with something in it")));
    }
    Ok(())
}

/// What a write gave back to a holder, by the wallet it was set aside by.
pub(super) fn refunds(before: &Wallet, after: &Wallet) -> Result<Vec<(WalletId, Amount)>, Breach> {
    if after.last_operation.kind != OperationKind::Refund {
        return Ok(Vec::new());
    }
    let money = after.escrow.iter().filter(|(pot, _)| pot.allowance.is_none());
    let back =
        |(pot, escrow): (&Pot, &Amount)| Ok((pot.wallet.clone(), escrow.checked_sub(before.escrow_on(pot))?));
    money.map(back).collect()
}

/// Whether something was charged to a wallet, set aside of it, or given to it to spend.
fn is_spent(before: &Wallet, after: &Wallet) -> bool {
    let total = |wallet: &Wallet, of: fn(&Wallet) -> &BTreeMap<Pot, Amount>| {
        Amount::checked_sum(of(wallet).values().copied()).unwrap_or_default()
    };
    let is_given = after.headroom < before.headroom && after.allocated > before.allocated;
    // What an own lease has used is posted under its name; that was spent before. What it gets is spent now.
    let is_settled = WalletId::parse(&after.last_operation.reference).is_ok();
    match after.last_operation.kind {
        OperationKind::Charge if is_settled => {
            is_given || total(after, |wallet| &wallet.escrow) < total(before, |wallet| &wallet.escrow)
        }
        OperationKind::Charge | OperationKind::Fee => {
            after.headroom < before.headroom
                || total(after, |wallet| &wallet.used) > total(before, |wallet| &wallet.used)
        }
        OperationKind::Escrow => {
            is_given || total(after, |wallet| &wallet.escrow) > total(before, |wallet| &wallet.escrow)
        }
        _ => false,
    }
}

/// A payment is stored once and changed one revision at a time; a deleted one stays deleted.
pub(super) fn check_payment_step(before: Option<&Payment>, after: &Payment) -> Result<(), Breach> {
    let is_step = match before {
        None => after.revision == 0,
        Some(before) => {
            after == before
                || after.revision == before.revision + 1
                    && before.status != PaymentStatus::Canceled
                    && (&after.wallet, after.direction, &after.company)
                        == (&before.wallet, before.direction, &before.company)
        }
    };
    let id = &after.id;
    let was = before.map(|before| (before.status, before.revision));
    is_step.then_some(()).ok_or_else(|| {
        let detail = format!("{id} went from {was:?} to {:?}", (after.status, after.revision));
        breach(Invariant::PaymentEffect, detail)
    })
}
