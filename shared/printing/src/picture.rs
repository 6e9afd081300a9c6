//! Pictures of a form: a logo, a stamp. A form names them; their files are uploaded beside it.
#![allow(clippy::float_arithmetic, reason = "places on paper; money is text before it comes here")]

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::printable_form::PICTURE_BYTES_MAX;
use domain::upload::FileKind;
use jiff::Timestamp;
use krilla::Data;
use krilla::image::Image;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::budget::Budget;
use crate::page::{Align, Block, Margin, Page};
use crate::pdf;

/// A logo of 8 by 8 centimetres at 300 dots an inch has a million. What is packed into a few bytes is not
/// unpacked before its size is known.
const PIXELS_MAX: u64 = 2_000_000;

/// The last marker of a JPEG (ITU T.81, B.1.1.3).
const END_OF_IMAGE: [u8; 2] = [0xff, 0xd9];

/// The pictures of a form, by the names that it uses.
pub type Pictures = BTreeMap<String, Picture>;

/// A picture that can be drawn.
#[derive(Debug, Clone)]
pub struct Picture {
    image: Image,
    /// The file, if it is a JPEG: that stands in a PDF as it is, read by nobody before the one who looks at it.
    jpeg: Option<Arc<Vec<u8>>>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    #[error("a picture is a PNG or a JPEG file")]
    Kind,
    #[error("a picture has at most {PICTURE_BYTES_MAX} bytes")]
    TooLong,
    #[error("the picture is {width} by {height} pixels; it may have {PIXELS_MAX} in all")]
    TooLarge { width: u32, height: u32 },
    #[error("the picture cannot be read: {0}")]
    Broken(String),
    #[error("the picture cannot be printed; save it again, in RGB or grey")]
    NotPrintable,
}

impl Picture {
    /// Reads what a file says of itself.
    pub fn read(kind: FileKind, file: Vec<u8>) -> Result<Self, PictureError> {
        if PICTURE_BYTES_MAX < file.len() {
            return Err(PictureError::TooLong);
        }
        let file = Arc::new(file);
        let data = Data::from(file.clone());
        let (read, jpeg) = match kind {
            FileKind::Png => (Image::from_png(data, false), None),
            FileKind::Jpeg => (Image::from_jpeg(data, false), Some(file)),
            _ => return Err(PictureError::Kind),
        };
        let image = read.map_err(PictureError::Broken)?;
        let (width, height) = image.size();
        match u64::from(width) * u64::from(height) {
            0 => Err(PictureError::Broken("it has no pixels".to_owned())),
            1..=PIXELS_MAX => Ok(Self { image, jpeg }),
            _ => Err(PictureError::TooLarge { width, height }),
        }
    }

    /// Whether all of it can be read, and shown in a file that is to be archived.
    pub(crate) fn check(&self) -> Result<(), PictureError> {
        if let Some(file) = &self.jpeg {
            let options = DecoderOptions::default().set_strict_mode(true);
            let decoded = JpegDecoder::new_with_options(ZCursor::new(file.as_slice()), options).decode();
            decoded.map_err(|error| PictureError::Broken(error.to_string()))?;
            // The decoder needs none of its last bytes, and a reader of the document may.
            if !ends(file) {
                return Err(PictureError::Broken("it breaks off before its end".to_owned()));
            }
        }
        let image = Block::Image { picture: self.clone(), size: (100.0, 100.0), align: Align::Left };
        let page = Page {
            title: "Picture".to_owned(),
            language: "en".to_owned(),
            width: 200.0,
            height: 200.0,
            margin: Margin { top: 0.0, right: 0.0, bottom: 0.0, left: 0.0 },
            watermark: None,
            header: Vec::new(),
            header_first: true,
            footer: Vec::new(),
            body: vec![image],
        };
        let facts = pdf::Facts { id: "picture", author: "", made_at: Timestamp::UNIX_EPOCH };
        pdf::write(&page, &facts, &Budget::default()).map_err(|_| PictureError::NotPrintable).map(drop)
    }

    /// As large as it may be in its proportions; none if nothing is left of it, or nothing is said.
    pub(crate) fn size_within(&self, width: Option<f32>, height: Option<f32>) -> Option<(f32, f32)> {
        let (across, down) = self.image.size();
        let (across, down) = (across as f32, down as f32);
        let scale = match (width.map(|width| width / across), height.map(|height| height / down)) {
            (Some(one), Some(other)) => one.min(other),
            (one, other) => one.or(other)?,
        };
        let size = (across * scale, down * scale);
        (size.0 >= 1.0 && size.1 >= 1.0).then_some(size)
    }

    pub(crate) fn image(&self) -> Image {
        self.image.clone()
    }
}

/// Whether a JPEG has its last marker, with nothing behind it but what fills up a block.
fn ends(file: &[u8]) -> bool {
    let filled = file.iter().rev().take_while(|byte| **byte == 0).count();
    file[..file.len() - filled].ends_with(&END_OF_IMAGE)
}
