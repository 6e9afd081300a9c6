//! Runs node's `smpp` against itself.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::{ROUNDS, Round, SUBMITS_OF_NODE, WINDOW};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/sessions/node.js");

/// All rounds against one server.
pub fn rounds(folder: &Path, receipts: bool) -> Result<Vec<Round>, Box<dyn Error>> {
    let package = folder.join("node_modules/smpp").canonicalize()?;
    let receipts = if receipts { "receipts" } else { "none" };
    let mut server = node(&package).args(["serve", receipts]).stdout(Stdio::piped()).spawn()?;
    let rounds = port(&mut server).and_then(|port| {
        let load = |_| {
            let (submits, window) = (SUBMITS_OF_NODE.to_string(), WINDOW.to_string());
            let output = node(&package).args(["load", &port, &submits, &window, receipts]).output()?;
            let rate = String::from_utf8(output.stdout)?;
            Ok(Round { per_second: rate.trim().parse()?, cpu_ns: None })
        };
        (0..ROUNDS).map(load).collect()
    });
    server.kill()?;
    server.wait()?;
    rounds
}

fn node(package: &Path) -> Command {
    let mut command = Command::new("node");
    command.arg(SCRIPT).arg(package);
    command
}

/// What the server prints first.
fn port(server: &mut Child) -> Result<String, Box<dyn Error>> {
    let mut line = String::new();
    let stdout = server.stdout.as_mut().ok_or("the server has no output")?;
    BufReader::new(stdout).read_line(&mut line)?;
    Ok(line.trim().to_owned())
}
