//! The tax that is added to what is sold under an agreement.

use domain::agreement::Agreement;
use domain::id::OwnLegalEntityId;
use domain::legal_entity::{EntityDetails, LegalEntity, OwnLegalEntity};
use domain::tax::{Buyer, Tax, TaxRule};
use jiff::civil::Date;

use crate::{Store, StoreError};

impl Store {
    /// The tax for the agreement's client on a day, as the rules of the legal entity that sells are now.
    pub async fn tax_rule(
        &self,
        seller: Option<&OwnLegalEntityId>,
        agreement: &Agreement,
        day: Date,
    ) -> Result<Option<Tax>, StoreError> {
        let Some(rules) = self.tax_rules(seller).await? else { return Ok(None) };
        Ok(self.buyer(agreement).await?.tax(&rules, day))
    }

    /// The rules of the legal entity that sells; none if there is no such entity.
    pub(crate) async fn tax_rules(
        &self,
        seller: Option<&OwnLegalEntityId>,
    ) -> Result<Option<Vec<TaxRule>>, StoreError> {
        let Some(own) = seller else { return Ok(None) };
        let own = self.thing::<OwnLegalEntity>(own.as_str()).await?;
        Ok(own.map(|own| own.details.taxes))
    }

    /// The agreement's client as it is now.
    pub(crate) async fn buyer(&self, agreement: &Agreement) -> Result<Buyer, StoreError> {
        let Some(client) = &agreement.parties.legal_entity else { return Ok(Buyer::default()) };
        let client = self.thing::<LegalEntity>(client.as_str()).await?.map(|client| client.details);
        let buyer_of =
            |EntityDetails { country, vat_number, .. }| Buyer { country: Some(country), vat_number };
        Ok(client.map(buyer_of).unwrap_or_default())
    }
}
