//! Making companies, agreements, rate plans and money through the API.

use anyhow::Result;
use serde_json::{Value, json};

use super::api::{Api, text};
use super::stack::Member;

/// How a new company is set up.
pub struct NewMember<'a> {
    pub name: &'a str,
    /// `reseller`, `seller` or `client`.
    pub kind: &'a str,
    pub code: &'a str,
    pub currency: &'a str,
    /// `cascade` or `prefunded`.
    pub charging: &'a str,
    /// The tenant's own agreement, unless the tenant is the owner.
    pub resold_under: Option<&'a str>,
}

/// A company below the caller, with an agreement and an API key.
pub async fn member(tenant: &Api, ask: &NewMember<'_>) -> Result<Member> {
    let company = tenant.post("/v1/companies", json!({"name": ask.name, "kind": ask.kind})).await?;
    let id = text(&company, "/id")?;
    let agreement = agreement(tenant, &id, ask).await?;
    let key = tenant.post("/v1/api_keys", json!({"company": id, "name": "demo"})).await?;
    Ok(Member {
        id,
        agreement: text(&agreement, "/id")?,
        wallet: text(&agreement, "/wallet")?,
        api_key: text(&key, "/secret")?,
    })
}

pub async fn agreement(tenant: &Api, company: &str, ask: &NewMember<'_>) -> Result<Value> {
    let mut body = json!({
        "company": company,
        "code": ask.code,
        "currency": ask.currency,
        "charging": ask.charging,
        "credit_limit": "0",
        "billing": {"time_zone": "UTC", "period": "monthly", "billing_day": 1, "days_for_payment": 14}
    });
    if let Some(parent) = ask.resold_under {
        body["resold_under"] = json!(parent);
    }
    tenant.post("/v1/agreements", body).await
}

/// A rate plan with one price for everywhere, enabled under an agreement.
pub async fn sell(tenant: &Api, agreement: &str, currency: &str, price: &str, billing: &str) -> Result<()> {
    let tree = json!({"sms_message": {
        "billing_rule": billing,
        "depends_on": "direction",
        "values": {"MT": {"price": {"type": "flat", "amount": price}}}
    }});
    let body = json!({"name": format!("SMS at {price}"), "currency": currency, "tree": tree});
    let service = tenant.post("/v1/services", body).await?;
    let body = json!({"service": text(&service, "/id")?});
    tenant.post(&format!("/v1/agreements/{agreement}/services"), body).await?;
    Ok(())
}

/// Records money that came in.
pub async fn pay_in(tenant: &Api, agreement: &str, amount: &str, reference: &str) -> Result<()> {
    let body = json!({
        "agreement": agreement,
        "direction": "inbound",
        "amount": amount,
        "payment_date": jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string(),
        "reference": reference,
        "description": "demo"
    });
    tenant.post_once("/v1/payments", reference, body).await?.good()?;
    Ok(())
}

pub async fn sender_id(tenant: &Api, agreement: &str, address: &str, connection: &str) -> Result<()> {
    let body = json!({"agreement": agreement, "address": address, "connection": connection});
    tenant.post("/v1/sender_ids", body).await?;
    Ok(())
}

/// The balance of a wallet.
pub async fn balance(api: &Api, wallet: &str) -> Result<String> {
    text(&api.get(&format!("/v1/wallets/{wallet}")).await?, "/balance")
}

/// One wallet to another, once per key.
pub fn transfer(from: &str, to: &str, amount: &str, note: &str) -> Value {
    json!({"from": from, "to": to, "amount": amount, "note": note})
}
