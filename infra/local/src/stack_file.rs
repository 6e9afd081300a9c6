//! `stack.json`: what a running stack tells to tests, tools and people.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::aws::{Aws, REGION};
use crate::deploy::{STACK_NAME, STRIPE_WEBHOOK_SECRET};
use crate::emulator::{Ports, client_env};
use crate::paths::Paths;
use crate::processes::Running;

/// What the stand-in for an HTTP vendor takes.
pub const ALARIS_USERNAME: &str = "waybill";
pub const ALARIS_PASSWORD: &str = "waybill-local";

#[derive(Serialize, Deserialize)]
pub struct StackFile {
    pub api_url: String,
    pub emulator_url: String,
    pub stack_name: String,
    pub region: String,
    /// All that a function finds in its environment; enough to run the gateway or a tool by hand.
    pub env: BTreeMap<String, String>,
    pub smsc: Address,
    /// Where clients bind over SMPP.
    pub smpp: Address,
    pub stripe: Stripe,
    /// An HTTP vendor, to connect to.
    pub alaris: Alaris,
    /// Where mails go. Not there in files of earlier versions.
    #[serde(default)]
    pub mail: Mail,
    pub pids: BTreeMap<String, i32>,
    pub logs: String,
    pub build: String,
    /// What others add, above all the seeding: kept from run to run like the data it describes.
    #[serde(flatten)]
    pub added: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
pub struct Address {
    pub host: String,
    pub port: u16,
}

/// The mail server, and the folder in which it writes each mail to a file.
#[derive(Default, Serialize, Deserialize)]
pub struct Mail {
    pub host: String,
    pub port: u16,
    pub folder: String,
}

/// The stand-in for Stripe, where the deployed functions look for it.
#[derive(Serialize, Deserialize)]
pub struct Stripe {
    pub url: String,
    pub webhook_secret: String,
}

/// The stand-in for a vendor with the Alaris HTTP API.
#[derive(Serialize, Deserialize)]
pub struct Alaris {
    pub url: String,
    pub username: String,
    pub password: String,
}

impl StackFile {
    /// Describes a freshly deployed stack, with what others added to the file before.
    pub fn describe(paths: &Paths, ports: &Ports, aws: &Aws, build: &str) -> Result<Self> {
        let mut env = aws.function_environment(&format!("{STACK_NAME}-portal-api"))?;
        env.extend(client_env(ports));
        let host = "127.0.0.1".to_owned();
        // Of the gateway, also of one that is started in the place of another.
        env.insert("LISTEN_ADDRESS".to_owned(), format!("{host}:{}", ports.smpp));
        Ok(Self {
            api_url: ports.api_url(),
            emulator_url: ports.emulator_url(),
            stack_name: STACK_NAME.to_owned(),
            region: REGION.to_owned(),
            env,
            smsc: Address { host: host.clone(), port: ports.smsc },
            smpp: Address { host: host.clone(), port: ports.smpp },
            mail: Mail { host, port: ports.mail, folder: paths.mail().display().to_string() },
            stripe: Stripe {
                url: format!("http://127.0.0.1:{}", ports.stripe),
                webhook_secret: STRIPE_WEBHOOK_SECRET.to_owned(),
            },
            alaris: Alaris {
                url: format!("http://127.0.0.1:{}/api", ports.alaris),
                username: ALARIS_USERNAME.to_owned(),
                password: ALARIS_PASSWORD.to_owned(),
            },
            pids: BTreeMap::new(),
            logs: paths.logs().display().to_string(),
            build: build.to_owned(),
            added: Self::read(paths).map(|before| before.added).unwrap_or_default(),
        })
    }

    /// Errors when nothing was started in this state directory yet.
    pub fn read(paths: &Paths) -> Result<Self> {
        let path = paths.stack_file();
        let bytes = fs::read(&path).with_context(|| {
            format!("there is no {}: start with `cargo local up --detach`", path.display())
        })?;
        serde_json::from_slice(&bytes).with_context(|| format!("{} is not readable", path.display()))
    }

    pub fn write(&mut self, paths: &Paths, processes: &[Running]) -> Result<()> {
        self.pids = processes.iter().map(|process| (process.name.clone(), process.pid)).collect();
        fs::write(paths.stack_file(), serde_json::to_vec_pretty(self)?)?;
        Ok(())
    }
}
