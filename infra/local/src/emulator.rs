//! Starts the AWS emulator on loopback and waits until it answers.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::aws::{Aws, REGION};
use crate::paths::Paths;
use crate::processes::{self, Running};

pub const NAME: &str = "emulator";

/// A slow machine needs a few seconds; more means that it will not come.
const START_MAX: Duration = Duration::from_secs(60);

/// The ports of one stack. They stay the same from run to run while they are free.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Ports {
    pub emulator: u16,
    pub api: u16,
    pub smsc: u16,
    pub stripe: u16,
    pub alaris: u16,
    /// Where clients bind to the gateway.
    pub smpp: u16,
    pub mail: u16,
}

impl Ports {
    pub fn emulator_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.emulator)
    }

    pub fn api_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.api)
    }
}

/// The ports of the last run if all are free, else new ones.
pub fn choose_ports(paths: &Paths) -> Result<Ports> {
    let file = paths.state.join("ports.json");
    let last: Option<Ports> = fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    if let Some(ports) = last.filter(all_free) {
        return Ok(ports);
    }
    // Held together until all are known, so that no port is given twice.
    let held = [any_free()?, any_free()?, any_free()?, any_free()?, any_free()?, any_free()?, any_free()?];
    let [emulator, api, smsc, stripe, alaris, smpp, mail] =
        held.each_ref().map(|listener| listener.local_addr().map(|address| address.port()));
    let ports = Ports {
        emulator: emulator?,
        api: api?,
        smsc: smsc?,
        stripe: stripe?,
        alaris: alaris?,
        smpp: smpp?,
        mail: mail?,
    };
    fs::write(file, serde_json::to_vec(&ports)?)?;
    Ok(ports)
}

fn all_free(ports: &Ports) -> bool {
    [ports.emulator, ports.api, ports.smsc, ports.stripe, ports.alaris, ports.smpp, ports.mail]
        .into_iter()
        .all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok())
}

fn any_free() -> Result<TcpListener> {
    TcpListener::bind("127.0.0.1:0").context("no free port on 127.0.0.1")
}

pub fn start(paths: &Paths, python: &Path, ports: &Ports) -> Result<Running> {
    let data = paths.data();
    let env = [
        ("GATEWAY_PORT", ports.emulator.to_string()),
        ("API_PORT", ports.api.to_string()),
        ("LOGS_DIR", paths.logs().display().to_string()),
        ("PERSIST_STATE", "1".to_owned()),
        ("STATE_DIR", data.join("state").display().to_string()),
        ("S3_PERSIST", "1".to_owned()),
        ("S3_DATA_DIR", data.join("objects").display().to_string()),
        ("TMPDIR", data.join("temporary").display().to_string()),
        ("MINISTACK_REGION", REGION.to_owned()),
        ("SFTP_ENABLED", "0".to_owned()),
        ("LOG_LEVEL", "WARNING".to_owned()),
        ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
    ];
    let env = env.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(client_env(ports));
    let script = paths.own("emulator.py").display().to_string();
    processes::start(paths, NAME, python, &[&script], env)
}

/// What a process needs to talk to the emulator with the AWS SDK; functions inherit it too.
pub fn client_env(ports: &Ports) -> [(String, String); 4] {
    [
        ("AWS_ENDPOINT_URL", ports.emulator_url()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}

/// Returns once the emulator answers.
pub fn wait_until_ready(paths: &Paths, started: &Running, aws: &Aws) -> Result<()> {
    let begin = Instant::now();
    while begin.elapsed() < START_MAX {
        if aws.is_ready() {
            return Ok(());
        }
        if !processes::is_alive(started) {
            bail!("the emulator ended at once; {} says why", paths.logs().join("emulator.log").display());
        }
        sleep(Duration::from_millis(50));
    }
    bail!("the emulator did not answer within {} s", START_MAX.as_secs())
}
