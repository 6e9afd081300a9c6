//! From a request to what would be stored and charged for it. Nothing is written here.

use std::collections::{BTreeMap, BTreeSet};

use domain::agreement::Agreement;
use domain::batch::{Batch, RECIPIENTS_MAX, Recipient, Refusal, Tariff, totals};
use domain::destination::{Msisdn, destination};
use domain::id::{AgreementId, BatchId, MessageId};
use domain::message::{Message, Status};
use domain::money::Amount;
use domain::quote::{Level, QuoteError, quote};
use domain::rating::{Event, Resource};
use domain::segmentation::{Segmented, segment};
use domain::sender::{Sender, SenderAddress, SenderStatus};
use domain::wallet::{Leg, Wallet};
use jiff::Timestamp;
use runtime::auth::Principal;
use runtime::http::Problem;
use sha2::{Digest, Sha256};
use store::{Accept, Row};

use crate::App;
use crate::rates::levels;
use crate::routes::SendRequest;

/// Longer texts are mostly mistakes; a request may allow up to 255, which the header of a long message
/// can number (3GPP TS 23.040, 9.2.3.24.1).
const SEGMENTS_DEFAULT: u32 = 10;
const SEGMENTS_MAX: u32 = 255;
const TEXT_LENGTH_MAX: usize = 39_015;
const REFERENCE_LENGTH_MAX: usize = 64;

/// What a request comes to.
pub struct Plan {
    pub agreement: Agreement,
    pub wallet: Wallet,
    pub segmented: Segmented,
    pub tariffs: Vec<Tariff>,
    pub recipients: Vec<Recipient>,
    pub refused: Vec<Refusal>,
    pub legs: Vec<Leg>,
    pub units: Vec<Amount>,
    sender: Sender,
}

impl Plan {
    /// Judges the whole request and prices every recipient at every level.
    pub async fn make(
        app: &App,
        who: &Principal,
        request: &SendRequest,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let segmented = check(who, request)?;
        let (agreement, sender) = agreement_and_sender(app, who, request).await?;
        let levels = levels(&app.store, &app.trees, &agreement, now).await?;
        let wallet = app.store.wallet(&agreement.wallet()).await?;
        let wallet = wallet.ok_or_else(|| Problem::not_found("wallet"))?;
        let mut priced = Priced::default();
        for recipient in &request.recipients {
            priced.add(recipient, &levels, segmented.segments_count() as u32);
        }
        let charges =
            priced.recipients.iter().map(|recipient| priced.tariffs[recipient.tariff].charges.as_slice());
        let (legs, units) = totals(charges).map_err(|error| Problem::invalid("recipients", error))?;
        let Priced { tariffs, recipients, refused, .. } = priced;
        Ok(Self { agreement, wallet, segmented, tariffs, recipients, refused, legs, units, sender })
    }

    pub fn total(&self) -> Amount {
        self.legs.first().map_or(Amount::ZERO, |leg| leg.amount)
    }

    /// The balance as it was read, less the total. Others may spend at the same time: the statement
    /// has the exact one.
    pub fn balance_after(&self) -> Result<Amount, Problem> {
        let balance = self.wallet.posted_balance().and_then(|balance| balance.checked_sub(self.total()));
        balance.map_err(|error| Problem::invalid("recipients", error))
    }

    /// What is stored for the request under this key: a message, or a batch of several.
    pub fn row(
        &self,
        who: &Principal,
        key: &str,
        request: &SendRequest,
        now: Timestamp,
    ) -> Result<Row, Problem> {
        let batch = Batch {
            id: BatchId::of_request(&who.company.id, key),
            company: who.company.id.clone(),
            agreement: self.agreement.id.clone(),
            sender: self.sender.address.clone(),
            text: request.text.clone(),
            client_reference: request.client_reference.clone(),
            connection: self.sender.connection.clone(),
            connection_kind: self.sender.connection_kind,
            encoding: self.segmented.encoding,
            segments: self.segmented.segments_count() as u32,
            tariffs: self.tariffs.clone(),
            recipients: self.recipients.clone(),
            refused: self.refused.clone(),
            accepted_at: now,
            request_hash: request_hash(request),
            balance_after: self.balance_after()?,
        };
        if request.recipients.len() > 1 {
            return Ok(Row::Batch(Box::new(batch)));
        }
        let only = batch.message(0).ok_or_else(|| Problem::invalid("recipients", "there is no recipient"))?;
        Ok(Row::Message(Box::new(Message {
            id: MessageId::of_request(&who.company.id, key),
            status: Status::Accepted,
            request_hash: batch.request_hash,
            balance_after: Some(batch.balance_after),
            ..only
        })))
    }
}

/// What the store is asked to accept.
pub fn accept(row: &Row) -> Accept<'_> {
    match row {
        Row::Message(message) => Accept::Message(message),
        Row::Batch(batch) => Accept::Batch(batch),
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

/// A country and a network.
type Place = (String, Option<String>);
/// A code and its explanation.
type Reason = (String, String);

/// The recipients of a request so far, with one tariff for each place they go to.
#[derive(Default)]
struct Priced {
    tariffs: Vec<Tariff>,
    recipients: Vec<Recipient>,
    refused: Vec<Refusal>,
    places: BTreeMap<Place, Result<usize, Reason>>,
    seen: BTreeSet<Msisdn>,
}

impl Priced {
    /// Prices one recipient, or notes why it is refused. A bad number never stops the others.
    fn add(&mut self, raw: &str, levels: &[Level], segments: u32) {
        match self.place(raw, levels, segments) {
            Ok(recipient) => self.recipients.push(recipient),
            Err((code, detail)) => self.refused.push(Refusal { recipient: raw.to_owned(), code, detail }),
        }
    }

    fn place(&mut self, raw: &str, levels: &[Level], segments: u32) -> Result<Recipient, Reason> {
        let number = Msisdn::parse(raw).map_err(|error| refusal("invalid_number", error))?;
        if self.seen.contains(&number) {
            return Err(refusal("repeated", "this recipient is named twice in the request"));
        }
        let found = destination(&number).map_err(|error| refusal("invalid_number", error))?;
        let (country, network) = (found.country.as_str(), found.network.map(|network| network.name));
        let key = (country.to_owned(), network.map(str::to_owned));
        let tariff = match self.places.get(&key) {
            Some(known) => known.clone()?,
            None => {
                let event = Event { resource: Resource::SmsMessage, direction: "MT", country, network };
                let priced = quote(levels, &event, segments).map_err(|error| refusal(code(&error), error));
                let place = priced.map(|charges| {
                    self.tariffs.push(Tariff { country: key.0.clone(), network: key.1.clone(), charges });
                    self.tariffs.len() - 1
                });
                self.places.insert(key, place.clone());
                place?
            }
        };
        self.seen.insert(number.clone());
        Ok(Recipient { number, tariff })
    }
}

fn code(error: &QuoteError) -> &'static str {
    match error {
        QuoteError::NoRate { .. } => "no_rate",
        QuoteError::Blocked { .. } => "blocked",
        QuoteError::Amount(_) => "invalid",
    }
}

fn refusal(code: &str, detail: impl ToString) -> Reason {
    (code.to_owned(), detail.to_string())
}
