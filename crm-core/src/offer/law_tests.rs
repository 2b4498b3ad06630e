//! Laws of quotes, over carts and offers of any shape.

use super::any_tests::{RoomSeed, any_cart, any_rules, limited, plain_cart};
use super::evaluate::{Mode, Scratch};
use super::example_tests::{candidates, cart, euro, fixed, line, minor, now, offer, part, priced, skus};
use super::naive_tests;
use super::price::prepare;
use super::problem::Problem;
use super::search::Search;
use super::state::State;
use super::*;
use crate::error::ErrorCode;
use crate::value::{Quantity, TaxMode};
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

/// What saves the customer most: every order of every set, tried one after another.
fn brute(problem: &Problem<'_>, state: &State, applied: &mut Vec<usize>, off: i64) -> i64 {
    let mut best = problem.saved(state, off);
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

/// What takes most off where those of `asleep` wait for one of their phase that wakes them.
fn after_waking(search: &Search<'_, '_>, state: &State, applied: &mut Vec<usize>, asleep: u128, off: i64) -> i64 {
    let mut best = off;
    for (offer, terms) in search.problem.terms.iter().enumerate().take(search.members.len()) {
        let asleep = if terms.phase == state.phase { asleep } else { 0 };
        let out = applied.contains(&offer) || terms.phase < state.phase || asleep & 1 << offer != 0;
        if out || search.problem.compatible(applied, offer).is_some() {
            continue;
        }
        for choice in 0..terms.choices() {
            let (mut next, mut scratch) = (state.clone(), Scratch::default());
            next.enter(terms.phase);
            let Ok(now) = terms.evaluate(&next, Mode::Real, choice, &mut scratch) else { continue };
            terms.apply(&mut next, now, &mut scratch, None);
            applied.push(offer);
            best = best.max(after_waking(search, &next, applied, asleep & !search.wakes(offer), off + now));
            applied.pop();
        }
    }
    best
}

/// What the bound says, and what takes most off, from the phase of orders on, where those of `asleep` wait.
fn bound_and_best(cart: &Cart, rules: &[OfferRules], asleep: u128) -> (i64, i64) {
    let (basket, candidates) = (cart.check().unwrap(), candidates(rules));
    let (problem, _) = prepare(&basket, &candidates, Settings::default(), &mut Vec::new()).unwrap();
    let offers: Vec<usize> = (0..problem.caps.len()).collect();
    let mut search = Search::new(&problem, &offers, 1);
    search.begin();
    search.state.enter(Phase::Order);
    let live = offers.iter().filter(|offer| Phase::Order <= problem.terms[**offer].phase);
    let live = live.fold(0_u128, |live, offer| live | 1 << offer);
    let asleep = asleep & live & search.phase(Phase::Order as usize);
    (search.bound(live, asleep, 0), after_waking(&search, &search.state, &mut Vec::new(), asleep, 0))
}

/// What bundles take off at most: every unit in turn goes into any slot that still wants it, or into none.
fn best_bundles(slots: &[(u32, i64)], units: &[(usize, i64)], price: i64) -> i64 {
    fn fill(needs: &mut [i64], slots: &[(u32, i64)], units: &[(usize, i64)]) -> Option<i64> {
        let Some(((sku, unit), rest)) = units.split_first() else {
            return needs.iter().all(|need| *need == 0).then_some(0);
        };
        let mut best = fill(needs, slots, rest);
        for place in 0..slots.len() {
            if slots[place].0 & 1 << sku != 0 && needs[place] > 0 {
                needs[place] -= 1;
                best = best.max(fill(needs, slots, rest).map(|cost| cost + unit));
                needs[place] += 1;
            }
        }
        best
    }
    let bundles = (1_i64..).map_while(|bundles| {
        let mut needs: Vec<i64> = slots.iter().map(|(_, units)| units * bundles).collect();
        fill(&mut needs, slots, units).map(|cost| cost - price * bundles)
    });
    bundles.max().unwrap_or(0).max(0)
}

proptest! {
    /// Bundles take the units that together save most, however their slots overlap.
    /// To see it fail: leave out of `push` that units taken before go to other slots, or begin in `flow` with half of the most.
    #[test]
    fn bundles_save_the_most_that_they_can(
        rows in prop::collection::vec((1i64..3, 1i64..40), 1..5),
        slots in prop::collection::vec((1u32..16, 1i64..3), 1..4),
        price in 1i64..60,
    ) {
        let names = ["a", "b", "c", "d"];
        let cart = cart(rows.iter().zip(names).map(|((pieces, price), sku)| line(sku, *pieces, *price)).collect());
        let named = |set: u32| names.iter().enumerate().filter(|(n, _)| set & 1 << n != 0).map(|(_, sku)| *sku).collect::<Vec<_>>();
        let of = slots.iter().map(|(set, units)| Slot { lines: skus(&named(*set)), units: u32::try_from(*units).unwrap() });
        let effect = Effect::Bundle { slots: of.collect(), price: euro(price), max: None };
        let units: Vec<(usize, i64)> =
            rows.iter().enumerate().flat_map(|(n, (pieces, price))| (0..*pieces).map(move |_| (n, *price))).collect();
        let quote = priced(&cart, &[offer("o", effect)], Objective::CustomerBest);
        prop_assert_eq!(off(&quote), best_bundles(&slots, &units, price));
    }

    /// The search finds what a second implementation finds that shares nothing with it and tries every order of every set.
    /// To see it fail: let `some` take the dearest for `Pick::Cheapest`, let a phase begin without its entry, or let `saved` be what is off.
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
    /// To see it fail: leave `rounding` out of the bound, or let `Pick::Cheapest` of a bound be what it is while units are used up.
    #[test]
    fn the_best_is_that_of_every_order_of_every_set(cart in any_cart(6), rules in any_rules(6), rooms in rooms()) {
        let basket = cart.check().unwrap();
        let candidates = limited(&rules, &rooms);
        let (problem, _) = prepare(&basket, &candidates, Settings::default(), &mut Vec::new()).unwrap();
        let best = brute(&problem, &problem.start, &mut Vec::new(), 0);
        let with = |nodes| quote(&basket, &candidates, Settings { nodes, ..Settings::default() }, now(), 1).unwrap();
        let (quote, list) = (with(Settings::default().nodes), quote(&basket, &[], Settings::default(), now(), 1).unwrap());
        let uneven = problem.uneven_tax.is_some();
        // Where tax comes on top at different rates it is the price that counts, and the price of the answer is made of lines.
        let saved = |quote: &Quote| if uneven { minor(list.totals.total) - minor(quote.totals.total) } else { off(quote) };
        prop_assert!(quote.search.optimal);
        prop_assert_eq!(saved(&quote), best);
        prop_assert!(off(&quote) <= minor(quote.search.bound));
        if let Some(second) = &quote.search.runner_up {
            prop_assert!(uneven || minor(second.off) <= best);
        }
        for nodes in [1, 5, 20] {
            let few = with(nodes);
            prop_assert!(uneven || best <= minor(few.search.bound), "a bound holds however little was looked at");
            prop_assert!(saved(&few) <= best && (!few.search.optimal || saved(&few) == best));
        }
    }

    /// Nothing takes more off than the bound says, where some offers have to wait for others: the bound counts what percents forgo then.
    /// To see it fail: let any of several that wake an offer be the one that it waits for in `forgone`.
    #[test]
    fn the_bound_holds_where_offers_wait(
        cart in any_cart(6),
        rules in any_rules(6),
        plain in prop::collection::vec((0u8..6, 1i64..90, 1i64..4000), 6),
        asleep in any::<u8>(),
    ) {
        let mut rules = rules;
        for (rules, (kind, percent, amount)) in rules.iter_mut().zip(plain).filter(|(_, (kind, ..))| *kind < 5) {
            rules.effect = if kind < 3 { part(&percent.to_string()) } else { fixed(amount) };
            rules.phase = if kind == 2 { Phase::ShopCoupon } else { Phase::Order };
            rules.stack = Stack::default();
            if kind == 4 {
                rules.lines = None;
                rules.units = UnitUse::default();
            }
        }
        let (most, best) = bound_and_best(&cart, &rules, u128::from(asleep));
        prop_assert!(best <= most, "{} of at most {}", best, most);
    }

    /// The same to the last minor unit: few offers on small prices, whichever of them wait.
    /// To see it fail: let the shares in `forgone` be exact.
    #[test]
    fn the_bound_holds_to_the_last_unit_where_offers_wait(
        prices in prop::collection::vec(1i64..400, 2..6),
        offs in prop::collection::vec((0u8..5, prop::sample::select(vec![100, 90, 50, 30, 7]), 0u8..32, 1i64..400), 2..5),
    ) {
        let names = ["a", "b", "c", "d", "e"];
        let cart = cart(prices.iter().zip(names).map(|(price, sku)| line(sku, 1, *price)).collect());
        let rules = offs.iter().enumerate().map(|(n, (kind, percent, lines, amount))| {
            let named: Vec<&str> = names.into_iter().enumerate().filter(|(n, _)| lines & 1 << n != 0).map(|(_, sku)| sku).collect();
            let effect = if *kind < 2 { fixed(*amount) } else { part(&percent.to_string()) };
            OfferRules { lines: (*kind != 0 && !named.is_empty()).then(|| skus(&named)), ..offer(&format!("o{n}"), effect) }
        });
        let rules: Vec<OfferRules> = rules.collect();
        for asleep in 0..1 << rules.len() {
            let (most, best) = bound_and_best(&cart, &rules, asleep);
            prop_assert!(best <= most, "{} of at most {} while {:b} are asleep", best, most, asleep);
        }
    }

    /// Where only rounding tells orders apart, the search finds the best order all the same: small prices, many percents.
    /// To see it fail: let percents commute, or leave `partial` out of `rounding`.
    #[test]
    fn rounding_alone_is_reason_enough(
        prices in prop::collection::vec(1i64..60, 2..6),
        offs in prop::collection::vec((1u32..100, 0u8..32, any::<bool>()), 2..6),
    ) {
        let names = ["a", "b", "c", "d", "e"];
        let cart = cart(prices.iter().zip(names).map(|(price, sku)| line(sku, 1, *price)).collect());
        let rules = offs.iter().enumerate().map(|(n, (percent, lines, fixed_one))| {
            let named: Vec<&str> = names.into_iter().enumerate().filter(|(n, _)| lines & 1 << n != 0).map(|(_, sku)| sku).collect();
            let effect = if *fixed_one && n > 2 { fixed(i64::from(*percent) / 9 + 1) } else { part(&percent.to_string()) };
            OfferRules { lines: (!named.is_empty()).then(|| skus(&named)), ..offer(&format!("o{n}"), effect) }
        });
        let rules: Vec<OfferRules> = rules.collect();
        let quote = priced(&cart, &rules, Objective::CustomerBest);
        prop_assert_eq!(off(&quote), naive_tests::best(&cart, &rules));
        prop_assert!(quote.search.optimal);
    }

    /// Shares are what is off, none is negative or above what its line cost at that time, a line that costs nothing has none; lines cost
    /// from nothing to their list price; sums are sums. Parties bear what is off, in all and line by line, and both ways agree.
    /// To see it fail: spread by list prices in `cut`, or give each line's parties a split of its own in `application`.
    #[test]
    fn shares_and_sums_are_exact(
        cart in any_cart(6),
        rules in any_rules(6),
        rooms in rooms(),
        objective in prop::sample::select(ALL.to_vec()),
    ) {
        let basket = cart.check().unwrap();
        let settings = Settings { objective, ..Settings::default() };
        let quote = quote(&basket, &limited(&rules, &rooms), settings, now(), 1).unwrap();
        let mut nets: Vec<i64> = quote.lines.iter().map(|line| minor(line.list)).collect();
        let mut shipping = minor(quote.shipping.list);
        for one in &quote.applied {
            let mut parties = std::collections::BTreeMap::new();
            for share in &one.shares {
                let place = quote.lines.iter().position(|line| line.line_no == share.line_no).unwrap();
                prop_assert!(0 < minor(share.off) && minor(share.off) <= nets[place]);
                prop_assert!(i64::try_from(share.units).unwrap() <= basket.lines[place].units);
                nets[place] -= minor(share.off);
                for funded in &share.funders {
                    *parties.entry(funded.party.clone()).or_insert(0) += minor(funded.amount);
                }
                let borne: i64 = share.funders.iter().map(|funded| minor(funded.amount)).sum();
                prop_assert!(borne == minor(share.off) || share.funders.is_empty());
            }
            shipping -= minor(one.shipping);
            let shares: i64 = one.shares.iter().map(|share| minor(share.off)).sum();
            prop_assert_eq!(shares + minor(one.shipping), minor(one.off));
            let borne: i64 = one.funders.iter().map(|funded| minor(funded.amount)).sum();
            prop_assert!(borne == minor(one.off) || one.funders.is_empty());
            if minor(one.shipping) == 0 {
                for funded in &one.funders {
                    prop_assert_eq!(parties.remove(&funded.party), Some(minor(funded.amount)));
                }
                prop_assert!(parties.is_empty());
            }
        }
        for (line, net) in quote.lines.iter().zip(&nets) {
            prop_assert_eq!(minor(line.net), *net);
            prop_assert!(0 <= *net && minor(line.tax) >= 0);
            prop_assert_eq!(minor(line.list) - minor(line.discount), *net);
        }
        prop_assert_eq!(minor(quote.shipping.net), shipping);
        let added = if cart.tax_mode == TaxMode::Added { minor(quote.totals.tax) } else { 0 };
        prop_assert_eq!(nets.iter().sum::<i64>() + shipping + added, minor(quote.totals.total));
        prop_assert!(off(&quote) <= minor(quote.search.bound));
    }

    /// Groups, exclusive offers and limits hold, and units that an offer used up are lowered by none that respects it.
    /// To see it fail: let `still_allowed` count one too few, or leave `use_up` out of `apply`.
    #[test]
    fn what_does_not_combine_is_not_combined(
        cart in any_cart(6),
        rules in any_rules(7),
        rooms in rooms(),
        objective in prop::sample::select(ALL.to_vec()),
    ) {
        let basket = cart.check().unwrap();
        let candidates = limited(&rules, &rooms);
        let settings = Settings { objective, ..Settings::default() };
        let quote = quote(&basket, &candidates, settings, now(), 1).unwrap();
        let of = |one: &Application| candidates.iter().find(|c| c.rules.id == one.offer).unwrap();
        let applied: Vec<_> = quote.applied.iter().map(of).collect();
        prop_assert!(applied.windows(2).all(|pair| pair[0].rules.phase <= pair[1].rules.phase));
        for one in &applied {
            let stack = &one.rules.stack;
            prop_assert!(stack.exclusive != Exclusive::All || applied.len() == 1);
            let mates = applied.iter().filter(|other| stack.group.is_some() && other.rules.stack.group == stack.group);
            prop_assert!(stack.group.is_none() || mates.count() <= stack.max_per_group.unwrap_or(1) as usize);
        }
        for room in candidates.iter().flat_map(|c| &c.rooms) {
            let holds = |c: &Candidate<'_>| c.rooms.iter().any(|other| other.counter == room.counter);
            let used = quote.applied.iter().filter(|one| holds(of(one))).map(|one| match room.counts {
                RoomFor::Uses => 1,
                RoomFor::Budget => minor(one.off),
                RoomFor::Units(_) => one.shares.iter().map(|share| i64::try_from(share.units).unwrap()).sum(),
            });
            prop_assert!(used.sum::<i64>() <= room.left.max(0));
        }
        for (place, line) in quote.lines.iter().enumerate() {
            let strict = quote.applied.iter().filter(|one| of(one).rules.units == UnitUse { consumes: true, respects: true });
            let units = strict.flat_map(|one| &one.shares).filter(|share| share.line_no == line.line_no).map(|share| share.units);
            let class = basket.classes.iter().find(|class| class.lines.contains(&place)).unwrap();
            prop_assert!(i64::try_from(units.sum::<u64>()).unwrap() <= class.units.max(basket.lines[place].units));
        }
    }

    /// How equal pieces are cut into lines changes no sum.
    /// To see it fail: give every line a class of its own.
    #[test]
    fn cutting_equal_lines_changes_no_sum(cart in any_cart(5), rules in any_rules(5), turn in 0usize..4) {
        let mut cart = cart;
        for line in &mut cart.lines {
            line.quantity = Quantity::pieces((line.quantity.thousandths() + 999) / 1000).unwrap();
        }
        let mut cut = cart.clone();
        cut.lines = cart.lines.iter().flat_map(|line| {
            let pieces = usize::try_from(line.quantity.thousandths() / 1000).unwrap();
            vec![CartLine { quantity: Quantity::ONE, ..line.clone() }; pieces]
        }).collect();
        // What appears first stays first; all the rest may stand in any order.
        let mut firsts: Vec<CartLine> = Vec::new();
        let mut rest: Vec<CartLine> = Vec::new();
        for line in cut.lines.drain(..) {
            if firsts.contains(&line) { rest.push(line) } else { firsts.push(line) }
        }
        let turn = turn.min(rest.len());
        rest.rotate_left(turn);
        cut.lines = firsts.into_iter().chain(rest).collect();
        let (whole, cut) = (priced(&cart, &rules, Objective::CustomerBest), priced(&cut, &rules, Objective::CustomerBest));
        prop_assert_eq!(whole.totals, cut.totals);
    }

    /// In which order candidates come changes nothing.
    /// To see it fail: leave the sort out of `prepare`.
    #[test]
    fn the_order_of_candidates_changes_nothing(
        cart in any_cart(5),
        (rules, other) in any_rules(6).prop_flat_map(|r| (Just(r.clone()), Just(r).prop_shuffle())),
        objective in prop::sample::select(ALL.to_vec()),
    ) {
        prop_assert_eq!(priced(&cart, &rules, objective), priced(&cart, &other, objective));
    }

    /// One more coupon never makes it dearer: it never takes less off, or, where tax comes on top at different rates, never lets the customer
    /// pay more.
    /// To see it fail: leave "none of it" out: let `close` do nothing while something of the phase is left.
    #[test]
    fn one_more_coupon_never_costs(cart in any_cart(5), rules in any_rules(6)) {
        let fewer = &rules[..rules.len() - 1];
        let (more, fewer) = (priced(&cart, &rules, Objective::CustomerBest), priced(&cart, fewer, Objective::CustomerBest));
        let uneven = cart.check().unwrap().uneven_tax().is_some();
        prop_assert!(uneven || off(&fewer) <= off(&more));
        if uneven || cart.tax_mode == TaxMode::Included {
            prop_assert!(minor(more.totals.total) <= minor(fewer.totals.total));
        }
    }

    /// What is put into the cart as a near miss says saves at least what it says, whatever else is applied then.
    /// To see it fail: let `more` in `near.rs` answer what `saves` says for the first amount, without adding anything.
    #[test]
    fn a_near_miss_comes_true(cart in any_cart(4), rules in any_rules(4)) {
        let before = priced(&cart, &rules, Objective::CustomerBest);
        for near in &before.near {
            let Add::Amount { amount } = near.add else { continue };
            let meant = rules.iter().find(|rules| rules.id == near.offer).unwrap();
            let eligible = |line: &&CartLine| {
                meant.lines.as_ref().is_none_or(|scope| scope.admits(&line.sku, line.category.as_ref(), line.brand.as_ref(), &line.tags))
            };
            let like = cart.lines.iter().find(eligible).unwrap();
            let mut more = cart.clone();
            // Half of something that costs twice as much: by weight, as the near miss has it.
            let half = Quantity::from_thousandths(500);
            more.lines.push(CartLine { line_no: None, quantity: half, unit_price: euro(2 * minor(amount)), ..like.clone() });
            more.lines.iter_mut().for_each(|line| line.line_no = None);
            let after = priced(&more, &rules, Objective::CustomerBest);
            // Where tax comes on top at different rates, what is best then may take less off at a lower price.
            let uneven = more.check().unwrap().uneven_tax().is_some();
            let saves = uneven || off(&before) + minor(near.save) <= off(&after);
            prop_assert!(saves, "{near:?}: {} and then {}", off(&before), off(&after));
        }
    }

    /// What stored value pays changes no tax and no discount; it pays at most what it has and what is to be paid.
    /// To see it fail: take stored value off before the tax in `totals`.
    #[test]
    fn stored_value_changes_no_tax(cart in any_cart(5), rules in any_rules(4), cards in prop::collection::vec(0i64..9000, 1..4)) {
        let plain = priced(&cart, &rules, Objective::CustomerBest);
        let mut with = cart;
        with.stored_value = cards.iter().map(|balance| StoredValue { id: "card".to_owned(), balance: euro(*balance) }).collect();
        let with = priced(&with, &rules, Objective::CustomerBest);
        prop_assert_eq!((&plain.lines, plain.totals.tax, plain.totals.total), (&with.lines, with.totals.tax, with.totals.total));
        let (paid, due) = (minor(with.totals.stored_value), minor(with.totals.due));
        prop_assert_eq!(paid, cards.iter().sum::<i64>().min(minor(with.totals.total)));
        prop_assert_eq!(paid + due, minor(with.totals.total));
    }

    /// Amounts up to the bound are worked out exactly; what is beyond is refused, and nothing wraps.
    /// To see it fail: sum lines without `checked_add`, or multiply in 64 bits in `dearer`.
    #[test]
    fn the_largest_amounts_are_exact_or_refused(
        rows in prop::collection::vec((1i64..=1_000_000_000, 0i64..=9_007_199_254_740_991), 1..6),
        rules in any_rules(4),
    ) {
        let lines = rows.iter().enumerate().map(|(n, (pieces, price))| line(&format!("s{n}"), *pieces, *price / *pieces)).collect();
        let cart = cart(lines);
        let sum: i128 = cart.lines.iter().map(|line| i128::from(minor(line.unit_price)) * i128::from(line.quantity.thousandths() / 1000)).sum();
        match cart.check() {
            Ok(basket) => {
                prop_assert_eq!(i128::from(basket.list_minor()), sum);
                let quote = quote(&basket, &candidates(&rules), Settings::default(), now(), 1).unwrap();
                prop_assert_eq!(i128::from(minor(quote.totals.total) + minor(quote.totals.discount)), sum);
            }
            Err(error) => {
                prop_assert_eq!(error.code(), ErrorCode::MoneyRange);
                prop_assert!(sum > i128::from(crate::limits::MINOR_ABS_MAX / 2));
            }
        }
    }
}

/// Twelve coupons for one cart are proven within the nodes that a search has by default.
#[test]
fn a_full_wallet_is_proven() {
    let cart = cart((0..6).map(|n| line(&format!("s{n}"), 2, 1_234 + n * 777)).collect());
    let rules: Vec<OfferRules> = (0..12)
        .map(|n| {
            offer(
                &format!("c{n:02}"),
                if n % 3 == 0 {
                    part(["5", "10", "12.5", "3"][n / 3])
                } else {
                    fixed(150 + 37 * i64::try_from(n).unwrap())
                },
            )
        })
        .collect();
    let quote = priced(&cart, &rules, Objective::CustomerBest);
    assert!(quote.search.optimal, "{:?}", quote.search);
    assert_eq!(quote.applied.len(), 12);
    assert_eq!(
        quote.applied.iter().take(4).filter(|one| ["c00", "c03", "c06", "c09"].contains(&one.offer.as_str())).count(),
        4
    );
}
