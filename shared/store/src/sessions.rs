//! Sessions, a list for each user, and how often somebody has tried in vain to log in. Both expire.

use domain::audit::Act;
use domain::id::{SessionId, UserId};
use domain::second_factor::SentCode;
use domain::session::Session;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::alone::write_alone;
use crate::item::{Item, Partition, document, expiring, key_of, number, text};
use crate::keys;
use crate::{Store, StoreError};

const KIND: &str = "a session";
/// The longest lock is a day.
const TRIES_KEPT: SignedDuration = SignedDuration::from_hours(48);
/// Tries at the same moment wait for each other's count.
const COUNT_ATTEMPTS_MAX: u32 = 20;

/// Tries in a row that have not succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    pub count: u32,
    pub last_at: Timestamp,
}

impl Store {
    /// Stores a session that has begun.
    pub async fn put_session(&self, session: &Session) -> Result<(), StoreError> {
        self.put_if_new(&self.tables.records, session_item(session)?).await.map(drop)
    }

    /// A session that goes on. None is there any more if it has over-stayed.
    pub async fn session(
        &self,
        user: &UserId,
        id: &SessionId,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let session: Option<Session> = self.get(&self.tables.records, &keys::session(user, id), KIND).await?;
        Ok(session.filter(|session| !session.is_over(now)))
    }

    /// Stores a session as it is now, if it has not been ended.
    pub async fn replace_session(&self, session: &Session) -> Result<(), StoreError> {
        let put = self.dynamo.put_item().table_name(&self.tables.records);
        let put = put.set_item(Some(session_item(session)?)).condition_expression("attribute_exists(pk)");
        write_alone("store a session", || put.clone().send()).await.map(drop)
    }

    /// Notes when a session was last used, if it has not been ended. What others have changed of it since it
    /// was read stays.
    pub async fn note_session_seen(&self, session: &Session) -> Result<(), StoreError> {
        let update = self
            .dynamo
            .update_item()
            .table_name(&self.tables.records)
            .set_key(Some(key_of(&keys::session(&session.user, &session.id))))
            .update_expression("SET last_seen_at = :at, #expires = :expires")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#expires", keys::EXPIRES_AT)
            .expression_attribute_values(":at", text(session.last_seen_at.to_string()))
            .expression_attribute_values(":expires", number(session.ends_at().as_second()));
        write_alone("note the use of a session", || update.clone().send()).await.map(drop)
    }

    /// Somebody's sessions that go on.
    pub async fn sessions(&self, user: &UserId, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        let partition = keys::sessions(user);
        let mut sessions: Vec<Session> =
            self.all(&self.tables.records, Partition::Table(&partition), KIND).await?;
        sessions.retain(|session| !session.is_over(now));
        sessions.sort_by_key(|session| std::cmp::Reverse(session.last_seen_at));
        Ok(sessions)
    }

    /// Ends sessions of somebody who asks for that. Its entry in the log is written with the end of the first.
    pub async fn log_out(&self, act: &Act, user: &UserId, sessions: &[SessionId]) -> Result<(), StoreError> {
        let mut items = self.audit_items::<Value>(act, "session.delete", user.as_str(), None, None)?;
        let first = sessions.first().map(|id| keys::session(user, id));
        items.extend(first.map(|key| self.delete_any(&self.tables.records, &key)));
        let written = self.transact("end a session", items).await;
        written.map_err(|refused| refused.unexpected("end a session"))?;
        for id in sessions.iter().skip(1) {
            self.end_session(user, id).await?;
        }
        Ok(())
    }

    pub async fn end_session(&self, user: &UserId, id: &SessionId) -> Result<(), StoreError> {
        let key = key_of(&keys::session(user, id));
        let delete = self.dynamo.delete_item().table_name(&self.tables.records).set_key(Some(key));
        write_alone("end a session", || delete.clone().send()).await.map(drop)
    }

    /// Ends all sessions of somebody, but for one.
    pub async fn end_sessions(&self, user: &UserId, but: Option<&SessionId>) -> Result<(), StoreError> {
        let partition = keys::sessions(user);
        let all: Vec<Session> = self.all(&self.tables.records, Partition::Table(&partition), KIND).await?;
        for session in all.iter().filter(|session| Some(&session.id) != but) {
            self.end_session(user, &session.id).await?;
        }
        Ok(())
    }

    /// Counts a try before it is judged, so that many at once are counted one by one. `lock` says until when
    /// nobody may try after these; while that is to come the try is refused with it, and not counted.
    pub async fn count_try(
        &self,
        name: &str,
        now: Timestamp,
        lock: impl Fn(Tries) -> Option<Timestamp>,
    ) -> Result<Result<(), Timestamp>, StoreError> {
        let key = keys::tries(name);
        for attempt in 0..COUNT_ATTEMPTS_MAX {
            let known: Option<Tries> = self.get(&self.tables.records, &key, "tries").await?;
            if let Some(until) = known.and_then(&lock).filter(|until| now < *until) {
                return Ok(Err(until));
            }
            let count = known.map_or(0, |tries| tries.count);
            let counted = Tries { count: count.saturating_add(1), last_at: now };
            let item = expiring(document(&key, &counted)?, now + TRIES_KEPT);
            let put = self.dynamo.put_item().table_name(&self.tables.records).set_item(Some(item));
            let put = match known {
                None => put.condition_expression("attribute_not_exists(pk)"),
                Some(_) => put
                    .condition_expression("#count = :seen")
                    .expression_attribute_names("#count", "count")
                    .expression_attribute_values(":seen", number(count)),
            };
            if write_alone("count a try", || put.clone().send()).await?.is_some() {
                return Ok(Ok(()));
            }
            crate::transact::pause(attempt).await;
        }
        Err(StoreError::Busy { action: "count a try" })
    }

    /// What was counted has not come to be, or has succeeded while those before it still count: there is one
    /// less.
    pub async fn uncount_try(&self, name: &str) -> Result<(), StoreError> {
        let update = self
            .dynamo
            .update_item()
            .table_name(&self.tables.records)
            .set_key(Some(key_of(&keys::tries(name))))
            .update_expression("SET #count = #count - :one")
            .condition_expression("#count > :zero")
            .expression_attribute_names("#count", "count")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":zero", number(0));
        write_alone("uncount a try", || update.clone().send()).await.map(drop)
    }

    /// A try has succeeded: those before it are forgotten.
    pub async fn forget_tries(&self, name: &str) -> Result<(), StoreError> {
        let key = key_of(&keys::tries(name));
        let delete = self.dynamo.delete_item().table_name(&self.tables.records).set_key(Some(key));
        write_alone("forget tries", || delete.clone().send()).await.map(drop)
    }
}

impl Store {
    /// The code that was sent to somebody last for this purpose, if it is still good.
    pub async fn sent_code(&self, user: &UserId, purpose: &str) -> Result<Option<SentCode>, StoreError> {
        self.get(&self.tables.records, &keys::sent_code(user, purpose), "a code").await
    }

    /// Keeps a code in the place of the one that was seen there. False if somebody has been faster.
    pub async fn put_sent_code(&self, code: &SentCode, seen: Option<&SentCode>) -> Result<bool, StoreError> {
        // A retry of the SDK whose first answer was lost finds itself.
        const AGAIN: &str = "#hash = :hash";
        let item = expiring(document(&keys::sent_code(&code.user, &code.purpose), code)?, code.expires_at());
        let put = self.dynamo.put_item().table_name(&self.tables.records).set_item(Some(item));
        let put = put
            .expression_attribute_names("#hash", "hash")
            .expression_attribute_values(":hash", text(&code.hash));
        let put = match seen {
            None => put.condition_expression(format!("attribute_not_exists(pk) OR {AGAIN}")),
            Some(seen) => put
                .condition_expression(format!("#hash = :seen OR {AGAIN}"))
                .expression_attribute_values(":seen", text(&seen.hash)),
        };
        Ok(write_alone("keep a code", || put.clone().send()).await?.is_some())
    }

    /// Spends a code. False if somebody has been faster.
    pub async fn spend_code(&self, code: &SentCode) -> Result<bool, StoreError> {
        let key = key_of(&keys::sent_code(&code.user, &code.purpose));
        let delete = self.dynamo.delete_item().table_name(&self.tables.records).set_key(Some(key));
        let delete = delete
            .condition_expression("#hash = :hash")
            .expression_attribute_names("#hash", "hash")
            .expression_attribute_values(":hash", text(&code.hash));
        Ok(write_alone("spend a code", || delete.clone().send()).await?.is_some())
    }
}

fn session_item(session: &Session) -> Result<Item, StoreError> {
    Ok(expiring(document(&keys::session(&session.user, &session.id), session)?, session.ends_at()))
}
