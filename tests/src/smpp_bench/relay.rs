//! The gateway with billing cut out: what a client's session submits goes straight to the vendor's, and
//! receipts straight back. Nothing is priced, stored or queued.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;

use anyhow::Context;
use smpp::esme::{BindSettings, Delivery, Inbound, Session, bind};
use smpp::receipt::{self, Receipt, ReceiptText};
use smpp::smsc::{self, ServerSession, ServerSettings, Submit};
use smpp::{CommandStatus, SubmitSm, tcp};
use tokio::net::{TcpListener, TcpStream};

/// Listens for clients; to be called on the runtime that is measured.
pub async fn start(vendor: SocketAddr, window: usize) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok(stream) = tcp::accept(&listener).await {
            tokio::spawn(async move {
                if let Err(error) = serve(stream, vendor, window).await {
                    tracing::warn!("a client is not served: {error:#}");
                }
            });
        }
    });
    Ok(address)
}

async fn serve(stream: TcpStream, vendor: SocketAddr, window: usize) -> anyhow::Result<()> {
    let window = NonZeroUsize::new(window).context("a window of nothing")?;
    let settings = ServerSettings { window, ..ServerSettings::new("relay") };
    let (client, mut requests) = smsc::accept(stream, settings).await?.accept().await?;
    let settings = BindSettings { window, ..BindSettings::new("relay", "relay") };
    let (vendor, inbound) = bind(tcp::connect(vendor).await?, settings).await?;
    tokio::spawn(return_receipts(inbound, client));
    while let Some(submit) = requests.next_submit().await {
        tokio::spawn(forward(vendor.clone(), submit));
    }
    vendor.unbind().await;
    Ok(())
}

async fn forward(vendor: Session, submit: Submit) {
    match vendor.submit(submit.pdu.clone()).await {
        Ok(answer) if answer.status.is_ok() => submit.accept(our_id(&answer.message_id)),
        Ok(answer) => submit.refuse(answer.status),
        Err(_) => submit.refuse(CommandStatus::RSYSERR),
    }
}

async fn return_receipts(mut inbound: Inbound, client: ServerSession) {
    while let Some(delivery) = inbound.next().await {
        tokio::spawn(return_receipt(delivery, client.clone()));
    }
}

async fn return_receipt(delivery: Delivery, client: ServerSession) {
    let Some(Receipt { id, state, .. }) = receipt::parse(&delivery.pdu) else { return delivery.accept() };
    let id = our_id(&id);
    let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let text = ReceiptText { id: &id, submitted_at: now, done_at: now, state, error: 0, text: b"" };
    let submit = SubmitSm {
        source: delivery.pdu.destination.clone(),
        destination: delivery.pdu.source.clone(),
        ..SubmitSm::default()
    };
    match client.deliver(text.receipt_for(&submit)).await {
        Ok(status) if status.is_ok() => delivery.accept(),
        _ => delivery.refuse(CommandStatus::RX_T_APPN),
    }
}

/// Made of the vendor's, so that nothing has to be remembered.
fn our_id(vendors: &str) -> String {
    format!("msg_{vendors}")
}
