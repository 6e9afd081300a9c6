//! Many messages at once, which is what a lease is for: those whose price depends on nothing that is left
//! are summed up, and nothing is worked out for each of them.

use std::sync::Arc;

use domain::batch::{Draft, Row};
use domain::id::MessageId;
use domain::lease::Block;
use domain::message::Message;
use domain::money::AmountError;
use domain::order::Line;
use domain::wallet::Wallet;
use jiff::Timestamp;

use super::{Course, Fitting, LeaseSession};
use crate::StoreError;
use crate::leases::{Put, block_reference};

impl LeaseSession {
    /// Charges messages that came together, all of this lease's wallet and over one connection, as one
    /// block. For each, in their order, its id; none if this lease cannot charge it, and has not. After an
    /// error nobody knows which of them were charged if the lease is over; otherwise none was.
    pub async fn flush_lines(
        &mut self,
        lines: &[Line],
        now: Timestamp,
    ) -> Result<Vec<Option<MessageId>>, StoreError> {
        let accepted = match lines.iter().all(|line| line.article.legs().is_some()) {
            true => self.flush_fixed(lines, now).await,
            false => self.flush_counted(lines, now).await,
        };
        if accepted.is_err() && self.course == Course::InFlight {
            // It is settled or left to those who reclaim it, but not found out for each.
            let _ = self.close().await;
            self.course = Course::Over;
        }
        let accepted = accepted?;
        let mut ids = vec![None; lines.len()];
        for (place, id) in accepted {
            ids[place] = Some(id);
        }
        Ok(ids)
    }

    /// Where the price of some depends on what is left of packs, tiers or bundles.
    async fn flush_counted(
        &mut self,
        lines: &[Line],
        now: Timestamp,
    ) -> Result<Vec<(usize, MessageId)>, StoreError> {
        let tag = self.next_tag();
        // In the block each gets its own.
        let id = MessageId::in_block(&tag, 0);
        let draft = |line: &Line| line.draft(id.clone(), now);
        let drafts: Vec<Draft> = lines.iter().map(draft).collect();
        let accepted = self.flush_block(&drafts, now).await?;
        let id = |(place, row): (usize, Row)| match row {
            Row::Message(message) => Some((place, message.id)),
            Row::Batch(_) => None,
        };
        Ok(accepted.into_iter().filter_map(id).collect())
    }

    async fn flush_fixed(
        &mut self,
        lines: &[Line],
        now: Timestamp,
    ) -> Result<Vec<(usize, MessageId)>, StoreError> {
        if !self.is_usable(now).await? {
            return Ok(Vec::new());
        }
        let (fitting, places) = self.prepare_lines(lines, now).await?;
        if places.is_empty() || self.is_over() {
            return Ok(Vec::new());
        }
        let tag = self.next_tag();
        // In the block each gets its own.
        let id = MessageId::in_block(&tag, 0);
        let message = |place: &usize| lines[*place].message(id.clone(), now);
        let messages: Vec<Message> = places.iter().filter_map(message).collect();
        let block = Block::new(tag.clone(), messages, now);
        self.course = Course::InFlight;
        let charged = match self.store.put_block(&block, now).await {
            // As in `flush_block`.
            Ok(Put::Now | Put::Before) => self.charge(&fitting, &block_reference(&tag), &tag, now).await?,
            Err(_) => self.settle(&tag).await?,
        };
        let ids = block.messages.into_iter().map(|message| message.id);
        Ok(if charged { places.into_iter().zip(ids).collect() } else { Vec::new() })
    }

    /// As `prepare`, for what needs no look at what is left.
    async fn prepare_lines(
        &mut self,
        lines: &[Line],
        now: Timestamp,
    ) -> Result<(Fitting, Vec<usize>), StoreError> {
        let (all, _) = fit_lines(lines, None)?;
        if all.legs.iter().any(|(pot, needed)| self.is_low(pot, *needed)) {
            self.fill(&all, now).await?;
        }
        let (fitting, places) = fit_lines(lines, Some(&self.wallet))?;
        if places.is_empty() && all.units.iter().any(|(pot, unit)| self.wallet.escrow_on(pot) < *unit) {
            self.is_short = true;
            self.close().await?;
        }
        Ok((fitting, places))
    }
}

/// Sums up what messages take, one after another; left out are those that the escrow of the lease `within`
/// which they have to be does not cover.
fn fit_lines(lines: &[Line], within: Option<&Wallet>) -> Result<(Fitting, Vec<usize>), AmountError> {
    let mut fitting = Fitting::default();
    let mut places = Vec::with_capacity(lines.len());
    let mut last = None;
    for (place, line) in lines.iter().enumerate() {
        let Some(legs) = line.article.legs() else { continue };
        if !fitting.add(legs, within)? {
            continue;
        }
        places.push(place);
        // Most come in runs of one article.
        if last.replace(&line.article).is_some_and(|last| Arc::ptr_eq(last, &line.article)) {
            continue;
        }
        for leg in legs {
            let most = fitting.units.entry(leg.pot.clone()).or_default();
            *most = (*most).max(leg.amount);
        }
    }
    Ok((fitting, places))
}
