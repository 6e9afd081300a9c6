//! What the embedded AWS services have in common: the HTTP connector of a real AWS client, which hands
//! each signed request to a service in this process, and the faults a test puts on the way.

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::HttpError;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

/// A service that speaks AWS's JSON protocol.
pub(crate) trait Service: Clone + Send + Sync + 'static {
    /// Its media type, such as `application/x-amz-json-1.0`.
    const MEDIA_TYPE: &'static str;

    /// Carries out one operation.
    fn call(&self, operation: &str, body: Value) -> impl Future<Output = Result<Value, Refusal>> + Send;
}

/// An error that the service answers with.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// With its namespace, such as `com.amazonaws.sqs#QueueDoesNotExist`.
    pub kind: &'static str,
    /// What services that once spoke XML still call it, if this is one.
    pub query_code: Option<&'static str>,
    pub message: String,
}

/// One HTTP request of a client.
pub struct Call<'a> {
    /// Counts the calls of this client from 1.
    pub number: u64,
    /// The operation's name as in the API, such as `SendMessage`.
    pub operation: &'a str,
    pub body: &'a Value,
}

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is carried out and answered.
    None,
    /// The request gets lost: nothing is carried out, and the client's connection times out.
    RequestLost,
    /// It is carried out, and its answer gets lost: the client's connection times out.
    AnswerLost,
    /// The service answers with status 500 and does nothing.
    Failure,
}

type Faults = Arc<dyn Fn(&Call) -> Fault + Send + Sync>;

/// The HTTP client of one AWS client.
pub(crate) fn http_client<S: Service>(
    service: S,
    faults: impl Fn(&Call) -> Fault + Send + Sync + 'static,
) -> SharedHttpClient {
    SharedHttpClient::new(Connector { service, faults: Arc::new(faults), calls: Arc::default() })
}

#[derive(Clone)]
struct Connector<S> {
    service: S,
    faults: Faults,
    calls: Arc<AtomicU64>,
}

impl<S: Service> Connector<S> {
    async fn answer(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let target = request.headers().get("x-amz-target").and_then(|target| target.split_once('.'));
        let (_, operation) = target.ok_or_else(|| ConnectorError::user("no operation named".into()))?;
        let body = request.body().bytes().unwrap_or_default();
        let body: Value = serde_json::from_slice(body).map_err(|error| ConnectorError::user(error.into()))?;
        let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let fault = (self.faults)(&Call { number, operation, body: &body });
        // Other tasks get a turn, as they do while a request is under way.
        tokio::task::yield_now().await;
        match fault {
            Fault::None => response::<S>(self.service.call(operation, body).await),
            Fault::RequestLost => Err(timeout()),
            Fault::AnswerLost => {
                // Nobody is told, whatever it was.
                let _ = self.service.call(operation, body).await;
                Err(timeout())
            }
            Fault::Failure => {
                respond::<S>(500, json!({"__type": "InternalFailure", "message": "a test's fault"}))
            }
        }
    }
}

fn response<S: Service>(answer: Result<Value, Refusal>) -> Result<HttpResponse, ConnectorError> {
    let Refusal { kind, query_code, message } = match answer {
        Ok(answer) => return respond::<S>(200, answer),
        Err(refusal) => refusal,
    };
    let mut response = respond::<S>(400, json!({"__type": kind, "message": message}))?;
    if let Some(code) = query_code {
        insert(&mut response, "x-amzn-query-error", format!("{code};Sender"))?;
    }
    Ok(response)
}

fn respond<S: Service>(status: u16, body: Value) -> Result<HttpResponse, ConnectorError> {
    let status = status.try_into().map_err(|_| ConnectorError::other("no HTTP status".into(), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(body.to_string()));
    insert(&mut response, "content-type", S::MEDIA_TYPE.to_owned())?;
    Ok(response)
}

fn insert(response: &mut HttpResponse, name: &'static str, value: String) -> Result<(), ConnectorError> {
    let other = |error: HttpError| ConnectorError::other(error.into(), None);
    response.headers_mut().try_insert(name, value).map(drop).map_err(other)
}

pub(crate) fn timeout() -> ConnectorError {
    let cause = io::Error::new(io::ErrorKind::TimedOut, "no answer in time (a test's fault)");
    ConnectorError::timeout(cause.into())
}

impl<S: Service> HttpConnector for Connector<S> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().answer(request))
    }
}

impl<S: Service> HttpClient for Connector<S> {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl<S> fmt::Debug for Connector<S> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Connector to an embedded service")
    }
}
