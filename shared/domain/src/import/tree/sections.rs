//! Where the price of a row belongs in the tree: the value of each section.

use super::{LeftOut, Line, Reason, RowResult};
use crate::dictionary::{Dictionaries, relates};
use crate::import::mapping::{Mapping, Value};
use crate::import::settings::{Column, Format, Meaning, Settings, Target, is_attribute};
use crate::rating::Attribute;

/// The value of each section in their order; none for others.
pub type Path<'m> = Vec<Option<&'m str>>;
/// One row can be for several networks.
pub type Paths<'m> = Vec<Path<'m>>;

pub struct Sections<'m> {
    sections: Vec<Section>,
    mapping: &'m Mapping<'m>,
    dictionaries: &'m Dictionaries,
    /// Of the attributes that are declared.
    places: Vec<(Attribute, Place)>,
}

struct Section {
    attribute: Attribute,
    from: From,
}

/// What says the value of a section.
enum From {
    Column,
    /// The pricing category of the column that a price stands in.
    Heading,
    /// Prices of WhatsApp are for what Meta bills.
    Regular,
    /// Related attributes.
    Others(Vec<Attribute>),
}

/// Where the texts of an attribute stand.
#[derive(Clone, Copy)]
struct Place {
    column: usize,
    /// Of MCCMNCs in two columns.
    mnc: Option<usize>,
}

/// The pricing type of what Meta bills.
const REGULAR: &str = "regular";

impl<'m> Sections<'m> {
    pub fn new(settings: &Settings, target: &Target<'m>, mapping: &'m Mapping<'m>) -> Self {
        let place = |attribute: Attribute| {
            if let Some(column) = settings.column(is_attribute(attribute)) {
                return Some(Place { column, mnc: None });
            }
            let mnc = settings.column(|meaning| *meaning == Meaning::Mnc)?;
            let column = settings.column(is_attribute(Attribute::Mcc))?;
            (attribute == Attribute::Mccmnc).then_some(Place { column, mnc: Some(mnc) })
        };
        let places: Vec<_> =
            Attribute::ALL.iter().filter_map(|attribute| Some((*attribute, place(*attribute)?))).collect();
        let from = |attribute: Attribute| match target.format {
            _ if places.iter().any(|(declared, _)| *declared == attribute) => From::Column,
            Format::WhatsappBasic if attribute == Attribute::PricingCategory => From::Heading,
            Format::WhatsappBasic | Format::WhatsappTier if attribute == Attribute::PricingType => {
                From::Regular
            }
            _ => From::Others(settings.sources(attribute)),
        };
        let sections = settings.sections.iter();
        Self {
            sections: sections
                .map(|attribute| Section { attribute: *attribute, from: from(*attribute) })
                .collect(),
            mapping,
            dictionaries: target.dictionaries,
            places,
        }
    }

    /// The section that tells what Meta bills from what it does not.
    pub fn regular(&self) -> Option<usize> {
        self.sections.iter().position(|section| matches!(section.from, From::Regular))
    }

    /// Where the price of a row belongs; `category` is that of the price's own column.
    pub fn paths(&self, line: &Line<'_, 'm>, category: Option<&'m str>) -> RowResult<Paths<'m>> {
        let networks = match self.value(Attribute::Mccmnc, line) {
            Some((Value::Keys(keys), _)) => keys.as_slice(),
            _ => &[],
        };
        // All that is looked up is looked up for each network of its own.
        let each = |network: Option<&'m str>| {
            let values = self.sections.iter().map(|section| self.section(section, line, network, category));
            values.collect::<RowResult<Path<'m>>>()
        };
        match networks {
            [] => Ok(vec![each(None)?]),
            networks => networks.iter().map(|network| each(Some(network))).collect(),
        }
    }

    fn section(
        &self,
        section: &Section,
        line: &Line<'_, 'm>,
        network: Option<&'m str>,
        category: Option<&'m str>,
    ) -> RowResult<Option<&'m str>> {
        match &section.from {
            From::Heading => Ok(category),
            From::Regular => Ok(Some(REGULAR)),
            From::Column => self.declared(section.attribute, line, network).map(|(key, _)| key),
            From::Others(sources) => self.looked_up(section.attribute, sources, line, network),
        }
    }

    /// The key of a declared attribute, and the MCC if that is all that is known of it.
    fn declared(
        &self,
        attribute: Attribute,
        line: &Line<'_, 'm>,
        network: Option<&'m str>,
    ) -> RowResult<(Option<&'m str>, Option<&'m str>)> {
        let Some((value, place)) = self.value(attribute, line) else {
            return Err(LeftOut::Wrong(None, Reason::Missing(attribute)));
        };
        let column = Some(Column(place.mnc.unwrap_or(place.column)));
        match value {
            Value::Keys(_) if attribute == Attribute::Mccmnc => Ok((network, None)),
            Value::Keys(keys) => Ok((keys.first().map(String::as_str), None)),
            Value::Others { mcc } => Ok((None, mcc.as_deref())),
            Value::Skip => Err(LeftOut::Skipped),
            Value::Missing => Err(LeftOut::Wrong(column, Reason::Missing(attribute))),
            Value::Unmatched => {
                let text = super::super::mapping::joined(texts(place, line));
                Err(LeftOut::Wrong(column, Reason::Unmatched { attribute, text }))
            }
        }
    }

    fn looked_up(
        &self,
        section: Attribute,
        sources: &[Attribute],
        line: &Line<'_, 'm>,
        network: Option<&'m str>,
    ) -> RowResult<Option<&'m str>> {
        let mut unrelated = None;
        for source in sources {
            let (key, mcc) = self.declared(*source, line, network)?;
            let known = match (key, mcc) {
                (Some(key), _) => Some((*source, key)),
                (None, Some(mcc)) if relates(Attribute::Mcc, section) => Some((Attribute::Mcc, mcc)),
                (None, Some(mcc)) if section == Attribute::Mcc => return Ok(Some(mcc)),
                _ => None,
            };
            let Some((from, key)) = known else { continue };
            match self.dictionaries.related(from, key, section) {
                Some(found) => return Ok(Some(found)),
                None => unrelated = unrelated.or(Some((from, key))),
            }
        }
        match unrelated {
            // What is looked up from others is others.
            None => Ok(None),
            Some((source_attribute, key)) => Err(LeftOut::Wrong(
                None,
                Reason::Unrelated { section, source_attribute, key: key.to_owned() },
            )),
        }
    }

    fn value(&self, attribute: Attribute, line: &Line<'_, 'm>) -> Option<(&'m Value, Place)> {
        let place = self.places.iter().find(|(declared, _)| *declared == attribute)?.1;
        let value = self.mapping.values.get(&(attribute, texts(place, line)))?;
        Some((value, place))
    }
}

fn texts<'m>(place: Place, line: &Line<'_, 'm>) -> (&'m str, &'m str) {
    (line.cell(place.column), place.mnc.map_or("", |mnc| line.cell(mnc)))
}
