//! What the segments of blocks are called at the vendor, for the receipts that come soon: one that is found
//! here goes on with the name of its message, and nobody has to look for that.
//!
//! Only in memory, and only so many. What is not found here is found by what progress-applier stores.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::id::MessageId;
use domain::lease::LeaseTag;
use domain::receipt::canonical_reference;
use queue::{Report, Segment};
use tokio::time::Instant;

/// Receipts that come later find their messages in the store.
const KEPT: Duration = Duration::from_secs(10 * 60);
/// Some 30 MB.
const MESSAGES_MAX: usize = 200_000;
/// A receipt may overtake the answer to its submit. For longer than this none does, nor this many.
const EARLY_KEPT: Duration = Duration::from_secs(60);
const EARLY_MAX: usize = 2_000;

/// Of one connection.
#[derive(Default)]
pub struct Hints {
    known: Mutex<Known>,
    hasher: RandomState,
}

#[derive(Default)]
struct Known {
    /// Oldest first.
    messages: VecDeque<Submitted>,
    /// The number of the first of them.
    first: u64,
    /// By the hash of a vendor's id, the number of the latest message that has it.
    numbers: HashMap<u64, u64>,
    /// By the hash of a vendor's id, a receipt that came before it was known what it is about.
    early: HashMap<u64, (Instant, Report)>,
    /// The hashes of these and of what is gone since, oldest first.
    early_since: VecDeque<(Instant, u64)>,
}

struct Submitted {
    block: Arc<LeaseTag>,
    place: u16,
    references: Vec<Option<String>>,
    at: Instant,
}

impl Hints {
    /// A vendor took a message of a block under these ids. The receipts of it that came before are returned,
    /// and what they are about.
    pub fn note(&self, block: &Arc<LeaseTag>, place: u16, references: &[Option<String>]) -> Vec<Report> {
        let hashes: Vec<u64> = references.iter().flatten().map(|raw| self.hash(raw)).collect();
        let now = Instant::now();
        let mut known = self.known();
        while let Some(oldest) = known.messages.front() {
            if now < oldest.at + KEPT && known.messages.len() < MESSAGES_MAX {
                break;
            }
            self.forget_oldest(&mut known);
        }
        let number = known.first + known.messages.len() as u64;
        known.messages.push_back(Submitted {
            block: block.clone(),
            place,
            references: references.to_vec(),
            at: now,
        });
        let early = hashes.iter().filter_map(|hash| known.early.remove(hash));
        // The vendor counts from the beginning again, and meant another message.
        let early: Vec<_> = early.filter(|(since, _)| now < *since + EARLY_KEPT).collect();
        known.numbers.extend(hashes.into_iter().map(|hash| (hash, number)));
        let named = early.into_iter().map(|(_, report)| {
            let segment = self.segment(&known, &report);
            Report { segment, again: true, ..report }
        });
        named.filter(|report| report.segment.is_some()).collect()
    }

    /// A vendor took a message that has a row under these ids: they are of no block any more.
    pub fn forget(&self, references: &[Option<String>]) {
        let mut known = self.known();
        for raw in references.iter().flatten() {
            let hash = self.hash(raw);
            known.numbers.remove(&hash);
            known.early.remove(&hash);
        }
    }

    /// What a receipt is about, by one of its ids as it is written. One that is about nothing yet is remembered
    /// for [`Self::note`].
    pub fn of(&self, report: &Report) -> Option<Segment> {
        let mut known = self.known();
        let segment = self.segment(&known, report);
        if segment.is_none() && report.state.is_final() {
            self.remember(&mut known, report);
        }
        segment
    }

    fn remember(&self, known: &mut Known, report: &Report) {
        let (now, hash) = (Instant::now(), self.hash(&report.reference));
        while let Some((since, oldest)) = known.early_since.front() {
            if now < *since + EARLY_KEPT && known.early_since.len() < EARLY_MAX {
                break;
            }
            // Another may have come under the same id by now.
            if known.early.get(oldest).is_some_and(|(at, _)| at == since) {
                known.early.remove(oldest);
            }
            known.early_since.pop_front();
        }
        known.early_since.push_back((now, hash));
        known.early.insert(hash, (now, report.clone()));
    }

    fn segment(&self, known: &Known, report: &Report) -> Option<Segment> {
        let ids = [Some(&report.reference), report.other_reference.as_ref()].into_iter().flatten();
        ids.filter_map(|raw| self.find(known, &canonical_reference(raw))).next()
    }

    fn find(&self, known: &Known, canonical: &str) -> Option<Segment> {
        let number = known.numbers.get(&self.hasher.hash_one(canonical))?;
        let index = usize::try_from(number.checked_sub(known.first)?).ok()?;
        let Submitted { block, place, references, .. } = known.messages.get(index)?;
        let is_it =
            |raw: &Option<String>| raw.as_ref().is_some_and(|raw| canonical_reference(raw) == canonical);
        let part = references.iter().position(is_it)?;
        let message = MessageId::in_block(block, *place);
        Some(Segment { message, part, references: references.clone() })
    }

    fn forget_oldest(&self, known: &mut Known) {
        let Some(oldest) = known.messages.pop_front() else { return };
        for raw in oldest.references.iter().flatten() {
            let hash = self.hash(raw);
            // Another may have the same id by now.
            if known.numbers.get(&hash) == Some(&known.first) {
                known.numbers.remove(&hash);
            }
        }
        known.first += 1;
    }

    fn hash(&self, raw: &str) -> u64 {
        self.hasher.hash_one(canonical_reference(raw).as_str())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::WalletId;
    use domain::receipt::ReceiptState;

    fn block(number: u64) -> Arc<LeaseTag> {
        Arc::new(LeaseTag { lease: WalletId::new(1), fence: 1, number })
    }

    fn some(references: &[&str]) -> Vec<Option<String>> {
        references.iter().map(|reference| Some((*reference).to_owned())).collect()
    }

    fn report(reference: &str, other: Option<&str>) -> Report {
        Report {
            reference: reference.to_owned(),
            other_reference: other.map(str::to_owned),
            state: ReceiptState::Delivered,
            error: None,
            recipient: None,
            segment: None,
            again: false,
        }
    }

    #[track_caller]
    fn check(hints: &Hints, reference: &str, expected: Option<(&LeaseTag, u16, usize)>) {
        let found = hints.of(&report(reference, None)).map(|segment| (segment.message, segment.part));
        let expected = expected.map(|(tag, place, part)| (MessageId::in_block(tag, place), part));
        assert_eq!(found, expected, "{reference}");
    }

    #[test]
    fn a_receipt_is_known_by_either_of_its_ids_as_the_vendor_pads_and_writes_them() {
        let (hints, tag) = (Hints::default(), block(1));
        hints.note(&tag, 3, &some(&["1A2B", "00071"]));
        hints.note(&tag, 4, &[None, Some("z".to_owned())]);
        check(&hints, "001a2b", Some((&tag, 3, 0)));
        check(&hints, "71", Some((&tag, 3, 1)));
        check(&hints, "z", Some((&tag, 4, 1)));
        check(&hints, "6699", None); // which is 1A2B as a decimal number: the store tries that
        let both = hints.of(&report("unknown", Some("71"))).unwrap();
        assert_eq!((both.part, both.references), (1, some(&["1A2B", "00071"])));
    }

    #[test]
    fn the_latest_message_under_an_id_is_the_one_that_is_meant() {
        let (hints, first, second) = (Hints::default(), block(1), block(2));
        hints.note(&first, 0, &some(&["a"]));
        hints.note(&second, 7, &some(&["a"]));
        check(&hints, "a", Some((&second, 7, 0)));
        hints.forget(&some(&["a"]));
        check(&hints, "a", None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_receipt_that_came_early_is_returned_with_its_segment_once() {
        let (hints, tag) = (Hints::default(), block(1));
        for reference in ["007a", "7B", "7c"] {
            check(&hints, reference, None);
        }
        let report = |reference, part| {
            let segment =
                Segment { message: MessageId::in_block(&tag, 5), part, references: some(&["7A", "7b"]) };
            Report { segment: Some(segment), again: true, ..report(reference, None) }
        };
        assert_eq!(hints.note(&tag, 5, &some(&["7A", "7b"])), [report("007a", 0), report("7B", 1)]);
        assert_eq!(hints.note(&tag, 6, &some(&["7a"])), []);
    }

    #[tokio::test(start_paused = true)]
    async fn a_receipt_that_came_long_before_is_about_no_message_that_gets_its_id_now() {
        let (hints, tag) = (Hints::default(), block(1));
        for reference in ["7a", "7b", "7c"] {
            check(&hints, reference, None);
        }
        hints.forget(&some(&["7a"])); // it was of a message with a row
        assert_eq!(hints.note(&tag, 5, &some(&["7a"])), []);
        tokio::time::advance(EARLY_KEPT).await;
        assert_eq!(hints.note(&tag, 6, &some(&["7b"])), []);
        check(&hints, "7d", None);
        let known = hints.known();
        assert_eq!((known.early.len(), known.early_since.len()), (1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_old_is_forgotten_and_so_is_what_is_too_much() {
        let (hints, tag) = (Hints::default(), block(1));
        hints.note(&tag, 0, &some(&["old"]));
        hints.note(&tag, 1, &some(&["again"]));
        tokio::time::advance(KEPT).await;
        hints.note(&tag, 2, &some(&["again"]));
        check(&hints, "old", None);
        check(&hints, "again", Some((&tag, 2, 0)));
        for number in 0..MESSAGES_MAX {
            hints.note(&tag, 3, &some(&[&format!("m{number}")]));
        }
        check(&hints, "again", None);
        check(&hints, "m0", Some((&tag, 3, 0)));
        assert_eq!(hints.known().numbers.len(), MESSAGES_MAX);
    }
}
