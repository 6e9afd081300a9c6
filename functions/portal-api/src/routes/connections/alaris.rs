//! Links to vendors that run the Alaris HTTP API.

use domain::connection::{AlarisLink, Link, OnUnknownOutcome};
use runtime::targets::Targets;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Parts, not_empty, vendor_url};
use crate::error::ApiError;
use crate::{fields, schema};

/// A link to a vendor that runs the Alaris HTTP API.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlarisSettings {
    /// 1 to 120 characters.
    #[schema(example = "Vendor in Paris")]
    pub name: String,
    /// The vendor's address.
    #[schema(example = "https://sms.example.com/api")]
    url: String,
    /// The account's name at the vendor.
    #[schema(example = "waybill")]
    username: String,
    /// The account's password. Never shown.
    #[serde(skip_serializing)]
    #[schema(value_type = String, write_only, example = "secret08")]
    password: Option<String>,
    /// The service type, if the vendor asks for one.
    #[serde(default)]
    #[schema(example = "")]
    service_type: String,
    /// What to do with a message whose fate nobody knows; `wait` unless told.
    #[serde(default)]
    #[schema(value_type = schema::OnUnknownOutcome, example = "wait")]
    on_unknown_outcome: OnUnknownOutcome,
    /// Where the vendor has to send its receipts. Whoever knows it can report on messages.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, read_only, example = "https://api.example.com/webhooks/alaris/5f0c8a")]
    pub webhook_url: Option<String>,
}

impl AlarisSettings {
    /// `before` is what the link has been so far: its address for receipts stays.
    pub(super) fn parts(self, targets: Targets, before: Option<&Link>) -> Result<Parts, ApiError> {
        let webhook_guid = match before {
            Some(Link::Alaris(before)) => before.webhook_guid.clone(),
            // Random in all its 122 bits: knowing when it was made helps nobody to guess it.
            _ => uuid::Uuid::new_v4().simple().to_string(),
        };
        let link = AlarisLink {
            url: vendor_url(targets, self.url)?,
            username: not_empty("username", self.username)?,
            service_type: self.service_type,
            webhook_guid,
        };
        Ok(Parts {
            name: fields::name(&self.name)?,
            password: self.password,
            on_unknown_outcome: self.on_unknown_outcome,
            link: Link::Alaris(link),
        })
    }

    /// Without the address for receipts.
    pub(super) fn of(name: String, on_unknown_outcome: OnUnknownOutcome, link: AlarisLink) -> Self {
        Self {
            name,
            url: link.url,
            username: link.username,
            password: None,
            service_type: link.service_type,
            on_unknown_outcome,
            webhook_url: None,
        }
    }
}

/// Where receipts go to.
pub(super) fn webhook_url(public_base_url: &str, link: &AlarisLink) -> String {
    format!("{public_base_url}/webhooks/alaris/{}", link.webhook_guid)
}
