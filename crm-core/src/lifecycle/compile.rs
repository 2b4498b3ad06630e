//! Rules made ready for use.

use super::check;
use super::rules::{LifecycleRules, OnReversal, StageTest};
use crate::value::{EventName, Fingerprint, fingerprint};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A finding about the rules: JSON pointer from the rules' own root, code, sentence.
pub type Finding = (String, String, String);

/// Rules made ready for use: checked, amounts in minor units, names resolved.
#[derive(Clone, Debug)]
pub struct Lifecycle {
    pub(super) print: Fingerprint,
    pub(super) stages: Vec<Stage>,
    /// The different tests without `any`; stages name them by position.
    pub(super) atoms: Vec<Atom>,
    pub(super) bands: Vec<BandAt>,
    /// A silence of so many days makes the next visit a return.
    pub(super) reactivated_after: Option<u32>,
    names: Vec<Name>,
    /// The different windows, in days.
    pub(super) windows: BTreeSet<u32>,
    pub(super) longest_window: u32,
    /// The longest window over orders; 0 if there is none.
    pub(super) order_window: u32,
    /// A test counts all orders ever, or their spend.
    pub(super) orders_ever: bool,
    pub(super) spend_ever: bool,
    pub(super) on_reversal: OnReversal,
    /// The stage of somebody about whom nothing is known.
    pub(super) blank: usize,
    pub(super) plain: Plain,
}

/// Name and rule of each activity that is not a band.
#[derive(Clone, Debug)]
pub(super) struct Plain {
    pub(super) new: (Arc<str>, Arc<str>),
    pub(super) active: (Arc<str>, Arc<str>),
    pub(super) reactivated: (Arc<str>, Arc<str>),
}

#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub(super) id: Arc<str>,
    pub(super) rule: Arc<str>,
    pub(super) any_of: Vec<usize>,
    pub(super) silent: bool,
}

#[derive(Clone, Debug)]
pub(super) struct BandAt {
    pub(super) id: Arc<str>,
    pub(super) rule: Arc<str>,
    pub(super) after_days: u32,
}

/// A custom event that some rule looks at.
#[derive(Clone, Debug)]
pub(super) struct Name {
    name: EventName,
    /// It ends silence.
    pub(super) visit: bool,
    /// The longest window over it; 0 if there is none.
    pub(super) window: u32,
}

/// A test without `any`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Atom {
    Always,
    Registered,
    Orders { at_least: u32, days: Option<u32> },
    Spend { at_least: i64, days: Option<u32> },
    Events { name: u32, at_least: u32, days: Option<u32> },
    Silent { band: usize },
}

impl Lifecycle {
    /// Checks the rules and makes them ready; amounts have `minor_digits` digits after the point.
    ///
    /// # Errors
    /// All findings at once: `lifecycle.no_stages`, `lifecycle.duplicate`, `lifecycle.name`, `lifecycle.bounds`, `lifecycle.amount`,
    /// `lifecycle.nested`, `lifecycle.unknown_band`, `lifecycle.bands_order`, `lifecycle.unreachable`.
    pub fn compile(rules: &LifecycleRules, minor_digits: u32) -> Result<Self, Vec<Finding>> {
        let findings = check::findings(rules, minor_digits);
        if findings.is_empty() { Ok(Self::build(rules, minor_digits)) } else { Err(findings) }
    }

    fn build(rules: &LifecycleRules, minor_digits: u32) -> Self {
        let names = names(rules);
        let mut atoms: Vec<Atom> = Vec::new();
        let mut stages = Vec::new();
        for (position, stage) in rules.stages.iter().enumerate() {
            let mut any_of = Vec::new();
            for atom in leaves(&stage.test).filter_map(|test| atom(rules, &names, minor_digits, test)) {
                any_of.push(atoms.iter().position(|known| *known == atom).unwrap_or(atoms.len()));
                if !atoms.contains(&atom) {
                    atoms.push(atom);
                }
            }
            let silent = leaves(&stage.test).any(|test| matches!(test, StageTest::Silent { .. }));
            let rule = Arc::from(format!("/stages/{position}"));
            stages.push(Stage { id: Arc::from(stage.id.as_str()), rule, any_of, silent });
        }
        let always = |stage: &Stage| stage.any_of.iter().any(|&atom| atoms.get(atom) == Some(&Atom::Always));
        let blank = stages.iter().rposition(always).unwrap_or(0);
        let band = |(position, band): (usize, &super::Band)| BandAt {
            id: Arc::from(band.id.as_str()),
            rule: Arc::from(format!("/activity/bands/{position}")),
            after_days: band.after_days,
        };
        let returns = rules.activity.bands.iter().find(|band| band.id == rules.activity.reactivated_from);
        let windows: BTreeSet<u32> = atoms.iter().filter_map(Atom::days).collect();
        let over_orders = |atom: &&Atom| matches!(atom, Atom::Orders { .. } | Atom::Spend { .. });
        Self {
            print: fingerprint(&(rules, minor_digits)),
            bands: rules.activity.bands.iter().enumerate().map(band).collect(),
            reactivated_after: returns.map(|band| band.after_days),
            longest_window: windows.last().copied().unwrap_or(0),
            order_window: atoms.iter().filter(over_orders).filter_map(Atom::days).max().unwrap_or(0),
            orders_ever: atoms.iter().any(|atom| matches!(atom, Atom::Orders { days: None, .. })),
            spend_ever: atoms.iter().any(|atom| matches!(atom, Atom::Spend { days: None, .. })),
            on_reversal: rules.on_reversal,
            stages,
            atoms,
            names,
            windows,
            blank,
            plain: Plain {
                new: ("new".into(), "/activity".into()),
                active: ("active".into(), "/activity".into()),
                reactivated: ("reactivated".into(), "/activity/reactivated_from".into()),
            },
        }
    }

    pub(super) fn name(&self, position: u32) -> Option<&Name> {
        self.names.get(usize::try_from(position).ok()?)
    }

    /// The position of a name that some rule looks at.
    pub(super) fn position(&self, name: &EventName) -> Option<u32> {
        position(&self.names, name)
    }

    pub(super) fn names_count(&self) -> usize {
        self.names.len()
    }
}

impl Atom {
    fn days(&self) -> Option<u32> {
        match *self {
            Self::Orders { days, .. } | Self::Spend { days, .. } | Self::Events { days, .. } => days,
            Self::Always | Self::Registered | Self::Silent { .. } => None,
        }
    }
}

/// The tests that a stage's test consists of.
pub(super) fn leaves(test: &StageTest) -> impl Iterator<Item = &StageTest> {
    match test {
        StageTest::Any { of } => of.iter(),
        single => std::slice::from_ref(single).iter(),
    }
}

fn position(names: &[Name], name: &EventName) -> Option<u32> {
    names.binary_search_by(|known| known.name.cmp(name)).ok().and_then(|position| u32::try_from(position).ok())
}

fn names(rules: &LifecycleRules) -> Vec<Name> {
    let mut windows: BTreeMap<&EventName, u32> = rules.activity.events.iter().map(|name| (name, 0)).collect();
    for test in rules.stages.iter().flat_map(|stage| leaves(&stage.test)) {
        if let StageTest::Events { name, within_days, .. } = test {
            let window = windows.entry(name).or_default();
            *window = (*window).max(within_days.unwrap_or(0));
        }
    }
    let visit = |name| rules.activity.events.contains(name);
    windows.into_iter().map(|(name, window)| Name { name: name.clone(), visit: visit(name), window }).collect()
}

// INVARIANT: only checked rules come here, so the fallbacks of unknown bands and amounts are never met (guarded by
// tests::every_finding_is_reported).
fn atom(rules: &LifecycleRules, names: &[Name], minor_digits: u32, test: &StageTest) -> Option<Atom> {
    Some(match test {
        StageTest::Always => Atom::Always,
        StageTest::Registered => Atom::Registered,
        StageTest::Orders { at_least, within_days } => Atom::Orders { at_least: *at_least, days: *within_days },
        StageTest::Spend { at_least, within_days } => {
            Atom::Spend { at_least: check::minor(*at_least, minor_digits)?, days: *within_days }
        }
        StageTest::Events { name, at_least, within_days } => {
            Atom::Events { name: position(names, name)?, at_least: *at_least, days: *within_days }
        }
        StageTest::Silent { band } => {
            Atom::Silent { band: rules.activity.bands.iter().position(|known| known.id == *band)? }
        }
        StageTest::Any { .. } => return None,
    })
}
