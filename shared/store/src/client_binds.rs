//! How many binds each client has, over all gateways: an item for each connection with the counts of each
//! gateway process. All of them count for the limit of its binds; those that can send, for the share of its
//! rate that each gateway lets through.
//!
//! It keeps a limit, not money. So nothing is fenced: a gateway that was taken for dead and is not may let
//! a client have more binds than it should until it notices, and that is all. A process says how many binds
//! it has, not one more or one less, so that a call whose answer was lost is set right by the next one; and
//! the counts of the dead are dropped by whoever writes next.

use std::collections::{BTreeMap, BTreeSet};

use domain::connection::Connection;
use domain::id::ConnectionId;
use serde::{Deserialize, Serialize};

use crate::alone::write_alone;
use crate::item::{document, number, read};
use crate::ownership::GatewayId;
use crate::transact::{CONFLICT_ATTEMPTS_MAX, pause};
use crate::{Store, StoreError, keys};

const KIND: &str = "the binds of a client";

/// Whether a client may have one more bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientBound {
    Now,
    /// It has as many as it may, here and elsewhere.
    LimitReached,
}

/// How many binds of a client a gateway has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientBinds {
    /// Of whatever kind.
    pub all: u32,
    /// Those of them that can send: transmitters and transceivers.
    pub sending: u32,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Binds {
    /// Raised by every change.
    revision: u64,
    by_gateway: BTreeMap<String, ClientBinds>,
}

impl Binds {
    fn elsewhere(&self, gateway: &GatewayId) -> u32 {
        let others = self.by_gateway.iter().filter(|(id, _)| *id != gateway.as_str());
        others.fold(0, |sum, (_, binds)| sum.saturating_add(binds.all))
    }

    fn set(&mut self, gateway: &GatewayId, binds: ClientBinds) {
        match binds.all {
            0 => self.by_gateway.remove(gateway.as_str()),
            _ => self.by_gateway.insert(gateway.as_str().to_owned(), binds),
        };
    }
}

impl Store {
    /// Says that a gateway has these binds of a client, the new one among them, unless that would be more
    /// than `max` over all gateways that live.
    pub async fn bind_client(
        &self,
        connection: &ConnectionId,
        gateway: &GatewayId,
        here: ClientBinds,
        max: u32,
    ) -> Result<ClientBound, StoreError> {
        self.set_client_binds(connection, gateway, here, Some(max)).await
    }

    /// Says that a gateway has these binds of a client left. Also for a gateway that begins a new life
    /// with binds of its last one: nobody is turned out for it.
    pub async fn unbind_client(
        &self,
        connection: &ConnectionId,
        gateway: &GatewayId,
        here: ClientBinds,
    ) -> Result<(), StoreError> {
        self.set_client_binds(connection, gateway, here, None).await.map(|_| ())
    }

    async fn set_client_binds(
        &self,
        connection: &ConnectionId,
        gateway: &GatewayId,
        here: ClientBinds,
        max: Option<u32>,
    ) -> Result<ClientBound, StoreError> {
        for attempt in 0..CONFLICT_ATTEMPTS_MAX {
            let key = keys::client_binds(connection);
            let stored: Option<Binds> = self.get(&self.tables.directory, &key, KIND).await?;
            let before = stored.as_ref().map(|binds| binds.revision);
            let mut binds = stored.unwrap_or_default();
            self.drop_dead(&mut binds, gateway).await?;
            if max.is_some_and(|max| max < binds.elsewhere(gateway).saturating_add(here.all)) {
                return Ok(ClientBound::LimitReached);
            }
            binds.set(gateway, here);
            if self.write_client_binds(connection, binds, before).await? {
                return Ok(ClientBound::Now);
            }
            pause(attempt).await;
        }
        Err(StoreError::Busy { action: "count the binds of a client" })
    }

    /// Who lives is only asked for when somebody else is named.
    async fn drop_dead(&self, binds: &mut Binds, me: &GatewayId) -> Result<(), StoreError> {
        if binds.by_gateway.keys().all(|id| id == me.as_str()) {
            return Ok(());
        }
        let living = self.gateways().await?;
        let living: BTreeSet<&str> = living.iter().map(|gateway| gateway.id.as_str()).collect();
        binds.by_gateway.retain(|id, _| id == me.as_str() || living.contains(id.as_str()));
        Ok(())
    }

    /// False if somebody else was faster.
    async fn write_client_binds(
        &self,
        connection: &ConnectionId,
        mut binds: Binds,
        before: Option<u64>,
    ) -> Result<bool, StoreError> {
        binds.revision = before.unwrap_or(0) + 1;
        let item = document(&keys::client_binds(connection), &binds)?;
        let put = self.dynamo.put_item().table_name(&self.tables.directory).set_item(Some(item));
        let put = match before {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(before) => put
                .condition_expression("revision = :before")
                .expression_attribute_values(":before", number(before)),
        };
        Ok(write_alone(KIND, || put.clone().send()).await?.is_some())
    }

    /// How many binds a client has over all gateways that live.
    pub async fn client_binds(&self, connection: &ConnectionId) -> Result<u32, StoreError> {
        let key = keys::client_binds(connection);
        let binds: Option<Binds> = self.get(&self.tables.directory, &key, KIND).await?;
        let Some(binds) = binds else { return Ok(0) };
        let living = self.gateways().await?;
        let counts = living.iter().filter_map(|gateway| binds.by_gateway.get(gateway.id.as_str()));
        Ok(counts.fold(0, |sum, binds| sum.saturating_add(binds.all)))
    }

    /// Over how many gateways each of these clients can send: `me`, whatever it has of it, and the others that
    /// live and have binds of it that can send. A client that none has said anything of is missing.
    pub async fn client_gateways(
        &self,
        connections: &[ConnectionId],
        me: &GatewayId,
    ) -> Result<BTreeMap<ConnectionId, u32>, StoreError> {
        #[derive(Deserialize)]
        struct Entry {
            sk: ConnectionId,
            by_gateway: BTreeMap<String, ClientBinds>,
        }
        let wanted: Vec<_> = connections.iter().map(keys::client_binds).collect();
        let items = self.get_many(&self.tables.directory, &wanted).await?;
        let entries: Result<Vec<Entry>, _> = items.into_iter().map(|item| read(KIND, item)).collect();
        let mut entries = entries?;
        for entry in &mut entries {
            entry.by_gateway.retain(|_, binds| 0 < binds.sending);
        }
        let is_of_others = |entry: &Entry| entry.by_gateway.keys().any(|id| id != me.as_str());
        let mut others = match entries.iter().any(is_of_others) {
            true => self.gateways().await?,
            false => Vec::new(),
        };
        others.retain(|gateway| gateway.id != *me);
        let count = |entry: &Entry| {
            let bound = others.iter().filter(|other| entry.by_gateway.contains_key(other.id.as_str()));
            bound.fold(1, |sum: u32, _| sum.saturating_add(1))
        };
        Ok(entries.iter().map(|entry| (entry.sk.clone(), count(entry))).collect())
    }

    /// These connections, in no order; those that are no more are missing.
    pub async fn connections_by_id(&self, ids: &[ConnectionId]) -> Result<Vec<Connection>, StoreError> {
        let wanted: Vec<_> = ids.iter().map(keys::connection).collect();
        let items = self.get_many(&self.tables.directory, &wanted).await?;
        items.into_iter().map(|item| read("a connection", item)).collect()
    }
}
