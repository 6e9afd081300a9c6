//! Rates from files of suppliers into a tree (guide, section 7.3.2), step by step and each step pure:
//! [`table`] reads the file, [`settings`] say what its columns are, [`mapping`] what its texts stand for,
//! [`tree`] is made of it, and [`difference`] shows what it would change. Files of our own export go the
//! short way: [`exported`].

pub mod difference;
pub mod exported;
mod lines;
pub mod mapping;
mod mccmnc;
pub mod place;
pub mod preview;
pub mod price_text;
pub mod record;
pub mod settings;
mod similarity;
pub mod table;
pub mod tree;
pub mod words;
