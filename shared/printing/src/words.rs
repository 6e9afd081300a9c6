//! Resources, and how they are sold, as a reader of English knows them.

use domain::charge::ServiceType;
use domain::rating::Resource;

pub(crate) fn resource_in_words(resource: Resource) -> &'static str {
    match resource {
        Resource::SmsMessage => "SMS message",
        Resource::SenderIdSetupFee => "Sender ID, setup",
        Resource::SenderIdUsageFee => "Sender ID, use",
        Resource::PlatformFee => "Platform",
        Resource::RcsMessage => "RCS message",
        Resource::ViberMessage => "Viber message",
        Resource::ViberSession => "Viber session",
        Resource::WhatsappMessage => "WhatsApp message",
        Resource::WhatsappConversation => "WhatsApp conversation",
        Resource::WechatMessage => "WeChat message",
        Resource::EmailMessage => "Email",
        Resource::FlashCall => "Flash call",
        Resource::TelegramGatewayMessage => "Telegram message",
        Resource::PushMessage => "Push message",
        Resource::TtsMessage => "Spoken message",
        Resource::VoiceCall => "Voice call",
        Resource::PushPartnerMessage => "Push message, partner",
        Resource::ServicePurchase => "Pack",
        Resource::AdditionalService => "Additional service",
        Resource::BundleMember => "Bundle, more recipients",
    }
}

pub(crate) fn service_type_in_words(kind: ServiceType) -> &'static str {
    match kind {
        ServiceType::PayAsYouGo => "pay-as-you-go",
        ServiceType::UnitPack => "unit pack",
        ServiceType::MonetaryPack => "monetary pack",
        ServiceType::BundleInitiator => "bundle",
        ServiceType::BundlePack => "bundle pack",
        ServiceType::AdditionalFee => "additional fee",
    }
}
