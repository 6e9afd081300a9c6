//! Generated from the OpenAPI document; see `lib.rs`.

#![allow(clippy::too_many_arguments, clippy::large_enum_variant, unused_imports)]

use std::collections::BTreeMap;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Client, Error, json, nothing, text, with_query, with_text};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct AccountDeletion {
    /// `delete-account`, typed.
    pub confirm: String,
    /// Your password.
    pub password: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdditionalFeeRequest {
    /// The additional service; with a tariff as the rate tree names it. 1 to 120 characters.
    pub name: String,
    /// What it costs.
    pub price: AdditionalPriceBody,
}

/// What an additional service costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum AdditionalPriceBody {
    /// A price that is named here.
    #[serde(rename = "fixed")]
    Fixed {
        /// Above zero, in the agreement's currency.
        amount: String,
    },
    /// The agreement's price of the additional service of this name, for so many units.
    #[serde(rename = "tariff")]
    Tariff {
        /// How many units.
        volume: u32,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct AgreementPatch {
    /// Who is told of the account and its traffic; at most 10. Where nobody is named, the notification addresses
    /// of its legal entity are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_emails: Option<Vec<String>>,
    /// When it was signed; null for unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement_date: Option<String>,
    /// All of them at once: what is not named is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerts: Option<AlertsBody>,
    /// A bank account of the company that pays; null for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_account: Option<String>,
    /// Unique among the agreements of the tenant's legal entity: letters, digits and - _ . /
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// How far the balance may go below zero; null for no limit. In force at once, also where it is less
    /// than what is used already: then nothing is spent until the headroom is positive again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_limit: Option<String>,
    /// A rate plan of the tenant, in money, that prices `message_credits` among its additional services: by
    /// it the company may buy credits by card. Only of an agreement in message credits; null for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_service: Option<String>,
    /// Messages are charged to it from this time on; null for the time when it was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<String>,
    /// Nothing is sent under it from this time on; null for no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_till: Option<String>,
    /// Whether each user of the company has a wallet of one's own below the main one, and sends from it.
    /// Switched off only when no user has any credits left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub individual_credits: Option<bool>,
    /// Who gets the invoices; at most 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_emails: Option<Vec<String>>,
    /// A legal entity of the company that pays; null for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<String>,
    /// A bank account of the company that is paid; null for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_bank_account: Option<String>,
    /// A legal entity of the company that is paid; null for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<String>,
    /// Who gets a mail when a payment is confirmed; at most 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_alert_emails: Option<Vec<String>>,
    /// Who gets a mail when rates change of a service that is enabled here; at most 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_emails: Option<Vec<String>>,
    /// Who is told of technical matters; at most 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_emails: Option<Vec<String>>,
    /// True stops every message of the company, and of all below it that is charged here, until it is
    /// false again. Credits may still be moved and paid in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended: Option<bool>,
    /// IANA name: where these times are to be read; null for UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Whether transfers may take the credit limit as well as own funds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfers_use_credit_limit: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct AgreementRequest {
    /// Who is told of the account and its traffic; at most 10. Where nobody is named, the notification addresses
    /// of its legal entity are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_emails: Option<Vec<String>>,
    /// When it was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement_date: Option<String>,
    /// A bank account of the company that pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_account: Option<String>,
    /// Calendar months in UTC, payable within 30 days, unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing: Option<Billing>,
    /// How messages are charged; `cascade` unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charging: Option<Charging>,
    /// Unique among the agreements of the company above: letters, digits and - _ . /
    pub code: String,
    /// The company that will pay. It is a company below you; only the owner may name itself.
    pub company: String,
    /// How far the balance may go below zero; null for no limit, 0 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_limit: Option<String>,
    /// An ISO 4217 code, or `CREDIT` for message credits.
    pub currency: String,
    /// Messages are charged to it from this time on; from now on unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<String>,
    /// Nothing is sent under it from this time on; no end unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_till: Option<String>,
    /// Whether each user of the company has a wallet of one's own below the main one; as the company says
    /// unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub individual_credits: Option<bool>,
    /// Who gets the invoices; at most 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_emails: Option<Vec<String>>,
    /// A legal entity of the company that pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<String>,
    /// A bank account of the company that is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_bank_account: Option<String>,
    /// A legal entity of the company that is paid. Codes are unique for each of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<String>,
    /// Who gets a mail when a payment is confirmed; at most 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_alert_emails: Option<Vec<String>>,
    /// Who gets a mail when rates change of a service that is enabled here; at most 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_emails: Option<Vec<String>>,
    /// The agreement under which the company above buys itself. Needed only if it has not exactly one
    /// in this currency; never if it is the owner. Where agreements are tied to its legal entities, it is one
    /// that is tied at the moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resold_under: Option<String>,
    /// Who is told of technical matters; at most 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_emails: Option<Vec<String>>,
    /// IANA name: where these times are to be read; UTC unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
}

/// An agreement in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgreementRow {
    /// Who is told of the account and its traffic.
    pub account_emails: Vec<String>,
    /// When it was signed; null if nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement_date: Option<String>,
    /// When somebody is told about it.
    pub alerts: AlertsBody,
    /// Of the company that pays; null if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_account: Option<String>,
    /// When it is invoiced.
    pub billing: Billing,
    /// How messages are charged.
    pub charging: Charging,
    /// Unique among the agreements of the tenant's legal entity.
    pub code: String,
    /// The company that pays.
    pub company: String,
    /// When it was created.
    pub created_at: String,
    /// How far the balance may go below zero; null for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_limit: Option<String>,
    /// The rate plan by which message credits are sold for money; null if they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_service: Option<String>,
    /// An ISO 4217 code, or `CREDIT`.
    pub currency: String,
    /// Who sells to whom.
    pub direction: Direction,
    /// Messages are charged to it from this time on.
    pub effective_from: String,
    /// Nothing is sent under it from this time on; null for no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_till: Option<String>,
    /// Its id.
    pub id: String,
    /// Whether each user of the company has a wallet of one's own below the main one.
    pub individual_credits: bool,
    /// Who gets the invoices.
    pub invoice_emails: Vec<String>,
    /// Of the company that pays; null if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<String>,
    /// Of the company that is paid; null if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_bank_account: Option<String>,
    /// Of the company that is paid; null if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<String>,
    /// How many packs and bundle packs were bought for it, of those that you see.
    pub pack_count: u64,
    /// Who gets a mail when a payment is confirmed.
    pub payment_alert_emails: Vec<String>,
    /// Who gets a mail when rates change of a service that is enabled here.
    pub rate_emails: Vec<String>,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// How many rate plans and bundle initiators are enabled under it, of those that you see.
    pub service_count: u64,
    /// Who is told of technical matters.
    pub service_emails: Vec<String>,
    /// The rate plans enabled under it; those enabled first are asked first.
    pub services: Vec<EnabledServiceView>,
    /// Nothing is charged to it until it is resumed.
    pub suspended: bool,
    /// The company that is paid.
    pub tenant: String,
    /// Where these times are to be read.
    pub time_zone: String,
    /// Whether transfers may take the credit limit as well as own funds.
    pub transfers_use_credit_limit: bool,
    /// Its main wallet.
    pub wallet: String,
    /// What the company that pays is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    /// What its legal entity is called; null if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_entity_name: Option<String>,
    /// What the legal entity is called of the company that is paid; null if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity_name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgreementTemplateSettings {
    /// When it is invoiced.
    pub billing: Billing,
    /// How messages are charged; `cascade` unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charging: Option<Charging>,
    /// What codes begin with: 1 to 20 letters, digits and - _ . /
    pub code_prefix: String,
    /// How far the balance may go below zero; null for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_limit: Option<String>,
    /// An ISO 4217 code, or `CREDIT` for message credits.
    pub currency: String,
    /// The agreement that you buy under yourself; never for the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resold_under: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgreementView {
    /// Who is told of the account and its traffic.
    pub account_emails: Vec<String>,
    /// When it was signed; null if nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement_date: Option<String>,
    /// When somebody is told about it.
    pub alerts: AlertsBody,
    /// Of the company that pays; null if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_account: Option<String>,
    /// When it is invoiced.
    pub billing: Billing,
    /// How messages are charged.
    pub charging: Charging,
    /// Unique among the agreements of the tenant's legal entity.
    pub code: String,
    /// The company that pays.
    pub company: String,
    /// When it was created.
    pub created_at: String,
    /// How far the balance may go below zero; null for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_limit: Option<String>,
    /// The rate plan by which message credits are sold for money; null if they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_service: Option<String>,
    /// An ISO 4217 code, or `CREDIT`.
    pub currency: String,
    /// Who sells to whom.
    pub direction: Direction,
    /// Messages are charged to it from this time on.
    pub effective_from: String,
    /// Nothing is sent under it from this time on; null for no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_till: Option<String>,
    /// Its id.
    pub id: String,
    /// Whether each user of the company has a wallet of one's own below the main one.
    pub individual_credits: bool,
    /// Who gets the invoices.
    pub invoice_emails: Vec<String>,
    /// Of the company that pays; null if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<String>,
    /// Of the company that is paid; null if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_bank_account: Option<String>,
    /// Of the company that is paid; null if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<String>,
    /// How many packs and bundle packs were bought for it, of those that you see.
    pub pack_count: u64,
    /// Who gets a mail when a payment is confirmed.
    pub payment_alert_emails: Vec<String>,
    /// Who gets a mail when rates change of a service that is enabled here.
    pub rate_emails: Vec<String>,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// How many rate plans and bundle initiators are enabled under it, of those that you see.
    pub service_count: u64,
    /// Who is told of technical matters.
    pub service_emails: Vec<String>,
    /// The rate plans enabled under it; those enabled first are asked first.
    pub services: Vec<EnabledServiceView>,
    /// Nothing is charged to it until it is resumed.
    pub suspended: bool,
    /// The company that is paid.
    pub tenant: String,
    /// Where these times are to be read.
    pub time_zone: String,
    /// Whether transfers may take the credit limit as well as own funds.
    pub transfers_use_credit_limit: bool,
    /// Its main wallet.
    pub wallet: String,
}

/// Somebody is told once each time one of these is crossed. At most 10 of each kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct AlertsBody {
    /// The balance falls below this, in the agreement's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<Vec<String>>,
    /// So much of a bundle is used, 1 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle_percent: Option<Vec<u32>>,
    /// So much of the credit limit is used, 1 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_limit_percent: Option<Vec<u32>>,
    /// Who gets a mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emails: Option<Vec<String>>,
    /// An http or https address that is called as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<String>,
}

/// A part of a payment that a person has put to an invoice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct AllocationBody {
    /// How much of it, in the agreement's currency. Above zero.
    pub amount: String,
    /// A confirmed inbound payment of the agreement.
    pub payment: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct AllocationsRequest {
    /// All that is put to the invoice by hand, up to 50 payments; an empty list releases them.
    pub allocations: Vec<AllocationBody>,
}

/// JSON pointers (RFC 6901) to the fields of an answer. Either `mccmnc` or both `mcc` and `mnc` are needed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct AnswerBody {
    /// An answer with something here, other than null, false, 0 or an empty text, counts as a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The MCC alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mcc: Option<String>,
    /// The MCCMNC in one field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mccmnc: Option<String>,
    /// The MNC alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mnc: Option<String>,
    /// Whether the number was ported; where it was not, no MCCMNC is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ported: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ApiKeyPatch {
    /// When it ends; null for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// All addresses and networks that it may be used from; none of them for anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub networks: Option<Vec<String>>,
    /// What may be done with it at most; null for all that its user or company may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<BTreeMap<String, Level>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ApiKeyRequest {
    /// Whose key it is, yours or of a company below you; yours unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// When it ends; never unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// What it is for.
    pub name: String,
    /// Where it may be used from: addresses and networks. Anywhere unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub networks: Option<Vec<String>>,
    /// What may be done with it at most: by area, `view` or `manage`. All that its user or company may, unless
    /// told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<BTreeMap<String, Level>>,
    /// The user whose calls it makes, of that company; the company itself unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

/// An API key in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ApiKeyRow {
    /// Whose calls it makes.
    pub company: String,
    /// When it was made.
    pub created_at: String,
    /// When it ends; null for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Its id, by which it is revoked.
    pub id: String,
    /// When it was last used, to the hour; null if it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<String>,
    /// What it is for.
    pub name: String,
    /// Where it may be used from; anywhere if there are none.
    pub networks: Vec<String>,
    /// Until when the secret from before the last rotation is taken too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_until: Option<String>,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// What may be done with it at most; null for all that its user or company may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<BTreeMap<String, Level>>,
    /// The user whose calls it makes; null for the company itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What the company is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    /// The user's name; null where the key is the company's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ApiKeyView {
    /// Whose calls it makes.
    pub company: String,
    /// When it was made.
    pub created_at: String,
    /// When it ends; null for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Its id, by which it is revoked.
    pub id: String,
    /// When it was last used, to the hour; null if it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<String>,
    /// What it is for.
    pub name: String,
    /// Where it may be used from; anywhere if there are none.
    pub networks: Vec<String>,
    /// Until when the secret from before the last rotation is taken too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_until: Option<String>,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// What may be done with it at most; null for all that its user or company may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<BTreeMap<String, Level>>,
    /// The user whose calls it makes; null for the company itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AreaView {
    /// Which of the two portals it belongs to.
    pub face: Face,
    /// How much of it you have yourself.
    pub level: Level,
    /// Its name.
    pub name: String,
    /// The heading that it stands under.
    pub section: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct AuditView {
    /// What was done.
    pub action: String,
    /// When it happened.
    pub at: String,
    /// The fields that became different. None of an invoice's are told to the company that pays it. Of rate
    /// trees they are the prices, after which trees are new.
    pub changes: Vec<FieldChangeView>,
    /// How many more became different than one entry holds; 0 as a rule. Of rate trees it counts prices. A very
    /// long value is cut, and says how long it was.
    pub changes_left_out: u64,
    /// The company of who did it.
    pub company: String,
    /// The entry's id.
    pub id: String,
    /// Where the request came from; null for what the platform did by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// What that was called then.
    pub name: String,
    /// The id of what it was done to.
    pub object: String,
    /// The company that this belongs to.
    pub object_company: String,
    /// The id of the user or API key, or the name of a process of the platform.
    pub who: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct AvatarRequest {
    /// A PNG or JPEG file of at most 100 KB, in base64.
    pub content: String,
}

/// What is not named stays, and null empties.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct BankAccountPatch {
    /// The bank: one of the company itself or of a company above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank: Option<String>,
    /// Whose it is; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Whose account it is, as the bank knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// Whose account it is: a legal entity of the same company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<String>,
    /// As lists show it, 1 to 120 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// An IBAN, or the account's number where there are none: up to 34 letters, digits, blanks, `-`, `/`, `.`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
}

/// A bank account in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct BankAccountRow {
    /// The bank: one of the company itself or of a company above it.
    pub bank: String,
    /// Whose it is; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Whose account it is, as the bank knows it.
    pub holder: String,
    /// Whose account it is: a legal entity of the same company.
    pub legal_entity: String,
    /// As lists show it, 1 to 120 characters.
    pub name: String,
    /// An IBAN, or the account's number where there are none: up to 34 letters, digits, blanks, `-`, `/`, `.`.
    pub number: String,
    /// When it was made.
    pub created_at: String,
    /// Who made it, as they were called then.
    pub created_by: String,
    /// Its id.
    pub id: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// When it was changed last.
    pub updated_at: String,
    /// Who changed it last, as they were called then.
    pub updated_by: String,
    /// What the bank is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_name: Option<String>,
    /// What the company is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    /// What the legal entity is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_entity_name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct BankAccountSettings {
    /// The bank: one of the company itself or of a company above it.
    pub bank: String,
    /// Whose it is; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Whose account it is, as the bank knows it.
    pub holder: String,
    /// Whose account it is: a legal entity of the same company.
    pub legal_entity: String,
    /// As lists show it, 1 to 120 characters.
    pub name: String,
    /// An IBAN, or the account's number where there are none: up to 34 letters, digits, blanks, `-`, `/`, `.`.
    pub number: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct BankAccountView {
    /// The bank: one of the company itself or of a company above it.
    pub bank: String,
    /// Whose it is; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Whose account it is, as the bank knows it.
    pub holder: String,
    /// Whose account it is: a legal entity of the same company.
    pub legal_entity: String,
    /// As lists show it, 1 to 120 characters.
    pub name: String,
    /// An IBAN, or the account's number where there are none: up to 34 letters, digits, blanks, `-`, `/`, `.`.
    pub number: String,
    /// When it was made.
    pub created_at: String,
    /// Who made it, as they were called then.
    pub created_by: String,
    /// Its id.
    pub id: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// When it was changed last.
    pub updated_at: String,
    /// Who changed it last, as they were called then.
    pub updated_by: String,
}

/// What is not named stays, and null empties.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct BankPatch {
    /// Its legal address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The bank's code in its country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_code: Option<String>,
    /// The branch's code in its country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch_code: Option<String>,
    /// Whose it is: who may change it; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Where it is registered: two letters of ISO 3166-1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Up to 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// As it is registered, 1 to 120 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// 8 or 11 characters (ISO 9362). A bank has this or a branch code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swift: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct BankSettings {
    /// Its legal address.
    pub address: String,
    /// The bank's code in its country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_code: Option<String>,
    /// The branch's code in its country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch_code: Option<String>,
    /// Whose it is: who may change it; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Where it is registered: two letters of ISO 3166-1.
    pub country: String,
    /// Up to 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// As it is registered, 1 to 120 characters.
    pub name: String,
    /// 8 or 11 characters (ISO 9362). A bank has this or a branch code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swift: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct BankView {
    /// Its legal address.
    pub address: String,
    /// The bank's code in its country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_code: Option<String>,
    /// The branch's code in its country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch_code: Option<String>,
    /// Whose it is: who may change it; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Where it is registered: two letters of ISO 3166-1.
    pub country: String,
    /// Up to 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// As it is registered, 1 to 120 characters.
    pub name: String,
    /// 8 or 11 characters (ISO 9362). A bank has this or a branch code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swift: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// Who made it, as they were called then.
    pub created_by: String,
    /// Its id.
    pub id: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// When it was changed last.
    pub updated_at: String,
    /// Who changed it last, as they were called then.
    pub updated_by: String,
}

/// Something that is sold below its cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BelowCostView {
    /// What the seller pays.
    pub buying: PricedView,
    /// The difference.
    pub margin: MarginView,
    /// What is sold.
    pub resource: Resource,
    /// What it is sold for.
    pub selling: PricedView,
    /// Where: what is not named may have any value that no tree lists.
    pub values: BTreeMap<String, String>,
}

/// When an agreement is invoiced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Billing {
    /// On which day a period begins: of the month, 1 to 28, or of the week, 1 (Monday) to 7; 1 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_day: Option<i32>,
    /// Days from issue to due date, at most 365.
    pub days_for_payment: u32,
    /// How long a period is.
    pub period: BillingPeriod,
    /// Of weeks: whether one that two months share is two periods; false unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_by_month: Option<bool>,
    /// IANA name; the days of a period are days there.
    pub time_zone: String,
}

/// How often an agreement is invoiced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BillingPeriod {
    #[serde(rename = "daily")]
    Daily,
    #[serde(rename = "weekly")]
    Weekly,
    #[serde(rename = "monthly")]
    Monthly,
    #[serde(rename = "quarterly")]
    Quarterly,
}

/// When a charge becomes final: when the vendor took the message, when it was delivered, or already
/// when it was `accepted`, which no tree says: a scale's adjustment, a bundle's new recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BillingRule {
    #[serde(rename = "submitted")]
    Submitted,
    #[serde(rename = "delivered")]
    Delivered,
    #[serde(rename = "accepted")]
    Accepted,
}

/// How many binds of each kind are kept up: at most 16, at least one of them to send over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct BindsSettings {
    /// Receive only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receivers: Option<u32>,
    /// Send and receive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transceivers: Option<u32>,
    /// Send only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transmitters: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoughtPackView {
    /// Whether it is bought again for each billing period.
    pub auto_extend: bool,
    /// Whether it was charged.
    pub billing: PackBilling,
    /// Used for messages accepted at this time or later.
    pub effective_from: String,
    /// Not used from this time on; null for no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_till: Option<String>,
    /// Whether the company that pays does not see it.
    pub hidden_from_client: bool,
    /// The id of this purchase.
    pub id: String,
    /// Whether it may be used now. Of a bundle that is extended and could not be paid yet it is not.
    pub in_force: bool,
    /// What kind of pack it is, with its size.
    pub kind: ServiceKind,
    /// What is left of it.
    pub left: String,
    /// The pack's name.
    pub name: String,
    /// The revision of the agreement, which is the `ETag` of its packs.
    pub revision: u64,
    /// The pack's id.
    pub service: String,
    /// Units or money that are used of it. Of bundles: recipients in the billing period, with those past
    /// its size.
    pub used: String,
    /// The agreement's balance as it is now.
    pub balance: String,
    /// What was charged for it; null if it was free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee: Option<FeeView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BrandingView {
    /// Where the pictures and documents are, by name: `logo_square_light`, `logo_wide_light`,
    /// `logo_square_dark`, `logo_wide_dark`, `favicon`, `login_logo`, `login_background`, `terms`, `privacy`.
    /// The links hold for some hours.
    pub files: BTreeMap<String, String>,
    /// The languages, the one that is shown unless told first.
    pub languages: Vec<String>,
    /// Links at the foot of the pages.
    pub links: Vec<LinkSettings>,
    /// What stands above the fields of the login page, by language.
    pub login_texts: BTreeMap<String, String>,
    /// How one registers here; null where one has to be invited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_registration: Option<RegistrationView>,
    /// Whether the login page shows whose product it is.
    pub shows_product: bool,
    /// Where people ask for help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support_email: Option<String>,
    /// The title of the pages.
    pub title: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BuyPackRequest {
    /// Of bundles: whether it is bought again for each billing period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_extend: Option<bool>,
    /// Whether it is charged.
    pub billing: PackBilling,
    /// Of packs: used for messages accepted at this time or later; from now on unless told. One that is
    /// charged cannot begin later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<String>,
    /// Of packs: not used from this time on; no end unless told. A bundle holds to the end of the billing
    /// period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_till: Option<String>,
    /// Whether the company that pays does not see it. It is used all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden_from_client: Option<bool>,
    /// A pack or a bundle pack of the company that the agreement is with.
    pub service: String,
}

/// Who sees to the certificate of a host name: the platform, or somebody by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Certificate {
    #[serde(rename = "automatic")]
    Automatic,
    #[serde(rename = "manual")]
    Manual,
}

/// How many prices change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ChangeCountsView {
    /// Of another type, with other tiers, or billed by another rule.
    pub changed: u32,
    /// They fall.
    pub down: u32,
    /// Today there is none at their place.
    pub new: u32,
    /// They go.
    pub removed: u32,
    /// They stay.
    pub unchanged: u32,
    /// They rise.
    pub up: u32,
}

/// What is not given stays. Company, agreement, direction and exchange rate are fixed for good.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ChangePaymentRequest {
    /// What was paid, in the currency it was paid in; what the balance gets follows by the exchange rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// Unconfirmed, it leaves the balance when this day begins in the agreement's time zone; at once, if
    /// it has begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_before: Option<String>,
    /// True confirms the payment; false withdraws the confirmation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<bool>,
    /// At most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether an outbound payment may take more than there is.
    #[serde(rename = "override", default, skip_serializing_if = "Option::is_none")]
    pub override_: Option<bool>,
    /// The day on which the money moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_date: Option<String>,
    /// Unique among the company's payments, 1 to 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangedRateView {
    /// Null where it comes from above the node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_rule: Option<BillingRule>,
    /// The price.
    pub price: RatePrice,
    /// Null where it comes from above the node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity_rule: Option<QuantityRule>,
}

/// A price that changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ChangedView {
    /// Of flat prices, free being zero: new less old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// `new`, `removed`, `up`, `down`, or `changed` in another way.
    pub change: String,
    /// Null for one that goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<ChangedRateView>,
    /// Today's; null for a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<ChangedRateView>,
    /// From the node on, such as `DE/Vodafone`; `*` stands for all others.
    pub path: String,
    /// The same in percent of the old one, to two places; null if that was nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<String>,
}

/// A way in which messages go to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Channel {
    #[serde(rename = "sms")]
    Sms,
    #[serde(rename = "rcs")]
    Rcs,
    #[serde(rename = "viber")]
    Viber,
    #[serde(rename = "whatsapp")]
    Whatsapp,
    #[serde(rename = "wechat")]
    Wechat,
    #[serde(rename = "email")]
    Email,
    #[serde(rename = "telegram")]
    Telegram,
    #[serde(rename = "push")]
    Push,
    #[serde(rename = "tts")]
    Tts,
    #[serde(rename = "voice")]
    Voice,
    #[serde(rename = "mobile_push")]
    MobilePush,
    #[serde(rename = "flash_call")]
    FlashCall,
}

/// A charge with the services that it bills.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChargeDetails {
    /// When its usage was last counted: by itself, or with the whole invoice.
    pub calculated_at: String,
    /// The charge before it, of which this one bills what has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<String>,
    /// Who owes whom: always `receivable`, the company that pays.
    pub direction: ChargeDirection,
    /// The first day of the invoice's period.
    pub first_day: String,
    /// Its id.
    pub id: String,
    /// The invoice that it is on.
    pub invoice: String,
    /// The last day of the period, included.
    pub last_day: String,
    /// How many messages, or fees.
    pub messages: i64,
    /// What they cost together, exactly.
    pub net: String,
    /// How many units: messages or segments.
    pub quantity: i64,
    /// What was used.
    pub resource: String,
    /// How many rows it has.
    pub rows: u32,
    /// How that was sold.
    pub service_type: ChargedServiceType,
    /// How it came about: `manual` if people asked for it, as they do for additional services.
    pub source: ChargeSource,
    /// Its invoice's.
    pub status: InvoiceStatus,
    /// The tax on it, not rounded: an invoice rounds it once.
    pub tax: String,
    /// Whose days these are.
    pub time_zone: String,
    /// Both.
    pub total: String,
    /// 1, and one more with each correction.
    pub version: u32,
    /// The wallet that it was taken from: the agreement's, or that of a user with credits of its own.
    pub wallet: String,
    /// Those whose rate trees its prices are of; none of prices that were agreed on by hand.
    pub services: Vec<ChargedService>,
}

/// Who owes whom: of `receivable` the company that pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChargeDirection {
    #[serde(rename = "receivable")]
    Receivable,
}

/// A charge in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChargeRow {
    /// When its usage was last counted: by itself, or with the whole invoice.
    pub calculated_at: String,
    /// The charge before it, of which this one bills what has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<String>,
    /// Who owes whom: always `receivable`, the company that pays.
    pub direction: ChargeDirection,
    /// The first day of the invoice's period.
    pub first_day: String,
    /// Its id.
    pub id: String,
    /// The invoice that it is on.
    pub invoice: String,
    /// The last day of the period, included.
    pub last_day: String,
    /// How many messages, or fees.
    pub messages: i64,
    /// What they cost together, exactly.
    pub net: String,
    /// How many units: messages or segments.
    pub quantity: i64,
    /// What was used.
    pub resource: String,
    /// How many rows it has.
    pub rows: u32,
    /// How that was sold.
    pub service_type: ChargedServiceType,
    /// How it came about: `manual` if people asked for it, as they do for additional services.
    pub source: ChargeSource,
    /// Its invoice's.
    pub status: InvoiceStatus,
    /// The tax on it, not rounded: an invoice rounds it once.
    pub tax: String,
    /// Whose days these are.
    pub time_zone: String,
    /// Both.
    pub total: String,
    /// 1, and one more with each correction.
    pub version: u32,
    /// The wallet that it was taken from: the agreement's, or that of a user with credits of its own.
    pub wallet: String,
    /// The agreement that it bills.
    pub agreement: String,
    /// The company that pays.
    pub company: String,
    /// The agreement's currency.
    pub currency: String,
    /// The number of the invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// The legal entity in whose name the invoice is issued; null where the agreement names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<String>,
    /// The agreement's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement_code: Option<String>,
    /// What the company is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    /// What the legal entity is called; null where the agreement names none, or it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity_name: Option<String>,
}

/// A line of a charge: what was used at one price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChargeRowView {
    /// Of a scale: what it counts apart for each value of; all together unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter_group: Option<String>,
    /// Of messages: ISO 3166 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// `outgoing`, or `incoming` of messages from phones; null of fees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
    /// Its id: the same as long as there is such a row in its charge.
    pub id: String,
    /// How many messages, or fees.
    pub messages: i64,
    /// What they cost together, exactly.
    pub net: String,
    /// How that price came about: `flat`, `free`, `scale`, or `included` in a pack or bundle.
    pub price_type: String,
    /// How many units: messages or segments.
    pub quantity: i64,
    /// The price of the rate tree, by its id.
    pub rate: String,
    /// Of a scale: which tier the units fell into, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_tier: Option<u32>,
    /// Of a scale: whether each unit has the price of its tier, or all have the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_type: Option<ScaleKind>,
    /// What messages were sent from, or the sender ID a fee is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// The service whose rate tree that is; null where the price was agreed on by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// What that service is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_name: Option<String>,
    /// How it came about, as its charge did.
    pub source: ChargeSource,
    /// What else a fee is for: the pack's or the additional service's name, the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The tax on it, not rounded.
    pub tax: String,
    /// Both.
    pub total: String,
    /// What a unit costs.
    pub unit_price: String,
}

/// How a charge came about: `auto` where the platform counted, `manual` where people asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChargeSource {
    #[serde(rename = "auto")]
    Auto,
    #[serde(rename = "manual")]
    Manual,
}

/// What was used of one resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChargeView {
    /// When its usage was last counted: by itself, or with the whole invoice.
    pub calculated_at: String,
    /// The charge before it, of which this one bills what has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<String>,
    /// Who owes whom: always `receivable`, the company that pays.
    pub direction: ChargeDirection,
    /// The first day of the invoice's period.
    pub first_day: String,
    /// Its id.
    pub id: String,
    /// The invoice that it is on.
    pub invoice: String,
    /// The last day of the period, included.
    pub last_day: String,
    /// How many messages, or fees.
    pub messages: i64,
    /// What they cost together, exactly.
    pub net: String,
    /// How many units: messages or segments.
    pub quantity: i64,
    /// What was used.
    pub resource: String,
    /// How many rows it has.
    pub rows: u32,
    /// How that was sold.
    pub service_type: ChargedServiceType,
    /// How it came about: `manual` if people asked for it, as they do for additional services.
    pub source: ChargeSource,
    /// Its invoice's.
    pub status: InvoiceStatus,
    /// The tax on it, not rounded: an invoice rounds it once.
    pub tax: String,
    /// Whose days these are.
    pub time_zone: String,
    /// Both.
    pub total: String,
    /// 1, and one more with each correction.
    pub version: u32,
    /// The wallet that it was taken from: the agreement's, or that of a user with credits of its own.
    pub wallet: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChargedFeeView {
    /// The agreement that pays it.
    pub agreement: String,
    /// What was charged, as it was rated last.
    pub amount: String,
    /// When it was charged, or given up.
    pub at: String,
    /// How often it was tried.
    pub attempts: u32,
    /// What its price was found by, as `mno`: the names are those of rate trees. None of a price that is in no
    /// tree.
    pub attributes: BTreeMap<String, String>,
    /// The user who asked for it; null for a key of the company itself, where a rule charged it, and for the
    /// company that pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_user: Option<String>,
    /// How often it was rated again, by rerates.
    pub charge_version: u32,
    /// The company that pays it.
    pub company: String,
    /// The agreement's currency.
    pub currency: String,
    /// The first day of the period that a rule charged it for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_day: Option<String>,
    /// Its id.
    pub id: String,
    /// Whether it became an event that is billed: it was not given up.
    pub issued: bool,
    /// The last day of that period, included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_day: Option<String>,
    /// Why it failed: `no_rate`, `blocked`, `insufficient_funds` or `suspended`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// How many units.
    pub quantity: u32,
    /// The price of the rate tree, by its id; null if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// What it is for.
    pub resource: String,
    /// The rule that charged it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The sender ID that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// Whether it was charged.
    pub status: FeeStatus,
    /// What else it is for: the pack's or the additional service's name, the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What the statement names it by; null if it costs nothing. What a rerate changed stands there under the rerate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<String>,
    /// What a unit costs.
    pub unit_price: String,
    /// The wallet that it is charged to: the agreement's main one.
    pub wallet: String,
    /// The agreement's balance as it is now.
    pub balance: String,
}

/// A service whose rate tree a price is of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ChargedService {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
}

/// How that was sold which is charged. `additional_fee`: at a price that was agreed on by hand and is in no
/// rate plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChargedServiceType {
    #[serde(rename = "pay_as_you_go")]
    PayAsYouGo,
    #[serde(rename = "unit_pack")]
    UnitPack,
    #[serde(rename = "monetary_pack")]
    MonetaryPack,
    #[serde(rename = "bundle_initiator")]
    BundleInitiator,
    #[serde(rename = "bundle_pack")]
    BundlePack,
    #[serde(rename = "additional_fee")]
    AdditionalFee,
}

/// `cascade` debits this agreement and all above it, each at its own rates; `prefunded` debits this
/// one alone, because its credits were handed down and paid for before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Charging {
    #[serde(rename = "cascade")]
    Cascade,
    #[serde(rename = "prefunded")]
    Prefunded,
}

/// How octets read that are said to be in the default alphabet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientAlphabet {
    #[serde(rename = "gsm7")]
    Gsm7,
    #[serde(rename = "latin1")]
    Latin1,
    #[serde(rename = "utf8")]
    Utf8,
}

/// A client's account on our SMPP listener: the client binds to us, sends its messages and receives their
/// receipts, and what phones send to its numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ClientSettings {
    /// The agreement that pays for them: one of the client with the company whose connection this is.
    pub agreement: String,
    /// What a `data_coding` of 0 means; `gsm7` unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alphabet: Option<ClientAlphabet>,
    /// Binds at one time, at most 100; 4 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binds_max: Option<u32>,
    /// Whose messages come over it: a company below yours. It stays as it is.
    pub client: String,
    /// 1 to 120 characters.
    pub name: String,
    /// From where it may bind, at most 50 addresses or networks; from anywhere unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub networks: Option<Vec<String>>,
    /// 8 to 64 characters of ASCII; many clients can say no more than 8. Never shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Messages per second over all binds, at most 10,000; 100 unless told. The gateways that it is bound to
    /// share them evenly, and each lets one through at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
    /// The name it binds with: 1 to 15 letters, digits or - _ . which no other client has.
    pub system_id: String,
    /// What it has to name as its system type, at most 12 characters; any unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_type: Option<String>,
    /// Whether it may not bind over plain TCP; `false` unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_required: Option<bool>,
    /// Requests of one bind that may wait for our answers at once, at most 1,000; 100 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct CloneRequest {
    /// Of the new service; 1 to 120 characters.
    pub name: String,
    /// Only this scope of it; all unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct CloseRequest {
    /// A day of the period, in the agreement's time zone; today unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct CloseTopUpRequest {
    /// Why, 1 to 500 characters.
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct CodeRequest {
    /// What the app shows.
    pub code: String,
}

/// Where a company stands: the `owner` runs the platform, a `reseller` creates any company below
/// it, a `seller` creates clients only, a `client` creates none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CompanyKind {
    #[serde(rename = "owner")]
    Owner,
    #[serde(rename = "reseller")]
    Reseller,
    #[serde(rename = "seller")]
    Seller,
    #[serde(rename = "client")]
    Client,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct CompanyName {
    /// What the company is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct CompanyPatch {
    /// Of a reseller: whether it creates resellers. False makes it a `seller`, true a `reseller`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creator_of_resellers: Option<bool>,
    /// A comment of at most 1000 characters. The company itself may change it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether a reseller or seller may send messages itself. Not for your own company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct_sending: Option<bool>,
    /// False refuses every call of the company and of all below it. Not for your own company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Whether its new agreements begin with individual credits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub individual_credits: Option<bool>,
    /// Whether it is shown its invoices and their charges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoices_enabled: Option<bool>,
    /// The look-up connection that its recipients' networks are asked from before they are priced: one of
    /// its own or of a company above it; null for none. What a company above has set, it cannot change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookup_connection: Option<String>,
    /// The channels whose recipients' networks are looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mnp_channels: Option<Vec<Channel>>,
    /// Whether its recipients' networks are looked up, if there is a look-up connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mnp_requests: Option<bool>,
    /// Whether what it sends to many waits for a decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moderation: Option<bool>,
    /// A new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The legal entity of the company above in whose name it sells to this one; null for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<String>,
    /// Whether all its users log in with a second factor. Users without a phone number cannot log in then. Who is
    /// logged in stays so, and changes their phone or app after another login only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub two_factor_required: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompanyRequest {
    /// Of a reseller: whether it creates resellers. False makes it a `seller`, true a `reseller`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creator_of_resellers: Option<bool>,
    /// A comment of at most 1000 characters. The company itself may change it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether a reseller or seller may send messages itself; a client always may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct_sending: Option<bool>,
    /// False refuses every call of the company and of all below it until it is enabled; true for a new company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Whether its new agreements begin with individual credits; false for a new company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub individual_credits: Option<bool>,
    /// Whether it is shown its invoices and their charges; true for a new company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoices_enabled: Option<bool>,
    /// `reseller`, `seller` or `client`.
    pub kind: CompanyKind,
    /// The look-up connection that its recipients' networks are asked from before they are priced: one of
    /// a company above it; null for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookup_connection: Option<String>,
    /// The channels whose recipients' networks are looked up; `sms` for a new company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mnp_channels: Option<Vec<Channel>>,
    /// Whether its recipients' networks are looked up, if there is a look-up connection; true for a new company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mnp_requests: Option<bool>,
    /// Whether what it sends to many waits for a decision; false for a new company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moderation: Option<bool>,
    /// 1 to 120 characters.
    pub name: String,
    /// The legal entity of the company above in whose name it sells to this one; null for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<String>,
    /// The company above it, yours or one below you; yours unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Whether all its users log in with a second factor; false for a new company. Users without a phone
    /// number cannot log in then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub two_factor_required: Option<bool>,
}

/// A company in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompanyRow {
    /// When it was created.
    pub created_at: String,
    /// Whether it creates resellers.
    pub creator_of_resellers: bool,
    /// When it was deleted; null if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<String>,
    /// A comment.
    pub description: String,
    /// Whether it may send messages itself though it is not a client.
    pub direct_sending: bool,
    /// Whether it may use the platform, if all above it may.
    pub enabled: bool,
    /// Its id.
    pub id: String,
    /// Whether its new agreements begin with individual credits.
    pub individual_credits: bool,
    /// Whether it is shown its invoices and their charges.
    pub invoices_enabled: bool,
    /// Whether it is a reseller or a seller.
    pub is_reseller: bool,
    /// Where it stands in the tree.
    pub kind: CompanyKind,
    /// The connection that tells the networks of its recipients; null while the numbering plan does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookup_connection: Option<String>,
    /// The channels whose recipients' networks are looked up.
    pub mnp_channels: Vec<Channel>,
    /// Whether its recipients' networks are looked up, if there is a look-up connection.
    pub mnp_requests: bool,
    /// Whether what it sends to many waits for a decision.
    pub moderation: bool,
    /// Its name.
    pub name: String,
    /// The legal entity of the company above in whose name it sells to this one; null for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<String>,
    /// The company above it; null for the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// `active`, `disabled` until it is enabled again, or `deleted` for good.
    pub status: CompanyStatus,
    /// Whether all its users log in with a second factor.
    pub two_factor_required: bool,
    /// When it was changed last; null if never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
    /// What the legal entity that sells to it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity_name: Option<String>,
    /// The portal at which its people log in, which is that of the legal entity that sells to it; null for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal: Option<String>,
    /// What that portal is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal_name: Option<String>,
}

/// A `disabled` company is refused with all below it until it is enabled again, a `deleted` one for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CompanyStatus {
    #[serde(rename = "active")]
    Active,
    #[serde(rename = "disabled")]
    Disabled,
    #[serde(rename = "deleted")]
    Deleted,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompanyView {
    /// When it was created.
    pub created_at: String,
    /// Whether it creates resellers.
    pub creator_of_resellers: bool,
    /// When it was deleted; null if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<String>,
    /// A comment.
    pub description: String,
    /// Whether it may send messages itself though it is not a client.
    pub direct_sending: bool,
    /// Whether it may use the platform, if all above it may.
    pub enabled: bool,
    /// Its id.
    pub id: String,
    /// Whether its new agreements begin with individual credits.
    pub individual_credits: bool,
    /// Whether it is shown its invoices and their charges.
    pub invoices_enabled: bool,
    /// Whether it is a reseller or a seller.
    pub is_reseller: bool,
    /// Where it stands in the tree.
    pub kind: CompanyKind,
    /// The connection that tells the networks of its recipients; null while the numbering plan does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookup_connection: Option<String>,
    /// The channels whose recipients' networks are looked up.
    pub mnp_channels: Vec<Channel>,
    /// Whether its recipients' networks are looked up, if there is a look-up connection.
    pub mnp_requests: bool,
    /// Whether what it sends to many waits for a decision.
    pub moderation: bool,
    /// Its name.
    pub name: String,
    /// The legal entity of the company above in whose name it sells to this one; null for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<String>,
    /// The company above it; null for the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// `active`, `disabled` until it is enabled again, or `deleted` for good.
    pub status: CompanyStatus,
    /// Whether all its users log in with a second factor.
    pub two_factor_required: bool,
    /// When it was changed last; null if never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ConfirmImportRequest {
    /// Import the other rows although some have errors; false unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leave_out_errors: Option<bool>,
    /// Of the preview that you have seen.
    pub preview: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ConfirmRequest {
    /// Confirm also a period that still runs, say because the contract ends; what is used later in it
    /// is for a correction. False unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early: Option<bool>,
    /// Mail it to those who get the agreement's invoices, once its PDF is made; true unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ConfirmTopUpRequest {
    /// What the balance is to rise by. Needed where the payment system's fee comes from the client and no tariff is
    /// set, as only a person knows then what it kept; else the amount, or the credits that are bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credited: Option<String>,
    /// What the money is known by, 1 to 100 characters: unique among the company's payments.
    pub reference: String,
}

/// What is to be different.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ConnectionPatch {
    /// Whether messages go over it. What waits for one that is disabled goes by the sender ID's next route,
    /// or is paid back. A client whose connection is disabled is unbound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Fields by their names.
    #[serde(flatten)]
    pub more: BTreeMap<String, Value>,
}

/// A connection in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConnectionRow {
    /// Whose link it is.
    pub company: String,
    /// When it was created.
    pub created_at: String,
    /// Whether messages go over it.
    pub enabled: bool,
    /// Of one over HTTP: whether there is a signature key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_signature_key: Option<bool>,
    /// Its id.
    pub id: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// Where Transit SMS has to send its receipts. Whoever knows it can report on messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<String>,
    /// What the client is called; null where it is to a vendor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// Its fields stand beside the others.
    #[serde(flatten)]
    pub connection_settings: ConnectionSettings,
}

/// What the link is and how it is used; passwords are taken and never shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum ConnectionSettings {
    #[serde(rename = "smpp")]
    Smpp {
        /// How many binds are kept up; one transceiver unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        binds: Option<BindsSettings>,
        /// Whose sender IDs may take it, with those of companies below these: the connection's company or some below
        /// it, at most 100. Those of any company, unless told. What sender IDs have stays.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        companies: Option<Vec<String>>,
        /// Seconds between enquire_link requests; 30 unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        enquire_link_seconds: Option<u32>,
        /// What to do about errors in answers to submits, where it is not as usual.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        errors: Option<Vec<ErrorSettings>>,
        /// Name or address of the vendor's SMSC.
        host: String,
        /// The version of SMPP that the gateway binds with; `3.4` unless told. A vendor that answers to `5.0` with an
        /// older one is spoken to in that: before 3.4 without optional parameters, and long messages leave with a UDH.
        /// With `3.4` it gets the parameters that you ask for, whatever it answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        interface_version: Option<InterfaceVersion>,
        /// Whether what the vendor delivers names sender and recipient the other way round.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        inverted_addresses: Option<bool>,
        /// How the parts of a long message say that they belong together; `udh8` unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        long_form: Option<LongForm>,
        /// 1 to 120 characters.
        name: String,
        /// Type of number and numbering plan that the vendor wants; as usual unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        numbering: Option<NumberingSettings>,
        /// What to do with a message whose fate nobody knows; `wait` unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on_unknown_outcome: Option<OnUnknownOutcome>,
        /// The account's password; SMPP 3.4 allows 8 characters, many vendors more. Never shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<String>,
        /// TCP port.
        port: u32,
        /// The `priority_flag` of messages that say none, 0 to 3; 0 unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        priority: Option<u32>,
        /// Submits per second over all binds, at most 10,000; 50 unless told. Where the vendor throttles, the
        /// gateway slows down below it by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rate: Option<u32>,
        /// The `service_type` of each submit, at most 5 characters; empty unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service_type: Option<String>,
        /// What the vendor's words and codes in receipts mean for the charge, where it is not as usual.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        statuses: Option<Vec<StatusSettings>>,
        /// The account's name at the vendor.
        system_id: String,
        /// Empty unless the vendor asks for one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        system_type: Option<String>,
        /// TLS to the vendor; plain TCP unless told, and `{}` for TLS as usual.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tls: Option<TlsSettings>,
        /// Optional parameters to send with each submit, at most 16.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tlvs: Option<Vec<TlvSettings>>,
        /// How long after the submit a message that says nothing of it may be delivered, in seconds, at most 63
        /// days; the vendor's own rule unless told. One that waits while no bind is up and has no other
        /// route ends so long after it was accepted, 72 hours unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        validity_seconds: Option<u32>,
        /// Submits that may wait for their answers at once over all binds, at most 1,000; 10 unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window: Option<u32>,
    },
    #[serde(rename = "http")]
    Http {
        /// 1 to 120 characters.
        name: String,
        /// What to do with a message whose fate nobody knows; `wait` unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on_unknown_outcome: Option<OnUnknownOutcome>,
        /// The account's password; needed with `username`. Never shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<String>,
        /// Requests per second, at most 10,000; any number unless told. Kept for people: messages are not held back
        /// by it yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rps_limit: Option<u32>,
        /// What goes with the account if the vendor asks for a service type.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service_type: Option<String>,
        /// What another vendor than Transit SMS signs its calls with; null or an empty one takes away what is there.
        /// Never shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signature_key: Option<String>,
        /// The address that the vendor gave. Transit SMS needs one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        /// At Transit SMS: the account under which messages of sender IDs leave that have none of their own. Without
        /// one each sender ID needs its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        username: Option<String>,
        /// Whose API it is. It stays.
        vendor: HttpVendorBody,
        /// Messages under way at once, at most 1,000, better not above 100; any number unless told. Kept for people
        /// as well.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window_limit: Option<u32>,
    },
    #[serde(rename = "lookup")]
    Lookup {
        /// Where in the answer is what.
        answer: AnswerBody,
        /// For how long an answer is believed, at most 2,160 hours; 24 unless told, and 0 asks for each message.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cache_hours: Option<u32>,
        /// 1 to 120 characters.
        name: String,
        /// What that header says, as a whole. Never shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret: Option<String>,
        /// The header that carries the secret; none if the vendor wants none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret_header: Option<String>,
        /// 50 to 5,000 milliseconds; 1,000 unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout_ms: Option<u32>,
        /// The vendor's address, in which `{number}` stands for the digits of the number, without a plus.
        url: String,
    },
    #[serde(rename = "client")]
    Client {
        /// The agreement that pays for them: one of the client with the company whose connection this is.
        agreement: String,
        /// What a `data_coding` of 0 means; `gsm7` unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alphabet: Option<ClientAlphabet>,
        /// Binds at one time, at most 100; 4 unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        binds_max: Option<u32>,
        /// Whose messages come over it: a company below yours. It stays as it is.
        client: String,
        /// 1 to 120 characters.
        name: String,
        /// From where it may bind, at most 50 addresses or networks; from anywhere unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        networks: Option<Vec<String>>,
        /// 8 to 64 characters of ASCII; many clients can say no more than 8. Never shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<String>,
        /// Messages per second over all binds, at most 10,000; 100 unless told. The gateways that it is bound to
        /// share them evenly, and each lets one through at least.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rate: Option<u32>,
        /// The name it binds with: 1 to 15 letters, digits or - _ . which no other client has.
        system_id: String,
        /// What it has to name as its system type, at most 12 characters; any unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        system_type: Option<String>,
        /// Whether it may not bind over plain TCP; `false` unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tls_required: Option<bool>,
        /// Requests of one bind that may wait for our answers at once, at most 1,000; 100 unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window: Option<u32>,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConnectionView {
    /// Whose link it is.
    pub company: String,
    /// When it was created.
    pub created_at: String,
    /// Whether messages go over it.
    pub enabled: bool,
    /// Of one over HTTP: whether there is a signature key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_signature_key: Option<bool>,
    /// Its id.
    pub id: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// Where Transit SMS has to send its receipts. Whoever knows it can report on messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<String>,
    /// Its fields stand beside the others.
    #[serde(flatten)]
    pub connection_settings: ConnectionSettings,
}

/// A way to reach the company behind a sender ID.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ContactBody {
    /// What it is called, or what stands on its button.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The number, address or mailbox.
    pub value: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct CopyFrom {
    /// The number of one of its scopes.
    pub scope: u32,
    /// A service that you see; this one unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
}

/// Sums of messages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct CountsView {
    /// Messages taken in.
    pub accepted: i64,
    /// From being accepted to arriving, on the average; null while none has arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_delivery_milliseconds: Option<i64>,
    /// Messages on their phones.
    pub delivered: i64,
    /// How many of a hundred that ended arrived; null while none has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_rate: Option<String>,
    /// Messages that will not arrive.
    pub failed: i64,
    /// Messages from phones that were handed on. No other figure counts them.
    pub received: i64,
    /// Segments of these.
    pub segments: i64,
}

/// So much of an invoice is covered by this.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct CoverView {
    /// How much of it.
    pub amount: String,
    /// Whether a person has said so.
    pub by_hand: bool,
    /// Or the credit note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_note: Option<String>,
    /// The invoice that is covered: this one, or of a credit note those that it pays.
    pub invoice: String,
    /// The payment that covers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct CoverageView {
    /// What a person has put to it; less may be there by now.
    pub allocations: Vec<AllocationBody>,
    /// What of it is paid.
    pub covered: String,
    /// What covers it, in the order in which it was given out; of a credit note what it covers.
    pub covers: Vec<CoverView>,
    /// The invoice.
    pub invoice: String,
    /// What of it is not.
    pub outstanding: String,
    /// What is to be paid.
    pub total_due: String,
}

/// Whether credits came to the wallet or went from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CreditDirection {
    #[serde(rename = "in")]
    In,
    #[serde(rename = "out")]
    Out,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CreditLogLine {
    /// The code of the agreement it belongs to.
    pub agreement_code: String,
    /// How much, above zero.
    pub amount: String,
    /// When it happened.
    pub at: String,
    /// The balance after it.
    pub balance_after: String,
    /// Who asked for it: a user's or company's name, or the payment system.
    pub by: String,
    /// The company it belongs to.
    pub company: String,
    /// That company's name.
    pub company_name: String,
    /// The wallet on the other side of a transfer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterparty: Option<String>,
    /// Whose that is: a company's name, with the user's where it is a user's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterparty_name: Option<String>,
    /// What the wallet counts in.
    pub currency: String,
    /// Whether credits came or went.
    pub direction: CreditDirection,
    /// What moved them.
    pub movement: CreditMovement,
    /// A transfer's note; a payment's reference code and description.
    pub note: String,
    /// The id of the transfer or payment.
    pub reference: String,
    /// The name of the user whose it is; null for system credits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// The wallet.
    pub wallet: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct CreditLogView {
    /// What happened at this time or later is listed.
    pub from: String,
    /// Newest first.
    pub items: Vec<CreditLogLine>,
    /// What happened before this time is listed.
    pub till: String,
}

/// What moved credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CreditMovement {
    #[serde(rename = "transfer")]
    Transfer,
    #[serde(rename = "payment")]
    Payment,
}

/// What of a receipt for message credits is undone because money of it went back; below zero what is sold once more,
/// because it came again. When all has gone back, the credit notes add up to the receipt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct CreditNoteView {
    /// The message credits that left the wallet again.
    pub credits: String,
    /// Of the fee that was charged on top.
    pub fee: String,
    /// In the currency that was paid in, without tax.
    pub net: String,
    /// Without gaps among the receipts and credit notes of the legal entity that sells.
    pub number: u64,
    /// The tax of that.
    pub tax: String,
}

/// Message credits with what they cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct CreditOrderView {
    /// Of all, without tax, rounded to the currency's smallest unit.
    pub net: String,
    /// How many.
    pub quantity: u32,
    /// Whether the buyer owes the tax itself, so that none is added.
    pub reverse_charge: bool,
    /// The tax.
    pub tax: String,
    /// The name of the tax; null if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_name: Option<String>,
    /// Its rate; null if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_percent: Option<String>,
    /// With tax.
    pub total: String,
    /// Of one, without tax.
    pub unit_price: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct CreditView {
    /// The agreement.
    pub agreement: String,
    /// What may still be spent, the credit limit included; null for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<String>,
    /// What is in the wallet.
    pub balance: String,
    /// Its code.
    pub code: String,
    /// What it counts in.
    pub currency: String,
    /// You, if these are your own credits; null for the company's, in the main wallet of the agreement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DashboardView {
    /// How many of your sender IDs have sent this month.
    pub active_senders: u64,
    /// By agreement the company's credits, if your roles show you its wallets, and your own.
    pub credits: Vec<CreditView>,
    /// The two months before, the later one first.
    pub last_months: Vec<PeriodCountsView>,
    /// This month so far.
    pub month: CountsView,
    /// Today so far; days are days in UTC.
    pub today: CountsView,
}

/// The details of an invoice's charges as a spreadsheet, or as a table of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DetailsFile {
    #[serde(rename = "xlsx")]
    Xlsx,
    #[serde(rename = "csv")]
    Csv,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DictionaryView {
    /// Whether the platform may change it.
    pub editable: bool,
    /// How many entries it has.
    pub entries: u64,
    /// What the fields of its entries are called, in the order of the columns of a file.
    pub fields: Vec<String>,
    /// Where the last import came from; null if there was none since the last reset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<ProvenanceView>,
    /// Its name in paths.
    pub name: String,
    /// Whether the import took the place of the shipped data.
    pub replaced: bool,
    /// Where the data that are shipped come from.
    pub shipped: ProvenanceView,
    /// When the platform last changed it; null while it is as it is shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
}

/// `client`: the company above sells to the company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    #[serde(rename = "client")]
    Client,
}

/// `n/a` for a draft. `not_sent`: confirmed without sending, or there is nobody to mail it to. `waiting`
/// for its PDF; `sent`: handed to the mail server's queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DispatchStatus {
    #[serde(rename = "n/a")]
    NA,
    #[serde(rename = "not_sent")]
    NotSent,
    #[serde(rename = "waiting")]
    Waiting,
    #[serde(rename = "sent")]
    Sent,
}

/// `n/a` while nobody disputes it; `open`, then `settled`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DisputeStatus {
    #[serde(rename = "n/a")]
    NA,
    #[serde(rename = "open")]
    Open,
    #[serde(rename = "settled")]
    Settled,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct DocumentLink {
    /// When the link stops working.
    pub expires_at: String,
    /// Where a browser finds the file. Whoever has the link can open it until it expires.
    pub url: String,
}

/// Whether a host name leads to this platform: not looked at, `ready`, `elsewhere`, or `unknown` where
/// it leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DomainState {
    #[serde(rename = "unchecked")]
    Unchecked,
    #[serde(rename = "ready")]
    Ready,
    #[serde(rename = "elsewhere")]
    Elsewhere,
    #[serde(rename = "unknown")]
    Unknown,
}

/// One of several parts of what a message cost: it may take from packs, or fall into two tiers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EdrPartView {
    /// What is owed for it.
    pub amount: String,
    /// When the charge becomes final.
    pub billing_rule: BillingRule,
    /// Of a scale: what it counts apart for each value of; all together unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter_group: Option<String>,
    /// How the price came about.
    pub price_type: String,
    /// How many units.
    pub quantity: u32,
    /// What the units are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity_rule: Option<String>,
    /// The price of the rate tree, by its id.
    pub rate: String,
    /// Of a scale: which tier the units fell into, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_tier: Option<u32>,
    /// Of a scale: whether each unit has the price of its tier, or all have the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_type: Option<ScaleKind>,
    /// What a unit costs.
    pub unit_price: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EdrView {
    /// When it was accepted, or charged.
    pub accepted_at: String,
    /// The agreement that this record is of.
    pub agreement: String,
    /// What is owed for it at this level: zero once it was refunded.
    pub amount: String,
    /// When the charge becomes final.
    pub billing_rule: BillingRule,
    /// How often what it costs was rated again.
    pub charge_version: u32,
    /// What the sender named it; in the sender's own records only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_reference: Option<String>,
    /// Of messages that carry a two-factor code: its `requestId`; in the sender's own records only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_request: Option<String>,
    /// The company that sent it, or that the fee is charged to.
    pub company: String,
    /// The vendor's connection over which it went, or is to go; for who sees that connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// Of a scale: what it counts apart for each value of; all together unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter_group: Option<String>,
    /// Of messages: ISO 3166 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Of messages: `outgoing`, or `incoming` for what the recipient's phone sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
    /// The fee; null for a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee: Option<String>,
    /// When it reached its last status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
    /// The message from a phone that it is of; null for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incoming_message: Option<String>,
    /// 1 is the sender's own agreement, 2 the one above it.
    pub level: u32,
    /// Of messages: the network's codes for country and network together, by which it was priced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mccmnc: Option<String>,
    /// The message; null for a fee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The network that the number's range was given to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// The parts of the amount if there are several; `rate` to `counter_group` are those of the first then.
    pub parts: Vec<EdrPartView>,
    /// Of messages: how the price came about: `flat`, `free`, `scale`, or `included` in a pack or bundle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_type: Option<String>,
    /// How many units.
    pub quantity: u32,
    /// What the units are: `messages`, `segments`, `full_period` or `minutes`; null of a price that is in no
    /// tree, and in records from before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity_rule: Option<String>,
    /// The price of the rate tree, by its id.
    pub rate: String,
    /// Where the status alone does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of messages: international form, digits only. Of old ones, where the platform keeps whole numbers for a
    /// while only, the calling code and the last two digits, with stars between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// What was billed.
    pub resource: String,
    /// Of a scale: which tier the units fell into, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_tier: Option<u32>,
    /// Of a scale: whether each unit has the price of its tier, or all have the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_type: Option<ScaleKind>,
    /// Of messages: how many segments the text took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segments: Option<u32>,
    /// What it was sent from, or the sender ID that the fee is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// How far the message has come; null for a fee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<MessageStatus>,
    /// What else a fee is for: the pack's or the additional service's name, the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// When the vendor took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<String>,
    /// What a unit costs.
    pub unit_price: String,
    /// The vendor's id of each segment, empty for one that the vendor refused; for who sees the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_references: Option<Vec<String>>,
    /// Of messages: whose money it is: the agreement's wallet, or that of a user with credits of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet: Option<String>,
}

/// Email, over Elastic Email.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct EmailBody {
    /// The API key of your account there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// What mail comes from.
    pub sender_email: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct EnableServiceRequest {
    /// Used for messages accepted at this time or later; from now on unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<String>,
    /// Not used from this time on; no end unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_till: Option<String>,
    /// Whether the company that pays does not see it; false unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden_from_client: Option<bool>,
    /// A rate plan of the agreement's tenant.
    pub service: String,
}

/// Something that is enabled under an agreement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EnabledRow {
    /// The agreement that it is enabled under.
    pub agreement: String,
    /// The agreement's code.
    pub code: String,
    /// The company that pays.
    pub company: String,
    /// What that company is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    /// What was charged when it was bought; null for what was not bought, or for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<String>,
    /// The agreement's currency.
    pub currency: String,
    /// Used for messages accepted at this time or later.
    pub effective_from: String,
    /// Not used from this time on; null for no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_till: Option<String>,
    /// When it was enabled, or bought; null of what was enabled before this was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled_at: Option<String>,
    /// Whether the company that pays does not see it.
    pub hidden_from_client: bool,
    /// Its id; the purchase's where it was bought.
    pub id: String,
    /// Whether it may be used now.
    pub in_force: bool,
    /// How it sells.
    pub kind: ServiceKind,
    /// Its name.
    pub name: String,
    /// The rate plan, pack or bundle.
    pub service: String,
    /// Of bundle packs: recipients in the billing period, with those past its size; else null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct EnabledServicePatch {
    /// Used for messages accepted at this time or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<String>,
    /// Not used from this time on; null for no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_till: Option<String>,
    /// Whether the company that pays does not see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden_from_client: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct EnabledServiceView {
    /// Used for messages accepted at this time or later.
    pub effective_from: String,
    /// Not used from this time on; null for no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_till: Option<String>,
    /// When it was enabled, or bought; null of what was enabled before this was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled_at: Option<String>,
    /// Whether the company that pays does not see it.
    pub hidden_from_client: bool,
    /// Its id, to change or remove it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Of packs and bundles: which purchase it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pack: Option<String>,
    /// The rate plan's id.
    pub service: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryRequest {
    /// Field by field; what is not named is empty.
    pub values: BTreeMap<String, String>,
}

/// A key and what is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryView {
    /// What rate trees hold.
    pub key: String,
    /// Field by field; empty where nothing is known.
    pub values: BTreeMap<String, String>,
}

/// `retry`: again over this connection, later. `slow_down`: the same, and everything over it slower.
/// `next_route`: another vendor may take it. `stop`: no vendor will.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ErrorAction {
    #[serde(rename = "retry")]
    Retry,
    #[serde(rename = "slow_down")]
    SlowDown,
    #[serde(rename = "next_route")]
    NextRoute,
    #[serde(rename = "stop")]
    Stop,
}

/// What to do about a `command_status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorSettings {
    /// What to do.
    pub action: ErrorAction,
    /// The status as a number, such as 88 for 0x58.
    pub status: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ExportLink {
    /// When the link stops working.
    pub expires_at: String,
    /// Where the file is. Whoever has the link can open it until it expires.
    pub url: String,
}

/// One of the two portals. A client's people have the client portal only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Face {
    #[serde(rename = "back_office")]
    BackOffice,
    #[serde(rename = "client_portal")]
    ClientPortal,
}

/// From whom the payment system's fee comes: with `client` it is missing from the balance, with `owner`
/// the balance gets all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FeeFrom {
    #[serde(rename = "client")]
    Client,
    #[serde(rename = "owner")]
    Owner,
}

/// What a rule charges for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum FeeKindBody {
    /// A sender ID, at the agreement's price under `sender_id_usage_fee`.
    #[serde(rename = "sender_id_usage")]
    SenderIdUsage {
        /// The operator that it is registered with, if the price depends on it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mno: Option<String>,
        /// One of the agreement's sender IDs: the address of one of SMS, or the id of any.
        sender: String,
        /// As it looks unless told: numbers of up to six digits are short codes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sender_type: Option<SenderIdType>,
    },
    /// An additional service.
    #[serde(rename = "additional")]
    Additional {
        /// With a tariff as the rate tree names it. 1 to 120 characters.
        name: String,
        /// What it costs.
        price: AdditionalPriceBody,
    },
    /// The platform, at the agreement's price under `platform_fee`.
    #[serde(rename = "platform")]
    Platform,
    /// A bundle that is extended; made and ended with its `auto_extend`.
    #[serde(rename = "bundle_extension")]
    BundleExtension {
        /// The bundle's name.
        name: String,
        /// The id of the purchase.
        pack: String,
    },
}

/// How often a rule charges; `billing_period` is whatever the agreement is invoiced by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FeePeriod {
    #[serde(rename = "month")]
    Month,
    #[serde(rename = "week")]
    Week,
    #[serde(rename = "billing_period")]
    BillingPeriod,
}

/// A fee in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeeRow {
    /// The agreement that pays it.
    pub agreement: String,
    /// What was charged, as it was rated last.
    pub amount: String,
    /// When it was charged, or given up.
    pub at: String,
    /// How often it was tried.
    pub attempts: u32,
    /// What its price was found by, as `mno`: the names are those of rate trees. None of a price that is in no
    /// tree.
    pub attributes: BTreeMap<String, String>,
    /// The user who asked for it; null for a key of the company itself, where a rule charged it, and for the
    /// company that pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_user: Option<String>,
    /// How often it was rated again, by rerates.
    pub charge_version: u32,
    /// The company that pays it.
    pub company: String,
    /// The agreement's currency.
    pub currency: String,
    /// The first day of the period that a rule charged it for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_day: Option<String>,
    /// Its id.
    pub id: String,
    /// Whether it became an event that is billed: it was not given up.
    pub issued: bool,
    /// The last day of that period, included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_day: Option<String>,
    /// Why it failed: `no_rate`, `blocked`, `insufficient_funds` or `suspended`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// How many units.
    pub quantity: u32,
    /// The price of the rate tree, by its id; null if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// What it is for.
    pub resource: String,
    /// The rule that charged it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The sender ID that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// Whether it was charged.
    pub status: FeeStatus,
    /// What else it is for: the pack's or the additional service's name, the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What the statement names it by; null if it costs nothing. What a rerate changed stands there under the rerate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<String>,
    /// What a unit costs.
    pub unit_price: String,
    /// The wallet that it is charged to: the agreement's main one.
    pub wallet: String,
    /// The agreement's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement_code: Option<String>,
    /// What the company is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
}

/// What is to be different; what is not named stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct FeeRulePatch {
    /// So many days before the period begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_before: Option<u32>,
    /// How often. With other periods the rule goes on with the first that begins today or later, and behind
    /// all that was charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<FeePeriod>,
    /// The operator that a sender ID is registered with; null for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mno: Option<String>,
    /// What an additional service costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<AdditionalPriceBody>,
    /// At most so often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries_max: Option<u32>,
    /// When it cannot be charged it is tried again after so many hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_hours: Option<u32>,
    /// Of a sender ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_type: Option<SenderIdType>,
    /// Of a month, 1 to 28; of a week, 1 (Monday) to 7.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_day: Option<i32>,
    /// Not before today, and only as long as nothing was charged or given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<String>,
    /// Periods that begin on this day or later are not charged; null for no end. Where the next one does, the
    /// rule has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_till: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeeRuleRequest {
    /// So many days before the period begins; 0 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_before: Option<u32>,
    /// How often; every month unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<FeePeriod>,
    /// What it charges for.
    pub kind: FeeKindBody,
    /// At most so often; 3 times unless told. Then it is given up for this period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries_max: Option<u32>,
    /// When it cannot be charged it is tried again after so many hours; 1 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_hours: Option<u32>,
    /// Of a month, 1 to 28; of a week, 1 (Monday) to 7. 1 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_day: Option<i32>,
    /// Periods that begin on this day or later are charged, in full; not before today.
    pub valid_from: String,
    /// Periods that begin on this day or later are not; no end unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_till: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeeRuleView {
    /// The agreement that pays.
    pub agreement: String,
    /// When it was made.
    pub created_at: String,
    /// So many days before the period begins.
    pub days_before: u32,
    /// How often.
    pub every: FeePeriod,
    /// Its id.
    pub id: String,
    /// What it charges for.
    pub kind: FeeKindBody,
    /// What it charges next; null once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<NextFeeView>,
    /// What it would charge now; null if no rate is found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    /// Why there is no price: `no_rate` or `blocked`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_problem: Option<String>,
    /// At most so often.
    pub retries_max: u32,
    /// When it cannot be charged it is tried again after so many hours.
    pub retry_hours: u32,
    /// Its revision, which is its `ETag` as well. Every charge and every try raises it.
    pub revision: u64,
    /// Of a month, 1 to 28; of a week, 1 (Monday) to 7.
    pub start_day: i32,
    /// Periods that begin on this day or later are charged.
    pub valid_from: String,
    /// Periods that begin on this day or later are not; null for no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_till: Option<String>,
}

/// `posted`: charged, for good. `failed`: tried as often as its rule says, and never charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FeeStatus {
    #[serde(rename = "posted")]
    Posted,
    #[serde(rename = "failed")]
    Failed,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeeView {
    /// The agreement that pays it.
    pub agreement: String,
    /// What was charged, as it was rated last.
    pub amount: String,
    /// When it was charged, or given up.
    pub at: String,
    /// How often it was tried.
    pub attempts: u32,
    /// What its price was found by, as `mno`: the names are those of rate trees. None of a price that is in no
    /// tree.
    pub attributes: BTreeMap<String, String>,
    /// The user who asked for it; null for a key of the company itself, where a rule charged it, and for the
    /// company that pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_user: Option<String>,
    /// How often it was rated again, by rerates.
    pub charge_version: u32,
    /// The company that pays it.
    pub company: String,
    /// The agreement's currency.
    pub currency: String,
    /// The first day of the period that a rule charged it for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_day: Option<String>,
    /// Its id.
    pub id: String,
    /// Whether it became an event that is billed: it was not given up.
    pub issued: bool,
    /// The last day of that period, included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_day: Option<String>,
    /// Why it failed: `no_rate`, `blocked`, `insufficient_funds` or `suspended`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// How many units.
    pub quantity: u32,
    /// The price of the rate tree, by its id; null if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// What it is for.
    pub resource: String,
    /// The rule that charged it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The sender ID that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// Whether it was charged.
    pub status: FeeStatus,
    /// What else it is for: the pack's or the additional service's name, the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What the statement names it by; null if it costs nothing. What a rerate changed stands there under the rerate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<String>,
    /// What a unit costs.
    pub unit_price: String,
    /// The wallet that it is charged to: the agreement's main one.
    pub wallet: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct FieldChangeView {
    /// What it is; null if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// What it was; null if there was none. Secrets read `***`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// From the top down, as `link.window`.
    pub field: String,
}

/// What may be uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileKind {
    #[serde(rename = "svg")]
    Svg,
    #[serde(rename = "png")]
    Png,
    #[serde(rename = "jpeg")]
    Jpeg,
    #[serde(rename = "gif")]
    Gif,
    #[serde(rename = "ico")]
    Ico,
    #[serde(rename = "pdf")]
    Pdf,
    #[serde(rename = "xml")]
    Xml,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct FindRequest {
    /// Whose prices; one of yours, or of a company below you.
    pub agreement: String,
    /// The moment whose prices are asked for; now unless told. What is left of packs, and how far scales
    /// have counted, is always as of now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// In international form. Its country and network are found by the numbering plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// What is to be priced; `sms_message` unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    /// The sender ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// What else is known, or known better, by attribute: `country`, `network`, `mccmnc` and so on, but for
    /// `time_of_day`, which follows from `at`. What follows from it by the dictionaries is added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<BTreeMap<String, String>>,
}

/// What a look-up ended with. After `not_included` and `no_rate` the next service is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Finding {
    #[serde(rename = "price")]
    Price,
    #[serde(rename = "included")]
    Included,
    #[serde(rename = "not_included")]
    NotIncluded,
    #[serde(rename = "blocked")]
    Blocked,
    #[serde(rename = "no_rate")]
    NoRate,
}

/// What the platform found: a day's usage that is not what its records come to (`recount`), a ledger that does
/// not add up (`reconciliation`), a fee that was given up after its last try (`fees`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FindingKind {
    #[serde(rename = "recount")]
    Recount,
    #[serde(rename = "reconciliation")]
    Reconciliation,
    #[serde(rename = "fees")]
    Fees,
}

/// Flash calls, over the default softswitch. The address is any number of the pool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct FlashCallBody {
    /// The numbers that call.
    pub pool: Vec<NumberRangeBody>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct FormFile {
    /// Where the file is, for some hours. Whoever has the link can open it.
    pub url: String,
}

/// Which document a form makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FormKind {
    #[serde(rename = "invoice")]
    Invoice,
    #[serde(rename = "charge")]
    Charge,
    #[serde(rename = "receipt")]
    Receipt,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct FoundChargeView {
    /// What they cost.
    pub amount: String,
    /// Whether it is counted: taken from a pack or a tier, or covered by a bundle.
    pub counted: bool,
    /// How many units.
    pub quantity: u32,
    /// Names the price, as in EDRs.
    pub rate: String,
    /// What a unit costs; zero for what a pack has paid.
    pub unit_price: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundRate {
    /// The moment whose prices these are.
    pub at: String,
    /// The agreement, and those above it that you see.
    pub levels: Vec<LevelView>,
    /// What is priced.
    pub resource: Resource,
    /// All that is known of it, by attribute.
    pub values: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct GeneratedPassword {
    /// A strong one by the policy of now. It is kept nowhere.
    pub password: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct GivenPassword {
    /// By the password policy. It has to be changed at the next login.
    pub password: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct HeldView {
    /// The allowance whose units these are; null for money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowance: Option<String>,
    /// What it may still spend.
    pub escrow: String,
    /// What it has spent and not settled yet.
    pub used: String,
}

/// A link to a vendor over HTTP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpSettings {
    /// 1 to 120 characters.
    pub name: String,
    /// What to do with a message whose fate nobody knows; `wait` unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_unknown_outcome: Option<OnUnknownOutcome>,
    /// The account's password; needed with `username`. Never shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Requests per second, at most 10,000; any number unless told. Kept for people: messages are not held back
    /// by it yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rps_limit: Option<u32>,
    /// What goes with the account if the vendor asks for a service type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_type: Option<String>,
    /// What another vendor than Transit SMS signs its calls with; null or an empty one takes away what is there.
    /// Never shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature_key: Option<String>,
    /// The address that the vendor gave. Transit SMS needs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// At Transit SMS: the account under which messages of sender IDs leave that have none of their own. Without
    /// one each sender ID needs its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Whose API it is. It stays.
    pub vendor: HttpVendorBody,
    /// Messages under way at once, at most 1,000, better not above 100; any number unless told. Kept for people
    /// as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_limit: Option<u32>,
}

/// A vendor's HTTP API, with what that alone has. SMS goes over `transit_sms`; nothing is sent over the others
/// yet, on which sender IDs of other channels stand whose vendor has the same name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum HttpVendorBody {
    /// The Alaris HTTP API.
    #[serde(rename = "transit_sms")]
    TransitSms,
    /// Viber.
    #[serde(rename = "viber")]
    Viber {
        /// Of your account there. The sender IDs on it have it as their address.
        service_id: String,
    },
    /// A partner's transit platform, for Viber.
    #[serde(rename = "transit_viber")]
    TransitViber,
    /// Telin, for WhatsApp.
    #[serde(rename = "telin")]
    Telin,
    /// Telin NeuAPIX, for WhatsApp.
    #[serde(rename = "telin_neuapix")]
    TelinNeuapix,
    /// Gupshup, for WhatsApp. Its `url` is for messages of a session.
    #[serde(rename = "gupshup")]
    Gupshup {
        /// Where media are put, with the id of your app.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        media_url: Option<String>,
        /// For messages by templates.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        template_url: Option<String>,
    },
    /// 360dialog, for WhatsApp.
    #[serde(rename = "dialog360")]
    Dialog360,
    /// 360dialog's cloud, for WhatsApp.
    #[serde(rename = "dialog360_cloud")]
    Dialog360Cloud {
        /// From where the vendor loads media.
        media_url: String,
    },
    /// Nexmo, for WhatsApp.
    #[serde(rename = "nexmo")]
    Nexmo,
    /// Elastic Email.
    #[serde(rename = "elasticemail")]
    Elasticemail,
    /// WeChat.
    #[serde(rename = "wechat")]
    Wechat,
    /// Telegram Gateway.
    #[serde(rename = "telegram_gateway")]
    TelegramGateway,
    /// RCS for Business.
    #[serde(rename = "rcs_for_business")]
    RcsForBusiness,
    /// GSMA transit, for RCS.
    #[serde(rename = "gsma_transit")]
    GsmaTransit {
        /// Where tokens come from.
        authorization_url: String,
    },
    /// Push messages to an app.
    #[serde(rename = "mobile_push")]
    MobilePush,
}

/// A column of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportColumn {
    /// Its letters, as spreadsheets count.
    pub column: String,
    /// Its fields stand beside the others.
    #[serde(flatten)]
    pub import_meaning: ImportMeaning,
}

/// What begins the decimals of prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImportDecimalSign {
    #[serde(rename = "point")]
    Point,
    #[serde(rename = "comma")]
    Comma,
}

/// What to do with rows that name the same rate: take the first one, the last one, or none and show them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImportDuplicates {
    #[serde(rename = "take_first")]
    TakeFirst,
    #[serde(rename = "take_last")]
    TakeLast,
    #[serde(rename = "error")]
    Error,
}

/// What an empty cell means: any other value, the same as in the row above, or an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImportEmpty {
    #[serde(rename = "others")]
    Others,
    #[serde(rename = "above")]
    Above,
    #[serde(rename = "error")]
    Error,
}

/// `full`: only the same text; `best`: that, or else the most similar one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImportEquality {
    #[serde(rename = "full")]
    Full,
    #[serde(rename = "best")]
    Best,
}

/// `standard`: a row a price. `whatsapp_basic`: a row a region, a column a category. `whatsapp_tier`: a row a
/// volume tier of a region and category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImportFormat {
    #[serde(rename = "standard")]
    Standard,
    #[serde(rename = "whatsapp_basic")]
    WhatsappBasic,
    #[serde(rename = "whatsapp_tier")]
    WhatsappTier,
}

/// What a text stands for.
pub type ImportMapTo = Value;

/// By subject (an attribute, `price`, `price_type`, `billing_rule`, `quantity_rule`) and text; null forgets
/// what was remembered.
pub type ImportMappings = BTreeMap<String, BTreeMap<String, ImportMapTo>>;

/// What the texts of an attribute's column are compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum ImportMatch {
    /// The keys of the dictionary, in full.
    #[serde(rename = "key")]
    Key,
    /// A field of the dictionary.
    #[serde(rename = "field")]
    Field {
        /// `full` unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        equality: Option<ImportEquality>,
        /// Its name.
        field: String,
    },
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum ImportMeaning {
    #[serde(rename = "price")]
    Price,
    #[serde(rename = "price_type")]
    PriceType,
    #[serde(rename = "billing_rule")]
    BillingRule,
    #[serde(rename = "quantity_rule")]
    QuantityRule,
    #[serde(rename = "attribute")]
    Attribute {
        /// What its texts are values of.
        attribute: RateAttribute,
        /// `others` unless told; of countries and WhatsApp regions `error`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        empty: Option<ImportEmpty>,
        /// By key unless told.
        #[serde(rename = "match", default, skip_serializing_if = "Option::is_none")]
        match_: Option<ImportMatch>,
    },
    /// The network's part of the MCCMNC, whose first part is in the column declared as MCC.
    #[serde(rename = "mnc")]
    Mnc,
    /// Of `whatsapp_basic`: prices of this pricing category.
    #[serde(rename = "price_of")]
    PriceOf {
        /// Such as `marketing`.
        category: String,
    },
    /// Of `whatsapp_tier`: the first message of a tier.
    #[serde(rename = "tier_from")]
    TierFrom,
    /// Of `whatsapp_tier`: the last message of a tier; empty in the last one.
    #[serde(rename = "tier_to")]
    TierTo,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ImportRequest {
    /// The file's name with its ending: CSV, XLS or XLSX.
    pub file_name: String,
    /// What kind of file it is; `standard` unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<ImportFormat>,
    /// The node that the file's rates take the place of, such as `sms_message/MT`; in values `~1` stands for a
    /// slash and `~0` for a tilde. Empty for the whole tree, which only a file of the export can be for.
    pub path: String,
    /// Whose file it is. What is mapped by hand is remembered for its next files.
    pub supplier: String,
}

/// How a file is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ImportSettings {
    /// Take MCCMNCs that the dictionary does not know as they are; false unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_unknown_mccmnc: Option<bool>,
    /// Those that matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<ImportColumn>>,
    /// Found out unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimal_sign: Option<ImportDecimalSign>,
    /// `error` unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicates: Option<ImportDuplicates>,
    /// The file is one of the export, whose headings say everything: what follows is not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exported: Option<bool>,
    /// By what the tree branches, from its top. One that no column declares is looked up by a related one, such
    /// as the country of an MCCMNC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sections: Option<Vec<RateAttribute>>,
    /// Of a workbook; the first one that shows unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The first row of rates.
    pub start_row: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportView {
    /// When it was begun.
    pub created_at: String,
    /// The file's name.
    pub file_name: String,
    /// What kind of file it is.
    pub format: ImportFormat,
    /// Its id.
    pub id: String,
    /// The node that it takes the place of; empty for the whole tree.
    pub path: String,
    /// The scope's number.
    pub scope: u32,
    /// The service whose rates it brings.
    pub service: String,
    /// How the file is read; null before it was parsed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<ImportSettings>,
    /// `uploading` until the file was parsed, `parsed` while it is worked on, then `confirmed` or `canceled`.
    pub state: String,
    /// Whose file it is.
    pub supplier: String,
    /// Of the service, in which the rates are; null before it is confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
}

/// Which messages from phones to the number of a sender ID are for it, and where they go: to an address, to
/// a client's connection, or to both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct IncomingBody {
    /// Each message is delivered to the receivers of this client connection: one of the sender's company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_connection: Option<String>,
    /// The first word of the text, for a number that several share; at most 20 characters, in any case. Any
    /// text unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyword: Option<String>,
    /// The mobile country code of the phones; any unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mcc: Option<String>,
    /// The vendors' connections over which they may come beside those of the sender's routes, at most 8: each
    /// one that you see and that could be such a route. Those that it has unless told; those that you do not
    /// see stay, whatever is told, even where messages go nowhere for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_connections: Option<Vec<String>>,
    /// Each message is posted here: an https address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<String>,
}

/// A message from a phone in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IncomingMessageRow {
    /// Its agreement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<String>,
    /// The message as which it was charged, in the EDRs of its agreement and of those above; null if it cost
    /// nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charged_message: Option<String>,
    /// The company whose it is; null if it is nobody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The vendor's connection over which it came, where the list is asked for by one; of a single message, for
    /// who sees that connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// Its id, which its webhook names too.
    pub id: String,
    /// When an unpaid one is tried again: each hour for three days after it came, a `busy` one each minute in
    /// the first hour. Null if it is not any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_try_at: Option<String>,
    /// The number that it was sent to, likewise.
    pub number: String,
    /// How many short messages it came in.
    pub parts: u32,
    /// The phone, as the vendor wrote it. Of an old message, where the platform keeps whole numbers for a while
    /// only, the calling code and the last two digits, with stars between them.
    pub phone: String,
    /// Why it is unpaid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<UnpaidReason>,
    /// When all of it was there.
    pub received_at: String,
    /// The sender ID whose rule chose it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_id: Option<String>,
    /// What became of it. Only what is handed on was told to its client.
    pub status: IncomingStatus,
    /// Once it is handed on, for people of the company whose it is who may see messages (`portal_messages`).
    /// Of those that are nobody's for the company that has the vendor's connection. Null for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The agreement's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement_code: Option<String>,
    /// What the company is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IncomingMessageView {
    /// Its agreement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<String>,
    /// The message as which it was charged, in the EDRs of its agreement and of those above; null if it cost
    /// nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charged_message: Option<String>,
    /// The company whose it is; null if it is nobody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The vendor's connection over which it came, where the list is asked for by one; of a single message, for
    /// who sees that connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// Its id, which its webhook names too.
    pub id: String,
    /// When an unpaid one is tried again: each hour for three days after it came, a `busy` one each minute in
    /// the first hour. Null if it is not any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_try_at: Option<String>,
    /// The number that it was sent to, likewise.
    pub number: String,
    /// How many short messages it came in.
    pub parts: u32,
    /// The phone, as the vendor wrote it. Of an old message, where the platform keeps whole numbers for a while
    /// only, the calling code and the last two digits, with stars between them.
    pub phone: String,
    /// Why it is unpaid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<UnpaidReason>,
    /// When all of it was there.
    pub received_at: String,
    /// The sender ID whose rule chose it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_id: Option<String>,
    /// What became of it. Only what is handed on was told to its client.
    pub status: IncomingStatus,
    /// Once it is handed on, for people of the company whose it is who may see messages (`portal_messages`).
    /// Of those that are nobody's for the company that has the vendor's connection. Null for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What became of a message from a phone: `handed_on` to the address or the connection of its sender ID, for
/// nothing or for its price; `unrouted` if no rule of a sender ID chooses it; `blocked` by the rate plans of its
/// agreement or of one above; `unpaid` if one of these could not pay for it, or for another `reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum IncomingStatus {
    #[serde(rename = "handed_on")]
    HandedOn,
    #[serde(rename = "unrouted")]
    Unrouted,
    #[serde(rename = "blocked")]
    Blocked,
    #[serde(rename = "unpaid")]
    Unpaid,
}

/// A `draft` is not used yet, an `active` one is, a `blocked` one is not any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum IntegrationStatus {
    #[serde(rename = "draft")]
    Draft,
    #[serde(rename = "active")]
    Active,
    #[serde(rename = "blocked")]
    Blocked,
}

/// A version of SMPP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum InterfaceVersion {
    #[serde(rename = "3.4")]
    N34,
    #[serde(rename = "5.0")]
    N50,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct InvitationRequest {
    /// The company, yours or one below you; yours unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Departments of the company, at most 20, each of 1 to 60 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub departments: Option<Vec<String>>,
    /// Where the invitation is sent to.
    pub email: String,
    /// No restrictions: the Admin roles of the company, beside those named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub master: Option<bool>,
    /// Names of system roles and ids of others, together not more than you have yourself. People of a client
    /// have roles of the client portal only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// Whether a second factor is asked for, even if the company asks for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub two_factor_required: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct InvitationView {
    /// Who invites.
    pub company_name: String,
    /// Whom it was sent to.
    pub email: String,
    /// Until when it can be followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<String>,
}

/// A `credit_note` is an invoice with a total below zero: the side that issues it owes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum InvoiceKind {
    #[serde(rename = "invoice")]
    Invoice,
    #[serde(rename = "credit_note")]
    CreditNote,
}

/// Of those whom an invoice names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct InvoiceNames {
    /// The agreement's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement_code: Option<String>,
    /// What the company is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    /// What the legal entity is called; null where the agreement names none, or it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity_name: Option<String>,
}

/// What is not given stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct InvoicePatch {
    /// At most 1,000 characters; null empties it. It stands on the document that is made at confirmation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Whether the client disputes it. Of a confirmed invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispute_status: Option<DisputeStatus>,
    /// How much is disputed: 0 to the total.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disputed: Option<String>,
}

/// `n/a` for a draft. `overdue`: the day has passed by which it was to be paid, and something of it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum InvoicePayment {
    #[serde(rename = "n/a")]
    NA,
    #[serde(rename = "expected")]
    Expected,
    #[serde(rename = "partly")]
    Partly,
    #[serde(rename = "paid")]
    Paid,
    #[serde(rename = "overdue")]
    Overdue,
}

/// An invoice in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InvoiceRow {
    /// The agreement that it bills.
    pub agreement: String,
    /// When the usage of all its charges was counted; one of them may have been counted since.
    pub calculated_at: String,
    /// What was used.
    pub charges: Vec<ChargeView>,
    /// What was noted, for both sides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The company that pays.
    pub company: String,
    /// When it was confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<String>,
    /// Who confirmed it; null for the company that pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<String>,
    /// What of it is paid, by payments and credit notes; of a credit note what it has paid, below zero. In message
    /// credits all of it, as they left the balance when they were used. Null for a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covered: Option<String>,
    /// The agreement's currency.
    pub currency: String,
    /// Who owes whom: always `receivable`, the company that pays.
    pub direction: ChargeDirection,
    /// Whether it was mailed; null for the company that pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispatch_status: Option<DispatchStatus>,
    /// Whether it is disputed.
    pub dispute_status: DisputeStatus,
    /// What of it is disputed; null for a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disputed: Option<String>,
    /// Whether its PDF is there.
    pub document_ready: bool,
    /// The day by which it is to be paid; null where nothing is, as in message credits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_date: Option<String>,
    /// The first day of the period.
    pub first_day: String,
    /// Its id.
    pub id: String,
    /// The day of confirmation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue_date: Option<String>,
    /// `credit_note` when the total is below zero.
    pub kind: InvoiceKind,
    /// The last day of the period, included.
    pub last_day: String,
    /// The exact sum of the charges.
    pub net: String,
    /// Without gaps among those that are issued in the same name; given at confirmation. A draft has one if
    /// it was confirmed before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// What of it is not paid; null for a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outstanding: Option<String>,
    /// The legal entity in whose name it is issued; null where the agreement names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<String>,
    /// How far it is paid.
    pub payment_status: InvoicePayment,
    /// Raised by every change.
    pub revision: u64,
    /// 0 for the period's own invoice; those that correct it are 1, 2 and so on.
    pub sequence: u32,
    /// Whether it still follows the usage.
    pub status: InvoiceStatus,
    /// The tax on the net sum as the document shows it, which is rounded to the currency's smallest unit; rounded
    /// likewise. With these corrections.
    pub tax: String,
    /// What that tax adds to confirmed invoices of the period that had another one: the rule was changed since.
    pub tax_corrections: Vec<TaxCorrectionView>,
    /// The tax as it stands on the invoice; null where there is no rule for this client, and in message credits,
    /// which were taxed when they were sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_rule: Option<InvoiceTaxView>,
    /// The company that issues it.
    pub tenant: String,
    /// Whose days these are.
    pub time_zone: String,
    /// The net sum and the tax on it, both exact: what the platform has counted. With the same corrections.
    pub total: String,
    /// What is to be paid: that rounded net sum, and the tax. In message credits what was used.
    pub total_due: String,
    /// The agreement's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement_code: Option<String>,
    /// What the company is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    /// What the legal entity is called; null where the agreement names none, or it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity_name: Option<String>,
}

/// A `draft` follows the usage; a `confirmed` invoice is numbered and frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum InvoiceStatus {
    #[serde(rename = "draft")]
    Draft,
    #[serde(rename = "confirmed")]
    Confirmed,
}

/// A tax as it stands on an invoice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct InvoiceTaxView {
    /// What it is called.
    pub name: String,
    /// The law that it follows, as it stands on the invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Of the net sum; 0 where the company that pays owes it itself.
    pub percent: String,
    /// Whether the company that pays owes it itself.
    pub reverse_charge: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InvoiceView {
    /// The agreement that it bills.
    pub agreement: String,
    /// When the usage of all its charges was counted; one of them may have been counted since.
    pub calculated_at: String,
    /// What was used.
    pub charges: Vec<ChargeView>,
    /// What was noted, for both sides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The company that pays.
    pub company: String,
    /// When it was confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<String>,
    /// Who confirmed it; null for the company that pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<String>,
    /// What of it is paid, by payments and credit notes; of a credit note what it has paid, below zero. In message
    /// credits all of it, as they left the balance when they were used. Null for a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covered: Option<String>,
    /// The agreement's currency.
    pub currency: String,
    /// Who owes whom: always `receivable`, the company that pays.
    pub direction: ChargeDirection,
    /// Whether it was mailed; null for the company that pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispatch_status: Option<DispatchStatus>,
    /// Whether it is disputed.
    pub dispute_status: DisputeStatus,
    /// What of it is disputed; null for a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disputed: Option<String>,
    /// Whether its PDF is there.
    pub document_ready: bool,
    /// The day by which it is to be paid; null where nothing is, as in message credits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_date: Option<String>,
    /// The first day of the period.
    pub first_day: String,
    /// Its id.
    pub id: String,
    /// The day of confirmation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue_date: Option<String>,
    /// `credit_note` when the total is below zero.
    pub kind: InvoiceKind,
    /// The last day of the period, included.
    pub last_day: String,
    /// The exact sum of the charges.
    pub net: String,
    /// Without gaps among those that are issued in the same name; given at confirmation. A draft has one if
    /// it was confirmed before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// What of it is not paid; null for a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outstanding: Option<String>,
    /// The legal entity in whose name it is issued; null where the agreement names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<String>,
    /// How far it is paid.
    pub payment_status: InvoicePayment,
    /// Raised by every change.
    pub revision: u64,
    /// 0 for the period's own invoice; those that correct it are 1, 2 and so on.
    pub sequence: u32,
    /// Whether it still follows the usage.
    pub status: InvoiceStatus,
    /// The tax on the net sum as the document shows it, which is rounded to the currency's smallest unit; rounded
    /// likewise. With these corrections.
    pub tax: String,
    /// What that tax adds to confirmed invoices of the period that had another one: the rule was changed since.
    pub tax_corrections: Vec<TaxCorrectionView>,
    /// The tax as it stands on the invoice; null where there is no rule for this client, and in message credits,
    /// which were taxed when they were sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_rule: Option<InvoiceTaxView>,
    /// The company that issues it.
    pub tenant: String,
    /// Whose days these are.
    pub time_zone: String,
    /// The net sum and the tax on it, both exact: what the platform has counted. With the same corrections.
    pub total: String,
    /// What is to be paid: that rounded net sum, and the tax. In message credits what was used.
    pub total_due: String,
}

/// Of those whose calls an API key makes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct KeyOwnerNames {
    /// What the company is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    /// The user's name; null where the key is the company's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct LeaseView {
    /// When it may be taken back from its holder.
    pub expires_at: String,
    /// The wallet that it spends from.
    pub home: String,
    /// Whether somebody holds it now. One that nobody holds has nothing set aside.
    pub open: bool,
    /// Its number among the leases of that wallet, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct LedgerAllowanceView {
    /// Units taken or set aside.
    pub drawn: String,
    /// Of that, set aside for holders.
    pub granted: String,
    /// Its id.
    pub id: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct LedgerHolderView {
    /// The company it belongs to.
    pub company: String,
    /// What it holds, money first.
    pub held: Vec<HeldView>,
    /// How a process that sends much spends from another wallet; null for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<LeaseView>,
    /// The user whose wallet it is; null for a main wallet and for a lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The wallet that holds it.
    pub wallet: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LedgerReview {
    /// The agreement; null for a fee, which `event` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<String>,
    /// Since when it is found like this.
    pub at: String,
    /// The agreement's own day, of a recount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// What was found, in words.
    pub detail: String,
    /// That a person has dealt with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<ReviewMark>,
    /// What names it among all of its kind.
    pub event: String,
    /// What the records of the day, or the other side of the ledger, come to: in the agreement's currency, or in
    /// units of the allowance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What the usage of the day, or the wallet, says. The same as `expected` where only
    /// numbers of messages differ, or an amount is in another row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// What was found.
    pub kind: FindingKind,
    /// Counts its changes; for `If-Match`.
    pub revision: u64,
    /// The transfer, payment, allowance or line of the wallet's statement; null if it is the wallet's money as a
    /// whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The wallet, of a reconciliation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LedgerReviewDoneRequest {
    /// What names it among all of its kind.
    pub event: String,
    /// Its kind.
    pub kind: FindingKind,
    /// What was done about it, up to 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct LedgerView {
    /// Set aside for `holders`: what they keep and have used together.
    pub allocated: String,
    /// Packs, tiers of scales and bundles.
    pub allowances: Vec<LedgerAllowanceView>,
    /// What was charged and is settled. What `holders` have used comes on top.
    pub charged: String,
    /// How far the balance may go below zero; null for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_limit: Option<String>,
    /// What it counts in.
    pub currency: String,
    /// Payments and transfers.
    pub funding: String,
    /// What may still be spent or set aside; null for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headroom: Option<String>,
    /// Who spends from this wallet without asking it each time.
    pub holders: Vec<LedgerHolderView>,
    /// `open`, `draining` while a transfer takes all there is, or `suspended`.
    pub state: String,
    /// The main wallet of the agreement.
    pub wallet: String,
}

/// What is not named stays, and null empties.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct LegalEntityPatch {
    /// Where invoices go, if that is somewhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<String>,
    /// Whose it is; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Where it is registered: two letters of ISO 3166-1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Whether forms begin with it; a company has at most one such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_default: Option<bool>,
    /// As it is registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_address: Option<String>,
    /// As it is registered, 1 to 250 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_name: Option<String>,
    /// What it is registered under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_number: Option<String>,
    /// As lists show it, 1 to 120 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who is told of what happens, up to 20 addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_emails: Option<Vec<String>>,
    /// The portal at which its clients log in, one of the same company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal: Option<String>,
    /// What it pays taxes under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_number: Option<String>,
    /// In the European Union.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_number: Option<String>,
}

/// A legal entity in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct LegalEntityRow {
    /// Where invoices go, if that is somewhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<String>,
    /// Whose it is; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Where it is registered: two letters of ISO 3166-1.
    pub country: String,
    /// Whether forms begin with it; a company has at most one such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_default: Option<bool>,
    /// As it is registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_address: Option<String>,
    /// As it is registered, 1 to 250 characters.
    pub legal_name: String,
    /// What it is registered under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_number: Option<String>,
    /// As lists show it, 1 to 120 characters.
    pub name: String,
    /// Who is told of what happens, up to 20 addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_emails: Option<Vec<String>>,
    /// The portal at which its clients log in, one of the same company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal: Option<String>,
    /// What it pays taxes under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_number: Option<String>,
    /// In the European Union.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_number: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// Who made it, as they were called then.
    pub created_by: String,
    /// Its id.
    pub id: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// When it was changed last.
    pub updated_at: String,
    /// Who changed it last, as they were called then.
    pub updated_by: String,
    /// What the company is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    /// What the portal is called; null where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal_name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct LegalEntitySettings {
    /// Where invoices go, if that is somewhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<String>,
    /// Whose it is; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Where it is registered: two letters of ISO 3166-1.
    pub country: String,
    /// Whether forms begin with it; a company has at most one such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_default: Option<bool>,
    /// As it is registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_address: Option<String>,
    /// As it is registered, 1 to 250 characters.
    pub legal_name: String,
    /// What it is registered under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_number: Option<String>,
    /// As lists show it, 1 to 120 characters.
    pub name: String,
    /// Who is told of what happens, up to 20 addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_emails: Option<Vec<String>>,
    /// The portal at which its clients log in, one of the same company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal: Option<String>,
    /// What it pays taxes under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_number: Option<String>,
    /// In the European Union.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_number: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct LegalEntityView {
    /// Where invoices go, if that is somewhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<String>,
    /// Whose it is; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Where it is registered: two letters of ISO 3166-1.
    pub country: String,
    /// Whether forms begin with it; a company has at most one such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_default: Option<bool>,
    /// As it is registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_address: Option<String>,
    /// As it is registered, 1 to 250 characters.
    pub legal_name: String,
    /// What it is registered under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_number: Option<String>,
    /// As lists show it, 1 to 120 characters.
    pub name: String,
    /// Who is told of what happens, up to 20 addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_emails: Option<Vec<String>>,
    /// The portal at which its clients log in, one of the same company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal: Option<String>,
    /// What it pays taxes under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_number: Option<String>,
    /// In the European Union.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_number: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// Who made it, as they were called then.
    pub created_by: String,
    /// Its id.
    pub id: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// When it was changed last.
    pub updated_at: String,
    /// Who changed it last, as they were called then.
    pub updated_by: String,
}

/// How much of an area: `manage` includes `view`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Level {
    #[serde(rename = "none")]
    None,
    #[serde(rename = "view")]
    View,
    #[serde(rename = "manage")]
    Manage,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct LevelView {
    /// Whose prices.
    pub agreement: String,
    /// Their sum; null if it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// What one segment, message or minute would be charged now, to a recipient who is new to the bundles;
    /// nothing if it is refused.
    pub charges: Vec<FoundChargeView>,
    /// The company that pays them.
    pub company: String,
    /// What they are in.
    pub currency: String,
    /// 1 is the agreement asked for; a refusal of a message names this number.
    pub level: u64,
    /// What is left over the next level; null if that is not seen, refuses it, or has another currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<MarginView>,
    /// Why it is refused; null if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<RefusalView>,
    /// The services asked, in their order: packs, pay as you go until one decides, what counts for bundles.
    pub steps: Vec<StepView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct LinkSettings {
    /// What is clicked on, 1 to 80 characters.
    pub title: String,
    /// Where it leads: `https://` or `mailto:`.
    pub url: String,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListAgreementRow {
    /// What is on this page.
    pub items: Vec<AgreementRow>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListApiKeyRow {
    /// What is on this page.
    pub items: Vec<ApiKeyRow>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListAreaView {
    /// What is on this page.
    pub items: Vec<AreaView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListAuditView {
    /// What is on this page.
    pub items: Vec<AuditView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListBankAccountRow {
    /// What is on this page.
    pub items: Vec<BankAccountRow>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListBankView {
    /// What is on this page.
    pub items: Vec<BankView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListBelowCostView {
    /// What is on this page.
    pub items: Vec<BelowCostView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListChangedView {
    /// What is on this page.
    pub items: Vec<ChangedView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListChargeRow {
    /// What is on this page.
    pub items: Vec<ChargeRow>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListChargeRowView {
    /// What is on this page.
    pub items: Vec<ChargeRowView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListChargeView {
    /// What is on this page.
    pub items: Vec<ChargeView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListCompanyRow {
    /// What is on this page.
    pub items: Vec<CompanyRow>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListConnectionRow {
    /// What is on this page.
    pub items: Vec<ConnectionRow>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListDictionaryView {
    /// What is on this page.
    pub items: Vec<DictionaryView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListEdrView {
    /// What is on this page.
    pub items: Vec<EdrView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListEnabledRow {
    /// What is on this page.
    pub items: Vec<EnabledRow>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListEntryView {
    /// What is on this page.
    pub items: Vec<EntryView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListFeeRow {
    /// What is on this page.
    pub items: Vec<FeeRow>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListFeeRuleView {
    /// What is on this page.
    pub items: Vec<FeeRuleView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListImportView {
    /// What is on this page.
    pub items: Vec<ImportView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListIncomingMessageRow {
    /// What is on this page.
    pub items: Vec<IncomingMessageRow>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListInvoiceRow {
    /// What is on this page.
    pub items: Vec<InvoiceRow>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListInvoiceView {
    /// What is on this page.
    pub items: Vec<InvoiceView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListLedgerReview {
    /// What is on this page.
    pub items: Vec<LedgerReview>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListLegalEntityRow {
    /// What is on this page.
    pub items: Vec<LegalEntityRow>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListListedWalletView {
    /// What is on this page.
    pub items: Vec<ListedWalletView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListMailView {
    /// What is on this page.
    pub items: Vec<MailView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListMappedTextView {
    /// What is on this page.
    pub items: Vec<MappedTextView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListNotificationChannelRow {
    /// What is on this page.
    pub items: Vec<NotificationChannelRow>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListNotificationEventView {
    /// What is on this page.
    pub items: Vec<NotificationEventView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListNotificationTemplateRow {
    /// What is on this page.
    pub items: Vec<NotificationTemplateRow>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListOwnBankAccountRow {
    /// What is on this page.
    pub items: Vec<OwnBankAccountRow>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListOwnLegalEntityRow {
    /// What is on this page.
    pub items: Vec<OwnLegalEntityRow>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListPackView {
    /// What is on this page.
    pub items: Vec<PackView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListPaymentReview {
    /// What is on this page.
    pub items: Vec<PaymentReview>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListPaymentRow {
    /// What is on this page.
    pub items: Vec<PaymentRow>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListPaymentSystemView {
    /// What is on this page.
    pub items: Vec<PaymentSystemView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListPortalRow {
    /// What is on this page.
    pub items: Vec<PortalRow>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListPrintableFormRow {
    /// What is on this page.
    pub items: Vec<PrintableFormRow>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListRerateView {
    /// What is on this page.
    pub items: Vec<RerateView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListResellingAgreementRow {
    /// What is on this page.
    pub items: Vec<ResellingAgreementRow>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListRoleView {
    /// What is on this page.
    pub items: Vec<RoleView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListRowErrorView {
    /// What is on this page.
    pub items: Vec<RowErrorView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListRowView {
    /// What is on this page.
    pub items: Vec<RowView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListScopeView {
    /// What is on this page.
    pub items: Vec<ScopeView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListSelfRegistrationRow {
    /// What is on this page.
    pub items: Vec<SelfRegistrationRow>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListSenderIdRow {
    /// What is on this page.
    pub items: Vec<SenderIdRow>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListServiceView {
    /// What is on this page.
    pub items: Vec<ServiceView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListSessionView {
    /// What is on this page.
    pub items: Vec<SessionView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListStatementLineView {
    /// What is on this page.
    pub items: Vec<StatementLineView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListSystemRoleView {
    /// What is on this page.
    pub items: Vec<SystemRoleView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListTopUpRow {
    /// What is on this page.
    pub items: Vec<TopUpRow>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListTransferRow {
    /// What is on this page.
    pub items: Vec<TransferRow>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListTwoFactorIntegrationRow {
    /// What is on this page.
    pub items: Vec<TwoFactorIntegrationRow>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListUnmatchedReceiptView {
    /// What is on this page.
    pub items: Vec<UnmatchedReceiptView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListUserRow {
    /// What is on this page.
    pub items: Vec<UserRow>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListVersionView {
    /// What is on this page.
    pub items: Vec<VersionView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A charge, and of its invoice what tells it from others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListedChargeView {
    /// When its usage was last counted: by itself, or with the whole invoice.
    pub calculated_at: String,
    /// The charge before it, of which this one bills what has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<String>,
    /// Who owes whom: always `receivable`, the company that pays.
    pub direction: ChargeDirection,
    /// The first day of the invoice's period.
    pub first_day: String,
    /// Its id.
    pub id: String,
    /// The invoice that it is on.
    pub invoice: String,
    /// The last day of the period, included.
    pub last_day: String,
    /// How many messages, or fees.
    pub messages: i64,
    /// What they cost together, exactly.
    pub net: String,
    /// How many units: messages or segments.
    pub quantity: i64,
    /// What was used.
    pub resource: String,
    /// How many rows it has.
    pub rows: u32,
    /// How that was sold.
    pub service_type: ChargedServiceType,
    /// How it came about: `manual` if people asked for it, as they do for additional services.
    pub source: ChargeSource,
    /// Its invoice's.
    pub status: InvoiceStatus,
    /// The tax on it, not rounded: an invoice rounds it once.
    pub tax: String,
    /// Whose days these are.
    pub time_zone: String,
    /// Both.
    pub total: String,
    /// 1, and one more with each correction.
    pub version: u32,
    /// The wallet that it was taken from: the agreement's, or that of a user with credits of its own.
    pub wallet: String,
    /// The agreement that it bills.
    pub agreement: String,
    /// The company that pays.
    pub company: String,
    /// The agreement's currency.
    pub currency: String,
    /// The number of the invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// The legal entity in whose name the invoice is issued; null where the agreement names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<String>,
}

/// A wallet in the list of those that credits move between.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ListedWalletView {
    /// The agreement it belongs to.
    pub agreement: String,
    /// The agreement's code.
    pub agreement_code: String,
    /// The balance as it is now; null for a user who may give to it and not see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<String>,
    /// What it counts in.
    pub currency: String,
    /// Its id.
    pub id: String,
    /// The user whose it is; null for the system credits: the main wallet of the agreement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The user's name; null for the system credits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct LoginCodesRequest {
    /// One of the company's own agreements, which pays.
    pub agreement: String,
    /// One of its sender IDs.
    pub sender: String,
    /// With `{{code}}` where the code goes; at most 300 characters.
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct LoginCodesView {
    /// The agreement that pays.
    pub agreement: String,
    /// Whose setting it is.
    pub company: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// What codes are sent from.
    pub sender: String,
    /// What they say.
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct LoginRequest {
    /// The code of your second factor, after an answer `code_required`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What you log in as, whatever the case.
    pub login: String,
    /// Your password.
    pub password: String,
}

/// How the parts of a long message say that they belong together: a user data header with a reference of
/// 8 or 16 bits, `sar` parameters, or all in one `payload` that the vendor cuts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LongForm {
    #[serde(rename = "udh8")]
    Udh8,
    #[serde(rename = "udh16")]
    Udh16,
    #[serde(rename = "sar")]
    Sar,
    #[serde(rename = "payload")]
    Payload,
}

/// An MNP or HLR look-up over HTTPS.
///
/// The vendor is asked with GET for each number that is not known from before, and answers with JSON. A
/// vendor that fails or is slow never stops a message: the numbering plan has to do then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LookupSettings {
    /// Where in the answer is what.
    pub answer: AnswerBody,
    /// For how long an answer is believed, at most 2,160 hours; 24 unless told, and 0 asks for each message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_hours: Option<u32>,
    /// 1 to 120 characters.
    pub name: String,
    /// What that header says, as a whole. Never shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// The header that carries the secret; none if the vendor wants none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_header: Option<String>,
    /// 50 to 5,000 milliseconds; 1,000 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u32>,
    /// The vendor's address, in which `{number}` stands for the digits of the number, without a plus.
    pub url: String,
}

/// `waiting`: it is tried, or was and will be again. `sent`: the server has taken it. `refused`: the
/// server does not want it, or there is none. `failed`: no server took it within about a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MailStatus {
    #[serde(rename = "waiting")]
    Waiting,
    #[serde(rename = "sent")]
    Sent,
    #[serde(rename = "refused")]
    Refused,
    #[serde(rename = "failed")]
    Failed,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MailView {
    /// When its cause was.
    pub at: String,
    /// Over which channel it was tried last; null if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// In whose name it was mailed.
    pub company: String,
    /// What went wrong at the last try; null if nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What it tells of; null for a test of a channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<NotificationEvent>,
    /// Its id.
    pub id: String,
    /// Whom it is for.
    pub recipient: String,
    /// What became of it.
    pub status: MailStatus,
    /// When it was tried last.
    pub tried_at: String,
    /// How often it was tried, 8 times at most within about a day.
    pub tries: u32,
}

/// What a column's texts were mapped to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct MappedColumnView {
    /// The letters of its columns.
    pub columns: Vec<String>,
    /// An attribute, or `price`, `price_type`, `billing_rule`, `quantity_rule`.
    pub subject: String,
    /// How many different texts; of prices only those that are none, or were mapped by hand.
    pub texts_total: u64,
    /// The first 200 of them.
    pub unmatched: Vec<MappedTextView>,
    /// Texts that stand for nothing.
    pub unmatched_total: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct MappedTextView {
    /// The first of them.
    pub first_row: u32,
    /// `full`, `best`, `manual` or `none`.
    pub how: String,
    /// Why nothing was found, of prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How many rows have it.
    pub rows: u32,
    /// Of a best match: how similar, in thousandths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub similarity: Option<u32>,
    /// As it is in the file; of an MCC and an MNC in columns of their own, both with a blank between them.
    pub text: String,
    /// What it stands for: keys, `others`, `skip`; null if nothing was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MappingView {
    /// When it was begun.
    pub created_at: String,
    /// The file's name.
    pub file_name: String,
    /// What kind of file it is.
    pub format: ImportFormat,
    /// Its id.
    pub id: String,
    /// The node that it takes the place of; empty for the whole tree.
    pub path: String,
    /// The scope's number.
    pub scope: u32,
    /// The service whose rates it brings.
    pub service: String,
    /// How the file is read; null before it was parsed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<ImportSettings>,
    /// `uploading` until the file was parsed, `parsed` while it is worked on, then `confirmed` or `canceled`.
    pub state: String,
    /// Whose file it is.
    pub supplier: String,
    /// Of the service, in which the rates are; null before it is confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Each declared column with the texts that stand for nothing; none while a warning prevents.
    pub mapped: Vec<MappedColumnView>,
    /// What prevents the next step, then what is good to know.
    pub warnings: Vec<WarningView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MappingsRequest {
    /// What texts stand for; those that are not named stay as they are.
    pub mappings: ImportMappings,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct MarginView {
    /// The price less the cost; below zero if it is sold below cost.
    pub amount: String,
    /// Of the price, to two places; null if that is zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<String>,
}

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MessageStatus {
    #[serde(rename = "accepted")]
    Accepted,
    #[serde(rename = "queued")]
    Queued,
    #[serde(rename = "submitted")]
    Submitted,
    #[serde(rename = "delivered")]
    Delivered,
    #[serde(rename = "undelivered")]
    Undelivered,
    #[serde(rename = "expired")]
    Expired,
    #[serde(rename = "rejected")]
    Rejected,
    #[serde(rename = "unsent")]
    Unsent,
    #[serde(rename = "canceled")]
    Canceled,
}

/// Push messages to an app of yours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct MobilePushBody {
    /// The login that your service provider gave.
    pub login: String,
    /// Its password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// The agreement's account addresses are told when too many messages fail within a window, once for each.
/// Where it names none, the notification addresses of its legal entity are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct MonitoringBody {
    /// Fewer that ended within the window say nothing; 1 to 1,000,000.
    pub messages_min: u32,
    /// So many of a hundred that ended have failed, 1 to 100.
    pub trigger_percent: u32,
    /// How many minutes a window has, 1 to 1,440. One follows the other, and they are looked at every minute.
    /// What the company sends from the same address under other agreements counts as well.
    pub window_minutes: u32,
}

/// What moved the balance. `escrow` posts what the companies below have spent since the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MovementKind {
    #[serde(rename = "opened")]
    Opened,
    #[serde(rename = "transfer_in")]
    TransferIn,
    #[serde(rename = "transfer_out")]
    TransferOut,
    #[serde(rename = "payment")]
    Payment,
    #[serde(rename = "charge")]
    Charge,
    #[serde(rename = "fee")]
    Fee,
    #[serde(rename = "refund")]
    Refund,
    #[serde(rename = "rerate")]
    Rerate,
    #[serde(rename = "escrow")]
    Escrow,
    #[serde(rename = "terms")]
    Terms,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct MyAccountPatch {
    /// The code of your second factor, to lift that or for another phone, after an answer `code_required`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Where mail reaches you. Needs the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// 1 to 60 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// As `en` or `pt-BR`; null for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// At most 60 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Another login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// Your password, for another address, phone, login or second factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// In international form; null for none. Needs the password, and for another one a code as well if you log in
    /// with a second factor. Codes go to it once it is proved at `/v1/my_account/phone/proof`, and until then to the
    /// one that was proved before. Another one ends your other sessions, none ends all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// True if a second factor is to be asked for when you log in: an app's code, or else one by SMS, for which
    /// your phone has to be proved first. Needs the password; to lift it again a code as well. Both end your other
    /// sessions. What your company or an administrator asks for is lifted by them only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub two_factor_required: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MyAccountView {
    /// Names the picture, which is at `/v1/users/{id}/avatar`; null while there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    /// The company the user belongs to.
    pub company: String,
    /// When the user was created.
    pub created_at: String,
    /// Departments of the company, by name, each once whatever the case.
    pub departments: Vec<String>,
    /// Where mail reaches the user.
    pub email: String,
    /// Whether the user has registered without an invitation.
    pub external: bool,
    /// The first name.
    pub first_name: String,
    /// Its id.
    pub id: String,
    /// Until when the invitation can be followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited_until: Option<String>,
    /// As `en` or `pt-BR`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The last name.
    pub last_name: String,
    /// When the user last logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<String>,
    /// What the user logs in as; null until they have signed up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// Whether the user acts for the whole company: manages its credits and settings.
    pub master: bool,
    /// First and last name; the address of who has not told any.
    pub name: String,
    /// Digits only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Whether the phone has answered a code. One that has not is for people to call: codes go to the number
    /// that was proved before, or to this one until one was.
    pub phone_proved: bool,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// Names of system roles and ids of others.
    pub roles: Vec<String>,
    /// How far the user has come.
    pub status: UserStatus,
    /// Whether a second factor is asked for, even if the company asks for none.
    pub two_factor_required: bool,
    /// What your roles let you do: by area, `view` or `manage`.
    pub grants: BTreeMap<String, Level>,
    /// The phone that your codes go to: the last one that was proved, which stays in force until another one is.
    /// Null while none is; the first code that you answer proves `phone` then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proved_phone: Option<String>,
    /// How many codes that stand in for the app are left.
    pub recovery_codes_left: u64,
    /// Whether an app's code is asked for when you log in.
    pub totp: bool,
    /// Whether you have asked for a second factor by yourself. You may lift it then, unless your company asks
    /// for one.
    pub two_factor_chosen: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NamedCountsView {
    /// Its messages.
    pub counts: CountsView,
    /// A sender ID, a channel, a country or a network.
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct NewApiKeyView {
    /// Whose calls it makes.
    pub company: String,
    /// When it was made.
    pub created_at: String,
    /// When it ends; null for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Its id, by which it is revoked.
    pub id: String,
    /// When it was last used, to the hour; null if it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<String>,
    /// What it is for.
    pub name: String,
    /// Where it may be used from; anywhere if there are none.
    pub networks: Vec<String>,
    /// Until when the secret from before the last rotation is taken too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_until: Option<String>,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// What may be done with it at most; null for all that its user or company may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<BTreeMap<String, Level>>,
    /// The user whose calls it makes; null for the company itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Sent as `Authorization: Bearer <secret>`. It is shown this once.
    pub secret: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewImportView {
    /// When it was begun.
    pub created_at: String,
    /// The file's name.
    pub file_name: String,
    /// What kind of file it is.
    pub format: ImportFormat,
    /// Its id.
    pub id: String,
    /// The node that it takes the place of; empty for the whole tree.
    pub path: String,
    /// The scope's number.
    pub scope: u32,
    /// The service whose rates it brings.
    pub service: String,
    /// How the file is read; null before it was parsed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<ImportSettings>,
    /// `uploading` until the file was parsed, `parsed` while it is worked on, then `confirmed` or `canceled`.
    pub state: String,
    /// Whose file it is.
    pub supplier: String,
    /// Of the service, in which the rates are; null before it is confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// When the address stops working.
    pub upload_expires_at: String,
    /// Where the file goes, by a PUT with its bytes as the body. Whoever has the address can use it until it
    /// expires.
    pub upload_url: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct NewPaymentRequest {
    /// The agreement whose balance it changes.
    pub agreement: String,
    /// What was paid. Above zero.
    pub amount: String,
    /// Unconfirmed, it leaves the balance when this day begins in the agreement's time zone. Later than
    /// the payment date; needed where it is not confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_before: Option<String>,
    /// Whether the money is there; true unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<bool>,
    /// What it was paid in; the agreement's currency unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// At most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `inbound` unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<PaymentDirection>,
    /// The day that the exchange rate is of; the payment date unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_rate_date: Option<String>,
    /// Whether an outbound payment may take more than there is.
    #[serde(rename = "override", default, skip_serializing_if = "Option::is_none")]
    pub override_: Option<bool>,
    /// The day on which the money moved.
    pub payment_date: String,
    /// Unique among the company's payments, 1 to 100 characters.
    pub reference: String,
    /// What the balance changes by, in the agreement's currency; for a payment in another one, whose
    /// exchange rate follows from both amounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replenishment_amount: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct NewTransferRequest {
    /// How much; `all` for all that `from` has of its own. A negative amount turns the direction round.
    pub amount: String,
    /// The wallet that gives. To revoke credits, name the child's.
    pub from: String,
    /// For both statements, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The wallet that gets.
    pub to: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct NextFeeView {
    /// When it is tried.
    pub at: String,
    /// How often it was tried already.
    pub failed: u32,
    /// The first day of the period.
    pub first_day: String,
    /// The last day of the period, included.
    pub last_day: String,
    /// Why the last try failed: `no_rate`, `blocked`, `insufficient_funds` or `suspended`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeRequest {
    /// The node with all below it.
    pub node: RateNode,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct NodeView {
    /// When a charge becomes final, if it is set here and not above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_rule: Option<BillingRule>,
    /// How many children it has.
    pub children_total: u64,
    /// Whether it leads to prices everywhere.
    pub complete: bool,
    /// What its children are told apart by, if this is a branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depends_on: Option<RateAttribute>,
    /// Where it is.
    pub path: String,
    /// The price, if this is a leaf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<RatePrice>,
    /// What the price is multiplied by, if it is set here and not above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity_rule: Option<QuantityRule>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct NodeWithChildren {
    /// When a charge becomes final, if it is set here and not above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_rule: Option<BillingRule>,
    /// How many children it has.
    pub children_total: u64,
    /// Whether it leads to prices everywhere.
    pub complete: bool,
    /// What its children are told apart by, if this is a branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depends_on: Option<RateAttribute>,
    /// Where it is.
    pub path: String,
    /// The price, if this is a leaf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<RatePrice>,
    /// What the price is multiplied by, if it is set here and not above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity_rule: Option<QuantityRule>,
    /// Those of this page, by their values; the one for all others comes last.
    pub children: Vec<NodeView>,
    /// Ask with this as `cursor` for the next page; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct NotificationChannelPatch {
    /// Whether mails go over it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The address that mails come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_email: Option<String>,
    /// The name that mails come from; null for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_name: Option<String>,
    /// The server's name or IP address. With another server the password has to be told again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// What you call the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A new password. It is never answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// The server's port. With another one the password has to be told again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u32>,
    /// Where answers go; null for the same address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// How the connection is protected. With another way the password has to be told again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<SmtpTls>,
    /// What the server is logged in to with; null for no login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct NotificationChannelRequest {
    /// Whose channel it is; yours unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Whether mails go over it; they do unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The address that mails come from.
    pub from_email: String,
    /// The name that mails come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_name: Option<String>,
    /// The server's name or IP address.
    pub host: String,
    /// Which of the company's own legal entities it is for. Without one it is for all that have no channel
    /// of their own; that one is created first. Each has one channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<String>,
    /// What you call the server, 1 to 120 characters.
    pub name: String,
    /// The password of the login. It is never answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// 25, 465 or 587 as a rule.
    pub port: u32,
    /// Where answers go, if not to the same address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// `starttls` unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<SmtpTls>,
    /// What the server is logged in to with. Without it the server takes mails from everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

/// A notification channel in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NotificationChannelRow {
    /// Whose channel it is.
    pub company: String,
    /// When it was created.
    pub created_at: String,
    /// Whether mails go over it.
    pub enabled: bool,
    /// The address that mails come from.
    pub from_email: String,
    /// The name that mails come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_name: Option<String>,
    /// The server's name or IP address.
    pub host: String,
    /// Its id.
    pub id: String,
    /// Which of the company's own legal entities it is for; null for all that have no channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<String>,
    /// What you call the server.
    pub name: String,
    /// The server's port.
    pub port: u32,
    /// Where answers go; null for the same address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// How the connection is protected.
    pub tls: SmtpTls,
    /// When it was changed last.
    pub updated_at: String,
    /// Who did that.
    pub updated_by: String,
    /// What the server is logged in to with; null for no login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// What the legal entity is called; null where it is for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_entity_name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct NotificationChannelTestRequest {
    /// Whom to write to.
    pub to: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct NotificationChannelTestView {
    /// The id of the mail, which `/v1/mails` lists as soon as it was tried.
    pub mail: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NotificationChannelView {
    /// Whose channel it is.
    pub company: String,
    /// When it was created.
    pub created_at: String,
    /// Whether mails go over it.
    pub enabled: bool,
    /// The address that mails come from.
    pub from_email: String,
    /// The name that mails come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_name: Option<String>,
    /// The server's name or IP address.
    pub host: String,
    /// Its id.
    pub id: String,
    /// Which of the company's own legal entities it is for; null for all that have no channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<String>,
    /// What you call the server.
    pub name: String,
    /// The server's port.
    pub port: u32,
    /// Where answers go; null for the same address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// How the connection is protected.
    pub tls: SmtpTls,
    /// When it was changed last.
    pub updated_at: String,
    /// Who did that.
    pub updated_by: String,
    /// What the server is logged in to with; null for no login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

/// What people are told of by mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotificationEvent {
    #[serde(rename = "agreement_balance")]
    AgreementBalance,
    #[serde(rename = "credit_limit")]
    CreditLimit,
    #[serde(rename = "bundle_limit")]
    BundleLimit,
    #[serde(rename = "payment_confirmation")]
    PaymentConfirmation,
    #[serde(rename = "invoice_confirmation")]
    InvoiceConfirmation,
    #[serde(rename = "rates_change")]
    RatesChange,
    #[serde(rename = "traffic_alert")]
    TrafficAlert,
    #[serde(rename = "codes_used_up")]
    CodesUsedUp,
    #[serde(rename = "sender_id_request")]
    SenderIdRequest,
    #[serde(rename = "sender_id_activation")]
    SenderIdActivation,
    #[serde(rename = "broadcast_approval")]
    BroadcastApproval,
    #[serde(rename = "company_moderation")]
    CompanyModeration,
    #[serde(rename = "registration_confirmation")]
    RegistrationConfirmation,
    #[serde(rename = "new_registration")]
    NewRegistration,
    #[serde(rename = "password_reset")]
    PasswordReset,
    #[serde(rename = "problem_report")]
    ProblemReport,
    #[serde(rename = "user_invitation")]
    UserInvitation,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NotificationEventView {
    /// Its name.
    pub event: NotificationEvent,
    /// What it is about.
    pub group: NotificationGroup,
    /// The same in HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// The subject that comes with the platform.
    pub subject: String,
    /// The text that comes with the platform.
    pub text: String,
    /// What people call it.
    pub title: String,
    /// What its templates can say.
    pub variables: Vec<NotificationVariableView>,
}

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotificationGroup {
    #[serde(rename = "finance")]
    Finance,
    #[serde(rename = "technical")]
    Technical,
    #[serde(rename = "moderation")]
    Moderation,
    #[serde(rename = "personal_information")]
    PersonalInformation,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NotificationPreviewRequest {
    /// What it tells of.
    pub event: NotificationEvent,
    /// The same in HTML, with variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// One line, with variables.
    pub subject: String,
    /// The plain text, with variables.
    pub text: String,
    /// Values in the place of samples, by the names of variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct NotificationPreviewView {
    /// The HTML with its values; null for plain text alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// The subject with its values.
    pub subject: String,
    /// The text with its values.
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct NotificationTemplatePatch {
    /// What goes with the mail of an invoice beside its PDF; null or `[]` for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Vec<DetailsFile>>,
    /// The same in HTML; null for plain text alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// What you call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// One line, with variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The plain text, with variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NotificationTemplateRequest {
    /// Whose template it is; yours unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// For `invoice_confirmation`: what goes with the mail beside the PDF of the invoice, each kind once. What
    /// is too large for a mail is linked to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Vec<DetailsFile>>,
    /// What it tells of.
    pub event: NotificationEvent,
    /// The same in HTML, with variables; without it the mail is plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// Which of the company's own legal entities it is for; without one, for all that have no template of
    /// their own. Each has one template for an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<String>,
    /// What you call it, 1 to 120 characters.
    pub name: String,
    /// One line, with variables in double braces, as `/v1/notification_events` names them.
    pub subject: String,
    /// The plain text, with variables.
    pub text: String,
}

/// A notification template in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NotificationTemplateRow {
    /// Whose template it is.
    pub company: String,
    /// When it was created.
    pub created_at: String,
    /// What goes with the mail of an invoice beside its PDF.
    pub details: Vec<DetailsFile>,
    /// What it tells of.
    pub event: NotificationEvent,
    /// What the event is about.
    pub group: NotificationGroup,
    /// The same in HTML; null for plain text alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// Its id.
    pub id: String,
    /// Which of the company's own legal entities it is for; null for all that have no template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<String>,
    /// What you call it.
    pub name: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// One line, with variables.
    pub subject: String,
    /// The plain text, with variables.
    pub text: String,
    /// When it was changed last.
    pub updated_at: String,
    /// Who did that.
    pub updated_by: String,
    /// What the legal entity is called; null where it is for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_entity_name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NotificationTemplateView {
    /// Whose template it is.
    pub company: String,
    /// When it was created.
    pub created_at: String,
    /// What goes with the mail of an invoice beside its PDF.
    pub details: Vec<DetailsFile>,
    /// What it tells of.
    pub event: NotificationEvent,
    /// What the event is about.
    pub group: NotificationGroup,
    /// The same in HTML; null for plain text alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// Its id.
    pub id: String,
    /// Which of the company's own legal entities it is for; null for all that have no template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<String>,
    /// What you call it.
    pub name: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// One line, with variables.
    pub subject: String,
    /// The plain text, with variables.
    pub text: String,
    /// When it was changed last.
    pub updated_at: String,
    /// Who did that.
    pub updated_by: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct NotificationVariableView {
    /// What stands in double braces.
    pub name: String,
    /// Whether every template of the event must say it.
    pub required: bool,
    /// What previews say.
    pub sample: String,
}

/// Numbers of one length.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct NumberRangeBody {
    /// The first number, 3 to 15 digits.
    pub first: String,
    /// The last one.
    pub last: String,
}

/// Type of number and numbering plan (SMPP 3.4 sections 5.2.5 and 5.2.6).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct NumberTypeSettings {
    /// Numbering plan indicator, 0 to 18.
    pub npi: u32,
    /// Type of number, 0 to 6.
    pub ton: u32,
}

/// What the vendor wants to see for each kind of address; what is usual where nothing is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct NumberingSettings {
    /// Of senders that are names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alphanumeric: Option<NumberTypeSettings>,
    /// Of recipients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<NumberTypeSettings>,
    /// Of senders that are numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub international: Option<NumberTypeSettings>,
    /// Of senders that are short codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short_code: Option<NumberTypeSettings>,
}

/// What to do with a message of which nobody can say whether the vendor took it: `wait` for a
/// receipt, or send it again and rather have it twice than never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnUnknownOutcome {
    #[serde(rename = "wait")]
    Wait,
    #[serde(rename = "resend")]
    Resend,
}

/// What is not named stays, and null empties.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct OwnBankAccountPatch {
    /// The bank: one of the company itself or of a company above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank: Option<String>,
    /// Whose it is; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Whose account it is, as the bank knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// As lists show it, 1 to 120 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// An IBAN, or the account's number where there are none: up to 34 letters, digits, blanks, `-`, `/`, `.`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Whose account it is: an own legal entity of the same company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<String>,
}

/// An own bank account in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct OwnBankAccountRow {
    /// The bank: one of the company itself or of a company above it.
    pub bank: String,
    /// Whose it is; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Whose account it is, as the bank knows it.
    pub holder: String,
    /// As lists show it, 1 to 120 characters.
    pub name: String,
    /// An IBAN, or the account's number where there are none: up to 34 letters, digits, blanks, `-`, `/`, `.`.
    pub number: String,
    /// Whose account it is: an own legal entity of the same company.
    pub own_legal_entity: String,
    /// When it was made.
    pub created_at: String,
    /// Who made it, as they were called then.
    pub created_by: String,
    /// Its id.
    pub id: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// When it was changed last.
    pub updated_at: String,
    /// Who changed it last, as they were called then.
    pub updated_by: String,
    /// What the bank is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_name: Option<String>,
    /// What the legal entity is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity_name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct OwnBankAccountSettings {
    /// The bank: one of the company itself or of a company above it.
    pub bank: String,
    /// Whose it is; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Whose account it is, as the bank knows it.
    pub holder: String,
    /// As lists show it, 1 to 120 characters.
    pub name: String,
    /// An IBAN, or the account's number where there are none: up to 34 letters, digits, blanks, `-`, `/`, `.`.
    pub number: String,
    /// Whose account it is: an own legal entity of the same company.
    pub own_legal_entity: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct OwnBankAccountView {
    /// The bank: one of the company itself or of a company above it.
    pub bank: String,
    /// Whose it is; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Whose account it is, as the bank knows it.
    pub holder: String,
    /// As lists show it, 1 to 120 characters.
    pub name: String,
    /// An IBAN, or the account's number where there are none: up to 34 letters, digits, blanks, `-`, `/`, `.`.
    pub number: String,
    /// Whose account it is: an own legal entity of the same company.
    pub own_legal_entity: String,
    /// When it was made.
    pub created_at: String,
    /// Who made it, as they were called then.
    pub created_by: String,
    /// Its id.
    pub id: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// When it was changed last.
    pub updated_at: String,
    /// Who changed it last, as they were called then.
    pub updated_by: String,
}

/// What is not named stays, and null empties.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct OwnLegalEntityPatch {
    /// Where invoices go, if that is somewhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<String>,
    /// Whose it is; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Where it is registered: two letters of ISO 3166-1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Whether forms begin with it; a company has at most one such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_default: Option<bool>,
    /// As it is registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_address: Option<String>,
    /// As it is registered, 1 to 250 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_name: Option<String>,
    /// What it is registered under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_number: Option<String>,
    /// As lists show it, 1 to 120 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who is told of what happens, up to 20 addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_emails: Option<Vec<String>>,
    /// By which its clients top up, of the same company; without one they cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_systems: Option<Vec<String>>,
    /// The portal at which its clients log in, one of the same company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal: Option<String>,
    /// What it pays taxes under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_number: Option<String>,
    /// What is added to its invoices, by the country of who buys; nothing where no rule is for it. On each day
    /// one rule for a country at most, and one for all others, which is also for countries whose own rules
    /// are not in force. Up to 260.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taxes: Option<Vec<TaxRuleBody>>,
    /// In the European Union.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_number: Option<String>,
}

/// An own legal entity in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct OwnLegalEntityRow {
    /// Where invoices go, if that is somewhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<String>,
    /// Whose it is; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Where it is registered: two letters of ISO 3166-1.
    pub country: String,
    /// Whether forms begin with it; a company has at most one such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_default: Option<bool>,
    /// As it is registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_address: Option<String>,
    /// As it is registered, 1 to 250 characters.
    pub legal_name: String,
    /// What it is registered under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_number: Option<String>,
    /// As lists show it, 1 to 120 characters.
    pub name: String,
    /// Who is told of what happens, up to 20 addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_emails: Option<Vec<String>>,
    /// By which its clients top up, of the same company; without one they cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_systems: Option<Vec<String>>,
    /// The portal at which its clients log in, one of the same company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal: Option<String>,
    /// What it pays taxes under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_number: Option<String>,
    /// What is added to its invoices, by the country of who buys; nothing where no rule is for it. On each day
    /// one rule for a country at most, and one for all others, which is also for countries whose own rules
    /// are not in force. Up to 260.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taxes: Option<Vec<TaxRuleBody>>,
    /// In the European Union.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_number: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// Who made it, as they were called then.
    pub created_by: String,
    /// Its id.
    pub id: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// When it was changed last.
    pub updated_at: String,
    /// Who changed it last, as they were called then.
    pub updated_by: String,
    /// What the portal is called; null where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal_name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct OwnLegalEntitySettings {
    /// Where invoices go, if that is somewhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<String>,
    /// Whose it is; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Where it is registered: two letters of ISO 3166-1.
    pub country: String,
    /// Whether forms begin with it; a company has at most one such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_default: Option<bool>,
    /// As it is registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_address: Option<String>,
    /// As it is registered, 1 to 250 characters.
    pub legal_name: String,
    /// What it is registered under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_number: Option<String>,
    /// As lists show it, 1 to 120 characters.
    pub name: String,
    /// Who is told of what happens, up to 20 addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_emails: Option<Vec<String>>,
    /// By which its clients top up, of the same company; without one they cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_systems: Option<Vec<String>>,
    /// The portal at which its clients log in, one of the same company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal: Option<String>,
    /// What it pays taxes under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_number: Option<String>,
    /// What is added to its invoices, by the country of who buys; nothing where no rule is for it. On each day
    /// one rule for a country at most, and one for all others, which is also for countries whose own rules
    /// are not in force. Up to 260.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taxes: Option<Vec<TaxRuleBody>>,
    /// In the European Union.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_number: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct OwnLegalEntityView {
    /// Where invoices go, if that is somewhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<String>,
    /// Whose it is; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Where it is registered: two letters of ISO 3166-1.
    pub country: String,
    /// Whether forms begin with it; a company has at most one such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_default: Option<bool>,
    /// As it is registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_address: Option<String>,
    /// As it is registered, 1 to 250 characters.
    pub legal_name: String,
    /// What it is registered under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_number: Option<String>,
    /// As lists show it, 1 to 120 characters.
    pub name: String,
    /// Who is told of what happens, up to 20 addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_emails: Option<Vec<String>>,
    /// By which its clients top up, of the same company; without one they cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_systems: Option<Vec<String>>,
    /// The portal at which its clients log in, one of the same company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal: Option<String>,
    /// What it pays taxes under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_number: Option<String>,
    /// What is added to its invoices, by the country of who buys; nothing where no rule is for it. On each day
    /// one rule for a country at most, and one for all others, which is also for countries whose own rules
    /// are not in force. Up to 260.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taxes: Option<Vec<TaxRuleBody>>,
    /// In the European Union.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_number: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// Who made it, as they were called then.
    pub created_by: String,
    /// Its id.
    pub id: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// When it was changed last.
    pub updated_at: String,
    /// Who changed it last, as they were called then.
    pub updated_by: String,
}

/// Whether a pack is free, or charged at the agreement's price of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PackBilling {
    #[serde(rename = "free")]
    Free,
    #[serde(rename = "charge")]
    Charge,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct PackPatch {
    /// Of bundles: whether it is bought again for each billing period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_extend: Option<bool>,
    /// Of packs that have not begun: used for messages accepted at this time or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<String>,
    /// Of packs: another end; null for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_till: Option<String>,
    /// Whether the company that pays does not see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden_from_client: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct PackPriceView {
    /// The agreement's currency.
    pub currency: String,
    /// What it costs, in the agreement's currency.
    pub price: String,
    /// The price of the rate tree, by its id.
    pub rate: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PackView {
    /// Whether it is bought again for each billing period.
    pub auto_extend: bool,
    /// Whether it was charged.
    pub billing: PackBilling,
    /// Used for messages accepted at this time or later.
    pub effective_from: String,
    /// Not used from this time on; null for no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_till: Option<String>,
    /// Whether the company that pays does not see it.
    pub hidden_from_client: bool,
    /// The id of this purchase.
    pub id: String,
    /// Whether it may be used now. Of a bundle that is extended and could not be paid yet it is not.
    pub in_force: bool,
    /// What kind of pack it is, with its size.
    pub kind: ServiceKind,
    /// What is left of it.
    pub left: String,
    /// The pack's name.
    pub name: String,
    /// The revision of the agreement, which is the `ETag` of its packs.
    pub revision: u64,
    /// The pack's id.
    pub service: String,
    /// Units or money that are used of it. Of bundles: recipients in the billing period, with those past
    /// its size.
    pub used: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ParseRequest {
    /// Which sheet of a workbook; the first one that shows unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParsedView {
    /// When it was begun.
    pub created_at: String,
    /// The file's name.
    pub file_name: String,
    /// What kind of file it is.
    pub format: ImportFormat,
    /// Its id.
    pub id: String,
    /// The node that it takes the place of; empty for the whole tree.
    pub path: String,
    /// The scope's number.
    pub scope: u32,
    /// The service whose rates it brings.
    pub service: String,
    /// How the file is read; null before it was parsed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<ImportSettings>,
    /// `uploading` until the file was parsed, `parsed` while it is worked on, then `confirmed` or `canceled`.
    pub state: String,
    /// Whose file it is.
    pub supplier: String,
    /// Of the service, in which the rates are; null before it is confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// The letters of the columns.
    pub columns: Vec<String>,
    /// The first 20 of them.
    pub rows: Vec<RowView>,
    /// Rows with any text.
    pub rows_total: u64,
    /// The sheets of a workbook.
    pub sheets: Vec<String>,
    /// What is to be said about the settings that the file suggests.
    pub warnings: Vec<WarningView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct PasswordChange {
    /// The next one, by the password policy.
    pub new_password: String,
    /// The password of now.
    pub password: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct PasswordProof {
    /// The code of your second factor, after an answer `code_required`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Your password.
    pub password: String,
}

/// Of the company that pays, and of the agreement under which it does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct PayerNames {
    /// The agreement's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement_code: Option<String>,
    /// What the company is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
}

/// `inbound` adds to the balance, `outbound` takes from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PaymentDirection {
    #[serde(rename = "inbound")]
    Inbound,
    #[serde(rename = "outbound")]
    Outbound,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct PaymentReview {
    /// When it was told.
    pub at: String,
    /// What happened.
    pub detail: String,
    /// That a person has dealt with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<ReviewMark>,
    /// What names the event among all of the payment system.
    pub event: String,
    /// The last five of these calls that differ, the newest first.
    pub lately: Vec<PaymentReviewCall>,
    /// Counts its changes; for `If-Match`.
    pub revision: u64,
    /// The payment system; `stripe` is the platform's own account.
    pub system: String,
    /// How many calls it stands for: those that are not authentic are counted by day, and so are authentic ones that
    /// bring no money.
    pub times: u32,
    /// The top-up that it is about, if it names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_up: Option<String>,
}

/// A call that brings no money.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct PaymentReviewCall {
    /// When it came.
    pub at: String,
    /// Why it does not.
    pub detail: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct PaymentReviewDoneRequest {
    /// What names the event.
    pub event: String,
    /// What was done about it, up to 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The payment system of the event, as the list has it in `system`.
    pub payment_system: String,
}

/// A payment in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaymentRow {
    /// The agreement whose balance it changes.
    pub agreement: String,
    /// The agreement's currency.
    pub agreement_currency: String,
    /// What was paid. Above zero.
    pub amount: String,
    /// When it was recorded.
    pub at: String,
    /// The company that recorded it, or the payment system.
    pub by: String,
    /// The company that paid, or was paid back.
    pub company: String,
    /// Unconfirmed, it leaves the balance when this day begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_before: Option<String>,
    /// What it was paid in.
    pub currency: String,
    /// What was noted.
    pub description: String,
    /// Whether it adds to the balance or takes from it.
    pub direction: PaymentDirection,
    /// What of it is in the balance now: nothing, or the whole amount, below zero for what was paid back.
    pub effect: String,
    /// Units of `currency` for one of `agreement_currency`, rounded to ten places; null where it was paid
    /// in the agreement's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_rate: Option<String>,
    /// The day that the exchange rate is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_rate_date: Option<String>,
    /// That moment, while it counts and is not confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Its id.
    pub id: String,
    /// The day on which the money moved.
    pub payment_date: String,
    /// Unique among the company's payments.
    pub reference: String,
    /// The same in the agreement's currency.
    pub replenishment_amount: String,
    /// How often it was changed.
    pub revision: u64,
    /// Whether the money is there, and if not, whether it still counts.
    pub status: PaymentStatus,
    /// When it was last changed.
    pub updated_at: String,
    /// The wallet that it changes.
    pub wallet: String,
    /// The agreement's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement_code: Option<String>,
    /// What the company is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
}

/// `confirmed`: the money is there, and in the balance for good. `not_confirmed`: it is in the balance
/// until its deadline. `expired`: the deadline passed and it is out. `canceled`: it was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PaymentStatus {
    #[serde(rename = "confirmed")]
    Confirmed,
    #[serde(rename = "not_confirmed")]
    NotConfirmed,
    #[serde(rename = "expired")]
    Expired,
    #[serde(rename = "canceled")]
    Canceled,
}

/// Which payment system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PaymentSystemKind {
    #[serde(rename = "stripe")]
    Stripe,
    #[serde(rename = "pay_online")]
    PayOnline,
    #[serde(rename = "freedom_pay")]
    FreedomPay,
    #[serde(rename = "net_commerce")]
    NetCommerce,
}

/// What is not named stays, and null empties.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct PaymentSystemPatch {
    /// Where the payment system is reached, if not at its usual address: FreedomPay has one in each country,
    /// and NetCommerce tells its merchants. Stripe has one for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Whose it is; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// In which currencies one can pay (ISO 4217); in any if there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currencies: Option<Vec<String>>,
    /// Whether clients may pay by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Who pays the payment system's fee. PayOnline and NetCommerce do not tell it: with these the client does only
    /// where a tariff is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_from: Option<FeeFrom>,
    /// Percent that the client is charged on top where the fee is taken from the owner: 0.01 to 100, with up
    /// to two decimals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub internal_fee_percent: Option<String>,
    /// Which payment system. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<PaymentSystemKind>,
    /// Whom the payment system knows you as; all need it but Stripe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant: Option<String>,
    /// As lists show it, 1 to 120 characters; no other of the company has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The secret key that the payment system gave you. It is not answered again. Callbacks may be signed
    /// with the one that was replaced for 72 hours; to set a new one twice ends that at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// What it keeps of each payment besides, in the one currency of `currencies`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tariff_fixed: Option<String>,
    /// What the payment system keeps of what is paid, as your contract with it says, in percent: 0.01 to 100, with up
    /// to two decimals. It holds for pages that are opened from now on; a top-up shows it as `system_fee`. PayOnline
    /// and NetCommerce never tell it. FreedomPay does in its callbacks alone: of a payment whose callback was lost,
    /// or does not tell it, the tariff says it. Stripe is asked for it where the client pays it, and has no tariff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tariff_percent: Option<String>,
    /// Whether it is a test account: clients then pay with play money, and no other is taken. Stripe's secret
    /// key says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub testing: Option<bool>,
    /// What Stripe signs its events with, `whsec_...`, of the endpoint that you set up there. It is replaced as
    /// the secret key is. Without it payments are found some minutes later, by asking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_secret: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaymentSystemSettings {
    /// Where the payment system is reached, if not at its usual address: FreedomPay has one in each country,
    /// and NetCommerce tells its merchants. Stripe has one for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Whose it is; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// In which currencies one can pay (ISO 4217); in any if there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currencies: Option<Vec<String>>,
    /// Whether clients may pay by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Who pays the payment system's fee. PayOnline and NetCommerce do not tell it: with these the client does only
    /// where a tariff is set.
    pub fee_from: FeeFrom,
    /// Percent that the client is charged on top where the fee is taken from the owner: 0.01 to 100, with up
    /// to two decimals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub internal_fee_percent: Option<String>,
    /// Which payment system. It stays.
    pub kind: PaymentSystemKind,
    /// Whom the payment system knows you as; all need it but Stripe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant: Option<String>,
    /// As lists show it, 1 to 120 characters; no other of the company has it.
    pub name: String,
    /// The secret key that the payment system gave you. It is not answered again. Callbacks may be signed
    /// with the one that was replaced for 72 hours; to set a new one twice ends that at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// What it keeps of each payment besides, in the one currency of `currencies`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tariff_fixed: Option<String>,
    /// What the payment system keeps of what is paid, as your contract with it says, in percent: 0.01 to 100, with up
    /// to two decimals. It holds for pages that are opened from now on; a top-up shows it as `system_fee`. PayOnline
    /// and NetCommerce never tell it. FreedomPay does in its callbacks alone: of a payment whose callback was lost,
    /// or does not tell it, the tariff says it. Stripe is asked for it where the client pays it, and has no tariff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tariff_percent: Option<String>,
    /// Whether it is a test account: clients then pay with play money, and no other is taken. Stripe's secret
    /// key says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub testing: Option<bool>,
    /// What Stripe signs its events with, `whsec_...`, of the endpoint that you set up there. It is replaced as
    /// the secret key is. Without it payments are found some minutes later, by asking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_secret: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaymentSystemView {
    /// Where the payment system is reached, if not at its usual address: FreedomPay has one in each country,
    /// and NetCommerce tells its merchants. Stripe has one for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Whose it is; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// In which currencies one can pay (ISO 4217); in any if there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currencies: Option<Vec<String>>,
    /// Whether clients may pay by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Who pays the payment system's fee. PayOnline and NetCommerce do not tell it: with these the client does only
    /// where a tariff is set.
    pub fee_from: FeeFrom,
    /// Percent that the client is charged on top where the fee is taken from the owner: 0.01 to 100, with up
    /// to two decimals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub internal_fee_percent: Option<String>,
    /// Which payment system. It stays.
    pub kind: PaymentSystemKind,
    /// Whom the payment system knows you as; all need it but Stripe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant: Option<String>,
    /// As lists show it, 1 to 120 characters; no other of the company has it.
    pub name: String,
    /// The secret key that the payment system gave you. It is not answered again. Callbacks may be signed
    /// with the one that was replaced for 72 hours; to set a new one twice ends that at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// What it keeps of each payment besides, in the one currency of `currencies`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tariff_fixed: Option<String>,
    /// What the payment system keeps of what is paid, as your contract with it says, in percent: 0.01 to 100, with up
    /// to two decimals. It holds for pages that are opened from now on; a top-up shows it as `system_fee`. PayOnline
    /// and NetCommerce never tell it. FreedomPay does in its callbacks alone: of a payment whose callback was lost,
    /// or does not tell it, the tariff says it. Stripe is asked for it where the client pays it, and has no tariff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tariff_percent: Option<String>,
    /// Whether it is a test account: clients then pay with play money, and no other is taken. Stripe's secret
    /// key says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub testing: Option<bool>,
    /// What Stripe signs its events with, `whsec_...`, of the endpoint that you set up there. It is replaced as
    /// the secret key is. Without it payments are found some minutes later, by asking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_secret: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// Who made it, as they were called then.
    pub created_by: String,
    /// Its id.
    pub id: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// When it was changed last.
    pub updated_at: String,
    /// Who changed it last, as they were called then.
    pub updated_by: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaymentView {
    /// The agreement whose balance it changes.
    pub agreement: String,
    /// The agreement's currency.
    pub agreement_currency: String,
    /// What was paid. Above zero.
    pub amount: String,
    /// When it was recorded.
    pub at: String,
    /// The company that recorded it, or the payment system.
    pub by: String,
    /// The company that paid, or was paid back.
    pub company: String,
    /// Unconfirmed, it leaves the balance when this day begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_before: Option<String>,
    /// What it was paid in.
    pub currency: String,
    /// What was noted.
    pub description: String,
    /// Whether it adds to the balance or takes from it.
    pub direction: PaymentDirection,
    /// What of it is in the balance now: nothing, or the whole amount, below zero for what was paid back.
    pub effect: String,
    /// Units of `currency` for one of `agreement_currency`, rounded to ten places; null where it was paid
    /// in the agreement's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_rate: Option<String>,
    /// The day that the exchange rate is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_rate_date: Option<String>,
    /// That moment, while it counts and is not confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Its id.
    pub id: String,
    /// The day on which the money moved.
    pub payment_date: String,
    /// Unique among the company's payments.
    pub reference: String,
    /// The same in the agreement's currency.
    pub replenishment_amount: String,
    /// How often it was changed.
    pub revision: u64,
    /// Whether the money is there, and if not, whether it still counts.
    pub status: PaymentStatus,
    /// When it was last changed.
    pub updated_at: String,
    /// The wallet that it changes.
    pub wallet: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeriodCountsView {
    /// Its messages.
    pub counts: CountsView,
    /// The day, or the first day of the month.
    pub first_day: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct PhoneProof {
    /// The code that was sent to the phone, after an answer `code_required`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct PolicyView {
    /// Hours between two changes by the user; administrators may at any time.
    pub change_hours_min: u32,
    /// How many of these it has at least: upper case, lower case, digits, other characters.
    pub classes_min: u32,
    /// How many of the last passwords are not taken again.
    pub history: u32,
    /// Minutes without a request after which a session ends.
    pub idle_minutes: u32,
    /// Days for which an invitation can be followed.
    pub invitation_days: u32,
    /// Characters that a password has at least: 8 or more.
    pub length_min: u32,
    /// Wrong tries before a login is locked for the first time.
    pub tries: u32,
    /// Days without a login after which a user is blocked, administrators apart; null for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unused_days_max: Option<u32>,
    /// Days after which a password has to be changed; null for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_days: Option<u32>,
}

/// What is not named stays, and null empties.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct PortalPatch {
    /// Who sees to its certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// For whom it is; for you unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The uploaded small picture of browsers' tabs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub favicon: Option<String>,
    /// The host name, without port or path; no two portals have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// By tags of RFC 5646, the one that is shown unless told first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub languages: Option<Vec<String>>,
    /// Links at the foot of the pages, up to 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<LinkSettings>>,
    /// The uploaded picture behind the login page, 16:9.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_background: Option<String>,
    /// The uploaded logo of the login page, 4:1 or 1:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_logo: Option<String>,
    /// What stands above the fields of the login page, by language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_texts: Option<BTreeMap<String, String>>,
    /// The uploaded logo for dark backgrounds, 1:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_square_dark: Option<String>,
    /// The uploaded logo for light backgrounds, 1:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_square_light: Option<String>,
    /// The uploaded logo for dark backgrounds, 4:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_wide_dark: Option<String>,
    /// The uploaded logo for light backgrounds, 4:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_wide_light: Option<String>,
    /// As lists show it, 1 to 120 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The uploaded privacy policy, a PDF file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy: Option<String>,
    /// Whether the login page shows whose product it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shows_product: Option<bool>,
    /// Where people ask for help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support_email: Option<String>,
    /// The uploaded licence agreement, a PDF file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<String>,
    /// The title of its pages, 1 to 120 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PortalRecord {
    /// Who sees to its certificate.
    pub certificate: Certificate,
    /// For whom it is; for you unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The uploaded small picture of browsers' tabs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub favicon: Option<String>,
    /// The host name, without port or path; no two portals have one.
    pub host: String,
    /// By tags of RFC 5646, the one that is shown unless told first.
    pub languages: Vec<String>,
    /// Links at the foot of the pages, up to 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<LinkSettings>>,
    /// The uploaded picture behind the login page, 16:9.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_background: Option<String>,
    /// The uploaded logo of the login page, 4:1 or 1:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_logo: Option<String>,
    /// What stands above the fields of the login page, by language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_texts: Option<BTreeMap<String, String>>,
    /// The uploaded logo for dark backgrounds, 1:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_square_dark: Option<String>,
    /// The uploaded logo for light backgrounds, 1:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_square_light: Option<String>,
    /// The uploaded logo for dark backgrounds, 4:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_wide_dark: Option<String>,
    /// The uploaded logo for light backgrounds, 4:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_wide_light: Option<String>,
    /// As lists show it, 1 to 120 characters.
    pub name: String,
    /// The uploaded privacy policy, a PDF file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy: Option<String>,
    /// Whether the login page shows whose product it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shows_product: Option<bool>,
    /// Where people ask for help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support_email: Option<String>,
    /// The uploaded licence agreement, a PDF file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<String>,
    /// The title of its pages, 1 to 120 characters.
    pub title: String,
    /// When it was made.
    pub created_at: String,
    /// Who made it, as they were called then.
    pub created_by: String,
    /// Its id.
    pub id: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// When it was changed last.
    pub updated_at: String,
    /// Who changed it last, as they were called then.
    pub updated_by: String,
}

/// A portal in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PortalRow {
    /// Who sees to its certificate.
    pub certificate: Certificate,
    /// For whom it is; for you unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The uploaded small picture of browsers' tabs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub favicon: Option<String>,
    /// The host name, without port or path; no two portals have one.
    pub host: String,
    /// By tags of RFC 5646, the one that is shown unless told first.
    pub languages: Vec<String>,
    /// Links at the foot of the pages, up to 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<LinkSettings>>,
    /// The uploaded picture behind the login page, 16:9.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_background: Option<String>,
    /// The uploaded logo of the login page, 4:1 or 1:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_logo: Option<String>,
    /// What stands above the fields of the login page, by language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_texts: Option<BTreeMap<String, String>>,
    /// The uploaded logo for dark backgrounds, 1:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_square_dark: Option<String>,
    /// The uploaded logo for light backgrounds, 1:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_square_light: Option<String>,
    /// The uploaded logo for dark backgrounds, 4:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_wide_dark: Option<String>,
    /// The uploaded logo for light backgrounds, 4:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_wide_light: Option<String>,
    /// As lists show it, 1 to 120 characters.
    pub name: String,
    /// The uploaded privacy policy, a PDF file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy: Option<String>,
    /// Whether the login page shows whose product it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shows_product: Option<bool>,
    /// Where people ask for help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support_email: Option<String>,
    /// The uploaded licence agreement, a PDF file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<String>,
    /// The title of its pages, 1 to 120 characters.
    pub title: String,
    /// When it was made.
    pub created_at: String,
    /// Who made it, as they were called then.
    pub created_by: String,
    /// Its id.
    pub id: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// When it was changed last.
    pub updated_at: String,
    /// Who changed it last, as they were called then.
    pub updated_by: String,
    /// Where its back office is.
    pub back_office_url: String,
    /// Whether its host name leads to this platform.
    pub domain: DomainState,
    /// When that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain_checked_at: Option<String>,
    /// Whether it is in use.
    pub status: PortalStatus,
    /// What the company is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PortalSettings {
    /// Who sees to its certificate.
    pub certificate: Certificate,
    /// For whom it is; for you unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The uploaded small picture of browsers' tabs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub favicon: Option<String>,
    /// The host name, without port or path; no two portals have one.
    pub host: String,
    /// By tags of RFC 5646, the one that is shown unless told first.
    pub languages: Vec<String>,
    /// Links at the foot of the pages, up to 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<LinkSettings>>,
    /// The uploaded picture behind the login page, 16:9.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_background: Option<String>,
    /// The uploaded logo of the login page, 4:1 or 1:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_logo: Option<String>,
    /// What stands above the fields of the login page, by language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_texts: Option<BTreeMap<String, String>>,
    /// The uploaded logo for dark backgrounds, 1:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_square_dark: Option<String>,
    /// The uploaded logo for light backgrounds, 1:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_square_light: Option<String>,
    /// The uploaded logo for dark backgrounds, 4:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_wide_dark: Option<String>,
    /// The uploaded logo for light backgrounds, 4:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_wide_light: Option<String>,
    /// As lists show it, 1 to 120 characters.
    pub name: String,
    /// The uploaded privacy policy, a PDF file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy: Option<String>,
    /// Whether the login page shows whose product it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shows_product: Option<bool>,
    /// Where people ask for help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support_email: Option<String>,
    /// The uploaded licence agreement, a PDF file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<String>,
    /// The title of its pages, 1 to 120 characters.
    pub title: String,
}

/// `draft` until its host name was checked, `active` where that leads here, else `error`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PortalStatus {
    #[serde(rename = "draft")]
    Draft,
    #[serde(rename = "active")]
    Active,
    #[serde(rename = "error")]
    Error,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PortalView {
    /// Who sees to its certificate.
    pub certificate: Certificate,
    /// For whom it is; for you unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The uploaded small picture of browsers' tabs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub favicon: Option<String>,
    /// The host name, without port or path; no two portals have one.
    pub host: String,
    /// By tags of RFC 5646, the one that is shown unless told first.
    pub languages: Vec<String>,
    /// Links at the foot of the pages, up to 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<LinkSettings>>,
    /// The uploaded picture behind the login page, 16:9.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_background: Option<String>,
    /// The uploaded logo of the login page, 4:1 or 1:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_logo: Option<String>,
    /// What stands above the fields of the login page, by language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_texts: Option<BTreeMap<String, String>>,
    /// The uploaded logo for dark backgrounds, 1:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_square_dark: Option<String>,
    /// The uploaded logo for light backgrounds, 1:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_square_light: Option<String>,
    /// The uploaded logo for dark backgrounds, 4:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_wide_dark: Option<String>,
    /// The uploaded logo for light backgrounds, 4:1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_wide_light: Option<String>,
    /// As lists show it, 1 to 120 characters.
    pub name: String,
    /// The uploaded privacy policy, a PDF file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy: Option<String>,
    /// Whether the login page shows whose product it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shows_product: Option<bool>,
    /// Where people ask for help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support_email: Option<String>,
    /// The uploaded licence agreement, a PDF file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<String>,
    /// The title of its pages, 1 to 120 characters.
    pub title: String,
    /// When it was made.
    pub created_at: String,
    /// Who made it, as they were called then.
    pub created_by: String,
    /// Its id.
    pub id: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// When it was changed last.
    pub updated_at: String,
    /// Who changed it last, as they were called then.
    pub updated_by: String,
    /// Where its back office is.
    pub back_office_url: String,
    /// Whether its host name leads to this platform.
    pub domain: DomainState,
    /// When that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain_checked_at: Option<String>,
    /// Whether it is in use.
    pub status: PortalStatus,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PostedPaymentView {
    /// The agreement whose balance it changes.
    pub agreement: String,
    /// The agreement's currency.
    pub agreement_currency: String,
    /// What was paid. Above zero.
    pub amount: String,
    /// When it was recorded.
    pub at: String,
    /// The company that recorded it, or the payment system.
    pub by: String,
    /// The company that paid, or was paid back.
    pub company: String,
    /// Unconfirmed, it leaves the balance when this day begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_before: Option<String>,
    /// What it was paid in.
    pub currency: String,
    /// What was noted.
    pub description: String,
    /// Whether it adds to the balance or takes from it.
    pub direction: PaymentDirection,
    /// What of it is in the balance now: nothing, or the whole amount, below zero for what was paid back.
    pub effect: String,
    /// Units of `currency` for one of `agreement_currency`, rounded to ten places; null where it was paid
    /// in the agreement's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_rate: Option<String>,
    /// The day that the exchange rate is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_rate_date: Option<String>,
    /// That moment, while it counts and is not confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Its id.
    pub id: String,
    /// The day on which the money moved.
    pub payment_date: String,
    /// Unique among the company's payments.
    pub reference: String,
    /// The same in the agreement's currency.
    pub replenishment_amount: String,
    /// How often it was changed.
    pub revision: u64,
    /// Whether the money is there, and if not, whether it still counts.
    pub status: PaymentStatus,
    /// When it was last changed.
    pub updated_at: String,
    /// The wallet that it changes.
    pub wallet: String,
    /// The wallet's balance as it is now.
    pub balance: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct PostedTransferView {
    /// Whether it took all that `from` had.
    pub all: bool,
    /// How much, above zero.
    pub amount: String,
    /// When it happened.
    pub at: String,
    /// The company that asked for it.
    pub by: String,
    /// The user who did; null for a key of the company itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_user: Option<String>,
    /// What it counts in.
    pub currency: String,
    /// The wallet that gave.
    pub from: String,
    /// The company whose wallet gave.
    pub from_company: String,
    /// Its id.
    pub id: String,
    /// What both statements say.
    pub note: String,
    /// The wallet that got.
    pub to: String,
    /// The company whose wallet got.
    pub to_company: String,
    /// The balance of `from` as it is now.
    pub from_balance: String,
    /// The balance of `to` as it is now; null for a user who may not see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_balance: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreviewView {
    /// How many prices change.
    pub changes: ChangeCountsView,
    /// What became of the rows.
    pub counts: RowCountsView,
    /// Names exactly this result; confirm with it.
    pub preview: String,
    /// Why the tree cannot be stored with these rates; null if it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<TreeProblemView>,
    /// Texts that stand for nothing.
    pub unmatched_total: u64,
    /// Of the service; confirm with it in `If-Match`.
    pub version: u32,
    /// What is good to know.
    pub warnings: Vec<WarningView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct PricedView {
    /// Where it is in its tree.
    pub path: String,
    /// For one unit.
    pub price: String,
    /// Names the price, as in EDRs.
    pub rate: String,
}

/// What is not named stays, and null empties.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct PrintableFormPatch {
    /// Up to 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Whose it is; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The first day whose documents are made by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_from: Option<String>,
    /// The uploaded template, a file of the kind `xml`. Begin with one of `/v1/printable_form_samples`. One
    /// that cannot make a document is refused with its line and the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Which document it makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<FormKind>,
    /// As lists show it, 1 to 120 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The own legal entity whose documents it makes; of all that have no form unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<String>,
    /// A logo, a stamp: what the file names in its `image` elements, for invoices and receipts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pictures: Option<Vec<PrintableFormPicture>>,
    /// For charges: what is billed; everything that has no form unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct PrintableFormPicture {
    /// The uploaded picture, of the kind `png` or `jpeg`: at most 500,000 bytes and 2,000,000 pixels.
    pub file: String,
    /// As the file calls it: 1 to 30 of `a` to `z`, `0` to `9` and `_`.
    pub name: String,
}

/// A printable form in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrintableFormRow {
    /// Up to 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Whose it is; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The first day whose documents are made by it.
    pub date_from: String,
    /// The uploaded template, a file of the kind `xml`. Begin with one of `/v1/printable_form_samples`. One
    /// that cannot make a document is refused with its line and the reason.
    pub file: String,
    /// Which document it makes.
    pub kind: FormKind,
    /// As lists show it, 1 to 120 characters.
    pub name: String,
    /// The own legal entity whose documents it makes; of all that have no form unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<String>,
    /// A logo, a stamp: what the file names in its `image` elements, for invoices and receipts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pictures: Option<Vec<PrintableFormPicture>>,
    /// For charges: what is billed; everything that has no form unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    /// When it was made.
    pub created_at: String,
    /// Who made it, as they were called then.
    pub created_by: String,
    /// Its id.
    pub id: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// When it was changed last.
    pub updated_at: String,
    /// Who changed it last, as they were called then.
    pub updated_by: String,
    /// What the legal entity is called; null where it is for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity_name: Option<String>,
}

/// Forms to begin with, as the files that would be uploaded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct PrintableFormSamples {
    /// Of the archive of charges.
    pub charge: String,
    /// Of invoices and credit notes.
    pub invoice: String,
    /// Of the receipts of payments for message credits.
    pub receipt: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrintableFormSettings {
    /// Up to 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Whose it is; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The first day whose documents are made by it.
    pub date_from: String,
    /// The uploaded template, a file of the kind `xml`. Begin with one of `/v1/printable_form_samples`. One
    /// that cannot make a document is refused with its line and the reason.
    pub file: String,
    /// Which document it makes.
    pub kind: FormKind,
    /// As lists show it, 1 to 120 characters.
    pub name: String,
    /// The own legal entity whose documents it makes; of all that have no form unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<String>,
    /// A logo, a stamp: what the file names in its `image` elements, for invoices and receipts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pictures: Option<Vec<PrintableFormPicture>>,
    /// For charges: what is billed; everything that has no form unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrintableFormView {
    /// Up to 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Whose it is; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The first day whose documents are made by it.
    pub date_from: String,
    /// The uploaded template, a file of the kind `xml`. Begin with one of `/v1/printable_form_samples`. One
    /// that cannot make a document is refused with its line and the reason.
    pub file: String,
    /// Which document it makes.
    pub kind: FormKind,
    /// As lists show it, 1 to 120 characters.
    pub name: String,
    /// The own legal entity whose documents it makes; of all that have no form unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<String>,
    /// A logo, a stamp: what the file names in its `image` elements, for invoices and receipts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pictures: Option<Vec<PrintableFormPicture>>,
    /// For charges: what is billed; everything that has no form unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    /// When it was made.
    pub created_at: String,
    /// Who made it, as they were called then.
    pub created_by: String,
    /// Its id.
    pub id: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// When it was changed last.
    pub updated_at: String,
    /// Who changed it last, as they were called then.
    pub updated_by: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ProblemView {
    /// The node, such as `sms_message/MT/DE`; `*` stands for all others, and in values `~1` for a slash
    /// and `~0` for a tilde.
    pub path: String,
    /// What it lacks.
    pub problem: String,
}

/// Where data come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ProvenanceView {
    /// The day the data are of.
    pub date: String,
    /// Under which licence.
    pub licence: String,
    /// Who made the data, with the version.
    pub source: String,
}

/// Push, over Firebase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct PushBody {
    /// The text of the JSON file with the service account's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_file: Option<String>,
}

/// What a price is multiplied by.
pub type QuantityRule = Value;

/// What the children of a node are told apart by: the direction (`MT` or `MO`), the country
/// (ISO 3166 alpha-2), the network's name, the sender ID, the operator a sender ID is registered
/// with, the pack or bundle that is bought (by its id), the additional service's name, how often a fee
/// comes (`month` or `week`), the type of the sender ID (`alphanumeric`, `numeric`, `short_code`), the
/// mobile country code (`262`), that with the network code (`26202`), the WhatsApp region, category
/// and type of pricing, the billing event of RCS (`basic`, `single`, `conversation`), who began a
/// Viber session, or the time of the day in the agreement's time zone (`08:00-20:00`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RateAttribute {
    #[serde(rename = "direction")]
    Direction,
    #[serde(rename = "country")]
    Country,
    #[serde(rename = "network")]
    Network,
    #[serde(rename = "sender_id")]
    SenderId,
    #[serde(rename = "mno")]
    Mno,
    #[serde(rename = "pack")]
    Pack,
    #[serde(rename = "additional_service")]
    AdditionalService,
    #[serde(rename = "periodicity")]
    Periodicity,
    #[serde(rename = "sender_id_type")]
    SenderIdType,
    #[serde(rename = "mcc")]
    Mcc,
    #[serde(rename = "mccmnc")]
    Mccmnc,
    #[serde(rename = "whatsapp_region")]
    WhatsappRegion,
    #[serde(rename = "pricing_category")]
    PricingCategory,
    #[serde(rename = "pricing_type")]
    PricingType,
    #[serde(rename = "billing_event")]
    BillingEvent,
    #[serde(rename = "session_type")]
    SessionType,
    #[serde(rename = "time_of_day")]
    TimeOfDay,
}

/// A node is either a price or branches on an attribute. The rules are inherited from the nearest node
/// above that sets them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct RateNode {
    /// When a charge becomes final; `submitted` unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_rule: Option<BillingRule>,
    /// What `values` are values of, if this is a branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depends_on: Option<RateAttribute>,
    /// The child of every value that is not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub others: Option<Box<RateNode>>,
    /// The price, if this is a leaf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<RatePrice>,
    /// What the price is multiplied by. Unless told: SMS by segments, calls by minutes, fees that come again
    /// by the period, all else by messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity_rule: Option<QuantityRule>,
    /// The child of each listed value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<BTreeMap<String, RateNode>>,
}

/// A price of a rate tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum RatePrice {
    /// So much a unit.
    #[serde(rename = "flat")]
    Flat {
        /// For a unit, in the service's currency.
        amount: String,
    },
    /// By how much was used before in the billing period. For messages only.
    #[serde(rename = "scale")]
    Scale {
        /// Counts separately for each value of this attribute; all together unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        counter_group: Option<RateAttribute>,
        /// Whether passing a threshold reprices what was before.
        scale: ScaleKind,
        /// Each with a higher threshold than the one before; the last one without.
        tiers: Vec<RateTier>,
    },
    #[serde(rename = "free")]
    Free,
    /// Of packs and bundle initiators: this traffic may be taken from them.
    #[serde(rename = "included")]
    Included,
    /// The event is refused.
    #[serde(rename = "blocked")]
    Blocked,
    /// Not this service's traffic: look in the next one.
    #[serde(rename = "not_included")]
    NotIncluded,
}

/// A part of a scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct RateTier {
    /// For each unit, in the service's currency.
    pub amount: String,
    /// The last unit of this tier, counted from 1; none for the last tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<u32>,
}

/// From what is billed, attribute by attribute, down to a price: the names are resources, such as
/// `sms_message`. At least one of them, except for bundle packs.
pub type RateTree = BTreeMap<String, RateNode>;

/// A price and where it came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RateView {
    /// When a charge becomes final.
    pub billing_rule: BillingRule,
    /// What it is in; null where there is no money in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Its id.
    pub id: String,
    /// The service's name.
    pub name: String,
    /// Where it is in the tree, such as `sms_message/MT/DE/*`.
    pub path: String,
    /// The price.
    pub price: RatePrice,
    /// What the price is multiplied by.
    pub quantity_rule: QuantityRule,
    /// The service's id.
    pub service: String,
    /// The version of the tree.
    pub version: u32,
}

/// RCS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RcsBody {
    /// An uploaded PNG or JPEG picture of exactly 1440 x 448 with at most 200 KB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background: Option<String>,
    /// The color of icons: `#` and six hexadecimal digits; black unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// What recipients read about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Mailboxes that recipients can write to, each with the text of its button.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emails: Option<Vec<ContactBody>>,
    /// An uploaded PNG or JPEG picture of exactly 224 x 224 with at most 50 KB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
    /// Numbers that recipients can call, each with a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phones: Option<Vec<ContactBody>>,
    /// The privacy policy: an https address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy_policy_url: Option<String>,
    /// The terms of service: an https address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms_url: Option<String>,
    /// Who carries it.
    pub vendor: RcsVendorBody,
    /// Pages that recipients can open, https addresses, each with the text of its button.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub websites: Option<Vec<ContactBody>>,
}

/// Who carries RCS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum RcsVendorBody {
    /// RCS for Business.
    #[serde(rename = "rcs_for_business")]
    RcsForBusiness {
        /// The agent's id in the vendor's console.
        agent_id: String,
        /// The text of the JSON file with the service account's key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key_file: Option<String>,
    },
    /// GSMA transit.
    #[serde(rename = "gsma_transit")]
    GsmaTransit {
        /// The client ID of the bot.
        login: String,
        /// The client secret of the bot.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<String>,
        /// How long a token holds, in seconds; 3,600 unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token_seconds: Option<u32>,
    },
}

/// What a vendor's receipt says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReceiptState {
    #[serde(rename = "enroute")]
    Enroute,
    #[serde(rename = "delivered")]
    Delivered,
    #[serde(rename = "undelivered")]
    Undelivered,
    #[serde(rename = "expired")]
    Expired,
    #[serde(rename = "rejected")]
    Rejected,
    #[serde(rename = "unsent")]
    Unsent,
    #[serde(rename = "unknown")]
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct RecoveryCodes {
    /// Each stands in for the app once. They are shown this once.
    pub recovery_codes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct RefusalView {
    /// `no_rate`, `blocked` or `service_archived`.
    pub code: String,
    /// The same in words.
    pub detail: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct RegistrationRequest {
    /// The code that was sent to the phone, after an answer `code_required`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// 1 to 120 characters: what the new company is called.
    pub company_name: String,
    /// Where the company is: ISO 3166 alpha-2.
    pub country: String,
    /// Where mail reaches you.
    pub email: String,
    /// 1 to 60 characters.
    pub first_name: String,
    /// As `en` or `pt-BR`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// At most 60 characters.
    pub last_name: String,
    /// 1 to 30 Latin letters, digits, dots and underscores, unlike every other.
    pub login: String,
    /// By the password policy.
    pub password: String,
    /// In international form.
    pub phone: String,
    /// The host name of the portal.
    pub portal: String,
    /// That you agree to the portal's terms and privacy policy.
    pub terms_accepted: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct RegistrationView {
    /// The currency of the agreement that one gets.
    pub currency: String,
    /// Whether a code proves the phone number.
    pub phone_verification: bool,
    /// Where the privacy policy is that one agrees to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy_url: Option<String>,
    /// Where the terms of service are that one agrees to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms_url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct RerateChargeRequest {
    /// Begin at this time after it was started; at once unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_for: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RerateDetails {
    /// Whose messages and fees are rated again, at all levels that the company or one below it sells.
    pub agreements: Vec<String>,
    /// Only messages of these channels, and with `sms` the fees of all sender IDs and the platform's; all if there
    /// are none.
    pub channels: Vec<Channel>,
    /// Those that the agreements were chosen by; none if it is about one agreement.
    pub companies: Vec<String>,
    /// Whose it is. What this company or one below it sells is rated again.
    pub company: String,
    /// The dry run that has counted what this task charges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_by: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// Who made it, as they were called then.
    pub created_by: String,
    /// Whether it only counts.
    pub dry_run: bool,
    /// About how many records it looks at: of a dry run those of whole days, as counted when it was made; else as
    /// many as the dry run has looked at.
    pub estimated: u64,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
    /// Messages and fees from this time or later.
    pub from: String,
    /// Its id.
    pub id: String,
    /// Why it has failed, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Raised by every change.
    pub revision: u64,
    /// When it begins once it was started; at once without a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_for: Option<String>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// How far it is.
    pub status: RerateStatus,
    /// Messages and fees from before this time.
    pub till: String,
    /// When it was changed last.
    pub updated_at: String,
    /// Who changed it last, as they were called then.
    pub updated_by: String,
    /// What it has changed so far, or would change, of what each agreement pays.
    pub differences: Vec<RerateDifference>,
    /// The records of the senders' own agreements, and those of fees.
    pub edrs: RerateTally,
    /// Why the last record failed that did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<String>,
    /// The records of the agreements above those. None is made anew: a message keeps the levels that it was
    /// accepted with.
    pub reseller_records: RerateTally,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct RerateDifference {
    /// What they cost now.
    pub after: String,
    /// The agreement that pays.
    pub agreement: String,
    /// What those cost before.
    pub before: String,
    /// The agreement's currency.
    pub currency: String,
    /// How much more that is; below zero for less.
    pub difference: String,
    /// 1 where it is the sender's own, one more for each agreement between.
    pub level: u32,
    /// How many of its records cost something else.
    pub records: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct RerateRequest {
    /// This agreement alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<String>,
    /// Only messages of these channels, and with `sms` the fees of all sender IDs and the platform's; all unless
    /// told. There is SMS so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<Channel>>,
    /// All agreements of these companies. Those, or one agreement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub companies: Option<Vec<String>>,
    /// Messages and fees from this time or later. Name whole billing periods where a scale is `back_to_first`:
    /// what passing a threshold changes for a whole period is charged with a single message.
    pub from: String,
    /// Begin at this time after it was started; at once unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_for: Option<String>,
    /// Messages and fees from before this time, at most two years after the other; 10 minutes ago unless told,
    /// and no later than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub till: Option<String>,
}

/// A `draft` waits for its start, a `scheduled` task for its time. A `canceled` or `failed` one has ended
/// before its end; what it did until then stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RerateStatus {
    #[serde(rename = "draft")]
    Draft,
    #[serde(rename = "scheduled")]
    Scheduled,
    #[serde(rename = "running")]
    Running,
    #[serde(rename = "complete")]
    Complete,
    #[serde(rename = "canceled")]
    Canceled,
    #[serde(rename = "failed")]
    Failed,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct RerateTally {
    /// They keep what they were charged, because it is not known what they cost now.
    pub failed: u64,
    /// Looked at.
    pub processed: u64,
    /// They cost something else.
    pub updated: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RerateView {
    /// Whose messages and fees are rated again, at all levels that the company or one below it sells.
    pub agreements: Vec<String>,
    /// Only messages of these channels, and with `sms` the fees of all sender IDs and the platform's; all if there
    /// are none.
    pub channels: Vec<Channel>,
    /// Those that the agreements were chosen by; none if it is about one agreement.
    pub companies: Vec<String>,
    /// Whose it is. What this company or one below it sells is rated again.
    pub company: String,
    /// The dry run that has counted what this task charges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_by: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// Who made it, as they were called then.
    pub created_by: String,
    /// Whether it only counts.
    pub dry_run: bool,
    /// About how many records it looks at: of a dry run those of whole days, as counted when it was made; else as
    /// many as the dry run has looked at.
    pub estimated: u64,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
    /// Messages and fees from this time or later.
    pub from: String,
    /// Its id.
    pub id: String,
    /// Why it has failed, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Raised by every change.
    pub revision: u64,
    /// When it begins once it was started; at once without a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_for: Option<String>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// How far it is.
    pub status: RerateStatus,
    /// Messages and fees from before this time.
    pub till: String,
    /// When it was changed last.
    pub updated_at: String,
    /// Who changed it last, as they were called then.
    pub updated_by: String,
}

/// What is not named stays, and null empties.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ResellingAgreementPatch {
    /// The agreement, one of the reseller's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<String>,
    /// From when on it is resold under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<String>,
    /// Until when; for good unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_till: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ResellingAgreementRecord {
    /// The agreement, one of the reseller's own.
    pub agreement: String,
    /// From when on it is resold under.
    pub effective_from: String,
    /// Until when; for good unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_till: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// Who made it, as they were called then.
    pub created_by: String,
    /// Its id.
    pub id: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// When it was changed last.
    pub updated_at: String,
    /// Who changed it last, as they were called then.
    pub updated_by: String,
}

/// What a legal entity resells under, in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResellingAgreementRow {
    /// The agreement, one of the reseller's own.
    pub agreement: String,
    /// From when on it is resold under.
    pub effective_from: String,
    /// Until when; for good unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_till: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// Who made it, as they were called then.
    pub created_by: String,
    /// Its id.
    pub id: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// When it was changed last.
    pub updated_at: String,
    /// Who changed it last, as they were called then.
    pub updated_by: String,
    /// The reseller.
    pub company: String,
    /// Its legal entity.
    pub legal_entity: String,
    /// Whether it is resold under at the moment.
    pub status: ResellingStatus,
    /// The agreement's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement_code: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResellingAgreementView {
    /// The agreement, one of the reseller's own.
    pub agreement: String,
    /// From when on it is resold under.
    pub effective_from: String,
    /// Until when; for good unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_till: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// Who made it, as they were called then.
    pub created_by: String,
    /// Its id.
    pub id: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// When it was changed last.
    pub updated_at: String,
    /// Who changed it last, as they were called then.
    pub updated_by: String,
    /// The reseller.
    pub company: String,
    /// Its legal entity.
    pub legal_entity: String,
    /// Whether it is resold under at the moment.
    pub status: ResellingStatus,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ResellingSettings {
    /// The agreement, one of the reseller's own.
    pub agreement: String,
    /// From when on it is resold under.
    pub effective_from: String,
    /// Until when; for good unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_till: Option<String>,
}

/// Whether an agreement is resold under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResellingStatus {
    #[serde(rename = "coming")]
    Coming,
    #[serde(rename = "active")]
    Active,
    #[serde(rename = "ended")]
    Ended,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ResetConfirmation {
    /// By the password policy.
    pub password: String,
    /// What stands behind `token=` in the link.
    pub token: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ResetRequest {
    /// Where mail reaches you.
    pub email: String,
}

/// What is billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Resource {
    #[serde(rename = "sms_message")]
    SmsMessage,
    #[serde(rename = "sender_id_setup_fee")]
    SenderIdSetupFee,
    #[serde(rename = "sender_id_usage_fee")]
    SenderIdUsageFee,
    #[serde(rename = "platform_fee")]
    PlatformFee,
    #[serde(rename = "rcs_message")]
    RcsMessage,
    #[serde(rename = "viber_message")]
    ViberMessage,
    #[serde(rename = "viber_session")]
    ViberSession,
    #[serde(rename = "whatsapp_message")]
    WhatsappMessage,
    #[serde(rename = "whatsapp_conversation")]
    WhatsappConversation,
    #[serde(rename = "wechat_message")]
    WechatMessage,
    #[serde(rename = "email_message")]
    EmailMessage,
    #[serde(rename = "flash_call")]
    FlashCall,
    #[serde(rename = "telegram_gateway_message")]
    TelegramGatewayMessage,
    #[serde(rename = "push_message")]
    PushMessage,
    #[serde(rename = "tts_message")]
    TtsMessage,
    #[serde(rename = "voice_call")]
    VoiceCall,
    #[serde(rename = "push_partner_message")]
    PushPartnerMessage,
    #[serde(rename = "service_purchase")]
    ServicePurchase,
    #[serde(rename = "additional_service")]
    AdditionalService,
    #[serde(rename = "bundle_member")]
    BundleMember,
}

/// That a person has dealt with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ReviewMark {
    /// Since when.
    pub at: String,
    /// Who said so.
    pub by: String,
    /// What was done about it.
    pub note: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ReviewRequest {
    /// Whether they may log in from now on.
    pub approved: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct RolePatch {
    /// All companies whose people may have it, in place of those of now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub companies: Option<Vec<String>>,
    /// At most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// All that it grants, in place of what it does now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<BTreeMap<String, Level>>,
    /// 1 to 40 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoleRequest {
    /// Whose people may have it beside those of the company that makes it: companies below that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub companies: Option<Vec<String>>,
    /// Who makes it: yours, or a company below you; yours unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// At most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Which of the two portals it is for.
    pub face: Face,
    /// By area, `view` or `manage`; not more than you have yourself.
    pub grants: BTreeMap<String, Level>,
    /// 1 to 40 characters.
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoleView {
    /// Whose people may have it beside those of the company that made it.
    pub companies: Vec<String>,
    /// The company that made it.
    pub company: String,
    /// When it was made.
    pub created_at: String,
    /// What it is for.
    pub description: String,
    /// Which of the two portals it is for.
    pub face: Face,
    /// By area, `view` or `manage`.
    pub grants: BTreeMap<String, Level>,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct RotationRequest {
    /// For how many hours the secret of now is taken beside the new one: 0 to 168.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap_hours: Option<u32>,
}

/// One road to a vendor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct RouteBody {
    /// A connection that you see, of the sender's company or of one above it: of SMS one over SMPP or to Transit
    /// SMS, in other channels the HTTP connection to the vendor of the sender ID.
    pub connection: String,
    /// Lower ranks are tried first; 0 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<u32>,
    /// Its share of the messages among the routes of its rank, 1 to 1,000; 1 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct RowCountsView {
    /// Prices of the new node, a scale as one.
    pub prices: u32,
    /// Rows of rates.
    pub rows: u32,
    /// Left out because a mapping says so, or as duplicates.
    pub rows_skipped: u32,
    /// Left out because of an error.
    pub rows_with_errors: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct RowErrorView {
    /// The letters of the column, where it is one cell's fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// What is wrong.
    pub reason: String,
    /// As it is counted in the file, from 1.
    pub row: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct RowView {
    /// The texts of its cells.
    pub cells: Vec<String>,
    /// As it is counted in the file, from 1.
    pub number: u32,
}

/// `tier`: each unit at the price of the tier that it falls in. `back_to_first`: once a threshold is
/// passed, everything in the period is worth the new price, and the difference is charged at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScaleKind {
    #[serde(rename = "tier")]
    Tier,
    #[serde(rename = "back_to_first")]
    BackToFirst,
}

/// A scope with what its tree lacks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ScopeDetail {
    /// Whether every node of the tree leads to prices. Only then may the scope be in force.
    pub complete: bool,
    /// Whether its tree is in force now. Of scopes whose times overlap, the one made first keeps the floor.
    pub current: bool,
    /// Not in force, whatever its times say.
    pub draft: bool,
    /// In force for what is accepted at this time or later.
    pub effective_from: String,
    /// Not in force from this time on; null for no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_till: Option<String>,
    /// Its number within the service.
    pub number: u32,
    /// The version of its tree; null before it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<u32>,
    /// The first 100 of them.
    pub problems: Vec<ProblemView>,
    /// How many places of the tree lack something.
    pub problems_total: u64,
    /// The service's id.
    pub service: String,
    /// Of the service; for `If-Match`.
    pub version: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ScopePatch {
    /// False puts it in force, at its times: its tree has to be complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<bool>,
    /// In force for what is accepted at this time or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<String>,
    /// Not in force from this time on; null for no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_till: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ScopeRequest {
    /// Takes the tree of another scope instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_from: Option<CopyFrom>,
    /// Not in force, whatever its times say. True unless `effective_from` and a complete tree are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<bool>,
    /// In force for what is accepted at this time or later; now unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<String>,
    /// Not in force from this time on; no end unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_till: Option<String>,
    /// Its prices; none yet unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<RateTree>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ScopeView {
    /// Whether every node of the tree leads to prices. Only then may the scope be in force.
    pub complete: bool,
    /// Whether its tree is in force now. Of scopes whose times overlap, the one made first keeps the floor.
    pub current: bool,
    /// Not in force, whatever its times say.
    pub draft: bool,
    /// In force for what is accepted at this time or later.
    pub effective_from: String,
    /// Not in force from this time on; null for no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_till: Option<String>,
    /// Its number within the service.
    pub number: u32,
    /// The version of its tree; null before it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<u32>,
}

/// What is not named stays, and null empties.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct SelfRegistrationPatch {
    /// The agreement that everybody gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<AgreementTemplateSettings>,
    /// Whose it is: who sells to those who register; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Whether one can register at the moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Whether the new companies see their invoices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoices_enabled: Option<bool>,
    /// Whether what the new companies send waits for moderation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moderation: Option<bool>,
    /// Where they pay to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_bank_account: Option<String>,
    /// In whose name it sells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<String>,
    /// The packs that are given at once, free, up to 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packs: Option<Vec<String>>,
    /// The 2FA integration that proves phone numbers; they are not proved unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_verification: Option<String>,
    /// Where people register; a portal has one of these settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal: Option<String>,
    /// The uploaded privacy policy, a PDF file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy: Option<String>,
    /// Who is told of registrations, and of those that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report_email: Option<String>,
    /// What the first user may do: names of system roles of the client portal, or ids of roles of yours for
    /// it. `portal_admin` is everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// The services that are enabled at once, up to 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<String>>,
    /// The uploaded terms of service, a PDF file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<String>,
    /// Whether the new users log in with two factors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub two_factor: Option<bool>,
}

/// Self-registration settings in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelfRegistrationRow {
    /// The agreement that everybody gets.
    pub agreement: AgreementTemplateSettings,
    /// Whose it is: who sells to those who register; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Whether one can register at the moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Whether the new companies see their invoices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoices_enabled: Option<bool>,
    /// Whether what the new companies send waits for moderation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moderation: Option<bool>,
    /// Where they pay to.
    pub own_bank_account: String,
    /// In whose name it sells.
    pub own_legal_entity: String,
    /// The packs that are given at once, free, up to 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packs: Option<Vec<String>>,
    /// The 2FA integration that proves phone numbers; they are not proved unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_verification: Option<String>,
    /// Where people register; a portal has one of these settings.
    pub portal: String,
    /// The uploaded privacy policy, a PDF file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy: Option<String>,
    /// Who is told of registrations, and of those that failed.
    pub report_email: String,
    /// What the first user may do: names of system roles of the client portal, or ids of roles of yours for
    /// it. `portal_admin` is everything.
    pub roles: Vec<String>,
    /// The services that are enabled at once, up to 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<String>>,
    /// The uploaded terms of service, a PDF file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<String>,
    /// Whether the new users log in with two factors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub two_factor: Option<bool>,
    /// When it was made.
    pub created_at: String,
    /// Who made it, as they were called then.
    pub created_by: String,
    /// Its id.
    pub id: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// When it was changed last.
    pub updated_at: String,
    /// Who changed it last, as they were called then.
    pub updated_by: String,
    /// What the legal entity is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity_name: Option<String>,
    /// What the portal is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal_name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelfRegistrationSettings {
    /// The agreement that everybody gets.
    pub agreement: AgreementTemplateSettings,
    /// Whose it is: who sells to those who register; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Whether one can register at the moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Whether the new companies see their invoices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoices_enabled: Option<bool>,
    /// Whether what the new companies send waits for moderation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moderation: Option<bool>,
    /// Where they pay to.
    pub own_bank_account: String,
    /// In whose name it sells.
    pub own_legal_entity: String,
    /// The packs that are given at once, free, up to 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packs: Option<Vec<String>>,
    /// The 2FA integration that proves phone numbers; they are not proved unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_verification: Option<String>,
    /// Where people register; a portal has one of these settings.
    pub portal: String,
    /// The uploaded privacy policy, a PDF file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy: Option<String>,
    /// Who is told of registrations, and of those that failed.
    pub report_email: String,
    /// What the first user may do: names of system roles of the client portal, or ids of roles of yours for
    /// it. `portal_admin` is everything.
    pub roles: Vec<String>,
    /// The services that are enabled at once, up to 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<String>>,
    /// The uploaded terms of service, a PDF file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<String>,
    /// Whether the new users log in with two factors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub two_factor: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelfRegistrationView {
    /// The agreement that everybody gets.
    pub agreement: AgreementTemplateSettings,
    /// Whose it is: who sells to those who register; yours unless told. It stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Whether one can register at the moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Whether the new companies see their invoices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoices_enabled: Option<bool>,
    /// Whether what the new companies send waits for moderation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moderation: Option<bool>,
    /// Where they pay to.
    pub own_bank_account: String,
    /// In whose name it sells.
    pub own_legal_entity: String,
    /// The packs that are given at once, free, up to 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packs: Option<Vec<String>>,
    /// The 2FA integration that proves phone numbers; they are not proved unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_verification: Option<String>,
    /// Where people register; a portal has one of these settings.
    pub portal: String,
    /// The uploaded privacy policy, a PDF file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy: Option<String>,
    /// Who is told of registrations, and of those that failed.
    pub report_email: String,
    /// What the first user may do: names of system roles of the client portal, or ids of roles of yours for
    /// it. `portal_admin` is everything.
    pub roles: Vec<String>,
    /// The services that are enabled at once, up to 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<String>>,
    /// The uploaded terms of service, a PDF file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<String>,
    /// Whether the new users log in with two factors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub two_factor: Option<bool>,
    /// When it was made.
    pub created_at: String,
    /// Who made it, as they were called then.
    pub created_by: String,
    /// Its id.
    pub id: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// When it was changed last.
    pub updated_at: String,
    /// Who changed it last, as they were called then.
    pub updated_by: String,
}

/// What is to be different; what is not named stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct SenderIdPatch {
    /// In the place of its routes: a sender ID of the company above, as when it is created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_from: Option<String>,
    /// Where what phones send to it goes; null for nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incoming: Option<IncomingBody>,
    /// The operator that it is registered with; null for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mno: Option<String>,
    /// When somebody is told that its messages fail; null for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitoring: Option<MonitoringBody>,
    /// As people call it here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The roads its messages take from now on, in the place of what it is assigned from; those on their way
    /// keep theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routes: Option<Vec<RouteBody>>,
    /// All that it has in its channel: it stays in that. Keys and passwords that are not told stay, and are
    /// told again where the vendor, its addresses or the connection change. Null takes the account of one of SMS
    /// away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<SenderSettingsBody>,
    /// Whether it may be used: for the company that the agreement is with, or one above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<SenderStatus>,
    /// The unguessable part of the address that a provider calls about it; null for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_guid: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct SenderIdRequest {
    /// What the recipient sees. Of SMS: a name of 1 to 11 characters, or a number of 3 to 15 digits; of voice
    /// and flash calls: such a number; of other channels: the code that the provider gave.
    pub address: String,
    /// The agreement that pays for what is sent from it.
    pub agreement: String,
    /// In the place of routes: a sender ID of the company above, over whose roads its messages go, as they are
    /// then, and for as long as that is active. You see it, it is one of SMS with the same address, and its
    /// agreement is the one that this one's is resold under, with cascade charging.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_from: Option<String>,
    /// The one road its messages take: a connection that you see, of the sender's company or of one above
    /// it. Short for `routes` with nothing else in it. SMS needs one or the other, or `assigned_from`, and a
    /// draft none of them; in other channels it may be an HTTP connection to the vendor in `settings`, or missing;
    /// push, text-to-speech, voice and flash calls have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// Where what phones send to it goes, if it is a number; nowhere unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incoming: Option<IncomingBody>,
    /// The operator that it is registered with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mno: Option<String>,
    /// When somebody is told that its messages fail; never unless told. Voice has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitoring: Option<MonitoringBody>,
    /// As people call it here; its address unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The roads its messages take, 1 to 8: by rank, where a vendor refuses a message the next one, and by
    /// weight among those of one rank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routes: Option<Vec<RouteBody>>,
    /// What it has in another channel than SMS, or of SMS an account of its own at an HTTP vendor; one of SMS
    /// without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<SenderSettingsBody>,
    /// Active unless told. Only one of RCS may be `testing`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<SenderStatus>,
    /// The unguessable part of the address that a provider calls about it: 8 to 64 letters, digits or -. No
    /// other sender ID has the same. RCS needs one; voice has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_guid: Option<String>,
}

/// A sender ID in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SenderIdRow {
    /// What the recipient sees.
    pub address: String,
    /// The agreement that pays.
    pub agreement: String,
    /// The sender ID of the company above over whose roads its messages go; null where it has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_from: Option<String>,
    /// The way in which its messages go.
    pub channel: Channel,
    /// The company that may send from it.
    pub company: String,
    /// When it was created.
    pub created_at: String,
    /// Its id.
    pub id: String,
    /// Where what phones send to it goes; null for nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incoming: Option<IncomingBody>,
    /// The operator that it is registered with; null if nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mno: Option<String>,
    /// When somebody is told that its messages fail; null for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitoring: Option<MonitoringBody>,
    /// As people call it here.
    pub name: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// The roads its messages take; none where it is assigned.
    pub routes: Vec<RouteBody>,
    /// What it has in its channel, without keys and passwords; null for SMS without an account of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<SenderSettingsBody>,
    /// Whether it may be used. One that is assigned is stopped too while the one above is.
    pub status: SenderStatus,
    /// When it was changed last; null if never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
    /// Who carries what is sent from it: of SMS `smpp` or `http`, by its first route; empty without one.
    pub vendor: String,
    /// The unguessable part of the address that a provider calls about it; null if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_guid: Option<String>,
    /// The agreement's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement_code: Option<String>,
    /// What the company is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
}

/// What kind of sender ID it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SenderIdType {
    #[serde(rename = "alphanumeric")]
    Alphanumeric,
    #[serde(rename = "numeric")]
    Numeric,
    #[serde(rename = "short_code")]
    ShortCode,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SenderIdView {
    /// What the recipient sees.
    pub address: String,
    /// The agreement that pays.
    pub agreement: String,
    /// The sender ID of the company above over whose roads its messages go; null where it has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_from: Option<String>,
    /// The way in which its messages go.
    pub channel: Channel,
    /// The company that may send from it.
    pub company: String,
    /// When it was created.
    pub created_at: String,
    /// Its id.
    pub id: String,
    /// Where what phones send to it goes; null for nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incoming: Option<IncomingBody>,
    /// The operator that it is registered with; null if nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mno: Option<String>,
    /// When somebody is told that its messages fail; null for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitoring: Option<MonitoringBody>,
    /// As people call it here.
    pub name: String,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// The roads its messages take; none where it is assigned.
    pub routes: Vec<RouteBody>,
    /// What it has in its channel, without keys and passwords; null for SMS without an account of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<SenderSettingsBody>,
    /// Whether it may be used. One that is assigned is stopped too while the one above is.
    pub status: SenderStatus,
    /// When it was changed last; null if never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
    /// Who carries what is sent from it: of SMS `smpp` or `http`, by its first route; empty without one.
    pub vendor: String,
    /// The unguessable part of the address that a provider calls about it; null if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_guid: Option<String>,
}

/// What it has in its channel: whose vendor carries it, and what that needs. SMS needs none. Keys and passwords
/// are taken and not answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "channel")]
pub enum SenderSettingsBody {
    #[serde(rename = "sms")]
    Sms {
        /// The login that the vendor gave.
        login: String,
        /// Its password.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<String>,
        /// What goes with the account if the vendor asks for a service type.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service_type: Option<String>,
    },
    #[serde(rename = "rcs")]
    Rcs {
        /// An uploaded PNG or JPEG picture of exactly 1440 x 448 with at most 200 KB.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        background: Option<String>,
        /// The color of icons: `#` and six hexadecimal digits; black unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        color: Option<String>,
        /// What recipients read about it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// Mailboxes that recipients can write to, each with the text of its button.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        emails: Option<Vec<ContactBody>>,
        /// An uploaded PNG or JPEG picture of exactly 224 x 224 with at most 50 KB.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        logo: Option<String>,
        /// Numbers that recipients can call, each with a name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phones: Option<Vec<ContactBody>>,
        /// The privacy policy: an https address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        privacy_policy_url: Option<String>,
        /// The terms of service: an https address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        terms_url: Option<String>,
        /// Who carries it.
        vendor: RcsVendorBody,
        /// Pages that recipients can open, https addresses, each with the text of its button.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        websites: Option<Vec<ContactBody>>,
    },
    #[serde(rename = "viber")]
    Viber {
        /// Whether a talk of up to 24 hours is paid as one; no unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sessions: Option<bool>,
        /// Who carries it.
        vendor: ViberVendorBody,
    },
    #[serde(rename = "whatsapp")]
    Whatsapp {
        /// Whether the vendor is told of another API key; no unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        synchronized: Option<bool>,
        /// Who carries it.
        vendor: WhatsappVendorBody,
        /// The id of the WhatsApp Business Account that it belongs to.
        waba_id: String,
    },
    #[serde(rename = "wechat")]
    Wechat {
        /// The app's id there.
        app_id: String,
        /// The app's secret.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        app_secret: Option<String>,
        /// What WeChat signs its calls with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<String>,
    },
    #[serde(rename = "email")]
    Email {
        /// The API key of your account there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        api_key: Option<String>,
        /// What mail comes from.
        sender_email: String,
    },
    #[serde(rename = "telegram")]
    Telegram {
        /// The API key of your account there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        api_key: Option<String>,
        /// Whether Telegram has verified it; no unless told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        verified: Option<bool>,
    },
    #[serde(rename = "push")]
    Push {
        /// The text of the JSON file with the service account's key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key_file: Option<String>,
    },
    #[serde(rename = "tts")]
    Tts {
        /// What is told of calls: an https address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        webhook_url: Option<String>,
    },
    #[serde(rename = "voice")]
    Voice,
    #[serde(rename = "mobile_push")]
    MobilePush {
        /// The login that your service provider gave.
        login: String,
        /// Its password.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<String>,
    },
    #[serde(rename = "flash_call")]
    FlashCall {
        /// The numbers that call.
        pool: Vec<NumberRangeBody>,
    },
}

/// Whether a sender ID may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SenderStatus {
    #[serde(rename = "active")]
    Active,
    #[serde(rename = "blocked")]
    Blocked,
    #[serde(rename = "draft")]
    Draft,
    #[serde(rename = "testing")]
    Testing,
}

/// How a service sells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum ServiceKind {
    /// Every event at its price.
    #[serde(rename = "pay_as_you_go")]
    PayAsYouGo,
    /// So many units, bought at once; an event takes them as far as they go.
    #[serde(rename = "unit_pack")]
    UnitPack {
        /// Messages or segments, as its tree says.
        size: u32,
    },
    /// So much money, bought at once and spent at the prices of the pack's own tree.
    #[serde(rename = "monetary_pack")]
    MonetaryPack {
        /// In the pack's currency.
        size: String,
    },
    /// Which traffic counts towards bundles.
    #[serde(rename = "bundle_initiator")]
    BundleInitiator,
    /// So many unique recipients in a billing period.
    #[serde(rename = "bundle_pack")]
    BundlePack {
        /// Recipients; each one more costs the `bundle_member` price.
        size: u32,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ServicePatch {
    /// True stops all that the service sells, wherever it is enabled, with `service_archived`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
    /// At most 1,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// 1 to 120 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ServiceRequest {
    /// What its prices are in: an ISO 4217 code, or `CREDIT`. Unit packs, bundle initiators and bundle
    /// packs have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// At most 1,000 characters; none unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether its first scope is a draft, so that its tree may be incomplete; false unless told, if there
    /// is a tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<bool>,
    /// When its first scope begins; now unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<String>,
    /// When its first scope ends; never unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_till: Option<String>,
    /// How it sells; pay as you go unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<ServiceKind>,
    /// 1 to 120 characters.
    pub name: String,
    /// The prices of its first scope. Without them it is a draft, except of a bundle pack, which needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<RateTree>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceView {
    /// What an archived service sold is refused, wherever it is enabled.
    pub archived: bool,
    /// Whose rate plan it is; it may be enabled on this company's agreements with those below it.
    pub company: String,
    /// When it was created.
    pub created_at: String,
    /// What its prices are in; null where there is no money in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// What is said about it.
    pub description: String,
    /// Its id.
    pub id: String,
    /// How it sells.
    pub kind: ServiceKind,
    /// Its name.
    pub name: String,
    /// Its validity periods, in the order in which they were made.
    pub scopes: Vec<ScopeView>,
    /// Counts every change of the service and of its trees, from 1; for `If-Match`.
    pub version: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceWithTree {
    /// What an archived service sold is refused, wherever it is enabled.
    pub archived: bool,
    /// Whose rate plan it is; it may be enabled on this company's agreements with those below it.
    pub company: String,
    /// When it was created.
    pub created_at: String,
    /// What its prices are in; null where there is no money in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// What is said about it.
    pub description: String,
    /// Its id.
    pub id: String,
    /// How it sells.
    pub kind: ServiceKind,
    /// Its name.
    pub name: String,
    /// Its validity periods, in the order in which they were made.
    pub scopes: Vec<ScopeView>,
    /// Counts every change of the service and of its trees, from 1; for `If-Match`.
    pub version: u32,
    /// The tree in force; null if there is none, or if it is so big that it has to be read by its nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<RateTree>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct SessionStarted {
    /// To be sent as `X-CSRF-Token` with every request that changes something.
    pub csrf_token: String,
    /// The session's id.
    pub id: String,
    /// Minutes without a request after which the session ends.
    pub idle_minutes: u32,
    /// True if the password was given by somebody else or is over: nothing but another password is allowed
    /// until then.
    pub password_due: bool,
    /// Who has logged in.
    pub user: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct SessionView {
    /// What the browser calls itself.
    pub agent: String,
    /// When it was opened.
    pub created_at: String,
    /// Whether it is the one that asks.
    pub current: bool,
    /// When it ends if it is not used any more.
    pub ends_at: String,
    /// The session's id.
    pub id: String,
    /// Where it was opened from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// When it was used, to the minute.
    pub last_seen_at: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SettingsRequest {
    /// All of them.
    pub settings: ImportSettings,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct SetupFeeRequest {
    /// The operator that the sender ID is registered with, if the price depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mno: Option<String>,
}

/// Who makes up the codes and compares them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    #[serde(rename = "platform")]
    Platform,
    #[serde(rename = "client")]
    Client,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct SignUpRequest {
    /// The code that was sent to the phone, after an answer `code_required`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// 1 to 60 characters.
    pub first_name: String,
    /// As `en` or `pt-BR`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// At most 60 characters.
    pub last_name: String,
    /// 1 to 30 Latin letters, digits, dots and underscores, unlike every other.
    pub login: String,
    /// By the password policy.
    pub password: String,
    /// In international form. Needed, and proved with a code, if you have to log in with two factors; else it is
    /// for people to call until you have it proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// What stands behind `token=` in the link.
    pub token: String,
}

/// A link to a vendor over SMPP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct SmppSettings {
    /// How many binds are kept up; one transceiver unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binds: Option<BindsSettings>,
    /// Whose sender IDs may take it, with those of companies below these: the connection's company or some below
    /// it, at most 100. Those of any company, unless told. What sender IDs have stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub companies: Option<Vec<String>>,
    /// Seconds between enquire_link requests; 30 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enquire_link_seconds: Option<u32>,
    /// What to do about errors in answers to submits, where it is not as usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<ErrorSettings>>,
    /// Name or address of the vendor's SMSC.
    pub host: String,
    /// The version of SMPP that the gateway binds with; `3.4` unless told. A vendor that answers to `5.0` with an
    /// older one is spoken to in that: before 3.4 without optional parameters, and long messages leave with a UDH.
    /// With `3.4` it gets the parameters that you ask for, whatever it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface_version: Option<InterfaceVersion>,
    /// Whether what the vendor delivers names sender and recipient the other way round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inverted_addresses: Option<bool>,
    /// How the parts of a long message say that they belong together; `udh8` unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long_form: Option<LongForm>,
    /// 1 to 120 characters.
    pub name: String,
    /// Type of number and numbering plan that the vendor wants; as usual unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbering: Option<NumberingSettings>,
    /// What to do with a message whose fate nobody knows; `wait` unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_unknown_outcome: Option<OnUnknownOutcome>,
    /// The account's password; SMPP 3.4 allows 8 characters, many vendors more. Never shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// TCP port.
    pub port: u32,
    /// The `priority_flag` of messages that say none, 0 to 3; 0 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u32>,
    /// Submits per second over all binds, at most 10,000; 50 unless told. Where the vendor throttles, the
    /// gateway slows down below it by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
    /// The `service_type` of each submit, at most 5 characters; empty unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_type: Option<String>,
    /// What the vendor's words and codes in receipts mean for the charge, where it is not as usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statuses: Option<Vec<StatusSettings>>,
    /// The account's name at the vendor.
    pub system_id: String,
    /// Empty unless the vendor asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_type: Option<String>,
    /// TLS to the vendor; plain TCP unless told, and `{}` for TLS as usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsSettings>,
    /// Optional parameters to send with each submit, at most 16.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tlvs: Option<Vec<TlvSettings>>,
    /// How long after the submit a message that says nothing of it may be delivered, in seconds, at most 63
    /// days; the vendor's own rule unless told. One that waits while no bind is up and has no other
    /// route ends so long after it was accepted, 72 hours unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validity_seconds: Option<u32>,
    /// Submits that may wait for their answers at once over all binds, at most 1,000; 10 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u32>,
}

/// SMS over an HTTP vendor under an account of its own, in the place of the connection's. Exactly one of the
/// routes is over HTTP then, and you see its connection. The account's receipts go to the connection's
/// `webhook_url`, as those of all accounts there: whoever knows that can report on the messages of each of them, so
/// it is told to the vendor, and to nobody who is billed by receipts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct SmsBody {
    /// The login that the vendor gave.
    pub login: String,
    /// Its password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// What goes with the account if the vendor asks for a service type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_type: Option<String>,
}

/// How the connection to a mail server is protected: not at all with `none`, over TLS after a beginning
/// in the clear with `starttls` (port 587 as a rule), from the beginning with `tls` (port 465).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SmtpTls {
    #[serde(rename = "none")]
    None,
    #[serde(rename = "starttls")]
    Starttls,
    #[serde(rename = "tls")]
    Tls,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatementLineView {
    /// By how much; below zero for what was taken.
    pub amount: String,
    /// When it happened.
    pub at: String,
    /// The balance after it.
    pub balance_after: String,
    /// The company that asked for a transfer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The user who asked for a transfer; null for a key of the company itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_user: Option<String>,
    /// What moved the balance.
    pub kind: MovementKind,
    /// How many movements this line stands for: charges that follow one another share one.
    pub movements: u32,
    /// A transfer's note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The id of the last movement: a transfer, payment, message, batch or, for `escrow`, wallet.
    pub reference: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatisticsView {
    /// The channels, the one with the most messages first.
    pub channels: Vec<NamedCountsView>,
    /// The countries with the most messages.
    pub countries: Vec<NamedCountsView>,
    /// All of it.
    pub counts: CountsView,
    /// The first day of the period; days are days in UTC.
    pub first_day: String,
    /// The last one.
    pub last_day: String,
    /// The networks with the most messages of the company itself, with their countries.
    pub networks: Vec<NamedCountsView>,
    /// The days of a month, or the months of a year, that have any.
    pub parts: Vec<PeriodCountsView>,
    /// The most active sender IDs of the company itself.
    pub senders: Vec<NamedCountsView>,
}

/// `unsent`: as if the vendor had never taken it, so that nothing is owed. `undelivered`: it was sent and
/// did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StatusOutcome {
    #[serde(rename = "unsent")]
    Unsent,
    #[serde(rename = "undelivered")]
    Undelivered,
}

/// What a report is taken for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatusSettings {
    /// The vendor's codes for which this holds; all unless told. A rule that names the code goes before one
    /// for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes: Option<Vec<String>>,
    /// What it means.
    pub outcome: StatusOutcome,
    /// The vendor's word in upper case.
    pub status: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepView {
    /// What it has a price for is refused.
    pub archived: bool,
    /// When a charge becomes final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_rule: Option<BillingRule>,
    /// What was found there.
    pub found: Finding,
    /// How it sells.
    pub kind: ServiceKind,
    /// The service's name.
    pub name: String,
    /// The deepest node reached, such as `sms_message/MT/DE`.
    pub path: String,
    /// The price, if one was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<RatePrice>,
    /// What the price is multiplied by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity_rule: Option<QuantityRule>,
    /// Names the price, as in EDRs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// The service's id.
    pub service: String,
    /// The version of its tree.
    pub version: u32,
}

/// A role that every company has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SystemRole {
    #[serde(rename = "admin")]
    Admin,
    #[serde(rename = "client_manager")]
    ClientManager,
    #[serde(rename = "finance_manager")]
    FinanceManager,
    #[serde(rename = "noc_engineer")]
    NocEngineer,
    #[serde(rename = "rate_manager")]
    RateManager,
    #[serde(rename = "portal_admin")]
    PortalAdmin,
    #[serde(rename = "portal_broadcast_manager")]
    PortalBroadcastManager,
    #[serde(rename = "portal_finance_manager")]
    PortalFinanceManager,
    #[serde(rename = "portal_noc_engineer")]
    PortalNocEngineer,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SystemRoleView {
    /// Which of the two portals it is for.
    pub face: Face,
    /// By area, `view` or `manage`.
    pub grants: BTreeMap<String, Level>,
    /// Its name, by which it is given.
    pub name: SystemRole,
}

/// By how much the tax of a confirmed invoice is another one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct TaxCorrectionView {
    /// What is added; below zero where the tax is lower now.
    pub amount: String,
    /// The net sum as the document of that invoice shows it.
    pub base: String,
    /// The tax as it was before; null where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<InvoiceTaxView>,
    /// The id of that invoice.
    pub invoice: String,
}

/// What is added for clients of one country.
///
/// Of an invoice the last day of its period decides which rule is in force, of message credits the day on which
/// they are ordered. A rule that is changed, added or taken away for days that are past taxes their drafts anew,
/// and for what is confirmed it makes drafts of corrections, each over the difference: where it was right until
/// some day, give it an end and add another one. Another name or note alone corrects nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct TaxRuleBody {
    /// Where the client's legal entity is registered: two letters of ISO 3166-1; all other countries if null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// As the invoice calls it, 1 to 40 characters.
    pub name: String,
    /// Stands on the invoice beside the tax, as the law that it follows. 1 to 250 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// 0 to 100.
    pub percent: String,
    /// Whether a client with a VAT number owes the tax itself: none is added then, and the invoice says so. One
    /// without pays the percentage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverse_charge: Option<bool>,
    /// The first day on which it is in force; all before `valid_till` if null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<String>,
    /// The first day on which it is not any more; no end if null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_till: Option<String>,
}

/// Telegram Gateway.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct TelegramBody {
    /// The API key of your account there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// Whether Telegram has verified it; no unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
}

/// TLS to a vendor; the usual authorities are trusted unless told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct TlsSettings {
    /// Certificates in PEM that are trusted in the place of the usual authorities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_pem: Option<String>,
    /// The name in the vendor's certificate, if it is not the host's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
}

/// An optional parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct TlvSettings {
    /// Its tag as a number, such as 5120 for 0x1400.
    pub tag: u32,
    /// Its 1 to 254 octets in hexadecimal.
    pub value: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct TokenRequest {
    /// What stands behind `token=` in the link.
    pub token: String,
}

/// What a top-up costs by one payment system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TopUpQuote {
    /// What is bought; of message credits, what they cost with tax.
    pub amount: String,
    /// What the balance rises by, in its own currency; none where a fee will be missing that nobody knows before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credited: Option<String>,
    /// The currency to pay in.
    pub currency: String,
    /// The fee that is charged on top.
    pub fee: String,
    /// Which payment system it is.
    pub kind: PaymentSystemKind,
    /// Whether the payment system's own fee will be missing from what the balance rises by.
    pub less_system_fee: bool,
    /// Its name.
    pub name: String,
    /// The payment system, to be named in the top-up; none is the platform's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_system: Option<String>,
    /// What that is, where a tariff says it before. FreedomPay may tell another when it is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_fee: Option<String>,
    /// What is to be paid: both together.
    pub to_pay: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct TopUpQuoteRequest {
    /// The agreement to top up.
    pub agreement: String,
    /// What is to be bought, in the agreement's currency and its smallest unit; not for an agreement in
    /// message credits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// How many message credits are to be bought, for an agreement in message credits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct TopUpQuotes {
    /// One for each payment system that takes the currency and would leave something of it. None can be paid by if
    /// there are none.
    pub items: Vec<TopUpQuote>,
    /// The message credits that are to be bought, if some are, with price and tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<CreditOrderView>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct TopUpRequest {
    /// The agreement under which it is bought.
    pub agreement: String,
    /// Above zero, in the agreement's currency and its smallest unit; not for an agreement in message
    /// credits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// Where the browser goes when the payer turns back. As `success_url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_url: Option<String>,
    /// The payment system to pay by, of those that the quote names; the only one unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_system: Option<String>,
    /// How many message credits to buy, for an agreement in message credits: 1 to 100,000,000. They cost
    /// what the quote says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<u32>,
    /// Where the browser goes after paying; a page of ours that says how the top-up stands unless told, and
    /// with NetCommerce always. By https, and with FreedomPay without the id of a payment system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success_url: Option<String>,
    /// Its main wallet for system credits, or the wallet of a user of the company; for a user who is no
    /// master the own one, else the main one, unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet: Option<String>,
}

/// A top-up in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TopUpRow {
    /// The agreement under which it is bought.
    pub agreement: String,
    /// What is bought; of message credits, what they cost with tax.
    pub amount: String,
    /// The bank's number of the payment, where the payment system tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization: Option<String>,
    /// The company that closed it by hand, if one did: no money of it comes into the balance any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_by: Option<String>,
    /// The company that pays.
    pub company: String,
    /// The company that confirmed it by hand, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<String>,
    /// When it was asked for.
    pub created_at: String,
    /// What answers the receipt, one for each time that money of it went back or came again.
    pub credit_notes: Vec<CreditNoteView>,
    /// What the balance rose by, once it is confirmed. Where the payment system takes its fee from the
    /// client, that is the amount less the fee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credited: Option<String>,
    /// The currency to pay in.
    pub currency: String,
    /// The fee that the payer is charged on top.
    pub fee: String,
    /// Its id.
    pub id: String,
    /// Which payment system that is.
    pub kind: PaymentSystemKind,
    /// The message credits that are bought, if some are, with price and tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<CreditOrderView>,
    /// The payment that it made, once it is confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<String>,
    /// The payment system that it is paid by; none is the platform's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_system: Option<String>,
    /// Why it was closed or needs a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The number of the receipt for message credits, once they are paid: without gaps among those of the
    /// legal entity that sells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_number: Option<u64>,
    /// The payment system's name of the checkout.
    pub session: String,
    /// How far it has come. `confirmed` is in the balance; `closed` ended without money; `review` needs
    /// a person.
    pub state: TopUpStateName,
    /// What the payment system kept, where it tells that or a tariff is set for it; Stripe is asked for it only
    /// where the client pays it. It is missing from the balance where it comes from the client; else it is the
    /// seller's matter, and the client does not see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_fee: Option<String>,
    /// What refunds and chargebacks took from the balance again.
    pub taken_back: String,
    /// What the payer pays: both together.
    pub to_pay: String,
    /// The page to pay on.
    pub url: String,
    /// The wallet whose balance will rise.
    pub wallet: String,
    /// The agreement's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement_code: Option<String>,
    /// What the company is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
}

/// How far a top-up has come: `redirected` means that the payer has the page and has not paid yet, `paid`
/// that the money came and the balance waits for what the payment system says it keeps of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TopUpStateName {
    #[serde(rename = "redirected")]
    Redirected,
    #[serde(rename = "paid")]
    Paid,
    #[serde(rename = "confirmed")]
    Confirmed,
    #[serde(rename = "closed")]
    Closed,
    #[serde(rename = "review")]
    Review,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TopUpView {
    /// The agreement under which it is bought.
    pub agreement: String,
    /// What is bought; of message credits, what they cost with tax.
    pub amount: String,
    /// The bank's number of the payment, where the payment system tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization: Option<String>,
    /// The company that closed it by hand, if one did: no money of it comes into the balance any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_by: Option<String>,
    /// The company that pays.
    pub company: String,
    /// The company that confirmed it by hand, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<String>,
    /// When it was asked for.
    pub created_at: String,
    /// What answers the receipt, one for each time that money of it went back or came again.
    pub credit_notes: Vec<CreditNoteView>,
    /// What the balance rose by, once it is confirmed. Where the payment system takes its fee from the
    /// client, that is the amount less the fee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credited: Option<String>,
    /// The currency to pay in.
    pub currency: String,
    /// The fee that the payer is charged on top.
    pub fee: String,
    /// Its id.
    pub id: String,
    /// Which payment system that is.
    pub kind: PaymentSystemKind,
    /// The message credits that are bought, if some are, with price and tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<CreditOrderView>,
    /// The payment that it made, once it is confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<String>,
    /// The payment system that it is paid by; none is the platform's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_system: Option<String>,
    /// Why it was closed or needs a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The number of the receipt for message credits, once they are paid: without gaps among those of the
    /// legal entity that sells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_number: Option<u64>,
    /// The payment system's name of the checkout.
    pub session: String,
    /// How far it has come. `confirmed` is in the balance; `closed` ended without money; `review` needs
    /// a person.
    pub state: TopUpStateName,
    /// What the payment system kept, where it tells that or a tariff is set for it; Stripe is asked for it only
    /// where the client pays it. It is missing from the balance where it comes from the client; else it is the
    /// seller's matter, and the client does not see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_fee: Option<String>,
    /// What refunds and chargebacks took from the balance again.
    pub taken_back: String,
    /// What the payer pays: both together.
    pub to_pay: String,
    /// The page to pay on.
    pub url: String,
    /// The wallet whose balance will rise.
    pub wallet: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct TotpRemoval {
    /// What the app shows, or a recovery code; not before the app was confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Your password.
    pub password: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct TotpView {
    /// To type into an app that takes no picture.
    pub secret: String,
    /// To show as a QR code.
    pub url: String,
}

/// A transfer in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct TransferRow {
    /// Whether it took all that `from` had.
    pub all: bool,
    /// How much, above zero.
    pub amount: String,
    /// When it happened.
    pub at: String,
    /// The company that asked for it.
    pub by: String,
    /// The user who did; null for a key of the company itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_user: Option<String>,
    /// What it counts in.
    pub currency: String,
    /// The wallet that gave.
    pub from: String,
    /// The company whose wallet gave.
    pub from_company: String,
    /// Its id.
    pub id: String,
    /// What both statements say.
    pub note: String,
    /// The wallet that got.
    pub to: String,
    /// The company whose wallet got.
    pub to_company: String,
    /// What the company is called whose wallet gave; null where that is neither the one whose transfers these are
    /// nor the one above it, nor yours or below yours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_company_name: Option<String>,
    /// What the company is called whose wallet got, or null as there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_company_name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct TransferView {
    /// Whether it took all that `from` had.
    pub all: bool,
    /// How much, above zero.
    pub amount: String,
    /// When it happened.
    pub at: String,
    /// The company that asked for it.
    pub by: String,
    /// The user who did; null for a key of the company itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_user: Option<String>,
    /// What it counts in.
    pub currency: String,
    /// The wallet that gave.
    pub from: String,
    /// The company whose wallet gave.
    pub from_company: String,
    /// Its id.
    pub id: String,
    /// What both statements say.
    pub note: String,
    /// The wallet that got.
    pub to: String,
    /// The company whose wallet got.
    pub to_company: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct TreeProblemView {
    /// The node that is wrong.
    pub path: String,
    /// What is wrong with it.
    pub problem: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TreeRequest {
    /// The new prices. In a draft something may be missing; what is in force has to be complete.
    pub tree: RateTree,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TreeView {
    /// The tree.
    pub tree: RateTree,
    /// The version of the tree, which prices are traced back to; null before the scope has a tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
}

/// Text-to-speech, over the default softswitch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct TtsBody {
    /// What is told of calls: an https address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct TwoFactorIntegrationPatch {
    /// Of the platform's codes: 4 to 8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<u32>,
    /// 1 to 110 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The most codes to one number in an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_number_max: Option<u32>,
    /// The most codes in an hour to numbers that differ in their last four digits only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_prefix_max: Option<u32>,
    /// An https address that is told what becomes of each code; null for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_url: Option<String>,
    /// A sender ID of the agreement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// Calls are taken while it is `active`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<IntegrationStatus>,
    /// With `{{code}}` where the code goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Of the platform's codes: the most in a day to one calling code that nobody types, where each that is
    /// typed makes up for ten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unverified_max: Option<u32>,
    /// Of the platform's codes: 30 to 600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_seconds: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TwoFactorIntegrationRequest {
    /// The agreement that pays.
    pub agreement: String,
    /// Whose it is, yours or of a company below you; yours unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Of the platform's codes: 4 to 8, 4 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<u32>,
    /// 1 to 110 characters.
    pub name: String,
    /// The most codes to one number in an hour: 1 to 1,000,000, 5 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_number_max: Option<u32>,
    /// The most codes in an hour to numbers that differ in their last four digits only: 1 to 1,000,000, 100
    /// unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_prefix_max: Option<u32>,
    /// An https address that is told what becomes of each code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_url: Option<String>,
    /// A sender ID of the agreement.
    pub sender: String,
    /// Who makes up the codes.
    pub side: Side,
    /// `draft` unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<IntegrationStatus>,
    /// With `{{code}}` where the code goes.
    pub text: String,
    /// Of the platform's codes: the most in a day to one calling code that nobody types, where each that is
    /// typed makes up for ten: 1 to 1,000,000, 1,000 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unverified_max: Option<u32>,
    /// Of the platform's codes: 30 to 600, 600 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_seconds: Option<u32>,
}

/// A two-factor integration in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TwoFactorIntegrationRow {
    /// The agreement that pays.
    pub agreement: String,
    /// Whose it is.
    pub company: String,
    /// When it was created.
    pub created_at: String,
    /// Of the platform's codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<u32>,
    /// Whether it has a key.
    pub has_key: bool,
    /// Its id, which is the user name of its calls.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The most codes to one number in an hour.
    pub per_number_max: u32,
    /// The most codes in an hour to numbers that differ in their last four digits only.
    pub per_prefix_max: u32,
    /// Told what becomes of each code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_url: Option<String>,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// The sender ID.
    pub sender: String,
    /// Who makes up the codes.
    pub side: Side,
    /// Calls are taken while it is `active`.
    pub status: IntegrationStatus,
    /// What phones get, with `{{code}}` in the place of the code.
    pub text: String,
    /// Of the platform's codes: the most in a day to one calling code that nobody types, where each that is
    /// typed makes up for ten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unverified_max: Option<u32>,
    /// Where codes are asked for.
    pub url: String,
    /// Of the platform's codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_seconds: Option<u32>,
    /// What the company is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TwoFactorIntegrationView {
    /// The agreement that pays.
    pub agreement: String,
    /// Whose it is.
    pub company: String,
    /// When it was created.
    pub created_at: String,
    /// Of the platform's codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<u32>,
    /// Whether it has a key.
    pub has_key: bool,
    /// Its id, which is the user name of its calls.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The most codes to one number in an hour.
    pub per_number_max: u32,
    /// The most codes in an hour to numbers that differ in their last four digits only.
    pub per_prefix_max: u32,
    /// Told what becomes of each code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_url: Option<String>,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// The sender ID.
    pub sender: String,
    /// Who makes up the codes.
    pub side: Side,
    /// Calls are taken while it is `active`.
    pub status: IntegrationStatus,
    /// What phones get, with `{{code}}` in the place of the code.
    pub text: String,
    /// Of the platform's codes: the most in a day to one calling code that nobody types, where each that is
    /// typed makes up for ten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unverified_max: Option<u32>,
    /// Where codes are asked for.
    pub url: String,
    /// Of the platform's codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_seconds: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct TwoFactorKeyView {
    /// `user:password` of HTTP Basic authentication, as `curl -u` takes it. It is shown this once.
    pub key: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct TwoFactorTestRequest {
    /// The code, if your own software makes up the codes of this integration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The phone, in international form.
    pub number: String,
    /// An https address that is told what becomes of this code; the integration's unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct TwoFactorTestView {
    /// The `requestId` of the code, by which the integration's calls name it.
    pub request: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnmatchedReceiptView {
    /// The vendor's error code, if it said one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When the receipt came.
    pub received_at: String,
    /// To whom the message went, as the vendor wrote it, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// The vendor's id of a message, as the receipt names it.
    pub reference: String,
    /// What the receipt says became of it.
    pub state: ReceiptState,
}

/// Why a message from a phone is unpaid. `suspended`: its company or one above is disabled, or an agreement
/// that it is charged to is suspended. `sender_not_in_use`: while it waited its sender ID was blocked,
/// deleted or made to get nothing from phones. `busy`: too many others were charged at that moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum UnpaidReason {
    #[serde(rename = "insufficient_funds")]
    InsufficientFunds,
    #[serde(rename = "suspended")]
    Suspended,
    #[serde(rename = "agreement_not_in_force")]
    AgreementNotInForce,
    #[serde(rename = "sender_not_in_use")]
    SenderNotInUse,
    #[serde(rename = "busy")]
    Busy,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UploadRequest {
    /// The company whose form will name the file; yours unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// What kind of file it is.
    pub kind: FileKind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct UploadView {
    /// A larger file is refused when a form names it.
    pub bytes_max: u64,
    /// The address takes the file until then.
    pub expires_at: String,
    /// What the form names it by.
    pub file: String,
    /// Where to put the file, by a PUT.
    pub url: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct UserPatch {
    /// False ends what the user is logged in to, and refuses the keys. True also lets in somebody who was
    /// blocked for being away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// All departments, in place of those of now: at most 20, each of 1 to 60 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub departments: Option<Vec<String>>,
    /// 1 to 60 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// As `en` or `pt-BR`; null for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// At most 60 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// All roles, in place of those of now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// Whether a second factor is asked for, even if the company asks for none. Where it was not, true ends what
    /// the user is logged in to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub two_factor_required: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct UserRequest {
    /// The company, yours or one below you; yours unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Departments of the company, at most 20, each of 1 to 60 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub departments: Option<Vec<String>>,
    /// Where mail reaches the user.
    pub email: String,
    /// 1 to 60 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// As `en` or `pt-BR`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// At most 60 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// What the user logs in as: 1 to 30 Latin letters, digits, dots and underscores, unlike every other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// Whether the user acts for the whole company: has its Admin roles, beside those named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub master: Option<bool>,
    /// First and last name in one, if they are not told apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// With a login: the first password, which has to be changed at the first login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// In international form. The user's first code by SMS proves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Names of system roles and ids of others, together not more than you have yourself. People of a client
    /// have roles of the client portal only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// Whether a second factor is asked for, even if the company asks for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub two_factor_required: Option<bool>,
}

/// A user in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserRow {
    /// Names the picture, which is at `/v1/users/{id}/avatar`; null while there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    /// The company the user belongs to.
    pub company: String,
    /// When the user was created.
    pub created_at: String,
    /// Departments of the company, by name, each once whatever the case.
    pub departments: Vec<String>,
    /// Where mail reaches the user.
    pub email: String,
    /// Whether the user has registered without an invitation.
    pub external: bool,
    /// The first name.
    pub first_name: String,
    /// Its id.
    pub id: String,
    /// Until when the invitation can be followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited_until: Option<String>,
    /// As `en` or `pt-BR`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The last name.
    pub last_name: String,
    /// When the user last logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<String>,
    /// What the user logs in as; null until they have signed up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// Whether the user acts for the whole company: manages its credits and settings.
    pub master: bool,
    /// First and last name; the address of who has not told any.
    pub name: String,
    /// Digits only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Whether the phone has answered a code. One that has not is for people to call: codes go to the number
    /// that was proved before, or to this one until one was.
    pub phone_proved: bool,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// Names of system roles and ids of others.
    pub roles: Vec<String>,
    /// How far the user has come.
    pub status: UserStatus,
    /// Whether a second factor is asked for, even if the company asks for none.
    pub two_factor_required: bool,
    /// What the company is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
}

/// How far somebody has come: `invited` by mail, `expired` if the invitation was not followed in time,
/// `revoked` if it was taken back; `waiting` for a review after registering by themselves, `refused` by it;
/// `active`, `inactive`, `deleted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum UserStatus {
    #[serde(rename = "invited")]
    Invited,
    #[serde(rename = "expired")]
    Expired,
    #[serde(rename = "revoked")]
    Revoked,
    #[serde(rename = "waiting")]
    Waiting,
    #[serde(rename = "refused")]
    Refused,
    #[serde(rename = "active")]
    Active,
    #[serde(rename = "inactive")]
    Inactive,
    #[serde(rename = "deleted")]
    Deleted,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserView {
    /// Names the picture, which is at `/v1/users/{id}/avatar`; null while there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    /// The company the user belongs to.
    pub company: String,
    /// When the user was created.
    pub created_at: String,
    /// Departments of the company, by name, each once whatever the case.
    pub departments: Vec<String>,
    /// Where mail reaches the user.
    pub email: String,
    /// Whether the user has registered without an invitation.
    pub external: bool,
    /// The first name.
    pub first_name: String,
    /// Its id.
    pub id: String,
    /// Until when the invitation can be followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited_until: Option<String>,
    /// As `en` or `pt-BR`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The last name.
    pub last_name: String,
    /// When the user last logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<String>,
    /// What the user logs in as; null until they have signed up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// Whether the user acts for the whole company: manages its credits and settings.
    pub master: bool,
    /// First and last name; the address of who has not told any.
    pub name: String,
    /// Digits only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Whether the phone has answered a code. One that has not is for people to call: codes go to the number
    /// that was proved before, or to this one until one was.
    pub phone_proved: bool,
    /// Its revision, which is its `ETag` as well.
    pub revision: u64,
    /// Names of system roles and ids of others.
    pub roles: Vec<String>,
    /// How far the user has come.
    pub status: UserStatus,
    /// Whether a second factor is asked for, even if the company asks for none.
    pub two_factor_required: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct VersionPatch {
    /// Who is told of the account and its traffic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_emails: Option<Vec<String>>,
    /// When the agreement is invoiced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing: Option<Billing>,
    /// How far the balance may go below zero; null for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_limit: Option<String>,
    /// Another beginning, later than now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<String>,
    /// Who gets the invoices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_emails: Option<Vec<String>>,
    /// Who gets a mail when a payment is confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_alert_emails: Option<Vec<String>>,
    /// Who gets a mail when rates change of a service that is enabled here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_emails: Option<Vec<String>>,
    /// Who is told of technical matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_emails: Option<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct VersionRequest {
    /// Who is told of the account and its traffic; as in the version before unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_emails: Option<Vec<String>>,
    /// When the agreement is invoiced; as in the version before unless told. A billing period that other
    /// terms cut short ends on the day before they begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing: Option<Billing>,
    /// How far the balance may go below zero; null for no limit; as in the version before unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_limit: Option<String>,
    /// When it begins, later than now. Whatever version is in force before it ends then.
    pub effective_from: String,
    /// Who gets the invoices; as in the version before unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_emails: Option<Vec<String>>,
    /// Who gets a mail when a payment is confirmed; as in the version before unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_alert_emails: Option<Vec<String>>,
    /// Who gets a mail when rates change of a service that is enabled here; as in the version before unless
    /// told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_emails: Option<Vec<String>>,
    /// Who is told of technical matters; as in the version before unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_emails: Option<Vec<String>>,
}

/// Where a version of an agreement stands in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum VersionState {
    #[serde(rename = "past")]
    Past,
    #[serde(rename = "in_force")]
    InForce,
    #[serde(rename = "coming")]
    Coming,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VersionView {
    /// Who is told of the account and its traffic.
    pub account_emails: Vec<String>,
    /// When the agreement is invoiced.
    pub billing: Billing,
    /// How far the balance may go below zero; null for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_limit: Option<String>,
    /// In force from this time on.
    pub effective_from: String,
    /// When the next version begins; null for no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_till: Option<String>,
    /// Its id.
    pub id: String,
    /// Who gets the invoices.
    pub invoice_emails: Vec<String>,
    /// Who gets a mail when a payment is confirmed.
    pub payment_alert_emails: Vec<String>,
    /// Who gets a mail when rates change of a service that is enabled here.
    pub rate_emails: Vec<String>,
    /// The agreement's revision, which is the `ETag` as well.
    pub revision: u64,
    /// Who is told of technical matters.
    pub service_emails: Vec<String>,
    /// Past, in force now, or to begin.
    pub state: VersionState,
}

/// Viber.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ViberBody {
    /// Whether a talk of up to 24 hours is paid as one; no unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions: Option<bool>,
    /// Who carries it.
    pub vendor: ViberVendorBody,
}

/// Who carries Viber.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum ViberVendorBody {
    /// Viber itself.
    #[serde(rename = "viber")]
    Viber,
    /// A partner's transit platform.
    #[serde(rename = "transit_viber")]
    TransitViber {
        /// The login of the partner's client channel.
        login: String,
        /// Its password.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<String>,
        /// The service type of the partner's point of interconnection.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service_type: Option<String>,
    },
}

/// Voice, over the default softswitch. Its address is the calling number.
pub type VoiceBody = Value;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct WalletView {
    /// The agreement it belongs to.
    pub agreement: String,
    /// Set aside for companies below, which spend it or give it back.
    pub allocated: String,
    /// Payments and transfers, less what was charged here, the messages of companies below included.
    pub balance: String,
    /// Whose it is.
    pub company: String,
    /// How far the balance may go below zero; null for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_limit: Option<String>,
    /// What it counts in.
    pub currency: String,
    /// What may still be spent or set aside; null for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headroom: Option<String>,
    /// Its id.
    pub id: String,
    /// What a transfer may take at once: headroom without the credit limit.
    pub own_funds: String,
    /// The user whose it is; null for the main wallet of the agreement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct WarningView {
    /// Whether the import cannot go on with it.
    pub prevents: bool,
    /// What is wrong, or good to know.
    pub text: String,
}

/// WeChat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct WechatBody {
    /// The app's id there.
    pub app_id: String,
    /// The app's secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_secret: Option<String>,
    /// What WeChat signs its calls with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// WhatsApp.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WhatsappBody {
    /// Whether the vendor is told of another API key; no unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synchronized: Option<bool>,
    /// Who carries it.
    pub vendor: WhatsappVendorBody,
    /// The id of the WhatsApp Business Account that it belongs to.
    pub waba_id: String,
}

/// Who carries WhatsApp.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum WhatsappVendorBody {
    /// 360dialog.
    #[serde(rename = "dialog360")]
    Dialog360 {
        /// The API key of your account there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        api_key: Option<String>,
        /// Where media are put: an https address.
        media_url: String,
    },
    /// Nexmo.
    #[serde(rename = "nexmo")]
    Nexmo {
        /// The API key of your account there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        api_key: Option<String>,
        /// The API secret of your account there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        api_secret: Option<String>,
    },
    /// Telin.
    #[serde(rename = "telin")]
    Telin {
        /// The access token of your account there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        access_token: Option<String>,
        /// The app's id there.
        app_id: String,
        /// What requests name instead of the sender ID.
        phone_number_id: String,
    },
    /// Telin NeuAPIX.
    #[serde(rename = "telin_neuapix")]
    TelinNeuapix {
        /// The access token of your account there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        access_token: Option<String>,
        /// The app's id there.
        app_id: String,
        /// What requests name instead of the sender ID.
        phone_number_id: String,
    },
    /// Gupshup.
    #[serde(rename = "gupshup")]
    Gupshup {
        /// The API key of your account there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        api_key: Option<String>,
        /// The app's id there.
        app_id: String,
        /// The app's access token, by which media are read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        media_token: Option<String>,
    },
    /// 360dialog's cloud.
    #[serde(rename = "dialog360_cloud")]
    Dialog360Cloud {
        /// The API key of your account there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        api_key: Option<String>,
    },
}

/// What [`Client::get_agreements`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetAgreementsQuery {
    /// The company that pays; yours unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The company that is paid: all agreements that it has with those it sells to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Only those whose code begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Only those in this currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Only those that are suspended, or are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspended: Option<bool>,
    /// Only those with this legal entity of the company that pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<String>,
    /// Only those with this legal entity of the company that is paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<String>,
    /// Only those signed on this day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement_date: Option<String>,
    /// Only those that begin at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_since: Option<String>,
    /// Only those that begin before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_before: Option<String>,
    /// Only those that end at this time or later, or never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_since: Option<String>,
    /// Only those that end before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_before: Option<String>,
    /// Only those with this bank account of the company that pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bank_account: Option<String>,
    /// Only those with this bank account of the company that is paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_bank_account: Option<String>,
    /// Only those with a credit limit of this or more; no limit is more than any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit_limit_min: Option<String>,
    /// Only those with a credit limit of this or less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit_limit_max: Option<String>,
    /// Only those invoiced in a time zone whose name begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_time_zone: Option<String>,
    /// Only those invoiced for such periods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_period: Option<BillingPeriod>,
    /// Who sells to whom: always `client`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// Only those under which this rate plan, pack or bundle is enabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Only those with so many rate plans and bundle initiators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_count: Option<u64>,
    /// Only those with so many packs and bundle packs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pack_count: Option<u64>,
    /// `code`, `currency`, `suspended`, `bank_account`, `own_bank_account`, `agreement_date`, `effective_from`,
    /// `effective_till`, `credit_limit`, `billing_time_zone`, `billing_period` or `created_at`; or of 10,000
    /// agreements at most `company`, `legal_entity`, `own_legal_entity`, `service_count` or `pack_count`. With a `-`
    /// before it for the other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_agreement_fee_rules`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetAgreementFeeRulesQuery {
    /// What they charge for, as a fee's `resource`: `sender_id_usage_fee`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Only those of this sender ID, by its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// Only those of a sender ID that is registered with this operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mno: Option<String>,
    /// Only of the additional services and bundles whose name begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only those that charge so often.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<FeePeriod>,
    /// Whether they still charge, or have ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running: Option<bool>,
    /// Only those whose last try failed for this reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Only those that charge next at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_from: Option<String>,
    /// Only those that charge next before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_till: Option<String>,
    /// Only those made at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_from: Option<String>,
    /// Only those made before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_till: Option<String>,
    /// `created_at`, `valid_from`, `valid_till`, `every` or `next`, with a `-` before it for the other way
    /// round; `created_at` unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_agreement_pack_price`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetAgreementPackPriceQuery {
    /// A pack or a bundle pack.
    pub service: String,
}

/// What [`Client::get_api_keys`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetApiKeysQuery {
    /// Whose keys; yours unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only those of this user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// `name`, `user` or `created_at`, with a `-` before it for the other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::delete_api_key`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct DeleteApiKeyQuery {
    /// Whose key it is; found without it, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
}

/// What [`Client::get_audit`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetAuditQuery {
    /// In this company and below it; in yours unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Only what this user, API key or process did, by its id or name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// Only what people of this company did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Only actions that begin so: `agreement`, `agreement.change`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Only what was done to the thing with this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Only what was asked for from this address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// At this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub till: Option<String>,
    /// `at`, `name`, `ip` or `action`, with a `-` before it for the other way round; `-at`, newest first, unless
    /// told. By another than `at` it is of a span of 10,000 entries at most: name `from` and `till`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_bank_accounts`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetBankAccountsQuery {
    /// Only of this company; of yours and those directly below it unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only of this legal entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<String>,
    /// Only at this bank.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bank: Option<String>,
    /// Only those whose holder begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// Only those whose number begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// `name`, `holder`, `number`, `updated_at` or `created_at`; or of 10,000 accounts at most `company`,
    /// `legal_entity` or `bank`. With a `-` before it for the other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_banks`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetBanksQuery {
    /// Only those of this company; all that you may use, your own and those of companies above, unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only of this country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Only those whose SWIFT code begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swift: Option<String>,
    /// Only those whose branch code begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch_code: Option<String>,
    /// Only those whose bank code begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bank_code: Option<String>,
    /// `name`, `country`, `swift`, `branch_code`, `bank_code`, `updated_at` or `created_at`, with a `-`
    /// before it for the other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_charges`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetChargesQuery {
    /// The charges of this agreement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<String>,
    /// Or of this company; yours unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Or of all companies directly below this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Only those in the name of this legal entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<String>,
    /// Only what was taken from this wallet: the agreement's, or that of a user with credits of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wallet: Option<String>,
    /// Who owes whom: always `receivable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<ChargeDirection>,
    /// Only of this resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Only what was sold so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_type: Option<ChargedServiceType>,
    /// Only drafts, or only confirmed ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<InvoiceStatus>,
    /// Only those that correct others, or only those that do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_correction: Option<bool>,
    /// Of periods that begin on this day or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Of periods that begin before this day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub till: Option<String>,
    /// Of the invoice with this number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// Only in this currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Of at least so much, without tax.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_min: Option<String>,
    /// Of at most so much, without tax.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_max: Option<String>,
    /// By invoice: `first_day` or `status`; or one by one, of 10,000 charges at most: `company`, `agreement`,
    /// `own_legal_entity`, `number`, `last_day`, `source`, `resource`, `service_type`, `messages`, `quantity`,
    /// `net`, `tax`, `total` or `currency`. With a `-` before it for the other way round; `first_day` unless told
    /// or filtered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told: of so many invoices the charges are a page, or so many charges where they are
    /// sorted one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_companies`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetCompaniesQuery {
    /// Whose children to list; yours unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Only those whose name begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<CompanyKind>,
    /// Only those that are enabled, or that are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// `active`, `disabled` or `deleted`; deleted ones are listed only when they are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<CompanyStatus>,
    /// Only those whose broadcasts are moderated, or are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moderation: Option<bool>,
    /// Only resellers and sellers, or only those that are neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_reseller: Option<bool>,
    /// Only those that create resellers, or do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creator_of_resellers: Option<bool>,
    /// Only those that this legal entity sells to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<String>,
    /// Only those whose people log in at this portal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub portal: Option<String>,
    /// Only those created at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_from: Option<String>,
    /// Only those created before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_till: Option<String>,
    /// Only those changed last at this time or later; those that never were count as when they were created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_from: Option<String>,
    /// Only those changed last before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_till: Option<String>,
    /// `name`, `kind`, `enabled`, `status`, `moderation`, `creator_of_resellers`, `updated_at` or `created_at`; or of
    /// 10,000 companies at most `is_reseller`, `own_legal_entity` or `portal`. With a `-` before it for the other way
    /// round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// How long the period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GetCompanyStatisticsQueryPeriod {
    #[serde(rename = "day")]
    Day,
    #[serde(rename = "month")]
    Month,
    #[serde(rename = "year")]
    Year,
}

/// What [`Client::get_company_statistics`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetCompanyStatisticsQuery {
    /// A day, a month or a year; a month unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<GetCompanyStatisticsQueryPeriod>,
    /// A day in it; today unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
}

/// What [`Client::get_connections`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetConnectionsQuery {
    /// Whose connections; yours unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Only of this kind: `smpp`, `http`, `lookup` or `client`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only those over HTTP to this vendor, by the `type` of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Only those over HTTP with a signature key, or all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_signature_key: Option<bool>,
    /// Only those whose name begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only those that are enabled, or that are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Only those to a host, or to a URL, that begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Only those to this port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u32>,
    /// Only those with a `system_id` or `username` that begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// Only those from this client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Only those with one of `networks` whose text begins so. An address does not find a network that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Only those whose vendor writes addresses of messages from phones the wrong way round, or does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inverted_addresses: Option<bool>,
    /// `name`, `kind`, `vendor`, `has_signature_key`, `enabled`, `host`, `port`, `login`, `inverted_addresses` or
    /// `created_at`; or of 10,000 connections at most `client` or `networks`. With a `-` before it for the other way
    /// round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_connection_unmatched_receipts`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetConnectionUnmatchedReceiptsQuery {
    /// 1 to 500; 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_credit_log`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetCreditLogQuery {
    /// This wallet alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wallet: Option<String>,
    /// This company's wallets alone: yours, or one below you.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// From this time on; 30 days ago unless told, and never longer ago.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Before this time; now unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub till: Option<String>,
}

/// What [`Client::get_dictionary_entries`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetDictionaryEntriesQuery {
    /// What the key or a field has in it, in small or capital letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// Which country the entry belongs to, of dictionaries with such a field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::post_dictionary_import`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct PostDictionaryImportQuery {
    /// `merge` unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Who made the file, and which version it is.
    pub source: String,
    /// Under which licence it may be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// The day the file is of; today unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
}

/// Which way a message went: from a phone it is `incoming`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GetEdrsQueryDirection {
    #[serde(rename = "outgoing")]
    Outgoing,
    #[serde(rename = "incoming")]
    Incoming,
}

/// What [`Client::get_edrs`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetEdrsQuery {
    /// Whose records.
    pub agreement: String,
    /// Accepted at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Accepted before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub till: Option<String>,
    /// International form. A masked one is found by its mask alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// What it was sent from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// How far the message has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<MessageStatus>,
    /// What the sender named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_reference: Option<String>,
    /// Only messages to this country, or from phones of it: ISO 3166 alpha-2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Only messages to numbers of this network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Only of this resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    /// Only messages that went this way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<GetEdrsQueryDirection>,
    /// 1 to 500, 50 unless told. A file is whole unless told, and else a part of 1 to 10,000 rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before, or `Next-Cursor` of the part before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_enabled_services`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetEnabledServicesQuery {
    /// The company that pays; yours unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The company that is paid: what is enabled under all its agreements with those it sells to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Only under the agreement with this code, or codes that begin so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Only under this agreement, one of the company's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<String>,
    /// Only under agreements in this currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Only this rate plan, pack or bundle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Only rate plans, packs and bundles whose name begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `pay_as_you_go`, `bundle_initiator`, `unit_pack`, `monetary_pack` or `bundle_pack`; `pack` for unit and
    /// monetary packs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only what was enabled, or bought, at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled_from: Option<String>,
    /// Only what was enabled, or bought, before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled_till: Option<String>,
    /// Only what begins at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_since: Option<String>,
    /// Only what begins before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_before: Option<String>,
    /// Only what ends at this time or later, or never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_since: Option<String>,
    /// Only what ends before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_before: Option<String>,
    /// Only what was charged this or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_min: Option<String>,
    /// Only what was charged this or less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_max: Option<String>,
    /// Only what may be used now, or may not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_force: Option<bool>,
    /// Only what the company that pays does not see, or does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden_from_client: Option<bool>,
    /// By agreement: `code`, `currency` or `created_at`; or one by one: `company`, `name`, `kind`, `enabled_at`,
    /// `effective_from`, `effective_till`, `cost` or `used`. With a `-` before it for the other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// On one page, 1 to 500, 50 unless told: agreements, or what is enabled where it is sorted one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_external_users`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetExternalUsersQuery {
    /// At which company's portals they have registered; at yours unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Only with this status: `waiting`, unless told, `active` or `refused`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<UserStatus>,
    /// Only those whose name begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only those whose address begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Only those whose login begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// Only those of this company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Only those who were last there at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen_from: Option<String>,
    /// Only those who were last there before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen_till: Option<String>,
    /// `name`, `email`, `login`, `status`, `last_seen_at` or `created_at`; or of 10,000 users at most `company`.
    /// With a `-` before it for the other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_fees`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetFeesQuery {
    /// The fees of this agreement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<String>,
    /// Or of this company; yours unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Or of all companies directly below this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Charged, or given up, at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub till: Option<String>,
    /// What they are for, as `service_purchase`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The sender ID that they are for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// Only those whose `subject` begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The rule that charged them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The user who asked for them; not for the company that pays, which cannot sort by it either.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_user: Option<String>,
    /// What the statement names it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction: Option<String>,
    /// Only those with this attribute, as `mno:Vodafone`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// Whether they became an event that is billed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued: Option<bool>,
    /// The wallet that they were charged to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wallet: Option<String>,
    /// Whether they were charged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<FeeStatus>,
    /// At least so much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_min: Option<String>,
    /// At most so much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_max: Option<String>,
    /// `subject`, `rule`, `by_user`, `issued` or `at`; or of 10,000 fees at most `company`, by name, `agreement` or
    /// `wallet`, by the agreement's code, `transaction` or `attributes`. With a `-` before it for the other way
    /// round; `-at` unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_import_mappings`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetImportMappingsQuery {
    /// An attribute, or `price`, `price_type`, `billing_rule`, `quantity_rule`.
    pub subject: String,
    /// Only those that nothing was found for; false unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unmatched: Option<bool>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_import_preview_changes`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetImportPreviewChangesQuery {
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_import_preview_errors`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetImportPreviewErrorsQuery {
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_import_preview_nodes`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetImportPreviewNodesQuery {
    /// Where it is, such as `sms_message/MT/DE`; `*` stands for all others, and in values `~1` for a slash
    /// and `~0` for a tilde. The top unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// 0: the node alone; 1, unless told: with its children.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<u32>,
    /// How many children, 1 to 500; 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_import_rows`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetImportRowsQuery {
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_incoming_messages`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetIncomingMessagesQuery {
    /// Those of this company and of all below it; yours unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Those of this agreement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<String>,
    /// Those that came over this connection to a vendor. Without a company or an agreement those that nobody
    /// gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// Those that this sender ID got, by its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_id: Option<String>,
    /// Those from this phone. A masked one is found by its mask alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Received at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Received before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub till: Option<String>,
    /// 1 to 500; 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_invoices`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetInvoicesQuery {
    /// The invoices of this agreement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<String>,
    /// Or of this company; yours unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Or of all companies directly below this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Only those in the name of this legal entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<String>,
    /// Who owes whom: always `receivable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<ChargeDirection>,
    /// Only invoices, or only credit notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<InvoiceKind>,
    /// Only drafts, or only confirmed ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<InvoiceStatus>,
    /// Only those that are paid so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_status: Option<InvoicePayment>,
    /// Only those that are disputed, or were, or were not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispute_status: Option<DisputeStatus>,
    /// Only those that were mailed, or wait for it, or were not. For the side that issues them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispatch_status: Option<DispatchStatus>,
    /// Only those that correct others, or only those that do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_correction: Option<bool>,
    /// Of periods that begin on this day or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Of periods that begin before this day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub till: Option<String>,
    /// Of periods whose last day is this one or a later one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_from: Option<String>,
    /// Of periods whose last day is before this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_till: Option<String>,
    /// Issued on this day or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_from: Option<String>,
    /// Issued before this day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_till: Option<String>,
    /// To be paid by this day or a later one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_from: Option<String>,
    /// To be paid by a day before this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_till: Option<String>,
    /// The one with this number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// Only in this currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// At least so much is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_min: Option<String>,
    /// At most so much is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_max: Option<String>,
    /// `first_day`, `status`, `payment_status`, `total_due`, `number`, `issue_date` or `due_date`; or of 10,000
    /// invoices at most `company`, `agreement`, `own_legal_entity`, `kind`, `last_day` or `currency`. With a `-`
    /// before it for the other way round; `first_day` unless told or filtered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_invoice_charge_rows`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetInvoiceChargeRowsQuery {
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A file that holds all rows of all charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GetInvoiceDetailsQueryFormat {
    #[serde(rename = "xlsx")]
    Xlsx,
    #[serde(rename = "csv")]
    Csv,
    #[serde(rename = "zip")]
    Zip,
}

/// What [`Client::get_invoice_details`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetInvoiceDetailsQuery {
    /// Which kind of file; `xlsx` unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<GetInvoiceDetailsQueryFormat>,
}

/// What [`Client::get_ledger_reviews`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetLedgerReviewsQuery {
    /// Only of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<FindingKind>,
    /// Found at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Found before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub till: Option<String>,
    /// Only those that a person has dealt with, or only those that nobody has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done: Option<bool>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_legal_entities`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetLegalEntitiesQuery {
    /// Only of this company; of yours and those directly below it unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only those whose registered name begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_name: Option<String>,
    /// Only of this country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Only those with this portal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub portal: Option<String>,
    /// Only those whose tax number begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_number: Option<String>,
    /// Only those whose registration number begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_number: Option<String>,
    /// Only those whose VAT number begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vat_number: Option<String>,
    /// Only those whose legal address begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_address: Option<String>,
    /// Only those whose billing address begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<String>,
    /// Only those that are the default, or that are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_default: Option<bool>,
    /// `name`, `legal_name`, `country`, `tax_number`, `legal_number`, `vat_number`, `legal_address`,
    /// `billing_address`, `is_default`, `updated_at` or `created_at`; or of 10,000 of them at most `company` or
    /// `portal`. With a `-` before it for the other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_legal_entity_reselling_agreements`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetLegalEntityResellingAgreementsQuery {
    /// Only of this agreement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<String>,
    /// Only those that begin at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Only those that begin before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub till: Option<String>,
    /// Only those that end at this time or later, or never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_since: Option<String>,
    /// Only those that end before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_before: Option<String>,
    /// Only those with this status at the moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ResellingStatus>,
    /// `effective_from`, `effective_till`, `updated_at` or `created_at`; or of 10,000 of them at most `agreement`.
    /// With a `-` before it for the other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_mails`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetMailsQuery {
    /// In whose name; in yours unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Only what has this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<MailStatus>,
    /// Only of this event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<NotificationEvent>,
    /// Only to addresses that begin so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// Only over this channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Of this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Of before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub till: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_notification_channels`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetNotificationChannelsQuery {
    /// Whose channels; yours unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only those that are enabled, or that are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Only that of this legal entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<String>,
    /// Only those whose server's name begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Only those whose address begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_email: Option<String>,
    /// Only those that this person or key changed last, by the beginning of the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<String>,
    /// Only those changed last at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_from: Option<String>,
    /// Only those changed last before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_till: Option<String>,
    /// `name`, `enabled`, `host`, `from_email`, `updated_at`, `updated_by` or `created_at`; or of 10,000 channels at
    /// most `legal_entity`. With a `-` before it for the other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_notification_templates`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetNotificationTemplatesQuery {
    /// Whose templates; yours unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only of events about this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<NotificationGroup>,
    /// Only of this event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<NotificationEvent>,
    /// Only of this legal entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<String>,
    /// Only those that this person or key changed last, by the beginning of the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<String>,
    /// Only those changed last at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_from: Option<String>,
    /// Only those changed last before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_till: Option<String>,
    /// `name`, `group`, `event`, `updated_at`, `updated_by` or `created_at`; or of 10,000 templates at most
    /// `legal_entity`. With a `-` before it for the other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_own_bank_accounts`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetOwnBankAccountsQuery {
    /// Whose; yours unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only of this legal entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<String>,
    /// Only at this bank.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bank: Option<String>,
    /// Only those whose holder begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// Only those whose number begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// `name`, `holder`, `number`, `updated_at` or `created_at`; or of 10,000 accounts at most `own_legal_entity` or
    /// `bank`. With a `-` before it for the other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_own_legal_entities`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetOwnLegalEntitiesQuery {
    /// Whose; yours unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only those whose registered name begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_name: Option<String>,
    /// Only of this country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Only those with this portal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub portal: Option<String>,
    /// Only those whose tax number begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_number: Option<String>,
    /// Only those whose registration number begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_number: Option<String>,
    /// Only those whose VAT number begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vat_number: Option<String>,
    /// Only those whose legal address begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_address: Option<String>,
    /// Only those whose billing address begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<String>,
    /// Only the default, or those that are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_default: Option<bool>,
    /// `name`, `legal_name`, `country`, `tax_number`, `legal_number`, `vat_number`, `legal_address`,
    /// `billing_address`, `is_default`, `updated_at` or `created_at`; or of 10,000 of them at most `portal`. With a
    /// `-` before it for the other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_payment_reviews`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetPaymentReviewsQuery {
    /// Of this payment system; `stripe` for the platform's own account, which is for the owner alone. Of all
    /// that you have set up unless told, and the owner of the platform's own account too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_system: Option<String>,
    /// Only of payment systems of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<PaymentSystemKind>,
    /// Told at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Told before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub till: Option<String>,
    /// Only those that a person has dealt with, or only those that nobody has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done: Option<bool>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_payment_systems`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetPaymentSystemsQuery {
    /// Whose; yours unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<PaymentSystemKind>,
    /// Only those that are enabled, or that are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Only those changed last at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_from: Option<String>,
    /// Only those changed last before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_till: Option<String>,
    /// `name`, `kind`, `enabled`, `updated_at` or `created_at`, with a `-` before it for the other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_payments`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetPaymentsQuery {
    /// Whose payments; the caller's own unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Or those of all companies directly below this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Only of this agreement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<String>,
    /// Only those whose reference code begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Only those with this in their description, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Only with this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<PaymentStatus>,
    /// Only this way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<PaymentDirection>,
    /// What was paid in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The agreement's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement_currency: Option<String>,
    /// At least so much, in the agreement's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_min: Option<String>,
    /// At most so much, in the agreement's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_max: Option<String>,
    /// At least so much was paid, in whatever currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_min: Option<String>,
    /// At most so much was paid, in whatever currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_max: Option<String>,
    /// Paid on this day or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Paid before this day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub till: Option<String>,
    /// Recorded at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_from: Option<String>,
    /// Recorded before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_till: Option<String>,
    /// Last changed at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_from: Option<String>,
    /// Last changed before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_till: Option<String>,
    /// To be confirmed before this day, or a later one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm_before_from: Option<String>,
    /// To be confirmed before a day that is before this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm_before_till: Option<String>,
    /// `created_at`, `payment_date`, `replenishment_amount`, `status` or `reference`; or of 10,000 payments at
    /// most `company`, `agreement`, `amount`, `currency`, `agreement_currency`, `updated_at`, `description`,
    /// `direction` or `confirm_before`. With a `-` before it for the other way round; `-created_at` unless told
    /// or filtered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_portal`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetPortalQuery {
    /// The host name of the page; that of this request unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
}

/// What [`Client::get_portals`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetPortalsQuery {
    /// Only of this company; of yours and those directly below it unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only those whose host name begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Only with this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<PortalStatus>,
    /// Only those that this person or key made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// Only those that this person or key changed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<String>,
    /// Only those made at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_from: Option<String>,
    /// Only those made before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_till: Option<String>,
    /// Only those changed last at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_from: Option<String>,
    /// Only those changed last before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_till: Option<String>,
    /// `name`, `host`, `status`, `created_by`, `updated_by`, `updated_at` or `created_at`; or of 10,000 portals at
    /// most `company`. With a `-` before it for the other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_printable_forms`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetPrintableFormsQuery {
    /// Whose; yours unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only for these documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<FormKind>,
    /// Only of this own legal entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<String>,
    /// Only of this resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    /// Only those from this day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_from: Option<String>,
    /// Only those whose comment begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// `name`, `kind`, `resource`, `date_from`, `comment`, `updated_at` or `created_at`; or of 10,000 forms at most
    /// `own_legal_entity`. With a `-` before it for the other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_rates_margins`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetRatesMarginsQuery {
    /// The agreement under which you sell, or a company below you does.
    pub agreement: String,
    /// How many, 1 to 500; 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_rerates`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetReratesQuery {
    /// Those of this company; yours unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Only those that rate messages of this agreement again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<String>,
    /// Only those that rate messages of this company's agreements again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rated_company: Option<String>,
    /// Only with this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<RerateStatus>,
    /// Only those that rate messages from this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Only those that rate messages from before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub till: Option<String>,
    /// Only those that only count, or that do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
    /// Only those that were to begin at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduled_from: Option<String>,
    /// Only those that were to begin before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduled_till: Option<String>,
    /// Only those with this in their problem, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Only those changed last at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_from: Option<String>,
    /// Only those changed last before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_till: Option<String>,
    /// Only those changed last by somebody whose name begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<String>,
    /// `from`, `till`, `status`, `scheduled_for`, `updated_at` or `created_at`; or of 10,000 tasks at most
    /// `problem` or `updated_by`. With a `-` before it for the other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_roles`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetRolesQuery {
    /// Which people of this company may have; of yours unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only those of this portal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub face: Option<Face>,
    /// `name`, `face`, `created_at` or `company`, by id, as not all who have a role know who made it. With a `-`
    /// before it for the other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_self_registrations`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetSelfRegistrationsQuery {
    /// Whose; yours unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Only of this portal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub portal: Option<String>,
    /// Only of this own legal entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<String>,
    /// Only where one can register, or cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Only where phone numbers are proved, or are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification: Option<bool>,
    /// Only where new companies are moderated, or are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moderation: Option<bool>,
    /// Only with agreements in this currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// `enabled`, `verification`, `moderation`, `currency`, `updated_at` or `created_at`; or of 10,000 settings at
    /// most `portal` or `own_legal_entity`. With a `-` before it for the other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_sender_ids`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetSenderIdsQuery {
    /// Only of this company; of yours and, if you see sender IDs in the back office, of those directly below
    /// it unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Only those of this agreement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<String>,
    /// Only those whose address begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Only those whose name begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only those of this channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// Only those of this vendor, as they are answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Only those in this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<SenderStatus>,
    /// Only those whose webhook GUID begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_guid: Option<String>,
    /// Only those created at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_from: Option<String>,
    /// Only those created before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_till: Option<String>,
    /// Only those changed last at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_from: Option<String>,
    /// Only those changed last before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_till: Option<String>,
    /// `address`, `name`, `channel`, `vendor`, `status`, `webhook_guid`, `updated_at` or `created_at`; or of 10,000
    /// sender IDs at most `agreement`, by code, or `company`, by name. With a `-` before it for the other way
    /// round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// How a service sells, without its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GetServicesQueryType {
    #[serde(rename = "pay_as_you_go")]
    PayAsYouGo,
    #[serde(rename = "unit_pack")]
    UnitPack,
    #[serde(rename = "monetary_pack")]
    MonetaryPack,
    #[serde(rename = "bundle_initiator")]
    BundleInitiator,
    #[serde(rename = "bundle_pack")]
    BundlePack,
}

/// What [`Client::get_services`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetServicesQuery {
    /// Whose services; yours unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// How they sell.
    #[serde(rename = "type")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_: Option<GetServicesQueryType>,
    /// Only packs of at least so much: units, recipients or money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_min: Option<String>,
    /// Only packs of at most so much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_max: Option<String>,
    /// What their prices are in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Only those that are archived, or only those that are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
    /// Only those whose name begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only those with this in their description, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `name`, `type`, `size`, `currency`, `archived` or `created_at`, with a `-` before it for the other way
    /// round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GetServiceScopeExportQueryFormat {
    #[serde(rename = "csv")]
    Csv,
    #[serde(rename = "xlsx")]
    Xlsx,
}

/// What [`Client::get_service_scope_export`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetServiceScopeExportQuery {
    /// `csv` unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<GetServiceScopeExportQueryFormat>,
    /// Only this node with all below it, such as `sms_message/MT`; the whole tree unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// What [`Client::get_service_scope_imports`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetServiceScopeImportsQuery {
    /// Only those whose file's name begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// Only those whose supplier begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplier: Option<String>,
    /// `uploading`, `parsed`, `confirmed` or `canceled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// `file_name`, `supplier`, `state` or `created_at`, with a `-` before it for the other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::delete_service_scope_nodes`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct DeleteServiceScopeNodesQuery {
    /// Where it is, such as `sms_message/MT/DE`; `*` stands for all others, and in values `~1` for a slash
    /// and `~0` for a tilde.
    pub path: String,
}

/// What [`Client::get_service_scope_nodes`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetServiceScopeNodesQuery {
    /// Where it is, such as `sms_message/MT/DE`; `*` stands for all others, and in values `~1` for a slash
    /// and `~0` for a tilde. The top unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// 0: the node alone; 1, unless told: with its children.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<u32>,
    /// How many children, 1 to 500; 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::put_service_scope_nodes`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct PutServiceScopeNodesQuery {
    /// Where it is, such as `sms_message/MT/DE`; `*` stands for all others, and in values `~1` for a slash
    /// and `~0` for a tilde.
    pub path: String,
}

/// How far a top-up has come: `redirected` means that the payer has the page and has not paid yet, `paid`
/// that the money came and the balance waits for what the payment system says it keeps of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GetTopUpsQueryState {
    #[serde(rename = "redirected")]
    Redirected,
    #[serde(rename = "paid")]
    Paid,
    #[serde(rename = "confirmed")]
    Confirmed,
    #[serde(rename = "closed")]
    Closed,
    #[serde(rename = "review")]
    Review,
}

/// What [`Client::get_top_ups`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetTopUpsQuery {
    /// The top-ups of this agreement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<String>,
    /// Or of this company; yours unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Or of all companies directly below this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// How far they have come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<GetTopUpsQueryState>,
    /// Only those for this wallet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wallet: Option<String>,
    /// Only those by this payment system; `stripe` for the platform's own account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_system: Option<String>,
    /// Only those by payment systems of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<PaymentSystemKind>,
    /// At least so much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_min: Option<String>,
    /// At most so much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_max: Option<String>,
    /// Asked for at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub till: Option<String>,
    /// `created_at` or `amount`, with a `-` before it for the other way round; `-created_at` unless told or
    /// filtered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_top_up_receipt`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetTopUpReceiptQuery {
    /// The number of one of the credit notes; the receipt unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit_note: Option<u64>,
}

/// What [`Client::get_transfers`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetTransfersQuery {
    /// Whose transfers; the caller's own unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Only from this wallet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_wallet: Option<String>,
    /// Only to this wallet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_wallet: Option<String>,
    /// Only what this company asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Only what this user asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_user: Option<String>,
    /// Only in this currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Only those with this in their note, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// At least so much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_min: Option<String>,
    /// At most so much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_max: Option<String>,
    /// At this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub till: Option<String>,
    /// `at`, `amount` or `note`, with a `-` before it for the other way round; `-at` unless told or filtered. By
    /// `note` it is of 10,000 transfers at most: name `from` and `till` where there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_two_factor_integrations`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetTwoFactorIntegrationsQuery {
    /// Only of this company; of yours and, if you see them in the back office, of those directly below it
    /// unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only those whose sender ID begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// Only with this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<IntegrationStatus>,
    /// Created at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_from: Option<String>,
    /// Created before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_till: Option<String>,
    /// `name`, `sender`, `status` or `created_at`; or of 10,000 integrations at most `company`. With a `-` before
    /// it for the other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_two_factor_integration_edrs`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetTwoFactorIntegrationEdrsQuery {
    /// Accepted at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Accepted before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub till: Option<String>,
    /// International form. A masked one is found by its mask alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// How far the message has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<MessageStatus>,
    /// 1 to 500, 50 unless told. A file is whole unless told, and else a part of 1 to 10,000 rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before, or `Next-Cursor` of the part before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::get_two_factor_integration_statistics`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetTwoFactorIntegrationStatisticsQuery {
    /// From this day; the first of this month unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// To this day; today unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub till: Option<String>,
}

/// What [`Client::get_users`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetUsersQuery {
    /// Only of this company; of yours and, if you see users in the back office, of those directly below it
    /// unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only those whose address begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Only those whose login begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// Only with this status; all but `deleted` unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<UserStatus>,
    /// Only those who have this role, by its name or id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Only those of this department, by its name, whatever the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// Only those of this portal: who have a role of it. Who has no role at all is of the client portal as one of
    /// a client's people, and else of the back office.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub face: Option<Face>,
    /// Only those who have registered without an invitation, or only the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external: Option<bool>,
    /// Only those who were last there at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen_from: Option<String>,
    /// Only those who were last there before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen_till: Option<String>,
    /// `name`, `email`, `login`, `status`, `last_seen_at` or `created_at`; or of 10,000 users at most `company` or
    /// `external`. With a `-` before it for the other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What [`Client::delete_user_two_factor`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct DeleteUserTwoFactorQuery {
    /// Another phone, in international form, for somebody who has lost the one before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// What [`Client::get_wallets`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetWalletsQuery {
    /// Whose wallets; yours unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// `agreement_code`, `currency`, `user_name`, `balance` or `created_at`, with a `-` before it for the
    /// other way round; by agreement, oldest first, unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
}

/// What [`Client::get_wallet_statement`] asks by.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct GetWalletStatementQuery {
    /// At this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub till: Option<String>,
    /// 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl Client {
    /// The agreements of one company, or all that a company sells under.
    ///
    /// `GET /v1/agreements`
    pub async fn get_agreements(&self, query: &GetAgreementsQuery) -> Result<ListAgreementRow, Error> {
        let request = self.request(Method::GET, &["v1", "agreements"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Create an agreement with a company below you.
    ///
    /// `POST /v1/agreements`
    pub async fn post_agreements(&self, body: &AgreementRequest) -> Result<AgreementView, Error> {
        let request = self.request(Method::POST, &["v1", "agreements"]);
        let request = request.json(body);
        json(request).await
    }

    /// Delete an agreement.
    ///
    /// `DELETE /v1/agreements/{id}`
    pub async fn delete_agreement(&self, id: &str, if_match: Option<&str>) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "agreements", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        nothing(request).await
    }

    /// One agreement.
    ///
    /// `GET /v1/agreements/{id}`
    pub async fn get_agreement(&self, id: &str) -> Result<AgreementView, Error> {
        let request = self.request(Method::GET, &["v1", "agreements", id]);

        json(request).await
    }

    /// Change an agreement's settings.
    ///
    /// `PATCH /v1/agreements/{id}`
    pub async fn patch_agreement(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &AgreementPatch,
    ) -> Result<AgreementView, Error> {
        let request = self.request(Method::PATCH, &["v1", "agreements", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// An agreement's fee rules, also those that have ended.
    ///
    /// `GET /v1/agreements/{id}/fee_rules`
    pub async fn get_agreement_fee_rules(
        &self,
        id: &str,
        query: &GetAgreementFeeRulesQuery,
    ) -> Result<ListFeeRuleView, Error> {
        let request = self.request(Method::GET, &["v1", "agreements", id, "fee_rules"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Make a rule that charges a fee again and again.
    ///
    /// `POST /v1/agreements/{id}/fee_rules`
    pub async fn post_agreement_fee_rules(
        &self,
        id: &str,
        idempotency_key: &str,
        body: &FeeRuleRequest,
    ) -> Result<FeeRuleView, Error> {
        let request = self.request(Method::POST, &["v1", "agreements", id, "fee_rules"]);
        let request = request.header("Idempotency-Key", idempotency_key);
        let request = request.json(body);
        json(request).await
    }

    /// End a fee rule.
    ///
    /// `DELETE /v1/agreements/{id}/fee_rules/{rule}`
    pub async fn delete_agreement_fee_rule(&self, id: &str, rule: &str) -> Result<FeeRuleView, Error> {
        let request = self.request(Method::DELETE, &["v1", "agreements", id, "fee_rules", rule]);

        json(request).await
    }

    /// One fee rule, also one that has ended.
    ///
    /// `GET /v1/agreements/{id}/fee_rules/{rule}`
    pub async fn get_agreement_fee_rule(&self, id: &str, rule: &str) -> Result<FeeRuleView, Error> {
        let request = self.request(Method::GET, &["v1", "agreements", id, "fee_rules", rule]);

        json(request).await
    }

    /// Change a fee rule.
    ///
    /// `PATCH /v1/agreements/{id}/fee_rules/{rule}`
    pub async fn patch_agreement_fee_rule(
        &self,
        id: &str,
        rule: &str,
        if_match: Option<&str>,
        body: &FeeRulePatch,
    ) -> Result<FeeRuleView, Error> {
        let request = self.request(Method::PATCH, &["v1", "agreements", id, "fee_rules", rule]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// Charge an additional service once.
    ///
    /// `POST /v1/agreements/{id}/fees`
    pub async fn post_agreement_fees(
        &self,
        id: &str,
        idempotency_key: &str,
        body: &AdditionalFeeRequest,
    ) -> Result<ChargedFeeView, Error> {
        let request = self.request(Method::POST, &["v1", "agreements", id, "fees"]);
        let request = request.header("Idempotency-Key", idempotency_key);
        let request = request.json(body);
        json(request).await
    }

    /// Draft the invoice of a period now.
    ///
    /// `POST /v1/agreements/{id}/invoices`
    pub async fn post_agreement_invoices(&self, id: &str, body: &CloseRequest) -> Result<InvoiceView, Error> {
        let request = self.request(Method::POST, &["v1", "agreements", id, "invoices"]);
        let request = request.json(body);
        json(request).await
    }

    /// The ledger of an agreement.
    ///
    /// `GET /v1/agreements/{id}/ledger`
    pub async fn get_agreement_ledger(&self, id: &str) -> Result<LedgerView, Error> {
        let request = self.request(Method::GET, &["v1", "agreements", id, "ledger"]);

        json(request).await
    }

    /// What a pack or a bundle would cost an agreement now.
    ///
    /// `GET /v1/agreements/{id}/pack_price`
    pub async fn get_agreement_pack_price(
        &self,
        id: &str,
        query: &GetAgreementPackPriceQuery,
    ) -> Result<PackPriceView, Error> {
        let request = self.request(Method::GET, &["v1", "agreements", id, "pack_price"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// An agreement's packs and bundles, with what is left of them.
    ///
    /// `GET /v1/agreements/{id}/packs`
    pub async fn get_agreement_packs(&self, id: &str) -> Result<ListPackView, Error> {
        let request = self.request(Method::GET, &["v1", "agreements", id, "packs"]);

        json(request).await
    }

    /// Buy a pack or a bundle for an agreement.
    ///
    /// `POST /v1/agreements/{id}/packs`
    pub async fn post_agreement_packs(
        &self,
        id: &str,
        idempotency_key: &str,
        body: &BuyPackRequest,
    ) -> Result<BoughtPackView, Error> {
        let request = self.request(Method::POST, &["v1", "agreements", id, "packs"]);
        let request = request.header("Idempotency-Key", idempotency_key);
        let request = request.json(body);
        json(request).await
    }

    /// Delete a pack that has not begun.
    ///
    /// `DELETE /v1/agreements/{id}/packs/{pack}`
    pub async fn delete_agreement_pack(
        &self,
        id: &str,
        pack: &str,
        if_match: Option<&str>,
    ) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "agreements", id, "packs", pack]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        nothing(request).await
    }

    /// A pack or a bundle of an agreement, with what is left of it.
    ///
    /// `GET /v1/agreements/{id}/packs/{pack}`
    pub async fn get_agreement_pack(&self, id: &str, pack: &str) -> Result<PackView, Error> {
        let request = self.request(Method::GET, &["v1", "agreements", id, "packs", pack]);

        json(request).await
    }

    /// Give a pack other times, have a bundle extended or no longer, or hide either from the client.
    ///
    /// `PATCH /v1/agreements/{id}/packs/{pack}`
    pub async fn patch_agreement_pack(
        &self,
        id: &str,
        pack: &str,
        if_match: Option<&str>,
        body: &PackPatch,
    ) -> Result<PackView, Error> {
        let request = self.request(Method::PATCH, &["v1", "agreements", id, "packs", pack]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// One sender ID of SMS, by its address.
    ///
    /// `GET /v1/agreements/{id}/sender_ids/{address}`
    pub async fn get_agreement_sender_id(&self, id: &str, address: &str) -> Result<SenderIdView, Error> {
        let request = self.request(Method::GET, &["v1", "agreements", id, "sender_ids", address]);

        json(request).await
    }

    /// Change a sender ID of SMS, by its address.
    ///
    /// `PATCH /v1/agreements/{id}/sender_ids/{address}`
    pub async fn patch_agreement_sender_id(
        &self,
        id: &str,
        address: &str,
        if_match: Option<&str>,
        body: &SenderIdPatch,
    ) -> Result<SenderIdView, Error> {
        let request = self.request(Method::PATCH, &["v1", "agreements", id, "sender_ids", address]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// Charge the setup fee of a sender ID.
    ///
    /// `POST /v1/agreements/{id}/sender_ids/{address}/setup_fee`
    pub async fn post_agreement_sender_id_setup_fee(
        &self,
        id: &str,
        address: &str,
        idempotency_key: &str,
        body: &SetupFeeRequest,
    ) -> Result<ChargedFeeView, Error> {
        let request =
            self.request(Method::POST, &["v1", "agreements", id, "sender_ids", address, "setup_fee"]);
        let request = request.header("Idempotency-Key", idempotency_key);
        let request = request.json(body);
        json(request).await
    }

    /// Enable a rate plan or a bundle initiator under an agreement.
    ///
    /// `POST /v1/agreements/{id}/services`
    pub async fn post_agreement_services(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &EnableServiceRequest,
    ) -> Result<AgreementView, Error> {
        let request = self.request(Method::POST, &["v1", "agreements", id, "services"]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// Remove an enabled service.
    ///
    /// `DELETE /v1/agreements/{id}/services/{enabled}`
    pub async fn delete_agreement_service(
        &self,
        id: &str,
        enabled: &str,
        if_match: Option<&str>,
    ) -> Result<AgreementView, Error> {
        let request = self.request(Method::DELETE, &["v1", "agreements", id, "services", enabled]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        json(request).await
    }

    /// An enabled service or bundle initiator.
    ///
    /// `GET /v1/agreements/{id}/services/{enabled}`
    pub async fn get_agreement_service(&self, id: &str, enabled: &str) -> Result<EnabledRow, Error> {
        let request = self.request(Method::GET, &["v1", "agreements", id, "services", enabled]);

        json(request).await
    }

    /// Give an enabled service other times, or hide it from the client.
    ///
    /// `PATCH /v1/agreements/{id}/services/{enabled}`
    pub async fn patch_agreement_service(
        &self,
        id: &str,
        enabled: &str,
        if_match: Option<&str>,
        body: &EnabledServicePatch,
    ) -> Result<AgreementView, Error> {
        let request = self.request(Method::PATCH, &["v1", "agreements", id, "services", enabled]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// An agreement's versions.
    ///
    /// `GET /v1/agreements/{id}/versions`
    pub async fn get_agreement_versions(&self, id: &str) -> Result<ListVersionView, Error> {
        let request = self.request(Method::GET, &["v1", "agreements", id, "versions"]);

        json(request).await
    }

    /// Add a version that is to begin.
    ///
    /// `POST /v1/agreements/{id}/versions`
    pub async fn post_agreement_versions(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &VersionRequest,
    ) -> Result<VersionView, Error> {
        let request = self.request(Method::POST, &["v1", "agreements", id, "versions"]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// Delete a version that has not begun.
    ///
    /// `DELETE /v1/agreements/{id}/versions/{version}`
    pub async fn delete_agreement_version(
        &self,
        id: &str,
        version: &str,
        if_match: Option<&str>,
    ) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "agreements", id, "versions", version]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        nothing(request).await
    }

    /// Change a version that has not begun.
    ///
    /// `PATCH /v1/agreements/{id}/versions/{version}`
    pub async fn patch_agreement_version(
        &self,
        id: &str,
        version: &str,
        if_match: Option<&str>,
        body: &VersionPatch,
    ) -> Result<VersionView, Error> {
        let request = self.request(Method::PATCH, &["v1", "agreements", id, "versions", version]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// A company's API keys.
    ///
    /// `GET /v1/api_keys`
    pub async fn get_api_keys(&self, query: &GetApiKeysQuery) -> Result<ListApiKeyRow, Error> {
        let request = self.request(Method::GET, &["v1", "api_keys"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Make an API key.
    ///
    /// `POST /v1/api_keys`
    pub async fn post_api_keys(&self, body: &ApiKeyRequest) -> Result<NewApiKeyView, Error> {
        let request = self.request(Method::POST, &["v1", "api_keys"]);
        let request = request.json(body);
        json(request).await
    }

    /// Revoke an API key.
    ///
    /// `DELETE /v1/api_keys/{id}`
    pub async fn delete_api_key(
        &self,
        id: &str,
        query: &DeleteApiKeyQuery,
        if_match: Option<&str>,
    ) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "api_keys", id]);
        let request = with_query(request, query);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        nothing(request).await
    }

    /// One API key.
    ///
    /// `GET /v1/api_keys/{id}`
    pub async fn get_api_key(&self, id: &str) -> Result<ApiKeyView, Error> {
        let request = self.request(Method::GET, &["v1", "api_keys", id]);

        json(request).await
    }

    /// Change an API key.
    ///
    /// `PATCH /v1/api_keys/{id}`
    pub async fn patch_api_key(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &ApiKeyPatch,
    ) -> Result<ApiKeyView, Error> {
        let request = self.request(Method::PATCH, &["v1", "api_keys", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// Give an API key a new secret.
    ///
    /// `POST /v1/api_keys/{id}/rotation`
    pub async fn post_api_key_rotation(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &RotationRequest,
    ) -> Result<NewApiKeyView, Error> {
        let request = self.request(Method::POST, &["v1", "api_keys", id, "rotation"]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// What can be granted.
    ///
    /// `GET /v1/areas`
    pub async fn get_areas(&self) -> Result<ListAreaView, Error> {
        let request = self.request(Method::GET, &["v1", "areas"]);

        json(request).await
    }

    /// Who did what.
    ///
    /// `GET /v1/audit`
    pub async fn get_audit(&self, query: &GetAuditQuery) -> Result<ListAuditView, Error> {
        let request = self.request(Method::GET, &["v1", "audit"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// One entry of the audit log.
    ///
    /// `GET /v1/audit/{id}`
    pub async fn get_audit_by_id(&self, id: &str) -> Result<AuditView, Error> {
        let request = self.request(Method::GET, &["v1", "audit", id]);

        json(request).await
    }

    /// Accounts of companies.
    ///
    /// `GET /v1/bank_accounts`
    pub async fn get_bank_accounts(&self, query: &GetBankAccountsQuery) -> Result<ListBankAccountRow, Error> {
        let request = self.request(Method::GET, &["v1", "bank_accounts"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Create a bank account.
    ///
    /// `POST /v1/bank_accounts`
    pub async fn post_bank_accounts(&self, body: &BankAccountSettings) -> Result<BankAccountView, Error> {
        let request = self.request(Method::POST, &["v1", "bank_accounts"]);
        let request = request.json(body);
        json(request).await
    }

    /// Delete a bank account.
    ///
    /// `DELETE /v1/bank_accounts/{id}`
    pub async fn delete_bank_account(&self, id: &str, if_match: Option<&str>) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "bank_accounts", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        nothing(request).await
    }

    /// One account.
    ///
    /// `GET /v1/bank_accounts/{id}`
    pub async fn get_bank_account(&self, id: &str) -> Result<BankAccountView, Error> {
        let request = self.request(Method::GET, &["v1", "bank_accounts", id]);

        json(request).await
    }

    /// Change a bank account.
    ///
    /// `PATCH /v1/bank_accounts/{id}`
    pub async fn patch_bank_account(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &BankAccountPatch,
    ) -> Result<BankAccountView, Error> {
        let request = self.request(Method::PATCH, &["v1", "bank_accounts", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// Banks that you may use.
    ///
    /// `GET /v1/banks`
    pub async fn get_banks(&self, query: &GetBanksQuery) -> Result<ListBankView, Error> {
        let request = self.request(Method::GET, &["v1", "banks"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Create a bank.
    ///
    /// `POST /v1/banks`
    pub async fn post_banks(&self, body: &BankSettings) -> Result<BankView, Error> {
        let request = self.request(Method::POST, &["v1", "banks"]);
        let request = request.json(body);
        json(request).await
    }

    /// Delete a bank.
    ///
    /// `DELETE /v1/banks/{id}`
    pub async fn delete_bank(&self, id: &str, if_match: Option<&str>) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "banks", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        nothing(request).await
    }

    /// One bank.
    ///
    /// `GET /v1/banks/{id}`
    pub async fn get_bank(&self, id: &str) -> Result<BankView, Error> {
        let request = self.request(Method::GET, &["v1", "banks", id]);

        json(request).await
    }

    /// Change a bank.
    ///
    /// `PATCH /v1/banks/{id}`
    pub async fn patch_bank(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &BankPatch,
    ) -> Result<BankView, Error> {
        let request = self.request(Method::PATCH, &["v1", "banks", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// Charges.
    ///
    /// `GET /v1/charges`
    pub async fn get_charges(&self, query: &GetChargesQuery) -> Result<ListChargeRow, Error> {
        let request = self.request(Method::GET, &["v1", "charges"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// The companies directly below one.
    ///
    /// `GET /v1/companies`
    pub async fn get_companies(&self, query: &GetCompaniesQuery) -> Result<ListCompanyRow, Error> {
        let request = self.request(Method::GET, &["v1", "companies"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Create a company.
    ///
    /// `POST /v1/companies`
    pub async fn post_companies(&self, body: &CompanyRequest) -> Result<CompanyView, Error> {
        let request = self.request(Method::POST, &["v1", "companies"]);
        let request = request.json(body);
        json(request).await
    }

    /// Delete a company.
    ///
    /// `DELETE /v1/companies/{id}`
    pub async fn delete_company(&self, id: &str, if_match: Option<&str>) -> Result<CompanyView, Error> {
        let request = self.request(Method::DELETE, &["v1", "companies", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        json(request).await
    }

    /// One company.
    ///
    /// `GET /v1/companies/{id}`
    pub async fn get_company(&self, id: &str) -> Result<CompanyView, Error> {
        let request = self.request(Method::GET, &["v1", "companies", id]);

        json(request).await
    }

    /// Change a company's settings.
    ///
    /// `PATCH /v1/companies/{id}`
    pub async fn patch_company(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &CompanyPatch,
    ) -> Result<CompanyView, Error> {
        let request = self.request(Method::PATCH, &["v1", "companies", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// Send no codes for a company any more.
    ///
    /// `DELETE /v1/companies/{id}/login_codes`
    pub async fn delete_company_login_codes(&self, id: &str, if_match: Option<&str>) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "companies", id, "login_codes"]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        nothing(request).await
    }

    /// How a company sends codes.
    ///
    /// `GET /v1/companies/{id}/login_codes`
    pub async fn get_company_login_codes(&self, id: &str) -> Result<LoginCodesView, Error> {
        let request = self.request(Method::GET, &["v1", "companies", id, "login_codes"]);

        json(request).await
    }

    /// Say how a company sends codes.
    ///
    /// `PUT /v1/companies/{id}/login_codes`
    pub async fn put_company_login_codes(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &LoginCodesRequest,
    ) -> Result<LoginCodesView, Error> {
        let request = self.request(Method::PUT, &["v1", "companies", id, "login_codes"]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// What a company and those below it sent and received.
    ///
    /// `GET /v1/companies/{id}/statistics`
    pub async fn get_company_statistics(
        &self,
        id: &str,
        query: &GetCompanyStatisticsQuery,
    ) -> Result<StatisticsView, Error> {
        let request = self.request(Method::GET, &["v1", "companies", id, "statistics"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// A company's connections, of the kinds that your roles let you see.
    ///
    /// `GET /v1/connections`
    pub async fn get_connections(&self, query: &GetConnectionsQuery) -> Result<ListConnectionRow, Error> {
        let request = self.request(Method::GET, &["v1", "connections"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Create a connection of your own: to a vendor, or from a client that you have an agreement with.
    ///
    /// `POST /v1/connections`
    pub async fn post_connections(&self, body: &ConnectionSettings) -> Result<ConnectionView, Error> {
        let request = self.request(Method::POST, &["v1", "connections"]);
        let request = request.json(body);
        json(request).await
    }

    /// Delete a connection.
    ///
    /// `DELETE /v1/connections/{id}`
    pub async fn delete_connection(&self, id: &str, if_match: Option<&str>) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "connections", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        nothing(request).await
    }

    /// One connection.
    ///
    /// `GET /v1/connections/{id}`
    pub async fn get_connection(&self, id: &str) -> Result<ConnectionView, Error> {
        let request = self.request(Method::GET, &["v1", "connections", id]);

        json(request).await
    }

    /// Enable or disable a connection, or change its settings.
    ///
    /// `PATCH /v1/connections/{id}`
    pub async fn patch_connection(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &ConnectionPatch,
    ) -> Result<ConnectionView, Error> {
        let request = self.request(Method::PATCH, &["v1", "connections", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// Receipts that no message was found for within 48 hours; kept for 90 days.
    ///
    /// `GET /v1/connections/{id}/unmatched_receipts`
    pub async fn get_connection_unmatched_receipts(
        &self,
        id: &str,
        query: &GetConnectionUnmatchedReceiptsQuery,
    ) -> Result<ListUnmatchedReceiptView, Error> {
        let request = self.request(Method::GET, &["v1", "connections", id, "unmatched_receipts"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// The credits that came and went in the last 30 days.
    ///
    /// `GET /v1/credit_log`
    pub async fn get_credit_log(&self, query: &GetCreditLogQuery) -> Result<CreditLogView, Error> {
        let request = self.request(Method::GET, &["v1", "credit_log"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Your dashboard.
    ///
    /// `GET /v1/dashboard`
    pub async fn get_dashboard(&self) -> Result<DashboardView, Error> {
        let request = self.request(Method::GET, &["v1", "dashboard"]);

        json(request).await
    }

    /// All dictionaries.
    ///
    /// `GET /v1/dictionaries`
    pub async fn get_dictionaries(&self) -> Result<ListDictionaryView, Error> {
        let request = self.request(Method::GET, &["v1", "dictionaries"]);

        json(request).await
    }

    /// One dictionary.
    ///
    /// `GET /v1/dictionaries/{name}`
    pub async fn get_dictionary(&self, name: &str) -> Result<DictionaryView, Error> {
        let request = self.request(Method::GET, &["v1", "dictionaries", name]);

        json(request).await
    }

    /// The entries of a dictionary.
    ///
    /// `GET /v1/dictionaries/{name}/entries`
    pub async fn get_dictionary_entries(
        &self,
        name: &str,
        query: &GetDictionaryEntriesQuery,
    ) -> Result<ListEntryView, Error> {
        let request = self.request(Method::GET, &["v1", "dictionaries", name, "entries"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Delete an entry.
    ///
    /// `DELETE /v1/dictionaries/{name}/entries/{key}`
    pub async fn delete_dictionary_entry(&self, name: &str, key: &str) -> Result<DictionaryView, Error> {
        let request = self.request(Method::DELETE, &["v1", "dictionaries", name, "entries", key]);

        json(request).await
    }

    /// One entry.
    ///
    /// `GET /v1/dictionaries/{name}/entries/{key}`
    pub async fn get_dictionary_entry(&self, name: &str, key: &str) -> Result<EntryView, Error> {
        let request = self.request(Method::GET, &["v1", "dictionaries", name, "entries", key]);

        json(request).await
    }

    /// Add an entry, or replace it.
    ///
    /// `PUT /v1/dictionaries/{name}/entries/{key}`
    pub async fn put_dictionary_entry(
        &self,
        name: &str,
        key: &str,
        body: &EntryRequest,
    ) -> Result<EntryView, Error> {
        let request = self.request(Method::PUT, &["v1", "dictionaries", name, "entries", key]);
        let request = request.json(body);
        json(request).await
    }

    /// A dictionary as a file.
    ///
    /// `GET /v1/dictionaries/{name}/export`
    pub async fn get_dictionary_export(&self, name: &str) -> Result<String, Error> {
        let request = self.request(Method::GET, &["v1", "dictionaries", name, "export"]);

        text(request).await
    }

    /// Import a file into a dictionary.
    ///
    /// `POST /v1/dictionaries/{name}/import`
    pub async fn post_dictionary_import(
        &self,
        name: &str,
        query: &PostDictionaryImportQuery,
        body: &str,
    ) -> Result<DictionaryView, Error> {
        let request = self.request(Method::POST, &["v1", "dictionaries", name, "import"]);
        let request = with_query(request, query);
        let request = with_text(request, "text/csv", body);
        json(request).await
    }

    /// Put a dictionary back to what is shipped.
    ///
    /// `POST /v1/dictionaries/{name}/reset`
    pub async fn post_dictionary_reset(&self, name: &str) -> Result<DictionaryView, Error> {
        let request = self.request(Method::POST, &["v1", "dictionaries", name, "reset"]);

        json(request).await
    }

    /// An agreement's records, newest first.
    ///
    /// `GET /v1/edrs`
    pub async fn get_edrs(&self, query: &GetEdrsQuery) -> Result<ListEdrView, Error> {
        let request = self.request(Method::GET, &["v1", "edrs"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// What is enabled under the agreements of one company, or under all that a company sells by.
    ///
    /// `GET /v1/enabled_services`
    pub async fn get_enabled_services(
        &self,
        query: &GetEnabledServicesQuery,
    ) -> Result<ListEnabledRow, Error> {
        let request = self.request(Method::GET, &["v1", "enabled_services"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// People who have registered by themselves.
    ///
    /// `GET /v1/external_users`
    pub async fn get_external_users(&self, query: &GetExternalUsersQuery) -> Result<ListUserRow, Error> {
        let request = self.request(Method::GET, &["v1", "external_users"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Review somebody who has registered by themselves.
    ///
    /// `POST /v1/external_users/{id}/review`
    pub async fn post_external_user_review(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &ReviewRequest,
    ) -> Result<UserView, Error> {
        let request = self.request(Method::POST, &["v1", "external_users", id, "review"]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// Fees, charged or given up.
    ///
    /// `GET /v1/fees`
    pub async fn get_fees(&self, query: &GetFeesQuery) -> Result<ListFeeRow, Error> {
        let request = self.request(Method::GET, &["v1", "fees"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Cancel an import.
    ///
    /// `DELETE /v1/imports/{id}`
    pub async fn delete_import(&self, id: &str) -> Result<ImportView, Error> {
        let request = self.request(Method::DELETE, &["v1", "imports", id]);

        json(request).await
    }

    /// One import.
    ///
    /// `GET /v1/imports/{id}`
    pub async fn get_import(&self, id: &str) -> Result<ImportView, Error> {
        let request = self.request(Method::GET, &["v1", "imports", id]);

        json(request).await
    }

    /// Put the rates into the tree.
    ///
    /// `POST /v1/imports/{id}/confirm`
    pub async fn post_import_confirm(
        &self,
        id: &str,
        if_match: &str,
        body: &ConfirmImportRequest,
    ) -> Result<ImportView, Error> {
        let request = self.request(Method::POST, &["v1", "imports", id, "confirm"]);
        let request = request.header("If-Match", if_match);
        let request = request.json(body);
        json(request).await
    }

    /// All texts of a column with what they stand for.
    ///
    /// `GET /v1/imports/{id}/mappings`
    pub async fn get_import_mappings(
        &self,
        id: &str,
        query: &GetImportMappingsQuery,
    ) -> Result<ListMappedTextView, Error> {
        let request = self.request(Method::GET, &["v1", "imports", id, "mappings"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Map texts by hand.
    ///
    /// `PUT /v1/imports/{id}/mappings`
    pub async fn put_import_mappings(&self, id: &str, body: &MappingsRequest) -> Result<MappingView, Error> {
        let request = self.request(Method::PUT, &["v1", "imports", id, "mappings"]);
        let request = request.json(body);
        json(request).await
    }

    /// Read the uploaded file.
    ///
    /// `POST /v1/imports/{id}/parse`
    pub async fn post_import_parse(&self, id: &str, body: &ParseRequest) -> Result<ParsedView, Error> {
        let request = self.request(Method::POST, &["v1", "imports", id, "parse"]);
        let request = request.json(body);
        json(request).await
    }

    /// What the import would do.
    ///
    /// `GET /v1/imports/{id}/preview`
    pub async fn get_import_preview(&self, id: &str) -> Result<PreviewView, Error> {
        let request = self.request(Method::GET, &["v1", "imports", id, "preview"]);

        json(request).await
    }

    /// The prices that would change.
    ///
    /// `GET /v1/imports/{id}/preview/changes`
    pub async fn get_import_preview_changes(
        &self,
        id: &str,
        query: &GetImportPreviewChangesQuery,
    ) -> Result<ListChangedView, Error> {
        let request = self.request(Method::GET, &["v1", "imports", id, "preview", "changes"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// The rows that would be left out, with the reason of each.
    ///
    /// `GET /v1/imports/{id}/preview/errors`
    pub async fn get_import_preview_errors(
        &self,
        id: &str,
        query: &GetImportPreviewErrorsQuery,
    ) -> Result<ListRowErrorView, Error> {
        let request = self.request(Method::GET, &["v1", "imports", id, "preview", "errors"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// A node of the tree as it would be, with its children.
    ///
    /// `GET /v1/imports/{id}/preview/nodes`
    pub async fn get_import_preview_nodes(
        &self,
        id: &str,
        query: &GetImportPreviewNodesQuery,
    ) -> Result<NodeWithChildren, Error> {
        let request = self.request(Method::GET, &["v1", "imports", id, "preview", "nodes"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// The rows of the file.
    ///
    /// `GET /v1/imports/{id}/rows`
    pub async fn get_import_rows(&self, id: &str, query: &GetImportRowsQuery) -> Result<ListRowView, Error> {
        let request = self.request(Method::GET, &["v1", "imports", id, "rows"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Say how the file is read.
    ///
    /// `PUT /v1/imports/{id}/settings`
    pub async fn put_import_settings(&self, id: &str, body: &SettingsRequest) -> Result<MappingView, Error> {
        let request = self.request(Method::PUT, &["v1", "imports", id, "settings"]);
        let request = request.json(body);
        json(request).await
    }

    /// Messages from phones, newest first.
    ///
    /// `GET /v1/incoming_messages`
    pub async fn get_incoming_messages(
        &self,
        query: &GetIncomingMessagesQuery,
    ) -> Result<ListIncomingMessageRow, Error> {
        let request = self.request(Method::GET, &["v1", "incoming_messages"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// One message from a phone.
    ///
    /// `GET /v1/incoming_messages/{id}`
    pub async fn get_incoming_message(&self, id: &str) -> Result<IncomingMessageView, Error> {
        let request = self.request(Method::GET, &["v1", "incoming_messages", id]);

        json(request).await
    }

    /// Invite somebody.
    ///
    /// `POST /v1/invitations`
    pub async fn post_invitations(&self, body: &InvitationRequest) -> Result<UserView, Error> {
        let request = self.request(Method::POST, &["v1", "invitations"]);
        let request = request.json(body);
        json(request).await
    }

    /// What an invitation is for.
    ///
    /// `POST /v1/invitations/check`
    pub async fn post_invitations_check(&self, body: &TokenRequest) -> Result<InvitationView, Error> {
        let request = self.request(Method::POST, &["v1", "invitations", "check"]);
        let request = request.json(body);
        json(request).await
    }

    /// Invoices.
    ///
    /// `GET /v1/invoices`
    pub async fn get_invoices(&self, query: &GetInvoicesQuery) -> Result<ListInvoiceRow, Error> {
        let request = self.request(Method::GET, &["v1", "invoices"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// One invoice.
    ///
    /// `GET /v1/invoices/{id}`
    pub async fn get_invoice(&self, id: &str) -> Result<InvoiceView, Error> {
        let request = self.request(Method::GET, &["v1", "invoices", id]);

        json(request).await
    }

    /// Note something about an invoice.
    ///
    /// `PATCH /v1/invoices/{id}`
    pub async fn patch_invoice(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &InvoicePatch,
    ) -> Result<InvoiceView, Error> {
        let request = self.request(Method::PATCH, &["v1", "invoices", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// Put payments to an invoice by hand.
    ///
    /// `PUT /v1/invoices/{id}/allocations`
    pub async fn put_invoice_allocations(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &AllocationsRequest,
    ) -> Result<CoverageView, Error> {
        let request = self.request(Method::PUT, &["v1", "invoices", id, "allocations"]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// The charges of an invoice.
    ///
    /// `GET /v1/invoices/{id}/charges`
    pub async fn get_invoice_charges(&self, id: &str) -> Result<ListChargeView, Error> {
        let request = self.request(Method::GET, &["v1", "invoices", id, "charges"]);

        json(request).await
    }

    /// One charge, with the services that it bills.
    ///
    /// `GET /v1/invoices/{id}/charges/{charge}`
    pub async fn get_invoice_charge(&self, id: &str, charge: &str) -> Result<ChargeDetails, Error> {
        let request = self.request(Method::GET, &["v1", "invoices", id, "charges", charge]);

        json(request).await
    }

    /// Count the usage of one charge of a draft again.
    ///
    /// `POST /v1/invoices/{id}/charges/{charge}/recalculate`
    pub async fn post_invoice_charge_recalculate(&self, id: &str, charge: &str) -> Result<ChargeView, Error> {
        let request = self.request(Method::POST, &["v1", "invoices", id, "charges", charge, "recalculate"]);

        json(request).await
    }

    /// The rows of a charge.
    ///
    /// `GET /v1/invoices/{id}/charges/{charge}/rows`
    pub async fn get_invoice_charge_rows(
        &self,
        id: &str,
        charge: &str,
        query: &GetInvoiceChargeRowsQuery,
    ) -> Result<ListChargeRowView, Error> {
        let request = self.request(Method::GET, &["v1", "invoices", id, "charges", charge, "rows"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Confirm an invoice.
    ///
    /// `POST /v1/invoices/{id}/confirm`
    pub async fn post_invoice_confirm(&self, id: &str, body: &ConfirmRequest) -> Result<InvoiceView, Error> {
        let request = self.request(Method::POST, &["v1", "invoices", id, "confirm"]);
        let request = request.json(body);
        json(request).await
    }

    /// The invoices that correct one.
    ///
    /// `GET /v1/invoices/{id}/corrections`
    pub async fn get_invoice_corrections(&self, id: &str) -> Result<ListInvoiceView, Error> {
        let request = self.request(Method::GET, &["v1", "invoices", id, "corrections"]);

        json(request).await
    }

    /// What covers an invoice.
    ///
    /// `GET /v1/invoices/{id}/coverage`
    pub async fn get_invoice_coverage(&self, id: &str) -> Result<CoverageView, Error> {
        let request = self.request(Method::GET, &["v1", "invoices", id, "coverage"]);

        json(request).await
    }

    /// A link to the rows of all charges of an invoice, as one file; as `zip` together with the invoice's PDF.
    ///
    /// `GET /v1/invoices/{id}/details`
    pub async fn get_invoice_details(
        &self,
        id: &str,
        query: &GetInvoiceDetailsQuery,
    ) -> Result<DocumentLink, Error> {
        let request = self.request(Method::GET, &["v1", "invoices", id, "details"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// A link to an invoice's PDF.
    ///
    /// `GET /v1/invoices/{id}/pdf`
    pub async fn get_invoice_pdf(&self, id: &str) -> Result<DocumentLink, Error> {
        let request = self.request(Method::GET, &["v1", "invoices", id, "pdf"]);

        json(request).await
    }

    /// Count the usage of a draft again.
    ///
    /// `POST /v1/invoices/{id}/recalculate`
    pub async fn post_invoice_recalculate(&self, id: &str) -> Result<InvoiceView, Error> {
        let request = self.request(Method::POST, &["v1", "invoices", id, "recalculate"]);

        json(request).await
    }

    /// Make a confirmed invoice a draft again.
    ///
    /// `POST /v1/invoices/{id}/unconfirm`
    pub async fn post_invoice_unconfirm(&self, id: &str) -> Result<InvoiceView, Error> {
        let request = self.request(Method::POST, &["v1", "invoices", id, "unconfirm"]);

        json(request).await
    }

    /// What the platform found wrong.
    ///
    /// `GET /v1/ledger_reviews`
    pub async fn get_ledger_reviews(&self, query: &GetLedgerReviewsQuery) -> Result<ListLedgerReview, Error> {
        let request = self.request(Method::GET, &["v1", "ledger_reviews"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Mark what the platform found as dealt with.
    ///
    /// `POST /v1/ledger_reviews/done`
    pub async fn post_ledger_reviews_done(
        &self,
        if_match: Option<&str>,
        body: &LedgerReviewDoneRequest,
    ) -> Result<LedgerReview, Error> {
        let request = self.request(Method::POST, &["v1", "ledger_reviews", "done"]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// Legal entities of companies.
    ///
    /// `GET /v1/legal_entities`
    pub async fn get_legal_entities(
        &self,
        query: &GetLegalEntitiesQuery,
    ) -> Result<ListLegalEntityRow, Error> {
        let request = self.request(Method::GET, &["v1", "legal_entities"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Create a legal entity of a company.
    ///
    /// `POST /v1/legal_entities`
    pub async fn post_legal_entities(&self, body: &LegalEntitySettings) -> Result<LegalEntityView, Error> {
        let request = self.request(Method::POST, &["v1", "legal_entities"]);
        let request = request.json(body);
        json(request).await
    }

    /// Delete a legal entity.
    ///
    /// `DELETE /v1/legal_entities/{id}`
    pub async fn delete_legal_entity(&self, id: &str, if_match: Option<&str>) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "legal_entities", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        nothing(request).await
    }

    /// One legal entity.
    ///
    /// `GET /v1/legal_entities/{id}`
    pub async fn get_legal_entity(&self, id: &str) -> Result<LegalEntityView, Error> {
        let request = self.request(Method::GET, &["v1", "legal_entities", id]);

        json(request).await
    }

    /// Change a legal entity.
    ///
    /// `PATCH /v1/legal_entities/{id}`
    pub async fn patch_legal_entity(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &LegalEntityPatch,
    ) -> Result<LegalEntityView, Error> {
        let request = self.request(Method::PATCH, &["v1", "legal_entities", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// What a legal entity resells under.
    ///
    /// `GET /v1/legal_entities/{id}/reselling_agreements`
    pub async fn get_legal_entity_reselling_agreements(
        &self,
        id: &str,
        query: &GetLegalEntityResellingAgreementsQuery,
    ) -> Result<ListResellingAgreementRow, Error> {
        let request = self.request(Method::GET, &["v1", "legal_entities", id, "reselling_agreements"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Tie a legal entity to an agreement.
    ///
    /// `POST /v1/legal_entities/{id}/reselling_agreements`
    pub async fn post_legal_entity_reselling_agreements(
        &self,
        id: &str,
        body: &ResellingSettings,
    ) -> Result<ResellingAgreementView, Error> {
        let request = self.request(Method::POST, &["v1", "legal_entities", id, "reselling_agreements"]);
        let request = request.json(body);
        json(request).await
    }

    /// What was mailed, and what failed.
    ///
    /// `GET /v1/mails`
    pub async fn get_mails(&self, query: &GetMailsQuery) -> Result<ListMailView, Error> {
        let request = self.request(Method::GET, &["v1", "mails"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Your own company.
    ///
    /// `GET /v1/me`
    pub async fn get_me(&self) -> Result<CompanyView, Error> {
        let request = self.request(Method::GET, &["v1", "me"]);

        json(request).await
    }

    /// Your account.
    ///
    /// `GET /v1/my_account`
    pub async fn get_my_account(&self) -> Result<MyAccountView, Error> {
        let request = self.request(Method::GET, &["v1", "my_account"]);

        json(request).await
    }

    /// Change your account.
    ///
    /// `PATCH /v1/my_account`
    pub async fn patch_my_account(
        &self,
        if_match: Option<&str>,
        body: &MyAccountPatch,
    ) -> Result<MyAccountView, Error> {
        let request = self.request(Method::PATCH, &["v1", "my_account"]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// Take your picture away.
    ///
    /// `DELETE /v1/my_account/avatar`
    pub async fn delete_my_account_avatar(&self) -> Result<MyAccountView, Error> {
        let request = self.request(Method::DELETE, &["v1", "my_account", "avatar"]);

        json(request).await
    }

    /// Put a picture of yourself there.
    ///
    /// `PUT /v1/my_account/avatar`
    pub async fn put_my_account_avatar(&self, body: &AvatarRequest) -> Result<MyAccountView, Error> {
        let request = self.request(Method::PUT, &["v1", "my_account", "avatar"]);
        let request = request.json(body);
        json(request).await
    }

    /// Delete your account.
    ///
    /// `POST /v1/my_account/deletion`
    pub async fn post_my_account_deletion(&self, body: &AccountDeletion) -> Result<(), Error> {
        let request = self.request(Method::POST, &["v1", "my_account", "deletion"]);
        let request = request.json(body);
        nothing(request).await
    }

    /// Change your password.
    ///
    /// `PUT /v1/my_account/password`
    pub async fn put_my_account_password(&self, body: &PasswordChange) -> Result<(), Error> {
        let request = self.request(Method::PUT, &["v1", "my_account", "password"]);
        let request = request.json(body);
        nothing(request).await
    }

    /// Prove your phone.
    ///
    /// `POST /v1/my_account/phone/proof`
    pub async fn post_my_account_phone_proof(&self, body: &PhoneProof) -> Result<MyAccountView, Error> {
        let request = self.request(Method::POST, &["v1", "my_account", "phone", "proof"]);
        let request = request.json(body);
        json(request).await
    }

    /// End your other sessions.
    ///
    /// `DELETE /v1/my_account/sessions`
    pub async fn delete_my_account_sessions(&self) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "my_account", "sessions"]);

        nothing(request).await
    }

    /// Where you are logged in.
    ///
    /// `GET /v1/my_account/sessions`
    pub async fn get_my_account_sessions(&self) -> Result<ListSessionView, Error> {
        let request = self.request(Method::GET, &["v1", "my_account", "sessions"]);

        json(request).await
    }

    /// End one of your sessions.
    ///
    /// `DELETE /v1/my_account/sessions/{id}`
    pub async fn delete_my_account_session(&self, id: &str) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "my_account", "sessions", id]);

        nothing(request).await
    }

    /// Begin to use an app for codes.
    ///
    /// `POST /v1/my_account/totp`
    pub async fn post_my_account_totp(&self, body: &PasswordProof) -> Result<TotpView, Error> {
        let request = self.request(Method::POST, &["v1", "my_account", "totp"]);
        let request = request.json(body);
        json(request).await
    }

    /// Confirm an app with a code that it shows.
    ///
    /// `POST /v1/my_account/totp/confirmation`
    pub async fn post_my_account_totp_confirmation(
        &self,
        body: &CodeRequest,
    ) -> Result<RecoveryCodes, Error> {
        let request = self.request(Method::POST, &["v1", "my_account", "totp", "confirmation"]);
        let request = request.json(body);
        json(request).await
    }

    /// Stop using an app.
    ///
    /// `POST /v1/my_account/totp/removal`
    pub async fn post_my_account_totp_removal(&self, body: &TotpRemoval) -> Result<(), Error> {
        let request = self.request(Method::POST, &["v1", "my_account", "totp", "removal"]);
        let request = request.json(body);
        nothing(request).await
    }

    /// A company's notification channels.
    ///
    /// `GET /v1/notification_channels`
    pub async fn get_notification_channels(
        &self,
        query: &GetNotificationChannelsQuery,
    ) -> Result<ListNotificationChannelRow, Error> {
        let request = self.request(Method::GET, &["v1", "notification_channels"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Create a notification channel.
    ///
    /// `POST /v1/notification_channels`
    pub async fn post_notification_channels(
        &self,
        body: &NotificationChannelRequest,
    ) -> Result<NotificationChannelView, Error> {
        let request = self.request(Method::POST, &["v1", "notification_channels"]);
        let request = request.json(body);
        json(request).await
    }

    /// Delete a notification channel.
    ///
    /// `DELETE /v1/notification_channels/{id}`
    pub async fn delete_notification_channel(&self, id: &str, if_match: Option<&str>) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "notification_channels", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        nothing(request).await
    }

    /// One notification channel.
    ///
    /// `GET /v1/notification_channels/{id}`
    pub async fn get_notification_channel(&self, id: &str) -> Result<NotificationChannelView, Error> {
        let request = self.request(Method::GET, &["v1", "notification_channels", id]);

        json(request).await
    }

    /// Change a notification channel.
    ///
    /// `PATCH /v1/notification_channels/{id}`
    pub async fn patch_notification_channel(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &NotificationChannelPatch,
    ) -> Result<NotificationChannelView, Error> {
        let request = self.request(Method::PATCH, &["v1", "notification_channels", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// Send a test mail over a channel.
    ///
    /// `POST /v1/notification_channels/{id}/test`
    pub async fn post_notification_channel_test(
        &self,
        id: &str,
        idempotency_key: &str,
        body: &NotificationChannelTestRequest,
    ) -> Result<NotificationChannelTestView, Error> {
        let request = self.request(Method::POST, &["v1", "notification_channels", id, "test"]);
        let request = request.header("Idempotency-Key", idempotency_key);
        let request = request.json(body);
        json(request).await
    }

    /// The events that people are told of by mail.
    ///
    /// `GET /v1/notification_events`
    pub async fn get_notification_events(&self) -> Result<ListNotificationEventView, Error> {
        let request = self.request(Method::GET, &["v1", "notification_events"]);

        json(request).await
    }

    /// A company's notification templates.
    ///
    /// `GET /v1/notification_templates`
    pub async fn get_notification_templates(
        &self,
        query: &GetNotificationTemplatesQuery,
    ) -> Result<ListNotificationTemplateRow, Error> {
        let request = self.request(Method::GET, &["v1", "notification_templates"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Create a notification template.
    ///
    /// `POST /v1/notification_templates`
    pub async fn post_notification_templates(
        &self,
        body: &NotificationTemplateRequest,
    ) -> Result<NotificationTemplateView, Error> {
        let request = self.request(Method::POST, &["v1", "notification_templates"]);
        let request = request.json(body);
        json(request).await
    }

    /// See how words would look that are not saved yet.
    ///
    /// `POST /v1/notification_templates/preview`
    pub async fn post_notification_templates_preview(
        &self,
        body: &NotificationPreviewRequest,
    ) -> Result<NotificationPreviewView, Error> {
        let request = self.request(Method::POST, &["v1", "notification_templates", "preview"]);
        let request = request.json(body);
        json(request).await
    }

    /// Delete a notification template.
    ///
    /// `DELETE /v1/notification_templates/{id}`
    pub async fn delete_notification_template(&self, id: &str, if_match: Option<&str>) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "notification_templates", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        nothing(request).await
    }

    /// One notification template.
    ///
    /// `GET /v1/notification_templates/{id}`
    pub async fn get_notification_template(&self, id: &str) -> Result<NotificationTemplateView, Error> {
        let request = self.request(Method::GET, &["v1", "notification_templates", id]);

        json(request).await
    }

    /// Change a notification template.
    ///
    /// `PATCH /v1/notification_templates/{id}`
    pub async fn patch_notification_template(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &NotificationTemplatePatch,
    ) -> Result<NotificationTemplateView, Error> {
        let request = self.request(Method::PATCH, &["v1", "notification_templates", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// See how a template looks.
    ///
    /// `GET /v1/notification_templates/{id}/preview`
    pub async fn get_notification_template_preview(
        &self,
        id: &str,
    ) -> Result<NotificationPreviewView, Error> {
        let request = self.request(Method::GET, &["v1", "notification_templates", id, "preview"]);

        json(request).await
    }

    /// A company's own accounts.
    ///
    /// `GET /v1/own_bank_accounts`
    pub async fn get_own_bank_accounts(
        &self,
        query: &GetOwnBankAccountsQuery,
    ) -> Result<ListOwnBankAccountRow, Error> {
        let request = self.request(Method::GET, &["v1", "own_bank_accounts"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Create an own bank account.
    ///
    /// `POST /v1/own_bank_accounts`
    pub async fn post_own_bank_accounts(
        &self,
        body: &OwnBankAccountSettings,
    ) -> Result<OwnBankAccountView, Error> {
        let request = self.request(Method::POST, &["v1", "own_bank_accounts"]);
        let request = request.json(body);
        json(request).await
    }

    /// Delete an own bank account.
    ///
    /// `DELETE /v1/own_bank_accounts/{id}`
    pub async fn delete_own_bank_account(&self, id: &str, if_match: Option<&str>) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "own_bank_accounts", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        nothing(request).await
    }

    /// One account.
    ///
    /// `GET /v1/own_bank_accounts/{id}`
    pub async fn get_own_bank_account(&self, id: &str) -> Result<OwnBankAccountView, Error> {
        let request = self.request(Method::GET, &["v1", "own_bank_accounts", id]);

        json(request).await
    }

    /// Change an own bank account.
    ///
    /// `PATCH /v1/own_bank_accounts/{id}`
    pub async fn patch_own_bank_account(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &OwnBankAccountPatch,
    ) -> Result<OwnBankAccountView, Error> {
        let request = self.request(Method::PATCH, &["v1", "own_bank_accounts", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// A company's own legal entities.
    ///
    /// `GET /v1/own_legal_entities`
    pub async fn get_own_legal_entities(
        &self,
        query: &GetOwnLegalEntitiesQuery,
    ) -> Result<ListOwnLegalEntityRow, Error> {
        let request = self.request(Method::GET, &["v1", "own_legal_entities"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Create a legal entity in whose name a company sells.
    ///
    /// `POST /v1/own_legal_entities`
    pub async fn post_own_legal_entities(
        &self,
        body: &OwnLegalEntitySettings,
    ) -> Result<OwnLegalEntityView, Error> {
        let request = self.request(Method::POST, &["v1", "own_legal_entities"]);
        let request = request.json(body);
        json(request).await
    }

    /// Delete an own legal entity.
    ///
    /// `DELETE /v1/own_legal_entities/{id}`
    pub async fn delete_own_legal_entity(&self, id: &str, if_match: Option<&str>) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "own_legal_entities", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        nothing(request).await
    }

    /// One own legal entity.
    ///
    /// `GET /v1/own_legal_entities/{id}`
    pub async fn get_own_legal_entity(&self, id: &str) -> Result<OwnLegalEntityView, Error> {
        let request = self.request(Method::GET, &["v1", "own_legal_entities", id]);

        json(request).await
    }

    /// Change an own legal entity.
    ///
    /// `PATCH /v1/own_legal_entities/{id}`
    pub async fn patch_own_legal_entity(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &OwnLegalEntityPatch,
    ) -> Result<OwnLegalEntityView, Error> {
        let request = self.request(Method::PATCH, &["v1", "own_legal_entities", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// The password policy.
    ///
    /// `GET /v1/password_policy`
    pub async fn get_password_policy(&self) -> Result<PolicyView, Error> {
        let request = self.request(Method::GET, &["v1", "password_policy"]);

        json(request).await
    }

    /// Set the password policy.
    ///
    /// `PUT /v1/password_policy`
    pub async fn put_password_policy(
        &self,
        if_match: Option<&str>,
        body: &PolicyView,
    ) -> Result<PolicyView, Error> {
        let request = self.request(Method::PUT, &["v1", "password_policy"]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// Generate a password.
    ///
    /// `POST /v1/password_policy/password`
    pub async fn post_password_policy_password(&self) -> Result<GeneratedPassword, Error> {
        let request = self.request(Method::POST, &["v1", "password_policy", "password"]);

        json(request).await
    }

    /// Ask for another password.
    ///
    /// `POST /v1/password_resets`
    pub async fn post_password_resets(&self, body: &ResetRequest) -> Result<(), Error> {
        let request = self.request(Method::POST, &["v1", "password_resets"]);
        let request = request.json(body);
        nothing(request).await
    }

    /// Take another password with a link that was mailed.
    ///
    /// `POST /v1/password_resets/confirmation`
    pub async fn post_password_resets_confirmation(&self, body: &ResetConfirmation) -> Result<(), Error> {
        let request = self.request(Method::POST, &["v1", "password_resets", "confirmation"]);
        let request = request.json(body);
        nothing(request).await
    }

    /// Payment events to look at.
    ///
    /// `GET /v1/payment_reviews`
    pub async fn get_payment_reviews(
        &self,
        query: &GetPaymentReviewsQuery,
    ) -> Result<ListPaymentReview, Error> {
        let request = self.request(Method::GET, &["v1", "payment_reviews"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Mark a payment event as dealt with.
    ///
    /// `POST /v1/payment_reviews/done`
    pub async fn post_payment_reviews_done(
        &self,
        if_match: Option<&str>,
        body: &PaymentReviewDoneRequest,
    ) -> Result<PaymentReview, Error> {
        let request = self.request(Method::POST, &["v1", "payment_reviews", "done"]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// A company's payment systems.
    ///
    /// `GET /v1/payment_systems`
    pub async fn get_payment_systems(
        &self,
        query: &GetPaymentSystemsQuery,
    ) -> Result<ListPaymentSystemView, Error> {
        let request = self.request(Method::GET, &["v1", "payment_systems"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Create a payment system.
    ///
    /// `POST /v1/payment_systems`
    pub async fn post_payment_systems(
        &self,
        body: &PaymentSystemSettings,
    ) -> Result<PaymentSystemView, Error> {
        let request = self.request(Method::POST, &["v1", "payment_systems"]);
        let request = request.json(body);
        json(request).await
    }

    /// Delete a payment system, and its secret.
    ///
    /// `DELETE /v1/payment_systems/{id}`
    pub async fn delete_payment_system(&self, id: &str, if_match: Option<&str>) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "payment_systems", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        nothing(request).await
    }

    /// One payment system.
    ///
    /// `GET /v1/payment_systems/{id}`
    pub async fn get_payment_system(&self, id: &str) -> Result<PaymentSystemView, Error> {
        let request = self.request(Method::GET, &["v1", "payment_systems", id]);

        json(request).await
    }

    /// Change a payment system.
    ///
    /// `PATCH /v1/payment_systems/{id}`
    pub async fn patch_payment_system(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &PaymentSystemPatch,
    ) -> Result<PaymentSystemView, Error> {
        let request = self.request(Method::PATCH, &["v1", "payment_systems", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// Payments.
    ///
    /// `GET /v1/payments`
    pub async fn get_payments(&self, query: &GetPaymentsQuery) -> Result<ListPaymentRow, Error> {
        let request = self.request(Method::GET, &["v1", "payments"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Record a payment.
    ///
    /// `POST /v1/payments`
    pub async fn post_payments(
        &self,
        idempotency_key: &str,
        body: &NewPaymentRequest,
    ) -> Result<PostedPaymentView, Error> {
        let request = self.request(Method::POST, &["v1", "payments"]);
        let request = request.header("Idempotency-Key", idempotency_key);
        let request = request.json(body);
        json(request).await
    }

    /// Delete a payment.
    ///
    /// `DELETE /v1/payments/{id}`
    pub async fn delete_payment(&self, id: &str, if_match: Option<&str>) -> Result<PostedPaymentView, Error> {
        let request = self.request(Method::DELETE, &["v1", "payments", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        json(request).await
    }

    /// One payment.
    ///
    /// `GET /v1/payments/{id}`
    pub async fn get_payment(&self, id: &str) -> Result<PaymentView, Error> {
        let request = self.request(Method::GET, &["v1", "payments", id]);

        json(request).await
    }

    /// Edit a payment, confirm it, or withdraw its confirmation.
    ///
    /// `PATCH /v1/payments/{id}`
    pub async fn patch_payment(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &ChangePaymentRequest,
    ) -> Result<PostedPaymentView, Error> {
        let request = self.request(Method::PATCH, &["v1", "payments", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// The looks of a portal.
    ///
    /// `GET /v1/portal`
    pub async fn get_portal(&self, query: &GetPortalQuery) -> Result<BrandingView, Error> {
        let request = self.request(Method::GET, &["v1", "portal"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Portals.
    ///
    /// `GET /v1/portals`
    pub async fn get_portals(&self, query: &GetPortalsQuery) -> Result<ListPortalRow, Error> {
        let request = self.request(Method::GET, &["v1", "portals"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Create a portal.
    ///
    /// `POST /v1/portals`
    pub async fn post_portals(&self, body: &PortalSettings) -> Result<PortalView, Error> {
        let request = self.request(Method::POST, &["v1", "portals"]);
        let request = request.json(body);
        json(request).await
    }

    /// Delete a portal.
    ///
    /// `DELETE /v1/portals/{id}`
    pub async fn delete_portal(&self, id: &str, if_match: Option<&str>) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "portals", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        nothing(request).await
    }

    /// One portal.
    ///
    /// `GET /v1/portals/{id}`
    pub async fn get_portal_by_id(&self, id: &str) -> Result<PortalView, Error> {
        let request = self.request(Method::GET, &["v1", "portals", id]);

        json(request).await
    }

    /// Change a portal.
    ///
    /// `PATCH /v1/portals/{id}`
    pub async fn patch_portal(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &PortalPatch,
    ) -> Result<PortalView, Error> {
        let request = self.request(Method::PATCH, &["v1", "portals", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// Check whether a portal's host name leads to this platform.
    ///
    /// `POST /v1/portals/{id}/check`
    pub async fn post_portal_check(&self, id: &str) -> Result<PortalView, Error> {
        let request = self.request(Method::POST, &["v1", "portals", id, "check"]);

        json(request).await
    }

    /// The product's own printable forms.
    ///
    /// `GET /v1/printable_form_samples`
    pub async fn get_printable_form_samples(&self) -> Result<PrintableFormSamples, Error> {
        let request = self.request(Method::GET, &["v1", "printable_form_samples"]);

        json(request).await
    }

    /// A company's printable forms.
    ///
    /// `GET /v1/printable_forms`
    pub async fn get_printable_forms(
        &self,
        query: &GetPrintableFormsQuery,
    ) -> Result<ListPrintableFormRow, Error> {
        let request = self.request(Method::GET, &["v1", "printable_forms"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Create a printable form.
    ///
    /// `POST /v1/printable_forms`
    pub async fn post_printable_forms(
        &self,
        body: &PrintableFormSettings,
    ) -> Result<PrintableFormView, Error> {
        let request = self.request(Method::POST, &["v1", "printable_forms"]);
        let request = request.json(body);
        json(request).await
    }

    /// Delete a printable form.
    ///
    /// `DELETE /v1/printable_forms/{id}`
    pub async fn delete_printable_form(&self, id: &str, if_match: Option<&str>) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "printable_forms", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        nothing(request).await
    }

    /// One printable form.
    ///
    /// `GET /v1/printable_forms/{id}`
    pub async fn get_printable_form(&self, id: &str) -> Result<PrintableFormView, Error> {
        let request = self.request(Method::GET, &["v1", "printable_forms", id]);

        json(request).await
    }

    /// Change a printable form.
    ///
    /// `PATCH /v1/printable_forms/{id}`
    pub async fn patch_printable_form(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &PrintableFormPatch,
    ) -> Result<PrintableFormView, Error> {
        let request = self.request(Method::PATCH, &["v1", "printable_forms", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// A printable form's file.
    ///
    /// `GET /v1/printable_forms/{id}/file`
    pub async fn get_printable_form_file(&self, id: &str) -> Result<FormFile, Error> {
        let request = self.request(Method::GET, &["v1", "printable_forms", id, "file"]);

        json(request).await
    }

    /// Find a rate.
    ///
    /// `POST /v1/rates/find`
    pub async fn post_rates_find(&self, body: &FindRequest) -> Result<FoundRate, Error> {
        let request = self.request(Method::POST, &["v1", "rates", "find"]);
        let request = request.json(body);
        json(request).await
    }

    /// Where an agreement's prices are below what its seller pays.
    ///
    /// `GET /v1/rates/margins`
    pub async fn get_rates_margins(&self, query: &GetRatesMarginsQuery) -> Result<ListBelowCostView, Error> {
        let request = self.request(Method::GET, &["v1", "rates", "margins"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Where a price came from.
    ///
    /// `GET /v1/rates/{id}`
    pub async fn get_rate(&self, id: &str) -> Result<RateView, Error> {
        let request = self.request(Method::GET, &["v1", "rates", id]);

        json(request).await
    }

    /// Register at a portal.
    ///
    /// `POST /v1/registrations`
    pub async fn post_registrations(&self, body: &RegistrationRequest) -> Result<UserView, Error> {
        let request = self.request(Method::POST, &["v1", "registrations"]);
        let request = request.json(body);
        json(request).await
    }

    /// Rerate tasks.
    ///
    /// `GET /v1/rerates`
    pub async fn get_rerates(&self, query: &GetReratesQuery) -> Result<ListRerateView, Error> {
        let request = self.request(Method::GET, &["v1", "rerates"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Make a dry run, which counts what rating messages and fees again would change.
    ///
    /// `POST /v1/rerates`
    pub async fn post_rerates(&self, body: &RerateRequest) -> Result<RerateView, Error> {
        let request = self.request(Method::POST, &["v1", "rerates"]);
        let request = request.json(body);
        json(request).await
    }

    /// One rerate task, with what it has come to.
    ///
    /// `GET /v1/rerates/{id}`
    pub async fn get_rerate(&self, id: &str) -> Result<RerateDetails, Error> {
        let request = self.request(Method::GET, &["v1", "rerates", id]);

        json(request).await
    }

    /// Cancel a rerate task.
    ///
    /// `POST /v1/rerates/{id}/cancel`
    pub async fn post_rerate_cancel(&self, id: &str) -> Result<RerateView, Error> {
        let request = self.request(Method::POST, &["v1", "rerates", id, "cancel"]);

        json(request).await
    }

    /// Make the task that charges what a dry run has counted.
    ///
    /// `POST /v1/rerates/{id}/charge`
    pub async fn post_rerate_charge(
        &self,
        id: &str,
        body: &RerateChargeRequest,
    ) -> Result<RerateView, Error> {
        let request = self.request(Method::POST, &["v1", "rerates", id, "charge"]);
        let request = request.json(body);
        json(request).await
    }

    /// Start a rerate task.
    ///
    /// `POST /v1/rerates/{id}/start`
    pub async fn post_rerate_start(&self, id: &str) -> Result<RerateView, Error> {
        let request = self.request(Method::POST, &["v1", "rerates", id, "start"]);

        json(request).await
    }

    /// Delete a tie of a legal entity to an agreement.
    ///
    /// `DELETE /v1/reselling_agreements/{id}`
    pub async fn delete_reselling_agreement(&self, id: &str, if_match: Option<&str>) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "reselling_agreements", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        nothing(request).await
    }

    /// One tie of a legal entity to an agreement.
    ///
    /// `GET /v1/reselling_agreements/{id}`
    pub async fn get_reselling_agreement(&self, id: &str) -> Result<ResellingAgreementView, Error> {
        let request = self.request(Method::GET, &["v1", "reselling_agreements", id]);

        json(request).await
    }

    /// Change a tie of a legal entity to an agreement.
    ///
    /// `PATCH /v1/reselling_agreements/{id}`
    pub async fn patch_reselling_agreement(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &ResellingAgreementPatch,
    ) -> Result<ResellingAgreementView, Error> {
        let request = self.request(Method::PATCH, &["v1", "reselling_agreements", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// Roles that companies have made.
    ///
    /// `GET /v1/roles`
    pub async fn get_roles(&self, query: &GetRolesQuery) -> Result<ListRoleView, Error> {
        let request = self.request(Method::GET, &["v1", "roles"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Make a role.
    ///
    /// `POST /v1/roles`
    pub async fn post_roles(&self, body: &RoleRequest) -> Result<RoleView, Error> {
        let request = self.request(Method::POST, &["v1", "roles"]);
        let request = request.json(body);
        json(request).await
    }

    /// Delete a role that nobody has.
    ///
    /// `DELETE /v1/roles/{id}`
    pub async fn delete_role(&self, id: &str, if_match: Option<&str>) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "roles", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        nothing(request).await
    }

    /// One role.
    ///
    /// `GET /v1/roles/{id}`
    pub async fn get_role(&self, id: &str) -> Result<RoleView, Error> {
        let request = self.request(Method::GET, &["v1", "roles", id]);

        json(request).await
    }

    /// Change a role.
    ///
    /// `PATCH /v1/roles/{id}`
    pub async fn patch_role(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &RolePatch,
    ) -> Result<RoleView, Error> {
        let request = self.request(Method::PATCH, &["v1", "roles", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// A company's self-registration settings.
    ///
    /// `GET /v1/self_registrations`
    pub async fn get_self_registrations(
        &self,
        query: &GetSelfRegistrationsQuery,
    ) -> Result<ListSelfRegistrationRow, Error> {
        let request = self.request(Method::GET, &["v1", "self_registrations"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Create the self-registration settings of a portal.
    ///
    /// `POST /v1/self_registrations`
    pub async fn post_self_registrations(
        &self,
        body: &SelfRegistrationSettings,
    ) -> Result<SelfRegistrationView, Error> {
        let request = self.request(Method::POST, &["v1", "self_registrations"]);
        let request = request.json(body);
        json(request).await
    }

    /// Delete self-registration settings. Nobody can register at the portal any more.
    ///
    /// `DELETE /v1/self_registrations/{id}`
    pub async fn delete_self_registration(&self, id: &str, if_match: Option<&str>) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "self_registrations", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        nothing(request).await
    }

    /// Self-registration settings.
    ///
    /// `GET /v1/self_registrations/{id}`
    pub async fn get_self_registration(&self, id: &str) -> Result<SelfRegistrationView, Error> {
        let request = self.request(Method::GET, &["v1", "self_registrations", id]);

        json(request).await
    }

    /// Change self-registration settings.
    ///
    /// `PATCH /v1/self_registrations/{id}`
    pub async fn patch_self_registration(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &SelfRegistrationPatch,
    ) -> Result<SelfRegistrationView, Error> {
        let request = self.request(Method::PATCH, &["v1", "self_registrations", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// Sender IDs.
    ///
    /// `GET /v1/sender_ids`
    pub async fn get_sender_ids(&self, query: &GetSenderIdsQuery) -> Result<ListSenderIdRow, Error> {
        let request = self.request(Method::GET, &["v1", "sender_ids"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Create a sender ID.
    ///
    /// `POST /v1/sender_ids`
    pub async fn post_sender_ids(&self, body: &SenderIdRequest) -> Result<SenderIdView, Error> {
        let request = self.request(Method::POST, &["v1", "sender_ids"]);
        let request = request.json(body);
        json(request).await
    }

    /// Delete a sender ID.
    ///
    /// `DELETE /v1/sender_ids/{id}`
    pub async fn delete_sender_id(&self, id: &str, if_match: Option<&str>) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "sender_ids", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        nothing(request).await
    }

    /// One sender ID.
    ///
    /// `GET /v1/sender_ids/{id}`
    pub async fn get_sender_id(&self, id: &str) -> Result<SenderIdView, Error> {
        let request = self.request(Method::GET, &["v1", "sender_ids", id]);

        json(request).await
    }

    /// Change a sender ID.
    ///
    /// `PATCH /v1/sender_ids/{id}`
    pub async fn patch_sender_id(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &SenderIdPatch,
    ) -> Result<SenderIdView, Error> {
        let request = self.request(Method::PATCH, &["v1", "sender_ids", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// A company's services.
    ///
    /// `GET /v1/services`
    pub async fn get_services(&self, query: &GetServicesQuery) -> Result<ListServiceView, Error> {
        let request = self.request(Method::GET, &["v1", "services"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Create a rate plan, a pack or a part of a bundle of your own.
    ///
    /// `POST /v1/services`
    pub async fn post_services(&self, body: &ServiceRequest) -> Result<ServiceView, Error> {
        let request = self.request(Method::POST, &["v1", "services"]);
        let request = request.json(body);
        json(request).await
    }

    /// One service with the tree in force.
    ///
    /// `GET /v1/services/{id}`
    pub async fn get_service(&self, id: &str) -> Result<ServiceWithTree, Error> {
        let request = self.request(Method::GET, &["v1", "services", id]);

        json(request).await
    }

    /// Rename, describe or archive a service.
    ///
    /// `PATCH /v1/services/{id}`
    pub async fn patch_service(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &ServicePatch,
    ) -> Result<ServiceView, Error> {
        let request = self.request(Method::PATCH, &["v1", "services", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// Clone a service.
    ///
    /// `POST /v1/services/{id}/clone`
    pub async fn post_service_clone(&self, id: &str, body: &CloneRequest) -> Result<ServiceView, Error> {
        let request = self.request(Method::POST, &["v1", "services", id, "clone"]);
        let request = request.json(body);
        json(request).await
    }

    /// A service's scopes.
    ///
    /// `GET /v1/services/{id}/scopes`
    pub async fn get_service_scopes(&self, id: &str) -> Result<ListScopeView, Error> {
        let request = self.request(Method::GET, &["v1", "services", id, "scopes"]);

        json(request).await
    }

    /// Create a scope.
    ///
    /// `POST /v1/services/{id}/scopes`
    pub async fn post_service_scopes(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &ScopeRequest,
    ) -> Result<ScopeDetail, Error> {
        let request = self.request(Method::POST, &["v1", "services", id, "scopes"]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// Delete a scope.
    ///
    /// `DELETE /v1/services/{id}/scopes/{number}`
    pub async fn delete_service_scope(
        &self,
        id: &str,
        number: &str,
        if_match: Option<&str>,
    ) -> Result<ServiceView, Error> {
        let request = self.request(Method::DELETE, &["v1", "services", id, "scopes", number]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        json(request).await
    }

    /// One scope, with what its tree lacks.
    ///
    /// `GET /v1/services/{id}/scopes/{number}`
    pub async fn get_service_scope(&self, id: &str, number: &str) -> Result<ScopeDetail, Error> {
        let request = self.request(Method::GET, &["v1", "services", id, "scopes", number]);

        json(request).await
    }

    /// Change a scope's times, or whether it is a draft.
    ///
    /// `PATCH /v1/services/{id}/scopes/{number}`
    pub async fn patch_service_scope(
        &self,
        id: &str,
        number: &str,
        if_match: Option<&str>,
        body: &ScopePatch,
    ) -> Result<ScopeDetail, Error> {
        let request = self.request(Method::PATCH, &["v1", "services", id, "scopes", number]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// A scope's tree as a file.
    ///
    /// `GET /v1/services/{id}/scopes/{number}/export`
    pub async fn get_service_scope_export(
        &self,
        id: &str,
        number: &str,
        query: &GetServiceScopeExportQuery,
    ) -> Result<ExportLink, Error> {
        let request = self.request(Method::GET, &["v1", "services", id, "scopes", number, "export"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// A scope's imports.
    ///
    /// `GET /v1/services/{id}/scopes/{number}/imports`
    pub async fn get_service_scope_imports(
        &self,
        id: &str,
        number: &str,
        query: &GetServiceScopeImportsQuery,
    ) -> Result<ListImportView, Error> {
        let request = self.request(Method::GET, &["v1", "services", id, "scopes", number, "imports"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Begin to import rates into a scope.
    ///
    /// `POST /v1/services/{id}/scopes/{number}/imports`
    pub async fn post_service_scope_imports(
        &self,
        id: &str,
        number: &str,
        body: &ImportRequest,
    ) -> Result<NewImportView, Error> {
        let request = self.request(Method::POST, &["v1", "services", id, "scopes", number, "imports"]);
        let request = request.json(body);
        json(request).await
    }

    /// Delete a node of a scope's tree.
    ///
    /// `DELETE /v1/services/{id}/scopes/{number}/nodes`
    pub async fn delete_service_scope_nodes(
        &self,
        id: &str,
        number: &str,
        query: &DeleteServiceScopeNodesQuery,
        if_match: Option<&str>,
    ) -> Result<ScopeDetail, Error> {
        let request = self.request(Method::DELETE, &["v1", "services", id, "scopes", number, "nodes"]);
        let request = with_query(request, query);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        json(request).await
    }

    /// A node of a scope's tree, with its children.
    ///
    /// `GET /v1/services/{id}/scopes/{number}/nodes`
    pub async fn get_service_scope_nodes(
        &self,
        id: &str,
        number: &str,
        query: &GetServiceScopeNodesQuery,
    ) -> Result<NodeWithChildren, Error> {
        let request = self.request(Method::GET, &["v1", "services", id, "scopes", number, "nodes"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Put a node into a scope's tree.
    ///
    /// `PUT /v1/services/{id}/scopes/{number}/nodes`
    pub async fn put_service_scope_nodes(
        &self,
        id: &str,
        number: &str,
        query: &PutServiceScopeNodesQuery,
        if_match: Option<&str>,
        body: &NodeRequest,
    ) -> Result<ScopeDetail, Error> {
        let request = self.request(Method::PUT, &["v1", "services", id, "scopes", number, "nodes"]);
        let request = with_query(request, query);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// A scope's tree.
    ///
    /// `GET /v1/services/{id}/scopes/{number}/tree`
    pub async fn get_service_scope_tree(&self, id: &str, number: &str) -> Result<TreeView, Error> {
        let request = self.request(Method::GET, &["v1", "services", id, "scopes", number, "tree"]);

        json(request).await
    }

    /// Replace a scope's tree.
    ///
    /// `PUT /v1/services/{id}/scopes/{number}/tree`
    pub async fn put_service_scope_tree(
        &self,
        id: &str,
        number: &str,
        if_match: Option<&str>,
        body: &TreeRequest,
    ) -> Result<ScopeDetail, Error> {
        let request = self.request(Method::PUT, &["v1", "services", id, "scopes", number, "tree"]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// Put new prices in force.
    ///
    /// `PUT /v1/services/{id}/tree`
    pub async fn put_service_tree(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &TreeRequest,
    ) -> Result<ServiceView, Error> {
        let request = self.request(Method::PUT, &["v1", "services", id, "tree"]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// Log in.
    ///
    /// `POST /v1/sessions`
    pub async fn post_sessions(&self, body: &LoginRequest) -> Result<SessionStarted, Error> {
        let request = self.request(Method::POST, &["v1", "sessions"]);
        let request = request.json(body);
        json(request).await
    }

    /// Log out.
    ///
    /// `DELETE /v1/sessions/current`
    pub async fn delete_sessions_current(&self) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "sessions", "current"]);

        nothing(request).await
    }

    /// Your session.
    ///
    /// `GET /v1/sessions/current`
    pub async fn get_sessions_current(&self) -> Result<SessionStarted, Error> {
        let request = self.request(Method::GET, &["v1", "sessions", "current"]);

        json(request).await
    }

    /// Sign up with an invitation.
    ///
    /// `POST /v1/sign_ups`
    pub async fn post_sign_ups(&self, body: &SignUpRequest) -> Result<UserView, Error> {
        let request = self.request(Method::POST, &["v1", "sign_ups"]);
        let request = request.json(body);
        json(request).await
    }

    /// Roles of the product.
    ///
    /// `GET /v1/system_roles`
    pub async fn get_system_roles(&self) -> Result<ListSystemRoleView, Error> {
        let request = self.request(Method::GET, &["v1", "system_roles"]);

        json(request).await
    }

    /// Top-ups.
    ///
    /// `GET /v1/top_ups`
    pub async fn get_top_ups(&self, query: &GetTopUpsQuery) -> Result<ListTopUpRow, Error> {
        let request = self.request(Method::GET, &["v1", "top_ups"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Ask for a page to pay on.
    ///
    /// `POST /v1/top_ups`
    pub async fn post_top_ups(&self, idempotency_key: &str, body: &TopUpRequest) -> Result<TopUpView, Error> {
        let request = self.request(Method::POST, &["v1", "top_ups"]);
        let request = request.header("Idempotency-Key", idempotency_key);
        let request = request.json(body);
        json(request).await
    }

    /// What a top-up costs.
    ///
    /// `POST /v1/top_ups/quote`
    pub async fn post_top_ups_quote(&self, body: &TopUpQuoteRequest) -> Result<TopUpQuotes, Error> {
        let request = self.request(Method::POST, &["v1", "top_ups", "quote"]);
        let request = request.json(body);
        json(request).await
    }

    /// One top-up.
    ///
    /// `GET /v1/top_ups/{id}`
    pub async fn get_top_up(&self, id: &str) -> Result<TopUpView, Error> {
        let request = self.request(Method::GET, &["v1", "top_ups", id]);

        json(request).await
    }

    /// Close a top-up by hand.
    ///
    /// `POST /v1/top_ups/{id}/close`
    pub async fn post_top_up_close(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &CloseTopUpRequest,
    ) -> Result<TopUpView, Error> {
        let request = self.request(Method::POST, &["v1", "top_ups", id, "close"]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// Confirm a top-up by hand.
    ///
    /// `POST /v1/top_ups/{id}/confirm`
    pub async fn post_top_up_confirm(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &ConfirmTopUpRequest,
    ) -> Result<TopUpView, Error> {
        let request = self.request(Method::POST, &["v1", "top_ups", id, "confirm"]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// A link to the tax receipt of bought message credits, or to a credit note that answers it.
    ///
    /// `GET /v1/top_ups/{id}/receipt`
    pub async fn get_top_up_receipt(
        &self,
        id: &str,
        query: &GetTopUpReceiptQuery,
    ) -> Result<DocumentLink, Error> {
        let request = self.request(Method::GET, &["v1", "top_ups", id, "receipt"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// A company's transfers, in and out.
    ///
    /// `GET /v1/transfers`
    pub async fn get_transfers(&self, query: &GetTransfersQuery) -> Result<ListTransferRow, Error> {
        let request = self.request(Method::GET, &["v1", "transfers"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Move credits.
    ///
    /// `POST /v1/transfers`
    pub async fn post_transfers(
        &self,
        idempotency_key: &str,
        body: &NewTransferRequest,
    ) -> Result<PostedTransferView, Error> {
        let request = self.request(Method::POST, &["v1", "transfers"]);
        let request = request.header("Idempotency-Key", idempotency_key);
        let request = request.json(body);
        json(request).await
    }

    /// One transfer.
    ///
    /// `GET /v1/transfers/{id}`
    pub async fn get_transfer(&self, id: &str) -> Result<TransferView, Error> {
        let request = self.request(Method::GET, &["v1", "transfers", id]);

        json(request).await
    }

    /// Two-factor integrations.
    ///
    /// `GET /v1/two_factor_integrations`
    pub async fn get_two_factor_integrations(
        &self,
        query: &GetTwoFactorIntegrationsQuery,
    ) -> Result<ListTwoFactorIntegrationRow, Error> {
        let request = self.request(Method::GET, &["v1", "two_factor_integrations"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Create a two-factor integration.
    ///
    /// `POST /v1/two_factor_integrations`
    pub async fn post_two_factor_integrations(
        &self,
        body: &TwoFactorIntegrationRequest,
    ) -> Result<TwoFactorIntegrationView, Error> {
        let request = self.request(Method::POST, &["v1", "two_factor_integrations"]);
        let request = request.json(body);
        json(request).await
    }

    /// Delete a two-factor integration.
    ///
    /// `DELETE /v1/two_factor_integrations/{id}`
    pub async fn delete_two_factor_integration(&self, id: &str, if_match: Option<&str>) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "two_factor_integrations", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        nothing(request).await
    }

    /// One two-factor integration.
    ///
    /// `GET /v1/two_factor_integrations/{id}`
    pub async fn get_two_factor_integration(&self, id: &str) -> Result<TwoFactorIntegrationView, Error> {
        let request = self.request(Method::GET, &["v1", "two_factor_integrations", id]);

        json(request).await
    }

    /// Change a two-factor integration.
    ///
    /// `PATCH /v1/two_factor_integrations/{id}`
    pub async fn patch_two_factor_integration(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &TwoFactorIntegrationPatch,
    ) -> Result<TwoFactorIntegrationView, Error> {
        let request = self.request(Method::PATCH, &["v1", "two_factor_integrations", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// The records of an integration's codes, newest first.
    ///
    /// `GET /v1/two_factor_integrations/{id}/edrs`
    pub async fn get_two_factor_integration_edrs(
        &self,
        id: &str,
        query: &GetTwoFactorIntegrationEdrsQuery,
    ) -> Result<ListEdrView, Error> {
        let request = self.request(Method::GET, &["v1", "two_factor_integrations", id, "edrs"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Make a new key.
    ///
    /// `POST /v1/two_factor_integrations/{id}/key`
    pub async fn post_two_factor_integration_key(&self, id: &str) -> Result<TwoFactorKeyView, Error> {
        let request = self.request(Method::POST, &["v1", "two_factor_integrations", id, "key"]);

        json(request).await
    }

    /// What became of an integration's codes.
    ///
    /// `GET /v1/two_factor_integrations/{id}/statistics`
    pub async fn get_two_factor_integration_statistics(
        &self,
        id: &str,
        query: &GetTwoFactorIntegrationStatisticsQuery,
    ) -> Result<StatisticsView, Error> {
        let request = self.request(Method::GET, &["v1", "two_factor_integrations", id, "statistics"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Send a test code.
    ///
    /// `POST /v1/two_factor_integrations/{id}/test`
    pub async fn post_two_factor_integration_test(
        &self,
        id: &str,
        idempotency_key: &str,
        body: &TwoFactorTestRequest,
    ) -> Result<TwoFactorTestView, Error> {
        let request = self.request(Method::POST, &["v1", "two_factor_integrations", id, "test"]);
        let request = request.header("Idempotency-Key", idempotency_key);
        let request = request.json(body);
        json(request).await
    }

    /// Get an address for a file.
    ///
    /// `POST /v1/uploads`
    pub async fn post_uploads(&self, body: &UploadRequest) -> Result<UploadView, Error> {
        let request = self.request(Method::POST, &["v1", "uploads"]);
        let request = request.json(body);
        json(request).await
    }

    /// Users.
    ///
    /// `GET /v1/users`
    pub async fn get_users(&self, query: &GetUsersQuery) -> Result<ListUserRow, Error> {
        let request = self.request(Method::GET, &["v1", "users"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// Create a user.
    ///
    /// `POST /v1/users`
    pub async fn post_users(&self, body: &UserRequest) -> Result<UserView, Error> {
        let request = self.request(Method::POST, &["v1", "users"]);
        let request = request.json(body);
        json(request).await
    }

    /// Delete a user.
    ///
    /// `DELETE /v1/users/{id}`
    pub async fn delete_user(&self, id: &str, if_match: Option<&str>) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "users", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        nothing(request).await
    }

    /// One user.
    ///
    /// `GET /v1/users/{id}`
    pub async fn get_user(&self, id: &str) -> Result<UserView, Error> {
        let request = self.request(Method::GET, &["v1", "users", id]);

        json(request).await
    }

    /// Change a user.
    ///
    /// `PATCH /v1/users/{id}`
    pub async fn patch_user(
        &self,
        id: &str,
        if_match: Option<&str>,
        body: &UserPatch,
    ) -> Result<UserView, Error> {
        let request = self.request(Method::PATCH, &["v1", "users", id]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        let request = request.json(body);
        json(request).await
    }

    /// A user's picture.
    ///
    /// `GET /v1/users/{id}/avatar`
    pub async fn get_user_avatar(&self, id: &str) -> Result<String, Error> {
        let request = self.request(Method::GET, &["v1", "users", id, "avatar"]);

        text(request).await
    }

    /// Take an invitation back.
    ///
    /// `DELETE /v1/users/{id}/invitation`
    pub async fn delete_user_invitation(&self, id: &str, if_match: Option<&str>) -> Result<UserView, Error> {
        let request = self.request(Method::DELETE, &["v1", "users", id, "invitation"]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        json(request).await
    }

    /// Send an invitation again.
    ///
    /// `POST /v1/users/{id}/invitation`
    pub async fn post_user_invitation(&self, id: &str, if_match: Option<&str>) -> Result<UserView, Error> {
        let request = self.request(Method::POST, &["v1", "users", id, "invitation"]);
        let request = match if_match {
            Some(value) => request.header("If-Match", value),
            None => request,
        };
        json(request).await
    }

    /// Give a user a password.
    ///
    /// `PUT /v1/users/{id}/password`
    pub async fn put_user_password(&self, id: &str, body: &GivenPassword) -> Result<(), Error> {
        let request = self.request(Method::PUT, &["v1", "users", id, "password"]);
        let request = request.json(body);
        nothing(request).await
    }

    /// Take a user's second factor away.
    ///
    /// `DELETE /v1/users/{id}/two_factor`
    pub async fn delete_user_two_factor(
        &self,
        id: &str,
        query: &DeleteUserTwoFactorQuery,
    ) -> Result<(), Error> {
        let request = self.request(Method::DELETE, &["v1", "users", id, "two_factor"]);
        let request = with_query(request, query);
        nothing(request).await
    }

    /// A company's wallets: under each agreement the system credits, then the credits of its users.
    ///
    /// `GET /v1/wallets`
    pub async fn get_wallets(&self, query: &GetWalletsQuery) -> Result<ListListedWalletView, Error> {
        let request = self.request(Method::GET, &["v1", "wallets"]);
        let request = with_query(request, query);
        json(request).await
    }

    /// One wallet.
    ///
    /// `GET /v1/wallets/{id}`
    pub async fn get_wallet(&self, id: &str) -> Result<WalletView, Error> {
        let request = self.request(Method::GET, &["v1", "wallets", id]);

        json(request).await
    }

    /// A wallet's statement, newest line first.
    ///
    /// `GET /v1/wallets/{id}/statement`
    pub async fn get_wallet_statement(
        &self,
        id: &str,
        query: &GetWalletStatementQuery,
    ) -> Result<ListStatementLineView, Error> {
        let request = self.request(Method::GET, &["v1", "wallets", id, "statement"]);
        let request = with_query(request, query);
        json(request).await
    }
}
