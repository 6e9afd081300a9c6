//! An embedded DynamoDB behind the real AWS client: the client signs and sends as in production, but
//! its HTTP connector hands the request to an in-memory database in this process. So real expressions,
//! conditions and transactions run at memory speed, without sockets, containers or sleeping, and a
//! test decides which calls fail, and whether what they asked for was applied.
//!
//! It is not a second implementation of DynamoDB's rules (`dynoxide` is), and it has no limits of
//! throughput: a throttle happens only when a test's [`Faults`] say so.

mod capacity;
mod connector;
mod dispatch;
mod engine;
mod faults;
mod stored;
mod stream;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    self, BehaviorVersion, Config, Credentials, Region, SharedHttpClient, StalledStreamProtectionConfig,
};
use dynoxide::Database;
use dynoxide::storage_backend::Clock;

pub use capacity::{CapacityLog, Consumed, Source};
pub use dynoxide::storage_backend::ManualClock;
pub use faults::{Call, Fault, Faults, NoFaults, Rates, SeededFaults};

use connector::Connector;
use engine::Engine;

/// One in-memory database. Clones, and all clients made from them, share its tables.
#[derive(Clone)]
pub struct EmbeddedDynamodb {
    engine: Arc<Engine>,
}

impl EmbeddedDynamodb {
    /// A new empty database. Its stream records carry the machine's time.
    pub fn new() -> Self {
        Self { engine: Arc::new(Engine::new(engine::long_streams())) }
    }

    /// A new empty database that reads the time from `clock` (see [`ManualClock::arc`]), for tests
    /// in which the stream records' times and sequence numbers must repeat exactly.
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        let database = Database::memory_with_clock(clock).expect("an in-memory database opens");
        Self { engine: Arc::new(Engine::new(database)) }
    }

    /// A client whose calls all arrive and are all answered.
    pub fn client(&self) -> Client {
        self.client_with(NoFaults)
    }

    /// A client whose calls fail as `faults` say. The client tries each call once.
    pub fn client_with(&self, faults: impl Faults + 'static) -> Client {
        self.build_client(faults, RetryConfig::disabled())
    }

    /// As [`Self::client_with`], with the client's own retries on as in production, except that it
    /// does not wait between them. Each attempt is a call of its own to `faults`.
    pub fn client_with_retries(&self, faults: impl Faults + 'static, attempts_max: u32) -> Client {
        let retries = RetryConfig::standard()
            .with_max_attempts(attempts_max)
            .with_initial_backoff(Duration::ZERO)
            .with_max_backoff(Duration::ZERO);
        self.build_client(faults, retries)
    }

    /// A client for many thousands of calls: it does not sign, and what it consumes is not noted. As
    /// with [`Self::client_with_retries`], each of its attempts is a call of its own to `faults`.
    pub fn quick_client(&self, faults: impl Faults + 'static, attempts_max: u32) -> Client {
        let connector = Connector::unnoted(self.engine.clone(), Arc::new(faults));
        let retries = RetryConfig::standard()
            .with_max_attempts(attempts_max)
            .with_initial_backoff(Duration::ZERO)
            .with_max_backoff(Duration::ZERO);
        Client::from_conf(self.config(connector, retries).allow_no_auth().build())
    }

    /// An item as it is stored, and its size in bytes.
    ///
    /// # Panics
    /// When the table does not exist.
    pub fn item(&self, table: &str, pk: &str, sk: &str) -> Option<(store::Item, usize)> {
        stored::read(&self.engine.database, table, pk, sk)
    }

    /// Writes items as many calls would, but in one go: no stream tells of them, and no call is noted.
    ///
    /// # Panics
    /// When the table does not exist, or an item does not fit it.
    pub fn import(&self, table: &str, items: impl Iterator<Item = store::Item>) {
        stored::import(&self.engine.database, table, items);
    }

    /// What the calls of all clients have consumed.
    pub fn capacity(&self) -> CapacityLog {
        self.engine.capacity.clone()
    }

    /// How much processor time the calls of all [quick clients](Self::quick_client) took inside the database.
    pub fn busy(&self) -> Duration {
        self.engine.busy()
    }

    /// The stream records of `table`, oldest first, without the first `after` of them; taking
    /// nothing from [`Self::take_stream`].
    ///
    /// # Panics
    /// When the table does not exist or has no stream.
    pub fn stream_events(&self, table: &str, after: usize) -> Vec<EventRecord> {
        let records = stream::all(&self.engine.database, table);
        records.into_iter().skip(after).collect()
    }

    /// What Lambda would deliver: the stream records of `table` since the last take, oldest first.
    /// The event is empty when there are none.
    ///
    /// # Panics
    /// When the table does not exist or has no stream.
    pub fn take_stream(&self, table: &str) -> Event {
        self.engine.take_stream(table)
    }

    fn build_client(&self, faults: impl Faults + 'static, retries: RetryConfig) -> Client {
        let connector = Connector::new(self.engine.clone(), Arc::new(faults));
        let credentials = Credentials::new("embedded", "embedded", None, None, "tests");
        Client::from_conf(self.config(connector, retries).credentials_provider(credentials).build())
    }

    fn config(&self, connector: Connector, retries: RetryConfig) -> config::Builder {
        let number = self.engine.next_client();
        Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .endpoint_url("http://embedded.invalid")
            .retry_config(retries)
            // Clients of one partition share a budget of retries, which would make one test's
            // retries depend on another's faults.
            .retry_partition(RetryPartition::new(format!("embedded-{number}")))
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .http_client(SharedHttpClient::new(connector))
    }
}

impl Default for EmbeddedDynamodb {
    fn default() -> Self {
        Self::new()
    }
}
