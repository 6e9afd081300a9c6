//! Standard SQS queues behind the real AWS client, in this process: the client signs and sends as in
//! production, but its HTTP connector hands the request to queues in memory. A received message stays
//! invisible for the queue's time (`tokio`'s, so a test may pause it) and then comes again.
//!
//! Not here: FIFO queues, delays, retention and the move to a dead-letter queue.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Config, Credentials, Region};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::Instant;

pub use crate::embedded_aws::{Call, Fault};
use crate::embedded_aws::{Refusal, Service, http_client};

const ENDPOINT: &str = "http://queues.invalid";
const ACCOUNT: &str = "000000000000";
/// SQS's default.
const VISIBILITY: Duration = Duration::from_secs(30);
const BATCH_MAX: usize = 10;
/// How often a waiting receiver looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Our clients do not compare digests.
const NO_DIGEST: &str = "00000000000000000000000000000000";

/// Queues in memory. Clones, and all clients made from them, share them.
#[derive(Clone, Default)]
pub struct EmbeddedSqs {
    queues: Arc<Mutex<BTreeMap<String, Queue>>>,
}

#[derive(Default)]
struct Queue {
    visibility: Duration,
    /// Oldest first.
    messages: Vec<Message>,
    sent: u64,
}

struct Message {
    id: String,
    body: String,
    receives: u32,
    visible_at: Instant,
}

impl Message {
    /// Changes with every receive: only the last receiver can delete or hold the message.
    fn handle(&self) -> String {
        format!("{}#{}", self.id, self.receives)
    }

    fn is_visible(&self) -> bool {
        self.visible_at <= Instant::now()
    }

    fn receive(&mut self, hidden: Duration) -> Value {
        self.receives += 1;
        self.visible_at = Instant::now() + hidden;
        json!({
            "MessageId": self.id,
            "ReceiptHandle": self.handle(),
            "Body": self.body,
            "MD5OfBody": NO_DIGEST,
            "Attributes": {"ApproximateReceiveCount": self.receives.to_string()},
        })
    }
}

impl EmbeddedSqs {
    pub fn new() -> Self {
        Self::default()
    }

    /// A client whose calls all arrive and are all answered.
    pub fn client(&self) -> Client {
        self.client_with(|_| Fault::None)
    }

    /// A client whose calls fail as `faults` says. The client tries each call once.
    pub fn client_with(&self, faults: impl Fn(&Call) -> Fault + Send + Sync + 'static) -> Client {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .endpoint_url(ENDPOINT)
            .credentials_provider(Credentials::new("embedded", "embedded", None, None, "tests"))
            .retry_config(RetryConfig::disabled())
            .http_client(http_client(self.clone(), faults))
            .build();
        Client::from_conf(config)
    }

    /// Makes a queue unless there is one of this name, and gives its URL.
    pub fn queue(&self, name: &str) -> String {
        self.make(name, VISIBILITY)
    }

    /// What is in a queue, received or not, oldest first.
    ///
    /// # Panics
    /// When the queue does not exist, or a message does not read as `T`.
    pub fn messages<T: DeserializeOwned>(&self, url: &str) -> Vec<T> {
        let queues = self.queues();
        let messages = queues[name_of(url)].messages.iter();
        messages
            .map(|message| serde_json::from_str(&message.body).expect("a message of this queue"))
            .collect()
    }

    /// What Lambda would hand to a function: up to ten visible messages, which this hides. The event is
    /// empty when there are none.
    ///
    /// # Panics
    /// When the queue does not exist.
    pub fn take(&self, url: &str) -> SqsEvent {
        let messages = self.receive(name_of(url), BATCH_MAX, None).expect("the queue exists");
        let records: Vec<Value> = messages.iter().map(delivered).collect();
        serde_json::from_value(json!({"Records": records})).expect("the shape of an event")
    }

    /// What Lambda would do with a function's answer: the messages that did not fail are deleted, the
    /// others come again at once.
    ///
    /// # Panics
    /// When the queue does not exist.
    pub fn finish(&self, url: &str, taken: &SqsEvent, answer: &SqsBatchResponse) {
        let mut queues = self.queues();
        let queue = queues.get_mut(name_of(url)).expect("the queue exists");
        let taken = |message: &Message| {
            taken.records.iter().any(|record| record.receipt_handle == Some(message.handle()))
        };
        let failed = |message: &Message| {
            answer.batch_item_failures.iter().any(|failure| failure.item_identifier == message.id)
        };
        queue.messages.retain(|message| !taken(message) || failed(message));
        for message in queue.messages.iter_mut().filter(|message| failed(message)) {
            message.visible_at = Instant::now();
        }
    }

    fn queues(&self) -> MutexGuard<'_, BTreeMap<String, Queue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn make(&self, name: &str, visibility: Duration) -> String {
        let new = || Queue { visibility, ..Queue::default() };
        self.queues().entry(name.to_owned()).or_insert_with(new);
        format!("{ENDPOINT}/{ACCOUNT}/{name}")
    }

    fn with<T>(&self, name: &str, act: impl FnOnce(&mut Queue) -> T) -> Result<T, Refusal> {
        self.queues().get_mut(name).map(act).ok_or_else(|| Refusal {
            kind: "com.amazonaws.sqs#QueueDoesNotExist",
            query_code: Some("AWS.SimpleQueueService.NonExistentQueue"),
            message: format!("there is no queue {name}"),
        })
    }

    fn send(&self, name: &str, body: &Value) -> Result<Value, Refusal> {
        self.with(name, |queue| {
            queue.sent += 1;
            let id = format!("{name}-{}", queue.sent);
            queue.messages.push(Message {
                id: id.clone(),
                body: text(body).to_owned(),
                receives: 0,
                visible_at: Instant::now(),
            });
            json!({"MessageId": id, "MD5OfMessageBody": NO_DIGEST})
        })
    }

    fn send_batch(&self, name: &str, entries: &Value) -> Result<Value, Refusal> {
        let mut sent = Vec::new();
        for entry in entries.as_array().into_iter().flatten() {
            let mut answer = self.send(name, &entry["MessageBody"])?;
            answer["Id"] = entry["Id"].clone();
            sent.push(answer);
        }
        Ok(json!({"Successful": sent, "Failed": []}))
    }

    fn receive(&self, name: &str, most: usize, hidden: Option<Duration>) -> Result<Vec<Value>, Refusal> {
        self.with(name, |queue| {
            let hidden = hidden.unwrap_or(queue.visibility);
            let visible = queue.messages.iter_mut().filter(|message| message.is_visible());
            visible.take(most).map(|message| message.receive(hidden)).collect()
        })
    }

    async fn receive_or_wait(&self, name: &str, body: &Value) -> Result<Value, Refusal> {
        let most = body["MaxNumberOfMessages"].as_u64().map_or(1, |most| most as usize).min(BATCH_MAX);
        let until = Instant::now() + seconds(&body["WaitTimeSeconds"]).unwrap_or_default();
        loop {
            let messages = self.receive(name, most, seconds(&body["VisibilityTimeout"]))?;
            if !messages.is_empty() {
                return Ok(json!({"Messages": messages}));
            }
            if until <= Instant::now() {
                return Ok(json!({}));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// SQS takes a stale handle too, and does nothing.
    fn delete(&self, name: &str, handle: &str) -> Result<Value, Refusal> {
        self.with(name, |queue| queue.messages.retain(|message| message.handle() != handle))?;
        Ok(json!({}))
    }

    fn hold(&self, name: &str, handle: &str, duration: Duration) -> Result<Value, Refusal> {
        let held = self.with(name, |queue| {
            let is_held = |message: &&mut Message| message.handle() == handle && !message.is_visible();
            let message = queue.messages.iter_mut().find(is_held)?;
            message.visible_at = Instant::now() + duration;
            Some(json!({}))
        })?;
        held.ok_or_else(|| Refusal {
            kind: "com.amazonaws.sqs#MessageNotInflight",
            query_code: Some("AWS.SimpleQueueService.MessageNotInflight"),
            message: "nobody holds the message by this handle".to_owned(),
        })
    }
}

impl Service for EmbeddedSqs {
    const MEDIA_TYPE: &'static str = "application/x-amz-json-1.0";

    async fn call(&self, operation: &str, body: Value) -> Result<Value, Refusal> {
        let name = name_of(text(&body["QueueUrl"]));
        match operation {
            "CreateQueue" => {
                let visibility = text(&body["Attributes"]["VisibilityTimeout"]).parse().ok();
                let visibility = visibility.map_or(VISIBILITY, Duration::from_secs);
                Ok(json!({"QueueUrl": self.make(text(&body["QueueName"]), visibility)}))
            }
            "GetQueueUrl" => {
                let name = text(&body["QueueName"]);
                self.with(name, |_| json!({"QueueUrl": format!("{ENDPOINT}/{ACCOUNT}/{name}")}))
            }
            "SendMessage" => self.send(name, &body["MessageBody"]),
            "SendMessageBatch" => self.send_batch(name, &body["Entries"]),
            "ReceiveMessage" => self.receive_or_wait(name, &body).await,
            "DeleteMessage" => self.delete(name, text(&body["ReceiptHandle"])),
            "ChangeMessageVisibility" => {
                let duration = seconds(&body["VisibilityTimeout"]).unwrap_or_default();
                self.hold(name, text(&body["ReceiptHandle"]), duration)
            }
            other => Err(Refusal {
                kind: "com.amazonaws.sqs#UnsupportedOperation",
                query_code: Some("AWS.SimpleQueueService.UnsupportedOperation"),
                message: format!("the embedded SQS of the tests does not serve {other}"),
            }),
        }
    }
}

fn name_of(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn seconds(value: &Value) -> Option<Duration> {
    value.as_u64().map(Duration::from_secs)
}

/// A received message as Lambda's event has it.
fn delivered(message: &Value) -> Value {
    json!({
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "eventSource": "aws:sqs",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use queue::{Job, Receiver, Sender, connection_queue};

    fn job(number: u128) -> Job {
        let connection = domain::id::ConnectionId::new(1);
        let batch = domain::id::BatchId::new(number);
        Job::SubmitV1 { message: domain::id::MessageId::in_batch(&batch, 0), connection }
    }

    #[tokio::test(start_paused = true)]
    async fn a_received_message_comes_again_unless_it_is_deleted() {
        let sqs = EmbeddedSqs::new();
        let url = sqs.queue("jobs");
        Sender::new(sqs.client(), url.clone()).send(&job(1)).await.unwrap();
        let receiver = Receiver::new(sqs.client(), url.clone());
        let first = receiver.receive::<Job>(10).await.unwrap();
        assert_eq!(first[0].content, job(1));
        // It is hidden for 30 s, and a receiver waits for 20.
        assert!(receiver.receive::<Job>(10).await.unwrap().is_empty());
        let again = receiver.receive::<Job>(10).await.unwrap();
        receiver.delete(&first[0].handle).await.unwrap();
        assert_eq!(sqs.messages::<Job>(&url), [job(1)], "the first receiver's handle is stale");
        receiver.delete(&again[0].handle).await.unwrap();
        assert_eq!(sqs.messages::<Job>(&url), []);
    }

    #[tokio::test(start_paused = true)]
    async fn a_held_message_stays_away_for_as_long_as_is_asked() {
        let sqs = EmbeddedSqs::new();
        let url = sqs.queue("jobs");
        Sender::new(sqs.client(), url.clone()).send(&job(1)).await.unwrap();
        let receiver = Receiver::new(sqs.client(), url);
        let held = receiver.receive::<Job>(1).await.unwrap();
        receiver.hold(&held[0].handle, Duration::ZERO).await.unwrap();
        assert_eq!(receiver.receive::<Job>(1).await.unwrap().len(), 1);
        assert!(receiver.hold(&held[0].handle, Duration::ZERO).await.is_err(), "a stale handle");
    }

    #[tokio::test]
    async fn many_are_sent_by_the_ten_and_taken_by_the_ten() {
        let sqs = EmbeddedSqs::new();
        let dead = "arn:aws:sqs:eu-central-1:000000000000:dead";
        let connection = domain::id::ConnectionId::new(1);
        let url = connection_queue(&sqs.client(), "t-", &connection, dead).await.unwrap();
        let jobs: Vec<_> = (0..23).map(job).collect();
        Sender::new(sqs.client(), url.clone()).send_all(&jobs).await.unwrap();
        assert_eq!(sqs.messages::<Job>(&url), jobs);
        let taken = sqs.take(&url);
        assert_eq!(taken.records.len(), 10);
        sqs.finish(&url, &taken, &SqsBatchResponse::default());
        assert_eq!(sqs.messages::<Job>(&url), jobs[10..]);
    }

    #[tokio::test]
    async fn a_lost_answer_leaves_the_message_sent_and_a_failure_does_not() {
        let sqs = EmbeddedSqs::new();
        let url = sqs.queue("jobs");
        let client = sqs.client_with(|call| match call.number {
            1 => Fault::RequestLost,
            2 => Fault::Failure,
            _ => Fault::AnswerLost,
        });
        let sender = Sender::new(client, url.clone());
        for number in 1..=3 {
            assert!(sender.send(&job(number)).await.is_err());
        }
        assert_eq!(sqs.messages::<Job>(&url), [job(3)]);
    }

    #[tokio::test]
    async fn a_queue_that_is_not_there_is_an_error() {
        let sqs = EmbeddedSqs::new();
        let missing = sqs.client().get_queue_url().queue_name("missing").send().await.unwrap_err();
        assert!(missing.as_service_error().is_some_and(|error| error.is_queue_does_not_exist()));
    }
}
