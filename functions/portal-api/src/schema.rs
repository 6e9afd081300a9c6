//! How the domain's enums and trees look in JSON, for the OpenAPI document alone: the domain itself
//! knows nothing of documents. The test below holds each of them to the domain's own names.

use std::collections::BTreeMap;

use utoipa::ToSchema;

/// `Name = the domain's type`, with the same variants.
macro_rules! mirrors {
    ($($(#[$doc:meta])* $name:ident = $domain:path { $($(#[$variant_doc:meta])* $variant:ident),* $(,)? })*) => {
        $(
            $(#[$doc])*
            #[derive(ToSchema)]
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
    /// Where a company stands: the `owner` runs the platform, a `reseller` creates any company below
    /// it, a `seller` creates clients only, a `client` creates none.
    CompanyKind = domain::company::CompanyKind { Owner, Reseller, Seller, Client }

    /// `cascade` debits this agreement and all above it, each at its own rates; `prefunded` debits this
    /// one alone, because its credits were handed down and paid for before.
    Charging = domain::agreement::Charging { Cascade, Prefunded }

    /// How often an agreement is invoiced.
    BillingPeriod = domain::period::BillingPeriod { Daily, Monthly }

    /// `inbound` adds to the balance, `outbound` takes from it.
    PaymentDirection = domain::payment::PaymentDirection { Inbound, Outbound }

    /// What moved the balance. `escrow` posts what the companies below have spent since the last time.
    MovementKind = domain::wallet::OperationKind {
        Opened, TransferIn, TransferOut, Payment, Charge, Refund, Escrow
    }

    /// How far a message has come.
    MessageStatus = domain::message::Status {
        Accepted, Queued, Submitted, Delivered, Undelivered, Expired, Rejected, Unsent
    }

    /// A `draft` follows the usage; a `confirmed` invoice is numbered and frozen.
    InvoiceStatus = domain::invoice::InvoiceStatus { Draft, Confirmed }

    /// What to do with a message of which nobody can say whether the vendor took it: `wait` for a
    /// receipt, or send it again and rather have it twice than never.
    OnUnknownOutcome = domain::connection::OnUnknownOutcome { Wait, Resend }

    /// Whether a sender ID may be used.
    SenderStatus = domain::sender::SenderStatus { Active, Blocked, Draft, Testing }

    /// When a charge becomes final: when the vendor took the message, or when it was delivered.
    BillingRule = domain::rating::BillingRule { Submitted, Delivered }

    /// What a price is multiplied by.
    QuantityRule = domain::rating::QuantityRule { Messages, Segments }

    /// What the children of a node are told apart by: the direction (`MT` or `MO`), the country
    /// (ISO 3166 alpha-2), or the network's name.
    RateAttribute = domain::rating::Attribute { Direction, Country, Network }
}

/// `free`, `blocked` (the message is refused), `not_included` (look in the next service), or `flat`
/// with an amount.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code, reason = "described, never made")]
pub enum PriceKind {
    Flat,
    Free,
    Blocked,
    NotIncluded,
}

/// A price of a rate tree.
#[derive(ToSchema)]
#[schema(example = json!({"type": "flat", "amount": "0.05"}))]
#[allow(dead_code, reason = "described, never made")]
pub struct RatePrice {
    /// What the price is.
    #[schema(rename = "type")]
    kind: PriceKind,
    /// For a unit, in the service's currency; with `flat` only.
    amount: Option<String>,
}

/// A node is either a price or branches on an attribute. The rules are inherited from the nearest node
/// above that sets them.
#[derive(ToSchema)]
#[allow(dead_code, reason = "described, never made")]
pub struct RateNode {
    /// When a charge becomes final; `submitted` unless told.
    billing_rule: Option<BillingRule>,
    /// What the price is multiplied by; `segments` unless told.
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

/// From what is billed, attribute by attribute, down to a price.
#[derive(ToSchema)]
#[schema(example = json!({"sms_message": {"depends_on": "country",
    "values": {"DE": {"price": {"type": "flat", "amount": "0.07"}}},
    "others": {"price": {"type": "flat", "amount": "0.1"}}}}))]
#[allow(dead_code, reason = "described, never made")]
pub struct RateTree {
    /// What one SMS costs.
    sms_message: RateNode,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;
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
        ]);
        holds::<MovementKind>(&[
            Kind::Opened,
            Kind::TransferIn,
            Kind::TransferOut,
            Kind::Payment,
            Kind::Charge,
            Kind::Refund,
            Kind::Escrow,
        ]);
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
}
