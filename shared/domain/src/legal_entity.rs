//! Legal entities: in whose name a company buys, and in whose name its tenant sells to it. Their details
//! stand on invoices.

use serde::{Deserialize, Serialize};

use crate::catalog;
use crate::id::{CompanyId, LegalEntityId, OwnLegalEntityId, PaymentSystemId, PortalId};
use crate::record::{Details, FieldError, Record, country, emails, id_of, line, text, words_of};
use crate::tax::{self, TaxRule};

const NAME_LENGTH_MAX: usize = 120;
const LEGAL_NAME_LENGTH_MAX: usize = 250;
const NUMBER_LENGTH_MAX: usize = 50;
const ADDRESS_LENGTH_MAX: usize = 500;
const PAYMENT_SYSTEMS_MAX: usize = 10;
const DEFAULT_TAKEN: (&str, &str) = ("is_default", "another one of the company is the default");

/// In whose name a company buys.
pub type LegalEntity = Record<EntityDetails>;
/// In whose name a company sells.
pub type OwnLegalEntity = Record<OwnEntityDetails>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityDetails {
    pub name: String,
    /// As it is registered.
    pub legal_name: String,
    /// Where it is registered, by the two letters of ISO 3166-1.
    pub country: String,
    /// Where a reseller's clients log in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal: Option<PortalId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<String>,
    #[serde(default)]
    pub notification_emails: Vec<String>,
    /// The one that forms begin with; a company has at most one.
    pub is_default: bool,
}

impl Details for EntityDetails {
    type Id = LegalEntityId;
    const NOUN: &'static str = "legal_entity";
    const NOUNS: &'static str = "legal_entities";
    const TAKEN: (&'static str, &'static str) = DEFAULT_TAKEN;
    const LISTED_ABOVE: bool = true;

    fn checked(self) -> Result<Self, FieldError> {
        let number = |field, number| text(field, number, NUMBER_LENGTH_MAX);
        let address = |field, address| text(field, address, ADDRESS_LENGTH_MAX);
        Ok(Self {
            name: line("name", self.name, NAME_LENGTH_MAX)?,
            legal_name: line("legal_name", self.legal_name, LEGAL_NAME_LENGTH_MAX)?,
            country: country("country", &self.country)?,
            portal: self.portal,
            tax_number: number("tax_number", self.tax_number)?,
            legal_number: number("legal_number", self.legal_number)?,
            vat_number: number("vat_number", self.vat_number)?,
            legal_address: address("legal_address", self.legal_address)?,
            billing_address: address("billing_address", self.billing_address)?,
            notification_emails: emails("notification_emails", self.notification_emails)?,
            is_default: self.is_default,
        })
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("name", catalog::words(&self.name)),
            ("legal_name", catalog::words(&self.legal_name)),
            ("country", self.country.clone()),
            ("portal", id_of(self.portal.as_ref())),
            ("tax_number", words_of(self.tax_number.as_ref())),
            ("legal_number", words_of(self.legal_number.as_ref())),
            ("vat_number", words_of(self.vat_number.as_ref())),
            ("legal_address", words_of(self.legal_address.as_ref())),
            ("billing_address", words_of(self.billing_address.as_ref())),
            ("is_default", catalog::flag(self.is_default)),
        ]
    }

    fn unique(&self, company: &CompanyId) -> Vec<String> {
        self.is_default.then(|| format!("{company}.default")).into_iter().collect()
    }
}

/// The same, with how its clients pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnEntityDetails {
    #[serde(flatten)]
    pub entity: EntityDetails,
    /// By which its clients top up; without one they cannot.
    #[serde(default)]
    pub payment_systems: Vec<PaymentSystemId>,
    /// What is added to its invoices, by the country of who buys.
    #[serde(default)]
    pub taxes: Vec<TaxRule>,
}

impl Details for OwnEntityDetails {
    type Id = OwnLegalEntityId;
    const NOUN: &'static str = "own_legal_entity";
    const NOUNS: &'static str = "own_legal_entities";
    const TAKEN: (&'static str, &'static str) = DEFAULT_TAKEN;

    fn checked(self) -> Result<Self, FieldError> {
        let entity = self.entity.checked()?;
        if PAYMENT_SYSTEMS_MAX < self.payment_systems.len() {
            let detail = format!("at most {PAYMENT_SYSTEMS_MAX} are allowed");
            return Err(FieldError::new("payment_systems", detail));
        }
        if entity.legal_number.is_none() {
            return Err(FieldError::new("legal_number", "who sells says the number it is registered under"));
        }
        let taxes = tax::checked(self.taxes)?;
        Ok(Self { entity, taxes, ..self })
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        self.entity.columns()
    }

    fn unique(&self, company: &CompanyId) -> Vec<String> {
        self.entity.unique(company)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::catalog::{Thing, list_with};
    use crate::record::tests::{HAND, refused, reseller};
    use crate::tax::tests::rule;

    pub(crate) fn details() -> EntityDetails {
        EntityDetails {
            name: "Hornes".into(),
            legal_name: "Hornes, Inc.".into(),
            country: "ca".into(),
            portal: None,
            tax_number: Some("  ".into()),
            legal_number: Some("654321".into()),
            vat_number: None,
            legal_address: None,
            billing_address: None,
            notification_emails: vec!["default@hoho.example".into()],
            is_default: true,
        }
    }

    #[test]
    fn an_entity_is_tidied_and_wrong_fields_are_named() {
        let tidy = details().checked().unwrap();
        assert_eq!((tidy.country.as_str(), tidy.tax_number), ("CA", None));
        assert_eq!(refused(EntityDetails { name: " ".into(), ..details() }), Some("name"));
        assert_eq!(refused(EntityDetails { country: "Canada".into(), ..details() }), Some("country"));
        let emails = vec!["nobody".into()];
        let wrong = EntityDetails { notification_emails: emails, ..details() };
        assert_eq!(refused(wrong), Some("notification_emails"));
    }

    #[test]
    fn a_company_has_one_default_and_as_many_others_as_it_likes() {
        let company = CompanyId::new(1);
        assert_eq!(details().unique(&company).len(), 1);
        assert_eq!(EntityDetails { is_default: false, ..details() }.unique(&company), Vec::<String>::new());
    }

    #[test]
    fn the_tenant_finds_the_entities_of_its_companies_in_one_list() {
        let reseller = reseller();
        let entity = LegalEntity::plan(LegalEntityId::new(1), &reseller, details(), HAND).unwrap();
        let tenant = reseller.tenant().unwrap();
        assert_eq!(entity.lists(), [reseller.id.to_string(), list_with(tenant.as_str())]);
        let changed = entity.plan_change(EntityDetails { is_default: false, ..details() }, HAND).unwrap();
        assert_eq!((changed.revision, changed.unique().len()), (1, 0));
    }

    #[test]
    fn who_sells_says_the_number_it_is_registered_under() {
        let own = |legal_number: Option<String>| OwnEntityDetails {
            entity: EntityDetails { legal_number, ..details() },
            payment_systems: Vec::new(),
            taxes: Vec::new(),
        };
        assert_eq!(refused(own(None)), Some("legal_number"));
        assert_eq!(refused(own(Some("1".into()))), None);
    }

    #[test]
    fn an_own_entity_is_stored_as_it_was() {
        let (payment_systems, taxes) = (vec![PaymentSystemId::new(1)], vec![rule(None, "19", true)]);
        let own = OwnEntityDetails { entity: details(), payment_systems, taxes };
        let own = OwnLegalEntity::plan(OwnLegalEntityId::new(1), &reseller(), own, HAND).unwrap();
        let text = serde_json::to_string(&own).unwrap();
        assert_eq!(serde_json::from_str::<OwnLegalEntity>(&text).unwrap(), own);
        assert!(text.contains(r#""name":"Hornes""#), "its fields stand side by side: {text}");
    }
}
