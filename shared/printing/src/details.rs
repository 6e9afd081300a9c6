//! The archive of what was charged: a line for each detail row, as CSV or as XLSX. Which columns it has, and
//! what they are called, a tenant's form says; see this crate's README.

use std::io::{Seek, Write};

use domain::catalog;
use domain::charge::{Charge, ChargeRow};
use domain::invoice::Invoice;
use domain::money::{Amount, AmountError, PLACES_MAX};
use domain::rating::{Attribute, Resource};
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use crate::TemplateError;
use crate::facts::{Names, country_name};
use crate::template::check_length;
use crate::words::resource_in_words;
use crate::xml::{Element, Lines};

const COLUMNS_MAX: usize = 50;
/// A sheet holds 1,048,576 with its head (Excel's specifications); the rest goes to further sheets.
const SHEET_ROWS_MAX: usize = 1_000_000;

#[derive(Debug, thiserror::Error)]
pub enum DetailsError {
    #[error(transparent)]
    Amount(#[from] AmountError),
    #[error("the file could not be written")]
    Csv(#[from] csv::Error),
    #[error("the file could not be written")]
    Xlsx(#[from] XlsxError),
    #[error("the file could not be written")]
    Write(#[from] std::io::Error),
}

/// A row with what it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Detail<'a> {
    pub invoice: &'a Invoice,
    pub charge: &'a Charge,
    pub row: &'a ChargeRow,
    pub names: &'a Names,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Field {
    InvoiceNumber,
    PeriodFirst,
    PeriodLast,
    Resource,
    ResourceName,
    ServiceType,
    Wallet,
    User,
    ChargeVersion,
    Sender,
    Subject,
    Country,
    CountryName,
    Direction,
    Rate,
    PriceType,
    ScaleType,
    ScaleTier,
    CounterGroup,
    UnitPrice,
    Messages,
    Quantity,
    Net,
    Tax,
    Total,
    Currency,
}

const FIELDS: [(&str, Field); 26] = [
    ("invoice_number", Field::InvoiceNumber),
    ("period_first", Field::PeriodFirst),
    ("period_last", Field::PeriodLast),
    ("resource", Field::Resource),
    ("resource_name", Field::ResourceName),
    ("service_type", Field::ServiceType),
    ("wallet", Field::Wallet),
    ("user", Field::User),
    ("charge_version", Field::ChargeVersion),
    ("sender", Field::Sender),
    ("subject", Field::Subject),
    ("country", Field::Country),
    ("country_name", Field::CountryName),
    ("direction", Field::Direction),
    ("rate", Field::Rate),
    ("price_type", Field::PriceType),
    ("scale_type", Field::ScaleType),
    ("scale_tier", Field::ScaleTier),
    ("counter_group", Field::CounterGroup),
    ("unit_price", Field::UnitPrice),
    ("messages", Field::Messages),
    ("quantity", Field::Quantity),
    ("net", Field::Net),
    ("tax", Field::Tax),
    ("total", Field::Total),
    ("currency", Field::Currency),
];

/// The columns of an archive, in their order.
#[derive(Debug, Clone, PartialEq)]
pub struct Columns(Vec<(Field, String)>);

impl Columns {
    /// Reads a form: a `<details>` of `<column value="sender" title="Sender"/>`.
    pub fn parse(form: &str) -> Result<Self, TemplateError> {
        check_length(form)?;
        let details = Element::parse(form, &Plain(form))?;
        let line = details.line;
        if details.name != "details" {
            return Err(details.wrong("the form of an archive is one <details>"));
        }
        details.check_done()?;
        let columns: Vec<_> = details.elements()?.into_iter().map(column).collect::<Result<_, _>>()?;
        if columns.is_empty() || COLUMNS_MAX < columns.len() {
            let reason = format!("<details> has 1 to {COLUMNS_MAX} columns");
            return Err(TemplateError { line, reason });
        }
        Ok(Self(columns))
    }

    fn titles(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, title)| title.as_str())
    }
}

fn column(mut element: Element) -> Result<(Field, String), TemplateError> {
    if element.name != "column" {
        return Err(element.wrong("<details> consists of <column>"));
    }
    let Some(value) = element.take("value") else {
        return Err(element.wrong("its value is needed"));
    };
    let Some((name, field)) = FIELDS.iter().find(|(name, _)| *name == value) else {
        let known: Vec<_> = FIELDS.iter().map(|(name, _)| *name).collect();
        return Err(element.wrong(format!("there is no value {value}; there are {}", known.join(", "))));
    };
    let title = element.take("title").unwrap_or_else(|| (*name).to_owned());
    element.check_done()?;
    Ok((*field, title))
}

/// Of text that is its own template.
struct Plain<'a>(&'a str);

impl Lines for Plain<'_> {
    fn line_at(&self, offset: usize) -> usize {
        1 + self.0.get(..offset).unwrap_or_default().matches('\n').count()
    }
}

/// As CSV: UTF-8, commas, and quotation marks where they are needed. Text that a spreadsheet would take for
/// a formula has an apostrophe before it.
pub fn csv<'a>(
    columns: &Columns,
    details: impl IntoIterator<Item = Detail<'a>>,
    out: impl Write,
) -> Result<(), DetailsError> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(columns.titles().map(guarded))?;
    for detail in details {
        for (field, _) in &columns.0 {
            match value(*field, detail)? {
                Value::Text(text) => writer.write_field(guarded(&text))?,
                Value::Number(number) => writer.write_field(number)?,
            }
        }
        writer.write_record(None::<&[u8]>)?;
    }
    Ok(writer.flush()?)
}

fn guarded(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if is_formula { format!("'{text}") } else { text.to_owned() }
}

/// A part of an XLSX file, with columns of its own: what was charged of one resource.
#[derive(Debug, Clone)]
pub struct Sheet<'a> {
    pub resource: Resource,
    pub columns: Columns,
    pub details: Vec<Detail<'a>>,
}

/// As XLSX, a sheet or more for each resource. Rows are written one by one, so that the memory for it does
/// not grow with them.
pub fn xlsx(sheets: &[Sheet<'_>], out: impl Write + Seek + Send) -> Result<(), DetailsError> {
    let mut workbook = Workbook::new();
    for Sheet { resource, columns, details } in sheets {
        let name = resource_in_words(*resource);
        for (number, details) in (1..).zip(details.chunks(SHEET_ROWS_MAX)) {
            let name = if number == 1 { name.to_owned() } else { format!("{name} {number}") };
            write_sheet(workbook.add_worksheet_with_constant_memory()?, &name, columns, details)?;
        }
    }
    if workbook.worksheets().is_empty() {
        workbook.add_worksheet().set_name("No charges")?;
    }
    Ok(workbook.save_to_writer(out)?)
}

fn write_sheet(
    sheet: &mut Worksheet,
    name: &str,
    columns: &Columns,
    details: &[Detail<'_>],
) -> Result<(), DetailsError> {
    sheet.set_name(name)?.set_freeze_panes(1, 0)?;
    let bold = Format::new().set_bold();
    for (column, title) in (0..).zip(columns.titles()) {
        sheet.set_column_width(column, u16::try_from(title.len()).unwrap_or(60).clamp(10, 60) + 4)?;
        sheet.write_string_with_format(0, column, title, &bold)?;
    }
    for (row, detail) in (1..).zip(details) {
        for (column, (field, _)) in (0..).zip(&columns.0) {
            write_cell(sheet, row, column, &value(*field, *detail)?)?;
        }
    }
    Ok(())
}

/// A number is one unless a spreadsheet would not keep it exactly.
fn write_cell(sheet: &mut Worksheet, row: u32, column: u16, value: &Value) -> Result<(), XlsxError> {
    match value {
        Value::Text(text) if text.is_empty() => {}
        Value::Text(text) => {
            sheet.write_string(row, column, text)?;
        }
        Value::Number(text) => match text.parse::<f64>() {
            Ok(number) if number.to_string() == *text => {
                sheet.write_number(row, column, number)?;
            }
            _ => {
                sheet.write_string(row, column, text)?;
            }
        },
    }
    Ok(())
}

enum Value {
    Text(String),
    Number(String),
}

fn value(field: Field, detail: Detail<'_>) -> Result<Value, AmountError> {
    let Detail { invoice, charge, row, names } = detail;
    let text = |text: Option<&str>| Value::Text(text.unwrap_or_default().to_owned());
    let amount = |amount: Amount| Value::Number(amount.to_string());
    Ok(match field {
        Field::InvoiceNumber => {
            // A draft may keep one for its next confirmation.
            let number = invoice.number.filter(|_| invoice.is_confirmed());
            Value::Text(number.map(|number| number.to_string()).unwrap_or_default())
        }
        Field::PeriodFirst => Value::Text(invoice.period.first.to_string()),
        Field::PeriodLast => Value::Text(invoice.period.last.to_string()),
        Field::Resource => text(Some(charge.group.resource.name())),
        Field::ResourceName => text(Some(resource_in_words(charge.group.resource))),
        Field::ServiceType => Value::Text(catalog::choice(charge.group.service_type)),
        Field::Wallet => text(Some(charge.group.wallet.as_str())),
        Field::User => text(names.user(invoice, charge)),
        Field::ChargeVersion => Value::Number(charge.version.to_string()),
        Field::Sender => text(row.sender.as_ref().map(|sender| sender.as_str())),
        Field::Subject => text(row.subject.as_deref()),
        Field::Country => text(row.country.as_deref()),
        Field::CountryName => text(row.country.as_deref().and_then(country_name).as_deref()),
        Field::Direction => text(names.direction(charge, row)),
        Field::Rate => text(Some(row.rate.as_str())),
        Field::PriceType => text(Some(row.priced_by.price_type())),
        Field::ScaleType => Value::Text(row.priced_by.scale().map(catalog::choice).unwrap_or_default()),
        Field::ScaleTier => {
            Value::Number(row.priced_by.tier().map(|tier| tier.to_string()).unwrap_or_default())
        }
        Field::CounterGroup => text(row.priced_by.counter_group().map(Attribute::name)),
        Field::UnitPrice => amount(row.unit_price),
        Field::Messages => Value::Number(row.messages.to_string()),
        Field::Quantity => Value::Number(row.quantity.to_string()),
        Field::Net => amount(row.net),
        Field::Tax => amount(tax(detail)?),
        Field::Total => amount(row.net.checked_add(tax(detail)?)?),
        Field::Currency => text(Some(invoice.currency.code())),
    })
}

/// As exact as amounts are; the invoice rounds the sum, not the rows.
fn tax(detail: Detail<'_>) -> Result<Amount, AmountError> {
    match &detail.invoice.tax_rule {
        Some(tax) => tax.on(detail.row.net, PLACES_MAX),
        None => Ok(Amount::ZERO),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use calamine::{Data, Reader, Xlsx};
    use domain::agreement::{Agreement, Charging, CreditLimit, NewAgreement, plan_agreement};
    use domain::charge::{ChargeDirection, ChargeGroup, RowsAt, ServiceType, content};
    use domain::id::{AgreementId, CompanyId, InvoiceId, RateId, ServiceId, TreeTag, WalletId};
    use domain::money::Currency;
    use domain::period::{BillingTerms, Period};
    use domain::rating::{PricedBy, ScaleKind};
    use domain::tax::Tax;
    use jiff::Timestamp;
    use jiff::civil::date;
    use std::io::Cursor;

    use super::*;
    use crate::own_form;
    use domain::printable_form::FormKind;

    pub(crate) fn row(subject: Option<&str>, quantity: i64) -> ChargeRow {
        let unit_price = Amount::parse("0.0455").unwrap();
        ChargeRow {
            sender: None,
            subject: subject.map(str::to_owned),
            country: Some("DE".to_owned()),
            rate: rate(1),
            unit_price,
            priced_by: PricedBy::Flat,
            messages: quantity,
            quantity,
            net: unit_price.checked_times(u32::try_from(quantity).unwrap()).unwrap(),
        }
    }

    fn rate(leaf: u32) -> RateId {
        RateId::of(&TreeTag::of(&ServiceId::new(1), 1), leaf)
    }

    pub(crate) fn charge(rows: &[ChargeRow]) -> Charge {
        let agreement = AgreementId::new(1);
        let group = ChargeGroup {
            wallet: WalletId::main(&agreement),
            direction: ChargeDirection::Receivable,
            resource: Resource::SmsMessage,
            service_type: ServiceType::PayAsYouGo,
        };
        let at = RowsAt::of(&agreement, &content(rows).unwrap(), rows);
        Charge::of(&InvoiceId::new(1), group, rows, at, None).unwrap()
    }

    pub(crate) fn agreement() -> Agreement {
        agreement_with(BillingTerms::monthly_utc())
    }

    pub(crate) fn agreement_with(billing: BillingTerms) -> Agreement {
        let ask = NewAgreement {
            id: AgreementId::new(1),
            company: CompanyId::new(1),
            tenant: CompanyId::new(0),
            code: "A".into(),
            currency: Currency::parse("EUR").unwrap(),
            charging: Charging::Cascade,
            credit_limit: CreditLimit::Unlimited,
            billing,
        };
        plan_agreement(ask, None, true, Timestamp::UNIX_EPOCH).unwrap()
    }

    pub(crate) fn invoice(charges: Vec<Charge>) -> Invoice {
        let period = Period { first: date(2026, 10, 1), last: date(2026, 10, 31) };
        let percent = Amount::whole(19);
        let tax = Tax { name: "VAT".into(), percent, reverse_charge: false, note: None };
        domain::invoice::draft(&agreement(), period, 0, charges, Some(tax), Timestamp::UNIX_EPOCH).unwrap()
    }

    #[track_caller]
    fn with_details<T>(rows: &[ChargeRow], work: impl FnOnce(Vec<Detail<'_>>) -> T) -> T {
        with_named_details(&charge(rows), rows, &Names::default(), work)
    }

    fn with_named_details<T>(
        charge: &Charge,
        rows: &[ChargeRow],
        names: &Names,
        work: impl FnOnce(Vec<Detail<'_>>) -> T,
    ) -> T {
        let invoice = invoice(vec![charge.clone()]);
        work(rows.iter().map(|row| Detail { invoice: &invoice, charge, row, names }).collect())
    }

    fn columns(values: &[&str]) -> Columns {
        let columns: String = values.iter().map(|value| format!("<column value='{value}'/>")).collect();
        Columns::parse(&format!("<details>{columns}</details>")).unwrap()
    }

    #[test]
    fn a_line_has_the_columns_of_the_form_and_exact_amounts() {
        let columns = columns(&["subject", "country_name", "unit_price", "quantity", "net", "tax", "total"]);
        let mut file = Vec::new();
        with_details(&[row(Some("a, b"), 3)], |details| csv(&columns, details, &mut file)).unwrap();
        let expected = "subject,country_name,unit_price,quantity,net,tax,total\n\
            \"a, b\",Germany,0.0455,3,0.1365,0.025935,0.162435\n";
        assert_eq!(String::from_utf8(file).unwrap(), expected);
    }

    #[test]
    fn a_line_tells_whose_credits_it_took_and_which_way_it_went() {
        let columns = columns(&["service_type", "user", "direction", "quantity"]);
        let rows = [row(None, 1), ChargeRow { rate: rate(2), ..row(None, 2) }];
        let of_main = charge(&rows);
        let ada = WalletId::new(7);
        let of_ada =
            Charge { group: ChargeGroup { wallet: ada.clone(), ..of_main.group.clone() }, ..of_main.clone() };
        let names = Names { users: [(ada, "Ada".to_owned())].into(), from_phones: [rate(2)].into() };
        for (charge, user) in [(of_main, ""), (of_ada, "Ada")] {
            let mut file = Vec::new();
            with_named_details(&charge, &rows, &names, |details| csv(&columns, details, &mut file)).unwrap();
            let line = |direction, quantity| format!("pay_as_you_go,{user},{direction},{quantity}\n");
            let lines = [line("outgoing", 1), line("incoming", 2)].concat();
            let expected = format!("service_type,user,direction,quantity\n{lines}");
            assert_eq!(String::from_utf8(file).unwrap(), expected);
        }
    }

    #[test]
    fn a_line_tells_how_its_price_came_about() {
        let columns = columns(&["price_type", "scale_type", "scale_tier", "counter_group", "unit_price"]);
        let scale = PricedBy::Scale {
            scale: ScaleKind::BackToFirst,
            tier: 2,
            counter_group: Some(Attribute::SenderId),
        };
        let rows = [row(None, 1), ChargeRow { priced_by: scale, ..row(None, 1) }];
        let mut file = Vec::new();
        with_details(&rows, |details| csv(&columns, details, &mut file)).unwrap();
        let expected = "price_type,scale_type,scale_tier,counter_group,unit_price\n\
            flat,,,,0.0455\nscale,back_to_first,2,sender_id,0.0455\n";
        assert_eq!(String::from_utf8(file).unwrap(), expected);
    }

    #[test]
    fn what_looks_like_a_formula_is_text_and_a_negative_amount_is_a_number() {
        let columns = columns(&["subject", "net"]);
        let mut rows: Vec<_> = ["=1+1", "+49", "-2", "@SUM(A1)"].map(|subject| row(Some(subject), 1)).into();
        rows.iter_mut().for_each(|row| row.net = -row.net);
        let mut file = Vec::new();
        with_details(&rows, |details| csv(&columns, details, &mut file)).unwrap();
        let expected = "subject,net\n'=1+1,-0.0455\n'+49,-0.0455\n'-2,-0.0455\n'@SUM(A1),-0.0455\n";
        assert_eq!(String::from_utf8(file).unwrap(), expected);
    }

    #[test]
    fn a_spreadsheet_reads_numbers_as_numbers_and_each_resource_in_its_own_sheet() {
        let mut file = Cursor::new(Vec::new());
        with_details(&[row(Some("=1+1"), 3)], |details| {
            let of = |resource, values: &[&str]| Sheet {
                resource,
                columns: columns(values),
                details: details.clone(),
            };
            let sheets =
                [of(Resource::SmsMessage, &["subject", "net"]), of(Resource::VoiceCall, &["quantity"])];
            xlsx(&sheets, &mut file)
        })
        .unwrap();
        let mut workbook = Xlsx::new(file).unwrap();
        assert_eq!(workbook.sheet_names(), ["SMS message", "Voice call"]);
        let sheet = workbook.worksheet_range("SMS message").unwrap();
        assert_eq!(sheet.get_value((1, 0)), Some(&Data::String("=1+1".into())));
        assert_eq!(sheet.get_value((1, 1)), Some(&Data::Float(0.1365)));
    }

    #[test]
    fn a_hundred_thousand_rows_are_written() {
        let rows: Vec<_> = (0..100_000).map(|place| row(Some("x"), place)).collect();
        let own = Columns::parse(own_form(FormKind::Charge)).unwrap();
        let (mut text, mut book) = (Vec::new(), Cursor::new(Vec::new()));
        with_details(&rows, |details| {
            csv(&own, details.iter().copied(), &mut text).unwrap();
            let columns = columns(&["quantity"]);
            xlsx(&[Sheet { resource: Resource::SmsMessage, columns, details }], &mut book).unwrap();
        });
        assert_eq!(text.iter().filter(|byte| **byte == b'\n').count(), 100_001);
        let sheet = Xlsx::new(book).unwrap().worksheet_range("SMS message").unwrap();
        assert_eq!(sheet.get_value((100_000, 0)), Some(&Data::Float(99_999.0)));
    }

    #[test]
    fn a_form_with_values_that_there_are_not_is_refused_with_its_line() {
        let refused = |form: &str| Columns::parse(form).unwrap_err().to_string();
        let unknown = refused("<details>\n<column value='size'/></details>");
        assert!(unknown.starts_with("line 2: <column>: there is no value size; there are invoice_number"));
        assert_eq!(refused("<details/>"), "line 1: <details> has 1 to 50 columns");
        assert_eq!(refused("<details><column/></details>"), "line 1: <column>: its value is needed");
    }

    #[test]
    fn an_invoice_without_charges_is_a_file_too() {
        let mut file = Cursor::new(Vec::new());
        xlsx(&[], &mut file).unwrap();
        assert_eq!(Xlsx::new(file).unwrap().sheet_names(), ["No charges"]);
    }
}
