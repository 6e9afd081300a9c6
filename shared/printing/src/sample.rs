//! Documents that a form is tried on before it is taken, and that its author sees.

use domain::printable_form::FormKind;
use jiff::Timestamp;
use jiff::civil::date;

use crate::document::{
    BankFacts, CurrencyFacts, Days, Document, Group, InvoiceDocument, Line, Party, ReceiptDocument,
    Reference, TaxLine,
};
use crate::facts::LINES_MAX;

/// One that has everything, and others that lack what may be missing.
pub fn samples(kind: FormKind) -> Vec<Document> {
    match kind {
        FormKind::Invoice => {
            [full_invoice(), credit_note(), draft()].map(|sample| Document::Invoice(Box::new(sample))).into()
        }
        FormKind::Receipt => [full_receipt(), bare_receipt(), receipt_credit_note()]
            .map(|sample| Document::Receipt(Box::new(sample)))
            .into(),
        FormKind::Charge => Vec::new(),
    }
}

/// An invoice of as many lines as there may be.
pub(crate) fn long_invoice() -> InvoiceDocument {
    let mut invoice = full_invoice();
    let line = invoice.groups[0].lines[0].clone();
    invoice.groups.truncate(1);
    invoice.groups[0].lines = vec![line; LINES_MAX];
    invoice
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn currency() -> CurrencyFacts {
    CurrencyFacts { code: "EUR".to_owned(), name: "Euro".to_owned(), places: 2 }
}

pub(crate) fn issuer() -> Party {
    Party {
        name: "Example Messaging GmbH".to_owned(),
        country: text("DE"),
        country_name: text("Germany"),
        legal_address: text("Beispielstraße 12\n10115 Berlin"),
        billing_address: None,
        legal_number: text("HRB 123456"),
        tax_number: text("29/123/45678"),
        vat_number: text("DE123456789"),
        emails: vec!["billing@example.com".to_owned()],
    }
}

pub(crate) fn payer() -> Party {
    Party {
        name: "Σύντομα Μηνύματα Α.Ε.".to_owned(),
        country: text("GR"),
        country_name: text("Greece"),
        legal_address: text("Οδός Παραδείγματος 7\n105 57 Αθήνα"),
        billing_address: text("Λεωφόρος Δείγματος 40\n105 64 Αθήνα"),
        legal_number: text("001234567000"),
        tax_number: text("094012345"),
        vat_number: text("EL094012345"),
        emails: vec!["accounts@example.com".to_owned()],
    }
}

/// A company of which only the name is known.
fn bare(name: &str) -> Party {
    Party {
        name: name.to_owned(),
        country: None,
        country_name: None,
        legal_address: None,
        billing_address: None,
        legal_number: None,
        tax_number: None,
        vat_number: None,
        emails: Vec::new(),
    }
}

fn line(description: &str, sender: Option<&str>, quantity: i64, unit_price: &str, net: &str) -> Line {
    Line {
        description: description.to_owned(),
        sender: sender.map(str::to_owned),
        direction: sender.map(|_| "outgoing"),
        country: sender.and_then(|_| text("DE")),
        country_name: sender.and_then(|_| text("Germany")),
        quantity,
        unit_price: text(unit_price),
        net: net.to_owned(),
    }
}

fn group(resource: &str, name: &str, quantity: i64, net: &str, lines: Vec<Line>) -> Group {
    Group {
        resource: resource.to_owned(),
        name: name.to_owned(),
        service_type: "pay_as_you_go".to_owned(),
        service_type_name: "pay-as-you-go".to_owned(),
        user: None,
        quantity,
        net: net.to_owned(),
        lines,
    }
}

pub(crate) fn full_invoice() -> InvoiceDocument {
    let messages = vec![
        line("Germany", Some("ACME"), 12_345, "0.0455", "561.6975"),
        line("Greece", Some("ACME"), 4_000, "0.0312", "124.8"),
        Line { unit_price: None, ..line("France", None, 100, "", "4.1") },
    ];
    let of_user = Group {
        user: text("Ada Example (ada@example.com)"),
        ..group("sms_message", "SMS message", 16_445, "690.5975", messages)
    };
    let fees = vec![line("ACME, Germany", None, 1, "25", "25")];
    InvoiceDocument {
        id: "inv_01h00000000000000000000000".to_owned(),
        kind: "invoice",
        draft: false,
        number: text("1042"),
        agreement: "MAIN-2026".to_owned(),
        agreement_date: Some(date(2026, 1, 15)),
        period: Days { first: date(2026, 10, 1), last: date(2026, 10, 31) },
        issue_date: Some(date(2026, 11, 2)),
        due_date: Some(date(2026, 12, 2)),
        calculated_at: Timestamp::UNIX_EPOCH,
        currency: currency(),
        issuer: issuer(),
        payer: payer(),
        bank: Some(BankFacts {
            holder: "Example Messaging GmbH".to_owned(),
            account: "DE89 3704 0044 0532 0130 00".to_owned(),
            bank: "Example Bank".to_owned(),
            address: "Bankplatz 1, 50667 Köln".to_owned(),
            swift: text("EXAMDEFFXXX"),
            bank_code: text("37040044"),
            branch_code: text("0532"),
        }),
        groups: vec![of_user, group("sender_id_setup_fee", "Sender ID, setup", 1, "25", fees)],
        summed_up: true,
        price_places: 4,
        net_places: 4,
        net: "715.5975".to_owned(),
        net_rounded: "715.6".to_owned(),
        taxes: vec![
            tax("19", "135.96", false, None),
            tax("0", "0", true, text("Article 196 of Council Directive 2006/112/EC")),
        ],
        tax: "135.96".to_owned(),
        total: "851.56".to_owned(),
        covered: "100".to_owned(),
        outstanding: "751.56".to_owned(),
        corrects: Some(corrected("1040")),
        all_corrected: vec![corrected("1040"), corrected("1041")],
        comment: text("Thank you for your business.\nQuestions? Write to us."),
    }
}

fn corrected(number: &str) -> Reference {
    Reference { number: number.to_owned(), issue_date: Some(date(2026, 10, 2)) }
}

fn tax(percent: &str, amount: &str, reverse_charge: bool, note: Option<String>) -> TaxLine {
    let (name, percent, amount) = ("VAT".to_owned(), percent.to_owned(), amount.to_owned());
    TaxLine { name, percent, base: "715.6".to_owned(), amount, reverse_charge, note }
}

fn credit_note() -> InvoiceDocument {
    let lines = vec![line("Germany", Some("ACME"), -30, "0.05", "-1.5")];
    InvoiceDocument {
        kind: "credit_note",
        due_date: None,
        groups: vec![group("sms_message", "SMS message", -30, "-1.5", lines)],
        summed_up: false,
        net: "-1.5".to_owned(),
        net_rounded: "-1.5".to_owned(),
        taxes: Vec::new(),
        tax: "0".to_owned(),
        total: "-1.5".to_owned(),
        covered: "0".to_owned(),
        outstanding: "-1.5".to_owned(),
        comment: None,
        ..full_invoice()
    }
}

/// Nothing on it that need not be there.
fn draft() -> InvoiceDocument {
    InvoiceDocument {
        kind: "invoice",
        draft: true,
        number: None,
        agreement_date: None,
        issue_date: None,
        issuer: bare("Example"),
        payer: bare("Client"),
        bank: None,
        groups: Vec::new(),
        net: "0".to_owned(),
        net_rounded: "0".to_owned(),
        total: "0".to_owned(),
        outstanding: "0".to_owned(),
        corrects: None,
        all_corrected: Vec::new(),
        ..credit_note()
    }
}

pub(crate) fn full_receipt() -> ReceiptDocument {
    ReceiptDocument {
        id: "pay_01h00000000000000000000000".to_owned(),
        kind: "receipt",
        corrects: None,
        number: "R-77".to_owned(),
        agreement: "MAIN-2026".to_owned(),
        issue_date: date(2026, 11, 2),
        made_at: Timestamp::UNIX_EPOCH,
        currency: currency(),
        issuer: issuer(),
        payer: payer(),
        lines: vec![
            line("Message credits", None, 10_000, "0.05", "500"),
            line("Payment fee", None, 1, "7.5", "7.5"),
        ],
        price_places: 2,
        net_places: 2,
        net: "507.5".to_owned(),
        net_rounded: "507.5".to_owned(),
        taxes: vec![TaxLine { base: "500".to_owned(), ..tax("19", "95", false, text("Local rate")) }],
        tax: "95".to_owned(),
        total: "602.5".to_owned(),
        payment_method: text("Card"),
        payment_reference: text("pi_3PqExample"),
        paid_at: Timestamp::UNIX_EPOCH,
        paid_date: date(2026, 11, 2),
        comment: text("Thank you for your business."),
    }
}

/// Half of the receipt.
pub(crate) fn receipt_credit_note() -> ReceiptDocument {
    ReceiptDocument {
        kind: "credit_note",
        number: "R-78".to_owned(),
        corrects: Some(Reference { number: "R-77".to_owned(), issue_date: Some(date(2026, 11, 2)) }),
        lines: vec![
            line("Message credits paid back: 5000", None, 1, "-250", "-250"),
            line("Payment fee", None, 1, "-3.75", "-3.75"),
        ],
        net: "-253.75".to_owned(),
        net_rounded: "-253.75".to_owned(),
        taxes: vec![TaxLine { base: "-250".to_owned(), ..tax("19", "-47.5", false, None) }],
        tax: "-47.5".to_owned(),
        total: "-301.25".to_owned(),
        payment_method: None,
        payment_reference: None,
        ..full_receipt()
    }
}

fn bare_receipt() -> ReceiptDocument {
    ReceiptDocument {
        issuer: bare("Example"),
        payer: bare("Client"),
        taxes: Vec::new(),
        payment_method: None,
        payment_reference: None,
        comment: None,
        ..full_receipt()
    }
}
