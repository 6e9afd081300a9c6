//! The form that takes a payer to NetCommerce, and the name of each try to pay.

use domain::id::TopUpId;
use domain::legal_entity::EntityDetails;
use domain::money::Amount;
use domain::user::User;
use iso_currency::Currency;
use payments::{AskError, netcommerce};

use crate::{Account, Cashier};

/// In the place of what we do not know, as no field may be empty.
const UNKNOWN: &str = "-";
/// The same for a number.
const NO_NUMBER: &str = "00000000";

/// Who pays. NetCommerce wants each field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payer {
    first_name: String,
    last_name: String,
    email: String,
    /// Digits, with `00` and the country code before them.
    mobile: String,
    address: String,
    country: String,
}

impl Default for Payer {
    fn default() -> Self {
        Self::of(None, None, "")
    }
}

impl Payer {
    /// The user who asked for the page, with the address of the company's legal entity.
    pub fn of(user: Option<&User>, entity: Option<&EntityDetails>, company: &str) -> Self {
        let known = |texts: [Option<&str>; 2]| {
            let text = texts.into_iter().flatten().find(|text| !text.trim().is_empty());
            text.unwrap_or(UNKNOWN).to_owned()
        };
        let address = entity.and_then(|it| it.billing_address.as_deref().or(it.legal_address.as_deref()));
        // It is a line of the form.
        let address = address.map(|text| text.replace(char::is_control, " "));
        let mail = entity.and_then(|it| it.notification_emails.first());
        let phone = user.and_then(|user| user.phone.as_deref()).map(|phone| phone.trim_start_matches('+'));
        Self {
            first_name: known([user.map(|user| user.first_name.as_str()), Some(company)]),
            last_name: known([user.map(|user| user.last_name.as_str()), Some(company)]),
            email: known([user.map(|user| user.email.as_str()), mail.map(String::as_str)]),
            mobile: phone.map_or_else(|| NO_NUMBER.to_owned(), |digits| format!("00{digits}")),
            address: known([address.as_deref(), None]),
            country: known([entity.map(|it| it.country.as_str()), None]),
        }
    }
}

impl Cashier {
    /// The form under a name that no other try has.
    pub fn netcommerce_form(
        &self,
        account: &Account,
        top_up: &TopUpId,
        to_pay: Amount,
        currency: Currency,
        payer: &Payer,
    ) -> Result<netcommerce::Form, AskError> {
        let ask = netcommerce::Ask {
            attempt: &attempt(top_up, rand::random()),
            amount: to_pay.decimal(),
            currency,
            return_url: &self.callback_address(account),
            payer: netcommerce::Payer {
                first_name: &payer.first_name,
                last_name: &payer.last_name,
                email: &payer.email,
                mobile: &payer.mobile,
                address: &payer.address,
                city: UNKNOWN,
                country: &payer.country,
            },
        };
        netcommerce::checkout(&ask, &account.netcommerce())
    }
}

/// The name of a try to pay a top-up: the top-up's, and a number of one length, so that nothing of it can be
/// read as something else.
fn attempt(top_up: &TopUpId, number: u32) -> String {
    format!("{}A{number:08x}", top_up.body())
}

/// The top-up that a try is of.
pub fn attempted(attempt: &str) -> Option<TopUpId> {
    let (body, number) = attempt.split_once('A')?;
    let is_number = number.len() == 8 && number.bytes().all(|byte| byte.is_ascii_hexdigit());
    let id = TopUpId::parse(&format!("{}{body}", TopUpId::PREFIX)).ok()?;
    is_number.then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_try_names_its_top_up() {
        let top_up = TopUpId::new(77);
        assert_eq!(attempted(&attempt(&top_up, 0)), Some(top_up.clone()));
        assert_eq!(attempted(&attempt(&top_up, u32::MAX)), Some(top_up.clone()));
        let long = format!("{}0", attempt(&top_up, 1));
        for other in [top_up.body(), &long, "", "A00000000", "xA00000000"] {
            assert_eq!(attempted(other), None, "{other}");
        }
    }

    #[test]
    fn no_field_is_empty_where_nothing_is_known() {
        let Payer { first_name, last_name, email, mobile, address, country } =
            Payer::of(None, None, "Bakery");
        assert_eq!((first_name.as_str(), last_name.as_str()), ("Bakery", "Bakery"));
        assert_eq!([email.as_str(), &mobile, &address, &country], ["-", "00000000", "-", "-"]);
    }
}
