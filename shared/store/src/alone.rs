//! The one way to write a single item under a condition. Several at once are in `transact`.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;

use crate::StoreError;
use crate::transact::{CONFLICT_ATTEMPTS_MAX, pause};

/// How often a write with a mark is asked for until an answer comes, each time with the SDK's own tries.
const MARKED_ATTEMPTS_MAX: u32 = 3;

/// The answers of single writes that a condition can refuse, and a transaction get in the way of.
pub(crate) trait Conditional {
    fn is_refused(&self) -> bool;
    fn is_conflict(&self) -> bool;
}

macro_rules! conditional {
    ($($error:ty)*) => {$(
        impl Conditional for $error {
            fn is_refused(&self) -> bool {
                self.is_conditional_check_failed_exception()
            }

            fn is_conflict(&self) -> bool {
                self.is_transaction_conflict_exception()
            }
        }
    )*};
}

conditional!(PutItemError DeleteItemError UpdateItemError);

/// Writes one item under a condition; none if that did not hold. A write that meets a transaction, which the
/// SDK takes for final, is tried again.
pub(crate) async fn write_alone<T, E, W>(
    action: &'static str,
    write: impl Fn() -> W,
) -> Result<Option<T>, StoreError>
where
    W: Future<Output = Result<T, SdkError<E>>>,
    E: Conditional + std::error::Error + Send + Sync + 'static,
{
    for attempt in 0..CONFLICT_ATTEMPTS_MAX {
        let sent = write().await;
        let is_conflict =
            |error: &SdkError<E>| error.as_service_error().is_some_and(Conditional::is_conflict);
        if !sent.as_ref().is_err_and(is_conflict) {
            return unless_refused(sent, action);
        }
        pause(attempt).await;
    }
    Err(StoreError::Busy { action })
}

/// The same for a write that knows what it did itself by a mark of its own: where no answer comes it is
/// asked again.
pub(crate) async fn write_marked<T, E, W>(
    action: &'static str,
    write: impl Fn() -> W,
) -> Result<Option<T>, StoreError>
where
    W: Future<Output = Result<T, SdkError<E>>>,
    E: Conditional + std::error::Error + Send + Sync + 'static,
{
    let mut written = write_alone(action, &write).await;
    for attempt in 1..MARKED_ATTEMPTS_MAX {
        if written.is_ok() {
            break;
        }
        pause(attempt).await;
        written = write_alone(action, &write).await;
    }
    written
}

/// What a conditional write answered; none if its condition did not hold.
fn unless_refused<T, E>(sent: Result<T, SdkError<E>>, action: &'static str) -> Result<Option<T>, StoreError>
where
    E: Conditional + std::error::Error + Send + Sync + 'static,
{
    match sent {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.as_service_error().is_some_and(Conditional::is_refused) => Ok(None),
        Err(error) => Err(StoreError::aws(action)(error)),
    }
}
