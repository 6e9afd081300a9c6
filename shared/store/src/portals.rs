//! Through which portal people come in.

use domain::agreement::Agreement;
use domain::catalog::Thing;
use domain::company::Company;
use domain::id::{CompanyId, OwnLegalEntityId};
use domain::legal_entity::OwnLegalEntity;
use domain::portal::{Portal, PortalStatus};

use crate::catalog::Ask;
use crate::{Store, StoreError};

/// Of a list; whoever comes in does not wait for more to be read.
const FIRST: u16 = 50;

impl Store {
    /// The portal through which people of a company come in, of those whose host names lead here. With `seller`
    /// it is that of this legal entity; without, the company's own, or else that of the legal entity that the
    /// company's settings or its first agreement name. Where there is none it is that of the nearest company of
    /// its path that has one.
    pub async fn portal_of(
        &self,
        company: &Company,
        seller: Option<&OwnLegalEntityId>,
    ) -> Result<Option<Portal>, StoreError> {
        if seller.is_none()
            && let Some(own) = self.open_portal(&company.id).await?
        {
            return Ok(Some(own));
        }
        if let Some(seller) = self.seller_of(company, seller).await?
            && let Some(portal) = seller.details.entity.portal
            && let Some(portal) = self.thing::<Portal>(portal.as_str()).await?.filter(is_open)
        {
            return Ok(Some(portal));
        }
        for id in company.path.iter().rev() {
            if let Some(portal) = self.open_portal(id).await? {
                return Ok(Some(portal));
            }
        }
        Ok(None)
    }

    async fn open_portal(&self, company: &CompanyId) -> Result<Option<Portal>, StoreError> {
        Ok(self.first_things(company).await?.into_iter().find(is_open))
    }

    /// Those of a company's list, which has none that were deleted.
    async fn first_things<T: Thing>(&self, company: &CompanyId) -> Result<Vec<T>, StoreError> {
        let ask = Ask { list: company.to_string(), limit: FIRST, ..Ask::default() };
        Ok(self.things(&ask, |_| true).await?.items)
    }

    async fn seller_of(
        &self,
        company: &Company,
        known: Option<&OwnLegalEntityId>,
    ) -> Result<Option<OwnLegalEntity>, StoreError> {
        let seller = match known.or(company.settings.own_legal_entity.as_ref()) {
            Some(seller) => Some(seller.clone()),
            None => {
                let agreements: Vec<Agreement> = self.first_things(&company.id).await?;
                agreements.into_iter().find_map(|agreement| agreement.parties.own_legal_entity)
            }
        };
        match seller {
            Some(seller) => self.thing(seller.as_str()).await,
            None => Ok(None),
        }
    }
}

fn is_open(portal: &Portal) -> bool {
    portal.details.status() == PortalStatus::Active
}
