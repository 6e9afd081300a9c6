use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::*;
use crate::dictionary::Dictionaries;
use crate::import::place::Place;
use crate::import::settings::Format;
use crate::import::table;
use crate::money::Currency;
use crate::rating::Resource;

/// What the texts of one column, which begins in the first row, are mapped to.
#[track_caller]
fn check(texts: &[&str], column: Value, manual: Value, expected: Expect) {
    let text = texts.iter().map(|text| format!("{text}\tx\n")).collect::<String>();
    let table = table::read(text.as_bytes(), "rates.csv", None).unwrap();
    let mut declared = json!({"column": "A"});
    declared.as_object_mut().unwrap().extend(column.as_object().unwrap().clone());
    let settings: Settings = serde_json::from_value(
        json!({"start_row": 1, "columns": [declared, {"column": "B", "type": "quantity_rule"}]}),
    )
    .unwrap();
    let target = Target {
        place: &Place::of(Resource::SmsMessage),
        currency: Some(Currency::parse("EUR").unwrap()),
        dictionaries: Dictionaries::shipped(),
        format: Format::Standard,
    };
    let manual: ManualMappings = serde_json::from_value(manual).unwrap();
    manual.check(&target).unwrap();
    let mapping = Mapping::new(&table, &settings, &target, &manual);
    let line = |text: &MappedText| {
        let to = text.to.as_deref().or(text.reason.as_deref()).unwrap_or("?");
        format!("{} x{} row {}: {to} ({:?})\n", text.text, text.rows, text.first_row, text.how)
    };
    expected.assert_eq(&mapping.subjects[0].texts.iter().map(line).collect::<String>());
}

fn attribute(name: &str, matched: Value) -> Value {
    json!({"type": "attribute", "attribute": name, "match": matched})
}

#[test]
fn keys_are_matched_in_full_only() {
    let texts = ["DE", "fr", "DE", "Germany", "Others", "XX"];
    check(
        &texts,
        attribute("country", json!({"type": "key"})),
        json!({}),
        expect![[r#"
        DE x2 row 1: DE (Full)
        fr x1 row 2: FR (Full)
        Germany x1 row 4: ? (None)
        Others x1 row 5: others (Full)
        XX x1 row 6: ? (None)
    "#]],
    );
}

#[test]
fn a_field_is_matched_in_full_or_by_the_most_similar_value() {
    let texts = [
        "Germany",
        "GERMANY",
        "Germany (DE)",
        "United Kingdom of Great Britain",
        "Cote d'Ivoire",
        "Atlantis",
    ];
    let field = |equality: &str| {
        attribute("country", json!({"type": "field", "field": "name_en", "equality": equality}))
    };
    check(
        &texts,
        field("full"),
        json!({}),
        expect![[r#"
        Germany x1 row 1: DE (Full)
        GERMANY x1 row 2: DE (Full)
        Germany (DE) x1 row 3: ? (None)
        United Kingdom of Great Britain x1 row 4: ? (None)
        Cote d'Ivoire x1 row 5: ? (None)
        Atlantis x1 row 6: ? (None)
    "#]],
    );
    check(
        &texts,
        field("best"),
        json!({}),
        expect![[r#"
        Germany x1 row 1: DE (Full)
        GERMANY x1 row 2: DE (Full)
        Germany (DE) x1 row 3: DE (Best { similarity: 949 })
        United Kingdom of Great Britain x1 row 4: GB (Best { similarity: 891 })
        Cote d'Ivoire x1 row 5: CI (Best { similarity: 800 })
        Atlantis x1 row 6: ? (None)
    "#]],
    );
}

#[test]
fn of_several_full_matches_the_smallest_key_is_taken() {
    let by_mnc = attribute("mccmnc", json!({"type": "field", "field": "mcc", "equality": "full"}));
    check(
        &["204", "202"],
        by_mnc,
        json!({}),
        expect![[r#"
        204 x1 row 1: 20402 (Full)
        202 x1 row 2: 20201 (Full)
    "#]],
    );
}

#[test]
fn what_is_mapped_by_hand_overrides_what_was_found() {
    let manual = json!({"country": {"Germany": {"key": "AT"}, "Atlantis": "others", "Total": "skip"}});
    let texts = ["Germany", "France", "Atlantis", "Total"];
    check(
        &texts,
        attribute("country", json!({"type": "field", "field": "name_en"})),
        manual,
        expect![[r#"
        Germany x1 row 1: AT (Manual)
        France x1 row 2: FR (Full)
        Atlantis x1 row 3: others (Manual)
        Total x1 row 4: skip (Manual)
    "#]],
    );
}

#[test]
fn of_prices_only_what_is_none_is_shown() {
    let manual = json!({"price": {"Free": {"price": {"type": "free"}}, "-": "skip"}});
    let texts = ["0.05", "Free", "-", "n/a", "-0.05", "0.0000001", "0.1 USD"];
    check(
        &texts,
        json!({"type": "price"}),
        manual,
        expect![[r#"
        Free x1 row 2: Free (Manual)
        - x1 row 3: skip (Manual)
        n/a x1 row 4: "n/a" is no price (None)
    "#]],
    );
}

#[test]
fn rules_are_matched_by_similarity() {
    check(
        &["delivered", "on submit", "", "sometimes"],
        json!({"type": "billing_rule"}),
        json!({}),
        expect![[r#"
        delivered x1 row 1: Delivered (Full)
        on submit x1 row 2: Submitted (Best { similarity: 500 })
         x1 row 3: default (Full)
        sometimes x1 row 4: ? (None)
    "#]],
    );
}

#[test]
fn a_text_is_only_mapped_to_what_its_subject_can_be() {
    let target = Target {
        place: &Place::of(Resource::SmsMessage),
        currency: None,
        dictionaries: Dictionaries::shipped(),
        format: Format::Standard,
    };
    let error = |json: Value| {
        let manual: ManualMappings = serde_json::from_value(json).unwrap();
        manual.check(&target).map_or_else(|error| error.to_string(), |()| "fine".into())
    };
    assert_eq!(
        error(json!({"country": {"x": {"key": "Germany"}}})),
        "country \"x\" cannot be mapped so: there is no such value"
    );
    assert_eq!(error(json!({"mccmnc": {"x": {"key": "99999"}}})), "fine");
    assert_eq!(error(json!({"price_type": {"x": {"key": "free"}, "y": {"key": "not_included"}}})), "fine");
    assert_eq!(
        error(json!({"price_type": {"x": {"key": "scale (tier)"}}})),
        "price_type \"x\" cannot be mapped so: there is no such value"
    );
    assert_eq!(
        error(json!({"price": {"x": "others"}})),
        "price \"x\" cannot be mapped so: only the value of an attribute can be any other"
    );
    let negative = json!({"price": {"x": {"price": {"type": "flat", "amount": "-1"}}}});
    assert_eq!(error(negative), "price \"x\" cannot be mapped so: a price is not negative");
    assert_eq!(error(json!({"quantity_rule": {"x": {"key": "segments"}}})), "fine");
    assert!(serde_json::from_value::<ManualMappings>(json!({"colour": {}})).is_err());
}

#[test]
fn later_mappings_stand_over_remembered_ones() {
    let read = |json: Value| serde_json::from_value::<ManualMappings>(json).unwrap();
    let now = read(json!({"country": {"a": "skip"}}));
    let remembered = read(json!({"country": {"a": "others", "b": "others"}, "price": {"x": "skip"}}));
    let expected = read(json!({"country": {"a": "skip", "b": "others"}, "price": {"x": "skip"}}));
    assert_eq!(now.over(&remembered), expected);
}
