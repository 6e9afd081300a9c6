//! What to do next with a message whose segments are being submitted one after the other. No I/O.
//!
//! One after the other, because a refused first segment then costs nothing, and a phone gets them in
//! order. The window is filled by many messages, not by one.

use std::time::Duration;

use domain::connection::OnUnknownOutcome;
use queue::Outcome;
use tracing::debug;

use crate::vendor::submit::{Refusal, Verdict};

/// For a segment after the first: two and a half minutes, then the message has failed.
const SEGMENT_TRIES_MAX: u32 = 10;
/// A message that was sent into silence this often stays in doubt, also where it may be sent again:
/// it may be the very one at which the vendor drops the link.
const RESENDS_MAX: u32 = 3;
/// The first wait after a temporary error, doubled with each try.
const DELAY_FIRST: Duration = Duration::from_secs(1);
const DELAY_MAX: Duration = Duration::from_secs(30);

/// How long to wait after so many failed tries.
pub fn delay(tries: u32) -> Duration {
    DELAY_FIRST.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1))).min(DELAY_MAX)
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Submit the next segment, or the same one again, after this time.
    Submit { after: Duration },
    /// It has ended; one that is not sent may be tried again from its beginning.
    Done(Outcome),
}

/// A message on its way out.
pub struct Sending {
    total: usize,
    references: Vec<Option<String>>,
    on_unknown_outcome: OnUnknownOutcome,
    /// Tries of the present segment.
    tries: u32,
    resends: u32,
    /// Whether something of it was sent, by us or a process before us, and not answered.
    doubted: bool,
    /// What the vendor said last, if that was "later".
    later: Option<Refusal>,
}

impl Sending {
    pub fn new(total: usize, on_unknown_outcome: OnUnknownOutcome, doubted: bool) -> Self {
        let references = Vec::with_capacity(total);
        Self { total, references, on_unknown_outcome, tries: 0, resends: 0, doubted, later: None }
    }

    /// Which segment is next.
    pub fn segment(&self) -> usize {
        self.references.len()
    }

    pub fn is_doubted(&self) -> bool {
        self.doubted
    }

    pub fn later(&self) -> Option<Refusal> {
        self.later
    }

    /// The answer to the present segment.
    pub fn hear(&mut self, verdict: Verdict) -> Step {
        let is_first = self.references.is_empty();
        self.later = match verdict {
            Verdict::Busy { status, .. } => Some(Refusal::Vendor { status, next_route: true }),
            _ => None,
        };
        match verdict {
            Verdict::Taken { reference } => self.taken(reference),
            Verdict::Refused(_) if is_first && self.doubted => Step::Done(Outcome::InDoubt),
            Verdict::Refused(refusal) if is_first => {
                Step::Done(Outcome::Refused { reason: refusal.to_string(), next_route: refusal.next_route() })
            }
            Verdict::Refused(refusal) => {
                debug!(%refusal, segment = self.segment(), "a segment is refused after others were taken");
                self.give_up()
            }
            Verdict::Busy { .. } | Verdict::NotSent if is_first => Step::Done(Outcome::NotSent),
            Verdict::Busy { .. } | Verdict::NotSent => self.try_again(),
            Verdict::InDoubt => self.in_doubt(),
        }
    }

    fn taken(&mut self, reference: String) -> Step {
        self.references.push(Some(reference));
        self.tries = 0;
        if self.references.len() < self.total {
            return Step::Submit { after: Duration::ZERO };
        }
        Step::Done(Outcome::Submitted(std::mem::take(&mut self.references)))
    }

    fn try_again(&mut self) -> Step {
        self.tries += 1;
        if self.tries < SEGMENT_TRIES_MAX {
            return Step::Submit { after: delay(self.tries) };
        }
        self.give_up()
    }

    /// The rest is not even tried: no phone could show the whole.
    fn give_up(&mut self) -> Step {
        let mut references = std::mem::take(&mut self.references);
        references.resize(self.total, None);
        Step::Done(Outcome::Submitted(references))
    }

    /// The end of a message that was begun and cannot go on.
    pub fn abandon(&mut self) -> Outcome {
        match self.give_up() {
            Step::Done(Outcome::Submitted(references)) if references.iter().any(Option::is_some) => {
                Outcome::Submitted(references)
            }
            _ => Outcome::InDoubt, // it was being sent again
        }
    }

    /// The end of a message that was begun, when we have no more time. Where it may be sent again, whoever
    /// serves the connection next does that, and nothing is told of it.
    pub fn leave(&mut self) -> Outcome {
        match self.on_unknown_outcome {
            OnUnknownOutcome::Wait => self.abandon(),
            OnUnknownOutcome::Resend => {
                self.doubted = true;
                Outcome::NotSent
            }
        }
    }

    /// One segment in doubt leaves the whole message in doubt. What was taken before is told, so that reports on
    /// it find the message.
    fn in_doubt(&mut self) -> Step {
        self.doubted = true;
        self.resends += 1;
        match self.on_unknown_outcome {
            OnUnknownOutcome::Resend if self.resends <= RESENDS_MAX => {
                Step::Submit { after: delay(self.resends) }
            }
            OnUnknownOutcome::Resend | OnUnknownOutcome::Wait if self.references.is_empty() => {
                Step::Done(Outcome::InDoubt)
            }
            OnUnknownOutcome::Resend | OnUnknownOutcome::Wait => {
                let mut references = std::mem::take(&mut self.references);
                references.resize(self.total, None);
                Step::Done(Outcome::PartlyInDoubt(references))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vendor::submit::Refusal;
    use smpp::CommandStatus;

    fn taken(reference: &str) -> Verdict {
        Verdict::Taken { reference: reference.to_owned() }
    }

    fn refused() -> Verdict {
        Verdict::Refused(Refusal::Vendor { status: CommandStatus::RINVDSTADR, next_route: false })
    }

    fn busy() -> Verdict {
        Verdict::Busy { status: CommandStatus::RTHROTTLED, slow_down: true }
    }

    /// How a message of so many segments ends when it hears these; the last one is heard for ever.
    #[track_caller]
    fn outcome(total: usize, policy: OnUnknownOutcome, heard: &[Verdict]) -> Outcome {
        let mut sending = Sending::new(total, policy, false);
        for number in 0..100 {
            let verdict = heard[number.min(heard.len() - 1)].clone();
            if let Step::Done(outcome) = sending.hear(verdict) {
                return outcome;
            }
        }
        panic!("has no end")
    }

    fn submitted(references: &[Option<&str>]) -> Outcome {
        let references = references.iter().map(|reference| reference.map(str::to_owned)).collect();
        Outcome::Submitted(references)
    }

    use OnUnknownOutcome::{Resend, Wait};

    #[test]
    fn a_message_is_submitted_when_each_segment_is_taken() {
        assert_eq!(outcome(1, Wait, &[taken("a")]), submitted(&[Some("a")]));
        assert_eq!(outcome(2, Wait, &[taken("a"), taken("b")]), submitted(&[Some("a"), Some("b")]));
    }

    #[test]
    fn a_refused_first_segment_refuses_the_message() {
        let reason = "smpp_0x0000000B_ESME_RINVDSTADR".to_owned();
        assert_eq!(outcome(3, Wait, &[refused()]), Outcome::Refused { reason, next_route: false });
    }

    #[test]
    fn a_refused_later_segment_ends_it_with_what_was_taken() {
        assert_eq!(outcome(3, Wait, &[taken("a"), refused()]), submitted(&[Some("a"), None, None]));
    }

    #[test]
    fn a_message_of_which_nothing_was_taken_may_begin_again() {
        assert_eq!(outcome(3, Wait, &[busy()]), Outcome::NotSent);
        assert_eq!(outcome(3, Wait, &[Verdict::NotSent]), Outcome::NotSent);
    }

    #[test]
    fn a_later_segment_is_tried_again_but_not_for_ever() {
        let heard = [taken("a"), busy(), Verdict::NotSent, taken("b")];
        assert_eq!(outcome(2, Wait, &heard), submitted(&[Some("a"), Some("b")]));
        assert_eq!(outcome(2, Wait, &[taken("a"), busy()]), submitted(&[Some("a"), None]));
    }

    #[test]
    fn an_unknown_outcome_is_waited_for_or_sent_again_a_few_times() {
        assert_eq!(outcome(1, Wait, &[Verdict::InDoubt, taken("a")]), Outcome::InDoubt);
        assert_eq!(outcome(1, Resend, &[Verdict::InDoubt, taken("a")]), submitted(&[Some("a")]));
        assert_eq!(outcome(1, Resend, &[Verdict::InDoubt]), Outcome::InDoubt);
    }

    #[test]
    fn a_later_segment_in_doubt_ends_it_with_what_was_taken() {
        let partly = Outcome::PartlyInDoubt(vec![Some("a".to_owned()), None, None]);
        assert_eq!(outcome(3, Wait, &[taken("a"), Verdict::InDoubt]), partly);
        assert_eq!(outcome(3, Resend, &[taken("a"), Verdict::InDoubt]), partly);
    }

    #[test]
    fn what_a_vendor_says_when_it_wants_a_message_later_is_known_until_it_says_something_else() {
        let mut sending = Sending::new(1, Wait, false);
        sending.hear(busy());
        let refusal = sending.later().expect("it said so");
        assert_eq!(refusal.to_string(), "smpp_0x00000058_ESME_RTHROTTLED");
        assert!(refusal.next_route());
        sending.hear(Verdict::NotSent);
        assert_eq!(sending.later(), None);
    }

    #[test]
    fn a_refusal_does_not_end_a_doubt() {
        assert_eq!(outcome(1, Resend, &[Verdict::InDoubt, refused()]), Outcome::InDoubt);
    }

    #[test]
    fn a_message_that_has_to_be_left_is_told_by_what_was_taken_or_sent_again_by_the_next() {
        let left = |policy| {
            let mut sending = Sending::new(2, policy, false);
            assert_eq!(sending.hear(taken("a")), Step::Submit { after: Duration::ZERO });
            (sending.leave(), sending.is_doubted())
        };
        assert_eq!(left(Wait), (submitted(&[Some("a"), None]), false));
        assert_eq!(left(Resend), (Outcome::NotSent, true));
    }

    #[test]
    fn waits_double_up_to_half_a_minute() {
        let seconds: Vec<_> = (1..=7).map(|tries| delay(tries).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 30, 30]);
    }
}
