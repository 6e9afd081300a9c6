//! From source to what is deployed: the release binaries, and a zip for each function.

use std::fs::{self, File};
use std::io;
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
const ZIP_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// A function's zip and what it was made from.
pub struct Zip {
    pub function: &'static str,
    pub path: PathBuf,
    /// Size and time of the binary inside: changes whenever cargo made a new one.
    pub stamp: String,
}

/// Builds everything a local stack runs.
pub fn build(paths: &Paths) -> Result<Vec<Zip>> {
    println!("Building (the first time takes some minutes) ...");
    cargo_build(paths, FUNCTIONS.iter().chain(&PROGRAMS), None)?;
    zip_all(&paths.target.join("release"), &paths.zips())
}

/// Builds the zips for AWS and says so if the binaries could not start there.
pub fn package(paths: &Paths, out: Option<PathBuf>, target: Option<&str>) -> Result<()> {
    cargo_build(paths, FUNCTIONS.iter(), target)?;
    let built = paths.target.join(target.unwrap_or_default()).join("release");
    for function in FUNCTIONS {
        elf::check_runs_on_lambda(&built.join(function))?;
    }
    let out = out.unwrap_or_else(|| paths.target.join("package"));
    for zip in zip_all(&built, &out)? {
        println!("{}", zip.path.display());
    }
    Ok(())
}

fn cargo_build<'a>(
    paths: &Paths,
    names: impl Iterator<Item = &'a &'a str>,
    target: Option<&str>,
) -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(&paths.root).args(["build", "--release", "--workspace"]);
    cargo.args(names.flat_map(|name| ["--bin", name]));
    cargo.args(target.iter().flat_map(|triple| ["--target", triple]));
    if !cargo.status().context("cannot run cargo")?.success() {
        bail!("the build failed; a C compiler is needed beside Rust (Debian: apt-get install gcc)");
    }
    Ok(())
}

fn zip_all(built: &Path, out: &Path) -> Result<Vec<Zip>> {
    fs::create_dir_all(out)?;
    FUNCTIONS.into_iter().map(|function| zip_one(function, built, out)).collect()
}

/// Zips again only what was built again.
fn zip_one(function: &'static str, built: &Path, out: &Path) -> Result<Zip> {
    let binary = built.join(function);
    let path = out.join(format!("{function}.zip"));
    let stamp_file = out.join(format!("{function}.stamp"));
    let stamp = stamp(&binary)?;
    if !path.exists() || !fs::read_to_string(&stamp_file).is_ok_and(|found| found == stamp) {
        write_zip(&binary, &path)?;
        fs::write(stamp_file, &stamp)?;
        report(function, fs::metadata(&path)?.len());
    }
    Ok(Zip { function, path, stamp })
}

fn stamp(binary: &Path) -> Result<String> {
    let file = fs::metadata(binary).with_context(|| format!("{} was not built", binary.display()))?;
    Ok(format!("{} {}", file.len(), file.modified()?.duration_since(UNIX_EPOCH)?.as_nanos()))
}

/// The same binary always gives the same bytes: the time inside is the format's own zero (1980).
fn write_zip(binary: &Path, path: &Path) -> Result<()> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o755);
    // Written aside and renamed, so that another stack starting now never reads half a zip.
    let aside = path.with_extension(format!("{}.part", std::process::id()));
    let mut zip = ZipWriter::new(File::create(&aside)?);
    zip.start_file("bootstrap", options)?;
    io::copy(&mut File::open(binary)?, &mut zip)?;
    zip.finish()?;
    fs::rename(aside, path)?;
    Ok(())
}

fn report(function: &str, bytes: u64) {
    let note = if ZIP_BYTES_MAX < bytes { "  more than the 8 MB it should have" } else { "" };
    println!("  {function:<17} {:>6} KB{note}", bytes / 1024);
}
