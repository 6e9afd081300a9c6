//! What the simulator can be told to do.

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::time::Duration;

use rand::RngExt;
use smpp::CommandStatus;
use smpp::pdu::VERSION_5_0;
use smpp::receipt::ReceiptState;

use super::Identity;

const ID_WIDTH: usize = 20;

/// What the simulator does; it may be changed while it runs.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// Zero takes a free port. Read once, at the start.
    pub port: u16,
    /// The newest version that it speaks: 0x33, 0x34 or 0x50. The older one of it and a client's is spoken.
    pub interface_version: u8,
    /// From the submit to its answer.
    pub answer_latency: Duration,
    /// From the submit's answer to the receipt; each message draws its own.
    pub receipt_delay: RangeInclusive<Duration>,
    /// What late receipts wait on top of their delay.
    pub late_by: Duration,
    /// Of a thousand messages, how many are reported UNDELIV with error 099.
    pub failed_per_mille: u16,
    pub receipts: ReceiptMode,
    /// How the id is written in the submit's answer, and in the receipt.
    pub answer_id: IdForm,
    pub receipt_id: IdForm,
    pub receipt_form: ReceiptForm,
    /// Whether what is delivered names sender and recipient the other way round.
    pub inverted_addresses: bool,
    /// The first whose ending fits decides.
    pub overrides: Vec<Override>,
    /// The only system_id and password that may bind; without them everyone may.
    pub credentials: Option<(String, String)>,
    /// Binds of one system_id at one time; one more is refused with ESME_RALYBND (0x05).
    pub binds_max: usize,
    /// With this it speaks TLS alone. Read once, at the start.
    pub tls: Option<Identity>,
    /// Deliveries without an answer, for each bind.
    pub window: NonZeroUsize,
    /// How many submits are remembered; the oldest are forgotten first.
    pub remembered_max: usize,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            port: 0,
            interface_version: VERSION_5_0,
            answer_latency: Duration::ZERO,
            receipt_delay: Duration::ZERO..=Duration::ZERO,
            late_by: Duration::from_secs(2),
            failed_per_mille: 0,
            receipts: ReceiptMode::Normal,
            answer_id: IdForm::Decimal,
            receipt_id: IdForm::Decimal,
            receipt_form: ReceiptForm::Both,
            inverted_addresses: false,
            overrides: default_overrides(),
            credentials: None,
            binds_max: usize::MAX,
            tls: None,
            window: NonZeroUsize::MIN.saturating_add(99),
            remembered_max: 1_000_000,
        }
    }
}

impl Behaviour {
    pub(super) fn outcome(&self, destination: &str) -> Outcome {
        let found = self.overrides.iter().find(|special| destination.ends_with(&special.ending));
        found.map_or_else(|| Outcome::Taken(self.fate()), |special| special.outcome)
    }

    /// The fate of an ordinary message.
    pub(super) fn fate(&self) -> Fate {
        let fails = rand::rng().random_range(0..1000) < self.failed_per_mille;
        let (state, error) =
            if fails { (ReceiptState::Undeliverable, 99) } else { (ReceiptState::Delivered, 0) };
        Fate { state, error, receipts: self.receipts }
    }

    pub(super) fn draw_receipt_delay(&self) -> Duration {
        let (shortest, longest) = (*self.receipt_delay.start(), *self.receipt_delay.end());
        if longest <= shortest { shortest } else { rand::rng().random_range(shortest..=longest) }
    }
}

/// When receipts come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ReceiptMode {
    /// After the submit's answer.
    Normal,
    /// Before the submit's answer.
    Early,
    /// Late by [`Behaviour::late_by`].
    Late,
    Never,
    Doubled,
}

/// Where a receipt says what it has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ReceiptForm {
    /// In its text and in `receipted_message_id` and its companions.
    Both,
    Text,
    Parameters,
    /// In a text that stands in `message_payload`.
    Payload,
}

/// How the one number behind a message is written. A UUID is found only if both sides use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum IdForm {
    Decimal,
    Hex,
    ZeroPadded,
    Uuid,
}

impl IdForm {
    pub(super) fn write(self, number: u64) -> String {
        match self {
            Self::Decimal => number.to_string(),
            Self::Hex => format!("{number:X}"),
            Self::ZeroPadded => format!("{number:0ID_WIDTH$}"),
            Self::Uuid => {
                let octets = u128::from(number).to_be_bytes();
                uuid::Builder::from_random_bytes(octets).into_uuid().to_string()
            }
        }
    }
}

/// What happens to destinations that end in these digits.
#[derive(Clone, Debug)]
pub struct Override {
    pub ending: String,
    pub outcome: Outcome,
}

/// What happens to one submit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Taken(Fate),
    Refused(CommandStatus),
    ThrottledOnce,
    /// Taken and reported as delivered all the same.
    NeverAnswered,
    /// Not taken.
    DropsConnection,
}

/// What becomes of a message that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fate {
    pub state: ReceiptState,
    pub error: u16,
    pub receipts: ReceiptMode,
}

impl Fate {
    pub const DELIVERED: Self =
        Self { state: ReceiptState::Delivered, error: 0, receipts: ReceiptMode::Normal };

    /// By the two lowest bits of `registered_delivery`: 1 asks for all receipts, 2 for those of
    /// failures, 3 (SMPP 5.0) for those of successes.
    pub(super) fn is_asked_for(self, registered_delivery: u8) -> bool {
        match registered_delivery & 0x03 {
            0 => false,
            1 => true,
            2 => self.state != ReceiptState::Delivered,
            _ => self.state == ReceiptState::Delivered,
        }
    }
}

/// The table at the head of [`super`].
pub fn default_overrides() -> Vec<Override> {
    let failed = |state, error| Outcome::Taken(Fate { state, error, ..Fate::DELIVERED });
    let delivered = |receipts| Outcome::Taken(Fate { receipts, ..Fate::DELIVERED });
    [
        ("0001", failed(ReceiptState::Undeliverable, 1)),
        ("0002", failed(ReceiptState::Expired, 2)),
        ("0003", delivered(ReceiptMode::Late)),
        ("0004", delivered(ReceiptMode::Never)),
        ("0005", Outcome::Refused(CommandStatus::RINVDSTADR)),
        ("0006", Outcome::ThrottledOnce),
        ("0007", Outcome::NeverAnswered),
        ("0008", delivered(ReceiptMode::Early)),
        ("0009", Outcome::DropsConnection),
        ("0010", failed(ReceiptState::Rejected, 10)),
        ("0011", delivered(ReceiptMode::Doubled)),
    ]
    .into_iter()
    .map(|(ending, outcome)| Override { ending: ending.to_owned(), outcome })
    .collect()
}
