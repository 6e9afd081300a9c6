//! What a submit over a connection needs, read once an invocation; the password once in a while.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context;
use domain::connection::{AlarisLink, Connection, Link as ConnectionLink, OnUnknownOutcome};
use domain::id::ConnectionId;
use store::Store;
use tokio::sync::Mutex;
use vendors::alaris::{Link, LongMessageMode};

use crate::{App, misrouted};

/// The way to a vendor.
pub(crate) struct Road {
    /// None while the connection, or a company it belongs to, is disabled, and once it is deleted.
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
        Some(link(alaris, app.passwords.of(&connection).await.context("no password")?))
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
