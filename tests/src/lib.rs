pub mod embedded_dynamodb;
