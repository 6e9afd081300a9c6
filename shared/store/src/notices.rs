//! What people are told: a record for each notice, so that it is sent once however often a stream
//! delivers what caused it.

use domain::agreement::Agreement;
use domain::legal_entity::LegalEntity;
use jiff::{SignedDuration, Timestamp};

use crate::item::{document, expiring};
use crate::keys;
use crate::{Store, StoreError};

/// Longer than a stream repeats anything.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);

#[derive(serde::Serialize, serde::Deserialize)]
struct Notice {
    sent: bool,
}

impl Store {
    /// Who is told of an agreement's account and its traffic: the addresses that it names, or where it names
    /// none those of its legal entity.
    pub async fn account_emails(&self, agreement: &Agreement) -> Result<Vec<String>, StoreError> {
        let named = &agreement.emails_in_force().account_emails;
        let entity = agreement.parties.legal_entity.as_ref().filter(|_| named.is_empty());
        let Some(entity) = entity else { return Ok(named.clone()) };
        let entity = self.thing::<LegalEntity>(entity.as_str()).await?;
        Ok(entity.map(|entity| entity.details.notification_emails).unwrap_or_default())
    }

    /// Whether a notice has still to be sent: it is new, or whoever began it did not come to the end.
    pub async fn begin_notice(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let key = keys::notice(id);
        let item = expiring(document(&key, &Notice { sent: false })?, now + KEPT);
        if self.put_if_new(&self.tables.records, item).await? {
            return Ok(true);
        }
        let known: Option<Notice> = self.get(&self.tables.records, &key, "a notice").await?;
        Ok(known.is_none_or(|notice| !notice.sent))
    }

    /// Notes that a notice was sent.
    pub async fn end_notice(&self, id: &str, now: Timestamp) -> Result<(), StoreError> {
        let item = expiring(document(&keys::notice(id), &Notice { sent: true })?, now + KEPT);
        let put = self.dynamo.put_item().table_name(&self.tables.records).set_item(Some(item));
        put.send().await.map_err(StoreError::aws("note a notice"))?;
        Ok(())
    }
}
