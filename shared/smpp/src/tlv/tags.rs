//! The optional parameters of SMPP 3.4 section 5.3.2, and those 5.0 adds to messages and answers:
//! their tags, and the lengths by the book, which only the encoder insists on.

/// What a parameter's value may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// So many octets.
    Octets { min: usize, max: usize },
    /// Octets up to and with a NUL at the end, so many in all.
    Text { max: usize },
}

macro_rules! tags {
    ($($name:ident = $tag:literal $text:literal $shape:expr,)*) => {
        $(#[doc = concat!("`", $text, "`")]
        pub const $name: u16 = $tag;)*

        /// The name in the specification.
        pub fn name(tag: u16) -> Option<&'static str> {
            match tag {
                $($name => Some($text),)*
                _ => None,
            }
        }

        /// What the value should be; `None` for a parameter that is not in the specification.
        pub fn shape(tag: u16) -> Option<Shape> {
            match tag {
                $($name => Some($shape),)*
                _ => None,
            }
        }
    };
}

const fn octets(count: usize) -> Shape {
    Shape::Octets { min: count, max: count }
}

const fn between(min: usize, max: usize) -> Shape {
    Shape::Octets { min, max }
}

const ANY: Shape = Shape::Octets { min: 0, max: 0xFFFF };

tags! {
    DEST_ADDR_SUBUNIT = 0x0005 "dest_addr_subunit" octets(1),
    DEST_NETWORK_TYPE = 0x0006 "dest_network_type" octets(1),
    DEST_BEARER_TYPE = 0x0007 "dest_bearer_type" octets(1),
    DEST_TELEMATICS_ID = 0x0008 "dest_telematics_id" octets(2),
    SOURCE_ADDR_SUBUNIT = 0x000D "source_addr_subunit" octets(1),
    SOURCE_NETWORK_TYPE = 0x000E "source_network_type" octets(1),
    SOURCE_BEARER_TYPE = 0x000F "source_bearer_type" octets(1),
    // Two octets in 5.0.
    SOURCE_TELEMATICS_ID = 0x0010 "source_telematics_id" between(1, 2),
    QOS_TIME_TO_LIVE = 0x0017 "qos_time_to_live" octets(4),
    PAYLOAD_TYPE = 0x0019 "payload_type" octets(1),
    ADDITIONAL_STATUS_INFO_TEXT = 0x001D "additional_status_info_text" Shape::Text { max: 256 },
    RECEIPTED_MESSAGE_ID = 0x001E "receipted_message_id" Shape::Text { max: 65 },
    MS_MSG_WAIT_FACILITIES = 0x0030 "ms_msg_wait_facilities" octets(1),
    PRIVACY_INDICATOR = 0x0201 "privacy_indicator" octets(1),
    SOURCE_SUBADDRESS = 0x0202 "source_subaddress" between(2, 23),
    DEST_SUBADDRESS = 0x0203 "dest_subaddress" between(2, 23),
    USER_MESSAGE_REFERENCE = 0x0204 "user_message_reference" octets(2),
    USER_RESPONSE_CODE = 0x0205 "user_response_code" octets(1),
    SOURCE_PORT = 0x020A "source_port" octets(2),
    DESTINATION_PORT = 0x020B "destination_port" octets(2),
    SAR_MSG_REF_NUM = 0x020C "sar_msg_ref_num" octets(2),
    LANGUAGE_INDICATOR = 0x020D "language_indicator" octets(1),
    SAR_TOTAL_SEGMENTS = 0x020E "sar_total_segments" octets(1),
    SAR_SEGMENT_SEQNUM = 0x020F "sar_segment_seqnum" octets(1),
    SC_INTERFACE_VERSION = 0x0210 "sc_interface_version" octets(1),
    CALLBACK_NUM_PRES_IND = 0x0302 "callback_num_pres_ind" octets(1),
    CALLBACK_NUM_ATAG = 0x0303 "callback_num_atag" between(0, 65),
    NUMBER_OF_MESSAGES = 0x0304 "number_of_messages" octets(1),
    CALLBACK_NUM = 0x0381 "callback_num" between(4, 19),
    DPF_RESULT = 0x0420 "dpf_result" octets(1),
    SET_DPF = 0x0421 "set_dpf" octets(1),
    MS_AVAILABILITY_STATUS = 0x0422 "ms_availability_status" octets(1),
    NETWORK_ERROR_CODE = 0x0423 "network_error_code" octets(3),
    MESSAGE_PAYLOAD = 0x0424 "message_payload" ANY,
    DELIVERY_FAILURE_REASON = 0x0425 "delivery_failure_reason" octets(1),
    MORE_MESSAGES_TO_SEND = 0x0426 "more_messages_to_send" octets(1),
    MESSAGE_STATE = 0x0427 "message_state" octets(1),
    CONGESTION_STATE = 0x0428 "congestion_state" octets(1),
    USSD_SERVICE_OP = 0x0501 "ussd_service_op" octets(1),
    BILLING_IDENTIFICATION = 0x060B "billing_identification" between(1, 1024),
    SOURCE_NETWORK_ID = 0x060D "source_network_id" between(7, 65),
    DEST_NETWORK_ID = 0x060E "dest_network_id" between(7, 65),
    SOURCE_NODE_ID = 0x060F "source_node_id" octets(6),
    DEST_NODE_ID = 0x0610 "dest_node_id" octets(6),
    DEST_ADDR_NP_RESOLUTION = 0x0611 "dest_addr_np_resolution" octets(1),
    DEST_ADDR_NP_INFORMATION = 0x0612 "dest_addr_np_information" octets(10),
    DEST_ADDR_NP_COUNTRY = 0x0613 "dest_addr_np_country" between(1, 5),
    DISPLAY_TIME = 0x1201 "display_time" octets(1),
    SMS_SIGNAL = 0x1203 "sms_signal" octets(2),
    // With a unit and a number since 5.0.
    MS_VALIDITY = 0x1204 "ms_validity" between(1, 4),
    // None in 3.4, one in 5.0.
    ALERT_ON_MESSAGE_DELIVERY = 0x130C "alert_on_message_delivery" between(0, 1),
    ITS_REPLY_TYPE = 0x1380 "its_reply_type" octets(1),
    ITS_SESSION_INFO = 0x1383 "its_session_info" octets(2),
}
