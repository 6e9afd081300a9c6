//! Bounded runs of the simulation, and that it would notice. `simulate --help` runs as many as one likes.

use tests::ledger_simulation::{Options, Sabotage, run};

const STEPS: u32 = 80;

#[test]
fn no_seed_breaks_a_promise_of_the_ledger() {
    for seed in 0..12 {
        if let Err(failure) = run(Options { seed, steps: STEPS, sabotage: None }) {
            panic!("{failure}");
        }
    }
}

#[test]
fn a_seed_leads_to_one_history() {
    let played = || run(Options { seed: 5, steps: STEPS, sabotage: None }).expect("no breach");
    assert_eq!(played(), played());
}

#[track_caller]
fn is_noticed(sabotage: Sabotage) {
    let breach = (0..60).find_map(|seed| run(Options { seed, steps: STEPS, sabotage: Some(sabotage) }).err());
    let breach = breach.unwrap_or_else(|| panic!("nobody noticed that {sabotage:?} was left out"));
    println!("{sabotage:?}: seed {}, {}", breach.seed, breach.breach);
}

#[test]
fn a_message_charged_twice_is_noticed() {
    is_noticed(Sabotage::RowIsNew);
}

#[test]
fn an_overdraft_is_noticed() {
    is_noticed(Sabotage::Headroom);
}

#[test]
fn escrow_spent_twice_is_noticed() {
    is_noticed(Sabotage::Escrow);
}

#[test]
fn a_second_refund_is_noticed() {
    is_noticed(Sabotage::Revision);
}

#[test]
fn a_transfer_or_payment_posted_twice_is_noticed() {
    is_noticed(Sabotage::RecordIsNew);
}
