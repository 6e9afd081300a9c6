//! How the entries of different dictionaries belong together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Dictionaries, Dictionary, DictionaryName, Entry};
use crate::rating::Attribute;

/// What is looked up against the direction of a dictionary's own order. Made once, when first needed.
#[derive(Debug)]
pub struct Index {
    /// The key of the network that an MCCMNC belongs to.
    network_of: HashMap<String, String>,
    region_of: HashMap<String, String>,
    mcc_of_country: HashMap<String, String>,
}

impl Index {
    pub fn of(dictionaries: &Dictionaries) -> Self {
        let mut network_of = HashMap::new();
        for network in &dictionaries.get(DictionaryName::Networks).entries {
            for mccmnc in network.values[2].split_whitespace() {
                network_of.entry(mccmnc.to_owned()).or_insert_with(|| network.key.clone());
            }
        }
        let mut region_of = HashMap::new();
        for region in &dictionaries.get(DictionaryName::WhatsappRegions).entries {
            for country in region.values[1].split(' ') {
                region_of.insert(country.to_owned(), region.key.clone());
            }
        }
        Self { mcc_of_country: mcc_of_country(dictionaries), network_of, region_of }
    }
}

/// The first MCC of its own that a country has, or else the first one that it shares.
fn mcc_of_country(dictionaries: &Dictionaries) -> HashMap<String, String> {
    let mut found: HashMap<String, (usize, &str)> = HashMap::new();
    for mcc in &dictionaries.get(DictionaryName::Mccs).entries {
        for (place, country) in mcc.values[0].split(' ').enumerate() {
            let new = (place.min(1), mcc.key.as_str());
            let first = found.entry(country.to_owned()).or_insert(new);
            *first = new.min(*first);
        }
    }
    found.into_iter().map(|(country, (_, mcc))| (country, mcc.to_owned())).collect()
}

/// Every name that a number's or an operator's network can have.
pub fn network_names(dictionaries: &Dictionaries) -> Dictionary {
    let network_of = &dictionaries.index().network_of;
    let networks = &dictionaries.get(DictionaryName::Networks).entries;
    let prefixes = &dictionaries.get(DictionaryName::Prefixes).entries;
    let operators = dictionaries.get(DictionaryName::Operators).entries.iter();
    let unnumbered = operators.filter(|operator| !network_of.contains_key(&operator.key));
    let places = networks.iter().chain(prefixes).map(|entry| (&entry.values[0], &entry.values[1]));
    let places = places.chain(unnumbered.map(|operator| (&operator.values[2], &operator.values[3])));
    let mut names: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (country, name) in places.filter(|(_, name)| !name.is_empty()) {
        names.entry(name).or_default().insert(country);
    }
    let entry = |(name, countries): (&str, BTreeSet<&str>)| {
        let countries: Vec<&str> = countries.into_iter().filter(|country| !country.is_empty()).collect();
        Entry { key: name.to_owned(), values: vec![countries.join(" ")] }
    };
    Dictionary::new(DictionaryName::NetworkNames, names.into_iter().map(entry).collect())
}

/// Whether [`Dictionaries::related`] can know `to` from `from`: it goes from the finer to the coarser.
pub fn relates(from: Attribute, to: Attribute) -> bool {
    use Attribute::{Country, Mcc, Mccmnc, Network, WhatsappRegion};
    matches!(
        (from, to),
        (Mccmnc, Mcc | Country | Network | WhatsappRegion)
            | (Network, Mccmnc | Mcc | Country | WhatsappRegion)
            | (Mcc, Country | WhatsappRegion)
            | (Country, WhatsappRegion)
    )
}

pub fn related<'a>(
    dictionaries: &'a Dictionaries,
    from: Attribute,
    key: &str,
    to: Attribute,
) -> Option<&'a str> {
    if from == to {
        return dictionaries.of(from)?.entry(key).map(|entry| entry.key.as_str());
    }
    if !relates(from, to) {
        return None;
    }
    if to == Attribute::WhatsappRegion {
        let country = match from {
            Attribute::Country => key,
            _ => dictionaries.country_of(from, key)?,
        };
        return dictionaries.whatsapp_region_of(country);
    }
    match (from, to) {
        (_, Attribute::Country) => dictionaries.country_of(from, key),
        (Attribute::Mccmnc, Attribute::Mcc) => dictionaries.mcc_of(key),
        (Attribute::Mccmnc, _) => dictionaries.network_of(key),
        (_, Attribute::Mccmnc) => dictionaries.mccmnc_of(dictionaries.only_country_of_network(key)?, key),
        _ => dictionaries.mcc_of(dictionaries.mccmnc_of(dictionaries.only_country_of_network(key)?, key)?),
    }
}

impl Dictionaries {
    /// The country of an MCCMNC, of an MCC (the first of several), or of a network's name.
    fn country_of(&self, from: Attribute, key: &str) -> Option<&str> {
        match from {
            Attribute::Mccmnc => {
                let operator = self.get(DictionaryName::Operators).value(key, "country");
                operator.or_else(|| self.country_of(Attribute::Mcc, key.get(..3)?))
            }
            Attribute::Mcc => self.get(DictionaryName::Mccs).value(key, "countries")?.split(' ').next(),
            _ => self.only_country_of_network(key),
        }
    }

    fn only_country_of_network(&self, name: &str) -> Option<&str> {
        let countries = self.get(DictionaryName::NetworkNames).value(name, "countries")?;
        (!countries.contains(' ')).then_some(countries)
    }

    /// The MCC that an MCCMNC begins with, if it is known.
    pub fn mcc_of(&self, mccmnc: &str) -> Option<&str> {
        self.get(DictionaryName::Mccs).entry(mccmnc.get(..3)?).map(|entry| entry.key.as_str())
    }

    /// The name of the network with an MCCMNC: as numbering plans know it, or else as the operator's.
    pub fn network_of(&self, mccmnc: &str) -> Option<&str> {
        let numbered = self.index().network_of.get(mccmnc);
        let numbered = numbered.and_then(|key| self.get(DictionaryName::Networks).value(key, "network"));
        numbered.or_else(|| self.get(DictionaryName::Operators).value(mccmnc, "name"))
    }

    /// The main MCCMNC of a network of a country.
    pub fn mccmnc_of(&self, country: &str, network: &str) -> Option<&str> {
        let key = format!("{country} {network}");
        self.get(DictionaryName::Networks).value(&key, "mccmncs")?.split(' ').next()
    }

    /// The first MCC of a country.
    pub fn first_mcc_of(&self, country: &str) -> Option<&str> {
        self.index().mcc_of_country.get(country).map(String::as_str)
    }

    /// The MCC by which rates are looked up: that of the MCCMNC, or else the first one of the country.
    pub fn mcc_at<'a>(&'a self, country: &str, mccmnc: Option<&'a str>) -> Option<&'a str> {
        mccmnc.map_or_else(|| self.first_mcc_of(country), |mccmnc| mccmnc.get(..3))
    }

    /// Whether an MCC is used in a country.
    pub fn is_mcc_of(&self, mcc: &str, country: &str) -> bool {
        let countries = self.get(DictionaryName::Mccs).value(mcc, "countries");
        countries.is_some_and(|countries| countries.split(' ').any(|key| key == country))
    }

    /// The region that Meta's price lists put a country in.
    pub fn whatsapp_region_of(&self, country: &str) -> Option<&str> {
        self.index().region_of.get(country).map(String::as_str)
    }
}
