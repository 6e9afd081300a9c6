//! What has a secret, and is changed: settings and secret change together or not at all. (Sender IDs have tests
//! of their own.)

use domain::connection::Connection;
use domain::notification::NotificationChannel;
use domain::payment_system::PaymentSystem;
use futures::future::join_all;
use serde_json::{Value, json};
use store::{HasSecret, Store, Tables};
use tests::embedded_dynamodb::{Call, Fault};

use crate::platform::{Platform, text};

/// Something with a secret, as it is made, and where one sees to whom the secret is told.
struct Kind {
    path: &'static str,
    settings: Value,
    place: &'static str,
    /// As it is told, and as it is kept.
    secret: &'static str,
    kept: &'static str,
    names: &'static str,
}

fn connection() -> Kind {
    Kind {
        path: "/v1/connections",
        settings: json!({"kind": "smpp", "name": "Vendor", "port": 2775, "system_id": "waybill"}),
        place: "host",
        secret: "password",
        kept: "password",
        names: "connections/",
    }
}

fn payment_system() -> Kind {
    Kind {
        path: "/v1/payment_systems",
        settings: json!({"name": "Cards", "kind": "freedom_pay", "enabled": true, "fee_from": "owner",
            "currencies": ["EUR"]}),
        place: "merchant",
        secret: "secret",
        kept: "secret_key",
        names: "payment-systems/",
    }
}

fn channel() -> Kind {
    Kind {
        path: "/v1/notification_channels",
        settings: json!({"name": "Office", "from_email": "no-reply@owner.example", "port": 587,
            "username": "waybill"}),
        place: "host",
        secret: "password",
        kept: "password",
        names: "notification-channels/",
    }
}

impl Kind {
    fn of(&self, place: &str) -> Value {
        json!({self.place: format!("{place}.example"), self.secret: format!("of-{place}")})
    }

    async fn made(&self, platform: &Platform) -> Value {
        let mut settings = self.settings.clone();
        settings.as_object_mut().unwrap().extend(self.of("a").as_object().unwrap().clone());
        platform.post(&platform.owner.key, self.path, settings).await.good()
    }

    fn one(&self, made: &Value) -> String {
        format!("{}/{}", self.path, text(made, "id"))
    }

    /// To which place the secret is told, if it is that place's secret.
    async fn told_to<T: HasSecret>(&self, platform: &Platform, made: &Value) -> String {
        let now = platform.get(&platform.owner.key, &self.one(made)).await.good();
        let secret = platform.secret_of::<T>(&text(made, "id")).await.expect("a secret");
        let place = text(&now, self.place).replace(".example", "");
        assert_eq!(text(&secret, self.kept), format!("of-{place}"));
        place
    }
}

async fn is_changed_by_one_of_several<T: HasSecret>(kind: Kind) {
    let platform = Platform::new().await;
    let made = kind.made(&platform).await;
    let (path, key) = (kind.one(&made), &platform.owner.key);
    let changes = ["b", "c", "d", "e"].map(|place| platform.patch(key, &path, kind.of(place)));
    let changed = join_all(changes).await;
    assert!(changed.iter().any(|answer| answer.status == 409), "{}", kind.path);
    assert_ne!(kind.told_to::<T>(&platform, &made).await, "a");
    assert_eq!(platform.secrets.names(kind.names).len(), 1, "those of the others are gone");
    assert_eq!(platform.remove(&platform.owner, &path).await.status, 204);
    assert_eq!(platform.secrets.names(kind.names).len(), 0);
}

async fn is_changed_whole_though_nobody_answers<T: HasSecret>(kind: Kind) {
    for (fault, place) in [(Fault::TimeoutNotApplied, "a"), (Fault::TimeoutAppliedAnswerLost, "b")] {
        let mut platform = Platform::new().await;
        let made = kind.made(&platform).await;
        let store = platform.app.store.clone();
        let faults =
            move |call: &Call| if call.operation == "TransactWriteItems" { fault } else { Fault::None };
        platform.app.store = Store::new(platform.database.client_with(faults), Tables::of_stack("flow"));
        let changed = platform.patch(&platform.owner.key, &kind.one(&made), kind.of("b")).await;
        assert_eq!(changed.status, 503);
        platform.app.store = store;
        assert_eq!(kind.told_to::<T>(&platform, &made).await, place);
    }
}

#[tokio::test]
async fn of_changes_at_once_each_thing_has_the_settings_and_the_secret_of_one() {
    is_changed_by_one_of_several::<Connection>(connection()).await;
    is_changed_by_one_of_several::<PaymentSystem>(payment_system()).await;
    is_changed_by_one_of_several::<NotificationChannel>(channel()).await;
}

#[tokio::test]
async fn a_change_without_an_answer_leaves_each_thing_with_the_secret_of_its_settings() {
    is_changed_whole_though_nobody_answers::<Connection>(connection()).await;
    is_changed_whole_though_nobody_answers::<PaymentSystem>(payment_system()).await;
    is_changed_whole_though_nobody_answers::<NotificationChannel>(channel()).await;
}
