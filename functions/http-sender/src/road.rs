//! What a submit over a connection needs, read once an invocation; the password once in a while.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use domain::connection::{AlarisLink, Connection, Link as ConnectionLink, OnUnknownOutcome};
use domain::id::ConnectionId;
use serde::Deserialize;
use store::{Secrets, Store};
use tokio::sync::Mutex;
use tokio::time::Instant;
use vendors::alaris::{Link, LongMessageMode};

use crate::{App, misrouted};

/// A changed password is used after this time at the latest.
const PASSWORD_KEPT: Duration = Duration::from_secs(5 * 60);

/// The way to a vendor.
pub(crate) struct Road {
    /// None while the connection, or a company it belongs to, is disabled.
    pub link: Option<Link>,
    pub on_unknown_outcome: OnUnknownOutcome,
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
    let ConnectionLink::Alaris(alaris) = &connection.link else { return Err(misrouted(id)) };
    let link = if is_enabled(&app.store, &connection).await? {
        Some(link(alaris, app.passwords.get(&app.secrets, id).await?))
    } else {
        None
    };
    Ok(Road { link, on_unknown_outcome: connection.on_unknown_outcome })
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

fn link(alaris: &AlarisLink, password: String) -> Link {
    Link {
        url: alaris.url.clone(),
        username: alaris.username.clone(),
        password,
        service_type: alaris.service_type.clone(),
        long_message_mode: LongMessageMode::SingleIdSplit,
    }
}

/// The passwords of connections, kept between invocations.
#[derive(Default)]
pub(crate) struct Passwords(Mutex<HashMap<ConnectionId, (Instant, String)>>);

impl Passwords {
    async fn get(&self, secrets: &Secrets, id: &ConnectionId) -> anyhow::Result<String> {
        #[derive(Deserialize)]
        struct Login {
            password: String,
        }
        let mut kept = self.0.lock().await;
        if let Some((read_at, password)) = kept.get(id)
            && read_at.elapsed() < PASSWORD_KEPT
        {
            return Ok(password.clone());
        }
        let login: Login = secrets.read(&Secrets::connection(id)).await.context("no password")?;
        kept.insert(id.clone(), (Instant::now(), login.password.clone()));
        Ok(login.password)
    }
}
