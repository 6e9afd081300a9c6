//! Files for people, in S3.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::PresigningConfig;
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

    /// An address from which a browser can download the document for a while.
    pub async fn link(&self, key: &str, file_name: &str, valid_for: Duration) -> Result<String, StoreError> {
        let config = PresigningConfig::expires_in(valid_for).map_err(StoreError::aws("sign a link"))?;
        let disposition = format!("inline; filename=\"{file_name}\"");
        let get =
            self.s3.get_object().bucket(&self.bucket).key(key).response_content_disposition(disposition);
        let signed = get.presigned(config).await.map_err(StoreError::aws("sign a link"))?;
        Ok(signed.uri().to_owned())
    }
}
