//! What a thousand messages cost in requests to S3: few, because a delivery of the stream is one object and
//! a run writes a day once.

use domain::message::Progress;
use domain::receipt::ReceiptState;
use edr_archiver::handle;
use tests::world::NOW;

use crate::scene::Scene;

/// Records in a delivery, as `infra/template.yaml` has it.
const DELIVERED_MAX: usize = 100;
const MESSAGES: usize = 1_000;

#[tokio::test]
async fn a_thousand_messages_in_blocks_take_at_most_twenty_requests_from_acceptance_to_receipt() {
    let scene = Scene::new().await;
    let all: Vec<u16> = (0..100).collect();
    for _ in 0..MESSAGES / all.len() {
        let ids = scene.block(all.len()).await;
        let submitted = Progress::Submitted { references: vec![Some("r".to_owned())] };
        scene.move_block(&ids[0], &all, submitted).await;
        let delivered = Progress::Receipt { part: 0, state: ReceiptState::Delivered, error: None };
        scene.move_block(&ids[0], &all, delivered).await;
    }
    for event in scene.take() {
        for records in event.records.chunks(DELIVERED_MAX) {
            let mut delivery = event.clone();
            delivery.records = records.to_vec();
            scene.deliver(delivery).await;
        }
    }
    handle(&scene.archiver(), NOW).await.expect("archived");
    let requests = scene.s3.take_requests();
    println!("{MESSAGES} messages in blocks of 100, three versions at two levels: {requests:?}");
    let bytes: usize = scene.files().values().map(Vec::len).sum();
    let versions: usize = scene.all_versions(&scene.s3).iter().map(Vec::len).sum();
    println!("{versions} versions in {bytes} bytes, {} each", bytes / versions);
    assert_eq!(versions, MESSAGES * 3 * 2);
    assert!(requests.values().sum::<u64>() <= 20, "{requests:?}");
}

#[tokio::test]
async fn messages_with_rows_take_a_request_for_each_delivery_and_one_more_to_read_it() {
    let scene = Scene::new().await;
    for number in 0..DELIVERED_MAX {
        scene.send(&format!("key-{number}")).await;
    }
    let mut deliveries = 0;
    for event in scene.take() {
        for records in event.records.chunks(DELIVERED_MAX) {
            let mut delivery = event.clone();
            delivery.records = records.to_vec();
            deliveries += 1;
            scene.deliver(delivery).await;
        }
    }
    let staged = scene.s3.take_requests()["PutObject"];
    assert!(staged <= deliveries, "{staged} of {deliveries}");
    handle(&scene.archiver(), NOW).await.expect("archived");
    let requests = scene.s3.take_requests();
    println!("{DELIVERED_MAX} messages with rows, one version at two levels: {staged} staged, {requests:?}");
    // Each object, two files, the upkeep's note.
    assert_eq!(requests["GetObject"], staged + 2 + 1);
    assert_eq!(requests["PutObject"], 2 + 1);
}
