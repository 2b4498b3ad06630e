//! Which offers of a search have to do with each other, worked out once before it.

use super::compile::{Terms, Work};
use super::problem::{PHASES, Problem, is_constant, most_of_group, reads_cart};
use super::quote::Source;
use super::search::{Member, Search};
use super::terms::RoomFor;

/// A set of classes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Classes(Vec<u64>);

impl Classes {
    fn new(classes: &[usize], count: usize) -> Self {
        let mut words = vec![0_u64; count.div_ceil(64)];
        for class in classes {
            if let Some(word) = words.get_mut(class / 64) {
                *word |= 1 << (class % 64);
            }
        }
        Self(words)
    }

    fn covers(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| b & !a == 0)
    }

    fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(a, b)| a & b != 0)
    }
}

/// What one offer reads and writes.
struct Reach {
    reads: Classes,
    writes: Classes,
    all: bool,
    shipping: bool,
}

impl<'p, 'a> Search<'p, 'a> {
    /// A search over some offers of a problem; at most as many as fit the sets of it.
    pub(super) fn new(problem: &'p Problem<'a>, offers: &[usize], limit: u64) -> Self {
        let terms: Vec<&Terms<'a>> = offers.iter().filter_map(|offer| problem.terms.get(*offer)).collect();
        let count = problem.basket.classes.len();
        let writes: Vec<Vec<usize>> = terms.iter().map(|terms| terms.writes()).collect();
        let reaches: Vec<Reach> =
            terms.iter().zip(&writes).map(|(terms, writes)| reach(terms, writes, count)).collect();
        let lenses = lenses(problem, &terms, &writes);
        let mut members = Vec::with_capacity(offers.len());
        let (groups, singles) = groups(&terms);
        for (place, ((offer, writes), of)) in offers.iter().zip(&writes).zip(&terms).enumerate() {
            let mut member = Member { offer: *offer, writes: writes.clone(), ..Member::default() };
            member.most = most_of_group(of.candidate.rules);
            member.single = singles.get(place).copied().flatten();
            let group = of.candidate.rules.stack.group.as_ref();
            for (other, theirs) in terms.iter().enumerate().filter(|(other, _)| *other != place) {
                let (Some(a), Some(b)) = (reaches.get(place), reaches.get(other)) else { continue };
                let counter = of.held.iter().any(|a| theirs.held.iter().any(|b| a.counter == b.counter));
                let shipping = a.shipping && b.shipping;
                let after = shipping || counter || b.all && !a.writes.0.is_empty() || a.writes.meets(&b.reads);
                let before = a.all || b.writes.meets(&a.reads);
                // Two that take a constant amount off the same lines take the same off together in either order.
                let commute = lenses.is_some() && is_constant(of) && is_constant(theirs) && a.writes == b.writes;
                member.touches |= u128::from(after) << other;
                let earlier = theirs.phase <= of.phase && b.writes.meets(&a.reads);
                member.touched |= u128::from(earlier || counter) << other;
                member.wakes |= u128::from((after || before) && !commute) << other;
                let covers = b.writes.covers(&a.writes) && (!theirs.respects || of.respects || !problem.consumption);
                let partial = of.phase <= theirs.phase && b.writes.meets(&a.writes) && !covers;
                member.partial |= u128::from(partial) << other;
                let peers = group.is_some() && group == theirs.candidate.rules.stack.group.as_ref();
                member.peers |= u128::from(peers) << other;
            }
            member.peers |= u128::from(group.is_some()) << place;
            members.push(member);
        }
        let mut search = Self::over(problem, members, limit);
        for (place, terms) in terms.iter().enumerate() {
            if let Some(phase) = search.phases.get_mut(terms.phase as usize) {
                *phase |= 1 << place;
            }
        }
        search.coupons = terms.iter().any(|terms| terms.candidate.by != Source::Automatic);
        search.groups = groups;
        search.lenses = lenses;
        search.classes = (0..count).filter(|class| writes.iter().any(|of| of.binary_search(class).is_ok())).collect();
        debug_assert!(terms.len() <= 128 && PHASES.len() == search.phases.len());
        search
    }
}

fn reach(terms: &Terms<'_>, writes: &[usize], count: usize) -> Reach {
    let lens: &[usize] = if terms.reads_lens() { &terms.lens } else { &[] };
    let reads: Vec<usize> = lens.iter().chain(writes).copied().collect();
    Reach {
        reads: Classes::new(&reads, count),
        writes: Classes::new(writes, count),
        all: reads_cart(terms),
        shipping: matches!(terms.work, Work::Shipping(_)),
    }
}

/// How many groups admit one offer only, and which of them each offer is in.
fn groups(terms: &[&Terms<'_>]) -> (usize, Vec<Option<usize>>) {
    let mut names = Vec::new();
    let mut places = Vec::with_capacity(terms.len());
    for of in terms {
        let group = of.candidate.rules.stack.group.as_ref();
        let mates = || terms.iter().filter(|other| other.candidate.rules.stack.group.as_ref() == group);
        let single = group.filter(|_| mates().all(|other| most_of_group(other.candidate.rules) == 1));
        places.push(single.map(|group| {
            names.iter().position(|name| *name == group).unwrap_or_else(|| {
                names.push(group);
                names.len() - 1
            })
        }));
    }
    (names.len(), places)
}

/// The sets of lines whose sums alone matter: where every offer lowers such a set as a whole, and no two sets meet but equal ones.
fn lenses(problem: &Problem<'_>, terms: &[&Terms<'_>], writes: &[Vec<usize>]) -> Option<Vec<Vec<usize>>> {
    let taxed = |terms: &Terms<'_>| {
        let measures = terms.gauge.amount.is_some() || matches!(terms.work, Work::Every { .. } | Work::Tiered(_));
        measures && terms.is_taxed()
    };
    let plain = |terms: &&&Terms<'_>| {
        matches!(terms.work, Work::Cut(_) | Work::Every { .. } | Work::Tiered(_) | Work::Shipping(_))
            && !terms.held.iter().any(|held| matches!(held.counts, RoomFor::Units(_)))
            && !taxed(terms)
    };
    if problem.consumption || terms.iter().filter(plain).count() < terms.len() {
        return None;
    }
    let mut lenses: Vec<Vec<usize>> = Vec::new();
    for classes in writes.iter().filter(|classes| !classes.is_empty()) {
        if lenses.contains(classes) {
            continue;
        }
        let meets = |lens: &Vec<usize>| classes.iter().any(|class| lens.binary_search(class).is_ok());
        if lenses.iter().any(meets) {
            return None;
        }
        lenses.push(classes.clone());
    }
    Some(lenses)
}
