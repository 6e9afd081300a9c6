//! The files that go with the mail of an invoice: its PDF and, where the company's template says so, the
//! details of its charges. What is too large for mail servers is found in the portal.

use anyhow::Context;
use domain::company::Company;
use domain::id::InvoiceId;
use domain::invoice::{Invoice, InvoiceKind};
use domain::notification::{DetailsFile, Rendered};
use jiff::Timestamp;

use crate::App;
use crate::road::not_now;
use crate::smtp::Taken;

/// Of all files of a mail. As text they are a third longer, and servers that take less than 10 MB are rare.
pub(crate) const BYTES_MAX: usize = 5_000_000;

/// A file on its way.
pub(crate) struct File {
    pub name: String,
    pub content_type: &'static str,
    pub content: Vec<u8>,
}

/// The files of an invoice that a mail holds, and the names of those that it does not.
#[derive(Default)]
pub(crate) struct Files {
    pub enclosed: Vec<File>,
    too_large: Vec<String>,
    /// The invoice in the portal.
    link: String,
}

impl Files {
    /// Of an invoice as it was confirmed then: since it may have become another one, of which a mail of its
    /// own tells.
    pub async fn of(
        app: &App,
        id: &InvoiceId,
        confirmed_at: Timestamp,
        details: &[DetailsFile],
    ) -> Result<Self, Taken> {
        let invoice = app.store.any_invoice(id).await.map_err(not_now)?;
        let is_it = |invoice: &Invoice| invoice.is_confirmed() && invoice.confirmed_at == Some(confirmed_at);
        let Some(invoice) = invoice.filter(is_it) else {
            return Err(Taken::Never("the invoice is no longer confirmed".to_owned()));
        };
        let Some(document) = &invoice.document else {
            return Err(Taken::NotNow("the document is being made".to_owned()));
        };
        let mut files = Self { link: link(app, &invoice).await.map_err(not_now)?, ..Self::default() };
        let mut room = BYTES_MAX;
        for (ending, content_type) in endings(details) {
            let place = document.replace(".pdf", &format!(".{ending}"));
            let name = name(&invoice, ending);
            match app.documents.get_within(&place, room).await.map_err(not_now)? {
                Some(content) => {
                    room -= content.len();
                    files.enclosed.push(File { name, content_type, content });
                }
                None => files.too_large.push(name),
            }
        }
        Ok(files)
    }

    /// The words with a sentence about what is too large.
    pub fn told_in(&self, words: Rendered) -> Rendered {
        if self.too_large.is_empty() {
            return words;
        }
        let (names, link) = (self.too_large.join(", "), &self.link);
        let text =
            format!("{}\n\nToo large for a mail: {names}. You find it at {link}\n", words.text.trim_end());
        let more =
            format!("<p>Too large for a mail: {names}. You find it at <a href=\"{link}\">{link}</a></p>");
        let html = words.html.map(|html| match html.rfind("</body>") {
            Some(end) => format!("{}{more}{}", &html[..end], &html[end..]),
            None => html + &more,
        });
        Rendered { text, html, ..words }
    }
}

/// The document first: it is the one that has to arrive.
fn endings(details: &[DetailsFile]) -> Vec<(&'static str, &'static str)> {
    let details = details.iter().map(|file| match file {
        DetailsFile::Xlsx => ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        DetailsFile::Csv => ("csv", "text/csv; charset=utf-8"),
    });
    [("pdf", "application/pdf")].into_iter().chain(details).collect()
}

fn name(invoice: &Invoice, ending: &str) -> String {
    let noun = match invoice.kind() {
        InvoiceKind::Invoice => "invoice",
        InvoiceKind::CreditNote => "credit-note",
    };
    format!("{noun}-{}.{ending}", invoice.number.unwrap_or_default())
}

async fn link(app: &App, invoice: &Invoice) -> anyhow::Result<String> {
    let company: Company = app.store.any_company(&invoice.company).await?.context("no such company")?;
    let portal = app.store.portal_of(&company, invoice.own_legal_entity.as_ref()).await?;
    let entrance = portal.map(|portal| format!("https://{}", portal.details.host));
    Ok(format!("{}/invoices/{}", entrance.as_ref().unwrap_or(&app.public_base_url), invoice.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_told_in_the_text_and_within_the_html() {
        let words = |html: &str| Rendered {
            subject: "Invoice".to_owned(),
            text: "Yours.\n".to_owned(),
            html: Some(html.to_owned()),
        };
        assert_eq!(Files::default().told_in(words("a")), words("a"));
        let files = Files {
            too_large: vec!["invoice-7.csv".to_owned()],
            link: "https://portal.example/invoices/inv_1".to_owned(),
            ..Files::default()
        };
        let told = files.told_in(words("<body>a</body>"));
        assert!(told.text.ends_with(
            "Yours.\n\nToo large for a mail: invoice-7.csv. You find it at https://portal.example/invoices/inv_1\n"
        ));
        let html = told.html.unwrap_or_default();
        assert!(html.starts_with("<body>a<p>Too large") && html.ends_with("</p></body>"), "{html}");
        assert!(files.told_in(words("a")).html.unwrap_or_default().starts_with("a<p>Too large"));
    }
}
