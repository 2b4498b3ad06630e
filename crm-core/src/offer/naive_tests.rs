//! A second, simple implementation for carts of single pieces: every piece on its own, every order of every set. It shares nothing with
//! the first one but the documents.

use super::*;
use crate::value::{LineScope, Percent};

#[derive(Clone, Debug)]
struct Piece {
    sku: String,
    list: i64,
    entry: i64,
    net: i64,
    used: bool,
}

#[derive(Clone, Debug)]
struct Till {
    pieces: Vec<Piece>,
    shipping: i64,
    phase: Option<Phase>,
    off: i64,
}

fn minor(amount: crate::value::Amount) -> i64 {
    super::example_tests::minor(amount)
}

fn half_up(amount: i64, percent: Percent) -> i64 {
    let whole = i128::from(amount) * i128::from(percent.millionths());
    i64::try_from((whole + 500_000) / 1_000_000).unwrap()
}

fn off(off: &Off, base: i64) -> i64 {
    match off {
        Off::Amount { amount } => minor(*amount).min(base),
        Off::Percent { percent, cap } => half_up(base, *percent).min(cap.map_or(i64::MAX, minor)),
    }
}

/// The largest remainder: whole parts first, then one more for the largest rests.
fn split(total: i64, weights: &[i64]) -> Vec<i64> {
    let sum: i64 = weights.iter().sum();
    let mut parts: Vec<i64> = weights.iter().map(|w| total * w / sum).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|n| (-(total * weights[*n] % sum), *n));
    let missing = total - parts.iter().sum::<i64>();
    for n in order.into_iter().take(usize::try_from(missing).unwrap()) {
        parts[n] += 1;
    }
    parts
}

fn named(scope: Option<&LineScope>, piece: &Piece) -> bool {
    scope.is_none_or(|scope| scope.skus.iter().any(|sku| sku.as_str() == piece.sku))
}

impl Till {
    fn measure(&self, rules: &OfferRules, cart: bool) -> (i64, usize) {
        let threshold = rules.threshold.unwrap_or_default();
        let seen =
            self.pieces.iter().filter(|p| cart || named(rules.lines.as_ref(), p) && !(rules.units.respects && p.used));
        let amounts = seen.map(|piece| match threshold.basis {
            ThresholdBasis::List => piece.list,
            ThresholdBasis::PhaseEntry => piece.entry,
            ThresholdBasis::Running => piece.net,
        });
        let amounts: Vec<i64> = amounts.collect();
        (amounts.iter().sum(), amounts.len())
    }

    /// Applies an offer; the number of ways is that of its choices.
    fn apply(&self, rules: &OfferRules, choice: usize) -> Option<Till> {
        let mut next = self.clone();
        if next.phase != Some(rules.phase) {
            next.phase = Some(rules.phase);
            next.pieces.iter_mut().for_each(|piece| piece.entry = piece.net);
        }
        let sees = |n: &usize| !(rules.units.respects && next.pieces[*n].used);
        let mine: Vec<usize> =
            (0..next.pieces.len()).filter(|n| named(rules.lines.as_ref(), &next.pieces[*n])).filter(sees).collect();
        if mine.is_empty() {
            return None;
        }
        if let Some(threshold) = rules.threshold {
            let (amount, units) = next.measure(rules, threshold.of == ThresholdOf::Cart);
            if threshold.amount.is_some_and(|need| amount < minor(need))
                || threshold.units.is_some_and(|need| units < need as usize)
            {
                return None;
            }
        }
        let (lowered, counted, total) = next.effect(rules, &mine, choice)?;
        if total == 0 {
            return None;
        }
        next.off += total;
        if matches!(rules.effect, Effect::ShippingOff { .. }) {
            next.shipping -= total;
            return Some(next);
        }
        let weights: Vec<i64> = lowered
            .iter()
            .map(|n| match &rules.effect {
                Effect::FixedPrice { price } => (next.pieces[*n].net - minor(*price)).max(0),
                _ => next.pieces[*n].net,
            })
            .collect();
        for (n, part) in lowered.iter().zip(split(total, &weights)) {
            next.pieces[*n].net -= part;
        }
        if rules.units.consumes {
            // A piece that costs nothing is not lowered by what lowers amounts.
            let whole = |n: &&usize| {
                weights.get(lowered.iter().position(|l| l == *n).unwrap_or(usize::MAX)).is_none_or(|w| *w > 0)
                    || self.picks(rules)
            };
            let used: Vec<usize> = lowered.iter().chain(&counted).filter(whole).copied().collect();
            used.into_iter().for_each(|n| next.pieces[n].used = true);
        }
        Some(next)
    }

    fn picks(&self, rules: &OfferRules) -> bool {
        matches!(rules.effect, Effect::BuyGet { .. } | Effect::NthOff { .. } | Effect::Bundle { .. })
    }

    /// What is lowered, what is only counted, and how much is off.
    fn effect(&self, rules: &OfferRules, mine: &[usize], choice: usize) -> Option<(Vec<usize>, Vec<usize>, i64)> {
        let net = |pieces: &[usize]| pieces.iter().map(|n| self.pieces[*n].net).sum::<i64>();
        let plain = |total: i64| Some((mine.to_vec(), Vec::new(), total));
        match &rules.effect {
            Effect::FixedOff { amount } => plain(minor(*amount).min(net(mine))),
            Effect::PercentOff { percent, cap } => {
                plain(off(&Off::Percent { percent: *percent, cap: *cap }, net(mine)))
            }
            Effect::FixedPrice { price } => {
                plain(mine.iter().map(|n| (self.pieces[*n].net - minor(*price)).max(0)).sum())
            }
            Effect::ShippingOff { percent, cap } => {
                plain(off(&Off::Percent { percent: *percent, cap: *cap }, self.shipping))
            }
            Effect::Tiered { steps } => {
                let (amount, units) = self.measure(rules, false);
                let reached = steps.iter().take_while(|step| match step.from {
                    StepFrom::Amount { amount: from } => minor(from) <= amount,
                    StepFrom::Units { units: from } => from as usize <= units,
                });
                plain(off(&reached.last()?.off, net(mine)))
            }
            Effect::Every { step, amount, max } => {
                let times = (self.measure(rules, false).0 / minor(*step)).min(max.map_or(i64::MAX, i64::from));
                plain((minor(*amount) * times).min(net(mine)))
            }
            Effect::OneOf { options } => {
                let all = options.iter().flat_map(|o| {
                    mine.iter().filter(|n| named(Some(&o.lines), &self.pieces[**n])).map(move |n| (o, *n))
                });
                let (option, n) = all.into_iter().nth(choice)?;
                Some((vec![n], Vec::new(), off(&option.off, self.pieces[n].net)))
            }
            Effect::NthOff { n, off, pick, max } => self.groups(mine, (*n as usize - 1, 1), *off, *pick, *max),
            Effect::BuyGet { buy, get, off, get_lines: None, pick, max } => {
                self.groups(mine, (*buy as usize, *get as usize), *off, *pick, *max)
            }
            Effect::BuyGet { .. } | Effect::Bundle { .. } | Effect::Gift { .. } => None,
        }
    }

    fn groups(
        &self,
        mine: &[usize],
        (buy, get): (usize, usize),
        off: Percent,
        pick: Pick,
        max: Option<u32>,
    ) -> Option<(Vec<usize>, Vec<usize>, i64)> {
        let mut dear = mine.to_vec();
        dear.sort_by_key(|n| (-self.pieces[*n].net, *n));
        let groups = (dear.len() / (buy + get)).min(max.map_or(usize::MAX, |max| max as usize));
        let mut got: Vec<usize> = match pick {
            Pick::Groups => (0..groups).flat_map(|g| dear[g * (buy + get) + buy..][..get].to_vec()).collect(),
            Pick::Dearest => dear[..groups * get].to_vec(),
            Pick::Cheapest => {
                let mut cheap = mine.to_vec();
                cheap.sort_by_key(|n| (self.pieces[*n].net, *n));
                cheap[..groups * get].to_vec()
            }
        };
        // Ties of the split go to the lower line, whatever it costs.
        got.sort_unstable();
        let bought = dear.into_iter().filter(|n| !got.contains(n)).take(groups * buy).collect();
        let total = half_up(got.iter().map(|n| self.pieces[*n].net).sum(), off);
        Some((got, bought, total))
    }
}

fn combines(applied: &[&OfferRules], next: &OfferRules) -> bool {
    let all = |rules: &&OfferRules| rules.stack.exclusive == Exclusive::All;
    let group = |rules: &&&OfferRules| rules.stack.group.is_some() && rules.stack.group == next.stack.group;
    let members: Vec<&&OfferRules> = applied.iter().filter(group).collect();
    let most = |rules: &OfferRules| {
        if rules.stack.exclusive == Exclusive::Group { 1 } else { rules.stack.max_per_group.unwrap_or(1) as usize }
    };
    !(applied.iter().any(all) || !applied.is_empty() && all(&next))
        && (members.is_empty() || members.iter().map(|r| most(r)).chain([most(next)]).min() > Some(members.len()))
}

/// Whether this model knows the offer.
pub(super) fn knows(rules: &OfferRules) -> bool {
    !matches!(rules.effect, Effect::Bundle { .. } | Effect::Gift { .. } | Effect::BuyGet { get_lines: Some(_), .. })
}

/// What the best set in the best order takes off.
pub(super) fn best(cart: &Cart, rules: &[OfferRules]) -> i64 {
    let piece = |line: &CartLine| {
        let list = minor(line.unit_price);
        Piece { sku: line.sku.as_str().to_owned(), list, entry: list, net: list, used: false }
    };
    let pieces = cart.lines.iter().map(piece).collect();
    let till = Till { pieces, shipping: cart.shipping.map_or(0, minor), phase: None, off: 0 };
    follow(&till, &mut Vec::new(), rules)
}

fn follow<'r>(till: &Till, applied: &mut Vec<&'r OfferRules>, rules: &'r [OfferRules]) -> i64 {
    let mut best = till.off;
    for next in rules {
        if applied.iter().any(|rules| rules.id == next.id) || till.phase > Some(next.phase) || !combines(applied, next)
        {
            continue;
        }
        for choice in 0..if let Effect::OneOf { .. } = next.effect { till.pieces.len() * 2 } else { 1 } {
            if let Some(then) = till.apply(next, choice) {
                applied.push(next);
                best = best.max(follow(&then, applied, rules));
                applied.pop();
            }
        }
    }
    best
}
