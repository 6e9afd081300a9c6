//! Links to vendors over HTTP, with the fields of the guide's forms (section 10.3). SMS goes over Transit SMS;
//! the others are what sender IDs of other channels stand on, and nothing is sent over them.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::record::{FieldError, line, text};

const TEXT_LENGTH_MAX: usize = 120;
/// As over SMPP.
const RPS_MAX: u32 = 10_000;
const WINDOW_MAX: u32 = 1_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpLink {
    pub vendor: HttpVendor,
    /// The address that the vendor gave. Transit SMS has one.
    pub url: Option<String>,
    /// At Transit SMS: the account of sender IDs that have none of their own.
    pub username: Option<String>,
    /// At Transit SMS: what goes with that account; often empty.
    pub service_type: String,
    /// At Transit SMS: the unguessable part of the address to which it posts its receipts. Other vendors call
    /// about a sender ID, at that one's.
    pub webhook_guid: Option<String>,
    /// Whether the connection's secret is what another vendor signs its calls with.
    pub has_signature_key: bool,
    /// Requests a second; none for any number.
    pub rps_limit: Option<NonZeroU32>,
    /// Messages under way at once; none for any number.
    pub window_limit: Option<NonZeroU32>,
}

/// Whose HTTP API it is, by the names that sender IDs' settings have for them too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum HttpVendor {
    /// The Alaris HTTP API.
    TransitSms {},
    Viber {
        /// Of the account; sender IDs on it have it as their address.
        service_id: String,
    },
    TransitViber {},
    Telin {},
    TelinNeuapix {},
    Gupshup {
        #[serde(default)]
        template_url: Option<String>,
        #[serde(default)]
        media_url: Option<String>,
    },
    Dialog360 {},
    Dialog360Cloud {
        media_url: String,
    },
    Nexmo {},
    Elasticemail {},
    Wechat {},
    TelegramGateway {},
    RcsForBusiness {},
    GsmaTransit {
        authorization_url: String,
    },
    MobilePush {},
}

impl HttpLink {
    /// One of Transit SMS with an account and without limits.
    pub fn transit_sms(
        url: impl Into<String>,
        username: impl Into<String>,
        webhook_guid: impl Into<String>,
    ) -> Self {
        Self {
            vendor: HttpVendor::TransitSms {},
            url: Some(url.into()),
            username: Some(username.into()),
            service_type: String::new(),
            webhook_guid: Some(webhook_guid.into()),
            has_signature_key: false,
            rps_limit: None,
            window_limit: None,
        }
    }

    /// Where SMS is submitted; none if it goes over no vendor of this kind.
    pub fn sms_url(&self) -> Option<&str> {
        self.url.as_deref().filter(|_| self.vendor == HttpVendor::TransitSms {})
    }

    /// All its addresses, by the fields that they are in.
    pub fn urls(&self) -> Vec<(&'static str, &str)> {
        let mut urls = vec![("url", self.url.as_deref())];
        urls.extend(match &self.vendor {
            HttpVendor::Gupshup { template_url, media_url } => {
                vec![("template_url", template_url.as_deref()), ("media_url", media_url.as_deref())]
            }
            HttpVendor::Dialog360Cloud { media_url } => vec![("media_url", Some(media_url.as_str()))],
            HttpVendor::GsmaTransit { authorization_url } => {
                vec![("authorization_url", Some(authorization_url.as_str()))]
            }
            _ => Vec::new(),
        });
        urls.into_iter().filter_map(|(field, url)| Some((field, url?))).collect()
    }

    /// The link with its texts trimmed, if each is what it should be. What addresses lead to is not looked at.
    pub fn checked(mut self) -> Result<Self, FieldError> {
        if let HttpVendor::Viber { service_id } = &mut self.vendor {
            *service_id = line("service_id", std::mem::take(service_id), TEXT_LENGTH_MAX)?;
        }
        if let Some(username) = self.username {
            self.username = Some(line("username", username, TEXT_LENGTH_MAX)?);
        }
        let service_type = text("service_type", Some(self.service_type), TEXT_LENGTH_MAX)?;
        self.service_type = service_type.unwrap_or_default();
        if self.vendor == (HttpVendor::TransitSms {}) {
            if self.url.is_none() {
                return Err(FieldError::new("url", "SMS is sent over it, so that it needs an address"));
            }
        } else {
            let account =
                [("username", self.username.is_some()), ("service_type", !self.service_type.is_empty())];
            if let Some((field, _)) = account.into_iter().find(|(_, is_told)| *is_told) {
                return Err(FieldError::new(field, "sender IDs have the accounts at this vendor"));
            }
        }
        for (field, limit, max) in
            [("rps_limit", self.rps_limit, RPS_MAX), ("window_limit", self.window_limit, WINDOW_MAX)]
        {
            if limit.is_some_and(|limit| max < limit.get()) {
                return Err(FieldError::new(field, format!("it is 1 to {max}")));
            }
        }
        Ok(self)
    }
}

impl HttpVendor {
    /// As it is stored and answered.
    pub fn name(&self) -> &'static str {
        match self {
            Self::TransitSms {} => "transit_sms",
            Self::Viber { .. } => "viber",
            Self::TransitViber {} => "transit_viber",
            Self::Telin {} => "telin",
            Self::TelinNeuapix {} => "telin_neuapix",
            Self::Gupshup { .. } => "gupshup",
            Self::Dialog360 {} => "dialog360",
            Self::Dialog360Cloud { .. } => "dialog360_cloud",
            Self::Nexmo {} => "nexmo",
            Self::Elasticemail {} => "elasticemail",
            Self::Wechat {} => "wechat",
            Self::TelegramGateway {} => "telegram_gateway",
            Self::RcsForBusiness {} => "rcs_for_business",
            Self::GsmaTransit { .. } => "gsma_transit",
            Self::MobilePush {} => "mobile_push",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn at(vendor: HttpVendor) -> HttpLink {
        let link = HttpLink::transit_sms("https://vendor.example", "we", "guid");
        HttpLink { vendor, username: None, webhook_guid: None, ..link }
    }

    fn field_of(link: HttpLink) -> Option<&'static str> {
        link.checked().err().map(|error| error.field)
    }

    #[test]
    fn each_vendor_has_the_fields_of_its_form_and_the_name_that_sender_ids_have_for_it() {
        for (vendor, needs, takes) in [
            ("transit_sms", json!({}), json!({})),
            ("viber", json!({"service_id": "1234"}), json!({})),
            ("transit_viber", json!({}), json!({})),
            ("telin", json!({}), json!({})),
            ("telin_neuapix", json!({}), json!({})),
            ("gupshup", json!({}), json!({"template_url": "https://a.example", "media_url": null})),
            ("dialog360", json!({}), json!({})),
            ("dialog360_cloud", json!({"media_url": "https://a.example"}), json!({})),
            ("nexmo", json!({}), json!({})),
            ("elasticemail", json!({}), json!({})),
            ("wechat", json!({}), json!({})),
            ("telegram_gateway", json!({}), json!({})),
            ("rcs_for_business", json!({}), json!({})),
            ("gsma_transit", json!({"authorization_url": "https://a.example"}), json!({})),
            ("mobile_push", json!({}), json!({})),
        ] {
            let told = |fields: [&Value; 2]| -> Option<HttpVendor> {
                let mut vendor = json!({"type": vendor});
                for some in fields {
                    vendor.as_object_mut().unwrap().extend(some.as_object().unwrap().clone());
                }
                serde_json::from_value(vendor).ok()
            };
            assert_eq!(told([&needs, &takes]).map(|read| read.name()), Some(vendor));
            assert_eq!(told([&needs, &json!({})]).map(|read| read.name()), Some(vendor));
            assert_eq!(told([&needs, &json!({"other": "x"})]), None, "{vendor}");
            assert_eq!(told([&json!({}), &takes]).is_some(), needs == json!({}), "{vendor}");
        }
    }

    #[test]
    fn only_transit_sms_has_an_account_and_needs_an_address() {
        let sms = HttpLink::transit_sms("https://vendor.example", " we ", "guid");
        assert_eq!(sms.clone().checked().unwrap().username.as_deref(), Some("we"));
        assert_eq!(sms.sms_url(), Some("https://vendor.example"));
        assert_eq!(field_of(HttpLink { username: None, ..sms.clone() }), None);
        assert_eq!(field_of(HttpLink { url: None, ..sms.clone() }), Some("url"));
        assert_eq!(field_of(HttpLink { username: Some(" ".into()), ..sms.clone() }), Some("username"));
        for service_type in ["x".repeat(121), "\u{7}".to_owned()] {
            assert_eq!(field_of(HttpLink { service_type, ..sms.clone() }), Some("service_type"));
        }
        let wechat = at(HttpVendor::Wechat {});
        assert_eq!((wechat.sms_url(), field_of(HttpLink { url: None, ..wechat.clone() })), (None, None));
        let service_type = "otp".to_owned();
        assert_eq!(field_of(HttpLink { service_type, ..wechat.clone() }), Some("service_type"));
        assert_eq!(field_of(HttpLink { username: sms.username, ..wechat }), Some("username"));
        assert_eq!(field_of(at(HttpVendor::Viber { service_id: " ".into() })), Some("service_id"));
    }

    #[test]
    fn limits_are_as_over_smpp() {
        let limited = |rps, window| HttpLink {
            rps_limit: NonZeroU32::new(rps),
            window_limit: NonZeroU32::new(window),
            ..at(HttpVendor::Telin {})
        };
        assert_eq!(field_of(limited(10_000, 1_000)), None);
        assert_eq!(field_of(limited(10_001, 1)), Some("rps_limit"));
        assert_eq!(field_of(limited(1, 1_001)), Some("window_limit"));
    }
}
