//! Links from clients: what they order is charged and stored before it is answered.
//!
//! [`listener`] accepts, [`login`] says who may bind, [`register`] how often, [`session`] serves a bind,
//! [`order`] reads what it submits, [`intake`] charges it and [`answers`] says what it is told.
//! [`deliveries`] gives its receivers what is there for them.

pub mod account;
mod accounts;
mod answers;
pub mod deliveries;
pub mod doors;
pub mod figures;
pub mod intake;
pub mod listener;
mod login;
mod order;
mod proxy;
mod queries;
mod register;
mod session;
mod source;
pub mod tls;

use runtime::password::PasswordError;
use store::Store;

use crate::Gateway;
use deliveries::Deliveries;
use figures::ClientBoard;
use intake::Intake;
use login::Login;
use register::Register;

/// Our name in the answer to a bind.
const SYSTEM_ID: &str = "waybill";

/// Serves the clients that come in at this process's doors.
pub struct Clients {
    store: Store,
    login: Login,
    register: Register,
    intake: Intake,
    deliveries: Deliveries,
    figures: ClientBoard,
}

impl Clients {
    /// For the process of this gateway, under whose lease the binds are counted.
    pub fn new(gateway: &Gateway, intake: Intake, deliveries: Deliveries) -> Result<Self, PasswordError> {
        let store = gateway.store.clone();
        Ok(Self {
            login: Login::new(store.clone(), gateway.board())?,
            register: Register::new(store.clone(), gateway.board()),
            figures: gateway.board.clients(),
            store,
            intake,
            deliveries,
        })
    }
}
