//! Monitored sender IDs, and since when their present windows run.

use domain::id::SenderId;
use domain::sender::{MONITORED, Sender};
use domain::statistics::Counts;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::item::{document, expiring};
use crate::{Store, StoreError, keys};

/// Longer than any window.
const KEPT: SignedDuration = SignedDuration::from_hours(48);

/// The beginning of a window, and what the sender ID had counted by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrafficWindow {
    pub begun_at: Timestamp,
    pub counts: Counts,
}

impl Store {
    /// Those of all companies.
    pub async fn monitored_senders(&self) -> Result<Vec<Sender>, StoreError> {
        self.all_things(MONITORED).await
    }

    pub async fn traffic_window(&self, sender: &SenderId) -> Result<Option<TrafficWindow>, StoreError> {
        self.get(&self.tables.records, &keys::traffic_window(sender), "a window").await
    }

    /// Begins the next window, in the place of the one before.
    pub async fn begin_traffic_window(
        &self,
        sender: &SenderId,
        window: &TrafficWindow,
    ) -> Result<(), StoreError> {
        let item = expiring(document(&keys::traffic_window(sender), window)?, window.begun_at + KEPT);
        let put = self.dynamo.put_item().table_name(&self.tables.records).set_item(Some(item));
        put.send().await.map_err(StoreError::aws("begin a window"))?;
        Ok(())
    }
}
