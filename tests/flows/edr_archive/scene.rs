//! A client below a reseller, what they do, and what the archive has of it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int32Type};
use aws_lambda_events::event::dynamodb::Event;
use domain::connection::{Connection, Link, SmppLink};
use domain::fee::{FeeItem, FeePrice, plan_fee};
use domain::id::{AgreementId, FeeId, MessageId};
use domain::masking::Masking;
use domain::message::{Message, Progress, Step, apply};
use domain::rating::Resource;
use domain::receipt::ReceiptState;
use edr_archiver::{App, file};
use queue::Sender;
use store::{Archive, FeeWrite, FeeWritten, Stored};
use tests::edits::{act, put_connection};
use tests::embedded_s3::{ARCHIVE, EmbeddedS3};
use tests::embedded_sqs::EmbeddedSqs;
use tests::world::{Member, NOW, World, amount, connection, tables};

pub struct Scene {
    pub world: World,
    pub s3: EmbeddedS3,
    pub projector: projector::App,
    pub client: Member,
    pub reseller: Member,
    sent: RefCell<BTreeMap<String, MessageId>>,
}

/// A row of a file, as far as the tests look at it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    pub id: String,
    pub revision: i32,
    pub kind: String,
    pub status: String,
    /// In millionths.
    pub amount: i128,
    pub recipient: String,
}

pub fn archive_of(s3: aws_sdk_s3::Client) -> Archive {
    Archive::new(s3, ARCHIVE.to_owned())
}

impl Scene {
    pub async fn new() -> Self {
        let world = World::new().await;
        let (sqs, s3) = (EmbeddedSqs::new(), EmbeddedS3::new());
        let queue = |name| Sender::new(sqs.client(), sqs.queue(name));
        let projector = projector::App {
            store: world.store.clone(),
            sqs: sqs.client(),
            http_send: queue("http-send"),
            notifications: queue("notifications"),
            billing: queue("billing"),
            webhooks: queue("webhooks"),
            archive: s3.archive(),
        };
        let reseller = world.reseller(&world.owner, "0.03").with_funds("1000").open().await;
        let client = world.client(&reseller, "0.05").with_funds("1000").open().await;
        let link = SmppLink { queue_url: sqs.queue("smpp-send"), ..SmppLink::new("vendor", 2775, "us") };
        let vendor = Connection::new(
            connection(),
            world.owner.company.id.clone(),
            "the vendor",
            Link::Smpp(link),
            NOW,
        );
        put_connection(&world.store, &vendor).await;
        Self { world, s3, projector, client, reseller, sent: RefCell::default() }
    }

    pub fn archiver(&self) -> App {
        self.archiver_of(self.s3.client())
    }

    pub fn archiver_of(&self, s3: aws_sdk_s3::Client) -> App {
        App::new(self.world.store.clone(), archive_of(s3), Masking::NEVER)
    }

    /// Three messages with rows of their own, a fee, and a block of four.
    pub async fn story(&self) {
        let submitted = || Progress::Submitted { references: vec![Some("r".to_owned())] };
        for key in ["delivered", "refused", "waiting"] {
            self.send(key).await;
        }
        for key in ["delivered", "refused"] {
            self.world.store.claim(&self.id(key)).await.expect("claimed");
        }
        let delivered = Progress::Receipt { part: 0, state: ReceiptState::Delivered, error: None };
        self.apply(&self.id("delivered"), submitted()).await;
        self.apply(&self.id("delivered"), delivered).await;
        self.apply(&self.id("refused"), Progress::Refused { reason: "no".to_owned() }).await;
        self.charge_fee().await;
        let ids = self.block(4).await;
        assert!(self.world.store.cancel_message(&ids[3], NOW).await.expect("an answer"));
        self.move_block(&ids[0], &[0, 1, 2], submitted()).await;
    }

    /// A message with a row.
    pub async fn send(&self, key: &str) {
        let (_, message) = self.client.send(&self.world.store, key, "hello").await.expect("accepted");
        self.sent.borrow_mut().insert(key.to_owned(), message.id);
    }

    pub fn id(&self, key: &str) -> MessageId {
        self.sent.borrow()[key].clone()
    }

    pub fn sent(&self, key: &str) -> String {
        self.id(key).to_string()
    }

    /// Moves a message with a row.
    pub async fn apply(&self, id: &MessageId, progress: Progress) {
        let store = &self.world.store;
        let message: Message = store.message(id).await.expect("a read").expect("its row");
        let Step::Move { message: next, refund } = apply(&message, &progress, NOW) else {
            panic!("it moves")
        };
        let stored = store.move_message(&next, message.revision, &refund).await.expect("an answer");
        assert_eq!(stored, Stored::Now);
    }

    /// Messages that a lease accepts together.
    pub async fn block(&self, count: usize) -> Vec<MessageId> {
        let store = &self.world.store;
        let lease = store.acquire_lease(&self.client.wallet, 5, NOW).await.expect("an answer");
        let mut session = lease.expect("a free lease");
        let key = self.world.unique();
        let draft = |number| self.client.draft(&format!("{key}-{number}"), "hello", 1).expect("a rate");
        let drafts: Vec<_> = (0..count).map(draft).collect();
        let rows = session.flush(&drafts, NOW).await.expect("an answer");
        session.close().await.expect("it is closed");
        let id = |row: &store::Row| MessageId::parse(row.reference()).expect("an id");
        rows.iter().map(|row| id(row.as_ref().expect("accepted"))).collect()
    }

    /// Moves messages of a block, which one of its messages names, by one write.
    pub async fn move_block(&self, one: &MessageId, places: &[u16], progress: Progress) {
        let store = &self.world.store;
        let (tag, _) = one.block().expect("a block");
        let mut change = store.block(&tag).await.expect("a read").expect("a block").change();
        for place in places {
            let _ = change.step(*place, &progress, NOW);
        }
        store.change_block(&change).await.expect("stored");
    }

    /// One goes on in a row of its own.
    pub async fn leave_block(&self, id: &MessageId) {
        let store = &self.world.store;
        let (tag, place) = id.block().expect("a block");
        let mut change = store.block(&tag).await.expect("a read").expect("a block").change();
        let _ = change.send_alone(place);
        store.change_block(&change).await.expect("stored");
    }

    async fn charge_fee(&self) {
        let item = FeeItem {
            resource: Resource::SenderIdSetupFee,
            sender: Some(self.client.sender.clone()),
            price: FeePrice::fixed(&self.client.agreement.id, "setup", amount("3.5")).expect("a price"),
            subject: Some("setup".to_owned()),
            quantity: 1,
        };
        let id = FeeId::new(self.world.unique());
        let fee = plan_fee(id, &self.client.agreement, item, NOW).expect("a fee");
        let write = FeeWrite { fee: Some(&fee), ..FeeWrite::default() };
        let written = self.world.store.write_fee(&act(&self.client.company.path), write).await;
        assert_eq!(written.expect("an answer"), FeeWritten::Now);
    }

    /// What the streams have since they were taken last, the messages' first: nothing may depend on it.
    pub fn take(&self) -> Vec<Event> {
        let both = [tables().messages, tables().ledger];
        both.into_iter().map(|table| self.world.database.take_stream(&table)).collect()
    }

    pub async fn deliver(&self, event: Event) {
        projector::handle(&self.projector, event).await.expect("projected");
    }

    pub async fn project(&self) {
        for event in self.take() {
            self.deliver(event).await;
        }
    }

    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        files(&self.s3)
    }

    /// The rows of an agreement, in the order of their files.
    pub fn versions(&self, agreement: &AgreementId) -> Vec<Version> {
        versions(&self.s3, agreement)
    }

    /// Those of both agreements. Each is there once.
    pub fn all_versions(&self, s3: &EmbeddedS3) -> Vec<Vec<Version>> {
        let of = |member: &Member| {
            let mut versions = versions(s3, &member.agreement.id);
            versions.sort();
            let count = versions.len();
            versions.dedup_by_key(|version| (version.id.clone(), version.revision));
            assert_eq!(versions.len(), count, "a version is there twice");
            versions
        };
        [&self.client, &self.reseller].map(of).to_vec()
    }
}

fn files(s3: &EmbeddedS3) -> BTreeMap<String, Vec<u8>> {
    let keys = s3.keys(ARCHIVE, "edr/").into_iter();
    keys.map(|key| (key.clone(), s3.get(ARCHIVE, &key).expect("it is there"))).collect()
}

fn versions(s3: &EmbeddedS3, agreement: &AgreementId) -> Vec<Version> {
    let files = files(s3).into_iter();
    let own = files.filter(|(key, _)| key.starts_with(&format!("edr/agreement={agreement}/")));
    own.flat_map(|(_, content)| rows(content)).collect()
}

fn rows(content: Vec<u8>) -> Vec<Version> {
    file::read(&content.into())
        .expect("it reads")
        .flat_map(|rows| versions_of(&rows.expect("rows")))
        .collect()
}

fn versions_of(rows: &RecordBatch) -> Vec<Version> {
    let column = |name: &str| rows.column_by_name(name).expect("a column");
    let text = |name: &str| column(name).as_string::<i32>().clone();
    let (ids, kinds, statuses) = (text("id"), text("kind"), text("status"));
    let recipients = text("recipient");
    let revisions = column("revision").as_primitive::<Int32Type>();
    let amounts = column("amount").as_primitive::<Decimal128Type>();
    let row = |row: usize| Version {
        id: ids.value(row).to_owned(),
        revision: revisions.value(row),
        kind: kinds.value(row).to_owned(),
        status: statuses.value(row).to_owned(),
        amount: amounts.value(row),
        recipient: recipients.value(row).to_owned(),
    };
    (0..rows.num_rows()).map(row).collect()
}
