//! MNP and HLR look-ups: a vendor tells over HTTP in which network a number is now. Vendors differ in
//! their address and in what the fields of their JSON are called, so that is all a connection says.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::dictionary::{Dictionaries, DictionaryName};
use crate::id::{CompanyId, ConnectionId};

/// What stands in an address for the number's digits.
pub const NUMBER: &str = "{number}";

/// How a vendor is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookupLink {
    /// Asked with GET; `{number}` in it stands for the digits of the number, without a plus.
    pub url: String,
    /// The header that carries the connection's secret, such as `Authorization`; none if the vendor
    /// wants none.
    pub secret_header: Option<String>,
    pub answer: AnswerFields,
    /// After so long the numbering plan has to do.
    pub timeout_ms: u32,
    /// An answer is believed for so long; 0 asks for each message anew.
    pub cache_hours: u32,
}

/// Where in a vendor's answer is what: JSON pointers (RFC 6901) such as `/data/mccmnc`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AnswerFields {
    /// The MCCMNC in one field.
    pub mccmnc: Option<String>,
    /// Or in two.
    pub mcc: Option<String>,
    pub mnc: Option<String>,
    /// Whether the number has left its range's network. If it has not, an answer needs no MCCMNC.
    pub ported: Option<String>,
    /// An answer with something here is a failure: anything but null, false, 0 and an empty text.
    pub error: Option<String>,
}

/// Which look-up a company's messages are priced by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompanyLookup {
    pub connection: ConnectionId,
    /// The company whose connection it is: the company itself or one above it.
    pub of: CompanyId,
}

/// What a vendor said of a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Looked {
    /// It is in the network with this MCCMNC.
    In(String),
    /// It is where its range is.
    AsPlanned,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    #[error("the answer is not JSON")]
    NotJson,
    #[error("the vendor reports a failure")]
    Failed,
    #[error("the answer names no network")]
    NoNetwork,
}

/// Bounds: a send waits no longer than the highest time, and a number is seldom ported twice in a quarter.
const TIMEOUT_MS: std::ops::RangeInclusive<u32> = 50..=5_000;
const CACHE_HOURS_MAX: u32 = 24 * 90;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookupLinkError {
    #[error("the address needs `{NUMBER}` where the number goes, once")]
    Url,
    #[error("a header's name has letters, digits and dashes")]
    SecretHeader,
    #[error("name the field of the MCCMNC, or those of MCC and MNC")]
    NetworkField,
    #[error("a field is named by a JSON pointer, such as `/data/mccmnc`")]
    Pointer,
    #[error("a time-out is {} to {} milliseconds", TIMEOUT_MS.start(), TIMEOUT_MS.end())]
    Timeout,
    #[error("an answer is kept for at most {CACHE_HOURS_MAX} hours")]
    CacheHours,
}

impl LookupLink {
    pub fn check(&self) -> Result<(), LookupLinkError> {
        if self.url.matches(NUMBER).count() != 1 {
            return Err(LookupLinkError::Url);
        }
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if !self.secret_header.as_deref().is_none_or(is_name) {
            return Err(LookupLinkError::SecretHeader);
        }
        let fields = &self.answer;
        if fields.mccmnc.is_none() && (fields.mcc.is_none() || fields.mnc.is_none()) {
            return Err(LookupLinkError::NetworkField);
        }
        let pointers = [&fields.mccmnc, &fields.mcc, &fields.mnc, &fields.ported, &fields.error];
        if !pointers.into_iter().flatten().all(|pointer| pointer.starts_with('/')) {
            return Err(LookupLinkError::Pointer);
        }
        if !TIMEOUT_MS.contains(&self.timeout_ms) {
            return Err(LookupLinkError::Timeout);
        }
        if self.cache_hours > CACHE_HOURS_MAX {
            return Err(LookupLinkError::CacheHours);
        }
        Ok(())
    }

    /// The address that tells about a number.
    pub fn address(&self, digits: &str) -> String {
        self.url.replace(NUMBER, digits)
    }

    /// What an answer with a status of success says.
    pub fn read(&self, body: &[u8], dictionaries: &Dictionaries) -> Result<Looked, AnswerError> {
        let body: Value = serde_json::from_slice(body).map_err(|_| AnswerError::NotJson)?;
        let fields = &self.answer;
        let at = |pointer: &Option<String>| body.pointer(pointer.as_deref()?);
        if at(&fields.error).is_some_and(says_something) {
            return Err(AnswerError::Failed);
        }
        let whole = || digits(at(&fields.mccmnc)?);
        let parts = || Some(format!("{:0>3}{:0>2}", digits(at(&fields.mcc)?)?, digits(at(&fields.mnc)?)?));
        let named = whole().or_else(parts).and_then(|mccmnc| dictionaries.normal_mccmnc(&mccmnc));
        match named {
            Some(mccmnc) => Ok(Looked::In(mccmnc)),
            None if at(&fields.ported).is_some_and(|ported| !says_something(ported)) => Ok(Looked::AsPlanned),
            None => Err(AnswerError::NoNetwork),
        }
    }
}

/// Vendors write yes and no in many ways.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) => true,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !matches!(
            text.trim().to_ascii_lowercase().as_str(),
            "" | "0" | "false" | "no" | "n" | "null" | "none"
        ),
        Value::Array(list) => !list.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

/// The digits of a text or a number, whatever stands between them; none if there is none.
fn digits(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}

impl Dictionaries {
    /// An MCCMNC of five or six digits as the operators have it: an MNC of two digits is often written
    /// with three, and the other way round.
    pub fn normal_mccmnc(&self, digits: &str) -> Option<String> {
        let (mcc, mnc) = digits.split_at_checked(3)?;
        if !matches!(mnc.len(), 2 | 3) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let other = match mnc.strip_prefix('0') {
            Some(short) if mnc.len() == 3 => format!("{mcc}{short}"),
            _ => format!("{mcc}0{mnc}"),
        };
        let operators = self.get(DictionaryName::Operators);
        let is_other = operators.entry(digits).is_none() && operators.entry(&other).is_some();
        Some(if is_other { other } else { digits.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(fields: AnswerFields) -> LookupLink {
        LookupLink {
            url: "https://hlr.example/v1/{number}?format=json".into(),
            secret_header: Some("X-Api-Key".into()),
            answer: fields,
            timeout_ms: 1_000,
            cache_hours: 24,
        }
    }

    fn at(pointer: &str) -> Option<String> {
        Some(pointer.to_owned())
    }

    #[track_caller]
    fn check(fields: AnswerFields, body: &str, expected: Result<Looked, AnswerError>) {
        assert_eq!(link(fields).read(body.as_bytes(), Dictionaries::shipped()), expected, "{body}");
    }

    fn within(mccmnc: &str) -> Result<Looked, AnswerError> {
        Ok(Looked::In(mccmnc.to_owned()))
    }

    #[test]
    fn the_network_is_read_from_wherever_the_vendor_puts_it() {
        let whole =
            AnswerFields { mccmnc: at("/result/0/mccmnc"), error: at("/status"), ..Default::default() };
        check(whole.clone(), r#"{"status": 0, "result": [{"mccmnc": "26202"}]}"#, within("26202"));
        check(whole.clone(), r#"{"status": "0", "result": [{"mccmnc": "262-02"}]}"#, within("26202"));
        check(whole.clone(), r#"{"status": null, "result": [{"mccmnc": 26202}]}"#, within("26202"));
        check(whole.clone(), r#"{"result": [{"mccmnc": "262002"}]}"#, within("26202"));
        check(whole, r#"{"result": [{"mccmnc": "26299"}]}"#, within("26299"));
        let parts = AnswerFields { mcc: at("/mcc"), mnc: at("/mnc"), ..Default::default() };
        check(parts.clone(), r#"{"mcc": "262", "mnc": "02"}"#, within("26202"));
        check(parts.clone(), r#"{"mcc": 262, "mnc": 2}"#, within("26202"));
        check(parts, r#"{"mcc": 310, "mnc": "260"}"#, within("310260"));
    }

    #[test]
    fn an_answer_without_a_network_is_a_failure_unless_the_number_was_not_ported() {
        let fields = AnswerFields {
            mccmnc: at("/mccmnc"),
            ported: at("/ported"),
            error: at("/error"),
            ..Default::default()
        };
        check(fields.clone(), r#"{"ported": false}"#, Ok(Looked::AsPlanned));
        check(fields.clone(), r#"{"ported": "N", "mccmnc": ""}"#, Ok(Looked::AsPlanned));
        check(fields.clone(), r#"{"ported": true}"#, Err(AnswerError::NoNetwork));
        check(fields.clone(), r#"{}"#, Err(AnswerError::NoNetwork));
        check(fields.clone(), r#"{"mccmnc": "2620"}"#, Err(AnswerError::NoNetwork));
        check(fields.clone(), r#"{"mccmnc": "26202", "error": "quota"}"#, Err(AnswerError::Failed));
        check(fields.clone(), r#"{"mccmnc": "26202", "error": {}}"#, within("26202"));
        check(fields, "<html>", Err(AnswerError::NotJson));
    }

    #[test]
    fn a_connection_that_could_not_be_asked_is_refused() {
        let good = link(AnswerFields { mccmnc: at("/mccmnc"), ..Default::default() });
        assert_eq!(good.check(), Ok(()));
        assert_eq!(good.address("4915112345678"), "https://hlr.example/v1/4915112345678?format=json");
        let wrong = |change: &dyn Fn(&mut LookupLink)| {
            let mut link = good.clone();
            change(&mut link);
            link.check().unwrap_err()
        };
        assert_eq!(wrong(&|link| link.url = "https://hlr.example".into()), LookupLinkError::Url);
        assert_eq!(wrong(&|link| link.secret_header = Some("a b".into())), LookupLinkError::SecretHeader);
        assert_eq!(wrong(&|link| link.answer.mccmnc = None), LookupLinkError::NetworkField);
        assert_eq!(wrong(&|link| link.answer.error = at("status")), LookupLinkError::Pointer);
        assert_eq!(wrong(&|link| link.timeout_ms = 60_000), LookupLinkError::Timeout);
        assert_eq!(wrong(&|link| link.cache_hours = 10_000), LookupLinkError::CacheHours);
    }
}
