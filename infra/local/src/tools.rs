//! Programs run against the stack: `demo` of the `tests` package, which makes the demo tenancy and plays the
//! story, and `recount` of the sweeper.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::paths::Paths;
use crate::stack_file::StackFile;

/// Makes the demo tenancy, adds it to `stack.json`, and prints keys and a first request.
pub fn seed(paths: &Paths, stack: &StackFile) -> Result<()> {
    demo(paths, stack, &["seed"])
}

/// Plays the story against the running stack.
pub fn play_demo(paths: &Paths, json: bool) -> Result<()> {
    let stack = StackFile::read(paths)?;
    let arguments: &[&str] = if json { &["play", "--json"] } else { &["play"] };
    demo(paths, &stack, arguments)
}

/// Recounts usage from its records; both narrow down what is recounted.
pub fn recount(paths: &Paths, agreement: Option<String>, month: Option<String>) -> Result<()> {
    let stack = StackFile::read(paths)?;
    let mut command = Command::new(paths.binary("recount"));
    command.envs(&stack.env);
    for (name, value) in [("--agreement", agreement), ("--month", month)] {
        command.args(value.map(|value| [name.to_owned(), value]).into_iter().flatten());
    }
    let status = command.status();
    let status = status.context("the recount program is missing: start with `cargo local up --detach`")?;
    if !status.success() {
        bail!("the usage was not found right ({status})");
    }
    Ok(())
}

fn demo(paths: &Paths, stack: &StackFile, arguments: &[&str]) -> Result<()> {
    let status = Command::new(paths.binary("demo"))
        .args(arguments)
        .arg("--stack-file")
        .arg(paths.stack_file())
        .envs(&stack.env)
        .status()
        .context("the demo program is missing: start with `cargo local up --detach`")?;
    if !status.success() {
        bail!("demo {} failed ({status})", arguments.join(" "));
    }
    Ok(())
}
