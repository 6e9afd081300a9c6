//! The words of each event where a company has none of its own. Both parts of a mail are made of the same
//! paragraphs; one that is a variable alone is a link, and becomes a button in HTML.

use super::text::escaped;
use super::{NotificationEvent, Words};

struct Paragraphs {
    name: &'static str,
    subject: &'static str,
    body: &'static [&'static str],
    /// What the link's button says.
    button: &'static str,
}

impl NotificationEvent {
    /// What people call it.
    pub fn title(self) -> &'static str {
        paragraphs(self).name
    }

    /// What is mailed where a company has no words of its own.
    pub fn default_words(self) -> Words {
        let paragraphs = paragraphs(self);
        let body: String = paragraphs.body.iter().map(|text| html(text, paragraphs.button)).collect();
        Words {
            subject: paragraphs.subject.to_owned(),
            text: paragraphs.body.join("\n\n") + "\n",
            html: Some(format!("{HEAD}{body}{FOOT}")),
        }
    }
}

/// One column that fits any screen; mail programs know only what stands at the element itself.
const HEAD: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width\"></head>\n\
    <body style=\"margin:0;padding:24px;background:#f4f5f7;font:16px/1.5 sans-serif;color:#1c2430\">\n\
    <div style=\"max-width:560px;margin:0 auto;padding:24px 32px;background:#ffffff;border-radius:8px\">\n";
const FOOT: &str = "</div>\n</body>\n</html>\n";

fn html(paragraph: &str, button: &str) -> String {
    let is_link = paragraph.starts_with("{{") && paragraph.find("}}") == Some(paragraph.len() - 2);
    match is_link {
        true => format!(
            "<p><a href=\"{paragraph}\" style=\"display:inline-block;padding:10px 20px;background:#1f5fd0;\
             color:#ffffff;border-radius:6px;text-decoration:none\">{button}</a></p>\n\
             <p style=\"font-size:13px;color:#5a6474;word-break:break-all\">{paragraph}</p>\n"
        ),
        false => format!("<p>{}</p>\n", escaped(paragraph)),
    }
}

fn paragraphs(event: NotificationEvent) -> Paragraphs {
    use NotificationEvent as Event;
    let (name, subject, body, button): (_, _, &[&str], _) = match event {
        Event::AgreementBalance => (
            "Agreement balance",
            "The balance of {{agreement_code}} is below {{threshold}} {{currency}}",
            &[
                "Hello {{name}},",
                "the balance of your agreement {{agreement_code}} is {{balance}} {{currency}}, which is less \
                 than the {{threshold}} {{currency}} that you wanted to hear of.",
                "Please top it up in time: without funds no messages are sent.",
            ],
            "",
        ),
        Event::CreditLimit => (
            "Credit limit",
            "{{threshold}} of the credit limit of {{agreement_code}} is used",
            &[
                "Hello {{name}},",
                "{{threshold}} of the credit limit of your agreement {{agreement_code}} is used: the limit is \
                 {{credit_limit}} {{currency}}, the balance {{balance}} {{currency}}.",
                "Please make a payment in time: beyond the limit no messages are sent.",
            ],
            "",
        ),
        Event::BundleLimit => (
            "Bundle pack limit",
            "{{threshold}} of a bundle pack of {{agreement_code}} is used",
            &[
                "Hello {{name}},",
                "your bundle pack {{bundle_enabled_id}} under agreement {{agreement_code}} has counted {{used}} \
                 of its {{size}} recipients in this period, which is {{threshold}}.",
                "Recipients beyond its size are charged at the rates of your other services.",
            ],
            "",
        ),
        Event::PaymentConfirmation => (
            "Payment confirmation",
            "Your payment of {{payment_currency_amount}} {{payment_currency_code}}",
            &[
                "Hello {{name}},",
                "your payment {{payment_reference}} of {{payment_currency_amount}} {{payment_currency_code}} for \
                 agreement {{agreement_code}} is confirmed. The balance is now {{balance}} \
                 {{payment_currency_code}}.",
                "Thank you.",
            ],
            "",
        ),
        Event::InvoiceConfirmation => (
            "Invoice confirmation",
            "Your {{invoice_type}} {{invoice_number}} of {{total_due}} {{currency}}",
            &[
                "Hello {{name}},",
                "the {{invoice_type}} {{invoice_number}} for {{period_start}} to {{period_end}} under agreement \
                 {{agreement_code}} is ready: its total is {{total_due}} {{currency}}, of which \
                 {{outstanding}} {{currency}} are outstanding (due date: {{due_date}}).",
                "You can download it in the portal, under Finance.",
            ],
            "",
        ),
        Event::RatesChange => (
            "Change of rates",
            "Rates of {{service_name}} from {{effective_from}}",
            &[
                "Hello {{name}},",
                "the rates of {{service_name}}, which you use under agreement {{agreement_code}}, change on \
                 {{effective_from}}.",
                "New: {{rates_new}}. No longer there: {{rates_removed}}. Higher: {{rates_up}}. Lower: \
                 {{rates_down}}. Different in another way: {{rates_other}}.",
            ],
            "",
        ),
        Event::TrafficAlert => (
            "Traffic alert",
            "Traffic of sender ID {{sender_id}}",
            &[
                "Hello {{name}},",
                "something has been wrong with what is sent from {{sender_id}} in the last {{window_size}} \
                 minutes. Please look at its messages.",
            ],
            "",
        ),
        Event::CodesUsedUp => (
            "Codes used up",
            "Today's codes by SMS for {{codes_for}} are used up",
            &[
                "Hello {{name}},",
                "{{codes_max}} codes by SMS for {{codes_for}} were sent today under your agreement \
                 {{agreement_code}}. These are all that are sent in a day: who needs another one is refused \
                 until midnight (UTC).",
                "If you did not expect so many, please look at whom they went to: somebody may have them sent \
                 for what they cost.",
            ],
            "",
        ),
        Event::SenderIdRequest => (
            "New sender ID request",
            "{{company_name}} asks for sender ID {{sender_id}}",
            &["Hello {{name}},", "{{company_name}} asks for the sender ID {{sender_id}}. Please look at it."],
            "",
        ),
        Event::SenderIdActivation => (
            "Sender ID activation",
            "Sender ID {{sender_name}} is active",
            &["Hello {{name}},", "your sender ID {{sender_name}} is active. You can send from it now."],
            "",
        ),
        Event::BroadcastApproval => (
            "Broadcast approval",
            "Broadcast {{broadcast_name}} is approved",
            &[
                "Hello {{name}},",
                "your broadcast {{broadcast_name}} is approved. It starts at {{broadcast_launch_time}}.",
            ],
            "",
        ),
        Event::CompanyModeration => (
            "Company moderation",
            "What {{company_name}} sends is looked at first",
            &[
                "Hello {{name}},",
                "from now on what {{company_name}} sends is looked at before it leaves. You need to do nothing; \
                 it may take a little longer.",
            ],
            "",
        ),
        Event::RegistrationConfirmation => (
            "Registration confirmation",
            "Confirm your registration",
            &[
                "Hello {{name}} {{surname}},",
                "thank you for your registration at {{portal_name}}. Follow this link to confirm your address and to begin:",
                "{{registration_link}}",
                "If you did not register, please ignore this mail.",
            ],
            "Confirm",
        ),
        Event::NewRegistration => (
            "New registration",
            "{{company_name}} has registered at {{portal_name}}",
            &[
                "Hello,",
                "{{name}} {{surname}} of {{company_name}} ({{email}}) has registered at {{portal_name}}.",
                "Please look at it, among the external users: until then they can do nothing.",
            ],
            "",
        ),
        Event::PasswordReset => (
            "Password reset",
            "Set a new password",
            &[
                "Hello {{name}} {{surname}},",
                "somebody, probably you, asked to set a new password for your account at {{company_name}}. Follow \
                 this link to do so:",
                "{{password_reset_link}}",
                "The link works once, until {{token_expiration_date}}. If you did not ask for it, please ignore \
                 this mail: your password stays as it is.",
            ],
            "Set a new password",
        ),
        Event::ProblemReport => (
            "Problem report",
            "Your registration could not be completed",
            &[
                "Hello {{name}},",
                "your registration could not be completed: {{text}}",
                "Please write to {{email}}, and we shall help.",
            ],
            "",
        ),
        Event::UserInvitation => (
            "User invitation",
            "Your invitation to {{portal_name}}",
            &[
                "Hello,",
                "{{company_name}} invites you to {{portal_name}}. Follow this link to set a password and to \
                 begin:",
                "{{invitation_link}}",
                "The link works once, until {{token_expiration_date}}.",
            ],
            "Accept",
        ),
    };
    Paragraphs { name, subject, body, button }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_words_that_could_be_saved_as_they_are() {
        for event in NotificationEvent::ALL {
            let words = event.default_words();
            assert_eq!(words.clone().checked(event), Ok(words.clone()), "{event:?}");
            let rendered = words.render(event, &event.samples()).unwrap();
            assert!(!rendered.subject.contains("{{") && !rendered.text.contains("{{"), "{event:?}");
            for variable in event.variables() {
                let said = [&words.subject, &words.text].iter().any(|text| text.contains(variable.name));
                let spare = variable.name == "name" || variable.name == "surname";
                assert!(said || spare, "{event:?} does not say {}", variable.name);
            }
        }
    }

    #[test]
    fn a_link_is_a_button_in_html_and_stands_alone_in_text() {
        let words = NotificationEvent::UserInvitation.default_words();
        let mail =
            words.render(NotificationEvent::UserInvitation, &NotificationEvent::UserInvitation.samples());
        let mail = mail.unwrap();
        assert!(mail.text.contains("\n\nhttps://portal.example/invitation?token=8f1c\n\n"), "{}", mail.text);
        let html = mail.html.unwrap();
        assert!(html.contains("<a href=\"https://portal.example/invitation?token=8f1c\""), "{html}");
    }
}
