//! A link to a vendor over SMPP, and how that vendor wants things.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::USUAL_VALIDITY;
use crate::id::CompanyId;

/// Bounds of an SMPP link: more than any vendor grants, less than what would exhaust a gateway.
const WINDOW_MAX: u32 = 1_000;
const RATE_MAX: u32 = 10_000;
const ENQUIRE_LINK_SECONDS_MAX: u32 = 3_600;
const BINDS_MAX: u8 = 16;
const TLVS_MAX: usize = 16;
const RULES_MAX: usize = 200;
/// 63 days, what vendors grant at most.
const VALIDITY_SECONDS_MAX: u32 = 63 * 24 * 3_600;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmppLink {
    pub host: String,
    pub port: u16,
    pub system_id: String,
    pub system_type: String,
    /// What is spoken; of 5.0 the vendor's own, if that is older.
    #[serde(default)]
    pub interface_version: InterfaceVersion,
    /// Submits that may wait for their answers at once, over all binds.
    pub window: NonZeroU32,
    /// Submits per second, over all binds.
    pub rate: NonZeroU32,
    pub enquire_link_seconds: NonZeroU32,
    /// The queue that carries this connection's jobs.
    pub queue_url: String,
    #[serde(default)]
    pub binds: Binds,
    /// None: plain TCP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// `service_type` of each submit.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub service_type: String,
    #[serde(default)]
    pub numbering: Numbering,
    /// Whether what the vendor delivers names sender and recipient the other way round.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inverted_addresses: bool,
    #[serde(default)]
    pub long_form: LongForm,
    /// Sent with each submit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tlvs: Vec<ExtraTlv>,
    /// For messages that say none: not to be delivered so long after the submit, nor to wait for a bind so long after
    /// they were accepted. None: the vendor's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validity_seconds: Option<NonZeroU32>,
    /// 0 to 3, for messages that say none.
    #[serde(default)]
    pub priority: u8,
    /// What the vendor's words and codes in receipts mean for the charge, where it is not as usual.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<StatusRule>,
    /// What to do about errors in answers to submits, where it is not as usual.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorRule>,
    /// Whose sender IDs may take it, with those of companies below these; any that are governed by who sees it, if
    /// none is named (guide 10.1).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub companies: Vec<CompanyId>,
}

/// A version of SMPP that vendors are bound to with. 3.3 has no transceivers and no optional parameters, so that
/// a connection would need other settings for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum InterfaceVersion {
    #[default]
    #[serde(rename = "3.4")]
    V3_4,
    #[serde(rename = "5.0")]
    V5_0,
}

/// How many binds of each kind are kept up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Binds {
    pub transceivers: u8,
    pub transmitters: u8,
    pub receivers: u8,
}

impl Default for Binds {
    fn default() -> Self {
        Self { transceivers: 1, transmitters: 0, receivers: 0 }
    }
}

/// TLS to a vendor.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tls {
    /// Certificates in PEM that are trusted in the place of the usual authorities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_pem: Option<String>,
    /// The name in the vendor's certificate, if it is not the host's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
}

/// Type of number and numbering plan (SMPP 3.4 sections 5.2.5 and 5.2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberType {
    pub ton: u8,
    pub npi: u8,
}

/// What the vendor wants to see for each kind of address; None is what is usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Numbering {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alphanumeric: Option<NumberType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub international: Option<NumberType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_code: Option<NumberType>,
    /// Of the recipient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<NumberType>,
}

/// How the parts of a long message say that they belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LongForm {
    /// A user data header with a reference of 8 bits (3GPP TS 23.040, 9.2.3.24.1).
    #[default]
    Udh8,
    /// The same with a reference of 16 bits (3GPP TS 23.040, 9.2.3.24.8).
    Udh16,
    /// Parameters beside the text (SMPP 3.4 sections 5.3.2.22 to 24).
    Sar,
    /// All in one submit (SMPP 3.4 section 5.3.2.32); the vendor cuts it.
    Payload,
}

/// An optional parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtraTlv {
    pub tag: u16,
    /// Hexadecimal.
    pub value: String,
}

/// What a report is taken for: for its charge it matters whether the message left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusRule {
    /// The vendor's word, upper case, as `REJECTD`.
    pub status: String,
    /// The vendor's codes for which this holds; none for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<String>,
    pub outcome: StatusOutcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusOutcome {
    /// As if the vendor had never taken it: nothing is owed.
    Unsent,
    /// It was sent and did not arrive.
    Undelivered,
}

/// What to do about a `command_status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorRule {
    pub status: u32,
    pub action: ErrorAction,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorAction {
    /// Again over this connection, later.
    Retry,
    /// The same, and everything over this connection slower.
    SlowDown,
    /// Another vendor may take it.
    NextRoute,
    /// No vendor will.
    Stop,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    #[error("a window holds at most {WINDOW_MAX} submits")]
    Window,
    #[error("a rate is at most {RATE_MAX} submits per second")]
    Rate,
    #[error("a link is enquired at least every {ENQUIRE_LINK_SECONDS_MAX} seconds")]
    EnquireLink,
    #[error("a connection has at most {BINDS_MAX} binds, at least one of them to send over")]
    Binds,
    #[error("a priority is 0 to 3")]
    Priority,
    #[error("a validity is at most {VALIDITY_SECONDS_MAX} seconds")]
    Validity,
    #[error("at most {TLVS_MAX} parameters are allowed, each with a value of 1 to 254 octets in hexadecimal")]
    Tlvs,
    #[error("at most {RULES_MAX} rules are allowed, each with the vendor's word in upper case")]
    Statuses,
    #[error("at most {RULES_MAX} rules are allowed, one for a status, and none for success")]
    Errors,
}

const fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("not zero")
}

impl SmppLink {
    pub const WINDOW_DEFAULT: NonZeroU32 = number(10);
    pub const RATE_DEFAULT: NonZeroU32 = number(50);
    pub const ENQUIRE_LINK_SECONDS_DEFAULT: NonZeroU32 = number(30);

    /// One transceiver, and everything as usual.
    pub fn new(host: impl Into<String>, port: u16, system_id: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port,
            system_id: system_id.into(),
            system_type: String::new(),
            interface_version: InterfaceVersion::default(),
            window: Self::WINDOW_DEFAULT,
            rate: Self::RATE_DEFAULT,
            enquire_link_seconds: Self::ENQUIRE_LINK_SECONDS_DEFAULT,
            queue_url: String::new(),
            binds: Binds::default(),
            tls: None,
            service_type: String::new(),
            numbering: Numbering::default(),
            inverted_addresses: false,
            long_form: LongForm::default(),
            tlvs: Vec::new(),
            validity_seconds: None,
            priority: 0,
            statuses: Vec::new(),
            errors: Vec::new(),
            companies: Vec::new(),
        }
    }

    /// Whether sender IDs of the company at the end of this path may take it.
    pub fn serves(&self, path: &[CompanyId]) -> bool {
        self.companies.is_empty() || self.companies.iter().any(|company| path.contains(company))
    }

    /// How long the vendor tries to deliver a message that does not say so itself.
    pub fn validity(&self) -> SignedDuration {
        let own = |seconds: NonZeroU32| SignedDuration::from_secs(i64::from(seconds.get()));
        self.validity_seconds.map_or(USUAL_VALIDITY, own)
    }

    pub fn check(&self) -> Result<(), LinkError> {
        let rules = [
            (self.window.get() <= WINDOW_MAX, LinkError::Window),
            (self.rate.get() <= RATE_MAX, LinkError::Rate),
            (self.enquire_link_seconds.get() <= ENQUIRE_LINK_SECONDS_MAX, LinkError::EnquireLink),
            (self.binds.are_sound(), LinkError::Binds),
            (self.priority <= 3, LinkError::Priority),
            (
                self.validity_seconds.is_none_or(|seconds| seconds.get() <= VALIDITY_SECONDS_MAX),
                LinkError::Validity,
            ),
            (
                self.tlvs.len() <= TLVS_MAX && self.tlvs.iter().all(|tlv| tlv.octets().is_some()),
                LinkError::Tlvs,
            ),
            (
                self.statuses.len() <= RULES_MAX && self.statuses.iter().all(StatusRule::is_sound),
                LinkError::Statuses,
            ),
            (self.errors_are_sound(), LinkError::Errors),
        ];
        rules.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, error)| Err(error))
    }

    fn errors_are_sound(&self) -> bool {
        let statuses: BTreeSet<_> = self.errors.iter().map(|rule| rule.status).collect();
        statuses.len() == self.errors.len() && self.errors.len() <= RULES_MAX && !statuses.contains(&0)
    }

    /// What a report is taken for, if this vendor's words mean something else than usual. A rule that
    /// names the code goes before one that holds for all.
    pub fn outcome_of(&self, status: &str, code: Option<&str>) -> Option<StatusOutcome> {
        let named = || self.statuses.iter().filter(|rule| rule.status == status);
        let exact =
            named().find(|rule| code.is_some_and(|code| rule.codes.iter().any(|known| known == code)));
        let any = || named().find(|rule| rule.codes.is_empty());
        exact.or_else(any).map(|rule| rule.outcome)
    }

    /// What to do about a status, if it is not as usual.
    pub fn action_for(&self, status: u32) -> Option<ErrorAction> {
        self.errors.iter().find(|rule| rule.status == status).map(|rule| rule.action)
    }
}

impl Binds {
    pub fn count(self) -> usize {
        usize::from(self.transceivers) + usize::from(self.transmitters) + usize::from(self.receivers)
    }

    fn are_sound(self) -> bool {
        self.count() <= usize::from(BINDS_MAX) && 0 < self.transceivers.max(self.transmitters)
    }
}

impl ExtraTlv {
    /// None if the value is not 1 to 254 octets in hexadecimal.
    pub fn octets(&self) -> Option<Vec<u8>> {
        let text = &self.value;
        if text.is_empty() || 508 < text.len() || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let pair = |place| text.get(place..place + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        (0..text.len()).step_by(2).map(pair).collect()
    }
}

impl StatusRule {
    fn is_sound(&self) -> bool {
        !self.status.is_empty() && self.status == self.status.to_ascii_uppercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> SmppLink {
        SmppLink::new("smsc.example.com", 2775, "waybill")
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut SmppLink), expected: Result<(), LinkError>) {
        let mut changed = link();
        change(&mut changed);
        assert_eq!(changed.check(), expected);
    }

    #[test]
    fn a_link_keeps_within_what_a_gateway_can_serve() {
        let binds = |transceivers, transmitters, receivers| Binds { transceivers, transmitters, receivers };
        check(|_| {}, Ok(()));
        check(|link| link.binds = binds(0, 2, 1), Ok(()));
        check(|link| link.binds = binds(0, 0, 1), Err(LinkError::Binds));
        check(|link| link.binds = binds(1, 0, 16), Err(LinkError::Binds));
        check(|link| link.priority = 4, Err(LinkError::Priority));
        check(|link| link.validity_seconds = NonZeroU32::new(10_000_000), Err(LinkError::Validity));
        for value in ["", "0", "0g"] {
            let tlv = ExtraTlv { tag: 0x1400, value: value.into() };
            check(|link| link.tlvs = vec![tlv], Err(LinkError::Tlvs));
        }
        let stop = ErrorRule { status: 8, action: ErrorAction::Stop };
        check(|link| link.errors = vec![stop; 2], Err(LinkError::Errors));
        let lower = StatusRule { status: "Rejectd".into(), codes: vec![], outcome: StatusOutcome::Unsent };
        check(|link| link.statuses = vec![lower], Err(LinkError::Statuses));
    }

    #[test]
    fn a_link_serves_the_companies_that_it_names_and_those_below_them() {
        let [owner, reseller, client] = [1, 2, 3].map(CompanyId::new);
        let below = [owner.clone(), reseller.clone(), client];
        assert!(link().serves(&below));
        let named = SmppLink { companies: vec![reseller], ..link() };
        assert!(named.serves(&below) && named.serves(&below[..2]));
        assert!(!named.serves(std::slice::from_ref(&owner)) && !named.serves(&[owner, CompanyId::new(4)]));
    }

    #[test]
    fn a_rule_for_a_code_goes_before_one_for_all_codes() {
        let rule = |codes: &[&str], outcome| StatusRule {
            status: "REJECTD".into(),
            codes: codes.iter().map(|code| (*code).to_owned()).collect(),
            outcome,
        };
        let link = SmppLink {
            statuses: vec![
                rule(&[], StatusOutcome::Undelivered),
                rule(&["011", "012"], StatusOutcome::Unsent),
            ],
            ..link()
        };
        assert_eq!(link.outcome_of("REJECTD", Some("012")), Some(StatusOutcome::Unsent));
        assert_eq!(link.outcome_of("REJECTD", Some("1")), Some(StatusOutcome::Undelivered));
        assert_eq!(link.outcome_of("REJECTD", None), Some(StatusOutcome::Undelivered));
        assert_eq!(link.outcome_of("UNDELIV", Some("012")), None);
    }

    #[test]
    fn a_link_that_was_stored_before_it_had_options_reads_as_the_usual_one() {
        let stored = r#"{"host":"h","port":1,"system_id":"s","system_type":"","window":10,"rate":50,
            "enquire_link_seconds":30,"queue_url":""}"#;
        let read: SmppLink = serde_json::from_str(stored).unwrap();
        assert_eq!(read, SmppLink::new("h", 1, "s"));
    }
}
