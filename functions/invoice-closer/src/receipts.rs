//! The tax receipt of message credits that were bought: by the form of the legal entity that sold them, or
//! else by the product's own.

use anyhow::Context;
use domain::credit_order::CreditOrder;
use domain::id::TopUpId;
use domain::legal_entity::{LegalEntity, OwnLegalEntity};
use domain::payment::Payment;
use domain::top_up::{Receipt, TopUp, TopUpState};
use jiff::Timestamp;
use printing::Document;
use printing::facts::{self, Parties, Purchase};
use store::TopUpPosted;

use crate::documents::Forms;
use crate::{ATTEMPTS_MAX, App};

impl App {
    /// Makes the receipt of a confirmed top-up and notes where it is. It is made once.
    pub(crate) async fn receipt(&self, id: &TopUpId, now: Timestamp) -> anyhow::Result<()> {
        for _ in 0..ATTEMPTS_MAX {
            let top_up = self.store.top_up(id).await?.context("no such top-up")?;
            let (TopUpState::Confirmed { payment }, Some(order), Some(receipt)) =
                (&top_up.state, &top_up.order, &top_up.receipt)
            else {
                anyhow::bail!("{id} has no receipt");
            };
            if receipt.document.is_some() {
                return Ok(());
            }
            let payment = self.store.payment(payment).await?.context("no payment")?;
            let file = self.print_receipt(&top_up, order, receipt, &payment).await?;
            let key = format!("receipts/{}/{id}.pdf", top_up.agreement);
            self.documents.put(&key, "application/pdf", file).await?;
            let after = top_up.with_document(key);
            let act = self.act(&top_up.company, now, &[id.as_str(), &after.revision.to_string()]).await?;
            if self.store.change_top_up(&act, &top_up, &after).await? == TopUpPosted::Now {
                tracing::info!(top_up = %id, "receipt made");
                return Ok(());
            }
        }
        anyhow::bail!("{id} is being changed by others")
    }

    async fn print_receipt(
        &self,
        top_up: &TopUp,
        order: &CreditOrder,
        receipt: &Receipt,
        payment: &Payment,
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
        let purchase = Purchase {
            id: top_up.id.as_str(),
            number: receipt.number.to_string(),
            currency: top_up.currency,
            description: "Message credits".to_owned(),
            quantity: order.quantity.into(),
            unit_price: order.unit_price,
            net: order.net,
            tax_rule: order.tax_rule.as_ref(),
            tax: order.tax,
            fee: top_up.fee,
            total: top_up.to_pay(),
            // By hand it came some way that nobody noted.
            payment_method: top_up.confirmed_by.is_none().then(|| "Card".to_owned()),
            payment_reference: top_up.received.as_ref().map(|received| received.reference.clone()),
            paid_at: payment.at,
            issue_date: payment.payment_date,
            comment: None,
        };
        let document = Document::Receipt(Box::new(facts::receipt(&purchase, &parties)?));
        let forms = Forms {
            all: store.all_things(agreement.tenant.as_str()).await?,
            seller: order.own_legal_entity.clone(),
            day: payment.payment_date,
        };
        self.printed(&document, &forms).await
    }
}
