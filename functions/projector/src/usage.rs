//! EDRs and usage rows from the changes of messages.

use std::collections::{BTreeMap, BTreeSet};

use domain::agreement::Agreement;
use domain::edr::{UsageKey, agreement_of, records, usage_change};
use domain::id::AgreementId;
use domain::message::{Message, Status};
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
    let levels = |message: &Message| {
        message.charges.iter().filter_map(|charge| agreement_of(&charge.wallet)).collect::<Vec<_>>()
    };
    let wanted: BTreeSet<_> = changes.iter().flat_map(|change| levels(&change.after)).collect();
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
    for (level, edr) in edrs.iter().enumerate() {
        let change = usage_change(change.before.as_ref(), &change.after, level)?;
        let Some(agreement) = agreements.get(&edr.agreement).filter(|_| !change.is_zero()) else { continue };
        let key = UsageKey {
            agreement: edr.agreement.clone(),
            day: agreement.version_at(edr.accepted_at).billing.day_of(edr.accepted_at),
            resource: edr.resource,
            sender: edr.sender.clone(),
            country: edr.country.clone(),
            rate: edr.rate.clone(),
            unit_price: edr.unit_price,
        };
        usage.push((key, change));
    }
    Ok(UsageChange { edrs, usage })
}
