//! Links to vendors.

use std::collections::BTreeMap;

use domain::company::Subtree;
use domain::connection::{Connection, Link};
use domain::id::{CompanyId, ConnectionId};

use crate::item::{Partition, document, listed, read, text};
use crate::keys;
use crate::{Store, StoreError};

const KIND: &str = "a connection";
const CONNECTIONS: &str = "connections";

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
        #[derive(serde::Deserialize)]
        struct Pointer {
            connection: ConnectionId,
        }
        let found: Option<Pointer> =
            self.get(&self.tables.directory, &keys::webhook(guid), "a webhook").await?;
        match found {
            Some(pointer) => self.any_connection(&pointer.connection).await,
            None => Ok(None),
        }
    }

    /// Stores a new connection with the entries by which workers and webhooks find it.
    pub async fn put_connection(&self, connection: &Connection) -> Result<(), StoreError> {
        let empty = BTreeMap::<String, String>::new();
        let listing = keys::listing(CONNECTIONS, connection.company.as_str(), connection.id.as_str());
        let entry = document(&keys::connection_entry(&connection.id), &empty)?;
        let mut items = vec![
            self.new_item(
                &self.tables.directory,
                listed(&keys::connection(&connection.id), &listing, connection)?,
            ),
            self.new_item(&self.tables.directory, entry),
        ];
        if let Link::Alaris(link) = &connection.link {
            let mut pointer = document(&keys::webhook(&link.webhook_guid), &empty)?;
            pointer.insert("connection".to_owned(), text(connection.id.as_str()));
            items.push(self.new_item(&self.tables.directory, pointer));
        }
        let action = "store the connection";
        self.transact(action, items).await.map_err(|refused| refused.unexpected(action))
    }

    /// Stores a connection's changed settings.
    pub async fn replace_connection(&self, connection: &Connection) -> Result<(), StoreError> {
        let listing = keys::listing(CONNECTIONS, connection.company.as_str(), connection.id.as_str());
        let item = listed(&keys::connection(&connection.id), &listing, connection)?;
        let put = self.dynamo.put_item().table_name(&self.tables.directory).set_item(Some(item));
        let put = put.condition_expression("attribute_exists(pk)");
        put.send().await.map_err(StoreError::aws("store a connection"))?;
        Ok(())
    }
}
