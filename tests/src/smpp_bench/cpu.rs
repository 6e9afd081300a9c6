//! CPU time of threads and processes, as Linux counts it: in ticks of 10 ms.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

/// `USER_HZ` is the same on every Linux.
const TICK: Duration = Duration::from_millis(10);

pub fn of_this_thread() -> io::Result<Duration> {
    of_stat(Path::new("/proc/thread-self/stat"))
}

/// Of the threads of this process whose names begin so.
pub fn of_threads(prefix: &str) -> io::Result<Duration> {
    let mut sum = Duration::ZERO;
    for task in fs::read_dir("/proc/self/task")? {
        let task = task?.path();
        // A thread may end between the listing and the look.
        let name = fs::read_to_string(task.join("comm")).unwrap_or_default();
        if name.starts_with(prefix) {
            sum += of_stat(&task.join("stat")).unwrap_or_default();
        }
    }
    Ok(sum)
}

pub fn of_process(id: u32) -> io::Result<Duration> {
    of_stat(Path::new(&format!("/proc/{id}/stat")))
}

fn of_stat(path: &Path) -> io::Result<Duration> {
    let stat = fs::read_to_string(path)?;
    // The name may have blanks; user and system time are the 12th and 13th field after it.
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = after_name.split(' ').skip(11).take(2).map(str::parse::<u32>);
    let ticks: u32 = ticks.sum::<Result<_, _>>().map_err(io::Error::other)?;
    Ok(TICK * ticks)
}

/// The memory of a process that is really there, in kB.
pub fn resident_kb() -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    let number = line.trim().trim_end_matches(" kB");
    number.parse().map_err(io::Error::other)
}
