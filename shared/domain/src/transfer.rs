//! Credits handed from one wallet to another, at once and once.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::company::Company;
use crate::id::{CompanyId, TransferId, WalletId};
use crate::money::{Amount, AmountError, Currency};
use crate::wallet::Wallet;

const NOTE_LENGTH_MAX: usize = 200;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferRequest {
    pub id: TransferId,
    pub from: WalletId,
    pub to: WalletId,
    /// The credit panel also takes a negative amount on "add credits": it turns the direction round.
    pub amount: Amount,
    pub note: String,
    pub by: CompanyId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    pub id: TransferId,
    pub from: WalletId,
    pub to: WalletId,
    pub amount: Amount,
    pub currency: Currency,
    pub note: String,
    /// The company whose user or key asked for it.
    pub by: CompanyId,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransferError {
    #[error("the amount must not be zero")]
    AmountZero,
    #[error("a note has at most {NOTE_LENGTH_MAX} characters")]
    NoteTooLong,
    #[error("credits move between two wallets, not within one")]
    SameWallet,
    #[error("credits move between a company and its direct child, or between agreements of one company")]
    NotRelated,
    #[error("the wallets have different currencies: {from} and {to}")]
    CurrencyDiffers { from: Currency, to: Currency },
    #[error("{available} is available, {needed} is needed")]
    NotEnough { available: Amount, needed: Amount },
    #[error(transparent)]
    Amount(#[from] AmountError),
}

impl TransferRequest {
    /// The request with a positive amount, its wallets swapped if it was negative.
    pub fn directed(self) -> Self {
        if self.amount.is_negative() {
            Self { amount: -self.amount, from: self.to, to: self.from, ..self }
        } else {
            self
        }
    }
}

/// Moves the source's own funds, never its credit limit, between a parent's wallet and its own child's
/// or between two agreements of one company. `ask` is already directed.
pub fn plan_transfer(
    (from, giver): (&Wallet, &Company),
    (to, taker): (&Wallet, &Company),
    ask: TransferRequest,
    now: Timestamp,
) -> Result<Transfer, TransferError> {
    if ask.amount.is_zero() {
        return Err(TransferError::AmountZero);
    }
    if ask.note.chars().count() > NOTE_LENGTH_MAX {
        return Err(TransferError::NoteTooLong);
    }
    if from.id == to.id {
        return Err(TransferError::SameWallet);
    }
    let related =
        giver.id == taker.id || giver.tenant() == Some(&taker.id) || taker.tenant() == Some(&giver.id);
    if !related {
        return Err(TransferError::NotRelated);
    }
    if from.currency != to.currency {
        return Err(TransferError::CurrencyDiffers { from: from.currency, to: to.currency });
    }
    let available = from.own_funds()?;
    if available < ask.amount {
        return Err(TransferError::NotEnough { available, needed: ask.amount });
    }
    Ok(Transfer {
        id: ask.id,
        from: ask.from,
        to: ask.to,
        amount: ask.amount,
        currency: from.currency,
        note: ask.note,
        by: ask.by,
        at: now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::company::{CompanyKind, NewCompany, plan_company, plan_owner};
    use crate::id::AgreementId;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn owner() -> Company {
        plan_owner(CompanyId::new(0), "Owner", NOW).unwrap()
    }

    fn child(parent: &Company, number: u128) -> Company {
        let ask = NewCompany {
            id: CompanyId::new(number),
            name: "A".into(),
            kind: CompanyKind::Reseller,
            direct_sending: false,
        };
        plan_company(parent, ask, NOW).unwrap()
    }

    fn wallet(company: &Company, number: u128, funds: i64, limit: i64) -> Wallet {
        let currency = Currency::Credit;
        let limit = Amount::whole(limit);
        let mut wallet = Wallet::open(&AgreementId::new(number), &company.id, currency, limit, vec![]);
        wallet.funding = Amount::whole(funds);
        wallet.headroom = wallet.funding.checked_add(limit).unwrap();
        wallet
    }

    fn ask(from: &Wallet, to: &Wallet, amount: i64) -> TransferRequest {
        TransferRequest {
            id: TransferId::new(1),
            from: from.id.clone(),
            to: to.id.clone(),
            amount: Amount::whole(amount),
            note: String::new(),
            by: CompanyId::new(0),
        }
    }

    #[track_caller]
    fn check(available: i64, limit: i64, amount: i64) -> Result<Amount, TransferError> {
        let (owner, child) = (owner(), child(&owner(), 1));
        let (from, to) = (wallet(&owner, 10, available, limit), wallet(&child, 11, 0, 0));
        let ask = ask(&from, &to, amount);
        plan_transfer((&from, &owner), (&to, &child), ask, NOW).map(|transfer| transfer.amount)
    }

    #[test]
    fn a_parent_can_give_all_it_has_and_no_more() {
        assert_eq!(check(10, 0, 10), Ok(Amount::whole(10)));
        let refused = TransferError::NotEnough { available: Amount::whole(10), needed: Amount::whole(11) };
        assert_eq!(refused.to_string(), "10 is available, 11 is needed");
        assert_eq!(check(10, 0, 11), Err(refused));
    }

    #[test]
    fn a_credit_limit_is_not_given_away() {
        assert!(check(10, 100, 11).is_err());
        assert!(check(10, 100, 10).is_ok());
    }

    #[test]
    fn nothing_and_too_long_a_note_are_refused() {
        assert_eq!(check(10, 0, 0), Err(TransferError::AmountZero));
    }

    #[test]
    fn credits_never_skip_a_level_or_go_sideways() {
        let owner = owner();
        let (left, right) = (child(&owner, 1), child(&owner, 2));
        let below = child(&left, 3);
        for (giver, taker) in [(&left, &right), (&owner, &below), (&below, &owner)] {
            let (from, to) = (wallet(giver, 10, 5, 0), wallet(taker, 11, 0, 0));
            let plan = plan_transfer((&from, giver), (&to, taker), ask(&from, &to, 1), NOW);
            assert_eq!(plan, Err(TransferError::NotRelated));
        }
    }

    #[test]
    fn a_negative_amount_turns_the_direction_round() {
        let (owner, child) = (owner(), child(&owner(), 1));
        let (from, to) = (wallet(&owner, 10, 0, 0), wallet(&child, 11, 5, 0));
        let turned = ask(&from, &to, -5).directed();
        assert_eq!((turned.amount, &turned.from, &turned.to), (Amount::whole(5), &to.id, &from.id));
    }

    #[test]
    fn two_currencies_do_not_mix() {
        let (owner, child) = (owner(), child(&owner(), 1));
        let from = wallet(&owner, 10, 5, 0);
        let mut to = wallet(&child, 11, 0, 0);
        to.currency = Currency::parse("EUR").unwrap();
        let plan = plan_transfer((&from, &owner), (&to, &child), ask(&from, &to, 1), NOW);
        assert!(matches!(plan, Err(TransferError::CurrencyDiffers { .. })));
    }
}
