//! What the revisions of a program said about tiers and stages, and from when.

use super::document::{Document, LifecycleChoice};
use crate::tier::{Ladder, LadderRules, Timeline};
use crate::value::{Currency, LadderId, Timestamp, Zone, fingerprint};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The revisions so far, as far as tiers and stages go.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chronicle {
    timelines: BTreeMap<LadderId, Timeline>,
    last: Option<(Timestamp, Rules)>,
    /// From when stages and activity are judged as they are now.
    life_since: Option<Timestamp>,
    /// The last revision that changed how tiers or stages are judged, and its instant; none when the first one still holds.
    changed: Option<(u32, Timestamp)>,
}

/// What of a document matters to tiers and stages. The rest of an old one is not looked at.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Rules {
    revision: u32,
    zone: String,
    currencies: Vec<Currency>,
    #[serde(default)]
    tiers: Vec<LadderRules>,
    #[serde(default)]
    lifecycle: Option<LifecycleChoice>,
}

impl Rules {
    pub(super) fn of(document: &Document) -> Self {
        Self {
            revision: document.revision,
            zone: document.zone.clone(),
            currencies: document.currencies.clone(),
            tiers: document.tiers.clone(),
            lifecycle: document.lifecycle.clone(),
        }
    }

    /// The same of a document that was published before.
    ///
    /// # Errors
    /// `value.json` when it cannot be read.
    pub(crate) fn read(document: &str) -> crate::Result<Self> {
        Ok(serde_json::from_str(document)?)
    }
}

impl Chronicle {
    /// Adds a revision. The rules of the first hold from the beginning of time: history may be imported after it.
    pub(crate) fn add(&mut self, at: Timestamp, rules: Rules) {
        let first = self.last.is_none();
        let Ok(zone) = Zone::new(&rules.zone) else { return };
        let main = rules.currencies.first().copied();
        let digits = main.map_or(2, |currency| currency.digits());
        let mut changed = false;
        for ladder in &rules.tiers {
            let Ok(compiled) = Ladder::compile(ladder, digits) else { continue };
            let compiled = Some(Arc::new(compiled));
            let own = main.map_or(0, |main| stamp_of(&(ladder, main)));
            if first {
                let timeline = Timeline::new(rules.revision, zone, compiled, own);
                self.timelines.insert(ladder.id.clone(), timeline);
                continue;
            }
            let nothing = || Timeline::new(0, zone, None, 0);
            let timeline = self.timelines.entry(ladder.id.clone()).or_insert_with(nothing);
            let before = timeline.stamp();
            timeline.add(at, rules.revision, zone, compiled, stamp_of(&(before, at, own, &rules.zone)));
            changed |= timeline.stamp() != before;
        }
        for (id, timeline) in &mut self.timelines {
            if !rules.tiers.iter().any(|ladder| ladder.id == *id) {
                let before = timeline.stamp();
                timeline.add(at, rules.revision, zone, None, stamp_of(&(before, at)));
                changed |= timeline.stamp() != before;
            }
        }
        if let Some((_, last)) = &self.last {
            let digits_before = last.currencies.first().map(|currency| currency.digits());
            if last.lifecycle != rules.lifecycle || digits_before != Some(digits) || last.zone != rules.zone {
                changed = true;
                self.life_since = Some(at);
            }
        }
        if changed {
            self.changed = Some((rules.revision, at));
        }
        self.last = Some((at, rules));
    }

    pub(super) fn timeline(&self, id: &LadderId) -> Option<&Timeline> {
        self.timelines.get(id)
    }

    /// When the last revision was published.
    pub(crate) fn last_at(&self) -> Option<Timestamp> {
        self.last.as_ref().map(|(at, _)| *at)
    }

    pub(super) const fn life_since(&self) -> Option<Timestamp> {
        self.life_since
    }

    pub(super) const fn changed(&self) -> Option<(u32, Timestamp)> {
        self.changed
    }
}

pub(super) fn stamp_of(rules: &impl serde::Serialize) -> u64 {
    let print = fingerprint(rules).0;
    print.iter().take(8).fold(0, |stamp, byte| (stamp << 8) | u64::from(*byte))
}
