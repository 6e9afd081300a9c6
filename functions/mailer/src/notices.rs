//! What the platform notifies of, as mails: who is told, in whose name, and the values of the event's
//! variables.

use anyhow::Context;
use domain::agreement::Agreement;
use domain::alert::Crossing;
use domain::company::Company;
use domain::id::{InvoiceId, WalletId};
use domain::invoice::InvoiceKind;
use domain::notification::{NotificationEvent, Values};
use jiff::Timestamp;
use queue::{Mail, Notification, RateChanges};
use store::Store;

/// One for each person that is told. The same notification gives the same mails.
pub(crate) async fn mails_of(store: &Store, notification: &Notification) -> anyhow::Result<Vec<Mail>> {
    let (agreement, emails) = match notification {
        Notification::PaymentConfirmedV1 { agreement, emails, .. }
        | Notification::InvoiceConfirmedV1 { agreement, emails, .. }
        | Notification::ThresholdCrossedV1 { agreement, emails, .. }
        | Notification::RatesChangedV1 { agreement, emails, .. } => (agreement, emails),
    };
    if emails.is_empty() {
        return Ok(Vec::new());
    }
    let agreement = store.any_agreement(agreement).await?.context("no such agreement")?;
    let partner: Company = store.any_company(&agreement.company).await?.context("no such company")?;
    let mut notice = match notification {
        Notification::PaymentConfirmedV1 { payment, amount, currency, reference, at, .. } => Notice {
            id: format!("{payment} {at}"),
            event: NotificationEvent::PaymentConfirmation,
            values: values([
                ("payment_currency_amount", amount.to_string()),
                ("payment_currency_code", currency.to_string()),
                ("payment_reference", reference.clone()),
                ("balance", balance(store, &agreement).await?),
            ]),
            at: *at,
        },
        Notification::InvoiceConfirmedV1 {
            id,
            kind,
            number,
            period,
            total_due,
            outstanding,
            currency,
            due_date,
            at,
            ..
        } => Notice {
            id: id.clone(),
            event: NotificationEvent::InvoiceConfirmation,
            values: values([
                ("invoice_type", kind_in_words(*kind).to_owned()),
                ("invoice_number", number.to_string()),
                ("period_start", period.first.to_string()),
                ("period_end", period.last.to_string()),
                ("total_due", total_due.to_string()),
                ("outstanding", outstanding.unwrap_or(*total_due).to_string()),
                ("currency", currency.to_string()),
                ("due_date", due_date.map_or_else(|| "-".to_owned(), |day| day.to_string())),
            ]),
            at: *at,
        },
        Notification::ThresholdCrossedV1 { id, currency, crossing, at, .. } => {
            let (event, mut values) = crossed(crossing);
            values.insert("currency".to_owned(), currency.to_string());
            Notice { id: id.clone(), event, values, at: *at }
        }
        Notification::RatesChangedV1 { id, name, effective_from, changes, at, .. } => Notice {
            id: id.clone(),
            event: NotificationEvent::RatesChange,
            values: rates(name, *effective_from, *changes),
            at: *at,
        },
    };
    notice.values.extend(values([("name", partner.name), ("agreement_code", agreement.code.clone())]));
    let invoice = match notification {
        Notification::InvoiceConfirmedV1 { invoice, .. } => Some(invoice),
        _ => None,
    };
    Ok(emails.iter().map(|to| notice.mail(&agreement, invoice, to)).collect())
}

struct Notice {
    id: String,
    event: NotificationEvent,
    values: Values,
    at: Timestamp,
}

impl Notice {
    /// In the name of the company that sells, and of the legal entity with which the agreement is made.
    fn mail(&self, agreement: &Agreement, invoice: Option<&InvoiceId>, to: &str) -> Mail {
        Mail::EventV1 {
            id: self.id.clone(),
            company: agreement.tenant.clone(),
            legal_entity: agreement.parties.own_legal_entity.clone(),
            event: self.event,
            to: to.to_owned(),
            values: self.values.clone(),
            invoice: invoice.cloned(),
            at: self.at,
        }
    }
}

fn values<const COUNT: usize>(told: [(&str, String); COUNT]) -> Values {
    told.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn kind_in_words(kind: InvoiceKind) -> &'static str {
    match kind {
        InvoiceKind::Invoice => "invoice",
        InvoiceKind::CreditNote => "credit note",
    }
}

fn crossed(crossing: &Crossing) -> (NotificationEvent, Values) {
    match crossing {
        Crossing::Balance { threshold, balance } => (
            NotificationEvent::AgreementBalance,
            values([("threshold", threshold.to_string()), ("balance", balance.to_string())]),
        ),
        Crossing::CreditLimit { percent, balance, credit_limit } => (
            NotificationEvent::CreditLimit,
            values([
                ("threshold", format!("{percent} %")),
                ("balance", balance.to_string()),
                ("credit_limit", credit_limit.to_string()),
            ]),
        ),
        Crossing::Bundle { percent, service, used, size } => (
            NotificationEvent::BundleLimit,
            values([
                ("threshold", format!("{percent} %")),
                ("bundle_enabled_id", service.to_string()),
                ("used", used.to_string()),
                ("size", size.to_string()),
            ]),
        ),
    }
}

/// Where rates begin or end nothing is counted.
fn rates(service: &str, effective_from: Timestamp, changes: Option<RateChanges>) -> Values {
    let count =
        |of: fn(RateChanges) -> u32| changes.map_or_else(|| "-".to_owned(), |all| of(all).to_string());
    values([
        ("service_name", service.to_owned()),
        ("effective_from", effective_from.strftime("%Y-%m-%d %H:%M UTC").to_string()),
        ("rates_new", count(|all| all.new)),
        ("rates_removed", count(|all| all.removed)),
        ("rates_up", count(|all| all.up)),
        ("rates_down", count(|all| all.down)),
        ("rates_other", count(|all| all.other)),
    ])
}

/// As it is when the mail is written, which may be some seconds after the payment.
async fn balance(store: &Store, agreement: &Agreement) -> anyhow::Result<String> {
    let id = WalletId::main(&agreement.id);
    let wallet = store.wallets(std::slice::from_ref(&id)).await?.remove(&id);
    Ok(wallet.context("no such wallet")?.posted_balance()?.to_string())
}
