//! What becomes of records that grow old, in the archive and in the lists.

use std::time::Duration;

use domain::edr::row_kept_until;
use domain::masking::Masking;
use domain::message::Progress;
use domain::receipt::ReceiptState;
use edr_archiver::{App, handle};
use jiff::{SignedDuration, Timestamp};
use store::{EdrFilter, Item, keys};
use tests::embedded_s3::{ARCHIVE, Fault};
use tests::world::{NOW, tables};

use crate::scene::Scene;

const WHOLE: &str = "4915110000000";
const MASKED: &str = "49*********00";
/// Of two agreements, each with a file of its own.
const DAYS: u64 = 20;
const FILES: u64 = 2 * (DAYS + 1);
/// Half of it is for the upkeep.
const SHORT_RUN: Duration = Duration::from_millis(400);

fn days_later(days: i64) -> Timestamp {
    NOW + SignedDuration::from_hours(24 * days)
}

fn masking(days: &str) -> Masking {
    Masking::parse(days).expect("a number of days")
}

impl Scene {
    fn recipients(&self) -> Vec<String> {
        let agreements = [&self.client, &self.reseller].map(|member| &member.agreement.id);
        let versions = agreements.into_iter().flat_map(|agreement| self.versions(agreement));
        let mut recipients: Vec<_> = versions.map(|version| version.recipient).collect();
        recipients.sort();
        recipients.dedup();
        recipients
    }

    async fn run(&self, masking: Masking, now: Timestamp) {
        handle(&App { masking, ..self.archiver() }, now).await.expect("it runs");
    }
}

async fn sent() -> Scene {
    let scene = Scene::new().await;
    scene.send("a").await;
    scene.send("b").await;
    scene.project().await;
    scene.run(masking("90"), NOW).await;
    scene
}

#[tokio::test]
async fn recipients_are_masked_when_their_time_is_over_and_later_versions_come_masked() {
    let scene = sent().await;
    scene.run(masking("90"), days_later(91)).await;
    assert_eq!(scene.recipients(), [WHOLE], "not all of the day is older, wherever it was counted");
    let before = scene.files();
    scene.run(Masking::NEVER, days_later(92)).await;
    assert_eq!(scene.files(), before, "never is never");
    scene.run(masking("90"), days_later(92)).await;
    assert_eq!(scene.recipients(), [MASKED]);
    let before = scene.files();
    scene.s3.take_requests();
    scene.run(masking("90"), days_later(92)).await;
    let requests = scene.s3.take_requests();
    assert_eq!((requests["ListObjectsV2"], requests["GetObject"], requests.len()), (1, 1, 2));
    assert_eq!(scene.files(), before);
    let (id, submitted) = (scene.id("a"), Progress::Submitted { references: vec![Some("r".to_owned())] });
    scene.apply(&id, submitted).await;
    let expired = Progress::Receipt { part: 0, state: ReceiptState::Expired, error: None };
    scene.apply(&id, expired).await;
    scene.project().await;
    scene.run(masking("90"), days_later(92)).await;
    assert_eq!((scene.recipients(), scene.files() == before), (vec![MASKED.to_owned()], false));
}

#[tokio::test]
async fn a_masking_that_dies_at_any_request_is_made_good_by_the_next_run() {
    let scene = sent().await;
    for dying_at in 1.. {
        let s3 = scene.s3.copy();
        let dying = s3.client_with(move |call| match call.number < dying_at {
            true => Fault::None,
            false => Fault::RequestLost,
        });
        let run = |client| App { masking: masking("1"), ..scene.archiver_of(client) };
        let has_ended = handle(&run(dying), days_later(5)).await.is_ok();
        handle(&run(s3.client()), days_later(5)).await.expect("it runs");
        let versions = scene.all_versions(&s3);
        assert!(versions.iter().flatten().all(|version| version.recipient == MASKED), "{dying_at}");
        assert_eq!(versions.iter().flatten().count(), 4);
        if has_ended {
            return;
        }
    }
}

async fn sent_on_many_days() -> Scene {
    let scene = sent().await;
    for (key, content) in scene.files() {
        for day in 10..10 + DAYS {
            let key = key.replace("day=2026-01-01", &format!("day=2025-11-{day}"));
            scene.s3.put(ARCHIVE, &key, content.clone());
        }
    }
    scene.s3.take_requests();
    scene
}

#[tokio::test]
async fn a_masking_that_was_killed_goes_on_where_it_was() {
    let scene = sent_on_many_days().await;
    // Of each file one request reads it and another writes it.
    let killed = scene.s3.client_with(|call| match call.number < 70 {
        true => Fault::None,
        false => Fault::RequestLost,
    });
    let archiver = App { masking: masking("1"), ..scene.archiver_of(killed) };
    assert!(handle(&archiver, days_later(5)).await.is_err());
    assert!(scene.s3.take_requests()["GetObject"] > 30);
    // The next day goes on with that, and then begins with what is due by then.
    scene.run(masking("1"), days_later(6)).await;
    let reads = scene.s3.take_requests()["GetObject"];
    assert!(reads < FILES - 12, "{reads}");
    assert_eq!(scene.recipients(), [MASKED]);
    scene.run(masking("1"), days_later(6)).await;
    assert_eq!(scene.s3.take_requests()["GetObject"], 1, "nothing is due");
}

#[tokio::test]
async fn a_masking_that_is_cut_off_by_the_clock_begins_no_file_twice() {
    let scene = sent_on_many_days().await;
    let slow = scene.s3.client_with(|call| {
        if call.operation == "PutObject" {
            std::thread::sleep(Duration::from_millis(20));
        }
        Fault::None
    });
    let archiver = App { masking: masking("1"), run_max: SHORT_RUN, ..scene.archiver_of(slow) };
    let mut runs = 0;
    while scene.recipients() != [MASKED] {
        handle(&archiver, days_later(5)).await.expect("it ends well");
        runs += 1;
    }
    let reads = scene.s3.take_requests()["GetObject"];
    assert!(1 < runs && reads <= FILES + runs, "{reads} in {runs} runs");
}

#[tokio::test]
async fn a_setting_that_masks_sooner_reaches_days_that_were_not_due_before() {
    let scene = sent().await;
    scene.run(masking("90"), days_later(10)).await;
    assert_eq!(scene.recipients(), [WHOLE]);
    scene.run(masking("5"), days_later(10)).await;
    assert_eq!(scene.recipients(), [MASKED]);
}

#[tokio::test]
async fn a_backlog_does_not_stop_the_masking() {
    let scene = sent().await;
    scene.send("c").await;
    scene.project().await;
    // What is staged cannot be read.
    let broken = scene.s3.client_with(|call| match call.path.contains("/staging/") {
        true => Fault::RequestLost,
        false => Fault::None,
    });
    let archiver = App { masking: masking("1"), ..scene.archiver_of(broken) };
    assert!(handle(&archiver, days_later(5)).await.is_err());
    assert_eq!(scene.recipients(), [MASKED]);
}

#[tokio::test]
async fn files_go_when_edrs_are_kept_no_longer() {
    let scene = sent().await;
    scene.run(Masking::NEVER, days_later(731)).await;
    assert_eq!(scene.files().len(), 2);
    scene.run(Masking::NEVER, days_later(733)).await;
    assert!(scene.s3.keys(ARCHIVE, "edr/").is_empty());
}

#[tokio::test]
async fn hot_records_of_messages_blocks_and_fees_expire_after_24_months() {
    let scene = Scene::new().await;
    scene.story().await;
    scene.project().await;
    let kept: Vec<Item> = scene.hot_items().await;
    assert_eq!(kept.len(), 3 + 1 + 1, "rows, the block, the fee");
    for item in kept {
        let expires_at = item.get(keys::EXPIRES_AT).and_then(|at| at.as_n().ok()).cloned();
        assert_eq!(expires_at, Some(days_later(731).as_second().to_string()), "{item:?}");
    }
}

#[tokio::test]
async fn rows_and_blocks_of_messages_stay_until_their_records_are_gone_whatever_became_of_them() {
    let scene = Scene::new().await;
    scene.story().await;
    scene.client.send_batch(&scene.world.store, "batch", "hello", 3).await.expect("accepted");
    scene.project().await;
    let ids = scene.block(3).await;
    scene.leave_block(&ids[1]).await;
    let scan = scene.world.database.client().scan().table_name(tables().messages).send().await;
    let items = scan.expect("an answer").items.unwrap_or_default();
    assert_eq!(items.len(), 3 + 1 + (1 + 3) + 1 + 1, "rows, a block, a batch, a block and who left it");
    let end = row_kept_until(NOW).as_second().to_string();
    assert!(days_later(731) < row_kept_until(NOW));
    for item in items {
        let expires_at = item.get(keys::EXPIRES_AT).and_then(|at| at.as_n().ok());
        assert_eq!(expires_at, Some(&end), "{item:?}");
    }
}

#[tokio::test]
async fn a_list_shows_and_finds_old_recipients_by_their_masks_alone() {
    let scene = sent().await;
    let found = async |masked_before, recipient: Option<&str>| {
        let recipient = recipient.map(str::to_owned);
        let filter = EdrFilter { masked_before, recipient, ..EdrFilter::default() };
        let page =
            scene.world.store.edrs(&scene.client.agreement.id, &filter, 50, None).await.expect("a page");
        let shown = page.items.into_iter().filter_map(|record| record.into_message());
        shown.map(|edr| edr.recipient.to_string()).collect::<Vec<_>>()
    };
    let (young, old) = (masking("90").before(days_later(89)), masking("90").before(days_later(91)));
    assert_eq!(found(young, None).await, [WHOLE, WHOLE]);
    assert_eq!(found(young, Some(WHOLE)).await.len(), 2);
    assert_eq!(found(old, None).await, [MASKED, MASKED]);
    assert_eq!(found(old, Some(WHOLE)).await.len(), 0);
    assert_eq!(found(old, Some(MASKED)).await.len(), 2);
}

impl Scene {
    /// The items of the client's list.
    async fn hot_items(&self) -> Vec<Item> {
        let query = self.world.database.client().query().table_name(tables().records);
        let query = query.key_condition_expression("pk = :pk").expression_attribute_values(
            ":pk",
            aws_sdk_dynamodb::types::AttributeValue::S(keys::edrs(&self.client.agreement.id)),
        );
        query.send().await.expect("an answer").items.unwrap_or_default()
    }
}
