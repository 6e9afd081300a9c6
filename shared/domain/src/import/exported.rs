//! Files that we exported ourselves. Their headings say what every column is, so they need no settings, and
//! they hold everything that a tree has: scales, rules of inner nodes, nodes of a draft without a price.
//!
//! A row is a node. Its path is in the columns of attributes, from left to right, skipping empty ones; an
//! attribute has several columns if branches of the tree have it at different places. `Others` is the node
//! for values that are not listed. Any text that could be read as something else is written as a JSON string.

use std::collections::{BTreeMap, HashMap};

use super::price_text::{PriceReader, count};
use super::settings::Column;
use super::table::{Row, Table};
use super::tree::{Counts, Reason, RowError};
use super::words::{self, PriceType, Rule};
use crate::rating::{Attribute, Node, Price, Resource, Tier};

pub const RESOURCE: &str = "Resource";
pub const FIGURES: [&str; 6] =
    ["Price type", "Price", "Tier up to", "Counter group", "Billing rule", "Quantity rule"];
pub const OTHERS_TEXT: &str = "Others";

/// The text of a value in a file.
pub fn quoted(value: &str) -> String {
    let is_plain = !value.is_empty()
        && !value.eq_ignore_ascii_case(OTHERS_TEXT)
        // What a spreadsheet could take for a formula, and what this itself begins with.
        && !value.starts_with(['=', '+', '-', '@', '"'])
        && value.trim() == value
        && !value.contains(char::is_control);
    if is_plain { value.to_owned() } else { serde_json::Value::from(value).to_string() }
}

/// The value of such a text; none for others.
fn unquoted(text: &str) -> Result<Option<String>, Reason> {
    match text {
        text if text.eq_ignore_ascii_case(OTHERS_TEXT) => Ok(None),
        text if text.starts_with('"') => serde_json::from_str(text).map(Some).map_err(|_| Reason::Quoting),
        text => Ok(Some(text.to_owned())),
    }
}

/// What the first row of an exported file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Whether it is a whole tree.
    pub has_resource: bool,
    attributes: Vec<Attribute>,
}

impl Header {
    /// None if the file is not an exported one.
    pub fn of(table: &Table) -> Option<Self> {
        let texts: Vec<&str> = table.row(1)?.cells().collect();
        let rest = texts.strip_suffix(&FIGURES)?;
        let has_resource = rest.first() == Some(&RESOURCE);
        let attributes = rest[usize::from(has_resource)..].iter().map(|text| words::attribute(text));
        Some(Self { has_resource, attributes: attributes.collect::<Option<_>>()? })
    }

    fn first_attribute(&self) -> usize {
        usize::from(self.has_resource)
    }

    fn figure(&self, place: usize) -> usize {
        self.first_attribute() + self.attributes.len() + place
    }
}

/// What an exported file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Read {
    /// By resource; a file of one node has it under none.
    pub nodes: BTreeMap<Option<Resource>, Node>,
    pub errors: Vec<RowError>,
    pub counts: Counts,
}

type Path = (Option<Resource>, Vec<(Attribute, Option<String>)>);

/// Reads all nodes. A row that cannot be read is left out and named.
pub fn read(table: &Table, header: &Header) -> Read {
    let price_column = header.figure(1);
    let prices = PriceReader::new(table.rows().skip(1).map(|row| row.cell(price_column)), None, None);
    let mut reader = Reader { header, prices, read: Read::default(), rows: HashMap::new() };
    for row in table.rows().skip(1) {
        reader.read.counts.rows += 1;
        if let Err((column, reason)) = reader.row(row) {
            let column = column.map(Column);
            reader.read.errors.push(RowError { row: row.number(), column, reason });
        }
    }
    let mut read = reader.read;
    read.counts.rows_with_errors = read.errors.len() as u32;
    read.counts.prices = read.nodes.values().map(prices_of).sum();
    read
}

fn prices_of(node: &Node) -> u32 {
    let below = node.values.values().chain(node.others.as_deref()).map(prices_of).sum::<u32>();
    below + u32::from(node.price.is_some())
}

struct Reader<'a> {
    header: &'a Header,
    prices: PriceReader,
    read: Read,
    /// Where each node was first written.
    rows: HashMap<Path, u32>,
}

/// With the column, where it is one cell's fault.
type Wrong = (Option<usize>, Reason);

impl Reader<'_> {
    fn row(&mut self, row: Row) -> Result<(), Wrong> {
        let path = self.path(row)?;
        let figures = self.figures(row)?;
        let before = self.rows.get(&path).copied();
        let is_tier = matches!(figures.price_type, PriceType::Scale(_));
        if let Some(other) = before.filter(|_| !is_tier) {
            return Err((None, Reason::Duplicate { other }));
        }
        self.check_above(&path)?;
        let node = node_at(self.read.nodes.entry(path.0).or_default(), &path.1)?;
        figures.into_node(node, self.header, before)?;
        self.rows.entry(path).or_insert(row.number());
        Ok(())
    }

    fn path(&self, row: Row) -> Result<Path, Wrong> {
        let resource = match self.header.has_resource {
            false => None,
            true => {
                let found = Resource::ALL.iter().copied().find(|resource| resource.name() == row.cell(0));
                Some(found.ok_or_else(|| (Some(0), Reason::Resource(row.cell(0).to_owned())))?)
            }
        };
        let mut steps = Vec::new();
        for (place, attribute) in self.header.attributes.iter().enumerate() {
            let column = self.header.first_attribute() + place;
            match row.cell(column) {
                "" => {}
                text => steps.push((*attribute, unquoted(text).map_err(|reason| (Some(column), reason))?)),
            }
        }
        Ok((resource, steps))
    }

    /// No node above has a price.
    fn check_above(&self, path: &Path) -> Result<(), Wrong> {
        let mut node = self.read.nodes.get(&path.0);
        for (depth, (_, value)) in path.1.iter().enumerate() {
            let Some(above) = node else { return Ok(()) };
            if above.price.is_some() {
                let other = self.rows.get(&(path.0, path.1[..depth].to_vec())).copied().unwrap_or_default();
                return Err((None, Reason::BelowPrice { other }));
            }
            node = match value {
                Some(value) => above.values.get(value),
                None => above.others.as_deref(),
            };
        }
        Ok(())
    }

    fn figures(&self, row: Row) -> Result<Figures, Wrong> {
        let cell = |place: usize| (row.cell(self.header.figure(place)).trim(), self.header.figure(place));
        let (text, column) = cell(0);
        let price_type = PriceType::parse(text);
        let price_type = price_type.ok_or_else(|| (Some(column), Reason::PriceType(text.to_owned())))?;
        let amount = match cell(1) {
            ("", _) => None,
            (text, column) => {
                Some(self.prices.read(text).map_err(|error| (Some(column), Reason::Price(error)))?)
            }
        };
        if price_type == PriceType::Flat && amount.is_none() {
            return Err((Some(self.header.figure(1)), Reason::NoPrice));
        }
        let up_to = match cell(2) {
            ("", _) => None,
            (text, column) => {
                let wrong = || (Some(column), Reason::Count(text.to_owned()));
                Some(count(text).and_then(|count| u32::try_from(count).ok()).ok_or_else(wrong)?)
            }
        };
        let counter_group = match cell(3) {
            ("", _) => None,
            (text, column) => {
                let wrong = || (Some(column), Reason::Attribute(text.to_owned()));
                Some(words::attribute(text).ok_or_else(wrong)?)
            }
        };
        let (text, column) = cell(4);
        let billing_rule = exact(words::billing_rule(text));
        let billing_rule =
            billing_rule.ok_or_else(|| (Some(column), Reason::BillingRule(text.to_owned())))?;
        let (text, column) = cell(5);
        // Whether the resource can have the rule is seen in the tree.
        let quantity_rule = exact(words::quantity_rule(text, None));
        let quantity_rule =
            quantity_rule.ok_or_else(|| (Some(column), Reason::QuantityRule(text.to_owned())))?;
        Ok(Figures {
            price_type,
            amount,
            up_to,
            counter_group,
            rules: Node { billing_rule, quantity_rule, ..Node::default() },
        })
    }
}

/// Only by its whole name.
fn exact<R: Copy>(rule: Rule<R>) -> Option<Option<R>> {
    match rule {
        Rule::Inherited => Some(None),
        Rule::Set { rule, is_exact: true } => Some(Some(rule)),
        Rule::Set { is_exact: false, .. } | Rule::Unknown => None,
    }
}

/// What a row says of its node.
struct Figures {
    price_type: PriceType,
    amount: Option<crate::money::Amount>,
    up_to: Option<u32>,
    counter_group: Option<Attribute>,
    rules: Node,
}

impl Figures {
    fn into_node(self, node: &mut Node, header: &Header, before: Option<u32>) -> Result<(), Wrong> {
        let has_children = node.depends_on.is_some();
        let price = match self.price_type {
            PriceType::DependsOn(attribute) => {
                if node.depends_on.is_some_and(|before| before != attribute) {
                    return Err((Some(header.figure(0)), depends_on(node)));
                }
                node.depends_on = Some(attribute);
                None
            }
            PriceType::Incomplete => None,
            _ if has_children => return Err((Some(header.figure(0)), Reason::PriceOfBranch)),
            PriceType::Scale(_) => Some(self.scale(node.price.clone(), header, before)?),
            PriceType::Flat => self.amount.map(|amount| Price::Flat { amount }),
            simple => simple.price(),
        };
        node.price = price;
        if before.is_none() {
            (node.billing_rule, node.quantity_rule) = (self.rules.billing_rule, self.rules.quantity_rule);
        }
        Ok(())
    }

    /// The scale with one more tier.
    fn scale(&self, so_far: Option<Price>, header: &Header, before: Option<u32>) -> Result<Price, Wrong> {
        let PriceType::Scale(kind) = self.price_type else {
            return Err((Some(header.figure(0)), Reason::ScaleMixed));
        };
        let mut tiers = match so_far {
            None => Vec::new(),
            Some(Price::Scale { scale, tiers, counter_group })
                if scale == kind && counter_group == self.counter_group =>
            {
                tiers
            }
            Some(_) => return Err((Some(header.figure(0)), Reason::ScaleMixed)),
        };
        match self.amount {
            Some(amount) => {
                let order = |threshold: Option<u32>| (threshold.is_none(), threshold);
                let place = tiers.partition_point(|tier: &Tier| order(tier.threshold) < order(self.up_to));
                if tiers.get(place).is_some_and(|tier| tier.threshold == self.up_to) {
                    let other = before.unwrap_or_default();
                    return Err((Some(header.figure(2)), Reason::Duplicate { other }));
                }
                tiers.insert(place, Tier { threshold: self.up_to, amount });
            }
            // A scale of a draft can be without tiers.
            None if self.up_to.is_none() && before.is_none() => {}
            None => return Err((Some(header.figure(1)), Reason::NoPrice)),
        }
        Ok(Price::Scale { scale: kind, tiers, counter_group: self.counter_group })
    }
}

fn depends_on(node: &Node) -> Reason {
    node.depends_on.map_or(Reason::NoPrice, Reason::DependsOnOther)
}

fn node_at<'n>(root: &'n mut Node, path: &[(Attribute, Option<String>)]) -> Result<&'n mut Node, Wrong> {
    let mut node = root;
    for (attribute, value) in path {
        if node.depends_on.is_some_and(|before| before != *attribute) {
            return Err((None, depends_on(node)));
        }
        node.depends_on = Some(*attribute);
        node = match value {
            Some(value) => node.values.entry(value.clone()).or_default(),
            None => node.others.get_or_insert_default(),
        };
    }
    Ok(node)
}
