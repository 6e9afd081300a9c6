//! What waits for a vendor stops when those who sent it may not send any more.

use domain::agreement::{Agreement, Charging, CreditLimit, NewAgreement, plan_agreement};
use domain::company::{Company, plan_owner};
use domain::money::{Amount, Currency};
use domain::period::BillingTerms;
use domain::wallet::Wallet;
use store::Written;
use tests::edits::{act, change_agreement, change_company};

use super::*;

/// The company that everything of the stage is of.
pub(super) async fn put_company(stage: &Stage) -> Company {
    let company = plan_owner(CompanyId::new(1), "Owner", Timestamp::UNIX_EPOCH).expect("a name");
    let written = stage.store.create(&act(&company.path), &company).await.expect("is stored");
    assert_eq!(written, Written::Now);
    company
}

/// The company and the agreement that the stage's messages are of.
async fn sender_of_all(stage: &Stage) -> (Company, Agreement) {
    let company = put_company(stage).await;
    let ask = NewAgreement {
        id: AgreementId::new(1),
        company: company.id.clone(),
        tenant: company.id.clone(),
        code: "A-1".to_owned(),
        currency: Currency::parse("EUR").expect("a currency"),
        charging: Charging::Cascade,
        credit_limit: CreditLimit::Unlimited,
        billing: BillingTerms::monthly_utc(),
    };
    let agreement = plan_agreement(ask, None, true, Timestamp::UNIX_EPOCH).expect("an agreement");
    let wallet = Wallet::open(&agreement.id, &company.id, agreement.currency, Amount::ZERO, Vec::new());
    let written = stage.store.open_agreement(&act(&company.path), &agreement, &wallet).await;
    assert_eq!(written.expect("is stored"), Written::Now);
    (company, agreement)
}

async fn reason(stage: &Stage, message: &MessageId) -> String {
    match stage.outcome(message).await {
        Progress::RefusedV1 { reason, next_route: false, .. } => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_refused_while_its_company_is_disabled_and_goes_out_when_it_is_enabled() {
    let (simulator, mut stage) = staged(Behaviour::default(), |_| {}).await;
    let (company, _) = sender_of_all(&stage).await;
    change_company(&stage.store, &company.id, |company| company.enabled = false).await;
    let stopped = stage.send("4915110000001", "hello").await;
    let gateway = stage.run();
    assert_eq!(reason(&stage, &stopped).await, "company_disabled");
    gateway.stop().await;
    assert!(taken(&simulator).is_empty());
    change_company(&stage.store, &company.id, |company| company.enabled = true).await;
    let sent = stage.send("4915110000002", "hello").await;
    let gateway = stage.run();
    assert_eq!(stage.references(&sent).await.len(), 1);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_a_connection_goes_another_way_when_that_is_disabled() {
    let (simulator, mut stage) = staged(Behaviour::default(), |connection| connection.enabled = false).await;
    let (alone, block) = (stage.send("4915110000001", "hello").await, stage.send_block_of(3).await);
    let doubted = stage.send("4915110000002", "hello").await;
    let claimed = stage.store.claim(&doubted).await.expect("is claimed");
    assert!(matches!(claimed, store::Claim::Yours(_)));
    let gateway = stage.run();
    let told = stage.outcome(&alone).await;
    let Progress::RefusedV1 { reason, next_route: true, .. } = told else { panic!("{told:?}") };
    assert_eq!(reason, "connection_disabled");
    until("all of the block", || stage.told(&block).len() == 3).await;
    let elsewhere = queue::Outcome::Refused { reason, next_route: true };
    assert!(stage.told(&block).values().all(|told| *told == [elsewhere.clone()]));
    // What may have left is not sent twice.
    assert!(matches!(stage.outcome(&doubted).await, Progress::InDoubtV1 { .. }));
    stage.until_done().await;
    assert!(taken(&simulator).is_empty());

    let mut enabled = stage.connection.clone();
    enabled.enabled = true;
    replace_connection(&stage.store, &enabled).await;
    until("a bind", || simulator.binds().len() == 1).await;
    let sent = stage.send("4915110000003", "hello").await;
    assert_eq!(stage.references(&sent).await.len(), 1);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_a_connection_goes_another_way_when_that_is_deleted() {
    let (simulator, mut stage) = staged(Behaviour::default(), |_| {}).await;
    let gateway = stage.run();
    let sent = stage.send("4915110000001", "hello").await;
    assert_eq!(stage.references(&sent).await.len(), 1);
    let act = act(std::slice::from_ref(&stage.connection.company));
    let deleted = stage.store.delete_connection(&act, &stage.connection).await.expect("an answer");
    assert_eq!(deleted, Written::Now);
    until("the end of its bind", || simulator.binds().is_empty()).await;
    let waiting = stage.send("4915110000002", "hello").await;
    let told = stage.outcome(&waiting).await;
    let Progress::RefusedV1 { reason, next_route: true, .. } = told else { panic!("{told:?}") };
    assert_eq!(reason, "connection_disabled");
    stage.until_done().await;
    assert_eq!(taken(&simulator).len(), 1);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_refused_while_its_agreement_is_suspended() {
    let (simulator, mut stage) = staged(Behaviour::default(), |_| {}).await;
    let (_, agreement) = sender_of_all(&stage).await;
    change_agreement(&stage.store, &agreement.id, |agreement| agreement.suspended = true).await;
    let stopped = stage.send("4915110000001", "hello").await;
    let gateway = stage.run();
    assert_eq!(reason(&stage, &stopped).await, "agreement_suspended");
    gateway.stop().await;
    assert!(taken(&simulator).is_empty());
}

/// A worker claimed them and was never heard of again; then their agreement was suspended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_have_left_and_may_not_go_out_any_more_is_not_sent_again() {
    let resend = |connection: &mut Connection| connection.on_unknown_outcome = OnUnknownOutcome::Resend;
    let (simulator, mut stage) = staged(Behaviour::default(), resend).await;
    let (_, agreement) = sender_of_all(&stage).await;
    change_agreement(&stage.store, &agreement.id, |agreement| agreement.suspended = true).await;
    let message = stage.send("4915110000001", "hello").await;
    stage.store.claim(&message).await.expect("an answer");
    let block = stage.send_block_of(3).await;
    stage.store.claim_block(&block, 0).await.expect("an answer");
    let gateway = stage.run();
    assert!(matches!(stage.outcome(&message).await, Progress::InDoubtV1 { .. }));
    stage.until_done().await;
    gateway.stop().await;
    assert!(taken(&simulator).is_empty());
}
