//! Command ids (SMPP 3.4 section 5.1.2.1, 5.0 section 4.7.5). An answer's is its request's with
//! [`ANSWER_BIT`](super::ANSWER_BIT).

macro_rules! commands {
    ($($name:ident = $value:literal $text:literal,)*) => {
        $(#[doc = concat!("`", $text, "`")]
        pub const $name: u32 = $value;)*

        /// The name in the specification, for logs.
        pub fn name(command_id: u32) -> Option<&'static str> {
            match command_id {
                $($name => Some($text),)*
                _ => None,
            }
        }
    };
}

commands! {
    BIND_RECEIVER = 0x01 "bind_receiver",
    BIND_RECEIVER_RESP = 0x8000_0001 "bind_receiver_resp",
    BIND_TRANSMITTER = 0x02 "bind_transmitter",
    BIND_TRANSMITTER_RESP = 0x8000_0002 "bind_transmitter_resp",
    QUERY_SM = 0x03 "query_sm",
    QUERY_SM_RESP = 0x8000_0003 "query_sm_resp",
    SUBMIT_SM = 0x04 "submit_sm",
    SUBMIT_SM_RESP = 0x8000_0004 "submit_sm_resp",
    DELIVER_SM = 0x05 "deliver_sm",
    DELIVER_SM_RESP = 0x8000_0005 "deliver_sm_resp",
    UNBIND = 0x06 "unbind",
    UNBIND_RESP = 0x8000_0006 "unbind_resp",
    REPLACE_SM = 0x07 "replace_sm",
    REPLACE_SM_RESP = 0x8000_0007 "replace_sm_resp",
    CANCEL_SM = 0x08 "cancel_sm",
    CANCEL_SM_RESP = 0x8000_0008 "cancel_sm_resp",
    BIND_TRANSCEIVER = 0x09 "bind_transceiver",
    BIND_TRANSCEIVER_RESP = 0x8000_0009 "bind_transceiver_resp",
    OUTBIND = 0x0B "outbind",
    ENQUIRE_LINK = 0x15 "enquire_link",
    ENQUIRE_LINK_RESP = 0x8000_0015 "enquire_link_resp",
    SUBMIT_MULTI = 0x21 "submit_multi",
    SUBMIT_MULTI_RESP = 0x8000_0021 "submit_multi_resp",
    ALERT_NOTIFICATION = 0x102 "alert_notification",
    DATA_SM = 0x103 "data_sm",
    DATA_SM_RESP = 0x8000_0103 "data_sm_resp",
    BROADCAST_SM = 0x111 "broadcast_sm",
    BROADCAST_SM_RESP = 0x8000_0111 "broadcast_sm_resp",
    QUERY_BROADCAST_SM = 0x112 "query_broadcast_sm",
    QUERY_BROADCAST_SM_RESP = 0x8000_0112 "query_broadcast_sm_resp",
    CANCEL_BROADCAST_SM = 0x113 "cancel_broadcast_sm",
    CANCEL_BROADCAST_SM_RESP = 0x8000_0113 "cancel_broadcast_sm_resp",
    GENERIC_NACK = 0x8000_0000 "generic_nack",
}
