//! What people call those whose ids stand in the rows of a list: agreements by code, all others by name. A row is
//! answered with these, and a list by such a column is in their order.

use std::collections::{BTreeMap, BTreeSet};

use domain::agreement::Agreement;
use domain::bank_account::Bank;
use domain::catalog::{self, Thing};
use domain::company::Company;
use domain::id::{AgreementId, BankId, CompanyId, LegalEntityId, OwnLegalEntityId, PortalId};
use domain::invoice::Invoice;
use domain::legal_entity::{LegalEntity, OwnLegalEntity};
use domain::portal::Portal;
use serde::Serialize;
use store::{Store, StoreError};
use utoipa::ToSchema;

/// The columns of lists that hold ids of such.
pub const NAMED: [&str; 7] =
    ["company", "agreement", "client", "legal_entity", "own_legal_entity", "bank", "portal"];

/// By id.
#[derive(Debug, Default)]
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// Of these ids, which whoever asks sees already: a hundred in one read, each once.
    pub async fn of(store: &Store, ids: BTreeSet<String>) -> Result<Self, StoreError> {
        let (companies, agreements, entities, own, banks, portals) = tokio::try_join!(
            with::<Company>(store, &ids, CompanyId::PREFIX),
            with::<Agreement>(store, &ids, AgreementId::PREFIX),
            with::<LegalEntity>(store, &ids, LegalEntityId::PREFIX),
            with::<OwnLegalEntity>(store, &ids, OwnLegalEntityId::PREFIX),
            with::<Bank>(store, &ids, BankId::PREFIX),
            with::<Portal>(store, &ids, PortalId::PREFIX),
        )?;
        let mut names = BTreeMap::new();
        names.extend(companies.into_iter().map(|it| (it.id.to_string(), it.name)));
        names.extend(agreements.into_iter().map(|it| (it.id.to_string(), it.code)));
        names.extend(entities.into_iter().map(|it| (it.id.to_string(), it.details.name)));
        names.extend(own.into_iter().map(|it| (it.id.to_string(), it.details.entity.name)));
        names.extend(banks.into_iter().map(|it| (it.id.to_string(), it.details.name)));
        names.extend(portals.into_iter().map(|it| (it.id.to_string(), it.details.name)));
        Ok(Self(names))
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
        PayerNames { company_name: self.get(company.as_str()), agreement_code: self.get(agreement.as_str()) }
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
