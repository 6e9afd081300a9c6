//! AWS clients whose service runs on another runtime than they do, as if it were another machine.

use aws_sdk_sqs::config::StalledStreamProtectionConfig;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

pub fn dynamodb(client: &aws_sdk_dynamodb::Client, runtime: &Handle) -> aws_sdk_dynamodb::Client {
    let config = client.config();
    let inner = config.http_client().expect("a client over HTTP");
    let config = config.to_builder().http_client(Elsewhere { inner, runtime: runtime.clone() });
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

pub fn sqs(client: &aws_sdk_sqs::Client, runtime: &Handle) -> aws_sdk_sqs::Client {
    let config = client.config();
    let inner = config.http_client().expect("a client over HTTP");
    let config = config
        .to_builder()
        // Nobody reads the request's body as a stream, so a long wait for messages would seem a stall.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .http_client(Elsewhere { inner, runtime: runtime.clone() });
    aws_sdk_sqs::Client::from_conf(config.build())
}

#[derive(Debug, Clone)]
struct Elsewhere {
    inner: SharedHttpClient,
    runtime: Handle,
}

impl HttpClient for Elsewhere {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Connector { inner, runtime: self.runtime.clone() })
    }
}

#[derive(Debug, Clone)]
struct Connector {
    inner: SharedHttpConnector,
    runtime: Handle,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let inner = self.inner.clone();
        let mut answer = Call(self.runtime.spawn(async move { inner.call(request).await }));
        HttpConnectorFuture::new(async move {
            (&mut answer.0).await.unwrap_or_else(|error| Err(ConnectorError::other(error.into(), None)))
        })
    }
}

/// A call whose caller may hang up: then it is broken off.
struct Call(JoinHandle<Result<HttpResponse, ConnectorError>>);

impl Drop for Call {
    fn drop(&mut self) {
        self.0.abort();
    }
}
