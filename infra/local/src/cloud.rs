//! Brings one local stack up and down.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::aws::Aws;
use crate::deploy::{Plan, STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET, deploy, deployed_build};
use crate::emulator::{self, Ports};
use crate::paths::Paths;
use crate::processes::{self, Running};
use crate::stack_file::{ALARIS_PASSWORD, ALARIS_USERNAME, StackFile};
use crate::{artifacts, follow, tools, venv};

/// How a stack is to be started.
pub struct Wish {
    /// Without the data of earlier runs.
    pub fresh: bool,
    /// With the demo tenancy.
    pub seed: bool,
}

/// Up, then the logs until Ctrl-C, then down.
pub fn run(paths: &Paths, wish: &Wish) -> Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    ctrlc::set_handler(move || asked.store(true, Ordering::Relaxed))?;
    up(paths, wish)?;
    println!("Ctrl-C stops everything.\n");
    follow::until(paths, &stop)?;
    down(paths)
}

/// Starts everything, or makes an end of what it started when a step fails.
pub fn up(paths: &Paths, wish: &Wish) -> Result<()> {
    let begin = Instant::now();
    fs::create_dir_all(&paths.state).with_context(|| format!("cannot make {}", paths.state.display()))?;
    let lock = File::create(paths.state.join("lock"))?;
    lock.lock()?;
    stop_last(paths);
    remove(&paths.logs())?;
    if wish.fresh {
        forget(paths)?;
    }
    paths.make_folders()?;
    let python = venv::python(paths)?;
    let zips = artifacts::build(paths)?;
    let ports = emulator::choose_ports(paths)?;
    let plan = Plan::new(paths, &ports, &zips)?;

    let mut started = Started::none(paths);
    let aws = Aws::new(&ports.emulator_url());
    let emulator = emulator::start(paths, &python, &ports)?;
    started.add(emulator.clone())?;
    emulator::wait_until_ready(paths, &emulator, &aws)?;
    if deployed_build(&aws)?.is_none_or(|build| build != plan.build) {
        deploy(&aws, &plan)?;
    }
    let mut stack = StackFile::describe(paths, &ports, &aws, &plan.build)?;
    started.add(start_smsc(paths, &ports)?)?;
    started.add(start_vendors(paths, &ports)?)?;
    started.add(start_mail_sink(paths, &python, &ports)?)?;
    started.add(start_gateway(paths, &stack)?)?;
    stack.write(paths, &started.processes)?;
    if wish.seed {
        tools::seed(paths, &stack)?;
    }
    started.keep();
    greet(&stack);
    println!("Up after {:.1} s", begin.elapsed().as_secs_f32());
    Ok(())
}

/// Stops what runs from this state directory, whoever started it.
pub fn down(paths: &Paths) -> Result<()> {
    stop_last(paths);
    println!("Stopped; the data are kept in {}", paths.data().display());
    Ok(())
}

fn stop_last(paths: &Paths) {
    processes::recorded(paths).iter().rev().for_each(processes::stop);
}

/// Deletes the data, and with them what `stack.json` says of them.
fn forget(paths: &Paths) -> Result<()> {
    remove(&paths.data())?;
    remove(&paths.mail())?;
    if paths.stack_file().exists() {
        fs::remove_file(paths.stack_file())?;
    }
    Ok(())
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot delete {}", folder.display()))?;
    }
    Ok(())
}

fn start_smsc(paths: &Paths, ports: &Ports) -> Result<Running> {
    let listen = format!("127.0.0.1:{}", ports.smsc);
    processes::start(paths, "smsc-simulator", &paths.binary("smsc-simulator"), &["--listen", &listen], [])
}

/// The stand-ins for Stripe and for an HTTP vendor.
fn start_vendors(paths: &Paths, ports: &Ports) -> Result<Running> {
    let name = "vendor-simulator";
    let (stripe, alaris) = (ports.stripe.to_string(), ports.alaris.to_string());
    let webhook = format!("{}/payments/stripe", ports.api_url());
    let arguments = [
        ["--stripe-port", &stripe],
        ["--alaris-port", &alaris],
        ["--stripe-secret-key", STRIPE_SECRET_KEY],
        ["--webhook-secret", STRIPE_WEBHOOK_SECRET],
        ["--webhook-url", &webhook],
        ["--alaris-username", ALARIS_USERNAME],
        ["--alaris-password", ALARIS_PASSWORD],
    ];
    processes::start(paths, name, &paths.binary(name), arguments.as_flattened(), [])
}

/// The mail server, which writes mails into files.
fn start_mail_sink(paths: &Paths, python: &Path, ports: &Ports) -> Result<Running> {
    let script = paths.own("mail_sink.py").display().to_string();
    let (port, folder) = (ports.mail.to_string(), paths.mail().display().to_string());
    let arguments = [script.as_str(), "--port", &port, "--folder", &folder];
    processes::start(paths, "mail-sink", python, &arguments, [])
}

fn start_gateway(paths: &Paths, stack: &StackFile) -> Result<Running> {
    processes::start(paths, "smpp-gateway", &paths.binary("smpp-gateway"), &[], stack.env.clone())
}

fn greet(stack: &StackFile) {
    println!("\nWaybill runs.");
    println!("  API             {}", stack.api_url);
    println!("  API pages       {}/docs", stack.api_url);
    println!("  AWS emulator    {}", stack.emulator_url);
    println!("  SMSC simulator  {}:{}", stack.smsc.host, stack.smsc.port);
    println!("  SMPP clients    {}:{}", stack.smpp.host, stack.smpp.port);
    println!("  mails           {}", stack.mail.folder);
    println!("  logs            {}", stack.logs);
}

/// What was started so far; stopped when dropped before all is up.
struct Started<'a> {
    paths: &'a Paths,
    processes: Vec<Running>,
    kept: bool,
}

impl<'a> Started<'a> {
    fn none(paths: &'a Paths) -> Self {
        Self { paths, processes: Vec::new(), kept: false }
    }

    /// Recorded at once: should the launcher be killed, the next one still finds what to stop.
    fn add(&mut self, process: Running) -> Result<()> {
        self.processes.push(process);
        processes::record(self.paths, &self.processes)
    }

    fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Started<'_> {
    fn drop(&mut self) {
        if !self.kept {
            self.processes.iter().rev().for_each(processes::stop);
        }
    }
}
