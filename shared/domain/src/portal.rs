//! Portals: under which host name the product is reached, and how it looks there. Every reseller may have
//! its own.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalog;
use crate::company::{Company, CompanyKind};
use crate::id::{CompanyId, PortalId};
use crate::record::{Details, FieldError, Record, line, text};
use crate::upload::{DOCUMENTS, FileKind, FileName, PICTURES};
use crate::user::parse_email;

const NAME_LENGTH_MAX: usize = 120;
const TITLE_LENGTH_MAX: usize = 120;
/// RFC 1035, 2.3.4.
const HOST_LENGTH_MAX: usize = 253;
const LABEL_LENGTH_MAX: usize = 63;
const LANGUAGES_MAX: usize = 30;
const LOGIN_TEXT_LENGTH_MAX: usize = 2_000;
const LINKS_MAX: usize = 20;
const LINK_TITLE_LENGTH_MAX: usize = 80;
const URL_LENGTH_MAX: usize = 2_000;

pub type Portal = Record<PortalDetails>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortalDetails {
    pub name: String,
    /// The host name; no two portals have one.
    pub host: String,
    pub certificate: Certificate,
    /// What was found when the host name was looked at.
    pub domain: DomainCheck,
    pub branding: Branding,
}

/// Who sees to the certificate of the host name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certificate {
    Automatic,
    Manual,
}

/// Whether a host name leads here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DomainCheck {
    pub state: DomainState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DomainState {
    #[default]
    Unchecked,
    /// It leads to this platform.
    Ready,
    /// It leads somewhere else.
    Elsewhere,
    /// It leads nowhere.
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PortalStatus {
    Draft,
    Active,
    Error,
}

/// How the portals look.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Branding {
    pub title: String,
    /// By their tags of RFC 5646, the first is the one that is shown unless told.
    pub languages: Vec<String>,
    #[serde(default)]
    pub files: PortalFiles,
    /// What stands above the fields of the login page, by language.
    #[serde(default)]
    pub login_texts: BTreeMap<String, String>,
    /// Whether the login page shows whose product it is.
    pub shows_product: bool,
    #[serde(default)]
    pub links: Vec<PortalLink>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support_email: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortalLink {
    pub title: String,
    pub url: String,
}

macro_rules! portal_files {
    ($($(#[$doc:meta])* $file:ident: $kinds:expr;)*) => {
        /// The files of a portal, all of them uploaded before.
        #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
        pub struct PortalFiles {
            $(
                $(#[$doc])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $file: Option<FileName>,
            )*
        }

        impl PortalFiles {
            /// Each by the name of its field, with the kinds that are allowed there.
            pub fn each(&self) -> Vec<(&'static str, Option<&FileName>, &'static [FileKind])> {
                vec![$((stringify!($file), self.$file.as_ref(), $kinds),)*]
            }
        }
    };
}

portal_files! {
    /// For light backgrounds, 1:1.
    logo_square_light: PICTURES;
    /// For light backgrounds, 4:1.
    logo_wide_light: PICTURES;
    /// For dark backgrounds, 1:1.
    logo_square_dark: PICTURES;
    /// For dark backgrounds, 4:1.
    logo_wide_dark: PICTURES;
    favicon: PICTURES;
    login_logo: PICTURES;
    login_background: PICTURES;
    /// The licence agreement, or terms of service.
    terms: DOCUMENTS;
    privacy: DOCUMENTS;
}

impl PortalDetails {
    /// In use once its host name leads here.
    pub fn status(&self) -> PortalStatus {
        match self.domain.state {
            DomainState::Unchecked => PortalStatus::Draft,
            DomainState::Ready => PortalStatus::Active,
            DomainState::Elsewhere | DomainState::Unknown => PortalStatus::Error,
        }
    }
}

/// Portals and own legal entities are of those who sell.
pub fn check_seller(company: &Company) -> Result<(), FieldError> {
    match company.kind {
        CompanyKind::Owner | CompanyKind::Reseller | CompanyKind::Seller => Ok(()),
        CompanyKind::Client => Err(FieldError::new("company", "a client does not sell")),
    }
}

/// What is found out about another host name is not known of this one.
pub fn domain_after(before: &PortalDetails, host: &str) -> DomainCheck {
    if before.host == host { before.domain.clone() } else { DomainCheck::default() }
}

/// A host name as it is compared: small letters, no dot at the end, no port.
pub fn parse_host(text: &str) -> Result<String, FieldError> {
    let host = text.trim().trim_end_matches('.').to_ascii_lowercase();
    let is_label = |label: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
        (1..=LABEL_LENGTH_MAX).contains(&label.len())
            && label.chars().all(allowed)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // An address of four numbers is no name.
    let is_name =
        host.split('.').next_back().is_some_and(|last| last.contains(|c: char| !c.is_ascii_digit()));
    if HOST_LENGTH_MAX < host.len() || !host.split('.').all(is_label) || !is_name {
        return Err(FieldError::new("host", "a host name looks like sms.example.com, without port or path"));
    }
    Ok(host)
}

impl Details for PortalDetails {
    type Id = PortalId;
    const NOUN: &'static str = "portal";
    const NOUNS: &'static str = "portals";
    const TAKEN: (&'static str, &'static str) = ("host", "another portal has this host name");
    const LISTED_ABOVE: bool = true;
    const LISTED_BY_HAND: bool = true;

    fn checked(self) -> Result<Self, FieldError> {
        Ok(Self {
            name: line("name", self.name, NAME_LENGTH_MAX)?,
            host: parse_host(&self.host)?,
            branding: self.branding.checked()?,
            ..self
        })
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("name", catalog::words(&self.name)),
            ("host", catalog::words(&self.host)),
            ("status", catalog::choice(self.status())),
        ]
    }

    fn unique(&self, _company: &CompanyId) -> Vec<String> {
        vec![self.host.clone()]
    }
}

impl Branding {
    fn checked(mut self) -> Result<Self, FieldError> {
        self.title = line("title", self.title, TITLE_LENGTH_MAX)?;
        if self.languages.is_empty()
            || LANGUAGES_MAX < self.languages.len()
            || !self.languages.iter().all(|tag| is_language(tag))
        {
            let detail = "one or more languages are needed, by tags such as en or pt-BR";
            return Err(FieldError::new("languages", detail));
        }
        for (field, file, kinds) in self.files.each() {
            if file.is_some_and(|file| !kinds.contains(&file.kind())) {
                return Err(FieldError::new(field, "a file of this kind cannot stand here"));
            }
        }
        for (language, words) in &mut self.login_texts {
            let checked = text("login_texts", Some(std::mem::take(words)), LOGIN_TEXT_LENGTH_MAX)?;
            *words = checked.unwrap_or_default();
            if !self.languages.contains(language) {
                return Err(FieldError::new("login_texts", format!("{language} is none of the languages")));
            }
        }
        if LINKS_MAX < self.links.len() {
            return Err(FieldError::new("links", format!("at most {LINKS_MAX} are allowed")));
        }
        self.links = self.links.into_iter().map(PortalLink::checked).collect::<Result<_, _>>()?;
        let email = self.support_email.map(|text| parse_email(&text)).transpose();
        self.support_email = email.map_err(|error| FieldError::new("support_email", error))?;
        Ok(self)
    }
}

impl PortalLink {
    fn checked(self) -> Result<Self, FieldError> {
        let title = line("links", self.title, LINK_TITLE_LENGTH_MAX)?;
        let url = line("links", self.url, URL_LENGTH_MAX)?;
        // No page of ours runs what somebody has written into a link.
        if !url.starts_with("https://") && !url.starts_with("mailto:") {
            return Err(FieldError::new("links", "a link begins with https:// or mailto:"));
        }
        Ok(Self { title, url })
    }
}

/// The form of a tag, not whether there is such a language.
fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let is_first = |part: &str| matches!(part.len(), 2 | 3) && part.bytes().all(|b| b.is_ascii_lowercase());
    let is_other =
        |part: &str| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    parts.next().is_some_and(is_first) && parts.clone().count() <= 2 && parts.all(is_other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::refused;

    fn portal() -> PortalDetails {
        let texts = [("en".to_owned(), "Welcome".to_owned())];
        PortalDetails {
            name: "Hornes".into(),
            host: "SMS.Hornes.example.".into(),
            certificate: Certificate::Automatic,
            domain: DomainCheck::default(),
            branding: Branding {
                title: "HoHo".into(),
                languages: vec!["en".into(), "pt-BR".into()],
                login_texts: texts.into(),
                links: vec![PortalLink { title: "Help".into(), url: "https://help.example".into() }],
                ..Branding::default()
            },
        }
    }

    fn branding(change: impl FnOnce(&mut Branding)) -> Option<&'static str> {
        let mut portal = portal();
        change(&mut portal.branding);
        refused(portal)
    }

    #[test]
    fn a_host_name_is_one_whatever_its_spelling() {
        assert_eq!(portal().checked().unwrap().host, "sms.hornes.example");
        for bad in
            ["", "a b.example", "x.example:443", "https://x.example", "-a.example", "127.0.0.1", "a..b"]
        {
            assert!(parse_host(bad).is_err(), "{bad}");
        }
        assert!(parse_host("localhost").is_ok());
    }

    #[test]
    fn a_portal_is_active_once_its_host_name_leads_here() {
        let status = |state| {
            let domain = DomainCheck { state, at: None };
            PortalDetails { domain, ..portal() }.status()
        };
        assert_eq!(status(DomainState::Unchecked), PortalStatus::Draft);
        assert_eq!(status(DomainState::Ready), PortalStatus::Active);
        assert_eq!(status(DomainState::Elsewhere), PortalStatus::Error);
        let ready = PortalDetails { domain: DomainCheck { state: DomainState::Ready, at: None }, ..portal() };
        assert_eq!(domain_after(&ready, &ready.host).state, DomainState::Ready);
        assert_eq!(domain_after(&ready, "other.example").state, DomainState::Unchecked);
    }

    #[test]
    fn wrong_branding_is_refused_by_its_field() {
        assert_eq!(branding(|_| ()), None);
        assert_eq!(branding(|b| b.title.clear()), Some("title"));
        assert_eq!(branding(|b| b.languages.clear()), Some("languages"));
        assert_eq!(branding(|b| b.languages = vec!["English".into()]), Some("languages"));
        let german = ("de".to_owned(), "Hallo".to_owned());
        assert_eq!(branding(|b| b.login_texts = [german].into()), Some("login_texts"));
        assert_eq!(branding(|b| b.links[0].url = "javascript:alert(1)".into()), Some("links"));
        assert_eq!(branding(|b| b.support_email = Some("nobody".into())), Some("support_email"));
    }

    #[test]
    fn pictures_are_pictures_and_documents_are_pdf_files() {
        let png = || Some(FileName::new(1, FileKind::Png));
        assert_eq!(branding(|b| b.files.favicon = png()), None);
        assert_eq!(branding(|b| b.files.terms = png()), Some("terms"));
        assert_eq!(
            branding(|b| b.files.login_logo = Some(FileName::new(1, FileKind::Pdf))),
            Some("login_logo")
        );
    }
}
