//! The emulator's own Python environment, made once from the pinned requirements.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::paths::Paths;

/// The Python to run the emulator with. Makes the environment when it is missing or outdated.
pub fn python(paths: &Paths) -> Result<PathBuf> {
    let folder = paths.target.join("local-python");
    let requirements = paths.own("requirements.txt");
    // Stacks of two state directories may start at once and share this folder.
    let lock = File::create(paths.target.join("local-python.lock"))?;
    lock.lock()?;
    let installed = folder.join("installed.txt");
    let wanted = fs::read_to_string(&requirements)?;
    if fs::read_to_string(&installed).is_ok_and(|found| found == wanted) {
        return Ok(folder.join("bin/python"));
    }
    println!("Making the emulator's Python environment (once, about a minute) ...");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    make(&folder)?;
    install(&folder, &requirements)?;
    fs::write(installed, wanted)?;
    Ok(folder.join("bin/python"))
}

fn make(folder: &Path) -> Result<()> {
    let made = Command::new("python3").args(["-m", "venv"]).arg(folder).output().context(
        "python3 was not found: install Python 3.10 or newer (Debian: apt-get install python3 python3-venv)",
    )?;
    if !made.status.success() {
        bail!(
            "python3 cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv\n{}{}",
            String::from_utf8_lossy(&made.stdout),
            String::from_utf8_lossy(&made.stderr),
        );
    }
    Ok(())
}

fn install(folder: &Path, requirements: &Path) -> Result<()> {
    let status = Command::new(folder.join("bin/python"))
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--requirement",
        ])
        .arg(requirements)
        .status()?;
    if !status.success() {
        bail!("pip could not install {}: is the Python package index reachable?", requirements.display());
    }
    Ok(())
}
