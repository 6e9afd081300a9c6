//! A mail as it leaves (RFC 5322): in the words of the company's template, else in ours, with the files
//! of what it is about.

use domain::notification::{
    MailRecord, NotificationChannel, NotificationTemplate, Rendered, choose_template,
};
use lettre::Message;
use lettre::address::AddressError;
use lettre::message::header::{ContentType, ContentTypeErr, Header, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use queue::Mail;

use crate::App;
use crate::files::{File, Files};
use crate::road::not_now;
use crate::smtp::Taken;

pub(crate) struct Letter(pub Message);

/// That no person wrote it, so that no other machine answers (RFC 3834, section 5).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

impl Letter {
    /// A mail that cannot be written will never be.
    pub async fn write(
        app: &App,
        mail: &Mail,
        record: &MailRecord,
        channel: &NotificationChannel,
    ) -> Result<Self, Taken> {
        let (words, files) = match mail {
            Mail::EventV1 { company, legal_entity, event, values, invoice, at, .. } => {
                let templates = app.store.all_things::<NotificationTemplate>(company.as_str()).await;
                let templates = templates.map_err(not_now)?;
                let chosen = choose_template(&templates, *event, legal_entity.as_ref());
                let words = chosen.map_or_else(|| event.default_words(), |template| template.words.clone());
                let words = words.render(*event, values).map_err(never)?;
                let details = chosen.map(|template| template.details.as_slice()).unwrap_or_default();
                match invoice {
                    Some(invoice) => {
                        let files = Files::of(app, invoice, *at, details).await?;
                        (files.told_in(words), files.enclosed)
                    }
                    None => (words, Vec::new()),
                }
            }
            Mail::TestV1 { .. } => (test(channel), Vec::new()),
        };
        message(words, files, record, mail.to(), channel).map(Self).map_err(never)
    }
}

fn never(error: impl std::fmt::Display) -> Taken {
    Taken::Never(error.to_string())
}

fn test(channel: &NotificationChannel) -> Rendered {
    let text = format!(
        "This mail shows that the notification channel {:?} works. It was asked for by hand.\n",
        channel.name
    );
    Rendered { subject: format!("Test of {}", channel.name), text, html: None }
}

#[derive(Debug, thiserror::Error)]
enum LetterError {
    #[error("{address} is no address")]
    Address {
        address: String,
        #[source]
        source: AddressError,
    },
    #[error("a file has no type")]
    File(#[from] ContentTypeErr),
    #[error("it cannot be written")]
    Message(#[from] lettre::error::Error),
}

fn message(
    words: Rendered,
    files: Vec<File>,
    record: &MailRecord,
    to: &str,
    channel: &NotificationChannel,
) -> Result<Message, LetterError> {
    let from = mailbox(channel.from_name.clone(), &channel.from_email)?;
    // The same mail has one name, however often it is tried.
    let message_id = format!("<{}@{}>", record.id, from.email.domain());
    let mut letter = Message::builder()
        .from(from)
        .to(mailbox(None, to)?)
        .subject(words.subject)
        .message_id(Some(message_id))
        .date_now()
        .header(AutoSubmitted);
    if let Some(reply_to) = &channel.reply_to {
        letter = letter.reply_to(mailbox(None, reply_to)?);
    }
    let text = |text| SinglePart::builder().header(ContentType::TEXT_PLAIN).body(text);
    if files.is_empty() {
        return Ok(match words.html {
            Some(html) => letter.multipart(MultiPart::alternative_plain_html(words.text, html))?,
            None => letter.singlepart(text(words.text))?,
        });
    }
    let mut parts = match words.html {
        Some(html) => MultiPart::mixed().multipart(MultiPart::alternative_plain_html(words.text, html)),
        None => MultiPart::mixed().singlepart(text(words.text)),
    };
    for File { name, content_type, content } in files {
        parts = parts.singlepart(Attachment::new(name).body(content, ContentType::parse(content_type)?));
    }
    Ok(letter.multipart(parts)?)
}

fn mailbox(name: Option<String>, address: &str) -> Result<Mailbox, LetterError> {
    let email = address.parse();
    let email = email.map_err(|source| LetterError::Address { address: address.to_owned(), source })?;
    Ok(Mailbox::new(name, email))
}
