//! Records and usage rows of fees, each once.

use std::collections::{BTreeMap, BTreeSet};

use domain::edr::FeeRecord;
use domain::fee::Fee;
use store::{Store, StoreError};

/// Posts the fees of this delivery that were charged. Returns their records.
pub async fn post(store: &Store, fees: &[Fee]) -> Result<Vec<FeeRecord>, StoreError> {
    let wanted: BTreeSet<_> = fees.iter().map(|fee| fee.agreement.clone()).collect();
    let wanted: Vec<_> = wanted.into_iter().collect();
    let agreements = store.agreements(&wanted).await?;
    let agreements: BTreeMap<_, _> = agreements.iter().map(|agreement| (&agreement.id, agreement)).collect();
    let mut posted = Vec::new();
    for fee in fees {
        let usage = agreements.get(&fee.agreement).and_then(|agreement| fee.usage(agreement));
        if let Some((record, key, usage)) = usage {
            store.post_fee_record(&record, &key, usage).await?;
            posted.push(record);
        }
    }
    Ok(posted)
}
