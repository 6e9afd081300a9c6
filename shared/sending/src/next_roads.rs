//! Where a message goes on that a vendor does not take, by the routes of its sender ID.

use std::collections::BTreeMap;

use domain::id::{AgreementId, CompanyId, ConnectionId};
use domain::message::Message;
use domain::route::Route;
use domain::sender::{Sender, SenderAddress};
use store::{Store, StoreError};

/// What was read of roads for some messages: those of one block have few different ones.
pub struct NextRoads<'a> {
    store: &'a Store,
    senders: BTreeMap<(AgreementId, SenderAddress), Option<Sender>>,
    /// Whether messages may take a connection.
    open: BTreeMap<ConnectionId, bool>,
}

impl<'a> NextRoads<'a> {
    pub fn new(store: &'a Store) -> Self {
        Self { store, senders: BTreeMap::new(), open: BTreeMap::new() }
    }

    /// The road of a message after those that it has tried and the one it is on; none if there is none left
    /// that it may take.
    pub async fn next_of(&mut self, message: &Message) -> Result<Option<Route>, StoreError> {
        let Some(sender) = self.sender(message).await? else { return Ok(None) };
        let mut tried = message.handling.tried.clone();
        tried.push(message.connection.clone());
        while let Some(route) = sender.routes.pick(&tried, message.id.spread()) {
            if self.is_open(&route.connection).await? {
                return Ok(Some(route.clone()));
            }
            tried.push(route.connection.clone());
        }
        Ok(None)
    }

    async fn sender(&mut self, message: &Message) -> Result<Option<Sender>, StoreError> {
        let key = (message.agreement.clone(), message.sender.clone());
        if let Some(known) = self.senders.get(&key) {
            return Ok(known.clone());
        }
        let sender = self.store.sender_as_used(&key.0, &key.1).await?;
        self.senders.insert(key, sender.clone());
        Ok(sender)
    }

    /// Whether a connection is there and enabled, and so is the company it belongs to and every one above.
    async fn is_open(&mut self, id: &ConnectionId) -> Result<bool, StoreError> {
        if let Some(known) = self.open.get(id) {
            return Ok(*known);
        }
        let is_open = match self.store.any_connection(id).await? {
            Some(connection) if connection.enabled => self.may_use(&connection.company).await?,
            _ => false,
        };
        self.open.insert(id.clone(), is_open);
        Ok(is_open)
    }

    async fn may_use(&self, company: &CompanyId) -> Result<bool, StoreError> {
        let Some(company) = self.store.any_company(company).await? else { return Ok(false) };
        let path = self.store.companies(&company.path).await?;
        Ok(path.len() == company.path.len() && path.iter().all(|company| company.enabled))
    }
}
