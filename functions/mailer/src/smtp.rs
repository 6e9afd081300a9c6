//! Handing a mail to a server (RFC 5321): one connection for each mail, with a login if the channel has
//! one, over TLS as it says.

use std::net::SocketAddr;
use std::time::Duration;

use domain::notification::{NotificationChannel, SmtpTls};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{AsyncSmtpTransport, Error};
use lettre::{AsyncTransport, Message, Tokio1Executor};
use runtime::targets::Targets;
use tokio::time::timeout;

use crate::road::Road;

/// For each step; servers answer within seconds, and the mail comes again.
const STEP_TIME_MAX: Duration = Duration::from_secs(10);
/// For the whole; the function itself has more.
const TIME_MAX: Duration = Duration::from_secs(30);
/// What a server says of a login that it does not take (RFC 4954, section 6): no fault of the mail, which
/// is tried again in the hope that somebody repairs the channel.
const LOGIN_REFUSALS: [u16; 4] = [530, 534, 535, 538];

/// What became of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    Now,
    /// Not this time, and why.
    NotNow(String),
    /// Not this time and not later.
    Never(String),
}

/// The way to mail servers.
#[derive(Clone)]
pub struct Smtp {
    targets: Targets,
    trusted: Vec<Certificate>,
}

impl Smtp {
    /// Servers may be where `targets` allow it, and are trusted as this machine does.
    pub fn new(targets: Targets) -> Self {
        Self { targets, trusted: Vec::new() }
    }

    /// The same, which also trusts these certificates, in PEM.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn trusting(self, pem: &[u8]) -> anyhow::Result<Self> {
        Ok(Self { trusted: vec![Certificate::from_pem(pem)?], ..self })
    }

    /// One try, from 1 on: of a server with several addresses each takes the next.
    pub(crate) async fn send(&self, road: &Road, letter: &Message, tries: u32) -> Taken {
        let Ok(sent) = timeout(TIME_MAX, self.try_once(road, letter, tries)).await else {
            return Taken::NotNow("the server did not answer in time".to_owned());
        };
        match sent {
            Ok(()) => Taken::Now,
            Err(Failure::Smtp(error)) if is_final(&error) => Taken::Never(told(error)),
            Err(Failure::Smtp(error)) => Taken::NotNow(told(error)),
            Err(Failure::Host(error)) => Taken::NotNow(told(error)),
        }
    }

    async fn try_once(&self, road: &Road, letter: &Message, tries: u32) -> Result<(), Failure> {
        let channel = &road.channel;
        let mut addresses = self.targets.resolve_host(&channel.host, channel.port).await?;
        // Of IPv6 functions have none.
        addresses.sort_by_key(SocketAddr::is_ipv6);
        let place = (tries as usize).saturating_sub(1) % addresses.len();
        // The name was looked at already, so the server is called by the address that it led to.
        let mut server =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(addresses[place].ip().to_string())
                .port(channel.port)
                .tls(self.tls(channel)?)
                .hello_name(hello(channel))
                .timeout(Some(STEP_TIME_MAX));
        if let (Some(username), Some(password)) = (&channel.username, &road.password) {
            server = server.credentials(Credentials::new(username.clone(), password.clone()));
        }
        server.build().send(letter.clone()).await?;
        Ok(())
    }

    fn tls(&self, channel: &NotificationChannel) -> Result<Tls, Error> {
        let parameters = || {
            let mut builder = TlsParameters::builder(channel.host.clone());
            for certificate in &self.trusted {
                builder = builder.add_root_certificate(certificate.clone());
            }
            builder.build()
        };
        Ok(match channel.tls {
            SmtpTls::None => Tls::None,
            SmtpTls::Starttls => Tls::Required(parameters()?),
            SmtpTls::Tls => Tls::Wrapper(parameters()?),
        })
    }
}

enum Failure {
    /// The name leads nowhere, or where nothing may be called.
    Host(std::io::Error),
    Smtp(Error),
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Host(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Smtp(error)
    }
}

fn is_final(error: &Error) -> bool {
    let code = error.status().map(u16::from).unwrap_or_default();
    error.is_permanent() && !LOGIN_REFUSALS.contains(&code)
}

/// We greet by the name of whom we write for: a function has no name of its own.
fn hello(channel: &NotificationChannel) -> ClientId {
    let domain = channel.from_email.rsplit('@').next().unwrap_or(&channel.host);
    ClientId::Domain(domain.to_owned())
}

fn told(error: impl std::error::Error + Send + Sync + 'static) -> String {
    format!("{:#}", anyhow::Error::new(error))
}
