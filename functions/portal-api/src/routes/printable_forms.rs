//! Templates of documents.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::catalog;
use domain::company::Company;
use domain::id::{OwnLegalEntityId, PrintableFormId};
use domain::legal_entity::OwnEntityDetails;
use domain::permission::Area;
use domain::printable_form::{FormDetails, FormKind, FormPicture, PrintableForm, check_pictures};
use domain::rating::Resource;
use domain::record::id_of;
use domain::upload::{FileKind, FileName};
use http::StatusCode;
use jiff::civil::Date;
use printing::{Form, FormError, Picture, Pictures};
use runtime::auth::Principal;
use runtime::http::{Body, Problem, Query};
use runtime::revision::{IfMatch, Versioned};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::records::{self, Revision, record_forms};
use super::{Edited, uploads};
use crate::App;
use crate::error::ApiError;
use crate::fields::List;
use crate::lists::{Column, Format, Listing};
use crate::{rights, schema};

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PrintableFormSettings {
    /// Whose it is; yours unless told. It stays.
    company: Option<String>,
    /// Which document it makes.
    #[schema(value_type = schema::FormKind)]
    kind: FormKind,
    /// As lists show it, 1 to 120 characters.
    #[schema(example = "SMS charges")]
    name: String,
    /// The own legal entity whose documents it makes; of all that have no form unless told.
    own_legal_entity: Option<String>,
    /// For charges: what is billed; everything that has no form unless told.
    #[schema(value_type = Option<schema::Resource>)]
    resource: Option<Resource>,
    /// The first day whose documents are made by it.
    #[schema(value_type = String, format = Date)]
    date_from: Date,
    /// The uploaded template, a file of the kind `xml`. Begin with one of `/v1/printable_form_samples`. One
    /// that cannot make a document is refused with its line and the reason.
    #[schema(example = "upl_01kd3v5x9q8m7n6p5r4s3t2v1w.xml")]
    file: String,
    /// A logo, a stamp: what the file names in its `image` elements, for invoices and receipts.
    #[serde(default)]
    #[schema(max_items = 4)]
    pictures: Vec<PrintableFormPicture>,
    /// Up to 500 characters.
    comment: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PrintableFormPicture {
    /// As the file calls it: 1 to 30 of `a` to `z`, `0` to `9` and `_`.
    #[schema(example = "logo")]
    name: String,
    /// The uploaded picture, of the kind `png` or `jpeg`: at most 500,000 bytes and 2,000,000 pixels.
    #[schema(example = "upl_01kd3v5x9q8m7n6p5r4s3t2v1w.png")]
    file: String,
}

impl From<&PrintableForm> for PrintableFormSettings {
    fn from(form: &PrintableForm) -> Self {
        let details = form.details.clone();
        Self {
            company: Some(form.company.to_string()),
            kind: details.kind,
            name: details.name,
            own_legal_entity: details.own_legal_entity.map(Into::into),
            resource: details.resource,
            date_from: details.date_from,
            file: details.file.into(),
            pictures: details.pictures.into_iter().map(Into::into).collect(),
            comment: details.comment,
        }
    }
}

impl From<FormPicture> for PrintableFormPicture {
    fn from(picture: FormPicture) -> Self {
        Self { name: picture.name, file: picture.file.into() }
    }
}

impl PrintableFormSettings {
    async fn details(
        self,
        app: &App,
        who: &Principal,
        company: &Company,
        before: Option<&FormDetails>,
    ) -> Result<FormDetails, ApiError> {
        records::check_same_company(self.company.as_deref(), company)?;
        let own_legal_entity = match &self.own_legal_entity {
            Some(id) => {
                let named = records::named::<OwnEntityDetails>(app, who, company, "own_legal_entity", id);
                Some(named.await?.id)
            }
            None => None,
        };
        let known = before.filter(|before| self.has_files_of(before));
        let (file, pictures) = match known {
            Some(before) => (before.file.clone(), before.pictures.clone()),
            None => self.checked_files(app, company).await?,
        };
        Ok(FormDetails {
            kind: self.kind,
            name: self.name,
            own_legal_entity,
            resource: self.resource,
            date_from: self.date_from,
            comment: self.comment,
            file,
            pictures,
        })
    }

    fn has_files_of(&self, form: &FormDetails) -> bool {
        let same = |(own, other): (&PrintableFormPicture, &FormPicture)| {
            own.name == other.name && own.file == other.file.as_str()
        };
        self.kind == form.kind
            && self.file == form.file.as_str()
            && self.pictures.len() == form.pictures.len()
            && self.pictures.iter().zip(&form.pictures).all(same)
    }

    /// The files, if documents can be made by them.
    async fn checked_files(
        &self,
        app: &App,
        company: &Company,
    ) -> Result<(FileName, Vec<FormPicture>), ApiError> {
        let (file, content) = uploads::content(app, &company.id, "file", &self.file).await?;
        let named = self.pictures.iter().map(|PrintableFormPicture { name, file }| {
            let file = FileName::parse(file).map_err(|error| Problem::invalid("pictures", error))?;
            Ok::<_, ApiError>(FormPicture { name: name.clone(), file })
        });
        let named: Vec<FormPicture> = named.collect::<Result<_, _>>()?;
        check_pictures(self.kind, &named)?;
        // Other kinds of files are refused with the other fields.
        if file.kind() == FileKind::Xml {
            let template = String::from_utf8_lossy(&content).into_owned();
            let form = Form { template, pictures: pictures(app, company, &named).await? };
            printing::check(self.kind, &form).map_err(refused)?;
        }
        Ok((file, named))
    }
}

async fn pictures(app: &App, company: &Company, named: &[FormPicture]) -> Result<Pictures, ApiError> {
    let mut pictures = Pictures::new();
    for FormPicture { name, file } in named {
        let (_, content) = uploads::content(app, &company.id, "pictures", file.as_str()).await?;
        let picture = Picture::read(file.kind(), content);
        let wrong = |source| refused(FormError::Picture { name: name.clone(), source });
        pictures.insert(name.clone(), picture.map_err(wrong)?);
    }
    Ok(pictures)
}

fn refused(error: FormError) -> Problem {
    let field = if matches!(error, FormError::Picture { .. }) { "pictures" } else { "file" };
    Problem::invalid(field, error)
}

record_forms!(FormDetails, PrintableFormSettings: PrintableFormView, PrintableFormPatch);

/// Create a printable form.
///
/// Of several that fit a document, one of its seller comes before one of all, one of its resource before
/// one of all, and then the latest. Upload the file first.
#[utoipa::path(post, path = "/v1/printable_forms", tag = "printable_forms",
    request_body = PrintableFormSettings,
    responses((status = 201, description = "The new form", body = PrintableFormView)))]
pub async fn create(
    State(app): State<App>,
    who: Principal,
    Body(body): Body<PrintableFormSettings>,
) -> Edited<PrintableFormView> {
    rights::manage(&who, Area::PrintableForms)?;
    let company = app.seen_by(&who).company_or_own(body.company.as_deref()).await?;
    let details = body.details(&app, &who, &company, None).await?;
    let id = PrintableFormId::new(runtime::fresh());
    let form = PrintableForm::plan(id, &company, details, records::hand(&who))?;
    let form = records::create(&app, &who, &company, form).await?;
    Ok(Versioned::created(form.revision, form.into()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PrintableFormQuery {
    /// Whose; yours unless told.
    company: Option<String>,
    /// Only those whose name begins so, whatever the case.
    name: Option<String>,
    /// Only for these documents.
    #[param(value_type = Option<schema::FormKind>)]
    kind: Option<FormKind>,
    /// Only of this own legal entity.
    own_legal_entity: Option<String>,
    /// Only of this resource.
    #[param(value_type = Option<schema::Resource>)]
    resource: Option<Resource>,
    /// Only those from this day.
    #[param(value_type = Option<String>, format = Date)]
    date_from: Option<Date>,
    /// Only those whose comment begins so.
    comment: Option<String>,
    /// `name`, `kind`, `resource`, `date_from`, `comment`, `updated_at` or `created_at`; or of 10,000 forms at most
    /// `own_legal_entity`. With a `-` before it for the other way round.
    #[param(example = "-date_from")]
    sort: Option<String>,
    /// 1 to 500, 50 unless told.
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

const COLUMNS: [&str; 7] =
    ["name", "kind", "own_legal_entity", "resource", "date_from", "comment", "updated_at"];
/// By name, which no index has.
const BY_SELLER: Column<PrintableForm> =
    ("own_legal_entity", |form| id_of(form.details.own_legal_entity.as_ref()));

/// A printable form in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct PrintableFormRow {
    #[serde(flatten)]
    form: PrintableFormView,
    /// What the legal entity is called; null where it is for all.
    #[schema(example = "Waybill GmbH")]
    own_legal_entity_name: Option<String>,
}

const FILE_COLUMNS: [&str; 10] = [
    "id",
    "name",
    "kind",
    "own_legal_entity",
    "own_legal_entity_name",
    "resource",
    "date_from",
    "comment",
    "created_at",
    "updated_at",
];

/// A company's printable forms.
///
/// Oldest first unless a filter or `sort` says otherwise. `Accept: text/csv` answers a file.
#[utoipa::path(get, path = "/v1/printable_forms", tag = "printable_forms", params(PrintableFormQuery),
    responses((status = 200, description = "A page",
        content((List<PrintableFormRow> = "application/json"), (String = "text/csv")))))]
pub async fn list(
    State(app): State<App>,
    who: Principal,
    format: Format,
    Query(query): Query<PrintableFormQuery>,
) -> Result<Response, ApiError> {
    rights::view(&who, Area::PrintableForms)?;
    let company = app.seen_by(&who).company_or_own(query.company.as_deref()).await?;
    let (sort, cursor) = (query.sort.as_deref(), query.cursor.as_deref());
    let listing = Listing::new(company.id, &COLUMNS, sort, query.limit, cursor)?
        .begins("name", query.name.as_deref())
        .is("kind", query.kind.map(catalog::choice))
        .is("own_legal_entity", query.own_legal_entity)
        .is("resource", query.resource.map(catalog::choice))
        .is("date_from", query.date_from.map(catalog::day))
        .begins("comment", query.comment.as_deref());
    let found = listing.read_in_order(&[BY_SELLER], &app.store, format, |_| true).await?;
    let names = found.names(&app.store, |form| [seller_of(form)]).await?;
    let row = |form: PrintableForm| PrintableFormRow {
        own_legal_entity_name: names.get(seller_of(&form)),
        form: form.into(),
    };
    found.answer(row, "printable_forms", &FILE_COLUMNS)
}

fn seller_of(form: &PrintableForm) -> &str {
    form.details.own_legal_entity.as_ref().map_or("", OwnLegalEntityId::as_str)
}

/// One printable form.
#[utoipa::path(get, path = "/v1/printable_forms/{id}", tag = "printable_forms",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The form", body = PrintableFormView)))]
pub async fn one(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
) -> Edited<PrintableFormView> {
    rights::view(&who, Area::PrintableForms)?;
    let (form, _) = app.seen_by(&who).thing::<PrintableForm>(&id).await?;
    Ok(Versioned::new(form.revision, form.into()))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FormFile {
    /// Where the file is, for some hours. Whoever has the link can open it.
    url: String,
}

/// A printable form's file.
#[utoipa::path(get, path = "/v1/printable_forms/{id}/file", tag = "printable_forms",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "A link", body = FormFile)))]
pub async fn file(State(app): State<App>, who: Principal, Path(id): Path<String>) -> super::Reply<FormFile> {
    rights::view(&who, Area::PrintableForms)?;
    let (form, company) = app.seen_by(&who).thing::<PrintableForm>(&id).await?;
    Ok(axum::Json(FormFile { url: uploads::address(&app, &company.id, &form.details.file).await? }))
}

/// Forms to begin with, as the files that would be uploaded.
#[derive(Debug, Serialize, ToSchema)]
pub struct PrintableFormSamples {
    /// Of invoices and credit notes.
    invoice: &'static str,
    /// Of the receipts of payments for message credits.
    receipt: &'static str,
    /// Of the archive of charges.
    charge: &'static str,
}

/// The product's own printable forms.
///
/// Documents are made by these where no other form fits. They are a good beginning for one's own.
#[utoipa::path(get, path = "/v1/printable_form_samples", tag = "printable_forms",
    responses((status = 200, description = "A form of each kind", body = PrintableFormSamples)))]
pub async fn samples(who: Principal) -> super::Reply<PrintableFormSamples> {
    rights::view(&who, Area::PrintableForms)?;
    Ok(axum::Json(PrintableFormSamples {
        invoice: printing::own_form(FormKind::Invoice),
        receipt: printing::own_form(FormKind::Receipt),
        charge: printing::own_form(FormKind::Charge),
    }))
}

/// Change a printable form.
#[utoipa::path(patch, path = "/v1/printable_forms/{id}", tag = "printable_forms",
    request_body = PrintableFormPatch, params(("id" = String, Path, description = "Its id"), Revision),
    responses((status = 200, description = "The form as it is now", body = PrintableFormView)))]
pub async fn change(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
    Body(body): Body<PrintableFormPatch>,
) -> Edited<PrintableFormView> {
    rights::manage(&who, Area::PrintableForms)?;
    let (form, company) = app.seen_by(&who).thing::<PrintableForm>(&id).await?;
    if_match.check(form.revision)?;
    let settings = records::patched(&PrintableFormSettings::from(&form), body.0)?;
    let details = settings.details(&app, &who, &company, Some(&form.details)).await?;
    let changed = records::replace(&app, &who, &company, &form, details).await?;
    Ok(Versioned::new(changed.revision, changed.into()))
}

/// Delete a printable form.
#[utoipa::path(delete, path = "/v1/printable_forms/{id}", tag = "printable_forms",
    params(("id" = String, Path, description = "Its id"), Revision),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<String>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    rights::manage(&who, Area::PrintableForms)?;
    let (form, company) = app.seen_by(&who).thing::<PrintableForm>(&id).await?;
    if_match.check(form.revision)?;
    records::delete(&app, &who, &company, &form).await
}
