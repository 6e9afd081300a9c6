//! One balance of the ledger, and how a charge is taken from it and from every wallet above it.
//!
//! A wallet carries its own headroom *and* escrow: headroom that the wallets above it have set aside for
//! it. A message therefore debits all levels by changing this one item; the wallets above are written
//! only when escrow is refilled, settled or recalled. Four identities hold after every write:
//!
//! * **B** `headroom + allocated + charged = funding + credit_limit` in every wallet;
//! * **E** `allocated` of a wallet = the sum over its holders of `escrow + used`;
//! * **C** `charged` of a wallet + its holders' `used` = the charges of that wallet that stand;
//! * **F** `funding` = payments + transfers in - transfers out.
//!
//! E and C hold in the same way for the units of allowances: `granted` stands for `allocated`, and what
//! is drawn but not granted for `charged`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::allowance::{AllowanceId, Gone, Pot};
use crate::id::{AgreementId, CompanyId, TransferId, UserId, WalletId};
use crate::money::{Amount, AmountError, Currency};

/// A refill sets this many sends aside, so that the wallet above is written once in so many messages.
pub const REFILL_SENDS: u32 = 400;
/// Fewer sends than this are not worth setting aside: the wallet above is nearly empty and is debited
/// directly instead (exact mode), so that nothing is stranded below it.
pub const REFILL_SENDS_MIN: u32 = 50;
/// At most this part of a wallet's headroom goes to one holder at a time.
const REFILL_SHARE: u32 = 4;

/// Whether a wallet may be charged, and give escrow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum WalletState {
    #[default]
    Open,
    /// A transfer is taking all there is: until it has, nothing else is spent.
    Draining { transfer: TransferId, since: Timestamp },
    /// Nothing is spent until it is resumed.
    Suspended,
    /// A lease that nobody holds, or what an agreement or a company had that was deleted.
    Closed,
}

/// Who may spend what a lease has in escrow, and how far they have come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Unique for each acquisition, so that of two who believe to hold it one is refused.
    pub holder: String,
    /// Raised by each acquisition.
    pub fence: u64,
    /// The number of the last block of this fence that counts.
    pub written: u64,
    /// When others may take it back. Safety does not depend on it.
    pub expires_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wallet {
    pub id: WalletId,
    pub company: CompanyId,
    pub agreement: AgreementId,
    pub currency: Currency,
    pub state: WalletState,
    /// The wallets that a charge here is taken from as well, nearest first.
    pub above: Vec<WalletId>,
    /// Payments + transfers in - transfers out.
    pub funding: Amount,
    pub credit_limit: Amount,
    /// Charges posted here, net of refunds.
    pub charged: Amount,
    /// What may still be spent or set aside.
    pub headroom: Amount,
    /// Set aside for the holders below and not yet settled or returned.
    pub allocated: Amount,
    /// What is gone of its own allowances.
    pub allowances: BTreeMap<AllowanceId, Gone>,
    /// What this wallet may spend of each pot above it.
    pub escrow: BTreeMap<Pot, Amount>,
    /// What it has spent of that since the last settlement. Below zero after refunds.
    pub used: BTreeMap<Pot, Amount>,
    /// Raised by every refill, so that two at once cannot both apply.
    pub refills: u64,
    /// Raised by every write: numbers the statement.
    pub sequence: u64,
    pub last_operation: Operation,
    /// Of a lease: a wallet without headroom, that spends only what others set aside for it.
    pub lease: Option<Lease>,
}

/// What the latest write was, for the statement line that the stream makes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    pub kind: OperationKind,
    /// The transfer, payment, message, batch, block, fee or rerate; the holder's wallet for escrow.
    pub reference: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    Opened,
    TransferIn,
    TransferOut,
    Payment,
    Charge,
    /// A charge for something else than a message: a pack, a bundle, a sender ID, a platform.
    Fee,
    Refund,
    /// The difference between what messages cost before and after they were rated again.
    Rerate,
    /// Escrow moved to or from a holder; what the holder had used is posted with it.
    Escrow,
    /// The credit limit, or whether the wallet may be charged.
    Terms,
}

impl Wallet {
    /// A new wallet, empty but for its credit limit.
    pub fn open(
        agreement: &AgreementId,
        company: &CompanyId,
        currency: Currency,
        credit_limit: Amount,
        above: Vec<WalletId>,
    ) -> Self {
        let id = WalletId::main(agreement);
        let empty: BTreeMap<_, _> = above.iter().map(|wallet| (Pot::money(wallet), Amount::ZERO)).collect();
        Self {
            last_operation: Operation { kind: OperationKind::Opened, reference: id.to_string() },
            id,
            company: company.clone(),
            agreement: agreement.clone(),
            currency,
            state: WalletState::Open,
            above,
            funding: Amount::ZERO,
            credit_limit,
            charged: Amount::ZERO,
            headroom: credit_limit,
            allocated: Amount::ZERO,
            allowances: BTreeMap::new(),
            escrow: empty.clone(),
            used: empty,
            refills: 0,
            sequence: 0,
            lease: None,
        }
    }

    /// A wallet right below `home`, charged for what is sent from it and refilled through it.
    fn below(home: &Self, id: WalletId) -> Self {
        let above = [home.id.clone()].into_iter().chain(home.above.iter().cloned()).collect();
        let main = Self::open(&home.agreement, &home.company, home.currency, Amount::ZERO, above);
        let last_operation = Operation { kind: OperationKind::Opened, reference: id.to_string() };
        Self { id, last_operation, ..main }
    }

    /// A user's own wallet, below the main wallet of the agreement.
    pub fn open_user(main: &Self, user: &UserId) -> Self {
        Self::below(main, WalletId::of_user(&main.agreement, user))
    }

    /// A lease on a wallet that nobody holds yet.
    pub fn open_lease(home: &Self, slot: u16) -> Self {
        let lease = Lease { holder: String::new(), fence: 0, written: 0, expires_at: Timestamp::UNIX_EPOCH };
        let wallet = Self::below(home, WalletId::of_lease(&home.id, slot));
        Self { state: WalletState::Closed, lease: Some(lease), ..wallet }
    }

    /// Funding less the charges posted here. What holders have used and not yet settled is not in it.
    pub fn posted_balance(&self) -> Result<Amount, AmountError> {
        self.funding.checked_sub(self.charged)
    }

    /// What a transfer may take: headroom without the credit limit.
    pub fn own_funds(&self) -> Result<Amount, AmountError> {
        self.headroom.checked_sub(self.credit_limit)
    }

    pub fn escrow_on(&self, pot: &Pot) -> Amount {
        self.escrow.get(pot).copied().unwrap_or_default()
    }

    pub fn used_of(&self, pot: &Pot) -> Amount {
        self.used.get(pot).copied().unwrap_or_default()
    }

    /// What is gone of one of its own allowances.
    pub fn gone(&self, allowance: &AllowanceId) -> Gone {
        self.allowances.get(allowance).copied().unwrap_or_default()
    }

    /// Identity B.
    pub fn is_balanced(&self) -> bool {
        let left = Amount::checked_sum([self.headroom, self.allocated, self.charged]);
        let right = self.funding.checked_add(self.credit_limit);
        left.is_ok() && left == right
    }
}

/// An amount of one pot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    pub pot: Pot,
    pub amount: Amount,
}

/// How a charge is written: what the home wallet has itself, what it has in escrow, and what is taken
/// from the wallets above in exact mode.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChargePlan {
    pub own: Vec<Leg>,
    pub from_escrow: Vec<Leg>,
    pub exact: Vec<Leg>,
}

/// Why a charge cannot be written as things stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Short {
    Home {
        available: Amount,
        needed: Amount,
    },
    /// The escrow on this pot does not cover the charge.
    Escrow {
        pot: Pot,
        needed: Amount,
    },
}

/// Where each part of a charge is taken from. Pots of wallets in `exact` are debited directly.
pub fn plan_charge(home: &Wallet, legs: &[Leg], exact: &BTreeSet<WalletId>) -> Result<ChargePlan, Short> {
    let mut plan = ChargePlan::default();
    for leg in legs.iter().filter(|leg| !leg.amount.is_zero()) {
        if leg.pot == Pot::money(&home.id) && home.headroom < leg.amount {
            return Err(Short::Home { available: home.headroom, needed: leg.amount });
        }
        let part = match &leg.pot.wallet {
            wallet if *wallet == home.id => &mut plan.own,
            wallet if exact.contains(wallet) => &mut plan.exact,
            _ if leg.amount.is_positive() && home.escrow_on(&leg.pot) < leg.amount => {
                return Err(Short::Escrow { pot: leg.pot.clone(), needed: leg.amount });
            }
            _ => &mut plan.from_escrow,
        };
        part.push(leg.clone());
    }
    Ok(plan)
}

/// How much to set aside for a holder that needs `needed` now and `unit` for each further send, out of
/// `available`; none when what is left is too little to be worth it.
pub fn refill_amount(available: Amount, needed: Amount, unit: Amount) -> Option<Amount> {
    let share = available.divided_down(REFILL_SHARE);
    let least = needed.checked_add(unit.checked_times(REFILL_SENDS_MIN).ok()?).ok()?;
    let most = needed.checked_add(unit.checked_times(REFILL_SENDS).ok()?).ok()?;
    (least <= share).then(|| most.min(share))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Amount {
        Amount::parse(text).unwrap()
    }

    fn wallet(number: u128, above: &[u128]) -> Wallet {
        let above = above.iter().map(|number| WalletId::new(*number)).collect();
        let currency = Currency::parse("EUR").unwrap();
        Wallet::open(&AgreementId::new(number), &CompanyId::new(number), currency, Amount::ZERO, above)
    }

    fn legs(amounts: &[(u128, &str)]) -> Vec<Leg> {
        let pot = |number: u128| Pot::money(&WalletId::new(number));
        let leg = |(number, text): &(u128, &str)| Leg { pot: pot(*number), amount: amount(text) };
        amounts.iter().map(leg).collect()
    }

    #[test]
    fn a_charge_is_taken_from_the_home_wallet_and_its_escrow_alone() {
        let mut home = wallet(1, &[2, 3]);
        home.headroom = amount("1");
        home.escrow = legs(&[(2, "0.5"), (3, "0.5")]).into_iter().map(|leg| (leg.pot, leg.amount)).collect();
        let plan =
            plan_charge(&home, &legs(&[(1, "0.05"), (2, "0.04"), (3, "0.03")]), &BTreeSet::new()).unwrap();
        assert_eq!(plan.own, legs(&[(1, "0.05")]));
        assert_eq!(plan.from_escrow, legs(&[(2, "0.04"), (3, "0.03")]));
        assert!(plan.exact.is_empty());
    }

    #[test]
    fn a_charge_says_which_level_falls_short() {
        let mut home = wallet(1, &[2]);
        let ask = legs(&[(1, "0.05"), (2, "0.04")]);
        let short = Short::Home { available: Amount::ZERO, needed: amount("0.05") };
        assert_eq!(plan_charge(&home, &ask, &BTreeSet::new()), Err(short));
        home.headroom = amount("0.05");
        let short = Short::Escrow { pot: Pot::money(&WalletId::new(2)), needed: amount("0.04") };
        assert_eq!(plan_charge(&home, &ask, &BTreeSet::new()), Err(short));
    }

    #[test]
    fn a_nearly_empty_wallet_above_is_debited_directly() {
        let mut home = wallet(1, &[2]);
        home.headroom = amount("1");
        let exact = BTreeSet::from([WalletId::new(2)]);
        let plan = plan_charge(&home, &legs(&[(1, "0.05"), (2, "0.04")]), &exact).unwrap();
        assert_eq!(plan.exact, legs(&[(2, "0.04")]));
        assert!(plan.from_escrow.is_empty());
    }

    #[test]
    fn a_level_that_costs_nothing_needs_no_escrow() {
        let mut home = wallet(1, &[2]);
        home.headroom = amount("1");
        assert!(plan_charge(&home, &legs(&[(1, "0.05"), (2, "0")]), &BTreeSet::new()).is_ok());
    }

    #[test]
    fn a_refill_is_many_sends_but_never_more_than_a_quarter_of_what_is_left() {
        let refill = |available: &str| refill_amount(amount(available), amount("0.04"), amount("0.04"));
        assert_eq!(refill("1000"), Some(amount("16.04")));
        assert_eq!(refill("20"), Some(amount("5")));
        assert_eq!(refill("8"), None);
    }

    #[test]
    fn a_new_wallet_is_balanced_and_has_only_its_credit_limit() {
        let currency = Currency::parse("EUR").unwrap();
        let wallet = Wallet::open(&AgreementId::new(1), &CompanyId::new(1), currency, amount("50"), vec![]);
        assert!(wallet.is_balanced());
        assert_eq!(wallet.headroom, amount("50"));
        assert_eq!(wallet.own_funds(), Ok(Amount::ZERO));
    }

    #[test]
    fn a_user_and_a_lease_spend_below_the_wallet_they_belong_to() {
        let main = wallet(1, &[2]);
        let user = Wallet::open_user(&main, &UserId::new(7));
        assert_eq!(user.above, [main.id.clone(), WalletId::new(2)]);
        let lease = Wallet::open_lease(&user, 0);
        assert_eq!(lease.above, [user.id.clone(), main.id.clone(), WalletId::new(2)]);
        assert_eq!((lease.headroom, lease.state), (Amount::ZERO, WalletState::Closed));
    }
}
