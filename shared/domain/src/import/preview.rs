//! What an import would do, from the file to the difference. It is worked out anew from the file at each
//! step, so that nothing is kept in between.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::difference::Difference;
use super::exported::{self, Header};
use super::mapping::{ManualMappings, MappedSubject, Mapping};
use super::settings::{Settings, Target, Warning};
use super::table::Table;
use super::tree::{self, Counts, RowError};
use crate::rating::{Node, RateTree, TreeError};

/// What takes the place of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replacement {
    Node(Node),
    /// The whole tree.
    Tree(RateTree),
}

/// The result of an import as far as it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    pub replacement: Replacement,
    pub mapped: Vec<MappedSubject>,
    /// Rows that are not imported.
    pub errors: Vec<RowError>,
    pub counts: Counts,
    pub difference: Difference,
    pub warnings: Vec<Warning>,
}

/// Why there is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
pub enum PreviewError {
    #[error("{}", .0.iter().filter(|warning| warning.prevents()).map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Settings(Vec<Warning>),
    #[error("the first row is not that of a file that was exported")]
    NotExported,
    #[error("the file is of a whole tree: import it into the whole tree or into one of its resources")]
    OfWholeTree,
    #[error("the file is of one node: say which node it is for")]
    OfOneNode,
    #[error("the file has nothing of the resource {0}")]
    OtherResource(&'static str),
}

/// Works out what a file would do to today's tree.
pub fn preview(
    table: &Table,
    settings: &Settings,
    target: &Target,
    manual: &ManualMappings,
    today: &RateTree,
) -> Result<Preview, PreviewError> {
    if settings.exported {
        return of_exported(table, target, today);
    }
    let warnings = settings.warnings(table, target);
    if warnings.iter().any(Warning::prevents) {
        return Err(PreviewError::Settings(warnings));
    }
    let mapping = Mapping::new(table, settings, target, manual);
    let built = tree::build(table, settings, target, &mapping);
    let today = today.node(&target.place.path);
    // Rules that were set on the node beforehand stay (guide, section 7.3.2.1).
    let mut node = built.node;
    node.billing_rule = node.billing_rule.or(today.and_then(|today| today.billing_rule));
    node.quantity_rule = node.quantity_rule.or(today.and_then(|today| today.quantity_rule));
    Ok(Preview {
        difference: Difference::between(today, &node),
        replacement: Replacement::Node(node),
        mapped: mapping.subjects,
        errors: built.errors,
        counts: built.counts,
        warnings,
    })
}

fn of_exported(table: &Table, target: &Target, today: &RateTree) -> Result<Preview, PreviewError> {
    let header = Header::of(table).ok_or(PreviewError::NotExported)?;
    let exported::Read { mut nodes, errors, counts } = exported::read(table, &header);
    let place = target.place;
    let replacement = match (place.resource, header.has_resource) {
        (None, true) => {
            let resources = nodes.into_iter().filter_map(|(resource, node)| Some((resource?, node)));
            Replacement::Tree(RateTree { resources: resources.collect() })
        }
        (None, false) => return Err(PreviewError::OfOneNode),
        (Some(resource), true) if place.path == resource.name() => {
            let node = nodes.remove(&Some(resource));
            Replacement::Node(node.ok_or(PreviewError::OtherResource(resource.name()))?)
        }
        (Some(_), true) => return Err(PreviewError::OfWholeTree),
        (Some(_), false) => Replacement::Node(nodes.remove(&None).unwrap_or_default()),
    };
    let difference = match &replacement {
        Replacement::Node(node) => Difference::between(today.node(&place.path), node),
        Replacement::Tree(tree) => Difference::between_trees(today, tree),
    };
    Ok(Preview { replacement, mapped: Vec::new(), errors, counts, difference, warnings: Vec::new() })
}

impl Preview {
    /// Names exactly this replacement. Who confirms an import says with it what was looked at.
    pub fn fingerprint(&self) -> String {
        let text = match &self.replacement {
            Replacement::Node(node) => serde_json::to_vec(node),
            Replacement::Tree(tree) => serde_json::to_vec(tree),
        };
        hex::encode(&Sha256::digest(text.unwrap_or_default())[..16])
    }

    /// Today's tree with the target replaced.
    pub fn apply(&self, target: &Target, today: &RateTree) -> Result<RateTree, TreeError> {
        match &self.replacement {
            Replacement::Tree(tree) => Ok(tree.clone()),
            Replacement::Node(node) => {
                let mut tree = today.clone();
                tree.replace(&target.place.path, Some(node.clone()))?;
                Ok(tree)
            }
        }
    }
}
