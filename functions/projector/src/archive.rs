//! Every version of an EDR that a delivery shows, on its way to the archive: `edr-archiver` puts it there.

use domain::edr::{Edr, FeeRecord, Record, first_records, records};
use domain::lease::Block;
use jiff::Timestamp;
use store::{Archive, Staging, StoreError};

use crate::blocks::Charged;
use crate::change::{BlockChange, MessageChange};
use crate::usage::is_shown;

/// What one delivery shows.
pub struct Shown {
    pub messages: Vec<MessageChange>,
    pub blocks: Vec<BlockChange>,
    pub released: Charged,
    pub fees: Vec<FeeRecord>,
}

/// Stages all of it as one object. The same delivery, which began at `begun_at`, writes the same object again;
/// one that was bisected writes others that say the same.
pub async fn stage(archive: &Archive, shown: Shown, begun_at: Timestamp) -> Result<(), StoreError> {
    let mut staging = Staging::default();
    let Shown { messages, blocks, released, fees } = shown;
    for change in messages.iter().chain(&released.rows).filter(|change| is_shown(change)) {
        add(&mut staging, records(&change.after))?;
    }
    for block in &blocks {
        block.accepted.iter().try_for_each(|block| add_accepted(&mut staging, block))?;
        for change in &block.moved {
            add(&mut staging, records(&change.after))?;
        }
    }
    // Whatever has become of them since comes by their own stream.
    released.blocks.iter().try_for_each(|block| add_accepted(&mut staging, block))?;
    for fee in fees {
        staging.add(&Record::Fee(Box::new(fee)))?;
    }
    archive.stage(staging, begun_at).await
}

/// The messages of a block as they were accepted.
fn add_accepted(staging: &mut Staging, block: &Block) -> Result<(), StoreError> {
    (0..).zip(&block.messages).try_for_each(|(place, message)| {
        add(staging, first_records(message, block.charges_at_first(place, message)))
    })
}

fn add(staging: &mut Staging, versions: Vec<Edr>) -> Result<(), StoreError> {
    versions.into_iter().try_for_each(|edr| staging.add(&Record::Message(Box::new(edr))))
}
