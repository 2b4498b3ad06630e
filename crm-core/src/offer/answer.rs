//! From what was found to what is told: lines, tax, funders, stored value, sums.

use super::apply::ClassShare;
use super::basket::Basket;
use super::cards::in_turn;
use super::evaluate::included;
use super::problem::Problem;
use super::quote::{Application, Funded, Given, QuotedLine, QuotedShipping, Share, Totals};
use super::replay::{Applied, Played};
use super::rules::{Effect, Funder};
use crate::value::spread::{spread, spread_onto};
use crate::value::{Currency, Percent, TaxMode};

/// Lines, delivery, applications and sums of an answer.
pub(super) struct Answer {
    pub(super) lines: Vec<QuotedLine>,
    pub(super) shipping: QuotedShipping,
    pub(super) applied: Vec<Application>,
    pub(super) totals: Totals,
}

/// The part of a discount that falls on a line, in minor units.
struct LineShare {
    line: usize,
    off: i64,
    units: i64,
}

impl Problem<'_> {
    pub(super) fn answer(&self, played: &Played) -> Answer {
        let basket = self.basket;
        let mut nets: Vec<i64> = basket.lines.iter().map(|line| line.list).collect();
        let mut off_shipping = 0;
        let mut applied = Vec::with_capacity(played.applied.len());
        let mut shares = Vec::with_capacity(basket.lines.len());
        for (one, of_classes) in played.shared() {
            shares_of_lines(basket, of_classes, &mut nets, &mut shares);
            off_shipping += one.shipping;
            applied.extend(self.application(one, &shares));
        }
        let taxes = taxes(basket, &nets);
        let money = |minor: i64| basket.currency.amount(minor);
        let lines = basket.lines.iter().zip(nets.iter().zip(&taxes)).map(|(line, (net, tax))| QuotedLine {
            line_no: line.line_no,
            list: money(line.list),
            discount: money(line.list - net),
            net: money(*net),
            tax: money(*tax),
        });
        let lines = lines.collect();
        let net = basket.shipping - off_shipping;
        let tax = tax_of(basket.tax_mode, net, basket.shipping_rate);
        let (list, discount) = (money(basket.shipping), money(off_shipping));
        let shipping = QuotedShipping { list, discount, net: money(net), tax: money(tax) };
        Answer { lines, shipping, applied, totals: totals(basket, &nets, &taxes, (net, tax)) }
    }

    fn application(&self, one: &Applied, shares: &[LineShare]) -> Option<Application> {
        let terms = self.terms.get(one.offer)?;
        let (rules, currency) = (terms.candidate.rules, self.basket.currency);
        let mut left = parties(one.off, &rules.funders);
        let funders = funded(currency, &rules.funders, &left);
        let share = |share: &LineShare| {
            // Each line takes from what the parties still owe, so the lines of a party sum to its part exactly.
            let parts = if left.is_empty() { Vec::new() } else { spread(share.off, &left) };
            left.iter_mut().zip(&parts).for_each(|(left, part)| *left -= part);
            Some(Share {
                line_no: self.basket.lines.get(share.line)?.line_no,
                off: currency.amount(share.off),
                units: u64::try_from(share.units).unwrap_or(0),
                funders: funded(currency, &rules.funders, &parts),
            })
        };
        let shares = shares.iter().filter_map(share).collect();
        let gift = match &rules.effect {
            Effect::Gift { sku, units } => Some(Given { sku: sku.clone(), units: *units }),
            _ => None,
        };
        Some(Application {
            offer: rules.id.clone(),
            campaign: rules.campaign.clone(),
            by: terms.candidate.by.clone(),
            off: currency.amount(one.off),
            shares,
            shipping: currency.amount(one.shipping),
            funders,
            gift,
        })
    }
}

/// What falls on classes, handed to their lines by what is left of them, ties to the lower line.
fn shares_of_lines(basket: &Basket, shares: &[ClassShare], nets: &mut [i64], out: &mut Vec<LineShare>) {
    out.clear();
    for share in shares {
        let Some(class) = basket.classes.get(share.class) else { continue };
        if let [line] = class.lines.as_slice() {
            out.push(LineShare { line: *line, off: share.off, units: share.units });
            continue;
        }
        let weights: Vec<i64> = class.lines.iter().map(|line| nets.get(*line).copied().unwrap_or(0)).collect();
        let counts: Vec<i64> =
            class.lines.iter().map(|line| basket.lines.get(*line).map_or(0, |line| line.units)).collect();
        let units = spread(share.units, &counts);
        for ((line, off), units) in class.lines.iter().zip(spread(share.off, &weights)).zip(units) {
            if off > 0 {
                out.push(LineShare { line: *line, off, units });
            }
        }
    }
    out.sort_unstable_by_key(|share| share.line);
    for share in out {
        if let Some(net) = nets.get_mut(share.line) {
            *net -= share.off;
        }
    }
}

/// What each party bears of a discount; none are named where the merchant bears it alone.
fn parties(off: i64, funders: &[Funder]) -> Vec<i64> {
    let weights: Vec<i64> = funders.iter().map(|funder| i64::from(funder.share.millionths())).collect();
    if weights.is_empty() { Vec::new() } else { spread(off, &weights) }
}

fn funded(currency: Currency, funders: &[Funder], parts: &[i64]) -> Vec<Funded> {
    let parts = funders.iter().zip(parts).filter(|(_, part)| **part != 0);
    parts.map(|(funder, part)| Funded { party: funder.party.clone(), amount: currency.amount(*part) }).collect()
}

/// The tax of an amount, in it or on top of it, rounded half away from zero.
fn tax_of(mode: TaxMode, net: i64, rate: Percent) -> i64 {
    match mode {
        TaxMode::Included => included(net, rate),
        TaxMode::Added => rate.of(net),
    }
}

/// The tax of each line. Equal lines are taxed as one and share it, so that how they are cut changes no sum.
fn taxes(basket: &Basket, nets: &[i64]) -> Vec<i64> {
    let (mut taxes, mut parts, mut keys) = (vec![0; nets.len()], Vec::new(), Vec::new());
    for class in basket.classes.iter().filter(|class| class.rate != Percent::ZERO) {
        let weights = class.lines.iter().map(|line| nets.get(*line).copied().unwrap_or(0));
        let tax = tax_of(basket.tax_mode, weights.clone().sum(), class.rate);
        parts.clear();
        spread_onto(tax, weights, &mut parts, &mut keys);
        for (line, part) in class.lines.iter().zip(&parts) {
            if let Some(slot) = taxes.get_mut(*line) {
                *slot = *part;
            }
        }
    }
    taxes
}

fn totals(basket: &Basket, nets: &[i64], taxes: &[i64], (shipping, shipping_tax): (i64, i64)) -> Totals {
    let (list, net) = (basket.list_minor(), nets.iter().sum::<i64>());
    let tax = taxes.iter().sum::<i64>() + shipping_tax;
    let total = net + shipping + if basket.tax_mode == TaxMode::Added { tax } else { 0 };
    // A tender comes last and takes nothing off: tax is what it was.
    let stored = in_turn(total, &basket.stored).iter().sum::<i64>();
    let money = |minor: i64| basket.currency.amount(minor);
    Totals {
        list: money(list),
        discount: money(list - net),
        shipping: money(shipping),
        shipping_discount: money(basket.shipping - shipping),
        tax: money(tax),
        total: money(total),
        stored_value: money(stored),
        due: money(total - stored),
    }
}
