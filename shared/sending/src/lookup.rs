//! Asks an MNP or HLR vendor in which networks numbers are. Whatever goes wrong costs a bounded time and
//! is told in the log: the numbering plan has to do then.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use domain::connection::{Connection, Link};
use domain::destination::Msisdn;
use domain::dictionary::Dictionaries;
use domain::id::ConnectionId;
use domain::lookup::{Looked, LookupLink};
use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use runtime::targets::Targets;
use store::{Passwords, Secrets, Store};
use tokio::time::{Instant, timeout_at};

/// Requests to a vendor under way at once, of one send. Vendors allow some ten to a hundred.
const AT_ONCE: usize = 50;
/// All look-ups of one send together. What is not answered then goes by the numbering plan; the answers
/// so far are kept, so a repeat comes further.
const TIME_MAX: Duration = Duration::from_secs(5);
const CONNECT_TIME_MAX: Duration = Duration::from_secs(1);
/// An answer is a few fields; what is longer is an error page.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// The client of look-up vendors, with their secrets.
#[derive(Clone)]
pub struct Lookups {
    vendors: reqwest::Client,
    targets: Targets,
    passwords: Passwords,
}

impl Lookups {
    /// A client that follows no redirects (a secret does not go to another host), uses no proxy and calls
    /// no address that `targets` do not allow.
    pub fn new(secrets: Secrets, targets: Targets) -> anyhow::Result<Self> {
        let vendors = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIME_MAX)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .dns_resolver(targets)
            .build()
            .context("no client for look-ups")?;
        Ok(Self { vendors, targets, passwords: Passwords::new(secrets) })
    }

    /// What is known of these numbers, from before or from the vendor now.
    pub async fn look_up(
        &self,
        store: &Store,
        connection: &ConnectionId,
        numbers: &[&Msisdn],
        dictionaries: &Dictionaries,
        now: Timestamp,
    ) -> BTreeMap<Msisdn, Looked> {
        let until = Instant::now() + TIME_MAX;
        let vendor = match self.vendor(store, connection).await {
            Ok(Some(vendor)) => vendor,
            Ok(None) => return BTreeMap::new(),
            Err(error) => return failed(connection, &error),
        };
        let mut known = match store.looked(connection, numbers, now).await {
            Ok(known) => known,
            Err(error) => failed(connection, &error.into()),
        };
        let unknown = numbers.iter().copied().filter(|number| !known.contains_key(*number));
        let unknown: Vec<&Msisdn> = unknown.collect();
        let answers = self.ask_all(&vendor, &unknown, dictionaries, until).await;
        if vendor.link.cache_hours > 0 && !answers.is_empty() {
            let kept_until = now + SignedDuration::from_hours(i64::from(vendor.link.cache_hours));
            if let Err(error) = store.keep_looked(connection, &answers, kept_until).await {
                failed(connection, &error.into());
            }
        }
        known.extend(answers);
        known
    }

    /// The answers that come in time.
    async fn ask_all(
        &self,
        vendor: &Vendor,
        numbers: &[&Msisdn],
        dictionaries: &Dictionaries,
        until: Instant,
    ) -> Vec<(Msisdn, Looked)> {
        let ask = async |number: Msisdn| {
            let answer = self.ask(vendor, &number, dictionaries).await;
            (number, answer)
        };
        let numbers: Vec<Msisdn> = numbers.iter().copied().cloned().collect();
        let asked = numbers.len();
        let mut coming = std::pin::pin!(futures::stream::iter(numbers).map(ask).buffer_unordered(AT_ONCE));
        let (mut answers, mut failures, mut last) = (Vec::new(), 0, None);
        while let Ok(Some((number, answer))) = timeout_at(until, coming.next()).await {
            match answer {
                Ok(looked) => answers.push((number, looked)),
                Err(error) => (failures, last) = (failures + 1, Some(error)),
            }
        }
        let unanswered = asked - answers.len();
        if unanswered > 0 {
            let reason = last.map_or_else(|| "no time left".to_owned(), |error| format!("{error:#}"));
            let connection = &vendor.id;
            tracing::warn!(%connection, asked, unanswered, failures, reason, "numbers go by the numbering plan");
        }
        answers
    }

    async fn ask(
        &self,
        vendor: &Vendor,
        number: &Msisdn,
        dictionaries: &Dictionaries,
    ) -> anyhow::Result<Looked> {
        let link = &vendor.link;
        let time = Duration::from_millis(u64::from(link.timeout_ms));
        let url = self.targets.url(&link.address(number.as_str()))?;
        let mut call = self.vendors.get(url).timeout(time);
        if let Some((header, secret)) = &vendor.secret {
            call = call.header(header, secret);
        }
        // An error of the client would name the address, in which a vendor may want its key.
        let mut response = call.send().await.map_err(reqwest::Error::without_url)?;
        let response_status = response.status();
        anyhow::ensure!(response_status.is_success(), "status {response_status}");
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
            anyhow::ensure!(body.len() + chunk.len() <= ANSWER_BYTES_MAX, "the answer is too long");
            body.extend_from_slice(&chunk);
        }
        Ok(link.read(&body, dictionaries)?)
    }

    /// The vendor behind a connection; none while it, or a company it belongs to, is disabled.
    async fn vendor(&self, store: &Store, id: &ConnectionId) -> anyhow::Result<Option<Vendor>> {
        let connection = store.any_connection(id).await?.context("there is no such connection")?;
        if !is_enabled(store, &connection).await? {
            return Ok(None);
        }
        let Link::Lookup(link) = &connection.link else { anyhow::bail!("it is no look-up") };
        let secret = match &link.secret_header {
            Some(header) => {
                let secret = self.passwords.of(&connection).await.context("no secret")?;
                Some((header.clone(), secret))
            }
            None => None,
        };
        Ok(Some(Vendor { id: connection.id.clone(), link: link.clone(), secret }))
    }
}

struct Vendor {
    id: ConnectionId,
    link: LookupLink,
    secret: Option<(String, String)>,
}

/// Whether the connection may be used: it, the company it belongs to and every company above.
async fn is_enabled(store: &Store, connection: &Connection) -> anyhow::Result<bool> {
    let company = store.any_company(&connection.company).await?.context("its company is gone")?;
    let path = store.companies(&company.path).await?;
    Ok(connection.enabled && path.iter().all(|company| company.enabled))
}

fn failed(connection: &ConnectionId, error: &anyhow::Error) -> BTreeMap<Msisdn, Looked> {
    tracing::warn!(%connection, error = format!("{error:#}"), "numbers are not looked up");
    BTreeMap::new()
}
