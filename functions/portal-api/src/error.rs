//! The one place where a refusal gets its HTTP status and its stable code.

use axum::response::{IntoResponse, Response};
use domain::agreement::{AgreementError, DeletionError, VersionError};
use domain::api_key::ApiKeyError;
use domain::company::CompanyError;
use domain::coverage::AllocationError;
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
use domain::notification::{ChannelError, TemplateError};
use domain::password::{PasswordError, PolicyError};
use domain::payment::PaymentError;
use domain::permission::Area;
use domain::rating::{ScopeError, TreeError, TreeProblem};
use domain::record::FieldError;
use domain::rerate::RerateError;
use domain::role::RoleError;
use domain::sender::{SenderAddressError, SenderError};
use domain::top_up::{CloseError, ConfirmError};
use domain::transfer::TransferError;
use domain::user::UserError;
use queue::QueueError;
use runtime::http::{Problem, unavailable};
use store::{EdrFilterError, InvoicesError, StoreError, Written};
use top_ups::PlanError;

const TOO_MANY_PARTS: &str = "More hangs on this than is changed in one step. Take some of it away first: \
    of a company or an agreement, users with wallets of their own.";

/// What a handler answers when it does not do what it was asked.
#[derive(Debug)]
pub struct ApiError(Box<Problem>);

impl ApiError {
    /// The same refusal, about this field of the request.
    pub fn field(self, field: &str) -> Self {
        Self(Box::new(self.0.field(field)))
    }

    /// Whether it is our failure, and not the caller's.
    pub fn is_unavailable(&self) -> bool {
        self.0.status == 503
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
            StoreError::TooManyCharges { .. } => {
                Problem::new(409, "too_many_charges", error.to_string()).into()
            }
            StoreError::TooManyItems { .. } => Problem::new(409, "too_many_parts", TOO_MANY_PARTS).into(),
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
            CompanyError::Description => Problem::invalid("description", detail),
            CompanyError::NoReseller => Problem::invalid("creator_of_resellers", detail),
            CompanyError::Deleted => Problem::new(409, "company_deleted", detail),
            CompanyError::HasCompanies => Problem::new(409, "has_companies", detail),
            CompanyError::HasMoney { wallet } => {
                Problem::new(409, "has_money", detail).figure("wallet", wallet)
            }
            CompanyError::HasOpenInvoice { invoice } => {
                Problem::new(409, "has_open_invoice", detail).figure("invoice", invoice)
            }
            CompanyError::HasFeeRule { rule } => {
                Problem::new(409, "has_fee_rules", detail).figure("fee_rule", rule)
            }
            CompanyError::InUse { by } => Problem::new(409, "in_use", detail).figure("by", by),
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
            AgreementError::ServiceOverlaps { .. } | AgreementError::ChannelTaken { .. } => {
                Problem::new(409, "service_overlaps", detail).field("service")
            }
            AgreementError::TimesReversed => Problem::invalid("effective_till", detail),
            AgreementError::TimeZone => Problem::invalid("time_zone", detail),
            AgreementError::InvoiceEmails(_) => Problem::invalid("invoice_emails", detail),
            AgreementError::AccountEmails(_) => Problem::invalid("account_emails", detail),
            AgreementError::ServiceEmails(_) => Problem::invalid("service_emails", detail),
            AgreementError::NoCreditSale => Problem::invalid("credit_service", detail),
            AgreementError::NoSuchService => Problem::not_found("enabled service"),
            AgreementError::Bought => Problem::new(409, "bought", detail),
            AgreementError::TooManyVersions => Problem::new(422, "too_many", detail),
            AgreementError::CurrencyDiffers { .. } => {
                Problem::new(422, "currency_differs", detail).field("service")
            }
        }
        .into()
    }
}

impl From<VersionError> for ApiError {
    fn from(error: VersionError) -> Self {
        let detail = error.to_string();
        match error {
            VersionError::NoSuchVersion => Problem::not_found("version"),
            VersionError::Begun => Problem::new(409, "version_begun", detail),
            VersionError::Only => Problem::new(409, "only_version", detail),
            VersionError::BeginsInThePast => Problem::invalid("effective_from", detail),
            VersionError::SameMoment => Problem::new(409, "version_overlaps", detail).field("effective_from"),
            VersionError::TooMany => Problem::new(422, "too_many", detail),
            VersionError::Terms(_) => Problem::invalid("billing", detail),
            VersionError::Agreement(error) => return Self::from(*error),
        }
        .into()
    }
}

impl From<DeletionError> for ApiError {
    fn from(error: DeletionError) -> Self {
        let detail = error.to_string();
        match error {
            DeletionError::HasMoney { wallet } => {
                Problem::new(409, "has_money", detail).figure("wallet", wallet)
            }
            DeletionError::HasCharges => Problem::new(409, "has_charges", detail),
            DeletionError::HasInvoice { invoice } => {
                Problem::new(409, "has_invoices", detail).figure("invoice", invoice)
            }
            DeletionError::HasSender { sender } => {
                Problem::new(409, "has_sender_ids", detail).figure("sender_id", sender)
            }
            DeletionError::HasFeeRule { rule } => {
                Problem::new(409, "has_fee_rules", detail).figure("fee_rule", rule)
            }
            DeletionError::IsResold { agreement } => {
                Problem::new(409, "is_resold", detail).figure("agreement", agreement)
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
            PackError::Begun => Problem::new(409, "pack_begun", detail),
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
            FeeRuleError::Ended => return Problem::new(409, "rule_ended", detail).into(),
            FeeRuleError::Begun => {
                return Problem::new(409, "rule_begun", detail).field("valid_from").into();
            }
            FeeRuleError::OtherKind { field } => field,
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
            TransferError::TakerClosed => Problem::new(409, "agreement_deleted", detail).field("to"),
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
        let detail = error.to_string();
        match error {
            UserError::Name => Problem::invalid("first_name", detail),
            UserError::LastName => Problem::invalid("last_name", detail),
            UserError::Email(_) => Problem::invalid("email", detail),
            UserError::Login => Problem::invalid("login", detail),
            UserError::Phone(_) => Problem::invalid("phone", detail),
            UserError::Language => Problem::invalid("language", detail),
            UserError::NoSuchRole(_) | UserError::Roles => Problem::invalid("roles", detail),
            UserError::Departments => Problem::invalid("departments", detail),
            UserError::NotYours(area) => not_yours(area, detail),
            UserError::Status(status) => Problem::new(409, "user_status", detail)
                .figure("user_status", domain::catalog::choice(status)),
        }
        .into()
    }
}

/// Nobody grants what they do not have.
fn not_yours(area: Area, detail: String) -> Problem {
    Problem::new(403, "not_allowed", detail).figure("area", domain::catalog::choice(area))
}

impl From<RoleError> for ApiError {
    fn from(error: RoleError) -> Self {
        let detail = error.to_string();
        match error {
            RoleError::Name => Problem::invalid("name", detail),
            RoleError::Description => Problem::invalid("description", detail),
            RoleError::Companies => Problem::invalid("companies", detail),
            RoleError::Nothing | RoleError::OtherFace(_) => Problem::invalid("grants", detail),
            RoleError::NotYours(area) => not_yours(area, detail),
        }
        .into()
    }
}

impl From<ApiKeyError> for ApiError {
    fn from(error: ApiKeyError) -> Self {
        let field = match error {
            ApiKeyError::Name => "name",
            ApiKeyError::Network | ApiKeyError::Networks => "networks",
            ApiKeyError::Expired => "expires_at",
            ApiKeyError::Overlap => "overlap_hours",
        };
        Problem::invalid(field, error).into()
    }
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        let detail = error.to_string();
        match error {
            PasswordError::TooSoon { from } => {
                Problem::new(409, "password_changed", detail).field("password").figure("from", from)
            }
            PasswordError::Before { .. } => Problem::new(422, "password_used", detail).field("password"),
            _ => Problem::new(422, "weak_password", detail).field("password"),
        }
        .into()
    }
}

impl From<PolicyError> for ApiError {
    fn from(error: PolicyError) -> Self {
        let field = match error {
            PolicyError::Length => "length_min",
            PolicyError::Classes => "classes_min",
            PolicyError::History => "history",
            PolicyError::Idle => "idle_minutes",
            PolicyError::Tries => "tries",
            PolicyError::Invitation => "invitation_days",
            PolicyError::Days => "valid_days",
        };
        Problem::invalid(field, error).into()
    }
}

/// What was written about a user, or why it was not: what only one may have is the login.
pub fn taken_login(how: Written) -> Result<(), ApiError> {
    match how {
        Written::Taken => {
            let detail = "Somebody else has this login. Take another one.";
            Err(Problem::new(409, "taken", detail).field("login").into())
        }
        how => written(how),
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
            PaymentError::AgreementDeleted => Problem::new(409, "agreement_deleted", detail),
            PaymentError::ByTopUp => Problem::new(409, "paid_by_top_up", detail),
            PaymentError::Reference => Problem::invalid("reference", detail),
            PaymentError::DescriptionTooLong => Problem::invalid("description", detail),
            PaymentError::NotEnough { available, needed } => insufficient(available, needed),
        }
        .into()
    }
}

impl From<CloseError> for ApiError {
    fn from(error: CloseError) -> Self {
        let detail = error.to_string();
        match error {
            CloseError::Reason => Problem::invalid("reason", detail),
            CloseError::Confirmed => Problem::new(409, "top_up_confirmed", detail),
        }
        .into()
    }
}

impl From<ConfirmError> for ApiError {
    fn from(error: ConfirmError) -> Self {
        let detail = error.to_string();
        let code = match error {
            ConfirmError::NoCredited
            | ConfirmError::NotCredited { .. }
            | ConfirmError::CreditedRange { .. }
            | ConfirmError::Amount(_) => return Problem::invalid("credited", detail).into(),
            ConfirmError::Closed => "top_up_closed",
            ConfirmError::Confirmed { .. } => "top_up_confirmed",
            ConfirmError::Returned => "top_up_returned",
        };
        Problem::new(409, code, detail).into()
    }
}

impl From<PlanError> for ApiError {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Store(error) => error.into(),
            PlanError::Payment(error) => error.into(),
            PlanError::Amount(error) => error.into(),
            PlanError::NoWallet => Problem::not_found("agreement").into(),
        }
    }
}

impl From<InvoicesError> for ApiError {
    fn from(error: InvoicesError) -> Self {
        match error {
            InvoicesError::Invoice(error) => error.into(),
            InvoicesError::Store(StoreError::Busy { .. }) => busy(),
            InvoicesError::Store(error) => error.into(),
        }
    }
}

impl From<AllocationError> for ApiError {
    fn from(error: AllocationError) -> Self {
        let detail = error.to_string();
        match error {
            AllocationError::NotConfirmed => Problem::new(409, "not_confirmed", detail),
            AllocationError::CreditNote => Problem::new(409, "credit_note", detail),
            AllocationError::NothingToPay => Problem::new(409, "nothing_to_pay", detail),
            AllocationError::AmountNotPositive | AllocationError::MoreThanTotal { .. } => {
                Problem::invalid("amount", detail)
            }
            AllocationError::NamedTwice => Problem::invalid("payment", detail),
            AllocationError::NoSuchPayment { payment } => {
                Problem::invalid("payment", detail).figure("payment", payment)
            }
            AllocationError::NotEnough { payment, available, needed } => {
                insufficient(available, needed).figure("payment", payment)
            }
            AllocationError::Amount(error) => return error.into(),
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
            InvoiceError::PeriodChanged(_) => Problem::new(409, "period_changed", detail),
            InvoiceError::NotConfirmed => Problem::new(409, "not_confirmed", detail),
            InvoiceError::Corrected { correction } => {
                Problem::new(409, "corrected", detail).figure("correction", correction)
            }
            InvoiceError::NothingToBill => Problem::new(409, "nothing_to_bill", detail),
            InvoiceError::Disputed => Problem::invalid("disputed", detail),
            InvoiceError::TooManyAllocations => Problem::new(422, "too_many", detail).field("allocations"),
            InvoiceError::Field(error) => return error.into(),
            InvoiceError::Amount(error) => return error.into(),
        }
        .into()
    }
}

impl From<FieldError> for ApiError {
    fn from(error: FieldError) -> Self {
        Problem::invalid(error.field, error.detail).into()
    }
}

impl From<RerateError> for ApiError {
    fn from(error: RerateError) -> Self {
        let detail = error.to_string();
        match error {
            RerateError::Started => Problem::new(409, "rerate_started", detail),
            RerateError::Ended => Problem::new(409, "rerate_ended", detail),
            RerateError::NotCounted => Problem::new(409, "rerate_not_counted", detail),
        }
        .into()
    }
}

impl From<ChannelError> for ApiError {
    fn from(error: ChannelError) -> Self {
        let detail = error.to_string();
        match error {
            ChannelError::Name => Problem::invalid("name", detail),
            ChannelError::FromName => Problem::invalid("from_name", detail),
            ChannelError::FromEmail => Problem::invalid("from_email", detail),
            ChannelError::ReplyTo => Problem::invalid("reply_to", detail),
            ChannelError::Host => Problem::invalid("host", detail),
            ChannelError::Port => Problem::invalid("port", detail),
            ChannelError::Username | ChannelError::UsernameMissing => Problem::invalid("username", detail),
            ChannelError::PasswordMissing => Problem::invalid("password", detail),
            ChannelError::PasswordInTheClear => Problem::invalid("tls", detail),
            ChannelError::FirstForAll => Problem::new(409, "first_for_all", detail).field("legal_entity"),
            ChannelError::NeededForOthers => Problem::new(409, "needed_for_others", detail).field("enabled"),
        }
        .into()
    }
}

impl From<TemplateError> for ApiError {
    fn from(error: TemplateError) -> Self {
        let field = match error {
            TemplateError::Name => "name",
            TemplateError::Details => "details",
            TemplateError::Subject(_) | TemplateError::SubjectLength => "subject",
            TemplateError::Text(_) | TemplateError::TextLength => "text",
            TemplateError::Html(_) | TemplateError::HtmlLength => "html",
        };
        Problem::invalid(field, error).into()
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

impl From<EdrFilterError> for ApiError {
    fn from(error: EdrFilterError) -> Self {
        Problem::invalid(error.field(), error).into()
    }
}

impl From<SenderError> for ApiError {
    fn from(error: SenderError) -> Self {
        let field = match error {
            SenderError::OtherChannel | SenderError::OneAccount => "settings",
            SenderError::NotTested => "status",
            SenderError::NotOfChannel(field, _) => field,
            SenderError::NoRoads | SenderError::RoadsTwice => "routes",
            SenderError::NotAssignable => "assigned_from",
            SenderError::NoWebhookGuid => "webhook_guid",
            SenderError::Settings(error) => return error.into(),
            SenderError::Name => "name",
            SenderError::WebhookGuid => "webhook_guid",
            SenderError::IncomingVendors => "incoming",
            SenderError::Mno => "mno",
            SenderError::Monitoring => "monitoring",
        };
        Problem::invalid(field, error).into()
    }
}

impl From<SenderAddressError> for ApiError {
    fn from(error: SenderAddressError) -> Self {
        Problem::invalid("address", error).into()
    }
}
