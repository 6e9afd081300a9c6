//! Top-ups that no callback has confirmed: their payment systems are asked how they stand, some minutes after
//! the page was made and then more rarely. So a payment is found whose callbacks were all lost, and what
//! was never paid ends.

use std::time::Duration;

use ::top_ups::Hint;
use domain::id::TopUpId;
use futures::future::join_all;
use jiff::Timestamp;
use store::TopUpPosted;
use tokio::time::Instant;

use crate::App;

/// Top-ups of one run; what is left waits for the next minute.
const TOP_UPS_MAX: u16 = 500;
/// Payment systems answer slowly, and limit how many ask at once.
const AT_ONCE: usize = 8;
/// No more are begun after this; the function has 60 seconds.
const BEGIN_MAX: Duration = Duration::from_secs(30);
/// As the audit log names who asks.
const PROCESS: &str = "sweeper";

/// Asks about every top-up that is due. One that fails keeps no other from being asked about.
pub async fn run(app: &App, now: Timestamp) -> anyhow::Result<()> {
    let begin = Instant::now();
    let mut failed = Vec::new();
    for some in app.store.due_top_ups(now, TOP_UPS_MAX).await?.chunks(AT_ONCE) {
        if begin.elapsed() > BEGIN_MAX {
            break;
        }
        let asked = join_all(some.iter().map(|id| look_after(app, id, now))).await;
        let failures = some.iter().zip(asked).filter_map(|(id, asked)| Some((id, asked.err()?)));
        failed.extend(failures.map(|(id, error)| format!("{id}: {error:#}")));
    }
    anyhow::ensure!(failed.is_empty(), "not asked about: {}", failed.join("; "));
    Ok(())
}

async fn look_after(app: &App, id: &TopUpId, now: Timestamp) -> anyhow::Result<()> {
    let Some(top_up) = app.store.top_up(id).await? else { return Ok(()) };
    if top_up.due().is_none_or(|due| now < due) {
        return Ok(());
    }
    let answered = app.cashier.look_after(&top_up, &Hint::default(), now).await;
    // What was said may have confirmed it.
    let Some(top_up) = app.store.top_up(id).await?.filter(|top_up| top_up.due().is_some()) else {
        return answered.map(|_| ()).map_err(Into::into);
    };
    let after = top_up.after_asking(answered.is_ok());
    let unique = [id.as_str(), &top_up.revision.to_string()];
    let act = app.store.act_of_platform(PROCESS, &top_up.company, now, &unique).await?;
    // Overtaken, it is still due in the next minute.
    let posted: TopUpPosted = app.store.change_top_up(&act, &top_up, &after).await?;
    tracing::info!(top_up = %id, asked = after.asked, ?posted, "a payment system was asked");
    answered.map(|_| ()).map_err(Into::into)
}
