//! Programs written by others that speak SMPP: they are found or installed, started, driven and ended.
//!
//! [`Script`] is a program of `tests/interop` on node's `smpp` or on Python's `smpplib`, which does what
//! lines of JSON tell it; [`Kannel`] is the gateway of that name. Packages go to the target folder, in
//! the versions that the lock files beside the programs name. Every process ends when its owner drops it.

mod install;
mod kannel;
mod script;

use std::fmt;
use std::io::Write;
use std::path::PathBuf;

pub use install::{DuckDb, Node, Python, Schemathesis, TypeScript};
pub use kannel::{BindKind, Kannel, Sent, Smsc, free_port};
pub use script::{Language, Script};

/// Why a peer is not there, and how to get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    pub peer: &'static str,
    pub why: String,
}

impl fmt::Display for Missing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} is missing: {}", self.peer, self.why)
    }
}

/// The peer; or None, said on standard error past what a test runner captures.
///
/// # Panics
/// When it is missing and the environment says `CI=true`.
pub fn required<T>(found: Result<T, Missing>) -> Option<T> {
    match found {
        Ok(peer) => Some(peer),
        Err(missing) if std::env::var("CI").is_ok_and(|ci| ci == "true") => panic!("{missing}"),
        Err(missing) => {
            let _ = writeln!(std::io::stderr(), "NOT TESTED, {missing}"); // nobody may be listening
            None
        }
    }
}

/// Where cargo puts what it builds; the system's temporary folder if that cannot be told.
fn target_folder() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let target = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    target.map_or_else(std::env::temp_dir, PathBuf::from)
}

/// The folder of the programs.
pub(crate) fn programs() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/interop"))
}
