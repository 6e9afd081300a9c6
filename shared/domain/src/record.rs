//! What the settings of a company consist of besides itself: legal entities, banks, portals and the like.
//! Each is a form that people fill in, so all of them are kept alike: the filled form is [`Details`], and
//! a [`Record`] is that form with its id, its company and its history.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::catalog::{self, Thing};
use crate::company::Company;
use crate::dictionary::{Dictionaries, DictionaryName};
use crate::id::CompanyId;
use crate::user::parse_email;

/// Of a list of addresses in one form.
const EMAILS_MAX: usize = 20;

/// A field that breaks a rule, and the rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct FieldError {
    pub field: &'static str,
    pub detail: String,
}

impl FieldError {
    pub fn new(field: &'static str, detail: impl ToString) -> Self {
        Self { field, detail: detail.to_string() }
    }
}

/// All that people can change of a record.
pub trait Details: Clone + Serialize + DeserializeOwned {
    type Id: Clone + Serialize + DeserializeOwned + AsRef<str>;
    /// See [`Thing::NOUN`].
    const NOUN: &'static str;
    /// See [`Thing::NOUNS`].
    const NOUNS: &'static str;
    /// Whether the company above sees it among those of all companies directly below itself.
    const LISTED_ABOVE: bool = false;
    /// Whether its lists are sorted and filtered by who made and changed it.
    const LISTED_BY_HAND: bool = false;
    /// The field that has to differ from that of all others, and what is said when it does not.
    const TAKEN: (&'static str, &'static str) = ("name", "there is another one with this name");

    /// The same with its texts tidied, if it keeps the rules that it can be judged by alone.
    fn checked(self) -> Result<Self, FieldError>;

    /// See [`Thing::columns`].
    fn columns(&self) -> Vec<(&'static str, String)>;

    /// See [`Thing::unique`].
    fn unique(&self, _company: &CompanyId) -> Vec<String> {
        Vec::new()
    }

    /// In which lists it stands besides those of companies.
    fn further_lists(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Details with their id, their company and who wrote them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "D: Details", deserialize = "D: Details"))]
pub struct Record<D: Details> {
    pub id: D::Id,
    /// Whose it is.
    pub company: CompanyId,
    /// The company above that one; the owner has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<CompanyId>,
    #[serde(flatten)]
    pub details: D,
    pub created_at: Timestamp,
    /// As the person or key was called then.
    pub created_by: String,
    pub updated_at: Timestamp,
    pub updated_by: String,
    pub revision: u64,
}

/// Who writes, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hand<'a> {
    pub name: &'a str,
    pub now: Timestamp,
}

impl<D: Details> Record<D> {
    /// A new record of a company.
    pub fn plan(id: D::Id, company: &Company, details: D, by: Hand<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            id,
            company: company.id.clone(),
            tenant: company.tenant().cloned(),
            details: details.checked()?,
            created_at: by.now,
            created_by: by.name.to_owned(),
            updated_at: by.now,
            updated_by: by.name.to_owned(),
            revision: 0,
        })
    }

    /// The same record with other details.
    pub fn plan_change(&self, details: D, by: Hand<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            details: details.checked()?,
            updated_at: by.now,
            updated_by: by.name.to_owned(),
            revision: self.revision + 1,
            ..self.clone()
        })
    }
}

impl<D: Details> Thing for Record<D> {
    const NOUN: &'static str = D::NOUN;
    const NOUNS: &'static str = D::NOUNS;
    const ORDER: Option<&'static str> = Some("created_at");

    fn id(&self) -> &str {
        self.id.as_ref()
    }

    fn revision(&self) -> u64 {
        self.revision
    }

    fn lists(&self) -> Vec<String> {
        let tenant = self.tenant.as_ref().filter(|_| D::LISTED_ABOVE);
        let above = tenant.map(|tenant| catalog::list_with(tenant.as_str()));
        [self.company.to_string()].into_iter().chain(above).chain(self.details.further_lists()).collect()
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        let mut columns = self.details.columns();
        columns.push(("created_at", catalog::time(self.created_at)));
        columns.push(("updated_at", catalog::time(self.updated_at)));
        if D::LISTED_BY_HAND {
            columns.push(("created_by", catalog::words(&self.created_by)));
            columns.push(("updated_by", catalog::words(&self.updated_by)));
        }
        columns
    }

    fn unique(&self) -> Vec<String> {
        self.details.unique(&self.company)
    }
}

/// A text of one line that has to be there.
pub fn line(field: &'static str, text: String, length_max: usize) -> Result<String, FieldError> {
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 || length_max < length || text.chars().any(char::is_control) {
        return Err(FieldError::new(field, format!("it has 1 to {length_max} characters, in one line")));
    }
    Ok(text.to_owned())
}

/// A text that may be left out, and that may have several lines; an empty one is none.
pub fn text(
    field: &'static str,
    text: Option<String>,
    length_max: usize,
) -> Result<Option<String>, FieldError> {
    let Some(text) = text.as_deref().map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    let is_plain = |c: char| !c.is_control() || c == '\n' || c == '\r';
    if length_max < text.chars().count() || !text.chars().all(is_plain) {
        return Err(FieldError::new(field, format!("it has at most {length_max} characters")));
    }
    Ok(Some(text.to_owned()))
}

/// Addresses to which mail goes.
pub fn emails(field: &'static str, emails: Vec<String>) -> Result<Vec<String>, FieldError> {
    if EMAILS_MAX < emails.len() {
        return Err(FieldError::new(field, format!("at most {EMAILS_MAX} addresses are allowed")));
    }
    emails.iter().map(|text| parse_email(text).map_err(|error| FieldError::new(field, error))).collect()
}

/// A country of ISO 3166-1 by its two letters.
pub fn country(field: &'static str, text: &str) -> Result<String, FieldError> {
    let code = text.trim().to_ascii_uppercase();
    match Dictionaries::shipped().get(DictionaryName::Countries).entry(&code) {
        Some(_) => Ok(code),
        None => Err(FieldError::new(field, "a country has the two letters of ISO 3166-1, such as DE")),
    }
}

/// What lists are sorted by where a text may be missing.
pub fn words_of(text: Option<&String>) -> String {
    text.map(|text| catalog::words(text)).unwrap_or_default()
}

/// The same of an id.
pub fn id_of<T: AsRef<str>>(id: Option<&T>) -> String {
    id.map(|id| id.as_ref().to_owned()).unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::company::{CompanyKind, NewCompany, plan_company, plan_owner};

    /// A reseller of the owner.
    pub(crate) fn reseller() -> Company {
        let owner = plan_owner(CompanyId::new(0), "Owner", Timestamp::UNIX_EPOCH).unwrap();
        let (id, name) = (CompanyId::new(1), "Reseller".into());
        let ask = NewCompany { id, name, kind: CompanyKind::Reseller, direct_sending: false };
        plan_company(&owner, ask, Timestamp::UNIX_EPOCH).unwrap()
    }

    pub(crate) const HAND: Hand<'static> = Hand { name: "Ann", now: Timestamp::UNIX_EPOCH };

    /// The field that keeps details from being stored.
    pub(crate) fn refused<D: Details>(details: D) -> Option<&'static str> {
        details.checked().err().map(|error| error.field)
    }

    #[test]
    fn texts_are_trimmed_and_as_long_as_allowed() {
        assert_eq!(line("name", " A ".into(), 1).unwrap(), "A");
        for bad in ["", "  ", "AB", "\u{7}"] {
            assert!(line("name", bad.into(), 1).is_err(), "{bad:?}");
        }
        assert_eq!(text("note", Some("  ".into()), 1), Ok(None));
        assert_eq!(text("note", Some("a\nb".into()), 3), Ok(Some("a\nb".into())));
        assert!(text("note", Some("abcd".into()), 3).is_err());
    }

    #[test]
    fn a_country_is_one_of_the_worlds() {
        assert_eq!(country("country", "de").unwrap(), "DE");
        assert!(country("country", "XX").is_err() && country("country", "Germany").is_err());
    }

    #[test]
    fn mail_goes_to_addresses() {
        assert!(emails("emails", vec!["a@b.example".into()]).is_ok());
        assert!(emails("emails", vec!["nobody".into()]).is_err());
        assert!(emails("emails", vec!["a@b.example".into(); EMAILS_MAX + 1]).is_err());
    }
}
