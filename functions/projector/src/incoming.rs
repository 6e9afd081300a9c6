//! Messages from phones, put into the lists of those who see them, and counted once they are handed on.

use domain::destination::{Destination, Msisdn, destination};
use domain::incoming::{IncomingMessage, Routed};
use domain::statistics::add_incoming;
use store::{Statistics, Store, StoreError};

use crate::change::IncomingChange;

/// Lists each as it is now, for the company whose it is and all above it.
pub async fn list(store: &Store, changes: &[IncomingChange]) -> Result<(), StoreError> {
    for change in changes {
        let after = &change.after;
        let path = match &after.routed {
            Some(Routed { company, .. }) => store.any_company(company).await?.map(|company| company.path),
            None => None,
        };
        let path = path.unwrap_or_default();
        let mut counted = Statistics::new();
        if change.hands_on() {
            add_incoming(&mut counted, &path, after, place_of_phone(store, after).await?.as_ref());
        }
        store.list_incoming(after, &path, &counted).await?;
    }
    Ok(())
}

/// By the numbering plan; none of what came from no number, or from one that cannot be.
async fn place_of_phone(store: &Store, message: &IncomingMessage) -> Result<Option<Destination>, StoreError> {
    let Ok(phone) = Msisdn::parse(&message.source.value) else { return Ok(None) };
    Ok(destination(&phone, &store.dictionaries().await?).ok())
}
