//! What a submit over a connection needs, read once an invocation, and the account of the message's sender ID
//! where that has one of its own; passwords once in a while.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context;
use domain::connection::{Connection, Link as ConnectionLink, OnUnknownOutcome};
use domain::id::ConnectionId;
use domain::message::Message;
use store::Store;
use tokio::sync::Mutex;
use vendors::alaris::{Link, LongMessageMode};

use crate::{App, misrouted};

/// The way to a vendor.
pub(crate) struct Road {
    /// None while the connection, or a company it belongs to, is disabled, and once it is deleted.
    pub way: Option<Way>,
    pub on_unknown_outcome: OnUnknownOutcome,
}

/// Where messages are submitted.
pub(crate) struct Way {
    url: String,
    /// Of sender IDs without one of their own; none where each has its own.
    account: Option<Account>,
}

#[derive(Clone)]
struct Account {
    username: String,
    password: String,
    service_type: String,
}

/// The roads of one invocation.
#[derive(Default)]
pub(crate) struct Roads(Mutex<HashMap<ConnectionId, Arc<Road>>>);

impl Roads {
    /// Fails before anything is claimed, so the job can simply come again.
    pub async fn get(&self, app: &App, id: &ConnectionId) -> anyhow::Result<Arc<Road>> {
        let mut roads = self.0.lock().await;
        if let Some(road) = roads.get(id) {
            return Ok(road.clone());
        }
        let road = Arc::new(read(app, id).await?);
        roads.insert(id.clone(), road.clone());
        Ok(road)
    }
}

async fn read(app: &App, id: &ConnectionId) -> anyhow::Result<Road> {
    let connection = app.store.any_connection(id).await?.with_context(|| format!("{id} does not exist"))?;
    let ConnectionLink::Http(http) = &connection.link else { return Err(misrouted(id)) };
    let Some(url) = http.sms_url() else { return Err(misrouted(id)) };
    let on_unknown_outcome = connection.on_unknown_outcome;
    if !is_enabled(&app.store, &connection).await? {
        return Ok(Road { way: None, on_unknown_outcome });
    }
    let account = match http.username.clone() {
        Some(username) => Some(Account {
            username,
            password: app.passwords.of(&connection).await.context("no password")?,
            service_type: http.service_type.clone(),
        }),
        None => None,
    };
    Ok(Road { way: Some(Way { url: url.to_owned(), account }), on_unknown_outcome })
}

/// Whether the connection may be used: it, the company it belongs to and every company above.
async fn is_enabled(store: &Store, connection: &Connection) -> anyhow::Result<bool> {
    if !connection.enabled {
        return Ok(false);
    }
    let company = &connection.company;
    let company = store.any_company(company).await?.with_context(|| format!("{company} does not exist"))?;
    let path = store.companies(&company.path).await?;
    Ok(path.len() == company.path.len() && path.iter().all(|company| company.enabled))
}

impl Way {
    /// How a message is submitted: under the account of its sender ID, or where that has none of its own the
    /// connection's; none without one that is for this address.
    pub async fn link(&self, app: &App, message: &Message) -> anyhow::Result<Option<Link>> {
        let Some(account) = self.account_of(app, message).await? else { return Ok(None) };
        let Account { username, password, service_type } = account;
        Ok(Some(Link {
            url: self.url.clone(),
            username,
            password,
            service_type,
            long_message_mode: LongMessageMode::SingleIdSplit,
        }))
    }

    /// Under which account a message leaves. Who has the connection's pays no vendor for what was to leave under
    /// another: a sender ID whose own is elsewhere by now has none here, nor has one that is gone, as that may
    /// have had its own.
    async fn account_of(&self, app: &App, message: &Message) -> anyhow::Result<Option<Account>> {
        let sender = app.store.sender_of_roads(&message.agreement, &message.sender).await?;
        let Some(sender) = sender else { return Ok(None) };
        if sender.settings.is_none() {
            return Ok(self.account.clone());
        }
        let Some(own) = sender.account_at(&message.connection, &self.url) else { return Ok(None) };
        Ok(Some(Account {
            username: own.login.clone(),
            password: app.passwords.of(&sender).await.context("no password of the sender ID")?,
            service_type: own.service_type.clone().unwrap_or_default(),
        }))
    }
}
