use super::*;
use crate::dictionary::edits::Edits;
use expect_test::{Expect, expect};
use rlibphonenumber::PhoneNumberType;

#[track_caller]
fn check(raw: &str, expected: Expect) {
    let answer = match Msisdn::parse(raw) {
        Err(error) => format!("refused: {error}"),
        Ok(number) => match destination(&number, Dictionaries::shipped()) {
            Err(error) => format!("{number}: {error}"),
            Ok(found) => {
                let known = |value: Option<String>| value.unwrap_or("-".into());
                let (network, mcc, mccmnc) = (known(found.network), known(found.mcc), known(found.mccmnc));
                format!("{number}: {} {network} {mcc} {mccmnc}", found.country)
            }
        },
    };
    expected.assert_eq(&answer);
}

#[test]
fn a_number_leads_to_its_country_and_network() {
    check("+49 1512 3456789", expect!["4915123456789: DE T-Mobile 262 26201"]);
    check("+34612345678", expect!["34612345678: ES Syma 214 -"]);
    check("+33 6 12 34 56 78", expect!["33612345678: FR SFR 208 20810"]);
    check("+39 312 345 6789", expect!["393123456789: IT - 222 -"]);
    check("+971501234567", expect!["971501234567: AE Etisalat 424 42402"]);
    check("+91 81234 56789", expect!["918123456789: IN Tata Docomo 405 405025"]);
    check("+234 802 123 4567", expect!["2348021234567: NG Airtel 621 62120"]);
    check("+55 11 96123-4567", expect!["5511961234567: BR - 724 -"]);
    check("+54 9 11 2345-6789", expect!["5491123456789: AR - 722 -"]);
    check("+966 51 234 5678", expect!["966512345678: SA - 420 -"]);
    check("+81 90-1234-5678", expect!["819012345678: JP KDDI 440 44051"]);
    check("+961 71 123 456", expect!["96171123456: LB Touch 415 41503"]);
    check("+383 43 201 234", expect!["38343201234: XK IPKO 221 22102"]);
}

#[test]
fn countries_that_share_a_calling_code_are_kept_apart() {
    check("+1 201 555 0123", expect!["12015550123: US - 310 -"]);
    check("+1 506 234 5678", expect!["15062345678: CA - 302 -"]);
    check("+1 876 210 1234", expect!["18762101234: JM Cable & Wireless 338 338020"]);
    check("+7 912 345 6789", expect!["79123456789: RU - 250 -"]);
    check("+7 771 000 9998", expect!["77710009998: KZ Beeline 401 40101"]);
    check("+44 7400 123456", expect!["447400123456: GB Three 234 23420"]);
    check("+44 7781 123456", expect!["447781123456: GG Sure 234 23455"]);
    check("+44 7797 712345", expect!["447797712345: JE JT 234 23450"]);
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
    check("+39 02 1234 5678", expect!["390212345678: IT - 222 -"]);
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
        let found =
            destination(&number, Dictionaries::shipped()).unwrap_or_else(|error| panic!("{raw}: {error}"));
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
fn the_longest_prefix_that_says_so_names_the_network_and_the_country() {
    let rows = "key,country,network\n49151,DE,Wide\n4915112,,\"Narrow, Ltd\"\n4915113,AT,\n";
    let (edits, _) =
        Edits::import(DictionaryName::Prefixes, rows.as_bytes(), Dictionaries::shipped()).unwrap();
    let platform = Dictionaries::shipped().with([edits.replacing().apply(DictionaryName::Prefixes)]);
    let found = |raw: &str| {
        let found = destination(&Msisdn::parse(raw).unwrap(), &platform).unwrap();
        format!("{} {}", found.country, found.network.unwrap_or_default())
    };
    assert_eq!(found("+4915112345678"), "DE Narrow, Ltd");
    assert_eq!(found("+4915113345678"), "AT Wide");
    assert_eq!(found("+4915123456789"), "DE Wide");
    assert_eq!(found("+491721234567"), "DE ");
}

#[test]
fn a_ported_number_has_the_network_and_code_that_the_look_up_names() {
    let number = Msisdn::parse("+4915112345678").unwrap();
    let planned = destination(&number, Dictionaries::shipped()).unwrap();
    let ported = planned.ported_to("26202", Dictionaries::shipped());
    assert_eq!((ported.country.as_str(), ported.network.as_deref()), ("DE", Some("Vodafone")));
    assert_eq!((ported.mcc.as_deref(), ported.mccmnc.as_deref()), (Some("262"), Some("26202")));
    let unknown = planned.ported_to("26299", Dictionaries::shipped());
    assert_eq!((unknown.country.as_str(), unknown.network), ("DE", None));
    assert_eq!(unknown.mccmnc.as_deref(), Some("26299"));
    let abroad = planned.ported_to("23299", Dictionaries::shipped());
    assert_eq!((abroad.country.as_str(), abroad.mcc.as_deref()), ("AT", Some("232")));
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

#[test]
fn a_number_that_was_taken_reads_back_and_parses_to_itself() {
    assert_eq!(Msisdn::parse("4910000000000000"), Err(MsisdnError::TooLong));
    for raw in ["43000000000000", "+44 (0)20 7946 0018", "0049 151 12345678", "4300000"] {
        let Ok(number) = Msisdn::parse(raw) else { continue };
        assert_eq!(Msisdn::parse(number.as_str()), Ok(number.clone()), "{raw}");
        assert_eq!(Msisdn::try_from(number.as_str().to_owned()), Ok(number), "{raw}");
    }
}
