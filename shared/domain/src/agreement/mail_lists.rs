//! Whom to mail about an agreement. Like its other terms that belongs to a version (spec 10).

use serde::{Deserialize, Serialize};

use super::settings::emails;
use super::{Agreement, AgreementError, AgreementVersion, AlertsError};

/// Addresses, each list in order and without doubles.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MailLists {
    /// Who gets a mail when rates change of a service that is enabled.
    pub rate_emails: Vec<String>,
    /// Who gets the invoices.
    pub invoice_emails: Vec<String>,
    /// Who is told of the account: that it is open, that its traffic stands still.
    pub account_emails: Vec<String>,
    /// Who is told of technical matters.
    pub service_emails: Vec<String>,
}

/// Other lists; what is not named stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MailListsChange {
    pub rate_emails: Option<Vec<String>>,
    pub invoice_emails: Option<Vec<String>>,
    pub account_emails: Option<Vec<String>>,
    pub service_emails: Option<Vec<String>>,
}

impl MailLists {
    fn with(&self, change: MailListsChange) -> Result<Self, AgreementError> {
        type Wrong = fn(AlertsError) -> AgreementError;
        let list = |new: Option<Vec<String>>, before: &Vec<String>, wrong: Wrong| match new {
            Some(new) => emails(new).map_err(wrong),
            None => Ok(before.clone()),
        };
        Ok(Self {
            rate_emails: list(change.rate_emails, &self.rate_emails, AgreementError::RateEmails)?,
            invoice_emails: list(change.invoice_emails, &self.invoice_emails, AgreementError::InvoiceEmails)?,
            account_emails: list(change.account_emails, &self.account_emails, AgreementError::AccountEmails)?,
            service_emails: list(change.service_emails, &self.service_emails, AgreementError::ServiceEmails)?,
        })
    }
}

impl Agreement {
    /// Whom to mail while a version is in force.
    pub fn emails<'a>(&'a self, version: &'a AgreementVersion) -> &'a MailLists {
        version.emails.as_ref().unwrap_or(&self.emails_before)
    }

    /// Whom to mail now: of the version that is known to have begun.
    pub fn emails_in_force(&self) -> &MailLists {
        self.emails(self.last_begun())
    }

    /// The lists of a version that takes the place of this one, or follows it.
    pub(super) fn emails_after(
        &self,
        version: &AgreementVersion,
        change: MailListsChange,
    ) -> Result<Option<MailLists>, AgreementError> {
        let before = self.emails(version);
        let after = before.with(change)?;
        Ok(if after == *before { version.emails.clone() } else { Some(after) })
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::tests::agreement;
    use super::super::{AgreementChange, VersionChange};
    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_000, 0);
    const LATER: Timestamp = Timestamp::constant(2_000, 0);

    fn finance(name: &str) -> MailListsChange {
        MailListsChange {
            invoice_emails: Some(vec![format!("{name}@example.com")]),
            ..MailListsChange::default()
        }
    }

    fn invoiced(agreement: &Agreement, at: Timestamp) -> &[String] {
        &agreement.emails(agreement.version_at(at)).invoice_emails
    }

    #[test]
    fn whom_to_mail_changes_with_the_version() {
        let now = agreement()
            .with_settings(AgreementChange { emails: finance("anna"), ..AgreementChange::default() }, NOW);
        let ask =
            VersionChange { effective_from: Some(LATER), emails: finance("bob"), ..VersionChange::default() };
        let planned = now.unwrap().with_version(ask, NOW).unwrap();
        assert_eq!(invoiced(&planned, NOW), ["anna@example.com"]);
        assert_eq!(invoiced(&planned, LATER), ["bob@example.com"]);
        // A list that nobody named is as it was.
        assert_eq!(planned.emails(planned.version_at(LATER)).rate_emails, Vec::<String>::new());
        assert_eq!(planned.emails_in_force().invoice_emails, ["anna@example.com"]);
        assert_eq!(planned.with_begun(LATER).emails_in_force().invoice_emails, ["bob@example.com"]);
        let wrong = MailListsChange { account_emails: Some(vec!["x".into()]), ..MailListsChange::default() };
        let refused =
            planned.with_settings(AgreementChange { emails: wrong, ..AgreementChange::default() }, LATER);
        assert_eq!(refused, Err(AgreementError::AccountEmails(AlertsError::Email("x".into()))));
    }

    #[test]
    fn lists_that_were_stored_before_versions_had_them_hold_until_a_version_names_others() {
        let mut stored = serde_json::to_value(agreement()).unwrap();
        stored["invoice_emails"] = serde_json::json!(["anna@example.com"]);
        stored["versions"][0].as_object_mut().unwrap().remove("emails");
        let stored: Agreement = serde_json::from_value(stored).unwrap();
        assert_eq!(stored.emails_in_force().invoice_emails, ["anna@example.com"]);
        let same = AgreementChange { emails: finance("anna"), ..AgreementChange::default() };
        assert_eq!(stored.with_settings(same, NOW), Ok(stored.clone()));
        let other = AgreementChange { emails: finance("bob"), ..AgreementChange::default() };
        let changed = stored.with_settings(other, NOW).unwrap();
        assert_eq!(invoiced(&changed, Timestamp::UNIX_EPOCH), ["anna@example.com"]);
        assert_eq!(invoiced(&changed, NOW), ["bob@example.com"]);
    }
}
