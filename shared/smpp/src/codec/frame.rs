//! Cuts PDUs out of a stream by their length, before anyone looks inside.
//!
//! A frame over the bound is skipped as it arrives and never held in memory. A length under 16
//! loses the place of the next PDU: reading on would take message octets for commands.

use bytes::{Buf, BytesMut};

use super::HEADER_LENGTH;
use crate::pdu::SEQUENCE_UNKNOWN;

/// The longest `message_payload` is just under 64 KiB, and what else a PDU has is far under four.
pub const FRAME_LENGTH_MAX_DEFAULT: usize = 68 * 1024;

/// Cuts frames of at most a given length.
#[derive(Debug)]
pub struct Framer {
    length_max: usize,
    to_skip: usize,
}

/// What stands at the beginning of the buffer.
#[derive(Debug, PartialEq, Eq)]
pub enum Cut {
    /// A whole frame of this many octets; the caller takes it out of the buffer.
    Frame(usize),
    NeedMore,
    /// A frame over the bound; its octets are skipped. Deserves a generic_nack.
    TooLong {
        sequence: u32,
    },
    /// A length under 16: nothing after it can be trusted. Deserves a generic_nack and the end.
    TooShort {
        sequence: u32,
    },
}

impl Framer {
    /// `length_max` counts the header.
    pub fn new(length_max: usize) -> Self {
        Self { length_max, to_skip: 0 }
    }

    /// For the frames that begin from now on.
    pub fn set_length_max(&mut self, length_max: usize) {
        self.length_max = length_max;
    }

    /// Looks at the beginning of `buffer`; takes octets out only of frames that are skipped.
    pub fn cut(&mut self, buffer: &mut BytesMut) -> Cut {
        let skipped = self.to_skip.min(buffer.len());
        buffer.advance(skipped);
        self.to_skip -= skipped;
        let Some(length) = u32_at(buffer, 0).map(|length| length as usize) else {
            return Cut::NeedMore;
        };
        if length < HEADER_LENGTH {
            return Cut::TooShort { sequence: u32_at(buffer, 12).unwrap_or(SEQUENCE_UNKNOWN) };
        }
        if self.length_max < length {
            let Some(sequence) = u32_at(buffer, 12) else {
                return Cut::NeedMore;
            };
            buffer.advance(HEADER_LENGTH);
            self.to_skip = length - HEADER_LENGTH;
            return Cut::TooLong { sequence };
        }
        if buffer.len() < length {
            buffer.reserve(length - buffer.len());
            return Cut::NeedMore;
        }
        Cut::Frame(length)
    }
}

pub(super) fn u32_at(octets: &[u8], at: usize) -> Option<u32> {
    let four = octets.get(at..at + 4)?;
    Some(u32::from_be_bytes([four[0], four[1], four[2], four[3]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(length: u32) -> BytesMut {
        let mut octets = BytesMut::new();
        for word in [length, 0x15, 0, 7] {
            octets.extend_from_slice(&word.to_be_bytes());
        }
        octets
    }

    #[test]
    fn a_frame_is_cut_only_when_it_is_whole() {
        let mut framer = Framer::new(100);
        let whole = header(16);
        for part in 0..16 {
            assert_eq!(framer.cut(&mut BytesMut::from(&whole[..part])), Cut::NeedMore);
        }
        assert_eq!(framer.cut(&mut whole.clone()), Cut::Frame(16));
    }

    #[test]
    fn a_frame_over_the_bound_is_skipped_and_the_next_one_is_read() {
        let mut framer = Framer::new(100);
        let mut buffer = header(101);
        buffer.extend_from_slice(&[0xFF; 50]);
        assert_eq!(framer.cut(&mut buffer), Cut::TooLong { sequence: 7 });
        assert_eq!(framer.cut(&mut buffer), Cut::NeedMore);
        buffer.extend_from_slice(&[0xFF; 35]);
        buffer.extend_from_slice(&header(16));
        assert_eq!(framer.cut(&mut buffer), Cut::Frame(16));
        assert_eq!(buffer, header(16));
    }

    #[test]
    fn a_length_under_a_header_is_told_apart() {
        assert_eq!(Framer::new(100).cut(&mut header(15)), Cut::TooShort { sequence: 7 });
        assert_eq!(Framer::new(100).cut(&mut header(0)), Cut::TooShort { sequence: 7 });
    }
}
