//! Which of its agreements a reseller's legal entity resells under, and when.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::agreement::Effective;
use crate::catalog;
use crate::id::{AgreementId, LegalEntityId, ResellingAgreementId};
use crate::record::{Details, FieldError, Record};

/// Of one legal entity.
pub const RESELLING_AGREEMENTS_MAX: usize = 200;

/// An agreement of a reseller, tied to one of its legal entities for a time: what those below the
/// reseller may use follows from it.
pub type ResellingAgreement = Record<ResellingDetails>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResellingDetails {
    pub legal_entity: LegalEntityId,
    pub agreement: AgreementId,
    pub effective_from: Timestamp,
    /// For good if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_till: Option<Timestamp>,
}

/// Whether a tie holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResellingStatus {
    Coming,
    Active,
    Ended,
}

impl ResellingDetails {
    pub fn status(&self, now: Timestamp) -> ResellingStatus {
        if now < self.effective_from {
            return ResellingStatus::Coming;
        }
        match self.effective_till {
            Some(till) if till <= now => ResellingStatus::Ended,
            _ => ResellingStatus::Active,
        }
    }

    pub fn effective(&self) -> Effective {
        Effective { from: Some(self.effective_from), till: self.effective_till, time_zone: None }
    }

    fn overlaps(&self, other: &Self) -> bool {
        let ends_after = |till: Option<Timestamp>, from| till.is_none_or(|till| from < till);
        self.agreement == other.agreement
            && ends_after(self.effective_till, other.effective_from)
            && ends_after(other.effective_till, self.effective_from)
    }
}

/// Refuses a tie of an agreement that is tied to the same legal entity for a part of the time already.
/// `others` are all of the legal entity, this one aside.
pub fn check_alone<'a>(
    details: &ResellingDetails,
    others: impl IntoIterator<Item = &'a ResellingDetails>,
) -> Result<(), FieldError> {
    let mut count = 0;
    for other in others {
        if details.overlaps(other) {
            let detail = "this agreement is tied to the legal entity for a part of that time already";
            return Err(FieldError::new("effective_from", detail));
        }
        count += 1;
    }
    if RESELLING_AGREEMENTS_MAX <= count {
        let detail = format!("a legal entity has at most {RESELLING_AGREEMENTS_MAX} of them");
        return Err(FieldError::new("agreement", detail));
    }
    Ok(())
}

/// The list of what is tied to a legal entity.
pub fn list_of(entity: &LegalEntityId) -> String {
    format!("of#{entity}")
}

impl Details for ResellingDetails {
    type Id = ResellingAgreementId;
    const NOUN: &'static str = "reselling_agreement";
    const NOUNS: &'static str = "reselling_agreements";

    fn checked(self) -> Result<Self, FieldError> {
        if self.effective_till.is_some_and(|till| till <= self.effective_from) {
            return Err(FieldError::new("effective_till", "it has to be later than `effective_from`"));
        }
        Ok(self)
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("agreement", self.agreement.to_string()),
            ("effective_from", catalog::time(self.effective_from)),
            // What never ends sorts behind all that does.
            ("effective_till", self.effective_till.map_or_else(|| "~".to_owned(), catalog::time)),
        ]
    }

    fn further_lists(&self) -> Vec<String> {
        vec![list_of(&self.legal_entity)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::Agreement;
    use crate::record::tests::{HAND, refused, reseller};

    fn tie(agreement: u128, from: i64, till: Option<i64>) -> ResellingDetails {
        let at = |second| Timestamp::from_second(second).unwrap();
        ResellingDetails {
            legal_entity: LegalEntityId::new(1),
            agreement: AgreementId::new(agreement),
            effective_from: at(from),
            effective_till: till.map(at),
        }
    }

    #[test]
    fn an_agreement_is_tied_to_an_entity_once_at_a_time() {
        let first = tie(1, 10, Some(20));
        let check = |new: ResellingDetails| check_alone(&new, [&first]).is_ok();
        assert!(check(tie(1, 20, None)) && check(tie(1, 0, Some(10))));
        assert!(!check(tie(1, 19, None)) && !check(tie(1, 0, None)) && !check(tie(1, 12, Some(13))));
        assert!(check(tie(2, 12, Some(13))), "another agreement");
    }

    #[test]
    fn what_is_sent_below_is_charged_to_a_tied_agreement_while_a_tie_holds() {
        let agreement = crate::agreement::tests::agreement();
        let record = |number, details| {
            Record::plan(ResellingAgreementId::new(number), &reseller(), details, HAND).unwrap()
        };
        let at =
            |agreement: &Agreement, second| agreement.is_resold_at(Timestamp::from_second(second).unwrap());
        let ended = record(1, tie(1, 10, Some(20)));
        assert!(at(&agreement, 0), "nobody has tied it");
        let tied = agreement.with_tie(None, Some(&ended));
        assert_eq!([9, 10, 19, 20].map(|second| at(&tied, second)), [false, true, true, false]);
        let again = tied.with_tie(None, Some(&record(2, tie(1, 30, None))));
        assert_eq!([20, 30].map(|second| at(&again, second)), [false, true]);
        let later = again.with_tie(Some(&ended), Some(&record(1, tie(1, 15, Some(25)))));
        assert_eq!([14, 20, 25].map(|second| at(&later, second)), [false, true, false]);
        let moved = tied.with_tie(Some(&ended), Some(&record(1, tie(2, 10, Some(20)))));
        assert!(at(&moved, 99) && at(&tied.with_tie(Some(&ended), None), 99), "it is tied no more");
        assert_eq!((agreement.revision + 1, moved.revision), (tied.revision, tied.revision + 1));
    }

    #[test]
    fn a_tie_ends_after_it_began() {
        assert_eq!(refused(tie(1, 10, Some(10))), Some("effective_till"));
        assert_eq!(refused(tie(1, 10, Some(11))), None);
    }

    #[test]
    fn a_tie_is_coming_then_active_then_ended() {
        let at = |second| tie(1, 10, Some(20)).status(Timestamp::from_second(second).unwrap());
        assert_eq!(
            [at(9), at(10), at(19), at(20)].map(catalog::choice),
            ["coming", "active", "active", "ended"]
        );
    }
}
