//! What becomes of invoices when a legal entity has other tax rules.

use std::collections::BTreeSet;

use domain::catalog::list_with;
use domain::id::OwnLegalEntityId;
use domain::invoice::Invoice;
use domain::legal_entity::OwnLegalEntity;
use queue::Billing;
use store::Ask;

use crate::App;

/// Invoices of one job.
const INVOICES_MAX: u16 = 100;

impl App {
    /// Has the periods closed again whose invoices the rules tax otherwise by now, of a part of what the company has
    /// invoiced, and asks for the next part. A period that is closed once more stays as it is.
    pub(crate) async fn taxes_changed(
        &self,
        own_legal_entity: OwnLegalEntityId,
        after: Option<String>,
    ) -> anyhow::Result<()> {
        let seller = self.store.thing::<OwnLegalEntity>(own_legal_entity.as_str()).await?;
        let Some(seller) = seller else { return Ok(()) };
        let list = list_with(seller.company.as_str());
        let ask = Ask { list, limit: INVOICES_MAX, cursor: after, ..Ask::default() };
        let is_otherwise = |invoice: &Invoice| {
            invoice.own_legal_entity.as_ref() == Some(&seller.id)
                && !invoice.is_taxed_by(&seller.details.taxes)
        };
        let page = self.store.things(&ask, is_otherwise).await?;
        let periods = page.items.into_iter().map(|invoice| (invoice.agreement, invoice.period));
        let periods: BTreeSet<_> = periods.collect();
        let close = |(agreement, period)| Billing::CloseV1 { agreement, period };
        let mut jobs: Vec<_> = periods.into_iter().map(close).collect();
        let next = |after| Billing::TaxesChangedV1 { own_legal_entity, after: Some(after) };
        jobs.extend(page.next.map(next));
        Ok(self.billing.send_all(&jobs).await?)
    }
}
