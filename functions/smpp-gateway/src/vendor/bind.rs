//! From nothing to a bound session: the password, the stream, the bind; and how long to wait after
//! that failed.

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use domain::connection::SmppLink;
use domain::id::ConnectionId;
use futures::future::BoxFuture;
use serde::Deserialize;
use smpp::CommandStatus;
use smpp::esme::{BindError, BindSettings, Inbound, Session, bind};
use store::{Secrets, StoreError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

const CONNECT_MAX: Duration = Duration::from_secs(10);
const BACK_OFF_FIRST: Duration = Duration::from_millis(500);
const BACK_OFF_MAX: Duration = Duration::from_secs(60);
/// After a refusal that somebody has to repair; vendors lock accounts that keep trying.
const BACK_OFF_REFUSED: Duration = Duration::from_secs(5 * 60);

/// Where octets go to a vendor and come from it.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Makes a fresh stream to a host and port: TCP in production, a pipe in a test.
pub type Dial = Arc<dyn Fn(String, u16) -> Dialing + Send + Sync>;
pub type Dialing = BoxFuture<'static, io::Result<Box<dyn Stream>>>;

/// TCP with `TCP_NODELAY`.
pub fn tcp() -> Dial {
    Arc::new(|host, port| {
        Box::pin(async move { Ok(Box::new(smpp::tcp::connect((host, port)).await?) as Box<dyn Stream>) })
    })
}

/// What the secret store keeps of a connection.
#[derive(Deserialize)]
struct Secret {
    password: String,
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum NotBound {
    #[error("the password is not there")]
    Secret(#[source] StoreError),
    #[error("the vendor cannot be reached")]
    Connect(#[source] io::Error),
    #[error(transparent)]
    Bind(BindError),
}

impl NotBound {
    /// Whether the vendor will say the same until somebody changes a setting. "Already bound" passes:
    /// the vendor has not noticed yet that our last link is gone.
    pub fn is_refusal(&self) -> bool {
        const REFUSALS: [CommandStatus; 4] = [
            CommandStatus::RBINDFAIL,
            CommandStatus::RINVPASWD,
            CommandStatus::RINVSYSID,
            CommandStatus::RINVSYSTYP,
        ];
        matches!(self, Self::Bind(BindError::Refused(status)) if REFUSALS.contains(status))
    }
}

/// Binds once. The password is read each time, since it may have been changed.
pub async fn once(
    dial: Dial,
    secrets: Secrets,
    id: ConnectionId,
    link: SmppLink,
    answer_timeout: Duration,
) -> Result<(Session, Inbound), NotBound> {
    let secret: Secret = secrets.read(&Secrets::connection(&id)).await.map_err(NotBound::Secret)?;
    let stream = timeout(CONNECT_MAX, dial(link.host.clone(), link.port)).await;
    let stream = stream.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map_err(NotBound::Connect)?;
    let settings = BindSettings {
        system_type: link.system_type.clone(),
        window: window(&link),
        enquire_link_every: Duration::from_secs(u64::from(link.enquire_link_seconds.get())),
        answer_timeout,
        ..BindSettings::new(&link.system_id, secret.password)
    };
    bind(stream, settings).await.map_err(NotBound::Bind)
}

/// Submits without an answer at one time.
pub fn window(link: &SmppLink) -> NonZeroUsize {
    NonZeroUsize::try_from(link.window).unwrap_or(NonZeroUsize::MIN)
}

/// How long to wait after so many failures in a row: doubled each time, and between half and the
/// whole of that by chance, so that a vendor's restart does not meet all its clients at once.
pub fn back_off(failures: u32, is_refusal: bool) -> Duration {
    let doubled = BACK_OFF_FIRST.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
    let longest = if is_refusal { BACK_OFF_REFUSED } else { doubled.min(BACK_OFF_MAX) };
    rand::random_range(longest / 2..=longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_minute_and_differ() {
        for (failures, longest) in [(1, 500), (2, 1_000), (5, 8_000), (8, 60_000), (500, 60_000)] {
            let longest = Duration::from_millis(longest);
            let waits: Vec<_> = (0..50).map(|_| back_off(failures, false)).collect();
            assert!(waits.iter().all(|wait| (longest / 2..=longest).contains(wait)), "{failures}");
            assert!(waits.iter().any(|wait| wait != &waits[0]), "{failures}");
        }
    }

    #[test]
    fn a_wrong_password_is_not_tried_every_second() {
        let refused = |status| NotBound::Bind(BindError::Refused(status)).is_refusal();
        assert!(refused(CommandStatus::RINVPASWD) && refused(CommandStatus::RINVSYSID));
        assert!(!refused(CommandStatus::RALYBND) && !refused(CommandStatus::RSYSERR));
        assert!(!NotBound::Bind(BindError::Timeout).is_refusal());
        assert!(BACK_OFF_REFUSED / 2 <= back_off(1, true));
    }
}
