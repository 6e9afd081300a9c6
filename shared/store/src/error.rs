//! Why a read or a write did not happen.

use std::error::Error;

use domain::money::AmountError;

/// A failure that is nobody's fault in the request: try again, with the same key.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The item is being changed by others faster than we can; nothing was written.
    #[error("the item is too busy to {action}")]
    Busy { action: &'static str },
    /// The database did not answer, or not with success. A write may or may not have been applied.
    #[error("could not {action}")]
    Aws {
        action: &'static str,
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    #[error("stored data does not read as {kind}: {detail}")]
    Corrupt { kind: &'static str, detail: String },
    #[error("a rate tree takes at most {most} bytes as it is stored, this one {bytes}")]
    TreeTooBig { bytes: usize, most: usize },
    /// One write would have to change more than the database changes at once; nothing was written.
    #[error("{action} takes {items} items, and a write takes at most {most}")]
    TooManyItems { action: &'static str, items: usize, most: usize },
    /// One write holds no more of them; nothing was written.
    #[error("the invoices of a period have at most {most} charges at once, these would have {charges}")]
    TooManyCharges { charges: usize, most: usize },
    #[error(transparent)]
    Amount(#[from] AmountError),
}

impl StoreError {
    /// For `map_err` on a call of the AWS SDK.
    pub(crate) fn aws<E: Error + Send + Sync + 'static>(action: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::Aws { action, source: Box::new(source) }
    }

    pub(crate) fn corrupt(kind: &'static str, detail: impl std::fmt::Display) -> Self {
        Self::Corrupt { kind, detail: detail.to_string() }
    }
}
