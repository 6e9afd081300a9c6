//! Messages in the forms that a vendor wants.

use domain::connection::{ExtraTlv, InterfaceVersion, LongForm};
use domain::handling::Raw;
use tests::smsc_simulator::ReceivedSubmit;

use super::*;

/// What the vendor gets of a long message in this form, and that we have an id for each submit.
async fn submitted_as(form: LongForm) -> Vec<ReceivedSubmit> {
    let (simulator, mut stage) = staged(Behaviour::default(), |it| smpp_link(it).long_form = form).await;
    let running = stage.run();
    let message = stage.send("+4915112345678", &"0123456789".repeat(40)).await;
    let references = stage.references(&message).await;
    until("all receipts", || stage.receipts().len() == references.len()).await;
    running.stop().await;
    let received = simulator.received();
    assert_eq!(received.iter().map(|submit| submit.vendor_id.clone()).collect::<Vec<_>>(), references);
    let text: Vec<u8> = received.iter().flat_map(|submit| submit.text.to_vec()).collect();
    assert_eq!(text, "0123456789".repeat(40).as_bytes());
    received
}

#[tokio::test]
async fn a_long_message_goes_out_with_wide_references() {
    let received = submitted_as(LongForm::Udh16).await;
    assert_eq!(received.len(), 3);
    assert!(received.iter().all(|submit| submit.udh.starts_with(&[6, 8, 4]) && submit.text.len() <= 152));
}

#[tokio::test]
async fn a_long_message_goes_out_with_parameters_beside_its_parts() {
    let received = submitted_as(LongForm::Sar).await;
    let places = received.iter().map(|submit| submit.pdu.tlvs.sar().map(|it| (it.part, it.total)));
    assert_eq!(places.collect::<Vec<_>>(), [Some((1, 3)), Some((2, 3)), Some((3, 3))]);
    assert!(received.iter().all(|submit| submit.esm_class == 0 && submit.udh.is_empty()));
}

#[tokio::test]
async fn a_long_message_goes_out_in_one_submit() {
    let received = submitted_as(LongForm::Payload).await;
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].pdu.tlvs.message_payload().map(|payload| payload.len()), Some(400));
}

/// One whose client has said how it is to be handed on.
async fn send_handled(stage: &mut Stage, handling: Handling) -> MessageId {
    stage.messages += 1;
    let plain = message(stage.messages, "+4915112345678", "hello", &stage.connection.id);
    let message = Message { handling, ..plain };
    stage.store.write_message_of_batch(&message).await.expect("the message is stored");
    stage.enqueue(std::slice::from_ref(&message.id)).await;
    message.id
}

#[tokio::test]
async fn a_part_that_a_client_cut_goes_out_in_the_form_that_the_vendor_wants() {
    let (simulator, mut stage) =
        staged(Behaviour::default(), |it| smpp_link(it).long_form = LongForm::Sar).await;
    let running = stage.run();
    let octets = [&udh::concat_header(9, 2, 1)[..], b"part"].concat();
    let raw = Raw { data_coding: 0, has_header: true, octets };
    let message = send_handled(&mut stage, Handling { raw: Some(raw), ..Handling::default() }).await;
    stage.references(&message).await;
    running.stop().await;
    let received = &simulator.received()[0];
    assert_eq!((&received.text[..], received.esm_class, received.udh.len()), (&b"part"[..], 0, 0));
    assert_eq!(received.pdu.tlvs.sar().map(|it| (it.reference, it.part, it.total)), Some((9, 1, 2)));
}

#[tokio::test]
async fn a_vendor_is_bound_with_the_version_that_its_connection_says() {
    for (version, spoken) in [(InterfaceVersion::V3_4, 0x34), (InterfaceVersion::V5_0, 0x50)] {
        let change = |it: &mut Connection| smpp_link(it).interface_version = version;
        let (simulator, mut stage) = staged(Behaviour::default(), change).await;
        let running = stage.run();
        let message = stage.send("+4915112345678", "hello").await;
        stage.references(&message).await;
        assert_eq!(simulator.binds()[0].interface_version, spoken);
        running.stop().await;
    }
}

#[tokio::test]
async fn a_vendor_that_answers_3_3_to_5_0_gets_a_long_message_with_headers_and_no_parameters() {
    let behaviour = Behaviour { interface_version: 0x33, ..Behaviour::default() };
    let change = |connection: &mut Connection| {
        let link = smpp_link(connection);
        link.interface_version = InterfaceVersion::V5_0;
        link.long_form = LongForm::Payload;
        link.tlvs = vec![ExtraTlv { tag: 0x1400, value: "31".to_owned() }];
    };
    let (simulator, mut stage) = staged(behaviour, change).await;
    let running = stage.run();
    let message = stage.send("+4915112345678", &"0123456789".repeat(40)).await;
    assert_eq!(stage.references(&message).await.len(), 3);
    running.stop().await;
    let received = simulator.received();
    assert!(received.iter().all(|submit| submit.udh.starts_with(&[5, 0, 3]) && submit.pdu.tlvs.is_empty()));
}

#[tokio::test]
async fn a_vendor_that_is_bound_as_3_4_gets_the_parameters_of_its_connection_whatever_it_answers() {
    let behaviour = Behaviour { interface_version: 0x33, ..Behaviour::default() };
    let (simulator, mut stage) = staged(behaviour, |it| smpp_link(it).long_form = LongForm::Sar).await;
    let running = stage.run();
    let message = stage.send("+4915112345678", &"0123456789".repeat(40)).await;
    assert_eq!(stage.references(&message).await.len(), 3);
    running.stop().await;
    let received = simulator.received();
    assert!(received.iter().all(|submit| submit.udh.is_empty() && submit.pdu.tlvs.sar().is_some()));
}

#[tokio::test]
async fn the_settings_of_a_link_and_the_words_of_a_client_reach_the_vendor() {
    let change = |connection: &mut Connection| {
        let link = smpp_link(connection);
        link.service_type = "CMT".to_owned();
        link.validity_seconds = NonZeroU32::new(3_600);
        link.tlvs = vec![ExtraTlv { tag: 0x1400, value: "31323300".to_owned() }];
    };
    let (simulator, mut stage) = staged(Behaviour::default(), change).await;
    let running = stage.run();
    let raw =
        Raw { data_coding: 0xF5, has_header: true, octets: b"\x06\x05\x04\x0B\x84\x23\xF0data".to_vec() };
    let handling = Handling { raw: Some(raw), priority: 3, protocol_id: 0x41, ..Handling::default() };
    let message = send_handled(&mut stage, handling).await;
    stage.references(&message).await;
    running.stop().await;
    let submit = &simulator.received()[0].pdu;
    assert_eq!((submit.service_type.as_str(), submit.validity.as_str()), ("CMT", "000000010000000R"));
    assert_eq!(submit.tlvs.get(0x1400).map(|value| &value[..]), Some(&b"123\0"[..]));
    assert_eq!((submit.priority, submit.protocol_id, submit.data_coding), (3, 0x41, 0xF5));
    assert_eq!(
        (submit.esm_class, &submit.short_message[..]),
        (0x40, &b"\x06\x05\x04\x0B\x84\x23\xF0data"[..])
    );
}

#[tokio::test]
async fn a_message_whose_validity_is_over_is_not_submitted() {
    let (simulator, mut stage) = staged(Behaviour::default(), |_| {}).await;
    let running = stage.run();
    let handling = Handling { valid_till: Some(Timestamp::UNIX_EPOCH), ..Handling::default() };
    let message = send_handled(&mut stage, handling).await;
    match stage.outcome(&message).await {
        Progress::RefusedV1 { reason, next_route, .. } => {
            assert_eq!((reason.as_str(), next_route), ("validity_over", false));
        }
        other => panic!("{other:?}"),
    }
    stage.until_done().await;
    assert_eq!(simulator.received_count(), 0);
    running.stop().await;
}
