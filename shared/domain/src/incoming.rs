//! Messages from phones, and where they go.
//!
//! Not here: how the parts of a long one are recognised; vendors' octets are read in the gateway.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::destination::masked;
use crate::handling::ClientAddress;
use crate::id::{AgreementId, CompanyId, ConnectionId, IncomingId, MessageId, SenderId};
use crate::sender::{Sender, SenderAddress, SenderStatus};

const KEYWORD_CHARACTERS_MAX: usize = 20;
const URL_OCTETS_MAX: usize = 1_000;

/// Which messages from phones to the number of a sender ID are for it, and where they go.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct IncomingRule {
    /// The first word of the text, for a number that several share; upper case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyword: Option<String>,
    /// The mobile country code of the phones, for a short code that is another client's elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mcc: Option<String>,
    /// Posted here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<String>,
    /// Delivered to the receivers of this client's connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ConnectionId>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IncomingRuleError {
    #[error("a keyword is one word of 1 to {KEYWORD_CHARACTERS_MAX} characters in upper case")]
    Keyword,
    #[error("a mobile country code has three digits")]
    Mcc,
    #[error("a webhook address is a URL with a host, without a login and of at most {URL_OCTETS_MAX} octets")]
    Webhook,
    #[error("a webhook address or a client's connection is needed")]
    NoTarget,
}

impl IncomingRule {
    /// Whether messages can be handed on by it. To be checked beside: that the connection is the client's
    /// own, and that the address is one that this platform calls (`runtime::targets`).
    pub fn check(&self) -> Result<(), IncomingRuleError> {
        if self.keyword.as_deref().is_some_and(|keyword| !is_keyword(keyword)) {
            return Err(IncomingRuleError::Keyword);
        }
        let is_mcc = |mcc: &str| mcc.len() == 3 && mcc.bytes().all(|digit| digit.is_ascii_digit());
        if self.mcc.as_deref().is_some_and(|mcc| !is_mcc(mcc)) {
            return Err(IncomingRuleError::Mcc);
        }
        if self.webhook_url.as_deref().is_some_and(|url| !is_webhook(url)) {
            return Err(IncomingRuleError::Webhook);
        }
        if self.webhook_url.is_none() && self.client.is_none() {
            return Err(IncomingRuleError::NoTarget);
        }
        Ok(())
    }

    /// How narrowly it chooses, if it chooses a message with this first word from a phone of this country.
    fn fits(&self, word: &str, is_from: impl Fn(&str) -> bool) -> Option<u8> {
        let by_keyword = match &self.keyword {
            Some(keyword) if *keyword == word => 2,
            Some(_) => return None,
            None => 0,
        };
        let by_mcc = match &self.mcc {
            Some(mcc) if is_from(mcc) => 1,
            Some(_) => return None,
            None => 0,
        };
        Some(by_keyword + by_mcc)
    }
}

fn is_keyword(keyword: &str) -> bool {
    let characters = keyword.chars().count();
    let is_word = !keyword.chars().any(|c| c.is_whitespace() || c.is_control());
    (1..=KEYWORD_CHARACTERS_MAX).contains(&characters) && is_word && keyword.to_uppercase() == keyword
}

/// Coarse: whoever posts to it reads it as a URL, and looks where its host leads.
fn is_webhook(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let Some(rest) = rest else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.split(':').next().unwrap_or_default();
    let is_text = url.bytes().all(|octet| octet.is_ascii_graphic());
    url.len() <= URL_OCTETS_MAX && is_text && !host.is_empty() && !authority.contains(['@', '\\'])
}

fn is_in_use(sender: &Sender) -> bool {
    matches!(sender.status, SenderStatus::Active | SenderStatus::Testing)
}

/// The sender ID that gets a message to its number: of those with a rule that fits, the one whose rule
/// chooses most narrowly (keyword and country, keyword, country, neither), and the oldest of several.
/// `senders` have this number; `is_from` says whether a mobile country code is one of the phone's country.
pub fn route<'a>(senders: &'a [Sender], text: &str, is_from: impl Fn(&str) -> bool) -> Option<&'a Sender> {
    let word = text.split_whitespace().next().unwrap_or_default().to_uppercase();
    let fitting = senders.iter().filter_map(|sender| {
        let rule = sender.incoming.as_ref().filter(|_| is_in_use(sender))?;
        Some((rule.fits(&word, &is_from)?, sender))
    });
    let age = |sender: &Sender| (std::cmp::Reverse(sender.created_at), std::cmp::Reverse(sender.id.clone()));
    fitting.max_by_key(|(width, sender)| (*width, age(sender))).map(|(_, sender)| sender)
}

/// A message from a phone, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncomingMessage {
    pub id: IncomingId,
    /// The vendor's, over which it came.
    pub connection: ConnectionId,
    /// The phone.
    pub source: ClientAddress,
    /// The number that it was sent to.
    pub destination: ClientAddress,
    /// SMPP 3.4 section 5.2.19.
    pub data_coding: u8,
    /// All of them in hexadecimal, without headers.
    pub octets: String,
    pub text: String,
    /// How many short messages it came in.
    pub parts: u8,
    pub received_at: Timestamp,
    /// None: no rule of a sender ID chooses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routed: Option<Routed>,
    #[serde(default)]
    pub cost: IncomingCost,
    /// Raised by every change.
    #[serde(default)]
    pub revision: u32,
}

/// What a message from a phone costs those whose it is; until that is settled it is not handed on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum IncomingCost {
    /// Nobody has a price for it, or it is nobody's.
    #[default]
    Free,
    /// It was charged as this message, which is of its phone, has its price at every level, and never was sent.
    Charged { message: MessageId },
    /// The rate plans of a level block it.
    Blocked,
    /// It could not be charged.
    Unpaid {
        why: Unpaid,
        /// When that is tried again; never if there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        try_at: Option<Timestamp>,
    },
}

/// Why a message from a phone could not be charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unpaid {
    InsufficientFunds,
    /// Its company or one above is disabled, or an agreement that it is charged to is suspended.
    Suspended,
    /// An agreement that it is charged to has not begun, or has ended.
    AgreementNotInForce,
    /// Its sender ID was blocked, deleted or made to get nothing from phones while it waited.
    SenderNotInUse,
    /// Too many others wrote to the same wallets at that moment.
    Busy,
}

/// What could not be charged is tried again so often, and for so long after it came.
const TRIED_EVERY: SignedDuration = SignedDuration::from_hours(1);
const TRIED_FOR: SignedDuration = SignedDuration::from_hours(72);
const FAILED_LONGER: SignedDuration = SignedDuration::from_hours(24);
/// What only met others at its wallets, so often in its first hour.
const BUSY_TRIED_EVERY: SignedDuration = SignedDuration::from_mins(1);

impl IncomingCost {
    /// Trying to charge it failed, for which nobody who pays is to blame: it has a day more.
    pub fn failed(why: Unpaid, received_at: Timestamp, now: Timestamp) -> Self {
        let next = now + TRIED_EVERY;
        Self::Unpaid { why, try_at: (next <= received_at + TRIED_FOR + FAILED_LONGER).then_some(next) }
    }

    /// It could not be charged now.
    pub fn unpaid(why: Unpaid, received_at: Timestamp, now: Timestamp) -> Self {
        let is_soon = why == Unpaid::Busy && now < received_at + TRIED_EVERY;
        let next = now + if is_soon { BUSY_TRIED_EVERY } else { TRIED_EVERY };
        Self::Unpaid { why, try_at: (next <= received_at + TRIED_FOR).then_some(next) }
    }

    /// When it is to be tried again.
    pub fn try_at(&self) -> Option<Timestamp> {
        match self {
            Self::Unpaid { try_at, .. } => *try_at,
            Self::Free | Self::Charged { .. } | Self::Blocked => None,
        }
    }
}

/// Whose a message from a phone is, and where it goes, as the rule said when it came or was last tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routed {
    pub sender: SenderId,
    pub company: CompanyId,
    pub agreement: AgreementId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ConnectionId>,
}

impl Routed {
    /// None if the sender ID gets nothing from phones.
    pub fn to(sender: &Sender) -> Option<Self> {
        let rule = sender.incoming.as_ref()?;
        Some(Self {
            sender: sender.id.clone(),
            company: sender.company.clone(),
            agreement: sender.agreement.clone(),
            webhook_url: rule.webhook_url.clone(),
            client: rule.client.clone(),
        })
    }

    /// Where it goes as the rule is now; none if its sender ID is in use no more, or somebody else's.
    pub fn again(&self, sender: &Sender) -> Option<Self> {
        let is_whose = |now: &Self| now.company == self.company && now.agreement == self.agreement;
        Self::to(sender).filter(|now| is_in_use(sender) && is_whose(now))
    }
}

/// The number as sender IDs have it; none if none can. Vendors write an international one with `+`, `00` or
/// neither.
pub fn dialled(number: &str) -> Option<SenderAddress> {
    let digits = number.trim();
    let digits = digits.strip_prefix("00").unwrap_or(digits);
    SenderAddress::parse(digits).ok().filter(SenderAddress::is_numeric)
}

/// A vendor whose link was lost before our answer sends a message again within minutes. That somebody
/// wrote the same twice can only be told from it by time.
pub const REPEAT_WINDOW: SignedDuration = SignedDuration::from_mins(5);
/// Parts of one message come within seconds, and after an outage together. Those that are further apart are
/// of two messages, for which a phone has used the same reference.
pub const PARTS_WITHIN: SignedDuration = SignedDuration::from_hours(1);

impl IncomingMessage {
    /// Whether it goes to those whose it is.
    pub fn is_handed_on(&self) -> bool {
        self.routed.is_some() && matches!(self.cost, IncomingCost::Free | IncomingCost::Charged { .. })
    }

    /// The same with its phone masked if it is from before `till`.
    #[must_use]
    pub fn masked_before(mut self, till: Option<Timestamp>) -> Self {
        if till.is_some_and(|till| self.received_at < till) {
            self.source.value = masked(&self.source.value);
        }
        self
    }

    /// The ids that it may have been stored under before, its own first: that of its content and the time
    /// in which a repeat comes, and of the times before and after that, because a repeat may be stored first. It
    /// is one only within [`REPEAT_WINDOW`] of the first, see [`Self::is_repeat_of`].
    pub fn possible_ids(&self) -> [IncomingId; 3] {
        let window = self.received_at.as_second().div_euclid(REPEAT_WINDOW.as_secs());
        [window, window - 1, window + 1].map(|window| self.named(&window.to_string()))
    }

    /// What it has in common with all that have its content, whenever they come.
    pub fn content(&self) -> IncomingId {
        self.named("")
    }

    fn named(&self, window: &str) -> IncomingId {
        let Self { connection, source, destination, data_coding, octets, .. } = self;
        let (source, destination) = (&source.value, &destination.value);
        let coding = data_coding.to_string();
        IncomingId::derived(&[connection.as_str(), source, destination, &coding, octets, window])
    }

    pub fn is_repeat_of(&self, earlier: &Self) -> bool {
        self.received_at.duration_since(earlier.received_at).abs() < REPEAT_WINDOW
    }
}

/// A part of a long message as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncomingPart {
    /// From 1.
    pub number: u8,
    pub data_coding: u8,
    pub octets: String,
    pub text: String,
    pub received_at: Timestamp,
    /// Whether the message that it is a part of is stored.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_spent: bool,
}

impl IncomingPart {
    /// Whether it is an earlier part once more, and that one is in a message that is stored.
    pub fn is_repeat_of_spent(&self, earlier: &Self) -> bool {
        let content = |part: &Self| (part.number, part.data_coding, part.octets.clone());
        earlier.is_spent
            && content(self) == content(earlier)
            && self.received_at.duration_since(earlier.received_at).abs() < REPEAT_WINDOW
    }
}

/// The octets, the text and the time of a message of which all `total` parts are there, in any order. What
/// is in another message, or much older than the last one, is not among them.
pub fn joined(mut parts: Vec<IncomingPart>, total: u8) -> Option<IncomingPart> {
    let last = parts.iter().map(|part| part.received_at).max()?;
    parts.retain(|part| !part.is_spent && last.duration_since(part.received_at) <= PARTS_WITHIN);
    parts.sort_by_key(|part| part.number);
    parts.dedup_by_key(|part| part.number);
    if !parts.iter().map(|part| part.number).eq(1..=total) {
        return None;
    }
    let first = parts.first()?;
    Some(IncomingPart {
        number: 1,
        data_coding: first.data_coding,
        octets: parts.iter().map(|part| part.octets.as_str()).collect(),
        text: parts.iter().map(|part| part.text.as_str()).collect(),
        received_at: parts.iter().map(|part| part.received_at).max()?,
        is_spent: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::ConnectionKind;
    use crate::route::Routes;

    fn sender(number: u128, keyword: Option<&str>, mcc: Option<&str>) -> Sender {
        let rule = IncomingRule {
            keyword: keyword.map(str::to_owned),
            mcc: mcc.map(str::to_owned),
            webhook_url: None,
            client: Some(ConnectionId::new(2)),
        };
        let sender = Sender::new(
            SenderId::new(number),
            CompanyId::new(number),
            AgreementId::new(number),
            SenderAddress::parse("12345").unwrap(),
            Routes::only(ConnectionId::new(1), ConnectionKind::Smpp),
            Timestamp::UNIX_EPOCH,
        );
        Sender { incoming: Some(rule), ..sender }
    }

    #[test]
    fn the_rule_that_chooses_most_narrowly_gets_the_message() {
        let senders = [
            sender(1, None, None),
            sender(2, None, Some("262")),
            sender(3, Some("VOTE"), None),
            sender(4, Some("VOTE"), Some("262")),
            sender(5, Some("VOTE"), Some("310")),
        ];
        for (text, mcc, expected) in [
            ("vote 7", "262", 4),
            ("  Vote\n7", "262", 4),
            ("VOTE", "310", 5),
            ("vote", "208", 3),
            ("voted", "262", 2),
            ("7 vote", "208", 1),
            ("", "208", 1),
        ] {
            let found = route(&senders, text, |rule| rule == mcc).unwrap();
            assert_eq!(found.id, SenderId::new(expected), "{text:?} from {mcc}");
        }
    }

    #[test]
    fn nobody_gets_what_no_rule_of_a_sender_in_use_chooses() {
        let mut senders = [sender(1, Some("VOTE"), None), sender(2, None, Some("262"))];
        assert_eq!(route(&senders, "hello", |_| false), None);
        senders[0].status = SenderStatus::Blocked;
        assert_eq!(route(&senders, "vote", |_| false), None);
        senders[1].incoming = None;
        assert_eq!(route(&senders, "hello", |_| true), None);
    }

    #[test]
    fn of_two_rules_alike_the_older_sender_gets_it() {
        let young = Sender { created_at: Timestamp::from_second(9).unwrap(), ..sender(1, None, None) };
        let senders = [young, sender(3, None, None), sender(2, None, None)];
        assert_eq!(route(&senders, "hello", |_| true).unwrap().id, SenderId::new(2));
    }

    #[test]
    fn a_number_is_found_however_the_vendor_writes_it() {
        for (written, expected) in [
            ("+4915112345678", Some("4915112345678")),
            ("004915112345678", Some("4915112345678")),
            ("4915112345678", Some("4915112345678")),
            ("12345", Some("12345")),
            ("ACME", None),
            ("", None),
        ] {
            assert_eq!(dialled(written).as_ref().map(SenderAddress::as_str), expected, "{written}");
        }
    }

    #[test]
    fn what_nobody_could_pay_is_tried_again_each_hour_for_three_days() {
        let at = |hours: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
        let next = |now| IncomingCost::unpaid(Unpaid::Suspended, at(0), at(now)).try_at();
        assert_eq!((next(0), next(71), next(72)), (Some(at(1)), Some(at(72)), None));
    }

    #[test]
    fn what_only_met_others_is_tried_again_each_minute_for_an_hour_and_then_each_hour() {
        let at = |minutes: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes);
        let next = |now| IncomingCost::unpaid(Unpaid::Busy, at(0), at(now)).try_at();
        assert_eq!((next(0), next(59), next(60)), (Some(at(1)), Some(at(60)), Some(at(120))));
        assert_eq!(next(72 * 60), None);
    }

    #[test]
    fn what_waits_goes_where_its_sender_id_gets_messages_now_while_that_is_in_use() {
        let before = sender(1, None, None);
        let routed = Routed::to(&before).unwrap();
        let client = Some(ConnectionId::new(3));
        let moved = IncomingRule { client: client.clone(), ..before.incoming.clone().unwrap() };
        let moved = Sender { incoming: Some(moved), ..before.clone() };
        assert_eq!(routed.again(&moved), Some(Routed { client, ..routed.clone() }));
        for gone in [
            Sender { status: SenderStatus::Blocked, ..before.clone() },
            Sender { incoming: None, ..before.clone() },
            Sender { company: CompanyId::new(9), ..before.clone() },
            Sender { agreement: AgreementId::new(9), ..before.clone() },
        ] {
            assert_eq!(routed.again(&gone), None, "{gone:?}");
        }
    }

    #[test]
    fn a_rule_is_a_word_a_country_and_somewhere_to_go() {
        let rule = sender(1, None, None).incoming.unwrap();
        let with = |change: fn(&mut IncomingRule)| {
            let mut rule = rule.clone();
            change(&mut rule);
            rule.check()
        };
        assert_eq!(with(|rule| rule.keyword = Some("ÖFFNE".into())), Ok(()));
        for bad in ["", "vote", "TWO WORDS", "A\u{7}", "ABCDEFGHIJKLMNOPQRSTU"] {
            let rule = IncomingRule { keyword: Some(bad.into()), ..rule.clone() };
            assert_eq!(rule.check(), Err(IncomingRuleError::Keyword), "{bad}");
        }
        assert_eq!(with(|rule| rule.mcc = Some("26".into())), Err(IncomingRuleError::Mcc));
        assert_eq!(with(|rule| rule.client = None), Err(IncomingRuleError::NoTarget));
        for (url, good) in [
            ("https://example.com/hooks?a=1", true),
            ("https://example.com:8443", true),
            ("http://example.com", true),
            ("ftp://example.com", false),
            ("https://", false),
            ("https:///path", false),
            ("https://user:pw@example.com", false),
            ("https://example.com/a b", false),
        ] {
            let rule = IncomingRule { webhook_url: Some(url.into()), client: None, ..rule.clone() };
            assert_eq!(rule.check().is_ok(), good, "{url}");
        }
    }

    fn part(number: u8, text: &str) -> IncomingPart {
        IncomingPart {
            number,
            data_coding: 0,
            octets: hex::encode(text),
            text: text.to_owned(),
            received_at: Timestamp::UNIX_EPOCH,
            is_spent: false,
        }
    }

    #[test]
    fn what_is_left_of_one_long_message_does_not_join_a_later_one() {
        let at = |second, part| IncomingPart { received_at: Timestamp::from_second(second).unwrap(), ..part };
        let join = |parts: [IncomingPart; 2]| joined(parts.to_vec(), 2).map(|whole| whole.text);
        assert_eq!(join([at(0, part(1, "a")), at(3_600, part(2, "b"))]).as_deref(), Some("ab"));
        assert_eq!(join([at(0, part(1, "a")), at(3_601, part(2, "b"))]), None);
        let spent = IncomingPart { is_spent: true, ..part(1, "a") };
        assert_eq!(join([spent.clone(), part(2, "b")]), None);
        assert!(at(299, part(1, "a")).is_repeat_of_spent(&spent));
        assert!(!at(300, part(1, "a")).is_repeat_of_spent(&spent), "it is another message's");
        assert!(!part(1, "b").is_repeat_of_spent(&spent));
        assert!(!part(1, "a").is_repeat_of_spent(&part(1, "a")));
    }

    #[test]
    fn a_long_message_is_whole_when_all_its_parts_are_there() {
        assert_eq!(joined(vec![part(3, "c"), part(1, "a")], 3), None);
        let whole = joined(vec![part(3, "c"), part(1, "a"), part(2, "b"), part(1, "a")], 3).unwrap();
        assert_eq!((whole.text.as_str(), whole.octets.as_str()), ("abc", "616263"));
        assert_eq!(joined(vec![part(1, "a"), part(2, "b"), part(9, "x")], 2), None);
        assert_eq!(joined(Vec::new(), 0), None);
    }

    #[test]
    fn the_same_text_again_is_a_repeat_for_five_minutes() {
        let at = |second: i64| {
            let address = ClientAddress { ton: 1, npi: 1, value: "4915112345678".into() };
            let mut message = IncomingMessage {
                id: IncomingId::new(0),
                connection: ConnectionId::new(1),
                source: address.clone(),
                destination: address,
                data_coding: 0,
                octets: "61".into(),
                text: "a".into(),
                parts: 1,
                received_at: Timestamp::from_second(second).unwrap(),
                routed: None,
                cost: IncomingCost::Free,
                revision: 0,
            };
            message.id = message.possible_ids()[0].clone();
            message
        };
        for (first, taken, repeat) in [
            (599, 599, true),
            (599, 301, true),
            (599, 600, true),
            (599, 898, true),
            (599, 899, false),
            (599, 1_201, false),
            // The one that came second was stored first.
            (601, 599, true),
            (601, 302, true),
            (601, 301, false),
        ] {
            let (stored, again) = (at(first), at(taken));
            let is_found = again.possible_ids().contains(&stored.id);
            assert_eq!(is_found && again.is_repeat_of(&stored), repeat, "{taken} after {first}");
        }
    }
}
