//! One bind of a connection: it is bound whenever the vendor lets us, and bound again after a loss, each
//! by its own back-off. What it delivers is passed on; what is submitted over it is not its business.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use domain::connection::{Binds, SmppLink};
use smpp::BindMode;
use smpp::esme::{Inbound, Session};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tracing::{error, info, warn};

use crate::chain;
use crate::vendor::bind::{self, Binder, NotBound};
use crate::vendor::deliveries;
use crate::vendor::lane::Lane;

/// A link that lived so long was a good one, and its loss is the first failure.
const GOOD_LINK: Duration = Duration::from_secs(30);
const UNBIND_MAX: Duration = Duration::from_secs(3);

/// How a bind is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Farewell {
    NotYet,
    /// In good order.
    Unbind,
    /// At once: what has no answer is in doubt.
    Abort,
}

/// What keeps one bind up.
pub struct Keeper {
    lane: Arc<Lane>,
    binder: Binder,
    /// As the status page and the logs have it.
    name: String,
    failures: u32,
    up: Option<(Session, Inbound)>,
}

impl Keeper {
    /// `number` is its place among those of its mode.
    pub fn new(lane: Arc<Lane>, binder: Binder, number: u8) -> Self {
        let name = format!("{} {number}", mode_name(binder.mode));
        Self { lane, binder, name, failures: 0, up: None }
    }

    /// Runs until it is told how to end.
    pub async fn run(mut self, mut farewell: watch::Receiver<Farewell>) {
        let told = tokio::select! {
            never = self.keep_up() => match never {},
            told = farewell.wait_for(|farewell| *farewell != Farewell::NotYet) => {
                told.map_or(Farewell::Abort, |farewell| *farewell)
            }
        };
        let Some((session, _inbound)) = self.up.take() else { return };
        if told == Farewell::Abort {
            return session.abort();
        }
        let reason = timeout(UNBIND_MAX, session.unbind()).await.ok();
        info!(connection = %self.lane.connection, bind = self.name, ?reason, "unbound");
    }

    async fn keep_up(&mut self) -> Infallible {
        loop {
            let pause = match self.binder.once().await {
                Ok((session, inbound)) => self.serve(session, inbound).await,
                Err(error) => self.not_bound(error),
            };
            sleep(pause).await;
        }
    }

    /// Serves a link to its end. Returns how long to wait after that.
    async fn serve(&mut self, session: Session, inbound: Inbound) -> Duration {
        let since = Instant::now();
        info!(connection = %self.lane.connection, bind = self.name, "bound");
        if !session.knows_parameters() {
            warn!(
                connection = %self.lane.connection, bind = self.name,
                "it says a version before 3.4, and so gets no optional parameters; bound as 3.4 it would"
            );
        }
        self.lane.figures.bound(&self.name);
        if self.binder.mode.can_submit() {
            self.lane.sessions.add(session.clone());
        }
        let (_, inbound) = self.up.insert((session.clone(), inbound));
        while let Some(delivery) = inbound.next().await {
            // As many at a time as the session's inbound window has.
            deliveries::pass_on(&self.lane, delivery);
        }
        self.up = None;
        let reason = session.closed().await; // at once, since nothing comes in any more
        self.lane.sessions.forget_closed();
        if GOOD_LINK <= since.elapsed() {
            self.failures = 0;
        }
        let pause = self.pause(false);
        self.lane.figures.lost(&self.name, &format!("the link is lost: {reason:?}"));
        warn!(
            connection = %self.lane.connection, bind = self.name, ?reason, pause_ms = pause.as_millis(),
            "the link is lost"
        );
        pause
    }

    fn not_bound(&mut self, not_bound: NotBound) -> Duration {
        let is_refusal = not_bound.is_refusal();
        let pause = self.pause(is_refusal);
        let (connection, pause_ms) = (&self.lane.connection, pause.as_millis());
        let error = chain(not_bound);
        self.lane.figures.lost(&self.name, &error);
        if is_refusal {
            error!(%connection, bind = self.name, pause_ms, error, "not bound, somebody has to look at the settings");
        } else {
            warn!(%connection, bind = self.name, pause_ms, error, "not bound");
        }
        pause
    }

    fn pause(&mut self, is_refusal: bool) -> Duration {
        self.failures = self.failures.saturating_add(1);
        bind::back_off(self.failures, is_refusal)
    }
}

/// The binds that a link wants: the mode of each, and its number among those of its mode.
pub fn wanted(link: &SmppLink) -> impl Iterator<Item = (BindMode, u8)> + use<> {
    let Binds { transceivers, transmitters, receivers } = link.binds;
    let of_mode = |(mode, count): (BindMode, u8)| (1..=count).map(move |number| (mode, number));
    let counts = [
        (BindMode::Transceiver, transceivers),
        (BindMode::Transmitter, transmitters),
        (BindMode::Receiver, receivers),
    ];
    counts.into_iter().flat_map(of_mode)
}

fn mode_name(mode: BindMode) -> &'static str {
    match mode {
        BindMode::Transceiver => "transceiver",
        BindMode::Transmitter => "transmitter",
        BindMode::Receiver => "receiver",
    }
}
