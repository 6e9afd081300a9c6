//! Submits to a server as fast as the window lets it, waits for the receipts, and says how fast
//! that was: `smpp-load ADDRESS [SUBMITS] [WINDOW]`.

use std::error::Error;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;

use smpp::esme::{BindSettings, Inbound, bind};
use smpp::{CommandStatus, SubmitSm, receipt, tcp};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or("usage: smpp-load ADDRESS [SUBMITS] [WINDOW]")?;
    let submits: usize = arguments.next().map_or(Ok(10_000), |text| text.parse())?;
    let window: NonZeroUsize = arguments.next().as_deref().unwrap_or("100").parse()?;
    let settings = BindSettings { window, ..BindSettings::new("load", "load") };
    let (session, inbound) = bind(tcp::connect(&address).await?, settings).await?;
    let receipts = tokio::spawn(count_receipts(inbound, submits));

    let started = Instant::now();
    let slots = Arc::new(tokio::sync::Semaphore::new(window.get() * 2));
    let mut running = Vec::with_capacity(submits);
    for number in 0..submits {
        let slot = slots.clone().acquire_owned().await?;
        let session = session.clone();
        running.push(tokio::spawn(async move {
            let answer = session.submit(message(number)).await;
            drop(slot);
            answer
        }));
    }
    let mut taken = 0;
    for submit in running {
        taken += usize::from(submit.await??.status == CommandStatus::ROK);
    }
    let answered_ms = started.elapsed().as_millis();
    println!("{taken} of {submits} taken in {answered_ms} ms");
    let receipts = receipts.await?;
    println!("{receipts} receipts after {} ms", started.elapsed().as_millis());
    println!("closed: {:?}", session.unbind().await);
    Ok(())
}

fn message(number: usize) -> SubmitSm {
    SubmitSm {
        source: "Waybill".to_owned(),
        source_ton: 5,
        // Not one of the endings for which the simulator has an outcome of its own.
        destination: format!("49{number:09}999"),
        destination_ton: 1,
        destination_npi: 1,
        registered_delivery: 1,
        short_message: format!("message {number}").into(),
        ..SubmitSm::default()
    }
}

async fn count_receipts(mut inbound: Inbound, expected: usize) -> usize {
    let mut count = 0;
    while count < expected
        && let Some(delivery) = inbound.next().await
    {
        count += usize::from(receipt::parse(&delivery.pdu).is_some());
        delivery.accept();
    }
    count
}
