//! A company's own words for an event: for one of its own legal entities, or for all that have none.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::text::{Form, TextError, check, check_complete, fill};
use super::{NotificationEvent, Values};
use crate::catalog::{self, Thing};
use crate::id::{CompanyId, NotificationTemplateId, OwnLegalEntityId};
use crate::record::Hand;

const NAME_LENGTH_MAX: usize = 120;
/// What fits one line of a mail program; RFC 5322 section 2.1.1 allows lines of 998.
const SUBJECT_LENGTH_MAX: usize = 250;
/// Octets of each part: a template is one item of the table.
const PART_LENGTH_MAX: usize = 100_000;

/// What a mail says, with variables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    pub subject: String,
    pub text: String,
    /// Without it the mail is plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
}

/// A file with what an invoice's charges consist of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DetailsFile {
    Xlsx,
    Csv,
}

/// What a mail says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
}

/// What a company says of an event in its own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationTemplate {
    pub id: NotificationTemplateId,
    pub company: CompanyId,
    pub name: String,
    pub event: NotificationEvent,
    /// Of which of the company's own legal entities; without one, of all that have no template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<OwnLegalEntityId>,
    pub words: Words,
    /// What goes with the mail beside the invoice itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<DetailsFile>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// As the person or key was called then.
    pub updated_by: String,
    pub revision: u64,
}

impl Thing for NotificationTemplate {
    const NOUN: &'static str = "notification_template";
    const NOUNS: &'static str = "notification_templates";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn revision(&self) -> u64 {
        self.revision
    }

    fn lists(&self) -> Vec<String> {
        vec![self.company.to_string()]
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("name", catalog::words(&self.name)),
            ("group", catalog::choice(self.event.group())),
            ("event", catalog::choice(self.event)),
            ("legal_entity", self.legal_entity.as_ref().map(ToString::to_string).unwrap_or_default()),
            ("updated_at", catalog::time(self.updated_at)),
            ("updated_by", catalog::words(&self.updated_by)),
        ]
    }

    /// A legal entity has one template for an event.
    fn unique(&self) -> Vec<String> {
        let entity = self.legal_entity.as_ref().map_or("all", OwnLegalEntityId::as_str);
        vec![format!("{}.{}.{entity}", self.company, catalog::choice(self.event))]
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    #[error("a name has 1 to {NAME_LENGTH_MAX} characters")]
    Name,
    #[error("a subject is one line of 1 to {SUBJECT_LENGTH_MAX} characters")]
    SubjectLength,
    #[error("the text has 1 to {PART_LENGTH_MAX} octets")]
    TextLength,
    #[error("the HTML has 1 to {PART_LENGTH_MAX} octets")]
    HtmlLength,
    #[error("each kind of file once, and only with the confirmation of an invoice")]
    Details,
    #[error(transparent)]
    Subject(TextError),
    #[error(transparent)]
    Text(TextError),
    #[error(transparent)]
    Html(TextError),
}

impl Words {
    /// The same, if each part says only what the event knows and all that it must say.
    pub fn checked(self, event: NotificationEvent) -> Result<Self, TemplateError> {
        let variables = event.variables();
        let fits = |text: &str| !text.trim().is_empty() && text.len() <= PART_LENGTH_MAX;
        let subject = &self.subject;
        let is_long = SUBJECT_LENGTH_MAX < subject.chars().count();
        if subject.trim().is_empty() || is_long || subject.chars().any(char::is_control) {
            return Err(TemplateError::SubjectLength);
        }
        if !fits(&self.text) {
            return Err(TemplateError::TextLength);
        }
        check(&self.subject, variables).map_err(TemplateError::Subject)?;
        check(&self.text, variables).map_err(TemplateError::Text)?;
        check_complete(&self.text, variables).map_err(TemplateError::Text)?;
        if let Some(html) = &self.html {
            if !fits(html) {
                return Err(TemplateError::HtmlLength);
            }
            check(html, variables).map_err(TemplateError::Html)?;
            check_complete(html, variables).map_err(TemplateError::Html)?;
        }
        Ok(self)
    }

    /// The words with these values. Without a value that the event cannot do without there is no mail.
    pub fn render(&self, event: NotificationEvent, values: &Values) -> Result<Rendered, TextError> {
        let is_missing = |name| values.get(name).is_none_or(String::is_empty);
        let mut required = event.variables().iter().filter(|variable| variable.required);
        if let Some(missing) = required.find(|variable| is_missing(variable.name)) {
            return Err(TextError::Missing(missing.name));
        }
        Ok(Rendered {
            subject: fill(&self.subject, values, Form::Line)?,
            text: fill(&self.text, values, Form::Plain)?,
            html: self.html.as_ref().map(|html| fill(html, values, Form::Html)).transpose()?,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTemplate {
    pub id: NotificationTemplateId,
    pub company: CompanyId,
    pub name: String,
    pub event: NotificationEvent,
    pub legal_entity: Option<OwnLegalEntityId>,
    pub words: Words,
    pub details: Vec<DetailsFile>,
}

/// New words; what is not named stays. Event and legal entity are what a template is for: another one is
/// another template.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TemplateChange {
    pub name: Option<String>,
    pub subject: Option<String>,
    pub text: Option<String>,
    /// `Some(None)` leaves plain text.
    pub html: Option<Option<String>>,
    pub details: Option<Vec<DetailsFile>>,
}

pub fn plan_template(ask: NewTemplate, by: Hand<'_>) -> Result<NotificationTemplate, TemplateError> {
    Ok(NotificationTemplate {
        id: ask.id,
        company: ask.company,
        name: valid_name(&ask.name)?,
        event: ask.event,
        legal_entity: ask.legal_entity,
        words: ask.words.checked(ask.event)?,
        details: valid_details(ask.event, ask.details)?,
        created_at: by.now,
        updated_at: by.now,
        updated_by: by.name.to_owned(),
        revision: 0,
    })
}

pub fn plan_template_change(
    template: &NotificationTemplate,
    ask: TemplateChange,
    by: Hand<'_>,
) -> Result<NotificationTemplate, TemplateError> {
    let before = template.clone();
    let words = Words {
        subject: ask.subject.unwrap_or(before.words.subject),
        text: ask.text.unwrap_or(before.words.text),
        html: ask.html.unwrap_or(before.words.html),
    };
    Ok(NotificationTemplate {
        name: ask.name.map_or(Ok(before.name), |name| valid_name(&name))?,
        words: words.checked(template.event)?,
        details: valid_details(template.event, ask.details.unwrap_or(before.details))?,
        updated_at: by.now,
        updated_by: by.name.to_owned(),
        revision: template.revision + 1,
        ..template.clone()
    })
}

/// The words for a legal entity among a company's templates: its own, else those of all others.
pub fn choose_template<'a>(
    templates: &'a [NotificationTemplate],
    event: NotificationEvent,
    legal_entity: Option<&OwnLegalEntityId>,
) -> Option<&'a NotificationTemplate> {
    let of = |entity: Option<&OwnLegalEntityId>| {
        templates.iter().find(|one| one.event == event && one.legal_entity.as_ref() == entity)
    };
    legal_entity.and_then(|entity| of(Some(entity))).or_else(|| of(None))
}

fn valid_details(
    event: NotificationEvent,
    details: Vec<DetailsFile>,
) -> Result<Vec<DetailsFile>, TemplateError> {
    let is_once = |(place, file): (usize, &DetailsFile)| !details[..place].contains(file);
    let fits = details.is_empty() || event == NotificationEvent::InvoiceConfirmation;
    match fits && details.iter().enumerate().all(is_once) {
        true => Ok(details),
        false => Err(TemplateError::Details),
    }
}

fn valid_name(name: &str) -> Result<String, TemplateError> {
    let name = name.trim();
    let length = name.chars().count();
    if length == 0 || length > NAME_LENGTH_MAX || name.chars().any(char::is_control) {
        return Err(TemplateError::Name);
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::HAND;

    fn words(subject: &str, text: &str, html: Option<&str>) -> Words {
        Words { subject: subject.to_owned(), text: text.to_owned(), html: html.map(str::to_owned) }
    }

    fn template(number: u128, event: NotificationEvent, entity: Option<u128>) -> NotificationTemplate {
        let ask = NewTemplate {
            id: NotificationTemplateId::new(number),
            company: CompanyId::new(1),
            name: " Ours ".to_owned(),
            event,
            legal_entity: entity.map(OwnLegalEntityId::new),
            words: event.default_words(),
            details: Vec::new(),
        };
        plan_template(ask, HAND).unwrap()
    }

    #[track_caller]
    fn check(event: NotificationEvent, words: Words, expected: &str) {
        let found = words.checked(event).err().map(|error| format!("{error:?}")).unwrap_or_default();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_template_says_what_its_event_knows_and_what_it_must_say() {
        use NotificationEvent::{PaymentConfirmation, UserInvitation};
        check(PaymentConfirmation, words("Paid", "{{balance}}", None), "");
        check(PaymentConfirmation, words("Paid {{blance}}", "x", None), r#"Subject(Unknown("blance"))"#);
        check(
            PaymentConfirmation,
            words("Paid", "{{invitation_link}}", None),
            r#"Text(Unknown("invitation_link"))"#,
        );
        check(UserInvitation, words("Come", "please", None), r#"Text(Missing("invitation_link"))"#);
        check(
            UserInvitation,
            words("Come", "{{invitation_link}}", Some("<p>please</p>")),
            r#"Html(Missing("invitation_link"))"#,
        );
        check(UserInvitation, words("Come", "{{invitation_link}}", None), "");
        check(PaymentConfirmation, words(" ", "x", None), "SubjectLength");
        check(PaymentConfirmation, words("a\nb", "x", None), "SubjectLength");
        check(PaymentConfirmation, words("a", "", None), "TextLength");
        check(PaymentConfirmation, words("a", "b", Some("")), "HtmlLength");
    }

    #[test]
    fn an_invitation_without_its_link_is_no_mail() {
        let event = NotificationEvent::UserInvitation;
        let mut values = event.samples();
        values.remove("name");
        assert!(event.default_words().render(event, &values).is_ok());
        values.insert("invitation_link".to_owned(), String::new());
        let refused = event.default_words().render(event, &values);
        assert_eq!(refused, Err(TextError::Missing("invitation_link")));
    }

    #[test]
    fn a_legal_entity_has_its_own_words_and_else_those_of_all() {
        use NotificationEvent::{PasswordReset, PaymentConfirmation};
        let all = [
            template(1, PaymentConfirmation, None),
            template(2, PaymentConfirmation, Some(7)),
            template(3, PasswordReset, Some(7)),
        ];
        let chosen = |event, entity: Option<u128>| {
            let entity = entity.map(OwnLegalEntityId::new);
            choose_template(&all, event, entity.as_ref()).map(|template| template.id.clone())
        };
        let id = |number| Some(NotificationTemplateId::new(number));
        assert_eq!(chosen(PaymentConfirmation, Some(7)), id(2));
        assert_eq!(chosen(PaymentConfirmation, Some(8)), id(1));
        assert_eq!(chosen(PaymentConfirmation, None), id(1));
        assert_eq!(chosen(PasswordReset, Some(7)), id(3));
        assert_eq!(chosen(PasswordReset, None), None);
        assert_ne!(all[0].unique(), all[1].unique());
    }

    #[test]
    fn a_change_keeps_what_it_does_not_name_and_is_judged_whole() {
        let before = template(1, NotificationEvent::UserInvitation, None);
        assert_eq!((before.name.as_str(), before.revision), ("Ours", 0));
        let ask = TemplateChange { html: Some(None), ..TemplateChange::default() };
        let after = plan_template_change(&before, ask, HAND).unwrap();
        assert_eq!((&after.words.html, &after.words.text, after.revision), (&None, &before.words.text, 1));
        let ask = TemplateChange { text: Some("no link".to_owned()), ..TemplateChange::default() };
        let refused = plan_template_change(&before, ask, HAND);
        assert_eq!(refused, Err(TemplateError::Text(TextError::Missing("invitation_link"))));
    }

    #[test]
    fn only_the_mail_of_an_invoice_has_its_details_and_each_file_once() {
        use DetailsFile::{Csv, Xlsx};
        let with = |event, details: &[DetailsFile]| {
            let ask = TemplateChange { details: Some(details.to_vec()), ..TemplateChange::default() };
            plan_template_change(&template(1, event, None), ask, HAND).map(|after| after.details)
        };
        let invoice = NotificationEvent::InvoiceConfirmation;
        assert_eq!(with(invoice, &[Csv, Xlsx]), Ok(vec![Csv, Xlsx]));
        assert_eq!(with(invoice, &[Csv, Csv]), Err(TemplateError::Details));
        assert_eq!(with(NotificationEvent::PaymentConfirmation, &[Csv]), Err(TemplateError::Details));
    }
}
