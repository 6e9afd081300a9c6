//! What a person may see and do: areas of the two portals, and for each area nothing, view or manage.
//!
//! Which companies somebody sees is another matter: see [`crate::company::Subtree`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The two faces of the product. A client's people have the client portal only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Face {
    BackOffice,
    ClientPortal,
}

/// How much of an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    #[default]
    None,
    View,
    Manage,
}

macro_rules! areas {
    ($($face:ident $section:literal: $($area:ident)*;)*) => {
        /// A part of a face that is granted by itself.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Area {
            $($($area,)*)*
        }

        impl Area {
            pub const ALL: &'static [Self] = &[$($(Self::$area,)*)*];

            pub fn face(self) -> Face {
                match self {
                    $($(Self::$area)|* => Face::$face,)*
                }
            }

            /// The heading that it stands under.
            pub fn section(self) -> &'static str {
                match self {
                    $($(Self::$area)|* => $section,)*
                }
            }
        }
    };
}

areas! {
    BackOffice "settings": NotificationTemplates NotificationChannels TwoFactorSms VendorSmppConnections
        ClientSmppConnections HttpConnections OwnLegalEntities SelfRegistration OwnBankAccounts
        LookupConnections PaymentSystems;
    BackOffice "account_management": Companies LegalEntities Agreements EnabledServices SenderIds
        WhatsappAccounts WhatsappTemplates SenderIdApplications PrintableForms Banks BankAccounts Transfers
        ExternalUsers;
    BackOffice "finance": Payments InvoicesAndCharges Services AdditionalFees EdrRerate;
    BackOffice "dictionaries": Mccmnc;
    BackOffice "portals": Portals;
    BackOffice "export": Export;
    BackOffice "audit": Audit;
    BackOffice "moderation": PreModeration;
    BackOffice "reports": Reports;
    BackOffice "users": Users Roles;
    ClientPortal "portal": PortalDashboard PortalMessages PortalBroadcasts PortalContacts PortalTemplates
        PortalApiAccesses PortalStatistics PortalTwoFactorSms PortalFinance PortalUsers PortalExport
        PortalAudit;
}

/// What is granted; nothing of what is not named.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Grants(BTreeMap<Area, Level>);

impl Grants {
    pub fn new(granted: impl IntoIterator<Item = (Area, Level)>) -> Self {
        Self(granted.into_iter().filter(|(_, level)| *level != Level::None).collect())
    }

    /// Everything of a face.
    pub fn all_of(face: Face) -> Self {
        Self::new(Area::ALL.iter().filter(|area| area.face() == face).map(|area| (*area, Level::Manage)))
    }

    pub fn everything() -> Self {
        Self::new(Area::ALL.iter().map(|area| (*area, Level::Manage)))
    }

    pub fn level(&self, area: Area) -> Level {
        self.0.get(&area).copied().unwrap_or_default()
    }

    pub fn allows(&self, area: Area, level: Level) -> bool {
        level <= self.level(area)
    }

    pub fn iter(&self) -> impl Iterator<Item = (Area, Level)> + '_ {
        self.0.iter().map(|(area, level)| (*area, *level))
    }

    /// Of several roles the more counts.
    pub fn and(mut self, other: &Self) -> Self {
        for (area, level) in other.iter() {
            let known = self.0.entry(area).or_default();
            *known = (*known).max(level);
        }
        self
    }

    /// No more than a scope says of each area.
    pub fn at_most(&self, scope: &Self) -> Self {
        Self::new(self.iter().map(|(area, level)| (area, level.min(scope.level(area)))))
    }

    /// The first area of which `asked` has more. Nobody grants what they do not have.
    pub fn exceeded_by(&self, asked: &Self) -> Option<Area> {
        asked.iter().find(|(area, level)| !self.allows(*area, *level)).map(|(area, _)| area)
    }

    /// Only what belongs to a face.
    pub fn within(&self, face: Face) -> Self {
        Self(
            self.0
                .iter()
                .filter(|(area, _)| area.face() == face)
                .map(|(area, level)| (*area, *level))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(granted: &[(Area, Level)]) -> Grants {
        Grants::new(granted.iter().copied())
    }

    #[test]
    fn who_manages_an_area_also_views_it() {
        let grants = grants(&[(Area::Payments, Level::Manage), (Area::Audit, Level::View)]);
        assert!(grants.allows(Area::Payments, Level::View) && grants.allows(Area::Payments, Level::Manage));
        assert!(grants.allows(Area::Audit, Level::View) && !grants.allows(Area::Audit, Level::Manage));
        assert!(!grants.allows(Area::Services, Level::View) && grants.allows(Area::Services, Level::None));
    }

    #[test]
    fn nobody_grants_what_they_do_not_have() {
        let own = grants(&[(Area::Payments, Level::View), (Area::Users, Level::Manage)]);
        assert_eq!(own.exceeded_by(&grants(&[(Area::Payments, Level::View)])), None);
        assert_eq!(own.exceeded_by(&grants(&[(Area::Payments, Level::Manage)])), Some(Area::Payments));
        assert_eq!(own.exceeded_by(&grants(&[(Area::Audit, Level::View)])), Some(Area::Audit));
        assert_eq!(Grants::everything().exceeded_by(&Grants::all_of(Face::BackOffice)), None);
    }

    #[test]
    fn of_several_roles_the_more_counts() {
        let first = grants(&[(Area::Payments, Level::View), (Area::Users, Level::Manage)]);
        let both = first.and(&grants(&[(Area::Payments, Level::Manage), (Area::Users, Level::View)]));
        assert_eq!(both, grants(&[(Area::Payments, Level::Manage), (Area::Users, Level::Manage)]));
    }

    #[test]
    fn a_scope_takes_away_and_never_adds() {
        let own = grants(&[(Area::Payments, Level::Manage), (Area::Audit, Level::View)]);
        let scope = grants(&[(Area::Payments, Level::View), (Area::Services, Level::Manage)]);
        assert_eq!(own.at_most(&scope), grants(&[(Area::Payments, Level::View)]));
    }

    #[test]
    fn the_two_faces_share_no_area() {
        let (office, portal) = (Grants::all_of(Face::BackOffice), Grants::all_of(Face::ClientPortal));
        assert_eq!((office.iter().count(), portal.iter().count()), (37, 12));
        assert_eq!(Grants::everything().within(Face::ClientPortal), portal);
        assert_eq!(office.within(Face::ClientPortal), Grants::default());
    }

    #[test]
    fn grants_are_stored_by_name() {
        let grants = grants(&[(Area::EdrRerate, Level::View), (Area::Audit, Level::None)]);
        let text = serde_json::to_string(&grants).unwrap();
        assert_eq!(text, r#"{"edr_rerate":"view"}"#);
        assert_eq!(serde_json::from_str::<Grants>(&text).unwrap(), grants);
    }
}
