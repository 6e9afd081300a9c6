//! What people are told by mail: of which events, in which words, over which mail server, and what became
//! of each mail. Nothing is sent here.

mod channel;
mod event;
mod mail;
mod template;
mod text;
mod words;

pub use channel::{
    ChannelChange, ChannelError, NewChannel, NotificationChannel, SmtpTls, check_removal, choose_channel,
    plan_channel, plan_channel_change,
};
pub use event::{NotificationEvent, NotificationGroup, Values, Variable};
pub use mail::{MailRecord, MailStatus, NextTry, TRIES_MAX};
pub use template::{
    DetailsFile, NewTemplate, NotificationTemplate, Rendered, TemplateChange, TemplateError, Words,
    choose_template, plan_template, plan_template_change,
};
pub use text::TextError;
