//! An import from its upload to its end, as it is kept between the steps. The file itself is not in it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::settings::{Format, Settings};
use crate::catalog::{self, Thing};
use crate::id::{CompanyId, ImportId, ServiceId};

/// A file of rates on its way into the tree of a scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    pub id: ImportId,
    pub service: ServiceId,
    /// Whose service it is.
    pub company: CompanyId,
    /// The scope's number.
    pub scope: u32,
    /// Which node is replaced; empty for the whole tree.
    pub path: String,
    pub format: Format,
    pub file_name: String,
    /// Whose file it is: what is mapped by hand is remembered for it.
    pub supplier: String,
    pub state: ImportState,
    /// None before the file was parsed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Settings>,
    /// Raised by every change.
    pub revision: u32,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ImportState {
    /// Nobody has read the file yet.
    Uploading,
    /// The file could be read, and has settings.
    Parsed,
    /// The tree has the rates, from this version of the service on.
    Confirmed {
        version: u32,
    },
    Canceled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    #[error("the file was not parsed yet")]
    NotParsed,
    #[error("the import is confirmed already")]
    Confirmed,
    #[error("the import was canceled")]
    Canceled,
}

impl Thing for Import {
    const NOUN: &'static str = "import";
    const NOUNS: &'static str = "imports";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn revision(&self) -> u64 {
        u64::from(self.revision)
    }

    /// Of its scope.
    fn lists(&self) -> Vec<String> {
        vec![Self::list_of(&self.service, self.scope)]
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("file_name", catalog::words(&self.file_name)),
            ("supplier", catalog::words(&self.supplier)),
            ("state", self.state.name().to_owned()),
        ]
    }
}

impl ImportState {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Uploading => "uploading",
            Self::Parsed => "parsed",
            Self::Confirmed { .. } => "confirmed",
            Self::Canceled => "canceled",
        }
    }
}

impl Import {
    /// The list of the imports into a scope.
    pub fn list_of(service: &ServiceId, scope: u32) -> String {
        format!("{service}.{scope}")
    }

    /// Whether it may still be worked on.
    pub fn check_open(&self) -> Result<(), ImportError> {
        match self.state {
            ImportState::Uploading | ImportState::Parsed => Ok(()),
            ImportState::Confirmed { .. } => Err(ImportError::Confirmed),
            ImportState::Canceled => Err(ImportError::Canceled),
        }
    }

    /// The settings of a file that was parsed.
    pub fn settings(&self) -> Result<&Settings, ImportError> {
        self.check_open()?;
        self.settings.as_ref().ok_or(ImportError::NotParsed)
    }

    /// The next revision, with these settings.
    #[must_use]
    pub fn with_settings(self, settings: Settings) -> Self {
        let revision = self.revision + 1;
        Self { settings: Some(settings), state: ImportState::Parsed, revision, ..self }
    }

    /// The next revision, in another state.
    #[must_use]
    pub fn in_state(self, state: ImportState) -> Self {
        let revision = self.revision + 1;
        Self { state, revision, ..self }
    }
}
