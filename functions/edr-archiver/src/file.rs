//! The files of the archive: which columns they have, and how records become rows of them.
//!
//! The schema, as Parquet and Arrow name types. Agreement and day are in the file's path, as tools that read
//! partitioned folders expect them.
//!
//! | column | type | what |
//! |---|---|---|
//! | `kind` | text | `message` or `fee` |
//! | `id` | text | of the message or the fee |
//! | `revision` | int32 | which version of the record; 0 is the first, and the only one of a fee |
//! | `charge_version` | int32 | how often it had been rated again |
//! | `level` | int32 | 1 is the sender's own agreement |
//! | `company` | text | who sent it, or whom the fee is charged to |
//! | `resource` | text | what was billed, such as `sms_message` |
//! | `sender` | text | the sender ID |
//! | `subject` | text | what else a fee is for |
//! | `recipient` | text | digits; stars among them once recipients of its age are masked |
//! | `country` | text | ISO 3166-1 alpha-2 |
//! | `network` | text | that the number's range was given to |
//! | `segments` | int32 | of a message |
//! | `rate` | text | the price of the rate tree |
//! | `unit_price`, `amount` | decimal(38, 6) | in `currency`; the amount is zero once it was refunded |
//! | `quantity` | int64 | units |
//! | `currency` | text | of the agreement: ISO 4217, or `CREDIT` |
//! | `billing_rule` | text | when the charge becomes final: `accepted`, `submitted`, `delivered` |
//! | `parts` | text | a JSON array of the parts of the amount, if there are several |
//! | `status`, `reason` | text | of a message |
//! | `client_reference` | text | what the sender named it; in the sender's own records only |
//! | `period_first`, `period_last` | date | what a fee's rule charged it for |
//! | `accepted_at`, `submitted_at`, `finished_at` | timestamp, microseconds, UTC | |
//! | `channel`, `direction` | text | `sms`, and `outgoing` or `incoming`, for messages |
//! | `company_path` | text | the companies from the owner down to `company`, with `/` between them |
//! | `mcc`, `mnc` | text | by which it was priced, where it is known |
//! | `price_type`, `tier` | text, int32 | `flat`, `free`, `included` or `scale`, and of a scale which tier, from 1 |
//! | `wallet` | text | who paid, if not the agreement's main wallet |
//! | `connection` | text | over which it went, or is to go |
//! | `vendor` | text | that connection's name when the row was written |
//! | `vendor_references` | text | a JSON array of the vendor's ids, one a segment |
//! | `quantity_rule` | text | what `quantity` counts: `messages`, `segments`, `full_period`, `minutes` |
//!
//! `connection`, `vendor` and `vendor_references` are for who runs the platform: companies see no vendors of
//! those above them. The quantity rule of a price that is in no rate tree is null. Columns are
//! added at the end, and may be null in files from before them.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use arrow_array::builder::{
    Date32Builder, Decimal128Builder, Int32Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch, new_null_array};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use bytes::Bytes;
use domain::edr::{Edr, FeeRecord, Record};
use domain::id::{CompanyId, ConnectionId};
use domain::money::{Amount, Currency, PLACES_MAX};
use domain::rating::{BillingRule, PricedBy, QuantityRule};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use serde::Serialize;

/// The widest there is: a sum never needs a wider column than its rows.
const PRECISION: u8 = 38;
const SCALE: i8 = PLACES_MAX as i8;
/// Rows read at a time.
const BATCH_ROWS: usize = 32 * 1024;
/// Columns of which every row has its own value, so that a dictionary would only be in the way.
const VARIED: [&str; 7] = [
    "id",
    "recipient",
    "client_reference",
    "vendor_references",
    "accepted_at",
    "submitted_at",
    "finished_at",
];

/// What names a version of a record within an agreement.
pub const KEY: [&str; 4] = ["accepted_at", "id", "revision", "charge_version"];

pub static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let instant = || DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let money = || DataType::Decimal128(PRECISION, SCALE);
    let always = |name: &str, kind| Field::new(name, kind, false);
    let often = |name: &str, kind| Field::new(name, kind, true);
    let text = || DataType::Utf8;
    Arc::new(Schema::new(vec![
        always("kind", text()),
        always("id", text()),
        always("revision", DataType::Int32),
        always("charge_version", DataType::Int32),
        always("level", DataType::Int32),
        always("company", text()),
        always("resource", text()),
        often("sender", text()),
        often("subject", text()),
        often("recipient", text()),
        often("country", text()),
        often("network", text()),
        often("segments", DataType::Int32),
        always("rate", text()),
        always("unit_price", money()),
        always("amount", money()),
        always("quantity", DataType::Int64),
        always("currency", text()),
        always("billing_rule", text()),
        often("parts", text()),
        often("status", text()),
        often("reason", text()),
        often("client_reference", text()),
        often("period_first", DataType::Date32),
        often("period_last", DataType::Date32),
        always("accepted_at", instant()),
        often("submitted_at", instant()),
        often("finished_at", instant()),
        often("channel", text()),
        often("direction", text()),
        often("company_path", text()),
        often("mcc", text()),
        often("mnc", text()),
        often("price_type", text()),
        often("tier", DataType::Int32),
        often("wallet", text()),
        often("connection", text()),
        often("vendor", text()),
        often("vendor_references", text()),
        often("quantity_rule", text()),
    ]))
});

/// What a column's cell can hold.
enum Cell {
    Text(Option<String>),
    Count(Option<u32>),
    Quantity(u32),
    Money(Amount),
    Day(Option<Date>),
    Instant(Option<Timestamp>),
}

/// What rows say besides the records themselves.
#[derive(Debug, Default)]
pub struct Around {
    /// Of each company the path from the owner down to it.
    pub paths: BTreeMap<CompanyId, String>,
    /// The names of connections.
    pub vendors: BTreeMap<ConnectionId, String>,
}

/// The cells of a record, in the order of the schema.
fn cells(record: &Record, currency: Currency, around: &Around) -> anyhow::Result<Vec<Cell>> {
    match record {
        Record::Message(edr) => message_cells(edr, currency, around),
        Record::Fee(fee) => Ok(fee_cells(fee, currency, around)),
    }
}

fn text(value: impl ToString) -> Cell {
    Cell::Text(Some(value.to_string()))
}

/// A JSON array; none if there is nothing in it.
fn list<T: Serialize>(values: &[T]) -> anyhow::Result<Cell> {
    let values = (!values.is_empty()).then(|| serde_json::to_string(values)).transpose()?;
    Ok(Cell::Text(values))
}

fn rule(rule: Option<QuantityRule>) -> Cell {
    Cell::Text(rule.map(|rule| rule.name().to_owned()))
}

fn message_cells(edr: &Edr, currency: Currency, around: &Around) -> anyhow::Result<Vec<Cell>> {
    let tier = match edr.priced_by {
        PricedBy::Scale { tier, .. } => Some(u32::from(tier)),
        PricedBy::Flat | PricedBy::Free | PricedBy::Included => None,
    };
    // An MCC has three digits.
    let codes = edr.mccmnc.as_deref().and_then(|mccmnc| mccmnc.split_at_checked(3)).unzip();
    Ok(vec![
        text("message"),
        text(&edr.message),
        Cell::Count(Some(edr.revision)),
        Cell::Count(Some(edr.charge_version)),
        Cell::Count(Some(edr.level)),
        text(&edr.company),
        text(edr.resource.name()),
        text(&edr.sender),
        Cell::Text(None),
        text(&edr.recipient),
        text(&edr.country),
        Cell::Text(edr.network.clone()),
        Cell::Count(Some(edr.segments)),
        text(edr.rate.as_str()),
        Cell::Money(edr.unit_price),
        Cell::Money(edr.amount),
        Cell::Quantity(edr.quantity),
        text(currency),
        text(edr.billing.name()),
        list(&edr.parts)?,
        text(edr.status.name()),
        Cell::Text(edr.reason.clone()),
        Cell::Text(edr.client_reference.clone()),
        Cell::Day(None),
        Cell::Day(None),
        Cell::Instant(Some(edr.accepted_at)),
        Cell::Instant(edr.submitted_at),
        Cell::Instant(edr.finished_at),
        text("sms"),
        text(edr.direction()),
        Cell::Text(around.paths.get(&edr.company).cloned()),
        Cell::Text(codes.0.map(str::to_owned)),
        Cell::Text(codes.1.map(str::to_owned)),
        text(edr.priced_by.price_type()),
        Cell::Count(tier),
        Cell::Text(edr.wallet.as_ref().map(ToString::to_string)),
        text(&edr.connection),
        Cell::Text(around.vendors.get(&edr.connection).cloned()),
        list(&edr.references)?,
        rule(edr.quantity_rule),
    ])
}

fn fee_cells(fee: &FeeRecord, currency: Currency, around: &Around) -> Vec<Cell> {
    vec![
        text("fee"),
        text(&fee.fee),
        Cell::Count(Some(0)),
        Cell::Count(Some(fee.charge_version)),
        Cell::Count(Some(1)),
        text(&fee.company),
        text(fee.resource.name()),
        Cell::Text(fee.sender.as_ref().map(ToString::to_string)),
        Cell::Text(fee.subject.clone()),
        Cell::Text(None),
        Cell::Text(None),
        Cell::Text(None),
        Cell::Count(None),
        text(fee.rate.as_str()),
        Cell::Money(fee.unit_price),
        Cell::Money(fee.amount),
        Cell::Quantity(fee.quantity),
        text(currency),
        text(BillingRule::Accepted.name()),
        Cell::Text(None),
        Cell::Text(None),
        Cell::Text(None),
        Cell::Text(None),
        Cell::Day(fee.period.map(|period| period.first)),
        Cell::Day(fee.period.map(|period| period.last)),
        Cell::Instant(Some(fee.accepted_at)),
        Cell::Instant(None),
        Cell::Instant(None),
        Cell::Text(None),
        Cell::Text(None),
        Cell::Text(around.paths.get(&fee.company).cloned()),
        Cell::Text(None),
        Cell::Text(None),
        Cell::Text(None),
        Cell::Count(None),
        Cell::Text(None),
        Cell::Text(None),
        Cell::Text(None),
        Cell::Text(None),
        rule(fee.quantity_rule),
    ]
}

/// A column that is being filled.
enum Column {
    Text(StringBuilder),
    Count(Int32Builder),
    Quantity(Int64Builder),
    Money(Decimal128Builder),
    Day(Date32Builder),
    Instant(TimestampMicrosecondBuilder),
}

impl Column {
    fn of(field: &Field) -> anyhow::Result<Self> {
        Ok(match field.data_type() {
            DataType::Utf8 => Self::Text(StringBuilder::new()),
            DataType::Int32 => Self::Count(Int32Builder::new()),
            DataType::Int64 => Self::Quantity(Int64Builder::new()),
            DataType::Decimal128(..) => {
                Self::Money(Decimal128Builder::new().with_data_type(field.data_type().clone()))
            }
            DataType::Date32 => Self::Day(Date32Builder::new()),
            kind => {
                let builder = TimestampMicrosecondBuilder::new().with_data_type(kind.clone());
                Self::Instant(builder)
            }
        })
    }

    fn push(&mut self, cell: Cell) -> anyhow::Result<()> {
        match (self, cell) {
            (Self::Text(column), Cell::Text(value)) => column.append_option(value),
            (Self::Count(column), Cell::Count(value)) => {
                column.append_option(value.map(i32::try_from).transpose()?);
            }
            (Self::Quantity(column), Cell::Quantity(value)) => column.append_value(i64::from(value)),
            (Self::Money(column), Cell::Money(value)) => column.append_value(millionths(value)),
            (Self::Day(column), Cell::Day(value)) => {
                column.append_option(value.map(days).transpose()?);
            }
            (Self::Instant(column), Cell::Instant(value)) => {
                column.append_option(value.map(Timestamp::as_microsecond));
            }
            _ => anyhow::bail!("a cell is not of its column's type"),
        }
        Ok(())
    }

    fn finish(self) -> ArrayRef {
        match self {
            Self::Text(mut column) => Arc::new(column.finish()),
            Self::Count(mut column) => Arc::new(column.finish()),
            Self::Quantity(mut column) => Arc::new(column.finish()),
            Self::Money(mut column) => Arc::new(column.finish()),
            Self::Day(mut column) => Arc::new(column.finish()),
            Self::Instant(mut column) => Arc::new(column.finish()),
        }
    }
}

/// An amount in the column's unit: it has at most six decimal places.
fn millionths(amount: Amount) -> i128 {
    let mut decimal = amount.decimal();
    decimal.rescale(PLACES_MAX);
    decimal.mantissa()
}

/// As Arrow counts them, from 1970 on.
fn days(day: Date) -> anyhow::Result<i32> {
    Ok(date(1970, 1, 1).until(day)?.get_days())
}

/// Records of one agreement as rows, in their order.
pub fn rows<'a>(
    records: impl IntoIterator<Item = &'a Record>,
    currency: Currency,
    around: &Around,
) -> anyhow::Result<RecordBatch> {
    let fields = SCHEMA.fields();
    let mut columns = fields.iter().map(|field| Column::of(field)).collect::<Result<Vec<_>, _>>()?;
    for record in records {
        for (column, cell) in columns.iter_mut().zip(cells(record, currency, around)?) {
            column.push(cell)?;
        }
    }
    let columns = columns.into_iter().map(Column::finish).collect();
    Ok(RecordBatch::try_new(SCHEMA.clone(), columns)?)
}

/// A file that is being written. What it was given is in memory only as it will be in the file.
pub struct Writer(ArrowWriter<Vec<u8>>);

impl Writer {
    pub fn new() -> anyhow::Result<Self> {
        let mut properties = WriterProperties::builder()
            .set_created_by("waybill edr-archiver".to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?));
        for name in VARIED {
            properties = properties.set_column_dictionary_enabled(ColumnPath::from(name), false);
        }
        // Neighbours begin alike: times differ little, and ids share what they are made of.
        for name in ["accepted_at", "submitted_at", "finished_at"] {
            properties =
                properties.set_column_encoding(ColumnPath::from(name), Encoding::DELTA_BINARY_PACKED);
        }
        properties = properties.set_column_encoding(ColumnPath::from("id"), Encoding::DELTA_BYTE_ARRAY);
        Ok(Self(ArrowWriter::try_new(Vec::new(), SCHEMA.clone(), Some(properties.build()))?))
    }

    pub fn add(&mut self, rows: &RecordBatch) -> anyhow::Result<()> {
        Ok(self.0.write(rows)?)
    }

    pub fn finish(self) -> anyhow::Result<Vec<u8>> {
        Ok(self.0.into_inner()?)
    }
}

/// The rows of a file, some at a time; those of a file from before a column have none in it.
pub fn read(content: &Bytes) -> anyhow::Result<impl Iterator<Item = anyhow::Result<RecordBatch>> + use<>> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(content.clone())?;
    let batches = reader.with_batch_size(BATCH_ROWS).build()?;
    Ok(batches.map(|batch| whole(&batch?)))
}

fn whole(batch: &RecordBatch) -> anyhow::Result<RecordBatch> {
    let column = |field: &Arc<Field>| match batch.column_by_name(field.name()) {
        Some(column) => column.clone(),
        None => new_null_array(field.data_type(), batch.num_rows()),
    };
    let columns = SCHEMA.fields().iter().map(column).collect();
    Ok(RecordBatch::try_new(SCHEMA.clone(), columns)?)
}

/// How many rows a file has.
pub fn count(content: &Bytes) -> anyhow::Result<usize> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(content.clone())?;
    Ok(usize::try_from(reader.metadata().file_metadata().num_rows())?)
}

/// The columns of a file that name its rows, and no others.
pub fn read_keys(
    content: &Bytes,
) -> anyhow::Result<impl Iterator<Item = anyhow::Result<RecordBatch>> + use<>> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(content.clone())?;
    let columns = ProjectionMask::columns(reader.parquet_schema(), KEY);
    let batches = reader.with_projection(columns).with_batch_size(BATCH_ROWS).build()?;
    Ok(batches.map(|batch| Ok(batch?)))
}
