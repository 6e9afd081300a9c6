//! From what the platform keeps to what a form shows.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use domain::agreement::Agreement;
use domain::bank_account::{Bank, OwnBankAccount};
use domain::catalog;
use domain::charge::{Charge, ChargeRow};
use domain::company::Company;
use domain::dictionary::{Dictionaries, DictionaryName};
use domain::id::{RateId, WalletId};
use domain::invoice::{Invoice, InvoiceKind, TaxCorrection};
use domain::legal_entity::{EntityDetails, LegalEntity, OwnLegalEntity};
use domain::money::{Amount, AmountError, Currency};
use domain::tax::Tax;

use crate::document::{
    BankFacts, CurrencyFacts, Days, Group, InvoiceDocument, Line, Party, ReceiptDocument, Reference, TaxLine,
};
use crate::words::{resource_in_words, service_type_in_words};

/// An invoice with more rows than this shows sums: nobody reads more, and the archive of details has all.
pub const LINES_MAX: usize = 2_000;

/// Who stands on a document. Where there is no legal entity, the company's own name does.
#[derive(Debug, Clone, Copy)]
pub struct Parties<'a> {
    pub issuer: (&'a Company, Option<&'a OwnLegalEntity>),
    pub payer: (&'a Company, Option<&'a LegalEntity>),
    pub agreement: &'a Agreement,
    /// Where to pay.
    pub account: Option<(&'a OwnBankAccount, &'a Bank)>,
}

/// What the charges of an invoice and their rows say by ids alone.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Users with credits of their own, by their wallets.
    pub users: BTreeMap<WalletId, String>,
    /// Prices that only messages from phones have.
    pub from_phones: BTreeSet<RateId>,
}

impl Names {
    /// Whose credits a charge was taken from; none if from the agreement's own.
    pub(crate) fn user<'a>(&'a self, invoice: &Invoice, charge: &'a Charge) -> Option<&'a str> {
        let wallet = &charge.group.wallet;
        let is_users = *wallet != WalletId::main(&invoice.agreement);
        is_users.then(|| self.users.get(wallet).map_or(wallet.as_str(), String::as_str))
    }

    /// Which way the messages of a row went, as records call it; none of fees.
    pub fn direction(&self, charge: &Charge, row: &ChargeRow) -> Option<&'static str> {
        let direction = if self.from_phones.contains(&row.rate) { FROM_PHONES } else { "outgoing" };
        charge.group.resource.has_direction().then_some(direction)
    }
}

const FROM_PHONES: &str = "incoming";

/// An invoice with the rows of each of its charges, in their order. `corrected` are those that it corrects.
pub fn invoice(
    invoice: &Invoice,
    rows: &[Vec<ChargeRow>],
    parties: &Parties<'_>,
    names: &Names,
    corrected: &[Invoice],
) -> Result<InvoiceDocument, AmountError> {
    let currency = invoice.currency;
    let charges = || invoice.charges.iter().zip(rows);
    let all: usize = rows.iter().map(Vec::len).sum();
    let fees = charges().filter(|(charge, _)| !charge.group.resource.is_traffic());
    let fees: usize = fees.map(|(_, rows)| rows.len()).sum();
    let sums = match () {
        () if all <= LINES_MAX => Sums::None,
        () if fees <= LINES_MAX => Sums::Traffic,
        () => Sums::All,
    };
    let groups = charges().map(|(charge, rows)| group(invoice, charge, rows, names, sums));
    let groups = groups.collect::<Result<Vec<_>, _>>()?;
    let all_corrected: Vec<_> = corrected.iter().filter_map(reference).collect();
    let all_rows = || rows.iter().flatten();
    Ok(InvoiceDocument {
        id: invoice.id.to_string(),
        kind: match invoice.kind() {
            InvoiceKind::Invoice => "invoice",
            InvoiceKind::CreditNote => "credit_note",
        },
        draft: !invoice.is_confirmed(),
        number: invoice.number.filter(|_| invoice.is_confirmed()).map(|number| number.to_string()),
        agreement: parties.agreement.code.clone(),
        agreement_date: parties.agreement.parties.agreement_date,
        period: Days { first: invoice.period.first, last: invoice.period.last },
        issue_date: invoice.issue_date,
        due_date: invoice.due_date,
        calculated_at: invoice.confirmed_at.unwrap_or(invoice.calculated_at),
        currency: currency_facts(currency),
        issuer: issuer(parties),
        payer: payer(parties),
        bank: parties.account.map(|(account, bank)| bank_facts(account, bank)),
        summed_up: sums != Sums::None,
        price_places: places(all_rows().map(|row| row.unit_price), currency),
        net_places: places(all_rows().map(|row| row.net), currency),
        groups,
        net: invoice.net.to_string(),
        net_rounded: invoice.net_shown().to_string(),
        taxes: taxes(invoice, corrected)?,
        tax: invoice.tax.to_string(),
        total: invoice.total_due.to_string(),
        covered: invoice.covered.to_string(),
        outstanding: invoice.outstanding.to_string(),
        corrects: all_corrected.first().cloned(),
        all_corrected,
        comment: invoice.comment.clone(),
    })
}

fn reference(invoice: &Invoice) -> Option<Reference> {
    Some(Reference { number: invoice.number?.to_string(), issue_date: invoice.issue_date })
}

/// Which rows a document shows as sums: those of messages first, as each fee is for a thing of its own.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sums {
    None,
    Traffic,
    All,
}

fn group(
    invoice: &Invoice,
    charge: &Charge,
    rows: &[ChargeRow],
    names: &Names,
    sums: Sums,
) -> Result<Group, AmountError> {
    let (resource, service_type) = (charge.group.resource, charge.group.service_type);
    let lines = match sums == Sums::All || (sums == Sums::Traffic && resource.is_traffic()) {
        true => summed_up(charge, rows, names)?,
        false => rows.iter().map(|row| line(charge, row, names)).collect(),
    };
    Ok(Group {
        resource: resource.name().to_owned(),
        name: resource_in_words(resource).to_owned(),
        service_type: catalog::choice(service_type),
        service_type_name: service_type_in_words(service_type).to_owned(),
        user: names.user(invoice, charge).map(str::to_owned),
        quantity: charge.quantity,
        net: charge.net.to_string(),
        lines,
    })
}

/// A line for each country and direction: a few hundred at most, whatever the number of senders and prices.
fn summed_up(charge: &Charge, rows: &[ChargeRow], names: &Names) -> Result<Vec<Line>, AmountError> {
    let mut by_country: BTreeMap<_, (ChargeRow, bool)> = BTreeMap::new();
    for row in rows {
        let from_phones = names.direction(charge, row) == Some(FROM_PHONES);
        match by_country.entry((&row.country, &row.subject, from_phones)) {
            Entry::Vacant(vacant) => {
                vacant.insert((ChargeRow { sender: None, ..row.clone() }, true));
            }
            Entry::Occupied(mut occupied) => {
                let (sum, one_price) = occupied.get_mut();
                *one_price &= sum.unit_price == row.unit_price;
                sum.messages += row.messages;
                sum.quantity += row.quantity;
                sum.net = sum.net.checked_add(row.net)?;
            }
        }
    }
    let shown = |(row, one_price): (ChargeRow, bool)| {
        let line = line(charge, &row, names);
        Line { unit_price: line.unit_price.filter(|_| one_price), ..line }
    };
    Ok(by_country.into_values().map(shown).collect())
}

fn line(charge: &Charge, row: &ChargeRow, names: &Names) -> Line {
    let direction = names.direction(charge, row);
    let from_phones = (direction == Some(FROM_PHONES)).then_some("from phones");
    let country_name = row.country.as_deref().and_then(country_name);
    let name = resource_in_words(charge.group.resource);
    let country = country_name.as_deref().or(row.country.as_deref());
    let parts = [row.subject.as_deref(), country, from_phones];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    Line {
        description: if parts.is_empty() { name.to_owned() } else { parts.join(", ") },
        sender: row.sender.as_ref().map(|sender| sender.as_str().to_owned()),
        direction,
        country: row.country.clone(),
        country_name,
        quantity: row.quantity,
        unit_price: Some(row.unit_price.to_string()),
        net: row.net.to_string(),
    }
}

/// What a payment bought, for [`receipt`].
#[derive(Debug, Clone)]
pub struct Purchase<'a> {
    pub id: &'a str,
    pub number: String,
    /// The receipt that it answers, if it answers one.
    pub corrects: Option<Reference>,
    pub currency: Currency,
    /// `10 000 message credits`, say.
    pub description: String,
    pub quantity: i64,
    pub unit_price: Amount,
    pub net: Amount,
    pub tax_rule: Option<&'a Tax>,
    /// Of what was bought; zero if no rule is for this buyer.
    pub tax: Amount,
    /// What was paid on top, untaxed: a line of its own unless it is zero.
    pub fee: Amount,
    /// What was paid, the fee with it.
    pub total: Amount,
    pub payment_method: Option<String>,
    /// Of the payment system.
    pub payment_reference: Option<String>,
    pub paid_at: jiff::Timestamp,
    /// In the time zone of the one who sells.
    pub issue_date: jiff::civil::Date,
    pub comment: Option<String>,
}

/// The tax receipt of a payment for message credits, or the credit note of what was paid back of it.
pub fn receipt(purchase: &Purchase<'_>, parties: &Parties<'_>) -> Result<ReceiptDocument, AmountError> {
    let currency = purchase.currency;
    let line = |description: &str, quantity, unit_price: Amount, net: Amount| Line {
        description: description.to_owned(),
        sender: None,
        direction: None,
        country: None,
        country_name: None,
        quantity,
        unit_price: Some(unit_price.to_string()),
        net: net.to_string(),
    };
    let fee = purchase.fee;
    let mut lines = vec![line(&purchase.description, purchase.quantity, purchase.unit_price, purchase.net)];
    if !fee.is_zero() {
        lines.push(line("Payment fee", 1, fee, fee));
    }
    let taxed = purchase.net.rounded(currency.minor_places());
    let tax = purchase.tax_rule.iter().map(|tax| tax_line(tax, taxed, purchase.tax));
    Ok(ReceiptDocument {
        id: purchase.id.to_owned(),
        kind: if purchase.total.is_negative() { "credit_note" } else { "receipt" },
        corrects: purchase.corrects.clone(),
        number: purchase.number.clone(),
        agreement: parties.agreement.code.clone(),
        issue_date: purchase.issue_date,
        made_at: purchase.paid_at,
        currency: currency_facts(currency),
        issuer: issuer(parties),
        payer: payer(parties),
        lines,
        price_places: places([purchase.unit_price, fee], currency),
        net_places: places([purchase.net, fee], currency),
        net: purchase.net.checked_add(fee)?.to_string(),
        net_rounded: taxed.checked_add(fee)?.to_string(),
        taxes: tax.collect(),
        tax: purchase.tax.to_string(),
        total: purchase.total.to_string(),
        payment_method: purchase.payment_method.clone(),
        payment_reference: purchase.payment_reference.clone(),
        paid_at: purchase.paid_at,
        paid_date: parties.agreement.version_at(purchase.paid_at).billing.day_of(purchase.paid_at),
        comment: purchase.comment.clone(),
    })
}

fn issuer(parties: &Parties<'_>) -> Party {
    let (company, entity) = parties.issuer;
    party(company, entity.map(|entity| &entity.details.entity))
}

fn payer(parties: &Parties<'_>) -> Party {
    let (company, entity) = parties.payer;
    party(company, entity.map(|entity| &entity.details))
}

fn party(company: &Company, entity: Option<&EntityDetails>) -> Party {
    Party {
        name: entity.map_or_else(|| company.name.clone(), |entity| entity.legal_name.clone()),
        country: entity.map(|entity| entity.country.clone()),
        country_name: entity.and_then(|entity| country_name(&entity.country)),
        legal_address: entity.and_then(|entity| entity.legal_address.clone()),
        billing_address: entity.and_then(|entity| entity.billing_address.clone()),
        legal_number: entity.and_then(|entity| entity.legal_number.clone()),
        tax_number: entity.and_then(|entity| entity.tax_number.clone()),
        vat_number: entity.and_then(|entity| entity.vat_number.clone()),
        emails: entity.map(|entity| entity.notification_emails.clone()).unwrap_or_default(),
    }
}

fn bank_facts(account: &OwnBankAccount, bank: &Bank) -> BankFacts {
    let (account, bank) = (&account.details.account, &bank.details);
    BankFacts {
        holder: account.holder.clone(),
        account: in_fours(&account.number),
        bank: bank.name.clone(),
        address: bank.address.clone(),
        swift: bank.swift.as_ref().map(|swift| swift.as_str().to_owned()),
        bank_code: bank.bank_code.clone(),
        branch_code: bank.branch_code.clone(),
    }
}

/// An IBAN as it is printed (ISO 13616); other numbers as they are.
fn in_fours(number: &str) -> String {
    if domain::bank::Iban::parse(number).is_err() {
        return number.to_owned();
    }
    let parts: Vec<String> =
        number.as_bytes().chunks(4).map(|part| String::from_utf8_lossy(part).into()).collect();
    parts.join(" ")
}

/// The tax on what an invoice charges itself, and each correction of another one's as a tax of the difference: so the
/// sums of every form come to the total.
fn taxes(invoice: &Invoice, corrected: &[Invoice]) -> Result<Vec<TaxLine>, AmountError> {
    let rule = invoice.tax_rule.as_ref();
    let own = invoice.tax.checked_sub(invoice.tax_corrected()?)?;
    let mut lines: Vec<_> = rule.map(|tax| tax_line(tax, invoice.net_shown(), own)).into_iter().collect();
    for correction in &invoice.tax_corrections {
        let before = correction.before.as_ref();
        let percent = |tax: Option<&Tax>| tax.map_or(Amount::ZERO, |tax| tax.percent);
        let name = rule.or(before).map_or("Tax", |tax| tax.name.as_str());
        let document = in_words(correction, corrected);
        let (was, is) = (rate_in_words(before), rate_in_words(rule));
        lines.push(TaxLine {
            name: format!("{name} on {document} corrected from {was} to {is}:"),
            percent: percent(rule).checked_sub(percent(before))?.to_string(),
            base: correction.base.to_string(),
            amount: correction.amount.to_string(),
            reverse_charge: false,
            note: None,
        });
    }
    Ok(lines)
}

/// The document whose tax is corrected.
fn in_words(correction: &TaxCorrection, corrected: &[Invoice]) -> String {
    let other = corrected.iter().find(|other| other.id == correction.invoice);
    let noun = match other.map(Invoice::kind) {
        Some(InvoiceKind::CreditNote) => "credit note",
        Some(InvoiceKind::Invoice) | None => "invoice",
    };
    let number = other.and_then(|other| other.number).map(|number| format!(" {number}"));
    format!("{noun}{}", number.unwrap_or_default())
}

fn rate_in_words(tax: Option<&Tax>) -> String {
    match tax {
        Some(tax) if tax.reverse_charge => "reverse charge".to_owned(),
        Some(tax) => format!("{} %", tax.percent),
        None => "0 %".to_owned(),
    }
}

fn tax_line(tax: &Tax, base: Amount, amount: Amount) -> TaxLine {
    TaxLine {
        name: tax.name.clone(),
        percent: tax.percent.to_string(),
        base: base.to_string(),
        amount: amount.to_string(),
        reverse_charge: tax.reverse_charge,
        note: tax.note.clone(),
    }
}

pub(crate) fn country_name(code: &str) -> Option<String> {
    let countries = Dictionaries::shipped().get(DictionaryName::Countries);
    countries.value(code, "name_en").map(str::to_owned)
}

fn currency_facts(currency: Currency) -> CurrencyFacts {
    let name = match currency {
        Currency::Money(money) => money.name().to_owned(),
        Currency::Credit => "message credits".to_owned(),
    };
    CurrencyFacts { code: currency.code().to_owned(), name, places: currency.minor_places() as usize }
}

/// Decimal places that show all of these amounts in full, and at least the currency's own.
fn places(amounts: impl IntoIterator<Item = Amount>, currency: Currency) -> usize {
    let scales = amounts.into_iter().map(|amount| amount.decimal().normalize().scale());
    scales.fold(currency.minor_places(), u32::max) as usize
}

#[cfg(test)]
mod tests {
    use domain::charge::{ChargeGroup, ServiceType};
    use domain::company::plan_owner;
    use domain::id::{CompanyId, ServiceId, TreeTag};
    use domain::period::BillingTerms;
    use domain::rating::Resource;
    use domain::sender::SenderAddress;
    use jiff::Timestamp;
    use jiff::civil::date;

    use super::*;
    use crate::details::tests::{agreement, agreement_with, charge, invoice as draft, row};
    use crate::{Document, print};

    fn made(rows: Vec<ChargeRow>) -> InvoiceDocument {
        made_of(vec![(charge(&rows), rows)], &Names::default(), &[])
    }

    fn made_of(
        charges: Vec<(Charge, Vec<ChargeRow>)>,
        names: &Names,
        corrected: &[Invoice],
    ) -> InvoiceDocument {
        let (charges, rows): (Vec<_>, Vec<_>) = charges.into_iter().unzip();
        shown(&draft(charges), &rows, names, corrected)
    }

    fn shown(
        shown: &Invoice,
        rows: &[Vec<ChargeRow>],
        names: &Names,
        corrected: &[Invoice],
    ) -> InvoiceDocument {
        let company = plan_owner(CompanyId::new(1), "Example", Timestamp::UNIX_EPOCH).unwrap();
        let agreement = agreement();
        let (issuer, payer) = ((&company, None), (&company, None));
        let parties = Parties { issuer, payer, agreement: &agreement, account: None };
        invoice(shown, rows, &parties, names, corrected).unwrap()
    }

    /// These rows, sold otherwise than the main charge.
    fn sold_as(
        group: impl FnOnce(ChargeGroup) -> ChargeGroup,
        rows: Vec<ChargeRow>,
    ) -> (Charge, Vec<ChargeRow>) {
        let charge = charge(&rows);
        (Charge { group: group(charge.group.clone()), ..charge }, rows)
    }

    fn fee(sender: usize) -> ChargeRow {
        ChargeRow { sender: Some(SenderAddress::parse(&format!("S{sender}")).unwrap()), ..row(None, 1) }
    }

    fn fees(count: usize) -> (Charge, Vec<ChargeRow>) {
        let setup = |group| ChargeGroup { resource: Resource::SenderIdSetupFee, ..group };
        sold_as(setup, (0..count).map(fee).collect())
    }

    #[test]
    fn charges_say_whose_credits_they_took_and_how_they_were_sold_and_lines_which_way_they_went() {
        let (ada, gone) = (WalletId::new(7), WalletId::new(8));
        let from_phones = RateId::of(&TreeTag::of(&ServiceId::new(1), 1), 2);
        let names = Names {
            users: BTreeMap::from([(ada.clone(), "Ada".to_owned())]),
            from_phones: BTreeSet::from([from_phones.clone()]),
        };
        let messages = || vec![row(None, 1)];
        let of = |wallet: WalletId| sold_as(|group| ChargeGroup { wallet, ..group }, messages());
        let pack = |group| ChargeGroup { service_type: ServiceType::UnitPack, ..group };
        let both_ways = vec![row(None, 1), ChargeRow { rate: from_phones, ..row(None, 2) }];
        let charges = vec![
            (charge(&both_ways), both_ways),
            sold_as(pack, messages()),
            of(ada),
            of(gone.clone()),
            fees(1),
        ];
        let made = made_of(charges, &names, &[]);
        let groups: Vec<_> = made
            .groups
            .iter()
            .map(|group| (group.name.as_str(), group.service_type_name.as_str(), group.user.as_deref()))
            .collect();
        let sms = "SMS message";
        assert_eq!(
            groups,
            [
                (sms, "pay-as-you-go", None),
                (sms, "unit pack", None),
                (sms, "pay-as-you-go", Some("Ada")),
                (sms, "pay-as-you-go", Some(gone.as_str())),
                ("Sender ID, setup", "pay-as-you-go", None),
            ]
        );
        let lines = |place: usize| -> Vec<_> {
            let lines = made.groups[place].lines.iter();
            lines.map(|line| (line.description.as_str(), line.direction)).collect()
        };
        assert_eq!(lines(0), [("Germany", Some("outgoing")), ("Germany, from phones", Some("incoming"))]);
        assert_eq!(lines(4), [("Germany", None)]);
    }

    #[test]
    fn sums_keep_fees_of_different_sender_ids_and_messages_from_phones_apart() {
        let from_phones = RateId::of(&TreeTag::of(&ServiceId::new(1), 1), 2);
        let names = Names { from_phones: BTreeSet::from([from_phones.clone()]), ..Names::default() };
        let mut rows = vec![row(None, 1); LINES_MAX];
        rows.push(ChargeRow { rate: from_phones, ..row(None, 2) });
        let made = made_of(vec![(charge(&rows), rows), fees(3)], &names, &[]);
        let lines = |place: usize| -> Vec<_> {
            let lines = made.groups[place].lines.iter();
            lines.map(|line| (line.sender.as_deref(), line.description.as_str(), line.quantity)).collect()
        };
        assert_eq!(lines(0), [(None, "Germany", 2_000), (None, "Germany, from phones", 2)]);
        assert_eq!(
            lines(1),
            [(Some("S0"), "Germany", 1), (Some("S1"), "Germany", 1), (Some("S2"), "Germany", 1)]
        );
        let made = made_of(vec![fees(LINES_MAX + 1)], &names, &[]);
        assert_eq!(made.groups[0].lines.len(), 1, "nobody reads so many of fees either");
    }

    #[test]
    fn all_invoices_that_are_corrected_are_named() {
        let numbered = |number| Invoice {
            number: Some(number),
            issue_date: Some(date(2026, 11, 2)),
            ..draft(Vec::new())
        };
        let made = made_of(Vec::new(), &Names::default(), &[numbered(4), numbered(9)]);
        let numbers: Vec<_> = made.all_corrected.iter().map(|other| other.number.as_str()).collect();
        assert_eq!(numbers, ["4", "9"]);
        assert_eq!(made.corrects.as_ref(), made.all_corrected.first());
    }

    #[test]
    fn a_correction_of_tax_is_a_tax_of_the_difference_on_what_another_invoice_charged() {
        let at = |percent, reverse_charge| Tax {
            name: "VAT".to_owned(),
            percent: Amount::whole(percent),
            reverse_charge,
            note: None,
        };
        let first = Invoice { number: Some(4), ..draft(Vec::new()) };
        let lines = |before, after, amount| {
            let (invoice, corrects) = (first.id.clone(), first.id.clone());
            let amount = Amount::whole(amount);
            let correction = TaxCorrection { invoice, corrects, before, base: Amount::whole(100), amount };
            let correcting = Invoice {
                tax_rule: after,
                tax_corrections: vec![correction],
                tax: amount,
                ..draft(Vec::new())
            };
            let made = shown(&correcting, &[], &Names::default(), std::slice::from_ref(&first));
            let line = |tax: TaxLine| [tax.name, tax.percent, tax.base, tax.amount].join("|");
            made.taxes.into_iter().map(line).collect::<Vec<_>>()
        };
        assert_eq!(
            lines(Some(at(16, false)), Some(at(19, false)), 3),
            ["VAT|19|0|0", "VAT on invoice 4 corrected from 16 % to 19 %:|3|100|3"]
        );
        assert_eq!(
            lines(Some(at(16, false)), Some(at(0, true)), -16),
            ["VAT|0|0|0", "VAT on invoice 4 corrected from 16 % to reverse charge:|-16|100|-16"]
        );
        assert_eq!(
            lines(Some(at(16, false)), None, -16),
            ["VAT on invoice 4 corrected from 16 % to 0 %:|-16|100|-16"]
        );
    }

    #[test]
    fn the_lines_are_exact_and_what_is_to_be_paid_is_in_whole_cents() {
        let made = made(vec![row(Some("ACME"), 3)]);
        let line = &made.groups[0].lines[0];
        assert_eq!((line.description.as_str(), line.net.as_str()), ("ACME, Germany", "0.1365"));
        assert_eq!((made.net.as_str(), made.net_rounded.as_str()), ("0.1365", "0.14"));
        assert_eq!((made.tax.as_str(), made.total.as_str(), made.net_places), ("0.03", "0.17", 4));
        assert_eq!((made.taxes[0].percent.as_str(), made.taxes[0].base.as_str()), ("19", "0.14"));
        assert!(made.draft && made.number.is_none());
    }

    #[test]
    fn rows_that_nobody_would_read_are_summed_up_by_country() {
        let other = |place| ChargeRow {
            country: Some(if place % 2 == 0 { "DE" } else { "GR" }.into()),
            ..row(None, 2)
        };
        let made = made((0..LINES_MAX + 2).map(other).collect());
        let lines: Vec<_> =
            made.groups[0].lines.iter().map(|line| (line.description.as_str(), line.quantity)).collect();
        assert_eq!(lines, [("Germany", 2002), ("Greece", 2002)]);
        assert!(made.summed_up);
        assert!(print(&Document::Invoice(Box::new(made)), None).is_ok());
    }

    #[test]
    fn a_receipt_adds_up_to_what_was_paid_with_the_fee_on_a_line_of_its_own() {
        let company = plan_owner(CompanyId::new(1), "Example", Timestamp::UNIX_EPOCH).unwrap();
        let tokyo = BillingTerms { time_zone: "Asia/Tokyo".to_owned(), ..BillingTerms::monthly_utc() };
        let agreement = agreement_with(tokyo);
        let (issuer, payer) = ((&company, None), (&company, None));
        let parties = Parties { issuer, payer, agreement: &agreement, account: None };
        let amount = |text| Amount::parse(text).unwrap();
        let made = |fee, total| {
            let purchase = Purchase {
                id: "top",
                number: "1".to_owned(),
                corrects: None,
                currency: Currency::parse("EUR").unwrap(),
                description: "Message credits".to_owned(),
                quantity: 500,
                unit_price: amount("0.06"),
                net: amount("30"),
                tax_rule: None,
                tax: amount("5.7"),
                fee: amount(fee),
                total: amount(total),
                payment_method: None,
                payment_reference: None,
                paid_at: "2026-11-01T20:00:00Z".parse().unwrap(),
                issue_date: date(2026, 11, 2),
                comment: None,
            };
            receipt(&purchase, &parties).unwrap()
        };
        let with_fee = made("0.54", "36.24");
        let lines: Vec<_> =
            with_fee.lines.iter().map(|line| (line.description.as_str(), line.net.as_str())).collect();
        assert_eq!(lines, [("Message credits", "30"), ("Payment fee", "0.54")]);
        assert_eq!((with_fee.net_rounded.as_str(), with_fee.total.as_str()), ("30.54", "36.24"));
        assert_eq!(with_fee.paid_date, date(2026, 11, 2), "it was paid at five in the morning of Tokyo");
        assert!(print(&Document::Receipt(Box::new(with_fee)), None).is_ok());
        assert_eq!(made("0", "35.7").lines.len(), 1);
    }

    #[test]
    fn an_iban_is_printed_in_groups_and_other_numbers_as_they_are() {
        assert_eq!(in_fours("DE89370400440532013000"), "DE89 3704 0044 0532 0130 00");
        assert_eq!(in_fours("12-34567"), "12-34567");
    }
}
