//! Credits handed from one wallet to another, at once and once.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::agreement::Agreement;
use crate::catalog::{self, Home, Thing};
use crate::company::Company;
use crate::id::{CompanyId, TransferId, UserId, WalletId};
use crate::money::{Amount, AmountError, Currency};
use crate::user::User;
use crate::wallet::{Wallet, WalletState};

const NOTE_LENGTH_MAX: usize = 200;
/// How a request spells [`TransferAmount::All`].
const ALL: &str = "all";

/// How much to move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferAmount {
    /// The credit panel also takes a negative amount on "add credits": it turns the direction round.
    Exact(Amount),
    /// A full withdrawal: all that the source has of its own, never its credit limit.
    All,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferRequest {
    pub id: TransferId,
    pub from: WalletId,
    pub to: WalletId,
    pub amount: TransferAmount,
    pub note: String,
    pub by: CompanyId,
    /// The person who asks; none when the company does, by a key of its own.
    pub by_user: Option<User>,
    /// That person may give from the own wallet and from no other.
    pub own_wallet_only: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    pub id: TransferId,
    pub from: WalletId,
    pub to: WalletId,
    /// Whose wallets these are.
    pub from_company: CompanyId,
    pub to_company: CompanyId,
    pub amount: Amount,
    pub currency: Currency,
    pub note: String,
    /// The company whose user or key asked for it.
    pub by: CompanyId,
    #[serde(default)]
    pub by_user: Option<UserId>,
    /// It was a full withdrawal, whatever the source had.
    #[serde(default)]
    pub all: bool,
    /// The giver's agreement let it give its credit limit as well.
    #[serde(default)]
    pub uses_credit_limit: bool,
    pub at: Timestamp,
}

/// One side of a transfer.
#[derive(Debug, Clone, Copy)]
pub struct Party<'a> {
    pub wallet: &'a Wallet,
    pub company: &'a Company,
    pub agreement: &'a Agreement,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransferError {
    #[error("the amount must not be zero")]
    AmountZero,
    #[error("a note has at most {NOTE_LENGTH_MAX} characters")]
    NoteTooLong,
    #[error("credits move between two wallets, not within one")]
    SameWallet,
    #[error("your roles let you give from your own wallet only")]
    NotOwnWallet,
    #[error(
        "credits move between a company and its direct child, between agreements of one company, or \
         between the wallets of one agreement"
    )]
    NotRelated,
    #[error("the wallet is of a deleted company or agreement: nothing comes into it any more")]
    TakerClosed,
    #[error("the agreement has no individual credits: what its users still have can only be taken back")]
    NoIndividualCredits,
    #[error("the wallets have different currencies: {from} and {to}")]
    CurrencyDiffers { from: Currency, to: Currency },
    #[error("{available} is available, {needed} is needed")]
    NotEnough { available: Amount, needed: Amount },
    #[error("there is nothing to withdraw: {available} is available")]
    NothingThere { available: Amount },
    #[error(transparent)]
    Amount(#[from] AmountError),
}

impl Thing for Transfer {
    const NOUN: &'static str = "transfer";
    const NOUNS: &'static str = "transfers";
    const HOME: Home = Home::Ledger;
    const ORDER: Option<&'static str> = Some("at");

    fn id(&self) -> &str {
        self.id.as_str()
    }

    /// It never changes.
    fn revision(&self) -> u64 {
        0
    }

    /// Of both companies, once where they are one.
    fn lists(&self) -> Vec<String> {
        let mut lists = vec![self.from_company.to_string(), self.to_company.to_string()];
        lists.dedup();
        lists
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![("at", catalog::time(self.at)), ("amount", catalog::amount(self.amount))]
    }
}

impl TransferAmount {
    /// Reads `all` or a plain number.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        if text == ALL { Ok(Self::All) } else { Amount::parse(text).map(Self::Exact) }
    }
}

impl From<Amount> for TransferAmount {
    fn from(amount: Amount) -> Self {
        Self::Exact(amount)
    }
}

impl TransferRequest {
    /// The request with a positive amount, its wallets swapped if it was negative.
    pub fn directed(self) -> Self {
        match self.amount {
            TransferAmount::Exact(amount) if amount.is_negative() => {
                Self { amount: (-amount).into(), from: self.to, to: self.from, ..self }
            }
            _ => self,
        }
    }

    /// Whether this is the request that led to `stored`, sent again.
    pub fn is_repeat_of(&self, stored: &Transfer) -> bool {
        let same_amount = match self.amount {
            TransferAmount::Exact(amount) => !stored.all && amount == stored.amount,
            TransferAmount::All => stored.all,
        };
        same_amount && (&self.from, &self.to, &self.note) == (&stored.from, &stored.to, &stored.note)
    }
}

impl Party<'_> {
    fn is_main(&self) -> bool {
        self.wallet.id == self.agreement.wallet()
    }

    fn is_wallet_of(&self, user: &User) -> bool {
        self.wallet.id == WalletId::of_user(&self.agreement.id, &user.id)
    }

    /// What it may give.
    fn available(&self, ask: TransferAmount) -> Result<Amount, AmountError> {
        if self.gives_credit_limit(ask) { Ok(self.wallet.headroom) } else { self.wallet.own_funds() }
    }

    fn gives_credit_limit(&self, ask: TransferAmount) -> bool {
        self.agreement.transfers_use_credit_limit && ask != TransferAmount::All && !self.is_closed()
    }

    /// What it belonged to was deleted: it gives what came back to it since, and takes nothing.
    fn is_closed(&self) -> bool {
        self.wallet.state == WalletState::Closed
    }
}

/// Moves the source's own funds, and its credit limit only if its agreement says so. `ask` is already
/// directed.
pub fn plan_transfer(
    from: Party<'_>,
    to: Party<'_>,
    ask: TransferRequest,
    now: Timestamp,
) -> Result<Transfer, TransferError> {
    if ask.amount == TransferAmount::Exact(Amount::ZERO) {
        return Err(TransferError::AmountZero);
    }
    if ask.note.chars().count() > NOTE_LENGTH_MAX {
        return Err(TransferError::NoteTooLong);
    }
    if from.wallet.id == to.wallet.id {
        return Err(TransferError::SameWallet);
    }
    if ask.own_wallet_only && !ask.by_user.as_ref().is_some_and(|user| from.is_wallet_of(user)) {
        return Err(TransferError::NotOwnWallet);
    }
    if !are_related(from, to) {
        return Err(TransferError::NotRelated);
    }
    if to.is_closed() {
        return Err(TransferError::TakerClosed);
    }
    if !to.is_main() && !to.agreement.individual_credits {
        return Err(TransferError::NoIndividualCredits);
    }
    let (currency, other) = (from.wallet.currency, to.wallet.currency);
    if currency != other {
        return Err(TransferError::CurrencyDiffers { from: currency, to: other });
    }
    let available = from.available(ask.amount)?;
    let amount = match ask.amount {
        TransferAmount::All if !available.is_positive() => {
            return Err(TransferError::NothingThere { available });
        }
        TransferAmount::All => available,
        TransferAmount::Exact(needed) if available < needed => {
            return Err(TransferError::NotEnough { available, needed });
        }
        TransferAmount::Exact(amount) => amount,
    };
    Ok(Transfer {
        id: ask.id,
        from: ask.from,
        to: ask.to,
        from_company: from.company.id.clone(),
        to_company: to.company.id.clone(),
        amount,
        currency,
        note: ask.note,
        by: ask.by,
        by_user: ask.by_user.map(|user| user.id),
        all: ask.amount == TransferAmount::All,
        uses_credit_limit: from.gives_credit_limit(ask.amount),
        at: now,
    })
}

/// The pairs that may trade (`20-money.md`, "Transfers"): main wallets of a company and its direct child,
/// main wallets of one company, wallets of one agreement. What came back to a closed wallet goes to any company
/// above as well, because those next to it may be deleted too. A lease holds nothing of its own.
fn are_related(from: Party<'_>, to: Party<'_>) -> bool {
    if from.wallet.lease.is_some() || to.wallet.lease.is_some() {
        return false;
    }
    let (giver, taker) = (from.company, to.company);
    if from.is_closed() && to.is_main() {
        return giver.path.contains(&taker.id);
    }
    if from.is_main() && to.is_main() {
        return giver.id == taker.id
            || giver.tenant() == Some(&taker.id)
            || taker.tenant() == Some(&giver.id);
    }
    from.agreement.id == to.agreement.id
}

#[cfg(test)]
mod tests;
