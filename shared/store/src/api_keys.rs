//! API keys. Made, changed and deleted as every other thing; what is particular is the note of their use.

use domain::api_key::ApiKey;
use domain::id::ApiKeyId;
use jiff::Timestamp;

use crate::alone::write_alone;
use crate::item::{key_of, text};
use crate::keys;
use crate::{Store, StoreError};

impl Store {
    pub async fn api_key(&self, id: &ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        self.thing(id.as_str()).await
    }

    /// Notes when a key was last used, which is no change of it.
    pub async fn note_api_key_use(&self, key: &ApiKey, at: Timestamp) -> Result<(), StoreError> {
        let update = self
            .dynamo
            .update_item()
            .table_name(&self.tables.directory)
            .set_key(Some(key_of(&keys::place_of(key))))
            .update_expression("SET last_used_at = :at")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":at", text(at.to_string()));
        write_alone("note the use of an API key", || update.clone().send()).await.map(drop)
    }
}
