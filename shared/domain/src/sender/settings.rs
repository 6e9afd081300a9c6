//! What a sender ID has beside its address and its name, channel by channel (guide, section 6.5). Passwords
//! and keys are not here: they live in the secret store under the sender ID's id.

use serde::{Deserialize, Serialize};

use super::SenderAddress;
use crate::channel::Channel;
use crate::record::{FieldError, line, text};
use crate::upload::FileName;
use crate::user::parse_email;

/// Where the guide names no length, as long as what other forms take.
const TEXT_LENGTH_MAX: usize = 120;
const DESCRIPTION_LENGTH_MAX: usize = 500;
const URL_LENGTH_MAX: usize = 2_000;
/// Of each kind of contact.
const CONTACTS_MAX: usize = 10;
const RANGES_MAX: usize = 100;
/// A day.
const TOKEN_SECONDS_MAX: u32 = 86_400;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "channel", rename_all = "snake_case")]
pub enum SenderSettings {
    /// Where it has an account of its own; most of SMS have routes and no settings.
    Sms(SmsSender),
    Rcs(RcsSender),
    Viber(ViberSender),
    Whatsapp(WhatsappSender),
    Wechat(WechatSender),
    Email(EmailSender),
    Telegram(TelegramSender),
    Push(PushSender),
    Tts(TtsSender),
    Voice(VoiceSender),
    MobilePush(MobilePushSender),
    FlashCall(FlashCallSender),
}

/// Section 6.5.1, with an HTTP vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsSender {
    pub login: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_type: Option<String>,
}

/// Section 6.5.2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RcsSender {
    pub vendor: RcsVendor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default)]
    pub phones: Vec<Contact>,
    #[serde(default)]
    pub websites: Vec<Contact>,
    #[serde(default)]
    pub emails: Vec<Contact>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<FileName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background: Option<FileName>,
    /// `#` and six hexadecimal digits.
    pub color: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy_policy_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms_url: Option<String>,
}

/// A number, page or mailbox that a recipient can choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub value: String,
    /// What it is called, or what stands on its button.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RcsVendor {
    RcsForBusiness { agent_id: String },
    GsmaTransit { login: String, token_seconds: u32 },
}

/// Section 6.5.3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViberSender {
    pub vendor: ViberVendor,
    /// A talk of up to a day is paid as one.
    #[serde(default)]
    pub sessions: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ViberVendor {
    Viber,
    TransitViber {
        login: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service_type: Option<String>,
    },
}

/// Section 6.5.4.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhatsappSender {
    pub vendor: WhatsappVendor,
    /// The WhatsApp Business Account that it belongs to.
    pub waba_id: String,
    /// The vendor is told of another API key.
    #[serde(default)]
    pub synchronized: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum WhatsappVendor {
    Dialog360 { media_url: String },
    Nexmo,
    Telin { app_id: String, phone_number_id: String },
    TelinNeuapix { app_id: String, phone_number_id: String },
    Gupshup { app_id: String },
    Dialog360Cloud,
}

/// Section 6.5.5.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WechatSender {
    pub app_id: String,
}

/// Section 6.5.6: over Elastic Email.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailSender {
    pub sender_email: String,
}

/// Section 6.5.7.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TelegramSender {
    #[serde(default)]
    pub verified: bool,
}

/// Section 6.5.8: over Firebase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushSender {}

/// Section 6.5.9: over the default softswitch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TtsSender {
    /// Told of what happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<String>,
}

/// Section 6.5.10: over the default softswitch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoiceSender {}

/// Section 6.5.11.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MobilePushSender {
    pub login: String,
}

/// Section 6.5.12: over the default softswitch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlashCallSender {
    /// The numbers that call.
    pub pool: Vec<NumberRange>,
}

/// Numbers of one length, both ends included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberRange {
    pub first: String,
    pub last: String,
}

impl NumberRange {
    fn is_sound(&self) -> bool {
        let is_number =
            |text: &str| (3..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number(&self.first) && self.first.len() == self.last.len() && self.holds(&self.last)
    }

    fn holds(&self, number: &str) -> bool {
        number.len() == self.first.len() && self.first.as_str() <= number && number <= self.last.as_str()
    }
}

impl SenderSettings {
    pub fn channel(&self) -> Channel {
        match self {
            Self::Sms(_) => Channel::Sms,
            Self::Rcs(_) => Channel::Rcs,
            Self::Viber(_) => Channel::Viber,
            Self::Whatsapp(_) => Channel::Whatsapp,
            Self::Wechat(_) => Channel::Wechat,
            Self::Email(_) => Channel::Email,
            Self::Telegram(_) => Channel::Telegram,
            Self::Push(_) => Channel::Push,
            Self::Tts(_) => Channel::Tts,
            Self::Voice(_) => Channel::Voice,
            Self::MobilePush(_) => Channel::MobilePush,
            Self::FlashCall(_) => Channel::FlashCall,
        }
    }

    /// Who carries what is sent from it, as lists show it and HTTP connections name their vendors.
    pub fn vendor(&self) -> &'static str {
        match self {
            Self::Sms(_) => "transit_sms",
            Self::Rcs(rcs) => match rcs.vendor {
                RcsVendor::RcsForBusiness { .. } => "rcs_for_business",
                RcsVendor::GsmaTransit { .. } => "gsma_transit",
            },
            Self::Viber(viber) => match viber.vendor {
                ViberVendor::Viber => "viber",
                ViberVendor::TransitViber { .. } => "transit_viber",
            },
            Self::Whatsapp(whatsapp) => match whatsapp.vendor {
                WhatsappVendor::Dialog360 { .. } => "dialog360",
                WhatsappVendor::Nexmo => "nexmo",
                WhatsappVendor::Telin { .. } => "telin",
                WhatsappVendor::TelinNeuapix { .. } => "telin_neuapix",
                WhatsappVendor::Gupshup { .. } => "gupshup",
                WhatsappVendor::Dialog360Cloud => "dialog360_cloud",
            },
            Self::Wechat(_) => "wechat",
            Self::Email(_) => "elasticemail",
            Self::Telegram(_) => "telegram_gateway",
            Self::Push(_) => "firebase",
            Self::Tts(_) | Self::Voice(_) | Self::FlashCall(_) => "default_softswitch",
            Self::MobilePush(_) => "mobile_push",
        }
    }

    /// Whether its vendor is reached over an HTTP connection.
    pub fn has_connection(&self) -> bool {
        !matches!(self, Self::Push(_) | Self::Tts(_) | Self::Voice(_) | Self::FlashCall(_))
    }

    /// Whether secrets that are right for these settings go to the same place under the other ones.
    pub fn leads_where(&self, other: &Self) -> bool {
        let media = |settings: &Self| match settings {
            Self::Whatsapp(WhatsappSender { vendor: WhatsappVendor::Dialog360 { media_url }, .. }) => {
                Some(media_url.clone())
            }
            _ => None,
        };
        (self.channel(), self.vendor(), media(self)) == (other.channel(), other.vendor(), media(other))
    }

    /// The settings with their texts trimmed, if each is what it should be. What addresses lead to is not
    /// looked at.
    pub fn checked(mut self, address: &SenderAddress) -> Result<Self, FieldError> {
        match &mut self {
            Self::Rcs(rcs) => rcs.check()?,
            Self::Sms(SmsSender { login, service_type })
            | Self::Viber(ViberSender {
                vendor: ViberVendor::TransitViber { login, service_type }, ..
            }) => {
                trim("login", login)?;
                *service_type = text("service_type", service_type.take(), TEXT_LENGTH_MAX)?;
            }
            Self::Whatsapp(whatsapp) => whatsapp.check()?,
            Self::Wechat(wechat) => trim("app_id", &mut wechat.app_id)?,
            Self::Email(email) => {
                let parsed = parse_email(&email.sender_email);
                email.sender_email = parsed.map_err(|error| FieldError::new("sender_email", error))?;
            }
            Self::Tts(tts) => {
                if let Some(url) = &tts.webhook_url {
                    web_address("webhook_url", url)?;
                }
            }
            Self::MobilePush(push) => trim("login", &mut push.login)?,
            Self::FlashCall(call) => call.check(address)?,
            Self::Viber(_) | Self::Telegram(_) | Self::Push(_) | Self::Voice(_) => {}
        }
        Ok(self)
    }
}

impl RcsSender {
    fn check(&mut self) -> Result<(), FieldError> {
        self.description = text("description", self.description.take(), DESCRIPTION_LENGTH_MAX)?;
        for (field, contacts) in
            [("phones", &mut self.phones), ("websites", &mut self.websites), ("emails", &mut self.emails)]
        {
            if CONTACTS_MAX < contacts.len() {
                return Err(FieldError::new(field, format!("at most {CONTACTS_MAX} are allowed")));
            }
            for contact in contacts {
                contact.check(field)?;
            }
        }
        let digits = self.color.strip_prefix('#').unwrap_or_default();
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(FieldError::new("color", "a color is # and six hexadecimal digits"));
        }
        for (field, url) in [("privacy_policy_url", &self.privacy_policy_url), ("terms_url", &self.terms_url)]
        {
            if let Some(url) = url {
                web_address(field, url)?;
            }
        }
        match &mut self.vendor {
            RcsVendor::RcsForBusiness { agent_id } => trim("agent_id", agent_id),
            RcsVendor::GsmaTransit { login, token_seconds } => {
                if !(1..=TOKEN_SECONDS_MAX).contains(token_seconds) {
                    let detail = format!("a token holds for 1 to {TOKEN_SECONDS_MAX} seconds");
                    return Err(FieldError::new("token_seconds", detail));
                }
                trim("login", login)
            }
        }
    }
}

impl Contact {
    fn check(&mut self, field: &'static str) -> Result<(), FieldError> {
        self.label = text(field, self.label.take(), TEXT_LENGTH_MAX)?;
        match field {
            "websites" => web_address(field, &self.value),
            "emails" => {
                self.value = parse_email(&self.value).map_err(|error| FieldError::new(field, error))?;
                Ok(())
            }
            _ => trim(field, &mut self.value),
        }
    }
}

impl WhatsappSender {
    fn check(&mut self) -> Result<(), FieldError> {
        trim("waba_id", &mut self.waba_id)?;
        match &mut self.vendor {
            WhatsappVendor::Dialog360 { media_url } => web_address("media_url", media_url),
            WhatsappVendor::Telin { app_id, phone_number_id }
            | WhatsappVendor::TelinNeuapix { app_id, phone_number_id } => {
                trim("app_id", app_id)?;
                trim("phone_number_id", phone_number_id)
            }
            WhatsappVendor::Gupshup { app_id } => trim("app_id", app_id),
            WhatsappVendor::Nexmo | WhatsappVendor::Dialog360Cloud => Ok(()),
        }
    }
}

impl FlashCallSender {
    /// The address is any number of the pool.
    fn check(&self, address: &SenderAddress) -> Result<(), FieldError> {
        if self.pool.is_empty() || RANGES_MAX < self.pool.len() {
            return Err(FieldError::new("pool", format!("1 to {RANGES_MAX} ranges are allowed")));
        }
        if !self.pool.iter().all(NumberRange::is_sound) {
            let detail = "a range goes from a number of 3 to 15 digits to a later one of the same length";
            return Err(FieldError::new("pool", detail));
        }
        match self.pool.iter().any(|range| range.holds(address.as_str())) {
            true => Ok(()),
            false => Err(FieldError::new("pool", "the address is not a number of the pool")),
        }
    }
}

fn trim(field: &'static str, told: &mut String) -> Result<(), FieldError> {
    *told = line(field, std::mem::take(told), TEXT_LENGTH_MAX)?;
    Ok(())
}

fn web_address(field: &'static str, url: &str) -> Result<(), FieldError> {
    let host = url.strip_prefix("https://").unwrap_or_default();
    let is_plain = url.len() <= URL_LENGTH_MAX && url.chars().all(|c| !c.is_control() && !c.is_whitespace());
    match is_plain && !host.is_empty() && !host.starts_with('/') {
        true => Ok(()),
        false => Err(FieldError::new(field, "it has to be an https address")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn refused(settings: Value, address: &str) -> Option<&'static str> {
        let settings: SenderSettings = serde_json::from_value(settings).unwrap();
        let address = SenderAddress::parse_for(settings.channel(), address).unwrap();
        settings.checked(&address).err().map(|error| error.field)
    }

    #[test]
    fn a_flash_call_comes_from_a_number_of_its_pool() {
        let pool = |pool: Value| json!({"channel": "flash_call", "pool": pool});
        let range = |first: &str, last: &str| json!({"first": first, "last": last});
        assert_eq!(refused(pool(json!([range("10000", "10009"), range("777", "777")])), "777"), None);
        for bad in [json!([]), json!([range("10009", "10000")]), json!([range("1", "2")])] {
            assert_eq!(refused(pool(bad), "10001"), Some("pool"));
        }
        assert_eq!(refused(pool(json!([range("10000", "10009")])), "10010"), Some("pool"));
    }

    #[test]
    fn what_a_vendor_gave_is_not_empty_and_addresses_are_https() {
        let rcs = |more: Value| {
            let mut rcs = json!({"channel": "rcs", "color": "#000000",
                "vendor": {"type": "rcs_for_business", "agent_id": "agent"}});
            rcs.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            rcs
        };
        assert_eq!(refused(rcs(json!({})), "Hornes and Hooves"), None);
        for (more, field) in [
            (json!({"color": "red"}), "color"),
            (json!({"websites": [{"value": "http://a.example"}]}), "websites"),
            (json!({"emails": [{"value": "a"}]}), "emails"),
            (json!({"terms_url": "https:///x"}), "terms_url"),
            (json!({"vendor": {"type": "rcs_for_business", "agent_id": " "}}), "agent_id"),
            (json!({"vendor": {"type": "gsma_transit", "login": "a", "token_seconds": 0}}), "token_seconds"),
        ] {
            assert_eq!(refused(rcs(more), "x"), Some(field));
        }
        let whatsapp = |media_url: &str| {
            json!({"channel": "whatsapp", "waba_id": "1",
                "vendor": {"type": "dialog360", "media_url": media_url}})
        };
        assert_eq!(refused(whatsapp("https://waba.example/media"), "x"), None);
        assert_eq!(refused(whatsapp("waba.example"), "x"), Some("media_url"));
        assert_eq!(refused(json!({"channel": "email", "sender_email": "x"}), "x"), Some("sender_email"));
    }

    #[test]
    fn a_secret_is_not_sent_elsewhere_by_who_need_not_know_it() {
        let of = |vendor: Value| -> SenderSettings {
            serde_json::from_value(json!({"channel": "whatsapp", "waba_id": "1", "vendor": vendor})).unwrap()
        };
        let media = |url: &str| of(json!({"type": "dialog360", "media_url": url}));
        assert!(media("https://a.example").leads_where(&media("https://a.example")));
        assert!(!media("https://a.example").leads_where(&media("https://b.example")));
        assert!(!of(json!({"type": "nexmo"})).leads_where(&of(json!({"type": "dialog360_cloud"}))));
    }
}
