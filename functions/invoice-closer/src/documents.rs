//! The files of an invoice: the document to send, and beside it the archive of what was charged, as XLSX and
//! as CSV, and both in one ZIP. They are made by the forms of the one who sells, or else by the product's own.

use std::collections::BTreeSet;
use std::io::Cursor;

use anyhow::Context;
use domain::agreement::Agreement;
use domain::bank_account::{Bank, OwnBankAccount};
use domain::charge::ChargeRow;
use domain::id::{ChargeId, InvoiceId, OwnLegalEntityId, RateId, WalletId};
use domain::invoice::{Invoice, period_of};
use domain::legal_entity::{LegalEntity, OwnLegalEntity};
use domain::printable_form::{FormKind, FormPicture, PrintableForm, choose_form};
use domain::rating::Resource;
use domain::user::User;
use jiff::Timestamp;
use jiff::civil::Date;
use printing::details::{Columns, Detail, Sheet, csv, xlsx};
use printing::facts::{self, Names, Parties};
use printing::{Document, Form, Picture, PictureError, Pictures, print, zipped};
use store::Stored;

use crate::{ATTEMPTS_MAX, App};

impl App {
    /// Makes the files of an invoice and notes where the document is. Those of a confirmed invoice are made once:
    /// they stay as they were sent, whatever becomes of names, addresses and forms.
    pub(crate) async fn render(&self, id: &InvoiceId, now: Timestamp) -> anyhow::Result<()> {
        for _ in 0..ATTEMPTS_MAX {
            let Some(Shown { stored: invoice, as_shown, rows }) = self.shown(id, now).await? else {
                return Ok(());
            };
            let key = self.write_files(&as_shown, &rows).await?;
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

    /// What the files of an invoice are to show. Nothing of one that has them already, nor of a draft that is gone:
    /// nothing is left on it, it was confirmed meanwhile, or its period is none any more and it waits for a person.
    async fn shown(&self, id: &InvoiceId, now: Timestamp) -> anyhow::Result<Option<Shown>> {
        let bare = self.store.any_invoice(id).await?.filter(|invoice| invoice.document.is_none());
        let Some(stored) = bare else { return Ok(None) };
        if stored.is_confirmed() {
            let mut rows = Vec::with_capacity(stored.charges.len());
            for charge in &stored.charges {
                rows.push(self.invoices.rows(&stored, charge, now).await?);
            }
            return Ok(Some(Shown { as_shown: stored.clone(), stored, rows }));
        }
        let agreement = self.store.any_agreement(&stored.agreement).await?.context("no agreement")?;
        if period_of(&agreement, &stored).is_err() {
            return Ok(None);
        }
        // So that its sums are those of the document, but for what is used in these moments.
        self.close(&agreement, stored.period, now).await?;
        let is_bare = |invoice: &Invoice| !invoice.is_confirmed() && invoice.document.is_none();
        let Some(stored) = self.store.any_invoice(id).await?.filter(is_bare) else { return Ok(None) };
        let shown = self.invoices.draft_now(&agreement, &stored, now).await?;
        Ok(shown.map(|(as_shown, rows)| Shown { stored, as_shown, rows }))
    }

    /// Where the document is; its other files have the same name with another ending. Each confirmation has its own,
    /// so that a job of an earlier one writes over none that was sent; a draft's are beside them.
    async fn write_files(&self, invoice: &Invoice, rows: &[Vec<ChargeRow>]) -> anyhow::Result<String> {
        let forms = Forms {
            all: self.store.all_things(invoice.tenant.as_str()).await?,
            seller: invoice.own_legal_entity.clone(),
            day: invoice.issue_date.unwrap_or(invoice.period.last),
        };
        let confirmed_at = invoice.confirmed_at.map(|at| at.as_microsecond().to_string());
        let state = confirmed_at.as_deref().unwrap_or("draft");
        let place = format!("invoices/{}/{}-{state}", invoice.agreement, invoice.id);
        let names = self.names(invoice, rows).await?;
        let Archive { xlsx, csv } = self.archive(invoice, rows, &names, &forms).await?;
        let document = self.document(invoice, rows, &names).await?;
        let pdf = self.printed(&document, &forms).await?;
        let files =
            [(invoice.file_name("pdf"), pdf.as_slice()), (invoice.file_name("xlsx"), xlsx.as_slice())];
        let both = zipped(&files)?;
        let sheets = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
        for (ending, content_type, content) in [
            ("xlsx", sheets, xlsx),
            ("csv", "text/csv; charset=utf-8", csv),
            ("zip", "application/zip", both),
            ("pdf", "application/pdf", pdf),
        ] {
            self.documents.put(&format!("{place}.{ending}"), content_type, content).await?;
        }
        Ok(format!("{place}.pdf"))
    }

    /// What charges and rows say by ids alone.
    async fn names(&self, invoice: &Invoice, rows: &[Vec<ChargeRow>]) -> anyhow::Result<Names> {
        let main = WalletId::main(&invoice.agreement);
        let users = match invoice.charges.iter().all(|charge| charge.group.wallet == main) {
            true => Vec::new(),
            false => self.store.users(&invoice.company).await?,
        };
        let user = |user: User| (WalletId::of_user(&invoice.agreement, &user.id), name_of(user));
        let rates: BTreeSet<&RateId> = rows.iter().flatten().map(|row| &row.rate).collect();
        let rates = rates.into_iter().cloned().collect();
        let from_phones = self.store.rates_from_phones(&self.trees, rates).await?;
        Ok(Names { users: users.into_iter().map(user).collect(), from_phones })
    }

    /// What the document says.
    async fn document(
        &self,
        invoice: &Invoice,
        rows: &[Vec<ChargeRow>],
        names: &Names,
    ) -> anyhow::Result<Document> {
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
        let document = facts::invoice(invoice, rows, &parties, names, &corrected)?;
        Ok(Document::Invoice(Box::new(document)))
    }

    /// Where the client pays.
    async fn account(&self, agreement: &Agreement) -> anyhow::Result<Option<(OwnBankAccount, Bank)>> {
        let Some(id) = &agreement.parties.own_bank_account else { return Ok(None) };
        let Some(account) = self.store.thing::<OwnBankAccount>(id.as_str()).await? else { return Ok(None) };
        let bank = self.store.thing(account.details.account.bank.as_str()).await?;
        Ok(bank.map(|bank| (account, bank)))
    }

    /// The invoices whose charges this one corrects, or the tax on them, in their order; and which said last what
    /// that tax is.
    async fn corrected(&self, invoice: &Invoice) -> anyhow::Result<Vec<Invoice>> {
        let charges = invoice.charges.iter().filter_map(|charge| charge.corrects.as_ref());
        let charges: BTreeSet<&ChargeId> = charges.collect();
        if charges.is_empty() && invoice.tax_corrections.is_empty() {
            return Ok(Vec::new());
        }
        let mut invoices = self.store.invoices_of_period(&invoice.agreement, invoice.period.first).await?;
        let taxed = invoice.tax_corrections.iter().flat_map(|tax| [&tax.invoice, &tax.corrects]);
        let taxed: BTreeSet<&InvoiceId> = taxed.collect();
        let is_charged = |other: &Invoice| other.charges.iter().any(|own| charges.contains(&own.id));
        invoices.retain(|other| is_charged(other) || taxed.contains(&other.id));
        invoices.sort_by_key(|other| other.sequence);
        Ok(invoices)
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
        names: &Names,
        forms: &Forms,
    ) -> anyhow::Result<Archive> {
        let charges = || invoice.charges.iter().zip(rows);
        let all = || {
            charges()
                .flat_map(|(charge, rows)| rows.iter().map(move |row| Detail { invoice, charge, row, names }))
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

/// Several may have one name.
fn name_of(user: User) -> String {
    match user.name == user.email {
        true => user.email,
        false => format!("{} ({})", user.name, user.email),
    }
}

/// An invoice with what its files show of it.
struct Shown {
    stored: Invoice,
    /// The same, or of a draft what the usage makes of it now.
    as_shown: Invoice,
    /// Of each of its charges.
    rows: Vec<Vec<ChargeRow>>,
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
