//! Which wallets a company has, and whose each of them is.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::agreement::Agreement;
use domain::company::Company;
use domain::id::WalletId;
use domain::user::User;
use domain::wallet::Wallet;
use store::{Store, StoreError};

/// A wallet with whose it is.
#[derive(Debug, Clone)]
pub struct Entry {
    pub wallet: Wallet,
    pub company: Arc<Company>,
    pub agreement: Arc<Agreement>,
    /// None for the main wallet.
    pub user: Option<User>,
}

/// The main wallets of a company, by agreement.
pub async fn main_wallets(store: &Store, company: &Company) -> Result<Vec<Entry>, StoreError> {
    let company = Arc::new(company.clone());
    let mut entries = Vec::new();
    for agreement in store.agreements_of(&company.id).await? {
        if let Some(wallet) = store.wallet(&agreement.wallet()).await? {
            entries.push(Entry { wallet, company: company.clone(), agreement: agreement.into(), user: None });
        }
    }
    Ok(entries)
}

/// All wallets of a company: under each agreement the main one, then those of its users.
pub async fn all_wallets(store: &Store, company: &Company) -> Result<Vec<Entry>, StoreError> {
    let users = store.users(&company.id).await?;
    let mut entries = Vec::new();
    for main in main_wallets(store, company).await? {
        let mut found = user_wallets(store, &main, &users).await?;
        entries.push(main.clone());
        for user in &users {
            if let Some(wallet) = found.remove(&WalletId::of_user(&main.agreement.id, &user.id)) {
                entries.push(Entry { wallet, user: Some(user.clone()), ..main.clone() });
            }
        }
    }
    Ok(entries)
}

/// Where individual credits were switched off, the wallets that there are: something may have come back
/// to them since.
async fn user_wallets(
    store: &Store,
    main: &Entry,
    users: &[User],
) -> Result<BTreeMap<WalletId, Wallet>, StoreError> {
    let ids: Vec<_> = users.iter().map(|user| user.id.clone()).collect();
    if main.agreement.individual_credits {
        let wallets = store.user_wallets(&main.wallet, &ids).await?;
        return Ok(wallets.into_iter().map(|wallet| (wallet.id.clone(), wallet)).collect());
    }
    let ids: Vec<_> = ids.iter().map(|user| WalletId::of_user(&main.agreement.id, user)).collect();
    store.wallets(&ids).await
}
