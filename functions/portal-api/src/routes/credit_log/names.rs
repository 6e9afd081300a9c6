//! What people call those who appear in the log, each read once.

use std::collections::BTreeMap;

use domain::id::{CompanyId, UserId, WalletId};
use domain::user::User;
use store::{Store, StoreError};

pub struct Names<'a> {
    store: &'a Store,
    companies: BTreeMap<CompanyId, String>,
    users: BTreeMap<UserId, String>,
    users_of: BTreeMap<CompanyId, Vec<User>>,
    wallets: BTreeMap<WalletId, String>,
}

impl<'a> Names<'a> {
    pub fn new(store: &'a Store) -> Self {
        let (companies, users) = (BTreeMap::new(), BTreeMap::new());
        Self { store, companies, users, users_of: BTreeMap::new(), wallets: BTreeMap::new() }
    }

    /// Who asked for something: the user, else the company; what is no company is named as it is.
    pub async fn actor(&mut self, by: &str, user: Option<&UserId>) -> Result<String, StoreError> {
        if let Some(id) = user {
            return self.user(id).await;
        }
        match CompanyId::parse(by) {
            Ok(id) => self.company(&id).await,
            Err(_) => Ok(by.to_owned()),
        }
    }

    /// Whose a wallet is: the company, and the user where it is a user's.
    pub async fn wallet(&mut self, id: &WalletId) -> Result<String, StoreError> {
        if let Some(name) = self.wallets.get(id) {
            return Ok(name.clone());
        }
        let Some(wallet) = self.store.wallet(id).await? else { return Ok(id.to_string()) };
        let mut name = self.company(&wallet.company).await?;
        if *id != WalletId::main(&wallet.agreement) {
            let users = self.users_of(&wallet.company).await?;
            if let Some(user) =
                users.iter().find(|user| *id == WalletId::of_user(&wallet.agreement, &user.id))
            {
                name = format!("{name}: {}", user.name);
            }
        }
        self.wallets.insert(id.clone(), name.clone());
        Ok(name)
    }

    async fn company(&mut self, id: &CompanyId) -> Result<String, StoreError> {
        if let Some(name) = self.companies.get(id) {
            return Ok(name.clone());
        }
        let company = self.store.any_company(id).await?;
        let name = company.map_or_else(|| id.to_string(), |company| company.name);
        self.companies.insert(id.clone(), name.clone());
        Ok(name)
    }

    async fn user(&mut self, id: &UserId) -> Result<String, StoreError> {
        if let Some(name) = self.users.get(id) {
            return Ok(name.clone());
        }
        let name = self.store.any_user(id).await?.map_or_else(|| id.to_string(), |user| user.name);
        self.users.insert(id.clone(), name.clone());
        Ok(name)
    }

    async fn users_of(&mut self, company: &CompanyId) -> Result<&[User], StoreError> {
        if !self.users_of.contains_key(company) {
            let users = self.store.users(company).await?;
            self.users_of.insert(company.clone(), users);
        }
        Ok(self.users_of.get(company).map(Vec::as_slice).unwrap_or_default())
    }
}
