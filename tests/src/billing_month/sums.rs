//! The four ways to the same number, for each wallet and for each currency: what the records of its messages
//! come to, their usage rows, the charges of all invoices, and what it was charged.

use std::collections::BTreeMap;
use std::fmt;

use domain::id::WalletId;
use domain::money::Amount;
use domain::period::Period;
use domain::reconcile::{Breach, SetAside, charges, check_balance};
use jiff::civil::date;
use store::{Store, WalletWithHolders};

use super::functions::Functions;
use super::parties::Parties;
use crate::world::Member;

pub(super) const EVER: Period = Period { first: date(2026, 1, 1), last: date(2027, 1, 1) };
/// Differences that are printed one by one.
const SHOWN_MAX: usize = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// Recounted from the records.
    pub records: Amount,
    pub usage: Amount,
    /// Of all invoices.
    pub charges: Amount,
    /// What was charged to them.
    pub wallets: Amount,
}

impl Sums {
    fn is_exact(&self) -> bool {
        [self.usage, self.charges, self.wallets] == [self.records; 3]
    }

    fn add(&mut self, other: &Self) -> anyhow::Result<()> {
        self.records = self.records.checked_add(other.records)?;
        self.usage = self.usage.checked_add(other.usage)?;
        self.charges = self.charges.checked_add(other.charges)?;
        self.wallets = self.wallets.checked_add(other.wallets)?;
        Ok(())
    }
}

#[derive(Debug, Default)]
pub struct Totals {
    pub by_currency: BTreeMap<&'static str, Sums>,
    /// That were recounted.
    pub records: u64,
    pub usage_rows: u64,
    /// Whose own sums differ, also where those of others make up for it.
    pub differing: Vec<(WalletId, Sums)>,
    /// That were added up: of agreements, and of users with credits of their own.
    pub wallets: u64,
    /// Usage rows that are not what their records come to.
    pub rows: Vec<String>,
    /// What else does not add up in the ledger.
    pub breaches: Vec<Breach>,
}

impl Totals {
    pub fn is_exact(&self) -> bool {
        self.differing.is_empty() && self.rows.is_empty() && self.breaches.is_empty()
    }
}

pub async fn add_up(parties: &Parties, functions: &Functions) -> anyhow::Result<Totals> {
    let store = &functions.store;
    let mut totals = Totals::default();
    for member in &parties.members {
        let usage = store.usage(&member.agreement.id, EVER).await?;
        let agreement = store.any_agreement(&member.agreement.id).await?;
        let agreement = agreement.ok_or_else(|| anyhow::anyhow!("an agreement is gone"))?;
        let recount = store.recount(&agreement, EVER).await?;
        totals.records += recount.records;
        totals.usage_rows += usage.len() as u64;
        totals.rows.extend(recount.differences(&usage).iter().map(ToString::to_string));
        let mut by_wallet: BTreeMap<WalletId, Sums> = BTreeMap::new();
        for (key, usage) in &recount.rows {
            add(&mut by_wallet, &key.wallet, |sums| &mut sums.records, usage.amount)?;
        }
        for (key, usage) in &usage {
            add(&mut by_wallet, &key.wallet, |sums| &mut sums.usage, usage.amount)?;
        }
        for charge in store.invoices_of(&agreement.id).await?.iter().flat_map(|invoice| &invoice.charges) {
            add(&mut by_wallet, &charge.group.wallet, |sums| &mut sums.charges, charge.net)?;
        }
        for (wallet, charged) in charged(store, member, &mut totals.breaches).await? {
            add(&mut by_wallet, &wallet, |sums| &mut sums.wallets, charged)?;
        }
        totals.wallets += by_wallet.len() as u64;
        for (wallet, sums) in by_wallet {
            totals.by_currency.entry(agreement.currency.code()).or_default().add(&sums)?;
            if !sums.is_exact() {
                totals.differing.push((wallet, sums));
            }
        }
    }
    Ok(totals)
}

fn add(
    by_wallet: &mut BTreeMap<WalletId, Sums>,
    wallet: &WalletId,
    of: impl Fn(&mut Sums) -> &mut Amount,
    amount: Amount,
) -> anyhow::Result<()> {
    let sum = of(by_wallet.entry(wallet.clone()).or_default());
    *sum = sum.checked_add(amount)?;
    Ok(())
}

/// What each wallet of an agreement was charged; and whether their other numbers agree. A lease charges what
/// it is a lease on.
async fn charged(
    store: &Store,
    member: &Member,
    breaches: &mut Vec<Breach>,
) -> anyhow::Result<Vec<(WalletId, Amount)>> {
    let main = read(store, &member.wallet).await?;
    let own: Vec<_> =
        main.holders.iter().filter(|holder| holder.agreement == member.agreement.id).cloned().collect();
    let mut wallets = vec![main];
    for holder in own {
        wallets.push(read(store, &holder.id).await?);
    }
    let mut charged = Vec::new();
    for WalletWithHolders { wallet, holders } in &wallets {
        let sum = charges(wallet, holders)?;
        if wallet.lease.is_none() || !sum.is_zero() {
            charged.push((wallet.id.clone(), sum));
        }
        breaches.extend(check_balance(wallet)?);
        breaches.extend(SetAside::of(wallet, holders)?.check()?);
        if wallet.lease.is_none() {
            let sums = store.statement_sums(wallet).await?;
            let sums = sums.ok_or_else(|| anyhow::anyhow!("the statement of {} is behind", wallet.id))?;
            let effects = store.effects(&wallet.id, sums.references()).await?;
            breaches.extend(sums.check(wallet, &effects)?);
        }
    }
    Ok(charged)
}

async fn read(store: &Store, id: &WalletId) -> anyhow::Result<WalletWithHolders> {
    store.wallet_with_holders(id).await?.ok_or_else(|| anyhow::anyhow!("there is no {id}"))
}

impl fmt::Display for Totals {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{} records recounted, {} usage rows", self.records, self.usage_rows)?;
        for (currency, sums) in &self.by_currency {
            let Sums { records, usage, charges, wallets } = sums;
            writeln!(out, "{currency:<8} {:>22} {:>22}", "total", "less the records")?;
            for (name, total) in
                [("records", records), ("usage", usage), ("charges", charges), ("wallets", wallets)]
            {
                let less = total.checked_sub(*records).map_err(|_| fmt::Error)?;
                writeln!(out, "  {name:<8} {:>20} {:>22}", total.to_string(), less.to_string())?;
            }
        }
        for (wallet, sums) in self.differing.iter().take(SHOWN_MAX) {
            let Sums { records, usage, charges, wallets } = sums;
            writeln!(
                out,
                "{wallet}: records {records}, usage {usage}, charges {charges}, wallets {wallets}"
            )?;
        }
        for row in self.rows.iter().take(SHOWN_MAX) {
            writeln!(out, "{row}")?;
        }
        for breach in self.breaches.iter().take(SHOWN_MAX) {
            writeln!(out, "{breach}")?;
        }
        let (differing, rows, breaches) = (self.differing.len(), self.rows.len(), self.breaches.len());
        writeln!(
            out,
            "of {} wallets {differing} differ, {rows} usage rows and {breaches} other numbers of wallets",
            self.wallets
        )
    }
}
