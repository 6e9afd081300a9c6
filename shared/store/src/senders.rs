//! Sender IDs: those of SMS found by agreement and address, as messages name them, all by their ids.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::audit::Act;
use domain::channel::Channel;
use domain::id::{AgreementId, CompanyId, SenderId};
use domain::sender::{Sender, SenderAddress};
use serde::{Deserialize, Serialize};

use crate::catalog::Written;
use crate::item::{document, key_of};
use crate::keys;
use crate::uses::Use;
use crate::{Store, StoreError};

const KIND: &str = "a sender ID";

/// Where the sender ID with an id lies.
#[derive(Serialize, Deserialize)]
struct Pointer {
    of_pk: String,
    of_sk: String,
}

impl Store {
    /// One of SMS.
    pub async fn sender(
        &self,
        agreement: &AgreementId,
        address: &SenderAddress,
    ) -> Result<Option<Sender>, StoreError> {
        self.get(&self.tables.directory, &keys::sender(agreement, address), KIND).await
    }

    /// The same as it is used. Only one that is assigned costs further reads.
    pub async fn sender_as_used(
        &self,
        agreement: &AgreementId,
        address: &SenderAddress,
    ) -> Result<Option<Sender>, StoreError> {
        match self.sender(agreement, address).await? {
            Some(sender) => Ok(Some(self.as_used(sender).await?)),
            None => Ok(None),
        }
    }

    /// One that is assigned with the roads and the status that it has from those above: a read for each, and
    /// each stands under an agreement further up.
    pub async fn as_used(&self, mut sender: Sender) -> Result<Sender, StoreError> {
        while let Some(from) = sender.assigned_from.clone() {
            let above = self.sender(&from.agreement, &sender.address).await?;
            sender = sender.over(&from, above);
        }
        Ok(sender)
    }

    /// The one whose roads messages from it take: itself, or where it is assigned the one from which that comes.
    pub async fn sender_of_roads(
        &self,
        agreement: &AgreementId,
        address: &SenderAddress,
    ) -> Result<Option<Sender>, StoreError> {
        let mut found = self.sender(agreement, address).await?;
        while let Some(from) = found.as_ref().and_then(|sender| sender.assigned_from.clone()) {
            let above = self.sender(&from.agreement, address).await?;
            found = above.filter(|above| above.id == from.sender);
        }
        Ok(found)
    }

    pub async fn sender_by_id(&self, id: &SenderId) -> Result<Option<Sender>, StoreError> {
        let found: Option<Pointer> = self.get(&self.tables.directory, &keys::sender_id(id), KIND).await?;
        match found {
            Some(Pointer { of_pk: pk, of_sk: sk }) => {
                self.get(&self.tables.directory, &keys::Key { pk, sk }, KIND).await
            }
            None => Ok(None),
        }
    }

    pub async fn senders_of(&self, company: &CompanyId) -> Result<Vec<Sender>, StoreError> {
        self.all_things(company.as_str()).await
    }

    /// Stores a new sender ID, and where it is a number the entry by which messages from phones find it.
    /// `Overtaken` if the agreement has one with this address in this channel.
    pub async fn put_sender(&self, act: &Act, sender: &Sender) -> Result<Written, StoreError> {
        let table = &self.tables.directory;
        let keys::Key { pk: of_pk, sk: of_sk } = keys::place_of(sender);
        let pointer = Pointer { of_pk, of_sk };
        let mut with = vec![self.put_any(table, document(&keys::sender_id(&sender.id), &pointer)?)];
        with.extend(self.sender_uses(sender, 1));
        let number = self.number_of(sender).map(|key| self.put_any(table, key_of(&key)));
        with.extend(number);
        self.write_thing(act, None, Some(sender), with).await
    }

    /// Deletes a sender ID; nothing is sent from it or comes to it any more.
    pub async fn delete_sender(&self, act: &Act, sender: &Sender) -> Result<Written, StoreError> {
        let table = &self.tables.directory;
        let mut with: Vec<TransactWriteItem> = vec![self.delete_any(table, &keys::sender_id(&sender.id))];
        with.extend(self.sender_uses(sender, -1));
        with.extend(self.number_of(sender).map(|key| self.delete_any(table, &key)));
        self.write_thing(act, Some(sender), None, with).await
    }

    fn sender_uses(&self, sender: &Sender, more: i32) -> [TransactWriteItem; 2] {
        [sender.agreement.as_str(), sender.company.as_str()].map(|of| self.count_use(of, Use::Senders, more))
    }

    fn number_of(&self, sender: &Sender) -> Option<keys::Key> {
        let is_called = sender.channel() == Channel::Sms && sender.address.is_numeric();
        is_called.then(|| keys::incoming_number(sender.address.as_str(), &sender.agreement))
    }
}
