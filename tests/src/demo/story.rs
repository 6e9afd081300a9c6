//! The story: credits handed down, messages charged at every level, a payment that comes three times,
//! an invoice. Every figure is known beforehand.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::{Value, json};

use super::api::{Api, text};
use super::seed::{chain, wait_for_end};
use super::smpp_client::{self, Exchange};
use super::stack::{Member, Seeded, Stack};
use super::tenancy::{NewMember, balance, member, pay_in, transfer};

const CAMPAIGN_WAIT: Duration = Duration::from_secs(300);
const PROJECTION_WAIT: Duration = Duration::from_secs(60);

/// One figure of the story.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    pub name: String,
    pub expected: String,
    pub found: String,
    pub holds: bool,
}

#[derive(Debug, Serialize)]
pub struct Told {
    pub holds: bool,
    pub steps: Vec<Step>,
    pub invoice_pdf: String,
    /// What the SMPP client submitted and was told.
    pub smpp: Exchange,
}

/// Plays the story against the stack; prints as it goes unless `quiet`.
pub async fn play(file: &Path, quiet: bool) -> Result<Told> {
    let stack = Stack::read(file)?;
    let seeded = stack.seeded().context("the stack has no demo tenancy: run `cargo local up --detach`")?;
    let run = short_name();
    let owner = Api::new(&stack.api_url()?, &seeded.companies.owner.api_key);
    let mut story = Story { owner, seeded, run, quiet, steps: Vec::new() };
    story.credits().await?;
    story.panel().await?;
    let members = story.messages().await?;
    story.top_up(&stack, &members).await?;
    let pdf = story.invoice(file, &members).await?;
    let smpp = story.smpp(&stack).await?;
    let holds = story.steps.iter().all(|step| step.holds);
    Ok(Told { holds, steps: story.steps, invoice_pdf: pdf, smpp })
}

struct Members {
    reseller: Member,
    seller: Member,
    client: Member,
}

struct Story {
    owner: Api,
    seeded: Seeded,
    /// Makes the keys and codes of this run its own, so that the story can be told again.
    run: String,
    quiet: bool,
    steps: Vec<Step>,
}

impl Story {
    fn say(&self, text: &str) {
        if !self.quiet {
            println!("\n{text}");
        }
    }

    fn check(&mut self, name: &str, expected: &str, found: &str) {
        let holds = expected == found;
        if !self.quiet {
            let mark = if holds { "ok " } else { "NO " };
            let but = if holds { String::new() } else { format!(", must be {expected}") };
            println!("  {mark} {name}: {found}{but}");
        }
        let (name, expected, found) = (name.to_owned(), expected.to_owned(), found.to_owned());
        self.steps.push(Step { name, expected, found, holds });
    }

    fn key(&self, name: &str) -> String {
        format!("{name}-{}", self.run)
    }

    fn credit_member<'a>(
        &self,
        name: &'a str,
        kind: &'a str,
        code: &'a str,
        under: Option<&'a str>,
    ) -> NewMember<'a> {
        NewMember { name, kind, code, currency: "CREDIT", charging: "prefunded", resold_under: under }
    }

    /// A reseller with 100 credits gives 30 to each of three, and has 10 left.
    async fn credits(&mut self) -> Result<()> {
        self.say("A reseller hands out 100 message credits");
        let code = self.key("CREDITS");
        let reseller =
            member(&self.owner, &self.credit_member("Credit Reseller", "reseller", &code, None)).await?;
        let house = self.seeded.owner_credits_wallet.clone();
        pay_in(&self.owner, &self.seeded.owner_credits_agreement, "100", &self.key("issue")).await?;
        let give = transfer(&house, &reseller.wallet, "100", "opening credits");
        self.owner.post_once("/v1/transfers", &self.key("opening"), give).await?.good()?;

        let api = self.owner.with_key(&reseller.api_key);
        let mut children = Vec::new();
        for number in 1..=4 {
            let (name, code) = (format!("Sub-account {number}"), self.key(&format!("SUB{number}")));
            let kind = if number == 3 { "client" } else { "reseller" };
            let ask = self.credit_member(&name, kind, &code, Some(&reseller.agreement));
            children.push(member(&api, &ask).await?);
        }
        for (number, child) in children.iter().take(3).enumerate() {
            let give = transfer(&reseller.wallet, &child.wallet, "30", "monthly credits");
            api.post_once("/v1/transfers", &self.key(&format!("give-{number}")), give).await?.good()?;
            let found = balance(&api, &child.wallet).await?;
            self.check(&format!("sub-account {} has", number + 1), "30", &found);
        }
        self.check("the reseller has left", "10", &balance(&api, &reseller.wallet).await?);
        let fourth = transfer(&reseller.wallet, &children[3].wallet, "30", "one too many");
        let refused = api.post_once("/v1/transfers", &self.key("give-4"), fourth).await?;
        self.check("a fourth 30 is refused with", "402 insufficient_funds", &refusal(&refused));
        self.check("and changes nothing: the reseller has", "10", &balance(&api, &reseller.wallet).await?);
        let back = transfer(&children[0].wallet, &reseller.wallet, "30", "given by mistake");
        api.post_once("/v1/transfers", &self.key("revoke"), back.clone()).await?.good()?;
        api.post_once("/v1/transfers", &self.key("revoke"), back).await?.good()?;
        self.check(
            "one is revoked (asked twice), the reseller has",
            "40",
            &balance(&api, &reseller.wallet).await?,
        );
        self.check("the sub-account has", "0", &balance(&api, &children[0].wallet).await?);
        Ok(())
    }

    /// The credit panel's example: 79, +10, -5.
    async fn panel(&mut self) -> Result<()> {
        self.say("The credit panel");
        let code = self.key("PANEL");
        let client = member(&self.owner, &self.credit_member("Web API 03", "client", &code, None)).await?;
        let house = self.seeded.owner_credits_wallet.clone();
        pay_in(&self.owner, &self.seeded.owner_credits_agreement, "89", &self.key("panel-issue")).await?;
        for (amount, expected) in [("79", "79"), ("10", "89"), ("-5", "84")] {
            let add = transfer(&house, &client.wallet, amount, "Updated by Demo Admin");
            self.owner.post_once("/v1/transfers", &self.key(&format!("panel{amount}")), add).await?.good()?;
            let found = balance(&self.owner, &client.wallet).await?;
            self.check(&format!("after {amount} the client has"), expected, &found);
        }
        Ok(())
    }

    /// One message, then a thousand, charged at three levels.
    async fn messages(&mut self) -> Result<Members> {
        let owner = self.seeded.companies.owner.clone();
        let connection = self.seeded.connection.clone();
        let made = chain(&self.owner, owner, &connection, &format!("-{}", self.run)).await?;
        let members = Members { reseller: made.reseller, seller: made.seller, client: made.client };
        let api = self.owner.with_key(&members.client.api_key);

        self.say("One message, charged to client, seller and reseller in one write");
        let body =
            json!({"sender": "BAKERY", "recipients": ["+4915112345678"], "text": "Your bread is ready."});
        let first = api.post_once("/v1/messages", &self.key("one"), body.clone()).await?;
        let again = api.post_once("/v1/messages", &self.key("one"), body).await?;
        self.check("a repeat gets the same answer", &first.body.to_string(), &again.body.to_string());
        let message = wait_for_end(&api, &text(&first.good()?, "/messages/0/id")?).await?;
        self.check("its status is", "delivered", &text(&message, "/status")?);
        self.balances(&members, ["59.95", "79.97", "99.98"]).await?;

        self.say("A thousand recipients: delivered, failed, expired, late and refused");
        let body = json!({"sender": "BAKERY", "recipients": campaign(), "text": "Fresh rolls until noon."});
        let sent = api.post_once("/v1/messages", &self.key("campaign"), body).await?.good()?;
        self.check("it costs the client", "50", &text(&sent, "/total")?);
        let found = self.wait_for_campaign(&api, &sent).await?;
        for (status, expected) in
            [("delivered", "980"), ("undelivered", "10"), ("expired", "5"), ("unsent", "5")]
        {
            let count = found.get(status).copied().unwrap_or_default().to_string();
            self.check(status, expected, &count);
        }
        // 20 refunds of 0.05 to the client; the levels above paid for what the vendor took.
        self.balances(&members, ["10.95", "50.12", "80.08"]).await?;
        Ok(members)
    }

    /// A client with its own program: three messages over a bind, one of them of two parts, and their receipts
    /// back over it.
    async fn smpp(&mut self, stack: &Stack) -> Result<Exchange> {
        self.say("A client binds over SMPP, and submits three messages, one of them in two parts");
        let owner = self.seeded.companies.owner.clone();
        let connection = self.seeded.connection.clone();
        let made = chain(&self.owner, owner, &connection, &format!("-S-{}", self.run)).await?;
        let members = Members { reseller: made.reseller, seller: made.seller, client: made.client };
        let seller = self.owner.with_key(&members.seller.api_key);
        // Of 15 characters at most; the end of the run's name is what differs.
        let system_id = format!("demo-{}", &self.run[self.run.len() - 10..]);
        let account = smpp_client::account(&seller, &members.client, &system_id).await?;
        let long = "Dear baker, the flour comes on Monday at seven. ".repeat(5);
        let messages = [
            ("4915112345678", "Your bread is ready.".to_owned()),
            ("4915112345679", "Your rolls are ready.".to_owned()),
            ("4915112345680", long),
        ];
        let address = stack.smpp_address()?;
        let exchange = smpp_client::submit_and_wait(&address, &account, "BAKERY", &messages).await?;
        self.check("its submits are taken", "4", &exchange.messages.len().to_string());
        self.check(
            "it is told over its bind",
            "DELIVRD DELIVRD DELIVRD DELIVRD",
            &exchange.receipts.join(" "),
        );
        let api = self.owner.with_key(&members.client.api_key);
        for id in &exchange.messages {
            let message = wait_for_end(&api, id).await?;
            self.check("the API says of it", "delivered", &text(&message, "/status")?);
        }
        // Four segments, at 0.05, 0.03 and 0.02.
        self.balances(&members, ["59.8", "79.88", "99.92"]).await?;
        Ok(exchange)
    }

    async fn balances(&mut self, members: &Members, expected: [&str; 3]) -> Result<()> {
        let wallets =
            [("client", &members.client), ("seller", &members.seller), ("reseller", &members.reseller)];
        for ((name, member), expected) in wallets.into_iter().zip(expected) {
            let found = balance(&self.owner, &member.wallet).await?;
            self.check(&format!("the {name} has"), expected, &found);
        }
        Ok(())
    }

    /// How many messages ended in each status, once all have.
    async fn wait_for_campaign(&self, api: &Api, sent: &Value) -> Result<BTreeMap<String, usize>> {
        let messages = sent["messages"].as_array().context("no messages")?;
        let mut open: Vec<String> =
            messages.iter().map(|message| text(message, "/id")).collect::<Result<_>>()?;
        let mut ended = BTreeMap::new();
        let begin = Instant::now();
        while !open.is_empty() {
            if begin.elapsed() > CAMPAIGN_WAIT {
                bail!("{} messages have not ended after {} s", open.len(), CAMPAIGN_WAIT.as_secs());
            }
            let mut still = Vec::new();
            for id in open {
                let status = text(&api.get(&format!("/v1/messages/{id}")).await?, "/status")?;
                if matches!(status.as_str(), "accepted" | "queued" | "submitted") {
                    still.push(id);
                } else {
                    *ended.entry(status).or_default() += 1;
                }
            }
            open = still;
            if !open.is_empty() {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
        Ok(ended)
    }

    /// A card payment whose signed callback comes three times.
    async fn top_up(&mut self, stack: &Stack, members: &Members) -> Result<()> {
        self.say("The reseller tops up 25 EUR by Stripe; the callback is sent three times");
        let api = self.owner.with_key(&members.reseller.api_key);
        let body = json!({"agreement": members.reseller.agreement, "amount": "25"});
        let made = api.post_once("/v1/top_ups", &self.key("top-up"), body).await?.good()?;
        let id = text(&made, "/id")?;
        let session = text(&made, "/session")?;
        let events = json!({"session": session, "kind": "completed_paid", "times": 3});
        let simulator = Api::new(&stack.text("/stripe/url")?, "");
        let answers = simulator.post("/simulator/events", events).await?;
        self.check("the callbacks are answered", "[200,200,200]", &answers["statuses"].to_string());
        let made = api.get(&format!("/v1/top_ups/{id}")).await?;
        self.check("the top-up is", "confirmed", &text(&made, "/state")?);
        self.check("the reseller has", "105.08", &balance(&api, &members.reseller.wallet).await?);
        let client = self.owner.with_key(&members.client.api_key);
        let body = json!({"agreement": members.client.agreement, "amount": "25"});
        let refused = client.post_once("/v1/top_ups", &self.key("top-up-of-client"), body).await?;
        let why = "its client cannot: who sells to it takes no cards";
        self.check(why, "409 no_payment_system", &refusal(&refused));
        Ok(())
    }

    /// The client's invoice of the running month, confirmed early, with its PDF.
    async fn invoice(&mut self, file: &Path, members: &Members) -> Result<String> {
        self.say("The invoice");
        let api = self.owner.with_key(&members.seller.api_key);
        let path = format!("/v1/agreements/{}/invoices", members.client.agreement);
        let begin = Instant::now();
        let draft = loop {
            // Usage follows the messages by a moment.
            let answer = api.post_once(&path, "", json!({})).await?;
            if answer.status < 300 && text(&answer.body, "/total_due")? == "49.05"
                || begin.elapsed() > PROJECTION_WAIT
            {
                break answer.good()?;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        };
        self.check("981 delivered messages at 0.05 make", "49.05", &text(&draft, "/total_due")?);
        let id = text(&draft, "/id")?;
        let again = api.post(&format!("/v1/invoices/{id}/recalculate"), json!({})).await?;
        self.check(
            "a recalculation leaves it at revision",
            &draft["revision"].to_string(),
            &again["revision"].to_string(),
        );
        let confirmed = api.post(&format!("/v1/invoices/{id}/confirm"), json!({"early": true})).await?;
        self.check("it is", "confirmed", &text(&confirmed, "/status")?);
        let statement = api.get(&format!("/v1/wallets/{}/statement?limit=1", members.client.wallet)).await?;
        self.check("the statement ends at", "10.95", &text(&statement, "/items/0/balance_after")?);
        let pdf = self.download(&api, &id, file).await?;
        self.say(&format!("  The PDF is {pdf}"));
        Ok(pdf)
    }

    async fn download(&mut self, api: &Api, id: &str, file: &Path) -> Result<String> {
        let begin = Instant::now();
        loop {
            let answer = api.try_get(&format!("/v1/invoices/{id}/pdf")).await?;
            if answer.status < 300 {
                let bytes =
                    reqwest::get(text(&answer.body, "/url")?).await?.error_for_status()?.bytes().await?;
                let path = file.with_file_name("demo-invoice.pdf");
                std::fs::write(&path, &bytes)?;
                let begins = String::from_utf8_lossy(&bytes[..5.min(bytes.len())]).into_owned();
                self.check("its document begins with", "%PDF-", &begins);
                return Ok(path.display().to_string());
            }
            if begin.elapsed() > PROJECTION_WAIT {
                bail!("the document did not come: {}", answer.body);
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }
}

/// A name that no other run has: the random end of a UUID.
fn short_name() -> String {
    uuid::Uuid::now_v7().simple().to_string()[16..].to_owned()
}

fn refusal(answer: &super::api::Answer) -> String {
    format!("{} {}", answer.status, answer.body["code"].as_str().unwrap_or_default())
}

/// A thousand numbers. The simulator decides by their last four digits: see `smsc-simulator --help`.
fn campaign() -> Vec<String> {
    let ending = |count: u32, digits: &'static str| {
        (0..count).map(move |number| format!("+4915112{number:02}{digits}"))
    };
    let plain = (0..970).map(|number| format!("+491511300{:04}", 5_000 + number));
    plain
        .chain(ending(10, "0001"))
        .chain(ending(5, "0002"))
        .chain(ending(10, "0003"))
        .chain(ending(5, "0005"))
        .collect()
}
