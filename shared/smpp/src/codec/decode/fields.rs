//! The fields of a body, one after the other.

use bytes::Bytes;

use super::DecodeError;
use crate::address::Address;
use crate::tlv::{Tlv, Tlvs, latin1_until_nul};

/// What is left of a body.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
    command_id: u32,
    sequence: u32,
}

impl<'a> Fields<'a> {
    pub fn new(rest: &'a [u8], command_id: u32, sequence: u32) -> Self {
        Self { rest, command_id, sequence }
    }

    pub fn command_id(&self) -> u32 {
        self.command_id
    }

    pub fn sequence(&self) -> u32 {
        self.sequence
    }

    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn cut_off(&self) -> DecodeError {
        DecodeError::CutOff { command_id: self.command_id, sequence: self.sequence }
    }

    pub fn octet(&mut self) -> Result<u8, DecodeError> {
        let (first, rest) = self.rest.split_first().ok_or_else(|| self.cut_off())?;
        self.rest = rest;
        Ok(*first)
    }

    pub fn word(&mut self) -> Result<u32, DecodeError> {
        let (word, rest) = self.rest.split_first_chunk().ok_or_else(|| self.cut_off())?;
        self.rest = rest;
        Ok(u32::from_be_bytes(*word))
    }

    pub fn address(&mut self) -> Result<Address, DecodeError> {
        Ok(Address { ton: self.octet()?, npi: self.octet()?, value: self.text()? })
    }

    /// The last mandatory field of a PDU: its NUL may be missing.
    pub fn last_address(&mut self) -> Result<Address, DecodeError> {
        Ok(Address { ton: self.octet()?, npi: self.octet()?, value: self.last_text() })
    }

    /// A C-octet string of any length.
    pub fn text(&mut self) -> Result<String, DecodeError> {
        let nul = self.rest.iter().position(|octet| *octet == 0).ok_or_else(|| self.cut_off())?;
        let text = latin1_until_nul(&self.rest[..nul]);
        self.rest = &self.rest[nul + 1..];
        Ok(text)
    }

    /// The last mandatory string of a PDU: its NUL, or all of it, may be missing.
    pub fn last_text(&mut self) -> String {
        let nul = self.rest.iter().position(|octet| *octet == 0).unwrap_or(self.rest.len());
        let text = latin1_until_nul(&self.rest[..nul]);
        self.rest = self.rest.get(nul + 1..).unwrap_or_default();
        text
    }

    /// Octets that follow their count.
    pub fn counted(&mut self) -> Result<Bytes, DecodeError> {
        let declared = usize::from(self.octet()?);
        let Some((octets, rest)) = self.rest.split_at_checked(declared) else {
            let present = self.rest.len();
            return Err(DecodeError::MessageLength { declared, present, sequence: self.sequence });
        };
        self.rest = rest;
        Ok(Bytes::copy_from_slice(octets))
    }

    /// The optional parameters; stray or cut-off octets after the last whole one are left out.
    pub fn tlvs(&mut self) -> Tlvs {
        let mut tlvs = Tlvs::default();
        while let [tag_high, tag_low, length_high, length_low, rest @ ..] = self.rest {
            let length = usize::from(u16::from_be_bytes([*length_high, *length_low]));
            let Some((value, rest)) = rest.split_at_checked(length) else {
                break;
            };
            let tag = u16::from_be_bytes([*tag_high, *tag_low]);
            tlvs.0.push(Tlv { tag, value: Bytes::copy_from_slice(value) });
            self.rest = rest;
        }
        tlvs
    }
}
