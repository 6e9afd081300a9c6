use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::*;
use crate::dictionary::Dictionaries;
use crate::import::mapping::ManualMappings;
use crate::import::place::Place;
use crate::import::settings::propose;
use crate::import::table;
use crate::money::Currency;
use crate::rating::{OTHERS, Resource};

fn target(place: &Place, format: Format) -> Target<'_> {
    let currency = Some(Currency::parse("EUR").unwrap());
    Target { place, currency, dictionaries: Dictionaries::shipped(), format }
}

fn shown(node: &Node, path: &str, out: &mut String) {
    if let Some(price) = &node.price {
        let price = match price {
            Price::Flat { amount } => amount.to_string(),
            Price::Scale { tiers, .. } => tiers
                .iter()
                .map(|tier| {
                    format!("{} to {}", tier.amount, tier.threshold.map_or("∞".into(), |to| to.to_string()))
                })
                .collect::<Vec<_>>()
                .join(", "),
            other => format!("{other:?}"),
        };
        let rules = [
            node.billing_rule.map(|rule| format!(" {rule:?}")),
            node.quantity_rule.map(|rule| format!(" {rule:?}")),
        ];
        *out += &format!("{path} {price}{}\n", rules.into_iter().flatten().collect::<String>());
    }
    for (value, child) in &node.values {
        shown(child, &format!("{path}/{value}"), out);
    }
    if let Some(others) = &node.others {
        shown(others, &format!("{path}/{OTHERS}"), out);
    }
}

fn result(text: &str, settings: &Settings, target: &Target, manual: Value) -> String {
    let table = table::read(text.as_bytes(), "rates.csv", None).unwrap();
    let warnings = settings.warnings(&table, target);
    if let Some(warning) = warnings.iter().find(|warning| warning.prevents()) {
        return warning.to_string();
    }
    let manual: ManualMappings = serde_json::from_value(manual).unwrap();
    let mapping = Mapping::new(&table, settings, target, &manual);
    let built = build(&table, settings, target, &mapping);
    let mut out = String::new();
    shown(&built.node, "", &mut out);
    built.errors.iter().for_each(|error| out += &format!("{error}\n"));
    let Counts { rows, rows_with_errors, rows_skipped, prices } = built.counts;
    out + &format!("{rows} rows, {rows_with_errors} wrong, {rows_skipped} skipped, {prices} prices\n")
}

/// With the settings that the file itself suggests.
#[track_caller]
fn check(text: &str, expected: Expect) {
    check_as(text, Resource::SmsMessage, Format::Standard, json!({}), json!({}), expected);
}

/// With these settings over the suggested ones.
#[track_caller]
fn check_as(text: &str, resource: Resource, format: Format, over: Value, manual: Value, expected: Expect) {
    let place = Place::of(resource);
    let target = target(&place, format);
    let table = table::read(text.as_bytes(), "rates.csv", None).unwrap();
    let mut settings = serde_json::to_value(propose(&table, &target)).unwrap();
    settings.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
    expected.assert_eq(&result(text, &serde_json::from_value(settings).unwrap(), &target, manual));
}

#[test]
fn a_file_with_common_headings_needs_no_settings() {
    check(
        "Our rates\n\nCountry;Network;MCC;MNC;Price, EUR;Billing rule\nGermany;All networks;262;;0,06;\nGermany;Vodafone;262;2;0,05;Delivered\nFrance;;208;;-0,07;\n",
        expect![[r#"
            /DE/Vodafone/26202 0.05 Delivered
            /DE/* 0.06
            /FR 0.07
            3 rows, 0 wrong, 0 skipped, 3 prices
        "#]],
    );
}

#[test]
fn a_row_that_cannot_be_taken_is_named_with_column_and_reason() {
    check(
        "Country,Price\nDE,0.05\nAtlantis,0.06\nFR,0.0000001\n,0.07\nIT,\nES,n/a\nUS,0.1 USD\n",
        expect![[r#"
            /DE 0.05
            row 3, column A: "Atlantis" stands for nothing in the dictionary of country
            row 4, column B: "0.0000001": an amount has at most 6 decimal places
            row 5, column A: country is missing
            row 6, column B: there is no price
            row 7, column B: "n/a" is no price
            row 8, column B: "0.1 USD" is in USD, but the service is in EUR
            7 rows, 6 wrong, 0 skipped, 1 prices
        "#]],
    );
}

#[test]
fn texts_that_were_mapped_by_hand_make_prices() {
    let manual = json!({"country": {"Atlantis": {"key": "PT"}, "Total": "skip", "Rest": "others"},
        "price": {"Free": {"price": {"type": "free"}}, "n/a": {"price": {"type": "blocked"}}}});
    check_as(
        "Country,Price\nAtlantis,Free\nDE,n/a\nRest,1\nTotal,7\n",
        Resource::SmsMessage,
        Format::Standard,
        json!({}),
        manual,
        expect![[r#"
            /DE Blocked
            /PT Free
            /* 1
            4 rows, 0 wrong, 1 skipped, 3 prices
        "#]],
    );
}

#[test]
fn duplicates_are_taken_as_the_settings_say() {
    let text = "Country,Price\nDE,1\nFR,2\nDE,3\nGermany,4\n";
    let columns = json!([
        {"column": "A", "type": "attribute", "attribute": "country"}, {"column": "B", "type": "price"}]);
    let manual = || json!({"country": {"Germany": {"key": "DE"}}});
    let check = |duplicates: &str, expected| {
        let over = json!({"duplicates": duplicates, "columns": columns});
        check_as(text, Resource::SmsMessage, Format::Standard, over, manual(), expected);
    };
    check(
        "take_first",
        expect![[r#"
        /DE 1
        /FR 2
        4 rows, 0 wrong, 2 skipped, 2 prices
    "#]],
    );
    check(
        "take_last",
        expect![[r#"
        /DE 4
        /FR 2
        4 rows, 0 wrong, 2 skipped, 2 prices
    "#]],
    );
    check(
        "error",
        expect![[r#"
        /FR 2
        row 2: the same rate is in row 4, too
        row 4: the same rate is in row 2, too
        row 5: the same rate is in row 2, too
        4 rows, 3 wrong, 0 skipped, 1 prices
    "#]],
    );
}

#[test]
fn sections_without_a_column_are_looked_up_from_mccmncs() {
    let over = json!({"sections": ["country", "mcc", "mccmnc"], "duplicates": "take_first"});
    check_as(
        "MCCMNC,Rate\n\"26202, 26203\",0.05\n262,0.06\n20404-20408,0.07\n99999,1\n",
        Resource::SmsMessage,
        Format::Standard,
        over,
        json!({}),
        expect![[r#"
            /DE/262/26202 0.05
            /DE/262/26203 0.05
            /DE/262/* 0.06
            /NL/204/20404 0.07
            /NL/204/20408 0.07
            row 5, column A: "99999" stands for nothing in the dictionary of mccmnc
            4 rows, 1 wrong, 0 skipped, 5 prices
        "#]],
    );
}

#[test]
fn a_declared_column_may_serve_to_look_up_others_only() {
    let over = json!({"sections": ["country"], "duplicates": "take_first"});
    check_as(
        "MCC,MNC,Rate\n262,1,0.05\n262,2,0.06\n208,all,0.07\n",
        Resource::SmsMessage,
        Format::Standard,
        over,
        json!({}),
        expect![[r#"
            /DE 0.05
            /FR 0.07
            3 rows, 0 wrong, 1 skipped, 2 prices
        "#]],
    );
}

#[test]
fn a_value_that_is_written_once_for_several_rows_holds_below() {
    let columns = json!([
        {"column": "A", "type": "attribute", "attribute": "country", "empty": "above"},
        {"column": "B", "type": "attribute", "attribute": "sender_id"}, {"column": "C", "type": "price"}]);
    check_as(
        "Country,Sender,Price\nDE,BAKERY,1\n,SHOP,2\nFR,,3\n",
        Resource::SmsMessage,
        Format::Standard,
        json!({"columns": columns, "sections": ["country", "sender_id"]}),
        json!({}),
        expect![[r#"
            /DE/BAKERY 1
            /DE/SHOP 2
            /FR 3
            3 rows, 0 wrong, 0 skipped, 3 prices
        "#]],
    );
}

#[test]
fn settings_that_cannot_work_are_refused_in_words() {
    let refused = |over: Value, expected: Expect| {
        check_as("Country,Price\nDE,1\n", Resource::SmsMessage, Format::Standard, over, json!({}), expected);
    };
    let country = json!({"column": "A", "type": "attribute", "attribute": "country"});
    let price = json!({"column": "B", "type": "price"});
    refused(json!({"columns": [country]}), expect![["no column is declared as price"]]);
    refused(
        json!({"columns": [price], "sections": []}),
        expect!["no column tells rates apart: declare an attribute"],
    );
    refused(json!({"start_row": 9}), expect!["there are no rows from the start row on"]);
    refused(json!({"sections": ["country", "country"]}), expect!["country is a section twice"]);
    refused(
        json!({"sections": ["network"]}),
        expect!["network is a section, but no column is declared from which it could be known"],
    );
    refused(
        json!({"sections": ["country", "pack"]}),
        expect!["prices of this resource do not depend on pack"],
    );
    let far = json!({"column": "Z", "type": "price"});
    refused(json!({"columns": [country, far]}), expect!["the file has no column Z"]);
    let twice = json!({"column": "A", "type": "price"});
    refused(json!({"columns": [country, twice]}), expect!["column A is declared twice"]);
    let colour = json!({"column": "A", "type": "attribute", "attribute": "country", "match": {"type": "field", "field": "colour"}});
    refused(
        json!({"columns": [colour, price]}),
        expect![[r#"country has no dictionary with the field "colour""#]],
    );
}

#[test]
fn a_table_of_whatsapp_prices_is_a_row_a_region_and_a_column_a_category() {
    let text = "Market,Currency,Marketing,Utility,Authentication,Authentication-International,Service\nArgentina,EUR,0.0618,0.0289,0.0289,0.028,\nEgypt,EUR,0.1073,0.0052,0.0052,0.065,n/a\nAtlantis,EUR,1,1,1,1,1\n";
    let basic = |over, expected| {
        let manual = json!({"price": {"n/a": {"price": {"type": "free"}}}});
        check_as(text, Resource::WhatsappMessage, Format::WhatsappBasic, over, manual, expected);
    };
    basic(
        json!({}),
        expect![[r#"
        /argentina/authentication 0.0289
        /argentina/authentication_international 0.028
        /argentina/marketing 0.0618
        /argentina/utility 0.0289
        /egypt/authentication 0.0052
        /egypt/authentication_international 0.065
        /egypt/marketing 0.1073
        /egypt/service Free
        /egypt/utility 0.0052
        row 4, column A: "Atlantis" stands for nothing in the dictionary of whatsapp_region
        3 rows, 1 wrong, 0 skipped, 9 prices
    "#]],
    );
    let columns = json!([{"column": "A", "type": "attribute", "attribute": "whatsapp_region", "match": {"type": "field", "field": "name"}},
        {"column": "C", "type": "price_of", "category": "marketing"}]);
    let sections = json!(["whatsapp_region", "pricing_category", "pricing_type"]);
    basic(
        json!({"columns": columns, "sections": sections}),
        expect![[r#"
        /argentina/marketing/regular 0.0618
        /argentina/marketing/* Free
        /egypt/marketing/regular 0.1073
        /egypt/marketing/* Free
        row 4, column A: "Atlantis" stands for nothing in the dictionary of whatsapp_region
        3 rows, 1 wrong, 0 skipped, 2 prices
    "#]],
    );
}

#[test]
fn volume_tiers_of_whatsapp_become_scales() {
    let text = "Market,Category,From,To,Price\n\
        Argentina,Utility,\"100,001\",\"1,000,000\",0.0275\nArgentina,Utility,0,\"100,000\",0.0289\nArgentina,Utility,\"1,000,001\",∞,0.026\n\
        Argentina,Marketing,0,,0.0618\n\
        Egypt,Utility,0,100000,0.0052\nEgypt,Utility,100002,,0.0049\n\
        Egypt,Marketing,0,100000,0.1073\n\
        Egypt,Service,5,,0\nEgypt,Authentication,many,,0\n";
    check_as(
        text,
        Resource::WhatsappMessage,
        Format::WhatsappTier,
        json!({}),
        json!({}),
        expect![[r#"
        /argentina/marketing 0.0618
        /argentina/utility 0.0289 to 100000, 0.0275 to 1000000, 0.026 to ∞
        row 6: another tier of these rates is wrong
        row 7, column C: the tier does not follow on the one before, which ends at 100000
        row 8, column D: what comes after the last tier has no price: leave its end empty
        row 9, column C: the first tier begins at 5 instead of 0 or 1
        row 10, column C: "many" is no number of messages
        9 rows, 5 wrong, 0 skipped, 2 prices
    "#]],
    );
}

#[test]
fn an_exported_file_can_be_changed_by_hand_and_says_what_is_wrong() {
    let text = "Country,Network,Price type,Price,Tier up to,Counter group,Billing rule,Quantity rule\n\
        DE,Vodafone,Flat rate,0.05,,,Delivered,\nDE,others,Flat,\"0,06\",,,,\nDE,,Depends on network,,,,,Segments\n\
        FR,,Scale (tier),2,100,Sender id,,\nFR,,Scale (tier),1,,Sender id,,\nFR,Orange,Free,,,,,\n\
        IT,,Flat rate,,,,,\nIT,,Cheap,1,,,,\nES,\"\"\"x\",Free,,,,,\nDE,Vodafone,Free,,,,,\nDE,,Flat rate,1,,,,\n";
    let table = table::read(text.as_bytes(), "rates.csv", None).unwrap();
    assert!(propose(&table, &target(&Place::of(Resource::SmsMessage), Format::Standard)).exported);
    let header = crate::import::exported::Header::of(&table).unwrap();
    let read = crate::import::exported::read(&table, &header);
    let mut out = String::new();
    shown(&read.nodes[&None], "", &mut out);
    read.errors.iter().for_each(|error| out += &format!("{error}\n"));
    expect![[r#"
        /DE/Vodafone 0.05 Delivered
        /DE/* 0.06
        /FR 2 to 100, 1 to ∞
        row 7: a node above has a price in row 5
        row 8, column D: there is no price
        row 9, column C: "Cheap" is no price type
        row 10, column B: a value that begins with a quotation mark is written as in JSON
        row 11: the same rate is in row 2, too
        row 12: the same rate is in row 4, too
    "#]]
    .assert_eq(&out);
}
