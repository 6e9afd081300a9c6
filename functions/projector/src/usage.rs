//! EDRs and usage rows from the changes of messages. Of those in blocks in `block_usage`.

use std::collections::{BTreeMap, BTreeSet};

use domain::agreement::Agreement;
use domain::edr::{ChargeUsage, UsageKey, agreements as charged_to, records, usage_changes};
use domain::id::{AgreementId, CompanyId};
use domain::message::{Message, Status};
use domain::rating::Resource;
use domain::statistics::{self, counts};
use store::{Statistics, Store, StoreError, UsageChange};

use crate::change::MessageChange;
use crate::reopened::Reopened;

pub type Agreements = BTreeMap<AgreementId, Agreement>;
pub type Paths = BTreeMap<CompanyId, Vec<CompanyId>>;

/// Posts what the changes of this delivery show and count.
pub async fn post(
    store: &Store,
    changes: &[MessageChange],
    reopened: &mut Reopened,
) -> Result<(), StoreError> {
    let shown: Vec<_> = changes.iter().filter(|change| is_shown(change)).collect();
    let agreements = agreements(store, shown.iter().map(|change| &change.after)).await?;
    let paths = paths(store, shown.iter().map(|change| &change.after)).await?;
    let usage = shown.iter().map(|change| usage_of(change, &agreements, &paths, reopened));
    let usage = usage.collect::<Result<Vec<_>, _>>()?;
    store.post_usage(&usage).await
}

/// That a worker holds a message is not worth a write: the next change comes within seconds.
pub fn is_shown(change: &MessageChange) -> bool {
    change.before.is_none() || change.after.status != Status::Queued || is_rated_again(change)
}

pub fn is_rated_again(change: &MessageChange) -> bool {
    change.before.as_ref().is_some_and(|before| before.charge_version != change.after.charge_version)
}

/// Those that these messages are charged to.
pub async fn agreements(
    store: &Store,
    messages: impl Iterator<Item = &Message>,
) -> Result<Agreements, StoreError> {
    let wanted: BTreeSet<_> = messages.flat_map(charged_to).collect();
    let wanted: Vec<_> = wanted.into_iter().collect();
    let found = store.agreements(&wanted).await?;
    Ok(found.into_iter().map(|agreement| (agreement.id.clone(), agreement)).collect())
}

/// From the owner down to each of the companies that sent these messages.
pub async fn paths(store: &Store, messages: impl Iterator<Item = &Message>) -> Result<Paths, StoreError> {
    let wanted: BTreeSet<_> = messages.map(|message| &message.company).collect();
    let wanted: Vec<_> = wanted.into_iter().cloned().collect();
    let found = store.companies(&wanted).await?;
    Ok(found.into_iter().map(|company| (company.id, company.path)).collect())
}

fn usage_of(
    change: &MessageChange,
    agreements: &Agreements,
    paths: &Paths,
    reopened: &mut Reopened,
) -> Result<UsageChange, StoreError> {
    let edrs = records(&change.after);
    let mut usage = Vec::new();
    for part in usage_changes(change.before.as_ref(), &change.after)? {
        let agreement = edrs.get(part.level).and_then(|edr| agreements.get(&edr.agreement));
        if let Some(agreement) = agreement {
            let key = key(agreement, &change.after, &part);
            reopened.note(agreement, key.day, is_rated_again(change));
            usage.push((key, part.usage));
        }
    }
    let mut statistics = Statistics::new();
    let counts = counts(change.before.as_ref(), &change.after);
    if let Some(path) = paths.get(&change.after.company).filter(|_| !counts.is_zero()) {
        statistics::add(&mut statistics, path, &change.after, &counts);
    }
    Ok(UsageChange { edrs, usage, statistics })
}

/// The row that a part of what a message cost this agreement is counted in.
pub fn key(agreement: &Agreement, message: &Message, part: &ChargeUsage) -> UsageKey {
    let accepted_at = message.accepted_at;
    UsageKey {
        agreement: agreement.id.clone(),
        wallet: part.wallet.clone(),
        day: agreement.version_at(accepted_at).billing.day_of(accepted_at),
        resource: Resource::SmsMessage,
        sender: Some(message.sender.clone()),
        subject: None,
        country: Some(message.country.clone()),
        rate: part.rate.clone(),
        unit_price: part.unit_price,
        priced_by: part.priced_by,
    }
}
