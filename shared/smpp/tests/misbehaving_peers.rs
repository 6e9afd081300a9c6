//! Peers that do what no peer should: the session ends or goes on, memory stays bounded, others are
//! not affected, and nothing panics.

mod support;

use std::fs;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use proptest::prelude::*;
use smpp::codec::encode;
use smpp::esme::{BindSettings, CloseReason, SubmitError};
use smpp::pdu::{Bind, Body, MessageResp, ShortMessage, command};
use smpp::smsc::{self, AcceptError, DeliverError, ServerSettings};
use smpp::{BindMode, CommandStatus, Pdu, tlv};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use support::{Peer, SHORT, SOON, client_and_peer, pair, server_and_peer, settings, to, window};

const MEBI: usize = 1024 * 1024;

/// A server that finds out within moments.
fn impatient() -> ServerSettings {
    ServerSettings {
        enquire_link_every: SHORT,
        answer_timeout: SHORT,
        bind_timeout: SHORT,
        ..ServerSettings::new("smsc")
    }
}

/// The memory of this process, in octets; the other tests in it use little.
fn resident() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").expect("is Linux");
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok());
    pages.expect("has a second column") * 4096
}

fn octets(body: Body, sequence: u32) -> BytesMut {
    let mut out = BytesMut::new();
    encode(&Pdu::request(sequence, body), &mut out).expect("is valid");
    out
}

/// Writes the same octets for as long as they are taken; how many were.
async fn flood(stream: &mut (impl AsyncWrite + Unpin), octets: &[u8], at_most: usize) -> usize {
    let mut taken = 0;
    while taken < at_most {
        match timeout(SHORT * 4, stream.write(octets)).await {
            Ok(Ok(count)) if 0 < count => taken += count,
            _ => break,
        }
    }
    taken
}

// Octets that never become a PDU

#[tokio::test]
async fn half_a_pdu_and_then_silence_ends_the_link() {
    let (session, _requests, mut peer) = server_and_peer(impatient()).await;
    let submit = octets(Body::SubmitSm(to("1")), 2);
    peer.stream.write_all(&submit[..submit.len() / 2]).await.expect("is written");
    assert_eq!(timeout(SOON, session.closed()).await, Ok(CloseReason::NotAlive));
}

#[tokio::test]
async fn octets_that_drip_in_are_no_sign_of_life() {
    let (session, _requests, mut peer) = server_and_peer(impatient()).await;
    let dripping = tokio::spawn(async move {
        peer.stream.write_all(&[0, 0, 0xFF, 0]).await.expect("is written");
        while peer.stream.write_all(&[0]).await.is_ok() {
            sleep(SHORT / 6).await;
        }
    });
    assert_eq!(timeout(SOON, session.closed()).await, Ok(CloseReason::NotAlive));
    dripping.await.expect("ends");
}

#[tokio::test]
async fn a_huge_length_is_skipped_and_never_held() {
    let (session, _requests, mut peer) = server_and_peer(ServerSettings::new("smsc")).await;
    peer.send_words([0xFFFF_FFFF, command::SUBMIT_SM, 0, 2], b"").await;
    assert_eq!(peer.expect().await, Pdu::nack(2, CommandStatus::RINVCMDLEN));
    let before = resident();
    let taken = flood(&mut peer.stream, &vec![0xFF; MEBI], 256 * MEBI).await;
    assert_eq!(taken, 256 * MEBI);
    assert!(resident() < before + 64 * MEBI, "{} more", resident() - before);
    assert!(!session.is_closed());
}

#[tokio::test]
async fn lengths_that_make_no_sense_end_the_link_at_once() {
    for length in [0, 1, 15] {
        let (session, _requests, mut peer) = server_and_peer(ServerSettings::new("smsc")).await;
        peer.send_words([length, command::SUBMIT_SM, 0, 9], b"").await;
        assert_eq!(peer.expect().await, Pdu::nack(9, CommandStatus::RINVCMDLEN));
        assert_eq!(timeout(SOON, session.closed()).await, Ok(CloseReason::OutOfStep));
    }
}

#[tokio::test]
async fn pdus_that_lie_about_their_fields_cost_a_nack_each() {
    let (session, _requests, mut peer) = server_and_peer(ServerSettings::new("smsc")).await;
    for sequence in 2..200 {
        peer.send_words([20, command::SUBMIT_MULTI, 0, sequence], &[0xFF; 4]).await;
        assert_eq!(peer.expect().await, Pdu::nack(sequence, CommandStatus::RINVCMDLEN));
    }
    peer.send(CommandStatus::ROK, 200, Body::EnquireLink).await;
    assert_eq!(peer.expect().await.body, Body::EnquireLinkResp);
    assert!(!session.is_closed());
}

// Numbers and answers that do not fit

#[tokio::test]
async fn answers_with_wrong_numbers_are_nobodys() {
    let client = BindSettings { answer_timeout: SHORT * 4, ..settings() };
    let (session, _inbound, mut peer) = client_and_peer(client).await;
    let (answer, ()) = tokio::join!(session.submit(to("1")), async {
        let right = peer.expect().await.sequence;
        let body = |id: &str| {
            Body::SubmitSmResp(MessageResp { message_id: id.to_owned(), ..MessageResp::default() })
        };
        for wrong in [0, right + 1, right + 100, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF] {
            peer.send(CommandStatus::ROK, wrong, body("wrong")).await;
            peer.send(CommandStatus::ROK, wrong, Body::EnquireLinkResp).await;
            peer.send(CommandStatus::ROK, wrong, Body::UnbindResp).await;
            peer.send(CommandStatus::RSYSERR, wrong, Body::GenericNack).await;
        }
        peer.send(CommandStatus::ROK, right, body("right")).await;
        peer.send(CommandStatus::ROK, right, body("again")).await;
    });
    assert_eq!(answer.expect("is answered").message_id, "right");
    assert!(!session.is_closed());
}

#[tokio::test]
async fn requests_may_have_any_number_and_the_same_twice() {
    let (_session, mut requests, mut peer) = server_and_peer(ServerSettings::new("smsc")).await;
    for sequence in [0, 5, 5, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1] {
        peer.send(CommandStatus::ROK, sequence, Body::SubmitSm(to("1"))).await;
        requests.next_submit().await.expect("comes").accept("a");
        assert_eq!(peer.expect().await.sequence, sequence);
    }
}

#[tokio::test]
async fn deliveries_that_are_never_answered_are_in_doubt_and_make_room_for_others() {
    let server = ServerSettings { window: window(2), answer_timeout: SHORT, ..ServerSettings::new("smsc") };
    let (session, _requests, mut peer) = server_and_peer(server).await;
    let deliveries = (0..6).map(|number| {
        let session = session.clone();
        tokio::spawn(async move { session.deliver(to(&number.to_string())).await })
    });
    for delivery in deliveries.collect::<Vec<_>>() {
        assert_eq!(timeout(SOON, delivery).await.expect("ends").expect("ends"), Err(DeliverError::InDoubt));
    }
    // It lives, and it gets the next one.
    for _ in 0..6 {
        assert_eq!(peer.expect().await.body.command_id(), command::DELIVER_SM);
    }
    let (status, ()) = tokio::join!(session.deliver(to("7")), async {
        let sequence = peer.expect().await.sequence;
        peer.send(CommandStatus::ROK, sequence, Body::DeliverSmResp(MessageResp::default())).await;
    });
    assert_eq!(status, Ok(CommandStatus::ROK));
}

#[tokio::test]
async fn a_peer_that_answers_nothing_at_all_is_left_and_its_messages_are_in_doubt() {
    let client = BindSettings { answer_timeout: SHORT * 2, enquire_link_every: SHORT, ..settings() };
    let (session, _inbound, _peer) = client_and_peer(client).await;
    assert_eq!(session.submit(to("1")).await, Err(SubmitError::InDoubt));
    assert_eq!(timeout(SOON, session.closed()).await, Ok(CloseReason::NotAlive));
}

// Too much

#[tokio::test]
async fn a_flood_of_submits_waits_at_the_window_and_others_are_served() {
    let server = ServerSettings { inbound_window: 10, ..ServerSettings::new("smsc") };
    let (_session, mut requests, mut flooder) = server_and_peer(server.clone()).await;
    let (other, _inbound, _server, mut other_requests) = pair(settings(), server).await;
    tokio::spawn(async move {
        while let Some(submit) = other_requests.next_submit().await {
            submit.accept("1");
        }
    });
    let submit = octets(Body::SubmitSm(ShortMessage { short_message: vec![b'x'; 200].into(), ..to("1") }), 2);
    let taken = flood(&mut flooder.stream, &submit, 100 * MEBI).await;
    // What stands in the pipe, in one read, and in the window; no more was taken.
    assert!(taken < 200 * 1024, "{taken} octets were taken");
    for _ in 0..100 {
        let answer = timeout(SOON, other.submit(to("2"))).await.expect("is served in time");
        assert!(answer.expect("is answered").status.is_ok());
    }
    let mut held = Vec::new();
    while let Ok(Some(submit)) = timeout(SHORT, requests.next_submit()).await {
        held.push(submit);
    }
    assert_eq!(held.len(), 10);
}

#[tokio::test]
async fn endless_questions_do_not_hold_up_what_is_late() {
    let server = ServerSettings { answer_timeout: SHORT, ..ServerSettings::new("smsc") };
    let (session, _requests, peer) = server_and_peer(server).await;
    let (mut reading, mut writing) = tokio::io::split(peer.stream);
    let asking = tokio::spawn(async move {
        let asked = octets(Body::EnquireLink, 2).repeat(100);
        while writing.write_all(&asked).await.is_ok() {}
    });
    let listening = tokio::spawn(async move {
        let mut answers = vec![0; 64 * 1024];
        while reading.read(&mut answers).await.is_ok_and(|count| 0 < count) {}
    });
    let late = timeout(SHORT * 20, session.deliver(to("1"))).await;
    assert_eq!(late, Ok(Err(DeliverError::InDoubt)));
    session.abort();
    asking.await.expect("ends");
    listening.await.expect("ends");
}

#[tokio::test]
async fn one_who_asks_and_does_not_read_is_left_before_memory_grows() {
    let (session, _requests, mut peer) = server_and_peer(impatient()).await;
    let before = resident();
    let asked = octets(Body::EnquireLink, 2);
    let taken = flood(&mut peer.stream, &asked.repeat(1000), 500 * MEBI).await;
    assert!(taken < 8 * MEBI, "{taken} octets were taken");
    assert!(resident() < before + 64 * MEBI);
    let reason = timeout(SOON, session.closed()).await.expect("ends");
    assert!(matches!(reason, CloseReason::NotReading | CloseReason::NotAlive), "{reason:?}");
}

#[tokio::test]
async fn one_who_takes_no_deliveries_is_left_and_what_did_not_leave_is_not_sent() {
    let server = ServerSettings {
        window: window(1000),
        answer_timeout: SHORT * 3,
        enquire_link_every: SHORT,
        ..ServerSettings::new("smsc")
    };
    let (session, _requests, _peer) = server_and_peer(server).await;
    let mut large = to("1");
    large.tlvs.push(tlv::MESSAGE_PAYLOAD, Bytes::from(vec![b'x'; 10_000]));
    let deliveries = (0..500).map(|_| {
        let (session, large) = (session.clone(), large.clone());
        tokio::spawn(async move { session.deliver(large).await })
    });
    let (mut in_doubt, mut not_sent) = (0, 0);
    for delivery in deliveries.collect::<Vec<_>>() {
        match timeout(SOON, delivery).await.expect("ends").expect("ends") {
            Err(DeliverError::InDoubt) => in_doubt += 1,
            Err(DeliverError::NotSent) => not_sent += 1,
            other => panic!("{other:?}"),
        }
    }
    let reason = timeout(SOON, session.closed()).await.expect("ends");
    assert!(matches!(reason, CloseReason::NotReading | CloseReason::NotAlive), "{reason:?}");
    // The pipe holds six of them.
    assert!(0 < in_doubt && 400 < not_sent, "{in_doubt} in doubt, {not_sent} not sent");
}

#[tokio::test]
async fn one_who_reads_slowly_but_steadily_is_served() {
    let (near, far) = duplex(512);
    let mut peer = Peer::new(near);
    let serve = tokio::spawn(async move {
        let server = ServerSettings { answer_timeout: SHORT * 5, ..ServerSettings::new("smsc") };
        smsc::accept(far, server).await.expect("binds").accept().await.expect("is let in")
    });
    peer.send(CommandStatus::ROK, 1, Body::Bind(BindMode::Transceiver, Bind::default())).await;
    assert!(peer.expect().await.status.is_ok());
    let (session, _requests) = serve.await.expect("ends");
    let all = (0..20).map(|number| {
        let session = session.clone();
        tokio::spawn(async move { session.deliver(to(&number.to_string())).await })
    });
    let all: Vec<_> = all.collect();
    for _ in 0..20 {
        sleep(SHORT / 10).await;
        let sequence = peer.expect().await.sequence;
        peer.send(CommandStatus::ROK, sequence, Body::DeliverSmResp(MessageResp::default())).await;
    }
    for delivery in all {
        assert_eq!(delivery.await.expect("ends"), Ok(CommandStatus::ROK));
    }
}

// Before the bind

/// A listener that lets so many connections try to bind at one time; the rest wait or are closed by
/// their owner.
struct Listener {
    trying: Arc<Semaphore>,
    bound: Arc<AtomicUsize>,
}

impl Listener {
    fn serve(&self, stream: DuplexStream) -> tokio::task::JoinHandle<Result<(), AcceptError>> {
        let (trying, bound) = (self.trying.clone(), self.bound.clone());
        tokio::spawn(async move {
            let place = trying.acquire_owned().await.expect("stays open");
            let handshake = smsc::accept(stream, impatient()).await?;
            let (session, _requests) = handshake.accept().await?;
            drop(place);
            bound.fetch_add(1, Ordering::SeqCst);
            session.closed().await;
            Ok(())
        })
    }
}

#[tokio::test]
async fn a_storm_of_binds_passes_and_a_good_client_gets_in() {
    let listener = Listener { trying: Arc::new(Semaphore::new(100)), bound: Arc::default() };
    let before = resident();
    let mut held = Vec::new();
    let mut tries = Vec::new();
    for number in 0..1000 {
        let (mut near, far) = duplex(1024);
        tries.push(listener.serve(far));
        let bind = octets(Body::Bind(BindMode::Transceiver, Bind::default()), 1);
        // Nothing, half a bind, or a length to be afraid of.
        let begin: &[u8] = match number % 3 {
            0 => b"",
            1 => &bind[..20],
            _ => &[0x00, 0xFF, 0xFF, 0xFF, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1],
        };
        near.write_all(begin).await.expect("is written");
        held.push(near);
    }
    let (near, far) = duplex(4096);
    listener.serve(far);
    let client = BindSettings { answer_timeout: SOON, ..settings() };
    let (session, _inbound) = smpp::esme::bind(near, client).await.expect("gets in");
    assert!(!session.is_closed());
    for result in tries {
        let refused = timeout(SOON, result).await.expect("ends").expect("ends");
        assert!(matches!(refused, Err(AcceptError::Timeout)), "{refused:?}");
    }
    assert_eq!(listener.bound.load(Ordering::SeqCst), 1);
    assert!(resident() < before + 64 * MEBI);
}

#[tokio::test]
async fn a_bind_longer_than_any_bind_is_not_read() {
    let (near, far) = duplex(64 * 1024);
    let mut peer = Peer::new(near);
    peer.send_words([5000, command::BIND_TRANSCEIVER, 0, 1], &[b'x'; 4984]).await;
    peer.send(CommandStatus::ROK, 2, Body::Bind(BindMode::Transceiver, Bind::default())).await;
    let handshake = smsc::accept(far, impatient()).await.expect("the second is read");
    let _bound = handshake.accept().await.expect("is let in");
    assert_eq!(peer.expect().await, Pdu::nack(1, CommandStatus::RINVCMDLEN));
    assert_eq!(peer.expect().await.sequence, 2);
}

#[tokio::test]
async fn an_outbind_or_anything_else_in_the_place_of_a_bind_is_refused() {
    for body in [Body::Outbind(Default::default()), Body::Unbind, Body::SubmitSm(to("1"))] {
        let (near, far) = duplex(4096);
        let mut peer = Peer::new(near);
        let command_id = body.command_id();
        peer.send(CommandStatus::ROK, 1, body).await;
        let refused = smsc::accept(far, impatient()).await.err();
        assert!(matches!(refused, Some(AcceptError::NoBind { command_id: said }) if said == command_id));
        assert_eq!(peer.expect().await, Pdu::nack(1, CommandStatus::RINVBNDSTS));
    }
}

#[tokio::test]
async fn a_client_that_leaves_while_it_is_being_checked_harms_nobody() {
    let (near, far) = duplex(4096);
    let mut peer = Peer::new(near);
    peer.send(CommandStatus::ROK, 1, Body::Bind(BindMode::Transceiver, Bind::default())).await;
    let handshake = smsc::accept(far, impatient()).await.expect("binds");
    drop(peer);
    assert!(matches!(handshake.accept().await, Err(AcceptError::Link(_))));
}

// After the end

#[tokio::test]
async fn a_peer_that_unbinds_and_goes_on_talking_is_not_listened_to() {
    let (session, mut requests, mut peer) = server_and_peer(ServerSettings::new("smsc")).await;
    peer.send(CommandStatus::ROK, 2, Body::Unbind).await;
    assert_eq!(peer.expect().await.body, Body::UnbindResp);
    let submit = octets(Body::SubmitSm(to("1")), 3);
    let _ = timeout(SHORT, peer.stream.write_all(&submit)).await;
    assert_eq!(timeout(SOON, session.closed()).await, Ok(CloseReason::UnboundByPeer));
    assert!(requests.next().await.is_none());
}

// Anything

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_octets_break_a_session_of_either_end(
        octets in proptest::collection::vec(any::<u8>(), 0..600),
        as_pdus in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("starts");
        runtime.block_on(async {
            let client = BindSettings { answer_timeout: Duration::from_millis(5), ..settings() };
            let (session, mut inbound, mut peer) = client_and_peer(client).await;
            let (server, mut requests, mut client) = server_and_peer(ServerSettings {
                answer_timeout: Duration::from_millis(5),
                window: NonZeroUsize::MIN,
                ..ServerSettings::new("smsc")
            }).await;
            for stream in [&mut peer.stream, &mut client.stream] {
                let octets = if as_pdus { in_frames(&octets) } else { octets.clone() };
                let _ = stream.write_all(&octets).await;
                let _ = stream.shutdown().await;
            }
            while inbound.next().await.is_some() {}
            while requests.next().await.is_some() {}
            session.closed().await;
            server.closed().await;
        });
    }
}

/// The octets as PDUs with right lengths and known commands, so that more than the framing is tried.
fn in_frames(octets: &[u8]) -> Vec<u8> {
    let ids = [1_u32, 2, 3, 4, 5, 6, 7, 8, 9, 0x0B, 0x15, 0x21, 0x102, 0x103, 0x111];
    let mut out = Vec::new();
    for (index, body) in octets.chunks(40).enumerate() {
        let (first, rest) = body.split_first().unwrap_or((&0, &[]));
        let id = ids[usize::from(*first) % ids.len()] | if first & 0x80 == 0 { 0 } else { 0x8000_0000 };
        for word in [16 + rest.len() as u32, id, 0, index as u32] {
            out.extend_from_slice(&word.to_be_bytes());
        }
        out.extend_from_slice(rest);
    }
    out
}
