//! `stack.json`, which says where a running stack is and who is in it.

use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::smpp_client::SmppAccount;

/// A company of the demo: what one needs to act for it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Member {
    pub id: String,
    pub agreement: String,
    pub wallet: String,
    pub api_key: String,
}

/// What the seeding adds to `stack.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Companies {
    pub owner: Member,
    pub reseller: Member,
    pub seller: Member,
    pub client: Member,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Seeded {
    pub companies: Companies,
    /// The owner's wallet of message credits, from which they are handed out.
    pub owner_credits_agreement: String,
    pub owner_credits_wallet: String,
    /// The link to the SMSC simulator.
    pub connection: String,
    /// What the client binds with over SMPP.
    pub smpp_account: SmppAccount,
}

pub struct Stack {
    file: Value,
}

impl Stack {
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("there is no {}: run `cargo local up --detach`", path.display()))?;
        Ok(Self { file: serde_json::from_str(&text)? })
    }

    pub fn api_url(&self) -> Result<String> {
        super::api::text(&self.file, "/api_url")
    }

    pub fn text(&self, pointer: &str) -> Result<String> {
        super::api::text(&self.file, pointer)
    }

    /// Where clients bind over SMPP.
    pub fn smpp_address(&self) -> Result<String> {
        Ok(format!("{}:{}", self.text("/smpp/host")?, self.number("/smpp/port")?))
    }

    pub fn number(&self, pointer: &str) -> Result<u64> {
        self.file.pointer(pointer).and_then(Value::as_u64).with_context(|| format!("{pointer} is missing"))
    }

    /// Who is in it, if it was seeded.
    pub fn seeded(&self) -> Option<Seeded> {
        serde_json::from_value(self.file.get("demo")?.clone()).ok()
    }

    pub fn write_seeded(&mut self, path: &Path, seeded: &Seeded) -> Result<()> {
        self.file["demo"] = serde_json::to_value(seeded)?;
        std::fs::write(path, serde_json::to_vec_pretty(&self.file)?)?;
        Ok(())
    }
}
