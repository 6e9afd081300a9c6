//! What is billed: the resources of each channel, and what their prices may depend on.

use serde::{Deserialize, Serialize};

use super::{Attribute, QuantityRule};

/// A group of resources: a channel, or what is sold beside messages (guide, section 7.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceDomain {
    Sms,
    Rcs,
    Viber,
    Whatsapp,
    Wechat,
    Email,
    FlashCall,
    TelegramGateway,
    Push,
    Tts,
    Voice,
    PushPartner,
    ServicePurchase,
    AdditionalService,
    BundleGrouping,
}

macro_rules! resources {
    ($($(#[$doc:meta])* $resource:ident = $name:literal in $domain:ident by $attributes:expr;)*) => {
        /// What is billed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Resource {$(
            $(#[$doc])*
            #[serde(rename = $name)]
            $resource,
        )*}

        impl Resource {
            pub const ALL: &[Self] = &[$(Self::$resource),*];

            pub const fn name(self) -> &'static str {
                match self {$(Self::$resource => $name,)*}
            }

            pub const fn domain(self) -> ServiceDomain {
                match self {$(Self::$resource => ServiceDomain::$domain,)*}
            }

            /// What its prices may depend on.
            pub const fn attributes(self) -> &'static [Attribute] {
                match self {$(Self::$resource => $attributes,)*}
            }
        }
    };
}

resources! {
    SmsMessage = "sms_message" in Sms by MESSAGE;
    /// Once, for a sender ID's connection.
    SenderIdSetupFee = "sender_id_setup_fee" in Sms by FEE;
    SenderIdUsageFee = "sender_id_usage_fee" in Sms by FEE;
    PlatformFee = "platform_fee" in Sms by &[Attribute::Periodicity];
    RcsMessage = "rcs_message" in Rcs by RCS;
    ViberMessage = "viber_message" in Viber by MESSAGE;
    /// A two-way talk of up to a day.
    ViberSession = "viber_session" in Viber by SESSION;
    WhatsappMessage = "whatsapp_message" in Whatsapp by WHATSAPP;
    WhatsappConversation = "whatsapp_conversation" in Whatsapp by WHATSAPP;
    WechatMessage = "wechat_message" in Wechat by MESSAGE;
    EmailMessage = "email_message" in Email by ADDRESSED;
    FlashCall = "flash_call" in FlashCall by MESSAGE;
    TelegramGatewayMessage = "telegram_gateway_message" in TelegramGateway by MESSAGE;
    PushMessage = "push_message" in Push by ADDRESSED;
    TtsMessage = "tts_message" in Tts by MESSAGE;
    VoiceCall = "voice_call" in Voice by MESSAGE;
    PushPartnerMessage = "push_partner_message" in PushPartner by MESSAGE;
    /// What a pack or a bundle costs, told apart by `pack`.
    ServicePurchase = "service_purchase" in ServicePurchase by &[Attribute::Pack];
    /// Told apart by `additional_service`.
    AdditionalService = "additional_service" in AdditionalService by &[Attribute::AdditionalService];
    /// A unique recipient past the size of a bundle.
    BundleMember = "bundle_member" in BundleGrouping by &[];
}

/// Of what goes to a phone number.
const MESSAGE: &[Attribute] = &[
    Attribute::Direction,
    Attribute::Country,
    Attribute::Network,
    Attribute::Mcc,
    Attribute::Mccmnc,
    Attribute::SenderId,
    Attribute::SenderIdType,
    Attribute::TimeOfDay,
];
const RCS: &[Attribute] = &[
    Attribute::BillingEvent,
    Attribute::Direction,
    Attribute::Country,
    Attribute::Network,
    Attribute::Mcc,
    Attribute::Mccmnc,
    Attribute::SenderId,
    Attribute::TimeOfDay,
];
const SESSION: &[Attribute] = &[
    Attribute::SessionType,
    Attribute::Direction,
    Attribute::Country,
    Attribute::Network,
    Attribute::Mcc,
    Attribute::Mccmnc,
    Attribute::SenderId,
];
const WHATSAPP: &[Attribute] = &[
    Attribute::WhatsappRegion,
    Attribute::PricingCategory,
    Attribute::PricingType,
    Attribute::Direction,
    Attribute::Country,
    Attribute::SenderId,
];
/// Of what goes to an address that is no phone number.
const ADDRESSED: &[Attribute] = &[Attribute::Direction, Attribute::SenderId, Attribute::TimeOfDay];
const FEE: &[Attribute] = &[
    Attribute::Mno,
    Attribute::Periodicity,
    Attribute::SenderIdType,
    Attribute::SenderId,
    Attribute::Country,
];

impl Resource {
    /// Whether it goes to somebody, or comes from there.
    pub fn has_direction(self) -> bool {
        self.attributes().contains(&Attribute::Direction)
    }

    /// Whether it is an event of a channel, which packs, scales and bundles may count.
    pub const fn is_traffic(self) -> bool {
        !matches!(
            self,
            Self::SenderIdSetupFee
                | Self::SenderIdUsageFee
                | Self::PlatformFee
                | Self::ServicePurchase
                | Self::AdditionalService
                | Self::BundleMember
        )
    }

    /// Whether one rate plan sells all of it. What is sold by name several may sell, each something else of it.
    pub const fn is_sold_by_one(self) -> bool {
        !matches!(self, Self::ServicePurchase | Self::AdditionalService)
    }

    /// The quantity rule of a tree that sets none.
    pub const fn default_quantity(self) -> QuantityRule {
        match self {
            Self::SmsMessage => QuantityRule::Segments,
            Self::VoiceCall => QuantityRule::Minutes { increment_seconds: 60 },
            Self::SenderIdUsageFee | Self::PlatformFee => QuantityRule::FullPeriod,
            _ => QuantityRule::Messages,
        }
    }

    /// Whether its events can be counted so.
    pub const fn counts_by(self, rule: QuantityRule) -> bool {
        match rule {
            QuantityRule::Messages => true,
            QuantityRule::Segments => matches!(self, Self::SmsMessage),
            QuantityRule::FullPeriod => !self.is_traffic(),
            QuantityRule::Minutes { increment_seconds } => {
                increment_seconds > 0 && matches!(self, Self::VoiceCall | Self::TtsMessage | Self::FlashCall)
            }
        }
    }
}
