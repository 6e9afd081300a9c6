//! Whole documents, and forms that are refused.

use domain::printable_form::FormKind;
use domain::upload::FileKind;
use expect_test::{Expect, expect};
use jiff::civil::date;
use proptest::prelude::*;

use crate::budget::{Budget, ELEMENTS_MAX};
use crate::document::{CurrencyFacts, Document, Group, InvoiceDocument, Line, ReceiptDocument, TaxLine};
use crate::flow::{self, Room};
use crate::fonts::Fonts;
use crate::layout::{Laid, Layout, Mark};
use crate::sample::{full_invoice, full_receipt, long_invoice, receipt_credit_note};
use crate::template;
use crate::{
    Form, FormError, Picture, PictureError, Pictures, PrintError, check, own_form, pdf, print, samples,
};

const LONG_NAME: &str = "Акционерное общество «Северо-Западная межрегиональная телекоммуникационная \
    компания коротких сообщений», Ωμέγα";

fn printed(invoice: InvoiceDocument) -> Vec<u8> {
    print(&Document::Invoice(Box::new(invoice)), None).unwrap()
}

fn named(name: &str) -> InvoiceDocument {
    let mut invoice = full_invoice();
    invoice.issuer.name = name.to_owned();
    invoice
}

fn long(lines: usize) -> InvoiceDocument {
    let line =
        |place| Line { description: format!("Line {place}"), ..full_invoice().groups[0].lines[0].clone() };
    let group = Group { lines: (0..lines).map(line).collect(), ..full_invoice().groups[0].clone() };
    InvoiceDocument { groups: vec![group], ..full_invoice() }
}

/// Page objects are not compressed, so they can be counted.
fn page_count(pdf: &[u8]) -> usize {
    assert!(pdf.starts_with(b"%PDF-1.7") && pdf.trim_ascii_end().ends_with(b"%%EOF"));
    let pdf = String::from_utf8_lossy(pdf);
    pdf.matches("/Type/Page").count() - pdf.matches("/Type/Pages").count()
}

fn form(template: &str) -> Form {
    Form { template: template.to_owned(), pictures: Pictures::new() }
}

fn contains(pdf: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(pdf).contains(text)
}

#[test]
fn the_products_own_forms_are_good() {
    for kind in [FormKind::Invoice, FormKind::Receipt, FormKind::Charge] {
        assert_eq!(check(kind, &form(own_form(kind))), Ok(()));
    }
}

#[test]
fn every_sample_is_one_page() {
    for sample in samples(FormKind::Invoice).iter().chain(&samples(FormKind::Receipt)) {
        assert_eq!(page_count(&print(sample, None).unwrap()), 1);
    }
}

/// The body of a document by the product's own form.
fn laid(document: &Document) -> Vec<Laid> {
    let page = template::page(own_form(document.form()), &Pictures::new(), document).unwrap();
    let budget = Budget::default();
    let layout = Layout { fonts: Fonts::get().unwrap(), budget: &budget, page: 1, pages: 1 };
    flow::pages(&layout, &page.body, 500.0, Room { first: 700.0, next: 700.0 }).unwrap()
}

fn texts(page: &Laid) -> Vec<String> {
    let text = |mark: &Mark| match mark {
        Mark::Line { line, .. } => Some(line.text()),
        Mark::Rectangle { .. } | Mark::Image { .. } => None,
    };
    page.marks.iter().filter_map(text).collect()
}

/// Whether it says this, wherever its lines break.
#[track_caller]
fn says(document: &Document, words: &str) {
    let letters = |text: &str| text.split_whitespace().collect::<String>();
    let said: String = laid(document).iter().flat_map(texts).collect();
    assert!(letters(&said).contains(&letters(words)), "{words}: {said}");
}

#[test]
fn an_invoice_tells_its_charges_apart_and_names_all_that_it_corrects() {
    let invoice = Document::Invoice(Box::new(full_invoice()));
    for words in [
        "SMS message, pay-as-you-go: Ada Example (ada@example.com)",
        "Sender ID, setup, pay-as-you-go",
        "Corrects invoices 1040 of 2 Oct 2026 1041 of 2 Oct 2026",
    ] {
        says(&invoice, words);
    }
}

#[test]
fn an_invoice_that_corrects_the_tax_of_others_says_from_what_to_what_and_on_how_much() {
    let own = full_invoice().taxes.remove(0);
    let corrected = TaxLine {
        name: "VAT on invoice 1040 corrected from 16 % to 19 %:".to_owned(),
        percent: "3".to_owned(),
        base: "100".to_owned(),
        amount: "3".to_owned(),
        ..own.clone()
    };
    let (groups, taxes) = (Vec::new(), vec![own, corrected]);
    let invoice = Document::Invoice(Box::new(InvoiceDocument { groups, taxes, ..full_invoice() }));
    says(&invoice, "The charges stay as they were billed: the tax on them is corrected.");
    says(&invoice, "VAT on invoice 1040 corrected from 16 % to 19 %: 3 % of 100.00");
}

#[test]
fn an_invoice_that_was_paid_beforehand_asks_for_nothing_more() {
    let paid = |covered: &str, outstanding: &str| {
        let (covered, outstanding) = (covered.to_owned(), outstanding.to_owned());
        Document::Invoice(Box::new(InvoiceDocument { covered, outstanding, ..full_invoice() }))
    };
    let said = |document: &Document| laid(document).iter().flat_map(texts).collect::<Vec<_>>().join(" ");
    assert!(said(&paid("100", "751.56")).contains("Please pay"));
    let in_full = said(&paid("851.56", "0"));
    assert!(in_full.contains("Paid already") && !in_full.contains("Please pay"), "{in_full}");
}

#[test]
fn an_invoice_in_message_credits_asks_for_no_payment_and_one_in_money_does() {
    let asks = ["Due date", "Please pay", "Paid already", "Outstanding"];
    let credits = CurrencyFacts { code: "CREDIT".to_owned(), name: "message credits".to_owned(), places: 0 };
    let money = full_invoice();
    let in_credits = InvoiceDocument {
        currency: credits,
        due_date: None,
        taxes: Vec::new(),
        tax: "0".to_owned(),
        covered: money.total.clone(),
        ..full_invoice()
    };
    let said = |document: &Document| laid(document).iter().flat_map(texts).collect::<Vec<_>>().join(" ");
    let (money, in_credits) = (Document::Invoice(Box::new(money)), Document::Invoice(Box::new(in_credits)));
    for words in asks {
        says(&money, words);
        assert!(!said(&in_credits).contains(words), "{words}");
    }
    says(&in_credits, "These message credits left the balance as they were used: nothing is to be paid.");
    says(&in_credits, "Total used");
}

#[test]
fn a_receipt_has_the_payers_registration_number_and_the_day_of_the_agreement() {
    // In UTC it was paid long before.
    let receipt = ReceiptDocument { paid_date: date(2026, 11, 2), ..full_receipt() };
    let receipt = Document::Receipt(Box::new(receipt));
    says(&receipt, "Registration no. 001234567000");
    says(&receipt, "Paid in full on 2 Nov 2026 by card.");
}

#[test]
fn a_credit_note_names_the_receipt_that_it_answers_and_what_was_paid_back() {
    let note = Document::Receipt(Box::new(receipt_credit_note()));
    for words in [
        "CREDIT NOTE",
        "Corrects receipt",
        "R-77 of 2 Nov 2026",
        "Total paid back",
        "Paid back on 2 Nov 2026.",
    ] {
        says(&note, words);
    }
    let said = laid(&note).iter().flat_map(texts).collect::<Vec<_>>().join(" ");
    assert!(!said.contains("RECEIVED FROM") && !said.contains("Paid in full"), "{said}");
}

#[test]
fn two_thousand_lines_break_over_pages_and_none_is_lost() {
    let invoice = Document::Invoice(Box::new(long(2_000)));
    let pages = laid(&invoice);
    let texts: Vec<_> = pages.iter().map(texts).collect();
    let lines = texts.iter().flatten().filter_map(|text| text.strip_prefix("Line ")?.parse::<usize>().ok());
    assert!(lines.eq(0..2_000));
    let (last, rest) = texts.split_last().unwrap();
    assert!(rest.iter().all(|page| page.contains(&"Unit price".to_owned())), "each has the heading");
    assert!(pages.iter().all(|page| page.height <= 700.0));
    assert!(last.contains(&"Total due".to_owned()) && last.iter().any(|text| text.starts_with("Line ")));
    assert!((45..70).contains(&page_count(&print(&invoice, None).unwrap())));
}

#[test]
fn the_same_document_makes_the_same_bytes() {
    for invoice in [named(LONG_NAME), long(100)] {
        assert_eq!(printed(invoice.clone()), printed(invoice));
    }
}

#[test]
fn the_file_is_dated_by_the_document_and_not_by_the_clock() {
    let calculated_at = "2026-11-02T09:30:00Z".parse().unwrap();
    assert!(contains(&printed(InvoiceDocument { calculated_at, ..full_invoice() }), "2026-11-02T09:30:00"));
}

#[test]
fn the_file_names_its_title_and_author() {
    let pdf = printed(named(LONG_NAME));
    assert!(contains(&pdf, "INVOICE 1042, 1 Oct 2026 – 31 Oct 2026") && contains(&pdf, LONG_NAME));
}

#[test]
fn names_in_any_script_make_a_document() {
    for name in [
        "شركة الرسائل القصيرة ذ.م.م (SMS 2026)",
        "लघु संदेश सेवा प्राइवेट लिमिटेड",
        "שירותי הודעות בע״מ",
        "می‌خواهم",
        "株式会社 \u{202E}\u{0301}\u{200D}",
        "क्\u{200D}ष \u{0601}\u{0615} \u{1CD0}",
    ] {
        let invoice = named(name);
        assert_eq!(page_count(&printed(invoice)), 1, "{name}");
    }
}

#[test]
fn the_longest_name_breaks_over_lines() {
    assert_eq!(page_count(&printed(named(&"W".repeat(250)))), 2);
}

#[test]
fn the_largest_numbers_still_make_a_document() {
    let mut invoice = full_invoice();
    let line = &mut invoice.groups[0].lines[0];
    (line.quantity, line.net) = (i64::MIN, "-999999999999.999999".to_owned());
    line.unit_price = Some("999999999999.999999".to_owned());
    line.description = LONG_NAME.to_owned();
    assert_eq!(page_count(&printed(invoice)), 2);
}

#[test]
fn a_form_is_somebody_elses_data_and_cannot_smuggle_in_elements() {
    let mut invoice = full_invoice();
    invoice.payer.name = "<rule/> & {{ issuer }} \"'".to_owned();
    invoice.comment = Some("<page/>\n</document>".to_owned());
    assert_eq!(page_count(&printed(invoice)), 1);
}

#[track_caller]
fn refused(template: &str, expected: Expect) {
    let error = check(FormKind::Invoice, &form(template))
        .map_or_else(|error| error.to_string(), |()| "good".to_owned());
    expected.assert_eq(&error);
}

#[test]
fn what_does_not_parse_is_refused_with_its_line() {
    refused("", expect!["line 1: a template is one <document>"]);
    refused(
        "<document>\n<text>one</document>",
        expect!["line 2: ill-formed document: expected `</text>`, but `</document>` was found"],
    );
    refused(
        "<document>\n\n<text>{% if draft %}</text></document>",
        expect!["line 3: syntax error: unexpected end of input, expected end of block"],
    );
    refused("<document>\n<text>{{ number</text></document>", expect!["line 2: syntax error: unexpected `/`"]);
    refused("<document/><document/>", expect!["line 1: a template is one <document>"]);
    refused(
        "<!DOCTYPE a [<!ENTITY b 'c'>]><document/>",
        expect!["line 1: neither a document type nor an instruction is allowed"],
    );
    refused("<document><text>&nbsp;</text></document>", expect!["line 1: &nbsp; is not defined"]);
    refused(
        &format!("<document>{}", "<keep>".repeat(40)),
        expect!["line 1: elements are nested more than 24 deep"],
    );
}

#[test]
fn what_is_not_known_is_refused_with_its_line() {
    refused(
        "<document>\n<text>{{ payer.nmae }}</text></document>",
        expect!["line 2: undefined value: `payer.nmae` is undefined"],
    );
    refused(
        "<document>\n{% for group in groups %}\n<text>{{ group.size }}</text>{% endfor %}</document>",
        expect!["line 3: undefined value: `group.size` is undefined"],
    );
    refused(
        "<document>\n<text>{{ number | reverse_all }}</text></document>",
        expect!["line 2: unknown filter: filter reverse_all is unknown"],
    );
    refused(
        "<document>\n\n<tabel/></document>",
        expect![
            "line 3: <tabel>: there is no such element here; there are text, space, rule, image, columns, panel, keep and table"
        ],
    );
    refused(
        "<document>\n<text weigth='bold'>a</text></document>",
        expect!["line 2: <text>: there is no attribute weigth"],
    );
    refused(
        "<document>\n<text size='huge'>a</text></document>",
        expect![[r#"line 2: <text>: size="huge" is not a font size of 4 to 200 points"#]],
    );
    refused(
        "<document>\nloose words</document>",
        expect![[r#"line 1: <document>: the words "loose words" are in no <text>"#]],
    );
    refused(
        "<document><text>page <page/></text></document>",
        expect!["line 1: <page>: stands in the header and the footer only"],
    );
    refused("<invoice/>", expect!["line 1: <invoice>: a template is one <document>"]);
}

#[test]
fn a_table_whose_cells_do_not_match_its_columns_is_refused() {
    let table = |row: &str| format!("<document>\n<table widths='auto *'>\n{row}</table></document>");
    refused(&table("<row><cell>a</cell></row>"), expect!["line 3: <row> has cells for 1 of 2 columns"]);
    refused(&table("<row><cell span='2'>a</cell></row>"), expect!["good"]);
    refused(
        &table("<row><cell span='3'>a</cell></row>"),
        expect!["line 3: <row> has cells for 3 of 2 columns"],
    );
    refused(
        &table("<row><cell/><cell/></row><head><cell/><cell/></head>"),
        expect!["line 3: <head>: a <table> consists of one <head> and of <row>"],
    );
}

#[test]
fn a_form_reads_no_files_and_does_not_run_on() {
    refused(
        "<document>{% include '/etc/passwd' %}</document>",
        expect!["line 1: syntax error: unknown statement include"],
    );
    refused(
        "<document>{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}</document>",
        expect!["line 1: engine ran out of fuel"],
    );
    refused(
        "<document><text>{{ 'x' * 1000000000 }}</text></document>",
        expect!["line 1: engine ran out of fuel"],
    );
    refused(
        &format!("<document>{}</document>", "<space/>".repeat(9_000)),
        expect!["line 1: a form has at most 64000 bytes"],
    );
    refused(
        "<document margin='200 48 200 48'><header><space height='500'/></header></document>",
        expect!["line 1: the margins, the header and the footer leave no room on the page"],
    );
}

#[test]
fn a_form_that_would_fill_the_memory_is_refused() {
    refused(
        "<document><text>{{ 1 | number(group='.....') }}</text></document>",
        expect![[
            r#"line 1: invalid operation: '.....' is not what separates figures: at most 4 characters"#
        ]],
    );
    refused(
        "<document><text>{{ 1 | number(point='.....') }}</text></document>",
        expect![[
            r#"line 1: invalid operation: '.....' is not what separates figures: at most 4 characters"#
        ]],
    );
    refused(
        "<document><text>{{ ('1' * 61) | number }}</text></document>",
        expect![[
            r#"line 1: invalid operation: '11111111111111111111111111111111111111111111111111111111111 is not a number of at most 60 characters"#
        ]],
    );
    refused(&format!("<document><watermark>{}</watermark></document>", "я".repeat(200)), expect!["good"]);
    refused(
        &format!("<document>\n<watermark>{}</watermark></document>", "я".repeat(201)),
        expect!["line 2: a <watermark> has at most 200 characters"],
    );
    let table = |size| {
        format!(
            "<document><table widths='*'><head size='{size}'><cell>a<br/>b</cell></head>\
             <row><cell>c</cell></row></table></document>"
        )
    };
    refused(&table(100), expect!["good"]);
    refused(&table(200), expect!["line 1: the head of a table takes more than half of the page"]);
    let row = "<table widths='*'>{% for a in range(2001) %}<row size='200'><cell>a<br/>b<br/>c</cell></row>{% endfor %}</table>";
    refused(
        &format!("<document>{row}</document>"),
        expect!["line 1: the document has more pages than are printed"],
    );
}

/// What a document takes of the budget, and whether it is printed.
fn taken(template: &str, invoice: InvoiceDocument) -> (usize, Result<Vec<u8>, PrintError>) {
    let invoice = Document::Invoice(Box::new(invoice));
    let page = template::page(template, &Pictures::new(), &invoice).unwrap();
    let facts = pdf::Facts { id: "x", author: "", made_at: "2026-11-02T09:30:00Z".parse().unwrap() };
    let budget = Budget::default();
    let printed = pdf::write(&page, &facts, &budget);
    (budget.taken(), printed)
}

#[test]
fn the_longest_invoice_by_our_own_form_takes_a_fraction_of_what_there_is() {
    let (taken, printed) = taken(own_form(FormKind::Invoice), long_invoice());
    assert!(printed.is_ok() && taken < ELEMENTS_MAX / 4, "{taken}");
}

#[test]
fn a_form_that_repeats_too_much_is_given_up_early() {
    let each_line = |row: &str| {
        format!("{{% for group in groups %}}{{% for line in group.lines %}}{row}{{% endfor %}}{{% endfor %}}")
    };
    // Few of them stand on a page.
    let tall = each_line("<row size='200'><cell>x<br/>x</cell></row>");
    let letters = "a ".repeat(2_000);
    let cells = "<cell>some words in a cell</cell>".repeat(24);
    let widths = "* ".repeat(24);
    let rows = format!("<row>{}</row>", "<cell>b</cell>".repeat(24)).repeat(100);
    let (deeper, back) = ("<keep>".repeat(20), "</keep>".repeat(20));
    for body in [
        format!("<table widths='*'><head size='4'><cell>{letters}</cell></head>{tall}</table>"),
        format!("<header size='4'><text>{letters}</text></header><table widths='*'>{tall}</table>"),
        format!(
            "<footer size='4'><table widths='{widths}' padding='0'>{rows}</table></footer><table widths='*'>{tall}</table>"
        ),
        format!("<table widths='{widths}'>{}</table>", each_line(&format!("<row size='4'>{cells}</row>"))),
        format!("{deeper}{}{back}", each_line("<text>some words again and again</text>")),
    ] {
        let template = format!("<document margin='10'>{body}</document>");
        let (taken, printed) = taken(&template, long_invoice());
        assert!(matches!(printed, Err(PrintError::TooDense)), "{:?}", printed.map(|file| page_count(&file)));
        assert!(taken < ELEMENTS_MAX + 10_000, "{taken}");
    }
}

#[test]
fn a_form_can_write_numbers_and_dates_as_its_country_does() {
    let form = form(
        "<document title=\"{{ 1234567.5 | number(2, group='.', point=',') }} \
        {{ period.first | date('%d.%m.%Y') }}\"><text>a</text></document>",
    );
    let pdf = print(&Document::Receipt(Box::new(full_receipt())), Some(&form));
    assert!(pdf.is_err(), "a receipt has no period");
    let pdf = print(&Document::Invoice(Box::new(full_invoice())), Some(&form)).unwrap();
    assert!(contains(&pdf, "1.234.567,50 01.10.2026"));
}

macro_rules! picture {
    ($name:literal) => {
        include_bytes!(concat!("../examples/pictures/", $name)).to_vec()
    };
}

fn branded() -> Form {
    let logo = Picture::read(FileKind::Png, picture!("logo.png")).unwrap();
    let stamp = Picture::read(FileKind::Jpeg, picture!("stamp.jpg")).unwrap();
    let pictures = Pictures::from([("logo".to_owned(), logo), ("stamp".to_owned(), stamp)]);
    Form { template: include_str!("../examples/branded.xml").to_owned(), pictures }
}

#[test]
fn a_logo_is_in_the_file_once_however_many_pages_show_it() {
    assert_eq!(check(FormKind::Invoice, &branded()), Ok(()));
    let invoice = Document::Invoice(Box::new(long(2_000)));
    let pdf = print(&invoice, Some(&branded())).unwrap();
    assert!(page_count(&pdf) > 30);
    // The logo and what of it shines through, and the stamp.
    assert_eq!(String::from_utf8_lossy(&pdf).matches("/Subtype/Image").count(), 3);
    assert_eq!(pdf, print(&invoice, Some(&branded())).unwrap());
}

#[test]
fn a_picture_keeps_its_proportions_within_what_is_said_of_it() {
    // 320 by 96 pixels.
    let logo = &branded().pictures["logo"];
    assert_eq!(logo.size_within(Some(160.0), None), Some((160.0, 48.0)));
    assert_eq!(logo.size_within(None, Some(24.0)), Some((80.0, 24.0)));
    assert_eq!(logo.size_within(Some(160.0), Some(24.0)), Some((80.0, 24.0)));
    assert_eq!((logo.size_within(None, None), logo.size_within(Some(1.0), None)), (None, None));
}

#[test]
fn a_picture_that_is_none_or_is_huge_once_unpacked_is_refused() {
    let read = |kind, file| Picture::read(kind, file).map_err(|error| error.to_string()).err();
    let refused = |kind, file| read(kind, file).unwrap_or_default();
    assert_eq!(
        refused(FileKind::Png, picture!("large.png")),
        "the picture is 6000 by 6000 pixels; it may have 2000000 in all"
    );
    assert_eq!(refused(FileKind::Svg, b"<svg/>".to_vec()), "a picture is a PNG or a JPEG file");
    assert_eq!(refused(FileKind::Png, vec![0; 500_001]), "a picture has at most 500000 bytes");
    assert!(refused(FileKind::Png, picture!("stamp.jpg")).starts_with("the picture cannot be read: "));
    assert!(refused(FileKind::Jpeg, vec![0xff; 100]).starts_with("the picture cannot be read: "));
}

#[test]
fn a_picture_that_breaks_off_or_cannot_be_archived_is_refused_with_its_form() {
    let refused = |kind, file: Vec<u8>| {
        let mut form = branded();
        form.pictures.insert("seal".to_owned(), Picture::read(kind, file).unwrap());
        check(FormKind::Invoice, &form).unwrap_err()
    };
    let source = PictureError::NotPrintable;
    let expected = FormError::Picture { name: "seal".to_owned(), source };
    let logo = picture!("logo.png");
    assert_eq!(refused(FileKind::Png, logo[..logo.len() / 2].to_vec()), expected);
    let stamp = picture!("stamp.jpg");
    let last = [3, 2, 1].map(|missing| stamp.len() - missing);
    for length in [stamp.len() / 10, stamp.len() / 2, stamp.len() - 100].into_iter().chain(last) {
        let broken = refused(FileKind::Jpeg, stamp[..length].to_vec());
        assert!(matches!(&broken, FormError::Picture { source: PictureError::Broken(_), .. }), "{broken:?}");
    }
    assert_eq!(refused(FileKind::Jpeg, picture!("cmyk.jpg")), expected, "in no colours of a screen");
    let filled = Picture::read(FileKind::Jpeg, [stamp, vec![0; 7]].concat()).unwrap();
    assert_eq!(filled.check(), Ok(()));
}

#[test]
fn an_image_is_one_of_the_forms_pictures_and_as_large_as_it_says() {
    let image = |attributes: &str| {
        let template = format!("<document>\n<image {attributes}/></document>");
        let error = check(FormKind::Invoice, &Form { template, ..branded() });
        error.map_or_else(|error| error.to_string(), |()| "good".to_owned())
    };
    assert_eq!(image("name='logo' width='900' align='center'"), "good");
    assert_eq!(image("name='Logo' width='90'"), "line 2: <image>: the form has no picture \"Logo\"");
    assert_eq!(image("width='90'"), "line 2: <image>: the name of one of the form's pictures is needed");
    let size = "line 2: <image>: its width or its height is needed, of a point at least";
    assert_eq!((image("name='logo'"), image("name='logo' width='0.5'")), (size.to_owned(), size.to_owned()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_at_all_makes_a_document(name in any::<String>(), arabic in "[\u{600}-\u{6FF} a-z0-9()]{0,40}",
        hindi in "[\u{900}-\u{97F}\u{200C}\u{200D} 0-9]{0,40}", comment in any::<String>()) {
        let mut invoice = named(&name);
        invoice.payer.name = arabic;
        invoice.groups[0].lines[0].description = hindi;
        invoice.comment = Some(comment);
        prop_assert!(print(&Document::Invoice(Box::new(invoice)), None).is_ok());
    }
}
