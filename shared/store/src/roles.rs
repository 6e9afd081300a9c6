//! Roles. Beside each stands how many have it, so that none is deleted that somebody has.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::audit::Act;
use domain::catalog::Thing;
use domain::id::RoleId;
use domain::role::Role;

use crate::item::{Item, key_of, number, read};
use crate::keys;
use crate::transact::{Change, Refused};
use crate::{Store, StoreError};

/// What became of a role that was to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleDeleted {
    Now,
    /// Somebody has it.
    InUse,
    /// Somebody else has changed or deleted it since it was read.
    Overtaken,
}

/// DynamoDB reads at most this many items in one batch.
const BATCH_MAX: usize = 100;

impl Store {
    /// Those of these roles that there are.
    pub async fn roles(&self, ids: &[RoleId]) -> Result<Vec<Role>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let wanted: BTreeSet<_> = ids.iter().map(|id| keys::thing::<Role>(id.as_str())).collect();
        let wanted: Vec<_> = wanted.into_iter().collect();
        let mut roles = Vec::with_capacity(wanted.len());
        for some in wanted.chunks(BATCH_MAX) {
            for item in self.get_many(&self.tables.directory, some).await? {
                roles.push(read("a role", item)?);
            }
        }
        Ok(roles)
    }

    /// So many more people have a role, unless it was deleted.
    pub(crate) fn count_role(&self, role: &RoleId, more: i32) -> TransactWriteItem {
        self.update_item(Change {
            key: keys::role_holders(role),
            table: self.tables.directory.clone(),
            expression: "ADD holders :more".to_owned(),
            condition: "attribute_not_exists(deleted)".to_owned(),
            names: Vec::new(),
            values: Item::from([(":more".to_owned(), number(more))]),
        })
    }

    /// Deletes a role that nobody has. What is left of it keeps anybody from being given it meanwhile.
    pub async fn delete_role(&self, act: &Act, role: &Role) -> Result<RoleDeleted, StoreError> {
        let mut mark = key_of(&keys::role_holders(&role.id));
        mark.insert("deleted".to_owned(), aws_sdk_dynamodb::types::AttributeValue::Bool(true));
        let nobody = "attribute_not_exists(pk) OR holders = :nobody";
        let values = Item::from([(":nobody".to_owned(), number(0))]);
        let mut items = vec![self.put_item(&self.tables.directory, mark, nobody, values)];
        items.extend(self.changes(act, Some(role), None)?);
        match self.transact("delete a role", items).await {
            Ok(()) => Ok(RoleDeleted::Now),
            Err(Refused::At(..)) if self.thing::<Role>(Thing::id(role)).await?.is_none() => {
                Ok(RoleDeleted::Now)
            }
            Err(Refused::At(0, _)) => Ok(RoleDeleted::InUse),
            Err(Refused::At(..)) => Ok(RoleDeleted::Overtaken),
            Err(Refused::Failed(error)) => Err(error),
        }
    }
}
