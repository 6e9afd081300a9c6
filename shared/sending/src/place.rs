//! What one recipient in a place is offered for at each level.

use domain::batch::Place;
use domain::destination::Destination;
use domain::quote::{Level, QuoteError, offers};
use domain::rating::{Attribute, Event};
use jiff::Timestamp;

/// A destination as messages of this sender are priced there.
pub fn place(
    destination: &Destination,
    sender: &str,
    levels: &[Level],
    now: Timestamp,
) -> Result<Place, QuoteError> {
    let offers = offers(levels, &event(destination, sender), now)?;
    let Destination { country, network, mccmnc, .. } = destination.clone();
    Ok(Place { country: country.as_str().to_owned(), network, mccmnc, offers })
}

/// A message of this sender to a destination, as trees are asked for it.
pub(crate) fn event<'a>(destination: &'a Destination, sender: &'a str) -> Event<'a> {
    Event::sms(destination.country.as_str(), destination.network.as_deref(), Some(sender))
        .with_known(Attribute::Mcc, destination.mcc.as_deref())
        .with_known(Attribute::Mccmnc, destination.mccmnc.as_deref())
}
