//! The entry: a basket and candidates in, a quote out.

use super::basket::Basket;
use super::compile::{Counters, Terms};
use super::evaluate::{Mode, Out, Scratch};
use super::problem::Problem;
use super::quote::{Quote, Rejected, RunnerUp, Search, Why};
use super::state::State;
use super::terms::{Candidate, Settings};
use super::why::{lacks, why};
use crate::error::Result;
use crate::value::Timestamp;
use std::cmp::Reverse;

/// What a basket costs with the best of its offers. A pure function: the same arguments, in whatever order the candidates come, give the
/// same answer.
///
/// `candidates` are in force, meant for this customer, and have room left; what does not even come so far is the caller's to tell.
/// Gift cards of the cart are for whoever keeps them to look at: here they pay nothing. `as_of` and `revision` are only repeated in the
/// answer. Amounts off are written as prices are in the cart: without tax that comes on top. What is compared is what the customer pays.
///
/// ```
/// use crm_core::offer::{Candidate, Cart, OfferRules, Settings, Source, quote};
/// use crm_core::value::Timestamp;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let cart: Cart = serde_json::from_str(
///     r#"{ "currency": "EUR", "lines": [{ "sku": "tea", "quantity": 3, "unit_price": "10.00" }] }"#,
/// )?;
/// let rules: OfferRules = serde_json::from_str(
///     r#"{ "id": "ten", "currency": "EUR", "effect": { "type": "fixed_off", "amount": "10.00" } }"#,
/// )?;
/// let candidates = [Candidate { rules: &rules, by: Source::Automatic, ends_at: None, rooms: Vec::new() }];
/// let quote = quote(&cart.check()?, &candidates, Settings::default(), Timestamp::parse("2026-03-01T08:00:00Z")?, 1)?;
/// assert_eq!(quote.totals.due.to_string(), "20.00");
/// assert!(quote.search.optimal);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Those of amounts that [`OfferRules::check`](super::OfferRules::check) tells of: `money.negative`, `money.precision`, `money.range`,
/// and `offer.rules` for numbers that have to be above zero.
pub fn quote(
    basket: &Basket,
    candidates: &[Candidate<'_>],
    settings: Settings,
    as_of: Timestamp,
    revision: u32,
) -> Result<Quote> {
    let mut rejected = Vec::new();
    let (problem, lacking) = prepare(basket, candidates, settings, &mut rejected)?;
    let solution = problem.solve();
    let gifts = (0..problem.caps.len()).filter(|offer| problem.terms.get(*offer).is_some_and(Terms::is_gift));
    let extra: Vec<usize> = solution.extra.iter().copied().chain(gifts).collect();
    let played = problem.play(&solution.best.path, &extra);
    let applied = played.offers();
    let out = (0..problem.caps.len()).filter(|offer| !applied.contains(offer));
    for offer in out {
        if let Some(terms) = problem.terms.get(offer) {
            rejected.push(refuse(terms.candidate, problem.why_not(offer, &played, &solution)));
        }
    }
    for (offer, out) in &lacking {
        if let Some(terms) = problem.terms.get(*offer) {
            let out = problem.short(terms, *out, &played);
            rejected.push(refuse(terms.candidate, why(out, terms.candidate, basket.currency)));
        }
    }
    rejected.sort_by(|a, b| (&a.offer, &a.by).cmp(&(&b.offer, &b.by)));
    let near = problem.near(&lacking, &played, &solution.best.path);
    let answer = problem.answer(&played);
    let off = played.off();
    let bound = solution.bound.max(off);
    let optimal = solution.optimal || bound == off && problem.uneven_tax.is_none();
    let name = |offer: &usize| problem.rules(*offer).map(|rules| rules.id.clone());
    let runner_up = solution.second.as_ref().map(|second| RunnerUp {
        offers: second.offers().iter().filter_map(name).collect(),
        off: basket.currency.amount(second.off),
    });
    Ok(Quote {
        currency: basket.currency,
        as_of,
        revision,
        lines: answer.lines,
        shipping: answer.shipping,
        applied: answer.applied,
        rejected,
        near,
        gift_cards: Vec::new(),
        totals: answer.totals,
        search: Search {
            optimal,
            bound: basket.currency.amount(bound),
            gap: (!optimal).then(|| basket.currency.amount(bound - off)),
            nodes: solution.nodes,
            runner_up,
        },
    })
}

fn refuse(candidate: &Candidate<'_>, why: Why) -> Rejected {
    Rejected { offer: Some(candidate.rules.id.clone()), by: candidate.by.clone(), why }
}

/// The problem, with offers that can have an effect first; those that lack something stand behind them and are named with what it is.
pub(super) fn prepare<'a>(
    basket: &'a Basket,
    candidates: &'a [Candidate<'a>],
    settings: Settings,
    rejected: &mut Vec<Rejected>,
) -> Result<(Problem<'a>, Vec<(usize, Out)>)> {
    let mut sorted: Vec<&Candidate<'_>> = candidates.iter().collect();
    sorted.sort_by(|a, b| (&a.rules.id, &a.by, a.ends_at).cmp(&(&b.rules.id, &b.by, b.ends_at)));
    let mut counters = Counters::default();
    let mut ready = Vec::with_capacity(sorted.len());
    for candidate in sorted {
        if candidate.rules.currency == basket.currency {
            ready.push(Terms::new(basket, candidate, &mut counters)?);
        } else {
            rejected.push(refuse(candidate, Why::CurrencyMismatch));
        }
    }
    let start = State::new(basket, counters.left);
    let mut problem = Problem {
        basket,
        settings,
        terms: Vec::new(),
        caps: Vec::new(),
        start,
        consumption: false,
        uneven_tax: basket.uneven_tax(),
    };
    let (mut able, mut lacking) = (Vec::with_capacity(ready.len()), Vec::new());
    let mut scratch = Scratch::default();
    // Where units are used up, what picks the cheapest may find dearer ones in its turn.
    problem.consumption = ready.iter().any(|terms| terms.consumes);
    for terms in ready {
        let mut most = |consumption| terms.evaluate(&problem.start, Mode::Bound { consumption }, 0, &mut scratch);
        let now = most(false);
        let cap = if problem.consumption { most(true) } else { now };
        match lacks(&terms, &problem, cap) {
            None => able.push((terms, now.unwrap_or(0), cap.unwrap_or(0))),
            Some(out @ (Out::MinAmount { .. } | Out::MinUnits { .. })) => lacking.push((terms, out)),
            Some(out) => rejected.push(refuse(terms.candidate, why(out, terms.candidate, basket.currency))),
        }
    }
    // The sort is stable: of equal ones the lower name. Percents come first, because they take most off before anything else did, so that
    // the first combination that a search tries is a good one.
    let end = |terms: &Terms<'_>| (terms.candidate.ends_at.is_none(), terms.candidate.ends_at);
    able.sort_by_key(|(terms, now, _)| (terms.phase, !terms.is_percent(), Reverse(*now), end(terms)));
    problem.consumption = able.iter().any(|(terms, ..)| terms.consumes);
    problem.terms.reserve_exact(able.len() + lacking.len());
    problem.caps.reserve_exact(able.len());
    for (terms, _, cap) in able {
        problem.terms.push(terms);
        problem.caps.push(cap);
    }
    let mut lacks = Vec::with_capacity(lacking.len());
    for (terms, out) in lacking {
        lacks.push((problem.terms.len(), out));
        problem.terms.push(terms);
    }
    Ok((problem, lacks))
}
