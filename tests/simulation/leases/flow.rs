//! From a lease's write to a job: what a lease has charged goes out once, and what it has not never does.

use std::collections::BTreeMap;

use domain::connection::{Connection, ConnectionKind, Link, SmppLink};
use domain::edr::Record;
use domain::id::MessageId;
use domain::lease::Seen;
use domain::message::Status;
use domain::receipt::ReceiptState;
use queue::{Job, Outcome, Progress, Sender};
use store::{EdrFilter, Flushed, Row};
use tests::edits::put_connection;
use tests::embedded_sqs::EmbeddedSqs;
use tests::world::{Member, NOW, World, amount, connection, tables};

use super::{acquire, pair, sweep};

const SMPP_QUEUE: &str = "smpp-send";

pub struct Scene {
    pub world: World,
    sqs: EmbeddedSqs,
    pub projector: projector::App,
    pub client: Member,
    pub reseller: Member,
}

impl Scene {
    pub async fn new() -> Self {
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
        let (client, reseller) = pair(&world).await;
        let link = SmppLink { queue_url: sqs.queue(SMPP_QUEUE), ..SmppLink::new("vendor", 2775, "us") };
        let vendor = Connection::new(
            connection(),
            world.owner.company.id.clone(),
            "the vendor",
            Link::Smpp(link),
            NOW,
        );
        put_connection(&world.store, &vendor).await;
        Self { world, sqs, projector, client, reseller }
    }

    fn draft(&self, key: &str, count: u32) -> domain::batch::Draft {
        let mut draft = self.client.draft(key, "hello", count).expect("a rate");
        draft.batch.connection_kind = ConnectionKind::Http;
        draft
    }

    /// Brings both streams to their ends, each delivery twice.
    pub async fn project(&self) {
        for _ in 0..2 {
            for table in [&tables().ledger, &tables().messages] {
                let event = self.world.database.take_stream(table);
                for _ in 0..2 {
                    projector::handle(&self.projector, event.clone()).await.expect("it is projected");
                }
            }
        }
    }

    /// The messages that have jobs.
    fn jobs(&self) -> Vec<MessageId> {
        let jobs: Vec<Job> = self.sqs.messages(&self.sqs.queue("http-send"));
        let mut ids: Vec<_> = jobs
            .into_iter()
            .map(|job| {
                let Job::SubmitV1 { message, .. } = job else { panic!("a block") };
                message
            })
            .collect();
        ids.sort();
        ids.dedup();
        ids
    }

    async fn recorded(&self) -> usize {
        self.records().await.len()
    }

    async fn records(&self) -> BTreeMap<MessageId, Status> {
        let store = &self.world.store;
        let page = store.edrs(&self.client.agreement.id, &EdrFilter::default(), 500, None).await;
        let edrs = page.expect("a page").items.into_iter().filter_map(Record::into_message);
        edrs.map(|edr| (edr.message, edr.status)).collect()
    }

    /// What the owner of the SMPP connection was told, each once.
    fn told(&self) -> Vec<Job> {
        let mut jobs: Vec<Job> = self.sqs.messages(&self.sqs.queue(SMPP_QUEUE));
        jobs.sort_by_key(|job| format!("{job:?}"));
        jobs.dedup();
        jobs
    }
}

#[tokio::test]
async fn what_a_lease_has_charged_is_sent_recorded_and_counted_once() {
    let scene = Scene::new().await;
    let mut session = acquire(&scene.world.store, &scene.client).await;
    for number in 0..3 {
        let sent = session.send(&scene.draft(&format!("key-{number}"), 1), NOW).await.expect("an answer");
        assert!(matches!(sent, Flushed::Now(_)));
    }
    session.send(&scene.draft("batch", 4), NOW).await.expect("an answer");
    let drafts: Vec<_> = (0..5).map(|number| scene.draft(&format!("block-{number}"), 1)).collect();
    let block = session.flush(&drafts, NOW).await.expect("an answer");
    scene.project().await;
    assert_eq!((scene.jobs().len(), scene.recorded().await), (12, 12));
    for row in block {
        let store::Row::Message(message) = row.expect("accepted") else { panic!("a message") };
        let stored = scene.world.store.message(&message.id).await.expect("a read").expect("its row");
        assert_eq!(stored, *message);
    }
    // The usage is what the ledger has charged, and the sweeper sees that it is.
    session.close().await.expect("it is closed");
    scene.project().await;
    let owed = scene.world.store.owed(&scene.client.agreement.id).await.expect("a sum");
    assert_eq!(owed, scene.world.wallet(&scene.client.wallet).await.charged);
}

#[tokio::test]
async fn a_block_is_one_job_and_its_messages_are_recorded_as_they_move() {
    let scene = Scene::new().await;
    let store = &scene.world.store;
    let mut session = acquire(store, &scene.client).await;
    let draft = |number| scene.client.draft(&format!("smpp-{number}"), "hello", 1).expect("a rate");
    let drafts: Vec<_> = (0..6).map(draft).collect();
    let rows = session.flush(&drafts, NOW).await.expect("an answer");
    session.close().await.expect("it is closed");
    let id = |row: &Row| MessageId::parse(row.reference()).expect("an id");
    let ids: Vec<MessageId> = rows.iter().map(|row| id(row.as_ref().expect("accepted"))).collect();
    let (block, _) = ids[0].block().expect("a block");
    // Called back before anybody has heard of it.
    assert!(store.cancel_message(&ids[5], NOW).await.expect("an answer"));
    scene.project().await;
    let job = Job::SubmitBlockV1 { block: block.clone(), connection: connection(), count: 5 };
    assert_eq!(scene.told(), std::slice::from_ref(&job));
    store.claim_block(&block, 1).await.expect("claimed");
    let outcomes = vec![
        (0, Outcome::Submitted(vec![Some("a".to_owned())])),
        (1, Outcome::Refused { reason: "no".to_owned(), next_route: false }),
        (2, Outcome::NotSent),
        (3, Outcome::InDoubt),
        (4, Outcome::Submitted(vec![Some("b".to_owned())])),
    ];
    let app = progress_applier::App { store: store.clone() };
    for _ in 0..2 {
        let (block, outcomes) = (block.clone(), outcomes.clone());
        let told =
            Progress::BlockV1 { block, connection: connection(), outcomes, references_by: None, at: NOW };
        app.apply(told).await.expect("applied");
    }
    let receipt = Progress::ReceiptV1 {
        connection: connection(),
        reference: "B".to_owned(),
        state: ReceiptState::Delivered,
        error: None,
        recipient: None,
        at: NOW,
    };
    app.apply(receipt).await.expect("applied");
    scene.project().await;
    let alone = Job::SubmitV1 { message: ids[2].clone(), connection: connection() };
    assert_eq!(scene.told(), [job, alone]);
    use Status::{Accepted, Canceled, Delivered, Submitted, Unsent};
    let expected = [Submitted, Unsent, Accepted, Submitted, Delivered, Canceled];
    assert_eq!(scene.records().await, ids.into_iter().zip(expected).collect());
    let owed = store.owed(&scene.client.agreement.id).await.expect("a sum");
    assert_eq!((owed, owed), (amount("0.2"), scene.world.wallet(&scene.client.wallet).await.charged));
}

#[tokio::test]
async fn what_was_put_and_not_charged_is_never_sent_and_what_takes_its_place_is_sent_once() {
    let scene = Scene::new().await;
    let mut zombie = acquire(&scene.world.store, &scene.client).await;
    sweep(&scene.world).await;
    let draft = scene.draft("key", 1);
    // It has escrow in mind, from before it was fenced.
    let sent = zombie.send(&draft, NOW).await.expect("an answer");
    assert!(matches!(sent, Flushed::AtHome { .. }), "{sent:?}");
    let mut fenced = acquire(&scene.world.store, &scene.client).await;
    fenced.send(&scene.draft("first", 1), NOW).await.expect("an answer");
    sweep(&scene.world).await;
    let Flushed::AtHome { over: Some(tag) } = fenced.send(&draft, NOW).await.expect("an answer") else {
        panic!("it was fenced");
    };
    scene.project().await;
    assert_eq!((scene.jobs().len(), scene.recorded().await), (1, 1));
    let accepted = scene.world.store.accept_over(&draft, Some(&tag), &mut Seen::default()).await;
    accepted.expect("it is charged");
    scene.project().await;
    assert_eq!((scene.jobs().len(), scene.recorded().await), (2, 2));
}
