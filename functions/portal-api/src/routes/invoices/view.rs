//! How invoices, their charges and the rows of these are shown. Who pays sees nothing of how the tenant
//! works with them.

use domain::charge::{Charge, ChargeDirection, ChargeRow, ChargeSource, ServiceType};
use domain::invoice::{
    DispatchStatus, DisputeStatus, Invoice, InvoiceKind, InvoicePayment, InvoiceStatus, TaxCorrection,
};
use domain::money::{Amount, AmountError, PLACES_MAX};
use domain::rating::{Attribute, ScaleKind};
use domain::tax::Tax;
use jiff::Timestamp;
use jiff::civil::Date;
use runtime::auth::Principal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::rights::is_tenant_side;
use crate::schema;

#[derive(Debug, Serialize, ToSchema)]
pub struct InvoiceView {
    /// Its id.
    id: String,
    /// The agreement that it bills.
    agreement: String,
    /// The company that pays.
    company: String,
    /// The company that issues it.
    tenant: String,
    /// The legal entity in whose name it is issued; null where the agreement names none.
    own_legal_entity: Option<String>,
    /// Who owes whom: always `receivable`, the company that pays.
    #[schema(value_type = schema::ChargeDirection)]
    direction: ChargeDirection,
    /// `credit_note` when the total is below zero.
    #[schema(value_type = schema::InvoiceKind)]
    kind: InvoiceKind,
    /// The first day of the period.
    #[schema(value_type = String, format = Date)]
    first_day: Date,
    /// The last day of the period, included.
    #[schema(value_type = String, format = Date)]
    last_day: Date,
    /// Whose days these are.
    #[schema(example = "Europe/Berlin")]
    time_zone: String,
    /// 0 for the period's own invoice; those that correct it are 1, 2 and so on.
    sequence: u32,
    /// The agreement's currency.
    currency: String,
    /// Whether it still follows the usage.
    #[schema(value_type = schema::InvoiceStatus)]
    status: InvoiceStatus,
    /// How far it is paid.
    #[schema(value_type = schema::InvoicePayment)]
    payment_status: InvoicePayment,
    /// Whether it is disputed.
    #[schema(value_type = schema::DisputeStatus)]
    dispute_status: DisputeStatus,
    /// Whether it was mailed; null for the company that pays.
    #[schema(value_type = Option<schema::DispatchStatus>)]
    dispatch_status: Option<DispatchStatus>,
    /// Without gaps among those that are issued in the same name; given at confirmation. A draft has one if
    /// it was confirmed before.
    number: Option<u64>,
    /// The day of confirmation.
    #[schema(value_type = Option<String>, format = Date)]
    issue_date: Option<Date>,
    /// The day by which it is to be paid; null where nothing is, as in message credits.
    #[schema(value_type = Option<String>, format = Date)]
    due_date: Option<Date>,
    /// What was used.
    charges: Vec<ChargeView>,
    /// The exact sum of the charges.
    net: String,
    /// The tax as it stands on the invoice; null where there is no rule for this client, and in message credits,
    /// which were taxed when they were sold.
    tax_rule: Option<InvoiceTaxView>,
    /// What that tax adds to confirmed invoices of the period that had another one: the rule was changed since.
    tax_corrections: Vec<TaxCorrectionView>,
    /// The tax on the net sum as the document shows it, which is rounded to the currency's smallest unit; rounded
    /// likewise. With these corrections.
    tax: String,
    /// The net sum and the tax on it, both exact: what the platform has counted. With the same corrections.
    total: String,
    /// What is to be paid: that rounded net sum, and the tax. In message credits what was used.
    total_due: String,
    /// What of it is paid, by payments and credit notes; of a credit note what it has paid, below zero. In message
    /// credits all of it, as they left the balance when they were used. Null for a draft.
    covered: Option<String>,
    /// What of it is not paid; null for a draft.
    outstanding: Option<String>,
    /// What of it is disputed; null for a draft.
    disputed: Option<String>,
    /// What was noted, for both sides.
    comment: Option<String>,
    /// When the usage of all its charges was counted; one of them may have been counted since.
    #[schema(value_type = String, format = DateTime)]
    calculated_at: Timestamp,
    /// When it was confirmed.
    #[schema(value_type = Option<String>, format = DateTime)]
    confirmed_at: Option<Timestamp>,
    /// Who confirmed it; null for the company that pays.
    confirmed_by: Option<String>,
    /// Whether its PDF is there.
    document_ready: bool,
    /// Raised by every change.
    revision: u64,
}

/// A tax as it stands on an invoice.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvoiceTaxView {
    /// What it is called.
    #[schema(example = "VAT")]
    name: String,
    /// Of the net sum; 0 where the company that pays owes it itself.
    #[schema(example = "19")]
    percent: String,
    /// Whether the company that pays owes it itself.
    reverse_charge: bool,
    /// The law that it follows, as it stands on the invoice.
    note: Option<String>,
}

/// By how much the tax of a confirmed invoice is another one.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaxCorrectionView {
    /// The id of that invoice.
    invoice: String,
    /// The tax as it was before; null where there was none.
    before: Option<InvoiceTaxView>,
    /// The net sum as the document of that invoice shows it.
    #[schema(example = "100")]
    base: String,
    /// What is added; below zero where the tax is lower now.
    #[schema(example = "3")]
    amount: String,
}

impl From<&TaxCorrection> for TaxCorrectionView {
    fn from(correction: &TaxCorrection) -> Self {
        Self {
            invoice: correction.invoice.to_string(),
            before: correction.before.as_ref().map(Into::into),
            base: correction.base.to_string(),
            amount: correction.amount.to_string(),
        }
    }
}

impl From<&Tax> for InvoiceTaxView {
    fn from(tax: &Tax) -> Self {
        Self {
            name: tax.name.clone(),
            percent: tax.percent.to_string(),
            reverse_charge: tax.reverse_charge,
            note: tax.note.clone(),
        }
    }
}

impl InvoiceView {
    /// As the caller may see it.
    pub fn new(invoice: &Invoice, who: &Principal) -> Result<Self, ApiError> {
        let is_tenant = is_tenant_side(who, &invoice.company, &invoice.tenant);
        let charges = invoice.charges.iter().map(|charge| ChargeView::new(invoice, charge));
        let confirmed = |amount: Amount| invoice.is_confirmed().then(|| amount.to_string());
        let (_, total) = taxed(invoice, invoice.net)?;
        Ok(Self {
            id: invoice.id.to_string(),
            agreement: invoice.agreement.to_string(),
            company: invoice.company.to_string(),
            tenant: invoice.tenant.to_string(),
            own_legal_entity: invoice.own_legal_entity.as_ref().map(ToString::to_string),
            direction: ChargeDirection::Receivable,
            kind: invoice.kind(),
            first_day: invoice.period.first,
            last_day: invoice.period.last,
            time_zone: invoice.time_zone.clone(),
            sequence: invoice.sequence,
            currency: invoice.currency.to_string(),
            status: invoice.status,
            payment_status: invoice.payment,
            dispute_status: invoice.dispute,
            dispatch_status: is_tenant.then_some(invoice.dispatch),
            number: invoice.number,
            issue_date: invoice.issue_date,
            due_date: invoice.due_date,
            charges: charges.collect::<Result<_, _>>()?,
            net: invoice.net.to_string(),
            tax_rule: invoice.tax_rule.as_ref().map(Into::into),
            tax_corrections: invoice.tax_corrections.iter().map(Into::into).collect(),
            tax: invoice.tax.to_string(),
            total: total.checked_add(invoice.tax_corrected()?)?.to_string(),
            total_due: invoice.total_due.to_string(),
            covered: confirmed(invoice.covered),
            outstanding: confirmed(invoice.outstanding),
            disputed: confirmed(invoice.disputed),
            comment: invoice.comment.clone(),
            calculated_at: invoice.calculated_at,
            confirmed_at: invoice.confirmed_at,
            confirmed_by: invoice.confirmed_by.clone().filter(|_| is_tenant),
            document_ready: invoice.document.is_some(),
            revision: invoice.revision,
        })
    }
}

/// What was used of one resource.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChargeView {
    /// Its id.
    id: String,
    /// How it came about: `manual` if people asked for it, as they do for additional services.
    #[schema(value_type = schema::ChargeSource)]
    source: ChargeSource,
    /// The invoice that it is on.
    invoice: String,
    /// The first day of the invoice's period.
    #[schema(value_type = String, format = Date)]
    first_day: Date,
    /// The last day of the period, included.
    #[schema(value_type = String, format = Date)]
    last_day: Date,
    /// Whose days these are.
    #[schema(example = "Europe/Berlin")]
    time_zone: String,
    /// The wallet that it was taken from: the agreement's, or that of a user with credits of its own.
    wallet: String,
    /// Who owes whom: always `receivable`, the company that pays.
    #[schema(value_type = schema::ChargeDirection)]
    direction: ChargeDirection,
    /// What was used.
    #[schema(example = "sms_message")]
    resource: String,
    /// How that was sold.
    #[schema(value_type = schema::ChargedServiceType)]
    service_type: ServiceType,
    /// Its invoice's.
    #[schema(value_type = schema::InvoiceStatus)]
    status: InvoiceStatus,
    /// 1, and one more with each correction.
    version: u32,
    /// The charge before it, of which this one bills what has changed.
    corrects: Option<String>,
    /// When its usage was last counted: by itself, or with the whole invoice.
    #[schema(value_type = String, format = DateTime)]
    calculated_at: Timestamp,
    /// How many messages, or fees.
    messages: i64,
    /// How many units: messages or segments.
    quantity: i64,
    /// What they cost together, exactly.
    net: String,
    /// The tax on it, not rounded: an invoice rounds it once.
    tax: String,
    /// Both.
    total: String,
    /// How many rows it has.
    rows: u32,
}

impl ChargeView {
    pub fn new(invoice: &Invoice, charge: &Charge) -> Result<Self, AmountError> {
        let (tax, total) = taxed(invoice, charge.net)?;
        Ok(Self {
            id: charge.id.to_string(),
            source: charge.group.source(),
            invoice: invoice.id.to_string(),
            first_day: invoice.period.first,
            last_day: invoice.period.last,
            time_zone: invoice.time_zone.clone(),
            wallet: charge.group.wallet.to_string(),
            direction: charge.group.direction,
            resource: charge.group.resource.name().to_owned(),
            service_type: charge.group.service_type,
            status: invoice.status,
            version: charge.version,
            corrects: charge.corrects.as_ref().map(ToString::to_string),
            calculated_at: invoice.calculated_at_of(charge),
            messages: charge.messages,
            quantity: charge.quantity,
            net: charge.net.to_string(),
            tax: tax.to_string(),
            total: total.to_string(),
            rows: charge.rows.count,
        })
    }
}

/// A charge with the services that it bills.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChargeDetails {
    #[serde(flatten)]
    pub charge: ChargeView,
    /// Those whose rate trees its prices are of; none of prices that were agreed on by hand.
    pub services: Vec<ChargedService>,
}

/// A service whose rate tree a price is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct ChargedService {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
}

/// The tax of a part of an invoice, not rounded, and the part with it.
pub fn taxed(invoice: &Invoice, net: Amount) -> Result<(Amount, Amount), AmountError> {
    let tax = match &invoice.tax_rule {
        Some(tax) => tax.on(net, PLACES_MAX)?,
        None => Amount::ZERO,
    };
    Ok((tax, net.checked_add(tax)?))
}

/// A line of a charge: what was used at one price.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChargeRowView {
    /// Its id: the same as long as there is such a row in its charge.
    #[schema(example = "row_01kd3v5x9q8m7n6p5r4s3t2v1w")]
    id: String,
    /// What messages were sent from, or the sender ID a fee is for.
    sender: Option<String>,
    /// What else a fee is for: the pack's or the additional service's name, the operator.
    subject: Option<String>,
    /// Of messages: ISO 3166 alpha-2.
    country: Option<String>,
    /// `outgoing`, or `incoming` of messages from phones; null of fees.
    #[schema(example = "outgoing")]
    direction: Option<&'static str>,
    /// The price of the rate tree, by its id.
    rate: String,
    /// The service whose rate tree that is; null where the price was agreed on by hand.
    service: Option<String>,
    /// What that service is called.
    service_name: Option<String>,
    /// How that price came about: `flat`, `free`, `scale`, or `included` in a pack or bundle.
    #[schema(example = "flat")]
    price_type: &'static str,
    /// Of a scale: whether each unit has the price of its tier, or all have the last one.
    #[schema(value_type = Option<schema::ScaleKind>)]
    scale_type: Option<ScaleKind>,
    /// Of a scale: which tier the units fell into, from 1.
    scale_tier: Option<u16>,
    /// Of a scale: what it counts apart for each value of; all together unless told.
    #[schema(example = "sender_id")]
    counter_group: Option<&'static str>,
    /// How it came about, as its charge did.
    #[schema(value_type = schema::ChargeSource)]
    source: ChargeSource,
    /// What a unit costs.
    unit_price: String,
    /// How many messages, or fees.
    messages: i64,
    /// How many units: messages or segments.
    quantity: i64,
    /// What they cost together, exactly.
    net: String,
    /// The tax on it, not rounded.
    tax: String,
    /// Both.
    total: String,
}

impl ChargeRowView {
    pub fn new(
        invoice: &Invoice,
        charge: &Charge,
        row: &ChargeRow,
        direction: Option<&'static str>,
        service: Option<&ChargedService>,
    ) -> Result<Self, AmountError> {
        let (tax, total) = taxed(invoice, row.net)?;
        Ok(Self {
            id: row.id(&charge.id).into(),
            sender: row.sender.as_ref().map(|sender| sender.as_str().to_owned()),
            subject: row.subject.clone(),
            country: row.country.clone(),
            direction,
            rate: row.rate.as_str().to_owned(),
            service: service.map(|service| service.id.clone()),
            service_name: service.map(|service| service.name.clone()),
            price_type: row.priced_by.price_type(),
            scale_type: row.priced_by.scale(),
            scale_tier: row.priced_by.tier(),
            counter_group: row.priced_by.counter_group().map(Attribute::name),
            source: charge.group.source(),
            unit_price: row.unit_price.to_string(),
            messages: row.messages,
            quantity: row.quantity,
            net: row.net.to_string(),
            tax: tax.to_string(),
            total: total.to_string(),
        })
    }
}
