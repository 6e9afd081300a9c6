//! Connections that tell in which network a number is.

use domain::connection::{Link, OnUnknownOutcome};
use domain::lookup::{AnswerFields, LookupLink, LookupLinkError};
use runtime::http::Problem;
use runtime::targets::Targets;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Parts, vendor_url};
use crate::error::ApiError;
use crate::fields;

/// An MNP or HLR look-up over HTTPS.
///
/// The vendor is asked with GET for each number that is not known from before, and answers with JSON. A
/// vendor that fails or is slow never stops a message: the numbering plan has to do then.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LookupSettings {
    /// 1 to 120 characters.
    #[schema(example = "MNP")]
    pub name: String,
    /// The vendor's address, in which `{number}` stands for the digits of the number, without a plus.
    #[schema(example = "https://hlr.example.com/v1/numbers/{number}")]
    url: String,
    /// The header that carries the secret; none if the vendor wants none.
    #[schema(example = "Authorization")]
    secret_header: Option<String>,
    /// What that header says, as a whole. Never shown.
    #[serde(skip_serializing_if = "fields::never_shown")]
    #[schema(write_only, example = "Bearer 5f0c8a")]
    secret: Option<String>,
    /// Where in the answer is what.
    answer: AnswerBody,
    /// 50 to 5,000 milliseconds; 1,000 unless told.
    #[serde(default = "timeout_ms")]
    #[schema(example = 1000)]
    timeout_ms: u32,
    /// For how long an answer is believed, at most 2,160 hours; 24 unless told, and 0 asks for each message.
    #[serde(default = "cache_hours")]
    #[schema(example = 24)]
    cache_hours: u32,
}

const fn timeout_ms() -> u32 {
    1_000
}

const fn cache_hours() -> u32 {
    24
}

/// JSON pointers (RFC 6901) to the fields of an answer. Either `mccmnc` or both `mcc` and `mnc` are needed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerBody {
    /// The MCCMNC in one field.
    #[schema(example = "/result/mccmnc")]
    mccmnc: Option<String>,
    /// The MCC alone.
    mcc: Option<String>,
    /// The MNC alone.
    mnc: Option<String>,
    /// Whether the number was ported; where it was not, no MCCMNC is needed.
    ported: Option<String>,
    /// An answer with something here, other than null, false, 0 or an empty text, counts as a failure.
    error: Option<String>,
}

impl LookupSettings {
    /// `before` is what the link has been so far: its secret stays if neither another one nor another
    /// address is told.
    pub(super) fn parts(self, targets: Targets, before: Option<&Link>) -> Result<Parts, ApiError> {
        let AnswerBody { mccmnc, mcc, mnc, ported, error } = self.answer;
        let link = LookupLink {
            url: vendor_url(targets, self.url)?,
            secret_header: self.secret_header,
            answer: AnswerFields { mccmnc, mcc, mnc, ported, error },
            timeout_ms: self.timeout_ms,
            cache_hours: self.cache_hours,
        };
        link.check()?;
        let has_secret =
            |before: &Link| matches!(before, Link::Lookup(before) if before.secret_header.is_some());
        let now = Link::Lookup(link.clone());
        let has_kept = before.is_some_and(|before| has_secret(before) && before.leads_where(&now));
        let fits = match &link.secret_header {
            Some(_) => has_kept || self.secret.is_some(),
            None => self.secret.is_none(),
        };
        if !fits {
            let detail = "a header and its secret go together, and again with another address";
            return Err(Problem::invalid("secret", detail).into());
        }
        let is_header = |secret: &String| http::HeaderValue::from_str(secret).is_ok();
        if !self.secret.as_ref().is_none_or(is_header) {
            return Err(Problem::invalid("secret", "a header cannot carry this text").into());
        }
        // There is a secret even if it says nothing, so that whoever reads it finds one.
        let password = if link.secret_header.is_none() { Some(String::new()) } else { self.secret };
        let name = fields::name(&self.name)?;
        let on_unknown_outcome = OnUnknownOutcome::default();
        Ok(Parts { name, password, on_unknown_outcome, link: now })
    }

    pub(super) fn of(name: String, link: LookupLink) -> Self {
        let AnswerFields { mccmnc, mcc, mnc, ported, error } = link.answer;
        Self {
            name,
            url: link.url,
            secret_header: link.secret_header,
            secret: None,
            answer: AnswerBody { mccmnc, mcc, mnc, ported, error },
            timeout_ms: link.timeout_ms,
            cache_hours: link.cache_hours,
        }
    }
}

impl From<LookupLinkError> for ApiError {
    fn from(error: LookupLinkError) -> Self {
        let field = match error {
            LookupLinkError::Url => "url",
            LookupLinkError::SecretHeader => "secret_header",
            LookupLinkError::NetworkField | LookupLinkError::Pointer => "answer",
            LookupLinkError::Timeout => "timeout_ms",
            LookupLinkError::CacheHours => "cache_hours",
        };
        Problem::invalid(field, error).into()
    }
}
