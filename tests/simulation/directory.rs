//! Guarded writes of companies, agreements, rate plans and invoices: raced, repeated after a lost answer,
//! and doubled.

use domain::agreement::{EnabledService, NewAgreement, plan_agreement};
use domain::api_key::ApiKey;
use domain::audit::Act;
use domain::charge::{Charge, ChargeGroup, ChargeRow, RowsAt, ServiceType, content, fold};
use domain::company::plan_owner;
use domain::edr::{Usage, UsageKey};
use domain::id::{AgreementId, ApiKeyId, CompanyId, RateId, ServiceId, TreeTag, WalletId};
use domain::invoice::{Confirmation, Invoice, Timing, confirm, draft, invoice_id};
use domain::money::Amount;
use domain::period::Period;
use domain::rating::{PricedBy, Resource};
use domain::wallet::Wallet;
use jiff::civil::date;
use store::{InvoiceWrite, InvoicesWritten, Store, StoreError, Stored, Written, schema};
use tests::edits::act;
use tests::embedded_dynamodb::EmbeddedDynamodb;
use tests::embedded_dynamodb::Fault::TimeoutAppliedAnswerLost;
use tests::world::{Member, NOW, STACK, World, amount, tables};
use tokio::task::JoinSet;

use crate::{first_write, is_unknown};

const RACERS: u128 = 8;

async fn race<T, F>(ask: impl Fn(u128) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut racing = JoinSet::new();
    for racer in 0..RACERS {
        racing.spawn(ask(racer));
    }
    racing.join_all().await
}

fn once<T: PartialEq + std::fmt::Debug>(answers: &[T], now: &T) {
    assert_eq!(answers.iter().filter(|answer| *answer == now).count(), 1, "{answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn there_is_one_owner_however_many_bootstraps_race() {
    let database = EmbeddedDynamodb::new();
    schema::create(&database.client(), STACK).await.expect("the tables are made");
    let answers = race(|racer| {
        let store = Store::new(database.client(), tables());
        let owner = plan_owner(CompanyId::new(racer), "Owner", NOW).expect("an owner");
        let key = ApiKey {
            id: ApiKeyId::new(racer),
            company: owner.id.clone(),
            user: None,
            name: "first".into(),
            hash: format!("{racer}"),
            previous: None,
            scopes: None,
            networks: Vec::new(),
            expires_at: None,
            last_used_at: None,
            created_at: NOW,
            revision: 0,
        };
        let act = act(&owner.path);
        async move { store.put_owner(&act, &owner, &key).await.expect("an answer") }
    });
    once(&answers.await, &true);
    let store = Store::new(database.client(), tables());
    let mut owners = 0;
    for racer in 0..RACERS {
        owners += usize::from(store.any_company(&CompanyId::new(racer)).await.expect("a read").is_some());
    }
    assert_eq!(owners, 1);
}

fn agreement_under(tenant: &Member, number: u128, code: &str) -> (domain::agreement::Agreement, Wallet) {
    let ask = NewAgreement {
        id: AgreementId::new(number),
        company: tenant.company.id.clone(),
        tenant: tenant.company.id.clone(),
        code: code.to_owned(),
        currency: tenant.agreement.currency,
        charging: tenant.agreement.charging,
        credit_limit: tenant.agreement.versions[0].credit_limit,
        billing: tenant.agreement.versions[0].billing.clone(),
    };
    let agreement = plan_agreement(ask, None, true, NOW).expect("an agreement");
    let wallet =
        Wallet::open(&agreement.id, &agreement.company, agreement.currency, Amount::ZERO, Vec::new());
    (agreement, wallet)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_agreements_with_one_code_one_is_opened_with_its_wallet() {
    let world = World::with_streams(&[]).await;
    let answers = race(|racer| {
        let (store, owner) = (world.store.clone(), world.owner.clone());
        async move {
            let (agreement, wallet) = agreement_under(&owner, racer, "SAME");
            let act = act(std::slice::from_ref(&agreement.company));
            store.open_agreement(&act, &agreement, &wallet).await.expect("an answer")
        }
    });
    once(&answers.await, &Written::Now);
    for racer in 0..RACERS {
        let agreement = world.store.any_agreement(&AgreementId::new(racer)).await.expect("a read");
        let wallet = world.store.wallet(&WalletId::new(racer)).await.expect("a read");
        assert_eq!(agreement.is_some(), wallet.is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_editors_of_an_agreement_one_is_told_that_it_has_changed() {
    let world = World::with_streams(&[]).await;
    let client = world.client(&world.owner, "0.05").open().await;
    let edited = |number: u128| {
        let enabled = EnabledService::new(ServiceId::new(number), NOW, None);
        client.agreement.with_service(enabled, client.agreement.currency).expect("it is enabled")
    };
    let answers = race(|racer| {
        let (store, before, after) = (world.store.clone(), client.agreement.clone(), edited(racer));
        let act = act(&client.company.path);
        async move { store.replace_agreement(&act, &before, &after).await.expect("an answer") }
    });
    once(&answers.await, &Written::Now);
    let before = world.store.any_agreement(&client.agreement.id).await.expect("a read").expect("it is there");
    assert_eq!(before.services.len(), 2);
    let next = domain::agreement::Agreement { revision: before.revision + 1, ..before.clone() };
    let (lost, act) = (world.store_with(first_write(TimeoutAppliedAnswerLost)), act(&client.company.path));
    assert!(is_unknown(&lost.replace_agreement(&act, &before, &next).await));
    assert_eq!(lost.replace_agreement(&act, &before, &next).await.expect("an answer"), Written::Now);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_new_versions_of_a_rate_tree_one_comes_into_force() {
    let world = World::with_streams(&[]).await;
    let client = world.client(&world.owner, "0.05").open().await;
    let id = client.levels[0].rates[0].service.clone();
    let service = world.store.services(std::slice::from_ref(&id)).await.expect("a read").remove(0);
    let tree = world.store.tree(&id, 1).await.expect("a read").expect("a tree");
    let act = act(&world.owner.company.path);
    let next = domain::rating::Service { version: 2, ..service.clone() };
    let answers = race(|_| {
        let (store, next, tree) = (world.store.clone(), next.clone(), tree.clone());
        let (act, service) = (act.clone(), service.clone());
        async move { store.replace_service(&act, &service, &next, Some(&tree)).await.expect("an answer") }
    });
    once(&answers.await, &Stored::Now);
    let (before, next) = (next.clone(), domain::rating::Service { version: 3, ..next });
    let lost = world.store_with(first_write(TimeoutAppliedAnswerLost));
    assert!(is_unknown(&lost.replace_service(&act, &before, &next, Some(&tree)).await));
    assert_eq!(
        lost.replace_service(&act, &before, &next, Some(&tree)).await.expect("an answer"),
        Stored::Overtaken
    );
}

fn invoice(client: &Member, month: i8) -> Invoice {
    let period = Period { first: date(2025, month, 1), last: date(2025, month, 28) };
    let id = invoice_id(&client.agreement.id, period, 0);
    let key = UsageKey {
        agreement: client.agreement.id.clone(),
        wallet: client.wallet.clone(),
        day: period.first,
        resource: Resource::SmsMessage,
        sender: Some(client.sender.clone()),
        subject: None,
        country: Some("DE".into()),
        rate: RateId::of(&TreeTag::of(&ServiceId::new(1), 1), 0),
        unit_price: amount("0.05"),
        priced_by: PricedBy::Flat,
    };
    let usage = vec![(key, Usage { messages: 2, quantity: 2, amount: amount("0.1") })];
    let details = fold(period, usage, |_| ServiceType::PayAsYouGo).expect("amounts");
    let charge = |(group, rows): (ChargeGroup, Vec<ChargeRow>)| {
        let at = RowsAt::of(&client.agreement.id, &content(&rows).expect("a file"), &rows);
        Charge::of(&id, group, &rows, at, None).expect("amounts")
    };
    let charges = details.into_iter().map(charge).collect();
    draft(&client.agreement, period, 0, charges, None, NOW).expect("amounts")
}

/// Confirms without recalculating, as of what was read.
async fn confirm_as_read(
    store: &Store,
    act: &Act,
    draft: &Invoice,
    confirmed: &Invoice,
) -> Result<InvoicesWritten, StoreError> {
    let changes = [(Some(draft.clone()), confirmed.clone())];
    let takes = confirmed.number.map(|number| (confirmed.series().to_owned(), number));
    let (action, unchanged) = ("invoice.confirm", Vec::new());
    let write = InvoiceWrite { action, changes: &changes, removed: &[], unchanged, takes };
    store.write_invoices(act, &write).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn invoices_are_made_once_and_numbered_without_gaps() {
    let world = World::with_streams(&[]).await;
    let client = world.client(&world.owner, "0.05").open().await;
    let act = act(&client.company.path);
    let billing = &client.agreement.versions[0].billing;
    let (first, second) = (invoice(&client, 1), invoice(&client, 2));
    let answers = race(|_| {
        let (store, first, act) = (world.store.clone(), first.clone(), act.clone());
        async move { store.put_invoice(&act, &first).await.expect("an answer") }
    });
    once(&answers.await, &Stored::Now);
    world.store.put_invoice(&act, &second).await.expect("it is stored");
    let numbered = |draft: &Invoice, number| {
        let ask = Confirmation { timing: Timing::AfterPeriod, send: false, by: "test".into() };
        confirm(draft, number, billing, &ask, NOW).expect("the period is over")
    };
    // Both want the first number; the one that loses reads again and takes the next.
    let answers = race(|racer| {
        let draft = if racer % 2 == 0 { &first } else { &second };
        let (store, draft, invoice) = (world.store.clone(), draft.clone(), numbered(draft, 1));
        let act = act.clone();
        async move { confirm_as_read(&store, &act, &draft, &invoice).await.expect("an answer") }
    });
    once(&answers.await, &InvoicesWritten::Now);
    let first_series = client.agreement.tenant.as_str();
    let number = async || world.store.last_document_number(first_series).await.expect("a read");
    assert_eq!(number().await, 1);
    let stored = world.store.any_invoice(&first.id).await.expect("a read").expect("an invoice");
    let left = if stored.number.is_none() { first } else { second };
    let lost = world.store_with(first_write(TimeoutAppliedAnswerLost));
    assert!(is_unknown(&confirm_as_read(&lost, &act, &left, &numbered(&left, 2)).await));
    let again = confirm_as_read(&lost, &act, &left, &numbered(&left, 2)).await;
    assert_eq!(again.expect("an answer"), InvoicesWritten::NumberTaken);
    assert_eq!(number().await, 2);
    let late = world.store.replace_invoice(&act, &left, &numbered(&left, 3)).await;
    assert_eq!(late.expect("an answer"), Stored::Overtaken);
}
