//! Settings from the environment, and the clients built from them.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use domain::masking::Masking;
use store::{Archive, DocumentLinks, Documents, Secrets, Store, Tables};

/// A peer that vanished without a word is noticed. Longer than SQS holds a poll, which is 20 seconds.
const CONNECT_MAX: Duration = Duration::from_secs(3);
const ATTEMPT_MAX: Duration = Duration::from_secs(30);

/// A setting that the function cannot do without.
#[derive(Debug, thiserror::Error)]
#[error("the environment variable {name} is not set")]
pub struct MissingSetting {
    name: &'static str,
}

/// A required environment variable.
pub fn setting(name: &'static str) -> Result<String, MissingSetting> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).ok_or(MissingSetting { name })
}

/// A setting that is there and does not read.
#[derive(Debug, thiserror::Error)]
#[error("the environment variable {name}: {why}")]
pub struct WrongSetting {
    name: &'static str,
    why: String,
}

/// When recipients of EDRs are masked; never, where nothing is said.
pub fn masking() -> Result<Masking, WrongSetting> {
    let name = "RECIPIENT_MASK_DAYS";
    let Ok(days) = setting("RECIPIENT_MASK_DAYS") else { return Ok(Masking::NEVER) };
    Masking::parse(&days).map_err(|error| WrongSetting { name, why: error.to_string() })
}

/// The AWS account this process works in: its region, credentials and endpoint come from the
/// environment, as on Lambda and Fargate; `AWS_ENDPOINT_URL` points it at an emulator.
#[derive(Debug, Clone)]
pub struct Aws {
    config: SdkConfig,
}

impl Aws {
    pub async fn load() -> Self {
        let limits =
            TimeoutConfig::builder().connect_timeout(CONNECT_MAX).operation_attempt_timeout(ATTEMPT_MAX);
        let loader = aws_config::defaults(BehaviorVersion::latest()).timeout_config(limits.build());
        Self { config: loader.load().await }
    }

    pub fn store(&self) -> Result<Store, MissingSetting> {
        let tables = Tables {
            directory: setting("DIRECTORY_TABLE")?,
            ledger: setting("LEDGER_TABLE")?,
            messages: setting("MESSAGES_TABLE")?,
            records: setting("RECORDS_TABLE")?,
        };
        Ok(self.store_of(tables))
    }

    /// The database with tables of these names.
    pub fn store_of(&self, tables: Tables) -> Store {
        Store::new(aws_sdk_dynamodb::Client::new(&self.config), tables)
    }

    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.config)
    }

    /// The queue whose URL is in this environment variable.
    pub fn queue(&self, name: &'static str) -> Result<queue::Sender, MissingSetting> {
        Ok(queue::Sender::new(self.sqs(), setting(name)?))
    }

    /// Links to documents, signed with this process's own credentials.
    pub fn document_links(&self) -> Result<DocumentLinks, MissingSetting> {
        let bucket = setting("DOCUMENTS_BUCKET")?;
        let region =
            self.config.region().map(ToString::to_string).ok_or(MissingSetting { name: "AWS_REGION" })?;
        let credentials =
            self.config.credentials_provider().ok_or(MissingSetting { name: "AWS_ACCESS_KEY_ID" })?;
        let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let url = match self.config.endpoint_url() {
            Some(emulator) => format!("{}/{bucket}", emulator.trim_end_matches('/')),
            None => format!("https://{bucket}.s3.{region}.{suffix}"),
        };
        Ok(DocumentLinks::new(credentials, region, url))
    }

    pub fn documents(&self) -> Result<Documents, MissingSetting> {
        Ok(Documents::new(self.s3(), setting("DOCUMENTS_BUCKET")?))
    }

    /// The archive of EDRs.
    pub fn archive(&self) -> Result<Archive, MissingSetting> {
        Ok(Archive::new(self.s3(), setting("ARCHIVE_BUCKET")?))
    }

    fn s3(&self) -> aws_sdk_s3::Client {
        // An emulator has one host name, so buckets go into the path there.
        let at_emulator = self.config.endpoint_url().is_some();
        let config = aws_sdk_s3::config::Builder::from(&self.config).force_path_style(at_emulator).build();
        aws_sdk_s3::Client::from_conf(config)
    }

    pub fn secrets(&self) -> Result<Secrets, MissingSetting> {
        Ok(Secrets::new(aws_sdk_secretsmanager::Client::new(&self.config), setting("SECRET_PREFIX")?))
    }
}
