//! What a quote costs: four carts, each with its goal.
//!
//! `cargo bench -p crm-core --bench quote [-- GROUP]`. CPU time of one thread, the best of some rounds; `docs/BENCHMARKS.md` says what was
//! measured, where.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "tests and benchmarks"
)]

mod carts;

use carts::{ask, basket, candidates, euro, fixed, from, of_category, of_sku, offer, part};
use cpu_time::ProcessTime;
use crm_core::offer::{Candidate, Effect, OfferIndex, OfferRules, Phase, Quote, Source, Stack};
use crm_core::value::{CouponId, Percent, StackGroup};
use std::time::Duration;

const ROUNDS: usize = 15;

fn main() {
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let groups: [(&str, fn()); 4] = [
        ("quote-5x3", five_by_three),
        ("quote-50x50", fifty_by_fifty),
        ("quote-wallet", wallet),
        ("quote-1000", thousand),
    ];
    for (name, run) in groups {
        if only.as_deref().is_none_or(|only| only == name) {
            run();
        }
    }
}

/// The best of the rounds, in nanoseconds for one call.
fn measure(times: u32, mut call: impl FnMut()) -> f64 {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let start = ProcessTime::now();
        (0..times).for_each(|_| call());
        best = best.min(start.elapsed());
    }
    best.as_secs_f64() * 1e9 / f64::from(times)
}

fn told(name: &str, quote: &Quote, nanoseconds: f64, goal: Option<f64>) {
    println!(
        "{name:<14} {:>9.2} us   {:<15}   {} applied, {} nodes, off {}, {}",
        nanoseconds / 1e3,
        goal.map_or(String::new(), |goal| format!("goal {:>7.0} us", goal / 1e3)),
        quote.applied.len(),
        quote.search.nodes,
        quote.totals.discount,
        if quote.search.optimal { "optimal" } else { "not proven" },
    );
}

fn five_by_three() {
    let (basket, rules) = carts::five_by_three();
    let candidates = candidates(&rules);
    let told_of = ask(&basket, &candidates);
    told("quote-5x3", &told_of, measure(2_000, || drop(ask(&basket, &candidates))), Some(5e3));
}

fn fifty_by_fifty() {
    let (basket, rules) = carts::fifty_by_fifty();
    let candidates = candidates(&rules);
    let told_of = ask(&basket, &candidates);
    told("quote-50x50", &told_of, measure(50, || drop(ask(&basket, &candidates))), Some(300e3));
}

/// The best set of twelve coupons of one phase on one cart: fixed amounts and percents with thresholds, of all lines and of some, two groups.
fn wallet() {
    let basket = basket(8);
    let group = |name: &str| Stack { group: Some(StackGroup::new(name).unwrap()), ..Stack::default() };
    let mut rules: Vec<OfferRules> = Vec::new();
    for n in 0..12_usize {
        let effect = match n {
            0..=3 => fixed(300 + 150 * n as i64),
            4..=6 => part(["5", "8", "12.5"][n - 4]),
            7 => Effect::Every { step: euro(5_000), amount: euro(400), max: Some(5) },
            8 => Effect::PercentOff { percent: Percent::parse("30").unwrap(), cap: Some(euro(1_200)) },
            _ => fixed(900),
        };
        let mut one = offer(n, Phase::ShopCoupon, effect);
        one.threshold = (n % 2 == 0).then(|| from(4_000 + 1_000 * n as i64)).flatten();
        one.stack = match n {
            4..=6 => group("percent"),
            9..=11 => group("category"),
            _ => Stack::default(),
        };
        one.lines = if n >= 9 { of_category(n - 9) } else { None };
        rules.push(one);
    }
    let mut candidates = candidates(&rules);
    for (n, candidate) in candidates.iter_mut().enumerate() {
        candidate.by = Source::Coupon { coupon: CouponId::new(format!("coupon{n}")).unwrap() };
    }
    let told_of = ask(&basket, &candidates);
    told("quote-wallet", &told_of, measure(20, || drop(ask(&basket, &candidates))), Some(2e6));
}

/// A thousand running offers of which ten fit, found by the index, against those ten alone.
fn thousand() {
    let basket = basket(5);
    let of = |count: usize| -> Vec<OfferRules> {
        let mut rules: Vec<OfferRules> =
            (0..count).map(|n| OfferRules { lines: of_sku(1_000 + n), ..offer(n, Phase::Item, part("10")) }).collect();
        for (place, rules) in rules.iter_mut().step_by(count / 10).take(10).enumerate() {
            rules.lines = if place < 5 { of_sku(place) } else { of_category(place - 5) };
            rules.effect = if place < 5 { fixed(100) } else { part("5") };
            rules.phase = if place < 5 { Phase::Item } else { Phase::Order };
        }
        rules
    };
    let time = |rules: &[OfferRules]| {
        let index = OfferIndex::new(rules);
        let call = || {
            let found: Vec<Candidate<'_>> = index
                .touching(&basket)
                .into_iter()
                .map(|place| Candidate {
                    rules: &rules[place],
                    by: Source::Automatic,
                    ends_at: None,
                    rooms: Vec::new(),
                })
                .collect();
            ask(&basket, &found)
        };
        (call(), measure(500, || drop(call())))
    };
    let (small, few) = time(&of(10));
    let (large, many) = time(&of(1_000));
    assert_eq!(small.totals, large.totals);
    told("quote-10", &small, few, None);
    told("quote-1000", &large, many, Some(3.0 * few));
    println!("{:<14} {:>9.2} x    goal       3 x", "quote-1000/10", many / few);
}
