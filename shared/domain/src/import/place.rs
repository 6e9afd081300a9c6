//! Where in a tree rates are imported to: any node from the second level down, or for exported files the
//! whole tree (guide, section 7.3.2.1).

use crate::rating::{Attribute, RateTree, Resource};

/// A place in a tree, and what is decided above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// As in [`RateTree::node`]; empty for the whole tree.
    pub path: String,
    /// None for the whole tree.
    pub resource: Option<Resource>,
    /// The attributes of the nodes above.
    pub decided: Vec<Attribute>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{path:?} is no place in the tree: it begins with a resource, and the node above the last step must branch"
)]
pub struct PlaceError {
    pub path: String,
}

impl Place {
    /// The top of a resource.
    pub fn of(resource: Resource) -> Self {
        Self { path: resource.name().to_owned(), resource: Some(resource), decided: Vec::new() }
    }

    /// A place that a tree has, or could have without another change.
    pub fn parse(tree: &RateTree, path: &str) -> Result<Self, PlaceError> {
        let wrong = || PlaceError { path: path.to_owned() };
        if path.is_empty() {
            return Ok(Self { path: String::new(), resource: None, decided: Vec::new() });
        }
        let root = path.split('/').next().unwrap_or_default();
        let resource =
            Resource::ALL.iter().copied().find(|resource| resource.name() == root).ok_or_else(wrong)?;
        let mut place = Self { path: path.to_owned(), ..Self::of(resource) };
        // The nodes above are those whose paths end before a slash.
        for (end, _) in path.match_indices('/') {
            let above = tree.node(&path[..end]).and_then(|node| node.depends_on);
            place.decided.push(above.ok_or_else(wrong)?);
        }
        if path.split('/').any(str::is_empty) { Err(wrong()) } else { Ok(place) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_knows_what_is_decided_above_it() {
        let tree = crate::rating::europe();
        let decided = |path: &str| Place::parse(&tree, path).map(|place| place.decided);
        assert_eq!(decided("").unwrap(), []);
        assert_eq!(decided("sms_message").unwrap(), []);
        assert_eq!(decided("voice_call").unwrap(), [], "a resource may be new");
        assert_eq!(decided("sms_message/MT/ES").unwrap(), [Attribute::Direction, Attribute::Country]);
        assert_eq!(decided("sms_message/MT/*").unwrap(), [Attribute::Direction, Attribute::Country]);
        for wrong in [
            "sms",
            "/sms_message",
            "sms_message/",
            "sms_message//DE",
            "sms_message/XX/DE",
            "sms_message/MT/FR/Orange",
        ] {
            assert!(decided(wrong).is_err(), "{wrong}");
        }
    }
}
