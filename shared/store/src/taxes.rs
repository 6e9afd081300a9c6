//! The tax that is added to what is sold under an agreement.

use domain::agreement::Agreement;
use domain::id::OwnLegalEntityId;
use domain::legal_entity::{LegalEntity, OwnLegalEntity};
use domain::tax::{Tax, applied};

use crate::{Store, StoreError};

impl Store {
    /// The tax for the agreement's client, as the rules of the legal entity that sells are now.
    pub async fn tax_rule(
        &self,
        seller: Option<&OwnLegalEntityId>,
        agreement: &Agreement,
    ) -> Result<Option<Tax>, StoreError> {
        let Some(own) = seller else { return Ok(None) };
        let Some(own) = self.thing::<OwnLegalEntity>(own.as_str()).await? else { return Ok(None) };
        if own.details.taxes.is_empty() {
            return Ok(None);
        }
        let client = match &agreement.parties.legal_entity {
            Some(client) => self.thing::<LegalEntity>(client.as_str()).await?,
            None => None,
        };
        let country = client.as_ref().map(|client| client.details.country.as_str());
        let vat_number = client.as_ref().and_then(|client| client.details.vat_number.as_deref());
        Ok(applied(&own.details.taxes, country, vat_number))
    }
}
