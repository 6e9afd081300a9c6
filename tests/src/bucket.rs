//! A bucket on loopback, as signed links see it: what is put to an address is got from it, under the type and
//! the name that it was put with. Not here: checks of signatures, and everything but `PUT` and `GET`.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::IntoResponse;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderMap, Method, StatusCode, Uri};
use store::DocumentLinks;

use crate::loopback::{Reserved, Serving};

type Objects = Arc<Mutex<HashMap<String, (HeaderMap, Vec<u8>)>>>;

/// Serves until it is dropped.
pub struct Bucket {
    url: String,
    objects: Objects,
    _serving: Serving,
}

impl Bucket {
    /// # Errors
    /// When no port is free.
    pub async fn start() -> io::Result<Self> {
        let port = Reserved::port(0).await?;
        let router = Router::new().fallback(object).layer(DefaultBodyLimit::disable());
        let (url, objects) = (port.url(), Objects::default());
        let serving = port.serve(router.with_state(objects.clone()));
        Ok(Self { url, objects, _serving: serving })
    }

    /// The keys of what is in it, in order.
    pub fn keys(&self) -> Vec<String> {
        let objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        let mut keys: Vec<_> = objects.keys().map(|path| path.trim_start_matches('/').to_owned()).collect();
        keys.sort_unstable();
        keys
    }

    /// Links to its objects.
    pub fn links(&self) -> DocumentLinks {
        let credentials = Credentials::new("embedded", "embedded", None, None, "tests");
        let provider = SharedCredentialsProvider::new(credentials);
        DocumentLinks::new(provider, "eu-central-1".to_owned(), self.url.clone())
    }
}

async fn object(
    State(objects): State<Objects>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    if !uri.query().is_some_and(|query| query.contains("X-Amz-Signature=")) {
        return (StatusCode::FORBIDDEN, HeaderMap::new(), Vec::new());
    }
    let mut objects = objects.lock().unwrap_or_else(PoisonError::into_inner);
    match method {
        Method::PUT => {
            let kept = [CONTENT_TYPE, CONTENT_DISPOSITION].into_iter();
            let kept = kept.filter_map(|name| Some((name.clone(), headers.get(name)?.clone()))).collect();
            objects.insert(uri.path().to_owned(), (kept, body.to_vec()));
            (StatusCode::OK, HeaderMap::new(), Vec::new())
        }
        _ => match objects.get(uri.path()) {
            Some((headers, bytes)) => (StatusCode::OK, headers.clone(), bytes.clone()),
            // As S3 answers who may not list the bucket.
            None => (StatusCode::FORBIDDEN, HeaderMap::new(), Vec::new()),
        },
    }
}
