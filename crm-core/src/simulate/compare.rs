//! One member before and after, and the sum over all.

use super::answer::{
    LadderTotals, MemberPoints, MemberStage, MemberTier, MemberWhatIf, PointsSide, PointsTotals, Stage, StageMove,
    TierMove, WhatIfTotals,
};
use crate::decide::history::{Deed, History, Played};
use crate::error::{Error, ErrorCode, Result};
use crate::points::Balances;
use crate::program::Program;
use crate::value::{Currency, LadderId, Money, OrderId, PointCurrency, Points, TierId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// The tier before and the tier after.
type Moved = (Option<TierId>, Option<TierId>);

/// What is compared: the currencies and ladders of both programs, and the sums so far.
pub(super) struct Comparison<'p> {
    before: &'p Program,
    after: &'p Program,
    currencies: Vec<PointCurrency>,
    ladders: Vec<LadderId>,
    sides: Vec<(PointsSide, PointsSide)>,
    tiers: Vec<BTreeMap<Moved, u64>>,
    stages: BTreeMap<(Option<Stage>, Option<Stage>), u64>,
    discounts: BTreeMap<Currency, i64>,
    total: WhatIfTotals,
}

/// Those of the first list, then those of the second that are new.
fn both<T: Clone + PartialEq>(one: impl Iterator<Item = T>, other: impl Iterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = one.collect();
    for item in other {
        if !all.contains(&item) {
            all.push(item);
        }
    }
    all
}

impl<'p> Comparison<'p> {
    pub(super) fn new(before: &'p Program, after: &'p Program, at: Timestamp) -> Self {
        let ids = |program: &'p Program| program.point_currencies().iter().map(|rules| rules.id.clone());
        let names = |program: &'p Program| program.ladders().iter().map(|ladder| ladder.id().clone());
        let (currencies, ladders) = (both(ids(before), ids(after)), both(names(before), names(after)));
        Self {
            before,
            after,
            sides: currencies.iter().map(|_| Default::default()).collect(),
            tiers: ladders.iter().map(|_| BTreeMap::new()).collect(),
            currencies,
            ladders,
            stages: BTreeMap::new(),
            discounts: BTreeMap::new(),
            total: WhatIfTotals {
                at,
                revision_before: before.revision(),
                revision_after: after.revision(),
                members: 0,
                affected: 0,
                orders: 0,
                points: Vec::new(),
                ladders: Vec::new(),
                stages: Vec::new(),
                discounts: Vec::new(),
                coupons_before: 0,
                coupons_after: 0,
                left_out_before: 0,
                left_out_after: 0,
                unlike_books: 0,
            },
        }
    }

    /// Adds a member to the sums; none for somebody who was not registered yet.
    pub(super) fn add(&mut self, history: &History, before: &Played, after: &Played) -> Result<Option<MemberWhatIf>> {
        if before.customer.is_none() && after.customer.is_none() {
            return Ok(None);
        }
        let mut row = MemberWhatIf {
            customer_id: history.id.clone(),
            affected: false,
            orders: 0,
            points: Vec::with_capacity(self.currencies.len()),
            tiers: Vec::with_capacity(self.ladders.len()),
            stage: None,
            coupons_before: before.coupons,
            coupons_after: after.coupons,
        };
        for (currency, (sum_before, sum_after)) in self.currencies.iter().zip(&mut self.sides) {
            let (before, after) = (side(before, currency)?, side(after, currency)?);
            *sum_before = plus(sum_before, &before)?;
            *sum_after = plus(sum_after, &after)?;
            row.points.push(MemberPoints { currency: currency.clone(), before, after });
        }
        for (ladder, moves) in self.ladders.iter().zip(&mut self.tiers) {
            let (before, after) = (tier(self.before, before, ladder)?, tier(self.after, after, ladder)?);
            *moves.entry((before.clone(), after.clone())).or_default() += 1;
            row.tiers.push(MemberTier { ladder: ladder.clone(), before, after });
        }
        let stage = MemberStage { before: stage(self.before, before)?, after: stage(self.after, after)? };
        if stage.before.is_some() || stage.after.is_some() {
            *self.stages.entry((stage.before.clone(), stage.after.clone())).or_default() += 1;
            row.stage = Some(stage);
        }
        row.orders = self.orders(history);
        row.affected = row.points.iter().any(|points| points.before != points.after)
            || row.tiers.iter().any(|tier| tier.before != tier.after)
            || row.stage.as_ref().is_some_and(|stage| stage.before != stage.after)
            || row.coupons_before != row.coupons_after;
        let total = &mut self.total;
        total.members += 1;
        total.affected += u64::from(row.affected);
        total.orders += row.orders;
        total.coupons_before += before.coupons;
        total.coupons_after += after.coupons;
        total.left_out_before += before.left_out;
        total.left_out_after += after.left_out;
        total.unlike_books += u64::from(before.differs);
        Ok(Some(row))
    }

    /// Counts orders, and adds up the discounts of those that were not cancelled.
    fn orders(&mut self, history: &History) -> u64 {
        let mut orders = 0;
        let mut gone: BTreeSet<&OrderId> = BTreeSet::new();
        for fact in history.facts.iter().rev() {
            match &fact.deed {
                Deed::TakenOut { order, .. } => drop(gone.insert(order)),
                Deed::Order(place) => {
                    orders += 1;
                    let Some(told) = history.orders.get(*place) else { continue };
                    let order = &told.record;
                    let lines: i64 = order.lines().iter().map(|line| line.discount_minor).sum();
                    let minor = lines.saturating_add(order.discount_minor());
                    // An order that comes again after it was taken out counts again.
                    if !gone.remove(order.id()) && minor != 0 {
                        let sum = self.discounts.entry(order.currency()).or_default();
                        *sum = sum.saturating_add(minor);
                    }
                }
                _ => {}
            }
        }
        orders
    }

    /// Members so far, and their orders.
    pub(super) fn so_far(&self) -> (u64, u64) {
        (self.total.members, self.total.orders)
    }

    pub(super) fn finish(self) -> WhatIfTotals {
        let (before, after) = (self.before, self.after);
        let points = self.currencies.into_iter().zip(self.sides).map(|(currency, (one, other))| PointsTotals {
            liability_before: worth(before, &currency, outstanding(&one.balances)),
            liability_after: worth(after, &currency, outstanding(&other.balances)),
            cost_before: worth(before, &currency, given(&one.balances)),
            cost_after: worth(after, &currency, given(&other.balances)),
            currency,
            before: one,
            after: other,
        });
        let ladders = self.ladders.into_iter().zip(self.tiers).map(|(ladder, counts)| {
            let places = (places(before, &ladder), places(after, &ladder));
            let mut moves: Vec<TierMove> =
                counts.into_iter().map(|((before, after), members)| TierMove { before, after, members }).collect();
            let place =
                |tiers: &[TierId], tier: &Option<TierId>| tiers.iter().position(|known| Some(known) == tier.as_ref());
            moves.sort_by_key(|one| (place(&places.0, &one.before), place(&places.1, &one.after)));
            LadderTotals { ladder, moves }
        });
        let stages =
            self.stages.into_iter().map(|((before, after), members)| StageMove { before, after, members }).collect();
        let discounts = self.discounts.into_iter().map(|(currency, minor)| currency.money(minor)).collect();
        WhatIfTotals { points: points.collect(), ladders: ladders.collect(), stages, discounts, ..self.total }
    }
}

fn outstanding(balances: &Balances) -> Points {
    balances.total()
}

/// What was given and not taken back.
fn given(balances: &Balances) -> Points {
    balances.issued.minus(balances.revoked).unwrap_or(Points::ZERO)
}

fn worth(program: &Program, currency: &PointCurrency, points: Points) -> Option<Money> {
    let value = program.point_currency(currency)?.value?;
    Some(program.main_currency().worth_of(points, value))
}

/// The tiers of a ladder, the lowest first.
fn places(program: &Program, ladder: &LadderId) -> Vec<TierId> {
    let rules = program.document().tiers.iter().find(|rules| rules.id == *ladder);
    rules.map_or_else(Vec::new, |rules| rules.tiers.iter().map(|tier| tier.id.clone()).collect())
}

fn side(played: &Played, currency: &PointCurrency) -> Result<PointsSide> {
    let accounts = played.customer.as_ref().map(|customer| &customer.state.accounts);
    let account = accounts.and_then(|accounts| accounts.iter().find(|account| account.currency == *currency));
    let mine = played.uncovered.iter().filter(|uncovered| uncovered.currency == *currency);
    let uncovered = mine.map(|uncovered| uncovered.points).try_fold(Points::ZERO, Points::plus)?;
    Ok(PointsSide { balances: account.map(|account| account.balances).unwrap_or_default(), uncovered })
}

fn plus(one: &PointsSide, other: &PointsSide) -> Result<PointsSide> {
    let sum = || {
        Ok(PointsSide {
            balances: one.balances.plus(&other.balances)?,
            uncovered: one.uncovered.plus(other.uncovered)?,
        })
    };
    sum().map_err(|_: Error| {
        Error::new(ErrorCode::PointsRange, "the points of all members are more than can be counted")
    })
}

fn tier(program: &Program, played: &Played, ladder: &LadderId) -> Result<Option<TierId>> {
    let Some(customer) = played.customer.as_ref().filter(|_| program.ladder(ladder).is_some()) else { return Ok(None) };
    let standing = customer.state.standing.get()?;
    Ok(standing.ladders.iter().find(|slot| slot.ladder == *ladder).map(|slot| slot.told.clone()))
}

fn stage(program: &Program, played: &Played) -> Result<Option<Stage>> {
    let Some(customer) = played.customer.as_ref().filter(|_| program.lifecycle().is_some()) else { return Ok(None) };
    let life = customer.state.standing.get()?.life.as_ref();
    Ok(life.map(|slot| Stage { stage: slot.told_stage.clone(), activity: slot.told_activity.clone() }))
}
