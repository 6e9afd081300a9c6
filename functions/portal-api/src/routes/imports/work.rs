//! Everything that a step of an import works with: the decisions so far, today's tree, and the file.

use domain::dictionary::Dictionaries;
use domain::import::mapping::ManualMappings;
use domain::import::place::Place;
use domain::import::preview::{Preview, PreviewError, preview};
use domain::import::record::Import;
use domain::import::settings::{Settings, Target};
use domain::import::table::{self, Table};
use domain::permission::Area;
use domain::rating::{RateTree, Scope, Service, TreeError};
use runtime::auth::Principal;

use super::super::services::saving::tree_of;
use super::{files, found};
use crate::App;
use crate::error::ApiError;
use crate::rights;

pub struct Work {
    pub import: Import,
    pub service: Service,
    /// Today's.
    pub tree: RateTree,
    place: Place,
    dictionaries: Dictionaries,
    manual: ManualMappings,
}

impl Work {
    /// For who may edit the service.
    pub async fn load(app: &App, who: &Principal, id: &str) -> Result<Self, ApiError> {
        rights::manage(who, Area::Services)?;
        let import = found(app, who, id).await?;
        import.check_open()?;
        let service = app.seen_by(who).service(import.service.as_str()).await?;
        let tree = tree_of(app, &service, service.scope(import.scope)?).await?;
        let place = Place::parse(&tree, &import.path)?;
        let dictionaries = app.store.dictionaries().await?;
        let manual = app.store.import_mappings(&import.company, &import.supplier).await?;
        Ok(Self { import, service, tree, place, dictionaries, manual })
    }

    pub fn scope(&self) -> Result<&Scope, ApiError> {
        Ok(self.service.scope(self.import.scope)?)
    }

    pub fn target(&self) -> Target<'_> {
        Target {
            place: &self.place,
            currency: self.service.kind.has_currency().then_some(self.service.currency),
            dictionaries: &self.dictionaries,
            format: self.import.format,
        }
    }

    pub async fn table(&self, app: &App, sheet: Option<&str>) -> Result<Table, ApiError> {
        let bytes = files::read(app, &self.import).await?;
        Ok(table::read(&bytes, &self.import.file_name, sheet)?)
    }

    /// What these settings make of the file.
    pub fn preview_by(&self, table: &Table, settings: &Settings) -> Result<Preview, PreviewError> {
        preview(table, settings, &self.target(), &self.manual, &self.tree)
    }

    /// What the import makes of its file, as it is decided so far.
    pub async fn preview(&self, app: &App) -> Result<Preview, ApiError> {
        let settings = self.import.settings()?;
        let table = self.table(app, settings.sheet.as_deref()).await?;
        Ok(self.preview_by(&table, settings)?)
    }

    /// The tree with the import in it, or what keeps it from being stored.
    pub fn applied(&self, preview: &Preview) -> Result<RateTree, TreeError> {
        let tree = preview.apply(&self.target(), &self.tree)?;
        let draft = self.service.scope(self.import.scope).is_ok_and(|scope| scope.draft);
        match draft {
            true => tree.check_draft_for(self.service.kind)?,
            false => tree.check_for(self.service.kind)?,
        }
        Ok(tree)
    }
}
