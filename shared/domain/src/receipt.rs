//! A vendor's report on a message.

use serde::{Deserialize, Serialize};

/// What a vendor reports, whatever its own words are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptState {
    /// Still on its way; nothing to decide.
    Enroute,
    Delivered,
    Undelivered,
    Expired,
    Rejected,
    /// By the connection's own rules: as if the vendor had never taken it.
    Unsent,
    /// The vendor does not know; nothing to decide.
    Unknown,
}

impl ReceiptState {
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Enroute | Self::Unknown)
    }
}

/// The key under which a vendor's id is stored and looked up: vendors change case and pad with zeros.
pub fn canonical_reference(raw: &str) -> String {
    let text = raw.trim().to_ascii_lowercase();
    let stripped = text.trim_start_matches('0');
    if stripped.is_empty() { text } else { stripped.to_owned() }
}

/// The keys under which the answer to the submit may have named the message that a receipt calls `raw`:
/// the same text first, then decimal read as hexadecimal and the other way round.
pub fn possible_references(raw: &str) -> Vec<String> {
    let same = canonical_reference(raw);
    let decimal_as_hex = same.parse::<u128>().ok().map(|number| format!("{number:x}"));
    let hex_as_decimal = u128::from_str_radix(&same, 16).ok().map(|number| number.to_string());
    let mut keys = vec![same];
    for other in [decimal_as_hex, hex_as_decimal].into_iter().flatten() {
        if !keys.contains(&other) {
            keys.push(other);
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_receipt_finds_its_message_in_decimal_hex_and_padded_forms() {
        for (answer, receipt) in [
            ("1A2B3C", "1a2b3c"),
            ("1A2B3C", "1715004"),
            ("1715004", "1a2b3c"),
            ("0001715004", "1715004"),
            ("1715004", "0000001715004"),
            ("0x-not-a-number", "0X-NOT-A-NUMBER"),
            ("0", "0000"),
        ] {
            let stored = canonical_reference(answer);
            assert!(possible_references(receipt).contains(&stored), "{answer} {receipt}");
        }
    }

    proptest! {
        #[test]
        fn any_number_is_found_whichever_way_it_comes_back(id in 1u64.., padding in 0usize..6) {
            let (decimal, hex) = (id.to_string(), format!("{id:X}"));
            let padded = format!("{}{decimal}", "0".repeat(padding));
            for answer in [&decimal, &hex, &padded] {
                for receipt in [&decimal, &hex, &padded] {
                    prop_assert!(possible_references(receipt).contains(&canonical_reference(answer)));
                }
            }
        }
    }
}
