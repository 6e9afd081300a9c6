//! From the texts of a file to values of the tree (guide, sections 7.3.2.2.2.2 to 7.3.2.2.2.2.6): by itself
//! as far as it goes, and by hand for the rest.

mod automatic;

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::lines::lines;
use super::price_text::{PriceReader, PriceTextError};
use super::settings::{Column, Empty, Meaning, Settings, Target, is_attribute};
use super::similarity::plain;
use super::table::Table;
use super::words::{self, PriceType, Rule};
use crate::money::Amount;
use crate::rating::{Attribute, BillingRule, Price, QuantityRule};

/// What texts are mapped for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Subject {
    Attribute(Attribute),
    Price,
    PriceType,
    BillingRule,
    QuantityRule,
}

impl Subject {
    pub fn name(self) -> &'static str {
        match self {
            Self::Attribute(attribute) => attribute.name(),
            Self::Price => "price",
            Self::PriceType => "price_type",
            Self::BillingRule => "billing_rule",
            Self::QuantityRule => "quantity_rule",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an attribute nor price, price_type, billing_rule or quantity_rule")]
pub struct SubjectError(String);

impl TryFrom<String> for Subject {
    type Error = SubjectError;

    fn try_from(name: String) -> Result<Self, SubjectError> {
        let attributes = Attribute::ALL.iter().map(|attribute| Self::Attribute(*attribute));
        let mut all = attributes.chain([Self::Price, Self::PriceType, Self::BillingRule, Self::QuantityRule]);
        all.find(|subject| subject.name() == name).ok_or(SubjectError(name))
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> String {
        subject.name().to_owned()
    }
}

/// What a person says a text stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MapTo {
    /// A key of the attribute's dictionary; of price types and rules their name, such as `free`.
    Key(String),
    /// Any value that is not listed.
    Others,
    /// Rows with this text are left out.
    Skip,
    /// Of price texts only.
    Price(Price),
}

/// What texts are to stand for from now on; none forgets what was said of a text.
pub type MappingChanges = BTreeMap<Subject, BTreeMap<String, Option<MapTo>>>;

/// What was mapped by hand. It overrides what is found automatically, and may be used for other files of the
/// same supplier.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ManualMappings(pub BTreeMap<Subject, BTreeMap<String, MapTo>>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} {text:?} cannot be mapped so: {reason}", subject.name())]
pub struct MapError {
    pub subject: Subject,
    pub text: String,
    pub reason: &'static str,
}

impl ManualMappings {
    /// Whether each text is mapped to something that its subject can be.
    pub fn check(&self, target: &Target) -> Result<(), MapError> {
        for (subject, texts) in &self.0 {
            for (text, to) in texts {
                if let Some(reason) = wrong(*subject, to, target) {
                    return Err(MapError { subject: *subject, text: text.clone(), reason });
                }
            }
        }
        Ok(())
    }

    fn get(&self, subject: Subject, text: &str) -> Option<&MapTo> {
        self.0.get(&subject)?.get(text)
    }

    /// These, and of what they do not name the others.
    pub fn over(mut self, others: &Self) -> Self {
        for (subject, texts) in &others.0 {
            let own = self.0.entry(*subject).or_default();
            for (text, to) in texts {
                own.entry(text.clone()).or_insert_with(|| to.clone());
            }
        }
        self
    }
}

fn wrong(subject: Subject, to: &MapTo, target: &Target) -> Option<&'static str> {
    let is_known = |key: &str| match subject {
        // A key need not be in the dictionary: a tree outlives it.
        Subject::Attribute(attribute) => attribute.has_value(key),
        Subject::Price => false,
        Subject::PriceType => price_type(key).is_some(),
        Subject::BillingRule => matches!(words::billing_rule(key), Rule::Set { is_exact: true, .. }),
        Subject::QuantityRule => {
            matches!(words::quantity_rule(key, target.place.resource), Rule::Set { is_exact: true, .. })
        }
    };
    match (subject, to) {
        (_, MapTo::Skip) | (Subject::Attribute(_), MapTo::Others) => None,
        (_, MapTo::Key(key)) if is_known(key) => None,
        (_, MapTo::Key(_)) => Some("there is no such value"),
        (Subject::Price, MapTo::Price(price)) if price.is_negative() => Some("a price is not negative"),
        (Subject::Price, MapTo::Price(Price::Scale { .. })) => Some("a text is one price"),
        (Subject::Price, MapTo::Price(_)) => None,
        (_, MapTo::Price(_)) => Some("only a price text stands for a price"),
        (_, MapTo::Others) => Some("only the value of an attribute can be any other"),
    }
}

/// Types that a row of a supplier's file can have.
fn price_type(text: &str) -> Option<PriceType> {
    PriceType::parse(text).filter(|found| *found == PriceType::Flat || found.price().is_some())
}

/// Words that suppliers write for any value that is not listed.
pub fn means_others(text: &str) -> bool {
    let is_star = text.trim() == "*";
    is_star
        || matches!(
            plain(text).as_str(),
            "" | "all"
                | "all networks"
                | "all operators"
                | "all other networks"
                | "all others"
                | "any"
                | "any network"
                | "default"
                | "other"
                | "other networks"
                | "others"
                | "rest"
                | "rest of world"
                | "rest of the world"
        )
}

/// What an attribute's text stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// One, or several as in a list of MCCMNCs.
    Keys(Vec<String>),
    /// Any value that is not listed; of MCCMNCs, those of this MCC if it is named.
    Others {
        mcc: Option<String>,
    },
    Skip,
    Unmatched,
    /// An empty cell where none may be.
    Missing,
}

/// How it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    Full,
    /// The most similar one, and how similar in thousandths.
    Best {
        similarity: u32,
    },
    Manual,
    None,
}

/// A text of a file with what it was mapped to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MappedText {
    pub text: String,
    /// How many rows have it.
    pub rows: u32,
    pub first_row: u32,
    /// As it shows; none if nothing was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    pub how: How,
    /// Why not, of prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// All texts of a subject, by their first row. Of prices, which differ from row to row, only those that were
/// mapped by hand or are no prices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MappedSubject {
    pub subject: Subject,
    pub columns: Vec<Column>,
    pub texts: Vec<MappedText>,
}

impl MappedSubject {
    pub fn unmatched(&self) -> impl Iterator<Item = &MappedText> {
        self.texts.iter().filter(|text| text.how == How::None)
    }
}

/// Where a subject's texts stand: in one column, or in one of MCCs and one of MNCs.
pub(super) type Texts<'t> = (&'t str, &'t str);

/// What a price text stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Priced {
    Amount(Amount),
    Price(Price),
    Skip,
    Wrong(PriceTextError),
}

/// What every text of a file stands for.
#[derive(Debug)]
pub struct Mapping<'t> {
    pub subjects: Vec<MappedSubject>,
    pub(super) values: HashMap<(Attribute, Texts<'t>), Value>,
    pub(super) prices: HashMap<&'t str, Priced>,
    pub(super) price_types: HashMap<&'t str, Option<Rule<PriceType>>>,
    pub(super) billing: HashMap<&'t str, Option<Rule<BillingRule>>>,
    pub(super) quantity: HashMap<&'t str, Option<Rule<QuantityRule>>>,
}

/// The text of an MCC and an MNC in columns of their own.
pub(super) fn joined((first, second): Texts) -> String {
    if second.is_empty() { first.to_owned() } else { format!("{first} {second}") }
}

/// How often, and where first.
#[derive(Clone, Copy)]
struct Seen {
    rows: u32,
    first_row: u32,
}

impl<'t> Mapping<'t> {
    /// Maps all texts of the declared columns.
    pub fn new(table: &'t Table, settings: &Settings, target: &Target, manual: &ManualMappings) -> Self {
        let seen = seen(table, settings);
        let mut mapping = Self {
            subjects: Vec::new(),
            values: HashMap::new(),
            prices: HashMap::new(),
            price_types: HashMap::new(),
            billing: HashMap::new(),
            quantity: HashMap::new(),
        };
        for source in sources(settings) {
            let mut texts: Vec<(Texts<'t>, Seen)> = seen
                .get(&source.subject)
                .into_iter()
                .flatten()
                .map(|(texts, seen)| (*texts, *seen))
                .collect();
            texts.sort_unstable_by_key(|(texts, seen)| (seen.first_row, *texts));
            let shown = match source.subject {
                Subject::Attribute(attribute) => {
                    mapping.map_attribute(&source, attribute, &texts, settings, target, manual)
                }
                Subject::Price => mapping.map_prices(&texts, settings, target, manual),
                Subject::PriceType => map_rules(
                    &mut mapping.price_types,
                    source.subject,
                    &texts,
                    manual,
                    PriceType::text,
                    |text| match price_type(text) {
                        Some(rule) => Rule::Set { rule, is_exact: true },
                        None if text.is_empty() => Rule::Inherited,
                        None => Rule::Unknown,
                    },
                ),
                Subject::BillingRule => map_rules(
                    &mut mapping.billing,
                    source.subject,
                    &texts,
                    manual,
                    |rule| words::billing_text(rule).to_owned(),
                    words::billing_rule,
                ),
                Subject::QuantityRule => map_rules(
                    &mut mapping.quantity,
                    source.subject,
                    &texts,
                    manual,
                    words::quantity_text,
                    |text| words::quantity_rule(text, target.place.resource),
                ),
            };
            mapping.subjects.push(MappedSubject {
                subject: source.subject,
                columns: source.columns,
                texts: shown,
            });
        }
        mapping
    }

    fn map_attribute(
        &mut self,
        source: &Source,
        attribute: Attribute,
        texts: &[(Texts<'t>, Seen)],
        settings: &Settings,
        target: &Target,
        manual: &ManualMappings,
    ) -> Vec<MappedText> {
        let mut matcher = automatic::Matcher::new(attribute, &source.meaning, settings, target);
        let empty = source.meaning.empty();
        let mut shown = Vec::with_capacity(texts.len());
        for (pair, seen) in texts {
            let text = joined(*pair);
            let (value, how) = match manual.get(Subject::Attribute(attribute), &text) {
                Some(MapTo::Key(key)) => (Value::Keys(vec![key.clone()]), How::Manual),
                Some(MapTo::Others) => (Value::Others { mcc: None }, How::Manual),
                Some(MapTo::Skip) => (Value::Skip, How::Manual),
                Some(MapTo::Price(_)) | None => match (text.is_empty(), empty) {
                    (true, Empty::Others) => (Value::Others { mcc: None }, How::Full),
                    (true, Empty::Error | Empty::Above) => (Value::Missing, How::None),
                    (false, _) => matcher.find(&text),
                },
            };
            let to = match &value {
                Value::Keys(keys) => Some(keys.join(", ")),
                Value::Others { .. } => Some("others".to_owned()),
                Value::Skip => Some("skip".to_owned()),
                Value::Unmatched | Value::Missing => None,
            };
            shown.push(MappedText {
                text,
                rows: seen.rows,
                first_row: seen.first_row,
                to,
                how,
                reason: None,
            });
            self.values.insert((attribute, *pair), value);
        }
        shown
    }

    fn map_prices(
        &mut self,
        texts: &[(Texts<'t>, Seen)],
        settings: &Settings,
        target: &Target,
        manual: &ManualMappings,
    ) -> Vec<MappedText> {
        let reader = PriceReader::new(
            texts.iter().map(|((text, _), _)| *text),
            settings.decimal_sign,
            target.currency,
        );
        let mut shown = Vec::new();
        for ((text, _), seen) in texts {
            let (priced, how) = match manual.get(Subject::Price, text) {
                Some(MapTo::Price(price)) => (Priced::Price(price.clone()), How::Manual),
                Some(MapTo::Skip) => (Priced::Skip, How::Manual),
                _ => match reader.read(text) {
                    Ok(amount) => (Priced::Amount(amount), How::Full),
                    Err(error) => (Priced::Wrong(error), How::None),
                },
            };
            let (to, reason) = match &priced {
                Priced::Amount(_) => (None, None),
                Priced::Price(price) => (Some(price_shown(price)), None),
                Priced::Skip => (Some("skip".to_owned()), None),
                // What is wrong as a price is an error of its row, not a text without a meaning.
                Priced::Wrong(error) => (None, error.can_be_mapped().then(|| error.to_string())),
            };
            if to.is_some() || reason.is_some() {
                let text = (*text).to_owned();
                shown.push(MappedText { text, rows: seen.rows, first_row: seen.first_row, to, how, reason });
            }
            self.prices.insert(text, priced);
        }
        shown
    }
}

fn price_shown(price: &Price) -> String {
    match price {
        Price::Flat { amount } => amount.to_string(),
        price => PriceType::of(price).text(),
    }
}

/// Rules by their texts; those to be left out become none.
fn map_rules<'t, R: Copy>(
    into: &mut HashMap<&'t str, Option<Rule<R>>>,
    subject: Subject,
    texts: &[(Texts<'t>, Seen)],
    manual: &ManualMappings,
    name: impl Fn(R) -> String,
    read: impl Fn(&str) -> Rule<R>,
) -> Vec<MappedText> {
    let mut shown = Vec::new();
    for ((text, _), seen) in texts {
        let (rule, is_manual) = match manual.get(subject, text) {
            Some(MapTo::Key(key)) => (Some(read(key)), true),
            Some(MapTo::Skip) => (None, true),
            _ => (Some(read(text)), false),
        };
        let to = match &rule {
            Some(Rule::Set { rule, .. }) => Some(name(*rule)),
            Some(Rule::Inherited) => Some("default".to_owned()),
            None => Some("skip".to_owned()),
            Some(Rule::Unknown) => None,
        };
        let how = match &rule {
            Some(Rule::Unknown) => How::None,
            _ if is_manual => How::Manual,
            Some(Rule::Set { is_exact: false, .. }) => {
                How::Best { similarity: super::similarity::SIMILARITY_MIN }
            }
            _ => How::Full,
        };
        let text_owned = (*text).to_owned();
        shown.push(MappedText {
            text: text_owned,
            rows: seen.rows,
            first_row: seen.first_row,
            to,
            how,
            reason: None,
        });
        into.insert(text, rule);
    }
    shown
}

/// The columns of a subject.
struct Source {
    subject: Subject,
    columns: Vec<Column>,
    meaning: Meaning,
}

/// Every subject with its columns, in the order of declaration.
fn sources(settings: &Settings) -> Vec<Source> {
    let mut sources: Vec<Source> = Vec::new();
    let mcc = settings.column(is_attribute(Attribute::Mcc));
    for declared in &settings.columns {
        let (subject, columns) = match &declared.meaning {
            Meaning::Price | Meaning::PriceOf { .. } => (Subject::Price, vec![declared.column]),
            Meaning::PriceType => (Subject::PriceType, vec![declared.column]),
            Meaning::BillingRule => (Subject::BillingRule, vec![declared.column]),
            Meaning::QuantityRule => (Subject::QuantityRule, vec![declared.column]),
            Meaning::Attribute { attribute, .. } => (Subject::Attribute(*attribute), vec![declared.column]),
            Meaning::Mnc => {
                let columns = mcc.map(Column).into_iter().chain([declared.column]).collect();
                (Subject::Attribute(Attribute::Mccmnc), columns)
            }
            Meaning::TierFrom | Meaning::TierTo => continue,
        };
        match sources.iter_mut().find(|source| source.subject == subject) {
            Some(source) => source.columns.extend(columns),
            None => sources.push(Source { subject, columns, meaning: declared.meaning.clone() }),
        }
    }
    sources
}

type SeenTexts<'t> = HashMap<Texts<'t>, Seen>;

/// All different texts of each subject.
fn seen<'t>(table: &'t Table, settings: &Settings) -> HashMap<Subject, SeenTexts<'t>> {
    let sources = sources(settings);
    let mut all: Vec<SeenTexts<'t>> = sources.iter().map(|_| SeenTexts::new()).collect();
    lines(table, settings, |line| {
        for (source, texts) in sources.iter().zip(&mut all) {
            let mut add = |pair: Texts<'t>| {
                let seen = texts.entry(pair).or_insert(Seen { rows: 0, first_row: line.number });
                seen.rows += 1;
            };
            match (&source.meaning, source.columns.as_slice()) {
                (Meaning::Mnc, [mcc, mnc]) => add((line.cell(mcc.0), line.cell(mnc.0))),
                (_, columns) => columns.iter().for_each(|column| add((line.cell(column.0), ""))),
            }
        }
    });
    sources.iter().map(|source| source.subject).zip(all).collect()
}

#[cfg(test)]
mod tests;
