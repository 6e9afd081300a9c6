//! What a payment system says of a top-up when it is asked. Of PayOnline and FreedomPay a callback is only
//! a reason to ask; of all that can be asked, the sweeper asks about top-ups that no callback confirmed, and
//! whether the money of confirmed ones went back.

use std::iter;

use domain::money::{Amount, AmountError, Currency};
use domain::payment_system::PaymentSystemKind;
use domain::top_up::{Paid, Received, Report, Return, TopUp};
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use payments::{ReadError, freedompay, payonline, stripe};

use crate::open::salt;
use crate::{Account, CallError, Cashier};

/// A payment at PayOnline is listed at the time that it is found with, give or take so much.
const LISTED_WITHIN: SignedDuration = SignedDuration::from_mins(5);
/// Lists of refunds in one look, of three days each: the last look is 31 days after the page was made.
const LISTS_MAX: usize = 12;
const LISTS_AT_ONCE: usize = 4;
/// Lists of a payment's refunds at Stripe, of a hundred each. Nobody gives one back in so many parts.
const REFUND_LISTS_MAX: usize = 10;

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
#[derive(Debug)]
pub enum Answer {
    /// Refunds come behind what was paid.
    Told(Vec<Report>),
    /// The same, and why there may be more.
    ToldInPart(Vec<Report>, AskError),
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
            (PaymentSystemKind::PayOnline, _) => self.ask_payonline(account, top_up, hint, now).await,
            (PaymentSystemKind::FreedomPay, _) => self.ask_freedompay(account, top_up, hint).await,
            (PaymentSystemKind::NetCommerce, _) => Ok(Answer::Unpaid),
        }
    }

    /// A callback is about the payment. The sweeper asks whether it was voided, while that can be, and what of it
    /// was refunded, which no callback tells.
    async fn ask_payonline(
        &self,
        account: &Account,
        top_up: &TopUp,
        hint: &Hint,
        now: Timestamp,
    ) -> Result<Answer, AskError> {
        let Some(received) = top_up.received.as_ref().filter(|_| hint.payment.is_none()) else {
            return self.ask_payonline_payment(account, top_up, now).await;
        };
        let mut reports = Vec::new();
        if top_up.may_be_voided(now) {
            match self.ask_payonline_payment(account, top_up, now).await? {
                Answer::Told(told) => reports = told,
                answer => return Ok(answer),
            }
        }
        match self.payonline_refunds(account, top_up, received, now).await {
            Ok(refunds) => reports.extend(refunds),
            Err(error) => return Ok(Answer::ToldInPart(reports, error)),
        }
        Ok(Answer::Told(reports))
    }

    async fn ask_payonline_payment(
        &self,
        account: &Account,
        top_up: &TopUp,
        now: Timestamp,
    ) -> Result<Answer, AskError> {
        let by_order = payonline::Search::TopUp(top_up.id.as_str());
        let Some(found) = self.payonline_search(account, &by_order).await? else {
            return match &top_up.received {
                Some(received) => self.ask_payonline_missing(account, top_up, received, now).await,
                None => Ok(Answer::Unpaid),
            };
        };
        if !found.state.is_money() {
            return Ok(Answer::Pending);
        }
        let received = top_up.received.as_ref().filter(|received| received.reference == found.transaction);
        let found_again = received.map(|received| voided(top_up, received, account.livemode, true));
        let found_again = found_again.filter(|report| is_known(top_up, report));
        let livemode = match received {
            // It was looked at when it was confirmed.
            Some(_) => Some(account.livemode),
            None => self.payonline_mode(account, &found).await?,
        };
        let Some(livemode) = livemode else { return Ok(Answer::Pending) };
        let paid = Paid {
            session: if found.top_up == top_up.id.as_str() { top_up.session.clone() } else { found.top_up },
            attempt: None,
            reference: found.transaction,
            authorization: None,
            amount: Amount::new(found.amount)?,
            currency: Currency::Money(found.currency),
            livemode,
            system_fee: None,
        };
        Ok(Answer::Told(std::iter::once(Report::Paid(paid)).chain(found_again).collect()))
    }

    /// Of a payment that was found once, and is not by its top-up any more. Only successful payments are found.
    async fn ask_payonline_missing(
        &self,
        account: &Account,
        top_up: &TopUp,
        received: &Received,
        now: Timestamp,
    ) -> Result<Answer, AskError> {
        let by_transaction = payonline::Search::Transaction(&received.reference);
        let is_found = self.payonline_search(account, &by_transaction).await?.is_some();
        if !is_found && !was_found_again(top_up, received) && top_up.may_be_voided(now) {
            return Ok(Answer::Told(vec![voided(top_up, received, account.livemode, false)]));
        }
        let detail = format!("{} is not found any more, and it is in the balance", received.reference);
        Ok(Answer::Told(vec![Report::Doubt { detail }]))
    }

    /// Whether a payment that was found is real money, which only a list says. None while none says it: what may
    /// be play money is not taken.
    async fn payonline_mode(
        &self,
        account: &Account,
        found: &payonline::Found,
    ) -> Result<Option<bool>, AskError> {
        let kind = payonline::ListKind::Purchase;
        let around = |by: SignedDuration| found.at.saturating_add(by).unwrap_or(found.at);
        let list = payonline::List { kind, from: around(-LISTED_WITHIN), till: around(LISTED_WITHIN) };
        let listed = self.payonline_list(account, &list, &found.top_up).await?;
        let is_it = |listed: &payonline::Listed| listed.transaction == found.transaction && !listed.is_voided;
        let Some(listed) = listed.into_iter().find(is_it) else { return Ok(None) };
        if (listed.amount, listed.currency) != (found.amount, found.currency) {
            let error = anyhow::anyhow!("what it lists of {} is not what it finds", found.transaction);
            return Err(AskError::Answer(error));
        }
        Ok(Some(listed.is_real))
    }

    /// What was refunded since the page was made. All is listed each time, so nothing is missed after a time at
    /// which PayOnline did not answer.
    async fn payonline_refunds(
        &self,
        account: &Account,
        top_up: &TopUp,
        received: &Received,
        now: Timestamp,
    ) -> Result<Vec<Report>, AskError> {
        let begin = |from: &Timestamp| Some(from.saturating_add(payonline::LIST_SPAN_MAX).unwrap_or(now));
        let begins = iter::successors(Some(top_up.created_at), begin).take_while(|from| *from < now);
        let lists = begins.take(LISTS_MAX).map(|from| {
            let till = begin(&from).map_or(now, |till| till.min(now));
            payonline::List { kind: payonline::ListKind::Refund, from, till }
        });
        let listing = stream::iter(lists)
            .map(async |list| self.payonline_list(account, &list, top_up.id.as_str()).await);
        let refunds: Vec<payonline::Listed> = listing.buffered(LISTS_AT_ONCE).try_concat().await?;
        let mut reports = Vec::new();
        for refund in refunds {
            let back = Return {
                by: format!("refund {}", refund.transaction),
                payment: Some(received.reference.clone()),
                amount: Amount::new(refund.amount)?,
                failed: Amount::ZERO,
                reinstated: refund.is_voided,
            };
            let currency = Currency::Money(refund.currency);
            let report = Report::Returned { back, currency, livemode: refund.is_real };
            // One that was voided before it was noticed never was.
            if !refund.is_voided || is_known(top_up, &report) {
                reports.push(report);
            }
        }
        Ok(reports)
    }

    async fn payonline_list(
        &self,
        account: &Account,
        list: &payonline::List,
        top_up: &str,
    ) -> Result<Vec<payonline::Listed>, AskError> {
        let (status, body) = self.call(account, payonline::list(list, &account.payonline())?).await?;
        Ok(payonline::read_list(status, &body, list.kind, top_up)?)
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
        let received = top_up.received.as_ref();
        let reference = received.map(|received| received.reference.as_str());
        let named = hint.payment.as_deref().or(reference).map(freedompay::Ref::Payment);
        let mut status = self.freedompay_status(account, named.unwrap_or(by_order)).await?;
        if status.top_up.is_none() && hint.payment.is_some() {
            // The names of a callback's fields are not signed: only what the top-up leads to is its.
            status = self.freedompay_status(account, by_order).await?;
        }
        let received = received.filter(|received| received.reference == status.payment);
        if !status.is_money() && received.is_none() {
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
        let as_a_whole =
            received.and_then(|received| freedompay_as_a_whole(top_up, received, &status, livemode));
        let unlisted = received.and_then(|received| freedompay_unlisted(top_up, received, &status));
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
        }
        for refund in status.refunds {
            let back = Return {
                by: refund.payment,
                payment: Some(status.payment.clone()),
                amount: Amount::new(refund.amount)?,
                failed: Amount::ZERO,
                reinstated: false,
            };
            reports.push(Report::Returned { back, currency, livemode });
        }
        // Behind the refunds: a void that is told as one of these now is not in the balance in between.
        reports.extend(as_a_whole.into_iter().chain(unlisted));
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
        let back = self.stripe_returned(account, &received.reference).await?;
        Ok(Answer::Told(back.into_iter().collect()))
    }

    /// What went back of a payment, and what of that failed: by the name that the events about it have.
    pub async fn stripe_returned(
        &self,
        account: &Account,
        payment_intent: &str,
    ) -> Result<Option<Report>, AskError> {
        let facts = self.stripe_payment(account, payment_intent).await?;
        let Some(charge) = facts.charge else { return Ok(None) };
        let refunds = self.stripe_refunds(account, &charge, facts.refunds).await?;
        if refunds.amount_minor == 0 {
            return Ok(None);
        }
        let amount = |minor: i64| {
            let amount = stripe::from_minor_units(minor, facts.currency);
            let amount = amount.ok_or_else(|| anyhow::anyhow!("its refunds cannot be counted"));
            Ok::<_, AskError>(Amount::new(amount.map_err(AskError::Answer)?)?)
        };
        let back = Return {
            by: charge,
            payment: Some(facts.payment_intent),
            amount: amount(refunds.amount_minor)?,
            failed: amount(refunds.failed_minor)?,
            reinstated: false,
        };
        let (currency, livemode) = (Currency::Money(facts.currency), facts.livemode);
        Ok(Some(Report::Returned { back, currency, livemode }))
    }

    /// All refunds of a charge, of which the latest are told.
    async fn stripe_refunds(
        &self,
        account: &Account,
        charge: &str,
        mut told: stripe::Refunds,
    ) -> Result<stripe::Refunds, AskError> {
        for _ in 0..REFUND_LISTS_MAX {
            let Some(last) = told.more_behind.clone() else { return Ok(told) };
            let request = stripe::refunds(charge, &last, &self.stripe(account))?;
            let (status, body) = self.call(account, request).await?;
            told.add(stripe::read_refunds(status, &body)?);
        }
        match told.more_behind {
            None => Ok(told),
            Some(_) => Err(AskError::Answer(anyhow::anyhow!("it has more refunds than are read"))),
        }
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

/// What FreedomPay says of a payment that was confirmed, beside its refunds: it went back as a whole, came again
/// after that, or stands in a way that no rule can settle.
fn freedompay_as_a_whole(
    top_up: &TopUp,
    received: &Received,
    status: &freedompay::Status,
    livemode: bool,
) -> Option<Report> {
    let listed = status.listed();
    if status.is_money() && status.refunded <= listed {
        let found_again = voided(top_up, received, livemode, true);
        return is_known(top_up, &found_again).then_some(found_again);
    }
    let is_returned = status.state == freedompay::State::Returned;
    let is_sum_of_all = status.refunded.is_zero() || status.refunded == status.amount;
    let void = voided(top_up, received, livemode, false);
    // A void that is known stands until it is money again, whatever of it is listed.
    let is_known_void = !status.is_money() && is_known(top_up, &void);
    let is_void = is_known_void || (is_returned && listed.is_zero() && is_sum_of_all);
    if is_void && !was_found_again(top_up, received) {
        return Some(void);
    }
    // What is told in full by its refunds needs nothing more.
    let gone = if is_returned { status.amount } else { status.refunded };
    if !listed.is_zero() && gone <= listed {
        return None;
    }
    let (payment, state, refunded) = (&status.payment, &status.state, status.refunded);
    let detail = format!(
        "{payment} is said to be {state:?}, with {refunded} gone back and {listed} of that in its refunds, and the \
         rest of it is in the balance"
    );
    Some(Report::Doubt { detail })
}

/// That a refund is told no more of a payment that is money: it may have come again, and nothing says so.
fn freedompay_unlisted(top_up: &TopUp, received: &Received, status: &freedompay::Status) -> Option<Report> {
    let is_unlisted = |back: &&Return| {
        let is_listed = || status.refunds.iter().any(|refund| refund.payment == back.by);
        back.payment.as_ref() == Some(&received.reference) && back.by != void_of(received) && !is_listed()
    };
    let gone = top_up.returns.iter().find(is_unlisted).filter(|_| status.is_money())?;
    let (told, payment) = (gone.told(top_up.currency), &status.payment);
    let detail = format!("{told}, and {payment} does not tell it any more: it is not in the balance");
    Some(Report::Doubt { detail })
}

/// That a payment was voided as a whole, or was not after all.
fn voided(top_up: &TopUp, received: &Received, livemode: bool, reinstated: bool) -> Report {
    let back = Return {
        by: void_of(received),
        payment: Some(received.reference.clone()),
        amount: top_up.to_pay(),
        failed: Amount::ZERO,
        reinstated,
    };
    Report::Returned { back, currency: top_up.currency, livemode }
}

fn void_of(received: &Received) -> String {
    format!("void of {}", received.reference)
}

/// One that was lost and found again has cried wolf: what it is now a person decides.
fn was_found_again(top_up: &TopUp, received: &Received) -> bool {
    top_up.returns.iter().any(|back| back.reinstated && back.by == void_of(received))
}

/// Whether what a report is of was known to have gone.
fn is_known(top_up: &TopUp, report: &Report) -> bool {
    let Report::Returned { back, .. } = report else { return false };
    top_up.returns.iter().any(|known| known.by == back.by)
}
