//! What rerates come to, as a bookkeeper finds it: in the messages and fees that a task has written, and in those
//! that do not cost what the prices say.

use std::collections::BTreeMap;

use domain::edr::agreements;
use domain::id::{AgreementId, RerateId};
use domain::message::Message;
use domain::money::Amount;
use domain::quote::Charge;
use domain::rating::BillingRule;
use domain::rerate::{Difference, Rerate, Status};
use jiff::SignedDuration;

use super::ledger::{Breach, Invariant, Ledger, RatedAgain};

/// More than clocks are off.
const NEAR: SignedDuration = SignedDuration::from_mins(30);

/// By agreement and level: how many records cost something else, and what they cost before and after.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums(BTreeMap<(AgreementId, u32), (u64, Amount, Amount)>);

impl Sums {
    /// What a task says.
    pub fn told(differences: Vec<Difference>) -> Self {
        let sum = |of: Difference| ((of.agreement, of.level), (of.records, of.before, of.after));
        Self(differences.into_iter().map(sum).collect())
    }

    fn add(&mut self, level: (AgreementId, u32), (before, after): (Amount, Amount)) -> Result<(), Breach> {
        let (records, was, is) = self.0.entry(level).or_default();
        *records += 1;
        *was = was.checked_add(before)?;
        *is = is.checked_add(after)?;
        Ok(())
    }

    fn add_message(&mut self, before: &Message, after: &Message) -> Result<(), Breach> {
        let levels = before.levels().zip(after.levels());
        for ((number, agreement), (was, is)) in (1..).zip(agreements(before)).zip(levels) {
            if was != is {
                self.add((agreement, number), (owed(before, was)?, owed(after, is)?))?;
            }
        }
        Ok(())
    }
}

/// The tasks that were begun.
#[derive(Debug, Default)]
pub struct Rerates(BTreeMap<RerateId, Begun>);

#[derive(Debug, Default)]
struct Begun {
    /// How much had moved by then, if all that had was recorded.
    moves: Option<Moves>,
    /// What its own writes have changed.
    changed: Sums,
}

/// How often something has happened that changes what a rerate has to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moves {
    /// Messages and fees were written by others, or prices corrected.
    pub others: u64,
    /// Messages or fees were rated again.
    pub rerates: u64,
}

impl Rerates {
    pub fn begin(&mut self, task: &RerateId, moves: Option<Moves>) {
        self.0.entry(task.clone()).or_insert_with(|| Begun { moves, ..Begun::default() });
    }

    /// The tasks since which only rerates have moved anything.
    pub fn undisturbed(&self, now: Moves) -> Vec<RerateId> {
        let is_of_now = |begun: &Begun| begun.moves.is_some_and(|moves| moves.others == now.others);
        self.0.iter().filter(|(_, begun)| is_of_now(begun)).map(|(id, _)| id.clone()).collect()
    }

    /// A task has rated these again.
    pub fn change(&mut self, task: &RerateId, rated: &RatedAgain) -> Result<(), Breach> {
        let changed = &mut self.0.entry(task.clone()).or_default().changed;
        rated.messages.iter().try_for_each(|(before, after)| changed.add_message(before, after))?;
        rated.fees.iter().try_for_each(|(before, after)| {
            changed.add((before.agreement.clone(), 1), (before.amount, after.amount))
        })
    }

    /// What a task says is what it has done. If only rerates have moved anything since it began, nothing is
    /// left to do once it has ended, whatever those do that were begun before it; if nothing has, one that
    /// counts has counted all there is.
    pub fn check(
        &self,
        task: &Rerate,
        told: &Sums,
        due: impl FnOnce() -> Result<Option<Sums>, Breach>,
        now: Moves,
    ) -> Result<(), Breach> {
        let Some(Begun { moves, changed }) = self.0.get(&task.id) else { return Ok(()) };
        let id = &task.id;
        let wrong = |detail: String| Err(Breach::of(Invariant::Rerated, format!("{id} {detail}")));
        let nothing = Sums::default();
        if *changed != *(if task.dry_run { &nothing } else { told }) {
            return wrong(format!("says {told:?}, and has changed {changed:?}"));
        }
        let is_alone =
            |moves: Moves| moves.others == now.others && (!task.dry_run || moves.rerates == now.rerates);
        if task.status != Status::Complete || !moves.is_some_and(is_alone) {
            return Ok(());
        }
        let Some(due) = due()? else { return Ok(()) };
        if due != *(if task.dry_run { told } else { &nothing }) {
            return wrong(format!("says {told:?} at its end, when {due:?} are left to change"));
        }
        Ok(())
    }
}

/// What rating again changes of the messages and fees that a task is about, at these prices. None if one was
/// accepted too near to its end to say on which side it is recorded: clocks differ.
pub fn due(
    ledger: &Ledger,
    prices: &BTreeMap<AgreementId, Amount>,
    task: &Rerate,
) -> Result<Option<Sums>, Breach> {
    let mut sums = Sums::default();
    for message in ledger.stored_messages() {
        if task.till.duration_since(message.accepted_at).abs() < NEAR {
            return Ok(None);
        }
        let is_in_time = (task.from..task.till).contains(&message.accepted_at);
        let is_recorded = agreements(message).any(|agreement| task.agreements.contains(&agreement));
        if !is_in_time || !is_recorded {
            continue;
        }
        for ((number, agreement), charges) in (1..).zip(agreements(message)).zip(message.levels()) {
            let Some(price) = prices.get(&agreement) else { continue };
            let before = owed(message, charges)?;
            let (mut after, mut is_wrong) = (before, false);
            for charge in charges.iter().filter(|charge| message.stands(charge) && is_priced(charge)) {
                is_wrong |= charge.unit_price != *price;
                after =
                    after.checked_sub(charge.amount)?.checked_add(price.checked_times(charge.quantity)?)?;
            }
            if is_wrong {
                sums.add((agreement, number), (before, after))?;
            }
        }
    }
    for fee in ledger.fees.values() {
        if task.till.duration_since(fee.at).abs() < NEAR {
            return Ok(None);
        }
        let is_rated = (task.from..task.till).contains(&fee.at) && task.agreements.contains(&fee.agreement);
        if let Some(price) = prices.get(&fee.agreement).filter(|price| is_rated && **price != fee.unit_price)
        {
            let after = price.checked_times(fee.quantity)?;
            sums.add((fee.agreement.clone(), 1), (fee.amount, after))?;
        }
    }
    Ok(Some(sums))
}

/// Neither of a pack nor for a bundle: at the price of the plan.
fn is_priced(charge: &Charge) -> bool {
    charge.taken.is_none() && charge.billing != BillingRule::Accepted
}

fn owed(message: &Message, charges: &[Charge]) -> Result<Amount, Breach> {
    let standing = charges.iter().filter(|charge| message.stands(charge));
    Ok(Amount::checked_sum(standing.map(|charge| charge.amount))?)
}
