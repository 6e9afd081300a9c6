//! When a mail comes again that nobody took.

use std::time::Duration;

use aws_lambda_events::event::sqs::SqsMessage;

/// The first soon, for servers that want to see a second try before they take a mail (RFC 6647); then less
/// and less often. With the first try there is one more of them than pauses.
const PAUSES_SECONDS: [u64; 7] = [60, 5 * 60, 15 * 60, 3600, 3 * 3600, 8 * 3600, 12 * 3600];

/// What SQS says of a message beside its content.
pub(crate) struct Ticket {
    pub handle: String,
    /// From 1.
    receives: usize,
}

impl Ticket {
    pub fn of(message: &SqsMessage) -> Self {
        let receives = message.attributes.get("ApproximateReceiveCount");
        let receives = receives.and_then(|count| count.parse().ok()).unwrap_or(1);
        Self { handle: message.receipt_handle.clone().unwrap_or_default(), receives }
    }

    pub fn pause(&self) -> Duration {
        let place = self.receives.saturating_sub(1).min(PAUSES_SECONDS.len() - 1);
        Duration::from_secs(PAUSES_SECONDS[place])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::notification::TRIES_MAX;

    #[test]
    fn what_is_not_taken_is_tried_again_for_about_a_day() {
        let pause = |receives| Ticket { handle: String::new(), receives }.pause().as_secs();
        assert_eq!([pause(0), pause(1), pause(2), pause(100)], [60, 60, 300, 12 * 3600]);
        let hours = PAUSES_SECONDS.iter().sum::<u64>() / 3600;
        assert!((23..=25).contains(&hours), "{hours}");
        assert_eq!(PAUSES_SECONDS.len() + 1, TRIES_MAX as usize);
    }
}
