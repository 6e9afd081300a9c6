//! Packages of node and Python, each in a process of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, ensure};
use serde::Deserialize;

use super::server::{Kind, Server};
use super::{Round, WINDOW};
use crate::peers::{Missing, Node, Python, programs};

/// What the scripts print.
#[derive(Deserialize)]
struct Figures {
    per_second: u64,
    cpu_ns: u64,
}

/// node's `smpp` on itself: all rounds against one server.
pub fn node(count: u64, receipts: bool, rounds: usize) -> anyhow::Result<Result<Vec<Round>, Missing>> {
    let node = match Node::find() {
        Ok(node) => node,
        Err(missing) => return Ok(Err(missing)),
    };
    let command = || {
        let mut command = Command::new("node");
        command.arg(programs().join("node/load.js")).arg(&node.folder);
        command
    };
    let serve = command().args(["serve", &receipts.to_string()]).stdout(Stdio::piped()).spawn()?;
    let mut server = Killed(serve);
    let port = first_line(&mut server.0)?;
    let load = |_| {
        let (count, window) = (count.to_string(), WINDOW.to_string());
        figures(command().args(["load", &port, &count, &window, &receipts.to_string()]))
    };
    (0..rounds).map(load).collect::<anyhow::Result<_>>().map(Ok)
}

/// Python's `smpplib` against the server of templates.
pub fn smpplib(count: u64, receipts: bool, rounds: usize) -> anyhow::Result<Result<Vec<Round>, Missing>> {
    let python = match Python::find() {
        Ok(python) => python,
        Err(missing) => return Ok(Err(missing)),
    };
    let kind = if receipts { Kind::TemplatesWithReceipts } else { Kind::Templates };
    let port = Server::start(kind)?.address.port().to_string();
    let load = |_| {
        let (count, window) = (count.to_string(), WINDOW.to_string());
        let script = programs().join("python/load.py");
        let arguments = [port.as_str(), &count, &window, &receipts.to_string()];
        figures(Command::new(&python.program).arg("-B").arg(script).args(arguments))
    };
    (0..rounds).map(load).collect::<anyhow::Result<_>>().map(Ok)
}

fn figures(command: &mut Command) -> anyhow::Result<Round> {
    let output = command.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "a package's load ended with {}", output.status);
    let Figures { per_second, cpu_ns } = serde_json::from_slice(&output.stdout)?;
    Ok(Round { per_second, cpu_ns })
}

/// A process that ends with its owner.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill(); // it has ended already
        let _ = self.0.wait();
    }
}

fn first_line(child: &mut Child) -> anyhow::Result<String> {
    let mut line = String::new();
    let stdout = child.stdout.as_mut().context("the server has no output")?;
    BufReader::new(stdout).read_line(&mut line)?;
    Ok(line.trim().to_owned())
}
