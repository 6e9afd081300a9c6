//! The events that people are told of, and what each of them can say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a mail says, by the names of variables.
pub type Values = BTreeMap<String, String>;

/// Something that people are told of. The user's guide names thirteen (section 10.5.1); that rates change,
/// that an invoice was confirmed, that the codes of a day are used up and that somebody has registered at a
/// portal are told as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotificationEvent {
    /// The balance of an agreement fell below a threshold.
    AgreementBalance,
    /// So much of an agreement's credit limit is used.
    CreditLimit,
    /// So many recipients of a bundle pack are used.
    BundleLimit,
    PaymentConfirmation,
    InvoiceConfirmation,
    /// The prices of an enabled service are others from a moment on.
    RatesChange,
    /// Something is wrong with what leaves over a sender ID.
    TrafficAlert,
    /// As many codes by SMS as one company pays for were sent today.
    CodesUsedUp,
    SenderIdRequest,
    SenderIdActivation,
    BroadcastApproval,
    /// What a company sends is looked at first from now on.
    CompanyModeration,
    RegistrationConfirmation,
    /// Somebody has registered at a portal and waits for a review.
    NewRegistration,
    PasswordReset,
    /// A registration broke off.
    ProblemReport,
    UserInvitation,
}

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotificationGroup {
    Finance,
    Technical,
    Moderation,
    PersonalInformation,
}

/// What stands in double braces in a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    pub name: &'static str,
    /// Without it the mail is of no use: every part of a template has it.
    pub required: bool,
    /// For previews.
    pub sample: &'static str,
}

const fn variable(name: &'static str, sample: &'static str) -> Variable {
    Variable { name, required: false, sample }
}

const fn required(name: &'static str, sample: &'static str) -> Variable {
    Variable { name, required: true, sample }
}

const NAME: Variable = variable("name", "Anna");
const SURNAME: Variable = variable("surname", "Weber");
/// What a company is called to which an agreement belongs.
const PARTNER: Variable = variable("name", "Bakery Weber");
const AGREEMENT_CODE: Variable = variable("agreement_code", "2026-0017");
const BALANCE: Variable = variable("balance", "48.2");
const CURRENCY: Variable = variable("currency", "EUR");
const SENDER_ID: Variable = variable("sender_id", "BAKERY");

impl NotificationEvent {
    pub const ALL: [Self; 17] = [
        Self::AgreementBalance,
        Self::CreditLimit,
        Self::BundleLimit,
        Self::PaymentConfirmation,
        Self::InvoiceConfirmation,
        Self::RatesChange,
        Self::TrafficAlert,
        Self::CodesUsedUp,
        Self::SenderIdRequest,
        Self::SenderIdActivation,
        Self::BroadcastApproval,
        Self::CompanyModeration,
        Self::RegistrationConfirmation,
        Self::NewRegistration,
        Self::PasswordReset,
        Self::ProblemReport,
        Self::UserInvitation,
    ];

    pub fn group(self) -> NotificationGroup {
        match self {
            Self::AgreementBalance
            | Self::CreditLimit
            | Self::BundleLimit
            | Self::PaymentConfirmation
            | Self::InvoiceConfirmation
            | Self::RatesChange => NotificationGroup::Finance,
            Self::TrafficAlert | Self::CodesUsedUp => NotificationGroup::Technical,
            Self::SenderIdRequest
            | Self::SenderIdActivation
            | Self::BroadcastApproval
            | Self::CompanyModeration
            | Self::NewRegistration => NotificationGroup::Moderation,
            Self::RegistrationConfirmation
            | Self::PasswordReset
            | Self::ProblemReport
            | Self::UserInvitation => NotificationGroup::PersonalInformation,
        }
    }

    /// What a template of the event may say.
    pub fn variables(self) -> &'static [Variable] {
        match self {
            Self::AgreementBalance => {
                const { &[PARTNER, AGREEMENT_CODE, variable("threshold", "50"), BALANCE, CURRENCY] }
            }
            Self::CreditLimit => {
                const {
                    &[
                        PARTNER,
                        AGREEMENT_CODE,
                        variable("threshold", "80 %"),
                        variable("credit_limit", "500"),
                        BALANCE,
                        CURRENCY,
                    ]
                }
            }
            Self::BundleLimit => {
                const {
                    &[
                        PARTNER,
                        AGREEMENT_CODE,
                        variable("bundle_enabled_id", "srv_01m814gssve5b8ba12ve1e1grf"),
                        variable("threshold", "90 %"),
                        variable("used", "900"),
                        variable("size", "1000"),
                    ]
                }
            }
            Self::PaymentConfirmation => {
                const {
                    &[
                        PARTNER,
                        AGREEMENT_CODE,
                        variable("payment_currency_amount", "100"),
                        variable("payment_currency_code", "EUR"),
                        variable("payment_reference", "TT-2026-0001"),
                        BALANCE,
                    ]
                }
            }
            Self::InvoiceConfirmation => {
                const {
                    &[
                        PARTNER,
                        AGREEMENT_CODE,
                        variable("invoice_type", "invoice"),
                        variable("invoice_number", "1042"),
                        variable("period_start", "2026-10-01"),
                        variable("period_end", "2026-10-31"),
                        variable("total_due", "119.5"),
                        variable("outstanding", "19.5"),
                        CURRENCY,
                        variable("due_date", "2026-12-02"),
                    ]
                }
            }
            Self::RatesChange => {
                const {
                    &[
                        PARTNER,
                        AGREEMENT_CODE,
                        variable("service_name", "Europe 2026"),
                        variable("effective_from", "2026-12-01 00:00 UTC"),
                        variable("rates_new", "2"),
                        variable("rates_removed", "0"),
                        variable("rates_up", "14"),
                        variable("rates_down", "3"),
                        variable("rates_other", "1"),
                    ]
                }
            }
            Self::TrafficAlert => const { &[NAME, SENDER_ID, variable("window_size", "15")] },
            Self::CodesUsedUp => {
                const {
                    &[
                        PARTNER,
                        AGREEMENT_CODE,
                        variable("codes_max", "1000"),
                        variable("codes_for", "people who register"),
                    ]
                }
            }
            Self::SenderIdRequest => const { &[NAME, SENDER_ID, variable("company_name", "Bakery Weber")] },
            Self::SenderIdActivation => const { &[NAME, variable("sender_name", "BAKERY")] },
            Self::BroadcastApproval => {
                const {
                    &[
                        NAME,
                        variable("broadcast_name", "Easter"),
                        variable("broadcast_launch_time", "2027-03-28 09:00"),
                    ]
                }
            }
            Self::CompanyModeration => const { &[NAME, variable("company_name", "Bakery Weber")] },
            Self::RegistrationConfirmation => {
                const {
                    &[
                        NAME,
                        SURNAME,
                        variable("portal_name", "Messages"),
                        required("registration_link", "https://portal.example/confirm?token=8f1c"),
                    ]
                }
            }
            Self::NewRegistration => {
                const {
                    &[
                        NAME,
                        SURNAME,
                        variable("company_name", "Bakery Weber"),
                        variable("email", "anna@bakery.example"),
                        variable("portal_name", "Messages"),
                    ]
                }
            }
            Self::PasswordReset => {
                const {
                    &[
                        NAME,
                        SURNAME,
                        variable("company_name", "Bakery Weber"),
                        variable("token_expiration_date", "2026-11-22 10:00 UTC"),
                        required("password_reset_link", "https://portal.example/reset?token=8f1c"),
                    ]
                }
            }
            Self::ProblemReport => {
                const {
                    &[
                        NAME,
                        variable("text", "The code could not be sent."),
                        variable("email", "help@portal.example"),
                    ]
                }
            }
            Self::UserInvitation => {
                const {
                    &[
                        NAME,
                        SURNAME,
                        variable("portal_name", "Messages"),
                        variable("company_name", "Bakery Weber"),
                        variable("token_expiration_date", "2026-11-29 10:00 UTC"),
                        required("invitation_link", "https://portal.example/invitation?token=8f1c"),
                    ]
                }
            }
        }
    }

    /// What previews say.
    pub fn samples(self) -> Values {
        let variables = self.variables().iter();
        variables.map(|variable| (variable.name.to_owned(), variable.sample.to_owned())).collect()
    }
}
