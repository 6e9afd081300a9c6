//! From nothing to a bound session: the password, the stream, TLS, the bind; and how long to wait
//! after that failed.

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use domain::connection::{Connection, InterfaceVersion, SmppLink};
use futures::future::BoxFuture;
use runtime::targets::Targets;
use serde::Deserialize;
use smpp::esme::{BindError, BindSettings, Inbound, Session, bind};
use smpp::pdu::{VERSION_3_4, VERSION_5_0};
use smpp::{BindMode, CommandStatus};
use store::{Secrets, StoreError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use crate::vendor::tls::{self, TlsError};

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

/// TCP with `TCP_NODELAY`, where `targets` allow it.
pub fn tcp(targets: Targets) -> Dial {
    Arc::new(move |host, port| {
        Box::pin(async move {
            let addresses = targets.resolve_host(&host, port).await?;
            Ok(Box::new(smpp::tcp::connect(addresses.as_slice()).await?) as Box<dyn Stream>)
        })
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
    Tls(#[from] TlsError),
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
        match self {
            Self::Bind(BindError::Refused(status)) => REFUSALS.contains(status),
            Self::Tls(error) => error.is_refusal(),
            Self::Secret(_) | Self::Connect(_) | Self::Bind(_) => false,
        }
    }
}

/// What it takes to bind once.
pub struct Binder {
    pub dial: Dial,
    pub secrets: Secrets,
    pub connection: Connection,
    pub link: SmppLink,
    pub mode: BindMode,
    pub answer_timeout: Duration,
}

impl Binder {
    /// Binds. The password is read each time, and not kept.
    pub async fn once(&self) -> Result<(Session, Inbound), NotBound> {
        let secret: Secret = self.secrets.read_of(&self.connection).await.map_err(NotBound::Secret)?;
        let stream = timeout(CONNECT_MAX, self.connect()).await;
        let stream = stream.unwrap_or_else(|_| Err(NotBound::Connect(io::ErrorKind::TimedOut.into())))?;
        bind(stream, self.settings(secret)).await.map_err(NotBound::Bind)
    }

    async fn connect(&self) -> Result<Box<dyn Stream>, NotBound> {
        let SmppLink { host, port, .. } = &self.link;
        let stream = (self.dial)(host.clone(), *port).await.map_err(NotBound::Connect)?;
        match &self.link.tls {
            None => Ok(stream),
            Some(settings) => {
                let stream = tls::connect(stream, settings, host).await?;
                Ok(Box::new(stream))
            }
        }
    }

    fn settings(&self, secret: Secret) -> BindSettings {
        BindSettings {
            system_type: self.link.system_type.clone(),
            interface_version: match self.link.interface_version {
                InterfaceVersion::V3_4 => VERSION_3_4,
                InterfaceVersion::V5_0 => VERSION_5_0,
            },
            bind_mode: self.mode,
            window: share_of_window(&self.link),
            enquire_link_every: Duration::from_secs(u64::from(self.link.enquire_link_seconds.get())),
            answer_timeout: self.answer_timeout,
            ..BindSettings::new(&self.link.system_id, secret.password)
        }
    }
}

/// Submits without an answer at one time, over all binds.
pub fn window(link: &SmppLink) -> NonZeroUsize {
    NonZeroUsize::try_from(link.window).unwrap_or(NonZeroUsize::MIN)
}

/// What one bind has of it: an equal share, rounded up, so that all of the window can be used.
fn share_of_window(link: &SmppLink) -> NonZeroUsize {
    let submitting = usize::from(link.binds.transceivers) + usize::from(link.binds.transmitters);
    NonZeroUsize::new(window(link).get().div_ceil(submitting.max(1))).unwrap_or(NonZeroUsize::MIN)
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
    use domain::connection::Binds;

    #[tokio::test]
    async fn a_vendor_is_not_called_around_us() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let refused = tcp(Targets::Public)("localhost".to_owned(), port).await;
        assert_eq!(refused.err().unwrap().kind(), io::ErrorKind::PermissionDenied);
        assert!(tcp(Targets::Any)("localhost".to_owned(), port).await.is_ok());
    }

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
    fn the_window_is_shared_by_the_binds_that_submit() {
        for (window, transceivers, transmitters, share) in
            [(10, 1, 0, 10), (10, 2, 1, 4), (1, 0, 2, 1), (50, 0, 2, 25)]
        {
            let link = SmppLink {
                window: window.try_into().unwrap(),
                binds: Binds { transceivers, transmitters, receivers: 3 },
                ..SmppLink::new("smsc.example.com", 2775, "waybill")
            };
            assert_eq!(share_of_window(&link).get(), share);
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
