//! From a lease's write to a job: what a lease has charged goes out once, and what it has not never does.

use domain::connection::ConnectionKind;
use domain::id::MessageId;
use domain::lease::Seen;
use queue::{Job, Sender};
use store::{EdrFilter, Flushed};
use tests::embedded_sqs::EmbeddedSqs;
use tests::world::{Member, NOW, World, tables};

use super::{acquire, pair, sweep};

struct Scene {
    world: World,
    sqs: EmbeddedSqs,
    projector: projector::App,
    client: Member,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        let sqs = EmbeddedSqs::new();
        let queue = |name| Sender::new(sqs.client(), sqs.queue(name));
        let projector = projector::App {
            store: world.store.clone(),
            sqs: sqs.client(),
            http_send: queue("http-send"),
            notifications: queue("notifications"),
        };
        let (client, _) = pair(&world).await;
        Self { world, sqs, projector, client }
    }

    fn draft(&self, key: &str, count: u32) -> domain::batch::Draft {
        let mut draft = self.client.draft(key, "hello", count).expect("a rate");
        draft.batch.connection_kind = ConnectionKind::Http;
        draft
    }

    /// Brings both streams to their ends, each delivery twice.
    async fn project(&self) {
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
        let store = &self.world.store;
        let page = store.edrs(&self.client.agreement.id, &EdrFilter::default(), 500, None).await;
        page.expect("a page").items.len()
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
