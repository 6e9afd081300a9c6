//! What a payment system says of a top-up when it is asked. Of PayOnline and FreedomPay a callback is only
//! a reason to ask; of all that can be asked, the sweeper asks about top-ups that no callback confirmed, and
//! whether the money of confirmed ones went back.

use domain::money::{Amount, AmountError, Currency};
use domain::payment_system::PaymentSystemKind;
use domain::top_up::{Paid, Received, Report, Return, TopUp};
use jiff::Timestamp;
use payments::{ReadError, freedompay, payonline, stripe};

use crate::open::salt;
use crate::{Account, CallError, Cashier};

#[derive(Debug, thiserror::Error)]
pub enum AskError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("it cannot be asked")]
    Request(#[source] anyhow::Error),
    /// It may answer when it is asked again.
    #[error(transparent)]
    TryAgain(ReadError),
    #[error("its answer cannot be used")]
    Answer(#[source] anyhow::Error),
}

impl From<payments::AskError> for AskError {
    fn from(error: payments::AskError) -> Self {
        Self::Request(error.into())
    }
}

impl From<http::Error> for AskError {
    fn from(error: http::Error) -> Self {
        Self::Request(error.into())
    }
}

impl From<ReadError> for AskError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::TryAgain { .. } => Self::TryAgain(error),
            _ => Self::Answer(error.into()),
        }
    }
}

impl From<AmountError> for AskError {
    fn from(error: AmountError) -> Self {
        Self::Answer(error.into())
    }
}

impl AskError {
    /// Whether it may be answered soon. Else a person has to change something before.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Call(CallError::Http(_)) | Self::TryAgain(_))
    }
}

/// What a payment system says when it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Refunds come behind what was paid.
    Told(Vec<Report>),
    /// No money has come.
    Unpaid,
    /// The payer did something, and the money is not certain yet.
    Pending,
}

/// What a callback said beside the reason to ask: not all of it is told again.
#[derive(Debug, Clone, Default)]
pub struct Hint {
    /// The payment that it is about, where a top-up may have several.
    pub payment: Option<String>,
    /// What the payment system keeps.
    pub system_fee: Option<Amount>,
    /// Whether it said that it is play money.
    pub testing: Option<bool>,
}

impl Cashier {
    /// What the payment system knows of a top-up. Where there is nobody to ask, it is unpaid until the payer
    /// brings the result.
    pub async fn ask(
        &self,
        account: &Account,
        top_up: &TopUp,
        hint: &Hint,
        now: Timestamp,
    ) -> Result<Answer, AskError> {
        match (account.kind, &top_up.received) {
            (PaymentSystemKind::Stripe, Some(received)) => {
                self.ask_stripe_payment(account, top_up, received).await
            }
            (PaymentSystemKind::Stripe, None) => self.ask_stripe(account, top_up).await,
            (PaymentSystemKind::PayOnline, _) => self.ask_payonline(account, top_up, now).await,
            (PaymentSystemKind::FreedomPay, _) => self.ask_freedompay(account, top_up, hint).await,
            (PaymentSystemKind::NetCommerce, _) => Ok(Answer::Unpaid),
        }
    }

    async fn ask_payonline(
        &self,
        account: &Account,
        top_up: &TopUp,
        now: Timestamp,
    ) -> Result<Answer, AskError> {
        let by_order = payonline::Search::TopUp(top_up.id.as_str());
        let Some(found) = self.payonline_search(account, &by_order).await? else {
            return match &top_up.received {
                Some(received) => self.ask_payonline_payment(account, top_up, received, now).await,
                None => Ok(Answer::Unpaid),
            };
        };
        if !found.state.is_money() {
            return Ok(Answer::Pending);
        }
        let found_again = top_up.received.as_ref().filter(|received| received.reference == found.transaction);
        let found_again = found_again.map(|received| voided(top_up, received, account.livemode, true));
        let found_again = found_again.filter(|_| !top_up.returns.is_empty());
        let paid = Paid {
            session: if found.top_up == top_up.id.as_str() { top_up.session.clone() } else { found.top_up },
            attempt: None,
            reference: found.transaction,
            authorization: None,
            amount: Amount::new(found.amount)?,
            currency: Currency::Money(found.currency),
            // Never told: the account as a whole is a test account or none.
            livemode: account.livemode,
            system_fee: None,
        };
        Ok(Answer::Told(std::iter::once(Report::Paid(paid)).chain(found_again).collect()))
    }

    /// Of a payment that was found once, and is not by its top-up any more. Only successful payments are found.
    async fn ask_payonline_payment(
        &self,
        account: &Account,
        top_up: &TopUp,
        received: &Received,
        now: Timestamp,
    ) -> Result<Answer, AskError> {
        let by_transaction = payonline::Search::Transaction(&received.reference);
        let is_found = self.payonline_search(account, &by_transaction).await?.is_some();
        // One that was lost and found again has cried wolf: what it is now a person decides.
        let was_found_again = top_up.returns.iter().any(|back| back.reinstated);
        if !is_found && !was_found_again && top_up.may_be_voided(now) {
            return Ok(Answer::Told(vec![voided(top_up, received, account.livemode, false)]));
        }
        let detail = format!("{} is not found any more, and it is in the balance", received.reference);
        Ok(Answer::Told(vec![Report::Doubt { detail }]))
    }

    async fn payonline_search(
        &self,
        account: &Account,
        of: &payonline::Search<'_>,
    ) -> Result<Option<payonline::Found>, AskError> {
        let (status, body) = self.call(account, payonline::search(of, &account.payonline())?).await?;
        Ok(payonline::read_search(status, &body)?)
    }

    async fn ask_freedompay(
        &self,
        account: &Account,
        top_up: &TopUp,
        hint: &Hint,
    ) -> Result<Answer, AskError> {
        let by_order = freedompay::Ref::TopUp(top_up.id.as_str());
        let received = top_up.received.as_ref().map(|received| received.reference.as_str());
        let named = hint.payment.as_deref().or(received).map(freedompay::Ref::Payment);
        let mut status = self.freedompay_status(account, named.unwrap_or(by_order)).await?;
        if status.top_up.is_none() && hint.payment.is_some() {
            // The names of a callback's fields are not signed: only what the top-up leads to is its.
            status = self.freedompay_status(account, by_order).await?;
        }
        let is_received = received == Some(status.payment.as_str());
        if !status.is_money() && !is_received {
            let is_unpaid = matches!(status.state, freedompay::State::Waiting | freedompay::State::Failed);
            return Ok(if is_unpaid { Answer::Unpaid } else { Answer::Pending });
        }
        let is_this = status.top_up.as_deref().is_none_or(|id| id == top_up.id.as_str());
        let session =
            if is_this { top_up.session.clone() } else { status.top_up.clone().unwrap_or_default() };
        // What is told by neither is what the page was asked for; what a callback said is on the top-up.
        let livemode = !status.testing.or(hint.testing).unwrap_or(!account.livemode);
        let currency = Currency::Money(status.currency);
        let is_hinted = hint.payment.as_ref() == Some(&status.payment);
        let mut reports = Vec::new();
        if status.is_money() {
            reports.push(Report::Paid(Paid {
                session,
                attempt: None,
                reference: status.payment.clone(),
                authorization: None,
                amount: Amount::new(status.amount)?,
                currency,
                livemode,
                system_fee: hint.system_fee.filter(|_| is_hinted),
            }));
        } else if status.refunds.is_empty() {
            let (payment, state) = (&status.payment, &status.state);
            let detail = format!("{payment} is said to be no money ({state:?}), and it is in the balance");
            reports.push(Report::Doubt { detail });
        }
        for refund in status.refunds {
            let back = Return {
                by: refund.payment,
                payment: Some(status.payment.clone()),
                amount: Amount::new(refund.amount)?,
                reinstated: false,
            };
            reports.push(Report::Returned { back, currency, livemode });
        }
        Ok(Answer::Told(reports))
    }

    async fn freedompay_status(
        &self,
        account: &Account,
        of: freedompay::Ref<'_>,
    ) -> Result<freedompay::Status, AskError> {
        let settings = account.freedompay();
        let request = freedompay::status(&of, &salt(), &settings)?;
        let (status, body) = self.call(account, request).await?;
        Ok(freedompay::read_status(status, &body, &settings)?)
    }

    /// What went back of a payment: by the name that the event about it has.
    async fn ask_stripe_payment(
        &self,
        account: &Account,
        top_up: &TopUp,
        received: &Received,
    ) -> Result<Answer, AskError> {
        // Without a payment, there is only its session.
        if received.reference == top_up.session {
            return Ok(Answer::Unpaid);
        }
        let facts = self.stripe_payment(account, &received.reference).await?;
        let Some(charge) = facts.charge.filter(|_| facts.refunded_minor > 0) else {
            return Ok(Answer::Told(Vec::new()));
        };
        let amount = stripe::from_minor_units(facts.refunded_minor, facts.currency);
        let amount =
            amount.ok_or_else(|| AskError::Answer(anyhow::anyhow!("its refund cannot be counted")))?;
        let back = Return {
            by: charge,
            payment: Some(facts.payment_intent),
            amount: Amount::new(amount)?,
            reinstated: false,
        };
        let (currency, livemode) = (Currency::Money(facts.currency), facts.livemode);
        Ok(Answer::Told(vec![Report::Returned { back, currency, livemode }]))
    }

    async fn ask_stripe(&self, account: &Account, top_up: &TopUp) -> Result<Answer, AskError> {
        let request = stripe::session(&top_up.session, &self.stripe(account))?;
        let (status, body) = self.call(account, request).await?;
        let session = stripe::read_session(status, &body)?;
        match session.state {
            stripe::SessionState::Open => return Ok(Answer::Unpaid),
            stripe::SessionState::Unpaid => return Ok(Answer::Pending),
            stripe::SessionState::Expired => {
                let closed = Report::Closed { reason: "expired".to_owned(), attempt: None };
                return Ok(Answer::Told(vec![closed]));
            }
            stripe::SessionState::Paid => {}
        }
        if session.top_up.as_deref().is_some_and(|id| id != top_up.id.as_str()) {
            return Err(AskError::Answer(anyhow::anyhow!("it tells of another top-up")));
        }
        let currency = session.currency;
        let amount = stripe::from_minor_units(session.amount_minor, currency);
        let amount =
            amount.ok_or_else(|| AskError::Answer(anyhow::anyhow!("its amount cannot be counted")))?;
        let mut paid = Paid {
            reference: session.payment_intent.unwrap_or_else(|| session.id.clone()),
            authorization: None,
            session: session.id,
            attempt: None,
            amount: Amount::new(amount)?,
            currency: Currency::Money(currency),
            livemode: session.livemode,
            system_fee: None,
        };
        if top_up.needs_system_fee() {
            paid.system_fee = self.stripe_fee(account, &paid.reference, currency).await?;
        }
        Ok(Answer::Told(vec![Report::Paid(paid)]))
    }

    /// What Stripe keeps of a payment, once it says so.
    pub async fn stripe_fee(
        &self,
        account: &Account,
        payment_intent: &str,
        paid_in: iso_currency::Currency,
    ) -> Result<Option<Amount>, AskError> {
        let facts = self.stripe_payment(account, payment_intent).await?;
        let fee = facts.fee.and_then(|fee| fee.in_currency(paid_in));
        Ok(fee.map(Amount::new).transpose()?)
    }

    /// The top-up that a payment of Stripe's was for, of which events about money that went back do not
    /// tell.
    pub async fn stripe_top_up(
        &self,
        account: &Account,
        payment_intent: &str,
    ) -> Result<Option<String>, AskError> {
        Ok(self.stripe_payment(account, payment_intent).await?.top_up)
    }

    async fn stripe_payment(
        &self,
        account: &Account,
        payment_intent: &str,
    ) -> Result<stripe::PaymentFacts, AskError> {
        let request = stripe::payment(payment_intent, &self.stripe(account))?;
        let (status, body) = self.call(account, request).await?;
        Ok(stripe::read_payment(status, &body)?)
    }
}

/// That a payment at PayOnline was voided as a whole, or was not after all.
fn voided(top_up: &TopUp, received: &Received, livemode: bool, reinstated: bool) -> Report {
    let back = Return {
        by: format!("void of {}", received.reference),
        payment: Some(received.reference.clone()),
        amount: top_up.to_pay(),
        reinstated,
    };
    Report::Returned { back, currency: top_up.currency, livemode }
}
