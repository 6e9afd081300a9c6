//! A small client of the HTTPS API: JSON in, JSON out, as one company.

use anyhow::{Context, Result, bail};
use reqwest::{Client, Method};
use serde_json::Value;

/// The API as the holder of one key sees it.
#[derive(Debug, Clone)]
pub struct Api {
    client: Client,
    base: String,
    key: String,
}

/// An answer, good or bad.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    /// The body of an answer that has to be good.
    pub fn good(self) -> Result<Value> {
        if !(200..300).contains(&self.status) {
            bail!("the API answered {}: {}", self.status, self.body);
        }
        Ok(self.body)
    }
}

impl Api {
    pub fn new(base: &str, key: &str) -> Self {
        Self { client: Client::new(), base: base.trim_end_matches('/').to_owned(), key: key.to_owned() }
    }

    /// The same API with another company's key.
    pub fn with_key(&self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self.clone() }
    }

    pub async fn get(&self, path: &str) -> Result<Value> {
        self.call(Method::GET, path, None, None).await?.good()
    }

    pub async fn try_get(&self, path: &str) -> Result<Answer> {
        self.call(Method::GET, path, None, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Result<Value> {
        self.call(Method::POST, path, None, Some(body)).await?.good()
    }

    /// A request that moves money or sends: repeating it with the same key changes nothing.
    pub async fn post_once(&self, path: &str, key: &str, body: Value) -> Result<Answer> {
        self.call(Method::POST, path, Some(key), Some(body)).await
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        once: Option<&str>,
        body: Option<Value>,
    ) -> Result<Answer> {
        let mut request = self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.key);
        if let Some(key) = once {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.with_context(|| format!("cannot reach {}{path}", self.base))?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { status, body })
    }
}

/// A text of an answer, by its path of names.
pub fn text(value: &Value, pointer: &str) -> Result<String> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.map(str::to_owned).with_context(|| format!("{pointer} is missing in {value}"))
}
