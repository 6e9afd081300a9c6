//! Files in the documents bucket over signed addresses: for functions that do without an S3 client.

use std::time::Duration;

use jiff::Timestamp;

use crate::{DocumentLinks, StoreError};

/// Used at once; a clock may be behind a little, and a request may take its time before it comes to this.
const VALID_FOR: Duration = Duration::from_secs(15 * 60);

#[derive(Debug, Clone)]
pub struct Files {
    links: DocumentLinks,
    http: reqwest::Client,
}

impl Files {
    pub fn new(links: DocumentLinks, http: reqwest::Client) -> Self {
        Self { links, http }
    }

    /// Puts a file there, whatever is under its key.
    pub async fn put(&self, key: &str, content: Vec<u8>, now: Timestamp) -> Result<(), StoreError> {
        let url = self.links.address("PUT", key, VALID_FOR, now).await?;
        let put = self.http.put(url).body(content).send().await;
        put.and_then(reqwest::Response::error_for_status).map_err(StoreError::aws("put a file"))?;
        Ok(())
    }

    /// A file that was put there.
    pub async fn get(&self, key: &str, now: Timestamp) -> Result<Vec<u8>, StoreError> {
        let url = self.links.address("GET", key, VALID_FOR, now).await?;
        let got = self.http.get(url).send().await.and_then(reqwest::Response::error_for_status);
        let read = got.map_err(StoreError::aws("get a file"))?.bytes().await;
        Ok(read.map_err(StoreError::aws("get a file"))?.to_vec())
    }
}
