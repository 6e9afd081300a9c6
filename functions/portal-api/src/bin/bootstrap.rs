//! Makes the owner company, its own agreements and its first API key on an empty deployment, once.

use std::process::ExitCode;

use clap::Parser;
use domain::money::Currency;
use portal_api::bootstrap::{BootstrapError, Owner, create_owner, open_house};
use runtime::config::Aws;
use store::{Store, Tables};

/// Makes the owner company of an empty deployment and prints, once, its API key.
#[derive(Parser)]
struct Ask {
    /// The owner's name.
    #[arg(long)]
    name: String,
    /// What the owner counts in: an ISO 4217 code.
    #[arg(long, value_parser = Currency::parse)]
    currency: Currency,
    /// Open an agreement in message credits as well.
    #[arg(long)]
    credits: bool,
    /// The stack's name, from which the tables have theirs. Without it the names come from the
    /// environment, as the functions have them.
    #[arg(long)]
    stack: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Ask::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bootstrap: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(ask: Ask) -> anyhow::Result<()> {
    let aws = Aws::load().await;
    let store = match &ask.stack {
        Some(stack) => aws.store_of(Tables::of_stack(stack)),
        None => aws.store()?,
    };
    let mut owner = create_owner(&store, &ask.name, runtime::now()).await?;
    let opened = open_houses(&store, &ask, &mut owner).await;
    // The key is printed in any case: there is no second chance to see it.
    println!("{}", serde_json::to_string_pretty(&owner)?);
    opened.map_err(|error| {
        let hint = "the owner exists; open its agreement with itself through POST /v1/agreements";
        anyhow::Error::new(error).context(hint)
    })
}

async fn open_houses(store: &Store, ask: &Ask, owner: &mut Owner) -> Result<(), BootstrapError> {
    owner.house = Some(open_house(store, &owner.company, ask.currency, runtime::now()).await?);
    if ask.credits && ask.currency != Currency::Credit {
        owner.credits = Some(open_house(store, &owner.company, Currency::Credit, runtime::now()).await?);
    }
    Ok(())
}
