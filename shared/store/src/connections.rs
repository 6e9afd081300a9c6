//! Links to vendors, and from clients.

use std::collections::BTreeMap;

use domain::audit::Act;
use domain::company::Subtree;
use domain::connection::{Connection, Link};
use domain::id::{CompanyId, ConnectionId};

use crate::alone::write_alone;
use crate::item::{Item, Partition, document, listed, read, text};
use crate::keys::{self, Key};
use crate::transact::Refused;
use crate::{Store, StoreError};

const KIND: &str = "a connection";
const CONNECTIONS: &str = "connections";

/// How storing a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionStored {
    Now,
    /// Another client binds with this `system_id`.
    SystemIdTaken,
    /// Somebody else has changed it since it was read.
    Overtaken,
}

/// What leads to a connection: the address that a vendor calls, the name that a client binds with.
#[derive(serde::Deserialize)]
struct Pointer {
    connection: ConnectionId,
}

impl Store {
    /// A connection of a company inside the caller's subtree; any other reads as not there.
    pub async fn connection(
        &self,
        scope: &Subtree,
        id: &ConnectionId,
    ) -> Result<Option<Connection>, StoreError> {
        let Some(connection) = self.any_connection(id).await? else { return Ok(None) };
        Ok(self.company(scope, &connection.company).await?.map(|_| connection))
    }

    /// A connection, whoever asks. For workers.
    pub async fn any_connection(&self, id: &ConnectionId) -> Result<Option<Connection>, StoreError> {
        self.get(&self.tables.directory, &keys::connection(id), KIND).await
    }

    pub async fn connections_of(&self, company: &CompanyId) -> Result<Vec<Connection>, StoreError> {
        let parent = keys::listing(CONNECTIONS, company.as_str(), "").parent;
        self.all(&self.tables.directory, Partition::Listing(&parent), KIND).await
    }

    /// Every connection there is. For the gateway.
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

    /// Which connection a vendor's call to this address belongs to.
    pub async fn connection_of_webhook(&self, guid: &str) -> Result<Option<Connection>, StoreError> {
        self.pointed_to(&keys::webhook(guid)).await
    }

    /// The connection of the client that binds with this name.
    pub async fn client_connection(&self, system_id: &str) -> Result<Option<Connection>, StoreError> {
        self.pointed_to(&keys::smpp_client(system_id)).await
    }

    async fn pointed_to(&self, key: &Key) -> Result<Option<Connection>, StoreError> {
        let found: Option<Pointer> =
            self.get(&self.tables.directory, key, "what leads to a connection").await?;
        match found {
            Some(pointer) => self.any_connection(&pointer.connection).await,
            None => Ok(None),
        }
    }

    /// Stores a new connection with the entries by which workers, webhooks and clients find it.
    pub async fn put_connection(&self, connection: &Connection) -> Result<ConnectionStored, StoreError> {
        let entry = document(&keys::connection_entry(&connection.id), &BTreeMap::<String, String>::new())?;
        let found_by = found_by(connection);
        // First, so that a refusal at its place says that the name is taken.
        let pointer = found_by.map(|key| pointer(&key, &connection.id));
        let items = pointer.into_iter().chain([connection_item(connection), Ok(entry)]);
        let items = items.map(|item| Ok(self.new_item(&self.tables.directory, item?)));
        let items = items.collect::<Result<Vec<_>, StoreError>>()?;
        let action = "store the connection";
        match (self.transact(action, items).await, &connection.link) {
            (Ok(()), _) => Ok(ConnectionStored::Now),
            (Err(Refused::At(0, stored)), Link::Client(_)) => claimed_by(stored, &connection.id),
            (Err(refused), _) => Err(refused.unexpected(action)),
        }
    }

    /// Deletes a connection with the entries by which workers, webhooks and clients find it. What waits for
    /// it is left to a person.
    pub async fn delete_connection(&self, act: &Act, connection: &Connection) -> Result<(), StoreError> {
        let table = &self.tables.directory;
        let keys = [keys::connection(&connection.id), keys::connection_entry(&connection.id)];
        let keys = keys.into_iter().chain(found_by(connection));
        let mut items: Vec<_> = keys.map(|key| self.delete_any(table, &key)).collect();
        let id = connection.id.as_str();
        items.extend(self.audit_items(act, "connection.delete", id, Some(connection), None)?);
        let action = "delete a connection";
        self.transact(action, items).await.map_err(|refused| refused.unexpected(action))
    }

    /// Stores a vendor connection's changed settings.
    pub async fn replace_connection(&self, connection: &Connection) -> Result<(), StoreError> {
        let item = connection_item(connection)?;
        let put = self.dynamo.put_item().table_name(&self.tables.directory).set_item(Some(item));
        let put = put.condition_expression("attribute_exists(pk)");
        put.send().await.map_err(StoreError::aws("store a connection"))?;
        Ok(())
    }

    /// Stores a client connection's changed settings. `before` is the name that the client has bound with
    /// so far, which is free again if the new one is another.
    pub async fn replace_client_connection(
        &self,
        connection: &Connection,
        before: &str,
    ) -> Result<ConnectionStored, StoreError> {
        const SAME_NAME: &str = "link.system_id = :before";
        let Link::Client(link) = &connection.link else {
            return Err(StoreError::corrupt(KIND, "it is none of a client"));
        };
        let (item, named) =
            (connection_item(connection)?, Item::from([(":before".to_owned(), text(before))]));
        if link.system_id == before {
            let put = self.dynamo.put_item().table_name(&self.tables.directory).set_item(Some(item));
            let put = put.condition_expression(SAME_NAME).set_expression_attribute_values(Some(named));
            let stored = write_alone("store a connection", || put.clone().send()).await?;
            return Ok(stored.map_or(ConnectionStored::Overtaken, |_| ConnectionStored::Now));
        }
        let claim = pointer(&keys::smpp_client(&link.system_id), &connection.id)?;
        let items = vec![
            self.new_item(&self.tables.directory, claim),
            self.put_item(&self.tables.directory, item, SAME_NAME, named),
            self.delete_any(&self.tables.directory, &keys::smpp_client(before)),
        ];
        let action = "store the connection";
        match self.transact(action, items).await {
            Ok(()) => Ok(ConnectionStored::Now),
            Err(Refused::At(0, stored)) => claimed_by(stored, &connection.id),
            Err(Refused::At(..)) => Ok(ConnectionStored::Overtaken),
            Err(Refused::Failed(error)) => Err(error),
        }
    }
}

/// What leads to it besides its id.
fn found_by(connection: &Connection) -> Option<Key> {
    match &connection.link {
        Link::Client(link) => Some(keys::smpp_client(&link.system_id)),
        Link::Alaris(link) => Some(keys::webhook(&link.webhook_guid)),
        Link::Smpp(_) | Link::Lookup(_) => None,
    }
}

fn connection_item(connection: &Connection) -> Result<Item, StoreError> {
    let listing = keys::listing(CONNECTIONS, connection.company.as_str(), connection.id.as_str());
    listed(&keys::connection(&connection.id), &listing, connection)
}

fn pointer(key: &Key, connection: &ConnectionId) -> Result<Item, StoreError> {
    let mut item = document(key, &BTreeMap::<String, String>::new())?;
    item.insert("connection".to_owned(), text(connection.as_str()));
    Ok(item)
}

/// A write whose answer was lost is refused by itself when it is sent again.
fn claimed_by(stored: Option<Item>, own: &ConnectionId) -> Result<ConnectionStored, StoreError> {
    let holder: Option<Pointer> = stored.map(|item| read("the name of a client", item)).transpose()?;
    let is_own = holder.is_some_and(|holder| holder.connection == *own);
    Ok(if is_own { ConnectionStored::Now } else { ConnectionStored::SystemIdTaken })
}
