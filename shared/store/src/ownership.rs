//! Which gateway process serves which connection: an item for each process that lives, and one for each
//! connection with its owner.
//!
//! The lease is the process's own: it renews one item however many connections it serves, and whoever has
//! seen that item unchanged for long enough buries it, by a delete that repeats what was seen. A process
//! without an item is dead, and stays so, because ids are not used again. What it owned is free.
//! How long is long enough, and when a process has to count itself as dead, is told in the gateway.
//!
//! Each time a connection changes hands its fence rises, so that two who take it at once see who was
//! first, and so that what an earlier owner claims can be told from what a later one does.

use std::fmt;

use domain::id::ConnectionId;
use serde::{Deserialize, Serialize};

use crate::alone::write_alone;
use crate::item::{Partition, document, key_of, number, text};
use crate::keys;
use crate::{Store, StoreError};

/// One life of a gateway process.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GatewayId(String);

impl GatewayId {
    /// `random` must never come again.
    pub fn new(random: u128) -> Self {
        Self(format!("gateway_{random:032x}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GatewayId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A process that nobody has buried.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LivingGateway {
    #[serde(rename = "sk")]
    pub id: GatewayId,
    /// Rises with every renewal.
    pub beat: u64,
}

/// Who has a connection, alive or dead.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Owner {
    #[serde(rename = "sk")]
    pub connection: ConnectionId,
    /// None once it was given back.
    #[serde(default)]
    pub gateway: Option<GatewayId>,
    /// Rises with every change of hands.
    pub fence: u64,
}

/// How a renewal ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewed {
    Now,
    /// Others have taken the process for dead, and what it owned may be somebody else's by now.
    Buried,
}

impl Store {
    /// Begins the life of a process.
    pub async fn enter_gateway(&self, id: &GatewayId) -> Result<(), StoreError> {
        #[derive(Serialize)]
        struct Begin {
            beat: u64,
        }
        let item = document(&keys::gateway(id.as_str()), &Begin { beat: 0 })?;
        self.put_if_new(&self.tables.directory, item).await?;
        Ok(())
    }

    /// Shows that a process lives. One write unit.
    pub async fn renew_gateway(&self, id: &GatewayId) -> Result<Renewed, StoreError> {
        let write = self
            .dynamo
            .update_item()
            .table_name(&self.tables.directory)
            .set_key(Some(key_of(&keys::gateway(id.as_str()))))
            .update_expression("ADD beat :one")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":one", number(1));
        let answer = write_alone("renew a gateway", || write.clone().send()).await?;
        Ok(answer.map_or(Renewed::Buried, |_| Renewed::Now))
    }

    /// Ends the life of another process, unless it has shown itself since it was seen.
    pub async fn bury_gateway(&self, seen: &LivingGateway) -> Result<bool, StoreError> {
        let write = self
            .dynamo
            .delete_item()
            .table_name(&self.tables.directory)
            .set_key(Some(key_of(&keys::gateway(seen.id.as_str()))))
            .condition_expression("beat = :seen")
            .expression_attribute_values(":seen", number(seen.beat));
        Ok(write_alone("bury a gateway", || write.clone().send()).await?.is_some())
    }

    /// Ends one's own life, after everything was given back.
    pub async fn leave_gateway(&self, id: &GatewayId) -> Result<(), StoreError> {
        let key = key_of(&keys::gateway(id.as_str()));
        let delete = self.dynamo.delete_item().table_name(&self.tables.directory).set_key(Some(key));
        delete.send().await.map_err(StoreError::aws("leave as a gateway"))?;
        Ok(())
    }

    pub async fn gateways(&self) -> Result<Vec<LivingGateway>, StoreError> {
        self.all(&self.tables.directory, Partition::Table(keys::GATEWAYS), "a gateway").await
    }

    /// All connections that ever had an owner. Read them before the gateways: an owner who is not among
    /// those is then dead, and not one who came in between.
    pub async fn connection_owners(&self) -> Result<Vec<Owner>, StoreError> {
        self.all(&self.tables.directory, Partition::Table(keys::CONNECTION_OWNERS), "an owner").await
    }

    /// Takes a connection that is free: it never had an owner, or its last one, whose fence was `seen`, has
    /// given it back or is dead. The new fence; none if somebody else was faster.
    pub async fn own_connection(
        &self,
        connection: &ConnectionId,
        seen: Option<u64>,
        gateway: &GatewayId,
    ) -> Result<Option<u64>, StoreError> {
        let fence = seen.unwrap_or(0) + 1;
        let update = self
            .dynamo
            .update_item()
            .table_name(&self.tables.directory)
            .set_key(Some(key_of(&keys::connection_owner(connection))))
            .update_expression("SET gateway = :gateway, fence = :fence")
            .expression_attribute_values(":gateway", text(gateway.as_str()))
            .expression_attribute_values(":fence", number(fence));
        // A retry of the SDK whose first answer was lost finds itself.
        const AGAIN: &str = "(gateway = :gateway AND fence = :fence)";
        let update = match seen {
            None => update.condition_expression(format!("attribute_not_exists(pk) OR {AGAIN}")),
            Some(seen) => update
                .condition_expression(format!("fence = :seen OR {AGAIN}"))
                .expression_attribute_values(":seen", number(seen)),
        };
        Ok(write_alone("own a connection", || update.clone().send()).await?.map(|_| fence))
    }

    /// Gives a connection back; one that has another owner by now stays as it is.
    pub async fn disown_connection(
        &self,
        connection: &ConnectionId,
        fence: u64,
        gateway: &GatewayId,
    ) -> Result<(), StoreError> {
        let write = self
            .dynamo
            .update_item()
            .table_name(&self.tables.directory)
            .set_key(Some(key_of(&keys::connection_owner(connection))))
            .update_expression("REMOVE gateway")
            .condition_expression("gateway = :gateway AND fence = :fence")
            .expression_attribute_values(":gateway", text(gateway.as_str()))
            .expression_attribute_values(":fence", number(fence));
        write_alone("give a connection back", || write.clone().send()).await?;
        Ok(())
    }
}
