//! Rerate: tasks that price messages and fees of the past again, with the rates that were in force when they
//! were accepted as these stand now, after somebody has corrected a rate, a scope or an enabled service.
//!
//! What a message costs then is in `charges`, what a fee does in [`crate::fee`]. A task walks the records of its
//! agreements in the order of time; how far it has come stands beside it ([`Progress`]), and so does what it has
//! come to ([`Difference`]). Doing any part again changes nothing, because what is charged is compared with what
//! the rates say, and not with what a task remembers.

mod charges;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::agreement::Agreement;
use crate::catalog::{self, Thing};
use crate::channel::Channel;
use crate::id::{AgreementId, CompanyId, RerateId};
use crate::money::Amount;
use crate::period::Period;
use crate::rating::{Resource, ServiceDomain};
use crate::record::{FieldError, Hand};

pub use charges::{LevelChange, NotRated, Prices, RatedAgain, rate_again};

/// A task is one item, and each agreement takes 35 bytes of it.
pub const AGREEMENTS_MAX: usize = 1_000;
/// Messages and their rates are kept no longer than two years (`50-billing.md`).
const DAYS_MAX: i64 = 2 * 366;
/// The records of a message follow it within seconds; what has none yet would be passed over in silence.
const SETTLED_AFTER: SignedDuration = SignedDuration::from_mins(10);
/// The list of tasks that have something to do.
pub const DUE: &str = "due";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nobody has started it.
    Draft,
    /// It begins at its time.
    Scheduled,
    Running,
    Complete,
    /// Stopped by somebody. What it did until then stays.
    Canceled,
    /// It cannot go on; its problem says why. What it did until then stays.
    Failed,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rerate {
    pub id: RerateId,
    /// Whose it is. Levels are rated again of which the seller is this company or one below it.
    pub company: CompanyId,
    /// Messages accepted from this moment on.
    pub from: Timestamp,
    /// Messages accepted before this moment.
    pub till: Timestamp,
    /// Those that the agreements were chosen by; none if it is about one agreement.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub companies: Vec<CompanyId>,
    /// Whose records are walked, in this order.
    pub agreements: Vec<AgreementId>,
    /// All if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<Channel>,
    /// Whether it only counts.
    pub dry_run: bool,
    /// The dry run whose counts somebody saw before this one was made to charge them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_by: Option<RerateId>,
    /// As soon as it is started if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_for: Option<Timestamp>,
    pub status: Status,
    /// Messages, as usage counted them when the task was made: whole days, and without what was refunded.
    pub estimated: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub created_by: String,
    pub updated_at: Timestamp,
    pub updated_by: String,
    pub revision: u64,
}

/// What somebody wants rated again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRerate {
    pub id: RerateId,
    pub company: CompanyId,
    pub from: Timestamp,
    pub till: Timestamp,
    pub companies: Vec<CompanyId>,
    pub agreements: Vec<AgreementId>,
    pub channels: Vec<Channel>,
    pub dry_run: bool,
    pub scheduled_for: Option<Timestamp>,
    pub estimated: u64,
}

/// Why a task does not go from one status to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RerateError {
    #[error("the task was started before")]
    Started,
    #[error("the task has ended")]
    Ended,
    #[error("only what a dry run has counted to its end is charged")]
    NotCounted,
}

/// Until when a task that is made now may rate messages again: those before this have their records.
pub fn latest_till(now: Timestamp) -> Timestamp {
    now.checked_sub(SETTLED_AFTER).unwrap_or(Timestamp::MIN)
}

/// A draft of a task.
pub fn plan_rerate(ask: NewRerate, by: Hand<'_>) -> Result<Rerate, FieldError> {
    if ask.till <= ask.from {
        return Err(FieldError::new("till", "it must be later than `from`"));
    }
    if latest_till(by.now) < ask.till {
        return Err(FieldError::new(
            "till",
            "it must be at least 10 minutes ago: what came later may not be recorded yet",
        ));
    }
    if SignedDuration::from_hours(24 * DAYS_MAX) < ask.till.duration_since(ask.from) {
        return Err(FieldError::new("till", format!("a period has at most {DAYS_MAX} days")));
    }
    if ask.agreements.is_empty() {
        return Err(FieldError::new("agreement", "there is no agreement to rate again"));
    }
    if AGREEMENTS_MAX < ask.agreements.len() {
        let detail =
            format!("these companies have more than {AGREEMENTS_MAX} agreements: make several tasks");
        return Err(FieldError::new("companies", detail));
    }
    let NewRerate { id, company, from, till, companies, mut agreements, channels, .. } = ask;
    agreements.sort();
    agreements.dedup();
    Ok(Rerate {
        id,
        company,
        from,
        till,
        companies,
        agreements,
        channels,
        dry_run: ask.dry_run,
        counted_by: None,
        scheduled_for: ask.scheduled_for,
        status: Status::Draft,
        estimated: ask.estimated,
        problem: None,
        started_at: None,
        finished_at: None,
        created_at: by.now,
        created_by: by.name.to_owned(),
        updated_at: by.now,
        updated_by: by.name.to_owned(),
        revision: 0,
    })
}

impl Rerate {
    fn moved(&self, status: Status, by: Hand<'_>) -> Self {
        let (updated_at, updated_by) = (by.now, by.name.to_owned());
        Self { status, updated_at, updated_by, revision: self.revision + 1, ..self.clone() }
    }

    /// A draft of a task that charges what this dry run has counted, and so has its extent.
    pub fn to_charge(
        &self,
        id: RerateId,
        scheduled_for: Option<Timestamp>,
        counted: &Progress,
        by: Hand<'_>,
    ) -> Result<Self, RerateError> {
        if !self.dry_run || self.status != Status::Complete {
            return Err(RerateError::NotCounted);
        }
        Ok(Self {
            id,
            dry_run: false,
            counted_by: Some(self.id.clone()),
            scheduled_for,
            status: Status::Draft,
            estimated: counted.edrs.processed,
            started_at: None,
            finished_at: None,
            created_at: by.now,
            created_by: by.name.to_owned(),
            updated_at: by.now,
            updated_by: by.name.to_owned(),
            revision: 0,
            ..self.clone()
        })
    }

    pub fn is_over(&self) -> bool {
        matches!(self.status, Status::Complete | Status::Canceled | Status::Failed)
    }

    /// Whether it has something to do now.
    pub fn is_due(&self, now: Timestamp) -> bool {
        match self.status {
            Status::Scheduled => self.scheduled_for.is_none_or(|time| time <= now),
            Status::Running => true,
            Status::Draft | Status::Complete | Status::Canceled | Status::Failed => false,
        }
    }

    /// A draft is started: at its time, or at once.
    pub fn start(&self, by: Hand<'_>) -> Result<Self, RerateError> {
        match self.status {
            Status::Draft => Ok(self.moved(Status::Scheduled, by)),
            _ if self.is_over() => Err(RerateError::Ended),
            _ => Err(RerateError::Started),
        }
    }

    /// Its time has come.
    pub fn begin(&self, by: Hand<'_>) -> Self {
        Self { started_at: Some(by.now), ..self.moved(Status::Running, by) }
    }

    /// Nothing more is rated by it.
    pub fn cancel(&self, by: Hand<'_>) -> Result<Self, RerateError> {
        match self.is_over() {
            true => Err(RerateError::Ended),
            false => Ok(self.ended(Status::Canceled, by)),
        }
    }

    pub fn complete(&self, by: Hand<'_>) -> Self {
        self.ended(Status::Complete, by)
    }

    pub fn fail(&self, problem: String, by: Hand<'_>) -> Self {
        Self { problem: Some(problem), ..self.ended(Status::Failed, by) }
    }

    fn ended(&self, status: Status, by: Hand<'_>) -> Self {
        Self { finished_at: Some(by.now), ..self.moved(status, by) }
    }

    /// Whether messages are among what it rates again. There are no others yet than SMS.
    pub fn includes(&self, channel: Channel) -> bool {
        self.channels.is_empty() || self.channels.contains(&channel)
    }

    /// Whether fees for this are: those of SMS with their channel, and what packs and additional services cost
    /// where no channel is named.
    pub fn includes_fee(&self, resource: Resource) -> bool {
        self.channels.is_empty() || (resource.domain() == ServiceDomain::Sms && self.includes(Channel::Sms))
    }

    /// The agreement in whose records a message of these levels is rated: the nearest to the sender of those
    /// that the task is about. So a message that several of them see is rated and counted once.
    pub fn walked_by<'a>(&self, levels: &'a [AgreementId]) -> Option<&'a AgreementId> {
        levels.iter().find(|agreement| self.agreements.binary_search(agreement).is_ok())
    }

    /// The agreement that comes after this one.
    pub fn agreement_after(&self, agreement: &AgreementId) -> Option<&AgreementId> {
        self.agreements.iter().find(|next| agreement < *next)
    }

    /// The billing periods of an agreement in which messages of the task's period were billed.
    pub fn periods_of(&self, agreement: &Agreement) -> Vec<Period> {
        let day_of = |moment| agreement.version_at(moment).billing.day_of(moment);
        let just_before_till = self.till - SignedDuration::from_nanos(1);
        let (mut day, last) = (day_of(self.from), day_of(just_before_till));
        let mut periods = Vec::new();
        while day <= last {
            let period = agreement.billing_period(day);
            periods.push(period);
            let Ok(next) = period.last.tomorrow() else { break };
            day = next;
        }
        periods
    }
}

/// Listed under its company, and among those that have something to do.
impl Thing for Rerate {
    const NOUN: &'static str = "rerate";
    const NOUNS: &'static str = "rerates";
    const ORDER: Option<&'static str> = Some("created_at");

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn revision(&self) -> u64 {
        self.revision
    }

    fn lists(&self) -> Vec<String> {
        let is_open = matches!(self.status, Status::Scheduled | Status::Running);
        [self.company.to_string()].into_iter().chain(is_open.then(|| DUE.to_owned())).collect()
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        let scheduled_for = self.scheduled_for.unwrap_or(self.created_at);
        vec![
            ("created_at", catalog::time(self.created_at)),
            ("updated_at", catalog::time(self.updated_at)),
            ("scheduled_for", catalog::time(scheduled_for)),
            ("from", catalog::time(self.from)),
            ("till", catalog::time(self.till)),
            ("status", catalog::choice(self.status)),
        ]
    }

    fn columns_in(&self, list: &str) -> Vec<(&'static str, String)> {
        match list {
            DUE => vec![("created_at", catalog::time(self.created_at))],
            _ => self.columns(),
        }
    }
}

/// How many records of one kind a task has looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    pub processed: u64,
    /// Those that keep what they were charged because it is not known what they cost now.
    pub failed: u64,
}

impl Tally {
    pub fn add(&mut self, records: u64, failed: bool) {
        self.processed += records;
        self.failed += if failed { records } else { 0 };
    }
}

/// How far a task has come.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Raised by every chunk, so that of two who do the same one only one goes on.
    pub chunk: u64,
    /// Whose records are being walked; none before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<AgreementId>,
    /// The last record that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Nothing is left.
    #[serde(default)]
    pub is_done: bool,
    /// Records of the senders' own agreements.
    pub edrs: Tally,
    /// Of the agreements above those.
    pub reseller_records: Tally,
    /// Why the last one failed that did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<String>,
}

impl Progress {
    /// A message with so many levels was looked at, or a fee, which has one.
    pub fn count(&mut self, levels: u64, failure: Option<String>) {
        let failed = failure.is_some();
        self.edrs.add(1, failed);
        self.reseller_records.add(levels.saturating_sub(1), failed);
        self.last_failure = failure.or(self.last_failure.take());
    }
}

/// What a task has changed, or would change, of what one agreement pays at one level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub agreement: AgreementId,
    /// 1 is the sender's own.
    pub level: u32,
    /// Records that cost something else.
    pub records: u64,
    pub before: Amount,
    pub after: Amount,
}

#[cfg(test)]
mod tests {
    use super::*;

    const BY: Hand<'static> = Hand { name: "manager", now: Timestamp::constant(4 * 366 * 86_400, 0) };

    fn ask() -> NewRerate {
        NewRerate {
            id: RerateId::new(1),
            company: CompanyId::new(1),
            from: Timestamp::UNIX_EPOCH,
            till: Timestamp::from_second(86_400).unwrap(),
            companies: Vec::new(),
            agreements: vec![AgreementId::new(3), AgreementId::new(2), AgreementId::new(3)],
            channels: Vec::new(),
            dry_run: false,
            scheduled_for: None,
            estimated: 0,
        }
    }

    #[test]
    fn a_task_needs_a_period_and_an_agreement() {
        let refused = |ask| plan_rerate(ask, BY).unwrap_err().field;
        assert_eq!(refused(NewRerate { till: Timestamp::UNIX_EPOCH, ..ask() }), "till");
        let years = Timestamp::from_second(3 * 366 * 86_400).unwrap();
        assert_eq!(refused(NewRerate { till: years, ..ask() }), "till");
        assert_eq!(refused(NewRerate { agreements: Vec::new(), ..ask() }), "agreement");
        let latest = latest_till(BY.now);
        let late = |till| NewRerate { from: latest - SignedDuration::from_hours(1), till, ..ask() };
        assert!(plan_rerate(late(latest), BY).is_ok());
        assert_eq!(refused(late(latest + SignedDuration::from_secs(1))), "till");
        assert_eq!(plan_rerate(ask(), BY).unwrap().agreements, [AgreementId::new(2), AgreementId::new(3)]);
    }

    #[test]
    fn a_task_is_started_once_and_canceled_until_it_has_ended() {
        let draft = plan_rerate(ask(), BY).unwrap();
        assert!(!draft.is_due(BY.now) && draft.cancel(BY).is_ok());
        let started = draft.start(BY).unwrap();
        assert!(started.is_due(BY.now));
        assert_eq!(started.start(BY), Err(RerateError::Started));
        let running = started.begin(BY);
        assert!(running.is_due(BY.now) && running.cancel(BY).is_ok());
        for over in [running.complete(BY), running.fail("no".into(), BY), running.cancel(BY).unwrap()] {
            assert!(!over.is_due(BY.now) && over.lists().len() == 1);
            assert_eq!((over.cancel(BY), over.start(BY)), (Err(RerateError::Ended), Err(RerateError::Ended)));
        }
    }

    #[test]
    fn what_a_dry_run_has_counted_to_its_end_is_charged_by_another_task() {
        let dry = plan_rerate(NewRerate { dry_run: true, ..ask() }, BY).unwrap();
        let mut counted = Progress::default();
        counted.count(2, None);
        let charge = |task: &Rerate| task.to_charge(RerateId::new(2), None, &counted, BY);
        let begun = dry.start(BY).unwrap().begin(BY);
        for early in [&dry, &begun, &begun.cancel(BY).unwrap()] {
            assert_eq!(charge(early), Err(RerateError::NotCounted));
        }
        let task = charge(&begun.complete(BY)).unwrap();
        let again = charge(&task.start(BY).unwrap().begin(BY).complete(BY));
        assert_eq!(again, Err(RerateError::NotCounted), "it is no dry run");
        let (id, counted_by) = (RerateId::new(2), Some(dry.id.clone()));
        assert_eq!(task, Rerate { id, dry_run: false, counted_by, estimated: 1, ..dry });
    }

    #[test]
    fn fees_are_rated_with_the_channel_that_they_are_for() {
        let included = |channels: &[Channel]| {
            let task = plan_rerate(NewRerate { channels: channels.to_vec(), ..ask() }, BY).unwrap();
            [Resource::SenderIdUsageFee, Resource::ServicePurchase].map(|fee| task.includes_fee(fee))
        };
        assert_eq!(included(&[]), [true, true]);
        assert_eq!(included(&[Channel::Sms]), [true, false]);
        assert_eq!(included(&[Channel::Viber]), [false, false]);
    }

    #[test]
    fn a_scheduled_task_waits_for_its_time() {
        let time = BY.now + SignedDuration::from_secs(100);
        let ask = NewRerate { scheduled_for: Some(time), ..ask() };
        let started = plan_rerate(ask, BY).unwrap().start(BY).unwrap();
        assert!(!started.is_due(time - SignedDuration::from_secs(1)) && started.is_due(time));
    }

    #[test]
    fn a_message_is_rated_with_the_records_of_the_nearest_agreement_of_the_task() {
        let task = plan_rerate(ask(), BY).unwrap();
        let levels = |numbers: &[u128]| numbers.iter().map(|number| AgreementId::new(*number)).collect();
        let walked = |levels: Vec<AgreementId>| task.walked_by(&levels).cloned();
        assert_eq!(walked(levels(&[1, 2, 3])), Some(AgreementId::new(2)));
        assert_eq!(walked(levels(&[3, 2])), Some(AgreementId::new(3)));
        assert_eq!(walked(levels(&[1, 4])), None);
    }
}
