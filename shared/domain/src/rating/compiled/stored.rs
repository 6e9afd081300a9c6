//! A compiled tree as bytes: deflated postcard. Read back in a few milliseconds for 50,000 prices.
//!
//! Attributes, resources and rules are written by their place in their enums: new ones go to the end.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{CompiledTree, FlatNode, Kind, Value, head};
use crate::money::{Amount, AmountError, PLACES_MAX};
use crate::rating::{Attribute, Price, Resource, ScaleKind, Tier};

/// The form that is written; others are refused by name.
const FORMAT: u8 = 1;
/// More than any tree takes; what claims to be longer is broken.
const BYTES_MAX: u64 = 256 << 20;

#[derive(Debug, thiserror::Error)]
pub enum StoredTreeError {
    #[error("the tree cannot be unpacked")]
    Packing(#[from] std::io::Error),
    #[error("the tree cannot be read")]
    Form(#[from] postcard::Error),
    #[error("the tree is of form {0}, only {FORMAT} is known")]
    Format(u8),
    #[error("a price is out of bounds")]
    Price(#[from] AmountError),
    #[error("the tree names a part that it does not have")]
    Dangling,
}

#[derive(Serialize, Deserialize)]
struct StoredTree {
    format: u8,
    roots: Vec<(Resource, u32)>,
    text: String,
    prices: Vec<StoredPrice>,
    nodes: Vec<FlatNode>,
}

/// Amounts are in millionths.
#[derive(Serialize, Deserialize)]
enum StoredPrice {
    Flat(i64),
    Scale { kind: StoredScale, tiers: Vec<(Option<u32>, i64)>, counter_group: Option<Attribute> },
    Free,
    Included,
    Blocked,
    NotIncluded,
}

#[derive(Serialize, Deserialize)]
enum StoredScale {
    Tier,
    BackToFirst,
}

impl CompiledTree {
    pub fn to_bytes(&self) -> Result<Vec<u8>, StoredTreeError> {
        let stored = StoredTree {
            format: FORMAT,
            roots: self.roots.clone(),
            text: self.text.clone(),
            prices: self.prices.iter().map(StoredPrice::of).collect::<Result<_, _>>()?,
            nodes: self.nodes.clone(),
        };
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::default());
        packed.write_all(&postcard::to_stdvec(&stored)?)?;
        Ok(packed.finish()?)
    }

    /// Whatever the bytes are, a look-up in what this gives finds its way.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StoredTreeError> {
        let mut unpacked = Vec::with_capacity(bytes.len() * 4);
        DeflateDecoder::new(bytes).take(BYTES_MAX).read_to_end(&mut unpacked)?;
        match unpacked.first() {
            Some(&FORMAT) | None => {}
            Some(format) => return Err(StoredTreeError::Format(*format)),
        }
        let stored: StoredTree = postcard::from_bytes(&unpacked)?;
        let prices = stored.prices.into_iter().map(StoredPrice::read).collect::<Result<_, _>>()?;
        let mut tree = Self::new(stored.roots, stored.nodes, stored.text, prices);
        tree.connect()?;
        Ok(tree)
    }

    /// Tells nodes what is not written of them, and refuses what names a part that is not there. Children
    /// come after their parent, so no way through the tree goes round.
    fn connect(&mut self) -> Result<(), StoredTreeError> {
        let count = self.nodes.len();
        let root_is_there = |(_, root): &(Resource, u32)| (*root as usize) < count;
        if !self.roots.iter().all(root_is_there) {
            return Err(StoredTreeError::Dangling);
        }
        for at in 0..count {
            if let Value::Listed { start, length } = self.nodes[at].value {
                let end = start.checked_add(length).ok_or(StoredTreeError::Dangling)?;
                let value = self.text.get(start as usize..end as usize).ok_or(StoredTreeError::Dangling)?;
                self.nodes[at].head = head(value);
            }
            match self.nodes[at].kind {
                Kind::Missing => {}
                Kind::Price(price) if (price as usize) < self.prices.len() => {}
                Kind::Branch { first, listed, others, .. } => {
                    let (first, end) =
                        (first as usize, first as usize + listed as usize + usize::from(others));
                    if first <= at || count < end {
                        return Err(StoredTreeError::Dangling);
                    }
                    self.nodes[first..end].iter_mut().for_each(|child| child.parent = at as u32);
                }
                Kind::Price(_) => return Err(StoredTreeError::Dangling),
            }
        }
        Ok(())
    }
}

impl StoredPrice {
    fn of(price: &Price) -> Result<Self, AmountError> {
        Ok(match price {
            Price::Flat { amount } => Self::Flat(millionths(*amount)?),
            Price::Scale { scale, tiers, counter_group } => Self::Scale {
                kind: match scale {
                    ScaleKind::Tier => StoredScale::Tier,
                    ScaleKind::BackToFirst => StoredScale::BackToFirst,
                },
                tiers: tiers
                    .iter()
                    .map(|tier| Ok((tier.threshold, millionths(tier.amount)?)))
                    .collect::<Result<_, AmountError>>()?,
                counter_group: *counter_group,
            },
            Price::Free => Self::Free,
            Price::Included => Self::Included,
            Price::Blocked => Self::Blocked,
            Price::NotIncluded => Self::NotIncluded,
        })
    }

    fn read(self) -> Result<Price, AmountError> {
        Ok(match self {
            Self::Flat(amount) => Price::Flat { amount: of_millionths(amount)? },
            Self::Scale { kind, tiers, counter_group } => Price::Scale {
                scale: match kind {
                    StoredScale::Tier => ScaleKind::Tier,
                    StoredScale::BackToFirst => ScaleKind::BackToFirst,
                },
                tiers: tiers
                    .into_iter()
                    .map(|(threshold, amount)| Ok(Tier { threshold, amount: of_millionths(amount)? }))
                    .collect::<Result<_, AmountError>>()?,
                counter_group,
            },
            Self::Free => Price::Free,
            Self::Included => Price::Included,
            Self::Blocked => Price::Blocked,
            Self::NotIncluded => Price::NotIncluded,
        })
    }
}

fn millionths(amount: Amount) -> Result<i64, AmountError> {
    let mut value = amount.decimal();
    value.rescale(PLACES_MAX);
    i64::try_from(value.mantissa()).map_err(|_| AmountError::TooLarge)
}

fn of_millionths(amount: i64) -> Result<Amount, AmountError> {
    Amount::new(Decimal::new(amount, PLACES_MAX).normalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rating::RateTree;

    /// Stored trees name these by their places.
    #[test]
    fn attributes_and_resources_keep_their_places() {
        let places = |names: Vec<&str>| names.join(" ");
        expect_test::expect![[r#"direction country network sender_id mno pack additional_service periodicity sender_id_type mcc mccmnc whatsapp_region pricing_category pricing_type billing_event session_type time_of_day"#]]
            .assert_eq(&places(Attribute::ALL.iter().map(|attribute| attribute.name()).collect()));
        expect_test::expect![[r#"sms_message sender_id_setup_fee sender_id_usage_fee platform_fee rcs_message viber_message viber_session whatsapp_message whatsapp_conversation wechat_message email_message flash_call telegram_gateway_message push_message tts_message voice_call push_partner_message service_purchase additional_service bundle_member"#]]
            .assert_eq(&places(Resource::ALL.iter().map(|resource| resource.name()).collect()));
    }

    #[test]
    fn every_kind_of_price_and_rule_comes_back() {
        let text = r#"{"sms_message": {"depends_on": "country", "billing_rule": "delivered", "values": {
            "DE": {"price": {"type": "flat", "amount": "0.000001"}, "quantity_rule": "messages"},
            "ES": {"price": {"type": "scale", "scale": "back_to_first", "counter_group": "sender_id",
                "tiers": [{"threshold": 1000, "amount": "0.005"}, {"amount": "0.004"}]}},
            "FR": {"price": {"type": "free"}}, "IT": {"price": {"type": "included"}},
            "KP": {"price": {"type": "blocked"}}, "US": {"price": {"type": "not_included"}}}},
            "voice_call": {"quantity_rule": {"minutes": {"increment_seconds": 6}}, "price": {"type": "flat", "amount": "1000000000000"}},
            "platform_fee": {}}"#;
        let tree: RateTree = serde_json::from_str(text).unwrap();
        let compiled = CompiledTree::compile(&tree).unwrap();
        let read = CompiledTree::from_bytes(&compiled.to_bytes().unwrap()).unwrap();
        assert_eq!(read, compiled);
        assert_eq!(read.decompile(), tree);
    }

    #[test]
    fn broken_bytes_are_an_error_and_nothing_worse() {
        let bytes = CompiledTree::compile(&crate::rating::europe()).unwrap().to_bytes().unwrap();
        assert!(CompiledTree::from_bytes(&[]).is_err());
        assert!(CompiledTree::from_bytes(&bytes[..bytes.len() / 2]).is_err());
        let mut plain = Vec::new();
        DeflateDecoder::new(bytes.as_slice()).read_to_end(&mut plain).unwrap();
        for place in 0..plain.len() {
            let mut broken = plain.clone();
            broken[place] ^= 0x55;
            let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
            packed.write_all(&broken).unwrap();
            if let Ok(tree) = CompiledTree::from_bytes(&packed.finish().unwrap()) {
                let _ = tree.find(&crate::rating::Event::sms("DE", Some("Vodafone"), None));
                (0..tree.leaves() as u32).for_each(|node| drop(tree.path(node)));
            }
        }
    }
}
