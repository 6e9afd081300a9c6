//! The road from a request to a charged message, whatever a client speaks: what is wrong with it, where
//! its recipients are, what each level takes, over which connection it goes, and how it is charged when
//! there is little or much of it; and what messages from phones cost. No HTTP and no SMPP: [`SendError`] says what is wrong, and who uses
//! this says it in the client's words.

mod codes;
mod destinations;
mod error;
mod hot;
mod incoming;
mod lookup;
mod next_roads;
mod place;
mod plan;
mod rates;
mod routes;

pub use codes::{CodeNotSent, CodeToSend, send_code};
pub use error::SendError;
pub use hot::HotWallets;
pub use incoming::{leave_unpaid, settle_again, settle_incoming};
pub use lookup::Lookups;
pub use next_roads::NextRoads;
pub use place::place;
pub use plan::{Ask, Plan, Planner};
pub use rates::{are_in_force, levels};
pub use routes::{pick, roads};
