//! Changes of the directory as people make them through the portals, without the portals.

use domain::audit::Act;
use domain::company::Company;
use domain::id::{AuditId, CompanyId};
use store::{Store, Written};

/// A test does something to a thing of the company with this path.
pub fn act(path: &[CompanyId]) -> Act {
    let owner = path.first().expect("a path begins with the owner");
    let act = Act::of_platform(AuditId::new(runtime::fresh()), "test", owner, runtime::now());
    Act { path: path.to_vec(), ..act }
}

/// Changes a company as it is now.
pub async fn change_company(store: &Store, id: &CompanyId, change: impl FnOnce(&mut Company)) {
    let before = store.any_company(id).await.expect("it is read").expect("it is there");
    let mut after = Company { revision: before.revision + 1, ..before.clone() };
    change(&mut after);
    let written = store.replace(&act(&after.path), &before, &after).await.expect("it is stored");
    assert_eq!(written, Written::Now);
}
