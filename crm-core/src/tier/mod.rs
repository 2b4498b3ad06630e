//! Tiers: a pure function of what a customer earned, and when it became known.
//!
//! A [`Ladder`] is compiled from [`LadderRules`] and judges a [`LadderState`], which takes [`TierFact`]s in the order of their
//! effective instants. [`Ladder::replay`] is the definition; [`Ladder::apply`] and [`Ladder::advance`] give the same state step by step.
//!
//! How a tier is judged:
//! - Thresholds are inclusive. A tier is *reached* at its threshold and, once held, *retained* at its retention (default the threshold).
//! - Calendar and anniversary windows are reviewed at the first instant of every period, on the metric of the period just ended:
//!   what was reached in period P is therefore valid through the end of P + 1, and retaining it within P + 1 carries it through P + 2.
//! - Rolling windows are reviewed at the first instant of a local day on which a contribution leaves, also one that was refunded.
//! - After a failed review the tier is kept for the days of grace; reaching its retention meanwhile keeps it for good.
//! - When a tier is lost at a review under the floor `one_level`, the tier below is kept until the next review of a calendar window,
//!   or for one whole rolling window.
//! - A refund counts against the period or day of its order. Under `at_review` nothing happens before the next review. Under `at_once`
//!   what is held because of the metric is judged by the metric alone, without grace and floor (`permanent` still holds); what grace or
//!   floor keep already is left alone.
//! - Under `next_period` a tier is gained at the first instant of the next period (rolling and lifetime: the next local month), if the
//!   metric still gives it then.
//! - At one instant the order is: upgrade, review, end of grace, end of a lock, new rules, and then the facts of that instant.
//! - The rules of a revision hold from its publication, see [`Timeline`]: the tier held stays until a review, a higher one that the metric
//!   reaches is gained at once, and one that is no more becomes what the metric gives.

mod adopt;
mod codec;
mod count;
mod explain;
mod fact;
mod ladder;
mod rules;
mod state;
mod status;
mod step;
mod timeline;
mod window;

pub use explain::{Contribution, Evidence, TierExplanation};
pub use fact::{TierCause, TierChange, TierFact, TierFactKind};
pub use ladder::{Finding, Ladder};
pub use rules::*;
pub use state::{LadderState, TierLock};
pub use status::{TierGoal, TierLocked, TierPending, TierStatus};
pub use step::Applied;
pub use timeline::{FactsOf, Timeline};

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
