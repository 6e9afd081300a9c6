//! The store with one guard left out: the conditions of its writes are rewritten on the way to the
//! database. Shows that the checks of the simulation notice.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// A message's row is written although there is one.
    RowIsNew,
    /// Headroom is taken although it is not there.
    Headroom,
    /// Escrow is spent although it is not there.
    Escrow,
    /// A message is moved although it has moved since.
    Revision,
    /// A transfer or payment is posted although it was posted before.
    RecordIsNew,
}

impl Sabotage {
    pub const ALL: [Self; 5] =
        [Self::RowIsNew, Self::Headroom, Self::Escrow, Self::Revision, Self::RecordIsNew];

    /// A client that leaves the guard out.
    pub fn on(self, client: &Client) -> Client {
        Client::from_conf(client.config().to_builder().interceptor(Rewrite(self)).build())
    }

    /// One write's condition without the guard.
    fn rewrite(self, write: &mut Value) {
        let Some(condition) = write["ConditionExpression"].as_str().map(str::to_owned) else { return };
        let pk = write["Item"]["pk"]["S"].as_str().unwrap_or_default();
        let always = "attribute_not_exists(pk) OR attribute_exists(pk)".to_owned();
        let of_row = pk.starts_with("message#");
        let of_record = pk.starts_with("transfer#") || pk.starts_with("payment");
        let rewritten = match self {
            Self::RowIsNew if of_row && condition == "attribute_not_exists(pk)" => always,
            Self::RecordIsNew if of_record && condition == "attribute_not_exists(pk)" => always,
            // The value has to stay in use, or the request is refused for that.
            Self::Revision => condition.replace("revision = :before", "revision >= :before"),
            Self::Headroom => without_lower_bound(&condition, "headroom >="),
            Self::Escrow => without_lower_bound(&condition, "escrow."),
            Self::RowIsNew | Self::RecordIsNew => condition,
        };
        write["ConditionExpression"] = rewritten.into();
    }
}

/// Turns `path >= :value` into a condition that always holds of numbers, for paths that begin so.
fn without_lower_bound(condition: &str, path: &str) -> String {
    let part = |part: &str| match part.split_once(" >= ") {
        Some((left, right)) if part.starts_with(path) => {
            format!("({left} >= {right} OR {left} < {right})")
        }
        _ => part.to_owned(),
    };
    condition.split(" AND ").map(part).collect::<Vec<_>>().join(" AND ")
}

#[derive(Debug)]
struct Rewrite(Sabotage);

impl Intercept for Rewrite {
    fn name(&self) -> &'static str {
        "leaves a guard out"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.request().body().bytes().unwrap_or_default();
        let mut body: Value = serde_json::from_slice(body)?;
        if let Some(items) = body["TransactItems"].as_array_mut() {
            let writes = items.iter_mut().filter_map(Value::as_object_mut).flat_map(|item| item.values_mut());
            writes.for_each(|write| self.0.rewrite(write));
        } else if body.get("ConditionExpression").is_some() {
            self.0.rewrite(&mut body);
        }
        *context.request_mut().body_mut() = SdkBody::from(body.to_string());
        Ok(())
    }
}
