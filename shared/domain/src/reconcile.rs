//! Whether the ledger's numbers agree with one another and with what brought them about: the identities
//! of [`crate::wallet`], and the statement as a second account of the same movements.
//!
//! Everything here judges what was read; whether it was read at one moment is for the reader to know.

use std::collections::{BTreeMap, BTreeSet};

use crate::allowance::{AllowanceId, Pot};
use crate::id::WalletId;
use crate::money::{Amount, AmountError};
use crate::payment::Payment;
use crate::statement::StatementLine;
use crate::transfer::Transfer;
use crate::wallet::{OperationKind, Wallet};

/// What does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Identity {
    /// `headroom + allocated + charged = funding + credit_limit`.
    B,
    /// `allocated` = the sum over the holders of `escrow + used`.
    E,
    /// `charged` + the holders' `used` = what the agreement's usage says is owed.
    C,
    /// `funding` = transfers and payments, each as large as its record says.
    F,
    /// The lines add up to the balance after each of them, and to that of the wallet.
    Statement,
}

impl Identity {
    /// As logs and reviews write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::B => "B",
            Self::E => "E",
            Self::C => "C",
            Self::F => "F",
            Self::Statement => "statement",
        }
    }
}

/// A number that is not what it has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    pub identity: Identity,
    pub wallet: WalletId,
    /// The transfer, the payment, the allowance or the line it is about; empty if it is the wallet's
    /// money as a whole.
    pub subject: String,
    /// What the other side of the identity comes to.
    pub expected: Amount,
    pub found: Amount,
}

impl Breach {
    /// Whether both are about the same thing, whatever the numbers are.
    pub fn is_about_the_same(&self, other: &Self) -> bool {
        self.identity == other.identity && self.wallet == other.wallet && self.subject == other.subject
    }
}

impl std::fmt::Display for Breach {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { identity, wallet, subject, expected, found } = self;
        write!(out, "{} of {wallet}", identity.name())?;
        if !subject.is_empty() {
            write!(out, " ({subject})")?;
        }
        write!(out, ": {found} instead of {expected}")
    }
}

/// B of a wallet.
pub fn check_balance(wallet: &Wallet) -> Result<Option<Breach>, AmountError> {
    let spread = Amount::checked_sum([wallet.headroom, wallet.allocated, wallet.charged])?;
    let brought = wallet.funding.checked_add(wallet.credit_limit)?;
    Ok(differs(Identity::B, &wallet.id, String::new(), brought, spread))
}

/// What a wallet has set aside, as it says itself and as those who hold it say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    wallet: WalletId,
    said: Parts,
    held: BTreeMap<WalletId, Parts>,
}

/// Amounts by allowance, and that of the wallet's money.
type Parts = BTreeMap<Option<AllowanceId>, Amount>;

impl SetAside {
    pub fn of(wallet: &Wallet, holders: &[Wallet]) -> Result<Self, AmountError> {
        let granted = wallet.allowances.iter().map(|(id, gone)| (Some(id.clone()), gone.granted));
        let held = |holder: &Wallet| Ok((holder.id.clone(), held_by(holder, wallet)?));
        Ok(Self {
            wallet: wallet.id.clone(),
            said: granted.chain([(None, wallet.allocated)]).collect(),
            held: holders.iter().map(held).collect::<Result<_, _>>()?,
        })
    }

    /// E, of money and of each allowance.
    pub fn check(&self) -> Result<Vec<Breach>, AmountError> {
        let parts: BTreeSet<_> =
            self.held.values().flat_map(BTreeMap::keys).chain(self.said.keys()).collect();
        let mut breaches = Vec::new();
        for part in parts {
            let amount = |parts: &Parts| parts.get(part).copied().unwrap_or_default();
            let held = Amount::checked_sum(self.held.values().map(amount))?;
            let subject = part.as_ref().map_or_else(String::new, |id| id.as_str().to_owned());
            breaches.extend(differs(Identity::E, &self.wallet, subject, held, amount(&self.said)));
        }
        Ok(breaches)
    }
}

/// What a holder has of a wallet, spent or not.
fn held_by(holder: &Wallet, wallet: &Wallet) -> Result<Parts, AmountError> {
    let mut parts = Parts::new();
    for (pot, amount) in holder.escrow.iter().chain(&holder.used).filter(|(pot, _)| pot.wallet == wallet.id) {
        let part = parts.entry(pot.allowance.clone()).or_default();
        *part = part.checked_add(*amount)?;
    }
    Ok(parts)
}

/// What the ledger says was charged to a wallet: settled, and used by holders.
pub fn charges(wallet: &Wallet, holders: &[Wallet]) -> Result<Amount, AmountError> {
    let money = Pot::money(&wallet.id);
    let used = Amount::checked_sum(holders.iter().map(|holder| holder.used_of(&money)))?;
    wallet.charged.checked_add(used)
}

/// C of an agreement: `charged` of all its wallets together, `owed` by its usage. Reported on its main
/// wallet.
pub fn check_charges(main: &WalletId, charged: Amount, owed: Amount) -> Option<Breach> {
    differs(Identity::C, main, String::new(), owed, charged)
}

/// What a transfer brings a wallet.
pub fn effect_of_transfer(transfer: &Transfer, wallet: &WalletId) -> Amount {
    match wallet {
        to if *to == transfer.to => transfer.amount,
        from if *from == transfer.from => -transfer.amount,
        _ => Amount::ZERO,
    }
}

/// What a payment brings a wallet, as it stands.
pub fn effect_of_payment(payment: &Payment, wallet: &WalletId) -> Amount {
    if payment.wallet == *wallet { payment.effect() } else { Amount::ZERO }
}

/// A wallet's statement, added up line by line in its order, so that no statement is too long to check.
#[derive(Debug, Clone)]
pub struct StatementSums {
    wallet: WalletId,
    /// The write of the wallet at which both are compared.
    at: u64,
    /// Of all lines.
    sum: Amount,
    balance: Amount,
    funding: Amount,
    /// Whether a folded line goes beyond `at`: then there is no balance to compare.
    folded_beyond: bool,
    movements: BTreeMap<String, Amount>,
    first_wrong: Option<Breach>,
}

impl StatementSums {
    /// Nothing yet of the statement that is compared with this wallet.
    pub fn of(wallet: &Wallet) -> Self {
        Self {
            wallet: wallet.id.clone(),
            at: wallet.sequence,
            sum: Amount::ZERO,
            balance: Amount::ZERO,
            funding: Amount::ZERO,
            folded_beyond: false,
            movements: BTreeMap::new(),
            first_wrong: None,
        }
    }

    /// The next line.
    pub fn add(&mut self, line: &StatementLine) -> Result<(), AmountError> {
        self.sum = self.sum.checked_add(line.amount)?;
        if self.first_wrong.is_none() {
            let subject = line.from_sequence.to_string();
            self.first_wrong =
                differs(Identity::Statement, &self.wallet, subject, self.sum, line.balance_after);
        }
        if line.to_sequence <= self.at {
            self.balance = self.sum;
        } else if line.from_sequence <= self.at {
            self.folded_beyond = true;
        }
        use OperationKind::{Payment, TransferIn, TransferOut};
        if matches!(line.kind, TransferIn | TransferOut | Payment) {
            let moved = self.movements.entry(line.reference.clone()).or_default();
            *moved = moved.checked_add(line.amount)?;
            if line.to_sequence <= self.at {
                self.funding = self.funding.checked_add(line.amount)?;
            }
        }
        Ok(())
    }

    /// The transfers and payments that the lines name.
    pub fn references(&self) -> impl Iterator<Item = &String> {
        self.movements.keys()
    }

    /// F, and the lines themselves. `effects` is what each transfer and payment brings this wallet by its
    /// record: nothing if it has none. The statement has to have come as far as the wallet.
    pub fn check(
        &self,
        wallet: &Wallet,
        effects: &BTreeMap<String, Amount>,
    ) -> Result<Vec<Breach>, AmountError> {
        let mut breaches: Vec<_> = self.first_wrong.iter().cloned().collect();
        if !self.folded_beyond {
            let found = wallet.posted_balance()?;
            breaches.extend(differs(Identity::Statement, &wallet.id, String::new(), self.balance, found));
        }
        breaches.extend(differs(Identity::F, &wallet.id, String::new(), self.funding, wallet.funding));
        for (reference, moved) in &self.movements {
            let effect = effects.get(reference).copied().unwrap_or_default();
            breaches.extend(differs(Identity::F, &wallet.id, reference.clone(), effect, *moved));
        }
        Ok(breaches)
    }
}

fn differs(
    identity: Identity,
    wallet: &WalletId,
    subject: String,
    expected: Amount,
    found: Amount,
) -> Option<Breach> {
    (expected != found).then(|| Breach { identity, wallet: wallet.clone(), subject, expected, found })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::allowance::Gone;
    use crate::id::{AgreementId, CompanyId, ServiceId};
    use crate::money::Currency;

    fn amount(units: i64) -> Amount {
        Amount::whole(units)
    }

    fn open(number: u128, above: &[&Wallet]) -> Wallet {
        let above = above.iter().map(|wallet| wallet.id.clone()).collect();
        Wallet::open(&AgreementId::new(number), &CompanyId::new(number), Currency::Credit, amount(10), above)
    }

    /// 100 came in, 30 went on to another; 20 was charged here, and 25 is set aside below, 5 of it used.
    fn wallet() -> (Wallet, Vec<Wallet>) {
        let mut wallet = open(1, &[]);
        wallet.funding = amount(70);
        wallet.charged = amount(20);
        wallet.allocated = amount(25);
        wallet.headroom = amount(35);
        wallet.sequence = 4;
        let (mut left, mut right) = (open(2, &[&wallet]), open(3, &[&wallet]));
        let money = Pot::money(&wallet.id);
        left.escrow.insert(money.clone(), amount(15));
        right.escrow.insert(money.clone(), amount(5));
        right.used.insert(money, amount(5));
        (wallet, vec![left, right])
    }

    fn line(kind: OperationKind, sequence: u64, moved: i64, after: i64, reference: &str) -> StatementLine {
        StatementLine {
            wallet: wallet().0.id,
            from_sequence: sequence,
            to_sequence: sequence,
            kind,
            amount: amount(moved),
            balance_after: amount(after),
            movements: 1,
            reference: reference.to_owned(),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    fn lines() -> Vec<StatementLine> {
        use OperationKind::{Charge, Payment, TransferOut};
        vec![
            line(Payment, 1, 100, 100, "pay"),
            line(TransferOut, 2, -30, 70, "trf"),
            line(Charge, 3, -20, 50, "msg"),
        ]
    }

    fn effects() -> BTreeMap<String, Amount> {
        [("pay".to_owned(), amount(100)), ("trf".to_owned(), amount(-30))].into()
    }

    fn shown(breaches: Vec<Breach>) -> Vec<String> {
        let short = |breach: Breach| {
            let Breach { identity, subject, expected, found, .. } = breach;
            format!("{} {subject}: {found} instead of {expected}", identity.name())
        };
        breaches.into_iter().map(short).collect()
    }

    fn sums(change: impl Fn(&mut Wallet, &mut Vec<Wallet>)) -> Vec<String> {
        let (mut wallet, mut holders) = wallet();
        change(&mut wallet, &mut holders);
        let mut breaches: Vec<_> = check_balance(&wallet).unwrap().into_iter().collect();
        breaches.extend(SetAside::of(&wallet, &holders).unwrap().check().unwrap());
        shown(breaches)
    }

    fn statement(
        change: impl Fn(&mut Wallet, &mut Vec<StatementLine>, &mut BTreeMap<String, Amount>),
    ) -> Vec<String> {
        let ((mut wallet, _), mut lines, mut effects) = (wallet(), lines(), effects());
        change(&mut wallet, &mut lines, &mut effects);
        let mut sums = StatementSums::of(&wallet);
        lines.iter().for_each(|line| sums.add(line).unwrap());
        shown(sums.check(&wallet, &effects).unwrap())
    }

    #[test]
    fn a_sound_wallet_has_no_breach() {
        assert!(sums(|_, _| {}).is_empty());
        assert!(statement(|_, _, _| {}).is_empty());
    }

    #[test]
    fn headroom_and_limit_that_do_not_fit_break_b() {
        assert_eq!(sums(|wallet, _| wallet.headroom = amount(36)), ["B : 81 instead of 80"]);
        assert_eq!(sums(|wallet, _| wallet.credit_limit = amount(9)), ["B : 80 instead of 79"]);
    }

    #[test]
    fn escrow_and_use_that_do_not_fit_break_e() {
        let more = |_: &mut Wallet, holders: &mut Vec<Wallet>| {
            holders[0].escrow.values_mut().for_each(|escrow| *escrow = amount(16));
        };
        assert_eq!(sums(more), ["E : 25 instead of 26"]);
        let less = |_: &mut Wallet, holders: &mut Vec<Wallet>| {
            holders.pop();
        };
        assert_eq!(sums(less), ["E : 25 instead of 15"]);
        assert_eq!(
            sums(|wallet, _| wallet.allocated = amount(24)),
            ["B : 79 instead of 80", "E : 24 instead of 25"]
        );
    }

    #[test]
    fn units_of_an_allowance_that_do_not_fit_break_e() {
        let pack = AllowanceId::of_pack(&AgreementId::new(1), &ServiceId::new(1), "");
        let with = |granted: i64, held: i64, used: i64| {
            sums(|wallet, holders| {
                let gone = Gone { drawn: amount(granted + 1), granted: amount(granted) };
                wallet.allowances.insert(pack.clone(), gone);
                let pot = Pot::allowance(&wallet.id, &pack);
                holders[0].escrow.insert(pot.clone(), amount(held));
                holders[1].used.insert(pot, amount(used));
            })
        };
        assert!(with(40, 30, 10).is_empty());
        assert_eq!(with(40, 30, 11), [format!("E {}: 40 instead of 41", pack.as_str())]);
    }

    #[test]
    fn charges_are_what_is_settled_and_what_holders_used() {
        let (wallet, holders) = wallet();
        let charged = charges(&wallet, &holders).unwrap();
        assert_eq!(charged, amount(25));
        assert_eq!(check_charges(&wallet.id, charged, amount(25)), None);
        let breach = check_charges(&wallet.id, charged, amount(24)).unwrap();
        assert_eq!(breach.to_string(), format!("C of {}: 25 instead of 24", wallet.id));
    }

    #[test]
    fn funding_that_no_line_explains_breaks_f_and_the_statement() {
        let broken = statement(|wallet, _, _| wallet.funding = amount(71));
        assert_eq!(broken, ["statement : 51 instead of 50", "F : 71 instead of 70"]);
    }

    #[test]
    fn charges_that_no_line_explains_break_the_statement() {
        let broken = statement(|wallet, _, _| wallet.charged = amount(21));
        assert_eq!(broken, ["statement : 49 instead of 50"]);
    }

    #[test]
    fn a_line_of_another_amount_than_its_record_breaks_f() {
        let other = |_: &mut Wallet, _: &mut Vec<StatementLine>, effects: &mut BTreeMap<String, Amount>| {
            effects.insert("trf".to_owned(), amount(-31));
        };
        assert_eq!(statement(other), ["F trf: -30 instead of -31"]);
        let none = |_: &mut Wallet, _: &mut Vec<StatementLine>, effects: &mut BTreeMap<String, Amount>| {
            effects.remove("pay");
        };
        assert_eq!(statement(none), ["F pay: 100 instead of 0"]);
    }

    #[test]
    fn a_line_that_does_not_lead_to_its_balance_breaks_the_statement() {
        let broken = statement(|_, lines, _| lines[2].amount = amount(-19));
        assert_eq!(broken, ["statement 3: 50 instead of 51", "statement : 50 instead of 51"]);
    }

    #[test]
    fn a_statement_that_is_ahead_is_compared_where_the_wallet_is() {
        let ahead = |_: &mut Wallet, lines: &mut Vec<StatementLine>, effects: &mut BTreeMap<_, _>| {
            lines.push(line(OperationKind::TransferIn, 5, 7, 57, "later"));
            effects.insert("later".to_owned(), amount(7));
        };
        assert!(statement(ahead).is_empty());
        let folded = |wallet: &mut Wallet, lines: &mut Vec<StatementLine>, _: &mut BTreeMap<_, _>| {
            wallet.sequence = 3;
            wallet.charged = amount(12);
            lines[2].to_sequence = 5;
        };
        assert!(statement(folded).is_empty());
    }

    #[test]
    fn a_payment_taken_back_and_applied_again_is_as_large_as_it_stands() {
        use OperationKind::Payment;
        let broken = statement(|_, lines, _| {
            let charge = lines.pop().unwrap();
            lines.push(line(Payment, 3, -100, -30, "pay"));
            lines.push(line(Payment, 3, 100, 70, "pay"));
            lines.push(charge);
        });
        assert!(broken.is_empty());
    }
}
