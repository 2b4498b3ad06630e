//! What a ladder is told, and what it answers.

use crate::value::{Actor, LadderId, Reason, TierId, Timestamp};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::sync::Arc;

/// One thing that happened and matters to one ladder of one customer.
///
/// Facts take effect in the order of `effective_at`. Those of one instant: first what was earned, spent or done, then what was taken back,
/// each in the order of its cause, then what was set by hand, in the order of `seq`. So the order in which facts were told does not show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierFact {
    /// When it counts.
    pub effective_at: Timestamp,
    /// When it became known; only [`Ladder::tier_at`](super::Ladder::tier_at) and [`Ladder::explain`](super::Ladder::explain) look at it.
    pub recorded_at: Timestamp,
    /// Its place in the journal.
    pub seq: u64,
    /// What happened.
    pub kind: TierFactKind,
}

/// The place of a fact in the order of facts.
///
/// INVARIANT: arrival is no part of it, but among what was set by hand, where the last word is what was meant (guarded by
/// `laws::arrival_never_shows`).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Place {
    #[n(0)]
    pub(super) effective_at: Timestamp,
    #[n(1)]
    group: Group,
    #[cbor(n(2), with = "super::codec")]
    cause: Arc<str>,
    #[n(3)]
    seq: u64,
}

/// What comes first at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
enum Group {
    #[n(0)]
    Accrual,
    #[n(1)]
    Reversal,
    #[n(2)]
    ByHand,
}

impl TierFact {
    pub(super) fn place(&self) -> Place {
        let (group, cause) = match &self.kind {
            TierFactKind::Accrual { cause, .. } => (Group::Accrual, cause.clone()),
            TierFactKind::Reversal { cause, .. } => (Group::Reversal, cause.clone()),
            TierFactKind::Lock { .. } | TierFactKind::Unlock => (Group::ByHand, Arc::default()),
        };
        Place { effective_at: self.effective_at, group, cause, seq: self.seq }
    }

    /// The order of facts. Several with one cause at one instant, such as two refunds of one order, are ordered by their content.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        self.effective_at.cmp(&other.effective_at).then_with(|| {
            let (one, two) = (self.place(), other.place());
            let by_hand = if one.group == Group::ByHand { one.seq.cmp(&two.seq) } else { Ordering::Equal };
            let places = (one.group, one.cause).cmp(&(two.group, two.cause)).then(by_hand);
            places.then_with(|| (&self.kind, self.seq).cmp(&(&other.kind, other.seq)))
        })
    }
}

impl Place {
    /// Whether a fact here comes too late for somebody who has taken in one there. Facts with one cause at one instant are in order where
    /// one entry tells them together.
    pub(super) fn is_late(&self, last: &Self) -> bool {
        let one = (self.effective_at, self.group, &self.cause);
        match one.cmp(&(last.effective_at, last.group, &last.cause)) {
            Ordering::Equal if self.group == Group::ByHand => self.seq < last.seq,
            Ordering::Equal => self.seq != last.seq,
            ordering => ordering == Ordering::Less,
        }
    }
}

/// What happened. Amounts are whole units of the ladder's metric: minor units of money, points, or a count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TierFactKind {
    /// Something was earned, spent or done. An amount below zero counts like a reversal dated on the same day.
    Accrual {
        /// How much.
        amount: i64,
        /// What it came from: the id of an order, an event, ….
        cause: Arc<str>,
    },
    /// Something was taken back. It takes effect at its own instant, but counts against the period or day of what it takes back; when
    /// that is out of every window that is still looked at, sums do not change. A date after its own instant counts as its own instant.
    Reversal {
        /// How much was taken off; a positive number. A negative one gives back.
        amount: i64,
        /// When the original counted.
        original_at: Timestamp,
        /// What it came from: the id of the refund, the order, ….
        cause: Arc<str>,
    },
    /// The tier is set by hand until an instant, whatever happens. A second lock replaces the first. A lock that ends at or before its own
    /// instant, or names a tier the ladder does not have, does nothing.
    Lock {
        /// To which tier.
        tier: TierId,
        /// The first instant at which it no longer holds.
        until: Timestamp,
        /// By whom.
        actor: Actor,
        /// Why.
        reason: Reason,
    },
    /// The lock, if there is one, ends now.
    Unlock,
}

/// A change of the tier that a customer has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, minicbor::Encode, minicbor::Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TierChange {
    /// On which ladder.
    #[n(0)]
    pub ladder: LadderId,
    /// The tier before.
    #[n(1)]
    pub from: TierId,
    /// The tier from now on.
    #[n(2)]
    pub to: TierId,
    /// The exact instant, whenever it was noticed.
    #[n(3)]
    pub at: Timestamp,
    /// Why.
    #[n(4)]
    pub cause: TierCause,
}

/// Why a tier changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, minicbor::Encode, minicbor::Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum TierCause {
    /// A threshold was reached.
    #[n(0)]
    Reached {
        /// By which order, event, ….
        #[cbor(n(0), with = "super::codec")]
        cause: Arc<str>,
    },
    /// A review found less than the retention, and there are no days of grace; or a tier kept by the floor came to its next review.
    /// Up only when a refund of something that was never counted left a rolling window.
    #[n(1)]
    Review,
    /// A refund, on a ladder that judges refunds at once.
    #[n(2)]
    RefundAtOnce {
        /// The refund.
        #[cbor(n(0), with = "super::codec")]
        cause: Arc<str>,
    },
    /// The days of grace after a failed review ran out.
    #[n(3)]
    GraceEnded,
    /// It was locked by hand.
    #[n(4)]
    Locked,
    /// A lock ended, by its date or by hand; the tier is what it would be without the lock.
    #[n(5)]
    LockEnded,
    /// A threshold was reached in the period before, on a ladder that lifts at the next period.
    #[n(6)]
    NextPeriod,
    /// New rules were published: they lift whom the metric carries higher, and a tier that they do not have becomes what the metric gives.
    #[n(7)]
    Revision {
        /// Of which revision.
        #[n(0)]
        revision: u32,
    },
}
