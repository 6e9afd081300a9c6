//! The people of companies, what they prove themselves with, and the wallets they have under agreements with
//! individual credits.
//!
//! A user's wallet is opened right after the user, or right after the agreement is given individual
//! credits. Should that be cut short, or the two cross, whoever needs the wallet next opens it.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::audit::Act;
use domain::catalog::Thing;
use domain::credentials::Credentials;
use domain::id::{CompanyId, RoleId, UserId, WalletId};
use domain::user::{User, UserStatus, login_name};
use domain::wallet::{Operation, OperationKind, Wallet, WalletState};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalog::Written;
use crate::item::{Item, Partition, document, number, read};
use crate::keys;
use crate::transact::Refused;
use crate::wallets::{Guard, WalletChange, wallet_of};
use crate::{Store, StoreError};

const KIND: &str = "a user";
/// DynamoDB reads at most this many items in one batch.
const BATCH_MAX: usize = 100;

/// Where a list of ids leads.
#[derive(Deserialize)]
struct Entry {
    sk: UserId,
}

/// A picture of somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Avatar {
    /// `image/png` or `image/jpeg`.
    pub media_type: String,
    /// Base64.
    pub content: String,
}

impl Store {
    /// A user, whoever asks.
    pub async fn any_user(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.get(&self.tables.directory, &keys::user(id), KIND).await
    }

    /// A company's users, oldest first, those who are gone among them. Complete at any moment: wallets are
    /// opened for all of them.
    pub async fn users(&self, company: &CompanyId) -> Result<Vec<User>, StoreError> {
        self.users_of(&keys::users(company)).await
    }

    /// All who have this address.
    pub async fn users_with_email(&self, email: &str) -> Result<Vec<User>, StoreError> {
        self.users_of(&keys::users_with_email(email)).await
    }

    async fn users_of(&self, partition: &str) -> Result<Vec<User>, StoreError> {
        let entries: Vec<Entry> = self.all(&self.tables.directory, Partition::Table(partition), KIND).await?;
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

    /// Whose login this is, whatever its case.
    pub async fn login_owner(&self, login: &str) -> Result<Option<UserId>, StoreError> {
        #[derive(Deserialize)]
        struct Claim {
            of: UserId,
        }
        let key = keys::unique(User::NOUN, &login_name(login));
        let claim: Option<Claim> = self.get(&self.tables.directory, &key, "a login").await?;
        Ok(claim.map(|claim| claim.of))
    }

    /// Stores a new user with what they prove themselves with, if there is anything.
    pub async fn create_user(
        &self,
        act: &Act,
        user: &User,
        credentials: Option<&Credentials>,
    ) -> Result<Written, StoreError> {
        self.write_thing(act, None, Some(user), self.user_items(None, user, credentials)?).await
    }

    /// Stores a changed user, and what they prove themselves with if that has changed too.
    pub async fn replace_user(
        &self,
        act: &Act,
        before: &User,
        after: &User,
        credentials: Option<&Credentials>,
    ) -> Result<Written, StoreError> {
        let with = self.user_items(Some(before), after, credentials)?;
        self.write_thing(act, Some(before), Some(after), with).await
    }

    /// Stores a changed user, if this other one is as they were read: of two administrators who take that
    /// from each other at once, one stays.
    pub async fn replace_user_beside(
        &self,
        act: &Act,
        before: &User,
        after: &User,
        other: Option<&User>,
    ) -> Result<Written, StoreError> {
        let is_as_read = |other: &User| {
            let values = Item::from([(":revision".to_owned(), number(other.revision))]);
            self.check_item(&self.tables.directory, &keys::user(&other.id), "revision = :revision", values)
        };
        let mut with = self.user_items(Some(before), after, None)?;
        with.extend(other.map(is_as_read));
        self.write_thing(act, Some(before), Some(after), with).await
    }

    /// Notes when somebody was last there. Who is being edited at the moment is noted the next time.
    pub async fn note_seen(&self, user: &User, at: Timestamp) -> Result<(), StoreError> {
        self.touch(user, &User { last_seen_at: Some(at), ..user.clone() }).await
    }

    /// What a user needs beside their own item: places by company and address, and the counts of the roles
    /// that they have or had.
    pub(crate) fn user_items(
        &self,
        before: Option<&User>,
        after: &User,
        credentials: Option<&Credentials>,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let table = &self.tables.directory;
        let mut items = Vec::new();
        if before.is_none() {
            let place = keys::user_entry(&after.company, &after.id);
            items.push(self.new_item(table, crate::item::key_of(&place)));
        }
        let (had, has) = (before.and_then(email_of), email_of(after));
        // Addresses are found whatever their case.
        if had.map(str::to_lowercase) != has.map(str::to_lowercase) {
            let place = |email: &str| keys::user_with_email(email, &after.id);
            items.extend(has.map(|email| self.put_any(table, crate::item::key_of(&place(email)))));
            items.extend(had.map(|email| self.delete_any(table, &place(email))));
        }
        let (had, has) = (before.map(custom_roles).unwrap_or_default(), custom_roles(after));
        items.extend(has.difference(&had).map(|role| self.count_role(role, 1)));
        items.extend(had.difference(&has).map(|role| self.count_role(role, -1)));
        items.extend(credentials.map(|known| self.credentials_item(known)).transpose()?);
        Ok(items)
    }

    /// Under the revision that it was planned from.
    fn credentials_item(&self, credentials: &Credentials) -> Result<TransactWriteItem, StoreError> {
        let item = document(&keys::credentials(&credentials.user), credentials)?;
        let unchanged = "attribute_not_exists(pk) OR revision < :revision";
        let values = Item::from([(":revision".to_owned(), number(credentials.revision))]);
        Ok(self.put_item(&self.tables.directory, item, unchanged, values))
    }

    pub async fn credentials(&self, user: &UserId) -> Result<Option<Credentials>, StoreError> {
        self.get(&self.tables.directory, &keys::credentials(user), "credentials").await
    }

    /// Stores what somebody proves themselves with from now on. The log tells that it was done, and no more.
    pub async fn put_credentials(
        &self,
        act: &Act,
        action: &str,
        credentials: &Credentials,
    ) -> Result<Written, StoreError> {
        let mut items = vec![self.credentials_item(credentials)?];
        items.extend(self.audit_items::<Value>(act, action, credentials.user.as_str(), None, None)?);
        match self.transact("store credentials", items).await {
            Ok(()) => Ok(Written::Now),
            Err(Refused::At(..))
                if self.credentials(&credentials.user).await?.as_ref() == Some(credentials) =>
            {
                Ok(Written::Now)
            }
            Err(Refused::At(..)) => Ok(Written::Overtaken),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    pub async fn avatar(&self, user: &UserId) -> Result<Option<Avatar>, StoreError> {
        self.get(&self.tables.directory, &keys::avatar(user), "a picture").await
    }

    /// Keeps a picture; none takes it away.
    pub async fn put_avatar(&self, user: &UserId, avatar: Option<&Avatar>) -> Result<(), StoreError> {
        let key = keys::avatar(user);
        let table = &self.tables.directory;
        let item = match avatar {
            Some(avatar) => self.put_any(table, document(&key, avatar)?),
            None => self.delete_any(table, &key),
        };
        let written = self.transact("store a picture", vec![item]).await;
        written.map_err(|refused| refused.unexpected("store a picture"))
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
        let mut main = main.clone();
        loop {
            // What goes into a wallet below a closed one never comes out again. A transfer drains the main wallet
            // alone.
            let state = match &main.state {
                state @ (WalletState::Suspended | WalletState::Closed) => state.clone(),
                WalletState::Open | WalletState::Draining { .. } => WalletState::Open,
            };
            let wallet = Wallet { state, ..Wallet::open_user(&main, user) };
            let mut items = self.open_wallet(&wallet)?;
            let main_at = items.len();
            if main.state != WalletState::Closed {
                // A deletion that has not seen the new wallet finds the main one changed.
                let operation = Operation { kind: OperationKind::Terms, reference: wallet.id.to_string() };
                let change = WalletChange::new(&main.id, operation).guard(Guard::NotClosed);
                items.push(self.change_wallet(change));
            }
            match self.transact("open a user's wallet", items).await {
                Ok(()) => return Ok(wallet),
                // It was deleted since it was read.
                Err(Refused::At(place, _)) if place == main_at => main.state = WalletState::Closed,
                // Somebody else has opened it.
                Err(Refused::At(..)) => return self.known_wallet(&wallet.id).await,
                Err(Refused::Failed(error)) => return Err(error),
            }
        }
    }
}

/// Who is gone is found by no address.
fn email_of(user: &User) -> Option<&str> {
    (user.status != UserStatus::Deleted).then_some(user.email.as_str())
}

fn custom_roles(user: &User) -> BTreeSet<RoleId> {
    user.roles.iter().filter_map(|role| role.custom().cloned()).collect()
}
