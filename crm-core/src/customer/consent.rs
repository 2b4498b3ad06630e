//! What a customer allows: a pure function of the statements made, whatever the order in which they arrived.

use super::profile::{Consent, ConsentSource, ConsentState};
use super::record::CustomerRecord;
use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use crate::value::{Tag, Timestamp};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// What holds for a purpose over a channel, and which statement made it so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EffectiveConsent {
    /// Given or withdrawn.
    pub state: ConsentState,
    /// Who said so.
    pub source: ConsentSource,
    /// When they said so.
    pub stated_at: Timestamp,
}

impl CustomerRecord {
    /// Records a statement. True when it is new and the record has to be stored; the same statement again is false.
    ///
    /// Every statement is kept as history. A grant by an operator or an import has no effect: only customers widen consent.
    /// When the history is full, the oldest statement that can never matter again makes room, so a withdrawal of what was given always fits.
    ///
    /// # Errors
    /// `value.too_many` when the history is full of statements that all still matter.
    pub fn record_consent(&mut self, consent: &Consent) -> Result<bool> {
        if self.consents.contains(consent) {
            return Ok(false);
        }
        let mut consents = self.consents.clone();
        let place = consents.partition_point(|kept| order(kept, consent) == Ordering::Less);
        consents.insert(place, consent.clone());
        if consents.len() > limits::CONSENTS_MAX {
            make_room(&mut consents)?;
        }
        let changed = consents != self.consents;
        self.consents = consents;
        Ok(changed)
    }

    /// What holds for a purpose over a channel: the customer's latest statement, unless an operator or an import withdrew at
    /// the same instant or later. Of two statements of one instant the withdrawal holds. None when nobody said anything that counts.
    #[must_use]
    pub fn consent_state(&self, purpose: &Tag, channel: &Tag) -> Option<EffectiveConsent> {
        let of_subject = self.consents.iter().filter(|c| &c.purpose == purpose && &c.channel == channel);
        in_force(of_subject).map(|consent| EffectiveConsent {
            state: consent.state,
            source: consent.source.clone(),
            stated_at: consent.stated_at,
        })
    }

    /// The statements that hold, one for each purpose and channel somebody made a counting statement about, in that order.
    #[must_use]
    pub fn effective_consents(&self) -> Vec<Consent> {
        self.consents.chunk_by(same_subject).filter_map(in_force).cloned().collect()
    }
}

/// The statement that holds, of those about one subject: the latest that counts; at one instant the more restrictive.
fn in_force<'c>(of_subject: impl IntoIterator<Item = &'c Consent>) -> Option<&'c Consent> {
    of_subject.into_iter().filter(|c| counts(c)).max_by(|a, b| order(a, b))
}

fn same_subject(a: &Consent, b: &Consent) -> bool {
    a.purpose == b.purpose && a.channel == b.channel
}

fn counts(consent: &Consent) -> bool {
    consent.state == ConsentState::Withdrawn || consent.source == ConsentSource::Customer
}

fn strength(consent: &Consent) -> (Timestamp, bool) {
    (consent.stated_at, consent.state == ConsentState::Withdrawn)
}

/// A total order over different statements: by subject, then time, then what is left to tell them apart.
pub(super) fn order(a: &Consent, b: &Consent) -> Ordering {
    let source = |c: &Consent| match &c.source {
        ConsentSource::Customer => (0, None),
        ConsentSource::Operator { actor } => (1, Some(actor.clone())),
        ConsentSource::Import => (2, None),
    };
    (&a.purpose, &a.channel, strength(a))
        .cmp(&(&b.purpose, &b.channel, strength(b)))
        .then_with(|| source(a).cmp(&source(b)))
        .then_with(|| a.notice.cmp(&b.notice))
}

/// Takes the oldest statement away that is not the one in force for its subject: later statements only ever replace the one
/// in force, so the others never matter again.
fn make_room(consents: &mut Vec<Consent>) -> Result<()> {
    let idle = |group: &[Consent], start: usize| -> Option<(Timestamp, usize)> {
        let held = in_force(group);
        let others = group.iter().enumerate().filter(|(_, consent)| Some(*consent) != held);
        others.map(|(place, consent)| (consent.stated_at, start + place)).min()
    };
    let mut start = 0;
    let mut oldest: Option<(Timestamp, usize)> = None;
    for group in consents.chunk_by(same_subject) {
        oldest = [oldest, idle(group, start)].into_iter().flatten().min();
        start += group.len();
    }
    let Some((_, place)) = oldest else {
        return Err(Error::new(
            ErrorCode::ValueTooMany,
            format!("at most {} statements about consent are kept", limits::CONSENTS_MAX),
        )
        .field("consents")
        .limit(limits::CONSENTS_MAX));
    };
    consents.remove(place);
    Ok(())
}
