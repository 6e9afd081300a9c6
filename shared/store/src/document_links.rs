//! Addresses from which a browser downloads a document for a while.
//!
//! Signed here rather than by the S3 client: a function that only signs links stays small without it.

use std::time::Duration;

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{
    PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use jiff::Timestamp;

use crate::StoreError;

#[derive(Debug, Clone)]
pub struct DocumentLinks {
    credentials: SharedCredentialsProvider,
    region: String,
    /// The bucket's address, without a slash at its end.
    bucket_url: String,
}

impl DocumentLinks {
    pub fn new(credentials: SharedCredentialsProvider, region: String, bucket_url: String) -> Self {
        Self { credentials, region, bucket_url }
    }

    /// The address of the document under `key` (letters, digits, `/`, `.`, `_`, `-`), shown in the
    /// browser under `file_name` (the same without `/`).
    pub async fn link(
        &self,
        key: &str,
        file_name: &str,
        valid_for: Duration,
        now: Timestamp,
    ) -> Result<String, StoreError> {
        let url = format!(
            "{}/{key}?response-content-disposition=inline%3B%20filename%3D%22{file_name}%22",
            self.bucket_url
        );
        self.signed("GET", url, valid_for, now).await
    }

    /// The address of the document under `key`, for one of these methods: `GET` reads it as it is, `PUT` puts
    /// it there.
    pub async fn address(
        &self,
        method: &str,
        key: &str,
        valid_for: Duration,
        now: Timestamp,
    ) -> Result<String, StoreError> {
        self.signed(method, format!("{}/{key}", self.bucket_url), valid_for, now).await
    }

    async fn signed(
        &self,
        method: &str,
        url: String,
        valid_for: Duration,
        now: Timestamp,
    ) -> Result<String, StoreError> {
        const ACTION: &str = "sign a link";
        let identity = self.credentials.provide_credentials().await.map_err(StoreError::aws(ACTION))?.into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("s3")
            .time(now.into())
            .settings(settings(valid_for))
            .build()
            .map_err(StoreError::aws(ACTION))?
            .into();
        let request = SignableRequest::new(method, &url, std::iter::empty(), SignableBody::UnsignedPayload);
        let request = request.map_err(StoreError::aws(ACTION))?;
        let (instructions, _) = sign(request, &params).map_err(StoreError::aws(ACTION))?.into_parts();
        let mut signed = http::Request::get(&url).body(()).map_err(StoreError::aws(ACTION))?;
        instructions.apply_to_request_http1x(&mut signed);
        Ok(signed.uri().to_string())
    }
}

/// As S3 wants it: the signature in the query, the path as it is.
fn settings(valid_for: Duration) -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(valid_for);
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_credential_types::Credentials;

    #[tokio::test]
    async fn a_link_is_signed_as_the_s3_client_would() {
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
        let credentials = SharedCredentialsProvider::new(credentials);
        let url = "https://bucket.s3.eu-central-1.amazonaws.com".to_owned();
        let links = DocumentLinks::new(credentials, "eu-central-1".to_owned(), url);
        let now = "2026-11-21T09:30:00Z".parse().unwrap();
        let link = links.link("invoices/a.pdf", "a.pdf", Duration::from_secs(600), now).await.unwrap();
        let expected = presigned_by_the_sdk(now).await;
        let sorted = |link: &str| {
            let (path, query) = link.split_once('?').unwrap();
            let mut fields: Vec<_> = query
                .split('&')
                .filter(|field| !field.starts_with("x-id=") && !field.contains("Signature="))
                .map(str::to_owned)
                .collect();
            fields.sort();
            (path.to_owned(), fields)
        };
        assert_eq!(sorted(&link), sorted(&expected));
        assert!(link.contains("X-Amz-Signature="));
    }

    /// The same link as the S3 client makes it. It signs a parameter more (`x-id`), so the signatures
    /// themselves differ.
    async fn presigned_by_the_sdk(now: Timestamp) -> String {
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
            .region(aws_sdk_s3::config::Region::new("eu-central-1"))
            .credentials_provider(credentials)
            .build();
        let presigning = aws_sdk_s3::presigning::PresigningConfig::builder()
            .start_time(now.into())
            .expires_in(Duration::from_secs(600))
            .build()
            .unwrap();
        let get = aws_sdk_s3::Client::from_conf(config).get_object().bucket("bucket").key("invoices/a.pdf");
        let get = get.response_content_disposition("inline; filename=\"a.pdf\"");
        get.presigned(presigning).await.unwrap().uri().to_owned()
    }
}
