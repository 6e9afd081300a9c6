//! By which payment systems an agreement is topped up: those that the legal entity names in whose name its
//! tenant sells (guide §10.8). Where that names none, the platform owner's clients pay into the platform's own
//! Stripe account, which is the owner's money; nobody else's are topped up.

use std::sync::Arc;

use domain::agreement::Agreement;
use domain::company::CompanyKind;
use domain::legal_entity::OwnLegalEntity;
use domain::money::{Amount, AmountError, Currency};
use domain::payment_system::{FeeFrom, PaymentSystem};
use domain::top_up::{Price, PriceError, price};
use store::StoreError;

use crate::{Account, Cashier};

/// How the platform's own account is shown.
const OWN_NAME: &str = "Card";

/// A payment system that one may pay by.
#[derive(Clone)]
pub struct Choice {
    pub name: String,
    pub account: Arc<Account>,
    pub internal_fee_percent: Option<Amount>,
}

#[derive(Debug, thiserror::Error)]
pub enum ChooseError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("No payment system is set up. Ask your provider.")]
    NotSetUp,
    #[error("this agreement cannot be paid by it in this currency")]
    NotOffered,
    #[error("there are several: name the one to pay by")]
    Several,
}

impl Choice {
    /// What is paid for `amount`, and what the payment system keeps of that, where it is known before and missing from
    /// what is credited: message credits that are bought come in full.
    pub fn price(
        &self,
        amount: Amount,
        currency: Currency,
        buys_credits: bool,
    ) -> Result<(Price, Option<Amount>), PriceError> {
        let price = price(amount, currency, self.internal_fee_percent)?;
        match self.client_fee(&price, currency)?.filter(|_| !buys_credits) {
            Some(fee) if amount <= fee => Err(PriceError::NothingLeft { fee }),
            fee => Ok((price, fee)),
        }
    }

    fn client_fee(&self, price: &Price, currency: Currency) -> Result<Option<Amount>, AmountError> {
        let tariff = self.account.tariff.filter(|_| self.account.fee_from == FeeFrom::Client);
        tariff.map(|tariff| tariff.fee(price.to_pay, currency)).transpose()
    }
}

impl Cashier {
    /// All that an agreement may be paid by in a currency, in the order in which the legal entity has them.
    pub async fn choices(
        &self,
        agreement: &Agreement,
        currency: Currency,
    ) -> Result<Vec<Choice>, StoreError> {
        let Some(entity) = self.seller(agreement).await?.filter(|it| !it.details.payment_systems.is_empty())
        else {
            return self.own_choice(agreement).await;
        };
        let mut choices = Vec::new();
        for id in &entity.details.payment_systems {
            let system = self.store.thing::<PaymentSystem>(id.as_str()).await?;
            let Some(system) = system.filter(|system| system.details.takes(currency)) else { continue };
            let Some(account) = self.fresh_account(Some(id)).await? else { continue };
            choices.push(Choice {
                name: system.details.name,
                account,
                internal_fee_percent: system.details.internal_fee_percent,
            });
        }
        Ok(choices)
    }

    /// The one that is named, or the only one there is.
    pub async fn choice(
        &self,
        agreement: &Agreement,
        currency: Currency,
        named: Option<&str>,
    ) -> Result<Choice, ChooseError> {
        let mut choices = self.choices(agreement, currency).await?;
        if let Some(named) = named {
            let is_named =
                |choice: &Choice| choice.account.system.as_ref().is_some_and(|id| id.as_str() == named);
            return choices.into_iter().find(is_named).ok_or(ChooseError::NotOffered);
        }
        match choices.len() {
            0 => Err(ChooseError::NotSetUp),
            1 => Ok(choices.remove(0)),
            _ => Err(ChooseError::Several),
        }
    }

    /// In whose name the tenant sells under the agreement, if that is said.
    async fn seller(&self, agreement: &Agreement) -> Result<Option<OwnLegalEntity>, StoreError> {
        match &agreement.parties.own_legal_entity {
            Some(id) => self.store.thing(id.as_str()).await,
            None => Ok(None),
        }
    }

    async fn own_choice(&self, agreement: &Agreement) -> Result<Vec<Choice>, StoreError> {
        let tenant = self.store.any_company(&agreement.tenant).await?;
        if !tenant.is_some_and(|tenant| tenant.kind == CompanyKind::Owner) {
            return Ok(Vec::new());
        }
        let own = self.fresh_account(None).await?.filter(|account| !account.key().is_empty());
        let choice = |account| Choice { name: OWN_NAME.to_owned(), account, internal_fee_percent: None };
        Ok(own.map(choice).into_iter().collect())
    }
}
