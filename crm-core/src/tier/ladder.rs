//! From rules to a ladder: thresholds as whole units, and every fault of the rules at once.

use super::rules::{Floor, LadderRules, Metric, RefundEffect, TierRules, Upgrade, Window};
use crate::limits::{self, GRACE_DAYS_MAX, ROLLING_DAYS_MAX, ROLLING_MONTHS_MAX, TIERS_MAX};
use crate::value::{Amount, LadderId, Period, TierId};
use std::collections::BTreeSet;

/// A fault of a document: where (a JSON pointer relative to the ladder), which code, and a sentence.
pub type Finding = (String, String, String);

/// The place of a tier, from 0 for the lowest.
pub(super) type Rank = u16;

/// One tier as the ladder judges it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) id: TierId,
    pub(super) threshold: i64,
    pub(super) retain: i64,
}

/// A compiled ladder: rules that passed every check, with thresholds in whole units of the metric.
///
/// A [`LadderState`](super::LadderState) belongs to the ladder that made it. When the rules change, a [`Timeline`](super::Timeline) hands
/// it over.
///
/// ```
/// use crm_core::tier::{Ladder, LadderRules, TierFact, TierFactKind};
/// use crm_core::value::{Timestamp, Zone};
/// let rules: LadderRules = serde_json::from_value(serde_json::json!({
///     "id": "status", "metric": {"type": "net_spend"}, "window": {"type": "calendar", "period": "year"},
///     "tiers": [{"id": "bronze", "threshold": "0"}, {"id": "gold", "threshold": "1000.00"}],
/// }))?;
/// let ladder = Ladder::compile(&rules, 2).expect("the rules are sound");
/// let at = Timestamp::parse("2025-08-01T12:00:00Z")?;
/// let kind = TierFactKind::Accrual { amount: 100_000, cause: "order 1".into() };
/// let facts = [TierFact { effective_at: at, recorded_at: at, seq: 1, kind }];
/// let mut changes = Vec::new();
/// let state = ladder.replay(Zone::UTC, at, &facts, at, &mut changes);
/// assert_eq!(ladder.current(&state).as_str(), "gold");
/// assert_eq!(ladder.status(Zone::UTC, &state).valid_through, Some("2026-12-31".parse()?));
/// assert_eq!(changes.len(), 1);
/// # Ok::<(), crm_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder {
    pub(super) id: LadderId,
    pub(super) metric: Metric,
    pub(super) window: Window,
    pub(super) upgrade: Upgrade,
    pub(super) floor: Floor,
    pub(super) grace_days: u32,
    pub(super) refund: RefundEffect,
    first: Step,
    rest: Vec<Step>,
}

impl Ladder {
    /// Compiles the rules. `minor_digits` is the number of minor digits of the program's money; only net spend uses it.
    ///
    /// # Errors
    /// All findings, in the order of the document. Their codes: `tier.empty`, `tier.too_many`, `tier.duplicate`, `tier.first_threshold`
    /// (not 0), `tier.unreachable` (not above the tier below), `tier.scale` (more digits than the metric has), `tier.range`,
    /// `tier.negative`, `tier.retain` (above the threshold), `tier.window`, `tier.grace`, `tier.benefit` (twice in one tier, or never usable).
    pub fn compile(rules: &LadderRules, minor_digits: u32) -> Result<Self, Vec<Finding>> {
        let digits = if matches!(rules.metric, Metric::NetSpend) { minor_digits } else { 0 };
        let mut check = Check { digits, findings: Vec::new() };
        check.window(rules);
        let steps = check.tiers(&rules.tiers);
        let mut steps = steps.into_iter();
        match steps.next() {
            Some(first) if check.findings.is_empty() => Ok(Self {
                id: rules.id.clone(),
                metric: rules.metric.clone(),
                window: rules.window,
                upgrade: rules.upgrade,
                floor: rules.floor,
                grace_days: rules.grace_days,
                refund: rules.refund,
                first,
                rest: steps.collect(),
            }),
            _ => Err(check.findings),
        }
    }

    /// Its name.
    #[must_use]
    pub const fn id(&self) -> &LadderId {
        &self.id
    }

    /// What it counts.
    #[must_use]
    pub const fn metric(&self) -> &Metric {
        &self.metric
    }

    /// Its tiers, from the lowest to the highest.
    pub fn tiers(&self) -> impl Iterator<Item = &TierId> {
        self.steps().map(|step| &step.id)
    }

    /// The tier that everybody holds.
    #[must_use]
    pub const fn lowest(&self) -> &TierId {
        &self.first.id
    }

    /// How high a tier stands: 0 is the lowest, which everybody holds. A name that the ladder does not have is 0, too;
    /// [`Ladder::contains`] tells.
    #[must_use]
    pub fn rank(&self, tier: &TierId) -> usize {
        self.find(tier).map_or(0, usize::from)
    }

    /// True for a tier of this ladder.
    #[must_use]
    pub fn contains(&self, tier: &TierId) -> bool {
        self.find(tier).is_some()
    }

    pub(super) fn find(&self, tier: &TierId) -> Option<Rank> {
        (0..).zip(self.steps()).find(|(_, step)| step.id == *tier).map(|(rank, _)| rank)
    }

    pub(super) fn steps(&self) -> impl DoubleEndedIterator<Item = &Step> {
        std::iter::once(&self.first).chain(&self.rest)
    }

    /// The tier of a rank; the lowest for a rank that the ladder does not have.
    pub(super) fn step(&self, rank: Rank) -> &Step {
        usize::from(rank).checked_sub(1).and_then(|above| self.rest.get(above)).unwrap_or(&self.first)
    }

    /// The tier above a rank.
    pub(super) fn above(&self, rank: Rank) -> Option<&Step> {
        self.rest.get(usize::from(rank))
    }

    /// The highest tier whose threshold is at most the metric.
    pub(super) fn reached(&self, metric: i64) -> Rank {
        (1..).zip(&self.rest).filter(|(_, step)| step.threshold <= metric).map(|(rank, _)| rank).max().unwrap_or(0)
    }

    /// The highest tier up to `top` whose retention is at most the metric.
    pub(super) fn retained(&self, top: Rank, metric: i64) -> Rank {
        (1..=top).zip(&self.rest).filter(|(_, step)| step.retain <= metric).map(|(rank, _)| rank).max().unwrap_or(0)
    }
}

struct Check {
    digits: u32,
    findings: Vec<Finding>,
}

impl Check {
    fn add(&mut self, pointer: impl Into<String>, code: &str, message: impl Into<String>) {
        self.findings.push((pointer.into(), code.to_owned(), message.into()));
    }

    fn window(&mut self, rules: &LadderRules) {
        match rules.window {
            Window::Calendar { period: Period::Day | Period::Week } => {
                self.add("/window/period", "tier.window", "a calendar window is a month, a quarter or a year");
            }
            Window::RollingDays { days } if !(1..=ROLLING_DAYS_MAX).contains(&days) => {
                self.add(
                    "/window/days",
                    "tier.window",
                    format!("`{days}` days are not within 1 to {ROLLING_DAYS_MAX}"),
                );
            }
            Window::RollingMonths { months } if !(1..=ROLLING_MONTHS_MAX).contains(&months) => {
                let message = format!("`{months}` months are not within 1 to {ROLLING_MONTHS_MAX}");
                self.add("/window/months", "tier.window", message);
            }
            _ => {}
        }
        if rules.grace_days > GRACE_DAYS_MAX {
            let message = format!("`{}` days of grace are above the limit of {GRACE_DAYS_MAX}", rules.grace_days);
            self.add("/grace_days", "tier.grace", message);
        }
    }

    fn tiers(&mut self, tiers: &[TierRules]) -> Vec<Step> {
        if tiers.is_empty() {
            self.add("/tiers", "tier.empty", "a ladder has at least one tier, with threshold 0");
        }
        if TIERS_MAX < tiers.len() {
            self.add("/tiers", "tier.too_many", format!("{} tiers are above the limit of {TIERS_MAX}", tiers.len()));
        }
        let mut seen = BTreeSet::new();
        let mut below: Option<i64> = None;
        let mut steps = Vec::new();
        for (index, tier) in tiers.iter().enumerate().take(TIERS_MAX) {
            let place = format!("/tiers/{index}");
            if !seen.insert(&tier.id) {
                self.add(format!("{place}/id"), "tier.duplicate", format!("tier `{}` stands twice", tier.id));
            }
            let threshold = self.units(&format!("{place}/threshold"), tier.threshold);
            if let Some(threshold) = threshold {
                self.order(&place, threshold, below, index == 0);
                below = Some(below.map_or(threshold, |below| below.max(threshold)));
            }
            let retain = match tier.retain {
                None => threshold,
                Some(retain) => self.units(&format!("{place}/retain"), retain),
            };
            if let (Some(threshold), Some(retain)) = (threshold, retain) {
                if threshold < retain {
                    let message = format!("tier `{}` is harder to keep than to reach", tier.id);
                    self.add(format!("{place}/retain"), "tier.retain", message);
                }
                steps.push(Step { id: tier.id.clone(), threshold, retain });
            }
            self.benefits(&place, tier);
        }
        steps
    }

    fn order(&mut self, place: &str, threshold: i64, below: Option<i64>, lowest: bool) {
        if lowest && threshold != 0 {
            let message = "the first tier is held by everybody; its threshold is 0";
            self.add(format!("{place}/threshold"), "tier.first_threshold", message);
        }
        if below.is_some_and(|below| threshold <= below) {
            let message = "the threshold is not above those of the tiers below, so one of them is never held";
            self.add(format!("{place}/threshold"), "tier.unreachable", message);
        }
    }

    fn benefits(&mut self, place: &str, tier: &TierRules) {
        let mut seen = BTreeSet::new();
        for (index, benefit) in tier.benefits.iter().enumerate() {
            if !seen.insert(&benefit.id) {
                let message = format!("benefit `{}` stands twice in tier `{}`", benefit.id, tier.id);
                self.add(format!("{place}/benefits/{index}/id"), "tier.benefit", message);
            }
            if benefit.limit.is_some_and(|limit| limit.times == 0) {
                let message = format!("benefit `{}` could never be used", benefit.id);
                self.add(format!("{place}/benefits/{index}/limit/times"), "tier.benefit", message);
            }
        }
    }

    /// Whole units of an amount of the metric.
    fn units(&mut self, pointer: &str, amount: Amount) -> Option<i64> {
        let normal = amount.decimal().normalize();
        let Some(shift) = self.digits.checked_sub(normal.scale()) else {
            let message = format!("`{amount}` has more than the {} digits of the metric", self.digits);
            self.add(pointer, "tier.scale", message);
            return None;
        };
        let units = 10_i128.checked_pow(shift).and_then(|factor| normal.mantissa().checked_mul(factor));
        let units = units.and_then(|units| i64::try_from(units).ok());
        match units.filter(|units| *units <= limits::MINOR_ABS_MAX) {
            Some(units) if units < 0 => {
                self.add(pointer, "tier.negative", format!("`{amount}` is below 0"));
                None
            }
            Some(units) => Some(units),
            None => {
                self.add(pointer, "tier.range", format!("`{amount}` is beyond the largest amount"));
                None
            }
        }
    }
}
