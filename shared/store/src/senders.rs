//! Sender IDs, found by agreement and address.

use domain::id::{AgreementId, CompanyId};
use domain::sender::{Sender, SenderAddress};

use crate::item::{Partition, listed};
use crate::keys;
use crate::{Store, StoreError};

const KIND: &str = "a sender ID";
const SENDERS: &str = "senders";

impl Store {
    pub async fn sender(
        &self,
        agreement: &AgreementId,
        address: &SenderAddress,
    ) -> Result<Option<Sender>, StoreError> {
        self.get(&self.tables.directory, &keys::sender(agreement, address), KIND).await
    }

    pub async fn senders_of(&self, company: &CompanyId) -> Result<Vec<Sender>, StoreError> {
        let parent = keys::listing(SENDERS, company.as_str(), "").parent;
        self.all(&self.tables.directory, Partition::Listing(&parent), KIND).await
    }

    /// Stores a new sender ID. False if the agreement has one with this address.
    pub async fn put_sender(&self, sender: &Sender) -> Result<bool, StoreError> {
        let listing = keys::listing(SENDERS, sender.company.as_str(), sender.id.as_str());
        let item = listed(&keys::sender(&sender.agreement, &sender.address), &listing, sender)?;
        self.put_if_new(&self.tables.directory, item).await
    }
}
