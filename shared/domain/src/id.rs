//! Ids: a prefix that says what it names, then 128 bits in 26 characters of Crockford base32.
//!
//! New ids are made from a UUIDv7 by the caller, so they sort by time. Ids of things that a client may
//! repeat (messages, transfers) are derived from the client's key instead, so that a repeat finds them.

use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::lease::LeaseTag;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 128 bits in groups of five.
const BODY_LENGTH: usize = 26;

/// A text that is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid id: expected `{prefix}` and {BODY_LENGTH} letters and digits")]
pub struct IdError {
    pub prefix: &'static str,
}

/// The 26 characters of 128 bits, most significant first.
pub(crate) fn encode(bits: u128) -> String {
    (0..BODY_LENGTH).rev().map(|group| ALPHABET[(bits >> (group * 5)) as usize & 31] as char).collect()
}

/// The number that such characters stand for; none if others are among them.
pub(crate) fn decode(text: &str) -> Option<u128> {
    let group = |byte| ALPHABET.iter().position(|known| *known == byte);
    text.bytes().try_fold(0, |bits, byte| Some(bits << 5 | group(byte)? as u128))
}

/// 128 bits that depend on every part and on where one part ends and the next begins.
pub(crate) fn digest(parts: &[&str]) -> u128 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let bytes = hash.finalize();
    bytes[..16].iter().fold(0, |bits, byte| bits << 8 | u128::from(*byte))
}

/// A number in its one spelling: `07` would be a second name of the same thing.
fn plain<N: std::str::FromStr>(text: &str) -> Option<N> {
    let is_plain = text == "0" || (!text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()));
    text.parse::<N>().ok().filter(|_| is_plain)
}

fn is_body(text: &str) -> bool {
    text.len() == BODY_LENGTH && text.bytes().all(|byte| IS_LETTER[usize::from(byte)])
}

/// Which octets are in the alphabet.
const IS_LETTER: [bool; 256] = {
    let (mut is_letter, mut place) = ([false; 256], 0);
    while place < ALPHABET.len() {
        is_letter[ALPHABET[place] as usize] = true;
        place += 1;
    }
    is_letter
};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            pub const PREFIX: &'static str = $prefix;

            /// A new id from 128 bits that the caller knows to be unique (a UUIDv7).
            pub fn new(bits: u128) -> Self {
                Self(format!("{}{}", $prefix, encode(bits)))
            }

            /// The id that these parts always lead to.
            pub fn derived(parts: &[&str]) -> Self {
                Self::new(digest(parts))
            }

            pub fn parse(text: &str) -> Result<Self, IdError> {
                Self::try_from(text.to_owned())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The part behind the prefix.
            pub fn body(&self) -> &str {
                &self.0[$prefix.len()..]
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                match text.strip_prefix($prefix) {
                    Some(body) if is_body(body) => Ok(Self(text)),
                    _ => Err(IdError { prefix: $prefix }),
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    )*};
}

ids! {
    /// A node of the tenancy tree.
    CompanyId = "com_";
    /// A contract between a company and its tenant.
    AgreementId = "agr_";
    /// The terms of an agreement from one moment on.
    AgreementVersionId = "agv_";
    /// A rate plan that is enabled under an agreement for a time.
    EnabledServiceId = "ens_";
    /// One balance of the ledger.
    WalletId = "wal_";
    /// A movement of credits between two wallets.
    TransferId = "trf_";
    /// Money that came in or went out.
    PaymentId = "pay_";
    /// A person of a company.
    UserId = "usr_";
    /// What we expect a payment system to report.
    TopUpId = "top_";
    /// A rate plan.
    ServiceId = "srv_";
    /// A sender ID of an agreement.
    SenderId = "snd_";
    /// What a sender ID's vendor gave, as it was told once.
    SecretId = "sec_";
    /// A link to a vendor.
    ConnectionId = "con_";
    /// A request to send to several recipients.
    BatchId = "bat_";
    /// A message from a phone.
    IncomingId = "inc_";
    /// A document of a billing period.
    InvoiceId = "inv_";
    /// What an invoice bills of one resource.
    ChargeId = "chg_";
    /// A line of a charge: what was used at one price.
    ChargeRowId = "row_";
    /// A charge for something else than a message.
    FeeId = "fee_";
    /// What charges a fee again and again.
    FeeRuleId = "frl_";
    /// A pack or bundle as it was bought for an agreement.
    PurchaseId = "pur_";
    /// A file of rates on its way into a tree.
    ImportId = "imp_";
    /// An API key, by which it is named and revoked; not the secret itself.
    ApiKeyId = "key_";
    /// A role that somebody made.
    RoleId = "rol_";
    /// An invitation to become a user.
    InvitationId = "ivt_";
    /// How a company has codes sent to its own users.
    TwoFactorIntegrationId = "tfi_";
    /// One code on its way to a phone.
    CodeRequestId = "cod_";
    /// An entry of the audit.
    AuditId = "aud_";
    /// A legal entity of a company, or one of a tenant's own.
    LegalEntityId = "leg_";
    BankId = "bnk_";
    BankAccountId = "bac_";
    /// One of a tenant's own legal entities: in whose name it sells.
    OwnLegalEntityId = "own_";
    /// What ties a reseller's legal entity to an agreement that it resells under.
    ResellingAgreementId = "rsa_";
    /// A way of paying by card that a tenant has set up.
    PaymentSystemId = "psy_";
    /// A host name with the looks of the portals there.
    PortalId = "por_";
    /// What becomes of who registers at a portal.
    SelfRegistrationId = "srg_";
    /// A template of a document.
    PrintableFormId = "pfo_";
    /// A mail server over which a company tells people of events.
    NotificationChannelId = "nch_";
    /// A company's own words for an event.
    NotificationTemplateId = "ntp_";
    /// A session of somebody who has logged in, made from its secret.
    SessionId = "ses_";
    /// A task that rates messages again.
    RerateId = "rrt_";
    /// A mail to one person.
    MailId = "mai_";
}

impl WalletId {
    /// The main wallet of an agreement, which every agreement has.
    pub fn main(agreement: &AgreementId) -> Self {
        Self(format!("{}{}", Self::PREFIX, agreement.body()))
    }

    /// A user's own wallet under an agreement with individual credits.
    pub fn of_user(agreement: &AgreementId, user: &UserId) -> Self {
        Self::derived(&["user", agreement.as_str(), user.as_str()])
    }

    /// The wallet of one of the leases on another wallet: those who send much each have one.
    pub fn of_lease(home: &WalletId, slot: u16) -> Self {
        Self::derived(&["lease", home.as_str(), &slot.to_string()])
    }
}

/// One version of a service's tree in eight characters, from which it is found again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeTag([u8; TreeTag::LENGTH]);

impl TreeTag {
    pub const LENGTH: usize = 8;

    pub fn of(service: &ServiceId, version: u32) -> Self {
        Self(last(digest(&[service.as_str(), &version.to_string()])))
    }

    pub fn as_str(&self) -> &str {
        // Characters of the alphabet are all this type can hold.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The last characters of a number.
fn last<const LENGTH: usize>(bits: u128) -> [u8; LENGTH] {
    std::array::from_fn(|place| ALPHABET[(bits >> ((LENGTH - 1 - place) * 5)) as usize & 31])
}

/// One price of one version of a rate tree: the version's tag, and the number of the leaf in four
/// characters. Short, because every message carries one per level.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RateId(String);

impl RateId {
    pub const PREFIX: &'static str = "rat_";
    const LEAF_LENGTH: usize = 4;

    /// The price at a leaf; what is priced without one has a number above all leaves.
    pub fn of(tree: &TreeTag, leaf: u32) -> Self {
        let leaf: [u8; Self::LEAF_LENGTH] = last(leaf.into());
        let mut id = String::with_capacity(Self::PREFIX.len() + TreeTag::LENGTH + Self::LEAF_LENGTH);
        id.push_str(Self::PREFIX);
        id.push_str(tree.as_str());
        id.extend(leaf.map(char::from));
        Self(id)
    }

    /// A price that was agreed on by hand and is in no tree.
    pub fn fixed(agreement: &AgreementId, subject: &str) -> Self {
        let bits = digest(&["fixed", agreement.as_str(), subject]);
        Self(format!("{}{}", Self::PREFIX, &encode(bits)[BODY_LENGTH - 12..]))
    }

    /// The tree's tag and the leaf, to look up where a price came from; none for what is no such id.
    pub fn parts(&self) -> Option<(TreeTag, u32)> {
        let body = self.0.strip_prefix(Self::PREFIX)?;
        let (tag, leaf) = body.split_at_checked(TreeTag::LENGTH)?;
        let known = |text: &str| text.bytes().all(|byte| ALPHABET.contains(&byte));
        if leaf.len() != Self::LEAF_LENGTH || !known(tag) {
            return None;
        }
        Some((TreeTag(tag.as_bytes().try_into().ok()?), u32::try_from(decode(leaf)?).ok()?))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One message to one recipient: alone, or at a place in a batch.
///
/// A batch's messages are named by the batch and the place, so that they have their ids before they
/// are written one by one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct MessageId(String);

impl MessageId {
    pub const PREFIX: &'static str = "msg_";

    /// The message that a request with this idempotency key sends.
    pub fn of_request(company: &CompanyId, key: &str) -> Self {
        Self(format!("{}{}", Self::PREFIX, encode(digest(&["message", company.as_str(), key]))))
    }

    /// As which a message from a phone is charged: always the same one.
    pub fn of_incoming(incoming: &IncomingId) -> Self {
        Self(format!("{}{}", Self::PREFIX, encode(digest(&["incoming", incoming.as_str()]))))
    }

    /// The message at `place` (from 0) of a batch.
    pub fn in_batch(batch: &BatchId, place: u16) -> Self {
        Self(format!("{}{}-{place}", Self::PREFIX, batch.body()))
    }

    /// The message at `place` (from 0) of a block of messages, which is found by it.
    pub fn in_block(block: &LeaseTag, place: u16) -> Self {
        let LeaseTag { lease, fence, number } = block;
        Self(format!("{}{}-{fence}-{number}-{place}", Self::PREFIX, lease.body()))
    }

    pub fn parse(text: &str) -> Result<Self, IdError> {
        Self::try_from(text.to_owned())
    }

    fn is_known(text: &str) -> bool {
        let Some(rest) = text.strip_prefix(Self::PREFIX) else { return false };
        let mut fields = rest.split('-');
        let mut next = || fields.next();
        match (next(), next(), next(), next(), next()) {
            (Some(body), None, ..) => is_body(body),
            (Some(body), Some(place), None, ..) => is_body(body) && plain::<u16>(place).is_some(),
            (Some(lease), Some(fence), Some(number), Some(place), None) => {
                let counts = plain::<u64>(fence).and(plain::<u64>(number));
                is_body(lease) && counts.is_some() && plain::<u16>(place).is_some()
            }
            _ => false,
        }
    }

    /// The batch this message belongs to and its place there, if it was sent in one.
    pub fn batch(&self) -> Option<(BatchId, u16)> {
        let (body, place) = self.0[Self::PREFIX.len()..].split_once('-')?;
        Some((BatchId(format!("{}{body}", BatchId::PREFIX)), plain(place)?))
    }

    /// The block that has this message and its place there, if a lease accepted it in one.
    pub fn block(&self) -> Option<(LeaseTag, u16)> {
        let mut fields = self.0[Self::PREFIX.len()..].split('-');
        let lease = WalletId(format!("{}{}", WalletId::PREFIX, fields.next()?));
        let (fence, number) = (plain(fields.next()?)?, plain(fields.next()?)?);
        Some((LeaseTag { lease, fence, number }, plain(fields.next()?)?))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl BatchId {
    /// The batch that a request with this idempotency key sends.
    pub fn of_request(company: &CompanyId, key: &str) -> Self {
        Self::derived(&["message", company.as_str(), key])
    }
}

impl MessageId {
    /// A number that is evenly spread over all ids.
    pub fn spread(&self) -> u64 {
        digest(&[&self.0]) as u64
    }
}

impl BatchId {
    /// A number that is evenly spread over all ids.
    pub fn spread(&self) -> u64 {
        digest(&[&self.0]) as u64
    }
}

impl std::fmt::Display for MessageId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl TryFrom<String> for MessageId {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        if Self::is_known(&text) { Ok(Self(text)) } else { Err(IdError { prefix: Self::PREFIX }) }
    }
}

impl Serialize for MessageId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl From<MessageId> for String {
    fn from(id: MessageId) -> String {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_what_it_names_and_reads_back() {
        let id = CompanyId::new(7);
        assert_eq!(id.as_str(), "com_00000000000000000000000007");
        assert_eq!(CompanyId::parse(id.as_str()), Ok(id.clone()));
        assert!(AgreementId::parse(id.as_str()).is_err());
        assert!(CompanyId::parse("com_7").is_err());
    }

    #[test]
    fn a_rate_id_names_the_tree_and_the_leaf() {
        let tag = TreeTag::of(&ServiceId::new(1), 3);
        let id = RateId::of(&tag, 1_048_575);
        assert_eq!(id.as_str().len(), 16);
        assert_eq!(id.parts(), Some((tag, 1_048_575)));
        assert_ne!(tag, TreeTag::of(&ServiceId::new(1), 4));
        assert_eq!(serde_json::from_str::<RateId>("\"rat_?\"").unwrap().parts(), None);
    }

    #[test]
    fn ids_made_later_sort_later() {
        assert!(CompanyId::new(1 << 100) > CompanyId::new(u128::from(u64::MAX)));
    }

    #[test]
    fn the_same_key_of_two_companies_names_two_messages() {
        let (a, b) = (CompanyId::new(1), CompanyId::new(2));
        assert_eq!(MessageId::of_request(&a, "k"), MessageId::of_request(&a, "k"));
        assert_ne!(MessageId::of_request(&a, "k"), MessageId::of_request(&b, "k"));
    }

    #[test]
    fn a_message_of_a_batch_knows_its_batch_and_place() {
        let batch = BatchId::new(9);
        let id = MessageId::in_batch(&batch, 42);
        assert_eq!(MessageId::parse(id.as_str()), Ok(id.clone()));
        assert_eq!(id.batch(), Some((batch.clone(), 42)));
        assert!(MessageId::parse(&format!("{}-042", MessageId::new_for_test(&batch))).is_err());
    }

    #[test]
    fn a_message_of_a_block_knows_its_block_and_place() {
        let tag = LeaseTag { lease: WalletId::new(5), fence: 12, number: 3_456_789 };
        let id = MessageId::in_block(&tag, 99);
        assert_eq!(MessageId::parse(id.as_str()), Ok(id.clone()));
        assert_eq!((id.block(), id.batch()), (Some((tag, 99)), None));
        assert!(id.as_str().len() <= 64, "an SMPP client reads 64 characters: {id}");
        assert_eq!(MessageId::in_batch(&BatchId::new(9), 42).block(), None);
        for bad in ["-1-2", "-1-2-03", "-1-2-3-4", "--2-3"] {
            assert!(
                MessageId::parse(&format!("{}{bad}", MessageId::new_for_test(&BatchId::new(1)))).is_err(),
                "{bad}"
            );
        }
    }

    impl MessageId {
        fn new_for_test(batch: &BatchId) -> String {
            format!("{}{}", Self::PREFIX, batch.body())
        }
    }
}
