//! TLS to a vendor.

use domain::connection::Tls;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use runtime::targets::Targets;
use tests::smsc_simulator::Identity;

use super::links::snapshot;
use super::*;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new([]).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("signs")
}

/// A simulator with a certificate for this name, by this authority.
async fn simulator_named(name: &str, authority: &Authority) -> SmscSimulator {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new([name.to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, authority).expect("is signed");
    let identity = Identity { certificates: certificate.pem(), key: key.serialize_pem() };
    simulator(Behaviour { tls: Some(identity), ..Behaviour::default() }).await
}

async fn stage_with(simulator: &SmscSimulator, tls: Tls) -> Stage {
    let with_tls = |connection: &mut Connection| smpp_link(connection).tls = Some(tls);
    Stage::new(simulator.address().port(), with_tls).await
}

#[track_caller]
fn trusting(authority: &Authority, server_name: Option<&str>) -> Tls {
    Tls { ca_pem: Some(authority.pem()), server_name: server_name.map(str::to_owned) }
}

#[tokio::test]
async fn messages_and_receipts_go_over_tls() {
    let authority = authority();
    for (name, server_name) in [("127.0.0.1", None), ("smsc.example.com", Some("smsc.example.com"))] {
        let simulator = simulator_named(name, &authority).await;
        let mut stage = stage_with(&simulator, trusting(&authority, server_name)).await;
        let running = stage.run();
        let message = stage.send("+4915112345678", "hello").await;
        stage.references(&message).await;
        until("a receipt", || stage.receipts().len() == 1).await;
        running.stop().await;
        assert!(simulator.binds().is_empty());
    }
}

#[tokio::test]
async fn a_vendor_that_signs_for_itself_is_known_by_its_very_certificate() {
    // As `openssl req -x509` makes it: an authority, and for no name.
    let itself = authority();
    let identity = Identity { certificates: itself.pem(), key: itself.key().serialize_pem() };
    let simulator = simulator(Behaviour { tls: Some(identity), ..Behaviour::default() }).await;
    let mut stage = stage_with(&simulator, trusting(&itself, None)).await;
    let running = stage.run();
    let message = stage.send("+4915112345678", "hello").await;
    stage.references(&message).await;
    running.stop().await;
}

/// What the status page says of a connection whose vendor has a certificate for `name` by the authority.
async fn trouble(authority: &Authority, name: &str, tls: Tls) -> String {
    let simulator = simulator_named(name, authority).await;
    let mut stage = stage_with(&simulator, tls).await;
    let gateway = stage.gateway();
    let board = gateway.board();
    let running = run(gateway, bind::tcp(Targets::Any));
    stage.send("+4915112345678", "hello").await;
    let troubles = || board.status().connections.first()?.here.as_ref()?.troubles.first().cloned();
    until("a trouble", || troubles().is_some()).await;
    assert_eq!(snapshot(&board).await.binds.up, 0);
    assert_eq!((simulator.binds().len(), stage.jobs_left()), (0, 1));
    running.stop().await;
    troubles().expect("is shown").error
}

#[tokio::test]
async fn a_certificate_that_does_not_fit_is_refused_and_the_status_page_says_so() {
    let (theirs, other) = (authority(), authority());
    let unknown = trouble(&theirs, "127.0.0.1", trusting(&other, None)).await;
    assert!(unknown.starts_with("the vendor's certificate is not accepted: "), "{unknown}");
    let unknown = trouble(&theirs, "127.0.0.1", Tls::default()).await;
    assert!(unknown.contains("certificate"), "{unknown}");
    let misnamed = trouble(&theirs, "smsc.example.com", trusting(&theirs, None)).await;
    assert!(misnamed.contains("not valid for name"), "{misnamed}");
    let nonsense = Tls { ca_pem: Some("nonsense".to_owned()), server_name: None };
    let nonsense = trouble(&theirs, "127.0.0.1", nonsense).await;
    assert_eq!(nonsense, "there is no certificate to trust");
}

#[tokio::test]
async fn a_vendor_without_tls_is_not_spoken_to_in_the_clear() {
    let simulator = simulator(Behaviour::default()).await;
    let mut stage = stage_with(&simulator, trusting(&authority(), None)).await;
    let running = stage.run();
    stage.send("+4915112345678", "hello").await;
    sleep(MOMENT).await;
    assert_eq!((simulator.binds().len(), stage.jobs_left()), (0, 1));
    running.stop().await;
}
