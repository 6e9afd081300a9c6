//! The user data header that joins the parts of a long message (3GPP TS 23.040 section 9.2.3.24).

/// Set in `esm_class` when `short_message` begins with a header.
pub const ESM_CLASS_UDHI: u8 = 0x40;

const CONCAT_8_BIT: u8 = 0x00;
const CONCAT_16_BIT: u8 = 0x08;

/// Which part of which long message this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Concat {
    /// The same in all parts; of 8 or 16 bits.
    pub reference: u16,
    pub total: u8,
    /// From 1 to `total`.
    pub part: u8,
}

/// The header of one part with an 8-bit reference: `05 00 03 reference total part`.
pub fn concat_header(reference: u8, total: u8, part: u8) -> [u8; 6] {
    [0x05, CONCAT_8_BIT, 0x03, reference, total, part]
}

/// The same with a reference of 16 bits: `06 08 04 reference reference total part`.
pub fn wide_concat_header(reference: u16, total: u8, part: u8) -> [u8; 7] {
    let [high, low] = reference.to_be_bytes();
    [0x06, CONCAT_16_BIT, 0x04, high, low, total, part]
}

/// Splits user data into its header (with the length octet) and the text; `None` when the header
/// is longer than the data.
pub fn split(user_data: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = usize::from(*user_data.first()?);
    user_data.split_at_checked(length + 1)
}

/// Finds the joining element in a header (with its length octet), among others and of either
/// reference width.
pub fn concat(header: &[u8]) -> Option<Concat> {
    let mut rest = header.get(1..)?;
    while let [element, length, after @ ..] = rest {
        let (value, next) = after.split_at_checked(usize::from(*length))?;
        match (*element, value) {
            (CONCAT_8_BIT, [reference, total, part]) => {
                return Some(Concat { reference: u16::from(*reference), total: *total, part: *part });
            }
            (CONCAT_16_BIT, [high, low, total, part]) => {
                let reference = u16::from_be_bytes([*high, *low]);
                return Some(Concat { reference, total: *total, part: *part });
            }
            _ => rest = next,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_says_which_part_of_which_message_it_is() {
        let mut user_data = concat_header(0x2A, 3, 2).to_vec();
        assert_eq!(user_data, [0x05, 0x00, 0x03, 0x2A, 0x03, 0x02]);
        user_data.extend_from_slice(b"text");
        let (header, text) = split(&user_data).expect("has a header");
        assert_eq!(concat(header), Some(Concat { reference: 0x2A, total: 3, part: 2 }));
        assert_eq!(text, b"text");
    }

    #[test]
    fn a_reference_may_be_of_16_bits() {
        let header = wide_concat_header(0x1234, 2, 1);
        assert_eq!(header, [0x06, 0x08, 0x04, 0x12, 0x34, 2, 1]);
        assert_eq!(concat(&header), Some(Concat { reference: 0x1234, total: 2, part: 1 }));
    }

    #[test]
    fn a_wide_reference_and_other_elements_are_understood() {
        let header = [0x0B, 0x05, 0x04, 0x0B, 0x84, 0, 0, 0x08, 0x04, 0x12, 0x34, 2, 1];
        assert_eq!(concat(&header), Some(Concat { reference: 0x1234, total: 2, part: 1 }));
    }

    #[test]
    fn a_header_longer_than_the_data_is_none() {
        assert_eq!(split(&[0x05, 0x00]), None);
        assert_eq!(split(&[]), None);
        assert_eq!(concat(&[0x05, 0x00, 0x09, 1]), None);
    }
}
