//! What a caller can find. Handlers get things by their ids through here and nowhere else, so an id from
//! outside the caller's subtree reads as not found, as does a text that is no id at all.

use domain::agreement::Agreement;
use domain::audit::Act;
use domain::bank_account::Bank;
use domain::catalog::Thing;
use domain::company::{Company, Subtree};
use domain::connection::Connection;
use domain::id::{
    AgreementId, CompanyId, ConnectionId, InvoiceId, PaymentId, RoleId, ServiceId, TopUpId, TransferId,
    UserId, WalletId,
};
use domain::invoice::{Invoice, InvoiceStatus};
use domain::payment::Payment;
use domain::rating::Service;
use domain::role::Role;
use domain::top_up::TopUp;
use domain::transfer::Transfer;
use domain::user::User;
use domain::wallet::Wallet;
use runtime::auth::Principal;
use runtime::http::Problem;
use store::Store;

use crate::App;
use crate::error::ApiError;
use crate::rights::{is_tenant_side, sees_wallets};

/// No id is longer; the database refuses keys that are much longer.
const ID_LENGTH_MAX: usize = 100;

/// The platform as one caller sees it.
pub struct Seen<'a> {
    store: &'a Store,
    who: &'a Principal,
    scope: Subtree,
}

impl App {
    pub fn seen_by<'a>(&'a self, who: &'a Principal) -> Seen<'a> {
        Seen { store: &self.store, who, scope: who.scope() }
    }
}

impl Seen<'_> {
    pub async fn company(&self, id: &str) -> Result<Company, ApiError> {
        let Ok(id) = CompanyId::parse(id) else { return Err(missing("company")) };
        self.store.company(&self.scope, &id).await?.ok_or_else(|| missing("company"))
    }

    /// The named company, or the caller's own.
    pub async fn company_or_own(&self, id: Option<&str>) -> Result<Company, ApiError> {
        match id {
            Some(id) => self.company(id).await,
            None => Ok(self.who.company.clone()),
        }
    }

    /// Something that people edit, with the company in whose list it stands.
    pub async fn thing<T: Thing>(&self, id: &str) -> Result<(T, Company), ApiError> {
        let none = || missing(&T::NOUN.replace('_', " "));
        if ID_LENGTH_MAX < id.len() {
            return Err(none());
        }
        let thing = self.store.thing::<T>(id).await?.ok_or_else(none)?;
        let owner = thing.lists().first().and_then(|list| CompanyId::parse(list).ok()).ok_or_else(none)?;
        let company = self.store.company(&self.scope, &owner).await?;
        company.map(|company| (thing, company)).ok_or_else(none)
    }

    /// A bank of the caller's subtree, or of a company above, which shares its banks downwards.
    pub async fn bank(&self, id: &str) -> Result<Bank, ApiError> {
        if ID_LENGTH_MAX < id.len() {
            return Err(missing("bank"));
        }
        let bank = self.store.thing::<Bank>(id).await?.ok_or_else(|| missing("bank"))?;
        let from_above = self.who.company.path.contains(&bank.company);
        if from_above || self.store.company(&self.scope, &bank.company).await?.is_some() {
            return Ok(bank);
        }
        Err(missing("bank"))
    }

    /// A user with their company.
    pub async fn user(&self, id: &str) -> Result<(User, Company), ApiError> {
        let Ok(id) = UserId::parse(id) else { return Err(missing("user")) };
        self.thing::<User>(id.as_str()).await
    }

    /// A role of a company that the caller sees, or one that is for the caller's own.
    pub async fn role(&self, id: &str) -> Result<Role, ApiError> {
        let Ok(id) = RoleId::parse(id) else { return Err(missing("role")) };
        let role = self.store.thing::<Role>(id.as_str()).await?.ok_or_else(|| missing("role"))?;
        let company = self.store.company(&self.scope, &role.company).await?;
        let seen = company.is_some() || role.is_for(&self.who.company.id);
        if seen { Ok(role) } else { Err(missing("role")) }
    }

    pub async fn agreement(&self, id: &str) -> Result<Agreement, ApiError> {
        let Ok(id) = AgreementId::parse(id) else { return Err(missing("agreement")) };
        self.store.agreement(&self.scope, &id).await?.ok_or_else(|| missing("agreement"))
    }

    pub async fn service(&self, id: &str) -> Result<Service, ApiError> {
        let Ok(id) = ServiceId::parse(id) else { return Err(missing("service")) };
        self.store.service(&self.scope, &id).await?.ok_or_else(|| missing("service"))
    }

    pub async fn connection(&self, id: &str) -> Result<Connection, ApiError> {
        let Ok(id) = ConnectionId::parse(id) else { return Err(missing("connection")) };
        self.store.connection(&self.scope, &id).await?.ok_or_else(|| missing("connection"))
    }

    pub async fn sees_connection(&self, id: &ConnectionId) -> Result<bool, ApiError> {
        Ok(self.store.connection(&self.scope, id).await?.is_some())
    }

    /// The caller does something now to what belongs to a company inside the subtree.
    pub async fn act_on(&self, company: &CompanyId) -> Result<Act, ApiError> {
        if *company == self.who.company.id {
            return Ok(self.who.act(&self.who.company.path));
        }
        let company = self.store.company(&self.scope, company).await?.ok_or_else(|| missing("company"))?;
        Ok(self.who.act(&company.path))
    }

    /// A wallet with its company. Whose roles show them no wallets sees the own ones.
    pub async fn wallet(&self, id: &str) -> Result<(Wallet, Company), ApiError> {
        let Ok(id) = WalletId::parse(id) else { return Err(missing("wallet")) };
        self.wallet_by_id(&id).await?.ok_or_else(|| missing("wallet"))
    }

    /// A wallet that the caller may give credits to: any of the own company, and all that are seen.
    pub async fn wallet_to_give(&self, id: &str) -> Result<(Wallet, Company), ApiError> {
        let Ok(id) = WalletId::parse(id) else { return Err(missing("wallet")) };
        let found = self.any_wallet(&id).await?;
        let is_known = |(wallet, company): &(Wallet, Company)| {
            company.id == self.who.company.id || self.shows_wallet(wallet)
        };
        found.filter(is_known).ok_or_else(|| missing("wallet"))
    }

    async fn wallet_by_id(&self, id: &WalletId) -> Result<Option<(Wallet, Company)>, ApiError> {
        Ok(self.any_wallet(id).await?.filter(|(wallet, _)| self.shows_wallet(wallet)))
    }

    /// Any wallet inside the caller's subtree. A lease is no wallet that anybody knows of.
    async fn any_wallet(&self, id: &WalletId) -> Result<Option<(Wallet, Company)>, ApiError> {
        let wallet = self.store.wallet(id).await?.filter(|wallet| wallet.lease.is_none());
        let Some(wallet) = wallet else { return Ok(None) };
        let company = self.store.company(&self.scope, &wallet.company).await?;
        Ok(company.map(|company| (wallet, company)))
    }

    pub fn shows_wallet(&self, wallet: &Wallet) -> bool {
        sees_wallets(self.who, &wallet.company) || self.is_own(wallet)
    }

    /// The caller's own: a person's.
    pub fn is_own(&self, wallet: &Wallet) -> bool {
        let user = self.who.user.as_ref();
        user.is_some_and(|user| wallet.id == WalletId::of_user(&wallet.agreement, &user.id))
    }

    /// A transfer from or to a wallet that the caller sees.
    pub async fn transfer(&self, id: &str) -> Result<Transfer, ApiError> {
        let Ok(id) = TransferId::parse(id) else { return Err(missing("transfer")) };
        let transfer = self.store.transfer(&id).await?.ok_or_else(|| missing("transfer"))?;
        let seen = self.wallet_by_id(&transfer.from).await?.is_some()
            || self.wallet_by_id(&transfer.to).await?.is_some();
        if seen { Ok(transfer) } else { Err(missing("transfer")) }
    }

    pub async fn payment(&self, id: &str) -> Result<Payment, ApiError> {
        let Ok(id) = PaymentId::parse(id) else { return Err(missing("payment")) };
        let payment = self.store.payment(&id).await?.ok_or_else(|| missing("payment"))?;
        let company = self.store.company(&self.scope, &payment.company).await?;
        company.map(|_| payment).ok_or_else(|| missing("payment"))
    }

    pub async fn top_up(&self, id: &str) -> Result<TopUp, ApiError> {
        let Ok(id) = TopUpId::parse(id) else { return Err(missing("top-up")) };
        let top_up = self.store.top_up(&id).await?.ok_or_else(|| missing("top-up"))?;
        let company = self.store.company(&self.scope, &top_up.company).await?;
        company.map(|_| top_up).ok_or_else(|| missing("top-up"))
    }

    pub async fn invoice(&self, id: &str) -> Result<Invoice, ApiError> {
        let Ok(id) = InvoiceId::parse(id) else { return Err(missing("invoice")) };
        let invoice = self.store.invoice(&self.scope, &id).await?;
        invoice.filter(|invoice| self.shows(invoice)).ok_or_else(|| missing("invoice"))
    }

    /// The company that pays sees an invoice with its charges once it is confirmed, unless its tenant shows
    /// it none; until then it is its tenant's work.
    pub fn shows(&self, invoice: &Invoice) -> bool {
        let is_shown_to_payer =
            invoice.status == InvoiceStatus::Confirmed && self.who.company.settings.invoices_enabled;
        is_shown_to_payer || is_tenant_side(self.who, &invoice.company, &invoice.tenant)
    }
}

fn missing(noun: &str) -> ApiError {
    Problem::not_found(noun).into()
}
