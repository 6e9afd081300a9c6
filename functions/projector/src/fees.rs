//! Records and usage rows of fees, each once; of those that were rated again, in the place of what was there.

use std::collections::{BTreeMap, BTreeSet};

use domain::edr::FeeRecord;
use domain::fee::Fee;
use store::{Store, StoreError};

use crate::reopened::Reopened;

/// Posts the fees of this delivery that were charged. Returns their records.
pub async fn post(
    store: &Store,
    fees: &[Fee],
    reopened: &mut Reopened,
) -> Result<Vec<FeeRecord>, StoreError> {
    let wanted: BTreeSet<_> = fees.iter().map(|fee| fee.agreement.clone()).collect();
    let wanted: Vec<_> = wanted.into_iter().collect();
    let agreements = store.agreements(&wanted).await?;
    let agreements: BTreeMap<_, _> = agreements.iter().map(|agreement| (&agreement.id, agreement)).collect();
    let mut posted = Vec::new();
    for fee in fees {
        let Some(agreement) = agreements.get(&fee.agreement) else { continue };
        if let Some((record, key, usage)) = fee.usage(agreement) {
            store.post_fee_record(&record, &key, usage).await?;
            reopened.note(agreement, key.day, 0 < fee.charge_version);
            posted.push(record);
        }
    }
    Ok(posted)
}
