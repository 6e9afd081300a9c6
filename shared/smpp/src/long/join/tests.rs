use super::*;
use crate::long::{LongForm, cut};

const WAIT: Duration = Duration::from_secs(60);

fn limits() -> JoinLimits {
    JoinLimits { messages_max: 100, octets_max: 1_000_000, wait: WAIT }
}

fn parts(texts: &[&str], form: LongForm, reference: u16) -> Vec<ShortMessage> {
    let whole =
        ShortMessage { source: "4917".to_owned(), destination: "123".to_owned(), ..Default::default() };
    let texts: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    cut(&whole, &texts, form, reference)
}

fn said<T>(ready: Vec<Joined<T>>) -> Vec<String> {
    let describe = |joined: Joined<T>| {
        let text = String::from_utf8_lossy(joined.message.payload()).into_owned();
        format!("{text} of {} without {:?}", joined.carried.len(), joined.missing)
    };
    ready.into_iter().map(describe).collect()
}

#[test]
fn parts_are_joined_in_any_order_and_in_every_form() {
    for form in [LongForm::Udh8, LongForm::Udh16, LongForm::Sar] {
        let mut joiner = Joiner::new(limits());
        let parts = parts(&["one ", "two ", "three"], form, 0x1234);
        let now = Instant::now();
        assert!(joiner.take(now, parts[2].clone(), ()).is_empty());
        assert!(joiner.take(now, parts[0].clone(), ()).is_empty());
        let ready = joiner.take(now, parts[1].clone(), ());
        let message = &ready[0].message;
        assert_eq!((message.esm_class, message.tlvs.is_empty()), (0, true));
        assert_eq!(said(ready), ["one two three of 3 without []"]);
        assert_eq!((joiner.waiting(), joiner.octets), (0, 0));
    }
}

#[test]
fn a_message_of_one_part_passes_through() {
    let mut joiner = Joiner::new(limits());
    let alone = parts(&["alone"], LongForm::Udh8, 1).remove(0);
    assert_eq!(said(joiner.take(Instant::now(), alone, ())), ["alone of 1 without []"]);
}

#[test]
fn a_part_that_comes_twice_is_in_the_text_once_and_both_are_to_be_answered() {
    let mut joiner = Joiner::new(limits());
    let parts = parts(&["one ", "two"], LongForm::Udh8, 1);
    let now = Instant::now();
    joiner.take(now, parts[0].clone(), ());
    joiner.take(now, parts[0].clone(), ());
    assert_eq!(said(joiner.take(now, parts[1].clone(), ())), ["one two of 3 without []"]);
}

#[test]
fn a_reference_used_again_ends_the_old_message() {
    let mut joiner = Joiner::new(limits());
    let now = Instant::now();
    joiner.take(now, parts(&["old ", "x"], LongForm::Udh8, 1).remove(0), ());
    let new = parts(&["new ", "y"], LongForm::Udh8, 1);
    assert_eq!(said(joiner.take(now, new[0].clone(), ())), ["old  of 1 without [2]"]);
    assert_eq!(said(joiner.take(now, new[1].clone(), ())), ["new y of 2 without []"]);
}

#[test]
fn what_does_not_become_whole_is_given_out_in_time() {
    let mut joiner = Joiner::new(limits());
    let start = Instant::now();
    joiner.take(start, parts(&["a", "b", "c"], LongForm::Sar, 1).remove(1), ());
    joiner.take(start + WAIT / 2, parts(&["d", "e"], LongForm::Sar, 2).remove(0), ());
    assert_eq!(joiner.next_due(), Some(start + WAIT));
    assert!(joiner.overdue(start + WAIT / 2).is_empty());
    assert_eq!(said(joiner.overdue(start + WAIT)), ["b of 1 without [1, 3]"]);
    assert_eq!(said(joiner.overdue(start + 2 * WAIT)), ["d of 1 without [2]"]);
    assert_eq!((joiner.waiting(), joiner.octets, joiner.next_due()), (0, 0, None));
}

#[test]
fn a_flood_of_parts_stays_within_its_bounds_and_none_is_lost() {
    let limits = JoinLimits { messages_max: 10, octets_max: 4_000, ..limits() };
    let mut joiner = Joiner::new(limits);
    let now = Instant::now();
    let mut given_out = 0;
    for reference in 0..1000 {
        let part = parts(&["first", "second"], LongForm::Udh16, reference).remove(0);
        let ready = joiner.take(now, part, ());
        given_out += ready.iter().map(|joined| joined.carried.len()).sum::<usize>();
        assert!(joiner.waiting() <= 10 && joiner.octets <= 4_000);
    }
    assert_eq!(given_out + joiner.waiting(), 1000);
    // The same part over and over is bounded too.
    for _ in 0..1000 {
        joiner.take(now, parts(&["first", "second"], LongForm::Udh16, 1).remove(0), ());
        assert!(joiner.octets <= 4_000);
    }
}

#[test]
fn a_long_text_stands_in_the_payload() {
    let mut joiner = Joiner::new(limits());
    let texts = ["x".repeat(153), "y".repeat(153)];
    let parts = parts(&[&texts[0], &texts[1]], LongForm::Udh8, 1);
    joiner.take(Instant::now(), parts[0].clone(), ());
    let ready = joiner.take(Instant::now(), parts[1].clone(), ());
    assert_eq!(ready[0].message.tlvs.message_payload().map(Bytes::len), Some(306));
    assert!(ready[0].message.short_message.is_empty());
}
