//! Where the recipients of a request are: by the numbering plan, and by a look-up where the company has
//! one.

use std::collections::BTreeSet;

use domain::channel::Channel;
use domain::company::Company;
use domain::destination::{Destination, Msisdn, destination};
use domain::dictionary::Dictionaries;
use domain::lookup::Looked;
use jiff::Timestamp;
use store::{Store, StoreError};

use crate::Lookups;

/// A code and its explanation.
pub type Reason = (String, String);

/// A recipient as it was sent, with what it leads to or why it leads nowhere.
pub struct Recipient {
    pub raw: String,
    pub found: Result<(Msisdn, Destination), Reason>,
}

impl Recipient {
    fn read(raw: &str, dictionaries: &Dictionaries) -> Self {
        let found = Msisdn::parse(raw).map_err(refusal).and_then(|number| {
            let destination = destination(&number, dictionaries).map_err(refusal)?;
            Ok((number, destination))
        });
        Self { raw: raw.to_owned(), found }
    }
}

fn refusal(error: impl ToString) -> Reason {
    ("invalid_number".to_owned(), error.to_string())
}

/// All recipients, in the order of the request.
pub async fn recipients(
    store: &Store,
    lookups: &Lookups,
    company: &Company,
    raw: &[String],
    now: Timestamp,
) -> Result<Vec<Recipient>, StoreError> {
    let dictionaries = store.dictionaries().await?;
    let mut recipients: Vec<_> = raw.iter().map(|raw| Recipient::read(raw, &dictionaries)).collect();
    let Some(lookup) = company.lookup_of(Channel::Sms) else { return Ok(recipients) };
    let places = || recipients.iter().filter_map(|recipient| recipient.found.as_ref().ok());
    let numbers: BTreeSet<&Msisdn> = places().map(|(number, _)| number).collect();
    let numbers: Vec<&Msisdn> = numbers.into_iter().collect();
    let looked = lookups.look_up(store, &lookup.connection, &numbers, &dictionaries, now).await;
    for (number, destination) in recipients.iter_mut().filter_map(|recipient| recipient.found.as_mut().ok()) {
        if let Some(Looked::In(mccmnc)) = looked.get(number) {
            *destination = destination.ported_to(mccmnc, &dictionaries);
        }
    }
    Ok(recipients)
}
