//! Messages from phones, put into the lists of those who see them.

use domain::incoming::Routed;
use store::{Store, StoreError};

use crate::change::IncomingChange;

/// Lists each as it is now, for the company whose it is and all above it.
pub async fn list(store: &Store, changes: &[IncomingChange]) -> Result<(), StoreError> {
    for IncomingChange { after, .. } in changes {
        let path = match &after.routed {
            Some(Routed { company, .. }) => store.any_company(company).await?.map(|company| company.path),
            None => None,
        };
        store.list_incoming(after, &path.unwrap_or_default()).await?;
    }
    Ok(())
}
