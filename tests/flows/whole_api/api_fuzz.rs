//! schemathesis reads the documents and asks every operation what they allow and what they do not, with ids
//! of things that are there: no answer is a failure of ours, none is undocumented, and each looks as its
//! schema says. Every operation is got at, with the API key, session or integration's key that it takes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use domain::id::UserId;
use serde_json::Value;
use store::Store;
use tests::loopback::Reserved;
use tests::peers::{Schemathesis, required};

use crate::documents::{Operation, Takes, documents, operations, operations_of};
use crate::tenancy_walk::filling::{self, Things};
use crate::tenancy_walk::world::{World, by_session, new_session};

/// In requests to each operation, of a pass that reaches all of them, on slow machines too. It has no `--max-time`,
/// with which schemathesis begins anew until that is over.
const EXAMPLES_FIRST: &str = "2";
/// The same of a second pass, which ends in time.
const EXAMPLES_MAX: &str = "12";
/// The runs, each with the seconds of its second pass. Two are made at a time, those with API keys last: theirs
/// end integrations, and disable companies.
const RUNS: [[(&str, Takes, &str); 2]; 2] = [
    [("portal-api", Takes::Session, "30"), ("send-api", Takes::IntegrationKey, "30")],
    [("portal-api", Takes::ApiKey, "140"), ("send-api", Takes::ApiKey, "45")],
];
/// Of a request that is to come with a session.
const IN_SESSION: &str = "x-in-session";
const SEED: &str = "6";
const CHECKS: &str =
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
/// Of what it found, what is shown.
const TOLD_MAX: usize = 20_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn api_fuzz_finds_no_failure_and_no_undocumented_answer_in_either_api() {
    let Some(schemathesis) = required(tokio::task::block_in_place(Schemathesis::find)) else { return };
    let mut world = World::build().await;
    world.let_in().await;
    let desk = Desk {
        store: world.platform().store.clone(),
        person: world.person_beside(&world.a),
        answers: Arc::default(),
    };
    let port = Reserved::port(0).await.unwrap();
    let url = port.url();
    let _serving = port.serve(world.router().layer(from_fn_with_state(desk.clone(), attend)));
    let folder = std::env::temp_dir().join(format!("waybill-fuzz-{}", runtime::fresh()));
    let mut outputs = Vec::new();
    for pair in RUNS {
        let mut runs = Vec::new();
        for (name, takes, seconds) in pair {
            // The owner may do everything, but only A has something to send with.
            let key = if name == "send-api" { &world.a } else { &world.owner };
            let shown = match takes {
                Takes::Session => format!("{IN_SESSION}: yes"),
                _ => format!("Authorization: {}", world.shown(key, takes).await[0].1),
            };
            let document = part(name, takes);
            let name = format!("{name} with {takes:?}");
            let folder = folder.join(name.replace(' ', "-"));
            std::fs::create_dir_all(&folder).unwrap();
            let file = folder.join("openapi.json");
            std::fs::write(&file, document.to_string()).unwrap();
            let configuration = configured(&operations_of(&document), &world.things);
            std::fs::write(folder.join("schemathesis.toml"), configuration).unwrap();
            let asking = || command(&schemathesis.program, &folder, &file, &url, &shown);
            let (mut first, mut second) = (asking(), asking());
            first.args(["--phases", "examples,fuzzing", "--max-examples", EXAMPLES_FIRST]);
            second.args(["--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES_MAX]);
            second.args(["--max-time", seconds]);
            runs.push((name, tokio::task::spawn_blocking(move || [run(first), run(second)])));
        }
        for (name, run) in runs {
            for (pass, output) in ["first", "second"].into_iter().zip(run.await.unwrap()) {
                outputs.push((format!("{name}, {pass} pass"), output));
            }
        }
    }
    let mut found = Vec::new();
    for (name, (output, seconds)) in outputs {
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let end: String =
            told.lines().rev().take(12).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n");
        println!("{name}, {seconds} s:\n{end}");
        if !output.status.success() {
            let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
            found.push(format!("{name}:\n{}{complaints}", told.chars().take(TOLD_MAX).collect::<String>()));
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(found.is_empty(), "{}", found.join("\n"));
    let answers = desk.answers.lock().unwrap();
    let missed: Vec<String> =
        operations().iter().filter(|one| !is_got_at(one, &answers)).map(Operation::name).collect();
    assert!(missed.is_empty(), "answered nothing but refusals, or were never asked: {missed:#?}");
}

/// What each operation has answered.
type Answers = BTreeMap<String, BTreeSet<u16>>;

/// Notes what is answered, and opens the sessions: whatever one request ends, the next has another.
#[derive(Clone)]
struct Desk {
    store: Store,
    person: UserId,
    answers: Arc<Mutex<Answers>>,
}

async fn attend(State(desk): State<Desk>, mut request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let name = path.map(|path| format!("{} {path}", request.method()));
    if request.headers_mut().remove(IN_SESSION).is_some() {
        desk.log_in(&mut request).await;
    }
    let response = next.run(request).await;
    if let Some(name) = name {
        desk.answers.lock().unwrap().entry(name).or_default().insert(response.status().as_u16());
    }
    response
}

impl Desk {
    /// Wrong passwords lock nobody out: behind them is more to ask for.
    async fn log_in(&self, request: &mut Request) {
        let token = new_session(&self.store, &self.person).await;
        self.store.forget_tries(&format!("password {}", self.person)).await.unwrap();
        let headers = request.headers_mut();
        headers.remove("authorization");
        for (name, value) in by_session(&token) {
            headers.insert(name, value.parse().unwrap());
        }
    }
}

/// Whether something else than who asks, or how often, decided about an answer.
fn is_got_at(operation: &Operation, answers: &Answers) -> bool {
    let refusals: &[u16] = match operation.takes {
        _ if operation.public => &[],
        Takes::ApiKey => &[401, 429],
        Takes::Session | Takes::IntegrationKey => &[401, 403, 429],
    };
    let answered = answers.get(&operation.name());
    answered.is_some_and(|statuses| statuses.iter().any(|status| !refusals.contains(status)))
}

/// A document with those of its operations only that take this.
fn part(name: &str, takes: Takes) -> Value {
    let (_, mut document) = documents().into_iter().find(|(other, _)| *other == name).unwrap();
    let mut kept = operations_of(&document);
    kept.retain(|operation| operation.takes == takes);
    let kept: BTreeSet<String> = kept.iter().map(Operation::name).collect();
    let paths = document["paths"].as_object_mut().unwrap();
    for (template, item) in paths.iter_mut() {
        let methods = item.as_object_mut().unwrap();
        methods.retain(|method, _| kept.contains(&format!("{} {template}", method.to_uppercase())));
    }
    paths.retain(|_, item| item.as_object().is_some_and(|methods| !methods.is_empty()));
    document
}

fn command(program: &Path, folder: &Path, document: &PathBuf, url: &str, shown: &str) -> Command {
    let mut command = Command::new(program);
    command.arg("--config-file").arg(folder.join("schemathesis.toml")).arg("run").arg(document);
    command.args(["--url", url, "--header", shown]);
    command.args(["--checks", CHECKS, "--seed", SEED, "--no-color"]);
    command.args(["--generation-deterministic", "--no-shrink"]);
    command.args(["--suppress-health-check", "all", "--continue-on-failure", "--warnings", "off"]);
    command.current_dir(folder);
    command
}

/// What it said, and after how many seconds.
fn run(mut command: Command) -> (Output, u64) {
    let started = Instant::now();
    (command.output().unwrap(), started.elapsed().as_secs())
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
