//! What can go wrong with a call, and who decides it.

use std::time::Duration;

use serde_json::Value;

/// One HTTP request of a client. With the client's retries on, each attempt is a call.
pub struct Call<'a> {
    /// Counts the calls of this client from 1, in the order in which they were made.
    pub number: u64,
    /// The operation's name as in the API, such as `TransactWriteItems`.
    pub operation: &'a str,
    /// Whether the operation can change an item.
    pub is_write: bool,
    /// The request in DynamoDB's JSON.
    pub body: &'a Value,
}

/// What happens to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The call is applied and answered.
    None,
    /// Another transaction holds one of the items: the call is refused and not applied. Plain reads
    /// never conflict and are answered; of a batch write all items come back as unprocessed.
    ConflictBeforeApply,
    /// As [`Self::ConflictBeforeApply`]; and of a transaction that a condition would refuse anyway, both
    /// are told: a conflict at one item beside the refusal of another.
    ConflictBesideRefusal,
    /// The request gets lost: it is not applied, and the client's connection times out.
    TimeoutNotApplied,
    /// The call is applied, its answer gets lost, and the client's connection times out.
    TimeoutAppliedAnswerLost,
    /// The table's capacity is used up: the call is refused and not applied.
    Throttle,
    /// The process died before this call: neither it nor any later call of this client is applied.
    Kill,
    /// The process died right after this call was applied: the answer does not arrive, and no later
    /// call of this client is applied.
    KillAfterApply,
}

/// Decides which calls of a client fail. With the same calls in the same order, it should decide the
/// same, so that a failing test can be repeated.
pub trait Faults: Send + Sync {
    /// What happens to `call`.
    fn decide(&self, call: &Call) -> Fault;

    /// Called when `call` was applied, whether or not its answer arrives.
    fn applied(&self, _call: &Call) {}

    /// Changes what is asked for on its way to the database.
    fn rewrite(&self, _operation: &str, _body: &mut Value) {}

    /// How long `call` is under way before it is applied. A test with such latencies should pause
    /// the runtime's clock, so that they pass in no time; with zero the call does not wait.
    fn latency(&self, _call: &Call) -> Duration {
        Duration::ZERO
    }
}

impl<F: Fn(&Call) -> Fault + Send + Sync> Faults for F {
    fn decide(&self, call: &Call) -> Fault {
        self(call)
    }
}

/// Nothing fails.
pub struct NoFaults;

impl Faults for NoFaults {
    fn decide(&self, _call: &Call) -> Fault {
        Fault::None
    }
}

/// How often each fault happens, in calls out of a thousand. Together at most a thousand; the rest
/// of the calls succeed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rates {
    /// See [`Fault::ConflictBeforeApply`].
    pub conflict: u16,
    /// See [`Fault::ConflictBesideRefusal`].
    pub conflict_beside_refusal: u16,
    /// See [`Fault::TimeoutNotApplied`].
    pub timeout_not_applied: u16,
    /// See [`Fault::TimeoutAppliedAnswerLost`].
    pub timeout_applied: u16,
    /// See [`Fault::Throttle`].
    pub throttle: u16,
    /// See [`Fault::Kill`].
    pub kill: u16,
    /// See [`Fault::KillAfterApply`].
    pub kill_after_apply: u16,
    /// The longest time a call is under way, in milliseconds; each takes between zero and this.
    pub latency_max_ms: u64,
}

impl Rates {
    /// So many times rarer.
    #[must_use]
    pub fn divided(self, by: u16) -> Self {
        Self {
            conflict: self.conflict / by,
            conflict_beside_refusal: self.conflict_beside_refusal / by,
            timeout_not_applied: self.timeout_not_applied / by,
            timeout_applied: self.timeout_applied / by,
            throttle: self.throttle / by,
            kill: self.kill / by,
            kill_after_apply: self.kill_after_apply / by,
            latency_max_ms: self.latency_max_ms,
        }
    }
}

/// Random faults that follow from a seed and the call's number alone.
pub struct SeededFaults {
    seed: u64,
    rates: Rates,
}

impl SeededFaults {
    /// Faults at the given rates. The same seed gives the n-th call of a client the same fault.
    pub fn new(seed: u64, rates: Rates) -> Self {
        Self { seed, rates }
    }

    /// A random number for one call and one purpose: SplitMix64 (Steele, Lea and Flood, 2014).
    fn random(&self, call: u64, purpose: u64) -> u64 {
        let mut z = self
            .seed
            .wrapping_mul(0xd134_2543_de82_ef95)
            .wrapping_add((2 * call + purpose).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Faults for SeededFaults {
    fn decide(&self, call: &Call) -> Fault {
        let rates = &self.rates;
        let mut draw = self.random(call.number, 0) % 1000;
        for (rate, fault) in [
            (rates.conflict, Fault::ConflictBeforeApply),
            (rates.conflict_beside_refusal, Fault::ConflictBesideRefusal),
            (rates.timeout_not_applied, Fault::TimeoutNotApplied),
            (rates.timeout_applied, Fault::TimeoutAppliedAnswerLost),
            (rates.throttle, Fault::Throttle),
            (rates.kill, Fault::Kill),
            (rates.kill_after_apply, Fault::KillAfterApply),
        ] {
            if draw < u64::from(rate) {
                return fault;
            }
            draw -= u64::from(rate);
        }
        Fault::None
    }

    fn latency(&self, call: &Call) -> Duration {
        let bound = self.rates.latency_max_ms.saturating_add(1);
        Duration::from_millis(self.random(call.number, 1) % bound)
    }
}
