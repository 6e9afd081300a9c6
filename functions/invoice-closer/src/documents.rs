//! The files of an invoice: the document to send, and beside it the archive of what was charged, as XLSX and
//! as CSV. They are made by the forms of the one who sells, or else by the product's own.

use std::io::Cursor;

use anyhow::Context;
use domain::agreement::Agreement;
use domain::bank_account::{Bank, OwnBankAccount};
use domain::charge::ChargeRow;
use domain::id::{InvoiceId, OwnLegalEntityId};
use domain::invoice::Invoice;
use domain::legal_entity::{LegalEntity, OwnLegalEntity};
use domain::printable_form::{FormKind, FormPicture, PrintableForm, choose_form};
use domain::rating::Resource;
use jiff::Timestamp;
use jiff::civil::Date;
use printing::details::{Columns, Detail, Sheet, csv, xlsx};
use printing::facts::{self, Parties};
use printing::{Document, Form, Picture, PictureError, Pictures, print};
use store::Stored;

use crate::{ATTEMPTS_MAX, App};

impl App {
    /// Makes the files of an invoice and notes where the document is. The same invoice gives the same document.
    pub(crate) async fn render(&self, id: &InvoiceId, now: Timestamp) -> anyhow::Result<()> {
        for _ in 0..ATTEMPTS_MAX {
            let invoice = self.store.any_invoice(id).await?.context("no such invoice")?;
            if !invoice.is_confirmed() {
                // It was taken back meanwhile.
                return Ok(());
            }
            let key = self.write_files(&invoice, now).await?;
            if invoice.document.as_ref() == Some(&key) {
                return Ok(());
            }
            let revision = invoice.revision + 1;
            let unique = [id.as_str(), &revision.to_string()];
            let act = self.act(&invoice.company, now, &unique).await?;
            let after = Invoice { document: Some(key), revision, ..invoice.clone() };
            if self.store.replace_invoice(&act, &invoice, &after).await? == Stored::Now {
                tracing::info!(invoice = %id, "document made");
                return Ok(());
            }
        }
        anyhow::bail!("{id} is being changed by others")
    }

    /// Where the document is; the archives have the same name with another ending.
    async fn write_files(&self, invoice: &Invoice, now: Timestamp) -> anyhow::Result<String> {
        let mut rows = Vec::with_capacity(invoice.charges.len());
        for charge in &invoice.charges {
            rows.push(self.invoices.rows(invoice, charge, now).await?);
        }
        let forms = Forms {
            all: self.store.all_things(invoice.tenant.as_str()).await?,
            seller: invoice.own_legal_entity.clone(),
            day: invoice.issue_date.unwrap_or(invoice.period.last),
        };
        let place = format!("invoices/{}/{}", invoice.agreement, invoice.id);
        let archive = self.archive(invoice, &rows, &forms).await?;
        let sheets = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
        self.documents.put(&format!("{place}.xlsx"), sheets, archive.xlsx).await?;
        self.documents.put(&format!("{place}.csv"), "text/csv; charset=utf-8", archive.csv).await?;
        let document = self.document(invoice, &rows).await?;
        let file = self.printed(&document, &forms).await?;
        let key = format!("{place}.pdf");
        self.documents.put(&key, "application/pdf", file).await?;
        Ok(key)
    }

    /// What the document says.
    async fn document(&self, invoice: &Invoice, rows: &[Vec<ChargeRow>]) -> anyhow::Result<Document> {
        let store = &self.store;
        let issuer = store.any_company(&invoice.tenant).await?.context("no issuing company")?;
        let payer = store.any_company(&invoice.company).await?.context("no paying company")?;
        let agreement = store.any_agreement(&invoice.agreement).await?.context("no agreement")?;
        let own_entity: Option<OwnLegalEntity> = match &invoice.own_legal_entity {
            Some(id) => store.thing(id.as_str()).await?,
            None => None,
        };
        let entity: Option<LegalEntity> = match &agreement.parties.legal_entity {
            Some(id) => store.thing(id.as_str()).await?,
            None => None,
        };
        let account = self.account(&agreement).await?;
        let parties = Parties {
            issuer: (&issuer, own_entity.as_ref()),
            payer: (&payer, entity.as_ref()),
            agreement: &agreement,
            account: account.as_ref().map(|(account, bank)| (account, bank)),
        };
        let corrected = self.corrected(invoice).await?;
        let document = facts::invoice(invoice, rows, &parties, corrected.as_ref())?;
        Ok(Document::Invoice(Box::new(document)))
    }

    /// Where the client pays.
    async fn account(&self, agreement: &Agreement) -> anyhow::Result<Option<(OwnBankAccount, Bank)>> {
        let Some(id) = &agreement.parties.own_bank_account else { return Ok(None) };
        let Some(account) = self.store.thing::<OwnBankAccount>(id.as_str()).await? else { return Ok(None) };
        let bank = self.store.thing(account.details.account.bank.as_str()).await?;
        Ok(bank.map(|bank| (account, bank)))
    }

    /// The invoice whose charges this one corrects.
    async fn corrected(&self, invoice: &Invoice) -> anyhow::Result<Option<Invoice>> {
        let Some(charge) = invoice.charges.iter().find_map(|charge| charge.corrects.as_ref()) else {
            return Ok(None);
        };
        let invoices = self.store.invoices_of_period(&invoice.agreement, invoice.period.first).await?;
        Ok(invoices.into_iter().find(|other| other.charges.iter().any(|own| own.id == *charge)))
    }

    /// A form was tried on samples when it was taken. If it fails on this document all the same, the client
    /// is better served by the product's own than by none.
    pub(crate) async fn printed(&self, document: &Document, forms: &Forms) -> anyhow::Result<Vec<u8>> {
        if let Some((form, template)) = self.form(forms, document.form(), None).await? {
            let made = match self.pictures(form).await? {
                Ok(pictures) => print(document, Some(&Form { template, pictures })).map_err(Into::into),
                Err(error) => Err(anyhow::Error::new(error)),
            };
            match made {
                Ok(file) => return Ok(file),
                Err(error) => {
                    let error = format!("{error:#}");
                    let id = document.id();
                    tracing::error!(form = %form.id, document = id, error, "made by our own form: theirs fails");
                }
            }
        }
        Ok(print(document, None)?)
    }

    /// The inner error is the form's; with the outer one the job comes again.
    async fn pictures(&self, form: &PrintableForm) -> anyhow::Result<Result<Pictures, PictureError>> {
        let mut pictures = Pictures::new();
        for FormPicture { name, file } in &form.details.pictures {
            let content = self.documents.get(&file.place(&form.company)).await?;
            match Picture::read(file.kind(), content) {
                Ok(picture) => drop(pictures.insert(name.clone(), picture)),
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(pictures))
    }

    async fn archive(
        &self,
        invoice: &Invoice,
        rows: &[Vec<ChargeRow>],
        forms: &Forms,
    ) -> anyhow::Result<Archive> {
        let charges = || invoice.charges.iter().zip(rows);
        let all = || {
            charges().flat_map(|(charge, rows)| rows.iter().map(move |row| Detail { invoice, charge, row }))
        };
        let mut sheets: Vec<Sheet<'_>> = Vec::new();
        for detail in all() {
            let resource = detail.charge.group.resource;
            match sheets.iter_mut().find(|sheet| sheet.resource == resource) {
                Some(sheet) => sheet.details.push(detail),
                None => {
                    let columns = self.columns(forms, Some(resource)).await?;
                    sheets.push(Sheet { resource, columns, details: vec![detail] });
                }
            }
        }
        let mut archive = Archive { xlsx: Vec::new(), csv: Vec::new() };
        xlsx(&sheets, Cursor::new(&mut archive.xlsx))?;
        csv(&self.columns(forms, None).await?, all(), &mut archive.csv)?;
        Ok(archive)
    }

    async fn columns(&self, forms: &Forms, resource: Option<Resource>) -> anyhow::Result<Columns> {
        if let Some((form, text)) = self.form(forms, FormKind::Charge, resource).await? {
            match Columns::parse(&text) {
                Ok(columns) => return Ok(columns),
                Err(error) => tracing::error!(form = %form.id, %error, "a form cannot make an archive"),
            }
        }
        Ok(Columns::parse(printing::own_form(FormKind::Charge))?)
    }

    /// The form that fits, if the seller has one, with what is in its file.
    async fn form<'f>(
        &self,
        forms: &'f Forms,
        kind: FormKind,
        resource: Option<Resource>,
    ) -> anyhow::Result<Option<(&'f PrintableForm, String)>> {
        let Some(form) = choose_form(&forms.all, kind, forms.seller.as_ref(), resource, forms.day) else {
            return Ok(None);
        };
        let file = self.documents.get(&form.details.file.place(&form.company)).await?;
        Ok(Some((form, String::from_utf8_lossy(&file).into_owned())))
    }
}

/// The seller's forms, and what one is chosen by.
pub(crate) struct Forms {
    pub all: Vec<PrintableForm>,
    pub seller: Option<OwnLegalEntityId>,
    pub day: Date,
}

struct Archive {
    xlsx: Vec<u8>,
    csv: Vec<u8>,
}
