use super::edits::{Edits, ImportError};
use super::*;

fn shipped() -> &'static Dictionaries {
    Dictionaries::shipped()
}

#[track_caller]
fn related(from: Attribute, key: &str, to: Attribute, expected: Option<&str>) {
    assert_eq!(shipped().related(from, key, to), expected, "{from:?} {key} -> {to:?}");
}

#[test]
fn every_row_that_is_shipped_is_read_and_is_as_an_admin_would_have_to_write_it() {
    for name in DictionaryName::ALL {
        let dictionary = shipped().get(*name);
        assert!(!dictionary.entries.is_empty(), "{name:?}");
        assert!(dictionary.entries.is_sorted_by(|a, b| a.key < b.key), "{name:?}");
        for entry in &dictionary.entries {
            let network_of_the_world = *name == DictionaryName::NetworkNames && entry.values[0].is_empty();
            if let Err(error) = name.check(entry, shipped()) {
                assert!(network_of_the_world, "{name:?} {entry:?} {}: {error}", error.field);
            }
        }
    }
    let count = |name| shipped().get(name).entries.len();
    assert_eq!(count(DictionaryName::Prefixes), 29_244);
    assert_eq!(count(DictionaryName::Operators), 814);
    assert_eq!(count(DictionaryName::Countries), 252);
}

#[test]
fn every_shipped_dictionary_says_where_it_comes_from() {
    for name in DictionaryName::ALL {
        let Provenance { source, licence, date } = Provenance::shipped(*name);
        assert!(!source.is_empty() && !licence.is_empty() && date.len() == 10, "{name:?}");
    }
}

#[test]
fn codes_lead_to_what_they_belong_to() {
    use Attribute::{Country, Mcc, Mccmnc, Network, WhatsappRegion};
    related(Mccmnc, "26202", Country, Some("DE"));
    related(Mccmnc, "26202", Mcc, Some("262"));
    related(Mccmnc, "26202", Network, Some("Vodafone"));
    related(Mccmnc, "26203", Network, Some("Eplus"));
    related(Mccmnc, "26243", Network, Some("Lycamobile"));
    related(Mccmnc, "26202", WhatsappRegion, Some("germany"));
    related(Mccmnc, "26202", Mccmnc, Some("26202"));
    // An operator that nobody knows is still one of its country.
    related(Mccmnc, "26298", Country, Some("DE"));
    related(Mccmnc, "26298", Network, None);
    related(Mccmnc, "23455", Country, Some("GG"));
    related(Mcc, "234", Country, Some("GB"));
    related(Mcc, "316", Country, Some("US"));
    related(Mcc, "999", Country, None);
    related(Country, "US", WhatsappRegion, Some("north_america"));
    related(Country, "VA", WhatsappRegion, Some("other"));
    related(Network, "Kyivstar", Country, Some("UA"));
    related(Network, "Kyivstar", Mccmnc, Some("25503"));
    related(Network, "Kyivstar", Mcc, Some("255"));
    related(Network, "Vodafone", Country, None);
    related(Country, "DE", Mcc, None);
}

#[test]
fn what_is_related_is_said_beforehand() {
    for from in Attribute::ALL {
        for to in Attribute::ALL {
            let Some(dictionary) = shipped().of(*from) else { continue };
            let some =
                dictionary.entries.iter().any(|entry| shipped().related(*from, &entry.key, *to).is_some());
            assert_eq!(some, from == to || relates(*from, *to), "{from:?} {to:?}");
        }
    }
}

#[test]
fn every_country_has_one_region_and_nearly_every_one_an_mcc() {
    let countries = &shipped().get(DictionaryName::Countries).entries;
    let regions = &shipped().get(DictionaryName::WhatsappRegions).entries;
    let in_regions =
        |key: &str| regions.iter().filter(|region| region.values[1].split(' ').any(|c| c == key)).count();
    let mut without = Vec::new();
    for country in countries {
        assert_eq!(in_regions(&country.key), 1, "{}", country.key);
        without.extend(shipped().first_mcc_of(&country.key).is_none().then_some(country.key.as_str()));
    }
    assert_eq!(without, ["AQ", "BV", "HM", "IO", "PN", "TF", "UM"]);
    assert_eq!(shipped().first_mcc_of("US"), Some("310"));
    assert_eq!(shipped().first_mcc_of("GG"), Some("234"));
}

#[test]
fn the_values_that_trees_take_are_the_keys_of_their_dictionaries() {
    for attribute in Attribute::ALL {
        for entry in shipped().of(*attribute).iter().flat_map(|dictionary| &dictionary.entries) {
            assert!(attribute.has_value(&entry.key), "{attribute:?} {}", entry.key);
        }
    }
}

fn import(rows: &str) -> Result<(Edits, usize), Vec<ImportError>> {
    Edits::import(DictionaryName::Operators, rows.as_bytes(), shipped())
}

#[test]
fn an_import_adds_to_what_is_shipped_or_takes_its_place() {
    let rows = "name,key,mcc,mnc,country,status\n# mine\nNeu,26298,262,98,DE,\nVodafone GmbH,26202,262,02,DE,operational\n";
    let (edits, count) = import(rows).unwrap();
    assert_eq!(count, 2);
    let merged = edits.apply(DictionaryName::Operators);
    assert_eq!(merged.entries.len(), 815);
    assert_eq!(merged.value("26202", "name"), Some("Vodafone GmbH"));
    assert_eq!(merged.value("26298", "status"), None);
    let replaced = edits.replacing().apply(DictionaryName::Operators);
    assert_eq!(replaced.entries.len(), 2);
}

#[test]
fn edits_follow_upon_each_other_and_reach_what_depends_on_them() {
    let (mut edits, _) = import("key,mcc,mnc,country,name,status\n26298,262,98,DE,Neu,\n").unwrap();
    edits.delete("26202");
    let platform = shipped().with([edits.apply(DictionaryName::Operators)]);
    assert_eq!(platform.get(DictionaryName::Operators).entry("26202"), None);
    assert_eq!(platform.related(Attribute::Mccmnc, "26298", Attribute::Network), Some("Neu"));
    assert!(platform.of(Attribute::Network).unwrap().entry("Neu").is_some());
    let (again, _) = import("key,mcc,mnc,country,name,status\n26202,262,02,DE,V,\n").unwrap();
    let both = edits.clone().then(again.clone());
    assert_eq!(both.apply(DictionaryName::Operators).value("26202", "name"), Some("V"));
    assert_eq!(edits.then(again.clone().replacing()), again.replacing());
}

#[test]
fn a_wrong_file_names_row_column_and_reason_and_changes_nothing() {
    let rows = "key,mcc,mnc,country,name,status\n26298,262,98,DE,Neu,\n2629,262,9,DE,Neu,\n26297,262,97,ZZ,Neu,\n\
        26296,262,95,DE,Neu,\n26295,262,95,DE,,\n26298,262,98,DE,Neu,\n26294,262\n";
    let told = |errors: Vec<ImportError>| -> Vec<String> {
        errors.into_iter().map(|error| format!("{} {}: {}", error.row, error.column, error.reason)).collect()
    };
    let errors = told(import(rows).unwrap_err());
    assert_eq!(errors[0], "3 key: it has 5 to 6 digits");
    assert_eq!(errors[1], "4 country: there is no country \"ZZ\"");
    assert_eq!(errors[2], "5 key: the key of these fields is \"26295\"");
    assert_eq!(errors[3], "6 name: it must not be empty");
    assert_eq!(errors[4], "7 key: \"26298\" is there twice, first in row 2");
    assert!(errors[5].starts_with("8 key: the row cannot be read"), "{}", errors[5]);
    assert_eq!(
        told(import("key,mcc,mnc,country,name,status\n").unwrap_err()),
        ["1 key: the file has no entries"]
    );
    assert_eq!(told(import("key,mcc\n").unwrap_err()), ["1 mnc: there is no column \"mnc\""]);
}

#[test]
fn what_is_exported_imports_back_to_the_same() {
    for name in DictionaryName::ALL.iter().filter(|name| name.is_editable()) {
        let dictionary = shipped().get(*name);
        let (edits, _) = Edits::import(*name, dictionary.to_csv().as_bytes(), shipped()).unwrap();
        assert_eq!(*edits.clone().replacing().apply(*name), *dictionary);
        assert_eq!(Edits::from_bytes(&edits.to_bytes().unwrap()).unwrap(), edits);
    }
}
