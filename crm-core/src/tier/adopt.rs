//! New rules take over a state that the old ones made.

use super::fact::{TierCause, TierChange};
use super::ladder::{Ladder, Rank};
use super::state::{Kept, LadderState, Sums};
use crate::value::{Timestamp, Zone};

impl Ladder {
    /// At the publication of these rules, when the old ones have done all that was due: the metric is counted as the new rules say, the tier
    /// held stays, and what the metric reaches lifts. Nothing is lost before a review. A tier that is no more becomes what the metric gives.
    ///
    /// `fresh` is what the new rules would have made of the facts; none when they count as the old ones did.
    pub(super) fn adopt(
        &self,
        old: &Self,
        (zone, at): (Zone, Timestamp),
        state: &mut LadderState,
        fresh: Option<LadderState>,
        cause: TierCause,
        out: &mut Vec<TierChange>,
    ) {
        let here = |rank: Rank| self.find(&old.step(rank).id);
        let (was, shown) = (old.step(state.shown).id.clone(), here(state.shown));
        let gone = 0 < state.top() && here(state.top()).is_none();
        let top = here(state.top()).unwrap_or(0);
        let base = here(state.base).unwrap_or(0);
        let tops = match &state.sums {
            Sums::Periods(periods) => (here(periods.top).unwrap_or(0), here(periods.before_top).unwrap_or(0)),
            _ => (top, top),
        };
        let kept = state.kept.iter().filter_map(|kept| Some(Kept { rank: here(kept.rank)?, ..*kept }));
        let mut kept: Vec<Kept> = kept.filter(|kept| 0 < kept.rank).collect();
        kept.sort_unstable_by_key(|kept| kept.rank);
        state.lock = state.lock.take().and_then(|mut lock| {
            lock.rank = here(lock.rank)?;
            Some(lock).filter(|lock| at < lock.until)
        });
        if let Some(fresh) = fresh {
            (state.joined_on, state.sums, state.review_at) = (fresh.joined_on, fresh.sums, fresh.review_at);
        }
        (state.base, state.kept, state.rise_at, state.clock) = (base, kept, None, at);
        let mut reached = self.reached(state.metric());
        if let Sums::Periods(periods) = &mut state.sums {
            // What was reached in the period before is valid in the one that runs.
            reached = reached.max(self.reached(periods.before));
            (periods.top, periods.before_top) = tops;
        }
        if gone {
            state.base = state.base.max(reached);
        }
        self.lift(zone, state, at);
        if let Sums::Periods(periods) = &mut state.sums
            && gone
        {
            periods.top = periods.top.max(state.base);
        }
        if matches!(state.sums, Sums::Days(_)) && state.review_at.is_none() && 0 < state.base {
            // Nothing is in the window, and so nothing would ever leave it.
            state.review_at = Some(self.review_after_loss(zone, state, at));
        }
        let rank = state.lock.as_ref().map_or_else(|| state.top(), |lock| lock.rank);
        if shown != Some(rank) {
            let to = self.step(rank).id.clone();
            out.push(TierChange { ladder: self.id.clone(), from: was, to, at, cause });
            state.since = at;
        }
        state.shown = rank;
    }
}
