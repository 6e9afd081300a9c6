//! The archive of EDRs, from the streams to files: every version of a record is in it once, whatever comes
//! twice, dies, or runs at the same time.

mod cost;
mod reading;
mod scene;
mod upkeep;

use std::time::Duration;

use domain::message::Progress;
use domain::receipt::ReceiptState;
use edr_archiver::{App, handle};
use futures::future::join;
use tests::embedded_s3::{ARCHIVE, EmbeddedS3, Fault};
use tests::world::NOW;

use scene::{Scene, Version};

#[tokio::test]
async fn every_version_of_a_record_is_in_the_archive_once_at_each_level() {
    let scene = Scene::new().await;
    scene.story().await;
    scene.project().await;
    handle(&scene.archiver(), NOW).await.expect("archived");
    let shown = |version: &Version| (version.revision, version.status.clone(), version.amount);
    let of = |member: &tests::world::Member, id: &str| {
        let versions = scene.versions(&member.agreement.id);
        versions.iter().filter(|version| version.id == id).map(shown).collect::<Vec<_>>()
    };
    let (delivered, refused) = (scene.sent("delivered"), scene.sent("refused"));
    for (member, price) in [(&scene.client, 50_000), (&scene.reseller, 30_000)] {
        let expected = [(0, "accepted", price), (2, "submitted", price), (3, "delivered", price)];
        assert_eq!(
            of(member, &delivered),
            expected.map(|(revision, status, price)| (revision, status.into(), price))
        );
        let expected = [(0, "accepted", price), (2, "unsent", 0)];
        assert_eq!(
            of(member, &refused),
            expected.map(|(revision, status, price)| (revision, status.into(), price))
        );
    }
    // One message waits, and there is a fee; then the block: four accepted, three of them submitted and one
    // called back before anybody had heard of it.
    assert_eq!(scene.versions(&scene.client.agreement.id).len(), 3 + 2 + 1 + 1 + 4 + 3 + 1);
    assert_eq!(scene.versions(&scene.reseller.agreement.id).len(), 3 + 2 + 1 + 4 + 3 + 1);
    let fee = scene.versions(&scene.client.agreement.id).into_iter().find(|version| version.kind == "fee");
    assert_eq!(fee.map(|fee| fee.amount), Some(3_500_000));
    assert!(scene.s3.keys(ARCHIVE, "staging/").is_empty());
}

#[tokio::test]
async fn a_delivery_that_comes_again_whole_or_in_halves_changes_nothing() {
    let scene = Scene::new().await;
    scene.story().await;
    let events = scene.take();
    for event in &events {
        scene.deliver(event.clone()).await;
    }
    let staged = scene.s3.keys(ARCHIVE, "staging/");
    for event in &events {
        scene.deliver(event.clone()).await;
    }
    assert_eq!(scene.s3.keys(ARCHIVE, "staging/"), staged, "the same delivery is the same object");
    handle(&scene.archiver(), NOW).await.expect("archived");
    let before = scene.files();
    scene.s3.take_requests();
    for event in &events {
        let (first, second) = event.records.split_at(event.records.len() / 2);
        for half in [first, second] {
            let mut event = event.clone();
            event.records = half.to_vec();
            scene.deliver(event).await;
        }
    }
    let staged = scene.s3.take_requests();
    handle(&scene.archiver(), NOW).await.expect("archived");
    assert_eq!(scene.files(), before);
    assert!(0 < staged["PutObject"]);
    assert_eq!(scene.s3.take_requests().get("PutObject"), None, "no file is written again");
    assert!(scene.s3.keys(ARCHIVE, "staging/").is_empty());
}

#[tokio::test]
async fn a_run_that_dies_at_any_request_is_made_good_by_the_next() {
    let scene = Scene::new().await;
    scene.story().await;
    scene.project().await;
    let staged = scene.s3.copy();
    handle(&scene.archiver(), NOW).await.expect("archived");
    let expected = scene.all_versions(&scene.s3);
    // What it was doing then was done, or was not.
    for last in [Fault::AnswerLost, Fault::RequestLost] {
        for dying_at in 1.. {
            let s3 = staged.copy();
            let dying = s3.client_with(move |call| match call.number {
                number if number < dying_at => Fault::None,
                number if number == dying_at => last,
                _ => Fault::RequestLost,
            });
            let has_ended = handle(&scene.archiver_of(dying), NOW).await.is_ok();
            handle(&scene.archiver_of(s3.client()), NOW).await.expect("archived");
            assert_eq!(scene.all_versions(&s3), expected, "{last:?} at {dying_at}");
            assert!(s3.keys(ARCHIVE, "staging/").is_empty());
            if has_ended {
                assert!(6 < dying_at, "there were so few requests");
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_run_that_is_slow_ends_in_time_and_the_next_one_goes_on() {
    let scene = Scene::new().await;
    scene.story().await;
    scene.project().await;
    let staged = scene.s3.copy();
    handle(&scene.archiver(), NOW).await.expect("archived");
    let expected = scene.all_versions(&scene.s3);
    let slow = staged.client_with(|call| {
        if call.operation == "PutObject" {
            std::thread::sleep(Duration::from_millis(1_100));
        }
        Fault::None
    });
    let archiver = App { run_max: Duration::from_secs(2), ..scene.archiver_of(slow) };
    handle(&archiver, NOW).await.expect("it ends well");
    assert!(!staged.keys(ARCHIVE, "staging/").is_empty(), "not all days are written");
    handle(&scene.archiver_of(staged.client()), NOW).await.expect("archived");
    assert_eq!(scene.all_versions(&staged), expected);
    assert!(staged.keys(ARCHIVE, "staging/").is_empty());
}

#[tokio::test]
async fn a_delivery_whose_versions_were_not_staged_is_not_acknowledged() {
    let scene = Scene::new().await;
    scene.story().await;
    let lost = EmbeddedS3::new().client_with(|_| Fault::RequestLost);
    let projector = projector::App { archive: scene::archive_of(lost), ..scene.projector.clone() };
    let event = scene.take().remove(0);
    assert!(projector::handle(&projector, event.clone()).await.is_err());
    scene.deliver(event).await;
    assert_eq!(scene.s3.keys(ARCHIVE, "staging/").len(), 1);
}

#[tokio::test]
async fn two_runs_at_once_write_each_version_once() {
    let scene = Scene::new().await;
    scene.story().await;
    let events = scene.take();
    scene.deliver(events[0].clone()).await;
    handle(&scene.archiver(), NOW).await.expect("archived");
    for event in &events {
        scene.deliver(event.clone()).await;
    }
    let staged = scene.s3.copy();
    handle(&scene.archiver(), NOW).await.expect("archived");
    let expected = scene.all_versions(&scene.s3);
    for behind in 0..40 {
        let s3 = staged.copy();
        let (one, other) = (scene.archiver_of(s3.client()), scene.archiver_of(s3.client()));
        let later = async {
            for _ in 0..behind {
                tokio::task::yield_now().await;
            }
            handle(&other, NOW).await
        };
        let (first, second) = join(handle(&one, NOW), later).await;
        first.and(second).expect("both end well");
        assert_eq!(scene.all_versions(&s3), expected, "{behind} turns behind");
    }
}

#[tokio::test]
async fn a_full_file_is_followed_by_another_and_what_is_in_any_of_them_stays_there_alone() {
    let scene = Scene::new().await;
    let mut archiver = scene.archiver();
    archiver.file_rows = 4;
    let mut events = Vec::new();
    for key in ["a", "b", "c", "d", "e", "f"] {
        scene.send(key).await;
        let event = scene.take();
        for event in &event {
            scene.deliver(event.clone()).await;
        }
        handle(&archiver, NOW).await.expect("archived");
        events.extend(event);
    }
    let files = scene.s3.keys(ARCHIVE, &format!("edr/agreement={}/", scene.client.agreement.id));
    assert_eq!(files.len(), 2);
    assert!(files[1].ends_with("/day=2026-01-01/part-1.parquet"), "{files:?}");
    let before = scene.files();
    for event in events {
        scene.deliver(event).await;
    }
    handle(&archiver, NOW).await.expect("archived");
    assert_eq!(scene.files(), before);
    // A later version of what the full one has goes to the last.
    let first = scene.id("a");
    scene.apply(&first, Progress::Submitted { references: vec![Some("r".to_owned())] }).await;
    scene.apply(&first, Progress::Receipt { part: 0, state: ReceiptState::Expired, error: None }).await;
    scene.project().await;
    handle(&archiver, NOW).await.expect("archived");
    assert_eq!(scene.versions(&scene.client.agreement.id).len(), 6 + 2);
    assert_eq!(scene.files()[&files[0]], before[&files[0]]);
}
