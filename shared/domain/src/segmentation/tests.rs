//! Segment counts are money: known texts, the borders, and the laws every cut obeys.

use super::*;
use expect_test::{Expect, expect};
use proptest::prelude::*;

/// The text that a phone would read from the parts, one after the other.
fn read(cut: &Segmented) -> String {
    cut.segments.iter().map(|part| read_part(cut.encoding, part)).collect()
}

/// Reads one part alone, so a character split over two parts fails here.
fn read_part(encoding: Encoding, part: &[u8]) -> String {
    match encoding {
        Encoding::Gsm7 => read_septets(part),
        Encoding::Ucs2 => {
            let units: Vec<u16> = part.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            String::from_utf16(&units).expect("no part ends within a surrogate pair")
        }
        Encoding::Binary => unreachable!("a text is never cut as binary"),
    }
}

fn read_septets(part: &[u8]) -> String {
    let mut codes = part.iter();
    let mut text = String::new();
    while let Some(code) = codes.next() {
        text.push(match *code {
            ESCAPE => {
                let code = codes.next().expect("no part ends with an escape");
                EXTENDED.iter().find(|(_, extended)| extended == code).expect("a known code").0
            }
            code => BASIC[usize::from(code)],
        });
    }
    text
}

#[track_caller]
fn check(text: &str, expected: Expect) {
    let cut = segment(text);
    let lengths: Vec<usize> =
        cut.segments.iter().map(|part| part.len() / cut.encoding.octets_per_unit()).collect();
    assert_eq!(cut.segments_count(), lengths.len());
    assert_eq!(read(&cut), text);
    expected.assert_eq(&format!("{:?}, {} units: {lengths:?}", cut.encoding, cut.units));
}

#[test]
fn a_text_of_160_septets_is_one_segment_and_one_more_makes_two() {
    check(&"a".repeat(160), expect!["Gsm7, 160 units: [160]"]);
    check(&"a".repeat(161), expect!["Gsm7, 161 units: [153, 8]"]);
    check(&"a".repeat(306), expect!["Gsm7, 306 units: [153, 153]"]);
    check(&"a".repeat(307), expect!["Gsm7, 307 units: [153, 153, 1]"]);
}

#[test]
fn a_text_of_70_utf_16_units_is_one_segment_and_one_more_makes_two() {
    check(&"я".repeat(70), expect!["Ucs2, 70 units: [70]"]);
    check(&"я".repeat(71), expect!["Ucs2, 71 units: [67, 4]"]);
    check(&"я".repeat(134), expect!["Ucs2, 134 units: [67, 67]"]);
    check(&"я".repeat(135), expect!["Ucs2, 135 units: [67, 67, 1]"]);
}

#[test]
fn one_foreign_character_turns_the_whole_text_into_ucs_2() {
    check(&format!("{}ç", "a".repeat(69)), expect!["Ucs2, 70 units: [70]"]);
    check(&format!("{}ç", "a".repeat(159)), expect!["Ucs2, 160 units: [67, 67, 26]"]);
}

#[test]
fn the_euro_sign_and_brackets_count_twice() {
    check("€", expect!["Gsm7, 2 units: [2]"]);
    check("{[~]}", expect!["Gsm7, 10 units: [10]"]);
    check(&format!("{}€", "a".repeat(158)), expect!["Gsm7, 160 units: [160]"]);
    check(&format!("{}€", "a".repeat(159)), expect!["Gsm7, 161 units: [153, 8]"]);
}

#[test]
fn an_extension_character_moves_whole_to_the_next_part() {
    let text = format!("{}€{}", "a".repeat(152), "a".repeat(20));
    check(&text, expect!["Gsm7, 174 units: [152, 22]"]);
}

#[test]
fn an_emoji_moves_whole_to_the_next_part() {
    check("😀", expect!["Ucs2, 2 units: [2]"]);
    check(&format!("{}😀", "я".repeat(68)), expect!["Ucs2, 70 units: [70]"]);
    check(&format!("{}😀", "я".repeat(69)), expect!["Ucs2, 71 units: [67, 4]"]);
    check(&format!("{}😀яяя", "я".repeat(66)), expect!["Ucs2, 71 units: [66, 5]"]);
}

#[test]
fn whole_characters_can_need_a_part_more_than_their_units_alone() {
    // 306 septets would fill two parts, but no part of 153 holds half a euro sign.
    check(&"€".repeat(153), expect!["Gsm7, 306 units: [152, 152, 2]"]);
    check(&"😀".repeat(67), expect!["Ucs2, 134 units: [66, 66, 2]"]);
}

#[test]
fn an_empty_text_is_one_empty_message() {
    check("", expect!["Gsm7, 0 units: [0]"]);
}

#[test]
fn every_character_of_the_alphabet_travels_as_its_own_code() {
    for (code, character) in BASIC.iter().enumerate().filter(|(code, _)| *code != 0x1B) {
        assert_eq!(segment(&character.to_string()).segments, [[code as u8]], "{character:?}");
    }
    for (character, code) in EXTENDED {
        assert_eq!(segment(&character.to_string()).segments, [[0x1B, code]], "{character:?}");
    }
}

#[test]
fn the_octets_are_those_that_smpp_carries() {
    assert_eq!(segment("@Δ€").segments, [[0x00, 0x10, 0x1B, 0x65]]);
    assert_eq!(segment("я😀").segments, [[0x04, 0x4F, 0xD8, 0x3D, 0xDE, 0x00]]);
}

#[test]
fn controls_that_the_alphabet_lacks_are_sent_as_ucs_2() {
    for text in ["\0", "\u{1b}", "\t", "`"] {
        assert_eq!(segment(text).encoding, Encoding::Ucs2, "{text:?}");
    }
}

#[test]
fn binary_is_cut_at_140_and_134_octets() {
    let lengths = |length: usize| -> Vec<usize> {
        segment_binary(&vec![7; length]).segments.iter().map(Vec::len).collect()
    };
    assert_eq!(lengths(140), [140]);
    assert_eq!(lengths(141), [134, 7]);
    assert_eq!(lengths(269), [134, 134, 1]);
}

/// Texts with a good share of what is special, long enough for several parts.
fn texts() -> impl Strategy<Value = String> {
    let gsm7 = prop_oneof![
        4 => proptest::char::range(' ', 'Z'),
        1 => proptest::sample::select(EXTENDED.map(|(character, _)| character).to_vec()),
        1 => proptest::sample::select(vec!['@', 'Δ', 'é', '\n']),
    ];
    let any = prop_oneof![
        3 => proptest::char::range(' ', '~'),
        2 => proptest::char::range('а', 'я'),
        1 => proptest::char::range('😀', '🙏'),
        1 => any::<char>(),
    ];
    prop_oneof![proptest::collection::vec(gsm7, 0..600), proptest::collection::vec(any, 0..300),]
        .prop_map(|characters| characters.into_iter().collect())
}

/// Fewest parts into which these pieces can be cut, by trying every last part.
fn fewest_parts(pieces: &[usize], part_max: usize) -> usize {
    let mut fewest = vec![0];
    for end in 1..=pieces.len() {
        let mut length = 0;
        let best = (0..end)
            .rev()
            .take_while(|start| {
                length += pieces[*start];
                length <= part_max
            })
            .map(|start| fewest[start] + 1)
            .min();
        fewest.push(best.expect("one piece always fits"));
    }
    fewest[pieces.len()]
}

proptest! {
    #[test]
    fn the_parts_together_are_the_text(text in texts()) {
        prop_assert_eq!(read(&segment(&text)), text);
    }

    #[test]
    fn no_part_is_longer_than_its_limit(text in texts()) {
        let cut = segment(&text);
        let units_max = match cut.segments_count() {
            1 => cut.encoding.units_single_max(),
            _ => cut.encoding.units_part_max(),
        };
        for part in &cut.segments {
            prop_assert!(part.len() <= units_max * cut.encoding.octets_per_unit());
        }
    }

    #[test]
    fn no_other_cut_has_fewer_parts(text in texts()) {
        let cut = segment(&text);
        let pieces: Vec<usize> = match cut.encoding {
            Encoding::Gsm7 => text.chars().map(|c| 1 + usize::from("\u{c}^{}\\[~]|€".contains(c))).collect(),
            _ => text.chars().map(char::len_utf16).collect(),
        };
        prop_assert_eq!(pieces.iter().sum::<usize>(), cut.units);
        let fewest = if cut.units <= cut.encoding.units_single_max() {
            1
        } else {
            fewest_parts(&pieces, cut.encoding.units_part_max())
        };
        prop_assert_eq!(cut.segments_count(), fewest);
    }

    #[test]
    fn binary_parts_together_are_the_data(data in proptest::collection::vec(any::<u8>(), 0..600)) {
        let cut = segment_binary(&data);
        prop_assert_eq!(cut.units, data.len());
        prop_assert_eq!(cut.segments.concat(), data);
    }
}
