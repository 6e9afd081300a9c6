//! A client that binds over SMPP: it submits a few messages and waits for their receipts, as anybody's own
//! program would.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::json;
use smpp::coding::gsm7_from_text;
use smpp::esme::{BindSettings, Inbound, Session, bind};
use smpp::long::{LongForm, cut};
use smpp::{CommandStatus, SubmitSm, receipt, tcp};
use tokio::time::timeout;

use super::api::{Api, text};
use super::stack::Member;

/// The gateway listens within a moment of its start.
const BIND_WAIT: Duration = Duration::from_secs(30);
const RECEIPT_WAIT: Duration = Duration::from_secs(60);
/// A part of a long text, whose header takes the place of 7 septets (3GPP TS 23.040, 9.2.3.24.1).
const PART_SEPTETS: usize = 153;
const SEPTETS: usize = 160;
/// SMPP 3.4 section 5.2.5: a name.
const TON_ALPHANUMERIC: u8 = 5;
const TON_INTERNATIONAL: u8 = 1;

/// What a client binds with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SmppAccount {
    /// The connection.
    pub id: String,
    pub system_id: String,
    pub password: String,
}

/// Opens an account on the listener for a company, as the one that it has its agreement with.
pub async fn account(tenant: &Api, client: &Member, system_id: &str) -> Result<SmppAccount> {
    // Of 8 characters: many programs can say no more.
    let password = "rye4corn";
    let body = json!({
        "kind": "client",
        "name": "The bakery's own system",
        "client": client.id,
        "agreement": client.agreement,
        "system_id": system_id,
        "password": password,
        "networks": ["127.0.0.0/8"]
    });
    let made = tenant.post("/v1/connections", body).await?;
    Ok(SmppAccount {
        id: text(&made, "/id")?,
        system_id: system_id.to_owned(),
        password: password.to_owned(),
    })
}

/// What came of it.
#[derive(Debug, Default, Serialize)]
pub struct Exchange {
    /// The ids in the answers to the submits.
    pub messages: Vec<String>,
    /// The state in each receipt, of a message that was submitted here.
    pub receipts: Vec<String>,
}

/// Binds as a transceiver at `address`, submits these texts, and waits for a receipt for each submit.
pub async fn submit_and_wait(
    address: &str,
    account: &SmppAccount,
    sender: &str,
    messages: &[(&str, String)],
) -> Result<Exchange> {
    let (session, inbound) = bind_soon(address, account).await?;
    let mut exchange = Exchange::default();
    for (number, (recipient, words)) in (1..).zip(messages) {
        for submit in submits(sender, recipient, words, number)? {
            let answer = session.submit(submit).await?;
            if answer.status != CommandStatus::ROK {
                bail!("a submit to {recipient} is answered with {}", answer.status);
            }
            exchange.messages.push(answer.message_id);
        }
    }
    exchange.receipts = timeout(RECEIPT_WAIT, receipts(inbound, &exchange.messages))
        .await
        .context("not every receipt came over the bind")??;
    session.unbind().await;
    Ok(exchange)
}

async fn bind_soon(address: &str, account: &SmppAccount) -> Result<(Session, Inbound)> {
    let begin = Instant::now();
    loop {
        let settings = BindSettings::new(&account.system_id, &account.password);
        let bound = match tcp::connect(address).await {
            Ok(stream) => bind(stream, settings).await.map_err(anyhow::Error::from),
            Err(error) => Err(error.into()),
        };
        match bound {
            Ok(bound) => return Ok(bound),
            Err(error) if BIND_WAIT < begin.elapsed() => {
                return Err(error.context(format!("no bind at {address}")));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
}

/// One submit, or one for each part.
fn submits(sender: &str, recipient: &str, words: &str, reference: u16) -> Result<Vec<SubmitSm>> {
    let septets = gsm7_from_text(words).context("the demo's texts are plain")?;
    let whole = SubmitSm {
        source_ton: TON_ALPHANUMERIC,
        source: sender.to_owned(),
        destination_ton: TON_INTERNATIONAL,
        destination_npi: 1,
        destination: recipient.to_owned(),
        registered_delivery: 1,
        ..SubmitSm::default()
    };
    let length = if septets.len() <= SEPTETS { SEPTETS } else { PART_SEPTETS };
    let parts: Vec<Vec<u8>> = septets.chunks(length).map(<[u8]>::to_vec).collect();
    Ok(cut(&whole, &parts, LongForm::Udh8, reference))
}

/// The states of all these messages, each once.
async fn receipts(mut inbound: Inbound, messages: &[String]) -> Result<Vec<String>> {
    let mut open: BTreeSet<&str> = messages.iter().map(String::as_str).collect();
    let mut states = Vec::new();
    while !open.is_empty() {
        let delivery = inbound.next().await.context("the bind was lost")?;
        let read = receipt::parse(&delivery.pdu);
        delivery.accept();
        let Some(read) = read else { continue };
        if open.remove(read.id.as_str()) {
            states.push(read.state_name);
        }
    }
    Ok(states)
}
