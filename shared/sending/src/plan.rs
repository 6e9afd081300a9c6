//! From a request to what would be charged for it. Nothing is written here.

use std::collections::{BTreeMap, BTreeSet};

use domain::agreement::Agreement;
use domain::batch::{Batch, Draft, Place, RECIPIENTS_MAX, Refusal};
use domain::company::Company;
use domain::destination::{Destination, Msisdn};
use domain::handling::{Code, Handling};
use domain::id::{AgreementId, BatchId, MessageId, UserId, WalletId};
use domain::money::Amount;
use domain::quote::Level;
use domain::route::{Route, Routes};
use domain::segmentation::{Segmented, segment};
use domain::sender::{Sender, SenderAddress, SenderStatus};
use jiff::Timestamp;
use runtime::targets::Targets;
use store::{Secrets, Store, TreeCache};

use crate::destinations::{Reason, Recipient, recipients};
use crate::rates::{are_in_force, levels};
use crate::{Lookups, SendError, pick, place, roads};

/// Longer texts are mostly mistakes; a request may allow up to 255, which the header of a long message
/// can number (3GPP TS 23.040, 9.2.3.24.1).
const SEGMENTS_DEFAULT: u32 = 10;
pub(crate) const SEGMENTS_MAX: u32 = 255;
pub(crate) const TEXT_LENGTH_MAX: usize = 39_015;
pub(crate) const REFERENCE_LENGTH_MAX: usize = 64;

/// A request for one text to several recipients.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    pub company: &'a Company,
    /// Who sends, if it is one of the company's users.
    pub user: Option<&'a UserId>,
    /// Names the request among all of the company: a repeat gets the same ids.
    pub key: &'a str,
    pub sender: &'a str,
    pub recipients: &'a [String],
    pub text: &'a str,
    pub client_reference: Option<&'a str>,
    /// The most segments that the text may take.
    pub segments_max: Option<u32>,
    /// Which agreement pays, if several have the sender ID.
    pub agreement: Option<&'a str>,
    /// Tells a repeat of the request from another one under the same key.
    pub hash: String,
    /// The two-factor code that it carries, if it carries one.
    pub code: Option<Code>,
}

/// What a request comes to, before it is priced.
pub struct Plan {
    pub agreement: Agreement,
    pub draft: Draft,
}

/// Reads what plans are made from.
#[derive(Clone)]
pub struct Planner {
    store: Store,
    trees: TreeCache,
    lookups: Lookups,
}

impl Planner {
    pub fn new(store: Store, secrets: Secrets, targets: Targets) -> anyhow::Result<Self> {
        Ok(Self { store, trees: TreeCache::default(), lookups: Lookups::new(secrets, targets)? })
    }

    /// Judges the whole request, and looks up for every recipient what each level would take.
    pub async fn plan(&self, ask: &Ask<'_>, now: Timestamp) -> Result<Plan, SendError> {
        let store = &self.store;
        let segmented = check(ask)?;
        let (agreement, sender) = self.agreement_and_sender(ask).await?;
        let home = paying_wallet(ask, &agreement);
        let id = BatchId::of_request(&ask.company.id, ask.key);
        let (levels, recipients, route) = tokio::try_join!(
            levels(store, &self.trees, &agreement, home.clone(), now),
            recipients(store, &self.lookups, ask.company, ask.recipients, now),
            road(store, &sender.routes, id.spread()),
        )?;
        if !are_in_force(&levels, now) {
            return Err(SendError::AgreementNotInForce);
        }
        let mut offered = Offered::default();
        for recipient in recipients {
            offered.add(recipient, sender.address.as_str(), &levels, now);
        }
        let route = route.ok_or(SendError::NoRoute)?;
        let batch = Batch {
            id,
            company: ask.company.id.clone(),
            agreement: agreement.id.clone(),
            sender: sender.address.clone(),
            text: ask.text.to_owned(),
            client_reference: ask.client_reference.map(str::to_owned),
            connection: route.connection,
            connection_kind: route.kind,
            encoding: segmented.encoding,
            segments: segmented.segments_count() as u32,
            handling: Handling { code: ask.code.clone(), ..Handling::default() },
            tariffs: Vec::new(),
            recipients: Vec::new(),
            refused: offered.refused,
            accepted_at: now,
            request_hash: ask.hash.clone(),
            balance_after: Amount::ZERO,
            lease: None,
        };
        let single = (ask.recipients.len() == 1).then(|| MessageId::of_request(&ask.company.id, ask.key));
        let main = agreement.wallet();
        let (places, wanted) = (offered.places, offered.wanted);
        Ok(Plan { agreement, draft: Draft { batch, single, home, main, places, wanted } })
    }

    /// The agreement named in the request, or else the one that has the sender ID.
    async fn agreement_and_sender(&self, ask: &Ask<'_>) -> Result<(Agreement, Sender), SendError> {
        let address = SenderAddress::parse(ask.sender)?;
        let mut agreements = self.store.agreements_of(&ask.company.id).await?;
        if let Some(wanted) = ask.agreement {
            let wanted = AgreementId::parse(wanted)?;
            agreements.retain(|agreement| agreement.id == wanted);
            if agreements.is_empty() {
                return Err(SendError::AgreementUnknown);
            }
        }
        let mut found = Vec::new();
        for agreement in agreements {
            if let Some(sender) = self.store.sender_as_used(&agreement.id, &address).await? {
                found.push((agreement, sender));
            }
        }
        if found.len() > 1 {
            return Err(SendError::AgreementAmbiguous);
        }
        match found.pop() {
            Some((agreement, sender)) if sender.status == SenderStatus::Active => Ok((agreement, sender)),
            Some(_) => Err(SendError::SenderNotActive),
            None => Err(SendError::SenderUnknown),
        }
    }
}

/// With individual credits a user's sends are paid from the user's own wallet.
fn paying_wallet(ask: &Ask, agreement: &Agreement) -> WalletId {
    match ask.user {
        Some(user) if agreement.individual_credits => WalletId::of_user(&agreement.id, user),
        _ => agreement.wallet(),
    }
}

/// The only road costs no read.
async fn road(store: &Store, routes: &Routes, seed: u64) -> Result<Option<Route>, store::StoreError> {
    let roads = if routes.all().len() > 1 { roads(store, routes).await? } else { Vec::new() };
    Ok(pick(routes, &roads, seed).cloned())
}

fn check(ask: &Ask) -> Result<Segmented, SendError> {
    if !ask.company.may_send() {
        return Err(SendError::NotAllowed);
    }
    if ask.recipients.is_empty() || ask.recipients.len() > RECIPIENTS_MAX {
        return Err(SendError::Recipients);
    }
    if ask.text.is_empty() || ask.text.chars().count() > TEXT_LENGTH_MAX {
        return Err(SendError::Text);
    }
    if ask.client_reference.is_some_and(|text| text.chars().count() > REFERENCE_LENGTH_MAX) {
        return Err(SendError::ClientReference);
    }
    let most = ask.segments_max.unwrap_or(SEGMENTS_DEFAULT);
    if !(1..=SEGMENTS_MAX).contains(&most) {
        return Err(SendError::SegmentsMax);
    }
    let segmented = segment(ask.text);
    let needed = segmented.segments_count();
    if needed > most as usize {
        return Err(SendError::TooLong { needed, most });
    }
    Ok(segmented)
}

/// The recipients of a request so far, with what is offered in each place they are in.
#[derive(Default)]
struct Offered {
    places: Vec<Place>,
    wanted: Vec<(Msisdn, usize)>,
    refused: Vec<Refusal>,
    known: BTreeMap<Destination, Result<usize, Reason>>,
    seen: BTreeSet<Msisdn>,
}

impl Offered {
    /// Takes one recipient in, or notes why it is refused. A bad number never stops the others.
    fn add(&mut self, recipient: Recipient, sender: &str, levels: &[Level], now: Timestamp) {
        let Recipient { raw, found } = recipient;
        match found.and_then(|found| self.place(found, sender, levels, now)) {
            Ok(wanted) => self.wanted.push(wanted),
            Err((code, detail)) => self.refused.push(Refusal { recipient: raw, code, detail }),
        }
    }

    fn place(
        &mut self,
        (number, destination): (Msisdn, Destination),
        sender: &str,
        levels: &[Level],
        now: Timestamp,
    ) -> Result<(Msisdn, usize), Reason> {
        if self.seen.contains(&number) {
            return Err(refusal("repeated", "this recipient is named twice in the request"));
        }
        let place = match self.known.get(&destination) {
            Some(known) => known.clone()?,
            None => {
                let offered = place(&destination, sender, levels, now);
                let offered = offered.map_err(|error| refusal(error.code(), &error));
                let place = offered.map(|offered| {
                    self.places.push(offered);
                    self.places.len() - 1
                });
                self.known.insert(destination, place.clone());
                place?
            }
        };
        self.seen.insert(number.clone());
        Ok((number, place))
    }
}

fn refusal(code: &str, detail: impl ToString) -> Reason {
    (code.to_owned(), detail.to_string())
}
