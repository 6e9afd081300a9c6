//! Who may bind: name and password, from where, over what.
//!
//! | because | status |
//! |---|---|
//! | the name is unknown, or the password is wrong | `ESME_RINVPASWD` |
//! | the address is not among the allowed ones, plain TCP is not allowed, or the account, its company or its agreement is not in use; too many wrong passwords just now | `ESME_RBINDFAIL` |
//! | the system type is another | `ESME_RINVSYSTYP` |
//! | the account has as many binds as it may, over all gateways | `ESME_RALYBND` |
//! | something of ours did not answer | `ESME_RSYSERR` |
//!
//! An unknown name costs as much time as a wrong password and gets the same answer. What `ESME_RBINDFAIL` is
//! for is decided before the password is looked at, so that nobody can try passwords from where they are of
//! no use; and from where an account does not bind a try counts as one with a wrong password, so that nobody
//! finds out many names. Who has to wait costs no read, unless the password was right here lately.
//!
//! A password that was right is remembered for some minutes, as a keyed digest: many binds of a client at once
//! are then cheap.

mod proofs;
mod tries;

use std::net::IpAddr;
use std::sync::Arc;

use runtime::password::{self, PasswordError};
use smpp::CommandStatus;
use smpp::pdu::Bind;
use store::{Store, StoreError};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::account::Account;
use super::accounts::{Accounts, Found};
use crate::status::Board;
use proofs::Proofs;
use tries::Tries;

/// Each takes 19 MiB and a processor for some tens of milliseconds.
const HASHING_MAX: usize = 2;

/// Where a bind comes from.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    pub address: IpAddr,
    pub over_tls: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    #[error("the name or the password is wrong")]
    Password,
    #[error("too many wrong passwords came from this address")]
    TooManyTries,
    #[error("the account is not in use")]
    NotActive,
    #[error("the account is not allowed to bind from this address")]
    Network,
    #[error("the account may bind over TLS only")]
    TlsRequired,
    #[error("the system type is another")]
    SystemType,
    #[error("the store did not answer")]
    Store(#[from] StoreError),
    #[error("the password could not be checked")]
    Broken,
}

impl LoginError {
    pub fn status(&self) -> CommandStatus {
        match self {
            Self::Password => CommandStatus::RINVPASWD,
            Self::TooManyTries | Self::NotActive | Self::Network | Self::TlsRequired => {
                CommandStatus::RBINDFAIL
            }
            Self::SystemType => CommandStatus::RINVSYSTYP,
            Self::Store(_) | Self::Broken => CommandStatus::RSYSERR,
        }
    }
}

pub struct Login {
    accounts: Accounts,
    proofs: Proofs,
    tries: Tries,
    hashing: Semaphore,
    /// Stands in for the password of an unknown name. Nobody knows what it is of.
    decoy: String,
}

impl Login {
    pub fn new(store: Store, board: Board) -> Result<Self, PasswordError> {
        let decoy = password::hash(&format!("{:032x}", rand::random::<u128>()))?;
        Ok(Self {
            accounts: Accounts::new(store, board),
            proofs: Proofs::default(),
            tries: Tries::default(),
            hashing: Semaphore::new(HASHING_MAX),
            decoy,
        })
    }

    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// The account of a bind that is allowed; how many of them is not looked at here.
    pub async fn check(&self, bind: &Bind, caller: Caller) -> Result<Arc<Account>, LoginError> {
        let may_try = self.tries.may_try(caller.address, &bind.system_id);
        if !may_try && !self.proofs.knows(&bind.system_id, &bind.password) {
            return Err(LoginError::TooManyTries);
        }
        let found = self.accounts.find(&bind.system_id).await?;
        if let Some(found) = &found {
            self.may_come(found, bind, caller)?;
        }
        self.check_password(found.as_deref(), bind, caller).await?;
        let account = found.ok_or(LoginError::Password)?.account.clone();
        match &account.link.system_type {
            Some(system_type) if *system_type != bind.system_type => Err(LoginError::SystemType),
            _ => Ok(account),
        }
    }

    async fn check_password(
        &self,
        found: Option<&Found>,
        bind: &Bind,
        caller: Caller,
    ) -> Result<(), LoginError> {
        let link = found.map(|found| &found.account.link);
        let stored = link.map_or(&self.decoy, |link| &link.password_hash);
        if link.is_some() && self.proofs.knows(stored, &bind.password) {
            return Ok(());
        }
        if !self.tries.may_try(caller.address, &bind.system_id) {
            return Err(LoginError::TooManyTries);
        }
        let _turn = self.hashing.acquire().await.map_err(|_| LoginError::Broken)?;
        // Of many binds that came together, others have been here by now: a right one has made the work
        // needless, and after some wrong ones there is none.
        if link.is_some() && self.proofs.knows(stored, &bind.password) {
            return Ok(());
        }
        if !self.tries.may_try(caller.address, &bind.system_id) {
            return Err(LoginError::TooManyTries);
        }
        if !verify(&bind.password, stored).await? || link.is_none() {
            self.tries.wrong(caller.address, &bind.system_id);
            return Err(LoginError::Password);
        }
        self.tries.right(caller.address, &bind.system_id);
        self.proofs.remember(stored, &bind.password);
        self.proofs.remember(&bind.system_id, &bind.password);
        Ok(())
    }

    fn may_come(&self, found: &Found, bind: &Bind, caller: Caller) -> Result<(), LoginError> {
        // A client that is disabled goes on binding: it is not to keep out others that come from its address.
        if !found.is_active {
            return Err(LoginError::NotActive);
        }
        let link = &found.account.link;
        let refused = if !link.admits(caller.address) {
            LoginError::Network
        } else if link.tls_required && !caller.over_tls {
            LoginError::TlsRequired
        } else {
            return Ok(());
        };
        self.tries.wrong(caller.address, &bind.system_id);
        Err(refused)
    }
}

async fn verify(password: &str, stored: &str) -> Result<bool, LoginError> {
    let (password, stored) = (password.to_owned(), stored.to_owned());
    let verified = spawn_blocking(move || password::verify(&password, &stored)).await;
    verified.map_err(|_| LoginError::Broken)
}
