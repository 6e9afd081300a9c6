//! A whole stack for a test, brought up by `cargo local` in a folder of its own and taken down when it
//! is dropped.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::demo::api::Api;
use crate::demo::stack::{Seeded, Stack};

pub struct Deployed {
    folder: PathBuf,
    /// A gateway that a test started in place of one that it killed.
    gateway: Option<Child>,
}

impl Deployed {
    /// Builds, deploys and seeds a stack from nothing.
    pub fn up(folder: PathBuf) -> Result<Self> {
        let deployed = Self { folder, gateway: None };
        deployed.local(&["up", "--detach", "--fresh"])?;
        Ok(deployed)
    }

    fn local(&self, arguments: &[&str]) -> Result<()> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let status = Command::new("cargo")
            .current_dir(root)
            .args(["run", "--quiet", "--package", "local", "--"])
            .args(arguments)
            .arg("--state-dir")
            .arg(&self.folder)
            .status()
            .context("cannot run cargo")?;
        if !status.success() {
            bail!("cargo local {} failed", arguments.join(" "));
        }
        Ok(())
    }

    pub fn stack_file(&self) -> PathBuf {
        self.folder.join("stack.json")
    }

    pub fn stack(&self) -> Result<Stack> {
        Stack::read(&self.stack_file())
    }

    pub fn seeded(&self) -> Result<Seeded> {
        self.stack()?.seeded().context("the stack was not seeded")
    }

    /// The API as the owner sees it.
    pub fn owner(&self) -> Result<Api> {
        Ok(Api::new(&self.stack()?.api_url()?, &self.seeded()?.companies.owner.api_key))
    }

    /// Kills a function's running process, if there is one, as a crash of its host would.
    pub fn kill_function(&self, name: &str) -> Result<usize> {
        let wanted = format!("AWS_LAMBDA_FUNCTION_NAME={}-{name}", self.stack()?.text("/stack_name")?);
        let url = format!("AWS_ENDPOINT_URL={}", self.stack()?.text("/emulator_url")?);
        kill_where(|environment| has(environment, &wanted) && has(environment, &url))
    }

    /// Kills the gateway and starts another one.
    pub fn replace_gateway(&mut self) -> Result<()> {
        self.stop_gateway();
        let pid = self.stack()?.number("/pids/smpp-gateway")?;
        // The first one was started by `cargo local`; once it is gone this does nothing.
        kill(u32::try_from(pid)?);
        let file: serde_json::Value = serde_json::from_slice(&fs::read(self.stack_file())?)?;
        let environment: std::collections::BTreeMap<String, String> =
            serde_json::from_value(file["env"].clone())?;
        let log = fs::File::options()
            .append(true)
            .create(true)
            .open(self.folder.join("logs/smpp-gateway-2.log"))?;
        let program = self.program("smpp-gateway")?;
        let child = Command::new(&program)
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        self.gateway = Some(child);
        Ok(())
    }

    /// Where `cargo local` built its programs.
    fn program(&self, name: &str) -> Result<PathBuf> {
        let test = std::env::current_exe()?;
        let target = test.ancestors().find(|folder| folder.join("debug").is_dir());
        Ok(target.context("there is no folder of programs")?.join("debug").join(name))
    }

    fn stop_gateway(&mut self) {
        if let Some(mut child) = self.gateway.take() {
            // Gone already is as good.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Deployed {
    fn drop(&mut self) {
        self.stop_gateway();
        if let Err(error) = self.local(&["down"]) {
            eprintln!("the stack was not taken down: {error:#}");
        }
    }
}

fn has(environment: &[u8], wanted: &str) -> bool {
    environment.split(|byte| *byte == 0).any(|entry| entry == wanted.as_bytes())
}

fn kill_where(wanted: impl Fn(&[u8]) -> bool) -> Result<usize> {
    let mut killed = 0;
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // A process that ended meanwhile, or that is not ours to read, is passed over.
        let Ok(environment) = fs::read(entry.path().join("environ")) else { continue };
        if wanted(&environment) {
            kill(pid);
            killed += 1;
        }
    }
    Ok(killed)
}

fn kill(pid: u32) {
    // A process that is gone already is as good.
    let _ = Command::new("kill").args(["-9", &pid.to_string()]).stderr(Stdio::null()).status();
}
