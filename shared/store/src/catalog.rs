//! What people edit in the directory, as [`domain::catalog::Thing`] describes it. One transaction writes
//! the thing under its revision, the names that only it may have, where its lists show it, and the entry
//! of the audit log.
//!
//! A list is read by an index. The thing itself stands in its main list by id; for each column, and each
//! further list, an item of its own stands there with the column's value. So a page costs the same
//! wherever it is and however long the list.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::audit::Act;
use domain::catalog::{Home, Thing};
use serde::Deserialize;

use crate::item::{Item, document, key_of, listed, number, read, text};
use crate::keys::{self, BY_PARENT, Key, LISTED, PARENT};
use crate::records::Page;
use crate::transact::{ITEMS_MAX, Refused};
use crate::{Store, StoreError};

/// How many things one page reads at most when a filter passes few of them over.
const READ_MAX: usize = 1_000;
/// DynamoDB reads at most this many items in one batch.
const BATCH_MAX: usize = 100;

/// How a write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Now,
    /// Somebody else has changed or deleted it since it was read, or made one under the same id.
    Overtaken,
    /// Another one has a name that only one may have.
    Taken,
}

/// Which part of a list to read, and in which order.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// Whose list.
    pub list: String,
    /// The column to sort by; the id, which is the time of making, if none.
    pub column: Option<&'static str>,
    pub descending: bool,
    /// Only values that begin with this.
    pub begins: Option<String>,
    /// Only values from this one on.
    pub from: Option<String>,
    /// Only values before this one.
    pub till: Option<String>,
    pub limit: u16,
    pub cursor: Option<String>,
}

/// What the places of a column begin with that has exactly this value.
pub fn whole_value(value: &str) -> String {
    format!("{value}{}", keys::LISTED_END)
}

/// Only items that lead to a thing have this.
const OF_PK: &str = "of_pk";

/// Where such an item leads.
#[derive(Deserialize)]
struct Entry {
    of_pk: String,
    of_sk: String,
}

impl Store {
    pub async fn thing<T: Thing>(&self, id: &str) -> Result<Option<T>, StoreError> {
        self.get(&self.tables.directory, &keys::thing::<T>(id), T::NOUN).await
    }

    /// Those of these things that there are, in no order.
    pub async fn things_by_id<T: Thing>(&self, ids: &[&str]) -> Result<Vec<T>, StoreError> {
        let wanted: Vec<_> = ids.iter().map(|id| keys::thing::<T>(id)).collect();
        let items = self.get_many(&self.tables.directory, &wanted).await?;
        items.into_iter().map(|item| read(T::NOUN, item)).collect()
    }

    /// The thing that has a name which only one may have.
    pub async fn thing_named<T: Thing>(&self, name: &str) -> Result<Option<T>, StoreError> {
        let item = self.get_item(&self.tables.directory, &keys::unique(T::NOUN, name)).await?;
        match item.as_ref().and_then(|item| string(item, "of")) {
            Some(id) => self.thing(&id).await,
            None => Ok(None),
        }
    }

    /// Stores a new thing.
    pub async fn create<T: Thing>(&self, act: &Act, thing: &T) -> Result<Written, StoreError> {
        self.write_thing(act, None, Some(thing), Vec::new()).await
    }

    /// Stores a changed thing. `before` is what was read, `after` has the next revision.
    pub async fn replace<T: Thing>(&self, act: &Act, before: &T, after: &T) -> Result<Written, StoreError> {
        self.write_thing(act, Some(before), Some(after), Vec::new()).await
    }

    pub async fn delete<T: Thing>(&self, act: &Act, thing: &T) -> Result<Written, StoreError> {
        self.write_thing(act, Some(thing), None, Vec::new()).await
    }

    /// The same together with other writes, all or nothing. If one of those is refused, so is everything.
    pub(crate) async fn write_thing<T: Thing>(
        &self,
        act: &Act,
        before: Option<&T>,
        after: Option<&T>,
        with: Vec<TransactWriteItem>,
    ) -> Result<Written, StoreError> {
        let claims = names_of(after).difference(&names_of(before)).count();
        let mut items = self.changes(act, before, after)?;
        items.extend(with);
        if ITEMS_MAX < items.len() {
            let (action, items) = ("store a change", items.len());
            return Err(StoreError::TooManyItems { action, items, most: ITEMS_MAX });
        }
        match self.transact("store a change", items).await {
            Ok(()) => Ok(Written::Now),
            // A write whose answer was lost is refused by itself when it is sent again.
            Err(Refused::At(..)) if self.is_stored(before, after).await? => Ok(Written::Now),
            Err(Refused::At(place, _)) if place < claims => Ok(Written::Taken),
            Err(Refused::At(..)) => Ok(Written::Overtaken),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    /// Stores a thing with another value of what is noted about it and no change of it: the revision stays
    /// and the log does not tell. Nothing is written if somebody has changed it meanwhile.
    pub(crate) async fn touch<T: Thing>(&self, before: &T, after: &T) -> Result<(), StoreError> {
        let mut items = vec![self.main_change(Some(before), Some(after))?];
        items.extend(self.list_changes(Some(before), Some(after)));
        match self.transact("note something", items).await {
            Ok(()) | Err(Refused::At(..)) => Ok(()),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    pub(crate) async fn is_stored<T: Thing>(
        &self,
        before: Option<&T>,
        after: Option<&T>,
    ) -> Result<bool, StoreError> {
        match (before, after) {
            (_, Some(after)) => {
                let stored = self.get_item(&self.tables.directory, &keys::place_of(after)).await?;
                Ok(stored == Some(main_item(after)?))
            }
            (Some(before), None) => {
                Ok(self.get_item(&self.tables.directory, &keys::place_of(before)).await?.is_none())
            }
            (None, None) => Ok(true),
        }
    }

    /// All that a change writes: first the names that it takes, then the thing, then what follows, and its
    /// entry in the log.
    pub(crate) fn changes<T: Thing>(
        &self,
        act: &Act,
        before: Option<&T>,
        after: Option<&T>,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let Some(id) = after.or(before).map(Thing::id) else { return Ok(Vec::new()) };
        let action = match (before, after) {
            (None, _) => "create",
            (_, None) => "delete",
            (Some(before), Some(after)) if after.is_gone() && !before.is_gone() => "delete",
            _ => "change",
        };
        let action = format!("{}.{action}", T::NOUN);
        let mut items = self.thing_items(before, after)?;
        items.extend(self.audit_items(act, &action, id, before, after)?);
        Ok(items)
    }

    /// The same without the entry.
    pub(crate) fn thing_items<T: Thing>(
        &self,
        before: Option<&T>,
        after: Option<&T>,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let table = &self.tables.directory;
        let Some(id) = after.or(before).map(Thing::id) else { return Ok(Vec::new()) };
        let (had, has) = (names_of(before), names_of(after));
        let mut items = Vec::new();
        for name in has.difference(&had) {
            items.push(self.new_item(table, unique_item::<T>(name, id)));
        }
        items.push(self.main_change(before, after)?);
        for name in had.difference(&has) {
            items.push(self.delete_any(table, &keys::unique(T::NOUN, name)));
        }
        items.extend(self.list_changes(before, after));
        Ok(items)
    }

    /// Where the lists show a thing from now on, beside the thing itself.
    pub(crate) fn list_changes<T: Thing>(
        &self,
        before: Option<&T>,
        after: Option<&T>,
    ) -> Vec<TransactWriteItem> {
        let table = &self.tables.directory;
        let (stood, stands) = (entries(before), entries(after));
        let new = stands.iter().filter(|(key, item)| stood.get(*key) != Some(item));
        let new = new.map(|(_, item)| self.put_any(table, item.clone()));
        let gone = stood.keys().filter(|key| !stands.contains_key(*key));
        new.chain(gone.map(|key| self.delete_any(table, key))).collect()
    }

    pub(crate) fn main_change<T: Thing>(
        &self,
        before: Option<&T>,
        after: Option<&T>,
    ) -> Result<TransactWriteItem, StoreError> {
        let table = &self.tables.directory;
        let unchanged = &format!("{} = :before", T::REVISION);
        let revision = |thing: &T| Item::from([(":before".to_owned(), number(thing.revision()))]);
        match (before, after) {
            (None, Some(after)) => Ok(self.new_item(table, main_item(after)?)),
            (Some(before), Some(after)) => {
                Ok(self.put_item(table, main_item(after)?, unchanged, revision(before)))
            }
            (Some(before), None) => {
                Ok(self.delete_item(table, &keys::place_of(before), unchanged, revision(before)))
            }
            (None, None) => Err(StoreError::corrupt(T::NOUN, "a change of nothing")),
        }
    }

    /// One page of a list. What `keep` refuses is passed over; where it refuses much, a page holds fewer
    /// than `limit` though there are more.
    pub async fn things<T: Thing>(
        &self,
        ask: &Ask,
        keep: impl Fn(&T) -> bool,
    ) -> Result<Page<T>, StoreError> {
        let column = ask.column.or(T::ORDER);
        let partition = keys::list_of(T::NOUNS, &ask.list, column);
        let mut range = Range::of(ask);
        let (mut kept, mut seen) = (Vec::new(), 0);
        loop {
            if range.is_empty() {
                return Ok(Page { items: kept, next: None });
            }
            let (items, is_last) = self.list_items(&partition, &range, ask).await?;
            let places: Vec<String> = items.iter().filter_map(place_of).collect();
            let things: Vec<Option<T>> = self.listed_things(items).await?;
            for (place, thing) in places.iter().zip(things) {
                seen += 1;
                kept.extend(thing.filter(&keep));
                if kept.len() == usize::from(ask.limit) || seen == READ_MAX {
                    let at_end = is_last && places.last() == Some(place);
                    return Ok(Page { items: kept, next: (!at_end).then(|| place.clone()) });
                }
                range.pass(place, ask.descending);
            }
            if is_last {
                return Ok(Page { items: kept, next: None });
            }
        }
    }

    /// Every thing of a list, in the order of the list. For lists that are short.
    pub async fn all_things<T: Thing>(&self, list: &str) -> Result<Vec<T>, StoreError> {
        let mut ask = Ask { list: list.to_owned(), limit: 500, ..Ask::default() };
        let mut all = Vec::new();
        loop {
            let page = self.things(&ask, |_| true).await?;
            all.extend(page.items);
            match page.next {
                Some(next) => ask.cursor = Some(next),
                None => return Ok(all),
            }
        }
    }

    async fn list_items(
        &self,
        partition: &str,
        range: &Range,
        ask: &Ask,
    ) -> Result<(Vec<Item>, bool), StoreError> {
        let query = self
            .dynamo
            .query()
            .table_name(&self.tables.directory)
            .index_name(BY_PARENT)
            .key_condition_expression("#parent = :parent AND #listed BETWEEN :low AND :high")
            .expression_attribute_names("#parent", PARENT)
            .expression_attribute_names("#listed", LISTED)
            .expression_attribute_values(":parent", text(partition))
            .expression_attribute_values(":low", text(&range.low))
            .expression_attribute_values(":high", text(&range.high))
            .scan_index_forward(!ask.descending)
            .limit(i32::from(ask.limit.clamp(1, BATCH_MAX as u16)));
        let answer = query.send().await.map_err(StoreError::aws("list things"))?;
        let is_last = answer.last_evaluated_key.is_none_or(|key| key.is_empty());
        Ok((answer.items.unwrap_or_default(), is_last))
    }

    /// The things that these items of a list are, or lead to; none for one that was deleted since.
    async fn listed_things<T: Thing>(&self, items: Vec<Item>) -> Result<Vec<Option<T>>, StoreError> {
        let table = match T::HOME {
            Home::Directory => &self.tables.directory,
            Home::Ledger => &self.tables.ledger,
            Home::Records => &self.tables.records,
        };
        let (mut things, mut wanted) = (Vec::with_capacity(items.len()), Vec::new());
        for (place, item) in items.into_iter().enumerate() {
            if item.contains_key(OF_PK) {
                let entry: Entry = read(T::NOUN, item)?;
                wanted.push((place, Key { pk: entry.of_pk, sk: entry.of_sk }));
                things.push(None);
            } else {
                things.push(Some(read(T::NOUN, item)?));
            }
        }
        for some in wanted.chunks(BATCH_MAX) {
            let some_keys: Vec<Key> = some.iter().map(|(_, key)| key.clone()).collect();
            let mut found = HashMap::new();
            for item in self.get_many(table, &some_keys).await? {
                found.insert((string(&item, keys::PK), string(&item, keys::SK)), item);
            }
            for (place, key) in some {
                let item = found.remove(&(Some(key.pk.clone()), Some(key.sk.clone())));
                let Some(item) = item else { continue };
                let item = self.with_charges(item).await?;
                things[*place] = item.map(|item| read(T::NOUN, item)).transpose()?;
            }
        }
        Ok(things)
    }
}

/// Where in a list to read, both ends included.
struct Range {
    low: String,
    high: String,
}

impl Range {
    fn of(ask: &Ask) -> Self {
        let begins = ask.begins.clone().unwrap_or_default();
        let mut range = Self {
            low: ask.from.clone().unwrap_or_default().max(begins.clone()),
            high: format!("{begins}{}", char::MAX),
        };
        if let Some(till) = &ask.till {
            range.high = range.high.min(till.clone());
        }
        // An index key is never empty.
        if range.low.is_empty() {
            range.low = keys::LISTED_END.to_string();
        }
        if let Some(cursor) = &ask.cursor {
            range.pass(cursor, ask.descending);
        }
        range
    }

    /// Goes on behind this place.
    fn pass(&mut self, place: &str, descending: bool) {
        if descending {
            self.high = self.high.clone().min(just_before(place));
        } else {
            self.low = self.low.clone().max(format!("{place}{}", keys::LISTED_END));
        }
    }

    fn is_empty(&self) -> bool {
        self.high < self.low
    }
}

/// The last text before this one, among those that lists hold.
fn just_before(place: &str) -> String {
    let mut before = place.to_owned();
    match before.pop().and_then(|last| char::from_u32(u32::from(last).saturating_sub(1))) {
        Some(last) => format!("{before}{last}{}", char::MAX),
        None => before,
    }
}

fn place_of(item: &Item) -> Option<String> {
    string(item, LISTED)
}

fn string(item: &Item, name: &str) -> Option<String> {
    match item.get(name) {
        Some(AttributeValue::S(text)) => Some(text.clone()),
        _ => None,
    }
}

fn names_of<T: Thing>(thing: Option<&T>) -> BTreeSet<String> {
    thing.map(Thing::unique).unwrap_or_default().into_iter().collect()
}

fn unique_item<T: Thing>(name: &str, id: &str) -> Item {
    let mut item = key_of(&keys::unique(T::NOUN, name));
    item.insert("of".to_owned(), text(id));
    item
}

/// A thing under its key, and in its main list if it has one.
pub(crate) fn main_item<T: Thing>(thing: &T) -> Result<Item, StoreError> {
    let key = keys::place_of(thing);
    match thing.lists().first() {
        Some(list) => listed(&key, &keys::listing(T::NOUNS, list, thing.id()), thing),
        None => document(&key, thing),
    }
}

/// The items by which the lists show a thing, beside the thing itself.
fn entries<T: Thing>(thing: Option<&T>) -> HashMap<Key, Item> {
    let Some(thing) = thing else { return HashMap::new() };
    let mut entries = HashMap::new();
    let main = keys::place_of(thing);
    for (place, list) in thing.lists().iter().enumerate() {
        let mut stand = |column: &str, parent: String, listed: String| {
            let key = keys::list_entry::<T>(thing.id(), list, column);
            let mut item = key_of(&key);
            item.insert(PARENT.to_owned(), text(parent));
            item.insert(LISTED.to_owned(), text(listed));
            item.insert(OF_PK.to_owned(), text(&main.pk));
            item.insert("of_sk".to_owned(), text(&main.sk));
            entries.insert(key, item);
        };
        for (column, value) in thing.columns_in(list) {
            let listed = format!("{value}{}{}", keys::LISTED_END, thing.id());
            stand(column, keys::list_of(T::NOUNS, list, Some(column)), listed);
        }
        // In its main list the thing itself stands by its id.
        if place > 0 && T::ORDER.is_none() {
            stand(keys::BY_ID, keys::list_of(T::NOUNS, list, None), thing.id().to_owned());
        }
    }
    entries
}
