//! What leases charge: rows and blocks are put under a number of a lease first, and count once the lease was
//! written up to it.

use domain::id::WalletId;
use domain::lease::{Block, LeaseTag};
use domain::message::Message;
use domain::wallet::Lease;
use store::{Item, Row, keys};

use super::steps::check_step;
use super::{Breach, Invariant, Ledger, breach, other};

impl Ledger {
    pub(super) fn check_put_under_lease(&self, row: &Row) -> Result<(), Breach> {
        let counted = match row {
            Row::Message(message) => self.messages.contains_key(&message.id),
            Row::Batch(batch) => self.batches.contains_key(&batch.id),
        };
        let reference = row.reference();
        if counted {
            return Err(breach(
                Invariant::ChargedOnce,
                format!("{reference} was put under a lease over itself"),
            ));
        }
        Ok(())
    }

    /// A row that was put under a lease counts when the lease has written its number, and not before.
    pub(super) fn put_row(&mut self, row: Row) -> Result<(), Breach> {
        let tag = row.lease().filter(|tag| !row.has_moved() && !self.counts(tag)).cloned();
        if let Some(tag) = tag {
            self.pending.insert(tag, vec![row]);
            return Ok(());
        }
        match row {
            Row::Message(message) => self.put_message(*message),
            Row::Batch(batch) => self.put_batch(*batch),
        }
    }

    pub(super) fn put_block(&mut self, block: &Block) -> Result<(), Breach> {
        if self.counts(&block.tag) {
            let of =
                (0..).zip(&block.messages).map(|(place, message)| (block.left.contains(&place), message));
            return of.into_iter().try_for_each(|(left, message)| self.put_message_of_block(message, left));
        }
        let rows = block.messages.iter().map(|message| Row::Message(Box::new(message.clone())));
        self.pending.insert(block.tag.clone(), rows.collect());
        self.blocks.insert(block.tag.clone());
        Ok(())
    }

    /// One that has left goes on in its row.
    fn put_message_of_block(&mut self, message: &Message, left: bool) -> Result<(), Breach> {
        match self.message(&message.id) {
            Some(_) if left => {
                self.of_blocks.entry(message.id.clone()).or_insert_with(|| message.clone());
                return Ok(());
            }
            Some(before) => self.charge(&before, true)?,
            None => self.count(message)?,
        }
        self.charge(message, false)?;
        self.of_blocks.insert(message.id.clone(), message.clone());
        Ok(())
    }

    /// A block is claimed by one worker at a time, its messages take lawful steps, and who has left it stays
    /// away.
    pub(super) fn check_block(&mut self, item: &Item, block: &Block) -> Result<(), Breach> {
        let mark = item.get("claimed").and_then(|mark| mark.as_n().ok()).cloned();
        let known = self.block_marks.insert(block.tag.clone(), mark.clone());
        if let (Some(Some(known)), Some(mark)) = (known, mark)
            && known != mark
        {
            return Err(breach(Invariant::VoidedOnce, format!("two workers have {}", block.tag)));
        }
        for (place, after) in (0..).zip(&block.messages) {
            let has_row = self.messages.contains_key(&after.id);
            if has_row && !block.left.contains(&place) {
                return Err(breach(Invariant::VoidedOnce, format!("{} came back into its block", after.id)));
            }
            if let Some(before) = self.of_blocks.get(&after.id).filter(|_| !block.left.contains(&place)) {
                check_step(before, after)?;
                self.note_rated_again(before.clone(), after);
            }
        }
        Ok(())
    }

    pub(super) fn counts(&self, tag: &LeaseTag) -> bool {
        let written = self.written.get(&(tag.lease.clone(), tag.fence));
        written.is_some_and(|written| tag.number <= *written)
    }

    /// What the record of its end says is what the lease has written.
    pub(super) fn end_lease(&mut self, lease: &str, item: &Item) -> Result<(), Breach> {
        let lease = WalletId::parse(lease).map_err(|error| other(&error))?;
        let missing = || other(&"an end of a lease without its numbers");
        let fence = item.get(keys::SK).and_then(|sk| sk.as_s().ok()).and_then(|sk| sk.parse::<u64>().ok());
        let end = item.get("written").and_then(|end| end.as_n().ok()).and_then(|end| end.parse::<u64>().ok());
        let (fence, end) = (fence.ok_or_else(missing)?, end.ok_or_else(missing)?);
        let known = self.written.insert((lease.clone(), fence), end);
        if known.is_some_and(|known| known != end) {
            let detail =
                format!("{lease} ended at {end} under fence {fence}, and was written up to {known:?}");
            return Err(breach(Invariant::FencedHolders, detail));
        }
        Ok(())
    }

    /// A flush: what has its tag counts from now on.
    pub(super) fn flush(&mut self, lease: &WalletId, held: &Lease) -> Result<(), Breach> {
        let known = self.written.insert((lease.clone(), held.fence), held.written);
        if held.written == 0 || known == Some(held.written) {
            return Ok(());
        }
        let tag = LeaseTag { lease: lease.clone(), fence: held.fence, number: held.written };
        self.flushes += 1;
        let is_block = self.blocks.remove(&tag);
        match self.pending.remove(&tag) {
            Some(rows) => rows.into_iter().try_for_each(|row| match row {
                Row::Message(message) if is_block => self.put_message_of_block(&message, false),
                row => self.put_row(row),
            }),
            // Whoever reads the tables has not come to the messages yet.
            None if self.most.is_none() => Ok(()),
            None => {
                let detail = format!("{tag} was charged, and there is nothing under it");
                Err(breach(Invariant::FencedHolders, detail))
            }
        }
    }
}
