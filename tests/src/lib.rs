pub mod embedded_dynamodb;
pub mod smsc_simulator;
