//! The parameters of a webhook call, wherever the caller put them: in the query, in a form or in a
//! JSON object. Many vendors let their operators choose, so nothing here depends on the method.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// A call that came in, as it came.
#[derive(Clone, Copy, Debug)]
pub struct Callback<'a> {
    /// What stood after the question mark, still URL-encoded.
    pub query: &'a str,
    pub content_type: Option<&'a str>,
    /// Empty for GET.
    pub body: &'a [u8],
}

/// Why parameters cannot be taken from a call.
#[derive(Debug, thiserror::Error)]
pub enum CallbackError {
    #[error("the body is no JSON object")]
    Json(#[from] serde_json::Error),
    /// Whoever checks one of them and acts on the other can be fooled.
    #[error("parameter {name:?} comes twice with different values")]
    Contradiction { name: String },
    #[error("parameter {name:?} is neither text nor an integer")]
    NotText { name: String },
}

/// The parameters of one call, each with its name and its text.
#[derive(Clone, Debug, Default)]
pub struct Parameters<'a>(Vec<(Cow<'a, str>, Value)>);

impl<'a> Parameters<'a> {
    /// Takes the parameters of the query and of the body together. A body that begins with a brace
    /// is JSON whatever its type is called, because such calls come as `text/html` and worse.
    pub fn read(call: Callback<'a>) -> Result<Self, CallbackError> {
        let mut parameters = form(call.query.as_bytes());
        let body = call.body.trim_ascii();
        if is_json(call.content_type) && !body.is_empty() || body.starts_with(b"{") {
            let object: Map<String, Value> = serde_json::from_slice(body)?;
            parameters.extend(object.into_iter().map(|(name, value)| (Cow::Owned(name), value)));
        } else {
            parameters.extend(form(body));
        }
        Ok(Self(parameters))
    }

    /// The text of a parameter; none if it is missing, empty or null. Integers count as text.
    pub fn get(&self, name: &str) -> Result<Option<String>, CallbackError> {
        let mut found = None;
        for (_, value) in self.0.iter().filter(|(candidate, _)| candidate == name) {
            let text = match value {
                Value::Null => continue,
                Value::String(text) if text.trim().is_empty() => continue,
                Value::String(text) => text.trim().to_owned(),
                Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
                _ => return Err(CallbackError::NotText { name: name.to_owned() }),
            };
            if found.as_ref().is_some_and(|before| *before != text) {
                return Err(CallbackError::Contradiction { name: name.to_owned() });
            }
            found = Some(text);
        }
        Ok(found)
    }
}

fn is_json(content_type: Option<&str>) -> bool {
    let media_type = content_type.and_then(|text| text.split(';').next()).unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/json")
}

fn form(encoded: &[u8]) -> Vec<(Cow<'_, str>, Value)> {
    form_urlencoded::parse(encoded).map(|(name, value)| (name, Value::String(value.into_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(query: &str, content_type: &str, body: &str) -> Result<Option<String>, CallbackError> {
        let content_type = Some(content_type).filter(|text| !text.is_empty());
        Parameters::read(Callback { query, content_type, body: body.as_bytes() })?.get("id")
    }

    #[track_caller]
    fn check(query: &str, content_type: &str, body: &str, expected: Option<&str>) {
        let found = id(query, content_type, body).expect("parameters");
        assert_eq!(found.as_deref(), expected);
    }

    #[test]
    fn a_parameter_is_found_in_the_query_the_form_and_the_json_body() {
        check("id=a+b%2F1&x=2", "", "", Some("a b/1"));
        check("bot_id=9", "application/x-www-form-urlencoded", "id=a%2B1", Some("a+1"));
        check("", "application/json; charset=utf-8", r#"{"id":"a1"}"#, Some("a1"));
        check("", "text/html", r#" {"id":"a1"} "#, Some("a1"));
        check("", "", r#"{"id":18446744073709551615}"#, Some("18446744073709551615"));
        check("id=1", "application/json", r#"{"id":1}"#, Some("1"));
    }

    #[test]
    fn a_parameter_without_a_value_is_missing() {
        check("", "", "", None);
        check("id=&ID=1", "", "", None);
        check("id", "application/json", "", None);
        check("", "application/json", r#"{"id":null}"#, None);
    }

    #[test]
    fn a_call_that_contradicts_itself_or_cannot_be_read_is_refused() {
        let error =
            |query, content_type, body| id(query, content_type, body).expect_err("an error").to_string();
        assert_eq!(error("id=1&id=2", "", ""), r#"parameter "id" comes twice with different values"#);
        assert_eq!(error("id=1", "", r#"{"id":"2"}"#), r#"parameter "id" comes twice with different values"#);
        assert_eq!(error("", "", r#"{"id":{}}"#), r#"parameter "id" is neither text nor an integer"#);
        assert_eq!(error("", "", r#"{"id":1.5}"#), r#"parameter "id" is neither text nor an integer"#);
        assert_eq!(error("", "application/json", "id=1"), "the body is no JSON object");
        assert_eq!(error("", "application/json", "[]"), "the body is no JSON object");
    }
}
