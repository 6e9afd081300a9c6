//! The tenancy tree: the owner at the root, resellers below, clients at the leaves; and who sees what.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalog::{self, Thing};
use crate::channel::Channel;
use crate::id::{CompanyId, FeeRuleId, InvoiceId, OwnLegalEntityId, WalletId};
use crate::lookup::CompanyLookup;

/// Levels of the tree, the owner included. Bounds the path in every item and the legs of a refill.
pub const DEPTH_MAX: usize = 8;
const NAME_LENGTH_MAX: usize = 120;
const DESCRIPTION_LENGTH_MAX: usize = 1_000;

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

/// Whether a company may use the platform, as far as it depends on the company itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompanyStatus {
    Active,
    /// Refused with all below it until it is enabled again.
    Disabled,
    /// Refused for good; what it did can still be read.
    Deleted,
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
    #[serde(flatten)]
    pub settings: CompanySettings,
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// None until it is changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// Raised by every change, so that two editors cannot overwrite each other.
    #[serde(default)]
    pub revision: u64,
}

/// What the company above sets for it (guide, section 6.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CompanySettings {
    pub description: String,
    /// In whose name the company above sells to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<OwnLegalEntityId>,
    /// It is shown its invoices and their charges.
    pub invoices_enabled: bool,
    /// Whether recipients are looked up, where there is a look-up.
    pub mnp_requests: bool,
    /// Of which channels.
    pub mnp_channels: BTreeSet<Channel>,
    /// What its people want to send to many waits for somebody's decision.
    pub moderation: bool,
    /// Its people log in with a second factor.
    pub two_factor_required: bool,
    /// What its new agreements begin with.
    pub individual_credits: bool,
}

impl Default for CompanySettings {
    fn default() -> Self {
        Self {
            description: String::new(),
            own_legal_entity: None,
            invoices_enabled: true,
            mnp_requests: true,
            mnp_channels: BTreeSet::from([Channel::Sms]),
            moderation: false,
            two_factor_required: false,
            individual_credits: false,
        }
    }
}

/// Listed under the company above it, and under the connection that its recipients are looked up with.
impl Thing for Company {
    const NOUN: &'static str = "company";
    const NOUNS: &'static str = "companies";
    const ORDER: Option<&'static str> = Some("created_at");

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn revision(&self) -> u64 {
        self.revision
    }

    fn lists(&self) -> Vec<String> {
        let lookup = self.lookup.as_ref().filter(|_| !self.is_deleted());
        let lookup = lookup.map(|lookup| lookup.connection.to_string());
        self.tenant().map(ToString::to_string).into_iter().chain(lookup).collect()
    }

    /// Under a connection it is only looked for.
    fn columns_in(&self, list: &str) -> Vec<(&'static str, String)> {
        let is_of_tenant = self.tenant().is_some_and(|tenant| tenant.as_str() == list);
        let mut columns = self.columns();
        columns.retain(|(name, _)| is_of_tenant || Self::ORDER == Some(*name));
        columns
    }

    fn is_gone(&self) -> bool {
        self.is_deleted()
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("created_at", catalog::time(self.created_at)),
            ("name", catalog::words(&self.name)),
            ("kind", catalog::choice(self.kind)),
            ("enabled", catalog::flag(self.enabled)),
            ("status", catalog::choice(self.status())),
            ("moderation", catalog::flag(self.settings.moderation)),
            ("creator_of_resellers", catalog::flag(self.creates_resellers())),
            ("own_legal_entity", self.settings.own_legal_entity.clone().map_or_else(String::new, Into::into)),
            ("updated_at", catalog::time(self.updated_at.unwrap_or(self.created_at))),
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

    /// Whether it sells to others.
    pub fn is_reseller(&self) -> bool {
        matches!(self.kind, CompanyKind::Reseller | CompanyKind::Seller)
    }

    pub fn creates_resellers(&self) -> bool {
        matches!(self.kind, CompanyKind::Owner | CompanyKind::Reseller)
    }

    /// Refuses one at the lowest level, below which there is no other.
    pub fn check_depth(&self) -> Result<(), CompanyError> {
        if self.path.len() < DEPTH_MAX { Ok(()) } else { Err(CompanyError::TooDeep) }
    }

    pub fn is_deleted(&self) -> bool {
        self.deleted_at.is_some()
    }

    pub fn status(&self) -> CompanyStatus {
        match (self.is_deleted(), self.enabled) {
            (true, _) => CompanyStatus::Deleted,
            (false, true) => CompanyStatus::Active,
            (false, false) => CompanyStatus::Disabled,
        }
    }

    /// Which vendor tells the networks of a channel's recipients.
    pub fn lookup_of(&self, channel: Channel) -> Option<&CompanyLookup> {
        let CompanySettings { mnp_requests, mnp_channels, .. } = &self.settings;
        self.lookup.as_ref().filter(|_| *mnp_requests && mnp_channels.contains(&channel))
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
    #[error("a description has at most {DESCRIPTION_LENGTH_MAX} characters")]
    Description,
    #[error("what a company may do is for the company above it to say")]
    OwnSettings,
    #[error("only a reseller may be one that creates resellers")]
    NoReseller,
    #[error("this company is deleted")]
    Deleted,
    #[error("there are companies below it: delete them first")]
    HasCompanies,
    #[error("there is money in {wallet}, or set aside for others: move it first")]
    HasMoney { wallet: WalletId },
    #[error("the invoice {invoice} is open: confirm it first")]
    HasOpenInvoice { invoice: InvoiceId },
    #[error("the fee rule {rule} charges it: end that first")]
    HasFeeRule { rule: FeeRuleId },
    #[error("{by} is its own: delete that first")]
    InUse { by: String },
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
    pub description: Option<String>,
    /// Of resellers.
    pub creator_of_resellers: Option<bool>,
    /// One of the company above.
    pub own_legal_entity: Option<Option<OwnLegalEntityId>>,
    pub invoices_enabled: Option<bool>,
    pub mnp_requests: Option<bool>,
    pub mnp_channels: Option<BTreeSet<Channel>>,
    pub moderation: Option<bool>,
    pub two_factor_required: Option<bool>,
    pub individual_credits: Option<bool>,
}

impl CompanyChange {
    /// Whether it says more than how the company is called and described, which is all that it says of
    /// itself in the client portal.
    pub fn is_more_than_words(&self) -> bool {
        let words =
            Self { name: self.name.clone(), description: self.description.clone(), ..Self::default() };
        *self != words
    }

    /// Whether it names what nobody says of their own company, because somebody is above it.
    fn is_for_those_above(&self) -> bool {
        self.creator_of_resellers.is_some()
            || self.own_legal_entity.is_some()
            || self.invoices_enabled.is_some()
            || self.mnp_requests.is_some()
            || self.mnp_channels.is_some()
            || self.moderation.is_some()
            || self.two_factor_required.is_some()
            || self.individual_credits.is_some()
    }
}

/// What a company has that keeps it from being deleted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompanyAssets {
    pub has_companies: bool,
    /// A wallet with money in it, or with money of it set aside.
    pub funded: Option<WalletId>,
    pub open_invoice: Option<InvoiceId>,
    /// One that has not ended.
    pub fee_rule: Option<FeeRuleId>,
    /// A sender ID or a connection of its own, by its id.
    pub used_by: Option<String>,
}

/// A company below `parent`. Owner and resellers create any kind, sellers only clients, clients none.
pub fn plan_company(parent: &Company, ask: NewCompany, now: Timestamp) -> Result<Company, CompanyError> {
    let name = valid_name(&ask.name)?;
    if parent.is_deleted() {
        return Err(CompanyError::Deleted);
    }
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
    parent.check_depth()?;
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
        settings: CompanySettings::default(),
        created_at: now,
        deleted_at: None,
        updated_at: None,
        revision: 0,
    })
}

/// A company with new settings, as `by` asks for them. A company names and describes itself; the rest is
/// for those above it, so nobody locks itself out and no reseller allows itself to send.
pub fn plan_change(
    company: &Company,
    by: &CompanyId,
    ask: CompanyChange,
    now: Timestamp,
) -> Result<Company, CompanyError> {
    if company.is_deleted() {
        return Err(CompanyError::Deleted);
    }
    let is_own = *by == company.id;
    let has_tenant = company.kind != CompanyKind::Owner;
    if is_own && (ask.enabled.is_some() || ask.direct_sending.is_some()) {
        return Err(CompanyError::OwnSettings);
    }
    if is_own && has_tenant && ask.is_for_those_above() {
        return Err(CompanyError::OwnSettings);
    }
    let lookup = match ask.lookup {
        Some(new) => plan_lookup(company, by, new)?,
        None => company.lookup.clone(),
    };
    let direct_sending = ask.direct_sending.unwrap_or(company.direct_sending);
    let settings = &company.settings;
    Ok(Company {
        name: ask.name.map_or_else(|| Ok(company.name.clone()), |name| valid_name(&name))?,
        kind: ask.creator_of_resellers.map_or(Ok(company.kind), |creates| company.kind.creating(creates))?,
        enabled: ask.enabled.unwrap_or(company.enabled),
        direct_sending: direct_sending && company.kind != CompanyKind::Client,
        lookup,
        settings: CompanySettings {
            description: match ask.description {
                Some(text) => valid_description(&text)?,
                None => settings.description.clone(),
            },
            own_legal_entity: ask.own_legal_entity.unwrap_or_else(|| settings.own_legal_entity.clone()),
            invoices_enabled: ask.invoices_enabled.unwrap_or(settings.invoices_enabled),
            mnp_requests: ask.mnp_requests.unwrap_or(settings.mnp_requests),
            mnp_channels: ask.mnp_channels.unwrap_or_else(|| settings.mnp_channels.clone()),
            moderation: ask.moderation.unwrap_or(settings.moderation),
            two_factor_required: ask.two_factor_required.unwrap_or(settings.two_factor_required),
            individual_credits: ask.individual_credits.unwrap_or(settings.individual_credits),
        },
        updated_at: Some(now),
        revision: company.revision + 1,
        ..company.clone()
    })
}

impl CompanyKind {
    fn creating(self, resellers: bool) -> Result<Self, CompanyError> {
        match (self, resellers) {
            (Self::Reseller | Self::Seller, true) => Ok(Self::Reseller),
            (Self::Reseller | Self::Seller, false) => Ok(Self::Seller),
            (Self::Owner, true) | (Self::Client, false) => Ok(self),
            (Self::Owner, false) | (Self::Client, true) => Err(CompanyError::NoReseller),
        }
    }
}

/// A company that is deleted, as one above it asks. It stays where it is, for those who read its history.
pub fn plan_delete(
    company: &Company,
    by: &CompanyId,
    assets: &CompanyAssets,
    now: Timestamp,
) -> Result<Company, CompanyError> {
    if company.is_deleted() {
        return Err(CompanyError::Deleted);
    }
    if *by == company.id {
        return Err(CompanyError::OwnSettings);
    }
    if assets.has_companies {
        return Err(CompanyError::HasCompanies);
    }
    if let Some(wallet) = &assets.funded {
        return Err(CompanyError::HasMoney { wallet: wallet.clone() });
    }
    if let Some(invoice) = &assets.open_invoice {
        return Err(CompanyError::HasOpenInvoice { invoice: invoice.clone() });
    }
    if let Some(rule) = &assets.fee_rule {
        return Err(CompanyError::HasFeeRule { rule: rule.clone() });
    }
    if let Some(by) = &assets.used_by {
        return Err(CompanyError::InUse { by: by.clone() });
    }
    Ok(Company {
        enabled: false,
        deleted_at: Some(now),
        updated_at: Some(now),
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
        settings: CompanySettings::default(),
        created_at: now,
        deleted_at: None,
        updated_at: None,
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

fn valid_description(text: &str) -> Result<String, CompanyError> {
    let text = text.trim();
    let is_text = |c: char| !c.is_control() || c == '\n';
    if text.chars().count() > DESCRIPTION_LENGTH_MAX || !text.chars().all(is_text) {
        return Err(CompanyError::Description);
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

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
        assert_eq!(plan_change(&reseller, &reseller.id, name, NOW).unwrap().name, "New");
        let sending = CompanyChange { direct_sending: Some(true), ..CompanyChange::default() };
        let refused = plan_change(&reseller, &reseller.id, sending.clone(), NOW);
        assert_eq!(refused, Err(CompanyError::OwnSettings));
        assert!(plan_change(&reseller, &owner().id, sending, NOW).unwrap().may_send());
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
            plan_change(company, &by.id, ask, NOW)
        };
        assert_eq!(set(&reseller, &reseller, Some(of(&client))), Err(CompanyError::LookupOfOther));
        let looked = set(&client, &reseller, Some(of(&reseller))).unwrap();
        assert_eq!(looked.lookup, Some(of(&reseller)));
        assert_eq!(set(&looked, &client, None), Err(CompanyError::LookupFromAbove));
        assert_eq!(set(&looked, &reseller, None).unwrap().lookup, None);
        let is_asked = |company: &Company| company.lookup_of(Channel::Sms).is_some();
        let off = CompanyChange { mnp_requests: Some(false), ..CompanyChange::default() };
        let off = plan_change(&looked, &reseller.id, off, NOW).unwrap();
        assert!(is_asked(&looked) && !is_asked(&off) && off.lookup.is_some(), "it waits for the switch");
        let own = set(&reseller, &reseller, Some(of(&reseller))).unwrap();
        assert_eq!(set(&own, &reseller, None).unwrap().lookup, None);
        let name = CompanyChange { name: Some("New".into()), ..CompanyChange::default() };
        assert_eq!(plan_change(&looked, &client.id, name, NOW).unwrap().lookup, Some(of(&reseller)));
    }

    #[test]
    fn what_a_company_may_do_is_said_by_those_above_it() {
        let reseller = below(&owner(), 1, CompanyKind::Reseller).unwrap();
        let change = |by: &CompanyId, ask: CompanyChange| plan_change(&reseller, by, ask, NOW);
        let seller = CompanyChange { creator_of_resellers: Some(false), ..CompanyChange::default() };
        assert_eq!(change(&reseller.id, seller.clone()), Err(CompanyError::OwnSettings));
        assert_eq!(change(&owner().id, seller).unwrap().kind, CompanyKind::Seller);
        let own = CompanyChange { description: Some(" Sells\nSMS ".into()), ..CompanyChange::default() };
        let changed = change(&reseller.id, own).unwrap();
        assert_eq!((changed.settings.description.as_str(), changed.revision), ("Sells\nSMS", 1));
        let forced = CompanyChange { two_factor_required: Some(true), ..CompanyChange::default() };
        assert_eq!(change(&reseller.id, forced), Err(CompanyError::OwnSettings));
        let client = below(&owner(), 2, CompanyKind::Client).unwrap();
        let ask = CompanyChange { creator_of_resellers: Some(true), ..CompanyChange::default() };
        assert_eq!(plan_change(&client, &owner().id, ask, NOW), Err(CompanyError::NoReseller));
    }

    #[test]
    fn a_company_is_deleted_by_those_above_it_once_it_is_empty_and_for_good() {
        let reseller = below(&owner(), 1, CompanyKind::Reseller).unwrap();
        let delete = |assets| plan_delete(&reseller, &owner().id, &assets, NOW);
        let (wallet, invoice) = (WalletId::new(1), InvoiceId::new(1));
        let busy = CompanyAssets { has_companies: true, ..CompanyAssets::default() };
        assert_eq!(delete(busy), Err(CompanyError::HasCompanies));
        let rich = CompanyAssets { funded: Some(wallet.clone()), ..CompanyAssets::default() };
        assert_eq!(delete(rich), Err(CompanyError::HasMoney { wallet }));
        let open = CompanyAssets { open_invoice: Some(invoice.clone()), ..CompanyAssets::default() };
        assert_eq!(delete(open), Err(CompanyError::HasOpenInvoice { invoice }));
        let rule = FeeRuleId::new(1);
        let charged = CompanyAssets { fee_rule: Some(rule.clone()), ..CompanyAssets::default() };
        assert_eq!(delete(charged), Err(CompanyError::HasFeeRule { rule }));
        let by = "snd_1".to_owned();
        let used = CompanyAssets { used_by: Some(by.clone()), ..CompanyAssets::default() };
        assert_eq!(delete(used), Err(CompanyError::InUse { by }));
        let empty = CompanyAssets::default();
        assert_eq!(plan_delete(&reseller, &reseller.id, &empty, NOW), Err(CompanyError::OwnSettings));
        let deleted = delete(empty.clone()).unwrap();
        assert_eq!((deleted.status(), deleted.enabled), (CompanyStatus::Deleted, false));
        assert_eq!(plan_delete(&deleted, &owner().id, &empty, NOW), Err(CompanyError::Deleted));
        let enable = CompanyChange { enabled: Some(true), ..CompanyChange::default() };
        assert_eq!(plan_change(&deleted, &owner().id, enable, NOW), Err(CompanyError::Deleted));
        assert_eq!(below(&deleted, 2, CompanyKind::Client), Err(CompanyError::Deleted));
    }

    #[test]
    fn a_company_stored_before_there_were_settings_still_reads() {
        let stored = serde_json::json!({"id": owner().id, "name": "Owner", "kind": "owner",
            "path": [owner().id], "enabled": true, "direct_sending": true, "created_at": NOW});
        assert_eq!(serde_json::from_value::<Company>(stored).unwrap(), owner());
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
