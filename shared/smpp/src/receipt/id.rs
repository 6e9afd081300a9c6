//! The forms of a vendor's message id.

/// The forms under which a vendor's id may come back, the canonical one first: lower case without
/// leading zeros; then, if it reads as decimal, its hex form, and if it reads as hex, its decimal
/// form. Two ids mean the same message when they share a form. No form comes twice.
///
/// Vendors answer a submit in one notation and report in another: the same number was seen as
/// `0059113978` and `38601fa`.
pub fn id_forms(id: &str) -> Vec<String> {
    let is_blank = |c: char| c == '\0' || c.is_whitespace();
    let id = id.trim_matches(is_blank).to_lowercase();
    if id.is_empty() {
        return Vec::new();
    }
    let plain = match id.trim_start_matches(|c| c == '0' || is_blank(c)) {
        "" => "0",
        stripped => stripped,
    };
    let mut forms = vec![plain.to_owned()];
    // A sign would parse as a number too.
    if !plain.bytes().all(|octet| octet.is_ascii_hexdigit()) {
        return forms;
    }
    let as_hex = plain.parse::<u128>().map(|number| format!("{number:x}"));
    let as_decimal = u128::from_str_radix(plain, 16).map(|number| number.to_string());
    for form in [as_hex.ok(), as_decimal.ok()].into_iter().flatten() {
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms
}
