//! From source to what is deployed: programs, and a zip for each function.

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result, bail};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::elf;
use crate::paths::Paths;

/// What runs as a function; the names are those of `infra/template.yaml`.
pub const FUNCTIONS: [&str; 11] = [
    "portal-api",
    "send-api",
    "dlr-webhook",
    "edr-archiver",
    "payment-callback",
    "progress-applier",
    "http-sender",
    "invoice-closer",
    "mailer",
    "projector",
    "sweeper",
];

/// What runs as plain processes beside the functions, or is called once.
const PROGRAMS: [&str; 6] =
    ["smpp-gateway", "smsc-simulator", "vendor-simulator", "demo", "bootstrap", "recount"];

/// A zip of this size still starts fast; a larger one says that something heavy slipped in.
const ZIP_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A function's code as a deployment hands it over.
pub struct Zip {
    pub function: &'static str,
    pub bytes: Vec<u8>,
}

/// Builds everything a local stack runs, with the profile of the tests, so that neither waits for what the
/// other compiled. A zip of these holds no program but starts it where cargo left it.
pub fn build(paths: &Paths) -> Result<Vec<Zip>> {
    println!("Building (the first time takes some minutes) ...");
    let programs = FUNCTIONS.iter().chain(&PROGRAMS).flat_map(|name| ["--bin", name]);
    cargo_build(paths, ["--workspace"].into_iter().chain(programs))?;
    FUNCTIONS.into_iter().map(|function| zip_start_of(function, &paths.binary(function))).collect()
}

/// Builds the zips for AWS and says so if the binaries could not start there.
pub fn package(paths: &Paths, out: Option<PathBuf>, target: Option<&str>) -> Result<()> {
    // Of the workspace these alone, so that nothing that only tests ask of a library is in them.
    let functions = FUNCTIONS.iter().flat_map(|name| ["--package", name]);
    let target_flag = target.into_iter().flat_map(|triple| ["--target", triple]);
    cargo_build(paths, ["--profile", "function"].into_iter().chain(functions).chain(target_flag))?;
    let built = paths.target.join(target.unwrap_or_default()).join("function");
    let out = out.unwrap_or_else(|| paths.target.join("package"));
    fs::create_dir_all(&out)?;
    for function in FUNCTIONS {
        let binary = built.join(function);
        elf::check_runs_on_lambda(&binary)?;
        let zip = zip_of(&fs::read(binary)?)?;
        let path = out.join(format!("{function}.zip"));
        fs::write(&path, &zip)?;
        report(&path, zip.len());
    }
    Ok(())
}

fn cargo_build<'a>(paths: &Paths, what: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(&paths.root).arg("build").args(what);
    if !cargo.status().context("cannot run cargo")?.success() {
        bail!(
            "the build failed; a C compiler and make are needed beside Rust (Debian: apt-get install gcc make)"
        );
    }
    Ok(())
}

/// Its size and time stand in it, so that a program that was built again is other code.
fn zip_start_of(function: &'static str, program: &Path) -> Result<Zip> {
    let file = fs::metadata(program).with_context(|| format!("{} was not built", program.display()))?;
    let (size, built) = (file.len(), file.modified()?.duration_since(UNIX_EPOCH)?.as_nanos());
    let script = format!("#!/bin/sh\n# {size} bytes of {built}\nexec '{}'\n", program.display());
    Ok(Zip { function, bytes: zip_of(script.as_bytes())? })
}

/// The same bytes always give the same zip: the time inside is the format's own zero (1980).
fn zip_of(bootstrap: &[u8]) -> Result<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o755);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bootstrap", options)?;
    zip.write_all(bootstrap)?;
    Ok(zip.finish()?.into_inner())
}

fn report(path: &Path, bytes: usize) {
    let note = if ZIP_BYTES_MAX < bytes { "  more than the 8 MB it should have" } else { "" };
    println!("{:>6} KB  {}{note}", bytes / 1024, path.display());
}
