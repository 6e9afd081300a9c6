//! What became of the messages of a block at their vendor.

use domain::id::ConnectionId;
use domain::lease::{Block, LeaseTag};
use domain::message::Progress as Fact;
use jiff::Timestamp;
use queue::Outcome;
use store::Reference;

use crate::App;
use crate::news::{self, Said, What};
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
    let block = news::existing(app, tag).await?;
    let references = references(&block, &outcomes)?;
    let news = outcomes.into_iter().map(|(place, outcome)| {
        let what = match outcome {
            Outcome::Submitted(references) => What::Fact(Fact::Submitted { references }),
            Outcome::Refused { reason, next_route } => {
                What::Refused { reason, next_route, by: Some(connection.clone()) }
            }
            Outcome::InDoubt => What::Fact(Fact::InDoubt),
            Outcome::NotSent => What::NotSent,
        };
        (place, what)
    });
    news::move_block(app, Said::OfBlock, tag.clone(), Some(block), news.collect(), at).await?;
    receipts::know(app, connection, &references, at).await
}

fn references(block: &Block, outcomes: &[(u16, Outcome)]) -> anyhow::Result<Vec<(String, Reference)>> {
    let mut references = Vec::new();
    for (place, outcome) in outcomes {
        let message = block.messages.get(usize::from(*place));
        let message = message.ok_or_else(|| anyhow::anyhow!("{} has no message {place}", block.tag))?;
        if let Outcome::Submitted(raw) = outcome {
            references.extend(receipts::segments(message, raw));
        }
    }
    Ok(references)
}
