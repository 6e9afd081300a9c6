//! What an invoice says, as texts that only need to be placed.

use domain::company::Company;
use domain::invoice::{Invoice, InvoiceStatus};
use domain::money::{Amount, Currency};
use jiff::civil::Date;

use super::Parties;
use super::number;

pub(super) struct Wording {
    pub(super) draft: bool,
    pub(super) title: &'static str,
    /// Beside the title.
    pub(super) title_note: String,
    /// The document's name for viewers and archives.
    pub(super) document_title: String,
    pub(super) issuer: Party,
    pub(super) payer: Party,
    /// Labels and values.
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) net: String,
    pub(super) total_label: &'static str,
    pub(super) total: String,
    pub(super) rounding_note: String,
    pub(super) foot: String,
}

pub(super) struct Party {
    pub(super) name: String,
    pub(super) id: String,
}

impl Party {
    fn of(company: &Company) -> Self {
        Self { name: company.name.clone(), id: format!("Company ID {}", company.id) }
    }
}

impl Wording {
    pub(super) fn of(invoice: &Invoice, parties: &Parties<'_>) -> Self {
        let title = title(invoice);
        let name = match invoice.number {
            Some(number) => format!("{title} {number}"),
            None => title.to_owned(),
        };
        let period = format!("{} – {}", number::day(invoice.period.first), number::day(invoice.period.last));
        Self {
            draft: invoice.status == InvoiceStatus::Draft,
            title,
            title_note: title_note(invoice),
            document_title: format!("{name}, {period}"),
            issuer: Party::of(parties.issuer),
            payer: Party::of(parties.payer),
            facts: facts(invoice, period, parties.agreement_code),
            net: money(invoice.net, invoice.currency),
            total_label: if is_credit_note(invoice) { "Total credit" } else { "Total due" },
            total: money(invoice.total_due, invoice.currency),
            rounding_note: rounding_note(invoice.currency),
            foot: format!("{name} · {} · {}", invoice.id, parties.issuer.name),
        }
    }
}

/// A negative total makes a credit note.
fn is_credit_note(invoice: &Invoice) -> bool {
    invoice.total_due.is_negative()
}

fn title(invoice: &Invoice) -> &'static str {
    match (invoice.status, is_credit_note(invoice)) {
        (InvoiceStatus::Draft, false) => "DRAFT INVOICE",
        (InvoiceStatus::Draft, true) => "DRAFT CREDIT NOTE",
        (InvoiceStatus::Confirmed, false) => "INVOICE",
        (InvoiceStatus::Confirmed, true) => "CREDIT NOTE",
    }
}

fn title_note(invoice: &Invoice) -> String {
    match (invoice.status, invoice.number) {
        (InvoiceStatus::Draft, _) => {
            let calculated = invoice.calculated_at.strftime("%-d %b %Y, %H:%M UTC");
            format!("Not confirmed, not payable · calculated {calculated}")
        }
        (InvoiceStatus::Confirmed, Some(number)) => format!("No. {number}"),
        (InvoiceStatus::Confirmed, None) => String::new(),
    }
}

fn facts(invoice: &Invoice, period: String, agreement_code: &str) -> Vec<(&'static str, String)> {
    let missing = || "set on confirmation".to_owned();
    let day = |date: Option<Date>| date.map_or_else(missing, number::day);
    let number_label = if is_credit_note(invoice) { "Credit note number" } else { "Invoice number" };
    vec![
        (number_label, invoice.number.map_or_else(missing, |number| number.to_string())),
        ("Issue date", day(invoice.issue_date)),
        ("Due date", day(invoice.due_date)),
        ("Period", period),
        ("Agreement", agreement_code.to_owned()),
        ("Currency", currency_in_words(invoice.currency)),
    ]
}

fn currency_in_words(currency: Currency) -> String {
    match currency {
        Currency::Money(money) => format!("{} ({})", money.code(), money.name()),
        Currency::Credit => format!("{} (message credits)", currency.code()),
    }
}

fn money(amount: Amount, currency: Currency) -> String {
    format!("{} {currency}", number::amount(amount, currency.minor_places()))
}

fn rounding_note(currency: Currency) -> String {
    let unit = match currency.minor_places() {
        0 => "to whole units".to_owned(),
        1 => "to 1 decimal place".to_owned(),
        places => format!("to {places} decimal places"),
    };
    format!("The charges are exact; the total is rounded once, half to even, {unit}.")
}
