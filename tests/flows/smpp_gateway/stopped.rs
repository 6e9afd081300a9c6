//! What waits for a vendor stops when those who sent it may not send any more.

use domain::agreement::{Agreement, Charging, CreditLimit, NewAgreement, plan_agreement};
use domain::company::{Company, plan_owner};
use domain::money::{Amount, Currency};
use domain::period::BillingTerms;
use domain::wallet::Wallet;
use store::Written;
use tests::edits::{act, change_agreement, change_company};

use super::*;

/// The company and the agreement that the stage's messages are of.
async fn sender_of_all(stage: &Stage) -> (Company, Agreement) {
    let company = plan_owner(CompanyId::new(1), "Owner", Timestamp::UNIX_EPOCH).expect("a name");
    let written = stage.store.create(&act(&company.path), &company).await.expect("is stored");
    assert_eq!(written, Written::Now);
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
