//! What to do about an error: a table, since nothing in the numbers says it.

use super::CommandStatus;

/// What a refused message needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// Again on this link, later.
    Retry,
    /// The same, and everything else on this link slower.
    SlowDown,
    /// Nothing to be had here; another vendor may take it.
    NextRoute,
    /// The message itself is at fault: no vendor will take it.
    Stop,
}

use CommandStatus as Status;
use ErrorClass::{NextRoute, Retry, SlowDown, Stop};

/// SMPP 3.4 section 5.1.3 and 5.0 section 4.7.6 say what an error means; what is worth another try
/// is what Kannel and Jasmin do by default and what vendors say of their own use.
const CLASSES: [(CommandStatus, ErrorClass); 37] = [
    // Kannel pauses the link, Jasmin tries again for minutes.
    (Status::RTHROTTLED, SlowDown),
    (Status::RMSGQFUL, SlowDown),
    // Temporary for Kannel and Jasmin.
    (Status::RSYSERR, Retry),
    (Status::RX_T_APPN, Retry),
    (Status::RINVSCHED, Retry),
    // The service is away for now, says 5.0.
    (Status::RSERTYPUNAVAIL, Retry),
    // What this vendor does not do, or not for us; senders are registered with each vendor.
    (Status::RINVCMDID, NextRoute),
    (Status::RINVBNDSTS, NextRoute),
    (Status::RINVSRCADR, NextRoute),
    (Status::RINVSRCTON, NextRoute),
    (Status::RINVSRCNPI, NextRoute),
    (Status::RINVDSTTON, NextRoute),
    (Status::RINVDSTNPI, NextRoute),
    (Status::RBINDFAIL, NextRoute),
    (Status::RINVPASWD, NextRoute),
    (Status::RINVSYSID, NextRoute),
    (Status::RINVSYSTYP, NextRoute),
    (Status::RINVSERTYP, NextRoute),
    (Status::RSUBMITFAIL, NextRoute),
    (Status::RINVPRTFLG, NextRoute),
    (Status::RINVREGDLVFLG, NextRoute),
    (Status::ROPTPARNOTALLWD, NextRoute),
    (Status::RX_P_APPN, NextRoute),
    (Status::RX_R_APPN, NextRoute),
    (Status::RDELIVERYFAILURE, NextRoute),
    (Status::RUNKNOWNERR, NextRoute),
    (Status::RSERTYPUNAUTH, NextRoute),
    (Status::RPROHIBITED, NextRoute),
    (Status::RSERTYPDENIED, NextRoute),
    (Status::RINVDCS, NextRoute),
    // The number or the message: the same everywhere.
    (Status::RINVMSGLEN, Stop),
    (Status::RINVCMDLEN, Stop),
    (Status::RINVDSTADR, Stop),
    (Status::RINVESMCLASS, Stop),
    (Status::RINVEXPIRY, Stop),
    (Status::RINVPARLEN, Stop),
    (Status::RINVOPTPARAMVAL, Stop),
];

impl ErrorClass {
    /// The class of a status. What is in no table is a vendor's own: it will not change its mind,
    /// but it speaks for itself alone.
    pub(super) fn of(status: CommandStatus) -> Self {
        let found = CLASSES.iter().find(|(listed, _)| *listed == status);
        found.map_or(NextRoute, |(_, class)| *class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_whether_to_wait_to_slow_down_to_go_elsewhere_or_to_give_up() {
        for (number, class) in [
            (0x58, SlowDown),
            (0x14, SlowDown),
            (0x08, Retry),
            (0x64, Retry),
            (0x0A, NextRoute),
            (0x45, NextRoute),
            (0x0B, Stop),
            (0x01, Stop),
        ] {
            assert_eq!(CommandStatus(number).class(), class, "{number:#x}");
        }
    }

    #[test]
    fn a_vendors_own_error_and_one_of_no_table_go_to_the_next_route() {
        for number in [0x22, 0x3E8, 0x456, 0x4FF, 0xFFFF_FFFF] {
            assert_eq!(CommandStatus(number).class(), NextRoute, "{number:#x}");
        }
    }

    #[test]
    fn no_status_stands_in_the_table_twice() {
        for (index, (status, _)) in CLASSES.iter().enumerate() {
            assert!(CLASSES[..index].iter().all(|(earlier, _)| earlier != status), "{status}");
        }
    }
}
