//! The records of messages in blocks: listed as those of single messages are, and counted once.

use domain::edr::{Edr, Record};
use domain::id::{AgreementId, MessageId};
use domain::lease::LeaseTag;
use domain::message::{Progress, Status};
use domain::money::Amount;
use domain::period::Period;
use domain::receipt::ReceiptState;
use domain::sender::SenderAddress;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use queue::{Outcome, Report};
use rust_decimal::Decimal;
use store::EdrFilter;
use tests::world::{NOW, amount, connection, tables};

use super::acquire;
use super::flow::Scene;

const EVER: Period = Period { first: date(2000, 1, 1), last: date(2100, 1, 1) };

fn at(second: i64) -> Timestamp {
    NOW + SignedDuration::from_secs(second)
}

impl Scene {
    /// A block of messages to numbers of their own, each from its sender.
    async fn block(&self, key: &str, senders: &[&str], now: Timestamp) -> LeaseTag {
        let mut session = acquire(&self.world.store, &self.client).await;
        let draft = |(place, sender): (usize, &&str)| {
            let number = domain::destination::Msisdn::parse(&format!("+49151{:08}", 10_000_000 + place));
            let mut draft = self
                .client
                .draft_to(vec![number.expect("a number")], &format!("{key}-{place}"), "hello")
                .expect("a rate");
            draft.batch.sender = SenderAddress::parse(sender).expect("a sender ID");
            draft
        };
        let drafts: Vec<_> = senders.iter().enumerate().map(draft).collect();
        let rows = session.flush(&drafts, now).await.expect("an answer");
        session.close().await.expect("it is closed");
        let row = rows.into_iter().next().expect("a message").expect("accepted");
        MessageId::parse(row.reference()).expect("an id").block().expect("a block").0
    }

    async fn single(&self, key: &str, now: Timestamp) {
        let mut session = acquire(&self.world.store, &self.client).await;
        let mut draft = self.client.draft(key, "hello", 1).expect("a rate");
        draft.batch.accepted_at = now;
        session.send(&draft, now).await.expect("an answer");
        session.close().await.expect("it is closed");
    }

    async fn step(&self, block: &LeaseTag, steps: &[(u16, Progress)]) {
        let mut change = self.world.store.block(block).await.expect("a read").expect("a block").change();
        for (place, progress) in steps {
            let _ = change.step(*place, progress, NOW);
        }
        self.world.store.change_block(&change).await.expect("stored");
    }

    /// Every page of the list; all but the last are full, unless something is filtered out.
    async fn pages(&self, agreement: &AgreementId, filter: &EdrFilter, limit: u16) -> Vec<Edr> {
        let (mut edrs, mut cursor) = (Vec::new(), None);
        loop {
            let page = self.world.store.edrs(agreement, filter, limit, cursor.as_deref()).await;
            let page = page.expect("a page");
            let span = EdrFilter { from: filter.from, till: filter.till, ..EdrFilter::default() };
            let is_plain = format!("{filter:?}") == format!("{span:?}");
            let is_full = page.items.len() == usize::from(limit);
            assert!(page.next.is_none() || is_full || !is_plain, "{} of {limit}", page.items.len());
            edrs.extend(page.items.into_iter().filter_map(Record::into_message));
            let Some(next) = page.next else { return edrs };
            assert!(cursor.as_ref().is_none_or(|cursor| next < *cursor), "{cursor:?} {next}");
            cursor = Some(next);
        }
    }

    async fn counted(&self, agreement: &AgreementId) -> (i64, Amount) {
        let rows = self.world.store.usage(agreement, EVER).await.expect("usage");
        let sum = Amount::checked_sum(rows.iter().map(|(_, usage)| usage.amount)).expect("a sum");
        (rows.iter().map(|(_, usage)| usage.messages).sum(), sum)
    }
}

fn shown(edrs: &[Edr]) -> Vec<String> {
    edrs.iter().map(|edr| edr.message.to_string()).collect()
}

#[tokio::test]
async fn the_records_of_blocks_are_listed_newest_first_between_those_of_others_in_pages_of_any_size() {
    let scene = Scene::new().await;
    scene.single("before", at(0)).await;
    let first = scene.block("first", &["ACME"; 12], at(1)).await;
    scene.single("between", at(2)).await;
    let second = scene.block("second", &["ACME", "OTHER", "ACME"], at(3)).await;
    scene.single("after", at(4)).await;
    scene.project().await;
    let agreement = &scene.client.agreement.id;
    let all = scene.pages(agreement, &EdrFilter::default(), 500).await;
    let times: Vec<_> = all.iter().map(|edr| edr.accepted_at).collect();
    assert!(times.is_sorted_by(|newer, older| older <= newer), "{times:?}");
    let places = [(&second, 3), (&first, 12)].into_iter();
    let places = places.flat_map(|(block, count)| (0..count).rev().map(move |place| (block, place)));
    let expected: Vec<_> = places.map(|(block, place)| MessageId::in_block(block, place)).collect();
    let of_blocks = all.iter().map(|edr| edr.message.clone()).filter(|id| id.block().is_some());
    assert_eq!((all.len(), of_blocks.collect::<Vec<_>>()), (18, expected));
    for limit in [1, 2, 3, 5, 12, 17, 18] {
        let paged = scene.pages(agreement, &EdrFilter::default(), limit).await;
        assert_eq!(shown(&paged), shown(&all), "{limit}");
    }
    // The level above sees the same messages at its own price.
    let above = scene.pages(&scene.reseller.agreement.id, &EdrFilter::default(), 5).await;
    assert_eq!(shown(&above), shown(&all));
    assert!(above.iter().all(|edr| (edr.level, edr.amount) == (2, amount("0.03"))));
    assert!(all.iter().all(|edr| (edr.level, edr.amount) == (1, amount("0.05"))));
    let between = EdrFilter { from: Some(at(1)), till: Some(at(3)), ..EdrFilter::default() };
    for limit in [1, 4, 100] {
        assert_eq!(shown(&scene.pages(agreement, &between, limit).await), shown(&all[4..17]), "{limit}");
    }
}

#[tokio::test]
async fn filters_look_into_blocks() {
    let scene = Scene::new().await;
    let block = scene.block("block", &["ACME", "OTHER", "ACME", "ACME"], at(1)).await;
    scene.single("single", at(2)).await;
    scene.world.store.claim_block(&block, 1).await.expect("claimed");
    scene.step(&block, &[(2, Progress::Submitted { references: vec![Some("a".to_owned())] })]).await;
    scene.project().await;
    let by = |change: fn(&mut EdrFilter)| {
        let mut filter = EdrFilter::default();
        change(&mut filter);
        filter
    };
    let of = |places: &[u16]| -> Vec<String> {
        places.iter().map(|place| MessageId::in_block(&block, *place).to_string()).collect()
    };
    for (filter, places) in [
        (by(|filter| filter.sender = Some("OTHER".to_owned())), &[1][..]),
        (by(|filter| filter.status = Some("submitted".to_owned())), &[2]),
        (by(|filter| filter.recipient = Some("4915110000003".to_owned())), &[3]),
        (by(|filter| filter.status = Some("lost".to_owned())), &[]),
        (by(|filter| filter.client_reference = Some("lost".to_owned())), &[]),
        (by(|filter| filter.direction = Some("incoming".to_owned())), &[]),
        (by(|filter| filter.network = Some("lost".to_owned())), &[]),
    ] {
        for limit in [1, 2, 50] {
            let found = scene.pages(&scene.client.agreement.id, &filter, limit).await;
            assert_eq!(shown(&found), of(places), "{filter:?} {limit}");
        }
    }
}

#[tokio::test]
async fn who_leaves_a_block_is_listed_once_before_and_after_its_own_record_is_written() {
    let scene = Scene::new().await;
    let agreement = &scene.client.agreement.id;
    let block = scene.block("block", &["ACME"; 9], at(1)).await;
    scene.project().await;
    let store = &scene.world.store;
    store.claim_block(&block, 1).await.expect("claimed");
    let mut change = store.block(&block).await.expect("a read").expect("a block").change();
    for place in [0, 3, 8] {
        let _ = change.send_alone(place);
    }
    store.change_block(&change).await.expect("stored");
    let statuses = |edrs: &[Edr]| -> Vec<Status> { edrs.iter().map(|edr| edr.status).collect() };
    for is_projected in [false, true] {
        if is_projected {
            scene.project().await;
        }
        for limit in [1, 2, 4, 9, 50] {
            let edrs = scene.pages(agreement, &EdrFilter::default(), limit).await;
            let expected: Vec<_> = (0..9).rev().map(|place| MessageId::in_block(&block, place)).collect();
            let found: Vec<_> = edrs.iter().map(|edr| edr.message.clone()).collect();
            assert_eq!((found, statuses(&edrs)), (expected, vec![Status::Accepted; 9]), "{limit}");
        }
    }
    let app = progress_applier::App { store: store.clone() };
    let refused = queue::Progress::RefusedV1 {
        message: MessageId::in_block(&block, 3),
        reason: "no".to_owned(),
        next_route: false,
        connection: None,
        at: NOW,
    };
    app.apply(refused).await.expect("applied");
    scene.project().await;
    let edrs = scene.pages(agreement, &EdrFilter::default(), 4).await;
    let expected = [[Status::Accepted; 5].as_slice(), &[Status::Unsent], &[Status::Accepted; 3]].concat();
    assert_eq!(statuses(&edrs), expected);
    assert_eq!(scene.counted(agreement).await, (8, amount("0.4")));
}

#[tokio::test]
async fn a_block_that_is_billed_in_more_ways_than_a_transaction_takes_is_counted_once_and_back() {
    let scene = Scene::new().await;
    let senders: Vec<String> = (0..120).map(|number| format!("S{number}")).collect();
    let senders: Vec<&str> = senders.iter().map(String::as_str).collect();
    let block = scene.block("block", &senders, at(1)).await;
    let same = scene.block("same", &["ACME"; 30], at(2)).await;
    scene.project().await;
    let (client, reseller) = (&scene.client.agreement.id, &scene.reseller.agreement.id);
    assert_eq!(scene.counted(client).await, (150, amount("7.5")));
    assert_eq!(scene.counted(reseller).await, (150, amount("4.5")));
    let refused = || Progress::Refused { reason: "no".to_owned() };
    let some: Vec<_> = (0..110).map(|place| (place, refused())).collect();
    scene.step(&block, &some).await;
    scene.step(&same, &[(0, refused()), (1, refused())]).await;
    scene.step(&block, &[(110, refused())]).await;
    // The stream delivers some of it, and all of it again.
    let event = scene.world.database.take_stream(&tables().messages);
    let mut cut = event.clone();
    cut.records.truncate(2);
    for delivery in [&cut, &event, &cut, &event] {
        projector::handle(&scene.projector, delivery.clone()).await.expect("it is projected");
    }
    assert_eq!(scene.counted(client).await, (37, amount("1.85")));
    assert_eq!(scene.counted(reseller).await, (37, amount("1.11")));
    let edrs = scene.pages(client, &EdrFilter::default(), 50).await;
    let owed = Amount::checked_sum(edrs.iter().map(|edr| edr.amount)).expect("a sum");
    assert_eq!((edrs.len(), owed), (150, amount("1.85")));
}

#[tokio::test]
async fn one_called_back_before_the_charge_is_heard_of_is_counted_and_counted_back_whichever_comes_first() {
    for is_ledger_first in [false, true] {
        let scene = Scene::new().await;
        let block = scene.block("block", &["ACME"; 3], at(1)).await;
        for place in [1, 2] {
            let id = MessageId::in_block(&block, place);
            assert!(scene.world.store.cancel_message(&id, NOW).await.expect("an answer"));
        }
        let take = |table: &str| scene.world.database.take_stream(table);
        let (ledger, messages) = (take(&tables().ledger), take(&tables().messages));
        let order = if is_ledger_first { [&ledger, &messages] } else { [&messages, &ledger] };
        for event in order.into_iter().chain(order) {
            projector::handle(&scene.projector, event.clone()).await.expect("it is projected");
        }
        assert_eq!(scene.counted(&scene.client.agreement.id).await, (1, amount("0.05")));
    }
}

/// Two levels, 100 messages that a vendor takes and delivers.
#[tokio::test]
async fn write_units_of_the_records_of_a_block() {
    const COUNT: u16 = 100;
    let scene = Scene::new().await;
    let block = scene.block("block", &["ACME"; COUNT as usize], at(1)).await;
    let store = &scene.world.store;
    let app = progress_applier::App { store: store.clone() };
    let apply = |told| {
        let app = &app;
        async move { app.apply(told).await.expect("applied") }
    };
    let projected = || async {
        scene.world.take_write_units();
        for table in [&tables().ledger, &tables().messages] {
            let event = scene.world.database.take_stream(table);
            projector::handle(&scene.projector, event).await.expect("it is projected");
        }
        let units = scene.world.take_write_units().remove(&tables().records).unwrap_or_default();
        units / Decimal::from(COUNT)
    };
    let accepted = projected().await;
    store.claim_block(&block, 1).await.expect("claimed");
    let taken = |place: u16| (place, Outcome::Submitted(vec![Some(format!("{place:08}"))]));
    let outcomes = (0..COUNT).map(taken).collect();
    apply(queue::Progress::BlockV1 {
        block,
        connection: connection(),
        outcomes,
        references_by: None,
        at: NOW,
    })
    .await;
    let submitted = projected().await;
    let report = |place: u16| Report {
        reference: format!("{place:08}"),
        other_reference: None,
        state: ReceiptState::Delivered,
        error: None,
        recipient: None,
        segment: None,
        again: false,
    };
    let receipts = (0..COUNT).map(report).collect();
    apply(queue::Progress::ReceiptsV1 { connection: connection(), receipts, at: NOW }).await;
    let delivered = projected().await;
    println!(
        "records of a message in a block: accepted {accepted}, submitted {submitted}, delivered {delivered}"
    );
    // With the statement of what the lease's holder keeps, and with the statistics of all who see it.
    assert!(accepted <= Decimal::new(5, 1), "{accepted}");
    // One item says until when reports are awaited for all of them.
    assert!(submitted <= Decimal::new(1, 2), "{submitted}");
    assert!(delivered <= Decimal::new(2, 1), "{delivered}");
    let edrs = scene.pages(&scene.client.agreement.id, &EdrFilter::default(), 50).await;
    assert!(edrs.len() == usize::from(COUNT) && edrs.iter().all(|edr| edr.status == Status::Delivered));
}
