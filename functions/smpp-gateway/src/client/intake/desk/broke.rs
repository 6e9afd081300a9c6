//! Who could not pay a moment ago cannot pay as much now: so that a client without money costs a few
//! reads a second, however much it asks for.

use std::time::Duration;

use domain::money::Amount;
use domain::order::Line;
use tokio::time::Instant;

use crate::client::account::Refusal;

/// Money that has come is seen after this time at the latest.
const KEPT: Duration = Duration::from_secs(1);

/// The last refusal for want of money.
#[derive(Debug, Default)]
pub struct Broke {
    last: Option<(Instant, usize, Amount)>,
}

impl Broke {
    pub fn note(&mut self, line: &Line, refusal: Refusal, now: Instant) {
        let Refusal::NotEnough { level } = refusal else { return };
        let Some(needed) = needed(line, level) else { return };
        self.last = match self.last {
            // Asked before the last one, and dearer.
            Some((at, known, less)) if known == level && less < needed && now - at < KEPT => self.last,
            _ => Some((now, level, needed)),
        };
    }

    /// Why an order is refused that costs as much as one that was.
    pub fn refuses(&self, line: &Line, now: Instant) -> Option<Refusal> {
        let (_, level, amount) = self.last.filter(|(at, ..)| now - *at < KEPT)?;
        (amount <= needed(line, level)?).then_some(Refusal::NotEnough { level })
    }
}

/// What it takes of the wallet at a level; none where that depends on what is left of packs or tiers.
fn needed(line: &Line, level: usize) -> Option<Amount> {
    line.article.legs()?.get(level.checked_sub(1)?).map(|leg| leg.amount)
}
