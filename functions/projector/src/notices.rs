//! What people are told because of a change: a payment was confirmed, a threshold was crossed. The record
//! of a notice makes it go out once, however often the stream delivers its cause.

use std::collections::{BTreeMap, BTreeSet};

use domain::agreement::Agreement;
use domain::alert::{CountedBundle, crossings};
use domain::allowance::AllowanceId;
use domain::id::{AgreementId, WalletId};
use domain::payment::{Payment, became_confirmed};
use domain::quote::COVERED;
use domain::rating::ServiceKind;
use jiff::Timestamp;
use queue::Notification;
use store::{Store, StoreError};

use crate::App;
use crate::change::{PaymentChange, WalletChange};

/// Sends what the changes of this delivery give reason for.
pub async fn send(app: &App, wallets: &[WalletChange], payments: &[PaymentChange]) -> anyhow::Result<()> {
    let moved: Vec<_> = wallets.iter().filter(|change| is_moved(change)).collect();
    let confirmed: Vec<_> =
        payments.iter().filter(|change| became_confirmed(change.before.as_ref(), &change.after)).collect();
    let of_wallets = moved.iter().map(|change| &change.after.agreement);
    let wanted: BTreeSet<_> =
        of_wallets.chain(confirmed.iter().map(|change| &change.after.agreement)).collect();
    let wanted: Vec<AgreementId> = wanted.into_iter().cloned().collect();
    let found = app.store.agreements(&wanted).await?;
    let agreements: BTreeMap<_, _> =
        found.into_iter().map(|agreement| (agreement.id.clone(), agreement)).collect();
    for change in confirmed {
        if let Some(agreement) = agreements.get(&change.after.agreement) {
            let id = format!("{} {}", change.after.id, change.after.revision);
            send_once(app, &id, change.at, &confirmation(agreement, &change.after, change.at)).await?;
        }
    }
    for change in moved {
        if let Some(agreement) = agreements.get(&change.after.agreement) {
            alert(app, agreement, change).await?;
        }
    }
    Ok(())
}

/// Only an agreement's main wallet has thresholds.
fn is_moved(change: &WalletChange) -> bool {
    let after = &change.after;
    let moved = |before: &domain::wallet::Wallet| {
        before.posted_balance() != after.posted_balance()
            || before.credit_limit != after.credit_limit
            || before.allowances != after.allowances
    };
    after.id == WalletId::main(&after.agreement) && change.before.as_ref().is_some_and(moved)
}

async fn alert(app: &App, agreement: &Agreement, change: &WalletChange) -> anyhow::Result<()> {
    let (alerts, after) = (&agreement.alerts, &change.after);
    let Some(before) = &change.before else { return Ok(()) };
    let bundles = match alerts.bundle_percent.is_empty() || before.allowances == after.allowances {
        true => Vec::new(),
        false => bundles(&app.store, agreement, change.at).await?,
    };
    for crossing in crossings(before, after, alerts, &bundles)? {
        let id = format!("{} {} {}", after.id, after.sequence, crossing.name());
        let notification = Notification::ThresholdCrossedV1 {
            id: id.clone(),
            agreement: agreement.id.clone(),
            currency: agreement.currency,
            crossing,
            emails: alerts.emails.clone(),
            webhook_url: alerts.webhook_url.clone(),
            at: change.at,
        };
        send_once(app, &id, change.at, &notification).await?;
    }
    Ok(())
}

/// The bundles in force, as they count in the current billing period.
async fn bundles(
    store: &Store,
    agreement: &Agreement,
    now: Timestamp,
) -> Result<Vec<CountedBundle>, StoreError> {
    let enabled: Vec<_> = agreement.services_at(now).cloned().collect();
    let terms = &agreement.version_at(now).billing;
    let period = terms.period_of(terms.day_of(now)).first;
    let counted = |service: domain::rating::Service| match service.kind {
        ServiceKind::BundlePack { size } => {
            let allowance = AllowanceId::of_bundle(&agreement.id, &service.id, COVERED, period);
            Some(CountedBundle { service: service.id, allowance, size })
        }
        _ => None,
    };
    Ok(store.services(&enabled).await?.into_iter().filter_map(counted).collect())
}

fn confirmation(agreement: &Agreement, payment: &Payment, at: Timestamp) -> Notification {
    Notification::PaymentConfirmedV1 {
        agreement: agreement.id.clone(),
        payment: payment.id.clone(),
        amount: payment.effect(),
        currency: agreement.currency,
        reference: payment.reference.clone(),
        emails: agreement.version_at(at).payment_alert_emails.clone(),
        at,
    }
}

pub async fn send_once(
    app: &App,
    id: &str,
    at: Timestamp,
    notification: &Notification,
) -> anyhow::Result<()> {
    if app.store.begin_notice(id, at).await? {
        app.notifications.send(notification).await?;
        app.store.end_notice(id, at).await?;
    }
    Ok(())
}
