//! Agreements, each opened together with its main wallet.

use std::collections::BTreeMap;

use domain::agreement::Agreement;
use domain::company::Subtree;
use domain::id::{AgreementId, CompanyId};
use domain::wallet::Wallet;

use crate::item::{Item, Partition, document, listed, number, read};
use crate::keys;
use crate::messages::Stored;
use crate::transact::Refused;
use crate::{Store, StoreError};

const KIND: &str = "an agreement";
const AGREEMENTS: &str = "agreements";

impl Store {
    /// An agreement of a company inside the caller's subtree; any other reads as not there.
    pub async fn agreement(
        &self,
        scope: &Subtree,
        id: &AgreementId,
    ) -> Result<Option<Agreement>, StoreError> {
        let Some(agreement) = self.any_agreement(id).await? else { return Ok(None) };
        Ok(self.company(scope, &agreement.company).await?.map(|_| agreement))
    }

    /// An agreement, whoever asks.
    pub async fn any_agreement(&self, id: &AgreementId) -> Result<Option<Agreement>, StoreError> {
        self.get(&self.tables.directory, &keys::agreement(id), KIND).await
    }

    /// These agreements, in this order.
    pub async fn agreements(&self, ids: &[AgreementId]) -> Result<Vec<Agreement>, StoreError> {
        let wanted: Vec<_> = ids.iter().map(keys::agreement).collect();
        let mut found = BTreeMap::new();
        for item in self.get_many(&self.tables.directory, &wanted).await? {
            let agreement: Agreement = read(KIND, item)?;
            found.insert(agreement.id.clone(), agreement);
        }
        ids.iter()
            .map(|id| {
                found.remove(id).ok_or_else(|| StoreError::corrupt(KIND, format!("{id} does not exist")))
            })
            .collect()
    }

    pub async fn agreements_of(&self, company: &CompanyId) -> Result<Vec<Agreement>, StoreError> {
        let parent = keys::listing(AGREEMENTS, company.as_str(), "").parent;
        self.all(&self.tables.directory, Partition::Listing(&parent), KIND).await
    }

    /// The ids of all agreements there are. For the billing schedule.
    pub async fn all_agreements(&self) -> Result<Vec<AgreementId>, StoreError> {
        #[derive(serde::Deserialize)]
        struct Entry {
            sk: AgreementId,
        }
        let partition = Partition::Table(keys::ALL_AGREEMENTS);
        let entries: Vec<Entry> = self.all(&self.tables.directory, partition, KIND).await?;
        Ok(entries.into_iter().map(|entry| entry.sk).collect())
    }

    /// Stores an agreement with its wallet, both or neither. False if its tenant has used the code.
    pub async fn open_agreement(&self, agreement: &Agreement, wallet: &Wallet) -> Result<bool, StoreError> {
        let empty = BTreeMap::<String, String>::new();
        let code = document(&keys::agreement_code(&agreement.tenant, &agreement.code), &empty)?;
        let entry = document(&keys::agreement_entry(&agreement.id), &empty)?;
        let mut items = vec![
            self.new_item(&self.tables.directory, code),
            self.new_item(&self.tables.directory, agreement_item(agreement)?),
            self.new_item(&self.tables.directory, entry),
        ];
        items.extend(self.open_wallet(wallet)?);
        match self.transact("open the agreement", items).await {
            Ok(()) => Ok(true),
            Err(Refused::At(0, _)) => Ok(false),
            Err(refused) => Err(refused.unexpected("open the agreement")),
        }
    }

    /// Stores a changed agreement unless another change came first.
    pub async fn replace_agreement(&self, agreement: &Agreement) -> Result<Stored, StoreError> {
        let before = Item::from([(":before".to_owned(), number(agreement.revision.saturating_sub(1)))]);
        let item = agreement_item(agreement)?;
        let put = self.put_item(&self.tables.directory, item, "revision = :before", before);
        match self.transact("store the agreement", vec![put]).await {
            Ok(()) => Ok(Stored::Now),
            Err(Refused::At(..)) => Ok(Stored::Overtaken),
            Err(Refused::Failed(error)) => Err(error),
        }
    }
}

fn agreement_item(agreement: &Agreement) -> Result<Item, StoreError> {
    let listing = keys::listing(AGREEMENTS, agreement.company.as_str(), agreement.id.as_str());
    listed(&keys::agreement(&agreement.id), &listing, agreement)
}
