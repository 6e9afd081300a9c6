//! Files for people, in S3. `document_links` says where they can be downloaded.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;

use crate::StoreError;

#[derive(Debug, Clone)]
pub struct Documents {
    s3: Client,
    bucket: String,
}

impl Documents {
    pub fn new(s3: Client, bucket: String) -> Self {
        Self { s3, bucket }
    }

    pub async fn put(&self, key: &str, content_type: &str, content: Vec<u8>) -> Result<(), StoreError> {
        let put = self.s3.put_object().bucket(&self.bucket).key(key).content_type(content_type);
        put.body(ByteStream::from(content)).send().await.map_err(StoreError::aws("store a document"))?;
        Ok(())
    }

    /// A document that was put there.
    pub async fn get(&self, key: &str) -> Result<Vec<u8>, StoreError> {
        let got = self.s3.get_object().bucket(&self.bucket).key(key).send().await;
        let content = got.map_err(StoreError::aws("get a document"))?.body.collect().await;
        Ok(content.map_err(StoreError::aws("get a document"))?.to_vec())
    }

    /// A document that was put there, if it has at most so many bytes.
    pub async fn get_within(&self, key: &str, bytes_max: usize) -> Result<Option<Vec<u8>>, StoreError> {
        let got = self.s3.get_object().bucket(&self.bucket).key(key).send().await;
        let got = got.map_err(StoreError::aws("get a document"))?;
        let length = got.content_length.and_then(|length| usize::try_from(length).ok());
        if length.is_none_or(|length| bytes_max < length) {
            return Ok(None);
        }
        let content = got.body.collect().await.map_err(StoreError::aws("get a document"))?;
        Ok(Some(content.to_vec()))
    }
}
