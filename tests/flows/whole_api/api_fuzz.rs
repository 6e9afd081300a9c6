//! schemathesis reads the documents and asks every operation what they allow and what they do not, with ids
//! of things that are there: no answer is a failure of ours, none is undocumented, and each looks as its
//! schema says.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tests::loopback::Reserved;
use tests::peers::{Schemathesis, required};

use crate::documents::{Operation, documents, operations_of};
use crate::tenancy_walk::filling::{self, Things};
use crate::tenancy_walk::world::World;

/// In requests to each operation.
const EXAMPLES_MAX: &str = "12";
/// In seconds, for the portals' and for the sending API; both run at a time.
const SECONDS_MAX: [&str; 2] = ["165", "45"];
const SEED: &str = "6";
const CHECKS: &str =
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
/// Of what it found, what is shown.
const TOLD_MAX: usize = 20_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn api_fuzz_finds_no_failure_and_no_undocumented_answer_in_either_api() {
    let Some(schemathesis) = required(tokio::task::block_in_place(Schemathesis::find)) else { return };
    let world = World::build().await;
    let port = Reserved::port(0).await.unwrap();
    let url = port.url();
    let _serving = port.serve(world.router());
    let folder = std::env::temp_dir().join(format!("waybill-fuzz-{}", runtime::fresh()));
    let mut runs = Vec::new();
    for (name, document) in documents() {
        // The owner may do everything, but only A has something to send with.
        let key = if name == "send-api" { &world.a } else { &world.owner };
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("openapi.json");
        std::fs::write(&file, document.to_string()).unwrap();
        let configuration = configured(&operations_of(&document), &world.things);
        std::fs::write(folder.join("schemathesis.toml"), configuration).unwrap();
        let seconds = SECONDS_MAX[usize::from(name == "send-api")];
        let mut command = command(&schemathesis.program, &folder, &file, &url, key);
        command.args(["--max-time", seconds]);
        runs.push((name, tokio::task::spawn_blocking(move || run(command))));
    }
    let mut found = Vec::new();
    for (name, run) in runs {
        let output = run.await.unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let end: String =
            told.lines().rev().take(12).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n");
        println!("{name}:\n{end}");
        if !output.status.success() {
            let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
            found.push(format!("{name}:\n{}{complaints}", told.chars().take(TOLD_MAX).collect::<String>()));
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn command(program: &Path, folder: &Path, document: &PathBuf, url: &str, key: &str) -> Command {
    let mut command = Command::new(program);
    command.arg("--config-file").arg(folder.join("schemathesis.toml")).arg("run").arg(document);
    command.args(["--url", url, "--header", &format!("Authorization: Bearer {key}")]);
    command.args(["--checks", CHECKS, "--max-examples", EXAMPLES_MAX, "--seed", SEED]);
    command.args(["--phases", "examples,coverage,fuzzing", "--no-color"]);
    command.args(["--generation-deterministic", "--no-shrink"]);
    command.args(["--suppress-health-check", "all", "--continue-on-failure", "--warnings", "off"]);
    command.current_dir(folder);
    command
}

fn run(mut command: Command) -> Output {
    command.output().unwrap()
}

/// Path parameters, queries and bodies that mostly name things that are there.
fn configured(operations: &[Operation], things: &Things) -> String {
    let mut text = String::new();
    for operation in operations {
        let _ =
            writeln!(text, "[[operations]]\ninclude-name = {:?}\n[operations.parameters]", operation.name());
        for (name, value) in filling::path_values(operation, things) {
            let _ = writeln!(text, "{:?} = {value:?}", format!("path.{name}"));
        }
        for parameter in operation.placed("query") {
            if let Some(thing) = things.named(&parameter.name).filter(|thing| thing.own) {
                let _ = writeln!(text, "{:?} = {:?}", format!("query.{}", parameter.name), thing.text);
            }
        }
    }
    text
}
