//! Sender IDs, found by agreement and address.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use domain::id::{AgreementId, CompanyId};
use domain::incoming::IncomingRule;
use domain::route::Routes;
use domain::sender::{Sender, SenderAddress, SenderStatus};
use serde::Serialize;

use crate::alone::write_alone;
use crate::item::{Partition, key_of, listed, read};
use crate::keys;
use crate::transact::Refused;
use crate::{Store, StoreError};

const KIND: &str = "a sender ID";
const SENDERS: &str = "senders";

/// What is to be different in a sender ID.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SenderChange {
    pub status: Option<SenderStatus>,
    pub routes: Option<Routes>,
    /// None in it: nothing from phones any more.
    pub incoming: Option<Option<IncomingRule>>,
}

impl Store {
    pub async fn sender(
        &self,
        agreement: &AgreementId,
        address: &SenderAddress,
    ) -> Result<Option<Sender>, StoreError> {
        self.get(&self.tables.directory, &keys::sender(agreement, address), KIND).await
    }

    pub async fn senders_of(&self, company: &CompanyId) -> Result<Vec<Sender>, StoreError> {
        let parent = keys::listing(SENDERS, company.as_str(), "").parent;
        self.all(&self.tables.directory, Partition::Listing(&parent), KIND).await
    }

    /// Stores a new sender ID, and where it is a number the entry by which messages from phones find it.
    /// False if the agreement has one with this address.
    pub async fn put_sender(&self, sender: &Sender) -> Result<bool, StoreError> {
        let (table, action) = (&self.tables.directory, "store the sender ID");
        let listing = keys::listing(SENDERS, sender.company.as_str(), sender.id.as_str());
        let item = listed(&keys::sender(&sender.agreement, &sender.address), &listing, sender)?;
        if !sender.address.is_numeric() {
            return self.put_if_new(table, item).await;
        }
        let number = key_of(&keys::incoming_number(sender.address.as_str(), &sender.agreement));
        match self.transact(action, vec![self.new_item(table, item), self.put_any(table, number)]).await {
            Ok(()) => Ok(true),
            Err(Refused::At(..)) => Ok(false),
            Err(Refused::Failed(error)) => Err(error),
        }
    }

    /// Changes a sender ID, and gives it as it is now; none if there is none. What is not named stays, also
    /// if somebody else changes that at this moment.
    pub async fn change_sender(
        &self,
        agreement: &AgreementId,
        address: &SenderAddress,
        change: &SenderChange,
    ) -> Result<Option<Sender>, StoreError> {
        let (mut set, mut remove) = (Vec::new(), Vec::new());
        if let Some(status) = &change.status {
            set.push(("status", attribute(status)?));
        }
        if let Some(routes) = &change.routes {
            set.push(("routes", attribute(routes)?));
        }
        match &change.incoming {
            Some(Some(rule)) => set.push(("incoming", attribute(rule)?)),
            Some(None) => remove.push("incoming"),
            None => {}
        }
        if set.is_empty() && remove.is_empty() {
            return self.sender(agreement, address).await;
        }
        let assignments: Vec<_> = set.iter().map(|(name, _)| format!("#{name} = :{name}")).collect();
        let removals: Vec<_> = remove.iter().map(|name| format!("#{name}")).collect();
        let parts = [("SET", assignments), ("REMOVE", removals)];
        let parts = parts.into_iter().filter(|(_, names)| !names.is_empty());
        let expression: Vec<_> = parts.map(|(verb, names)| format!("{verb} {}", names.join(", "))).collect();
        let mut update = self
            .dynamo
            .update_item()
            .table_name(&self.tables.directory)
            .set_key(Some(key_of(&keys::sender(agreement, address))))
            .update_expression(expression.join(" "))
            .condition_expression("attribute_exists(pk)")
            .return_values(ReturnValue::AllNew);
        for name in remove {
            update = update.expression_attribute_names(format!("#{name}"), name);
        }
        for (name, value) in set {
            update = update
                .expression_attribute_names(format!("#{name}"), name)
                .expression_attribute_values(format!(":{name}"), value);
        }
        let changed = write_alone("change a sender ID", || update.clone().send()).await?;
        changed.and_then(|answer| answer.attributes).map(|item| read(KIND, item)).transpose()
    }
}

fn attribute<T: Serialize>(value: &T) -> Result<AttributeValue, StoreError> {
    serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(value)
        .map_err(|error| StoreError::corrupt(KIND, error))
}
