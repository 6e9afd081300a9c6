//! What sender IDs have in their channel beside routes, as forms tell and answers show it. The domain's
//! `SenderSettings` has the same fields under the same names, without the secrets: one is read as the other.

use std::collections::BTreeMap;

use domain::company::Company;
use domain::sender::SenderSettings;
use domain::sender::picture::{BACKGROUND, LOGO, Picture};
use domain::upload::FileName;
use runtime::http::{Problem, unavailable};
use serde::ser::Error as _;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use crate::App;
use crate::error::ApiError;
use crate::fields;
use crate::routes::uploads;

const SECRET_LENGTH_MAX: usize = 500;
const KEY_FILE_LENGTH_MAX: usize = 16_384;

/// Taken and never shown.
#[derive(Clone, Deserialize)]
pub struct Secret(String);

/// Fails, so that a field that forgets `fields::never_shown` shows nothing.
impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("a secret is never shown"))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(domain::audit::MASK)
    }
}

/// What it has in its channel: whose vendor carries it, and what that needs. SMS needs none. Keys and passwords
/// are taken and not answered.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "channel", rename_all = "snake_case")]
pub enum SenderSettingsBody {
    Sms(SmsBody),
    Rcs(Box<RcsBody>),
    Viber(ViberBody),
    Whatsapp(WhatsappBody),
    Wechat(WechatBody),
    Email(EmailBody),
    Telegram(TelegramBody),
    Push(PushBody),
    Tts(TtsBody),
    Voice(VoiceBody),
    MobilePush(MobilePushBody),
    FlashCall(FlashCallBody),
}

/// SMS over an HTTP vendor under an account of its own, in the place of the connection's. Exactly one of the
/// routes is over HTTP then, and you see its connection. The account's receipts go to the connection's
/// `webhook_url`, as those of all accounts there: whoever knows that can report on the messages of each of them, so
/// it is told to the vendor, and to nobody who is billed by receipts.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SmsBody {
    /// The login that the vendor gave.
    #[schema(min_length = 1, max_length = 120, example = "hoho")]
    login: String,
    /// Its password.
    #[serde(skip_serializing_if = "fields::never_shown")]
    #[schema(value_type = Option<String>, write_only, min_length = 1, max_length = 500, example = "pw-Kq83z")]
    password: Option<Secret>,
    /// What goes with the account if the vendor asks for a service type.
    #[schema(max_length = 120, example = "otp")]
    service_type: Option<String>,
}

/// RCS.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RcsBody {
    /// Who carries it.
    vendor: RcsVendorBody,
    /// What recipients read about it.
    #[schema(max_length = 500, example = "Best goods for your cattle")]
    description: Option<String>,
    /// Numbers that recipients can call, each with a name.
    #[serde(default)]
    #[schema(max_items = 10)]
    phones: Vec<ContactBody>,
    /// Pages that recipients can open, https addresses, each with the text of its button.
    #[serde(default)]
    #[schema(max_items = 10)]
    websites: Vec<ContactBody>,
    /// Mailboxes that recipients can write to, each with the text of its button.
    #[serde(default)]
    #[schema(max_items = 10)]
    emails: Vec<ContactBody>,
    /// An uploaded PNG or JPEG picture of exactly 224 x 224 with at most 50 KB.
    logo: Option<String>,
    /// An uploaded PNG or JPEG picture of exactly 1440 x 448 with at most 200 KB.
    background: Option<String>,
    /// The color of icons: `#` and six hexadecimal digits; black unless told.
    #[serde(default = "black")]
    #[schema(pattern = "^#[0-9a-fA-F]{6}$", example = "#102030")]
    color: String,
    /// The privacy policy: an https address.
    #[schema(max_length = 2000, example = "https://hoho.example/privacy")]
    privacy_policy_url: Option<String>,
    /// The terms of service: an https address.
    #[schema(max_length = 2000, example = "https://hoho.example/terms")]
    terms_url: Option<String>,
}

fn black() -> String {
    "#000000".to_owned()
}

/// A way to reach the company behind a sender ID.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactBody {
    /// The number, address or mailbox.
    #[schema(min_length = 1, max_length = 2000, example = "https://www.hoho.example")]
    value: String,
    /// What it is called, or what stands on its button.
    #[schema(max_length = 120, example = "Our shop")]
    label: Option<String>,
}

/// Who carries RCS.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum RcsVendorBody {
    /// RCS for Business.
    RcsForBusiness {
        /// The agent's id in the vendor's console.
        #[schema(min_length = 1, max_length = 120, example = "hoho_agent")]
        agent_id: String,
        /// The text of the JSON file with the service account's key.
        #[serde(skip_serializing_if = "fields::never_shown")]
        #[schema(value_type = Option<String>, write_only, min_length = 2, max_length = 16384, example = "{}")]
        key_file: Option<Secret>,
    },
    /// GSMA transit.
    GsmaTransit {
        /// The client ID of the bot.
        #[schema(min_length = 1, max_length = 120, example = "hoho")]
        login: String,
        /// The client secret of the bot.
        #[serde(skip_serializing_if = "fields::never_shown")]
        #[schema(value_type = Option<String>, write_only, min_length = 1, max_length = 500, example = "pw-Kq83z")]
        password: Option<Secret>,
        /// How long a token holds, in seconds; 3,600 unless told.
        #[serde(default = "an_hour")]
        #[schema(minimum = 1, maximum = 86400, example = 3600)]
        token_seconds: u32,
    },
}

const fn an_hour() -> u32 {
    3_600
}

/// Viber.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ViberBody {
    /// Who carries it.
    vendor: ViberVendorBody,
    /// Whether a talk of up to 24 hours is paid as one; no unless told.
    #[serde(default)]
    sessions: bool,
}

/// Who carries Viber.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ViberVendorBody {
    /// Viber itself.
    Viber,
    /// A partner's transit platform.
    TransitViber {
        /// The login of the partner's client channel.
        #[schema(min_length = 1, max_length = 120, example = "hoho")]
        login: String,
        /// Its password.
        #[serde(skip_serializing_if = "fields::never_shown")]
        #[schema(value_type = Option<String>, write_only, min_length = 1, max_length = 500, example = "pw-Kq83z")]
        password: Option<Secret>,
        /// The service type of the partner's point of interconnection.
        #[schema(max_length = 120, example = "otp")]
        service_type: Option<String>,
    },
}

/// WhatsApp.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhatsappBody {
    /// Who carries it.
    vendor: WhatsappVendorBody,
    /// The id of the WhatsApp Business Account that it belongs to.
    #[schema(min_length = 1, max_length = 120, example = "103302382679112")]
    waba_id: String,
    /// Whether the vendor is told of another API key; no unless told.
    #[serde(default)]
    synchronized: bool,
}

/// Who carries WhatsApp.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum WhatsappVendorBody {
    /// 360dialog.
    Dialog360 {
        /// The API key of your account there.
        #[serde(skip_serializing_if = "fields::never_shown")]
        #[schema(value_type = Option<String>, write_only, min_length = 1, max_length = 500, example = "key-1")]
        api_key: Option<Secret>,
        /// Where media are put: an https address.
        #[schema(max_length = 2000, example = "https://waba.example/v1/media")]
        media_url: String,
    },
    /// Nexmo.
    Nexmo {
        /// The API key of your account there.
        #[serde(skip_serializing_if = "fields::never_shown")]
        #[schema(value_type = Option<String>, write_only, min_length = 1, max_length = 500, example = "key-1")]
        api_key: Option<Secret>,
        /// The API secret of your account there.
        #[serde(skip_serializing_if = "fields::never_shown")]
        #[schema(value_type = Option<String>, write_only, min_length = 1, max_length = 500, example = "secret-1")]
        api_secret: Option<Secret>,
    },
    /// Telin.
    Telin {
        /// The app's id there.
        #[schema(min_length = 1, max_length = 120, example = "app-1")]
        app_id: String,
        /// What requests name instead of the sender ID.
        #[schema(min_length = 1, max_length = 120, example = "1045")]
        phone_number_id: String,
        /// The access token of your account there.
        #[serde(skip_serializing_if = "fields::never_shown")]
        #[schema(value_type = Option<String>, write_only, min_length = 1, max_length = 500, example = "token-1")]
        access_token: Option<Secret>,
    },
    /// Telin NeuAPIX.
    TelinNeuapix {
        /// The app's id there.
        #[schema(min_length = 1, max_length = 120, example = "app-1")]
        app_id: String,
        /// What requests name instead of the sender ID.
        #[schema(min_length = 1, max_length = 120, example = "1045")]
        phone_number_id: String,
        /// The access token of your account there.
        #[serde(skip_serializing_if = "fields::never_shown")]
        #[schema(value_type = Option<String>, write_only, min_length = 1, max_length = 500, example = "token-1")]
        access_token: Option<Secret>,
    },
    /// Gupshup.
    Gupshup {
        /// The app's id there.
        #[schema(min_length = 1, max_length = 120, example = "app-1")]
        app_id: String,
        /// The API key of your account there.
        #[serde(skip_serializing_if = "fields::never_shown")]
        #[schema(value_type = Option<String>, write_only, min_length = 1, max_length = 500, example = "key-1")]
        api_key: Option<Secret>,
        /// The app's access token, by which media are read.
        #[serde(skip_serializing_if = "fields::never_shown")]
        #[schema(value_type = Option<String>, write_only, min_length = 1, max_length = 500, example = "token-1")]
        media_token: Option<Secret>,
    },
    /// 360dialog's cloud.
    Dialog360Cloud {
        /// The API key of your account there.
        #[serde(skip_serializing_if = "fields::never_shown")]
        #[schema(value_type = Option<String>, write_only, min_length = 1, max_length = 500, example = "key-1")]
        api_key: Option<Secret>,
    },
}

/// WeChat.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WechatBody {
    /// The app's id there.
    #[schema(min_length = 1, max_length = 120, example = "wx-1")]
    app_id: String,
    /// The app's secret.
    #[serde(skip_serializing_if = "fields::never_shown")]
    #[schema(value_type = Option<String>, write_only, min_length = 1, max_length = 500, example = "secret-1")]
    app_secret: Option<Secret>,
    /// What WeChat signs its calls with.
    #[serde(skip_serializing_if = "fields::never_shown")]
    #[schema(value_type = Option<String>, write_only, min_length = 1, max_length = 500, example = "token-1")]
    token: Option<Secret>,
}

/// Email, over Elastic Email.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailBody {
    /// What mail comes from.
    #[schema(example = "news@hoho.example")]
    sender_email: String,
    /// The API key of your account there.
    #[serde(skip_serializing_if = "fields::never_shown")]
    #[schema(value_type = Option<String>, write_only, min_length = 1, max_length = 500, example = "key-1")]
    api_key: Option<Secret>,
}

/// Telegram Gateway.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TelegramBody {
    /// Whether Telegram has verified it; no unless told.
    #[serde(default)]
    verified: bool,
    /// The API key of your account there.
    #[serde(skip_serializing_if = "fields::never_shown")]
    #[schema(value_type = Option<String>, write_only, min_length = 1, max_length = 500, example = "key-1")]
    api_key: Option<Secret>,
}

/// Push, over Firebase.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PushBody {
    /// The text of the JSON file with the service account's key.
    #[serde(skip_serializing_if = "fields::never_shown")]
    #[schema(value_type = Option<String>, write_only, min_length = 2, max_length = 16384, example = "{}")]
    key_file: Option<Secret>,
}

/// Text-to-speech, over the default softswitch.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TtsBody {
    /// What is told of calls: an https address.
    #[schema(max_length = 2000, example = "https://hoho.example/calls")]
    webhook_url: Option<String>,
}

/// Voice, over the default softswitch. Its address is the calling number.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoiceBody {}

/// Push messages to an app of yours.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MobilePushBody {
    /// The login that your service provider gave.
    #[schema(min_length = 1, max_length = 120, example = "hoho")]
    login: String,
    /// Its password.
    #[serde(skip_serializing_if = "fields::never_shown")]
    #[schema(value_type = Option<String>, write_only, min_length = 1, max_length = 500, example = "pw-Kq83z")]
    password: Option<Secret>,
}

/// Flash calls, over the default softswitch. The address is any number of the pool.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlashCallBody {
    /// The numbers that call.
    #[schema(min_items = 1, max_items = 100)]
    pool: Vec<NumberRangeBody>,
}

/// Numbers of one length.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberRangeBody {
    /// The first number, 3 to 15 digits.
    #[schema(pattern = "^[0-9]{3,15}$", example = "49300123400")]
    first: String,
    /// The last one.
    #[schema(pattern = "^[0-9]{3,15}$", example = "49300123499")]
    last: String,
}

impl SenderSettingsBody {
    /// What they say, with addresses and pictures looked at.
    pub async fn settings(
        &self,
        app: &App,
        company: &Company,
        before: Option<&SenderSettings>,
    ) -> Result<SenderSettings, ApiError> {
        let url = match self {
            Self::Tts(TtsBody { webhook_url: Some(url) }) => Some(("webhook_url", url)),
            Self::Whatsapp(WhatsappBody {
                vendor: WhatsappVendorBody::Dialog360 { media_url, .. }, ..
            }) => Some(("media_url", media_url)),
            _ => None,
        };
        if let Some((field, url)) = url {
            app.targets.webhook(url).map_err(|error| Problem::invalid(field, error))?;
        }
        if let Self::Rcs(body) = self {
            let (logo, background) = match before {
                Some(SenderSettings::Rcs(rcs)) => (rcs.logo.as_ref(), rcs.background.as_ref()),
                _ => (None, None),
            };
            check_picture(app, company, "logo", body.logo.as_deref(), logo, LOGO).await?;
            check_picture(app, company, "background", body.background.as_deref(), background, BACKGROUND)
                .await?;
        }
        translated(self)
    }

    /// The secrets that its vendor gave, by name; none of them that is not told.
    fn each_secret(&self) -> Vec<(&'static str, Option<&Secret>)> {
        let fields = match self {
            Self::Sms(body) => vec![("password", &body.password)],
            Self::Rcs(body) => match &body.vendor {
                RcsVendorBody::RcsForBusiness { key_file, .. } => vec![("key_file", key_file)],
                RcsVendorBody::GsmaTransit { password, .. } => vec![("password", password)],
            },
            Self::Viber(body) => match &body.vendor {
                ViberVendorBody::Viber => Vec::new(),
                ViberVendorBody::TransitViber { password, .. } => vec![("password", password)],
            },
            Self::Whatsapp(body) => body.vendor.each_secret(),
            Self::Wechat(body) => vec![("app_secret", &body.app_secret), ("token", &body.token)],
            Self::Email(body) => vec![("api_key", &body.api_key)],
            Self::Telegram(body) => vec![("api_key", &body.api_key)],
            Self::Push(body) => vec![("key_file", &body.key_file)],
            Self::MobilePush(body) => vec![("password", &body.password)],
            Self::Tts(_) | Self::Voice(_) | Self::FlashCall(_) => Vec::new(),
        };
        fields.into_iter().map(|(name, secret)| (name, secret.as_ref())).collect()
    }

    /// What is to be kept in the secret store; none if no secret is told.
    pub fn secrets(&self) -> Result<Option<SenderSecrets>, ApiError> {
        let fields = self.each_secret();
        let mut secrets = BTreeMap::new();
        for (name, secret) in &fields {
            if let Some(secret) = secret {
                secrets.insert(*name, checked(name, secret)?);
            }
        }
        match fields.iter().find(|(_, secret)| secret.is_none()) {
            _ if secrets.is_empty() => Ok(None),
            Some((name, _)) => Err(Problem::invalid(name, "what the vendor gave is told together").into()),
            None => Ok(Some(SenderSecrets(secrets))),
        }
    }
}

impl WhatsappVendorBody {
    fn each_secret(&self) -> Vec<(&'static str, &Option<Secret>)> {
        match self {
            Self::Dialog360 { api_key, .. } | Self::Dialog360Cloud { api_key } => vec![("api_key", api_key)],
            Self::Nexmo { api_key, api_secret } => vec![("api_key", api_key), ("api_secret", api_secret)],
            Self::Telin { access_token, .. } | Self::TelinNeuapix { access_token, .. } => {
                vec![("access_token", access_token)]
            }
            Self::Gupshup { api_key, media_token, .. } => {
                vec![("api_key", api_key), ("media_token", media_token)]
            }
        }
    }
}

/// What a sender ID's vendor gave, as it is kept in the secret store.
#[derive(Serialize)]
pub struct SenderSecrets(BTreeMap<&'static str, String>);

/// Whether a vendor gives secrets, and the first of them.
pub fn first_secret(settings: Option<&SenderSettings>) -> Result<Option<&'static str>, ApiError> {
    let Some(settings) = settings else { return Ok(None) };
    let form: SenderSettingsBody = translated(settings)?;
    Ok(form.each_secret().first().map(|(name, _)| *name))
}

fn checked(name: &'static str, secret: &Secret) -> Result<String, ApiError> {
    let (text, is_file) = (secret.0.trim(), name == "key_file");
    let length_max = if is_file { KEY_FILE_LENGTH_MAX } else { SECRET_LENGTH_MAX };
    if text.is_empty() || length_max < text.len() || (!is_file && text.chars().any(char::is_control)) {
        return Err(Problem::invalid(name, format!("it has 1 to {length_max} characters")).into());
    }
    // Its errors would quote it.
    if is_file && serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).is_err() {
        return Err(Problem::invalid(name, "it has to be the text of a JSON file").into());
    }
    Ok(text.to_owned())
}

async fn check_picture(
    app: &App,
    company: &Company,
    field: &'static str,
    file: Option<&str>,
    before: Option<&FileName>,
    picture: Picture,
) -> Result<(), ApiError> {
    let Some(text) = file.filter(|text| before.is_none_or(|before| before.as_str() != *text)) else {
        return Ok(());
    };
    let (file, content) = uploads::content(app, &company.id, field, text).await?;
    match picture.fits(file.kind(), &content) {
        true => Ok(()),
        false => Err(Problem::invalid(field, format!("it has to be {picture}")).into()),
    }
}

/// Between the form and the domain, which name their fields alike.
fn translated<T: serde::de::DeserializeOwned>(from: &impl Serialize) -> Result<T, ApiError> {
    let value = serde_json::to_value(from).map_err(unavailable)?;
    Ok(serde_json::from_value(value).map_err(unavailable)?)
}
