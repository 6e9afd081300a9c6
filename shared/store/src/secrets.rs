//! The secret store: passwords of connections, keys of payment systems. Nothing of it is logged.
//!
//! A row points to its secret by an id that is new each time the secret is told. Who has read a row never gets
//! the secret of a later one, which may be for another address.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::SdkError;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use domain::catalog::Thing;
use domain::connection::Connection;
use domain::id::{AgreementId, SecretId};
use domain::notification::NotificationChannel;
use domain::payment_system::{PaymentSystem, PaymentSystemKind};
use domain::sender::Sender;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::StoreError;

/// What points to a secret.
pub trait HasSecret: Thing {
    /// The name of its secret; none if it has none.
    fn secret_name(&self) -> Option<String>;
}

impl HasSecret for Connection {
    fn secret_name(&self) -> Option<String> {
        named("connections", self.id(), self.secret.as_ref())
    }
}

impl HasSecret for Sender {
    fn secret_name(&self) -> Option<String> {
        named("sender-ids", self.id(), self.secret.as_ref())
    }
}

impl HasSecret for PaymentSystem {
    fn secret_name(&self) -> Option<String> {
        named("payment-systems", self.id(), Some(&self.details.secret))
    }
}

impl HasSecret for NotificationChannel {
    fn secret_name(&self) -> Option<String> {
        named("notification-channels", self.id(), self.secret.as_ref())
    }
}

fn named(kind: &str, of: &str, secret: Option<&SecretId>) -> Option<String> {
    secret.map(|secret| format!("{kind}/{of}/{secret}"))
}

#[derive(Debug, Clone)]
pub struct Secrets {
    client: Client,
    prefix: String,
}

impl Secrets {
    /// `prefix` is put before every name, so that stacks do not share secrets.
    pub fn new(client: Client, prefix: String) -> Self {
        Self { client, prefix }
    }

    /// The name of the secrets of the platform's own account with a payment system.
    pub fn platforms_payment_system(kind: PaymentSystemKind) -> String {
        format!("payment-systems/{}", kind.name())
    }

    /// The name of the secret that signs what is posted for an agreement.
    pub fn webhooks(agreement: &AgreementId) -> String {
        format!("webhooks/{agreement}")
    }

    pub async fn create<T: Serialize>(&self, name: &str, value: &T) -> Result<(), StoreError> {
        let text = serde_json::to_string(value).map_err(|error| StoreError::corrupt("a secret", error))?;
        let create = self.client.create_secret().name(format!("{}{name}", self.prefix)).secret_string(text);
        create.send().await.map_err(StoreError::aws("store a secret"))?;
        Ok(())
    }

    /// Puts another value in the place of a secret's.
    pub async fn replace<T: Serialize>(&self, name: &str, value: &T) -> Result<(), StoreError> {
        let text = serde_json::to_string(value).map_err(|error| StoreError::corrupt("a secret", error))?;
        let put = self.client.put_secret_value().secret_id(format!("{}{name}", self.prefix));
        put.secret_string(text).send().await.map_err(StoreError::aws("replace a secret"))?;
        Ok(())
    }

    /// The same, also where there is no secret yet.
    pub async fn create_or_replace<T: Serialize>(&self, name: &str, value: &T) -> Result<(), StoreError> {
        match self.create(name, value).await {
            Ok(()) => Ok(()),
            // There is one, or the replacement says what is wrong.
            Err(_) => self.replace(name, value).await,
        }
    }

    /// Deletes a secret for good.
    pub async fn delete(&self, name: &str) -> Result<(), StoreError> {
        let delete = self.client.delete_secret().secret_id(format!("{}{name}", self.prefix));
        let delete = delete.force_delete_without_recovery(true);
        delete.send().await.map_err(StoreError::aws("delete a secret"))?;
        Ok(())
    }

    pub async fn read<T: DeserializeOwned>(&self, name: &str) -> Result<T, StoreError> {
        let get = self.client.get_secret_value().secret_id(format!("{}{name}", self.prefix));
        let answer = get.send().await.map_err(StoreError::aws("read a secret"))?;
        let text = answer.secret_string.unwrap_or_default();
        // The parser's message could quote the secret.
        serde_json::from_str(&text).map_err(|_| StoreError::corrupt("a secret", "not the expected fields"))
    }

    /// Reads the secret that a row points to.
    pub async fn read_of<T: DeserializeOwned>(&self, row: &impl HasSecret) -> Result<T, StoreError> {
        match row.secret_name() {
            Some(name) => self.read(&name).await,
            None => Err(StoreError::corrupt("a secret", "nothing points to one")),
        }
    }

    /// Reads a secret, and makes it where there is none. Of two who make one at once, both get the first.
    pub async fn read_or_create<T: Serialize + DeserializeOwned>(
        &self,
        name: &str,
        new: impl FnOnce() -> T,
    ) -> Result<T, StoreError> {
        let get = self.client.get_secret_value().secret_id(format!("{}{name}", self.prefix)).send().await;
        let is_missing = |error: &SdkError<GetSecretValueError>| {
            error.as_service_error().is_some_and(GetSecretValueError::is_resource_not_found_exception)
        };
        if get.as_ref().is_err_and(is_missing) {
            // Whether it failed, or another was faster, the read shows.
            let _ = self.create(name, &new()).await;
        }
        self.read(name).await
    }
}

/// A password, and the name of the secret that it was in.
type Kept = (Option<String>, String);

/// The passwords of connections and sender IDs by their ids, each kept as long as its row points to the same
/// secret.
#[derive(Clone)]
pub struct Passwords {
    secrets: Secrets,
    kept: Arc<Mutex<HashMap<String, Kept>>>,
}

impl Passwords {
    pub fn new(secrets: Secrets) -> Self {
        Self { secrets, kept: Arc::default() }
    }

    pub async fn of(&self, row: &impl HasSecret) -> Result<String, StoreError> {
        #[derive(Deserialize)]
        struct Login {
            password: String,
        }
        let (kept, name) = (self.kept().get(row.id()).cloned(), row.secret_name());
        if let Some((secret, password)) = kept
            && secret == name
        {
            return Ok(password);
        }
        let Login { password } = self.secrets.read_of(row).await?;
        self.kept().insert(row.id().to_owned(), (name, password.clone()));
        Ok(password)
    }

    /// Whoever panicked with it had either put a password in or not.
    fn kept(&self) -> MutexGuard<'_, HashMap<String, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
