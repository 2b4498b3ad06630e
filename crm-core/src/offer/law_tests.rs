//! Laws of quotes, over carts and offers of any shape.

use super::any_tests::{RoomSeed, any_cart, any_rules, limited, plain_cart};
use super::evaluate::{Mode, Scratch};
use super::example_tests::{minor, now, priced};
use super::naive_tests;
use super::price::prepare;
use super::problem::Problem;
use super::state::State;
use super::*;
use proptest::prelude::*;

const ALL: [Objective; 5] = [
    Objective::CustomerBest,
    Objective::Priority,
    Objective::MerchantCost,
    Objective::FewestCoupons,
    Objective::SoonestExpiry,
];

fn off(quote: &Quote) -> i64 {
    minor(quote.totals.discount) + minor(quote.totals.shipping_discount)
}

fn rooms() -> impl Strategy<Value = Vec<RoomSeed>> {
    prop::collection::vec(any::<RoomSeed>(), 1..8)
}

/// What takes most off: every order of every set, tried one after another.
fn brute(problem: &Problem<'_>, state: &State, applied: &mut Vec<usize>, off: i64) -> i64 {
    let mut best = off;
    for (offer, terms) in problem.terms.iter().enumerate().take(problem.caps.len()) {
        if applied.contains(&offer) || terms.phase < state.phase || problem.compatible(applied, offer).is_some() {
            continue;
        }
        for choice in 0..terms.choices() {
            let (mut next, mut scratch) = (state.clone(), Scratch::default());
            next.enter(terms.phase);
            let Ok(now) = terms.evaluate(&next, Mode::Real, choice, &mut scratch) else { continue };
            terms.apply(&mut next, now, &mut scratch, None);
            applied.push(offer);
            best = best.max(brute(problem, &next, applied, off + now));
            applied.pop();
        }
    }
    best
}

proptest! {
    /// The search finds what a second implementation finds that shares nothing with it and tries every order of every set.
    /// To see it fail: let `some` take the dearest for `Pick::Cheapest`, or let a phase begin without its entry.
    #[test]
    fn the_best_is_that_of_a_naive_till(cart in plain_cart(), rules in any_rules(5)) {
        let rules: Vec<OfferRules> = rules.into_iter().filter(naive_tests::knows).map(|mut rules| {
            if let Some(threshold) = &mut rules.threshold {
                threshold.tax = ThresholdTax::AsPriced;
            }
            rules
        }).collect();
        let quote = priced(&cart, &rules, Objective::CustomerBest);
        prop_assert!(quote.search.optimal);
        prop_assert_eq!(off(&quote), naive_tests::best(&cart, &rules));
    }

    /// The search leaves nothing better out, whatever effects, limits and groups there are, and its bound holds.
    /// To see it fail: leave `rounding` out of the bound, or let percents of equal lines commute.
    #[test]
    fn the_best_is_that_of_every_order_of_every_set(cart in any_cart(6), rules in any_rules(6), rooms in rooms()) {
        let basket = cart.check().unwrap();
        let candidates = limited(&rules, &rooms);
        let (problem, _) = prepare(&basket, &candidates, Settings::default(), &mut Vec::new()).unwrap();
        let best = brute(&problem, &problem.start, &mut Vec::new(), 0);
        let quote = quote(&basket, &candidates, Settings::default(), now(), 1).unwrap();
        prop_assert!(quote.search.optimal);
        prop_assert_eq!(off(&quote), best);
        prop_assert!(best <= minor(quote.search.bound));
        if let Some(second) = &quote.search.runner_up {
            prop_assert!(minor(second.off) <= best);
        }
        for nodes in [1, 5, 20] {
            let few = super::quote(&basket, &candidates, Settings { nodes, ..Settings::default() }, now(), 1).unwrap();
            prop_assert!(best <= minor(few.search.bound), "a bound holds however little was looked at");
            prop_assert!(off(&few) <= best && (!few.search.optimal || off(&few) == best));
        }
    }
}
