//! From texts in requests to the domain's types, each refusal naming its field; and what lists and secrets
//! share.

use domain::money::{Amount, Currency};
use runtime::http::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;

const NAME_LENGTH_MAX: usize = 120;
const PAGE_DEFAULT: u16 = 50;
const PAGE_MAX: u16 = 500;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    /// What is on this page.
    pub items: Vec<T>,
    /// Ask with this as `cursor` for the next page; null on the last.
    pub next: Option<String>,
}

impl<T> List<T> {
    /// A list that is answered whole.
    pub fn all<F: Into<T>>(items: Vec<F>) -> Self {
        Self { items: items.into_iter().map(Into::into).collect(), next: None }
    }
}

/// For `skip_serializing_if` of secrets, which are taken and never shown. With `skip_serializing` the OpenAPI
/// document would have them nowhere, because it has one schema for what is taken and what is shown.
pub const fn never_shown<T>(_: &T) -> bool {
    true
}

pub fn amount(field: &str, text: &str) -> Result<Amount, ApiError> {
    Amount::parse(text).map_err(|error| Problem::invalid(field, error).into())
}

/// Amounts from one to another, both included.
#[derive(Debug, Clone, Copy, Default)]
pub struct Amounts {
    pub min: Option<Amount>,
    pub max: Option<Amount>,
}

impl Amounts {
    pub fn contains(&self, amount: Amount) -> bool {
        self.min.is_none_or(|min| min <= amount) && self.max.is_none_or(|max| amount <= max)
    }
}

/// From the fields `amount_min` and `amount_max`.
pub fn amounts(min: Option<&str>, max: Option<&str>) -> Result<Amounts, ApiError> {
    amounts_of("amount", min, max)
}

/// From two fields that are called so, with `_min` and `_max`.
pub fn amounts_of(name: &str, min: Option<&str>, max: Option<&str>) -> Result<Amounts, ApiError> {
    let min = min.map(|text| amount(&format!("{name}_min"), text)).transpose()?;
    let max = max.map(|text| amount(&format!("{name}_max"), text)).transpose()?;
    Ok(Amounts { min, max })
}

pub fn currency(text: &str) -> Result<Currency, ApiError> {
    Currency::parse(text).map_err(|error| Problem::invalid("currency", error).into())
}

/// A name that people read: trimmed, not empty, one line.
pub fn name(text: &str) -> Result<String, ApiError> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > NAME_LENGTH_MAX || name.chars().any(char::is_control) {
        let detail = format!("a name has 1 to {NAME_LENGTH_MAX} characters");
        return Err(Problem::invalid("name", detail).into());
    }
    Ok(name.to_owned())
}

pub fn limit(asked: Option<u16>) -> Result<u16, ApiError> {
    let limit = asked.unwrap_or(PAGE_DEFAULT);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(Problem::invalid("limit", format!("1 to {PAGE_MAX} are allowed")).into());
    }
    Ok(limit)
}
