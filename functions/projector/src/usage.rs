//! EDRs and usage rows from the changes of messages.

use std::collections::{BTreeMap, BTreeSet};

use domain::agreement::Agreement;
use domain::edr::{UsageKey, agreements as charged_to, records, usage_changes};
use domain::id::AgreementId;
use domain::message::Status;
use store::{Store, StoreError, UsageChange};

use crate::change::MessageChange;

/// Posts what the changes of this delivery show and count.
pub async fn post(store: &Store, changes: &[MessageChange]) -> Result<(), StoreError> {
    let shown: Vec<_> = changes.iter().filter(|change| is_shown(change)).collect();
    let agreements = agreements(store, &shown).await?;
    let usage = shown.iter().map(|change| usage_of(change, &agreements)).collect::<Result<Vec<_>, _>>()?;
    store.post_usage(&usage).await
}

/// That a worker holds a message is not worth a write: the next change comes within seconds.
fn is_shown(change: &MessageChange) -> bool {
    change.before.is_none() || change.after.status != Status::Queued
}

async fn agreements(
    store: &Store,
    changes: &[&MessageChange],
) -> Result<BTreeMap<AgreementId, Agreement>, StoreError> {
    let wanted: BTreeSet<_> = changes.iter().flat_map(|change| charged_to(&change.after)).collect();
    let wanted: Vec<_> = wanted.into_iter().collect();
    let found = store.agreements(&wanted).await?;
    Ok(found.into_iter().map(|agreement| (agreement.id.clone(), agreement)).collect())
}

fn usage_of(
    change: &MessageChange,
    agreements: &BTreeMap<AgreementId, Agreement>,
) -> Result<UsageChange, StoreError> {
    let edrs = records(&change.after);
    let mut usage = Vec::new();
    for part in usage_changes(change.before.as_ref(), &change.after)? {
        let Some(edr) = edrs.get(part.level) else { continue };
        let Some(agreement) = agreements.get(&edr.agreement) else { continue };
        let key = UsageKey {
            agreement: edr.agreement.clone(),
            day: agreement.version_at(edr.accepted_at).billing.day_of(edr.accepted_at),
            resource: edr.resource,
            sender: Some(edr.sender.clone()),
            subject: None,
            country: Some(edr.country.clone()),
            rate: part.rate,
            unit_price: part.unit_price,
        };
        usage.push((key, part.usage));
    }
    Ok(UsageChange { edrs, usage })
}
