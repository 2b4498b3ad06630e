//! What the revisions of a program said about tiers and stages, and from when.

use super::document::{Document, LifecycleChoice};
use crate::lifecycle::{LifeState, Lifecycle, LifecycleRules, preset};
use crate::tier::{Ladder, LadderRules, Timeline};
use crate::value::{Currency, LadderId, Timestamp, Zone, fingerprint};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The revisions so far, as far as tiers and stages go.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chronicle {
    timelines: BTreeMap<LadderId, Timeline>,
    /// When the last one was published.
    last_at: Option<Timestamp>,
    /// The rules of stages and activity, and from when; the first from the beginning of time.
    lives: Vec<(Timestamp, Zone, Option<Arc<Lifecycle>>)>,
    /// The last revision that changed how tiers or stages are judged, and its instant; none when the first one still holds.
    changed: Option<(u32, Timestamp)>,
}

/// What of a document matters to tiers and stages. The rest of an old one is not looked at.
#[derive(Debug, Deserialize)]
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
    pub(crate) fn add(&mut self, at: Timestamp, rules: &Rules) {
        let first = self.last_at.is_none();
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
        let life = |rules: &LifecycleRules| Lifecycle::compile(rules, digits).ok().map(Arc::new);
        let life = match &rules.lifecycle {
            Some(LifecycleChoice::Rules { rules }) => life(rules),
            Some(LifecycleChoice::Preset { name }) => preset(name).as_ref().and_then(life),
            None => None,
        };
        let stamp = |life: &Option<Arc<Lifecycle>>| life.as_ref().map(|life| life.stamp());
        let same = |(_, known, last): &(Timestamp, Zone, _)| stamp(last) == stamp(&life) && *known == zone;
        if !self.lives.last().is_some_and(same) {
            changed |= !first;
            self.lives.push((if first { Timestamp::MIN } else { at }, zone, life));
        }
        if changed {
            self.changed = Some((rules.revision, at));
        }
        self.last_at = Some(at);
    }

    pub(super) fn timeline(&self, id: &LadderId) -> Option<&Timeline> {
        self.timelines.get(id)
    }

    /// When the last revision was published.
    pub(crate) const fn last_at(&self) -> Option<Timestamp> {
        self.last_at
    }

    /// From when stages and activity are judged as they are now; none when no revision changed it.
    pub(super) fn life_since(&self) -> Option<Timestamp> {
        self.lives.last().map(|(from, ..)| *from).filter(|from| Timestamp::MIN < *from)
    }

    /// The earlier rules that made a state, their zone, and the publication of the next ones.
    pub(super) fn life_before(&self, state: &LifeState) -> Option<(&Lifecycle, &Zone, Timestamp)> {
        let mut pairs = self.lives.iter().zip(self.lives.iter().skip(1)).rev();
        pairs.find_map(|((_, zone, life), (until, ..))| {
            let life = life.as_deref().filter(|life| life.fits(state))?;
            Some((life, zone, *until))
        })
    }

    pub(super) const fn changed(&self) -> Option<(u32, Timestamp)> {
        self.changed
    }
}

pub(super) fn stamp_of(rules: &impl serde::Serialize) -> u64 {
    let print = fingerprint(rules).0;
    print.iter().take(8).fold(0, |stamp, byte| (stamp << 8) | u64::from(*byte))
}
