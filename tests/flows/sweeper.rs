//! The reconciliation on live data: it finds nothing as long as only the ledger writes, also while it
//! does, and it finds every number that something else has changed.

#[path = "sweeper/recount.rs"]
mod recount;
#[path = "sweeper/unreported.rs"]
mod unreported;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::connection::{Connection, ConnectionKind, Link, SmppLink};
use domain::id::{PaymentId, UserId, WalletId};
use domain::payment::{PaymentDirection, PaymentEdit, plan_change};
use domain::rating::RateTree;
use domain::transfer::Transfer;
use jiff::{SignedDuration, Timestamp};
use queue::{Progress, Sender};
use store::{Item, keys};
use sweeper::reconcile::{REVIEWED_AS, SETTLED_AFTER};
use sweeper::{App, handle};
use tests::edits::{act, put_connection};
use tests::embedded_sqs::EmbeddedSqs;
use tests::world::{Member, NOW, STACK, World, amount, connection};

/// A reseller and its client, with some history.
struct Story {
    world: World,
    projector: projector::App,
    sweeper: App,
    reseller: Member,
    client: Member,
    transfer: Transfer,
}

impl Story {
    /// Payments in both directions, a transfer, messages delivered and refunded, all of it projected.
    async fn new() -> Self {
        let mut story = Self::begin().await;
        let world = &story.world;
        story.transfer = world.transfer(&story.reseller, &story.client, "7").await.expect("a transfer");
        let wallet = world.wallet(&story.client.wallet).await;
        let id = PaymentId::new(world.unique());
        let back = story.client.payment(id, PaymentDirection::Outbound, amount("2"), &wallet);
        let act = act(&story.client.company.path);
        let posted = world.store.post_payment(&act, &back.expect("it may be paid back"), &wallet).await;
        posted.expect("the payment is stored");
        story.send(0..6).await;
        story.project().await;
        story
    }

    async fn begin() -> Self {
        let world = World::new().await;
        let sqs = EmbeddedSqs::new();
        let queue = |name| Sender::new(sqs.client(), sqs.queue(name));
        let projector = projector::App {
            store: world.store.clone(),
            sqs: sqs.client(),
            http_send: queue("http-send"),
            notifications: queue("notifications"),
            billing: queue("billing"),
            webhooks: queue("webhooks"),
            archive: tests::embedded_s3::EmbeddedS3::new().archive(),
        };
        let link = SmppLink { queue_url: sqs.queue("jobs"), ..SmppLink::new("vendor", 2775, "us") };
        let owner = world.owner.company.id.clone();
        let vendor = Connection::new(connection(), owner, "the vendor", Link::Smpp(link), NOW);
        put_connection(&world.store, &vendor).await;
        let sweeper = tests::paying::sweeper(&world.store);
        let reseller = world.reseller(&world.owner, "0.03").with_funds("500").open().await;
        let client = world.client(&reseller, "0.05").with_funds("10").open().await;
        let transfer = world.transfer(&reseller, &client, "1").await.expect("a transfer");
        Self { world, projector, sweeper, reseller, client, transfer }
    }

    /// Messages of the client; every second one is refused and refunded.
    async fn send(&self, numbers: std::ops::Range<u32>) {
        self.send_from(&self.client.wallet, numbers).await;
    }

    /// Messages that one of the client's wallets pays for.
    async fn send_from(&self, home: &WalletId, numbers: std::ops::Range<u32>) {
        let applier = progress_applier::App { store: self.world.store.clone() };
        for number in numbers {
            let mut client = self.client.clone();
            client.levels[0].payer = home.clone();
            let mut draft = client.draft(&format!("key-{number}"), "hello", 1).expect("a rate");
            draft.batch.connection_kind = ConnectionKind::Http;
            self.world.store.accept(&draft).await.expect("accepted");
            if number % 2 == 0 {
                let message = draft.single.expect("a message");
                let refused = Progress::RefusedV1 {
                    message,
                    reason: "no".to_owned(),
                    next_route: false,
                    connection: None,
                    at: NOW,
                };
                applier.apply(refused).await.expect("applied");
            }
        }
    }

    /// Lets the projector work off all there is.
    async fn project(&self) {
        loop {
            let mut records = 0;
            for table in ["ledger", "messages"] {
                let event = self.world.database.take_stream(&format!("{STACK}-{table}"));
                records += event.records.len();
                projector::handle(&self.projector, event).await.expect("projected");
            }
            if records == 0 {
                return;
            }
        }
    }

    async fn sweep(&self, now: Timestamp) {
        handle(&self.sweeper, now).await.expect("swept");
    }

    /// What the reconciliation has found so far, each by identity, wallet and subject.
    async fn found(&self) -> Vec<String> {
        let reviews = self.world.store.reviews(REVIEWED_AS).await.expect("the reviews are read");
        reviews.into_iter().map(|review| review.event).collect()
    }

    /// Changes a number of an item as no code of ours does.
    async fn alter(&self, table: &str, key: keys::Key, path: &[&str], value: AttributeValue) {
        let names: Vec<String> = (0..path.len()).map(|place| format!("#name{place}")).collect();
        let mut update = self
            .world
            .database
            .client()
            .update_item()
            .table_name(format!("{STACK}-{table}"))
            .key("pk", AttributeValue::S(key.pk))
            .key("sk", AttributeValue::S(key.sk))
            .update_expression(format!("SET {} = :value", names.join(".")))
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":value", value);
        for (name, part) in names.iter().zip(path) {
            update = update.expression_attribute_names(name, *part);
        }
        update.send().await.expect("the item is altered");
    }

    async fn alter_wallet(&self, member: &Member, path: &[&str], value: &str) {
        let value = AttributeValue::N(value.to_owned());
        self.alter("ledger", keys::wallet(&member.wallet), path, value).await;
    }

    /// Sweeps as often as it takes, and compares with what was found: sure to be `expected` and no more.
    #[track_caller]
    fn check<'a>(&'a self, expected: &[String]) -> impl Future<Output = ()> + 'a {
        let mut expected = expected.to_vec();
        let caller = std::panic::Location::caller();
        async move {
            self.sweep(NOW).await;
            self.sweep(NOW + SETTLED_AFTER).await;
            let mut found = self.found().await;
            found.sort();
            expected.sort();
            assert_eq!(found, expected, "{caller}");
        }
    }

    /// The lines of a partition of the records, oldest first.
    async fn records(&self, partition: String) -> Vec<Item> {
        let query = self
            .world
            .database
            .client()
            .query()
            .table_name(format!("{STACK}-records"))
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(partition));
        query.send().await.expect("the records are read").items.unwrap_or_default()
    }
}

fn of(identity: &str, member: &Member, subject: &str) -> String {
    format!("{identity}#{}#{subject}", member.wallet)
}

fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    item[name].as_s().expect("a text")
}

#[tokio::test]
async fn a_ledger_that_only_the_ledger_writes_has_no_breach() {
    let story = Story::new().await;
    story.check(&[]).await;
}

#[tokio::test]
async fn what_is_not_projected_yet_is_no_breach() {
    let story = Story::new().await;
    story.send(10..13).await;
    story.sweep(NOW).await;
    story.project().await;
    story.sweep(NOW + SETTLED_AFTER).await;
    assert!(story.found().await.is_empty());
}

#[tokio::test]
async fn a_payment_that_left_the_balance_and_came_back_is_no_breach() {
    let story = Story::new().await;
    let (store, client) = (&story.world.store, &story.client);
    let mut wallet = story.world.wallet(&client.wallet).await;
    let id = PaymentId::new(story.world.unique());
    let mut payment = client.payment(id, PaymentDirection::Inbound, amount("3"), &wallet).expect("allowed");
    let act = act(&client.company.path);
    store.post_payment(&act, &payment, &wallet).await.expect("the payment is stored");
    for confirmed in [false, true, false] {
        let edit = PaymentEdit {
            confirmed: Some(confirmed),
            confirm_before: Some(payment.payment_date.tomorrow().expect("a day")),
            ..PaymentEdit::default()
        };
        let later = NOW + SignedDuration::from_hours(48);
        let changed = plan_change(&payment, &client.agreement, &wallet, edit, later).expect("allowed");
        let changed = changed.expect("it changes");
        store.change_payment(&act, &payment, &changed, &wallet).await.expect("the payment is changed");
        (payment, wallet) = (changed, story.world.wallet(&client.wallet).await);
    }
    story.project().await;
    assert!(payment.effect().is_zero());
    story.check(&[]).await;
}

#[tokio::test]
async fn the_wallets_of_users_are_looked_at_and_charged_together_with_the_main_one() {
    let story = Story::new().await;
    let (store, client) = (&story.world.store, &story.client);
    let main = story.world.wallet(&client.wallet).await;
    let user = UserId::new(story.world.unique());
    let own = store.user_wallets(&main, &[user]).await.expect("a wallet").remove(0);
    let by_user = Member { wallet: own.id.clone(), ..client.clone() };
    story.world.fund(&by_user, "5").await;
    story.send_from(&own.id, 20..25).await;
    story.project().await;
    assert_eq!(story.world.wallet(&own.id).await.charged, amount("0.1"));
    story.check(&[]).await;
    story.alter_wallet(&by_user, &["headroom"], "1000").await;
    story.check(&[of("B", &by_user, "")]).await;
}

#[tokio::test]
async fn altered_sums_of_a_wallet_are_found() {
    let story = Story::new().await;
    story.alter_wallet(&story.client, &["headroom"], "1000").await;
    story.check(&[of("B", &story.client, "")]).await;

    let story = Story::new().await;
    story.alter_wallet(&story.reseller, &["allocated"], "1").await;
    story.check(&[of("B", &story.reseller, ""), of("E", &story.reseller, "")]).await;

    let story = Story::new().await;
    story.alter_wallet(&story.client, &["charged"], "0").await;
    let expected = ["B", "C", "statement"].map(|identity| of(identity, &story.client, ""));
    story.check(&expected).await;

    let story = Story::new().await;
    story.alter_wallet(&story.client, &["funding"], "1000").await;
    let expected = ["B", "F", "statement"].map(|identity| of(identity, &story.client, ""));
    story.check(&expected).await;
}

#[tokio::test]
async fn escrow_that_a_holder_never_got_is_found_at_its_giver() {
    let story = Story::new().await;
    story.alter_wallet(&story.client, &["escrow", story.reseller.wallet.body()], "400").await;
    story.check(&[of("E", &story.reseller, "")]).await;
}

#[tokio::test]
async fn a_transfer_of_another_amount_is_found_at_both_its_wallets() {
    let story = Story::new().await;
    let id = &story.transfer.id;
    story.alter("ledger", keys::transfer(id), &["amount"], AttributeValue::S("8".to_owned())).await;
    story.check(&[of("F", &story.reseller, id.as_str()), of("F", &story.client, id.as_str())]).await;
}

#[tokio::test]
async fn a_payment_of_another_effect_is_found() {
    let story = Story::new().await;
    let lines = story.records(keys::statement(&story.client.wallet)).await;
    let back = lines
        .iter()
        .rfind(|line| line.get("kind").is_some_and(|kind| kind.as_s() == Ok(&"payment".to_owned())));
    let reference = text(back.expect("a payment"), "reference");
    let id = PaymentId::parse(reference).expect("a payment's id");
    let inbound = AttributeValue::S("inbound".to_owned());
    story.alter("ledger", keys::payment(&id), &["direction"], inbound).await;
    story.check(&[of("F", &story.client, reference)]).await;
}

#[tokio::test]
async fn an_altered_statement_line_is_found() {
    let story = Story::new().await;
    let lines = story.records(keys::statement(&story.client.wallet)).await;
    let (first, reference) = (text(&lines[0], "sk"), text(&lines[0], "reference"));
    let key = keys::Key { pk: keys::statement(&story.client.wallet), sk: first.to_owned() };
    story.alter("records", key, &["amount"], AttributeValue::S("11".to_owned())).await;
    let number = first.trim_start_matches('0');
    let expected = [("statement", number), ("statement", ""), ("F", ""), ("F", reference)];
    story.check(&expected.map(|(identity, subject)| of(identity, &story.client, subject))).await;
}

#[tokio::test]
async fn an_altered_usage_row_is_found_once_nothing_has_moved_for_a_while() {
    let story = Story::new().await;
    let rows = story.records(keys::usage_rows(&story.reseller.agreement.id)).await;
    let key = keys::Key { pk: text(&rows[0], "pk").to_owned(), sk: text(&rows[0], "sk").to_owned() };
    story.alter("records", key, &["amount"], AttributeValue::N("0.01".to_owned())).await;
    story.sweep(NOW).await;
    assert!(story.found().await.is_empty());
    story.sweep(NOW + SETTLED_AFTER).await;
    assert_eq!(story.found().await, [of("C", &story.reseller, "")]);
}

#[tokio::test]
async fn a_breach_found_again_is_one_review() {
    let story = Story::new().await;
    story.alter_wallet(&story.client, &["headroom"], "1000").await;
    for _ in 0..3 {
        story.sweep(NOW).await;
    }
    assert_eq!(story.found().await, [of("B", &story.client, "")]);
}

#[tokio::test]
async fn traffic_raises_no_false_alarm() {
    let story = Story::new().await;
    let traffic = async {
        for round in 0..25 {
            story.send(100 + round * 4..104 + round * 4).await;
            story.world.transfer(&story.reseller, &story.client, "1.5").await.expect("a transfer");
            story.world.transfer(&story.client, &story.reseller, "0.5").await.expect("a transfer");
            story.world.fund(&story.client, "0.25").await;
            tokio::task::yield_now().await;
            if round % 3 == 0 {
                story.project().await;
            }
        }
        story.project().await;
    };
    let sweeps = async {
        for run in 0..6 {
            story.sweep(NOW + SETTLED_AFTER * run).await;
        }
    };
    tokio::join!(traffic, sweeps);
    assert_eq!(story.found().await, Vec::<String>::new());
    story.check(&[]).await;
}

#[tokio::test]
async fn a_payment_that_nobody_confirms_leaves_the_balance_when_its_deadline_comes() {
    let story = Story::new().await;
    let (store, client) = (&story.world.store, &story.client);
    let wallet = story.world.wallet(&client.wallet).await;
    let id = PaymentId::new(story.world.unique());
    let payment =
        client.payment(id.clone(), PaymentDirection::Inbound, amount("3"), &wallet).expect("allowed");
    let act = act(&client.company.path);
    store.post_payment(&act, &payment, &wallet).await.expect("the payment is stored");
    let edit = PaymentEdit {
        confirmed: Some(false),
        confirm_before: Some(payment.payment_date.tomorrow().expect("a day")),
        ..PaymentEdit::default()
    };
    let changed = plan_change(&payment, &client.agreement, &wallet, edit, NOW).expect("allowed");
    let changed = changed.expect("it changes");
    let wallet = story.world.wallet(&client.wallet).await;
    store.change_payment(&act, &payment, &changed, &wallet).await.expect("the payment is changed");
    let before = story.world.balance(client).await;
    let deadline = changed.due().expect("a deadline");
    story.sweep(deadline - SignedDuration::from_secs(1)).await;
    assert_eq!(story.world.balance(client).await, before);
    story.sweep(deadline).await;
    story.sweep(deadline + SignedDuration::from_mins(1)).await;
    let left = before.checked_sub(amount("3")).expect("an amount");
    assert_eq!(story.world.balance(client).await, left);
    story.project().await;
    story.check(&[]).await;
}

#[tokio::test]
async fn what_scales_counted_in_past_periods_is_forgotten_by_wallets_and_holders_and_by_nobody_else() {
    let mut story = Story::begin().await;
    let scale = serde_json::json!({"sms_message": {"price": {"type": "scale", "scale": "tier",
        "tiers": [{"threshold": 10_000, "amount": "0.03"}, {"amount": "0.02"}]}}});
    let tree: RateTree = serde_json::from_value(scale).expect("a tree");
    let (world, funds) = (&story.world, "500");
    let reseller =
        world.reseller(&world.owner, "0.03").with_tree(tree.clone()).with_funds(funds).open().await;
    let client = world.client(&reseller, "0.05").with_tree(tree).with_funds("100").open().await;
    story.client = client.clone();
    story.send(0..3).await;
    story.project().await;
    let held = async |member: &Member| {
        let wallet = story.world.wallet(&member.wallet).await;
        let of_units = wallet.escrow.keys().filter(|pot| pot.allowance.is_some()).count();
        (wallet.allowances.len(), of_units)
    };
    assert_eq!((held(&reseller).await, held(&client).await), ((1, 0), (1, 1)));
    // Still counting, and then in the period right before.
    let days = |days: i64| NOW + SignedDuration::from_hours(24 * days);
    for now in [days(20), days(40)] {
        story.sweep(now).await;
        assert_eq!((held(&reseller).await, held(&client).await), ((1, 0), (1, 1)));
    }
    story.sweep(days(70)).await;
    story.sweep(days(70)).await;
    assert_eq!((held(&reseller).await, held(&client).await), ((0, 0), (0, 0)));
    story.check(&[]).await;
}
