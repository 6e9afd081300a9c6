//! Fees that rules charge. Each period is charged once, whoever tries it and how often: the fee, the
//! wallet, the rule's next period and its place in the list are one write under conditions.
//!
//! What cannot be charged is tried again by the rule's own hours, and after the last try given up: the fee
//! is kept as failed, and a review is there for a person to look at.

use anyhow::Context;
use domain::agreement::Agreement;
use domain::audit::Act;
use domain::fee::Fee;
use domain::fee_rule::{DuePlan, FeeKind, FeeRule, Missed, plan_due};
use domain::finding::FindingKind;
use jiff::Timestamp;
use store::{AgreementWrite, DueFee, FeeWrite, FeeWritten, Review, RuleWrite};
use tokio::time::Instant;

use crate::App;

/// The name under which fees that were given up are kept for review.
pub const REVIEWED_AS: &str = FindingKind::Fees.name();
/// As the audit log names who charges them.
const PROCESS: &str = "sweeper";
const PAGE: u16 = 50;
/// No more rules are begun after this; the function has 60 seconds.
const BEGIN_MAX: std::time::Duration = std::time::Duration::from_secs(40);
/// In each round the rule moves on, or somebody else has moved it. A rule that is many periods behind goes
/// on in the next minute.
const ROUNDS_MAX: u32 = 20;

/// Charges what is due. A rule that fails stays due and keeps no other from being charged.
pub async fn run(app: &App, now: Timestamp) -> anyhow::Result<()> {
    let begin = Instant::now();
    let (mut settled, mut failed) = (0, 0);
    let mut cursor = None;
    loop {
        let page = app.store.due_fees(now, PAGE, cursor.as_deref()).await?;
        for due in &page.items {
            if begin.elapsed() > BEGIN_MAX {
                break;
            }
            match settle(app, due, now).await {
                Ok(()) => settled += 1,
                Err(error) => {
                    failed += 1;
                    tracing::error!(rule = %due.rule, error = format!("{error:#}"), "a fee was not settled");
                }
            }
        }
        cursor = page.next;
        if cursor.is_none() || begin.elapsed() > BEGIN_MAX {
            break;
        }
    }
    tracing::info!(settled, failed, "fees");
    anyhow::ensure!(failed == 0, "{failed} fee rules could not be settled");
    Ok(())
}

/// Charges every period of a rule that is due.
async fn settle(app: &App, due: &DueFee, now: Timestamp) -> anyhow::Result<()> {
    for _ in 0..ROUNDS_MAX {
        let Some(rule) = app.store.fee_rule(&due.agreement, &due.rule).await? else { return Ok(()) };
        let agreement = app.store.any_agreement(&due.agreement).await?.context("no such agreement")?;
        let level = app.store.level(&agreement, now).await?;
        let unique = [rule.id.as_str(), &rule.revision.to_string()];
        let act = app.store.act_of_platform(PROCESS, &agreement.company, now, &unique).await?;
        if rule.next.is_some() && is_over(app, &rule, &agreement).await? {
            let ended = rule.ended();
            let rule = Some(RuleWrite::Replace { before: &rule, after: &ended });
            app.store.write_fee(&act, FeeWrite { rule, ..FeeWrite::default() }).await?;
            return Ok(());
        }
        let missed = match plan_due(&rule, &level, now) {
            DuePlan::Wait => return Ok(()),
            DuePlan::Move(after) => {
                write(app, &act, (&rule, &after), None, None).await?;
                continue;
            }
            DuePlan::Miss(error) => Some(error.code()),
            DuePlan::Charge { fee, rule: after, agreement: extended } => {
                let sides = (&rule, &*after);
                let extended = extended.as_deref().map(|after| AgreementWrite { before: &agreement, after });
                match write(app, &act, sides, fee.as_deref(), extended).await? {
                    FeeWritten::NotEnough { .. } => Some("insufficient_funds"),
                    FeeWritten::Suspended => Some("suspended"),
                    // It is still due in the next minute.
                    FeeWritten::Draining => return Ok(()),
                    // The period was charged before, and the rule planned anew since.
                    FeeWritten::FeeBefore(_) => {
                        write(app, &act, sides, None, extended).await?;
                        None
                    }
                    FeeWritten::Now | FeeWritten::Overtaken | FeeWritten::RuleBefore(_) => None,
                }
            }
        };
        if let Some(problem) = missed {
            miss(app, &act, &rule, &agreement, problem).await?;
        }
    }
    Ok(())
}

/// Whether nobody is there to pay any more, or the sender ID is gone. Neither is deleted while a rule runs,
/// but one may be made at that moment.
async fn is_over(app: &App, rule: &FeeRule, agreement: &Agreement) -> anyhow::Result<bool> {
    let company = app.store.any_company(&agreement.company).await?;
    if agreement.deleted_at.is_some() || company.is_none_or(|company| company.is_deleted()) {
        return Ok(true);
    }
    match &rule.kind {
        FeeKind::SenderIdUsage { sender_id: Some(id), .. } => Ok(app.store.sender_by_id(id).await?.is_none()),
        FeeKind::SenderIdUsage { sender_id: None, .. } => {
            let senders = app.store.senders_of(&agreement.company).await?;
            Ok(!senders.iter().any(|sender| rule.is_for(sender)))
        }
        FeeKind::Additional { .. } | FeeKind::Platform | FeeKind::BundleExtension { .. } => Ok(false),
    }
}

async fn write(
    app: &App,
    act: &Act,
    (before, after): (&FeeRule, &FeeRule),
    fee: Option<&Fee>,
    agreement: Option<AgreementWrite<'_>>,
) -> anyhow::Result<FeeWritten> {
    let rule = Some(RuleWrite::MoveOn { before, after });
    Ok(app.store.write_fee(act, FeeWrite { fee, agreement, rule, review: None }).await?)
}

/// Notes that a try failed, and gives up after the last one.
async fn miss(
    app: &App,
    act: &Act,
    rule: &FeeRule,
    agreement: &Agreement,
    problem: &str,
) -> anyhow::Result<()> {
    match rule.missed(problem, agreement, act.at) {
        Missed::Again(after) => {
            write(app, act, (rule, &after), None, None).await?;
            tracing::info!(rule = %rule.id, problem, "a fee will be tried again");
        }
        Missed::GivenUp { fee, rule: after } => {
            let review = review(&fee, problem, act.at);
            let rule_write = Some(RuleWrite::MoveOn { before: rule, after: &after });
            let write =
                FeeWrite { fee: Some(&fee), agreement: None, rule: rule_write, review: Some(&review) };
            if let FeeWritten::FeeBefore(_) = app.store.write_fee(act, write).await? {
                app.store.write_fee(act, FeeWrite { rule: rule_write, ..FeeWrite::default() }).await?;
            }
            tracing::warn!(rule = %rule.id, fee = %fee.id, problem, "a fee was given up");
        }
    }
    Ok(())
}

fn review(fee: &Fee, problem: &str, now: Timestamp) -> Review {
    let period = fee.period.map(|period| period.to_string()).unwrap_or_default();
    let detail = format!(
        "{} of {} for {period} was tried {} times and not charged: {problem}",
        fee.resource.name(),
        fee.agreement,
        fee.attempts
    );
    Review { system: REVIEWED_AS.to_owned(), event: fee.id.to_string(), top_up: None, detail, at: now }
}
