//! A simulation from the first member to the totals.

use super::answer::{MemberWhatIf, WhatIf, WhatIfProgress};
use super::compare::Comparison;
use super::walk::{each_customer, each_history};
use crate::decide::history::{History, Player};
use crate::engine::{Engine, invalid};
use crate::error::{Error, ErrorCode, Result};
use crate::program::{Document, Program};
use crate::value::{CustomerId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// How to simulate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WhatIfOptions {
    /// At which instant both programs are compared. Facts recorded after it do not count.
    pub at: Timestamp,
}

/// What would have been, had this program been in force all along.
///
/// Nothing is written, and the document need not have a revision above the last one. Each member is told to `each_member` once, in an order that
/// depends on the books alone. Members whose facts meet (transfers, and referrals where a program rewards them) are played together and come last;
/// only their facts are held in memory at once.
///
/// ```
/// use crm_core::{Engine, command::Request, simulate::{WhatIfOptions, what_if}, store::MemoryStore, value::Timestamp};
/// let program = |per: &str| serde_json::from_str(&r#"{ "version": 1, "program": "corner shop", "revision": 1, "zone": "UTC",
///     "currencies": ["EUR"], "points": [{ "id": "points" }],
///     "earn": [{ "id": "base", "currency": "points", "on": { "type": "order" },
///                "gives": { "type": "per_amount", "points": "1", "per": "PER" } }] }"#.replace("PER", per)).unwrap();
/// let at = Timestamp::parse("2026-03-01T10:00:00Z")?;
/// let engine = Engine::open(MemoryStore::new())?;
/// engine.publish(program("1.00"), at)?;
/// engine.execute(Request::from_json(r#"{ "request_id": "r1", "at": "2026-03-01T10:00:00Z",
///     "do": { "type": "register_customer", "customer_id": "ann" } }"#)?)?;
/// engine.execute(Request::from_json(r#"{ "request_id": "r2", "at": "2026-03-01T10:00:00Z",
///     "do": { "type": "record_order", "buyer": { "type": "customer", "id": "ann" },
///             "order": { "id": "o1", "paid_at": "2026-03-01T10:00:00Z", "currency": "EUR",
///                        "lines": [{ "sku": "coffee", "unit_price": "12.50" }] } } }"#)?)?;
/// let found = what_if(&engine, program("0.50"), WhatIfOptions { at }, &mut |_| (), &mut |_| Ok(()))?;
/// assert_eq!((found.points[0].before.balances.available.get(), found.points[0].after.balances.available.get()), (12, 25));
/// # Ok::<(), crm_core::Error>(())
/// ```
///
/// # Errors
/// `program.invalid` with all findings; `program.missing` when none is in force; `query.field` for an instant before all of history; `store.*`;
/// or what `each_member` returns.
pub fn what_if(
    engine: &Engine,
    document: Document,
    options: WhatIfOptions,
    progress: &mut dyn FnMut(&WhatIfProgress),
    each_member: &mut dyn FnMut(MemberWhatIf) -> Result<()>,
) -> Result<WhatIf> {
    let changed = Program::compile(document).map_err(|findings| invalid(&findings))?;
    run(engine, &changed, options, progress, each_member)
}

/// As [`what_if`], with the program as JSON text.
///
/// # Errors
/// As there.
pub fn what_if_json(
    engine: &Engine,
    text: &str,
    options: WhatIfOptions,
    progress: &mut dyn FnMut(&WhatIfProgress),
    each_member: &mut dyn FnMut(MemberWhatIf) -> Result<()>,
) -> Result<WhatIf> {
    let changed = Program::from_json(text).map_err(|findings| invalid(&findings))?;
    run(engine, &changed, options, progress, each_member)
}

/// Members between two reports of progress.
const STEP: u64 = 1_000;

/// The two programs over one set of facts.
struct Both<'p, 'c> {
    before: Player<'p>,
    after: Player<'p>,
    at: Timestamp,
    comparison: Comparison<'p>,
    progress: &'c mut dyn FnMut(&WhatIfProgress),
    each_member: &'c mut dyn FnMut(MemberWhatIf) -> Result<()>,
}

fn run(
    engine: &Engine,
    changed: &Program,
    options: WhatIfOptions,
    progress: &mut dyn FnMut(&WhatIfProgress),
    each_member: &mut dyn FnMut(MemberWhatIf) -> Result<()>,
) -> Result<WhatIf> {
    let (in_force, at) = (engine.program()?, options.at);
    let mut referrals: BTreeMap<CustomerId, BTreeSet<CustomerId>> = BTreeMap::new();
    if in_force.rewards_referrals() || changed.rewards_referrals() {
        each_customer(engine, &mut |customer| {
            if let Some(referrer) = &customer.record()?.referred_by {
                referrals.entry(customer.id.clone()).or_default().insert(referrer.clone());
                referrals.entry(referrer.clone()).or_default().insert(customer.id.clone());
            }
            Ok(())
        })?;
    }
    let mut both = Both {
        before: Player::new(&in_force)?,
        after: Player::new(changed)?,
        at,
        comparison: Comparison::new(&in_force, changed, at),
        progress,
        each_member,
    };
    let mut together: BTreeMap<CustomerId, History> = BTreeMap::new();
    let mut begins: Option<Timestamp> = None;
    each_history(engine, &in_force, at, &mut |mut history, first| {
        begins = begins.into_iter().chain(first).min();
        if let Some(others) = referrals.get(&history.id) {
            history.meets.extend(others.iter().cloned());
        }
        if history.meets.is_empty() {
            return both.play(&[&history]);
        }
        together.insert(history.id.clone(), history);
        Ok(())
    })?;
    for group in groups(&together) {
        both.play(&group)?;
    }
    let Both { comparison, progress, .. } = both;
    let (members, orders) = comparison.so_far();
    if let Some(first) = begins.filter(|_| members == 0).filter(|first| at < *first) {
        let message = format!("`{at}` is before `{first}`, where history begins");
        return Err(Error::new(ErrorCode::QueryField, message).field("at").with("first", first));
    }
    progress(&WhatIfProgress { members, orders });
    Ok(comparison.finish())
}

impl Both<'_, '_> {
    fn play(&mut self, histories: &[&History]) -> Result<()> {
        let before = self.before.play(histories, self.at)?;
        let after = self.after.play(histories, self.at)?;
        for ((history, before), after) in histories.iter().zip(&before).zip(&after) {
            let Some(row) = self.comparison.add(history, before, after)? else { continue };
            (self.each_member)(row)?;
            let (members, orders) = self.comparison.so_far();
            if members.is_multiple_of(STEP) {
                (self.progress)(&WhatIfProgress { members, orders });
            }
        }
        Ok(())
    }
}

/// Customers whose facts meet, directly or through others.
fn groups(histories: &BTreeMap<CustomerId, History>) -> Vec<Vec<&History>> {
    let mut meets: BTreeMap<&CustomerId, BTreeSet<&CustomerId>> = BTreeMap::new();
    for history in histories.values() {
        for other in &history.meets {
            meets.entry(&history.id).or_default().insert(other);
            meets.entry(other).or_default().insert(&history.id);
        }
    }
    let mut seen: BTreeSet<&CustomerId> = BTreeSet::new();
    let mut groups = Vec::new();
    for id in histories.keys() {
        let mut group = BTreeSet::new();
        let mut todo = vec![id];
        while let Some(id) = todo.pop() {
            if seen.insert(id) {
                group.insert(id);
                todo.extend(meets.get(id).into_iter().flatten().copied());
            }
        }
        let members: Vec<&History> = group.into_iter().filter_map(|id| histories.get(id)).collect();
        if !members.is_empty() {
            groups.push(members);
        }
    }
    groups
}
