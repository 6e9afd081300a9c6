use super::report::CALCULATED;
use super::*;

const BOTH: [Design; 2] = [Design::EveryLevel, Design::HomeWallet];

/// A second has as much of every effect as a minute; this is long enough for several top-ups.
fn short(design: Design, clients: u64, messages_per_second: u64) -> Options {
    Options { seconds: 10, ..Options::new(design, clients, messages_per_second) }
}

#[test]
fn every_message_is_answered_once() {
    for design in BOTH {
        for clients in [1, 100] {
            let measured = run(short(design, clients, 400));
            assert_eq!(measured.accepted + measured.refused, measured.offered, "{design:?}, {clients}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_result_and_another_one_does_not() {
    for design in BOTH {
        let options = short(design, 100, 400);
        assert_eq!(run(options), run(options));
        assert_ne!(run(options), run(Options { seed: 2, ..options }));
    }
}

#[test]
fn a_client_alone_loses_nothing_in_either_design() {
    for design in BOTH {
        let measured = run(Options { seconds: 60, ..short(design, 1, 1) });
        assert_eq!((measured.accepted, measured.refused), (60, 0), "{design:?}");
    }
}

#[test]
fn a_thousand_messages_a_second_lose_none_here_while_the_naive_design_keeps_not_one_in_nine() {
    for hold_ms in [10, 20] {
        for clients in [1, 100, 10_000] {
            for seed in 1..=3 {
                let ours = run(Options { seed, hold_ms, ..short(Design::HomeWallet, clients, 1_000) });
                assert_eq!(ours.refused, 0, "{clients} clients, hold {hold_ms} ms, seed {seed}: {ours:?}");
            }
            let naive = run(Options { hold_ms, ..short(Design::EveryLevel, clients, 1_000) });
            assert!(naive.accepted * 9 < naive.offered, "{clients} clients, hold {hold_ms} ms: {naive:?}");
        }
    }
}

#[test]
fn a_thousand_messages_a_second_write_the_shared_wallet_less_than_five_times_a_second() {
    for clients in [1, 100, 10_000] {
        let measured = run(Options { seconds: 20, ..short(Design::HomeWallet, clients, 1_000) });
        let refills = measured.shared_tries;
        assert!(0 < refills && refills < 5 * measured.seconds, "{clients} clients: {measured:?}");
    }
}

#[test]
fn no_message_is_lost_here_when_no_capacity_is_kept_for_bursts() {
    for clients in [1, 100, 10_000] {
        let measured = run(Options { burst_seconds: 1, ..short(Design::HomeWallet, clients, 1_000) });
        assert_eq!((measured.refused, measured.tries.throttled), (0, 0), "{clients} clients");
    }
}

#[test]
fn conflicts_alone_break_the_naive_design() {
    let measured = run(short(Design::EveryLevel, 10_000, 100));
    assert_eq!(measured.tries.throttled, 0);
    assert!(measured.accepted * 2 < measured.offered, "{measured:?}");
}

#[test]
fn clients_that_all_begin_without_escrow_meet_at_the_shared_wallet() {
    // What happens today, and should not: 10,000 first refills at once are the naive design again.
    let options = short(Design::HomeWallet, 10_000, 1_000);
    let measured = run(Options { escrow: Escrow::None, ..options });
    assert!(measured.accepted * 2 < measured.offered, "{measured:?}");
}

#[test]
fn one_shared_item_behaves_as_the_design_was_calculated_with() {
    for row in CALCULATED {
        let measured = run(row.options(1));
        let tries = measured.tries;
        let near = |found: u64, expected: u64, band: u64| {
            let case = format!("{} tx/s, hold {} ms", row.load, row.hold_ms);
            assert!(found.abs_diff(expected) <= band, "{case}: {found} instead of {expected}");
        };
        near(tries.first_conflicts * 100 / tries.first, row.first_conflicts_percent, 6);
        near(tries.all * 100 / measured.offered, row.tries_per_hundred, 50);
        near(measured.refused * 1_000 / measured.offered, row.gave_up_per_mille, 60);
    }
}
