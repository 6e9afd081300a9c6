//! Payment systems that a tenant has set up for its clients to top up by. Their secrets are in the secret
//! store; how each of them works is not told here.

mod tariff;

use serde::{Deserialize, Serialize};

use crate::catalog;
use crate::id::{CompanyId, PaymentSystemId, SecretId};
use crate::money::{Amount, Currency};
use crate::record::{Details, FieldError, Record, line, text};

pub use tariff::Tariff;

const NAME_LENGTH_MAX: usize = 120;
const MERCHANT_LENGTH_MAX: usize = 100;
const ADDRESS_LENGTH_MAX: usize = 200;
const CURRENCIES_MAX: usize = 50;
/// As the guide's form says.
const FEE_PERCENT_MIN: &str = "0.01";
const FEE_PERCENT_MAX: i64 = 100;
const FEE_PERCENT_PLACES: u32 = 2;

pub type PaymentSystem = Record<PaymentSystemDetails>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentSystemKind {
    Stripe,
    PayOnline,
    FreedomPay,
    NetCommerce,
}

/// Who pays what the payment system takes for a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeeFrom {
    /// What it took is missing from the balance.
    Client,
    /// The balance gets all; the client may be charged a percentage of ours on top.
    Owner,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentSystemDetails {
    pub name: String,
    pub kind: PaymentSystemKind,
    pub enabled: bool,
    /// Whom the payment system knows the tenant as; Stripe tells it from the secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant: Option<String>,
    pub fee_from: FeeFrom,
    /// Percent of a top-up that the client is charged on top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub internal_fee_percent: Option<Amount>,
    /// What the payment system keeps, where it does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tariff: Option<Tariff>,
    /// In which one can pay; in any if there are none.
    #[serde(default)]
    pub currencies: Vec<Currency>,
    /// Under which its secrets are kept: a new one each time they are told.
    pub secret: SecretId,
    /// Where the payment system is reached, if not at its usual address: each country's FreedomPay has its
    /// own, and NetCommerce tells its merchants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Whether it is a test account. Test payments fill balances too, and no other is taken then.
    #[serde(default)]
    pub testing: bool,
}

impl PaymentSystemDetails {
    /// Whether one can pay by it in this currency.
    pub fn takes(&self, currency: Currency) -> bool {
        self.enabled && (self.currencies.is_empty() || self.currencies.contains(&currency))
    }
}

impl PaymentSystemKind {
    pub const ALL: [Self; 4] = [Self::Stripe, Self::PayOnline, Self::FreedomPay, Self::NetCommerce];

    /// As addresses of callbacks have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::PayOnline => "pay_online",
            Self::FreedomPay => "freedom_pay",
            Self::NetCommerce => "net_commerce",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it says what it keeps of a payment. FreedomPay does so in callbacks alone.
    fn tells_its_fee(self) -> bool {
        matches!(self, Self::Stripe | Self::FreedomPay)
    }

    /// Whether it may leave that to a tariff: Stripe says it whenever it is asked.
    fn may_have_tariff(self) -> bool {
        self != Self::Stripe
    }
}

impl Details for PaymentSystemDetails {
    type Id = PaymentSystemId;
    const NOUN: &'static str = "payment_system";
    const NOUNS: &'static str = "payment_systems";

    fn checked(self) -> Result<Self, FieldError> {
        let merchant = text("merchant", self.merchant, MERCHANT_LENGTH_MAX)?;
        match (self.kind, &merchant) {
            (PaymentSystemKind::Stripe, Some(_)) => {
                return Err(FieldError::new("merchant", "Stripe knows the merchant by the secret"));
            }
            (PaymentSystemKind::Stripe, None) | (_, Some(_)) => {}
            (_, None) => return Err(FieldError::new("merchant", "this payment system needs a merchant id")),
        }
        match &self.tariff {
            Some(_) if !self.kind.may_have_tariff() => {
                return Err(FieldError::new(
                    "tariff_percent",
                    "this payment system tells itself what it keeps",
                ));
            }
            Some(tariff) => tariff.check(&self.currencies)?,
            // Nobody would know by how much less the balance is to rise.
            None if self.fee_from == FeeFrom::Client && !self.kind.tells_its_fee() => {
                let detail = "without a tariff this payment system takes its fee from the owner";
                return Err(FieldError::new("fee_from", detail));
            }
            None => {}
        }
        let address = text("address", self.address, ADDRESS_LENGTH_MAX)?;
        if self.kind == PaymentSystemKind::Stripe && (address.is_some() || self.testing) {
            let field = if self.testing { "testing" } else { "address" };
            return Err(FieldError::new(
                field,
                "Stripe has one address, and its key says whether it is a test",
            ));
        }
        if let Some(percent) = self.internal_fee_percent {
            check_fee(percent, self.fee_from)?;
        }
        if CURRENCIES_MAX < self.currencies.len() || self.currencies.contains(&Currency::Credit) {
            let detail = format!("at most {CURRENCIES_MAX} currencies are allowed, and no message credits");
            return Err(FieldError::new("currencies", detail));
        }
        Ok(Self { name: line("name", self.name, NAME_LENGTH_MAX)?, merchant, address, ..self })
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("name", catalog::words(&self.name)),
            ("kind", catalog::choice(self.kind)),
            ("enabled", catalog::flag(self.enabled)),
        ]
    }

    fn unique(&self, company: &CompanyId) -> Vec<String> {
        vec![format!("{company}.{}", catalog::words(&self.name))]
    }
}

fn check_fee(percent: Amount, from: FeeFrom) -> Result<(), FieldError> {
    let field = "internal_fee_percent";
    if from == FeeFrom::Client {
        return Err(FieldError::new(field, "it is charged when the fee is taken from the owner"));
    }
    check_percent(field, percent)
}

fn check_percent(field: &'static str, percent: Amount) -> Result<(), FieldError> {
    let in_range = Amount::parse(FEE_PERCENT_MIN).is_ok_and(|least| least <= percent)
        && percent <= Amount::whole(FEE_PERCENT_MAX)
        && percent.rounded(FEE_PERCENT_PLACES) == percent;
    if in_range { Ok(()) } else { Err(FieldError::new(field, "0.01 to 100 with two decimals are allowed")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::refused;

    fn system(kind: PaymentSystemKind) -> PaymentSystemDetails {
        PaymentSystemDetails {
            name: "Cards".into(),
            kind,
            enabled: true,
            merchant: (kind != PaymentSystemKind::Stripe).then(|| "81135".into()),
            fee_from: FeeFrom::Owner,
            internal_fee_percent: None,
            tariff: None,
            currencies: vec![Currency::parse("EUR").unwrap()],
            secret: SecretId::new(1),
            address: None,
            testing: false,
        }
    }

    #[test]
    fn each_payment_system_has_the_fields_that_it_needs() {
        assert_eq!(refused(system(PaymentSystemKind::Stripe)), None);
        for kind in
            [PaymentSystemKind::PayOnline, PaymentSystemKind::FreedomPay, PaymentSystemKind::NetCommerce]
        {
            assert_eq!(refused(system(kind)), None);
            assert_eq!(refused(PaymentSystemDetails { merchant: None, ..system(kind) }), Some("merchant"));
        }
        let merchant = Some("1".to_owned());
        let stripe = PaymentSystemDetails { merchant, ..system(PaymentSystemKind::Stripe) };
        assert_eq!(refused(stripe), Some("merchant"));
    }

    #[test]
    fn some_take_their_fee_from_the_owner_only() {
        let from = |kind| PaymentSystemDetails { fee_from: FeeFrom::Client, ..system(kind) };
        assert_eq!(refused(from(PaymentSystemKind::Stripe)), None);
        assert_eq!(refused(from(PaymentSystemKind::FreedomPay)), None);
        assert_eq!(refused(from(PaymentSystemKind::PayOnline)), Some("fee_from"));
        assert_eq!(refused(from(PaymentSystemKind::NetCommerce)), Some("fee_from"));
    }

    #[test]
    fn who_may_not_tell_a_fee_has_a_tariff_and_who_never_does_takes_it_from_the_client_by_that_alone() {
        let tariff = Tariff::of(Some(Amount::ONE), None);
        for kind in PaymentSystemKind::ALL {
            let with_tariff = PaymentSystemDetails { tariff, ..system(kind) };
            let from_client = PaymentSystemDetails { fee_from: FeeFrom::Client, ..with_tariff.clone() };
            let expected = (kind == PaymentSystemKind::Stripe).then_some("tariff_percent");
            assert_eq!([refused(with_tariff), refused(from_client)], [expected; 2], "{kind:?}");
        }
    }

    #[test]
    fn the_internal_fee_is_a_percentage_of_two_decimals() {
        let fee = |text: &str| {
            let internal_fee_percent = Some(Amount::parse(text).unwrap());
            refused(PaymentSystemDetails { internal_fee_percent, ..system(PaymentSystemKind::Stripe) })
        };
        assert_eq!([fee("0.01"), fee("1.5"), fee("100")], [None; 3]);
        for bad in ["0", "0.001", "1.234", "100.01", "-1"] {
            assert_eq!(fee(bad), Some("internal_fee_percent"), "{bad}");
        }
        let client = PaymentSystemDetails {
            fee_from: FeeFrom::Client,
            internal_fee_percent: Some(Amount::ONE),
            ..system(PaymentSystemKind::Stripe)
        };
        assert_eq!(refused(client), Some("internal_fee_percent"));
    }

    #[test]
    fn one_pays_by_what_is_enabled_and_takes_the_currency() {
        let euro = Currency::parse("EUR").unwrap();
        let dollar = Currency::parse("USD").unwrap();
        let stripe = system(PaymentSystemKind::Stripe);
        assert_eq!((stripe.takes(euro), stripe.takes(dollar)), (true, false));
        assert!(PaymentSystemDetails { currencies: vec![], ..stripe.clone() }.takes(dollar));
        assert!(!PaymentSystemDetails { enabled: false, ..stripe }.takes(euro));
    }

    #[test]
    fn a_kind_is_known_by_the_name_that_is_stored() {
        for kind in PaymentSystemKind::ALL {
            assert_eq!(kind.name(), catalog::choice(kind));
            assert_eq!(PaymentSystemKind::named(kind.name()), Some(kind));
        }
        assert_eq!(PaymentSystemKind::named("other"), None);
    }

    #[test]
    fn nobody_pays_in_message_credits() {
        let currencies = vec![Currency::Credit];
        let credits = PaymentSystemDetails { currencies, ..system(PaymentSystemKind::Stripe) };
        assert_eq!(refused(credits), Some("currencies"));
    }
}
