//! Writing what has a secret. Another secret gets another name: it is stored before the row that points to it,
//! and the one before goes after. Who reads a row finds its secret, and a change that fails has changed nothing.

use serde::Serialize;
use store::{HasSecret, StoreError, Written};

use crate::App;

/// Writes a row whose secret may be another one than before, and then drops the secret that no row points to.
/// `stored` reads the row as it is then.
pub async fn write<T: HasSecret>(
    app: &App,
    before: Option<&T>,
    after: &T,
    secret: Option<&impl Serialize>,
    writing: impl Future<Output = Result<Written, StoreError>>,
    stored: impl Future<Output = Result<Option<T>, StoreError>>,
) -> Result<Written, StoreError> {
    if let (Some(name), Some(secret)) = (after.secret_name(), secret) {
        app.secrets.create(&name, secret).await?;
    }
    // Without an answer nobody knows which secret is pointed to, and both stay.
    let written = writing.await?;
    if before.and_then(T::secret_name) != after.secret_name() {
        let left = if written == Written::Now { before } else { Some(after) };
        if let Some(left) = left {
            forget(app, left, stored).await;
        }
    }
    Ok(written)
}

/// Drops the secret of a row as it is no more, or never was. Nobody reads it, so that nothing fails if it is
/// left.
pub async fn forget<T: HasSecret>(
    app: &App,
    row: &T,
    stored: impl Future<Output = Result<Option<T>, StoreError>>,
) {
    let Some(name) = row.secret_name() else { return };
    let forgotten = match stored.await {
        // It was written, the answer was lost, and somebody has gone on from there.
        Ok(Some(stored)) if stored.secret_name().as_deref() == Some(&*name) => return,
        Ok(_) => app.secrets.delete(&name).await,
        Err(error) => Err(error),
    };
    if let Err(error) = forgotten {
        tracing::warn!(name, %error, "a secret that nothing points to is left");
    }
}
