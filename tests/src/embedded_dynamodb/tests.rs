//! That the embedded database keeps what our tests build on.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::transact_write_items::builders::TransactWriteItemsFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, CancellationReason, ConditionCheck,
    GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType, Put, PutRequest,
    ReturnValuesOnConditionCheckFailure, ScalarAttributeType, StreamSpecification, StreamViewType,
    TransactWriteItem, Update, WriteRequest,
};
use rust_decimal::Decimal;
use tokio::task::JoinSet;

use super::*;

const TABLE: &str = "credits";

async fn database() -> EmbeddedDynamodb {
    let database = EmbeddedDynamodb::new();
    let key = |name: &str, kind| {
        let element = KeySchemaElement::builder().attribute_name(name);
        element.key_type(kind).build().expect("a key element")
    };
    let text = |name: &str| {
        let definition = AttributeDefinition::builder().attribute_name(name);
        let definition = definition.attribute_type(ScalarAttributeType::S);
        definition.build().expect("a definition")
    };
    let index = GlobalSecondaryIndex::builder()
        .index_name("by-owner")
        .key_schema(key("owner", KeyType::Hash))
        .projection(Projection::builder().projection_type(ProjectionType::All).build());
    let stream =
        StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::NewAndOldImages);
    database
        .client()
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(text("pk"))
        .attribute_definitions(text("sk"))
        .attribute_definitions(text("owner"))
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .global_secondary_indexes(index.build().expect("an index"))
        .stream_specification(stream.build().expect("a stream"))
        .send()
        .await
        .expect("the table is made");
    database
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn key(name: &str) -> HashMap<String, AttributeValue> {
    HashMap::from([("pk".to_owned(), text(name)), ("sk".to_owned(), text("wallet"))])
}

fn wallet(name: &str, credits: i64) -> HashMap<String, AttributeValue> {
    let mut item = key(name);
    item.insert("credits".to_owned(), number(credits));
    item
}

async fn put(client: &Client, name: &str, credits: i64) {
    let put = client.put_item().table_name(TABLE);
    let put = put.set_item(Some(wallet(name, credits)));
    put.send().await.expect("the wallet is put");
}

async fn credits(client: &Client, name: &str) -> Option<i64> {
    let get = client.get_item().table_name(TABLE).consistent_read(true);
    let found = get.set_key(Some(key(name))).send().await;
    let item = found.expect("the wallet is read").item?;
    item["credits"].as_n().expect("a number").parse().ok()
}

fn put_new(name: &str, credits: i64) -> TransactWriteItem {
    let put = Put::builder()
        .table_name(TABLE)
        .set_item(Some(wallet(name, credits)))
        .condition_expression("attribute_not_exists(pk)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    let put = put.build().expect("a put");
    TransactWriteItem::builder().put(put).build()
}

fn add(name: &str, amount: i64, at_least: i64) -> TransactWriteItem {
    let update = Update::builder()
        .table_name(TABLE)
        .set_key(Some(key(name)))
        .update_expression("SET credits = if_not_exists(credits, :zero) + :amount")
        .condition_expression("credits >= :least")
        .expression_attribute_values(":zero", number(0))
        .expression_attribute_values(":amount", number(amount))
        .expression_attribute_values(":least", number(at_least))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    let update = update.build().expect("an update");
    TransactWriteItem::builder().update(update).build()
}

fn transfer(client: &Client, from: &str, to: &str, amount: i64) -> TransactWriteItemsFluentBuilder {
    let transaction = client.transact_write_items();
    transaction.transact_items(add(from, -amount, amount)).transact_items(add(to, amount, 0))
}

fn reasons(error: SdkError<TransactWriteItemsError>) -> Vec<CancellationReason> {
    match error.into_service_error() {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => {
            cancelled.cancellation_reasons.unwrap_or_default()
        }
        other => panic!("not cancelled: {other:?}"),
    }
}

fn codes(error: SdkError<TransactWriteItemsError>) -> Vec<String> {
    let code = |reason: CancellationReason| reason.code.unwrap_or_default();
    reasons(error).into_iter().map(code).collect()
}

#[tokio::test]
async fn what_is_put_can_be_read_and_queried() {
    let database = database().await;
    let client = database.client();
    put(&client, "A", 10).await;
    assert_eq!(credits(&client, "A").await, Some(10));
    assert_eq!(credits(&client, "B").await, None);
    let query = client.query().table_name(TABLE);
    let query = query
        .key_condition_expression("pk = :pk AND begins_with(sk, :sk)")
        .filter_expression("credits BETWEEN :low AND :high AND attribute_type(credits, :n)")
        .expression_attribute_values(":pk", text("A"))
        .expression_attribute_values(":sk", text("wal"))
        .expression_attribute_values(":low", number(1))
        .expression_attribute_values(":high", number(10))
        .expression_attribute_values(":n", text("N"));
    assert_eq!(query.send().await.expect("a page").count, 1);
}

#[tokio::test]
async fn what_is_imported_is_read_as_if_it_was_put_and_no_stream_tells_of_it() {
    let database = database().await;
    let mut imported = wallet("A", 10);
    imported.insert("owner".to_owned(), text("O"));
    imported.insert("names".to_owned(), AttributeValue::Ss(vec!["a".to_owned()]));
    imported.insert("parts".to_owned(), AttributeValue::L(vec![AttributeValue::Bool(true)]));
    database.import(TABLE, [imported.clone(), wallet("B", 5)].into_iter());
    assert_eq!(database.item(TABLE, "A", "wallet").map(|(item, _)| item), Some(imported));
    let client = database.client();
    assert_eq!(credits(&client, "B").await, Some(5));
    let query = client.query().table_name(TABLE).index_name("by-owner").key_condition_expression("#o = :o");
    let query = query.expression_attribute_names("#o", "owner").expression_attribute_values(":o", text("O"));
    assert_eq!(query.send().await.expect("a page").count, 1);
    assert!(database.take_stream(TABLE).records.is_empty());
}

#[tokio::test]
async fn a_failed_condition_returns_the_item_that_stands() {
    let database = database().await;
    let client = database.client();
    put(&client, "A", 10).await;
    let again = client.put_item().table_name(TABLE);
    let again = again
        .set_item(Some(wallet("A", 99)))
        .condition_expression("attribute_not_exists(pk)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    let error = again.send().await.expect_err("the wallet exists");
    let error = error.into_service_error();
    assert!(error.is_conditional_check_failed_exception(), "{error:?}");
    assert_eq!(credits(&client, "A").await, Some(10));
    match error {
        aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(e) => {
            assert_eq!(e.item, Some(wallet("A", 10)));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_cancelled_transaction_says_which_item_refused_and_changes_nothing() {
    let database = database().await;
    let client = database.client();
    put(&client, "A", 10).await;
    put(&client, "B", 0).await;
    let transaction = client.transact_write_items();
    let error = transaction
        .transact_items(put_new("T", 1))
        .transact_items(add("A", -11, 11))
        .transact_items(add("B", 11, 0))
        .send()
        .await
        .expect_err("A has too little");
    let reasons = reasons(error);
    let codes: Vec<_> = reasons.iter().filter_map(|r| r.code.as_deref()).collect();
    assert_eq!(codes, ["None", "ConditionalCheckFailed", "None"]);
    assert_eq!(reasons[1].item, Some(wallet("A", 10)));
    assert_eq!(credits(&client, "T").await, None);
    assert_eq!(credits(&client, "B").await, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_racing_tasks_keep_every_credit() {
    let database = database().await;
    let client = database.client();
    for wallet in 0..8 {
        put(&client, &wallet.to_string(), 20).await;
    }
    let mut tasks = JoinSet::new();
    for task in 0..16_u64 {
        let client = client.clone();
        tasks.spawn(async move {
            for step in 0..25 {
                let from = (task * 5 + step * 3) % 8;
                let to = (from + 1 + step % 7) % 8;
                let (from, to) = (from.to_string(), to.to_string());
                let sent = transfer(&client, &from, &to, 7).send().await;
                if let Err(error) = sent {
                    assert_eq!(codes(error), ["ConditionalCheckFailed", "None"]);
                }
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("no task fails");
    }
    let mut total = 0;
    for wallet in 0..8 {
        let left = credits(&client, &wallet.to_string()).await.expect("it exists");
        assert!(0 <= left, "a wallet went below zero");
        total += left;
    }
    assert_eq!(total, 160);
}

/// The fault of the first call; every later call succeeds.
fn first(fault: Fault) -> impl Faults {
    move |call: &Call| match call.number {
        1 => fault,
        _ => Fault::None,
    }
}

/// Transfers 3 of 10 credits from A to B through a client whose first call fails so, and checks what
/// was applied.
async fn transfer_with(fault: Fault, applied: bool) -> SdkError<TransactWriteItemsError> {
    let database = database().await;
    put(&database.client(), "A", 10).await;
    put(&database.client(), "B", 0).await;
    let faulty = database.client_with(first(fault));
    let error = transfer(&faulty, "A", "B", 3).send().await;
    let moved = if applied { 3 } else { 0 };
    assert_eq!(credits(&database.client(), "A").await, Some(10 - moved));
    assert_eq!(credits(&database.client(), "B").await, Some(moved));
    error.expect_err("the call fails")
}

#[tokio::test]
async fn a_conflict_refuses_one_item_and_applies_nothing() {
    let error = transfer_with(Fault::ConflictBeforeApply, false).await;
    assert_eq!(codes(error), ["None", "TransactionConflict"]);
    let database = database().await;
    let faulty = database.client_with(first(Fault::ConflictBeforeApply));
    let put = faulty.put_item().table_name(TABLE);
    let refused = put.set_item(Some(wallet("A", 1))).send().await;
    let refused = refused.expect_err("the put fails").into_service_error();
    assert!(refused.is_transaction_conflict_exception(), "{refused:?}");
    assert_eq!(credits(&faulty, "A").await, None);
}

#[tokio::test]
async fn a_conflict_leaves_a_batch_unprocessed() {
    let database = database().await;
    let faulty = database.client_with(first(Fault::ConflictBeforeApply));
    let put = PutRequest::builder().set_item(Some(wallet("A", 1)));
    let put = put.build().expect("a put");
    let write = WriteRequest::builder().put_request(put).build();
    let batch = faulty.batch_write_item();
    let answer = batch.request_items(TABLE, vec![write.clone()]).send().await;
    let left = answer.expect("a batch answers").unprocessed_items;
    assert_eq!(left, Some(HashMap::from([(TABLE.to_owned(), vec![write])])));
    assert_eq!(credits(&faulty, "A").await, None);
}

#[tokio::test]
async fn a_throttle_applies_nothing() {
    let error = transfer_with(Fault::Throttle, false).await;
    assert_eq!(codes(error), ["ThrottlingError", "None"]);
    let database = database().await;
    let faulty = database.client_with(first(Fault::Throttle));
    let get = faulty.get_item().table_name(TABLE).set_key(Some(key("A")));
    let error = get.send().await.expect_err("throttled").into_service_error();
    assert!(error.is_provisioned_throughput_exceeded_exception());
}

#[tokio::test]
async fn a_timeout_does_not_tell_whether_the_call_was_applied() {
    for (fault, applied) in [(Fault::TimeoutNotApplied, false), (Fault::TimeoutAppliedAnswerLost, true)] {
        let error = transfer_with(fault, applied).await;
        match error {
            SdkError::DispatchFailure(failure) => assert!(failure.is_timeout()),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_killed_process_applies_nothing_more_while_others_live() {
    for (fault, applied) in [(Fault::Kill, false), (Fault::KillAfterApply, true)] {
        let error = transfer_with(fault, applied).await;
        match error {
            SdkError::DispatchFailure(failure) => assert!(failure.is_io()),
            other => panic!("{other:?}"),
        }
        let database = database().await;
        let dying = database.client_with(first(fault));
        for name in ["A", "B"] {
            let put = dying.put_item().table_name(TABLE);
            let put = put.set_item(Some(wallet(name, 1)));
            put.send().await.expect_err("the process is dead");
        }
        let stored = credits(&database.client(), "A").await;
        assert_eq!(stored.is_some(), applied);
        assert_eq!(credits(&database.client(), "B").await, None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_a_lost_answer_is_applied_once() {
    let database = database().await;
    put(&database.client(), "A", 10).await;
    put(&database.client(), "B", 0).await;
    let faulty = database.client_with_retries(first(Fault::TimeoutAppliedAnswerLost), 3);
    let sent = transfer(&faulty, "A", "B", 3).send().await;
    sent.expect("the second attempt repeats the first one's answer");
    assert_eq!(credits(&faulty, "B").await, Some(3));
}

#[tokio::test(start_paused = true)]
async fn seeded_faults_repeat_and_latencies_pass_in_virtual_time() {
    let rates = Rates {
        conflict: 200,
        timeout_applied: 200,
        throttle: 100,
        latency_max_ms: 1000,
        ..Rates::default()
    };
    let run = async |seed| {
        let database = database().await;
        put(&database.client(), "A", 1000).await;
        put(&database.client(), "B", 0).await;
        let faulty = database.client_with(SeededFaults::new(seed, rates));
        let started = tokio::time::Instant::now();
        let mut outcomes = Vec::new();
        for _ in 0..50 {
            let sent = transfer(&faulty, "A", "B", 1).send().await;
            outcomes.push(sent.is_ok());
        }
        let moved = credits(&database.client(), "B").await;
        (outcomes, moved, started.elapsed())
    };
    let once = run(7).await;
    assert_eq!(once, run(7).await);
    assert_ne!(once, run(8).await);
    assert!(Duration::from_secs(10) < once.2, "latencies: {:?}", once.2);
    assert!(once.0.contains(&true) && once.0.contains(&false));
}

#[tokio::test]
async fn faults_see_the_operation_and_the_request() {
    let seen: std::sync::Arc<Mutex<Vec<String>>> = Default::default();
    let noted = seen.clone();
    let database = database().await;
    let client = database.client_with(move |call: &Call| {
        let line =
            format!("{} {} write={} {}", call.number, call.operation, call.is_write, call.body["TableName"]);
        noted.lock().expect("no panic").push(line);
        Fault::None
    });
    put(&client, "A", 1).await;
    credits(&client, "A").await;
    let expected = [r#"1 PutItem write=true "credits""#, r#"2 GetItem write=false "credits""#];
    assert_eq!(*seen.lock().expect("no panic"), expected);
}

#[tokio::test]
async fn the_stream_has_old_and_new_images_in_order() {
    let database = database().await;
    let client = database.client();
    assert!(database.take_stream(TABLE).records.is_empty());
    put(&client, "A", 10).await;
    put(&client, "B", 0).await;
    put(&client, "B", 0).await; // changes nothing, so the stream does not have it
    transfer(&client, "A", "B", 4).send().await.expect("moved");
    let delete = client.delete_item().table_name(TABLE);
    let delete = delete.set_key(Some(key("A"))).send().await;
    delete.expect("deleted");

    let lines = |records: &[EventRecord]| -> Vec<String> {
        let credits = |image: &serde_json::Value| match image["credits"]["N"].as_str() {
            Some(credits) => credits.to_owned(),
            None => "-".to_owned(),
        };
        let line = |record: &EventRecord| {
            let change = serde_json::to_value(&record.change).expect("JSON");
            let (old, new) = (credits(&change["OldImage"]), credits(&change["NewImage"]));
            format!("{} {old} {new}", record.event_name)
        };
        records.iter().map(line).collect()
    };
    let expected = ["INSERT - 10", "INSERT - 0", "MODIFY 10 6", "MODIFY 0 4", "REMOVE 6 -"];
    let taken = database.take_stream(TABLE).records;
    assert_eq!(lines(&taken), expected);
    assert!(taken.is_sorted_by(|a, b| a.change.sequence_number < b.change.sequence_number));
    assert_eq!(taken, database.stream_events(TABLE, 0));
    assert_eq!(lines(&database.stream_events(TABLE, 3)), expected[3..]);

    assert!(database.take_stream(TABLE).records.is_empty());
    put(&client, "C", 1).await;
    assert_eq!(lines(&database.take_stream(TABLE).records), ["INSERT - 1"]);
}

#[tokio::test]
async fn a_cancelled_transaction_leaves_no_stream_record() {
    let database = database().await;
    let client = database.client();
    put(&client, "A", 1).await;
    put(&client, "B", 1).await;
    database.take_stream(TABLE);
    transfer(&client, "B", "A", 5).send().await.expect_err("too little");
    assert!(database.take_stream(TABLE).records.is_empty());
}

/// What was consumed since the last check, a line a call and table.
#[track_caller]
fn check_consumed(database: &EmbeddedDynamodb, expected: &[&str]) {
    let line = |consumed: Consumed| {
        assert_eq!(consumed.table, TABLE);
        let indexes: Decimal = consumed.index_units.values().sum();
        let source = match consumed.source {
            Source::Reported => "",
            Source::Computed => " (computed)",
        };
        format!(
            "{}: write {}, read {}, of it indexes {indexes}{source}",
            consumed.operation, consumed.write_units, consumed.read_units
        )
    };
    let lines: Vec<_> = database.capacity().take().into_iter().map(line).collect();
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn single_writes_and_reads_consume_what_aws_says() {
    let database = database().await;
    let client = database.client();
    put(&client, "A", 10).await;
    credits(&client, "A").await;
    check_consumed(
        &database,
        &["PutItem: write 1, read 0, of it indexes 0", "GetItem: write 0, read 1, of it indexes 0"],
    );
    let mut large = wallet("B", 1);
    large.insert("note".to_owned(), text(&"x".repeat(2000)));
    large.insert("owner".to_owned(), text("A"));
    let large = client.put_item().table_name(TABLE).set_item(Some(large));
    large.send().await.expect("put");
    check_consumed(&database, &["PutItem: write 4, read 0, of it indexes 2"]);
    let failing = client.delete_item().table_name(TABLE);
    let failing = failing.set_key(Some(key("B")));
    let failing = failing.condition_expression("attribute_not_exists(pk)");
    failing.send().await.expect_err("B exists");
    check_consumed(&database, &["DeleteItem: write 2, read 0, of it indexes 0 (computed)"]);
}

#[tokio::test]
async fn a_transaction_of_two_small_items_consumes_four_write_units() {
    let database = database().await;
    let client = database.client();
    put(&client, "A", 10).await;
    put(&client, "B", 0).await;
    database.capacity().take();
    let sent = transfer(&client, "A", "B", 3).client_request_token("t").send().await;
    assert!(sent.expect("moved").consumed_capacity.is_none(), "not asked for");
    let repeated = transfer(&client, "A", "B", 3).client_request_token("t").send().await;
    repeated.expect("repeated");
    transfer(&client, "A", "B", 30).send().await.expect_err("too little");
    let check = ConditionCheck::builder()
        .table_name(TABLE)
        .set_key(Some(key("A")))
        .condition_expression("attribute_exists(pk)")
        .build()
        .expect("a check");
    let check = TransactWriteItem::builder().condition_check(check).build();
    let checked = client.transact_write_items().transact_items(check);
    let checked = checked.transact_items(put_new("C", 1)).send().await;
    checked.expect("written");
    check_consumed(
        &database,
        &[
            "TransactWriteItems: write 4, read 0, of it indexes 0",
            "TransactWriteItems: write 0, read 4, of it indexes 0",
            "TransactWriteItems: write 4, read 0, of it indexes 0 (computed)",
            "TransactWriteItems: write 4, read 0, of it indexes 0",
        ],
    );
}
