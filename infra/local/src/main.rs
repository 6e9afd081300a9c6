//! `cargo local`: the whole of Waybill on one machine, from an empty checkout to a first message.
//!
//! It builds the functions, runs them by the ministack emulator under the same template as on AWS,
//! and starts the gateway and an SMSC simulator beside them. Nothing here is deployed.

mod artifacts;
mod aws;
mod cloud;
mod deploy;
mod elf;
mod emulator;
mod follow;
mod paths;
mod processes;
mod stack_file;
mod tools;
mod venv;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::cloud::Wish;
use crate::paths::Paths;

/// Waybill on one machine. Without a command: start, print the logs, stop everything on Ctrl-C.
#[derive(Parser)]
#[command(name = "cargo local")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    start: Start,
    #[command(flatten)]
    place: Place,
}

#[derive(Subcommand)]
enum Command {
    /// Start everything.
    Up {
        /// Leave it running and return.
        #[arg(long)]
        detach: bool,
        #[command(flatten)]
        start: Start,
    },
    /// Play the demo story against the running stack.
    Demo {
        /// Print one JSON document; exit non-zero if any figure is not what it must be.
        #[arg(long)]
        json: bool,
    },
    /// Add up a month's usage anew from its records, and exit non-zero where the usage rows differ.
    Recount {
        /// This agreement alone, by its id.
        #[arg(long)]
        agreement: Option<String>,
        /// The calendar month, such as 2026-03; the present one unless told.
        #[arg(long)]
        month: Option<String>,
    },
    /// Print what a process or function wrote; without a name, the end of each log.
    Logs { name: Option<String> },
    /// Stop what `up --detach` left running. The data stay.
    Down,
    /// Build the function zips for AWS.
    Package {
        /// Where the zips go.
        #[arg(long)]
        out: Option<PathBuf>,
        /// A Rust target triple, when it is not this machine's own.
        #[arg(long)]
        target: Option<String>,
    },
}

#[derive(Args)]
struct Start {
    /// Delete the data kept from the last run first.
    #[arg(long)]
    fresh: bool,
    /// Leave out the demo tenancy.
    #[arg(long)]
    no_seed: bool,
}

#[derive(Args)]
struct Place {
    /// Where data, logs and stack.json are kept; another folder is another, independent stack.
    #[arg(long, global = true, value_name = "DIR")]
    state_dir: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<()> {
    let paths = Paths::find(cli.place.state_dir)?;
    match cli.command {
        None => cloud::run(&paths, &cli.start.into()),
        Some(Command::Up { detach: false, start }) => cloud::run(&paths, &start.into()),
        Some(Command::Up { detach: true, start }) => cloud::up(&paths, &start.into()),
        Some(Command::Demo { json }) => tools::play_demo(&paths, json),
        Some(Command::Recount { agreement, month }) => tools::recount(&paths, agreement, month),
        Some(Command::Logs { name }) => follow::print(&paths, name.as_deref()),
        Some(Command::Down) => cloud::down(&paths),
        Some(Command::Package { out, target }) => artifacts::package(&paths, out, target.as_deref()),
    }
}

impl From<Start> for Wish {
    fn from(start: Start) -> Self {
        Self { fresh: start.fresh, seed: !start.no_seed }
    }
}
