//! Telling those who buy a service that its rates change, and from when on.

use domain::agreement::Agreement;
use domain::import::difference::Difference;
use domain::rating::RateChange;
use queue::{Notification, RateChanges};
use store::StoreError;

use crate::App;
use crate::notices::send_once;

/// One notice for each agreement that has the service enabled then or later, and names somebody to tell.
pub async fn tell(app: &App, changes: &[RateChange]) -> anyhow::Result<()> {
    for change in changes {
        let mut told = app.store.agreements_with(&change.company).await?;
        told.retain(|agreement| is_told(agreement, change));
        if told.is_empty() {
            continue;
        }
        let counts = counts(app, change).await?;
        for agreement in told {
            let id = format!("{} {} {}", change.service, change.version, agreement.id);
            send_once(app, &id, change.at, &notification(id.clone(), agreement, change, counts)).await?;
        }
    }
    Ok(())
}

/// None where the rates begin or end.
async fn counts(app: &App, change: &RateChange) -> Result<Option<RateChanges>, StoreError> {
    let (Some(before), Some(after)) = (change.before, change.after) else { return Ok(None) };
    let before = app.store.tree(&change.service, before).await?;
    let after = app.store.tree(&change.service, after).await?;
    let Some((before, after)) = before.zip(after) else { return Ok(None) };
    let counts = Difference::between_trees(&before.decompile(), &after.decompile()).counts;
    Ok(Some(RateChanges {
        new: counts.new,
        removed: counts.removed,
        up: counts.up,
        down: counts.down,
        other: counts.changed,
    }))
}

fn is_told(agreement: &Agreement, change: &RateChange) -> bool {
    let is_met = |till: Option<jiff::Timestamp>| till.is_none_or(|till| change.effective_from < till);
    let mut services = agreement.services.iter();
    !agreement.emails_in_force().rate_emails.is_empty()
        && services.any(|enabled| enabled.service == change.service && is_met(enabled.effective_till))
}

fn notification(
    id: String,
    agreement: Agreement,
    change: &RateChange,
    changes: Option<RateChanges>,
) -> Notification {
    let emails = agreement.emails_in_force().rate_emails.clone();
    Notification::RatesChangedV1 {
        id,
        agreement: agreement.id,
        service: change.service.clone(),
        name: change.name.clone(),
        effective_from: change.effective_from,
        changes,
        emails,
        at: change.at,
    }
}
