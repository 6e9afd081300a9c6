//! Prices that were wrong all month and are corrected afterwards: everything is rated again, and rated once
//! more to see that nothing changes then.

use std::fmt;
use std::time::{Duration, Instant};

use domain::id::RerateId;
use domain::rating::CompiledTree;
use domain::record::Hand;
use domain::rerate::{NewRerate, Rerate, Status, plan_rerate};
use jiff::Timestamp;
use queue::Billing;
use rand::RngExt;
use rand::rngs::StdRng;
use store::Written;

use super::closing::work_off;
use super::functions::Functions;
use super::parties::{Parties, tree};
use super::{DAYS, MONTH, days};
use crate::edits::act_at;
use crate::world::Member;

#[derive(Debug, Clone, Copy, Default)]
pub struct Rerated {
    /// Tasks, each of which was done twice.
    pub tasks: u64,
    pub first: Pass,
    /// Changes nothing.
    pub second: Pass,
}

/// What some tasks did, all for the first or all for the second time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pass {
    /// Records: of a message one for each level.
    pub processed: u64,
    pub updated: u64,
    pub took: Duration,
}

impl fmt::Display for Rerated {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tasks, first, second } = self;
        let (took, took_again) = (first.took.as_secs_f64(), second.took.as_secs_f64());
        write!(
            out,
            "rerate of {} records by {tasks} tasks: the first pass changed {} in {took:.1} s, the second {} in \
             {took_again:.1} s",
            first.processed, first.updated, second.updated
        )
    }
}

impl Rerated {
    /// Corrects the prices of one in so many agreements and rates the whole month again under them, twice.
    pub async fn correct(
        &mut self,
        parties: &Parties,
        functions: &Functions,
        now: Timestamp,
        one_in: u32,
        random: &mut StdRng,
    ) -> anyhow::Result<()> {
        let mut wrong = Vec::new();
        for place in &parties.flat {
            if random.random_ratio(1, one_in) {
                let member = &parties.members[*place];
                correct(member, functions, now, random).await?;
                wrong.push(member);
            }
        }
        if wrong.is_empty() {
            return Ok(());
        }
        self.tasks += 1;
        self.first.rate(parties, functions, &wrong, now).await?;
        self.second.rate(parties, functions, &wrong, now).await
    }
}

impl Pass {
    async fn rate(
        &mut self,
        parties: &Parties,
        functions: &Functions,
        wrong: &[&Member],
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let began = Instant::now();
        let id = RerateId::new(parties.world.unique());
        let by = Hand { name: "manager", now };
        let owner = &parties.world.owner.company;
        let ask = NewRerate {
            id: id.clone(),
            company: owner.id.clone(),
            from: MONTH - days(1),
            till: MONTH + days(DAYS + 1),
            companies: wrong.iter().map(|member| member.company.id.clone()).collect(),
            agreements: wrong.iter().map(|member| member.agreement.id.clone()).collect(),
            channels: Vec::new(),
            dry_run: false,
            scheduled_for: None,
            estimated: 0,
        };
        let (store, act) = (&functions.store, act_at(&owner.path, now));
        let draft = plan_rerate(ask, by)?;
        anyhow::ensure!(store.create(&act, &draft).await? == Written::Now, "a task is new");
        let started = draft.start(by)?;
        anyhow::ensure!(
            store.replace(&act, &draft, &started).await? == Written::Now,
            "nobody else starts it"
        );
        functions.closer.billing.send(&Billing::RerateV1 { task: id.clone() }).await?;
        work_off(functions, now).await?;
        let task: Option<Rerate> = store.thing(id.as_str()).await?;
        anyhow::ensure!(task.is_some_and(|task| task.status == Status::Complete), "a task did not end");
        let progress = store.rerate_progress(&id).await?;
        self.took += began.elapsed();
        self.processed += progress.edrs.processed + progress.reseller_records.processed;
        let differences = store.rerate_differences(&id).await?;
        self.updated += differences.iter().map(|difference| difference.records).sum::<u64>();
        Ok(())
    }
}

/// Puts other prices in the place of those that were in force since the beginning.
async fn correct(
    member: &Member,
    functions: &Functions,
    now: Timestamp,
    random: &mut StdRng,
) -> anyhow::Result<()> {
    let store = &functions.store;
    let service = member.agreement.services.last().map(|enabled| enabled.service.clone());
    let services = store.services(service.as_slice()).await?;
    let before = services.first().ok_or_else(|| anyhow::anyhow!("there is no service"))?;
    let after = before.clone().with_tree(1, true)?;
    let tree = CompiledTree::compile(&tree(false, random))?;
    let seller = store.any_company(&before.company).await?;
    let seller = seller.ok_or_else(|| anyhow::anyhow!("the seller is gone"))?;
    store.replace_service(&act_at(&seller.path, now), before, &after, Some(&tree)).await?;
    Ok(())
}
