//! Any text as a phone number: what is read is digits, reads back from the store as itself, and leads somewhere
//! or nowhere.

use domain::destination::{Msisdn, destination};
use domain::dictionary::Dictionaries;

fn main() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        let Ok(number) = Msisdn::parse(text) else { return };
        assert!(number.as_str().bytes().all(|byte| byte.is_ascii_digit()));
        assert_eq!(Msisdn::try_from(String::from(number.clone())).as_ref(), Ok(&number));
        assert_eq!(Msisdn::parse(number.as_str()).as_ref(), Ok(&number));
        let _ = destination(&number, Dictionaries::shipped());
    });
}
