//! Carts and offers of any shape, for laws.

use super::example_tests::{cart, euro, line, offer, percent, skus};
use super::*;
use crate::value::{LimitId, Party, Percent, Quantity, StackGroup};
use proptest::prelude::*;

/// Articles of the carts; offers name some of them.
const SKUS: [&str; 5] = ["a", "b", "c", "d", "e"];

/// Numbers from which an offer is made: kind, size, number, scope, rest.
type Seed = (u8, u16, u8, u8, u32);

/// A limit that a candidate may have: counter, kind, what is left.
pub(super) type RoomSeed = (u8, u8, u16);

pub(super) fn any_rules(most: usize) -> impl Strategy<Value = Vec<OfferRules>> {
    prop::collection::vec(any::<Seed>(), 1..=most)
        .prop_map(|seeds| seeds.into_iter().enumerate().map(|(n, seed)| rules(n, seed)).collect())
}

/// Lines of some pieces each, equal ones among them, some weighed.
pub(super) fn any_cart(lines: usize) -> impl Strategy<Value = Cart> {
    let row = (0usize..5, 1i64..4, prop::sample::select(vec![0i64, 100, 333, 999, 1000, 2500, 7001]), 0u8..8);
    (prop::collection::vec(row, 1..=lines), 0i64..900, any::<bool>()).prop_map(|(rows, shipping, added)| {
        let lines = rows.into_iter().map(|(sku, pieces, price, kind)| {
            let mut one = line(SKUS[sku], pieces, price);
            if kind == 0 {
                one.quantity = Quantity::from_thousandths(pieces * 333);
            }
            one.tax_rate = (kind > 4).then(|| percent("20"));
            one
        });
        let mut cart = cart(lines.collect());
        cart.shipping = Some(euro(shipping));
        cart.tax_mode = if added { crate::value::TaxMode::Added } else { Default::default() };
        cart
    })
}

/// Lines of one piece each of different articles, with prices that differ.
pub(super) fn plain_cart() -> impl Strategy<Value = Cart> {
    prop::collection::vec(0i64..5000, 1..=5).prop_map(|prices| {
        let rows = prices.into_iter().zip(SKUS).map(|(price, sku)| line(sku, 1, price));
        let mut cart = cart(rows.collect());
        cart.shipping = Some(euro(500));
        cart
    })
}

fn scope(seed: u8) -> Option<crate::value::LineScope> {
    let named: Vec<&str> =
        SKUS.into_iter().enumerate().filter(|(n, _)| seed & 1 << n != 0).map(|(_, sku)| sku).collect();
    (seed & 0x60 != 0 && !named.is_empty()).then(|| skus(&named))
}

fn some(seed: u8) -> crate::value::LineScope {
    scope(seed | 0x60).unwrap_or_else(|| skus(&["a"]))
}

fn percents(seed: u8) -> Percent {
    percent(["1", "5", "10", "12.5", "33.3333", "50", "100", "20"][usize::from(seed % 8)])
}

fn effect((kind, size, number, _, rest): Seed) -> Effect {
    let amount = euro(i64::from(size % 3000) + 1);
    let [one, two, three, four] = rest.to_le_bytes();
    let pick = [Pick::Cheapest, Pick::Groups, Pick::Dearest][usize::from(two % 3)];
    let (few, max) = (u32::from(number % 3) + 1, (one % 4 == 0).then_some(1));
    let off = |seed: u8, minor: u16| {
        if seed.is_multiple_of(2) {
            Off::Amount { amount: euro(i64::from(minor % 2000) + 1) }
        } else {
            Off::Percent { percent: percents(seed / 2), cap: None }
        }
    };
    match kind % 14 {
        0..=2 => Effect::FixedOff { amount },
        3..=5 => Effect::PercentOff { percent: percents(number), cap: (one % 4 == 0).then_some(amount) },
        6 => Effect::FixedPrice { price: amount },
        7 => {
            let slots = vec![Slot { lines: some(one), units: 1 }, Slot { lines: some(two), units: few }];
            Effect::Bundle { slots, price: amount, max }
        }
        8 | 9 => {
            let get_lines = (three % 3 == 0).then(|| some(four));
            Effect::BuyGet { buy: few, get: u32::from(one % 2) + 1, off: percents(number), get_lines, pick, max }
        }
        10 => Effect::NthOff { n: few + 1, off: percents(number), pick, max },
        11 => {
            let step =
                |from: i64, seed, minor| Step { from: StepFrom::Amount { amount: euro(from) }, off: off(seed, minor) };
            let from = i64::from(two) * 10 + 1;
            Effect::Tiered { steps: vec![step(from, one, size), step(from + i64::from(three) * 8 + 1, four, size / 2)] }
        }
        12 => Effect::Every { step: euro(i64::from(one) * 20 + 1), amount: euro(i64::from(size % 300) + 1), max },
        _ if number % 3 == 0 => Effect::ShippingOff { percent: percents(one), cap: None },
        _ => {
            let option = |scope, seed, minor| LineOff { lines: some(scope), off: off(seed, minor) };
            Effect::OneOf { options: vec![option(one, two, size), option(three, four, size / 3)] }
        }
    }
}

fn rules(n: usize, seed: Seed) -> OfferRules {
    let (_, size, number, lines, rest) = seed;
    let [one, two, three, four] = rest.rotate_left(13).to_le_bytes();
    let mut rules = offer(&format!("o{n}"), effect(seed));
    rules.lines = scope(lines);
    rules.phase = [Phase::Order, Phase::Order, Phase::Order, Phase::Item, Phase::Bundle, Phase::ShopCoupon]
        [usize::from(number % 6)];
    rules.priority = i32::from(three % 4);
    if one % 3 == 0 {
        rules.threshold = Some(Threshold {
            amount: (two % 4 != 0).then(|| euro(i64::from(two) * 30)),
            units: (two % 4 == 0).then_some(2),
            basis: [ThresholdBasis::List, ThresholdBasis::PhaseEntry, ThresholdBasis::Running][usize::from(three % 3)],
            tax: [ThresholdTax::AsPriced, ThresholdTax::Gross, ThresholdTax::Net][usize::from(four % 3)],
            of: if three % 2 == 0 { ThresholdOf::Eligible } else { ThresholdOf::Cart },
        });
    }
    rules.stack = Stack {
        group: (one % 5 < 2).then(|| StackGroup::new(format!("g{}", one % 2)).unwrap()),
        exclusive: if two % 16 == 0 { Exclusive::All } else { Exclusive::None },
        max_per_group: (four % 2 == 0).then_some(2),
    };
    rules.units = UnitUse { consumes: three % 4 == 0, respects: three % 8 < 4 };
    if four % 3 == 0 {
        let funder = |name: &str, share| Funder { party: Party::new(name).unwrap(), share: percent(share) };
        rules.funders = vec![funder("merchant", "33.3333"), funder("brand", "33.3334"), funder("platform", "33.3333")];
    }
    rules.campaign = (size % 2 == 0).then(|| crate::value::CampaignId::new("c").unwrap());
    rules
}

/// Candidates with limits, some of them shared.
pub(super) fn limited<'a>(rules: &'a [OfferRules], rooms: &[RoomSeed]) -> Vec<Candidate<'a>> {
    let mut rooms = rooms.iter().cycle();
    let mut all = super::example_tests::candidates(rules);
    for candidate in &mut all {
        let Some((counter, kind, left)) = rooms.next() else { continue };
        let counts = match kind % 6 {
            0 => RoomFor::Uses,
            1 => RoomFor::Units(None),
            2 => RoomFor::Budget,
            _ => continue,
        };
        let left = if counts == RoomFor::Budget { i64::from(left % 3000) } else { i64::from(left % 4) };
        // One counter counts one thing.
        let counter = usize::from(counter % 2) * 3 + usize::from(kind % 6);
        candidate.rooms.push(Room { counter, limit: LimitId::new("l").unwrap(), counts, own: false, left });
    }
    // A counter that is shared has one room left.
    let least = |counter: usize, all: &[Candidate<'_>]| {
        all.iter().flat_map(|c| &c.rooms).filter(|room| room.counter == counter).map(|room| room.left).min()
    };
    for place in 0..all.len() {
        for room in 0..all[place].rooms.len() {
            let counter = all[place].rooms[room].counter;
            all[place].rooms[room].left = least(counter, &all).unwrap();
        }
    }
    all
}
