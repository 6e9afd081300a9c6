//! What was mailed, and what failed: a record for each mail, written before it leaves, so that a mail that
//! comes twice over its queue is sent once.

use domain::id::CompanyId;
use domain::notification::{MailRecord, MailStatus, NextTry, NotificationEvent};
use jiff::{SignedDuration, Timestamp};

use crate::alone::write_alone;
use crate::item::{Item, document, expiring, number, read, text};
use crate::keys;
use crate::records::Page;
use crate::{Store, StoreError};

const KIND: &str = "a mail";
/// Records of mails are listed for so long.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 90);
/// How many records one page reads at most when a filter passes few of them over.
const READ_MAX: usize = 2_000;

/// Whether a mail is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailBegun {
    /// It is, with this record.
    Yours(MailRecord),
    /// It was sent, or is not wanted.
    Done,
    /// Somebody else is sending it.
    Busy,
}

/// Which part of a company's mails to read.
#[derive(Debug, Clone, Default)]
pub struct MailAsk {
    pub from: Option<Timestamp>,
    pub till: Option<Timestamp>,
    pub filter: MailFilter,
    pub limit: u16,
    pub cursor: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub struct MailFilter {
    pub status: Option<MailStatus>,
    pub event: Option<NotificationEvent>,
    /// In small letters.
    pub recipient: Option<String>,
    pub channel: Option<String>,
}

impl MailFilter {
    fn passes(&self, mail: &MailRecord) -> bool {
        self.status.is_none_or(|status| mail.status == status)
            && self.event.is_none_or(|event| mail.event == Some(event))
            && self
                .channel
                .as_deref()
                .is_none_or(|channel| mail.channel.as_ref().is_some_and(|over| over.as_str() == channel))
            && self.recipient.as_ref().is_none_or(|recipient| mail.recipient.starts_with(recipient))
    }
}

impl Store {
    /// Notes that a mail is tried now. `first` is its record if it was never tried before.
    pub async fn begin_mail(&self, first: MailRecord) -> Result<MailBegun, StoreError> {
        if self.put_if_new(&self.tables.records, mail_item(&first)?).await? {
            return Ok(MailBegun::Yours(first));
        }
        let key = keys::mail(&first.company, first.at, &first.id);
        let known: Option<MailRecord> = self.get(&self.tables.records, &key, KIND).await?;
        let Some(known) = known else { return Ok(MailBegun::Busy) };
        let again = match known.next_try(first.tried_at) {
            NextTry::Now(again) => again,
            NextTry::Done => return Ok(MailBegun::Done),
            NextTry::UnderWay => return Ok(MailBegun::Busy),
        };
        match self.replace_mail(&again, known.tries).await? {
            true => Ok(MailBegun::Yours(again)),
            false => Ok(MailBegun::Busy),
        }
    }

    /// Notes what became of a try.
    pub async fn end_mail(&self, mail: &MailRecord) -> Result<(), StoreError> {
        // A later try, which tells of itself, is not overwritten.
        self.replace_mail(mail, mail.tries).await.map(drop)
    }

    /// False if another try has begun since.
    async fn replace_mail(&self, mail: &MailRecord, tries: u32) -> Result<bool, StoreError> {
        let put = self.dynamo.put_item().table_name(&self.tables.records).set_item(Some(mail_item(mail)?));
        let put =
            put.condition_expression("tries = :tries").expression_attribute_values(":tries", number(tries));
        Ok(write_alone("note a mail", || put.clone().send()).await?.is_some())
    }

    /// What was mailed in a company's name, newest first. A page may be shorter than `limit` where the
    /// filter passes few.
    pub async fn mails(&self, company: &CompanyId, ask: &MailAsk) -> Result<Page<MailRecord>, StoreError> {
        let (low, mut high) = keys::mails_range(ask.from, ask.till);
        if let Some(cursor) = &ask.cursor {
            high = high.min(cursor.clone());
        }
        let (mut kept, mut seen) = (Vec::new(), 0);
        while low < high {
            let (items, is_last) = self.mails_between(company, &low, &high, ask.limit).await?;
            for item in items {
                let mail: MailRecord = read(KIND, item)?;
                let place = keys::mail(company, mail.at, &mail.id).sk;
                // The range is read with both its ends.
                if place == high {
                    continue;
                }
                high.clone_from(&place);
                seen += 1;
                kept.extend(Some(mail).filter(|mail| ask.filter.passes(mail)));
                if kept.len() == usize::from(ask.limit) || seen == READ_MAX {
                    return Ok(Page { items: kept, next: Some(place) });
                }
            }
            if is_last {
                break;
            }
        }
        Ok(Page { items: kept, next: None })
    }

    async fn mails_between(
        &self,
        company: &CompanyId,
        low: &str,
        high: &str,
        limit: u16,
    ) -> Result<(Vec<Item>, bool), StoreError> {
        let query = self
            .dynamo
            .query()
            .table_name(&self.tables.records)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
            .expression_attribute_values(":pk", text(keys::mails(company)))
            .expression_attribute_values(":low", text(low))
            .expression_attribute_values(":high", text(high))
            .scan_index_forward(false)
            .limit(i32::from(limit.saturating_add(1)));
        let answer = query.send().await.map_err(StoreError::aws("list mails"))?;
        let is_last = answer.last_evaluated_key.is_none_or(|key| key.is_empty());
        Ok((answer.items.unwrap_or_default(), is_last))
    }
}

fn mail_item(mail: &MailRecord) -> Result<Item, StoreError> {
    Ok(expiring(document(&keys::mail(&mail.company, mail.at, &mail.id), mail)?, mail.at + KEPT))
}
