//! Mails about the status of sender IDs: to who sells, when a company asks for one, and to the company when
//! it may use one.

use domain::company::Company;
use domain::legal_entity::OwnLegalEntity;
use domain::notification::NotificationEvent;
use domain::sender::{Sender, SenderStatus};
use queue::Mail;
use runtime::auth::Principal;

use crate::App;
use crate::error::ApiError;
use crate::people;
use crate::rights::is_tenant_side;

/// Tells of a sender ID that was made, or has another status than before.
pub async fn tell(app: &App, who: &Principal, company: &Company, before: Option<&Sender>, after: &Sender) {
    if before.is_none_or(|before| before.status != after.status) {
        let told = mail(app, who, company, before.is_none(), after).await;
        people::note_failure("the mails about a sender ID", told);
    }
}

async fn mail(
    app: &App,
    who: &Principal,
    company: &Company,
    is_new: bool,
    sender: &Sender,
) -> Result<(), ApiError> {
    let Some(agreement) = app.store.any_agreement(&sender.agreement).await? else { return Ok(()) };
    let by_seller = is_tenant_side(who, &agreement.company, &agreement.tenant);
    let cause = format!("sender_id {} {}", sender.id, sender.revision);
    let (address, now) = (sender.address.to_string(), runtime::now());
    let mails = match sender.status {
        SenderStatus::Active if by_seller => {
            let emails = app.store.account_emails(&agreement).await?;
            let values = [("name", company.name.clone()), ("sender_name", address)];
            let event = NotificationEvent::SenderIdActivation;
            Mail::of_agreement(&agreement, event, &emails, &cause, values, now)
        }
        SenderStatus::Draft if is_new && !by_seller => {
            let Some(seller) = &agreement.parties.own_legal_entity else { return Ok(()) };
            let found = app.store.thing::<OwnLegalEntity>(seller.as_str()).await?;
            let Some(seller) = found.map(|seller| seller.details.entity) else { return Ok(()) };
            let values =
                [("name", seller.name), ("sender_id", address), ("company_name", company.name.clone())];
            let (event, emails) = (NotificationEvent::SenderIdRequest, seller.notification_emails);
            Mail::of_agreement(&agreement, event, &emails, &cause, values, now)
        }
        SenderStatus::Active | SenderStatus::Draft | SenderStatus::Blocked | SenderStatus::Testing => {
            return Ok(());
        }
    };
    Ok(app.mail.send_all(&mails).await?)
}
