//! The few AWS calls the launcher makes, as plain HTTP to the emulator.
//!
//! Not for production code: nothing is signed. The emulator reads the service from the
//! Authorization header and takes any signature.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use ureq::Agent;
use ureq::Body;
use ureq::http::Response;

pub const REGION: &str = "eu-central-1";

pub struct Aws {
    endpoint: String,
    agent: Agent,
}

impl Aws {
    pub fn new(endpoint: &str) -> Self {
        // The emulator is on this machine: a proxy named in the environment is not for it.
        let agent = Agent::config_builder().http_status_as_error(false).proxy(None).build().into();
        Self { endpoint: endpoint.to_owned(), agent }
    }

    /// Whether the emulator answers at all.
    pub fn is_ready(&self) -> bool {
        let answer = self.agent.get(format!("{}/_ministack/health", self.endpoint)).call();
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// A CloudFormation action; the answer is XML.
    pub fn cloudformation(&self, action: &str, parameters: &[(String, String)]) -> Result<String> {
        let fixed = [("Action", action), ("Version", "2010-05-15")];
        let form =
            fixed.into_iter().chain(parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let answer = self
            .agent
            .post(format!("{}/", self.endpoint))
            .header("Authorization", authorization("cloudformation"))
            .send_form(form)?;
        read(action, answer)
    }

    /// The environment variables of a deployed function.
    pub fn function_environment(&self, function: &str) -> Result<BTreeMap<String, String>> {
        let answer = self
            .agent
            .get(format!("{}/2015-03-31/functions/{function}/configuration", self.endpoint))
            .header("Authorization", authorization("lambda"))
            .call()?;
        let configuration: Value = serde_json::from_str(&read("GetFunctionConfiguration", answer)?)?;
        serde_json::from_value(configuration["Environment"]["Variables"].clone())
            .with_context(|| format!("{function} has no environment variables"))
    }

    /// Creates the bucket if it is missing.
    pub fn create_bucket(&self, bucket: &str) -> Result<()> {
        let place = format!(
            "<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>"
        );
        let answer = self
            .agent
            .put(format!("{}/{bucket}", self.endpoint))
            .header("Authorization", authorization("s3"))
            .send(place)?;
        if answer.status() == 409 {
            return Ok(());
        }
        read("CreateBucket", answer).map(|_| ())
    }

    pub fn put_object(&self, bucket: &str, key: &str, bytes: &[u8]) -> Result<()> {
        let answer = self
            .agent
            .put(format!("{}/{bucket}/{key}", self.endpoint))
            .header("Authorization", authorization("s3"))
            .send(bytes)?;
        read("PutObject", answer).map(|_| ())
    }

    pub fn delete_object(&self, bucket: &str, key: &str) -> Result<()> {
        let answer = self
            .agent
            .delete(format!("{}/{bucket}/{key}", self.endpoint))
            .header("Authorization", authorization("s3"))
            .call()?;
        read("DeleteObject", answer).map(|_| ())
    }
}

fn authorization(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=none"
    )
}

fn read(action: &str, mut answer: Response<Body>) -> Result<String> {
    let text = answer.body_mut().read_to_string()?;
    if !answer.status().is_success() {
        bail!("{action} answered {}: {text}", answer.status());
    }
    Ok(text)
}

/// The text of the first such XML element.
pub fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}

#[cfg(test)]
mod tests {
    use super::element;

    #[test]
    fn the_text_of_an_element_is_found() {
        assert_eq!(element("<a><Status>DONE</Status></a>", "Status"), Some("DONE"));
        assert_eq!(element("<a></a>", "Status"), None);
    }
}
