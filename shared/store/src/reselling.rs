//! Ties of resellers' legal entities to their agreements. An agreement has the times of its own ties in its row,
//! where messages are judged without another read.

use std::collections::BTreeSet;

use domain::audit::Act;
use domain::reselling::ResellingAgreement;

use crate::catalog::Written;
use crate::{Store, StoreError};

impl Store {
    /// Stores a tie that is new, changed or, without `after`, deleted, and its times with the agreements that it
    /// names and named, all or nothing. `Overtaken` also if somebody has changed one of those meanwhile.
    pub async fn write_tie(
        &self,
        act: &Act,
        before: Option<&ResellingAgreement>,
        after: Option<&ResellingAgreement>,
    ) -> Result<Written, StoreError> {
        let named: BTreeSet<_> = before.into_iter().chain(after).map(|tie| &tie.details.agreement).collect();
        let mut with = Vec::new();
        for agreement in named {
            let Some(agreement) = self.any_agreement(agreement).await? else { continue };
            let tied = agreement.with_tie(before, after);
            with.extend(self.thing_items(Some(&agreement), Some(&tied))?);
        }
        self.write_thing(act, before, after, with).await
    }
}
