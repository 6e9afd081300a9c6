//! Changes of the directory as people make them through the portals, without the portals.

use domain::agreement::Agreement;
use domain::audit::Act;
use domain::company::Company;
use domain::connection::Connection;
use domain::id::{AgreementId, AuditId, CompanyId};
use domain::sender::{Sender, SenderAddress};
use jiff::Timestamp;
use store::{Store, Written};

/// A test does something to a thing of the company with this path.
pub fn act(path: &[CompanyId]) -> Act {
    let owner = path.first().expect("a path begins with the owner");
    let act = Act::of_platform(AuditId::new(runtime::fresh()), "test", owner, runtime::now());
    Act { path: path.to_vec(), ..act }
}

/// The same at a time of the test's own.
pub fn act_at(path: &[CompanyId], at: Timestamp) -> Act {
    Act { at, ..act(path) }
}

/// Changes an agreement as it is now, and nothing of its wallets.
pub async fn change_agreement(store: &Store, id: &AgreementId, change: impl FnOnce(&mut Agreement)) {
    let before = store.any_agreement(id).await.expect("it is read").expect("it is there");
    let mut after = Agreement { revision: before.revision + 1, ..before.clone() };
    change(&mut after);
    let act = act(std::slice::from_ref(&before.company));
    let written = store.replace_agreement(&act, &before, &after).await.expect("it is stored");
    assert_eq!(written, Written::Now);
}

/// Stores a new connection.
pub async fn put_connection(store: &Store, connection: &Connection) {
    let act = act(std::slice::from_ref(&connection.company));
    let written = store.create_connection(&act, connection).await.expect("it is stored");
    assert_eq!(written, Written::Now);
}

/// Stores a connection as it is to be, whatever it is now.
pub async fn replace_connection(store: &Store, connection: &Connection) {
    let before = store.any_connection(&connection.id).await.expect("it is read").expect("it is there");
    let after = Connection { revision: before.revision + 1, ..connection.clone() };
    let act = act(std::slice::from_ref(&connection.company));
    let written = store.replace(&act, &before, &after).await.expect("it is stored");
    assert_eq!(written, Written::Now);
}

/// Changes a sender ID as it is now.
pub async fn change_sender(
    store: &Store,
    agreement: &AgreementId,
    address: &SenderAddress,
    change: impl FnOnce(&mut Sender),
) {
    let before = store.sender(agreement, address).await.expect("it is read").expect("it is there");
    let mut after = Sender { revision: before.revision + 1, ..before.clone() };
    change(&mut after);
    let act = act(std::slice::from_ref(&before.company));
    let written = store.replace(&act, &before, &after).await.expect("it is stored");
    assert_eq!(written, Written::Now);
}

/// Changes a company as it is now.
pub async fn change_company(store: &Store, id: &CompanyId, change: impl FnOnce(&mut Company)) {
    let before = store.any_company(id).await.expect("it is read").expect("it is there");
    let mut after = Company { revision: before.revision + 1, ..before.clone() };
    change(&mut after);
    let written = store.replace(&act(&after.path), &before, &after).await.expect("it is stored");
    assert_eq!(written, Written::Now);
}
