//! Trees as files that read back as the same tree: see [`import::exported`](crate::import::exported) for how
//! such a file is laid out.

use std::collections::BTreeSet;

use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};

use crate::import::exported::{FIGURES, OTHERS_TEXT, RESOURCE, quoted};
use crate::import::table::{CELL_CHARACTERS_MAX, COLUMNS_MAX, ROWS_MAX, number_text};
use crate::import::words::{PriceType, billing_text, heading, quantity_text};
use crate::rating::{Attribute, Node, Price, RateTree, Resource};

/// What is exported.
#[derive(Debug, Clone, Copy)]
pub enum Part<'a> {
    Tree(&'a RateTree),
    /// A node with all below it; its file says nothing of what is above.
    Node(&'a Node),
}

/// Why a tree is in no file: it could not be read back.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("a file has at most {ROWS_MAX} rows; export parts of the tree")]
    TooManyRows,
    #[error(
        "branches of this tree differ so much that they take more than {COLUMNS_MAX} columns; export parts of it"
    )]
    TooManyColumns,
    #[error("a value has more than {CELL_CHARACTERS_MAX} characters")]
    TextTooLong,
    #[error("the file could not be written")]
    Csv(#[from] csv::Error),
    #[error("the file could not be written")]
    Xlsx(#[from] XlsxError),
}

/// As CSV: UTF-8, commas, and quotation marks where they are needed.
pub fn csv(part: Part) -> Result<Vec<u8>, ExportError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    write(part, &mut |_, cells| Ok(writer.write_record(cells.iter().map(Cell::text))?))?;
    writer.into_inner().map_err(|error| ExportError::Csv(error.into_error().into()))
}

/// As XLSX. Rows are written one by one, so that the memory for it does not grow with the tree.
pub fn xlsx(part: Part) -> Result<Vec<u8>, ExportError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name("Rates")?.set_freeze_panes(1, 0)?;
    write(part, &mut |row, cells| {
        for (column, cell) in (0u16..).zip(cells) {
            cell.write(sheet, row, column)?;
        }
        Ok(())
    })?;
    Ok(workbook.save_to_buffer()?)
}

enum Cell {
    Text(String),
    /// A number that spreadsheets can calculate with.
    Number {
        text: String,
        number: f64,
    },
}

impl Cell {
    fn empty() -> Self {
        Self::Text(String::new())
    }

    /// As a number, unless a spreadsheet would not keep it exactly.
    fn number(text: String) -> Self {
        match text.parse::<f64>() {
            Ok(number) if number_text(number) == text => Self::Number { text, number },
            _ => Self::Text(text),
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number { text, .. } => text,
        }
    }

    fn write(&self, sheet: &mut Worksheet, row: u32, column: u16) -> Result<(), XlsxError> {
        match self {
            Self::Text(text) if text.is_empty() => return Ok(()),
            Self::Text(text) => sheet.write_string(row, column, text)?,
            Self::Number { number, .. } => sheet.write_number(row, column, *number)?,
        };
        Ok(())
    }
}

type WriteRow<'w> = &'w mut dyn FnMut(u32, &[Cell]) -> Result<(), ExportError>;

/// Hands over all rows, the headings first.
fn write(part: Part, write_row: WriteRow) -> Result<(), ExportError> {
    let roots: Vec<(Option<Resource>, &Node)> = match part {
        Part::Tree(tree) => tree.resources.iter().map(|(resource, node)| (Some(*resource), node)).collect(),
        Part::Node(node) => vec![(None, node)],
    };
    let mut orders = BTreeSet::new();
    for (_, node) in &roots {
        collect_orders(node, &mut Vec::new(), &mut orders);
    }
    let columns = orders.iter().fold(Vec::new(), |columns, order| merge(&columns, order));
    let has_resource = matches!(part, Part::Tree(_));
    if columns.len() + FIGURES.len() + usize::from(has_resource) > COLUMNS_MAX {
        return Err(ExportError::TooManyColumns);
    }
    let names = columns.iter().map(|attribute| heading(attribute.name()));
    let headings = has_resource.then(|| RESOURCE.to_owned()).into_iter().chain(names);
    let headings = headings.chain(FIGURES.map(str::to_owned)).map(Cell::Text);
    write_row(0, &headings.collect::<Vec<_>>())?;
    let mut writer = Writer { columns, row: 1, write_row };
    roots.into_iter().try_for_each(|(resource, node)| writer.node(resource, node, &mut Vec::new()))
}

/// The attributes of every path, each order once.
fn collect_orders(node: &Node, order: &mut Vec<Attribute>, orders: &mut BTreeSet<Vec<Attribute>>) {
    // Those of nodes further up are their beginnings.
    if node.values.is_empty() && node.others.is_none() && !orders.contains(order) {
        orders.insert(order.clone());
    }
    let Some(attribute) = node.depends_on else { return };
    order.push(attribute);
    for child in node.values.values().chain(node.others.as_deref()) {
        collect_orders(child, order, orders);
    }
    order.pop();
}

/// The shortest order that has both others in it, with gaps.
fn merge(left: &[Attribute], right: &[Attribute]) -> Vec<Attribute> {
    // Lengths of the longest common parts of what is left of both, the usual table.
    let mut common = vec![vec![0usize; right.len() + 1]; left.len() + 1];
    for (at_left, a) in left.iter().enumerate().rev() {
        for (at_right, b) in right.iter().enumerate().rev() {
            common[at_left][at_right] = match a == b {
                true => common[at_left + 1][at_right + 1] + 1,
                false => common[at_left + 1][at_right].max(common[at_left][at_right + 1]),
            };
        }
    }
    let (mut at_left, mut at_right, mut merged) = (0, 0, Vec::new());
    loop {
        match (left.get(at_left), right.get(at_right)) {
            (None, None) => return merged,
            (Some(a), Some(b)) if a == b => {
                merged.push(*a);
                (at_left, at_right) = (at_left + 1, at_right + 1);
            }
            (Some(a), b) if b.is_none() || common[at_left + 1][at_right] >= common[at_left][at_right + 1] => {
                merged.push(*a);
                at_left += 1;
            }
            (_, Some(b)) => {
                merged.push(*b);
                at_right += 1;
            }
            (Some(_), None) => return merged, // cannot be: taken above
        }
    }
}

struct Writer<'w> {
    columns: Vec<Attribute>,
    row: u32,
    write_row: WriteRow<'w>,
}

type Step<'n> = (Attribute, Option<&'n str>);

impl Writer<'_> {
    fn node<'n>(
        &mut self,
        resource: Option<Resource>,
        node: &'n Node,
        path: &mut Vec<Step<'n>>,
    ) -> Result<(), ExportError> {
        let has_children = !node.values.is_empty() || node.others.is_some();
        let has_rules = node.billing_rule.is_some() || node.quantity_rule.is_some();
        // A branch without rules is known by its children.
        if !has_children || has_rules {
            self.rows_of(resource, node, path)?;
        }
        let Some(attribute) = node.depends_on else { return Ok(()) };
        let listed = node.values.iter().map(|(value, child)| (Some(value.as_str()), child));
        for (value, child) in listed.chain(node.others.as_deref().map(|child| (None, child))) {
            path.push((attribute, value));
            self.node(resource, child, path)?;
            path.pop();
        }
        Ok(())
    }

    /// One row, or of a scale one for each tier.
    fn rows_of(&mut self, resource: Option<Resource>, node: &Node, path: &[Step]) -> Result<(), ExportError> {
        let price_type = match (&node.price, node.depends_on) {
            (Some(price), _) => PriceType::of(price),
            (None, Some(attribute)) => PriceType::DependsOn(attribute),
            (None, None) => PriceType::Incomplete,
        };
        let group = match &node.price {
            Some(Price::Scale { counter_group, .. }) => *counter_group,
            _ => None,
        };
        let figures: Vec<(Cell, Cell)> = match &node.price {
            Some(Price::Flat { amount }) => vec![(Cell::number(amount.to_string()), Cell::empty())],
            Some(Price::Scale { tiers, .. }) if !tiers.is_empty() => {
                let threshold = |threshold: u32| Cell::number(threshold.to_string());
                let tiers = tiers.iter();
                tiers
                    .map(|tier| {
                        (
                            Cell::number(tier.amount.to_string()),
                            tier.threshold.map_or(Cell::empty(), threshold),
                        )
                    })
                    .collect()
            }
            _ => vec![(Cell::empty(), Cell::empty())],
        };
        for (price, up_to) in figures {
            let mut cells = Vec::with_capacity(self.columns.len() + FIGURES.len() + 1);
            cells.extend(resource.map(|resource| Cell::Text(resource.name().to_owned())));
            self.add_path(path, &mut cells)?;
            cells.extend([
                Cell::Text(price_type.text()),
                price,
                up_to,
                Cell::Text(group.map_or(String::new(), |attribute| heading(attribute.name()))),
                Cell::Text(node.billing_rule.map_or("", billing_text).to_owned()),
                Cell::Text(node.quantity_rule.map_or(String::new(), quantity_text)),
            ]);
            if self.row as usize >= ROWS_MAX {
                return Err(ExportError::TooManyRows);
            }
            (self.write_row)(self.row, &cells)?;
            self.row += 1;
        }
        Ok(())
    }

    /// Each step in the first column of its attribute behind the one of the step before.
    fn add_path(&self, path: &[Step], cells: &mut Vec<Cell>) -> Result<(), ExportError> {
        let mut steps = path.iter().peekable();
        for column in &self.columns {
            let step = steps.next_if(|(attribute, _)| attribute == column);
            let text = match step {
                None => String::new(),
                Some((_, None)) => OTHERS_TEXT.to_owned(),
                Some((_, Some(value))) => quoted(value),
            };
            if text.chars().count() > CELL_CHARACTERS_MAX {
                return Err(ExportError::TextTooLong);
            }
            cells.push(Cell::Text(text));
        }
        Ok(())
    }
}
