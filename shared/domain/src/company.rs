//! The tenancy tree: the owner at the root, resellers below, clients at the leaves; and who sees what.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalog::{self, Thing};
use crate::id::CompanyId;
use crate::lookup::CompanyLookup;

/// Levels of the tree, the owner included. Bounds the path in every item and the legs of a refill.
pub const DEPTH_MAX: usize = 8;
const NAME_LENGTH_MAX: usize = 120;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompanyKind {
    /// The root of the tree: whoever runs the platform.
    Owner,
    Reseller,
    /// A reseller that may not create resellers.
    Seller,
    Client,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    pub id: CompanyId,
    pub name: String,
    pub kind: CompanyKind,
    /// From the owner down to this company itself.
    pub path: Vec<CompanyId>,
    pub enabled: bool,
    /// A reseller sends messages of its own only if its tenant allowed it; a client always may.
    pub direct_sending: bool,
    /// Which vendor is asked for the networks of its recipients; the numbering plan alone if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookup: Option<CompanyLookup>,
    pub created_at: Timestamp,
    /// Raised by every change, so that two editors cannot overwrite each other.
    #[serde(default)]
    pub revision: u64,
}

/// Listed under the company above it.
impl Thing for Company {
    const NOUN: &'static str = "company";
    const NOUNS: &'static str = "companies";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn revision(&self) -> u64 {
        self.revision
    }

    fn lists(&self) -> Vec<String> {
        self.tenant().map(ToString::to_string).into_iter().collect()
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("name", catalog::words(&self.name)),
            ("kind", catalog::choice(self.kind)),
            ("enabled", catalog::flag(self.enabled)),
        ]
    }
}

impl Company {
    /// The company above; the owner has none.
    pub fn tenant(&self) -> Option<&CompanyId> {
        self.path.iter().rev().nth(1)
    }

    pub fn may_send(&self) -> bool {
        self.kind == CompanyKind::Client || self.direct_sending
    }
}

/// The subtree that a caller may see and touch. Whatever lies outside reads as not found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subtree {
    pub root: CompanyId,
}

impl Subtree {
    pub fn sees(&self, company: &Company) -> bool {
        company.path.contains(&self.root)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCompany {
    pub id: CompanyId,
    pub name: String,
    pub kind: CompanyKind,
    pub direct_sending: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompanyError {
    #[error("a name has 1 to {NAME_LENGTH_MAX} characters")]
    Name,
    #[error("there is one owner: a new company is a reseller, a seller or a client")]
    SecondOwner,
    #[error("a {parent:?} may not create a company of this kind")]
    NotAllowed { parent: CompanyKind },
    #[error("the tree has at most {DEPTH_MAX} levels")]
    TooDeep,
    #[error("whether a company is enabled and may send is for the company above it to say")]
    OwnSettings,
    #[error("a look-up is a connection of the company itself or of one above it")]
    LookupOfOther,
    #[error("what another company looks up for this one is for that company to say")]
    LookupFromAbove,
}

/// New settings of a company; what is not named stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompanyChange {
    pub name: Option<String>,
    pub enabled: Option<bool>,
    pub direct_sending: Option<bool>,
    /// `Some(None)` ends look-ups.
    pub lookup: Option<Option<CompanyLookup>>,
}

/// A company below `parent`. Owner and resellers create any kind, sellers only clients, clients none.
pub fn plan_company(parent: &Company, ask: NewCompany, now: Timestamp) -> Result<Company, CompanyError> {
    let name = valid_name(&ask.name)?;
    if ask.kind == CompanyKind::Owner {
        return Err(CompanyError::SecondOwner);
    }
    let allowed = match parent.kind {
        CompanyKind::Owner | CompanyKind::Reseller => true,
        CompanyKind::Seller => ask.kind == CompanyKind::Client,
        CompanyKind::Client => false,
    };
    if !allowed {
        return Err(CompanyError::NotAllowed { parent: parent.kind });
    }
    if parent.path.len() >= DEPTH_MAX {
        return Err(CompanyError::TooDeep);
    }
    let path = parent.path.iter().cloned().chain([ask.id.clone()]).collect();
    let direct_sending = ask.direct_sending && ask.kind != CompanyKind::Client;
    Ok(Company {
        id: ask.id,
        name,
        kind: ask.kind,
        path,
        enabled: true,
        direct_sending,
        lookup: None,
        created_at: now,
        revision: 0,
    })
}

/// A company with new settings, as `by` asks for them. A company names itself; the rest is for those
/// above it, so nobody locks itself out and no reseller allows itself to send.
pub fn plan_change(company: &Company, by: &CompanyId, ask: CompanyChange) -> Result<Company, CompanyError> {
    if *by == company.id && (ask.enabled.is_some() || ask.direct_sending.is_some()) {
        return Err(CompanyError::OwnSettings);
    }
    let lookup = match ask.lookup {
        Some(new) => plan_lookup(company, by, new)?,
        None => company.lookup.clone(),
    };
    let direct_sending = ask.direct_sending.unwrap_or(company.direct_sending);
    Ok(Company {
        name: ask.name.map_or_else(|| Ok(company.name.clone()), |name| valid_name(&name))?,
        enabled: ask.enabled.unwrap_or(company.enabled),
        direct_sending: direct_sending && company.kind != CompanyKind::Client,
        lookup,
        revision: company.revision + 1,
        ..company.clone()
    })
}

/// Prices follow from what is looked up, so a company cannot end or replace what one above has set for it.
fn plan_lookup(
    company: &Company,
    by: &CompanyId,
    new: Option<CompanyLookup>,
) -> Result<Option<CompanyLookup>, CompanyError> {
    if new.as_ref().is_some_and(|new| !company.path.contains(&new.of)) {
        return Err(CompanyError::LookupOfOther);
    }
    let is_own = |lookup: &CompanyLookup| lookup.of == company.id;
    if *by == company.id && !company.lookup.as_ref().is_none_or(is_own) {
        return Err(CompanyError::LookupFromAbove);
    }
    Ok(new)
}

/// The root of a new platform.
pub fn plan_owner(id: CompanyId, name: &str, now: Timestamp) -> Result<Company, CompanyError> {
    let name = valid_name(name)?;
    let path = vec![id.clone()];
    Ok(Company {
        id,
        name,
        kind: CompanyKind::Owner,
        path,
        enabled: true,
        direct_sending: true,
        lookup: None,
        created_at: now,
        revision: 0,
    })
}

fn valid_name(name: &str) -> Result<String, CompanyError> {
    let name = name.trim();
    let length = name.chars().count();
    if length == 0 || length > NAME_LENGTH_MAX || name.chars().any(char::is_control) {
        return Err(CompanyError::Name);
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Company {
        plan_owner(CompanyId::new(0), "Owner", Timestamp::UNIX_EPOCH).unwrap()
    }

    fn below(parent: &Company, number: u128, kind: CompanyKind) -> Result<Company, CompanyError> {
        let ask = NewCompany { id: CompanyId::new(number), name: "A".into(), kind, direct_sending: false };
        plan_company(parent, ask, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_seller_creates_clients_and_no_resellers() {
        let seller = below(&owner(), 1, CompanyKind::Seller).unwrap();
        assert!(below(&seller, 2, CompanyKind::Client).is_ok());
        let refused = Err(CompanyError::NotAllowed { parent: CompanyKind::Seller });
        assert_eq!(below(&seller, 3, CompanyKind::Reseller), refused);
        assert_eq!(below(&seller, 3, CompanyKind::Seller), refused);
    }

    #[test]
    fn a_client_creates_nobody() {
        let client = below(&owner(), 1, CompanyKind::Client).unwrap();
        assert!(below(&client, 2, CompanyKind::Client).is_err());
    }

    #[test]
    fn a_company_names_itself_and_the_rest_is_for_those_above() {
        let reseller = below(&owner(), 1, CompanyKind::Reseller).unwrap();
        let name = CompanyChange { name: Some(" New ".into()), ..CompanyChange::default() };
        assert_eq!(plan_change(&reseller, &reseller.id, name).unwrap().name, "New");
        let sending = CompanyChange { direct_sending: Some(true), ..CompanyChange::default() };
        let refused = plan_change(&reseller, &reseller.id, sending.clone());
        assert_eq!(refused, Err(CompanyError::OwnSettings));
        assert!(plan_change(&reseller, &owner().id, sending).unwrap().may_send());
    }

    #[test]
    fn a_look_up_is_of_the_company_or_one_above_and_stays_if_set_from_above() {
        let reseller = below(&owner(), 1, CompanyKind::Reseller).unwrap();
        let client = below(&reseller, 2, CompanyKind::Client).unwrap();
        let of = |company: &Company| CompanyLookup {
            connection: crate::id::ConnectionId::derived(&["hlr"]),
            of: company.id.clone(),
        };
        let set = |company: &Company, by: &Company, lookup: Option<CompanyLookup>| {
            let ask = CompanyChange { lookup: Some(lookup), ..CompanyChange::default() };
            plan_change(company, &by.id, ask)
        };
        assert_eq!(set(&reseller, &reseller, Some(of(&client))), Err(CompanyError::LookupOfOther));
        let looked = set(&client, &reseller, Some(of(&reseller))).unwrap();
        assert_eq!(looked.lookup, Some(of(&reseller)));
        assert_eq!(set(&looked, &client, None), Err(CompanyError::LookupFromAbove));
        assert_eq!(set(&looked, &reseller, None).unwrap().lookup, None);
        let own = set(&reseller, &reseller, Some(of(&reseller))).unwrap();
        assert_eq!(set(&own, &reseller, None).unwrap().lookup, None);
        let name = CompanyChange { name: Some("New".into()), ..CompanyChange::default() };
        assert_eq!(plan_change(&looked, &client.id, name).unwrap().lookup, Some(of(&reseller)));
    }

    #[test]
    fn the_tree_is_at_most_eight_levels_deep() {
        let mut company = owner();
        for number in 1..DEPTH_MAX as u128 {
            company = below(&company, number, CompanyKind::Reseller).unwrap();
        }
        assert_eq!(below(&company, 99, CompanyKind::Client), Err(CompanyError::TooDeep));
    }

    #[test]
    fn a_company_sees_itself_and_what_is_below_and_nothing_else() {
        let owner = owner();
        let left = below(&owner, 1, CompanyKind::Reseller).unwrap();
        let right = below(&owner, 2, CompanyKind::Reseller).unwrap();
        let client = below(&left, 3, CompanyKind::Client).unwrap();
        let of = |company: &Company| Subtree { root: company.id.clone() };
        assert!(of(&left).sees(&left) && of(&left).sees(&client) && of(&owner).sees(&client));
        assert!(!of(&left).sees(&right) && !of(&left).sees(&owner) && !of(&right).sees(&client));
    }

    #[test]
    fn a_reseller_sends_only_if_its_tenant_allowed_it() {
        let reseller = below(&owner(), 1, CompanyKind::Reseller).unwrap();
        assert!(!reseller.may_send());
        assert!(Company { direct_sending: true, ..reseller }.may_send());
        assert!(below(&owner(), 2, CompanyKind::Client).unwrap().may_send());
    }
}
