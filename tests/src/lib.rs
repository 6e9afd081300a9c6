pub mod alaris_simulator;
pub mod callback_urls;
pub mod embedded_dynamodb;
pub mod loopback;
pub mod smsc_simulator;
pub mod stripe_simulator;
