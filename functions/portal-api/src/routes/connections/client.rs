//! Links from clients over SMPP.

use domain::connection::ClientLink;
use serde::Serialize;
use utoipa::ToSchema;

/// A client's account on our SMPP listener.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClientView {
    /// Whose messages come over it.
    client: String,
    /// The agreement that pays for them.
    agreement: String,
    /// The name it binds with.
    system_id: String,
}

impl From<ClientLink> for ClientView {
    fn from(link: ClientLink) -> Self {
        Self { client: link.client.into(), agreement: link.agreement.into(), system_id: link.system_id }
    }
}
