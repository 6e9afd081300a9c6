//! This design at low rates: a message is one transaction over its row and the sender's own wallet,
//! which carries escrow on the wallet above and is refilled there once in some hundred messages. The
//! steps are those of `store::accept` and `store::escrow`.

use domain::wallet::REFILL_SENDS;

use super::table::{ItemId, READ, Refused};
use super::world::{Client, Wallet, World};

/// As in `store::accept`.
const ROUNDS_MAX: u32 = 24;

pub async fn send(world: &World, client: &Client) -> Result<(), Refused> {
    let home = &client.home;
    let mut refilled = false;
    for _ in 0..ROUNDS_MAX {
        world.clock.sleep(READ).await;
        let written = if home.escrow.get() > 0 {
            world.table.transact(&[home.item], || home.take(1)).await
        } else if !refilled {
            refilled = true;
            refill(world, home, world.shared, u64::from(REFILL_SENDS) + 1).await?;
            continue;
        } else {
            // Exact mode: the wallet above is debited directly.
            world.table.transact(&[home.item, world.shared], || true).await
        };
        match written {
            // Others have spent it since it was read.
            Err(Refused::Condition) => {}
            answer => return answer,
        }
    }
    Err(Refused::Busy)
}

/// Sets `sends` aside for `holder` in the wallet above it, which always has them.
pub async fn refill(world: &World, holder: &Wallet, above: ItemId, sends: u64) -> Result<(), Refused> {
    let seen = holder.refills.get();
    world.clock.sleep(READ).await;
    let refilled = world.table.transact(&[above, holder.item], || holder.refill(seen, sends)).await;
    match refilled {
        // Another refill came first: the caller reads again.
        Err(Refused::Condition) => Ok(()),
        answer => answer,
    }
}
