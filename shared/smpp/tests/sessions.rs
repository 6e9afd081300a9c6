//! Both ends of a bind, against each other and against raw octets, over an in-memory pipe.

mod support;

use std::collections::HashSet;
use std::io;
use std::time::Duration;

use bytes::BytesMut;
use smpp::codec::encode;
use smpp::esme::{self, BindError, BindSettings, CloseReason, SubmitError};
use smpp::pdu::{BindResp, Body, MessageResp, command};
use smpp::smsc::{self, AcceptError, ServerSession, ServerSettings};
use smpp::{BindMode, CommandStatus, DeliverSm, Pdu};
use tokio::io::{AsyncWriteExt, duplex};
use tokio::time::timeout;

use support::{Peer, SHORT, SOON, client_and_peer, pair, settings, to, window};

#[tokio::test]
async fn every_submit_of_a_full_window_is_answered_and_no_more_than_the_window_is_open() {
    let client = BindSettings { window: window(10), ..settings() };
    let (session, _inbound, server, mut submits) = pair(client, ServerSettings::new("smsc")).await;
    let serve = tokio::spawn(async move {
        let mut held = Vec::new();
        let mut most = 0;
        loop {
            match timeout(Duration::from_millis(20), submits.next_submit()).await {
                Ok(Some(submit)) => held.push(submit),
                Ok(None) => return most,
                Err(_) => {
                    most = most.max(held.len());
                    for submit in held.drain(..) {
                        let id = format!("id-{}", submit.pdu.destination);
                        submit.accept(id);
                    }
                }
            }
        }
    });
    let numbers: Vec<String> = (0..95).map(|number| number.to_string()).collect();
    let sent = futures::future::join_all(numbers.iter().map(|number| session.submit(to(number))));
    for (number, answer) in numbers.iter().zip(sent.await) {
        let answer = answer.expect("is answered");
        assert_eq!((answer.status, answer.message_id), (CommandStatus::ROK, format!("id-{number}")));
    }
    assert_eq!(session.unbind().await, CloseReason::Unbound);
    assert_eq!(server.closed().await, CloseReason::UnboundByPeer);
    assert_eq!(serve.await.expect("ends"), 10);
}

#[tokio::test]
async fn a_delivery_is_answered_only_once_it_is_accepted_or_refused_and_dropped_means_try_again() {
    let (_session, mut inbound, server, _submits) = pair(settings(), ServerSettings::new("smsc")).await;
    let deliver =
        |server: ServerSession| tokio::spawn(async move { server.deliver(DeliverSm::default()).await });
    let mut answer = deliver(server.clone());
    let delivery = inbound.next().await.expect("comes");
    assert!(timeout(SHORT, &mut answer).await.is_err(), "answered too early");
    delivery.accept();
    assert_eq!(answer.await.expect("ends"), Ok(CommandStatus::ROK));

    let answer = deliver(server.clone());
    inbound.next().await.expect("comes").refuse(CommandStatus::RX_P_APPN);
    assert_eq!(answer.await.expect("ends"), Ok(CommandStatus::RX_P_APPN));

    let answer = deliver(server.clone());
    drop(inbound.next().await.expect("comes"));
    assert_eq!(answer.await.expect("ends"), Ok(CommandStatus::RX_T_APPN));

    drop(inbound);
    let answer = deliver(server.clone());
    assert_eq!(answer.await.expect("ends"), Ok(CommandStatus::RX_T_APPN));
}

#[tokio::test]
async fn deliveries_over_the_inbound_window_wait_and_none_is_lost() {
    let client = BindSettings { inbound_window: 3, ..settings() };
    let (_session, mut inbound, server, _submits) = pair(client, ServerSettings::new("smsc")).await;
    let all = tokio::spawn(async move {
        let deliver = |number: usize| {
            let server = server.clone();
            async move { server.deliver(to(&number.to_string())).await }
        };
        futures::future::join_all((0..50).map(deliver)).await
    });
    let mut seen = HashSet::new();
    while seen.len() < 50 {
        let mut held = Vec::new();
        while let Ok(next) = timeout(Duration::from_millis(20), inbound.next()).await {
            held.push(next.expect("comes"));
        }
        assert!(held.len() <= 3, "{} are open", held.len());
        for delivery in held {
            assert!(seen.insert(delivery.pdu.destination.clone()), "came twice");
            delivery.accept();
        }
    }
    assert!(all.await.expect("ends").into_iter().all(|answer| answer == Ok(CommandStatus::ROK)));
}

#[tokio::test]
async fn answers_may_come_in_any_order_and_a_nack_is_an_answer() {
    let (session, _inbound, mut peer) = client_and_peer(settings()).await;
    let sent =
        futures::future::join3(session.submit(to("1")), session.submit(to("2")), session.submit(to("3")));
    let answer = async {
        let first = peer.expect().await.sequence;
        let second = peer.expect().await.sequence;
        let third = peer.expect().await.sequence;
        let body = |id: &str| {
            Body::SubmitSmResp(MessageResp { message_id: id.to_owned(), ..MessageResp::default() })
        };
        peer.send(CommandStatus::RINVCMDID, third, Body::GenericNack).await;
        peer.send(CommandStatus::ROK, second, body("b")).await;
        peer.send(CommandStatus::ROK, 999, body("nobody's")).await;
        peer.send(CommandStatus::RTHROTTLED, first, body("")).await;
    };
    let ((first, second, third), ()) = tokio::join!(sent, answer);
    assert_eq!(first.expect("is answered").status, CommandStatus::RTHROTTLED);
    assert_eq!(second.expect("is answered").message_id, "b");
    assert_eq!(third.expect("is answered").status, CommandStatus::RINVCMDID);
}

#[tokio::test]
async fn a_submit_without_an_answer_is_in_doubt_and_the_session_goes_on() {
    let client = BindSettings { answer_timeout: SHORT, ..settings() };
    let (session, _inbound, mut peer) = client_and_peer(client).await;
    assert_eq!(session.submit(to("1")).await, Err(SubmitError::InDoubt));
    let late = peer.expect().await.sequence;
    peer.send(CommandStatus::ROK, late, Body::SubmitSmResp(MessageResp::default())).await;
    let (answer, ()) = tokio::join!(session.submit(to("2")), async {
        let sequence = peer.expect().await.sequence;
        peer.send(CommandStatus::ROK, sequence, Body::SubmitSmResp(MessageResp::default())).await;
    });
    assert!(answer.expect("is answered").status.is_ok());
}

#[tokio::test]
async fn when_the_link_is_lost_what_left_is_in_doubt_and_what_did_not_is_not_sent() {
    let client = BindSettings { window: window(1), ..settings() };
    let (session, mut inbound, mut peer) = client_and_peer(client).await;
    let sent = futures::future::join(session.submit(to("1")), session.submit(to("2")));
    let (answers, ()) = tokio::join!(sent, async {
        peer.expect().await;
        drop(peer);
    });
    assert_eq!(answers, (Err(SubmitError::InDoubt), Err(SubmitError::NotSent)));
    assert_eq!(session.closed().await, CloseReason::Lost(io::ErrorKind::UnexpectedEof));
    assert!(inbound.next().await.is_none());
    assert_eq!(session.submit(to("3")).await, Err(SubmitError::NotSent));
}

#[tokio::test]
async fn octets_that_a_full_pipe_never_took_are_not_sent() {
    let (near, far) = duplex(64);
    let mut peer = Peer::new(far);
    let (bound, ()) = tokio::join!(esme::bind(near, settings()), async {
        let bind = peer.expect().await;
        let body = Body::BindResp(BindMode::Transceiver, BindResp::default());
        peer.send(CommandStatus::ROK, bind.sequence, body).await;
    });
    let (session, _inbound) = bound.expect("is bound");
    let sent =
        futures::future::join3(session.submit(to("1")), session.submit(to("2")), session.submit(to("3")));
    let (answers, ()) = tokio::join!(sent, async {
        tokio::time::sleep(SHORT).await;
        drop(peer);
    });
    // A submit has 35 octets here: the pipe took one and a part of the second.
    let expected = (Err(SubmitError::InDoubt), Err(SubmitError::InDoubt), Err(SubmitError::NotSent));
    assert_eq!(answers, expected);
}

#[tokio::test]
async fn a_submit_that_is_no_valid_smpp_costs_neither_the_session_nor_its_neighbours() {
    let (session, _inbound, _server, mut submits) = pair(settings(), ServerSettings::new("smsc")).await;
    let invalid = session.submit(to(&"9".repeat(21))).await;
    assert!(matches!(invalid, Err(SubmitError::Invalid(_))), "{invalid:?}");
    let (answer, ()) = tokio::join!(session.submit(to("1")), async {
        submits.next_submit().await.expect("comes").accept("1");
    });
    assert_eq!(answer.expect("is answered").message_id, "1");
}

#[tokio::test]
async fn a_silent_peer_is_asked_and_a_dead_one_ends_the_link() {
    let client = BindSettings { enquire_link_every: SHORT, answer_timeout: SHORT, ..settings() };
    let (session, _inbound, mut peer) = client_and_peer(client).await;
    for _ in 0..3 {
        let asked = peer.expect().await;
        assert_eq!(asked.body, Body::EnquireLink);
        peer.send(CommandStatus::ROK, asked.sequence, Body::EnquireLinkResp).await;
    }
    assert_eq!(timeout(SOON, session.closed()).await, Ok(CloseReason::NotAlive));
}

#[tokio::test]
async fn a_slow_consumer_is_not_taken_for_a_dead_peer() {
    let client =
        BindSettings { inbound_window: 1, enquire_link_every: SHORT, answer_timeout: SHORT, ..settings() };
    let (session, mut inbound, server, _submits) = pair(client, ServerSettings::new("smsc")).await;
    let both =
        tokio::spawn(
            async move { futures::future::join(server.deliver(to("1")), server.deliver(to("2"))).await },
        );
    let held = inbound.next().await.expect("comes");
    tokio::time::sleep(SHORT * 6).await;
    assert!(!session.is_closed());
    held.accept();
    inbound.next().await.expect("comes").accept();
    assert_eq!(both.await.expect("ends"), (Ok(CommandStatus::ROK), Ok(CommandStatus::ROK)));
}

#[tokio::test]
async fn the_peers_enquire_link_and_unbind_are_answered() {
    let (session, _inbound, mut peer) = client_and_peer(settings()).await;
    peer.send_words([20, command::ENQUIRE_LINK, 0, 7], b"body").await;
    let answer = peer.expect().await;
    assert_eq!((answer.sequence, answer.body), (7, Body::EnquireLinkResp));
    peer.send(CommandStatus::ROK, 8, Body::Unbind).await;
    let answer = peer.expect().await;
    assert_eq!((answer.sequence, answer.body), (8, Body::UnbindResp));
    assert!(peer.read().await.is_err(), "the stream is closed");
    assert_eq!(session.closed().await, CloseReason::UnboundByPeer);
}

#[tokio::test]
async fn unbinding_waits_for_what_is_in_flight_and_takes_nothing_new() {
    let (session, mut inbound, server, mut submits) = pair(settings(), ServerSettings::new("smsc")).await;
    let submitting = tokio::spawn({
        let session = session.clone();
        async move { session.submit(to("1")).await }
    });
    let submit = submits.next_submit().await.expect("comes");
    let delivering = tokio::spawn(async move { server.deliver(to("2")).await });
    let delivery = inbound.next().await.expect("comes");
    let unbinding = tokio::spawn({
        let session = session.clone();
        async move { session.unbind().await }
    });
    tokio::time::sleep(SHORT).await;
    assert_eq!(session.submit(to("3")).await, Err(SubmitError::NotSent));
    submit.accept("in flight");
    delivery.accept();
    let answer = submitting.await.expect("ends").expect("is answered");
    assert_eq!(answer.message_id, "in flight");
    assert_eq!(delivering.await.expect("ends"), Ok(CommandStatus::ROK));
    assert_eq!(unbinding.await.expect("ends"), CloseReason::Unbound);
}

#[tokio::test]
async fn unbinding_from_a_peer_that_answers_nothing_ends_all_the_same() {
    let client = BindSettings { answer_timeout: SHORT, ..settings() };
    let (session, _inbound, _peer) = client_and_peer(client).await;
    let (answer, reason) = tokio::join!(session.submit(to("1")), session.unbind());
    assert!(answer.is_err());
    assert_eq!(reason, CloseReason::Unbound);
}

#[tokio::test]
async fn both_ends_may_unbind_at_once() {
    let (session, _inbound, server, _submits) = pair(settings(), ServerSettings::new("smsc")).await;
    let both = futures::future::join(session.unbind(), server.unbind());
    timeout(SOON, both).await.expect("ends");
}

#[tokio::test]
async fn a_session_that_everyone_dropped_unbinds() {
    let (session, inbound, mut peer) = client_and_peer(settings()).await;
    drop(inbound);
    drop(session);
    assert_eq!(peer.expect().await.body, Body::Unbind);
}

#[tokio::test]
async fn one_bad_pdu_costs_one_nack_and_not_the_session() {
    let (_session, _inbound, mut peer) = client_and_peer(settings()).await;
    peer.send_words([18, command::DELIVER_SM, 0, 1], b"\0\x01").await;
    peer.send_words([16, 0x0000_0999, 0, 2], b"").await;
    peer.send_words([16, 0x8000_0999, 0, 3], b"").await; // an unknown answer is passed over
    peer.send_words([70_000, command::DELIVER_SM, 0, 4], &[0; 69_984]).await;
    let mut message = vec![0; 16];
    message.push(5); // sm_length
    message.extend_from_slice(b"four");
    peer.send_words([16 + 21, command::DELIVER_SM, 0, 5], &message).await;
    peer.send_words([16, command::SUBMIT_SM, 0, 6], b"").await;
    peer.send(CommandStatus::ROK, 7, Body::EnquireLink).await;
    for (sequence, status) in [
        (1, CommandStatus::RINVCMDLEN),
        (2, CommandStatus::RINVCMDID),
        (4, CommandStatus::RINVCMDLEN),
        (5, CommandStatus::RINVMSGLEN),
        (6, CommandStatus::RINVCMDLEN),
    ] {
        assert_eq!(peer.expect().await, Pdu::nack(sequence, status));
    }
    assert_eq!(peer.expect().await.body, Body::EnquireLinkResp);
}

#[tokio::test]
async fn a_length_under_a_header_is_nacked_and_ends_the_link() {
    let (session, _inbound, mut peer) = client_and_peer(settings()).await;
    peer.send_words([15, command::ENQUIRE_LINK, 0, 9], b"").await;
    assert_eq!(peer.expect().await, Pdu::nack(9, CommandStatus::RINVCMDLEN));
    assert_eq!(session.closed().await, CloseReason::OutOfStep);
}

#[tokio::test]
async fn a_refused_or_unanswered_bind_is_told_apart() {
    let (near, far) = duplex(4096);
    let refuse = async {
        let handshake = smsc::accept(far, ServerSettings::new("smsc")).await.expect("binds");
        assert_eq!(handshake.bind().password, "secret-longer-than-8");
        handshake.refuse(CommandStatus::RINVPASWD).await.expect("is answered");
    };
    let (bound, ()) = tokio::join!(esme::bind(near, settings()), refuse);
    assert!(matches!(bound, Err(BindError::Refused(CommandStatus::RINVPASWD))));

    let (near, _far) = duplex(4096);
    let bound = esme::bind(near, BindSettings { answer_timeout: SHORT, ..settings() }).await;
    assert!(matches!(bound, Err(BindError::Timeout)));

    let (near, far) = duplex(4096);
    drop(far);
    assert!(matches!(esme::bind(near, settings()).await, Err(BindError::Link(_))));
}

#[tokio::test]
async fn a_delivery_right_behind_the_binds_answer_is_not_lost() {
    let (near, far) = duplex(4096);
    let mut peer = Peer::new(far);
    let (bound, ()) = tokio::join!(esme::bind(near, settings()), async {
        let bind = peer.expect().await;
        let mut out = BytesMut::new();
        let answer = Body::BindResp(BindMode::Transceiver, BindResp::default());
        encode(&Pdu::request(bind.sequence, answer), &mut out).expect("is valid");
        encode(&Pdu::request(1, Body::DeliverSm(to("7"))), &mut out).expect("is valid");
        peer.stream.write_all(&out).await.expect("is written");
    });
    let (_session, mut inbound) = bound.expect("is bound");
    assert_eq!(inbound.next().await.expect("comes").pdu.destination, "7");
}

#[tokio::test]
async fn a_receiver_may_not_submit_and_no_one_binds_twice() {
    let client = BindSettings { bind_mode: BindMode::Receiver, ..settings() };
    let (session, _inbound, server, _submits) = pair(client, ServerSettings::new("smsc")).await;
    assert_eq!(server.mode(), BindMode::Receiver);
    let answer = session.submit(to("1")).await.expect("is answered");
    assert_eq!(answer.status, CommandStatus::RINVBNDSTS);

    let (near, far) = duplex(4096);
    let mut peer = Peer::new(near);
    let serve = tokio::spawn(async move {
        let handshake = smsc::accept(far, ServerSettings::new("smsc")).await.expect("binds");
        handshake.accept().await.expect("is let in")
    });
    let bind = Body::Bind(BindMode::Transceiver, smpp::pdu::Bind::default());
    peer.send(CommandStatus::ROK, 1, bind.clone()).await;
    assert!(peer.expect().await.status.is_ok());
    let _server = serve.await.expect("ends");
    peer.send(CommandStatus::ROK, 2, bind).await;
    assert_eq!(peer.expect().await.status, CommandStatus::RALYBND);
}

#[tokio::test]
async fn a_client_must_bind_first_and_in_time() {
    let (near, far) = duplex(4096);
    let mut peer = Peer::new(near);
    peer.send(CommandStatus::ROK, 1, Body::EnquireLink).await;
    peer.send(CommandStatus::ROK, 2, Body::SubmitSm(to("1"))).await;
    let refused = smsc::accept(far, ServerSettings::new("smsc")).await.err();
    assert!(matches!(refused, Some(AcceptError::NoBind { command_id: command::SUBMIT_SM })));
    assert_eq!(peer.expect().await.body, Body::EnquireLinkResp);
    assert_eq!(peer.expect().await, Pdu::nack(2, CommandStatus::RINVBNDSTS));

    let (_near, far) = duplex(4096);
    let server = ServerSettings { bind_timeout: SHORT, ..ServerSettings::new("smsc") };
    let late = smsc::accept(far, server).await.err();
    assert!(matches!(late, Some(AcceptError::Timeout)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_submits_from_many_tasks_all_get_their_own_answer() {
    let client = BindSettings { window: window(100), ..settings() };
    let (session, _inbound, _server, mut submits) = pair(client, ServerSettings::new("smsc")).await;
    tokio::spawn(async move {
        while let Some(submit) = submits.next_submit().await {
            let id = submit.pdu.destination.clone();
            submit.accept(id);
        }
    });
    let tasks = (0..100).map(|task| {
        let session = session.clone();
        tokio::spawn(async move {
            for number in 0..1000 {
                let destination = format!("{task}-{number}");
                let answer = session.submit(to(&destination)).await.expect("is answered");
                assert_eq!(answer.message_id, destination);
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.expect("ends");
    }
    assert_eq!(session.unbind().await, CloseReason::Unbound);
}
