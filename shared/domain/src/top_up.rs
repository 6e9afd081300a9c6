//! A payment that a customer begins in the portal and a payment system completes.
//!
//! The top-up says what is expected: which agreement, how much, in which currency. A callback only says
//! that it happened; it never decides where the money goes or how much it is.

mod close;
mod confirm;
mod credit_note;
mod decide;
mod price;
mod returns;
mod schedule;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalog::{self, Thing};
use crate::credit_order::CreditOrder;
use crate::id::{
    AgreementId, CompanyId, OwnLegalEntityId, PaymentId, PaymentSystemId, TopUpId, UserId, WalletId,
};
use crate::money::{Amount, AmountError, Currency};
use crate::payment_system::{FeeFrom, PaymentSystemKind, Tariff};

pub use close::CloseError;
pub use confirm::ConfirmError;
pub use credit_note::CreditNote;
pub use decide::{Decision, Paid, Report, decide};
pub use price::{Price, PriceError, price};
pub use returns::{Return, TakeBack};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopUp {
    pub id: TopUpId,
    pub company: CompanyId,
    /// With which the company has the agreement; none in top-ups from before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<CompanyId>,
    pub agreement: AgreementId,
    /// Whose credits are bought: those of a user; system credits unless told.
    #[serde(default)]
    pub wallet: Option<WalletId>,
    /// Who pays, where a person asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// What is bought, in `currency`, without our fee.
    pub amount: Amount,
    /// In which one pays.
    pub currency: Currency,
    /// Our fee, which the payer pays on top.
    #[serde(default)]
    pub fee: Amount,
    /// What the balance rises by, in the agreement's currency, where that is another than `currency`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buys: Option<Amount>,
    /// What message credits cost, if it buys some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<CreditOrder>,
    #[serde(default)]
    pub through: Through,
    pub state: TopUpState,
    /// The payment system's own name of the checkout, and the page to send the customer to.
    pub session: String,
    pub url: String,
    /// What came, once it is confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<Received>,
    /// Of message credits that were bought, once it is confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    /// What answers it, one for each counter-payment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credit_notes: Vec<CreditNote>,
    /// Tries that the payment system refused, where it names each of them: none of these can be paid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
    /// Whether a callback said that it is real money, or play money, where not every answer says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_livemode: Option<bool>,
    /// What went back to the payer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub returns: Vec<Return>,
    /// What counter-payments took from the balance because of that, and how many there are.
    #[serde(default)]
    pub taken_back: Amount,
    #[serde(default)]
    pub take_backs: u32,
    /// The company that closed it by hand, if one did. Money that is told of afterwards is for a person, who
    /// may have booked it by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_by: Option<CompanyId>,
    /// The company that confirmed it by hand, if one did. What its payment system tells of it is for a person
    /// then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<CompanyId>,
    /// How often the payment system was asked how it stands, anew once it is confirmed, and when it will be
    /// the next time.
    #[serde(default)]
    pub asked: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
    pub created_at: Timestamp,
    /// Raised by every change.
    pub revision: u64,
}

/// By which payment system it is paid, on the terms that it had when the page was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Through {
    /// None is the platform's own Stripe account.
    pub system: Option<PaymentSystemId>,
    pub kind: PaymentSystemKind,
    pub fee_from: FeeFrom,
    /// What the payment system keeps, where it does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tariff: Option<Tariff>,
}

/// The money of a confirmed top-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// The payment system's own name of the payment; it pays no other top-up.
    pub reference: String,
    /// The bank's number of it, where the payment system tells one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization: Option<String>,
    /// What the payment system kept, where it says so or a tariff does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_fee: Option<Amount>,
    /// What the balance rose by, in its own currency.
    pub credited: Amount,
}

/// The tax receipt of message credits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Whose receipt it is by its number; see [`TopUp::receipt_series`].
    pub series: String,
    /// Gapless in the series.
    pub number: u64,
    /// Where the PDF is, once it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum TopUpState {
    /// The customer has been shown the page to pay on.
    Redirected,
    /// The money came. The balance rises when the payment system has said what it keeps of it.
    Paid,
    Confirmed {
        payment: PaymentId,
    },
    /// The checkout ended without money.
    Closed {
        reason: String,
    },
    /// What was reported is not what was expected: a person has to look.
    Review {
        reason: String,
    },
}

/// What a top-up begins with.
#[derive(Debug, Clone)]
pub struct NewTopUp {
    pub id: TopUpId,
    pub company: CompanyId,
    /// With which the company has the agreement.
    pub tenant: CompanyId,
    pub agreement: AgreementId,
    pub wallet: Option<WalletId>,
    pub user: Option<UserId>,
    pub price: Price,
    pub currency: Currency,
    /// The message credits that are bought, if some are.
    pub order: Option<CreditOrder>,
    pub through: Through,
    pub session: String,
    pub url: String,
}

impl Default for Through {
    fn default() -> Self {
        Self { system: None, kind: PaymentSystemKind::Stripe, fee_from: FeeFrom::Owner, tariff: None }
    }
}

impl Through {
    /// The payment system by the name in its secret, its reviews and its payments.
    pub fn name(&self) -> &str {
        self.system.as_ref().map_or(self.kind.name(), PaymentSystemId::as_str)
    }
}

impl Thing for TopUp {
    const NOUN: &'static str = "top_up";
    const NOUNS: &'static str = "top_ups";
    const ORDER: Option<&'static str> = Some("created_at");

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn revision(&self) -> u64 {
        self.revision
    }

    fn lists(&self) -> Vec<String> {
        let through = self.through.system.iter().map(list_through);
        let above = self.tenant.iter().map(|tenant| catalog::list_with(tenant.as_str()));
        let own = [self.agreement.to_string(), self.company.to_string()];
        own.into_iter().chain(above).chain(through).collect()
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![("created_at", catalog::time(self.created_at)), ("amount", catalog::amount(self.amount))]
    }

    /// One payment of a payment system pays one top-up. What a person confirmed is known by the reference of its
    /// payment, which is the company's own.
    fn unique(&self) -> Vec<String> {
        let name = |received: &Received| received_name(self.through.name(), &received.reference);
        self.received.iter().filter(|_| self.confirmed_by.is_none()).map(name).collect()
    }
}

/// The list of the top-ups through a payment system.
pub fn list_through(system: &PaymentSystemId) -> String {
    format!("through#{system}")
}

/// The name under which the top-up is found that a payment of a payment system paid.
pub fn received_name(system: &str, reference: &str) -> String {
    format!("{system}.{reference}")
}

impl TopUp {
    pub fn new(new: NewTopUp, now: Timestamp) -> Self {
        let top_up = Self {
            id: new.id,
            company: new.company,
            tenant: Some(new.tenant),
            agreement: new.agreement,
            wallet: new.wallet,
            user: new.user,
            amount: new.price.amount,
            currency: new.currency,
            fee: new.price.fee,
            buys: new.order.as_ref().map(CreditOrder::credits),
            order: new.order,
            through: new.through,
            state: TopUpState::Redirected,
            session: new.session,
            url: new.url,
            received: None,
            receipt: None,
            credit_notes: Vec::new(),
            refused: Vec::new(),
            told_livemode: None,
            returns: Vec::new(),
            taken_back: Amount::ZERO,
            take_backs: 0,
            closed_by: None,
            confirmed_by: None,
            asked: 0,
            ask_at: None,
            confirmed_at: None,
            created_at: now,
            revision: 0,
        };
        top_up.asked_anew()
    }

    /// The next revision, in another state.
    #[must_use]
    pub fn in_state(&self, state: TopUpState) -> Self {
        Self { state, ..self.next() }
    }

    /// The id of the one payment that brings its money, whoever says that it came.
    pub fn payment_id(&self) -> PaymentId {
        PaymentId::derived(&["top_up", self.id.as_str()])
    }

    /// The id of the counter-payment with this number.
    pub fn take_back_id(&self, number: u32) -> PaymentId {
        PaymentId::derived(&["top_up_return", self.id.as_str(), &number.to_string()])
    }

    /// The next revision, confirmed by this payment. What of it goes back is asked about from now on.
    #[must_use]
    pub fn confirmed(&self, payment: PaymentId, received: Received, now: Timestamp) -> Self {
        let confirmed = self.in_state(TopUpState::Confirmed { payment });
        Self { received: Some(received), confirmed_at: Some(now), ..confirmed }.asked_anew()
    }

    /// The same on the word of a person of this company. Its payment system is not asked about money that it may
    /// know nothing of.
    #[must_use]
    pub fn confirmed_by_hand(
        &self,
        payment: PaymentId,
        received: Received,
        by: &CompanyId,
        now: Timestamp,
    ) -> Self {
        Self { confirmed_by: Some(by.clone()), ask_at: None, ..self.confirmed(payment, received, now) }
    }

    /// Whose numbers the receipt has, if there is to be one: those of the legal entity that sells, or of the
    /// tenant where the agreement named none when it was ordered.
    pub fn receipt_series<'a>(&'a self, tenant: &'a CompanyId) -> Option<&'a str> {
        let order = self.order.as_ref()?;
        Some(order.own_legal_entity.as_ref().map_or(tenant.as_str(), OwnLegalEntityId::as_str))
    }

    /// The next revision, waiting for a person. None if it waits for that already, if a person closed it, or
    /// if its money is here.
    pub fn set_aside(&self, reason: String) -> Option<Self> {
        let state = TopUpState::Review { reason };
        let has_money = matches!(self.state, TopUpState::Confirmed { .. } | TopUpState::Paid);
        let is_open = !has_money && self.closed_by.is_none();
        (is_open && self.state != state).then(|| self.in_state(state))
    }

    /// The wallet whose balance will rise.
    pub fn target(&self) -> WalletId {
        self.wallet.clone().unwrap_or_else(|| WalletId::main(&self.agreement))
    }

    /// What the payer pays: what is bought, and our fee.
    pub fn to_pay(&self) -> Amount {
        // Both were added when it was made.
        self.amount.checked_add(self.fee).unwrap_or(self.amount)
    }

    /// Whether the balance rises by what is left after the payment system's fee, so that it has to be known.
    pub fn needs_system_fee(&self) -> bool {
        self.through.fee_from == FeeFrom::Client && self.buys.is_none()
    }

    /// What the payment system keeps of it by the tariff that was set when the page was made.
    pub fn tariff_fee(&self) -> Result<Option<Amount>, AmountError> {
        self.through.tariff.map(|tariff| tariff.fee(self.to_pay(), self.currency)).transpose()
    }

    /// Whether its payment system may still tell of money that came or went back.
    pub fn needs_its_system(&self) -> bool {
        self.due().is_some() || !matches!(self.state, TopUpState::Closed { .. })
    }

    /// Whether its balance rose by this payment, by the payment system's name.
    pub fn is_paid_by(&self, payment: &str) -> bool {
        self.received.as_ref().is_some_and(|received| received.reference == payment)
    }

    /// The currency of the balance.
    pub fn balance_currency(&self) -> Currency {
        if self.buys.is_some() { Currency::Credit } else { self.currency }
    }

    fn next(&self) -> Self {
        Self { revision: self.revision + 1, ..self.clone() }
    }
}
