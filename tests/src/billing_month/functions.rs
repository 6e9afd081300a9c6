//! The functions, given what they are woken by: the projector the streams, as Lambda does in a bad month,
//! and the invoice-closer its queue.

use std::{fmt, io};

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use jiff::Timestamp;
use queue::Sender;
use rand::RngExt;
use rand::rngs::StdRng;
use store::{Documents, Files, Invoices, Store, TreeCache};

use super::MONTH;
use crate::bucket::Bucket;
use crate::embedded_dynamodb::{EmbeddedDynamodb, NoFaults};
use crate::embedded_s3::EmbeddedS3;
use crate::embedded_sqs::EmbeddedSqs;
use crate::world::{World, tables};

/// Records of one delivery, as the template has it.
const RECORDS_MAX: usize = 100;
pub const BILLING: &str = "billing";

pub struct Functions {
    database: EmbeddedDynamodb,
    pub sqs: EmbeddedSqs,
    /// Not signed and not noted, for some million calls.
    pub store: Store,
    projector: projector::App,
    /// When the changes of the streams were made: the month is not now.
    pub now: Timestamp,
    pub applier: progress_applier::App,
    pub closer: invoice_closer::App,
    pub deliveries: Deliveries,
    /// Of the charges' rows; it is there as long as this is.
    _bucket: Bucket,
}

/// How the streams were delivered.
#[derive(Debug, Clone, Copy, Default)]
pub struct Deliveries {
    pub records: u64,
    pub deliveries: u64,
    /// Delivered again as they were.
    pub again: u64,
    /// The first half alone, then all.
    pub bisected: u64,
}

impl fmt::Display for Deliveries {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { records, deliveries, again, bisected } = self;
        write!(
            out,
            "{records} stream records in {deliveries} deliveries; {again} came again, {bisected} cut in two"
        )
    }
}

impl Functions {
    /// # Errors
    /// When no port is free for the bucket.
    pub async fn start(world: &World) -> io::Result<Self> {
        let bucket = Bucket::start().await?;
        let (sqs, s3) = (EmbeddedSqs::new(), EmbeddedS3::new());
        let queue = |name| Sender::new(sqs.client(), sqs.queue(name));
        let store = Store::new(world.database.quick_client(NoFaults, 3), tables());
        let projector = projector::App {
            store: store.clone(),
            sqs: sqs.client(),
            http_send: queue("http-send"),
            notifications: queue("notifications"),
            billing: queue(BILLING),
            webhooks: queue("webhooks"),
            archive: s3.archive(),
        };
        let files = Files::new(bucket.links(), reqwest::Client::new());
        let closer = invoice_closer::App {
            invoices: Invoices::new(store.clone(), files),
            store: store.clone(),
            documents: Documents::new(s3.client(), "documents".to_owned()),
            billing: queue(BILLING),
            notifications: queue("notifications"),
            trees: TreeCache::default(),
        };
        Ok(Self {
            database: world.database.clone(),
            applier: progress_applier::App { store: store.clone() },
            sqs,
            store,
            projector,
            now: MONTH,
            closer,
            deliveries: Deliveries::default(),
            _bucket: bucket,
        })
    }

    /// Delivers both streams until nothing is left of them.
    pub async fn project(&mut self, random: &mut StdRng) -> anyhow::Result<()> {
        loop {
            let mut rest = [self.take(&tables().ledger), self.take(&tables().messages)];
            if rest.iter().all(Vec::is_empty) {
                return Ok(());
            }
            // The streams come side by side, each in its own order.
            while rest.iter().any(|records| !records.is_empty()) {
                let stream = &mut rest[usize::from(random.random_ratio(1, 2))];
                let most = random.random_range(1..=RECORDS_MAX).min(stream.len());
                let delivery: Vec<EventRecord> = stream.drain(..most).collect();
                if !delivery.is_empty() {
                    self.deliver(delivery, random).await?;
                }
            }
        }
    }

    fn take(&self, table: &str) -> Vec<EventRecord> {
        let mut records = self.database.take_stream(table).records;
        for record in &mut records {
            record.change.approximate_creation_date_time = std::time::SystemTime::from(self.now).into();
        }
        records
    }

    async fn deliver(&mut self, records: Vec<EventRecord>, random: &mut StdRng) -> anyhow::Result<()> {
        self.deliveries.records += records.len() as u64;
        self.deliveries.deliveries += 1;
        if random.random_ratio(1, 10) {
            self.deliveries.bisected += 1;
            self.handle(&records[..records.len().div_ceil(2)]).await?;
        }
        self.handle(&records).await?;
        if random.random_ratio(1, 10) {
            self.deliveries.again += 1;
            self.handle(&records).await?;
        }
        Ok(())
    }

    async fn handle(&self, records: &[EventRecord]) -> anyhow::Result<()> {
        let mut event = Event::default();
        event.records = records.to_vec();
        projector::handle(&self.projector, event).await
    }
}
