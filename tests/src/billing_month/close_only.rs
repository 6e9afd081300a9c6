//! How long closing takes: so many usage rows of so many agreements, each closed by its own job.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use aws_lambda_events::event::sqs::SqsEvent;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use domain::edr::UsageKey;
use domain::id::{AgreementId, RateId, ServiceId, TreeTag, WalletId};
use domain::money::Amount;
use domain::period::Period;
use domain::rating::{PricedBy, Resource};
use domain::sender::SenderAddress;
use invoice_closer::{Wake, handle};
use jiff::civil::date;
use queue::Billing;
use serde_json::json;
use store::{Item, keys, usage_row_text};

use super::functions::Functions;
use super::{MONTH, days};
use crate::cpu_clock::on_cpu;
use crate::embedded_dynamodb::NoFaults;
use crate::world::{World, amount, tables};

const MARCH: Period = Period { first: date(2026, 3, 1), last: date(2026, 3, 31) };
/// DynamoDB takes so many items at once.
const PUTS_MAX: usize = 25;
const COUNTRIES: [&str; 8] = ["DE", "FR", "PL", "GB", "IT", "ES", "NL", "AT"];
/// Of each agreement: rates of its services.
const RATES: u64 = 16;
/// What the function may take for one agreement, and for many.
const ONE_TAKES_MAX: Duration = Duration::from_secs(2);
const ALL_TAKE_MAX: Duration = Duration::from_secs(60);

/// What closing took of one core.
#[derive(Debug)]
pub struct Measured {
    agreements: u64,
    rows: u64,
    /// The jobs, from the first to the last.
    all: Duration,
    /// Of it, inside the database that stands in for DynamoDB.
    database: Duration,
    /// The same jobs once more, when nothing has changed.
    again: Duration,
    again_database: Duration,
}

impl Measured {
    /// What the function itself took for the first time.
    pub fn function(&self) -> Duration {
        self.all.saturating_sub(self.database)
    }

    /// Whether the function took no longer than it may: 60 s of one core for a million rows of a thousand
    /// agreements, and 2 s for 100,000 of one.
    pub fn is_fast_enough(&self) -> bool {
        self.function() <= if self.agreements == 1 { ONE_TAKES_MAX } else { ALL_TAKE_MAX }
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { agreements, rows, all, database, again, again_database } = self;
        let function = self.function();
        let again_function = again.saturating_sub(*again_database);
        write!(
            out,
            "{rows} usage rows of {agreements} agreements closed in {all:.2?}: the function {function:.2?}, the \
             emulated database {database:.2?}; again without a change in {again:.2?}: {again_function:.2?} and \
             {again_database:.2?}"
        )
    }
}

/// Closes so many usage rows, spread evenly over the agreements.
///
/// # Errors
/// When the function fails.
pub async fn measure(agreements: u64, rows: u64) -> anyhow::Result<Measured> {
    let world = World::with_streams(&[]).await;
    let functions = Functions::start(&world).await?;
    let mut ids = Vec::new();
    for _ in 0..agreements {
        let member = world.client(&world.owner, "0.05").open().await;
        use_up(&world, &member.agreement.id, rows / agreements).await?;
        ids.push(member.agreement.id);
    }
    let mut measured = Measured {
        agreements,
        rows,
        all: Duration::ZERO,
        database: Duration::ZERO,
        again: Duration::ZERO,
        again_database: Duration::ZERO,
    };
    (measured.all, measured.database) = close(&world, &functions, &ids).await?;
    (measured.again, measured.again_database) = close(&world, &functions, &ids).await?;
    for id in &ids {
        let invoices = functions.store.invoices_of(id).await?;
        let [invoice] = &invoices[..] else { anyhow::bail!("{id} has {} invoices", invoices.len()) };
        let net = amount("0.05").checked_times(u32::try_from(rows / agreements)?)?;
        anyhow::ensure!(invoice.net == net, "{id} is to pay {} instead of {net}", invoice.net);
    }
    Ok(measured)
}

/// How much processor time all jobs took, and of it the database. Nothing of it waits for anybody.
async fn close(
    world: &World,
    functions: &Functions,
    ids: &[AgreementId],
) -> anyhow::Result<(Duration, Duration)> {
    let (began, busy) = (on_cpu(), world.database.busy());
    for id in ids {
        let job = serde_json::to_string(&Billing::CloseV1 { agreement: id.clone(), period: MARCH })?;
        let event: SqsEvent = serde_json::from_value(json!({"Records": [{"messageId": "1", "body": job}]}))?;
        let answer = handle(&functions.closer, Wake::Queue(event), MONTH + days(40)).await?;
        anyhow::ensure!(answer.batch_item_failures.is_empty(), "{id} was not closed");
    }
    Ok((on_cpu() - began, world.database.busy() - busy))
}

/// Rows of one message each, as the projector would have written them.
async fn use_up(world: &World, agreement: &AgreementId, rows: u64) -> anyhow::Result<()> {
    let client = world.database.quick_client(NoFaults, 1);
    let tree = TreeTag::of(&ServiceId::new(1), 1);
    let unit_price = amount("0.05");
    let mut puts = Vec::with_capacity(PUTS_MAX);
    for number in 0..rows {
        let (day, rest) = (number % 31, number / 31);
        let (country, rest) = (rest % COUNTRIES.len() as u64, rest / COUNTRIES.len() as u64);
        let (rate, sender) = (rest % RATES, rest / RATES);
        let key = UsageKey {
            agreement: agreement.clone(),
            wallet: WalletId::main(agreement),
            day: date(2026, 3, 1 + i8::try_from(day)?),
            resource: Resource::SmsMessage,
            sender: Some(SenderAddress::parse(&format!("S{sender}"))?),
            subject: None,
            country: Some(COUNTRIES[usize::try_from(country)?].to_owned()),
            rate: RateId::of(&tree, u32::try_from(rate)?),
            unit_price,
            priced_by: PricedBy::Flat,
        };
        let put = PutRequest::builder().set_item(Some(item(&key, unit_price)?)).build()?;
        puts.push(WriteRequest::builder().put_request(put).build());
        if puts.len() == PUTS_MAX || number + 1 == rows {
            let write = client.batch_write_item().request_items(tables().records, std::mem::take(&mut puts));
            write.send().await?;
        }
    }
    Ok(())
}

fn item(key: &UsageKey, sum: Amount) -> anyhow::Result<Item> {
    let place = keys::usage(key);
    let number = |value: String| AttributeValue::N(value);
    Ok(HashMap::from([
        (keys::PK.to_owned(), AttributeValue::S(place.pk)),
        (keys::SK.to_owned(), AttributeValue::S(place.sk)),
        ("row".to_owned(), AttributeValue::S(usage_row_text(key)?)),
        ("messages".to_owned(), number("1".to_owned())),
        ("quantity".to_owned(), number("1".to_owned())),
        ("amount".to_owned(), number(sum.to_string())),
    ]))
}
