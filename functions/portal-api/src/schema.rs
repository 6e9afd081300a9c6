//! How the domain's enums and trees look in JSON, for the OpenAPI document alone: the domain itself
//! knows nothing of documents. The test below holds each of them to the domain's own names.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

/// `Name = the domain's type`, with the same variants.
macro_rules! mirrors {
    ($($(#[$doc:meta])* $name:ident = $domain:path { $($(#[$variant_doc:meta])* $variant:ident),* $(,)? })*) => {
        $(
            $(#[$doc])*
            #[derive(Serialize, ToSchema)]
            #[serde(rename_all = "snake_case")]
            #[schema(rename_all = "snake_case")]
            #[allow(dead_code, reason = "described, never made")]
            pub enum $name { $($(#[$variant_doc])* $variant),* }

            impl From<$domain> for $name {
                /// Does not compile when the domain has another variant.
                fn from(value: $domain) -> Self {
                    type Domain = $domain;
                    match value { $(Domain::$variant => Self::$variant),* }
                }
            }
        )*
    };
}

mirrors! {
    /// How far somebody has come: `invited` by mail, `expired` if the invitation was not followed in time,
    /// `revoked` if it was taken back; `waiting` for a review after registering by themselves, `refused` by it;
    /// `active`, `inactive`, `deleted`.
    UserStatus = domain::user::ShownStatus {
        Invited, Expired, Revoked, Waiting, Refused, Active, Inactive, Deleted
    }

    /// One of the two portals. A client's people have the client portal only.
    Face = domain::permission::Face { BackOffice, ClientPortal }

    /// How much of an area: `manage` includes `view`.
    Level = domain::permission::Level { None, View, Manage }

    /// A role that every company has.
    SystemRole = domain::role::SystemRole {
        Admin, ClientManager, FinanceManager, NocEngineer, RateManager, PortalAdmin, PortalBroadcastManager,
        PortalFinanceManager, PortalNocEngineer
    }

    /// What may be uploaded.
    FileKind = domain::upload::FileKind { Svg, Png, Jpeg, Gif, Ico, Pdf, Xml }

    /// Which payment system.
    PaymentSystemKind = domain::payment_system::PaymentSystemKind { Stripe, PayOnline, FreedomPay, NetCommerce }

    /// What the platform found: a day's usage that is not what its records come to (`recount`), a ledger that does
    /// not add up (`reconciliation`), a fee that was given up after its last try (`fees`).
    FindingKind = domain::finding::FindingKind { Recount, Reconciliation, Fees }

    /// From whom the payment system's fee comes: with `client` it is missing from the balance, with `owner`
    /// the balance gets all.
    FeeFrom = domain::payment_system::FeeFrom { Client, Owner }

    /// Who sees to the certificate of a host name: the platform, or somebody by hand.
    Certificate = domain::portal::Certificate { Automatic, Manual }

    /// Whether a host name leads to this platform: not looked at, `ready`, `elsewhere`, or `unknown` where
    /// it leads nowhere.
    DomainState = domain::portal::DomainState { Unchecked, Ready, Elsewhere, Unknown }

    /// `draft` until its host name was checked, `active` where that leads here, else `error`.
    PortalStatus = domain::portal::PortalStatus { Draft, Active, Error }

    /// Which document a form makes.
    FormKind = domain::printable_form::FormKind { Invoice, Charge, Receipt }

    /// Whether an agreement is resold under.
    ResellingStatus = domain::reselling::ResellingStatus { Coming, Active, Ended }

    /// What people are told of by mail.
    NotificationEvent = domain::notification::NotificationEvent {
        AgreementBalance, CreditLimit, BundleLimit, PaymentConfirmation, InvoiceConfirmation, RatesChange,
        TrafficAlert, CodesUsedUp, SenderIdRequest, SenderIdActivation, BroadcastApproval, CompanyModeration,
        RegistrationConfirmation, NewRegistration, PasswordReset, ProblemReport, UserInvitation,
    }

    /// What an event is about.
    NotificationGroup = domain::notification::NotificationGroup {
        Finance, Technical, Moderation, PersonalInformation
    }

    /// The details of an invoice's charges as a spreadsheet, or as a table of text.
    DetailsFile = domain::notification::DetailsFile { Xlsx, Csv }

    /// How the connection to a mail server is protected: not at all with `none`, over TLS after a beginning
    /// in the clear with `starttls` (port 587 as a rule), from the beginning with `tls` (port 465).
    SmtpTls = domain::notification::SmtpTls { None, Starttls, Tls }

    /// `waiting`: it is tried, or was and will be again. `sent`: the server has taken it. `refused`: the
    /// server does not want it, or there is none. `failed`: no server took it within about a day.
    MailStatus = domain::notification::MailStatus { Waiting, Sent, Refused, Failed }

    /// Where a company stands: the `owner` runs the platform, a `reseller` creates any company below
    /// it, a `seller` creates clients only, a `client` creates none.
    CompanyKind = domain::company::CompanyKind { Owner, Reseller, Seller, Client }

    /// A `disabled` company is refused with all below it until it is enabled again, a `deleted` one for good.
    CompanyStatus = domain::company::CompanyStatus { Active, Disabled, Deleted }

    /// A way in which messages go to people.
    Channel = domain::channel::Channel {
        Sms, Rcs, Viber, Whatsapp, Wechat, Email, Telegram, Push, Tts, Voice, MobilePush, FlashCall,
    }

    /// `client`: the company above sells to the company.
    Direction = domain::agreement::Direction { Client }

    /// `cascade` debits this agreement and all above it, each at its own rates; `prefunded` debits this
    /// one alone, because its credits were handed down and paid for before.
    Charging = domain::agreement::Charging { Cascade, Prefunded }

    /// How often an agreement is invoiced.
    BillingPeriod = domain::period::BillingPeriod { Daily, Weekly, Monthly, Quarterly }

    /// A `draft` is not used yet, an `active` one is, a `blocked` one is not any more.
    IntegrationStatus = domain::two_factor::IntegrationStatus { Draft, Active, Blocked }

    /// `inbound` adds to the balance, `outbound` takes from it.
    PaymentDirection = domain::payment::PaymentDirection { Inbound, Outbound }

    /// `confirmed`: the money is there, and in the balance for good. `not_confirmed`: it is in the balance
    /// until its deadline. `expired`: the deadline passed and it is out. `canceled`: it was deleted.
    PaymentStatus = domain::payment::PaymentStatus { Confirmed, NotConfirmed, Expired, Canceled }

    /// A `draft` waits for its start, a `scheduled` task for its time. A `canceled` or `failed` one has ended
    /// before its end; what it did until then stays.
    RerateStatus = domain::rerate::Status { Draft, Scheduled, Running, Complete, Canceled, Failed }

    /// What moved the balance. `escrow` posts what the companies below have spent since the last time.
    MovementKind = domain::wallet::OperationKind {
        Opened, TransferIn, TransferOut, Payment, Charge, Fee, Refund, Rerate, Escrow, Terms
    }

    /// How far a message has come.
    MessageStatus = domain::message::Status {
        Accepted, Queued, Submitted, Delivered, Undelivered, Expired, Rejected, Unsent, Canceled
    }

    /// A `draft` follows the usage; a `confirmed` invoice is numbered and frozen.
    InvoiceStatus = domain::invoice::InvoiceStatus { Draft, Confirmed }

    /// A `credit_note` is an invoice with a total below zero: the side that issues it owes it.
    InvoiceKind = domain::invoice::InvoiceKind { Invoice, CreditNote }

    /// `n/a` for a draft. `overdue`: the day has passed by which it was to be paid, and something of it is not.
    InvoicePayment = domain::invoice::InvoicePayment {
        #[serde(rename = "n/a")]
        #[schema(rename = "n/a")]
        NotApplicable,
        Expected, Partly, Paid, Overdue
    }

    /// `n/a` while nobody disputes it; `open`, then `settled`.
    DisputeStatus = domain::invoice::DisputeStatus {
        #[serde(rename = "n/a")]
        #[schema(rename = "n/a")]
        NotApplicable,
        Open, Settled
    }

    /// `n/a` for a draft. `not_sent`: confirmed without sending, or there is nobody to mail it to. `waiting`
    /// for its PDF; `sent`: handed to the mail server's queue.
    DispatchStatus = domain::invoice::DispatchStatus {
        #[serde(rename = "n/a")]
        #[schema(rename = "n/a")]
        NotApplicable,
        NotSent, Waiting, Sent
    }

    /// Who owes whom: of `receivable` the company that pays.
    ChargeDirection = domain::charge::ChargeDirection { Receivable }

    /// How a charge came about: `auto` where the platform counted, `manual` where people asked for it.
    ChargeSource = domain::charge::ChargeSource { Auto, Manual }

    /// How that was sold which is charged. `additional_fee`: at a price that was agreed on by hand and is in no
    /// rate plan.
    ChargedServiceType = domain::charge::ServiceType {
        PayAsYouGo, UnitPack, MonetaryPack, BundleInitiator, BundlePack, AdditionalFee
    }

    /// What to do with a message of which nobody can say whether the vendor took it: `wait` for a
    /// receipt, or send it again and rather have it twice than never.
    OnUnknownOutcome = domain::connection::OnUnknownOutcome { Wait, Resend }

    /// How the parts of a long message say that they belong together: a user data header with a reference of
    /// 8 or 16 bits, `sar` parameters, or all in one `payload` that the vendor cuts.
    LongForm = domain::connection::LongForm { Udh8, Udh16, Sar, Payload }

    /// A version of SMPP.
    InterfaceVersion = domain::connection::InterfaceVersion {
        #[serde(rename = "3.4")]
        #[schema(rename = "3.4")]
        V3_4,
        #[serde(rename = "5.0")]
        #[schema(rename = "5.0")]
        V5_0
    }

    /// `unsent`: as if the vendor had never taken it, so that nothing is owed. `undelivered`: it was sent and
    /// did not arrive.
    StatusOutcome = domain::connection::StatusOutcome { Unsent, Undelivered }

    /// `retry`: again over this connection, later. `slow_down`: the same, and everything over it slower.
    /// `next_route`: another vendor may take it. `stop`: no vendor will.
    ErrorAction = domain::connection::ErrorAction { Retry, SlowDown, NextRoute, Stop }

    /// How octets read that are said to be in the default alphabet.
    ClientAlphabet = domain::connection::ClientAlphabet { Gsm7, Latin1, Utf8 }

    /// What a vendor's receipt says.
    ReceiptState = domain::receipt::ReceiptState {
        Enroute, Delivered, Undelivered, Expired, Rejected, Unsent, Unknown
    }

    /// Why a message from a phone is unpaid. `suspended`: its company or one above is disabled, or an agreement
    /// that it is charged to is suspended. `sender_not_in_use`: while it waited its sender ID was blocked,
    /// deleted or made to get nothing from phones. `busy`: too many others were charged at that moment.
    UnpaidReason = domain::incoming::Unpaid {
        InsufficientFunds, Suspended, AgreementNotInForce, SenderNotInUse, Busy
    }

    /// Whether a sender ID may be used.
    SenderStatus = domain::sender::SenderStatus { Active, Blocked, Draft, Testing }

    /// When a charge becomes final: when the vendor took the message, when it was delivered, or already
    /// when it was `accepted`, which no tree says: a scale's adjustment, a bundle's new recipient.
    BillingRule = domain::rating::BillingRule { Submitted, Delivered, Accepted }

    /// What the children of a node are told apart by: the direction (`MT` or `MO`), the country
    /// (ISO 3166 alpha-2), the network's name, the sender ID, the operator a sender ID is registered
    /// with, the pack or bundle that is bought (by its id), the additional service's name, how often a fee
    /// comes (`month` or `week`), the type of the sender ID (`alphanumeric`, `numeric`, `short_code`), the
    /// mobile country code (`262`), that with the network code (`26202`), the WhatsApp region, category
    /// and type of pricing, the billing event of RCS (`basic`, `single`, `conversation`), who began a
    /// Viber session, or the time of the day in the agreement's time zone (`08:00-20:00`).
    RateAttribute = domain::rating::Attribute {
        Direction, Country, Network, SenderId, Mno, Pack, AdditionalService, Periodicity, SenderIdType,
        Mcc, Mccmnc, WhatsappRegion, PricingCategory, PricingType, BillingEvent, SessionType, TimeOfDay
    }

    /// `tier`: each unit at the price of the tier that it falls in. `back_to_first`: once a threshold is
    /// passed, everything in the period is worth the new price, and the difference is charged at once.
    ScaleKind = domain::rating::ScaleKind { Tier, BackToFirst }

    /// What is billed.
    Resource = domain::rating::Resource {
        SmsMessage, SenderIdSetupFee, SenderIdUsageFee, PlatformFee, RcsMessage, ViberMessage, ViberSession,
        WhatsappMessage, WhatsappConversation, WechatMessage, EmailMessage, FlashCall,
        TelegramGatewayMessage, PushMessage, TtsMessage, VoiceCall, PushPartnerMessage, ServicePurchase,
        AdditionalService, BundleMember
    }

    /// Whether a pack is free, or charged at the agreement's price of it.
    PackBilling = domain::enabled::PackBilling { Free, Charge }

    /// `posted`: charged, for good. `failed`: tried as often as its rule says, and never charged.
    FeeStatus = domain::fee::FeeStatus { Posted, Failed }

    /// How often a rule charges; `billing_period` is whatever the agreement is invoiced by.
    FeePeriod = domain::fee_rule::Every { Month, Week, BillingPeriod }

    /// What kind of sender ID it is.
    SenderIdType = domain::fee_rule::SenderType { Alphanumeric, Numeric, ShortCode }
}

/// Where a version of an agreement stands in time.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(rename_all = "snake_case")]
#[allow(dead_code, reason = "described, never made")]
pub enum VersionState {
    /// Another one has taken its place.
    Past,
    /// The one that counts now.
    InForce,
    /// It is to begin.
    Coming,
}

/// How a service sells.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(example = json!({"type": "unit_pack", "size": 1000}))]
#[allow(dead_code, reason = "described, never made")]
pub enum ServiceKind {
    /// Every event at its price.
    PayAsYouGo,
    /// So many units, bought at once; an event takes them as far as they go.
    UnitPack {
        /// Messages or segments, as its tree says.
        size: u32,
    },
    /// So much money, bought at once and spent at the prices of the pack's own tree.
    MonetaryPack {
        /// In the pack's currency.
        size: String,
    },
    /// Which traffic counts towards bundles.
    BundleInitiator,
    /// So many unique recipients in a billing period.
    BundlePack {
        /// Recipients; each one more costs the `bundle_member` price.
        size: u32,
    },
}

impl From<domain::rating::ServiceKind> for ServiceKind {
    fn from(kind: domain::rating::ServiceKind) -> Self {
        use domain::rating::ServiceKind as Kind;
        match kind {
            Kind::PayAsYouGo => Self::PayAsYouGo,
            Kind::UnitPack { size } => Self::UnitPack { size },
            Kind::MonetaryPack { size } => Self::MonetaryPack { size: size.to_string() },
            Kind::BundleInitiator => Self::BundleInitiator,
            Kind::BundlePack { size } => Self::BundlePack { size },
        }
    }
}

/// What a price is multiplied by.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(dead_code, reason = "described, never made")]
pub enum QuantityRule {
    /// Once for each message, or other event.
    Messages,
    /// Of SMS: once for each segment.
    Segments,
    /// Of fees: once for the whole period.
    FullPeriod,
    /// Of calls: the price is for a minute.
    Minutes {
        /// The last increment that was begun counts in full.
        increment_seconds: u32,
    },
}

impl From<domain::rating::QuantityRule> for QuantityRule {
    fn from(rule: domain::rating::QuantityRule) -> Self {
        use domain::rating::QuantityRule as Rule;
        match rule {
            Rule::Messages => Self::Messages,
            Rule::Segments => Self::Segments,
            Rule::FullPeriod => Self::FullPeriod,
            Rule::Minutes { increment_seconds } => Self::Minutes { increment_seconds },
        }
    }
}

/// A price of a rate tree.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(example = json!({"type": "flat", "amount": "0.05"}))]
#[allow(dead_code, reason = "described, never made")]
pub enum RatePrice {
    /// So much a unit.
    Flat {
        /// For a unit, in the service's currency.
        amount: String,
    },
    /// By how much was used before in the billing period. For messages only.
    Scale {
        /// Whether passing a threshold reprices what was before.
        scale: ScaleKind,
        /// Each with a higher threshold than the one before; the last one without.
        tiers: Vec<RateTier>,
        /// Counts separately for each value of this attribute; all together unless told.
        counter_group: Option<RateAttribute>,
    },
    Free,
    /// Of packs and bundle initiators: this traffic may be taken from them.
    Included,
    /// The event is refused.
    Blocked,
    /// Not this service's traffic: look in the next one.
    NotIncluded,
}

impl From<domain::rating::Price> for RatePrice {
    fn from(price: domain::rating::Price) -> Self {
        use domain::rating::Price;
        match price {
            Price::Flat { amount } => Self::Flat { amount: amount.to_string() },
            Price::Scale { scale, tiers, counter_group } => Self::Scale {
                scale: scale.into(),
                tiers: tiers.into_iter().map(Into::into).collect(),
                counter_group: counter_group.map(Into::into),
            },
            Price::Free => Self::Free,
            Price::Included => Self::Included,
            Price::Blocked => Self::Blocked,
            Price::NotIncluded => Self::NotIncluded,
        }
    }
}

/// A part of a scale.
#[derive(Serialize, ToSchema)]
#[allow(dead_code, reason = "described, never made")]
pub struct RateTier {
    /// The last unit of this tier, counted from 1; none for the last tier.
    threshold: Option<u32>,
    /// For each unit, in the service's currency.
    amount: String,
}

impl From<domain::rating::Tier> for RateTier {
    fn from(tier: domain::rating::Tier) -> Self {
        Self { threshold: tier.threshold, amount: tier.amount.to_string() }
    }
}

/// A node is either a price or branches on an attribute. The rules are inherited from the nearest node
/// above that sets them.
#[derive(ToSchema)]
#[allow(dead_code, reason = "described, never made")]
pub struct RateNode {
    /// When a charge becomes final; `submitted` unless told.
    billing_rule: Option<BillingRule>,
    /// What the price is multiplied by. Unless told: SMS by segments, calls by minutes, fees that come again
    /// by the period, all else by messages.
    quantity_rule: Option<QuantityRule>,
    /// The price, if this is a leaf.
    price: Option<RatePrice>,
    /// What `values` are values of, if this is a branch.
    depends_on: Option<RateAttribute>,
    /// The child of each listed value.
    #[schema(no_recursion)]
    values: Option<BTreeMap<String, RateNode>>,
    /// The child of every value that is not listed.
    #[schema(no_recursion)]
    others: Option<Box<RateNode>>,
}

/// From what is billed, attribute by attribute, down to a price: the names are resources, such as
/// `sms_message`. At least one of them, except for bundle packs.
#[derive(ToSchema)]
#[schema(example = json!({"sms_message": {"depends_on": "country",
    "values": {"DE": {"price": {"type": "flat", "amount": "0.07"}}},
    "others": {"price": {"type": "flat", "amount": "0.1"}}}}))]
#[allow(dead_code, reason = "described, never made")]
pub struct RateTree(BTreeMap<Resource, RateNode>);

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::PartialSchema;

    fn holds<Mirror: PartialSchema>(values: &[impl Serialize]) {
        let schema = serde_json::to_value(Mirror::schema()).unwrap();
        let names: Vec<_> = values.iter().map(|value| serde_json::to_value(value).unwrap()).collect();
        assert_eq!(schema["enum"].as_array(), Some(&names));
    }

    #[test]
    fn the_document_names_values_as_the_api_does() {
        use domain::message::Status;
        use domain::wallet::OperationKind as Kind;
        holds::<MessageStatus>(&[
            Status::Accepted,
            Status::Queued,
            Status::Submitted,
            Status::Delivered,
            Status::Undelivered,
            Status::Expired,
            Status::Rejected,
            Status::Unsent,
            Status::Canceled,
        ]);
        holds::<MovementKind>(&[
            Kind::Opened,
            Kind::TransferIn,
            Kind::TransferOut,
            Kind::Payment,
            Kind::Charge,
            Kind::Fee,
            Kind::Refund,
            Kind::Rerate,
            Kind::Escrow,
            Kind::Terms,
        ]);
        use domain::invoice::{DispatchStatus as Dispatch, DisputeStatus as Dispute, InvoicePayment as Paid};
        holds::<InvoicePayment>(&[
            Paid::NotApplicable,
            Paid::Expected,
            Paid::Partly,
            Paid::Paid,
            Paid::Overdue,
        ]);
        holds::<DisputeStatus>(&[Dispute::NotApplicable, Dispute::Open, Dispute::Settled]);
        holds::<DispatchStatus>(&[
            Dispatch::NotApplicable,
            Dispatch::NotSent,
            Dispatch::Waiting,
            Dispatch::Sent,
        ]);
        use domain::connection::InterfaceVersion as Version;
        holds::<InterfaceVersion>(&[Version::V3_4, Version::V5_0]);
        holds::<CompanyKind>(&[
            domain::company::CompanyKind::Owner,
            domain::company::CompanyKind::Reseller,
            domain::company::CompanyKind::Seller,
            domain::company::CompanyKind::Client,
        ]);
    }

    #[test]
    fn the_example_of_a_rate_tree_is_one() {
        let schema = serde_json::to_value(RateTree::schema()).unwrap();
        let tree: domain::rating::RateTree = serde_json::from_value(schema["example"].clone()).unwrap();
        assert_eq!(tree.check(), Ok(()));
    }

    #[test]
    fn a_rate_tree_may_have_everything_that_is_billed() {
        let tree = serde_json::to_value(RateTree::schema()).unwrap();
        let resources = serde_json::to_value(Resource::schema()).unwrap();
        assert_eq!(tree["propertyNames"]["enum"], resources["enum"]);
        for resource in domain::rating::Resource::ALL {
            assert_eq!(serde_json::to_value(Resource::from(*resource)).unwrap(), resource.name());
        }
        for attribute in domain::rating::Attribute::ALL {
            assert_eq!(serde_json::to_value(RateAttribute::from(*attribute)).unwrap(), attribute.name());
        }
    }

    #[test]
    fn prices_and_kinds_look_as_the_domain_writes_them() {
        use domain::rating::{Attribute, Price, ScaleKind as Scale, ServiceKind as Kind, Tier};
        let amount = domain::money::Amount::ONE;
        let tiers = vec![Tier { threshold: Some(5), amount }, Tier { threshold: None, amount }];
        let scale =
            Price::Scale { scale: Scale::BackToFirst, tiers, counter_group: Some(Attribute::SenderId) };
        let all =
            [Price::Flat { amount }, scale, Price::Free, Price::Included, Price::Blocked, Price::NotIncluded];
        for price in all {
            let mut mirror = serde_json::to_value(RatePrice::from(price.clone())).unwrap();
            // What is not told stands as null in the mirror, and not at all in a tree.
            if let Some(tiers) = mirror.get_mut("tiers").and_then(serde_json::Value::as_array_mut) {
                tiers
                    .iter_mut()
                    .for_each(|tier| tier.as_object_mut().unwrap().retain(|_, value| !value.is_null()));
            }
            assert_eq!(mirror, serde_json::to_value(price).unwrap());
        }
        use domain::rating::QuantityRule as Rule;
        for rule in [Rule::Messages, Rule::Segments, Rule::FullPeriod, Rule::Minutes { increment_seconds: 6 }]
        {
            let mirror = serde_json::to_value(QuantityRule::from(rule)).unwrap();
            assert_eq!(mirror, serde_json::to_value(rule).unwrap());
        }
        let kinds = [
            Kind::PayAsYouGo,
            Kind::UnitPack { size: 1 },
            Kind::MonetaryPack { size: amount },
            Kind::BundleInitiator,
            Kind::BundlePack { size: 1 },
        ];
        for kind in kinds {
            let mirror = serde_json::to_value(ServiceKind::from(kind)).unwrap();
            assert_eq!(mirror, serde_json::to_value(kind).unwrap());
        }
    }
}
