//! Links to vendors over SMPP, with everything in which vendors differ.

use std::num::NonZeroU32;

use domain::connection::{
    Binds, ErrorAction, ErrorRule, ExtraTlv, InterfaceVersion, Link, LinkError, LongForm, NumberType,
    Numbering, OnUnknownOutcome, SmppLink, StatusOutcome, StatusRule, Tls,
};
use domain::id::CompanyId;
use runtime::auth::Principal;
use runtime::http::Problem;
use runtime::targets::Targets;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Parts, not_empty};
use crate::App;
use crate::error::ApiError;
use crate::{fields, schema};

/// SMPP 3.4 says 15 and 8; many vendors hand out more, and the gateway writes this much.
const CREDENTIAL_LENGTH_MAX: usize = 64;
/// SMPP 3.4 section 5.2.3.
const SYSTEM_TYPE_LENGTH_MAX: usize = 12;
/// SMPP 3.4 section 5.2.11.
const SERVICE_TYPE_LENGTH_MAX: usize = 5;
/// The widest values that the two fields have room for.
const TON_MAX: u8 = 6;
const NPI_MAX: u8 = 18;
/// Each is read when the connection is changed.
const COMPANIES_MAX: usize = 100;

/// A link to a vendor over SMPP.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SmppSettings {
    /// 1 to 120 characters.
    #[schema(example = "Vendor in Berlin")]
    pub name: String,
    /// Name or address of the vendor's SMSC.
    #[schema(example = "smsc.example.com")]
    pub host: String,
    /// TCP port.
    #[schema(example = 2775)]
    pub port: u16,
    /// The account's name at the vendor.
    #[schema(example = "waybill")]
    pub system_id: String,
    /// The account's password; SMPP 3.4 allows 8 characters, many vendors more. Never shown.
    #[serde(skip_serializing_if = "fields::never_shown")]
    #[schema(value_type = String, write_only, example = "secret08")]
    pub password: Option<String>,
    /// Empty unless the vendor asks for one.
    #[serde(default)]
    #[schema(example = "")]
    pub system_type: String,
    /// The version of SMPP that the gateway binds with; `3.4` unless told. A vendor that answers to `5.0` with an
    /// older one is spoken to in that: before 3.4 without optional parameters, and long messages leave with a UDH.
    /// With `3.4` it gets the parameters that you ask for, whatever it answers.
    #[serde(default)]
    #[schema(value_type = schema::InterfaceVersion, example = "3.4")]
    pub interface_version: InterfaceVersion,
    /// Submits that may wait for their answers at once over all binds, at most 1,000; 10 unless told.
    #[serde(default = "window")]
    #[schema(value_type = u32, example = 10)]
    pub window: NonZeroU32,
    /// Submits per second over all binds, at most 10,000; 50 unless told. Where the vendor throttles, the
    /// gateway slows down below it by itself.
    #[serde(default = "rate")]
    #[schema(value_type = u32, example = 50)]
    pub rate: NonZeroU32,
    /// Seconds between enquire_link requests; 30 unless told.
    #[serde(default = "enquire_link_seconds")]
    #[schema(value_type = u32, example = 30)]
    pub enquire_link_seconds: NonZeroU32,
    /// What to do with a message whose fate nobody knows; `wait` unless told.
    #[serde(default)]
    #[schema(value_type = schema::OnUnknownOutcome, example = "wait")]
    pub on_unknown_outcome: OnUnknownOutcome,
    /// How many binds are kept up; one transceiver unless told.
    #[serde(default)]
    pub binds: BindsSettings,
    /// TLS to the vendor; plain TCP unless told, and `{}` for TLS as usual.
    pub tls: Option<TlsSettings>,
    /// The `service_type` of each submit, at most 5 characters; empty unless told.
    #[serde(default)]
    #[schema(example = "")]
    pub service_type: String,
    /// Type of number and numbering plan that the vendor wants; as usual unless told.
    #[serde(default)]
    pub numbering: NumberingSettings,
    /// Whether what the vendor delivers names sender and recipient the other way round.
    #[serde(default)]
    #[schema(example = false)]
    pub inverted_addresses: bool,
    /// How the parts of a long message say that they belong together; `udh8` unless told.
    #[serde(default)]
    #[schema(value_type = schema::LongForm, example = "udh8")]
    pub long_form: LongForm,
    /// Optional parameters to send with each submit, at most 16.
    #[serde(default)]
    pub tlvs: Vec<TlvSettings>,
    /// How long after the submit a message that says nothing of it may be delivered, in seconds, at most 63
    /// days; the vendor's own rule unless told. One that waits while no bind is up and has no other
    /// route ends so long after it was accepted, 72 hours unless told.
    #[schema(value_type = Option<u32>, example = 86400)]
    pub validity_seconds: Option<NonZeroU32>,
    /// The `priority_flag` of messages that say none, 0 to 3; 0 unless told.
    #[serde(default)]
    #[schema(example = 0)]
    pub priority: u8,
    /// What the vendor's words and codes in receipts mean for the charge, where it is not as usual.
    #[serde(default)]
    pub statuses: Vec<StatusSettings>,
    /// What to do about errors in answers to submits, where it is not as usual.
    #[serde(default)]
    pub errors: Vec<ErrorSettings>,
    /// Whose sender IDs may take it, with those of companies below these: the connection's company or some below
    /// it, at most 100. Those of any company, unless told. What sender IDs have stays.
    #[serde(default)]
    pub companies: Vec<String>,
}

const fn window() -> NonZeroU32 {
    SmppLink::WINDOW_DEFAULT
}

const fn rate() -> NonZeroU32 {
    SmppLink::RATE_DEFAULT
}

const fn enquire_link_seconds() -> NonZeroU32 {
    SmppLink::ENQUIRE_LINK_SECONDS_DEFAULT
}

/// How many binds of each kind are kept up: at most 16, at least one of them to send over.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BindsSettings {
    /// Send and receive.
    #[serde(default)]
    #[schema(example = 1)]
    transceivers: u8,
    /// Send only.
    #[serde(default)]
    #[schema(example = 0)]
    transmitters: u8,
    /// Receive only.
    #[serde(default)]
    #[schema(example = 0)]
    receivers: u8,
}

impl Default for BindsSettings {
    fn default() -> Self {
        Binds::default().into()
    }
}

impl From<Binds> for BindsSettings {
    fn from(binds: Binds) -> Self {
        let Binds { transceivers, transmitters, receivers } = binds;
        Self { transceivers, transmitters, receivers }
    }
}

/// TLS to a vendor; the usual authorities are trusted unless told.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsSettings {
    /// Certificates in PEM that are trusted in the place of the usual authorities.
    #[schema(example = "-----BEGIN CERTIFICATE-----\nMIIB...\n-----END CERTIFICATE-----\n")]
    ca_pem: Option<String>,
    /// The name in the vendor's certificate, if it is not the host's.
    #[schema(example = "smsc.example.net")]
    server_name: Option<String>,
}

/// What the vendor wants to see for each kind of address; what is usual where nothing is told.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberingSettings {
    /// Of senders that are names.
    alphanumeric: Option<NumberTypeSettings>,
    /// Of senders that are numbers.
    international: Option<NumberTypeSettings>,
    /// Of senders that are short codes.
    short_code: Option<NumberTypeSettings>,
    /// Of recipients.
    destination: Option<NumberTypeSettings>,
}

/// Type of number and numbering plan (SMPP 3.4 sections 5.2.5 and 5.2.6).
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberTypeSettings {
    /// Type of number, 0 to 6.
    #[schema(example = 5)]
    ton: u8,
    /// Numbering plan indicator, 0 to 18.
    #[schema(example = 0)]
    npi: u8,
}

/// An optional parameter.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TlvSettings {
    /// Its tag as a number, such as 5120 for 0x1400.
    #[schema(example = 5120)]
    tag: u16,
    /// Its 1 to 254 octets in hexadecimal.
    #[schema(example = "0a1b")]
    value: String,
}

/// What a report is taken for.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusSettings {
    /// The vendor's word in upper case.
    #[schema(example = "REJECTD")]
    status: String,
    /// The vendor's codes for which this holds; all unless told. A rule that names the code goes before one
    /// for all.
    #[serde(default)]
    #[schema(example = json!(["011", "012"]))]
    codes: Vec<String>,
    /// What it means.
    #[schema(value_type = schema::StatusOutcome, example = "unsent")]
    outcome: StatusOutcome,
}

/// What to do about a `command_status`.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorSettings {
    /// The status as a number, such as 88 for 0x58.
    #[schema(example = 88)]
    status: u32,
    /// What to do.
    #[schema(value_type = schema::ErrorAction, example = "slow_down")]
    action: ErrorAction,
}

impl SmppSettings {
    /// Whoever names companies sees them. `owner` is whose connection it is.
    pub(super) async fn check_companies(
        &self,
        app: &App,
        who: &Principal,
        owner: &CompanyId,
    ) -> Result<(), ApiError> {
        if COMPANIES_MAX < self.companies.len() {
            let detail = format!("at most {COMPANIES_MAX} are allowed");
            return Err(Problem::invalid("companies", detail).into());
        }
        for id in &self.companies {
            let named = app.seen_by(who).company(id).await.map_err(|error| error.field("companies"))?;
            if !named.path.contains(owner) {
                let detail = "they have to be the connection's company or below it";
                return Err(Problem::invalid("companies", detail).into());
            }
        }
        Ok(())
    }

    /// `before` is what the link has been so far: its queue stays.
    pub(super) fn parts(self, targets: Targets, before: Option<&Link>) -> Result<Parts, ApiError> {
        let queue_url = match before {
            Some(Link::Smpp(before)) => before.queue_url.clone(),
            _ => String::new(),
        };
        targets.host(&self.host).map_err(|error| Problem::invalid("host", error))?;
        let link = SmppLink {
            system_type: short("system_type", self.system_type, SYSTEM_TYPE_LENGTH_MAX)?,
            interface_version: self.interface_version,
            window: self.window,
            rate: self.rate,
            enquire_link_seconds: self.enquire_link_seconds,
            queue_url,
            binds: self.binds.into(),
            tls: self.tls.map(TlsSettings::parse).transpose()?,
            service_type: short("service_type", self.service_type, SERVICE_TYPE_LENGTH_MAX)?,
            numbering: self.numbering.parse()?,
            inverted_addresses: self.inverted_addresses,
            long_form: self.long_form,
            tlvs: self.tlvs.into_iter().map(|TlvSettings { tag, value }| ExtraTlv { tag, value }).collect(),
            validity_seconds: self.validity_seconds,
            priority: self.priority,
            statuses: self.statuses.into_iter().map(Into::into).collect(),
            errors: self.errors.into_iter().map(Into::into).collect(),
            companies: self
                .companies
                .iter()
                .map(|id| CompanyId::parse(id))
                .collect::<Result<_, _>>()
                .map_err(|error| Problem::invalid("companies", error))?,
            ..SmppLink::new(
                not_empty("host", self.host)?,
                self.port,
                short("system_id", not_empty("system_id", self.system_id)?, CREDENTIAL_LENGTH_MAX)?,
            )
        };
        link.check()?;
        let password =
            self.password.map(|text| short("password", text, CREDENTIAL_LENGTH_MAX)).transpose()?;
        let name = fields::name(&self.name)?;
        Ok(Parts { name, password, on_unknown_outcome: self.on_unknown_outcome, link: Link::Smpp(link) })
    }

    pub(super) fn of(name: String, on_unknown_outcome: OnUnknownOutcome, link: SmppLink) -> Self {
        Self {
            name,
            host: link.host,
            port: link.port,
            system_id: link.system_id,
            password: None,
            system_type: link.system_type,
            interface_version: link.interface_version,
            window: link.window,
            rate: link.rate,
            enquire_link_seconds: link.enquire_link_seconds,
            on_unknown_outcome,
            binds: link.binds.into(),
            tls: link.tls.map(|Tls { ca_pem, server_name }| TlsSettings { ca_pem, server_name }),
            service_type: link.service_type,
            numbering: link.numbering.into(),
            inverted_addresses: link.inverted_addresses,
            long_form: link.long_form,
            tlvs: link.tlvs.into_iter().map(|ExtraTlv { tag, value }| TlvSettings { tag, value }).collect(),
            validity_seconds: link.validity_seconds,
            priority: link.priority,
            statuses: link.statuses.into_iter().map(Into::into).collect(),
            errors: link.errors.into_iter().map(Into::into).collect(),
            companies: link.companies.into_iter().map(Into::into).collect(),
        }
    }
}

/// A text that SMPP has room for: it ends each with an octet of zero.
fn short(field: &str, text: String, length_max: usize) -> Result<String, ApiError> {
    if length_max < text.len() || !text.bytes().all(|octet| octet.is_ascii() && !octet.is_ascii_control()) {
        let detail = format!("at most {length_max} characters of ASCII are allowed");
        return Err(Problem::invalid(field, detail).into());
    }
    Ok(text)
}

impl TlsSettings {
    fn parse(self) -> Result<Tls, ApiError> {
        let is_pem = |pem: &String| {
            reqwest::Certificate::from_pem_bundle(pem.as_bytes()).is_ok_and(|found| !found.is_empty())
        };
        if !self.ca_pem.as_ref().is_none_or(is_pem) {
            return Err(Problem::invalid("tls", "ca_pem holds certificates in PEM").into());
        }
        let server_name = self.server_name.map(|name| not_empty("tls", name)).transpose()?;
        Ok(Tls { ca_pem: self.ca_pem, server_name })
    }
}

impl NumberingSettings {
    fn parse(self) -> Result<Numbering, ApiError> {
        let parse = |told: Option<NumberTypeSettings>| match told {
            Some(NumberTypeSettings { ton, npi }) if TON_MAX < ton || NPI_MAX < npi => {
                let detail = format!("a ton is 0 to {TON_MAX}, an npi 0 to {NPI_MAX}");
                Err(Problem::invalid("numbering", detail))
            }
            told => Ok(told.map(|NumberTypeSettings { ton, npi }| NumberType { ton, npi })),
        };
        Ok(Numbering {
            alphanumeric: parse(self.alphanumeric)?,
            international: parse(self.international)?,
            short_code: parse(self.short_code)?,
            destination: parse(self.destination)?,
        })
    }
}

impl From<Numbering> for NumberingSettings {
    fn from(numbering: Numbering) -> Self {
        let shown =
            |told: Option<NumberType>| told.map(|NumberType { ton, npi }| NumberTypeSettings { ton, npi });
        Self {
            alphanumeric: shown(numbering.alphanumeric),
            international: shown(numbering.international),
            short_code: shown(numbering.short_code),
            destination: shown(numbering.destination),
        }
    }
}

impl From<BindsSettings> for Binds {
    fn from(binds: BindsSettings) -> Self {
        let BindsSettings { transceivers, transmitters, receivers } = binds;
        Self { transceivers, transmitters, receivers }
    }
}

impl From<StatusSettings> for StatusRule {
    fn from(rule: StatusSettings) -> Self {
        Self { status: rule.status, codes: rule.codes, outcome: rule.outcome }
    }
}

impl From<StatusRule> for StatusSettings {
    fn from(rule: StatusRule) -> Self {
        Self { status: rule.status, codes: rule.codes, outcome: rule.outcome }
    }
}

impl From<ErrorSettings> for ErrorRule {
    fn from(rule: ErrorSettings) -> Self {
        Self { status: rule.status, action: rule.action }
    }
}

impl From<ErrorRule> for ErrorSettings {
    fn from(rule: ErrorRule) -> Self {
        Self { status: rule.status, action: rule.action }
    }
}

impl From<LinkError> for ApiError {
    fn from(error: LinkError) -> Self {
        let field = match error {
            LinkError::Window => "window",
            LinkError::Rate => "rate",
            LinkError::EnquireLink => "enquire_link_seconds",
            LinkError::Binds => "binds",
            LinkError::Priority => "priority",
            LinkError::Validity => "validity_seconds",
            LinkError::Tlvs => "tlvs",
            LinkError::Statuses => "statuses",
            LinkError::Errors => "errors",
        };
        Problem::invalid(field, error).into()
    }
}
