//! Invoices from the usage to the payment: drafts, confirmations, corrections and coverage, with a database and
//! a bucket that answer as the real ones do.
#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use domain::agreement::{Agreement, MailLists};
use domain::audit::Act;
use domain::charge::{Charge, ChargeGroup, ChargeRow, ServiceType};
use domain::connection::{Connection, Link, SmppLink};
use domain::edr::{Usage, UsageKey};
use domain::id::{
    AgreementId, ChargeId, InvoiceId, LegalEntityId, MessageId, OwnLegalEntityId, RateId, ServiceId, TreeTag,
    UserId, WalletId,
};
use domain::invoice::{
    Confirmation, DispatchStatus, Invoice, InvoiceEdit, InvoiceError, InvoiceKind, InvoicePayment,
    InvoiceStatus, Timing,
};
use domain::lease::LeaseTag;
use domain::legal_entity::{EntityDetails, LegalEntity, OwnEntityDetails, OwnLegalEntity};
use domain::money::{Amount, Currency};
use domain::payment::Payment;
use domain::period::{BillingPeriod, BillingTerms, Period};
use domain::rating::{PricedBy, Resource};
use domain::record::Hand;
use domain::sender::SenderAddress;
use domain::tax::{Buyer, TaxRule};
use invoice_closer::Wake;
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use queue::{Billing, Notification, Progress, Sender};
use rust_decimal::Decimal;
use store::{
    BlockUsage, Closed, Documents, Files, Invoices, InvoicesError, Store, StoreError, Stored, TreeCache,
};
use tests::bucket::Bucket;
use tests::edits::{act_at, change_agreement, change_company, put_connection};
use tests::embedded_dynamodb::{Call, Fault};
use tests::embedded_s3::EmbeddedS3;
use tests::embedded_sqs::EmbeddedSqs;
use tests::world::{Member, NOW, World, amount, connection, tables};
use tokio::task::JoinSet;

const RACERS: usize = 8;

/// December of 2025 is over.
struct Office {
    world: World,
    bucket: Bucket,
    client: Member,
    invoices: Invoices,
    blocks: AtomicU64,
}

impl Office {
    async fn open() -> Self {
        Self::billed(BillingTerms::monthly_utc()).await
    }

    async fn billed(terms: BillingTerms) -> Self {
        let world = World::with_streams(&[]).await;
        let client = world.client(&world.owner, "0.05").with_periods(terms).open().await;
        let bucket = Bucket::start().await.unwrap();
        let invoices = invoices(world.store.clone(), &bucket);
        Self { world, bucket, client, invoices, blocks: AtomicU64::new(1) }
    }

    fn december() -> Period {
        Period { first: date(2025, 12, 1), last: date(2025, 12, 31) }
    }

    /// Messages at five cents, as the projector posts them; below zero they were given back.
    async fn uses(&self, day: Date, sender: &str, messages: i64) {
        self.uses_at(&self.client.agreement.id, day, sender, messages).await;
    }

    async fn uses_at(&self, agreement: &AgreementId, day: Date, sender: &str, messages: i64) {
        self.post(vec![row(agreement, day, sender, messages)]).await;
    }

    /// The same of the wallet of a user with credits of its own.
    async fn user_uses(&self, user: u128, messages: i64) {
        self.post(vec![self.users_row(user, messages)]).await;
    }

    fn users_row(&self, user: u128, messages: i64) -> (UsageKey, Usage) {
        let agreement = &self.client.agreement.id;
        let (key, usage) = row(agreement, DAY, "ACME", messages);
        (UsageKey { wallet: WalletId::of_user(agreement, &UserId::new(user)), ..key }, usage)
    }

    async fn post(&self, rows: Vec<(UsageKey, Usage)>) {
        let agreement = rows[0].0.agreement.clone();
        let fence = self.blocks.fetch_add(1, Ordering::SeqCst);
        let lease = WalletId::of_lease(&WalletId::main(&agreement), 0);
        let change = BlockUsage {
            block: LeaseTag { lease, fence, number: 0 },
            accepted_at: NOW,
            revision: 0,
            count: 1,
            agreements: vec![agreement],
            usage: rows.into_iter().collect(),
            statistics: store::Statistics::new(),
        };
        self.world.store.post_usage_of_blocks(&[change]).await.unwrap();
    }

    fn act(&self) -> Act {
        act_at(&self.client.company.path, NOW)
    }

    async fn agreement(&self) -> Agreement {
        self.world.store.any_agreement(&self.client.agreement.id).await.unwrap().unwrap()
    }

    async fn close(&self) -> Closed {
        let agreement = self.agreement().await;
        self.invoices.close(&self.act(), &agreement, Self::december()).await.unwrap()
    }

    /// The draft that follows the usage.
    async fn draft(&self) -> Invoice {
        match self.close().await {
            Closed::Stored(invoice) | Closed::Same(invoice) => *invoice,
            Closed::NoUsage => panic!("nothing was used"),
        }
    }

    async fn confirm(&self, id: &InvoiceId) -> Result<Invoice, InvoicesError> {
        let agreement = self.agreement().await;
        self.invoices.confirm(&self.act(), &agreement, id, &after_period()).await
    }

    /// An hour later.
    async fn recalculate(&self, invoice: &Invoice, charge: &Charge) -> Result<(), InvoicesError> {
        let (act, agreement) = (act_at(&self.client.company.path, LATER), self.agreement().await);
        self.invoices.recalculate_charge(&act, &agreement, &invoice.id, &charge.id).await
    }

    async fn confirmed(&self) -> Invoice {
        let draft = self.draft().await;
        self.confirm(&draft.id).await.unwrap()
    }

    async fn stored(&self) -> Vec<Invoice> {
        self.world.store.invoices_of(&self.client.agreement.id).await.unwrap()
    }

    async fn cover(&self, now: Timestamp) -> Vec<Invoice> {
        self.invoices.cover("test", &self.agreement().await, now).await.unwrap();
        self.stored().await
    }

    /// What all confirmed charges and the open ones bill, by sender.
    async fn billed_rows(&self) -> Vec<(String, i64, String)> {
        let mut rows: Vec<ChargeRow> = Vec::new();
        for invoice in self.stored().await {
            for charge in &invoice.charges {
                rows.extend(self.invoices.rows(&invoice, charge, NOW).await.unwrap());
            }
        }
        let sums = domain::charge::difference(rows, Vec::new()).unwrap();
        let sender = |row: &ChargeRow| row.sender.as_ref().unwrap().as_str().to_owned();
        sums.iter().map(|row| (sender(row), row.messages, row.net.to_string())).collect()
    }
}

fn invoices(store: Store, bucket: &Bucket) -> Invoices {
    Invoices::new(store, Files::new(bucket.links(), reqwest::Client::new()))
}

fn row(agreement: &AgreementId, day: Date, sender: &str, messages: i64) -> (UsageKey, Usage) {
    let unit_price = amount("0.05");
    let key = UsageKey {
        agreement: agreement.clone(),
        wallet: WalletId::main(agreement),
        day,
        resource: Resource::SmsMessage,
        sender: Some(SenderAddress::parse(sender).unwrap()),
        subject: None,
        country: Some("DE".into()),
        rate: RateId::of(&TreeTag::of(&ServiceId::new(1), 1), 0),
        unit_price,
        priced_by: PricedBy::Flat,
    };
    let net = unit_price.checked_times(u32::try_from(messages.unsigned_abs()).unwrap()).unwrap();
    (key, Usage { messages, quantity: messages, amount: if messages < 0 { -net } else { net } })
}

fn after_period() -> Confirmation {
    Confirmation { timing: Timing::AfterPeriod, send: true, by: "usr_1".into() }
}

fn told(invoice: &Invoice) -> (u32, Option<u64>, String) {
    (invoice.sequence, invoice.number, invoice.total_due.to_string())
}

const DAY: Date = date(2025, 12, 5);
const LATER: Timestamp = Timestamp::constant(1_767_229_200, 0);

/// The first write of a client fails so.
fn first_write(fault: Fault) -> impl Fn(&Call) -> Fault + Send + Sync + 'static {
    let writes = AtomicUsize::new(0);
    move |call: &Call| {
        let is_it = call.is_write && writes.fetch_add(1, Ordering::SeqCst) == 0;
        if is_it { fault } else { Fault::None }
    }
}

#[tokio::test]
async fn an_invoice_follows_its_usage_is_confirmed_and_corrected_in_a_chain() {
    let office = Office::open().await;
    assert_eq!(office.close().await, Closed::NoUsage);
    office.uses(DAY, "ACME", 100).await;
    assert!(matches!(office.close().await, Closed::Stored(_)));
    assert!(matches!(office.close().await, Closed::Same(_)));
    let first = office.confirmed().await;
    assert_eq!(told(&first), (0, Some(1), "5".into()));
    assert_eq!((first.payment, first.dispatch), (InvoicePayment::Expected, DispatchStatus::Waiting));
    assert_eq!(office.confirm(&first.id).await.unwrap(), first);
    assert_eq!(office.close().await, Closed::Same(Box::new(first.clone())));

    office.uses(DAY, "ACME", 20).await;
    office.uses(date(2025, 12, 31), "LATE", 1).await;
    let draft = office.draft().await;
    assert_eq!(told(&draft), (1, None, "1.05".into()));
    assert_eq!(draft.charges[0].corrects.as_ref(), Some(&first.charges[0].id));
    office.confirm(&draft.id).await.unwrap();
    office.uses(DAY, "ACME", -50).await;
    let note = office.confirmed().await;
    assert_eq!((told(&note), note.kind()), ((2, Some(3), "-2.5".into()), InvoiceKind::CreditNote));
    assert_eq!((note.charges[0].version, note.charges[0].messages), (3, -50));
    let rows = office.billed_rows().await;
    assert_eq!(rows, [("ACME".into(), 70, "3.5".into()), ("LATE".into(), 1, "0.05".into())]);
    assert!(matches!(office.close().await, Closed::Same(_)));
    assert_eq!(office.stored().await.len(), 3);
}

#[tokio::test]
async fn a_draft_with_a_comment_stays_when_nothing_is_left_of_its_charges() {
    let office = Office::open().await;
    office.uses(DAY, "ACME", 10).await;
    let draft = office.draft().await;
    let edit = InvoiceEdit { comment: Some("late receipts".into()), ..InvoiceEdit::default() };
    let noted = draft.edited(edit).unwrap();
    office.world.store.replace_invoice(&office.act(), &draft, &noted).await.unwrap();
    office.uses(DAY, "ACME", -10).await;
    office.recalculate(&noted, &noted.charges[0]).await.unwrap();
    let stored = office.stored().await;
    let kept: Vec<_> = stored.iter().map(|invoice| (&invoice.comment, invoice.charges.len())).collect();
    assert_eq!((kept, stored[0].revision), (vec![(&noted.comment, 0)], 2));
}

#[tokio::test]
async fn a_draft_on_which_nothing_is_left_is_in_no_list_and_comes_back_with_the_usage() {
    let office = Office::open().await;
    let store = &office.world.store;
    office.uses(DAY, "ACME", 10).await;
    let draft = office.draft().await;
    office.uses(DAY, "ACME", -10).await;
    let refused = office.confirm(&draft.id).await.unwrap_err();
    assert!(matches!(refused, InvoicesError::Invoice(InvoiceError::NothingToBill)), "{refused:?}");
    for _ in 0..2 {
        assert_eq!(office.close().await, Closed::NoUsage);
    }
    let listed: Vec<Invoice> = store.all_things(office.client.agreement.id.as_str()).await.unwrap();
    let found = store.any_invoice(&draft.id).await.unwrap();
    assert_eq!((office.stored().await, listed, found), Default::default());

    office.uses(DAY, "ACME", 3).await;
    let first = office.confirmed().await;
    assert_eq!((told(&first), &first.id), ((0, Some(1), "0.15".into()), &draft.id));
    office.uses(DAY, "ACME", 1).await;
    assert!(matches!(office.close().await, Closed::Stored(_)));
    office.uses(DAY, "ACME", -1).await;
    for _ in 0..2 {
        assert_eq!(office.close().await, Closed::Same(Box::new(first.clone())));
    }
    assert_eq!(office.stored().await, [first]);
}

#[tokio::test]
async fn who_looks_at_a_charge_of_a_draft_reads_no_files_of_other_charges() {
    let office = Office::open().await;
    office.uses(DAY, "ACME", 100).await;
    office.user_uses(1, 40).await;
    let main = WalletId::main(&office.client.agreement.id);
    let of_main = |invoice: &Invoice| -> (Vec<Charge>, Vec<Charge>) {
        invoice.charges.iter().cloned().partition(|charge| charge.group.wallet == main)
    };
    let (billed, _) = of_main(&office.confirmed().await);
    // Where the file of the main wallet's charge is, and that of the user's is not.
    let bucket = Bucket::start().await.unwrap();
    let files = |bucket: &Bucket| Files::new(bucket.links(), reqwest::Client::new());
    let file = files(&office.bucket).get(&billed[0].rows.key, NOW).await.unwrap();
    files(&bucket).put(&billed[0].rows.key, file, NOW).await.unwrap();

    office.uses(DAY, "ACME", 20).await;
    office.user_uses(1, 1).await;
    let correction = office.draft().await;
    let (own, users) = of_main(&correction);
    let apart = invoices(office.world.store.clone(), &bucket);
    let rows = apart.rows(&correction, &own[0], NOW).await.unwrap();
    assert_eq!(rows, office.invoices.rows(&correction, &own[0], NOW).await.unwrap());
    assert_eq!((rows.len(), rows[0].messages), (1, 20));
    assert!(apart.rows(&correction, &users[0], NOW).await.is_err());
}

#[tokio::test]
async fn one_charge_of_a_draft_follows_the_usage_and_its_other_charges_stay() {
    let office = Office::open().await;
    office.uses(DAY, "ACME", 100).await;
    office.user_uses(1, 40).await;
    let draft = office.draft().await;
    let main = WalletId::main(&draft.agreement);
    let (own, users): (Vec<Charge>, Vec<Charge>) =
        draft.charges.iter().cloned().partition(|charge| charge.group.wallet == main);
    assert_eq!((own.len(), users.len(), told(&draft)), (1, 1, (0, None, "7".into())));
    office.recalculate(&draft, &own[0]).await.unwrap();
    assert_eq!(office.stored().await, [recalculated(&draft, &own[0], LATER)], "but for a date of its own");

    office.uses(DAY, "ACME", 20).await;
    office.user_uses(1, 1).await;
    let lost = office.world.store_with(first_write(Fault::TimeoutAppliedAnswerLost));
    let (lost, agreement) = (invoices(lost, &office.bucket), office.agreement().await);
    assert!(lost.recalculate_charge(&office.act(), &agreement, &draft.id, &own[0].id).await.is_err());
    let stored = office.stored().await;
    assert_eq!((told(&stored[0]), stored[0].revision), ((0, None, "8".into()), 1));
    assert_eq!(recalculated(&stored[0], &own[0], NOW), stored[0]);
    assert!(stored[0].charges.contains(&users[0]), "as it was");
    office.recalculate(&draft, &own[0]).await.unwrap();
    assert_eq!(office.stored().await, [recalculated(&stored[0], &own[0], LATER)]);

    office.uses(DAY, "ACME", -120).await;
    office.recalculate(&draft, &own[0]).await.unwrap();
    let left = office.stored().await;
    assert_eq!((&left[0].charges, told(&left[0])), (&users, (0, None, "2".into())));
    assert_eq!(told(&office.draft().await), (0, None, "2.05".into()));
}

/// The same with the date of one charge.
fn recalculated(invoice: &Invoice, charge: &Charge, at: Timestamp) -> Invoice {
    let mut invoice = invoice.clone();
    let own = invoice.charges.iter_mut().find(|own| own.id == charge.id).unwrap();
    own.recalculated_at = Some(at);
    invoice
}

#[tokio::test]
async fn the_date_of_a_charge_is_noted_in_the_page_that_holds_it_unless_another_is_in_its_place() {
    let office = Office::open().await;
    office.uses(DAY, "ACME", 1).await;
    let store = &office.world.store;
    let draft = office.draft().await;
    let of_users = of_users(&draft, 802);
    store.replace_invoice(&office.act(), &draft, &of_users).await.unwrap();
    let second = &of_users.charges[801];
    store.note_charge_recalculated(&of_users, &second.id, LATER).await.unwrap();
    let noted = recalculated(&of_users, second, LATER);
    assert!(office.stored().await == [noted.clone()], "and no revision");
    let mut moved = of_users.clone();
    moved.charges.remove(0);
    store.note_charge_recalculated(&moved, &second.id, NOW).await.unwrap();
    assert!(office.stored().await == [noted]);
}

#[tokio::test]
async fn a_charge_that_corrects_another_is_recalculated_to_what_is_not_billed_and_goes_with_it() {
    let office = Office::open().await;
    office.uses(DAY, "ACME", 100).await;
    let first = office.confirmed().await;
    let refused = office.recalculate(&first, &first.charges[0]).await.unwrap_err();
    assert!(matches!(refused, InvoicesError::Invoice(InvoiceError::Confirmed)), "{refused:?}");
    office.uses(DAY, "ACME", 20).await;
    let draft = office.draft().await;
    office.uses(DAY, "ACME", 5).await;
    office.recalculate(&draft, &draft.charges[0]).await.unwrap();
    let stored = office.stored().await;
    let charge = &stored[1].charges[0];
    assert_eq!((told(&stored[1]), charge.messages, charge.version), ((1, None, "1.25".into()), 25, 2));
    assert_eq!(charge.corrects.as_ref(), Some(&first.charges[0].id));
    office.uses(DAY, "ACME", -25).await;
    office.recalculate(&draft, &draft.charges[0]).await.unwrap();
    assert_eq!(office.stored().await, [first]);
}

/// The next revision, with a charge for each of so many users with credits of their own, of the size that takes
/// most.
fn of_users(invoice: &Invoice, users: usize) -> Invoice {
    let revision = invoice.revision + 1;
    let like = &invoice.charges[0];
    let charge = |user: usize| Charge {
        id: ChargeId::derived(&[&user.to_string()]),
        group: ChargeGroup {
            wallet: WalletId::of_user(&invoice.agreement, &UserId::new(user as u128)),
            resource: Resource::AdditionalService,
            service_type: ServiceType::BundleInitiator,
            ..like.group.clone()
        },
        version: u32::try_from(revision).unwrap(),
        corrects: Some(like.id.clone()),
        messages: -1_000_000_000,
        quantity: -1_000_000_000,
        net: amount("-123456789.123456"),
        ..like.clone()
    };
    Invoice { charges: (0..users).map(charge).collect(), revision, ..invoice.clone() }
}

#[tokio::test]
async fn an_invoice_has_a_charge_for_each_of_thousands_of_users_and_says_how_many_are_too_many() {
    let office = Office::open().await;
    office.uses(DAY, "ACME", 1).await;
    let store = &office.world.store;
    let mut stored = office.draft().await;
    let agreement = stored.agreement.clone();
    let first_page = format!("invoice#{}", stored.id);
    let first_page = || office.world.database.item(&tables().records, &first_page, "charges#000");
    for users in [9_600, 801, 800, 1_601] {
        let next = of_users(&stored, users);
        assert_eq!(store.replace_invoice(&office.act(), &stored, &next).await.unwrap(), Stored::Now);
        assert!(store.any_invoice(&next.id).await.unwrap().as_ref() == Some(&next), "{users} by its id");
        assert!(office.stored().await == [next.clone()], "{users} by its agreement");
        let listed: Vec<Invoice> = store.all_things(agreement.as_str()).await.unwrap();
        assert!(listed == [next.clone()], "{users} in a list");
        assert_eq!(first_page().is_some(), 800 < users, "small ones are one item");
        stored = next;
    }
    let refused = store.replace_invoice(&office.act(), &stored, &of_users(&stored, 9_601)).await;
    assert!(
        matches!(refused, Err(StoreError::TooManyCharges { charges: 9_601, most: 9_600 })),
        "{refused:?}"
    );
    office.uses(DAY, "ACME", -1).await;
    assert_eq!(office.close().await, Closed::NoUsage);
    assert_eq!((office.stored().await, first_page()), (Vec::new(), None));
}

#[tokio::test]
async fn what_changes_no_charge_of_an_invoice_writes_none_of_its_pages() {
    let office = Office::open().await;
    office.uses(DAY, "ACME", 1).await;
    let store = &office.world.store;
    let replace = async |before: &Invoice, after: &Invoice| {
        office.world.take_write_units();
        assert_eq!(store.replace_invoice(&office.act(), before, after).await.unwrap(), Stored::Now);
        assert!(store.any_invoice(&after.id).await.unwrap().as_ref() == Some(after), "{}", after.revision);
        office.world.take_write_units().into_values().sum::<Decimal>()
    };
    let draft = office.draft().await;
    let mut stored = of_users(&draft, 801);
    let with_pages = replace(&draft, &stored).await;
    // A field more, and again none.
    for number in [Some(7), None] {
        let revision = stored.revision + 1;
        let next = Invoice { number, covered: amount(&revision.to_string()), revision, ..stored.clone() };
        let without = replace(&stored, &next).await;
        assert!(without * Decimal::from(5) < with_pages, "{without}, and {with_pages} with the pages");
        stored = next;
    }
    let other_charges = of_users(&stored, 801);
    assert!(replace(&stored, &other_charges).await * Decimal::TWO > with_pages);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_reads_an_invoice_while_it_is_written_anew_sees_one_revision_of_all_its_charges() {
    let office = Office::open().await;
    office.uses(DAY, "ACME", 1).await;
    let mut stored = office.draft().await;
    let mut reading = JoinSet::new();
    for _ in 0..3 {
        let (store, id) = (office.world.store.clone(), stored.id.clone());
        reading.spawn(async move {
            loop {
                let read = store.any_invoice(&id).await.unwrap().unwrap();
                let is_of_it = |charge: &Charge| u64::from(charge.version) == read.revision;
                assert!(read.revision == 0 || read.charges.iter().all(is_of_it), "{}", read.revision);
                assert!(read.revision == 0 || read.charges.len() == 801 + read.revision as usize);
                if read.revision == 10 {
                    break;
                }
            }
        });
    }
    for revision in 1..=10 {
        let next = of_users(&stored, 801 + revision);
        let written = office.world.store.replace_invoice(&office.act(), &stored, &next).await.unwrap();
        assert_eq!(written, Stored::Now);
        stored = next;
    }
    reading.join_all().await;
}

#[tokio::test]
async fn usage_of_other_days_is_of_another_invoice() {
    let office = Office::open().await;
    office.uses(date(2025, 11, 30), "ACME", 1).await;
    office.uses(date(2026, 1, 1), "ACME", 2).await;
    assert_eq!(office.close().await, Closed::NoUsage);
    office.uses(date(2025, 12, 1), "ACME", 3).await;
    office.uses(date(2025, 12, 31), "ACME", 4).await;
    assert_eq!(office.draft().await.total_due, amount("0.35"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn closers_and_confirmers_that_race_make_one_invoice_with_one_number() {
    let office = Office::open().await;
    office.uses(DAY, "ACME", 100).await;
    let agreement = office.agreement().await;
    let mut racing = JoinSet::new();
    for _ in 0..RACERS {
        let (invoices, agreement, act) = (office.invoices.clone(), agreement.clone(), office.act());
        racing.spawn(async move { invoices.close(&act, &agreement, Office::december()).await.unwrap() });
    }
    let closed = racing.join_all().await;
    let drafted = closed.iter().filter(|closed| matches!(closed, Closed::Stored(_))).count();
    assert_eq!((drafted, office.stored().await.len()), (1, 1));

    let id = office.stored().await[0].id.clone();
    let mut racing = JoinSet::new();
    for racer in 0..RACERS {
        let (invoices, agreement, act) = (office.invoices.clone(), agreement.clone(), office.act());
        let id = id.clone();
        racing.spawn(async move {
            if racer % 2 == 0 {
                invoices.close(&act, &agreement, Office::december()).await.map(drop)
            } else {
                invoices.confirm(&act, &agreement, &id, &after_period()).await.map(drop)
            }
        });
    }
    for answer in racing.join_all().await {
        answer.unwrap();
    }
    let stored = office.stored().await;
    assert_eq!(stored.iter().map(told).collect::<Vec<_>>(), [(0, Some(1), "5".into())]);
    let series = stored[0].series().to_owned();
    assert_eq!(office.world.store.last_document_number(&series).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_that_are_confirmed_at_once_get_numbers_without_a_gap() {
    let office = Office::open().await;
    let mut drafts = Vec::new();
    for _ in 0..RACERS {
        let client = office.world.client(&office.world.owner, "0.05").open().await;
        office.uses_at(&client.agreement.id, DAY, "ACME", 10).await;
        let act = act_at(&client.company.path, NOW);
        let closed = office.invoices.close(&act, &client.agreement, Office::december()).await.unwrap();
        let Closed::Stored(draft) = closed else { panic!("{closed:?}") };
        drafts.push((client, act, draft.id));
    }
    let mut racing = JoinSet::new();
    for (client, act, id) in drafts {
        let invoices = office.invoices.clone();
        racing.spawn(async move {
            invoices.confirm(&act, &client.agreement, &id, &after_period()).await.unwrap().number.unwrap()
        });
    }
    let mut numbers = racing.join_all().await;
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=RACERS as u64).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_crash_between_the_rows_and_the_confirmation_leaves_a_draft_and_no_number() {
    let office = Office::open().await;
    office.uses(DAY, "ACME", 100).await;
    let draft = office.draft().await;
    let agreement = office.agreement().await;
    let dying = invoices(office.world.store_with(first_write(Fault::Kill)), &office.bucket);
    assert!(dying.confirm(&office.act(), &agreement, &draft.id, &after_period()).await.is_err());
    assert_eq!(office.stored().await, std::slice::from_ref(&draft));
    assert_eq!(office.bucket.keys(), [draft.charges[0].rows.key.clone()]);
    let confirmed = office.confirm(&draft.id).await.unwrap();
    assert_eq!((confirmed.number, confirmed.charges), (Some(1), draft.charges.clone()));
    // The same rows have the same name.
    assert_eq!(office.bucket.keys().len(), 1);
}

#[tokio::test]
async fn a_confirmation_whose_answer_is_lost_is_found_and_not_done_again() {
    let office = Office::open().await;
    office.uses(DAY, "ACME", 100).await;
    let draft = office.draft().await;
    let agreement = office.agreement().await;
    let lost = office.world.store_with(first_write(Fault::TimeoutAppliedAnswerLost));
    let lost = invoices(lost, &office.bucket);
    assert!(lost.confirm(&office.act(), &agreement, &draft.id, &after_period()).await.is_err());
    let again = office.confirm(&draft.id).await.unwrap();
    assert_eq!((again.number, again.revision), (Some(1), 1));
    assert_eq!(office.world.store.last_document_number(again.series()).await.unwrap(), 1);
}

#[tokio::test]
async fn an_unconfirmed_invoice_keeps_its_number_and_one_that_was_corrected_stays() {
    let office = Office::open().await;
    office.uses(DAY, "ACME", 100).await;
    let first = office.confirmed().await;
    office.uses(DAY, "ACME", 20).await;
    let second = office.confirmed().await;
    let refused = office.invoices.unconfirm(&office.act(), &first.id).await.unwrap_err();
    let InvoicesError::Invoice(InvoiceError::Corrected { correction }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(correction, second.id);

    office.invoices.unconfirm(&office.act(), &second.id).await.unwrap();
    let draft = office.invoices.unconfirm(&office.act(), &first.id).await.unwrap();
    assert_eq!((draft.status, draft.number), (InvoiceStatus::Draft, Some(1)));
    let open = office.draft().await;
    assert_eq!(told(&open), (0, Some(1), "6".into()));
    let stored = office.stored().await;
    assert_eq!((stored[1].number, stored[1].charges.len()), (Some(2), 0));
    office.uses(DAY, "ACME", 1).await;
    let again = office.confirm(&first.id).await.unwrap();
    assert_eq!(told(&again), (0, Some(1), "6.05".into()));
    office.uses(DAY, "ACME", 1).await;
    assert_eq!(told(&office.confirmed().await), (1, Some(2), "0.05".into()));
    assert_eq!(office.billed_rows().await, [("ACME".into(), 122, "6.1".into())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_correction_and_an_unconfirmation_at_once_one_is_refused() {
    let office = Office::open().await;
    office.uses(DAY, "ACME", 100).await;
    let first = office.confirmed().await;
    office.uses(DAY, "ACME", 20).await;
    let correction = office.draft().await;
    let agreement = office.agreement().await;
    let (one, other) = (office.act(), office.act());
    let ask = after_period();
    let _ = tokio::join!(
        office.invoices.confirm(&one, &agreement, &correction.id, &ask),
        office.invoices.unconfirm(&other, &first.id),
    );
    // Whoever was first: what is confirmed and what is open add up, and no correction hangs in the air.
    office.close().await;
    assert_eq!(office.billed_rows().await, [("ACME".into(), 120, "6".into())]);
    let stored = office.stored().await;
    let corrected = |charge: &domain::id::ChargeId| {
        stored
            .iter()
            .any(|invoice| invoice.is_confirmed() && invoice.charges.iter().any(|one| one.id == *charge))
    };
    for invoice in stored.iter().filter(|invoice| invoice.is_confirmed()) {
        let corrects = invoice.charges.iter().filter_map(|charge| charge.corrects.as_ref());
        assert!(corrects.into_iter().all(corrected), "{stored:?}");
    }
}

#[tokio::test]
async fn payments_cover_the_oldest_due_first_and_what_is_late_is_overdue() {
    let office = Office::open().await;
    office.uses(DAY, "ACME", 100).await;
    office.confirmed().await;
    office.uses(DAY, "ACME", 40).await;
    office.confirmed().await;
    office.world.fund(&office.client, "6").await;
    let covered = office.cover(NOW).await;
    let shown: Vec<_> =
        covered.iter().map(|invoice| (invoice.payment, invoice.outstanding.to_string())).collect();
    assert_eq!(shown, [(InvoicePayment::Paid, "0".into()), (InvoicePayment::Partly, "1".into())]);
    assert_eq!(office.cover(NOW).await, covered);
    let late = NOW.checked_add((24 * 31).hours()).unwrap();
    let overdue = office.cover(late).await;
    assert_eq!([overdue[0].payment, overdue[1].payment], [InvoicePayment::Paid, InvoicePayment::Overdue]);
    office.uses(DAY, "ACME", -60).await;
    office.confirmed().await;
    let noted = office.cover(late).await;
    assert_eq!((noted[1].payment, noted[2].kind()), (InvoicePayment::Paid, InvoiceKind::CreditNote));
    assert_eq!((noted[2].covered.to_string(), noted[2].payment), ("-1".into(), InvoicePayment::Partly));
}

/// The lists of payments are indexes, which are behind what was written.
#[tokio::test]
async fn what_payments_cover_waits_for_no_list() {
    let office = Office::open().await;
    office.uses(DAY, "ACME", 100).await;
    office.confirmed().await;
    office.world.fund(&office.client, "3").await;
    let blind = office.world.store_with(|call: &Call| {
        if call.body.get("IndexName").is_some() { Fault::TimeoutNotApplied } else { Fault::None }
    });
    let agreement = office.agreement().await;
    assert!(blind.all_things::<Payment>(agreement.company.as_str()).await.is_err());
    let covered = invoices(blind, &office.bucket).cover("test", &agreement, NOW).await.unwrap();
    assert_eq!((covered, office.stored().await[0].outstanding.to_string()), (1, "2".into()));
}

fn details(country: &str, vat_number: Option<&str>) -> EntityDetails {
    EntityDetails {
        name: "Hornes".into(),
        legal_name: "Hornes, Inc.".into(),
        country: country.into(),
        portal: None,
        tax_number: None,
        legal_number: Some("1".into()),
        vat_number: vat_number.map(str::to_owned),
        legal_address: None,
        billing_address: None,
        notification_emails: Vec::new(),
        is_default: false,
    }
}

fn rule(country: Option<&str>, percent: i64, reverse_charge: bool) -> TaxRule {
    TaxRule {
        valid_from: None,
        valid_till: None,
        country: country.map(str::to_owned),
        name: "VAT".into(),
        percent: Amount::whole(percent),
        reverse_charge,
        note: None,
    }
}

/// Makes the agreement one between a legal entity of the client's and one of the owner's own, which has this
/// tax for it.
async fn between(office: &Office, vat_number: Option<&str>, number: u128, percent: i64) -> OwnLegalEntityId {
    let hand = Hand { name: "test", now: NOW };
    let (client, owner) = (&office.client.company, &office.world.owner.company);
    let theirs =
        LegalEntity::plan(LegalEntityId::new(number), client, details("FR", vat_number), hand).unwrap();
    let own = OwnEntityDetails {
        entity: details("DE", None),
        payment_systems: Vec::new(),
        taxes: vec![rule(Some("FR"), percent, true), rule(None, 0, false)],
    };
    let own = OwnLegalEntity::plan(OwnLegalEntityId::new(number), owner, own, hand).unwrap();
    let store = &office.world.store;
    store.create(&act_at(&client.path, NOW), &theirs).await.unwrap();
    store.create(&act_at(&owner.path, NOW), &own).await.unwrap();
    change_agreement(store, &office.client.agreement.id, |agreement| {
        agreement.parties.legal_entity = Some(theirs.id.clone());
        agreement.parties.own_legal_entity = Some(own.id.clone());
    })
    .await;
    own.id
}

#[tokio::test]
async fn tax_follows_the_rule_for_the_clients_country_and_its_vat_number() {
    for (vat_number, tax, total) in [(None, "1", "6"), (Some("FR1"), "0", "5")] {
        let office = Office::open().await;
        between(&office, vat_number, 7, 20).await;
        office.uses(DAY, "ACME", 100).await;
        let invoice = office.confirmed().await;
        assert_eq!((invoice.tax, invoice.total_due), (amount(tax), amount(total)));
        assert_eq!(invoice.tax_rule.unwrap().reverse_charge, vat_number.is_some());
    }
}

#[tokio::test]
async fn a_client_that_moves_is_not_taxed_anew_for_a_period_of_which_an_invoice_is_confirmed() {
    let office = Office::open().await;
    between(&office, None, 7, 20).await;
    office.uses(DAY, "ACME", 100).await;
    office.confirmed().await;
    // By the rule for where it is now nothing is added.
    let store = &office.world.store;
    let entity = store.thing::<LegalEntity>(LegalEntityId::new(7).as_str()).await.unwrap().unwrap();
    let moved = entity.plan_change(details("US", None), Hand { name: "test", now: NOW }).unwrap();
    store.replace(&office.act(), &entity, &moved).await.unwrap();
    assert!(matches!(office.close().await, Closed::Same(_)));
    office.uses(DAY, "ACME", 100).await;
    let second = office.confirmed().await;
    assert_eq!((second.tax, second.tax_corrections), (amount("1"), Vec::new()));
}

#[tokio::test]
async fn an_invoice_that_was_confirmed_before_it_said_who_the_client_was_keeps_its_tax() {
    let office = Office::open().await;
    let own = between(&office, None, 7, 20).await;
    office.uses(DAY, "ACME", 100).await;
    let first = office.confirmed().await;
    let store = &office.world.store;
    let older = Invoice { buyer: None, revision: first.revision + 1, ..first.clone() };
    store.replace_invoice(&office.act(), &first, &older).await.unwrap();
    // Until now a rule had no days, so this one may have been changed for days to come.
    let seller = store.thing::<OwnLegalEntity>(own.as_str()).await.unwrap().unwrap();
    let details = OwnEntityDetails { taxes: vec![rule(None, 40, false)], ..seller.details.clone() };
    let changed = seller.plan_change(details, Hand { name: "test", now: NOW }).unwrap();
    store.replace(&office.act(), &seller, &changed).await.unwrap();
    assert!(older.is_taxed_by(&changed.details.taxes));
    assert!(matches!(office.close().await, Closed::Same(_)));
    for _ in 0..2 {
        office.uses(DAY, "ACME", 100).await;
        let next = office.confirmed().await;
        assert_eq!((next.tax, next.tax_corrections), (amount("1"), Vec::new()));
    }
}

#[tokio::test]
async fn the_tax_of_an_invoice_stays_when_who_issued_it_is_gone() {
    let office = Office::open().await;
    let own = between(&office, None, 7, 20).await;
    office.uses(DAY, "ACME", 100).await;
    let first = office.confirmed().await;
    between(&office, None, 8, 10).await;
    let store = &office.world.store;
    let seller = store.thing::<OwnLegalEntity>(own.as_str()).await.unwrap().unwrap();
    store.delete(&office.act(), &seller).await.unwrap();
    assert!(matches!(office.close().await, Closed::Same(_)));
    office.invoices.unconfirm(&office.act(), &first.id).await.unwrap();
    assert_eq!(office.draft().await.tax, amount("1"));
}

#[tokio::test]
async fn other_tax_rules_have_all_periods_closed_again_that_they_tax_otherwise_a_part_at_a_time() {
    let office = Office::open().await;
    let closer = Closer::of(&office);
    let own = between(&office, None, 7, 20).await;
    let agreement = office.agreement().await;
    let buyer = Some(Buyer { country: Some("FR".into()), vat_number: None });
    for back in 0i64..150 {
        let day = DAY.checked_sub(back.days()).unwrap();
        let period = Period { first: day, last: day };
        let draft = domain::invoice::draft(&agreement, period, 0, Vec::new(), None, NOW).unwrap();
        // One in ten was taxed as the rules have it now.
        let by_rules = buyer.as_ref().and_then(|buyer| buyer.tax(&[rule(Some("FR"), 20, true)], day));
        let tax_rule = by_rules.filter(|_| back % 10 == 0);
        let invoice = Invoice { buyer: buyer.clone(), tax_rule, ..draft };
        office.world.store.put_invoice(&office.act(), &invoice).await.unwrap();
    }
    let mut next = vec![Billing::TaxesChangedV1 { own_legal_entity: own, after: None }];
    let mut parts = 0;
    while let Some(job) = next.pop() {
        closer.work(job).await;
        parts += 1;
        let queued: Vec<Billing> = closer.sqs.messages(&closer.sqs.queue("billing"));
        let is_next = |job: &Billing| matches!(job, Billing::TaxesChangedV1 { .. });
        next.extend(queued.into_iter().filter(is_next).skip(parts - 1));
    }
    let queued: Vec<Billing> = closer.sqs.messages(&closer.sqs.queue("billing"));
    let closed = queued.iter().filter(|job| matches!(job, Billing::CloseV1 { .. })).count();
    assert_eq!((parts, closed), (2, 135));
}

#[tokio::test]
async fn an_invoice_in_message_credits_is_not_taxed_again_and_is_paid_by_the_credits_that_were_used() {
    let office = Office::open().await;
    between(&office, None, 7, 20).await;
    change_agreement(&office.world.store, &office.client.agreement.id, |agreement| {
        agreement.currency = Currency::Credit;
    })
    .await;
    let is_settled = |invoices: Vec<Invoice>| {
        let sums = |invoice: &Invoice| [invoice.total_due, invoice.covered].map(|amount| amount.to_string());
        for invoice in &invoices {
            let told = (&invoice.tax_rule, invoice.payment, invoice.outstanding, invoice.due_date);
            assert_eq!(told, (&None, InvoicePayment::Paid, Amount::ZERO, None));
        }
        invoices.iter().map(sums).collect::<Vec<_>>()
    };
    office.uses(DAY, "ACME", 2_000).await;
    office.confirmed().await;
    office.uses(DAY, "ACME", -400).await;
    office.confirmed().await;
    let expected = [["100", "100"], ["-20", "-20"]];
    assert_eq!(is_settled(office.stored().await), expected);
    // A year later, with credits that were bought for what is to come.
    office.world.fund(&office.client, "50").await;
    let before = office.stored().await;
    assert_eq!(office.cover("2026-12-31T00:00:00Z".parse().unwrap()).await, before);
    assert_eq!(is_settled(before), expected);
    let coverage = office.invoices.coverage(&office.agreement().await).await.unwrap().coverage;
    assert_eq!(coverage.covers, []);
}

#[tokio::test]
async fn what_follows_a_confirmed_invoice_is_issued_by_whoever_issued_that() {
    let office = Office::open().await;
    let own = between(&office, None, 7, 20).await;
    office.uses(DAY, "ACME", 100).await;
    let first = office.confirmed().await;
    let other = between(&office, None, 8, 10).await;
    office.uses(DAY, "ACME", 100).await;
    let second = office.confirmed().await;
    for (number, invoice) in [(1, &first), (2, &second)] {
        let told = (invoice.number, &invoice.own_legal_entity, invoice.total_due);
        assert_eq!(told, (Some(number), &Some(own.clone()), amount("6")));
    }
    let store = &office.world.store;
    assert_eq!(store.last_document_number(own.as_str()).await.unwrap(), 2);
    assert_eq!(store.last_document_number(other.as_str()).await.unwrap(), 0);
}

#[tokio::test]
async fn an_invoice_that_is_confirmed_again_has_the_number_the_issuer_and_the_tax_of_one_legal_entity() {
    let office = Office::open().await;
    let own = between(&office, None, 7, 20).await;
    office.uses(DAY, "ACME", 100).await;
    let first = office.confirmed().await;
    let draft = office.invoices.unconfirm(&office.act(), &first.id).await.unwrap();
    // A number that was taken stays in its series, whoever issues invoices by now.
    between(&office, None, 8, 10).await;
    office.uses(DAY, "ACME", 100).await;
    let again = office.confirm(&draft.id).await.unwrap();
    assert_eq!((again.number, again.own_legal_entity), (Some(1), Some(own)));
    assert_eq!((again.tax, again.total_due), (amount("2"), amount("12")));
}

#[tokio::test]
async fn terms_that_change_inside_a_period_cut_its_invoice_short() {
    let office = Office::open().await;
    office.uses(date(2025, 12, 14), "ACME", 10).await;
    office.uses(date(2025, 12, 15), "ACME", 90).await;
    let draft = office.draft().await;
    change_agreement(&office.world.store, &office.client.agreement.id, |agreement| {
        agreement.versions[0].effective_from = Timestamp::UNIX_EPOCH;
        let mut weekly = agreement.versions[0].clone();
        weekly.effective_from = "2025-12-15T00:00:00Z".parse().unwrap();
        weekly.billing.period = BillingPeriod::Weekly;
        weekly.id = domain::id::AgreementVersionId::derived(&["weekly"]);
        agreement.versions.push(weekly);
    })
    .await;
    let confirmed = office.confirm(&draft.id).await.unwrap();
    let cut = Period { first: date(2025, 12, 1), last: date(2025, 12, 14) };
    assert_eq!((confirmed.id, confirmed.period, confirmed.total_due), (draft.id, cut, amount("0.5")));
    let agreement = office.agreement().await;
    let week = agreement.billing_period(date(2025, 12, 15));
    assert_eq!(week, Period { first: date(2025, 12, 15), last: date(2025, 12, 21) });
    let closed = office.invoices.close(&office.act(), &agreement, week).await.unwrap();
    let Closed::Stored(next) = closed else { panic!("{closed:?}") };
    assert_eq!(next.total_due, amount("4.5"));
}

#[tokio::test]
async fn a_week_split_by_month_has_two_invoices() {
    let weekly =
        BillingTerms { period: BillingPeriod::Weekly, split_by_month: true, ..BillingTerms::monthly_utc() };
    let office = Office::billed(weekly).await;
    let agreement = office.agreement().await;
    // The example of the guide: 29 September 2025 is a Monday.
    for day in 29..=30 {
        office.uses(date(2025, 9, day), "ACME", 1).await;
    }
    for day in 1..=5 {
        office.uses(date(2025, 10, day), "ACME", 1).await;
    }
    let mut totals = Vec::new();
    for day in [date(2025, 9, 29), date(2025, 10, 5)] {
        let period = agreement.billing_period(day);
        let closed = office.invoices.close(&office.act(), &agreement, period).await.unwrap();
        let Closed::Stored(invoice) = closed else { panic!("{closed:?}") };
        totals.push((invoice.period.to_string(), invoice.total_due.to_string()));
    }
    let expected = [("2025-09-29..2025-09-30", "0.1"), ("2025-10-01..2025-10-05", "0.25")];
    assert_eq!(totals, expected.map(|(period, total)| (period.to_owned(), total.to_owned())));
}

/// The function behind the billing queue, and what it says to the mailer.
struct Closer {
    app: invoice_closer::App,
    sqs: EmbeddedSqs,
    s3: EmbeddedS3,
}

impl Closer {
    fn of(office: &Office) -> Self {
        let (sqs, s3) = (EmbeddedSqs::new(), EmbeddedS3::new());
        let queue = |name| Sender::new(sqs.client(), sqs.queue(name));
        let app = invoice_closer::App {
            store: office.world.store.clone(),
            documents: Documents::new(s3.client(), "documents".to_owned()),
            invoices: office.invoices.clone(),
            billing: queue("billing"),
            notifications: queue("notifications"),
            trees: TreeCache::default(),
        };
        Self { app, sqs, s3 }
    }

    /// What stands in the bucket of documents, by its key.
    fn files(&self) -> Vec<(String, Option<Vec<u8>>)> {
        let keys = self.s3.keys("documents", "").into_iter();
        keys.map(|key| (key.clone(), self.s3.get("documents", &key))).collect()
    }

    async fn work(&self, job: Billing) {
        let body = serde_json::to_string(&job).unwrap();
        let event = serde_json::json!({"Records": [{"messageId": "1", "body": body}]});
        let answer = invoice_closer::handle(&self.app, Wake::read(event).unwrap(), NOW).await.unwrap();
        assert_eq!(answer.batch_item_failures.len(), 0);
    }

    fn told(&self) -> Vec<Notification> {
        self.sqs.messages(&self.sqs.queue("notifications"))
    }
}

#[tokio::test]
async fn jobs_close_cover_and_send_and_twice_is_once() {
    let office = Office::open().await;
    let closer = Closer::of(&office);
    let agreement = office.client.agreement.id.clone();
    let period = Office::december();
    office.uses(DAY, "ACME", 100).await;
    for _ in 0..2 {
        closer.work(Billing::CloseV1 { agreement: agreement.clone(), period }).await;
    }
    let draft = office.stored().await.remove(0);
    assert_eq!((office.stored().await.len(), draft.revision), (1, 0));
    change_agreement(&office.world.store, &agreement, |agreement| {
        let invoice_emails = vec!["finance@bakery.example".into()];
        let emails = MailLists { invoice_emails, ..MailLists::default() };
        agreement.versions.iter_mut().for_each(|version| version.emails = Some(emails.clone()));
    })
    .await;
    let invoice = office.confirm(&draft.id).await.unwrap();
    office.world.fund(&office.client, "5").await;
    for _ in 0..2 {
        closer.work(Billing::RenderV1 { invoice: invoice.id.clone() }).await;
        closer.work(Billing::CoverV1 { agreement: agreement.clone() }).await;
    }
    let stored = office.stored().await.remove(0);
    assert!(stored.document.is_some());
    assert_eq!((stored.dispatch, stored.payment), (DispatchStatus::Sent, InvoicePayment::Paid));
    let told = closer.told();
    let [Notification::InvoiceConfirmedV1 { number: 1, emails, total_due, outstanding, .. }] = &told[..]
    else {
        panic!("{told:?}")
    };
    // What was paid beforehand is covered before the document is made and the mail is sent.
    assert_eq!((emails.len(), *total_due, *outstanding), (1, amount("5"), Some(Amount::ZERO)));
}

#[tokio::test]
async fn the_files_of_a_confirmed_invoice_stay_as_they_were_sent() {
    let office = Office::open().await;
    let closer = Closer::of(&office);
    office.uses(DAY, "ACME", 100).await;
    let invoice = office.confirmed().await;
    let render = async || closer.work(Billing::RenderV1 { invoice: invoice.id.clone() }).await;
    render().await;
    let files = closer.files();
    assert_eq!(files.len(), 4, "the document, two archives and one of both");
    change_company(&office.world.store, &invoice.company, |company| company.name = "Renamed".into()).await;
    render().await;
    assert!(closer.files() == files, "a job that comes again writes others");
}

/// A job of the first confirmation may still be writing when the second one is there.
#[tokio::test]
async fn each_confirmation_of_an_invoice_has_files_of_its_own() {
    let office = Office::open().await;
    let closer = Closer::of(&office);
    office.uses(DAY, "ACME", 100).await;
    let invoice = office.confirmed().await.id;
    closer.work(Billing::RenderV1 { invoice: invoice.clone() }).await;
    let sent = closer.files();
    office.invoices.unconfirm(&office.act(), &invoice).await.unwrap();
    office.uses(DAY, "ACME", 20).await;
    let (act, agreement) = (act_at(&office.client.company.path, LATER), office.agreement().await);
    office.invoices.confirm(&act, &agreement, &invoice, &after_period()).await.unwrap();
    closer.work(Billing::RenderV1 { invoice }).await;
    let files = closer.files();
    assert_eq!((sent.len(), files.len()), (4, 8));
    assert!(sent.iter().all(|file| files.contains(file)), "what was sent first stays");
    let document = office.stored().await.remove(0).document.unwrap();
    assert!(sent.iter().all(|(key, _)| *key != document), "{document}");
}

#[tokio::test]
async fn an_invoice_that_nobody_is_to_get_is_not_sent() {
    let office = Office::open().await;
    let closer = Closer::of(&office);
    office.uses(DAY, "ACME", 100).await;
    let invoice = office.confirmed().await;
    closer.work(Billing::RenderV1 { invoice: invoice.id }).await;
    assert_eq!((office.stored().await[0].dispatch, closer.told()), (DispatchStatus::NotSent, Vec::new()));
}

/// Messages of the client's in January, told of later.
struct January {
    office: Office,
    projector: projector::App,
    sqs: EmbeddedSqs,
    sent: Vec<MessageId>,
}

impl January {
    const MONTH: Period = Period { first: date(2026, 1, 1), last: date(2026, 1, 31) };
    const FEBRUARY: Timestamp = Timestamp::constant(1_771_545_600, 0); // the 20th

    async fn of(messages: usize) -> Self {
        let world = World::new().await;
        let client = world.client(&world.owner, "0.05").with_funds("10").open().await;
        let bucket = Bucket::start().await.unwrap();
        let invoices = invoices(world.store.clone(), &bucket);
        let office = Office { world, bucket, client, invoices, blocks: AtomicU64::new(1) };
        let sqs = EmbeddedSqs::new();
        let queue = |name| Sender::new(sqs.client(), sqs.queue(name));
        let projector = projector::App {
            store: office.world.store.clone(),
            sqs: sqs.client(),
            http_send: queue("http-send"),
            notifications: queue("notifications"),
            billing: queue("billing"),
            webhooks: queue("webhooks"),
            archive: EmbeddedS3::new().archive(),
        };
        let link = SmppLink { queue_url: sqs.queue("vendor"), ..SmppLink::new("vendor", 2775, "us") };
        let connection = Connection::new(
            connection(),
            office.world.owner.company.id.clone(),
            "vendor",
            Link::Smpp(link),
            NOW,
        );
        put_connection(&office.world.store, &connection).await;
        let mut sent = Vec::new();
        for number in 0..messages {
            let store = &office.world.store;
            sent.push(office.client.send(store, &number.to_string(), "hello").await.unwrap().1.id);
        }
        let january = Self { office, projector, sqs, sent };
        january.project(NOW).await;
        january
    }

    async fn refuse(&self, message: &MessageId, at: Timestamp) {
        let app = progress_applier::App { store: self.office.world.store.clone() };
        let message = message.clone();
        let connection = Some(connection());
        let refused = Progress::RefusedV1 { message, reason: "no".into(), next_route: false, connection, at };
        app.apply(refused).await.unwrap();
    }

    /// Delivers both streams, twice, as of this time.
    async fn project(&self, now: Timestamp) {
        for table in [tables().ledger, tables().messages] {
            let mut event = self.office.world.database.take_stream(&table);
            for record in &mut event.records {
                record.change.approximate_creation_date_time = std::time::SystemTime::from(now).into();
            }
            for _ in 0..2 {
                projector::handle(&self.projector, event.clone()).await.unwrap();
            }
        }
    }

    fn asked(&self) -> Vec<Billing> {
        let mut jobs: Vec<Billing> = self.sqs.messages(&self.sqs.queue("billing"));
        jobs.retain(|job| matches!(job, Billing::CloseV1 { .. }));
        jobs
    }

    async fn confirm(&self) -> Invoice {
        let (invoices, agreement) = (&self.office.invoices, self.office.agreement().await);
        let act = act_at(&self.office.client.company.path, Self::FEBRUARY);
        let closed = invoices.close(&act, &agreement, Self::MONTH).await.unwrap();
        let (Closed::Stored(draft) | Closed::Same(draft)) = closed else { panic!("nothing was used") };
        invoices.confirm(&act, &agreement, &draft.id, &after_period()).await.unwrap()
    }
}

#[tokio::test]
async fn a_receipt_long_after_its_period_was_confirmed_makes_a_correction_by_itself() {
    let january = January::of(4).await;
    let first = january.confirm().await;
    assert_eq!(told(&first), (0, Some(1), "0.2".into()));
    assert_eq!(january.asked(), []);
    for message in &january.sent[..3] {
        january.refuse(message, January::FEBRUARY).await;
    }
    january.project(January::FEBRUARY).await;
    let close =
        Billing::CloseV1 { agreement: january.office.client.agreement.id.clone(), period: January::MONTH };
    // Once for each delivery, of which one was a repetition.
    assert_eq!(january.asked(), [close.clone(), close.clone()]);
    let closer = Closer::of(&january.office);
    for _ in 0..2 {
        closer.work(close.clone()).await;
    }
    let stored = january.office.stored().await;
    assert_eq!(stored.iter().map(told).collect::<Vec<_>>()[1..], [(1, None, "-0.15".into())]);
}

#[tokio::test]
async fn usage_of_periods_that_the_schedule_closes_each_time_asks_for_nothing() {
    let january = January::of(3).await;
    let soon = "2026-01-25T00:00:00Z".parse().unwrap();
    january.refuse(&january.sent[0], soon).await;
    january.project(soon).await;
    let soon = "2026-02-01T23:59:59Z".parse().unwrap();
    january.refuse(&january.sent[1], soon).await;
    january.project(soon).await;
    assert_eq!(january.asked(), []);
    let later = "2026-02-02T00:00:00Z".parse().unwrap();
    january.refuse(&january.sent[2], later).await;
    january.project(later).await;
    assert_eq!(january.asked().len(), 2, "for each delivery, of which one was a repetition");
}

#[tokio::test]
async fn more_usage_than_one_answer_holds_is_billed_to_the_last_row() {
    let office = Office::open().await;
    let mut rows = Vec::new();
    for place in 0..4_000i16 {
        let day = date(2025, 12, i8::try_from(place % 31).unwrap() + 1);
        rows.push(row(&office.client.agreement.id, day, &format!("S{place}"), 1));
    }
    office.post(rows).await;
    let invoice = office.confirmed().await;
    assert_eq!((invoice.charges[0].rows.count, invoice.total_due), (4_000, amount("200")));
    assert_eq!(office.billed_rows().await.len(), 4_000);
    assert!(matches!(office.close().await, Closed::Same(_)));
}
