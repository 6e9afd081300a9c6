//! How much hangs off a company or an agreement, counted in an item beside it. Lists are read from an
//! index, which shows a change a moment later; by these counts nothing is deleted with what was made a
//! moment ago, and nothing is made below what is deleted.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};

use crate::Store;
use crate::item::{Item, key_of, number};
use crate::keys;
use crate::transact::Change;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Companies directly below a company.
    Companies,
    /// Agreements of a company.
    Agreements,
    /// Sender IDs of a company, and under an agreement.
    Senders,
    /// Connections of a company.
    Connections,
    /// Agreements that are charged to an agreement as well, as to the nearest above them.
    Resold,
}

impl Use {
    fn field(self) -> &'static str {
        match self {
            Self::Companies => "companies",
            Self::Agreements => "agreements",
            Self::Senders => "senders",
            Self::Connections => "connections",
            Self::Resold => "resold",
        }
    }
}

impl Store {
    /// So many more hang off it, unless it was deleted.
    pub(crate) fn count_use(&self, of: &str, what: Use, more: i32) -> TransactWriteItem {
        self.update_item(Change {
            key: keys::uses(of),
            table: self.tables.directory.clone(),
            expression: format!("ADD {} :more", what.field()),
            condition: "attribute_not_exists(deleted)".to_owned(),
            names: Vec::new(),
            values: Item::from([(":more".to_owned(), number(more))]),
        })
    }

    /// Ends it, if exactly so much of each hangs off it. What stays keeps anything from being made meanwhile.
    pub(crate) fn end_uses(&self, of: &str, left: &[(Use, usize)]) -> TransactWriteItem {
        let mut mark = key_of(&keys::uses(of));
        mark.insert("deleted".to_owned(), AttributeValue::Bool(true));
        let (mut conditions, mut values) = (Vec::new(), Item::new());
        for (what, count) in left {
            let field = what.field();
            // Below none is what is left where something goes that was made before its kind was counted.
            conditions.push(match *count {
                0 => format!("(attribute_not_exists({field}) OR {field} <= :{field})"),
                _ => format!("{field} = :{field}"),
            });
            values.insert(format!(":{field}"), number(count));
        }
        self.put_item(&self.tables.directory, mark, &conditions.join(" AND "), values)
    }
}
