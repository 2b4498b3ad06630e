//! Which of two combinations is better, and what has no hope of being better.

use super::problem::Problem;
use super::quote::Source;
use super::rules::Objective;
use super::search::{Known, Leaf, Place, Search, bits};
use crate::value::Timestamp;
use std::cmp::{Ordering, Reverse};

/// What of a combination counts for an objective.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing<'s> {
    /// What the customer pays less.
    pub(super) saved: i64,
    /// What the merchant bears of it.
    pub(super) cost: i64,
    pub(super) offers: &'s [usize],
}

impl Problem<'_> {
    /// `Less` if `a` serves the objective better. Of equal ones, what ends soonest, then the fewest, as the objective says.
    pub(super) fn compare(&self, a: Standing<'_>, b: Standing<'_>) -> Ordering {
        let by_price = || b.saved.cmp(&a.saved);
        let fewest = || a.offers.len().cmp(&b.offers.len());
        match self.settings.objective {
            Objective::CustomerBest | Objective::Priority => {
                by_price().then_with(|| self.spent(a.offers).cmp(&self.spent(b.offers))).then_with(fewest)
            }
            Objective::FewestCoupons => {
                by_price().then_with(|| self.coupons(a.offers).cmp(&self.coupons(b.offers))).then_with(fewest)
            }
            Objective::SoonestExpiry => self.sooner(a.offers, b.offers).then_with(by_price).then_with(fewest),
            Objective::MerchantCost => a.cost.cmp(&b.cost).then_with(by_price).then_with(fewest),
        }
    }

    /// When the coupons of a set end, the soonest first; those that do not end are not in it.
    fn ends(&self, offers: &[usize]) -> Vec<Timestamp> {
        let end = |offer: &usize| self.terms.get(*offer).and_then(|terms| terms.candidate.ends_at);
        let mut ends: Vec<Timestamp> = offers.iter().filter_map(end).collect();
        ends.sort_unstable();
        ends
    }

    /// When the coupons of a set end, the soonest first and those without an end last. Where one list begins like the other, the shorter
    /// one is less: nothing is spent that need not be.
    fn spent(&self, offers: &[usize]) -> Vec<(bool, Option<Timestamp>)> {
        let coupons = offers.iter().filter_map(|offer| self.terms.get(*offer)).map(|terms| terms.candidate);
        let coupons = coupons.filter(|candidate| candidate.by != Source::Automatic);
        let mut ends: Vec<_> = coupons.map(|candidate| (candidate.ends_at.is_none(), candidate.ends_at)).collect();
        ends.sort_unstable();
        ends
    }

    /// Which set uses coupons that end sooner, and more of them.
    fn sooner(&self, a: &[usize], b: &[usize]) -> Ordering {
        let (a, b) = (self.ends(a), self.ends(b));
        let differing = a.iter().zip(&b).map(|(a, b)| a.cmp(b)).find(|order| order.is_ne());
        differing.unwrap_or_else(|| Reverse(a.len()).cmp(&Reverse(b.len())))
    }

    fn coupons(&self, offers: &[usize]) -> usize {
        let given = |offer: &&usize| self.terms.get(**offer).is_some_and(|t| t.candidate.by != Source::Automatic);
        offers.iter().filter(given).count()
    }
}

impl Search<'_, '_> {
    fn offers(&self, set: u128) -> Vec<usize> {
        let mut offers = Vec::with_capacity(set.count_ones() as usize);
        offers.extend(bits(set).filter_map(|member| self.members.get(member)).map(|member| member.offer));
        offers
    }

    /// Whether a combination serves the objective better than another one.
    pub(super) fn beats(&self, a: &Leaf, b: &Leaf) -> bool {
        let by_price = !matches!(self.problem.settings.objective, Objective::SoonestExpiry | Objective::MerchantCost);
        if by_price && a.saved != b.saved {
            return b.saved < a.saved;
        }
        let (ours, theirs) = (self.offers(a.applied), self.offers(b.applied));
        let ours = Standing { saved: a.saved, cost: a.cost, offers: &ours };
        let theirs = Standing { saved: b.saved, cost: b.cost, offers: &theirs };
        self.problem.compare(ours, theirs) == Ordering::Less
    }

    /// Whether nothing that can follow from here is worth keeping.
    pub(super) fn hopeless(&mut self, place: Place, live: u128, asleep: u128, known: &mut Known) -> bool {
        if self.must & !(place.applied | live) != 0 {
            return true;
        }
        let floor = if self.must == 0 { &self.second } else { &self.best };
        let Some((saved, cost, applied)) = floor.as_ref().map(|leaf| (leaf.saved, leaf.cost, leaf.applied)) else {
            return false;
        };
        match self.problem.settings.objective {
            Objective::MerchantCost => cost < place.cost,
            Objective::SoonestExpiry => {
                match self.problem.sooner(&self.offers(place.applied | live), &self.offers(applied)) {
                    Ordering::Less => false,
                    Ordering::Equal => self.known_bound(known, live, asleep, place.off) <= saved,
                    Ordering::Greater => true,
                }
            }
            _ => {
                let most = self.known_bound(known, live, asleep, place.off);
                let tied = self.best.as_ref().is_some_and(|best| best.saved == most);
                most < saved || most == saved && !(tied && self.must == 0 && self.minds_ties())
            }
        }
    }

    /// The bound, worked out once for the same things in the same place.
    fn known_bound(&mut self, known: &mut Known, live: u128, asleep: u128, off: i64) -> i64 {
        if let Some((same, sleeping, most)) = *known
            && (same, sleeping) == (live, asleep)
        {
            return most;
        }
        let most = self.bound(live, asleep, off);
        let most = self.problem.saved_at_most(&self.state, off, most.saturating_sub(off));
        *known = Some((live, asleep, most));
        most
    }
}
