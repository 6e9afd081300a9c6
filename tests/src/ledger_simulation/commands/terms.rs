//! What an agreement's other side changes while it runs: limits, suspensions, packs, users.

use domain::agreement::AgreementChange;
use domain::id::{ServiceId, UserId};
use jiff::ToSpan;
use jiff::tz::TimeZone;
use store::Written;

use super::{Answer, Means};
use crate::edits::act_at;
use crate::world::{Refused, enabled};

/// As the portal: each time the agreement is read anew.
const CHANGE_ATTEMPTS_MAX: u32 = 5;
/// Longer than any billing period, and by far than anything that was planned in it takes.
const FORGOTTEN_AFTER_DAYS: i64 = 75;

pub async fn change(means: &Means, member: usize, change: &AgreementChange) -> Result<Answer, Refused> {
    let (store, member) = (&means.store, &means.members[member]);
    for _ in 0..CHANGE_ATTEMPTS_MAX {
        // In this order: what moves the wallet's state in between moves the agreement's revision too.
        let agreement = store.any_agreement(&member.agreement.id).await?;
        let main = store.wallet(&member.wallet).await?;
        let (Some(agreement), Some(main)) = (agreement, main) else { return Ok(Answer::Refused) };
        let Ok(changed) = agreement.with_settings(change.clone(), means.now()) else {
            return Ok(Answer::Refused);
        };
        let act = act_at(&member.company.path, means.now());
        if changed == agreement
            || store.change_terms(&act, &agreement, &changed, &main).await? == Written::Now
        {
            // What was given out under the old limit comes back.
            let after = store.wallet(&member.wallet).await?;
            if let Some(wallet) = after.filter(|wallet| wallet.headroom.is_negative()) {
                store.free_headroom(&wallet).await?;
            }
            return Ok(Answer::Done);
        }
    }
    Ok(Answer::Refused)
}

pub async fn suspend(means: &Means, account: usize, suspended: bool) -> Result<Answer, Refused> {
    let account = &means.accounts[account];
    let Some(wallet) = means.store.wallet(&account.wallet).await? else { return Ok(Answer::Refused) };
    means.store.suspend(&wallet, suspended).await?;
    Ok(Answer::Done)
}

pub async fn enable(means: &Means, member: usize, service: &ServiceId) -> Result<Answer, Refused> {
    let member = &means.members[member];
    for _ in 0..CHANGE_ATTEMPTS_MAX {
        let agreement = means.store.any_agreement(&member.agreement.id).await?;
        let Some(agreement) = agreement else { return Ok(Answer::Refused) };
        if agreement.services.iter().any(|known| known.service == *service) {
            return Ok(Answer::Done);
        }
        let currency = agreement.currency;
        let Ok(changed) = agreement.with_service(enabled(service.clone(), means.now()), currency) else {
            return Ok(Answer::Refused);
        };
        let act = act_at(&member.company.path, means.now());
        if means.store.replace_agreement(&act, &agreement, &changed).await? == Written::Now {
            return Ok(Answer::Done);
        }
    }
    Ok(Answer::Refused)
}

pub async fn open_user(means: &Means, member: usize, user: UserId) -> Result<Answer, Refused> {
    let main = means.store.wallet(&means.members[member].wallet).await?;
    if let Some(main) = main {
        means.store.user_wallets(&main, &[user]).await?;
    }
    Ok(Answer::Done)
}

/// What the sweeper does about allowances of periods that are over.
pub async fn forget(means: &Means, account: usize) -> Result<Answer, Refused> {
    let wallet = &means.accounts[account].wallet;
    let Some(owner) = means.store.wallet(wallet).await? else { return Ok(Answer::Refused) };
    let holders = means.store.holders(wallet).await?;
    let first_day = means.now().to_zoned(TimeZone::UTC).date().saturating_sub(FORGOTTEN_AFTER_DAYS.days());
    means.store.forget_allowances(&owner, &holders, first_day).await?;
    Ok(Answer::Done)
}
