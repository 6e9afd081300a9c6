//! Rerates from the task to the wallets, the usage and the statement, through the real invoice-closer, store
//! and projector on the embedded database: messages with rows and in blocks, at two levels, and fees, with the
//! process killed wherever it writes.

// Helpers of tests: what cannot go on ends the test here.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use domain::allowance::Pot;
use domain::batch::Draft;
use domain::connection::{Connection, ConnectionKind, Link, SmppLink};
use domain::destination::destination;
use domain::dictionary::Dictionaries;
use domain::edr::{FeeRecord, Record};
use domain::fee::{Fee, FeeItem, FeePrice, find_price, plan_fee};
use domain::handling::ClientAddress;
use domain::id::{AgreementId, FeeId, IncomingId, MessageId, RerateId, SenderId, WalletId};
use domain::incoming::{IncomingCost, IncomingMessage, IncomingRule, Routed, Unpaid};
use domain::message::Message;
use domain::money::Amount;
use domain::period::Period;
use domain::rating::{Attribute, CompiledTree, Event, Node, Price, RateTree, Resource, Service};
use domain::reconcile::{charges, check_balance};
use domain::record::Hand;
use domain::rerate::{LevelChange, NewRerate, Rerate, Status, plan_rerate};
use domain::route::Routes;
use domain::sender::{Sender as SenderIdentity, SenderAddress};
use domain::wallet::OperationKind;
use invoice_closer::Wake;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use queue::{Billing, Progress, Sender};
use store::{
    DocumentLinks, Documents, FeeWrite, FeeWritten, Files, Invoices, Kept, RatedItem, Rerated, Store,
    TreeCache,
};
use tests::edits::{act, put_connection};
use tests::embedded_dynamodb::{Call, Fault};
use tests::embedded_s3::EmbeddedS3;
use tests::embedded_sqs::EmbeddedSqs;
use tests::world::{Member, NOW, World, amount, connection, levels, number, tables};

/// More than one chunk has.
const ROWS: usize = 120;
const IN_BLOCK: usize = 30;
/// Two of one network: the main one, and one that only a look-up finds.
const CODES: [&str; 2] = ["26201", "26206"];
/// That phones write to.
const NUMBER: &str = "12345";
/// A day after `NOW`, at which messages were sent: they have long been recorded.
const BY: Hand<'static> = Hand { name: "manager", now: Timestamp::constant(1_767_312_000, 0) };

struct Scene {
    world: World,
    reseller: Member,
    client: Member,
    sqs: EmbeddedSqs,
    rows: Vec<MessageId>,
    block: Vec<MessageId>,
    tasks: u128,
}

impl Scene {
    /// A client that pays 0.05 a message to a reseller, which pays 0.03: some messages have rows, others are
    /// in a block, and one of each was refused and refunded.
    async fn new() -> Self {
        let mut scene = Self::silent().await;
        scene.send().await;
        scene.project().await;
        scene.refuse(&scene.rows[7].clone()).await;
        scene.refuse(&scene.block[3].clone()).await;
        scene.project().await;
        scene
    }

    /// The same before it has sent anything.
    async fn silent() -> Self {
        let world = World::new().await;
        let reseller = world.reseller(&world.owner, "0.03").with_funds("100").open().await;
        let client = world.client(&reseller, "0.05").with_funds("50").open().await;
        let sqs = EmbeddedSqs::new();
        put_connection(&world.store, &link(&world, sqs.queue("vendor"))).await;
        let (rows, block) = (Vec::new(), Vec::new());
        Self { world, reseller, client, sqs, rows, block, tasks: 1 }
    }

    async fn send(&mut self) {
        let store = &self.world.store;
        for number in 0..ROWS {
            let (_, message) = self.client.send(store, &format!("row-{number}"), "hello").await.unwrap();
            self.rows.push(message.id);
        }
        let mut session = store.acquire_lease(&self.client.wallet, 100, NOW).await.unwrap().unwrap();
        let draft = |number| self.client.draft(&format!("block-{number}"), "hello", 1).unwrap();
        let drafts: Vec<_> = (0..IN_BLOCK).map(draft).collect();
        for row in session.flush(&drafts, NOW).await.unwrap() {
            self.block.push(MessageId::parse(row.unwrap().reference()).unwrap());
        }
        session.close().await.unwrap();
    }

    /// A message from a phone to the client's number, before anybody has settled what it costs.
    fn phoned(&self, text: &str) -> IncomingMessage {
        let address = |value: &str| ClientAddress { ton: 1, npi: 1, value: value.to_owned() };
        let mut message = IncomingMessage {
            id: IncomingId::new(0),
            connection: connection(),
            source: address("4915112345678"),
            destination: address(NUMBER),
            data_coding: 0,
            octets: hex::encode(text),
            text: text.to_owned(),
            parts: 1,
            received_at: NOW,
            routed: Routed::to(&self.number()),
            cost: IncomingCost::Free,
            revision: 0,
        };
        message.id = message.possible_ids()[0].clone();
        message
    }

    /// The client's sender ID that phones write to.
    fn number(&self) -> SenderIdentity {
        let (company, agreement) = (self.client.company.id.clone(), self.client.agreement.id.clone());
        let (address, routes) =
            (SenderAddress::parse(NUMBER).unwrap(), Routes::only(connection(), ConnectionKind::Smpp));
        let sender = SenderIdentity::new(SenderId::new(1), company, agreement, address, routes, NOW);
        let rule = IncomingRule { webhook_url: Some("https://bakery.example".into()), ..Default::default() };
        SenderIdentity { incoming: Some(rule), ..sender }
    }

    /// Three messages from phones come.
    async fn receive(&self) {
        for text in ["one", "two", "three"] {
            let message = self.phoned(text);
            let settled = sending::settle_incoming(&self.world.store, &message, NOW).await.unwrap().unwrap();
            assert!(matches!(settled.cost, IncomingCost::Charged { .. }), "{settled:?}");
        }
        self.project().await;
    }

    /// Delivers both streams until nothing is left of them, each of them twice.
    async fn project(&self) {
        self.project_behind(SignedDuration::ZERO).await;
    }

    /// The same, so long after the changes were made.
    async fn project_behind(&self, behind: SignedDuration) {
        let queue = |name| Sender::new(self.sqs.client(), self.sqs.queue(name));
        let projector = projector::App {
            store: self.world.store.clone(),
            sqs: self.sqs.client(),
            http_send: queue("http-send"),
            notifications: queue("notifications"),
            billing: queue("billing"),
            webhooks: queue("webhooks"),
            archive: EmbeddedS3::new().archive(),
        };
        for _ in 0..3 {
            for table in [tables().ledger, tables().messages] {
                let mut event = self.world.database.take_stream(&table);
                let made_at = std::time::SystemTime::from(runtime::now() - behind);
                for record in &mut event.records {
                    record.change.approximate_creation_date_time = made_at.into();
                }
                projector::handle(&projector, event.clone()).await.unwrap();
                projector::handle(&projector, event).await.unwrap();
            }
        }
    }

    /// The vendor takes nothing of it.
    async fn refuse(&self, message: &MessageId) {
        let app = progress_applier::App { store: self.world.store.clone() };
        let progress = match message.block() {
            Some((block, place)) => {
                let refused = queue::Outcome::Refused { reason: "no".into(), next_route: false };
                let outcomes = vec![(place, refused)];
                Progress::BlockV1 { block, connection: connection(), outcomes, references_by: None, at: NOW }
            }
            None => Progress::RefusedV1 {
                message: message.clone(),
                reason: "no".into(),
                next_route: false,
                connection: Some(connection()),
                at: NOW,
            },
        };
        app.apply(progress).await.unwrap();
    }

    /// Puts another price in the place of the one that was in force since the beginning.
    async fn correct(&self, member: &Member, price: &str) {
        self.correct_to(member, Node::of_price(Price::Flat { amount: amount(price) })).await;
    }

    /// The same with a price for each of two codes of one network.
    async fn correct_codes(&self, member: &Member, prices: [&str; 2]) {
        let price = |price| Node::of_price(Price::Flat { amount: amount(price) });
        let values = CODES.map(str::to_owned).into_iter().zip(prices.map(price)).collect();
        let node = Node { depends_on: Some(Attribute::Mccmnc), values, ..Node::default() };
        self.correct_to(member, node).await;
    }

    /// The same with a price for each direction.
    async fn correct_directions(&self, member: &Member, sent: &str, from_phones: &str) {
        let price = |price| Node::of_price(Price::Flat { amount: amount(price) });
        let values = [("MT".to_owned(), price(sent)), ("MO".to_owned(), price(from_phones))].into();
        let node = Node { depends_on: Some(Attribute::Direction), values, ..Node::default() };
        self.correct_to(member, node).await;
    }

    async fn correct_to(&self, member: &Member, node: Node) {
        self.correct_tree(member, [(Resource::SmsMessage, node)].into()).await;
    }

    /// The price of a message, and what Hosting costs a month.
    async fn correct_hosting(&self, price: &str, hosting: &str) {
        let flat = |price| Node::of_price(Price::Flat { amount: amount(price) });
        let values = [("Hosting".to_owned(), flat(hosting))].into();
        let services = Node { depends_on: Some(Attribute::AdditionalService), values, ..Node::default() };
        let resources = [(Resource::SmsMessage, flat(price)), (Resource::AdditionalService, services)].into();
        self.correct_tree(&self.client, resources).await;
    }

    /// Three months of Hosting at the price of the client's tree, and something at a price that was agreed on.
    async fn charge_fees(&self) -> [FeeId; 2] {
        let agreement = self.world.store.any_agreement(&self.client.agreement.id).await.unwrap().unwrap();
        let level = levels(&self.world.store, &agreement, NOW).await.remove(0);
        let event = Event::of(Resource::AdditionalService).with(Attribute::AdditionalService, "Hosting");
        let by_tariff = find_price(&level, &event).unwrap();
        let fixed = FeePrice::fixed(&agreement.id, "Support", amount("1")).unwrap();
        let ids = [FeeId::new(1), FeeId::new(2)];
        for (id, (price, subject)) in ids.iter().zip([(by_tariff, "Hosting"), (fixed, "Support")]) {
            let (resource, subject) = (Resource::AdditionalService, Some(subject.to_owned()));
            let item = FeeItem { resource, sender: None, subject, price, quantity: 3 };
            let fee = plan_fee(id.clone(), &agreement, item, NOW).unwrap();
            let write = FeeWrite { fee: Some(&fee), ..FeeWrite::default() };
            let written = self.world.store.write_fee(&act(&self.client.company.path), write).await;
            assert_eq!(written.unwrap(), FeeWritten::Now);
        }
        self.project().await;
        ids
    }

    async fn fee(&self, id: &FeeId) -> Fee {
        self.world.store.fee(id).await.unwrap().unwrap()
    }

    async fn correct_tree(&self, member: &Member, resources: BTreeMap<Resource, Node>) {
        let before = self.service(member).await;
        let after = before.clone().with_tree(1, true).unwrap();
        let tree = RateTree { resources };
        let tree = CompiledTree::compile(&tree).unwrap();
        self.replace(&before, &after, Some(&tree)).await;
    }

    async fn service(&self, member: &Member) -> Service {
        let id = member.agreement.services[0].service.clone();
        self.world.store.services(&[id]).await.unwrap().remove(0)
    }

    async fn replace(&self, before: &Service, after: &Service, tree: Option<&CompiledTree>) {
        let store = &self.world.store;
        let seller = store.any_company(&before.company).await.unwrap().unwrap();
        store.replace_service(&act(&seller.path), before, after, tree).await.unwrap();
    }

    /// A started task of the owner about what the client sent.
    async fn task(&mut self, dry_run: bool) -> RerateId {
        self.task_of(&self.world.owner.clone(), dry_run).await
    }

    async fn task_of(&mut self, whose: &Member, dry_run: bool) -> RerateId {
        self.tasks += 1;
        let ask = NewRerate {
            id: RerateId::new(self.tasks),
            company: whose.company.id.clone(),
            from: NOW - SignedDuration::from_hours(1),
            till: NOW + SignedDuration::from_hours(1),
            companies: vec![self.client.company.id.clone(), self.reseller.company.id.clone()],
            agreements: vec![self.client.agreement.id.clone(), self.reseller.agreement.id.clone()],
            channels: Vec::new(),
            dry_run,
            scheduled_for: None,
            estimated: 0,
        };
        let draft = plan_rerate(ask, BY).unwrap();
        let act = act(&whose.company.path);
        self.world.store.create(&act, &draft).await.unwrap();
        self.world.store.replace(&act, &draft, &draft.start(BY).unwrap()).await.unwrap();
        draft.id
    }

    /// One job of the billing queue. False if it has failed.
    async fn work(&self, store: Store, task: &RerateId) -> bool {
        let credentials = Credentials::new("embedded", "embedded", None, None, "tests");
        let links = DocumentLinks::new(
            SharedCredentialsProvider::new(credentials),
            "eu-central-1".to_owned(),
            "https://documents.example".to_owned(),
        );
        let app = invoice_closer::App {
            documents: Documents::new(EmbeddedS3::new().client(), "documents".to_owned()),
            invoices: Invoices::new(store.clone(), Files::new(links, reqwest::Client::new())),
            store,
            billing: Sender::new(self.sqs.client(), self.sqs.queue("billing")),
            notifications: Sender::new(self.sqs.client(), self.sqs.queue("notifications")),
            trees: TreeCache::default(),
        };
        let job = serde_json::to_string(&Billing::RerateV1 { task: task.clone() }).unwrap();
        let event = serde_json::json!({"Records": [{"messageId": "1", "body": job}]});
        let answer = invoice_closer::handle(&app, Wake::read(event).unwrap(), BY.now).await.unwrap();
        answer.batch_item_failures.is_empty()
    }

    /// Jobs that die at their first call, their second and so on, until one comes to the end. How many died.
    async fn work_dying(&self, task: &RerateId, fault: Fault) -> usize {
        let mut died = 0;
        for at in 1.. {
            let store = self.world.store_with(move |call: &Call<'_>| match call.number == at {
                true => fault,
                false => Fault::None,
            });
            if self.work(store, task).await {
                break;
            }
            died += 1;
        }
        died
    }

    async fn run(&self, task: &RerateId) {
        assert!(self.work(self.world.store.clone(), task).await);
        assert_eq!(self.thing(task).await.status, Status::Complete);
    }

    async fn thing(&self, task: &RerateId) -> Rerate {
        self.world.store.thing(task.as_str()).await.unwrap().unwrap()
    }

    /// Processed, failed; then of each level the records changed, before and after.
    async fn told(&self, task: &RerateId) -> String {
        let progress = self.world.store.rerate_progress(task).await.unwrap();
        let (own, above) = (progress.edrs, progress.reseller_records);
        let mut told = format!("{}/{} {}/{}", own.processed, own.failed, above.processed, above.failed);
        let mut differences = self.world.store.rerate_differences(task).await.unwrap();
        differences.sort_by_key(|one| one.level);
        for one in differences {
            told.push_str(&format!(", {}: {} {}>{}", one.level, one.records, one.before, one.after));
        }
        told
    }

    async fn balances(&self) -> [String; 2] {
        let client = self.world.balance(&self.client).await;
        [client.to_string(), self.world.balance(&self.reseller).await.to_string()]
    }

    async fn message(&self, id: &MessageId) -> Message {
        self.world.store.message(id).await.unwrap().unwrap()
    }

    /// Both wallets add up, and are charged exactly what the usage says.
    async fn check(&self) {
        self.project().await;
        for member in [&self.client, &self.reseller] {
            let found = self.world.store.wallet_with_holders(&member.wallet).await.unwrap().unwrap();
            assert_eq!(check_balance(&found.wallet).unwrap(), None);
            let charged = charges(&found.wallet, &found.holders).unwrap();
            let owed = self.world.store.owed(&member.agreement.id).await.unwrap();
            let name = &member.agreement.id;
            assert_eq!(charged, owed, "{name}");
            let sums = self.world.store.statement_sums(&found.wallet).await.unwrap().unwrap();
            let effects = self.world.store.effects(&found.wallet.id, sums.references()).await.unwrap();
            assert_eq!(sums.check(&found.wallet, &effects).unwrap(), [], "{name}");
        }
    }

    /// What holders below have set aside of the reseller's money.
    async fn set_aside(&self) -> Amount {
        let holders = self.world.store.holders(&self.reseller.wallet).await.unwrap();
        let pot = Pot::money(&self.reseller.wallet);
        Amount::checked_sum(holders.iter().map(|holder| holder.escrow_on(&pot))).unwrap()
    }

    /// Periods whose closing was asked for, in this order.
    fn closed(&self) -> Vec<(AgreementId, Period)> {
        let jobs: Vec<Billing> = self.sqs.messages(&self.sqs.queue("billing"));
        let close = |job| match job {
            Billing::CloseV1 { agreement, period } => Some((agreement, period)),
            _ => None,
        };
        jobs.into_iter().filter_map(close).collect()
    }

    /// What the statement of a wallet says of rerates, newest first.
    async fn rerated(&self, wallet: &WalletId) -> BTreeMap<String, Amount> {
        let lines = self.world.store.statement(wallet, 500, None).await.unwrap().items;
        let mut sums = BTreeMap::new();
        for line in lines.into_iter().filter(|line| line.kind == OperationKind::Rerate) {
            let sum: &mut Amount = sums.entry(line.reference).or_default();
            *sum = sum.checked_add(line.amount).unwrap();
        }
        sums
    }
}

fn link(world: &World, queue: String) -> Connection {
    Connection::new(
        connection(),
        world.owner.company.id.clone(),
        "vendor",
        Link::Smpp(SmppLink { queue_url: queue, ..SmppLink::new("vendor", 2775, "us") }),
        NOW,
    )
}

/// 150 messages were sent and two of them refunded: 148 are owed, at 0.05 and 0.03.
#[tokio::test]
async fn a_corrected_price_moves_each_level_by_exactly_its_difference_and_once() {
    let mut scene = Scene::new().await;
    assert_eq!(scene.balances().await, ["42.6", "95.56"]);
    scene.correct(&scene.client, "0.07").await;

    let dry = scene.task(true).await;
    scene.run(&dry).await;
    assert_eq!(scene.told(&dry).await, "150/0 150/0, 1: 148 7.4>10.36");
    assert_eq!(scene.balances().await, ["42.6", "95.56"], "nothing was charged");

    let first = scene.task(false).await;
    scene.run(&first).await;
    assert_eq!(scene.told(&first).await, "150/0 150/0, 1: 148 7.4>10.36");
    assert_eq!(scene.balances().await, ["39.64", "95.56"]);
    scene.check().await;
    assert_eq!(scene.rerated(&scene.client.wallet).await, [(first.to_string(), amount("-2.96"))].into());
    assert_eq!(scene.rerated(&scene.reseller.wallet).await, BTreeMap::new());

    let second = scene.task(false).await;
    scene.run(&second).await;
    assert_eq!(scene.told(&second).await, "150/0 150/0");
    assert_eq!(scene.balances().await, ["39.64", "95.56"]);

    scene.correct(&scene.reseller, "0.025").await;
    let third = scene.task(false).await;
    scene.run(&third).await;
    assert_eq!(scene.told(&third).await, "150/0 150/0, 2: 148 4.44>3.7");
    assert_eq!(scene.balances().await, ["39.64", "96.3"]);
    scene.check().await;

    // What is refunded afterwards is what is owed now.
    for message in [scene.rows[8].clone(), scene.block[4].clone()] {
        assert_eq!(scene.message(&message).await.charge_version, 2);
        scene.refuse(&message).await;
    }
    assert_eq!(scene.balances().await, ["39.78", "96.35"]);
    scene.check().await;
    let edr =
        scene.world.store.edrs(&scene.client.agreement.id, &Default::default(), 10, None).await.unwrap();
    let edr = edr.items.into_iter().find_map(domain::edr::Record::into_message).unwrap();
    assert_eq!((edr.amount.to_string(), edr.charge_version), ("0.07".to_owned(), 2));
}

#[tokio::test]
async fn wherever_it_is_killed_the_next_job_comes_to_the_same_end() {
    let mut scene = Scene::new().await;
    scene.correct(&scene.client, "0.06").await;
    scene.correct(&scene.reseller, "0.04").await;
    for (round, fault) in [Fault::Kill, Fault::KillAfterApply].into_iter().enumerate() {
        let task = scene.task(false).await;
        let killed = scene.work_dying(&task, fault).await;
        assert!(killed > 10, "{killed}");
        assert_eq!(scene.thing(&task).await.status, Status::Complete);
        let expected = [
            "150/0 150/0, 1: 148 7.4>8.88, 2: 148 4.44>5.92",
            "150/0 150/0, 1: 148 8.88>1.48, 2: 148 5.92>2.96",
        ];
        assert_eq!(scene.told(&task).await, expected[round]);
        assert_eq!(scene.balances().await, [["41.12", "94.08"], ["48.52", "97.04"]][round]);
        scene.check().await;
        scene.correct(&scene.client, "0.01").await;
        scene.correct(&scene.reseller, "0.02").await;
    }
}

/// Two messages are sent beside those from phones, and cost the same all the time.
#[tokio::test]
async fn messages_from_phones_are_rated_again_at_every_level_and_those_that_nobody_paid_are_left() {
    let mut scene = Scene::silent().await;
    let store = scene.world.store.clone();
    scene.correct_directions(&scene.client, "0.05", "0.02").await;
    for key in ["sent-1", "sent-2"] {
        scene.client.send(&store, key, "hello").await.unwrap();
    }
    scene.receive().await;
    let costing = |text: &str, cost| IncomingMessage { cost, ..scene.phoned(text) };
    let unpaid = costing("unpaid", IncomingCost::unpaid(Unpaid::InsufficientFunds, NOW, NOW));
    let blocked = costing("blocked", IncomingCost::Blocked);
    for message in [&unpaid, &blocked] {
        assert!(store.write_incoming(None, message).await.unwrap());
    }
    let client = act(&scene.client.company.path);
    assert_eq!(store.put_sender(&client, &scene.number()).await.unwrap(), store::Written::Now);
    scene.project().await;
    assert_eq!(scene.balances().await, ["49.84", "99.94"]);

    scene.correct_directions(&scene.client, "0.05", "0.05").await;
    scene.correct_directions(&scene.reseller, "0.03", "0.01").await;
    let dry = scene.task(true).await;
    scene.run(&dry).await;
    assert_eq!(scene.told(&dry).await, "5/0 5/0, 1: 3 0.06>0.15, 2: 3 0>0.03");
    assert_eq!(scene.balances().await, ["49.84", "99.94"], "nothing was charged");
    let first = scene.task(false).await;
    scene.run(&first).await;
    assert_eq!(scene.told(&first).await, "5/0 5/0, 1: 3 0.06>0.15, 2: 3 0>0.03");
    assert_eq!(scene.balances().await, ["49.75", "99.91"]);
    scene.check().await;
    assert_eq!(scene.rerated(&scene.client.wallet).await, [(first.to_string(), amount("-0.09"))].into());
    assert_eq!(scene.rerated(&scene.reseller.wallet).await, [(first.to_string(), amount("-0.03"))].into());
    let edrs = store.edrs(&scene.client.agreement.id, &Default::default(), 500, None).await.unwrap();
    let edrs = edrs.items.into_iter().filter_map(domain::edr::Record::into_message);
    let from_phones = edrs.filter(|edr| edr.incoming.is_some());
    let shown: Vec<_> = from_phones.map(|edr| (edr.amount.to_string(), edr.charge_version)).collect();
    assert_eq!(shown, vec![("0.05".to_owned(), 1); 3]);
    let second = scene.task(false).await;
    scene.run(&second).await;
    assert_eq!(scene.told(&second).await, "5/0 5/0");
    for message in [&unpaid, &blocked] {
        assert_eq!(store.incoming(&message.id).await.unwrap().as_ref(), Some(message));
    }

    // What is paid at the same moment is charged once, at the price of that moment.
    scene.correct_directions(&scene.client, "0.05", "0.04").await;
    let third = scene.task(false).await;
    let later = NOW + SignedDuration::from_mins(30);
    let ((), paid) = tokio::join!(scene.run(&third), sending::settle_again(&store, &unpaid, later));
    assert!(matches!(paid.unwrap().unwrap().cost, IncomingCost::Charged { .. }));
    scene.check().await;
    assert_eq!(scene.told(&third).await, "5/0 5/0, 1: 3 0.15>0.12");
    assert_eq!(scene.balances().await, ["49.74", "99.9"]);
    let fourth = scene.task(false).await;
    scene.run(&fourth).await;
    assert_eq!(scene.told(&fourth).await, "6/0 6/0");

    // A price that no phone should have paid.
    scene.correct(&scene.client, "0.05").await;
    scene.correct(&scene.reseller, "0.03").await;
    let fifth = scene.task(false).await;
    scene.run(&fifth).await;
    assert_eq!(scene.told(&fifth).await, "6/0 6/0, 1: 4 0.16>0, 2: 4 0.04>0");
    assert_eq!(scene.balances().await, ["49.9", "99.94"]);
    scene.check().await;
    // Counted from the records they come to the same.
    let sweeper = tests::paying::sweeper(&store);
    for hours in [25, 26, 27] {
        sweeper::recount::run(&sweeper, NOW + SignedDuration::from_hours(hours)).await.unwrap();
    }
    let reviews = store.reviews(sweeper::recount::REVIEWED_AS).await.unwrap();
    assert_eq!(reviews.len(), 0, "{reviews:?}");
}

#[tokio::test]
async fn whoever_dies_while_rating_messages_from_phones_again_each_level_moves_once() {
    let mut scene = Scene::silent().await;
    scene.correct_directions(&scene.client, "0.05", "0.02").await;
    scene.correct_directions(&scene.reseller, "0.03", "0.01").await;
    scene.receive().await;
    for (fault, prices, told, balances) in [
        (Fault::Kill, ["0.04", "0.03"], "1: 3 0.06>0.12, 2: 3 0.03>0.09", ["49.88", "99.91"]),
        (Fault::KillAfterApply, ["0.01", "0.02"], "1: 3 0.12>0.03, 2: 3 0.09>0.06", ["49.97", "99.94"]),
    ] {
        scene.correct_directions(&scene.client, "0.05", prices[0]).await;
        scene.correct_directions(&scene.reseller, "0.03", prices[1]).await;
        let task = scene.task(false).await;
        let killed = scene.work_dying(&task, fault).await;
        assert!(killed > 10, "{killed}");
        assert_eq!(scene.told(&task).await, format!("3/0 3/0, {told}"));
        assert_eq!(scene.balances().await, balances);
        scene.check().await;
    }
}

#[tokio::test]
async fn what_came_while_a_service_was_archived_is_not_sold_by_it_afterwards() {
    let mut scene = Scene::silent().await;
    scene.correct_directions(&scene.client, "0.05", "0.02").await;
    scene.correct_directions(&scene.reseller, "0.03", "0.01").await;
    scene.receive().await;
    scene.correct_directions(&scene.client, "0.05", "0.03").await;
    let before = scene.service(&scene.client).await;
    let archived = Service { archived: true, version: before.version + 1, ..before.clone() };
    scene.replace(&before, &archived, None).await;
    let store = &scene.world.store;
    sending::settle_incoming(store, &scene.phoned("meanwhile"), NOW).await.unwrap().unwrap();
    scene.project().await;
    assert_eq!(scene.balances().await, ["49.94", "99.96"]);
    let task = scene.task(false).await;
    scene.run(&task).await;
    assert_eq!(scene.told(&task).await, "4/0 4/0, 1: 3 0.06>0.09");
    scene.check().await;
}

#[tokio::test]
async fn who_is_overdrawn_by_a_rerate_sends_no_more_and_neither_do_those_below() {
    let mut scene = Scene::new().await;
    assert!(scene.set_aside().await.is_positive());
    scene.correct(&scene.reseller, "0.7").await;
    let task = scene.task(false).await;
    scene.run(&task).await;
    assert_eq!(scene.balances().await, ["42.6", "-3.6"]);
    assert_eq!(scene.set_aside().await, Amount::ZERO);
    let sent = scene.client.send(&scene.world.store, "too-much", "hello").await;
    assert!(sent.is_err(), "{sent:?}");
    scene.check().await;
}

#[tokio::test]
async fn what_a_chunk_that_died_did_not_call_back_is_called_back_at_the_end_of_the_task() {
    let mut scene = Scene::new().await;
    scene.correct(&scene.reseller, "2").await;
    let task = scene.task(false).await;
    let store = scene.world.store_with(|call: &Call<'_>| {
        match call.is_write && call.body.to_string().contains(r#""S":"escrow""#) {
            true => Fault::Kill,
            false => Fault::None,
        }
    });
    assert!(!scene.work(store, &task).await);
    assert!(scene.set_aside().await.is_positive());
    let running = scene.thing(&task).await;
    let canceled = running.cancel(BY).unwrap();
    scene.world.store.replace(&act(&scene.world.owner.company.path), &running, &canceled).await.unwrap();
    assert!(scene.work(scene.world.store.clone(), &task).await);
    assert_eq!(scene.set_aside().await, Amount::ZERO);
    scene.check().await;
}

#[tokio::test]
async fn a_canceled_task_keeps_what_it_did_and_the_next_one_goes_on() {
    let mut scene = Scene::new().await;
    scene.correct(&scene.client, "0.06").await;
    let task = scene.task(false).await;
    // It dies in the second chunk: after the first was noted.
    let noted = std::sync::atomic::AtomicBool::new(false);
    let store = scene.world.store_with(move |call: &Call<'_>| {
        let is_note =
            call.operation == "TransactWriteItems" && call.body.to_string().contains("rerate_progress#");
        match is_note && !noted.swap(true, std::sync::atomic::Ordering::Relaxed) {
            true => Fault::KillAfterApply,
            false => Fault::None,
        }
    });
    assert!(!scene.work(store, &task).await);
    let progress = scene.world.store.rerate_progress(&task).await.unwrap();
    assert_eq!((progress.chunk, progress.is_done), (1, false));
    let running = scene.thing(&task).await;
    let canceled = running.cancel(BY).unwrap();
    scene.world.store.replace(&act(&scene.world.owner.company.path), &running, &canceled).await.unwrap();
    assert!(scene.work(scene.world.store.clone(), &task).await);
    assert_eq!(scene.world.store.rerate_progress(&task).await.unwrap(), progress);
    scene.check().await;
    let next = scene.task(false).await;
    scene.run(&next).await;
    assert_eq!(scene.balances().await, ["41.12", "95.56"]);
    scene.check().await;
    // Invoices of both are drafted again: of what the canceled one touched, too.
    let jobs: Vec<Billing> = scene.sqs.messages(&scene.sqs.queue("billing"));
    let is_close = |job: &&Billing| matches!(job, Billing::CloseV1 { agreement, .. } if *agreement == scene.client.agreement.id);
    assert!(jobs.iter().filter(is_close).count() >= 2, "{jobs:?}");
}

/// A rerate has what it touched closed for the last time a quarter of an hour after its end.
#[tokio::test]
async fn what_a_stream_that_is_behind_tells_of_a_rerate_is_closed_again() {
    let mut scene = Scene::new().await;
    let january = scene.client.agreement.billing_period(BY.now.to_zoned(jiff::tz::TimeZone::UTC).date());
    let expected = BTreeSet::from([(scene.client.agreement.id.clone(), january)]);
    for (price, minutes, expected) in [("0.06", 1, BTreeSet::new()), ("0.07", 6, expected)] {
        scene.correct(&scene.client, price).await;
        let task = scene.task(false).await;
        scene.run(&task).await;
        let by_rerate = scene.closed().len();
        scene.project_behind(SignedDuration::from_mins(minutes)).await;
        let from_stream = scene.closed().split_off(by_rerate);
        assert_eq!(from_stream.into_iter().collect::<BTreeSet<_>>(), expected, "{minutes} minutes behind");
    }
}

#[tokio::test]
async fn a_reseller_rates_again_what_it_sells_and_not_what_it_pays() {
    let mut scene = Scene::new().await;
    scene.correct(&scene.client, "0.06").await;
    scene.correct(&scene.reseller, "0.001").await;
    let task = scene.task_of(&scene.reseller.clone(), false).await;
    scene.run(&task).await;
    assert_eq!(scene.told(&task).await, "150/0 150/0, 1: 148 7.4>8.88");
    assert_eq!(scene.balances().await, ["41.12", "95.56"]);
    scene.check().await;
}

#[tokio::test]
async fn a_fee_is_rated_again_by_its_tree_and_one_at_a_price_agreed_on_stays() {
    let mut scene = Scene::silent().await;
    scene.correct_hosting("0.05", "2").await;
    let [hosting, support] = scene.charge_fees().await;
    assert_eq!(scene.balances().await, ["41", "100"]);
    scene.correct_hosting("0.05", "2.5").await;

    let dry = scene.task(true).await;
    scene.run(&dry).await;
    assert_eq!(scene.told(&dry).await, "2/0 0/0, 1: 1 6>7.5");
    assert_eq!(scene.balances().await, ["41", "100"], "nothing was charged");
    let first = scene.task(false).await;
    scene.run(&first).await;
    assert_eq!(scene.told(&first).await, "2/0 0/0, 1: 1 6>7.5");
    assert_eq!(scene.balances().await, ["39.5", "100"]);
    let shown = |fee: &Fee| (fee.amount.to_string(), fee.charge_version);
    assert_eq!(shown(&scene.fee(&hosting).await), ("7.5".to_owned(), 1));
    assert_eq!(shown(&scene.fee(&support).await), ("3".to_owned(), 0));
    scene.check().await;
    assert_eq!(scene.rerated(&scene.client.wallet).await, [(first.to_string(), amount("-1.5"))].into());

    let second = scene.task(false).await;
    scene.run(&second).await;
    assert_eq!(scene.told(&second).await, "2/0 0/0", "once");
    scene.correct_hosting("0.05", "1").await;
    let third = scene.task(false).await;
    scene.run(&third).await;
    assert_eq!(scene.told(&third).await, "2/0 0/0, 1: 1 7.5>3");
    assert_eq!(scene.balances().await, ["44", "100"]);
    scene.check().await;
    let records = scene.world.store.edrs(&scene.client.agreement.id, &Default::default(), 10, None).await;
    let fees = records.unwrap().items.into_iter().filter_map(|record| match record {
        Record::Fee(fee) => Some((fee.fee, fee.amount.to_string(), fee.charge_version)),
        Record::Message(_) => None,
    });
    let mut fees: Vec<_> = fees.collect();
    fees.sort();
    let mut expected = vec![(hosting, "3".to_owned(), 2), (support, "3".to_owned(), 0)];
    expected.sort();
    assert_eq!(fees, expected);
    let agreement = scene.world.store.any_agreement(&scene.client.agreement.id).await.unwrap().unwrap();
    let ever = Period { first: date(2000, 1, 1), last: date(2100, 1, 1) };
    let usage = scene.world.store.usage(&agreement.id, ever).await.unwrap();
    assert_eq!(scene.world.store.recount(&agreement, ever).await.unwrap().differences(&usage), []);

    scene.correct_to(&scene.client, Node::of_price(Price::Flat { amount: amount("0.05") })).await;
    let failing = scene.task(false).await;
    scene.run(&failing).await;
    assert_eq!(scene.told(&failing).await, "2/1 0/0", "it has no price any more, and keeps what it was");
    assert_eq!(scene.balances().await, ["44", "100"]);
}

/// Its record has no count, and added no message to the usage.
#[tokio::test]
async fn a_fee_from_before_fees_were_counted_is_counted_once_it_is_rated_again() {
    let scene = Scene::silent().await;
    let store = &scene.world.store;
    let agreement = store.any_agreement(&scene.client.agreement.id).await.unwrap().unwrap();
    let price = FeePrice::fixed(&agreement.id, "Support", amount("1")).unwrap();
    let (resource, subject) = (Resource::AdditionalService, Some("Support".to_owned()));
    let item = FeeItem { resource, sender: None, subject, price, quantity: 3 };
    let fee = plan_fee(FeeId::new(1), &agreement, item, NOW).unwrap();
    let (record, key, _) = fee.usage(&agreement).unwrap();
    let uncounted = FeeRecord { count: 0, ..record };
    store.post_fee_record(&uncounted, &key, uncounted.usage()).await.unwrap();
    let again = Fee { unit_price: amount("2"), amount: amount("6"), charge_version: 1, ..fee };
    let (record, key, usage) = again.usage(&agreement).unwrap();
    for _ in 0..2 {
        store.post_fee_record(&record, &key, usage).await.unwrap();
    }
    let ever = Period { first: date(2000, 1, 1), last: date(2100, 1, 1) };
    let rows = store.usage(&agreement.id, ever).await.unwrap();
    assert_eq!(store.recount(&agreement, ever).await.unwrap().differences(&rows), []);
    let messages: Vec<_> = rows.iter().map(|(key, usage)| (key.unit_price, usage.messages)).collect();
    assert!(messages.contains(&(amount("2"), 1)), "{messages:?}");
}

#[tokio::test]
async fn a_rerate_of_fees_that_dies_at_any_of_its_calls_charges_the_difference_once() {
    for fault in [Fault::Kill, Fault::KillAfterApply] {
        let mut scene = Scene::silent().await;
        scene.correct_hosting("0.05", "2").await;
        let [hosting, _] = scene.charge_fees().await;
        scene.correct_hosting("0.05", "2.5").await;
        let task = scene.task(false).await;
        assert!(0 < scene.work_dying(&task, fault).await);
        assert_eq!(scene.told(&task).await, "2/0 0/0, 1: 1 6>7.5");
        assert_eq!(scene.balances().await, ["39.5", "100"]);
        assert_eq!(scene.fee(&hosting).await.charge_version, 1);
        scene.check().await;
    }
}

#[tokio::test]
async fn a_fee_that_another_task_has_rated_meanwhile_is_not_written_over() {
    let scene = Scene::silent().await;
    scene.correct_hosting("0.05", "2").await;
    let [hosting, _] = scene.charge_fees().await;
    let before = scene.fee(&hosting).await;
    let at = |price: &str| {
        let (unit_price, charge_version) = (amount(price), 1);
        let after = Fee { unit_price, amount: unit_price, charge_version, ..before.clone() };
        let (agreement, wallet) = (after.agreement.clone(), after.wallet.clone());
        let change = LevelChange { agreement, level: 1, wallet, before: before.amount, after: after.amount };
        Rerated { kept: Kept::Fee(Box::new(after)), before: 0, changes: vec![change] }
    };
    let (store, task) = (&scene.world.store, RerateId::new(9));
    assert_eq!(store.store_rerated(&task, vec![at("7")]).await.unwrap(), []);
    let left = store.store_rerated(&task, vec![at("8")]).await.unwrap();
    assert_eq!(left, [RatedItem::Fee(hosting.clone())]);
    assert_eq!(scene.fee(&hosting).await.amount, amount("7"));
    scene.check().await;
}

#[tokio::test]
async fn what_has_no_price_any_more_is_counted_as_failed_and_left() {
    let mut scene = Scene::new().await;
    scene.correct_to(&scene.client, Node::of_price(Price::NotIncluded)).await;
    let task = scene.task(false).await;
    scene.run(&task).await;
    assert_eq!(scene.told(&task).await, "150/148 150/148");
    assert_eq!(scene.balances().await, ["42.6", "95.56"]);
}

#[tokio::test]
async fn what_a_look_up_had_found_is_the_code_by_which_a_message_is_rated_again() {
    let mut scene = Scene::new().await;
    scene.correct_codes(&scene.client, ["0.05", "0.01"]).await;
    let levels = levels(&scene.world.store, &scene.client.agreement, NOW).await;
    let planned = destination(&number(0), Dictionaries::shipped()).unwrap();
    let found = planned.ported_to(CODES[1], Dictionaries::shipped());
    assert_eq!((planned.mccmnc.as_deref(), &planned.network), (Some(CODES[0]), &found.network));
    let draft = |key: &str| {
        let draft = scene.client.draft(key, "hello", 1).unwrap();
        let place = sending::place(&found, scene.client.sender.as_str(), &levels, NOW).unwrap();
        Draft { places: vec![place], ..draft }
    };
    let store = scene.world.store.clone();
    store.accept(&draft("found-row")).await.unwrap();
    let mut session = store.acquire_lease(&scene.client.wallet, 100, NOW).await.unwrap().unwrap();
    for row in session.flush(&[draft("found-1"), draft("found-2")], NOW).await.unwrap() {
        row.unwrap();
    }
    session.close().await.unwrap();
    scene.project().await;
    assert_eq!(scene.balances().await, ["42.57", "95.47"]);

    let same = scene.task(false).await;
    scene.run(&same).await;
    assert_eq!(scene.told(&same).await, "153/0 153/0", "no rate has changed");
    scene.correct_codes(&scene.client, ["0.05", "0.02"]).await;
    let other = scene.task(false).await;
    scene.run(&other).await;
    assert_eq!(scene.told(&other).await, "153/0 153/0, 1: 3 0.03>0.06");
    assert_eq!(scene.balances().await, ["42.54", "95.47"]);
    scene.check().await;
    let edrs = store.edrs(&scene.client.agreement.id, &Default::default(), 500, None).await.unwrap();
    let codes = edrs.items.into_iter().filter_map(|record| record.into_message()?.mccmnc);
    assert_eq!(codes.filter(|code| code == CODES[1]).count(), 3);
}
