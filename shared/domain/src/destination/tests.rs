use super::*;
use expect_test::{Expect, expect};

#[track_caller]
fn check(raw: &str, expected: Expect) {
    let answer = match Msisdn::parse(raw) {
        Err(error) => format!("refused: {error}"),
        Ok(number) => match destination(&number) {
            Err(error) => format!("{number}: {error}"),
            Ok(found) => {
                let network = found.network.map_or("-", |network| network.name);
                format!("{number}: {} {network} {:?}", found.country, found.number_type)
            }
        },
    };
    expected.assert_eq(&answer);
}

#[test]
fn a_number_leads_to_its_country_and_network() {
    check("+49 1512 3456789", expect!["4915123456789: DE T-Mobile Mobile"]);
    check("+34612345678", expect!["34612345678: ES Syma Mobile"]);
    check("+33 6 12 34 56 78", expect!["33612345678: FR SFR Mobile"]);
    check("+39 312 345 6789", expect!["393123456789: IT - Mobile"]);
    check("+971501234567", expect!["971501234567: AE Etisalat Mobile"]);
    check("+91 81234 56789", expect!["918123456789: IN Tata Docomo Mobile"]);
    check("+234 802 123 4567", expect!["2348021234567: NG Airtel Mobile"]);
    check("+55 11 96123-4567", expect!["5511961234567: BR - Mobile"]);
    check("+54 9 11 2345-6789", expect!["5491123456789: AR - Mobile"]);
    check("+966 51 234 5678", expect!["966512345678: SA - Mobile"]);
    check("+81 90-1234-5678", expect!["819012345678: JP KDDI Mobile"]);
    check("+961 71 123 456", expect!["96171123456: LB Touch Mobile"]);
    check("+383 43 201 234", expect!["38343201234: XK IPKO Mobile"]);
}

#[test]
fn countries_that_share_a_calling_code_are_kept_apart() {
    check("+1 201 555 0123", expect!["12015550123: US - FixedLineOrMobile"]);
    check("+1 506 234 5678", expect!["15062345678: CA - FixedLineOrMobile"]);
    check("+1 876 210 1234", expect!["18762101234: JM Cable & Wireless Mobile"]);
    check("+7 912 345 6789", expect!["79123456789: RU - Mobile"]);
    check("+7 771 000 9998", expect!["77710009998: KZ Beeline Mobile"]);
    check("+44 7400 123456", expect!["447400123456: GB Three Mobile"]);
    check("+44 7781 123456", expect!["447781123456: GG Sure Mobile"]);
    check("+44 7797 712345", expect!["447797712345: JE JT Mobile"]);
}

#[test]
fn a_number_may_be_written_in_any_international_way() {
    for raw in
        ["447400123456", "+447400123456", "00447400123456", "+44 (0) 7400-123.456", " +44[7400]123456\u{a0}"]
    {
        assert_eq!(Msisdn::parse(raw).map(String::from), Ok("447400123456".to_owned()), "{raw:?}");
    }
}

#[test]
fn a_zero_that_belongs_to_the_number_stays() {
    check("+39 02 1234 5678", expect!["390212345678: IT - FixedLine"]);
}

#[test]
fn impossible_numbers_are_refused_with_their_reason() {
    check("", expect!["refused: a phone number is missing"]);
    check("+", expect!["refused: a phone number is missing"]);
    check("00", expect!["refused: a phone number is missing"]);
    check("+44 7400 12345x", expect!["refused: 'x' cannot be part of a phone number"]);
    check("+44٧٤٠٠", expect!["refused: '٧' cannot be part of a phone number"]);
    check("4474+00123456", expect!["refused: '+' cannot be part of a phone number"]);
    check("+999 123 456 789", expect!["refused: the number begins with no country calling code in use"]);
    check("0171 1234567", expect!["refused: the number begins with no country calling code in use"]);
    check("+1 201 555", expect!["refused: the number is too short for its country"]);
    check("+1 5550123", expect!["refused: the number is too short for its country"]);
    check("+44 7400 1234567890", expect!["refused: the number is too long for its country"]);
    check("+33612345678912345678", expect!["refused: the number is too long for its country"]);
    check("+44", expect!["refused: the number is too short for its country"]);
}

#[test]
fn a_number_of_no_country_has_no_destination() {
    check("+870 301 234 567", expect!["870301234567: numbers with +870 belong to no country"]);
    check("+1 999 555 0123", expect!["19995550123: none of the countries that share +1 uses this range"]);
}

#[test]
fn the_example_mobile_number_of_every_country_leads_there() {
    let mut elsewhere = Vec::new();
    let mut countries = 0;
    for region in PHONE_NUMBER_UTIL.get_supported_regions() {
        let kind = PhoneNumberType::Mobile;
        let Ok(example) = PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, kind) else {
            continue;
        };
        let raw = example.format_as(PhoneNumberFormat::International);
        let number = Msisdn::parse(&raw).unwrap_or_else(|error| panic!("{raw}: {error}"));
        let found = destination(&number).unwrap_or_else(|error| panic!("{raw}: {error}"));
        countries += 1;
        if found.country.as_str() != region.as_region_str().as_str() {
            elsewhere.push(format!("{region} in {}", found.country));
        }
    }
    assert!(200 < countries, "only {countries} countries have an example");
    // Territories that use mobile ranges of a larger neighbour, so that no plan tells them apart.
    elsewhere.sort();
    expect!["AX in FI, BL in GP, CC in AU, CX in AU, EH in MA, IM in GB, MF in GP, SJ in NO, VA in IT"]
        .assert_eq(&elsewhere.join(", "));
}

#[test]
fn the_longest_known_prefix_names_the_network() {
    static FEW: LazyLock<Networks> = LazyLock::new(|| {
        Networks::read("# a comment\nprefix,network\n99,Wide\n9912,\"Narrow, Ltd\"\n991,Middle\n")
    });
    let name = |digits| FEW.find(digits).map(|network| network.name);
    assert_eq!(name("99123456"), Some("Narrow, Ltd"));
    assert_eq!(name("99134567"), Some("Middle"));
    assert_eq!(name("99934567"), Some("Wide"));
    assert_eq!(name("99"), Some("Wide"));
    assert_eq!(name("9"), None);
    assert_eq!(name("98123456"), None);
}

#[test]
fn every_row_of_the_network_file_is_read() {
    let rows = NETWORKS_CSV.lines().filter(|line| !line.starts_with('#')).count() - 1;
    assert_eq!(NETWORKS.prefixes.len(), rows);
    assert!(29_000 < rows);
    assert!(NETWORKS.prefixes.is_sorted_by(|a, b| a.0 < b.0), "a prefix is there twice");
    assert!(NETWORKS.names.iter().all(|name| !name.is_empty() && name.trim() == name));
}

#[test]
fn a_stored_number_is_read_back_whatever_the_plans_say_now() {
    let number: Msisdn = serde_json::from_str("\"15550123\"").expect("a number");
    assert_eq!(serde_json::to_string(&number).expect("text"), "\"15550123\"");
    for stored in ["\"+447400123456\"", "\"\"", "\"123\"", "\"1234567890123456\"", "447400123456"] {
        assert!(serde_json::from_str::<Msisdn>(stored).is_err(), "{stored}");
    }
}

#[test]
fn a_country_is_two_capital_letters() {
    assert_eq!(CountryCode::parse("KZ").map(String::from), Ok("KZ".to_owned()));
    for raw in ["kz", "KAZ", "K", "", "00", "É"] {
        assert!(CountryCode::parse(raw).is_err(), "{raw:?}");
    }
}
