//! What a search works on: the offers that can have an effect, in a fixed order, and which of them have to do with each other.

use super::basket::Basket;
use super::compile::{Cut, Terms, Work};
use super::rules::{Exclusive, Phase, ThresholdBasis};
use super::state::State;
use super::terms::{OfferRules, Settings};
use crate::value::spread::spread;
use crate::value::{Percent, StackGroup};

/// All phases, in their order.
pub(super) const PHASES: [Phase; 6] =
    [Phase::Item, Phase::Bundle, Phase::Order, Phase::ShopCoupon, Phase::PlatformCoupon, Phase::Shipping];

/// The party that [`Objective::MerchantCost`](super::rules::Objective::MerchantCost) spares.
const MERCHANT: &str = "merchant";

/// Everything a search needs to know, of all offers that can have an effect on this basket.
#[derive(Debug)]
pub(super) struct Problem<'a> {
    pub(super) basket: &'a Basket,
    pub(super) settings: Settings,
    /// By phase, then what takes most off, then what ends soonest, then by name: this order decides between equals.
    pub(super) terms: Vec<Terms<'a>>,
    /// What each of them can take off at most.
    pub(super) caps: Vec<i64>,
    pub(super) start: State,
    /// Whether any of them uses units up.
    pub(super) consumption: bool,
    /// The highest rate of tax, where tax comes on top at different rates.
    pub(super) uneven_tax: Option<Percent>,
}

/// One application: which offer, and which of its choices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) offer: usize,
    pub(super) choice: usize,
}

impl Problem<'_> {
    pub(super) fn rules(&self, offer: usize) -> Option<&OfferRules> {
        self.terms.get(offer).map(|terms| terms.candidate.rules)
    }

    /// Sets of offers that have nothing to do with each other: no line, no counter, no group in common. Each is an ascending list.
    pub(super) fn components(&self, offers: &[usize]) -> Components {
        let mut sets = Sets::new(offers.len());
        // By class, then delivery, then by counter: one of the offers that have to do with it. Groups are few.
        let (classes, none) = (self.basket.classes.len(), usize::MAX);
        let mut owners = vec![none; classes + 1 + self.start.left.len()];
        let mut groups: Vec<(&StackGroup, usize)> = Vec::new();
        for (place, offer) in offers.iter().enumerate() {
            let Some(terms) = self.terms.get(*offer) else { continue };
            let mut join = |shared: usize| match owners.get_mut(shared) {
                Some(owner) if *owner == none => *owner = place,
                Some(owner) => sets.join(*owner, place),
                None => {}
            };
            if matches!(terms.work, Work::Shipping(_)) {
                join(classes);
            }
            if reads_cart(terms) {
                (0..classes).for_each(&mut join);
            } else {
                terms.reads().iter().chain(terms.writes()).copied().for_each(&mut join);
            }
            terms.held.iter().for_each(|held| join(classes + 1 + held.counter));
            if let Some(group) = &terms.candidate.rules.stack.group {
                match groups.iter().find(|(name, _)| *name == group) {
                    Some((_, owner)) => sets.join(*owner, place),
                    None => groups.push((group, place)),
                }
            }
        }
        let mut members: Vec<(usize, usize)> =
            offers.iter().enumerate().map(|(place, offer)| (sets.root(place), *offer)).collect();
        members.sort_by_key(|(root, _)| *root);
        let sizes = members.chunk_by(|(a, _), (b, _)| a == b).map(<[_]>::len).collect();
        Components { offers: members.into_iter().map(|(_, offer)| offer).collect(), sizes }
    }

    /// Whether two offers may both be applied, beside others of their group that are applied.
    pub(super) fn compatible(&self, applied: &[usize], offer: usize) -> Option<Clash> {
        let rules = self.rules(offer)?;
        let all = |rules: &OfferRules| rules.stack.exclusive == Exclusive::All;
        if let Some(other) = applied.iter().find(|other| all(rules) || self.rules(**other).is_some_and(all)) {
            return Some(Clash { with: *other, by_group: false });
        }
        let group = rules.stack.group.as_ref()?;
        let same = |other: &&usize| self.rules(**other).is_some_and(|rules| rules.stack.group.as_ref() == Some(group));
        let members: Vec<usize> = applied.iter().filter(same).copied().collect();
        let most = members.iter().filter_map(|member| self.rules(*member)).map(most_of_group).min();
        let most = most.map_or_else(|| most_of_group(rules), |most| most.min(most_of_group(rules)));
        let full = members.len() + 1 > most;
        members.first().filter(|_| full).map(|with| Clash { with: *with, by_group: true })
    }

    /// What the customer pays less than at the start: what is off, and where tax comes on top at different rates, with that.
    pub(super) fn saved(&self, state: &State, off: i64) -> i64 {
        if self.uneven_tax.is_none() { off } else { self.with_tax(&self.start) - self.with_tax(state) }
    }

    fn with_tax(&self, state: &State) -> i64 {
        let goods = self.basket.classes.iter().enumerate().map(|(class, of)| {
            let net = state.pool(class * 2).net + state.pool(class * 2 + 1).net;
            net + of.rate.of(net)
        });
        goods.sum::<i64>() + state.shipping + self.basket.shipping_rate.of(state.shipping)
    }

    /// What `saved` can be at most where at most `more` is taken off beyond how things stand: at the highest rate, and with what rounding
    /// can add to the tax of each line.
    pub(super) fn saved_at_most(&self, state: &State, off: i64, more: i64) -> i64 {
        let Some(rate) = self.uneven_tax else { return off.saturating_add(more) };
        let rounding = i64::try_from(self.basket.classes.len()).unwrap_or(i64::MAX >> 1) + 2;
        self.saved(state, off).saturating_add(more).saturating_add(rate.of(more)).saturating_add(rounding)
    }

    /// The part of a discount that the merchant bears.
    pub(super) fn merchant_part(&self, offer: usize, off: i64) -> i64 {
        let Some(rules) = self.rules(offer).filter(|rules| !rules.funders.is_empty()) else { return off };
        let weights: Vec<i64> = rules.funders.iter().map(|funder| i64::from(funder.share.millionths())).collect();
        let parts = spread(off, &weights).into_iter().zip(&rules.funders);
        parts.filter(|(_, funder)| funder.party.as_str() == MERCHANT).map(|(part, _)| part).sum()
    }
}

/// Why an offer cannot join others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clash {
    pub(super) with: usize,
    pub(super) by_group: bool,
}

/// How many of its group an offer allows, itself among them.
pub(super) fn most_of_group(rules: &OfferRules) -> usize {
    if rules.stack.exclusive == Exclusive::Group {
        return 1;
    }
    rules.stack.max_per_group.map_or(1, |max| usize::try_from(max).unwrap_or(usize::MAX))
}

/// Whether the offer reads all lines, and what it reads can change.
pub(super) fn reads_cart(terms: &Terms<'_>) -> bool {
    let gauge = &terms.gauge;
    gauge.cart && gauge.amount.is_some() && gauge.basis != ThresholdBasis::List
}

/// Whether what it takes off does not depend on the offers of its phase, but for the money that is there.
pub(super) fn is_constant(terms: &Terms<'_>) -> bool {
    let amounts = match &terms.work {
        Work::Cut(Cut::Amount(_)) | Work::Every { .. } => true,
        Work::Tiered(steps) => steps.iter().all(|(_, cut)| matches!(cut, Cut::Amount(_))),
        _ => false,
    };
    let measures = terms.gauge.amount.is_some() || terms.has_steps();
    amounts && terms.held.is_empty() && !(measures && terms.gauge.basis == ThresholdBasis::Running)
}

/// Sets of offers, one after another, and how many are in each.
pub(super) struct Components {
    offers: Vec<usize>,
    sizes: Vec<usize>,
}

impl Components {
    pub(super) fn parts(&self) -> impl Iterator<Item = &[usize]> {
        let mut rest = self.offers.as_slice();
        self.sizes.iter().map(move |size| {
            let (part, behind) = rest.split_at_checked(*size).unwrap_or((rest, &[]));
            rest = behind;
            part
        })
    }
}

/// Disjoint sets, each named by its smallest member.
struct Sets(Vec<usize>);

impl Sets {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn root(&mut self, mut place: usize) -> usize {
        while let Some(up) = self.0.get(place).copied().filter(|up| *up != place) {
            let above = self.0.get(up).copied().unwrap_or(up);
            if let Some(slot) = self.0.get_mut(place) {
                *slot = above;
            }
            place = above;
        }
        place
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if let Some(slot) = self.0.get_mut(a.max(b)) {
            *slot = a.min(b);
        }
    }
}
