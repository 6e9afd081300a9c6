//! The logs of a stack: a file for each process, and one for each function (the emulator writes these).

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::deploy::STACK_NAME;
use crate::emulator;
use crate::paths::Paths;

const LINES_OF_EACH: usize = 15;

const POLL: Duration = Duration::from_millis(300);

/// The whole log of one process or function, or the end of each.
pub fn print(paths: &Paths, name: Option<&str>) -> Result<()> {
    if let Some(name) = name {
        print!("{}", read_named(paths, name)?);
        return Ok(());
    }
    for file in files(paths)? {
        println!("==> {} <==", label(&file));
        let text = fs::read_to_string(&file)?;
        let skipped = text.lines().count().saturating_sub(LINES_OF_EACH);
        text.lines().skip(skipped).for_each(|line| println!("{line}"));
        println!();
    }
    Ok(())
}

fn read_named(paths: &Paths, name: &str) -> Result<String> {
    let file = files(paths)?.into_iter().find(|file| label(file) == name).with_context(|| {
        let known = files(paths).unwrap_or_default();
        format!(
            "no log named {name}; there are: {}",
            known.iter().map(|file| label(file)).collect::<Vec<_>>().join(", ")
        )
    })?;
    Ok(fs::read_to_string(file)?)
}

/// Prints what is written from now on, until `stop`. The emulator's own log is too long for that.
pub fn until(paths: &Paths, stop: &AtomicBool) -> Result<()> {
    let mut read: HashMap<PathBuf, u64> = HashMap::new();
    while !stop.load(Ordering::Relaxed) {
        for file in files(paths)?.into_iter().filter(|file| label(file) != emulator::NAME) {
            let from = read.entry(file.clone()).or_default();
            *from = print_from(&file, *from)?;
        }
        sleep(POLL);
    }
    Ok(())
}

/// Prints the whole lines after `from` and says where they end.
fn print_from(path: &Path, from: u64) -> Result<u64> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    for line in String::from_utf8_lossy(&bytes[..whole]).lines() {
        println!("{:<17} {line}", label(path));
    }
    Ok(from + whole as u64)
}

fn files(paths: &Paths) -> Result<Vec<PathBuf>> {
    let folder = fs::read_dir(paths.logs()).context("nothing was started yet: `cargo local up --detach`")?;
    let mut files = folder.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.sort();
    Ok(files)
}

/// The function's or process's short name.
fn label(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    stem.strip_prefix(&format!("{STACK_NAME}-")).unwrap_or(&stem).to_owned()
}
