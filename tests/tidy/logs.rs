//! What logs say.

use crate::{files, read};

/// The text of a line is its field `message`, and of two fields with one name readers of JSON keep one.
#[test]
fn no_log_line_has_something_else_in_the_place_of_its_text() {
    let mut calls_count = 0;
    for file in ["functions", "shared"].into_iter().flat_map(files).filter(|file| file.ends_with(".rs")) {
        let source = read(&file);
        for level in ["error!(", "warn!(", "info!(", "debug!("] {
            for call in source.split(level).skip(1).filter_map(|rest| rest.split(");").next()) {
                let mut fields = call.split(',').map(str::trim);
                let is_message = |field: &str| {
                    ["message", "%message", "?message"].contains(&field) || field.starts_with("message = ")
                };
                assert!(!fields.any(is_message), "{file}: {level}{call})");
                calls_count += 1;
            }
        }
    }
    assert!(0 < calls_count);
}
