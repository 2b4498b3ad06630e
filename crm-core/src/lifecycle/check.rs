//! What can be wrong with the rules.

use super::compile::{Finding, leaves};
use super::rules::{LifecycleRules, StageTest};
use crate::limits::{
    self, ACTIVITY_EVENTS_MAX, BANDS_MAX, LIFECYCLE_DAYS_MAX, STAGE_ANY_MAX, STAGE_COUNT_MAX, STAGES_MAX,
};
use crate::value::Amount;

/// Names of activities that are not bands.
const RESERVED: [&str; 3] = ["new", "active", "reactivated"];

struct Check<'a> {
    rules: &'a LifecycleRules,
    minor_digits: u32,
    findings: Vec<Finding>,
}

/// Everything that is wrong, in the order of the document.
pub(super) fn findings(rules: &LifecycleRules, minor_digits: u32) -> Vec<Finding> {
    let mut check = Check { rules, minor_digits, findings: Vec::new() };
    check.stages();
    check.activity();
    check.findings
}

/// Whole minor units of an amount, if it is exact and in range.
pub(super) fn minor(amount: Amount, digits: u32) -> Option<i64> {
    let normal = amount.decimal().normalize();
    let shift = digits.checked_sub(normal.scale())?;
    let units = normal.mantissa().checked_mul(10_i128.checked_pow(shift)?)?;
    i64::try_from(units).ok().filter(|units| units.unsigned_abs() <= limits::MINOR_ABS_MAX.unsigned_abs())
}

impl Check<'_> {
    fn add(&mut self, pointer: impl Into<String>, code: &str, message: impl Into<String>) {
        self.findings.push((pointer.into(), format!("lifecycle.{code}"), message.into()));
    }

    fn within(&mut self, pointer: String, what: &str, number: usize, max: usize) {
        if !(1..=max).contains(&number) {
            self.add(pointer, "bounds", format!("{what} is {number}; 1 to {max} is allowed"));
        }
    }

    fn days(&mut self, pointer: String, days: u32) {
        if !(1..=LIFECYCLE_DAYS_MAX).contains(&days) {
            self.add(pointer, "bounds", format!("{days} days; 1 to {LIFECYCLE_DAYS_MAX} are allowed"));
        }
    }

    fn name(&mut self, pointer: String, id: &str) {
        let shown = limits::quote(id);
        if id.is_empty() || id.trim() != id || id.chars().any(char::is_control) {
            self.add(pointer, "name", format!("`{shown}` is empty, has blanks around it or a control character"));
        } else if id.len() > limits::ID_BYTES_MAX {
            self.add(pointer, "name", format!("`{shown}` is longer than {} bytes", limits::ID_BYTES_MAX));
        }
    }

    fn stages(&mut self) {
        let rules = self.rules;
        if rules.stages.is_empty() {
            self.add("/stages", "no_stages", "a lifecycle needs at least one stage");
        } else {
            self.within("/stages".to_owned(), "the number of stages", rules.stages.len(), STAGES_MAX);
        }
        for (position, stage) in rules.stages.iter().enumerate() {
            let pointer = format!("/stages/{position}");
            self.name(format!("{pointer}/id"), &stage.id);
            if rules.stages.iter().take(position).any(|earlier| earlier.id == stage.id) {
                let id = limits::quote(&stage.id);
                self.add(format!("{pointer}/id"), "duplicate", format!("the stage `{id}` is there already"));
            }
            self.test(&format!("{pointer}/test"), &stage.test);
            self.reachable(pointer, position);
        }
    }

    fn test(&mut self, pointer: &str, test: &StageTest) {
        if let StageTest::Any { of } = test {
            self.within(format!("{pointer}/of"), "the number of tests", of.len(), STAGE_ANY_MAX);
            for (position, leaf) in of.iter().enumerate() {
                self.leaf(&format!("{pointer}/of/{position}"), leaf);
            }
        } else {
            self.leaf(pointer, test);
        }
    }

    fn leaf(&mut self, pointer: &str, test: &StageTest) {
        let within_days = match test {
            StageTest::Always | StageTest::Registered => None,
            StageTest::Orders { at_least, within_days } | StageTest::Events { at_least, within_days, .. } => {
                if !(1..=STAGE_COUNT_MAX).contains(at_least) {
                    let message = format!("at least {at_least}; 1 to {STAGE_COUNT_MAX} is allowed");
                    self.add(format!("{pointer}/at_least"), "bounds", message);
                }
                *within_days
            }
            StageTest::Spend { at_least, within_days } => {
                if minor(*at_least, self.minor_digits).is_none_or(|minor| minor <= 0) {
                    let digits = self.minor_digits;
                    let message = format!("`{at_least}` is not an amount above zero with at most {digits} digits");
                    self.add(format!("{pointer}/at_least"), "amount", message);
                }
                *within_days
            }
            StageTest::Silent { band } => {
                self.band(format!("{pointer}/band"), band);
                None
            }
            StageTest::Any { .. } => {
                self.add(pointer, "nested", "`any` holds plain tests only; put them all into the outer one");
                None
            }
        };
        if let Some(days) = within_days {
            self.days(format!("{pointer}/within_days"), days);
        }
    }

    fn band(&mut self, pointer: String, band: &str) {
        if !self.rules.activity.bands.iter().any(|known| known.id == band) {
            self.add(pointer, "unknown_band", format!("no band of silence is called `{}`", limits::quote(band)));
        }
    }

    fn reachable(&mut self, pointer: String, position: usize) {
        let rules = self.rules;
        let Some(stage) = rules.stages.get(position) else { return };
        // Everybody is at least in the first stage, whatever its test says.
        let test = if position == 0 { &StageTest::Always } else { &stage.test };
        let further = rules.stages.iter().skip(position + 1).find(|further| implies(rules, test, &further.test));
        if let Some(further) = further {
            let (id, further) = (limits::quote(&stage.id), limits::quote(&further.id));
            let message = format!("`{id}` can never be reached: whenever it holds, the further `{further}` holds too");
            self.add(pointer, "unreachable", message);
        }
    }

    fn activity(&mut self) {
        let rules = self.rules;
        let bands = &rules.activity.bands;
        if bands.len() > BANDS_MAX {
            self.within("/activity/bands".to_owned(), "the number of bands", bands.len(), BANDS_MAX);
        }
        let mut before = None;
        for (position, band) in bands.iter().enumerate() {
            let pointer = format!("/activity/bands/{position}");
            self.name(format!("{pointer}/id"), &band.id);
            if RESERVED.contains(&band.id.as_str()) {
                self.add(format!("{pointer}/id"), "name", format!("`{}` is an activity of its own", band.id));
            }
            if bands.iter().take(position).any(|earlier| earlier.id == band.id) {
                let id = limits::quote(&band.id);
                self.add(format!("{pointer}/id"), "duplicate", format!("the band `{id}` is there already"));
            }
            self.days(format!("{pointer}/after_days"), band.after_days);
            if before.is_some_and(|before| band.after_days <= before) {
                let message = format!("{} days are not more than those of the band before it", band.after_days);
                self.add(format!("{pointer}/after_days"), "bands_order", message);
            }
            before = Some(band.after_days);
        }
        if !bands.is_empty() {
            self.band("/activity/reactivated_from".to_owned(), &rules.activity.reactivated_from);
        }
        if rules.activity.events.len() > ACTIVITY_EVENTS_MAX {
            let number = rules.activity.events.len();
            self.within("/activity/events".to_owned(), "the number of events", number, ACTIVITY_EVENTS_MAX);
        }
    }
}

/// Whether the second test certainly holds whenever the first does.
fn implies(rules: &LifecycleRules, first: &StageTest, second: &StageTest) -> bool {
    let mut causes = leaves(first).peekable();
    causes.peek().is_some() && causes.all(|cause| leaves(second).any(|effect| leaf_implies(rules, cause, effect)))
}

fn leaf_implies(rules: &LifecycleRules, first: &StageTest, second: &StageTest) -> bool {
    let band = |id: &str| rules.activity.bands.iter().position(|band| band.id == id);
    match (first, second) {
        (_, StageTest::Always) | (StageTest::Registered, StageTest::Registered) => true,
        (
            StageTest::Orders { at_least: more, within_days: shorter },
            StageTest::Orders { at_least: less, within_days: longer },
        ) => less <= more && covers(*shorter, *longer),
        (
            StageTest::Spend { at_least: more, within_days: shorter },
            StageTest::Spend { at_least: less, within_days: longer },
        ) => less <= more && covers(*shorter, *longer),
        (
            StageTest::Events { name, at_least: more, within_days: shorter },
            StageTest::Events { name: same, at_least: less, within_days: longer },
        ) => name == same && less <= more && covers(*shorter, *longer),
        (StageTest::Silent { band: later }, StageTest::Silent { band: earlier }) => {
            band(earlier).is_some_and(|earlier| band(later).is_some_and(|later| earlier <= later))
        }
        _ => false,
    }
}

/// Whether everything inside the first window is inside the second.
fn covers(shorter: Option<u32>, longer: Option<u32>) -> bool {
    match (shorter, longer) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(shorter), Some(longer)) => shorter <= longer,
    }
}
