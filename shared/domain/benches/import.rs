//! Rate sheets of 50,000 rows, from their bytes to the preview: read, mapped, made a tree, and compared with
//! today's.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use domain::dictionary::{Dictionaries, DictionaryName};
use domain::import::mapping::ManualMappings;
use domain::import::place::Place;
use domain::import::preview::{Preview, Replacement, preview};
use domain::import::settings::{Format, Target, propose};
use domain::import::table;
use domain::money::Currency;
use domain::rating::{RateTree, Resource};
use rust_xlsxwriter::Workbook;

const ROWS: usize = 50_000;

/// A sheet as suppliers send them: operators by country and codes, some by name only, and a price for each
/// sender ID.
fn rows() -> Vec<[String; 7]> {
    let dictionaries = Dictionaries::shipped();
    let countries = dictionaries.get(DictionaryName::Countries);
    let operators = &dictionaries.get(DictionaryName::Operators).entries;
    let heading = ["Country", "Operator", "MCC", "MNC", "Sender id", "Price", "Billing rule"];
    let mut rows = vec![heading.map(str::to_owned)];
    for number in 0..ROWS {
        let operator = &operators[number % operators.len()].values;
        let country = countries.value(&operator[2], "name_en").unwrap_or_default();
        // Every seventh name is spelt in a way of its own.
        let country = if number % 7 == 0 { format!("{country} (all of it)") } else { country.to_owned() };
        let price = format!("0.{:04}", 100 + number * 37 % 900);
        let rule = if number % 3 == 0 { "Delivered" } else { "" };
        let sender = format!("SENDER{}", number / operators.len());
        rows.push([
            country,
            operator[3].clone(),
            operator[0].clone(),
            operator[1].clone(),
            sender,
            price,
            rule.into(),
        ]);
    }
    rows
}

fn csv_file(rows: &[[String; 7]]) -> Vec<u8> {
    rows.iter().flat_map(|row| (row.join(";") + "\n").into_bytes()).collect()
}

fn xlsx_file(rows: &[[String; 7]]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (number, row) in (0u32..).zip(rows) {
        for (column, text) in (0u16..).zip(row) {
            match text.parse::<f64>() {
                Ok(figure) => sheet.write_number(number, column, figure).expect("a cell"),
                Err(_) => sheet.write_string(number, column, text).expect("a cell"),
            };
        }
    }
    workbook.save_to_buffer().expect("a file")
}

fn previewed(bytes: &[u8], name: &str, today: &RateTree) -> Preview {
    let table = table::read(bytes, name, None).expect("a table");
    let place = Place::of(Resource::SmsMessage);
    let target = Target {
        place: &place,
        currency: Currency::parse("EUR").ok(),
        dictionaries: Dictionaries::shipped(),
        format: Format::Standard,
    };
    let mut settings = propose(&table, &target);
    settings.sections.retain(|section| section.name() != "network");
    preview(&table, &settings, &target, &ManualMappings::default(), today).expect("a preview")
}

fn tree_of(preview: Preview) -> RateTree {
    match preview.replacement {
        Replacement::Node(node) => RateTree { resources: [(Resource::SmsMessage, node)].into() },
        Replacement::Tree(tree) => tree,
    }
}

fn imports(criterion: &mut Criterion) {
    let rows = rows();
    let (csv, xlsx) = (csv_file(&rows), xlsx_file(&rows));
    // Today's tree has other prices, so that each rate is in the difference.
    let today =
        csv_file(&rows).iter().map(|byte| if *byte == b'3' { b'4' } else { *byte }).collect::<Vec<_>>();
    let today = tree_of(previewed(&today, "rates.csv", &RateTree::default()));
    let result = previewed(&csv, "rates.csv", &today);
    assert!(result.counts.prices as usize >= ROWS - 10 && result.errors.len() < 10, "{:?}", result.counts);

    criterion.bench_function("import_csv_50000", |bench| {
        bench.iter(|| previewed(black_box(&csv), "rates.csv", &today))
    });
    criterion.bench_function("import_xlsx_50000", |bench| {
        bench.iter(|| previewed(black_box(&xlsx), "rates.xlsx", &today))
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = imports
}
criterion_main!(benches);
