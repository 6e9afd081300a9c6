//! How much memory `edr-archiver` takes while one day of one agreement grows to half a million versions, which
//! is when its file is full, and into the next file: what the function is given in `infra/template.yaml` has
//! to be more. The embedded S3 and what it holds are in the figures. Nothing is asserted, because allocators
//! differ. Linux alone counts so.

use std::fs;
use std::time::Instant;

use domain::edr::{Edr, Record, records};
use domain::id::{BatchId, MessageId};
use domain::masking::Masking;
use edr_archiver::{App, handle};
use jiff::SignedDuration;
use store::{Archive, Staging};
use tests::embedded_s3::{ARCHIVE, EmbeddedS3};
use tests::world::{NOW, World};

/// Versions that come between two runs, and in one staging object.
const AT_ONCE: usize = 100_000;
const STAGED: usize = 5_000;
const RUNS: usize = 6;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let world = World::with_streams(&[]).await;
    let reseller = world.reseller(&world.owner, "0.03").open().await;
    let client = world.client(&reseller, "0.05").open().await;
    let message = client.message("key", "hello").expect("a rate");
    let template = records(&message).remove(0);
    let s3 = EmbeddedS3::new();
    let app = App::new(world.store.clone(), s3.archive(), Masking::NEVER);
    println!("versions of the day   file, MB   peak, MB   seconds");
    for run in 0..RUNS {
        stage(&s3.archive(), &template, run).await;
        archive(&app, &s3, AT_ONCE * (run + 1)).await;
    }
    // All of it again changes nothing, and is read all the same.
    for run in 0..RUNS {
        stage(&s3.archive(), &template, run).await;
    }
    archive(&app, &s3, AT_ONCE * RUNS).await;
    let masking = Masking::parse("1").expect("a day");
    archive(&App { masking, ..app }, &s3, AT_ONCE * RUNS).await;
}

async fn archive(app: &App, s3: &EmbeddedS3, versions: usize) {
    let now = if app.masking == Masking::NEVER { NOW } else { NOW + SignedDuration::from_hours(24 * 10) };
    // From here on the kernel notes the peak anew.
    fs::write("/proc/self/clear_refs", "5").expect("it is Linux");
    let begun = Instant::now();
    handle(app, now).await.expect("archived");
    let seconds = begun.elapsed().as_secs_f64();
    let files = s3.keys(ARCHIVE, "edr/").into_iter().filter_map(|key| s3.get(ARCHIVE, &key));
    let file = files.map(|content| content.len()).max().unwrap_or_default() / 1_000_000;
    println!("{versions:>19} {file:>10} {:>10} {seconds:>9.1}", peak_mb());
}

/// The most memory that the process has had in use.
fn peak_mb() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("it is Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") / 1_000
}

/// What comes between two runs: messages of one after the other moment, from here and there.
async fn stage(archive: &Archive, template: &Edr, run: usize) {
    for object in 0..AT_ONCE / STAGED {
        let mut staging = Staging::default();
        for place in 0..STAGED {
            let number = (run * AT_ONCE + object * STAGED + place) as u64;
            // Some come late.
            let late = if number.is_multiple_of(10) { 40_000 } else { 0 };
            let edr = Edr {
                message: MessageId::in_batch(&BatchId::new((number / 100).into()), (number % 100) as u16),
                recipient: recipient(number),
                accepted_at: NOW + SignedDuration::from_millis(number as i64 * 100 - late),
                references: vec![format!("{:016x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15))],
                ..template.clone()
            };
            staging.add(&Record::Message(Box::new(edr))).expect("it is written");
        }
        archive.stage(staging, NOW).await.expect("it is staged");
    }
}

fn recipient(number: u64) -> domain::destination::Msisdn {
    let digits = format!("49151{:08}", number.wrapping_mul(7_919) % 100_000_000);
    digits.try_into().expect("a number")
}
