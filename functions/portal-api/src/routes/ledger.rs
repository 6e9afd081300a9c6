//! The ledger of an agreement: what its wallet has, what of it is set aside, and with whom.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::{Path, State};
use domain::agreement::CreditLimit;
use domain::allowance::Pot;
use domain::id::WalletId;
use domain::lease::SLOTS;
use domain::permission::Area;
use domain::user::User;
use domain::wallet::{Wallet, WalletState};
use jiff::Timestamp;
use runtime::auth::Principal;
use serde::Serialize;
use utoipa::ToSchema;

use super::Reply;
use crate::App;
use crate::error::busy;
use crate::rights;

#[derive(Debug, Serialize, ToSchema)]
pub struct LedgerView {
    /// The main wallet of the agreement.
    wallet: String,
    /// What it counts in.
    currency: String,
    /// `open`, `draining` while a transfer takes all there is, or `suspended`.
    #[schema(example = "open")]
    state: String,
    /// Payments and transfers.
    funding: String,
    /// How far the balance may go below zero; null for no limit.
    credit_limit: Option<String>,
    /// What was charged and is settled. What `holders` have used comes on top.
    charged: String,
    /// What may still be spent or set aside; null for no limit.
    headroom: Option<String>,
    /// Set aside for `holders`: what they keep and have used together.
    allocated: String,
    /// Packs, tiers of scales and bundles.
    allowances: Vec<LedgerAllowanceView>,
    /// Who spends from this wallet without asking it each time.
    holders: Vec<LedgerHolderView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LedgerAllowanceView {
    /// Its id.
    id: String,
    /// Units taken or set aside.
    drawn: String,
    /// Of that, set aside for holders.
    granted: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LedgerHolderView {
    /// The wallet that holds it.
    wallet: String,
    /// The company it belongs to.
    company: String,
    /// The user whose wallet it is; null for a main wallet and for a lease.
    user: Option<String>,
    /// How a process that sends much spends from another wallet; null for others.
    lease: Option<LeaseView>,
    /// What it holds, money first.
    held: Vec<HeldView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LeaseView {
    /// The wallet that it spends from.
    home: String,
    /// Its number among the leases of that wallet, from 0.
    slot: Option<u16>,
    /// Whether somebody holds it now. One that nobody holds has nothing set aside.
    open: bool,
    /// When it may be taken back from its holder.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct HeldView {
    /// The allowance whose units these are; null for money.
    allowance: Option<String>,
    /// What it may still spend.
    escrow: String,
    /// What it has spent and not settled yet.
    used: String,
}

impl LedgerView {
    fn new(wallet: Wallet, holders: Vec<LedgerHolderView>) -> Self {
        let limited = wallet.credit_limit != CreditLimit::Unlimited.amount();
        let allowances = wallet.allowances.iter().map(|(id, gone)| LedgerAllowanceView {
            id: id.as_str().to_owned(),
            drawn: gone.drawn.to_string(),
            granted: gone.granted.to_string(),
        });
        Self {
            allowances: allowances.collect(),
            state: state_name(&wallet.state).to_owned(),
            funding: wallet.funding.to_string(),
            credit_limit: limited.then(|| wallet.credit_limit.to_string()),
            charged: wallet.charged.to_string(),
            headroom: limited.then(|| wallet.headroom.to_string()),
            allocated: wallet.allocated.to_string(),
            currency: wallet.currency.to_string(),
            wallet: wallet.id.into(),
            holders,
        }
    }
}

impl LedgerHolderView {
    fn new(holder: Wallet, owner: &WalletId, users: &BTreeMap<WalletId, User>) -> Self {
        let pots: BTreeSet<&Pot> = holder.escrow.keys().chain(holder.used.keys()).collect();
        let held = pots.into_iter().filter(|pot| pot.wallet == *owner).map(|pot| HeldView {
            allowance: pot.allowance.as_ref().map(|allowance| allowance.as_str().to_owned()),
            escrow: holder.escrow_on(pot).to_string(),
            used: holder.used_of(pot).to_string(),
        });
        Self {
            held: held.collect(),
            user: users.get(&holder.id).map(|user| user.id.to_string()),
            lease: lease(&holder),
            wallet: holder.id.into(),
            company: holder.company.into(),
        }
    }
}

fn lease(holder: &Wallet) -> Option<LeaseView> {
    let (lease, home) = (holder.lease.as_ref()?, holder.above.first()?);
    Some(LeaseView {
        home: home.to_string(),
        slot: (0..SLOTS).find(|slot| WalletId::of_lease(home, *slot) == holder.id),
        open: holder.state != WalletState::Closed,
        expires_at: lease.expires_at,
    })
}

fn state_name(state: &WalletState) -> &'static str {
    match state {
        WalletState::Open => "open",
        WalletState::Draining { .. } => "draining",
        WalletState::Suspended => "suspended",
        WalletState::Closed => "closed",
    }
}

/// The ledger of an agreement.
///
/// Holders are the wallets of companies below and of users, and the leases of processes that send much.
/// They are read one after another while money moves, so that the sums may differ by what moved meanwhile.
#[utoipa::path(get, path = "/v1/agreements/{id}/ledger", tag = "agreements",
    params(("id" = String, Path, description = "The agreement's id")),
    responses((status = 200, description = "The main wallet with its holders as they are now", body = LedgerView)))]
pub async fn show(State(app): State<App>, who: Principal, Path(id): Path<String>) -> Reply<LedgerView> {
    let agreement = app.seen_by(&who).agreement(&id).await?;
    rights::view_own(&who, &agreement.company, Area::InvoicesAndCharges, Area::PortalFinance)?;
    let wallet = app.store.wallet(&agreement.wallet()).await?.ok_or_else(busy)?;
    let users = app.store.users(&agreement.company).await?.into_iter();
    let users = users.map(|user| (WalletId::of_user(&agreement.id, &user.id), user)).collect();
    let holders = app.store.holders(&wallet.id).await?;
    let holders = holders.into_iter().map(|holder| LedgerHolderView::new(holder, &wallet.id, &users));
    let holders = holders.collect();
    Ok(Json(LedgerView::new(wallet, holders)))
}
