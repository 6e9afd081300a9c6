//! Whether the ledger's numbers agree, agreement by agreement, while money moves.
//!
//! A breach is an error in the log, with the fields `breach`, `wallet` and the figures, and a review for
//! a person to look at; the same breach found again is the same review, and open again if the difference is
//! another. Nothing is corrected here. The same visit forgets what past periods have counted.
//!
//! Nothing is stopped for a look either, so each number is judged only where that is fair:
//! - B is one item, read at once.
//! - E counts when wallet and holders, read twice, had the same escrow both times.
//! - F and the statement are compared at the write up to which the wallet was read.
//! - C has no such mark: sends and their usage come from two streams. It counts when nothing at all was
//!   written for [`SETTLED_AFTER`]; so an agreement that never rests is never judged by it.

use std::time::Duration;

use anyhow::Context;
use domain::finding::{Figures, FindingKind};
use domain::id::{AgreementId, WalletId};
use domain::money::Amount;
use domain::reconcile::{Breach, SetAside, charges, check_balance, check_charges};
use domain::wallet::Wallet;
use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use store::{Review, StoreError, Suspicion, WalletWithHolders};
use tokio::time::{Instant, sleep};

use crate::{App, allowances};

/// The name under which breaches are kept for review.
pub const REVIEWED_AS: &str = FindingKind::Reconciliation.name();
/// Twice as long as projections may lag behind before their own alarm goes off.
pub const SETTLED_AFTER: SignedDuration = SignedDuration::from_mins(10);
/// No more agreements are begun after this; the function has 60 seconds.
const BEGIN_MAX: Duration = Duration::from_secs(40);
/// Agreements looked at together; more would only queue up in the client.
const AT_ONCE: usize = 8;
/// A breach is one only if it is there in so many looks.
const LOOKS: u32 = 3;
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);
/// A statement that has come no further after so many looks at it is left for the next round.
const STATEMENT_LOOKS: u32 = 4;
const BETWEEN_STATEMENT_LOOKS: Duration = Duration::from_millis(500);

/// Reconciles the next part of all agreements. Of several that fail, each is logged.
pub async fn run(app: &App, now: Timestamp) -> anyhow::Result<()> {
    let begin = Instant::now();
    let agreements = app.store.next_to_reconcile().await?;
    let count = agreements.len();
    let checks = agreements.into_iter().map(|agreement| async move {
        if begin.elapsed() > BEGIN_MAX {
            return Outcome::Late;
        }
        match reconcile(app, &agreement, now).await {
            Ok(breaches) => Outcome::Checked { breaches },
            Err(error) => {
                tracing::error!(%agreement, error = format!("{error:#}"), "not reconciled");
                Outcome::Failed
            }
        }
    });
    let outcomes: Vec<_> = futures::stream::iter(checks).buffer_unordered(AT_ONCE).collect().await;
    let breaches: usize = outcomes.iter().map(Outcome::breaches).sum();
    let late = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Late)).count();
    let failed = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Failed)).count();
    tracing::info!(agreements = count, breaches, late, failed, "reconciled");
    anyhow::ensure!(failed == 0, "{failed} of {count} agreements could not be read");
    Ok(())
}

enum Outcome {
    Checked {
        breaches: usize,
    },
    Failed,
    /// There was no time left: it waits for the next round.
    Late,
}

impl Outcome {
    fn breaches(&self) -> usize {
        if let Self::Checked { breaches } = self { *breaches } else { 0 }
    }
}

/// Checks all wallets of an agreement and says how many breaches it found.
async fn reconcile(app: &App, agreement: &AgreementId, now: Timestamp) -> anyhow::Result<usize> {
    let wallets = wallets_of(app, agreement).await?;
    let mut breaches = Vec::new();
    for wallet in &wallets {
        breaches.extend(lasting_breaches(app, wallet).await?);
    }
    breaches.extend(charges_breach(app, agreement, &wallets, now).await?);
    for breach in &breaches {
        report(app, agreement, breach, now).await?;
    }
    if let Some(main) = wallets.first() {
        allowances::forget(app, agreement, main, now).await?;
    }
    Ok(breaches.len())
}

/// The main wallet of an agreement, then those of its users and leases, which hold escrow on it.
async fn wallets_of(app: &App, agreement: &AgreementId) -> anyhow::Result<Vec<WalletWithHolders>> {
    let main = read(app, &WalletId::main(agreement)).await?;
    let own: Vec<WalletId> = main
        .holders
        .iter()
        .filter(|holder| holder.agreement == *agreement)
        .map(|holder| holder.id.clone())
        .collect();
    let mut wallets = vec![main];
    for id in own {
        wallets.push(read(app, &id).await?);
    }
    Ok(wallets)
}

async fn read(app: &App, id: &WalletId) -> anyhow::Result<WalletWithHolders> {
    app.store.wallet_with_holders(id).await?.with_context(|| format!("there is no {id}"))
}

/// The breaches of a wallet that are there at every look, with the figures of the last one.
async fn lasting_breaches(app: &App, first: &WalletWithHolders) -> anyhow::Result<Vec<Breach>> {
    let mut lasting = look(app, first).await?;
    for _ in 1..LOOKS {
        if lasting.is_empty() {
            break;
        }
        sleep(BETWEEN_LOOKS).await;
        let again = look(app, &read(app, &first.wallet.id).await?).await?;
        lasting = again
            .into_iter()
            .filter(|breach| lasting.iter().any(|before| before.is_about_the_same(breach)))
            .collect();
    }
    Ok(lasting)
}

async fn look(app: &App, seen: &WalletWithHolders) -> anyhow::Result<Vec<Breach>> {
    let mut breaches: Vec<_> = check_balance(&seen.wallet)?.into_iter().collect();
    breaches.extend(escrow_breaches(app, seen).await?);
    breaches.extend(statement_breaches(app, &seen.wallet).await?);
    Ok(breaches)
}

/// E. Escrow that was moving between the reads is on neither side, or on both: then a second read differs
/// from the first, and nothing can be said.
async fn escrow_breaches(app: &App, seen: &WalletWithHolders) -> anyhow::Result<Vec<Breach>> {
    let first = SetAside::of(&seen.wallet, &seen.holders)?;
    let breaches = first.check()?;
    if breaches.is_empty() {
        return Ok(breaches);
    }
    let again = read(app, &seen.wallet.id).await?;
    let steady = first == SetAside::of(&again.wallet, &again.holders)?;
    Ok(if steady { breaches } else { Vec::new() })
}

/// F and the statement. Nothing if the projection is late, which has an alarm of its own.
async fn statement_breaches(app: &App, wallet: &Wallet) -> anyhow::Result<Vec<Breach>> {
    // Leases have none.
    if wallet.lease.is_some() {
        return Ok(Vec::new());
    }
    for look in 0..STATEMENT_LOOKS {
        if 0 < look {
            sleep(BETWEEN_STATEMENT_LOOKS).await;
        }
        if let Some(sums) = app.store.statement_sums(wallet).await? {
            let effects = app.store.effects(&wallet.id, sums.references()).await?;
            return Ok(sums.check(wallet, &effects)?);
        }
    }
    tracing::debug!(wallet = %wallet.id, "the statement is behind");
    Ok(Vec::new())
}

/// C of an agreement, once the same difference has been seen at two visits with nothing written in
/// between for long enough.
async fn charges_breach(
    app: &App,
    agreement: &AgreementId,
    wallets: &[WalletWithHolders],
    now: Timestamp,
) -> anyhow::Result<Option<Breach>> {
    let charged = wallets.iter().map(|seen| charges(&seen.wallet, &seen.holders));
    let charged = Amount::checked_sum(charged.collect::<Result<Vec<_>, _>>()?)?;
    let owed = app.store.owed(agreement).await?;
    let Some(breach) = check_charges(&WalletId::main(agreement), charged, owed) else { return Ok(None) };
    let seen = Suspicion { writes: writes(wallets), charged, owed, since: now };
    let known = app.store.suspicion(agreement).await?;
    let Some(known) = known.filter(|known| Suspicion { since: now, ..known.clone() } == seen) else {
        app.store.put_suspicion(agreement, &seen).await?;
        return Ok(None);
    };
    Ok((now.duration_since(known.since) >= SETTLED_AFTER).then_some(breach))
}

fn writes(wallets: &[WalletWithHolders]) -> u64 {
    let sequences = |seen: &WalletWithHolders| {
        seen.wallet.sequence + seen.holders.iter().map(|holder| holder.sequence).sum::<u64>()
    };
    wallets.iter().map(sequences).sum()
}

async fn report(
    app: &App,
    agreement: &AgreementId,
    breach: &Breach,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Breach { identity, wallet, subject, expected, found } = breach;
    tracing::error!(
        breach = identity.name(),
        %wallet,
        subject,
        %expected,
        %found,
        "the ledger does not add up"
    );
    let review = Review {
        system: REVIEWED_AS.to_owned(),
        event: format!("{}#{wallet}#{subject}", identity.name()),
        top_up: None,
        detail: breach.to_string(),
        at: now,
    };
    let figures = Figures {
        agreement: agreement.clone(),
        day: None,
        wallet: Some(wallet.clone()),
        subject: Some(subject.clone()).filter(|subject| !subject.is_empty()),
        expected: *expected,
        found: *found,
        rows: None,
    };
    app.store.put_finding(review, figures).await
}
