//! What a form can show: plain data, by the names that templates use.
//!
//! Amounts are decimals as text with every digit they have, days are `2026-10-31`, and what is not there is
//! null. A name that is here once stays: a tenant's template may use it.

use domain::printable_form::FormKind;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

/// A document to be printed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Document {
    Invoice(Box<InvoiceDocument>),
    Receipt(Box<ReceiptDocument>),
}

/// An invoice or a credit note.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InvoiceDocument {
    pub id: String,
    /// `invoice` or `credit_note`.
    pub kind: &'static str,
    /// Neither numbered nor owed.
    pub draft: bool,
    pub number: Option<String>,
    /// As its parties know the agreement.
    pub agreement: String,
    pub agreement_date: Option<Date>,
    pub period: Days,
    pub issue_date: Option<Date>,
    pub due_date: Option<Date>,
    /// The last time that the usage was added up.
    pub calculated_at: Timestamp,
    pub currency: CurrencyFacts,
    pub issuer: Party,
    pub payer: Party,
    /// Where to pay.
    pub bank: Option<BankFacts>,
    pub groups: Vec<Group>,
    /// Each line stands for all that was sold at its price; the single ones are in the archive of details.
    pub summed_up: bool,
    /// Decimal places that show every price, and every net amount of a line, in full.
    pub price_places: usize,
    pub net_places: usize,
    /// The exact sum of the lines.
    pub net: String,
    /// The same in the currency's minor unit; with the tax it is the total.
    pub net_rounded: String,
    /// By rate. Where another invoice's tax is corrected, that is a line of the difference, whose name says so.
    pub taxes: Vec<TaxLine>,
    pub tax: String,
    pub total: String,
    /// Of the total, by payments and credit notes.
    pub covered: String,
    pub outstanding: String,
    /// The first of the invoices that this one corrects.
    pub corrects: Option<Reference>,
    /// All of them.
    pub all_corrected: Vec<Reference>,
    pub comment: Option<String>,
}

/// What a payment bought, for the tax office; or what of that was undone, as its money went back.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReceiptDocument {
    pub id: String,
    /// `receipt`, or `credit_note`, whose amounts are below zero.
    pub kind: &'static str,
    /// The receipt that a credit note answers. Also of a receipt for money that came again.
    pub corrects: Option<Reference>,
    pub number: String,
    pub agreement: String,
    pub issue_date: Date,
    pub made_at: Timestamp,
    pub currency: CurrencyFacts,
    pub issuer: Party,
    pub payer: Party,
    /// What was bought; behind it the fee for the payment, if there was one.
    pub lines: Vec<Line>,
    pub price_places: usize,
    pub net_places: usize,
    /// The exact sum of the lines. Tax is on what was bought alone: `base` says on how much.
    pub net: String,
    pub net_rounded: String,
    pub taxes: Vec<TaxLine>,
    pub tax: String,
    /// What was paid, or below zero, paid back.
    pub total: String,
    /// How it was paid: `Card`.
    pub payment_method: Option<String>,
    /// Of the payment system.
    pub payment_reference: Option<String>,
    pub paid_at: Timestamp,
    /// Its day in the agreement's time zone.
    pub paid_date: Date,
    pub comment: Option<String>,
}

/// First and last.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Days {
    pub first: Date,
    pub last: Date,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CurrencyFacts {
    /// `EUR`
    pub code: String,
    pub name: String,
    /// Decimal places of its minor unit.
    pub places: usize,
}

/// Who sells or buys.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Party {
    /// As it is registered.
    pub name: String,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    pub country_name: Option<String>,
    pub legal_address: Option<String>,
    pub billing_address: Option<String>,
    /// Of the company register.
    pub legal_number: Option<String>,
    pub tax_number: Option<String>,
    pub vat_number: Option<String>,
    pub emails: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BankFacts {
    pub holder: String,
    /// An IBAN, or what else the bank counts by.
    pub account: String,
    pub bank: String,
    pub address: String,
    pub swift: Option<String>,
    pub bank_code: Option<String>,
    pub branch_code: Option<String>,
}

/// What was used of one resource, as it was sold, by whom.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// `sms_message`
    pub resource: String,
    /// The same in English.
    pub name: String,
    /// `pay_as_you_go`
    pub service_type: String,
    /// The same in English.
    pub service_type_name: String,
    /// Whose credits paid for it, where users have credits of their own.
    pub user: Option<String>,
    pub quantity: i64,
    pub net: String,
    pub lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    pub description: String,
    pub sender: Option<String>,
    /// `outgoing`, or `incoming` of messages from phones; null of fees.
    pub direction: Option<&'static str>,
    /// ISO 3166-1 alpha-2, and in English.
    pub country: Option<String>,
    pub country_name: Option<String>,
    pub quantity: i64,
    /// Null where lines of several prices are one.
    pub unit_price: Option<String>,
    pub net: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaxLine {
    /// `VAT`
    pub name: String,
    pub percent: String,
    /// What it is taken from.
    pub base: String,
    pub amount: String,
    /// Whether the one who pays owes it to the tax office.
    pub reverse_charge: bool,
    pub note: Option<String>,
}

/// Another document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reference {
    pub number: String,
    pub issue_date: Option<Date>,
}

impl Document {
    /// Which form makes it.
    pub fn form(&self) -> FormKind {
        match self {
            Self::Invoice(_) => FormKind::Invoice,
            Self::Receipt(_) => FormKind::Receipt,
        }
    }

    /// Of the invoice or the purchase.
    pub fn id(&self) -> &str {
        match self {
            Self::Invoice(invoice) => &invoice.id,
            Self::Receipt(receipt) => &receipt.id,
        }
    }

    pub(crate) fn issuer(&self) -> &Party {
        match self {
            Self::Invoice(invoice) => &invoice.issuer,
            Self::Receipt(receipt) => &receipt.issuer,
        }
    }

    /// When what it says became true: the file has this date, not the one of its making.
    pub(crate) fn made_at(&self) -> Timestamp {
        match self {
            Self::Invoice(invoice) => invoice.calculated_at,
            Self::Receipt(receipt) => receipt.made_at,
        }
    }
}
