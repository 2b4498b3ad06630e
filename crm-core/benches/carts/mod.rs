//! Carts and offers that are measured in more than one way.

use crm_core::offer::{
    Basket, Candidate, Cart, CartLine, Effect, OfferRules, Phase, Quote, RefundPolicy, ReturnPolicy, Settings, Slot,
    Source, Stack, Threshold, UnitUse, quote,
};
use crm_core::value::{Category, Currency, LineScope, OfferId, Percent, Quantity, Sku, Timestamp};

pub(crate) fn euro(minor: i64) -> crm_core::value::Amount {
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

pub(crate) fn basket(lines: usize) -> Basket {
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

pub(crate) fn offer(id: usize, phase: Phase, effect: Effect) -> OfferRules {
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

pub(crate) fn part(text: &str) -> Effect {
    Effect::PercentOff { percent: Percent::parse(text).unwrap(), cap: None }
}

pub(crate) fn fixed(minor: i64) -> Effect {
    Effect::FixedOff { amount: euro(minor) }
}

pub(crate) fn of_sku(sku: usize) -> Option<LineScope> {
    Some(LineScope { skus: vec![Sku::new(format!("sku{sku}")).unwrap()], ..LineScope::default() })
}

pub(crate) fn of_category(category: usize) -> Option<LineScope> {
    Some(LineScope { categories: vec![Category::new(format!("category{category}")).unwrap()], ..LineScope::default() })
}

pub(crate) fn from(minor: i64) -> Option<Threshold> {
    Some(Threshold { amount: Some(euro(minor)), ..Threshold::default() })
}

pub(crate) fn candidates(rules: &[OfferRules]) -> Vec<Candidate<'_>> {
    rules.iter().map(|rules| Candidate { rules, by: Source::Automatic, ends_at: None, rooms: Vec::new() }).collect()
}

pub(crate) fn ask(basket: &Basket, candidates: &[Candidate<'_>]) -> Quote {
    let at = Timestamp::from_millis(1_772_000_000_000).unwrap();
    quote(basket, candidates, Settings::default(), at, 1).unwrap()
}

/// A till: a percentage, a fixed amount from a threshold, and free delivery.
pub(crate) fn five_by_three() -> (Basket, Vec<OfferRules>) {
    let free = Effect::ShippingOff { percent: Percent::WHOLE, cap: None };
    let rules = [
        offer(1, Phase::Order, part("10")),
        OfferRules { threshold: from(5_000), ..offer(2, Phase::ShopCoupon, fixed(1_000)) },
        OfferRules { threshold: from(3_000), ..offer(3, Phase::Shipping, free) },
    ];
    (basket(5), rules.into())
}

/// A large cart: offers of articles, of categories, bundles, and some for the whole order.
pub(crate) fn fifty_by_fifty() -> (Basket, Vec<OfferRules>) {
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
    (basket(50), rules)
}
