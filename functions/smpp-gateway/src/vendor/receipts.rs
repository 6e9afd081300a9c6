//! A vendor's receipt as the report that goes to the progress queue. No I/O.

use domain::connection::{SmppLink, StatusOutcome};
use domain::receipt::ReceiptState;
use queue::Report;
use smpp::DeliverSm;
use smpp::receipt::{self, Receipt};
use store::ParkedReceipt;

/// Twice what SMPP 3.4 section 5.2.23 allows. What is longer is no id, and nobody answered a submit with it.
pub const REFERENCE_MAX: usize = 130;
/// An error code or a number that is longer is neither; its beginning is kept.
const WORD_MAX: usize = 32;

/// Reads it; none if it names no message or no state.
pub fn read(pdu: &DeliverSm, link: &SmppLink) -> Option<Report> {
    let receipt = receipt::parse(pdu)?;
    let state = state(&receipt, link);
    let is_id = |id: &String| id.len() <= REFERENCE_MAX;
    Some(Report {
        reference: Some(receipt.id).filter(is_id)?,
        other_reference: receipt.id_in_text.filter(is_id),
        state,
        error: receipt.error.map(shortened),
        recipient: recipient(pdu, link),
        segment: None, // which is looked for when it is passed on
        again: false,
    })
}

/// What there is of one that names no message or no state: nothing can be done with it, but people may look at
/// it.
pub fn remains(pdu: &DeliverSm, link: &SmppLink) -> ParkedReceipt {
    let (id, state, error) = match receipt::parse(pdu) {
        Some(receipt) => (Some(receipt.id.clone()), state(&receipt, link), receipt.error),
        None => (pdu.tlvs.receipted_message_id(), ReceiptState::Unknown, None),
    };
    ParkedReceipt {
        reference: id.map(shortened).unwrap_or_default(),
        other_reference: None,
        state,
        error: error.map(shortened),
        recipient: recipient(pdu, link),
    }
}

/// A report goes the other way: it comes from whom the message went to.
fn recipient(pdu: &DeliverSm, link: &SmppLink) -> Option<String> {
    let recipient = if link.inverted_addresses { &pdu.destination } else { &pdu.source };
    Some(recipient.clone()).filter(|recipient| !recipient.is_empty()).map(shortened)
}

fn shortened(mut word: String) -> String {
    word.truncate(word.floor_char_boundary(WORD_MAX));
    word
}

/// What it says in our words: as the connection's own rules have it, or else as is usual.
fn state(receipt: &Receipt, link: &SmppLink) -> ReceiptState {
    if receipt.is_intermediate {
        return ReceiptState::Enroute;
    }
    match link.outcome_of(&receipt.state_name, receipt.error.as_deref()) {
        Some(StatusOutcome::Unsent) => ReceiptState::Unsent,
        Some(StatusOutcome::Undelivered) => ReceiptState::Undelivered,
        None => usual(receipt.state),
    }
}

/// `ACCEPTD` is not an end: some carriers report on after it.
fn usual(state: receipt::ReceiptState) -> ReceiptState {
    use receipt::ReceiptState as Smpp;
    match state {
        Smpp::Enroute | Smpp::Accepted => ReceiptState::Enroute,
        Smpp::Delivered => ReceiptState::Delivered,
        Smpp::Expired => ReceiptState::Expired,
        Smpp::Deleted | Smpp::Undeliverable => ReceiptState::Undelivered,
        Smpp::Rejected => ReceiptState::Rejected,
        Smpp::Unknown => ReceiptState::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::connection::StatusRule;
    use smpp::tlv;

    fn link() -> SmppLink {
        let rule = |status: &str, codes: &[&str], outcome| StatusRule {
            status: status.to_owned(),
            codes: codes.iter().map(|code| (*code).to_owned()).collect(),
            outcome,
        };
        SmppLink {
            statuses: vec![
                rule("BLOCKED", &[], StatusOutcome::Unsent),
                rule("UNDELIV", &["666"], StatusOutcome::Unsent),
                rule("EXPIRED", &[], StatusOutcome::Undelivered),
            ],
            ..SmppLink::new("smsc.example.com", 2775, "waybill")
        }
    }

    fn pdu(text: &str) -> DeliverSm {
        DeliverSm {
            esm_class: 0x04,
            source: "4915112345678".to_owned(),
            destination: "ACME".to_owned(),
            short_message: text.to_owned().into(),
            ..DeliverSm::default()
        }
    }

    fn usual_link() -> SmppLink {
        SmppLink { statuses: Vec::new(), ..link() }
    }

    #[track_caller]
    fn check(link: &SmppLink, text: &str, state: ReceiptState, error: Option<&str>) {
        let expected = Report {
            reference: "0042".to_owned(),
            other_reference: None,
            state,
            error: error.map(str::to_owned),
            recipient: Some("4915112345678".to_owned()),
            segment: None,
            again: false,
        };
        assert_eq!(read(&pdu(text), link), Some(expected));
    }

    #[test]
    fn a_receipt_is_passed_on_with_the_vendors_id_as_it_is_and_our_word_for_its_state() {
        let link = usual_link();
        check(&link, "id:0042 stat:DELIVRD err:000", ReceiptState::Delivered, Some("000"));
        check(&link, "id:0042 stat:UNDELIV err:21b", ReceiptState::Undelivered, Some("21b"));
        check(&link, "id:0042 stat:DELETED", ReceiptState::Undelivered, None);
        check(&link, "id:0042 stat:EXPIRED", ReceiptState::Expired, None);
        check(&link, "id:0042 stat:REJECTD", ReceiptState::Rejected, None);
        check(&link, "id:0042 stat:ACCEPTD", ReceiptState::Enroute, None);
        check(&link, "id:0042 stat:FROBBED", ReceiptState::Unknown, None);
    }

    #[test]
    fn a_connection_may_take_a_vendors_words_for_something_else() {
        let link = link();
        check(&link, "id:0042 stat:BLOCKED", ReceiptState::Unsent, None);
        check(&link, "id:0042 stat:UNDELIV err:666", ReceiptState::Unsent, Some("666"));
        check(&link, "id:0042 stat:UNDELIV err:001", ReceiptState::Undelivered, Some("001"));
        check(&link, "id:0042 stat:EXPIRED err:000", ReceiptState::Undelivered, Some("000"));
        check(&link, "id:0042 stat:DELIVRD err:666", ReceiptState::Delivered, Some("666"));
    }

    #[test]
    fn a_notification_on_the_way_ends_nothing() {
        let on_the_way = DeliverSm { esm_class: 0x20, ..pdu("id:0042 stat:UNDELIV err:666") };
        assert_eq!(read(&on_the_way, &link()).map(|report| report.state), Some(ReceiptState::Enroute));
    }

    #[test]
    fn both_ids_of_a_receipt_are_passed_on() {
        let mut both = pdu("id:1715004 stat:DELIVRD");
        both.tlvs.push_text(tlv::RECEIPTED_MESSAGE_ID, "1a2b3c");
        let report = read(&both, &link()).unwrap();
        assert_eq!(
            (report.reference.as_str(), report.other_reference.as_deref()),
            ("1a2b3c", Some("1715004"))
        );
    }

    #[test]
    fn a_vendor_may_name_the_recipient_second() {
        let link = SmppLink { inverted_addresses: true, ..link() };
        let inverted = DeliverSm {
            source: "ACME".to_owned(),
            destination: "4915112345678".to_owned(),
            ..pdu("id:1 stat:DELIVRD")
        };
        assert_eq!(read(&inverted, &link).unwrap().recipient.as_deref(), Some("4915112345678"));
    }

    #[test]
    fn what_is_no_receipt_and_what_could_fill_a_queue_is_none() {
        for text in ["", "stat:DELIVRD", "id:0042", &format!("id:{} stat:DELIVRD", "9".repeat(200))] {
            assert_eq!(read(&pdu(text), &link()), None, "{text}");
        }
        let of = |text: &str| remains(&pdu(text), &link());
        let nothing = of("id:0042");
        assert_eq!((nothing.reference.as_str(), nothing.state), ("", ReceiptState::Unknown));
        assert_eq!(nothing.recipient.as_deref(), Some("4915112345678"));
        let too_long = of(&format!("id:{} stat:DELIVRD", "9".repeat(200)));
        assert_eq!((too_long.reference, too_long.state), ("9".repeat(32), ReceiptState::Delivered));
        let long = read(&pdu(&format!("id:1 stat:DELIVRD err:{}", "9".repeat(99))), &link()).unwrap();
        assert_eq!(long.error.map(|error| error.len()), Some(32));
    }
}
