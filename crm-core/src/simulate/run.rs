//! A simulation from the first member to the totals.

use super::answer::{MemberWhatIf, WhatIfProgress, WhatIfTotals};
use super::compare::Comparison;
use super::walk::{each_customer, each_history};
use crate::decide::history::{History, Player};
use crate::engine::{Engine, ProgressAnswer, heeded, invalid};
use crate::error::{Error, ErrorCode, Result};
use crate::program::{Document, Program};
use crate::value::{CustomerId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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
/// `program.invalid` with all findings; `program.missing` when none is in force; `query.field` for an instant before all of history; `stopped`
/// where `progress` says so; `store.*`; or what `each_member` returns.
pub fn what_if<A: ProgressAnswer>(
    engine: &Engine,
    document: Document,
    options: WhatIfOptions,
    progress: &mut dyn FnMut(&WhatIfProgress) -> A,
    each_member: &mut dyn FnMut(MemberWhatIf) -> Result<()>,
) -> Result<WhatIfTotals> {
    let changed = Program::compile(document).map_err(|findings| invalid(&findings))?;
    run(engine, &changed, options, progress, each_member)
}

/// As [`what_if`], with the program as JSON text.
///
/// # Errors
/// As there.
pub fn what_if_json<A: ProgressAnswer>(
    engine: &Engine,
    text: &str,
    options: WhatIfOptions,
    progress: &mut dyn FnMut(&WhatIfProgress) -> A,
    each_member: &mut dyn FnMut(MemberWhatIf) -> Result<()>,
) -> Result<WhatIfTotals> {
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
    progress: &'c mut dyn FnMut(&WhatIfProgress) -> Result<()>,
    each_member: &'c mut dyn FnMut(MemberWhatIf) -> Result<()>,
}

fn run<A: ProgressAnswer>(
    engine: &Engine,
    changed: &Program,
    options: WhatIfOptions,
    progress: &mut dyn FnMut(&WhatIfProgress) -> A,
    each_member: &mut dyn FnMut(MemberWhatIf) -> Result<()>,
) -> Result<WhatIfTotals> {
    let (in_force, at) = (alone(engine)?, options.at);
    let mut told = heeded(progress);
    let mut both = Both::new(&in_force, changed, at, &mut told, each_member)?;
    let referrals = if both.rewards_referrals() { Referrals::read(engine)? } else { Referrals::default() };
    let mut together: BTreeMap<CustomerId, History> = BTreeMap::new();
    let mut begins: Option<Timestamp> = None;
    each_history(engine, &in_force, at, &mut |history, first| {
        begins = begins.into_iter().chain(first).min();
        if history.meets.is_empty() && !referrals.0.contains_key(&history.id) {
            return both.play(&[&history]);
        }
        together.insert(history.id.clone(), history);
        Ok(())
    })?;
    let together = together.iter().collect();
    both.finish(&together, &referrals, begins)
}

/// The program in force as if there had never been another.
fn alone(engine: &Engine) -> Result<Arc<Program>> {
    let document = engine.program()?.document().clone();
    Ok(Arc::new(Program::compile(document).map_err(|findings| invalid(&findings))?))
}

/// The facts of everybody up to an instant, in memory: read once, to try many programs on.
///
/// ```
/// # use crm_core::{Engine, simulate::{Histories, WhatIfOptions}, store::MemoryStore, value::Timestamp};
/// # let at = Timestamp::parse("2026-03-01T10:00:00Z")?;
/// # let engine = Engine::open(MemoryStore::new())?;
/// # engine.publish_json(r#"{ "version": 1, "program": "corner shop", "revision": 1, "zone": "UTC", "currencies": ["EUR"] }"#, at)?;
/// let histories = Histories::read(&engine, WhatIfOptions { at })?;
/// let unchanged = engine.program()?.document().clone();
/// assert_eq!(histories.what_if(unchanged, &mut |_| (), &mut |_| Ok(()))?.affected, 0);
/// # Ok::<(), crm_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Histories {
    in_force: Arc<Program>,
    at: Timestamp,
    all: Vec<History>,
    referrals: Referrals,
    begins: Option<Timestamp>,
}

impl Histories {
    /// Reads the facts of everybody up to an instant; the program in force stays the one of now.
    ///
    /// # Errors
    /// `program.missing`, `store.*`.
    pub fn read(engine: &Engine, options: WhatIfOptions) -> Result<Self> {
        let (in_force, at) = (alone(engine)?, options.at);
        let (mut all, mut begins) = (Vec::new(), None);
        each_history(engine, &in_force, at, &mut |history, first| {
            begins = begins.into_iter().chain(first).min();
            all.push(history);
            Ok(())
        })?;
        Ok(Self { referrals: Referrals::read(engine)?, in_force, at, all, begins })
    }

    /// As [`what_if`], on these facts.
    ///
    /// # Errors
    /// `program.invalid`, `query.field`, or what `each_member` returns.
    pub fn what_if<A: ProgressAnswer>(
        &self,
        document: Document,
        progress: &mut dyn FnMut(&WhatIfProgress) -> A,
        each_member: &mut dyn FnMut(MemberWhatIf) -> Result<()>,
    ) -> Result<WhatIfTotals> {
        self.run(&Program::compile(document).map_err(|findings| invalid(&findings))?, progress, each_member)
    }

    /// The same, with the program as JSON text.
    ///
    /// # Errors
    /// As there.
    pub fn what_if_json<A: ProgressAnswer>(
        &self,
        text: &str,
        progress: &mut dyn FnMut(&WhatIfProgress) -> A,
        each_member: &mut dyn FnMut(MemberWhatIf) -> Result<()>,
    ) -> Result<WhatIfTotals> {
        self.run(&Program::from_json(text).map_err(|findings| invalid(&findings))?, progress, each_member)
    }

    fn run<A: ProgressAnswer>(
        &self,
        changed: &Program,
        progress: &mut dyn FnMut(&WhatIfProgress) -> A,
        each_member: &mut dyn FnMut(MemberWhatIf) -> Result<()>,
    ) -> Result<WhatIfTotals> {
        let mut told = heeded(progress);
        let mut both = Both::new(&self.in_force, changed, self.at, &mut told, each_member)?;
        let nobody = Referrals::default();
        let referrals = if both.rewards_referrals() { &self.referrals } else { &nobody };
        let mut together = BTreeMap::new();
        for history in &self.all {
            if history.meets.is_empty() && !referrals.0.contains_key(&history.id) {
                both.play(&[history])?;
            } else {
                together.insert(&history.id, history);
            }
        }
        both.finish(&together, referrals, self.begins)
    }
}

/// Who brought whom, from both sides.
#[derive(Debug, Default)]
struct Referrals(BTreeMap<CustomerId, BTreeSet<CustomerId>>);

impl Referrals {
    fn read(engine: &Engine) -> Result<Self> {
        let mut referrals: BTreeMap<CustomerId, BTreeSet<CustomerId>> = BTreeMap::new();
        each_customer(engine, &mut |customer| {
            if let Some(referrer) = &customer.record()?.referred_by {
                referrals.entry(customer.id.clone()).or_default().insert(referrer.clone());
                referrals.entry(referrer.clone()).or_default().insert(customer.id.clone());
            }
            Ok(())
        })?;
        Ok(Self(referrals))
    }
}

impl<'p, 'c> Both<'p, 'c> {
    fn new(
        in_force: &'p Program,
        changed: &'p Program,
        at: Timestamp,
        progress: &'c mut dyn FnMut(&WhatIfProgress) -> Result<()>,
        each_member: &'c mut dyn FnMut(MemberWhatIf) -> Result<()>,
    ) -> Result<Self> {
        let (before, after) = (Player::new(in_force)?, Player::new(changed)?);
        Ok(Self { before, after, at, comparison: Comparison::new(in_force, changed, at), progress, each_member })
    }

    fn rewards_referrals(&self) -> bool {
        self.before.program().rewards_referrals() || self.after.program().rewards_referrals()
    }

    /// Plays those whose facts meet, and sums up.
    fn finish(
        mut self,
        together: &BTreeMap<&CustomerId, &History>,
        referrals: &Referrals,
        begins: Option<Timestamp>,
    ) -> Result<WhatIfTotals> {
        for group in groups(together, referrals) {
            self.play(&group)?;
        }
        let (members, orders) = self.comparison.so_far();
        if let Some(first) = begins.filter(|first| members == 0 && self.at < *first) {
            let message = format!("`{}` is before `{first}`, where history begins", self.at);
            return Err(Error::new(ErrorCode::QueryField, message).field("at").with("first", first));
        }
        (self.progress)(&WhatIfProgress { members, orders })?;
        Ok(self.comparison.finish())
    }

    fn play(&mut self, histories: &[&History]) -> Result<()> {
        let before = self.before.play(histories, self.at)?;
        let after = self.after.play(histories, self.at)?;
        for ((history, before), after) in histories.iter().zip(&before).zip(&after) {
            let Some(row) = self.comparison.add(history, before, after)? else { continue };
            (self.each_member)(row)?;
            let (members, orders) = self.comparison.so_far();
            if members.is_multiple_of(STEP) {
                (self.progress)(&WhatIfProgress { members, orders })?;
            }
        }
        Ok(())
    }
}

/// Customers whose facts meet, directly or through others.
fn groups<'h>(histories: &BTreeMap<&'h CustomerId, &'h History>, referrals: &'h Referrals) -> Vec<Vec<&'h History>> {
    let mut meets: BTreeMap<&CustomerId, BTreeSet<&CustomerId>> = BTreeMap::new();
    for history in histories.values() {
        for other in history.meets.iter().chain(referrals.0.get(&history.id).into_iter().flatten()) {
            meets.entry(&history.id).or_default().insert(other);
            meets.entry(other).or_default().insert(&history.id);
        }
    }
    let mut seen: BTreeSet<&CustomerId> = BTreeSet::new();
    let mut groups = Vec::new();
    for id in histories.keys().copied() {
        let mut group = BTreeSet::new();
        let mut todo = vec![id];
        while let Some(id) = todo.pop() {
            if seen.insert(id) {
                group.insert(id);
                todo.extend(meets.get(id).into_iter().flatten().copied());
            }
        }
        let members: Vec<&History> = group.into_iter().filter_map(|id| histories.get(id).copied()).collect();
        if !members.is_empty() {
            groups.push(members);
        }
    }
    groups
}
