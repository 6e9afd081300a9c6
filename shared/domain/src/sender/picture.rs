//! The pictures of an RCS sender ID. They are shown as they are, so they have exactly the size that is
//! asked for (guide, section 6.5.2).

use crate::upload::FileKind;

/// What a picture has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    pub bytes_max: usize,
}

pub const LOGO: Picture = Picture { width: 224, height: 224, bytes_max: 50 * 1_024 };
pub const BACKGROUND: Picture = Picture { width: 1_440, height: 448, bytes_max: 200 * 1_024 };

impl Picture {
    pub fn fits(self, kind: FileKind, bytes: &[u8]) -> bool {
        let size = match kind {
            FileKind::Png => png_size(bytes),
            FileKind::Jpeg => jpeg_size(bytes),
            _ => None,
        };
        size == Some((self.width, self.height)) && bytes.len() <= self.bytes_max
    }
}

impl std::fmt::Display for Picture {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { width, height, bytes_max } = self;
        write!(out, "a PNG or JPEG picture of {width} x {height} with at most {bytes_max} bytes")
    }
}

/// Width and height stand at the beginning of the first chunk (W3C PNG, section 11.2.2).
fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    (bytes.get(12..16)? == b"IHDR").then_some(())?;
    Some((number(16)?, number(20)?))
}

/// In the frame header, behind segments of any length (ITU T.81, section B.2.2).
fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32)> {
    const TABLES: [u8; 3] = [0xc4, 0xc8, 0xcc];
    let number = |at: usize| Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    let mut at = 2;
    while *bytes.get(at)? == 0xff {
        let marker = *bytes.get(at + 1)?;
        if (0xc0..=0xcf).contains(&marker) && !TABLES.contains(&marker) {
            return Some((number(at + 7)?.into(), number(at + 5)?.into()));
        }
        at += 2 + usize::from(number(at + 2)?);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_exactly_as_large_as_asked_for() {
        let png = |width: u32, height: u32| {
            let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
            bytes.extend(width.to_be_bytes());
            bytes.extend(height.to_be_bytes());
            bytes
        };
        assert!(LOGO.fits(FileKind::Png, &png(224, 224)));
        assert!(!LOGO.fits(FileKind::Png, &png(224, 225)));
        assert!(!LOGO.fits(FileKind::Gif, &png(224, 224)));
        let heavy = [png(224, 224), vec![0; LOGO.bytes_max]].concat();
        assert!(!LOGO.fits(FileKind::Png, &heavy));
        // A segment of four bytes, then the frame header: length, precision, height, width.
        let jpeg = [
            &[0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 11, 8][..],
            &448_u16.to_be_bytes(),
            &1_440_u16.to_be_bytes(),
        ]
        .concat();
        assert!(BACKGROUND.fits(FileKind::Jpeg, &jpeg));
        for cut in 0..jpeg.len() {
            assert!(!BACKGROUND.fits(FileKind::Jpeg, &jpeg[..cut]));
        }
    }
}
