//! What MNP and HLR look-ups answered, for as long as it is believed.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use domain::destination::Msisdn;
use domain::id::ConnectionId;
use domain::lookup::Looked;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::item::{document, expiring, read};
use crate::keys;
use crate::{Store, StoreError};

/// DynamoDB's own bounds of a batch.
const READS_AT_ONCE: usize = 100;
const WRITES_AT_ONCE: usize = 25;
/// Batches under way at once.
const BATCHES_AT_ONCE: usize = 10;

#[derive(Serialize)]
struct New<'a> {
    looked: &'a Looked,
}

#[derive(Deserialize)]
struct Kept {
    sk: Msisdn,
    looked: Looked,
    /// The database takes its time to delete what has expired.
    expires_at: i64,
}

impl Store {
    /// What a connection answered about these numbers, as far as it is known and believed at `now`.
    pub async fn looked(
        &self,
        connection: &ConnectionId,
        numbers: &[&Msisdn],
        now: Timestamp,
    ) -> Result<BTreeMap<Msisdn, Looked>, StoreError> {
        let batches: Vec<Vec<_>> = numbers
            .chunks(READS_AT_ONCE)
            .map(|numbers| numbers.iter().map(|number| keys::lookup(connection, number)).collect())
            .collect();
        let read_batch = async |wanted: Vec<_>| self.get_many(&self.tables.records, &wanted).await;
        let batches: Vec<_> =
            stream::iter(batches).map(read_batch).buffer_unordered(BATCHES_AT_ONCE).try_collect().await?;
        let mut found = BTreeMap::new();
        for item in batches.into_iter().flatten() {
            let Kept { sk, looked, expires_at } = read("a look-up", item)?;
            if now.as_second() < expires_at {
                found.insert(sk, looked);
            }
        }
        Ok(found)
    }

    /// Keeps answers until then. What the database does not take is asked again, so nothing is retried.
    pub async fn keep_looked(
        &self,
        connection: &ConnectionId,
        answers: &[(Msisdn, Looked)],
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let mut batches = Vec::new();
        for answers in answers.chunks(WRITES_AT_ONCE) {
            let mut batch = Vec::new();
            for (number, looked) in answers {
                let item = document(&keys::lookup(connection, number), &New { looked })?;
                let put = PutRequest::builder().set_item(Some(expiring(item, until))).build();
                let put = put.map_err(StoreError::aws("keep a look-up"))?;
                batch.push(WriteRequest::builder().put_request(put).build());
            }
            batches.push(batch);
        }
        let write = async |batch: Vec<WriteRequest>| {
            let write = self.dynamo.batch_write_item().request_items(&self.tables.records, batch);
            write.send().await.map_err(StoreError::aws("keep look-ups"))
        };
        stream::iter(batches).map(write).buffer_unordered(BATCHES_AT_ONCE).try_collect::<Vec<_>>().await?;
        Ok(())
    }
}
