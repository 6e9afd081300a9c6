//! Links to vendors over HTTP: their addresses, and limits that nothing keeps yet. SMS is sent over Transit SMS,
//! which is the Alaris HTTP API; those of other vendors are there for sender IDs of other channels.

use std::num::NonZeroU32;

use domain::connection::{HttpLink, HttpVendor, Link, OnUnknownOutcome};
use domain::record::line;
use runtime::http::Problem;
use runtime::targets::Targets;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Parts;
use crate::error::ApiError;
use crate::{fields, schema};

/// As long as what sender IDs' vendors give.
const SECRET_LENGTH_MAX: usize = 500;

/// A link to a vendor over HTTP.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpSettings {
    /// 1 to 120 characters.
    #[schema(example = "Vendor in Paris")]
    name: String,
    /// Whose API it is. It stays.
    #[schema(value_type = HttpVendorBody)]
    vendor: HttpVendor,
    /// The address that the vendor gave. Transit SMS needs one.
    #[schema(example = "https://sms.example.com/api")]
    url: Option<String>,
    /// At Transit SMS: the account under which messages of sender IDs leave that have none of their own. Without
    /// one each sender ID needs its own.
    #[schema(max_length = 120, example = "waybill")]
    username: Option<String>,
    /// The account's password; needed with `username`. Never shown.
    #[serde(skip_serializing_if = "fields::never_shown")]
    #[schema(value_type = Option<String>, write_only, min_length = 1, max_length = 500, example = "secret08")]
    password: Option<String>,
    /// What goes with the account if the vendor asks for a service type.
    #[serde(default)]
    #[schema(max_length = 120, example = "")]
    service_type: String,
    /// What another vendor than Transit SMS signs its calls with; null or an empty one takes away what is there.
    /// Never shown.
    #[serde(skip_serializing_if = "fields::never_shown")]
    #[schema(value_type = Option<String>, write_only, max_length = 500, example = "5f0c8a")]
    signature_key: Option<String>,
    /// Requests per second, at most 10,000; any number unless told. Kept for people: messages are not held back
    /// by it yet.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10000, example = 10)]
    rps_limit: Option<NonZeroU32>,
    /// Messages under way at once, at most 1,000, better not above 100; any number unless told. Kept for people
    /// as well.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1000, example = 10)]
    window_limit: Option<NonZeroU32>,
    /// What to do with a message whose fate nobody knows; `wait` unless told.
    #[serde(default)]
    #[schema(value_type = schema::OnUnknownOutcome, example = "wait")]
    on_unknown_outcome: OnUnknownOutcome,
}

/// A vendor's HTTP API, with what that alone has. SMS goes over `transit_sms`; nothing is sent over the others
/// yet, on which sender IDs of other channels stand whose vendor has the same name.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[allow(dead_code, reason = "described, never made: the domain has the same")]
pub enum HttpVendorBody {
    /// The Alaris HTTP API.
    TransitSms {},
    /// Viber.
    Viber {
        /// Of your account there. The sender IDs on it have it as their address.
        #[schema(min_length = 1, max_length = 120, example = "1234")]
        service_id: String,
    },
    /// A partner's transit platform, for Viber.
    TransitViber {},
    /// Telin, for WhatsApp.
    Telin {},
    /// Telin NeuAPIX, for WhatsApp.
    TelinNeuapix {},
    /// Gupshup, for WhatsApp. Its `url` is for messages of a session.
    Gupshup {
        /// For messages by templates.
        #[schema(example = "https://api.gupshup.example/wa/api/v1/template/msg")]
        template_url: Option<String>,
        /// Where media are put, with the id of your app.
        #[schema(example = "https://partner.gupshup.example/partner/app/1045/media")]
        media_url: Option<String>,
    },
    /// 360dialog, for WhatsApp.
    Dialog360 {},
    /// 360dialog's cloud, for WhatsApp.
    Dialog360Cloud {
        /// From where the vendor loads media.
        #[schema(example = "https://waba-v2.360dialog.example")]
        media_url: String,
    },
    /// Nexmo, for WhatsApp.
    Nexmo {},
    /// Elastic Email.
    Elasticemail {},
    /// WeChat.
    Wechat {},
    /// Telegram Gateway.
    TelegramGateway {},
    /// RCS for Business.
    RcsForBusiness {},
    /// GSMA transit, for RCS.
    GsmaTransit {
        /// Where tokens come from.
        #[schema(example = "https://rcs.example.com/oauth2/token")]
        authorization_url: String,
    },
    /// Push messages to an app.
    MobilePush {},
}

impl HttpSettings {
    /// `before` is what the link has been so far: its vendor and its address for receipts stay.
    pub(super) fn parts(self, targets: Targets, before: Option<&Link>) -> Result<Parts, ApiError> {
        let before = match before {
            Some(Link::Http(before)) => Some(before),
            _ => None,
        };
        if before.is_some_and(|before| before.vendor.name() != self.vendor.name()) {
            return Err(Problem::invalid("vendor", "a connection stays with its vendor").into());
        }
        let is_sms = self.vendor == HttpVendor::TransitSms {};
        let webhook_guid = match before {
            Some(before) => before.webhook_guid.clone(),
            // Random in all its 122 bits: knowing when it was made helps nobody to guess it.
            None => is_sms.then(|| uuid::Uuid::new_v4().simple().to_string()),
        };
        let had_key = before.is_some_and(|before| before.has_signature_key);
        let link = HttpLink {
            vendor: self.vendor,
            url: self.url,
            username: self.username,
            service_type: self.service_type,
            webhook_guid,
            has_signature_key: self.signature_key.as_ref().map_or(had_key, |key| !key.is_empty()),
            rps_limit: self.rps_limit,
            window_limit: self.window_limit,
        };
        let link = link.checked()?;
        for (field, url) in link.urls() {
            targets.url(url).map_err(|error| Problem::invalid(field, error))?;
        }
        let told = |field, secret: Option<String>| {
            secret.map(|secret| line(field, secret, SECRET_LENGTH_MAX)).transpose()
        };
        let password = told("password", self.password)?;
        let key = told("signature_key", self.signature_key.filter(|key| !key.is_empty()))?;
        let secret = match (is_sms, password, key) {
            (true, password, None) => account_password(&link, password, before)?,
            (true, _, Some(_)) => {
                return Err(Problem::invalid("signature_key", "Transit SMS signs nothing").into());
            }
            (false, None, key) => key,
            (false, Some(_), _) => {
                let detail = "sender IDs have the accounts at this vendor";
                return Err(Problem::invalid("password", detail).into());
            }
        };
        Ok(Parts {
            name: fields::name(&self.name)?,
            password: secret,
            on_unknown_outcome: self.on_unknown_outcome,
            link: Link::Http(link),
        })
    }

    pub(super) fn of(name: String, on_unknown_outcome: OnUnknownOutcome, link: HttpLink) -> Self {
        Self {
            name,
            vendor: link.vendor,
            url: link.url,
            username: link.username,
            password: None,
            service_type: link.service_type,
            signature_key: None,
            rps_limit: link.rps_limit,
            window_limit: link.window_limit,
            on_unknown_outcome,
        }
    }
}

/// The password that is told with an account, or none where it stays.
fn account_password(
    link: &HttpLink,
    told: Option<String>,
    before: Option<&HttpLink>,
) -> Result<Option<String>, ApiError> {
    // Whoever may change an address need not know the password, and would have it sent there.
    let stays = before.is_some_and(|before| before.username.is_some() && before.url == link.url);
    let detail = match (&link.username, &told) {
        (Some(_), None) if !stays => "it must be told, and again with another address",
        (None, Some(_)) => "it goes with a username",
        _ => return Ok(told),
    };
    Err(Problem::invalid("password", detail).into())
}
