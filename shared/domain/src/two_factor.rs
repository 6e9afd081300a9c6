//! Two-factor codes by SMS, which a company offers its own users: an integration says which sender ID and
//! which text, and who makes up the code; a request is one code on its way to one phone.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::catalog::{self, Thing};
use crate::destination::Msisdn;
use crate::handling::Code;
use crate::id::{AgreementId, CodeRequestId, CompanyId, MessageId, TwoFactorIntegrationId};
use crate::sender::SenderAddress;
use crate::two_factor_limits::{CodeLimit, CodeLimits, LIMIT};

/// The guide's form allows so many.
const NAME_LENGTH_MAX: usize = 110;
const TEXT_LENGTH_MAX: usize = 1_000;
/// Where the code goes.
const PLACE: &str = "{{code}}";
const DIGITS: std::ops::RangeInclusive<u8> = 4..=8;
/// The guide allows 600 seconds at most; under half a minute nobody has typed a code.
const VALID_SECONDS: std::ops::RangeInclusive<u16> = 30..=600;
/// A code that the client made up.
const CLIENT_CODE_LENGTH_MAX: usize = 20;
const URL_LENGTH_MAX: usize = 500;
/// After so many wrong ones a code is worth nothing: with four digits a guess is right once in 3,333 tries.
const WRONG_MAX: u8 = 3;
/// A code that the client checks by itself is forgotten by us with this.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// Who makes up the codes and compares them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "side")]
pub enum CodeSide {
    Platform {
        digits: u8,
        valid_seconds: u16,
    },
    /// The client's own software: we only send.
    Client,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntegrationStatus {
    #[default]
    Draft,
    Active,
    Blocked,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TwoFactorIntegration {
    pub id: TwoFactorIntegrationId,
    /// Who sends, and pays under the agreement.
    pub company: CompanyId,
    /// The company above that one; the owner has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<CompanyId>,
    pub name: String,
    pub agreement: AgreementId,
    pub sender: SenderAddress,
    /// With `{{code}}` in it.
    pub text: String,
    pub code: CodeSide,
    /// Its own, or as they are unless told.
    #[serde(default)]
    pub limits: CodeLimits,
    /// Told what becomes of each code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_url: Option<String>,
    pub status: IntegrationStatus,
    /// Hex SHA-256 of the secret that its calls are made with; none until one was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_hash: Option<String>,
    pub created_at: Timestamp,
    pub revision: u64,
}

impl Thing for TwoFactorIntegration {
    const NOUN: &'static str = "two_factor_integration";
    const NOUNS: &'static str = "two_factor_integrations";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn revision(&self) -> u64 {
        self.revision
    }

    fn lists(&self) -> Vec<String> {
        let above = self.tenant.as_ref().map(|tenant| catalog::list_with(tenant.as_str()));
        [self.company.to_string()].into_iter().chain(above).collect()
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("name", catalog::words(&self.name)),
            ("sender", catalog::words(self.sender.as_str())),
            ("status", catalog::choice(self.status)),
            ("created_at", catalog::time(self.created_at)),
        ]
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntegrationError {
    #[error("a name has 1 to {NAME_LENGTH_MAX} characters")]
    Name,
    #[error("the text has `{PLACE}` once, where the code goes, and at most {TEXT_LENGTH_MAX} characters")]
    Text,
    #[error("a code has {} to {} digits", DIGITS.start(), DIGITS.end())]
    Digits,
    #[error("a code is valid for {} to {} seconds", VALID_SECONDS.start(), VALID_SECONDS.end())]
    ValidSeconds,
    #[error("an address begins with https:// and has at most {URL_LENGTH_MAX} characters")]
    ResultUrl,
    #[error("a limit is {} to {}", LIMIT.start(), LIMIT.end())]
    Limit(CodeLimit),
}

/// Whether results can be told to this address.
pub fn check_result_url(url: &str) -> Result<(), IntegrationError> {
    let is_address = url.starts_with("https://")
        && url.len() <= URL_LENGTH_MAX
        && url.chars().all(|c| c.is_ascii_graphic());
    if is_address { Ok(()) } else { Err(IntegrationError::ResultUrl) }
}

impl TwoFactorIntegration {
    /// The same, if it keeps the rules.
    pub fn checked(mut self) -> Result<Self, IntegrationError> {
        self.name = self.name.trim().to_owned();
        let length = self.name.chars().count();
        if length == 0 || NAME_LENGTH_MAX < length || self.name.chars().any(char::is_control) {
            return Err(IntegrationError::Name);
        }
        if self.text.matches(PLACE).count() != 1 || TEXT_LENGTH_MAX < self.text.chars().count() {
            return Err(IntegrationError::Text);
        }
        if let CodeSide::Platform { digits, valid_seconds } = self.code {
            if !DIGITS.contains(&digits) {
                return Err(IntegrationError::Digits);
            }
            if !VALID_SECONDS.contains(&valid_seconds) {
                return Err(IntegrationError::ValidSeconds);
            }
        }
        self.result_url.as_deref().map_or(Ok(()), check_result_url)?;
        self.limits = self.limits.checked()?;
        Ok(self)
    }

    /// Whether it is the hash of the secret that its calls are made with.
    pub fn has_key(&self, hash: &str) -> bool {
        self.key_hash.as_deref().is_some_and(|key| is_same(key, hash))
    }

    /// What the phone gets.
    pub fn message(&self, code: &str) -> String {
        self.text.replace(PLACE, code)
    }

    /// The code to send: one that the platform makes up from `random`, or the one that the client gave.
    pub fn code(&self, given: Option<&str>, random: u64) -> Result<String, CodeError> {
        match (self.code, given) {
            (CodeSide::Platform { .. }, Some(_)) => Err(CodeError::MadeUpHere),
            (CodeSide::Platform { digits, .. }, None) => {
                let digits = usize::from(digits);
                Ok(format!("{:0digits$}", random % 10_u64.pow(digits as u32)))
            }
            (CodeSide::Client, None) => Err(CodeError::Missing),
            (CodeSide::Client, Some(code)) => {
                let is_code = (1..=CLIENT_CODE_LENGTH_MAX).contains(&code.len())
                    && code.chars().all(|c| c.is_ascii_graphic());
                if is_code { Ok(code.to_owned()) } else { Err(CodeError::Form) }
            }
        }
    }
}

/// One code on its way to one phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeRequest {
    pub id: CodeRequestId,
    pub integration: TwoFactorIntegrationId,
    /// Told what becomes of it, in the place of the integration's own address: of a test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_url: Option<String>,
    pub recipient: Msisdn,
    pub message: MessageId,
    /// None if the client compares codes by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_hash: Option<String>,
    pub requested_at: Timestamp,
    pub valid_till: Timestamp,
    /// Wrong codes so far.
    pub wrong: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<Timestamp>,
    /// Raised by every change, so that of two right answers at once one is the first.
    pub revision: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    #[error("the platform makes up the codes of this integration: send no `code`")]
    MadeUpHere,
    #[error("this integration sends the codes that you make up: send a `code`")]
    Missing,
    #[error("a code has 1 to {CLIENT_CODE_LENGTH_MAX} visible characters")]
    Form,
    #[error("the codes of this integration are compared by your own software")]
    ComparedByClient,
    #[error("this code was verified before")]
    Verified,
    #[error("this code is not valid any more")]
    Expired,
    #[error("there were too many wrong codes: ask for a new one")]
    TooManyWrong,
}

impl CodeRequest {
    pub fn new(
        code_of: Code,
        integration: &TwoFactorIntegration,
        recipient: Msisdn,
        message: MessageId,
        code: &str,
        now: Timestamp,
    ) -> Self {
        let (code_hash, valid) = match integration.code {
            CodeSide::Platform { valid_seconds, .. } => {
                (Some(code_hash(&code_of.request, code)), SignedDuration::from_secs(valid_seconds.into()))
            }
            CodeSide::Client => (None, KEPT),
        };
        let valid_till = now.saturating_add(valid).unwrap_or(Timestamp::MAX);
        Self {
            id: code_of.request,
            integration: code_of.integration,
            result_url: code_of.result_url,
            recipient,
            message,
            code_hash,
            requested_at: now,
            valid_till,
            wrong: 0,
            verified_at: None,
            revision: 0,
        }
    }

    /// The request after somebody has typed this code: verified, or with one more wrong code.
    pub fn answered(&self, code: &str, now: Timestamp) -> Result<Self, CodeError> {
        let Some(right) = &self.code_hash else { return Err(CodeError::ComparedByClient) };
        if self.verified_at.is_some() {
            return Err(CodeError::Verified);
        }
        if self.valid_till <= now {
            return Err(CodeError::Expired);
        }
        if WRONG_MAX <= self.wrong {
            return Err(CodeError::TooManyWrong);
        }
        let is_right = is_same(right, &code_hash(&self.id, code));
        Ok(Self {
            verified_at: is_right.then_some(now),
            wrong: self.wrong + u8::from(!is_right),
            revision: self.revision + 1,
            ..self.clone()
        })
    }
}

/// In a time that tells nothing of where two texts differ.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// What is kept of a code, so that nothing that shows or logs a request shows its code. It is no secret from who
/// reads the tables: few digits are soon tried, and the message's text has them.
fn code_hash(request: &CodeRequestId, code: &str) -> String {
    format!("{:032x}", crate::id::digest(&[request.as_str(), code]))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    pub(crate) fn integration(code: CodeSide) -> TwoFactorIntegration {
        TwoFactorIntegration {
            id: TwoFactorIntegrationId::new(1),
            company: CompanyId::new(1),
            tenant: None,
            name: "Login".into(),
            agreement: AgreementId::new(1),
            sender: SenderAddress::parse("BANK").unwrap(),
            text: "Your code is {{code}}.".into(),
            code,
            limits: CodeLimits::default(),
            result_url: None,
            status: IntegrationStatus::Active,
            key_hash: None,
            created_at: NOW,
            revision: 0,
        }
    }

    fn platform() -> TwoFactorIntegration {
        integration(CodeSide::Platform { digits: 6, valid_seconds: 600 })
    }

    fn request(code: &str) -> CodeRequest {
        let recipient = Msisdn::parse("+4915112345678").unwrap();
        let (integration, request) = (platform().id, CodeRequestId::new(1));
        CodeRequest::new(
            Code { integration, request, result_url: None },
            &platform(),
            recipient,
            MessageId::of_request(&CompanyId::new(1), "k"),
            code,
            NOW,
        )
    }

    #[test]
    fn the_text_has_one_place_for_the_code() {
        assert_eq!(platform().message("001234"), "Your code is 001234.");
        for text in ["Your code", "{{code}} {{code}}", ""] {
            let changed = TwoFactorIntegration { text: text.into(), ..platform() };
            assert_eq!(changed.checked(), Err(IntegrationError::Text), "{text:?}");
        }
    }

    #[test]
    fn digits_validity_and_address_have_bounds() {
        for (digits, valid_seconds, error) in [
            (3, 600, IntegrationError::Digits),
            (9, 600, IntegrationError::Digits),
            (4, 29, IntegrationError::ValidSeconds),
            (4, 601, IntegrationError::ValidSeconds),
        ] {
            assert_eq!(integration(CodeSide::Platform { digits, valid_seconds }).checked(), Err(error));
        }
        let changed = TwoFactorIntegration { result_url: Some("http://a.example".into()), ..platform() };
        assert_eq!(changed.checked(), Err(IntegrationError::ResultUrl));
    }

    #[test]
    fn a_code_of_the_platform_has_all_its_digits() {
        assert_eq!(platform().code(None, 42), Ok("000042".into()));
        assert_eq!(platform().code(None, 9_999_999), Ok("999999".into()));
        assert_eq!(platform().code(Some("1"), 42), Err(CodeError::MadeUpHere));
    }

    #[test]
    fn a_client_that_makes_up_codes_has_to_send_them() {
        let client = integration(CodeSide::Client);
        assert_eq!(client.code(Some("AB-12"), 0), Ok("AB-12".into()));
        assert_eq!(client.code(None, 0), Err(CodeError::Missing));
        assert_eq!(client.code(Some("a b"), 0), Err(CodeError::Form));
    }

    #[test]
    fn a_right_code_is_verified_once() {
        let request = request("123456");
        let verified = request.answered("123456", NOW).unwrap();
        assert_eq!(verified.verified_at, Some(NOW));
        assert_eq!(verified.answered("123456", NOW), Err(CodeError::Verified));
    }

    #[test]
    fn the_third_wrong_code_is_the_last() {
        let mut request = request("123456");
        for wrong in 1..=3 {
            request = request.answered("000000", NOW).unwrap();
            assert_eq!((request.wrong, request.verified_at), (wrong, None));
        }
        assert_eq!(request.answered("123456", NOW), Err(CodeError::TooManyWrong));
    }

    #[test]
    fn a_code_is_valid_for_its_time_only() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        assert!(request("1").answered("1", at(599)).is_ok());
        assert_eq!(request("1").answered("1", at(600)), Err(CodeError::Expired));
    }

    #[test]
    fn an_integration_knows_its_key_and_without_one_knows_none() {
        let with_key = TwoFactorIntegration { key_hash: Some("aa".into()), ..platform() };
        assert!(with_key.has_key("aa") && !with_key.has_key("ab") && !with_key.has_key("a"));
        assert!(!platform().has_key(""));
    }

    #[test]
    fn an_integration_from_before_there_were_limits_has_the_usual_ones() {
        let mut stored = serde_json::to_value(platform()).unwrap();
        stored.as_object_mut().unwrap().remove("limits");
        assert_eq!(serde_json::from_value::<TwoFactorIntegration>(stored).unwrap(), platform());
    }

    #[test]
    fn the_code_itself_is_not_kept() {
        assert!(!serde_json::to_string(&request("123456")).unwrap().contains("123456\""));
    }
}
