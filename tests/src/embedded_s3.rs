//! S3 behind the real AWS client, in this process: the client signs and sends as in production, but its HTTP
//! connector hands the request to objects in memory. Puts may be conditional, and are atomic, as S3's are.
//!
//! Not here: versions, parts of an upload, checks of signatures.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Config, Credentials, Region};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::HttpError;
use aws_smithy_types::body::SdkBody;
use sha2::{Digest, Sha256};
use store::Archive;

use crate::embedded_aws::timeout;

pub use crate::embedded_aws::Fault;

/// The bucket of [`EmbeddedS3::archive`].
pub const ARCHIVE: &str = "archive";
const ENDPOINT: &str = "http://buckets.invalid";
/// Of one answer to a list, as S3 has it.
const LISTED_MAX: usize = 1_000;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Counts the requests of this client from 1.
    pub number: u64,
    /// As in the API, such as `PutObject`.
    pub operation: &'static str,
    /// The bucket and the object's key behind a slash; of lists and deletions the bucket alone.
    pub path: String,
}

type Faults = Arc<dyn Fn(&Call) -> Fault + Send + Sync>;

/// Buckets in memory; one is there as soon as it is named. Clones, and all clients made from them, share them.
#[derive(Clone, Default)]
pub struct EmbeddedS3 {
    objects: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    requests: Arc<Mutex<BTreeMap<&'static str, u64>>>,
}

impl EmbeddedS3 {
    pub fn new() -> Self {
        Self::default()
    }

    /// A client whose calls all succeed.
    pub fn client(&self) -> Client {
        self.client_with(|_| Fault::None)
    }

    /// A client that tries each call once, and whose calls fail as `faults` say.
    pub fn client_with(&self, faults: impl Fn(&Call) -> Fault + Send + Sync + 'static) -> Client {
        let connector = Connector { s3: self.clone(), faults: Arc::new(faults), calls: Arc::default() };
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(ENDPOINT)
            .force_path_style(true)
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("embedded", "embedded", None, None, "tests"))
            .retry_config(RetryConfig::disabled())
            .http_client(SharedHttpClient::new(connector));
        Client::from_conf(config.build())
    }

    /// The archive of EDRs in the bucket [`ARCHIVE`].
    pub fn archive(&self) -> Archive {
        Archive::new(self.client(), ARCHIVE.to_owned())
    }

    /// Other buckets with the same objects.
    pub fn copy(&self) -> Self {
        Self { objects: Arc::new(Mutex::new(self.objects().clone())), requests: Arc::default() }
    }

    /// The keys of a bucket that begin with `prefix`, in order.
    pub fn keys(&self, bucket: &str, prefix: &str) -> Vec<String> {
        let begin = format!("{bucket}/{prefix}");
        let keys = self.objects();
        let keys = keys.keys().filter(|path| path.starts_with(&begin));
        keys.map(|path| path[bucket.len() + 1..].to_owned()).collect()
    }

    pub fn get(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        self.objects().get(&format!("{bucket}/{key}")).cloned()
    }

    pub fn put(&self, bucket: &str, key: &str, content: Vec<u8>) {
        self.objects().insert(format!("{bucket}/{key}"), content);
    }

    /// How many requests of each operation were carried out since the last take.
    pub fn take_requests(&self) -> BTreeMap<&'static str, u64> {
        std::mem::take(&mut *self.requests.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn objects(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn carry_out(&self, call: &Call, request: &Request) -> Answer {
        *self.requests.lock().unwrap_or_else(PoisonError::into_inner).entry(call.operation).or_default() += 1;
        let mut objects = self.objects();
        match call.operation {
            "PutObject" => {
                let known = objects.get(&call.path);
                match (&request.if_match, request.if_none_match, known) {
                    (Some(_), _, None) => return Answer::error(404, "NoSuchKey"),
                    (Some(wanted), _, Some(known)) if *wanted != etag(known) => {
                        return Answer::error(412, "PreconditionFailed");
                    }
                    (_, true, Some(_)) => return Answer::error(412, "PreconditionFailed"),
                    _ => {}
                }
                let answer = Answer { etag: Some(etag(&request.body)), ..Answer::default() };
                objects.insert(call.path.clone(), request.body.clone());
                answer
            }
            "GetObject" => match objects.get(&call.path) {
                Some(content) => Answer { status: 200, etag: Some(etag(content)), body: content.clone() },
                None => Answer::error(404, "NoSuchKey"),
            },
            "HeadObject" => match objects.get(&call.path) {
                Some(content) => Answer { status: 200, etag: Some(etag(content)), body: Vec::new() },
                None => Answer::error(404, "NotFound"),
            },
            "DeleteObject" => {
                objects.remove(&call.path);
                Answer { status: 204, ..Answer::default() }
            }
            "DeleteObjects" => {
                let text = String::from_utf8_lossy(&request.body);
                for key in text.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next()) {
                    objects.remove(&format!("{}/{key}", call.path));
                }
                Answer::xml("<DeleteResult></DeleteResult>".to_owned())
            }
            _ => list(&objects, &call.path, request),
        }
    }
}

/// Keys of a bucket in order, or what lies below a folder when there is a delimiter.
fn list(objects: &BTreeMap<String, Vec<u8>>, bucket: &str, request: &Request) -> Answer {
    let asked = |name: &str| request.query.get(name).map(String::as_str).unwrap_or_default();
    let (prefix, delimiter) = (asked("prefix"), asked("delimiter"));
    let after = [asked("start-after"), asked("continuation-token")].into_iter().max().unwrap_or_default();
    let limit = asked("max-keys").parse().unwrap_or(LISTED_MAX).min(LISTED_MAX);
    let begin = (Bound::Excluded(format!("{bucket}/{after}")), Bound::Unbounded);
    let mut entries: Vec<(bool, String, usize)> = Vec::new();
    let mut is_truncated = false;
    for (path, content) in objects.range::<String, _>(begin) {
        let Some(key) = path.strip_prefix(bucket).and_then(|path| path.strip_prefix('/')) else { break };
        let Some(rest) = key.strip_prefix(prefix) else {
            if prefix < key {
                break;
            }
            continue;
        };
        let folder = (!delimiter.is_empty()).then(|| rest.split_once(delimiter)).flatten();
        let entry = match folder {
            Some((folder, _)) => (true, format!("{prefix}{folder}{delimiter}"), 0),
            None => (false, key.to_owned(), content.len()),
        };
        if entries.last().is_some_and(|(_, name, _)| *name == entry.1) || after.starts_with(&entry.1) {
            continue;
        }
        if entries.len() == limit {
            is_truncated = true;
            break;
        }
        entries.push(entry);
    }
    let next = entries.last().filter(|_| is_truncated).map(|(_, name, _)| name.clone()).unwrap_or_default();
    let shown: String = entries
        .into_iter()
        .map(|(is_folder, name, size)| match is_folder {
            true => format!("<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>"),
            false => format!("<Contents><Key>{name}</Key><Size>{size}</Size></Contents>"),
        })
        .collect();
    Answer::xml(format!(
        "<ListBucketResult><IsTruncated>{is_truncated}</IsTruncated>\
         <NextContinuationToken>{next}</NextContinuationToken>{shown}</ListBucketResult>"
    ))
}

fn etag(content: &[u8]) -> String {
    format!("\"{}\"", hex::encode(&Sha256::digest(content)[..16]))
}

struct Request {
    query: BTreeMap<String, String>,
    if_match: Option<String>,
    if_none_match: bool,
    body: Vec<u8>,
}

struct Answer {
    status: u16,
    etag: Option<String>,
    body: Vec<u8>,
}

impl Default for Answer {
    fn default() -> Self {
        Self { status: 200, etag: None, body: Vec::new() }
    }
}

impl Answer {
    fn xml(text: String) -> Self {
        let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{text}");
        Self { body: text.into_bytes(), ..Self::default() }
    }

    fn error(status: u16, code: &str) -> Self {
        Self { status, ..Self::xml(format!("<Error><Code>{code}</Code><Message>{code}</Message></Error>")) }
    }
}

#[derive(Clone)]
struct Connector {
    s3: EmbeddedS3,
    faults: Faults,
    calls: Arc<Mutex<u64>>,
}

impl Connector {
    async fn answer(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let (path, query) = read_uri(request.uri());
        let is_object = path.contains('/');
        let operation = match (request.method(), is_object) {
            ("PUT", _) => "PutObject",
            ("GET", true) => "GetObject",
            ("HEAD", _) => "HeadObject",
            ("DELETE", _) => "DeleteObject",
            ("POST", _) => "DeleteObjects",
            _ => "ListObjectsV2",
        };
        let body = request.body().bytes().ok_or_else(|| ConnectorError::user("a streamed body".into()))?;
        let header = |name: &str| request.headers().get(name).map(str::to_owned);
        let read = Request {
            query,
            if_match: header("if-match"),
            if_none_match: header("if-none-match").is_some(),
            body: body.to_vec(),
        };
        let number = {
            let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
            *calls += 1;
            *calls
        };
        let call = Call { number, operation, path };
        let fault = (self.faults)(&call);
        // Others get a turn, as they do while a request is under way.
        tokio::task::yield_now().await;
        match fault {
            Fault::None => respond(self.s3.carry_out(&call, &read)),
            Fault::RequestLost => Err(timeout()),
            Fault::AnswerLost => {
                self.s3.carry_out(&call, &read);
                Err(timeout())
            }
            Fault::Failure => respond(Answer::error(500, "InternalError")),
        }
    }
}

/// The path without its first slash and the fields of the query, both decoded.
fn read_uri(uri: &str) -> (String, BTreeMap<String, String>) {
    let uri = uri.strip_prefix(ENDPOINT).unwrap_or(uri);
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let fields = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    (decoded(path.trim_matches('/')), fields)
}

fn decoded(path: &str) -> String {
    let mut pieces = path.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (code, rest) = piece.split_at(2.min(piece.len()));
        bytes.push(u8::from_str_radix(code, 16).unwrap_or(b'%'));
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn respond(answer: Answer) -> Result<HttpResponse, ConnectorError> {
    let status =
        answer.status.try_into().map_err(|_| ConnectorError::other("no HTTP status".into(), None))?;
    let length = answer.body.len().to_string();
    let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
    let other = |error: HttpError| ConnectorError::other(error.into(), None);
    response.headers_mut().try_insert("content-length", length).map_err(other)?;
    if let Some(etag) = answer.etag {
        response.headers_mut().try_insert("etag", etag).map_err(other)?;
    }
    Ok(response)
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().answer(request))
    }
}

impl HttpClient for Connector {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Connector to embedded buckets")
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::primitives::ByteStream;

    use super::*;

    #[tokio::test]
    async fn of_two_who_replace_what_they_have_read_one_does() {
        let client = EmbeddedS3::new().client();
        let put = |content: &'static str| {
            let put = client.put_object().bucket("b").key("a=1/b:2");
            put.body(ByteStream::from_static(content.as_bytes()))
        };
        let first = put("one").if_none_match("*").send().await.unwrap();
        assert!(put("two").if_none_match("*").send().await.is_err());
        let first = first.e_tag().unwrap();
        put("two").if_match(first).send().await.unwrap();
        assert!(put("three").if_match(first).send().await.is_err());
        let found = client.get_object().bucket("b").key("a=1/b:2").send().await.unwrap();
        assert_eq!(found.body.collect().await.unwrap().to_vec(), b"two");
    }

    #[tokio::test]
    async fn a_list_goes_on_where_it_ended_and_shows_folders() {
        let s3 = EmbeddedS3::new();
        for key in ["a/1/x", "a/1/y", "a/2/x", "b"] {
            s3.put("b", key, vec![1]);
        }
        let list = || s3.client().list_objects_v2().bucket("b").max_keys(2);
        let page = list().prefix("a/").send().await.unwrap();
        let keys: Vec<_> = page.contents().iter().filter_map(|object| object.key()).collect();
        assert_eq!((keys, page.is_truncated()), (vec!["a/1/x", "a/1/y"], Some(true)));
        let next = list().prefix("a/").set_continuation_token(page.next_continuation_token).send();
        assert_eq!(next.await.unwrap().contents().len(), 1);
        let folders = list().prefix("a/").delimiter("/").send().await.unwrap();
        let folders: Vec<_> = folders.common_prefixes().iter().filter_map(|folder| folder.prefix()).collect();
        assert_eq!(folders, ["a/1/", "a/2/"]);
    }
}
