//! Recounts a month's usage from the records of messages and fees, and says where the usage rows differ.
//! Fails if they do anywhere. It only reads.

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use domain::agreement::Agreement;
use domain::id::AgreementId;
use domain::money::Amount;
use domain::period::Period;
use jiff::civil::{Date, date};
use runtime::config::Aws;
use store::{Store, Tables};

/// Agreements read at once.
const PAGE: usize = 100;

/// Recount a month's usage from its records, and compare it with the usage rows.
#[derive(Parser)]
struct Ask {
    /// This agreement alone, by its id; without it all of them.
    #[arg(long, value_parser = parse_agreement)]
    agreement: Option<AgreementId>,
    /// The calendar month, such as 2026-03, in each agreement's own time zone; the present one unless told.
    #[arg(long, value_parser = parse_month)]
    month: Option<Period>,
    /// The stack's name, from which the tables have theirs. Without it the names come from the
    /// environment, as the functions have them.
    #[arg(long)]
    stack: Option<String>,
}

fn parse_agreement(text: &str) -> Result<AgreementId, String> {
    AgreementId::parse(text).map_err(|_| "not the id of an agreement".to_owned())
}

fn parse_month(text: &str) -> Result<Period, String> {
    let first: Date = format!("{text}-01").parse().map_err(|_| "a month is written as 2026-03".to_owned())?;
    Ok(month_of(first))
}

fn month_of(day: Date) -> Period {
    Period { first: date(day.year(), day.month(), 1), last: day.last_of_month() }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Ask::parse()).await {
        Ok(0) => ExitCode::SUCCESS,
        Ok(differences) => {
            eprintln!("recount: {differences} usage rows differ from their records");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("recount: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// How many rows differ.
async fn run(ask: Ask) -> anyhow::Result<usize> {
    let aws = Aws::load().await;
    let store = match &ask.stack {
        Some(stack) => aws.store_of(Tables::of_stack(stack)),
        None => aws.store()?,
    };
    let ids = match ask.agreement {
        Some(agreement) => vec![agreement],
        None => store.all_agreements().await?,
    };
    let mut differences = 0;
    for some in ids.chunks(PAGE) {
        let found = store.agreements(some).await?;
        anyhow::ensure!(found.len() == some.len(), "there is no such agreement");
        for agreement in found {
            let today = agreement.version_at(runtime::now()).billing.day_of(runtime::now());
            let month = ask.month.unwrap_or_else(|| month_of(today));
            differences += recount(&store, &agreement, month)
                .await
                .with_context(|| format!("{} was not recounted", agreement.id))?;
        }
    }
    Ok(differences)
}

async fn recount(store: &Store, agreement: &Agreement, month: Period) -> anyhow::Result<usize> {
    let counted = store.usage(&agreement.id, month).await?;
    let recount = store.recount(agreement, month).await?;
    let differences = recount.differences(&counted);
    let total = Amount::checked_sum(counted.iter().map(|(_, usage)| usage.amount))?;
    println!(
        "{} {month}: {} records come to {} {}, {} usage rows to {total}; {} rows differ",
        agreement.id,
        recount.records,
        recount.total()?,
        agreement.currency,
        counted.len(),
        differences.len(),
    );
    for difference in &differences {
        println!("  {difference}");
    }
    Ok(differences.len())
}
