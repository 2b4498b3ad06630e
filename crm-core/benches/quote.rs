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

use cpu_time::ProcessTime;
use crm_core::offer::{
    Basket, Candidate, Cart, CartLine, Effect, OfferIndex, OfferRules, Phase, Quote, RefundPolicy, ReturnPolicy,
    Settings, Slot, Source, Stack, Threshold, UnitUse, quote,
};
use crm_core::value::{
    Category, CouponId, Currency, LineScope, OfferId, Percent, Quantity, Sku, StackGroup, Timestamp,
};
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

fn euro(minor: i64) -> crm_core::value::Amount {
    Currency::new("EUR").unwrap().amount(minor)
}

fn line(sku: usize, pieces: i64, unit_price: i64) -> CartLine {
    CartLine {
        line_no: None,
        sku: Sku::new(format!("sku{sku}")).unwrap(),
        category: Some(Category::new(format!("category{}", sku % 6)).unwrap()),
        brand: None,
        tags: Default::default(),
        quantity: Quantity::pieces(pieces).unwrap(),
        unit_price: euro(unit_price),
        tax_rate: Some(Percent::parse("20").unwrap()),
    }
}

fn basket(lines: usize) -> Basket {
    let lines = (0..lines).map(|n| line(n, n as i64 % 4 + 1, 1_000 + (n as i64 * 737) % 5_000)).collect();
    let currency = Currency::new("EUR").unwrap();
    let cart = Cart {
        currency,
        lines,
        shipping: Some(euro(495)),
        shipping_tax_rate: None,
        tax_mode: Default::default(),
        channel: None,
        store: None,
        tags: Default::default(),
        codes: Vec::new(),
        group_id: None,
        gift_cards: Vec::new(),
        stored_value: Vec::new(),
    };
    cart.check().unwrap()
}

fn offer(id: usize, phase: Phase, effect: Effect) -> OfferRules {
    OfferRules {
        id: OfferId::new(format!("offer{id:04}")).unwrap(),
        campaign: None,
        funders: Vec::new(),
        currency: Currency::new("EUR").unwrap(),
        effect,
        lines: None,
        threshold: None,
        phase,
        priority: 0,
        stack: Stack::default(),
        units: UnitUse::default(),
        refund: RefundPolicy::default(),
        returns: ReturnPolicy::default(),
    }
}

fn part(text: &str) -> Effect {
    Effect::PercentOff { percent: Percent::parse(text).unwrap(), cap: None }
}

fn fixed(minor: i64) -> Effect {
    Effect::FixedOff { amount: euro(minor) }
}

fn of_sku(sku: usize) -> Option<LineScope> {
    Some(LineScope { skus: vec![Sku::new(format!("sku{sku}")).unwrap()], ..LineScope::default() })
}

fn of_category(category: usize) -> Option<LineScope> {
    Some(LineScope { categories: vec![Category::new(format!("category{category}")).unwrap()], ..LineScope::default() })
}

fn from(minor: i64) -> Option<Threshold> {
    Some(Threshold { amount: Some(euro(minor)), ..Threshold::default() })
}

fn candidates(rules: &[OfferRules]) -> Vec<Candidate<'_>> {
    rules.iter().map(|rules| Candidate { rules, by: Source::Automatic, ends_at: None, rooms: Vec::new() }).collect()
}

fn ask(basket: &Basket, candidates: &[Candidate<'_>]) -> Quote {
    let at = Timestamp::from_millis(1_772_000_000_000).unwrap();
    quote(basket, candidates, Settings::default(), at, 1).unwrap()
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

/// A till: a percentage, a fixed amount from a threshold, and free delivery.
fn five_by_three() {
    let basket = basket(5);
    let free = Effect::ShippingOff { percent: Percent::WHOLE, cap: None };
    let rules = [
        offer(1, Phase::Order, part("10")),
        OfferRules { threshold: from(5_000), ..offer(2, Phase::ShopCoupon, fixed(1_000)) },
        OfferRules { threshold: from(3_000), ..offer(3, Phase::Shipping, free) },
    ];
    let candidates = candidates(&rules);
    let told_of = ask(&basket, &candidates);
    told("quote-5x3", &told_of, measure(2_000, || drop(ask(&basket, &candidates))), Some(5e3));
}

/// A large cart: offers of articles, of categories, bundles, and some for the whole order.
fn fifty_by_fifty() {
    let basket = basket(50);
    let mut rules: Vec<OfferRules> = (0..34)
        .map(|n| {
            let effect = match n % 3 {
                0 => fixed(100 + n as i64 * 7),
                1 => part("15"),
                _ => Effect::NthOff { n: 2, off: Percent::parse("50").unwrap(), pick: Default::default(), max: None },
            };
            OfferRules { lines: of_sku(n), ..offer(n, Phase::Item, effect) }
        })
        .collect();
    for n in 0..6 {
        let (a, b) = (of_sku(36 + 2 * n).unwrap(), of_sku(37 + 2 * n).unwrap());
        let slots = vec![Slot { lines: a, units: 1 }, Slot { lines: b, units: 1 }];
        rules.push(offer(100 + n, Phase::Bundle, Effect::Bundle { slots, price: euro(2_000), max: None }));
    }
    for n in 0..6 {
        rules.push(OfferRules { lines: of_category(n), ..offer(200 + n, Phase::Order, part("5")) });
    }
    rules.push(OfferRules { threshold: from(20_000), ..offer(300, Phase::Order, fixed(2_500)) });
    rules.push(OfferRules { threshold: from(30_000), ..offer(301, Phase::ShopCoupon, part("10")) });
    rules.push(OfferRules { threshold: from(10_000), ..offer(302, Phase::PlatformCoupon, fixed(1_500)) });
    rules.push(offer(303, Phase::Shipping, Effect::ShippingOff { percent: Percent::WHOLE, cap: None }));
    assert_eq!(rules.len(), 50);
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
