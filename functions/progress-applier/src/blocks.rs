//! What became of the messages of a block at their vendor.

use domain::id::{ConnectionId, MessageId};
use domain::lease::LeaseTag;
use domain::message::Progress as Fact;
use jiff::Timestamp;
use queue::Outcome;
use store::Reference;

use crate::App;
use crate::news::{self, News, Said, What};
use crate::receipts;

/// Stores the outcomes, then the vendor's ids, and looks for receipts that came before; in this order for
/// the reason told at [`receipts::know`].
pub async fn outcomes(
    app: &App,
    tag: &LeaseTag,
    connection: &ConnectionId,
    outcomes: Vec<(u16, Outcome)>,
    at: Timestamp,
) -> anyhow::Result<()> {
    let references = references(app, tag, &outcomes).await?;
    let news = outcomes.into_iter().map(|(place, outcome)| News {
        message: MessageId::in_block(tag, place),
        what: match outcome {
            Outcome::Submitted(references) => What::Fact(Fact::Submitted { references }),
            Outcome::Refused { reason, next_route } => {
                What::Refused { reason, next_route, by: Some(connection.clone()) }
            }
            Outcome::InDoubt => What::Fact(Fact::InDoubt),
            Outcome::NotSent => What::NotSent,
        },
    });
    news::apply(app, Said::OfBlock, news.collect(), at).await?;
    receipts::know(app, connection, &references, at).await
}

async fn references(
    app: &App,
    tag: &LeaseTag,
    outcomes: &[(u16, Outcome)],
) -> anyhow::Result<Vec<(String, Reference)>> {
    if !outcomes.iter().any(|(_, outcome)| matches!(outcome, Outcome::Submitted(_))) {
        return Ok(Vec::new());
    }
    let block = app.store.block(tag).await?;
    let block = block.ok_or_else(|| anyhow::anyhow!("the block {tag} does not exist"))?;
    let mut references = Vec::new();
    for (place, outcome) in outcomes {
        let message = block.messages.get(usize::from(*place));
        let message = message.ok_or_else(|| anyhow::anyhow!("{tag} has no message {place}"))?;
        if let Outcome::Submitted(raw) = outcome {
            references.extend(receipts::segments(message, raw));
        }
    }
    Ok(references)
}
