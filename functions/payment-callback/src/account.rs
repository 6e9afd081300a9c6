//! The Stripe account: its secrets, kept for some minutes, and whether a call was signed with them.

use std::sync::Arc;
use std::time::Duration;

use payments::stripe::verify;
use runtime::http::Problem;
use serde::Deserialize;
use store::{Secrets, StoreError};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::stripe_event::SYSTEM;

/// A removed secret is refused after this time at the latest.
const KEPT: Duration = Duration::from_secs(5 * 60);
/// A signature that does not fit may be made with a secret that is newer than ours. Forged calls must
/// not make us read more often than this.
const READ_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// What we know of our account.
pub(crate) struct Account {
    secrets: Vec<String>,
    /// False for an account whose money is play money.
    pub livemode: bool,
}

/// The stored secret. Cannot be printed.
#[derive(Deserialize)]
struct Stored {
    #[serde(default)]
    secret_key: String,
    webhook_secret: OneOrMany,
    livemode: Option<bool>,
}

/// Several while a secret is being replaced.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<Stored> for Account {
    fn from(stored: Stored) -> Self {
        let secrets = match stored.webhook_secret {
            OneOrMany::One(secret) => vec![secret],
            OneOrMany::Many(secrets) => secrets,
        };
        // Secret and restricted keys say what they are for (docs.stripe.com/keys).
        let is_live_key = |prefix| stored.secret_key.starts_with(prefix);
        let livemode = stored.livemode.unwrap_or_else(|| ["sk_live_", "rk_live_"].iter().any(is_live_key));
        Self { secrets, livemode }
    }
}

/// When the account was last read, and what was there.
type Kept = (Instant, Arc<Account>);

/// The account, read when what we know of it is too old.
#[derive(Clone)]
pub(crate) struct Accounts {
    secrets: Secrets,
    kept: Arc<Mutex<Option<Kept>>>,
}

impl Accounts {
    pub fn new(secrets: Secrets) -> Self {
        Self { secrets, kept: Arc::default() }
    }

    /// The account that signed exactly these bytes, a moment ago. Anything else changes nothing.
    pub async fn who_signed(&self, signature: &str, body: &[u8]) -> Result<Arc<Account>, Problem> {
        let now = runtime::now();
        let account = self.account(KEPT).await?;
        if verify(signature, body, &account.secrets, now).is_ok() {
            return Ok(account);
        }
        let account = self.account(READ_AGAIN_AFTER).await?;
        verify(signature, body, &account.secrets, now).map(|()| account).map_err(|error| {
            tracing::warn!(%error, "a callback that is not authentic");
            Problem::new(400, "not_authentic", format!("This call is not taken as Stripe's: {error}."))
        })
    }

    /// The account as it was at most `age_max` ago.
    async fn account(&self, age_max: Duration) -> Result<Arc<Account>, StoreError> {
        let mut kept = self.kept.lock().await;
        if let Some((read_at, account)) = &*kept
            && read_at.elapsed() < age_max
        {
            return Ok(account.clone());
        }
        let stored: Stored = self.secrets.read(&Secrets::payment_system(SYSTEM)).await?;
        let account = Arc::new(Account::from(stored));
        *kept = Some((Instant::now(), account.clone()));
        Ok(account)
    }
}

#[cfg(test)]
impl Account {
    pub fn test(secret: &str, livemode: bool) -> Self {
        Self { secrets: vec![secret.to_owned()], livemode }
    }

    pub fn secrets(&self) -> &[String] {
        &self.secrets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(stored: &str) -> (Vec<String>, bool) {
        let account = Account::from(serde_json::from_str::<Stored>(stored).unwrap());
        (account.secrets, account.livemode)
    }

    #[test]
    fn an_account_has_one_webhook_secret_or_several() {
        let one = r#"{"secret_key":"sk_test_1","webhook_secret":"whsec_1"}"#;
        assert_eq!(account(one).0, ["whsec_1"]);
        let several = r#"{"secret_key":"sk_test_1","webhook_secret":["whsec_1","whsec_2"]}"#;
        assert_eq!(account(several).0, ["whsec_1", "whsec_2"]);
    }

    #[test]
    fn an_account_is_live_by_its_key_unless_it_is_said() {
        assert!(account(r#"{"secret_key":"sk_live_1","webhook_secret":""}"#).1);
        assert!(!account(r#"{"secret_key":"sk_test_1","webhook_secret":""}"#).1);
        assert!(!account(r#"{"webhook_secret":""}"#).1);
        assert!(account(r#"{"secret_key":"","webhook_secret":"","livemode":true}"#).1);
    }
}
