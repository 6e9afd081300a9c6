//! Any text as a CSV file of rates, with the settings that it suggests itself, in every format; and with
//! settings of the fuzzer's own, if the text begins with a line of them as JSON.

use domain::dictionary::Dictionaries;
use domain::import::mapping::ManualMappings;
use domain::import::place::Place;
use domain::import::preview::preview;
use domain::import::settings::{Format, Settings, Target, propose};
use domain::import::table;
use domain::money::Currency;
use domain::rating::{RateTree, Resource};

fn main() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let line_end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
        let given: Option<Settings> = serde_json::from_slice(&bytes[..line_end]).ok();
        let rates = if given.is_some() { &bytes[line_end..] } else { bytes };
        let Ok(table) = table::read(rates, "rates.csv", None) else { return };
        let places = [Place::of(Resource::SmsMessage), Place::of(Resource::WhatsappMessage)];
        let whole_tree = Place::parse(&RateTree::default(), "").expect("the whole tree");
        for place in places.iter().chain([&whole_tree]) {
            for format in [Format::Standard, Format::WhatsappBasic, Format::WhatsappTier] {
                let target = Target {
                    place,
                    currency: Currency::parse("EUR").ok(),
                    dictionaries: Dictionaries::shipped(),
                    format,
                };
                let settings = given.clone().unwrap_or_else(|| propose(&table, &target));
                let today = RateTree::default();
                let Ok(preview) = preview(&table, &settings, &target, &ManualMappings::default(), &today)
                else {
                    continue;
                };
                assert!(preview.counts.rows_with_errors <= preview.counts.rows);
                let _ = preview.apply(&target, &today).map(|tree| tree.check());
            }
        }
    });
}
