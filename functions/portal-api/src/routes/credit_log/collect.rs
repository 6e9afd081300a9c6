//! The lines of the log, read from the statements of its wallets.

use domain::id::{PaymentId, TransferId, WalletId};
use domain::payment::Payment;
use domain::statement::StatementLine;
use domain::transfer::Transfer;
use futures::{StreamExt, TryStreamExt};
use runtime::http::Problem;
use store::{Store, StoreError};

use super::names::Names;
use super::{CreditDirection, CreditLogLine, CreditMovement, Window};
use crate::error::ApiError;
use crate::wallet_book::Entry;

/// Wallets, transfers and payments read at the same time.
const READS_AT_ONCE: usize = 16;
/// Statement lines read at once: charges share lines, and only the other ones are kept.
const PAGE: u16 = 1_000;
/// What fits an answer of a Lambda function, which is at most 6 MB.
const LINES_MAX: usize = 8_000;

/// What moved credits of one wallet, with the record of it.
struct Movement {
    entry: Entry,
    line: StatementLine,
    kind: CreditMovement,
    record: Record,
}

enum Record {
    Transfer(Box<Transfer>),
    Payment(Box<Payment>),
    /// It is not there to be read; the line shows what the statement has.
    Unknown,
}

/// The movements of these wallets within the window, newest first.
pub async fn lines(
    store: &Store,
    entries: Vec<Entry>,
    window: Window,
) -> Result<Vec<CreditLogLine>, ApiError> {
    let reading = entries.into_iter().map(async |entry| movements(store, entry, window).await);
    let found: Vec<Vec<_>> = futures::stream::iter(reading).buffered(READS_AT_ONCE).try_collect().await?;
    let found: Vec<_> = found.into_iter().flatten().collect();
    if found.len() > LINES_MAX {
        let detail = format!("more than {LINES_MAX} lines: name a company or wallet, or a shorter time");
        return Err(Problem::new(422, "too_many", detail).field("from").into());
    }
    let reading = found.into_iter().map(async |(entry, line, kind)| {
        let record = record(store, &line, kind).await?;
        Ok::<_, StoreError>(Movement { entry, line, kind, record })
    });
    let mut movements: Vec<Movement> =
        futures::stream::iter(reading).buffered(READS_AT_ONCE).try_collect().await?;
    movements.sort_by(|one, other| {
        let place = |movement: &Movement| (movement.line.at, movement.line.to_sequence);
        place(other).cmp(&place(one))
    });
    let mut names = Names::new(store);
    let mut lines = Vec::with_capacity(movements.len());
    for movement in movements {
        lines.push(shown(&mut names, movement).await?);
    }
    Ok(lines)
}

async fn movements(
    store: &Store,
    entry: Entry,
    window: Window,
) -> Result<Vec<(Entry, StatementLine, CreditMovement)>, StoreError> {
    let mut found = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = store.statement(&entry.wallet.id, PAGE, cursor.as_deref()).await?;
        let is_last = page.items.last().is_none_or(|line| line.at < window.from);
        for line in page.items {
            let kind = CreditMovement::of(line.kind);
            if let Some(kind) = kind.filter(|_| window.from <= line.at && line.at < window.till) {
                found.push((entry.clone(), line, kind));
            }
        }
        cursor = page.next;
        if is_last || cursor.is_none() {
            return Ok(found);
        }
    }
}

async fn record(store: &Store, line: &StatementLine, kind: CreditMovement) -> Result<Record, StoreError> {
    Ok(match kind {
        CreditMovement::Transfer => match TransferId::parse(&line.reference) {
            Ok(id) => store
                .transfer(&id)
                .await?
                .map_or(Record::Unknown, |transfer| Record::Transfer(Box::new(transfer))),
            Err(_) => Record::Unknown,
        },
        CreditMovement::Payment => match PaymentId::parse(&line.reference) {
            Ok(id) => store.payment(&id).await?.map_or(Record::Unknown, |it| Record::Payment(it.into())),
            Err(_) => Record::Unknown,
        },
    })
}

async fn shown(names: &mut Names<'_>, movement: Movement) -> Result<CreditLogLine, StoreError> {
    let Movement { entry, line, kind, record } = movement;
    let (counterparty, note, by) = match record {
        Record::Transfer(transfer) => {
            let by = names.actor(transfer.by.as_str(), transfer.by_user.as_ref()).await?;
            (Some(other_side(&transfer, &entry.wallet.id)), transfer.note, by)
        }
        Record::Payment(payment) => {
            let note = format!("{} {}", payment.reference, payment.description).trim().to_owned();
            (None, note, names.actor(&payment.by, None).await?)
        }
        Record::Unknown => (None, String::new(), String::new()),
    };
    let counterparty_name = match &counterparty {
        Some(wallet) => Some(names.wallet(wallet).await?),
        None => None,
    };
    let direction = if line.amount.is_negative() { CreditDirection::Out } else { CreditDirection::In };
    let amount = if line.amount.is_negative() { -line.amount } else { line.amount };
    Ok(CreditLogLine {
        at: line.at,
        wallet: entry.wallet.id.into(),
        company: entry.company.id.to_string(),
        company_name: entry.company.name.clone(),
        agreement_code: entry.agreement.code.clone(),
        user_name: entry.user.map(|user| user.name),
        direction,
        movement: kind,
        amount: amount.to_string(),
        currency: entry.wallet.currency.to_string(),
        balance_after: line.balance_after.to_string(),
        counterparty: counterparty.map(Into::into),
        counterparty_name,
        note,
        by,
        reference: line.reference,
    })
}

fn other_side(transfer: &Transfer, wallet: &WalletId) -> WalletId {
    if transfer.from == *wallet { transfer.to.clone() } else { transfer.from.clone() }
}
