//! Stories through the deployed stack: the real functions as processes under the emulator, the real
//! gateway, tables, streams and queues. The stack is brought up once for all of them, and only if one
//! of them is run.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use domain::money::Amount;
use futures::future::join_all;
use futures::{StreamExt, TryStreamExt, stream};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::{Value, json};
use tests::alaris_simulator::{AlarisSimulator, Settings as AlarisSettings};
use tests::callback_urls::Urls;
use tests::demo::api::{Api, text};
use tests::demo::stack::Member;
use tests::demo::story;
use tests::demo::tenancy::{NewMember, balance, member, pay_in, sell, sender_id};
use tests::deployed::Deployed;
use tests::smsc_simulator::{Behaviour, SmscSimulator};

/// More than the slowest message takes, even when its function was killed and its job came again.
const END_WAIT: Duration = Duration::from_secs(180);

type Shared = Arc<Mutex<Option<Deployed>>>;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // They share a stack, and one of them kills parts of it.
    arguments.test_threads = Some(1);
    let stack: Shared = Arc::default();
    let trials = vec![
        trial("the_demo_story_holds_to_the_last_figure", &stack, the_demo_story),
        trial("sixty_four_clients_of_one_reseller_send_at_once", &stack, sixty_four_clients),
        trial("a_reseller_with_money_for_forty_messages_sells_forty", &stack, forty_messages),
        trial("a_message_goes_out_over_an_http_vendor", &stack, http_vendor),
        trial("killing_functions_and_gateway_loses_and_doubles_nothing", &stack, killed_at_any_moment),
    ];
    let conclusion = libtest_mimic::run(&arguments, trials);
    drop(stack.lock().unwrap_or_else(PoisonError::into_inner).take());
    conclusion.exit_code()
}

fn trial(name: &'static str, stack: &Shared, story: fn(&mut Deployed) -> Result<()>) -> Trial {
    let stack = Arc::clone(stack);
    Trial::test(name, move || {
        let mut stack = stack.lock().unwrap_or_else(PoisonError::into_inner);
        if stack.is_none() {
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("stack");
            *stack = Some(Deployed::up(folder).map_err(failed)?);
        }
        story(stack.as_mut().ok_or("no stack")?).map_err(failed)
    })
}

fn failed(error: anyhow::Error) -> Failed {
    format!("{error:#}").into()
}

fn run<T>(story: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Runtime::new()?.block_on(story)
}

fn the_demo_story(stack: &mut Deployed) -> Result<()> {
    let told = run(story::play(&stack.stack_file(), false))?;
    ensure!(told.holds, "{:#?}", told.steps.iter().filter(|step| !step.holds).collect::<Vec<_>>());
    Ok(())
}

/// A reseller below the owner with clients, all on one link.
struct Shop {
    owner: Api,
    reseller: Member,
    clients: Vec<Member>,
}

const CLIENT_PRICE: &str = "0.05";
const RESELLER_PRICE: &str = "0.03";

async fn shop(
    stack: &Deployed,
    name: &str,
    clients: usize,
    reseller_funds: &str,
    connection: &str,
) -> Result<Shop> {
    let owner = stack.owner()?;
    let run = uuid::Uuid::now_v7().simple().to_string();
    let code = format!("{name}-{run}");
    let reseller_name = format!("Reseller {name}");
    let reseller = NewMember {
        name: &reseller_name,
        kind: "reseller",
        code: &code[..code.len().min(40)],
        currency: "EUR",
        charging: "cascade",
        resold_under: None,
    };
    let reseller = member(&owner, &reseller).await?;
    sell(&owner, &reseller.agreement, "EUR", RESELLER_PRICE, "submitted").await?;
    pay_in(&owner, &reseller.agreement, reseller_funds, &format!("{run}-reseller")).await?;
    let api = owner.with_key(&reseller.api_key);
    let mut made = Vec::new();
    for number in 0..clients {
        let name = format!("Client {number}");
        let code = format!("C{number}");
        let ask = NewMember {
            name: &name,
            kind: "client",
            code: &code,
            currency: "EUR",
            charging: "cascade",
            resold_under: Some(&reseller.agreement),
        };
        let client = member(&api, &ask).await?;
        sell(&api, &client.agreement, "EUR", CLIENT_PRICE, "submitted").await?;
        pay_in(&api, &client.agreement, "10", &format!("{run}-{number}")).await?;
        sender_id(&owner, &client.agreement, "SHOP", connection).await?;
        made.push(client);
    }
    Ok(Shop { owner, reseller, clients: made })
}

/// Sends one message and says whether it was accepted, or why not.
async fn send(api: &Api, key: &str, number: usize) -> Result<Result<String, String>> {
    // Endings below 5000 mean something to the simulators.
    let recipient = format!("+491511300{:04}", 5_000 + number);
    let body = json!({"sender": "SHOP", "recipients": [recipient], "text": "hello"});
    loop {
        let answer = api.post_once("/v1/messages", key, body.clone()).await?;
        match answer.status {
            202 => return Ok(Ok(text(&answer.body, "/messages/0/id")?)),
            // The outcome is not known, or the function was killed: the same key tells.
            500.. => tokio::time::sleep(Duration::from_millis(200)).await,
            _ => return Ok(Err(text(&answer.body, "/code")?)),
        }
    }
}

async fn funds(api: &Api, wallet: &str) -> Result<Amount> {
    Ok(Amount::parse(&balance(api, wallet).await?)?)
}

fn amount(text: &str) -> Result<Amount> {
    Ok(Amount::parse(text)?)
}

/// What is left of `funds` after `count` messages at `price`.
fn left(funds: &str, price: &str, count: usize) -> Result<Amount> {
    Ok(amount(funds)?.checked_sub(amount(price)?.checked_times(u32::try_from(count)?)?)?)
}

fn sixty_four_clients(stack: &mut Deployed) -> Result<()> {
    const CLIENTS: usize = 64;
    const MESSAGES: usize = 5;
    /// Each is a process of its own at first, which must start before its function's time is over.
    const AT_ONCE: usize = 32;
    run(async {
        let connection = stack.seeded()?.connection;
        let shop = shop(stack, "SIXTYFOUR", CLIENTS, "100", &connection).await?;
        let sends = shop.clients.iter().enumerate().flat_map(|(place, client)| {
            let api = shop.owner.with_key(&client.api_key);
            (0..MESSAGES).map(move |number| {
                let api = api.clone();
                async move { send(&api, &format!("m{number}"), place * MESSAGES + number).await }
            })
        });
        let sent: Vec<_> = stream::iter(sends).buffer_unordered(AT_ONCE).try_collect().await?;
        ensure!(sent.iter().all(Result::is_ok), "all have money: {sent:?}");
        let ids: BTreeSet<_> = sent.into_iter().flatten().collect();
        ensure!(ids.len() == CLIENTS * MESSAGES, "each message is its own");
        for client in &shop.clients {
            let found = funds(&shop.owner, &client.wallet).await?;
            ensure!(found == left("10", CLIENT_PRICE, MESSAGES)?, "a client has {found}");
        }
        let found = funds(&shop.owner, &shop.reseller.wallet).await?;
        ensure!(found == left("100", RESELLER_PRICE, CLIENTS * MESSAGES)?, "the reseller has {found}");
        Ok(())
    })
}

/// Money for exactly forty messages at the reseller, and clients who would send a hundred and twenty.
fn forty_messages(stack: &mut Deployed) -> Result<()> {
    const CLIENTS: usize = 8;
    const MESSAGES: usize = 15;
    run(async {
        let connection = stack.seeded()?.connection;
        let shop = shop(stack, "FORTY", CLIENTS, "1.2", &connection).await?;
        let mut accepted = 0;
        for number in 0..MESSAGES {
            let sends = shop.clients.iter().enumerate().map(|(place, client)| {
                let api = shop.owner.with_key(&client.api_key);
                async move { send(&api, &format!("m{number}"), place * MESSAGES + number).await }
            });
            for sent in join_all(sends).await {
                match sent? {
                    Ok(_) => accepted += 1,
                    Err(code) => ensure!(code == "insufficient_funds", "refused with {code}"),
                }
            }
        }
        ensure!(accepted == 40, "{accepted} of 40 were accepted: the reseller's money was for just as many");
        let found = funds(&shop.owner, &shop.reseller.wallet).await?;
        ensure!(found.is_zero(), "the reseller has {found}");
        Ok(())
    })
}

fn http_vendor(stack: &mut Deployed) -> Result<()> {
    run(async {
        let vendor = AlarisSimulator::start(AlarisSettings {
            username: "waybill".to_owned(),
            password: "secret".to_owned(),
            receipt_delay: Duration::from_millis(100),
            ..AlarisSettings::default()
        })
        .await?;
        let owner = stack.owner()?;
        let connection = json!({
            "name": "HTTP vendor", "kind": "http", "vendor": {"type": "transit_sms"}, "url": vendor.url(),
            "username": "waybill", "password": "secret", "service_type": "", "on_unknown_outcome": "wait"
        });
        let connection = owner.post("/v1/connections", connection).await?;
        let receipt_url = text(&connection, "/webhook_url")?;
        vendor.callbacks().set(Urls { webhook_url: None, receipt_url: Some(receipt_url) });
        let shop = shop(stack, "HTTP", 1, "10", &text(&connection, "/id")?).await?;
        let api = shop.owner.with_key(&shop.clients[0].api_key);
        let id = send(&api, "m1", 1).await?.map_err(anyhow::Error::msg)?;
        let message = ended(&api, &id).await?;
        ensure!(message["status"] == "delivered", "{message}");
        ensure!(vendor.received().len() == 1, "the vendor has it once");
        Ok(())
    })
}

/// A message in its final status, or in doubt.
async fn ended(api: &Api, id: &str) -> Result<Value> {
    let begin = Instant::now();
    loop {
        let answer = api.try_get(&format!("/v1/messages/{id}")).await?;
        let open = matches!(answer.body["status"].as_str(), Some("accepted" | "queued" | "submitted") | None);
        if answer.status == 200 && (!open || answer.body["reason"] == "in_doubt") {
            return Ok(answer.body);
        }
        ensure!(begin.elapsed() < END_WAIT, "{id} has not ended: {}", answer.body);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// While messages go out, every part is killed again and again. With `wait` no message is sent twice;
/// with `resend` none is left behind; with both, each is charged once and ends.
fn killed_at_any_moment(stack: &mut Deployed) -> Result<()> {
    run(async {
        for policy in ["wait", "resend"] {
            let behaviour = Behaviour { answer_latency: Duration::from_millis(50), ..Behaviour::default() };
            let smsc = SmscSimulator::start(behaviour).await?;
            let owner = stack.owner()?;
            let connection = json!({
                "name": "Killed", "kind": "smpp", "host": "127.0.0.1", "port": smsc.address().port(),
                "system_id": "waybill", "password": "secret", "system_type": "", "window": 10, "rate": 50,
                "enquire_link_seconds": 5, "on_unknown_outcome": policy
            });
            let connection = text(&owner.post("/v1/connections", connection).await?, "/id")?;
            let shop = shop(stack, "KILLED", 1, "50", &connection).await?;
            kill_while_sending(stack, &shop, &smsc, policy).await?;
            smsc.stop().await;
        }
        Ok(())
    })
}

async fn kill_while_sending(
    stack: &mut Deployed,
    shop: &Shop,
    smsc: &SmscSimulator,
    policy: &str,
) -> Result<()> {
    const MESSAGES: usize = 120;
    let functions = ["send-api", "projector", "progress-applier"];
    let client = &shop.clients[0];
    let api = shop.owner.with_key(&client.api_key);
    let mut ids = Vec::new();
    for number in 0..MESSAGES {
        let name = functions[number % functions.len()];
        let key = format!("{policy}-{number}");
        let (sent, killed) = tokio::join!(send(&api, &key, number), async {
            tokio::time::sleep(Duration::from_millis(3 * (number as u64 % 7))).await;
            if number % 4 == 0 { stack.kill_function(name) } else { Ok(0) }
        });
        killed?;
        ids.push(sent?.map_err(anyhow::Error::msg)?);
        if number % 40 == 20 {
            stack.replace_gateway()?;
        }
    }
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for id in &ids {
        let message = ended(&api, id).await?;
        let doubt = message["reason"] == "in_doubt";
        let status = if doubt { "in_doubt" } else { message["status"].as_str().context("a status")? };
        *counts.entry(status.to_owned()).or_default() += 1;
    }
    println!("{policy}: {counts:?}, the vendor got {}", smsc.received().len());
    check_vendor(smsc, policy, &counts)?;
    // None was refunded: each was taken by the vendor, or may have been.
    let found = funds(&shop.owner, &client.wallet).await?;
    ensure!(found == left("10", CLIENT_PRICE, MESSAGES)?, "the client has {found}");
    let found = funds(&shop.owner, &shop.reseller.wallet).await?;
    ensure!(found == left("50", RESELLER_PRICE, MESSAGES)?, "the reseller has {found}");
    Ok(())
}

fn check_vendor(
    smsc: &SmscSimulator,
    policy: &str,
    counts: &std::collections::BTreeMap<String, usize>,
) -> Result<()> {
    let received = smsc.received();
    let destinations: BTreeSet<_> = received.iter().map(|submit| submit.destination.clone()).collect();
    let total: usize = counts.values().sum();
    let doubtful = counts.get("in_doubt").copied().unwrap_or_default();
    ensure!(counts.keys().all(|status| status == "delivered" || status == "in_doubt"), "{counts:?}");
    if policy == "wait" {
        ensure!(received.len() == destinations.len(), "a message was sent twice");
        ensure!(destinations.len() + doubtful >= total, "a message was lost");
    } else {
        ensure!(doubtful == 0, "nothing stays in doubt when it is sent again");
        ensure!(destinations.len() == total, "a message was lost");
    }
    Ok(())
}
