//! Whether the sums of a wallet are those of its holders, its charges and its payments.

use std::collections::BTreeSet;

use domain::allowance::Pot;
use domain::wallet::Wallet;

use super::{Breach, Held, Invariant, Ledger, breach};

impl Ledger {
    pub(super) fn check_wallet(&self, wallet: &Wallet) -> Result<(), Breach> {
        let id = &wallet.id;
        let wrong = |invariant, detail: String| Err(breach(invariant, format!("{id} {detail}")));
        if !wallet.is_balanced() {
            return wrong(Invariant::Balanced, "is not balanced".to_owned());
        }
        if let Some((on, escrow)) = wallet.escrow.iter().find(|(_, escrow)| escrow.is_negative()) {
            return wrong(Invariant::NothingBelowZero, format!("has an escrow of {escrow} on {on}"));
        }
        if let Some((of, used)) =
            wallet.used.iter().find(|(pot, used)| pot.allowance.is_some() && used.is_negative())
        {
            return wrong(Invariant::NothingBelowZero, format!("has used {used} units of {of}"));
        }
        let money = Pot::money(id);
        let Held { escrow, used } = self.held(&money);
        let held = escrow.checked_add(used)?;
        if held != wallet.allocated {
            return wrong(
                Invariant::Escrow,
                format!("has allocated {}, its holders have {held}", wallet.allocated),
            );
        }
        let charged = wallet.charged.checked_add(used)?;
        let standing = self.standing_of(&money);
        if charged != standing {
            return wrong(
                Invariant::Charges,
                format!("has charged {charged}, the charges that stand are {standing}"),
            );
        }
        let moved = self.moved.get(id).copied().unwrap_or_default();
        if wallet.funding != moved {
            let detail = format!("has funding {}, payments and transfers make {moved}", wallet.funding);
            return wrong(Invariant::Funding, detail);
        }
        let most = self.most.as_ref().and_then(|most| most.get(id).copied());
        if let Some(most) = most.filter(|most| standing > *most && standing.is_positive()) {
            return wrong(
                Invariant::WithinFunds,
                format!("has charges of {standing}, and never had more than {most}"),
            );
        }
        for allowance in wallet.allowances.keys() {
            self.check_allowance(wallet, &Pot::allowance(id, allowance))?;
        }
        Ok(())
    }

    fn check_allowance(&self, owner: &Wallet, pot: &Pot) -> Result<(), Breach> {
        let wrong = |invariant, detail: String| Err(breach(invariant, format!("{pot} {detail}")));
        let Some(allowance) = &pot.allowance else { return Ok(()) };
        let gone = owner.gone(allowance);
        let Held { escrow, used } = self.held(pot);
        let held = escrow.checked_add(used)?;
        if held != gone.granted {
            return wrong(
                Invariant::Escrow,
                format!("has granted {}, its holders have {held}", gone.granted),
            );
        }
        let drawn = gone.drawn.checked_sub(gone.granted)?.checked_add(used)?;
        let standing = self.standing_of(pot);
        if drawn != standing {
            return wrong(
                Invariant::Charges,
                format!("has given {drawn}, the draws that stand are {standing}"),
            );
        }
        let Some(known) = self.allowances.get(pot) else { return Ok(()) };
        if gone.drawn > known.size || gone.drawn.is_negative() {
            return wrong(
                Invariant::ScaleCountsOnce,
                format!("has {}, {} of it are gone", known.size, gone.drawn),
            );
        }
        let repriced = self.repriced.get(pot).copied().unwrap_or_default();
        let due = u32::from(!gone.drawn.is_zero());
        if known.adjustment.is_some_and(|of| of.units > 0 && !of.difference.is_zero()) && repriced != due {
            return wrong(
                Invariant::ScaleCountsOnce,
                format!("was repriced {repriced} times instead of {due}"),
            );
        }
        let nobody = BTreeSet::new();
        let (counted, joined) = (self.members.get(pot), self.joined.get(pot));
        if self.counters.get(pot) == Some(pot) && counted.unwrap_or(&nobody) != joined.unwrap_or(&nobody) {
            return wrong(Invariant::BundleOnce, "counts others than it has charged".to_owned());
        }
        Ok(())
    }
}
