//! The demo tenancy and its story, against a stack that `cargo local` started.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use tests::demo::{seed, story};

/// Waybill's demo.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// What `cargo local` wrote about the running stack.
    #[arg(long, global = true, default_value = "target/local/stack.json")]
    stack_file: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    /// Make the demo tenancy, once, and send the first message.
    Seed,
    /// Play the story and check every figure.
    Play {
        /// Print one JSON document and nothing else.
        #[arg(long)]
        json: bool,
    },
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let cli = Cli::parse();
    let json = match cli.command {
        Command::Seed => {
            seed::seed(&cli.stack_file).await?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Play { json } => json,
    };
    let told = story::play(&cli.stack_file, json).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&told)?);
    }
    Ok(if told.holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
