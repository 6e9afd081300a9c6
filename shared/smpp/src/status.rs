//! `command_status`: what an answer says about its request.
//!
//! Any 32-bit value can come from a peer, so this is a number with names for the known ones and
//! not an enum. [`ErrorClass`] says what to do about an error.

mod class;

use std::fmt;

pub use class::ErrorClass;

/// The status of an answer, SMPP 3.4 section 5.1.3 and 5.0 section 4.7.6. Vendors use values outside every table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct CommandStatus(pub u32);

macro_rules! statuses {
    ($($name:ident = $value:literal,)*) => {
        impl CommandStatus {
            $(#[doc = concat!("`ESME_", stringify!($name), "`")]
            pub const $name: Self = Self($value);)*

            /// The name in the specification without `ESME_`, if it has one.
            pub fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some(stringify!($name)),)*
                    _ => None,
                }
            }
        }
    };
}

statuses! {
    ROK = 0x00,
    RINVMSGLEN = 0x01,
    RINVCMDLEN = 0x02,
    RINVCMDID = 0x03,
    RINVBNDSTS = 0x04,
    RALYBND = 0x05,
    RINVPRTFLG = 0x06,
    RINVREGDLVFLG = 0x07,
    RSYSERR = 0x08,
    RINVSRCADR = 0x0A,
    RINVDSTADR = 0x0B,
    RINVMSGID = 0x0C,
    RBINDFAIL = 0x0D,
    RINVPASWD = 0x0E,
    RINVSYSID = 0x0F,
    RCANCELFAIL = 0x11,
    RREPLACEFAIL = 0x13,
    RMSGQFUL = 0x14,
    RINVSERTYP = 0x15,
    RINVNUMDESTS = 0x33,
    RINVDLNAME = 0x34,
    RINVDESTFLAG = 0x40,
    RINVSUBREP = 0x42,
    RINVESMCLASS = 0x43,
    RCNTSUBDL = 0x44,
    RSUBMITFAIL = 0x45,
    RINVSRCTON = 0x48,
    RINVSRCNPI = 0x49,
    RINVDSTTON = 0x50,
    RINVDSTNPI = 0x51,
    RINVSYSTYP = 0x53,
    RINVREPFLAG = 0x54,
    RINVNUMMSGS = 0x55,
    RTHROTTLED = 0x58,
    RINVSCHED = 0x61,
    RINVEXPIRY = 0x62,
    RINVDFTMSGID = 0x63,
    RX_T_APPN = 0x64,
    RX_P_APPN = 0x65,
    RX_R_APPN = 0x66,
    RQUERYFAIL = 0x67,
    RINVOPTPARSTREAM = 0xC0,
    ROPTPARNOTALLWD = 0xC1,
    RINVPARLEN = 0xC2,
    RMISSINGOPTPARAM = 0xC3,
    RINVOPTPARAMVAL = 0xC4,
    RDELIVERYFAILURE = 0xFE,
    RUNKNOWNERR = 0xFF,
    RSERTYPUNAUTH = 0x100,
    RPROHIBITED = 0x101,
    RSERTYPUNAVAIL = 0x102,
    RSERTYPDENIED = 0x103,
    RINVDCS = 0x104,
    RINVSRCADDRSUBUNIT = 0x105,
    RINVDSTADDRSUBUNIT = 0x106,
    RINVBCASTFREQINT = 0x107,
    RINVBCASTALIAS_NAME = 0x108,
    RINVBCASTAREAFMT = 0x109,
    RINVNUMBCAST_AREAS = 0x10A,
    RINVBCASTCNTTYPE = 0x10B,
    RINVBCASTMSGCLASS = 0x10C,
    RBCASTFAIL = 0x10D,
    RBCASTQUERYFAIL = 0x10E,
    RBCASTCANCELFAIL = 0x10F,
    RINVBCAST_REP = 0x110,
    RINVBCASTSRVGRP = 0x111,
    RINVBCASTCHANIND = 0x112,
}

impl CommandStatus {
    pub fn is_ok(self) -> bool {
        self == Self::ROK
    }

    /// What to do with a message that is refused with this status; a vendor's own table goes first.
    pub fn class(self) -> ErrorClass {
        ErrorClass::of(self)
    }

    /// Whether the peer asks us to slow down. Some vendors say `RMSGQFUL` for an empty balance
    /// too, so one that never ends deserves an alert.
    pub fn is_throttling(self) -> bool {
        self.class() == ErrorClass::SlowDown
    }

    /// Whether the same request may succeed later on the same link; throttling is included.
    pub fn is_temporary(self) -> bool {
        matches!(self.class(), ErrorClass::SlowDown | ErrorClass::Retry)
    }
}

impl fmt::Display for CommandStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "ESME_{name}"),
            None => write!(f, "0x{:08X}", self.0),
        }
    }
}

impl fmt::Debug for CommandStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
