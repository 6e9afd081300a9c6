//! Documents for people: invoices, credit notes and receipts as PDF files, made by forms that a tenant can
//! replace.
//!
//! A form is a template that turns a [`Document`] into pages written in a small language of ours; the crate's
//! README tells both. [`print`] makes the file, [`check`] says what is wrong with a form. What a document
//! says is worked out elsewhere; this crate only sets it.

mod budget;
mod columns;
pub mod details;
pub mod document;
pub mod facts;
mod flow;
mod fonts;
mod layout;
mod number;
mod page;
mod pdf;
mod picture;
mod read;
mod sample;
mod template;
#[cfg(test)]
mod tests;
mod text;
mod words;
mod xml;
mod zipped;

use budget::Budget;
use domain::printable_form::FormKind;
use krilla::error::KrillaError;

pub use document::Document;
pub use picture::{Picture, PictureError, Pictures};
pub use sample::samples;
pub use template::TemplateError;
pub use zipped::zipped;

/// The product's own forms, which a tenant's own can begin with.
const INVOICE: &str = include_str!("../templates/invoice.xml");
const RECEIPT: &str = include_str!("../templates/receipt.xml");
const CHARGE: &str = include_str!("../templates/charge.xml");

#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error("the margins, the header and the footer leave no room on the page")]
    NoRoom,
    #[error("the head of a table takes more than half of the page")]
    TallHead,
    #[error("the document has more pages than are printed")]
    TooLong,
    #[error(
        "the document has more letters, lines and cells than are printed, with those that each page repeats"
    )]
    TooDense,
    #[error("an embedded font cannot be read")]
    Font,
    #[error("the page format is not one that a PDF can have")]
    Format,
    #[error("the PDF cannot be written")]
    Write(#[source] KrillaError),
}

/// A tenant's own form.
#[derive(Debug, Clone, Default)]
pub struct Form {
    pub template: String,
    pub pictures: Pictures,
}

/// The PDF file of a document by a form, or by the product's own. The same always makes the same bytes.
pub fn print(document: &Document, form: Option<&Form>) -> Result<Vec<u8>, PrintError> {
    let page = match form {
        Some(form) => template::page(&form.template, &form.pictures, document)?,
        None => template::page(own_form(document.form()), &Pictures::new(), document)?,
    };
    let (id, author) = (document.id(), document.issuer().name.as_str());
    let facts = pdf::Facts { id, author, made_at: document.made_at() };
    pdf::write(&page, &facts, &Budget::default())
}

/// The product's own form.
pub fn own_form(kind: FormKind) -> &'static str {
    match kind {
        FormKind::Invoice => INVOICE,
        FormKind::Receipt => RECEIPT,
        FormKind::Charge => CHARGE,
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error("picture {name:?}: {source}")]
    Picture { name: String, source: PictureError },
}

/// Whether documents of every kind can be made by a form: it is tried on samples that have all there may
/// be, on such that have as little as there can be, and on the longest.
pub fn check(kind: FormKind, form: &Form) -> Result<(), FormError> {
    if kind == FormKind::Charge {
        details::Columns::parse(&form.template)?;
        return Ok(());
    }
    for (name, picture) in &form.pictures {
        picture.check().map_err(|source| FormError::Picture { name: name.clone(), source })?;
    }
    let long = (kind == FormKind::Invoice).then(|| Document::Invoice(Box::new(sample::long_invoice())));
    for sample in samples(kind).into_iter().chain(long) {
        print(&sample, Some(form)).map_err(|error| match error {
            PrintError::Template(error) => error,
            other => TemplateError { line: 1, reason: other.to_string() },
        })?;
    }
    Ok(())
}
