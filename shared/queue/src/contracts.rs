//! The contracts, by version. A new shape is a new variant; old ones keep being read, because they may
//! be in a queue while a new version is deployed. Samples are in `events/queue/`.

use domain::agreement::Agreement;
use domain::alert::Crossing;
use domain::handling::ClientAddress;
use domain::id::{
    AgreementId, CodeRequestId, CompanyId, ConnectionId, IncomingId, InvoiceId, MessageId,
    NotificationChannelId, OwnLegalEntityId, PaymentId, RerateId, SenderId, ServiceId, TopUpId,
};
use domain::invoice::InvoiceKind;
use domain::lease::LeaseTag;
use domain::money::{Amount, Currency};
use domain::notification::{NotificationEvent, Values};
use domain::period::Period;
use domain::receipt::ReceiptState;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// To a worker that hands messages to a vendor. The message itself is read when it is claimed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Job {
    SubmitV1 {
        message: MessageId,
        connection: ConnectionId,
    },
    /// All messages of a block that a lease has charged; they are so many.
    SubmitBlockV1 {
        block: LeaseTag,
        connection: ConnectionId,
        count: u16,
    },
}

/// From workers and webhooks to the progress-applier: what happened to a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Progress {
    /// The vendor answered: an id for each segment, none for a segment that it refused.
    SubmittedV1 {
        message: MessageId,
        references: Vec<Option<String>>,
        /// Whose vendor it was: the message may have gone on to another one by now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        connection: Option<ConnectionId>,
        at: Timestamp,
    },
    /// The vendor took nothing of it.
    RefusedV1 {
        message: MessageId,
        reason: String,
        /// Whether another vendor may take it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        next_route: bool,
        /// Whose vendor it was: a repeat is not to be taken for the refusal of the next one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        connection: Option<ConnectionId>,
        at: Timestamp,
    },
    /// Whether the vendor took it nobody knows, and it will not be sent again.
    InDoubtV1 {
        message: MessageId,
        /// The vendor's id for each segment that it took before the doubt, none for the others.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        references: Vec<Option<String>>,
        /// Over which it may have left.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        connection: Option<ConnectionId>,
        at: Timestamp,
    },
    /// A report on the segment that the vendor knows by `reference`.
    ReceiptV1 {
        connection: ConnectionId,
        reference: String,
        state: ReceiptState,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
        /// As the vendor wrote it, if it did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recipient: Option<String>,
        at: Timestamp,
    },
    /// What became of messages of one block, each with its place.
    BlockV1 {
        block: LeaseTag,
        connection: ConnectionId,
        outcomes: Vec<(u16, Outcome)>,
        /// A [`Self::ReferencesV1`] is queued already, and sees what is stored by this time. Without one the
        /// vendor's ids are stored at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        references_by: Option<Timestamp>,
        at: Timestamp,
    },
    /// A block was submitted a while ago: the vendor's ids of segments of which no receipt has come by now are
    /// to be stored.
    ReferencesV1 { block: LeaseTag, connection: ConnectionId },
    /// Reports that came together, in their order.
    ReceiptsV1 { connection: ConnectionId, receipts: Vec<Report>, at: Timestamp },
    /// A message from a phone, or a part of a long one. The same one may come twice.
    IncomingV1 { connection: ConnectionId, incoming: Box<Incoming>, at: Timestamp },
}

/// What became of a message of a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The vendor's id for each segment, none for one that it refused.
    Submitted(Vec<Option<String>>),
    Refused {
        reason: String,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        next_route: bool,
    },
    InDoubt,
    /// The vendor's id for each segment that it took. Whether it took one of the others nobody knows.
    PartlyInDoubt(Vec<Option<String>>),
    /// Nothing of it left, and it cannot go on with its block: it gets a row and a job of its own.
    NotSent,
}

/// A report on the segment that the vendor knows by `reference`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub reference: String,
    /// What the same report calls it in another place: to be tried where the first is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_reference: Option<String>,
    pub state: ReceiptState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// As the vendor wrote it, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// What it is about, if whoever submitted that knows it still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<Segment>,
    /// It was passed on before, when nobody knew its segment yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
}

/// A segment of a message that left with its block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    pub message: MessageId,
    pub part: usize,
    /// The vendor's ids of all segments, as they were answered: nobody may have told them yet.
    pub references: Vec<Option<String>>,
}

/// What a vendor delivered from a phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incoming {
    /// The phone.
    pub source: ClientAddress,
    /// The number that it was sent to.
    pub destination: ClientAddress,
    /// SMPP 3.4 section 5.2.19.
    pub data_coding: u8,
    /// Without its header, in hexadecimal.
    pub octets: String,
    /// What the octets say; lossy where they are no text.
    pub text: String,
    /// Which part of a long message it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<IncomingPart>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncomingPart {
    pub reference: u16,
    pub total: u8,
    /// From 1.
    pub number: u8,
}

/// To the receivers of one client's connection, over its own queue: in order, kept for 72 hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum ForClient {
    ReceiptsV1 { receipts: Vec<ClientReceipt> },
    IncomingV1 { source: ClientAddress, destination: ClientAddress, data_coding: u8, octets: String },
}

/// A receipt for a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientReceipt {
    pub message: MessageId,
    /// As the client addressed the message.
    pub source: ClientAddress,
    pub destination: ClientAddress,
    pub state: ReceiptState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    pub accepted_at: Timestamp,
    pub finished_at: Timestamp,
    /// The first characters of the message, as SMPP 3.4 appendix B wants them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// To http-sender: what is posted to an address that a client has named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Webhook {
    /// A message from a phone. The same one may come twice, with the same id.
    IncomingMessageV1 {
        id: IncomingId,
        url: String,
        /// Whose secret signs it.
        agreement: AgreementId,
        sender: SenderId,
        /// The phone, and the number that it wrote to.
        source: String,
        destination: String,
        text: String,
        /// All octets in hexadecimal, for what is no text.
        octets: String,
        data_coding: u8,
        at: Timestamp,
    },
    /// What became of a two-factor code. The same news may come twice.
    CodeV1 {
        url: String,
        /// Whose secret signs it.
        agreement: AgreementId,
        request: CodeRequestId,
        number: String,
        result: CodeResult,
        /// Whether it is paid for, once that is known.
        billable: Option<bool>,
        /// When the code was asked for.
        at: Timestamp,
    },
}

impl Webhook {
    /// The same for the same news.
    pub fn id(&self) -> String {
        match self {
            Self::IncomingMessageV1 { id, .. } => id.to_string(),
            Self::CodeV1 { request, result, .. } => format!("{request}-{result}"),
        }
    }

    pub fn url(&self) -> &str {
        match self {
            Self::IncomingMessageV1 { url, .. } | Self::CodeV1 { url, .. } => url,
        }
    }

    pub fn agreement(&self) -> &AgreementId {
        match self {
            Self::IncomingMessageV1 { agreement, .. } | Self::CodeV1 { agreement, .. } => agreement,
        }
    }
}

/// How far a two-factor code has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CodeResult {
    /// Accepted and charged.
    Sent,
    /// On the phone.
    Delivered,
    /// It will not arrive.
    Undelivered,
    /// Somebody has typed it.
    Verified,
}

impl std::fmt::Display for CodeResult {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Verified => "verified",
        })
    }
}

/// To the invoice-closer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Billing {
    /// Make or recalculate the draft of one agreement and period.
    CloseV1 { agreement: AgreementId, period: Period },
    /// Do the next part of a rerate.
    RerateV1 { task: RerateId },
    /// Make the files of an invoice: of one that was confirmed, or of a draft that somebody wants to see.
    RenderV1 { invoice: InvoiceId },
    /// Make the PDFs of the receipt of message credits that were bought, and of its credit notes.
    ReceiptV1 { top_up: TopUpId },
    /// Close the periods again whose invoices the tax rules of who issued them tax otherwise by now: a part of them,
    /// and the next job those behind it.
    TaxesChangedV1 {
        own_legal_entity: OwnLegalEntityId,
        /// Where the part before ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
    /// Note on the agreement's invoices what of them its payments cover, and which are overdue.
    CoverV1 { agreement: AgreementId },
}

/// To the mailer, which says who is told, and in which words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Notification {
    /// A payment was confirmed.
    PaymentConfirmedV1 {
        agreement: AgreementId,
        payment: PaymentId,
        /// In the agreement's currency; below zero if it was paid back.
        amount: Amount,
        currency: Currency,
        reference: String,
        emails: Vec<String>,
        at: Timestamp,
    },
    /// A wallet crossed a threshold of its agreement. `id` names the crossing: the same one may come
    /// twice, and is told once.
    ThresholdCrossedV1 {
        id: String,
        agreement: AgreementId,
        currency: Currency,
        crossing: Crossing,
        emails: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        webhook_url: Option<String>,
        at: Timestamp,
    },
    /// An invoice was confirmed, and its document is there. `id` names the confirmation: the same one may come
    /// twice, and is told once.
    InvoiceConfirmedV1 {
        id: String,
        invoice: InvoiceId,
        agreement: AgreementId,
        kind: InvoiceKind,
        number: u64,
        period: Period,
        /// Below zero on a credit note.
        total_due: Amount,
        /// What of it no payment covered when it was told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outstanding: Option<Amount>,
        currency: Currency,
        due_date: Option<Date>,
        emails: Vec<String>,
        at: Timestamp,
    },
    /// The rates of an enabled service are others from a moment on. `id` names the change for this
    /// agreement: the same one may come twice, and is told once.
    RatesChangedV1 {
        id: String,
        agreement: AgreementId,
        service: ServiceId,
        /// The service's name.
        name: String,
        effective_from: Timestamp,
        /// Not there if the rates begin or end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        changes: Option<RateChanges>,
        emails: Vec<String>,
        at: Timestamp,
    },
}

/// How many prices differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RateChanges {
    pub new: u32,
    pub removed: u32,
    pub up: u32,
    pub down: u32,
    /// In another way than by the amount: a scale, a rule, a block.
    pub other: u32,
}

/// To the mailer: a mail to one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Mail {
    /// Of an event, in the words of its template.
    EventV1 {
        /// Names the cause. The same one may come twice, and is mailed once to each address.
        id: String,
        /// In whose name it is mailed: its templates, its mail server or that of a company above it.
        company: CompanyId,
        /// Which of the company's own legal entities it is for, if it is one's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        legal_entity: Option<OwnLegalEntityId>,
        event: NotificationEvent,
        to: String,
        /// By the names of the event's variables. What is not told reads as nothing; without a value that
        /// the event cannot do without, as a link, the mail is refused.
        values: Values,
        /// The invoice whose files go with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        invoice: Option<InvoiceId>,
        at: Timestamp,
    },
    /// Whether a mail server works.
    TestV1 { id: String, company: CompanyId, channel: NotificationChannelId, to: String, at: Timestamp },
}

impl Mail {
    /// One to each of these addresses, in the name of the company that sells under an agreement and of the
    /// legal entity with which that is made.
    pub fn of_agreement<const COUNT: usize>(
        agreement: &Agreement,
        event: NotificationEvent,
        emails: &[String],
        cause: &str,
        values: [(&str, String); COUNT],
        at: Timestamp,
    ) -> Vec<Self> {
        let values: Values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let mail = |to: &String| Self::EventV1 {
            id: cause.to_owned(),
            company: agreement.tenant.clone(),
            legal_entity: agreement.parties.own_legal_entity.clone(),
            event,
            to: to.clone(),
            values: values.clone(),
            invoice: None,
            at,
        };
        emails.iter().map(mail).collect()
    }

    /// Whom it is for.
    pub fn to(&self) -> &str {
        match self {
            Self::EventV1 { to, .. } | Self::TestV1 { to, .. } => to,
        }
    }
}
