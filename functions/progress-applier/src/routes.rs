//! The next road of a message that a vendor has refused, by the routes of its sender ID.

use std::collections::BTreeMap;

use domain::id::{AgreementId, CompanyId, ConnectionId};
use domain::message::{Message, Progress as Fact};
use domain::sender::{Sender, SenderAddress};

use crate::App;

/// What one delivery has read of roads: messages of one block have few different ones.
pub struct Roads<'a> {
    app: &'a App,
    senders: BTreeMap<(AgreementId, SenderAddress), Option<Sender>>,
    /// Whether messages may take a connection.
    open: BTreeMap<ConnectionId, bool>,
}

impl<'a> Roads<'a> {
    pub fn new(app: &'a App) -> Self {
        Self { app, senders: BTreeMap::new(), open: BTreeMap::new() }
    }

    /// What a refusal is for a message: that it goes on where `next_route` says so and there is a road left,
    /// and else its end.
    pub async fn refusal(
        &mut self,
        message: &Message,
        reason: &str,
        next_route: bool,
    ) -> anyhow::Result<Fact> {
        let refused = Fact::Refused { reason: reason.to_owned() };
        if !next_route {
            return Ok(refused);
        }
        let Some(sender) = self.sender(message).await? else { return Ok(refused) };
        let mut tried = message.handling.tried.clone();
        tried.push(message.connection.clone());
        while let Some(route) = sender.routes.pick(&tried, message.id.spread()) {
            if self.is_open(&route.connection).await? {
                return Ok(Fact::Rerouted { connection: route.connection.clone(), kind: route.kind });
            }
            tried.push(route.connection.clone());
        }
        Ok(refused)
    }

    async fn sender(&mut self, message: &Message) -> anyhow::Result<Option<Sender>> {
        let key = (message.agreement.clone(), message.sender.clone());
        if let Some(known) = self.senders.get(&key) {
            return Ok(known.clone());
        }
        let sender = self.app.store.sender(&key.0, &key.1).await?;
        self.senders.insert(key, sender.clone());
        Ok(sender)
    }

    /// Whether a connection is there and enabled, and so is the company it belongs to and every one above.
    async fn is_open(&mut self, id: &ConnectionId) -> anyhow::Result<bool> {
        if let Some(known) = self.open.get(id) {
            return Ok(*known);
        }
        let is_open = match self.app.store.any_connection(id).await? {
            Some(connection) if connection.enabled => self.may_use(&connection.company).await?,
            _ => false,
        };
        self.open.insert(id.clone(), is_open);
        Ok(is_open)
    }

    async fn may_use(&self, company: &CompanyId) -> anyhow::Result<bool> {
        let Some(company) = self.app.store.any_company(company).await? else { return Ok(false) };
        let path = self.app.store.companies(&company.path).await?;
        Ok(path.len() == company.path.len() && path.iter().all(|company| company.enabled))
    }
}
