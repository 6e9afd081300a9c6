//! What keeps settings from being used, and what is only good to know about them.

use serde::{Serialize, Serializer};

use super::{Column, Format, Match, Meaning, Settings, Target};
use crate::import::table::Table;
use crate::rating::Attribute;

/// Something about settings that a person should see (guide, section 7.3.2.2.1).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    #[error("a whole tree is imported only from a file that was exported: choose a node below it")]
    WholeTree,
    #[error("there are no rows from the start row on")]
    NoRows,
    #[error("no column is declared as price")]
    NoPrice,
    #[error("no column tells rates apart: declare an attribute")]
    NoSections,
    #[error("the file has no column {0}")]
    NoSuchColumn(Column),
    #[error("column {0} is declared twice")]
    ColumnTwice(Column),
    #[error("several columns are declared as {0}")]
    MeaningTwice(String),
    #[error("{} has no place in this format", .0.name())]
    NotOfFormat(Attribute),
    #[error("this format has no column of {0}")]
    MeaningOfFormat(&'static str),
    #[error("prices of this resource do not depend on {}", .0.name())]
    AttributeOfResource(Attribute),
    #[error("{} is already decided above the node that is imported to", .0.name())]
    DecidedAbove(Attribute),
    #[error("{} has no dictionary with the field {field:?}", attribute.name())]
    NoSuchField { attribute: Attribute, field: String },
    #[error("a column of MNCs needs one of MCCs")]
    MncWithoutMcc,
    #[error("{} is a section twice", .0.name())]
    SectionTwice(Attribute),
    #[error("{} is a section, but no column is declared from which it could be known", .0.name())]
    SectionUnknown(Attribute),
    #[error("{0} must be both declared and a section in this format")]
    SectionMissing(&'static str),
    #[error("this format is for WhatsApp's resources")]
    ResourceOfFormat,
    #[error("{0:?} is no pricing category")]
    NoSuchCategory(String),
    #[error("a tier needs columns of its first message, its last one and its price")]
    TierIncomplete,

    #[error("{0} rows with text above the start row are left out")]
    RowsAbove(usize),
    #[error("columns without a meaning are left out: {0}")]
    ColumnsLeftOut(String),
    #[error("{} is declared but no section: it serves to look up others only", .0.name())]
    NoSectionOf(Attribute),
    #[error("{} is looked up by {}", .0.name(), .1.name())]
    LookedUp(Attribute, Attribute),
}

impl Warning {
    /// Whether the import cannot go on with it.
    pub fn prevents(&self) -> bool {
        !matches!(
            self,
            Self::RowsAbove(_) | Self::ColumnsLeftOut(_) | Self::NoSectionOf(_) | Self::LookedUp(..)
        )
    }
}

impl Serialize for Warning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut warning = serializer.serialize_struct("Warning", 2)?;
        warning.serialize_field("text", &self.to_string())?;
        warning.serialize_field("prevents", &self.prevents())?;
        warning.end()
    }
}

impl Settings {
    /// Everything to be said about these settings for this file, what prevents first.
    pub fn warnings(&self, table: &Table, target: &Target) -> Vec<Warning> {
        if self.exported {
            return Vec::new();
        }
        if target.place.resource.is_none() {
            return vec![Warning::WholeTree];
        }
        let mut warnings = Vec::new();
        self.check_columns(table, target, &mut warnings);
        self.check_format(target, &mut warnings);
        self.check_sections(target, &mut warnings);
        if !table.rows().any(|row| row.number() >= self.start_row) {
            warnings.push(Warning::NoRows);
        }
        let above = table.rows().take_while(|row| row.number() < self.start_row).count();
        if above > 1 {
            warnings.push(Warning::RowsAbove(above));
        }
        let is_left_out = |column: &Column| self.columns.iter().all(|declared| declared.column != *column);
        let left_out: Vec<_> =
            (0..table.columns()).map(Column).filter(is_left_out).map(String::from).collect();
        if !left_out.is_empty() {
            warnings.push(Warning::ColumnsLeftOut(left_out.join(", ")));
        }
        warnings.sort_by_key(|warning| !warning.prevents());
        warnings
    }

    fn check_columns(&self, table: &Table, target: &Target, warnings: &mut Vec<Warning>) {
        for (place, declared) in self.columns.iter().enumerate() {
            let before = &self.columns[..place];
            if declared.column.0 >= table.columns() {
                warnings.push(Warning::NoSuchColumn(declared.column));
            }
            if before.iter().any(|other| other.column == declared.column) {
                warnings.push(Warning::ColumnTwice(declared.column));
            }
            if before.iter().any(|other| other.meaning.subject() == declared.meaning.subject()) {
                warnings.push(Warning::MeaningTwice(declared.meaning.subject()));
            }
            match &declared.meaning {
                Meaning::Attribute { attribute, matched, .. } => {
                    self.check_attribute(*attribute, matched, target, warnings);
                }
                Meaning::Mnc if self.column(is_attribute(Attribute::Mcc)).is_none() => {
                    warnings.push(Warning::MncWithoutMcc);
                }
                Meaning::PriceOf { category } if !Attribute::PricingCategory.has_value(category) => {
                    warnings.push(Warning::NoSuchCategory(category.clone()));
                }
                _ => {}
            }
        }
    }

    fn check_attribute(
        &self,
        attribute: Attribute,
        matched: &Match,
        target: &Target,
        warnings: &mut Vec<Warning>,
    ) {
        if let Match::Field { field, .. } = matched {
            let dictionary = target.dictionaries.of(attribute);
            if dictionary.and_then(|dictionary| dictionary.field(field)).is_none() {
                warnings.push(Warning::NoSuchField { attribute, field: field.clone() });
            }
        }
        if !self.sections.contains(&attribute) && !self.is_mcc_of_mnc(attribute) {
            warnings.push(Warning::NoSectionOf(attribute));
        }
    }

    fn is_mcc_of_mnc(&self, attribute: Attribute) -> bool {
        attribute == Attribute::Mcc && self.column(|meaning| *meaning == Meaning::Mnc).is_some()
    }

    fn check_format(&self, target: &Target, warnings: &mut Vec<Warning>) {
        let has = |wanted: &Meaning| self.column(|meaning| meaning == wanted).is_some();
        let has_price_of = self.column(|meaning| matches!(meaning, Meaning::PriceOf { .. })).is_some();
        let has_tiers = has(&Meaning::TierFrom) || has(&Meaning::TierTo);
        let is_whatsapp = target.all_attributes().contains(&Attribute::PricingCategory);
        if target.format != Format::Standard && !is_whatsapp {
            warnings.push(Warning::ResourceOfFormat);
        }
        match target.format {
            Format::Standard | Format::WhatsappTier if has_price_of => {
                warnings.push(Warning::MeaningOfFormat("prices of one category"));
            }
            Format::Standard | Format::WhatsappBasic if has_tiers => {
                warnings.push(Warning::MeaningOfFormat("tiers"));
            }
            Format::Standard if !has(&Meaning::Price) && !has(&Meaning::PriceType) => {
                warnings.push(Warning::NoPrice);
            }
            Format::WhatsappBasic if !has_price_of => warnings.push(Warning::NoPrice),
            Format::WhatsappBasic if has(&Meaning::Price) => {
                warnings.push(Warning::MeaningOfFormat("one price"));
            }
            Format::WhatsappTier
                if !has(&Meaning::Price) || !has(&Meaning::TierFrom) || !has(&Meaning::TierTo) =>
            {
                warnings.push(Warning::TierIncomplete);
            }
            _ => {}
        }
        if target.format != Format::Standard {
            let declared = self.declared();
            for (attribute, name) in [
                (Attribute::WhatsappRegion, "the region"),
                (Attribute::PricingCategory, "the pricing category"),
            ] {
                if !declared.contains(&attribute) || !self.sections.contains(&attribute) {
                    warnings.push(Warning::SectionMissing(name));
                }
            }
        }
    }

    fn check_sections(&self, target: &Target, warnings: &mut Vec<Warning>) {
        if self.sections.is_empty() {
            warnings.push(Warning::NoSections);
        }
        let declared = self.declared();
        for (place, section) in self.sections.iter().enumerate() {
            if self.sections[..place].contains(section) {
                warnings.push(Warning::SectionTwice(*section));
            }
            if !target.all_attributes().contains(section) {
                warnings.push(Warning::AttributeOfResource(*section));
            } else if target.place.decided.contains(section) {
                warnings.push(Warning::DecidedAbove(*section));
            }
            let is_of_rates = target.format != Format::Standard;
            if declared.contains(section) || is_of_rates && *section == Attribute::PricingType {
                continue;
            }
            match self.sources(*section).first() {
                Some(source) => warnings.push(Warning::LookedUp(*section, *source)),
                None => warnings.push(Warning::SectionUnknown(*section)),
            }
        }
    }
}

impl Meaning {
    /// What may be declared once.
    fn subject(&self) -> String {
        match self {
            Self::Price => "price".to_owned(),
            Self::PriceType => "price type".to_owned(),
            Self::BillingRule => "billing rule".to_owned(),
            Self::QuantityRule => "quantity rule".to_owned(),
            Self::Attribute { attribute, .. } => attribute.name().to_owned(),
            Self::Mnc => "mnc".to_owned(),
            Self::PriceOf { category } => format!("price of {category}"),
            Self::TierFrom => "first message of a tier".to_owned(),
            Self::TierTo => "last message of a tier".to_owned(),
        }
    }
}

pub fn is_attribute(wanted: Attribute) -> impl Fn(&Meaning) -> bool {
    move |meaning| matches!(meaning, Meaning::Attribute { attribute, .. } if *attribute == wanted)
}
