//! Files that people upload beside a form: logos, terms, templates. They lie in the bucket under their
//! company and their name; a form holds the name only.

use serde::{Deserialize, Serialize};

use crate::id::{CompanyId, decode, digest, encode};

const PREFIX: &str = "upl_";

/// What may be uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    Svg,
    Png,
    Jpeg,
    Gif,
    Ico,
    Pdf,
    /// A template, as printable forms have it.
    Xml,
}

/// Pictures of a portal.
pub const PICTURES: &[FileKind] =
    &[FileKind::Svg, FileKind::Png, FileKind::Jpeg, FileKind::Gif, FileKind::Ico];
pub const DOCUMENTS: &[FileKind] = &[FileKind::Pdf];

impl FileKind {
    pub const ALL: [Self; 7] = [Self::Svg, Self::Png, Self::Jpeg, Self::Gif, Self::Ico, Self::Pdf, Self::Xml];

    fn ending(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Gif => "gif",
            Self::Ico => "ico",
            Self::Pdf => "pdf",
            Self::Xml => "xml",
        }
    }

    /// A portal's page loads its pictures before anybody can log in; documents are opened one by one.
    pub fn bytes_max(self) -> usize {
        match self {
            Self::Svg | Self::Png | Self::Jpeg | Self::Gif | Self::Ico => 2_000_000,
            Self::Pdf => 10_000_000,
            Self::Xml => 64_000,
        }
    }

    /// Whether a file begins as such files do.
    pub fn fits(self, bytes: &[u8]) -> bool {
        match self {
            Self::Svg => std::str::from_utf8(bytes).is_ok_and(|text| text.contains("<svg")),
            Self::Png => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
            Self::Jpeg => bytes.starts_with(&[0xff, 0xd8, 0xff]),
            Self::Gif => bytes.starts_with(b"GIF8"),
            Self::Ico => bytes.starts_with(&[0, 0, 1, 0]),
            Self::Pdf => bytes.starts_with(b"%PDF-"),
            Self::Xml => std::str::from_utf8(bytes).is_ok_and(|text| text.contains('<')),
        }
    }
}

/// The name of an uploaded file: `upl_`, 26 characters, and the ending of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FileName(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the name of an uploaded file")]
pub struct FileNameError;

impl FileName {
    /// A new name from 128 bits that nobody can guess.
    pub fn new(bits: u128, kind: FileKind) -> Self {
        Self(format!("{PREFIX}{}.{}", encode(bits), kind.ending()))
    }

    pub fn parse(text: &str) -> Result<Self, FileNameError> {
        let (body, ending) =
            text.strip_prefix(PREFIX).and_then(|rest| rest.split_once('.')).ok_or(FileNameError)?;
        let known = FileKind::ALL.iter().any(|kind| kind.ending() == ending);
        match decode(body) {
            Some(bits) if known && encode(bits) == body => Ok(Self(text.to_owned())),
            _ => Err(FileNameError),
        }
    }

    pub fn kind(&self) -> FileKind {
        let is_ending = |kind: &&FileKind| self.0.ends_with(kind.ending());
        // Every name has one of the endings.
        FileKind::ALL.iter().find(is_ending).copied().unwrap_or(FileKind::Pdf)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where a company's file of this name lies in the bucket. Everybody sees the addresses of a portal's
    /// files, so they do not tell the company's id.
    pub fn place(&self, company: &CompanyId) -> String {
        let folder = encode(digest(&["uploads", company.as_str()]));
        format!("uploads/{folder}/{}", self.0)
    }
}

impl TryFrom<String> for FileName {
    type Error = FileNameError;
    fn try_from(text: String) -> Result<Self, FileNameError> {
        Self::parse(&text)
    }
}

impl From<FileName> for String {
    fn from(name: FileName) -> String {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_kind_of_file_it_is() {
        for kind in FileKind::ALL {
            let name = FileName::new(u128::MAX - 7, kind);
            assert_eq!(FileName::parse(name.as_str()).unwrap().kind(), kind);
        }
        for bad in ["", "upl_x.png", "../../secret.png", "upl_00000000000000000000000001.exe", "upl_1"] {
            assert!(FileName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn where_a_file_lies_is_its_companys_own_and_does_not_tell_whose() {
        let (file, company) = (FileName::new(1, FileKind::Png), CompanyId::new(7));
        assert_ne!(file.place(&company), file.place(&CompanyId::new(2)));
        assert!(!file.place(&company).contains(company.body()));
    }

    #[test]
    fn a_file_is_known_by_its_first_bytes() {
        assert!(FileKind::Pdf.fits(b"%PDF-1.7 ...") && !FileKind::Pdf.fits(b"<html>"));
        assert!(FileKind::Svg.fits(b"<?xml?><svg/>") && !FileKind::Svg.fits(&[0xff, 0xd8, 0xff]));
        assert!(FileKind::Xml.fits(b"<document/>") && !FileKind::Xml.fits(b"%PDF-"));
    }
}
