//! The client's HTTP connector: takes the signed request, lets the faults have their way with it,
//! applies it in this process and gives the client an HTTP response.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use super::dispatch;
use super::engine::{Answer, Engine};
use super::faults::{Call, Fault, Faults};

/// The connection of one client, and of what stands for one process in a test.
#[derive(Clone)]
pub(super) struct Connector {
    engine: Arc<Engine>,
    faults: Arc<dyn Faults>,
    calls: Arc<AtomicU64>,
    dead: Arc<AtomicBool>,
    /// Whether what its calls consume is noted.
    noted: bool,
}

impl Connector {
    pub(super) fn new(engine: Arc<Engine>, faults: Arc<dyn Faults>) -> Self {
        Self { engine, faults, calls: Arc::default(), dead: Arc::default(), noted: true }
    }

    pub(super) fn unnoted(engine: Arc<Engine>, faults: Arc<dyn Faults>) -> Self {
        Self { noted: false, ..Self::new(engine, faults) }
    }

    async fn answer(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        self.fail_if_dead()?;
        let operation = operation(&request)?.to_owned();
        let body = request.body().bytes().unwrap_or_default();
        let mut body: Value = serde_json::from_slice(body).map_err(|e| ConnectorError::user(e.into()))?;
        self.faults.rewrite(&operation, &mut body);
        let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let call =
            Call { number, operation: &operation, is_write: dispatch::is_write(&operation), body: &body };
        let fault = self.faults.decide(&call);
        pause(self.faults.latency(&call)).await;
        // Another call of this client can have killed the process in the meantime.
        self.fail_if_dead()?;
        let outcome = self.carry_out(fault, number, &operation, body);
        // Lets other tasks see the change before this one does.
        pause(Duration::ZERO).await;
        outcome.and_then(response)
    }

    fn carry_out(
        &self,
        fault: Fault,
        number: u64,
        operation: &str,
        body: Value,
    ) -> Result<Answer, ConnectorError> {
        match fault {
            Fault::None => Ok(self.apply(number, operation, body)),
            Fault::ConflictBeforeApply => {
                Ok(conflict(number, operation, &body).unwrap_or_else(|| self.apply(number, operation, body)))
            }
            Fault::ConflictBesideRefusal => Ok(self
                .conflict_beside_refusal(number, operation, &body)
                .or_else(|| conflict(number, operation, &body))
                .unwrap_or_else(|| self.apply(number, operation, body))),
            Fault::Throttle => Ok(throttle(operation, &body)),
            Fault::TimeoutNotApplied => Err(timeout()),
            Fault::TimeoutAppliedAnswerLost => {
                self.apply(number, operation, body);
                Err(timeout())
            }
            Fault::Kill => Err(self.die()),
            Fault::KillAfterApply => {
                self.apply(number, operation, body);
                Err(self.die())
            }
        }
    }

    /// Tells the faults of a write that was applied.
    fn apply(&self, number: u64, operation: &str, body: Value) -> Answer {
        if self.noted {
            return self.engine.apply(operation, body);
        }
        let answer = self.engine.apply_unnoted(operation, &body);
        let is_write = dispatch::is_write(operation);
        if is_write && answer.status == 200 {
            self.faults.applied(&Call { number, operation, is_write, body: &body });
        }
        answer
    }

    /// What a transaction is refused for, and a conflict at the first item that is not to blame. None if
    /// no condition refuses it.
    fn conflict_beside_refusal(&self, number: u64, operation: &str, body: &Value) -> Option<Answer> {
        if operation != "TransactWriteItems" {
            return None;
        }
        // A condition that nothing meets, so that it is judged and not applied.
        let mut judged = body.clone();
        let table = judged["TransactItems"][0].as_object()?.values().next()?["TableName"].clone();
        let impossible = json!({"ConditionCheck": {
            "TableName": table,
            "Key": {"pk": {"S": format!("nothing {number}")}, "sk": {"S": "nothing"}},
            "ConditionExpression": "attribute_exists(pk)",
        }});
        judged["TransactItems"].as_array_mut()?.push(impossible);
        let answer = self.engine.apply_unnoted(operation, &judged);
        let mut answer: Value = serde_json::from_str(&answer.body).ok()?;
        let reasons = answer["CancellationReasons"].as_array_mut()?;
        reasons.pop();
        let refused = reasons.iter().any(|reason| reason["Code"] == "ConditionalCheckFailed");
        let free = reasons.iter_mut().find(|reason| reason["Code"] == "None").filter(|_| refused)?;
        *free = json!({"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"});
        Some(Answer { status: 400, body: answer.to_string() })
    }

    fn die(&self) -> ConnectorError {
        self.dead.store(true, Ordering::SeqCst);
        dead()
    }

    fn fail_if_dead(&self) -> Result<(), ConnectorError> {
        if self.dead.load(Ordering::SeqCst) {
            return Err(dead());
        }
        Ok(())
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().answer(request))
    }
}

impl HttpClient for Connector {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Connector to the embedded DynamoDB")
    }
}

/// Without a latency the other tasks still get a turn.
async fn pause(latency: Duration) {
    if latency.is_zero() {
        tokio::task::yield_now().await;
    } else {
        tokio::time::sleep(latency).await;
    }
}

/// The operation follows the API's version in the target: `DynamoDB_20120810.PutItem`.
fn operation(request: &HttpRequest) -> Result<&str, ConnectorError> {
    let target = request.headers().get("x-amz-target");
    let operation = target.and_then(|target| target.split_once('.'));
    match operation {
        Some((_, operation)) => Ok(operation),
        None => Err(ConnectorError::user("no operation in the request".into())),
    }
}

fn response(answer: Answer) -> Result<HttpResponse, ConnectorError> {
    let other = |error: aws_smithy_runtime_api::http::HttpError| ConnectorError::other(error.into(), None);
    let status = answer
        .status
        .try_into()
        .map_err(|_| ConnectorError::other("the database answered with no HTTP status".into(), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
    let headers = response.headers_mut();
    headers.try_insert("content-type", "application/x-amz-json-1.0").map_err(other)?;
    Ok(response)
}

fn timeout() -> ConnectorError {
    let cause = io::Error::new(io::ErrorKind::TimedOut, "no answer in time (a test's fault)");
    ConnectorError::timeout(cause.into())
}

fn dead() -> ConnectorError {
    let cause = io::Error::new(io::ErrorKind::ConnectionAborted, "the process died (a test's fault)");
    ConnectorError::io(cause.into())
}

/// How a conflict with another transaction reads, where the operation can have one. Of a
/// transaction's items one conflicts, and which one differs from call to call.
fn conflict(number: u64, operation: &str, body: &Value) -> Option<Answer> {
    match operation {
        "TransactWriteItems" | "TransactGetItems" => {
            let message = "Transaction is ongoing for the item";
            Some(cancelled(body, number, "TransactionConflict", message))
        }
        "PutItem" | "UpdateItem" | "DeleteItem" => {
            let message = "Transaction is ongoing for the item";
            Some(refused("TransactionConflictException", message))
        }
        "BatchWriteItem" => {
            Some(Answer { status: 200, body: json!({"UnprocessedItems": body["RequestItems"]}).to_string() })
        }
        _ => None,
    }
}

/// How used-up capacity reads: as a cancelled transaction, else as an error of its own.
fn throttle(operation: &str, body: &Value) -> Answer {
    let message = "Throughput exceeds the current capacity of your table or index.";
    match operation {
        "TransactWriteItems" | "TransactGetItems" => cancelled(body, 0, "ThrottlingError", message),
        _ => refused("ProvisionedThroughputExceededException", message),
    }
}

fn refused(kind: &str, message: &str) -> Answer {
    let kind = format!("com.amazonaws.dynamodb.v20120810#{kind}");
    Answer { status: 400, body: json!({"__type": kind, "message": message}).to_string() }
}

/// A transaction cancelled because of its `number`-th item, counted around.
fn cancelled(body: &Value, number: u64, code: &str, message: &str) -> Answer {
    let items = body["TransactItems"].as_array().map_or(1, Vec::len).max(1);
    let culprit = number % items as u64;
    let reason = |item| match item == culprit {
        true => json!({"Code": code, "Message": message}),
        false => json!({"Code": "None"}),
    };
    let reasons: Vec<Value> = (0..items as u64).map(reason).collect();
    let codes: Vec<&str> = reasons.iter().filter_map(|r| r["Code"].as_str()).collect();
    let message = format!(
        "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
        codes.join(", ")
    );
    let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    let body = json!({"__type": kind, "Message": message, "CancellationReasons": reasons});
    Answer { status: 400, body: body.to_string() }
}
