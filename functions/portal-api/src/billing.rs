//! Drafts that follow the usage, and their confirmation: the domain decides, the table keeps the first
//! of those who race, and the others look again.

use domain::agreement::Agreement;
use domain::audit::Act;
use domain::invoice::{self, Invoice, InvoiceStatus, Recalculated, Timing};
use domain::period::Period;
use store::{Store, Stored};

use crate::error::{ApiError, busy};

/// In each round one of those who race gets its number or its draft stored.
const ROUNDS_MAX: u32 = 20;

/// The invoice of a period as the usage makes it now; none if there was nothing to bill. A confirmed
/// one stays as it is.
pub async fn close(
    store: &Store,
    act: &Act,
    agreement: &Agreement,
    period: Period,
) -> Result<Option<Invoice>, ApiError> {
    for _ in 0..ROUNDS_MAX {
        let stored = store.invoice_of(&agreement.id, period).await?;
        let usage = store.usage(&agreement.id, period).await?;
        let fresh = invoice::draft(agreement, period, &usage, act.at)?;
        let (made, written) = match (stored, fresh) {
            (Some(stored), _) if stored.status == InvoiceStatus::Confirmed => return Ok(Some(stored)),
            (Some(stored), fresh) => match invoice::recalculate(&stored, fresh)? {
                Recalculated::Same => return Ok(Some(stored)),
                Recalculated::Changed(changed) => {
                    let written = store.replace_invoice(act, &stored, &changed).await?;
                    (*changed, written)
                }
            },
            (None, Some(draft)) => {
                let written = store.put_invoice(act, &draft).await?;
                (draft, written)
            }
            (None, None) => return Ok(None),
        };
        if written == Stored::Now {
            return Ok(Some(made));
        }
    }
    Err(busy())
}

/// The invoice of a period, recalculated once more and then frozen under the tenant's next number.
/// Confirming twice is confirming once.
pub async fn confirm(
    store: &Store,
    act: &Act,
    agreement: &Agreement,
    period: Period,
    timing: Timing,
) -> Result<Option<Invoice>, ApiError> {
    let terms = &agreement.version_at(act.at).billing;
    for _ in 0..ROUNDS_MAX {
        let Some(draft) = close(store, act, agreement, period).await? else { return Ok(None) };
        if draft.status == InvoiceStatus::Confirmed {
            return Ok(Some(draft));
        }
        let number = store.last_invoice_number(&draft.tenant).await? + 1;
        let confirmed = invoice::confirm(&draft, number, terms, timing, act.at)?;
        if store.confirm_invoice(act, &draft, &confirmed).await? == Stored::Now {
            return Ok(Some(confirmed));
        }
    }
    Err(busy())
}
