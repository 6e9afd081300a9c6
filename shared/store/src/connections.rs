//! Links to vendors, and from clients.

use std::collections::BTreeMap;

use domain::audit::Act;
use domain::company::Subtree;
use domain::connection::{Connection, Link, USUAL_VALIDITY};
use domain::id::{CompanyId, ConnectionId};
use jiff::SignedDuration;

use crate::catalog::Written;
use crate::item::{Partition, document, read};
use crate::keys;
use crate::uses::Use;
use crate::{Store, StoreError};

const KIND: &str = "a connection";

impl Store {
    /// A connection of a company inside the caller's subtree; any other, and one that was deleted, reads as
    /// not there.
    pub async fn connection(
        &self,
        scope: &Subtree,
        id: &ConnectionId,
    ) -> Result<Option<Connection>, StoreError> {
        let found = self.any_connection(id).await?.filter(|connection| connection.deleted_at.is_none());
        let Some(connection) = found else { return Ok(None) };
        Ok(self.company(scope, &connection.company).await?.map(|_| connection))
    }

    /// A connection, whoever asks; also a deleted one. For workers.
    pub async fn any_connection(&self, id: &ConnectionId) -> Result<Option<Connection>, StoreError> {
        self.thing(id.as_str()).await
    }

    /// How long messages over a connection are tried that do not say so themselves.
    pub async fn validity_over(&self, id: &ConnectionId) -> Result<SignedDuration, StoreError> {
        let connection = self.any_connection(id).await?;
        Ok(connection.map_or(USUAL_VALIDITY, |connection| connection.link.validity()))
    }

    /// Those of these connections that there are or were, whoever asks.
    pub async fn connections(&self, ids: &[ConnectionId]) -> Result<Vec<Connection>, StoreError> {
        let wanted: Vec<_> = ids.iter().map(|id| keys::thing::<Connection>(id.as_str())).collect();
        let items = self.get_many(&self.tables.directory, &wanted).await?;
        items.into_iter().map(|item| read(KIND, item)).collect()
    }

    pub async fn connections_of(&self, company: &CompanyId) -> Result<Vec<Connection>, StoreError> {
        self.all_things(company.as_str()).await
    }

    /// Every connection there is, and those to vendors over SMPP that were deleted. For the gateway.
    pub async fn all_connections(&self) -> Result<Vec<Connection>, StoreError> {
        #[derive(serde::Deserialize)]
        struct Entry {
            sk: ConnectionId,
        }
        let partition = Partition::Table(keys::ALL_CONNECTIONS);
        let entries: Vec<Entry> = self.all(&self.tables.directory, partition, KIND).await?;
        let wanted: Vec<_> = entries.iter().map(|entry| keys::connection(&entry.sk)).collect();
        let items = self.get_many(&self.tables.directory, &wanted).await?;
        items.into_iter().map(|item| read(KIND, item)).collect()
    }

    /// Which connection a vendor's call to this address belongs to; also a deleted one.
    pub async fn connection_of_webhook(&self, guid: &str) -> Result<Option<Connection>, StoreError> {
        self.thing_named(&Connection::name_of_webhook(guid)).await
    }

    /// The connection of the client that binds with this name.
    pub async fn client_connection(&self, system_id: &str) -> Result<Option<Connection>, StoreError> {
        self.thing_named(&Connection::name_of_client(system_id)).await
    }

    /// Stores a new connection, and the entry by which workers find it.
    pub async fn create_connection(&self, act: &Act, connection: &Connection) -> Result<Written, StoreError> {
        let entry = document(&keys::connection_entry(&connection.id), &BTreeMap::<String, String>::new())?;
        let entry = self.new_item(&self.tables.directory, entry);
        let count = self.count_use(connection.company.as_str(), Use::Connections, 1);
        self.write_thing(act, None, Some(connection), vec![entry, count]).await
    }

    /// Deletes a connection. Its row stays, disabled: what waits for it is refused there as for any that is
    /// disabled. For that a gateway has to find it; the entry of one that no gateway serves goes.
    pub async fn delete_connection(&self, act: &Act, connection: &Connection) -> Result<Written, StoreError> {
        let is_served = matches!(connection.link, Link::Smpp(_));
        let mut with = vec![self.count_use(connection.company.as_str(), Use::Connections, -1)];
        if !is_served {
            with.push(self.delete_any(&self.tables.directory, &keys::connection_entry(&connection.id)));
        }
        self.write_thing(act, Some(connection), Some(&connection.deleted(act.at)), with).await
    }
}
