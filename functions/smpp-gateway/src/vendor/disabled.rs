//! What waits for a connection that is disabled, or was deleted. Nothing leaves over it, so each message goes
//! on over its next route, or is paid back where there is none (spec 10-tenancy.md, effects of disabling). What
//! may have left before stays in doubt.

use std::sync::Arc;
use std::time::Duration;

use domain::id::MessageId;
use domain::lease::LeaseTag;
use futures::future::join_all;
use queue::{Job, Outcome, Progress, Received, Receiver};
use store::{BlockClaim, Claim, Mark, StoreError};
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{error, info, warn};

use crate::vendor::block_job::due;
use crate::vendor::connection::Owned;
use crate::vendor::lane::REPORT_TRIES_MAX;
use crate::vendor::sending::delay;
use crate::{Gateway, chain};

/// As clients are told.
const CONNECTION_DISABLED: &str = "connection_disabled";
/// SQS gives ten jobs in a call.
const CALL_MAX: i32 = 10;
/// After the queue did not answer.
const QUEUE_PAUSE: Duration = Duration::from_secs(5);
/// As often a store that does not answer is asked: with the delays between them for a quarter of a minute.
const TRIES_MAX: u32 = 5;

struct Refusing {
    gateway: Arc<Gateway>,
    owned: Owned,
    jobs: Receiver,
    stop: watch::Receiver<bool>,
}

/// Refuses what comes until `stop` turns true or the process's life is over. What is in hand then is
/// finished.
pub async fn serve(gateway: Arc<Gateway>, owned: Owned, mut stop: watch::Receiver<bool>) {
    let jobs = Receiver::new(gateway.sqs.clone(), owned.link.queue_url.clone());
    let refusing = Refusing { gateway, owned, jobs, stop: stop.clone() };
    loop {
        let taken = tokio::select! {
            taken = refusing.take() => taken,
            _ = stop.wait_for(|stopped| *stopped) => return,
            () = refusing.owned.life.over() => return,
        };
        join_all(taken.into_iter().map(|job| refusing.refuse(job))).await;
    }
}

impl Refusing {
    async fn take(&self) -> Vec<Received<Job>> {
        loop {
            match self.jobs.receive(CALL_MAX).await {
                Ok(jobs) => return jobs,
                Err(error) => {
                    warn!(connection = %self.owned.connection.id, error = chain(error), "no jobs from the queue");
                    sleep(QUEUE_PAUSE).await;
                }
            }
        }
    }

    /// A job of which not all is told stays, and comes again.
    async fn refuse(&self, job: Received<Job>) {
        let Received { content, handle, .. } = job;
        let is_told = match &content {
            Job::SubmitV1 { message, .. } => self.refuse_message(message).await,
            Job::SubmitBlockV1 { block, .. } => self.refuse_block(block).await,
        };
        match is_told {
            Ok(true) => {
                if let Err(error) = self.jobs.delete(&handle).await {
                    // It comes again, and is then known as finished.
                    warn!(connection = %self.owned.connection.id, error = chain(error), "a job is not deleted");
                }
            }
            Ok(false) => {}
            Err(error) => {
                error!(connection = %self.owned.connection.id, error = chain(error), "a job is not refused")
            }
        }
    }

    async fn refuse_message(&self, id: &MessageId) -> Result<bool, StoreError> {
        let mark = Mark::random();
        let is_told = self.refuse_message_under(id, mark).await;
        // Nothing was told under this mark, whatever was not answered, and the job comes again with another one.
        // What could not be told may have been told: it stays claimed, so that nobody sends it beside that.
        if is_told.is_err() {
            self.ask(|| self.gateway.store.release_under(id, mark)).await?;
        }
        is_told
    }

    async fn refuse_message_under(&self, id: &MessageId, mark: Mark) -> Result<bool, StoreError> {
        let Owned { connection, fence, .. } = &self.owned;
        let store = &self.gateway.store;
        let (message, at, told_of) = (id.clone(), runtime::now(), Some(connection.id.clone()));
        match self.ask(|| store.claim_as_owner(id, &connection.id, *fence, mark)).await? {
            Claim::Yours(_) => {
                info!(message_id = %id, connection = %connection.id, "refused, the connection is disabled");
                let reason = CONNECTION_DISABLED.to_owned();
                let progress =
                    Progress::RefusedV1 { message, reason, next_route: true, connection: told_of, at };
                Ok(self.tell(&progress).await)
            }
            Claim::Before(_) => {
                let references = Vec::new();
                Ok(self.tell(&Progress::InDoubtV1 { message, references, connection: told_of, at }).await)
            }
            Claim::Done => Ok(true),
        }
    }

    async fn refuse_block(&self, tag: &LeaseTag) -> Result<bool, StoreError> {
        let mark = Mark::random();
        let is_told = self.refuse_block_under(tag, mark).await;
        if is_told.is_err() {
            self.ask(|| self.gateway.store.release_block_under(tag, mark)).await?;
        }
        is_told
    }

    async fn refuse_block_under(&self, tag: &LeaseTag, mark: Mark) -> Result<bool, StoreError> {
        let Owned { connection, fence, .. } = &self.owned;
        let store = &self.gateway.store;
        let told = |outcomes| Progress::BlockV1 {
            block: tag.clone(),
            connection: connection.id.clone(),
            outcomes,
            references_by: None,
            at: runtime::now(),
        };
        match self.ask(|| store.claim_block_under(tag, *fence, mark)).await? {
            BlockClaim::Yours(claimed) => {
                info!(block = %tag, connection = %connection.id, "refused, the connection is disabled");
                let refused = Outcome::Refused { reason: CONNECTION_DISABLED.to_owned(), next_route: true };
                let outcomes = due(&claimed.block).map(|place| (place, refused.clone())).collect();
                Ok(self.tell(&told(outcomes)).await)
            }
            BlockClaim::Before(block) => {
                Ok(self.tell(&told(due(&block).map(|place| (place, Outcome::InDoubt)).collect())).await)
            }
            BlockClaim::Done => Ok(true),
        }
    }

    /// Asks the store again for a while if it does not answer.
    async fn ask<T, W>(&self, ask: impl Fn() -> W) -> Result<T, StoreError>
    where
        W: Future<Output = Result<T, StoreError>>,
    {
        let mut tries = 1;
        loop {
            match ask().await {
                Err(error) if tries < TRIES_MAX && !self.is_ending() => {
                    warn!(connection = %self.owned.connection.id, error = chain(error), "the store is asked again");
                    self.sleep_unless_stopped(delay(tries)).await;
                    tries += 1;
                }
                answer => return answer,
            }
        }
    }

    fn is_ending(&self) -> bool {
        *self.stop.borrow() || !self.owned.life.is_alive()
    }

    async fn sleep_unless_stopped(&self, duration: Duration) {
        let mut stop = self.stop.clone();
        tokio::select! {
            () = sleep(duration) => {}
            _ = stop.wait_for(|stopped| *stopped) => {}
            () = self.owned.life.over() => {}
        }
    }

    /// Whether it is stored. It is offered for as long as the connection is disabled, and no other jobs are taken
    /// meanwhile: what is claimed and not told of is in doubt afterwards.
    async fn tell(&self, progress: &Progress) -> bool {
        let mut tries = 1;
        while self.gateway.outbox.send(progress).await.is_err() {
            let is_enough = *self.stop.borrow() && REPORT_TRIES_MAX <= tries;
            if is_enough || !self.owned.life.is_alive() {
                return false;
            }
            sleep(delay(tries)).await;
            tries += 1;
        }
        true
    }
}
