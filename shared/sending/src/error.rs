//! What is wrong with a request.

use domain::batch::RECIPIENTS_MAX;
use domain::id::IdError;
use domain::sender::SenderAddressError;
use store::StoreError;

use crate::plan::{REFERENCE_LENGTH_MAX, SEGMENTS_MAX, TEXT_LENGTH_MAX};

/// Why nothing of a request can be sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error("This company may not send messages of its own.")]
    NotAllowed,
    #[error("1 to {RECIPIENTS_MAX} recipients are allowed")]
    Recipients,
    #[error("a text has 1 to {TEXT_LENGTH_MAX} characters")]
    Text,
    #[error("at most {REFERENCE_LENGTH_MAX} characters are allowed")]
    ClientReference,
    #[error("1 to {SEGMENTS_MAX} segments are allowed")]
    SegmentsMax,
    #[error("the text takes {needed} segments, `segments_max` allows {most}")]
    TooLong { needed: usize, most: u32 },
    #[error(transparent)]
    Sender(#[from] SenderAddressError),
    #[error(transparent)]
    Agreement(#[from] IdError),
    #[error("There is no such agreement.")]
    AgreementUnknown,
    #[error("this agreement, or one above it, is not in force, or not resold under, at this time")]
    AgreementNotInForce,
    #[error("several agreements have this sender ID: name one of them")]
    AgreementAmbiguous,
    #[error("There is no such sender ID under your agreement.")]
    SenderUnknown,
    #[error("This sender ID is not active.")]
    SenderNotActive,
    #[error("There is no such connection.")]
    NoRoute,
    #[error(transparent)]
    Store(#[from] StoreError),
}
