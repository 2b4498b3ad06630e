//! Counters of the store, and what open claims hold of them.

use super::rows;
use super::{Decided, Stop, Workspace};
use crate::value::{ClaimId, CustomerId, Timestamp};
use std::ops::Bound;
use std::sync::Arc;

/// Who holds how much of a counter: the counter, the deadline, the customer, the claim.
pub(crate) type HoldKey = (Arc<str>, Timestamp, CustomerId, ClaimId);

/// A counter of the store: what it stood at, and what is added to it. Additions commute; the limit is guarded where they are committed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Counter {
    pub(crate) stored: i64,
    pub(crate) added: i64,
    pub(crate) limit: i64,
}

impl Counter {
    /// What it stands at with what is added.
    pub(crate) fn stands(&self) -> i64 {
        self.stored.saturating_add(self.added)
    }
}

impl Workspace {
    /// Adds to a counter, which must not exceed a limit where something is added.
    pub(crate) fn count(&mut self, name: &Arc<str>, amount: i64, limit: i64) -> Decided<()> {
        let counter = self.counter_mut(name)?;
        counter.added = counter.added.saturating_add(amount);
        if 0 < amount {
            counter.limit = limit;
        }
        Ok(())
    }

    /// What open claims hold of a counter, the earliest to end first: all of them, or at least those of the first page.
    pub(crate) fn holds_of(
        &self,
        counter: &Arc<str>,
        all: bool,
    ) -> Decided<impl Iterator<Item = (&HoldKey, i64)> + use<'_>> {
        if self.all_holds.get(counter).is_none_or(|loaded| all && !loaded) {
            let read = if all { rows::read_all_holds(counter) } else { rows::read_holds(counter) };
            return Err(Stop::Need(vec![read]));
        }
        // No name is empty: this key comes before all of the counter.
        let nobody = Arc::<str>::from("");
        let first = (counter.clone(), Timestamp::MIN, CustomerId::trusted(nobody.clone()), ClaimId::trusted(nobody));
        let from = self.holds.range((Bound::Included(&first), Bound::Unbounded));
        let name = first.0;
        Ok(from.take_while(move |((of, ..), _)| *of == name).filter_map(|(key, slot)| Some((key, slot.value?))))
    }
}
