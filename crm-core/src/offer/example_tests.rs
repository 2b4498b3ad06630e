//! The worked examples of the design, each to the last minor unit.

use super::*;
use crate::value::{
    Amount, Category, CouponId, Currency, LimitId, LineScope, OfferId, Percent, Quantity, Sku, Timestamp,
};

pub(super) fn amount(text: &str) -> Amount {
    Amount::parse(text).unwrap()
}

/// An amount in minor units of the euro.
pub(super) fn euro(minor: i64) -> Amount {
    Currency::new("EUR").unwrap().amount(minor)
}

pub(super) fn percent(text: &str) -> Percent {
    Percent::parse(text).unwrap()
}

pub(super) fn line(sku: &str, pieces: i64, unit_price: i64) -> CartLine {
    CartLine {
        line_no: None,
        sku: Sku::new(sku).unwrap(),
        category: None,
        brand: None,
        tags: Default::default(),
        quantity: Quantity::pieces(pieces).unwrap(),
        unit_price: euro(unit_price),
        tax_rate: None,
    }
}

pub(super) fn cart(lines: Vec<CartLine>) -> Cart {
    Cart {
        currency: Currency::new("EUR").unwrap(),
        lines,
        shipping: None,
        shipping_tax_rate: None,
        tax_mode: Default::default(),
        channel: None,
        store: None,
        tags: Default::default(),
        codes: Vec::new(),
        group_id: None,
        gift_cards: Vec::new(),
        stored_value: Vec::new(),
    }
}

pub(super) fn offer(id: &str, effect: Effect) -> OfferRules {
    OfferRules {
        id: OfferId::new(id).unwrap(),
        campaign: None,
        funders: Vec::new(),
        currency: Currency::new("EUR").unwrap(),
        effect,
        lines: None,
        threshold: None,
        phase: Phase::Order,
        priority: 0,
        stack: Stack::default(),
        units: UnitUse::default(),
        refund: RefundPolicy::default(),
        returns: ReturnPolicy::default(),
    }
}

pub(super) fn fixed(minor: i64) -> Effect {
    Effect::FixedOff { amount: euro(minor) }
}

pub(super) fn part(text: &str) -> Effect {
    Effect::PercentOff { percent: percent(text), cap: None }
}

pub(super) fn skus(names: &[&str]) -> LineScope {
    LineScope { skus: names.iter().map(|name| Sku::new(name).unwrap()).collect(), ..LineScope::default() }
}

pub(super) fn candidates(rules: &[OfferRules]) -> Vec<Candidate<'_>> {
    rules.iter().map(|rules| Candidate { rules, by: Source::Automatic, ends_at: None, rooms: Vec::new() }).collect()
}

pub(super) fn now() -> Timestamp {
    Timestamp::parse("2026-03-01T08:00:00Z").unwrap()
}

pub(super) fn priced(cart: &Cart, rules: &[OfferRules], objective: Objective) -> Quote {
    let settings = Settings { objective, ..Settings::default() };
    quote(&cart.check().unwrap(), &candidates(rules), settings, now(), 1).unwrap()
}

fn best(cart: &Cart, rules: &[OfferRules]) -> Quote {
    priced(cart, rules, Objective::CustomerBest)
}

pub(super) fn minor(amount: Amount) -> i64 {
    Currency::new("EUR").unwrap().minor(amount).unwrap()
}

fn shares(application: &Application) -> Vec<i64> {
    application.shares.iter().map(|share| minor(share.off)).collect()
}

fn total(quote: &Quote) -> i64 {
    minor(quote.totals.total)
}

fn names(offers: &[OfferId]) -> Vec<&str> {
    offers.iter().map(|offer| offer.as_str()).collect()
}

#[test]
fn a_fixed_amount_falls_on_equal_lines() {
    for lines in [vec![line("a", 1, 1000); 3], ["a", "b", "c"].map(|sku| line(sku, 1, 1000)).to_vec()] {
        let quote = best(&cart(lines), &[offer("o", fixed(1000))]);
        assert_eq!(shares(&quote.applied[0]), [334, 333, 333]);
        assert_eq!(total(&quote), 2000);
    }
}

#[test]
fn a_line_that_costs_nothing_takes_nothing() {
    let quote = best(
        &cart(vec![line("z", 1, 0), line("a", 1, 1000), line("b", 1, 1000), line("c", 1, 1000)]),
        &[offer("o", fixed(1000))],
    );
    assert_eq!(shares(&quote.applied[0]), [334, 333, 333]);
    assert_eq!(quote.applied[0].shares[0].line_no, 2);
    assert_eq!(total(&quote), 2000);
}

#[test]
fn a_cap_bounds_a_percentage() {
    let effect = Effect::PercentOff { percent: percent("20"), cap: Some(euro(5000)) };
    let quote = best(&cart(vec![line("a", 1, 20000), line("b", 1, 10000)]), &[offer("o", effect)]);
    assert_eq!((shares(&quote.applied[0]), total(&quote)), (vec![3333, 1667], 25000));
}

#[test]
fn priority_and_the_customers_best_differ() {
    let rules =
        [OfferRules { priority: 10, ..offer("A", fixed(1500)) }, OfferRules { priority: 5, ..offer("B", part("20")) }];
    let cart = cart(vec![line("a", 1, 10000)]);
    assert_eq!(total(&priced(&cart, &rules, Objective::Priority)), 6800);
    let quote = best(&cart, &rules);
    assert_eq!(total(&quote), 6500);
    assert_eq!(quote.applied.iter().map(|a| a.offer.as_str()).collect::<Vec<_>>(), ["B", "A"]);
    assert!(quote.search.optimal);
}

#[test]
fn every_full_step_and_then_a_coupon() {
    let every = Effect::Every { step: euro(30000), amount: euro(5000), max: Some(3) };
    let coupon = OfferRules {
        phase: Phase::ShopCoupon,
        threshold: Some(Threshold { amount: Some(euro(80000)), ..Threshold::default() }),
        ..offer("coupon", fixed(10000))
    };
    let quote = best(&cart(vec![line("a", 1, 59900), line("b", 1, 40100)]), &[offer("every", every), coupon]);
    assert_eq!(shares(&quote.applied[0]), [8985, 6015]);
    assert_eq!(shares(&quote.applied[1]), [5990, 4010]);
    assert_eq!(total(&quote), 75000);
}

#[test]
fn buy_two_get_one() {
    let cart = cart(vec![line("a", 2, 5000), line("b", 2, 3000), line("c", 3, 1000)]);
    let get = |pick| {
        let effect = Effect::BuyGet { buy: 2, get: 1, off: Percent::WHOLE, get_lines: None, pick, max: None };
        total(&best(&cart, &[offer("o", effect)]))
    };
    assert_eq!((get(Pick::Cheapest), get(Pick::Groups)), (17000, 15000));
    let nth = Effect::NthOff { n: 3, off: Percent::WHOLE, pick: Pick::Groups, max: None };
    assert_eq!(total(&best(&cart, &[offer("o", nth)])), 15000);
}

#[test]
fn units_that_were_used_up_are_left_alone_by_who_respects_it() {
    let effect =
        Effect::BuyGet { buy: 2, get: 1, off: Percent::WHOLE, get_lines: None, pick: Pick::Cheapest, max: None };
    let three = OfferRules {
        phase: Phase::Bundle,
        units: UnitUse { consumes: true, respects: true },
        ..offer("three", effect)
    };
    for (respects, expected) in [(true, 5800), (false, 5400)] {
        let ten = OfferRules { units: UnitUse { consumes: false, respects }, ..offer("ten", part("10")) };
        assert_eq!(total(&best(&cart(vec![line("a", 4, 2000)]), &[three.clone(), ten])), expected);
    }
}

#[test]
fn the_best_set_and_order_with_the_runner_up_and_reasons() {
    let group = |name: &str| Stack { group: Some(crate::value::StackGroup::new(name).unwrap()), ..Stack::default() };
    let rules = [
        OfferRules { stack: Stack { exclusive: Exclusive::All, ..Stack::default() }, ..offer("C1", fixed(2500)) },
        OfferRules { stack: group("G1"), ..offer("C2", part("10")) },
        OfferRules { stack: group("G1"), ..offer("C3", part("8")) },
        OfferRules {
            stack: group("G2"),
            threshold: Some(Threshold { amount: Some(euro(15000)), ..Threshold::default() }),
            ..offer("C4", fixed(1200))
        },
    ];
    let quote = best(&cart(vec![line("a", 1, 20000)]), &rules);
    assert_eq!(quote.applied.iter().map(|a| a.offer.as_str()).collect::<Vec<_>>(), ["C2", "C4"]);
    assert_eq!((minor(quote.totals.discount), total(&quote)), (3200, 16800));
    let second = quote.search.runner_up.as_ref().unwrap();
    assert_eq!((names(&second.offers), minor(second.off)), (vec!["C4", "C2"], 3080));
    let why: Vec<_> = quote.rejected.iter().map(|r| (r.offer.as_ref().unwrap().as_str(), r.why.clone())).collect();
    let set = vec![OfferId::new("C2").unwrap(), OfferId::new("C4").unwrap()];
    let with = OfferId::new("C2").unwrap();
    assert_eq!(
        why,
        [("C1", Why::BeatenBy { set, by: euro(700) }), ("C3", Why::Conflict { with, group: group("G1").group }),]
    );
    assert!(quote.search.optimal && quote.search.gap.is_none());
    assert_eq!(minor(quote.search.bound), 3200);
}

#[test]
fn tax_follows_the_discount_and_stored_value_follows_tax() {
    let mut cart = cart(vec![line("a", 1, 12000), line("b", 1, 5500)]);
    cart.lines[0].tax_rate = Some(percent("20"));
    cart.lines[1].tax_rate = Some(percent("10"));
    cart.stored_value = vec![StoredValue { id: "card".to_owned(), balance: euro(5000) }];
    let quote = best(&cart, &[offer("o", fixed(1000))]);
    assert_eq!(shares(&quote.applied[0]), [686, 314]);
    assert_eq!(quote.lines.iter().map(|line| minor(line.net)).collect::<Vec<_>>(), [11314, 5186]);
    assert_eq!((minor(quote.totals.tax), total(&quote), minor(quote.totals.due)), (2357, 16500, 11500));
}

#[test]
fn one_coupon_per_line_is_an_assignment() {
    let one = |id: &str, a: i64, b: i64| {
        let option = |sku: &str, minor| LineOff { lines: skus(&[sku]), off: Off::Amount { amount: euro(minor) } };
        let effect = Effect::OneOf { options: vec![option("A", a), option("B", b)] };
        OfferRules { units: UnitUse { consumes: true, respects: true }, ..offer(id, effect) }
    };
    let cart = cart(vec![line("A", 1, 10000), line("B", 1, 10000)]);
    let quote = best(&cart, &[one("K1", 3000, 2800), one("K2", 2900, 1000)]);
    assert_eq!((minor(quote.totals.discount), total(&quote)), (5700, 14300));
    let on = |id: &str| quote.applied.iter().find(|a| a.offer.as_str() == id).unwrap().shares[0].line_no;
    assert_eq!((on("K1"), on("K2")), (2, 1));
}

#[test]
fn a_near_miss_says_what_to_add_and_what_that_saves() {
    let eight = OfferRules {
        threshold: Some(Threshold { amount: Some(euro(5000)), ..Threshold::default() }),
        ..offer("eight", fixed(800))
    };
    let quote = best(&cart(vec![line("a", 1, 4680)]), &[eight]);
    assert_eq!(quote.rejected[0].why, Why::MinAmount { need: euro(5000), have: euro(4680) });
    assert_eq!((&quote.near[0].add, quote.near[0].save), (&Add::Amount { amount: euro(320) }, euro(800)));
}

#[test]
fn a_budget_that_does_not_suffice_refuses_and_units_are_capped() {
    let rules = offer("o", part("50"));
    let room = |counts, left| Room { counter: 0, limit: LimitId::new("l").unwrap(), counts, own: false, left };
    let with = |room| {
        let by = Source::Coupon { coupon: CouponId::new("c").unwrap() };
        let candidate = Candidate { rules: &rules, by, ends_at: None, rooms: vec![room] };
        let basket = cart(vec![line("a", 3, 1000), line("b", 1, 4000)]).check().unwrap();
        quote(&basket, &[candidate], Settings::default(), now(), 1).unwrap()
    };
    let quote = with(room(RoomFor::Budget, 3499));
    assert_eq!(quote.rejected[0].why, Why::BudgetExhausted { limit: LimitId::new("l").unwrap(), left: euro(3499) });
    assert_eq!(minor(with(room(RoomFor::Budget, 3500)).totals.discount), 3500);
    assert_eq!(minor(with(room(RoomFor::Units(None), 2)).totals.discount), 2500);
    assert_eq!(minor(with(room(RoomFor::Units(Some(Sku::new("a").unwrap())), 1)).totals.discount), 2500);
}

#[test]
fn bundles_take_the_dearest_and_only_where_they_cost_more() {
    let slot = |names: &[&str], units| Slot { lines: skus(names), units };
    let bundle = |slots| offer("o", Effect::Bundle { slots, price: euro(2000), max: None });
    let cart = cart(vec![line("a", 2, 1500), line("b", 1, 900), line("c", 5, 300)]);
    // 1500 + 900 for 2000; 1500 + 300 costs less than the bundle.
    assert_eq!(total(&best(&cart, &[bundle(vec![slot(&["a"], 1), slot(&["b", "c"], 1)])])), 5400 - 400);
    // Overlapping: any two of a and b, one of them a.
    assert_eq!(total(&best(&cart, &[bundle(vec![slot(&["a", "b"], 1), slot(&["a"], 1)])])), 5400 - 1000);
}

#[test]
fn gifts_and_delivery_come_beside_discounts() {
    let mut cart = cart(vec![line("a", 1, 3000)]);
    cart.shipping = Some(euro(495));
    let gift = Effect::Gift { sku: Sku::new("mug").unwrap(), units: 1 };
    let free = Effect::ShippingOff { percent: Percent::WHOLE, cap: None };
    let rules =
        [offer("gift", gift), OfferRules { phase: Phase::Shipping, ..offer("free", free) }, offer("ten", part("10"))];
    let quote = best(&cart, &rules);
    assert_eq!((quote.applied.len(), total(&quote)), (3, 2700));
    assert_eq!(minor(quote.totals.shipping_discount), 495);
    assert!(quote.rejected.is_empty() && quote.applied.iter().any(|a| a.gift.is_some()));
}

#[test]
fn nothing_meant_is_told_from_nothing_taken() {
    let scope = LineScope { categories: vec![Category::new("tea").unwrap()], ..LineScope::default() };
    let quote = best(
        &cart(vec![line("a", 1, 0)]),
        &[OfferRules { lines: Some(scope), ..offer("a", part("10")) }, offer("b", part("10"))],
    );
    let why: Vec<_> = quote.rejected.iter().map(|r| r.why.clone()).collect();
    assert_eq!(why, [Why::NoEligibleItems, Why::NoEffect]);
    assert!(amount("1").decimal() > euro(1).decimal());
}
