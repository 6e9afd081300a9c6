//! The secret of a payment system as it is stored: what we sign and call with, and what callbacks are
//! signed with. While one is being replaced, both it and its successor are valid for callbacks.

use domain::payment_system::PaymentSystemKind;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long callbacks may still be signed with a secret that was replaced: as long as Stripe repeats them.
pub const PREVIOUS_KEPT: SignedDuration = SignedDuration::from_hours(72);

/// Cannot be printed.
#[derive(Clone, Serialize, Deserialize)]
pub struct PaymentSecret {
    #[serde(default)]
    secret_key: String,
    /// What Stripe signs callbacks with; the others use the secret key.
    #[serde(default, skip_serializing_if = "OneOrMany::is_empty")]
    webhook_secret: OneOrMany,
    /// For an account whose key does not say whether it is live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    livemode: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<Previous>,
}

/// Several while a secret is being replaced.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Clone, Serialize, Deserialize)]
struct Previous {
    /// What callbacks were signed with.
    secrets: Vec<String>,
    till: Timestamp,
}

impl Default for OneOrMany {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl OneOrMany {
    fn all(&self) -> &[String] {
        match self {
            Self::One(secret) => std::slice::from_ref(secret),
            Self::Many(secrets) => secrets,
        }
    }

    fn is_empty(&self) -> bool {
        self.all().is_empty()
    }
}

impl PaymentSecret {
    /// `webhook_secret` is Stripe's only.
    pub fn new(secret_key: String, webhook_secret: Option<String>) -> Self {
        let webhook_secret = webhook_secret.map_or_else(OneOrMany::default, OneOrMany::One);
        Self { secret_key, webhook_secret, livemode: None, previous: None }
    }

    /// With what is given in the place of what was there. If callbacks are signed with something else from
    /// now on, what they were signed with until `now` stays valid for some days, and what was replaced before
    /// does not.
    #[must_use]
    pub fn replaced(
        &self,
        kind: PaymentSystemKind,
        secret_key: Option<String>,
        webhook_secret: Option<String>,
        now: Timestamp,
    ) -> Self {
        let signs_anew = match kind {
            PaymentSystemKind::Stripe => webhook_secret.is_some(),
            _ => secret_key.is_some(),
        };
        let replaced = || Previous {
            secrets: self.signing(kind).map(str::to_owned).collect(),
            till: now.saturating_add(PREVIOUS_KEPT).unwrap_or(now),
        };
        Self {
            secret_key: secret_key.unwrap_or_else(|| self.secret_key.clone()),
            webhook_secret: webhook_secret.map_or_else(|| self.webhook_secret.clone(), OneOrMany::One),
            livemode: self.livemode,
            previous: if signs_anew { Some(replaced()) } else { self.previous.clone() },
        }
    }

    /// Without what was replaced: it was of another account, whose callbacks say nothing of this one.
    #[must_use]
    pub fn without_previous(self) -> Self {
        Self { previous: None, ..self }
    }

    /// What we call and sign with.
    pub fn key(&self) -> &str {
        &self.secret_key
    }

    /// What callbacks may be signed with now.
    pub fn valid(&self, kind: PaymentSystemKind, now: Timestamp) -> Vec<&str> {
        let previous = self.previous.iter().filter(|previous| now < previous.till);
        let previous = previous.flat_map(|previous| &previous.secrets).map(String::as_str);
        self.signing(kind).chain(previous).filter(|secret| !secret.is_empty()).collect()
    }

    /// Whether its money is real. Stripe's secret and restricted keys say what they are for
    /// (docs.stripe.com/keys).
    pub(crate) fn stripe_livemode(&self) -> bool {
        let is_live_key = |prefix| self.secret_key.starts_with(prefix);
        self.livemode.unwrap_or_else(|| ["sk_live_", "rk_live_"].iter().any(is_live_key))
    }

    fn signing(&self, kind: PaymentSystemKind) -> Box<dyn Iterator<Item = &str> + '_> {
        match kind {
            PaymentSystemKind::Stripe => Box::new(self.webhook_secret.all().iter().map(String::as_str)),
            _ => Box::new(std::iter::once(self.secret_key.as_str())),
        }
    }
}

#[cfg(test)]
mod payment_callbacks {
    use super::*;

    fn stored(text: &str) -> PaymentSecret {
        serde_json::from_str(text).unwrap()
    }

    fn valid(secret: &PaymentSecret, kind: PaymentSystemKind, hours: i64) -> Vec<&str> {
        secret.valid(kind, Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours))
    }

    #[test]
    fn an_account_has_one_webhook_secret_or_several() {
        let one = stored(r#"{"secret_key":"sk_test_1","webhook_secret":"whsec_1"}"#);
        assert_eq!(valid(&one, PaymentSystemKind::Stripe, 0), ["whsec_1"]);
        let several = stored(r#"{"secret_key":"sk_test_1","webhook_secret":["whsec_1","whsec_2"]}"#);
        assert_eq!(valid(&several, PaymentSystemKind::Stripe, 0), ["whsec_1", "whsec_2"]);
        assert!(valid(&stored("{}"), PaymentSystemKind::PayOnline, 0).is_empty());
    }

    #[test]
    fn an_account_is_live_by_its_key_unless_it_is_said() {
        assert!(stored(r#"{"secret_key":"sk_live_1","webhook_secret":""}"#).stripe_livemode());
        assert!(!stored(r#"{"secret_key":"sk_test_1","webhook_secret":""}"#).stripe_livemode());
        assert!(!stored(r#"{"webhook_secret":""}"#).stripe_livemode());
        assert!(stored(r#"{"secret_key":"","webhook_secret":"","livemode":true}"#).stripe_livemode());
    }

    #[test]
    fn a_replaced_secret_is_valid_for_three_days_beside_its_successor() {
        let kind = PaymentSystemKind::FreedomPay;
        let first = PaymentSecret::new("first".into(), None);
        let second = first.replaced(kind, Some("second".into()), None, Timestamp::UNIX_EPOCH);
        let second = stored(&serde_json::to_string(&second).unwrap());
        assert_eq!(second.key(), "second");
        assert_eq!(valid(&second, kind, 71), ["second", "first"]);
        assert_eq!(valid(&second, kind, 72), ["second"]);
        let again = second.replaced(kind, Some("second".into()), None, Timestamp::UNIX_EPOCH);
        assert!(!valid(&again, kind, 0).contains(&"first"), "to set it twice drops the one before");
    }

    #[test]
    fn stripes_two_secrets_are_replaced_each_by_itself() {
        let kind = PaymentSystemKind::Stripe;
        let first = PaymentSecret::new("sk_1".into(), Some("whsec_1".into()));
        let now = Timestamp::UNIX_EPOCH;
        let key = first.replaced(kind, Some("sk_2".into()), None, now);
        assert_eq!((key.key(), valid(&key, kind, 100)), ("sk_2", vec!["whsec_1"]));
        let webhook = first.replaced(kind, None, Some("whsec_2".into()), now);
        assert_eq!((webhook.key(), valid(&webhook, kind, 1)), ("sk_1", vec!["whsec_2", "whsec_1"]));
        let both = webhook.replaced(kind, Some("sk_2".into()), None, now);
        assert_eq!((both.key(), valid(&both, kind, 71)), ("sk_2", vec!["whsec_2", "whsec_1"]));
        assert_eq!(valid(&both, kind, 72), ["whsec_2"], "another key does not prolong it");
        assert_eq!(valid(&both.without_previous(), kind, 1), ["whsec_2"]);
    }
}
