//! The tax receipt of message credits that were bought, and the credit notes of what went back of it: by the form of
//! the legal entity that sold them, or else by the product's own.

use anyhow::Context;
use domain::credit_order::CreditOrder;
use domain::id::TopUpId;
use domain::legal_entity::{LegalEntity, OwnLegalEntity};
use domain::payment::Payment;
use domain::payment_system::PaymentSystemKind;
use domain::top_up::{CreditNote, Receipt, TopUp, TopUpState};
use jiff::Timestamp;
use printing::document::{Document, Reference};
use printing::facts::{self, Parties, Purchase};
use store::TopUpPosted;

use crate::documents::Forms;
use crate::{ATTEMPTS_MAX, App};

impl App {
    /// Makes the receipt of a confirmed top-up and its credit notes, and notes where they are. Each is made once.
    pub(crate) async fn receipt(&self, id: &TopUpId, now: Timestamp) -> anyhow::Result<()> {
        let mut attempts = 0;
        while attempts < ATTEMPTS_MAX {
            let top_up = self.store.top_up(id).await?.context("no such top-up")?;
            let (TopUpState::Confirmed { .. }, Some(order), Some(receipt)) =
                (&top_up.state, &top_up.order, &top_up.receipt)
            else {
                anyhow::bail!("{id} has no receipt");
            };
            let Some(number) = top_up.unprinted() else { return Ok(()) };
            let (purchase, name) = match top_up.credit_notes.iter().find(|note| note.number == number) {
                None => (self.sold(&top_up, order, receipt).await?, id.to_string()),
                Some(note) => {
                    (self.paid_back(&top_up, order, receipt, note).await?, format!("{id}-{number}"))
                }
            };
            let file = self.print_receipt(&top_up, order, &purchase).await?;
            let key = format!("receipts/{}/{name}.pdf", top_up.agreement);
            self.documents.put(&key, "application/pdf", file).await?;
            let after = top_up.with_document(number, key);
            let act = self.act(&top_up.company, now, &[id.as_str(), &after.revision.to_string()]).await?;
            match self.store.change_top_up(&act, &top_up, &after).await? {
                TopUpPosted::Now => tracing::info!(top_up = %id, number, "receipt made"),
                _ => attempts += 1,
            }
        }
        anyhow::bail!("{id} is being changed by others")
    }

    async fn payment_of(&self, top_up: &TopUp, take_back: Option<u32>) -> anyhow::Result<Payment> {
        let id = take_back.map_or_else(|| top_up.payment_id(), |number| top_up.take_back_id(number));
        self.store.payment(&id).await?.context("no payment")
    }

    /// What the receipt says.
    async fn sold<'a>(
        &self,
        top_up: &'a TopUp,
        order: &'a CreditOrder,
        receipt: &Receipt,
    ) -> anyhow::Result<Purchase<'a>> {
        let payment = self.payment_of(top_up, None).await?;
        Ok(Purchase {
            id: top_up.id.as_str(),
            number: receipt.number.to_string(),
            corrects: None,
            currency: top_up.currency,
            description: "Message credits".to_owned(),
            quantity: order.quantity.into(),
            unit_price: order.unit_price,
            net: order.net,
            tax_rule: order.tax_rule.as_ref(),
            tax: order.tax,
            fee: top_up.fee,
            total: top_up.to_pay(),
            payment_method: is_by_card(top_up).then(|| "Card".to_owned()),
            payment_reference: top_up.received.as_ref().map(|received| received.reference.clone()),
            paid_at: payment.at,
            issue_date: payment.payment_date,
            comment: None,
        })
    }

    /// What a credit note says: the same below zero, as far as it was paid back.
    async fn paid_back<'a>(
        &self,
        top_up: &'a TopUp,
        order: &'a CreditOrder,
        receipt: &Receipt,
        note: &CreditNote,
    ) -> anyhow::Result<Purchase<'a>> {
        let (sold, back) =
            (self.payment_of(top_up, None).await?, self.payment_of(top_up, Some(note.take_back)).await?);
        let corrects = Reference { number: receipt.number.to_string(), issue_date: Some(sold.payment_date) };
        let (what, credits) = match note.credits.is_negative() {
            true => ("paid again", -note.credits),
            false => ("paid back", note.credits),
        };
        Ok(Purchase {
            id: top_up.id.as_str(),
            number: note.number.to_string(),
            corrects: Some(corrects),
            currency: top_up.currency,
            description: format!("Message credits {what}: {credits}"),
            // Rounded to cents, the part that went back is no number of credits at their price.
            quantity: 1,
            unit_price: -note.net,
            net: -note.net,
            tax_rule: order.tax_rule.as_ref(),
            tax: -note.tax,
            fee: -note.fee,
            total: -note.total()?,
            payment_method: None,
            payment_reference: Some(back.reference),
            paid_at: back.at,
            issue_date: back.payment_date,
            comment: None,
        })
    }

    async fn print_receipt(
        &self,
        top_up: &TopUp,
        order: &CreditOrder,
        purchase: &Purchase<'_>,
    ) -> anyhow::Result<Vec<u8>> {
        let store = &self.store;
        let agreement = store.any_agreement(&top_up.agreement).await?.context("no agreement")?;
        let issuer = store.any_company(&agreement.tenant).await?.context("no issuing company")?;
        let payer = store.any_company(&agreement.company).await?.context("no paying company")?;
        let own_entity: Option<OwnLegalEntity> = match &order.own_legal_entity {
            Some(id) => store.thing(id.as_str()).await?,
            None => None,
        };
        let entity: Option<LegalEntity> = match &agreement.parties.legal_entity {
            Some(id) => store.thing(id.as_str()).await?,
            None => None,
        };
        let parties = Parties {
            issuer: (&issuer, own_entity.as_ref()),
            payer: (&payer, entity.as_ref()),
            agreement: &agreement,
            account: None,
        };
        let document = Document::Receipt(Box::new(facts::receipt(purchase, &parties)?));
        let forms = Forms {
            all: store.all_things(agreement.tenant.as_str()).await?,
            seller: order.own_legal_entity.clone(),
            day: purchase.issue_date,
        };
        self.printed(&document, &forms).await
    }
}

/// What was paid by hand came some way that nobody noted, and FreedomPay's page offers others.
fn is_by_card(top_up: &TopUp) -> bool {
    top_up.confirmed_by.is_none() && top_up.through.kind != PaymentSystemKind::FreedomPay
}
