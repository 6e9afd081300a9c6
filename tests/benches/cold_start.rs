//! How long each function takes from the start of its process to its first request for work: the part
//! of a cold start that is ours. Reported as a median of several starts; nothing is asserted, because
//! machines differ.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const STARTS: usize = 15;
const FUNCTIONS: [&str; 11] = [
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
/// Names that functions read at their start; none is called before the first event.
const SETTINGS: [&str; 18] = [
    "DIRECTORY_TABLE",
    "LEDGER_TABLE",
    "MESSAGES_TABLE",
    "RECORDS_TABLE",
    "PROGRESS_QUEUE_URL",
    "HTTP_SEND_QUEUE_URL",
    "BILLING_QUEUE_URL",
    "NOTIFICATIONS_QUEUE_URL",
    "MAIL_QUEUE_URL",
    "WEBHOOKS_QUEUE_URL",
    "CONNECTION_QUEUE_PREFIX",
    "CONNECTION_DEAD_QUEUE_ARN",
    "DOCUMENTS_BUCKET",
    "ARCHIVE_BUCKET",
    "SECRET_PREFIX",
    "STRIPE_BASE_URL",
    "PUBLIC_BASE_URL",
    "AWS_LAMBDA_FUNCTION_NAME",
];

fn main() {
    build();
    println!("{:<18} {:>12} {:>12}", "function", "median", "slowest");
    for function in FUNCTIONS {
        let mut starts: Vec<Duration> = (0..STARTS).map(|_| start(function)).collect();
        starts.sort_unstable();
        println!("{function:<18} {:>9.1?} {:>9.1?}", starts[STARTS / 2], starts[STARTS - 1]);
    }
}

/// The functions as they are deployed.
fn build() {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--profile", "function", "--workspace"]);
    FUNCTIONS.iter().for_each(|name| {
        cargo.args(["--bin", name]);
    });
    assert!(cargo.status().expect("cargo runs").success(), "the functions do not build");
}

/// Starts a function against a runtime API that only waits for its first call.
fn start(function: &str) -> Duration {
    let api = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = api.local_addr().expect("an address").to_string();
    let begin = Instant::now();
    let mut child = Command::new(binary(function))
        .envs(SETTINGS.map(|name| (name, "http://127.0.0.1:9/bench")))
        .env("WEBHOOK_TARGETS", "public")
        .env("AWS_LAMBDA_RUNTIME_API", &address)
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "bench")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", "bench")
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ACCESS_KEY_ID", "bench")
        .env("AWS_SECRET_ACCESS_KEY", "bench")
        .stdout(Stdio::null())
        .spawn()
        .expect("the function starts");
    let (stream, _) = api.accept().expect("the function calls");
    let line = first_line(&stream);
    let taken = begin.elapsed();
    assert!(line.contains("/invocation/next"), "{function} called {line}");
    child.kill().expect("the function is killed");
    child.wait().expect("the function ends");
    taken
}

fn first_line(stream: &TcpStream) -> String {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).expect("a request");
    line
}

/// In the folder of their profile, beside that of this benchmark: `release/deps/`.
fn binary(function: &str) -> PathBuf {
    let this = std::env::current_exe().expect("a path");
    this.ancestors().nth(3).expect("the target folder").join("function").join(function)
}
