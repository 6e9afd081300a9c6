//! Secrets Manager behind the real AWS client, in this process: as much of it as our code uses.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::retry::RetryConfig;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Config, Credentials, Region};
use serde_json::{Value, json};
use store::{HasSecret, Secrets};

pub use crate::embedded_aws::{Call, Fault};
use crate::embedded_aws::{Refusal, Service, http_client};

/// Secrets in memory. Clones, and all clients made from them, share them.
#[derive(Clone, Default)]
pub struct EmbeddedSecrets {
    secrets: Arc<Mutex<BTreeMap<String, String>>>,
}

impl EmbeddedSecrets {
    pub fn new() -> Self {
        Self::default()
    }

    /// The secret store of a stack without a prefix.
    pub fn store(&self) -> Secrets {
        Secrets::new(self.client_with(|_| Fault::None), String::new())
    }

    /// A client whose calls fail as `faults` says. The client tries each call once.
    pub fn client_with(&self, faults: impl Fn(&Call) -> Fault + Send + Sync + 'static) -> Client {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .endpoint_url("http://secrets.invalid")
            .credentials_provider(Credentials::new("embedded", "embedded", None, None, "tests"))
            .retry_config(RetryConfig::disabled())
            .http_client(http_client(self.clone(), faults))
            .build();
        Client::from_conf(config)
    }

    /// Sets a secret, whether it is there or not, as somebody does in the console.
    pub fn set(&self, name: &str, value: Value) {
        self.secrets().insert(name.to_owned(), value.to_string());
    }

    /// Sets the secret that a row points to.
    ///
    /// # Panics
    /// When it points to none.
    pub fn set_of(&self, row: &impl HasSecret, value: Value) {
        self.set(&row.secret_name().expect("a secret"), value);
    }

    /// The names of all secrets that begin so.
    pub fn names(&self, begin: &str) -> Vec<String> {
        self.secrets().keys().filter(|name| name.starts_with(begin)).cloned().collect()
    }

    fn secrets(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service for EmbeddedSecrets {
    const MEDIA_TYPE: &'static str = "application/x-amz-json-1.1";

    async fn call(&self, operation: &str, body: Value) -> Result<Value, Refusal> {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        match operation {
            "CreateSecret" => {
                let name = text("Name");
                if self.secrets().contains_key(&name) {
                    return Err(refusal("com.amazonaws.secretsmanager#ResourceExistsException", &name));
                }
                self.secrets().insert(name.clone(), text("SecretString"));
                Ok(json!({"Name": name}))
            }
            "PutSecretValue" => {
                let name = text("SecretId");
                self.secrets().insert(name.clone(), text("SecretString"));
                Ok(json!({"Name": name}))
            }
            "DeleteSecret" => {
                let name = text("SecretId");
                self.secrets().remove(&name);
                Ok(json!({"Name": name}))
            }
            "GetSecretValue" => {
                let name = text("SecretId");
                let found = self.secrets().get(&name).cloned();
                let missing = || refusal("com.amazonaws.secretsmanager#ResourceNotFoundException", &name);
                found.map(|secret| json!({"Name": name, "SecretString": secret})).ok_or_else(missing)
            }
            other => Err(refusal("com.amazonaws.secretsmanager#InvalidRequestException", other)),
        }
    }
}

fn refusal(kind: &'static str, name: &str) -> Refusal {
    Refusal { kind, query_code: None, message: name.to_owned() }
}
