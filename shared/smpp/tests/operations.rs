//! Each operation of a session, from the client to the server and from the server to the client.

mod support;

use std::time::Duration;

use smpp::address::Address;
use smpp::esme::{BindSettings, CloseReason, SubmitError};
use smpp::pdu::{
    AlertNotification, BindResp, Body, CancelSm, DataSm, Destination, MessageResp, Outbind, QuerySm,
    QuerySmResp, ReplaceSm, SubmitMulti, SubmitMultiResp, Unsuccess, command,
};
use smpp::smsc::{Request, Requests, ServerSettings};
use smpp::tlv::{self, Tlvs};
use smpp::udh::Concat;
use smpp::{BindMode, CommandStatus, DeliverSm, Pdu, SubmitSm};
use tokio::time::timeout;

use support::{Peer, SHORT, SOON, client_and_peer, pair, server_and_peer, settings, to};

fn address(value: &str) -> Address {
    Address { ton: 1, npi: 1, value: value.to_owned() }
}

async fn next(requests: &mut Requests) -> Request {
    timeout(SOON, requests.next()).await.expect("comes in time").expect("comes")
}

#[tokio::test]
async fn a_submit_to_many_has_one_id_and_names_those_it_did_not_reach() {
    let (session, _inbound, _server, mut requests) = pair(settings(), ServerSettings::new("smsc")).await;
    let destinations = vec![
        Destination::Address(address("491")),
        Destination::Address(address("492")),
        Destination::List("staff".to_owned()),
    ];
    let multi = SubmitMulti { destinations: destinations.clone(), message: to("") };
    let unsuccess = Unsuccess { destination: address("492"), status: CommandStatus::RINVDSTADR };
    let (answer, ()) = tokio::join!(session.submit_multi(multi), async {
        let Request::SubmitMulti(many) = next(&mut requests).await else { panic!("another request") };
        assert_eq!(many.pdu.destinations, destinations);
        assert_eq!(many.pdu.to(&address("491")).destination, "491");
        many.accept("m1", vec![unsuccess.clone()]);
    });
    let answer = answer.expect("is answered");
    let expected =
        SubmitMultiResp { message_id: "m1".to_owned(), unsuccess: vec![unsuccess], tlvs: Tlvs::default() };
    assert_eq!((answer.status, answer.answer), (CommandStatus::ROK, expected));
}

#[tokio::test]
async fn a_message_is_queried_cancelled_and_replaced() {
    let (session, _inbound, _server, mut requests) = pair(settings(), ServerSettings::new("smsc")).await;
    let serve = tokio::spawn(async move {
        let Request::Query(query) = next(&mut requests).await else { panic!("another request") };
        let message_id = query.pdu.message_id.clone();
        let final_date = "260102153100000+".to_owned();
        query.answer(QuerySmResp { message_id, final_date, message_state: 2, ..QuerySmResp::default() });
        let Request::Query(query) = next(&mut requests).await else { panic!("another request") };
        query.refuse(CommandStatus::RQUERYFAIL);
        let Request::Cancel(cancel) = next(&mut requests).await else { panic!("another request") };
        assert_eq!(cancel.pdu.message_id, "m1");
        cancel.accept();
        let Request::Replace(replace) = next(&mut requests).await else { panic!("another request") };
        assert_eq!(replace.pdu.short_message, "better");
        replace.refuse(CommandStatus::RREPLACEFAIL);
    });
    let query = QuerySm { message_id: "m1".to_owned(), source: address("ACME") };
    let answer = session.query(query.clone()).await.expect("is answered");
    assert_eq!((answer.answer.message_id.as_str(), answer.answer.message_state), ("m1", 2));
    let answer = session.query(query).await.expect("is answered");
    assert_eq!((answer.status, answer.answer), (CommandStatus::RQUERYFAIL, QuerySmResp::default()));
    let cancel = CancelSm { message_id: "m1".to_owned(), ..CancelSm::default() };
    assert_eq!(session.cancel(cancel).await, Ok(CommandStatus::ROK));
    let replace =
        ReplaceSm { message_id: "m1".to_owned(), short_message: "better".into(), ..ReplaceSm::default() };
    assert_eq!(session.replace(replace).await, Ok(CommandStatus::RREPLACEFAIL));
    serve.await.expect("ends");
}

#[tokio::test]
async fn a_data_sm_is_a_message_like_any_other_both_ways() {
    let (session, _inbound, _server, mut requests) = pair(settings(), ServerSettings::new("smsc")).await;
    let mut data = DataSm { destination: address("491"), ..DataSm::default() };
    data.tlvs.push(tlv::MESSAGE_PAYLOAD, "hello");
    let (answer, ()) = tokio::join!(session.data(data.clone()), async {
        let Request::Submit(submit) = next(&mut requests).await else { panic!("another request") };
        assert_eq!((submit.pdu.destination.as_str(), &submit.pdu.payload()[..]), ("491", &b"hello"[..]));
        submit.accept("d1");
    });
    assert_eq!(answer.expect("is answered").message_id, "d1");

    let (_session, mut inbound, mut peer) = client_and_peer(settings()).await;
    peer.send(CommandStatus::ROK, 5, Body::DataSm(data)).await;
    let delivery = timeout(SOON, inbound.next()).await.expect("comes in time").expect("comes");
    assert_eq!(delivery.pdu.payload(), "hello");
    delivery.accept();
    let answer = peer.expect().await;
    assert_eq!((answer.sequence, answer.body.command_id()), (5, command::DATA_SM_RESP));
}

#[tokio::test]
async fn a_request_that_nobody_answers_is_answered_with_a_temporary_error() {
    let (session, _inbound, _server, mut requests) = pair(settings(), ServerSettings::new("smsc")).await;
    let serve = tokio::spawn(async move {
        while let Some(request) = requests.next().await {
            drop(request);
        }
    });
    let multi =
        SubmitMulti { destinations: vec![Destination::List("x".to_owned())], ..SubmitMulti::default() };
    let failed = CommandStatus::RSYSERR;
    assert_eq!(session.submit(to("1")).await.expect("is answered").status, failed);
    assert_eq!(session.submit_multi(multi).await.expect("is answered").status, failed);
    assert_eq!(session.query(QuerySm::default()).await.expect("is answered").status, failed);
    assert_eq!(session.cancel(CancelSm::default()).await, Ok(failed));
    assert_eq!(session.replace(ReplaceSm::default()).await, Ok(failed));
    session.unbind().await;
    serve.await.expect("ends");
}

#[tokio::test]
async fn a_request_that_is_left_unanswered_does_not_hold_up_the_end() {
    let (server, mut requests, mut peer) = server_and_peer(ServerSettings::new("smsc")).await;
    for sequence in [2, 3] {
        peer.send(CommandStatus::ROK, sequence, Body::SubmitSm(to("1"))).await;
    }
    requests.next_submit().await.expect("comes").leave_unanswered();
    let second = requests.next_submit().await.expect("comes");
    let unbinding = tokio::spawn(async move { server.unbind().await });
    second.accept("2");
    let answer = peer.expect().await;
    assert_eq!((answer.sequence, answer.body.command_id()), (3, command::SUBMIT_SM_RESP));
    assert_eq!(peer.expect().await.body.command_id(), command::UNBIND);
    unbinding.abort();
}

#[tokio::test]
async fn a_server_of_submits_alone_refuses_the_rest_in_its_own_words() {
    let (session, _inbound, _server, mut requests) = pair(settings(), ServerSettings::new("smsc")).await;
    let serve = tokio::spawn(async move { requests.next_submit().await.expect("comes").accept("1") });
    let query = session.query(QuerySm::default()).await.expect("is answered");
    assert_eq!(query.status, CommandStatus::RQUERYFAIL);
    assert_eq!(session.cancel(CancelSm::default()).await, Ok(CommandStatus::RCANCELFAIL));
    assert_eq!(session.replace(ReplaceSm::default()).await, Ok(CommandStatus::RREPLACEFAIL));
    assert_eq!(session.submit(to("1")).await.expect("is answered").message_id, "1");
    serve.await.expect("ends");
}

#[tokio::test]
async fn a_busy_server_of_5_0_says_so_with_its_answer() {
    let client = BindSettings { interface_version: 0x50, ..settings() };
    let (session, _inbound, _server, mut requests) = pair(client, ServerSettings::new("smsc")).await;
    assert_eq!(session.peer().system_id, "smsc");
    assert_eq!(session.peer().tlvs.interface_version(), Some(0x50));
    let (answer, ()) = tokio::join!(session.submit(to("1")), async {
        let submit = requests.next_submit().await.expect("comes");
        let mut tlvs = Tlvs::default();
        tlvs.push(tlv::CONGESTION_STATE, vec![90]);
        submit.answer(CommandStatus::ROK, MessageResp { message_id: "1".to_owned(), tlvs });
    });
    assert_eq!(answer.expect("is answered").tlvs.congestion_state(), Some(90));
}

#[tokio::test]
async fn both_ends_speak_the_version_of_the_older() {
    for (client, server, said) in [
        (0x34, 0x50, Some(0x34)),
        (0x50, 0x50, Some(0x50)),
        (0x50, 0x34, Some(0x34)),
        (0x50, 0x33, Some(0x33)),
        (0x33, 0x50, None),
    ] {
        let client = BindSettings { interface_version: client, ..settings() };
        let settings = ServerSettings { interface_version: server, ..ServerSettings::new("smsc") };
        let (session, _inbound, server, _requests) = pair(client.clone(), settings).await;
        assert_eq!(session.peer().tlvs.interface_version(), said);
        let spoken = said.unwrap_or(client.interface_version);
        assert_eq!((session.interface_version(), server.interface_version()), (spoken, spoken));
    }
}

#[tokio::test]
async fn a_server_that_says_no_version_is_taken_for_one_of_ours() {
    let client = BindSettings { interface_version: 0x50, ..settings() };
    let (session, _inbound, _peer) = client_and_peer(client.clone()).await;
    assert_eq!((session.interface_version(), session.knows_parameters()), (0x50, true));
    let unset = ServerSettings { interface_version: 0, ..ServerSettings::new("smsc") };
    let (session, _inbound, _server, _requests) = pair(client, unset).await;
    assert_eq!(session.peer().tlvs.interface_version(), Some(0));
    assert_eq!((session.interface_version(), session.knows_parameters()), (0x50, true));
}

#[tokio::test]
async fn a_server_of_3_3_gets_no_optional_parameters() {
    let client = BindSettings { interface_version: 0x50, ..settings() };
    let server = ServerSettings { interface_version: 0x33, ..ServerSettings::new("smsc") };
    let (session, _inbound, _server, mut requests) = pair(client, server).await;
    let mut submit = to("1");
    submit.short_message = "part".into();
    submit.tlvs.push_sar(Concat { reference: 0x1234, total: 2, part: 1 });
    let (answer, ()) = tokio::join!(session.submit(submit), async {
        let submit = requests.next_submit().await.expect("comes");
        assert_eq!(&submit.pdu.short_message[..], b"\x05\x00\x03\x34\x02\x01part");
        assert_eq!((submit.pdu.esm_class, submit.pdu.tlvs.is_empty()), (0x40, true));
        submit.accept("1");
    });
    assert_eq!(answer.expect("is answered").message_id, "1");
    let mut message = to("");
    message.tlvs.push(tlv::MESSAGE_PAYLOAD, "hello");
    let multi = SubmitMulti { destinations: vec![Destination::Address(address("491"))], message };
    let (answer, ()) = tokio::join!(session.submit_multi(multi), async {
        let Request::SubmitMulti(many) = next(&mut requests).await else { panic!("another request") };
        let message = &many.pdu.message;
        assert_eq!((&message.short_message[..], message.tlvs.is_empty()), (&b"hello"[..], true));
        many.accept("2", Vec::new());
    });
    assert!(answer.expect("is answered").status.is_ok());
}

#[tokio::test]
async fn a_server_that_is_bound_as_3_4_gets_optional_parameters_whatever_it_says() {
    let server = ServerSettings { interface_version: 0x33, ..ServerSettings::new("smsc") };
    let (session, _inbound, _server, mut requests) = pair(settings(), server).await;
    assert_eq!((session.interface_version(), session.knows_parameters()), (0x34, true));
    let mut submit = to("1");
    submit.tlvs.push(0x1400, vec![1]);
    let (answer, ()) = tokio::join!(session.submit(submit.clone()), async {
        let taken = requests.next_submit().await.expect("comes");
        assert_eq!(taken.pdu.tlvs, submit.tlvs);
        taken.accept("1");
    });
    assert!(answer.expect("is answered").status.is_ok());
}

#[tokio::test]
async fn a_client_of_3_3_gets_no_optional_parameters() {
    let client = BindSettings { interface_version: 0x33, ..settings() };
    let (session, mut inbound, server, _requests) = pair(client, ServerSettings::new("smsc")).await;
    assert!(session.peer().tlvs.is_empty());
    let mut message = DeliverSm::default();
    message.tlvs.push(tlv::MESSAGE_PAYLOAD, "hello");
    message.tlvs.push(tlv::MESSAGE_STATE, vec![2]);
    let (status, ()) = tokio::join!(server.deliver(message), async {
        let delivery = inbound.next().await.expect("comes");
        assert_eq!((&delivery.pdu.short_message[..], delivery.pdu.tlvs.is_empty()), (&b"hello"[..], true));
        delivery.accept();
    });
    assert_eq!(status, Ok(CommandStatus::ROK));
}

#[tokio::test]
async fn what_a_session_does_not_serve_is_refused_and_costs_it_nothing() {
    let (_session, _requests, mut peer) = server_and_peer(ServerSettings::new("smsc")).await;
    let other = |command_id| Body::Other { command_id, body: Default::default() };
    for (sequence, body, status) in [
        (2, other(command::BROADCAST_SM), CommandStatus::RINVCMDID),
        (3, other(command::QUERY_BROADCAST_SM), CommandStatus::RINVCMDID),
        (4, Body::Outbind(Outbind::default()), CommandStatus::RINVBNDSTS),
        (5, Body::DeliverSm(DeliverSm::default()), CommandStatus::RINVCMDID),
        (6, Body::AlertNotification(AlertNotification::default()), CommandStatus::RINVCMDID),
    ] {
        peer.send(CommandStatus::ROK, sequence, body).await;
        assert_eq!(peer.expect().await, Pdu::nack(sequence, status));
    }
    peer.send(CommandStatus::ROK, 7, Body::EnquireLink).await;
    assert_eq!(peer.expect().await.body, Body::EnquireLinkResp);
}

#[tokio::test]
async fn an_alert_has_no_answer() {
    let (_session, _inbound, mut peer) = client_and_peer(settings()).await;
    peer.send(CommandStatus::ROK, 2, Body::AlertNotification(AlertNotification::default())).await;
    peer.send(CommandStatus::ROK, 3, Body::EnquireLink).await;
    let answer = peer.expect().await;
    assert_eq!((answer.sequence, answer.body), (3, Body::EnquireLinkResp));
}

#[tokio::test]
async fn an_answer_of_another_kind_is_no_answer() {
    let client = BindSettings { answer_timeout: SHORT, ..settings() };
    let (session, _inbound, mut peer) = client_and_peer(client).await;
    let (answer, ()) = tokio::join!(session.submit(to("1")), async {
        let sequence = peer.expect().await.sequence;
        peer.send(CommandStatus::ROK, sequence, Body::CancelSmResp).await;
    });
    assert_eq!(answer, Err(SubmitError::InDoubt));
}

#[tokio::test]
async fn an_inactive_client_is_unbound_although_it_is_alive() {
    let server = ServerSettings {
        inactive_after: Some(SHORT * 3),
        enquire_link_every: SHORT,
        ..ServerSettings::new("smsc")
    };
    let (session, _requests, mut peer) = server_and_peer(server).await;
    // Its own enquire_links keep the bind.
    for sequence in 2..8 {
        tokio::time::sleep(SHORT).await;
        peer.send(CommandStatus::ROK, sequence, Body::EnquireLink).await;
        while answer_ours(&mut peer).await != Some(Body::EnquireLinkResp) {}
    }
    assert!(!session.is_closed());
    // Answers to ours do not.
    while answer_ours(&mut peer).await != Some(Body::Unbind) {}
    assert_eq!(timeout(SOON, session.closed()).await, Ok(CloseReason::Inactive));
}

/// Reads one PDU and answers it if it is an enquire_link or unbind.
async fn answer_ours(peer: &mut Peer) -> Option<Body> {
    let Pdu { sequence, body, .. } = peer.expect().await;
    match body {
        Body::EnquireLink => peer.send(CommandStatus::ROK, sequence, Body::EnquireLinkResp).await,
        Body::Unbind => peer.send(CommandStatus::ROK, sequence, Body::UnbindResp).await,
        _ => {}
    }
    Some(body)
}

#[tokio::test]
async fn a_server_that_leaves_finishes_what_it_has_and_takes_nothing_new() {
    let (session, mut requests, mut peer) = server_and_peer(ServerSettings::new("smsc")).await;
    peer.send(CommandStatus::ROK, 2, Body::SubmitSm(to("1"))).await;
    let submit = requests.next_submit().await.expect("comes");
    let unbinding = tokio::spawn(async move { session.unbind().await });
    tokio::time::sleep(SHORT).await;
    peer.send(CommandStatus::ROK, 3, Body::SubmitSm(to("2"))).await;
    let refused = peer.expect().await;
    assert_eq!((refused.sequence, refused.status), (3, CommandStatus::RSYSERR));
    submit.accept("a");
    assert_eq!(peer.expect().await.sequence, 2);
    let unbind = peer.expect().await;
    assert_eq!(unbind.body, Body::Unbind);
    peer.send(CommandStatus::ROK, unbind.sequence, Body::UnbindResp).await;
    assert_eq!(unbinding.await.expect("ends"), CloseReason::Unbound);
}

#[tokio::test]
async fn a_bind_may_say_whose_messages_it_wants() {
    let client = BindSettings {
        addr_ton: 1,
        addr_npi: 1,
        address_range: "^49".to_owned(),
        bind_mode: BindMode::Receiver,
        ..settings()
    };
    let (near, far) = tokio::io::duplex(4096);
    let mut peer = Peer::new(far);
    let (bound, ()) = tokio::join!(smpp::esme::bind(near, client), async {
        let Pdu { sequence, body: Body::Bind(BindMode::Receiver, bind), .. } = peer.expect().await else {
            panic!("no bind");
        };
        assert_eq!((bind.addr_ton, bind.addr_npi, bind.address_range.as_str()), (1, 1, "^49"));
        peer.send(CommandStatus::ROK, sequence, Body::BindResp(BindMode::Receiver, BindResp::default()))
            .await;
    });
    bound.expect("is bound");
}

#[tokio::test]
async fn a_submit_may_be_given_up_before_it_is_sent() {
    let client = BindSettings { window: support::window(1), ..settings() };
    let (session, _inbound, mut peer) = client_and_peer(client).await;
    let held = tokio::spawn({
        let session = session.clone();
        async move { session.submit(SubmitSm::default()).await }
    });
    let first = peer.expect().await.sequence;
    assert!(timeout(Duration::from_millis(20), session.submit(to("given up"))).await.is_err());
    peer.send(CommandStatus::ROK, first, Body::SubmitSmResp(MessageResp::default())).await;
    held.await.expect("ends").expect("is answered");
    let last = tokio::spawn(async move { session.submit(to("last")).await });
    let Body::SubmitSm(message) = peer.expect().await.body else { panic!("no submit") };
    assert_eq!(message.destination, "last");
    last.abort();
}
