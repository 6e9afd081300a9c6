//! What becomes of somebody who registers at a portal without being invited: which company, agreement and
//! user are made. The registration itself is done elsewhere.

use serde::{Deserialize, Serialize};

use crate::agreement::{Charging, CreditLimit};
use crate::catalog;
use crate::id::{
    AgreementId, BankAccountId, CompanyId, OwnLegalEntityId, PortalId, RoleId, SelfRegistrationId, ServiceId,
    TwoFactorIntegrationId,
};
use crate::money::Currency;
use crate::period::BillingTerms;
use crate::permission::Face;
use crate::record::{Details, FieldError, Record, line};
use crate::role::SystemRole;
use crate::upload::{DOCUMENTS, FileName};
use crate::user::parse_email;

/// Of an agreement's code the rest is the number that the registration gives it.
const CODE_PREFIX_LENGTH_MAX: usize = 20;
const SERVICES_MAX: usize = 50;
const ROLES_MAX: usize = 20;

/// The settings of a portal and the legal entity in whose name it sells.
pub type SelfRegistration = Record<RegistrationDetails>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationDetails {
    /// In whose name the new agreements are.
    pub own_legal_entity: OwnLegalEntityId,
    pub portal: PortalId,
    /// Where the new clients pay to.
    pub own_bank_account: BankAccountId,
    pub enabled: bool,
    /// What somebody who registers has to agree to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<FileName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy: Option<FileName>,
    /// What sends the code that proves a phone number; the number is taken as it is without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_verification: Option<TwoFactorIntegrationId>,
    /// Who is told of new registrations, and of those that failed.
    pub report_email: String,
    /// Whether what the new company does waits for moderation.
    pub moderation: bool,
    /// Whether the new company's users log in with two factors.
    pub two_factor: bool,
    /// Whether the new company sees its invoices.
    pub invoices_enabled: bool,
    pub agreement: AgreementTemplate,
    /// Rate plans that are enabled at once.
    #[serde(default)]
    pub services: Vec<ServiceId>,
    /// Packs that are given at once, free.
    #[serde(default)]
    pub packs: Vec<ServiceId>,
    /// What the first user may do; the portal's admin does everything.
    pub roles: Vec<RegistrationRole>,
}

/// The agreement that every registration gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementTemplate {
    /// Codes begin with it.
    pub code_prefix: String,
    pub currency: Currency,
    pub charging: Charging,
    pub credit_limit: CreditLimit,
    pub billing: BillingTerms,
    /// The tenant's own agreement that it resells under; none for the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resold_under: Option<AgreementId>,
}

/// A role of the client portal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RegistrationRole {
    System(SystemRole),
    Custom(RoleId),
}

impl RegistrationRole {
    /// By its name or its id.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_value(serde_json::Value::from(text)).ok()
    }
}

impl Details for RegistrationDetails {
    type Id = SelfRegistrationId;
    const NOUN: &'static str = "self_registration";
    const NOUNS: &'static str = "self_registrations";
    const TAKEN: (&'static str, &'static str) = ("portal", "this portal has such settings already");

    fn checked(mut self) -> Result<Self, FieldError> {
        for (field, file) in [("terms", &self.terms), ("privacy", &self.privacy)] {
            if file.as_ref().is_some_and(|file| !DOCUMENTS.contains(&file.kind())) {
                return Err(FieldError::new(field, "it has to be a PDF file"));
            }
        }
        let email = parse_email(&self.report_email);
        self.report_email = email.map_err(|error| FieldError::new("report_email", error))?;
        self.agreement = self.agreement.checked()?;
        for (field, services) in [("services", &self.services), ("packs", &self.packs)] {
            if SERVICES_MAX < services.len() {
                return Err(FieldError::new(field, format!("at most {SERVICES_MAX} are allowed")));
            }
            let is_again = |(place, id): (usize, &ServiceId)| services[..place].contains(id);
            if services.iter().enumerate().any(is_again) {
                return Err(FieldError::new(field, "each is named once"));
            }
        }
        if self.roles.is_empty() || ROLES_MAX < self.roles.len() {
            return Err(FieldError::new("roles", format!("1 to {ROLES_MAX} roles are allowed")));
        }
        let is_portals = |role: &RegistrationRole| match role {
            RegistrationRole::System(role) => role.face() == Face::ClientPortal,
            RegistrationRole::Custom(_) => true,
        };
        if !self.roles.iter().all(is_portals) {
            return Err(FieldError::new("roles", "who registers gets roles of the client portal only"));
        }
        Ok(self)
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("portal", self.portal.to_string()),
            ("own_legal_entity", self.own_legal_entity.to_string()),
            ("enabled", catalog::flag(self.enabled)),
            ("verification", catalog::flag(self.phone_verification.is_some())),
            ("moderation", catalog::flag(self.moderation)),
            ("currency", self.agreement.currency.code().to_owned()),
        ]
    }

    /// Who registers at a portal gets one agreement, so a portal has one set of settings.
    fn unique(&self, _company: &CompanyId) -> Vec<String> {
        vec![self.portal.to_string()]
    }
}

impl AgreementTemplate {
    fn checked(mut self) -> Result<Self, FieldError> {
        self.code_prefix = line("agreement", self.code_prefix, CODE_PREFIX_LENGTH_MAX)?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        if !self.code_prefix.chars().all(allowed) {
            return Err(FieldError::new("agreement", "a code has letters, digits and any of - _ . /"));
        }
        if let CreditLimit::Limited(limit) = self.credit_limit
            && (limit.is_negative() || CreditLimit::Unlimited.amount() < limit)
        {
            return Err(FieldError::new("agreement", "a credit limit is not negative"));
        }
        self.billing.check().map_err(|error| FieldError::new("agreement", error))?;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::refused;
    use crate::upload::FileKind;

    fn details() -> RegistrationDetails {
        RegistrationDetails {
            own_legal_entity: OwnLegalEntityId::new(1),
            portal: PortalId::new(2),
            own_bank_account: BankAccountId::new(3),
            enabled: true,
            terms: Some(FileName::new(4, FileKind::Pdf)),
            privacy: None,
            phone_verification: None,
            report_email: "report@example.com".into(),
            moderation: true,
            two_factor: false,
            invoices_enabled: true,
            agreement: AgreementTemplate {
                code_prefix: "REG-".into(),
                currency: Currency::parse("EUR").unwrap(),
                charging: Charging::Prefunded,
                credit_limit: CreditLimit::Limited(crate::money::Amount::ZERO),
                billing: BillingTerms::monthly_utc(),
                resold_under: None,
            },
            services: vec![ServiceId::new(5)],
            packs: Vec::new(),
            roles: vec![RegistrationRole::System(SystemRole::PortalAdmin)],
        }
    }

    #[test]
    fn who_registers_gets_no_role_of_the_back_office() {
        assert_eq!(refused(details()), None);
        let roles = |roles| RegistrationDetails { roles, ..details() };
        assert_eq!(refused(roles(vec![RegistrationRole::System(SystemRole::Admin)])), Some("roles"));
        assert_eq!(refused(roles(Vec::new())), Some("roles"));
        assert_eq!(refused(roles(vec![RegistrationRole::Custom(RoleId::new(1))])), None);
    }

    #[test]
    fn a_service_is_enabled_once() {
        let twice = RegistrationDetails { packs: vec![ServiceId::new(5), ServiceId::new(5)], ..details() };
        assert_eq!(refused(twice), Some("packs"));
    }

    #[test]
    fn what_one_agrees_to_is_a_pdf() {
        let terms = Some(FileName::new(4, FileKind::Png));
        assert_eq!(refused(RegistrationDetails { terms, ..details() }), Some("terms"));
    }

    #[test]
    fn the_agreement_is_one_that_could_be_made_by_hand() {
        let mut prefix = details();
        prefix.agreement.code_prefix = "a b".into();
        assert_eq!(refused(prefix), Some("agreement"));
        let mut day = details();
        day.agreement.billing.billing_day = 40;
        assert_eq!(refused(day), Some("agreement"));
    }

    #[test]
    fn a_role_is_named_by_its_name_or_its_id() {
        let text = serde_json::to_string(&details().roles).unwrap();
        assert_eq!(text, r#"["portal_admin"]"#);
        assert_eq!(RegistrationRole::parse("portal_admin"), Some(details().roles.remove(0)));
        let custom = RoleId::new(9);
        assert_eq!(RegistrationRole::parse(custom.as_str()), Some(RegistrationRole::Custom(custom)));
        assert_eq!(RegistrationRole::parse("root"), None);
    }
}
