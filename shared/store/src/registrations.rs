//! What is made for somebody who registers at a portal: all of it or nothing, in one write where that has
//! the room.

use domain::agreement::Agreement;
use domain::audit::Act;
use domain::catalog::Thing;
use domain::company::Company;
use domain::credentials::Credentials;
use domain::legal_entity::LegalEntity;
use domain::user::User;
use domain::wallet::Wallet;
use serde_json::json;

use crate::item::Item;
use crate::keys::place_of;
use crate::transact::{ITEMS_MAX, Refused, pause};
use crate::{Store, StoreError};

/// The client has tried each of them several times already.
const TAKE_BACK_ATTEMPTS_MAX: u32 = 3;

#[derive(Debug, Clone, Copy)]
pub struct Registration<'a> {
    pub company: &'a Company,
    pub entity: &'a LegalEntity,
    pub agreement: &'a Agreement,
    /// The agreement's main one.
    pub wallet: &'a Wallet,
    pub user: &'a User,
    pub credentials: &'a Credentials,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    Now,
    /// Somebody else has the login.
    LoginTaken,
    /// Something that it builds on has changed: the company above, a role, the code of the agreement.
    Overtaken,
}

impl Store {
    /// Stores what a registration makes. One transaction has no place for an entry of the audit log for each
    /// thing, so there is one for all of them. Far down in the tree, or with many roles, it has no place for
    /// the legal entity either: that is stored first then, and taken back if the rest is not stored.
    pub async fn register(&self, act: &Act, new: &Registration<'_>) -> Result<Registered, StoreError> {
        let Registration { company, entity, agreement, wallet, user, credentials } = *new;
        let mut items = self.thing_items(None, Some(user))?;
        items.extend(self.user_items(None, user, Some(credentials))?);
        items.extend(self.thing_items(None, Some(company))?);
        items.extend(self.below_tenant(company, 1));
        items.extend(self.thing_items(None, Some(agreement))?);
        items.extend(self.opening(agreement, wallet)?);
        let made = json!({"company": company.name, "legal_entity": entity.id, "agreement": agreement.id,
            "user": user.id, "login": user.login, "services": agreement.services});
        items.extend(self.audit_items(act, "company.register", company.id(), None, Some(&made))?);
        let of_entity = self.thing_items(None, Some(entity))?;
        let is_apart = ITEMS_MAX < items.len() + of_entity.len();
        if is_apart {
            let (action, count) = ("store a registration", items.len() + 1);
            if ITEMS_MAX < count {
                return Err(StoreError::TooManyItems { action, items: count, most: ITEMS_MAX });
            }
            if let Err(refused) = self.transact("store a legal entity", of_entity).await {
                self.take_back(entity, user).await?;
                return Err(refused.unexpected("store a legal entity"));
            }
            // Should the rest arrive when its legal entity is taken back, it is refused.
            let table = &self.tables.directory;
            items.push(self.check_item(table, &place_of(entity), "attribute_exists(pk)", Item::new()));
        } else {
            items.extend(of_entity);
        }
        let refused = match self.transact("store a registration", items).await {
            Ok(()) => return Ok(Registered::Now),
            Err(Refused::At(place, _)) if place < user.unique().len() => Ok(Registered::LoginTaken),
            Err(Refused::At(..)) => Ok(Registered::Overtaken),
            Err(Refused::Failed(error)) => Err(error),
        };
        // A write whose answer was lost is refused by itself when it is sent again.
        let is_stored = self.is_stored(None, Some(user)).await;
        if matches!(is_stored, Ok(true)) {
            return Ok(Registered::Now);
        }
        // Which looks for itself whether the registration is there.
        if is_apart {
            self.take_back(entity, user).await?;
        }
        is_stored?;
        refused
    }

    /// Deletes the legal entity of a registration, unless that is stored all the same. Nobody comes again for
    /// it, so a failure is tried again here.
    async fn take_back(&self, entity: &LegalEntity, user: &User) -> Result<(), StoreError> {
        let mut items = self.thing_items(Some(entity), None)?;
        let table = &self.tables.directory;
        items.push(self.check_item(table, &place_of(user), "attribute_not_exists(pk)", Item::new()));
        let mut attempt = 1;
        loop {
            match self.transact("take a legal entity back", items.clone()).await {
                // It is not there, or has its registration.
                Ok(()) | Err(Refused::At(..)) => return Ok(()),
                Err(Refused::Failed(error)) if attempt == TAKE_BACK_ATTEMPTS_MAX => return Err(error),
                Err(Refused::Failed(_)) => pause(attempt).await,
            }
            attempt += 1;
        }
    }
}
