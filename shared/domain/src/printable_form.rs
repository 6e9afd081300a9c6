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
/// Every document that is made by the form carries them.
pub const PICTURES_MAX: usize = 4;
pub const PICTURE_BYTES_MAX: usize = 500_000;
const PICTURE_NAME_LENGTH_MAX: usize = 30;

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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pictures: Vec<FormPicture>,
}

/// A logo or a stamp, uploaded beside the form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormPicture {
    /// As the form calls it.
    pub name: String,
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
        check_pictures(self.kind, &self.pictures)?;
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

/// Whether a form of this kind can have these, before their files are looked at.
pub fn check_pictures(kind: FormKind, pictures: &[FormPicture]) -> Result<(), FieldError> {
    let wrong = |reason: String| Err(FieldError::new("pictures", reason));
    if kind == FormKind::Charge && !pictures.is_empty() {
        return wrong("the archive of charges shows no pictures".to_owned());
    }
    if PICTURES_MAX < pictures.len() {
        return wrong(format!("a form has at most {PICTURES_MAX} pictures"));
    }
    for (place, FormPicture { name, file }) in pictures.iter().enumerate() {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if name.is_empty() || PICTURE_NAME_LENGTH_MAX < name.len() || !name.bytes().all(fits) {
            return wrong(format!(
                "a picture's name is 1 to {PICTURE_NAME_LENGTH_MAX} of a to z, 0 to 9 and _"
            ));
        }
        if !matches!(file.kind(), FileKind::Png | FileKind::Jpeg) {
            return wrong("a picture is a .png or .jpg file".to_owned());
        }
        if pictures[..place].iter().any(|other| other.name == *name) {
            return wrong(format!("two pictures are called {name}"));
        }
    }
    Ok(())
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
            pictures: Vec::new(),
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
    fn the_pictures_of_a_form_are_few_and_each_has_a_name_of_its_own() {
        let picture = |name: &str, kind| FormPicture { name: name.to_owned(), file: FileName::new(2, kind) };
        let with = |kind, pictures| refused(FormDetails { pictures, ..details(kind) });
        let png = |name| picture(name, FileKind::Png);
        let invoice = FormKind::Invoice;
        assert_eq!(with(invoice, vec![png("logo"), picture("stamp_2", FileKind::Jpeg)]), None);
        assert_eq!(with(FormKind::Charge, vec![png("logo")]), Some("pictures"));
        assert_eq!(with(invoice, vec![png("logo"), png("logo")]), Some("pictures"));
        assert_eq!(with(invoice, vec![picture("logo", FileKind::Svg)]), Some("pictures"));
        let long = "a".repeat(31);
        for name in ["", "Logo", "a b", &long] {
            assert_eq!(with(invoice, vec![png(name)]), Some("pictures"), "{name}");
        }
        let many = |count| ["a", "b", "c", "d", "e"][..count].iter().map(|name| png(name)).collect();
        assert_eq!((with(invoice, many(4)), with(invoice, many(5))), (None, Some("pictures")));
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
