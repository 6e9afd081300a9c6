//! The people of companies, and the wallets they have under agreements with individual credits.
//!
//! A user's wallet is opened right after the user, or right after the agreement is given individual
//! credits. Should that be cut short, or the two cross, whoever needs the wallet next opens it.

use std::collections::BTreeMap;

use domain::id::{CompanyId, UserId, WalletId};
use domain::user::User;
use domain::wallet::{Wallet, WalletState};

use crate::item::{Partition, document, read};
use crate::keys;
use crate::transact::Refused;
use crate::wallets::wallet_of;
use crate::{Store, StoreError};

const KIND: &str = "a user";
/// DynamoDB reads at most this many items in one batch.
const BATCH_MAX: usize = 100;

impl Store {
    /// A user, whoever asks.
    pub async fn any_user(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.get(&self.tables.directory, &keys::user(id), KIND).await
    }

    /// A company's users, oldest first. Complete at any moment: wallets are opened for all of them.
    pub async fn users(&self, company: &CompanyId) -> Result<Vec<User>, StoreError> {
        #[derive(serde::Deserialize)]
        struct Entry {
            sk: UserId,
        }
        let pk = keys::users(company);
        let entries: Vec<Entry> = self.all(&self.tables.directory, Partition::Table(&pk), KIND).await?;
        let mut users = Vec::with_capacity(entries.len());
        for some in entries.chunks(BATCH_MAX) {
            let wanted: Vec<_> = some.iter().map(|entry| keys::user(&entry.sk)).collect();
            for item in self.get_many(&self.tables.directory, &wanted).await? {
                users.push(read::<User>(KIND, item)?);
            }
        }
        users.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(users)
    }

    /// Stores a new user. False if there is one under this id.
    pub async fn put_user(&self, user: &User) -> Result<bool, StoreError> {
        let entry = document(&keys::user_entry(&user.company, &user.id), &BTreeMap::<String, String>::new())?;
        let items = vec![
            self.new_item(&self.tables.directory, document(&keys::user(&user.id), user)?),
            self.new_item(&self.tables.directory, entry),
        ];
        match self.transact("store a user", items).await {
            Ok(()) => Ok(true),
            Err(Refused::At(..)) => Ok(false),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    /// The wallets of these users below the main wallet of an agreement with individual credits, in the
    /// same order; opened where they are missing.
    pub async fn user_wallets(&self, main: &Wallet, users: &[UserId]) -> Result<Vec<Wallet>, StoreError> {
        let ids: Vec<_> = users.iter().map(|user| WalletId::of_user(&main.agreement, user)).collect();
        let mut found = self.wallets(&ids).await?;
        let mut wallets = Vec::with_capacity(users.len());
        for (user, id) in users.iter().zip(&ids) {
            wallets.push(match found.remove(id) {
                Some(wallet) => wallet,
                None => self.open_user_wallet(main, user).await?,
            });
        }
        Ok(wallets)
    }

    /// Those of these wallets that exist.
    pub async fn wallets(&self, ids: &[WalletId]) -> Result<BTreeMap<WalletId, Wallet>, StoreError> {
        let mut found = BTreeMap::new();
        for some in ids.chunks(BATCH_MAX) {
            let wanted: Vec<_> = some.iter().map(keys::wallet).collect();
            for item in self.get_many(&self.tables.ledger, &wanted).await? {
                let wallet = wallet_of(&item)?;
                found.insert(wallet.id.clone(), wallet);
            }
        }
        Ok(found)
    }

    async fn open_user_wallet(&self, main: &Wallet, user: &UserId) -> Result<Wallet, StoreError> {
        let mut wallet = Wallet::open_user(main, user);
        if main.state == WalletState::Suspended {
            wallet.state = WalletState::Suspended;
        }
        match self.transact("open a user's wallet", self.open_wallet(&wallet)?).await {
            Ok(()) => Ok(wallet),
            // Somebody else has opened it.
            Err(Refused::At(..)) => self.known_wallet(&wallet.id).await,
            Err(Refused::Failed(error)) => Err(error),
        }
    }
}
