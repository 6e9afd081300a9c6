//! What a report does: the one payment of its top-up, another state of it, something for a person, or
//! nothing.

use domain::audit::Act;
use domain::id::PaymentId;
use domain::payment::{Payment, PaymentDirection, PaymentError, PaymentRequest, plan_payment};
use domain::top_up::{Decision, Report, TopUp, TopUpState, decide};
use domain::wallet::Wallet;
use runtime::http::{Problem, unavailable};
use store::{Review, Store, StoreError, TopUpPosted};

use crate::stripe_event::{SYSTEM, TopUpReport};
use crate::{Account, App};

/// Each time the top-up is overtaken, another callback has moved it, and it moves at most from waiting
/// to closed or review and on to confirmed.
const ATTEMPTS_MAX: u32 = 4;

/// Why an expected payment cannot be planned.
#[derive(Debug, thiserror::Error)]
enum PlanError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the payment cannot be booked")]
    Payment(#[from] PaymentError),
    #[error("the top-up's agreement or wallet does not exist")]
    NoWallet,
}

impl App {
    /// Stores all that a report changes. Repeats, and reports in another order, end the same.
    pub(crate) async fn settle(&self, told: &TopUpReport, account: &Account) -> Result<(), Problem> {
        if let Report::Review { reason } = &told.report {
            self.keep(&told.review(reason.clone())).await?;
        }
        for _ in 0..ATTEMPTS_MAX {
            let Some(top_up) = self.store.top_up(&told.top_up).await? else {
                return self.keep(&told.review(format!("{} names an unknown top-up", told.reference))).await;
            };
            if is_about_another_checkout(told, &top_up) {
                return Ok(());
            }
            let unique = [told.reference.as_str(), &top_up.revision.to_string()];
            let act = self.store.act_of_platform(SYSTEM, &top_up.company, runtime::now(), &unique).await?;
            let posted = match decide(&top_up, &told.report, account.livemode) {
                Decision::Nothing => return Ok(()),
                Decision::Move(state) => self.move_to(&act, told, &top_up, &state).await?,
                Decision::Confirm => match plan(&self.store, &top_up, told).await {
                    Ok((payment, wallet)) => {
                        self.store.confirm_top_up(&act, &top_up, &payment, &wallet).await?
                    }
                    Err(PlanError::Store(error)) => return Err(error.into()),
                    Err(error) => {
                        let detail = format!("{} was paid: {:#}", told.reference, anyhow::anyhow!(error));
                        return self.keep(&told.review(detail)).await;
                    }
                },
            };
            if posted == TopUpPosted::Now {
                return Ok(());
            }
        }
        // Not only overtaken: above all, another payment may have the reference code.
        let detail = format!("{} could not be booked: look for a payment with this code", told.reference);
        self.keep(&told.review(detail)).await?;
        Err(unavailable(anyhow::anyhow!("{} could not be settled", told.top_up)))
    }

    async fn move_to(
        &self,
        act: &Act,
        told: &TopUpReport,
        top_up: &TopUp,
        state: &TopUpState,
    ) -> Result<TopUpPosted, Problem> {
        if let TopUpState::Review { reason } = state {
            self.keep(&told.review(reason.clone())).await?;
        }
        if top_up.state == *state {
            return Ok(TopUpPosted::Now);
        }
        Ok(self.store.move_top_up(act, top_up, state).await?)
    }

    /// Keeps something for a person to look at, and says so in the log, where alarms listen.
    pub(crate) async fn keep(&self, review: &Review) -> Result<(), Problem> {
        tracing::error!(
            system = review.system,
            event = review.event,
            detail = review.detail,
            "a payment event has to be looked at"
        );
        Ok(self.store.put_review(review).await?)
    }
}

/// An earlier page of the same top-up that closes says nothing about the one the payer is on.
fn is_about_another_checkout(told: &TopUpReport, top_up: &TopUp) -> bool {
    matches!(told.report, Report::Closed { .. }) && told.session.as_ref() != Some(&top_up.session)
}

/// The one payment of a top-up, whichever callback makes it: its id follows from the top-up's.
async fn plan(store: &Store, top_up: &TopUp, told: &TopUpReport) -> Result<(Payment, Wallet), PlanError> {
    let agreement = store.any_agreement(&top_up.agreement).await?.ok_or(PlanError::NoWallet)?;
    let wallet = store.wallet(&top_up.target()).await?.ok_or(PlanError::NoWallet)?;
    let ask = PaymentRequest {
        id: PaymentId::derived(&["top_up", top_up.id.as_str()]),
        direction: PaymentDirection::Inbound,
        amount: top_up.amount,
        exchange: None,
        payment_date: agreement.version_at(told.at).billing.day_of(told.at),
        reference: told.reference.clone(),
        description: format!("Top-up {}", top_up.id),
        confirmed: true,
        confirm_before: None,
        may_overdraw: false,
        by: SYSTEM.to_owned(),
    };
    let payment = plan_payment(&agreement, &wallet, ask, told.at)?;
    Ok((payment, wallet))
}
