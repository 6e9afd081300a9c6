//! The endpoints, a file a noun. Route and document come from one line.

mod agreements;
mod api_keys;
mod audit;
mod bank_accounts;
mod banks;
mod charges;
mod companies;
mod connections;
mod credit_log;
mod dictionaries;
mod edrs;
mod enabled;
mod enabled_services;
mod external_users;
mod fees;
mod imports;
mod incoming_messages;
mod invitations;
mod invoices;
mod ledger;
mod ledger_reviews;
mod legal_entities;
mod login_codes;
mod mails;
mod my_account;
mod notification_channels;
mod notification_templates;
mod own_bank_accounts;
mod own_legal_entities;
mod password_policy;
mod password_resets;
mod payment_reviews;
mod payment_systems;
mod payments;
mod portals;
mod printable_forms;
mod rates;
mod records;
mod registrations;
mod rerates;
mod reselling_agreements;
mod reviews;
mod roles;
mod self_registrations;
mod sender_ids;
mod services;
mod sessions;
mod statistics;
mod top_ups;
mod transfers;
mod two_factor_integrations;
mod uploads;
mod users;
mod wallets;

pub use sessions::locked;

use axum::Json;
use http::StatusCode;
use runtime::revision::Versioned;
use serde::{Deserialize, Deserializer};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::docs::Document;
use crate::error::ApiError;

/// What a handler answers when it has done what it was asked.
type Reply<T> = Result<Json<T>, ApiError>;
/// The same under its revision, for what can be edited.
type Edited<T> = Result<Versioned<T>, ApiError>;
/// The same, with status 201: something new is there.
type Created<T> = Result<(StatusCode, Json<T>), ApiError>;

fn created<T, F: Into<T>>(made: F) -> Created<T> {
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// A field that is there, even as null.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(value: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// Every documented route.
pub fn documented() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(companies::me))
        .routes(routes!(companies::list, companies::create))
        .routes(routes!(companies::one, companies::change, companies::delete))
        .routes(routes!(audit::list))
        .routes(routes!(audit::one))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::one, users::change, users::delete))
        .routes(routes!(users::give_password))
        .routes(routes!(users::reset_two_factor))
        .routes(routes!(my_account::avatar))
        .routes(routes!(invitations::create))
        .routes(routes!(invitations::check))
        .routes(routes!(invitations::resend, invitations::revoke))
        .routes(routes!(invitations::sign_up))
        .routes(routes!(registrations::create))
        .routes(routes!(external_users::list))
        .routes(routes!(external_users::review))
        .routes(routes!(roles::system))
        .routes(routes!(roles::areas))
        .routes(routes!(roles::list, roles::create))
        .routes(routes!(roles::one, roles::change, roles::delete))
        .routes(routes!(sessions::log_in))
        .routes(routes!(sessions::current, sessions::log_out))
        .routes(routes!(password_policy::show, password_policy::set))
        .routes(routes!(password_policy::generate))
        .routes(routes!(password_resets::ask))
        .routes(routes!(password_resets::confirm))
        .routes(routes!(login_codes::show, login_codes::set, login_codes::delete))
        .routes(routes!(my_account::show, my_account::change))
        .routes(routes!(my_account::prove_phone))
        .routes(routes!(my_account::change_password))
        .routes(routes!(my_account::delete))
        .routes(routes!(my_account::put_avatar, my_account::delete_avatar))
        .routes(routes!(my_account::enrol))
        .routes(routes!(my_account::confirm))
        .routes(routes!(my_account::remove))
        .routes(routes!(sessions::list, sessions::end_others))
        .routes(routes!(sessions::end))
        .routes(routes!(api_keys::list, api_keys::create))
        .routes(routes!(api_keys::one, api_keys::change, api_keys::delete))
        .routes(routes!(api_keys::rotate))
        .routes(routes!(agreements::list, agreements::create))
        .routes(routes!(agreements::one, agreements::change, agreements::delete))
        .routes(routes!(agreements::versions::list, agreements::versions::create))
        .routes(routes!(agreements::versions::change, agreements::versions::delete))
        .routes(routes!(enabled_services::list))
        .routes(routes!(enabled_services::enable))
        .routes(routes!(enabled_services::one, enabled_services::change, enabled_services::delete))
        .routes(routes!(legal_entities::list, legal_entities::create))
        .routes(routes!(legal_entities::one, legal_entities::change, legal_entities::delete))
        .routes(routes!(own_legal_entities::list, own_legal_entities::create))
        .routes(routes!(own_legal_entities::one, own_legal_entities::change, own_legal_entities::delete))
        .routes(routes!(banks::list, banks::create))
        .routes(routes!(banks::one, banks::change, banks::delete))
        .routes(routes!(bank_accounts::list, bank_accounts::create))
        .routes(routes!(bank_accounts::one, bank_accounts::change, bank_accounts::delete))
        .routes(routes!(own_bank_accounts::list, own_bank_accounts::create))
        .routes(routes!(own_bank_accounts::one, own_bank_accounts::change, own_bank_accounts::delete))
        .routes(routes!(payment_systems::list, payment_systems::create))
        .routes(routes!(payment_systems::one, payment_systems::change, payment_systems::delete))
        .routes(routes!(payment_reviews::list))
        .routes(routes!(payment_reviews::done))
        .routes(routes!(ledger_reviews::list))
        .routes(routes!(ledger_reviews::done))
        .routes(routes!(portals::list, portals::create))
        .routes(routes!(portals::one, portals::change, portals::delete))
        .routes(routes!(self_registrations::list, self_registrations::create))
        .routes(routes!(self_registrations::one, self_registrations::change, self_registrations::delete))
        .routes(routes!(printable_forms::list, printable_forms::create))
        .routes(routes!(printable_forms::one, printable_forms::change, printable_forms::delete))
        .routes(routes!(reselling_agreements::list, reselling_agreements::create))
        .routes(routes!(
            reselling_agreements::one,
            reselling_agreements::change,
            reselling_agreements::delete
        ))
        .routes(routes!(portals::check))
        .routes(routes!(portals::branding::show))
        .routes(routes!(printable_forms::file))
        .routes(routes!(printable_forms::samples))
        .routes(routes!(uploads::create))
        .routes(routes!(ledger::show))
        .routes(routes!(enabled::list, enabled::buy))
        .routes(routes!(enabled::one, enabled::change, enabled::delete))
        .routes(routes!(enabled::price))
        .routes(routes!(fees::list::list))
        .routes(routes!(fees::charge))
        .routes(routes!(fees::charge_setup))
        .routes(routes!(fees::rules::list, fees::rules::create))
        .routes(routes!(fees::rules::one, fees::rules::change, fees::rules::end))
        .routes(routes!(services::list, services::create))
        .routes(routes!(services::one, services::change))
        .routes(routes!(services::duplicate))
        .routes(routes!(services::trees::replace_current))
        .routes(routes!(services::scopes::list, services::scopes::create))
        .routes(routes!(services::scopes::one, services::scopes::change, services::scopes::delete))
        .routes(routes!(services::trees::one, services::trees::replace))
        .routes(routes!(services::trees::node, services::trees::put_node, services::trees::delete_node))
        .routes(routes!(imports::list, imports::create))
        .routes(routes!(imports::export::link))
        .routes(routes!(imports::one, imports::cancel))
        .routes(routes!(imports::settings::parse))
        .routes(routes!(imports::settings::rows))
        .routes(routes!(imports::settings::put))
        .routes(routes!(imports::mappings::list, imports::mappings::put))
        .routes(routes!(imports::preview::show))
        .routes(routes!(imports::preview::errors))
        .routes(routes!(imports::preview::changes))
        .routes(routes!(imports::preview::nodes))
        .routes(routes!(imports::confirm::confirm))
        .routes(routes!(rates::find))
        .routes(routes!(rates::margins))
        .routes(routes!(rates::one))
        .routes(routes!(sender_ids::list, sender_ids::create))
        .routes(routes!(sender_ids::of_agreement, sender_ids::change_of_agreement))
        .routes(routes!(sender_ids::one, sender_ids::change, sender_ids::delete))
        .routes(routes!(connections::list, connections::create))
        .routes(routes!(connections::one, connections::change::change, connections::delete))
        .routes(routes!(connections::unmatched::list))
        .routes(routes!(two_factor_integrations::list, two_factor_integrations::create))
        .routes(routes!(
            two_factor_integrations::one,
            two_factor_integrations::change,
            two_factor_integrations::delete
        ))
        .routes(routes!(two_factor_integrations::make_key))
        .routes(routes!(two_factor_integrations::test::send))
        .routes(routes!(two_factor_integrations::edrs::list))
        .routes(routes!(statistics::dashboard))
        .routes(routes!(statistics::of_company))
        .routes(routes!(statistics::of_integration))
        .routes(routes!(dictionaries::list))
        .routes(routes!(dictionaries::one))
        .routes(routes!(dictionaries::entries))
        .routes(routes!(dictionaries::entry, dictionaries::put_entry, dictionaries::delete_entry))
        .routes(routes!(dictionaries::change::import))
        .routes(routes!(dictionaries::export))
        .routes(routes!(dictionaries::change::reset))
        .routes(routes!(notification_channels::list, notification_channels::create))
        .routes(routes!(
            notification_channels::one,
            notification_channels::change,
            notification_channels::delete
        ))
        .routes(routes!(notification_channels::test::send))
        .routes(routes!(notification_templates::events::list))
        .routes(routes!(notification_templates::list, notification_templates::create))
        .routes(routes!(notification_templates::preview::of_words))
        .routes(routes!(
            notification_templates::one,
            notification_templates::change,
            notification_templates::delete
        ))
        .routes(routes!(notification_templates::preview::of_template))
        .routes(routes!(mails::list))
        .routes(routes!(wallets::list))
        .routes(routes!(wallets::one))
        .routes(routes!(wallets::statement))
        .routes(routes!(credit_log::list))
        .routes(routes!(transfers::list::list, transfers::create))
        .routes(routes!(transfers::one))
        .routes(routes!(payments::list::list, payments::create))
        .routes(routes!(payments::one, payments::change::change, payments::change::delete))
        .routes(routes!(top_ups::list, top_ups::create))
        .routes(routes!(top_ups::quote))
        .routes(routes!(top_ups::one))
        .routes(routes!(top_ups::close::close))
        .routes(routes!(top_ups::confirm::confirm))
        .routes(routes!(top_ups::receipt::one))
        .routes(routes!(edrs::list))
        .routes(routes!(incoming_messages::list))
        .routes(routes!(incoming_messages::one))
        .routes(routes!(rerates::list, rerates::create))
        .routes(routes!(rerates::one))
        .routes(routes!(rerates::charge))
        .routes(routes!(rerates::start))
        .routes(routes!(rerates::cancel))
        .routes(routes!(invoices::list::list))
        .routes(routes!(invoices::one, invoices::change))
        .routes(routes!(invoices::close))
        .routes(routes!(invoices::recalculate))
        .routes(routes!(invoices::confirm::confirm))
        .routes(routes!(invoices::confirm::unconfirm))
        .routes(routes!(invoices::corrections))
        .routes(routes!(invoices::charges::list))
        .routes(routes!(invoices::charges::one))
        .routes(routes!(invoices::charges::rows))
        .routes(routes!(invoices::charges::recalculate))
        .routes(routes!(invoices::coverage::show))
        .routes(routes!(invoices::coverage::allocate))
        .routes(routes!(invoices::documents::pdf))
        .routes(routes!(invoices::documents::details))
        .routes(routes!(charges::list))
}
