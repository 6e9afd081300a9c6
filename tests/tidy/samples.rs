//! Every file in `events/` reads as what its function is handed, down to the contract inside.

use aws_lambda_events::event::dynamodb;
use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::sqs::SqsEvent;
use invoice_closer::Wake;
use lambda_http::request::LambdaRequest;
use queue::{Billing, ForClient, Job, Mail, Notification, Progress, Webhook};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{files, read};

#[test]
fn every_sample_reads_as_what_its_function_is_handed() {
    let samples = files("events");
    assert!(samples.len() > 15, "{samples:?}");
    for path in samples {
        let text = read(&path);
        let folder = path.split('/').nth(1).expect("a folder in events/");
        match folder {
            "queue" => contract(&path, &text),
            "portal-api" | "send-api" | "dlr-webhook" | "payment-callback" => http(&path, &text),
            "progress-applier" => batch::<Progress>(&path, &text),
            "http-sender" if path.ends_with("/webhook.json") => batch::<Webhook>(&path, &text),
            "http-sender" => batch::<Job>(&path, &text),
            "mailer" if path.ends_with("/mail.json") => batch::<Mail>(&path, &text),
            "mailer" => batch::<Notification>(&path, &text),
            "invoice-closer" => invoice_closer(&path, &text),
            "sweeper" | "edr-archiver" => schedule(&path, &text),
            "projector" => stream(&path, &text),
            _ => panic!("{path}: no test names this folder"),
        }
    }
}

/// The variant of a contract is in the sample's name, and the sample reads back as it is.
fn contract(path: &str, text: &str) {
    let name = path.rsplit('/').next().and_then(|file| file.strip_suffix(".json")).expect("a JSON file");
    match name.split('_').next() {
        Some("job") => reads_back::<Job>(path, text),
        Some("progress") => reads_back::<Progress>(path, text),
        Some("billing") => reads_back::<Billing>(path, text),
        Some("client") => reads_back::<ForClient>(path, text),
        Some("webhook") => reads_back::<Webhook>(path, text),
        Some("notification") => reads_back::<Notification>(path, text),
        Some("mail") => reads_back::<Mail>(path, text),
        _ => panic!("{path}: of which contract?"),
    }
    let value: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let variant = value["type"].as_str().expect("a type").to_lowercase();
    let words: String = name.split('_').skip(1).collect();
    assert_eq!(variant, words, "{path}: a sample is named after its variant");
}

fn reads_back<T: DeserializeOwned + Serialize>(path: &str, text: &str) {
    let read: T = serde_json::from_str(text).unwrap_or_else(|error| panic!("{path}: {error}"));
    let before: serde_json::Value = serde_json::from_str(text).expect("JSON");
    assert_eq!(serde_json::to_value(&read).expect("JSON"), before, "{path}");
}

fn http(path: &str, text: &str) {
    let request: LambdaRequest = serde_json::from_str(text).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert!(matches!(request, LambdaRequest::ApiGatewayV2(_)), "{path}: the HTTP API sends format 2.0");
}

fn batch<T: DeserializeOwned>(path: &str, text: &str) {
    let event: SqsEvent = serde_json::from_str(text).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert!(!event.records.is_empty(), "{path}");
    for message in event.records {
        let body = message.body.unwrap_or_default();
        serde_json::from_str::<T>(&body).unwrap_or_else(|error| panic!("{path}: {body}: {error}"));
    }
}

fn invoice_closer(path: &str, text: &str) {
    let event = serde_json::from_str(text).expect("JSON");
    match Wake::read(event).unwrap_or_else(|error| panic!("{path}: {error}")) {
        Wake::Schedule => assert!(path.ends_with("/schedule.json"), "{path}"),
        Wake::Queue(_) => batch::<Billing>(path, text),
    }
}

/// Its content does not matter, only that it comes.
fn schedule(path: &str, text: &str) {
    let event: EventBridgeEvent =
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert_eq!(event.source, "aws.scheduler", "{path}");
}

fn stream(path: &str, text: &str) {
    let event: dynamodb::Event = serde_json::from_str(text).unwrap_or_else(|error| panic!("{path}: {error}"));
    let records = event.records.len();
    let changes = projector::changes(event).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert_eq!(changes.len(), records, "{path}: every record means something");
}
