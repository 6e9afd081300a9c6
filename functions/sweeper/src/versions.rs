//! Versions of agreements that have begun: their credit limits come into force.

use jiff::Timestamp;
use store::Stored;

use crate::App;

/// More begin in the next minute.
const PAGE: u16 = 100;
/// In each round the limit is in force, or somebody else has changed the agreement or its wallet.
const ROUNDS_MAX: u32 = 5;

pub async fn run(app: &App, now: Timestamp) -> anyhow::Result<()> {
    let begun = app.store.versions_begun(now, PAGE).await?;
    let (count, mut failed) = (begun.len(), 0);
    for (at, agreement) in begun {
        if let Err(error) = begin(app, at, &agreement).await {
            failed += 1;
            tracing::error!(%agreement, error = format!("{error:#}"), "a version did not begin");
        }
    }
    tracing::info!(count, failed, "versions");
    anyhow::ensure!(failed == 0, "{failed} versions did not begin");
    Ok(())
}

async fn begin(app: &App, at: Timestamp, id: &domain::id::AgreementId) -> anyhow::Result<()> {
    for _ in 0..ROUNDS_MAX {
        let agreement = app.store.any_agreement(id).await?;
        let main = match &agreement {
            Some(agreement) => app.store.wallet(&agreement.wallet()).await?,
            None => None,
        };
        let terms = agreement.as_ref().zip(main.as_ref());
        if app.store.begin_version(at, id, terms).await? == Stored::Overtaken {
            continue;
        }
        let main = match &agreement {
            Some(agreement) => app.store.wallet(&agreement.wallet()).await?,
            None => None,
        };
        if let Some(main) = main.filter(|main| main.headroom.is_negative()) {
            // What those below keep unused is not theirs any more.
            app.store.free_headroom(&main).await?;
        }
        return Ok(());
    }
    anyhow::bail!("{id} is being changed by others")
}
