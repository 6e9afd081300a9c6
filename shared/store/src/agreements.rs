//! Agreements, each opened together with its main wallet.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::agreement::Agreement;
use domain::audit::Act;
use domain::catalog;
use domain::company::Subtree;
use domain::id::{AgreementId, CompanyId};
use domain::money::Amount;
use domain::wallet::{Operation, OperationKind, Wallet, WalletState};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalog::Written;
use crate::item::{Item, Partition, document, read, text};
use crate::keys;
use crate::messages::Stored;
use crate::transact::Refused;
use crate::uses::Use;
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
        let found = self.any_agreement(id).await?.filter(|agreement| agreement.deleted_at.is_none());
        let Some(agreement) = found else { return Ok(None) };
        Ok(self.company(scope, &agreement.company).await?.map(|_| agreement))
    }

    /// An agreement, whoever asks; also a deleted one.
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
                found
                    .get(id)
                    .cloned()
                    .ok_or_else(|| StoreError::corrupt(KIND, format!("{id} does not exist")))
            })
            .collect()
    }

    pub async fn agreements_of(&self, company: &CompanyId) -> Result<Vec<Agreement>, StoreError> {
        let parent = keys::listing(AGREEMENTS, company.as_str(), "").parent;
        self.all(&self.tables.directory, Partition::Listing(&parent), KIND).await
    }

    /// The agreements that a company has with those it sells to, oldest first.
    pub async fn agreements_with(&self, tenant: &CompanyId) -> Result<Vec<Agreement>, StoreError> {
        self.all_things(&catalog::list_with(tenant.as_str())).await
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

    /// Stores an agreement with its wallet, both or neither. `Taken` if its code is.
    pub async fn open_agreement(
        &self,
        act: &Act,
        agreement: &Agreement,
        wallet: &Wallet,
    ) -> Result<Written, StoreError> {
        self.write_thing(act, None, Some(agreement), self.opening(agreement, wallet)?).await
    }

    /// What is stored with a new agreement.
    pub(crate) fn opening(
        &self,
        agreement: &Agreement,
        wallet: &Wallet,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let entry = document(&keys::agreement_entry(&agreement.id), &BTreeMap::<String, String>::new())?;
        let mut items = vec![self.new_item(&self.tables.directory, entry)];
        items.extend(self.agreement_uses(agreement, 1));
        items.extend(self.open_wallet(wallet)?);
        items.extend(self.due_versions(None, Some(agreement))?);
        Ok(items)
    }

    /// Counts it with its company and with the agreement that it is charged to as well.
    fn agreement_uses(&self, agreement: &Agreement, more: i32) -> Vec<TransactWriteItem> {
        let mut items = vec![self.count_use(agreement.company.as_str(), Use::Agreements, more)];
        items.extend(agreement.above.first().map(|above| self.count_use(above.as_str(), Use::Resold, more)));
        items
    }

    /// Stores a changed agreement unless another change came first.
    pub async fn replace_agreement(
        &self,
        act: &Act,
        before: &Agreement,
        after: &Agreement,
    ) -> Result<Written, StoreError> {
        let with = self.due_versions(Some(before), Some(after))?;
        self.write_thing(act, Some(before), Some(after), with).await
    }

    /// Stores a changed agreement together with its credit limit in its main wallet and whether that is
    /// suspended, all or nothing. `main` is the wallet as it was read. A lower limit is in force at once
    /// and may take the headroom below zero: nothing is spent then until it is positive again.
    pub async fn change_terms(
        &self,
        act: &Act,
        before: &Agreement,
        after: &Agreement,
        main: &Wallet,
    ) -> Result<Written, StoreError> {
        let Some(change) = self.suspension(main, after.suspended) else { return Ok(Written::Overtaken) };
        let limit = after.limit_in_force();
        let mut with = vec![self.change_wallet(with_limit(change, main, limit)?)];
        with.extend(self.due_versions(Some(before), Some(after))?);
        self.write_thing(act, Some(before), Some(after), with).await
    }

    /// Deletes an agreement of which nothing came: no sender ID is under it and no other agreement is charged
    /// to it. Its wallets, as they were read, are closed.
    pub async fn delete_agreement(
        &self,
        act: &Act,
        agreement: &Agreement,
        wallets: &[Wallet],
    ) -> Result<Written, StoreError> {
        let Some(mut with) = self.close_wallets(wallets) else { return Ok(Written::Overtaken) };
        with.push(self.delete_any(&self.tables.directory, &keys::agreement_entry(&agreement.id)));
        with.push(self.end_uses(agreement.id.as_str(), &[(Use::Senders, 0), (Use::Resold, 0)]));
        with.extend(self.agreement_uses(agreement, -1));
        with.extend(self.due_versions(Some(agreement), None)?);
        self.write_thing(act, Some(agreement), Some(&agreement.deleted(act.at)), with).await
    }

    /// Closes wallets if nothing has moved in them since they were read. None while a transfer takes all
    /// that is in one of them.
    pub(crate) fn close_wallets(&self, wallets: &[Wallet]) -> Option<Vec<TransactWriteItem>> {
        let close = |wallet: &Wallet| {
            // The state is the same as long as the sequence is, unless a transfer holds it.
            let change = self.suspension(wallet, true)?.guard(Guard::Sequence(wallet.sequence));
            Some(self.change_wallet(change.state(WalletState::Closed)))
        };
        wallets.iter().map(close).collect()
    }

    /// The places of coming versions in the list that the platform begins them from.
    fn due_versions(
        &self,
        before: Option<&Agreement>,
        after: Option<&Agreement>,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let due = |agreement: Option<&Agreement>| -> BTreeSet<Timestamp> {
            let coming = agreement.into_iter().flat_map(Agreement::coming_versions);
            coming.map(|version| version.effective_from).collect()
        };
        let Some(agreement) = after.or(before) else { return Ok(Vec::new()) };
        let (before, after) = (due(before), due(after));
        let (table, entry) = (&self.tables.directory, DueVersion { agreement: agreement.id.clone() });
        let mut items = Vec::new();
        for at in after.difference(&before) {
            items.push(self.put_any(table, document(&keys::due_version(*at, &agreement.id), &entry)?));
        }
        let gone = before.difference(&after);
        items.extend(gone.map(|at| self.delete_any(table, &keys::due_version(*at, &agreement.id))));
        Ok(items)
    }

    /// The agreements of which a version has begun that the platform has not noticed yet, with the moment
    /// it began at.
    pub async fn versions_begun(
        &self,
        now: Timestamp,
        limit: u16,
    ) -> Result<Vec<(Timestamp, AgreementId)>, StoreError> {
        let query = self
            .dynamo
            .query()
            .table_name(&self.tables.directory)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND sk <= :till")
            .expression_attribute_values(":pk", text(keys::VERSIONS_DUE))
            .expression_attribute_values(":till", text(keys::due_version_till(now)))
            .limit(i32::from(limit));
        let answer = query.send().await.map_err(StoreError::aws("list versions"))?;
        let place = |item: Item| {
            let sort = item.get(keys::SK).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
            let time = sort.split('#').next().and_then(|time| time.parse().ok());
            let time = time.ok_or_else(|| StoreError::corrupt(KIND, format!("{sort} is no time")))?;
            read::<DueVersion>(KIND, item).map(|due| (time, due.agreement))
        };
        answer.items.unwrap_or_default().into_iter().map(place).collect()
    }

    /// Notes that a version has begun, and puts its credit limit into force. `main` and the agreement are
    /// as they were read; none if the agreement is gone.
    pub async fn begin_version(
        &self,
        begun: Timestamp,
        id: &AgreementId,
        terms: Option<(&Agreement, &Wallet)>,
    ) -> Result<Stored, StoreError> {
        let table = &self.tables.directory;
        let mut items = vec![self.delete_any(table, &keys::due_version(begun, id))];
        if let Some((agreement, main)) = terms {
            // Whoever edits it at this moment has read the limit that was: they read it again.
            let after = agreement.with_begun(begun);
            let limit = after.limit_in_force();
            items.push(self.main_change(Some(agreement), Some(&after))?);
            items.extend(self.list_changes(Some(agreement), Some(&after)));
            if limit != main.credit_limit {
                let operation = Operation { kind: OperationKind::Terms, reference: id.to_string() };
                let change = with_limit(WalletChange::new(&main.id, operation), main, limit)?;
                items.push(self.change_wallet(change));
            }
        }
        match self.transact("begin a version", items).await {
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

/// The wallet as it was read, with another credit limit.
fn with_limit(change: WalletChange, main: &Wallet, limit: Amount) -> Result<WalletChange, StoreError> {
    let difference = limit.checked_sub(main.credit_limit)?;
    Ok(change
        .guard(Guard::CreditLimit(main.credit_limit))
        .add(Sum::CreditLimit, difference)
        .add(Sum::Headroom, difference))
}

#[derive(Serialize, Deserialize)]
struct DueVersion {
    agreement: AgreementId,
}
