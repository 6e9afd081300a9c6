//! From a request to what would be charged for it. Nothing is written here.

use std::collections::{BTreeMap, BTreeSet};

use domain::agreement::Agreement;
use domain::batch::{Batch, Draft, Place, RECIPIENTS_MAX, Refusal};
use domain::destination::{Destination, Msisdn};
use domain::handling::Handling;
use domain::id::{AgreementId, BatchId, MessageId, WalletId};
use domain::money::Amount;
use domain::quote::{Level, offers};
use domain::rating::{Attribute, Event};
use domain::segmentation::{Segmented, segment};
use domain::sender::{Sender, SenderAddress, SenderStatus};
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::Problem;
use sha2::{Digest, Sha256};

use crate::App;
use crate::destinations::{Reason, Recipient, recipients};
use crate::rates::levels;
use crate::routes::SendRequest;

/// Longer texts are mostly mistakes; a request may allow up to 255, which the header of a long message
/// can number (3GPP TS 23.040, 9.2.3.24.1).
const SEGMENTS_DEFAULT: u32 = 10;
const SEGMENTS_MAX: u32 = 255;
const TEXT_LENGTH_MAX: usize = 39_015;
const REFERENCE_LENGTH_MAX: usize = 64;

/// What a request comes to, before it is priced.
pub struct Plan {
    pub agreement: Agreement,
    pub draft: Draft,
}

impl Plan {
    /// Judges the whole request, and looks up for every recipient what each level would take.
    pub async fn make(
        app: &App,
        who: &Principal,
        key: &str,
        request: &SendRequest,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let segmented = check(who, request)?;
        let (agreement, sender) = agreement_and_sender(app, who, request).await?;
        let home = paying_wallet(who, &agreement);
        let (levels, recipients) = tokio::try_join!(
            levels(&app.store, &app.trees, &agreement, home.clone(), now),
            recipients(app, &who.company, &request.recipients, now),
        )?;
        let mut offered = Offered::default();
        for recipient in recipients {
            offered.add(recipient, sender.address.as_str(), &levels, now);
        }
        let id = BatchId::of_request(&who.company.id, key);
        let route = sender.routes.pick(&[], id.spread()).cloned();
        let route = route.ok_or_else(|| Problem::not_found("connection"))?;
        let batch = Batch {
            id,
            company: who.company.id.clone(),
            agreement: agreement.id.clone(),
            sender: sender.address.clone(),
            text: request.text.clone(),
            client_reference: request.client_reference.clone(),
            connection: route.connection,
            connection_kind: route.kind,
            encoding: segmented.encoding,
            segments: segmented.segments_count() as u32,
            handling: Handling::default(),
            tariffs: Vec::new(),
            recipients: Vec::new(),
            refused: offered.refused,
            accepted_at: now,
            request_hash: request_hash(request),
            balance_after: Amount::ZERO,
            lease: None,
        };
        let single = (request.recipients.len() == 1).then(|| MessageId::of_request(&who.company.id, key));
        let main = agreement.wallet();
        let (places, wanted) = (offered.places, offered.wanted);
        Ok(Self { agreement, draft: Draft { batch, single, home, main, places, wanted } })
    }
}

/// With individual credits a user's sends are paid from the user's own wallet.
fn paying_wallet(who: &Principal, agreement: &Agreement) -> WalletId {
    match &who.user {
        Some(user) if agreement.individual_credits => WalletId::of_user(&agreement.id, &user.id),
        _ => agreement.wallet(),
    }
}

/// Tells a repeat of a request from another request under the same key.
pub fn request_hash(request: &SendRequest) -> String {
    let text = serde_json::to_string(request).unwrap_or_default();
    hex::encode(&Sha256::digest(text)[..16])
}

fn check(who: &Principal, request: &SendRequest) -> Result<Segmented, Problem> {
    if !who.company.may_send() {
        return Err(Problem::new(
            403,
            "sending_not_allowed",
            "This company may not send messages of its own.",
        ));
    }
    if request.recipients.is_empty() || request.recipients.len() > RECIPIENTS_MAX {
        return Err(Problem::invalid("recipients", format!("1 to {RECIPIENTS_MAX} recipients are allowed")));
    }
    if request.text.is_empty() || request.text.chars().count() > TEXT_LENGTH_MAX {
        return Err(Problem::invalid("text", format!("a text has 1 to {TEXT_LENGTH_MAX} characters")));
    }
    if request.client_reference.as_ref().is_some_and(|text| text.chars().count() > REFERENCE_LENGTH_MAX) {
        return Err(Problem::invalid(
            "client_reference",
            format!("at most {REFERENCE_LENGTH_MAX} characters are allowed"),
        ));
    }
    let most = request.segments_max.unwrap_or(SEGMENTS_DEFAULT);
    if !(1..=SEGMENTS_MAX).contains(&most) {
        return Err(Problem::invalid("segments_max", format!("1 to {SEGMENTS_MAX} segments are allowed")));
    }
    let segmented = segment(&request.text);
    if segmented.segments_count() > most as usize {
        let detail =
            format!("the text takes {} segments, `segments_max` allows {most}", segmented.segments_count());
        return Err(Problem::invalid("text", detail));
    }
    Ok(segmented)
}

/// The agreement named in the request, or else the one that has the sender ID.
async fn agreement_and_sender(
    app: &App,
    who: &Principal,
    request: &SendRequest,
) -> Result<(Agreement, Sender), Problem> {
    let address = SenderAddress::parse(&request.sender).map_err(|error| Problem::invalid("sender", error))?;
    let mut agreements = app.store.agreements_of(&who.company.id).await?;
    if let Some(wanted) = &request.agreement {
        let wanted = AgreementId::parse(wanted).map_err(|error| Problem::invalid("agreement", error))?;
        agreements.retain(|agreement| agreement.id == wanted);
        if agreements.is_empty() {
            return Err(Problem::not_found("agreement").field("agreement"));
        }
    }
    let mut found = Vec::new();
    for agreement in agreements {
        if let Some(sender) = app.store.sender(&agreement.id, &address).await? {
            found.push((agreement, sender));
        }
    }
    if found.len() > 1 {
        let detail = "several agreements have this sender ID: name one of them";
        return Err(Problem::invalid("agreement", detail));
    }
    match found.pop() {
        Some((agreement, sender)) if sender.status == SenderStatus::Active => Ok((agreement, sender)),
        Some(_) => {
            Err(Problem::new(422, "sender_not_active", "This sender ID is not active.").field("sender"))
        }
        None => Err(Problem::new(422, "sender_unknown", "There is no such sender ID under your agreement.")
            .field("sender")),
    }
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
                let (country, network) = (destination.country.as_str(), destination.network.as_deref());
                let event = Event::sms(country, network, Some(sender))
                    .with_known(Attribute::Mcc, destination.mcc.as_deref())
                    .with_known(Attribute::Mccmnc, destination.mccmnc.as_deref());
                let offered = offers(levels, &event, now).map_err(|error| refusal(error.code(), &error));
                let place = offered.map(|offers| {
                    let (country, network) = (country.to_owned(), destination.network.clone());
                    self.places.push(Place { country, network, offers });
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
