//! Where the recipients of orders are. For companies that have a look-up the numbers of some milliseconds
//! are asked for together; those that would be too many at once go by the numbering plan.

use std::sync::Arc;
use std::time::Duration;

use domain::channel::Channel;
use domain::destination::{Destination, Msisdn, destination};
use domain::dictionary::Dictionaries;
use domain::id::ConnectionId;
use domain::lookup::Looked;
use sending::Lookups;
use store::Store;
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::ground::Ground;
use crate::client::account::Refusal;

/// Numbers are gathered for so long.
const GATHERED_FOR: Duration = Duration::from_millis(10);
/// Numbers that are asked for together; the vendor gets 50 of them at once.
const TOGETHER_MAX: usize = 100;
/// Such groups under way.
const GROUPS_MAX: usize = 16;
/// Numbers that wait to be asked for. At a vendor's usual 100 ms all of them take a few seconds.
const WAITING_MAX: usize = 2_000;

/// Finds recipients. It has a task, which ends when this is dropped.
pub struct Numbers {
    wanted: mpsc::Sender<Wanted>,
}

struct Wanted {
    number: Msisdn,
    connection: ConnectionId,
    dictionaries: Dictionaries,
    answer: oneshot::Sender<Option<Looked>>,
}

impl Numbers {
    pub fn new(store: Store, lookups: Lookups) -> Self {
        let (wanted, asked) = mpsc::channel(WAITING_MAX);
        tokio::spawn(gather(asked, Arc::new((store, lookups))));
        Self { wanted }
    }

    pub async fn find(&self, ground: &Ground, recipient: &str) -> Result<(Msisdn, Destination), Refusal> {
        let number = Msisdn::parse(recipient).map_err(|_| Refusal::BadRecipient)?;
        let planned = destination(&number, &ground.dictionaries).map_err(|_| Refusal::BadRecipient)?;
        let Some(lookup) = ground.company.lookup_of(Channel::Sms) else { return Ok((number, planned)) };
        let (answer, answered) = oneshot::channel();
        let (connection, dictionaries) = (lookup.connection.clone(), ground.dictionaries.clone());
        let wanted = Wanted { number: number.clone(), connection, dictionaries, answer };
        let looked = match self.wanted.try_send(wanted) {
            Ok(()) => answered.await.ok().flatten(),
            Err(_) => None,
        };
        let found = match looked {
            Some(Looked::In(mccmnc)) => planned.ported_to(&mccmnc, &ground.dictionaries),
            Some(Looked::AsPlanned) | None => planned,
        };
        Ok((number, found))
    }
}

async fn gather(mut asked: mpsc::Receiver<Wanted>, with: Arc<(Store, Lookups)>) {
    let groups = Arc::new(Semaphore::new(GROUPS_MAX));
    let mut wanted = Vec::new();
    while asked.recv_many(&mut wanted, TOGETHER_MAX).await > 0 {
        tokio::time::sleep(GATHERED_FOR).await;
        while wanted.len() < TOGETHER_MAX
            && let Ok(next) = asked.try_recv()
        {
            wanted.push(next);
        }
        while let Some(first) = wanted.first() {
            let connection = first.connection.clone();
            let (group, others) =
                std::mem::take(&mut wanted).into_iter().partition(|wanted| wanted.connection == connection);
            wanted = others;
            let Ok(turn) = groups.clone().acquire_owned().await else { return };
            let with = with.clone();
            tokio::spawn(async move {
                look_up(&with.0, &with.1, group).await;
                drop(turn);
            });
        }
    }
}

/// All of one connection.
async fn look_up(store: &Store, lookups: &Lookups, group: Vec<Wanted>) {
    let Some(first) = group.first() else { return };
    let numbers: Vec<&Msisdn> = group.iter().map(|wanted| &wanted.number).collect();
    let looked =
        lookups.look_up(store, &first.connection, &numbers, &first.dictionaries, runtime::now()).await;
    for wanted in group {
        // Nobody waits any more whose client is gone.
        let _ = wanted.answer.send(looked.get(&wanted.number).cloned());
    }
}
