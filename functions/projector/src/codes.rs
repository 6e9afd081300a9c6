//! What becomes of two-factor codes, told to the address that their integration names.

use std::collections::BTreeMap;

use domain::id::TwoFactorIntegrationId;
use domain::message::{Message, Status};
use domain::two_factor::{CodeRequest, TwoFactorIntegration};
use queue::{CodeResult, Webhook};

use crate::App;
use crate::change::MessageChange;

/// Posts the news of codes that are in this delivery.
pub async fn tell(app: &App, changes: &[MessageChange], verified: &[CodeRequest]) -> anyhow::Result<()> {
    let mut integrations = Integrations { app, known: BTreeMap::new() };
    let mut posts = Vec::new();
    for change in changes {
        let (Some(result), Some(code)) = (news(change), &change.after.handling.code) else { continue };
        let told = integrations.told(&code.integration, code.result_url.as_ref()).await?;
        let Some((url, integration)) = told else { continue };
        posts.push(Webhook::CodeV1 {
            url,
            agreement: integration.agreement.clone(),
            request: code.request.clone(),
            number: change.after.recipient.to_string(),
            result,
            billable: billable(&change.after),
            at: change.after.accepted_at,
        });
    }
    for request in verified {
        let told = integrations.told(&request.integration, request.result_url.as_ref()).await?;
        let Some((url, integration)) = told else { continue };
        posts.push(Webhook::CodeV1 {
            url,
            agreement: integration.agreement.clone(),
            request: request.id.clone(),
            number: request.recipient.to_string(),
            result: CodeResult::Verified,
            billable: None,
            at: request.requested_at,
        });
    }
    Ok(app.webhooks.send_all(&posts).await?)
}

fn news(change: &MessageChange) -> Option<CodeResult> {
    let Some(before) = &change.before else { return Some(CodeResult::Sent) };
    match (before.status.is_final(), change.after.status) {
        (false, Status::Delivered) => Some(CodeResult::Delivered),
        (false, status) if status.is_final() => Some(CodeResult::Undelivered),
        _ => None,
    }
}

/// Known when it has ended: what is owed then stays.
fn billable(message: &Message) -> Option<bool> {
    message.status.is_final().then(|| !message.owes().is_zero())
}

/// Each integration is read once for a delivery.
struct Integrations<'a> {
    app: &'a App,
    known: BTreeMap<TwoFactorIntegrationId, Option<TwoFactorIntegration>>,
}

impl Integrations<'_> {
    /// The integration, and the request's own address or else the integration's, if there is one.
    async fn told(
        &mut self,
        id: &TwoFactorIntegrationId,
        own: Option<&String>,
    ) -> anyhow::Result<Option<(String, &TwoFactorIntegration)>> {
        if !self.known.contains_key(id) {
            let found = self.app.store.thing(id.as_str()).await?;
            self.known.insert(id.clone(), found);
        }
        let found = self.known.get(id).and_then(Option::as_ref);
        Ok(found.and_then(|found| Some((own.or(found.result_url.as_ref())?.clone(), found))))
    }
}
