//! What people call those whose ids stand in the rows of a list: agreements by code, all others by name. A row is
//! answered with these, and a list by such a column is in their order.

use std::collections::{BTreeMap, BTreeSet};

use domain::agreement::Agreement;
use domain::api_key::ApiKey;
use domain::bank_account::Bank;
use domain::catalog::{self, Thing};
use domain::company::Company;
use domain::id::{AgreementId, BankId, CompanyId, LegalEntityId, OwnLegalEntityId, PortalId, UserId};
use domain::invoice::Invoice;
use domain::legal_entity::{LegalEntity, OwnLegalEntity};
use domain::portal::Portal;
use domain::user::User;
use serde::Serialize;
use store::{Store, StoreError};
use utoipa::ToSchema;

/// The columns of lists that hold ids of such.
pub const NAMED: [&str; 7] =
    ["company", "agreement", "client", "legal_entity", "own_legal_entity", "bank", "portal"];

/// By id.
#[derive(Debug, Clone, Default)]
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// Of these ids, which whoever asks sees already: a hundred in one read, each once.
    pub async fn of(store: &Store, ids: BTreeSet<String>) -> Result<Self, StoreError> {
        let (companies, agreements, entities, own, banks, portals, users) = tokio::try_join!(
            with::<Company>(store, &ids, CompanyId::PREFIX),
            with::<Agreement>(store, &ids, AgreementId::PREFIX),
            with::<LegalEntity>(store, &ids, LegalEntityId::PREFIX),
            with::<OwnLegalEntity>(store, &ids, OwnLegalEntityId::PREFIX),
            with::<Bank>(store, &ids, BankId::PREFIX),
            with::<Portal>(store, &ids, PortalId::PREFIX),
            with::<User>(store, &ids, UserId::PREFIX),
        )?;
        let mut names = BTreeMap::new();
        names.extend(companies.into_iter().map(|it| (it.id.to_string(), it.name)));
        names.extend(agreements.into_iter().map(|it| (it.id.to_string(), it.code)));
        names.extend(entities.into_iter().map(|it| (it.id.to_string(), it.details.name)));
        names.extend(own.into_iter().map(|it| (it.id.to_string(), it.details.entity.name)));
        names.extend(banks.into_iter().map(|it| (it.id.to_string(), it.details.name)));
        names.extend(portals.into_iter().map(|it| (it.id.to_string(), it.details.name)));
        names.extend(users.into_iter().map(|it| (it.id.to_string(), it.name)));
        Ok(Self(names))
    }

    /// These, and those of more ids.
    pub async fn and(&self, store: &Store, mut ids: BTreeSet<String>) -> Result<Self, StoreError> {
        ids.retain(|id| !self.0.contains_key(id));
        let mut names = Self::of(store, ids).await?;
        names.0.extend(self.0.clone());
        Ok(names)
    }

    /// None of what there is none of.
    pub fn get(&self, id: &str) -> Option<String> {
        self.0.get(id).cloned()
    }

    /// What sorts as the name does, and those of one name by their ids; the id of what has none.
    pub fn sort_text(&self, id: String) -> String {
        match self.0.get(&id) {
            Some(name) => format!("{}{id}", store::whole_value(&catalog::words(name))),
            None => id,
        }
    }

    pub fn company(&self, id: &CompanyId) -> CompanyName {
        CompanyName { company_name: self.get(id.as_str()) }
    }

    pub fn payer(&self, company: &CompanyId, agreement: &AgreementId) -> PayerNames {
        self.payer_of([company.as_str(), agreement.as_str()])
    }

    /// The same by texts, which are empty of what is nobody's.
    pub fn payer_of(&self, [company, agreement]: [&str; 2]) -> PayerNames {
        PayerNames { company_name: self.get(company), agreement_code: self.get(agreement) }
    }

    pub fn key_owner(&self, key: &ApiKey) -> KeyOwnerNames {
        let user = key.user.as_ref();
        KeyOwnerNames {
            company_name: self.get(key.company.as_str()),
            user_name: user.and_then(|user| self.get(user.as_str())),
        }
    }

    /// Of the three that [`parties_of`] tells.
    pub fn parties(&self, [company, agreement, seller]: [&str; 3]) -> InvoiceNames {
        InvoiceNames {
            company_name: self.get(company),
            agreement_code: self.get(agreement),
            own_legal_entity_name: self.get(seller),
        }
    }
}

/// Those whose ids begin so.
async fn with<T: Thing>(store: &Store, ids: &BTreeSet<String>, prefix: &str) -> Result<Vec<T>, StoreError> {
    let ids: Vec<&str> = ids.iter().map(String::as_str).filter(|id| id.starts_with(prefix)).collect();
    store.things_by_id(&ids).await
}

/// Those whom an invoice names: who pays, under what, and in whose name it is.
pub fn parties_of(invoice: &Invoice) -> [&str; 3] {
    let seller = invoice.own_legal_entity.as_ref().map_or("", OwnLegalEntityId::as_str);
    [invoice.company.as_str(), invoice.agreement.as_str(), seller]
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CompanyName {
    /// What the company is called.
    #[schema(example = "Bakery")]
    company_name: Option<String>,
}

/// Of the company that pays, and of the agreement under which it does.
#[derive(Debug, Serialize, ToSchema)]
pub struct PayerNames {
    /// What the company is called.
    #[schema(example = "Bakery")]
    company_name: Option<String>,
    /// The agreement's code.
    #[schema(example = "BAK-2026")]
    agreement_code: Option<String>,
}

/// Of those whose calls an API key makes.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyOwnerNames {
    /// What the company is called.
    #[schema(example = "Bakery")]
    company_name: Option<String>,
    /// The user's name; null where the key is the company's own.
    #[schema(example = "Anna Weber")]
    user_name: Option<String>,
}

/// Of those whom an invoice names.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvoiceNames {
    /// What the company is called.
    #[schema(example = "Bakery")]
    company_name: Option<String>,
    /// The agreement's code.
    #[schema(example = "BAK-2026")]
    agreement_code: Option<String>,
    /// What the legal entity is called; null where the agreement names none, or it was deleted.
    #[schema(example = "Waybill GmbH")]
    own_legal_entity_name: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_in_the_order_of_names_and_those_of_two_of_one_name_are_not_mixed() {
        let named = [("com_1", "Bakery"), ("com_2", "Bakery"), ("com_3", "Bake"), ("com_4", "bakery two")];
        let names = Names(named.map(|(id, name)| (id.to_owned(), name.to_owned())).into());
        let mut rows = [("com_2", 'a'), ("com_4", 'b'), ("com_1", 'c'), ("com_3", 'd'), ("com_1", 'e')];
        rows.sort_by_key(|(id, row)| (names.sort_text((*id).to_owned()), *row));
        assert_eq!(rows.map(|(_, row)| row), ['d', 'c', 'e', 'a', 'b']);
    }
}
