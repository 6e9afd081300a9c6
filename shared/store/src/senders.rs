//! Sender IDs, found by agreement and address, as messages name them, and by their ids.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::audit::Act;
use domain::id::{AgreementId, CompanyId, ConnectionId, SenderId};
use domain::sender::{Sender, SenderAddress};
use serde::{Deserialize, Serialize};

use crate::catalog::{Ask, Written};
use crate::item::{document, key_of};
use crate::keys;
use crate::{Store, StoreError};

const KIND: &str = "a sender ID";

/// Where the sender ID with an id lies.
#[derive(Serialize, Deserialize)]
struct Pointer {
    agreement: AgreementId,
    address: SenderAddress,
}

impl Store {
    pub async fn sender(
        &self,
        agreement: &AgreementId,
        address: &SenderAddress,
    ) -> Result<Option<Sender>, StoreError> {
        self.get(&self.tables.directory, &keys::sender(agreement, address), KIND).await
    }

    pub async fn sender_by_id(&self, id: &SenderId) -> Result<Option<Sender>, StoreError> {
        let found: Option<Pointer> = self.get(&self.tables.directory, &keys::sender_id(id), KIND).await?;
        match found {
            Some(Pointer { agreement, address }) => self.sender(&agreement, &address).await,
            None => Ok(None),
        }
    }

    pub async fn senders_of(&self, company: &CompanyId) -> Result<Vec<Sender>, StoreError> {
        self.all_things(company.as_str()).await
    }

    /// Whether messages of some sender ID take this connection.
    pub async fn is_road(&self, connection: &ConnectionId) -> Result<bool, StoreError> {
        let ask = Ask { list: connection.to_string(), limit: 1, ..Ask::default() };
        Ok(!self.things(&ask, |_: &Sender| true).await?.items.is_empty())
    }

    /// Stores a new sender ID, and where it is a number the entry by which messages from phones find it.
    /// `Overtaken` if the agreement has one with this address.
    pub async fn put_sender(&self, act: &Act, sender: &Sender) -> Result<Written, StoreError> {
        let table = &self.tables.directory;
        let pointer = Pointer { agreement: sender.agreement.clone(), address: sender.address.clone() };
        let mut with = vec![self.put_any(table, document(&keys::sender_id(&sender.id), &pointer)?)];
        let number = self.number_of(sender).map(|key| self.put_any(table, key_of(&key)));
        with.extend(number);
        self.write_thing(act, None, Some(sender), with).await
    }

    /// Deletes a sender ID; nothing is sent from it or comes to it any more.
    pub async fn delete_sender(&self, act: &Act, sender: &Sender) -> Result<Written, StoreError> {
        let table = &self.tables.directory;
        let mut with: Vec<TransactWriteItem> = vec![self.delete_any(table, &keys::sender_id(&sender.id))];
        with.extend(self.number_of(sender).map(|key| self.delete_any(table, &key)));
        self.write_thing(act, Some(sender), None, with).await
    }

    fn number_of(&self, sender: &Sender) -> Option<keys::Key> {
        let is_numeric = sender.address.is_numeric();
        is_numeric.then(|| keys::incoming_number(sender.address.as_str(), &sender.agreement))
    }
}
