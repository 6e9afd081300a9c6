//! A tenancy of four levels with a rate plan at each, money, a sender ID and a link to the simulator,
//! and the first message going out.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::api::{Api, text};
use super::smpp_client::account;
use super::stack::{Companies, Member, Seeded, Stack};
use super::tenancy::{NewMember, agreement, member, pay_in, sell, sender_id};

/// The simulator answers at once; the gateway looks for new links every few seconds.
const DELIVERY_WAIT: Duration = Duration::from_secs(60);

/// Makes the tenancy unless the stack has it, then shows how to use it.
pub async fn seed(file: &Path) -> Result<()> {
    let mut stack = Stack::read(file)?;
    let api_url = stack.api_url()?;
    let seeded = match stack.seeded() {
        Some(seeded) => seeded,
        None => {
            let seeded = make(&stack).await?;
            stack.write_seeded(file, &seeded)?;
            seeded
        }
    };
    first_message(&api_url, &seeded).await?;
    show(&api_url, &stack, &seeded)
}

async fn make(stack: &Stack) -> Result<Seeded> {
    println!("Making the demo tenancy ...");
    let root = bootstrap()?;
    let owner = Member {
        id: text(&root, "/company")?,
        agreement: text(&root, "/agreement")?,
        wallet: text(&root, "/wallet")?,
        api_key: text(&root, "/api_key")?,
    };
    let api = Api::new(&stack.api_url()?, &owner.api_key);
    let credits = NewMember {
        name: "",
        kind: "",
        code: "CREDITS",
        currency: "CREDIT",
        charging: "prefunded",
        resold_under: None,
    };
    let credits = agreement(&api, &owner.id, &credits).await?;
    let connection = smpp_connection(&api, stack).await?;
    mail_server(&api, stack).await?;
    let companies = chain(&api, owner, &connection, "").await?;
    let seller = api.with_key(&companies.seller.api_key);
    let smpp_account = account(&seller, &companies.client, "bakery").await?;
    Ok(Seeded {
        companies,
        owner_credits_agreement: text(&credits, "/id")?,
        owner_credits_wallet: text(&credits, "/wallet")?,
        connection,
        smpp_account,
    })
}

/// The owner company and its first key, by the same program that an operator runs once on AWS.
fn bootstrap() -> Result<Value> {
    let program = std::env::current_exe()?.with_file_name("bootstrap");
    let output = Command::new(&program)
        .args(["--name", "Waybill Demo", "--currency", "EUR"])
        .output()
        .with_context(|| format!("cannot run {}", program.display()))?;
    if !output.status.success() {
        bail!("bootstrap failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

async fn smpp_connection(api: &Api, stack: &Stack) -> Result<String> {
    let body = json!({
        "name": "SMSC simulator",
        "kind": "smpp",
        "host": stack.text("/smsc/host")?,
        "port": stack.number("/smsc/port")?,
        "system_id": "waybill",
        "password": "secret",
        "system_type": "",
        "window": 100,
        "rate": 500,
        "enquire_link_seconds": 30,
        "on_unknown_outcome": "wait"
    });
    text(&api.post("/v1/connections", body).await?, "/id")
}

/// The server that all mails of the demo go over, and a first one.
async fn mail_server(api: &Api, stack: &Stack) -> Result<()> {
    let body = json!({
        "name": "Mails in files",
        "host": stack.text("/mail/host")?,
        "port": stack.number("/mail/port")?,
        "tls": "none",
        "from_name": "Waybill Demo",
        "from_email": "no-reply@waybill.example"
    });
    let channel = text(&api.post("/v1/notification_channels", body).await?, "/id")?;
    let path = format!("/v1/notification_channels/{channel}/test");
    api.post_once(&path, "first-mail", json!({"to": "owner@waybill.example"})).await?.good()?;
    Ok(())
}

/// Reseller, seller and client below the owner, each paying its tenant a little more than that one pays.
pub async fn chain(owner_api: &Api, owner: Member, connection: &str, suffix: &str) -> Result<Companies> {
    let currency = "EUR";
    let ask = |name, kind, code, resold_under| NewMember {
        name,
        kind,
        code,
        currency,
        charging: "cascade",
        resold_under,
    };
    let codes = [format!("RESELLER{suffix}"), format!("SELLER{suffix}"), format!("CLIENT{suffix}")];
    let reseller = member(owner_api, &ask("Northern Messaging", "reseller", &codes[0], None)).await?;
    sell(owner_api, &reseller.agreement, currency, "0.02", "submitted").await?;
    pay_in(owner_api, &reseller.agreement, "100", &format!("WIRE-1{suffix}")).await?;

    let reseller_api = owner_api.with_key(&reseller.api_key);
    let under = Some(reseller.agreement.as_str());
    let seller = member(&reseller_api, &ask("City SMS Shop", "seller", &codes[1], under)).await?;
    sell(&reseller_api, &seller.agreement, currency, "0.03", "submitted").await?;
    pay_in(&reseller_api, &seller.agreement, "80", &format!("WIRE-2{suffix}")).await?;

    let seller_api = owner_api.with_key(&seller.api_key);
    let under = Some(seller.agreement.as_str());
    let client = member(&seller_api, &ask("Corner Bakery", "client", &codes[2], under)).await?;
    sell(&seller_api, &client.agreement, currency, "0.05", "delivered").await?;
    pay_in(&seller_api, &client.agreement, "60", &format!("WIRE-3{suffix}")).await?;
    // The link is the owner's; it gives the client a sender ID on it.
    sender_id(owner_api, &client.agreement, "BAKERY", connection).await?;
    Ok(Companies { owner, reseller, seller, client })
}

/// Sends one message as the client and waits until it is delivered.
async fn first_message(api_url: &str, seeded: &Seeded) -> Result<()> {
    let api = Api::new(api_url, &seeded.companies.client.api_key);
    let body = json!({
        "sender": "BAKERY",
        "recipients": ["+4915112345678"],
        "text": "Your bread is ready."
    });
    let sent = api.post_once("/v1/messages", "first-message", body).await?.good()?;
    let id = text(&sent, "/messages/0/id")?;
    let message = wait_for_end(&api, &id).await?;
    println!(
        "\nThe first message: {id} is {} and costs {} EUR",
        text(&message, "/status")?,
        text(&message, "/price")?
    );
    Ok(())
}

/// The message once its status is final.
pub async fn wait_for_end(api: &Api, id: &str) -> Result<Value> {
    let begin = std::time::Instant::now();
    loop {
        let message = api.get(&format!("/v1/messages/{id}")).await?;
        let status = text(&message, "/status")?;
        if !matches!(status.as_str(), "accepted" | "queued" | "submitted") {
            return Ok(message);
        }
        if begin.elapsed() > DELIVERY_WAIT {
            bail!("{id} is still {status} after {} s", DELIVERY_WAIT.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn show(api_url: &str, stack: &Stack, seeded: &Seeded) -> Result<()> {
    let companies = &seeded.companies;
    println!("\nAPI keys");
    for (name, member) in [
        ("owner", &companies.owner),
        ("reseller", &companies.reseller),
        ("seller", &companies.seller),
        ("client", &companies.client),
    ] {
        println!("  {name:<9} {}  wallet {}", member.api_key, member.wallet);
    }
    println!(
        "\nSend one yourself:\n  curl {api_url}/v1/messages \\\n    -H 'Authorization: Bearer {}' \\\n    \
         -H \"Idempotency-Key: $(date +%s)\" -H 'Content-Type: application/json' \\\n    \
         -d '{{\"sender\":\"BAKERY\",\"recipients\":[\"+4915112345678\"],\"text\":\"Hello\"}}'\n",
        companies.client.api_key
    );
    show_smpp(stack, seeded)
}

/// How the client binds with a program of its own: here one in Python, after `pip install smpplib`.
fn show_smpp(stack: &Stack, seeded: &Seeded) -> Result<()> {
    let (host, port) = (stack.text("/smpp/host")?, stack.number("/smpp/port")?);
    let (name, password) = (&seeded.smpp_account.system_id, &seeded.smpp_account.password);
    println!(
        "Or bind as an SMPP client:\n  host {host}  port {port}  system_id {name}  password {password}\n  \
         python3 -c \"import smpplib.client\nc = smpplib.client.Client('{host}', {port})\nc.connect()\n\
         c.bind_transceiver(system_id='{name}', password='{password}')\n\
         c.set_message_received_handler(lambda pdu: print(pdu.short_message))\n\
         c.send_message(source_addr_ton=5, source_addr='BAKERY', dest_addr_ton=1, dest_addr_npi=1,\n    \
         destination_addr='4915112345678', short_message=b'Hello', registered_delivery=True)\n\
         c.listen()\"\n"
    );
    Ok(())
}
