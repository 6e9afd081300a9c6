//! The paper behind an agreement: legal entities and bank accounts of both sides, from their ids.

use domain::agreement::Parties;
use domain::bank_account::{BankAccount, OwnBankAccount};
use domain::catalog::Thing;
use domain::id::{BankAccountId, CompanyId};
use domain::legal_entity::{LegalEntity, OwnLegalEntity};
use jiff::civil::Date;
use runtime::auth::Principal;
use runtime::http::Problem;

use crate::App;
use crate::error::ApiError;

/// What is named; null empties.
#[derive(Debug, Default)]
pub struct PartiesBody {
    pub legal_entity: Option<Option<String>>,
    pub own_legal_entity: Option<Option<String>>,
    pub bank_account: Option<Option<String>>,
    pub own_bank_account: Option<Option<String>>,
    pub agreement_date: Option<Option<Date>>,
}

impl PartiesBody {
    /// What was there with what is named in its place.
    pub async fn read(
        self,
        app: &App,
        who: &Principal,
        company: &CompanyId,
        tenant: &CompanyId,
        before: Parties,
    ) -> Result<Parties, ApiError> {
        let mut parties = before;
        if let Some(id) = self.legal_entity {
            let found = thing_of::<LegalEntity>(app, who, company, "legal_entity", id).await?;
            parties.legal_entity = found.map(|entity| entity.id);
        }
        if let Some(id) = self.own_legal_entity {
            let found = thing_of::<OwnLegalEntity>(app, who, tenant, "own_legal_entity", id).await?;
            parties.own_legal_entity = found.map(|entity| entity.id);
        }
        if let Some(id) = self.bank_account {
            let found = thing_of::<BankAccount>(app, who, company, "bank_account", id).await?;
            parties.bank_account = found.map(|account: BankAccount| -> BankAccountId { account.id });
        }
        if let Some(id) = self.own_bank_account {
            let found = thing_of::<OwnBankAccount>(app, who, tenant, "own_bank_account", id).await?;
            parties.own_bank_account = found.map(|account| account.id);
        }
        parties.agreement_date = self.agreement_date.unwrap_or(parties.agreement_date);
        Ok(parties)
    }
}

/// Something that the caller sees and that belongs to this company.
async fn thing_of<T: Thing>(
    app: &App,
    who: &Principal,
    owner: &CompanyId,
    field: &str,
    id: Option<String>,
) -> Result<Option<T>, ApiError> {
    let Some(id) = id else { return Ok(None) };
    let (thing, company) = app.seen_by(who).thing::<T>(&id).await.map_err(|error| error.field(field))?;
    if company.id != *owner {
        return Err(Problem::invalid(field, format!("it must be one of {owner}")).into());
    }
    Ok(Some(thing))
}
