//! Starts processes that outlive the launcher, and stops exactly those again.
//!
//! Each leads a process group of its own, so that Ctrl-C reaches only the launcher, which then stops
//! them in order, and so that whatever they started goes with them.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{
    Pid, Signal, WaitOptions, kill_process, kill_process_group, test_kill_process, waitpid,
};
use serde::{Deserialize, Serialize};

use crate::paths::Paths;

/// The emulator writes its data when it ends, the gateway finishes what is in flight.
const STOP_MAX: Duration = Duration::from_secs(30);

const RECORD: &str = "processes.json";

/// A process that some launcher started, this one or an earlier.
#[derive(Clone, Serialize, Deserialize)]
pub struct Running {
    pub name: String,
    pub pid: i32,
    /// When the kernel started it, in its own ticks: tells it from a later process with the same id.
    started: Option<u64>,
}

/// Starts `program` with its output in `logs/<name>.log`.
pub fn start(
    paths: &Paths,
    name: &str,
    program: &Path,
    arguments: &[&str],
    env: impl IntoIterator<Item = (String, String)>,
) -> Result<Running> {
    let log = File::create(paths.logs().join(format!("{name}.log")))?;
    let child = Command::new(program)
        .args(arguments)
        .envs(env)
        .current_dir(&paths.state)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let pid = i32::try_from(child.id())?;
    Ok(Running { name: name.to_owned(), pid, started: start_ticks(pid) })
}

/// Remembers across launchers what runs from this state directory, in the order of starting.
pub fn record(paths: &Paths, running: &[Running]) -> Result<()> {
    fs::write(paths.state.join(RECORD), serde_json::to_vec(running)?)?;
    Ok(())
}

pub fn recorded(paths: &Paths) -> Vec<Running> {
    let record = fs::read(paths.state.join(RECORD)).unwrap_or_default();
    serde_json::from_slice(&record).unwrap_or_default()
}

pub fn is_alive(process: &Running) -> bool {
    let Some(pid) = Pid::from_raw(process.pid) else { return false };
    // Only a child of this launcher can be collected; for any other this is an error, and no matter.
    if let Ok(Some(_)) = waitpid(Some(pid), WaitOptions::NOHANG) {
        return false;
    }
    test_kill_process(pid).is_ok() && !is_zombie(process.pid) && start_ticks(process.pid) == process.started
}

/// Asks it to end, waits, and after that makes an end of it and all it started.
pub fn stop(process: &Running) {
    let Some(pid) = Pid::from_raw(process.pid) else { return };
    if !is_alive(process) {
        return;
    }
    // An error here means that it just ended by itself.
    let _ = kill_process(pid, Signal::TERM);
    let begin = Instant::now();
    while is_alive(process) && begin.elapsed() < STOP_MAX {
        sleep(Duration::from_millis(20));
    }
    if is_alive(process) {
        eprintln!("{} did not end by itself within {} s and is killed", process.name, STOP_MAX.as_secs());
    }
    let _ = kill_process_group(pid, Signal::KILL);
}

fn is_zombie(pid: i32) -> bool {
    stat_fields(pid).is_some_and(|fields| fields.first().is_some_and(|state| state == "Z"))
}

/// Field 22 of proc(5)'s stat file; `None` where there is no such file.
fn start_ticks(pid: i32) -> Option<u64> {
    stat_fields(pid)?.get(19)?.parse().ok()
}

/// The fields from the third on: the second is the program's name and may itself hold spaces.
fn stat_fields(pid: i32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(") ")?;
    Some(rest.split(' ').map(str::to_owned).collect())
}
