//! A program of `tests/interop` that takes orders and tells events, both as lines of JSON.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::{Missing, Node, Python, programs};

/// Far more than any answer takes.
const SOON: Duration = Duration::from_secs(20);

/// In what a program is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Node,
    Python,
}

/// A running program; dropped, it is killed.
pub struct Script {
    _child: Child,
    orders: ChildStdin,
    events: Lines<BufReader<ChildStdout>>,
    /// Told and not asked for yet.
    told: Vec<Value>,
}

impl Script {
    /// The program of this name.
    ///
    /// # Errors
    /// When what it needs is missing.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(language: Language, name: &'static str) -> Result<Self, Missing> {
        let command = tokio::task::spawn_blocking(move || command(language, name));
        let mut command = command.await.expect("the installation does not break")?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("the program starts");
        let orders = child.stdin.take().expect("has an input");
        let events = BufReader::new(child.stdout.take().expect("has an output")).lines();
        Ok(Self { _child: child, orders, events, told: Vec::new() })
    }

    /// Gives an order, an object.
    ///
    /// # Panics
    /// When the program has ended.
    pub async fn order(&mut self, order: &str, mut fields: Value) {
        fields["order"] = json!(order);
        let line = format!("{fields}\n");
        self.orders.write_all(line.as_bytes()).await.expect("the program takes orders");
    }

    /// The first event of this name that was not asked for before.
    ///
    /// # Panics
    /// When it does not come in time.
    pub async fn event(&mut self, name: &str) -> Value {
        let waited = timeout(SOON, self.wait_for(name)).await;
        waited.unwrap_or_else(|_| panic!("waited in vain for {name}, heard {:?}", self.told))
    }

    async fn wait_for(&mut self, name: &str) -> Value {
        loop {
            if let Some(place) = self.told.iter().position(|event| event["event"] == name) {
                return self.told.remove(place);
            }
            let line = self.events.next_line().await.expect("the program can be read");
            let line = line.unwrap_or_else(|| panic!("the program ended, heard {:?}", self.told));
            self.told.push(serde_json::from_str(&line).expect("an event is JSON"));
        }
    }

    /// An order and the event that answers it.
    pub async fn ask(&mut self, order: &str, fields: Value, event: &str) -> Value {
        self.order(order, fields).await;
        self.event(event).await
    }
}

fn command(language: Language, name: &str) -> Result<Command, Missing> {
    Ok(match language {
        Language::Node => {
            let folder = Node::find()?.folder;
            let mut command = Command::new("node");
            command.arg(programs().join(format!("node/{name}.js"))).arg(folder);
            command
        }
        Language::Python => {
            let mut command = Command::new(Python::find()?.program);
            // Nothing is written beside the programs.
            command.arg("-B").arg(programs().join(format!("python/{name}.py")));
            command
        }
    })
}
