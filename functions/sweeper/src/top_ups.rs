//! Top-ups that no callback has confirmed: their payment systems are asked how they stand, some minutes after
//! the page was made and then more rarely. So a payment is found whose callbacks were all lost, and what
//! was never paid ends.

use std::collections::BTreeMap;
use std::time::Duration;

use ::top_ups::{Hint, Looked};
use domain::top_up::{TopUp, TopUpState};
use futures::StreamExt;
use futures::future::{join_all, try_join_all};
use jiff::Timestamp;
use store::{Review, TopUpPosted};
use tokio::time::{Instant, timeout};

use crate::App;

/// Top-ups of one run; what is left waits for the next minute.
const TOP_UPS_MAX: u16 = 500;
/// Payment systems answer slowly, and limit how many ask at once.
const AT_ONCE: usize = 8;
/// Most tenants have one. Those that do not answer must leave room for the others.
const SYSTEMS_AT_ONCE: usize = 8;
/// No more are begun after this; the function has 60 seconds.
const BEGIN_MAX: Duration = Duration::from_secs(30);
/// One that takes longer is tried again when it is its turn the next time.
const LOOK_MAX: Duration = Duration::from_secs(25);
/// As the audit log names who asks.
const PROCESS: &str = "sweeper";

/// How it went with one top-up.
enum Asked {
    Done,
    /// Its payment system cannot be reached.
    Unreachable(String),
    Failed(String),
}

/// Asks about every top-up that is due. One that fails keeps no other from being asked about, nor does a
/// payment system that does not answer keep the others.
pub async fn run(app: &App, now: Timestamp) -> anyhow::Result<()> {
    let begin = Instant::now();
    let systems = due_by_system(app, now).await?;
    let asking = systems.into_values().map(|some| ask_system(app, some, begin, now));
    let failed: Vec<String> = futures::stream::iter(asking).buffer_unordered(SYSTEMS_AT_ONCE).concat().await;
    anyhow::ensure!(failed.is_empty(), "not asked about: {}", failed.join("; "));
    Ok(())
}

/// What is due, by the name of its payment system; earliest first.
async fn due_by_system(app: &App, now: Timestamp) -> anyhow::Result<BTreeMap<String, Vec<TopUp>>> {
    let mut systems: BTreeMap<String, Vec<TopUp>> = BTreeMap::new();
    for some in app.store.due_top_ups(now, TOP_UPS_MAX).await?.chunks(AT_ONCE) {
        let read = try_join_all(some.iter().map(|id| app.store.top_up(id))).await?;
        for top_up in read.into_iter().flatten().filter(|top_up| is_due(top_up, now)) {
            systems.entry(top_up.through.name().to_owned()).or_default().push(top_up);
        }
    }
    Ok(systems)
}

fn is_due(top_up: &TopUp, now: Timestamp) -> bool {
    top_up.due().is_some_and(|due| due <= now)
}

/// Asks one payment system about its top-ups, and gives what went wrong. When it cannot be reached, the
/// rest is put off: it would fill the list in front of all others.
async fn ask_system(app: &App, top_ups: Vec<TopUp>, begin: Instant, now: Timestamp) -> Vec<String> {
    let mut failed = Vec::new();
    let mut is_reachable = true;
    for some in top_ups.chunks(AT_ONCE) {
        if begin.elapsed() > BEGIN_MAX {
            break;
        }
        let asked = some.iter().map(async |top_up| match is_reachable {
            true => look_after(app, top_up, now).await,
            false => store(app, top_up, &top_up.postponed(now), now).await.map(|()| Asked::Done),
        });
        for (top_up, asked) in some.iter().zip(join_all(asked).await) {
            let error = match asked {
                Ok(Asked::Done) => continue,
                Ok(Asked::Failed(error)) => error,
                Ok(Asked::Unreachable(error)) => {
                    is_reachable = false;
                    error
                }
                Err(error) => format!("{error:#}"),
            };
            failed.push(format!("{}: {error}", top_up.id));
        }
    }
    failed
}

async fn look_after(app: &App, top_up: &TopUp, now: Timestamp) -> anyhow::Result<Asked> {
    let looked = timeout(LOOK_MAX, app.cashier.look_after(top_up, &Hint::default(), now)).await;
    // What was said may have confirmed it.
    if let Some(top_up) = app.store.top_up(&top_up.id).await?.filter(|top_up| is_due(top_up, now)) {
        let is_unpaid = matches!(looked, Ok(Ok(Looked::Unpaid)));
        store(app, &top_up, &top_up.after_asking(is_unpaid, now), now).await?;
    }
    let Ok(looked) = looked else { return Ok(Asked::Failed(format!("no answer in {LOOK_MAX:?}"))) };
    Ok(match looked {
        Ok(_) => Asked::Done,
        Err(error) if error.is_unreachable() => {
            Asked::Unreachable(format!("{:#}", anyhow::Error::new(error)))
        }
        Err(error) => Asked::Failed(format!("{:#}", anyhow::Error::new(error))),
    })
}

/// Stores a top-up as it is after it was its turn. One that ends with a person is shown to one.
async fn store(app: &App, before: &TopUp, after: &TopUp, now: Timestamp) -> anyhow::Result<()> {
    if let TopUpState::Review { reason } = &after.state
        && after.state != before.state
    {
        let (system, event) = (before.through.name().to_owned(), format!("{}-unknown", before.id));
        let (top_up, detail) = (Some(before.id.clone()), reason.clone());
        app.cashier.keep(&Review { system, event, top_up, detail, at: now }).await?;
    }
    let unique = [before.id.as_str(), &before.revision.to_string()];
    let act = app.store.act_of_platform(PROCESS, &before.company, now, &unique).await?;
    // Overtaken, it is still due in the next minute.
    let posted: TopUpPosted = app.store.change_top_up(&act, before, after).await?;
    tracing::info!(top_up = %before.id, asked = after.asked, ?posted, "it was a top-up's turn to be asked about");
    Ok(())
}
