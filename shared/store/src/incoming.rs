//! Messages from phones: the sender IDs behind a number, the parts of long ones until all are there, and
//! the messages, each once; and the lists in which they stand.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::edr::{kept_until, row_kept_until};
use domain::id::{AgreementId, CompanyId, ConnectionId, IncomingId, SenderId};
use domain::incoming::{IncomingMessage, IncomingPart, REPEAT_WINDOW};
use domain::sender::{Sender, SenderAddress};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::alone::write_alone;
use crate::item::{Item, Partition, document, expiring, key_of, number, read, text};
use crate::keys::{self, Key};
use crate::records::{NEWER, Page, page};
use crate::statistics::{Statistics, rows_of};
use crate::transact::Refused;
use crate::{Store, StoreError};

const KIND: &str = "a message from a phone";
/// What is not whole by then never will be: no vendor tries for longer.
const PARTS_KEPT: SignedDuration = SignedDuration::from_hours(48);
/// From when a message came. Its mark decides between two that are stored at the same moment, which may be hours
/// later.
const MARK_KEPT: SignedDuration = SignedDuration::from_hours(48);

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
    /// The sender IDs with this number, of whatever agreement, as they are used. Digits only, in international
    /// form but for short codes. Those above an assigned one have its number too: each is read once, a hundred
    /// in one call, however many are assigned from it.
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
        let senders = items.into_iter().map(|item| read("a sender ID", item).map(by_agreement));
        let senders: BTreeMap<AgreementId, Sender> = senders.collect::<Result<_, _>>()?;
        Ok(senders.values().cloned().map(|sender| sender.as_used(&senders)).collect())
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

    /// Stores a message from a phone in the place of what it was `before`, if it was stored. False if somebody
    /// else was faster.
    pub async fn write_incoming(
        &self,
        before: Option<&IncomingMessage>,
        after: &IncomingMessage,
    ) -> Result<bool, StoreError> {
        let items = self.incoming_items(before, after)?;
        match self.transact("store a message from a phone", items).await {
            Ok(()) => Ok(true),
            Err(Refused::At(..)) => Ok(false),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    /// Its row first, which only one of several writes puts, and of a new one its mark, which keeps out repeats
    /// that are stored at the same moment; then its place among those that are tried again.
    pub(crate) fn incoming_items(
        &self,
        before: Option<&IncomingMessage>,
        after: &IncomingMessage,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let messages = &self.tables.messages;
        let row = document(&keys::incoming(&after.id), after)?;
        let row = expiring(row, row_kept_until(after.received_at));
        let mut items = vec![match before {
            None => self.new_item(messages, row),
            Some(before) => {
                let revision = Item::from([(":before".to_owned(), number(before.revision))]);
                self.put_item(messages, row, "revision = :before", revision)
            }
        }];
        if before.is_none() {
            items.push(self.only_without_repeat(after));
        }
        let was_due = before.and_then(|before| before.cost.try_at());
        items.extend(was_due.map(|at| self.delete_any(messages, &keys::due_incoming(at, &after.id))));
        if let Some(at) = after.cost.try_at() {
            let key = keys::due_incoming(at, &after.id);
            let due = DueIncoming { incoming: after.id.clone(), sk: key.sk.clone() };
            items.push(self.put_any(messages, document(&key, &due)?));
        }
        Ok(items)
    }

    /// Marks when this content came last, unless that is within the time of a repeat: a repeat may have another
    /// id, and reading finds it only once it is stored.
    fn only_without_repeat(&self, message: &IncomingMessage) -> TransactWriteItem {
        let at = |time: Timestamp| number(time.as_microsecond());
        let mut mark = key_of(&keys::last_incoming(&message.content()));
        mark.insert("received_us".to_owned(), at(message.received_at));
        let mark = expiring(mark, message.received_at + MARK_KEPT);
        let values = Item::from([
            (":before".to_owned(), at(message.received_at - REPEAT_WINDOW)),
            (":after".to_owned(), at(message.received_at + REPEAT_WINDOW)),
        ]);
        let is_none = "attribute_not_exists(pk) OR received_us <= :before OR received_us >= :after";
        self.put_item(&self.tables.messages, mark, is_none, values)
    }

    /// A page of the messages that are to be charged by now, those due first before the others, behind `cursor`.
    pub async fn due_incoming(
        &self,
        now: Timestamp,
        limit: u16,
        cursor: Option<&str>,
    ) -> Result<Page<DueIncoming>, StoreError> {
        // Behind every message of this very moment.
        let last = format!("{}#~", keys::sortable(now));
        let start = cursor.map(|sk| Key { pk: keys::INCOMING_DUE.to_owned(), sk: sk.to_owned() });
        let query = self
            .dynamo
            .query()
            .table_name(&self.tables.messages)
            .key_condition_expression("pk = :pk AND sk <= :last")
            .expression_attribute_values(":pk", text(keys::INCOMING_DUE))
            .expression_attribute_values(":last", text(last))
            .consistent_read(true)
            .limit(i32::from(limit))
            .set_exclusive_start_key(start.as_ref().map(key_of));
        let answer = query.send().await.map_err(StoreError::aws("list unpaid messages from phones"))?;
        page(|item| read(KIND, item), answer)
    }

    /// Moves one that cannot be read now to another time, or takes it from those that are to be charged.
    pub async fn move_due_incoming(
        &self,
        due: &DueIncoming,
        to: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let messages = &self.tables.messages;
        let key = Key { pk: keys::INCOMING_DUE.to_owned(), sk: due.sk.clone() };
        let mut items = vec![self.delete_any(messages, &key)];
        if let Some(at) = to {
            let key = keys::due_incoming(at, &due.incoming);
            let moved = DueIncoming { incoming: due.incoming.clone(), sk: key.sk.clone() };
            items.push(self.put_any(messages, document(&key, &moved)?));
        }
        let action = "move a message from a phone";
        self.transact(action, items).await.map_err(|refused| refused.unexpected(action))
    }

    /// Shows a message in the lists of those who see it: of the companies in `path`, which are its own and all
    /// above, and of its agreement; of its connection if nobody gets it. What a state has `counted` is added
    /// once, and an older state changes nothing.
    pub async fn list_incoming(
        &self,
        message: &IncomingMessage,
        path: &[CompanyId],
        counted: &Statistics,
    ) -> Result<(), StoreError> {
        const ACTION: &str = "list a message from a phone";
        let (companies, counting) = match &message.routed {
            Some(routed) => (path, routed.agreement.as_str()),
            None => (&[][..], message.connection.as_str()),
        };
        // What nobody reads in a list may be big.
        let shown = IncomingMessage { octets: String::new(), ..message.clone() };
        let listed = |list: &str| {
            let item = document(&keys::listed_incoming(list, message.received_at, &message.id), &shown)?;
            Ok::<_, StoreError>(expiring(item, kept_until(message.received_at)))
        };
        for company in companies {
            let put = self
                .dynamo
                .put_item()
                .table_name(&self.tables.records)
                .set_item(Some(listed(company.as_str())?))
                .condition_expression(NEWER)
                .expression_attribute_values(":revision", number(message.revision));
            write_alone(ACTION, || put.clone().send()).await?;
        }
        let revision = Item::from([(":revision".to_owned(), number(message.revision))]);
        let mut items = vec![self.put_item(&self.tables.records, listed(counting)?, NEWER, revision)];
        for (key, slices) in rows_of(counted, message.id.as_str()) {
            items.push(self.update_item(self.statistics_row(&key, &slices)));
        }
        match self.transact(ACTION, items).await {
            Ok(()) | Err(Refused::At(..)) => Ok(()),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    /// A page of a list, newest first, behind `cursor`. With a filter it may be shorter than `limit`.
    pub async fn listed_incoming(
        &self,
        list: IncomingList<'_>,
        filter: &IncomingFilter,
        limit: u16,
        cursor: Option<&str>,
    ) -> Result<Page<IncomingMessage>, StoreError> {
        let (pk, span) = (keys::incoming_list(list.id()), (filter.from, filter.till));
        let answer =
            self.newest_records("list messages from phones", pk, span, usize::from(limit), cursor).await?;
        let mut found = page(|item| read::<IncomingMessage>(KIND, item), answer)?;
        let masked = found.items.into_iter().map(|message| message.masked_before(filter.masked_before));
        found.items = masked.filter(|message| filter.passes(message)).collect();
        Ok(found)
    }
}

fn by_agreement(sender: Sender) -> (AgreementId, Sender) {
    (sender.agreement.clone(), sender)
}

/// That a message is to be charged.
#[derive(Debug, Serialize, Deserialize)]
pub struct DueIncoming {
    pub incoming: IncomingId,
    /// Its place among the others, by the time.
    sk: String,
}

impl DueIncoming {
    /// Whether this is the time, by the microsecond, that it has its place for.
    pub fn is_at(&self, at: Timestamp) -> bool {
        self.sk == keys::due_incoming(at, &self.incoming).sk
    }
}

/// Whose list of messages from phones.
#[derive(Debug, Clone, Copy)]
pub enum IncomingList<'a> {
    /// A company's and those below it.
    Company(&'a CompanyId),
    Agreement(&'a AgreementId),
    /// Those that came over it and that nobody gets.
    Connection(&'a ConnectionId),
}

impl IncomingList<'_> {
    fn id(&self) -> &str {
        match self {
            Self::Company(id) => id.as_str(),
            Self::Agreement(id) => id.as_str(),
            Self::Connection(id) => id.as_str(),
        }
    }
}

/// Which messages of a list.
#[derive(Debug, Clone, Default)]
pub struct IncomingFilter {
    pub from: Option<Timestamp>,
    pub till: Option<Timestamp>,
    pub sender: Option<SenderId>,
    /// As it is shown: that of an old message by its mask.
    pub phone: Option<String>,
    pub connection: Option<ConnectionId>,
    /// Phones from before this time are masked.
    pub masked_before: Option<Timestamp>,
}

impl IncomingFilter {
    fn passes(&self, message: &IncomingMessage) -> bool {
        let sender = message.routed.as_ref().map(|routed| &routed.sender);
        let phone = message.source.value.trim_start_matches('+');
        self.sender.as_ref().is_none_or(|wanted| sender == Some(wanted))
            && self.phone.as_ref().is_none_or(|wanted| phone == wanted)
            && self.connection.as_ref().is_none_or(|wanted| message.connection == *wanted)
    }
}

/// The message in an item, for the readers of streams.
pub fn incoming_of(item: Item) -> Result<IncomingMessage, StoreError> {
    read(KIND, item)
}
