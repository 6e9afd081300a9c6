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
    let (country, network) = (destination.country.as_str(), destination.network.as_deref());
    let event = Event::sms(country, network, Some(sender))
        .with_known(Attribute::Mcc, destination.mcc.as_deref())
        .with_known(Attribute::Mccmnc, destination.mccmnc.as_deref());
    let offers = offers(levels, &event, now)?;
    let Destination { network, mccmnc, .. } = destination.clone();
    Ok(Place { country: country.to_owned(), network, mccmnc, offers })
}
