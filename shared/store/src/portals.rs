//! Through which portal people come in.

use domain::id::CompanyId;
use domain::portal::{Portal, PortalStatus};

use crate::{Store, StoreError};

impl Store {
    /// The portal of the last company of a path that has one whose host name leads here.
    pub async fn nearest_portal(&self, path: &[CompanyId]) -> Result<Option<Portal>, StoreError> {
        let is_open = |portal: &Portal| portal.details.status() == PortalStatus::Active;
        for id in path.iter().rev() {
            let portals = self.all_things::<Portal>(id.as_str()).await?;
            if let Some(portal) = portals.into_iter().find(is_open) {
                return Ok(Some(portal));
            }
        }
        Ok(None)
    }
}
