//! Refunds: the worked example, each policy, and their laws.

use super::any_tests::{any_cart, any_rules};
use super::example_tests::{cart, euro, fixed, line, minor, offer, part, priced};
use super::*;
use crate::error::ErrorCode;
use crate::value::{Percent, Quantity};
use proptest::prelude::*;

fn receipt(cart: &Cart, rules: &[OfferRules]) -> Receipt {
    let quote = priced(cart, rules, Objective::CustomerBest);
    let applied = |rules: &&OfferRules| quote.applied.iter().any(|one| one.offer == rules.id);
    let rules = rules.iter().filter(applied).cloned().collect();
    Receipt { cart: cart.clone(), quote, rules }
}

fn back(line_no: u32, pieces: i64) -> ReturnedLine {
    ReturnedLine { line_no, quantity: Quantity::pieces(pieces).unwrap() }
}

fn refunded(receipt: &Receipt, steps: &[&[ReturnedLine]]) -> Vec<i64> {
    let mut so_far = Refunds::default();
    let mut sums = Vec::new();
    for step in steps {
        let plan = receipt.plan(step, &so_far).unwrap();
        so_far.add(&plan);
        sums.push(minor(plan.amount));
    }
    sums
}

fn ten_from_300(refund: RefundPolicy) -> Receipt {
    let threshold = Some(Threshold { amount: Some(euro(30000)), ..Threshold::default() });
    receipt(&cart(vec![line("a", 6, 5000)]), &[OfferRules { threshold, refund, ..offer("ten", part("10")) }])
}

#[test]
fn each_policy_has_its_own_answer() {
    use RefundPolicy::{ForbidPartial, KeepRate, ProRata, ReEvaluate};
    for (policy, expected) in [(ProRata, 22500), (ReEvaluate, 22000), (KeepRate, 22500)] {
        let receipt = ten_from_300(policy);
        assert_eq!(refunded(&receipt, &[&[back(1, 5)]]), [expected]);
        assert_eq!(refunded(&receipt, &[&[back(1, 6)]]), [27000]);
        assert_eq!(refunded(&receipt, &[&[back(1, 5)], &[back(1, 1)]]), [expected, 27000 - expected]);
    }
    let receipt = ten_from_300(ForbidPartial);
    let error = receipt.plan(&[back(1, 5)], &Refunds::default()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::OfferRefundPartial);
    assert_eq!(refunded(&receipt, &[&[back(1, 6)]]), [27000]);
}

#[test]
fn what_came_for_nothing_is_paid_for_by_what_is_kept() {
    let get = |refund| {
        let effect =
            Effect::BuyGet { buy: 2, get: 1, off: Percent::WHOLE, get_lines: None, pick: Pick::Cheapest, max: None };
        receipt(&cart(vec![line("a", 2, 3000), line("b", 1, 3000)]), &[OfferRules { refund, ..offer("three", effect) }])
    };
    // One of the two that were paid goes back; the third, which came for nothing, is kept.
    let of = |policy, lines: &[ReturnedLine]| refunded(&get(policy), &[lines])[0];
    let free = get(RefundPolicy::ProRata).quote.lines.iter().position(|line| minor(line.discount) > 0).unwrap();
    assert_eq!(free, 0, "of equal prices the lower line");
    assert_eq!(of(RefundPolicy::ProRata, &[back(2, 1)]), 3000);
    assert_eq!(of(RefundPolicy::KeepRate, &[back(2, 1)]), 2000);
    assert_eq!(of(RefundPolicy::ReEvaluate, &[back(2, 1)]), 0);
}

#[test]
fn delivery_that_was_free_is_taken_off_when_it_would_not_have_been() {
    let mut cart = cart(vec![line("a", 2, 3000)]);
    cart.shipping = Some(euro(500));
    let free = OfferRules {
        phase: Phase::Shipping,
        refund: RefundPolicy::ReEvaluate,
        threshold: Some(Threshold { amount: Some(euro(5000)), ..Threshold::default() }),
        ..offer("free", Effect::ShippingOff { percent: Percent::WHOLE, cap: None })
    };
    let receipt = receipt(&cart, &[free]);
    assert_eq!(refunded(&receipt, &[&[back(1, 1)], &[back(1, 1)]]), [2500, 3500]);
}

#[test]
fn only_what_was_bought_comes_back() {
    let receipt = receipt(&cart(vec![line("a", 2, 3000)]), &[offer("o", fixed(100))]);
    for (lines, field) in
        [(back(2, 1), "lines[0].line_no"), (back(1, 3), "lines[0].quantity"), (back(1, 0), "lines[0].quantity")]
    {
        let error = receipt.plan(&[lines], &Refunds::default()).unwrap_err();
        assert_eq!((error.code(), error.details()["field"].as_str()), (ErrorCode::OfferRefundLine, Some(field)));
    }
}

proptest! {
    /// Whatever the policy and the steps, nothing that goes back is negative, a line never gets back more than was paid for it, and all
    /// of it together is what was paid. Pro rata, it is the same after each step whatever came before it.
    /// To see it fail: round each step on its own in `pro_rata`, or leave the bound of a line out of `parts`.
    #[test]
    fn all_returns_together_bring_what_was_paid(
        cart in any_cart(5),
        rules in any_rules(4),
        policy in 0usize..3,
        cuts in prop::collection::vec((0usize..5, 1i64..3), 1..10),
    ) {
        let policy = [RefundPolicy::ProRata, RefundPolicy::KeepRate, RefundPolicy::ReEvaluate][policy];
        let rules: Vec<OfferRules> = rules.into_iter().map(|rules| OfferRules { refund: policy, ..rules }).collect();
        let receipt = receipt(&cart, &rules);
        let mut left: Vec<i64> = cart.lines.iter().map(|line| line.quantity.thousandths()).collect();
        let mut so_far = Refunds::default();
        let mut sum = 0;
        let all = (0..left.len()).map(|place| (place, 1_000_000));
        for (place, pieces) in cuts.into_iter().chain(all) {
            let place = place % left.len();
            let now = (pieces * 1000).min(left[place]);
            if now == 0 {
                continue;
            }
            left[place] -= now;
            let number = receipt.quote.lines[place].line_no;
            let step = [ReturnedLine { line_no: number, quantity: Quantity::from_thousandths(now) }];
            let plan = receipt.plan(&step, &so_far).unwrap();
            prop_assert!(plan.lines.iter().all(|line| minor(line.amount) >= 0) && minor(plan.shipping_left) >= 0);
            so_far.add(&plan);
            sum += minor(plan.amount);
            for line in &receipt.quote.lines {
                let back: i64 = so_far.lines.iter().filter(|b| b.line_no == line.line_no).map(|b| minor(b.amount)).sum();
                let tax = if cart.tax_mode == crate::value::TaxMode::Added { minor(line.tax) } else { 0 };
                prop_assert!(back <= minor(line.net) + tax);
            }
            prop_assert_eq!(plan.all_goods, left.iter().all(|left| *left == 0));
            if policy == RefundPolicy::ProRata {
                let whole: Vec<ReturnedLine> = cart.lines.iter().zip(&left).zip(&receipt.quote.lines).map(|((line, left), quoted)| {
                    let quantity = Quantity::from_thousandths(line.quantity.thousandths() - left);
                    ReturnedLine { line_no: quoted.line_no, quantity }
                }).filter(|line| line.quantity > Quantity::ZERO).collect();
                prop_assert_eq!(sum, minor(receipt.plan(&whole, &Refunds::default()).unwrap().amount));
            }
        }
        prop_assert_eq!(sum + receipt.paid_shipping().unwrap(), minor(receipt.quote.totals.total));
    }

    /// Worked out again, what has gone back is the most that any step came to: no more is given than what is kept costs less, and nothing is
    /// asked for again. Where no line was given more before than it gets of all returns at once, each line gets the same in steps.
    /// To see it fail: leave kept lines out of `parts`, or spread in `parts` what is left to give by what lines are to get.
    #[test]
    fn worked_out_again_steps_end_at_the_most_that_any_came_to(
        cart in any_cart(5),
        rules in any_rules(4),
        cuts in prop::collection::vec((0usize..5, 1i64..3), 1..8),
    ) {
        let again = |rules| OfferRules { refund: RefundPolicy::ReEvaluate, ..rules };
        let receipt = receipt(&cart, &rules.into_iter().map(again).collect::<Vec<_>>());
        let again = receipt.rules.iter().any(|rules| rules.refund == RefundPolicy::ReEvaluate);
        let mut left: Vec<i64> = cart.lines.iter().map(|line| line.quantity.thousandths()).collect();
        let (mut so_far, mut most) = (Refunds::default(), 0);
        let of = |refunds: &[RefundedLine]| -> Vec<i64> {
            let sum = |number| refunds.iter().filter(|line| line.line_no == number).map(|line| minor(line.amount)).sum();
            receipt.quote.lines.iter().map(|line| sum(line.line_no)).collect()
        };
        for (place, pieces) in cuts {
            let place = place % left.len();
            let now = (pieces * 1000).min(left[place]);
            if now == 0 {
                continue;
            }
            left[place] -= now;
            let number = receipt.quote.lines[place].line_no;
            let step = [ReturnedLine { line_no: number, quantity: Quantity::from_thousandths(now) }];
            let before = of(&so_far.lines);
            so_far.add(&receipt.plan(&step, &so_far).unwrap());
            let whole = cart.lines.iter().zip(&left).zip(&receipt.quote.lines).map(|((line, left), quoted)| {
                let quantity = Quantity::from_thousandths(line.quantity.thousandths() - left);
                ReturnedLine { line_no: quoted.line_no, quantity }
            });
            let whole: Vec<ReturnedLine> = whole.filter(|line| line.quantity > Quantity::ZERO).collect();
            let at_once = receipt.plan(&whole, &Refunds::default()).unwrap();
            most = most.max(minor(at_once.amount));
            let after = of(&so_far.lines);
            prop_assert_eq!(after.iter().sum::<i64>(), most);
            let at_once = of(&at_once.lines);
            if again && before.iter().zip(&at_once).all(|(before, whole)| before <= whole) {
                prop_assert_eq!(after, at_once);
            }
        }
    }
}
