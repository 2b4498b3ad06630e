//! Which offers of a search have to do with each other, worked out once before it, for all of them at once: sets of offers are bits.

use super::compile::{Cut, Terms, Work};
use super::problem::{Problem, is_constant, most_of_group, reads_cart};
use super::quote::Source;
use super::rules::Objective;
use super::search::{Member, Search, bits};
use super::terms::RoomFor;
use crate::value::StackGroup;

/// Sets of offers by what they have in common.
#[derive(Default)]
struct Sets<'t> {
    /// Per class who may lower it, and who reads it.
    writers: Vec<u128>,
    readers: Vec<u128>,
    /// Who reads all lines.
    all: u128,
    shipping: u128,
    respecting: u128,
    constant: u128,
    counters: Vec<u128>,
    groups: Vec<Group<'t>>,
}

struct Group<'t> {
    name: &'t StackGroup,
    members: u128,
    /// Whether it admits one of them only.
    single: bool,
}

impl<'t> Sets<'t> {
    fn new(problem: &Problem<'_>, terms: &[&'t Terms<'_>]) -> Self {
        let count = problem.basket.classes.len();
        let mut sets = Self { writers: vec![0; count], readers: vec![0; count], ..Self::default() };
        sets.counters.resize(problem.start.left.len(), 0);
        for (place, of) in terms.iter().enumerate() {
            let one = 1_u128 << place;
            let note = |set: &mut Vec<u128>, places: &[usize]| {
                for place in places {
                    set.get_mut(*place).into_iter().for_each(|members| *members |= one);
                }
            };
            note(&mut sets.writers, of.writes());
            note(&mut sets.readers, of.writes());
            note(&mut sets.readers, of.reads());
            for held in &of.held {
                note(&mut sets.counters, &[held.counter]);
            }
            sets.all |= if reads_cart(of) { one } else { 0 };
            sets.shipping |= if matches!(of.work, Work::Shipping(_)) { one } else { 0 };
            sets.respecting |= if of.respects { one } else { 0 };
            sets.constant |= if is_constant(of) { one } else { 0 };
            if let Some(name) = &of.candidate.rules.stack.group {
                let single = most_of_group(of.candidate.rules) == 1;
                match sets.groups.iter_mut().find(|group| group.name == name) {
                    Some(group) => {
                        group.members |= one;
                        group.single &= single;
                    }
                    None => sets.groups.push(Group { name, members: one, single }),
                }
            }
        }
        sets
    }

    fn group(&self, place: usize) -> Option<&Group<'t>> {
        self.groups.iter().find(|group| group.members & 1 << place != 0)
    }
}

/// Who is in any of some sets.
fn any(sets: &[u128], places: &[usize]) -> u128 {
    places.iter().filter_map(|place| sets.get(*place)).fold(0, |any, set| any | set)
}

/// Who is in each of some sets.
fn each(sets: &[u128], places: &[usize]) -> u128 {
    places.iter().filter_map(|place| sets.get(*place)).fold(u128::MAX, |each, set| each & set)
}

impl<'p, 'a> Search<'p, 'a> {
    /// A search over some offers of a problem; at most as many as fit the sets of it.
    pub(super) fn new(problem: &'p Problem<'a>, offers: &[usize], limit: u64) -> Self {
        let terms: Vec<&'p Terms<'a>> = offers.iter().filter_map(|offer| problem.terms.get(*offer)).collect();
        debug_assert!(terms.len() <= 128 && terms.len() == offers.len());
        let sets = Sets::new(problem, &terms);
        let mut search = Self::over(problem, Vec::with_capacity(offers.len()), limit);
        for (place, of) in terms.iter().enumerate() {
            if let Some(phase) = search.phases.get_mut(of.phase as usize) {
                *phase |= 1 << place;
            }
            let part = matches!(of.work, Work::Cut(Cut::Percent(..))) && of.held.is_empty();
            search.parts |= u128::from(part) << place;
        }
        search.lenses = lenses(problem, &terms);
        for (place, (offer, of)) in offers.iter().zip(&terms).enumerate() {
            let mut member = search.member_of(&sets, place, of);
            member.offer = *offer;
            search.members.push(member);
        }
        // Two that take a constant amount off the same lines take the same off together in either order. Each for itself it does not: who
        // bears it differs.
        if search.lenses.is_some() && problem.settings.objective != Objective::MerchantCost {
            let covered: Vec<u128> = terms.iter().map(|of| each(&sets.writers, of.writes())).collect();
            for place in bits(sets.constant) {
                let covers = covered.get(place).copied().unwrap_or(0) & sets.constant;
                let covered = |other: &usize| covered.get(*other).is_some_and(|by| by & 1 << place != 0);
                let equal = bits(covers).filter(covered).fold(0, |set, other| set | 1 << other);
                search.members.get_mut(place).into_iter().for_each(|member| member.wakes &= !equal);
            }
        }
        search.coupons = terms.iter().any(|terms| terms.candidate.by != Source::Automatic);
        search.groups = sets.groups.iter().filter(|group| group.single).count();
        let whole = search.lenses.is_none();
        search.classes =
            (0..sets.writers.len()).filter(|class| whole && sets.writers.get(*class) != Some(&0)).collect();
        search
    }

    fn member_of(&self, sets: &Sets<'_>, place: usize, of: &Terms<'_>) -> Member {
        let one = 1_u128 << place;
        let others = self.all() & !one;
        let (writes, reads) = (of.writes(), of.reads());
        let counter = of.held.iter().filter_map(|held| sets.counters.get(held.counter)).fold(0, |any, set| any | set);
        let writers = any(&sets.writers, writes);
        let changers = writers | any(&sets.writers, reads);
        let shipping = if sets.shipping & one == 0 { 0 } else { sets.shipping };
        let after = shipping | counter | sets.all | any(&sets.readers, writes);
        let before = if sets.all & one == 0 { changers } else { others };
        let (phase, phases) = (of.phase as usize, &self.phases);
        let until = phases.iter().take(phase + 1).fold(0, |until, phase| until | phase);
        let from = phases.iter().skip(phase).fold(0, |from, phase| from | phase);
        let sees = if of.respects || !self.problem.consumption { u128::MAX } else { !sets.respecting };
        let covers = each(&sets.writers, writes) & sees;
        let group = sets.group(place);
        let singles = || sets.groups.iter().filter(|group| group.single);
        Member {
            offer: usize::MAX,
            wakes: (after | before) & others,
            touches: after & others,
            touched: (changers & until | counter) & others,
            partial: from & writers & !covers & others,
            peers: group.map_or(0, |group| group.members),
            most: most_of_group(of.candidate.rules),
            single: group.filter(|group| group.single).and_then(|g| singles().position(|other| other.name == g.name)),
        }
    }
}

/// The sets of lines whose sums alone matter: where every offer lowers such a set as a whole, and no two sets meet but equal ones.
fn lenses<'p>(problem: &Problem<'_>, terms: &[&'p Terms<'_>]) -> Option<Vec<&'p [usize]>> {
    let taxed = |terms: &Terms<'_>| {
        let measures = terms.gauge.amount.is_some() || terms.has_steps();
        measures && terms.is_taxed()
    };
    let plain = |terms: &&Terms<'_>| {
        let units = || terms.held.iter().any(|held| matches!(held.counts, RoomFor::Units(_)));
        (terms.is_even() || matches!(terms.work, Work::Shipping(_)) && !units()) && !taxed(terms)
    };
    if problem.consumption || problem.uneven_tax.is_some() || !terms.iter().all(plain) {
        return None;
    }
    let mut lenses: Vec<&[usize]> = Vec::new();
    for classes in terms.iter().map(|terms| terms.writes()).filter(|classes| !classes.is_empty()) {
        if lenses.contains(&classes) {
            continue;
        }
        let meets = |lens: &&[usize]| classes.iter().any(|class| lens.binary_search(class).is_ok());
        if lenses.iter().any(meets) {
            return None;
        }
        lenses.push(classes);
    }
    Some(lenses)
}
