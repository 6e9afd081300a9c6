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

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::id::{AgreementId, CompanyId, WalletId};
use crate::money::{Amount, AmountError, Currency};

/// A refill sets this many sends aside, so that the wallet above is written once in so many messages.
pub const REFILL_SENDS: u32 = 400;
/// Fewer sends than this are not worth setting aside: the wallet above is nearly empty and is debited
/// directly instead (exact mode), so that nothing is stranded below it.
pub const REFILL_SENDS_MIN: u32 = 50;
/// At most this part of a wallet's headroom goes to one holder at a time.
const REFILL_SHARE: u32 = 4;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wallet {
    pub id: WalletId,
    pub company: CompanyId,
    pub agreement: AgreementId,
    pub currency: Currency,
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
    /// What this wallet may spend of each wallet above it.
    pub escrow: BTreeMap<WalletId, Amount>,
    /// What it has spent of that since the last settlement. Below zero after refunds.
    pub used: BTreeMap<WalletId, Amount>,
    /// Raised by every refill, so that two at once cannot both apply.
    pub refills: u64,
    /// Raised by every write: numbers the statement.
    pub sequence: u64,
    pub last_operation: Operation,
}

/// What the latest write was, for the statement line that the stream makes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    pub kind: OperationKind,
    /// The transfer, payment, message or batch; the holder's wallet for escrow.
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
    Refund,
    /// Escrow moved to or from a holder; what the holder had used is posted with it.
    Escrow,
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
        let empty: BTreeMap<_, _> = above.iter().map(|wallet| (wallet.clone(), Amount::ZERO)).collect();
        Self {
            last_operation: Operation { kind: OperationKind::Opened, reference: id.to_string() },
            id,
            company: company.clone(),
            agreement: agreement.clone(),
            currency,
            above,
            funding: Amount::ZERO,
            credit_limit,
            charged: Amount::ZERO,
            headroom: credit_limit,
            allocated: Amount::ZERO,
            escrow: empty.clone(),
            used: empty,
            refills: 0,
            sequence: 0,
        }
    }

    /// Funding less the charges posted here. What holders have used and not yet settled is not in it.
    pub fn posted_balance(&self) -> Result<Amount, AmountError> {
        self.funding.checked_sub(self.charged)
    }

    /// What a transfer may take: headroom without the credit limit.
    pub fn own_funds(&self) -> Result<Amount, AmountError> {
        self.headroom.checked_sub(self.credit_limit)
    }

    pub fn escrow_on(&self, wallet: &WalletId) -> Amount {
        self.escrow.get(wallet).copied().unwrap_or_default()
    }

    pub fn used_of(&self, wallet: &WalletId) -> Amount {
        self.used.get(wallet).copied().unwrap_or_default()
    }

    /// Identity B.
    pub fn is_balanced(&self) -> bool {
        let left = Amount::checked_sum([self.headroom, self.allocated, self.charged]);
        let right = self.funding.checked_add(self.credit_limit);
        left.is_ok() && left == right
    }
}

/// An amount at one wallet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    pub wallet: WalletId,
    pub amount: Amount,
}

/// How a charge is written: the home wallet with its escrow, and the wallets above in exact mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargePlan {
    pub home: Leg,
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
    /// The escrow on this wallet does not cover the charge.
    Escrow {
        wallet: WalletId,
        needed: Amount,
    },
}

/// Where each level of a charge is taken from. `legs` begins with the home wallet; wallets in `exact`
/// are debited directly.
pub fn plan_charge(home: &Wallet, legs: &[Leg], exact: &BTreeSet<WalletId>) -> Result<ChargePlan, Short> {
    let (own, above) = legs.split_first().map_or((Amount::ZERO, legs), |(own, above)| (own.amount, above));
    if home.headroom < own {
        return Err(Short::Home { available: home.headroom, needed: own });
    }
    let (exact, from_escrow): (Vec<Leg>, Vec<Leg>) = above
        .iter()
        .filter(|leg| !leg.amount.is_zero())
        .cloned()
        .partition(|leg| exact.contains(&leg.wallet));
    if let Some(leg) = from_escrow.iter().find(|leg| home.escrow_on(&leg.wallet) < leg.amount) {
        return Err(Short::Escrow { wallet: leg.wallet.clone(), needed: leg.amount });
    }
    Ok(ChargePlan { home: Leg { wallet: home.id.clone(), amount: own }, from_escrow, exact })
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
        let leg =
            |(number, text): &(u128, &str)| Leg { wallet: WalletId::new(*number), amount: amount(text) };
        amounts.iter().map(leg).collect()
    }

    #[test]
    fn a_charge_is_taken_from_the_home_wallet_and_its_escrow_alone() {
        let mut home = wallet(1, &[2, 3]);
        home.headroom = amount("1");
        home.escrow =
            legs(&[(2, "0.5"), (3, "0.5")]).into_iter().map(|leg| (leg.wallet, leg.amount)).collect();
        let plan =
            plan_charge(&home, &legs(&[(1, "0.05"), (2, "0.04"), (3, "0.03")]), &BTreeSet::new()).unwrap();
        assert_eq!(plan.home.amount, amount("0.05"));
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
        let short = Short::Escrow { wallet: WalletId::new(2), needed: amount("0.04") };
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
}
