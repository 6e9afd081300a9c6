//! What a report does: the one payment of its top-up, a counter-payment, another state of it, something
//! for a person, or nothing. Repeats, and reports in another order, end the same.

use domain::agreement::Agreement;
use domain::audit::Act;
use domain::id::{CompanyId, PaymentId, TopUpId};
use domain::money::{Amount, AmountError, Currency};
use domain::payment::{
    ExchangeRequest, Payment, PaymentDirection, PaymentError, PaymentRequest, plan_payment,
};
use domain::payment_system::PaymentSystemKind;
use domain::top_up::{Decision, Received, Report, Return, TakeBack, TopUp, TopUpState, decide};
use domain::wallet::Wallet;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use store::{Review, StoreError, TopUpPosted};

use crate::CallError;
use crate::Cashier;
use crate::ask::{Answer, AskError, Hint};

/// Each time the top-up is overtaken, another report has moved it. Of those that come at the same moment
/// some have to come again.
const ATTEMPTS_MAX: u32 = 6;

/// A report on one top-up.
#[derive(Debug, Clone)]
pub struct TopUpReport {
    /// The payment system's name: that of its secret.
    pub system: String,
    /// What names this report among all of the payment system.
    pub event: String,
    pub top_up: TopUpId,
    pub report: Report,
    pub at: Timestamp,
}

/// Why a report is not stored. It has to come again.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{top_up} could not be settled")]
    Busy { top_up: TopUpId },
}

/// Why an expected payment cannot be planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the payment cannot be booked")]
    Payment(#[from] PaymentError),
    #[error("the sums cannot be counted")]
    Amount(#[from] AmountError),
    #[error("the top-up's agreement or wallet does not exist")]
    NoWallet,
}

/// How a step ended.
enum Step {
    Done,
    /// Somebody was faster: look again.
    Again,
    /// Something follows from what was stored: look again.
    Onward,
}

impl TopUpReport {
    /// This report as something to look at.
    pub fn review(&self, detail: String) -> Review {
        let (system, event) = (self.system.clone(), self.event.clone());
        Review { system, event, top_up: Some(self.top_up.clone()), detail, at: self.at }
    }
}

/// Why it is not known how a top-up stands.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Settle(#[from] SettleError),
    #[error(transparent)]
    Ask(#[from] AskError),
}

impl LookError {
    /// Whether it may be known soon. Else a person has to change something before.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Store(_) | Self::Settle(_) => true,
            Self::Ask(error) => error.is_passing(),
        }
    }

    /// Whether the payment system cannot be reached at all, by whatever is asked.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Ask(AskError::Call(CallError::Http(_) | CallError::Target(_))))
    }
}

/// How it was answered that a payment system was asked about a top-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looked {
    /// What it said is settled.
    Settled,
    Unpaid,
    /// The payment is under way.
    Pending,
    /// The account was deleted, so nobody can be asked.
    NoAccount,
}

impl Cashier {
    /// Asks the payment system how a top-up stands, and settles what it says.
    pub async fn look_after(&self, top_up: &TopUp, hint: &Hint, now: Timestamp) -> Result<Looked, LookError> {
        let Some(account) = self.account(top_up.through.system.as_ref()).await? else {
            return Ok(Looked::NoAccount);
        };
        let (reports, missing) = match self.ask(&account, top_up, hint, now).await? {
            Answer::Told(reports) => (reports, None),
            Answer::ToldInPart(reports, missing) => (reports, Some(missing)),
            Answer::Unpaid => return Ok(Looked::Unpaid),
            Answer::Pending => return Ok(Looked::Pending),
        };
        for (number, report) in reports.into_iter().enumerate() {
            let event = match &report {
                Report::Paid(paid) => format!("{}-paid", paid.reference),
                Report::Returned { back, .. } => format!("{}-returned", returned(back)),
                // Another doubt is news.
                Report::Doubt { detail } => {
                    format!("{}-doubt-{}", top_up.id, hex::encode(&Sha256::digest(detail)[..8]))
                }
                _ => format!("{}-{}-{number}", top_up.id, top_up.revision),
            };
            let system = top_up.through.name().to_owned();
            let told = TopUpReport { system, event, top_up: top_up.id.clone(), report, at: now };
            self.settle(&told, account.livemode).await?;
        }
        missing.map_or(Ok(Looked::Settled), |error| Err(error.into()))
    }

    /// Stores all that a report changes. `livemode` is the account's.
    pub async fn settle(&self, told: &TopUpReport, livemode: bool) -> Result<(), SettleError> {
        let mut attempts = 0;
        while attempts < ATTEMPTS_MAX {
            let Some(top_up) = self.store.top_up(&told.top_up).await? else {
                return Ok(self
                    .keep(&told.review(format!("it names {}, an unknown top-up", told.top_up)))
                    .await?);
            };
            // Whoever keeps the secrets of one payment system decides nothing about those of another.
            if top_up.through.name() != told.system {
                let detail = format!("it names {}, a top-up through another payment system", top_up.id);
                return Ok(self.keep(&told.review(detail)).await?);
            }
            match self.step(told, &top_up, livemode).await {
                Ok(Step::Done) => return Ok(()),
                Ok(Step::Onward) => {}
                Ok(Step::Again) => attempts += 1,
                Err(PlanError::Store(error)) => return Err(error.into()),
                Err(error) => {
                    let reason = format!("{:#}", anyhow::anyhow!(error));
                    match self.set_aside(told, &top_up, reason).await? {
                        Step::Again => attempts += 1,
                        Step::Done | Step::Onward => return Ok(()),
                    }
                }
            }
        }
        // Not only overtaken: above all, another payment may have the reference code.
        let detail = "it could not be booked: look for a payment with the same reference code".to_owned();
        self.keep(&told.review(detail)).await?;
        Err(SettleError::Busy { top_up: told.top_up.clone() })
    }

    async fn step(&self, told: &TopUpReport, top_up: &TopUp, livemode: bool) -> Result<Step, PlanError> {
        match decide(top_up, &told.report, livemode)? {
            Decision::Confirm(received) => self.confirm(told, top_up, received).await,
            Decision::Change(after) => self.change(told, top_up, &after).await,
            Decision::Keep(detail) => {
                self.keep(&told.review(detail)).await?;
                self.take_back(told, top_up).await
            }
            Decision::Nothing => self.take_back(told, top_up).await,
        }
    }

    /// What cannot be booked is for a person; of money, the top-up says so too, or it would expire.
    async fn set_aside(
        &self,
        told: &TopUpReport,
        top_up: &TopUp,
        reason: String,
    ) -> Result<Step, StoreError> {
        self.keep(&told.review(format!("{} was told: {reason}", told.event))).await?;
        let is_money = matches!(told.report, Report::Paid(_));
        let Some(after) = top_up.set_aside(reason).filter(|_| is_money) else { return Ok(Step::Done) };
        let act = self.act(told, top_up).await?;
        Ok(onward(self.store.change_top_up(&act, top_up, &after).await?))
    }

    async fn change(&self, told: &TopUpReport, top_up: &TopUp, after: &TopUp) -> Result<Step, PlanError> {
        let is_for_a_person = match &after.state {
            TopUpState::Review { reason } if after.state != top_up.state => {
                self.keep(&told.review(reason.clone())).await?;
                true
            }
            _ => false,
        };
        let act = self.act(told, top_up).await?;
        match self.store.change_top_up(&act, top_up, after).await? {
            TopUpPosted::Now if is_for_a_person => Ok(Step::Done),
            posted => Ok(onward(posted)),
        }
    }

    async fn confirm(
        &self,
        told: &TopUpReport,
        top_up: &TopUp,
        received: Received,
    ) -> Result<Step, PlanError> {
        for back in top_up.returns_of_others(&received) {
            let event = format!("{}-of-another", returned(back));
            let went_back = back.told(top_up.currency);
            let detail = format!("{went_back}, of another payment than {}", received.reference);
            self.keep(&Review { event, ..told.review(detail) }).await?;
        }
        let act = self.act(told, top_up).await?;
        match self.book(&act, top_up, &received, None).await? {
            TopUpPosted::PaidAnother => {
                // A report at the same moment may have confirmed this one by it.
                let paid = self.store.top_up_paid_by(top_up.through.name(), &received.reference).await?;
                if paid.is_none_or(|paid| paid.id == top_up.id) {
                    return Ok(Step::Again);
                }
                let detail = format!("{} paid another top-up already", received.reference);
                self.keep(&told.review(detail)).await?;
                Ok(Step::Done)
            }
            posted => Ok(onward(posted)),
        }
    }

    /// The one payment of a top-up with what follows from it, the number of a receipt say, whoever says that its
    /// money came. `by_hand` is the company whose person says so.
    pub async fn book(
        &self,
        act: &Act,
        top_up: &TopUp,
        received: &Received,
        by_hand: Option<&CompanyId>,
    ) -> Result<TopUpPosted, PlanError> {
        let (agreement, wallet) = self.booked_on(top_up).await?;
        let receipt_of = top_up.order.as_ref().map(|_| top_up.id.clone());
        let booking = Booking::of(top_up, received, top_up.payment_id(), by_hand);
        let payment = planned(&agreement, &wallet, act.at, booking)?;
        let payment = Payment { top_up: Some(top_up.id.clone()), receipt_of, ..payment };
        let (id, received) = (payment.id.clone(), received.clone());
        let after = match by_hand {
            Some(by) => top_up.confirmed_by_hand(id, received, by, act.at),
            None => top_up.confirmed(id, received, act.at),
        };
        Ok(self.store.pay_top_up(act, top_up, &after, &payment, &wallet).await?)
    }

    /// The counter-payment of what went back to the payer, if one is still to be made.
    async fn take_back(&self, told: &TopUpReport, top_up: &TopUp) -> Result<Step, PlanError> {
        let Some(made) = top_up.take_back()? else { return Ok(Step::Done) };
        let (agreement, wallet) = self.booked_on(top_up).await?;
        let payment = planned(&agreement, &wallet, told.at, Booking::back(top_up, made))?;
        let after = top_up.after_take_back(made)?;
        let has_note = top_up.credit_notes.len() < after.credit_notes.len();
        let payment = Payment { receipt_of: has_note.then(|| top_up.id.clone()), ..payment };
        let act = self.act(told, top_up).await?;
        Ok(onward(self.store.pay_top_up(&act, top_up, &after, &payment, &wallet).await?))
    }

    async fn booked_on(&self, top_up: &TopUp) -> Result<(Agreement, Wallet), PlanError> {
        let agreement = self.store.any_agreement(&top_up.agreement).await?.ok_or(PlanError::NoWallet)?;
        let wallet = self.store.wallet(&top_up.target()).await?.ok_or(PlanError::NoWallet)?;
        Ok((agreement, wallet))
    }

    async fn act(&self, told: &TopUpReport, top_up: &TopUp) -> Result<Act, StoreError> {
        let unique = [told.event.as_str(), &top_up.revision.to_string()];
        let process = top_up.through.kind.name();
        self.store.act_of_platform(process, &top_up.company, told.at, &unique).await
    }

    /// Keeps something for a person to look at, and says so in the log, where alarms listen.
    pub async fn keep(&self, review: &Review) -> Result<(), StoreError> {
        tracing::error!(
            system = review.system,
            event = review.event,
            detail = review.detail,
            "a payment event has to be looked at"
        );
        self.store.put_review(review).await
    }
}

/// What names a return as it is told now: what of it failed is news.
fn returned(back: &Return) -> String {
    format!("{}-{}-{}", back.by, back.amount, back.failed)
}

fn onward(posted: TopUpPosted) -> Step {
    if posted == TopUpPosted::Now { Step::Onward } else { Step::Again }
}

/// What a payment of a top-up is made from.
struct Booking {
    id: PaymentId,
    direction: PaymentDirection,
    amount: Amount,
    exchange: Option<(Currency, Amount)>,
    reference: String,
    description: String,
    by: String,
}

impl Booking {
    fn of(top_up: &TopUp, received: &Received, id: PaymentId, by_hand: Option<&CompanyId>) -> Self {
        let amount = if top_up.buys.is_some() { top_up.amount } else { received.credited };
        let (reference, by) = match by_hand {
            Some(by) => (received.reference.clone(), by.to_string()),
            None => (reference(top_up, &received.reference), top_up.through.kind.name().to_owned()),
        };
        Self {
            id,
            direction: PaymentDirection::Inbound,
            amount,
            exchange: top_up.buys.map(|bought| (top_up.currency, bought)),
            reference,
            description: format!("Top-up {}", top_up.id),
            by,
        }
    }

    /// Below zero, what had gone back came again: a dispute was won, or a refund failed.
    fn back(top_up: &TopUp, made: TakeBack) -> Self {
        let is_again = made.amount.is_negative();
        let (direction, amount) = match is_again {
            true => (PaymentDirection::Inbound, -made.amount),
            false => (PaymentDirection::Outbound, made.amount),
        };
        let what = if is_again { "came again" } else { "returned to the payer" };
        let paid = top_up.received.as_ref().map_or("", |received| received.reference.as_str());
        Self {
            id: top_up.take_back_id(made.number),
            direction,
            amount,
            exchange: None,
            reference: format!("{}-R{}", reference(top_up, paid), made.number),
            description: format!("Top-up {}: {what}", top_up.id),
            by: top_up.through.kind.name().to_owned(),
        }
    }
}

/// The reference code of a payment. Stripe's names are like no others; those of the others are numbers, and
/// a company may have several accounts that count alike.
fn reference(top_up: &TopUp, name: &str) -> String {
    match top_up.through.kind {
        PaymentSystemKind::Stripe => name.to_owned(),
        _ => format!("{} {name}", top_up.through.name()),
    }
}

fn planned(
    agreement: &Agreement,
    wallet: &Wallet,
    at: Timestamp,
    booking: Booking,
) -> Result<Payment, PaymentError> {
    let day = agreement.version_at(at).billing.day_of(at);
    let exchange = booking.exchange.map(|(currency, replenishment)| ExchangeRequest {
        currency,
        replenishment,
        date: day,
    });
    let ask = PaymentRequest {
        id: booking.id,
        direction: booking.direction,
        amount: booking.amount,
        exchange,
        payment_date: day,
        reference: booking.reference,
        description: booking.description,
        confirmed: true,
        confirm_before: None,
        may_overdraw: true,
        by: booking.by,
    };
    plan_payment(agreement, wallet, ask, at)
}

#[cfg(test)]
mod tests {
    use domain::id::{AgreementId, PaymentSystemId};
    use domain::top_up::{NewTopUp, Price, Through};

    use super::*;

    fn paid_through(system: u128, kind: PaymentSystemKind) -> TopUp {
        let amount = Amount::whole(50);
        let new = NewTopUp {
            id: TopUpId::new(1),
            company: CompanyId::new(1),
            tenant: CompanyId::new(2),
            agreement: AgreementId::new(1),
            wallet: None,
            user: None,
            price: Price { amount, fee: Amount::ZERO, to_pay: amount },
            currency: Currency::parse("KZT").unwrap(),
            order: None,
            through: Through { system: Some(PaymentSystemId::new(system)), kind, ..Through::default() },
            session: "880011".into(),
            url: "https://pay.example".into(),
        };
        TopUp::new(new, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_refund_that_failed_is_kept_beside_what_was_told_before_it_did() {
        let (amount, failed) = (Amount::whole(50), Amount::ZERO);
        let gone = Return { by: "ch_1".into(), payment: None, amount, failed, reinstated: false };
        let again = Return { failed: amount, ..gone.clone() };
        assert_ne!(returned(&gone), returned(&again));
    }

    #[test]
    fn accounts_that_count_alike_have_reference_codes_of_their_own() {
        let code = |system| reference(&paid_through(system, PaymentSystemKind::FreedomPay), "880011");
        assert_ne!(code(1), code(2));
        assert!(code(1).ends_with(" 880011"));
        let stripe = paid_through(1, PaymentSystemKind::Stripe);
        assert_eq!(reference(&stripe, "pi_1"), "pi_1");
    }
}
