//! Payments and transfers, as the portal and the sweeper do them.

use std::collections::BTreeMap;

use domain::audit::Act;
use domain::company::Company;
use domain::fee::{Fee, FeeStatus};
use domain::id::{FeeId, PaymentId, RateId, TransferId, WalletId};
use domain::money::Amount;
use domain::payment::{
    Payment, PaymentEdit, PaymentError, PaymentRequest, plan_change, plan_deletion, plan_payment,
};
use domain::rating::Resource;
use domain::transfer::{Party, Transfer, TransferAmount, TransferError, TransferRequest, plan_transfer};
use domain::wallet::Wallet;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use store::{
    ChangedPayment, FeeWrite, FeeWritten, FullTransfer, FullTransferError, PostedPayment, PostedTransfer,
    StoreError,
};

use super::{Answer, Change, Command, Means, unexpected};
use crate::edits::act;
use crate::world::Refused;

/// As the portal: each time the payment is read anew.
const CHANGE_ATTEMPTS_MAX: u32 = 5;

pub async fn pay(means: &Means, command: Command) -> Result<Answer, Refused> {
    let Command::Pay { account, id, direction, amount, confirm_within, reference } = command else {
        return Err(unexpected("no payment"));
    };
    let store = &means.store;
    if store.payment(&id).await?.is_some() {
        return Ok(Answer::Done);
    }
    let account = &means.accounts[account];
    let member = &means.members[account.member];
    let Some(wallet) = store.wallet(&account.wallet).await? else { return Ok(Answer::Refused) };
    let today = day(means.now());
    let ask = PaymentRequest {
        reference: reference.map_or_else(|| id.to_string(), |number| format!("code {number}")),
        id: id.clone(),
        direction,
        amount,
        exchange: None,
        payment_date: today,
        description: String::new(),
        confirmed: confirm_within.is_none(),
        confirm_before: confirm_within.map(|days| today.saturating_add(days.days())),
        may_overdraw: false,
        by: member.company.id.to_string(),
    };
    let payment = match plan_payment(&member.agreement, &wallet, ask, means.now()) {
        Ok(payment) => payment,
        Err(error) => return refused_unless_paid(means, &id, error).await,
    };
    let act = act(&member.company.path);
    match store.post_payment(&act, &payment, &wallet).await? {
        PostedPayment::Now => Ok(Answer::Done),
        PostedPayment::Before(stored) => same(&payment, &stored),
        PostedPayment::NotEnough => Ok(Answer::NotEnough { level: 1 }),
        PostedPayment::ReferenceTaken => Ok(Answer::Refused),
    }
}

fn day(now: Timestamp) -> Date {
    now.to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// A twin of this request may have been paid since the payment was looked for.
async fn refused_unless_paid(means: &Means, id: &PaymentId, error: PaymentError) -> Result<Answer, Refused> {
    match (means.store.payment(id).await?, error) {
        (Some(_), _) => Ok(Answer::Done),
        (None, PaymentError::NotEnough { .. }) => Ok(Answer::NotEnough { level: 1 }),
        (None, _) => Ok(Answer::Refused),
    }
}

/// A repeat asks for the same, whatever has become of the payment since.
fn same(asked: &Payment, stored: &Payment) -> Result<Answer, Refused> {
    let of = |payment: &Payment| (payment.wallet.clone(), payment.direction, payment.by.clone());
    if of(asked) == of(stored) { Ok(Answer::Done) } else { Err(unexpected("another payment has this id")) }
}

pub async fn change(means: &Means, id: &PaymentId, change: Change) -> Result<Answer, Refused> {
    let store = &means.store;
    if change == Change::Expire {
        store.expire_payment(id, means.now()).await?;
        return Ok(Answer::Done);
    }
    for _ in 0..CHANGE_ATTEMPTS_MAX {
        let Some(before) = store.payment(id).await? else { return Ok(Answer::Refused) };
        let Some(wallet) = store.wallet(&before.wallet).await? else { return Ok(Answer::Refused) };
        let after = match planned(means, &before, &wallet, change) {
            Ok(Some(after)) => after,
            Ok(None) => return Ok(Answer::Done),
            Err(PaymentError::NotEnough { .. }) => return Ok(Answer::NotEnough { level: 1 }),
            Err(_) => return Ok(Answer::Refused),
        };
        let owner = means.members.iter().find(|member| member.agreement.id == before.agreement);
        let act = act(&owner.unwrap_or(&means.members[0]).company.path);
        match store.change_payment(&act, &before, &after, &wallet).await? {
            ChangedPayment::Now => return Ok(Answer::Done),
            ChangedPayment::NotEnough => return Ok(Answer::NotEnough { level: 1 }),
            ChangedPayment::ReferenceTaken => return Ok(Answer::Refused),
            ChangedPayment::Overtaken => {}
        }
    }
    Ok(Answer::Refused)
}

/// The payment afterwards; none if nothing changes.
fn planned(
    means: &Means,
    before: &Payment,
    wallet: &Wallet,
    change: Change,
) -> Result<Option<Payment>, PaymentError> {
    let member = means.members.iter().find(|member| member.agreement.id == before.agreement);
    let agreement = &member.unwrap_or(&means.members[0]).agreement;
    let edit = match change {
        Change::Confirm => PaymentEdit { confirmed: Some(true), ..PaymentEdit::default() },
        Change::Withdraw { days } => {
            let confirm_before = Some(day(means.now()).saturating_add(days.days()));
            PaymentEdit { confirmed: Some(false), confirm_before, ..PaymentEdit::default() }
        }
        Change::Amount(amount) => PaymentEdit { amount: Some(amount), ..PaymentEdit::default() },
        Change::Rename(number) => {
            PaymentEdit { reference: Some(format!("code {number}")), ..PaymentEdit::default() }
        }
        Change::Delete | Change::Expire => return plan_deletion(before, wallet, means.now()),
    };
    plan_change(before, agreement, wallet, edit, means.now())
}

/// As the portal does it: a repeat gets the stored answer; what children hold unused is called back before
/// the giver is told that it has too little.
pub async fn transfer(
    means: &Means,
    from: usize,
    to: usize,
    id: TransferId,
    amount: TransferAmount,
) -> Result<Answer, Refused> {
    let store = &means.store;
    if store.transfer(&id).await?.is_some() {
        return Ok(Answer::Done);
    }
    let (from, to) = (&means.accounts[from], &means.accounts[to]);
    let (giver, taker) = (store.wallet(&from.wallet).await?, store.wallet(&to.wallet).await?);
    let (Some(giver), Some(taker)) = (giver, taker) else { return Ok(Answer::Refused) };
    let (giver_of, taker_of) = (&means.members[from.member], &means.members[to.member]);
    let ask = TransferRequest {
        id: id.clone(),
        from: from.wallet.clone(),
        to: to.wallet.clone(),
        amount,
        note: String::new(),
        by: giver_of.company.id.clone(),
        by_user: None,
        own_wallet_only: false,
    };
    let plan = |giver: &Wallet| {
        let from = Party { wallet: giver, company: &giver_of.company, agreement: &giver_of.agreement };
        let to = Party { wallet: &taker, company: &taker_of.company, agreement: &taker_of.agreement };
        plan_transfer(from, to, ask.clone(), means.now())
    };
    let act = act(&deeper(&giver_of.company, &taker_of.company).path);
    if amount == TransferAmount::All {
        return withdraw(means, &act, &from.wallet, &id, plan).await;
    }
    let is_short = matches!(plan(&giver), Err(TransferError::NotEnough { .. }));
    let giver = if is_short { store.free_headroom(&giver).await? } else { giver };
    let posted = match plan(&giver) {
        Ok(transfer) => posted(&transfer, store.post_transfer(&act, &transfer, &giver).await?)?,
        Err(TransferError::NotEnough { .. } | TransferError::NothingThere { .. }) => {
            Answer::NotEnough { level: 1 }
        }
        Err(_) => Answer::Refused,
    };
    // A twin of this request may have been posted since the transfer was looked for.
    if posted != Answer::Done && store.transfer(&id).await?.is_some() {
        return Ok(Answer::Done);
    }
    Ok(posted)
}

/// The company that is further down: both are on its path.
fn deeper<'a>(one: &'a Company, other: &'a Company) -> &'a Company {
    if one.path.len() < other.path.len() { other } else { one }
}

/// All there is, in the time that callers wait for it.
async fn withdraw(
    means: &Means,
    act: &Act,
    from: &WalletId,
    id: &TransferId,
    plan: impl Fn(&Wallet) -> Result<Transfer, TransferError>,
) -> Result<Answer, Refused> {
    match means.store.post_full_transfer(act, from, id, plan, means.now()).await {
        Ok(FullTransfer::Now(_) | FullTransfer::Before(_)) => Ok(Answer::Done),
        Ok(FullTransfer::Draining) => Err(StoreError::Busy { action: "take all there is" }.into()),
        Err(FullTransferError::Refused(TransferError::NothingThere { .. })) => {
            Ok(Answer::NotEnough { level: 1 })
        }
        Err(FullTransferError::Refused(_)) => Ok(Answer::Refused),
        Err(FullTransferError::Store(error)) => Err(error.into()),
    }
}

/// What the sweeper does about drains that nobody works on any more.
pub async fn end_drains(means: &Means) -> Result<Answer, Refused> {
    for drain in means.store.drains().await? {
        if drain.is_abandoned(means.now()) {
            means.store.end_drain(&drain).await?;
        }
    }
    Ok(Answer::Done)
}

fn posted(asked: &Transfer, posted: PostedTransfer) -> Result<Answer, Refused> {
    let of = |transfer: &Transfer| {
        let amount = if transfer.all { Amount::ZERO } else { transfer.amount };
        (transfer.from.clone(), transfer.to.clone(), amount)
    };
    match posted {
        PostedTransfer::Now => Ok(Answer::Done),
        PostedTransfer::Before(stored) if of(&stored) == of(asked) => Ok(Answer::Done),
        PostedTransfer::Before(_) => Err(unexpected("another transfer has this id")),
        PostedTransfer::NotEnough => Ok(Answer::NotEnough { level: 1 }),
    }
}

/// As the sweeper posts a rule's fee.
pub async fn fee(means: &Means, member: usize, id: FeeId, amount: Amount) -> Result<Answer, Refused> {
    let member = &means.members[member];
    let agreement = &member.agreement;
    let fee = Fee {
        id,
        agreement: agreement.id.clone(),
        company: agreement.company.clone(),
        tenant: agreement.tenant.clone(),
        wallet: agreement.wallet(),
        currency: agreement.currency,
        resource: Resource::PlatformFee,
        sender: None,
        subject: None,
        attributes: BTreeMap::from([("periodicity".to_owned(), "month".to_owned())]),
        rate: Some(RateId::fixed(&agreement.id, "platform")),
        unit_price: amount,
        quantity: 1,
        quantity_rule: None,
        amount,
        charge_version: 0,
        period: None,
        rule: None,
        by_user: None,
        status: FeeStatus::Posted,
        attempts: 1,
        problem: None,
        request_hash: String::new(),
        at: means.now(),
    };
    let act = act(&member.company.path);
    match means.store.write_fee(&act, FeeWrite { fee: Some(&fee), ..FeeWrite::default() }).await? {
        FeeWritten::Now | FeeWritten::FeeBefore(_) => Ok(Answer::Done),
        FeeWritten::NotEnough { .. } => Ok(Answer::NotEnough { level: 1 }),
        FeeWritten::Suspended => Ok(Answer::Suspended { level: 1 }),
        FeeWritten::Draining => Err(StoreError::Busy { action: "charge the fee" }.into()),
        FeeWritten::RuleBefore(_) | FeeWritten::Overtaken => Ok(Answer::Refused),
    }
}
