//! Any bytes as one PDU and as a stream of them: the cutter stays within its bound, the reader does not
//! panic, and what was read and can be written is read again the same.

use bytes::{Buf, BytesMut};
use smpp::codec::{Cut, Framer, decode, encode};

const FRAME_LENGTH_MAX: usize = 1024;

fn main() {
    bolero::check!().for_each(|bytes: &[u8]| {
        check(bytes);
        let mut framer = Framer::new(FRAME_LENGTH_MAX);
        let mut stream = BytesMut::from(bytes);
        loop {
            match framer.cut(&mut stream) {
                Cut::Frame(length) => {
                    assert!(length <= FRAME_LENGTH_MAX && length <= stream.len());
                    check(&stream[..length]);
                    stream.advance(length);
                }
                Cut::TooLong { .. } => {}
                Cut::NeedMore | Cut::TooShort { .. } => break,
            }
        }
    });
}

fn check(frame: &[u8]) {
    let Ok(pdu) = decode(frame) else { return };
    let mut out = BytesMut::new();
    if encode(&pdu, &mut out).is_ok() {
        assert_eq!(decode(&out), Ok(pdu));
    }
}
