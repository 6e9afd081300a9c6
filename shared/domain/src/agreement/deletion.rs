//! When an agreement may go: nothing came of it.

use jiff::Timestamp;

use super::Agreement;
use crate::fee_rule::FeeRule;
use crate::id::{AgreementId, FeeRuleId, InvoiceId, SenderId, WalletId};
use crate::invoice::Invoice;
use crate::money::Amount;
use crate::sender::Sender;
use crate::wallet::Wallet;

/// What hangs off an agreement.
#[derive(Debug, Clone, Default)]
pub struct AgreementAssets {
    /// The main wallet and those of users, each with its balance.
    pub wallets: Vec<(Wallet, Amount)>,
    pub invoices: Vec<Invoice>,
    pub senders: Vec<Sender>,
    pub fee_rules: Vec<FeeRule>,
    /// One that is charged to it as well.
    pub resold_as: Option<AgreementId>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeletionError {
    #[error("there is money in {wallet}, or set aside for others: move it first")]
    HasMoney { wallet: WalletId },
    #[error("something was charged to it, which will be invoiced")]
    HasCharges,
    #[error("it has the invoice {invoice}")]
    HasInvoice { invoice: InvoiceId },
    #[error("the sender ID {sender} is paid by it: delete that first")]
    HasSender { sender: SenderId },
    #[error("the fee rule {rule} charges it: end that first")]
    HasFeeRule { rule: FeeRuleId },
    #[error("{agreement} is charged to it as well")]
    IsResold { agreement: AgreementId },
}

impl Agreement {
    /// The agreement as it stays when it was deleted: nothing is charged to it, and its code is free.
    pub fn deleted(&self, now: Timestamp) -> Self {
        Self { deleted_at: Some(now), suspended: true, revision: self.revision + 1, ..self.clone() }
    }

    /// Whether it may be deleted. The order is that in which somebody would clear it.
    pub fn check_deletion(&self, assets: &AgreementAssets) -> Result<(), DeletionError> {
        if let Some(agreement) = &assets.resold_as {
            return Err(DeletionError::IsResold { agreement: agreement.clone() });
        }
        if let Some(invoice) = assets.invoices.first() {
            return Err(DeletionError::HasInvoice { invoice: invoice.id.clone() });
        }
        if let Some(sender) = assets.senders.iter().find(|sender| sender.agreement == self.id) {
            return Err(DeletionError::HasSender { sender: sender.id.clone() });
        }
        if let Some(rule) = assets.fee_rules.iter().find(|rule| rule.next.is_some()) {
            return Err(DeletionError::HasFeeRule { rule: rule.id.clone() });
        }
        for (wallet, balance) in &assets.wallets {
            if !balance.is_zero() || !wallet.allocated.is_zero() {
                return Err(DeletionError::HasMoney { wallet: wallet.id.clone() });
            }
            // What was charged stands in a period that is not closed yet.
            if !wallet.charged.is_zero() {
                return Err(DeletionError::HasCharges);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::agreement;
    use super::*;

    #[test]
    fn an_agreement_goes_when_nothing_came_of_it() {
        let agreement = agreement();
        let limit = Amount::ZERO;
        let empty = Wallet::open(&agreement.id, &agreement.company, agreement.currency, limit, Vec::new());
        let with = |wallet: Wallet, balance| AgreementAssets {
            wallets: vec![(wallet, Amount::whole(balance))],
            ..AgreementAssets::default()
        };
        assert_eq!(agreement.check_deletion(&with(empty.clone(), 0)), Ok(()));
        let has_money = Err(DeletionError::HasMoney { wallet: empty.id.clone() });
        assert_eq!(agreement.check_deletion(&with(empty.clone(), 1)), has_money);
        let lent = Wallet { allocated: Amount::whole(1), ..empty.clone() };
        assert_eq!(agreement.check_deletion(&with(lent, 0)), has_money);
        let used = Wallet { charged: Amount::whole(1), funding: Amount::whole(1), ..empty };
        assert_eq!(agreement.check_deletion(&with(used, 0)), Err(DeletionError::HasCharges));
    }
}
