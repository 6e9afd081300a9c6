//! SQS behind the real AWS client, in this process: the client signs and sends as in production, but its
//! HTTP connector hands the request to queues in memory. A received message stays invisible for the
//! queue's time (`tokio`'s, so a test may pause it) and then comes again; one that is older than its
//! queue keeps is gone.
//!
//! A queue whose name ends in `.fifo` keeps the order of each group: while somebody has messages of a
//! group, nobody gets others of it. A name that was used in the last five minutes is a repeat.
//!
//! Not here: the move to a dead-letter queue.

use std::collections::{BTreeMap, BTreeSet};
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
/// SQS's defaults.
const VISIBILITY: Duration = Duration::from_secs(30);
const RETENTION: Duration = Duration::from_secs(4 * 24 * 3600);
/// How long a FIFO queue knows a repeat.
const REMEMBERED: Duration = Duration::from_secs(5 * 60);
const BATCH_MAX: usize = 10;
/// How often a waiting receiver looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Our clients do not compare digests.
const NO_DIGEST: &str = "00000000000000000000000000000000";

/// Queues in memory. Clones, and all clients made from them, share them.
#[derive(Clone, Default)]
pub struct EmbeddedSqs {
    queues: Arc<Mutex<BTreeMap<String, Queue>>>,
    calls: Arc<Mutex<BTreeMap<String, u64>>>,
}

struct Queue {
    is_fifo: bool,
    visibility: Duration,
    retention: Duration,
    /// Oldest first.
    messages: Vec<Message>,
    sent: u64,
    /// Of a FIFO queue: the messages by the names they were sent under, and until when they are known.
    names: BTreeMap<String, (String, Instant)>,
}

impl Queue {
    fn new(name: &str, visibility: Duration, retention: Duration) -> Self {
        let (messages, names) = (Vec::new(), BTreeMap::new());
        Self { is_fifo: name.ends_with(".fifo"), visibility, retention, messages, sent: 0, names }
    }

    fn forget_old(&mut self) {
        let now = Instant::now();
        self.messages.retain(|message| now < message.sent_at + self.retention);
        self.names.retain(|_, (_, until)| now < *until);
    }

    /// The groups of which somebody has messages.
    fn groups_in_flight(&self) -> BTreeSet<String> {
        let in_flight = self.messages.iter().filter(|message| !message.is_visible());
        in_flight.filter_map(|message| message.group.clone()).collect()
    }
}

struct Message {
    id: String,
    /// In a FIFO queue.
    group: Option<String>,
    body: String,
    sent_at: Instant,
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

    /// How many calls there were of each operation on each queue.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes a queue unless there is one of this name, and gives its URL.
    pub fn queue(&self, name: &str) -> String {
        self.make(name, VISIBILITY, RETENTION)
    }

    /// How often each message of a queue was received, oldest first.
    pub fn receives(&self, url: &str) -> Vec<u32> {
        self.with(name_of(url), |queue| queue.messages.iter().map(|message| message.receives).collect())
            .expect("the queue exists")
    }

    /// What is in a queue, received or not, oldest first.
    ///
    /// # Panics
    /// When the queue does not exist, or a message does not read as `T`.
    pub fn messages<T: DeserializeOwned>(&self, url: &str) -> Vec<T> {
        let mut queues = self.queues();
        let queue = queues.get_mut(name_of(url)).expect("the queue exists");
        queue.forget_old();
        let messages = queue.messages.iter();
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

    fn make(&self, name: &str, visibility: Duration, retention: Duration) -> String {
        let new = || Queue::new(name, visibility, retention);
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

    /// `message` is a call, or an entry of one.
    fn send(&self, name: &str, message: &Value) -> Result<Value, Refusal> {
        self.with(name, |queue| {
            queue.forget_old();
            let group = message["MessageGroupId"].as_str().map(str::to_owned);
            let once = message["MessageDeduplicationId"].as_str();
            if queue.is_fifo && group.is_none() {
                return Err(refusal("MissingParameter", "a FIFO queue wants a MessageGroupId"));
            }
            if queue.is_fifo && once.is_none() {
                return Err(refusal("InvalidParameterValue", "a FIFO queue wants a MessageDeduplicationId"));
            }
            if let Some((id, _)) = once.and_then(|once| queue.names.get(once)) {
                return Ok(json!({"MessageId": id, "MD5OfMessageBody": NO_DIGEST}));
            }
            queue.sent += 1;
            let (id, now) = (format!("{name}-{}", queue.sent), Instant::now());
            if let Some(once) = once {
                queue.names.insert(once.to_owned(), (id.clone(), now + REMEMBERED));
            }
            let body = text(&message["MessageBody"]).to_owned();
            let group = group.filter(|_| queue.is_fifo);
            let visible_at = now + seconds(&message["DelaySeconds"]).unwrap_or_default();
            let message = Message { id: id.clone(), group, body, sent_at: now, receives: 0, visible_at };
            queue.messages.push(message);
            Ok(json!({"MessageId": id, "MD5OfMessageBody": NO_DIGEST}))
        })?
    }

    fn send_batch(&self, name: &str, entries: &Value) -> Result<Value, Refusal> {
        let mut sent = Vec::new();
        for entry in entries.as_array().into_iter().flatten() {
            let mut answer = self.send(name, entry)?;
            answer["Id"] = entry["Id"].clone();
            sent.push(answer);
        }
        Ok(json!({"Successful": sent, "Failed": []}))
    }

    fn receive(&self, name: &str, most: usize, hidden: Option<Duration>) -> Result<Vec<Value>, Refusal> {
        self.with(name, |queue| {
            queue.forget_old();
            let hidden = hidden.unwrap_or(queue.visibility);
            let taken = queue.groups_in_flight();
            let is_free = |message: &&mut Message| {
                message.is_visible() && message.group.as_ref().is_none_or(|group| !taken.contains(group))
            };
            let free = queue.messages.iter_mut().filter(is_free);
            free.take(most).map(|message| message.receive(hidden)).collect()
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

    /// SQS takes a stale handle too, and does nothing; in a FIFO queue it is an error to have held a
    /// message for too long.
    fn delete(&self, name: &str, handle: &str) -> Result<Value, Refusal> {
        self.with(name, |queue| {
            let is_it = |message: &Message| message.handle() == handle;
            if queue.is_fifo && queue.messages.iter().any(|message| is_it(message) && message.is_visible()) {
                return Err(refusal("InvalidParameterValue", "the receipt handle has expired"));
            }
            queue.messages.retain(|message| !is_it(message));
            Ok(json!({}))
        })?
    }

    fn delete_batch(&self, name: &str, entries: &Value) -> Result<Value, Refusal> {
        let mut deleted = Vec::new();
        for entry in entries.as_array().into_iter().flatten() {
            self.delete(name, text(&entry["ReceiptHandle"]))?;
            deleted.push(json!({"Id": entry["Id"]}));
        }
        Ok(json!({"Successful": deleted, "Failed": []}))
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
        let call = format!("{operation} {name}");
        *self.calls.lock().unwrap_or_else(PoisonError::into_inner).entry(call).or_default() += 1;
        match operation {
            "CreateQueue" => {
                let attribute = |name: &str| text(&body["Attributes"][name]).parse().ok();
                let visibility = attribute("VisibilityTimeout").map_or(VISIBILITY, Duration::from_secs);
                let retention = attribute("MessageRetentionPeriod").map_or(RETENTION, Duration::from_secs);
                Ok(json!({"QueueUrl": self.make(text(&body["QueueName"]), visibility, retention)}))
            }
            "GetQueueUrl" => {
                let name = text(&body["QueueName"]);
                self.with(name, |_| json!({"QueueUrl": format!("{ENDPOINT}/{ACCOUNT}/{name}")}))
            }
            "SendMessage" => self.send(name, &body),
            "SendMessageBatch" => self.send_batch(name, &body["Entries"]),
            "ReceiveMessage" => self.receive_or_wait(name, &body).await,
            "DeleteMessage" => self.delete(name, text(&body["ReceiptHandle"])),
            "DeleteMessageBatch" => self.delete_batch(name, &body["Entries"]),
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

fn refusal(code: &'static str, message: &str) -> Refusal {
    Refusal { kind: code, query_code: None, message: message.to_owned() }
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
    use queue::{Job, Receiver, Sender, client_queue, connection_queue};

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

    async fn ordered(sqs: &EmbeddedSqs) -> (Sender, Receiver, String) {
        let connection = domain::id::ConnectionId::new(1);
        let url = client_queue(&sqs.client(), "t-", &connection).await.unwrap();
        (Sender::new(sqs.client(), url.clone()), Receiver::new(sqs.client(), url.clone()), url)
    }

    fn numbers(received: &[queue::Received<u32>]) -> Vec<u32> {
        received.iter().map(|received| received.content).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_group_keeps_its_order_and_nobody_gets_more_of_it_while_somebody_has_some() {
        let sqs = EmbeddedSqs::new();
        let (sender, receiver, url) = ordered(&sqs).await;
        let named = |number: u32| (number.to_string(), number);
        sender.send_group("a", &[1, 2, 3].map(named)).await.unwrap();
        sender.send_group("b", &[4].map(named)).await.unwrap();
        let first = receiver.receive::<u32>(2).await.unwrap();
        assert_eq!(numbers(&first), [1, 2]);
        assert_eq!(numbers(&receiver.receive::<u32>(10).await.unwrap()), [4], "another group goes on");
        receiver.delete(&first[0].handle).await.unwrap();
        assert_eq!(numbers(&receiver.receive::<u32>(10).await.unwrap()), [0; 0], "one is still out");
        receiver.hold(&first[1].handle, Duration::ZERO).await.unwrap();
        assert_eq!(numbers(&receiver.receive::<u32>(10).await.unwrap()), [2, 3]);
        assert!(receiver.delete(&first[1].handle).await.is_ok(), "a stale handle deletes nothing");
        assert_eq!(sqs.messages::<u32>(&url), [2, 3, 4]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_repeat_of_the_last_five_minutes_is_not_sent_and_what_is_old_is_gone() {
        let sqs = EmbeddedSqs::new();
        let (sender, _, url) = ordered(&sqs).await;
        for _ in 0..2 {
            sender.send_group("a", &[("one".to_owned(), 1)]).await.unwrap();
        }
        assert_eq!(sqs.messages::<u32>(&url), [1]);
        tokio::time::advance(REMEMBERED).await;
        sender.send_group("a", &[("one".to_owned(), 2)]).await.unwrap();
        assert_eq!(sqs.messages::<u32>(&url), [1, 2]);
        tokio::time::advance(Duration::from_secs(72 * 3600) - REMEMBERED).await;
        assert_eq!(sqs.messages::<u32>(&url), [2]);
        assert!(Sender::new(sqs.client(), url).send(&3).await.is_err(), "it has no group");
    }

    #[tokio::test]
    async fn a_queue_that_is_not_there_is_an_error() {
        let sqs = EmbeddedSqs::new();
        let missing = sqs.client().get_queue_url().queue_name("missing").send().await.unwrap_err();
        assert!(missing.as_service_error().is_some_and(|error| error.is_queue_does_not_exist()));
    }
}
