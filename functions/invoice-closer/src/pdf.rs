//! An invoice as a PDF to send to the one who pays: [`render`].
//!
//! The file is PDF/A-2u, so it can be archived as it is. The same invoice always makes the same bytes:
//! no clock, no random, and the creation date is the invoice's own.

mod number;
mod sheet;
mod table;
mod text;
mod wording;

use domain::company::Company;
use domain::invoice::Invoice;
use jiff::tz::TimeZone;
use krilla::configure::{Archival, ConfigurationBuilder};
use krilla::error::KrillaError;
use krilla::metadata::{DateTime, Metadata};
use krilla::page::PageSettings;
use krilla::{Document, SerializeSettings};

use sheet::{CONTENT_WIDTH, PAGE_HEIGHT, PAGE_WIDTH, Sheet};
use table::Table;
use text::Fonts;
use wording::Wording;

/// What the document names besides the invoice itself.
#[derive(Debug, Clone, Copy)]
pub struct Parties<'a> {
    pub issuer: &'a Company,
    pub payer: &'a Company,
    /// The agreement's code as its parties know it.
    pub agreement_code: &'a str,
}

/// None of these depends on the invoice; trying again does not help.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    #[error("an embedded font cannot be read")]
    Font,
    #[error("the page format is not one that a PDF can have")]
    Format,
    #[error("the PDF cannot be written")]
    Write(#[source] KrillaError),
}

/// The bytes of an A4 document in English: a draft marked as one on each page, a negative total as a
/// credit note, amounts with every digit they have.
pub fn render(invoice: &Invoice, parties: &Parties<'_>) -> Result<Vec<u8>, PdfError> {
    let fonts = Fonts::load()?;
    let wording = Wording::of(invoice, parties);
    let table = Table::lay_out(invoice, &fonts, CONTENT_WIDTH);
    let pages = table.pages(&sheet::room(&fonts, &wording));
    let settings = PageSettings::from_wh(PAGE_WIDTH, PAGE_HEIGHT).ok_or(PdfError::Format)?;

    let mut document = Document::new_with(archival()?);
    document.set_metadata(metadata(invoice, &wording));
    for (place, rows) in pages.iter().enumerate() {
        let mut page = document.start_page_with(settings.clone());
        let mut surface = page.surface();
        let mut sheet = Sheet { surface: &mut surface, fonts: &fonts, wording: &wording };
        let end = match place {
            0 => sheet.first_page(&table, rows.clone()),
            _ => sheet.next_page(&table, rows.clone()),
        };
        if place + 1 == pages.len() {
            sheet.totals(end);
        }
        sheet.foot(place + 1, pages.len());
        surface.finish();
        page.finish();
    }
    document.finish().map_err(PdfError::Write)
}

fn archival() -> Result<SerializeSettings, PdfError> {
    let builder = ConfigurationBuilder::new().with_archival_validator(Archival::A2_U);
    let configuration = builder.finish().map_err(|_| PdfError::Format)?;
    Ok(SerializeSettings { configuration, ..SerializeSettings::default() })
}

fn metadata(invoice: &Invoice, wording: &Wording) -> Metadata {
    Metadata::new()
        .title(wording.document_title.clone())
        .authors(vec![wording.issuer.name.clone()])
        .language("en".to_owned())
        .creation_date(creation_date(invoice))
        .document_id(invoice.id.to_string())
}

/// In UTC.
fn creation_date(invoice: &Invoice) -> DateTime {
    let made = invoice.confirmed_at.unwrap_or(invoice.calculated_at).to_zoned(TimeZone::UTC);
    let part = |value: i8| value.unsigned_abs();
    DateTime::new(made.year().unsigned_abs())
        .month(part(made.month()))
        .day(part(made.day()))
        .hour(part(made.hour()))
        .minute(part(made.minute()))
        .second(part(made.second()))
        .utc_offset_hour(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::company::plan_owner;
    use domain::id::{AgreementId, CompanyId, RateId, ServiceId, TreeTag};
    use domain::invoice::{Charge, InvoiceStatus, invoice_id};
    use domain::money::{Amount, Currency};
    use domain::period::Period;
    use domain::rating::Resource;
    use domain::sender::SenderAddress;
    use jiff::Timestamp;
    use jiff::civil::date;

    const LONG_NAME: &str = "Акционерное общество «Северо-Западная межрегиональная телекоммуникационная \
        компания коротких сообщений», Ωμέγα";

    fn company(name: &str) -> Company {
        plan_owner(CompanyId::new(1), name, Timestamp::UNIX_EPOCH).unwrap()
    }

    fn charge(place: u32, unit_price: Amount, messages: u32) -> Charge {
        Charge {
            resource: Resource::SmsMessage,
            sender: Some(SenderAddress::parse(&format!("SENDER {place}")).unwrap()),
            subject: None,
            country: Some("DE".to_owned()),
            rate: RateId::of(&TreeTag::of(&ServiceId::new(1), 1), place),
            unit_price,
            messages: i64::from(messages),
            quantity: i64::from(messages),
            net: unit_price.checked_times(messages).unwrap(),
        }
    }

    fn draft(charges: Vec<Charge>) -> Invoice {
        let period = Period { first: date(2026, 10, 1), last: date(2026, 10, 31) };
        let net = Amount::checked_sum(charges.iter().map(|charge| charge.net)).unwrap();
        Invoice {
            id: invoice_id(&AgreementId::new(1), period),
            agreement: AgreementId::new(1),
            company: CompanyId::new(2),
            tenant: CompanyId::new(1),
            period,
            currency: Currency::parse("EUR").unwrap(),
            status: InvoiceStatus::Draft,
            number: None,
            issue_date: None,
            due_date: None,
            charges,
            net,
            total_due: net.rounded(2),
            calculated_at: "2026-11-01T00:05:00Z".parse().unwrap(),
            confirmed_at: None,
            document: None,
            revision: 0,
        }
    }

    fn confirmed(draft: Invoice) -> Invoice {
        Invoice {
            status: InvoiceStatus::Confirmed,
            number: Some(1042),
            issue_date: Some(date(2026, 11, 2)),
            due_date: Some(date(2026, 12, 2)),
            confirmed_at: Some("2026-11-02T09:30:00Z".parse().unwrap()),
            ..draft
        }
    }

    fn charges(count: u32) -> Vec<Charge> {
        let price = Amount::parse("0.0455").unwrap();
        (0..count).map(|place| charge(place % 1000, price, place + 1)).collect()
    }

    fn wording(invoice: &Invoice) -> Wording {
        let company = company("A");
        Wording::of(invoice, &Parties { issuer: &company, payer: &company, agreement_code: "A-1" })
    }

    fn rendered(invoice: &Invoice, name: &str) -> Vec<u8> {
        let company = company(name);
        render(invoice, &Parties { issuer: &company, payer: &company, agreement_code: "MAIN-2026" }).unwrap()
    }

    /// Page objects are not compressed, so they can be counted.
    fn page_count(pdf: &[u8]) -> usize {
        assert!(pdf.starts_with(b"%PDF-1.7") && pdf.trim_ascii_end().ends_with(b"%%EOF"));
        let pdf = String::from_utf8_lossy(pdf);
        pdf.matches("/Type/Page").count() - pdf.matches("/Type/Pages").count()
    }

    fn contains(pdf: &[u8], text: &str) -> bool {
        String::from_utf8_lossy(pdf).contains(text)
    }

    #[test]
    fn a_short_invoice_is_one_page() {
        assert_eq!(page_count(&rendered(&confirmed(draft(charges(3))), "Example GmbH")), 1);
        assert_eq!(page_count(&rendered(&draft(Vec::new()), "Example GmbH")), 1);
    }

    #[test]
    fn five_hundred_charges_break_over_pages_and_none_is_lost() {
        let invoice = confirmed(draft(charges(500)));
        let fonts = Fonts::load().unwrap();
        let table = Table::lay_out(&invoice, &fonts, CONTENT_WIDTH);
        let pages = table.pages(&sheet::room(&fonts, &wording(&invoice)));
        assert!(pages.iter().flat_map(|rows| rows.clone()).eq(0..500));
        assert_eq!(page_count(&rendered(&invoice, "A")), pages.len());
        assert!((10..20).contains(&pages.len()), "{}", pages.len());
    }

    #[test]
    fn the_same_invoice_makes_the_same_bytes() {
        for invoice in [draft(charges(500)), confirmed(draft(charges(20)))] {
            assert_eq!(rendered(&invoice, LONG_NAME), rendered(&invoice, LONG_NAME));
        }
    }

    #[test]
    fn the_document_is_dated_by_the_invoice_and_not_by_the_clock() {
        let invoice = draft(charges(1));
        assert!(contains(&rendered(&invoice, "A"), "2026-11-01T00:05:00"));
        assert!(contains(&rendered(&confirmed(invoice), "A"), "2026-11-02T09:30:00"));
    }

    #[test]
    fn the_document_names_its_title_and_author() {
        let pdf = rendered(&confirmed(draft(charges(1))), LONG_NAME);
        assert!(contains(&pdf, "INVOICE 1042, 1 Oct 2026 – 31 Oct 2026"));
        assert!(contains(&pdf, LONG_NAME));
    }

    #[test]
    fn a_draft_says_so_and_has_no_number() {
        let wording = wording(&draft(charges(1)));
        assert!(wording.draft);
        assert_eq!((wording.title, wording.foot.starts_with("DRAFT INVOICE")), ("DRAFT INVOICE", true));
        assert!(wording.title_note.starts_with("Not confirmed, not payable"));
        assert_eq!(wording.facts[0], ("Invoice number", "set on confirmation".to_owned()));
    }

    #[test]
    fn a_negative_total_is_a_credit_note() {
        let mut refund = charge(1, Amount::parse("0.05").unwrap(), 30);
        (refund.messages, refund.quantity, refund.net) = (-30, -30, -refund.net);
        let draft = draft(vec![refund]);
        assert_eq!(wording(&draft).title, "DRAFT CREDIT NOTE");
        let note = wording(&confirmed(draft));
        assert_eq!(
            (note.title, note.total_label, note.total.as_str()),
            ("CREDIT NOTE", "Total credit", "-1.50 EUR")
        );
    }

    #[test]
    fn the_net_sum_is_exact_and_the_total_is_in_whole_minor_units() {
        let wording = wording(&draft(vec![charge(1, Amount::parse("0.0455").unwrap(), 3)]));
        assert_eq!((wording.net.as_str(), wording.total.as_str()), ("0.1365 EUR", "0.14 EUR"));
    }

    #[test]
    fn the_largest_numbers_and_names_in_any_script_still_make_a_document() {
        let largest = Charge {
            country: Some("A country far too long to be a code of two letters".to_owned()),
            messages: i64::MIN,
            quantity: i64::MAX,
            net: Amount::parse("-999999999999.999999").unwrap(),
            ..charge(1, Amount::parse("999999999999.999999").unwrap(), 1)
        };
        let invoice = confirmed(draft(vec![largest]));
        for name in [LONG_NAME, "株式会社 שלום \u{202E}\u{0301}", "W".repeat(120).as_str()] {
            assert_eq!(page_count(&rendered(&invoice, name)), 1);
        }
    }
}
