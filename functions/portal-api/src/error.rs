//! The one place where a refusal gets its HTTP status and its stable code.

use axum::response::{IntoResponse, Response};
use domain::agreement::AgreementError;
use domain::company::CompanyError;
use domain::enabled::PackError;
use domain::fee::FeeError;
use domain::fee_rule::FeeRuleError;
use domain::import::mapping::MapError;
use domain::import::place::PlaceError;
use domain::import::preview::PreviewError;
use domain::import::record::ImportError;
use domain::import::table::TableError;
use domain::invoice::InvoiceError;
use domain::money::{Amount, AmountError};
use domain::payment::PaymentError;
use domain::rating::{ScopeError, TreeError, TreeProblem};
use domain::sender::SenderAddressError;
use domain::transfer::TransferError;
use domain::user::UserError;
use queue::QueueError;
use runtime::http::{Problem, unavailable};
use store::{StoreError, Written};

/// What a handler answers when it does not do what it was asked.
#[derive(Debug)]
pub struct ApiError(Box<Problem>);

impl ApiError {
    /// The same refusal, about this field of the request.
    pub fn field(self, field: &str) -> Self {
        Self(Box::new(self.0.field(field)))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::TreeTooBig { .. } => Problem::new(422, "tree_too_big", error.to_string()).into(),
            error => Problem::from(error).into(),
        }
    }
}

impl From<QueueError> for ApiError {
    fn from(error: QueueError) -> Self {
        unavailable(error).into()
    }
}

/// Others keep changing the same thing: the caller may try again.
pub fn busy() -> ApiError {
    Problem::new(409, "conflict", "Others are changing this at the moment. Send the request again.").into()
}

/// What was written, or why it was not.
pub fn written(how: Written) -> Result<(), ApiError> {
    match how {
        Written::Now => Ok(()),
        Written::Overtaken => Err(busy()),
        Written::Taken => Err(Problem::new(409, "taken", "There is another one with this name.").into()),
    }
}

/// A repeat under a key that was used for something else.
pub fn key_reused() -> ApiError {
    let detail = "This Idempotency-Key was used for another request. Take a new key for a new request.";
    Problem::new(422, "idempotency_key_reused", detail).into()
}

/// Nothing is charged to a suspended agreement.
pub fn suspended() -> ApiError {
    Problem::new(403, "suspended", "This agreement is suspended: nothing is charged to it.").into()
}

pub fn insufficient(available: Amount, needed: Amount) -> Problem {
    Problem::new(402, "insufficient_funds", format!("{available} is available and {needed} is needed."))
        .field("amount")
        .figure("available", available)
        .figure("needed", needed)
}

impl From<CompanyError> for ApiError {
    fn from(error: CompanyError) -> Self {
        let detail = error.to_string();
        match error {
            CompanyError::Name => Problem::invalid("name", detail),
            CompanyError::SecondOwner => Problem::invalid("kind", detail),
            CompanyError::TooDeep => Problem::new(422, "too_deep", detail).field("parent"),
            CompanyError::NotAllowed { .. } => Problem::new(403, "not_allowed", detail).field("kind"),
            CompanyError::OwnSettings => Problem::new(403, "not_allowed", detail),
            CompanyError::LookupOfOther => Problem::invalid("lookup_connection", detail),
            CompanyError::LookupFromAbove => {
                Problem::new(403, "not_allowed", detail).field("lookup_connection")
            }
        }
        .into()
    }
}

impl From<AgreementError> for ApiError {
    fn from(error: AgreementError) -> Self {
        let detail = error.to_string();
        match error {
            AgreementError::Code => Problem::invalid("code", detail),
            AgreementError::CreditLimit => Problem::invalid("credit_limit", detail),
            AgreementError::ResoldUnderMissing | AgreementError::ResoldUnderForeign => {
                Problem::invalid("resold_under", detail)
            }
            AgreementError::Terms(_) => Problem::invalid("billing", detail),
            AgreementError::Alerts(_) => Problem::invalid("alerts", detail),
            AgreementError::PaymentAlertEmails(_) => Problem::invalid("payment_alert_emails", detail),
            AgreementError::RateEmails(_) => Problem::invalid("rate_emails", detail),
            AgreementError::UsersHaveCredits { .. } => {
                Problem::new(409, "users_have_credits", detail).field("individual_credits")
            }
            AgreementError::TooDeep => Problem::new(422, "too_deep", detail),
            AgreementError::ServiceOverlaps { .. } => {
                Problem::new(409, "service_overlaps", detail).field("service")
            }
            AgreementError::TimesReversed => Problem::invalid("effective_till", detail),
            AgreementError::CurrencyDiffers { .. } => {
                Problem::new(422, "currency_differs", detail).field("service")
            }
        }
        .into()
    }
}

impl From<PackError> for ApiError {
    fn from(error: PackError) -> Self {
        let detail = error.to_string();
        match error {
            PackError::NotAPack => Problem::invalid("service", detail),
            PackError::CurrencyDiffers { .. } => {
                Problem::new(422, "currency_differs", detail).field("service")
            }
            PackError::TimesReversed => Problem::invalid("effective_till", detail),
            PackError::ChargedLater | PackError::BundleTimes => Problem::invalid("effective_from", detail),
            PackError::NotABundle => Problem::invalid("auto_extend", detail),
            PackError::BundleInForce | PackError::SameMoment => {
                Problem::new(409, "service_overlaps", detail).field("service")
            }
            PackError::TooMany => Problem::new(422, "too_many", detail),
        }
        .into()
    }
}

impl From<FeeError> for ApiError {
    fn from(error: FeeError) -> Self {
        let detail = error.to_string();
        match error {
            FeeError::NoRate { .. } | FeeError::Blocked => Problem::new(422, error.code(), detail),
            FeeError::PriceNotPositive => Problem::invalid("amount", detail),
            FeeError::NoVolume => Problem::invalid("volume", detail),
            FeeError::Amount(error) => return error.into(),
        }
        .into()
    }
}

impl From<FeeRuleError> for ApiError {
    fn from(error: FeeRuleError) -> Self {
        let detail = error.to_string();
        let field = match error {
            FeeRuleError::BeginsInThePast => "valid_from",
            FeeRuleError::TimesReversed => "valid_till",
            FeeRuleError::StartDay => "start_day",
            FeeRuleError::DaysBefore => "days_before",
            FeeRuleError::RetryHours => "retry_hours",
            FeeRuleError::Retries => "retries_max",
            FeeRuleError::Name => "name",
            FeeRuleError::Fee(error) => return error.into(),
        };
        Problem::invalid(field, detail).into()
    }
}

impl From<TransferError> for ApiError {
    fn from(error: TransferError) -> Self {
        let detail = error.to_string();
        match error {
            TransferError::AmountZero | TransferError::Amount(_) => Problem::invalid("amount", detail),
            TransferError::NoteTooLong => Problem::invalid("note", detail),
            TransferError::SameWallet => Problem::invalid("to", detail),
            TransferError::NotOwnWallet => Problem::new(403, "not_allowed", detail).field("from"),
            TransferError::NotRelated => Problem::new(422, "not_related", detail),
            TransferError::NoIndividualCredits => {
                Problem::new(422, "no_individual_credits", detail).field("to")
            }
            TransferError::CurrencyDiffers { .. } => Problem::new(422, "currency_differs", detail),
            TransferError::NotEnough { available, needed } => insufficient(available, needed),
            TransferError::NothingThere { available } => {
                Problem::new(402, "insufficient_funds", detail).field("amount").figure("available", available)
            }
        }
        .into()
    }
}

impl From<UserError> for ApiError {
    fn from(error: UserError) -> Self {
        let field = match error {
            UserError::Name => "name",
            UserError::Email(_) => "email",
        };
        Problem::invalid(field, error).into()
    }
}

impl From<PaymentError> for ApiError {
    fn from(error: PaymentError) -> Self {
        let detail = error.to_string();
        match error {
            PaymentError::AmountNotPositive | PaymentError::Amount(_) => Problem::invalid("amount", detail),
            PaymentError::ReplenishmentNotPositive | PaymentError::NothingToExchange => {
                Problem::invalid("replenishment_amount", detail)
            }
            PaymentError::PaidInCredits => Problem::invalid("currency", detail),
            PaymentError::DeadlineMissing | PaymentError::DeadlineNotLater => {
                Problem::invalid("confirm_before", detail)
            }
            PaymentError::NoAgreementVersion => {
                Problem::new(422, "no_agreement_version", detail).field("payment_date")
            }
            PaymentError::Canceled => Problem::new(409, "payment_deleted", detail),
            PaymentError::Reference => Problem::invalid("reference", detail),
            PaymentError::DescriptionTooLong => Problem::invalid("description", detail),
            PaymentError::NotEnough { available, needed } => insufficient(available, needed),
        }
        .into()
    }
}

impl From<InvoiceError> for ApiError {
    fn from(error: InvoiceError) -> Self {
        let detail = error.to_string();
        match error {
            InvoiceError::Confirmed => Problem::new(409, "already_confirmed", detail),
            InvoiceError::PeriodOpen(_) => Problem::new(409, "period_open", detail),
            InvoiceError::Amount(error) => return error.into(),
        }
        .into()
    }
}

impl From<AmountError> for ApiError {
    fn from(error: AmountError) -> Self {
        Problem::invalid("amount", error).into()
    }
}

impl From<TreeError> for ApiError {
    fn from(error: TreeError) -> Self {
        let problem = match error.problem {
            TreeProblem::NoSuchNode => Problem::not_found("node").field("path"),
            _ => Problem::new(422, "invalid_tree", error.to_string()).field("tree"),
        };
        problem.figure("path", error.path).into()
    }
}

impl From<ScopeError> for ApiError {
    fn from(error: ScopeError) -> Self {
        let detail = error.to_string();
        match error {
            ScopeError::NoSuchScope => Problem::not_found("scope"),
            ScopeError::TimesReversed => Problem::invalid("effective_till", detail),
            ScopeError::Incomplete => Problem::new(422, "invalid_tree", detail).field("tree"),
            ScopeError::TooMany => Problem::new(422, "too_many", detail),
            ScopeError::InForce => Problem::new(409, "scope_in_force", detail),
        }
        .into()
    }
}

impl From<TableError> for ApiError {
    fn from(error: TableError) -> Self {
        let mut problem = Problem::new(422, "unreadable_file", error.to_string());
        if let Some(sheet) = error.sheet {
            problem = problem.figure("sheet", sheet);
        }
        if let Some(row) = error.row {
            problem = problem.figure("row", row);
        }
        if let Some(column) = error.column {
            problem = problem.figure("column", column);
        }
        problem.into()
    }
}

impl From<PlaceError> for ApiError {
    fn from(error: PlaceError) -> Self {
        Problem::invalid("path", error).into()
    }
}

impl From<ImportError> for ApiError {
    fn from(error: ImportError) -> Self {
        let code = match error {
            ImportError::NotParsed => "not_parsed",
            ImportError::Confirmed => "import_confirmed",
            ImportError::Canceled => "import_canceled",
        };
        Problem::new(409, code, error.to_string()).into()
    }
}

impl From<PreviewError> for ApiError {
    fn from(error: PreviewError) -> Self {
        let field = match error {
            PreviewError::Settings(_) | PreviewError::NotExported => "settings",
            PreviewError::OfWholeTree | PreviewError::OfOneNode | PreviewError::OtherResource(_) => "path",
        };
        Problem::invalid(field, error).into()
    }
}

impl From<MapError> for ApiError {
    fn from(error: MapError) -> Self {
        Problem::invalid(&format!("mappings.{}", error.subject.name()), &error)
            .figure("text", &error.text)
            .into()
    }
}

impl From<SenderAddressError> for ApiError {
    fn from(error: SenderAddressError) -> Self {
        Problem::invalid("address", error).into()
    }
}
