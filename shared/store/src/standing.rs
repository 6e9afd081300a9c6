//! Whether messages that wait in a queue may still go out: their company and all above it enabled, the
//! agreements that they were charged to not suspended, their sender ID and those that it is assigned from not
//! blocked. Asked right before a vendor is, for every message, so what was read is used for some seconds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::agreement::Agreement;
use domain::company::Company;
use domain::id::AgreementId;
use domain::message::Message;
use domain::sender::{SenderAddress, SenderStatus};

use crate::{Store, StoreError};

/// Stops are in force after this time at the latest.
const USED_FOR: Duration = Duration::from_secs(5);
/// Of one sender ID each; those not asked for lately are forgotten first.
const KEPT_MAX: usize = 10_000;

/// Why a message stays here. As clients are told.
pub const COMPANY_DISABLED: &str = "company_disabled";
pub const AGREEMENT_SUSPENDED: &str = "agreement_suspended";
pub const SENDER_BLOCKED: &str = "sender_blocked";

/// Why nothing goes on of a company, which is in its `path` with all above it, that is charged to these
/// agreements; none if it does.
pub fn stopped<'a>(
    path: &[Company],
    levels: impl IntoIterator<Item = &'a Agreement>,
) -> Option<&'static str> {
    if path.iter().any(|company| !company.enabled) {
        return Some(COMPANY_DISABLED);
    }
    levels.into_iter().any(|agreement| agreement.suspended).then_some(AGREEMENT_SUSPENDED)
}

/// A reason if they may not go out.
type Standing = Option<&'static str>;
type Kept = HashMap<AgreementId, HashMap<SenderAddress, (Instant, Standing)>>;

/// What is known of those who send.
#[derive(Clone)]
pub struct Standings {
    store: Store,
    kept: Arc<Mutex<Kept>>,
}

impl Standings {
    pub fn new(store: Store) -> Self {
        Self { store, kept: Arc::default() }
    }

    /// Why a message may not go out any more; none if it may. Where that cannot be read it goes on as it
    /// was: it is paid for, and a store that does not answer is no reason to stop it.
    pub async fn refusal(&self, message: &Message) -> Standing {
        let known = self.known(message);
        if let Some((at, standing)) = known
            && at.elapsed() < USED_FOR
        {
            return standing;
        }
        // Seldom, and much to read: it takes no place in the futures of those that are known.
        match Box::pin(self.read(message)).await {
            Ok(standing) => {
                self.keep(message, standing);
                standing
            }
            Err(error) => {
                tracing::warn!(company = %message.company, %error, "the standing of a sender is not read");
                known.and_then(|(_, standing)| standing)
            }
        }
    }

    fn known(&self, message: &Message) -> Option<(Instant, Standing)> {
        self.kept().get(&message.agreement)?.get(&message.sender).copied()
    }

    fn keep(&self, message: &Message, standing: Standing) {
        let mut kept = self.kept();
        if KEPT_MAX <= kept.len() {
            kept.retain(|_, senders| senders.values().any(|(at, _)| at.elapsed() < USED_FOR));
        }
        if KEPT_MAX <= kept.len() {
            return;
        }
        let senders = kept.entry(message.agreement.clone()).or_default();
        senders.insert(message.sender.clone(), (Instant::now(), standing));
    }

    async fn read(&self, message: &Message) -> Result<Standing, StoreError> {
        let store = &self.store;
        let sender = store.sender_as_used(&message.agreement, &message.sender);
        let (company, agreement, sender) = tokio::try_join!(
            store.any_company(&message.company),
            store.any_agreement(&message.agreement),
            sender
        )?;
        // Gone ones are somebody else's mistake: what they sent is paid for.
        let (Some(company), Some(agreement)) = (company, agreement) else { return Ok(None) };
        let levels = agreement.charged_levels();
        let (path, levels) = tokio::try_join!(store.companies(&company.path), store.agreements(&levels))?;
        let is_blocked = |status| matches!(status, SenderStatus::Blocked | SenderStatus::Draft);
        let is_blocked = sender.is_some_and(|sender| is_blocked(sender.status));
        Ok(stopped(&path, &levels).or(is_blocked.then_some(SENDER_BLOCKED)))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
