//! A mail server over which a company tells people of events: for one of its own legal entities, or for
//! all that have none. Its password is in the secret store.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalog::{self, Thing};
use crate::id::{CompanyId, NotificationChannelId, OwnLegalEntityId, SecretId};
use crate::record::Hand;
use crate::user::parse_email;

const NAME_LENGTH_MAX: usize = 120;
/// RFC 1035 section 2.3.4.
const HOST_LENGTH_MAX: usize = 253;
const USERNAME_LENGTH_MAX: usize = 320;

/// How the connection to the server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmtpTls {
    /// Not at all: for a server on the same machine or network.
    None,
    /// Begins in the clear and goes on over TLS (RFC 3207), usually on port 587; a server that does not
    /// offer it is not used.
    Starttls,
    /// From the beginning (RFC 8314), usually on port 465.
    Tls,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationChannel {
    pub id: NotificationChannelId,
    pub company: CompanyId,
    pub name: String,
    pub enabled: bool,
    /// Of which of the company's own legal entities; without one, of all that have no channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_entity: Option<OwnLegalEntityId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_name: Option<String>,
    pub from_email: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    pub host: String,
    pub port: u16,
    pub tls: SmtpTls,
    /// Without one the server is not logged in to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Under which its password is kept: a new one each time it is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// As the person or key was called then.
    pub updated_by: String,
    pub revision: u64,
}

impl Thing for NotificationChannel {
    const NOUN: &'static str = "notification_channel";
    const NOUNS: &'static str = "notification_channels";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn revision(&self) -> u64 {
        self.revision
    }

    fn lists(&self) -> Vec<String> {
        vec![self.company.to_string()]
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("name", catalog::words(&self.name)),
            ("enabled", catalog::flag(self.enabled)),
            ("legal_entity", self.legal_entity.as_ref().map(ToString::to_string).unwrap_or_default()),
            ("host", catalog::words(&self.host)),
            ("from_email", catalog::words(&self.from_email)),
            ("updated_at", catalog::time(self.updated_at)),
            ("updated_by", catalog::words(&self.updated_by)),
        ]
    }

    /// A legal entity has one channel.
    fn unique(&self) -> Vec<String> {
        let entity = self.legal_entity.as_ref().map_or("all", OwnLegalEntityId::as_str);
        vec![format!("{}.{entity}", self.company)]
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    #[error("a name has 1 to {NAME_LENGTH_MAX} characters")]
    Name,
    #[error("a sender's name has 1 to {NAME_LENGTH_MAX} characters")]
    FromName,
    #[error("it is no e-mail address")]
    FromEmail,
    #[error("it is no e-mail address")]
    ReplyTo,
    #[error("a host is a name or an IP address")]
    Host,
    #[error("a port is 1 to 65535")]
    Port,
    #[error("a login has 1 to {USERNAME_LENGTH_MAX} characters")]
    Username,
    #[error("a login needs a password")]
    PasswordMissing,
    #[error("a password without a login is for nothing")]
    UsernameMissing,
    #[error("a password is only sent over TLS, or to this machine")]
    PasswordInTheClear,
    #[error("create the channel of all legal entities first")]
    FirstForAll,
    #[error("channels of single legal entities need an enabled one of all: delete or disable them first")]
    NeededForOthers,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChannel {
    pub id: NotificationChannelId,
    pub company: CompanyId,
    pub name: String,
    pub enabled: bool,
    pub legal_entity: Option<OwnLegalEntityId>,
    pub from_name: Option<String>,
    pub from_email: String,
    pub reply_to: Option<String>,
    pub host: String,
    pub port: u16,
    pub tls: SmtpTls,
    pub username: Option<String>,
    /// Where a password is kept that is told; the password itself is not for the directory.
    pub secret: Option<SecretId>,
}

/// New settings; what is not named stays. Of which legal entity it is stays too.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChannelChange {
    pub name: Option<String>,
    pub enabled: Option<bool>,
    pub from_name: Option<Option<String>>,
    pub from_email: Option<String>,
    pub reply_to: Option<Option<String>>,
    pub host: Option<String>,
    pub port: Option<u16>,
    pub tls: Option<SmtpTls>,
    pub username: Option<Option<String>>,
    /// Where a new password is kept that is told.
    pub secret: Option<SecretId>,
}

/// A new channel beside those that the company has.
pub fn plan_channel(
    ask: NewChannel,
    others: &[NotificationChannel],
    by: Hand<'_>,
) -> Result<NotificationChannel, ChannelError> {
    if ask.legal_entity.is_some() && !others.iter().any(is_for_all) {
        return Err(ChannelError::FirstForAll);
    }
    let channel = NotificationChannel {
        id: ask.id,
        company: ask.company,
        name: ask.name,
        enabled: ask.enabled,
        legal_entity: ask.legal_entity,
        from_name: ask.from_name,
        from_email: ask.from_email,
        reply_to: ask.reply_to,
        host: ask.host,
        port: ask.port,
        tls: ask.tls,
        username: ask.username,
        secret: ask.secret,
        created_at: by.now,
        updated_at: by.now,
        updated_by: by.name.to_owned(),
        revision: 0,
    };
    channel.checked()
}

/// The channel with new settings. A channel that is logged in to at another place needs its password told
/// again: otherwise whoever may edit it could have it sent to a server of their own.
pub fn plan_channel_change(
    channel: &NotificationChannel,
    ask: ChannelChange,
    others: &[NotificationChannel],
    by: Hand<'_>,
) -> Result<NotificationChannel, ChannelError> {
    if ask.enabled == Some(false) {
        check_removal(channel, others)?;
    }
    let before = channel.clone();
    let username = ask.username.unwrap_or(before.username);
    let has_new_password = ask.secret.is_some();
    let kept = before.secret.filter(|_| username.is_some());
    let changed = NotificationChannel {
        name: ask.name.unwrap_or(before.name),
        enabled: ask.enabled.unwrap_or(before.enabled),
        from_name: ask.from_name.unwrap_or(before.from_name),
        from_email: ask.from_email.unwrap_or(before.from_email),
        reply_to: ask.reply_to.unwrap_or(before.reply_to),
        host: ask.host.unwrap_or(before.host),
        port: ask.port.unwrap_or(before.port),
        tls: ask.tls.unwrap_or(before.tls),
        username,
        secret: ask.secret.or(kept),
        updated_at: by.now,
        updated_by: by.name.to_owned(),
        revision: channel.revision + 1,
        ..channel.clone()
    };
    let changed = changed.checked()?;
    let is_elsewhere =
        (&changed.host, changed.port, changed.tls) != (&channel.host, channel.port, channel.tls);
    if is_elsewhere && changed.username.is_some() && !has_new_password {
        return Err(ChannelError::PasswordMissing);
    }
    Ok(changed)
}

/// Whether mails can do without the channel: a company that has channels of single legal entities keeps
/// one of all.
pub fn check_removal(
    channel: &NotificationChannel,
    others: &[NotificationChannel],
) -> Result<(), ChannelError> {
    let is_other = |one: &&NotificationChannel| one.id != channel.id;
    let mut enabled = others.iter().filter(is_other).filter(|one| one.enabled);
    match channel.legal_entity.is_none() && enabled.any(|one| one.legal_entity.is_some()) {
        true => Err(ChannelError::NeededForOthers),
        false => Ok(()),
    }
}

/// The channel for a legal entity among those of a company: its own, else that of all others. Disabled
/// ones do not count.
pub fn choose_channel<'a>(
    channels: &'a [NotificationChannel],
    legal_entity: Option<&OwnLegalEntityId>,
) -> Option<&'a NotificationChannel> {
    let of = |entity: Option<&OwnLegalEntityId>| {
        channels.iter().find(|one| one.enabled && one.legal_entity.as_ref() == entity)
    };
    legal_entity.and_then(|entity| of(Some(entity))).or_else(|| of(None))
}

fn is_for_all(channel: &NotificationChannel) -> bool {
    channel.enabled && channel.legal_entity.is_none()
}

impl NotificationChannel {
    fn checked(self) -> Result<Self, ChannelError> {
        let name = line(&self.name, NAME_LENGTH_MAX).ok_or(ChannelError::Name)?;
        let from_name = optional(self.from_name.as_deref(), NAME_LENGTH_MAX).ok_or(ChannelError::FromName)?;
        let from_email = parse_email(&self.from_email).map_err(|_| ChannelError::FromEmail)?;
        let reply_to = self.reply_to.as_deref().map(parse_email).transpose();
        let reply_to = reply_to.map_err(|_| ChannelError::ReplyTo)?;
        let username =
            optional(self.username.as_deref(), USERNAME_LENGTH_MAX).ok_or(ChannelError::Username)?;
        let host = host(&self.host).ok_or(ChannelError::Host)?;
        if self.port == 0 {
            return Err(ChannelError::Port);
        }
        match (&username, &self.secret) {
            (Some(_), None) => return Err(ChannelError::PasswordMissing),
            (None, Some(_)) => return Err(ChannelError::UsernameMissing),
            (Some(_), Some(_)) | (None, None) => {}
        }
        if username.is_some() && self.tls == SmtpTls::None && !is_this_machine(&host) {
            return Err(ChannelError::PasswordInTheClear);
        }
        Ok(Self { name, from_name, from_email, reply_to, host, username, ..self })
    }
}

/// One line of text, trimmed and not empty.
fn line(text: &str, most: usize) -> Option<String> {
    let text = text.trim();
    let length = text.chars().count();
    ((1..=most).contains(&length) && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

fn optional(text: Option<&str>, most: usize) -> Option<Option<String>> {
    match text {
        Some(text) => line(text, most).map(Some),
        None => Some(None),
    }
}

fn host(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let is_name = |text: &str| {
        let label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        text.len() <= HOST_LENGTH_MAX && text.split('.').all(label)
    };
    (is_name(&text) || text.parse::<std::net::IpAddr>().is_ok()).then_some(text)
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::HAND;

    fn ask(number: u128, entity: Option<u128>) -> NewChannel {
        NewChannel {
            id: NotificationChannelId::new(number),
            company: CompanyId::new(1),
            name: "Office".to_owned(),
            enabled: true,
            legal_entity: entity.map(OwnLegalEntityId::new),
            from_name: Some("Waybill".to_owned()),
            from_email: "no-reply@waybill.example".to_owned(),
            reply_to: None,
            host: "Mail.Waybill.example".to_owned(),
            port: 587,
            tls: SmtpTls::Starttls,
            username: Some("waybill".to_owned()),
            secret: Some(SecretId::new(1)),
        }
    }

    fn channel(number: u128, entity: Option<u128>, others: &[NotificationChannel]) -> NotificationChannel {
        plan_channel(ask(number, entity), others, HAND).unwrap()
    }

    fn change(
        channel: &NotificationChannel,
        ask: ChannelChange,
        others: &[NotificationChannel],
    ) -> Result<NotificationChannel, ChannelError> {
        plan_channel_change(channel, ask, others, HAND)
    }

    #[track_caller]
    fn check(ask: NewChannel, expected: Result<(), ChannelError>) {
        assert_eq!(plan_channel(ask, &[], HAND).map(drop), expected);
    }

    #[test]
    fn a_channel_names_a_server_and_who_writes() {
        check(ask(1, None), Ok(()));
        check(NewChannel { host: "::1".to_owned(), ..ask(1, None) }, Ok(()));
        for host in ["", "mail example", "https://mail.example", "a..b", "mail.example:25"] {
            check(NewChannel { host: host.to_owned(), ..ask(1, None) }, Err(ChannelError::Host));
        }
        check(NewChannel { port: 0, ..ask(1, None) }, Err(ChannelError::Port));
        check(NewChannel { from_email: "nobody".to_owned(), ..ask(1, None) }, Err(ChannelError::FromEmail));
        check(NewChannel { reply_to: Some("x".to_owned()), ..ask(1, None) }, Err(ChannelError::ReplyTo));
        check(NewChannel { from_name: Some("a\nb".to_owned()), ..ask(1, None) }, Err(ChannelError::FromName));
        assert_eq!(channel(1, None, &[]).host, "mail.waybill.example");
    }

    #[test]
    fn a_login_has_a_password_which_leaves_over_tls_alone() {
        check(NewChannel { secret: None, ..ask(1, None) }, Err(ChannelError::PasswordMissing));
        check(NewChannel { username: None, ..ask(1, None) }, Err(ChannelError::UsernameMissing));
        let open = NewChannel { username: None, secret: None, tls: SmtpTls::None, ..ask(1, None) };
        check(open, Ok(()));
        let clear = NewChannel { tls: SmtpTls::None, ..ask(1, None) };
        check(clear.clone(), Err(ChannelError::PasswordInTheClear));
        check(NewChannel { host: "127.0.0.1".to_owned(), ..clear }, Ok(()));
    }

    #[test]
    fn a_password_is_told_again_for_another_server() {
        let before = channel(1, None, &[]);
        let elsewhere =
            || ChannelChange { host: Some("evil.example".to_owned()), ..ChannelChange::default() };
        assert_eq!(change(&before, elsewhere(), &[]), Err(ChannelError::PasswordMissing));
        let told =
            change(&before, ChannelChange { secret: Some(SecretId::new(2)), ..elsewhere() }, &[]).unwrap();
        assert_eq!((told.secret, told.revision), (Some(SecretId::new(2)), 1));
        let open = ChannelChange { username: Some(None), ..elsewhere() };
        assert_eq!(change(&before, open, &[]).unwrap().secret, None);
    }

    #[test]
    fn the_channel_of_all_comes_first_and_goes_last() {
        let alone = plan_channel(ask(2, Some(7)), &[], HAND);
        assert_eq!(alone, Err(ChannelError::FirstForAll));
        let all = channel(1, None, &[]);
        let own = channel(2, Some(7), std::slice::from_ref(&all));
        let both = [all.clone(), own.clone()];
        assert_eq!(check_removal(&all, &both), Err(ChannelError::NeededForOthers));
        let off = || ChannelChange { enabled: Some(false), ..ChannelChange::default() };
        assert_eq!(change(&all, off(), &both), Err(ChannelError::NeededForOthers));
        assert_eq!(check_removal(&own, &both), Ok(()));
        let own = change(&own, off(), &both).unwrap();
        assert_eq!(check_removal(&all, &[all.clone(), own]), Ok(()));
    }

    #[test]
    fn a_legal_entity_has_its_own_channel_and_else_that_of_all() {
        let all = channel(1, None, &[]);
        let own = channel(2, Some(7), std::slice::from_ref(&all));
        let chosen = |channels: &[NotificationChannel], entity: Option<u128>| {
            let entity = entity.map(OwnLegalEntityId::new);
            choose_channel(channels, entity.as_ref()).map(|channel| channel.id.clone())
        };
        let both = [all.clone(), own.clone()];
        let id = |number| Some(NotificationChannelId::new(number));
        assert_eq!(
            [chosen(&both, Some(7)), chosen(&both, Some(8)), chosen(&both, None)],
            [id(2), id(1), id(1)]
        );
        let off = [all, NotificationChannel { enabled: false, ..own }];
        assert_eq!(chosen(&off, Some(7)), id(1));
        assert_eq!(chosen(&[], None), None);
    }
}
