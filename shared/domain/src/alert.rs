//! Thresholds that a wallet crosses: each crossing is told once, and again only after it was crossed back.

use serde::{Deserialize, Serialize};

use crate::agreement::{Alerts, CreditLimit};
use crate::allowance::AllowanceId;
use crate::id::ServiceId;
use crate::money::{Amount, AmountError};
use crate::wallet::Wallet;

/// A bundle in force, as its agreement's main wallet counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedBundle {
    pub service: ServiceId,
    /// The recipients that it covers.
    pub allowance: AllowanceId,
    pub size: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Crossing {
    /// The balance fell below a threshold.
    Balance { threshold: Amount, balance: Amount },
    /// So much of the credit limit is used.
    CreditLimit { percent: u8, balance: Amount, credit_limit: Amount },
    /// So much of a bundle is used.
    Bundle { percent: u8, service: ServiceId, used: Amount, size: u32 },
}

impl Crossing {
    /// Tells the crossings of one write apart.
    pub fn name(&self) -> String {
        match self {
            Self::Balance { threshold, .. } => format!("balance {threshold}"),
            Self::CreditLimit { percent, .. } => format!("credit_limit {percent}"),
            Self::Bundle { percent, service, .. } => format!("bundle {service} {percent}"),
        }
    }
}

/// The thresholds that one write of a wallet crosses.
pub fn crossings(
    before: &Wallet,
    after: &Wallet,
    alerts: &Alerts,
    bundles: &[CountedBundle],
) -> Result<Vec<Crossing>, AmountError> {
    let (was, balance) = (before.posted_balance()?, after.posted_balance()?);
    let mut crossed = Vec::new();
    for threshold in alerts.balance.iter().copied() {
        if was >= threshold && balance < threshold {
            crossed.push(Crossing::Balance { threshold, balance });
        }
    }
    for percent in alerts.credit_limit_percent.iter().copied() {
        let (used_before, used) = (uses_limit(before, percent)?, uses_limit(after, percent)?);
        if !used_before && used {
            crossed.push(Crossing::CreditLimit { percent, balance, credit_limit: after.credit_limit });
        }
    }
    for bundle in bundles {
        let (was, used) = (before.gone(&bundle.allowance).drawn, after.gone(&bundle.allowance).drawn);
        for percent in alerts.bundle_percent.iter().copied() {
            let reaches = |used| reaches(used, percent, Amount::whole(bundle.size.into()));
            if !reaches(was)? && reaches(used)? {
                let service = bundle.service.clone();
                crossed.push(Crossing::Bundle { percent, service, used, size: bundle.size });
            }
        }
    }
    Ok(crossed)
}

fn uses_limit(wallet: &Wallet, percent: u8) -> Result<bool, AmountError> {
    let limited = wallet.credit_limit.is_positive() && wallet.credit_limit != CreditLimit::Unlimited.amount();
    let used = -wallet.posted_balance()?;
    Ok(limited && reaches(used, percent, wallet.credit_limit)?)
}

fn reaches(used: Amount, percent: u8, whole: Amount) -> Result<bool, AmountError> {
    Ok(used.checked_times(100)? >= whole.checked_times(percent.into())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::allowance::Gone;
    use crate::id::{AgreementId, CompanyId};
    use crate::money::Currency;

    fn wallet(balance: i64, limit: i64, members: i64) -> Wallet {
        let (id, limit) = (AgreementId::new(1), Amount::whole(limit));
        let mut wallet = Wallet::open(&id, &CompanyId::new(1), Currency::Credit, limit, vec![]);
        wallet.funding = Amount::whole(balance);
        let gone = Gone { drawn: Amount::whole(members), granted: Amount::ZERO };
        wallet.allowances.insert(bundle().allowance, gone);
        wallet
    }

    fn bundle() -> CountedBundle {
        let service = ServiceId::new(1);
        let allowance =
            AllowanceId::of_bundle(&AgreementId::new(1), &service, "covered", jiff::civil::date(2026, 11, 1));
        CountedBundle { service, allowance, size: 1_000 }
    }

    #[track_caller]
    fn check(before: Wallet, after: Wallet, expected: &[&str]) {
        let alerts = Alerts {
            balance: vec![Amount::whole(10), Amount::whole(50)],
            credit_limit_percent: vec![80],
            bundle_percent: vec![90, 100],
            ..Alerts::default()
        };
        let crossed = crossings(&before, &after, &alerts, &[bundle()]).unwrap();
        let names: Vec<_> = crossed.iter().map(Crossing::name).collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn a_balance_that_falls_below_a_threshold_crosses_it_once() {
        check(wallet(60, 0, 0), wallet(50, 0, 0), &[]);
        check(wallet(50, 0, 0), wallet(49, 0, 0), &["balance 50"]);
        check(wallet(49, 0, 0), wallet(20, 0, 0), &[]);
        check(wallet(60, 0, 0), wallet(5, 0, 0), &["balance 10", "balance 50"]);
        check(wallet(5, 0, 0), wallet(60, 0, 0), &[]);
    }

    #[test]
    fn a_part_of_the_credit_limit_is_crossed_by_use_and_by_a_cut() {
        check(wallet(-79, 100, 0), wallet(-80, 100, 0), &["credit_limit 80"]);
        check(wallet(-80, 100, 0), wallet(-90, 100, 0), &[]);
        check(wallet(-50, 100, 0), wallet(-50, 60, 0), &["credit_limit 80"]);
        check(wallet(-50, 0, 0), wallet(-60, 0, 0), &[]);
    }

    #[test]
    fn a_bundle_tells_when_it_is_nearly_and_when_it_is_fully_used() {
        let members =
            Crossing::Bundle { percent: 90, service: ServiceId::new(1), used: Amount::ZERO, size: 0 };
        check(wallet(0, 0, 899), wallet(0, 0, 900), &[&members.name()]);
        let (nearly, full) = (members.name(), members.name().replace(" 90", " 100"));
        check(wallet(0, 0, 0), wallet(0, 0, 1_000), &[&nearly, &full]);
    }
}
