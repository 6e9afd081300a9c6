//! The ways in which messages go to people.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    #[default]
    Sms,
    Rcs,
    Viber,
    Whatsapp,
    Wechat,
    Email,
    Telegram,
    Push,
    Tts,
    Voice,
    MobilePush,
    FlashCall,
}
