//! Messages from phones: the sender IDs behind a number, the parts of long ones until all are there, and
//! the messages, each once.

use domain::id::{AgreementId, ConnectionId, IncomingId};
use domain::incoming::{IncomingMessage, IncomingPart};
use domain::sender::{Sender, SenderAddress};
use jiff::{SignedDuration, Timestamp};

use crate::item::{Item, Partition, document, expiring, read};
use crate::keys::{self, Key};
use crate::{Store, StoreError};

const KIND: &str = "a message from a phone";
/// What is not whole by then never will be: no vendor tries for longer.
const PARTS_KEPT: SignedDuration = SignedDuration::from_hours(48);

/// What the parts of one long message have in common.
#[derive(Debug, Clone, Copy)]
pub struct PartsOf<'a> {
    /// The vendor's.
    pub connection: &'a ConnectionId,
    /// The phone.
    pub source: &'a str,
    pub destination: &'a str,
    /// The phone's, which it uses again after a while.
    pub reference: u16,
    pub total: u8,
}

impl PartsOf<'_> {
    fn belonging(&self) -> String {
        format!("{}#{}#{}#{}", self.source, self.destination, self.reference, self.total)
    }

    fn key(&self, number: u8) -> Key {
        keys::incoming_part(self.connection, &self.belonging(), number)
    }
}

impl Store {
    /// The sender IDs with this number, of whatever agreement. Digits only, in international form but for
    /// short codes.
    pub async fn senders_of_number(&self, number: &SenderAddress) -> Result<Vec<Sender>, StoreError> {
        #[derive(serde::Deserialize)]
        struct Entry {
            sk: AgreementId,
        }
        let partition = keys::incoming_numbers(number.as_str());
        let entries: Vec<Entry> =
            self.all(&self.tables.directory, Partition::Table(&partition), "a number").await?;
        let wanted: Vec<_> = entries.iter().map(|entry| keys::sender(&entry.sk, number)).collect();
        let items = self.get_many(&self.tables.directory, &wanted).await?;
        items.into_iter().map(|item| read("a sender ID", item)).collect()
    }

    /// The parts that are there, those of stored messages among them.
    pub async fn incoming_parts(&self, of: PartsOf<'_>) -> Result<Vec<IncomingPart>, StoreError> {
        let partition = keys::incoming_parts(of.connection, &of.belonging());
        self.all(&self.tables.messages, Partition::Table(&partition), KIND).await
    }

    /// Keeps a part, and gives those that are there now. One that came before under the same number, of
    /// this message or of an older one with its reference, gives way.
    pub async fn keep_incoming_part(
        &self,
        of: PartsOf<'_>,
        part: &IncomingPart,
        now: Timestamp,
    ) -> Result<Vec<IncomingPart>, StoreError> {
        self.put_incoming_part(of, part, now).await?;
        self.incoming_parts(of).await
    }

    async fn put_incoming_part(
        &self,
        of: PartsOf<'_>,
        part: &IncomingPart,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let item = expiring(document(&of.key(part.number), part)?, now + PARTS_KEPT);
        let put = self.dynamo.put_item().table_name(&self.tables.messages).set_item(Some(item));
        put.send().await.map_err(StoreError::aws("keep a part of a message"))?;
        Ok(())
    }

    /// Marks the parts of a message that is stored, so that a later one with its reference does not get them,
    /// and a repeat of one is known as such.
    pub async fn spend_incoming_parts(
        &self,
        of: PartsOf<'_>,
        parts: Vec<IncomingPart>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for part in parts {
            self.put_incoming_part(of, &IncomingPart { is_spent: true, ..part }, now).await?;
        }
        Ok(())
    }

    pub async fn incoming(&self, id: &IncomingId) -> Result<Option<IncomingMessage>, StoreError> {
        self.get(&self.tables.messages, &keys::incoming(id), KIND).await
    }

    /// Stores a message from a phone. False if it is there.
    pub async fn put_incoming(&self, message: &IncomingMessage) -> Result<bool, StoreError> {
        self.put_if_new(&self.tables.messages, document(&keys::incoming(&message.id), message)?).await
    }
}

/// The message in an item, for the readers of streams.
pub fn incoming_of(item: Item) -> Result<IncomingMessage, StoreError> {
    read(KIND, item)
}
