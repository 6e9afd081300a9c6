//! Banks, and the accounts there: of companies, and of those that sell to them. They stand on invoices; no
//! money moves through them here.

use serde::{Deserialize, Serialize};

use crate::bank::{Iban, Swift};
use crate::catalog;
use crate::company::Company;
use crate::id::{BankAccountId, BankId, LegalEntityId, OwnLegalEntityId};
use crate::record::{Details, FieldError, Record, country, line, text, words_of};

const NAME_LENGTH_MAX: usize = 120;
const DESCRIPTION_LENGTH_MAX: usize = 500;
const ADDRESS_LENGTH_MAX: usize = 500;
const CODE_LENGTH_MAX: usize = 20;
const HOLDER_LENGTH_MAX: usize = 140;
/// As an IBAN; no country has longer ones.
const NUMBER_LENGTH_MAX: usize = 34;

/// A bank as a company and all below it may use it.
pub type Bank = Record<BankDetails>;
/// From which a company pays.
pub type BankAccount = Record<AccountDetails>;
/// To which a company's clients pay.
pub type OwnBankAccount = Record<OwnAccountDetails>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankDetails {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// By the two letters of ISO 3166-1.
    pub country: String,
    pub address: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swift: Option<Swift>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_code: Option<String>,
}

impl Details for BankDetails {
    type Id = BankId;
    const NOUN: &'static str = "bank";
    const NOUNS: &'static str = "banks";

    fn checked(self) -> Result<Self, FieldError> {
        let bank = Self {
            name: line("name", self.name, NAME_LENGTH_MAX)?,
            description: text("description", self.description, DESCRIPTION_LENGTH_MAX)?,
            country: country("country", &self.country)?,
            address: line("address", self.address, ADDRESS_LENGTH_MAX)?,
            swift: self.swift,
            branch_code: text("branch_code", self.branch_code, CODE_LENGTH_MAX)?,
            bank_code: text("bank_code", self.bank_code, CODE_LENGTH_MAX)?,
        };
        if bank.swift.is_none() && bank.branch_code.is_none() {
            return Err(FieldError::new("swift", "a bank has a SWIFT code or a branch code"));
        }
        Ok(bank)
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("name", catalog::words(&self.name)),
            ("country", self.country.clone()),
            ("swift", self.swift.as_ref().map(|swift| catalog::words(swift.as_str())).unwrap_or_default()),
            ("branch_code", words_of(self.branch_code.as_ref())),
            ("bank_code", words_of(self.bank_code.as_ref())),
        ]
    }
}

/// A bank is for the company that made it and for all below that one.
pub fn may_use(bank: &Bank, company: &Company) -> bool {
    company.path.contains(&bank.company)
}

/// The list of the accounts at a bank, of whichever company.
pub fn accounts_at(bank: &BankId) -> String {
    format!("at#{bank}")
}

/// What every account has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub name: String,
    pub bank: BankId,
    /// As the bank knows it.
    pub holder: String,
    /// An IBAN without blanks, or what else the bank counts by.
    pub number: String,
}

impl Account {
    fn checked(self) -> Result<Self, FieldError> {
        Ok(Self {
            name: line("name", self.name, NAME_LENGTH_MAX)?,
            bank: self.bank,
            holder: line("holder", self.holder, HOLDER_LENGTH_MAX)?,
            number: account_number(&self.number)?,
        })
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("name", catalog::words(&self.name)),
            ("bank", self.bank.to_string()),
            ("holder", catalog::words(&self.holder)),
            ("number", catalog::words(&self.number)),
        ]
    }
}

/// What begins as an IBAN does has to be one; not all countries have them.
fn account_number(text: &str) -> Result<String, FieldError> {
    let text = text.trim();
    let bytes = text.as_bytes();
    let is_iban = 4 <= bytes.len()
        && bytes[..2].iter().all(u8::is_ascii_alphabetic)
        && bytes[2..4].iter().all(u8::is_ascii_digit);
    if is_iban {
        let iban = Iban::parse(text).map_err(|error| FieldError::new("number", error))?;
        return Ok(iban.as_str().to_owned());
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || " -/.".contains(c);
    if text.is_empty() || NUMBER_LENGTH_MAX < text.len() || !text.chars().all(allowed) {
        let detail = format!(
            "an account's number is an IBAN, or 1 to {NUMBER_LENGTH_MAX} letters, digits, blanks and - / ."
        );
        return Err(FieldError::new("number", detail));
    }
    Ok(text.to_owned())
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountDetails {
    #[serde(flatten)]
    pub account: Account,
    /// Whose account it is.
    pub legal_entity: LegalEntityId,
}

impl Details for AccountDetails {
    type Id = BankAccountId;
    const NOUN: &'static str = "bank_account";
    const NOUNS: &'static str = "bank_accounts";
    const LISTED_ABOVE: bool = true;

    fn checked(self) -> Result<Self, FieldError> {
        Ok(Self { account: self.account.checked()?, ..self })
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        let mut columns = self.account.columns();
        columns.push(("legal_entity", self.legal_entity.to_string()));
        columns
    }

    fn further_lists(&self) -> Vec<String> {
        vec![accounts_at(&self.account.bank)]
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnAccountDetails {
    #[serde(flatten)]
    pub account: Account,
    /// Whose account it is.
    pub own_legal_entity: OwnLegalEntityId,
}

impl Details for OwnAccountDetails {
    type Id = BankAccountId;
    const NOUN: &'static str = "own_bank_account";
    const NOUNS: &'static str = "own_bank_accounts";

    fn checked(self) -> Result<Self, FieldError> {
        Ok(Self { account: self.account.checked()?, ..self })
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        let mut columns = self.account.columns();
        columns.push(("own_legal_entity", self.own_legal_entity.to_string()));
        columns
    }

    fn further_lists(&self) -> Vec<String> {
        vec![accounts_at(&self.account.bank)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::CompanyId;
    use crate::record::tests::{HAND, refused, reseller};

    fn bank() -> BankDetails {
        BankDetails {
            name: "Vienna Credit Union".into(),
            description: None,
            country: "AT".into(),
            address: "Ring 1, Vienna".into(),
            swift: Some(Swift::parse("VCUBATWW").unwrap()),
            branch_code: None,
            bank_code: None,
        }
    }

    #[test]
    fn a_bank_has_a_swift_code_or_a_branch_code() {
        assert_eq!(refused(bank()), None);
        assert_eq!(refused(BankDetails { swift: None, ..bank() }), Some("swift"));
        let branch_code = Some("777".to_owned());
        assert_eq!(refused(BankDetails { swift: None, branch_code, ..bank() }), None);
        let branch_code = Some(" ".to_owned());
        assert_eq!(refused(BankDetails { swift: None, branch_code, ..bank() }), Some("swift"));
    }

    #[test]
    fn a_bank_is_for_who_made_it_and_all_below() {
        let reseller = reseller();
        let bank = Bank::plan(BankId::new(1), &reseller, bank(), HAND).unwrap();
        assert!(may_use(&bank, &reseller));
        let neighbour = Company { path: vec![reseller.path[0].clone(), CompanyId::new(9)], ..reseller };
        assert!(!may_use(&bank, &neighbour));
    }

    #[test]
    fn an_account_has_an_iban_or_a_number_of_its_country() {
        let number = |text: &str| account_number(text).ok();
        assert_eq!(number("DE89 3704 0044 0532 0130 00").as_deref(), Some("DE89370400440532013000"));
        assert_eq!(number("DE89 3704 0044 0532 0130 01"), None, "a mistake");
        assert_eq!(number(" 000123-456 ").as_deref(), Some("000123-456"));
        assert_eq!(number(""), None);
        assert_eq!(number(&"1".repeat(35)), None);
        assert_eq!(number("12;34"), None);
    }
}
