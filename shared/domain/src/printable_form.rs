//! Templates of documents: which one a document is made by depends on who sells, on what is billed, and on
//! the day.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::catalog;
use crate::id::{OwnLegalEntityId, PrintableFormId};
use crate::rating::Resource;
use crate::record::{Details, FieldError, Record, id_of, line, text, words_of};
use crate::upload::{FileKind, FileName};

const NAME_LENGTH_MAX: usize = 120;
const COMMENT_LENGTH_MAX: usize = 500;

pub type PrintableForm = Record<FormDetails>;

/// Which document a form makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FormKind {
    Invoice,
    /// The archive of what was charged, row by row.
    Charge,
    /// What the payer of message credits shows the tax office.
    Receipt,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormDetails {
    pub kind: FormKind,
    pub name: String,
    /// Of which seller; of all that have none of their own if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_legal_entity: Option<OwnLegalEntityId>,
    /// Of what is billed, for charges; of all that have none of their own if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    /// The first day of documents that are made by it.
    pub date_from: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    pub file: FileName,
}

impl Details for FormDetails {
    type Id = PrintableFormId;
    const NOUN: &'static str = "printable_form";
    const NOUNS: &'static str = "printable_forms";

    fn checked(self) -> Result<Self, FieldError> {
        if self.kind != FormKind::Charge && self.resource.is_some() {
            return Err(FieldError::new("resource", "only the archive of charges has a form for a resource"));
        }
        if self.file.kind() != FileKind::Xml {
            return Err(FieldError::new("file", "a form is an .xml file"));
        }
        Ok(Self {
            name: line("name", self.name, NAME_LENGTH_MAX)?,
            comment: text("comment", self.comment, COMMENT_LENGTH_MAX)?,
            ..self
        })
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("name", catalog::words(&self.name)),
            ("kind", catalog::choice(self.kind)),
            ("own_legal_entity", id_of(self.own_legal_entity.as_ref())),
            ("resource", self.resource.map(catalog::choice).unwrap_or_default()),
            ("date_from", self.date_from.to_string()),
            ("comment", words_of(self.comment.as_ref())),
        ]
    }
}

/// By which form a document of this day is made: one of this seller before one of all, one of this
/// resource before one of all, and of several the latest. None: by the product's own.
pub fn choose_form<'a>(
    forms: &'a [PrintableForm],
    kind: FormKind,
    seller: Option<&OwnLegalEntityId>,
    resource: Option<Resource>,
    day: Date,
) -> Option<&'a PrintableForm> {
    let fits = |form: &&PrintableForm| {
        let details = &form.details;
        details.kind == kind
            && details.own_legal_entity.as_ref().is_none_or(|own| Some(own) == seller)
            && details.resource.is_none_or(|own| Some(own) == resource)
            && details.date_from <= day
    };
    forms.iter().filter(fits).max_by_key(|form| {
        let details = &form.details;
        (details.own_legal_entity.is_some(), details.resource.is_some(), details.date_from, form.id.as_str())
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::record::tests::{HAND, refused, reseller};

    fn details(kind: FormKind) -> FormDetails {
        FormDetails {
            kind,
            name: "Template".into(),
            own_legal_entity: None,
            resource: None,
            date_from: date(2026, 1, 1),
            comment: None,
            file: FileName::new(1, FileKind::Xml),
        }
    }

    fn form(number: u128, details: FormDetails) -> PrintableForm {
        PrintableForm::plan(PrintableFormId::new(number), &reseller(), details, HAND).unwrap()
    }

    #[test]
    fn a_form_is_an_xml_file_and_only_those_of_charges_are_for_one_resource() {
        let (file, resource) = (FileName::new(1, FileKind::Pdf), Some(Resource::SmsMessage));
        for kind in [FormKind::Invoice, FormKind::Charge, FormKind::Receipt] {
            assert_eq!(refused(details(kind)), None);
            assert_eq!(refused(FormDetails { file: file.clone(), ..details(kind) }), Some("file"));
            let of_one = refused(FormDetails { resource, ..details(kind) });
            assert_eq!(of_one, (kind != FormKind::Charge).then_some("resource"));
        }
    }

    #[test]
    fn the_nearest_form_is_taken_and_of_several_the_latest() {
        let (seller, other) = (OwnLegalEntityId::new(1), OwnLegalEntityId::new(2));
        let charge = || details(FormKind::Charge);
        let own = || FormDetails { own_legal_entity: Some(seller.clone()), ..charge() };
        let sms = Some(Resource::SmsMessage);
        let forms = [
            form(1, charge()),
            form(2, FormDetails { resource: sms, ..charge() }),
            form(3, own()),
            form(4, FormDetails { date_from: date(2026, 6, 1), ..own() }),
            form(5, details(FormKind::Invoice)),
        ];
        let chosen = |seller, resource, month| {
            let form = choose_form(&forms, FormKind::Charge, Some(seller), resource, date(2026, month, 1));
            form.map(|form| form.id.clone())
        };
        let number = |number| Some(PrintableFormId::new(number));
        assert_eq!(chosen(&seller, sms, 5), number(3), "of the seller before of the resource");
        assert_eq!(chosen(&seller, sms, 6), number(4), "the later one, from its day on");
        assert_eq!(chosen(&other, sms, 6), number(2));
        assert_eq!(chosen(&other, None, 6), number(1));
        let before = choose_form(&forms, FormKind::Charge, Some(&seller), sms, date(2025, 12, 31));
        assert!(before.is_none());
    }
}
