//! The people of a company. What each may do is for later; so far a master acts for the whole company,
//! and everybody else only with a wallet of one's own.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{CompanyId, UserId};

const NAME_LENGTH_MAX: usize = 120;
/// RFC 5321, 4.5.3.1.3: a path has at most 256 octets, of which two are the angle brackets.
const EMAIL_LENGTH_MAX: usize = 254;

/// A person of a company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    pub company: CompanyId,
    pub name: String,
    pub email: String,
    /// A master user acts for the company: hands out its credits, buys for it, changes its settings.
    pub master: bool,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    pub id: UserId,
    pub name: String,
    pub email: String,
    pub master: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UserError {
    #[error("a name has 1 to {NAME_LENGTH_MAX} characters")]
    Name,
    #[error(transparent)]
    Email(#[from] EmailError),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an e-mail address looks like name@example.com and has at most {EMAIL_LENGTH_MAX} characters")]
pub struct EmailError;

/// A user of a company.
pub fn plan_user(company: &CompanyId, ask: NewUser, now: Timestamp) -> Result<User, UserError> {
    let name = ask.name.trim();
    let length = name.chars().count();
    if length == 0 || length > NAME_LENGTH_MAX || name.chars().any(char::is_control) {
        return Err(UserError::Name);
    }
    Ok(User {
        id: ask.id,
        company: company.clone(),
        name: name.to_owned(),
        email: parse_email(&ask.email)?,
        master: ask.master,
        created_at: now,
    })
}

/// An address that mail can be sent to, trimmed. It looks like one, and that is all that is checked: only
/// mail that arrives proves an address.
pub fn parse_email(text: &str) -> Result<String, EmailError> {
    let email = text.trim();
    let plain = |c: char| c.is_ascii_graphic() && !"\"(),:;<>[\\]@".contains(c);
    let (name, host) = email.rsplit_once('@').ok_or(EmailError)?;
    let labels = host.split('.').all(|label| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !label.is_empty() && label.chars().all(allowed) && !label.starts_with('-') && !label.ends_with('-')
    });
    let dots = !name.starts_with('.') && !name.ends_with('.') && !name.contains("..");
    if name.is_empty() || !name.chars().all(plain) || !dots || !labels || !host.contains('.') {
        return Err(EmailError);
    }
    if email.len() > EMAIL_LENGTH_MAX {
        return Err(EmailError);
    }
    Ok(email.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(name: &str, email: &str) -> Result<User, UserError> {
        let ask = NewUser { id: UserId::new(1), name: name.into(), email: email.into(), master: false };
        plan_user(&CompanyId::new(1), ask, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_user_has_a_name_and_an_address() {
        let user = plan(" Ada ", " ada@example.com ").unwrap();
        assert_eq!((user.name.as_str(), user.email.as_str()), ("Ada", "ada@example.com"));
        for name in ["", "  ", "a\nb", &"x".repeat(121)] {
            assert_eq!(plan(name, "ada@example.com"), Err(UserError::Name), "{name:?}");
        }
    }

    #[test]
    fn an_address_has_a_name_and_a_host_with_a_dot() {
        for good in ["a@b.de", "first.last+tag@mail.example.co.uk", "o'neil@example.com", "x_1@a-b.org"] {
            assert_eq!(parse_email(good).as_deref(), Ok(good));
        }
        let long = format!("{}@example.com", "x".repeat(250));
        for bad in [
            "",
            "a",
            "@b.de",
            "a@",
            "a@b",
            "a b@c.de",
            "a@b..de",
            "a@-b.de",
            "a@b.de.",
            "a@@b.de",
            ".a@b.de",
            "a..b@c.de",
            "a@b.de, c@d.de",
            "<a@b.de>",
            "a@b.de\r\nBcc: c@d.de",
            &long,
        ] {
            assert_eq!(parse_email(bad), Err(EmailError), "{bad:?}");
        }
    }
}
