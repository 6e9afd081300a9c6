//! Links from clients over SMPP: accounts on our listener.

use std::num::NonZeroU32;

use domain::connection::{
    ClientAlphabet, ClientLink, ClientLinkError, Link, Network, NetworkError, OnUnknownOutcome,
};
use domain::id::CompanyId;
use runtime::auth::Principal;
use runtime::http::{Problem, unavailable};
use runtime::password;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Parts;
use crate::App;
use crate::error::ApiError;
use crate::{fields, schema};

/// Each character more makes a guess harder; strict clients of SMPP 3.4 cannot say more than 8.
const PASSWORD_LENGTH_MIN: usize = 8;
const PASSWORD_LENGTH_MAX: usize = 64;
/// SMPP 3.4 section 5.2.3.
const SYSTEM_TYPE_LENGTH_MAX: usize = 12;

/// A client's account on our SMPP listener: the client binds to us, sends its messages and receives their
/// receipts, and what phones send to its numbers.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientSettings {
    /// 1 to 120 characters.
    #[schema(example = "Corner Bakery over SMPP")]
    pub name: String,
    /// Whose messages come over it: a company below yours. It stays as it is.
    #[schema(example = "com_01m814gssve5b8ba12ve1e1grf")]
    client: String,
    /// The agreement that pays for them: one of the client with the company whose connection this is.
    #[schema(example = "agr_01m814gssve5b8ba12ve1e1grf")]
    agreement: String,
    /// The name it binds with: 1 to 15 letters, digits or - _ . which no other client has.
    #[schema(example = "bakery")]
    system_id: String,
    /// 8 to 64 characters of ASCII; many clients can say no more than 8. Never shown.
    #[serde(skip_serializing_if = "fields::never_shown")]
    #[schema(value_type = String, write_only, example = "pw-Kq83z")]
    password: Option<String>,
    /// What it has to name as its system type, at most 12 characters; any unless told.
    #[schema(example = "")]
    system_type: Option<String>,
    /// From where it may bind, at most 50 addresses or networks; from anywhere unless told.
    #[serde(default)]
    #[schema(example = json!(["192.0.2.0/24", "2001:db8::17"]))]
    networks: Vec<String>,
    /// Whether it may not bind over plain TCP; `false` unless told.
    #[serde(default)]
    #[schema(example = true)]
    tls_required: bool,
    /// Binds at one time, at most 100; 4 unless told.
    #[serde(default = "binds_max")]
    #[schema(value_type = u32, example = 4)]
    binds_max: NonZeroU32,
    /// Requests of one bind that may wait for our answers at once, at most 1,000; 100 unless told.
    #[serde(default = "window")]
    #[schema(value_type = u32, example = 100)]
    window: NonZeroU32,
    /// Messages per second over all binds, at most 10,000; 100 unless told. The gateways that it is bound to
    /// share them evenly, and each lets one through at least.
    #[serde(default = "rate")]
    #[schema(value_type = u32, example = 100)]
    rate: NonZeroU32,
    /// What a `data_coding` of 0 means; `gsm7` unless told.
    #[serde(default)]
    #[schema(value_type = schema::ClientAlphabet, example = "gsm7")]
    alphabet: ClientAlphabet,
}

const fn binds_max() -> NonZeroU32 {
    ClientLink::BINDS_DEFAULT
}

const fn window() -> NonZeroU32 {
    ClientLink::WINDOW_DEFAULT
}

const fn rate() -> NonZeroU32 {
    ClientLink::RATE_DEFAULT
}

impl ClientSettings {
    /// `tenant` is the company whose connection it is, `before` what the link has been so far.
    pub(super) async fn parts(
        self,
        app: &App,
        who: &Principal,
        tenant: &CompanyId,
        before: Option<&Link>,
    ) -> Result<Parts, ApiError> {
        let before = if let Some(Link::Client(before)) = before { Some(before) } else { None };
        let name = fields::name(&self.name)?;
        let seen = app.seen_by(who);
        let client = seen.company(&self.client).await.map_err(|error| error.field("client"))?.id;
        if before.is_some_and(|before| before.client != client) {
            return Err(Problem::invalid("client", "a connection stays its client's").into());
        }
        let agreement = seen.agreement(&self.agreement).await.map_err(|error| error.field("agreement"))?;
        if agreement.company != client || agreement.tenant != *tenant {
            let detail = "the agreement must be one of the client with the company whose connection this is";
            return Err(Problem::invalid("agreement", detail).into());
        }
        let networks = self.networks.iter().map(|text| Network::parse(text));
        let mut link = ClientLink {
            client,
            agreement: agreement.id,
            system_id: self.system_id,
            password_hash: before.map(|before| before.password_hash.clone()).unwrap_or_default(),
            system_type: self.system_type.filter(|text| !text.is_empty()),
            networks: networks.collect::<Result<_, _>>()?,
            tls_required: self.tls_required,
            binds_max: self.binds_max,
            window: self.window,
            rate: self.rate,
            alphabet: self.alphabet,
            queue_url: before.map(|before| before.queue_url.clone()).unwrap_or_default(),
        };
        link.check()?;
        if link.system_type.as_ref().is_some_and(|text| SYSTEM_TYPE_LENGTH_MAX < text.len()) {
            let detail = format!("at most {SYSTEM_TYPE_LENGTH_MAX} characters are allowed");
            return Err(Problem::invalid("system_type", detail).into());
        }
        match self.password {
            Some(password) => link.password_hash = hashed(password).await?,
            None if before.is_some() => {}
            None => return Err(bad_password()),
        }
        let on_unknown_outcome = OnUnknownOutcome::default();
        Ok(Parts { name, password: None, on_unknown_outcome, link: Link::Client(link) })
    }

    pub(super) fn of(name: String, link: ClientLink) -> Self {
        Self {
            name,
            client: link.client.into(),
            agreement: link.agreement.into(),
            system_id: link.system_id,
            password: None,
            system_type: link.system_type,
            networks: link.networks.into_iter().map(Into::into).collect(),
            tls_required: link.tls_required,
            binds_max: link.binds_max,
            window: link.window,
            rate: link.rate,
            alphabet: link.alphabet,
        }
    }
}

/// Takes some tens of milliseconds of a thread that serves nobody else.
async fn hashed(password: String) -> Result<String, ApiError> {
    let is_sound = password.bytes().all(|octet| octet.is_ascii_graphic())
        && (PASSWORD_LENGTH_MIN..=PASSWORD_LENGTH_MAX).contains(&password.len());
    if !is_sound {
        return Err(bad_password());
    }
    let hashed = tokio::task::spawn_blocking(move || password::hash(&password)).await;
    hashed.map_err(unavailable)?.map_err(|error| unavailable(error).into())
}

fn bad_password() -> ApiError {
    let detail = format!(
        "a password has {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters of ASCII, none of them blank"
    );
    Problem::invalid("password", detail).into()
}

pub(super) fn system_id_taken() -> ApiError {
    let detail = "Another client binds with this system_id.";
    Problem::new(409, "system_id_taken", detail).field("system_id").into()
}

impl From<ClientLinkError> for ApiError {
    fn from(error: ClientLinkError) -> Self {
        let field = match error {
            ClientLinkError::SystemId => "system_id",
            ClientLinkError::Binds => "binds_max",
            ClientLinkError::Window => "window",
            ClientLinkError::Rate => "rate",
            ClientLinkError::Networks => "networks",
        };
        Problem::invalid(field, error).into()
    }
}

impl From<NetworkError> for ApiError {
    fn from(error: NetworkError) -> Self {
        Problem::invalid("networks", error).into()
    }
}
