//! A two-factor code on its way: its request is stored, then its message is charged as any other. Calls of
//! integrations come here, and tests in the portal.

use domain::batch::Refusal;
use domain::company::Company;
use domain::handling::Code;
use domain::id::{CodeRequestId, MessageId};
use domain::two_factor::{CodeError, CodeRequest, TwoFactorIntegration};
use domain::two_factor_limits::{CodeCounter, CodeLimit};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use store::{AcceptError, Accepted, Store, StoreError, Stored};

use crate::{Ask, HotWallets, Planner, SendError};

/// One code that somebody wants to be sent.
#[derive(Debug, Clone)]
pub struct CodeToSend<'a> {
    /// A repeat comes with the same one, and gets the same code.
    pub id: CodeRequestId,
    pub integration: &'a TwoFactorIntegration,
    /// The integration's.
    pub company: &'a Company,
    pub number: &'a str,
    /// Where the client makes it up.
    pub code: Option<&'a str>,
    /// Told what becomes of it, in the place of the integration's own address.
    pub result_url: Option<&'a str>,
}

/// Why a code was not sent.
#[derive(Debug, thiserror::Error)]
pub enum CodeNotSent {
    #[error(transparent)]
    Code(#[from] CodeError),
    #[error(transparent)]
    Send(#[from] SendError),
    /// Nothing can be sent to the number.
    #[error("{}", .0.first().map_or("nothing can be sent to this number", |refusal| refusal.detail.as_str()))]
    Number(Vec<Refusal>),
    /// The request was of another number when it was made.
    #[error("this request is of another number")]
    OtherNumber,
    /// As many were sent as the integration allows.
    #[error("{}: try again in {retry_after} seconds", .limit.words())]
    TooMany { limit: CodeLimit, retry_after: i64 },
    /// Somebody else sends the same one at this moment.
    #[error("the same code is being sent at this moment")]
    Overtaken,
    #[error(transparent)]
    Charge(#[from] AcceptError),
    /// No answer says whether it is charged and sent. It can be compared, and with the same id it is never sent
    /// twice.
    #[error("nobody knows whether the code is sent")]
    Unknown(#[source] StoreError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Sends a code, or finds that it was sent.
pub async fn send_code(
    store: &Store,
    planner: &Planner,
    hot: &HotWallets,
    ask: CodeToSend<'_>,
    now: Timestamp,
) -> Result<(), CodeNotSent> {
    let CodeToSend { id, integration, company, number, code, result_url } = ask;
    let code = integration.code(code, digits_of(integration, &id))?;
    let key = format!("2fa:{id}");
    let result_url = result_url.map(str::to_owned);
    let of = Code { integration: integration.id.clone(), request: id.clone(), result_url };
    let plan = Ask {
        company,
        user: None,
        key: &key,
        sender: integration.sender.as_str(),
        recipients: &[number.to_owned()],
        text: &integration.message(&code),
        // By which its messages are found among others.
        client_reference: Some(integration.id.as_str()),
        segments_max: None,
        agreement: Some(integration.agreement.as_str()),
        hash: id.to_string(),
        code: Some(of.clone()),
    };
    let draft = planner.plan(&plan, now).await?.draft;
    let Some((recipient, _)) = draft.wanted.first() else {
        return Err(CodeNotSent::Number(draft.batch.refused));
    };
    let message = MessageId::of_request(&company.id, &key);
    let request = CodeRequest::new(of, integration, recipient.clone(), message.clone(), &code, now);
    // Before the message: a code that has arrived can always be compared.
    if !store.put_code_request(&request).await? {
        let before = store.code_request(&id).await?.ok_or(CodeNotSent::Overtaken)?;
        if before.recipient != request.recipient {
            return Err(CodeNotSent::OtherNumber);
        }
        if store.message(&message).await?.is_some() {
            return Ok(());
        }
        // It was not sent then: its time begins now.
        let renewed = CodeRequest { revision: before.revision + 1, ..request };
        if store.replace_code_request(&renewed).await? == Stored::Overtaken {
            return Err(CodeNotSent::Overtaken);
        }
    }
    let counters = integration.counters(recipient, now);
    count(store, &counters, now).await?;
    match hot.accept(store, &draft, None, now).await {
        Ok(Accepted::Now(_)) => Ok(()),
        // Somebody else has sent the same one meanwhile, and counted it.
        Ok(Accepted::Before) => {
            uncount(store, &counters).await;
            Ok(())
        }
        // It may be sent, so it counts.
        Err(AcceptError::Store(error @ StoreError::Aws { .. })) => Err(CodeNotSent::Unknown(error)),
        Err(error) => {
            uncount(store, &counters).await;
            Err(error.into())
        }
    }
}

/// Counts a code everywhere, or nowhere if there are too many somewhere.
async fn count(store: &Store, counters: &[CodeCounter], now: Timestamp) -> Result<(), CodeNotSent> {
    for (place, counter) in counters.iter().enumerate() {
        let counted = store.count_code(counter).await;
        if matches!(counted, Ok(true)) {
            continue;
        }
        uncount(store, &counters[..place]).await;
        counted?;
        let limit = counter.limit;
        tracing::warn!(limit = limit.name(), "a two-factor code was one too many");
        let retry_after = (counter.till.as_second() - now.as_second()).max(1);
        return Err(CodeNotSent::TooMany { limit, retry_after });
    }
    Ok(())
}

/// Where that fails the code stays counted until its counter ends: too strict for a time, never too lax.
async fn uncount(store: &Store, counters: &[CodeCounter]) {
    for counter in counters {
        if let Err(error) = store.uncount_codes(counter, 1).await {
            let (limit, error) = (counter.limit.name(), error.to_string());
            tracing::warn!(limit, error, "a code that was not sent stays counted");
        }
    }
}

/// What the platform makes a code of: the same for a repeat, and nothing that anybody else can tell.
fn digits_of(integration: &TwoFactorIntegration, id: &CodeRequestId) -> u64 {
    let secret = integration.key_hash.as_deref().unwrap_or_default();
    let digest = Sha256::digest(format!("{secret} {id}"));
    digest[..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
