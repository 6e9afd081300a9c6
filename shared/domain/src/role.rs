//! Roles: named grants that people of some companies are given. System roles belong to the product and
//! cannot be edited.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalog::{self, Thing};
use crate::id::{CompanyId, RoleId};
use crate::permission::{Area, Face, Grants, Level};

/// As the guide's form allows.
const NAME_LENGTH_MAX: usize = 40;
const DESCRIPTION_LENGTH_MAX: usize = 500;
/// Each is a list that the role stands in, and a transaction takes a hundred items.
const COMPANIES_MAX: usize = 10;

/// A role of somebody's own making.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    pub id: RoleId,
    /// Who made it.
    pub company: CompanyId,
    pub name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    pub face: Face,
    /// Whose people may have it beside those of the company that made it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub companies: Vec<CompanyId>,
    pub grants: Grants,
    pub created_at: Timestamp,
    #[serde(default)]
    pub revision: u64,
}

/// Listed under the company that made it, and under those it is for.
impl Thing for Role {
    const NOUN: &'static str = "role";
    const NOUNS: &'static str = "roles";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn revision(&self) -> u64 {
        self.revision
    }

    fn lists(&self) -> Vec<String> {
        [&self.company].into_iter().chain(&self.companies).map(ToString::to_string).collect()
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("name", catalog::words(&self.name)),
            ("face", catalog::choice(self.face)),
            ("company", self.company.to_string()),
        ]
    }
}

impl Role {
    /// Whether people of this company may have it.
    pub fn is_for(&self, company: &CompanyId) -> bool {
        self.company == *company || self.companies.contains(company)
    }
}

/// One of somebody's roles: of the product, or of somebody's own making.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum UserRole {
    System(SystemRole),
    Custom(RoleId),
}

impl UserRole {
    /// From the name of a system role, or from an id.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_value(text.into()).ok()
    }

    /// The id of one of somebody's own making.
    pub fn custom(&self) -> Option<&RoleId> {
        match self {
            Self::System(_) => None,
            Self::Custom(id) => Some(id),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRole {
    pub id: RoleId,
    pub name: String,
    pub description: String,
    pub face: Face,
    pub companies: Vec<CompanyId>,
    pub grants: Grants,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoleError {
    #[error("a name has 1 to {NAME_LENGTH_MAX} characters")]
    Name,
    #[error("a description has at most {DESCRIPTION_LENGTH_MAX} characters")]
    Description,
    #[error("a role is for at most {COMPANIES_MAX} companies beside its maker")]
    Companies,
    #[error("a role grants something")]
    Nothing,
    #[error("a role is for one face: {0:?} belongs to the other")]
    OtherFace(Area),
    #[error("you do not have {0:?} yourself to that degree")]
    NotYours(Area),
}

/// A role made by somebody with these grants.
pub fn plan_role(company: &CompanyId, own: &Grants, ask: NewRole, now: Timestamp) -> Result<Role, RoleError> {
    let name = ask.name.trim();
    let length = name.chars().count();
    if length == 0 || NAME_LENGTH_MAX < length || name.chars().any(char::is_control) {
        return Err(RoleError::Name);
    }
    if DESCRIPTION_LENGTH_MAX < ask.description.chars().count() {
        return Err(RoleError::Description);
    }
    let mut companies = ask.companies;
    companies.retain(|other| other != company);
    companies.sort();
    companies.dedup();
    if COMPANIES_MAX < companies.len() {
        return Err(RoleError::Companies);
    }
    if ask.grants == Grants::default() {
        return Err(RoleError::Nothing);
    }
    if let Some((area, _)) = ask.grants.iter().find(|(area, _)| area.face() != ask.face) {
        return Err(RoleError::OtherFace(area));
    }
    if let Some(area) = own.exceeded_by(&ask.grants) {
        return Err(RoleError::NotYours(area));
    }
    Ok(Role {
        id: ask.id,
        company: company.clone(),
        name: name.to_owned(),
        description: ask.description,
        face: ask.face,
        companies,
        grants: ask.grants,
        created_at: now,
        revision: 0,
    })
}

/// Other words and grants for a role, asked for by somebody with these grants. It keeps its id and its face.
/// Whoever had less than the role grants could otherwise take from others what is not theirs to judge.
pub fn plan_change(role: &Role, own: &Grants, ask: NewRole) -> Result<Role, RoleError> {
    if let Some(area) = own.exceeded_by(&role.grants) {
        return Err(RoleError::NotYours(area));
    }
    let ask = NewRole { id: role.id.clone(), face: role.face, ..ask };
    let planned = plan_role(&role.company, own, ask, role.created_at)?;
    Ok(Role { revision: role.revision + 1, ..planned })
}

/// A role that every company has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SystemRole {
    Admin,
    ClientManager,
    FinanceManager,
    NocEngineer,
    RateManager,
    PortalAdmin,
    PortalBroadcastManager,
    PortalFinanceManager,
    PortalNocEngineer,
}

impl SystemRole {
    pub const ALL: [Self; 9] = [
        Self::Admin,
        Self::ClientManager,
        Self::FinanceManager,
        Self::NocEngineer,
        Self::RateManager,
        Self::PortalAdmin,
        Self::PortalBroadcastManager,
        Self::PortalFinanceManager,
        Self::PortalNocEngineer,
    ];

    pub fn face(self) -> Face {
        match self {
            Self::Admin
            | Self::ClientManager
            | Self::FinanceManager
            | Self::NocEngineer
            | Self::RateManager => Face::BackOffice,
            Self::PortalAdmin
            | Self::PortalBroadcastManager
            | Self::PortalFinanceManager
            | Self::PortalNocEngineer => Face::ClientPortal,
        }
    }

    /// An administrator of a face is never locked out for being away.
    pub fn is_admin(self) -> bool {
        matches!(self, Self::Admin | Self::PortalAdmin)
    }

    pub fn grants(self) -> Grants {
        use Area::*;
        let (managed, viewed): (&[Area], &[Area]) = match self {
            Self::Admin | Self::PortalAdmin => return Grants::all_of(self.face()),
            Self::ClientManager => (
                &[
                    Companies,
                    LegalEntities,
                    Agreements,
                    EnabledServices,
                    SenderIds,
                    WhatsappAccounts,
                    WhatsappTemplates,
                    SenderIdApplications,
                    BankAccounts,
                    ExternalUsers,
                    PreModeration,
                ],
                &[Services, Payments, InvoicesAndCharges, Mccmnc, Reports, Portals, Banks, Transfers, Export],
            ),
            Self::FinanceManager => (
                &[
                    Payments,
                    InvoicesAndCharges,
                    AdditionalFees,
                    EdrRerate,
                    Transfers,
                    PrintableForms,
                    Banks,
                    BankAccounts,
                    OwnBankAccounts,
                    PaymentSystems,
                    Reports,
                    Export,
                ],
                &[Companies, LegalEntities, OwnLegalEntities, Agreements, EnabledServices, Services],
            ),
            Self::NocEngineer => (
                &[
                    VendorSmppConnections,
                    ClientSmppConnections,
                    HttpConnections,
                    LookupConnections,
                    SenderIds,
                    TwoFactorSms,
                ],
                &[Companies, Agreements, SenderIdApplications, Mccmnc, Reports, Audit, Export],
            ),
            Self::RateManager => (
                &[Services, EnabledServices, Mccmnc, Export],
                &[Companies, Agreements, AdditionalFees, Reports],
            ),
            Self::PortalBroadcastManager => (
                &[PortalMessages, PortalBroadcasts, PortalContacts, PortalTemplates, PortalExport],
                &[PortalDashboard, PortalStatistics],
            ),
            Self::PortalFinanceManager => {
                (&[PortalFinance, PortalExport], &[PortalDashboard, PortalStatistics])
            }
            Self::PortalNocEngineer => (
                &[PortalApiAccesses, PortalTwoFactorSms],
                &[PortalDashboard, PortalMessages, PortalBroadcasts, PortalStatistics, PortalAudit],
            ),
        };
        let managed = managed.iter().map(|area| (*area, Level::Manage));
        Grants::new(managed.chain(viewed.iter().map(|area| (*area, Level::View))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(grants: Grants) -> NewRole {
        NewRole {
            id: RoleId::new(1),
            name: " Cashier ".into(),
            description: String::new(),
            face: Face::BackOffice,
            companies: Vec::new(),
            grants,
        }
    }

    #[track_caller]
    fn check(own: &Grants, ask: NewRole, expected: Result<&str, RoleError>) {
        let role = plan_role(&CompanyId::new(1), own, ask, Timestamp::UNIX_EPOCH);
        assert_eq!(role.as_ref().map(|role| role.name.as_str()).map_err(Clone::clone), expected);
    }

    #[test]
    fn a_role_grants_no_more_than_its_maker_has() {
        let own = SystemRole::FinanceManager.grants();
        check(&own, ask(Grants::new([(Area::Payments, Level::Manage)])), Ok("Cashier"));
        check(
            &own,
            ask(Grants::new([(Area::Services, Level::Manage)])),
            Err(RoleError::NotYours(Area::Services)),
        );
    }

    #[test]
    fn a_role_has_a_name_one_face_and_something_to_grant() {
        let own = Grants::everything();
        check(&own, ask(Grants::default()), Err(RoleError::Nothing));
        let portal = Grants::new([(Area::PortalFinance, Level::View)]);
        check(&own, ask(portal), Err(RoleError::OtherFace(Area::PortalFinance)));
        let payments = || Grants::new([(Area::Payments, Level::View)]);
        check(&own, NewRole { name: " ".into(), ..ask(payments()) }, Err(RoleError::Name));
        check(&own, NewRole { name: "x".repeat(41), ..ask(payments()) }, Err(RoleError::Name));
    }

    #[test]
    fn a_role_is_changed_by_who_has_all_that_it_grants() {
        let own = SystemRole::FinanceManager.grants();
        let asked = || ask(Grants::new([(Area::Payments, Level::View)]));
        let role = plan_role(&CompanyId::new(1), &own, asked(), Timestamp::UNIX_EPOCH).unwrap();
        let changed = plan_change(&role, &own, NewRole { name: "Teller".into(), ..asked() }).unwrap();
        assert_eq!((changed.name.as_str(), changed.revision), ("Teller", 1));
        let less = SystemRole::NocEngineer.grants();
        assert_eq!(plan_change(&role, &less, asked()), Err(RoleError::NotYours(Area::Payments)));
    }

    #[test]
    fn a_users_role_is_the_name_of_a_system_role_or_an_id() {
        assert_eq!(UserRole::parse("portal_admin"), Some(UserRole::System(SystemRole::PortalAdmin)));
        let custom = UserRole::Custom(RoleId::new(7));
        assert_eq!(UserRole::parse(&catalog::choice(&custom)), Some(custom));
        assert_eq!(UserRole::parse("root"), None);
    }

    #[test]
    fn a_system_role_keeps_to_its_face_and_an_admin_has_all_of_it() {
        for role in SystemRole::ALL {
            assert!(role.grants().iter().all(|(area, _)| area.face() == role.face()), "{role:?}");
            assert_eq!(role.is_admin(), role.grants() == Grants::all_of(role.face()), "{role:?}");
        }
    }
}
