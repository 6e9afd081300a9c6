//! Agreements, each opened together with its main wallet.

use std::collections::BTreeMap;

use domain::agreement::Agreement;
use domain::company::Subtree;
use domain::id::{AgreementId, CompanyId};
use domain::wallet::{Operation, OperationKind, Wallet, WalletState};

use crate::item::{Item, Partition, document, listed, number, read};
use crate::keys;
use crate::messages::Stored;
use crate::transact::Refused;
use crate::wallets::{Guard, Sum, WalletChange};
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
        let named = BTreeMap::from([("agreement", &agreement.id)]);
        let code = document(&keys::agreement_code(&agreement.tenant, &agreement.code), &named)?;
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

    /// Stores a changed agreement together with its credit limit in its main wallet and whether that is
    /// suspended, all or nothing. `main` is the wallet as it was read. A lower limit is in force at once
    /// and may take the headroom below zero: nothing is spent then until it is positive again.
    pub async fn change_terms(&self, agreement: &Agreement, main: &Wallet) -> Result<Stored, StoreError> {
        let before = Item::from([(":before".to_owned(), number(agreement.revision.saturating_sub(1)))]);
        let item = agreement_item(agreement)?;
        let put = self.put_item(&self.tables.directory, item, "revision = :before", before);
        let limit = agreement.last_version().credit_limit.amount();
        let difference = limit.checked_sub(main.credit_limit)?;
        let Some(change) = self.suspension(main, agreement.suspended) else { return Ok(Stored::Overtaken) };
        let change = change
            .guard(Guard::CreditLimit(main.credit_limit))
            .add(Sum::CreditLimit, difference)
            .add(Sum::Headroom, difference);
        match self.transact("change the terms", vec![put, self.change_wallet(change)]).await {
            Ok(()) => Ok(Stored::Now),
            Err(Refused::At(..)) => Ok(Stored::Overtaken),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    /// Suspends a wallet below the main one, or resumes it.
    pub async fn suspend(&self, wallet: &Wallet, suspended: bool) -> Result<Stored, StoreError> {
        if suspended == (wallet.state == WalletState::Suspended) {
            return Ok(Stored::Now);
        }
        let Some(change) = self.suspension(wallet, suspended) else { return Ok(Stored::Overtaken) };
        match self.transact("suspend the wallet", vec![self.change_wallet(change)]).await {
            Ok(()) => Ok(Stored::Now),
            Err(Refused::At(..)) => Ok(Stored::Overtaken),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    /// None while a transfer takes all that is in the wallet: that comes first.
    fn suspension(&self, wallet: &Wallet, suspended: bool) -> Option<WalletChange> {
        let state = match (&wallet.state, suspended) {
            (WalletState::Draining { .. }, true) => return None,
            (WalletState::Open, true) => WalletState::Suspended,
            (WalletState::Suspended, false) => WalletState::Open,
            (state, _) => state.clone(),
        };
        let reference = wallet.agreement.to_string();
        let change = WalletChange::new(&wallet.id, Operation { kind: OperationKind::Terms, reference });
        Some(if state == wallet.state {
            change
        } else {
            change.guard(Guard::State(wallet.state.clone())).state(state)
        })
    }
}

pub(crate) fn agreement_item(agreement: &Agreement) -> Result<Item, StoreError> {
    let listing = keys::listing(AGREEMENTS, agreement.company.as_str(), agreement.id.as_str());
    listed(&keys::agreement(&agreement.id), &listing, agreement)
}
