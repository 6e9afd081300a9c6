//! A wallet's statement: one line for each movement, with the balance after it, drawn from the images
//! of the wallet before and after each write.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::WalletId;
use crate::money::{Amount, AmountError};
use crate::wallet::{OperationKind, Wallet};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementLine {
    pub wallet: WalletId,
    /// The writes this line stands for. Charges that follow one another are folded into one line.
    pub from_sequence: u64,
    pub to_sequence: u64,
    pub kind: OperationKind,
    pub amount: Amount,
    pub balance_after: Amount,
    /// How many movements were folded.
    pub movements: u32,
    /// Of the last movement: the transfer, payment, message or batch.
    pub reference: String,
    pub at: Timestamp,
}

/// The line of one write, if it moved the balance.
pub fn line(
    before: Option<&Wallet>,
    after: &Wallet,
    at: Timestamp,
) -> Result<Option<StatementLine>, AmountError> {
    let balance_before = before.map_or(Ok(Amount::ZERO), Wallet::posted_balance)?;
    let balance_after = after.posted_balance()?;
    let amount = balance_after.checked_sub(balance_before)?;
    Ok((!amount.is_zero()).then(|| StatementLine {
        wallet: after.id.clone(),
        from_sequence: after.sequence,
        to_sequence: after.sequence,
        kind: after.last_operation.kind,
        amount,
        balance_after,
        movements: 1,
        reference: after.last_operation.reference.clone(),
        at,
    }))
}

/// Folds charges that follow one another within a minute, so that a busy wallet's statement stays
/// readable; every other movement keeps its own line.
pub fn fold(lines: Vec<StatementLine>) -> Result<Vec<StatementLine>, AmountError> {
    const SECONDS_FOLDED: i64 = 60;
    let mut folded: Vec<StatementLine> = Vec::new();
    for line in lines {
        let folds = |last: &&mut StatementLine| {
            matches!(line.kind, OperationKind::Charge | OperationKind::Escrow)
                && last.kind == line.kind
                && last.wallet == line.wallet
                && line.at.as_second() - last.at.as_second() < SECONDS_FOLDED
        };
        match folded.last_mut().filter(folds) {
            Some(last) => {
                last.amount = last.amount.checked_add(line.amount)?;
                last.movements += line.movements;
                last.to_sequence = line.to_sequence;
                last.balance_after = line.balance_after;
                last.reference = line.reference;
            }
            None => folded.push(line),
        }
    }
    Ok(folded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{AgreementId, CompanyId};
    use crate::money::Currency;
    use crate::wallet::Operation;

    fn wallet(sequence: u64, funding: i64, charged: i64, kind: OperationKind) -> Wallet {
        let empty =
            Wallet::open(&AgreementId::new(1), &CompanyId::new(1), Currency::Credit, Amount::ZERO, vec![]);
        Wallet {
            sequence,
            funding: Amount::whole(funding),
            charged: Amount::whole(charged),
            last_operation: Operation { kind, reference: sequence.to_string() },
            ..empty
        }
    }

    #[test]
    fn each_movement_is_a_line_and_the_lines_add_up_to_the_balance() {
        use OperationKind::{Charge, Escrow, TransferIn};
        let states = [
            wallet(0, 0, 0, OperationKind::Opened),
            wallet(1, 79, 0, TransferIn),
            wallet(2, 79, 1, Charge),
            wallet(3, 79, 1, Escrow),
            wallet(4, 79, 3, Charge),
            wallet(5, 89, 3, TransferIn),
        ];
        let lines: Vec<_> = states
            .windows(2)
            .filter_map(|pair| line(Some(&pair[0]), &pair[1], Timestamp::UNIX_EPOCH).unwrap())
            .collect();
        let folded = fold(lines).unwrap();
        let shown: Vec<_> = folded
            .iter()
            .map(|line| {
                format!("{:?} {} -> {} ({})", line.kind, line.amount, line.balance_after, line.movements)
            })
            .collect();
        assert_eq!(shown, ["TransferIn 79 -> 79 (1)", "Charge -3 -> 76 (2)", "TransferIn 10 -> 86 (1)"]);
        let sum = Amount::checked_sum(folded.iter().map(|line| line.amount)).unwrap();
        assert_eq!(sum, Amount::whole(86));
    }
}
