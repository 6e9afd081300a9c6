//! Whether a company may be deleted: nobody below it, no money, nothing that is still to be invoiced, no fee
//! that goes on, nothing that messages take.

use domain::agreement::Agreement;
use domain::catalog::Thing;
use domain::company::{Company, CompanyAssets, plan_delete};
use domain::connection::Connection;
use domain::id::CompanyId;
use domain::invoice::{Invoice, InvoiceStatus};
use domain::sender::Sender;
use domain::wallet::Wallet;
use runtime::auth::Principal;
use store::{Ask, Written};

use crate::App;
use crate::error::{ApiError, busy};
use crate::routes::records;

/// In each round either the company is deleted, or something of it has changed meanwhile.
const ROUNDS_MAX: u32 = 4;

/// The company as it is when it is deleted.
pub async fn delete(app: &App, who: &Principal, company: &Company) -> Result<Company, ApiError> {
    for _ in 0..ROUNDS_MAX {
        let (assets, wallets, agreements) = assets(app, company).await?;
        let deleted = plan_delete(company, &who.company.id, &assets, runtime::now())?;
        let act = who.act(&company.path);
        match app.store.delete_company(&act, company, &deleted, &wallets, agreements).await? {
            Written::Now => return Ok(deleted),
            Written::Overtaken | Written::Taken => {}
        }
    }
    Err(busy())
}

/// What hangs off a company, its wallets, and the number of its agreements.
async fn assets(app: &App, company: &Company) -> Result<(CompanyAssets, Vec<Wallet>, usize), ApiError> {
    let children = app.store.children(&company.id).await?;
    let mut assets = CompanyAssets {
        has_companies: children.iter().any(|child| !child.is_deleted()),
        ..CompanyAssets::default()
    };
    let mut wallets = Vec::new();
    let agreements = app.store.agreements_of(&company.id).await?;
    for agreement in &agreements {
        for (wallet, balance) in wallets_of(app, agreement).await? {
            if !balance.is_zero() || !wallet.allocated.is_zero() {
                assets.funded = Some(wallet.id.clone());
            }
            wallets.push(wallet);
        }
        let is_open = |invoice: &Invoice| invoice.status == InvoiceStatus::Draft;
        let mut invoices = app.store.invoices_of(&agreement.id).await?;
        invoices.retain(is_open);
        assets.open_invoice = assets.open_invoice.or_else(|| invoices.pop().map(|invoice| invoice.id));
        let rules = app.store.fee_rules(&agreement.id).await?;
        let running = rules.into_iter().find(|rule| rule.next.is_some());
        assets.fee_rule = assets.fee_rule.or_else(|| running.map(|rule| rule.id));
    }
    assets.used_by = match first_of::<Sender>(app, &company.id).await? {
        None => first_of::<Connection>(app, &company.id).await?,
        sender => sender,
    };
    Ok((assets, wallets, agreements.len()))
}

/// The first of a company's own things of this kind, by its id.
async fn first_of<T: Thing>(app: &App, company: &CompanyId) -> Result<Option<String>, ApiError> {
    let ask = Ask { list: company.to_string(), limit: 1, ..Ask::default() };
    let first = records::first(app, ask, |_: &T| true).await?;
    Ok(first.map(|thing| thing.id().to_owned()))
}

/// The wallets under an agreement, the main one first, each with its balance. What is set aside there and
/// not used comes back first.
pub async fn wallets_of(
    app: &App,
    agreement: &Agreement,
) -> Result<Vec<(Wallet, domain::money::Amount)>, ApiError> {
    let main = app.store.wallet(&agreement.wallet()).await?.ok_or_else(busy)?;
    app.store.free_headroom(&main).await?;
    // Read before those below it: whoever opens one of them from now on changes it.
    let main = app.store.wallet(&main.id).await?.ok_or_else(busy)?;
    let mut users = app.store.holders(&main.id).await?;
    users.retain(|holder| holder.agreement == agreement.id && holder.lease.is_none());
    let mut wallets = Vec::with_capacity(users.len() + 1);
    for wallet in [main].into_iter().chain(users) {
        let balance = app.store.balance(&wallet).await?;
        wallets.push((wallet, balance));
    }
    Ok(wallets)
}
